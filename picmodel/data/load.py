"""From a scenario to its system: tables, overrides, hourly series, representative days."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pandas as pd
import xarray as xr

from picmodel.data.assemble import assemble
from picmodel.data.lookup import by_year
from picmodel.data.overrides import apply_overrides, leaps
from picmodel.data.periods import Periods, representative_periods
from picmodel.data.read import Folders, file_of, layers, named, read_tables, shown
from picmodel.data.rules import broken_rules
from picmodel.data.series import read_series, rescale_to
from picmodel.data.system import Horizon, SystemData, SystemOptions
from picmodel.data.tables import TABLE, TABLES
from picmodel.errors import InputError
from picmodel.scenario.check import nearest
from picmodel.scenario.schema import SHIPPED, Scenario
from picmodel.scenario.source import Problem
from picmodel.units import TO_BASE

INPUTS = Path(__file__).resolve().parents[2] / "inputs"
SERIES_FILE = Path("series") / "synthetic_2023.nc"


def inputs_of(scenario: Scenario) -> tuple[Path, ...]:
    """Folders of inputs, each over those before."""
    said = scenario.inputs or SHIPPED
    return tuple(INPUTS if folder == SHIPPED else folder for folder in layers(said))


def input_files(folders: Folders) -> dict[str, Path]:
    """The files that a run reads, by the names that messages give them."""
    names = [*(table.file for table in TABLES), str(SERIES_FILE)]
    counts = [file_of(folders, name) for name in names]
    sources = [folder / TABLE["sources"].file for folder in layers(folders)]  # of every folder
    return {shown(folders, path): path for path in (*sources, *counts) if path.is_file()}


@lru_cache(maxsize=2)
def _tables(folders: tuple[Path, ...], signature: tuple) -> dict[str, pd.DataFrame]:
    """Validated tables; designs of one file share them."""
    return read_tables(folders)


def _signature(folders: Folders) -> tuple:
    """Changes when a file that is read does, or another file takes its place."""
    known = {name: path.stat() for name, path in input_files(folders).items()}
    strange = sorted(str(path) for folder in layers(folders)[1:] for path in folder.rglob("*.csv"))
    return (*((name, stat.st_mtime_ns, stat.st_size) for name, stat in known.items()), *strange)


def tables_of(scenario: Scenario) -> dict[str, pd.DataFrame]:
    """The scenario's tables with its overrides applied."""
    folders = inputs_of(scenario)
    tables = apply_overrides(_tables(folders, _signature(folders)), scenario.overrides)
    broken = named(broken_rules(tables), folders) if scenario.overrides else []
    if broken:
        raise InputError([f"{scenario.name}: after its overrides: {problem}" for problem in broken])
    return tables


def require_tables(scenarios: Sequence[Scenario]) -> None:
    """Tables and overrides of all scenarios are good.

    Raises:
        InputError: some are not; all problems together.
    """
    problems: list[str] = []
    for scenario in {(s.overrides, repr(s.inputs)): s for s in scenarios}.values():
        try:
            tables_of(scenario)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def leaps_of(scenario: Scenario) -> list[tuple[str, Problem]]:
    """Warnings of overrides that are far from the tables, see `data.overrides.leaps`."""
    folders = inputs_of(scenario)
    return leaps(_tables(folders, _signature(folders)), scenario.overrides) if scenario.overrides else []


def system_data(scenario: Scenario) -> tuple[SystemData, dict[str, pd.DataFrame]]:
    """The scenario's system, and the tables with its overrides applied."""
    folders, tables = inputs_of(scenario), tables_of(scenario)
    options = system_options(scenario, tables)
    replaced = {k: Path(v) for k, v in scenario.series.model_dump().items() if v is not None}
    series = read_series(file_of(folders, SERIES_FILE), replaced, options.provinces)
    if scenario.time.variant != "mean_year":
        series = _as_observed(series, tables["full_load_hours"], scenario, set(replaced))
    t = scenario.time
    extremes = 0 if t.periods >= 365 else t.extremes
    weights = _series_weights(tables, options)
    wanted = _DaysWanted.of(series, weights, t.periods + extremes, t.step_h, extremes)
    return assemble(tables, _days(wanted), options), tables


