"""Study files beside a small scenario, and a driver that answers without solving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from picmodel import driver
from tests.studies.toy import REGION, Answers, Toy


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a study file beside ``region.yaml``."""
    (tmp_path / "region.yaml").write_text(REGION, encoding="utf-8")

    def study(text: str, name: str = "study.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return study


@pytest.fixture
def toy(monkeypatch) -> Callable[..., Toy]:
    """Puts a stand-in for `driver.run` in its place."""

    def install(answers: Answers, **more) -> Toy:
        stand_in = Toy(answers, **more)
        monkeypatch.setattr(driver, "run", stand_in)
        return stand_in

    return install
