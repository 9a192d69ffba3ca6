"""Make the synthetic year of all provinces from the input tables, and write it.

Nothing here is measured: hours are drawn at random and tied to published means, spreads and
autocorrelations.  The same tables and seed give the same file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from picmodel.data.read import read_tables
from picmodel.data.series import SERIES
from picmodel.errors import InputError
from picmodel.synthesis.demand import Variability, demand
from picmodel.synthesis.fields import (
    DAYS,
    HOURS,
    YEAR,
    correlation,
    distances,
    mixed,
    positions,
    white_noise,
)
from picmodel.synthesis.hydro import hydro
from picmodel.synthesis.solar import clear_sky, solar
from picmodel.synthesis.wind import wind

Array = NDArray[np.float64]

SEED = 20230101
#: values are whole multiples of this, so that the file is small and alike on every machine
QUANTUM = 1e-7
#: an offshore site is as far from its province's onshore fleet as this
OFFSHORE_KM = 150.0

TABLES = (
    "provinces",
    "demand",
    "peak_load",
    "full_load_hours",
    "load_shape",
    "load_statistics",
    "monthly_consumption",
    "resource_shape",
    "resource_statistics",
    "hydro_months",
)
_HOUR_COLUMNS = [f"h{hour:02d}" for hour in range(24)]


@dataclass(frozen=True)
class Field:
    """How noise is correlated between sites: what share is common, over which distance it fades [km]."""

    scale_km: float
    common_share: float
    steps: int


#: wind: neighbours 0.25-0.6 in modelled northeastern series; the others are assumed
FIELDS = {
    "wind": Field(500.0, 0.85, HOURS),
    "solar": Field(700.0, 0.90, DAYS),
    "hydro": Field(600.0, 0.80, DAYS),
    "demand_slow": Field(900.0, 0.80, HOURS),
    "demand_fast": Field(300.0, 0.30, HOURS),
}


@dataclass(frozen=True)
class Calibration:
    """The tables as arrays, by province or (province, series).

    Attributes:
        points: (province, 2) latitude and longitude [deg].
        curves: (12, 2, 24) typical load of working days and weekends.
        monthly: (12,) consumption of 2023 [TWh], summing to the annual figure.
        shapes: (12, 24) mean capacity factor.
        hours: full-load hours of the mean year [h].
        months: (12,) shares of hydro output.
    """

    points: Mapping[str, Array]
    curves: Mapping[str, Array]
    monthly: Mapping[str, Array]
    variability: Mapping[str, Variability]
    peak: Mapping[str, float]
    shapes: Mapping[tuple[str, str], Array]
    statistics: Mapping[tuple[str, str], tuple[float, float, float]]
    hours: Mapping[tuple[str, str], float]
    months: Mapping[str, Array]

    @property
    def provinces(self) -> list[str]:
        return list(self.points)

    @property
    def offshore(self) -> list[str]:
        """Provinces with offshore wind."""
        return [p for p in self.provinces if (p, "wind_offshore") in self.shapes]


def read_calibration(inputs: Path) -> Calibration:
    """Read what the synthesis needs from ``inputs/``.

    Raises:
        InputError: tables that break their declaration or lack rows.
    """
    t = read_tables(inputs, TABLES)
    provinces = t["provinces"]["province"].tolist()
    of_year = {
        name: t[name][t[name]["year"] == YEAR] for name in ("demand", "peak_load", "monthly_consumption")
    }
    annual = of_year["demand"].set_index("province")["consumption_twh"]
    peak = of_year["peak_load"].set_index("province")["peak_load_gw"]
    mean_year = t["full_load_hours"][t["full_load_hours"]["year"] == 0]
    stats = t["load_statistics"].set_index("province")
    found = Calibration(
        points=_rows(t["provinces"], ["province"], ["latitude_deg", "longitude_deg"]),
        curves={
            p: x.reshape(12, 2, 24)
            for p, x in _blocks(t["load_shape"], ["province"], ["month", "day_type"]).items()
        },
        monthly={
            p: x.ravel() * float(annual.get(p, np.nan)) / x.sum()
            for p, x in _blocks(
                of_year["monthly_consumption"], ["province"], ["month"], ["consumption_twh"]
            ).items()
        },
        variability={str(p): Variability(*map(float, stats.loc[p].iloc[:4])) for p in stats.index},
        peak={str(p): float(x) for p, x in peak.items()},
        shapes=_blocks(t["resource_shape"], ["province", "series"], ["month"]),
        statistics={
            key: (float(x[0]), float(x[1]), float(x[2]))
            for key, x in _rows(
                t["resource_statistics"],
                ["province", "series"],
                ["autocorrelation_1h", "autocorrelation_6h", "std_over_mean_share"],
            ).items()
        },
        hours={
            key: float(x[0])
            for key, x in _rows(mean_year, ["province", "technology"], ["available_h"]).items()
        },
        months={
            p: x.ravel()
            for p, x in _blocks(t["hydro_months"], ["province"], ["month"], ["energy_share_mean"]).items()
        },
    )
    problems = _missing(found, provinces, annual)
    if problems:
        raise InputError(problems)
    return found


def _rows(table: pd.DataFrame, key: list[str], columns: list[str]) -> dict:
    """Key -> values of the columns, one row each."""
    names = table[key[0]] if len(key) == 1 else list(zip(*(table[k] for k in key)))
    return dict(zip(names, table[columns].to_numpy(float)))


def _blocks(table: pd.DataFrame, key: list[str], order: list[str], columns: list[str] | None = None) -> dict:
    """Key -> values of the columns, rows sorted by ``order``."""
    ordered = table.sort_values(order, kind="stable")
    chosen = columns or _HOUR_COLUMNS
    groups = ordered.groupby(key if len(key) > 1 else key[0], sort=False)
    return {name: rows[chosen].to_numpy(float) for name, rows in groups}


def _missing(c: Calibration, provinces: Sequence[str], annual: pd.Series) -> list[str]:
    """Rows without which the year cannot be made."""
    problems = []
    for p in provinces:
        for name, there in (
            ("demand.csv", p in annual.index),
            ("peak_load.csv", p in c.peak),
            ("calibration/load_shape.csv", p in c.curves),
            ("calibration/load_statistics.csv", p in c.variability),
            ("calibration/monthly_consumption.csv", len(c.monthly.get(p, ())) == 12),
            ("calibration/hydro_months.csv", len(c.months.get(p, ())) == 12),
        ):
            if not there:
                problems.append(f"{name}: rows of {p} ({YEAR}) are missing or incomplete; add them")
    pairs = [(p, s) for p in provinces for s in ("wind_onshore", "solar")]
    pairs += [(p, "wind_offshore") for p in c.offshore]
    for p, s in pairs:
        if c.shapes.get((p, s), np.empty(0)).shape != (12, 24):
            problems.append(f"calibration/resource_shape.csv: {p}, {s} needs 12 months; add them")
        if (p, s) not in c.statistics:
            problems.append(f"calibration/resource_statistics.csv: no row for {p}, {s}; add it")
    for p, s in (*pairs, *((p, "hydro") for p in provinces)):
        if (p, s) not in c.hours:
            problems.append(f"full_load_hours.csv: no row for {p}, {s}, year 0; add it")
    return problems


def noise_fields(c: Calibration, seed: int) -> dict[str, dict[str, Array]]:
    """Field -> site -> noise.  Sites are provinces; offshore ones are written ``GD/offshore``."""
    points = positions(*np.array([c.points[p] for p in c.provinces]).T)
    found = {}
    for name, field in FIELDS.items():
        sites, where = list(c.provinces), np.column_stack([points, np.zeros(len(points))])
        if name == "wind":
            offshore = where[[c.provinces.index(p) for p in c.offshore]] + [0.0, 0.0, 0.0, OFFSHORE_KM]
            sites, where = sites + [f"{p}/offshore" for p in c.offshore], np.vstack([where, offshore])
        corr = correlation(distances(where), field.scale_km, field.common_share)
        noise = mixed(white_noise(seed, name, sites, field.steps), corr)
        found[name] = dict(zip(sites, noise))
    return found


def make_province(p: str, c: Calibration, noise: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """The five series of one province, (8760,) each; offshore wind is zero where there is no sea."""

    def wind_series(series: str, site: str) -> Array:
        near, far, spread = c.statistics[p, series]
        return wind(noise["wind"][site], c.shapes[p, series], spread, near, far, c.hours[p, series])

    lag_1d, _, daily_spread = c.statistics[p, "solar"]
    return {
        "demand": demand(
            noise["demand_slow"][p],
            noise["demand_fast"][p],
            c.curves[p],
            c.monthly[p],
            c.variability[p],
            c.peak[p],
        ),
        "wind_onshore": wind_series("wind_onshore", p),
        "wind_offshore": (
            wind_series("wind_offshore", f"{p}/offshore") if p in c.offshore else np.zeros(HOURS)
        ),
        "solar": solar(
            noise["solar"][p],
            clear_sky(*c.points[p]),
            c.shapes[p, "solar"],
            daily_spread,
            lag_1d,
            c.hours[p, "solar"],
        ),
        "hydro": hydro(noise["hydro"][p], c.months[p], c.hours[p, "hydro"]),
    }


def quantised(x: Array) -> Array:
    """Round to multiples of `QUANTUM`, up where most is lost, so that the sum stays to half of one.

    >>> quantised(np.array([0.26e-7, 0.0, 1.74e-7, 1.0e-7])).tolist() == [0.0, 0.0, 2e-7, 1e-7]
    True
    """
    scaled = x / QUANTUM
    whole = np.floor(scaled)
    missing = round(float((scaled - whole).sum()))
    whole[np.argsort(whole - scaled, kind="stable")[:missing]] += 1.0
    return whole * QUANTUM


def synthesise(c: Calibration, seed: int = SEED, provinces: Sequence[str] | None = None) -> xr.Dataset:
    """Make the year.

    Args:
        c: calibration of all provinces (which all shape the noise of each).
        seed: of every random stream.
        provinces: which to make, all by default; what is made does not depend on the others.

    Returns:
        Dataset with the variables `SERIES` of dims (province, time) and CF attributes.
    """
    chosen = list(c.provinces if provinces is None else provinces)
    noise = noise_fields(c, seed)
    made = [make_province(p, c, noise) for p in chosen]
    data = {name: (("province", "time"), np.stack([quantised(m[name]) for m in made])) for name in SERIES}
    return _labelled(data, chosen, c, seed)


_LONG_NAMES = {
    "demand": "electricity demand over its annual mean",
    "wind_onshore": "available output of onshore wind over capacity",
    "wind_offshore": "available output of offshore wind over capacity; zero without a coast",
    "solar": "available output of photovoltaics over capacity",
    "hydro": "available output of conventional hydro over capacity",
}


def _labelled(data: Mapping[str, tuple], provinces: list[str], c: Calibration, seed: int) -> xr.Dataset:
    points = np.array([c.points[p] for p in provinces])
    coords = {
        "province": ("province", provinces, {"long_name": "ISO 3166-2:CN code of the province"}),
        "time": (
            "time",
            pd.date_range(f"{YEAR}-01-01", periods=HOURS, freq="h"),
            {
                "standard_name": "time",
                "axis": "T",
                "long_name": "start of the hour in Beijing time (UTC+8, no daylight saving)",
            },
        ),
        "latitude": ("province", points[:, 0], {"standard_name": "latitude", "units": "degrees_north"}),
        "longitude": ("province", points[:, 1], {"standard_name": "longitude", "units": "degrees_east"}),
    }
    attrs = {
        "Conventions": "CF-1.11",
        "title": f"SYNTHETIC hourly demand and capacity factors of China's provinces, year {YEAR}",
        "institution": "picmodel",
        "source": "stochastic model calibrated to inputs/calibration, full_load_hours.csv (mean year), "
        "demand.csv and peak_load.csv; no hour was measured",
        "history": f"picmodel {version('picmodel')}, python -m picmodel.synthesis, seed {seed}",
        "references": "inputs/sources.csv",
        "comment": "Annual sums equal the mean-year full-load hours; demand has mean 1 and the peak of "
        "peak_load.csv. Times are local: UTC+8.",
    }
    made = xr.Dataset(dict(data), coords, attrs)
    for name in SERIES:
        made[name].attrs = {"long_name": _LONG_NAMES[name], "units": "1", "cell_methods": "time: mean"}
    return made


def write(made: xr.Dataset, path: Path) -> None:
    """Write as NetCDF-4: whole multiples of `QUANTUM` (int32), compressed, without any date of writing."""
    packed = {
        "dtype": "int32",
        "scale_factor": QUANTUM,
        "zlib": True,
        "complevel": 6,
        "shuffle": True,
        "_FillValue": -1,
    }
    encoding: dict[str, dict] = {name: dict(packed) for name in SERIES}
    encoding["time"] = {
        "units": f"hours since {YEAR}-01-01 00:00:00",
        "calendar": "standard",
        "dtype": "int32",
        "_FillValue": None,
    }
    encoding["latitude"] = encoding["longitude"] = {"_FillValue": None}
    path.parent.mkdir(parents=True, exist_ok=True)
    made.to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=encoding)
