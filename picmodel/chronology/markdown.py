"""Plans beside all their hours as Markdown, from the file that `picmodel dispatch … --write` makes."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from picmodel.report.markdown import table

#: (indicator, technology) -> what it is called, unit, factor, decimals
SHOWN = {
    ("renewable_share", "all"): ("renewable share of generation", "%", 100.0, 1),
    ("nonhydro_share", "all"): ("without hydro", "%", 100.0, 1),
    ("emissions", "all"): ("emissions of output", "Mt CO2", 1.0, 0),
    ("fuel_and_variable_om", "all"): ("fuel and variable O&M", "bn CNY", 1.0, 0),
    ("unserved_energy", "all"): ("unserved energy", "TWh", 1e-3, 2),
    ("curtailment_rate", "wind"): ("wind curtailed", "%", 100.0, 1),
    ("curtailment_rate", "solar"): ("sun curtailed", "%", 100.0, 1),
    ("energy_price", "all"): ("energy price, mean of demand", "CNY/MWh", 1.0, 0),
    ("capture_price", "wind_onshore"): ("mean price of onshore wind", "CNY/MWh", 1.0, 0),
    ("capture_price", "solar_utility"): ("mean price of utility sun", "CNY/MWh", 1.0, 0),
}


def hourly(found: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """figure | for each scenario of `titles` that was dispatched: plan → all hours."""
    cells = found.set_index(["scenario", "indicator", "technology"])[["plan", "hourly"]]
    shown = {name: title for name, title in titles.items() if name in set(found["scenario"])}
    rows = []
    for (indicator, technology), (text, unit, factor, decimals) in SHOWN.items():
        row = [f"{text}, {unit}"]
        for name in shown:
            key = (name, indicator, technology)
            before, after = cells.loc[key] * factor if key in cells.index else (0.0, 0.0)
            # not -0.0, which a rounding error leaves
            before, after = (round(x, decimals) + 0.0 for x in (before, after))
            row.append(f"{before:,.{decimals}f} → {after:,.{decimals}f}")
        rows.append(row)
    return table(["", *shown.values()], rows, left=1)


def changes(found: pd.DataFrame, start: str, end: str, indicator: str) -> tuple[float, float]:
    """Change of a national figure between two scenarios: as the plans have it, and over all hours."""
    rows = found[(found["indicator"] == indicator) & (found["technology"] == "all")].set_index("scenario")
    plan, hours = (float(rows.loc[end, side] - rows.loc[start, side]) for side in ("plan", "hourly"))
    return plan, hours
