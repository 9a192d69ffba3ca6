"""Generation: availability, must-run, water, annual output, emissions, fuel and variable O&M."""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, added, at_least_zero, free, param, rows


def add_dispatch(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Hourly output of every fleet.  Needs ``v_capacity``.

    Slices without any availability (sun at night) are left out of the index set.
    """
    running: dict[tuple, list] = {(r, t): [] for r in d.provinces for t in d.time.slices}
    slices_of: dict[tuple, list] = {fleet: [] for fleet in d.fleets}
    for r, g, t in d.availability:
        running[r, t].append(g)
        slices_of[r, g].append(t)
    index = [(r, g, y, t) for (r, g), ts in slices_of.items() for y in d.horizon.years for t in ts]
    m.OUTPUTS = pyo.Set(initialize=index, dimen=4)
    m.RUNNING = pyo.Set(m.PROVINCES, m.TIMES, initialize=running)
    m.SLICES_OF = pyo.Set(m.FLEETS, initialize=slices_of)
    m.availability = param(m.FLEETS, m.TIMES, data=d.availability)
    m.v_generation = at_least_zero(m.OUTPUTS)
    # fleets whose commitment bounds output have no row of their own here
    m.BOUNDED = pyo.Set(initialize=[k for k in index if k[:2] not in m.committed_fleets], dimen=4)
    m.c_output_max = rows(m.BOUNDED, rule=output_max)
    _add_must_run(m, d)
    _add_inflow(m, d)
    m.v_annual_generation = free(m.FLEETS, m.YEARS)
    m.c_annual_generation = rows(m.FLEETS, m.YEARS, rule=annual_generation)
    m.emission_factor = param(m.TECHNOLOGIES, data=d.emission_factor, default=0.0)
    emitters = [fleet for fleet in d.fleets if d.emission_factor.get(fleet[1], 0.0) > 0]
    m.EMITTERS = pyo.Set(initialize=emitters, dimen=2)
    m.EMITTERS_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in emitters if s == r] for r in d.provinces}
    )
    m.v_fleet_emissions = free(m.EMITTERS, m.YEARS)
    m.c_fleet_emissions = rows(m.EMITTERS, m.YEARS, rule=fleet_emissions)
    m.v_emissions = free(m.PROVINCES, m.YEARS)
    m.c_emissions = rows(m.PROVINCES, m.YEARS, rule=emissions)
    m.fuel_cost = param(m.FLEETS, m.YEARS, data=d.fuel_cost, default=0.0)
    m.variable_om = param(m.TECHNOLOGIES, m.YEARS, data=d.variable_om, default=0.0)
    add_cost(m, "fuel", "resource", fuel)
    add_cost(m, "variable_om", "resource", variable_om)


def _add_must_run(m: pyo.ConcreteModel, d: SystemData) -> None:
    index = [(r, g, y, t) for r, g, t in d.min_output for y in d.horizon.years]
    m.MUST_RUN = pyo.Set(initialize=index, dimen=4)
    m.min_output = param(m.FLEETS, m.TIMES, data=d.min_output)
    m.c_output_min = rows(m.MUST_RUN, rule=output_min)


def _add_inflow(m: pyo.ConcreteModel, d: SystemData) -> None:
    index = [(r, g, y, p) for r, g, p in d.inflow for y in d.horizon.years]
    m.WATER = pyo.Set(initialize=index, dimen=4)
    m.SLICES_IN = pyo.Set(m.PERIODS, initialize=d.time.slices_in)
    m.step = pyo.Param(initialize=d.time.step)
    m.inflow = param(m.FLEETS, m.PERIODS, data=d.inflow)
    m.c_inflow = rows(m.WATER, rule=inflow)


def output_max(m, r, g, y, t):
    r"""Output stays within the capacity that is available in the slice.

    .. math:: G_{rgyt} \le A_{rgt} \, C_{rgy}

    Units   GW net on the left, availability is net output per gross GW.
    Dual    <= 0; value of one more available GW in the slice.
    """
    return m.v_generation[r, g, y, t] <= m.availability[r, g, t] * m.v_capacity[r, g, y]


def output_min(m, r, g, y, t):
    """Heat-led, inflexible and minimum-flow output is produced in any case [GW]."""
    return m.v_generation[r, g, y, t] - m.min_output[r, g, t] * m.v_capacity[r, g, y] >= 0


def inflow(m, r, g, y, p):
    """Pondage moves the water of a period within it; spill is free [GWh in the period]."""
    return (
        sum(m.step * m.v_generation[r, g, y, t] for t in m.SLICES_IN[p])
        <= m.inflow[r, g, p] * m.v_capacity[r, g, y]
    )


def annual_generation(m, r, g, y):
    """Annual output net of own use [GWh/yr]."""
    return m.v_annual_generation[r, g, y] == sum(
        m.weight[t] * m.v_generation[r, g, y, t] for t in m.SLICES_OF[r, g]
    )


def fleet_emissions(m, r, g, y):
    """CO2 of a fleet: of its output, and what mechanisms add (starts) [kt/yr].

    Dual    undiscounted, what a tonne costs by all rows that count emissions.
    """
    return (
        m.v_fleet_emissions[r, g, y]
        - m.emission_factor[g] * m.v_annual_generation[r, g, y]
        - added(m, "emissions", r, g, y)
        == 0
    )


def emissions(m, r, y):
    """CO2 of all generation of a province [kt/yr]."""
    return m.v_emissions[r, y] - sum(m.v_fleet_emissions[r, g, y] for g in m.EMITTERS_OF[r]) == 0


def fuel(m, r, y):
    """Fuel burnt [MCNY/yr]."""
    return sum(m.fuel_cost[r, g, y] * m.v_annual_generation[r, g, y] for g in m.FLEETS_OF[r])


def variable_om(m, r, y):
    """Variable O&M of generation [MCNY/yr]."""
    return sum(m.variable_om[g, y] * m.v_annual_generation[r, g, y] for g in m.FLEETS_OF[r])
