"""Four provinces, two designs: a comparison with every kind of chart in it."""

from __future__ import annotations

from pathlib import Path

import pytest

import picmodel
from picmodel.report.results import open_results
from picmodel.report.story import Story
from picmodel.report.words import words_for

STUDY = {
    "name": "study",
    "horizon": {"years": [2025, 2030, 2035], "peak_cost_until": 2030},
    "space": {"provinces": ["SN", "HA", "SD", "NM"]},
    "time": {"periods": 1, "extremes": 1, "step_h": 6},
    "markets": {
        "carbon": {"instrument": "benchmark", "ceiling_cny_per_t": 300},
        "green_certificates": {"trade": "national"},
        "power": {"dispatch": "planned", "planned_share": {2025: 0.6, 2035: 0.3}},
    },
    "reference": "separate",
    "designs": {
        "separate": {"title": {"en": "Planned dispatch", "zh": "计划调度"}},
        "spot": {
            "title": {"en": "Spot & <linked> \"certificates\"", "zh": "现货市场"},
            "markets": {
                "green_certificates": {"trade": "national", "carbon_linkage": "unified"},
                "power": {"dispatch": "spot", "planned_share": None},
            },
        },
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> list[Path]:
    out = tmp_path_factory.mktemp("study")
    return [run.folder for run in picmodel.run(STUDY, out, jobs=1)]


@pytest.fixture(scope="session")
def story(folders) -> Story:
    return story_in("en", folders)


@pytest.fixture(scope="session")
def chinese(folders) -> Story:
    return story_in("zh", folders)


def story_in(lang, folders) -> Story:
    opened = open_results(folders)
    return Story(tuple(opened), words_for(lang, opened))
