"""Representative days: weights, energy, extremes."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from picmodel.data.periods import DAYS, extreme_days, representative_periods
from picmodel.data.series import SERIES
from picmodel.errors import InputError

PROVINCES = ["GD", "HL", "NX"]
WEIGHTS = {
    "demand": {"GD": 90.0, "HL": 13.0, "NX": 16.0},
    "wind_onshore": {"GD": 6.0, "HL": 11.0, "NX": 15.0},
    "wind_offshore": {"GD": 10.0},
    "solar": {"GD": 25.0, "HL": 6.0, "NX": 21.0},
    "hydro": {"GD": 9.0},
}


@pytest.fixture(scope="module")
def year():
    """Noise with a daily and an annual pattern; HL and NX have no offshore wind."""
    rng = np.random.default_rng(2)
    t = np.arange(8760)
    day, season = np.sin(2 * np.pi * (t - 6) / 24), np.cos(2 * np.pi * t / 8760)

    def days(spread):
        return 1.0 + spread * np.repeat(rng.standard_normal((3, DAYS)), 24, axis=1)

    demand = (1.0 + 0.2 * day + 0.1 * season) * days(0.05)
    values = {
        "demand": demand / demand.mean(axis=1, keepdims=True),
        "wind_onshore": np.clip(0.25 * (1 + 0.3 * season) * np.exp(days(0.6) - 1.0), 0.0, 1.0),
        "wind_offshore": np.clip(0.3 * days(0.5), 0.0, 1.0) * np.array([[1.0], [0.0], [0.0]]),
        "solar": np.clip(0.6 * day, 0.0, 1.0) * np.clip(days(0.3), 0.1, 1.3),
        "hydro": np.clip((0.4 - 0.15 * season) * days(0.03), 0.0, 1.0),
    }
    return xr.Dataset(
        {name: (("province", "time"), x) for name, x in values.items()},
        {"province": PROVINCES, "time": pd.date_range("2023-01-01", periods=8760, freq="h")},
    )


@pytest.mark.parametrize(
    ("count", "step_h", "extremes"), [(3, 1, 1), (12, 1, 1), (12, 3, 2), (40, 2, 0), (364, 1, 1), (365, 1, 1)]
)
def test_weights_and_annual_energy_are_exact_and_bounds_hold(year, count, step_h, extremes):
    found = representative_periods(year, WEIGHTS, count, step_h, extremes)
    assert found.count == count
    assert found.weight_days.sum() == 365.0
    assert found.month_share.sum(axis=1) == pytest.approx(1.0)
    assert found.steps * step_h == 24
    hours = xr.DataArray(found.weight_days * step_h, dims="period")
    for name in SERIES:
        energy = (found.series[name] * hours).sum(("period", "step")).values
        assert energy == pytest.approx(year[name].sum("time").values, rel=1e-9, abs=1e-9)
        assert float(found.series[name].min()) >= 0.0
        assert float(found.series[name].max()) <= max(1.0, float(year[name].max())) + 1e-12


def test_demand_makes_no_new_peak(year):
    found = representative_periods(year, WEIGHTS, 6)
    assert (found.series["demand"].max(("period", "step")) <= year["demand"].max("time") + 1e-12).all()


def test_the_peak_residual_day_is_kept_as_it_is_and_stands_for_itself(year):
    found = representative_periods(year, WEIGHTS, 8, extremes=1)
    load = sum(np.asarray(year["demand"].sel(province=p)) * WEIGHTS["demand"][p] for p in PROVINCES)
    for name in ("wind_onshore", "wind_offshore", "solar"):
        load = load - sum(np.asarray(year[name].sel(province=p)) * gw for p, gw in WEIGHTS[name].items())
    peak_day = int(np.argmax(load)) // 24
    period = int(np.flatnonzero(found.extreme).item())
    assert found.days[period] == peak_day
    assert found.weight_days[period] == 1.0
    assert (found.assignment == period).sum() == 1
    hours = slice(24 * peak_day, 24 * peak_day + 24)
    for name in SERIES:
        assert (found.series[name][:, period].values == year[name][:, hours].values).all()


def test_steps_of_an_extreme_are_means_of_its_hours(year):
    found = representative_periods(year, WEIGHTS, 8, step_h=4)
    period = int(np.flatnonzero(found.extreme).item())
    start = 24 * int(found.days[period])
    four = year["demand"][0, start : start + 4].values.mean()
    assert float(found.series["demand"][0, period, 0]) == pytest.approx(four, rel=1e-12)


def test_extremes_are_apart():
    """By hand: the peaks fall on days 10, 11, 200 and 360; 11 is too near to 10, and 360 is 15 days
    from 10 around the new year, so 200 is second."""
    load = np.zeros((1, DAYS, 24))
    for day, height in ((10, 5.0), (11, 4.0), (360, 3.5), (200, 3.0)):
        load[0, day, 12] = height
    none = {name: np.zeros((1, DAYS, 24)) for name in ("wind_onshore", "wind_offshore", "solar")}
    one = {name: np.ones(1) for name in ("demand", *none)}
    assert extreme_days({"demand": load, **none}, one, 2).tolist() == [10, 200]


def test_full_year_passes_untouched(year):
    found = representative_periods(year, WEIGHTS, 365)
    for name in SERIES:
        assert (found.series[name].values.reshape(3, 8760) == year[name].values).all()
    assert found.assignment.tolist() == list(range(365))


def test_time_slices_weigh_8760_hours(year):
    slices = representative_periods(year, WEIGHTS, 5, step_h=6).time_slices
    assert sum(slices.weight.values()) == pytest.approx(8760.0)
    assert slices.slices_in[1] == [4, 5, 6, 7]
    assert slices.step == 6.0


def test_every_day_belongs_to_a_period_that_is_one_of_its_days(year):
    found = representative_periods(year, WEIGHTS, 10, extremes=2)
    assert found.assignment[found.days].tolist() == list(range(10))
    assert np.bincount(found.assignment).tolist() == found.weight_days.tolist()
    assert found.days.tolist() == sorted(found.days.tolist())


def test_monthly_inputs_are_averaged_over_the_days_a_period_stands_for(year):
    """By hand: averaged over all periods by weight, a monthly input keeps its annual mean."""
    found = representative_periods(year, WEIGHTS, 7)
    monthly = np.arange(12.0)
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    annual = (found.averaged(monthly) * found.weight_days).sum()
    assert annual == pytest.approx((monthly * days).sum())


def duration_error(year, found, name: str) -> float:
    """Root mean square difference of the duration curves of the year and of the periods put together."""
    true = np.sort(year[name].to_numpy(), axis=1)
    made = np.sort(found.series[name].to_numpy()[:, found.assignment].reshape(true.shape), axis=1)
    return float(np.sqrt(((made - true) ** 2).mean()))


def test_more_periods_describe_the_year_better_and_the_result_repeats(year):
    few = representative_periods(year, WEIGHTS, 4)
    many = representative_periods(year, WEIGHTS, 60)
    for name in SERIES:
        assert duration_error(year, many, name) < duration_error(year, few, name)
    again = representative_periods(year, WEIGHTS, 60)
    assert again.days.tolist() == many.days.tolist()
    assert again.series.equals(many.series)


def test_counts_that_do_not_fit_are_all_named(year):
    with pytest.raises(InputError) as error:
        representative_periods(year, {"sun": {"GD": 1.0}, "solar": {"XX": 1.0}}, 0, 5, 9)
    assert error.value.problems == [
        "time.periods=0: write a whole number from 1 to 365",
        "time.step_h=5: write a divisor of 24 (1, 2, 3, 4, 6, 8, 12 or 24)",
        "time.extremes=9: write 0 to 0, one period less than time.periods at most",
        "time.extremes=9: write at most 6, they are 30 days apart",
        "weights: no series is called sun; write one of demand, wind_onshore, wind_offshore, solar, hydro",
        "weights of solar: no province XX in the series",
    ]


def test_a_series_that_the_chosen_days_do_not_show_is_an_error(year):
    rare = year.copy(deep=True)
    rare["wind_offshore"][:] = 0.0
    rare["wind_offshore"][0, 5] = 1.0
    with pytest.raises(InputError, match=r"series wind_offshore\.GD: .*take more periods"):
        representative_periods(rare, {"demand": WEIGHTS["demand"]}, 3)


def test_no_weight_at_all_is_an_error(year):
    with pytest.raises(InputError, match="every series has weight 0"):
        representative_periods(year, {}, 3, extremes=0)
