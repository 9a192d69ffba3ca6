"""The carbon market and limits on emissions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import (
    Component,
    Rule,
    added,
    by_technology,
    energy,
    pay,
    row,
    running_ever,
)
from tests.crosscheck.pypsa_system import UNIT


def carbon_price(price: Mapping[tuple[str, int], float], duty: Mapping[tuple[str, int], float]) -> Component:
    """A price by (province, year) [MCNY/kt] on what technologies owe in a year [kt/GWh]: a marginal cost."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        year = pd.Index([tick // UNIT for tick, _ in n.snapshots])
        units = n.meta["units"]
        for name in running_ever(n):
            r, g = units.r[name], units.g[name]
            n.generators_t.marginal_cost[name] += [price[r, y] * duty.get((g, y), 0.0) for y in year]

    return add


def limit_of_carriers(most: Mapping[int, float], duty: Mapping[tuple[str, int], float]) -> Component:
    """What technologies owe [kt/GWh] is at most a number in each year: PyPSA's primary energy constraint.

    One constraint knows one investment period, which is a representative period here, or all.  So this is for
    systems with one representative period, or with one year.  It counts a span, our rows a year of it.
    """

    def add(n: pypsa.Network, data: SystemData) -> None:
        one_period, one_year = len(data.time.periods) == 1, len(data.horizon.years) == 1
        assert one_period or one_year
        for y, limit in most.items():
            n.carriers[f"duty {y}"] = [duty.get((g, y), 0.0) for g in n.carriers.index]
            n.add(
                "GlobalConstraint",
                f"limit {y}",
                type="primary_energy",
                carrier_attribute=f"duty {y}",
                investment_period=UNIT * y if one_period else math.nan,
                sense="<=",
                constant=data.horizon.span[y] * limit,
            )

    return add


def dual_of_limit(n: pypsa.Network, data: SystemData, y: int) -> float:
    """Derivative of the cost by `limit_of_carriers` of a year [MCNY per kt a year]."""
    return float(n.model.constraints[f"GlobalConstraint-limit {y}"].dual) * data.horizon.span[y]


def emissions(n: pypsa.Network, data: SystemData, y: int, places: Iterable[str] | None = None):
    """What plants of some provinces emit [kt/yr]."""
    return by_technology(n, data, y, data.emission_factor, places)


def allowance_market(
    duty: Mapping[tuple[str, int], float],
    allowances: Mapping[tuple[str, int], float],
    areas: Mapping[str, Sequence[str]],
    floor: float | None = None,
    ceiling: float | None = None,
    offsets: tuple[float, float, float] | None = None,
    supply: tuple[float, float] | None = None,
    demand: tuple[float, float] | None = None,
    bank: tuple[float, float, float] | None = None,
) -> Rule:
    """Markets whose plants owe a duty [kt/GWh], with all that can cover it or asks for more.

    Args:
        allowances: (area, year) -> kt/yr that the state gives or auctions.
        offsets: most over emissions, kt/yr offered and their price, in the nation.
        supply: kt/yr and price at which other sectors sell, in the first area; ``demand`` likewise.
        bank: limit and first content of the stock of each area [kt], worth of what is left [MCNY/kt].
    """

    def add(n: pypsa.Network, data: SystemData) -> None:
        years, span, first = data.horizon.years, data.horizon.span, next(iter(areas))
        stock = dict.fromkeys(areas, bank[1] if bank else 0.0)
        for y in years:
            factor = {g: x for (g, z), x in duty.items() if z == y}
            used = []
            for area, places in areas.items():
                left = by_technology(n, data, y, factor, places)
                if floor is not None:
                    sold = added(n, f"sold {area} {y}")
                    left, _ = left + sold, pay(n, data, y, -floor * sold)
                if ceiling is not None:
                    bought = added(n, f"bought {area} {y}")
                    left, _ = left - bought, pay(n, data, y, ceiling * bought)
                if offsets:
                    share = {g: offsets[0] * data.emission_factor[g] for g in factor}
                    used.append(added(n, f"offset {area} {y}"))
                    row(
                        n, f"offsets {area} {y}", used[-1] - by_technology(n, data, y, share, places), "<=", 0
                    )
                    left = left - used[-1]
                if supply and area == first:
                    freed = added(n, f"freed {y}", supply[0])
                    left, _ = left - freed, pay(n, data, y, supply[1] * freed)
                if demand and area == first:
                    asked = added(n, f"asked {y}", demand[0])
                    left, _ = left + asked, pay(n, data, y, -demand[1] * asked)
                if bank:
                    kept = added(n, f"bank {area} {y}", bank[0])
                    left, stock[area] = left + (kept - stock[area]) / span[y], 1.0 * kept
                    if y == years[-1]:
                        pay(n, data, y, -bank[2] / span[y] * kept)
                row(n, f"allowances {area} {y}", left, "<=", allowances[area, y])
            if used:
                credits = added(n, f"credits {y}", offsets[1])
                pay(n, data, y, offsets[2] * credits)
                row(n, f"credits used {y}", sum(used) - credits, "<=", 0)

    return add


def emission_limit(most: Mapping[int, float]) -> Rule:
    """Emissions of all plants are at most a number in a year [kt/yr]."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y, limit in most.items():
            row(n, f"emissions {y}", emissions(n, data, y), "<=", limit)

    return add


def provincial_caps(cap: Mapping[tuple[str, int], float], moved: float, trade: bool) -> Rule:
    """Caps on what provinces answer for: of power sent, the receiver answers for the share ``moved`` at the
    sender's factor.  Capped provinces of a year may trade."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y in dict.fromkeys(y for _, y in cap):
            permits = []
            for r in (r for r, z in cap if z == y):
                left = emissions(n, data, y, [r])
                for arc, (_, i, j) in data.arcs.items():
                    if moved and r in (i, j):
                        sign = 1 if r == j else -1
                        factor = sign * moved * data.policy["grid_factor"][i]
                        left = left + factor * energy(n, data, y, [arc], "Link")
                if trade:
                    permits.append(added(n, f"permits {r} {y}", least=-math.inf))
                    left = left - permits[-1]
                row(n, f"provincial {r} {y}", left, "<=", cap[r, y])
            if trade:
                row(n, f"permits {y}", sum(permits), "=", 0)

    return add
