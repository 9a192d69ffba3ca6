r"""Ends of a quantity over all optimal plans: how far the optimum decides it.

With one optimal dual point :math:`(y^*, d^*)` of an LP, the optimal plans are those that are feasible and
complementary to it: where a row has a price it is met on the side that it prices, where a column has a reduced
cost it stays at its bound.

.. math:: F = \{x \text{ feasible}:\; (A x)_i = b_i \;\forall\, y^*_i \ne 0,\;
                x_j = \ell_j \text{ or } u_j \;\forall\, d^*_j \ne 0\}

That is the whole face, whichever dual point the solver returned, with no budget to choose; every plan on it
costs the same, which is checked.  A quantity :math:`q x` is unique if its least and largest value on F are
one.  A ratio :math:`n x / m x` takes steps (Dinkelbach): with the ratio r of a plan, the plan that is best by
:math:`n - r m` has a better one, until none has.

The optimal basis is feasible on F, so the primal simplex starts from it; where nothing but the basis is free it
has nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import highspy
import numpy as np

from picmodel.errors import SolverTrouble
from picmodel.solve.certificate import TOLERANCE
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution, passed, use_basis
from picmodel.solve.scaling import OBJECTIVE_SCALE, Scaling

#: of prices and reduced costs as the solver sees them: less is none
PRICED = 1e-9
#: of a ratio: steps that gain less are none
GAIN = 1e-9
MOST_STEPS = 20
_PRIMAL_SIMPLEX = 4


@dataclass(frozen=True)
class Quantity:
    """What is ranged: ``top`` x, or ``top`` x over ``bottom`` x, by column of the LP.

    Attributes:
        bottom: None where it is no ratio; else its value is above 0 in every plan.
    """

    top: np.ndarray
    bottom: np.ndarray | None = None

    def of(self, x: np.ndarray) -> float:
        return float(self.top @ x) / (1.0 if self.bottom is None else float(self.bottom @ x))


class Face:
    """The optimal plans of an LP.

    Attributes:
        worst_loss: largest difference of the objective between a plan found here and the optimum, over
            1 + |objective|.
    """

    def __init__(
        self, lp: LinearProgram, solution: Solution, units: Mapping[str, str] | None = None, threads: int = 0
    ) -> None:
        """Args:
        solution: an optimum of ``lp`` with its basis.
        units: as for `highs.solve`.
        """
        self._lp, self._solution = lp, solution
        self._scaling = Scaling(lp, units)
        options = {"solver": "simplex", "simplex_strategy": _PRIMAL_SIMPLEX}
        self._solver = passed(self._fixed(), options | ({"threads": threads} if threads else {}))
        use_basis(self._solver, solution)
        self._columns = np.arange(lp.shape[1], dtype=np.int32)
        self.worst_loss = 0.0

    def ends(self, quantity: Quantity) -> tuple[float, float]:
        """Least and largest value of a quantity, in its own unit.

        Raises:
            SolverTrouble: the solver does not finish, or leaves the face.
        """
        return self._end(quantity, -1.0), self._end(quantity, 1.0)

    def _end(self, quantity: Quantity, sign: float) -> float:
        best = quantity.of(self._solution.x)
        if quantity.bottom is None:
            return sign * max(sign * best, sign * quantity.of(self._best(sign * quantity.top)))
        for _ in range(MOST_STEPS):
            found = quantity.of(self._best(sign * (quantity.top - best * quantity.bottom)))
            if sign * (found - best) <= GAIN * abs(best):
                return best
            best = found
        raise SolverTrouble(f"{_OPTION}: a ratio is not settled after {MOST_STEPS} steps; {_REMEDY}")

    def _best(self, weight: np.ndarray) -> np.ndarray:
        """The optimal plan of which ``weight`` x is largest."""
        cost = -weight * self._scaling.column
        self._solver.changeColsCost(len(cost), self._columns, cost)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            text = self._solver.modelStatusToString(status)
            raise SolverTrouble(f"{_OPTION}: HiGHS stopped with status {text!r}; {_REMEDY}")
        x = np.asarray(self._solver.getSolution().col_value) * self._scaling.column
        self._require_as_cheap(x)
        return x

    def _require_as_cheap(self, x: np.ndarray) -> None:
        optimum = self._solution.objective
        loss = abs(float(self._lp.cost @ x + self._lp.offset) - optimum) / (1 + abs(optimum))
        self.worst_loss = max(self.worst_loss, loss)
        if not loss <= TOLERANCE:
            raise SolverTrouble(f"{_OPTION}: a plan costs {loss:.2e} more than the optimum; {_REMEDY}")

    def _fixed(self) -> LinearProgram:
        """The LP in the solver's units, everything that has a price held at the side that it prices."""
        lp, scaling, solution = self._scaling.scaled(), self._scaling, self._solution
        dual = solution.dual / scaling.row * OBJECTIVE_SCALE
        reduced = solution.reduced_cost * scaling.column * OBJECTIVE_SCALE
        row_lower, row_upper = _held(dual, lp.row_lower, lp.row_upper)
        lower, upper = _held(reduced, lp.lower, lp.upper)
        return replace(
            lp,
            cost=np.zeros_like(lp.cost),
            offset=0.0,
            lower=lower,
            upper=upper,
            row_lower=row_lower,
            row_upper=row_upper,
        )


def _held(price: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sides at the one that is priced, where that is finite."""
    at_low, at_high = (price > PRICED) & np.isfinite(low), (price < -PRICED) & np.isfinite(high)
    return np.where(at_high, high, low), np.where(at_low, low, high)


_OPTION = "solver.indicator_ranges"
_REMEDY = "leave the option off"
