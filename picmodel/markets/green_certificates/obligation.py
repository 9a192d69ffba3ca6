"""The renewable obligation of the provinces, and the share of heavy industry inside it."""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.markets.green_certificates.options import CLASSES, GreenCertificatesConfig
from picmodel.scenario.schema import at_years
from picmodel.units import to_base


def add_obligation(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    years = d.horizon.years
    factor = at_years(cfg.weight_factor, years)
    keys = [(r, y) for r in d.provinces for y in years]
    m.weight_total = param(
        m.PROVINCES, m.YEARS, data={(r, y): factor[y] * d.policy["weight_total"][r, y] for r, y in keys}
    )
    m.weight_nonhydro = param(
        m.PROVINCES, m.YEARS, data={(r, y): factor[y] * d.policy["weight_nonhydro"][r, y] for r, y in keys}
    )
    m.compliance_payment = pyo.Param(initialize=to_base(cfg.compliance_payment_cny_per_mwh, "CNY/MWh"))
    m.v_short_nonhydro = at_least_zero(m.PROVINCES, m.YEARS)
    m.v_short_any = at_least_zero(m.PROVINCES, m.YEARS)
    m.v_from_allowances = pyo.Var(m.PROVINCES, m.YEARS, bounds=(0.0, 0.0))
    m.c_obligation_nonhydro = rows(m.PROVINCES, m.YEARS, rule=obligation_nonhydro)
    m.c_obligation_total = rows(m.PROVINCES, m.YEARS, rule=obligation_total)
    add_cost(m, "compliance_payment", "transfer", compliance_payment)


def add_industry(m, d: SystemData) -> None:
    """The minimum share of heavy industry, inside the obligation of its province."""
    weight, share = d.policy["industry_weight"], d.policy["industry_share"]
    due = {
        (r, y): weight[r, y] * share[r, y]
        for r in d.provinces
        for y in d.horizon.years
        if weight.get((r, y), 0.0) * share.get((r, y), 0.0) > 0
    }
    m.INDUSTRY = pyo.Set(initialize=list(due), dimen=2)
    m.INDUSTRY_USE = pyo.Set(initialize=[(r, k, y) for r, y in due for k in CLASSES], dimen=3)
    m.industry_due = param(m.INDUSTRY, data=due)
    m.v_industry_use = at_least_zero(m.INDUSTRY_USE)
    m.v_industry_short = at_least_zero(m.INDUSTRY)
    m.c_industry = rows(m.INDUSTRY, rule=industry)
    m.c_industry_use = rows(m.INDUSTRY_USE, rule=industry_use)
    m.c_industry_short = rows(m.INDUSTRY, rule=industry_short)


def obligation_nonhydro(m, r, y):
    """Non-hydro certificates meet the non-hydro weight of consumption [GWh/yr]."""
    return (
        sum(m.v_use[r, k, y] for k in m.NONHYDRO)
        + m.v_from_allowances[r, y]
        + m.v_short_nonhydro[r, y]
        - m.weight_nonhydro[r, y] * m.v_consumption[r, y]
        >= 0
    )


def obligation_total(m, r, y):
    """All certificates meet the total weight; what is missing is paid for once [GWh/yr]."""
    return (
        sum(m.v_use[r, k, y] for k in m.CLASSES)
        + m.v_from_allowances[r, y]
        + m.v_short_nonhydro[r, y]
        + m.v_short_any[r, y]
        - m.weight_total[r, y] * m.v_consumption[r, y]
        >= 0
    )


def compliance_payment(m, r, y):
    """Payment for what is missing [MCNY/yr]."""
    return m.compliance_payment * (m.v_short_nonhydro[r, y] + m.v_short_any[r, y])


def industry(m, r, y):
    """Heavy industry uses its minimum share of either class, or pays [GWh/yr]."""
    return (
        sum(m.v_industry_use[r, k, y] for k in m.CLASSES)
        + m.v_industry_short[r, y]
        - m.industry_due[r, y] * m.v_consumption[r, y]
        >= 0
    )


def industry_use(m, r, k, y):
    """What industry uses is part of what its province uses, so it counts in both [GWh/yr]."""
    return m.v_industry_use[r, k, y] - m.v_use[r, k, y] <= 0


def industry_short(m, r, y):
    """What industry misses is part of what its province pays for: a missing MWh pays once [GWh/yr]."""
    return m.v_industry_short[r, y] - m.v_short_nonhydro[r, y] - m.v_short_any[r, y] <= 0
