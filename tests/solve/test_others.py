"""Solvers through Pyomo find the optimum and the prices that HiGHS finds; what is missing is said.

`appsi_highs`, Pyomo's own way to HiGHS, is always there; the others are skipped where they are not installed,
or have no licence.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from picmodel.errors import Infeasible, InputError, SolverTrouble
from picmodel.scenario.check import validate_options
from picmodel.scenario.schema import Solver
from picmodel.solve.certificate import certify, examine
from picmodel.solve.highs import SolverOptions
from picmodel.solve.others import OTHERS, model_of
from picmodel.solve.solver import solve
from tests.solve.test_highs import peaks
from tests.tiny import SIMPLEX, compile_tiny, tiny
from tests.whole import EVERYTHING, whole_system

ALWAYS = "appsi_highs"


def by(name: str, **more) -> SolverOptions:
    """Options of another solver; the test is skipped where it is not there."""
    options = SolverOptions(name=name, threads=1, **more)
    try:
        solve(peaks(), options)
    except SolverTrouble as error:
        if name == ALWAYS:
            raise
        pytest.skip(str(error))
    return options


@pytest.mark.parametrize("name", OTHERS)
def test_another_solver_finds_the_same_cost_and_prices(name):
    """By hand: base 800 + 0.1 x 8760 = 1676, peak 200 + 0.5 x 760 = 580; together 2256.

    Prices: of the hours of the first slice 0.1, since the base plant is marginal; the second slice
    pays what is left of both, (200 + 380) / 760 for a GW of the peak plant and (1676 - 800) / 760 for none
    of the base plant: a GW more in it costs 580, so its dual is 580; in the first, 1676 - 580 = 1096.
    """
    options = by(name)
    lp = peaks()
    found = solve(lp, options)
    assert found.objective == pytest.approx(2256.0)
    rows = lp.rows["c_balance"]
    duals = {key[-1]: found.dual[i] for key, i in zip(rows.index, rows.position)}
    assert duals == pytest.approx({0: 1096.0, 1: 580.0})
    assert certify(lp, found).worst < 1e-6


@pytest.mark.parametrize("design", EVERYTHING)
@pytest.mark.parametrize("name", OTHERS)
def test_another_solver_passes_the_certificate_with_all_mechanisms(name, design):
    """Equalities, one-sided rows of both senses, bounds: duals of a wrong sign do not pass."""
    options = by(name)
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    try:
        found = solve(lp, options)
    except SolverTrouble as error:
        if name == ALWAYS:
            raise
        pytest.skip(f"larger than the free version takes: {error}")
    assert found.objective == pytest.approx(solve(lp, SIMPLEX).objective, rel=1e-7)
    assert examine(lp, found.x, found.dual).worst < 1e-6


@pytest.mark.parametrize("name", OTHERS)
def test_another_solver_says_that_there_is_no_plan(name):
    """Must-run of 3 GW meets a demand of 1 GW and there is nowhere for the rest to go."""
    options = by(name)
    technologies = {"rigid": dict(existing={"A": 3.0}, must_run=1.0)}
    lp = compile_tiny(tiny({("A", 2030): [1.0]}, technologies, may_retire={"rigid": False}))
    with pytest.raises(Infeasible, match="picmodel diagnose"):
        solve(lp, options)


def test_what_the_solver_says_is_added_to_the_log(tmp_path):
    log = tmp_path / "solver.log"
    log.write_text("before\n", encoding="utf-8")
    solve(peaks(), by(ALWAYS, log=log))
    said = log.read_text("utf-8")
    assert said.startswith("before\nappsi_highs through Pyomo\n")
    assert "HiGHS" in said.partition("through Pyomo")[2]


def test_what_is_not_installed_is_named_with_what_it_needs(monkeypatch):
    class Absent:
        def available(self, exception_flag=True):
            return False

    monkeypatch.setattr(pyo, "SolverFactory", lambda name: Absent())
    with pytest.raises(SolverTrouble, match=r"solver\.name: xpress .* `pip install xpress`.*delete the line"):
        solve(peaks(), SolverOptions(name="xpress"))


def test_the_model_handed_over_has_the_matrix_of_the_arrays():
    """Each row once, or twice where both sides hold and differ."""
    lp = compile_tiny(whole_system(), next(iter(EVERYTHING.values())))
    m = model_of(lp)
    filled = np.diff(lp.matrix.tocsr().indptr) > 0
    equal = filled & (lp.row_lower == lp.row_upper)
    assert len(m.equal) == equal.sum()
    sides = (filled & ~equal & np.isfinite(side) for side in (lp.row_lower, lp.row_upper))
    assert [len(m.at_least), len(m.at_most)] == [side.sum() for side in sides]


def test_options_of_highs_are_refused_for_another_solver():
    with pytest.raises(InputError, match="`method` is for HiGHS"):
        validate_options(Solver, {"name": "gurobi", "method": "ipx"})
    with pytest.raises(InputError, match="`crossover` is for HiGHS"):
        validate_options(Solver, {"name": "cplex", "crossover": False})


def test_options_in_the_solvers_own_words_reach_it():
    """Without iterations there is no optimum; an unknown option is an error."""
    options = validate_options(
        Solver, {"method": "simplex", "options": {"simplex_iteration_limit": 0}}
    ).options
    with pytest.raises(SolverTrouble, match="status"):
        solve(peaks(), SolverOptions(method="simplex", extra={**options, "presolve": "off"}))
    with pytest.raises(SolverTrouble, match="does not take the option"):
        solve(peaks(), SolverOptions(extra={"no_such_option": 1}))
