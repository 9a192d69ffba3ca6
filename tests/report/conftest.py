"""Four provinces, two designs: a comparison with every kind of chart in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
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


#: what `picmodel dispatch` would leave, by hand: indicator, technology, unit, plan, all hours
HOURS = [
    ("renewable_share", "all", "share", 0.5, 0.48),
    ("curtailment_rate", "wind", "share", 0.0, 0.031),
    ("curtailment_rate", "solar", "share", 0.0, 0.044),
    ("unserved_energy", "all", "GWh", 0.0, 12.0),
    ("energy_price", "all", "CNY/MWh", 300.0, 290.0),
    ("price_p05", "all", "CNY/MWh", 150.0, 0.0),
    ("price_p95", "all", "CNY/MWh", 320.0, 360.0),
    ("capture_price", "wind_onshore", "CNY/MWh", 250.0, 200.0),
    ("capture_price", "coal_600", "CNY/MWh", 280.0, 310.0),
    ("net_generation", "coal_600", "TWh", 100.0, 103.0),
    ("net_generation", "coal_1000", "TWh", 50.0, 50.0),
    ("net_generation", "wind_onshore", "TWh", 60.0, 57.0),
    ("emissions", "all", "Mt CO2", 120.0, 123.0),
]


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> list[Path]:
    out = tmp_path_factory.mktemp("study")
    found = [run.folder for run in picmodel.run(STUDY, out, jobs=1)]
    for folder, more in zip(found, (0.0, 1.0)):
        dispatched(folder, more)
    return found


def dispatched(folder: Path, more: float) -> None:
    """`HOURS` as the run's file of 2030; ``more`` tells runs apart in prices of all hours."""
    rows = [
        (folder.name, name, place, kind, 2030, unit, plan, hours + (more if unit == "CNY/MWh" else 0.0))
        for name, kind, unit, plan, hours in HOURS
        for place in ("CN", *STUDY["space"]["provinces"])
    ]
    columns = ["scenario", "indicator", "province", "technology", "year", "unit", "plan", "hourly"]
    table = pd.DataFrame(rows, columns=columns)
    table.assign(difference=table["hourly"] - table["plan"]).to_csv(folder / "hourly_2030.csv", index=False)


@pytest.fixture(scope="session")
def story(folders) -> Story:
    return story_in("en", folders)


@pytest.fixture(scope="session")
def chinese(folders) -> Story:
    return story_in("zh", folders)


def story_in(lang, folders) -> Story:
    opened = open_results(folders)
    return Story(tuple(opened), words_for(lang, opened))
