"""Charts of the physical system and its cost: shares, emissions, capacity, generation, dispatch, flows."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from picmodel.extract.table import ALL, NATION
from picmodel.indicators.shares import SHARES
from picmodel.report import frames
from picmodel.report.charts import (
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
    names_apart,
    rounded,
    table_of,
    tiles,
    two_rows,
)
from picmodel.report.results import Result
from picmodel.report.story import Story
from picmodel.report.styles import COMPONENTS, in_order, scenario_style, style_of

STACKED = {"barmode": "relative", "bargap": 0.25}
MOST_WIDTH = 9.0  # px of the strongest flow
LEAST_SHARE = 0.02  # of the strongest flow, below which none is drawn


# -- shares and emissions


def shares(story: Story) -> Chart | None:
    """Renewable shares by year, each scenario a line."""
    w = story.words
    names = [name for name in SHARES if len(story.indicator(name))]
    if not names:
        return None
    kinds = Switch("share", w("share"), tuple((n, w.indicator(n)) for n in names), names[0])

    def draw(kind: str, place: str) -> Figure:
        return figure(
            lines(story, kind, "%", place, factor=100.0),
            Axes(
                "", f"{w.indicator(kind)} [%]", {"xaxis": year_axis(story), "yaxis": {"rangemode": "tozero"}}
            ),
        )

    return chart(
        "renewable_share", w.indicator("renewable_share"), "%", [kinds, story.province_switch()], draw
    )


def emissions(story: Story) -> Chart | None:
    """Emissions by year with the peak of each scenario marked."""
    w = story.words
    unit = w.unit("Mt CO2")

    def draw(place: str) -> Figure:
        traces = lines(story, "emissions", unit, place)
        if place == NATION:
            traces += [_peak_mark(story, result) for result in story.results if result.manifest.get("peak")]
        name = w.indicator("emissions")
        axes = {"xaxis": year_axis(story), "yaxis": {"rangemode": "tozero"}}
        return figure(traces, Axes("", f"{name} [{unit}]", axes))

    return chart("emissions", w.indicator("emissions"), unit, [story.province_switch()], draw)


def _peak_mark(story: Story, result: Result) -> dict:
    peak = result.manifest["peak"]
    colour, _ = scenario_style(result.position)
    label, unit = story.words("peak"), story.words.unit("Mt CO2")
    text = f"{peak['year']}" if peak["within_horizon"] else story.words("peak_none", year=peak["year"])
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": f"{result.letter} {label}".strip(),
        "x": [int(peak["year"])],
        "y": rounded([peak["level_mt"]]),
        "text": [f"{text}: {peak['level_mt']:,.0f}"] if len(story.results) == 1 else [""],
        "textposition": "top right",
        "marker": {"symbol": "star", "size": 15, "color": colour, "line": {"width": 1, "color": "#fff"}},
        "showlegend": False,
        "hovertemplate": f"{label} {text}: %{{y:,.4~g}} {unit}<extra>{result.letter}</extra>",
    }


def lines(
    story: Story, indicator: str, unit: str, place: str = NATION, technology: str = ALL, factor: float = 1.0
) -> list[dict]:
    """A line for each scenario over the planning years."""
    found = []
    for result in story.results:
        values = story.values(indicator, story.line_keys(result), place, technology)
        if any(map(math.isfinite, values)):
            scaled = [factor * v for v in values]
            found.append(line(story.titled(result), story.years, scaled, result.position, unit))
    return found


def year_axis(story: Story) -> dict:
    return {"tickvals": story.years, "ticktext": [str(y) for y in story.years]}


# -- stacks by year and scenario


def stacked(story: Story, indicator: str, unit: str) -> Chart | None:
    """An indicator of technologies, stacked, by year and scenario."""
    w = story.words
    kinds = in_order(story.by_class(indicator)["technology"])
    shown, title = w.unit(unit), w.indicator(indicator)

    def draw(place: str) -> Figure:
        traces = [
            bar(w.technology(kind), two_rows(story.years, story.letters), values, style_of(kind), shown)
            for kind in kinds
            for values in [story.values(indicator, story.bars, place, kind, classes=True)]
            if is_seen(values)
        ]
        return figure(traces, Axes("", f"{title} [{shown}]", STACKED))

    return chart(indicator, title, shown, [story.province_switch()], draw, height=480)


def costs(story: Story) -> Chart | None:
    """Resource cost of a year by component, by year and scenario."""
    w = story.words
    unit, title = w.unit("bn CNY/yr"), w.indicator("system_cost")

    def draw(place: str) -> Figure:
        traces = [
            bar(w.component(component), two_rows(story.years, story.letters), values, style, unit)
            for component, style in COMPONENTS.items()
            for values in [story.values("system_cost", story.bars, place, component)]
            if is_seen(values)
        ]
        return figure(traces, Axes("", f"{title} [{unit}]", STACKED))

    return chart("system_cost", title, unit, [story.province_switch()], draw)


def peak_cost(story: Story) -> Chart | None:
    """Cost until the peak by component: level, and difference from the reference."""
    w = story.words
    kinds = ["peak_cost"] + (["peak_cost_difference"] if len(story.results) > 1 else [])
    options = tuple((kind, w.indicator(kind)) for kind in kinds)
    unit = w.unit("bn CNY")
    keys = [(letter, 0) for letter in story.letters]

    def draw(kind: str, place: str) -> Figure:
        traces = [
            bar(w.component(component), story.marks, values, style, unit)
            for component, style in COMPONENTS.items()
            for values in [story.values(kind, keys, place, component)]
            if is_seen(values)
        ]
        return figure(traces, Axes("", f"{w.indicator(kind)} [{unit}]", STACKED))

    switches = [Switch("cost", w("cost"), options, kinds[0]), story.province_switch()]
    return chart("peak_cost", w.indicator("peak_cost"), unit, switches, draw)


# -- dispatch


def dispatch(story: Story) -> Chart | None:
    """Power of every slice of the representative days, stacked; stores and exports below zero."""
    w = story.words

    def draw(letter: str, place: str, year: str) -> Figure | None:
        key = (place, int(year))
        power = {kind: found[key] for kind, found in story.dispatch(letter).items() if key in found}
        if not power:
            return None
        times = story.slices(letter)
        at = _positions(times)
        steps = [float(step) for step in times["step"]]
        width = {"width": steps[0] if len(set(steps)) == 1 else steps, "offset": 0}
        traces = [
            bar(w.technology(kind), at, power[kind], style_of(kind), "GW", **width)
            for kind in in_order(power)
            if is_seen(power[kind], frames.SMALL_GW)
        ]
        traces.append(_demand(story, power, at, times))
        return figure(traces, Axes("", w("dispatch_axis"), {**STACKED, "xaxis": _day_axis(story, times)}))

    first = story.slices(story.letters[0])
    windows = tuple(
        (w("day_name", number=day, days=f"{rows['days'].iloc[0]:.0f}"), _window(first, day))
        for day, rows in first.groupby("day")
    )
    switches = [story.scenario_switch(), story.province_switch(), story.year_switch()]
    return chart("dispatch", w("dispatch"), "GW", switches, draw, windows=windows, height=500)


def _positions(times: pd.DataFrame) -> list[float]:
    """Where slices start on x [h]: days one after the other, with a gap of one slice between them."""
    gap = float(times["step"].max())
    return [float(v) for v in (times["day"] - 1) * (24 + gap) + times["hour"]]


def _window(times: pd.DataFrame, day: int) -> tuple[float, float]:
    start = (day - 1) * (24 + float(times["step"].max()))
    return start, start + 24


def _day_axis(story: Story, times: pd.DataFrame) -> dict:
    """Names of the days in the middle of each."""
    days = times.drop_duplicates("day")
    middle = [sum(_window(times, int(day))) / 2 for day in days["day"]]
    text = [story.words("day_tick", number=row.day, days=f"{row.days:.0f}") for row in days.itertuples()]
    return {"tickvals": middle, "ticktext": text, "ticks": "", "showgrid": False}


def _demand(story: Story, power: Mapping[str, np.ndarray], at: list[float], times: pd.DataFrame) -> dict:
    """The line of what was served: all that comes in, less what stores and exports take."""
    served = np.sum([values for kind, values in power.items() if kind != "unserved"], axis=0)
    ends = [a + step for a, step in zip(at, times["step"])]
    x: list[float | None] = []
    y: list[float | None] = []
    for start, end, value, day, after in zip(
        at, ends, rounded(served), times["day"], [*times["day"][1:], -1]
    ):
        x += [start, end]
        y += [value, value]
        if after != day:
            x.append(end)
            y.append(None)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": story.words("demand"),
        "x": x,
        "y": y,
        "line": {"color": "#e8000b", "width": 2},
        "connectgaps": False,
        "hovertemplate": f"%{{y:,.4~g}} GW<extra>{story.words('demand')}</extra>",
    }


# -- flows


def flows(story: Story) -> Chart | None:
    """Net flow between provinces on a tile-grid map, tiles coloured by what a province sends net."""
    w = story.words
    export = story.indicator("net_export")
    tables = {result.letter: frames.flows(result) for result in story.results}

    def draw(letter: str, year: str) -> Figure | None:
        at = export[(export["letter"] == letter) & (export["year"] == int(year))]
        sent = tables[letter][tables[letter]["year"] == int(year)]
        if at.empty or sent.empty:
            return None
        of = dict(zip(at["province"], at["value"]))
        map_ = tiles(of, w.tiles, w.province, w.on_tile, "TWh", 0, w("province"), signed=True)
        bare, names = names_apart(map_)
        return figure([bare, *_arrows(story, sent), names], Axes(more=TILES))

    title = w("flows")
    return chart(
        "flows",
        title,
        w("flows_unit"),
        [story.scenario_switch(), story.year_switch()],
        draw,
        note=w("flows_note", percent=f"{100 * LEAST_SHARE:.0f}"),
        height=620,
    )


def _arrows(story: Story, sent: pd.DataFrame) -> list[dict]:
    """An arrow for each flow worth seeing, as wide as it is strong; the last one's numbers are all flows."""
    w = story.words
    strongest = sent["value"].max()
    shown = sent[sent["value"] >= LEAST_SHARE * strongest].sort_values("value")
    arrows = []
    for row in shown.itertuples(index=False):
        if row.sender not in w.tiles or row.receiver not in w.tiles:
            continue
        (y0, x0), (y1, x1) = w.tiles[row.sender], w.tiles[row.receiver]
        length = math.hypot(x1 - x0, y1 - y0)
        back = 0.30 / length  # the head stops before the name of the tile
        width = max(1.0, MOST_WIDTH * row.value / strongest)
        arrows.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [x0 + back * (x1 - x0), x1 - back * (x1 - x0)],
                "y": [y0 + back * (y1 - y0), y1 - back * (y1 - y0)],
                "line": {"width": width, "color": "rgba(194,71,127,0.75)"},
                "marker": {
                    "symbol": "arrow",
                    "size": [0, 8 + width],
                    "angleref": "previous",
                    "color": "#c2477f",
                },
                "hovertemplate": f"{w.on_tile(row.sender)} → {w.on_tile(row.receiver)}: "
                f"{row.value:,.1f} TWh<extra></extra>",
                "meta": {"table": None},
            }
        )
    if arrows:
        rows = [
            (w.on_tile(r.sender), w.on_tile(r.receiver), float(r.value)) for r in sent.itertuples(index=False)
        ]
        arrows[-1]["meta"] = {"table": table_of([w("sends"), w("receives"), "TWh"], rows)}
    return arrows
