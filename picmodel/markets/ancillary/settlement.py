"""Money of ancillary services: what a GW earns and pays, who pays whom, indicators."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import SMALL_GW, Results
from picmodel.extract.table import NATION, tidy, with_nation
from picmodel.formulation.commitment import per_net, start_count
from picmodel.markets.ancillary.options import VARIABLE, AncillaryConfig, areas, needs, shares
from picmodel.markets.base import Lines
from picmodel.settlement.ledger import entries

NAME = {"up": "up reserve", "down": "down reserve", "frequency": "frequency regulation"}
CNY_PER_MWH = 1e3  # from MCNY/GWh
BILLION = 1e-3  # from MCNY
HELD = 1e-9  # GW below which nothing is held
_RGY = ("province", "technology", "year")


# -- quantities


def _by_technology(results: Results, values: Mapping[str, float]) -> xr.DataArray:
    """A share or cost of technologies; 0 where there is none."""
    return results.from_keys({(g,): x for g, x in values.items()}, ("technology",)).fillna(0.0)


def _of_groups(results: Results, groups: tuple[str, ...]) -> xr.DataArray:
    """1 for technologies of the groups."""
    return _by_technology(results, {g: float(results.data.group[g] in groups) for g in results.technologies})


def _power(results: Results) -> xr.DataArray:
    """Capacity that stands; NaN where none does [GW]."""
    return results.values["v_capacity"].where(results.values["v_capacity"] > SMALL_GW)


def _value(results: Results, name: str) -> xr.DataArray:
    """A variable over all provinces, technologies, years and slices; 0 where it does not exist."""
    nothing = xr.zeros_like(results.values["v_generation"]).fillna(0.0)
    return nothing + results.values[name].fillna(0.0) if name in results.values else nothing


def committed_power(results: Results) -> xr.DataArray:
    """What is on, loaded or not (province, technology, year, time); NaN where nothing is committed [GW]."""
    if "v_headroom" not in results.values:
        return results.values["v_generation"] * float("nan")
    return results.values["v_generation"] + results.values["v_headroom"]


def held(results: Results, cfg: AncillaryConfig, d: SystemData) -> dict[str, xr.DataArray]:
    """What counts towards each need, whether needed or not (province, technology, year, time) [GW]."""
    output = _value(results, "v_generation")
    least = results.from_keys(d.min_output, ("province", "technology", "time")).fillna(0.0)
    capacity = results.values["v_capacity"].fillna(0.0)
    water = _of_groups(results, ("hydro",)) * ("hydro" in cfg.providers)
    thermal = (1.0 if "thermal" in cfg.providers else 0.0) * committed_power(results).notnull()
    headroom = _value(results, "v_headroom")
    stable = _by_technology(results, d.policy.get("min_stable", {}))
    deeper = stable - _by_technology(results, d.policy.get("flexible_min_stable", {}))
    turned = (1 - stable) * output - stable * headroom + deeper * _value(results, "v_flexible_on")
    up = thermal * headroom + water * (results.availability * capacity - output)
    down = thermal * turned.where(least == 0, 0.0) + water * (output - least * capacity)
    variable = _of_groups(results, VARIABLE) * ("vre" in cfg.providers)
    follow = down + _value(results, "v_store_down")
    found = {
        "up": up + _value(results, "v_store_up"),
        "down": follow + variable * output,
        "frequency": follow,
    }
    return {need: found[need] for need in needs(cfg)}


def prices(results: Results, cfg: AncillaryConfig, d: SystemData) -> dict[str, xr.DataArray]:
    """Price of each need, as a province sees it (province, year, time) [MCNY per GW and h]."""
    inside = _membership(results, cfg, d)
    return {
        need: (results.price(f"c_reserve_{need}").fillna(0.0) * inside.fillna(0.0)).sum("area")
        for need in needs(cfg)
    }


def _membership(results: Results, cfg: AncillaryConfig, d: SystemData) -> xr.DataArray:
    """1 where a province is in an area, else NaN (province, area)."""
    pairs = {(r, a): 1.0 for a, members in areas(cfg, d).items() for r in members}
    return results.from_keys(pairs, ("province", "area"))


def _asked(results: Results, cfg: AncillaryConfig, d: SystemData, need: str) -> tuple:
    """What load (province, year, time) and wind and sun (and technology) ask of a need [GW]."""
    load = results.from_keys(shares(cfg, d, "reserve_load")[need], ("province", "year"))
    demand = results.from_keys(d.demand, ("province", "year", "time"))
    return load * demand, _asked_per_output(results, cfg, d, need) * _value(results, "v_generation")


def _asked_per_output(results: Results, cfg: AncillaryConfig, d: SystemData, need: str) -> xr.DataArray:
    """Reserve that a GW of wind or sun asks for (province, technology, year) [GW/GW]."""
    share = results.from_keys(shares(cfg, d, "reserve_vre")[need], ("province", "year"))
    return _of_groups(results, VARIABLE) * share


# -- a GW


def _provided(results: Results, cfg: AncillaryConfig, d: SystemData) -> xr.DataArray:
    """What a gross GW is paid for reserve (province, technology, year) [MCNY/GW-yr]."""
    power, offered = _power(results), held(results, cfg, d)
    total = xr.zeros_like(results.values["v_capacity"]).fillna(0.0)
    for need, price in prices(results, cfg, d).items():
        total = total + (price * offered[need] * results.weight).sum("time") / power
    return total


def _caused(results: Results, cfg: AncillaryConfig, d: SystemData) -> xr.DataArray:
    """Reserve that a gross GW of wind or sun asks for, at its price [MCNY/GW-yr]."""
    total = xr.zeros_like(results.values["v_capacity"]).fillna(0.0)
    for need, price in prices(results, cfg, d).items():
        output = (price * results.output_rate * results.weight).sum("time")
        total = total + _asked_per_output(results, cfg, d, need) * output
    return total


def _starts(results: Results, d: SystemData, table: str) -> xr.DataArray:
    """Cost [MCNY] or CO2 [kt] of a fleet's starts, per gross GW and year."""
    count = results.from_keys({(t,): n for t, n in start_count(d).items()}, ("time",))
    started = (results.values["v_start"] * count).sum("time")
    return _by_technology(results, per_net(d, table)) * started / _power(results)


