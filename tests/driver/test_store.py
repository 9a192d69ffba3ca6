"""Keys: what has not changed is not solved again, what has is, and the reason is given."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest

import picmodel
from picmodel import driver
from picmodel.data.load import INPUTS
from picmodel.driver import provenance, solving
from picmodel.driver.provenance import PARTS, key_of
from picmodel.driver.store import Unusable, find, read_kept, write_kept
from picmodel.errors import Infeasible, InputError, StorageTrouble
from picmodel.ignored import remarks
from picmodel.report.comparison import compared
from picmodel.report.write import FILES, LARGE
from tests.driver.conftest import CARBON, DESIGNS, HELD, SMALL


def manifest_of(out: Path, name: str) -> dict:
    return json.loads((out / f"small-{name}" / "manifest.json").read_text("utf-8"))


# -- unchanged


def test_what_has_not_changed_is_not_solved_and_nothing_is_written(call, content):
    before = {p: p.stat().st_mtime_ns for p in call.out.rglob("*")}
    again = call(DESIGNS)
    assert call.solved == set()
    assert call.said == {name: ["unchanged"] for name in DESIGNS}
    assert {p: p.stat().st_mtime_ns for p in call.out.rglob("*")} == before
    assert again.reference == "small-plain"
    assert again["small-carbon"].value("peak_cost_change") > 0.0


def test_fresh_solves_anyway_and_finds_the_same_to_the_last_byte(call, content):
    before = content(call.out)
    call(DESIGNS, fresh=True)
    assert call.solved == set(DESIGNS)
    assert content(call.out) == before


def test_settings_that_change_no_result_change_no_key(call):
    """A title, the number of threads, the patience with the solver, where the inputs lie."""
    solver = {"method": "simplex", "threads": 1, "time_limit_s": 7200.0}
    call(DESIGNS, title={"en": "Another", "zh": "另一个"}, solver=solver)
    assert call.solved == set()
    said = (call.out / "small-plain" / "scenario.yaml").read_text("utf-8")
    assert "另一个" in said
    assert "7200" in said
    call(DESIGNS, title={"en": "Another", "zh": "另一个"}, solver=solver)
    assert call.solved == set()


def test_defaults_written_out_are_the_same_scenario(call):
    call({**DESIGNS, "plain": {"physical": {"adequacy": False, "demand_factor": 1.0}}})
    assert call.solved == set()


def test_settings_of_what_has_not_changed_are_not_asked_for_their_effect_again(call, monkeypatch):
    """The fixture's runs were made without the question; once it is asked, the manifest says so."""
    asked: list[int] = []
    looked: list[int] = []
    monkeypatch.setattr(remarks, "_idle", lambda scenarios, *more: asked.append(len(scenarios)) or [])
    monkeypatch.setattr(remarks, "require_tables", lambda scenarios: looked.append(len(scenarios)))
    source = {**SMALL, "designs": DESIGNS}
    for _ in range(2):
        picmodel.run(source, call.out, jobs=1)
        assert asked == looked == [3]
        assert driver.settled(driver.gathered(source), call.out)
        assert manifest_of(call.out, "held")["effects_examined"]
    dearer = {**SMALL, "designs": {**DESIGNS, "carbon": {**CARBON, "physical": {"demand_factor": 1.01}}}}
    assert not driver.settled(driver.gathered(dearer), call.out)
    shutil.rmtree(call.out / "small-held")
    assert not driver.settled(driver.gathered(source), call.out)


# -- changed


@pytest.mark.parametrize(
    ("designs", "solved"),
    [
        ({**DESIGNS, "plain": {"physical": {"demand_factor": 1.01}}}, {"plain"}),
        # held uses the emissions of carbon: its key has that of carbon
        ({**DESIGNS, "carbon": {**CARBON, "physical": {"demand_factor": 1.01}}}, {"carbon", "held"}),
        ({**DESIGNS, "new": {}}, {"new"}),
    ],
)
def test_only_what_changed_and_what_uses_it_is_solved(call, designs, solved):
    call(designs)
    assert call.solved == solved


