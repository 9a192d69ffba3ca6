"""A finished run on the real inputs, and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import picmodel
from tests.test_driver import REGION


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    """Results of six provinces, few hours, three markets."""
    runs = picmodel.run({**REGION, "designs": {"planned": {}}}, out=tmp_path_factory.mktemp("results"))
    return next(iter(runs)).folder
