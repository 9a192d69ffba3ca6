"""Least and largest value of headline quantities over all optimal plans: which of them the optimum decides.

Plans of one cost can differ: coal here or there, spill of wind or of sun.  What the answers rest on is looked
at again on the optimal face (`picmodel.solve.face`); where both ends are one, every solver finds that number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from picmodel.extract.results import Results
from picmodel.extract.table import ALL, COLUMNS, NATION
from picmodel.glossary import ENTRIES
from picmodel.indicators.peak_cost import factors
from picmodel.markets.registry import entries
from picmodel.solve.compile import LinearProgram
from picmodel.solve.face import Face, Quantity
from picmodel.solve.highs import Solution

#: groups of technologies whose capacity is looked at
GROUPS = ("wind", "solar")
WIDE = 1e-4  # of the upper end: a range worth a line
SMALL = 1e-6  # in the indicator's unit: narrower ranges are none
Key = tuple[str, str, int, str, float]  # indicator, technology, year, unit, factor from base units


def headline_ranges(
    lp: LinearProgram,
    solution: Solution,
    results: Results,
    peak_cost_until: int | None = None,
    limit_s: float = 3600.0,
) -> pd.DataFrame:
    """``<indicator>_low`` and ``<indicator>_high`` of the nation, in the form of `extract.table.tidy`.

    Renewable share, emissions, capacity of wind and of sun by planning year; system cost through the end of
    each window in which peak cost may be counted (``cost_until``).

    Args:
        peak_cost_until: a window that is declared; those that end in a planning year are looked at anyway.

    Raises:
        SolverTrouble: the solver does not finish, or the solve ended without a basis.
    """
    units = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}
    face = Face(lp, solution, units, limit_s)
    rows = []
    for (name, technology, year, unit, factor), quantity in _quantities(lp, results, peak_cost_until).items():
        ends = sorted(factor * end for end in face.ends(quantity))
        rows += [
            (f"{name}_{side}", NATION, technology, year, end, unit)
            for side, end in zip(("low", "high"), ends)
        ]
    return pd.DataFrame(rows, columns=COLUMNS[1:])


def _quantities(lp: LinearProgram, results: Results, declared: int | None) -> dict[Key, Quantity]:
    """What is looked at, as coefficients of the columns."""
    found: dict[Key, Quantity] = {}
    for y in results.years:
        found |= _of_year(lp, results, y)
    for last in windows(results, declared):
        found["cost_until", ALL, last, "bn CNY", 1e-3] = Quantity(_cost(lp, results, last))
    return found


def _of_year(lp: LinearProgram, results: Results, y: int) -> dict[Key, Quantity]:
    d = results.data

    def gross(key: tuple) -> float:
        return (key[2] == y) / (1 - d.own_use[key[1]])

    def renewable(key: tuple) -> float:
        return gross(key) * (d.renewable_class[key[1]] != "none")

    def emitted(key: tuple) -> float:
        return float(key[1] == y)

    def stands(group: str) -> Quantity:
        return Quantity(
            _coefficients(lp, "v_capacity", lambda k: float(k[2] == y and d.group[k[1]] == group))
        )

    output = partial(_coefficients, lp, "v_annual_generation")
    return {
        ("renewable_share", ALL, y, "share", 1.0): Quantity(output(renewable), output(gross)),
        ("emissions", ALL, y, "Mt CO2", 1e-3): Quantity(_coefficients(lp, "v_emissions", emitted)),
        **{("capacity", group, y, "GW", 1.0): stands(group) for group in GROUPS},
    }


def windows(results: Results, declared: int | None) -> list[int]:
    """Last calendar years of windows that peak cost may be counted in: planning years, the declared one."""
    end = results.data.horizon.last_year
    return sorted({*results.years, end, *([min(declared, end)] if declared is not None else [])})


def _cost(lp: LinearProgram, results: Results, last: int) -> np.ndarray:
    factor = factors(results.data.horizon, last)
    resource = [item for item, (kind, _) in lp.items.items() if kind == "resource"]
    parts = [_coefficients(lp, f"v_cost_{item}", lambda k: factor[k[-1]]) for item in resource]
    return np.sum(parts, axis=0)


def _coefficients(lp: LinearProgram, name: str, weight: Callable[[tuple], float]) -> np.ndarray:
    """A weight for every column of a variable, 0 for all other columns."""
    found, block = np.zeros(lp.shape[1]), lp.columns[name]
    for key, j in zip(block.index, block.position):
        if j >= 0:
            found[j] = weight(key)
    return found


def not_unique(ranges: pd.DataFrame) -> list[str]:
    """A line for each headline number of which the ends differ by more than 0.01 %."""
    end = ranges["indicator"].str.extract(r"^(?P<name>.*)_(?P<end>low|high)$")
    keys = ["name", "technology", "year", "unit"]
    table = ranges.assign(**end).pivot_table("value", keys, "end", sort=False)
    gap = table["high"] - table["low"]
    return [
        f"{_said(name, technology, year)}: any between {low:.6g} and {high:.6g} {unit} costs the same"
        for (name, technology, year, unit), low, high in table[
            gap > WIDE * table["high"].abs().clip(lower=SMALL / WIDE)
        ][["low", "high"]].itertuples()
    ]


def _said(name: str, technology: str, year: int) -> str:
    if name == "cost_until":
        return f"cost through {year}"
    kind = "" if technology == ALL else f" of {technology}"
    return f"{name.replace('_', ' ')}{kind} {year}"
