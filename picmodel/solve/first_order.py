"""Large LPs by HiGHS's first-order method, whose point `crossover` turns into an optimal basis.

The method only multiplies by the matrix, so time grows with coefficients and not with what a factor of them
would hold: from 60 000 rows on a point and its basis take a third to two thirds of an interior point's time
(docs/performance.md).  Nothing is known of when it converges, so it has a budget, and the interior point
solves what it leaves open: an LP without a plan, too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import highspy
import numpy as np

from picmodel.errors import SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.crossover import at_a_basis
from picmodel.solve.highs import Solution, SolverOptions, logged, passed
from picmodel.solve.scaling import Scaling
from picmodel.solve.start import MOST_PIVOTS

#: rows from which it is chosen; below, both take seconds
LARGE = 40_000
#: relative, of the norm of the whole.  1e-4 leaves the simplex 3 to 20 times the pivots, 1e-6 takes longer
TOLERANCE = 1e-5
#: several times what it took where it converged
MOST_ITERATIONS = 200_000
_STATUS = highspy.HighsModelStatus
#: unknown: a row misses the tolerance once presolve is undone, which is still a point
_POINT = (_STATUS.kOptimal, _STATUS.kUnknown)


def is_chosen(lp: LinearProgram, options: SolverOptions) -> bool:
    """Whether options, or else the size of the LP, ask for it; it needs crossover."""
    large = options.method == "choose" and lp.shape[0] >= LARGE
    return options.crossover and (large or options.method == "hipdlp")


def solve(
    lp: LinearProgram, options: SolverOptions, units: Mapping[str, str] | None = None
) -> tuple[Solution | None, str]:
    """The optimum at a basis; None where the budget or the way to a basis ended without one, and why.

    Raises:
        SolverTrouble: HiGHS does not take an option.
    """
    scaling = Scaling(lp, units)
    scaled = scaling.scaled()
    begun = time.perf_counter()
    chosen = {
        "solver": "hipdlp",
        "kkt_tolerance": TOLERANCE,
        "pdlp_iteration_limit": MOST_ITERATIONS,
        "time_limit": options.time_limit_s,
        **({"threads": options.threads} if options.threads else {}),
        **options.extra,
    }
    solver = passed(scaled, chosen)
    with logged(solver, options.log):
        solver.run()
    status, point = solver.getModelStatus(), solver.getSolution()
    iterations = int(solver.getInfo().pdlp_iteration_count)
    if status not in _POINT or not point.value_valid or not point.dual_valid:
        return None, f"no point after {iterations} iterations: {solver.modelStatusToString(status)}"
    x, dual = np.asarray(point.col_value), np.asarray(point.row_dual)
    most = int(MOST_PIVOTS * lp.shape[0])
    try:
        x, dual, basis, (pushes, pivots) = at_a_basis(scaled, x, dual, options, most)
    except SolverTrouble:
        return None, f"no basis near the point of {iterations} iterations after {most} pivots"
    x, _, dual, _ = scaling.back(x, x, dual, dual)
    found = Solution(
        x=x,
        reduced_cost=lp.cost - lp.matrix.T @ dual,
        dual=dual,
        activity=lp.matrix @ x,
        objective=float(lp.cost @ x + lp.offset),
        status="Optimal",
        info={
            "seconds": time.perf_counter() - begun,
            "method": "hipdlp",
            "from_start": "",
            "first_order_iterations": iterations,
            "ipm_iterations": 0,
            "crossover_iterations": pushes,
            "simplex_iterations": pivots,
            "highs": solver.version(),
            "options": chosen,
        },
        basis=basis,
    )
    return found, ""
