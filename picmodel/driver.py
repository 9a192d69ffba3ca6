"""From scenario files to results: the only module that knows every layer."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from picmodel.data.load import input_files, inputs_of, system_data
from picmodel.data.overrides import undeclared
from picmodel.data.system import SystemData
from picmodel.dependencies import Agenda, Given, Uses, uses, widest
from picmodel.errors import Infeasible, InputError, PicmodelError, SelfCheckFailed, SolverTrouble
from picmodel.extract.results import Results
from picmodel.extract.running_cost import running_costs
from picmodel.extract.table import COLUMNS
from picmodel.finance.projects import price_paid, project_income, value_projects
from picmodel.formulation.build import build_model
from picmodel.formulation.held import LEAST_GW, LOWER_END, UPPER_END, held_at
from picmodel.glossary import ENTRIES
from picmodel.indicators.definitions import require_defined
from picmodel.indicators.health import artefacts, census, flooded, slacks_in_use
from picmodel.indicators.market_prices import certificate_price, energy_price
from picmodel.indicators.money import money, served_energy
from picmodel.indicators.peak_cost import sunk_capital, system_cost, transfers
from picmodel.indicators.responsibility import responsibility
from picmodel.indicators.shares import certificate_shares, renewable_shares
from picmodel.indicators.system import curtailment, quantities
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.base import Active, merged
from picmodel.markets.interactions import conflicts
from picmodel.markets.registry import (
    MECHANISM,
    activate,
    entries,
    option_problems,
    settling,
    with_interactions,
)
from picmodel.report.comparison import UPPER_IRR, Solved, compared, peak_note
from picmodel.report.runs import Run, RunSet
from picmodel.report.write import new_folder, publish, write_json, write_netcdf, write_parquet, write_table
from picmodel.scenario.check import nearest
from picmodel.scenario.load import Check, ScenarioSet, dump_yaml, load
from picmodel.scenario.schema import Scenario, Where, outside_horizon
from picmodel.settlement.ledger import ledger, position, worst_account
from picmodel.solve.certificate import TOLERANCE, certify
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions, solve

Report = Callable[[str, str], None]  # (scenario, stage)
#: parts of the package that use runs and make none
BESIDE_RUNS = (
    "cli.py",
    "hindcast.py",
    "ladder",
    "studies",
    "chronology",
    "chronology.py",
    "synthesis",
    "ignored",
    "regression",
)
#: what only later layers than the scenario's know to be wrong
CHECKS: tuple[Check, ...] = (
    lambda document, overrides: option_problems(document),
    lambda document, overrides: undeclared(overrides),
)
Source = Path | str | Mapping | ScenarioSet | Sequence[Path | str]


# -- public


def run(
    source: Source,
    out: Path | str = "results",
    reference: str | None = None,
    jobs: int | None = None,
    report: Report | None = None,
    baseline: str | None = None,
) -> RunSet:
    """Run scenarios and write their results.

    Args:
        source: a scenario file, several, a folder of them, a mapping that says the same, or a loaded set.
        out: each run writes ``out/<scenario>/``.
        reference: name of the scenario to compare with; else the file's ``reference``, else the first.
        jobs: solves side by side; as many as cores by default.
        report: called with (scenario, stage) as work goes on.
        baseline: name of the scenario without policy, over which peak costs are counted; else the file's.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.  What was
            finished before stays on disk.
    """
    whole = gathered(source)
    scenarios, names = whole.scenarios, [s.name for s in whole]
    wanted, without = reference or whole.reference or names[0], baseline or whole.baseline
    for option, name in (("reference", wanted), ("baseline", without)):
        if name is not None and name not in names:
            raise InputError([f"--{option} {name}: no such scenario; {nearest(name, names)}"])
    found = check_all(scenarios)
    solved, failed = _solve_all(scenarios, found, Path(out), jobs, report or (lambda name, stage: None))
    runs = _finish(solved, wanted, without, Path(out))
    if failed:
        error = together(failed)
        error.failed = failed
        raise error
    return runs


def together(failed: Mapping[str, PicmodelError]) -> PicmodelError:
    """One error that names every scenario that failed; bad input only where all of them are."""
    others = [error for error in failed.values() if not isinstance(error, InputError)]
    if not others:
        problems = [p for error in failed.values() for p in getattr(error, "problems", [])]
        return InputError(list(dict.fromkeys(problems)))
    return type(others[0])("\n".join(f"{name}: {error}" for name, error in failed.items()))


def collect(source: Source) -> tuple[list[Scenario], str | None]:
    """Scenarios of files and folders, and the reference that one of them names."""
    found = gathered(source)
    return list(found), found.reference


def gathered(source: Source) -> ScenarioSet:
    """Scenarios of files and folders as one set; the first that names a reference or baseline counts."""
    if isinstance(source, Mapping | ScenarioSet):
        sets = [source if isinstance(source, ScenarioSet) else load(source, CHECKS)]
    else:
        paths = [Path(source)] if isinstance(source, str | Path) else [Path(p) for p in source]
        files = [f for p in paths for f in (sorted(p.glob("*.yaml")) if p.is_dir() else [p])]
        if not files:
            raise InputError(
                [f"{', '.join(map(str, paths))}: no scenario file there; name one that ends in .yaml"]
            )
        sets = _load_all(files)
    scenarios = [scenario for found in sets for scenario in found]
    twice = sorted({s.name for s in scenarios if [t.name for t in scenarios].count(s.name) > 1})
    if twice:
        raise InputError([f"{name}: two scenarios have this name; give one a `name`" for name in twice])
    reference = next((found.reference for found in sets if found.reference), None)
    baseline = next((found.baseline for found in sets if found.baseline), None)
    points = {name: point for found in sets for name, point in found.points.items()}
    return ScenarioSet(tuple(scenarios), reference, baseline, points)


def _load_all(files: Sequence[Path]) -> list[ScenarioSet]:
    sets, problems = [], []
    for file in files:
        try:
            sets.append(load(file, CHECKS))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return sets


# -- one scenario


def market_options(scenario: Scenario) -> dict[str, Any]:
    """Checked options of the mechanisms that the scenario switched on.

    Raises:
        InputError: an unknown mechanism or option, or a year outside the horizon; all of them.
    """
    problems: list[str] = [problem.message() for problem in option_problems(scenario.where.node)]
    on = {name: raw for name, raw in scenario.markets.items() if raw is not None and name in MECHANISM}
    for name, raw in on.items():
        problems += _years_outside(raw, scenario, scenario.where.at("markets", name))
    if problems:
        raise InputError(problems)
    return {name: MECHANISM[name].config.model_validate(raw) for name, raw in on.items()}


def _years_outside(raw: object, scenario: Scenario, where: Where) -> list[str]:
    """Problems of every path by year in the options, however deep it stands."""
    if not isinstance(raw, Mapping):
        return []
    if raw and all(isinstance(key, int) for key in raw):
        return outside_horizon(raw, scenario.horizon, where)
    return [p for key, value in raw.items() for p in _years_outside(value, scenario, where.at(key))]


def check_all(scenarios: Sequence[Scenario]) -> Uses:
    """Everything that can be known wrong before tables are read, of all scenarios together.

    Returns:
        Which scenarios use the emissions of which.
    """
    problems: list[str] = []
    for scenario in scenarios:
        try:
            check(scenario)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return uses(scenarios, {s.name: activate(market_options(s)) for s in scenarios})


def check(scenario: Scenario) -> None:
    """What can be known wrong of one scenario before tables are read."""
    problems = conflicts(market_options(scenario))
    if problems:
        raise InputError([f"{scenario.name}: {problem}" for problem in problems])


def check_inputs(scenarios: Sequence[Scenario]) -> None:
    """Tables, overrides, series and mechanisms of all scenarios; all problems together.

    Raises:
        InputError: with every problem.
    """
    problems: list[str] = []
    for scenario in scenarios:
        try:
            data, _ = system_data(scenario)
            active = activate(market_options(scenario))
            problems += [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


class Clock:
    """Seconds of each stage of a scenario, and who is told of it."""

    def __init__(self, scenario: str, report: Report | None = None) -> None:
        self.scenario, self.report = scenario, report
        self.marks: list[tuple[str, float]] = []

    def stage(self, name: str) -> None:
        self.marks.append((name.split()[0], time.perf_counter()))
        if self.report:
            self.report(self.scenario, name)

    def seconds(self) -> dict[str, float]:
        marks = [*self.marks, ("end", time.perf_counter())]
        spent = {name: round(after - at, 3) for (name, at), (_, after) in pairwise(marks)}
        return {**spent, "total": round(marks[-1][1] - marks[0][1], 3)}


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


def optimum(scenario: Scenario, clock: Clock, threads: int = 0, given: Given | None = None) -> Optimum:
    """Build, solve and check one scenario.

    Args:
        given: what other scenarios hand on to this one.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.
    """
    options = market_options(scenario)
    clock.stage("inputs")
    data, tables = system_data(scenario)
    data = _with_given(scenario, data, given or Given())
    active = activate(options)
    problems = [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
    if problems:
        raise InputError(problems)
    chosen = _solver_options(scenario, threads)
    try:
        lp, solution, results, solves = _settled(data, active, chosen, scenario.solver.iterations, clock)
    except InputError as error:
        raise InputError([f"{scenario.name}: {problem}" for problem in error.problems]) from None
    clock.stage("results")
    certificate, whole = _checked(lp, solution, results, active)
    return Optimum(scenario, options, active, tables, lp, solution, certificate, results, whole, solves)


def _with_given(scenario: Scenario, data: SystemData, given: Given) -> SystemData:
    """The system with what other scenarios hand on: their emissions, and capacities to hold."""
    data = replace(data, policy={**data.policy, "emissions_of": dict(given.emissions)})
    if scenario.physical.capacities_of is None:
        return data
    if given.held is None:
        text = f"`{scenario.physical.capacities_of}` is no scenario of this run; run both together"
        raise InputError([scenario.where.problem(text, "physical", "capacities_of", id="PIC-S037")])
    return held_at(data, given.held)


def _solver_options(scenario: Scenario, threads: int) -> SolverOptions:
    s = scenario.solver
    return SolverOptions(s.method, s.threads or threads, s.time_limit_s, s.crossover)


def _checked(
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
    data: SystemData, active: tuple[Active, ...], chosen: SolverOptions, most: int, clock: Clock
) -> tuple[LinearProgram, Solution, Results, int]:
    """Solve until no mechanism asks for another solve (`Mechanism.iterate`); with the number of solves."""
    for count in range(1, most + 1):
        lp, solution = _solved(data, active, chosen, clock)
        results = Results(data, lp, solution, entries())
        asking = []
        for mechanism in active:
            following = mechanism.iterate(results, data)
            if following is not None:
                data = following
                asking.append(mechanism)
        if not asking:
            return lp, solution, results, count
    left = "; ".join(f"markets.{a.name}{_residual_text(a.residual(results))}" for a in asking)
    raise SolverTrouble(
        f"{left}: a number that the plan itself decides is not settled after {most} solves; raise "
        "`solver.iterations`, or replace the option that asks for it by one with a given number"
    )


def _residual_text(residual: float | None) -> str:
    return "" if residual is None else f" (off by {residual:.2e})"


def _solved(
    data: SystemData, active: tuple[Active, ...], chosen: SolverOptions, clock: Clock
) -> tuple[LinearProgram, Solution]:
    """One solve; where there is no plan, the rules that may not be broken are named."""
    clock.stage("build")
    lp = compile_model(build_model(data, with_interactions(active)))
    for mechanism in active:
        _require_rows(mechanism, lp)
    clock.stage(f"solve {lp.shape[0]:,} rows")
    try:
        return lp, solve(lp, chosen, {entry.name: entry.unit for entry in (*ENTRIES, *entries())})
    except Infeasible as error:
        rigid = [rule for mechanism in active for rule in mechanism.hard()]
        raise Infeasible("; ".join([str(error), *rigid])) from None


def solve_scenario(
    scenario: Scenario,
    out: Path,
    threads: int = 0,
    report: Report | None = None,
    given: Given | None = None,
    hands_on_capacities: bool = False,
) -> Solved:
    """Solve and evaluate one scenario; writes its large files to a hidden folder.

    Args:
        given: what other scenarios hand on to this one.
        hands_on_capacities: another scenario is held at the capacities of this one.
    """
    clock = Clock(scenario.name, report)
    found = optimum(scenario, clock, threads, given)
    results = found.results
    projects, yearly, ends = _projects(found, threads, clock)
    costs = results.cost_by_item()
    clock.stage("write")
    folder = _write(found, costs, out)
    write_table(yearly.assign(scenario=scenario.name), folder / "project_income.csv")
    emissions = results.values["v_emissions"].sum("province")
    return Solved(
        name=scenario.name,
        folder=folder,
        indicators=pd.concat(
            [
                indicators_of(results, found.active),
                money(found.ledger, served_energy(results)),
            ]
        ),
        projects=projects,
        system_cost=system_cost(costs),
        emissions={int(y): float(emissions.sel(year=y)) for y in results.years},
        horizon=results.data.horizon,
        peak_cost_until=scenario.horizon.peak_cost_until,
        manifest=_manifest(found, ends, clock),
        capacities=results.capacities(scenario.name, LEAST_GW) if hands_on_capacities else None,
        transfers=transfers(costs),
        sunk=sunk_capital(results.data),
    )


@dataclass(frozen=True)
class PriceEnd:
    """A dispatch of held capacities at whose prices projects are valued.

    Attributes:
        certificate: residuals of its checks; of the run itself where that is the dispatch.
    """

    results: Results
    certificate: dict[str, float]


def _projects(
    found: Optimum, threads: int, clock: Clock
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[PriceEnd, ...]]:
    """Projects at expansion prices, or at the lower end of dispatch prices with the rate at the upper end.

    Returns:
        Projects, their income by year, and the lower and upper end of dispatch prices (none: expansion).
    """
    if not found.scenario.dispatch_prices:
        return (*_valued(found, found.results), ())
    held_already = found.results.data.held is not None
    run_itself = PriceEnd(found.results, found.certificate)
    lower = run_itself if held_already else _dispatch(found, LOWER_END, threads, clock)
    upper = _dispatch(found, UPPER_END, threads, clock)
    clock.stage("results")
    projects, yearly = _valued(found, lower.results)
    at_upper, _ = _valued(found, upper.results)
    projects = projects.assign(**{UPPER_IRR: at_upper["irr_pre_tax_real_share"]})
    return projects, yearly, (lower, upper)


def _valued(found: Optimum, results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Projects at the prices of a solve, and their income by year."""
    settles, wanted, finance = settling(found.active), found.scenario.projects, found.tables["finance"]
    income = merged([mechanism.income(results, results.data) for mechanism in settles])
    price = price_paid(results, settles)
    projects = value_projects(results, income, finance, wanted.technologies, price, wanted.after_horizon)
    beside = results.data.held.factor if results.data.held else 1.0
    projects["capacity_gw"] /= beside  # what the plan built
    return projects, project_income(results, income, wanted.technologies, price)


