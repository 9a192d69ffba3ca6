"""Balance of every province and slice, annual consumption, adequacy."""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, added, at_least_zero, decides_capacity, free, param, rows


def add_balance(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Supply meets demand.  Needs generation, stores and flows."""
    m.demand = param(m.PROVINCES, m.YEARS, m.TIMES, data=d.demand)
    m.v_unserved = at_least_zero(m.PROVINCES, m.YEARS, m.TIMES)
    m.c_balance = rows(m.PROVINCES, m.YEARS, m.TIMES, rule=balance)
    annual = {
        (r, y): sum(d.time.weight[t] * d.demand[r, y, t] for t in d.time.slices)
        for r in d.provinces
        for y in d.horizon.years
    }
    m.annual_demand = param(m.PROVINCES, m.YEARS, data=annual)
    m.v_consumption = free(m.PROVINCES, m.YEARS)
    m.c_consumption = rows(m.PROVINCES, m.YEARS, rule=consumption)
    m.lost_load = pyo.Param(initialize=d.lost_load)
    add_cost(m, "unserved", "resource", unserved)
    if d.peak:
        _add_adequacy(m, d)


def _add_adequacy(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Adequacy of the years in ``peak``: those in which something can still be decided."""
    m.ADEQUATE = pyo.Set(initialize=[y for y in d.horizon.years if any(k[1] == y for k in d.peak)])
    m.requirement = param(
        m.PROVINCES, m.ADEQUATE, data={k: (1 + d.adequacy_margin) * gw for k, gw in d.peak.items()}
    )
    m.credit = param(m.TECHNOLOGIES, m.YEARS, data=d.credit)
    m.adequacy_slack_price = pyo.Param(initialize=d.adequacy_slack_price)
    m.v_firm = at_least_zero(m.ARCS, m.ADEQUATE)
    m.v_adequacy_short = pyo.Var(
        m.PROVINCES,
        m.YEARS,
        within=pyo.NonNegativeReals,
        bounds=lambda m, r, y: (0.0, None if y in m.ADEQUATE else 0.0),
    )
    decides_capacity(m, "v_firm", "v_adequacy_short")
    if d.held is None:
        m.c_adequacy = rows(m.PROVINCES, m.ADEQUATE, rule=adequacy)
        m.c_firm_max = rows(m.CORRIDORS, m.ADEQUATE, rule=firm_max)
    add_cost(m, "adequacy_short", "transfer", adequacy_short)


def balance(m, r, y, t):
    r"""Supply meets demand at the bulk grid.

    .. math:: \sum_g G_{rgyt} + \sum_s (d - c)_{rsyt} + \sum_{a \to r} (1-\ell_a) f_{ayt}
              - \sum_{r \to a} f_{ayt} + u_{ryt} + \text{terms} = D_{ryt}

    Units   GW.
    Dual    /(W D): the energy price; may be negative.
    """
    return (
        sum(m.v_generation[r, g, y, t] for g in m.RUNNING[r, t])
        + sum(m.v_discharge[r, s, y, t] - m.v_charge[r, s, y, t] for s in m.STORES_OF[r])
        + sum(m.delivered[a] * m.v_flow[a, y, t] for a in m.ARCS_INTO[r])
        - sum(m.v_flow[a, y, t] for a in m.ARCS_OUT[r])
        + m.v_unserved[r, y, t]
        + added(m, "supply", r, y, t)
        == m.demand[r, y, t]
    )


def consumption(m, r, y):
    """Consumption at the bulk grid: demand served, and what stores lose [GWh/yr]."""
    return (
        m.v_consumption[r, y]
        + sum(m.weight[t] * m.v_unserved[r, y, t] for t in m.TIMES)
        - sum(
            m.weight[t] * (m.v_charge[r, s, y, t] - m.v_discharge[r, s, y, t])
            for s in m.STORES_OF[r]
            for t in m.TIMES
        )
        - added(m, "served", r, y)
        == m.annual_demand[r, y]
    )


def unserved(m, r, y):
    """Demand not served, at the value of lost load [MCNY/yr]."""
    return sum(m.lost_load * m.weight[t] * m.v_unserved[r, y, t] for t in m.TIMES)


def adequacy(m, r, y):
    """Credited capacity and firm imports cover the peak and a margin [GW]; dual: capacity price."""
    return (
        sum(m.credit[g, y] * m.v_capacity[r, g, y] for g in m.UNITS_OF[r])
        + sum(m.delivered[a] * m.v_firm[a, y] for a in m.ARCS_INTO[r])
        - sum(m.v_firm[a, y] for a in m.ARCS_OUT[r])
        + m.v_adequacy_short[r, y]
        + added(m, "firm", r, y)
        >= m.requirement[r, y]
    )


def firm_max(m, line, y):
    """A GW of line counts for one receiver [GW]."""
    return sum(m.v_firm[a, y] for a in m.ARCS_OF[line]) - m.v_line_capacity[line, y] <= 0


def adequacy_short(m, r, y):
    """Slack of the adequacy rule [MCNY/yr]: a transfer, nothing is used up."""
    return m.adequacy_slack_price * m.v_adequacy_short[r, y]
