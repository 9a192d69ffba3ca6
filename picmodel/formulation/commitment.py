"""Relaxed commitment of thermal fleets: what is on, what starts, how deep it can be turned down.

Units of a fleet are many and small beside it, so the number that is on may be any real number.  What is
on is output plus headroom, ``G + H``: the headroom ``H`` is a variable of its own, because it is also the
upward reserve of the fleet.  All quantities are net of own use, like output.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, add_term, at_least_zero, decides_capacity, param, rows

Fleets = Sequence[tuple[str, str]]


def committable(d: SystemData, groups: Sequence[str]) -> list[tuple[str, str]]:
    """Fleets of the groups with a least stable output, available in every slice."""
    known = d.policy.get("min_stable", {})
    return [
        (r, g)
        for r, g in d.fleets
        if d.group[g] in groups and g in known and all((r, g, t) in d.availability for t in d.time.slices)
    ]


def per_net(d: SystemData, table: str) -> dict[str, float]:
    """A policy table per gross GW started, per GW net of own use."""
    return {g: x / (1 - d.own_use.get(g, 0.0)) for g, x in d.policy.get(table, {}).items()}


def start_count(d: SystemData) -> dict[int, float]:
    """How often a year a slice comes: its hours over its length."""
    return {t: hours / d.time.step for t, hours in d.time.weight.items()}


def flexible_fleets(d: SystemData, fleets: Fleets) -> list[tuple[str, str]]:
    """Committed fleets that a retrofit can turn down further."""
    deeper, cost = d.policy.get("flexible_min_stable", {}), d.policy.get("flexibility_annuity", {})
    return [(r, g) for r, g in fleets if g in cost and g in deeper and deeper[g] < d.policy["min_stable"][g]]


def ramped_fleets(d: SystemData, fleets: Fleets) -> list[tuple[str, str]]:
    """Committed fleets that need more than a slice from nothing to full output."""
    ramp = d.policy.get("ramp", {})
    return [(r, g) for r, g in fleets if g in ramp and ramp[g] * d.time.step < 1]


def declare_commitment(m: pyo.ConcreteModel, d: SystemData, fleets: Fleets, daily: Fleets = ()) -> None:
    """Headroom and starts, and the CO2 of starts as a term of the fleets' emissions.

    Args:
        daily: those of the fleets that are on for a whole period, so that nothing starts within it.
    """
    whole_days = set(daily)
    committed = set(fleets) - whole_days
    m.committed_fleets |= set(fleets)
    m.SPINNING = pyo.Set(initialize=list(fleets), dimen=2)
    m.DAILY = pyo.Set(initialize=list(daily), dimen=2)
    m.STARTING = pyo.Set(initialize=[f for f in fleets if f not in whole_days], dimen=2)
    m.v_headroom = at_least_zero(m.SPINNING, m.YEARS, m.TIMES)
    m.v_on = at_least_zero(m.DAILY, m.YEARS, m.PERIODS)
    m.v_start = at_least_zero(m.STARTING, m.YEARS, m.TIMES)
    m.start_count = param(m.TIMES, data=start_count(d))
    emitted = per_net(d, "start_emissions")
    starting = {
        (r, g): list(d.time.slices) if (r, g) in committed and emitted.get(g, 0.0) > 0 else []
        for r, g in d.fleets
    }
    if any(starting.values()):
        m.EMITTING_STARTS = pyo.Set(m.FLEETS, initialize=starting)
        m.start_emissions = param(
            m.FLEETS, data={(r, g): emitted[g] for (r, g), ts in starting.items() if ts}, default=0.0
        )
        add_term(m, "emissions", start_emissions)


def add_commitment(m: pyo.ConcreteModel, d: SystemData, fleets: Fleets, flexible: Fleets = ()) -> None:
    """Rows of committed fleets.  Needs ``v_generation``, ``v_capacity`` and `declare_commitment`.

    Args:
        flexible: fleets that may be retrofitted for a lower least output.
    """
    least = d.policy.get("min_stable", {})
    names = list(dict.fromkeys(g for _, g in fleets))
    m.SPINNING_TECHNOLOGIES = pyo.Set(initialize=names)
    m.STARTING_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in m.STARTING if s == r] for r in d.provinces}
    )
    m.min_stable = param(m.SPINNING_TECHNOLOGIES, data={g: least[g] for g in names})
    stable = [(r, g) for r, g in fleets if least[g] > 0 and (r, g) not in set(flexible)]
    m.STABLE = pyo.Set(initialize=stable, dimen=2)
    _add_days(m, d)
    m.c_commit_max = rows(m.STARTING, m.YEARS, m.TIMES, rule=commit_max)
    m.c_min_stable = rows(m.STABLE, m.YEARS, m.TIMES, rule=min_stable)
    m.c_start = rows(m.STARTING, m.YEARS, m.TIMES, rule=start)
    cost = per_net(d, "start_cost")
    m.start_cost = param(m.SPINNING_TECHNOLOGIES, data={g: cost[g] for g in names if g in cost}, default=0.0)
    if len(m.STARTING):
        add_cost(m, "starts", "resource", start_cost)


def _add_days(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Fleets that are on for a whole period: one number for it, within what is available in all of it."""
    least = {
        (r, g, p): min(d.availability[r, g, t] for t in slices)
        for r, g in m.DAILY
        for p, slices in d.time.slices_in.items()
    }
    m.period_of = param(m.TIMES, data=d.time.period)
    m.available_all_day = param(m.DAILY, m.PERIODS, data=least)
    m.c_on_max = rows(m.DAILY, m.YEARS, m.PERIODS, rule=on_max)
    m.c_on = rows(m.DAILY, m.YEARS, m.TIMES, rule=on)