def test_an_input_that_changed_is_named(call, tmp_path):
    inputs = tmp_path / "inputs"
    shutil.copytree(INPUTS, inputs)
    call(DESIGNS, inputs=inputs)
    assert call.solved == set()  # the same content at another place
    prices = inputs / "fuel_prices.csv"
    frame = pd.read_csv(prices, dtype=str, keep_default_na=False)
    column = next(name for name in frame if name.startswith("price_"))
    frame[column] = [str(float(value) * 1.005) for value in frame[column]]
    frame.to_csv(prices, index=False)
    call(DESIGNS, inputs=inputs)
    assert call.solved == set(DESIGNS)
    assert call.why("plain") == "fuel_prices.csv changed"
    assert call.why("held") == "fuel_prices.csv changed; a run that it uses changed"


def test_another_program_is_another_run_unless_any_will_do(call, monkeypatch):
    monkeypatch.setattr(provenance, "hash_program", lambda: "another")
    call(DESIGNS, any_program=True)
    assert call.solved == set()
    monkeypatch.undo()
    path = call.out / "small-plain" / "manifest.json"
    earlier = {**json.loads(path.read_text("utf-8")), "program": "an earlier one"}
    path.write_text(json.dumps({**earlier, "key": key_of({part: earlier[part] for part in PARTS})}), "utf-8")
    call(DESIGNS)
    assert call.solved == {"plain"}
    assert call.why("plain") == "picmodel changed"


def test_inputs_that_change_while_they_are_read_are_refused(anew, tmp_path, monkeypatch):
    """The key says what was hashed at the start; a result of other inputs must not have it."""
    from picmodel.driver import solving

    inputs = tmp_path / "inputs"
    shutil.copytree(INPUTS, inputs)
    read = solving.system_data

    def read_and_change(scenario):
        found = read(scenario)
        with (inputs / "fuel_prices.csv").open("a", encoding="utf-8") as file:
            file.write("\n")
        return found

    monkeypatch.setattr(solving, "system_data", read_and_change)
    with pytest.raises(InputError, match=r"fuel_prices.csv changed while picmodel was running; run it again"):
        anew({"plain": {}}, inputs=inputs)
    assert list(anew.out.glob("*")) == []


# -- comparisons


def test_another_reference_is_compared_without_a_solve(call, anew, content):
    """Proves    indicators beside another reference are worked out from what is kept.

    By hand   the same tables as a run that had that reference from the start, byte for byte.
    Fails if  anything that a comparison needs is rounded on its way to disk.
    """
    call(DESIGNS, reference="small-carbon", baseline="small-plain")
    assert call.solved == set()
    assert manifest_of(call.out, "held")["reference"] == "small-carbon"
    anew(DESIGNS, reference="small-carbon", baseline="small-plain")
    assert anew.solved == set(DESIGNS)
    assert content(call.out) == content(anew.out)


def test_a_reference_that_changed_changes_what_is_compared_with_it(call):
    before = call(DESIGNS)["small-carbon"].value("peak_cost_change")
    dearer = {"physical": {"demand_factor": 1.2}}
    runs = call({**DESIGNS, "plain": dearer})
    assert call.solved == {"plain"}
    assert runs["small-carbon"].value("peak_cost_change") != pytest.approx(before)
    cost = [runs[f"small-{name}"].value("peak_cost") for name in ("carbon", "plain")]
    assert runs["small-carbon"].value("peak_cost_change") == pytest.approx(100 * (cost[0] / cost[1] - 1))


def test_what_is_kept_is_kept_exactly(call, tmp_path):
    kept = read_kept(call.out / "small-carbon")
    write_kept(kept, tmp_path)
    again = read_kept(tmp_path)
    assert (tmp_path / "kept.json").read_bytes() == (call.out / "small-carbon" / "kept.json").read_bytes()
    assert again.capacities == kept.capacities
    assert again.horizon == kept.horizon
    assert again.emissions == kept.emissions
    pd.testing.assert_frame_equal(compared(again, again), compared(kept, kept), check_exact=True)


