"""Hourly series: rescaling within bounds, and files that a user brings."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from picmodel.data.series import SERIES, read_series, rescale_to, scaled_to_sum
from picmodel.errors import InputError

TIME = pd.date_range("2023-01-01", periods=8760, freq="h")


@pytest.fixture
def base(tmp_path):
    """Two provinces, constant capacity factors of 0.3, flat demand."""
    values = {name: np.full((2, 8760), 1.0 if name == "demand" else 0.3) for name in SERIES}
    data = xr.Dataset(
        {name: (("province", "time"), x) for name, x in values.items()},
        {"province": ["GD", "GX"], "time": TIME},
    )
    data.to_netcdf(tmp_path / "base.nc")
    return tmp_path / "base.nc"


def csv(path, columns, time=TIME):
    pd.DataFrame({"time": time, **columns}).to_csv(path, index=False)
    return path


def problems(*args):
    with pytest.raises(InputError) as error:
        read_series(*args)
    return error.value.problems


# rescaling


def test_values_that_would_leave_the_bound_stay_there_and_the_others_take_the_rest():
    """By hand: 0.5 and 0.2, sum 0.7, to be 1.4: doubling gives 1.0 and 0.4; to be 1.6: 1 and 0.6."""
    assert scaled_to_sum(np.array([0.5, 0.2]), 1.4) == pytest.approx([1.0, 0.4])
    assert scaled_to_sum(np.array([0.5, 0.2]), 1.6) == pytest.approx([1.0, 0.6])


def test_weights_count():
    """By hand: 3 * 0.2 + 1 * 0.4 = 1.0; doubled it is 2.0."""
    assert scaled_to_sum(np.array([0.2, 0.4]), 2.0, np.array([3.0, 1.0])) == pytest.approx([0.4, 0.8])


def test_without_a_bound_it_is_one_factor():
    assert scaled_to_sum(np.array([1.0, 3.0]), 8.0, upper=None) == pytest.approx([2.0, 6.0])


@pytest.mark.parametrize("target", [0.0, 0.1, 25.0, 49.9])
def test_sum_is_exact_over_the_whole_range(target):
    x = np.random.default_rng(1).random(100) ** 3
    x[50:] = 0.0
    scaled = scaled_to_sum(x, target)
    assert scaled.sum() == pytest.approx(target, rel=1e-12)
    assert scaled.max() <= 1.0
    assert (scaled[50:] == 0.0).all()


def test_a_sum_out_of_reach_is_an_error():
    with pytest.raises(ValueError, match=r"no factor brings the sum from 0\.5 to 1\.5 within \[0, 1\]"):
        scaled_to_sum(np.array([0.5, 0.0]), 1.5)


def test_other_hours_keep_night_and_bounds(base):
    solar = read_series(base)["solar"]
    solar[:, ::2] = 0.0
    scaled = rescale_to(solar, {"GD": 1000.0, "GX": 4000.0})
    assert scaled.sum("time").values == pytest.approx([1000.0, 4000.0], rel=1e-12)
    assert float(scaled.max()) <= 1.0
    assert (scaled[:, ::2] == 0.0).all()


def test_hours_that_are_missing_or_out_of_reach_are_named(base):
    solar = read_series(base)["solar"]
    solar[0, 10:] = 0.0
    with pytest.raises(InputError) as error:
        rescale_to(solar, {"GD": 11.0})
    assert error.value.problems == [
        "solar.GD: no factor brings the sum from 3 to 11 within [0, 1]; correct full_load_hours.csv or the "
        "hourly series",
        "solar: no full-load hours for GX; add a row to full_load_hours.csv",
    ]


# reading


def test_provinces_come_in_the_order_asked_for(base):
    data = read_series(base, provinces=["GX", "GD"])
    assert data["province"].values.tolist() == ["GX", "GD"]
    assert data["solar"].dims == ("province", "time")
    assert data["solar"].dtype == np.float64


def test_replacement_of_a_whole_series_by_columns(base, tmp_path):
    path = csv(tmp_path / "sun.csv", {"GX": 0.2, "GD": 0.1, "HL": 0.9})
    data = read_series(base, {"solar": path})
    assert data["solar"].mean("time").values == pytest.approx([0.1, 0.2])
    assert data["solar"].attrs["replaced"] == "GD GX"
    assert float(data["hydro"].mean()) == pytest.approx(0.3)


def test_replacement_of_one_province_in_tidy_rows_beats_the_whole_series(base, tmp_path):
    whole = csv(tmp_path / "all.csv", {"GD": 0.1, "GX": 0.1})
    one = csv(tmp_path / "one.csv", {"province": "GX", "value": 0.4})
    data = read_series(base, {"solar.GX": one, "solar": whole})
    assert data["solar"].mean("time").values == pytest.approx([0.1, 0.4])


def test_replacement_by_time_and_value_alone(base, tmp_path):
    data = read_series(base, {"hydro.GD": csv(tmp_path / "w.csv", {"value": 0.5})})
    assert data["hydro"].mean("time").values == pytest.approx([0.5, 0.3])


def test_replacement_by_netcdf(base, tmp_path):
    xr.Dataset(
        {"solar": (("time", "province"), np.full((8760, 2), 0.25))}, {"province": ["GX", "GD"], "time": TIME}
    ).to_netcdf(tmp_path / "s.nc")
    assert float(read_series(base, {"solar": tmp_path / "s.nc"})["solar"].mean()) == pytest.approx(0.25)


def test_demand_is_brought_to_a_mean_of_exactly_one(base, tmp_path):
    path = csv(tmp_path / "d.csv", {"value": np.where(np.arange(8760) % 2, 1.20002, 0.8)})
    assert float(read_series(base, {"demand.GD": path})["demand"][0].mean()) == pytest.approx(1.0, abs=1e-14)


# messages


def test_unknown_series_and_province(base, tmp_path):
    path = csv(tmp_path / "x.csv", {"value": 0.5})
    assert problems(base, {"solr": path, "solar.XX": path}) == [
        "series.solr: no series is called solr; did you mean solar?",
        "series.solar.XX: no province is called XX; write one of GD, GX",
    ]


def test_missing_province_in_a_replacement(base, tmp_path):
    path = csv(tmp_path / "x.csv", {"GD": 0.5})
    assert problems(base, {"solar": path}) == [
        f"series.solar: {path}: no column for province GX; add them, or name single ones as solar.XX to "
        "replace these alone"
    ]


def test_missing_province_in_the_base(base):
    assert problems(base, None, ["GD", "HL"]) == [f"{base}: no series for province HL; the file has GD, GX"]


def test_wrong_length(base, tmp_path):
    leap = csv(tmp_path / "leap.csv", {"value": 0.5}, pd.date_range("2024-01-01", periods=8784, freq="h"))
    short = csv(tmp_path / "short.csv", {"value": 0.5}, TIME[:100])
    assert problems(base, {"solar.GD": leap, "solar.GX": short}) == [
        f"series.solar.GD: {leap}: 8784 hours; write the 8760 of a year (leave out 29 February)",
        f"series.solar.GX: {short}: 100 hours; write the 8760 of a year (is the file cut off?)",
    ]


def test_a_gap_in_time(base, tmp_path):
    times = TIME.to_list()
    times[5] = times[4]
    path = csv(tmp_path / "x.csv", {"value": 0.5}, times)
    assert problems(base, {"solar.GD": path}) == [
        f"series.solar.GD: {path}:7: time=2023-01-01 04:00:00 does not follow 2023-01-01 04:00:00 by one "
        "hour; write every hour once, in order"
    ]


def test_values_missing_negative_and_above_capacity(base, tmp_path):
    x = np.full(8760, 0.5)
    x[3], x[7], x[8], x[20] = np.nan, -0.1, -0.2, 34.0
    path = csv(tmp_path / "x.csv", {"value": x})
    assert problems(base, {"solar.GD": path}) == [
        f"series.solar.GD: {path}: solar.GD: hour 3: value nan is missing or not finite; write a number for "
        "every hour",
        f"series.solar.GD: {path}: solar.GD: hour 7: value -0.1 is below 0; write values of at least 0 "
        "(and 1 more)",
        f"series.solar.GD: {path}: solar.GD: hour 20: value 34 is above 1; write a share of capacity (5 % is "
        "0.05)",
    ]


def test_text_among_numbers(base, tmp_path):
    values = ["0.5"] * 8760
    values[9] = "n/a"
    path = csv(tmp_path / "x.csv", {"value": values})
    assert problems(base, {"solar.GD": path}) == [f"series.solar.GD: {path}:11: GD='n/a' is not a number"]


def test_demand_in_megawatts(base, tmp_path):
    path = csv(tmp_path / "x.csv", {"value": 34000.0})
    assert problems(base, {"demand.GD": path}) == [
        f"series.demand.GD: {path}: demand.GD: the mean is 34000; demand is over its annual mean: divide all "
        "hours by their mean (consumption itself is in demand.csv)"
    ]


def test_truncated_and_absent_files(base, tmp_path):
    cut = tmp_path / "cut.nc"
    cut.write_bytes(base.read_bytes()[:2000])
    found = problems(cut)
    assert len(found) == 1
    assert found[0].startswith(f"{cut} cannot be read as NetCDF (")
    assert found[0].endswith("restore it, the file may be truncated")
    absent = tmp_path / "absent.nc"
    assert problems(absent) == [f"{absent} does not exist; restore it, or correct the name"]
    assert problems(base, {"solar": absent}) == [
        f"series.solar: {absent} does not exist; restore it, or correct the name"
    ]
    assert problems(base, {"solar": tmp_path / "no.csv"}) == [
        f"series.solar: {tmp_path / 'no.csv'} does not exist; correct the name"
    ]


def test_file_without_a_variable_or_time(base, tmp_path):
    with xr.open_dataset(base) as data:
        data.drop_vars("hydro").to_netcdf(tmp_path / "part.nc")
    assert problems(tmp_path / "part.nc") == [
        f"{tmp_path / 'part.nc'}: variable hydro is missing; restore the file"
    ]
    path = tmp_path / "x.csv"
    path.write_text("hour,GD\n0,0.5\n")
    assert problems(base, {"solar.GD": path}) == [
        f"series.solar.GD: {path}: column time is missing; add it (2023-01-01 00:00, start of the hour)"
    ]
