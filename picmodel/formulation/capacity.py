"""Capacity: what is kept, built, limited; investment and fixed O&M."""

from __future__ import annotations

from itertools import pairwise

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, added, at_least_zero, decides_capacity, param, rows


def add_capacity(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Capacity of generation fleets and stores by planning year.  Needs the sets of `base`."""
    years = d.horizon.years
    m.EXISTING = pyo.Set(initialize=[key for key in d.surviving], dimen=3)
    m.VINTAGES = pyo.Set(initialize=d.vintages, dimen=3)
    built = set(d.vintages)
    m.EXISTING_IN = pyo.Set(
        m.UNITS,
        m.YEARS,
        initialize={(r, g, y): [y] if (r, g, y) in d.surviving else [] for r, g in d.units for y in years},
    )
    m.VINTAGES_IN = pyo.Set(
        m.UNITS,
        m.YEARS,
        initialize={
            (r, g, y): [v for v in d.alive(g, y) if (r, g, v) in built] for r, g in d.units for y in years
        },
    )
    m.surviving = param(m.EXISTING, data=d.surviving)
    m.v_exist = pyo.Var(
        m.EXISTING, within=pyo.NonNegativeReals, bounds=lambda m, r, g, y: (0, m.surviving[r, g, y])
    )
    m.v_build = at_least_zero(m.VINTAGES)
    m.v_capacity = at_least_zero(m.UNITS, m.YEARS)
    m.c_capacity = rows(m.UNITS, m.YEARS, rule=capacity)
    decides_capacity(m, "v_exist", "v_build")
    if d.held is None:
        _add_retirement(m, d)
        _add_limits(m, d)
    _add_capacity_costs(m, d)


def _add_retirement(m: pyo.ConcreteModel, d: SystemData) -> None:
    years = d.horizon.years
    pairs = [
        (r, g, y, k)
        for k, y in pairwise(years)
        for r, g in d.units
        if (r, g, y) in d.surviving and (r, g, k) in d.surviving
    ]
    m.RETIREMENTS = pyo.Set(initialize=pairs, dimen=4)
    m.c_retire = rows(m.RETIREMENTS, rule=retire)
    kept = [(r, g, y) for r, g, y in d.surviving if y in d.horizon.past or not d.may_retire.get(g, True)]
    m.KEPT = pyo.Set(initialize=kept, dimen=3)
    m.c_keep = rows(m.KEPT, rule=keep)


def _add_limits(m: pyo.ConcreteModel, d: SystemData) -> None:
    vintages = set(d.vintages)
    m.LIMITED = pyo.Set(initialize=[k for k in d.build_limit if k in vintages], dimen=3)
    m.COMMITTED = pyo.Set(initialize=[k for k, gw in d.committed.items() if gw > 0], dimen=3)
    m.SITES = pyo.Set(initialize=[k for k in d.potential if k in set(d.units)], dimen=2)
    national = [k for k in d.national_build_limit if any((r, *k) in vintages for r in d.provinces)]
    m.NATIONALLY_LIMITED = pyo.Set(initialize=national, dimen=2)
    m.BUILDERS = pyo.Set(
        m.NATIONALLY_LIMITED,
        initialize={(g, v): [r for r in d.provinces if (r, g, v) in vintages] for g, v in national},
    )
    m.build_limit = param(m.LIMITED, data={k: d.build_limit[k] for k in m.LIMITED})
    m.committed = param(m.COMMITTED, data={k: d.committed[k] for k in m.COMMITTED})
    m.potential = param(m.SITES, data={k: d.potential[k] for k in m.SITES})
    m.national_build_limit = param(
        m.NATIONALLY_LIMITED, data={k: d.national_build_limit[k] for k in national}
    )
    m.c_potential = rows(m.SITES, m.YEARS, rule=potential)
    m.c_build_limit = rows(m.LIMITED, rule=build_limit)
    m.c_national_build_limit = rows(m.NATIONALLY_LIMITED, rule=national_build_limit)
    m.c_committed = rows(m.COMMITTED, rule=committed)


def _add_capacity_costs(m: pyo.ConcreteModel, d: SystemData) -> None:
    technologies = list(dict.fromkeys(g for _, g in d.units))
    m.TECHNOLOGIES = pyo.Set(initialize=technologies)
    m.annuity = param(m.TECHNOLOGIES, m.YEARS, data=d.annuity, default=0.0)
    m.fixed_om = param(
        m.TECHNOLOGIES, m.YEARS, data={k: x for k, x in d.fixed_om.items() if k[1] in m.YEARS}, default=0.0
    )
    m.fixed_om_existing = param(
        m.TECHNOLOGIES, data={g: d.fixed_om.get((g, d.horizon.base_year), 0.0) for g in technologies}
    )
    add_cost(m, "investment", "resource", investment)
    add_cost(m, "fixed_om", "resource", fixed_om)


def capacity(m, r, g, y):
    r"""Capacity that stands is what is kept of the old fleet, what was built and still lives, and what joins.

    .. math:: C_{rgy} = E_{rgy} + \sum_{v \le y < v + L_g} B_{rgv} + \text{terms}

    Units   GW gross.
    Dual    what a GW is worth in year y (undiscounted after division by D).
    """
    return (
        m.v_capacity[r, g, y]
        - sum(m.v_exist[r, g, k] for k in m.EXISTING_IN[r, g, y])
        - sum(m.v_build[r, g, v] for v in m.VINTAGES_IN[r, g, y])
        - added(m, "capacity", r, g, y)
        == 0
    )


def retire(m, r, g, y, k):
    """What was retired by the year before does not come back: E[y] <= E[y-1] [GW]."""
    return m.v_exist[r, g, y] - m.v_exist[r, g, k] <= 0


def keep(m, r, g, y):
    """In the past, and where heat or law keeps a fleet, what has not aged out stays [GW]."""
    return m.v_exist[r, g, y] >= m.surviving[r, g, y]


def potential(m, r, g, y):
    """Capacity within the resource or sites of the province [GW]; the dual is a site rent."""
    return m.v_capacity[r, g, y] <= m.potential[r, g]


def build_limit(m, r, g, v):
    """What a province adds since the planning year before, within its rate [GW]."""
    return m.v_build[r, g, v] <= m.build_limit[r, g, v]


def national_build_limit(m, g, v):
    """What the country adds since the planning year before, within its rate [GW]."""
    return sum(m.v_build[r, g, v] for r in m.BUILDERS[g, v]) <= m.national_build_limit[g, v]


def committed(m, r, g, v):
    """What was built or is under construction is finished [GW]."""
    return m.v_build[r, g, v] >= m.committed[r, g, v]


def investment(m, r, y):
    """Annuities of everything built and still standing [MCNY/yr]; old capital is sunk."""
    return sum(m.annuity[g, v] * m.v_build[r, g, v] for g in m.UNITS_OF[r] for v in m.VINTAGES_IN[r, g, y])


def fixed_om(m, r, y):
    """Fixed O&M of what stands, by vintage [MCNY/yr]."""
    return sum(
        m.fixed_om[g, v] * m.v_build[r, g, v] for g in m.UNITS_OF[r] for v in m.VINTAGES_IN[r, g, y]
    ) + sum(
        m.fixed_om_existing[g] * m.v_exist[r, g, k] for g in m.UNITS_OF[r] for k in m.EXISTING_IN[r, g, y]
    )
