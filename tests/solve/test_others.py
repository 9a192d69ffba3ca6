"""Other solvers find the optimum and the prices that HiGHS finds; what is missing is said.

`appsi_highs`, Pyomo's own way to HiGHS, is always there; the others are skipped where they are not installed,
or have no licence.  What needs a GPU is also tried with a stand-in, see `gpu_standins`.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import get_args

import numpy as np
import pyomo.environ as pyo
import pytest
import scipy.sparse as sp

from picmodel.errors import Infeasible, InputError, SolverTrouble
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import entries
from picmodel.scenario.check import validate_options
from picmodel.scenario.schema import Solver
from picmodel.solve import cuopt, cupdlpx
from picmodel.solve.certificate import certify, examine
from picmodel.solve.crossover import TOLERANCE
from picmodel.solve.highs import SolverOptions
from picmodel.solve.others import OTHERS
from picmodel.solve.solver import solve
from picmodel.solve.through_pyomo import ThroughPyomo, model_of
from tests.solve import gpu_standins
from tests.solve.test_highs import peaks
from tests.tiny import SIMPLEX, compile_tiny, tiny
from tests.whole import EVERYTHING, whole_system

ALWAYS = ("appsi_highs",)
UNITS = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}
STOOD_IN = ("cuopt", "cupdlpx")


def by(name: str, **more) -> SolverOptions:
    """Options of another solver; the test is skipped where it is not there."""
    try:
        solve(peaks(), SolverOptions(name=name, threads=1))
    except SolverTrouble as error:
        if name not in ALWAYS and "not installed here, or has no licence" in str(error):
            pytest.skip(str(error))
        raise
    return SolverOptions(name=name, threads=1, **more)


def found_by(lp, options: SolverOptions):
    """The solution, scaled as a run does; the test is skipped where the licence is too small, and only there.

    First-order methods hardly end without: cuPDLPx had not after 50 s, with 6 000 iterations where scaled.
    """
    try:
        return solve(lp, options, UNITS)
    except SolverTrouble as error:
        if "by its licence here" in str(error):
            pytest.skip(str(error))
        raise


@pytest.fixture(params=[*OTHERS, *(f"{name} stood in for" for name in STOOD_IN)])
def name(request, monkeypatch) -> str:
    """Each solver, and what needs a GPU once more with a stand-in."""
    solver, _, stood_in = request.param.partition(" ")
    if stood_in:
        stand_in(monkeypatch)
    return solver


def stand_in(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cupdlpx", gpu_standins.CUPDLPX)
    monkeypatch.setitem(sys.modules, "cuopt", gpu_standins.CUOPT)
    for module in (cupdlpx, cuopt):
        monkeypatch.setattr(module, "gpu_is_there", lambda: True)


def without_bound():
    """Nothing but equalities is left, and the dearer plant is paid for what the other takes back."""
    lp = peaks()
    last = lp.columns["v_generation"].position.max()
    equal = lp.row_lower == lp.row_upper
    return replace(
        lp,
        cost=lp.cost - 1e3 * (np.arange(lp.cost.size) == last),
        row_lower=np.where(equal, lp.row_lower, -np.inf),
        row_upper=np.where(equal, lp.row_upper, np.inf),
        lower=np.full_like(lp.lower, -np.inf),
        upper=np.full_like(lp.upper, np.inf),
    )


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
def test_another_solver_passes_the_certificate_with_all_mechanisms(name, design):
    """Equalities, one-sided rows of both senses, bounds: duals of a wrong sign do not pass."""
    options = by(name)
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    found = found_by(lp, options)
    assert found.objective == pytest.approx(solve(lp, SIMPLEX).objective, rel=1e-7)
    assert examine(lp, found.x, found.dual).worst < 1e-6


def test_another_solver_says_that_there_is_no_plan(name):
    """Must-run of 3 GW meets a demand of 1 GW and there is nowhere for the rest to go."""
    options = by(name)
    technologies = {"rigid": dict(existing={"A": 3.0}, must_run=1.0)}
    lp = compile_tiny(tiny({("A", 2030): [1.0]}, technologies, may_retire={"rigid": False}))
    with pytest.raises(Infeasible, match="picmodel diagnose"):
        solve(lp, options)


def test_another_solver_says_that_there_is_no_bound(name):
    options = by(name)
    with pytest.raises(Infeasible, match=r"without bound: .*picmodel diagnose"):
        solve(without_bound(), options)


def test_another_solver_keeps_to_a_time_limit(name):
    options = by(name, time_limit_s=1e-6)
    if name == "glpk":
        pytest.skip("its limit is whole seconds, and the LP takes less")
    with pytest.raises(SolverTrouble, match=r"without an optimum .*solver\.time_limit_s"):
        found_by(compile_tiny(whole_system(), EVERYTHING["price"]), options)


@pytest.mark.parametrize("name", ["cbc", "glpk"])
def test_a_program_that_pyomo_ends_has_run_into_its_limit(name, monkeypatch):
    class Slow:
        available = license_is_valid = lambda self, **_: True

        def solve(self, model, **_):
            raise subprocess.TimeoutExpired(name, 3.0)

    monkeypatch.setattr(pyo, "SolverFactory", lambda factory: Slow())
    with pytest.raises(SolverTrouble, match=rf"{name} stopped without an optimum .*solver\.time_limit_s"):
        solve(peaks(), SolverOptions(name=name, time_limit_s=2.0))


@pytest.mark.parametrize("solver", ["glpk", "gurobi"])
def test_the_time_limit_goes_by_the_word_that_the_solver_knows(solver):
    """Interfaces in memory take no notice of Pyomo's own; glpsol takes whole seconds."""
    ask = OTHERS[solver].ask
    assert isinstance(ask, ThroughPyomo)
    words, pyomo = ask.words(SolverOptions(name=solver, time_limit_s=59.5, threads=3, extra={"Method": 2}))
    assert words == ({"Method": 2} if solver == "glpk" else {"Method": 2, "TimeLimit": 59.5, "Threads": 3})
    assert pyomo == ({"timelimit": 60} if solver == "glpk" else {})


