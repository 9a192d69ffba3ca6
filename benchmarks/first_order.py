"""First-order solvers: time beside HiPO, and how far their costs and prices are from those of a basis.

    python -m benchmarks.first_order [scenario.yaml] [--only hipdlp ortools] [--tolerances 1e-4 1e-6]
        [--cases real] [--limit 900] [--out FILE.csv] [--append]

Cases are three small systems with all mechanisms (about 1000 rows each, `tests/whole.py`) and the first
scenario of the file with one day of 4-hour steps.  Every solver gets the same scaled arrays, one after the
other, on one thread or on the GPU.  A tolerance is the solver's own: relative, of the norm of all rows, so
single rows may be further off.  ``certificate`` is the worst residual of any row or column, outside the
solver; above 1e-6 `picmodel run` refuses the plan.  What is not installed, or finds no GPU, is a line that
says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from benchmarks.solver_options import UNITS, one_day, prices, system_of
from picmodel.data.system import SystemData
from picmodel.driver import collect
from picmodel.errors import SolverTrouble
from picmodel.extract.results import Results
from picmodel.markets.registry import entries
from picmodel.solve.answer import Ending, NotThere
from picmodel.solve.certificate import TOLERANCE, examine
from picmodel.solve.compile import LinearProgram
from picmodel.solve.crossover import at_a_basis
from picmodel.solve.highs import Solution, SolverOptions, passed, solve
from picmodel.solve.others import OTHERS
from picmodel.solve.scaling import Scaling
from tests.tiny import compile_tiny
from tests.whole import EVERYTHING, whole_system

RESULTS = Path("benchmarks/results/first_order.csv")
CNY_PER_T = 1e3  # of MCNY/kt
#: names of packages whose version stands in the results, where they are there
PACKAGES = ("ortools", "cupdlpx", "cuopt-cu12", "cuopt-cu13")


class Skipped(Exception):
    """A solver cannot run here."""


@dataclass(frozen=True)
class Found:
    """What a solver ends with, in its own scaling; ``cpu_s`` of this machine's cores, ``s`` by the clock."""

    status: str
    cpu_s: float
    s: float
    x: np.ndarray | None = None
    dual: np.ndarray | None = None
    iterations: int = 0


Method = Callable[[LinearProgram, float, float], Found]


def by_highs(solver: str) -> Method:
    """A first-order method of HiGHS on the CPU; no simplex mends what it leaves open."""

    def run(lp: LinearProgram, tolerance: float, limit: float) -> Found:
        options = {"solver": solver, "kkt_tolerance": tolerance, "time_limit": limit, "threads": 1}
        highs = passed(lp, options)
        start, clock = time.process_time(), time.perf_counter()
        highs.run()
        spent = time.process_time() - start, time.perf_counter() - clock
        found, info = highs.getSolution(), highs.getInfo()
        status = highs.modelStatusToString(highs.getModelStatus())
        x, dual = np.asarray(found.col_value), np.asarray(found.row_dual)
        return Found(status, *spent, x, dual, info.pdlp_iteration_count)

    return run


def by_ortools(lp: LinearProgram, tolerance: float, limit: float) -> Found:
    if importlib.util.find_spec("ortools") is None:
        raise Skipped("ortools is not installed: `pip install ortools`")
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "lp.npz"), Path(folder, "found.npz")
        matrix = {name: getattr(lp.matrix, name) for name in ("data", "indices", "indptr")}
        sides = {name: getattr(lp, name) for name in ("row_lower", "row_upper", "lower", "upper")}
        np.savez(given, cost=lp.cost, **matrix, **sides)
        clock = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.ortools_pdlp", given, found, f"{tolerance}", f"{limit}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - clock
        result = np.load(found)
        return Found(
            str(result["status"]),
            float(result["cpu_s"]),
            seconds,
            result["x"],
            result["dual"],
            int(result["iterations"]),
        )


def by_gpu(name: str, words: Callable[[float], dict[str, Any]]) -> Method:
    """A solver of `picmodel.solve.others` on the GPU, without crossover, at a tolerance in its own words."""

    def run(lp: LinearProgram, tolerance: float, limit: float) -> Found:
        options = SolverOptions(name=name, time_limit_s=limit, crossover=False, extra=words(tolerance))
        start, clock = time.process_time(), time.perf_counter()
        try:
            answer = OTHERS[name].ask(lp, options)
        except NotThere:
            raise Skipped(f"not installed, or no GPU here: it needs {OTHERS[name].needs}") from None
        spent = time.process_time() - start, time.perf_counter() - clock
        return Found(
            "Optimal" if answer.ending is Ending.OPTIMAL else answer.said, *spent, answer.x, answer.dual
        )

    return run


def _cuopt_words(tolerance: float) -> dict[str, Any]:
    kinds = (
        f"{size}_{what}_tolerance" for size in ("absolute", "relative") for what in ("primal", "dual", "gap")
    )
    return dict.fromkeys(kinds, tolerance)


METHODS: dict[str, Method] = {
    "pdlp": by_highs("pdlp"),
    "hipdlp": by_highs("hipdlp"),
    "ortools": by_ortools,
    "cupdlpx": by_gpu("cupdlpx", lambda t: {"OptimalityTol": t, "FeasibilityTol": t}),
    "cuopt": by_gpu("cuopt", _cuopt_words),
}


