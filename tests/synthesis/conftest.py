"""The repository's own tables and synthetic year, read once."""

from pathlib import Path

import pytest
import xarray as xr

from picmodel.data.series import read_series
from picmodel.synthesis.build import Calibration, read_calibration

INPUTS = Path(__file__).parents[2] / "inputs"
FILE = INPUTS / "series" / "synthetic_2023.nc"


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    return read_calibration(INPUTS)


@pytest.fixture(scope="session")
def year() -> xr.Dataset:
    """The committed file."""
    return read_series(FILE)
