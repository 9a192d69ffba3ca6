"""Representative days of a full year.

Whole days are clustered on all provinces' demand, wind, sun and water together (tsam), each series
counting with the square root of its gigawatts.  The days of the highest residual load are set apart:
each stands for itself alone, with its values as they are.  All other representatives are real days
too, near the medoid of those they stand for, and rescaled so that every series keeps its annual energy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from picmodel.data.series import SERIES, UPPER, scaled_to_sum
from picmodel.data.system import TimeSlices
from picmodel.errors import InputError
from picmodel.units import HOURS_PER_YEAR

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

DAYS = 365
#: extremes are at least this far apart, so that they are not one spell of weather
APART_DAYS = 30
#: rounds of exchanging representatives
_EXCHANGES = 50
#: series that lower the residual load
_VARIABLE = ("wind_onshore", "wind_offshore", "solar")


@dataclass(frozen=True)
class Periods:
    """Representative days, in the order of the calendar.

    Attributes:
        series: dims (province, period, step), the mean over each step; demand over its annual mean,
            the others capacity factors.
        weight_days: (P,) days that each period stands for, summing to 365.
        step_h: length of a step [h].
        month_share: (P, 12) share of each month in the days that the period stands for.
        days: (P,) day of the year (0 is 1 January) that represents the period.
        assignment: (365,) period of each day.
        extreme: (P,) whether the period is an extreme, which was not rescaled.
    """

    series: xr.Dataset
    weight_days: Array
    step_h: int
    month_share: Array
    days: Whole
    assignment: Whole
    extreme: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of periods."""
        return len(self.weight_days)

    @property
    def steps(self) -> int:
        """Steps per period."""
        return 24 // self.step_h

    @cached_property
    def time_slices(self) -> TimeSlices:
        """Slices 0, 1, ... in the order of periods and steps, with their weights [h/yr]."""
        weight, period = {}, {}
        for p in range(self.count):
            for h in range(self.steps):
                weight[p * self.steps + h] = float(self.weight_days[p]) * self.step_h
                period[p * self.steps + h] = p
        return TimeSlices(weight, period, float(self.step_h))

    def of(self, series: str, province: str) -> Array:
        """Values of a province's series by slice."""
        return np.asarray(self.series[series].sel(province=province), float).reshape(-1)

    def averaged(self, monthly: Sequence[float] | Array) -> Array:
        """A monthly input (12,) averaged over the days that each period stands for, (P,)."""
        return np.asarray(self.month_share @ np.asarray(monthly, float))


def representative_periods(
    series: xr.Dataset,
    weights_gw: Mapping[str, Mapping[str, float]],
    periods: int,
    step_h: int = 1,
    extremes: int = 1,
) -> Periods:
    """Choose representative days and weigh them.

    Args:
        series: variables `SERIES` with dims (province, time) of 8760 hours.
        weights_gw: series -> province -> GW that the series stands for: mean load, installed or
            expected capacity.  What is absent counts as 0 (it is rescaled all the same).
        periods: number of days, 1 to 365; 365 gives the year as it is.
        step_h: hours per step, a divisor of 24.
        extremes: how many of the periods are days of the highest residual load (demand less wind
            and sun, all provinces together), at least `APART_DAYS` apart.

    Returns:
        The periods; the same input gives the same periods.

    Raises:
        InputError: counts that do not fit, unknown series or provinces in the weights, or a series
            that the chosen days cannot give its annual energy.
    """
    _check(series, weights_gw, periods, step_h, extremes)
    days = _as_days(series)
    gw = {
        name: np.array(
            [float(weights_gw.get(name, {}).get(p, 0.0)) for p in series["province"].values.tolist()]
        )
        for name in SERIES
    }
    if periods == DAYS:
        chosen, assignment = np.arange(DAYS), np.arange(DAYS)
        extreme = np.zeros(DAYS, bool)
    else:
        peaks = extreme_days(days, gw, extremes)
        chosen, assignment = _cluster(days, gw, periods - len(peaks), peaks)
        extreme = np.isin(chosen, peaks)
    weight = np.bincount(assignment, minlength=len(chosen)).astype(float)
    values = _values(series, days, chosen, weight, extreme, step_h, rescale=periods < DAYS)
    month = pd.date_range("2023-01-01", periods=DAYS).month.to_numpy() - 1
    share = np.zeros((len(chosen), 12))
    np.add.at(share, (assignment, month), 1.0)
    return Periods(
        series=values,
        weight_days=weight,
        step_h=step_h,
        month_share=share / weight[:, None],
        days=chosen,
        assignment=assignment,
        extreme=extreme,
    )


