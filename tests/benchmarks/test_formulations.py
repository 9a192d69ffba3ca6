"""The LP written in other ways has the same optimum and prices; what a form claims to drop is gone."""

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import formulations, rewriting
from benchmarks.formulations import CAPACITY, compared, forms
from picmodel.solve.compile import Block, LinearProgram
from picmodel.solve.highs import SolverOptions
from tests.tiny import compile_tiny
from tests.whole import EVERYTHING, whole_system

FORMS = [*forms(whole_system().time)]
OPTIONS_ALONE = ("as it is", "sums kept by presolve")


@pytest.fixture(scope="module", params=EVERYTHING)
def design(request):
    data = whole_system()
    return data, compile_tiny(data, EVERYTHING[request.param])


def test_every_form_has_the_optimum_and_the_prices_of_the_first(design, monkeypatch):
    monkeypatch.setattr(formulations, "LONG_ROW", 1)  # rows of a small system are short
    monkeypatch.setattr(formulations, "LEAST_PART", 2)
    for line in compared(*design, FORMS, SolverOptions("hipo", threads=1)):
        assert line["status"] == "Optimal", line["form"]
        assert line["objective_difference"] == pytest.approx(0.0, abs=1e-9), line["form"]
        assert line["largest_price_change"] == pytest.approx(0.0, abs=1e-6), line["form"]


@pytest.mark.parametrize(
    "name", [name for name in FORMS if name not in ("as it is", "sums kept by presolve")]
)
def test_a_form_changes_some_system(name, monkeypatch):
    monkeypatch.setattr(formulations, "LONG_ROW", 1)
    monkeypatch.setattr(formulations, "LEAST_PART", 2)
    data = whole_system()
    lps = [compile_tiny(data, options) for options in EVERYTHING.values()]
    assert any(_shape(forms(data.time)[name](lp)) != _shape(lp) for lp in lps)


def _shape(lp: LinearProgram) -> tuple:
    return (*lp.shape, lp.matrix.nnz, int(np.isfinite(lp.upper).sum()))


def test_capacity_is_gone_where_it_is_spelt_out(design):
    data, lp = design
    form = forms(data.time)["capacity spelt out"](lp)
    for family in CAPACITY:
        assert (form.columns[family].position == -1).all()


def small(**changed) -> LinearProgram:
    """Least 2 x + 3 y + z with x + y >= 4, x <= 3 as a row, s = x + y, s + z <= 10."""
    parts = {
        "matrix": sp.csc_array(
            np.array([[1.0, 1, 0, 0], [1, 0, 0, 0], [-1, -1, 1, 0], [0, 0, 1, 1]])  # columns x, y, s, z
        ),
        "cost": np.array([2.0, 3, 0, 1]),
        "row_lower": np.array([4.0, -np.inf, 0, -np.inf]),
        "row_upper": np.array([np.inf, 3.0, 0, 10]),
        "lower": np.array([0.0, 0, -np.inf, 0]),
        "upper": np.full(4, np.inf),
        "rows": {name: Block(((),), np.array([k])) for k, name in enumerate(("c_a", "c_b", "c_s", "c_d"))},
        "columns": {name: Block(((),), np.array([k])) for k, name in enumerate(("v_x", "v_y", "v_s", "v_z"))},
    }
    rest = {"offset": 0.0, "items": {}, "rows_of": {}, "discount": {}, "capacities": ()}
    return LinearProgram(**{**parts, **rest, **changed})


def test_a_sum_is_spelt_out():
    form = rewriting.eliminated(small(), {"v_s": "c_s"})
    assert form.shape == (3, 3)
    assert form.matrix.toarray()[form.rows["c_d"].position[0]].tolist() == [1.0, 1.0, 1.0]


def test_a_sum_that_may_not_be_negative_leaves_an_inequality():
    form = rewriting.eliminated(small(lower=np.zeros(4)), {"v_s": "c_s"})
    row = form.rows["c_s"].position[0]
    assert form.shape == (4, 3)
    assert form.matrix.toarray()[row].tolist() == [-1.0, -1.0, 0.0]
    assert (form.row_lower[row], form.row_upper[row]) == (-np.inf, 0.0)


def test_bounds_that_rows_imply():
    lower, upper = rewriting.implied_bounds(small())
    assert upper[0] == 3.0
    assert lower[1] == 1.0  # y >= 4 - 3
    assert upper[2] == 10.0
    assert upper[1] == 10.0  # s <= 10 and x >= 0


def test_a_row_of_one_entry_becomes_a_bound():
    form = rewriting.with_bounds_of_rows(small())
    assert form.shape == (3, 4)
    assert form.upper[0] == 3.0


def test_what_cost_and_rows_speak_against_is_dropped():
    form = rewriting.without_dominated(small())
    assert form.columns["v_z"].position[0] == -1  # it costs and fills the last row
    assert form.columns["v_y"].position[0] >= 0


def test_the_dearer_of_two_alike_is_dropped():
    alike = sp.csc_array(np.array([[1.0, 1, 0, 0], [0, 0, 0, 0], [-1, -1, 1, 0], [0, 0, 1, 1]]))
    form = rewriting.without_dominated(small(matrix=alike))
    assert form.columns["v_x"].position[0] >= 0
    assert form.columns["v_y"].position[0] == -1
