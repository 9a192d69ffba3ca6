"""Files of a run's folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from picmodel.glossary import DIMENSIONS

#: basis of the optimum
BASIS = "basis.json.gz"
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
    BASIS,
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

CURRENCY = "CNY, real, of the base year, without VAT"
#: units as UDUNITS spells them, which CF asks for ("kt" is a knot there)
UDUNITS = {
    "GWh": "GW h",
    "GWh/yr": "GW h yr-1",
    "ktce/yr": "29.3076 TJ yr-1",
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
#: money is no unit of UDUNITS: what it is counted in becomes a number, and an attribute names the currency
_MONEY = re.compile(r"(MCNY|bn CNY|CNY)(?:(?:/| per )\(?([^()]+)\)?)?")
_COUNTED = {"CNY": "1", "MCNY": "1e6", "bn CNY": "1e9"}
_PER = {
    "yr": "yr-1",
    "GWh": "GW-1 h-1",
    "MWh": "MW-1 h-1",
    "MW-h": "MW-1 h-1",
    "GW and h": "GW-1 h-1",
    "GW": "GW-1",
    "kW": "kW-1",
    "GW-yr": "GW-1 yr-1",
    "kt": "Gg-1",
    "t": "t-1",
    "tce": "(29.3076 GJ)-1",
    "ktce": "(29.3076 TJ)-1",
}


def cf_unit(unit: str) -> str:
    """A unit as CF asks for it; one that is not known stays.

    >>> cf_unit("MCNY/GWh"), cf_unit("bn CNY/yr"), cf_unit("CNY/kW"), cf_unit("GWh/yr")
    ('1e6 GW-1 h-1', '1e9 yr-1', 'kW-1', 'GW h yr-1')
    """
    money = _MONEY.fullmatch(unit)
    if not money:
        return UDUNITS.get(unit, unit)
    count, below = _COUNTED[money[1]], money[2]
    if below is None:
        return count
    per = _PER.get(below) or f"({UDUNITS.get(below, below)})-1"
    return per if count == "1" else f"{count} {per}"


def write_netcdf(dataset: xr.Dataset, path: Path, title: str, history: str) -> None:
    """Compressed NetCDF with CF attributes; axes say what they are, units are spelt as UDUNITS does.

    Where that spelling differs, ``unit_in_tables`` has the unit of the other files; what is money has its
    ``currency``.
    """
    dataset = dataset.copy()
    for name in dataset.variables:
        attrs = dataset[name].attrs
        if name in dataset.coords and name in DIMENSIONS:
            attrs.setdefault("long_name", DIMENSIONS[str(name)])
            if dataset[name].dtype.kind in "if":
                attrs.setdefault("units", "1")
        unit = attrs.get("units", "1")
        attrs["units"] = cf_unit(unit)
        if attrs["units"] != unit:
            attrs["unit_in_tables"] = unit
        if "CNY" in unit:
            attrs["currency"] = CURRENCY
    dataset = dataset.assign_attrs(
        Conventions="CF-1.11",
        title=title,
        institution="picmodel",
        source="picmodel linear programme (HiGHS)",
        history=history,
        currency=CURRENCY,
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
