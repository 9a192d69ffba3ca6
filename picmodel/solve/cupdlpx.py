"""cuPDLPx, a first-order solver on the GPU, by its Python package: arrays in, arrays out.

It finds a point within a tolerance of the whole and ends at no basis; `crossover` goes on from there.
docs/performance.md says how far the prices of such points are from those of a basis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from picmodel.solve.answer import Answer, Ending, NotThere
from picmodel.solve.compile import LinearProgram
from picmodel.solve.crossover import TOLERANCE
from picmodel.solve.gpu import gpu_is_there
from picmodel.solve.highs import SolverOptions

#: cuPDLPx's names of endings (cupdlpx.PDLP); DUAL_INFEASIBLE is unbounded where there is a plan
_ENDINGS = {
    "OPTIMAL": Ending.OPTIMAL,
    "PRIMAL_INFEASIBLE": Ending.NO_PLAN,
    "DUAL_INFEASIBLE": Ending.EITHER,
    "INFEASIBLE_OR_UNBOUNDED": Ending.EITHER,
    "TIME_LIMIT": Ending.LIMIT,
    "ITERATION_LIMIT": Ending.LIMIT,
}


def ask_cupdlpx(lp: LinearProgram, options: SolverOptions) -> Answer:
    """Solve the LP.

    Raises:
        NotThere: cupdlpx is not installed, or there is no NVIDIA GPU.
        KeyError, TypeError, ValueError: cuPDLPx does not take an option.
    """
    if not gpu_is_there():
        raise NotThere  # without one cuPDLPx ends the whole process
    try:
        from cupdlpx import Model
    except (ImportError, OSError):  # OSError: a library of CUDA is missing
        raise NotThere from None
    model = Model(**arguments(lp))
    model.setParams(**words(options))
    model.optimize()
    return answer(model)


def arguments(lp: LinearProgram) -> dict[str, Any]:
    """The LP as arguments of `cupdlpx.Model`, which minimises; its variables are free unless told."""
    return {
        "objective_vector": lp.cost,
        "constraint_matrix": lp.matrix.tocsr(),
        "constraint_lower_bound": lp.row_lower,
        "constraint_upper_bound": lp.row_upper,
        "variable_lower_bound": lp.lower,
        "variable_upper_bound": lp.upper,
        "objective_constant": lp.offset,
    }


def words(options: SolverOptions) -> dict[str, Any]:
    """Options as cuPDLPx names them, the user's last.  All work is the GPU's, so threads have no word."""
    return {
        "TimeLimit": options.time_limit_s,
        "OptimalityTol": TOLERANCE,
        "FeasibilityTol": TOLERANCE,
        "MatrixZeroTol": 0.0,
        **options.extra,
    }


def answer(model: Any) -> Answer:
    """What an optimised `cupdlpx.Model` says; its ``Pi`` are d objective / d side, as ours are."""
    said = str(model.StatusName)
    ending = _ENDINGS.get(said, Ending.OTHER)
    if ending is not Ending.OPTIMAL:
        return Answer(ending, said)
    return Answer(ending, said, np.asarray(model.X, dtype=float), np.asarray(model.Pi, dtype=float))
