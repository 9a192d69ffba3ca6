"""Renewable shares: of generation, of consumption by certificates, of consumption by traced flow.

Each with and without hydro, by province, regional grid, nation and year.  Output is gross, as statistics
publish it; what stores give back is no generation.  Consumption is that of the bulk grid, what stores
lose inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import NATION, per_technology, tidy
from picmodel.extract.tracing import SMALL_GWH, Traced
from picmodel.indicators.places import at_all_places
from picmodel.markets.base import Active
from picmodel.markets.green_certificates.settlement import beyond_obligation

#: shares whose change against the reference is reported
SHARES = (
    "renewable_share",
    "nonhydro_share",
    "renewable_share_of_consumption",
    "nonhydro_share_of_consumption",
    "renewable_share_by_certificates",
    "nonhydro_share_by_certificates",
)


def gross_generation(results: Results) -> xr.DataArray:
    """Gross output by province, technology and year [GWh/yr], as statistics publish it."""
    return results.values["v_annual_generation"] / (1 - per_technology(results, results.data.own_use))


def renewable_shares(results: Results) -> pd.DataFrame:
    """Renewable share of gross generation, with and without hydro."""
    output = at_all_places(gross_generation(results).fillna(0.0), results)
    kind = per_technology(results, results.data.renewable_class)
    renewable, nonhydro = (
        output.where(chosen, 0.0).sum("technology") for chosen in (kind != "none", kind == "nonhydro")
    )
    total = output.sum("technology")
    total = total.where(total > SMALL_GWH)
    return pd.concat(
        [
            tidy(renewable / total, "renewable_share", "share"),
            tidy(nonhydro / total, "nonhydro_share", "share"),
        ]
    )


def traced_shares(results: Results, traced: Traced) -> pd.DataFrame:
    """Renewable share of what is consumed, by the flow that it came with."""
    share = shares_of_consumption(results, traced)
    nonhydro = share.sel(content="nonhydro", drop=True)
    renewable = nonhydro + share.sel(content="hydro", drop=True)
    return pd.concat(
        [
            tidy(renewable, "renewable_share_of_consumption", "share"),
            tidy(nonhydro, "nonhydro_share_of_consumption", "share"),
        ]
    )


def shares_of_consumption(results: Results, traced: Traced) -> xr.DataArray:
    """Share of each class in consumption (content, place, year).

    Lines lose the mix that they carry, so that the output of a class is consumed or lost and nothing
    else; what stores lose is consumed where they stand.
    """
    energy = at_all_places(traced.energy, results)
    return at_all_places(traced.drawn, results) / energy.where(energy > SMALL_GWH)


def certificate_shares(results: Results, active: Sequence[Active]) -> pd.DataFrame:
    """Share of consumption for which certificates are retired, where a certificate market runs.

    Those of the obligation are of a province; those of volunteers count in the nation alone, because
    nobody says where they consume.
    """
    market = next((a for a in active if a.name == "green_certificates"), None)
    if market is None:
        return pd.DataFrame()
    v = results.values
    retired = v["v_use"] - beyond_obligation(results, market.options, results.data)
    retired = at_all_places(retired, results)
    if "v_voluntary" in v:
        volunteers = v["v_voluntary"].sum(["market", "block"]).where(retired.province == NATION, 0.0)
        retired = retired + volunteers
    energy = at_all_places(v["v_consumption"], results)
    share = retired / energy.where(energy > SMALL_GWH)
    return pd.concat(
        [
            tidy(share.sum("class", skipna=False), "renewable_share_by_certificates", "share"),
            tidy(share.sel({"class": "nonhydro"}, drop=True), "nonhydro_share_by_certificates", "share"),
        ]
    )
