r"""Left and right price of a row: what a unit more of its right side saves, and what a unit less costs.

At a degenerate optimum a row has many duals, and the solver returns one of them.  All of them are those that
are complementary to any one optimal point :math:`x^*`; the least and the largest are the derivatives of
the optimal objective to either side.  A derivative is itself an LP, over directions :math:`d` that keep
what holds with equality at :math:`x^*`:

.. math:: V'(b; \pm e_i) = \min\, c d \quad \text{s.t.}\quad (A d)_k \le \pm\delta_{ki}\ (k \text{ active}),
          \; d_j \ge 0\ (x_j \text{ at its lower side}), \dots

It is exact, with no step to choose, and the basis of the optimum is dual feasible for every row and side:
where the price is unique the dual simplex has nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import highspy
import numpy as np

from picmodel.errors import SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import DUAL_TOLERANCE, Solution, passed, use_basis
from picmodel.solve.scaling import OBJECTIVE_SCALE, Scaling

#: of a side, in the solver's units (GW, TWh, Mt): a value this near is on it
ACTIVE = 1e-6
_STATUS = highspy.HighsModelStatus


def one_sided_prices(
    lp: LinearProgram, solution: Solution, rows: Sequence[int], units: Mapping[str, str] | None = None
) -> np.ndarray:
    """Derivatives of the optimal objective by the right side of rows.

    Args:
        solution: an optimum of ``lp``; without a basis each row takes a solve of its own.
        rows: positions of rows of ``lp``.
        units: as for `highs.solve`.

    Returns:
        Shape (n_rows, 2): left and right derivative [MCNY per unit of the row], left <= dual <= right.
        Infinite where the right side cannot move that way.

    Raises:
        SolverTrouble: the solver does not finish.
    """
    scaling = Scaling(lp, units)
    directions = _directions(scaling.scaled(), solution.x / scaling.column, solution.activity * scaling.row)
    lower, upper = directions.row_lower, directions.row_upper
    solver = passed(directions, {"solver": "simplex", "dual_feasibility_tolerance": DUAL_TOLERANCE})
    use_basis(solver, solution)
    found = np.zeros((len(rows), 2))
    for n, i in enumerate(rows):
        if np.isinf(lower[i]) and np.isinf(upper[i]):
            continue  # the row is slack: its price is 0
        for side, step in enumerate((-1.0, 1.0)):
            solver.changeRowBounds(int(i), lower[i] + step, upper[i] + step)
            found[n, side] = step * _value(solver, solution)
        solver.changeRowBounds(int(i), lower[i], upper[i])
        found[n] *= scaling.row[i] / OBJECTIVE_SCALE
    return found


def _directions(lp: LinearProgram, x: np.ndarray, activity: np.ndarray) -> LinearProgram:
    """The LP of directions at a point: 0 where a side is met, unlimited where there is room."""
    row_lower, row_upper = _room(activity, lp.row_lower, lp.row_upper)
    lower, upper = _room(x, lp.lower, lp.upper)
    return replace(lp, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper, offset=0.0)


def _room(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    at_low = np.isfinite(low) & (value - low <= ACTIVE * (1 + np.abs(low)))
    at_high = np.isfinite(high) & (high - value <= ACTIVE * (1 + np.abs(high)))
    return np.where(at_low, 0.0, -np.inf), np.where(at_high, 0.0, np.inf)


def _value(solver: highspy.Highs, solution: Solution) -> float:
    """Optimal value of a direction; infinite where there is none."""
    solver.run()
    status = solver.getModelStatus()
    if status == _STATUS.kOptimal:
        return float(solver.getInfo().objective_function_value)
    use_basis(solver, solution)
    if status == _STATUS.kInfeasible:
        return np.inf
    raise SolverTrouble(
        f"solver.price_ranges: HiGHS stopped with status {solver.modelStatusToString(status)!r}; leave the "
        "option off"
    )
