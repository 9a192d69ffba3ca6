"""Files of a run's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

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


def write_netcdf(dataset: xr.Dataset, path: Path, title: str, history: str) -> None:
    """Compressed NetCDF with CF attributes."""
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
    """Write a file beside its place, then rename it, so that it is the old one or the new one, whole."""
    beside = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        write(beside)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
