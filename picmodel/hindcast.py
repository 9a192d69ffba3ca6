"""A past year against its published output: how far the model is to be believed.

The scenario gives the year's fleet, demand, wind, sun and water; the split of coal and gas over
provinces, pumping and all flows are the model's.  Planned hours come from years before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from rich.table import Table

from picmodel import driver
from picmodel.data.load import inputs_of
from picmodel.data.read import read_tables
from picmodel.errors import InputError
from picmodel.extract.results import Results
from picmodel.indicators.health import artefacts, slacks_in_use
from picmodel.indicators.shares import gross_generation
from picmodel.indicators.system import net_export
from picmodel.markets.base import Active
from picmodel.report.folder import locked, new_folder, publish, writing
from picmodel.report.write import write_json, write_table
from picmodel.scenario.load import dump_yaml
from picmodel.scenario.schema import Scenario

Tables = Mapping[str, pd.DataFrame]

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "hindcast_2023.yaml"
#: groups of the national table that are held to a limit; hydro without pumped storage
SCORED = ("coal", "gas", "hydro", "nuclear", "wind", "solar")
GROUPS = (*SCORED, "biomass", "other", "pumped_hydro")
THERMAL = ("coal", "gas", "biomass", "other")
#: output of pumped storage [h of end-of-year capacity]: 1176 h of mean capacity (CEC), which was 0.95 of
#: that at the end.  Published hydro contains it: sources.csv, hydro_hours_2023.
PUMPED_H = {2023: 1176 * 0.95}
#: a province whose error is above this is a miss, to be explained in docs/hindcast.md [%]
MISS = 15.0


@dataclass(frozen=True)
class Hindcast:
    """A solved year beside what was published.

    Attributes:
        nation: columns group, model_twh, published_twh, error_percent; gross output.
        provinces: a row each; ``coal_*`` and ``thermal_*`` as in the nation, ``net_export_*`` [TWh].
        flows: columns corridor, from_province, to_province, forward_twh, backward_twh (both as sent),
            capacity_gw, hours (both directions over capacity).
        scores: correlation (``_r``) and median of absolute errors (``_median_percent``) over provinces;
            ``hours_before_*`` is coal by last year's hours alone, scaled to the model's total.
        missed: quantity -> provinces with an error above `MISS`, largest first.
        warnings: shortages, slacks in use and artefacts of the solution.
    """

    name: str
    year: int
    nation: pd.DataFrame
    provinces: pd.DataFrame
    flows: pd.DataFrame
    scores: dict[str, float]
    missed: dict[str, list[str]]
    warnings: list[str]


def hindcast(
    source: Path | str | Mapping | Sequence[Path | str] = SCENARIO,
    out: Path | str = "results",
    report: driver.Report | None = None,
) -> list[Hindcast]:
    """Solve scenarios of one past year and compare them with what was published.

    Args:
        source, report: as in `driver.run`.
        out: each scenario writes tables to ``out/<scenario>/``.

    Raises:
        InputError: several planning years, a year without published output, or planned hours of the
            year itself (a hindcast is not handed its answer).
        Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.
    """
    scenarios, _ = driver.collect(source)
    driver.check_all(scenarios)
    published = [read_published(scenario) for scenario in scenarios]
    return [
        _run(scenario, tables, Path(out), report or (lambda name, stage: None))
        for scenario, tables in zip(scenarios, published)
    ]


def read_published(scenario: Scenario) -> Tables:
    """Published tables, after checks that the scenario can be compared with them."""
    years = scenario.horizon.years
    if len(years) != 1:
        raise InputError(
            [
                scenario.where.problem(
                    "a hindcast has one planning year; write for instance `years: [2023]`", "horizon", "years"
                )
            ]
        )
    names = ("observed_generation", "observed_net_export", "thermal_hours", "technologies")
    tables = read_tables(inputs_of(scenario), names)
    known = sorted(set(tables["observed_generation"]["year"]) & set(PUMPED_H))
    if years[0] not in known:
        raise InputError(
            [
                scenario.where.problem(
                    f"no published output of {years[0]}; write one of {known}", "horizon", "years", 0
                )
            ]
        )
    late = tables["thermal_hours"].query("year >= @years[0]")
    if len(late):
        raise InputError(
            [
                f"thermal_hours.csv: {len(late)} rows are of {years[0]} or later; a hindcast takes planned "
                "hours from years before: give it a folder of `inputs` without them"
            ]
        )
    return tables


def _run(scenario: Scenario, published: Tables, out: Path, report: driver.Report) -> Hindcast:
    clock = driver.Clock(scenario.name, report)
    solved = driver.optimum(scenario, clock)
    found = compare(solved.results, published, scenario, solved.active)
    clock.stage("write")
    with locked(out, scenario.name), writing(out):
        folder = new_folder(out, scenario.name)
        for name in ("nation", "provinces", "flows"):
            write_table(getattr(found, name), folder / f"hindcast_{name}.csv")
        (folder / "scenario.yaml").write_text(dump_yaml(scenario, solved.options), encoding="utf-8")
        write_json(
            {
                "scenario": found.name,
                "scores": found.scores,
                "missed": found.missed,
                "warnings": found.warnings,
                "objective_mcny": solved.solution.objective,
                "certificate": solved.certificate,
                "inputs": driver.hash_inputs(inputs_of(scenario)),
            },
            folder / "hindcast.json",
        )
        publish(folder, out, scenario.name)
    return found


# -- comparison


def compare(
    results: Results, published: Tables, scenario: Scenario, active: Sequence[Active] = ()
) -> Hindcast:
    """Put a solution beside published tables.

    Net exports are published on the basis of consumption, and are brought to the basis of output with
    the scenario's ``demand_factor``.
    """
    year = scenario.horizon.years[0]
    group = published["technologies"].set_index("technology")["group"]
    model = _by_group(gross_generation(results) / 1e3, group, year)
    capacity = _by_group(results.values["v_capacity"], group, year)
    model["pumped_hydro"] = _discharge(results, year)
    observed = _observed(published["observed_generation"], year, capacity)
    exports = published["observed_net_export"].query("year == @year").set_index("province")["net_export_twh"]
    provinces = _provinces(model, observed)
    provinces["net_export_model_twh"] = net_export(results).sel(year=year).to_series() / 1e3
    provinces["net_export_published_twh"] = exports * scenario.physical.demand_factor
    hours = published["thermal_hours"].sort_values("year").groupby(["province", "group"])["gross_h"].last()
    before = hours.xs("coal", level="group") * capacity["coal"]
    return Hindcast(
        scenario.name,
        year,
        _nation(model, observed),
        provinces.reset_index(),
        _flows(results, year),
        _scores(provinces, before),
        {name: _missed(provinces, name) for name in ("coal", "thermal")},
        [*slacks_in_use(results, active), *artefacts(results)],
    )


def _by_group(array: xr.DataArray, group: pd.Series, year: int) -> pd.DataFrame:
    """Values by technology, as province by group."""
    long = array.sel(year=year, drop=True).fillna(0.0).to_series().rename("value").reset_index()
    long["group"] = long["technology"].map(group)
    wide = long.pivot_table(index="province", columns="group", values="value", aggfunc="sum", sort=False)
    return wide.reindex(columns=[*GROUPS], fill_value=0.0)


def _discharge(results: Results, year: int) -> pd.Series | float:
    """Output of pumped storage [TWh]."""
    if "v_discharge" not in results.values or "pumped_hydro" not in results.technologies:
        return 0.0
    out = results.values["v_discharge"].sel(technology="pumped_hydro", year=year)
    return (out * results.weight).sum("time").to_series() / 1e3


def _observed(generation: pd.DataFrame, year: int, capacity: pd.DataFrame) -> pd.DataFrame:
    """Published output [TWh], province by group, pumped storage taken out of hydro."""
    rows = generation[generation.year == year]
    wide = rows.pivot_table(index="province", columns="group", values="generation_twh", fill_value=0.0)
    wide = wide.reindex(capacity.index, fill_value=0.0)
    pumped = PUMPED_H[year] * capacity["pumped_hydro"] / 1e3
    return wide.assign(hydro=wide["hydro"] - pumped, pumped_hydro=pumped)


def _error(model: pd.Series, published: pd.Series) -> pd.Series:
    """Deviation [%]; none where nothing was published."""
    return 100 * (model / published.where(published > 0) - 1)


def _nation(model: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    rows = {name: (float(model[name].sum()), float(observed[name].sum())) for name in GROUPS}
    rows["total"] = (sum(m for m, _ in rows.values()), sum(p for _, p in rows.values()))
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["model_twh", "published_twh"])
    frame["error_percent"] = _error(frame["model_twh"], frame["published_twh"])
    return frame.rename_axis("group").reset_index()


def _provinces(model: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name, parts in (("coal", ["coal"]), ("thermal", [*THERMAL])):
        made, said = model[parts].sum(axis=1), observed[name]
        columns[f"{name}_model_twh"], columns[f"{name}_published_twh"] = made, said
        columns[f"{name}_error_percent"] = _error(made, said)
    return pd.DataFrame(columns).rename_axis("province")


def _flows(results: Results, year: int) -> pd.DataFrame:
    """Energy sent on every corridor that stands, both ways, busiest first."""
    rows = []
    for line in results.data.corridors:
        capacity = results.data.line_capacity[line.name, year]
        if capacity > 0:
            there, back = (
                float((results.values["v_flow"].sel(arc=arc, year=year) * results.weight).sum()) / 1e3
                for arc, *_ in line.arcs
            )
            rows.append((line.name, *line.ends, there, back, capacity, 1e3 * (there + back) / capacity))
    frame = pd.DataFrame(
        rows,
        columns=[
            "corridor",
            "from_province",
            "to_province",
            "forward_twh",
            "backward_twh",
            "capacity_gw",
            "hours",
        ],
    )
    busiest = (-frame["forward_twh"] - frame["backward_twh"]).sort_values(kind="stable").index
    return frame.loc[busiest].reset_index(drop=True)


def _scores(provinces: pd.DataFrame, before: pd.Series) -> dict[str, float]:
    """Scores by province; ``before`` is coal by last year's hours, in any unit."""
    found: dict[str, float] = {}
    for name in ("coal", "thermal"):
        found |= _score(name, provinces[f"{name}_model_twh"], provinces[f"{name}_published_twh"])
    made, said = provinces["net_export_model_twh"], provinces["net_export_published_twh"]
    found["net_export_r"] = _correlation(made, said)
    found["net_export_mean_error_twh"] = float((made - said).abs().mean())
    scaled = before.reindex(provinces.index) * provinces["coal_model_twh"].sum() / before.sum()
    return found | _score("hours_before", scaled, provinces["coal_published_twh"])


