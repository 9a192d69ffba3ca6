"""From a point near the optimum to an optimal basis, which first-order solvers do not end at.

The point is rounded until values and prices complement each other, HiGHS's crossover pushes it to a basis,
and its simplex mends what rounding left: hardly anything where the point was within `TOLERANCE`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import scipy.sparse as sp

from picmodel.errors import SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import DUAL_TOLERANCE, UNDISTURBED, SolverOptions, basis_of, logged, passed
from picmodel.solve.start import set_basis

#: that points are asked for: relative, of rows, reduced costs and gap in the norm of the whole.  At 1e-8 the
#: simplex has less to do, and the first-order method more: together as long (docs/performance.md)
TOLERANCE = 1e-6
_CODE = highspy.HighsBasisStatus
_LOWER, _BASIC, _UPPER = int(_CODE.kLower), int(_CODE.kBasic), int(_CODE.kUpper)
Codes = tuple[np.ndarray, np.ndarray]


def at_a_basis(
    lp: LinearProgram, x: np.ndarray, dual: np.ndarray, options: SolverOptions, most_pivots: int | None = None
) -> tuple[np.ndarray, np.ndarray, Codes | None, tuple[int, int]]:
    """The optimum that a point is near.

    Args:
        x, dual: values by column and duals by row, of any accuracy.
        options: of the solve.
        most_pivots: of the simplex, after which it gives up; None: as many as it takes.

    Returns:
        Values, duals, codes of the basis, and how many pushes of crossover and pivots of the simplex it took.

    Raises:
        SolverTrouble: the simplex ends without an optimum.
    """
    begun = time.perf_counter()
    chosen = {"solver": "simplex", "time_limit": options.time_limit_s, "threads": options.threads}
    codes, pushes = pushed(lp, x, dual, chosen, options.log)
    last = {
        "dual_feasibility_tolerance": DUAL_TOLERANCE,
        "time_limit": options.since(begun).time_limit_s,
    }
    if most_pivots is not None:
        last["simplex_iteration_limit"] = most_pivots
    solver = passed(lp, {**chosen, **last, **(UNDISTURBED if pushes else {})})
    set_basis(solver, codes)
    with logged(solver, options.log):
        solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverTrouble(
            f"HiGHS found no basis near the point of {options.name}: {solver.modelStatusToString(status)!r}; "
            "raise `solver.time_limit_s`, or ask for a smaller tolerance in `solver.options`"
        )
    found = solver.getSolution()
    values, duals = np.asarray(found.col_value), np.asarray(found.row_dual)
    return values, duals, basis_of(solver), (pushes, int(solver.getInfo().simplex_iteration_count))


def pushed(
    lp: LinearProgram, x: np.ndarray, dual: np.ndarray, options: dict, log: Path | None = None
) -> tuple[Codes, int]:
    """A basis near a point, and how many pushes crossover took to it; where it fails, `guessed` and none."""
    column, reduced = complementary(x, lp.lower, lp.upper, lp.cost - lp.matrix.T @ dual)
    row, price = complementary(lp.matrix @ x, lp.row_lower, lp.row_upper, dual)
    whole = with_activities(lp)
    solver = passed(whole, {**options, "presolve": "off", "simplex_iteration_limit": 0})
    solver.run()  # HiGHS 1.15 ends the process where crossover comes before any run
    point = highspy.HighsSolution()
    point.value_valid = point.dual_valid = True
    point.col_value, point.row_value = np.concatenate([column, row]), np.zeros(lp.shape[0])
    point.col_dual, point.row_dual = np.concatenate([reduced, price]), price
    with logged(solver, log):
        solver.crossover(point)
    basis = basis_of(solver)
    if basis is None:
        return guessed(lp, x, dual), 0
    columns, activities = basis[0][: len(x)], basis[0][len(x) :]
    # an equation that is basic, at nothing, may give way to its activity: their columns differ in sign
    rows = np.where(basis[1] == _BASIC, _BASIC, activities).astype(np.int8)
    return (columns, rows), max(1, int(solver.getInfo().crossover_iteration_count))


def complementary(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, price: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest values between the sides and prices of which one is at a side, or the other nothing."""
    value = np.clip(value, low, high)
    at_low = (price > 0) & (value - low < price)
    at_high = (price < 0) & (high - value < -price)
    value = np.where(at_low | (low == high), low, np.where(at_high, high, value))
    return value, np.where(at_low | at_high | (low == high), price, 0.0)


def with_activities(lp: LinearProgram) -> LinearProgram:
    """The LP with a column for the activity of each row, which has the row's sides: A x - activity = 0.

    HiGHS takes prices only with a point that complements them exactly, and works out the activity of a row
    from ``x``, which then misses the side by a rounding error.
    """
    rows = lp.shape[0]
    nothing = np.zeros(rows)
    return replace(
        lp,
        matrix=sp.csc_array(sp.hstack([lp.matrix, -sp.eye_array(rows)])),
        cost=np.concatenate([lp.cost, nothing]),
        lower=np.concatenate([lp.lower, lp.row_lower]),
        upper=np.concatenate([lp.upper, lp.row_upper]),
        row_lower=nothing,
        row_upper=nothing,
    )


def guessed(lp: LinearProgram, x: np.ndarray, dual: np.ndarray) -> Codes:
    """HiGHS's codes of columns and rows, by complementarity; HiGHS mends what is too few or too many."""
    reduced = lp.cost - lp.matrix.T @ dual
    return _codes(x, lp.lower, lp.upper, reduced), _codes(lp.matrix @ x, lp.row_lower, lp.row_upper, dual)


def _codes(value: np.ndarray, low: np.ndarray, high: np.ndarray, price: np.ndarray) -> np.ndarray:
    below, above = value - low, high - value
    basic = np.minimum(below, above) > np.abs(price)  # what has no side always is
    return np.where(basic, _BASIC, np.where(below <= above, _LOWER, _UPPER)).astype(np.int8)
