"""The emission peak, and what it costs the system to reach it (达峰成本; not the cost of peak load)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from picmodel.data.system import Horizon, SystemData
from picmodel.extract.table import ALL, NATION
from picmodel.formulation.components import component_of

PLATEAU = 1e-3  # years within 0.1 % of the maximum are one plateau
ENTIRE = 9999  # a calendar year after every horizon
COSTS = ["province", "component", "year", "mcny"]


# -- the peak


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


# -- costs of a year


def system_cost(cost_items: pd.DataFrame) -> pd.DataFrame:
    """Resource cost by province, component and year [MCNY/yr]: columns `COSTS`.

    The nation (CN) is the sum over provinces and over items of no province; ``all`` is the sum over
    components.
    """
    items = cost_items[cost_items.kind == "resource"]
    return _with_sums(items.assign(component=[component_of(item) for item in items["item"]]))


def transfers(cost_items: pd.DataFrame) -> pd.DataFrame:
    """What moves decisions and uses nothing up, by item in the column of components [MCNY/yr]: `COSTS`."""
    items = cost_items[cost_items.kind == "transfer"]
    return _with_sums(items.assign(component=items["item"]))


def sunk_capital(d: SystemData) -> pd.DataFrame:
    """Annuities of the fleet that stood at the base year, whatever a plan does with it [MCNY/yr]: `COSTS`."""
    rows = [(r, "sunk_capital", y, mcny) for (r, _, y), mcny in d.sunk.items()]
    return _with_sums(pd.DataFrame(rows, columns=COSTS))


def _with_sums(costs: pd.DataFrame) -> pd.DataFrame:
    """Sums by province, component and year, with those over provinces and over components."""
    provincial = costs[costs.province != NATION]
    parts = [costs.assign(province=NATION), provincial]
    parts += [part.assign(component=ALL) for part in parts]
    whole = pd.concat(parts, ignore_index=True)
    return whole.groupby(COSTS[:3], sort=False, as_index=False)["mcny"].sum()[COSTS]


# -- costs of a window


def factors(horizon: Horizon, last: int) -> dict[int, float]:
    """Discounted calendar years that a planning year stands for, through ``last`` [yr]."""
    return {
        y: sum(
            (1 + horizon.rate) ** -(calendar - horizon.base_year)
            for calendar in range(y, y + horizon.span[y])
            if calendar <= last
        )
        for y in horizon.years
    }


def costs_until(costs: pd.DataFrame, horizon: Horizon, last: int) -> pd.Series:
    """Discounted cost from the first planning year through calendar year ``last`` [MCNY of the base year].

    A planning year's cost holds for each calendar year that it stands for.

    Args:
        costs: table of `COSTS`, in MCNY/yr.

    Returns:
        By province and component.
    """
    discounted = costs["mcny"] * costs["year"].map(factors(horizon, last))
    return discounted.groupby([costs["province"], costs["component"]], sort=False).sum()
