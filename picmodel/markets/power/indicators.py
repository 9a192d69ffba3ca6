"""What the power market shows: prices, what plants capture, levies, regulatory rents, rent of the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import NATION, tidy, with_nation
from picmodel.markets.power.options import PowerConfig
from picmodel.markets.power.settlement import between_provinces, demand, settle, settlement_price
from picmodel.markets.power.terms import contract_profile, price_limits
from picmodel.scenario.schema import at_years
from picmodel.settlement.ledger import ledger
from picmodel.units import to_base

CNY_PER_MWH = 1e3  # from MCNY/GWh
BN = 1e-3  # from MCNY
PERCENTILES = (5, 50, 95)


def indicators(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """All tables of the power market."""
    price = settlement_price(results, cfg, d)
    tables = [*captured(results, price), *duration(results, price), *limited(results, cfg, d)]
    tables += consumer_energy(results, cfg, d)
    tables += [
        tidy(with_nation(value), f"implicit_{name}", "bn CNY/yr", BN)
        for name, value in implicit_transfers(results, cfg, d).items()
    ]
    if "v_flow" in results.values:
        tables += [
            tidy(with_nation(value), f"grid_{name}", "bn CNY/yr", BN)
            for name, value in grid_rent(results, cfg, d).items()
        ]
    return tables


# -- prices


def captured(results: Results, price: xr.DataArray) -> list[pd.DataFrame]:
    """Capture price: mean price of a technology's output; value factor: over the mean price of all hours."""
    power = results.values["v_generation"].fillna(0.0) * results.weight
    earned, output = with_nation((price * power).sum("time")), with_nation(power.sum("time"))
    capture = earned / output.where(output > 1e-6)
    hours = float(results.weight.sum())
    base = (price * results.weight).sum("time") / hours
    load = (demand(results) * results.weight).sum("time")
    nation = ((base * load).sum("province") / load.sum("province")).expand_dims(province=[NATION])
    everywhere = xr.concat([nation, base], dim="province")
    factor = capture / everywhere.where(everywhere > 1e-9)
    return [
        tidy(capture, "capture_price", "CNY/MWh", CNY_PER_MWH),
        tidy(factor, "value_factor", "share"),
    ]


def duration(results: Results, price: xr.DataArray) -> list[pd.DataFrame]:
    """Percentiles of the price over the hours of a year, by province."""
    ordered = price.transpose("province", "year", "time")
    order = np.argsort(ordered.to_numpy(), axis=-1)
    values = np.take_along_axis(ordered.to_numpy(), order, axis=-1)
    hours = np.cumsum(results.weight.to_numpy()[order], axis=-1)
    tables = []
    for percent in PERCENTILES:
        # the lowest price that is not exceeded in this share of the hours
        enough = hours >= percent / 100 * hours[..., -1:] - 1e-9
        found = np.take_along_axis(values, enough.argmax(axis=-1)[..., None], axis=-1)[..., 0]
        array = xr.DataArray(
            found, dims=("province", "year"), coords={k: ordered[k] for k in ("province", "year")}
        )
        tables.append(tidy(array, f"price_p{percent}", "CNY/MWh", CNY_PER_MWH))
    return tables


