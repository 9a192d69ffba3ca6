"""Mechanisms in PyPSA: its own components where it has them, else rows through linopy from the economics.

A mechanism is said by functions of two kinds.  A *component* changes the network before its model exists
(`carbon_price`, `limit_of_carriers`, `committed`, `shiftable`, `price_responsive`, `savings`, `converted`).
A *rule* adds rows and costs to the linopy model afterwards.  Nothing is taken from `picmodel.markets`:
what both programs share is `SystemData` with its policy tables, and the numbers of the scenario.

Units are those of the system: GW, GWh, kt, MCNY.  A row of a year is written for that year, not for its
span, so that its dual is the derivative of the discounted cost by one unit a year in every year of the span.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import linopy
import pandas as pd
import pypsa
import xarray as xr

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_system import SIMPLEX, UNIT, add_rules, network_of, quiet

Component = Callable[[pypsa.Network, SystemData], None]
Rule = Callable[[pypsa.Network, SystemData], None]


def solved(
    data: SystemData,
    components: Sequence[Component] = (),
    rules: Sequence[Rule] = (),
    **options,
) -> pypsa.Network:
    """The network at least cost, with mechanisms.

    Args:
        options: of `Network.optimize`, such as ``linearized_unit_commitment``.
    """
    with quiet():
        n = network_of(data, native_limits=False)
        for add in components:
            add(n, data)

        def complete(n: pypsa.Network, snapshots: pd.Index) -> None:
            add_rules(n, snapshots, data)
            for add in rules:
                add(n, data)

        status = n.optimize(
            multi_investment_periods=True,
            include_objective_constant=False,
            io_api="direct",
            extra_functionality=complete,
            solver_options={"output_flag": False, **SIMPLEX},
            **options,
        )
    if status != ("ok", "optimal"):
        raise RuntimeError(f"PyPSA: {status}")
    return n


def cost_of(n: pypsa.Network) -> float:
    """What was minimised [MCNY, discounted]."""
    return float(n.objective + n.objective_constant) + n.meta.get("constant", 0.0)


def dual(n: pypsa.Network, name: str) -> float:
    """Derivative of the discounted cost by the right side of a row [MCNY per unit and year]."""
    return float(n.model.constraints[name].dual)


# -- what a row is made of


def slices_of(n: pypsa.Network, y: int) -> pd.MultiIndex:
    """Snapshots of a planning year."""
    return n.snapshots[[tick // UNIT == y for tick, _ in n.snapshots]]


def weight(n: pypsa.Network, data: SystemData, y: int) -> xr.DataArray:
    """Hours a year of the snapshots of a planning year [h/yr]."""
    index = slices_of(n, y)
    return pd.Series(
        [data.time.weight[t] for _, t in index], index=index.rename(n.snapshots.names)
    ).to_numpy()


def running(
    n: pypsa.Network, y: int, places: Iterable[str] | None = None, technologies: Iterable[str] | None = None
) -> list[str]:
    """Generators of some provinces and technologies that stand in a planning year."""
    units = n.meta["units"]
    places, technologies = places and set(places), technologies and set(technologies)
    alive = (units.year <= y) & (y < units.year + units.life) & ~units.stores
    if places is not None:
        alive &= units.r.isin(places)
    if technologies is not None:
        alive &= units.g.isin(technologies)
    return units.index[alive].to_list()


def power(n: pypsa.Network, component: str, names: Sequence[str], y: int):
    """Power of components by snapshot of a year [GW]."""
    return n.model[f"{component}-p"].sel(name=list(names), snapshot=slices_of(n, y))


def energy(n: pypsa.Network, data: SystemData, y: int, names: Sequence[str], component: str = "Generator"):
    """Output of components in a planning year [GWh/yr]; 0 where there is none."""
    if not len(names):
        return 0
    hours = xr.DataArray(weight(n, data, y), dims="snapshot")
    found = power(n, component, names, y)
    return (hours.assign_coords(snapshot=found.indexes["snapshot"]) * found).sum()


def by_technology(
    n: pypsa.Network,
    data: SystemData,
    y: int,
    factor: Mapping[str, float],
    places: Iterable[str] | None = None,
):
    """Output times a factor of its technology, summed: emissions, duties, certificates."""
    parts = [
        x * energy(n, data, y, running(n, y, places, [g]))
        for g, x in factor.items()
        if x and running(n, y, places, [g])
    ]
    return sum(parts) if parts else 0


def added(n: pypsa.Network, name: str, most: float = math.inf, least: float = 0.0) -> linopy.Variable:
    """A quantity that the components do not have, within limits."""
    return n.model.add_variables(lower=least, upper=most, name=name)


def pay(n: pypsa.Network, data: SystemData, y: int, amount) -> None:
    """Add a yearly amount to what is minimised [MCNY/yr]."""
    n.model.objective = n.model.objective.expression + data.horizon.discount[y] * amount


def row(n: pypsa.Network, name: str, left, sign: str, right: float) -> None:
    """A row with its variables on the left."""
    n.model.add_constraints(left, sign, right, name=name)


# -- carbon


def carbon_price(price: Mapping[tuple[str, int], float], duty: Mapping[tuple[str, int], float]) -> Component:
    """A price by (province, year) [MCNY/kt] on what technologies owe in a year [kt/GWh]: a marginal cost."""

    def add(n: pypsa.Network, data: SystemData) -> None:
        year = pd.Index([tick // UNIT for tick, _ in n.snapshots])
        units = n.meta["units"]
        for name in running_ever(n):
            r, g = units.r[name], units.g[name]
            n.generators_t.marginal_cost[name] += [price[r, y] * duty.get((g, y), 0.0) for y in year]

    return add


def running_ever(n: pypsa.Network) -> list[str]:
    units = n.meta["units"]
    return units.index[~units.stores].to_list()


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


# -- certificates


def consumption(n: pypsa.Network, data: SystemData, r: str, y: int):
    """Demand that is served, with losses of stores, less what is saved or given up: variables, a number."""
    units = n.meta["units"]
    alive = (units.year <= y) & (y < units.year + units.life) & units.stores & (units.r == r)
    stores = units[alive]
    found = -1 * energy(n, data, y, [f"{r} unserved", *n.meta.get("less", {}).get((r, y), [])])
    for s, names in stores.groupby("g").groups.items():
        out = [f"{name} out" for name in names]
        found = found + energy(n, data, y, list(names), "Link")
        found = found - math.sqrt(data.efficiency[s]) * energy(n, data, y, out, "Link")
    return found, sum(data.time.weight[t] * data.demand[r, y, t] for t in data.time.slices)


def obligation(
    payment: float,
    trade: str = "national",
    allowances: Mapping[int, float] | None = None,
    duty: Mapping[tuple[str, int], float] | None = None,
    kappa: float = 0.0,
    eligible: tuple[Sequence[str], int] = ((), 0),
    both_ways: bool = False,
    surrender_share: float = 1.0,
    factor: float = 1.0,
    volunteers: tuple[float, float] | None = None,
) -> Rule:
    """Certificates of two classes and the nested obligation of provinces; with ``kappa`` linked to carbon.

    Args:
        payment: what a missing MWh costs [MCNY/GWh].
        trade: ``none``, ``bundled`` (with power that flows) or ``national``.
        allowances: kt/yr of the carbon market, which this rule then writes; ``duty`` is what plants owe.
        kappa: t CO2 that a certificate counts there.
        eligible: technologies and first vintage whose certificates count there.
        factor: on the weights of the policy tables.
        volunteers: GWh/yr of non-hydro certificates and what they are worth [MCNY/GWh].
    """
    classes = ("hydro", "nonhydro")

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y in data.horizon.years:
            balance = {(r, k): certified(n, data, y, r, k) for r in data.provinces for k in classes}
            credit = []
            for r in data.provinces:
                use = {k: added(n, f"use {k} {r} {y}") for k in classes}
                other = added(n, f"from allowances {r} {y}", math.inf if both_ways else 0.0)
                short = {k: added(n, f"short {k} {r} {y}") for k in ("nonhydro", "any")}
                pay(n, data, y, payment * (short["nonhydro"] + short["any"]))
                served, fixed = consumption(n, data, r, y)
                strict = factor * data.policy["weight_nonhydro"][r, y]
                total = factor * data.policy["weight_total"][r, y]
                green = use["nonhydro"] + other + short["nonhydro"]
                row(n, f"nonhydro {r} {y}", green - strict * served, ">=", strict * fixed)
                green = green + use["hydro"] + short["any"]
                row(n, f"total {r} {y}", green - total * served, ">=", total * fixed)
                credit.append(-kappa * other)
                for k in classes:
                    balance[r, k] = balance[r, k] - use[k]
                    if kappa:
                        given = added(n, f"surrendered {k} {r} {y}")
                        row(n, f"eligible {k} {r} {y}", given - possible(n, data, r, k, y, eligible), "<=", 0)
                        balance[r, k] = balance[r, k] - given
                        credit.append(kappa * given)
            if volunteers:
                wanted = added(n, f"volunteers {y}", volunteers[0])
                pay(n, data, y, -volunteers[1] * wanted)
                first = data.provinces[0]
                balance[first, "nonhydro"] = balance[first, "nonhydro"] - wanted
            _trade(n, data, y, balance, trade)
            if allowances is not None:
                net = {g: x for (g, z), x in (duty or {}).items() if z == y}
                owed = by_technology(n, data, y, net)
                row(n, f"allowances {y}", owed - sum(credit), "<=", allowances[y])
                emitted = by_technology(
                    n, data, y, {g: surrender_share * data.emission_factor[g] for g in net}
                )
                given = [x for x in credit if x.vars.size and float(x.coeffs.max()) > 0]
                if given:
                    row(n, f"surrender {y}", sum(given) - emitted, "<=", 0)

    return add


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
            hours = sum(data.time.weight[t] * data.availability.get((r, g, t), 0.0) for t in data.time.slices)
            parts.append(hours * n.model["Generator-p_nom"].sel(name=name))
    return sum(parts) if parts else 0


def _trade(n: pypsa.Network, data: SystemData, y: int, balance: dict, trade: str) -> None:
    """Balances: of the nation, or of provinces between which certificates go with power or not at all."""
    classes = ("hydro", "nonhydro")
    if trade == "national":
        for k in classes:
            row(n, f"certificates {k} {y}", sum(balance[r, k] for r in data.provinces), "=", 0)
        return
    for arc, (line, i, j) in data.arcs.items() if trade == "bundled" else ():
        with_power = {k: added(n, f"bundled {k} {arc} {y}") for k in classes}
        arriving = (1 - line.loss) * energy(n, data, y, [arc], "Link")
        row(n, f"bundled {arc} {y}", sum(with_power.values()) - arriving, "<=", 0)
        for k, gwh in with_power.items():
            balance[i, k], balance[j, k] = balance[i, k] - gwh, balance[j, k] + gwh
    for (r, k), left in balance.items():
        row(n, f"certificates {k} {r} {y}", left, "=", 0)


# -- commitment and reserves


def committed(technologies: Sequence[str], ramps: bool = False) -> Component:
    """Fleets whose units start and have a least output: PyPSA's linearised unit commitment.

    Both programs say the same where the capacity of a fleet is a number and its availability does not change:
    with extendable capacity PyPSA writes a big-M form, which is looser than ours, and with changing
    availability our starts are of available GW, PyPSA's of the fleet.  Its other differences are set so that
    they have no effect: no least times, a start that costs and a stop that does not (with equal costs it
    adds rows that tighten), all units on before the first snapshot, and no cost of capital (a number then).
    """

    def add(n: pypsa.Network, data: SystemData) -> None:
        units, g, policy = n.meta["units"], n.generators, data.policy
        names = units.index[units.g.isin(technologies)]
        assert set(units.least[names] - units.most[names]) == {0.0}, "capacity must be a number"
        for name in names:
            r, tech, y = units.r[name], units.g[name], units.year[name]
            share = {data.availability[r, tech, t] for t in data.time.slices}
            assert len(share) == 1, "availability must not change"
            assert not any((r, tech, t) in data.min_output for t in data.time.slices), "no heat"
            gw = units.most[name] * share.pop()
            n.meta["constant"] = n.meta.get("constant", 0.0) + data.horizon.discount[y] * (
                (units.annuity[name] + units.fom[name]) * units.most[name]
            )
            least, net = policy["min_stable"][tech], 1 - data.own_use.get(tech, 0.0)
            g.loc[name, ["p_nom_extendable", "p_nom", "committable"]] = [False, gw, True]
            g.loc[name, ["min_up_time", "min_down_time", "up_time_before"]] = [0, 0, 1]
            n.generators_t.p_max_pu[name], n.generators_t.p_min_pu[name] = 1.0, least
            n.generators_t.start_up_cost[name] = [
                data.horizon.discount[tick // UNIT]
                * (data.time.weight[t] / data.time.step)
                * policy["start_cost"].get(tech, 0.0)
                / net
                * gw
                for tick, t in n.snapshots
            ]
            ramp = policy.get("ramp", {}).get(tech, 1.0) * data.time.step
            if ramps and ramp < 1:
                g.loc[name, ["ramp_limit_up", "ramp_limit_down"]] = ramp
                g.loc[name, ["ramp_limit_start_up", "ramp_limit_shut_down"]] = max(least, ramp)
        n.meta["committed"] = names.to_list()

    return add


def day_follows_itself(n: pypsa.Network, data: SystemData) -> None:
    """The first snapshot of a representative period follows its last.  Reason: PyPSA's status starts once,
    and runs on from one period to the next, where its start would count."""
    m, names = n.model, n.meta["committed"]
    m.remove_constraints("Generator-com-transition-start-up")
    g = n.generators
    for tick in n.investment_periods:
        index = n.snapshots[[period == tick for period, _ in n.snapshots]]
        standing = [
            name for name in names if g.build_year[name] <= tick < g.build_year[name] + g.lifetime[name]
        ]
        for i, now in enumerate(index):
            before = index[i - 1]
            up, on, was = (
                _bare(m[f"Generator-{word}"].sel(name=standing, snapshot=x))
                for word, x in (("start_up", now), ("status", now), ("status", before))
            )
            m.add_constraints(up - on + was >= 0, name=f"start {now}")
            if i == 0:
                _first_ramp(n, standing, now, before)


def _bare(x):
    return (1.0 * x).drop_vars([c for c in ("snapshot", "period", "timestep") if c in x.coords])


def _first_ramp(n: pypsa.Network, names: Sequence[str], now, before) -> None:
    """Ramps from the last snapshot of a period to its first."""
    m, g = n.model, n.generators
    for name in (x for x in names if g.ramp_limit_up[x] < 1):
        p = {x: _at(n, "Generator-p", name, x) for x in (now, before)}
        on = {x: g.p_nom[name] * _at(n, "Generator-status", name, x) for x in (now, before)}
        for word, a, b in (("up", now, before), ("down", before, now)):
            part, whole = g[f"ramp_limit_{word}"][name], g.ramp_limit_start_up[name]
            rise = p[a] - p[b] - part * on[b] - whole * on[a] + whole * on[b]
            m.add_constraints(rise <= 0, name=f"first ramp {word} {name} {now}")


def reserves(shortage: float, duration: float) -> Rule:
    """Up and down reserve of each province: what is on and not loaded, water, stores; down also wind and sun.

    Asked for are shares of demand and of what wind and sun give (``data.policy``).

    Args:
        shortage: price of a GW that is not held for an hour [MCNY/GWh].
        duration: energy behind a GW that a store holds [h].
    """

    def add(n: pypsa.Network, data: SystemData) -> None:
        for y in data.horizon.years:
            for r in data.provinces:
                for t in slices_of(n, y):
                    _reserves_at(n, data, r, y, t, shortage, duration)

    return add


def _reserves_at(n, data: SystemData, r: str, y: int, now, shortage: float, duration: float) -> None:
    t, at = now[1], f"{r} {now}"
    asked = {
        (p, what): data.policy[f"reserve_{what}"][p, r] for p in ("up", "down") for what in ("load", "vre")
    }
    up, down = added(n, f"up short {at}"), added(n, f"down short {at}")
    pay(n, data, y, shortage * data.time.weight[t] * (up + down))
    more, less = [1.0 * up], [1.0 * down]
    for name in running(n, y, [r]):
        g = n.meta["units"].g[name]
        p = _at(n, "Generator-p", name, now)
        if name in n.meta["committed"]:
            on = n.generators.p_nom[name] * _at(n, "Generator-status", name, now)
            more.append(on - p)
            less.append(p - data.policy["min_stable"][g] * on)
        elif data.group[g] == "hydro":
            gw = 1.0 * n.model["Generator-p_nom"].sel(name=name, drop=True)
            more.append(data.availability.get((r, g, t), 0.0) * gw - p)
            less.append(p - data.min_output.get((r, g, t), 0.0) * gw)
        elif data.group[g] in ("wind", "solar") and data.availability.get((r, g, t), 0.0) > 0:
            more.append(-asked["up", "vre"] * p)
            less.append((1 - asked["down", "vre"]) * p)
    for s in (s for place, s in data.stores if place == r):
        held = _held_by_store(n, data, r, s, y, now, duration)
        more.append(1.0 * held["up"])
        less.append(1.0 * held["down"])
    demand = data.demand[r, y, t]
    row(n, f"reserve up {at}", sum(more), ">=", asked["up", "load"] * demand)
    row(n, f"reserve down {at}", sum(less), ">=", asked["down", "load"] * demand)


def _held_by_store(n, data: SystemData, r: str, s: str, y: int, now, duration: float) -> dict:
    """What a store gives more, or takes more, within its power and with the energy to last."""
    units, one_way = n.meta["units"], math.sqrt(data.efficiency[s])
    alive = (units.year <= y) & (y < units.year + units.life) & (units.r == r) & (units.g == s)
    names = units.index[alive]
    gw = sum(1.0 * n.model["Link-p_nom"].sel(name=x, drop=True) for x in names)
    gwh = sum(1.0 * n.model["Store-e_nom"].sel(name=x, drop=True) for x in names)
    stored = sum(_at(n, "Store-e", x, now) for x in names)
    net = sum(one_way * _at(n, "Link-p", f"{x} out", now) - _at(n, "Link-p", x, now) for x in names)
    held = {word: added(n, f"{word} {r} {s} {now}") for word in ("up", "down")}
    row(n, f"up power {r} {s} {now}", held["up"] - gw + net, "<=", 0)
    row(n, f"down power {r} {s} {now}", held["down"] - gw - net, "<=", 0)
    row(n, f"up energy {r} {s} {now}", duration * held["up"] - one_way * stored, "<=", 0)
    row(n, f"down energy {r} {s} {now}", duration * one_way * held["down"] + stored - gwh, "<=", 0)
    return held


def _at(n: pypsa.Network, variable: str, name: str, now):
    """A variable of one component in one snapshot, as an expression."""
    return _bare(n.model[variable].sel(name=name, snapshot=now))


# -- the demand side


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
            load = pd.Series([share * data.demand[r, z, t] for z, t in _calendar(n)], index=n.snapshots)
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


def _calendar(n: pypsa.Network) -> list[tuple[int, int]]:
    return [(tick // UNIT, t) for tick, t in n.snapshots]


def price_responsive(n: pypsa.Network, data: SystemData) -> None:
    """Load that is given up at its value: a generator that bids it."""
    for (block,), share in data.policy["responsive_share"].items():
        for r in data.provinces:
            load = pd.Series([share * data.demand[r, y, t] for y, t in _calendar(n)], index=n.snapshots)
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


def savings(n: pypsa.Network, data: SystemData) -> None:
    """Measures: generators of the shape of what they save, whose capacity is a GWh a year."""
    policy, less = data.policy, n.meta.setdefault("less", {})
    pairs = dict.fromkeys((r, k) for r, k, _ in policy["saving_potential"] if r in data.provinces)
    years = [y for y in data.horizon.years if y not in data.horizon.past]
    for r, k in pairs:
        shape = pd.Series([policy["saving_shape"][r, k, t] for _, t in _calendar(n)], index=n.snapshots)
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
    return (
        sum(1.0 * n.model["Generator-p_nom"].sel(name=x, drop=True) for x in names)
        if names
        else 0 * added(n, f"none {r} {y}", 0.0)
    )


def _potential(n: pypsa.Network, data: SystemData, y: int) -> None:
    """Potentials grow from year to year, so they are rows: ``p_nom_max`` is of one vintage."""
    for (r, k, z), gwh in data.policy["saving_potential"].items():
        names = [x for x in n.meta["less"].get((r, y), []) if x.startswith(f"{r} {k} ")]
        if z == y and names:
            saved = sum(1.0 * n.model["Generator-p_nom"].sel(name=x, drop=True) for x in names)
            row(n, f"potential {r} {k} {y}", saved, "<=", gwh)


# -- carbon capture


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
        calendar = _calendar(n)
        available = [data.availability.get((u.r, u.g, t), 0.0) for _, t in calendar]
        running_cost = [data.fuel_cost[u.r, u.g, y] + data.variable_om[u.g, y] for y, _ in calendar]
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
        units, gw = n.meta["units"], n.model["Generator-p_nom"]
        n.model.remove_constraints("Generator-retired")
        before: dict = {}
        for y in data.horizon.years:
            for (r, g, z), most in data.surviving.items():
                kept = f"{r} {g} kept {y}"
                if z != y or kept not in units.index or units.stores[kept]:
                    continue
                moved = [x for x in running(n, y, [r]) if x.startswith(f"{r} {g} to ")]
                stands = sum(1.0 * gw.sel(name=x, drop=True) for x in [kept, *moved])
                row(n, f"stands {r} {g} {y}", stands, "<=", most)
                if (r, g) in before:
                    row(n, f"retired {r} {g} {y}", stands - before[r, g], "<=", 0)
                before[r, g] = stands
            if injection is not None and running(n, y, technologies=data.captured):
                row(n, f"injection {y}", by_technology(n, data, y, data.captured), "<=", injection[y])
        for (g, v), most in data.policy["retrofit_limit"].items():
            names = units.index[(units.g == g) & (units.year == v) & units.index.str.contains(" to ")]
            if len(names):
                row(n, f"conversion {g} {v}", sum(1.0 * gw.sel(name=x, drop=True) for x in names), "<=", most)

    return add


# -- power market


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
                gw = sum(1.0 * n.model["Generator-p_nom"].sel(name=x, drop=True) for x in names)
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
                hours = sum(
                    data.time.weight[t] * data.availability.get((r, g, t), 0.0) for t in data.time.slices
                )
                missing = added(n, f"curtailed {r} {g} {y}")
                pay(n, data, y, slack * missing)
                gw = sum(1.0 * n.model["Generator-p_nom"].sel(name=x, drop=True) for x in names)
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
                    given = sum(_at(n, "Generator-p", x, now) for x in names)
                    row(n, f"delivery {r} {g} {now}", given + missing - mean, ">=", 0)

    return add
