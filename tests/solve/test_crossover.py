"""From the point of a first-order method to the basis: HiGHS's PDLP gives points here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from picmodel.errors import SolverTrouble
from picmodel.solve.certificate import examine
from picmodel.solve.crossover import at_a_basis, guessed
from picmodel.solve.highs import SolverOptions, passed
from picmodel.solve.scaling import Scaling
from tests.solve.test_highs import peaks
from tests.tiny import SIMPLEX, compile_tiny
from tests.whole import EVERYTHING, whole_system


def near_optimum(lp, tolerance: float = 1e-4):
    """A point of HiGHS's first-order method."""
    solver = passed(lp, {"solver": "pdlp", "kkt_tolerance": tolerance})
    solver.run()
    found = solver.getSolution()
    return np.asarray(found.col_value), np.asarray(found.row_dual)


@pytest.mark.parametrize("design", EVERYTHING)
def test_the_basis_near_a_rough_point_passes_the_certificate(design):
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    scaling = Scaling(lp)
    scaled = scaling.scaled()
    x, dual = near_optimum(scaled)
    assert examine(scaled, x, dual).worst > 1e-3  # rough, so there is something to do
    x, dual, basis, pivots = at_a_basis(scaled, x, dual, SIMPLEX)
    assert basis is not None
    assert [len(part) for part in basis] == [lp.shape[1], lp.shape[0]]
    assert pivots > 0
    x, _, dual, _ = scaling.back(x, x, dual, dual)
    assert examine(lp, x, dual).worst < 1e-8


def test_from_the_optimum_itself_hardly_a_pivot_is_needed():
    """Two plants and two slices; what is at its side without a price may be basic or not."""
    lp = Scaling(peaks()).scaled()
    x, dual = near_optimum(lp, 1e-9)
    assert at_a_basis(lp, x, dual, SIMPLEX)[3] <= 3


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
