"""What a finished solve is worth to the next one: from its basis, beside a solve from nothing.  One run.

    python -m benchmarks.reuse [--time 1 0 4] [--append] [--out benchmarks/results/reuse.csv]

31 provinces, three years, a carbon price, national certificates, planned dispatch; ``--time`` is typical
days, worst days and hours of a step.  Only numbers change: rows and columns stay.  ``from start`` is what

``solver.start_from`` does (`picmodel.solve.start`), ``cold`` what `picmodel run` does without it: HiPO with
crossover.  One thread, CPU seconds, from the arrays to the basis; building the LP beside them.  Objectives
must agree to 1e-7 and every optimum must pass the certificate, else this ends with an error.
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
from benchmarks.solver_options import UNITS, prices
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.driver import collect, market_options
from picmodel.formulation.build import build_model
from picmodel.markets.registry import activate, with_interactions
from picmodel.solve.certificate import certify
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions
from picmodel.solve.solver import solve
from picmodel.solve.start import Basis

RESULTS = Path("benchmarks/results/reuse.csv")
SAME = 1e-7


def scenario_of(carbon_price: float, periods: int, extremes: int, step_h: int):
    source = {
        "name": "reuse",
        "horizon": {"years": [2025, 2030, 2035]},
        "time": {"periods": periods, "extremes": extremes, "step_h": step_h},
        "markets": {
            "carbon": {"instrument": "price", "price_cny_per_t": carbon_price},
            "green_certificates": {"trade": "national"},
            "power": {"dispatch": "planned", "planned_share": {2025: 0.8, 2035: 0.4}},
        },
    }
    return collect(source)[0][0]


def lp_of(data: SystemData, carbon_price: float = 100.0) -> LinearProgram:
    active = with_interactions(activate(market_options(scenario_of(carbon_price, 1, 0, 4))))
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


def solved(lp: LinearProgram, start: Basis | None = None) -> tuple[float, Solution]:
    """CPU seconds and the optimum."""
    begun = time.process_time()
    found = solve(lp, SolverOptions(threads=1, time_limit_s=1e5), UNITS, start)
    return time.process_time() - begun, found


def measured(change: str, data: SystemData, start: Basis) -> dict:
    """A changed LP from nothing and from the basis."""
    begun = time.process_time()
    lp = CHANGES[change](data)
    build = time.process_time() - begun
    (cold_s, cold), (start_s, found) = solved(lp), solved(lp, start)
    if abs(found.objective / cold.objective - 1) > SAME:
        raise RuntimeError(f"{change}: another objective")
    gap = np.abs(prices(data, lp, found) - prices(data, lp, cold))
    line = {
        "rows": lp.shape[0],
        "change": change,
        "simplex": found.info["from_start"],
        "pivots": found.info["simplex_iterations"],
        "build_s": build,
        "cold_s": cold_s,
        "from_start_s": start_s,
        "solve_ratio": start_s / cold_s,
        "build_and_solve_ratio": (build + start_s) / (build + cold_s),
        "certificate": max(certify(lp, found).worst, certify(lp, cold).worst),
        "share_of_prices_changed": np.mean(gap[~np.isnan(gap)] > 0.1),
    }
    print({key: round(x, 3) if isinstance(x, float) else x for key, x in line.items()}, flush=True)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", type=int, nargs=3, default=(1, 0, 4), metavar=("DAYS", "WORST", "STEP_H"))
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    parser.add_argument("--append", action="store_true", help="keep the lines that are there")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    data, _ = system_data(scenario_of(100.0, *given.time))
    base = lp_of(data)
    _, first = solved(base)
    start = Basis.of(base, first.basis)
    slices = (given.time[0] + given.time[1]) * 24 // given.time[2]
    lines = [{"slices": slices, **measured(change, data, start), **machine()} for change in given.only]
    before = [pd.read_csv(given.out)] if given.append else []
    pd.concat([*before, pd.DataFrame(lines)]).to_csv(given.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
