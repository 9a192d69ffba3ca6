"""What is only known beside another run: peak cost and its change, returns on a common portfolio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from picmodel.data.system import Horizon
from picmodel.finance.projects import weighted_irr
from picmodel.indicators.peak_cost import cost_until, find_peak


@dataclass
class Solved:
    """What a worker leaves for the comparison: small tables; the large ones are on disk."""

    name: str
    folder: Path
    indicators: pd.DataFrame
    projects: pd.DataFrame
    system_cost: pd.DataFrame
    emissions: dict[int, float]
    horizon: Horizon
    peak_cost_until: int | None
    manifest: dict = field(default_factory=dict)


def peak_note(s: Solved) -> dict:
    peak = find_peak(s.emissions)
    return {
        "year": peak.year,
        "plateau_end": peak.plateau_end,
        "level_mt": peak.level / 1e3,
        "within_horizon": peak.within,
    }


def compared(s: Solved, base: Solved) -> pd.DataFrame:
    """System cost, peak and peak cost, and project returns, with the change against the reference."""
    rows: list[tuple] = []

    def add(
        indicator: str, value: float, unit: str, year: int = 0, province: str = "CN", technology: str = "all"
    ):
        rows.append((indicator, province, technology, year, value, unit))

    for row in s.system_cost.itertuples(index=False):
        add("system_cost", row.mcny / 1e3, "bn CNY/yr", row.year, row.province)
    peak, until = find_peak(s.emissions), window(base)
    add("peak_year", peak.year if peak.within else float("nan"), "yr")
    add("peak_level", peak.level / 1e3, "Mt CO2")
    add("peak_cost_until", until, "yr")
    for province, path in s.system_cost.groupby("province", sort=False):
        cost = cost_until(dict(zip(path.year, path.mcny)), s.horizon, until)
        add("peak_cost", cost / 1e3, "bn CNY", province=str(province))
    national, other = (_national_cost(x) for x in (s, base))
    for name, last, last_base in (
        ("peak_cost", until, until),
        ("peak_cost_own_window", window(s), window(base)),
        ("full_horizon_cost", 9999, 9999),
    ):
        cost, reference = cost_until(national, s.horizon, last), cost_until(other, base.horizon, last_base)
        if name != "peak_cost":
            add(name, cost / 1e3, "bn CNY")
        add(f"{name}_change", 100 * (cost / reference - 1), "%")
    _add_returns(add, s, base)
    return pd.DataFrame(rows, columns=["indicator", "province", "technology", "year", "value", "unit"])


def _national_cost(s: Solved) -> dict[int, float]:
    nation = s.system_cost[s.system_cost.province == "CN"]
    return dict(zip(nation.year, nation.mcny))


def window(s: Solved) -> int:
    """Calendar year to which peak cost is counted: declared, else the planning year of the peak."""
    return s.peak_cost_until if s.peak_cost_until is not None else find_peak(s.emissions).year


def _add_returns(add: Callable, s: Solved, base: Solved) -> None:
    for row in s.projects.itertuples(index=False):
        if pd.notna(row.irr_pre_tax_real_share):
            add(
                "project_irr",
                100 * row.irr_pre_tax_real_share,
                "%",
                row.commissioned,
                row.province,
                row.technology,
            )
    common = weighted_irr(s.projects, base.projects)
    reference = weighted_irr(base.projects, base.projects).set_index(["technology", "commissioned"])[
        "irr_share"
    ]
    for row in common.itertuples(index=False):
        add("project_irr", 100 * row.irr_share, "%", row.commissioned, technology=row.technology)
        before = reference.get((row.technology, row.commissioned))
        if before is not None:
            add(
                "project_irr_change",
                100 * (row.irr_share - before),
                "points",
                row.commissioned,
                technology=row.technology,
            )
            if before > 0:
                add(
                    "project_irr_change_relative",
                    100 * (row.irr_share / before - 1),
                    "%",
                    row.commissioned,
                    technology=row.technology,
                )
    for row in weighted_irr(s.projects, s.projects).itertuples(index=False):
        add(
            "project_irr_own_portfolio", 100 * row.irr_share, "%", row.commissioned, technology=row.technology
        )
