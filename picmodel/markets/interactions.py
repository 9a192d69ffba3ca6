"""Rules about two mechanisms, keyed by the pair; neither mentions the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import per_technology
from picmodel.formulation.base import add_cost, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines
from picmodel.markets.energy_saving.options import co2_per_gwh
from picmodel.markets.green_certificates import neutral_cap
from picmodel.markets.green_certificates.options import CLASSES, NATION, linked_hours
from picmodel.markets.green_certificates.settlement import (
    account,
    by_class,
    eligible_vintages,
    everywhere,
    kept,
    of_class,
    sale_price,
    standing,
)
from picmodel.scenario.schema import at_years
from picmodel.settlement.ledger import SMALLEST, entries
from picmodel.units import to_base

LINK = "link/CN"
MECHANISM = "green_certificates"


# -- what cannot be


def conflicts(options: Mapping[str, Any]) -> list[str]:
    """Options of one mechanism that need another, or exclude one of its options; by mechanism name."""
    certificates, saving, carbon = (
        options.get(name) for name in ("green_certificates", "energy_saving", "carbon")
    )
    found = []
    linkage = "none" if certificates is None else certificates.carbon_linkage
    if linkage != "none" and carbon is None:
        found.append(
            f"markets.green_certificates.carbon_linkage is `{linkage}`, but no carbon market is on; add "
            "`markets.carbon`"
        )
    if linkage == "unified" and carbon is not None and carbon.areas:
        found.append(
            "markets.carbon.areas: certificates become allowances of one national market only; delete the "
            "areas, or link by `ccer`"
        )
    if saving is not None and saving.carbon_linkage:
        if carbon is None:
            found.append(
                "markets.energy_saving.carbon_linkage is on, but no carbon market is; add `markets.carbon`"
            )
        elif carbon.areas:
            found.append(
                "markets.carbon.areas: savings become allowances of one national market only; delete the "
                "areas, or `markets.energy_saving.carbon_linkage`"
            )
    if saving is not None and saving.exclude_renewables and certificates is None:
        found.append(
            "markets.energy_saving.exclude_renewables is on, but there are no certificates to exclude; add "
            "`markets.green_certificates`"
        )
    power = options.get("power")
    if (
        certificates is not None
        and certificates.replaces_support
        and getattr(power, "renewables", "") == "cfd"
    ):
        found.append(
            "markets.green_certificates.replaces_support: markets.power.renewables `cfd` pays the support "
            "that certificates would replace; write `renewables: full_spot`"
        )
    return found


# -- the rows


def certificates_and_carbon(m: pyo.ConcreteModel, carbon: Any, certificates: Any, d: SystemData) -> None:
    """What a certificate is in the carbon market: nothing, CCER, or an allowance."""
    if certificates.carbon_linkage == "none":
        return
    if certificates.carbon_linkage == "ccer":
        m.ccer_factor = param(m.PROVINCES, data={r: d.policy["ccer_factor"][r] for r in d.provinces})
        m.v_turned.setub(None)
        m.v_linked_ccer.setub(None)
        m.c_ccer_link = rows(m.YEARS, rule=ccer_link)
    else:
        _add_credit(m, carbon, certificates, d)


def _add_credit(m: pyo.ConcreteModel, carbon: Any, certificates: Any, d: SystemData) -> None:
    """Certificates as allowances, within emissions; both ways where that is allowed."""
    m.conversion_factor = pyo.Param(initialize=certificates.conversion_factor_t_per_mwh)
    m.surrender_limit = pyo.Param(initialize=certificates.surrender_limit_share)
    neutral = certificates.neutral_cap
    m.COUNTED = pyo.Set(initialize=[] if neutral else CLASSES)  # classes that raise what may be emitted
    emitters = [(r, g) for r, g in m.EMITTERS if d.group[g] in carbon.covered]
    m.COVERED_EMITTERS = pyo.Set(initialize=emitters, dimen=2)
    m.v_surrendered.setub(None)
    m.v_linked_credit.setub(None)
    if certificates.allowances_for_obligation:
        m.v_from_allowances.setub(None)
    if certificates.allowances_for_obligation or neutral:
        m.v_linked_credit.setlb(None)
    if neutral:
        m.surrender_price = param(m.YEARS, data={y: neutral_cap.guess(d, y) for y in d.horizon.years})
        add_cost(m, "surrender_payment", "transfer", surrender_payment, national=True)
    m.c_credit_link = rows(m.YEARS, rule=credit_link)
    m.c_credit_limit = rows(m.YEARS, rule=credit_limit)


def savings_and_carbon(m: pyo.ConcreteModel, carbon: Any, saving: Any, d: SystemData) -> None:
    """Certified savings as allowances: one use each, at the factor of the chosen standard coal."""
    if not saving.carbon_linkage:
        return
    m.saving_factor = pyo.Param(initialize=co2_per_gwh(saving, d))
    m.v_converted.setub(None)
    m.v_saving_credit.setub(None)
    m.c_saving_credit = rows(m.YEARS, rule=saving_credit)


def savings_and_certificates(m: pyo.ConcreteModel, certificates: Any, saving: Any, d: SystemData) -> None:
    """Green certificates that a province uses leave its metered use of energy."""
    if saving.exclude_renewables:
        m.v_excluded.setub(None)
        m.c_excluded = rows(m.QUOTA, m.YEARS, rule=excluded)


def saving_credit(m, y):
    """A certified saving counts at the CO2 of the energy it saves [kt/yr]."""
    return m.v_saving_credit[y] - sum(m.saving_factor * m.v_converted[r, y] for r in m.PROVINCES) == 0


def excluded(m, r, y):
    """Energy of renewable origin that leaves metered use is held by certificates [GWh/yr]."""
    return m.v_excluded[r, y] - sum(m.v_use[r, k, y] for k in m.CLASSES) <= 0


def settle_savings_and_carbon(results: Results, carbon: Any, saving: Any) -> list[pd.DataFrame]:
    """What the carbon market pays for savings goes to those who save."""
    if not saving.carbon_linkage:
        return []
    factor = co2_per_gwh(saving, results.data)
    tonnes = factor * results.values["v_converted"]
    amount = allowance(results, carbon) * tonnes
    return [entries(LINK, "savers", "energy_saving", "savings converted", amount, tonnes, "kt")]


def ccer_link(m, y):
    """Output turned into CCER counts at its province's crediting factor [kt/yr]."""
    return (
        m.v_linked_ccer[y]
        - sum(m.ccer_factor[r] * m.v_turned[r, k, y] for r in m.PROVINCES for k in m.CLASSES)
        == 0
    )