def _dispatch(found: Optimum, factor: float, threads: int, clock: Clock) -> PriceEnd:
    """The same scenario with its capacities held at a factor of what it found, or held already.

    Numbers that the plan itself decides (`Mechanism.iterate`) stay as they were settled.
    """
    scenario, active = found.scenario, found.active
    data = held_at(found.results.data, found.results.capacities(scenario.name, LEAST_GW), factor)
    try:
        lp, solution = _solved(data, active, _solver_options(scenario, threads), clock)
    except Infeasible as error:
        text = f"at capacities held at {factor:g} of the plan (`projects.prices: dispatch`): {error}"
        raise Infeasible(text) from None
    results = Results(data, lp, solution, entries())
    certificate, _ = _checked(lp, solution, results, active)
    return PriceEnd(results, certificate)


def indicators_of(results: Results, active: Sequence[Active] = ()) -> pd.DataFrame:
    """Indicators of one run that need no other run."""
    return pd.concat(
        [
            renewable_shares(results),
            certificate_shares(results, active),
            quantities(results),
            curtailment(results),
            energy_price(results),
            certificate_price(results),
            responsibility(results),
            *(table for mechanism in active for table in mechanism.indicators(results)),
        ]
    )


def _write(found: Optimum, costs: pd.DataFrame, out: Path) -> Path:
    """The large files of a run, in a folder that is not yet in its place."""
    name = found.scenario.name
    folder = new_folder(out, name)
    history = f"picmodel {importlib.metadata.version('picmodel')}, scenario {name}"
    write_netcdf(found.results.dataset("values"), folder / "solution.nc", f"Solution of {name}", history)
    prices = found.results.prices().merge(running_costs(found.lp, found.solution, found.results))
    write_netcdf(prices, folder / "prices.nc", f"Prices of {name}", history)
    write_table(costs.assign(scenario=name), folder / "costs.csv")
    write_parquet(found.ledger.assign(scenario=name), folder / "ledger.parquet")
    positions = position(found.ledger).rename(columns={"amount": "amount_mcny"})
    write_table(positions.assign(scenario=name), folder / "positions.csv")
    (folder / "scenario.yaml").write_text(dump_yaml(found.scenario, found.options), encoding="utf-8")
    return folder


