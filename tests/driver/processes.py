"""Real `picmodel run` processes, and which process works on a scenario."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from io import StringIO
from multiprocessing import Pipe, forkserver, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO
from unittest.mock import patch

from picmodel import cli
from tests.driver.conftest import SMALL

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "150"}


def scenario_file(folder: Path, designs: dict) -> Path:
    """A scenario file; JSON is YAML."""
    path = folder / "small.yaml"
    path.write_text(json.dumps({**SMALL, "designs": designs}), encoding="utf-8")
    return path


class Started:
    """A process that runs a command; what it writes to standard error is read from ``stderr``."""

    def __init__(self, process: BaseProcess, stderr: TextIO) -> None:
        self._process, self.stderr = process, stderr
        assert process.pid is not None
        self.pid: int = process.pid

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int | None:
        """Exit code, when it has ended."""
        self._process.join()
        return self._process.exitcode

    def said(self) -> str:
        """All that it still writes to standard error until it ends."""
        return self.stderr.read()


def start(file: Path, out: Path, *options: str, before: Callable[[], None] | None = None) -> Started:
    """`picmodel run FILE --out OUT`, in a process group of its own.

    The process is one of its own, with its files, locks and signals, but forked from one that has loaded the
    program and read the shipped inputs (`warm`): a new interpreter does that for five seconds of each test.

    Args:
        before: called in the process before the command.
    """
    arguments = ["picmodel", "run", str(file), "--out", str(out), *options]
    ours, theirs = Pipe(duplex=False)
    with ours, theirs:
        process = _forks().Process(target=_command, args=(arguments, theirs, before))
        process.start()
        return Started(process, open(os.dup(ours.fileno()), encoding="utf-8"))


@cache
def _forks() -> BaseContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.driver.warm"])
    with patch.dict(os.environ, ENVIRONMENT):
        forkserver.ensure_running()
    return context


def _command(arguments: list[str], stderr: Connection, before: Callable[[], None] | None) -> None:
    os.setsid()
    os.dup2(stderr.fileno(), 2)
    stderr.close()
    sys.stdout = StringIO()
    sys.argv = arguments
    if before:
        before()
    cli.main()


def wait_for(process: Started, text: str) -> None:
    """Until the process has said it."""
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the process ended before it said {text!r}")


def worker_on(lock: Path, within_s: float = 30.0) -> int:
    """Id of the process that holds a lock file (Linux: /proc/locks has the inode)."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            inode = lock.stat().st_ino
        except FileNotFoundError:
            time.sleep(0.01)
            continue
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            parts = line.split()
            if "->" not in parts and parts[5].rsplit(":", 1)[-1] == str(inode):
                return int(parts[4])
    raise AssertionError(f"nobody holds {lock}")


def children(process: int) -> Sequence[int]:
    """Ids of all processes that a process has started, and of theirs."""
    try:
        own = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    except OSError:
        return []
    return [pid for child in map(int, own) for pid in (child, *children(child))]


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