def credit_link(m, y):
    r"""A surrendered certificate counts at the national conversion factor; allowances may go the other way.

    .. math:: k_y - \kappa \sum_{rk} s_{rky} + \kappa \sum_r x_{ry} = 0

    Units   kt/yr; no s where the limit is kept neutral: it falls by as much (`neutral_cap`).
    Dual    <= 0; minus it, undiscounted, is what a tonne is worth in the carbon market.
    """
    return (
        m.v_linked_credit[y]
        - sum(m.conversion_factor * m.v_surrendered[r, k, y] for r in m.PROVINCES for k in m.COUNTED)
        + sum(m.conversion_factor * m.v_from_allowances[r, y] for r in m.PROVINCES)
        == 0
    )


def surrender_payment(m, y):
    """What the state pays for certificates that a neutral cap takes out again: a receipt [MCNY/yr]."""
    return -sum(
        m.surrender_price[y] * m.conversion_factor * m.v_surrendered[r, k, y]
        for r in m.PROVINCES
        for k in m.CLASSES
    )


def credit_limit(m, y):
    """Certificates never cover more than a share of what is emitted; over that share [kt/yr]."""
    return (
        sum(
            m.conversion_factor / m.surrender_limit * m.v_surrendered[r, k, y]
            for r in m.PROVINCES
            for k in m.CLASSES
        )
        - sum(m.v_fleet_emissions[r, g, y] for r, g in m.COVERED_EMITTERS)
        <= 0
    )


# -- the money


@dataclass(frozen=True)
class Linked:
    """Output that went to carbon: GWh by (province, class, year), what a GWh counts and is worth there.

    Attributes:
        used: GWh/yr turned or surrendered.
        tonnes: kt per GWh (province).
        worth: MCNY per GWh, what carbon pays less the rent of the limit on it (province, year).
        certificate: MCNY per GWh, price of the certificate that is given up; 0 where it is kept.
    """

    used: xr.DataArray
    tonnes: xr.DataArray
    worth: xr.DataArray
    certificate: xr.DataArray


