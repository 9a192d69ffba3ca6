"""Hourly series of a full year: read them, let a user replace them, rescale them within their bounds.

A file holds demand (over its annual mean) and the capacity factors of wind, sun and water for every
province and the 8760 hours of a common year that begins on 1 January, 00:00 (UTC+8), by the start of
the hour.  What a user replaces is named by series (``demand``) or by series and province
(``demand.GD``).  All problems are collected and raised once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from picmodel.errors import InputError
from picmodel.units import HOURS_PER_YEAR

Array = NDArray[np.float64]

#: name of a series -> highest value that it may take (None: no limit)
UPPER: dict[str, float | None] = {
    "demand": None,
    "wind_onshore": 1.0,
    "wind_offshore": 1.0,
    "solar": 1.0,
    "hydro": 1.0,
}
SERIES = tuple(UPPER)

#: demand is over its annual mean, so its own mean must be one; what is left over is rounding
_MEAN_TOLERANCE = 1e-4


# rescaling


def scaled_to_sum(
    values: Array, target: float, weights: Array | None = None, upper: float | None = 1.0
) -> Array:
    """Multiply by one factor, cut at ``upper``, so that the weighted sum is ``target``.

    The factor has a closed form: values are cut from the largest down, and with k of them at the limit
    it is what the others must be multiplied by.

    Args:
        values: values >= 0, any shape.
        target: weighted sum to reach, >= 0.
        weights: as ``values``, > 0; one by default.
        upper: highest value allowed, or None.

    Returns:
        min(s * values, upper), as ``values``; its weighted sum is the target to rounding.

    Raises:
        ValueError: no factor reaches the target, since too many values are zero.

    >>> scaled_to_sum(np.array([0.2, 0.8, 0.0]), 1.2).round(6).tolist()
    [0.24, 0.96, 0.0]
    >>> scaled_to_sum(np.array([0.2, 0.8, 0.0]), 1.6).round(6).tolist()
    [0.6, 1.0, 0.0]
    """
    flat = np.asarray(values, float).ravel()
    w = np.ones_like(flat) if weights is None else np.asarray(weights, float).ravel()
    if target == 0.0:
        return np.zeros_like(np.asarray(values, float))
    order = np.argsort(-flat, kind="stable")
    x, wx = flat[order], w[order]
    rest = np.cumsum((wx * x)[::-1])[::-1]  # weighted sum of values k, k+1, ...
    cut = np.concatenate([[0.0], np.cumsum(wx)[:-1]])  # weight of values 0 ... k-1
    left = target if upper is None else target - upper * cut
    factor = np.divide(left, rest, out=np.full_like(rest, -1.0), where=rest > 0.0)
    fits = (x > 0.0) & (factor >= 0.0)
    if upper is not None:
        fits &= factor * x <= upper * (1.0 + 1e-12)
    if not fits.any():
        raise ValueError(
            f"no factor brings the sum from {float((w * flat).sum()):g} to {target:g}"
            + ("" if upper is None else f" within [0, {upper:g}]")
        )
    scaled = factor[int(np.argmax(fits))] * flat
    return (scaled if upper is None else np.minimum(scaled, upper)).reshape(np.shape(values))


def rescale_to(series: xr.DataArray, hours: Mapping[str, float]) -> xr.DataArray:
    """Capacity factors with other annual full-load hours; the shape stays, as far as it can.

    Args:
        series: dims (province, time), capacity factors in [0, 1].
        hours: full-load hours of each province of ``series`` [h]; zero makes the series zero.

    Returns:
        As ``series``: every value by one factor per province and at most 1, with the annual sum
        exactly ``hours``.

    Raises:
        InputError: hours are missing for a province, or its series has too few hours above zero.

    >>> half = xr.DataArray(np.full((1, 8760), 0.5), dims=("province", "time"), coords={"province": ["GD"]})
    >>> round(float(rescale_to(half, {"GD": 2190.0}).sum()), 6)
    2190.0
    """
    problems = []
    rows = []
    for province in series["province"].values.tolist():
        values = series.sel(province=province).values
        try:
            rows.append(scaled_to_sum(values, float(hours[province])))
        except KeyError:
            problems.append(
                f"{series.name}: no full-load hours for {province}; add a row to full_load_hours.csv"
            )
        except ValueError as error:
            problems.append(
                f"{series.name}.{province}: {error}; correct full_load_hours.csv or the hourly series"
            )
    if problems:
        raise InputError(problems)
    return series.copy(data=np.stack(rows))


# reading


def read_series(
    path: Path, replacements: Mapping[str, Path] | None = None, provinces: Sequence[str] | None = None
) -> xr.Dataset:
    """Read the hourly series and put a user's own in their place.

    A replacement is a NetCDF file with the series as a variable of dims (province, time), or a CSV
    with a column ``time`` and either one column per province or the columns ``province`` and ``value``.
    A file for one province (``demand.GD``) may also have just ``time`` and ``value``.

    Args:
        path: NetCDF file with all of `SERIES`, dims (province, time).
        replacements: ``series`` or ``series.province`` -> file.  The more specific name wins.
        provinces: codes to return, in this order; all of the file by default.

    Returns:
        Dataset of float64 with the variables `SERIES` and dims (province, time); demand over its
        annual mean (exactly 1 on average), the others capacity factors in [0, 1].  The attribute
        ``replaced`` of a variable names the provinces that the user gave.

    Raises:
        InputError: with every file that cannot be read and every series that is not complete,
            8760 hours long, finite and within its bounds.
    """
    names = dict(replacements or {})
    problems = _check_names(names)
    base, found = _read_base(path, provinces)
    problems += found
    if base is None:
        raise InputError(problems)
    wanted = base["province"].values.tolist()
    for name in sorted(names, key=lambda n: n.count(".")):
        if name.split(".")[0] not in SERIES:
            continue
        problems += _replace(base, name, Path(names[name]), wanted)
    if problems:
        raise InputError(problems)
    mean = base["demand"].mean("time")
    base["demand"] = (base["demand"] / mean).assign_attrs(base["demand"].attrs)
    return base


def _check_names(names: Mapping[str, Path]) -> list[str]:
    problems = []
    for name in names:
        series = name.split(".")[0]
        if series not in SERIES:
            near = get_close_matches(series, SERIES, 1)
            problems.append(
                f"series.{name}: no series is called {series}; "
                + (f"did you mean {near[0]}?" if near else "write one of " + ", ".join(SERIES))
            )
    return problems


def _read_base(path: Path, provinces: Sequence[str] | None) -> tuple[xr.Dataset | None, list[str]]:
    """The file's series for the wanted provinces, or the problems that make it useless."""
    data, problems = _open_netcdf(path)
    if data is None:
        return None, problems
    missing = [name for name in SERIES if name not in data]
    if missing:
        return None, [f"{path}: variable {name} is missing; restore the file" for name in missing]
    wanted = data["province"].values.tolist() if provinces is None else list(provinces)
    absent = [p for p in wanted if p not in data["province"].values]
    if absent:
        return None, [
            f"{path}: no series for province {', '.join(absent)}; the file has "
            f"{', '.join(map(str, data['province'].values))}"
        ]
    chosen = data[list(SERIES)].sel(province=wanted).transpose("province", "time").astype("float64")
    if chosen.sizes["time"] != HOURS_PER_YEAR:
        return None, [_wrong_length(str(path), chosen.sizes["time"])]
    problems = []
    for name in SERIES:
        for province in wanted:
            problems += _check_values(
                f"{path}: {name}.{province}", name, chosen[name].sel(province=province).values
            )
    return chosen, problems


