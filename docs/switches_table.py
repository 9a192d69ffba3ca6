"""The table of docs/markets/switches.md from a folder of results: `python docs/switches_table.py RESULTS`.

Each row is one switch of scenarios/switches.yaml, each column what it moves against `base`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

PREFIX = "switches-"
YEAR, MIDDLE = 2031, 2028
#: heading, indicator, technology, year, decimals, how: value, points or percent against the base
COLUMNS = (
    ("renewables 2031, points", "renewable_share", "all", YEAR, 1, "points"),
    ("emissions 2028, Mt", "emissions", "all", MIDDLE, 0, "difference"),
    ("2031, Mt", "emissions", "all", YEAR, 0, "difference"),
    ("system cost 2025–2036, %", "full_horizon_cost", "all", 0, 2, "percent"),
    ("consumers pay 2031, CNY/MWh", "consumer_price", "all", YEAR, 1, "difference"),
    ("energy 2031, CNY/MWh", "energy_price", "all", YEAR, 1, "difference"),
    ("allowance 2028, CNY/t", "allowance_price", "all", MIDDLE, 0, "value"),
    ("2031, CNY/t", "allowance_price", "all", YEAR, 0, "value"),
    ("certificate 2031, CNY/MWh", "certificate_price", "nonhydro", YEAR, 2, "value"),
    ("IRR wind 2028, points", "project_irr", "wind_onshore", MIDDLE, 1, "points %"),
    ("IRR sun 2028, points", "project_irr", "solar_utility", MIDDLE, 1, "points %"),
)


def read(folder: Path) -> pd.Series:
    """National indicators of a run by (indicator, technology, year)."""
    frame = pd.read_csv(folder / "indicators.csv", keep_default_na=False, na_values=[""])
    nation = frame[frame.province == "CN"]
    return nation.set_index(["indicator", "technology", "year"])["value"]


def cell(found: pd.Series, base: pd.Series, key: tuple, decimals: int, how: str) -> str:
    if key not in found.index:
        return "–"
    value = float(found[key])
    if how == "value":
        return f"{value:,.{decimals}f}"
    if key not in base.index:
        return "–"
    before = float(base[key])
    change = {
        "points": 100 * (value - before),
        "points %": value - before,
        "difference": value - before,
        "percent": 100 * (value / before - 1),
    }[how]
    return f"{change:+,.{decimals}f}".replace("-0.00", "0.00").replace("+0.00", "0.00")


def main(results: Path) -> None:
    folders = {p.name.removeprefix(PREFIX): p for p in results.glob(f"{PREFIX}*")}
    tables = {name: read(folder) for name, folder in folders.items()}
    base = tables["base"]
    print("| switch | " + " | ".join(c[0] for c in COLUMNS) + " |")
    print("| --- |" + " ---: |" * len(COLUMNS))
    print("| **base** (levels) | " + " | ".join(level(base, c) for c in COLUMNS) + " |")
    for name in order(folders):
        if name != "base":
            cells = [cell(tables[name], base, (c[1], c[2], c[3]), c[4], c[5]) for c in COLUMNS]
            print(f"| {name} | " + " | ".join(cells) + " |")


def level(base: pd.Series, column: tuple) -> str:
    """The base's own value of a column."""
    key = (column[1], column[2], column[3])
    if key not in base.index:
        return "–"
    value = float(base[key]) * (100 if column[5] == "points" else 1)
    return f"{value:,.{column[4]}f}"


def order(folders: dict[str, Path]) -> list[str]:
    """As in the scenario file."""
    lines = (Path(__file__).parents[1] / "scenarios" / "switches.yaml").read_text("utf-8").splitlines()
    inside = [line for line in lines if line.startswith("  ") and line[2] not in " #-"]
    named = [line.strip().split(":")[0] for line in inside]
    return [name for name in named if name in folders]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
