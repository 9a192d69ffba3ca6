"""Larger LPs by HiGHS's first-order method, whose point `crossover` turns into an optimal basis.

The method only multiplies by the matrix, so time grows with coefficients and not with what a factor of them
would hold: a point and its basis take a third to two thirds of an interior point's time
(docs/performance.md).  Nothing is known of when it converges, or how far its point is from a basis, so both
have a budget, and the interior point solves what they leave open: an LP without a plan, too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import highspy
import numpy as np
import scipy.sparse as sp

from picmodel.errors import SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.crossover import Codes, at_a_basis
from picmodel.solve.highs import (
    DUAL_TOLERANCE,
    UNDISTURBED,
    Solution,
    SolverOptions,
    basis_of,
    logged,
    passed,
    require_optimal,
)
from picmodel.solve.scaling import Scaling
from picmodel.solve.start import FEW, MOST_PIVOTS, basis_from, set_basis

#: rows of LPs that it is chosen for.  Below, both take seconds; of larger ones only two were tried
CHOSEN_FOR = range(40_000, 600_001)
#: relative, of the norm of the whole.  Smaller takes more iterations, larger leaves the simplex more pivots
TOLERANCE = 1e-5
#: from this many rows on pivots are dear, and many: of `reference.yaml`, 516 517 rows, over 15 000 after 1e-5
#: and 1 800 after 3e-6 (docs/performance.md)
LARGE = 300_000
TOLERANCE_OF_LARGE = 3e-6
#: the most that was seen is 58 440, `reference.yaml` with a cap
MOST_ITERATIONS = 100_000
_STATUS = highspy.HighsModelStatus
#: unknown: single rows miss the tolerance, which is still a point
_POINT = (_STATUS.kOptimal, _STATUS.kUnknown)
_PRESOLVE = highspy.HighsPresolveStatus
_NO_PLAN = (_PRESOLVE.kInfeasible, _PRESOLVE.kUnboundedOrInfeasible)


def is_chosen(lp: LinearProgram, options: SolverOptions) -> bool:
    """Whether options, or else the size of the LP, ask for it; it needs crossover."""
    by_size = options.method == "choose" and lp.shape[0] in CHOSEN_FOR
    return options.crossover and (by_size or options.method == "hipdlp")


def tolerance(rows: int) -> float:
    """How near the optimum the point is asked to be."""
    return TOLERANCE if rows < LARGE else TOLERANCE_OF_LARGE


def solve(
    lp: LinearProgram, options: SolverOptions, units: Mapping[str, str] | None = None
) -> tuple[Solution | None, str]:
    """The optimum at a basis; None where the budget or the way to a basis ended without one, and why.

    Raises:
        SolverTrouble: HiGHS does not take an option, or the time is up.
    """
    scaling = Scaling(lp, units)
    begun = time.perf_counter()
    whole = passed(scaling.scaled(), _last(options, lp))
    small = presolved(whole)
    if whole.getModelPresolveStatus() in _NO_PLAN:
        return None, "presolve finds no plan, or no bound"
    solver = passed(small, _chosen(options.since(begun), lp))
    with logged(solver, options.log):
        solver.run()
    status, point = solver.getModelStatus(), solver.getSolution()
    iterations = int(solver.getInfo().pdlp_iteration_count)
    if status == _STATUS.kTimeLimit:
        require_optimal(solver, status)
    if status not in _POINT or not point.value_valid or not point.dual_valid:
        return None, f"no point after {iterations} iterations: {solver.modelStatusToString(status)}"
    x, dual = np.asarray(point.col_value), np.asarray(point.row_dual)
    most = int(MOST_PIVOTS * lp.shape[0])
    try:
        x, dual, codes, (pushes, pivots) = at_a_basis(small, x, dual, options.since(begun), most)
    except SolverTrouble:
        codes = None
    if codes is None:
        return None, f"no basis near the point of {iterations} iterations after {most} pivots"
    with logged(whole, options.log):
        pivots += _postsolved(whole, small, x, dual, codes)
    if whole.getModelStatus() != _STATUS.kOptimal:
        return None, f"no optimum after presolve was undone, {iterations} iterations and {most} pivots"
    found = whole.getSolution()
    x, reduced_cost, dual, activity = scaling.back(
        *map(np.asarray, (found.col_value, found.col_dual, found.row_dual, found.row_value))
    )
    return Solution(
        x=x,
        reduced_cost=reduced_cost,
        dual=dual,
        activity=activity,
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
            "options": _chosen(options, lp),
        },
        basis=basis_of(whole),
    ), ""


def _chosen(options: SolverOptions, lp: LinearProgram) -> dict:
    """Options of the first-order method, the user's last."""
    threads = {"threads": options.threads} if options.threads else {}
    return {
        "solver": "hipdlp",
        "presolve": "off",  # that came before
        "kkt_tolerance": tolerance(lp.shape[0]),
        "pdlp_iteration_limit": MOST_ITERATIONS,
        "time_limit": options.time_limit_s,
        **threads,
        **options.extra,
    }


def _last(options: SolverOptions, lp: LinearProgram) -> dict:
    """Options of presolve, and of the simplex that ends what undoing it leaves, mostly nothing."""
    given = {name: value for name, value in options.extra.items() if name.startswith("presolve")}
    return {
        "solver": "simplex",
        "time_limit": options.time_limit_s,
        "threads": options.threads,
        "dual_feasibility_tolerance": DUAL_TOLERANCE,
        "simplex_iteration_limit": int(MOST_PIVOTS * lp.shape[0]) + FEW,
        **UNDISTURBED,
        **given,
    }


def presolved(whole: highspy.Highs) -> LinearProgram:
    """What presolve leaves of an LP, without names; the LP itself where that is nothing or no less."""
    whole.presolve()
    less = whole.getModelPresolveStatus() == _PRESOLVE.kReduced
    model = whole.getPresolvedLp() if less else whole.getLp()
    matrix = model.a_matrix_
    by_column = matrix.format_ == highspy.MatrixFormat.kColwise
    parts = tuple(map(np.asarray, (matrix.value_, matrix.index_, matrix.start_)))
    array = (sp.csc_array if by_column else sp.csr_array)(parts, shape=(model.num_row_, model.num_col_))
    return LinearProgram(
        matrix=sp.csc_array(array),
        cost=np.asarray(model.col_cost_),
        offset=model.offset_,
        row_lower=np.asarray(model.row_lower_),
        row_upper=np.asarray(model.row_upper_),
        lower=np.asarray(model.col_lower_),
        upper=np.asarray(model.col_upper_),
        rows={},
        columns={},
        items={},
        rows_of={},
        discount={},
        capacities=(),
    )


def _postsolved(
    whole: highspy.Highs, small: LinearProgram, x: np.ndarray, dual: np.ndarray, codes: Codes
) -> int:
    """Undo presolve, at the basis of what it left, and end by the simplex what is then open; its pivots."""
    if whole.getModelPresolveStatus() == _PRESOLVE.kReduced:
        solution = highspy.HighsSolution()
        solution.value_valid = solution.dual_valid = True
        solution.col_value, solution.row_value = x, small.matrix @ x
        solution.col_dual, solution.row_dual = small.cost - small.matrix.T @ dual, dual
        whole.postsolve(solution, basis_from(codes))
    else:
        set_basis(whole, codes)
    if whole.getModelStatus() != _STATUS.kOptimal:
        whole.run()
    return max(0, int(whole.getInfo().simplex_iteration_count))