def _open_netcdf(path: Path) -> tuple[xr.Dataset | None, list[str]]:
    if not path.is_file():
        return None, [f"{path} does not exist; restore it, or correct the name"]
    try:
        with xr.open_dataset(path, engine="netcdf4") as data:
            return data.load(), []
    except Exception as error:  # netCDF4, HDF5 and xarray each raise their own kinds
        return None, [
            f"{path} cannot be read as NetCDF ({type(error).__name__}: {error}); restore it, "
            "the file may be truncated"
        ]


# replacing


def _replace(base: xr.Dataset, name: str, path: Path, wanted: Sequence[str]) -> list[str]:
    """Put one replacement into ``base``; the problems of the file if it cannot be used."""
    series, _, province = name.partition(".")
    label = f"series.{name}: {path}"
    if province and province not in wanted:
        return [f"series.{name}: no province is called {province}; write one of {', '.join(wanted)}"]
    needed = [province] if province else list(wanted)
    frame, problems = _read_replacement(label, path, series, province)
    if frame is None:
        return problems
    absent = [p for p in needed if p not in frame.columns]
    if absent:
        hint = f"name single ones as {series}.XX to replace these alone" if not province else "add it"
        return [f"{label}: no column for province {', '.join(absent)}; add them, or {hint}"]
    if len(frame) != HOURS_PER_YEAR:
        return [_wrong_length(label, len(frame))]
    for p in needed:
        problems += _check_values(f"{label}: {series}.{p}", series, frame[p].to_numpy(float))
    if not problems:
        base[series].loc[{"province": needed}] = frame[needed].to_numpy(float).T
        before = str(base[series].attrs.get("replaced", "")).split()
        base[series].attrs["replaced"] = " ".join(dict.fromkeys([*before, *needed]))
    return problems


def _read_replacement(
    label: str, path: Path, series: str, province: str
) -> tuple[pd.DataFrame | None, list[str]]:
    """A user's file as one column per province, one row per hour."""
    if path.suffix.lower() in (".nc", ".nc4", ".netcdf"):
        return _read_netcdf_replacement(label, path, series, province)
    return _read_csv_replacement(label, path, province)


