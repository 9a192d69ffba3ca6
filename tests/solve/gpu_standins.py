"""Stand-ins for two packages that need a GPU, as far as picmodel uses them; HiGHS does their work.

What they take and give was read in the sources of cupdlpx 0.3.0 (``python/cupdlpx/model.py`` and
``python_bindings/_core_bindings.cpp``) and of cuopt 26.10.0 (``linear_programming/data_model``,
``solver_settings``, ``solution``): names of arguments and parameters, row sides, codes of endings.  They
prove the translation, and say nothing of the packages themselves.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

import highspy
import numpy as np
import scipy.sparse as sp

_STATUS = highspy.HighsModelStatus
#: names of cupdlpx.PDLP and of cuopt's LPTerminationStatus
_NAMES = {_STATUS.kOptimal: "OPTIMAL", _STATUS.kInfeasible: "PRIMAL_INFEASIBLE"}
_REASONS = {_STATUS.kOptimal: "Optimal", _STATUS.kInfeasible: "PrimalInfeasible"}


def optimum(cost, matrix, row_lower, row_upper, lower, upper):
    """Status, values and duals of the least cost, by HiGHS's simplex."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    matrix = sp.csc_array(matrix)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
    model.row_lower_, model.row_upper_ = row_lower, row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr
    model.a_matrix_.index_ = matrix.indices
    model.a_matrix_.value_ = matrix.data
    solver.passModel(model)
    solver.setOptionValue("solver", "simplex")
    solver.run()
    found = solver.getSolution()
    return solver.getModelStatus(), np.array(found.col_value), np.array(found.row_dual)


class CuPDLPxModel:
    """``cupdlpx.Model``: bounds of variables are free unless given; an unknown parameter is a KeyError."""

    PARAMETERS = ("TimeLimit", "OptimalityTol", "FeasibilityTol", "MatrixZeroTol", "IterationLimit")

    def __init__(
        self,
        objective_vector,
        constraint_matrix,
        constraint_lower_bound,
        constraint_upper_bound,
        variable_lower_bound=None,
        variable_upper_bound=None,
        objective_constant=0.0,
    ):
        columns = constraint_matrix.shape[1]
        free = np.full(columns, np.inf)
        self.data = (
            objective_vector,
            constraint_matrix,
            constraint_lower_bound,
            constraint_upper_bound,
            -free if variable_lower_bound is None else variable_lower_bound,
            free if variable_upper_bound is None else variable_upper_bound,
        )
        self.params: dict = {}
        self.X = self.Pi = self.StatusName = None

    def setParams(self, **parameters):
        for name in parameters:
            if name not in self.PARAMETERS:
                raise KeyError(f"Unknown parameter '{name}'")
        self.params |= parameters

    def optimize(self):
        if self.params["TimeLimit"] < 1e-3:
            self.StatusName = "TIME_LIMIT"
            return self
        status, self.X, self.Pi = optimum(*self.data)
        self.StatusName = _NAMES.get(status, "INFEASIBLE_OR_UNBOUNDED")
        return self


class CuOptDataModel:
    """``cuopt.linear_programming.DataModel``."""

    def __init__(self):
        self.maximize = False

    def set_csr_constraint_matrix(self, values, indices, offsets):
        self.csr = (values, indices, offsets)

    def set_constraint_bounds(self, sides):
        self.sides = sides

    def set_row_types(self, kinds):
        assert set(kinds) <= set("EGL")
        self.kinds = np.asarray(kinds)

    def set_variable_lower_bounds(self, sides):
        self.lower = sides

    def set_variable_upper_bounds(self, sides):
        self.upper = sides

    def set_variable_types(self, types):
        assert set(types) == {"C"}

    def set_objective_coefficients(self, cost):
        self.cost = cost

    def set_objective_offset(self, offset):
        self.offset = offset

    def set_maximize(self, maximize):
        assert not maximize


class CuOptSettings:
    """``cuopt.linear_programming.SolverSettings``: an unknown parameter is a ValueError."""

    PARAMETERS = (
        "time_limit",
        "num_cpu_threads",
        "crossover",
        "method",
        "infeasibility_detection",
        *(f"{size}_{of}_tolerance" for size in ("absolute", "relative") for of in ("primal", "dual", "gap")),
    )
    made: ClassVar[list[CuOptSettings]] = []

    def __init__(self):
        self.chosen: dict = {}
        self.made.append(self)

    def set_parameter(self, name, value):
        if name not in self.PARAMETERS:
            raise ValueError("Invalid parameter. Please check documentation")
        self.chosen[name] = value


class CuOptSolution:
    """``cuopt.linear_programming.Solution`` of an LP; endings by name as ``LPTerminationStatus`` has them."""

    def __init__(self, model: CuOptDataModel, settings: CuOptSettings):
        if settings.chosen["time_limit"] < 1e-3:
            self.said, self.x, self.dual = "TimeLimit", np.array([]), np.array([])
            return
        values, indices, offsets = model.csr
        matrix = sp.csr_array((values, indices, offsets), shape=(len(model.sides), len(model.cost)))
        low = np.where(model.kinds == "L", -np.inf, model.sides)
        high = np.where(model.kinds == "G", np.inf, model.sides)
        status, self.x, self.dual = optimum(model.cost, matrix, low, high, model.lower, model.upper)
        self.said = _REASONS.get(status, "UnboundedOrInfeasible")

    def get_termination_reason(self):
        return self.said

    def get_primal_solution(self):
        return self.x

    def get_dual_solution(self):
        return self.dual


#: a module, since picmodel imports a part of it
CUOPT = SimpleNamespace(
    linear_programming=SimpleNamespace(
        DataModel=CuOptDataModel, SolverSettings=CuOptSettings, Solve=CuOptSolution
    )
)
CUPDLPX = SimpleNamespace(Model=CuPDLPxModel)
