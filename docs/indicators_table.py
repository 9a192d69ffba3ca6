"""The page docs/indicators.md, which docs/make.py writes."""

from __future__ import annotations

from picmodel.indicators.definitions import SECTIONS, Definition

HEAD = """# Indicators

Generated from `picmodel/indicators/definitions.csv` by `python docs/make.py`.
`picmodel show indicators NAME` shows one. A run refuses an indicator that is not defined there.

Each row of `indicators.csv` is scenario, indicator, province, technology, year, value, unit. The nation is
`CN` in the column of provinces, a regional grid its name in `inputs/provinces.csv`. Classes, components,
measures, users and products stand in the column of technologies, `all` where there is none; year 0 is the
whole horizon. All money is real, of the base year, without VAT. A change is against the scenario that the
file names as `reference`, an increment over the one that it names as `baseline`.

Symbols: r province, g technology, v year of commissioning, y planning year, t time slice, a arc; G net
output, f power sent, D[r,y,t] demand, u unserved, C capacity, A availability, e emission factor; W hours a
year of a slice; D[y] discounted years of a planning year; lambda energy price; dual(row) the price of a row,
discount and hour weight undone; rho social discount rate, Y* the year that peak cost is counted to.
"""


def page() -> str:
    return HEAD + "".join(section(name, found) for name, found in SECTIONS.items())


def section(name: str, definitions: tuple[Definition, ...]) -> str:
    rows = "".join(row(d) for d in definitions)
    columns = ("indicator", "unit", "equation", "given for", "what it is", "source")
    head = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n"
    return f"\n## {name}\n\n{head}{rows}"


def row(d: Definition) -> str:
    cells = (f"`{d.name}`<br>{d.zh}", d.unit, d.equation, d.by, d.meaning, d.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