def margin(results: Results, cfg: AncillaryConfig, d: SystemData) -> Lines:
    """A fleet's own rows have no right side, so what it earns are the rows that it shares with others."""
    lines: Lines = {}
    if "v_start" in results.values:
        lines["starts"] = -_starts(results, d, "start_cost")
        tonne = results.duals["c_fleet_emissions"] / results.discount if _emitted(results) else 0.0
        lines["start_emissions"] = -tonne * _starts(results, d, "start_emissions")
    if "c_flexible_max" in results.duals:
        rent = (results.duals["c_flexible_max"] * results.availability).sum("time") / results.discount
        lines["flexibility"] = rent * results.values["v_flexible"] / _power(results)
    if needs(cfg):
        lines["reserve_provided"] = _provided(results, cfg, d)
        lines["reserve_caused"] = -_caused(results, cfg, d)
    if "c_store_down_energy" in results.duals and "v_build_energy" in results.values:
        v, power = results.values, _power(results)
        hours = v["v_build_energy"] / v["v_build"].where(v["v_build"] > SMALL_GW)
        room = -results.duals["c_store_down_energy"].sum("time") / results.discount
        lines["reserve_longer_storage"] = room * (hours - v["v_energy"] / power)
    return lines


def _emitted(results: Results) -> bool:
    return "c_fleet_emissions" in results.duals


def income(results: Results, cfg: AncillaryConfig, d: SystemData) -> Lines:
    """What a gross GW is paid and pays in settlement, and what its starts and its retrofit cost it."""
    lines: Lines = {}
    if "v_start" in results.values:
        lines["starts"] = -_starts(results, d, "start_cost").fillna(0.0)
    if "v_flexible" in results.values:
        annuity = _by_technology(results, d.policy["flexibility_annuity"])
        lines["flexibility"] = -(annuity * results.values["v_flexible"] / _power(results)).fillna(0.0)
    if needs(cfg):
        lines["reserve_provided"] = _provided(results, cfg, d).fillna(0.0)
        if cfg.who_pays != "load":
            lines["reserve_caused"] = -_caused(results, cfg, d)
        if cfg.who_pays == "generators":
            lines["reserve_of_load"] = -_levied(results, cfg, d) * results.output_per_gw()
    if cfg.peak_shaving:
        paid, charged, _ = _shaving(results, d)
        net = (paid - charged).sum("time") / _power(results)
        lines["peak_shaving"] = net.fillna(0.0)
    return lines


