"""A real Dask scheduler with three worker processes, one of which is killed while it solves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from picmodel.errors import InputError
from tests.driver.conftest import DESIGNS
from tests.driver.processes import ENVIRONMENT, worker_on

pytest.importorskip("distributed")


def _dask(*arguments: str, log: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
    with log.open("wb") as file:
        return subprocess.Popen(command, env=ENVIRONMENT, stdout=file, stderr=file, start_new_session=True)


@pytest.fixture
def scheduler(tmp_path):
    """Address of a scheduler whose three workers are there."""
    file = tmp_path / "scheduler.json"
    common = ("--scheduler-file", str(file))
    begun = [
        _dask("scheduler", *common, "--port", "0", "--no-dashboard", log=tmp_path / "scheduler.log"),
        *(
            _dask(
                *("worker", *common, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
                *("--local-directory", str(tmp_path / f"worker-{i}")),
                log=tmp_path / f"worker-{i}.log",
            )
            for i in range(3)
        ),
    ]
    from distributed import Client

    until = time.monotonic() + 120
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    try:
        with Client(scheduler_file=str(file), timeout=120) as client:
            client.wait_for_workers(3, timeout=120)
            address = client.scheduler.address
        yield address
    finally:
        for process in begun:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_cluster_that_loses_a_worker_finds_the_same(scheduler, anew, solved_once, content):
    """Proves    --scheduler changes where scenarios are solved and nothing else, though a worker dies.

    By hand   the killed worker's scenario is solved by another one; all results are those of one process,
              byte for byte.
    """
    hear, killed = anew._hear, []

    def kill(name: str, stage: str) -> None:
        hear(name, stage)
        if (name, stage) == ("small-carbon", "inputs") and not killed:
            killed.append(worker_on(anew.out / ".small-carbon.lock"))
            os.kill(killed[0], signal.SIGKILL)

    anew._hear = kill
    anew(DESIGNS, scheduler=scheduler)
    assert len(killed) == 1
    assert anew.said["carbon"].count("inputs") == 2
    assert {stages[-1] for stages in anew.said.values()} == {"finished"}
    assert content(anew.out) == content(solved_once)


def test_no_scheduler_there(anew, monkeypatch):
    from picmodel.driver import crews

    monkeypatch.setattr(crews, "PATIENCE_S", 1)
    with pytest.raises(InputError, match=r"--scheduler tcp://127.0.0.1:9: no Dask scheduler answers there"):
        anew({"plain": {}}, scheduler="tcp://127.0.0.1:9")


def test_dask_is_not_installed(anew, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'not installed; `pip install "picmodel\[dask\]"`'):
        anew({"plain": {}}, scheduler="tcp://127.0.0.1:9")
