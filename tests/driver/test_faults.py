"""Whatever happens to a call, what was finished stays, nothing is half there, and the next call goes on."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from picmodel import cli
from picmodel.driver import evaluation, solving
from picmodel.driver.provenance import PARTS
from picmodel.driver.store import find
from picmodel.errors import SolverTrouble, StorageTrouble, WorkerDied
from picmodel.report import folder as folders
from tests.driver.conftest import DESIGNS, HELD
from tests.driver.processes import children, is_alive, scenario_file, start, wait_for, worker_on

#: moments at which a run is killed; the nightly workflow has more of them
KILLS = int(os.environ.get("PICMODEL_KILLS", "2"))
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def require_only_whole_runs(out: Path) -> set[str]:
    """Names of the runs in a folder; every one of them has all its files with their hashes."""
    names = {p.name for p in out.iterdir() if not p.name.startswith(".")} if out.exists() else set()
    for name in names:
        manifest = json.loads((out / name / "manifest.json").read_text("utf-8"))
        assert find(out, name, {part: manifest[part] for part in PARTS}).name == name
    return {name.removeprefix("small-") for name in names}


# -- killed


def test_killed_at_any_moment_nothing_is_half_there(tmp_path, solved_once, content):
    """Proves    a real run, killed again and again, leaves whole runs, and the last call completes them.

    By hand   what stands in the end is what a run that nobody disturbed wrote, byte for byte.
    Fails if  a folder is published before it is whole, a comparison is left half written, or litter stays.
    """
    file, out = scenario_file(tmp_path, DESIGNS), tmp_path / "out"
    moment = random.Random(KILLS)
    manifests = [json.loads(path.read_text("utf-8")) for path in solved_once.glob("*/manifest.json")]
    whole = sum(seconds for manifest in manifests for seconds in manifest["seconds"].values())
    for kill in range(KILLS):
        process = start(file, out, "--jobs", "1")
        if kill % 2:
            wait_for(process, "write")  # files, renames and comparisons come now
            time.sleep(moment.uniform(0.0, 0.1 * whole))
        else:
            time.sleep(moment.uniform(0.1, 1.0) * whole)
        with suppress(ProcessLookupError):  # it had ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        require_only_whole_runs(out)
    assert start(file, out, "--jobs", "1").wait() == 0
    assert content(out) == content(solved_once)
    assert {p.name for p in out.iterdir()} == {f"small-{name}" for name in DESIGNS}


def test_what_a_killed_comparison_left_in_a_folder_goes_with_the_next_one(call, content):
    """Killed between the first byte of a file and its new name: the comparison is none, so it is made."""
    before = content(call.out)
    folder = call.out / "small-plain"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "comparison": None}), "utf-8")
    for name in ("indicators.csv", "manifest.json"):
        (folder / f".{name}.writing-1").touch()
    call(DESIGNS)
    assert call.solved == set()
    assert content(call.out) == before


@linux
def test_workers_go_with_the_process_that_called_them(tmp_path):
    process = start(scenario_file(tmp_path, DESIGNS), tmp_path / "out", "--jobs", "2")
    wait_for(process, "inputs")
    workers = children(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.wait()
    until = time.monotonic() + 20
    while any(map(is_alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(is_alive, workers))
    require_only_whole_runs(tmp_path / "out")


@linux
def test_a_worker_that_dies_takes_its_own_scenario_along_and_no_other(anew):
    """As the kernel does where memory runs out: SIGKILL to the process that works on `carbon`."""
    hear = anew._hear

    def kill(name: str, stage: str) -> None:
        hear(name, stage)
        if (name, stage) == ("small-carbon", "inputs"):
            os.kill(worker_on(anew.out / ".small-carbon.lock"), signal.SIGKILL)

    anew._hear = kill
    designs = {**DESIGNS, "other": {"physical": {"demand_factor": 1.02}}}
    with pytest.raises(
        WorkerDied, match=r"small-carbon: the process that solved it was killed, .*--memory"
    ) as e:
        anew(designs, jobs=2)
    assert set(e.value.failed) == {"small-carbon", "small-held"}
    assert require_only_whole_runs(anew.out) == {"plain", "other"}
    anew._hear = hear
    anew(designs)
    assert anew.solved == {"carbon", "held"}


def test_memory_that_runs_out_in_a_solve_has_a_name(call, monkeypatch):
    def exhaust(scenario):
        raise MemoryError

    monkeypatch.setattr(solving, "system_data", exhaust)
    with pytest.raises(
        WorkerDied, match=r"small-new: out of memory at \d+\.\d GB; take fewer scenarios side by side"
    ) as error:
        call({**DESIGNS, "new": {}})
    said = float(re.search(r"at (\S+) GB", str(error.value))[1])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # of what this process ever ran
    assert 0.05 < said <= most + 0.05
    assert require_only_whole_runs(call.out) == set(DESIGNS)
    assert len(list(call.out.iterdir())) == len(DESIGNS)


def test_an_interrupted_call_leaves_complete_runs(anew, monkeypatch):
    """Ctrl-C in the second solve: the first is there, compared with itself as the reference that it is."""
    make = evaluation.make

    def interrupt(task, report):
        if task.scenario.name == "small-carbon":
            raise KeyboardInterrupt
        make(task, report)

    monkeypatch.setattr(evaluation, "make", interrupt)
    with pytest.raises(KeyboardInterrupt):
        anew(DESIGNS)
    assert require_only_whole_runs(anew.out) == {"plain"}
    manifest = json.loads((anew.out / "small-plain" / "manifest.json").read_text("utf-8"))
    assert manifest["comparison"]["reference"] == ["small-plain", manifest["key"]]
    monkeypatch.undo()
    anew(DESIGNS)
    assert anew.solved == {"carbon", "held"}


# -- the solver


def test_a_time_limit_keeps_the_log_and_what_others_found(anew, monkeypatch):
    options = solving.How.options

    def hasty(how, scenario):
        found = options(how, scenario)
        return replace(found, time_limit_s=1e-9) if scenario.name == "small-carbon" else found

    monkeypatch.setattr(solving.How, "options", hasty)
    with pytest.raises(
        SolverTrouble, match=r"small-carbon: time limit .*raise `solver.time_limit_s`.*log is"
    ) as error:
        anew(DESIGNS)
    assert set(error.value.failed) == {"small-carbon", "small-held"}
    log = anew.out / "failed.small-carbon.solver.log"
    assert "Time limit" in log.read_text("utf-8")
    assert {p.name for p in anew.out.iterdir()} == {"small-plain", log.name}
    monkeypatch.undo()
    anew(DESIGNS)
    assert anew.solved == {"carbon", "held"}
    assert not log.exists()


# -- the disk


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path, content, solved_once):
    """Files may have 40 kB: solution.nc has more, and NetCDF says `HDF error` to that."""

    file, out = scenario_file(tmp_path, {"plain": {}}), tmp_path / "out"
    process = start(file, out, "--jobs", "1", before=small_files)
    message = process.said()
    assert process.wait() == StorageTrouble.exit_code
    assert f"small-plain: {out}: " in message
    assert "another folder with --out" in message
    assert "Traceback" not in message
    assert not out.exists()
    assert start(file, out, "--jobs", "1").wait() == 0
    assert content(out / "small-plain") == content(solved_once / "small-plain")


@pytest.mark.parametrize("step", ["write_netcdf", "write_parquet", "write_kept", "seal", "publish"])
def test_no_space_at_any_step_leaves_what_was_there(call, content, monkeypatch, step):
    before = content(call.out)

    def full(*args, **more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(evaluation, step, full)
    with pytest.raises(StorageTrouble, match="no space is left there; free some or choose another folder"):
        call({**DESIGNS, "held": {**HELD, "physical": {"demand_factor": 1.1}}})
    assert content(call.out) == before


def test_a_comparison_without_space_keeps_the_one_before(call, content, monkeypatch):
    before = content(call.out)
    from picmodel.driver import comparing

    def full(*args, **more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(comparing, "write_table", full)
    with pytest.raises(StorageTrouble, match="no space is left there"):
        call(DESIGNS, reference="small-carbon")
    assert content(call.out) == before


def test_a_folder_that_may_only_be_read_serves_what_has_not_changed(call, content, monkeypatch):
    """Root may write anywhere, so the system's refusal is played."""
    before = content(call.out)
    really = os.open

    def refuse(path, flags, *more, **other):
        if flags & os.O_CREAT and call.out in Path(path).parents:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return really(path, flags, *more, **other)

    monkeypatch.setattr(folders.os, "open", refuse)
    assert call(DESIGNS)["small-carbon"].value("peak_cost") > 0
    with pytest.raises(
        StorageTrouble, match=r"small-new: .*no permission\); choose another folder with --out"
    ):
        call({**DESIGNS, "new": {}})
    assert content(call.out) == before


