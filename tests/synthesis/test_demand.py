"""Demand: calendar, festival, months and peak."""

from datetime import date

import numpy as np
import pytest

from picmodel.synthesis.demand import (
    Variability,
    days_of_year,
    demand,
    feasible_months,
    free_days,
    holiday_profile,
    with_peak,
)
from picmodel.synthesis.fields import DAYS_IN_MONTH, HOURS, MONTH_OF_HOUR

HOURS_OF_MONTH = DAYS_IN_MONTH * 24.0


def on(day: date) -> int:
    return days_of_year().index(day)


@pytest.mark.parametrize(
    ("day", "free"),
    [
        (date(2023, 1, 23), True),  # Spring Festival, a Monday
        (date(2023, 1, 28), False),  # a Saturday on which was worked
        (date(2023, 5, 1), True),  # Labour Day
        (date(2023, 6, 25), False),  # a Sunday on which was worked
        (date(2023, 10, 3), True),  # National Day week, a Tuesday
        (date(2023, 11, 15), False),  # a Wednesday
        (date(2023, 11, 18), True),  # a Saturday
    ],
)
def test_calendar_of_2023(day, free):
    assert free_days()[on(day)] == free


def test_festival_is_deepest_on_its_days_and_gone_by_the_lantern_festival():
    profile = holiday_profile()
    assert profile[on(date(2023, 1, 22))] == 1.0
    assert 0.0 < profile[on(date(2023, 1, 18))] < 1.0
    assert profile[on(date(2023, 2, 6))] == 0.0
    assert profile[on(date(2023, 10, 1))] == 0.3


def load(peak_gw: float = 15.0, festival: float = 0.6):
    """100 TWh, equal per day in all months; mean load 11.416 GW."""
    curve = 1.0 + 0.2 * np.sin(2.0 * np.pi * (np.arange(24) - 8.0) / 24.0)
    curves = np.stack([np.stack([curve, 0.95 * curve])] * 12)
    noise = np.random.default_rng(3).standard_normal((2, HOURS))
    return demand(
        noise[0],
        noise[1],
        curves,
        100.0 * DAYS_IN_MONTH / 365.0,
        Variability(festival, 0.06, 0.96, 0.75),
        peak_gw,
    )


def test_annual_energy_monthly_energy_and_peak():
    """By hand: peak over mean is 15 / (100000 / 8760) = 1.314; each month has its days' share."""
    x = load()
    assert x.mean() == pytest.approx(1.0, abs=1e-9)
    assert x.max() == pytest.approx(1.314, rel=1e-5)
    assert np.bincount(MONTH_OF_HOUR, x) == pytest.approx(HOURS_OF_MONTH, rel=1e-9)


@pytest.mark.parametrize("peak_gw", [12.5, 14.0, 20.0])
def test_peak_is_met_from_flat_to_steep(peak_gw):
    x = load(peak_gw)
    assert x.max() * 100.0e3 / 8760.0 == pytest.approx(peak_gw, rel=0.02)
    assert x.mean() == pytest.approx(1.0, abs=1e-9)


def test_lowest_festival_day_is_near_what_was_asked():
    lowest = load().reshape(365, 24).mean(axis=1)[14:40].min()
    assert lowest == pytest.approx(0.6, abs=0.06)
    assert load(festival=1.2).reshape(365, 24).mean(axis=1)[14:40].min() > 0.8  # no dip is made up


def test_a_month_above_the_peak_is_cut_and_the_others_take_the_rest():
    """By hand: December at 1.3 of the mean month cannot stand under a peak of 1.2."""
    weight = np.ones(12)
    weight[11] = 1.3
    monthly = weight * HOURS_OF_MONTH * HOURS / (weight * HOURS_OF_MONTH).sum()
    months = feasible_months(monthly, 1.2) / HOURS_OF_MONTH
    assert months[11] == pytest.approx(0.985 * 1.2)
    assert months[0] > monthly[0] / HOURS_OF_MONTH[0]
    assert (months * HOURS_OF_MONTH).sum() == pytest.approx(HOURS)


def test_stretching_the_peak_leaves_months_alone():
    x = 1.0 + 0.3 * np.random.default_rng(1).random(HOURS)
    monthly = np.bincount(MONTH_OF_HOUR, x)
    stretched = with_peak(x, monthly, 1.6)
    assert stretched.max() == pytest.approx(1.6, rel=1e-5)
    assert np.bincount(MONTH_OF_HOUR, stretched) == pytest.approx(monthly, rel=1e-9)
