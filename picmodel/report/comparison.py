"""What is only known beside another run: peak cost, changes of shares, returns on a common portfolio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from picmodel.data.system import Held, Horizon
from picmodel.extract.table import ALL, NATION
from picmodel.finance.means import returns
from picmodel.indicators.peak_cost import COSTS, ENTIRE, costs_until, find_peak
from picmodel.indicators.shares import SHARES

BN = 1e-3  # bn from MCNY, and Mt from kt
#: column of the projects' table: the rate at the upper end of the price range, under dispatch prices
UPPER_IRR = "irr_pre_tax_real_upper_share"
NOTICEABLE = 1e-3  # share of the reference below which a change in % of it says nothing


@dataclass
class Solved:
    """What comparisons and other scenarios need of a run: small tables.

    Attributes:
        system_cost: resource cost by province, component and year, with their sums (`COSTS`) [MCNY/yr].
        transfers: items that move decisions only, in the same form.
        sunk: annuities of the fleet of the base year, in the same form.
        capacities: what the plan built, for scenarios that are held at it.
    """

    name: str
    folder: Path
    indicators: pd.DataFrame
    projects: pd.DataFrame
    system_cost: pd.DataFrame
    emissions: dict[int, float]
    horizon: Horizon
    peak_cost_until: int | None
    transfers: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COSTS))
    sunk: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COSTS))
    capacities: Held | None = None


def peak_note(s: Solved) -> dict:
    peak = find_peak(s.emissions)
    return {
        "year": peak.year,
        "plateau_end": peak.plateau_end,
        "level_mt": peak.level / 1e3,
        "within_horizon": peak.within,
    }


def compared(s: Solved, base: Solved, nothing: Solved | None = None) -> pd.DataFrame:
    """Costs, peak and peak cost, shares and project returns, with the change against the reference.

    Args:
        base: the reference; its peak year ends the window of all.
        nothing: the baseline without policy, over which costs are incremental.
    """
    rows: list[tuple] = []

    def add(
        indicator: str, value: float, unit: str, year: int = 0, province: str = NATION, technology: str = ALL
    ):
        rows.append((indicator, province, technology, year, value, unit))

    for row in s.system_cost.itertuples(index=False):
        add("system_cost", BN * row.mcny, "bn CNY/yr", row.year, row.province, row.component)
    peak = find_peak(s.emissions)
    add("peak_year", peak.year if peak.within else float("nan"), "yr")
    add("peak_level", BN * peak.level, "Mt CO2")
    add("peak_cost_until", window(base), "yr")
    _add_peak_cost(add, s, base)
    _add_other_windows(add, s, base)
    if nothing is not None:
        _add_increment(add, s, base, nothing)
    _add_share_changes(add, s, base)
    _add_returns(add, s, base)
    return pd.DataFrame(rows, columns=["indicator", "province", "technology", "year", "value", "unit"])


# -- peak cost


def window(s: Solved) -> int:
    """Calendar year to which peak cost is counted: declared, else the planning year of the peak."""
    return s.peak_cost_until if s.peak_cost_until is not None else find_peak(s.emissions).year


def _add_peak_cost(add: Callable, s: Solved, base: Solved) -> None:
    """Peak cost in the reference's window by province and component, transfers, sunk capital."""
    until = window(base)
    cost, reference = _peak_costs(s, until), _peak_costs(base, until)
    for (province, component), mcny in cost.items():
        place = dict(province=province, technology=component)
        before = reference.get((province, component), 0.0)
        add("peak_cost", BN * mcny, "bn CNY", **place)
        add("peak_cost_difference", BN * (mcny - before), "bn CNY", **place)
        if component == ALL and before > 0:
            add("peak_cost_change", 100 * (mcny / before - 1), "%", **place)
    for province, component in reference.index.difference(cost.index):
        before = reference[province, component]
        add("peak_cost_difference", -BN * before, "bn CNY", province=province, technology=component)
    for (province, item), mcny in costs_until(s.transfers, s.horizon, until).items():
        if province == NATION and item != ALL:
            add("peak_transfer", BN * mcny, "bn CNY", technology=item)
    _add_sunk(add, s, base, until)
    _add_ends(add, s, until)


