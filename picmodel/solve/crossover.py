"""From a point near the optimum to an optimal basis, which first-order solvers do not end at.

Where the point is further from a side of a column or row than its price is from nothing, the column or row is
taken as basic; HiGHS mends what is too few or too many, and its dual simplex goes on from there.
"""

from __future__ import annotations

import highspy
import numpy as np

from picmodel.errors import SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import DUAL_TOLERANCE, SolverOptions, basis_of, passed
from picmodel.solve.start import set_basis

_CODE = highspy.HighsBasisStatus
_LOWER, _BASIC, _UPPER = int(_CODE.kLower), int(_CODE.kBasic), int(_CODE.kUpper)
Codes = tuple[np.ndarray, np.ndarray]


def at_a_basis(
    lp: LinearProgram, x: np.ndarray, dual: np.ndarray, options: SolverOptions
) -> tuple[np.ndarray, np.ndarray, Codes | None, int]:
    """The optimum that a point is near.

    Args:
        x, dual: values by column and duals by row, of any accuracy.
        options: of the solve; the time limit holds for the simplex once more.

    Returns:
        Values, duals, codes of the basis, and the pivots that it took.

    Raises:
        SolverTrouble: the simplex ends without an optimum.
    """
    chosen = {"solver": "simplex", "time_limit": options.time_limit_s, "threads": options.threads}
    solver = passed(lp, {**chosen, "dual_feasibility_tolerance": DUAL_TOLERANCE})
    set_basis(solver, guessed(lp, x, dual))
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverTrouble(
            f"HiGHS found no basis near the point of {options.name}: {solver.modelStatusToString(status)!r}; "
            "raise `solver.time_limit_s`, or ask for a smaller tolerance in `solver.options`"
        )
    found = solver.getSolution()
    values, duals = np.asarray(found.col_value), np.asarray(found.row_dual)
    return values, duals, basis_of(solver), int(solver.getInfo().simplex_iteration_count)


def guessed(lp: LinearProgram, x: np.ndarray, dual: np.ndarray) -> Codes:
    """HiGHS's codes of columns and rows, by complementarity."""
    reduced = lp.cost - lp.matrix.T @ dual
    return _codes(x, lp.lower, lp.upper, reduced), _codes(lp.matrix @ x, lp.row_lower, lp.row_upper, dual)


def _codes(value: np.ndarray, low: np.ndarray, high: np.ndarray, price: np.ndarray) -> np.ndarray:
    below, above = value - low, high - value
    basic = np.minimum(below, above) > np.abs(price)  # what has no side always is
    return np.where(basic, _BASIC, np.where(below <= above, _LOWER, _UPPER)).astype(np.int8)
