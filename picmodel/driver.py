"""From scenario files to results: the only module that knows every layer."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from picmodel.data.assemble import SystemOptions, assemble
from picmodel.data.overrides import apply_overrides
from picmodel.data.periods import representative_periods
from picmodel.data.read import read_tables
from picmodel.data.series import read_series, rescale_to
from picmodel.data.system import Horizon, SystemData
from picmodel.errors import InputError, PicmodelError, SelfCheckFailed
from picmodel.extract.results import Results
from picmodel.finance.projects import merged_income, value_projects, weighted_irr
from picmodel.formulation.build import build_model
from picmodel.glossary import ENTRIES
from picmodel.indicators.health import artefacts, census, flooded, slacks_in_use
from picmodel.indicators.market_prices import allowance_price, certificate_price, energy_price
from picmodel.indicators.peak_cost import Peak, cost_until, find_peak, system_cost
from picmodel.indicators.system import curtailment, quantities, renewable_shares
from picmodel.indicators.table import COLUMNS
from picmodel.markets.registry import MECHANISM, activate, entries, with_interactions
from picmodel.report.write import new_folder, publish, write_json, write_netcdf, write_table
from picmodel.scenario.load import ScenarioSet, dump_yaml, load
from picmodel.scenario.schema import Scenario, outside_horizon
from picmodel.scenario.check import check_options, nearest
from picmodel.solve.certificate import certify
from picmodel.solve.compile import compile_model
from picmodel.solve.highs import SolverOptions, solve
from picmodel.units import TO_BASE

INPUTS = Path(__file__).resolve().parents[1] / "inputs"
SERIES_FILE = Path("series") / "synthetic_2023.nc"
Report = Callable[[str, str], None]  # (scenario, stage)


@dataclass(frozen=True)
class Run:
    """One finished run; files are read when asked for."""

    name: str
    folder: Path
    indicators: pd.DataFrame
    manifest: dict

    @cached_property
    def projects(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "projects.csv", keep_default_na=False, na_values=[""])

    @cached_property
    def solution(self) -> xr.Dataset:
        """All variables, labelled, with units."""
        return xr.open_dataset(self.folder / "solution.nc")

    @cached_property
    def prices(self) -> xr.Dataset:
        return xr.open_dataset(self.folder / "prices.nc")

    def value(self, indicator: str, province: str = "CN", technology: str = "all", year: int = 0) -> float:
        """One number of the indicators; KeyError if it is not there."""
        i = self.indicators
        rows = i[(i.indicator == indicator) & (i.province == province) & (i.technology == technology) & (i.year == year)]
        if len(rows) != 1:
            raise KeyError(f"{self.name}: {len(rows)} rows of {indicator}, {province}, {technology}, {year}")
        return float(rows["value"].iloc[0])


@dataclass(frozen=True)
class RunSet:
    """Runs of one call, in order; ``reference`` is the one that changes are measured against."""

    runs: tuple[Run, ...]
    reference: str

    def __iter__(self):
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, name: str) -> Run:
        return {run.name: run for run in self.runs}[name]

    @property
    def indicators(self) -> pd.DataFrame:
        return pd.concat([run.indicators for run in self.runs], ignore_index=True)


@dataclass
class Solved:
    """What a worker leaves for the comparison: small tables; the large ones are on disk."""

    name: str
    folder: Path
    indicators: pd.DataFrame
    projects: pd.DataFrame
    system_cost: pd.DataFrame
    emissions: dict[int, float]
    horizon: Horizon
    peak_cost_until: int | None
    manifest: dict = field(default_factory=dict)


# -- public


def run(
    source: Path | str | Mapping | Sequence[Path | str], out: Path | str = "results", reference: str | None = None,
    jobs: int | None = None, report: Report | None = None,
) -> RunSet:
    """Run scenarios and write their results.

    Args:
        source: a scenario file, several, a folder of them, or a mapping that says the same.
        out: each run writes ``out/<scenario>/``.
        reference: name of the scenario to compare with; else the file's ``reference``, else the first.
        jobs: solves side by side; as many as cores by default.
        report: called with (scenario, stage) as work goes on.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.  What was
            finished before stays on disk.
    """
    scenarios, declared = collect(source)
    wanted = reference or declared or scenarios[0].name
    names = [s.name for s in scenarios]
    if wanted not in names:
        raise InputError([f"--reference {wanted}: no such scenario{nearest(wanted, names)}"])
    for scenario in scenarios:
        check(scenario)
    solved, failed = _solve_all(scenarios, Path(out), jobs, report or (lambda name, stage: None))
    runs = _finish(solved, wanted, Path(out))
    if failed:
        raise together(failed)
    return runs


def together(failed: Mapping[str, PicmodelError]) -> PicmodelError:
    """One error of the kind of the first, that names every scenario that failed."""
    first = next(iter(failed.values()))
    if all(isinstance(error, InputError) for error in failed.values()):
        return InputError(list(dict.fromkeys(p for error in failed.values() for p in getattr(error, "problems", []))))
    return type(first)("\n".join(f"{name}: {error}" for name, error in failed.items()))


def collect(source: Path | str | Mapping | Sequence[Path | str]) -> tuple[list[Scenario], str | None]:
    """Scenarios of files and folders, and the reference that one of them names."""
    if isinstance(source, Mapping):
        sets = [load(source)]
    else:
        paths = [Path(source)] if isinstance(source, str | Path) else [Path(p) for p in source]
        files = [f for p in paths for f in (sorted(p.glob("*.yaml")) if p.is_dir() else [p])]
        if not files:
            raise InputError([f"{', '.join(map(str, paths))}: no scenario file there; name one that ends in .yaml"])
        sets = _load_all(files)
    scenarios = [scenario for found in sets for scenario in found]
    twice = sorted({s.name for s in scenarios if [t.name for t in scenarios].count(s.name) > 1})
    if twice:
        raise InputError([f"{name}: two scenarios have this name; give one a `name`" for name in twice])
    return scenarios, next((found.reference for found in sets if found.reference), None)


def _load_all(files: Sequence[Path]) -> list[ScenarioSet]:
    sets, problems = [], []
    for file in files:
        try:
            sets.append(load(file))
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
    options, problems = {}, []
    for name, raw in scenario.markets.items():
        where = scenario.where.at("markets", name)
        if raw is None:
            continue  # switched off by a file that extends another
        if name not in MECHANISM:
            problems.append(f"{where.node.key_place}: unknown mechanism `markets.{name}`{nearest(name, MECHANISM)}")
            continue
        found, bad = check_options(MECHANISM[name].config, raw, where)
        problems += [str(problem) for problem in bad]
        for key, value in raw.items() if isinstance(raw, Mapping) else ():
            problems += outside_horizon(value, scenario.horizon, where.at(key)) if isinstance(value, Mapping) and all(
                isinstance(y, int) for y in value) else []
        options[name] = found
    if problems:
        raise InputError(problems)
    return options


def check(scenario: Scenario) -> None:
    """Everything that can be known wrong before tables are read."""
    options = market_options(scenario)
    certificates = options.get("green_certificates")
    if certificates is not None and certificates.carbon_linkage != "none" and "carbon" not in options:
        raise InputError([f"{scenario.name}: markets.green_certificates.carbon_linkage is "
                          f"`{certificates.carbon_linkage}`, but no carbon market is on; add `markets.carbon`"])


def inputs_of(scenario: Scenario) -> Path:
    return scenario.inputs or INPUTS


def system_data(scenario: Scenario) -> tuple[SystemData, dict[str, pd.DataFrame]]:
    """The scenario's system, and the tables with its overrides applied."""
    folder = inputs_of(scenario)
    tables = apply_overrides(read_tables(folder), scenario.overrides)
    options = system_options(scenario, tables)
    replaced = {k: Path(v) for k, v in scenario.series.model_dump().items() if v is not None}
    series = read_series(folder / SERIES_FILE, replaced, options.provinces)
    if scenario.time.variant == "2023":
        series = _as_observed(series, tables["full_load_hours"], 2023, set(replaced))
    t = scenario.time
    count = t.periods if t.periods >= 365 else t.periods + t.extremes
    periods = representative_periods(series, _series_weights(tables, options), count, t.step_h,
                                     0 if t.periods >= 365 else t.extremes)
    return assemble(tables, periods, options), tables


