"""The same system in picmodel, PyPSA, oemof and plain Pyomo, each in its own process: CPU seconds and memory.

`benchmarks.against_peers` starts this file; by hand:

    python -m benchmarks.programs PROGRAM CASE.pickle TIME_LIMIT_S

It prints one line of JSON.  A program imports what it needs and nothing else; what the process holds then is
taken off its peak.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import peak_mb, resident_mb

HIPO = {"solver": "hipo", "run_crossover": "on"}


@dataclass
class Timed:
    """CPU seconds by phase, and peaks of memory above that of the bare imports [MB]."""

    bare_mb: float = field(default_factory=resident_mb)
    found: dict[str, Any] = field(default_factory=dict)

    def phase(self, name: str, work: Callable) -> Any:
        start = time.process_time()
        result = work()
        self.found[f"{name}_s"] = time.process_time() - start
        return result

    def solved(self, solver, options: dict, limit: float, scale: float = 1.0) -> None:
        """Solve what was handed over, on one thread."""
        self.found |= {"rows": solver.getNumRow(), "columns": solver.getNumCol()}
        self.found |= {"nonzeros": solver.getNumNz(), "model_mb": peak_mb() - self.bare_mb}
        for name, value in {"output_flag": False, "threads": 1, "time_limit": limit, **options}.items():
            solver.setOptionValue(name, value)
        self.phase("solve", solver.run)
        info = solver.getInfo()
        self.found |= {
            "status": solver.modelStatusToString(solver.getModelStatus()),
            "objective_mcny": info.objective_function_value / scale,
            "peak_mb": peak_mb() - self.bare_mb,
            "options": json.dumps(options),
        }


def picmodel(case: dict, limit: float) -> dict:
    """As `picmodel run` does it: templates, arrays, scaling, the method that the size of the LP asks for.

    The solve hands over once more, which is the hand-over twice in its time.
    """
    import numpy as np

    from picmodel.formulation.build import build_model
    from picmodel.glossary import ENTRIES
    from picmodel.markets.registry import entries, with_interactions
    from picmodel.solve.compile import compile_model
    from picmodel.solve.highs import SolverOptions, passed
    from picmodel.solve.scaling import Scaling
    from picmodel.solve.solver import solve
    from tests.tiny import active_of

    timed = Timed()
    data = case["data"]
    units = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}
    active = with_interactions(active_of(case["markets"]))
    model = [timed.phase("build", lambda: build_model(data, active))]
    lp = timed.phase("arrays", lambda: compile_model(model[0]))
    model.pop().clear()  # as a run does, before the solve: it refers to itself
    timed.phase("hand_over", lambda: passed(Scaling(lp, units).scaled(), {}))
    model_mb = peak_mb() - timed.bare_mb
    options = SolverOptions(threads=1, time_limit_s=limit)
    found = timed.phase("solve", lambda: solve(lp, options, units))
    return {
        **timed.found,
        "rows": lp.shape[0],
        "columns": lp.shape[1],
        "nonzeros": lp.matrix.nnz,
        "model_mb": model_mb,
        "status": found.status,
        "objective_mcny": found.objective,
        "peak_mb": peak_mb() - timed.bare_mb,
        "options": json.dumps({"method": found.info["method"], **found.info["options"]}),
        "limit_binds_in_years": int((np.abs(found.dual[lp.rows["c_emission_peak"].position]) > 1e-6).sum()),
    }


def pypsa(case: dict, limit: float, options: dict | None = None) -> dict:
    """PyPSA and linopy; potentials as one row family, which is faster than PyPSA's own way."""
    from tests.crosscheck.pypsa_markets import emission_limit
    from tests.crosscheck.pypsa_system import add_rules, network_of, quiet

    timed = Timed()
    data = case["data"]
    with quiet():
        n = timed.phase("build", lambda: network_of(data, native_limits=False))

        def create() -> None:
            n.optimize.create_model(multi_investment_periods=True, include_objective_constant=False)
            add_rules(n, n.snapshots, data)
            emission_limit(case["most_emissions"])(n, data)

        timed.phase("arrays", create)
        solver = timed.phase("hand_over", lambda: n.model.to_highspy(set_names=False))
    timed.solved(solver, options or {}, limit)
    return timed.found


def oemof(case: dict, limit: float, options: dict | None = None) -> dict:
    """oemof.solph, handed over as its ``Model.solve(solver="highs")`` does it."""
    from pyomo.contrib.appsi.solvers import Highs

    from tests.crosscheck.oemof_system import model_of

    Highs().available()  # as in `pyomo`
    timed = Timed()
    model = timed.phase("build", lambda: model_of(case["data"], case["most_emissions"]))
    timed.found["arrays_s"] = 0.0
    solver = Highs()
    timed.phase("hand_over", lambda: solver.set_instance(model))
    timed.solved(solver._solver_model, options or {}, limit)
    return timed.found


def pyomo(case: dict, limit: float) -> dict:
    """Rules called index by index, handed over by Pyomo's persistent interface to HiGHS."""
    from pyomo.contrib.appsi.solvers import Highs

    from tests.crosscheck.pyomo_system import model_of

    Highs().available()  # else the solver's library counts as memory of the model
    timed = Timed()
    model = timed.phase("build", lambda: model_of(case["data"], case["most_emissions"]))
    timed.found["arrays_s"] = 0.0
    solver = Highs()
    timed.phase("hand_over", lambda: solver.set_instance(model))
    timed.solved(solver._solver_model, HIPO, limit)
    return timed.found


PROGRAMS: dict[str, Callable[[dict, float], dict]] = {
    "picmodel": picmodel,
    "PyPSA, defaults": pypsa,
    "PyPSA, HiPO": lambda case, limit: pypsa(case, limit, HIPO),
    "oemof.solph, defaults": oemof,
    "oemof.solph, HiPO": lambda case, limit: oemof(case, limit, HIPO),
    "plain Pyomo, HiPO": pyomo,
}


def main() -> None:
    program, case, limit = sys.argv[1:]
    found = PROGRAMS[program](pickle.loads(Path(case).read_bytes()), float(limit))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
