"""The table that a run prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.table import Table

from picmodel.markets.registry import MECHANISMS
from picmodel.report.runs import Run, RunSet, span

WIND, SUN = "wind_onshore", "solar_utility"


def summary(runs: RunSet) -> Table:
    """scenario | renewable share by year | peak | peak cost and change | returns and change."""
    until = int(runs.runs[0].value("peak_cost_until"))
    table = Table(title=f"Changes against {runs.reference}; peak cost counted through {until}")
    years = sorted({int(y) for y in runs.runs[0].indicators.query("indicator == 'renewable_share'")["year"]})
    vintage = _vintage(runs)
    table.add_column("scenario", overflow="fold")
    for y in years:
        table.add_column(f"renewables\n{y}, %", justify="right")
    table.add_column("peak year,\nMt CO2", justify="right")
    table.add_column("peak cost\nbn CNY, change", justify="right")
    for name in (WIND, SUN):
        table.add_column(f"IRR {name.split('_')[0]}\n{vintage}, %, change", justify="right")
    for run in runs:
        shares = [_share(run, y) for y in years]
        table.add_row(
            run.name, *shares, _peak(run), _cost(run), *(_irr(run, name, vintage) for name in (WIND, SUN))
        )
    return table


def markets(runs: RunSet) -> Table | None:
    """Headline figures of the mechanisms, nation, by year: a row for each, a column for each scenario."""
    years = sorted({int(y) for y in runs.runs[0].indicators.query("indicator == 'renewable_share'")["year"]})
    table = Table(title="Markets: " + " / ".join(map(str, years)))
    table.add_column("nation, by year")
    for run in runs:
        table.add_column(run.name, justify="right", overflow="fold")
    for mechanism in MECHANISMS:
        for name in mechanism.headline:
            found = [_headline(run, name, years) for run in runs]
            if any(found):
                unit = next(unit for unit, _ in filter(None, found))
                table.add_row(
                    f"{name.replace('_', ' ')}, {unit}", *(pair[1] if pair else "–" for pair in found)
                )
    return table if table.row_count else None


def _headline(run: Run, name: str, years: Sequence[int]) -> tuple[str, str] | None:
    """Unit and values by year of a national indicator; of the technology that it has, if only some."""
    mine = run.indicators[(run.indicators.indicator == name) & (run.indicators.province == "CN")]
    if mine.empty:
        return None
    kind = "all" if (mine.technology == "all").any() else str(mine.technology.iloc[-1])
    values = mine[mine.technology == kind].set_index("year")["value"]
    shown = [f"{values[y]:,.4g}" if y in values.index else "–" for y in years]
    return str(mine.unit.iloc[0]), " / ".join(shown)


def _vintage(runs: RunSet) -> int:
    """First commissioning year that is still to be decided and has returns."""
    found = runs.indicators.query("indicator == 'project_irr' and province == 'CN'")["year"]
    past = [y for run in runs for y in run.manifest.get("past_years", [])]
    return min((int(y) for y in found if y > 0 and y not in past), default=0)


def _share(run: Run, year: int) -> str:
    ends = span(run.ends("renewable_share", year=year), lambda share: f"{100 * share:.1f}")
    return _lines(f"{100 * run.value('renewable_share', year=year):.1f}", ends)


def _peak(run: Run) -> str:
    peak = run.manifest["peak"]
    level = f"{peak['level_mt']:,.0f}"
    year = f"{peak['year']}" if peak["within_horizon"] else f"none by {peak['year']}"
    return _lines(f"{year}, {level}", span(run.ends("emissions", year=peak["year"]), "{:,.0f}".format))


def _cost(run: Run) -> str:
    ends = span(run.ends("peak_cost"), "{:,.0f}".format)
    return _lines(f"{run.value('peak_cost'):,.0f}", ends, f"{run.value('peak_cost_change'):+.2f} %")


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _irr(run: Run, technology: str, vintage: int) -> str:
    try:
        irr = run.value("project_irr", technology=technology, year=vintage)
        points = run.value("project_irr_change", technology=technology, year=vintage)
    except KeyError:
        return "–"
    try:
        relative = f", {run.value('project_irr_change_relative', technology=technology, year=vintage):+.1f} %"
    except KeyError:
        relative = ""
    return f"{irr:.2f}\n{points:+.2f} pt{relative}" if math.isfinite(irr) else "–"


def notes(runs: RunSet) -> list[str]:
    """What must be read first: shortages and slacks, then rows of each mechanism."""
    return [f"{run.name}: {warning}" for run in runs for warning in run.manifest["warnings"]]


def readings(runs: RunSet) -> list[str]:
    """Of which capacities and prices returns are, where not those of the own plan; numbers with a range."""
    found = []
    for run in runs:
        whose, prices = run.manifest["capacities_of"], run.manifest["project_prices"]
        if whose is not None:
            found.append(f"{run.name}: capacities held at those of {whose}; nothing is built")
        if prices == "dispatch":
            found.append(
                f"{run.name}: IRR at dispatch prices, lower end of their range; the upper end is "
                "project_irr_upper in indicators.csv"
            )
        found += [
            f"{run.name}: {line}"
            for ranges in ("headline_ranges", "price_ranges")
            for line in run.manifest.get(ranges, [])
        ]
    return found


def census(run: Run) -> str:
    """Rows of each mechanism and how many bind."""
    counts: Sequence[str] = [
        f"{name} {n['rows']:,} rows, {n['binding']:,} bind" for name, n in run.manifest["mechanisms"].items()
    ]
    return f"{run.name}: " + "; ".join(counts) if counts else f"{run.name}: no mechanism"
