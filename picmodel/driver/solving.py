"""One scenario from its data to an optimum that passed every check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.dependencies import Given
from picmodel.driver.checks import market_options
from picmodel.driver.clock import Clock
from picmodel.errors import Infeasible, InputError, SelfCheckFailed, SolverTrouble, StorageTrouble
from picmodel.extract.results import Results
from picmodel.formulation.build import build_model
from picmodel.formulation.held import held_at
from picmodel.glossary import ENTRIES
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.base import Active
from picmodel.markets.registry import activate, entries, settling, with_interactions
from picmodel.report.write import BASIS
from picmodel.scenario.schema import Scenario
from picmodel.settlement.ledger import ledger, worst_account
from picmodel.solve.certificate import TOLERANCE, certify
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions
from picmodel.solve.solver import solve
from picmodel.solve.start import Basis


@dataclass(frozen=True)
class How:
    """How solves are run.

    Attributes:
        threads: threads of one solve where the scenario does not say; 0 leaves it to HiGHS.
        log: file that the solver's log is added to; None: no log.
    """

    threads: int = 0
    log: Path | None = None

    def options(self, scenario: Scenario) -> SolverOptions:
        s = scenario.solver
        return SolverOptions(
            s.method, s.threads or self.threads, s.time_limit_s, s.crossover, self.log, s.name, s.options
        )


@dataclass(frozen=True)
class Optimum:
    """A scenario's system, its LP and the optimum that passed its certificate.

    Attributes:
        solves: solves that it took until all numbers that the plan itself decides were settled.
    """

    scenario: Scenario
    options: dict[str, Any]
    active: tuple[Active, ...]
    tables: Mapping[str, pd.DataFrame]
    lp: LinearProgram
    solution: Solution
    certificate: dict[str, float]
    results: Results
    ledger: pd.DataFrame
    solves: int = 1

    @property
    def basis(self) -> Basis:
        """Of the optimum; empty where the solve ended without one."""
        return Basis.of(self.lp, self.solution.basis)


def optimum(
    scenario: Scenario,
    clock: Clock,
    how: How | None = None,
    given: Given | None = None,
    when_read: Callable[[], None] = lambda: None,
) -> Optimum:
    """Build, solve and check one scenario.

    Args:
        given: what other scenarios hand on to this one.
        when_read: called when all inputs have been read.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.
    """
    options = market_options(scenario)
    clock.stage("inputs")
    data, tables = system_data(scenario)
    when_read()
    data = with_given(scenario, data, given or Given())
    active = activate(options)
    problems = [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
    if problems:
        raise InputError(problems)
    chosen, most = (how or How()).options(scenario), scenario.solver.iterations
    start = _basis_in(given.start) if given and given.start else None
    try:
        lp, solution, results, solves = _settled(data, active, chosen, most, clock, start)
    except InputError as error:
        raise InputError([f"{scenario.name}: {problem}" for problem in error.problems]) from None
    clock.stage("results")
    certificate, whole = checked(lp, solution, results, active)
    return Optimum(scenario, options, active, tables, lp, solution, certificate, results, whole, solves)


def with_given(scenario: Scenario, data: SystemData, given: Given) -> SystemData:
    """The system with what other scenarios hand on: their emissions, and capacities to hold."""
    data = replace(data, policy={**data.policy, "emissions_of": dict(given.emissions)})
    if scenario.physical.capacities_of is None:
        return data
    if given.held is None:
        text = f"`{scenario.physical.capacities_of}` is no scenario of this run; run both together"
        raise InputError([scenario.where.problem(text, "physical", "capacities_of", id="PIC-S037")])
    return held_at(data, given.held)


def _basis_in(folder: Path) -> Basis:
    try:
        return Basis.read(folder / BASIS)
    except (OSError, EOFError, ValueError):
        text = f"{folder / BASIS} is missing or damaged; delete the folder and run again"
        raise StorageTrouble(text) from None


def checked(
    lp: LinearProgram, solution: Solution, results: Results, active: tuple[Active, ...]
) -> tuple[dict[str, float], pd.DataFrame]:
    """Residuals of every check that a solve must pass, and the ledger.

    Raises:
        SelfCheckFailed: one of them is too large.
    """
    certificate = certify(lp, solution)
    profit = worst_residual(zero_profit(results, active))
    if not profit <= TOLERANCE:
        raise SelfCheckFailed(f"a vintage that was built does not break even: residual {profit:.2e}")
    whole = ledger([entry for mechanism in settling(active) for entry in mechanism.settle(results)])
    left_over, account = worst_account(whole)
    if not left_over <= TOLERANCE:
        raise SelfCheckFailed(f"the ledger does not clear: {left_over:.2e} of account {account} is left over")
    return {**certificate.as_dict(), "zero_profit": profit, "ledger": left_over}, whole


def _settled(
    data: SystemData,
    active: tuple[Active, ...],
    chosen: SolverOptions,
    most: int,
    clock: Clock,
    start: Basis | None = None,
) -> tuple[LinearProgram, Solution, Results, int]:
    """Solve until no mechanism asks for another solve (`Mechanism.iterate`); with the number of solves."""
    for count in range(1, most + 1):
        lp, solution = solved_once(data, active, chosen, clock, start)
        results = Results(data, lp, solution, entries())
        asking = []
        for mechanism in active:
            following = mechanism.iterate(results, data)
            if following is not None:
                data = following
                asking.append(mechanism)
        if not asking:
            return lp, solution, results, count
        start = Basis.of(lp, solution.basis)
    left = "; ".join(f"markets.{a.name}{_residual_text(a.residual(results))}" for a in asking)
    raise SolverTrouble(
        f"{left}: a number that the plan itself decides is not settled after {most} solves; raise "
        "`solver.iterations`, or replace the option that asks for it by one with a given number"
    )


def _residual_text(residual: float | None) -> str:
    return "" if residual is None else f" (off by {residual:.2e})"


def solved_once(
    data: SystemData,
    active: tuple[Active, ...],
    chosen: SolverOptions,
    clock: Clock,
    start: Basis | None = None,
) -> tuple[LinearProgram, Solution]:
    """One solve, from a basis if one is given; where there is no plan, the rules that may not be broken are
    named."""
    clock.stage("build")
    model = build_model(data, with_interactions(active))
    lp = compile_model(model)
    model.clear()  # it refers to itself, so it would stay in memory through the solve
    for mechanism in active:
        _require_rows(mechanism, lp)
    clock.stage(f"solve {lp.shape[0]:,} rows")
    try:
        return lp, solve(lp, chosen, {entry.name: entry.unit for entry in (*ENTRIES, *entries())}, start)
    except Infeasible as error:
        rigid = [rule for mechanism in active for rule in mechanism.hard()]
        raise Infeasible("; ".join([str(error), *rigid])) from None


def _require_rows(mechanism, lp) -> None:
    """A mechanism that is on and has no row changes nothing: that is an error, not a result."""
    families = (*lp.rows_of[mechanism.name], *mechanism.mechanism.governs)
    if not any((lp.rows[name].position >= 0).any() for name in families if name in lp.rows):
        raise SelfCheckFailed(f"markets.{mechanism.name} is on but adds no row to the model")
