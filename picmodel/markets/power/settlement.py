"""Who pays whom in the power market: energy, tariffs, differences, contracts, capacity, wheeling.

Energy clears in ``energy/{province}`` at the settlement price (the dual of the balance, clipped where the
scenario limits prices).  What a plant gets beyond or below that price by regulation goes through
``system_operation/{province}``, which a levy on the province's consumers empties in the same year.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import SMALL_GW, Results
from picmodel.markets.base import Lines
from picmodel.markets.power.options import RENEWABLES, PowerConfig
from picmodel.markets.power.terms import (
    EXISTING,
    capacity_payments,
    cfd_terms,
    contracted_fleets,
    premiums,
    price_limits,
)
from picmodel.scenario.schema import at_years
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

UNIT_YEAR = ("province", "technology", "year")
LEVIED = {
    "tariff": "tariff difference",
    "guaranteed": "guaranteed price difference",
    "cfd": "mechanism price difference",
    "premium": "premium",
    "capacity_payment": "capacity payment",
}
"""Lines of income that the levy pays, with their products in the ledger."""


# -- prices


def settlement_price(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Energy price that is paid (province, year, time) [MCNY/GWh]: within floor and cap."""
    floor, cap = price_limits(cfg, d)
    price = results.energy_price
    if cap:
        price = price.clip(max=_by_province(results, cap).fillna(np.inf))
    if floor:
        price = price.clip(min=_by_province(results, floor).fillna(-np.inf))
    return price


def _by_province(results: Results, values: Mapping[str, float]) -> xr.DataArray:
    return results.from_keys({(r,): x for r, x in values.items()}, ("province",))


def _by_year(results: Results, values: Mapping[int, float]) -> xr.DataArray:
    return results.from_keys({(y,): x for y, x in values.items()}, ("year",))


def demand(results: Results) -> xr.DataArray:
    return results.from_keys(results.data.demand, ("province", "year", "time"))


