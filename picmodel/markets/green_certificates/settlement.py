"""What certificates are worth, who pays whom for them, and what is reported.

Every market and class has a clearing account, ``certificates-nonhydro/CN`` or ``certificates-hydro/SD``.
What stays at home is paid the class price; what leaves (sold nationally, bundled with power, to
volunteers, to the state, to carbon) is paid the class price and the rent of output that may be sold.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import NATION, per_technology, tidy, with_nation
from picmodel.markets.base import Lines
from picmodel.markets.green_certificates.options import (
    CLASSES,
    GreenCertificatesConfig,
    consumers_part,
    linked_hours,
    new_tradable,
    old_tradable,
    possible_hours,
)
from picmodel.scenario.schema import at_years
from picmodel.settlement.ledger import SMALLEST, entries
from picmodel.units import to_base

MECHANISM = "green_certificates"
TWH = 1e-3  # from GWh
CNY_PER_MWH = 1e3  # from MCNY/GWh


# -- prices


def at_home(results: Results, array: xr.DataArray) -> xr.DataArray:
    """An array by market with provinces in its place; without either where there is one market."""
    if _one_market(results):
        return array.sel(market=NATION, drop=True)
    return array.sel(market=list(results.provinces)).rename(market="province")


def account(results: Results) -> str:
    """Name of the clearing account of a class, and of a province where each has its own market."""
    return "certificates-{class}/" + (NATION if _one_market(results) else "{province}")


def _one_market(results: Results) -> bool:
    return bool(results.duals["c_certificates"].sel(market=NATION).notnull().any())


def class_price(results: Results) -> xr.DataArray:
    """What a certificate is worth where it was made ([province,] class, year) [MCNY/GWh]."""
    return at_home(results, results.price("c_certificates"))


def sale_price(results: Results) -> xr.DataArray:
    """What is paid for a certificate that leaves: its price and the rent of output that may be sold."""
    if "c_tradable" not in results.duals:
        return class_price(results)
    return class_price(results) + at_home(results, results.price("c_tradable"))


def new_price(results: Results) -> xr.DataArray:
    """What a certificate just made is worth: its price, and the rent of years in which all are kept."""
    if "c_kept" not in results.duals:
        return class_price(results)
    return class_price(results) + at_home(results, results.price("c_kept")).fillna(0.0)


def price_by_province(results: Results) -> xr.DataArray:
    """Certificate price (province, class, year): the national one where there is one market [MCNY/GWh]."""
    return everywhere(results, class_price(results))


def everywhere(results: Results, price: xr.DataArray) -> xr.DataArray:
    """A national price in every province; a provincial one as it is."""
    return price if "province" in price.dims else price.expand_dims(province=list(results.provinces))


def of_class(price: xr.DataArray, results: Results) -> xr.DataArray:
    """Price of the class that each technology belongs to; 0 for none."""
    kinds = [results.data.renewable_class[g] for g in results.technologies]
    none = 0.0 * price.isel({"class": 0}, drop=True)
    columns = [none if kind == "none" else price.sel({"class": kind}, drop=True) for kind in kinds]
    return xr.concat(columns, dim=pd.Index(results.technologies, name="technology"))


# -- a gross GW


def income(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> Lines:
    """Certificates that a new plant owns and sells [MCNY/GW-yr]."""
    return _income(results, cfg, d, 0)


def old_income(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> Lines:
    """The same of a gross GW of the old fleet."""
    return _income(results, cfg, d, 1)


def _income(results: Results, cfg: GreenCertificatesConfig, d: SystemData, old: int) -> Lines:
    output = results.output_per_gw()
    theirs = per_technology(results, {g: consumers_part(cfg, d, g)[old] for g in results.technologies})
    made = of_class(everywhere(results, new_price(results)), results)
    lines = {"certificates": made * output * (1 - theirs)}
    if "c_bundled" in results.duals:
        lines["bundled_rent"] = of_class(_rent_per_mwh(results), results) * output
    return lines | _premium(results, cfg, d, old)


def margin(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> Lines:
    """What the LP pays, whoever owns the certificate: its price, and premiums of what may leave or link."""
    output = results.output_per_gw()
    lines = {"certificates": of_class(everywhere(results, new_price(results)), results) * output}
    lines |= _premium(results, cfg, d)
    hours = linked_hours(cfg, d)
    if hours:
        rent = of_class(results.price("c_eligible").fillna(0.0), results)
        possible = results.from_keys(hours, ("province", "technology")).fillna(0.0)
        lines["carbon_link"] = rent * possible * eligible_vintages(results, cfg)
    if "c_second_claim" in results.duals:
        lines["second_claim"] = of_class(results.price("c_second_claim"), results) * output
    return lines


def _premium(results: Results, cfg: GreenCertificatesConfig, d: SystemData, old: int = 0) -> Lines:
    """Rent of the output that may be sold, of a new plant or an old one."""
    if "c_tradable" not in results.duals:
        return {}
    rent = of_class(at_home(results, results.price("c_tradable")), results)
    return {"tradable_premium": rent * _hours(results, d) * _shares(results, cfg, d)[old]}


def _hours(results: Results, d: SystemData) -> xr.DataArray:
    return results.from_keys(possible_hours(d), ("province", "technology")).fillna(0.0)


def _shares(
    results: Results, cfg: GreenCertificatesConfig, d: SystemData
) -> tuple[xr.DataArray, xr.DataArray]:
    """Share of the output that may be sold: of new plants, and of the old fleet (technology)."""
    new = per_technology(results, {g: new_tradable(cfg, d, g) for g in results.technologies})
    return new, per_technology(results, {g: old_tradable(cfg, d, g) for g in results.technologies})


def eligible_vintages(results: Results, cfg: GreenCertificatesConfig) -> xr.DataArray:
    """1 for vintages that may be linked to carbon (vintage)."""
    vintages = xr.DataArray(list(results.years), dims="vintage", coords={"vintage": list(results.years)})
    return (vintages >= (cfg.eligible_from or 0)).astype(float)


def standing(results: Results) -> xr.DataArray:
    """New capacity while it stands (province, technology, vintage, year) [GW]."""
    d = results.data
    alive = {(g, v, y): 1.0 for g in results.technologies for y in results.years for v in d.alive(g, y)}
    stands = results.from_keys(alive, ("technology", "vintage", "year")).fillna(0.0)
    if "v_build" not in results.values:
        return 0.0 * stands.expand_dims(province=list(results.provinces))
    return results.values["v_build"].fillna(0.0) * stands


def kept(results: Results) -> xr.DataArray:
    """What is kept of the old fleet (province, technology, year) [GW]."""
    if "v_exist" not in results.values:
        return xr.zeros_like(results.values["v_capacity"]).fillna(0.0)
    return results.values["v_exist"].fillna(0.0)


def by_class(results: Results) -> xr.DataArray:
    """1 where a technology belongs to a class (technology, class)."""
    kind = per_technology(results, results.data.renewable_class)
    return xr.concat([(kind == k).astype(float) for k in CLASSES], dim=pd.Index(CLASSES, name="class"))


def _rent_per_mwh(results: Results) -> xr.DataArray:
    """Rent of sales with power, over all that a province makes of the class (province, class, year)."""
    made = results.values["v_certified"]
    rent = _between(results, _rent(results)).sum("receiver")
    return (rent / made.where(made > SMALLEST)).fillna(0.0)


def _rent(results: Results) -> xr.DataArray:
    """Price where a bundle arrives less price where it was made, on what is sold (arc, ...) [MCNY/yr]."""
    sold, price = results.values["v_bundled"], sale_price(results)
    there, here = (
        price.sel(province=xr.DataArray([ends[k] for ends in _ends(results)], coords={"arc": sold.arc}))
        for k in (1, 0)
    )
    return (there.drop_vars("province") - here.drop_vars("province")) * sold


def _ends(results: Results) -> list[tuple[str, str]]:
    """Who sends and who receives on each arc that certificates can follow."""
    return [results.data.arcs[a][1:] for a in results.values["v_bundled"].arc.to_numpy().tolist()]


def _between(results: Results, of_arc: xr.DataArray) -> xr.DataArray:
    """Values of arcs (arc, class, year) by who sends and who receives; arcs side by side add up."""
    count, index = len(results.provinces), {r: k for k, r in enumerate(results.provinces)}
    of_arc = of_arc.transpose("arc", "class", "year").fillna(0.0)
    found = np.zeros((count, count, *of_arc.shape[1:]))
    sender, receiver = ([index[ends[k]] for ends in _ends(results)] for k in (0, 1))
    np.add.at(found, (sender, receiver), of_arc.to_numpy())
    places = list(results.provinces)
    coords = {"province": places, "receiver": places, "class": of_arc["class"], "year": of_arc["year"]}
    return xr.DataArray(found, coords, ("province", "receiver", "class", "year"))


# -- settlement


def settle(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> list[pd.DataFrame]:
    """Generators sell to the account; users, volunteers, the state and later years buy from it."""
    return [
        *_producers(results, cfg, d),
        *_users(results, cfg),
        *_others(results),
        *_bank(results),
        *_bundles(results),
        *_national(results),
    ]


def _sold(
    payer: str, payee: str, product: str, price: xr.DataArray | float, goods: xr.DataArray
) -> pd.DataFrame:
    return entries(payer, payee, MECHANISM, product, price * goods, goods, "GWh")


def _producers(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> list[pd.DataFrame]:
    """Class price to whoever owns the certificate; the rent of what may be sold to its plants."""
    v, price, mine = results.values, new_price(results), account(results)
    members, old = by_class(results), kept(results)
    parts = {g: consumers_part(cfg, d, g) for g in results.technologies}
    of_new, of_old = (per_technology(results, {g: x[i] for g, x in parts.items()}) for i in (0, 1))
    capacity = v["v_capacity"].where(v["v_capacity"] > SMALLEST)
    theirs = ((of_new * (v["v_capacity"] - old) + of_old * old) / capacity).fillna(0.0)
    output = v["v_annual_generation"].fillna(0.0) * members
    lapsed = at_home(results, v["v_lapsed"])
    found = [
        _sold(mine, "generators", "certificates", price, output * (1 - theirs)),
        _sold(mine, "consumers", "certificates of output that is not sold", price, output * theirs),
        _sold("generators", mine, "lapsed certificates", 0.0, lapsed),
    ]
    if "c_tradable" in results.duals:
        rent = at_home(results, results.price("c_tradable")) * members * _hours(results, d)
        new_share, old_share = _shares(results, cfg, d)
        for amount in (rent * new_share * standing(results), rent * old_share * old):
            found.append(entries(mine, "generators", MECHANISM, "premium of output that may be sold", amount))
    return found


def _users(results: Results, cfg: GreenCertificatesConfig) -> list[pd.DataFrame]:
    """Consumers buy what their province retires, heavy industry its part, and pay for what is missing."""
    v, price, mine = results.values, class_price(results), account(results)
    industry = v["v_industry_use"].fillna(0.0) if "v_industry_use" in v else 0.0 * v["v_use"]
    payment = to_base(cfg.compliance_payment_cny_per_mwh, "CNY/MWh")
    return [
        _sold("consumers", mine, "certificates", price, v["v_use"] - industry),
        _sold("consumers", mine, "certificates of heavy industry", price, industry),
        _sold("consumers", "state", "compliance payment", payment, v["v_short_nonhydro"] + v["v_short_any"]),
    ]


def _others(results: Results) -> list[pd.DataFrame]:
    """Volunteers pay the price, not what they would pay; the state trades at floor and ceiling."""
    v, price, mine = results.values, sale_price(results), account(results)
    found = [
        _sold("state", mine, "certificates at the floor", price, at_home(results, v["v_to_state"])),
        _sold(mine, "state", "certificates at the ceiling", price, at_home(results, v["v_from_state"])),
    ]
    if "v_voluntary" in v:
        bought = at_home(results, v["v_voluntary"]).sum("block")
        found.append(_sold("volunteers", mine, "voluntary certificates", price, bought))
    return found


def _bank(results: Results) -> list[pd.DataFrame]:
    """Certificates of a year are bought in it and sold in a later one, at the price of each."""
    if "v_banked" not in results.values:
        return []
    price, mine = class_price(results), account(results)
    into, out_of = banked(results)
    return [
        _sold("bank", mine, "certificates kept", new_price(results), at_home(results, into)),
        _sold(mine, "bank", "kept certificates", price, at_home(results, out_of)),
    ]


def banked(results: Results) -> tuple[xr.DataArray, xr.DataArray]:
    """What is kept in a year, and what comes from earlier ones (market, class, year) [GWh/yr]."""
    kept_for = results.values["v_banked"].fillna(0.0)
    span = results.from_keys({(y,): float(n) for y, n in results.data.horizon.span.items()}, ("year",))
    into = kept_for.sum("year").rename(before="year")
    return into, (kept_for * span.rename(year="before")).sum("before") / span


def _bundles(results: Results) -> list[pd.DataFrame]:
    """The receiver's market buys at the sender's price; the difference is the seller's rent."""
    if "v_bundled" not in results.values or not _ends(results):
        return []
    made = results.values["v_annual_generation"].fillna(0.0) * by_class(results)
    total = made.sum("technology")
    share = (made / total.where(total > SMALLEST)).fillna(0.0)
    sold, rent = (_between(results, x) for x in (results.values["v_bundled"], _rent(results)))
    theirs, home = "certificates-{class}/{receiver}", "certificates-{class}/{province}"
    transit = rent.where(total <= SMALLEST, 0.0)
    return [
        _sold(theirs, home, "bundled certificates", sale_price(results), sold),
        entries(theirs, "generators", MECHANISM, "rent of bundled sale", rent * share),
        entries(theirs, "grid", MECHANISM, "rent of bundled sale", transit),
    ]


