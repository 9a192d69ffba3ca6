"""Real `picmodel run` processes, and which process works on a scenario."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.driver.conftest import SMALL

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "150"}


def scenario_file(folder: Path, designs: dict) -> Path:
    """A scenario file; JSON is YAML."""
    path = folder / "small.yaml"
    path.write_text(json.dumps({**SMALL, "designs": designs}), encoding="utf-8")
    return path


def start(file: Path, out: Path, *options: str, **more) -> subprocess.Popen[str]:
    """`picmodel run FILE --out OUT`, in a process group of its own."""
    command = [sys.executable, "-m", "picmodel.cli", "run", str(file), "--out", str(out), *options]
    return subprocess.Popen(
        command,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **more,
    )


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    """Until the process has said it."""
    assert process.stderr is not None
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