def _score(name: str, made: pd.Series, said: pd.Series) -> dict[str, float]:
    known = said > 0
    return {
        f"{name}_r": _correlation(made[known], said[known]),
        f"{name}_median_percent": float(_error(made, said).abs().median()),
    }


def _correlation(a: pd.Series, b: pd.Series) -> float:
    """Pearson's r; NaN where one of the two does not vary."""
    if len(a) < 2 or a.std() < 1e-9 or b.std() < 1e-9:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _missed(provinces: pd.DataFrame, name: str) -> list[str]:
    size = provinces[f"{name}_error_percent"].abs()
    return size[size > MISS].sort_values(ascending=False).index.tolist()


# -- output


def nation_table(one: Hindcast) -> Table:
    table = Table(title=f"{one.name}: gross output of {one.year}, TWh; hydro without pumped storage")
    for name in ("group", "model", "published", "error %"):
        table.add_column(name, justify="left" if name == "group" else "right")
    for group, model, published, error in one.nation.to_numpy().tolist():
        table.add_row(group, f"{model:,.1f}", f"{published:,.1f}", _percent(error))
    return table


def province_table(one: Hindcast) -> Table:
    table = Table(title=f"Provinces, TWh; errors above {MISS:.0f} % in bold")
    table.add_column("")
    for quantity in ("coal", "thermal"):
        for name in ("model", "published", "error %"):
            table.add_column(f"{quantity}\n{name}", justify="right")
    for name in ("model", "published"):
        table.add_column(f"net export\n{name}", justify="right")
    for province, *numbers in one.provinces.to_numpy().tolist():
        coal, coal_said, coal_error, thermal, thermal_said, thermal_error, sent, sent_said = numbers
        table.add_row(
            province,
            f"{coal:.1f}",
            f"{coal_said:.1f}",
            _percent(coal_error, MISS),
            f"{thermal:.1f}",
            f"{thermal_said:.1f}",
            _percent(thermal_error, MISS),
            f"{sent:+.1f}",
            f"{sent_said:+.1f}",
        )
    return table


