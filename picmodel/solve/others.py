"""Solvers other than HiGHS, through Pyomo: Gurobi, COPT, CPLEX, Xpress, MOSEK, cuOpt, CBC, GLPK.

Each gets the scaled LP of `scaling`, row by row, as a Pyomo model without names, and gives back values and
duals; everything else is recomputed from the arrays.  What comes back must pass the certificate like any
other optimum, so a solver whose duals have another sign, or that stops too early, is found out in every run.

None is a dependency.  Most have licences of their own; some are on PyPI in a version for small models.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.tee import capture_output
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.opt import TerminationCondition

from picmodel.errors import Infeasible, SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution, SolverOptions
from picmodel.solve.scaling import Scaling


@dataclass(frozen=True)
class Other:
    """How Pyomo calls a solver, what it needs, and its word for the number of threads (empty: none)."""

    factory: str
    install: str
    threads: str = ""
    plugin: str = ""


OTHERS: dict[str, Other] = {
    "gurobi": Other("gurobi_direct", "`pip install gurobipy` and a licence", "Threads"),
    "copt": Other("copt_direct", "COPT with its module copt_pyomo, and a licence", "Threads", "copt_pyomo"),
    "cplex": Other("cplex_direct", "`pip install cplex` and a licence", "threads"),
    "xpress": Other("xpress_direct", "`pip install xpress` and a licence", "threads"),
    "mosek": Other("mosek_direct", "`pip install Mosek` and a licence", "MSK_IPAR_NUM_THREADS"),
    "cuopt": Other("cuopt", "`pip install cuopt-cu12` and an NVIDIA GPU"),
    "cbc": Other("cbc", "the program cbc (Debian: coinor-cbc)", "threads"),
    "glpk": Other("glpk", "the program glpsol (Debian: glpk-utils)"),
    "appsi_highs": Other("appsi_highs", "highspy", "threads"),
}
_STOPPED = (TerminationCondition.maxTimeLimit, TerminationCondition.maxIterations)
_NO_PLAN = (TerminationCondition.infeasible, TerminationCondition.infeasibleOrUnbounded)


def solve_by_other(
    lp: LinearProgram, options: SolverOptions, units: Mapping[str, str] | None = None
) -> Solution:
    """Solve the LP by the solver that ``options`` name.

    Raises:
        Infeasible: there is no plan, or the LP is unbounded.
        SolverTrouble: the solver is not installed, or ends without an optimum.
    """
    solver = _solver(options)
    scaling = Scaling(lp, units)
    scaled = scaling.scaled()
    start = time.perf_counter()
    model = model_of(scaled)
    results = _run(solver, model, options)
    seconds = time.perf_counter() - start
    _require_optimal(options.name, results.solver.termination_condition)
    model.solutions.load_from(results)
    x = np.array([model.x[j].value for j in model.x], dtype=float)
    dual = _duals(model, lp.shape[0])
    x, _, dual, _ = scaling.back(x, x, dual, dual)
    return Solution(
        x=x,
        reduced_cost=lp.cost - lp.matrix.T @ dual,
        dual=dual,
        activity=lp.matrix @ x,
        objective=float(lp.cost @ x + lp.offset),
        status="Optimal",
        info={
            "seconds": seconds,
            "method": options.name,
            "options": {**options.extra},
            "ipm_iterations": 0,
            "crossover_iterations": 0,
            "simplex_iterations": 0,
        },
    )


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


def _solver(options: SolverOptions) -> Any:
    other = OTHERS[options.name]
    if other.plugin:
        try:
            __import__(other.plugin)  # registers itself with Pyomo
        except ImportError:
            raise _missing(options.name) from None
    solver = pyo.SolverFactory(other.factory)
    if not solver.available(exception_flag=False):
        raise _missing(options.name)
    return solver


def _missing(name: str) -> SolverTrouble:
    return SolverTrouble(
        f"solver.name: {name} is not installed here, or has no licence; it needs {OTHERS[name].install}; or "
        "delete the line: HiGHS comes with picmodel"
    )


def _run(solver: Any, model: pyo.ConcreteModel, options: SolverOptions) -> Any:
    other = OTHERS[options.name]
    words = dict(options.extra)
    if options.threads and other.threads:
        words.setdefault(other.threads, options.threads)
    limit = {} if options.name == "cuopt" else {"timelimit": options.time_limit_s}
    said = StringIO()
    try:
        with capture_output(said, capture_fd=True):
            return solver.solve(model, tee=True, load_solutions=False, options=words, **limit)
    except Exception as error:  # every interface has errors of its own
        raise SolverTrouble(f"solver.name: {options.name} stopped: {error}") from error
    finally:
        if options.log is not None:
            with options.log.open("a", encoding="utf-8") as log:
                log.write(f"{options.name} through Pyomo\n{said.getvalue()}")


def _require_optimal(name: str, found: TerminationCondition) -> None:
    if found == TerminationCondition.optimal:
        return
    if found in _NO_PLAN:
        raise Infeasible(
            f"the scenario cannot be met: {name} says {str(found)!r}; `picmodel diagnose FILE` names the "
            "rules that clash and the smallest change that mends it"
        )
    if found == TerminationCondition.unbounded:
        raise Infeasible(
            f"the scenario earns without bound: {name} says {str(found)!r}; look for a subsidy without "
            "limit; `picmodel diagnose FILE` names what grows"
        )
    if found in _STOPPED:
        raise SolverTrouble(
            f"{name} stopped without an optimum; raise `solver.time_limit_s`, or take fewer periods or years"
        )
    raise SolverTrouble(f"{name} stopped with status {str(found)!r}")
