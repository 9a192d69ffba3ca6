"""Random fields and the calendar: what they promise, on numbers worked out by hand."""

import numpy as np
import pytest

from picmodel.synthesis.fields import (
    DAYS_IN_MONTH,
    MONTH_OF_DAY,
    autoregressive,
    beta_quantile,
    correlation,
    distances,
    lag_correlation,
    mixed,
    positions,
    smooth_months,
    standard_by_month,
    tie_to_cells,
    two_time_scales,
    white_noise,
)


def test_noise_of_a_site_does_not_depend_on_the_other_sites():
    alone = white_noise(7, "wind", ["HL"], 100)[0]
    among = white_noise(7, "wind", ["GD", "HL", "XJ"], 100)[1]
    assert (alone == among).all()


@pytest.mark.parametrize("other", [(8, "wind", "HL"), (7, "solar", "HL"), (7, "wind", "GD")])
def test_another_seed_field_or_site_gives_other_noise(other):
    seed, field, site = other
    assert not np.allclose(white_noise(7, "wind", ["HL"], 10), white_noise(seed, field, [site], 10))


def test_mixing_does_not_depend_on_the_order_of_sites():
    noise = np.random.default_rng(1).standard_normal((4, 50))
    corr = correlation(distances(np.arange(12.0).reshape(4, 3) * 100), 300.0, 0.8)
    turned = [2, 0, 3, 1]
    assert np.allclose(mixed(noise, corr)[turned], mixed(noise[turned], corr[np.ix_(turned, turned)]))


def test_mixed_noise_has_the_correlation_asked_for():
    noise = np.random.default_rng(1).standard_normal((3, 200_000))
    corr = np.array([[1.0, 0.6, 0.2], [0.6, 1.0, 0.4], [0.2, 0.4, 1.0]])
    assert np.corrcoef(mixed(noise, corr)) == pytest.approx(corr, abs=0.01)


def test_distance_of_one_degree_of_latitude():
    """By hand: 2 pi 6371 km / 360 = 111.19 km; the chord is shorter by less than a metre."""
    points = positions(np.array([30.0, 31.0]), np.array([110.0, 110.0]))
    assert distances(points)[0, 1] == pytest.approx(111.19, abs=0.01)


def test_two_time_scales_have_both_autocorrelations():
    noise = np.random.default_rng(1).standard_normal(400_000)
    x = autoregressive(noise, two_time_scales(0.968, 0.67))
    assert lag_correlation(x, 1) == pytest.approx(0.968, abs=0.002)
    assert lag_correlation(x, 6) == pytest.approx(0.67, abs=0.02)


def test_smooth_levels_keep_monthly_sums_and_have_no_steps():
    targets = DAYS_IN_MONTH * (1.0 + 0.2 * np.cos(np.arange(12)))
    level = smooth_months(targets)
    assert np.bincount(MONTH_OF_DAY, level) == pytest.approx(targets, rel=1e-12)
    assert np.abs(np.diff(level)).max() < 0.02  # months themselves differ by up to 0.2


def test_standardised_months_are_alike():
    weather = np.random.default_rng(1).standard_normal(8760)
    days = standard_by_month(weather).reshape(365, 24)
    means = [days[month == MONTH_OF_DAY].mean() for month in range(12)]
    assert np.abs(means).max() < 0.05


def test_beta_quantile_has_its_mean_and_spread():
    p = (np.arange(100_000) + 0.5) / 100_000
    x = beta_quantile(p, np.full(p.shape, 0.3), np.full(p.shape, 0.2), 0.95)
    assert x.mean() == pytest.approx(0.3, abs=1e-4)
    assert x.std() == pytest.approx(0.2, abs=1e-4)
    assert x.max() <= 0.95


def test_cells_are_tied_to_their_means_and_night_stays_dark():
    """By hand: a cell of 31 equal values is tied to 0.4; a cell without sun stays at zero."""
    values = np.full((365, 24), 0.5)
    values[:, :6] = 0.0
    tied = tie_to_cells(values.ravel(), np.full((12, 24), 0.4), 0.9).reshape(365, 24)
    assert (tied[:, :6] == 0.0).all()
    assert tied[:, 6:] == pytest.approx(0.4)
