"""Load that moves within the day, and load that is given up at its value."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import Component, calendar
from tests.crosscheck.pypsa_system import UNIT


def _alone(y: int) -> dict:
    """Of one planning year."""
    return {"build_year": UNIT * y, "lifetime": UNIT}


def shiftable(classes: Sequence[str], connected: float, cost: float, loss: float) -> Component:
    """Load that moves within the day: a store between two links, all with limits."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for (k, r, y), share in data.policy["flexible_share"].items():
            if k not in classes:
                continue
            hours = sum(data.time.weight.values())
            mean = share * sum(data.time.weight[t] * data.demand[r, y, t] for t in data.time.slices) / hours
            load = pd.Series([share * data.demand[r, z, t] for z, t in calendar(n)], index=n.snapshots)
            name, alive = f"{r} {k} {y}", _alone(y)
            n.add("Bus", f"{name} moved", carrier="held")
            room = (connected * mean - load).clip(lower=0.0)
            for word, ends, limit, more in (
                ("up", (r, f"{name} moved"), room, dict(efficiency=1 - loss)),
                ("down", (f"{name} moved", r), load, dict(marginal_cost=cost)),
            ):
                bus0, bus1 = ends
                n.add(
                    "Link", f"{name} {word}", bus0=bus0, bus1=bus1, p_nom=1.0, p_max_pu=limit, carrier="flow",
                    **more, **alive,
                )  # fmt: skip
            most = mean * data.policy["flexible_hours"][k]
            n.add(
                "Store", f"{name} moved", bus=f"{name} moved", carrier="held", e_nom=most,
                e_cyclic_per_period=True, **alive,
            )  # fmt: skip

    return add


def price_responsive(n: pypsa.Network, data: SystemData) -> None:
    """Load that is given up at its value: a generator that bids it."""
    for (block,), share in data.policy["responsive_share"].items():
        for r in data.provinces:
            load = pd.Series([share * data.demand[r, y, t] for y, t in calendar(n)], index=n.snapshots)
            bid = data.policy["responsive_value"][block,]
            n.add(
                "Generator",
                f"{r} {block}",
                bus=r,
                carrier="unserved",
                p_nom=1.0,
                p_max_pu=load,
                marginal_cost=bid,
            )
