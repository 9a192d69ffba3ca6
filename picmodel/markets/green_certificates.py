"""Green certificates and the renewable obligation of the provinces.

One certificate per net MWh of renewable output; nothing else makes or destroys one, and each has one
use: the obligation, surrender for carbon, turning into CCER, or it lapses.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism, MechanismConfig
from picmodel.scenario.schema import ByYear, at_years
from picmodel.units import to_base

CLASSES = ("hydro", "nonhydro")
NATION = "CN"


class GreenCertificatesConfig(MechanismConfig):
    """Options of certificates and obligation."""

    trade: Literal["none", "bundled", "national"] = Field(
        "bundled", description="certificates stay at home, follow physical flows, or are sold nationally"
    )
    weight_factor: ByYear = Field(
        1.0, description="weights of inputs/policy/obligation_weights.csv times this"
    )
    compliance_payment_cny_per_mwh: float = Field(
        150.0, gt=0, le=2000, description="paid per MWh short; an assumption, the rules have none [CNY/MWh]"
    )
    carbon_linkage: Literal["none", "ccer", "unified"] = Field(
        "none", description="what else a certificate can be: nothing, CCER, or an allowance"
    )
    conversion_factor_t_per_mwh: float = Field(
        0.57, gt=0, le=1.5, description="unified: t CO2 of one certificate, one number for the nation [t/MWh]"
    )
    eligible_from: int | None = Field(
        2027,
        ge=1990,
        le=2060,
        description="linked: only plants commissioned in this planning year or later; null: every vintage",
    )
    eligible_technologies: tuple[str, ...] | None = Field(
        None, strict=False, description="linked: technologies that may be linked; null: all wind and solar"
    )


def build(m: pyo.ConcreteModel, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """Add the certificate balance, trade, the two nested obligations and the eligibility of links."""
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
    _add_balance(m, cfg, d)
    _add_obligation(m, cfg, d)
    _add_eligibility(m, cfg, d)


def _add_balance(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """One certificate market for the nation, or one for each province with or without bundled trade."""
    areas = {NATION: list(d.provinces)} if cfg.trade == "national" else {r: [r] for r in d.provinces}
    arcs = d.arcs if cfg.trade == "bundled" else {}
    m.AREAS = pyo.Set(initialize=list(areas))
    m.PROVINCES_OF = pyo.Set(m.AREAS, initialize=areas)
    m.BUNDLING = pyo.Set(initialize=list(arcs))
    m.BUNDLED_INTO = pyo.Set(
        m.AREAS, initialize={z: [a for a, (_, _, j) in arcs.items() if j == z] for z in areas}
    )
    m.BUNDLED_OUT = pyo.Set(
        m.AREAS, initialize={z: [a for a, (_, i, _) in arcs.items() if i == z] for z in areas}
    )
    provincial = (m.PROVINCES, m.CLASSES, m.YEARS)
    m.v_certified = at_least_zero(*provincial)
    m.v_use = at_least_zero(*provincial)
    m.v_surrendered = pyo.Var(*provincial, bounds=(0.0, 0.0))
    m.v_turned = pyo.Var(*provincial, bounds=(0.0, 0.0))
    m.v_lapsed = at_least_zero(m.AREAS, m.CLASSES, m.YEARS)
    m.v_bundled = at_least_zero(m.BUNDLING, m.CLASSES, m.YEARS)
    m.c_certified = rows(*provincial, rule=certified)
    m.c_certificates = rows(m.AREAS, m.CLASSES, m.YEARS, rule=certificates)
    m.c_bundled = rows(m.BUNDLING, m.YEARS, rule=bundled)


def _add_obligation(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
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
    m.c_obligation_nonhydro = rows(m.PROVINCES, m.YEARS, rule=obligation_nonhydro)
    m.c_obligation_total = rows(m.PROVINCES, m.YEARS, rule=obligation_total)
    add_cost(m, "compliance_payment", "transfer", compliance_payment)


def linked_hours(cfg: GreenCertificatesConfig, d: SystemData) -> dict[tuple[str, str], float]:
    """What a GW of a technology that may be linked could produce [GWh/yr per gross GW]."""
    hours: dict[tuple[str, str], float] = {}
    if cfg.carbon_linkage == "none":
        return hours
    for r, g, t in d.availability:
        named = cfg.eligible_technologies
        if (g in named) if named is not None else d.group[g] in ("wind", "solar"):
            hours[r, g] = hours.get((r, g), 0.0) + d.time.weight[t] * d.availability[r, g, t]
    return hours


def _add_eligibility(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """What is linked to carbon stays within what the eligible vintages could have produced."""
    hours = linked_hours(cfg, d)
    built = set(d.vintages)
    units = {
        (r, k): [g for s, g in hours if s == r and d.renewable_class[g] == k]
        for r in d.provinces
        for k in CLASSES
    }
    pairs = {
        (r, k, y): [
            (g, v)
            for g in units[r, k]
            for v in d.alive(g, y)
            if (r, g, v) in built and (cfg.eligible_from is None or v >= cfg.eligible_from)
        ]
        for r, k in units
        for y in d.horizon.years
    }
    old = {
        (r, k, y): [g for g in units[r, k] if cfg.eligible_from is None and (r, g, y) in d.surviving]
        for r, k in units
        for y in d.horizon.years
    }
    m.ELIGIBLE = pyo.Set(m.PROVINCES, m.CLASSES, m.YEARS, initialize=pairs, dimen=2)
    m.ELIGIBLE_OLD = pyo.Set(m.PROVINCES, m.CLASSES, m.YEARS, initialize=old)
    m.linked_hours = param(m.FLEETS, data=hours, default=0.0)
    m.LINKABLE = pyo.Set(
        initialize=list(pairs) if hours else [], dimen=3
    )  # a class without eligible output: 0
    m.c_eligible = rows(m.LINKABLE, rule=eligible)
    if cfg.carbon_linkage == "unified":
        m.conversion_factor = pyo.Param(initialize=cfg.conversion_factor_t_per_mwh)


def certified(m, r, k, y):
    """One certificate for each net MWh of renewable output [GWh/yr]."""
    return m.v_certified[r, k, y] - sum(m.v_annual_generation[r, g, y] for g in m.RENEWABLE_OF[r, k]) == 0


def certificates(m, z, k, y):
    r"""Certificates made in a market, and brought with power, find one use each.

    Units   GWh/yr.
    Dual    the class's certificate price: that of the best use, never of one obligation row.
    """
    return (
        sum(
            m.v_certified[r, k, y] - m.v_use[r, k, y] - m.v_surrendered[r, k, y] - m.v_turned[r, k, y]
            for r in m.PROVINCES_OF[z]
        )
        + sum(m.v_bundled[a, k, y] for a in m.BUNDLED_INTO[z])
        - sum(m.v_bundled[a, k, y] for a in m.BUNDLED_OUT[z])
        - m.v_lapsed[z, k, y]
        == 0
    )


def bundled(m, a, y):
    """Green power sold with its certificate is power that flowed [GWh/yr]."""
    return (
        sum(m.v_bundled[a, k, y] for k in m.CLASSES)
        - sum(m.delivered[a] * m.weight[t] * m.v_flow[a, y, t] for t in m.TIMES)
        <= 0
    )


def obligation_nonhydro(m, r, y):
    """Non-hydro certificates meet the non-hydro weight of consumption [GWh/yr]."""
    return (
        sum(m.v_use[r, k, y] for k in m.NONHYDRO)
        + m.v_short_nonhydro[r, y]
        - m.weight_nonhydro[r, y] * m.v_consumption[r, y]
        >= 0
    )


def obligation_total(m, r, y):
    """All certificates meet the total weight; what is missing is paid for once [GWh/yr]."""
    return (
        sum(m.v_use[r, k, y] for k in m.CLASSES)
        + m.v_short_nonhydro[r, y]
        + m.v_short_any[r, y]
        - m.weight_total[r, y] * m.v_consumption[r, y]
        >= 0
    )


def eligible(m, r, k, y):
    """Linked output within what the eligible vintages could have produced [GWh/yr]."""
    return (
        m.v_turned[r, k, y]
        + m.v_surrendered[r, k, y]
        - sum(m.linked_hours[r, g] * m.v_build[r, g, v] for g, v in m.ELIGIBLE[r, k, y])
        - sum(m.linked_hours[r, g] * m.v_exist[r, g, y] for g in m.ELIGIBLE_OLD[r, k, y])
        <= 0
    )


def compliance_payment(m, r, y):
    """Payment for what is missing [MCNY/yr]."""
    return m.compliance_payment * (m.v_short_nonhydro[r, y] + m.v_short_any[r, y])


def check(cfg: GreenCertificatesConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    factor = at_years(cfg.weight_factor, d.horizon.years)
    above = [
        f"{r} {y}"
        for (r, y), weight in d.policy["weight_total"].items()
        if r in d.provinces and factor[y] * weight > 1
    ]
    if not above:
        return []
    return [
        f"markets.green_certificates.weight_factor: obligation above all consumption in {', '.join(above)}; "
        "write a smaller factor"
    ]


def income(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> Lines:
    """Certificates sold, and the premium of vintages whose certificates can be linked [MCNY/GW-yr]."""
    lines = {"certificates": of_class(price_by_province(results), results) * results.output_per_gw()}
    hours = linked_hours(cfg, d)
    if hours and "c_eligible" in results.duals:
        rent = of_class(results.price("c_eligible").fillna(0.0), results)
        possible = results.from_keys(hours, ("province", "technology")).fillna(0.0)
        lines["carbon_link"] = rent * possible * _is_eligible(results, cfg)
    return lines


def of_class(price: xr.DataArray, results: Results) -> xr.DataArray:
    """Price of the class that each technology belongs to; 0 for none."""
    kinds = [results.data.renewable_class[g] for g in results.technologies]
    none = 0.0 * price.isel({"class": 0}, drop=True)
    columns = [none if kind == "none" else price.sel({"class": kind}, drop=True) for kind in kinds]
    return xr.concat(columns, dim=pd.Index(results.technologies, name="technology"))


def price_by_province(results: Results) -> xr.DataArray:
    """Certificate price (province, class, year): the national one where there is one market [MCNY/GWh]."""
    price = results.price("c_certificates").rename(market="province")
    if NATION in price.province.values and price.sel(province=NATION).notnull().any():
        return price.sel(province=NATION, drop=True).expand_dims(province=list(results.provinces))
    return price.sel(province=list(results.provinces))


def _is_eligible(results: Results, cfg: GreenCertificatesConfig) -> xr.DataArray:
    vintages = xr.DataArray(list(results.years), dims="vintage", coords={"vintage": list(results.years)})
    return (vintages >= (cfg.eligible_from or 0)).astype(float)


GREEN_CERTIFICATES = Mechanism(
    name="green_certificates",
    config=GreenCertificatesConfig,
    summary="Green certificates and the renewable obligation of the provinces",
    build=build,
    check=check,
    income=income,
    margin=income,  # what is paid is what the LP sees
    headline=("certificate_price",),
    entries=(
        *(
            Entry(name, ("province", "class", "year"), "GWh/yr", meaning)
            for name, meaning in (
                ("v_certified", "certificates issued"),
                ("v_use", "certificates retired for the obligation"),
                ("v_surrendered", "certificates surrendered for carbon"),
                ("v_turned", "output turned into CCER"),
            )
        ),
        Entry("v_lapsed", ("market", "class", "year"), "GWh/yr", "certificates without a use"),
        Entry("v_bundled", ("arc", "class", "year"), "GWh/yr", "certificates sold with the power of an arc"),
        Entry("v_short_nonhydro", ("province", "year"), "GWh/yr", "non-hydro obligation paid for"),
        Entry("v_short_any", ("province", "year"), "GWh/yr", "total obligation paid for"),
        Entry("c_certified", ("province", "class", "year"), "GWh/yr", "one certificate for each MWh"),
        Entry(
            "c_certificates",
            ("market", "class", "year"),
            "GWh/yr",
            "certificate balance",
            "MCNY/GWh",
            "annual",
            "market",
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
            "c_obligation_nonhydro",
            ("province", "year"),
            "GWh/yr",
            "non-hydro weight",
            "MCNY/GWh",
            "annual",
            "market",
        ),
        Entry(
            "c_obligation_total",
            ("province", "year"),
            "GWh/yr",
            "total weight",
            "MCNY/GWh",
            "annual",
            "market",
        ),
        Entry(
            "c_eligible",
            ("province", "class", "year"),
            "GWh/yr",
            "linked output of eligible vintages",
            "MCNY/GWh",
            "annual",
            "market",
            -1,
        ),
    ),
)
