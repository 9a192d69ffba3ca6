"""Charts of the dispatch check: what the plan says of a year beside all its 8760 hours.

They are of ``hourly_<year>.csv``, which `picmodel dispatch` leaves in a run's folder; without it there are
none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from picmodel.extract.table import ALL, NATION
from picmodel.report.charts import (
    LYING,
    TILES,
    Axes,
    Chart,
    Figure,
    Switch,
    bar,
    chart,
    figure,
    is_seen,
    line,
    lying,
    tiles,
    two_rows,
)
from picmodel.report.story import Story
from picmodel.report.styles import in_order, scenario_style, series_style, shown_as, style_of
from picmodel.report.system_charts import STACKED

#: figures as (indicator, technology): those of the table first, then what only charts show
TABLE = (
    ("renewable_share", ALL),
    ("nonhydro_share", ALL),
    ("curtailment_rate", "wind"),
    ("curtailment_rate", "solar"),
    ("unserved_energy", ALL),
    ("unserved_while_exporting", ALL),
    ("energy_price", ALL),
    ("capture_price", "wind_onshore"),
    ("capture_price", "solar_utility"),
    ("emissions", ALL),
    ("fuel_and_variable_om", ALL),
)
FIGURES = (*TABLE, ("unserved_hours", ALL), ("surplus_energy", ALL), ("guaranteed_hours_short", ALL))
MAPPED = (
    ("energy_price", ALL),
    ("unserved_energy", ALL),
    ("curtailment_rate", "wind"),
    ("curtailment_rate", "solar"),
    ("emissions", ALL),
    ("net_export", ALL),
)
#: share of hours, weighted with load in the nation -> indicator
QUANTILES = {
    5: "price_p05",
    25: "price_p25",
    50: "price_p50",
    75: "price_p75",
    95: "price_p95",
    99: "price_p99",
}
SIDES = ("plan", "hourly")


@dataclass(frozen=True)
class Measure:
    """A figure, with the unit and factor that it is shown in."""

    indicator: str
    technology: str
    label: str
    unit: str
    factor: float

    @property
    def key(self) -> str:
        return f"{self.indicator}:{self.technology}"


def measures(story: Story, wanted: Sequence[tuple[str, str]]) -> list[Measure]:
    """The wanted figures that a result has; shares in %."""
    w, table = story.words, story.hourly
    units = dict(zip(zip(table["indicator"], table["technology"]), table["unit"]))
    found = []
    for indicator, technology in wanted:
        if (indicator, technology) in units:
            unit = units[indicator, technology]
            percent = unit == "share"
            label = w.hourly(indicator) + ("" if technology == ALL else f": {w.technology(technology)}")
            shown = "%" if percent else w.unit(unit)
            found.append(Measure(indicator, technology, label, shown, 100.0 if percent else 1.0))
    return found


def _values(story: Story, side: str, keys: Sequence[tuple[str, int]], of: Measure, place: str) -> list[float]:
    """Values at (letter, year) in the unit of the measure; NaN where there are none."""
    found = story.hourly_values(side)
    return [of.factor * found.get((a, y, of.indicator, place, of.technology), math.nan) for a, y in keys]


# -- the nation, as a table


@dataclass(frozen=True)
class Row:
    """A figure of the nation: (plan, all hours) as text for each scenario and year of `heads`."""

    what: str
    unit: str
    cells: tuple[tuple[str, str], ...]


def heads(story: Story) -> list[tuple[str, int]]:
    """Letter and year of every dispatched year."""
    table = story.hourly[["letter", "year"]].drop_duplicates()
    return [(str(a), int(y)) for a, y in zip(table["letter"], table["year"])]


def rows(story: Story) -> list[Row]:
    keys, found = heads(story), []
    for of in measures(story, TABLE):
        sides = [[_text(v, of) for v in _values(story, side, keys, of, NATION)] for side in SIDES]
        found.append(Row(of.label, of.unit, tuple(zip(*sides))))
    return found


def _text(value: float, of: Measure) -> str:
    if not math.isfinite(value):
        return "–"
    digits = 1 if of.factor == 100.0 else 0
    return f"{round(value, digits) + 0.0:,.{digits}f}"


# -- charts


def beside(story: Story) -> Chart | None:
    """One figure by year and scenario, the plan's and that of all hours."""
    if story.hourly.empty:
        return None
    w = story.words
    of = {measure.key: measure for measure in measures(story, FIGURES)}
    years, letters = _years(story), story.letters
    keys = [(letter, year) for year in years for letter in letters]

    def draw(key: str, place: str) -> Figure | None:
        series = [_values(story, side, keys, of[key], place) for side in SIDES]
        if not any(math.isfinite(v) for values in series for v in values):
            return None
        traces = [
            bar(w(side), two_rows(years, letters), values, series_style(i), of[key].unit)
            for i, (side, values) in enumerate(zip(SIDES, series))
        ]
        grouped = {"barmode": "group", "bargap": 0.3}
        return figure(traces, Axes("", f"{of[key].label} [{of[key].unit}]", grouped))

    switches = [_figures(story, list(of.values())), story.province_switch()]
    note = w("hourly_note")
    return chart("hourly", w("hourly_title"), w("hourly_unit"), switches, draw, note=note)