def linked(results: Results, carbon: Any, certificates: Any) -> Linked:
    """What the link did, from prices and quantities."""
    v, d = results.values, results.data
    price = everywhere(results, sale_price(results))
    if certificates.carbon_linkage == "ccer":
        factor = results.from_keys({(r,): d.policy["ccer_factor"][r] for r in d.provinces}, ("province",))
        given_up = 0.0 * price if certificates.double_claim else price
        return Linked(v["v_turned"], factor, factor * _national(results, "c_ccer"), given_up)
    kappa = certificates.conversion_factor_t_per_mwh
    tonnes = results.from_keys({(r,): kappa for r in results.provinces}, ("province",))
    rent = results.price("c_credit_limit") / certificates.surrender_limit_share
    return Linked(
        v["v_surrendered"], tonnes, tonnes * (_surrendered_at(results, carbon, certificates) - rent), price
    )


def _surrendered_at(results: Results, carbon: Any, certificates: Any) -> xr.DataArray:
    """What a surrendered tonne is paid (year) [MCNY/kt]: the allowance price, or its number in a neutral cap.

    The two differ by the tolerance; more where capacities are held and the number stays as it was settled.
    """
    if not certificates.neutral_cap or "c_allowances" not in results.duals:
        return allowance(results, carbon)
    paid = {(y,): neutral_cap.guess(results.data, y) for y in results.years}
    return results.from_keys(paid, ("year",))


def _national(results: Results, name: str) -> xr.DataArray:
    price = results.price(name)
    return price.sel(market=NATION, drop=True) if "market" in price.dims else price


def allowance(results: Results, carbon: Any) -> xr.DataArray:
    """What a tonne is worth in settlement (year) [MCNY/kt]: the row's price, or the price that was set."""
    if "c_allowances" in results.duals:
        return _national(results, "c_allowances")
    price = at_years(carbon.price_cny_per_t, results.years)
    return results.from_keys({(y,): to_base(x, "CNY/t") for y, x in price.items()}, ("year",))


def settle_certificates_and_carbon(results: Results, carbon: Any, certificates: Any) -> list[pd.DataFrame]:
    """The account of the link: carbon pays it, and it pays owners of eligible plants for certificates."""
    if certificates.carbon_linkage == "none":
        return []
    found = linked(results, carbon, certificates)
    members, mine = by_class(results), account(results)
    product = (
        "output turned into CCER" if certificates.carbon_linkage == "ccer" else "certificates surrendered"
    )
    parts = []
    for part in _possible(results, certificates):
        gwh = part * _taken(results, certificates, found.used)
        tonnes = (found.tonnes * gwh).sum("class")
        paid = (found.worth * gwh).sum("class")
        parts.append(entries(LINK, "generators", MECHANISM, product, paid, tonnes, "kt"))
        if not certificates.double_claim:
            cost = found.certificate * gwh * members
            parts.append(entries("generators", mine, MECHANISM, product, cost, gwh * members, "GWh"))
    if certificates.carbon_linkage == "unified":
        parts += _credit_entries(results, carbon, certificates)
    return parts


def _possible(results: Results, certificates: Any) -> list[xr.DataArray]:
    """Output that may be linked, of new vintages and of the old fleet, with its class [GWh/yr]."""
    hours = results.from_keys(linked_hours(certificates, results.data), ("province", "technology")).fillna(
        0.0
    )
    hours = hours * by_class(results)
    every = 1.0 if certificates.eligible_from is None else 0.0
    return [
        hours * standing(results) * eligible_vintages(results, certificates),
        every * hours * kept(results),
    ]


def _taken(results: Results, certificates: Any, used: xr.DataArray) -> xr.DataArray:
    """Share of the output that may be linked that is linked (province, class, year)."""
    new, old = _possible(results, certificates)
    total = new.sum(["technology", "vintage"]) + old.sum("technology")
    return (used / total.where(total > SMALLEST)).fillna(0.0)


