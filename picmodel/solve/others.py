"""Solvers other than HiGHS: Gurobi, COPT, CPLEX, Xpress, MOSEK, cuOpt, cuPDLPx, CBC, GLPK.

Each gets the scaled LP of `scaling` and gives back values and duals; everything else is recomputed from the
arrays.  What comes back must pass the certificate like any other optimum, so a solver whose duals have
another sign, or that stops too early, is found out in every run.

None is a dependency.  Most have licences of their own; some are on PyPI in a version for small models.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from pyomo.common.tee import capture_output

from picmodel.errors import SolverTrouble
from picmodel.solve.answer import Answer, NotThere, values
from picmodel.solve.compile import LinearProgram
from picmodel.solve.copt import ask_copt
from picmodel.solve.crossover import at_a_basis
from picmodel.solve.cuopt import ask_cuopt
from picmodel.solve.cupdlpx import ask_cupdlpx
from picmodel.solve.highs import Solution, SolverOptions
from picmodel.solve.scaling import Scaling
from picmodel.solve.through_pyomo import ThroughPyomo

#: how free versions say that an LP is larger than they take
_TOO_LARGE = re.compile(r"licen[sc]e|community edition|too many rows and columns", re.IGNORECASE)


@dataclass(frozen=True)
class Other:
    """How a solver is asked for the optimum of an LP.

    Attributes:
        needs: what must be there.
        has_basis: it ends at one; else `crossover` finds it.
    """

    ask: Callable[[LinearProgram, SolverOptions], Answer]
    needs: str
    has_basis: bool = True


OTHERS: dict[str, Other] = {
    "gurobi": Other(
        ThroughPyomo("gurobi_direct", "Threads", "TimeLimit"), "`pip install gurobipy` and a licence"
    ),
    "copt": Other(ask_copt, "`pip install coptpy` and a licence"),
    "cplex": Other(ThroughPyomo("cplex_direct", "threads", "timelimit"), "`pip install cplex` and a licence"),
    "xpress": Other(
        ThroughPyomo("xpress_direct", "threads", "timelimit"), "`pip install xpress` and a licence"
    ),
    "mosek": Other(
        ThroughPyomo("mosek_direct", "MSK_IPAR_NUM_THREADS", "MSK_DPAR_OPTIMIZER_MAX_TIME"),
        "`pip install Mosek` and a licence",
    ),
    "cuopt": Other(
        ask_cuopt,
        "`pip install cuopt-cu13` (CUDA 12: `cuopt-cu12`) and an NVIDIA GPU",
        has_basis=False,
    ),
    "cupdlpx": Other(ask_cupdlpx, "`pip install picmodel[gpu]` and an NVIDIA GPU", has_basis=False),
    "cbc": Other(ThroughPyomo("cbc", "threads"), "the program cbc (Debian: coinor-cbc)"),
    "glpk": Other(ThroughPyomo("glpk", whole_seconds=True), "the program glpsol (Debian: glpk-utils)"),
    "appsi_highs": Other(ThroughPyomo("appsi_highs", "threads"), "highspy"),
}


def solve_by_other(
    lp: LinearProgram, options: SolverOptions, units: Mapping[str, str] | None = None
) -> Solution:
    """Solve the LP by the solver that ``options`` name.

    Raises:
        Infeasible: there is no plan, or the LP is unbounded.
        SolverTrouble: the solver is not installed, refuses the LP or an option, or ends without an optimum.
    """
    scaling = Scaling(lp, units)
    start = time.perf_counter()
    scaled = scaling.scaled()
    with _written(options.log, options.name):
        answer = _asked(scaled, options)
    x, dual = values(options.name, answer)
    asked = time.perf_counter() - start
    basis, (pushes, pivots) = None, (0, 0)
    if options.crossover and not OTHERS[options.name].has_basis:
        x, dual, basis, (pushes, pivots) = at_a_basis(scaled, x, dual, options.since(start))
    seconds = time.perf_counter() - start
    x, _, dual, _ = scaling.back(x, x, dual, dual)
    return Solution(
        x=x,
        reduced_cost=lp.cost - lp.matrix.T @ dual,
        dual=dual,
        activity=lp.matrix @ x,
        objective=float(lp.cost @ x + lp.offset),
        status="Optimal",
        info={
            "seconds": seconds,
            "seconds_of_solver": asked,
            "method": options.name,
            "options": {**options.extra},
            "ipm_iterations": 0,
            "crossover_iterations": pushes,
            "simplex_iterations": pivots,
        },
        basis=basis,
    )


def _asked(lp: LinearProgram, options: SolverOptions) -> Answer:
    """The solver's answer; whatever it raises is said with its name and a remedy."""
    name = options.name
    try:
        return OTHERS[name].ask(lp, options)
    except NotThere:
        raise SolverTrouble(
            f"solver.name: {name} is not installed here, or has no licence; it needs {OTHERS[name].needs}; "
            "or delete the line: HiGHS comes with picmodel"
        ) from None
    except Exception as error:  # every interface has errors of its own
        if _TOO_LARGE.search(str(error)):
            rows, columns = lp.shape
            raise SolverTrouble(
                f"solver.name: {name} refuses {rows} rows and {columns} columns by its licence here "
                f"({error}); get a larger one, take fewer periods or years, or delete the line: HiGHS comes "
                "with picmodel"
            ) from error
        raise SolverTrouble(
            f"solver.name: {name} stopped: {error}; `solver.options` are handed to it as they are"
        ) from error


@contextmanager
def _written(log: Path | None, name: str) -> Iterator[None]:
    """What the solver prints is added to a log instead; None: to none."""
    said = StringIO()
    try:
        with capture_output(said, capture_fd=True):
            yield
    finally:
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{name}, called by picmodel\n{said.getvalue()}")