@dataclass(frozen=True)
class _DaysWanted:
    """What representative days are asked for; equal where the content of the series and all else is."""

    content: str
    series: xr.Dataset = field(compare=False)
    weights: Mapping[str, Mapping[str, float]] = field(compare=False)
    count: int
    step_h: int
    extremes: int

    @classmethod
    def of(cls, series: xr.Dataset, weights: Mapping, count: int, step_h: int, extremes: int) -> _DaysWanted:
        content = hashlib.sha256(repr(weights).encode())
        for name in sorted(map(str, series.variables)):
            values = series[name].values
            content.update(f"{name} {values.shape} {values.dtype}".encode())
            content.update(repr(values.tolist()).encode() if values.dtype == object else values.tobytes())
        return cls(content.hexdigest(), series, weights, count, step_h, extremes)


@lru_cache(maxsize=4)
def _days(wanted: _DaysWanted) -> Periods:
    """Representative days; designs that share series and weights share them."""
    return representative_periods(wanted.series, wanted.weights, wanted.count, wanted.step_h, wanted.extremes)


def system_options(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> SystemOptions:
    """The physical options of a scenario, in base units."""
    known = tables["provinces"]["province"].to_list()
    wanted = known if scenario.space.provinces == "all" else list(scenario.space.provinces)
    bad = [r for r in wanted if r not in known]
    if bad:
        raise InputError(
            [
                scenario.where.problem(
                    f"unknown province `{r}`; {nearest(r, known)}",
                    "space",
                    "provinces",
                    scenario.space.provinces.index(r),
                    id="PIC-S039",
                )
                for r in bad
            ]
        )
    h, p = scenario.horizon, scenario.physical
    return SystemOptions(
        horizon=Horizon.of(h.years, h.last_span, h.base_year, h.discount_rate_share, h.present_year),
        provinces=tuple(r for r in known if r in wanted),
        lost_load=p.value_of_lost_load_cny_per_mwh * TO_BASE["CNY/MWh"],
        adequacy=p.adequacy,
        adequacy_margin=p.adequacy_margin_share,
        adequacy_slack_price=p.adequacy_slack_cny_per_kw_yr * TO_BASE["CNY/kW-yr"],
        hydro_min_flow=p.hydro_min_flow_share,
        build_limits=p.build_limits,
        retirement=p.retirement,
        expand=p.expand,
        transmission_expansion=p.transmission_expansion,
        demand_factor=p.demand_factor,
        mechanisms=frozenset(name for name, raw in scenario.markets.items() if raw is not None),
    )


def _as_observed(series: xr.Dataset, hours: pd.DataFrame, scenario: Scenario, kept: set[str]) -> xr.Dataset:
    """Series at the full-load hours of an observed year; what the user gave stays as given."""
    years = hours["year"].astype(str)
    rows = hours[years == scenario.time.variant]
    if rows.empty:
        there = ", ".join(sorted(set(years[hours.year > 0])))
        text = f"full_load_hours.csv has no {scenario.time.variant}; write mean_year, or one of {there}"
        raise InputError([scenario.where.problem(text, "time", "variant", id="PIC-S034")])
    changed = {}
    for name in ("wind_onshore", "wind_offshore", "solar", "hydro"):
        if name not in kept:
            known = rows[rows.technology == name].set_index("province")["available_h"].to_dict()
            changed[name] = rescale_to(
                series[name], {r: known.get(r, 0.0) for r in series.province.values.tolist()}
            )
    return series.assign(changed)


def _series_weights(tables: Mapping[str, pd.DataFrame], o: SystemOptions) -> dict[str, dict[str, float]]:
    """GW that each series stands for, by which days are compared: mean load, and capacity with what
    is committed, wind and sun counted twice because they will grow."""
    first = o.horizon.years[0]
    consumed = by_year(tables["demand"], ["province"], "consumption_twh", [first])
    stands = pd.concat([tables["fleet"], tables["committed"]]).merge(
        tables["technologies"][["technology", "series"]], on="technology"
    )
    capacity = stands.groupby(["series", "province"])["capacity_gw"].sum()
    weights = {"demand": {r: consumed[r, first] / 8.76 for r in o.provinces}}
    for name in ("wind_onshore", "wind_offshore", "solar", "hydro"):
        growth = 1.0 if name == "hydro" else 2.0
        weights[name] = {r: growth * float(capacity.get((name, r), 0.0)) for r in o.provinces}
    return weights