def limited(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """Hours at cap and floor, and what plants lose (+) or gain (-) against the unlimited price."""
    floor, cap = price_limits(cfg, d)
    price = results.energy_price
    tables = []
    for name, limits, beyond in (("cap", cap, 1.0), ("floor", floor, -1.0)):
        if limits:
            limit = results.from_keys({(r,): x for r, x in limits.items()}, ("province",))
            at_limit = (beyond * (price - limit) >= -1e-9) & limit.notnull()
            hours = (results.weight * at_limit).sum("time")
            tables.append(tidy(hours.where(limit.notnull()), f"hours_at_{name}", "h/yr"))
    if tables:
        lost = (price - settlement_price(results, cfg, d)) * results.values["v_generation"]
        missing = (lost * results.weight).sum("time", min_count=1)
        tables.append(tidy(with_nation(missing), "missing_money", "bn CNY/yr", BN))
    return tables


def consumer_energy(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """What consumers pay in the power market, and the levy in it, over the energy they are served."""
    payments = ledger(settle(results, cfg, d))
    served = ((demand(results) - results.values["v_unserved"]) * results.weight).sum("time")

    def paid(rows: pd.DataFrame) -> xr.DataArray:
        sums = rows.groupby(["province", "year"])["amount"].sum()
        return results.from_keys(dict(sums.items()), ("province", "year")).fillna(0.0)

    by = payments["payer"] == "consumers"
    cost = paid(payments[by]) - paid(payments[payments["payee"] == "consumers"])
    levy = paid(payments[by & (payments["product"] == "levy")])
    energy = with_nation(served)
    return [
        tidy(with_nation(cost), "consumer_energy_cost", "bn CNY/yr", BN),
        tidy(with_nation(cost) / energy, "consumer_energy_price", "CNY/MWh", CNY_PER_MWH),
        tidy(with_nation(levy) / energy, "levy", "CNY/MWh", CNY_PER_MWH),
    ]


# -- beside the ledger


def implicit_transfers(results: Results, cfg: PowerConfig, d: SystemData) -> dict[str, xr.DataArray]:
    """Duals of regulatory rows times what is held to them [MCNY/yr]; nobody pays them.

    Returns:
        Rule -> (province, technology, year), or (province of the sender, year) for flat contracts; and
        ``transfer``, their sum by province and technology.
    """
    v, found = results.values, {}
    output = v["v_annual_generation"]
    for rule in ("planned_hours", "curtailment_limit"):
        if f"c_{rule}" in results.duals:
            found[rule] = results.price(f"c_{rule}") * output
    if "c_contract_delivery" in results.duals:
        profile = results.from_keys(contract_profile(cfg, d), ("province", "year", "time"))
        price = results.price("c_contract_delivery") * results.weight
        found["contract_delivery"] = (price * profile).sum("time", min_count=1) * output
    if "c_age_only" in results.duals:
        found["age_only"] = results.price("c_age_only") * v["v_exist"]
    if "c_adequacy" in results.duals and cfg.capacity != "market":
        credit = results.from_keys(d.credit, ("technology", "year"))
        found["adequacy"] = results.price("c_adequacy") * credit * v["v_capacity"]
    if found:
        parts = [part.fillna(0.0) for part in found.values()]
        found["transfer"] = sum(parts[1:], parts[0])
    if "c_contract_min" in results.duals:
        found["flat_contracts"] = _flat_contracts(results, cfg)
    return found


def _flat_contracts(results: Results, cfg: PowerConfig) -> xr.DataArray:
    """Lower edges of flat contracts at their dual, by the province that sends."""
    band = at_years(cfg.contract_band_share, results.years)
    low = results.from_keys({(y,): 1 - x for y, x in band.items()}, ("year",))
    price = (results.price("c_contract_min") * results.weight).sum("time")
    value = price * low * results.values["v_contract"]
    return between_provinces(results, value).sum("province").rename(sender="province")


# -- the grid


def grid_rent(results: Results, cfg: PowerConfig, d: SystemData) -> dict[str, xr.DataArray]:
    """What the grid earns between provinces and where it comes from, by receiving province [MCNY/yr].

    ``spread`` = price difference times power sent = ``losses`` + ``rent``, and
    ``rent`` = ``wheeling`` + ``barrier`` + ``congestion`` + ``contracts`` + ``other``: exactly, because
    ``other`` is what limits of prices and rules of other mechanisms leave (zero without them).
    """
    flow = results.values["v_flow"] * results.weight
    price = settlement_price(results, cfg, d)
    sender, receiver = (
        price.sel(province=_of_arcs(results, [arc[k] for arc in d.arcs.values()])).drop_vars("province")
        for k in (1, 2)
    )
    loss = _of_arcs(results, [line.loss for line, _, _ in d.arcs.values()])
    tariff = _of_arcs(results, [d.export_tariff.get(i, 0.0) for _, i, _ in d.arcs.values()])
    corridor = _of_arcs(results, [line.name for line, _, _ in d.arcs.values()])
    shadow = results.price("c_flow_max").sel(corridor=corridor).drop_vars("corridor")
    parts = {
        "spread": (receiver - sender) * flow,
        "losses": loss * receiver * flow,
        "wheeling": tariff * flow,
        "barrier": _barrier(results, cfg) * flow,
        "congestion": shadow * flow,
        "contracts": _contract_edges(results) * flow,
    }
    found = {k: between_provinces(results, x.sum("time")).sum("sender") for k, x in parts.items()}
    found["rent"] = found["spread"] - found["losses"]
    known = ("wheeling", "barrier", "congestion", "contracts")
    found["other"] = found["rent"] - sum(found[name] for name in known)
    return found


def _of_arcs(results: Results, values: list) -> xr.DataArray:
    return xr.DataArray(values, dims="arc", coords={"arc": results.labels["arc"]})


def _barrier(results: Results, cfg: PowerConfig) -> xr.DataArray | float:
    if cfg.barrier_cny_per_mwh is None:
        return 0.0
    barrier = at_years(cfg.barrier_cny_per_mwh, results.years)
    return results.from_keys({(y,): to_base(x, "CNY/MWh") for y, x in barrier.items()}, ("year",))


def _contract_edges(results: Results) -> xr.DataArray:
    """Upper less lower edge of a flat contract, for its arc; for the arc back the other way [MCNY/GWh]."""
    found = xr.zeros_like(results.values["v_flow"])
    if "c_contract_min" not in results.duals:
        return found
    edge = (results.price("c_contract_max") - results.price("c_contract_min")).fillna(0.0)
    for line in results.data.corridors:
        (there, *_), (back, *_) = line.arcs
        net = edge.sel(arc=there, drop=True) - edge.sel(arc=back, drop=True)
        found.loc[dict(arc=there)] += net
        found.loc[dict(arc=back)] -= net
    return found
