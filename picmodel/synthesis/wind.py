"""Hourly capacity factors of wind: a two-time-scale process with the published level and variability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from picmodel.data.series import scaled_to_sum
from picmodel.synthesis.fields import (
    DAYS_IN_MONTH,
    autoregressive,
    beta_quantile,
    lag_correlation,
    smooth_months,
    standard_by_month,
    tie_to_cells,
    two_time_scales,
)

Array = NDArray[np.float64]

#: a fleet of many sites does not reach its capacity
CEILING = 0.95
#: rounds of the correction of what the bounded marginal takes from spread and autocorrelation
_ROUNDS = 5


def expected(shape: Array) -> Array:
    """Mean capacity factor of each hour, without steps between months.

    Args:
        shape: (12, 24) mean by month and hour of the day.

    Returns:
        (8760,), whose means by month and hour are the shape.
    """
    return np.clip(smooth_months(shape * DAYS_IN_MONTH[:, None]), 0.02, 0.90).ravel()


def wind(noise: Array, shape: Array, spread: float, lag_1h: float, lag_6h: float, hours: float) -> Array:
    """Capacity factors of one site.

    A normal process is mapped through beta distributions around the expected capacity factor of the
    hour.  The mapping and the ties to the published means change spread and autocorrelation a little,
    so the process is corrected by what is missing, a few times.

    Args:
        noise: (8760,) normal noise, correlated between sites.
        shape: (12, 24) mean capacity factor by month and hour.
        spread: hourly standard deviation over mean, to be met.
        lag_1h: autocorrelation at one hour, to be met.
        lag_6h: autocorrelation at six hours, to be met.
        hours: annual full-load hours.

    Returns:
        (8760,) in [0, `CEILING`] with the sum ``hours``.
    """
    level = expected(shape)
    wanted = spread * level.mean()
    widest = np.sqrt(level * (CEILING - level))  # spread of a fleet that is either full or idle
    std = np.sqrt(max(wanted**2 - level.var(), 0.01 * wanted**2) / (widest**2).mean())
    near, far = lag_1h, lag_6h
    for _ in range(_ROUNDS):
        weather = standard_by_month(autoregressive(noise, two_time_scales(near, far)))
        factors = tie_to_cells(beta_quantile(ndtr(weather), level, std * widest, CEILING), shape, CEILING)
        std *= wanted / factors.std()
        near = float(np.clip(near + lag_1h - lag_correlation(factors, 1), 0.90, 0.995))
        far = float(np.clip(far + lag_6h - lag_correlation(factors, 6), near**22, near**5))
    return scaled_to_sum(factors, hours, upper=CEILING)
