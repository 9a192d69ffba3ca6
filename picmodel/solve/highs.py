"""HiGHS: hand an LP over in memory, solve it, read it back.  Nothing else knows the solver."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from picmodel.errors import Infeasible, SolverTrouble
from picmodel.solve.compile import LinearProgram
from picmodel.solve.scaling import OBJECTIVE_SCALE, Scaling
from picmodel.solve.start import DUAL, PRIMAL, Basis, set_basis, solved_from

#: of reduced costs as the solver sees them; scaled back they are 1000 times larger, and must still pass
#: the certificate on columns of small cost (an hour of an extreme day)
DUAL_TOLERANCE = 1e-10
#: from this length of columns on HiPO factorises the augmented system.  The normal equations tie all rows of
#: a column to each other: at 11 they take 0.7 of the time, at 18 as long, at 33 twice, and five times the
#: operations for 720 000 rows with all mechanisms (docs/performance.md)
LONG_COLUMNS = 20.0
#: where crossover follows, the interior point hands over early: beyond this it may stagnate, for up to a
#: sixth of its iterations.  The vertex is then a few reduced costs from the optimum, with a feasible plan:
#: the primal simplex ends it, where HiGHS's choice, the dual with disturbed costs, takes 30 times the pivots
UNDISTURBED = {"simplex_strategy": PRIMAL, "primal_simplex_bound_perturbation_multiplier": 0.0}
#: of rows and reduced costs there, too.  An interior point takes the smaller of both tolerances for both, and
#: rows may never come to 1e-10: 16 of 114 iterations with all mechanisms (docs/performance.md).  What reduced
#: costs lack of `DUAL_TOLERANCE` the simplex mends, if anything
HANDED_OVER_AT = 1e-7
HANDED_OVER_EARLY = {
    "ipm_optimality_tolerance": 1e-6,
    "start_crossover_tolerance": 1e-4,
    "dual_feasibility_tolerance": HANDED_OVER_AT,
    **UNDISTURBED,
}
_STATUS = highspy.HighsModelStatus
UNDECIDED = (_STATUS.kNotset, _STATUS.kUnknown, _STATUS.kSolveError, _STATUS.kUnboundedOrInfeasible)


@dataclass(frozen=True)
class SolverOptions:
    """How a solver is run.

    Attributes:
        name: ``highs``, or one of `others.OTHERS`.
        method: ``hipdlp`` (first-order), ``hipo`` or ``ipx`` (interior points), ``simplex``;
            ``choose``: by size (`solve.first_order`).
        threads: threads of one solve; 0 leaves it to HiGHS.
        crossover: end at a basis; prices are read from one.
        log: file that HiGHS's own log is added to; None: no log.
        extra: further options, in the solver's own words; they come last.
    """

    method: str = "choose"
    threads: int = 0
    time_limit_s: float = 3600.0
    crossover: bool = True
    log: Path | None = None
    name: str = "highs"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def since(self, begun: float) -> SolverOptions:
        """The same with what is left of the time limit, a start by `time.perf_counter` given.

        Rounded up to seconds, so that what a run records of its options is the same every time.
        """
        left = math.ceil(self.time_limit_s - (time.perf_counter() - begun))
        return replace(self, time_limit_s=min(self.time_limit_s, max(left, 0)))


@dataclass(frozen=True)
class Solution:
    """Arrays of an optimum: ``x`` and ``reduced_cost`` by column, ``dual`` and ``activity`` by row.

    Attributes:
        basis: HiGHS's codes of columns and of rows; None without one.
    """

    x: np.ndarray
    reduced_cost: np.ndarray
    dual: np.ndarray
    activity: np.ndarray
    objective: float
    status: str
    info: dict = field(default_factory=dict)
    basis: tuple[np.ndarray, np.ndarray] | None = None


def solve(
    lp: LinearProgram,
    options: SolverOptions | None = None,
    units: Mapping[str, str] | None = None,
    start: Basis | None = None,
) -> Solution:
    """Solve the LP to an optimal basis by an interior point, or by the simplex.

    Args:
        units: unit of each variable and row family, by which the LP is scaled; the physical
            glossary's if left out.
        start: basis of a similar LP's optimum, to go on from where that pays (`solve.start`).

    Raises:
        Infeasible: no point satisfies all rows (or the LP is unbounded).
        SolverTrouble: any other status but optimal, a time limit included.
    """
    options = options or SolverOptions()
    found, from_start = go_on(lp, options, units, start)
    if found is not None:
        return found
    chosen = highs_options(options, lp)
    scaling = Scaling(lp, units)
    solver = passed(scaling.scaled(), chosen)
    begun = time.perf_counter()
    with logged(solver, options.log):
        counts = _run(solver, options)
    require_optimal(solver, solver.getModelStatus())
    return _found(solver, scaling, chosen, begun, counts, from_start)


def go_on(
    lp: LinearProgram, options: SolverOptions, units: Mapping[str, str] | None, start: Basis | None
) -> tuple[Solution | None, str]:
    """The optimum by the simplex from a basis, where that pays, and what was done or why not."""
    if start is None or not start.columns:
        return None, ""
    chosen = highs_options(replace(options, method="simplex"), lp)
    scaling = Scaling(lp, units)
    solver = passed(scaling.scaled(), chosen)
    begun = time.perf_counter()
    with logged(solver, options.log):
        said = solved_from(solver, start.codes_for(lp))
    if solver.getModelStatus() != _STATUS.kOptimal:
        return None, said
    return _found(solver, scaling, chosen, begun, _counts(solver), said), said


def _found(
    solver: highspy.Highs,
    scaling: Scaling,
    chosen: dict,
    begun: float,
    counts: dict[str, int],
    from_start: str,
) -> Solution:
    """The optimum that a solver ended at, in the units of the model."""
    found = solver.getSolution()
    x, reduced_cost, dual, activity = scaling.back(
        np.asarray(found.col_value),
        np.asarray(found.col_dual),
        np.asarray(found.row_dual),
        np.asarray(found.row_value),
    )
    return Solution(
        x=x,
        reduced_cost=reduced_cost,
        dual=dual,
        activity=activity,
        objective=float(solver.getInfo().objective_function_value) / OBJECTIVE_SCALE,
        status=solver.modelStatusToString(solver.getModelStatus()),
        info={
            "seconds": time.perf_counter() - begun,
            "method": chosen["solver"],
            "from_start": from_start,
            **counts,
            "highs": solver.version(),
            "options": chosen,
        },
        basis=basis_of(solver),
    )


def _run(solver: highspy.Highs, options: SolverOptions) -> dict[str, int]:
    """Run to an end; iterations of each kind."""
    solver.run()
    counts = _counts(solver)
    if solver.getModelStatus() in UNDECIDED and options.method != "simplex":
        solver.setOptionValue("solver", "simplex")  # it always says what an interior point leaves open
        solver.setOptionValue("simplex_strategy", options.extra.get("simplex_strategy", DUAL))
        solver.run()
        counts["simplex_iterations"] += _counts(solver)["simplex_iterations"]
    early = options.method != "simplex" and options.crossover
    if early and "dual_feasibility_tolerance" not in options.extra and _is_at_a_basis(solver):
        solver.setOptionValue("dual_feasibility_tolerance", DUAL_TOLERANCE)
        solver.setOptionValue("solver", "simplex")
        solver.run()
        counts["simplex_iterations"] += _counts(solver)["simplex_iterations"]
    return counts


def _is_at_a_basis(solver: highspy.Highs) -> bool:
    return solver.getModelStatus() == _STATUS.kOptimal and solver.getBasis().valid


def _counts(solver: highspy.Highs) -> dict[str, int]:
    info = solver.getInfo()
    kinds = ("ipm", "crossover", "simplex")
    return {f"{kind}_iterations": max(0, int(getattr(info, f"{kind}_iteration_count"))) for kind in kinds}


def passed(lp: LinearProgram, options: Mapping) -> highspy.Highs:
    """HiGHS with an LP and options.

    Raises:
        SolverTrouble: HiGHS does not know an option.
    """
    solver = highspy.Highs()
    solver.resetGlobalScheduler(True)  # else a second solve of a process with other threads is refused
    for name, value in {"output_flag": False, **options}.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverTrouble(f"HiGHS does not take the option {name}={value!r}")
    solver.passModel(highs_lp(lp))
    return solver


def basis_of(solver: highspy.Highs) -> tuple[np.ndarray, np.ndarray] | None:
    """Codes of columns and rows; None where the solve ended without a basis."""
    basis = solver.getBasis()
    if not basis.valid:
        return None
    columns, rows = basis.col_status, basis.row_status
    return (
        np.fromiter((int(code) for code in columns), np.int8, len(columns)),
        np.fromiter((int(code) for code in rows), np.int8, len(rows)),
    )


def use_basis(solver: highspy.Highs, solution: Solution) -> None:
    """Start from the basis of a solution, where it has one."""
    if solution.basis is not None:
        set_basis(solver, solution.basis)


def highs_options(options: SolverOptions, lp: LinearProgram | None = None) -> dict:
    """Options as HiGHS names them, for an LP."""
    chosen = {
        "output_flag": False,
        "solver": "hipo" if options.method in ("choose", "hipdlp") else options.method,
        "run_crossover": "on" if options.crossover else "off",
        "time_limit": options.time_limit_s,
        "dual_feasibility_tolerance": DUAL_TOLERANCE,
    }
    if options.method != "simplex" and options.crossover:
        chosen.update(HANDED_OVER_EARLY)
    if chosen["solver"] == "hipo" and lp is not None and column_length(lp) >= LONG_COLUMNS:
        chosen["hipo_system"] = "augmented"
    if options.threads:
        chosen["threads"] = options.threads
    return {**chosen, **options.extra}


def column_length(lp: LinearProgram) -> float:
    """Entries of the column that a coefficient stands in, on average over all coefficients."""
    lengths = np.diff(lp.matrix.indptr).astype(float)
    return float((lengths**2).sum() / max(lengths.sum(), 1.0))


@contextmanager
def logged(solver: highspy.Highs, log: Path | None) -> Iterator[None]:
    """The solver writes its log to a file; HiGHS begins every file anew, so this one is added to it."""
    if log is None:
        yield
        return
    part = log.with_name(f"{log.name}.part")
    for name, value in (("log_to_console", False), ("log_file", str(part)), ("output_flag", True)):
        solver.setOptionValue(name, value)
    try:
        yield
    finally:
        solver.setOptionValue("log_file", "")  # closes it
        if part.is_file():
            with log.open("ab") as whole:
                whole.write(part.read_bytes())
            part.unlink()


def highs_lp(lp: LinearProgram) -> highspy.HighsLp:
    """The LP as HiGHS takes it over."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = lp.shape
    model.col_cost_, model.offset_ = lp.cost, lp.offset
    model.col_lower_, model.col_upper_ = lp.lower, lp.upper
    model.row_lower_, model.row_upper_ = lp.row_lower, lp.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = lp.matrix.indptr
    model.a_matrix_.index_ = lp.matrix.indices
    model.a_matrix_.value_ = lp.matrix.data
    return model


def require_optimal(solver: highspy.Highs, status: highspy.HighsModelStatus) -> None:
    text = solver.modelStatusToString(status)
    if status in (_STATUS.kInfeasible, _STATUS.kUnboundedOrInfeasible):
        raise Infeasible(
            f"the scenario cannot be met: HiGHS says {text!r}; `picmodel diagnose FILE` names the rules that "
            "clash and the smallest change that mends it"
        )
    if status == _STATUS.kUnbounded:
        raise Infeasible(
            f"the scenario earns without bound: HiGHS says {text!r}; look for a subsidy without limit; "
            "`picmodel diagnose FILE` names what grows"
        )
    if status == _STATUS.kTimeLimit:
        raise SolverTrouble(
            "time limit reached without an optimum; raise `solver.time_limit_s`, or take fewer periods or "
            "years"
        )
    if status != _STATUS.kOptimal:
        raise SolverTrouble(f"HiGHS stopped with status {text!r}")