def _add_ends(add: Callable, s: Solved, until: int) -> None:
    """Least and largest peak cost of all plans of the same cost, where the run has them for that window."""
    i = s.indicators
    for end in ("low", "high"):
        rows = i[(i["indicator"] == f"cost_until_{end}") & (i["year"] == min(until, s.horizon.last_year))]
        for value in rows["value"]:
            add(f"peak_cost_{end}", value, "bn CNY")


def _add_sunk(add: Callable, s: Solved, base: Solved, until: int) -> None:
    """The constant that a plan cannot change, and the change of peak cost with it."""
    sunk, before = (costs_until(x.sunk, x.horizon, until) for x in (s, base))
    for (province, component), mcny in sunk.items():
        if component == ALL:
            add("sunk_capital", BN * mcny, "bn CNY", province=province)
    if (NATION, ALL) in sunk:
        whole, other = (
            _peak_costs(x, until)[NATION, ALL] + y[NATION, ALL] for x, y in ((s, sunk), (base, before))
        )
        add("peak_cost_change_with_sunk_capital", 100 * (whole / other - 1), "%")


def _add_other_windows(add: Callable, s: Solved, base: Solved) -> None:
    """Each with its own peak year, and the whole horizon: what a common window hides."""
    for name, last, last_base in (
        ("peak_cost_own_window", window(s), window(base)),
        ("full_horizon_cost", ENTIRE, ENTIRE),
    ):
        cost, reference = _peak_costs(s, last)[NATION, ALL], _peak_costs(base, last_base)[NATION, ALL]
        add(name, BN * cost, "bn CNY")
        add(f"{name}_change", 100 * (cost / reference - 1), "%")


def _add_increment(add: Callable, s: Solved, base: Solved, nothing: Solved) -> None:
    """Peak cost over that of the baseline; its change only where the reference's is worth the name."""
    until = window(base)
    without, reference = _peak_costs(nothing, until), _peak_costs(base, until)
    increment = _peak_costs(s, until).sub(without, fill_value=0.0)
    for (province, component), mcny in increment.items():
        add("peak_cost_increment", BN * mcny, "bn CNY", province=province, technology=component)
    before = reference[NATION, ALL] - without[NATION, ALL]
    if before >= NOTICEABLE * reference[NATION, ALL]:
        add("peak_cost_increment_change", 100 * (increment[NATION, ALL] / before - 1), "%")


def _peak_costs(s: Solved, until: int) -> pd.Series:
    """Discounted resource cost by province and component [MCNY of the base year]."""
    return costs_until(s.system_cost, s.horizon, until)


# -- shares


def _add_share_changes(add: Callable, s: Solved, base: Solved) -> None:
    """Change of every renewable share against the reference, in points and in % of the reference's."""
    key = ["indicator", "province", "technology", "year"]
    mine, other = (x.indicators[x.indicators["indicator"].isin(SHARES)][[*key, "value"]] for x in (s, base))
    for row in mine.merge(other, on=key, suffixes=("", "_before")).itertuples(index=False):
        place = (row.year, row.province, row.technology)
        add(f"{row.indicator}_change", 100 * (row.value - row.value_before), "points", *place)
        if row.value_before > NOTICEABLE:
            relative = 100 * (row.value / row.value_before - 1)
            add(f"{row.indicator}_change_relative", relative, "%", *place)


# -- returns


def _add_returns(add: Callable, s: Solved, base: Solved) -> None:
    tables = [returns(s.projects, base.projects)]
    if UPPER_IRR in s.projects:
        upper = s.projects.assign(irr_pre_tax_real_share=s.projects[UPPER_IRR])
        found = returns(upper, base.projects).query("indicator == 'project_irr'")
        tables.append(found.assign(indicator="project_irr_upper"))
    for row in pd.concat(tables).itertuples(index=False):
        add(row.indicator, row.value, row.unit, row.year, row.province, row.technology)
