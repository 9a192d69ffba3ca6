"""What counts as drift, in numbers worked out by hand; the table of tolerances; JUnit."""

from __future__ import annotations

import shlex
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from ruamel.yaml import YAML
from typer.testing import CliRunner

from picmodel import driver
from picmodel.cli import app
from picmodel.errors import InputError
from picmodel.indicators.definitions import DEFINITION
from picmodel.markets.registry import MECHANISMS
from picmodel.regression.compare import (
    compared_rows,
    differences,
    drifted,
    junit,
    read_references,
    renewed,
    write_references,
)
from picmodel.regression.run import DIFFERENCE, JUNIT
from picmodel.regression.tables import moved
from picmodel.regression.tolerances import read_tolerances, tolerance_of

ROOT = Path(__file__).resolve().parents[2]
SET = ROOT / "scenarios" / "regression"
NAN = float("nan")


def rows(*values):
    """Rows of one scenario: (indicator, value)."""
    return pd.DataFrame(
        [("s", name, "CN", "all", 2030, value, "GW") for name, value in values],
        columns=["scenario", "indicator", "province", "technology", "year", "value", "unit"],
    )


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "tolerances.csv"
    path.write_text(
        "indicator,places,relative,absolute,reason\n"
        "flow,none,0,0,not unique\ncap*,all,0.01,0.5,rounding\n"
        "local,nation,0,1,sums are unique\n*,all,0,0,exact\n"
    )
    return read_tolerances(path)


def test_a_number_may_move_by_its_tolerance_and_no_further(table):
    """100 may move by 0.5 + 1 % of 100 = 1.5: by 1.2 it is 0.8 times, by 3 it is twice its tolerance."""
    found = differences(rows(("cap_a", 100), ("cap_b", 100)), rows(("cap_a", 101.2), ("cap_b", 97)), table)
    assert found["indicator"].to_list() == ["cap_b", "cap_a"]
    assert found["times"].to_list() == pytest.approx([2.0, 0.8])
    assert found["change"].to_list() == pytest.approx([-3.0, 1.2])
    assert drifted(found)["indicator"].to_list() == ["cap_b"]


def test_what_comes_and_what_goes_drifts_and_what_is_no_number_twice_does_not(table):
    old = rows(("x", 1.0), ("y", NAN), ("z", NAN), ("exact", 3.0))
    new = rows(("y", NAN), ("z", 2.0), ("w", 1.0), ("exact", 3.0))
    found = differences(old, new, table)
    assert sorted(drifted(found)["indicator"]) == ["w", "x", "z"]
    assert np.isinf(drifted(found)["times"]).all()


def test_only_rows_that_are_unique_are_kept(table):
    here = pd.concat([rows(("flow", 1), ("local", 2)), rows(("local", 3)).assign(province="GD")])
    kept = compared_rows(here, table, Path("t.csv"))
    assert kept[["indicator", "province"]].to_numpy().tolist() == [["local", "CN"]]


def test_an_indicator_without_a_line_is_refused(table):
    with pytest.raises(InputError, match="no line is about x"):
        compared_rows(rows(("x", 1)), table[:-1], Path("t.csv"))


def test_an_update_leaves_alone_what_moved_by_next_to_nothing(tmp_path, table):
    """The tolerance of cap_* at 100 is 1.5: 0.01 is less than a hundredth of it, 0.02 is more.

    What came is written, what went is not, and a diff of the files has just those lines.
    """
    old = rows(("cap_a", 100), ("cap_b", 100), ("cap_gone", 5), ("y", NAN), ("x", 3))
    new = rows(("cap_a", 100.01), ("cap_b", 100.02), ("cap_new", 7), ("y", NAN), ("x", 4))
    both = [compared_rows(side, table, Path("t.csv")) for side in (old, new)]
    found = renewed(both[1], differences(*both, table))
    assert found[["indicator", "value"]].to_numpy().tolist()[:4] == [
        ["cap_a", 100.0], ["cap_b", 100.02], ["cap_new", 7.0], ["x", 4.0]
    ]  # fmt: skip
    lines = []
    for side, name in ((both[0], "old"), (found, "new")):
        write_references(tmp_path / name, side)
        lines.append(set((tmp_path / name / "s.csv").read_text().splitlines()))
    assert sorted(line.split(",")[1] for line in lines[0] ^ lines[1]) == [
        "cap_b", "cap_b", "cap_gone", "cap_new", "x", "x"
    ]  # fmt: skip


