r"""An LP in parts: what is decided once, and the operation of each year, or period, under it.

**Defined columns** go first.  A free column ``v_X`` with an equality ``c_X`` of the same key is a name for
a sum (annual output, emissions, a cost item); with :math:`A_{DD}` the square, acyclic matrix of definitions

.. math:: x_D = A_{DD}^{-1} (b_D - A_{DR}\, x_R)

is put into the other rows and the objective.  Only then do the days of a physical system fall apart.

**Columns** get a label: none if they belong to the master, else the year, or the year and period, in whose
operation they stand.  The master has what decides on capacity, whatever appears in rows of another year,
and whatever equalities then fix (:math:`C = E + \sum B`).  **Rows** follow: one with columns of no label is
the master's, one with columns of one label that block's.  A row with several labels is shared out, with a
column of the master for the part of each block,

.. math:: \ell \le A_z z + \sum_b s_b \le u, \qquad A_b x_b + e^+_b - e^-_b = s_b, \qquad M (e^+_b + e^-_b)
          \text{ in the cost of } b,

which is exact if M exceeds the row's price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from picmodel.data.system import SystemData
from picmodel.solve.compile import Block as Component
from picmodel.solve.compile import LinearProgram

#: price of a share that is not met, over the largest price at which a column of such rows costs anything
PENALTY = 10.0
NOWHERE = -1


@dataclass(frozen=True)
class Part:
    """row_lower <= own x + linking z <= row_upper, lower <= x <= upper, at cost.x.

    Attributes:
        name: year, or (year, period); None of the master, which has no ``linking``.
        own: shape (n_rows, n_own columns); ``linking`` shape (n_rows, n_linked).
        linked: positions of z among the master's columns.
        columns: positions of the own columns in the LP that was split; -1: shares and their slacks.
    """

    name: object
    own: sp.csc_array
    linking: sp.csc_array
    linked: np.ndarray
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True)
class Split:
    """The master and its blocks; ``offset`` is what is paid in any case."""

    master: Part
    blocks: tuple[Part, ...]
    offset: float
    shared_rows: int


def split(lp: LinearProgram, data: SystemData, by: str = "year") -> tuple[Split, Reduced]:
    """Split an LP by ``year``, or by representative ``period`` of each year.

    Args:
        lp: in any units; keys of columns name the year and, behind it, the slice.
    """
    years, periods = set(data.horizon.years), data.time.period
    column_year, column_slice = _times(lp.columns, lp.shape[1], years)
    row_year, _ = _times(lp.rows, lp.shape[0], years)
    matrix = lp.matrix.tocoo()
    elsewhere = (row_year[matrix.row] != column_year[matrix.col]) & (row_year[matrix.row] != NOWHERE)
    decided = np.zeros(lp.shape[1], bool)
    decided[matrix.col[elsewhere]] = True
    decided[column_year == NOWHERE] = True
    for name in lp.capacities:
        position = lp.columns[name].position
        decided[position[position >= 0]] = True
    reduced = eliminate(lp)
    keep = reduced.kept
    decided = _closed(reduced.lp, decided[keep])
    labels: list[object] = [None] * len(keep)
    for k, j in enumerate(keep):
        if decided[k]:
            continue
        period = periods.get(int(column_slice[j]), NOWHERE)
        if by == "year":
            labels[k] = int(column_year[j])
        elif period != NOWHERE:
            labels[k] = (int(column_year[j]), period)
    return parts(reduced.lp, labels), reduced


def _times(components: Mapping[str, Component], count: int, years: set[int]) -> tuple[np.ndarray, np.ndarray]:
    """Year of each row or column, and what stands behind the year in its key; -1: nothing."""
    year, behind = np.full(count, NOWHERE), np.full(count, NOWHERE)
    for component in components.values():
        for key, i in zip(component.index, component.position):
            place = next((n for n, part in enumerate(key) if part in years), None)
            if i < 0 or place is None:
                continue
            year[i] = key[place]
            if place + 1 < len(key) and isinstance(key[place + 1], int):
                behind[i] = key[place + 1]
    return year, behind


def _closed(lp: LinearProgram, decided: np.ndarray) -> np.ndarray:
    """Also what an equality fixes once the rest is decided."""
    rows = lp.matrix.tocsr()[lp.row_lower == lp.row_upper]
    pattern = sp.csr_array((np.ones(rows.nnz), rows.indices, rows.indptr), rows.shape)
    while True:
        one_left = pattern @ (~decided).astype(float) == 1
        fixed = (pattern[one_left].sum(axis=0) > 0) & ~decided
        if not fixed.any():
            return decided
        decided = decided | fixed


# -- defined columns


@dataclass(frozen=True)
class Reduced:
    """An LP without its defined columns.

    Attributes:
        lp: rows and columns that are left, in order; its components name none of them.
        kept, defined: positions in the whole LP of columns that stay and that were put in.
        constant, slope: x_defined = constant + slope @ x_kept.
    """

    lp: LinearProgram
    kept: np.ndarray
    defined: np.ndarray
    constant: np.ndarray
    slope: sp.csr_array

    def whole(self, x: np.ndarray) -> np.ndarray:
        """All columns from those that are left."""
        found = np.zeros(len(self.kept) + len(self.defined))
        found[self.kept] = x
        found[self.defined] = self.constant + self.slope @ x
        return found


def eliminate(lp: LinearProgram) -> Reduced:
    """Put free columns ``v_X`` that an equality ``c_X`` of the same key defines into the other rows."""
    defining, defined = _definitions(lp)
    kept = np.setdiff1d(np.arange(lp.shape[1]), defined)
    left = np.setdiff1d(np.arange(lp.shape[0]), defining)
    matrix = lp.matrix.tocsr()
    constant, slope = _solved(matrix[defining][:, defined], matrix[defining][:, kept], lp.row_lower[defining])
    replaced = matrix[left][:, defined]
    known = replaced @ constant
    merged = sp.csc_array(matrix[left][:, kept] + replaced @ slope)
    merged.eliminate_zeros()
    smaller = replace(
        lp,
        matrix=merged,
        cost=lp.cost[kept] + slope.T @ lp.cost[defined],
        offset=lp.offset + float(lp.cost[defined] @ constant),
        row_lower=lp.row_lower[left] - known,
        row_upper=lp.row_upper[left] - known,
        lower=lp.lower[kept],
        upper=lp.upper[kept],
        rows={},
        columns={},
    )
    return Reduced(smaller, kept, defined, constant, sp.csr_array(slope))


def _definitions(lp: LinearProgram) -> tuple[np.ndarray, np.ndarray]:
    """Rows that define, and the columns that they define."""
    rows, columns = [], []
    for name, block in lp.columns.items():
        definition = lp.rows.get("c_" + name.removeprefix("v_"))
        if definition is not None:
            row_of = dict(zip(definition.index, definition.position))
            found = np.array([row_of.get(key, NOWHERE) for key in block.index], int)
            there = (found >= 0) & (block.position >= 0)
            rows.append(found[there])
            columns.append(block.position[there])
    i, j = (np.concatenate([np.zeros(0, int), *parts]) for parts in (rows, columns))
    free = np.isinf(lp.lower[j]) & np.isinf(lp.upper[j]) & (lp.row_lower[i] == lp.row_upper[i])
    free &= np.asarray(lp.matrix.tocsr()[i, j]).reshape(-1) != 0
    return i[free], j[free]


def _solved(square: sp.csr_array, rest: sp.csr_array, right: np.ndarray) -> tuple[np.ndarray, sp.csr_array]:
    """constant + slope x for square y + rest x = right, where no definition leads back to itself."""
    own = sp.diags_array(1 / square.diagonal())
    others = own @ square - sp.eye_array(square.shape[0])
    constant, slope = own @ right, sp.csr_array(-(own @ rest))
    first, depth = (constant, slope), others
    while abs(depth).sum() > 0:
        constant, slope = first[0] - others @ constant, first[1] - others @ slope
        depth = depth @ others
    return constant, sp.csr_array(slope)


# -- rows by label


def parts(lp: LinearProgram, labels: list) -> Split:
    """The master and a block for each label but None, in order of appearance."""
    names = [name for name in dict.fromkeys(labels) if name is not None]
    number = {name: n for n, name in enumerate(names)}
    owner = np.array([NOWHERE if name is None else number[name] for name in labels])
    rows = lp.matrix.tocsr()
    touches = np.zeros((lp.shape[0], len(names)), bool)
    where = lp.matrix.tocoo()
    operating = owner[where.col] != NOWHERE
    touches[where.row[operating], owner[where.col[operating]]] = True
    count = touches.sum(axis=1)
    shared = np.flatnonzero(count > 1)
    master_columns = np.flatnonzero(owner == NOWHERE)
    penalty = _penalty(lp, shared)
    blocks, shares, begin = [], [], len(master_columns)
    for n, name in enumerate(names):
        mine = shared[touches[shared, n]]
        blocks.append(
            _block(
                lp, rows, name, owner == n, master_columns, touches[:, n] & (count == 1), mine, begin, penalty
            )
        )
        begin += len(mine)
        shares.append(np.searchsorted(shared, mine))
    master = _master(
        lp, rows, master_columns, np.flatnonzero(count == 0), shared, np.concatenate([*shares, []])
    )
    return Split(master, tuple(blocks), lp.offset, len(shared))


def _penalty(lp: LinearProgram, shared: np.ndarray) -> float:
    """Price of a unit of a shared row that is not met: no column of these rows costs as much."""
    part = lp.matrix.tocsr()[shared].tocoo()
    return PENALTY * float(np.abs(lp.cost[part.col] / part.data).max(initial=0.0))


def _block(lp, rows, name, mine, master_columns, inside, shared, begin, penalty) -> Part:
    """One block: its rows, then a row for its share of each shared row."""
    columns, inside = np.flatnonzero(mine), np.flatnonzero(inside)
    linking = rows[inside][:, master_columns].tocsc()
    linked = np.flatnonzero(np.diff(linking.indptr))
    n = len(shared)
    low, high = np.isfinite(lp.row_lower[shared]), np.isfinite(lp.row_upper[shared])
    slack = np.hstack([np.eye(n)[:, low], -np.eye(n)[:, high]])
    extra = slack.shape[1]
    own = sp.block_array(
        [
            [rows[inside][:, columns], sp.csr_array((len(inside), extra))],
            [rows[shared][:, columns], sp.csr_array(slack)],
        ]
    )
    tied = sp.block_array(
        [
            [linking[:, linked], sp.csr_array((len(inside), n))],
            [sp.csr_array((n, len(linked))), -sp.csr_array(np.eye(n))],
        ]
    )
    return Part(
        name=name,
        own=sp.csc_array(own),
        linking=sp.csc_array(tied),
        linked=np.concatenate([linked, np.arange(begin, begin + n)]).astype(int),
        cost=np.concatenate([lp.cost[columns], np.full(extra, penalty)]),
        lower=np.concatenate([lp.lower[columns], np.zeros(extra)]),
        upper=np.concatenate([lp.upper[columns], np.full(extra, np.inf)]),
        row_lower=np.concatenate([lp.row_lower[inside], np.where(low, 0.0, -np.inf)]),
        row_upper=np.concatenate([lp.row_upper[inside], np.where(high, 0.0, np.inf)]),
        columns=np.concatenate([columns, np.full(extra, NOWHERE)]),
    )


def _master(lp, rows, columns, inside, shared, shares) -> Part:
    """The master's rows, then the shared rows with a column for each share."""
    shares = shares.astype(int)
    n = len(shares)
    sums = sp.csr_array((np.ones(n), (shares, np.arange(n))), (len(shared), n))
    own = sp.block_array(
        [
            [rows[inside][:, columns], sp.csr_array((len(inside), n))],
            [rows[shared][:, columns], sums],
        ]
    )
    order = np.concatenate([inside, shared]).astype(int)
    return Part(
        name=None,
        own=sp.csc_array(own),
        linking=sp.csc_array((len(order), 0)),
        linked=np.zeros(0, int),
        cost=np.concatenate([lp.cost[columns], np.zeros(n)]),
        lower=np.concatenate([lp.lower[columns], np.full(n, -np.inf)]),
        upper=np.concatenate([lp.upper[columns], np.full(n, np.inf)]),
        row_lower=lp.row_lower[order],
        row_upper=lp.row_upper[order],
        columns=np.concatenate([columns, np.full(n, NOWHERE)]),
    )
