"""The solver that a scenario names, and of HiGHS the algorithm that its LP asks for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from picmodel.solve import first_order, highs
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

    Other solvers take no ``start``.  The time limit is of everything that is tried, together.
    """
    options = options or SolverOptions()
    if options.name != "highs":
        from picmodel.solve.others import solve_by_other  # loads Pyomo's solvers, which takes a second

        return solve_by_other(lp, options, units)
    begun = time.perf_counter()
    found, from_start = highs.go_on(lp, options, units, start)
    if found is not None:
        return found
    why = ""
    if first_order.is_chosen(lp, options):
        found, why = first_order.solve(lp, options.since(begun), units)
    found = found or highs.solve(lp, options.since(begun), units)
    return replace(found, info={**found.info, "from_start": from_start, "first_order": why})