def _read_netcdf_replacement(
    label: str, path: Path, series: str, province: str
) -> tuple[pd.DataFrame | None, list[str]]:
    data, problems = _open_netcdf(path)
    if data is None:
        return None, [f"{label.split(':')[0]}: {problem}" for problem in problems]
    if series not in data:
        return None, [f"{label}: variable {series} is missing; the file has {', '.join(map(str, data))}"]
    variable = data[series]
    if "time" not in variable.dims:
        return None, [
            f"{label}: {series} has dims {', '.join(map(str, variable.dims))}; write (province, time)"
        ]
    if "province" not in variable.dims:
        variable = variable.expand_dims(province=[province])
    columns = variable["province"].values.tolist()
    return pd.DataFrame(variable.transpose("time", "province").values, columns=columns), []


def _read_csv_replacement(label: str, path: Path, province: str) -> tuple[pd.DataFrame | None, list[str]]:
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    except FileNotFoundError:
        return None, [f"{label} does not exist; correct the name"]
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        return None, [f"{label} cannot be read as CSV ({error}); is the file cut off?"]
    if "time" not in table.columns:
        return None, [f"{label}: column time is missing; add it (2023-01-01 00:00, start of the hour)"]
    if "province" in table.columns and "value" in table.columns:
        if table.duplicated(["time", "province"]).any():
            row = int(np.argmax(table.duplicated(["time", "province"]))) + 2
            return None, [f"{label}:{row}: time and province are there twice; remove one row"]
        table = table.pivot(index="time", columns="province", values="value").reset_index()
    elif "value" in table.columns and province:
        table = table.rename(columns={"value": province})
    problems = _check_time(label, table["time"])
    body = table.drop(columns="time")
    numbers = body.apply(pd.to_numeric, errors="coerce")
    for column in body.columns:
        wrong = body[column].notna() & numbers[column].isna()
        if wrong.any():
            problems.append(
                f"{label}:{int(np.argmax(wrong)) + 2}: {column}="
                f"{body[column][int(np.argmax(wrong))]!r} is not a number"
            )
    return (None if problems else numbers), problems


def _check_time(label: str, times: pd.Series[Any]) -> list[str]:
    """Hours must follow each other from 1 January, 00:00 of any year without 29 February."""
    stamps = pd.to_datetime(times, errors="coerce")
    if stamps.isna().any():
        row = int(np.argmax(stamps.isna()))
        return [f"{label}:{row + 2}: time={times.iloc[row]!r} is not a time; write 2023-01-01 00:00"]
    if len(stamps) != HOURS_PER_YEAR:
        return [_wrong_length(label, len(stamps))]
    steps = stamps.diff().iloc[1:] != pd.Timedelta(hours=1)
    if steps.any():
        row = int(np.argmax(steps)) + 1
        return [
            f"{label}:{row + 2}: time={times.iloc[row]} does not follow {times.iloc[row - 1]} by one "
            "hour; write every hour once, in order"
        ]
    first = stamps.iloc[0]
    if (first.month, first.day, first.hour) != (1, 1, 0):
        return [f"{label}:2: the first hour is {first:%m-%d %H:%M}; begin at 01-01 00:00 (UTC+8)"]
    return []


def _wrong_length(label: str, hours: int) -> str:
    hint = "leave out 29 February" if hours == 8784 else "is the file cut off?"
    return f"{label}: {hours} hours; write the {HOURS_PER_YEAR} of a year ({hint})"


# the values of one series


@dataclass(frozen=True)
class _Check:
    """A property that every value must have: where it fails, and what to say."""

    fails: Callable[[Array], NDArray[np.bool_]]
    says: str


_CHECKS = (
    _Check(lambda x: ~np.isfinite(x), "is missing or not finite; write a number for every hour"),
    _Check(lambda x: x < 0.0, "is below 0; write values of at least 0"),
)


def _check_values(label: str, series: str, values: Array) -> list[str]:
    """Problems of the 8760 values of one province, one message per kind with the first place."""
    checks = list(_CHECKS)
    limit = UPPER[series]
    if limit is not None:
        checks.append(
            _Check(lambda x: x > limit + 1e-9, f"is above {limit:g}; write a share of capacity (5 % is 0.05)")
        )
    problems = []
    for check in checks:
        wrong = check.fails(values)
        if wrong.any():
            hour = int(np.argmax(wrong))
            more = f" (and {int(wrong.sum()) - 1} more)" if wrong.sum() > 1 else ""
            problems.append(f"{label}: hour {hour}: value {values[hour]:g} {check.says}{more}")
    if series == "demand" and not problems and abs(values.mean() - 1.0) > _MEAN_TOLERANCE:
        problems.append(
            f"{label}: the mean is {values.mean():g}; demand is over its annual mean: divide "
            "all hours by their mean (consumption itself is in demand.csv)"
        )
    return problems
