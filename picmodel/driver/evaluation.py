"""One scenario from its file to its folder: solved, evaluated, written, published."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from picmodel.dependencies import Given
from picmodel.driver.clock import Clock, Report
from picmodel.driver.comparing import examination
from picmodel.driver.manifest import manifest_of
from picmodel.driver.memory import by_size, forget_peak, peak_gb
from picmodel.driver.provenance import MadeOf, hash_program, inputs_hashed
from picmodel.driver.solving import How, Optimum, optimum
from picmodel.driver.store import INDICATORS, Unusable, find, labelled, seal, write_kept
from picmodel.driver.valuation import valued_projects
from picmodel.errors import InputError, PicmodelError, SolverTrouble, WorkerDied
from picmodel.extract.price_terms import price_terms
from picmodel.extract.results import Results
from picmodel.extract.running_cost import running_costs
from picmodel.formulation.held import LEAST_GW
from picmodel.indicators.headline_ranges import headline_ranges, not_unique
from picmodel.indicators.market_prices import certificate_price, energy_price
from picmodel.indicators.money import money, served_energy
from picmodel.indicators.peak_cost import sunk_capital, system_cost, transfers
from picmodel.indicators.price_ranges import price_ranges, wide
from picmodel.indicators.responsibility import responsibility
from picmodel.indicators.shares import certificate_shares, renewable_shares
from picmodel.indicators.system import curtailment, quantities
from picmodel.markets.base import Active
from picmodel.report.comparison import Solved
from picmodel.report.folder import locked, new_folder, publish, writing
from picmodel.report.write import BASIS, write_netcdf, write_parquet, write_table
from picmodel.scenario.load import dump_yaml
from picmodel.scenario.schema import Scenario
from picmodel.settlement.ledger import position

SOLVER_LOG = "solver.log"
OUT_OF_MEMORY = (
    "out of memory at {:.1f} GB; take fewer scenarios side by side (--jobs, --memory), or fewer periods"
)


@dataclass(frozen=True)
class Task:
    """One scenario to solve, with all that a process elsewhere must know.

    Attributes:
        given: what other scenarios hand on to this one.
        now: what the run is made of.
        fresh: solve even if another process has just put the same run there.
        large: keep the large files too.
    """

    scenario: Scenario
    out: Path
    given: Given
    now: MadeOf
    threads: int = 0
    fresh: bool = False
    large: bool = True


def make(task: Task, report: Report | None = None) -> None:
    """Solve a scenario and put its folder in place, whole; comparisons are added later.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed, StorageTrouble, WorkerDied: see
            `picmodel.errors`.  Nothing of the scenario is left then, but the log of a solver in trouble.
    """
    name, out, tell = task.scenario.name, task.out, report or (lambda name, stage: None)
    with locked(out, name, lambda: tell(name, "waits for another picmodel that works on it")):
        if not task.fresh:
            with suppress(Unusable):
                find(out, name, task.now, task.large)
                return  # somebody else has made it meanwhile
        if hash_program() != task.now["program"]:
            raise PicmodelError(
                "the program of picmodel here is another than the one that asked; run it again, and give "
                "all machines one version"
            )
        folder = new_folder(out, name)
        try:
            _fill(task, folder, tell)
            with writing(out):
                publish(folder, out, name)
            failed_log(out, name).unlink(missing_ok=True)
        except MemoryError:
            raise WorkerDied(OUT_OF_MEMORY.format(peak_gb())) from None
        except SolverTrouble as error:
            raise _with_log(error, folder, out, name) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _fill(task: Task, folder: Path, report: Report) -> None:
    """Everything that a run's folder has, but for comparisons."""
    forget_peak()
    scenario, clock = task.scenario, Clock(task.scenario.name, report)
    how = How(task.threads, folder / SOLVER_LOG)
    found = optimum(scenario, clock, how, task.given, lambda: _require_same_inputs(task))
    projects, yearly, ends = valued_projects(found, how, clock)
    costs = found.results.cost_by_item()
    ranges, said = _ranges(found, clock)
    clock.stage("write")
    with writing(task.out):
        _write(found, costs, folder)
        write_table(yearly.assign(scenario=scenario.name), folder / "project_income.csv")
        write_table(projects.assign(scenario=scenario.name), folder / "projects.csv")
        solved = _solved(found, projects, costs, ranges, folder)
        write_kept(solved, folder)
        write_table(labelled(solved.indicators, scenario.name), folder / INDICATORS)
        beside = {"expected_by_size_gb": by_size(scenario), **said}
        manifest = manifest_of(found, ends, clock) | examination(scenario) | beside
        manifest["warnings"] += _cold(task.given)
        seal(folder, task.now, manifest, task.large)


