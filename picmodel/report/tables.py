"""The tables that a run prints: the answers, the markets, what stands in the last year."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence

from rich.bar import Bar
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from picmodel.extract.table import ALL, NATION
from picmodel.markets.registry import MECHANISMS
from picmodel.report.headlines import signed
from picmodel.report.runs import Run, RunSet, span
from picmodel.report.styles import shown_as
from picmodel.report.words import Words

WIND, SUN = "wind_onshore", "solar_utility"
#: most scenarios that stand side by side; more stand below one another
BESIDE = 4
#: columns of a bar
BAR = 8
LEVELS = "▁▂▃▄▅▆▇█"
#: what is shown as one line of the capacities; all else is the line OTHER
FLEETS: dict[str, tuple[str, ...]] = {
    "coal": ("coal", "coal_ccs"),
    "gas": ("gas", "gas_ccs"),
    "nuclear": ("nuclear",),
    "hydro": ("hydro",),
    "wind": ("wind_onshore", "wind_offshore"),
    "solar": ("solar_utility", "solar_distributed"),
    "pumped_hydro": ("pumped_hydro",),
    "battery": ("battery",),
}
OTHER = "other"


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )


def summary(runs: RunSet, words: Words, titles: Mapping[str, str]) -> Table:
    """The answers: renewable share by year, path and peak of emissions, peak cost, returns, with changes.

    Args:
        titles: of scenarios, by name; told below the table, with what the numbers are.
    """
    w, years, vintage = words, _years(runs), _vintage(runs)
    until = int(runs.runs[0].value("peak_cost_until"))
    alone = len(runs) == 1
    table = _table(w("peak_cost_to" if alone else "table_title", until=until, name=runs.reference))
    shared, short = _short_names(runs)
    table.caption = f"{_told(runs, short, titles)}{w('table_note')}\n"
    called = f"{w('scenario')}\n{shared}…" if shared else w("scenario")
    table.add_column(called, min_width=_room(short), overflow="fold")
    table.add_column(f"{w('renewables')}, %\n{' '.join(map(str, years))}", justify="right", no_wrap=True)
    table.add_column(f"{w('peak')}\n{w.unit('Mt CO2')}", justify="right")
    table.add_column(f"{w.indicator('peak_cost')}\n{w.unit('bn CNY')}", justify="right")
    for name in (WIND, SUN):
        table.add_column(
            f"IRR {w.technology(name.split('_')[0]).lower()}\n{vintage}, %", justify="right", min_width=8
        )
    paths = [_by_year(run, "emissions", years) for run in runs]
    scale = (min(map(min, paths)), max(map(max, paths)))
    for run, name, path in zip(runs, short, paths, strict=True):
        returns = (_irr(run, technology, vintage, w) for technology in (WIND, SUN))
        table.add_row(name, _shares(run, years), _peak(run, path, scale, w), _cost(run), *returns)
    return table


def _told(runs: RunSet, short: Sequence[str], titles: Mapping[str, str]) -> str:
    """Titles line by line; of a sweep, whose runs share theirs, nothing."""
    found = [titles[run.name] for run in runs if titles.get(run.name)]
    if len(set(found)) < len(runs):
        return ""
    return "".join(f"{name}: {title}\n" for name, title in zip(short, found, strict=True))


def markets(runs: RunSet, words: Words) -> Table | None:
    """Headline figures of the mechanisms, nation, by year."""
    years = _years(runs)
    rows: dict[str, list[str]] = {}
    for mechanism in MECHANISMS:
        for name in mechanism.headline:
            found = [_headline(run, name, years) for run in runs]
            if any(found):
                unit = next(unit for unit, _ in filter(None, found))
                label = f"{words.indicator(name)}, {words.unit(unit)}"
                rows[label] = [pair[1] if pair else "–" for pair in found]
    return _crossed(f"{words('markets')}, {' '.join(map(str, years))}", rows, runs, words) if rows else None


def capacity(runs: RunSet, words: Words) -> Table:
    """What stands in the last planning year by technology [GW], with bars where there is room."""
    year = _years(runs)[-1]
    found = [_fleet(run, year) for run in runs]
    names = [name for name in (*FLEETS, OTHER) if any(name in fleet for fleet in found)]
    title = f"{words.indicator('capacity')}, {year}, GW"
    values = {name: [fleet.get(name, 0.0) for fleet in found] for name in names}
    if len(runs) > BESIDE:
        numbers = {words.technology(n): [f"{v:,.0f}" for v in row] for n, row in values.items()}
        return _crossed(title, numbers, runs, words)
    table = _table(title)
    table.add_column(words("technology"), no_wrap=True)
    for name in _short_names(runs)[1]:
        table.add_column(name, justify="right", overflow="fold")
        table.add_column("", min_width=BAR)
    most = max(max(row) for row in values.values())
    for name, row in values.items():
        cells = [cell for v in row for cell in (f"{v:,.0f}", Bar(most, 0, v, width=BAR, color="cyan"))]
        table.add_row(words.technology(name), *cells)
    return table


def _crossed(title: str, rows: Mapping[str, Sequence[str]], runs: RunSet, words: Words) -> Table:
    """Scenarios side by side, or below one another where they are many."""
    table, short = _table(title), _short_names(runs)[1]
    if len(runs) <= BESIDE:
        table.add_column(words("by_year"), overflow="fold")
        for name in short:
            table.add_column(name, justify="right", overflow="fold")
        for label, cells in rows.items():
            table.add_row(label, *cells)
        return table
    table.add_column(words("scenario"), min_width=_room(short), overflow="fold")
    for label, cells in rows.items():
        widest = max(map(len, (*label.split(), *cells)))
        table.add_column(label, justify="right", overflow="fold", min_width=widest)
    for number, name in enumerate(short):
        table.add_row(name, *(cells[number] for cells in rows.values()))
    return table


def spark(values: Sequence[float], low: float, high: float) -> str:
    """A block for each value, from the lowest (▁) to the highest (█)."""
    steps = len(LEVELS) - 1
    return "".join(
        LEVELS[round(steps * (v - low) / (high - low))] if high > low else LEVELS[0] for v in values
    )


def _short_names(runs: RunSet) -> tuple[str, list[str]]:
    """What all names begin with, up to a hyphen, and the names without it."""
    names = [run.name for run in runs]
    shared = os.path.commonprefix(names) if len(names) > 1 else ""  # noqa: RUF071
    shared = shared[: shared.rfind("-") + 1]
    return shared, [name.removeprefix(shared) for name in names]


def _room(names: Sequence[str]) -> int:
    """Columns that names need; longer ones are folded where the terminal is narrow."""
    return min(18, max(map(cell_len, names)))


def _years(runs: RunSet) -> list[int]:
    return sorted({int(y) for y in runs.runs[0].indicators.query("indicator == 'renewable_share'")["year"]})


def _by_year(run: Run, indicator: str, years: Sequence[int]) -> list[float]:
    return [run.value(indicator, year=year) for year in years]


def _fleet(run: Run, year: int) -> dict[str, float]:
    """Lines of the capacities -> GW of the nation; what rounds to nothing is left out."""
    i = run.indicators
    mine = i[(i.indicator == "capacity") & (i.province == NATION) & (i.year == year)]
    line = {kind: name for name, kinds in FLEETS.items() for kind in kinds}
    kinds = mine["technology"].map(shown_as).map(lambda kind: line.get(kind, OTHER))
    found = mine["value"].groupby(kinds, sort=False).sum()
    return {str(name): float(value) for name, value in found.items() if value >= 0.5}


def _headline(run: Run, name: str, years: Sequence[int]) -> tuple[str, str] | None:
    """Unit and values by year of a national indicator; of the technology that it has, if only some."""
    mine = run.indicators[(run.indicators.indicator == name) & (run.indicators.province == NATION)]
    if mine.empty:
        return None
    kind = ALL if (mine.technology == ALL).any() else str(mine.technology.iloc[-1])
    values = mine[mine.technology == kind].set_index("year")["value"]
    shown = [f"{values[y]:,.4g}" if y in values.index else "–" for y in years]
    return str(mine.unit.iloc[0]), " ".join(shown)


def _vintage(runs: RunSet) -> int:
    """First commissioning year that is still to be decided and has returns."""
    found = runs.indicators.query("indicator == 'project_irr' and province == 'CN'")["year"]
    past = [y for run in runs for y in run.manifest.get("past_years", [])]
    return min((int(y) for y in found if y > 0 and y not in past), default=0)


def _shares(run: Run, years: Sequence[int]) -> str:
    """Renewable shares by year; below them, with their year, both ends of those that are not unique."""
    shown = " ".join(f"{100 * share:4.1f}" for share in _by_year(run, "renewable_share", years))
    ends = {y: span(run.ends("renewable_share", year=y), lambda share: f"{100 * share:.1f}") for y in years}
    return _lines(shown, *(f"{y}: {text}" for y, text in ends.items() if text))


def _peak(run: Run, path: Sequence[float], scale: tuple[float, float], words: Words) -> Text:
    """The path of emissions, its highest year marked; below it the year and level of the peak."""
    peak = run.manifest["peak"]
    shown = Text(spark(path, *scale))
    shown.stylize("bold red", at := path.index(max(path)), at + 1)
    year = str(peak["year"]) if peak["within_horizon"] else words("peak_none", year=peak["year"])
    level = f"{peak['level_mt']:,.0f}"
    ends = span(run.ends("emissions", year=peak["year"]), "{:,.0f}".format)
    return shown.append(f" {_lines(year, level, ends)}")


def _cost(run: Run) -> str:
    ends = span(run.ends("peak_cost"), "{:,.0f}".format)
    change = "" if _is_reference(run) else f"{signed(run.value('peak_cost_change'), 2)} %"
    return _lines(f"{run.value('peak_cost'):,.0f}", ends, change)


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _irr(run: Run, technology: str, vintage: int, words: Words) -> str:
    def found(indicator: str) -> float:
        try:
            return run.value(indicator, technology=technology, year=vintage)
        except KeyError:
            return math.nan

    irr, points = found("project_irr"), found("project_irr_change")
    relative = found("project_irr_change_relative")
    if not math.isfinite(irr):
        return "–"
    text = f"{irr:.2f}"
    if math.isfinite(points) and not _is_reference(run):
        text += f"\n{signed(points, 2)} {words('pt')}"
        text += f"\n{signed(relative, 1)} %" if math.isfinite(relative) else ""
    return text


def _is_reference(run: Run) -> bool:
    return run.manifest.get("reference") in (run.name, None)


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


def written(runs: RunSet, words: Words) -> str:
    """Where the results are."""
    return f"{words('written_to')} {', '.join(str(run.folder) for run in runs)}"


def census(run: Run, words: Words) -> str:
    """Rows of each mechanism and how many bind."""
    counts = [
        f"{name} {n['rows']:,} {words('rows')}, {n['binding']:,} {words('binding')}"
        for name, n in run.manifest["mechanisms"].items()
    ]
    return f"{run.name}: {'; '.join(counts) or words('no_mechanism')}"
