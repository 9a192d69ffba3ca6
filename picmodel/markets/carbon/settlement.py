"""Money of the carbon market: what a plant earns and pays, the ledger, indicators.

Every allowance passes the account of its market once: emitters buy what they surrender, and the state
sells all it issues, free allowances inside.  The value of the free ones goes back to who gets them as an
entry of its own.  So the gross flows are in the ledger, and what a plant pays is their difference.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import SMALL_GW, Results
from picmodel.extract.table import tidy, with_nation
from picmodel.markets.base import Lines
from picmodel.markets.carbon.options import (
    NATION,
    CarbonConfig,
    by_market,
    covered_technologies,
    given_factor,
    grandfathered,
    market_of,
    markets,
    net_factor,
)
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

MT = 1e-3  # Mt from kt
BN = 1e-3  # bn CNY from MCNY
CNY_PER_T = 1e3  # from MCNY/kt
SMALL_GWH = 1e-6


# -- prices and quantities


def allowance_price(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Price of an allowance (market, year): the dual of the row, or the price that was set [MCNY/kt]."""
    names = list(markets(cfg, results.data))
    if cfg.instrument != "price":
        return results.price("c_allowances").sel(market=names)
    full = by_market(cfg.price_cny_per_t, cfg, results.data, "CNY/t")
    return results.from_keys(full, ("market", "year")).sel(market=names)


