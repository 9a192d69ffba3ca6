"""What a run is made of: names and hashes of its inputs, and the refusal of a run made from others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from picmodel.driver.provenance import hash_inputs, inputs_hashed, require_same_inputs
from picmodel.errors import InputError
from picmodel.scenario.load import load
from picmodel.scenario.schema import Scenario


def folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def scenario_of(*inputs: Path) -> Scenario:
    return load({"name": "x", "inputs": [str(path) for path in inputs]}).scenarios[0]


def run_of(path: Path, scenario: Scenario) -> Path:
    """A results folder, as far as its inputs go."""
    path.mkdir()
    manifest = {"inputs": inputs_hashed(scenario)}
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def test_a_file_is_called_alike_wherever_its_folders_lie(tmp_path):
    """An overlay lies inside the main folder in one checkout and is named from another."""
    here = folder(tmp_path / "here", demand="1", fleet="2")
    inside = folder(here / "over", demand="3")
    there = folder(tmp_path / "there", demand="1", fleet="2")
    elsewhere = folder(tmp_path / "else" / "over", demand="3")
    found = hash_inputs((here, inside))
    assert list(found) == ["fleet.csv", "over/demand.csv"]
    assert found == hash_inputs((there, inside)) == hash_inputs((there, elsewhere))
    (elsewhere / "demand.csv").write_text("4", encoding="utf-8")
    assert found != hash_inputs((there, elsewhere))


def test_two_overlays_of_one_name_are_two(tmp_path):
    base = folder(tmp_path / "base", sources="1")
    first, second = (folder(tmp_path / name / "over", sources=name) for name in ("a", "b"))
    assert len(hash_inputs((base, first, second))) == 3


def test_a_run_of_another_checkout_is_refused_only_where_its_inputs_differ(tmp_path):
    here = folder(tmp_path / "here", demand="1")
    over = folder(here / "over", fleet="2")
    run = run_of(tmp_path / "run", scenario_of(here, over))
    copy = folder(tmp_path / "copy", demand="1")
    require_same_inputs(run, scenario_of(copy, over))
    (copy / "demand.csv").write_text("5", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"run: demand\.csv changed since the run, .*; run the scenario again"
    ):
        require_same_inputs(run, scenario_of(copy, over))
    require_same_inputs(run, scenario_of(copy, over), unread=["demand.csv"])


def test_tables_that_no_run_reads_may_change(tmp_path):
    here = folder(tmp_path / "here", demand="1", sources="1", observed_generation="1")
    run = run_of(tmp_path / "run", scenario_of(here))
    for name in ("sources", "observed_generation"):
        (here / f"{name}.csv").write_text("2", encoding="utf-8")
    require_same_inputs(run, scenario_of(here))


def test_only_the_first_of_many_files_are_named(tmp_path):
    names = ("committed", "demand", "fleet", "potentials", "corridors")
    here = folder(tmp_path / "here", **dict.fromkeys(names, "1"))
    run = run_of(tmp_path / "run", scenario_of(here))
    for name in names:
        (here / f"{name}.csv").write_text("2", encoding="utf-8")
    with pytest.raises(InputError, match=r"committed\.csv, corridors\.csv, demand\.csv and 2 more changed"):
        require_same_inputs(run, scenario_of(here))
