"""Transmission between provinces: flows, losses, expansion, wheeling tariffs."""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, at_least_zero, decides_capacity, param, rows


def add_network(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Directed flows on corridors; losses are taken by the receiver."""
    lines = {line.name: line for line in d.corridors}
    new = [v for v in d.horizon.years if v not in d.horizon.past]
    m.EXPANDABLE = pyo.Set(initialize=[name for name in lines if d.line_limit.get(name, 0.0) > 0])
    m.LINE_VINTAGES = pyo.Set(initialize=[(name, v) for name in m.EXPANDABLE for v in new], dimen=2)
    m.LINE_VINTAGES_IN = pyo.Set(
        m.CORRIDORS,
        m.YEARS,
        initialize={
            (name, y): [v for v in new if v <= y and name in m.EXPANDABLE]
            for name in lines
            for y in d.horizon.years
        },
    )
    m.LINE_YEARS = pyo.Set(m.EXPANDABLE, initialize={name: new for name in m.EXPANDABLE})
    m.ARCS_OF = pyo.Set(
        m.CORRIDORS, initialize={name: [a for a, *_ in line.arcs] for name, line in lines.items()}
    )
    m.LINES_AT = pyo.Set(
        m.PROVINCES,
        initialize={r: [name for name, line in lines.items() if r in line.ends] for r in d.provinces},
    )
    factor = d.held.factor if d.held else 1.0
    m.line_base = param(m.CORRIDORS, m.YEARS, data={k: factor * gw for k, gw in d.line_capacity.items()})
    m.line_limit = param(m.EXPANDABLE, data={name: d.line_limit[name] for name in m.EXPANDABLE})
    m.line_annuity = param(m.CORRIDORS, data={name: line.annuity for name, line in lines.items()})
    m.delivered = param(m.ARCS, data={a: 1 - line.loss for a, (line, _, _) in d.arcs.items()})
    m.export_tariff = param(m.PROVINCES, data=d.export_tariff, default=0.0)
    m.v_flow = at_least_zero(m.ARCS, m.YEARS, m.TIMES)
    m.v_build_line = at_least_zero(m.LINE_VINTAGES)
    m.v_line_capacity = at_least_zero(m.CORRIDORS, m.YEARS)
    m.c_line_capacity = rows(m.CORRIDORS, m.YEARS, rule=line_capacity)
    decides_capacity(m, "v_build_line")
    if d.held is None:
        m.c_line_limit = rows(m.EXPANDABLE, rule=line_limit)
    m.c_flow_max = rows(m.CORRIDORS, m.YEARS, m.TIMES, rule=flow_max)
    if len(m.LINE_VINTAGES):
        add_cost(m, "lines", "resource", lines_cost)
    if d.corridors:
        add_cost(m, "wheeling", "transfer", wheeling)


def line_capacity(m, line, y):
    """Capacity of a corridor is what stands or is committed, and what was added [GW]."""
    return (
        m.v_line_capacity[line, y] - sum(m.v_build_line[line, v] for v in m.LINE_VINTAGES_IN[line, y])
        == m.line_base[line, y]
    )


def line_limit(m, line):
    """Additions to a corridor over the horizon [GW]."""
    return sum(m.v_build_line[line, v] for v in m.LINE_YEARS[line]) <= m.line_limit[line]


def flow_max(m, line, y, t):
    """Flows of both directions share the corridor's capacity [GW]; the dual is congestion rent."""
    return sum(m.v_flow[a, y, t] for a in m.ARCS_OF[line]) - m.v_line_capacity[line, y] <= 0


def lines_cost(m, r, y):
    """Annuities of what was added to a corridor, half to each end [MCNY/yr]."""
    return sum(
        0.5 * m.line_annuity[line] * (m.v_line_capacity[line, y] - m.line_base[line, y])
        for line in m.LINES_AT[r]
    )


def wheeling(m, r, y):
    """Export tariffs recover sunk capital: a transfer to the grid [MCNY/yr]."""
    return sum(m.export_tariff[r] * m.weight[t] * m.v_flow[a, y, t] for a in m.ARCS_OUT[r] for t in m.TIMES)
