"""From the point of a first-order method to the basis: HiGHS's PDLP gives points here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from picmodel.errors import SolverTrouble
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import entries
from picmodel.solve import crossover
from picmodel.solve.certificate import examine
from picmodel.solve.crossover import at_a_basis, complementary, guessed, with_activities
from picmodel.solve.highs import SolverOptions, passed
from picmodel.solve.scaling import Scaling
from tests.solve.test_highs import peaks
from tests.tiny import SIMPLEX, compile_tiny
from tests.whole import EVERYTHING, whole_system

UNITS = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}


def near_optimum(lp, tolerance: float = 1e-4):
    """A point of HiGHS's first-order method."""
    solver = passed(lp, {"solver": "pdlp", "kkt_tolerance": tolerance})
    solver.run()
    found = solver.getSolution()
    return np.asarray(found.col_value), np.asarray(found.row_dual)


@pytest.mark.parametrize("design", EVERYTHING)
def test_the_basis_near_a_rough_point_passes_the_certificate(design):
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    scaling = Scaling(lp, UNITS)
    scaled = scaling.scaled()
    x, dual = near_optimum(scaled)
    assert examine(scaled, x, dual).worst > 1e-3  # rough, so there is something to do
    x, dual, basis, (pushes, _) = at_a_basis(scaled, x, dual, SIMPLEX)
    assert basis is not None
    assert [len(part) for part in basis] == [lp.shape[1], lp.shape[0]]
    assert pushes > 0
    x, _, dual, _ = scaling.back(x, x, dual, dual)
    assert examine(lp, x, dual).worst < 1e-8


@pytest.mark.parametrize("design", EVERYTHING)
def test_near_the_optimum_crossover_leaves_the_simplex_hardly_a_pivot(design):
    """About 1000 rows; a basis guessed from the same points takes 100 to 200 pivots."""
    lp = Scaling(compile_tiny(whole_system(), EVERYTHING[design]), UNITS).scaled()
    x, dual = near_optimum(lp, 1e-8)
    assert at_a_basis(lp, x, dual, SIMPLEX)[3][1] <= 10


def test_where_crossover_fails_a_guessed_basis_does(monkeypatch):
    monkeypatch.setattr(crossover, "basis_of", lambda solver: None)
    lp = Scaling(compile_tiny(whole_system(), EVERYTHING["price"])).scaled()
    x, dual = near_optimum(lp)
    x, dual, _, (pushes, pivots) = at_a_basis(lp, x, dual, SIMPLEX)
    assert pushes == 0
    assert pivots > 0
    assert examine(lp, x, dual).dual < 1e-8


def test_of_value_and_price_one_gives_way():
    """By hand: nearer to its side than to no price, further, at the upper side, outside, fixed."""
    value, price = complementary(
        np.array([0.01, 0.3, 0.99, -0.2, 5.1]),
        np.array([0.0, 0.0, 0.0, 0.0, 5.0]),
        np.array([1.0, 1.0, np.inf, 1.0, 5.0]),
        np.array([0.2, 0.2, -0.4, 0.0, -3.0]),
    )
    assert value.tolist() == [0.0, 0.3, 0.99, 0.0, 5.0]
    assert price.tolist() == [0.2, 0.0, 0.0, 0.0, -3.0]


def test_activities_as_columns_leave_the_optimum_where_it_is():
    lp = Scaling(compile_tiny(whole_system(), EVERYTHING["price"])).scaled()
    costs = []
    for given in (lp, with_activities(lp)):
        solver = passed(given, {"solver": "simplex"})
        solver.run()
        costs.append(solver.getInfo().objective_function_value)
    assert costs[1] == pytest.approx(costs[0], rel=1e-9)


def test_codes_say_which_side_or_basic():
    """By hand: at the lower side with a price, between both, at the upper side, without any side."""
    lp = peaks()
    rest = np.zeros(lp.cost.size - 4)
    lp = replace(
        lp,
        cost=np.array([0.3, 0.0, -0.3, 0.2, *rest]),
        lower=np.array([0.0, 0.0, 0.0, -np.inf, *rest]),
        upper=np.array([1.0, 1.0, 1.0, np.inf, *rest + 1]),
    )
    x = np.array([0.001, 0.5, 0.999, 7.0, *rest])
    columns, _ = guessed(lp, x, np.zeros(lp.shape[0]))
    lower, basic, upper = 0, 1, 2
    assert columns[:4].tolist() == [lower, basic, upper, basic]


def test_no_time_is_no_optimum():
    lp = Scaling(compile_tiny(whole_system(), EVERYTHING["price"])).scaled()
    x, dual = np.zeros(lp.shape[1]), np.zeros(lp.shape[0])
    with pytest.raises(SolverTrouble, match=r"no basis near the point of cupdlpx.*time_limit_s"):
        at_a_basis(lp, x, dual, SolverOptions(name="cupdlpx", time_limit_s=1e-9))
