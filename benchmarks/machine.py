"""What a timing was taken on, and what a process takes."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("highspy", "pyomo", "pypsa", "linopy", "oemof.solph", "numpy", "scipy")
MB = 1e6


def machine() -> dict[str, str]:
    """Processor, cores, how busy it is, and versions, for a column each of a table of results."""
    load = os.getloadavg()[0]
    versions = " ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, load {load:.1f}",
        "versions": f"Python {platform.python_version()} {versions}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def resident_mb() -> float:
    """Memory of this process now [MB] (Linux)."""
    return _status("VmRSS")


def peak_mb() -> float:
    """Most memory that this process had so far [MB] (Linux)."""
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(found) * 1024 / MB
