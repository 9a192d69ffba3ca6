"""One colour per technology, component and scenario, in every chart, image and workbook.

Hues are apart for the colour-blind, and what may stand side by side differs in lightness or pattern too, so
that a page printed in grey can be read.  `tests/report/test_styles.py` holds both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: fonts that have Chinese on Windows, macOS, Linux, Android and iOS; nothing is fetched
FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', sans-serif"
)


@dataclass(frozen=True)
class Style:
    """How a series looks: a colour, and a hatch of the fill ("" is none)."""

    colour: str
    pattern: str = ""


#: what charts show, from the bottom of a stack to its top; technologies of one class share it
CLASSES: dict[str, Style] = {
    "nuclear": Style("#7b3294"),
    "coal": Style("#404040"),
    "coal_ccs": Style("#9a9a9a", "x"),
    "gas": Style("#d55e00"),
    "gas_ccs": Style("#eda47c", "x"),
    "other_thermal": Style("#b9a9c9", "."),
    "biomass": Style("#7ba03f"),
    "hydro": Style("#1f78b4"),
    "wind_onshore": Style("#7cc8f2"),
    "wind_offshore": Style("#1b9e8a", "/"),
    "solar_utility": Style("#f2c500"),
    "solar_distributed": Style("#ffe98a", "\\"),
    "pumped_hydro": Style("#08415c", "-"),
    "battery": Style("#cc79a7"),
    "imports": Style("#c9c9c9"),
    "unserved": Style("#e8000b", "x"),
}

#: technology -> class that charts show it in; another technology is a class of its own
SHOWN_AS: dict[str, str] = {
    "coal_1000": "coal",
    "coal_600": "coal",
    "coal_300": "coal",
    "coal_small": "coal",
    "coal_chp": "coal",
    "coal_ccs_retrofit": "coal_ccs",
    "gas_ccgt": "gas",
    "gas_ocgt": "gas",
}

COMPONENTS: dict[str, Style] = {
    "investment": Style("#2a5d8a"),
    "om": Style("#a6cbe3"),
    "fuel": Style("#d55e00"),
    "grid": Style("#f0c96b", "/"),
    "starts": Style("#7b3294"),
    "carbon_capture": Style("#1b9e8a", "\\"),
    "saving": Style("#cfe3a8"),
    "demand_side": Style("#8c564b", "-"),
    "unserved": Style("#e8000b", "x"),
}

GREY = "#9a9a9a"
#: parties and accounts of the ledger; others are grey
LEDGER: dict[str, str] = {
    "consumers": "#2a5d8a",
    "generators": "#d55e00",
    "grid": "#08415c",
    "stores": "#cc79a7",
    "state": "#7b3294",
    "energy/": "#f2c500",
    "capacity/": "#1b9e8a",
    "carbon/": "#404040",
    "ccer/": "#8c564b",
    "certificates-hydro/": "#1f78b4",
    "certificates-nonhydro/": "#4d7326",
    "system_operation/": "#b9a9c9",
}

#: certificates, allowances, accounts: series that are no technology
SERIES: tuple[Style, ...] = (
    Style("#2a5d8a"),
    Style("#f0b429", "/"),
    Style("#1b9e8a"),
    Style("#c2477f", "\\"),
    Style("#9a9a9a", "."),
    Style("#7b3294", "x"),
)

#: scenarios in order: colour, and dash of a line
SCENARIOS: tuple[tuple[str, str], ...] = (
    ("#3579b8", "solid"),
    ("#d55e00", "dash"),
    ("#1b9e8a", "dot"),
    ("#c2477f", "dashdot"),
    ("#b58900", "longdash"),
    ("#7b3294", "longdashdot"),
)
#: technologies that the table does not know, in the order in which they come
_OTHERS = ("#8c564b", "#637939", "#ad494a", "#3182bd", "#969696")

#: scales of heat maps: lightness runs one way, so that they survive grey; and one for what has a sign
SEQUENTIAL = "Viridis"
DIVERGING = [[0.0, "#8c510a"], [0.5, "#f5f5f5"], [1.0, "#01665e"]]
#: of its colours, those of a greater share of the highest value are dark
DARK_FROM = 0.7
#: text on a colour that is light (False) or dark (True)
INK = ("#1b1f24", "#ffffff")


def shown_as(technology: str) -> str:
    """The class that charts show a technology in."""
    return SHOWN_AS.get(technology, technology)


def in_order(classes: Iterable[str]) -> list[str]:
    """Classes from the bottom of a stack to its top; unknown ones last, by name."""
    known = list(CLASSES)
    return sorted(set(classes), key=lambda c: (known.index(c) if c in known else len(known), c))


def style_of(name: str) -> Style:
    """Style of a class of technologies; an unknown one gets a colour that depends on its name alone."""
    return CLASSES.get(name) or Style(_OTHERS[sum(map(ord, name)) % len(_OTHERS)], "|")


def scenario_style(position: int) -> tuple[str, str]:
    """Colour and dash of the scenario at a place in the list; from the seventh on they come again."""
    return SCENARIOS[position % len(SCENARIOS)]


def series_style(position: int) -> Style:
    return SERIES[position % len(SERIES)]
