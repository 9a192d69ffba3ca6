"""The hand-over to HiGHS: methods agree, scaling is undone, bad endings are errors."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
import pytest
import scipy.sparse as sp

from picmodel.errors import Infeasible, SolverTrouble
from picmodel.solve.certificate import examine
from picmodel.solve.highs import (
    HANDED_OVER_EARLY,
    SolverOptions,
    _run,
    column_length,
    highs_options,
    passed,
    solve,
)
from picmodel.solve.scaling import Scaling
from picmodel.solve.start import set_basis
from tests.tiny import compile_tiny, tiny
from tests.whole import EVERYTHING, whole_system


def peaks():
    """Base load at 0.10 and peak load at 0.50, cheaper and dearer to build (see test_capacity)."""
    technologies = {
        "base": dict(build=True, fuel=0.1, annuity=800.0),
        "peak": dict(build=True, fuel=0.5, annuity=200.0),
    }
    return compile_tiny(tiny({("A", 2030): [1.0, 2.0]}, technologies, hours=[8000, 760]))


@pytest.mark.parametrize("method", ["hipo", "ipx", "simplex"])
def test_every_method_ends_at_the_same_cost(method):
    """By hand: base 800 + 0.1 x 8760 = 1676, peak 200 + 0.5 x 760 = 580; together 2256."""
    assert solve(peaks(), SolverOptions(method=method)).objective == pytest.approx(2256.0)


def test_a_second_solve_may_use_other_threads():
    for threads in (1, 2, 1):
        assert solve(peaks(), SolverOptions(threads=threads)).objective == pytest.approx(2256.0)


def test_scaling_changes_neither_prices_nor_quantities():
    lp = compile_tiny(whole_system(), EVERYTHING["unified"])
    plain = solve(lp, SolverOptions(method="simplex"), units={"nothing": ""})
    scaled = solve(lp, SolverOptions(method="simplex"))
    assert scaled.objective == pytest.approx(plain.objective, rel=1e-9)
    certificate = examine(lp, scaled.x, scaled.dual)
    assert certificate.worst < 1e-8
    assert np.allclose(lp.matrix @ scaled.x, scaled.activity, atol=1e-6)
    assert np.allclose(lp.cost - lp.matrix.T @ scaled.dual, scaled.reduced_cost, atol=1e-6)


def test_scaling_is_by_powers_of_two_and_only_of_annual_quantities():
    lp = compile_tiny(whole_system(), EVERYTHING["unified"])
    scaling = Scaling(lp, {"v_annual_generation": "GWh/yr", "v_generation": "GW"})
    assert set(np.log2(scaling.column)) == {0.0, 10.0}
    annual = lp.columns["v_annual_generation"].position
    hourly = lp.columns["v_generation"].position
    assert (scaling.column[annual[annual >= 0]] == 1024).all()
    assert (scaling.column[hourly[hourly >= 0]] == 1).all()


def test_a_contradiction_is_infeasible():
    """Must-run of 3 GW meets a demand of 1 GW and there is nowhere for the rest to go."""
    technologies = {"rigid": dict(existing={"A": 3.0}, must_run=1.0)}
    lp = compile_tiny(tiny({("A", 2030): [1.0]}, technologies, may_retire={"rigid": False}))
    for method in ("hipo", "simplex"):
        with pytest.raises(Infeasible, match="cannot be met"):
            solve(lp, SolverOptions(method=method))


def test_a_time_limit_is_not_a_solution():
    with pytest.raises(SolverTrouble, match="time limit"):
        solve(compile_tiny(whole_system()), SolverOptions(method="simplex", time_limit_s=1e-9))


def test_hipo_takes_the_augmented_system_where_columns_are_long():
    """By hand: columns of 1 and 3 entries, 4 coefficients: (1 x 1 + 3 x 3) / 4 = 2.5."""
    lp = replace(peaks(), matrix=sp.csc_array([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]))
    assert column_length(lp) == 2.5
    assert "hipo_system" not in highs_options(SolverOptions(method="hipo"), lp)
    long = replace(lp, matrix=sp.csc_array(np.ones((20, 2))))
    assert highs_options(SolverOptions(method="hipo"), long)["hipo_system"] == "augmented"
    assert "hipo_system" not in highs_options(SolverOptions(method="simplex"), long)


def test_an_interior_point_hands_over_early_where_crossover_follows():
    """Without crossover its own accuracy is the plan's; a user's word comes last."""
    early = HANDED_OVER_EARLY
    for method in ("hipo", "ipx"):
        assert HANDED_OVER_EARLY.items() <= highs_options(SolverOptions(method=method)).items()
        assert not early.items() & highs_options(SolverOptions(method=method, crossover=False)).items()
    assert not early.items() & highs_options(SolverOptions(method="simplex")).items()
    sharp = SolverOptions(extra={"ipm_optimality_tolerance": 1e-9})
    assert highs_options(sharp)["ipm_optimality_tolerance"] == 1e-9


@pytest.mark.parametrize("design", ["unified", "ccer"])
def test_handed_over_early_or_late_the_optimum_is_the_same(design):
    """From a gap of 1e-2 as from one of 1e-8: what crossover leaves is mended by the simplex."""
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    late = solve(lp, SolverOptions(extra=dict(ipm_optimality_tolerance=1e-8, start_crossover_tolerance=1e-8)))
    for gap in (1e-6, 1e-2):
        early = dict(ipm_optimality_tolerance=gap, start_crossover_tolerance=10 * gap)
        found = solve(lp, SolverOptions(extra=early))
        assert found.objective == pytest.approx(late.objective, rel=1e-9)
        assert examine(lp, found.x, found.dual).worst < 1e-8
        assert found.basis is not None


@pytest.mark.parametrize(("tolerance", "dearer"), [(1e-10, 0.0), (1e-7, 1.0)])
def test_reduced_costs_are_sharp_after_an_interior_point_with_a_wide_tolerance(
    tolerance, dearer, monkeypatch
):
    """Two plants alike but for 5e-8 of the cost as the solver sees it; the simplex starts from the dearer."""
    monkeypatch.setattr("picmodel.solve.highs.DUAL_TOLERANCE", tolerance)
    lp = replace(
        peaks(),
        matrix=sp.csc_array([[1.0, 1.0]]),
        cost=np.array([1.0 + 5e-5, 1.0]),
        lower=np.zeros(2),
        upper=np.full(2, np.inf),
        row_lower=np.array([1.0]),
        row_upper=np.array([np.inf]),
        rows={},
        columns={},
    )
    solver = passed(Scaling(lp).scaled(), highs_options(SolverOptions(method="ipx", threads=1)))
    basic, lower = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower
    set_basis(solver, (np.array([int(basic), int(lower)]), np.array([int(lower)])))
    solver.setOptionValue("solver", "simplex")
    _run(solver, SolverOptions(method="ipx"))
    assert solver.getSolution().col_value == [dearer, 1.0 - dearer]
