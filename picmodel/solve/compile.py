"""From a Pyomo model to arrays: the sparse LP with rows and columns addressed by component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.common.gc_manager import PauseGC
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
    with PauseGC():  # nothing here is garbage, and looking for it takes a fifth of the time
        return _compiled(m)


def _compiled(m: pyo.ConcreteModel) -> LinearProgram:
    form = LinearStandardFormCompiler().write(m, mixed_form=True)
    sense = np.fromiter((row.bound_type for row in form.rows), np.int8, len(form.rows))
    rhs = np.asarray(form.rhs, dtype=float)
    lower, upper = _bounds(form.columns)
    return LinearProgram(
        matrix=sp.csc_array(form.A),
        cost=np.asarray(form.c.todense()).reshape(-1),
        offset=float(form.c_offset[0]),
        row_lower=np.where(sense == 1, -np.inf, rhs),
        row_upper=np.where(sense == -1, np.inf, rhs),
        lower=lower,
        upper=upper,
        rows=_blocks(m, pyo.Constraint, [row.constraint for row in form.rows]),
        columns=_blocks(m, pyo.Var, form.columns),
        items=dict(m.cost_items),
        rows_of=dict(m.rows_of),
        discount={y: pyo.value(m.discount[y]) for y in m.YEARS},
        capacities=tuple(m.capacities),
    )


def _bounds(columns: Sequence) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = np.array([var.bounds for var in columns], dtype=float).reshape(-1, 2).T  # nan: none
    return np.where(np.isnan(lower), -np.inf, lower), np.where(np.isnan(upper), np.inf, upper)


def _blocks(m: pyo.ConcreteModel, kind, elements: Sequence) -> dict[str, Block]:
    """Blocks of all components of a kind, where ``elements`` are the rows or columns in order."""
    where = dict(zip(map(id, elements), range(len(elements))))
    blocks = {}
    for component in m.component_objects(kind, active=True):
        keys, members = zip(*component.items()) if len(component) else ((), ())
        index = keys if keys and isinstance(keys[0], tuple) else tuple(zip(keys))
        position = np.fromiter(map(where.get, map(id, members), repeat(-1)), np.int64, len(keys))
        blocks[component.name] = Block(index, position)
    return blocks
