"""Green certificates and the renewable obligation of the provinces.

One certificate per net MWh of renewable output; nothing else makes or destroys one, and each has one
use: the obligation, a volunteer, surrender for carbon, turning into CCER, a later year, or it lapses.
"""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import at_least_zero, free, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism
from picmodel.markets.green_certificates.neutral_cap import iterate, residual
from picmodel.markets.green_certificates.obligation import add_industry, add_obligation
from picmodel.markets.green_certificates.options import (
    CLASSES,
    GreenCertificatesConfig,
    areas,
    check,
    linked_hours,
    new_tradable,
    old_tradable,
    possible_hours,
)
from picmodel.markets.green_certificates.settlement import (
    income,
    indicators,
    margin,
    old_income,
    settle,
)
from picmodel.markets.green_certificates.uses import add_other_uses


def build(m: pyo.ConcreteModel, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """Add the certificate balance, trade, the nested obligations and the eligibility of links."""
    m.CLASSES = pyo.Set(initialize=CLASSES)
    m.NONHYDRO = pyo.Set(initialize=["nonhydro"])  # a literal index does not templatize
    m.RENEWABLE_OF = pyo.Set(
        m.PROVINCES,
        m.CLASSES,
        initialize={
            (r, k): [g for s, g in d.fleets if s == r and d.renewable_class[g] == k]
            for r in d.provinces
            for k in CLASSES
        },
    )
    _add_areas(m, cfg, d)
    add_other_uses(m, cfg, d)
    _add_balance(m, cfg)
    add_obligation(m, cfg, d)
    if cfg.heavy_industry:
        add_industry(m, d)
    if cfg.limits_sales:
        _add_tradable(m, cfg, d)
    _add_eligibility(m, cfg, d)


def _add_areas(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """Markets, and what may pass between them: certificates bundled with power, or sold nationally."""
    found = areas(cfg, d)
    arcs = d.arcs if cfg.trade == "bundled" else {}
    m.AREAS = pyo.Set(initialize=list(found))
    m.PROVINCES_OF = pyo.Set(m.AREAS, initialize=found)
    # who turns output into CCER uses its certificate up, unless both claims are allowed
    m.TURNING_OF = pyo.Set(m.AREAS, initialize={z: [] if cfg.double_claim else rs for z, rs in found.items()})
    m.BUNDLING = pyo.Set(initialize=list(arcs))
    m.BUNDLED_INTO = pyo.Set(
        m.AREAS, initialize={z: [a for a, (_, _, j) in arcs.items() if j == z] for z in found}
    )
    m.BUNDLED_OUT = pyo.Set(
        m.AREAS, initialize={z: [a for a, (_, i, _) in arcs.items() if i == z] for z in found}
    )
    m.v_bundled = at_least_zero(m.BUNDLING, m.CLASSES, m.YEARS)
    m.v_net_purchase = free(m.AREAS, m.CLASSES, m.YEARS)
    m.c_bundled = rows(m.BUNDLING, m.YEARS, rule=bundled)
    if cfg.trade == "national" and cfg.limits_sales:
        m.c_certificate_market = rows(m.CLASSES, m.YEARS, rule=certificate_market)
    else:
        m.v_net_purchase.setlb(0.0)
        m.v_net_purchase.setub(0.0)


def _add_balance(m, cfg: GreenCertificatesConfig) -> None:
    """One certificate for each MWh, and one use for each certificate."""
    provincial = (m.PROVINCES, m.CLASSES, m.YEARS)
    m.v_certified = at_least_zero(*provincial)
    m.v_use = at_least_zero(*provincial)
    m.v_surrendered = pyo.Var(*provincial, bounds=(0.0, 0.0))
    m.v_turned = pyo.Var(*provincial, bounds=(0.0, 0.0))
    m.v_lapsed = at_least_zero(m.AREAS, m.CLASSES, m.YEARS)
    m.c_certified = rows(*provincial, rule=certified)
    m.c_certificates = rows(m.AREAS, m.CLASSES, m.YEARS, rule=certificates)
    m.c_kept = rows(m.AREAS, m.CLASSES, m.KEEPING, rule=kept)
    if cfg.double_claim:
        m.c_second_claim = rows(*provincial, rule=second_claim)


def _vintages(d: SystemData, units: dict, from_year: int | None) -> tuple[dict, dict]:
    """New and old capacity by (province, class, year): pairs (technology, vintage), and technologies."""
    built, years = set(d.vintages), d.horizon.years
    keys = [(r, k, y) for r in d.provinces for k in CLASSES for y in years]
    mine = {
        (r, k): [g for s, g in units if s == r and d.renewable_class[g] == k]
        for r in d.provinces
        for k in CLASSES
    }
    new = {
        (r, k, y): [
            (g, v)
            for g in mine[r, k]
            for v in d.alive(g, y)
            if (r, g, v) in built and (from_year is None or v >= from_year)
        ]
        for r, k, y in keys
    }
    old = {
        (r, k, y): [g for g in mine[r, k] if from_year is None and (r, g, y) in d.surviving]
        for r, k, y in keys
    }
    return new, old


def _add_tradable(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """What leaves a province stays within what the output that may be sold could have been."""
    hours = possible_hours(d)
    new, old = _vintages(d, hours, None)
    m.TRADABLE = pyo.Set(m.AREAS, m.CLASSES, m.YEARS, initialize=new, dimen=2)
    m.TRADABLE_OLD = pyo.Set(m.AREAS, m.CLASSES, m.YEARS, initialize=old)
    m.tradable_hours = param(
        m.FLEETS, data={(r, g): new_tradable(cfg, d, g) * h for (r, g), h in hours.items()}, default=0.0
    )
    m.tradable_old_hours = param(
        m.FLEETS, data={(r, g): old_tradable(cfg, d, g) * h for (r, g), h in hours.items()}, default=0.0
    )
    m.c_tradable = rows(m.AREAS, m.CLASSES, m.YEARS, rule=tradable)


def _add_eligibility(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """What is linked to carbon stays within what the eligible vintages could have produced."""
    hours = linked_hours(cfg, d)
    new, old = _vintages(d, hours, cfg.eligible_from)
    m.ELIGIBLE = pyo.Set(m.PROVINCES, m.CLASSES, m.YEARS, initialize=new, dimen=2)
    m.ELIGIBLE_OLD = pyo.Set(m.PROVINCES, m.CLASSES, m.YEARS, initialize=old)
    m.linked_hours = param(m.FLEETS, data=hours, default=0.0)
    m.LINKABLE = pyo.Set(initialize=list(new) if hours else [], dimen=3)  # a class without eligible output: 0
    m.c_eligible = rows(m.LINKABLE, rule=eligible)


# -- certificates


def certified(m, r, k, y):
    """One certificate for each net MWh of renewable output [GWh/yr]."""
    return m.v_certified[r, k, y] - sum(m.v_annual_generation[r, g, y] for g in m.RENEWABLE_OF[r, k]) == 0


def leaving(m, z, k, y):
    """Net of what leaves a market: sold, bundled, to volunteers, to carbon, to the state [GWh/yr]."""
    return (
        sum(m.v_surrendered[r, k, y] for r in m.PROVINCES_OF[z])
        + sum(m.v_turned[r, k, y] for r in m.TURNING_OF[z])
        + sum(m.v_voluntary[z, k, b, y] for b in m.BLOCKS_OF[k])
        + sum(m.v_bundled[a, k, y] for a in m.BUNDLED_OUT[z])
        - sum(m.v_bundled[a, k, y] for a in m.BUNDLED_INTO[z])
        + m.v_to_state[z, k, y]
        - m.v_from_state[z, k, y]
        - m.v_net_purchase[z, k, y]
    )


def certificates(m, z, k, y):
    r"""Certificates made in a market, or brought to it, find one use each.

    Units   GWh/yr; what is kept for a later year is spread over the years that it stands for.
    Dual    the class's certificate price: that of the best use, never of one obligation row.
    """
    return (
        sum(m.v_certified[r, k, y] - m.v_use[r, k, y] for r in m.PROVINCES_OF[z])
        - leaving(m, z, k, y)
        + sum(m.bank_ratio[y, u] * m.v_banked[z, k, y, u] for u in m.BANKED_FROM[y])
        - sum(m.v_banked[z, k, w, y] for w in m.BANKED_TO[y])
        - m.v_lapsed[z, k, y]
        == 0
    )


def kept(m, z, k, y):
    """What is kept was made in the year: no old certificate is made young [GWh/yr]; dual: its rent."""
    return (
        sum(m.v_banked[z, k, w, y] for w in m.BANKED_TO[y])
        - sum(m.v_certified[r, k, y] for r in m.PROVINCES_OF[z])
        <= 0
    )


def certificate_market(m, k, y):
    """What provinces buy nationally others sell [GWh/yr]; minus its dual: the national price."""
    return sum(m.v_net_purchase[z, k, y] for z in m.AREAS) == 0


def tradable(m, z, k, y):
    """What leaves a province stays within what may be sold [GWh/yr]; dual: rent of that output."""
    return (
        leaving(m, z, k, y)
        - sum(m.tradable_hours[z, g] * m.v_build[z, g, v] for g, v in m.TRADABLE[z, k, y])
        - sum(m.tradable_old_hours[z, g] * m.v_exist[z, g, y] for g in m.TRADABLE_OLD[z, k, y])
        <= 0
    )


def bundled(m, a, y):
    """Green power sold with its certificate is power that flowed [GWh/yr]."""
    return (
        sum(m.v_bundled[a, k, y] for k in m.CLASSES)
        - sum(m.delivered[a] * m.weight[t] * m.v_flow[a, y, t] for t in m.TIMES)
        <= 0
    )


# -- links to carbon


def eligible(m, r, k, y):
    """Linked output within what the eligible vintages could have produced [GWh/yr]."""
    return (
        m.v_turned[r, k, y]
        + m.v_surrendered[r, k, y]
        - sum(m.linked_hours[r, g] * m.v_build[r, g, v] for g, v in m.ELIGIBLE[r, k, y])
        - sum(m.linked_hours[r, g] * m.v_exist[r, g, y] for g in m.ELIGIBLE_OLD[r, k, y])
        <= 0
    )


def second_claim(m, r, k, y):
    """With both claims allowed CCER has a balance of its own: turned within output [GWh/yr]."""
    return m.v_turned[r, k, y] - m.v_certified[r, k, y] <= 0


_RY = ("province", "year")
_RKY = ("province", "class", "year")
_ZKY = ("market", "class", "year")

GREEN_CERTIFICATES = Mechanism(
    name="green_certificates",
    config=GreenCertificatesConfig,
    summary="Green certificates and the renewable obligation of the provinces",
    build=build,
    check=check,
    income=income,
    old_income=old_income,
    margin=margin,
    settle=settle,
    indicators=indicators,
    iterate=iterate,
    residual=residual,
    headline=("certificate_price",),
    entries=(
        Entry("v_certified", _RKY, "GWh/yr", "certificates issued"),
        Entry("v_use", _RKY, "GWh/yr", "certificates retired for the obligation"),
        Entry("v_surrendered", _RKY, "GWh/yr", "certificates surrendered for carbon"),
        Entry("v_turned", _RKY, "GWh/yr", "output turned into CCER"),
        Entry("v_lapsed", _ZKY, "GWh/yr", "certificates without a use"),
        Entry("v_bundled", ("arc", "class", "year"), "GWh/yr", "certificates sold with the power of an arc"),
        Entry("v_net_purchase", _ZKY, "GWh/yr", "certificates bought less sold on the national market"),
        Entry(
            "v_voluntary", ("market", "class", "block", "year"), "GWh/yr", "certificates bought by volunteers"
        ),
        Entry("v_to_state", _ZKY, "GWh/yr", "certificates that the state buys at the floor"),
        Entry("v_from_state", _ZKY, "GWh/yr", "certificates that the state sells at the ceiling"),
        Entry(
            "v_banked",
            ("market", "class", "year", "before"),
            "GWh/yr",
            "certificates of an earlier year kept for this one, per year of the earlier span",
        ),
        Entry("v_short_nonhydro", _RY, "GWh/yr", "non-hydro obligation paid for"),
        Entry("v_short_any", _RY, "GWh/yr", "total obligation paid for"),
        Entry("v_from_allowances", _RY, "GWh/yr", "obligation met with allowances"),
        Entry("v_industry_use", _RKY, "GWh/yr", "certificates retired by heavy industry"),
        Entry("v_industry_short", _RY, "GWh/yr", "minimum share of heavy industry paid for"),
        Entry("c_certified", _RKY, "GWh/yr", "one certificate for each MWh"),
        Entry("c_certificates", _ZKY, "GWh/yr", "certificate balance", "MCNY/GWh", "annual", "market"),
        Entry(
            "c_certificate_market",
            ("class", "year"),
            "GWh/yr",
            "national certificate market",
            "MCNY/GWh",
            "annual",
            "market",
            -1,
        ),
        Entry(
            "c_kept",
            _ZKY,
            "GWh/yr",
            "what is kept was made in the year",
            "MCNY/GWh",
            "annual",
            "physical",
            -1,
        ),
        Entry(
            "c_tradable", _ZKY, "GWh/yr", "sales of what may be sold", "MCNY/GWh", "annual", "physical", -1
        ),
        Entry(
            "c_bundled",
            ("arc", "year"),
            "GWh/yr",
            "bundled certificates follow power",
            "MCNY/GWh",
            "annual",
            "physical",
            -1,
        ),
        Entry(
            "c_voluntary",
            ("block", "year"),
            "GWh/yr",
            "demand of volunteers",
            "MCNY/GWh",
            "annual",
            "physical",
            -1,
        ),
        Entry("c_obligation_nonhydro", _RY, "GWh/yr", "non-hydro weight", "MCNY/GWh", "annual", "market"),
        Entry("c_obligation_total", _RY, "GWh/yr", "total weight", "MCNY/GWh", "annual", "market"),
        Entry("c_industry", _RY, "GWh/yr", "share of heavy industry", "MCNY/GWh", "annual", "market"),
        Entry(
            "c_industry_use",
            _RKY,
            "GWh/yr",
            "industry's use inside its province's",
            "MCNY/GWh",
            "annual",
            "definition",
            -1,
        ),
        Entry(
            "c_industry_short",
            _RY,
            "GWh/yr",
            "industry's shortfall inside its province's",
            "MCNY/GWh",
            "annual",
            "definition",
            -1,
        ),
        Entry(
            "c_eligible",
            _RKY,
            "GWh/yr",
            "linked output of eligible vintages",
            "MCNY/GWh",
            "annual",
            "market",
            -1,
        ),
        Entry(
            "c_second_claim", _RKY, "GWh/yr", "CCER claims within output", "MCNY/GWh", "annual", "market", -1
        ),
    ),
)
