"""Unit commitment and reserves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pypsa

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_markets.network import (
    Component,
    Rule,
    added,
    bare,
    capacity,
    in_snapshot,
    pay,
    row,
    running,
    slices_of,
)
from tests.crosscheck.pypsa_system import UNIT


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
                bare(m[f"Generator-{word}"].sel(name=standing, snapshot=x))
                for word, x in (("start_up", now), ("status", now), ("status", before))
            )
            m.add_constraints(up - on + was >= 0, name=f"start {now}")
            if i == 0:
                _first_ramp(n, standing, now, before)


def _first_ramp(n: pypsa.Network, names: Sequence[str], now, before) -> None:
    """Ramps from the last snapshot of a period to its first."""
    m, g = n.model, n.generators
    for name in (x for x in names if g.ramp_limit_up[x] < 1):
        p = {x: in_snapshot(n, "Generator-p", name, x) for x in (now, before)}
        on = {x: g.p_nom[name] * in_snapshot(n, "Generator-status", name, x) for x in (now, before)}
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
        p = in_snapshot(n, "Generator-p", name, now)
        if name in n.meta["committed"]:
            on = n.generators.p_nom[name] * in_snapshot(n, "Generator-status", name, now)
            more.append(on - p)
            less.append(p - data.policy["min_stable"][g] * on)
        elif data.group[g] == "hydro":
            gw = capacity(n, [name])
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
    gw = capacity(n, names, "Link-p_nom")
    gwh = capacity(n, names, "Store-e_nom")
    stored = sum(in_snapshot(n, "Store-e", x, now) for x in names)
    net = sum(
        one_way * in_snapshot(n, "Link-p", f"{x} out", now) - in_snapshot(n, "Link-p", x, now) for x in names
    )
    held = {word: added(n, f"{word} {r} {s} {now}") for word in ("up", "down")}
    row(n, f"up power {r} {s} {now}", held["up"] - gw + net, "<=", 0)
    row(n, f"down power {r} {s} {now}", held["down"] - gw - net, "<=", 0)
    row(n, f"up energy {r} {s} {now}", duration * held["up"] - one_way * stored, "<=", 0)
    row(n, f"down energy {r} {s} {now}", duration * one_way * held["down"] + stored - gwh, "<=", 0)
    return held
