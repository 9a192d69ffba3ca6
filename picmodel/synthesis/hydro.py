"""Hourly capacity factors of hydro: the months' shares of output, a little noise, flat within the day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picmodel.data.series import scaled_to_sum
from picmodel.synthesis.fields import (
    DAYS_IN_MONTH,
    MONTH_OF_HOUR,
    autoregressive,
    smooth_months,
)

Array = NDArray[np.float64]

#: day-to-day noise of what rivers bring after regulation, and how it lasts
NOISE_SHARE = 0.06
NOISE_LAG_1D = 0.8


def hydro(noise: Array, shares: Array, hours: float) -> Array:
    """Capacity factors of one province.

    Args:
        noise: (days,) normal noise, correlated between provinces.
        shares: (12,) share of each month in annual output.
        hours: annual full-load hours.

    Returns:
        (8760,) in [0, 1], flat within each day; months have their shares, the sum is ``hours``.
    """
    monthly = hours * shares / shares.sum()
    mean = np.repeat(monthly / DAYS_IN_MONTH, DAYS_IN_MONTH)
    level = np.maximum(smooth_months(monthly), 0.3 * mean)
    level = level * np.maximum(1.0 + NOISE_SHARE * autoregressive(noise, (NOISE_LAG_1D,)), 0.5) / 24.0
    factors = np.repeat(level, 24)
    for month in range(12):
        inside = month == MONTH_OF_HOUR
        factors[inside] = scaled_to_sum(factors[inside], float(monthly[month]))
    return scaled_to_sum(factors, hours)