def _manifest(found: Optimum, ends: Sequence[PriceEnd], clock: Clock) -> dict[str, Any]:
    """Everything that says how a run came about and whether it can be trusted."""
    results, lp, solution = found.results, found.lp, found.solution
    held = results.data.held
    return {
        "scenario": found.scenario.name,
        "status": solution.status,
        "past_years": list(results.data.horizon.past),
        "objective_mcny": solution.objective,
        "certificate": found.certificate,
        "capacities_of": held.of if held else None,
        "project_prices": "dispatch" if ends else "expansion",
        "price_ends": [_price_end(end) for end in ends],
        "solves": found.solves,
        "residuals": _residuals(results, found.active),
        "rows": lp.shape[0],
        "columns": lp.shape[1],
        "nonzeros": int(lp.matrix.nnz),
        "mechanisms": census(lp, solution),
        "warnings": [*slacks_in_use(results, found.active), *artefacts(results), *flooded(results)],
        "remarks": [remark.document() for remark in found.scenario._remarks],
        "solver": solution.info,
        "seconds": clock.seconds(),
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "inputs": hash_inputs(inputs_of(found.scenario)),
        "program": hash_program(),
        "versions": _versions(),
    }


def _price_end(end: PriceEnd) -> dict[str, Any]:
    """By how much capacities were held beside the plan's, and the worst residual of that solve."""
    held, checked = end.results.data.held, end.certificate
    assert held is not None
    worst = max(checked["worst"], checked["zero_profit"], checked["ledger"])
    return {"capacity_factor": held.factor, "worst_residual": worst}


