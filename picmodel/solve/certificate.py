"""A certificate of our own: optimality recomputed from the arrays, outside the solver."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from picmodel.errors import SelfCheckFailed
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Certificate:
    """Largest relative residuals; each must stay below `TOLERANCE`.

    Attributes:
        primal: violation of a row or bound, over 1 + the largest term of the row.
        dual: reduced cost or row dual of the wrong sign, over 1 + the largest term.
        complementarity: |dual x slack| summed, over 1 + |objective|.
        gap: primal less dual objective, over 1 + |objective|.
        cost_items: objective less discounted sum of the reported cost items, over 1 + |objective|.
    """

    primal: float
    dual: float
    complementarity: float
    gap: float
    cost_items: float
    objective: float
    dual_objective: float

    @property
    def worst(self) -> float:
        return max(self.primal, self.dual, self.complementarity, self.gap, self.cost_items)

    def as_dict(self) -> dict[str, float]:
        return {**asdict(self), "tolerance": TOLERANCE, "worst": self.worst}


def certify(lp: LinearProgram, solution: Solution) -> Certificate:
    """Recompute feasibility, complementarity, duality gap and the cost identity.

    Raises:
        SelfCheckFailed: one of them exceeds `TOLERANCE`; no result may be written.
    """
    certificate = examine(lp, solution.x, solution.dual)
    if not certificate.worst <= TOLERANCE:
        raise SelfCheckFailed(
            "the optimum does not pass its own check: "
            + ", ".join(f"{k} {v:.2e}" for k, v in certificate.as_dict().items())
        )
    return certificate


def examine(lp: LinearProgram, x: np.ndarray, dual: np.ndarray) -> Certificate:
    """Residuals of a primal and dual point; reduced costs are recomputed, not taken over."""
    matrix = lp.matrix
    activity = matrix @ x
    reduced = lp.cost - matrix.T @ dual
    row_scale = 1 + _largest(matrix.tocsr(), x)
    column_scale = 1 + np.maximum(_largest(matrix.T.tocsr(), dual), np.abs(lp.cost))
    objective = float(lp.cost @ x + lp.offset)
    row_value, row_slack = _priced(dual, lp.row_lower, lp.row_upper, activity)
    column_value, column_slack = _priced(reduced, lp.lower, lp.upper, x)
    dual_objective = float(row_value.sum() + column_value.sum() + lp.offset)
    scale = 1 + abs(objective)
    return Certificate(
        primal=float(
            max(
                (_violation(activity, lp.row_lower, lp.row_upper) / row_scale).max(initial=0.0),
                (_violation(x, lp.lower, lp.upper) / (1 + np.abs(x))).max(initial=0.0),
            )
        ),
        dual=float(
            max(
                (_wrong_sign(dual, lp.row_lower, lp.row_upper) / (1 + np.abs(dual).max(initial=0.0))).max(
                    initial=0.0
                ),
                (_wrong_sign(reduced, lp.lower, lp.upper) / column_scale).max(initial=0.0),
            )
        ),
        complementarity=float((row_slack.sum() + column_slack.sum()) / scale),
        gap=abs(objective - dual_objective) / scale,
        cost_items=abs(objective - discounted_cost(lp, x)) / scale,
        objective=objective,
        dual_objective=dual_objective,
    )


def discounted_cost(lp: LinearProgram, x: np.ndarray) -> float:
    """Discounted sum of the cost items, from the variables that report them [MCNY]."""
    total = 0.0
    for item in lp.items:
        block = lp.columns[f"v_cost_{item}"]
        for key, j in zip(block.index, block.position):
            total += lp.discount[key[-1]] * (x[j] if j >= 0 else 0.0)
    return total


def _largest(csr, vector: np.ndarray) -> np.ndarray:
    """Largest |term| of each row of ``csr @ vector``."""
    terms = abs(csr.multiply(vector[np.newaxis, :])).tocsr()
    return np.asarray(terms.max(axis=1).todense()).reshape(-1)


def _violation(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.maximum(np.maximum(low - value, value - high), 0.0)


def _wrong_sign(price: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A positive price needs a finite lower side, a negative one a finite upper side."""
    return np.where(np.isinf(low), np.maximum(price, 0.0), 0.0) + np.where(
        np.isinf(high), np.maximum(-price, 0.0), 0.0
    )


def _priced(price, low, high, value) -> tuple[np.ndarray, np.ndarray]:
    """Dual value price x (the side it prices), and |price x slack| to that side."""
    side = np.where(price > 0, low, high)
    usable = np.isfinite(side) & (price != 0)
    side = np.where(usable, side, 0.0)
    weight = np.where(usable, price, 0.0)
    return weight * side, np.abs(weight * (value - side))