def test_tables_of_another_form_are_refused(call):
    path = call.out / "small-carbon" / "kept.json"
    path.write_text('{"name": "small-carbon"}', encoding="utf-8")
    with pytest.raises(StorageTrouble, match=r"kept.json cannot be read by this version .*--fresh"):
        read_kept(path.parent)


# -- the manifest


def test_the_manifest_has_the_key_and_everything_that_it_was_made_of(call):
    manifest, carbon = manifest_of(call.out, "held"), manifest_of(call.out, "carbon")
    assert manifest["key"] == key_of({part: manifest[part] for part in PARTS})
    assert manifest["uses"] == {"carbon": carbon["key"]}
    assert {"technologies.csv", "series/synthetic_2023.nc"} <= set(manifest["inputs"])
    assert {"highspy", "pyomo", "python"} <= set(manifest["versions"])
    assert set(manifest["files"]) == set(FILES) - {"manifest.json", "indicators.csv", "scenario.yaml"}
    assert manifest["comparison"]["reference"] == ["small-plain", manifest_of(call.out, "plain")["key"]]
    assert manifest["peak_memory_gb"] > 0.05


def test_the_log_of_the_solver_is_kept(call):
    log = (call.out / "small-carbon" / "solver.log").read_text("utf-8")
    assert f"LP has {manifest_of(call.out, 'carbon')['rows']} rows" in log
    assert log.count("Model status") == 1


def test_a_study_does_without_large_files(call, anew):
    anew({"plain": {}}, large=False)
    there = {p.name for p in (anew.out / "small-plain").iterdir()}
    assert there == set(FILES) - set(LARGE)
    anew({"plain": {}}, large=False)
    assert anew.solved == set()
    anew({"plain": {}})
    assert anew.why("plain") == "its solution.nc was not kept"
    call(DESIGNS, large=False)
    assert call.solved == set()  # large files that are there do no harm


# -- damage


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        place = whole.index(b'"key"') + 10 if path.name == "manifest.json" else len(whole) // 2
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])


@pytest.mark.parametrize("name", [n for n in FILES if n not in ("indicators.csv", "scenario.yaml")])
@pytest.mark.parametrize("how", ["cut", "gone", "flipped"])
def test_a_damaged_file_is_found(call, name, how):
    now = {part: manifest_of(call.out, "carbon")[part] for part in PARTS}
    assert find(call.out, "small-carbon", now).key == key_of(now)
    damage(call.out / "small-carbon" / name, how)
    with pytest.raises(Unusable, match=name):
        find(call.out, "small-carbon", now)


@pytest.mark.parametrize(("name", "how"), [("solution.nc", "cut"), ("manifest.json", "cut")])
def test_a_damaged_run_is_solved_again(call, name, how, content):
    before = content(call.out)
    damage(call.out / "small-carbon" / name, how)
    call(DESIGNS)
    assert call.solved == {"carbon"}
    assert name in call.why("carbon")
    assert content(call.out) == before


@pytest.mark.parametrize("name", ["indicators.csv", "scenario.yaml"])
def test_what_is_worked_out_without_a_solve_is_mended_without_one(call, name, content):
    before = content(call.out)
    path = call.out / "small-carbon" / name
    path.write_bytes(path.read_bytes()[:100])
    call(DESIGNS)
    assert call.solved == set()
    assert content(call.out) == before


def test_a_folder_of_something_else_is_replaced(call):
    shutil.rmtree(call.out / "small-plain")
    (call.out / "small-plain").mkdir()
    (call.out / "small-plain" / "notes.txt").write_text("mine", "utf-8")
    call(DESIGNS)
    assert call.solved == {"plain"}
    assert call.why("plain") == "its manifest.json is missing or damaged"


