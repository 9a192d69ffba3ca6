"""The real LP of a scenario under other options of HiGHS: CPU seconds, objective, and how far prices move.

    python -m benchmarks.solver_options [scenario.yaml] [--only hipo simplex] [--limit 900] [--out FILE.csv]

The first scenario of the file is compiled once, with one day of 4-hour steps unless ``--as-it-is`` (all 31
provinces and the planning years stay).  Every variant solves the same arrays, one after the other, in one
process.  ``certificate`` is the worst residual outside the solver; above 1e-6 a run would be refused.  Prices
are those of energy; they may differ without being wrong where a price is not unique, so the median stands
beside the largest.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.driver import collect, market_options
from picmodel.errors import PicmodelError
from picmodel.extract.results import Results
from picmodel.formulation.build import build_model
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import activate, entries, with_interactions
from picmodel.scenario.schema import Scenario
from picmodel.solve.certificate import examine
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import SolverOptions
from picmodel.solve.solver import solve
from picmodel.solve.start import DUAL

RESULTS = Path("benchmarks/results/solver_options.csv")
ONE_DAY = {"periods": 1, "extremes": 0, "step_h": 4}
UNITS = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}
CNY_PER_MWH = 1e3


@dataclass(frozen=True)
class Variant:
    """Options of a solve, by HiPO unless they say otherwise; ``scaled`` as `solve.scaling` does, else in the
    units of the model."""

    options: dict = field(default_factory=dict)
    extra: dict = field(default_factory=dict)
    scaled: bool = True


#: HiGHS's own tolerances, at which an interior point hands over to crossover
LATE = {"ipm_optimality_tolerance": 1e-8, "start_crossover_tolerance": 1e-8}
#: the first is what the others are compared with: what `picmodel run` does with small LPs, on one thread
VARIANTS = {
    "hipo": Variant(),
    "hipo, handed over late": Variant(extra=LATE),
    "hipo, ended by the dual simplex": Variant(extra={"simplex_strategy": DUAL}),
    "hipo, ordering amd": Variant(extra={"hipo_ordering": "amd"}),
    "hipo, two threads": Variant({"threads": 2}),
    "hipo, augmented system": Variant(extra={"hipo_system": "augmented"}),
    "hipo, normal equations": Variant(extra={"hipo_system": "normaleq"}),
    "hipo, no crossover": Variant({"crossover": False}),
    "hipo, no presolve": Variant(extra={"presolve": "off"}),
    "hipo, units not scaled": Variant(scaled=False),
    "hipo, dual tolerance 1e-7": Variant(extra={"dual_feasibility_tolerance": 1e-7}),
    "hipdlp": Variant({"method": "hipdlp"}),
    "ipx": Variant({"method": "ipx"}),
    "simplex": Variant({"method": "simplex"}),
    "simplex, primal": Variant({"method": "simplex"}, {"simplex_strategy": 4}),
    "simplex, no presolve": Variant({"method": "simplex"}, {"presolve": "off"}),
    "pdlp": Variant({"method": "pdlp", "crossover": False}),
}


def system_of(scenario: Scenario) -> tuple[SystemData, LinearProgram]:
    """The scenario's system and its LP."""
    data, _ = system_data(scenario)
    return data, compile_model(build_model(data, with_interactions(activate(market_options(scenario)))))


def one_day(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"time": scenario.time.model_copy(update=ONE_DAY)})


def prices(data: SystemData, lp: LinearProgram, solution) -> np.ndarray:
    """Energy prices of every province, year and slice [CNY/MWh]."""
    return CNY_PER_MWH * Results(data, lp, solution, entries()).price("c_balance").to_numpy()


def measured(data: SystemData, lp: LinearProgram, variant: Variant, limit: float):
    """CPU seconds and what was found; the solution, or None where there is none."""
    chosen = {"method": "hipo", "threads": 1, "time_limit_s": limit, **variant.options}
    options = SolverOptions(**chosen, extra=variant.extra)
    start = time.process_time()
    try:
        found = solve(lp, options, UNITS if variant.scaled else {"": ""})
    except PicmodelError as error:
        return {"cpu_s": time.process_time() - start, "status": str(error)}, None
    info = found.info
    return {
        "cpu_s": time.process_time() - start,
        "iterations": info["ipm_iterations"] or info["simplex_iterations"],
        "crossover_iterations": info["crossover_iterations"],
        "pivots_at_the_end": info["simplex_iterations"] if info["ipm_iterations"] else 0,
        "objective_mcny": found.objective,
        "certificate": examine(lp, found.x, found.dual).worst,
        "status": found.status,
    }, found


def compared(data: SystemData, lp: LinearProgram, names: list[str], limit: float) -> pd.DataFrame:
    """A line for each variant, beside the first."""
    lines, base = [], None
    for name in names:
        line, found = measured(data, lp, VARIANTS[name], limit)
        print(f"{name}: {line['cpu_s']:.1f} s, {line['status']}", flush=True)
        if found is not None:
            here = prices(data, lp, found)
            base = here if base is None else base
            gap = np.abs(here - base)
            line |= {"largest_price_change": np.nanmax(gap), "median_price_change": np.nanmedian(gap)}
        lines.append({"variant": name, **line})
    table = pd.DataFrame(lines)
    table.insert(2, "ratio", table["cpu_s"] / table["cpu_s"].iloc[0])
    table["objective_difference"] = table["objective_mcny"] / table["objective_mcny"].iloc[0] - 1
    return table.assign(rows=lp.shape[0], columns=lp.shape[1], nonzeros=lp.matrix.nnz, **machine())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", type=Path, default=Path("scenarios/quickstart.yaml"))
    parser.add_argument(
        "--only", nargs="+", default=list(VARIANTS), choices=list(VARIANTS), metavar="VARIANT"
    )
    parser.add_argument("--as-it-is", action="store_true", help="all days and hours of the scenario")
    parser.add_argument("--limit", type=float, default=900.0, help="longest solve by the clock [s]")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    scenario = collect(given.scenario)[0][0]
    data, lp = system_of(scenario if given.as_it_is else one_day(scenario))
    table = compared(data, lp, given.only, given.limit).assign(scenario=scenario.name)
    table.to_csv(given.out, index=False, float_format="%.4g")
    print(table.drop(columns=["machine", "versions"]).to_string(index=False))
    print(*table[["machine", "versions"]].iloc[0], sep="\n")


if __name__ == "__main__":
    main()
