"""One LP by the PDLP of OR-tools, in a process of its own: its library and highspy's cannot share one.

    python -m benchmarks.ortools_pdlp LP.npz FOUND.npz TOLERANCE SECONDS

Arrays go in as ``cost``, ``data``, ``indices``, ``indptr`` (by column), ``row_lower``, ``row_upper``,
``lower`` and ``upper``; ``status``, ``x``, ``dual``, ``iterations`` and ``cpu_s`` come out.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import scipy.sparse as sp
from ortools.pdlp import solve_log_pb2, solvers_pb2
from ortools.pdlp.python import pdlp


def main(given: str, found: str, tolerance: str, seconds: str) -> None:
    lp = np.load(given)
    program = pdlp.QuadraticProgram()
    program.objective_vector = lp["cost"]
    shape = len(lp["row_lower"]), len(lp["cost"])
    program.constraint_matrix = sp.csc_matrix((lp["data"], lp["indices"], lp["indptr"]), shape=shape)
    program.constraint_lower_bounds, program.constraint_upper_bounds = lp["row_lower"], lp["row_upper"]
    program.variable_lower_bounds, program.variable_upper_bounds = lp["lower"], lp["upper"]
    wish = solvers_pb2.PrimalDualHybridGradientParams()
    wish.num_threads = 1
    wish.termination_criteria.time_sec_limit = float(seconds)
    criteria = wish.termination_criteria.simple_optimality_criteria
    criteria.eps_optimal_absolute = criteria.eps_optimal_relative = float(tolerance)
    start = time.process_time()
    result = pdlp.primal_dual_hybrid_gradient(program, wish)
    np.savez(
        found,
        cpu_s=time.process_time() - start,
        status=solve_log_pb2.TerminationReason.Name(result.solve_log.termination_reason),
        iterations=result.solve_log.iteration_count,
        x=result.primal_solution,
        dual=result.dual_solution,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
