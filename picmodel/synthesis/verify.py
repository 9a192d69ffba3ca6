"""What the synthetic year reaches of what it was calibrated to, province by province."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from picmodel.synthesis.build import Calibration
from picmodel.synthesis.fields import DAYS, HOURS, distances, lag_correlation, positions
from picmodel.synthesis.solar import daily_clearness

Array = NDArray[np.float64]


def verify(made: xr.Dataset, c: Calibration) -> pd.DataFrame:
    """Compare a synthetic year with its targets.

    Args:
        made: dims (province, time), as `picmodel.synthesis.build.synthesise` gives it.
        c: the calibration.

    Returns:
        One row per (series, province): full-load hours, highest value, autocorrelation (wind and
        demand: 1 h and 6 h or 24 h; sun: 1 day), spread over mean, mean correlation with the
        three nearest provinces; targets in the columns that end in ``_target`` (empty: none).
    """
    provinces = made["province"].values.tolist()
    near = _nearest(c, provinces)
    rows = []
    for series in made.data_vars:
        values = made[series].values
        for i, p in enumerate(provinces):
            if values[i].any():
                row = {"series": str(series), "province": p, **_reached(str(series), p, values[i], c)}
                row["neighbours"] = _with_neighbours(str(series), values, i, near[i])
                rows.append(row)
    return pd.DataFrame(rows).set_index(["series", "province"])


def _nearest(c: Calibration, provinces: list[str]) -> list[list[int]]:
    """The three nearest other provinces of each."""
    gaps = distances(positions(*np.array([c.points[p] for p in provinces]).T))
    return [[j for j in np.argsort(row, kind="stable") if j != i][:3] for i, row in enumerate(gaps)]


def _reached(series: str, p: str, x: Array, c: Calibration) -> dict[str, float]:
    row = {"hours": float(x.sum()), "highest": float(x.max())}
    if series == "demand":
        stats = c.variability[p]
        peak = c.peak[p] * HOURS / (c.monthly[p].sum() * 1e3)
        return row | {
            "hours_target": HOURS,
            "highest_target": peak,
            "lag_1": lag_correlation(x, 1),
            "lag_long": lag_correlation(x, 24),
            "spread": float(x.std()),
            "lowest_festival_day": float(x.reshape(DAYS, 24).mean(axis=1)[14:35].min()),
            "lowest_festival_day_target": stats.festival,
        }
    row["hours_target"] = c.hours[p, series]
    if series == "hydro":
        return row
    near, far, spread = c.statistics[p, series]
    if series == "solar":
        clear = daily_clearness(x)
        return row | {
            "lag_1": lag_correlation(clear, 1),
            "lag_1_target": near,
            "spread": float(clear.std()),
            "spread_target": spread,
        }
    return row | {
        "lag_1": lag_correlation(x, 1),
        "lag_1_target": near,
        "lag_long": lag_correlation(x, 6),
        "lag_long_target": far,
        "spread": float(x.std() / x.mean()),
        "spread_target": spread,
    }


def _with_neighbours(series: str, values: Array, i: int, near: list[int]) -> float:
    """Mean correlation with the nearest provinces (sun: of daily energy over its month)."""
    shown = [daily_clearness(x) if series == "solar" else x for x in values[[i, *near]]]
    others = [float(np.corrcoef(shown[0], other)[0, 1]) for other in shown[1:] if other.any()]
    return float(np.mean(others)) if others else float("nan")
