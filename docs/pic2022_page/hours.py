"""What typical days missed: the rungs dispatched over all 8760 hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pandas as pd

from pic2022_page.names import HOURLY, RUNGS
from picmodel.chronology import markdown as chronology

HOURLY_TEXT = """### All 8760 hours of {year}

The same capacities, dispatched hour by hour (`picmodel dispatch RESULT… --year {year} --write
docs/pic2022_hourly.csv`; [what is handed over](chronology.md)): the plan's days → all hours.
"""


def hourly(setting: str) -> list[str]:
    """What typical days missed, rung by rung, if the rungs were dispatched over all hours."""
    if not HOURLY.is_file():
        return []
    found = pd.read_csv(HOURLY)
    names = {f"{setting}-{design}": title for design, title in RUNGS.items()}
    run = {name: title for name, title in names.items() if name in set(found["scenario"])}
    if not run:
        return []
    sentences = [f"- {text}" for text in hourly_reading(found, run)]
    return [HOURLY_TEXT.format(year=found["year"].iloc[0]), chronology.hourly(found, run), *sentences, ""]


def hourly_reading(found: pd.DataFrame, run: Mapping[str, str]) -> Iterator[str]:
    """What is short and why, and whether steps between rungs are the same over all hours."""
    cells = found.set_index(["scenario", "indicator", "technology"])["hourly"]
    short = {name: cells.get((name, "unserved_energy", "all"), 0.0) for name in run}
    worst = max(short, key=lambda name: short[name])
    if short[worst] > 1.0:
        exported = cells.get((worst, "unserved_while_exporting", "all"), 0.0)
        free = [
            f"; on rung {run[name]}, without such contracts, none"
            for name in run
            if name.endswith("-reform") and short[name] < 1.0
        ]
        yield (
            f"**{short[worst] / 1e3:.1f} TWh go unserved on rung {run[worst]}**, "
            f"{100 * exported / short[worst]:.0f} % of it while flat contracts take power out of the same "
            f"province{''.join(free)}. These hours lift the mean price, and with it what wind earns."
        )
    for start, end in pairwise(run):
        share, cost, emitted = (
            chronology.changes(found, start, end, name)
            for name in ("renewable_share", "fuel_and_variable_om", "emissions")
        )
        points, tonnes, money = (
            f"{signed(factor * plan, decimals)} in the plans' days and {signed(factor * hours, decimals)}"
            for (plan, hours), factor, decimals in ((share, 100, 2), (emitted, 1, 0), (cost, 1, 0))
        )
        yield (
            f"**From {run[start]} to {run[end]}** the share changes by {points} points over all hours, "
            f"emissions by {tonnes} Mt, fuel and variable O&M by {money} bn CNY a year."
        )


def signed(value: float, decimals: int) -> str:
    """With its sign, but for zero."""
    rounded = round(value, decimals)
    return f"{rounded:+,.{decimals}f}" if rounded else "0"