def flow_table(one: Hindcast) -> Table:
    table = Table(title="Corridors, TWh as sent; idle ones are left out")
    for name in ("from", "to", "there", "back", "GW", "hours"):
        table.add_column(name, justify="left" if name in ("from", "to") else "right")
    for _, sender, receiver, there, back, gigawatts, hours in one.flows.to_numpy().tolist():
        if hours >= 1:
            table.add_row(
                sender, receiver, f"{there:.1f}", f"{back:.1f}", f"{gigawatts:.1f}", f"{hours:,.0f}"
            )
    return table


def summary_table(found: Sequence[Hindcast]) -> Table:
    """Scores of every run; the last row is the coal that last year's hours alone would give."""
    table = Table(title="Fit by province")
    for name in (
        "",
        "coal r",
        "coal median %",
        "thermal r",
        "thermal median %",
        "net export r",
        "net export\nmean error TWh",
        "largest national error %",
    ):
        table.add_column(name, justify="left" if not name else "right")
    for one in found:
        s = one.scores
        national = one.nation.set_index("group")["error_percent"].reindex([*SCORED])
        worst = SCORED[int(national.abs().to_numpy().argmax())]
        table.add_row(
            one.name,
            f"{s['coal_r']:.3f}",
            f"{s['coal_median_percent']:.1f}",
            f"{s['thermal_r']:.3f}",
            f"{s['thermal_median_percent']:.1f}",
            f"{s['net_export_r']:.3f}",
            f"{s['net_export_mean_error_twh']:.1f}",
            f"{worst} {national[worst]:+.1f}",
        )
    s = found[0].scores
    table.add_row(
        "hours of the year before",
        f"{s['hours_before_r']:.3f}",
        f"{s['hours_before_median_percent']:.1f}",
        *[""] * 5,
        style="dim",
    )
    return table


def _percent(value: float, bold_above: float = np.inf) -> str:
    if not np.isfinite(value):
        return "–"
    return f"[bold]{value:+.1f}[/]" if abs(value) > bold_above else f"{value:+.1f}"
