"""Hourly capacity factors of photovoltaics: clear sky by geometry, times a random clearness of the day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray
from scipy.special import ndtr

from picmodel.data.series import scaled_to_sum
from picmodel.synthesis.fields import (
    DAYS,
    DAYS_IN_MONTH,
    HOURS,
    MONTH_OF_DAY,
    MONTH_OF_HOUR,
    YEAR,
    autoregressive,
    beta_quantile,
    lag_correlation,
    smooth_months,
    standard_by_month,
    tie_to_cells,
)

Array = NDArray[np.float64]

#: Linke turbidity of a clear day, typical of mainland China
LINKE_TURBIDITY = 4.0
#: hours of the sun are sampled at these minutes
_MINUTES = (10, 30, 50)
#: capacity factor of a fleet under 1 kW/m2 in the plane: heat, dirt and inverters take the rest
CEILING = 0.90
#: rounds of the correction of spread and autocorrelation
_ROUNDS = 4
#: darkest day over the clear one
_DARKEST = 0.05


def clear_sky(latitude_deg: float, longitude_deg: float) -> Array:
    """Clear-sky irradiance in the plane of fixed panels that face south, tilted by the latitude.

    Sun position and transposition by pvlib; irradiance after Ineichen and Perez (2002).

    Returns:
        (8760,) mean over each hour of Beijing time [kW/m2]; zero while the sun is down.
    """
    starts = pd.date_range(f"{YEAR}-01-01", periods=HOURS, freq="h", tz="Asia/Shanghai")
    total = np.zeros(HOURS)
    for minute in _MINUTES:
        times = starts + pd.Timedelta(minutes=minute)
        sun = pvlib.solarposition.get_solarposition(times, latitude_deg, longitude_deg, method="nrel_numpy")
        zenith = sun["apparent_zenith"].to_numpy()
        mass = pvlib.atmosphere.get_relative_airmass(zenith)
        extra = pvlib.irradiance.get_extra_radiation(times).to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            sky = pvlib.clearsky.ineichen(
                zenith, np.nan_to_num(mass, nan=40.0), LINKE_TURBIDITY, dni_extra=extra
            )
        plane = pvlib.irradiance.get_total_irradiance(
            latitude_deg, 180.0, zenith, sun["azimuth"].to_numpy(), sky["dni"], sky["ghi"], sky["dhi"]
        )
        total += np.where(zenith < 90.0, np.nan_to_num(plane["poa_global"]), 0.0) / 1e3
    return np.maximum(total / len(_MINUTES), 0.0)


def solar(noise: Array, sky: Array, shape: Array, spread: float, lag_1d: float, hours: float) -> Array:
    """Capacity factors of one province: clear sky times a clearness that is drawn for each day.

    The ties to the published means change the statistics of daily energy a little, so the random
    clearness is corrected by what is missing, a few times.

    Args:
        noise: (days,) normal noise, correlated between provinces.
        sky: (8760,) clear-sky irradiance [kW/m2].
        shape: (12, 24) mean capacity factor by month and hour.
        spread: standard deviation of daily energy over its monthly mean, to be met.
        lag_1d: autocorrelation of that from day to day, to be met.
        hours: annual full-load hours.

    Returns:
        (8760,) in [0, `CEILING`] with the sum ``hours``, zero while the sun is down.
    """
    clear = CEILING * sky
    mean = seasonal_clearness(clear, shape)
    phi, relative_std = lag_1d, spread
    for _ in range(_ROUNDS):
        weather = standard_by_month(autoregressive(noise, (phi,)))
        days = np.maximum(beta_quantile(ndtr(weather), mean, relative_std * mean, 1.0), _DARKEST)
        factors = tie_to_cells(clear * np.repeat(days, 24), shape, CEILING)
        reached = daily_clearness(factors)
        phi = float(np.clip(phi + lag_1d - lag_correlation(reached, 1), 0.0, 0.95))
        relative_std *= spread / reached.std()
    return scaled_to_sum(factors, hours, upper=CEILING)


def seasonal_clearness(clear: Array, shape: Array) -> Array:
    """Mean clearness of each day, (days,), from monthly energy over that of a clear sky (8760,)."""
    ratio = shape.sum(axis=1) * DAYS_IN_MONTH / np.bincount(MONTH_OF_HOUR, clear, minlength=12)
    return np.clip(smooth_months(np.clip(ratio, 0.08, 0.92) * DAYS_IN_MONTH), 0.08, 0.92)


def daily_clearness(factors: Array) -> Array:
    """Daily sums over the mean of their month, (days,), from (8760,) factors."""
    days = factors.reshape(DAYS, 24).sum(axis=1)
    return np.asarray(days / (np.bincount(MONTH_OF_DAY, days) / DAYS_IN_MONTH)[MONTH_OF_DAY])
