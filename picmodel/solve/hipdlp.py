"""HiGHS's first-order method on the CPU, from whose point `crossover` goes on."""

from __future__ import annotations

import highspy
import numpy as np

from picmodel.solve.answer import Answer, Ending
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import SolverOptions, passed

_STATUS = highspy.HighsModelStatus
_ENDINGS = {
    _STATUS.kOptimal: Ending.OPTIMAL,
    _STATUS.kUnknown: Ending.OPTIMAL,  # a row misses the tolerance once presolve is undone: still a point
    _STATUS.kInfeasible: Ending.NO_PLAN,
    _STATUS.kUnbounded: Ending.WITHOUT_BOUND,
    _STATUS.kUnboundedOrInfeasible: Ending.EITHER,
    _STATUS.kTimeLimit: Ending.LIMIT,
    _STATUS.kIterationLimit: Ending.LIMIT,
}
#: relative, of the norm of the whole.  1e-4 left the simplex 20 times the pivots of 1e-5 at 129 000 rows
TOLERANCE = 1e-5


def ask_hipdlp(lp: LinearProgram, options: SolverOptions) -> Answer:
    """Find a point near the optimum.

    Raises:
        SolverTrouble: HiGHS does not know an option.
    """
    chosen = {
        "output_flag": True,  # goes to the log of the run
        "solver": "hipdlp",
        "kkt_tolerance": TOLERANCE,
        "time_limit": options.time_limit_s,
        "threads": options.threads,
    }
    solver = passed(lp, {**chosen, **options.extra})
    solver.run()
    status = solver.getModelStatus()
    ending, said = _ENDINGS.get(status, Ending.OTHER), solver.modelStatusToString(status)
    if ending is not Ending.OPTIMAL:
        return Answer(ending, said)
    found = solver.getSolution()
    return Answer(ending, said, np.asarray(found.col_value), np.asarray(found.row_dual))
