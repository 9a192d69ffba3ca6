"""What limits on emissions cost a plant and who pays whom; prices, and the accounts of provinces."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy
from picmodel.markets.base import Lines
from picmodel.markets.emission_limits.options import NAME, EmissionLimitsConfig, Provincial, counted
from picmodel.settlement.ledger import entries


def margin(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> Lines:
    """What a GW emits, at the price of each limit."""
    emitted = _emitted_per_gw(results)
    return {
        name: -results.price(f"c_{name}").fillna(0.0) * emitted  # a province without a cap has no row
        for name in ("emission_peak", "held_emissions", "provincial_cap")
        if f"c_{name}" in results.duals
    }


def _emitted_per_gw(results: Results) -> xr.DataArray:
    """CO2 of the output of a gross GW [kt/GW-yr]."""
    factor = results.from_keys({(g,): e for g, e in results.data.emission_factor.items()}, ("technology",))
    return factor.fillna(0.0) * results.output_per_gw()


def income(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> Lines:
    """Of all limits, only the emissions held are paid for."""
    if cfg.hold_emissions_of is None:
        return {}
    return {"held_emissions": -results.price("c_held_emissions") * results.emissions_per_gw()}


def settle(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> list[pd.DataFrame]:
    """Emissions held are bought from the state; provinces settle the permits that they trade."""
    found = _settle_held(results) if cfg.hold_emissions_of is not None else []
    if cfg.provincial and cfg.provincial.trade:
        found += _settle_permits(results)
    return found


def _settle_held(results: Results) -> list[pd.DataFrame]:
    """Every emitter pays the price of a tonne, as in an auction; the state receives it."""
    price, account, product = results.price("c_held_emissions"), "held_emissions/CN", "emissions held"
    emitted = results.values["v_fleet_emissions"]
    above = results.values["v_above_held"]
    sold = emitted.sum(["province", "technology"]) - above

    def paid(payer: str, payee: str, quantity: xr.DataArray, what: str) -> pd.DataFrame:
        return entries(payer, payee, NAME, what, price * quantity, quantity, "kt")

    return [
        paid("generators", account, emitted, product),
        paid(account, "state", sold, product),
        paid(account, "state", above, "emissions above those held"),
    ]


def _settle_permits(results: Results) -> list[pd.DataFrame]:
    """Treasuries of provinces buy and sell at the price of a permit; plants are not charged."""
    bought = results.values["v_permits"]
    amount = results.price("c_permits") * bought
    return [entries("state", "permits/CN", NAME, "provincial permits", amount, bought, "kt")]


# -- indicators


def accounts(results: Results, provincial: Provincial) -> xr.DataArray:
    """Emissions that every province accounts for [kt/yr], capped or not; they sum to national emissions."""
    total = results.values["v_emissions"].copy()
    for arc, factor in counted(provincial, results.data).items():
        _, sender, receiver = results.data.arcs[arc]
        moved = factor * (results.values["v_flow"].sel(arc=arc, drop=True) * results.weight).sum("time")
        total.loc[dict(province=sender)] -= moved
        total.loc[dict(province=receiver)] += moved
    return total


def indicators(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> list[pd.DataFrame]:
    """Prices of the limits, each apart from the allowance price, and the accounts of provinces."""
    names = {
        "c_emission_peak": "emission_peak_price",
        "c_held_emissions": "held_emissions_price",
        "c_provincial_cap": "provincial_cap_price",
        "c_permits": "permit_price",
    }
    found = [
        tidy(results.price(row), name, "CNY/t", 1e3) for row, name in names.items() if row in results.duals
    ]
    if cfg.provincial:
        found.append(tidy(accounts(results, cfg.provincial), "accounted_emissions", "Mt CO2", 1e-3))
    return found