def _levied(results: Results, cfg: AncillaryConfig, d: SystemData) -> xr.DataArray:
    """What load asks for, per GWh generated in its province, where generators pay it [MCNY/GWh]."""
    price = prices(results, cfg, d)
    amount = sum(
        (price[need] * _asked(results, cfg, d, need)[0] * results.weight).sum("time") for need in needs(cfg)
    )
    output = results.values["v_annual_generation"].sum("technology")
    return (amount / output.where(output > 0)).fillna(0.0)


# -- who pays whom


def settle(results: Results, cfg: AncillaryConfig, d: SystemData) -> list[pd.DataFrame]:
    """Reserves at their dual, with an account for each need and area; payments for deep regulation."""
    found = [entry for need in needs(cfg) for entry in _reserve(results, cfg, d, need)]
    if cfg.peak_shaving:
        found += _peak_shaving(results, d)
    return found


def _reserve(results: Results, cfg: AncillaryConfig, d: SystemData, need: str) -> list[pd.DataFrame]:
    """One need: who holds it is paid its price, who asks for it pays, a shortage is paid to the state."""
    inside, weight = _membership(results, cfg, d), results.weight
    price = prices(results, cfg, d)[need]
    offered = held(results, cfg, d)[need]
    load, variable = _asked(results, cfg, d, need)
    account = f"reserve-{need}/{{area}}"

    def paid(payer: str, payee: str, power: xr.DataArray, product: str) -> pd.DataFrame:
        amount, goods = ((x * power * weight).sum("time") * inside for x in (price, 1.0))
        return entries(payer, payee, "ancillary", product, amount, goods, "GW-h")

    # what is held beyond the need is sold by nobody; its price is zero
    asked = load + variable.sum("technology")
    # the area's shortage, seen from each province
    short = (results.values[f"v_{need}_short"].fillna(0.0) * inside).sum("area")
    ask_there, held_there = (_of_area(x, inside) for x in (asked, offered.sum("technology")))
    ratio = ((ask_there - short) / held_there.where(held_there > HELD)).fillna(0.0)
    is_store = offered.technology.isin([g for _, g in d.stores])
    sold = offered * ratio
    missing = asked * (short / ask_there.where(ask_there > HELD)).fillna(0.0)
    return [
        paid(account, "generators", sold.where(~is_store), NAME[need]),
        paid(account, "stores", sold.where(is_store), NAME[need]),
        paid(account, "state", missing, f"{NAME[need]} short"),
        *_buyers(results, cfg, paid, account, load, variable, NAME[need]),
    ]


def _of_area(amount: xr.DataArray, inside: xr.DataArray) -> xr.DataArray:
    """The sum over a province's area, seen from the province."""
    return ((amount * inside).sum("province") * inside).sum("area")


def _buyers(results: Results, cfg: AncillaryConfig, paid, account: str, load, variable, product: str) -> list:
    """Load and variable output as they ask; a side that does not pay is paid for by a levy on the other."""
    levy = "system_operation/{province}"
    if cfg.who_pays == "causers":
        return [
            paid("consumers", account, load, product),
            paid("generators", account, variable, f"{product} caused"),
        ]
    if cfg.who_pays == "load":
        total = variable.sum("technology")
        return [
            paid("consumers", account, load, product),
            paid(levy, account, total, f"{product} caused"),
            paid("consumers", levy, total, "levy for reserves"),
        ]
    output = results.values["v_annual_generation"]
    share = output / output.sum("technology").where(lambda total: total > 0)
    alone = load * (output.sum("technology") <= 0)  # nothing is generated in the province
    return [
        paid("generators", account, variable, f"{product} caused"),
        paid(levy, account, load, product),
        paid("generators", levy, load * share.fillna(0.0), "levy for reserves"),
        paid("consumers", levy, alone, "levy for reserves"),
    ]


