"""Which values a sampled number takes.  Pure functions of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

#: digits kept of a sampled value, so that files of a run can be read
DIGITS = 6


@dataclass(frozen=True)
class Range:
    """From where to where a number may lie.

    Attributes:
        centre: value of the central run, between the ends.
        logarithmic: equal ratios, not equal differences, are equally likely.
    """

    low: float
    high: float
    centre: float
    logarithmic: bool = False

    def at(self, position: float) -> float:
        """The value at a position in [0, 1] of the range.

        >>> Range(1.0, 4.0, 2.0, logarithmic=True).at(0.5)
        2.0
        """
        if self.logarithmic:
            value = exp(log(self.low) + position * log(self.high / self.low))
        else:
            value = self.low + position * (self.high - self.low)
        return float(f"{value:.{DIGITS}g}")

    def position(self, value: float) -> float:
        """Where in the range a value lies: 0 at the low end, 1 at the high one."""
        if self.logarithmic:
            return log(value / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def latin_hypercube(dimensions: int, count: int, seed: int) -> NDArray[np.float64]:
    """Points in the unit cube: in each dimension every one of ``count`` equal strata holds one point.

    Of all such samples, one of low discrepancy: pairs of dimensions are filled evenly too.

    Returns:
        Shape (count, dimensions).
    """
    if count == 0:
        return np.empty((0, dimensions))
    from scipy.stats import qmc  # slow to import, and few scenarios have a sample

    generator = np.random.default_rng(seed)
    cube = qmc.LatinHypercube(dimensions, optimization="random-cd", seed=generator)
    return cube.random(count)
