"""Solve time with all mechanisms on, as a ratio to that of the physical system alone: side by side, one run.

    python -m benchmarks.all_mechanisms [benchmarks/all_mechanisms.yaml] [--step-h 1] [--out FILE.csv]

The designs `physical` and `all` of the file are compiled, then solved at the same time, each in a process of
its own with one thread, so that both meet the same machine.  CPU seconds count, from the hand-over to the
basis.
"""

from __future__ import annotations

import argparse
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import highspy
import pandas as pd

from picmodel.data.load import system_data
from picmodel.driver import collect, market_options
from picmodel.formulation.build import build_model
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import activate, entries, with_interactions
from picmodel.scenario.schema import Scenario
from picmodel.solve.compile import compile_model
from picmodel.solve.highs import SolverOptions
from picmodel.solve.solver import solve

FILE = Path(__file__).with_name("all_mechanisms.yaml")


def timed(scenario: Scenario) -> dict:
    """Size of the scenario's LP, and CPU and wall seconds of its solve on one thread."""
    data, _ = system_data(scenario)
    lp = compile_model(build_model(data, with_interactions(activate(market_options(scenario)))))
    units = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}
    cpu, wall = time.process_time(), time.perf_counter()
    found = solve(lp, SolverOptions(threads=1, time_limit_s=1e5), units)
    return {
        "design": scenario.name.rpartition("-")[2],
        "rows": lp.shape[0],
        "columns": lp.shape[1],
        "nonzeros": lp.matrix.nnz,
        "cpu_s": round(time.process_time() - cpu, 1),
        "wall_s": round(time.perf_counter() - wall, 1),
        "method": found.info["method"],
        "interior_point_iterations": found.info["ipm_iterations"],
        "first_order_iterations": found.info.get("first_order_iterations", 0),
        "crossover_iterations": found.info["crossover_iterations"],
        "objective_mcny": found.objective,
        "highs": highspy.Highs().version(),
        "machine": platform.processor() or platform.machine(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--step-h", type=int, help="length of a time step in place of the file's [h]")
    parser.add_argument("--out", type=Path, help="write the table there as CSV")
    given = parser.parse_args()
    scenarios, _ = collect(given.file)
    if given.step_h:
        scenarios = [
            s.model_copy(update={"time": s.time.model_copy(update={"step_h": given.step_h})})
            for s in scenarios
        ]
    with ProcessPoolExecutor(len(scenarios), mp_context=get_context("spawn")) as pool:
        table = pd.DataFrame(pool.map(timed, scenarios))
    base = table.loc[table["design"] == "physical", "cpu_s"].item()
    table["ratio"] = (table["cpu_s"] / base).round(2)
    print(table.to_string(index=False))
    if given.out:
        table.to_csv(given.out, index=False)


if __name__ == "__main__":
    main()
