"""Locks, and what dead processes leave."""

from __future__ import annotations

import socket
import threading

import pytest

from picmodel.errors import StorageTrouble
from picmodel.report.folder import clear_stale, locked, new_folder, publish, writing

HERE = socket.gethostname()


def test_one_at_a_time(tmp_path):
    """Twenty threads add to a number in two steps; none is lost, no lock file stays."""
    count = [0]

    def add() -> None:
        for _ in range(20):
            with locked(tmp_path, "run"):
                before = count[0]
                threading.Event().wait(0.0001)
                count[0] = before + 1

    threads = [threading.Thread(target=add) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == [400]
    assert list(tmp_path.iterdir()) == []


def test_a_results_folder_that_stays_empty_goes_again(tmp_path):
    out = tmp_path / "a" / "out"
    with locked(out, "run"):
        assert out.exists()
    assert not out.exists()
    (tmp_path / "mine").mkdir()
    with locked(tmp_path / "mine", "run"):
        pass
    assert (tmp_path / "mine").exists()


def test_publish_replaces_a_run_whole(tmp_path):
    for text in ("first", "second"):
        folder = new_folder(tmp_path, "run")
        (folder / "a.txt").write_text(text, "utf-8")
        publish(folder, tmp_path, "run")
    assert (tmp_path / "run" / "a.txt").read_text("utf-8") == "second"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_what_dead_processes_left_goes_and_what_others_write_stays(tmp_path):
    """
    By hand: `a` was being written; `b` had just been moved aside, and comes back; `c` too, but its successor
    is in place; `d` is written now; `e` is written by another machine; `f` is the user's own.
    """
    for name in (
        f".a.writing-{HERE}-1",
        ".a.writing-2",  # as earlier versions called it
        f".b.old-{HERE}-1",
        f".c.old-{HERE}-1",
        "c",
        f".d.writing-{HERE}-1",
        ".e.writing-elsewhere-1",
        ".f",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, "utf-8")
    with locked(tmp_path, "d"):
        clear_stale(tmp_path)
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {"b", "c", f".d.writing-{HERE}-1", ".e.writing-elsewhere-1", ".f"}
    assert (tmp_path / "b" / "file").read_text("utf-8") == f".b.old-{HERE}-1"
    assert (tmp_path / "c" / "file").read_text("utf-8") == "c"
    clear_stale(tmp_path / "nowhere")


def test_faults_of_the_program_are_not_taken_for_those_of_the_disk(tmp_path):
    with pytest.raises(RuntimeError, match="a fault"), writing(tmp_path):
        raise RuntimeError("a fault")
    with pytest.raises(StorageTrouble, match="HDF error"), writing(tmp_path):
        raise RuntimeError("NetCDF: HDF error")