def _cold(given: Given) -> list[str]:
    """A line where the scenario to start from failed."""
    if given.start_failed is None:
        return []
    return [
        f"solver.start_from: {given.start_failed} failed, so this solve started from nothing; what is not "
        "unique may be another than from its basis, and the run is solved again once that one is there"
    ]


def _ranges(found: Optimum, clock: Clock) -> tuple[list[pd.DataFrame], dict[str, list[str]]]:
    """Ends of market prices and of headline quantities, as the scenario asks; lines about those that differ.

    A second look that fails takes nothing from the run: it says so.
    """
    asked = found.scenario.solver
    if asked.price_ranges or asked.headline_ranges:
        clock.stage("ranges")
    prices = price_ranges(found.lp, found.solution, found.results) if asked.price_ranges else []
    said = {"price_ranges": wide(prices), "headline_ranges": []}
    if not asked.headline_ranges:
        return prices, said
    until = found.scenario.horizon.peak_cost_until
    try:
        headlines = headline_ranges(found.lp, found.solution, found.results, until, asked.time_limit_s)
    except SolverTrouble as error:
        return prices, said | {
            "headline_ranges": [f"whether headline numbers are unique is not known: {error}"]
        }
    return [*prices, headlines], said | {"headline_ranges": not_unique(headlines)}


def _require_same_inputs(task: Task) -> None:
    """What was read is what the run's key says."""
    now = inputs_hashed(task.scenario)
    changed = sorted(name for name in now if now[name] != task.now["inputs"].get(name))
    if changed:
        text = f"{', '.join(changed)} changed while picmodel was running; run it again"
        raise InputError([f"{task.scenario.name}: {text}"])


def failed_log(out: Path, name: str) -> Path:
    """Where the log of a solver stays that found no optimum."""
    return out / f"failed.{name}.{SOLVER_LOG}"


def _with_log(error: SolverTrouble, folder: Path, out: Path, name: str) -> SolverTrouble:
    """The error with the place of the solver's log, which outlives the folder."""
    log = folder / SOLVER_LOG
    if not log.is_file():
        return error
    log.replace(failed_log(out, name))
    return SolverTrouble(f"{error}; the solver's log is {failed_log(out, name)}")


def _solved(
    found: Optimum,
    projects: pd.DataFrame,
    costs: pd.DataFrame,
    ranges: Sequence[pd.DataFrame],
    folder: Path,
) -> Solved:
    """Small tables for comparisons, and what other scenarios may use."""
    results, scenario = found.results, found.scenario
    emissions = results.values["v_emissions"].sum("province")
    energy = served_energy(results)
    indicators = [indicators_of(results, found.active), money(found.ledger, energy), *ranges]
    return Solved(
        name=scenario.name,
        folder=folder,
        indicators=pd.concat(indicators, ignore_index=True),
        projects=projects,
        system_cost=system_cost(costs),
        emissions={int(y): float(emissions.sel(year=y)) for y in results.years},
        horizon=results.data.horizon,
        peak_cost_until=scenario.horizon.peak_cost_until,
        capacities=results.capacities(scenario.name, LEAST_GW),
        transfers=transfers(costs),
        sunk=sunk_capital(results.data),
    )


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


def _write(found: Optimum, costs: pd.DataFrame, folder: Path) -> None:
    """Files of the optimum itself."""
    name = found.scenario.name
    history = f"picmodel {importlib.metadata.version('picmodel')}, scenario {name}"
    write_netcdf(found.results.dataset("values"), folder / "solution.nc", f"Solution of {name}", history)
    prices = found.results.prices().merge(running_costs(found.lp, found.solution, found.results))
    write_netcdf(prices, folder / "prices.nc", f"Prices of {name}", history)
    write_parquet(price_terms(found.lp, found.solution, found.results), folder / "price_terms.parquet")
    write_table(costs.assign(scenario=name), folder / "costs.csv")
    write_parquet(found.ledger.assign(scenario=name), folder / "ledger.parquet")
    positions = position(found.ledger).rename(columns={"amount": "amount_mcny"})
    write_table(positions.assign(scenario=name), folder / "positions.csv")
    found.basis.write(folder / BASIS)
    (folder / "scenario.yaml").write_text(dump_yaml(found.scenario, found.options), encoding="utf-8")