def system_options(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> SystemOptions:
    """The physical options of a scenario, in base units."""
    known = tables["provinces"]["province"].to_list()
    wanted = known if scenario.space.provinces == "all" else list(scenario.space.provinces)
    bad = [r for r in wanted if r not in known]
    if bad:
        raise InputError([f"{scenario.name}: space.provinces: unknown province {r}{nearest(r, known)}" for r in bad])
    h, p = scenario.horizon, scenario.physical
    return SystemOptions(
        horizon=Horizon.of(h.years, h.last_span, h.base_year, h.discount_rate_share, h.present_year),
        provinces=tuple(r for r in known if r in wanted),
        lost_load=p.value_of_lost_load_cny_per_mwh * TO_BASE["CNY/MWh"],
        adequacy=p.adequacy, adequacy_margin=p.adequacy_margin_share,
        adequacy_slack_price=p.adequacy_slack_cny_per_kw_yr * TO_BASE["CNY/kW-yr"],
        hydro_min_flow=p.hydro_min_flow_share, build_limits=p.build_limits, retirement=p.retirement, expand=p.expand,
        transmission_expansion=p.transmission_expansion, demand_factor=p.demand_factor,
    )


def _as_observed(series: xr.Dataset, hours: pd.DataFrame, year: int, kept: set[str]) -> xr.Dataset:
    """Series at the full-load hours of an observed year; what the user gave stays as given."""
    rows = hours[hours.year == year]
    changed = {}
    for name in ("wind_onshore", "wind_offshore", "solar", "hydro"):
        if name not in kept:
            known = rows[rows.technology == name].set_index("province")["available_h"].to_dict()
            changed[name] = rescale_to(series[name], {r: known.get(r, 0.0) for r in series.province.values.tolist()})
    return series.assign(changed)


def _series_weights(tables: Mapping[str, pd.DataFrame], o: SystemOptions) -> dict[str, dict[str, float]]:
    """GW that each series stands for, by which days are compared: mean load, and capacity with what
    is committed, wind and sun counted twice because they will grow."""
    last = tables["demand"].query("year == @o.horizon.years[0]").set_index("province")["consumption_twh"]
    stands = pd.concat([tables["fleet"], tables["committed"]]).merge(
        tables["technologies"][["technology", "series"]], on="technology")
    capacity = stands.groupby(["series", "province"])["capacity_gw"].sum()
    weights = {"demand": {r: float(last[r]) / 8.76 if r in last.index else 1.0 for r in o.provinces}}
    for name in ("wind_onshore", "wind_offshore", "solar", "hydro"):
        growth = 1.0 if name == "hydro" else 2.0
        weights[name] = {r: growth * float(capacity.get((name, r), 0.0)) for r in o.provinces}
    return weights


def solve_scenario(scenario: Scenario, out: Path, threads: int = 0, report: Report | None = None) -> Solved:
    """Build, solve, check and evaluate one scenario; writes its large files to a hidden folder."""
    say = report or (lambda name, stage: None)
    clock = {"start": time.perf_counter()}

    def stage(name: str) -> None:
        clock[name] = time.perf_counter()
        say(scenario.name, name)

    options = market_options(scenario)
    stage("inputs")
    data, tables = system_data(scenario)
    active = activate(options)
    problems = [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
    if problems:
        raise InputError(problems)
    stage("build")
    lp = compile_model(build_model(data, with_interactions(active)))
    for mechanism in active:
        _require_rows(mechanism, lp)
    stage(f"solve {lp.shape[0]:,} rows")
    chosen = SolverOptions(scenario.solver.method, scenario.solver.threads or threads, scenario.solver.time_limit_s,
                           scenario.solver.crossover)
    solution = solve(lp, chosen, {entry.name: entry.unit for entry in (*ENTRIES, *entries())})
    stage("results")
    certificate = certify(lp, solution)
    results = Results(data, lp, solution, entries())
    income = merged_income([mechanism.income(results, data) for mechanism in active])
    projects = value_projects(results, income, tables["finance"], scenario.projects.technologies)
    costs = results.cost_by_item()
    indicators = pd.concat([
        renewable_shares(results), quantities(results), curtailment(results), energy_price(results),
        allowance_price(results, options.get("carbon")), certificate_price(results)])
    warnings = [*slacks_in_use(results), *artefacts(results), *flooded(results)]
    stage("write")
    folder = new_folder(out, scenario.name)
    history = f"picmodel {importlib.metadata.version('picmodel')}, scenario {scenario.name}"
    write_netcdf(results.dataset("values"), folder / "solution.nc", f"Solution of {scenario.name}", history)
    write_netcdf(results.prices(), folder / "prices.nc", f"Prices of {scenario.name}", history)
    write_table(costs.assign(scenario=scenario.name), folder / "costs.csv")
    (folder / "scenario.yaml").write_text(dump_yaml(scenario, options), encoding="utf-8")
    emissions = results.values["v_emissions"].sum("province")
    clock["end"] = time.perf_counter()
    manifest = {
        "scenario": scenario.name,
        "status": solution.status,
        "past_years": list(data.horizon.past),
        "objective_mcny": solution.objective,
        "certificate": certificate.as_dict(),
        "rows": lp.shape[0], "columns": lp.shape[1], "nonzeros": int(lp.matrix.nnz),
        "mechanisms": census(lp, solution),
        "warnings": warnings,
        "solver": solution.info,
        "seconds": _durations(clock),
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "inputs": hash_inputs(inputs_of(scenario)),
        "versions": _versions(),
    }
    return Solved(scenario.name, folder, indicators, projects, system_cost(costs),
                  {int(y): float(emissions.sel(year=y)) for y in results.years}, data.horizon,
                  scenario.horizon.peak_cost_until, manifest)


def _require_rows(mechanism, lp) -> None:
    """A mechanism that is on and has no row changes nothing: that is an error, not a result."""
    families = (*lp.rows_of[mechanism.name], *mechanism.mechanism.governs)
    if not any((lp.rows[name].position >= 0).any() for name in families if name in lp.rows):
        raise SelfCheckFailed(f"markets.{mechanism.name} is on but adds no row to the model")


def _durations(clock: Mapping[str, float]) -> dict[str, float]:
    names = list(clock)
    spent = {name.split()[0]: round(clock[after] - clock[name], 3) for name, after in zip(names, names[1:])}
    spent.pop("start", None)
    return {**spent, "total": round(clock["end"] - clock["start"], 3)}


def hash_inputs(folder: Path) -> dict[str, str]:
    """SHA-256 of every input file, by path below the folder."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".csv", ".nc"))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _versions() -> dict[str, str]:
    names = ("picmodel", "pyomo", "highspy", "pandas", "xarray", "tsam", "pyxirr")
    return {"python": platform.python_version(), **{n: importlib.metadata.version(n) for n in names}}


# -- several


def _solve_all(
    scenarios: Sequence[Scenario], out: Path, jobs: int | None, report: Report
) -> tuple[list[Solved], dict[str, PicmodelError]]:
    """Solve side by side; a scenario that fails does not stop the others."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(jobs or cores, len(scenarios))
    threads = max(1, cores // workers)
    solved: dict[str, Solved] = {}
    failed: dict[str, PicmodelError] = {}
    if workers == 1:
        for scenario in scenarios:
            try:
                solved[scenario.name] = solve_scenario(scenario, out, threads, report)
            except PicmodelError as error:
                failed[scenario.name] = error
        return list(solved.values()), failed
    with get_context("spawn").Manager() as manager, ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        stages = manager.Queue()
        futures = {pool.submit(_solve_apart, scenario, out, threads, stages): scenario.name for scenario in scenarios}
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            while not stages.empty():
                report(*stages.get())
            for future in done:
                try:
                    solved[futures[future]] = future.result()
                except PicmodelError as error:
                    failed[futures[future]] = error
    return [solved[s.name] for s in scenarios if s.name in solved], failed


def _solve_apart(scenario: Scenario, out: Path, threads: int, stages: Any) -> Solved:
    return solve_scenario(scenario, out, threads, lambda name, stage: stages.put((name, stage)))


def _finish(solved: Sequence[Solved], reference: str, out: Path) -> RunSet:
    """Indicators that need the reference, then every folder in its place."""
    base = next((s for s in solved if s.name == reference), None)
    runs = []
    for s in solved:
        indicators = pd.concat([s.indicators, compared(s, base or s)], ignore_index=True)
        indicators.insert(0, "scenario", s.name)
        indicators = indicators[COLUMNS]
        manifest = {**s.manifest, "reference": base.name if base else None, "peak": _peak_note(s)}
        write_table(indicators, s.folder / "indicators.csv")
        write_table(s.projects.assign(scenario=s.name), s.folder / "projects.csv")
        write_json(manifest, s.folder / "manifest.json")
        runs.append(Run(s.name, publish(s.folder, out, s.name), indicators, manifest))
    return RunSet(tuple(runs), reference)


def _peak_note(s: Solved) -> dict:
    peak = find_peak(s.emissions)
    return {"year": peak.year, "plateau_end": peak.plateau_end, "level_mt": peak.level / 1e3,
            "within_horizon": peak.within}


def compared(s: Solved, base: Solved) -> pd.DataFrame:
    """System cost, peak and peak cost, and project returns, with the change against the reference."""
    rows: list[tuple] = []

    def add(indicator: str, value: float, unit: str, year: int = 0, province: str = "CN", technology: str = "all"):
        rows.append((indicator, province, technology, year, value, unit))

    for row in s.system_cost.itertuples(index=False):
        add("system_cost", row.mcny / 1e3, "bn CNY/yr", row.year, row.province)
    peak, until = find_peak(s.emissions), window(base)
    add("peak_year", peak.year if peak.within else float("nan"), "yr")
    add("peak_level", peak.level / 1e3, "Mt CO2")
    add("peak_cost_until", until, "yr")
    for province, path in s.system_cost.groupby("province", sort=False):
        cost = cost_until(dict(zip(path.year, path.mcny)), s.horizon, until)
        add("peak_cost", cost / 1e3, "bn CNY", province=str(province))
    national, other = (_national_cost(x) for x in (s, base))
    for name, last, last_base in (
        ("peak_cost", until, until),
        ("peak_cost_own_window", window(s), window(base)),
        ("full_horizon_cost", 9999, 9999),
    ):
        cost, reference = cost_until(national, s.horizon, last), cost_until(other, base.horizon, last_base)
        if name != "peak_cost":
            add(name, cost / 1e3, "bn CNY")
        add(f"{name}_change", 100 * (cost / reference - 1), "%")
    _add_returns(add, s, base)
    frame = pd.DataFrame(rows, columns=["indicator", "province", "technology", "year", "value", "unit"])
    return frame


def _national_cost(s: Solved) -> dict[int, float]:
    nation = s.system_cost[s.system_cost.province == "CN"]
    return dict(zip(nation.year, nation.mcny))


def window(s: Solved) -> int:
    """Calendar year to which peak cost is counted: declared, else the planning year of the peak."""
    peak: Peak = find_peak(s.emissions)
    if s.peak_cost_until is not None:
        return s.peak_cost_until
    return peak.year


def _add_returns(add: Callable, s: Solved, base: Solved) -> None:
    for row in s.projects.itertuples(index=False):
        if pd.notna(row.irr_pre_tax_real_share):
            add("project_irr", 100 * row.irr_pre_tax_real_share, "%", row.commissioned, row.province, row.technology)
    common = weighted_irr(s.projects, base.projects)
    reference = weighted_irr(base.projects, base.projects).set_index(["technology", "commissioned"])["irr_share"]
    for row in common.itertuples(index=False):
        add("project_irr", 100 * row.irr_share, "%", row.commissioned, technology=row.technology)
        before = reference.get((row.technology, row.commissioned))
        if before is not None:
            add("project_irr_change", 100 * (row.irr_share - before), "points", row.commissioned, technology=row.technology)
            if before > 0:
                add("project_irr_change_relative", 100 * (row.irr_share / before - 1), "%", row.commissioned,
                    technology=row.technology)
    for row in weighted_irr(s.projects, s.projects).itertuples(index=False):
        add("project_irr_own_portfolio", 100 * row.irr_share, "%", row.commissioned, technology=row.technology)