def test_mosek_takes_its_own_parameters_as_text():
    ask = OTHERS["mosek"].ask
    assert isinstance(ask, ThroughPyomo)
    words, _ = ask.words(SolverOptions(name="mosek", time_limit_s=9.0, threads=2))
    assert words == {"MSK_IPAR_NUM_THREADS": "2", "MSK_DPAR_OPTIMIZER_MAX_TIME": "9.0"}


@pytest.mark.parametrize("solver", STOOD_IN)
def test_an_unknown_option_is_refused_by_name(solver, monkeypatch):
    stand_in(monkeypatch)
    with pytest.raises(SolverTrouble, match=rf"solver\.name: {solver} stopped: .*parameter.*solver\.options"):
        solve(peaks(), SolverOptions(name=solver, extra={"no_such_option": 1}))


def test_cuopt_gets_its_words_and_the_users_last():
    words = cuopt.words(SolverOptions(name="cuopt", threads=2, time_limit_s=7.0, extra={"method": 3}))
    tolerances = {word for word in words if word.endswith("_tolerance")}
    assert len(tolerances) == 6
    assert {words.pop(word) for word in tolerances} == {TOLERANCE}
    assert words == {
        "method": 3,
        "crossover": False,  # its own ends at nothing that passes the certificate
        "infeasibility_detection": True,
        "time_limit": 7.0,
        "num_cpu_threads": 2,
    }


def test_cuopt_gets_rows_with_two_sides_twice_and_their_prices_come_back_as_one(monkeypatch):
    """By hand: 1 <= x <= 3 as a row, cost -2, so the upper side holds at -2; y is at least 1 at cost 5."""
    stand_in(monkeypatch)
    lp = replace(
        peaks(),
        matrix=sp.csc_array(np.eye(2)),
        cost=np.array([-2.0, 5.0]),
        row_lower=np.array([1.0, 1.0]),
        row_upper=np.array([3.0, np.inf]),
        lower=np.full(2, -np.inf),
        upper=np.full(2, np.inf),
    )
    answer = cuopt.ask_cuopt(lp, SolverOptions(name="cuopt"))
    assert answer.x == pytest.approx([3.0, 1.0])
    assert answer.dual == pytest.approx([-2.0, 5.0])


@pytest.mark.parametrize("solver", STOOD_IN)
def test_a_point_on_the_gpu_ends_at_the_basis_near_it_unless_told_not_to(solver, monkeypatch):
    stand_in(monkeypatch)
    lp = compile_tiny(whole_system(), EVERYTHING["price"])
    found = solve(lp, SolverOptions(name=solver))
    assert found.basis is not None
    assert found.info["crossover_iterations"] > 0
    assert solve(lp, SolverOptions(name=solver, crossover=False)).basis is None


def test_a_licence_that_is_too_small_is_said_with_the_size(monkeypatch):
    def refuse(lp, options):
        raise RuntimeError("Model too large for size-limited license")

    monkeypatch.setitem(OTHERS, "gurobi", replace(OTHERS["gurobi"], ask=refuse))
    with pytest.raises(SolverTrouble, match=r"gurobi refuses 17 rows and 19 columns by its licence.*HiGHS"):
        solve(peaks(), SolverOptions(name="gurobi"))


@pytest.mark.parametrize(("solver", "module"), [("cupdlpx", cupdlpx), ("cuopt", cuopt)])
def test_without_a_gpu_what_needs_one_is_missing(solver, module, monkeypatch):
    """cuPDLPx would end the whole process, cuOpt would ask for a server."""
    stand_in(monkeypatch)
    monkeypatch.setattr(module, "gpu_is_there", lambda: False)
    with pytest.raises(SolverTrouble, match=rf"{solver} is not installed here.*`pip install .*NVIDIA GPU"):
        solve(peaks(), SolverOptions(name=solver))


def test_what_the_solver_says_is_added_to_the_log(tmp_path):
    log = tmp_path / "solver.log"
    log.write_text("before\n", encoding="utf-8")
    solve(peaks(), by(ALWAYS[0], log=log))
    said = log.read_text("utf-8")
    assert said.startswith("before\nappsi_highs, called by picmodel\n")
    assert "HiGHS" in said.partition("called by picmodel")[2]


def test_what_is_not_installed_is_named_with_what_it_needs(monkeypatch):
    class Absent:
        def license_is_valid(self):
            return True

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
    with pytest.raises(InputError, match="`crossover` is for HiGHS, cuopt"):
        validate_options(Solver, {"name": "cplex", "crossover": False})
    assert not validate_options(Solver, {"name": "cuopt", "crossover": False}).crossover


def test_options_in_the_solvers_own_words_reach_it():
    """Without iterations there is no optimum; an unknown option is an error."""
    options = validate_options(
        Solver, {"method": "simplex", "options": {"simplex_iteration_limit": 0}}
    ).options
    with pytest.raises(SolverTrouble, match="status"):
        solve(peaks(), SolverOptions(method="simplex", extra={**options, "presolve": "off"}))
    with pytest.raises(SolverTrouble, match="does not take the option"):
        solve(peaks(), SolverOptions(extra={"no_such_option": 1}))


def test_a_scenario_may_name_every_solver_that_there_is():
    named = set(get_args(Solver.model_fields["name"].annotation))
    assert named == {"highs", *OTHERS} - {"appsi_highs"}
