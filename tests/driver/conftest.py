"""A small system that is solved in a moment: Inner Mongolia, one year, four time steps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from picmodel import driver

SMALL = {
    "name": "small",
    "horizon": {"years": [2030]},
    "space": {"provinces": ["NM"]},
    "time": {"periods": 1, "extremes": 0, "step_h": 6},
    "physical": {"adequacy": False},
    "solver": {"method": "simplex"},
    "projects": {"technologies": ["wind_onshore"]},
    "reference": "plain",
}
CARBON = {"markets": {"carbon": {"instrument": "price", "price_cny_per_t": 400}}}
HELD = {"markets": {"emission_limits": {"hold_emissions_of": "carbon"}}}
#: `held` uses what `carbon` emits
DESIGNS = {"plain": {}, "carbon": CARBON, "held": HELD}


class Called:
    """Runs a source in one folder, and remembers what was said."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.said: dict[str, list[str]] = {}

    def __call__(self, designs: dict, **more) -> driver.RunSet:
        settings = {key: more.pop(key) for key in ("physical", "solver", "title", "inputs") if key in more}
        self.said = {}
        source = {**SMALL, **settings, "designs": designs}
        return driver.run(source, self.out, report=self._hear, **{"jobs": 1, **more})

    def _hear(self, name: str, stage: str) -> None:
        self.said.setdefault(name.removeprefix("small-"), []).append(stage)

    @property
    def solved(self) -> set[str]:
        """Designs that were solved."""
        return {name for name, stages in self.said.items() if "build" in stages}

    def why(self, name: str) -> str:
        """Why a run that was there was solved again."""
        (text,) = (stage for stage in self.said[name] if stage.startswith("solved again: "))
        return text.removeprefix("solved again: ")


@pytest.fixture(scope="session")
def solved_once(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("solved") / "results"
    Called(out)(DESIGNS)
    return out


@pytest.fixture
def call(solved_once: Path, tmp_path: Path) -> Called:
    """A folder in which all designs are finished."""
    out = tmp_path / "results"
    shutil.copytree(solved_once, out)
    return Called(out)


@pytest.fixture
def anew(tmp_path: Path) -> Called:
    """An empty folder."""
    return Called(tmp_path / "anew")


@pytest.fixture
def content() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder but those that have times in them."""
    dated = ("manifest.json", "solver.log")

    def read(folder: Path) -> dict[str, bytes]:
        files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in dated)
        return {str(p.relative_to(folder)): p.read_bytes() for p in files}

    return read