def test_no_clock_decides_what_is_finished(call, monkeypatch):
    """A clock that goes back a year, and files from the future."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3e7)
    for path in call.out.rglob("*"):
        os.utime(path, (now + 3e7, now + 3e7))
    call(DESIGNS)
    assert call.solved == set()
    call({**DESIGNS, "held": {**HELD, **{"physical": {"demand_factor": 1.1}}}, "carbon": CARBON})
    assert call.solved == {"held"}
    assert min(manifest_of(call.out, "held")["seconds"].values()) >= 0.0


# -- started from another


def test_a_run_that_goes_on_from_another_says_so_and_follows_it(anew):
    """All designs name one, which starts from nothing; only the price of carbon differs, so costs do."""
    dear = {"markets": {"carbon": {"instrument": "price", "price_cny_per_t": 410}}}
    designs = {"plain": {}, "carbon": CARBON, "dear": dear}
    solver = {"method": "simplex", "start_from": "carbon"}
    anew(designs, solver=solver)
    started = {name: manifest_of(anew.out, name)["solver"]["from_start"] for name in designs}
    assert started == {"plain": "primal", "carbon": "", "dear": "primal"}
    assert manifest_of(anew.out, "dear")["certificate"]["worst"] < 1e-9
    anew({**designs, "carbon": {**CARBON, "physical": {"demand_factor": 1.01}}}, solver=solver)
    assert anew.why("dear").endswith("a run that it uses changed")


def test_a_run_whose_start_failed_starts_from_nothing_says_so_and_has_a_key_of_its_own(anew):
    """Proves    a failed start costs time alone, and what it changes is in the key.

    By hand   `bad` has no plan, so `dear` is solved as if it named nobody: its solution.nc is that of
              such a run to the last byte.  As long as `bad` fails, `dear` has not changed; then it has.
    Fails if  `dear` falls with `bad`, hides it, or keeps a plan from nothing under another's key.
    """
    none = {"space": {"provinces": ["SC"]}, "physical": {"demand_factor": 0.1, "expand": False}}
    designs = {"plain": {"solver": {"start_from": None}}, "bad": none, "dear": CARBON}
    solver = {"method": "simplex", "start_from": "bad"}
    with pytest.raises(Infeasible, match="small-bad: ") as error:
        anew(designs, solver=solver)
    assert list(error.value.failed) == ["small-bad"]
    assert "starts from nothing: small-bad failed" in anew.said["dear"]
    manifest = manifest_of(anew.out, "dear")
    assert manifest["solver"]["from_start"] == ""
    assert any("small-bad failed, so this solve started from nothing" in w for w in manifest["warnings"])
    cold = (anew.out / "small-dear" / "solution.nc").read_bytes()

    with pytest.raises(Infeasible):
        anew(designs, solver=solver)
    assert anew.said["dear"] == ["unchanged"]

    anew({**designs, "bad": {}}, solver=solver)
    assert anew.why("dear") == "a run that it uses changed"
    mended = manifest_of(anew.out, "dear")
    assert mended["solver"]["from_start"] != "", "it was given a basis to try"
    assert not any("started from nothing" in w for w in mended["warnings"])

    anew({"plain": {}, "dear": CARBON}, solver={"method": "simplex"})
    assert (anew.out / "small-dear" / "solution.nc").read_bytes() == cold


def test_a_sweep_may_start_from_one_of_its_points(tmp_path):
    points = [{"name": f"at{price}", "markets.carbon.price_cny_per_t": price} for price in (100, 110)]
    small = {key: value for key, value in SMALL.items() if key != "reference"}
    carbon = {"markets": {"carbon": {"instrument": "price"}}}
    source = {**small, **carbon, "solver": {"start_from": "at100"}, "sweep": {"list": points}}
    picmodel.run(source, tmp_path, jobs=1)
    started = [manifest_of(tmp_path, f"at{price}")["solver"]["from_start"] for price in (100, 110)]
    assert started == ["", "primal"]


def test_a_basis_that_is_gone_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(StorageTrouble, match=r"basis.json.gz is missing or damaged; delete the folder"):
        solving._basis_in(tmp_path)
