"""The first-order method ends at the basis that an interior point ends at, or leaves the LP to it."""

from __future__ import annotations

import time
from itertools import count

import numpy as np
import pytest

from picmodel.errors import Infeasible, InputError, SolverTrouble
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import entries
from picmodel.scenario.check import validate_options
from picmodel.scenario.schema import Solver
from picmodel.solve import first_order, highs
from picmodel.solve.certificate import examine
from picmodel.solve.highs import SolverOptions, passed
from picmodel.solve.solver import solve
from picmodel.solve.start import Basis
from tests.solve.test_highs import peaks
from tests.tiny import compile_tiny, tiny
from tests.whole import EVERYTHING, whole_system

UNITS = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}


def by(**more) -> SolverOptions:
    return SolverOptions(method="hipdlp", threads=1, **more)


def test_the_cost_worked_out_by_hand():
    found = solve(peaks(), by())
    assert found.objective == pytest.approx(2256.0)
    assert found.info["method"] == "hipdlp"
    assert found.info["first_order_iterations"] > 0
    assert found.info["first_order"] == ""


@pytest.mark.parametrize("design", EVERYTHING)
def test_all_mechanisms_have_optimum_and_prices_of_the_interior_point(design):
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    inside = highs.solve(lp, SolverOptions(method="hipo", threads=1), UNITS)
    found = solve(lp, by(), UNITS)
    assert found.info["method"] == "hipdlp"
    assert found.objective == pytest.approx(inside.objective, rel=1e-10)
    assert examine(lp, found.x, found.dual).worst < 1e-8
    balance = lp.rows["c_balance"].position
    assert found.dual[balance] == pytest.approx(inside.dual[balance], abs=1e-6)
    assert found.basis is not None


def test_it_is_chosen_by_size(monkeypatch):
    lp = peaks()
    assert not first_order.is_chosen(lp, SolverOptions())
    assert 516_517 in first_order.CHOSEN_FOR
    assert first_order.is_chosen(lp, by())
    monkeypatch.setattr(first_order, "CHOSEN_FOR", range(lp.shape[0], lp.shape[0] + 1))
    assert first_order.is_chosen(lp, SolverOptions())
    assert not first_order.is_chosen(lp, SolverOptions(method="hipo"))
    assert not first_order.is_chosen(lp, SolverOptions(crossover=False))
    assert solve(lp).info["method"] == "hipdlp"


def test_pivots_of_large_lps_are_dear():
    assert first_order.tolerance(263_376) == 1e-5
    assert first_order.tolerance(516_517) == 3e-6


def test_beyond_its_budget_the_interior_point_solves(monkeypatch):
    monkeypatch.setattr(first_order, "MOST_ITERATIONS", 1)
    lp = compile_tiny(whole_system(), EVERYTHING["ccer"])
    found = solve(lp, by(), UNITS)
    assert found.info["method"] == "hipo"
    assert "no point after" in found.info["first_order"]
    assert examine(lp, found.x, found.dual).worst < 1e-8


def test_a_point_too_far_from_any_basis_is_left_to_the_interior_point(monkeypatch):
    monkeypatch.setattr(first_order, "TOLERANCE", 0.3)
    monkeypatch.setattr(first_order, "MOST_PIVOTS", 0.0)
    lp = compile_tiny(whole_system(), EVERYTHING["ccer"])
    found = solve(lp, by(), UNITS)
    assert found.info["method"] == "hipo"
    assert "no basis near the point" in found.info["first_order"]


def test_no_plan_is_said_by_the_interior_point():
    technologies = {"rigid": dict(existing={"A": 3.0}, must_run=1.0)}
    lp = compile_tiny(tiny({("A", 2030): [1.0]}, technologies, may_retire={"rigid": False}))
    with pytest.raises(Infeasible, match="cannot be met"):
        solve(lp, by())
    assert first_order.solve(lp, by()) == (None, "presolve finds no plan, or no bound")


def test_what_presolve_leaves_has_the_same_optimum():
    lp = compile_tiny(whole_system(), EVERYTHING["unified"])
    small = first_order.presolved(passed(lp, {}))
    assert small.shape[0] < 0.7 * lp.shape[0]
    whole, less = (cost_of(one) for one in (lp, small))
    assert less == pytest.approx(whole, rel=1e-9)


def cost_of(lp) -> float:
    solver = passed(lp, {"solver": "simplex", "presolve": "off"})
    solver.run()
    return solver.getInfo().objective_function_value


def test_a_basis_of_another_solve_comes_first():
    lp = peaks()
    before = solve(lp, by())
    found = solve(lp, by(), start=Basis.of(lp, before.basis))
    assert found.info["from_start"] == "primal"
    assert found.info["method"] == "simplex"


def test_options_go_to_highs(tmp_path):
    with pytest.raises(SolverTrouble, match="no_such_option"):
        solve(peaks(), by(extra={"no_such_option": 1}))
    found = solve(peaks(), by(extra={"kkt_tolerance": 1e-3}, log=tmp_path / "solver.log"))
    assert found.info["options"]["kkt_tolerance"] == 1e-3
    assert np.isfinite(found.dual).all()


def test_every_step_is_in_the_log(tmp_path):
    lp = compile_tiny(whole_system(), EVERYTHING["unified"])
    solve(lp, by(log=tmp_path / "solver.log"), UNITS)
    log = (tmp_path / "solver.log").read_text("utf-8")
    for step in ("first order PDLP solver", "Crossover from starting point", "useful basis"):
        assert step in log


def test_the_time_limit_is_of_the_whole_solve(monkeypatch):
    lp = compile_tiny(whole_system(), EVERYTHING["ccer"])
    with pytest.raises(SolverTrouble, match="time limit"):
        solve(lp, by(time_limit_s=1e-9), UNITS)
    left, ticks = [], count(step=7)  # whoever looks at the clock finds it seven seconds on
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(first_order, "MOST_ITERATIONS", 1)
    monkeypatch.setattr(highs, "solve", lambda lp, options, units: left.append(options.time_limit_s) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        solve(lp, by(time_limit_s=50.0), UNITS)
    last = next(ticks) - 7
    assert left == [50 - last]
    assert last > 7  # of the first-order method's steps and of what came before


def test_it_needs_crossover():
    with pytest.raises(InputError, match="misses the certificate"):
        validate_options(Solver, {"method": "hipdlp", "crossover": False})


def test_presolve_is_the_users_to_switch_off():
    lp = compile_tiny(whole_system(), EVERYTHING["unified"])
    options = by(extra={"presolve": "off", "kkt_tolerance": 1e-2})
    chosen = first_order._last(options, lp)
    assert first_order.presolved(passed(lp, chosen)).shape == lp.shape
    assert "kkt_tolerance" not in chosen  # which HiGHS would take for the last simplex, too
