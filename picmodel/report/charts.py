"""Charts as data: Plotly's figures as plain mappings, one for each choice of a chart's switches.

A page shows them with plotly.js, `picmodel.report.images` writes the same ones to PNG, SVG and PDF, and the
numbers that a page hands out are those of the traces.  Colours of text and grid belong to the page's theme.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from picmodel.report.styles import DARK_FROM, DIVERGING, FONTS, INK, SEQUENTIAL, Style, scenario_style

Figure = dict[str, Any]
DIGITS = 6  # significant digits of a number in a chart
WIDE = 1000  # px, of an image


@dataclass(frozen=True)
class Switch:
    """A choice that the reader has.

    Attributes:
        name: switches of one name are set together by the page: province, year, scenario, ...
        options: key and label of each choice.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    default: str

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.options]


@dataclass(frozen=True)
class Chart:
    """One chart with all its states.

    Attributes:
        subtitle: what and in which unit.
        states: keys of the switches joined with ``|`` -> figure; a choice that has no data is not there.
        windows: label and range of x, which the reader may zoom to.
        height: px.
    """

    name: str
    title: str
    subtitle: str
    switches: tuple[Switch, ...]
    states: Mapping[str, Figure]
    note: str = ""
    windows: tuple[tuple[str, tuple[float, float]], ...] = ()
    height: int = 420

    def figure(self, **chosen: str) -> Figure:
        """The figure of a choice; switches that are not named stand at their default.

        Raises:
            KeyError: there is no such choice, or nothing to show for it.
        """
        strange = set(chosen) - {switch.name for switch in self.switches}
        if strange:
            raise KeyError(f"{self.name} has no switch {', '.join(sorted(strange))}")
        return self.states["|".join(chosen.get(s.name, s.default) for s in self.switches)]

    def said(self, **chosen: str) -> str:
        """The choice in words."""
        return "; ".join(dict(s.options)[chosen.get(s.name, s.default)] for s in self.switches)


def chart(
    name: str,
    title: str,
    subtitle: str,
    switches: Sequence[Switch],
    draw: Callable[..., Figure | None],
    **more: Any,
) -> Chart | None:
    """A chart whose states ``draw`` makes, called with one key of each switch.

    Switches stand at the first choice that has something to show, if their default has not.

    Returns:
        None if there is nothing to show for any choice.
    """
    states = {}
    for keys in product(*(switch.keys for switch in switches)):
        figure = draw(*keys)
        if figure is not None and figure["data"]:
            states["|".join(keys)] = figure
    if not states:
        return None
    usable = [_with_something(switch, i, states) for i, switch in enumerate(switches)]
    return Chart(name, title, subtitle, tuple(usable), states, **more)


def _with_something(switch: Switch, place: int, states: Mapping[str, Figure]) -> Switch:
    """The switch without choices that no state has."""
    seen = {key.split("|")[place] for key in states}
    options = tuple(option for option in switch.options if option[0] in seen)
    default = switch.default if switch.default in seen else options[0][0]
    return Switch(switch.name, switch.label, options, default)


# -- numbers and labels


def rounded(values: Iterable[float]) -> list[float | None]:
    """Numbers with `DIGITS` significant digits; what is no number is None."""
    return [
        float(f"{v:.{DIGITS}g}") if v is not None and math.isfinite(v) else None for v in map(float, values)
    ]


def signless(value: float, digits: int) -> str:
    """A number with so many digits; a zero has no sign."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def is_seen(values: Iterable[float], least: float = 1e-6) -> bool:
    """Whether a series has anything that one would see."""
    return any(math.isfinite(v) and abs(v) > least for v in values)


def two_rows(years: Sequence[int], letters: Sequence[str]) -> list[list[str]] | list[str]:
    """Positions on x: years, with the scenarios' letters under each where there are several."""
    if letters == [""]:
        return [str(year) for year in years]
    return [[str(year) for year in years for _ in letters], [letter for _ in years for letter in letters]]


# -- kinds of traces

#: thin lines over the colour, which stays
_HATCH = {"fillmode": "overlay", "fgcolor": "rgba(0,0,0,0.55)", "size": 7, "solidity": 0.15}


def bar(name: str, x: Any, y: Iterable[float], style: Style, unit: str, **more: Any) -> dict:
    """A series of bars; hatched where its style says so."""
    return {
        "type": "bar",
        "name": name,
        "x": x,
        "y": rounded(y),
        "marker": {
            "color": style.colour,
            "line": {"width": 0},
            **({"pattern": {**_HATCH, "shape": style.pattern}} if style.pattern else {}),
        },
        "hovertemplate": f"%{{y:,.4~g}} {unit}<extra>{name}</extra>",
        **more,
    }


def lying(trace: dict, labels: Sequence[str], unit: str) -> dict:
    """A series of bars on its side, for labels that are long or many; with `LYING` as axes."""
    hover = f"%{{y}}: %{{x:,.4~g}} {unit}<extra>{trace['name']}</extra>"
    sides = {"x": trace["y"], "y": list(labels), "orientation": "h", "hovertemplate": hover}
    return {**trace, **sides}


def line(name: str, x: Sequence, y: Iterable[float], position: int, unit: str, **more: Any) -> dict:
    """A line in the colour and dash of the scenario at a position."""
    colour, dash = scenario_style(position)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(x),
        "y": rounded(y),
        "line": {"color": colour, "dash": dash, "width": 2.5},
        "hovertemplate": f"%{{y:,.4~g}} {unit}<extra>{name}</extra>",
        **more,
    }


