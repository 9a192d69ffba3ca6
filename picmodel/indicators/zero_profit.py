"""Zero profit: what a vintage that the LP builds earns over its life is its cost and the rents of its limits.

For every (province, technology, vintage) with capacity built, per gross GW and over the horizon,

    sum over alive years of D (energy - variable cost +- mechanisms + capacity - fixed O&M - annuity)
        = rents of potential, build rates and commitments.

It is put together from prices, output and costs alone, not from the LP's matrix: a price that is undone
wrongly, a row that a mechanism forgot to settle or a cost without a payer shows as a residual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import SMALL_GW, Results
from picmodel.markets.base import Active
from picmodel.markets.carbon import net_factor
from picmodel.markets.green_certificates import linked_hours, price_by_province
from picmodel.markets.power import planned_fleets
from picmodel.scenario.schema import at_years
from picmodel.units import to_base

Lines = dict[str, xr.DataArray]
KEYS = ["province", "technology", "vintage"]


def zero_profit(results: Results, active: Sequence[Active] = ()) -> pd.DataFrame:
    """Lines of the identity for every vintage that was built.

    Args:
        active: mechanisms of the run; one that this module does not know is an error.

    Returns:
        One row per province, technology and vintage: ``built_gw``; income (+) and cost (-) by line and
        rents (-), discounted over the years it stands [MCNY per gross GW]; ``residual``, their sum; and
        ``relative``, the residual over the largest line.
    """
    if "v_build" not in results.values:
        return pd.DataFrame(columns=[*KEYS, "built_gw", "residual", "relative"])
    lines = _physical(results)
    for mechanism in active:
        lines |= MARGINS[mechanism.name](results, mechanism.options, results.data)
    weight = _alive(results) * results.discount
    total = {name: (line.fillna(0.0) * weight).sum("year") for name, line in lines.items()}
    total |= {name: -rent.fillna(0.0) for name, rent in _rents(results, weight).items()}
    built = results.values["v_build"]
    frame = xr.Dataset({"built_gw": built, **total}).to_dataframe(dim_order=KEYS).reset_index()
    frame = frame[frame["built_gw"] > SMALL_GW].reset_index(drop=True)
    frame["residual"] = frame[list(total)].sum(axis=1)
    frame["relative"] = frame["residual"].abs() / frame[list(total)].abs().max(axis=1)
    return frame


def worst_residual(frame: pd.DataFrame) -> float:
    """Largest relative residual; 0 where nothing was built."""
    return float(frame["relative"].max()) if len(frame) else 0.0


def _alive(results: Results) -> xr.DataArray:
    """1 where a vintage stands (technology, vintage, year)."""
    d = results.data
    stands = {(g, v, y): 1.0 for g in results.technologies for y in results.years for v in d.alive(g, y)}
    return results.from_keys(stands, ("technology", "vintage", "year")).fillna(0.0)


# -- the physical system


def _physical(results: Results) -> Lines:
    d = results.data
    output, price = results.output_per_gw(), results.energy_price
    fuel = results.from_keys(d.fuel_cost, ("province", "technology", "year")).fillna(0.0)
    wear = results.from_keys(d.variable_om, ("technology", "year")).fillna(0.0)
    lines = {
        "energy": (price * results.output_rate * results.weight).sum("time"),
        "variable_cost": -(fuel + wear) * output,
        "fixed_om": -results.from_keys(_by_vintage(results, d.fixed_om), ("technology", "vintage")),
        "annuity": -results.from_keys(d.annuity, ("technology", "vintage")),
    }
    if "c_adequacy" in results.duals:
        credit = results.from_keys(d.credit, ("technology", "year")).fillna(0.0)
        lines["capacity"] = credit * results.price("c_adequacy").fillna(0.0)
    if d.stores:
        _add_stores(lines, results, wear)
    return lines


def _by_vintage(results: Results, values) -> dict:
    return {(g, v): x for (g, v), x in values.items() if v in results.years}


def _add_stores(lines: Lines, results: Results, wear: xr.DataArray) -> None:
    """Arbitrage of the fleet per GW, and what the vintage's own hours of storage add to it and cost."""
    v = results.values
    power = v["v_capacity"].where(v["v_capacity"] > SMALL_GW)
    discharge, charge = v["v_discharge"] / power, v["v_charge"] / power
    net = (results.energy_price * (discharge - charge) * results.weight).sum("time")
    lines["energy"] = lines["energy"] + net
    lines["variable_cost"] = lines["variable_cost"] - wear * (discharge * results.weight).sum("time")
    # certificates are owed for what stores lose
    owed = results.duals["c_consumption"] / results.discount
    lines["obligation_on_losses"] = -owed * ((charge - discharge) * results.weight).sum("time")
    if "v_build_energy" not in v:
        return
    hours = v["v_build_energy"] / v["v_build"].where(v["v_build"] > SMALL_GW)
    rent = -results.duals["c_stored_max"].sum("time") / results.discount
    lines["longer_storage"] = rent * (hours - v["v_energy"] / power)
    annuity = results.from_keys(results.data.energy_annuity, ("technology", "vintage"))
    lines["energy_annuity"] = -annuity * hours


