r"""Ends of a quantity over all optimal plans: how far the optimum decides it.

With one optimal dual point :math:`(y^*, d^*)` of an LP, the optimal plans are those that are feasible and
complementary to it: where a row has a price it is met on the side that it prices, where a column has a
reduced cost it stays at its bound.

.. math:: F = \{x \text{ feasible}:\; (A x)_i = b_i \;\forall\, y^*_i \ne 0,\;
                x_j = \ell_j \text{ or } u_j \;\forall\, d^*_j \ne 0\}

That is the whole face, whichever dual point the solver returned, with no budget to choose; every plan on it
costs the same, which is checked.  A quantity :math:`q x` is unique if its least and largest value on F are
one.  A ratio :math:`n x / m x` takes steps (Dinkelbach): with the ratio r of a plan, the plan that is best by
:math:`n - r m` has a better one, until none has.

The optimal basis is feasible on F, so the primal simplex starts from it; a quantity that is unique takes a
look at prices and no step.
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
from picmodel.solve.start import PRIMAL

#: of prices and reduced costs as the solver sees them: less is none
PRICED = 1e-9
#: of a ratio: steps that gain less are none
GAIN = 1e-9
MOST_STEPS = 20


@dataclass(frozen=True)
class Quantity:
    """What is ranged: ``top`` x, or ``top`` x over ``bottom`` x, by column of the LP.

    Attributes:
        bottom: None where it is no ratio; else its value is above 0 in every plan.
    """

    top: np.ndarray
    bottom: np.ndarray | None = None

    def of(self, x: np.ndarray) -> float:
        return _times(self.top, x) / (1.0 if self.bottom is None else _times(self.bottom, x))


class Face:
    """The optimal plans of an LP.

    Attributes:
        worst_loss: largest difference of the objective between a plan found here and the optimum, over
            1 + |objective|.
    """

    def __init__(
        self,
        lp: LinearProgram,
        solution: Solution,
        units: Mapping[str, str] | None = None,
        limit_s: float = 3600.0,
    ) -> None:
        """The face of an optimum.

        Args:
            solution: an optimum of ``lp``.
            units: as for `highs.solve`.
            limit_s: longest time of all looks together [s].

        Raises:
            SolverTrouble: the solve ended without a basis, so prices are not exact.
        """
        if solution.basis is None:
            raise SolverTrouble("the solve ended without a basis; leave `solver.crossover` on")
        self._lp, self._solution = lp, solution
        self._scaling = Scaling(lp, units)
        options = {"solver": "simplex", "simplex_strategy": PRIMAL, "presolve": "off"}
        self._solver = passed(self._fixed(), options | {"time_limit": limit_s})
        use_basis(self._solver, solution)
        self._columns = np.arange(lp.shape[1], dtype=np.int32)
        self.worst_loss = 0.0

    def ends(self, quantity: Quantity) -> tuple[float, float]:
        """Least and largest value of a quantity, in its own unit; infinite where nothing limits it.

        Raises:
            SolverTrouble: the solver does not finish, or leaves the face.
        """
        return self._end(quantity, -1.0), self._end(quantity, 1.0)

    def _end(self, quantity: Quantity, sign: float) -> float:
        best = quantity.of(self._solution.x)
        if quantity.bottom is None:
            x = self._best(sign * quantity.top)
            return sign * (np.inf if x is None else max(sign * best, sign * quantity.of(x)))
        for _ in range(MOST_STEPS):
            x = self._best(sign * (quantity.top - best * quantity.bottom))
            if x is None:
                raise SolverTrouble("a ratio has no end")
            found = quantity.of(x)
            if sign * (found - best) <= GAIN * abs(best):
                return best
            best = found
        raise SolverTrouble(f"a ratio is not settled after {MOST_STEPS} steps")

    def _best(self, weight: np.ndarray) -> np.ndarray | None:
        """The optimal plan of which ``weight`` x is largest; None where it grows without end."""
        cost = -weight * self._scaling.column
        self._solver.changeColsCost(len(cost), self._columns, cost)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded:
            use_basis(self._solver, self._solution)
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            text = self._solver.modelStatusToString(status)
            raise SolverTrouble(f"HiGHS stopped with status {text!r}")
        x = np.asarray(self._solver.getSolution().col_value) * self._scaling.column
        self._require_as_cheap(x)
        return x

    def _require_as_cheap(self, x: np.ndarray) -> None:
        optimum = self._solution.objective
        loss = abs(_times(self._lp.cost, x) + self._lp.offset - optimum) / (1 + abs(optimum))
        self.worst_loss = max(self.worst_loss, loss)
        if not loss <= TOLERANCE:
            raise SolverTrouble(f"a plan that should cost the same is off by {loss:.2e} of the objective")

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


def _times(weights: np.ndarray, x: np.ndarray) -> float:
    """Their product, summed in one order whatever the number of threads."""
    return float(np.sum(weights * x))


def _held(price: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sides at the one that is priced, where that is finite."""
    at_low, at_high = (price > PRICED) & np.isfinite(low), (price < -PRICED) & np.isfinite(high)
    return np.where(at_high, high, low), np.where(at_low, low, high)
