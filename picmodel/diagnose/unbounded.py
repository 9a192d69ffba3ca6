r"""What grows where a scenario earns without bound: a ray of the LP along which cost falls for ever.

.. math:: \min c d \quad \text{s.t.} \quad 0 \le A d \text{ (rows with a lower side)}, \;
          A d \le 0 \text{ (with an upper one)}, \; -1 \le d \le 1, \; d \text{ towards no finite bound}

The optimum is zero where the scenario is bounded; else its variables are those that grow together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import SolverOptions, solve

#: cost that falls by less along a ray is rounding [MCNY for the ray's largest step]
LEAST_GAIN = 1e-6
_LEAST_STEP = 1e-6


def ray(lp: LinearProgram, units: Mapping[str, str], options: SolverOptions) -> dict[int, float]:
    """Columns that grow without end, with their part in the ray; empty where the LP is bounded."""
    cone = replace(
        lp,
        offset=0.0,
        row_lower=np.where(np.isfinite(lp.row_lower), 0.0, -np.inf),
        row_upper=np.where(np.isfinite(lp.row_upper), 0.0, np.inf),
        lower=np.where(np.isfinite(lp.lower), 0.0, -1.0),
        upper=np.where(np.isfinite(lp.upper), 0.0, 1.0),
    )
    found = solve(cone, options, units)
    if found.objective > -LEAST_GAIN:
        return {}
    return {int(j): float(found.x[j]) for j in np.flatnonzero(np.abs(found.x) > _LEAST_STEP)}
