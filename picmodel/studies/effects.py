"""What a sample says: how far answers move with each parameter, and how often a claim holds.

Pure functions of numbers; NaN is an answer that a run does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["relative", "points"]

#: a smaller change is within the tolerance of the solves and has no sign [%, or unit of the answer]
NO_CHANGE = 1e-3


def change(before: float, after: float, kind: Kind) -> float:
    """Change of an answer: relative [%], or the plain difference; NaN where it is not defined.

    >>> change(50.0, 60.0, "relative"), change(50.0, 60.0, "points")
    (20.0, 10.0)
    """
    if kind == "points":
        return after - before
    return 100.0 * (after - before) / abs(before) if before else float("nan")


@dataclass(frozen=True)
class Verdict:
    """How often a claim holds.

    Attributes:
        runs: in which the change is defined.
        undefined: runs that failed, or have no such answer; not counted in the shares.
        sign_share, range_share: of ``runs``, those with the claim's sign, and those within its range.
        median, p5, p95: of the changes.
    """

    runs: int
    undefined: int
    sign_share: float
    range_share: float
    median: float
    p5: float
    p95: float


def verdict(changes: Array, low: float, high: float) -> Verdict:
    """How often changes have the sign of [low, high], and lie in it."""
    known = changes[np.isfinite(changes)]
    undefined = int(changes.size - known.size)
    if not known.size:
        return Verdict(0, undefined, *[float("nan")] * 5)
    sign = np.sign(low + high)
    agrees = np.sign(np.where(np.abs(known) < NO_CHANGE, 0.0, known)) == sign
    inside = (known >= low) & (known <= high)
    p5, median, p95 = np.percentile(known, [5, 50, 95])
    shares = float(agrees.mean()), float(inside.mean())
    return Verdict(int(known.size), undefined, *shares, float(median), float(p5), float(p95))


@dataclass(frozen=True)
class Regression:
    """A plane through a sample.

    Attributes:
        effects: change of the answer from the low to the high end of each parameter, the others held.
        standardised: the same in standard deviations of the answer per one of the parameter.
        r2: part of the variance that the plane explains.
        runs: points it was laid through.
    """

    effects: Array
    standardised: Array
    r2: float
    runs: int


def regression(positions: Array, answers: Array) -> Regression:
    """Least squares of answers on the positions of parameters in their ranges.

    Args:
        positions: shape (runs, parameters), each in [0, 1].
        answers: shape (runs,); runs without an answer are left out.

    Returns:
        NaN throughout where there are not at least two runs more than parameters.
    """
    known = np.isfinite(answers)
    x, y = positions[known], answers[known]
    runs, count = x.shape
    if runs < count + 2:
        nothing = np.full(count, np.nan)
        return Regression(nothing, nothing, float("nan"), runs)
    plane = np.linalg.lstsq(np.column_stack([np.ones(runs), x]), y, rcond=None)[0]
    slopes = plane.astype(np.float64)
    spread = float(y.std())
    if spread <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return Regression(np.zeros(count), np.full(count, np.nan), float("nan"), runs)
    residual = y - slopes[0] - x @ slopes[1:]
    r2 = 1.0 - float(residual @ residual) / float(runs * spread**2)
    return Regression(slopes[1:], slopes[1:] * x.std(axis=0) / spread, r2, runs)
