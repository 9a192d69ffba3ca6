"""The power market: barriers, planned hours, curtailment limits and contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import (
    Component,
    Rule,
    added,
    available_hours,
    capacity,
    energy,
    in_snapshot,
    pay,
    power,
    row,
    running,
    slices_of,
)


def barrier(price: float) -> Component:
    """A hurdle on every flow [MCNY/GWh]: a marginal cost."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        n.links.loc[list(data.arcs), "marginal_cost"] += price

    return add


def leave_by_age(fleets: Sequence[tuple[str, str]]) -> Component:
    """Fleets that stay as long as they can: least capacity is what survives."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        units = n.meta["units"]
        names = [x for x in units.index[units.kept] if (units.r[x], units.g[x]) in set(fleets)]
        n.generators.loc[names, "p_nom_min"] = units.most[names]

    return add


def planned_hours(hours: Mapping[tuple[str, str], float], share: Mapping[int, float], slack: float) -> Rule:
    """Output of a fleet is at least guaranteed hours, of gross capacity less own use, or pays."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y, part in share.items():
            for (r, g), h in hours.items():
                names = running(n, y, [r], [g])
                missing = added(n, f"hours missing {r} {g} {y}")
                pay(n, data, y, slack * missing)
                owed = part * h * (1 - data.own_use[g])
                gw = capacity(n, names)
                row(n, f"hours {r} {g} {y}", energy(n, data, y, names) + missing - owed * gw, ">=", 0)

    return add


def taken_first(limit: float, slack: float) -> Rule:
    """Wind and sun give at least a share of what is available; what is missing is paid."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y in data.horizon.years:
            for r, g in data.fleets:
                names = running(n, y, [r], [g])
                if data.group[g] not in ("wind", "solar") or not names:
                    continue
                hours = available_hours(data, r, g)
                missing = added(n, f"curtailed {r} {g} {y}")
                pay(n, data, y, slack * missing)
                gw = capacity(n, names)
                row(
                    n,
                    f"taken {r} {g} {y}",
                    energy(n, data, y, names) + missing - (1 - limit) * hours * gw,
                    ">=",
                    0,
                )

    return add


def flat_contracts(band: float) -> Rule:
    """Net flow from the contract's sender keeps within a band around one power a year, which is chosen."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for arc, (line, i, j) in data.arcs.items():
            if line.contract_from != i:
                continue
            back = next(b for b, (other, a, _) in data.arcs.items() if other == line and a == j)
            for y in data.horizon.years:
                agreed = added(n, f"contract {arc} {y}")
                net = power(n, "Link", [arc], y).sum("name") - power(n, "Link", [back], y).sum("name")
                row(n, f"contract least {arc} {y}", net - (1 - band) * agreed, ">=", 0)
                row(n, f"contract most {arc} {y}", net - (1 + band) * agreed, "<=", 0)

    return add


def physical_contracts(groups: Sequence[str], share: float, slack: float) -> Rule:
    """In every hour plants give at least a share of their mean output; what is missing is paid."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y in data.horizon.years:
            for r, g in data.fleets:
                names = running(n, y, [r], [g])
                if data.group[g] not in groups or not names:
                    continue
                mean = share / sum(data.time.weight.values()) * energy(n, data, y, names)
                for now in slices_of(n, y):
                    missing = added(n, f"undelivered {r} {g} {now}")
                    pay(n, data, y, slack * data.time.weight[now[1]] * missing)
                    given = sum(in_snapshot(n, "Generator-p", x, now) for x in names)
                    row(n, f"delivery {r} {g} {now}", given + missing - mean, ">=", 0)

    return add
