"""Carbon capture: coal units that are converted, and where the CO2 goes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import (
    Rule,
    by_technology,
    calendar,
    capacity,
    row,
    running,
    running_ever,
)
from tests.crosscheck.pypsa_system import UNIT


def converted(n: pypsa.Network, data: SystemData) -> None:
    """Coal units with capture added: a generator of its own that takes the place of the unit kept.

    It pays the unit's fixed O&M and the annuity of the conversion; the rule `conversions` keeps both together
    within the fleet that stands.
    """
    units, policy = n.meta["units"], data.policy
    found = []
    for (f, g, v), annuity in policy["retrofit_annuity"].items():
        for r in data.provinces:
            if (r, f, v) not in data.surviving or (r, g) not in data.fleets or v in data.horizon.past:
                continue
            fom = data.fixed_om[f, data.horizon.base_year]
            found.append(
                (f"{r} {f} to {g} {v}", r, g, v, False, data.life[g], 0.0, math.inf, annuity, fom, False)
            )
    new = pd.DataFrame(found, columns=["name", *units.columns]).set_index("name")
    n.meta["units"] = pd.concat([units, new])
    for name, u in new.iterrows():
        times = calendar(n)
        available = [data.availability.get((u.r, u.g, t), 0.0) for _, t in times]
        running_cost = [data.fuel_cost[u.r, u.g, y] + data.variable_om[u.g, y] for y, _ in times]
        n.add(
            "Generator", name, bus=u.r, carrier=u.g, p_nom_extendable=True, build_year=UNIT * u.year,
            lifetime=UNIT * u.life, capital_cost=u.annuity, fom_cost=u.fom,
            p_max_pu=pd.Series(available, index=n.snapshots),
            marginal_cost=pd.Series(running_cost, index=n.snapshots),
        )  # fmt: skip


def storage_of_co2(n: pypsa.Network, data: SystemData) -> None:
    """Transport and storage of what is captured, in the province where it is: a marginal cost."""
    units = n.meta["units"]
    for name in running_ever(n):
        n.generators_t.marginal_cost[name] += data.policy["co2_storage_cost"][
            units.r[name]
        ] * data.captured.get(units.g[name], 0.0)


def conversions(injection: Mapping[int, float] | None = None) -> Rule:
    """Kept and converted units are those that stand, and none comes back; limits of both."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        units = n.meta["units"]
        n.model.remove_constraints("Generator-retired")
        before: dict = {}
        for y in data.horizon.years:
            for (r, g, z), most in data.surviving.items():
                kept = f"{r} {g} kept {y}"
                if z != y or kept not in units.index or units.stores[kept]:
                    continue
                moved = [x for x in running(n, y, [r]) if x.startswith(f"{r} {g} to ")]
                stands = capacity(n, [kept, *moved])
                row(n, f"stands {r} {g} {y}", stands, "<=", most)
                if (r, g) in before:
                    row(n, f"retired {r} {g} {y}", stands - before[r, g], "<=", 0)
                before[r, g] = stands
            if injection is not None and running(n, y, technologies=data.captured):
                row(n, f"injection {y}", by_technology(n, data, y, data.captured), "<=", injection[y])
        for (g, v), most in data.policy["retrofit_limit"].items():
            names = units.index[(units.g == g) & (units.year == v) & units.index.str.contains(" to ")]
            if len(names):
                row(n, f"conversion {g} {v}", capacity(n, names), "<=", most)

    return add
