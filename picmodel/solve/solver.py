"""The solver that a scenario names: HiGHS, or another one through Pyomo."""

from __future__ import annotations

from collections.abc import Mapping

from picmodel.solve import highs
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution, SolverOptions
from picmodel.solve.start import Basis


def solve(
    lp: LinearProgram,
    options: SolverOptions | None = None,
    units: Mapping[str, str] | None = None,
    start: Basis | None = None,
) -> Solution:
    """Solve the LP as the options say; arguments and errors are those of `highs.solve`.

    Other solvers take no ``start``.
    """
    if options is None or options.name == "highs":
        return highs.solve(lp, options, units, start)
    from picmodel.solve.others import solve_by_other  # loads Pyomo's solvers, which takes a second

    return solve_by_other(lp, options, units)