def add_flexibility(m: pyo.ConcreteModel, d: SystemData, flexible: Fleets) -> None:
    """Retrofits for a lower least output, and what of them is on.  Needs `add_commitment`."""
    years, names = d.horizon.years, list(dict.fromkeys(g for _, g in flexible))
    m.FLEXIBLE = pyo.Set(initialize=list(flexible), dimen=2)
    m.FLEXIBLE_TECHNOLOGIES = pyo.Set(initialize=names)
    m.FLEXIBLE_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in flexible if s == r] for r in d.provinces}
    )
    least, deeper = d.policy.get("min_stable", {}), d.policy.get("flexible_min_stable", {})
    m.deeper_share = param(m.FLEXIBLE_TECHNOLOGIES, data={g: least[g] - deeper[g] for g in names})
    m.flexibility_annuity = param(
        m.FLEXIBLE_TECHNOLOGIES, data={g: d.policy["flexibility_annuity"][g] for g in names}
    )
    m.v_flexible = pyo.Var(
        m.FLEXIBLE,
        m.YEARS,
        within=pyo.NonNegativeReals,
        bounds=lambda m, r, g, y: (0.0, 0.0 if y in d.horizon.past else None),
    )
    m.v_flexible_on = at_least_zero(m.FLEXIBLE, m.YEARS, m.TIMES)
    m.c_min_flexible = rows(m.FLEXIBLE, m.YEARS, m.TIMES, rule=min_flexible)
    m.c_flexible_max = rows(m.FLEXIBLE, m.YEARS, m.TIMES, rule=flexible_max)
    m.c_flexible_commit = rows(m.FLEXIBLE, m.YEARS, m.TIMES, rule=flexible_commit)
    decides_capacity(m, "v_flexible")
    if d.held is None:
        later = [(r, g, y, k) for k, y in pairwise(years) for r, g in flexible]
        m.FLEXIBLE_LATER = pyo.Set(initialize=later, dimen=4)
        m.c_flexible_stays = rows(m.FLEXIBLE_LATER, rule=flexible_stays)
    if flexible:
        add_cost(m, "flexibility", "resource", flexibility)


def add_ramps(m: pyo.ConcreteModel, d: SystemData, fleets: Fleets) -> None:
    """Ramps of units that are on, of starts and of stops.  Needs `add_commitment`."""
    names = list(dict.fromkeys(g for _, g in fleets))
    m.RAMPED = pyo.Set(initialize=list(fleets), dimen=2)
    m.RAMPED_TECHNOLOGIES = pyo.Set(initialize=names)
    ramp = {g: d.policy["ramp"][g] * d.time.step for g in names}
    m.ramp_share = param(m.RAMPED_TECHNOLOGIES, data=ramp)
    m.start_ramp_share = param(
        m.RAMPED_TECHNOLOGIES, data={g: max(d.policy["min_stable"][g], ramp[g]) for g in names}
    )
    m.c_ramp_up = rows(m.RAMPED, m.YEARS, m.TIMES, rule=ramp_up)
    m.c_ramp_down = rows(m.RAMPED, m.YEARS, m.TIMES, rule=ramp_down)


def commit_max(m, r, g, y, t):
    r"""What is on stays within the capacity that is available.

    .. math:: G_{rgyt} + H_{rgyt} \le A_{rgt} \, C_{rgy}

    Units   GW net.
    Dual    <= 0; value of one more available GW in the slice, energy and reserve together.
    """
    return (
        m.v_generation[r, g, y, t]
        + m.v_headroom[r, g, y, t]
        - m.availability[r, g, t] * m.v_capacity[r, g, y]
        <= 0
    )


def on_max(m, r, g, y, p):
    """What is on for a period stays within the capacity that is available in all of it [GW net]."""
    return m.v_on[r, g, y, p] - m.available_all_day[r, g, p] * m.v_capacity[r, g, y] <= 0


def on(m, r, g, y, t):
    r"""Output and headroom of every slice are what is on for its period: :math:`G_t + H_t = K_p` [GW net]."""
    return m.v_generation[r, g, y, t] + m.v_headroom[r, g, y, t] - m.v_on[r, g, y, m.period_of[t]] == 0


