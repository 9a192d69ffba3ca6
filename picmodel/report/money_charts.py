"""Charts of markets, payments, returns, and who answers for emissions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from picmodel.extract.table import NATION
from picmodel.report import frames
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
    rounded,
    table_of,
    tiles,
    two_rows,
)
from picmodel.report.story import Story
from picmodel.report.styles import GREY, LEDGER, Style, scenario_style, series_style

#: uses of certificates: indicator -> word
USES = {
    "certificates_retired": "retired",
    "certificates_surrendered": "surrendered",
    "certificates_turned_into_ccer": "turned",
    "certificates_lapsed": "lapsed",
}
CARBON = ("covered_emissions", "allowance_deficit", "offsets_used", "allowances_at_ceiling")
RESPONSIBILITY = ("emissions_production", "emissions_shared", "emissions_consumption")
RETURNS = ("wind_and_solar", "wind_onshore", "wind_offshore", "solar_utility", "solar_distributed")


#: role of a party in a payment ("" for an account), and its name
Node = tuple[str, str]

# -- markets


def certificates(story: Story) -> Chart | None:
    """What becomes of certificates, stacked, with those issued as a mark."""
    w = story.words
    issued = story.indicator("certificates_issued")
    if issued.empty:
        return None
    classes = list(dict.fromkeys(issued["technology"]))
    options = (("both", w("both")), *((c, w.technology(c)) for c in classes))
    x = two_rows(story.years, story.letters)

    def total(name: str, place: str, kind: str) -> list[float]:
        """Sum over the classes that have a value; NaN where none has."""
        every = [story.values(name, story.bars, place, c) for c in (classes if kind == "both" else [kind])]
        return [float(v) for v in pd.DataFrame(every).sum(min_count=1)]

    def draw(kind: str, place: str) -> Figure | None:
        made = total("certificates_issued", place, kind)
        if not any(map(math.isfinite, made)):
            return None
        traces = [
            bar(w(word), x, values, series_style(i), "TWh")
            for i, (name, word) in enumerate(USES.items())
            for values in [total(name, place, kind)]
            if is_seen(values)
        ]
        mark = {
            "mode": "markers",
            "marker": {"symbol": "line-ew-open", "size": 26, "color": "#d55e00", "line": {"width": 3}},
        }
        traces.append({**line(w("issued"), [], made, 0, "TWh"), "x": x, **mark})
        return figure(traces, Axes("", "[TWh]", {"barmode": "relative", "bargap": 0.25}))

    switches = [Switch("class", w("class"), options, "both"), story.province_switch()]
    return chart("certificates", w("certificates"), "TWh", switches, draw)


def carbon(story: Story) -> Chart | None:
    """The carbon market's account: what is covered, what is missing, what fills it."""
    w = story.words
    unit = w.unit("Mt CO2")
    x = two_rows(story.years, story.letters)
    shown = {"gap": CARBON[1:], "covered": CARBON[:1]}
    options = (("gap", w("carbon_gap")), ("covered", w.indicator(CARBON[0])))

    def draw(account: str) -> Figure:
        traces = [
            bar(w.indicator(name), x, values, series_style(CARBON.index(name)), unit)
            for name in shown[account]
            for values in [story.values(name, story.bars)]
            if any(map(math.isfinite, values))
        ]
        return figure(traces, Axes("", f"[{unit}]", {"barmode": "group", "bargap": 0.2}))

    return chart("carbon", w("carbon"), unit, [Switch("account", w("account"), options, "gap")], draw)


def responsibility(story: Story) -> Chart | None:
    """Emissions of provinces by who answers for them."""
    w = story.words
    unit = w.unit("Mt CO2")
    tables = {name: story.indicator(name) for name in RESPONSIBILITY}

    def draw(letter: str, year: str) -> Figure:
        traces = []
        for i, (name, table) in enumerate(tables.items()):
            here = table[(table["letter"] == letter) & (table["year"] == int(year))].set_index("province")[
                "value"
            ]
            if len(here):
                values = [float(here.get(r, math.nan)) for r in story.provinces]
                labels = [w.province(r) for r in story.provinces]
                trace = bar(w.indicator(name), labels, values, series_style(i), unit)
                traces.append(lying(trace, labels, unit))
        return figure(traces, Axes(f"[{unit}]", "", LYING))

    switches = [story.scenario_switch(), story.year_switch()]
    return chart(
        "responsibility", w("responsibility"), unit, switches, draw, height=240 + 26 * len(story.provinces)
    )


# -- money


def ledger(story: Story) -> Chart | None:
    """Every payment of a year: who pays on the left, markets in the middle, who receives on the right."""
    w = story.words
    tables = {result.letter: frames.payments(result) for result in story.results}

    def draw(letter: str, place: str, year: str) -> Figure | None:
        here = tables[letter].get((place, int(year)))
        return None if here is None else _sankey(story, here)

    switches = [story.scenario_switch(), story.province_switch(), story.year_switch()]
    return chart(
        "ledger", w("ledger"), w.unit("bn CNY/yr"), switches, draw, note=w("ledger_note"), height=560
    )