def mean_price(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Demand-weighted mean of the settlement price (province, year) [MCNY/GWh]."""
    load = demand(results) * results.weight
    return (settlement_price(results, cfg, d) * load).sum("time") / load.sum("time")


def market_value(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """What the output of a gross GW is worth at the settlement price [MCNY/GW-yr]."""
    return (settlement_price(results, cfg, d) * results.output_rate * results.weight).sum("time")


def tariff(results: Results) -> xr.DataArray:
    """Coal benchmark tariff by province [MCNY/GWh]."""
    return _by_province(results, results.data.policy["coal_tariff"])


def contract_price(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Price of medium- and long-term contracts (province, year) [MCNY/GWh]."""
    contracts = cfg.contracts
    assert contracts is not None
    if contracts.price_rule == "benchmark_tariff":
        return tariff(results) * _by_year(results, at_years(cfg.tariff_factor_share, results.years))
    mean = mean_price(results, cfg, d)
    if contracts.price_rule == "fixed":
        price = at_years(contracts.price_cny_per_mwh, results.years)
        fixed = _by_year(results, {y: to_base(x, "CNY/MWh") for y, x in price.items()})
        return xr.ones_like(mean) * fixed
    return _mean_of_terms(mean, d, contracts.term_yr)


def _mean_of_terms(price: xr.DataArray, d: SystemData, term: int) -> xr.DataArray:
    """The mean over each term, one after the other from the first planning year, weighted by span."""
    found, years = price.copy(), list(d.horizon.years)
    while years:
        signed = [y for y in years if y < years[0] + term]
        span = xr.DataArray([d.horizon.span[y] for y in signed], dims="year", coords={"year": signed})
        found.loc[dict(year=signed)] = (price.sel(year=signed) * span).sum("year") / span.sum()
        years = years[len(signed) :]
    return found


# -- income per gross GW


def income(results: Results, cfg: PowerConfig, d: SystemData) -> Lines:
    """What a gross GW of each fleet or store is paid, by line; ``cfd`` by year of commissioning."""
    lines: Lines = {"energy": _energy(results, cfg, d)}
    lines |= _fixed_prices(results, cfg, d)
    if cfg.renewables == "cfd":
        lines["cfd"] = _differences(results, cfg, d, commissioned=True)
    if cfg.contracts is not None and cfg.settlement == "market":
        lines["contract"] = _contract(results, cfg, d)
    premium = premiums(cfg, d)
    if premium:
        rate = results.from_keys(premium, ("technology", "year")).fillna(0.0)
        lines["premium"] = rate * results.output_per_gw()
    if cfg.capacity == "payment":
        lines["capacity_payment"] = results.from_keys(capacity_payments(cfg, d), UNIT_YEAR).fillna(0.0)
    if cfg.capacity == "market" and results.capacity_price is not None:
        # no rule in past years
        lines["capacity"] = _credit(results) * results.capacity_price.fillna(0.0)
    return lines


def existing_income(results: Results, cfg: PowerConfig, d: SystemData) -> Lines:
    """The same for a gross GW of the fleet of the base year."""
    lines = income(results, cfg, d)
    if "cfd" in lines:
        lines["cfd"] = _differences(results, cfg, d, commissioned=False)
    return lines


def _energy(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Output of plants, and what stores give less what they take, at the settlement price."""
    found, v = market_value(results, cfg, d), results.values
    if "v_discharge" not in v:
        return found
    stands = v["v_capacity"].where(v["v_capacity"] > SMALL_GW)
    net = settlement_price(results, cfg, d) * (v["v_discharge"] - v["v_charge"]) * results.weight
    return found + (net.sum("time") / stands).fillna(0.0)


def _fixed_prices(results: Results, cfg: PowerConfig, d: SystemData) -> Lines:
    """Tariffs that stand in place of the price for a share of output: the difference."""
    tariffs: Mapping[str, float] = d.policy.get("coal_tariff", {})
    factor = at_years(cfg.tariff_factor_share, d.horizon.years)
    shares: dict[str, dict] = {"tariff": {}, "guaranteed": {}}
    output = results.output_per_gw()
    for r, g in d.fleets:
        for y in d.horizon.years:
            if d.group[g] in RENEWABLES and cfg.renewables is not None:
                hours = float(output.sel(province=r, technology=g, year=y))
                share = _guaranteed_share(cfg, d, (r, g), y, hours)
                shares["guaranteed"][r, g, y] = (share, tariffs[r] if share else 0.0)
            elif cfg.settlement == "tariff":
                price = tariffs[r] * (factor[y] if d.group[g] == "coal" else 1.0)
                shares["tariff"][r, g, y] = (1.0, price)
    market = market_value(results, cfg, d)
    lines: Lines = {}
    for name, found in shares.items():
        if any(share > 0 for share, _ in found.values()):
            part = results.from_keys({k: s for k, (s, _) in found.items()}, UNIT_YEAR).fillna(0.0)
            fixed = results.from_keys({k: p for k, (_, p) in found.items()}, UNIT_YEAR).fillna(0.0)
            lines[name] = part * (fixed * output - market)
    return lines


def _guaranteed_share(
    cfg: PowerConfig, d: SystemData, fleet: tuple[str, str], y: int, output: float
) -> float:
    """Share of a wind or solar fleet's output that is paid the tariff, whatever the price."""
    if cfg.renewables == "quantity_share":
        return 1.0 - at_years(cfg.spot_share, [y])[y]
    if cfg.renewables != "guaranteed_hours":
        return 0.0
    hours = d.policy.get("guaranteed_hours", {}).get(fleet)
    if hours is None:
        return 1.0 if cfg.guaranteed_elsewhere == "all" else 0.0
    return min(1.0, hours * (1 - d.own_use[fleet[1]]) / output) if output > 0 else 0.0


def _differences(results: Results, cfg: PowerConfig, d: SystemData, commissioned: bool) -> xr.DataArray:
    """Two-way difference: share of output times (strike - mean market price of the fleet)."""
    terms: dict[tuple, tuple[float, float]] = {}
    for (r, g, v, y), agreed in cfd_terms(cfg, d).items():
        if (v != EXISTING) == commissioned:
            terms[(r, g, v, y) if commissioned else (r, g, y)] = agreed
    dims = ("province", "technology", "vintage", "year") if commissioned else UNIT_YEAR
    share = results.from_keys({k: s for k, (s, _) in terms.items()}, dims).fillna(0.0)
    strike = results.from_keys({k: p for k, (_, p) in terms.items()}, dims).fillna(0.0)
    # mean price times output is the market value
    return share * (strike * results.output_per_gw() - market_value(results, cfg, d))


def _contract(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Contracted power times (contract price - settlement price), over the year."""
    power = contracted_power(results, cfg, d) * results.weight
    gap = contract_price(results, cfg, d) - settlement_price(results, cfg, d)
    return (power * gap).sum("time")


def contracted_power(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Power under contract of a gross GW (province, technology, year, time) [GW/GW]."""
    assert cfg.contracts is not None
    fleets = {(r, g): 1.0 for r, g in contracted_fleets(cfg, d)}
    covered = results.from_keys(fleets, ("province", "technology")).fillna(0.0)
    coverage = _by_year(results, at_years(cfg.contracts.coverage_share, results.years)) * covered
    if cfg.contracts.shape == "output":
        return coverage * results.output_rate
    shape = demand(results) if cfg.contracts.shape == "load" else xr.ones_like(demand(results))
    return coverage * results.output_per_gw() * shape / (shape * results.weight).sum("time")


def _credit(results: Results) -> xr.DataArray:
    """Capacity that counts for the peak, per gross GW (technology, year)."""
    return results.from_keys(results.data.credit, ("technology", "year")).fillna(0.0)


# -- the ledger


def settle(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """Energy, wheeling, what the levy pays, contracts, capacity."""
    found = _energy_market(results, cfg, d)
    if d.corridors and d.export_tariff:
        found += _wheeling(results)
    found += _levied(results, cfg, d)
    if cfg.contracts is not None and cfg.settlement == "market":
        power = contracted_power(results, cfg, d)
        quantity = (power * results.weight).sum("time") * results.values["v_capacity"]
        amount = _contract(results, cfg, d) * results.values["v_capacity"]
        product = "contract difference"
        found.append(entries("consumers", "generators", "power", product, amount, quantity, "GWh"))
    if cfg.capacity == "market" and results.capacity_price is not None:
        found += _capacity_market(results, results.capacity_price)
    return found


def _energy_market(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """Everybody sells to and buys from the province's account at the price of the hour."""
    v, weight, account = results.values, results.weight, "energy/{province}"
    value = settlement_price(results, cfg, d) * weight

    def sold(payer: str, payee: str, power: xr.DataArray, product: str = "energy") -> pd.DataFrame:
        amount, energy = (value * power).sum("time"), (weight * power).sum("time")
        return entries(payer, payee, "power", product, amount, energy, "GWh")

    found = [
        sold(account, "generators", v["v_generation"]),
        sold("consumers", account, demand(results) - v["v_unserved"]),
    ]
    if "v_discharge" in v:
        found += [
            sold(account, "stores", v["v_discharge"]),
            sold("stores", account, v["v_charge"], "charging"),
        ]
    if "v_flow" in v:
        energy = (v["v_flow"] * weight).sum("time")
        bought = pd.Series({a: i for a, (_, i, _) in d.arcs.items()})
        price = value.sel(province=xr.DataArray(bought.to_numpy(), dims="arc", coords={"arc": bought.index}))
        paid = (v["v_flow"] * price.drop_vars("province")).sum("time")
        amount, sent = between_provinces(results, paid), between_provinces(results, energy)
        found += [
            entries("grid", "energy/{sender}", "power", "sent", amount, sent, "GWh"),
            sold(account, "grid", _received(results), "received"),
        ]
    if price_limits(cfg, d) != ({}, {}):
        found += _limits_elsewhere(results, value)
    return found


def between_provinces(results: Results, of_arc: xr.DataArray) -> xr.DataArray:
    """Values of arcs (arc, year) by who sends and who receives (sender, province, year)."""
    provinces = results.labels["province"]
    found = np.zeros((len(provinces), len(provinces), len(results.years)))
    sender, receiver = _ends(results)
    np.add.at(found, (sender, receiver), of_arc.transpose("arc", "year").fillna(0.0).to_numpy())
    return xr.DataArray(
        found,
        dims=("sender", "province", "year"),
        coords={"sender": provinces.to_numpy(), "province": provinces, "year": results.labels["year"]},
    )


def _ends(results: Results) -> tuple[np.ndarray, np.ndarray]:
    """Position of the sender and of the receiver of each arc among the provinces."""
    arcs = [results.data.arcs[arc] for arc in results.labels["arc"]]
    provinces = results.labels["province"]
    sender, receiver = ([ends[k] for ends in arcs] for k in (1, 2))
    return provinces.get_indexer(pd.Index(sender)), provinces.get_indexer(pd.Index(receiver))


def by_province(results: Results, power: xr.DataArray, at: str) -> xr.DataArray:
    """Power on arcs (arc, year, time) summed where it leaves (``sender``) or arrives (``receiver``)."""
    sender, receiver = _ends(results)
    total = xr.zeros_like(results.values["v_unserved"].transpose("province", "year", "time"))
    values = power.transpose("arc", "year", "time").fillna(0.0).to_numpy()
    np.add.at(total.values, sender if at == "sender" else receiver, values)
    return total


def _received(results: Results) -> xr.DataArray:
    """Power that reaches each province by lines (province, year, time) [GW]."""
    arrives = {(arc,): 1 - line.loss for arc, (line, _, _) in results.data.arcs.items()}
    flow = results.values["v_flow"]
    return by_province(results, results.from_keys(arrives, ("arc",)) * flow, "receiver")


def _limits_elsewhere(results: Results, value: xr.DataArray) -> list[pd.DataFrame]:
    """What other mechanisms supply is booked by them at the dual; its consumers bear the price limit too."""
    v = results.values
    supplied = demand(results) - v["v_unserved"] - v["v_generation"].sum("technology")
    if "v_discharge" in v:
        supplied = supplied - (v["v_discharge"] - v["v_charge"]).sum("technology")
    if "v_flow" in v:
        supplied = supplied - _received(results) + by_province(results, v["v_flow"], "sender")
    supplied = supplied.where(np.abs(supplied) > SMALL_GW, 0.0)
    amount = ((value - results.energy_price * results.weight) * supplied).sum("time")
    return [entries("energy/{province}", "consumers", "power", "price limits on the demand side", amount)]


def _wheeling(results: Results) -> list[pd.DataFrame]:
    """The receiving grid buys, and pays the sending one its export tariff."""
    energy = between_provinces(results, (results.values["v_flow"] * results.weight).sum("time"))
    price = _by_province(results, results.data.export_tariff).fillna(0.0).rename(province="sender")
    amount, account = energy * price, "wheeling/{sender}"
    earned, sent = (x.sum("province").rename(sender="province") for x in (amount, energy))
    return [
        entries("grid", account, "power", "wheeling", amount, energy, "GWh"),
        entries("wheeling/{province}", "grid", "power", "wheeling", earned, sent, "GWh"),
    ]


def _levied(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """Regulated income of plants and stores, and the levy on the province's consumers that pays it."""
    account, levy = "system_operation/{province}", xr.zeros_like(results.values["v_consumption"])
    new, old = income(results, cfg, d), existing_income(results, cfg, d)
    found = []
    for line, product in LEVIED.items():
        if line not in new:
            continue
        for amount in _amounts(results, new[line], old[line]):
            levy = levy + amount.sum([dim for dim in amount.dims if dim not in levy.dims])
            found += _to_units(results, account, product, amount)
    if found:
        found.append(entries("consumers", account, "power", "levy", levy))
    return found


def _amounts(results: Results, new: xr.DataArray, old: xr.DataArray) -> list[xr.DataArray]:
    """Income per GW times the GW that earn it; apart for vintages and the rest where they differ."""
    v = results.values
    if "vintage" not in new.dims:
        return [(new * v["v_capacity"]).fillna(0.0)]
    standing = standing_vintages(results)
    rest = v["v_capacity"] - standing.sum("vintage")
    return [(new * standing).fillna(0.0), (old * rest).fillna(0.0)]


def standing_vintages(results: Results) -> xr.DataArray:
    """Capacity of each vintage that stands (province, technology, vintage, year) [GW]."""
    d = results.data
    stands = {(g, v, y): 1.0 for g in results.technologies for y in results.years for v in d.alive(g, y)}
    alive = results.from_keys(stands, ("technology", "vintage", "year")).fillna(0.0)
    if "v_build" not in results.values:
        return alive * xr.zeros_like(results.values["v_capacity"])
    return results.values["v_build"].fillna(0.0) * alive


def _to_units(results: Results, payer: str, product: str, amount: xr.DataArray) -> list[pd.DataFrame]:
    """Entries to the owners of plants and of stores."""
    is_store = amount.technology.isin([s for _, s in results.data.stores])
    parts = {"generators": amount.where(~is_store, 0.0), "stores": amount.where(is_store, 0.0)}
    return [entries(payer, payee, "power", product, part) for payee, part in parts.items()]


def _capacity_market(results: Results, found: xr.DataArray) -> list[pd.DataFrame]:
    """Credited capacity and firm imports are paid the price of adequacy by the province's consumers."""
    v, d, account = results.values, results.data, "capacity/{province}"
    price, ruled = found.fillna(0.0), found.notnull()
    credited = (_credit(results) * v["v_capacity"]).where(ruled)
    firm_out, firm_in = (xr.zeros_like(price) for _ in range(2))
    for arc, (line, i, j) in d.arcs.items():
        firm = v["v_firm"].sel(arc=arc, drop=True).fillna(0.0)
        firm_out.loc[dict(province=i)] += firm
        firm_in.loc[dict(province=j)] += (1 - line.loss) * firm
    required = (1 + d.adequacy_margin) * results.from_keys(d.peak, ("province", "year"))
    bought = required - v["v_adequacy_short"]
    spare = credited.sum("technology") + firm_in - firm_out - bought
    stores = [g for _, g in d.stores]

    def sold(payer: str, payee: str, gw: xr.DataArray, product: str) -> pd.DataFrame:
        return entries(payer, payee, "power", product, price * gw, gw, "GW-yr")

    is_store = credited.technology.isin(stores)
    return [
        sold(account, "generators", credited.where(~is_store), "capacity"),
        sold(account, "stores", credited.where(is_store), "capacity"),
        sold("grid", account, firm_out, "firm power sent"),
        sold(account, "grid", firm_in, "firm power received"),
        sold("consumers", account, bought, "capacity"),
        sold("consumers", account, spare.where(ruled), "capacity beyond the requirement"),
    ]
