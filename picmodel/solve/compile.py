"""From a Pyomo model to arrays: the sparse LP with rows and columns addressed by component."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler


@dataclass(frozen=True)
class Block:
    """One component: its index (in order) and the row or column of each element (-1: none)."""

    index: tuple
    position: np.ndarray


@dataclass(frozen=True)
class LinearProgram:
    """min cost.x + offset, row_lower <= A x <= row_upper, lower <= x <= upper.

    Attributes:
        matrix: shape (n_rows, n_columns), by column.
        rows, columns: component name -> `Block`.
        items: cost item -> (kind, national), in the order in which they were declared.
        capacities: variables that decide on capacity.
    """

    matrix: sp.csc_array
    cost: np.ndarray
    offset: float
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    rows: dict[str, Block]
    columns: dict[str, Block]
    items: dict[str, tuple[str, bool]]
    rows_of: dict[str, tuple[str, ...]]
    discount: dict[int, float]
    capacities: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        return self.matrix.shape


def compile_model(m: pyo.ConcreteModel) -> LinearProgram:
    """Compile a model built by `formulation.build_model` to arrays."""
    with _quiet("pyomo.core.base.param"):  # Pyomo 6.10 warns of a call of its own
        form = LinearStandardFormCompiler().write(m, mixed_form=True)
    sense = np.fromiter((row.bound_type for row in form.rows), dtype=np.int8, count=len(form.rows))
    rhs = np.asarray(form.rhs, dtype=float)
    lower, upper = _bounds(form.columns)
    row_of = {id(row.constraint): i for i, row in enumerate(form.rows)}
    column_of = {id(var): j for j, var in enumerate(form.columns)}
    return LinearProgram(
        matrix=sp.csc_array(form.A),
        cost=np.asarray(form.c.todense()).reshape(-1),
        offset=float(form.c_offset[0]),
        row_lower=np.where(sense == 1, -np.inf, rhs),
        row_upper=np.where(sense == -1, np.inf, rhs),
        lower=lower,
        upper=upper,
        rows=_blocks(m, pyo.Constraint, row_of),
        columns=_blocks(m, pyo.Var, column_of),
        items=dict(m.cost_items),
        rows_of=dict(m.rows_of),
        discount={y: pyo.value(m.discount[y]) for y in m.YEARS},
        capacities=tuple(m.capacities),
    )


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Only errors of a logger for a while."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _bounds(columns) -> tuple[np.ndarray, np.ndarray]:
    lower = np.array([-np.inf if var.lb is None else var.lb for var in columns], dtype=float)
    upper = np.array([np.inf if var.ub is None else var.ub for var in columns], dtype=float)
    return lower, upper


def _blocks(m: pyo.ConcreteModel, kind, where: dict[int, int]) -> dict[str, Block]:
    blocks = {}
    for component in m.component_objects(kind, active=True):
        index = tuple(k if isinstance(k, tuple) else (k,) for k in component)
        position = np.fromiter(
            (where.get(id(component[k]), -1) for k in component), dtype=np.int64, count=len(index)
        )
        blocks[component.name] = Block(index, position)
    return blocks
