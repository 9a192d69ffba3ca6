"""Stores: power and energy capacity, charging, stored energy, wear."""

from __future__ import annotations

import math

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, at_least_zero, decides_capacity, param, rows


def add_storage(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Stores, cyclic within each period.  Needs ``v_capacity``, ``v_build``, ``v_exist``."""
    names = list(dict.fromkeys(g for _, g in d.stores))
    m.STORE_TECHNOLOGIES = pyo.Set(initialize=names)
    _add_energy(m, d)
    m.previous = param(m.TIMES, data=d.time.previous)
    m.one_way = param(m.STORE_TECHNOLOGIES, data={s: math.sqrt(d.efficiency[s]) for s in names})
    m.v_charge = at_least_zero(m.STORES, m.YEARS, m.TIMES)
    m.v_discharge = at_least_zero(m.STORES, m.YEARS, m.TIMES)
    m.v_stored = at_least_zero(m.STORES, m.YEARS, m.TIMES)
    m.c_charge_max = rows(m.STORES, m.YEARS, m.TIMES, rule=charge_max)
    m.c_discharge_max = rows(m.STORES, m.YEARS, m.TIMES, rule=discharge_max)
    m.c_stored_max = rows(m.STORES, m.YEARS, m.TIMES, rule=stored_max)
    m.c_stored = rows(m.STORES, m.YEARS, m.TIMES, rule=stored)
    if d.stores:
        add_cost(m, "storage_wear", "resource", storage_wear)


def _add_energy(m: pyo.ConcreteModel, d: SystemData) -> None:
    stores = set(d.stores)
    vintages = [k for k in d.vintages if k[:2] in stores]
    past = [k for k in vintages if k[2] in d.horizon.past]
    m.STORE_VINTAGES = pyo.Set(initialize=vintages, dimen=3)
    m.NEW_STORES = pyo.Set(initialize=[k for k in vintages if k not in set(past)], dimen=3)
    m.PAST_STORES = pyo.Set(initialize=past, dimen=3)
    m.duration_min = param(m.STORE_TECHNOLOGIES, data={s: d.duration[s][0] for s in m.STORE_TECHNOLOGIES})
    m.duration_max = param(m.STORE_TECHNOLOGIES, data={s: d.duration[s][1] for s in m.STORE_TECHNOLOGIES})
    m.existing_duration = param(m.STORES, data=d.existing_duration, default=0.0)
    m.committed_energy = param(m.PAST_STORES, data={k: d.committed_energy[k] for k in past})
    m.energy_annuity = param(m.STORE_TECHNOLOGIES, m.YEARS, data=d.energy_annuity, default=0.0)
    m.v_build_energy = at_least_zero(m.STORE_VINTAGES)
    m.v_energy = at_least_zero(m.STORES, m.YEARS)
    m.c_energy = rows(m.STORES, m.YEARS, rule=energy)
    decides_capacity(m, "v_build_energy")
    if d.held is None:
        m.c_duration_min = rows(m.NEW_STORES, rule=duration_min)
        m.c_duration_max = rows(m.NEW_STORES, rule=duration_max)
        m.c_committed_energy = rows(m.PAST_STORES, rule=committed_energy)
    if vintages:
        add_cost(m, "storage_energy", "resource", storage_energy)


def energy(m, r, s, y):
    """Energy capacity that stands [GWh]."""
    return m.v_energy[r, s, y] == sum(
        m.existing_duration[r, s] * m.v_exist[r, s, k] for k in m.EXISTING_IN[r, s, y]
    ) + sum(m.v_build_energy[r, s, v] for v in m.VINTAGES_IN[r, s, y])


def duration_min(m, r, s, v):
    """New stores hold at least the least duration [GWh]."""
    return m.v_build_energy[r, s, v] - m.duration_min[s] * m.v_build[r, s, v] >= 0


def duration_max(m, r, s, v):
    """New stores hold at most the longest duration [GWh]."""
    return m.v_build_energy[r, s, v] - m.duration_max[s] * m.v_build[r, s, v] <= 0


def committed_energy(m, r, s, v):
    """Stores that were built have the energy that was built [GWh]."""
    return m.v_build_energy[r, s, v] == m.committed_energy[r, s, v]


def charge_max(m, r, s, y, t):
    """Charging within power [GW]."""
    return m.v_charge[r, s, y, t] - m.v_capacity[r, s, y] <= 0


def discharge_max(m, r, s, y, t):
    """Discharging within power [GW]."""
    return m.v_discharge[r, s, y, t] - m.v_capacity[r, s, y] <= 0


def stored_max(m, r, s, y, t):
    """Stored energy within energy capacity [GWh]."""
    return m.v_stored[r, s, y, t] - m.v_energy[r, s, y] <= 0


def stored(m, r, s, y, t):
    r"""Stored energy follows charging; the first slice of a period follows its last.

    .. math:: S_t = S_{t-1} + h\,(\sqrt\eta\, c_t - d_t / \sqrt\eta)

    Units   GWh.
    """
    return m.v_stored[r, s, y, t] == m.v_stored[r, s, y, m.previous[t]] + m.step * (
        m.one_way[s] * m.v_charge[r, s, y, t] - m.v_discharge[r, s, y, t] / m.one_way[s]
    )


def storage_energy(m, r, y):
    """Annuities of stores' energy [MCNY/yr]."""
    return sum(
        m.energy_annuity[s, v] * m.v_build_energy[r, s, v]
        for s in m.STORES_OF[r]
        for v in m.VINTAGES_IN[r, s, y]
    )


def storage_wear(m, r, y):
    """Wear of stores per GWh discharged [MCNY/yr]."""
    return sum(
        m.variable_om[s, y] * m.weight[t] * m.v_discharge[r, s, y, t] for s in m.STORES_OF[r] for t in m.TIMES
    )