def test_numbers_that_came_or_went_are_shown_without_nan(table):
    found = differences(rows(("x", 1)), rows(("y", 2)), table)
    console = Console(width=200)
    with console.capture() as shown:
        console.print(moved(found))
    assert "nan" not in shown.get()
    assert "came" in shown.get()
    assert "went" in shown.get()


def test_the_nightly_workflow_calls_what_exists():
    """Valid YAML, and every `picmodel` line of it is taken by the command line (asked for its help)."""
    path = ROOT / ".github" / "workflows" / "nightly.yml"
    workflow = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    assert workflow["on"]["schedule"][0]["cron"]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    calls = [shlex.split(step["run"]) for step in steps if step.get("run", "").startswith("picmodel ")]
    assert ["picmodel", "regress", "--out", "results/regression"] in calls
    for call in calls:
        asked = CliRunner().invoke(app, [*call[1:], "--help"])
        assert asked.exit_code == 0, call
    kept = next(step["with"]["path"].split() for step in steps if "upload-artifact" in step.get("uses", ""))
    assert kept == [f"results/regression/{name}" for name in (DIFFERENCE, JUNIT)]
    assert path.name in (ROOT / "docs" / "regression.md").read_text("utf-8")


def test_references_are_read_as_they_were_written(tmp_path, table):
    old = compared_rows(rows(("x", 1.23456789e9), ("y", NAN), ("z", 0.0)), table, Path("t.csv"))
    write_references(tmp_path, old)
    assert (differences(read_references(tmp_path, ["s"]), old, table)["times"] <= 1).sum() == 3 - 1
    assert read_references(tmp_path, ["other"]).empty
    (tmp_path / "s.csv").write_text("broken")
    with pytest.raises(InputError, match="restore it"):
        read_references(tmp_path, ["s"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x,some,0,0,r", "2: places=some; write one of all, nation, none"),
        ("x,all,-1,0,r", "2: relative and absolute are numbers"),
        ("x,all,a,0,r", "2: relative and absolute are numbers"),
        ("x,all,0,0,", "2: no reason"),
    ],
)
def test_what_is_wrong_with_a_tolerance(tmp_path, line, words):
    path = tmp_path / "tolerances.csv"
    path.write_text(f"indicator,places,relative,absolute,reason\n{line}\n")
    with pytest.raises(InputError) as error:
        read_tolerances(path)
    assert words in str(error.value)


def test_junit_has_a_failure_for_each_indicator_that_drifted(table):
    found = differences(rows(("cap_a", 100), ("x", 1)), rows(("cap_a", 110), ("x", 1)), table)
    root = ElementTree.fromstring(junit(found, 3.0))
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    (failure,) = root.iter("failure")
    assert failure.text == "cap_a (CN, 2030): 100 -> 110 GW, 6.67 times its tolerance"


# the shipped set


def test_the_set_switches_on_every_mechanism():
    on = {name for s in driver.gathered(SET) for name, raw in s.markets.items() if raw is not None}
    assert on == {mechanism.name for mechanism in MECHANISMS}


def test_every_line_of_the_shipped_table_is_about_something_and_every_scenario_has_a_reference():
    table = read_tolerances(SET / "tolerances.csv")
    names = ["objective", *DEFINITION]
    first = {name: tolerance_of(name, table) for name in names}
    assert [line.indicator for line in table if line not in first.values()] == []
    references = ROOT / "results" / "reference"
    scenarios = [s.name for s in driver.gathered(SET)]
    assert sorted(p.stem for p in references.glob("*.csv")) == sorted(scenarios)
    found = read_references(references, scenarios)
    none = {name for name, line in first.items() if line and line.places == "none"}
    assert not none & set(found["indicator"])
    assert len(found) > 10_000