def test_a_file_in_the_place_of_the_folder(tmp_path, capsys, monkeypatch):
    file = scenario_file(tmp_path, {"plain": {}})
    monkeypatch.setattr(sys, "argv", ["picmodel", "run", str(file), "--out", str(file), "--jobs", "1"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == StorageTrouble.exit_code
    assert "cannot write results there (a file has this name)" in capsys.readouterr().err


# -- two at once


def test_two_calls_at_once_share_the_work(tmp_path, solved_once, content):
    """Each scenario is solved by one of them; the other waits and takes it; both end well."""
    file, out = scenario_file(tmp_path, DESIGNS), tmp_path / "out"
    both = [start(file, out, "--jobs", "1") for _ in range(2)]
    said = [process.said() for process in both]
    assert [process.wait() for process in both] == [0, 0], said
    assert content(out) == content(solved_once)
    assert {p.name for p in out.iterdir()} == {f"small-{name}" for name in DESIGNS}
    solved = [line.split()[2] for text in said for line in text.splitlines() if line.endswith("build")]
    assert sorted(solved) == sorted({f"small-{name}" for name in DESIGNS})


def test_who_finds_the_lock_taken_says_so_and_takes_what_was_found(call, monkeypatch):
    """Another call solves `plain` while this one wants it, and publishes it before it lets go."""
    (call.out / "small-plain").rename(call.out / "aside")
    ready, go = threading.Event(), threading.Event()

    def other() -> None:
        with folders.locked(call.out, "small-plain"):
            ready.set()
            go.wait(60)
            (call.out / "aside").rename(call.out / "small-plain")

    thread = threading.Thread(target=other)
    thread.start()
    ready.wait(60)
    hear = call._hear

    def hear_and_go(name: str, stage: str) -> None:
        hear(name, stage)
        if stage.startswith("waits"):
            go.set()

    call._hear = hear_and_go
    call(DESIGNS)
    thread.join()
    assert call.said["plain"] == ["waits for another picmodel that works on it", "finished"]
    assert call.solved == set()


def test_another_run_of_that_name_is_not_spoilt_by_a_comparison(call, monkeypatch):
    """Between a solve and its comparison another call replaces the run by one of other settings."""
    from picmodel.driver.comparing import Comparison

    complete = Comparison.complete

    def replace_first(self, scenario, stored):
        if scenario.name == "small-carbon":
            path = stored.folder / "manifest.json"
            path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "key": "of another"}), "utf-8")
        return complete(self, scenario, stored)

    monkeypatch.setattr(Comparison, "complete", replace_first)
    with pytest.raises(StorageTrouble, match="another picmodel has written another run there meanwhile"):
        call(DESIGNS, reference="small-carbon")