def _check(
    series: xr.Dataset,
    weights_gw: Mapping[str, Mapping[str, float]],
    periods: int,
    step_h: int,
    extremes: int,
) -> None:
    problems = []
    if not 1 <= periods <= DAYS:
        problems.append(f"time.periods={periods}: write a whole number from 1 to {DAYS}")
    if step_h < 1 or 24 % step_h:
        problems.append(f"time.step_h={step_h}: write a divisor of 24 (1, 2, 3, 4, 6, 8, 12 or 24)")
    if extremes < 0 or (periods < DAYS and extremes >= periods):
        problems.append(
            f"time.extremes={extremes}: write 0 to {max(periods - 1, 0)}, one period less than "
            "time.periods at most"
        )
    if extremes * 2 * APART_DAYS > DAYS:
        problems.append(
            f"time.extremes={extremes}: write at most {DAYS // (2 * APART_DAYS)}, they are "
            f"{APART_DAYS} days apart"
        )
    known = series["province"].values.tolist()
    for name, by_province in weights_gw.items():
        if name not in SERIES:
            problems.append(f"weights: no series is called {name}; write one of {', '.join(SERIES)}")
        problems += [
            f"weights of {name}: no province {p} in the series" for p in by_province if p not in known
        ]
    if series.sizes["time"] != HOURS_PER_YEAR:
        problems.append(f"series: {series.sizes['time']} hours; {HOURS_PER_YEAR} are needed")
    if problems:
        raise InputError(problems)


def _as_days(series: xr.Dataset) -> dict[str, Array]:
    """Series -> (province, 365, 24)."""
    return {
        name: series[name].transpose("province", "time").to_numpy().astype(float).reshape(-1, DAYS, 24)
        for name in SERIES
    }


# choosing days


def residual_load(days: Mapping[str, Array], gw: Mapping[str, Array]) -> Array:
    """Demand less wind and sun of all provinces, (365, 24) [GW]."""
    total = {name: np.einsum("p,pdh->dh", gw[name], days[name]) for name in ("demand", *_VARIABLE)}
    return np.asarray(total["demand"] - sum(total[name] for name in _VARIABLE))


def extreme_days(days: Mapping[str, Array], gw: Mapping[str, Array], count: int) -> Whole:
    """Days of the highest hourly residual load, each next at least `APART_DAYS` from those before."""
    found: list[int] = []
    for day in np.argsort(-residual_load(days, gw).max(axis=1), kind="stable").tolist():
        around = [min(abs(day - other), DAYS - abs(day - other)) for other in found]
        if len(found) < count and all(gap >= APART_DAYS for gap in around):
            found.append(day)
    return np.array(sorted(found), int)


def _cluster(
    days: Mapping[str, Array], gw: Mapping[str, Array], clusters: int, apart: Whole
) -> tuple[Whole, Whole]:
    """Representatives of the days that are not set apart, and the period of each day.

    The distance between two days is the root of the sum over hours, series and provinces of
    GW times squared difference; hierarchical clustering has no random start.
    """
    import tsam  # takes seconds to load, and a run that has not changed needs no days

    others = np.setdiff1d(np.arange(DAYS), apart)
    frame, weights = _features(days, gw, others)
    result = tsam.aggregate(
        frame,
        clusters,
        period_duration=24,
        temporal_resolution=1.0,
        cluster=tsam.ClusterConfig(method="hierarchical", representation="medoid"),
        weights=weights,
        preserve_column_means=False,
    )
    centers = result.clustering.cluster_centers
    if centers is None:  # with medoids tsam always says which days they are
        raise AssertionError("tsam gave no medoids")
    cluster = np.asarray(result.cluster_assignments, int)
    picked = others[balanced(_weighted(days, gw, others), np.asarray(centers, int), cluster)]
    chosen = np.sort(np.concatenate([picked, apart]))
    period = np.empty(DAYS, int)
    period[others] = np.searchsorted(chosen, picked)[cluster]
    period[apart] = np.searchsorted(chosen, apart)
    return chosen, period


