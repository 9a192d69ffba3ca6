"""Energy saving: measures, white certificates and energy-use rights."""

from __future__ import annotations

import math

import pandas as pd
import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import (
    Rule,
    added,
    calendar,
    capacity,
    consumption,
    pay,
    row,
)
from tests.crosscheck.pypsa_system import UNIT


def savings(n: pypsa.Network, data: SystemData) -> None:
    """Measures: generators of the shape of what they save, whose capacity is a GWh a year."""
    policy, less = data.policy, n.meta.setdefault("less", {})
    pairs = dict.fromkeys((r, k) for r, k, _ in policy["saving_potential"] if r in data.provinces)
    years = [y for y in data.horizon.years if y not in data.horizon.past]
    for r, k in pairs:
        shape = pd.Series([policy["saving_shape"][r, k, t] for _, t in calendar(n)], index=n.snapshots)
        for v in years:
            name, life = f"{r} {k} {v}", policy["saving_life"][k]
            n.add(
                "Generator", name, bus=r, carrier="unserved", p_nom_extendable=True, p_max_pu=shape,
                p_min_pu=shape, marginal_cost=policy["saving_cost"][k,], build_year=UNIT * v,
                lifetime=UNIT * life,
            )  # fmt: skip
            for y in (y for y in years if v <= y < v + life):
                less.setdefault((r, y), []).append(name)


def saving_obligations(white: float, quota: float, verification: float, payment: float, merged: bool) -> Rule:
    """White certificates (a share of sales) and energy-use rights (a quota on use), apart or merged.

    Apart, a saving that was not certified for the quota is added back to use, so that it helps one of them.
    Merged, the nation certifies the sum of both targets.  Nothing is owed in past years.
    """

    def add(n: pypsa.Network, data: SystemData) -> None:
        policy, tce = data.policy, data.policy["conversion"]["coal_equivalent"]
        for y in (y for y in data.horizon.years if y not in data.horizon.past):
            goal, certified, target = [], [], 0.0
            short = added(n, f"short {y}") if merged else None
            for r in data.provinces:
                saved = _saved(n, data, r, y)
                used, fixed = consumption(n, data, r, y)
                a = added(n, f"white {r} {y}", math.inf if merged or policy["white_pilots"].get(r) else 0.0)
                b = added(
                    n, f"use {r} {y}", 0.0 if merged or not policy["use_right_pilots"].get(r) else math.inf
                )
                pay(n, data, y, verification * (a + b))
                row(n, f"one use {r} {y}", a + b - saved, "<=", 0)
                certified.append(a)
                if policy["white_pilots"].get(r):
                    goal, target = [*goal, white * used], target + white * fixed
                    if not merged:
                        missing = added(n, f"short white {r} {y}")
                        pay(n, data, y, payment * tce * missing)
                        row(n, f"white {r} {y}", a + missing - white * used, ">=", white * fixed)
                if policy["use_right_pilots"].get(r):
                    goal, target = [*goal, used + saved], target + (1 - quota) * fixed
                    if not merged:
                        missing = added(n, f"short use {r} {y}")
                        pay(n, data, y, payment * tce * missing)
                        row(n, f"use {r} {y}", used + saved - b - missing, "<=", (quota - 1) * fixed)
            if merged:
                pay(n, data, y, payment * tce * short)
                row(n, f"saving {y}", sum(certified) + short - sum(goal), ">=", target)
            _potential(n, data, y)

    return add


def _saved(n: pypsa.Network, data: SystemData, r: str, y: int):
    names = n.meta["less"].get((r, y), [])
    return capacity(n, names) if names else 0 * added(n, f"none {r} {y}", 0.0)


def _potential(n: pypsa.Network, data: SystemData, y: int) -> None:
    """Potentials grow from year to year, so they are rows: ``p_nom_max`` is of one vintage."""
    for (r, k, z), gwh in data.policy["saving_potential"].items():
        names = [x for x in n.meta["less"].get((r, y), []) if x.startswith(f"{r} {k} ")]
        if z == y and names:
            row(n, f"potential {r} {k} {y}", capacity(n, names), "<=", gwh)
