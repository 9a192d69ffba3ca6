"""The places that an indicator is given for: the nation, regional grids, provinces."""

from __future__ import annotations

import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import with_nation


def region_of(results: Results) -> dict[str, str]:
    """Province -> regional grid, of the provinces that the run has."""
    grids = results.data.policy.get("regional_grid", {})
    return {r: grids[r] for r in results.provinces if r in grids}


def at_all_places(array: xr.DataArray, results: Results) -> xr.DataArray:
    """The array with its sums over the nation and over regional grids added as places of their own.

    A regional grid is the sum of those of its provinces that the run has.
    """
    region = region_of(results)
    sums = [
        array.sel(province=[r for r in region if region[r] == name])
        .sum("province", min_count=1)
        .expand_dims(province=[name])
        for name in dict.fromkeys(region.values())
    ]
    return xr.concat([with_nation(array), *sums], dim="province", coords="minimal", compat="override")
