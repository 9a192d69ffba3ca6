"""Wind, sun and water of one made-up province."""

import numpy as np
import pytest

from picmodel.synthesis.fields import DAYS, DAYS_IN_MONTH, MONTH_OF_DAY, MONTH_OF_HOUR, lag_correlation
from picmodel.synthesis.hydro import hydro
from picmodel.synthesis.solar import CEILING as SOLAR_CEILING
from picmodel.synthesis.solar import clear_sky, daily_clearness, solar
from picmodel.synthesis.wind import CEILING, wind


def cell_means(x):
    days = x.reshape(DAYS, 24)
    return np.stack([days[month == MONTH_OF_DAY].mean(axis=0) for month in range(12)])


@pytest.fixture(scope="module")
def wind_shape():
    month = 0.25 + 0.1 * np.cos(2.0 * np.pi * np.arange(12) / 12.0)
    return month[:, None] * (1.0 + 0.1 * np.sin(2.0 * np.pi * np.arange(24) / 24.0))[None, :]


def test_wind_meets_hours_cells_spread_and_autocorrelation(wind_shape):
    hours = float((wind_shape.mean(axis=1) * DAYS_IN_MONTH).sum() * 24.0)
    noise = np.random.default_rng(5).standard_normal(8760)
    x = wind(noise, wind_shape, 0.85, 0.968, 0.67, hours)
    assert x.sum() == pytest.approx(hours, rel=1e-9)
    assert cell_means(x) == pytest.approx(wind_shape, rel=1e-6)
    assert x.std() / x.mean() == pytest.approx(0.85, abs=0.005)
    assert lag_correlation(x, 1) == pytest.approx(0.968, abs=0.003)
    assert lag_correlation(x, 6) == pytest.approx(0.67, abs=0.01)
    assert x.min() >= 0.0
    assert x.max() <= CEILING


@pytest.fixture(scope="module")
def sky():
    return clear_sky(36.0, 104.0)


def test_clear_sky_is_dark_at_night_and_plausible_by_day(sky):
    """By hand: at 104 E the sun is highest 64 min after Beijing noon, that is in the hour from 13:00;
    a panel tilted by the latitude sees about 1 kW/m2 at the equinox."""
    days = sky.reshape(DAYS, 24)
    assert (days[:, :5] == 0.0).all()
    assert (days[:, 22:] == 0.0).all()
    equinox = days[79]
    assert int(np.argmax(equinox)) in (12, 13)
    assert 0.9 < equinox.max() < 1.05
    assert 2000.0 < sky.sum() < 2600.0


def test_sun_meets_hours_and_daily_statistics_and_is_zero_at_night(sky):
    shape = cell_means(0.6 * sky)
    hours = float((shape.mean(axis=1) * DAYS_IN_MONTH).sum() * 24.0)
    noise = np.random.default_rng(5).standard_normal(DAYS)
    x = solar(noise, sky, shape, 0.35, 0.3, hours)
    assert x.sum() == pytest.approx(hours, rel=1e-9)
    assert (x[sky == 0.0] == 0.0).all()
    assert x.max() <= SOLAR_CEILING
    assert cell_means(x) == pytest.approx(shape, rel=1e-6)
    clearness = daily_clearness(x)
    assert clearness.std() == pytest.approx(0.35, abs=0.01)
    assert lag_correlation(clearness, 1) == pytest.approx(0.3, abs=0.02)


def test_water_meets_months_is_flat_within_days_and_stays_within_capacity():
    """By hand: July at 15 % of 5500 h is 825 h of 744 h: the month cannot hold it, so the error says so;
    at 4500 h it is 675 h, a mean capacity factor of 0.907."""
    shares = np.full(12, 0.85 / 11)
    shares[6] = 0.15
    noise = np.random.default_rng(5).standard_normal(DAYS)
    x = hydro(noise, shares, 4500.0)
    assert np.bincount(MONTH_OF_HOUR, x) == pytest.approx(4500.0 * shares, rel=1e-9)
    assert (x.reshape(DAYS, 24) == x.reshape(DAYS, 24)[:, :1]).all()
    assert x.max() <= 1.0
    with pytest.raises(ValueError, match="no factor"):
        hydro(noise, shares, 5500.0)
