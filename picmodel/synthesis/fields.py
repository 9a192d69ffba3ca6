"""Random fields over provinces and hours, and the calendar that all series share.

Every site draws its own white noise from a generator that is seeded by the seed, the field and the
site alone.  Noise is mixed between sites by the symmetric root of a correlation matrix, so that
nothing depends on the order of the provinces.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.signal import lfilter
from scipy.special import betaincinv

from picmodel.data.series import scaled_to_sum

Array = NDArray[np.float64]

YEAR = 2023
DAYS = 365
HOURS = 24 * DAYS
DAYS_IN_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
#: month 0..11 of each day, and of each hour
MONTH_OF_DAY = np.repeat(np.arange(12), DAYS_IN_MONTH)
MONTH_OF_HOUR = np.repeat(MONTH_OF_DAY, 24)

EARTH_RADIUS_KM = 6371.0
#: steps in which the processes forget their start
SPIN_UP = 720


def white_noise(seed: int, field: str, sites: Sequence[str], n: int) -> Array:
    """Standard normal noise of shape (sites, n), each site from its own stream.

    >>> both, one = white_noise(1, "wind", ["GD", "GX"], 5), white_noise(1, "wind", ["GX"], 5)
    >>> bool((both[1] == one[0]).all())
    True
    """
    streams = [np.random.default_rng([seed, crc32(f"{field}/{site}".encode())]) for site in sites]
    return np.stack([stream.standard_normal(n) for stream in streams])


def positions(latitude_deg: Array, longitude_deg: Array) -> Array:
    """Points (n, 3) on the sphere [km]; their chords stand for distances, which keeps kernels valid."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    return EARTH_RADIUS_KM * np.stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1
    )


def distances(points: Array) -> Array:
    """Pairwise distances (n, n) of points (n, d), in their unit."""
    return np.linalg.norm(points[:, None, :] - points[None, :, :], axis=-1)


def correlation(distance_km: Array, scale_km: float, common_share: float) -> Array:
    """Exponential correlation; what is not common (1 - share) is local to each site."""
    return common_share * np.exp(-distance_km / scale_km) + (1.0 - common_share) * np.eye(len(distance_km))


def mixed(noise: Array, corr: Array) -> Array:
    """Noise (sites, n) with correlation ``corr`` (sites, sites) between its rows."""
    values, vectors = np.linalg.eigh(corr)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T @ noise


def autoregressive(noise: Array, phi: Sequence[float]) -> Array:
    """Filter x_t = sum_k phi_k x_(t-k) + noise_t, standardised to mean 0 and variance 1.

    The end of the noise runs ahead of its beginning, so that the process has forgotten its start and
    the year closes on itself.
    """
    n = noise.shape[-1]
    twice = np.concatenate([noise[..., -SPIN_UP:], noise], axis=-1)
    x = np.asarray(lfilter([1.0], [1.0, *(-p for p in phi)], twice, axis=-1), float)[..., -n:]
    return (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)


def two_time_scales(lag_1: float, lag_6: float) -> tuple[float, float]:
    """Coefficients of the second-order process with these autocorrelations at lags 1 and 6.

    Its two roots are two time scales: a slow one (the weather) that is driven by a fast one (what
    smooths a fleet's output from hour to hour).

    >>> a, b = two_time_scales(0.968, 0.66)
    >>> round(a, 3), round(b, 3)
    (1.369, -0.415)
    """

    def gap(phi_2: float) -> float:
        phi_1 = lag_1 * (1.0 - phi_2)
        before, now = 1.0, lag_1
        for _ in range(5):
            before, now = now, phi_1 * now + phi_2 * before
        return now - lag_6

    phi_2 = float(brentq(gap, -0.95, 0.5))
    return lag_1 * (1.0 - phi_2), phi_2


def lag_correlation(x: Array, lag: int) -> float:
    """Autocorrelation of a series (n,) at a lag."""
    return float(np.corrcoef(x[:-lag], x[lag:])[0, 1])


def month_hats() -> Array:
    """Weights (days, 12) of the piecewise linear curve through the middle of each month, cyclic."""
    middle = np.cumsum(DAYS_IN_MONTH) - DAYS_IN_MONTH / 2.0
    nodes = np.concatenate([[middle[-1] - DAYS], middle, [middle[0] + DAYS]])
    eye = np.eye(12)[[11, *range(12), 0]]
    day = np.arange(DAYS) + 0.5
    return np.stack([np.interp(day, nodes, eye[:, month]) for month in range(12)], axis=-1)


def standard_by_month(weather: Array) -> Array:
    """Take the luck of the draw out of each month: monthly mean near 0 and spread near 1.

    Args:
        weather: (days,) or (8760,) standard normal.
    """
    days = weather.reshape(DAYS, -1)
    month = [days[m == MONTH_OF_DAY] for m in range(12)]
    mean = month_hats() @ np.array([values.mean() for values in month])
    spread = month_hats() @ np.array([values.std() for values in month])
    return np.asarray((days - mean[:, None]) / spread[:, None]).reshape(weather.shape)


def smooth_months(targets: Array, day_weights: Array | None = None) -> Array:
    """Daily levels without steps at the ends of months, whose weighted monthly sums are exact.

    Args:
        targets: (12,) or (12, k); sum over the days of the month of weight times level.
        day_weights: (days,), one by default.

    Returns:
        (days,) or (days, k).

    >>> level = smooth_months(DAYS_IN_MONTH * 1.0)
    >>> bool(np.allclose(level, 1.0))
    True
    """
    hats = month_hats()
    weights = np.ones(DAYS) if day_weights is None else day_weights
    member = np.eye(12)[MONTH_OF_DAY]  # (days, 12)
    system = member.T @ (hats * weights[:, None])
    return np.asarray(hats @ np.linalg.solve(system, targets))


# what wind and sun share: bounded marginals and ties to published means


def beta_quantile(probability: Array, mean: Array, std: Array, upper: float) -> Array:
    """Quantile of the beta distribution on [0, upper] with these means and standard deviations.

    A spread too wide for its mean is narrowed to 0.95 of the widest one.
    """
    mean = np.clip(mean / upper, 1e-4, 1.0 - 1e-4)
    variance = np.minimum((std / upper) ** 2, 0.9 * mean * (1.0 - mean))
    size = mean * (1.0 - mean) / variance - 1.0
    return np.asarray(upper * betaincinv(mean * size, (1.0 - mean) * size, probability))


def tie_to_cells(values: Array, shape: Array, upper: float) -> Array:
    """Scale each month and hour of the day to its mean, within [0, upper].

    Args:
        values: (8760,).
        shape: (12, 24) mean of each cell; a cell without any value above zero stays zero.
    """
    days = values.reshape(DAYS, 24).copy()
    for month in range(12):
        rows = np.flatnonzero(month == MONTH_OF_DAY)
        for hour in range(24):
            cell = days[rows, hour]
            if cell.any():
                target = min(shape[month, hour] * len(rows), 0.99 * upper * np.count_nonzero(cell))
                days[rows, hour] = scaled_to_sum(cell, target, upper=upper)
    return days.ravel()
