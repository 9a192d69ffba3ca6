"""Zero profit: what a vintage that the LP builds earns over its life is its cost and the rents of its limits.

For every (province, technology, vintage) with capacity built, per gross GW and over the horizon,

    sum over alive years of D (energy - variable cost +- mechanisms + capacity - fixed O&M - annuity)
        = rents of potential, build rates and commitments.

It is put together from prices, output and costs alone, not from the LP's matrix: a price that is undone
wrongly, a row that a mechanism forgot to settle or a cost without a payer shows as a residual.  Each
mechanism gives its own lines (`Mechanism.margin`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from picmodel.extract.results import SMALL_GW, Results
from picmodel.markets.base import Active, Lines, merged

KEYS = ["province", "technology", "vintage"]


def zero_profit(results: Results, active: Sequence[Active] = ()) -> pd.DataFrame:
    """Lines of the identity for every vintage that was built.

    Args:
        active: mechanisms of the run.

    Returns:
        One row per province, technology and vintage: ``built_gw``; income (+) and cost (-) by line and
        rents (-), discounted over the years it stands [MCNY per gross GW]; ``residual``, their sum; and
        ``relative``, the residual over the largest line.
    """
    if "v_build" not in results.values:
        return pd.DataFrame(columns=[*KEYS, "built_gw", "residual", "relative"])
    lines = merged([_physical(results), *(mechanism.margin(results) for mechanism in active)])
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
    built = results.values["v_build"].where(results.values["v_build"] > SMALL_GW)
    if "c_committed_energy" in duals:
        rents["committed_energy"] = -duals["c_committed_energy"] * results.values["v_build_energy"] / built
    if "v_build" in results.held_worth:
        rents["held"] = results.held_worth["v_build"]
    if "v_build_energy" in results.held_worth:
        rents["held_energy"] = results.held_worth["v_build_energy"] * results.values["v_build_energy"] / built
    return rents
