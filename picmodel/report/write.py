"""Files of a run's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from picmodel.glossary import DIMENSIONS

FILES = (
    "indicators.csv",
    "solution.nc",
    "prices.nc",
    "price_terms.parquet",
    "projects.csv",
    "project_income.csv",
    "costs.csv",
    "ledger.parquet",
    "positions.csv",
    "scenario.yaml",
    "solver.log",
    "basis.json.gz",
    "kept.json",
    "manifest.json",
)
#: files that a study of many runs does without
LARGE = (
    "solution.nc",
    "prices.nc",
    "price_terms.parquet",
    "ledger.parquet",
    "positions.csv",
    "project_income.csv",
    "solver.log",
)


#: units as UDUNITS spells them, which CF asks for ("kt" is a knot there); money is unknown to it and stays
UDUNITS = {
    "GWh": "GW h",
    "GWh/yr": "GW h yr-1",
    "kt": "Gg",
    "kt/yr": "Gg yr-1",
    "h/yr": "h yr-1",
    "TWh": "TW h",
    "TWh/yr": "TW h yr-1",
    "TWh gross": "TW h",
    "Mt CO2": "Tg",
    "Mt/yr": "Tg yr-1",
    "t/MWh": "t MW-1 h-1",
    "1/yr": "yr-1",
    "share": "1",
    "points": "percent",
    "%": "percent",
}


def write_netcdf(dataset: xr.Dataset, path: Path, title: str, history: str) -> None:
    """Compressed NetCDF with CF attributes; axes say what they are, units are spelt as UDUNITS does."""
    dataset = dataset.copy()
    for name in dataset.variables:
        attrs = dataset[name].attrs
        if name in dataset.coords and name in DIMENSIONS:
            attrs.setdefault("long_name", DIMENSIONS[str(name)])
            if dataset[name].dtype.kind in "if":
                attrs.setdefault("units", "1")
        attrs["units"] = UDUNITS.get(attrs.get("units", ""), attrs.get("units", "1"))
    dataset = dataset.assign_attrs(
        Conventions="CF-1.11",
        title=title,
        institution="picmodel",
        source="picmodel linear programme (HiGHS)",
        history=history,
        currency="CNY, real, of the base year, without VAT",
    )
    encoding = {name: {"zlib": True, "complevel": 4} for name in dataset.data_vars}
    dataset.to_netcdf(path, encoding=encoding)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, float_format="%.10g")


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def write_json(content: dict, path: Path) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def replaced(write: Callable[[Path], None], path: Path) -> None:
    """Write a file beside its place, then rename it, so that it is the old one or the new one, whole.

    For one who holds the lock of the run: what processes that died here left beside it goes.
    """
    beside = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        for left in path.parent.glob(f".{path.name}.writing-*"):
            left.unlink()
        write(beside)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