def _sankey(story: Story, payments: Mapping[tuple[str, str, str], float]) -> Figure | None:
    w = story.words
    unit = w.unit("bn CNY/yr")
    links = _links(payments)
    if not links:
        return None
    nodes = list(dict.fromkeys(end for source, target, *_ in links for end in (source, target)))
    place = {node: i for i, node in enumerate(nodes)}
    labels = [w(role, party=w.ledger(name)) if role else w.ledger(name) for role, name in nodes]
    colours = [LEDGER.get(name, GREY) for _, name in nodes]
    rows = [(labels[place[s]], labels[place[t]], w.product(product), value) for s, t, product, value in links]
    hover = (
        f"%{{source.label}} → %{{target.label}}: %{{value:,.4~g}} {unit}<br>%{{customdata}}<extra></extra>"
    )
    trace = {
        "type": "sankey",
        "node": {"label": labels, "color": colours, "pad": 16, "thickness": 16, "line": {"width": 0}},
        "link": {
            "source": [place[source] for source, *_ in links],
            "target": [place[target] for _, target, *_ in links],
            "value": rounded([value for *_, value in links]),
            "customdata": [w.product(product) for _, _, product, _ in links],
            "color": [_faint(colours[place[source]]) for source, *_ in links],
            "hovertemplate": hover,
        },
        "valueformat": ",.4~g",
        "valuesuffix": f" {unit}",
        "meta": {"table": table_of([w("from"), w("to"), w("product"), unit], rows)},
    }
    return figure([trace], Axes(more={"margin": {"l": 8, "r": 8, "t": 8, "b": 8}}))


def _links(payments: Mapping[tuple[str, str, str], float]) -> list[tuple[Node, Node, str, float]]:
    """Source, target, product and amount of payments, largest first; below zero they run the other way.

    A party is a node where it pays and another one where it earns, so that money runs from left to right.
    """

    def node(name: str, role: str) -> Node:
        return ("" if name.endswith("/") else role, name)

    found = []
    for (payer, payee, product), value in payments.items():
        if value < 0:
            payer, payee = payee, payer
        if abs(value) > frames.SMALL_BN and payer != payee:
            found.append((node(payer, "pays"), node(payee, "earns"), product, abs(value)))
    return sorted(found, key=lambda link: -link[-1])


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"


# -- returns


def returns(story: Story) -> Chart | None:
    """Project IRR of the nation by technology, each scenario a series, for a year of commissioning."""
    w = story.words
    table = story.indicator("project_irr")
    nation = table[table["province"] == NATION]
    kinds = [kind for kind in RETURNS if kind in set(nation["technology"])]

    def draw(vintage: str) -> Figure:
        here = nation[nation["year"] == int(vintage)]
        traces = []
        for result in story.results:
            mine = here[here["letter"] == result.letter].set_index("technology")["value"]
            values = [float(mine.get(kind, math.nan)) for kind in kinds]
            if any(map(math.isfinite, values)):
                colour, _ = scenario_style(result.position)
                style = Style(
                    colour, ("", "/", "\\", "x", "-", "|")[result.position % 6] if result.letter else ""
                )
                traces.append(bar(story.titled(result), [w.technology(k) for k in kinds], values, style, "%"))
        axes = {"barmode": "group", "bargap": 0.25}
        return figure(traces, Axes("", f"{w.indicator('project_irr')} [%]", axes))

    return chart(
        "returns", w.indicator("project_irr"), w("irr_unit"), [_vintages(story, nation["year"])], draw
    )


def return_map(story: Story) -> Chart | None:
    """Project IRR by province on a tile-grid map."""
    w = story.words
    table = story.indicator("project_irr")
    local = table[table["province"] != NATION]
    kinds = [kind for kind in RETURNS if kind in set(local["technology"])]
    if not kinds:
        return None
    technology = Switch("technology", w("technology"), tuple((k, w.technology(k)) for k in kinds), kinds[0])

    def draw(letter: str, kind: str, vintage: str) -> Figure | None:
        here = local[
            (local["letter"] == letter) & (local["technology"] == kind) & (local["year"] == int(vintage))
        ]
        of = dict(zip(here["province"], here["value"]))
        finite = np.isfinite(list(of.values())).any() if of else False
        return (
            figure([tiles(of, w.tiles, w.province, w.on_tile, "%", 1, w("province"))], Axes(more=TILES))
            if finite
            else None
        )

    switches = [story.scenario_switch(), technology, _vintages(story, local["year"])]
    return chart("return_map", w("return_map"), w("irr_unit"), switches, draw, height=560)


def income(story: Story) -> Chart | None:
    """Income by line of a project of a province in the year that it is commissioned, each scenario a bar."""
    w = story.words
    tables = {result.letter: frames.income(result) for result in story.results}
    every = {key: list(found) for table in tables.values() for key, found in table.items()}
    kinds = [kind for kind in RETURNS if kind in {technology for technology, *_ in every}]
    if not kinds:
        return None
    items = list(dict.fromkeys(item for found in every.values() for item in found))
    unit = w.unit("CNY/kW-yr")

    def draw(kind: str, place: str, vintage: str) -> Figure | None:
        key = (kind, place, int(vintage))
        traces = []
        for i, item in enumerate(items):
            values = [tables[letter].get(key, {}).get(item, math.nan) for letter in story.letters]
            if is_seen(values, 1e-3):
                traces.append(bar(w.line(item), story.marks, values, series_style(i), unit))
        axes = {"barmode": "relative", "bargap": 0.4}
        return figure(traces, Axes("", f"[{unit}]", axes)) if traces else None

    technology = Switch("technology", w("technology"), tuple((k, w.technology(k)) for k in kinds), kinds[0])
    switches = [
        technology,
        story.province_switch(nation=False),
        _vintages(story, {year for *_, year in every}),
    ]
    return chart("income", w("income"), unit, switches, draw)


def _vintages(story: Story, found: Iterable[int]) -> Switch:
    """Years of commissioning; the first that is still to be decided comes first."""
    years = sorted({int(y) for y in found if y > 0})
    start = next((y for y in years if y not in story.past), years[0] if years else 0)
    return Switch("vintage", story.words("vintage"), tuple((str(y), str(y)) for y in years), str(start))
