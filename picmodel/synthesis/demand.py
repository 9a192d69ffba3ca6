"""Hourly demand: typical curves on the calendar of 2023, monthly consumption, weather, the year's peak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from picmodel.data.series import scaled_to_sum
from picmodel.synthesis.fields import (
    DAYS,
    DAYS_IN_MONTH,
    HOURS,
    MONTH_OF_HOUR,
    YEAR,
    autoregressive,
    lag_correlation,
    month_hats,
    smooth_months,
)

Array = NDArray[np.float64]

#: New Year's Day of the lunar calendar
SPRING_FESTIVAL = date(YEAR, 1, 22)
#: first and last day of the public holidays of 2023, and how much of the festival's dip they see
HOLIDAYS = (
    (date(YEAR, 1, 1), date(YEAR, 1, 2), 0.2),
    (date(YEAR, 1, 21), date(YEAR, 1, 27), 0.0),
    (date(YEAR, 4, 5), date(YEAR, 4, 5), 0.1),
    (date(YEAR, 4, 29), date(YEAR, 5, 3), 0.25),
    (date(YEAR, 6, 22), date(YEAR, 6, 24), 0.1),
    (date(YEAR, 9, 29), date(YEAR, 10, 6), 0.3),
)
#: weekend days on which is worked in exchange
WORKED_WEEKENDS = tuple(
    date(YEAR, m, d) for m, d in ((1, 28), (1, 29), (4, 23), (5, 6), (6, 25), (10, 7), (10, 8))
)
#: autocorrelation of the fast part of what curves do not explain, at one hour
_FAST = 0.8
#: a month's mean stays this far below the peak, at least
_HEADROOM = 0.985


@dataclass(frozen=True)
class Variability:
    """How load varies around its typical curves.

    Attributes:
        festival: lowest day of the Spring Festival over the annual mean.
        std: spread around the means by month and hour, over the annual mean, calendar inside.
        lag_1h: autocorrelation of these deviations at one hour.
        lag_24h: the same at one day.
    """

    festival: float
    std: float
    lag_1h: float
    lag_24h: float


def days_of_year() -> list[date]:
    """The 365 days."""
    return [date(YEAR, 1, 1) + timedelta(days=i) for i in range(DAYS)]


def free_days() -> NDArray[np.bool_]:
    """Whether a day has the curve of a weekend: weekends and holidays, less worked weekends."""

    def free(day: date) -> bool:
        holiday = any(first <= day <= last for first, last, _ in HOLIDAYS)
        return day not in WORKED_WEEKENDS and (holiday or day.weekday() >= 5)

    return np.array([free(day) for day in days_of_year()])


def holiday_profile() -> Array:
    """How much of the festival's dip each day sees, (days,) in [0, 1].

    The festival's dip grows over the week before, holds for four days and fades until the fifteenth.
    """

    def share(day: date) -> float:
        after = (day - SPRING_FESTIVAL).days
        festival = float(np.interp(after, (-7, 0, 3, 15), (0.0, 1.0, 1.0, 0.0)))
        return max([festival, *(depth for first, last, depth in HOLIDAYS if first <= day <= last)])

    return np.array([share(day) for day in days_of_year()])


def typical_days(curves: Array) -> Array:
    """Typical curve of each day, (days, 24), with a mean of one over working days of its month.

    Args:
        curves: (12, 2, 24) load of working days and weekends by month.
    """
    relative = curves / curves[:, :1].mean(axis=2, keepdims=True)
    by_day = np.einsum("dm,mkh->dkh", month_hats(), relative)
    return np.asarray(by_day[np.arange(DAYS), free_days().astype(int)])


def with_months(days: Array, monthly: Array) -> Array:
    """Multiply days by smooth levels so that months have their consumption.

    Args:
        days: (days, 24) relative load.
        monthly: (12,) consumption over the annual mean load [h].
    """
    return np.asarray(days * smooth_months(monthly, days.sum(axis=1))[:, None])


def with_festival(days: Array, monthly: Array, lowest: float) -> Array:
    """Days with holidays so deep that the lowest day of the festival has the given level.

    Args:
        days: (days, 24) relative load without holidays.
        monthly: (12,) consumption over the annual mean load [h].
        lowest: wanted mean of the lowest day, over the annual mean.

    Returns:
        (days, 24) relative load, levels not yet those of the months.
    """
    profile = holiday_profile()
    core = profile > 0.99

    def dipped(depth: float) -> Array:
        return np.asarray(days * (1.0 - depth * profile)[:, None])

    def gap(depth: float) -> float:
        return float(with_months(dipped(depth), monthly).mean(axis=1)[core].min()) - lowest

    if gap(0.0) <= 0.0:
        return days
    return dipped(float(brentq(gap, 0.0, 0.8)) if gap(0.8) < 0.0 else 0.8)


def deviation(x: Array) -> Array:
    """What means by month and hour of the day leave of a series (8760,)."""
    cell = MONTH_OF_HOUR * 24 + np.tile(np.arange(24), DAYS)
    return np.asarray(x - (np.bincount(cell, x) / np.bincount(cell))[cell])


def weather(slow: Array, fast: Array, calendar: Array, wanted: Variability) -> Array:
    """Random part that lifts the calendar's deviations to the wanted spread and autocorrelation.

    Args:
        slow, fast: (8760,) normal noise.
        calendar: (8760,) load by calendar alone, over the annual mean.
        wanted: statistics of load with calendar and weather.

    Returns:
        (8760,) relative deviations.
    """
    known = deviation(calendar)
    variance = max(wanted.std**2 - known.var(), (0.3 * wanted.std) ** 2)

    def missing(lag: int, total: float) -> float:
        own = known.var() * lag_correlation(known, lag) if known.any() else 0.0
        return (wanted.std**2 * total - own) / variance

    quick = min(_FAST, wanted.lag_1h - 0.1)
    near = float(np.clip(missing(1, wanted.lag_1h), quick + 0.05, 0.985))
    far = float(np.clip(missing(24, wanted.lag_24h), near**24 + 0.01, 0.98 * (near - quick) / (1.0 - quick)))

    def gap(phi: float) -> float:
        share = (near - quick) / (phi - quick)
        return share * phi**24 + (1.0 - share) * quick**24 - far

    phi = float(brentq(gap, near, 0.99999))
    share = (near - quick) / (phi - quick)
    parts = np.sqrt(share) * autoregressive(slow, (phi,))
    parts = parts + np.sqrt(1.0 - share) * autoregressive(fast, (quick,))
    return np.asarray(np.clip(np.sqrt(variance) * parts / parts.std(), -0.5, 0.5))


def feasible_months(monthly: Array, peak: float) -> Array:
    """Monthly consumption that leaves room below the peak; what is cut goes to the other months.

    Args:
        monthly: (12,) consumption over the annual mean load [h], summing to 8760.
        peak: over the annual mean.

    >>> months = feasible_months(DAYS_IN_MONTH * 24.0, 1.05)
    >>> bool(np.allclose(months, DAYS_IN_MONTH * 24.0))
    True
    """
    hours = DAYS_IN_MONTH * 24.0
    return hours * scaled_to_sum(monthly / hours, float(monthly.sum()), hours, max(_HEADROOM * peak, 1.0))


def with_peak(load: Array, monthly: Array, peak: float) -> Array:
    """Stretch or press the upper end so that the highest hour is the peak and months keep their sums.

    Args:
        load: (8760,) over the annual mean.
        monthly: (12,) consumption over the annual mean load [h], each month's mean below the peak.
        peak: highest hour over the annual mean.
    """
    months = [np.flatnonzero(m == MONTH_OF_HOUR) for m in range(12)]
    load = load.copy()
    for _ in range(100):
        knee = min(float(np.quantile(load, 0.9)), 1.0 + 0.5 * (peak - 1.0))
        high = load > knee
        load[high] = knee + (load[high] - knee) * (peak - knee) / (load.max() - knee)
        for month, total in zip(months, monthly):
            load[month] = scaled_to_sum(load[month], float(total), upper=peak)
        if abs(load.max() / peak - 1.0) < 1e-6:
            break
    return load


def demand(
    slow: Array, fast: Array, curves: Array, monthly_twh: Array, variability: Variability, peak_gw: float
) -> Array:
    """Demand of one province over its annual mean.

    Args:
        slow, fast: (8760,) normal noise, correlated between provinces.
        curves: (12, 2, 24) load of working days and weekends by month, in any unit.
        monthly_twh: (12,) consumption [TWh].
        variability: spread and autocorrelation around the curves, and the festival.
        peak_gw: highest hour [GW].

    Returns:
        (8760,) with mean 1 and the given peak; months have their shares unless their mean would come
        too near to the peak.
    """
    annual = float(monthly_twh.sum())
    peak = peak_gw * HOURS / (annual * 1e3)
    monthly = feasible_months(monthly_twh / annual * HOURS, peak)
    days = with_festival(typical_days(curves), monthly, variability.festival)
    calendar = with_months(days, monthly)
    random = weather(slow, fast, calendar.ravel(), variability).reshape(DAYS, 24)
    load = with_months(days * (1.0 + random), monthly)
    return with_peak(np.maximum(load.ravel(), 0.05), monthly, peak)