def generation(story: Story) -> Chart | None:
    """Net output of a year, stacked, the plan's beside that of all hours."""
    w, table = story.words, story.hourly
    made = table[table["indicator"] == "net_generation"]
    if made.empty:
        return None
    made = made.assign(kind=made["technology"].map(shown_as))
    total = made.groupby(["letter", "year", "province", "kind"])[list(SIDES)].sum()
    kinds, keys = in_order(made["kind"]), heads(story)
    groups = [f"{year} {letter}".strip() for letter, year in keys]
    x = [[group for group in groups for _ in SIDES], [w(side) for _ in groups for side in SIDES]]
    of = {side: total[side].to_dict() for side in SIDES}

    def draw(place: str) -> Figure:
        traces = []
        for kind in kinds:
            values = [of[side].get((a, y, place, kind), math.nan) for a, y in keys for side in SIDES]
            if is_seen(values):
                traces.append(bar(w.technology(kind), x, values, style_of(kind), "TWh"))
        return figure(traces, Axes("", f"{w.hourly('net_generation')} [TWh]", STACKED))

    return chart(
        "hourly_generation", w.hourly("net_generation"), "TWh", [story.province_switch()], draw, height=480
    )


def capture(story: Story) -> Chart | None:
    """Mean price of the output of every kind, the plan's beside that of all hours."""
    w, table = story.words, story.hourly
    earned = table[(table["indicator"] == "capture_price") & (table["province"] == NATION)]
    if earned.empty:
        return None
    unit = w.unit("CNY/MWh")

    def draw(letter: str, year: str) -> Figure:
        here = earned[(earned["letter"] == letter) & (earned["year"] == int(year))]
        here = here.set_index("technology")
        kinds = sorted(here.index, key=lambda g: in_order(map(shown_as, here.index)).index(shown_as(g)))
        labels = [w.own_name(kind) for kind in kinds]
        traces = [
            lying(bar(w(side), labels, here.loc[kinds, side], series_style(i), unit), labels, unit)
            for i, side in enumerate(SIDES)
        ]
        return figure(traces if kinds else [], Axes(f"{w.hourly('capture_price')} [{unit}]", "", LYING))

    switches = [story.scenario_switch(), _year_switch(story)]
    return chart("hourly_capture", w.hourly("capture_price"), unit, switches, draw, height=560)


def quantiles(story: Story) -> Chart | None:
    """Price below which a share of the hours lies: the plan dotted, all hours whole."""
    if story.hourly.empty:
        return None
    w = story.words
    unit = w.unit("CNY/MWh")
    of = [Measure(name, ALL, "", unit, 1.0) for name in QUANTILES.values()]

    def draw(place: str, year: str) -> Figure:
        traces = []
        for result in story.results:
            colour, _ = scenario_style(result.position)
            for side, dash in zip(SIDES, ("dot", "solid")):
                key = [(result.letter, int(year))]
                values = [_values(story, side, key, measure, place)[0] for measure in of]
                if any(map(math.isfinite, values)):
                    name = f"{result.letter} {w(side)}".strip()
                    trace = line(name, list(QUANTILES), values, result.position, unit)
                    traces.append({**trace, "line": {"color": colour, "dash": dash, "width": 2.5}})
        ticks = {"tickvals": list(QUANTILES), "ticktext": [str(q) for q in QUANTILES]}
        return figure(
            traces, Axes(w("quantile"), f"{w.indicator('energy_price')} [{unit}]", {"xaxis": ticks})
        )

    switches = [story.province_switch(), _year_switch(story)]
    return chart("hourly_quantiles", w("hourly_quantiles"), unit, switches, draw)


def map_(story: Story) -> Chart | None:
    """All hours less the plan by province on a tile-grid map."""
    if story.hourly.empty:
        return None
    w = story.words
    of = {measure.key: measure for measure in measures(story, MAPPED)}

    def draw(key: str, letter: str, year: str) -> Figure | None:
        at = [(letter, int(year))]
        less = {
            r: hours - plan
            for r in story.provinces
            for plan, hours in [[_values(story, side, at, of[key], r)[0] for side in SIDES]]
        }
        if not any(map(math.isfinite, less.values())):
            return None
        unit = of[key].unit if of[key].factor == 1.0 else w("points")
        shown = tiles(less, w.tiles, w.province, w.on_tile, unit, 1, w("province"), signed=True)
        return figure([shown], Axes(more=TILES))

    switches = [_figures(story, list(of.values())), story.scenario_switch(), _year_switch(story)]
    return chart("hourly_map", w("hourly_map"), w("hourly_less"), switches, draw, height=560)


# -- choices


def _figures(story: Story, found: Sequence[Measure]) -> Switch:
    options = tuple((measure.key, measure.label) for measure in found)
    return Switch("figure", story.words("quantity"), options, options[0][0])


def _years(story: Story) -> list[int]:
    return sorted({year for _, year in heads(story)})


def _year_switch(story: Story) -> Switch:
    years = tuple(str(year) for year in _years(story))
    return Switch("year", story.words("year"), tuple((y, y) for y in years), years[0])
