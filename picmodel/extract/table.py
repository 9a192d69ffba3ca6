"""The tidy form of every indicator."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results

COLUMNS = ["scenario", "indicator", "province", "technology", "year", "value", "unit"]
NATION = "CN"
ALL = "all"


def tidy(array: xr.DataArray, indicator: str, unit: str, factor: float = 1.0) -> pd.DataFrame:
    """Rows of an array over any of (province, technology, year); missing dimensions become CN, all, 0.

    Args:
        array: values in base units; NaN rows are dropped.
        factor: from base units to ``unit``.
    """
    frame = (
        (array * factor).rename("value").to_series().dropna().reset_index()
        if array.dims
        else pd.DataFrame({"value": [float(array) * factor]})
    )
    for column, default in (("province", NATION), ("technology", ALL), ("year", 0)):
        if column not in frame:
            frame[column] = default
    return frame.assign(indicator=indicator, unit=unit)[COLUMNS[1:]]


def with_nation(array: xr.DataArray) -> xr.DataArray:
    """The array with the sum over provinces added as CN."""
    total = array.sum("province", min_count=1).expand_dims(province=[NATION])
    return xr.concat([total, array], dim="province", coords="minimal", compat="override")


def per_technology(results: Results, mapping: Mapping) -> xr.DataArray:
    """A technology attribute as an array."""
    names = list(results.technologies)
    return xr.DataArray([mapping[g] for g in names], dims="technology", coords={"technology": names})
