"""An LP as a Pyomo model, for the solvers that Pyomo calls."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.opt import SolverStatus, TerminationCondition

from picmodel.solve.answer import Answer, Ending, NotThere
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import SolverOptions

_ENDINGS = {
    TerminationCondition.optimal: Ending.OPTIMAL,
    TerminationCondition.infeasible: Ending.NO_PLAN,
    TerminationCondition.unbounded: Ending.WITHOUT_BOUND,
    TerminationCondition.infeasibleOrUnbounded: Ending.EITHER,
    TerminationCondition.maxTimeLimit: Ending.LIMIT,
    TerminationCondition.maxIterations: Ending.LIMIT,
}


@dataclass(frozen=True)
class ThroughPyomo:
    """A solver as Pyomo calls it, with the solver's own words.

    Pyomo's interfaces in memory take no notice of its own ``timelimit``, so the limit goes by the solver's
    word; those that start a program do.

    Attributes:
        factory: Pyomo's name of the interface.
        threads: word for the number of threads; empty: it has none.
        limit: word for the longest time [s]; empty: Pyomo's ``timelimit``.
        whole_seconds: it refuses a limit with decimals.
    """

    factory: str
    threads: str = ""
    limit: str = ""
    whole_seconds: bool = False

    def __call__(self, lp: LinearProgram, options: SolverOptions) -> Answer:
        """Solve the LP, row by row as it is.

        Raises:
            NotThere: it is not installed, or has no licence.
            Exception: what the interface raises, each of its own kind.
        """
        solver = pyo.SolverFactory(self.factory)
        if not (solver.available(exception_flag=False) and solver.license_is_valid()):
            raise NotThere
        model = model_of(lp)
        words, limit = self.words(options)
        try:
            results = solver.solve(model, tee=True, load_solutions=False, options=words, **limit)
        except subprocess.TimeoutExpired:  # Pyomo ends a program that runs a second longer
            return Answer(Ending.LIMIT, Ending.LIMIT.value)
        found = results.solver.termination_condition
        aborted = results.solver.status == SolverStatus.aborted  # all that Xpress's interface says of a limit
        ending = _ENDINGS.get(found, Ending.LIMIT if aborted else Ending.OTHER)
        if ending is not Ending.OPTIMAL:
            return Answer(ending, _said(results.solver))
        model.solutions.load_from(results)
        x = np.array([model.x[j].value for j in model.x], dtype=float)
        return Answer(ending, str(found), x, _duals(model, lp.shape[0]))

    def words(self, options: SolverOptions) -> tuple[dict[str, Any], dict[str, Any]]:
        """Options in the solver's words, the user's last; and arguments of Pyomo's ``solve``."""
        words: dict[str, Any] = {}
        if options.threads and self.threads:
            words[self.threads] = options.threads
        if self.limit:
            words[self.limit] = options.time_limit_s
        words |= options.extra
        # MOSEK takes parameters by its own names as text only
        words = {name: str(word) if name.startswith("MSK_") else word for name, word in words.items()}
        seconds = math.ceil(options.time_limit_s) if self.whole_seconds else options.time_limit_s
        return words, {} if self.limit else {"timelimit": seconds}


def _said(solver: Any) -> str:
    """The ending and what the interface adds to it, where it does."""
    message = str(solver.get("message") or solver.get("termination_message") or "")
    return str(solver.termination_condition) + (f": {message}" if message and message != "None" else "")


def model_of(lp: LinearProgram) -> pyo.ConcreteModel:
    """The LP as a Pyomo model: variables ``x``, rows ``at_least``, ``at_most`` and ``equal`` by position."""
    m = pyo.ConcreteModel()
    sides = list(zip(lp.lower.tolist(), lp.upper.tolist()))
    m.x = pyo.Var(range(lp.shape[1]), bounds=lambda m, j: tuple(_finite(side) for side in sides[j]))
    matrix = lp.matrix.tocsr()
    columns = list(m.x.values())
    lower, upper = lp.row_lower, lp.row_upper
    filled = np.diff(matrix.indptr) > 0  # an empty row says nothing of the variables
    equal = filled & (lower == upper)

    def left(i: int) -> LinearExpression:
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        return LinearExpression(
            constant=0.0,
            linear_coefs=matrix.data[part].tolist(),
            linear_vars=[columns[j] for j in matrix.indices[part]],
        )

    def family(which: np.ndarray, sides: np.ndarray, relation) -> pyo.Constraint:
        places = np.flatnonzero(which).tolist()
        return pyo.Constraint(places, rule=lambda m, i: relation(left(i), float(sides[i])))

    m.equal = family(equal, lower, lambda body, side: body == side)
    m.at_least = family(filled & ~equal & np.isfinite(lower), lower, lambda body, side: body >= side)
    m.at_most = family(filled & ~equal & np.isfinite(upper), upper, lambda body, side: body <= side)
    m.cost = pyo.Objective(
        expr=LinearExpression(constant=lp.offset, linear_coefs=lp.cost.tolist(), linear_vars=columns)
    )
    m.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    return m


def _finite(side: float) -> float | None:
    return side if np.isfinite(side) else None


def _duals(model: pyo.ConcreteModel, count: int) -> np.ndarray:
    """d objective / d right side of every row; of a row with two sides, that of the side that holds."""
    dual = np.zeros(count)
    for family in (model.equal, model.at_least, model.at_most):
        for i in family:
            dual[i] += model.dual.get(family[i], 0.0)
    return dual
