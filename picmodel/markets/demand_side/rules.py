"""The demand side: load that moves within the day, and load that is given up when power is dear.

Classes of users (energy-intensive industry, charging of electric vehicles) can move a share of their load.
What price they see decides how: at the hourly price they move as the LP would have it; at a time-of-use
tariff they minimise their own bill, worked out beforehand (`time_of_use`) and fixed; at a flat tariff they
do not move.  Blocks of price-responsive load are given up at their value.
"""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, add_term, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism
from picmodel.markets.demand_side.options import (
    DemandSideConfig,
    check,
    flexible_limits,
    regulated_shift,
    responsive_share,
)
from picmodel.markets.demand_side.settlement import indicators, settle
from picmodel.units import to_base


def prepare(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    """Load moved and given up, and its place in the balance, in consumption and at the peak."""
    _prepare_shifting(m, cfg, d)
    _prepare_blocks(m, cfg, d)


def _prepare_shifting(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    limits = flexible_limits(cfg, d)
    if not limits:
        return
    fixed = regulated_shift(cfg, d, limits)
    position = {t: i for i, t in enumerate(d.time.slices)}
    m.MOVED = pyo.Set(initialize=list(limits), dimen=3)
    m.MOVED_IN = pyo.Set(
        m.PROVINCES,
        m.YEARS,
        initialize={
            (r, y): [k for s, k, v in limits if (s, v) == (r, y)]
            for r in d.provinces
            for y in d.horizon.years
        },
    )
    m.MOVED_FREELY = pyo.Set(initialize=[key for key in limits if key not in fixed], dimen=3)

    def more(m, r, k, y, t):
        i = position[t]
        return (fixed[r, k, y][0][i],) * 2 if (r, k, y) in fixed else (0.0, limits[r, k, y].more[i])

    def less(m, r, k, y, t):
        i = position[t]
        return (fixed[r, k, y][1][i],) * 2 if (r, k, y) in fixed else (0.0, limits[r, k, y].less[i])

    m.v_shift_up = pyo.Var(m.MOVED, m.TIMES, bounds=more)
    m.v_shift_down = pyo.Var(m.MOVED, m.TIMES, bounds=less)
    m.v_shift_stored = pyo.Var(
        m.MOVED_FREELY, m.TIMES, bounds=lambda m, r, k, y, t: (0.0, limits[r, k, y].stored)
    )
    add_term(m, "supply", power_moved)
    if cfg.shift_loss_share > 0:  # without loss it sums to zero over every period
        add_term(m, "served", energy_lost)


def _prepare_blocks(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    shares = responsive_share(cfg, d)
    if not shares:
        return
    m.RESPONSIVE = pyo.Set(initialize=list(shares), dimen=2)
    m.RESPONSIVE_IN = pyo.Set(
        m.YEARS, initialize={y: [b for b, v in shares if v == y] for y in d.horizon.years}
    )
    m.v_curtailed = pyo.Var(
        m.PROVINCES,
        m.RESPONSIVE,
        m.TIMES,
        bounds=lambda m, r, b, y, t: (0.0, shares[b, y] * d.demand[r, y, t]),
    )
    add_term(m, "supply", power_given_up)
    add_term(m, "served", energy_given_up)
    if cfg.firm_share > 0:
        total = {y: sum(x for (_, v), x in shares.items() if v == y) for y in d.horizon.years}
        counted = {
            (r, y): cfg.firm_share * total[y] * (1 + d.adequacy_margin) * peak
            for (r, y), peak in d.peak.items()
        }
        m.responsive_firm = param(m.PROVINCES, m.YEARS, data=counted, default=0.0)
        add_term(m, "firm", firm_given_up)


def build(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    """Add what moves by itself and the costs of both."""
    if hasattr(m, "v_shift_down"):
        m.shift_kept = pyo.Param(initialize=1 - cfg.shift_loss_share)
        m.shift_cost = pyo.Param(initialize=to_base(cfg.shift_cost_cny_per_mwh, "CNY/MWh"))
        m.c_shift_stored = rows(m.MOVED_FREELY, m.TIMES, rule=shift_stored)
        add_cost(m, "shift", "resource", shift_cost)
    if hasattr(m, "v_curtailed"):
        m.responsive_value = param(
            m.RESPONSIVE, data={(b, y): d.policy["responsive_value"][b,] for b, y in m.RESPONSIVE}
        )
        add_cost(m, "curtailed_demand", "resource", curtailed_value)


def power_moved(m, r, y, t):
    """Load taken away less load added in a slice [GW]."""
    return sum(m.v_shift_down[r, k, y, t] - m.v_shift_up[r, k, y, t] for k in m.MOVED_IN[r, y])


def energy_lost(m, r, y):
    """Consumption that moving load adds [GWh/yr]."""
    return sum(
        m.weight[t] * (m.v_shift_up[r, k, y, t] - m.v_shift_down[r, k, y, t])
        for k in m.MOVED_IN[r, y]
        for t in m.TIMES
    )


def power_given_up(m, r, y, t):
    """Load that blocks give up in a slice [GW]."""
    return sum(m.v_curtailed[r, b, y, t] for b in m.RESPONSIVE_IN[y])


def energy_given_up(m, r, y):
    """Consumption that blocks give up [GWh/yr]."""
    return -sum(m.weight[t] * m.v_curtailed[r, b, y, t] for b in m.RESPONSIVE_IN[y] for t in m.TIMES)


def firm_given_up(m, r, y):
    """Blocks at the peak, with its margin [GW]."""
    return m.responsive_firm[r, y]


def shift_stored(m, r, k, y, t):
    r"""Load moved follows what is added before and taken away after; cyclic within the period.

    .. math:: S_t = S_{t-1} + h\,\big((1-\lambda)\,u_t - d_t\big), \qquad 0 \le S_t \le \bar S

    Units   GWh.  The level means nothing, only its range does: load may also be taken away first.
    Dual    what a GWh on its way is worth, over all the days that the period stands for.
    """
    return (
        m.v_shift_stored[r, k, y, t]
        - m.v_shift_stored[r, k, y, m.previous[t]]
        - m.step * (m.shift_kept * m.v_shift_up[r, k, y, t] - m.v_shift_down[r, k, y, t])
        == 0
    )


def shift_cost(m, r, y):
    """Cost of moving load [MCNY/yr]."""
    return sum(
        m.shift_cost * m.weight[t] * m.v_shift_down[r, k, y, t] for k in m.MOVED_IN[r, y] for t in m.TIMES
    )


def curtailed_value(m, r, y):
    """Value of the load that is given up [MCNY/yr]."""
    return sum(
        m.responsive_value[b, y] * m.weight[t] * m.v_curtailed[r, b, y, t]
        for b in m.RESPONSIVE_IN[y]
        for t in m.TIMES
    )


_USER = ("province", "user", "year", "time")

DEMAND_SIDE = Mechanism(
    name="demand_side",
    summary="Demand side: load that moves within the day at spot or time-of-use prices, or is given up",
    config=DemandSideConfig,
    prepare=prepare,
    build=build,
    check=check,
    settle=settle,
    indicators=indicators,
    headline=("shifted_energy", "curtailed_demand"),
    entries=(
        Entry("v_shift_up", _USER, "GW", "load added by moving it"),
        Entry("v_shift_down", _USER, "GW", "load taken away by moving it"),
        Entry("v_shift_stored", _USER, "GWh", "load on its way from one slice to another"),
        Entry("v_curtailed", ("province", "block", "year", "time"), "GW", "load given up at its value"),
        Entry("c_shift_stored", _USER, "GWh", "load on its way follows what is added and taken away"),
    ),
)
