"""cuOpt's first-order method on the GPU by its Python package, arrays in, arrays out.

`crossover` goes on from its point.  cuOpt has a crossover of its own, and an interior point; what they end at
missed the certificate by far where they were tried (docs/performance.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from picmodel.solve.answer import Answer, Ending, NotThere
from picmodel.solve.compile import LinearProgram
from picmodel.solve.crossover import TOLERANCE
from picmodel.solve.gpu import gpu_is_there
from picmodel.solve.highs import SolverOptions

#: cuOpt's names of endings (LPTerminationStatus); DualInfeasible is unbounded where there is a plan
_ENDINGS = {
    "Optimal": Ending.OPTIMAL,
    "PrimalInfeasible": Ending.NO_PLAN,
    "DualInfeasible": Ending.EITHER,
    "UnboundedOrInfeasible": Ending.EITHER,
    "TimeLimit": Ending.LIMIT,
    "IterationLimit": Ending.LIMIT,
}
#: cuOpt's number of the first-order method
FIRST_ORDER = 1


def ask_cuopt(lp: LinearProgram, options: SolverOptions) -> Answer:
    """Solve the LP.

    Raises:
        NotThere: cuopt is not installed, or there is no NVIDIA GPU.
        Exception: cuOpt does not take an option.
    """
    if not gpu_is_there():
        raise NotThere
    try:
        from cuopt import linear_programming
    except (ImportError, OSError):  # OSError: a library of CUDA is missing
        raise NotThere from None
    settings = linear_programming.SolverSettings()
    for name, word in words(options).items():
        settings.set_parameter(name, word)
    low, high = sides(lp)
    model = filled(linear_programming.DataModel(), lp, low, high)
    found = linear_programming.Solve(model, settings)
    said = str(found.get_termination_reason())
    ending = _ENDINGS.get(said, Ending.OTHER)
    if ending is not Ending.OPTIMAL:
        return Answer(ending, said)
    given, dual = np.asarray(found.get_dual_solution()), np.zeros(lp.shape[0])
    dual[low] += given[: low.sum()]
    dual[high] += given[low.sum() :]
    return Answer(ending, said, np.asarray(found.get_primal_solution()), dual)


def sides(lp: LinearProgram) -> tuple[np.ndarray, np.ndarray]:
    """Rows that go over as equations or with their lower side, and those with their upper side."""
    return np.isfinite(lp.row_lower), np.isfinite(lp.row_upper) & (lp.row_lower != lp.row_upper)


def filled(model: Any, lp: LinearProgram, low: np.ndarray, high: np.ndarray) -> Any:
    """cuOpt's ``DataModel`` of the LP, each row with one side and a kind.

    It takes rows with two sides too, and then works out slacks from arrays that it was not given (26.10).
    """
    by_row = lp.matrix.tocsr()
    rows = sp.csr_array(sp.vstack([by_row[low], by_row[high]]))
    kinds = np.where((lp.row_lower == lp.row_upper)[low], "E", "G")
    model.set_csr_constraint_matrix(rows.data, rows.indices.astype(np.int32), rows.indptr.astype(np.int32))
    model.set_constraint_bounds(np.concatenate([lp.row_lower[low], lp.row_upper[high]]))
    model.set_row_types(np.concatenate([kinds, np.full(high.sum(), "L")]))
    model.set_variable_lower_bounds(lp.lower)
    model.set_variable_upper_bounds(lp.upper)
    model.set_variable_types(np.full(lp.shape[1], "C"))
    model.set_objective_coefficients(lp.cost)
    model.set_objective_offset(float(lp.offset))
    model.set_maximize(False)
    return model


def words(options: SolverOptions) -> dict[str, Any]:
    """Options as cuOpt names them, the user's last."""
    sizes, of = ("absolute", "relative"), ("primal", "dual", "gap")
    tolerances = dict.fromkeys((f"{size}_{what}_tolerance" for size in sizes for what in of), TOLERANCE)
    chosen = {
        "method": FIRST_ORDER,
        "crossover": False,
        "infeasibility_detection": True,
        "time_limit": options.time_limit_s,
        **tolerances,
    }
    if options.threads:
        chosen["num_cpu_threads"] = options.threads
    return {**chosen, **options.extra}