def _features(
    days: Mapping[str, Array], gw: Mapping[str, Array], others: Whole
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Hourly columns for tsam and their weights, which undo that it brings columns to [0, 1]."""
    columns, weights = {}, {}
    for name in SERIES:
        for p in np.flatnonzero(gw[name] > 0.0).tolist():
            values = days[name][p, others].ravel()
            spread = float(values.max() - values.min())
            if spread > 0.0:
                columns[f"{name}.{p}"] = values
                weights[f"{name}.{p}"] = spread * float(np.sqrt(gw[name][p]))
    if not columns:
        raise InputError(["weights: every series has weight 0; give the GW of at least one"])
    top = max(weights.values())
    index = pd.date_range("2023-01-01", periods=len(others) * 24, freq="h")
    return pd.DataFrame(columns, index=index), {n: max(w / top, 1e-5) for n, w in weights.items()}


def _weighted(days: Mapping[str, Array], gw: Mapping[str, Array], others: Whole) -> Array:
    """The days as points, (day, hour, series and province), times the root of GW."""
    return np.concatenate(
        [np.sqrt(gw[name])[None, None, :] * days[name][:, others].transpose(1, 2, 0) for name in SERIES],
        axis=2,
    )


def balanced(points: Array, medoids: Whole, cluster: Whole) -> Whole:
    """Representatives near the medoids whose weighted sums come close to those of the year.

    A medoid lies where most days are, and most days are calm: medoids alone show a fifth less wind
    than the year has.  So each cluster in turn may exchange its day for another of the nearer half of
    its members, if that brings the annual energy of all series closer, until none does.

    Args:
        points: (day, hour, series), any weights inside.
        medoids: (cluster,) day that is the medoid of each cluster.
        cluster: (day,) cluster of each day.

    Returns:
        (cluster,) days.

    >>> days = np.array([0.0, 0.1, 0.2, 1.0]).reshape(4, 1, 1)
    >>> balanced(days, np.array([1]), np.zeros(4, int)).tolist()  # mean 0.325; 0 and 0.2 are near
    [2]
    """
    size = np.bincount(cluster, minlength=len(medoids)).astype(float)
    energy = points.sum(axis=1)
    near = []
    for k, medoid in enumerate(medoids.tolist()):
        members = np.flatnonzero(cluster == k)
        gaps = ((points[members] - points[medoid]) ** 2).sum(axis=(1, 2))
        near.append(members[np.argsort(gaps, kind="stable")][: (len(members) + 1) // 2 + 1])
    chosen = medoids.copy()
    gap = (size[:, None] * energy[chosen]).sum(axis=0) - energy.sum(axis=0)
    for _ in range(_EXCHANGES):
        before = chosen.copy()
        for k, days in enumerate(near):
            gaps = gap + size[k] * (energy[days] - energy[chosen[k]])
            best = int(np.argmin((gaps**2).sum(axis=1)))
            chosen[k], gap = days[best], gaps[best]
        if (chosen == before).all():
            break
    return chosen


# their values


def _values(
    series: xr.Dataset,
    days: Mapping[str, Array],
    chosen: Whole,
    weight: Array,
    extreme: NDArray[np.bool_],
    step_h: int,
    rescale: bool,
) -> xr.Dataset:
    """Step means of the chosen days, with the annual energy of the year."""
    names = series["province"].values.tolist()
    problems: list[str] = []
    found = {}
    for name in SERIES:
        steps = days[name][:, chosen].reshape(len(names), len(chosen), 24 // step_h, step_h).mean(axis=3)
        for i in range(len(names) if rescale else 0):
            try:
                steps[i] = _with_energy(steps[i], days[name][i], weight * step_h, extreme, UPPER[name])
            except ValueError as error:
                problems.append(
                    f"series {name}.{names[i]}: {error}; the chosen days do not show it, take more periods"
                )
        found[name] = (("province", "period", "step"), steps, dict(series[name].attrs))
    if problems:
        raise InputError(problems)
    coords = {"province": names, "period": np.arange(len(chosen)), "step": np.arange(24 // step_h)}
    return xr.Dataset(found, coords)


def _with_energy(
    steps: Array, year: Array, hours: Array, extreme: NDArray[np.bool_], upper: float | None
) -> Array:
    """Steps (P, H) of one series rescaled outside the extremes to the sum of the year (365, 24).

    What is rescaled stays below the highest hour of the year, so that no day makes a new peak; only
    where too few hours are above zero for that may it rise to ``upper``.
    """
    weights = np.broadcast_to(hours[:, None], steps.shape)
    rest = max(float(year.sum()) - float((weights * steps)[extreme].sum()), 0.0)
    scaled = steps.copy()
    try:
        scaled[~extreme] = scaled_to_sum(steps[~extreme], rest, weights[~extreme], float(year.max()))
    except ValueError:
        scaled[~extreme] = scaled_to_sum(steps[~extreme], rest, weights[~extreme], upper)
    return scaled
