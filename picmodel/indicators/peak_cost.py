"""The emission peak, and what it costs the system to reach it (达峰成本; not the cost of peak load)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from picmodel.data.system import Horizon

PLATEAU = 1e-3  # years within 0.1 % of the maximum are one plateau


@dataclass(frozen=True)
class Peak:
    """Where a path of emissions peaks.

    Attributes:
        year: first planning year within 0.1 % of the maximum.
        plateau_end: last one of that plateau.
        level: maximum [kt/yr].
        within: False if the maximum is in the last planning year: no peak within the horizon.
    """

    year: int
    plateau_end: int
    level: float
    within: bool


def find_peak(emissions: Mapping[int, float]) -> Peak:
    """Peak of emissions by planning year.

    >>> find_peak({2025: 100.0, 2030: 110.0, 2035: 90.0})
    Peak(year=2030, plateau_end=2030, level=110.0, within=True)
    """
    years = sorted(emissions)
    level = max(emissions.values())
    top = [y for y in years if emissions[y] >= level * (1 - PLATEAU)]
    return Peak(top[0], top[-1], level, years[-1] not in top)


def cost_until(resource: Mapping[int, float], horizon: Horizon, last: int) -> float:
    """Discounted resource cost from the first planning year through calendar year ``last``.

    A planning year's cost holds for each calendar year that it stands for.

    Args:
        resource: planning year -> resource cost [MCNY/yr].

    Returns:
        MCNY of the base year.
    """
    total = 0.0
    for y in horizon.years:
        for calendar in range(y, y + horizon.span[y]):
            if calendar <= last:
                total += resource[y] * (1 + horizon.rate) ** -(calendar - horizon.base_year)
    return total


def system_cost(cost_items: pd.DataFrame) -> pd.DataFrame:
    """Resource cost by province and year, CN included: columns province, year, mcny."""
    resource = cost_items[cost_items.kind == "resource"]
    provincial = (
        resource[resource.province != "CN"].groupby(["province", "year"], as_index=False)["mcny"].sum()
    )
    nation = resource.groupby("year", as_index=False)["mcny"].sum().assign(province="CN")
    return pd.concat([nation, provincial], ignore_index=True)[["province", "year", "mcny"]]
