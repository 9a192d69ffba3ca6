"""The physical system in plain Pyomo, written the way energy models on Pyomo commonly are.

Nothing is taken from `picmodel.formulation`: what the two programs share is `SystemData`.  No such program
(urbs, Switch, OSeMOSYS on Pyomo) is run here, but for oemof.solph in `oemof_system`.  They share the form:

- one rule called for every index, which looks its numbers up in dicts and leaves out what cannot be by
  ``Constraint.Skip``;
- index sets that are products, with output of zero where nothing is available;
- capacity as a named ``Expression`` of what is kept and built, written out in every hourly row;
- limits of single variables as rows, costs as one long objective.

The model is handed to HiGHS by Pyomo's own persistent interface (`appsi`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import pyomo.environ as pyo
from pyomo.contrib.appsi.base import TerminationCondition
from pyomo.contrib.appsi.solvers import Highs

from picmodel.data.system import SystemData

SKIP = pyo.Constraint.Skip


def model_of(data: SystemData, most_emissions: Mapping[int, float] | None = None) -> pyo.ConcreteModel:
    """The system as a Pyomo model [GW, GWh, kt, MCNY].

    Args:
        most_emissions: kt CO2 of all plants by planning year.

    Raises:
        ValueError: the data hold something that this form does not cover.
    """
    if data.peak or data.held:
        raise ValueError("adequacy and held capacities are not part of this form: switch them off")
    m = pyo.ConcreteModel()
    m.years = pyo.Set(initialize=data.horizon.years)
    m.slices = pyo.Set(initialize=data.time.slices)
    m.provinces = pyo.Set(initialize=data.provinces)
    m.fleets = pyo.Set(initialize=data.fleets, dimen=2)
    m.stores = pyo.Set(initialize=data.stores, dimen=2)
    m.units = pyo.Set(initialize=data.units, dimen=2)
    add_capacity(m, data)
    add_lines(m, data)
    _add_operation(m, data)
    add_energy(m, data)
    _add_stores(m, data)
    _add_balance(m, data)
    _add_cap(m, data, most_emissions or {})
    m.cost = pyo.Objective(expr=_cost(m, data))
    return m


def objective(
    data: SystemData, most_emissions: Mapping[int, float] | None = None, options: Mapping | None = None
) -> float:
    """Least cost of the system as this form and HiGHS find it [MCNY, discounted]."""
    solver = Highs()
    solver.highs_options = dict(options or {"solver": "simplex"})
    found = solver.solve(model_of(data, most_emissions))
    if found.termination_condition != TerminationCondition.optimal:
        raise RuntimeError(f"plain Pyomo: {found.termination_condition}")
    return float(found.best_feasible_objective)


# -- capacity


def add_capacity(m: pyo.Block, data: SystemData) -> None:
    """What is kept, built and stands [GW], with its limits."""
    years, built = data.horizon.years, set(data.vintages)

    def stays(g: str, y: int) -> bool:
        return y in data.horizon.past or not data.may_retire.get(g, True)

    def kept_bounds(m, r, g, y):
        gw = data.surviving[r, g, y]
        return (gw if stays(g, y) else 0.0, gw)

    m.kept = pyo.Var(list(data.surviving), bounds=kept_bounds)
    m.built = pyo.Var(data.vintages, within=pyo.NonNegativeReals)

    def capacity(m, r, g, y):
        kept = m.kept[r, g, y] if (r, g, y) in data.surviving else 0.0
        return kept + sum(m.built[r, g, v] for v in data.alive(g, y) if (r, g, v) in built)

    year_before = {later: earlier for earlier, later in pairwise(years)}

    def retired(m, r, g, y):
        before = year_before.get(y)
        if (r, g, y) not in data.surviving or (r, g, before) not in data.surviving:
            return SKIP
        return m.kept[r, g, y] <= m.kept[r, g, before]

    def potential(m, r, g, y):
        return m.capacity[r, g, y] <= data.potential[r, g] if (r, g) in data.potential else SKIP

    def limited(m, r, g, v):
        return m.built[r, g, v] <= data.build_limit[r, g, v] if (r, g, v) in data.build_limit else SKIP

    def committed(m, r, g, v):
        return m.built[r, g, v] >= data.committed[r, g, v] if (r, g, v) in data.committed else SKIP

    def national(m, g, v):
        names = [(r, g, v) for r in data.provinces if (r, g, v) in built]
        return sum(m.built[k] for k in names) <= data.national_build_limit[g, v] if names else SKIP

    m.capacity = pyo.Expression(m.units, m.years, rule=capacity)
    m.retired = pyo.Constraint(m.units, m.years, rule=retired)
    m.potential = pyo.Constraint(m.units, m.years, rule=potential)
    m.limited = pyo.Constraint(data.vintages, rule=limited)
    m.committed = pyo.Constraint(data.vintages, rule=committed)
    m.national = pyo.Constraint(list(data.national_build_limit), rule=national)


def add_lines(m: pyo.Block, data: SystemData) -> None:
    """What is added to corridors and stands [GW]."""
    new = [
        (line.name, v)
        for line in data.corridors
        for v in data.horizon.years
        if v not in data.horizon.past and data.line_limit.get(line.name, 0.0) > 0
    ]
    m.lines = pyo.Set(initialize=[line.name for line in data.corridors])
    m.arcs = pyo.Set(initialize=list(data.arcs))
    m.added = pyo.Var(new, within=pyo.NonNegativeReals)

    def capacity(m, line, y):
        return data.line_capacity[line, y] + sum(m.added[k] for k in new if k[0] == line and k[1] <= y)

    def limited(m, line):
        terms = [m.added[k] for k in new if k[0] == line]
        return sum(terms) <= data.line_limit[line] if terms else SKIP

    m.line_capacity = pyo.Expression(m.lines, m.years, rule=capacity)
    m.line_limited = pyo.Constraint(m.lines, rule=limited)


def add_energy(m: pyo.Block, data: SystemData) -> None:
    """What stores can hold [GWh]; needs `add_capacity`."""
    vintages = [k for k in data.vintages if k[:2] in set(data.stores)]
    m.built_energy = pyo.Var(vintages, within=pyo.NonNegativeReals)

    def energy(m, r, s, y):
        old = (
            data.existing_duration.get((r, s), 0.0) * m.kept[r, s, y] if (r, s, y) in data.surviving else 0.0
        )
        return old + sum(m.built_energy[r, s, v] for v in data.alive(s, y) if (r, s, v) in m.built_energy)

    def shortest(m, r, s, v):
        if v in data.horizon.past:
            return m.built_energy[r, s, v] == data.committed_energy[r, s, v]
        return m.built_energy[r, s, v] >= data.duration[s][0] * m.built[r, s, v]

    def longest(m, r, s, v):
        if v in data.horizon.past:
            return SKIP
        return m.built_energy[r, s, v] <= data.duration[s][1] * m.built[r, s, v]

    m.energy = pyo.Expression(m.stores, m.years, rule=energy)
    m.shortest = pyo.Constraint(vintages, rule=shortest)
    m.longest = pyo.Constraint(vintages, rule=longest)


# -- operation


def _add_operation(m: pyo.ConcreteModel, data: SystemData) -> None:
    m.output = pyo.Var(m.fleets, m.years, m.slices, within=pyo.NonNegativeReals)
    m.flow = pyo.Var(m.arcs, m.years, m.slices, within=pyo.NonNegativeReals)
    m.unserved = pyo.Var(m.provinces, m.years, m.slices, within=pyo.NonNegativeReals)
    periods = list(data.time.periods)

    def most(m, r, g, y, t):
        return m.output[r, g, y, t] <= data.availability.get((r, g, t), 0.0) * m.capacity[r, g, y]

    def least(m, r, g, y, t):
        if (r, g, t) not in data.min_output:
            return SKIP
        return m.output[r, g, y, t] >= data.min_output[r, g, t] * m.capacity[r, g, y]

    def water(m, r, g, y, p):
        if (r, g, p) not in data.inflow:
            return SKIP
        used = sum(data.time.step * m.output[r, g, y, t] for t in data.time.slices_in[p])
        return used <= data.inflow[r, g, p] * m.capacity[r, g, y]

    arcs_of = {line.name: [arc for arc, *_ in line.arcs] for line in data.corridors}

    def both_ways(m, line, y, t):
        return sum(m.flow[arc, y, t] for arc in arcs_of[line]) <= m.line_capacity[line, y]

    m.most = pyo.Constraint(m.fleets, m.years, m.slices, rule=most)
    m.least = pyo.Constraint(m.fleets, m.years, m.slices, rule=least)
    m.water = pyo.Constraint(m.fleets, m.years, periods, rule=water)
    m.both_ways = pyo.Constraint(m.lines, m.years, m.slices, rule=both_ways)


def _add_stores(m: pyo.ConcreteModel, data: SystemData) -> None:
    for name in ("charge", "discharge", "stored"):
        m.add_component(name, pyo.Var(m.stores, m.years, m.slices, within=pyo.NonNegativeReals))

    def follows(m, r, s, y, t):
        share = math.sqrt(data.efficiency[s])
        gained = share * m.charge[r, s, y, t] - m.discharge[r, s, y, t] / share
        return m.stored[r, s, y, t] == m.stored[r, s, y, data.time.previous[t]] + data.time.step * gained

    every = (m.stores, m.years, m.slices)
    m.follows = pyo.Constraint(*every, rule=follows)
    m.charge_most = pyo.Constraint(
        *every, rule=lambda m, r, s, y, t: m.charge[r, s, y, t] <= m.capacity[r, s, y]
    )
    m.discharge_most = pyo.Constraint(
        *every, rule=lambda m, r, s, y, t: m.discharge[r, s, y, t] <= m.capacity[r, s, y]
    )
    m.stored_most = pyo.Constraint(
        *every, rule=lambda m, r, s, y, t: m.stored[r, s, y, t] <= m.energy[r, s, y]
    )


def _add_balance(m: pyo.ConcreteModel, data: SystemData) -> None:
    def balance(m, r, y, t):
        made = sum(m.output[s, g, y, t] for s, g in data.fleets if s == r)
        held = sum(m.discharge[s, g, y, t] - m.charge[s, g, y, t] for s, g in data.stores if s == r)
        brought = sum(
            (1 - line.loss) * m.flow[arc, y, t] for arc, (line, _, j) in data.arcs.items() if j == r
        )
        sent = sum(m.flow[arc, y, t] for arc, (_, i, _) in data.arcs.items() if i == r)
        return made + held + brought - sent + m.unserved[r, y, t] == data.demand[r, y, t]

    m.balance = pyo.Constraint(m.provinces, m.years, m.slices, rule=balance)


def _add_cap(m: pyo.ConcreteModel, data: SystemData, most: Mapping[int, float]) -> None:
    def emissions(m, y):
        return sum(
            data.emission_factor.get(g, 0.0) * data.time.weight[t] * m.output[r, g, y, t]
            for r, g in data.fleets
            for t in data.time.slices
        )

    m.emissions = pyo.Constraint(list(most), rule=lambda m, y: emissions(m, y) <= most[y])


def _cost(m: pyo.ConcreteModel, data: SystemData):
    return sum(
        data.horizon.discount[y] * (capital(m, data, y) + _running(m, data, y)) for y in data.horizon.years
    )


def capital(m: pyo.Block, data: SystemData, y: int):
    """Annuities and fixed O&M of a planning year [MCNY/yr]."""
    alive = [(r, g, v) for r, g, v in data.vintages if v in data.alive(g, y)]
    yearly = {(g, v): data.annuity.get((g, v), 0.0) + data.fixed_om.get((g, v), 0.0) for _, g, v in alive}
    old = data.horizon.base_year
    return (
        sum(yearly[g, v] * m.built[r, g, v] for r, g, v in alive)
        + sum(data.fixed_om.get((g, old), 0.0) * m.kept[r, g, k] for r, g, k in data.surviving if k == y)
        + sum(
            data.energy_annuity.get((s, v), 0.0) * m.built_energy[r, s, v]
            for r, s, v in alive
            if (r, s, v) in m.built_energy
        )
        + sum(
            line.annuity * m.added[name, v]
            for line in data.corridors
            for name, v in m.added
            if name == line.name and v <= y
        )
    )


def _running(m: pyo.ConcreteModel, data: SystemData, y: int):
    """Fuel, variable O&M, wear, tariffs and energy not served of a planning year [MCNY/yr]."""
    price = {
        (r, g): data.fuel_cost.get((r, g, y), 0.0) + data.variable_om.get((g, y), 0.0) for r, g in data.fleets
    }
    return sum(
        hours
        * (
            sum(price[r, g] * m.output[r, g, y, t] for r, g in data.fleets)
            + sum(data.variable_om.get((s, y), 0.0) * m.discharge[r, s, y, t] for r, s in data.stores)
            + sum(data.export_tariff.get(i, 0.0) * m.flow[arc, y, t] for arc, (_, i, _) in data.arcs.items())
            + sum(data.lost_load * m.unserved[r, y, t] for r in data.provinces)
        )
        for t, hours in data.time.weight.items()
    )