def _shaving(results: Results, d: SystemData) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Payments for output below the threshold, who is charged for them, and GWh shaved, by slice.

    Charged are, in each slice, the other generators of the province in proportion to their output.
    """
    threshold, price = (
        results.from_keys({(r,): x for r, x in d.policy[table].items()}, ("province",)).fillna(0.0)
        for table in ("shaving_threshold", "shaving_price")
    )
    output = _value(results, "v_generation")
    below = (threshold * committed_power(results) - results.values["v_generation"]).fillna(0.0)
    shaved = below.clip(min=0.0) * results.weight
    others = output.where(shaved <= 0, 0.0)
    total = others.sum("technology")
    share = (others / total.where(total > HELD)).fillna(0.0)
    paid = price * shaved
    return paid, share * paid.sum("technology"), shaved


def _peak_shaving(results: Results, d: SystemData) -> list[pd.DataFrame]:
    """Fleets turned down below the threshold are paid by the others; by consumers where there are none."""
    paid, charged, shaved = _shaving(results, d)
    account = "peak_shaving/{province}"
    alone = (paid.sum("technology") - charged.sum("technology")).sum("time")
    total = paid.sum("technology")
    goods = charged * (shaved.sum("technology") / total.where(total > 0)).fillna(0.0)
    left = (shaved.sum("technology") - goods.sum("technology")).sum("time")

    def entry(payer: str, payee: str, amount: xr.DataArray, energy: xr.DataArray) -> pd.DataFrame:
        return entries(payer, payee, "ancillary", "peak shaving", amount, energy, "GWh")

    return [
        entry(account, "generators", paid.sum("time"), shaved.sum("time")),
        entry("generators", account, charged.sum("time"), goods.sum("time")),
        entry("consumers", account, alone, left),
    ]


# -- indicators


def indicators(results: Results, cfg: AncillaryConfig, d: SystemData) -> list[pd.DataFrame]:
    """Reserve prices and cost, commitment, starts, retrofits, payments for deep regulation."""
    found = []
    if needs(cfg):
        found += _reserve_tables(results, cfg, d)
    if "v_start" in results.values:
        found += _commitment_tables(results, d)
    if "v_flexible" in results.values:
        found.append(tidy(with_nation(results.values["v_flexible"]), "flexible_capacity", "GW"))
    if cfg.peak_shaving:
        paid = _shaving(results, d)[0].sum(["time", "technology"])
        found.append(tidy(with_nation(paid), "peak_shaving_payment", "bn CNY/yr", BILLION))
    return found


def _reserve_tables(results: Results, cfg: AncillaryConfig, d: SystemData) -> list[pd.DataFrame]:
    """Mean price of each product by province and area, and what reserves cost those who ask for them.

    A GW of frequency regulation is held both ways, so its price is the sum of the three duals.
    """
    price, hours = prices(results, cfg, d), results.weight.sum()
    products: dict[str, xr.DataArray] = {p: price[p] for p in ("up", "down") if p in cfg.products}
    if "frequency" in cfg.products:
        products["frequency"] = price["up"] + price["down"] + price["frequency"]
    demand = results.from_keys(d.demand, ("province", "year", "time")).sum("time")
    tables, cost = [], xr.zeros_like(demand)
    for product, of_hour in products.items():
        mean = (of_hour * results.weight).sum("time") / hours
        nation = (mean * demand).sum("province") / demand.sum("province")
        both = xr.concat([nation.expand_dims(province=[NATION]), mean], dim="province")
        both = both.expand_dims(technology=[product])
        tables.append(tidy(both, "reserve_price", "CNY/MW-h", CNY_PER_MWH))
    for need, of_hour in price.items():
        load, variable = _asked(results, cfg, d, need)
        cost = cost + (of_hour * (load + variable.sum("technology")) * results.weight).sum("time")
    return [*tables, tidy(with_nation(cost), "reserve_cost", "bn CNY/yr", BILLION)]


def _commitment_tables(results: Results, d: SystemData) -> list[pd.DataFrame]:
    """Share of the available capacity that is on, and starts of a GW in a year."""
    on = committed_power(results)
    available = (results.availability * _power(results)).where(on.notnull())
    share = (on * results.weight).sum("time", min_count=1) / (available * results.weight).sum("time")
    count = results.from_keys({(t,): n for t, n in start_count(d).items()}, ("time",))
    net = 1 - _by_technology(results, dict(d.own_use))
    starts = (results.values["v_start"] * count).sum("time", min_count=1) / (net * _power(results))
    return [tidy(share, "commitment", "share"), tidy(starts, "starts", "1/yr")]
