"""The tables of `picmodel run` say what the indicators say, and fit a terminal of 80 columns."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

from picmodel.report import tables
from picmodel.report.runs import Run, RunSet
from picmodel.report.words import words_for

YEARS = (2025, 2030, 2035)
PLAIN = {
    "renewable_share": (0.4, 0.5, 0.6),
    "emissions": (4000.0, 4350.0, 3300.0),
    "energy_price": (300.0, 280.5, 250.0),
}
FLEET = {"coal_600": 500.0, "coal_chp": 250.0, "wind_onshore": 900.0, "wind_offshore": 100.0, "biomass": 0.3}


def run(folder: Path, name: str, reference: str, change: float, clean: float = 1.0) -> Run:
    """A finished run whose fleet is ``clean`` times as windy."""
    rows = [(indicator, "CN", "all", y, v) for indicator, path in PLAIN.items() for y, v in zip(YEARS, path)]
    rows += [("capacity", "CN", g, 2035, gw * (clean if "wind" in g else 1)) for g, gw in FLEET.items()]
    rows += [("peak_cost", "CN", "all", 0, 9000.0), ("peak_cost_change", "CN", "all", 0, change)]
    rows += [("peak_cost_until", "CN", "all", 0, 2030.0), ("project_irr", "CN", "wind_onshore", 2030, 8.25)]
    rows += [("project_irr_change", "CN", "wind_onshore", 2030, -0.001)]
    frame = pd.DataFrame(rows, columns=["indicator", "province", "technology", "year", "value"])
    (folder / name).mkdir()
    frame.assign(unit="CNY/MWh").to_csv(folder / name / "indicators.csv", index=False)
    peak = {"year": 2030, "level_mt": 4350.0, "within_horizon": True}
    return Run(name, folder / name, {"reference": reference, "peak": peak, "past_years": [2025]})


@pytest.fixture
def runs(tmp_path: Path) -> RunSet:
    found = (run(tmp_path, "case-a", "case-a", 0.0), run(tmp_path, "case-b", "case-a", -5.85, 1.5))
    return RunSet(found, "case-a")


def printed(table, width: int = 80) -> list[str]:
    console = Console(file=StringIO(), width=width, no_color=True)
    console.print(table, highlight=False)
    return console.file.getvalue().splitlines()


def test_answers_with_changes_of_all_but_the_reference(runs):
    """By hand: between 3300 and 4350 Mt, 4000 is two thirds of the way up: the 4.67th of 7 steps, so the
    sixth block; a return that moved by 0.001 did not move."""
    lines = printed(tables.summary(runs, words_for("en"), {"case-a": "As it is", "case-b": "As it may be"}))
    text = "\n".join(lines)
    assert "Change against case-a; peak cost through 2030" in text
    (a,) = (line for line in lines if line.lstrip().startswith("a "))
    assert a.split() == ["a", "40.0", "50.0", "60.0", "▆█▁", "2030", "9,000", "8.25", "–"]
    assert text.count("-5.85 %") == 1
    assert text.count("0.00 pt") == 1
    assert "+0.00 %" not in text
    assert "b: As it may be" in text


def test_capacities_are_sums_of_fleets_with_bars_to_one_scale(runs):
    """By hand: coal 500 + 250; wind 900 + 100 and half as much again, the longest bar: 8 columns; 0.3 GW
    round to nothing and have no line."""
    lines = [line.split() for line in printed(tables.capacity(runs, words_for("en")))]
    assert ["Coal", "750", "████", "750", "████"] in lines
    assert ["Wind", "1,000", "█████▎", "1,500", "████████"] in lines
    assert not any(line[:1] == ["Other"] for line in lines)


def test_markets_side_by_side_or_below_one_another(runs):
    lines = printed(tables.markets(runs, words_for("en")))
    path = ["300", "280.5", "250"]
    assert ["Energy", "price,", "CNY/MWh", *path, *path] in [line.split() for line in lines]
    many = RunSet(runs.runs * 3, runs.reference)
    lines = printed(tables.markets(many, words_for("en")))
    assert sum(line.split() == ["b", *path] for line in lines) == 3
    lines = [line.split() for line in printed(tables.capacity(many, words_for("en")))]
    assert lines.count(["b", "750", "1,500"]) == 3


@pytest.mark.parametrize("width", [80, 150])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_columns_line_up_in_both_languages(runs, lang, width):
    """Numbers of a column end in the same cell of the terminal; a Chinese letter takes two."""
    words = words_for(lang)
    titles = {"case-a": "市场分立", "case-b": "统一绿证"}
    shown = tables.summary(runs, words, titles), tables.markets(runs, words), tables.capacity(runs, words)
    for table in shown:
        lines = printed(table, width)
        assert max(map(cell_len, lines)) <= width
    lines = printed(shown[0], width)
    ends = {cell_len(line[: line.index("60.0") + 4]) for line in lines if "60.0" in line}
    heads = {cell_len(line[: line.index("2035") + 4]) for line in lines if "2030 2035" in line}
    assert len(ends) == 1
    assert heads == ends


def test_a_flat_path_and_short_names():
    assert tables.spark([5.0, 5.0], 5.0, 5.0) == "▁▁"
    assert tables.spark([0.0, 0.5, 1.0], 0.0, 1.0) == "▁▅█"
    named = [Run(name, Path(), {}) for name in ("case-low-wind", "case-low-sun", "case-high")]
    assert tables._short_names(RunSet(tuple(named), "")) == ("case-", ["low-wind", "low-sun", "high"])
    assert tables._short_names(RunSet(tuple(named[:1]), "")) == ("", ["case-low-wind"])