def _national(results: Results) -> list[pd.DataFrame]:
    """Provinces' net purchases at the national price, where each has a balance of its own."""
    if "c_certificate_market" not in results.duals:
        return []
    bought = at_home(results, results.values["v_net_purchase"])
    price = results.price("c_certificate_market")
    nation = f"certificates-{{class}}/{NATION}"
    return [_sold(account(results), nation, "certificates bought nationally", price, bought)]


# -- indicators


def indicators(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> list[pd.DataFrame]:
    """Certificates by use, what the obligation costs a consumer, and claims made twice."""
    v = results.values
    idle = beyond_obligation(results, cfg, d)
    retired = v["v_use"] - idle
    lapsed = v["v_lapsed"].sum("market") + idle.sum("province")
    found = [
        _by_class(with_nation(array), f"certificates_{name}")
        for name, array in (
            ("issued", v["v_certified"]),
            ("retired", retired),
            ("surrendered", v["v_surrendered"]),
            ("turned_into_ccer", v["v_turned"]),
            ("bought_in", (retired - v["v_certified"]).clip(min=0.0)),
        )
    ]
    found += [
        _by_class(lapsed, "certificates_lapsed"),
        tidy(_obligation_cost(results, cfg, d), "obligation_cost", "CNY/MWh", CNY_PER_MWH),
    ]
    if "v_voluntary" in v:
        found.append(_by_class(v["v_voluntary"].sum(["market", "block"]), "certificates_voluntary"))
    if "c_tradable" in results.duals:
        price = sale_price(results).rename({"class": "technology"})
        found.append(tidy(price, "certificate_sale_price", "CNY/MWh", CNY_PER_MWH))
    if cfg.carbon_linkage == "ccer":
        found.append(tidy(v["v_linked_ccer"], "in_sector_ccer", "Mt CO2", 1e-3))
    if cfg.double_claim:
        found += _claimed_twice(results, d, lapsed)
    return found


def _by_class(array: xr.DataArray, name: str) -> pd.DataFrame:
    """By class, in the column of technologies [TWh]."""
    return tidy(array.rename({"class": "technology"}), name, "TWh", TWH)


def _weights(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> dict[str, xr.DataArray]:
    """Shares of consumption that each row asks for, by row (province, year)."""
    factor = at_years(cfg.weight_factor, results.years)
    keys = [(r, y) for r in results.provinces for y in results.years]

    def table(data: dict) -> xr.DataArray:
        return results.from_keys(data, ("province", "year"))

    found = {
        row: table({k: factor[k[1]] * d.policy[name][k] for k in keys})
        for row, name in (
            ("c_obligation_total", "weight_total"),
            ("c_obligation_nonhydro", "weight_nonhydro"),
        )
    }
    if "c_industry" in results.duals:
        share, weight = d.policy["industry_share"], d.policy["industry_weight"]
        found["c_industry"] = table({k: weight.get(k, 0.0) * share.get(k, 0.0) for k in keys})
    return found


def _obligation_cost(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> xr.DataArray:
    """What certificates add to a consumer's MWh: weights times prices of the rows (province, year)."""
    parts = [weight * results.price(row).fillna(0.0) for row, weight in _weights(results, cfg, d).items()]
    return xr.concat(parts, dim="row").sum("row")


def beyond_obligation(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> xr.DataArray:
    """What a slack obligation takes though nobody asks for it (province, class, year) [GWh/yr].

    Such certificates are worth nothing and might as well lapse; non-hydro ones count first.
    """
    v, due = results.values, _weights(results, cfg, d)
    use, served = v["v_use"], v["v_from_allowances"] + v["v_short_nonhydro"]
    nonhydro = use.sel({"class": "nonhydro"}, drop=True)
    spare = use.sum("class") + served + v["v_short_any"] - due["c_obligation_total"] * v["v_consumption"]
    if "c_industry" in due:
        short = v["v_industry_short"].fillna(0.0)
        spare = spare.clip(max=use.sum("class") + short - due["c_industry"] * v["v_consumption"])
    spare = spare.clip(min=0.0)
    own = (nonhydro + served - due["c_obligation_nonhydro"] * v["v_consumption"]).clip(min=0.0)
    first = own.clip(max=spare).clip(max=nonhydro)
    second = (spare - first).clip(max=use.sel({"class": "hydro"}, drop=True))
    return xr.concat([second, first], dim=pd.Index(CLASSES, name="class"))


def _claimed_twice(results: Results, d: SystemData, lapsed: xr.DataArray) -> list[pd.DataFrame]:
    """Output whose certificate and whose CCER are both used: the least overlap that can be (class, year)."""
    v = results.values
    turned = v["v_turned"].sum("province")
    unused = lapsed + banked(results)[0].sum("market") if "v_banked" in v else lapsed
    twice = (turned - unused).clip(min=0.0)
    factor = results.from_keys({(r,): d.policy["ccer_factor"][r] for r in d.provinces}, ("province",))
    tonnes = (factor * v["v_turned"]).sum("province")
    mean = (tonnes / turned.where(turned > SMALLEST)).fillna(0.0)
    return [
        _by_class(twice, "certificates_claimed_twice"),
        tidy((twice * mean).rename({"class": "technology"}), "ccer_claimed_twice", "Mt CO2", 1e-3),
    ]