def min_stable(m, r, g, y, t):
    r"""What is on gives at least its least stable output.

    .. math:: G_{rgyt} \ge \mu_g \, (G + H)_{rgyt}

    Units   GW net.
    Dual    what it costs, per GW of output, to stay on at the least output.
    """
    return (
        m.v_generation[r, g, y, t] - m.min_stable[g] * (m.v_generation[r, g, y, t] + m.v_headroom[r, g, y, t])
        >= 0
    )


def min_flexible(m, r, g, y, t):
    r"""The same where a part :math:`F` of what is on was retrofitted to a least output :math:`\phi`.

    .. math:: G_{rgyt} \ge \mu_g \, (G + H)_{rgyt} - (\mu_g - \phi_g) \, F_{rgyt}
    """
    return (
        m.v_generation[r, g, y, t]
        - m.min_stable[g] * (m.v_generation[r, g, y, t] + m.v_headroom[r, g, y, t])
        + m.deeper_share[g] * m.v_flexible_on[r, g, y, t]
        >= 0
    )


def start(m, r, g, y, t):
    r"""What is on and was not in the slice before has started; a period follows itself.

    .. math:: S_{rgyt} \ge (G + H)_{rgyt} - (G + H)_{rgy,t-1}

    Units   GW net started in the slice; the slice comes W/h times a year.
    """
    return (
        m.v_start[r, g, y, t]
        - m.v_generation[r, g, y, t]
        - m.v_headroom[r, g, y, t]
        + m.v_generation[r, g, y, m.previous[t]]
        + m.v_headroom[r, g, y, m.previous[t]]
        >= 0
    )


def flexible_max(m, r, g, y, t):
    """Retrofitted units that are on, within those that are available [GW net]."""
    return m.v_flexible_on[r, g, y, t] - m.availability[r, g, t] * m.v_flexible[r, g, y] <= 0


def flexible_commit(m, r, g, y, t):
    """Retrofitted units that are on are a part of what is on [GW net]: so they leave with their fleet."""
    return m.v_flexible_on[r, g, y, t] - m.v_generation[r, g, y, t] - m.v_headroom[r, g, y, t] <= 0


def flexible_stays(m, r, g, y, k):
    """A retrofit is paid to the end of the horizon: v_flexible[y] >= v_flexible[y-1] [GW]."""
    return m.v_flexible[r, g, y] - m.v_flexible[r, g, k] >= 0


def ramp_up(m, r, g, y, t):
    r"""Output rises by the ramp of what was on, and what is added comes to its first output.

    .. math:: G_t - G_{t-1} \le \rho h \, K_{t-1} + \max(\mu, \rho h) \, (K_t - K_{t-1}), \qquad K = G + H

    Units   GW net.  Where less is on than before, it is what remains that rises, less what leaves.
    """
    return (
        m.v_generation[r, g, y, t]
        - m.v_generation[r, g, y, m.previous[t]]
        - m.start_ramp_share[g] * (m.v_generation[r, g, y, t] + m.v_headroom[r, g, y, t])
        - (m.ramp_share[g] - m.start_ramp_share[g])
        * (m.v_generation[r, g, y, m.previous[t]] + m.v_headroom[r, g, y, m.previous[t]])
        <= 0
    )


def ramp_down(m, r, g, y, t):
    r"""Output falls by the ramp of what stays on, and what stops leaves from its last output.

    .. math:: G_{t-1} - G_t \le \rho h \, K_t + \max(\mu, \rho h) \, (K_{t-1} - K_t), \qquad K = G + H

    Units   GW net.
    """
    return (
        m.v_generation[r, g, y, m.previous[t]]
        - m.v_generation[r, g, y, t]
        - (m.ramp_share[g] - m.start_ramp_share[g]) * (m.v_generation[r, g, y, t] + m.v_headroom[r, g, y, t])
        - m.start_ramp_share[g]
        * (m.v_generation[r, g, y, m.previous[t]] + m.v_headroom[r, g, y, m.previous[t]])
        <= 0
    )


def start_emissions(m, r, g, y):
    """CO2 of the starts of a fleet [kt/yr]."""
    return sum(
        m.start_emissions[r, g] * m.start_count[t] * m.v_start[r, g, y, t] for t in m.EMITTING_STARTS[r, g]
    )


def start_cost(m, r, y):
    """Fuel and wear of starts [MCNY/yr]."""
    return sum(
        m.start_cost[g] * m.start_count[t] * m.v_start[r, g, y, t] for g in m.STARTING_OF[r] for t in m.TIMES
    )


def flexibility(m, r, y):
    """Annuities of retrofits for flexibility [MCNY/yr]."""
    return sum(m.flexibility_annuity[g] * m.v_flexible[r, g, y] for g in m.FLEXIBLE_OF[r])
