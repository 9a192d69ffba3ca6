"""Tables of one setting: rungs side by side, and what a design moves against rung 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from pic2022_page.names import component_name, costs
from picmodel.ladder.claims import Values
from picmodel.ladder.show import number
from picmodel.report.markdown import table

#: in the place of decimals: a calendar year
YEAR = -1
#: line of a table of rungs: label, indicator, technology, scale, decimals, by year
LINES: tuple[tuple[str, str, str, float, int, bool], ...] = (
    ("renewable share of generation, %", "renewable_share", "all", 100.0, 1, True),
    ("without hydro, %", "nonhydro_share", "all", 100.0, 1, True),
    ("of consumption by traced flow, %", "renewable_share_of_consumption", "all", 100.0, 1, True),
    ("of consumption by certificates, %", "renewable_share_by_certificates", "all", 100.0, 1, True),
    ("emissions, Mt CO2", "emissions", "all", 1.0, 0, True),
    ("peak year", "peak_year", "all", 1.0, YEAR, False),
    ("peak level, Mt CO2", "peak_level", "all", 1.0, 0, False),
    ("allowance price, CNY/t", "allowance_price", "all", 1.0, 0, True),
    ("price of the emissions held, CNY/t", "held_emissions_price", "all", 1.0, 0, True),
    ("certificate price, non-hydro, CNY/MWh", "certificate_price", "nonhydro", 1.0, 1, True),
    ("energy price, CNY/MWh", "energy_price", "all", 1.0, 0, True),
    ("consumers pay, CNY/MWh", "consumer_price", "all", 1.0, 0, True),
    ("IRR wind and sun, %", "project_irr", "wind_and_solar", 1.0, 1, True),
    ("IRR of all vintages, %", "project_irr", "wind_and_solar", 1.0, 1, False),
    ("at the upper end of prices, %", "project_irr_upper", "wind_and_solar", 1.0, 1, False),
    ("after tax, %", "project_irr_post_tax", "wind_and_solar", 1.0, 1, False),
    ("IRR of all vintages, own portfolio, %", "project_irr_own_portfolio", "wind_and_solar", 1.0, 1, False),
)


def rung_table(values: Values, setting: str, rungs: dict[str, str]) -> str:
    rows = []
    for label, indicator, technology, scale, decimals, by_year in LINES:
        found = {d: values.of(setting, d, indicator, technology) for d in rungs}
        years = sorted({y for of in found.values() for y in of if (y > 0) == by_year})
        for year in years:
            numbers = [scaled(of.get(year), scale, decimals) for of in found.values()]
            what, _, unit = label.rpartition(", ")
            rows.append([f"{what} {year}, {unit}" if year else label, *numbers])
    rows += _cost_rows(values, setting, list(rungs))
    return table(["", *rungs.values()], rows, left=1)


def scaled(value: float | None, scale: float, decimals: int) -> str:
    if value is None:
        return "–"
    if pd.isna(value):
        return "none"
    if decimals == YEAR:
        return f"{value:.0f}"
    text = f"{scale * value:,.{decimals}f}"
    return text if float(text.replace(",", "")) else f"{0:.{decimals}f}"


def _cost_rows(values: Values, setting: str, rungs: Sequence[str]) -> Iterator[list[str]]:
    """Peak cost: total, against rung 1, over no policy, and by component."""
    found = {d: costs(values, setting, d) for d in rungs}
    base, nothing = (costs(values, setting, d).get("all") for d in ("separate", "no_policy"))
    totals = [of.get("all") for of in found.values()]
    yield ["peak cost, bn CNY", *(scaled(x, 1.0, 0) for x in totals)]
    yield ["against rung 1, %", *(_change(x, base, lambda a, b: 100 * (a / b - 1)) for x in totals)]
    yield ["over no policy, bn CNY", *(_change(x, nothing, lambda a, b: a - b, 1) for x in totals)]
    for component in dict.fromkeys(c for of in found.values() for c in of if c != "all"):
        yield [
            f"– {component_name(component)}",
            *(scaled(of.get(component), 1.0, 0) for of in found.values()),
        ]


def _change(
    value: float | None, base: float | None, how: Callable[[float, float], float], decimals: int = 2
) -> str:
    if value is None or base is None:
        return "–"
    return f"{how(value, base):+,.{decimals}f}"


#: what a design moves: heading, indicator, technology, year, factor, relative
MOVES: tuple[tuple[str, str, str, int, float, bool], ...] = (
    ("renewables 2030, points", "renewable_share", "all", 2030, 100.0, False),
    ("2035, points", "renewable_share", "all", 2035, 100.0, False),
    ("emissions 2030, Mt", "emissions", "all", 2030, 1.0, False),
    ("2035, Mt", "emissions", "all", 2035, 1.0, False),
    ("peak cost, %", "peak_cost", "all", 0, 100.0, True),
    ("whole horizon, %", "full_horizon_cost", "all", 0, 100.0, True),
    ("consumers pay 2030, CNY/MWh", "consumer_price", "all", 2030, 1.0, False),
    ("IRR wind and sun, points", "project_irr", "wind_and_solar", 0, 1.0, False),
)


def moved_table(values: Values, setting: str, designs: Sequence[str]) -> str:
    rows = []
    for design in designs:
        cells = [design.removeprefix("switch_")]
        for _, indicator, technology, year, factor, relative in MOVES:
            after, before = (
                values.of(setting, d, indicator, technology).get(year) for d in (design, "separate")
            )
            if after is None or before is None:
                cells.append("–")
            else:
                change = factor * (after / before - 1 if relative else after - before)
                cells.append(number(change, "+"))
        prices = [values.of(setting, design, "allowance_price").get(y) for y in (2030, 2035)]
        rows.append([*cells, " / ".join(scaled(p, 1.0, 0) for p in prices)])
    return table(["", *(move[0] for move in MOVES), "allowance 2030 / 2035, CNY/t"], rows, left=1)
