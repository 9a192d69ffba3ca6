"""A regression from end to end, on a few provinces: what drifts, and what is the same byte by byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import picmodel
from picmodel import cli, driver
from picmodel.regression.run import regress
from picmodel.report.write import FILES
from picmodel.solve import highs

SET = Path(picmodel.__file__).parents[1] / "scenarios" / "regression"
SMALL = """\
horizon: {years: [2025, 2030], last_span: 5, peak_cost_until: 2030}
space: {provinces: [HE, NM]}
time: {periods: 1, extremes: 1, step_h: 6}
solver: {method: simplex}
markets:
  carbon: {instrument: benchmark, ceiling_cny_per_t: 300}
  green_certificates: {trade: national}
  power: {dispatch: planned, planned_share: 0.4, flows: free}
"""
#: tables that a run writes as text
TABLES = sorted(name for name in FILES if name.endswith(".csv"))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A set of one scenario with its reference."""
    folder = tmp_path_factory.mktemp("set")
    shutil.copy(SET / "tolerances.csv", folder)
    (folder / "small.yaml").write_text(SMALL)
    regress(folder, folder / "out", folder / "reference", update=True, jobs=1)
    return folder


def again(place, tmp_path, text=SMALL, **options):
    """The regression of a changed scenario against the same reference."""
    folder = tmp_path / "set"
    folder.mkdir()
    shutil.copy(place / "tolerances.csv", folder)
    (folder / "small.yaml").write_text(text)
    return regress(folder, tmp_path / "out", place / "reference", jobs=1, **options)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_repetition_change_nothing(place, tmp_path, threads):
    found = again(place, tmp_path, threads=threads)
    assert found.drifted.empty
    assert found.without == ()
    assert len(found.table) > 500


def test_a_fuel_price_of_half_a_per_cent_more_is_caught(place, tmp_path):
    """Coal makes most of the power, fuel most of its cost: the objective moves by some 0.1 %."""
    planted = "overrides: {fuel_prices.price_cny_per_gj: {multiply: 1.005, where: {fuel: coal}}}\n"
    found = again(place, tmp_path, SMALL + planted)
    moved = found.drifted.set_index("indicator")
    assert {"objective", "system_cost", "peak_cost", "energy_price"} <= set(moved.index)
    relative = moved.loc["objective", "change"] / moved.loc["objective", "reference"]
    assert 1e-4 < relative < 5e-3
    assert found.table["times"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("method", "tolerance"),
    [("simplex", 1e-9), ("hipo", 1e-10), pytest.param("ipx", 1e-9, marks=pytest.mark.slow)],
)
def test_another_tolerance_or_method_of_the_solver_is_no_drift(
    place, tmp_path, monkeypatch, method, tolerance
):
    monkeypatch.setattr(highs, "DUAL_TOLERANCE", tolerance)
    found = again(place, tmp_path, SMALL.replace("method: simplex", f"method: {method}"))
    assert found.drifted.empty, found.drifted.to_string()


def test_two_hash_seeds_and_folders_give_the_same_tables_to_the_byte(tmp_path):
    """This process has a seed of its own, another interpreter a second one."""
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    here, there = (tmp_path / name / "project" for name in ("here", "there"))
    for folder in (here, there):
        folder.mkdir(parents=True)
        (folder / "small.yaml").write_text(SMALL)
    with chdir(here):
        driver.run("small.yaml", "out", jobs=1)
    code = "from picmodel import driver; driver.run('small.yaml', 'results', jobs=1)"
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(Path(picmodel.__file__).parents[1]),
    }
    subprocess.run([sys.executable, "-c", code], cwd=there, env=environment, check=True)
    one, two = here / "out" / "small", there / "results" / "small"
    assert len(TABLES) == 5
    for name in TABLES:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    ledgers = [pd.read_parquet(folder / "ledger.parquet") for folder in (one, two)]
    pd.testing.assert_frame_equal(*ledgers, check_exact=True)


def test_the_command_says_what_drifted_and_its_exit_code_is_one(place, tmp_path, monkeypatch, capsys):
    """The reference is edited by hand: its objective is twice what is found."""
    references, out = tmp_path / "reference", tmp_path / "out"
    shutil.copytree(place / "reference", references)
    table = pd.read_csv(references / "small.csv", keep_default_na=False)
    table.loc[table["indicator"] == "objective", "value"] = 2 * float(
        table.loc[table["indicator"] == "objective", "value"].iloc[0]
    )
    table.to_csv(references / "small.csv", index=False)
    command = ["picmodel", "regress", str(place), "--out", str(out), "--references", str(references)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    said = capsys.readouterr()
    assert stop.value.code == 1
    assert "-50 %" in said.out
    assert "1 of" in said.err
    assert pd.read_csv(out / "difference.csv")["indicator"].iloc[0] == "objective"
    assert ElementTree.parse(out / "junit.xml").getroot().get("failures") == "1"

    monkeypatch.setattr(sys, "argv", [*command, "--update"])
    cli.main()
    assert (references / "small.csv").read_bytes() == (place / "reference" / "small.csv").read_bytes()
