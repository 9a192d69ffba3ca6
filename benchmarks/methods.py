"""Methods of HiGHS side by side on the LPs of scenarios: CPU seconds to the optimal basis, iterations.

    python -m benchmarks.methods scenarios/quickstart.yaml [MORE.yaml ...] [--methods hipo hipdlp]
        [--every 3] [--step-h 4] [--out FILE.csv] [--append]

Each scenario is compiled once and solved as `picmodel run` does by every method, on one thread, one after the
other in one process.  Objectives agree to 1e-9, or it fails.  What the first-order method gives up HiPO
solves; the line says so.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.machine import machine
from benchmarks.solver_options import UNITS, system_of
from picmodel.driver import collect
from picmodel.errors import PicmodelError
from picmodel.scenario.schema import Scenario
from picmodel.solve.certificate import examine
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import SolverOptions
from picmodel.solve.solver import solve

RESULTS = Path("benchmarks/results/methods.csv")
METHODS = ("hipo", "hipdlp", "ipx", "simplex")
#: objectives of two methods are equal to this, or the benchmark fails
SAME = 1e-9


def measured(lp: LinearProgram, method: str, limit: float) -> dict:
    """A line of the table."""
    start = time.process_time()
    try:
        found = solve(lp, SolverOptions(method, threads=1, time_limit_s=limit), UNITS)
    except PicmodelError as error:
        return {"method": method, "cpu_s": time.process_time() - start, "status": str(error)}
    info = found.info
    return {
        "method": method,
        "cpu_s": time.process_time() - start,
        "solved_by": info["method"],
        "given_up": info["first_order"],
        "iterations": info.get("first_order_iterations") or info["ipm_iterations"],
        "crossover_iterations": info["crossover_iterations"],
        "pivots_at_the_end": info["simplex_iterations"],
        "objective_mcny": found.objective,
        "certificate": examine(lp, found.x, found.dual).worst,
        "status": found.status,
    }


def compared(scenario: Scenario, methods: list[str], limit: float) -> Iterator[dict]:
    """A line for each method, beside the first."""
    _, lp = system_of(scenario)
    first: dict = {}
    for method in methods:
        line = measured(lp, method, limit)
        first = first or line
        line["ratio"] = line["cpu_s"] / first["cpu_s"]
        if "objective_mcny" in line and "objective_mcny" in first:
            line["objective_difference"] = line["objective_mcny"] / first["objective_mcny"] - 1
            if abs(line["objective_difference"]) > SAME:
                raise RuntimeError(f"{scenario.name}: {method} finds another objective")
        yield {"scenario": scenario.name, "rows": lp.shape[0], "nonzeros": lp.matrix.nnz, **line}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--methods", nargs="+", default=["hipo", "hipdlp"], choices=METHODS)
    parser.add_argument("--every", type=int, default=1, help="take every n-th scenario of a file only")
    parser.add_argument("--step-h", type=int, help="length of a time step in place of the file's [h]")
    parser.add_argument("--limit", type=float, default=3600.0, help="longest solve by the clock [s]")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--append", action="store_true", help="add to the file, which is rewritten otherwise")
    given = parser.parse_args()
    where = machine()
    written = pd.read_csv(given.out) if given.append and given.out.is_file() else pd.DataFrame()
    for scenario in [s for file in given.files for s in list(collect(file)[0])[:: given.every]]:
        if given.step_h:
            time_given = scenario.time.model_copy(update={"step_h": given.step_h})
            scenario = scenario.model_copy(update={"time": time_given})
        for line in compared(scenario, given.methods, given.limit):
            print({k: round(x, 3) if isinstance(x, float) else x for k, x in line.items()}, flush=True)
            written = pd.concat([written, pd.DataFrame([{**line, **where}])])
            written.to_csv(given.out, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
