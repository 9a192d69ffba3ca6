"""Prices of the markets, in the units they trade in."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import NATION, tidy
from picmodel.markets.green_certificates.settlement import price_by_province

CNY_PER_MWH = 1e3  # from MCNY/GWh


def energy_price(results: Results) -> pd.DataFrame:
    """Demand-weighted mean energy price, by province and nation [CNY/MWh without VAT]."""
    demand = results.from_keys(results.data.demand, ("province", "year", "time")) * results.weight
    value = results.energy_price * demand
    by_province = value.sum("time") / demand.sum("time")
    nation = value.sum(["time", "province"]) / demand.sum(["time", "province"])
    both = xr.concat([nation.expand_dims(province=[NATION]), by_province], dim="province")
    return tidy(both, "energy_price", "CNY/MWh", CNY_PER_MWH)


def certificate_price(results: Results) -> pd.DataFrame:
    """Certificate price by class (column technology) and province; nation: weighted by issue [CNY/MWh]."""
    if "c_certificates" not in results.duals:
        return _empty()
    price = price_by_province(results).rename({"class": "technology"})
    issued = results.values["v_certified"].rename({"class": "technology"})
    nation = (price * issued).sum("province") / issued.sum("province").where(lambda x: x > 1e-6)
    both = xr.concat([nation.expand_dims(province=[NATION]), price], dim="province")
    return tidy(both, "certificate_price", "CNY/MWh", CNY_PER_MWH)


def _empty() -> pd.DataFrame:
    return tidy(xr.DataArray([], dims="year", coords={"year": []}), "", "")
