"""The committed synthetic year against the tables it was made from."""

import numpy as np
import pytest
import xarray as xr

from picmodel.data.series import SERIES
from picmodel.errors import InputError
from picmodel.synthesis.build import QUANTUM, quantised, read_calibration, synthesise, write
from picmodel.synthesis.fields import distances, positions
from picmodel.synthesis.verify import verify
from tests.synthesis.conftest import FILE, INPUTS

#: a coastal province with offshore wind, a windy one in the far north, a flat load in the west
SAMPLE = ["JS", "HL", "NX"]


@pytest.fixture(scope="module")
def sample(calibration):
    return synthesise(calibration, provinces=SAMPLE)


@pytest.fixture(scope="module")
def reached(calibration, year):
    return verify(year, calibration)


@pytest.mark.parametrize("series", SERIES)
def test_made_again_it_is_the_committed_file(sample, year, series):
    """Fails if a table or the code changed: run ``python -m picmodel.synthesis`` and commit the file."""
    again, committed = sample[series], year[series].sel(province=SAMPLE)
    assert np.abs(again.values - committed.values).max() <= 1e-6


def test_file_says_what_it_is(year):
    with xr.open_dataset(FILE) as data:
        assert "SYNTHETIC" in data.attrs["title"]
        assert data.attrs["institution"] == "picmodel"
        assert data.attrs["Conventions"].startswith("CF-")
        assert "seed" in data.attrs["history"]
        assert "UTC+8" in data["time"].attrs["long_name"]
        assert all(data[name].attrs["units"] == "1" for name in SERIES)
    assert FILE.stat().st_size < 12e6


def test_written_twice_the_content_is_the_same(sample, tmp_path):
    write(sample, tmp_path / "a.nc")
    write(sample, tmp_path / "b.nc")
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_annual_energy_is_exact(year, calibration):
    for (province, series), hours in calibration.hours.items():
        assert float(year[series].sel(province=province).sum()) == pytest.approx(hours, rel=1e-9)
    assert year["demand"].mean("time").values == pytest.approx(1.0, abs=1e-12)


def test_peak_load_is_that_of_the_table(reached):
    rows = reached.loc["demand"]
    assert rows["highest"].values == pytest.approx(rows["highest_target"].values, rel=0.02)


def test_capacity_factors_stay_in_bounds(year):
    for name in SERIES[1:]:
        assert 0.0 <= float(year[name].min()) <= float(year[name].max()) <= 1.0
    assert float(year["demand"].min()) > 0.2


@pytest.mark.parametrize(
    ("series", "lag_1", "lag_6", "spread"),
    [
        ("wind_onshore", 0.003, 0.01, 0.01),
        ("wind_offshore", 0.003, 0.01, 0.01),
        ("solar", 0.02, None, 0.01),
    ],
)
def test_variability_is_that_of_the_table(reached, series, lag_1, lag_6, spread):
    rows = reached.loc[series]
    assert np.abs(rows["lag_1"] - rows["lag_1_target"]).max() <= lag_1
    assert np.abs(rows["spread"] - rows["spread_target"]).max() <= spread
    if lag_6 is not None:
        assert np.abs(rows["lag_long"] - rows["lag_long_target"]).max() <= lag_6


def test_neighbours_vary_together_and_distant_provinces_do_not(year, calibration):
    """Modelled northeastern series show 0.25 to 0.6 between neighbours."""
    gaps = distances(positions(*np.array([calibration.points[p] for p in calibration.provinces]).T))
    pairs = np.triu_indices(len(gaps), 1)
    together = np.corrcoef(year["wind_onshore"].values)[pairs]
    assert 0.3 < together[gaps[pairs] < 400].mean() < 0.6
    assert 0.15 < together[(gaps[pairs] >= 400) & (gaps[pairs] < 800)].mean() < 0.4
    assert abs(together[gaps[pairs] >= 1500].mean()) < 0.1


def test_sun_is_down_at_midnight_everywhere(year):
    midnight = year["solar"].values.reshape(-1, 365, 24)[:, :, [0, 1, 2, 3, 23]]
    assert (midnight == 0.0).all()


def test_no_offshore_wind_without_a_coast(year, calibration):
    inland = [p for p in calibration.provinces if p not in calibration.offshore]
    assert float(np.abs(year["wind_offshore"].sel(province=inland)).max()) == 0.0
    assert len(calibration.offshore) == 11


def test_rounding_keeps_the_sum():
    """By hand: three times 0.4 of a quantum sum to 1.2, so one of them is rounded up."""
    x = np.full(3, 0.4 * QUANTUM)
    assert sorted((quantised(x) / QUANTUM).round().tolist()) == [0.0, 0.0, 1.0]


def test_missing_rows_are_all_named(tmp_path):
    for path in INPUTS.rglob("*.csv"):
        target = tmp_path / path.relative_to(INPUTS)
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text("utf-8").splitlines(keepends=True)
        if path.name in ("hydro_months.csv", "resource_statistics.csv"):
            lines = [line for line in lines if not line.startswith("GD,")]
        target.write_text("".join(lines), "utf-8")
    with pytest.raises(InputError) as error:
        read_calibration(tmp_path)
    assert error.value.problems == [
        "calibration/hydro_months.csv: rows of GD (2023) are missing or incomplete; add them",
        "calibration/resource_statistics.csv: no row for GD, wind_onshore; add it",
        "calibration/resource_statistics.csv: no row for GD, solar; add it",
        "calibration/resource_statistics.csv: no row for GD, wind_offshore; add it",
    ]
