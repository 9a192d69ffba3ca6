"""Sums leave the LP and come back with values, duals and a basis: by hand and with all mechanisms."""

import highspy
import numpy as np
import pytest
import scipy.sparse as sp

from picmodel.solve import highs
from picmodel.solve.certificate import examine
from picmodel.solve.compile import Block, LinearProgram
from picmodel.solve.highs import SolverOptions, passed, solve
from picmodel.solve.sums import BASIC, LOWER, Sums
from tests.tiny import compile_tiny
from tests.whole import EVERYTHING, whole_system

KEYS = (("A",), ("B",))
INFINITY = np.inf


def program(matrix: list[list[float]], **changed) -> LinearProgram:
    """Columns x_A, x_B, output_A, output_B, emissions; rows demand, output_A, output_B, emissions, limit.

    x_A costs 3 and emits 0, x_B costs 1 and emits 2; x_A + x_B >= 10, emissions <= 8.  So x = (6, 4) for 22;
    a unit of demand costs 3, one less of emissions (3 - 1) / 2 = 1.
    """
    parts = {
        "matrix": sp.csc_array(np.array(matrix, dtype=float)),
        "cost": np.array([3.0, 1, 0, 0, 0]),
        "offset": 0.0,
        "row_lower": np.array([10.0, 0, 0, 0, -INFINITY]),
        "row_upper": np.array([INFINITY, 0, 0, 0, 8]),
        "lower": np.array([0.0, 0, -INFINITY, -INFINITY, -INFINITY]),
        "upper": np.full(5, INFINITY),
        "columns": {
            "v_x": Block(KEYS, np.array([0, 1])),
            "v_output": Block(KEYS, np.array([2, 3])),
            "v_emissions": Block(((),), np.array([4])),
        },
        "rows": {
            "c_demand": Block(((),), np.array([0])),
            "c_output": Block(KEYS, np.array([1, 2])),
            "c_emissions": Block(((),), np.array([3])),
            "c_limit": Block(((),), np.array([4])),
        },
        "items": {},
        "rows_of": {},
        "discount": {},
        "capacities": (),
    }
    return LinearProgram(**{**parts, **changed})


NESTED = [
    [0, 0, 1, 1, 0],  # demand, of outputs
    [-1, 0, 1, 0, 0],  # output_A = x_A
    [0, -2, 0, 2, 0],  # 2 output_B = 2 x_B
    [0, 0, 0, -2, 1],  # emissions = 2 output_B: a sum of a sum
    [0, 0, 0, 0, 1],  # limit
]


def test_a_sum_of_a_sum_is_spelt_out():
    sums = Sums(program(NESTED))
    assert sums.without.matrix.toarray().tolist() == [[1.0, 1.0], [0.0, 2.0]]
    assert sums.without.cost.tolist() == [3.0, 1.0]


def test_values_duals_and_basis_come_back():
    lp = program(NESTED)
    found = solve(lp, SolverOptions(threads=1), {"": ""})
    assert found.objective == pytest.approx(22.0)
    assert found.x == pytest.approx([6.0, 4, 6, 4, 8])
    # reduced costs of nothing: 3 + y1 = 0; 3 + 2 y2 - 2 y3 = 0; y3 + y4 = 0 with y4 = -1 of the limit
    assert found.dual == pytest.approx([3.0, -3, -0.5, 1, -1])
    assert found.reduced_cost == pytest.approx(np.zeros(5))
    certificate = examine(lp, found.x, found.dual)
    assert max(certificate.primal, certificate.dual, certificate.complementarity, certificate.gap) < 1e-12
    columns, rows = found.basis
    assert columns.tolist() == [BASIC] * 5
    assert rows[1:4].tolist() == [LOWER] * 3


def test_a_side_and_a_cost_of_a_sum():
    lp = program(
        NESTED,
        cost=np.array([3.0, 1, 0, 0, 0.25]),
        row_lower=np.array([10.0, 1, 0, 3, -INFINITY]),
        row_upper=np.array([INFINITY, 1, 0, 3, 8]),
    )
    # output_A = x_A + 1, emissions = 2 output_B + 3 <= 8: x_B = 2.5, x_A = 6.5
    found = solve(lp, SolverOptions(threads=1), {"": ""})
    assert found.x == pytest.approx([6.5, 2.5, 7.5, 2.5, 8])
    assert found.objective == pytest.approx(3 * 6.5 + 2.5 + 0.25 * 8)


def test_what_is_no_sum_stays():
    bounded = program(NESTED, lower=np.array([0.0, 0, 0, 0, -INFINITY]))
    assert Sums(bounded).columns.tolist() == [4]
    upper = np.array([INFINITY, 0, 0, 5, 8])
    assert Sums(program(NESTED, row_upper=upper)).columns.tolist() == [2, 3]


def test_sums_in_a_circle_stay():
    circle = [row[:] for row in NESTED]
    circle[2][4] = -1.0  # output_B of emissions, emissions of output_B
    assert Sums(program(circle)).columns.tolist() == []


def test_a_row_without_its_own_column_defines_nothing():
    other = [row[:] for row in NESTED]
    other[3] = [0, 0, 0, -2, 0]
    assert Sums(program(other)).columns.tolist() == []


@pytest.mark.parametrize("design", EVERYTHING)
def test_all_mechanisms_have_the_optimum_and_a_basis_of_the_whole(design, monkeypatch):
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    found = solve(lp, SolverOptions(threads=1))
    assert len(Sums(lp).columns) > 100
    assert examine(lp, found.x, found.dual).worst < 1e-9
    solver = passed(lp, {"solver": "simplex", "presolve": "off"})
    highs.use_basis(solver, found)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    assert solver.getInfo().simplex_iteration_count <= 2  # in units of the model, not of the solve
    assert solver.getInfo().objective_function_value == pytest.approx(found.objective, rel=1e-9)
