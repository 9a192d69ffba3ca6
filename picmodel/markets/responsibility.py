"""Who bears the carbon cost: producers, or those who use the power (受益者付费, the beneficiary pays).

Settlement only: emissions are traced through the flows of the solution, and provinces that use power with
more carbon than they emit pay those that emit for them, at what a tonne costs.
"""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy
from picmodel.extract.tracing import beneficiary_pays, trace
from picmodel.markets.base import Mechanism, MechanismConfig
from picmodel.settlement.ledger import entries


class ResponsibilityConfig(MechanismConfig):
    """Options of who bears the carbon cost."""

    consumer_share: float = Field(
        1.0, gt=0, le=1, description="share of each tonne that the province where the power is used pays for"
    )


def build(m: pyo.ConcreteModel, cfg: ResponsibilityConfig, d: SystemData) -> None:
    """Nothing: money moves after the solve, and decisions do not see it."""


def tonne_price(results: Results) -> xr.DataArray:
    """What a tonne costs by all rules that count emissions: mean over what is emitted, by year [MCNY/kt]."""
    price = results.price("c_fleet_emissions").fillna(0.0)
    emitted = results.values["v_fleet_emissions"].fillna(0.0)
    everywhere = ["province", "technology"]
    total = emitted.sum(everywhere)
    return (price * emitted).sum(everywhere) / total.where(total > 0, 1.0)


def owed(results: Results, cfg: ResponsibilityConfig) -> xr.DataArray:
    """What each province pays (> 0) or receives (province, year) [MCNY/yr]; every year sums to zero."""
    table = beneficiary_pays(trace(results), tonne_price(results), cfg.consumer_share)
    return table.set_index(["province", "year"])["amount_mcny"].to_xarray()


def settle(results: Results, cfg: ResponsibilityConfig, d: SystemData) -> list[pd.DataFrame]:
    """Consumers pay for the emissions that others have for them."""
    return [
        entries("consumers", "responsibility/CN", "responsibility", "emissions elsewhere", owed(results, cfg))
    ]


def indicators(results: Results, cfg: ResponsibilityConfig, d: SystemData) -> list[pd.DataFrame]:
    due = owed(results, cfg)
    return [
        tidy(due, "beneficiary_payment", "bn CNY/yr", 1e-3),
        tidy(due.clip(min=0.0).sum("province"), "beneficiary_payment", "bn CNY/yr", 1e-3),
    ]


RESPONSIBILITY = Mechanism(
    name="responsibility",
    summary="Who bears the carbon cost: those who emit, or those who use the power (settlement only)",
    config=ResponsibilityConfig,
    build=build,
    settle=settle,
    indicators=indicators,
    governs=("c_fleet_emissions",),
    headline=("beneficiary_payment",),
    entries=(),
)
