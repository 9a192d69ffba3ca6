"""A run's folder: written beside its place, then renamed, so that it is whole or not there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import xarray as xr

from picmodel.errors import InputError

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
    "manifest.json",
)


def new_folder(out: Path, name: str) -> Path:
    """An empty folder beside ``out/name``, hidden until `publish`.

    Raises:
        InputError: the place cannot be written to.
    """
    folder = out / f".{name}.writing-{os.getpid()}"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(
            [f"{out}: cannot write results there ({error.strerror}); choose another folder with --out"]
        ) from None
    return folder


def publish(folder: Path, out: Path, name: str) -> Path:
    """Put a finished folder in its place; what was there before is replaced."""
    target = out / name
    old = out / f".{name}.old-{os.getpid()}"
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return target


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
