"""Green certificates, the obligation of the provinces, and the link to carbon."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import (
    Rule,
    added,
    available_hours,
    by_technology,
    consumption,
    energy,
    pay,
    row,
    running,
)

CLASSES = ("hydro", "nonhydro")


@dataclass(frozen=True)
class CarbonLink:
    """Certificates that count in a carbon market, whose row the rule then writes.

    Attributes:
        allowances: kt/yr of the carbon market.
        duty: what plants owe [kt/GWh], by (technology, year).
        kappa: t CO2 that a certificate counts there.
        eligible: technologies and first vintage whose certificates count there.
        surrender_share: most that certificates may cover of what is emitted.
        both_ways: allowances also serve the obligation.
    """

    allowances: Mapping[int, float]
    duty: Mapping[tuple[str, int], float]
    kappa: float
    eligible: tuple[Sequence[str], int]
    surrender_share: float
    both_ways: bool


def obligation(
    payment: float,
    trade: str = "national",
    factor: float = 1.0,
    volunteers: tuple[float, float] | None = None,
    link: CarbonLink | None = None,
) -> Rule:
    """Certificates of two classes and the nested obligation of provinces.

    Args:
        payment: what a missing MWh costs [MCNY/GWh].
        trade: ``none``, ``bundled`` (with power that flows) or ``national``.
        factor: on the weights of the policy tables.
        volunteers: GWh/yr of non-hydro certificates and what they are worth [MCNY/GWh].
    """

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y in data.horizon.years:
            balance = {(r, k): certified(n, data, y, r, k) for r in data.provinces for k in CLASSES}
            served = {}  # with allowances
            for r in data.provinces:
                served[r] = added(n, f"from allowances {r} {y}", math.inf if link and link.both_ways else 0.0)
                for k, used in _obliged(n, data, r, y, served[r], payment, factor).items():
                    balance[r, k] = balance[r, k] - used
            if volunteers:
                wanted = added(n, f"volunteers {y}", volunteers[0])
                pay(n, data, y, -volunteers[1] * wanted)
                first = data.provinces[0]
                balance[first, "nonhydro"] = balance[first, "nonhydro"] - wanted
            if link:
                _link(n, data, y, link, balance, served.values())
            _trade(n, data, y, balance, trade)

    return add


def _obliged(
    n: pypsa.Network, data: SystemData, r: str, y: int, other, payment: float, factor: float
) -> dict:
    """The nested obligation of a province; certificates that it uses, by class.  ``other`` serves it too."""
    use = {k: added(n, f"use {k} {r} {y}") for k in CLASSES}
    short = {k: added(n, f"short {k} {r} {y}") for k in ("nonhydro", "any")}
    pay(n, data, y, payment * (short["nonhydro"] + short["any"]))
    served, fixed = consumption(n, data, r, y)
    strict = factor * data.policy["weight_nonhydro"][r, y]
    total = factor * data.policy["weight_total"][r, y]
    green = use["nonhydro"] + other + short["nonhydro"]
    row(n, f"nonhydro {r} {y}", green - strict * served, ">=", strict * fixed)
    green = green + use["hydro"] + short["any"]
    row(n, f"total {r} {y}", green - total * served, ">=", total * fixed)
    return use


def _link(n: pypsa.Network, data: SystemData, y: int, link: CarbonLink, balance: dict, others) -> None:
    """What is surrendered leaves the balance and covers emissions; what ``others`` are is owed on top."""
    surrendered = []
    for r, k in balance:
        given = added(n, f"surrendered {k} {r} {y}")
        row(n, f"eligible {k} {r} {y}", given - possible(n, data, r, k, y, link.eligible), "<=", 0)
        balance[r, k] = balance[r, k] - given
        surrendered.append(link.kappa * given)
    owed = by_technology(n, data, y, {g: x for (g, z), x in link.duty.items() if z == y})
    asked = sum(link.kappa * other for other in others)
    row(n, f"allowances {y}", owed + asked - sum(surrendered), "<=", link.allowances[y])
    share = {g: link.surrender_share * data.emission_factor[g] for g, z in link.duty if z == y}
    row(n, f"surrender {y}", sum(surrendered) - by_technology(n, data, y, share), "<=", 0)


def certified(n: pypsa.Network, data: SystemData, y: int, r: str, k: str):
    """Certificates that are made: one for each MWh [GWh/yr], less those that lapse."""
    factor = {g: 1.0 for g, x in data.renewable_class.items() if x == k}
    return by_technology(n, data, y, factor, [r]) - added(n, f"lapsed {k} {r} {y}")


def possible(n: pypsa.Network, data: SystemData, r: str, k: str, y: int, eligible):
    """What eligible vintages could produce [GWh/yr]."""
    technologies, since = eligible
    units, parts = n.meta["units"], []
    for name in running(n, y, [r], technologies):
        g = units.g[name]
        if not units.kept[name] and units.year[name] >= since and data.renewable_class[g] == k:
            parts.append(available_hours(data, r, g) * n.model["Generator-p_nom"].sel(name=name))
    return sum(parts) if parts else 0


def _trade(n: pypsa.Network, data: SystemData, y: int, balance: dict, trade: str) -> None:
    """Balances: of the nation, or of provinces between which certificates go with power or not at all."""
    if trade == "national":
        for k in CLASSES:
            row(n, f"certificates {k} {y}", sum(balance[r, k] for r in data.provinces), "=", 0)
        return
    for arc, (line, i, j) in data.arcs.items() if trade == "bundled" else ():
        with_power = {k: added(n, f"bundled {k} {arc} {y}") for k in CLASSES}
        arriving = (1 - line.loss) * energy(n, data, y, [arc], "Link")
        row(n, f"bundled {arc} {y}", sum(with_power.values()) - arriving, "<=", 0)
        for k, gwh in with_power.items():
            balance[i, k], balance[j, k] = balance[i, k] - gwh, balance[j, k] + gwh
    for (r, k), left in balance.items():
        row(n, f"certificates {k} {r} {y}", left, "=", 0)
