"""What labels mean, as coordinates of the solution's file: shares recompute from that file alone."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData


def described(dataset: xr.Dataset, d: SystemData) -> xr.Dataset:
    """The dataset with attributes of its technologies, provinces and arcs as coordinates."""
    grids = d.policy.get("regional_grid", {})
    ends = {
        "sender": {a: i for a, (_, i, _) in d.arcs.items()},
        "receiver": {a: j for a, (*_, j) in d.arcs.items()},
    }
    texts = [
        ("technology", "renewable_class", d.renewable_class, "hydro, nonhydro or none"),
        ("technology", "group", d.group, "group of technologies"),
        ("province", "regional_grid", {r: grids.get(r, "") for r in d.provinces}, "regional grid"),
        ("arc", "sender", ends["sender"], "province that sends"),
        ("arc", "receiver", ends["receiver"], "province that receives"),
    ]
    numbers = [
        ("technology", "own_use", d.own_use, "own use over gross output"),
        ("arc", "loss", {a: line.loss for a, (line, *_) in d.arcs.items()}, "lost over sent"),
    ]
    for dim, name, values, meaning in (*texts, *numbers):
        if dim in dataset.dims:
            found = pd.Series(values).reindex(dataset[dim].to_index()).to_numpy()
            dataset = dataset.assign_coords({name: (dim, found, {"units": "1", "long_name": meaning})})
    return dataset