def _credit_entries(results: Results, carbon: Any, certificates: Any) -> list[pd.DataFrame]:
    """Allowances used for the obligation, the rent of the limit to emitters, what the state withdraws."""
    v, d = results.values, results.data
    price, factor = allowance(results, carbon), certificates.conversion_factor_t_per_mwh
    used = factor * v["v_from_allowances"]
    covered = [g for g in results.technologies if d.group[g] in carbon.covered]
    emitted = v["v_fleet_emissions"].sel(technology=covered).fillna(0.0)
    share = emitted / emitted.sum(["province", "technology"])
    rent = results.price("c_credit_limit") / certificates.surrender_limit_share
    credited = factor * v["v_surrendered"].sum(["province", "class"])
    found = [
        entries("consumers", LINK, MECHANISM, "allowances for the obligation", price * used, used, "kt"),
        entries(
            LINK,
            "generators",
            MECHANISM,
            "rent of the limit on surrender",
            rent * credited * share.fillna(0.0),
        ),
    ]
    if certificates.neutral_cap:
        paid = _surrendered_at(results, carbon, certificates) * credited
        found.append(entries("state", LINK, MECHANISM, "allowances withdrawn", paid, credited, "kt"))
    return found


def _premium(results: Results, carbon: Any, certificates: Any) -> xr.DataArray:
    """What the link pays beyond the certificate, per gross GW that is eligible [MCNY/GW-yr]."""
    found = linked(results, carbon, certificates)
    premium = (found.worth - found.certificate) * _taken(results, certificates, found.used)
    hours = results.from_keys(linked_hours(certificates, results.data), ("province", "technology"))
    return of_class(premium, results) * hours.fillna(0.0)


def old_income_of_link(results: Results, carbon: Any, certificates: Any) -> Lines:
    """The same of the old fleet, which is eligible only where every vintage is."""
    lines = income_of_link(results, carbon, certificates)
    if "carbon_link" in lines:
        every = 1.0 if certificates.eligible_from is None else 0.0
        lines["carbon_link"] = _premium(results, carbon, certificates) * every
    return lines


def income_of_link(results: Results, carbon: Any, certificates: Any) -> Lines:
    """Premium of a gross GW of an eligible vintage, and what emitters gain by the limit on surrender."""
    if certificates.carbon_linkage == "none":
        return {}
    d = results.data
    eligible = eligible_vintages(results, certificates)
    lines = {"carbon_link": _premium(results, carbon, certificates) * eligible}
    if "c_credit_limit" in results.duals:
        covered = {g: float(d.group[g] in carbon.covered) for g in results.technologies}
        emitted = per_technology(results, covered) * results.emissions_per_gw()
        lines["credit_limit"] = results.price("c_credit_limit") * emitted
    return lines


# -- the pairs


def _no_rows(m: pyo.ConcreteModel, first: Any, second: Any, d: SystemData) -> None:
    """A pair without rows."""


def _no_entries(results: Results, first: Any, second: Any) -> list[pd.DataFrame]:
    return []


def _no_lines(results: Results, first: Any, second: Any) -> Lines:
    return {}


@dataclass(frozen=True)
class Link:
    """What a pair of mechanisms adds: rows, entries of the ledger, income of a gross GW, new and old."""

    build: Callable[[pyo.ConcreteModel, Any, Any, SystemData], None] = _no_rows
    settle: Callable[[Results, Any, Any], list[pd.DataFrame]] = _no_entries
    income: Callable[[Results, Any, Any], Lines] = _no_lines
    old_income: Callable[[Results, Any, Any], Lines] | None = None


INTERACTIONS: dict[tuple[str, str], Link] = {
    ("carbon", "green_certificates"): Link(
        certificates_and_carbon, settle_certificates_and_carbon, income_of_link, old_income_of_link
    ),
    ("carbon", "energy_saving"): Link(savings_and_carbon, settle_savings_and_carbon),
    ("green_certificates", "energy_saving"): Link(savings_and_certificates),
}

_KT = ("year",), "kt/yr"

ENTRIES = (
    Entry("c_ccer_link", *_KT, "CCER made of renewable output", "MCNY/kt", "annual", "market", -1),
    Entry("c_credit_link", *_KT, "certificates surrendered, as CO2", "MCNY/kt", "annual", "market", -1),
    Entry("c_saving_credit", *_KT, "savings converted, as CO2", "MCNY/kt", "annual", "market", -1),
    Entry(
        "c_excluded",
        ("province", "year"),
        "GWh/yr",
        "renewable energy that leaves metered use",
        "MCNY/GWh",
        "annual",
        "regulatory",
        -1,
    ),
    Entry("c_credit_limit", *_KT, "certificates within emissions", "MCNY/kt", "annual", "regulatory", -1),
)
