"""What load moved and given up earns and pays; energy moved, bills, and the highest load."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy, with_nation
from picmodel.markets.demand_side.options import DemandSideConfig, flexible_share, seen_by, tou_tariff
from picmodel.settlement.ledger import entries
from picmodel.units import to_base


def settle(results: Results, cfg: DemandSideConfig, d: SystemData) -> list[pd.DataFrame]:
    """Load moved and given up at the hourly price, and what a time-of-use tariff adds to it or takes off."""
    v, found = results.values, []
    if "v_curtailed" in v:
        given_up = v["v_curtailed"].sum("block")
        found.append(_energy(results, "energy/{province}", "consumers", "load given up", given_up))
    if "v_shift_down" in v:
        less, more = v["v_shift_down"].sum("user"), v["v_shift_up"].sum("user")
        found += [
            _energy(results, "energy/{province}", "consumers", "load moved away", less),
            _energy(results, "consumers", "energy/{province}", "load added", more),
        ]
        if seen_by(cfg, "time_of_use"):
            found += _time_of_use(results, cfg, d)
    return found


def _energy(results: Results, payer: str, payee: str, product: str, power: xr.DataArray) -> pd.DataFrame:
    amount = (results.energy_price * results.weight * power).sum("time")
    return entries(payer, payee, "demand_side", product, amount, (results.weight * power).sum("time"), "GWh")


def _time_of_use(results: Results, cfg: DemandSideConfig, d: SystemData) -> list[pd.DataFrame]:
    """Users on the tariff pay it in place of the hourly price; a levy returns what is over, or covers it."""
    v, classes = results.values, seen_by(cfg, "time_of_use")
    moved = (v["v_shift_up"] - v["v_shift_down"]).sel(user=_present(results, classes))
    power = (moved + flexible_load(results, cfg)).sum("user")
    gap = tou_price(results, cfg) - results.energy_price
    difference = (gap * results.weight * power).sum("time")
    account = "system_operation/{province}"
    return [
        entries("consumers", account, "demand_side", "time-of-use difference", difference),
        entries("consumers", account, "demand_side", "levy", -difference),
    ]


def _present(results: Results, classes: list[str]) -> list[str]:
    """Those of the classes that have load."""
    return [k for k in classes if k in results.labels["user"]]


def flexible_load(results: Results, cfg: DemandSideConfig) -> xr.DataArray:
    """Load that can be moved, before it is (province, user, year, time) [GW]."""
    share = results.from_keys(flexible_share(cfg, results.data), ("province", "user", "year"))
    return share * results.from_keys(results.data.demand, ("province", "year", "time"))


def tou_price(results: Results, cfg: DemandSideConfig) -> xr.DataArray:
    """Time-of-use tariff (province, time) [MCNY/GWh]."""
    d = results.data
    tariff = {(r, t): tou_tariff(cfg, d, r) * d.policy["tou_factor"][r, t] for r, t in d.policy["tou_factor"]}
    return results.from_keys(tariff, ("province", "time"))


# -- indicators


def indicators(results: Results, cfg: DemandSideConfig, d: SystemData) -> list[pd.DataFrame]:
    """Energy moved and given up, what users save by moving, and what it does to the highest load."""
    v, found = results.values, []
    change = xr.zeros_like(v["v_unserved"])
    if "v_shift_down" in v:
        up, down = v["v_shift_up"].fillna(0.0), v["v_shift_down"].fillna(0.0)
        change = change + (up - down).sum("user")
        away = ((down - up).clip(min=0.0) * results.weight).sum("time")
        saving = bill_saving(results, cfg)
        found += [
            tidy(with_nation(away.sum("user")), "shifted_energy", "TWh/yr", 1e-3),
            tidy(away.sum("province").rename(user="technology"), "shifted_energy", "TWh/yr", 1e-3),
            tidy(with_nation(saving.sum("user")), "shift_bill_saving", "bn CNY/yr", 1e-3),
            tidy(saving.sum("province").rename(user="technology"), "shift_bill_saving", "bn CNY/yr", 1e-3),
        ]
    if "v_curtailed" in v:
        given_up = (v["v_curtailed"] * results.weight).sum("time")
        change = change - v["v_curtailed"].sum("block")
        found.append(tidy(with_nation(given_up.sum("block")), "curtailed_demand", "TWh/yr", 1e-3))
        by_block = given_up.sum("province").rename(block="technology")
        found.append(tidy(by_block, "curtailed_demand", "TWh/yr", 1e-3))
    return [*found, *_peak_reduction(results, change)]


def bill_saving(results: Results, cfg: DemandSideConfig) -> xr.DataArray:
    """What users save by moving load, at the prices that come of it (province, user, year) [MCNY/yr]."""
    v, classes = results.values, list(results.values["v_shift_down"]["user"].to_numpy())
    price = results.energy_price
    if "time_of_use" in cfg.exposure.values():
        on_tariff = [cfg.exposure[k] == "time_of_use" for k in classes]
        seen = xr.DataArray(on_tariff, dims="user", coords={"user": classes})
        price = xr.where(seen, tou_price(results, cfg), price)
    cost = to_base(cfg.shift_cost_cny_per_mwh, "CNY/MWh")
    kept = price * (v["v_shift_down"] - v["v_shift_up"]) - cost * v["v_shift_down"]
    return (kept * results.weight).sum("time")


def _peak_reduction(results: Results, change: xr.DataArray) -> list[pd.DataFrame]:
    """By how much the highest load of a province, and of all at once, falls [GW]."""
    demand = results.from_keys(results.data.demand, ("province", "year", "time"))

    def fall(before: xr.DataArray, after: xr.DataArray) -> xr.DataArray:
        return before.max("time") - after.max("time")

    nation = fall(demand.sum("province"), (demand + change).sum("province"))
    return [
        tidy(nation, "peak_reduction", "GW"),
        tidy(fall(demand, demand + change), "peak_reduction", "GW"),
    ]
