"""How much memory the machine has, a solve takes and a solve will take."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

from picmodel.scenario.schema import Scenario

GB = 1e9
#: memory of a process that has loaded picmodel and its inputs [GB]
BASE_GB = 0.4
#: memory of a solve for each province, planning year and time step [GB]: twice what small systems take, since
#: the factors of an interior point grow faster than the model (docs/running.md)
STEP_GB = 2e-4
PROVINCES = 31
#: a little more than a run took last time is set aside for it, if its size is the same within a share
MORE_THAN_MEASURED, SAME_SIZE = 1.15, 1e-6


# -- the machine


def available_gb() -> float:
    """What is free for new solves: of the machine, or of the container around this process [GB]."""
    return min([_of_machine(), *of_container(Path("/sys/fs/cgroup"))])


def _of_machine() -> float:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        (free,) = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(free) * 1024 / GB
    except (OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB


def of_container(folder: Path) -> list[float]:
    """Limit less use of control group v2; nothing where there is no limit."""
    try:
        limit = (folder / "memory.max").read_text("ascii").strip()
        used = (folder / "memory.current").read_text("ascii").strip()
        return [(int(limit) - int(used)) / GB]
    except (OSError, ValueError):
        return []


# -- a solve


def expected_gb(scenario: Scenario, folder: Path) -> float:
    """Peak memory of a scenario's solve [GB]: of its last run in the folder, else by its size."""
    return _of_last_run(folder, scenario) or by_size(scenario)


def by_size(scenario: Scenario) -> float:
    """Peak memory by provinces, planning years and time steps [GB]."""
    wanted = scenario.space.provinces
    provinces = PROVINCES if wanted == "all" else len(wanted)
    t = scenario.time
    days = min(365, t.periods + (0 if t.periods >= 365 else t.extremes))
    return BASE_GB + STEP_GB * provinces * len(scenario.horizon.years) * days * 24 / t.step_h


def _of_last_run(folder: Path, scenario: Scenario) -> float | None:
    """What it took last time with a little more, if that run was of the same size."""
    try:
        size = float(_manifest(folder)["expected_by_size_gb"])
        same = abs(size / by_size(scenario) - 1) < SAME_SIZE
        return MORE_THAN_MEASURED * read_peak(folder) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_peak(folder: Path) -> float:
    """Peak memory that the manifest of a run says [GB]."""
    return float(_manifest(folder)["peak_memory_gb"])


def _manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text("utf-8"))


# -- this process


def forget_peak() -> None:
    """Begin to count the peak anew, where the system lets us (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_gb() -> float:
    """Most memory that this process had since `forget_peak` [GB]."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(peak) * 1024 / GB
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GB