def _residuals(results: Results, active: Sequence[Active]) -> dict[str, float]:
    """How far numbers that the plan itself decides are from what it says [share], by mechanism."""
    found = {mechanism.name: mechanism.residual(results) for mechanism in active}
    return {name: residual for name, residual in found.items() if residual is not None}


def _require_rows(mechanism, lp) -> None:
    """A mechanism that is on and has no row changes nothing: that is an error, not a result."""
    families = (*lp.rows_of[mechanism.name], *mechanism.mechanism.governs)
    if not any((lp.rows[name].position >= 0).any() for name in families if name in lp.rows):
        raise SelfCheckFailed(f"markets.{mechanism.name} is on but adds no row to the model")


def hash_inputs(folders: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every input file that is read, by its path below the first folder."""
    files = sorted(input_files(folders).items())
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files}


@functools.cache
def hash_program() -> str:
    """SHA-256 over the sources of all that makes a run: results of another program are other results."""
    package = Path(__file__).parent
    sources = [p for p in sorted(package.rglob("*.py")) if p.relative_to(package).parts[0] not in BESIDE_RUNS]
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()


def _versions() -> dict[str, str]:
    names = ("picmodel", "pyomo", "highspy", "pandas", "xarray", "tsam", "pyxirr")
    return {"python": platform.python_version(), **{n: importlib.metadata.version(n) for n in names}}


# -- several


def _solve_all(
    scenarios: Sequence[Scenario], found: Uses, out: Path, jobs: int | None, report: Report
) -> tuple[list[Solved], dict[str, PicmodelError]]:
    """Solve side by side, what others use first; one that fails stops only those that use it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(jobs or cores, widest(found))
    threads = max(1, cores // workers)
    agenda = Agenda(scenarios, found)
    if workers == 1:
        while ready := agenda.ready():
            for scenario, given in ready:
                try:
                    asked = agenda.hands_on_capacities(scenario.name)
                    agenda.solved[scenario.name] = solve_scenario(
                        scenario, out, threads, report, given, asked
                    )
                except PicmodelError as error:
                    agenda.failed[scenario.name] = error
    else:
        _solve_in_pool(agenda, workers, out, threads, report)
    solved = [agenda.solved[s.name] for s in scenarios if s.name in agenda.solved]
    return solved, {s.name: agenda.failed[s.name] for s in scenarios if s.name in agenda.failed}


def _solve_in_pool(agenda: Agenda, workers: int, out: Path, threads: int, report: Report) -> None:
    """Each scenario in a process of its own, from the moment that what it uses is solved."""
    with (
        get_context("spawn").Manager() as manager,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        stages = manager.Queue()
        running: dict[Future, str] = {}

        def start_what_is_ready() -> None:
            for scenario, given in agenda.ready():
                asked = agenda.hands_on_capacities(scenario.name)
                future = pool.submit(_solve_apart, scenario, out, threads, stages, given, asked)
                running[future] = scenario.name

        start_what_is_ready()
        while running:
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            while not stages.empty():
                report(*stages.get())
            for future in done:
                name = running.pop(future)
                try:
                    agenda.solved[name] = future.result()
                except PicmodelError as error:
                    agenda.failed[name] = error
            start_what_is_ready()


def _solve_apart(
    scenario: Scenario, out: Path, threads: int, stages: Any, given: Given, asked: bool
) -> Solved:
    def report(name: str, stage: str) -> None:
        stages.put((name, stage))

    return solve_scenario(scenario, out, threads, report, given, asked)


def _finish(solved: Sequence[Solved], reference: str, baseline: str | None, out: Path) -> RunSet:
    """Indicators that need the reference or the baseline, then every folder in its place."""
    base, nothing = (next((s for s in solved if s.name == name), None) for name in (reference, baseline))
    runs = []
    for s in solved:
        indicators = pd.concat([s.indicators, compared(s, base or s, nothing)], ignore_index=True)
        require_defined(indicators)
        indicators.insert(0, "scenario", s.name)
        indicators = indicators[COLUMNS]
        others = {"reference": base.name if base else None, "baseline": nothing.name if nothing else None}
        manifest = {**s.manifest, **others, "peak": peak_note(s)}
        write_table(indicators, s.folder / "indicators.csv")
        write_table(s.projects.assign(scenario=s.name), s.folder / "projects.csv")
        write_json(manifest, s.folder / "manifest.json")
        runs.append(Run(s.name, publish(s.folder, out, s.name), indicators, manifest))
    return RunSet(tuple(runs), reference)