def _rents(results: Results, weight: xr.DataArray) -> Lines:
    """Rents of the limits of a vintage, over its life [MCNY per GW, discounted]."""
    rents: Lines = {}
    duals = results.duals
    if "c_potential" in duals:
        rents["potential"] = (results.price("c_potential").fillna(0.0) * weight).sum("year")
    for name in ("build_limit", "national_build_limit"):
        if f"c_{name}" in duals:
            rents[name] = results.price(f"c_{name}")
    if "c_committed" in duals:
        rents["committed"] = -results.price("c_committed")
    if "c_committed_energy" in duals:
        built = results.values["v_build"].where(results.values["v_build"] > SMALL_GW)
        rents["committed_energy"] = -duals["c_committed_energy"] * results.values["v_build_energy"] / built
    return rents


# -- mechanisms


def _carbon(results: Results, cfg: Any, d: SystemData) -> Lines:
    """Allowances owed at their price; emitting also raises the limits that follow verified emissions."""
    output = results.output_per_gw()
    factor = results.from_keys({(g,): e for g, e in d.emission_factor.items()}, ("technology",))
    factor = factor.fillna(0.0)
    net = results.from_keys(net_factor(cfg, d), ("technology", "year"))
    price = results.price("c_allowances") if "c_allowances" in results.duals else _set_price(results, cfg)
    lines = {"carbon": -price * net * output}
    covered = factor.where(net.notnull(), 0.0) * output
    lines["offset_limit"] = results.price("c_offset_limit") * cfg.offset_limit_share * covered
    if "c_credit_limit" in results.duals:
        lines["credit_limit"] = results.price("c_credit_limit") * covered
    if "c_emission_peak" in results.duals:
        lines["emission_peak"] = -results.price("c_emission_peak") * factor * output
    return lines


def _set_price(results: Results, cfg: Any) -> xr.DataArray:
    """The part of a set carbon price that decisions see [MCNY/kt]."""
    price = at_years(cfg.price_cny_per_t, results.years)
    seen = {(y,): cfg.pass_through_share * to_base(x, "CNY/t") for y, x in price.items()}
    return results.from_keys(seen, ("year",))


def _certificates(results: Results, cfg: Any, d: SystemData) -> Lines:
    price = price_by_province(results)
    lines = {"certificates": _of_class(price, results) * results.output_per_gw()}
    hours = linked_hours(cfg, d)
    if hours and "c_eligible" in results.duals:
        first = cfg.eligible_from or 0
        eligible = xr.DataArray(
            [float(v >= first) for v in results.years],
            dims="vintage",
            coords={"vintage": list(results.years)},
        )
        rent = _of_class(results.price("c_eligible").fillna(0.0), results)
        lines["carbon_link"] = rent * results.from_keys(hours, ("province", "technology")) * eligible
    return lines


def _of_class(price: xr.DataArray, results: Results) -> xr.DataArray:
    """Price of the class that each technology belongs to; 0 for none."""
    kinds = [results.data.renewable_class[g] for g in results.technologies]
    none = 0.0 * price.isel({"class": 0}, drop=True)
    columns = [none if kind == "none" else price.sel({"class": kind}, drop=True) for kind in kinds]
    return xr.concat(columns, dim=pd.Index(results.technologies, name="technology"))


def _power(results: Results, cfg: Any, d: SystemData) -> Lines:
    """Rows per GW: output that counts towards them less what they ask of the capacity, at their dual."""
    output, years = results.output_per_gw(), results.years
    lines: Lines = {}
    if "c_planned_hours" in results.duals:
        share, hours = at_years(cfg.planned_share, years), d.policy["planned_hours"]
        asked = {
            (r, g, y): share[y] * (1 - d.own_use[g]) * hours[r, g]
            for r, g in planned_fleets(cfg, d)
            for y in years
        }
        lines["planned_hours"] = results.price("c_planned_hours") * (
            output - results.from_keys(asked, ("province", "technology", "year"))
        )
    if "c_curtailment_limit" in results.duals:
        limit = results.from_keys(
            {(y,): x for y, x in at_years(cfg.curtailment_limit_share, years).items()}, ("year",)
        )
        possible = (results.availability * results.weight).sum("time")
        lines["curtailment_limit"] = results.price("c_curtailment_limit") * (output - (1 - limit) * possible)
    return lines


MARGINS: dict[str, Callable[[Results, Any, SystemData], Lines]] = {
    "carbon": _carbon,
    "green_certificates": _certificates,
    "power": _power,
}
