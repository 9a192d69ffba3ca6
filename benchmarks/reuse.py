"""What a finished solve is worth to the next one: from its basis, beside a solve from nothing.  One run.

    python -m benchmarks.reuse [--out benchmarks/results/reuse.csv]

31 provinces, three years, one day of 4-hour steps, a carbon price, national certificates, planned dispatch.
Only data change: rows and columns stay.  The basis is handed over by the name and key of rows and columns, to
the dual and to the primal simplex; a solve from nothing is HiPO with crossover, as in `picmodel run`.  One
thread, CPU seconds from the arrays to the basis.  Objectives must agree to 1e-7 and every optimum must pass
the certificate, else this ends with an error.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from benchmarks.solver_options import ONE_DAY, UNITS, prices
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.driver import collect, market_options
from picmodel.formulation.build import build_model
from picmodel.markets.registry import activate, with_interactions
from picmodel.solve.certificate import certify
from picmodel.solve.compile import Block, LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions, highs_options, passed, solve, use_basis
from picmodel.solve.scaling import Scaling

RESULTS = Path("benchmarks/results/reuse.csv")
SAME = 1e-7
AT_LOWER, BASIC = 0, 1  # HiGHS's codes
DUAL, PRIMAL = 1, 4  # simplex_strategy


def scenario_of(carbon_price: float):
    source = {
        "name": "reuse",
        "horizon": {"years": [2025, 2030, 2035]},
        "time": ONE_DAY,
        "markets": {
            "carbon": {"instrument": "price", "price_cny_per_t": carbon_price},
            "green_certificates": {"trade": "national"},
            "power": {"dispatch": "planned", "planned_share": {2025: 0.8, 2035: 0.4}},
        },
    }
    return collect(source)[0][0]


def lp_of(data: SystemData, carbon_price: float = 100.0) -> LinearProgram:
    active = with_interactions(activate(market_options(scenario_of(carbon_price))))
    return compile_model(build_model(data, active))


def dearer_coal(data: SystemData, factor: float) -> SystemData:
    fuel = {
        (r, g, y): x * (factor if data.group[g] == "coal" else 1) for (r, g, y), x in data.fuel_cost.items()
    }
    return replace(data, fuel_cost=fuel)


def more_demand(data: SystemData, factor: float) -> SystemData:
    return replace(data, demand={key: factor * gw for key, gw in data.demand.items()})


CHANGES: dict[str, Callable[[SystemData], LinearProgram]] = {
    "nothing": lp_of,
    "carbon price +5 %": lambda data: lp_of(data, 105.0),
    "carbon price x 2": lambda data: lp_of(data, 200.0),
    "coal price +1 %": lambda data: lp_of(dearer_coal(data, 1.01)),
    "coal price +20 %": lambda data: lp_of(dearer_coal(data, 1.2)),
    "demand +1 %": lambda data: lp_of(more_demand(data, 1.01)),
    "demand +5 %": lambda data: lp_of(more_demand(data, 1.05)),
}


def carried(before: LinearProgram, solution: Solution, after: LinearProgram) -> Solution:
    """The basis of one LP for another, by name and key; what is new stays out of it."""
    columns, rows = solution.basis
    return replace(
        solution,
        basis=(
            _codes(before.columns, columns, after.columns, after.shape[1], AT_LOWER),
            _codes(before.rows, rows, after.rows, after.shape[0], BASIC),
        ),
    )


def _codes(
    before: dict[str, Block], codes: np.ndarray, after: dict[str, Block], count: int, new: int
) -> np.ndarray:
    found = np.full(count, new, np.int8)
    for name, block in after.items():
        if name not in before:
            continue
        known = dict(zip(before[name].index, before[name].position))
        for key, i in zip(block.index, block.position):
            j = known.get(key, -1)
            if i >= 0 and j >= 0:
                found[i] = codes[j]
    return found


def warm(lp: LinearProgram, start: Solution, strategy: int) -> tuple[float, int, Solution]:
    """CPU seconds, pivots and the optimum of the simplex from a basis."""
    options = SolverOptions(method="simplex", threads=1, extra={"simplex_strategy": strategy})
    begun = time.process_time()
    scaling = Scaling(lp, UNITS)
    solver = passed(scaling.scaled(), highs_options(options))
    use_basis(solver, start)
    solver.run()
    found = solver.getSolution()
    x, reduced, dual, activity = scaling.back(
        *(np.asarray(a) for a in (found.col_value, found.col_dual, found.row_dual, found.row_value))
    )
    spent = time.process_time() - begun
    objective = float(lp.cost @ x + lp.offset)
    pivots = int(solver.getInfo().simplex_iteration_count)
    return spent, pivots, Solution(x, reduced, dual, activity, objective, "Optimal")


def cold(lp: LinearProgram, method: str = "hipo") -> tuple[float, int, Solution]:
    begun = time.process_time()
    found = solve(lp, SolverOptions(method=method, threads=1, time_limit_s=1e5), UNITS)
    return time.process_time() - begun, found.info["simplex_iterations"], found


def measured(change: str, lp: LinearProgram, data: SystemData, base: LinearProgram, start: Solution) -> list:
    """A line for each way to solve a changed LP."""
    begun = time.process_time()
    handed = carried(base, start, lp)
    carrying = time.process_time() - begun
    ways = {
        "cold, HiPO": lambda: cold(lp),
        "warm, dual simplex": lambda: warm(lp, handed, DUAL),
        "warm, primal simplex": lambda: warm(lp, handed, PRIMAL),
    }
    lines = []
    for way, work in ways.items():
        spent, pivots, found = work()
        worst = certify(lp, found).worst
        here = prices(data, lp, found)
        if not lines:
            first, reference, cold_s = found.objective, here, spent
        if abs(found.objective / first - 1) > SAME:
            raise RuntimeError(f"{change}, {way}: another objective")
        gap = np.abs(here - reference)
        print(f"{change}, {way}: {spent:.1f} s", flush=True)
        lines.append(
            {
                "change": change,
                "way": way,
                "cpu_s": spent,
                "ratio": spent / cold_s,
                "pivots": pivots,
                "certificate": worst,
                "largest_price_change": np.nanmax(gap),
                "share_of_prices_changed": np.mean(gap[~np.isnan(gap)] > 0.1),
                "carry_basis_s": carrying,
            }
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    data, _ = system_data(scenario_of(100.0))
    base = lp_of(data)
    _, _, start = cold(base)
    lines = [line for name, make in CHANGES.items() for line in measured(name, make(data), data, base, start)]
    table = pd.DataFrame(lines).assign(rows=base.shape[0], columns=base.shape[1], **machine())
    table.to_csv(given.out, index=False, float_format="%.4g")
    print(table.drop(columns=["machine", "versions"]).round(3).to_string(index=False))
    print(*table[["machine", "versions"]].iloc[0], sep="\n")


if __name__ == "__main__":
    main()