def cases(chosen: list[str], scenario: Path) -> Iterator[tuple[str, SystemData, LinearProgram]]:
    if "tiny" in chosen:
        for design, options in EVERYTHING.items():
            yield f"tiny {design}", whole_system(), compile_tiny(whole_system(), options)
    if "real" in chosen:
        first = one_day(collect(scenario)[0][0])
        yield (first.name, *system_of(first))


def carbon_prices(data: SystemData, lp: LinearProgram, solution: Solution) -> np.ndarray:
    """Of every area and year [CNY/t]; empty where allowances have no market."""
    if "c_allowances" not in lp.rows:
        return np.array([])
    return CNY_PER_T * Results(data, lp, solution, entries()).price("c_allowances").to_numpy()


def unscaled(lp: LinearProgram, found: Found) -> Solution:
    assert found.x is not None
    assert found.dual is not None
    x, _, dual, _ = Scaling(lp, UNITS).back(found.x, found.x, found.dual, found.dual)
    return Solution(
        x=x,
        reduced_cost=lp.cost - lp.matrix.T @ dual,
        dual=dual,
        activity=lp.matrix @ x,
        objective=float(lp.cost @ x + lp.offset),
        status=found.status,
    )


def accuracy(data: SystemData, lp: LinearProgram, here: Solution, base: Solution) -> dict[str, Any]:
    """How far a point is from the optimum at a basis."""
    gap = np.abs(prices(data, lp, here) - prices(data, lp, base))
    carbon = np.abs(carbon_prices(data, lp, here) - carbon_prices(data, lp, base))
    certificate = examine(lp, here.x, here.dual)
    return {
        "objective_error": here.objective / base.objective - 1,
        "certificate": certificate.worst,
        "row_residual": certificate.primal,
        "price_residual": certificate.dual,
        "gap": certificate.gap,
        "accepted": certificate.worst <= TOLERANCE,
        "price_error_median": np.nanmedian(gap),
        "price_error_p95": np.nanpercentile(gap, 95),
        "price_error_largest": np.nanmax(gap),
        "carbon_price_error": np.nanmax(carbon) if carbon.size else np.nan,
    }


def to_a_basis(lp: LinearProgram, found: Found, limit: float) -> dict[str, Any]:
    """What the way from the point to a basis takes (`picmodel.solve.crossover`)."""
    assert found.x is not None
    assert found.dual is not None
    start = time.process_time()
    try:
        *_, counts = at_a_basis(lp, found.x, found.dual, SolverOptions(threads=1, time_limit_s=limit))
    except SolverTrouble:
        return {}
    return {
        "basis_cpu_s": time.process_time() - start,
        "basis_pushes": counts[0],
        "basis_pivots": counts[1],
    }


def lines(case: str, data: SystemData, lp: LinearProgram, given: argparse.Namespace) -> Iterator[dict]:
    """A line for HiPO with crossover, then one for each method and tolerance."""
    scaled = Scaling(lp, UNITS).scaled()
    start, clock = time.process_time(), time.perf_counter()
    base = solve(lp, SolverOptions(threads=1), UNITS)
    spent = {"cpu_s": time.process_time() - start, "s": time.perf_counter() - clock}
    size = {"case": case, "rows": lp.shape[0], "columns": lp.shape[1], "nonzeros": lp.matrix.nnz}
    yield {**size, "solver": "hipo", "status": base.status, **spent, **accuracy(data, lp, base, base)}
    for name in given.only:
        for tolerance in given.tolerances:
            line = {**size, "solver": name, "tolerance": tolerance}
            try:
                found = METHODS[name](scaled, tolerance, given.limit)
            except Skipped as why:
                yield {**line, "status": f"skipped: {why}"}
                break
            line |= {key: getattr(found, key) for key in ("status", "cpu_s", "s", "iterations")}
            if found.x is not None and len(found.x) and np.isfinite(found.x).all():
                line |= accuracy(data, lp, unscaled(lp, found), base)
                line |= to_a_basis(scaled, found, given.limit)
            yield line


def versions() -> str:
    said = []
    for name in PACKAGES:
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            said.append(f"{name} none")
    return " ".join(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", type=Path, default=Path("scenarios/quickstart.yaml"))
    parser.add_argument("--only", nargs="+", default=list(METHODS), choices=list(METHODS), metavar="METHOD")
    parser.add_argument("--cases", nargs="+", default=["tiny", "real"], choices=["tiny", "real"])
    parser.add_argument("--tolerances", nargs="+", type=float, default=[1e-4, 1e-6, 1e-8])
    parser.add_argument("--limit", type=float, default=900.0, help="longest solve by the clock [s]")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--append", action="store_true", help="add to the file, which is rewritten otherwise")
    given = parser.parse_args()
    known = {**machine()}
    known["versions"] += f" {versions()}"
    written = pd.read_csv(given.out) if given.append and given.out.is_file() else pd.DataFrame()
    for case, data, lp in cases(given.cases, given.scenario):
        for line in lines(case, data, lp, given):
            shown = pd.Series(line).drop(["columns", "nonzeros"])
            print(shown.to_frame().T.to_string(index=False, float_format="{:.3g}".format), flush=True)
            written = pd.concat([written, pd.DataFrame([{**line, "limit_s": given.limit, **known}])])
            written.to_csv(given.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
