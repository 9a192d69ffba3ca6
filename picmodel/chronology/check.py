"""The dispatch check of a finished run: read, dispatch, compare, write beside the main results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.chronology.comparison import Dispatch, compared
from picmodel.chronology.plan import Plan, full_year, hours_of, park_of, planned, read_plan, saved
from picmodel.chronology.rolling import Rolled, cost_of, roll
from picmodel.chronology.window import Array, Dispatched, Hours, Park, Window
from picmodel.data.system import SystemData
from picmodel.errors import InputError, SelfCheckFailed
from picmodel.report.write import write_netcdf, write_table

Report = Callable[[str, str], None]  # (scenario, stage)
#: how far the year's demand may be from the plan's [share]
SAME_DEMAND = 1e-6
#: rules of the hour that windows do not have: mechanism -> what is missing
LEFT_OUT = {
    "ancillary": "unit commitment, starts and reserves",
    "demand_side": "load that moves or gives way stays as it is",
}


@dataclass(frozen=True)
class Checked:
    """A dispatched year beside its plan.

    Attributes:
        table: columns `comparison.COLUMNS`.
        gap: cost of the plan's dispatch on its own days over the least cost at handed-down prices, less one;
            zero unless the plan has rules of the hour that are left out here.
        left_out: these rules.
        seconds: wall time of everything; cpu_seconds of this process.
    """

    name: str
    year: int
    table: pd.DataFrame
    rolled: Rolled
    gap: float
    left_out: tuple[str, ...]
    seconds: float
    cpu_seconds: float
    files: tuple[Path, ...]

    def notes(self) -> list[str]:
        """How far the figures can be trusted, and what they took."""
        rolled = self.rolled
        return [
            f"On the plan's own days its dispatch costs {self.gap:+.1e} more than the least at handed-down "
            f"prices; left out: {'; '.join(self.left_out) or 'no rule of the hour'}.",
            f"Every rule holds in every hour to {rolled.residual:.0e}; {rolled.windows} windows, "
            f"{rolled.iterations:,} pivots, {self.seconds:.0f} s ({self.cpu_seconds:.0f} s of a core).",
        ]


def check_year(
    folder: Path | str,
    year: int | None = None,
    window_days: int = 7,
    ahead_days: int = 1,
    threads: int = 1,
    report: Report | None = None,
) -> Checked:
    """Dispatch every hour of a planning year of a finished run, and write the comparison to its folder.

    Args:
        folder: results folder of the run.
        year: planning year; may be left out where there is one only.
        window_days, ahead_days: days that a window keeps, and sees beyond them.
        report: called with (scenario, stage) as work goes on.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`; nothing is written.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    folder = Path(folder)
    if not 1 <= window_days <= 365 or not 0 <= ahead_days <= 365 - window_days:
        raise InputError(["--window-days and --ahead-days: write whole days, together at most 365"])
    tell = report or (lambda name, stage: None)
    tell(folder.name, "read")
    plan, scenario = read_plan(folder, year)
    park = park_of(plan)
    tell(plan.name, "the plan's own days")
    own, gap = own_days(plan, park)
    tell(plan.name, "hours of the year")
    data = full_year(scenario, plan.year)
    _require_same_demand(plan, data)
    hours = hours_of(data, park, plan.year, saved(plan, data))

    def progress(done: int, total: int, left: float) -> None:
        tell(plan.name, f"window {done} of {total}, {_duration(left)} left")

    rolled = roll(park, hours, 24 * window_days, 24 * ahead_days, progress, threads)
    arrays = {name: getattr(rolled.found, name) for name in Dispatched.ARRAYS}
    year_found = Dispatch(park, plan.data, plan.year, hours, arrays, np.ones(hours.count))
    table = compared(plan.name, own, year_found)
    tell(plan.name, "write")
    left_out = _left_out(scenario.markets)
    facts = {
        "window_days": window_days,
        "ahead_days": ahead_days,
        "windows": rolled.windows,
        "largest_error": rolled.residual,
        "gap_on_the_days_of_the_plan": gap,
        "left_out": "; ".join(left_out) or "nothing",
    }
    files = _write(folder, plan, park, rolled, table, facts)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    return Checked(plan.name, plan.year, table, rolled, gap, left_out, *spent, files)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def own_days(plan: Plan, park: Park) -> tuple[Dispatch, float]:
    """The plan's own dispatch, and how far it is from the least cost of its days at handed-down prices.

    What mechanisms add to the balance stays as the plan has it, and nothing is guaranteed as a quantity: if
    prices alone hand down all annual rules, the gap is zero by duality.
    """
    arrays = planned(plan, park)
    weight = plan.solution["weight"].to_numpy()
    bare = hours_of(plan.data, park, plan.year)
    hours = replace(bare, demand=_met(park, arrays))
    comes = weight / hours.step
    cost = cost_of(park, hours.step, arrays, comes)
    least = _least_cost(park, hours, comes)
    return Dispatch(park, plan.data, plan.year, hours, arrays, weight), (cost - least) / max(abs(least), 1e-9)


def _met(park: Park, arrays: Mapping[str, Array]) -> Array:
    """Demand that a dispatch meets: what is sent to each province (R, T) [GW]."""
    met = arrays["unserved"] - arrays["surplus"]
    np.add.at(met, park.home, arrays["generation"])
    np.add.at(met, park.store_home, arrays["discharge"] - arrays["charge"])
    np.add.at(met, park.receiver, park.delivered[:, None] * arrays["flow"])
    np.add.at(met, park.sender, -arrays["flow"])
    return met


def _least_cost(park: Park, hours: Hours, comes: Array) -> float:
    """Least cost of representative periods, each cyclic in itself [MCNY/yr]."""
    nothing = np.zeros(0)
    free = replace(
        park, guaranteed=np.zeros(0, int), guarantee=nothing, over_cost=nothing, under_cost=nothing
    )
    n = hours.per_period
    lp = Window(free, n, hours.step, n, cyclic=True)
    total = 0.0
    for first in range(0, hours.count, n):
        steps = np.arange(first, first + n)
        found = lp.solve(hours.part(steps))
        arrays = {name: getattr(found, name) for name in Dispatched.ARRAYS}
        total += cost_of(free, hours.step, arrays, comes[steps])
    return total


def _require_same_demand(plan: Plan, data: SystemData) -> None:
    """The year's energy is that of the plan's days: what differs is when, not how much."""
    for r in plan.data.provinces:
        before, after = (
            sum(d.time.weight[t] * d.demand[r, plan.year, t] for t in d.time.slices)
            for d in (plan.data, data)
        )
        if not abs(after / before - 1) <= SAME_DEMAND:
            raise SelfCheckFailed(
                f"{r}: demand of the year is {after:.6g} GWh, of the plan's days {before:.6g} GWh"
            )


def _left_out(markets: Mapping[str, Any]) -> tuple[str, ...]:
    on = [text for name, text in LEFT_OUT.items() if markets.get(name) is not None]
    contracts = (markets.get("power") or {}).get("contracts") or {}
    physical = ["profiles of physical contracts"] if contracts.get("type") == "physical" else []
    return (*on, *physical)


# -- files


def _write(
    folder: Path, plan: Plan, park: Park, rolled: Rolled, table: pd.DataFrame, facts: Mapping[str, Any]
) -> tuple[Path, ...]:
    """``hourly_<year>.nc`` and ``.csv``; each is written beside its place and renamed."""
    arrays, table_file = folder / f"hourly_{plan.year}.nc", folder / f"hourly_{plan.year}.csv"
    part = folder / f".hourly_{plan.year}-{os.getpid()}"
    whole = dataset(park, rolled).assign_attrs(facts)
    write_netcdf(whole, part, f"All hours of {plan.year} of {plan.name}", f"picmodel dispatch, {plan.name}")
    part.rename(arrays)
    write_table(table, part)
    part.rename(table_file)
    return arrays, table_file


def dataset(park: Park, rolled: Rolled) -> xr.Dataset:
    """Hourly arrays by the names that they have in ``solution.nc``, and the price."""
    found = rolled.found
    provinces = list(park.provinces)
    hours = np.arange(found.price.shape[1])

    def by_unit(array: Array, units: tuple[tuple[str, str], ...]) -> tuple:
        names = list(dict.fromkeys(g for _, g in units))
        dense = np.full((len(provinces), len(names), len(hours)), np.nan, dtype=np.float32)
        for (r, g), row in zip(units, array):
            dense[provinces.index(r), names.index(g)] = row
        return names, dense

    made, output = by_unit(found.generation, park.fleets)
    stored = {name: by_unit(getattr(found, name), park.stores) for name in ("charge", "discharge", "stored")}
    units = {"stored": "GWh"}
    return xr.Dataset(
        {
            "v_generation": (("province", "technology", "time"), output, {"units": "GW"}),
            **{
                f"v_{name}": (("province", "store", "time"), dense, {"units": units.get(name, "GW")})
                for name, (_, dense) in stored.items()
            },
            "v_flow": (("arc", "time"), found.flow.astype(np.float32), {"units": "GW"}),
            "v_unserved": (("province", "time"), found.unserved.astype(np.float32), {"units": "GW"}),
            "surplus": (("province", "time"), found.surplus.astype(np.float32), {"units": "GW"}),
            "price_balance": (
                ("province", "time"),
                found.price.astype(np.float32),
                {"units": "MCNY/GWh", "long_name": "energy price"},
            ),
        },
        coords={
            "province": provinces,
            "technology": made,
            "store": stored["stored"][0],
            "arc": list(park.arcs),
            "time": ("time", hours, {"long_name": "hour of the year, from 1 January 00:00 (UTC+8)"}),
        },
    )
