"""COPT by its Python package, arrays in and arrays out: the package on PyPI brings no interface to Pyomo."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from picmodel.solve.answer import Answer, Ending, NotThere
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import SolverOptions


def ask_copt(lp: LinearProgram, options: SolverOptions) -> Answer:
    """Solve the LP.

    Raises:
        NotThere: coptpy is not installed.
        coptpy.CoptError, AttributeError: COPT refuses the LP or an option.
    """
    try:
        import coptpy
    except ImportError:
        raise NotThere from None
    code = coptpy.COPT
    environment = coptpy.Envr()
    try:
        model = environment.createModel("picmodel")
        for name, word in words(options).items():
            model.setParam(name, word)
        row_lower, row_upper, lower, upper = (
            np.clip(sides, -code.INFINITY, code.INFINITY)
            for sides in (lp.row_lower, lp.row_upper, lp.lower, lp.upper)
        )
        model.loadMatrix(lp.cost, sp.csc_matrix(lp.matrix), row_lower, row_upper, lower, upper)
        model.solve()
        endings = {
            code.OPTIMAL: Ending.OPTIMAL,
            code.INFEASIBLE: Ending.NO_PLAN,
            code.UNBOUNDED: Ending.WITHOUT_BOUND,
            code.INF_OR_UNB: Ending.EITHER,
            code.TIMEOUT: Ending.LIMIT,
            code.ITERLIMIT: Ending.LIMIT,
        }
        ending = endings.get(model.status, Ending.OTHER)
        if ending is not Ending.OPTIMAL:
            return Answer(ending, ending.value if ending is not Ending.OTHER else f"status {model.status}")
        return Answer(ending, ending.value, np.array(model.getValues()), np.array(model.getDuals()))
    finally:
        environment.close()


def words(options: SolverOptions) -> dict:
    """Options as COPT names them, the user's last."""
    chosen: dict = {"TimeLimit": options.time_limit_s}
    if options.threads:
        chosen["Threads"] = options.threads
    return {**chosen, **options.extra}
