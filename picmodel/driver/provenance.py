"""How a run came about: hashes of inputs and program, versions, the manifest."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import picmodel
from picmodel.data.load import input_files, inputs_of
from picmodel.driver.clock import Clock
from picmodel.driver.solving import Optimum
from picmodel.driver.valuation import PriceEnd
from picmodel.extract.results import Results
from picmodel.indicators.health import artefacts, census, flooded, slacks_in_use
from picmodel.markets.base import Active

#: parts of the package that use runs and make none
BESIDE_RUNS = ("cli.py", "hindcast.py", "ladder", "studies", "chronology", "chronology.py", "synthesis")


def manifest_of(found: Optimum, ends: Sequence[PriceEnd], clock: Clock) -> dict[str, Any]:
    """Everything that says how a run came about and whether it can be trusted."""
    results, lp, solution = found.results, found.lp, found.solution
    held = results.data.held
    return {
        "scenario": found.scenario.name,
        "status": solution.status,
        "past_years": list(results.data.horizon.past),
        "objective_mcny": solution.objective,
        "certificate": found.certificate,
        "capacities_of": held.of if held else None,
        "project_prices": "dispatch" if ends else "expansion",
        "price_ends": [_price_end(end) for end in ends],
        "solves": found.solves,
        "residuals": _residuals(results, found.active),
        "rows": lp.shape[0],
        "columns": lp.shape[1],
        "nonzeros": int(lp.matrix.nnz),
        "mechanisms": census(lp, solution),
        "warnings": [*slacks_in_use(results, found.active), *artefacts(results), *flooded(results)],
        "solver": solution.info,
        "seconds": clock.seconds(),
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "inputs": hash_inputs(inputs_of(found.scenario)),
        "program": hash_program(),
        "versions": _versions(),
    }


def _price_end(end: PriceEnd) -> dict[str, Any]:
    """By how much capacities were held beside the plan's, and the worst residual of that solve."""
    held, checked = end.results.data.held, end.certificate
    assert held is not None
    worst = max(checked["worst"], checked["zero_profit"], checked["ledger"])
    return {"capacity_factor": held.factor, "worst_residual": worst}


def _residuals(results: Results, active: Sequence[Active]) -> dict[str, float]:
    """How far numbers that the plan itself decides are from what it says [share], by mechanism."""
    found = {mechanism.name: mechanism.residual(results) for mechanism in active}
    return {name: residual for name, residual in found.items() if residual is not None}


def hash_inputs(folders: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every input file that is read, by its path below the first folder."""
    files = sorted(input_files(folders).items())
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files}


@functools.cache
def hash_program() -> str:
    """SHA-256 over the sources of all that makes a run: results of another program are other results."""
    package = Path(picmodel.__file__).parent
    sources = [p for p in sorted(package.rglob("*.py")) if p.relative_to(package).parts[0] not in BESIDE_RUNS]
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()


def _versions() -> dict[str, str]:
    names = ("picmodel", "pyomo", "highspy", "pandas", "xarray", "tsam", "pyxirr")
    return {"python": platform.python_version(), **{n: importlib.metadata.version(n) for n in names}}