def heat(z: list[list[float | None]], x: list, y: list, unit: str, signed: bool = False, **more: Any) -> dict:
    """A heat map; with a scale around zero for what has a sign."""
    found = [abs(v) for row in z for v in row if v is not None]
    top = max(found, default=0.0)
    return {
        "type": "heatmap",
        "x": x,
        "y": y,
        "z": [rounded([math.nan if v is None else v for v in row]) for row in z],
        "colorscale": DIVERGING if signed else SEQUENTIAL,
        **({"zmin": -top, "zmax": top} if signed and top else {}),
        "colorbar": {"title": {"text": unit, "side": "right"}, "thickness": 14},
        "hoverongaps": False,
        **more,
    }


def tiles(
    values: Mapping[str, float],
    places: Mapping[str, tuple[int, int]],
    label: Callable[[str], str],
    short: Callable[[str], str],
    unit: str,
    digits: int,
    head: str,
    signed: bool = False,
) -> dict:
    """A tile for each province at its place, coloured by its value; empty where there is none.

    Args:
        label, short: a province's name, and what fits on a tile.
        head: of the column of provinces in the table.
    """
    shown = {r: v for r, v in values.items() if r in places and math.isfinite(v)}
    rows, columns = (1 + max((p[k] for p in places.values()), default=0) for k in (0, 1))
    z: list[list[float | None]] = [[None] * columns for _ in range(rows)]
    text = [[""] * columns for _ in range(rows)]
    named = [[""] * columns for _ in range(rows)]
    for r, value in shown.items():
        row, column = places[r]
        z[row][column] = value
        text[row][column] = f"{short(r)}<br>{signless(value, digits)}"
        named[row][column] = label(r)
    return heat(
        z,
        list(range(columns)),
        list(range(rows)),
        unit,
        signed,
        text=text,
        customdata=named,
        texttemplate="%{text}",
        textfont={"size": 11},
        xgap=3,
        ygap=3,
        hovertemplate=f"%{{customdata}}: %{{z:,.4~g}} {unit}<extra></extra>",
        meta={"table": table_of([head, unit], [(short(r), v) for r, v in shown.items()])},
    )


def names_apart(map_: dict) -> tuple[dict, dict]:
    """A signed map of tiles without its text, and the text alone, to be drawn over what crosses the tiles.

    Tiles look alike on light and dark pages, so their text does too: dark or light as the tile asks, with a
    rim of the other.
    """
    at = [
        (x, y, text, abs(z) > DARK_FROM * map_.get("zmax", math.inf))
        for y, texts, row in zip(map_["y"], map_["text"], map_["z"])
        for x, text, z in zip(map_["x"], texts, row)
        if text
    ]
    names = {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, *_ in at],
        "y": [y for _, y, *_ in at],
        "text": [text for *_, text, _ in at],
        "textfont": {
            **map_["textfont"],
            "color": [INK[dark] for *_, dark in at],
            "shadow": [", ".join(f"0 0 {px}px {INK[not dark]}" for px in (1, 1, 2, 2, 3)) for *_, dark in at],
        },
        "hoverinfo": "skip",
        "meta": {"table": None},
    }
    bare = {key: map_[key] for key in map_ if key not in ("text", "texttemplate", "textfont")}
    return bare, names


def table_of(columns: Sequence[str], rows: Sequence[Sequence[Hashable]]) -> dict:
    """Numbers behind a trace whose own arrays do not say them."""
    return {
        "columns": list(columns),
        "rows": [[float(f"{v:.{DIGITS}g}") if isinstance(v, float) else v for v in row] for row in rows],
    }


# -- layouts


@dataclass(frozen=True)
class Axes:
    """Titles of the axes; a title says the unit."""

    x: str = ""
    y: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def _has_names_on_x(trace: dict) -> bool:
    """Whether it is of bars that stand on names; two levels of them plotly knows by itself."""
    stands = trace["type"] == "bar" and trace.get("orientation") != "h"
    return stands and bool(trace["x"]) and isinstance(trace["x"][0], str)


def figure(traces: Sequence[dict], axes: Axes) -> Figure:
    """Traces with the layout that all charts share."""
    layout: dict[str, Any] = {
        "font": {"family": FONTS, "size": 13},
        "margin": {"l": 64, "r": 16, "t": 12, "b": 48},
        "legend": {
            "orientation": "h",
            "yref": "container",
            "yanchor": "bottom",
            "y": 0,
            "traceorder": "normal",
        },
        "hovermode": "closest",
        "xaxis": {"title": {"text": axes.x, "font": {"size": 13}}, "automargin": True, "zeroline": False},
        "yaxis": {
            "title": {"text": axes.y, "font": {"size": 13}},
            "automargin": True,
            "zeroline": True,
            "separatethousands": True,
            "exponentformat": "none",
        },
    }
    if any(map(_has_names_on_x, traces)):
        layout["xaxis"]["type"] = (
            "category"  # else plotly takes years for numbers, and puts ticks between them
        )
    for key, value in axes.more.items():
        layout[key] = {**layout[key], **value} if isinstance(layout.get(key), dict) else value
    return {"data": list(traces), "layout": layout}


#: axes of bars on their side: the first on top, every label, the legend above
LYING = {
    "barmode": "group",
    "bargap": 0.25,
    "yaxis": {"autorange": "reversed", "type": "category", "dtick": 1},
    "legend": {"y": 1.0, "yanchor": "top"},
    "margin": {"t": 56},
}

#: axes of a tile-grid map: no ticks, the first row on top, tiles near square
TILES = {
    "xaxis": {"visible": False, "constrain": "domain"},
    "yaxis": {"visible": False, "autorange": "reversed", "scaleanchor": "x"},
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "showlegend": False,
}