def seen_price(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """The part of it that decisions see (market, year) [MCNY/kt]."""
    share = cfg.pass_through_share if cfg.instrument == "price" else 1.0
    return share * allowance_price(results, cfg)


def at_provinces(array: xr.DataArray, results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """A number of each market at its provinces: ``market`` becomes ``province``."""
    home, names = market_of(cfg, results.data), list(results.provinces)
    pick = xr.DataArray([home[r] for r in names], dims="province", coords={"province": names})
    return array.sel(market=pick).drop_vars("market")


def by_markets(array: xr.DataArray, results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Sum over the provinces of each market, and over technologies: (market, year)."""
    areas = markets(cfg, results.data)
    parts = [array.sel(province=list(members)).sum(["province", "technology"]) for members in areas.values()]
    return xr.concat(parts, dim="market").assign_coords(market=list(areas))


def _of(results: Results, name: str, cfg: CarbonConfig) -> xr.DataArray:
    """A variable of the markets (market, year); 0 where the scenario has none."""
    names = list(markets(cfg, results.data))
    if name not in results.values:
        return xr.zeros_like(allowance_price(results, cfg))
    return results.values[name].sel(market=names).fillna(0.0)


def _credit(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Certificates and savings that count, in the one market that takes them (market, year) [kt/yr]."""
    takes = xr.DataArray([float(z == NATION) for z in markets(cfg, results.data)], dims="market")
    linked = results.values["v_linked_credit"] + results.values["v_saving_credit"]
    return takes.assign_coords(market=list(markets(cfg, results.data))) * linked


def emissions(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Verified emissions of covered fleets, starts inside; 0 elsewhere [kt/yr]."""
    covered = results.values["v_fleet_emissions"].technology.isin(covered_technologies(cfg, results.data))
    return results.values["v_fleet_emissions"].fillna(0.0).where(covered, 0.0)


def free_allowances(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Allowances given free, by output or to the fleet of the start; waived duties inside [kt/yr].

    What is owed for captured CO2 without credit counts against them.
    """
    output = results.values["v_annual_generation"].fillna(0.0)
    given = results.from_keys(given_factor(cfg, results.data), ("technology", "year")).fillna(0.0) * output
    if not cfg.grandfathered:
        return given
    keys = ("province", "technology", "year")
    return given + results.from_keys(grandfathered(cfg, results.data), keys).fillna(0.0)


def offset_share(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """CCER used over verified emissions (market, year): every emitter of a market uses the same share."""
    emitted = by_markets(emissions(results, cfg), results, cfg)
    return (_of(results, "v_offset", cfg) / emitted.where(emitted > 0)).fillna(0.0)


# -- what a gross GW earns and pays


def margin(results: Results, cfg: CarbonConfig, d: SystemData) -> Lines:
    """Allowances owed at the price that decisions see; emitting also raises limits that follow emissions."""
    output = results.output_per_gw()
    factor = _covered_factor(results, cfg)
    net = results.from_keys(net_factor(cfg, d), ("technology", "year")).fillna(0.0)
    limit = at_provinces(results.price("c_offset_limit").sel(market=list(markets(cfg, d))), results, cfg)
    lines = {
        "carbon": -at_provinces(seen_price(results, cfg), results, cfg) * net * output,
        "offset_limit": limit * cfg.offset_limit_share * factor * output,
    }
    if "c_credit_limit" in results.duals:
        lines["credit_limit"] = results.price("c_credit_limit") * factor * output
    return lines


def _covered_factor(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Emissions per net output of covered technologies (technology); 0 elsewhere [kt/GWh]."""
    found = {(g,): results.data.emission_factor[g] for g in covered_technologies(cfg, results.data)}
    return results.from_keys(found, ("technology",)).fillna(0.0)


def income(results: Results, cfg: CarbonConfig, d: SystemData) -> Lines:
    r"""Carbon cost of a gross GW as it is settled, at the full price.

    Per tonne emitted, :math:`\tau (1 - o) + p\,o` is paid, :math:`o` of it by CCER at :math:`p`, and
    :math:`\tau` is got back for what follows output free.  What is grandfathered belongs to the fleet of
    the start and comes to no project.
    """
    output, capacity = results.output_per_gw(), results.values["v_capacity"]
    own = emissions(results, cfg) / capacity.where(capacity > SMALL_GW)
    emitted = xr.where(capacity > SMALL_GW, own.fillna(0.0), _covered_factor(results, cfg) * output)
    given = results.from_keys(given_factor(cfg, d), ("technology", "year")).fillna(0.0)
    price = at_provinces(allowance_price(results, cfg), results, cfg)
    saved = (price - results.price("c_ccer")) * at_provinces(offset_share(results, cfg), results, cfg)
    return {"carbon": -price * (emitted - given * output) + saved * emitted}


def old_income(results: Results, cfg: CarbonConfig, d: SystemData) -> Lines:
    """The same of a gross GW of the old fleet, which also has what is grandfathered."""
    line = income(results, cfg, d)["carbon"]
    if cfg.grandfathered:
        keys = ("province", "technology", "year")
        given = results.from_keys(grandfathered(cfg, d), keys)
        price = at_provinces(allowance_price(results, cfg), results, cfg)
        kept = results.values["v_exist"]
        line = line + (price * given / kept.where(kept > SMALL_GW)).fillna(0.0)
    return {"carbon": line}


# -- the ledger


def settle(results: Results, cfg: CarbonConfig, d: SystemData) -> list[pd.DataFrame]:
    """Allowances by market, and CCER."""
    price, free = allowance_price(results, cfg), free_allowances(results, cfg)
    emitted = emissions(results, cfg)
    by_offset = at_provinces(offset_share(results, cfg), results, cfg) * emitted
    found = []
    for z, members in markets(cfg, d).items():
        mine = dict(province=list(members))
        found += _plants(z, price.sel(market=z), emitted.sel(mine) - by_offset.sel(mine), free.sel(mine))
    for payer, payee, product, quantity in _flows(results, cfg):
        found.append(entries(payer, payee, "carbon", product, price * quantity, quantity, "kt"))
    found += _other_sectors(results, cfg, price)
    found += _final_stock(results, cfg)
    return found + _ccer(results, by_offset)


def _plants(z: str, price: xr.DataArray, surrendered: xr.DataArray, free: xr.DataArray) -> list[pd.DataFrame]:
    """Emitters of a market buy all that they surrender, and receive the value of what is given to them."""
    account, price = f"carbon/{z}", price.drop_vars("market", errors="ignore")

    def paid(payer: str, payee: str, product: str, quantity: xr.DataArray) -> pd.DataFrame:
        return entries(payer, payee, "carbon", product, price * quantity, quantity, "kt")

    return [
        paid("generators", account, "allowances surrendered", surrendered),
        paid("state", "generators", "free allocation", free),
        paid(account, "state", "allowances issued free", free.sum(["province", "technology"])),
    ]


def _flows(results: Results, cfg: CarbonConfig) -> Iterator[tuple[str, str, str, xr.DataArray]]:
    """What the state, the bank and certificates sell to (or buy from) each account [kt/yr]."""
    account = "carbon/{market}"
    for name, sign, party, product in (
        ("v_allowances_bought", 1.0, "state", "allowances at the ceiling"),
        ("v_allowances_missing", 1.0, "state", "allowances missing"),
        ("v_allowances_sold_to_state", -1.0, "state", "allowances at the floor"),
        ("v_allowance_deposit", -1.0, "bank", "allowances from the bank"),
    ):
        if name in results.values:
            yield account, party, product, sign * _of(results, name, cfg)
    yield account, f"link/{NATION}", "certificates surrendered", _credit(results, cfg)
    yield account, "state", "auction", auctioned(results, cfg)
    if cfg.instrument != "price":
        yield "state", account, "allowances left over", _left_over(results, cfg)


def needed(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """What emitters owe beyond free allocation, less CCER and certificates (market, year) [kt/yr]."""
    return deficit(results, cfg) - _of(results, "v_offset", cfg) - _credit(results, cfg)


def deficit(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Verified emissions less what is given free (market, year) [kt/yr]."""
    return by_markets(emissions(results, cfg) - free_allowances(results, cfg), results, cfg)


def auctioned(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Allowances that the state sells at the price of the market (market, year) [kt/yr]."""
    if cfg.instrument == "price":
        return needed(results, cfg)
    d, names = results.data, list(markets(cfg, results.data))
    volume = cfg.cap_mt if cfg.instrument == "cap" else cfg.auction_volume_mt
    issued = results.from_keys(by_market(volume, cfg, d, "Mt"), ("market", "year")).sel(market=names)
    given = by_markets(free_allowances(results, cfg), results, cfg)
    return issued - given if cfg.instrument == "cap" else issued


def _left_over(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """Allowances without a use, at a price of zero (market, year) [kt/yr]."""
    supply = auctioned(results, cfg) - needed(results, cfg)
    for name, sign in (
        ("v_allowances_bought", 1.0),
        ("v_allowances_missing", 1.0),
        ("v_allowances_sold_to_state", -1.0),
        ("v_allowance_deposit", -1.0),
    ):
        supply = supply + sign * _of(results, name, cfg)
    return supply + _of_sectors(results, cfg, "v_other_supply") - _of_sectors(results, cfg, "v_other_demand")


def _blocks(results: Results, cfg: CarbonConfig, name: str) -> Iterator[tuple[str, xr.DataArray]]:
    """(market, quantity by year) of each block of other sectors that trades."""
    known = results.values[name].block.values if name in results.values else ()
    for block in cfg.other_sectors:
        if block.name in known:
            one = results.values[name].sel(block=block.name, drop=True)
            if one.notnull().all():
                yield block.area or NATION, one


def _of_sectors(results: Results, cfg: CarbonConfig, name: str) -> xr.DataArray:
    total = xr.zeros_like(allowance_price(results, cfg))
    for z, quantity in _blocks(results, cfg, name):
        total.loc[dict(market=z)] += quantity
    return total


def _other_sectors(results: Results, cfg: CarbonConfig, price: xr.DataArray) -> list[pd.DataFrame]:
    """Other sectors sell what they abate, and buy what they lack, at the price of their market."""
    found = []
    for name, sign in (("v_other_supply", 1.0), ("v_other_demand", -1.0)):
        quantity = sign * _of_sectors(results, cfg, name)
        amount = price * quantity
        product = "allowances of other sectors" if sign > 0 else "allowances for other sectors"
        found.append(entries("carbon/{market}", "other_sectors", "carbon", product, amount, quantity, "kt"))
    return found


def _final_stock(results: Results, cfg: CarbonConfig) -> list[pd.DataFrame]:
    """What is left after the last year is taken over by the state, spread over that year's span."""
    if not cfg.bank:
        return []
    last = results.years[-1]
    stock = results.values["v_allowance_bank"].sel(year=[last]).fillna(0.0).sum("market")
    quantity = stock / results.data.horizon.span[last]
    amount = to_base(cfg.bank.final_value_cny_per_t, "CNY/t") * quantity
    return [entries("state", "bank", "carbon", "final stock", amount, quantity, "kt")]


def _ccer(results: Results, by_offset: xr.DataArray) -> list[pd.DataFrame]:
    """CCER at its own price: emitters buy it from projects outside and from linked certificates."""
    account, price, v = f"ccer/{NATION}", results.price("c_ccer"), results.values
    outside = v["v_external_ccer"].sum("block") if "v_external_ccer" in v else xr.zeros_like(price)
    linked = v["v_linked_ccer"]
    unused = outside + linked - by_offset.sum(["province", "technology"])

    def paid(payer: str, payee: str, product: str, quantity: xr.DataArray) -> pd.DataFrame:
        return entries(payer, payee, "carbon", product, price * quantity, quantity, "kt")

    return [
        paid("generators", account, "CCER", by_offset),
        paid(account, "ccer_suppliers", "CCER", outside),
        paid(account, f"link/{NATION}", "CCER of certificates", linked),
        paid("state", account, "CCER without a use", unused),
    ]


# -- indicators


def indicators(results: Results, cfg: CarbonConfig, d: SystemData) -> list[pd.DataFrame]:
    """Prices, quantities and money of the market; with areas, each beside the nation."""
    emitted = by_markets(emissions(results, cfg), results, cfg)
    price = allowance_price(results, cfg)
    everything = results.values["v_emissions"].sum("province")
    free = free_allowances(results, cfg)
    value = at_provinces(price, results, cfg) * free
    tables = [
        _table(price, "allowance_price", "CNY/t", CNY_PER_T, weight=emitted),
        tidy(results.price("c_ccer"), "ccer_price", "CNY/t", CNY_PER_T),
        _table(emitted, "covered_emissions", "Mt CO2", MT),
        tidy(emitted.sum("market") / everything.where(everything > 0), "carbon_coverage", "share"),
        _table(deficit(results, cfg), "allowance_deficit", "Mt CO2", MT),
        _table(_of(results, "v_offset", cfg), "offsets_used", "Mt CO2", MT),
        _table(price * auctioned(results, cfg), "auction_revenue", "bn CNY", BN),
        tidy(with_nation(value.sum("technology")), "free_allocation_value", "bn CNY", BN),
        tidy(with_nation(passed_through(results, cfg)), "carbon_cost_passed_through", "bn CNY", BN),
    ]
    for name, indicator in (
        ("v_allowance_bank", "allowance_bank"),
        ("v_allowances_bought", "allowances_at_ceiling"),
        ("v_allowances_sold_to_state", "allowances_at_floor"),
        ("v_allowances_missing", "allowances_missing"),
    ):
        if name in results.values:
            tables.append(_table(_of(results, name, cfg), indicator, "Mt CO2", MT))
    return tables


def _table(
    array: xr.DataArray, name: str, unit: str, factor: float, weight: xr.DataArray | None = None
) -> pd.DataFrame:
    """By market, and the nation's sum or mean where there are several."""
    frame = tidy(array.rename(market="province"), name, unit, factor)
    if array.sizes["market"] == 1:
        return frame
    if weight is None:
        nation = array.sum("market")
    else:
        nation = (array * weight).sum("market") / weight.sum("market").where(lambda x: x > 0)
    return pd.concat([tidy(nation, name, unit, factor), frame])


def passed_through(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """What power prices give to all output because of carbon (province, year) [MCNY/yr]: a lower estimate.

    In slices in which a covered fleet of the province runs between its least and its most, its marginal
    cost is the price, and the carbon cost in it is passed on to everything that is produced there; with
    several such fleets their mean counts.  Slices whose price is made elsewhere count as zero.
    """
    v, d = results.values, results.data
    net = results.from_keys(net_factor(cfg, d), ("technology", "year"))
    limit = results.price("c_offset_limit").sel(market=list(markets(cfg, d)))
    cost = at_provinces(seen_price(results, cfg), results, cfg) * net
    cost = cost - at_provinces(limit, results, cfg) * cfg.offset_limit_share * _covered_factor(results, cfg)
    output = v["v_generation"].fillna(0.0)
    most = results.availability * v["v_capacity"].fillna(0.0)
    least = results.from_keys(d.min_output, ("province", "technology", "time")).fillna(0.0)
    least = least * v["v_capacity"].fillna(0.0)
    between = (output > least + SMALL_GW) & (output < most - SMALL_GW)
    part = cost.where(between).mean("technology").fillna(0.0)
    return (part * output.sum("technology") * results.weight).sum("time")
