"""An LP written in another way, as arrays: sums named or spelt out, columns cut, bounds added, rows dropped.

Every function returns an LP with the same optimum.  Rows that stay keep their names, keys and duals, so
prices are read as ever; a bound that rows imply is given room, so it never takes a price away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from picmodel.solve.compile import Block, LinearProgram

#: implied bounds are wider by this factor: never reached, so no price moves to them
ROOM = 2.0
#: rounds in which bounds are drawn from each other
ROUNDS = 4


def eliminated(lp: LinearProgram, pairs: Mapping[str, str]) -> LinearProgram:
    """Columns replaced by what defines them; where one may not be negative, its row stays as an inequality.

    Args:
        pairs: column family -> row family with the same keys; sums of sums come first.  Pairs that the LP
            lacks, or that are no equalities, are left as they are.
    """
    for column, row in pairs.items():
        if column in lp.columns and row in lp.rows:
            lp = _eliminated(lp, *_defined(lp, column, row))
    return lp


def _defined(lp: LinearProgram, column: str, row: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions of columns and of the rows that define them."""
    rows = dict(zip(lp.rows[row].index, lp.rows[row].position, strict=True))
    found = [
        (j, rows[key])
        for key, j in zip(lp.columns[column].index, lp.columns[column].position, strict=True)
        if j >= 0 and rows.get(key, -1) >= 0
    ]
    columns, defining = np.array(found, dtype=int).reshape(-1, 2).T
    equal = lp.row_lower[defining] == lp.row_upper[defining]
    simple = (lp.lower[columns] == 0) | ~np.isfinite(lp.lower[columns])
    taken = equal & simple & ~np.isfinite(lp.upper[columns])
    return columns[taken], defining[taken]


def _eliminated(lp: LinearProgram, columns: np.ndarray, rows: np.ndarray) -> LinearProgram:
    if not len(columns):
        return lp
    by_row = lp.matrix.tocsr()
    defining = by_row[rows]
    own = defining[:, columns]
    pivot = own.diagonal()
    if own.nnz != len(columns) or not pivot.all():
        raise ValueError("a row defines more than its own column")
    share = sp.csr_array(sp.diags_array(1 / pivot) @ defining)
    side = lp.row_lower[rows] / pivot
    entries = sp.csr_array(by_row[:, columns])
    moved = entries @ side
    row_lower, row_upper = lp.row_lower - moved, lp.row_upper - moved
    bounded = lp.lower[columns] == 0  # what is left of such a row keeps the column from below zero
    back = (np.ones(bounded.sum()), (rows[bounded], np.flatnonzero(bounded)))
    put_back = sp.csr_array(back, shape=(lp.shape[0], len(rows)))
    matrix = by_row - sp.csr_array(entries - put_back) @ share
    row_lower[rows[bounded]], row_upper[rows[bounded]] = -np.inf, side[bounded]
    cost = lp.cost[columns]
    changed = replace(
        lp,
        matrix=sp.csc_array(matrix),
        cost=lp.cost - share.T @ cost,
        offset=lp.offset + float(cost @ side),
        row_lower=row_lower,
        row_upper=row_upper,
    )
    drop_rows = np.zeros(lp.shape[0], bool)
    drop_rows[rows[~bounded]] = True
    drop_columns = np.zeros(lp.shape[1], bool)
    drop_columns[columns] = True
    return kept(changed, ~drop_rows, ~drop_columns)


def summed(
    lp: LinearProgram, named: str, unit_of: str, picked: Iterable[tuple[list[int], np.ndarray, np.ndarray]]
) -> LinearProgram:
    """Parts of rows as free columns of their own, each defined by a new equality.

    Args:
        named: families of the new columns and rows are ``v_`` and ``c_`` of it.
        unit_of: kept in the name after a dot, to find the unit by.
        picked: rows that a sum stands in, the columns that are summed and their coefficients.
    """
    picked = list(picked)
    n_rows, n_columns = lp.shape
    take = sp.dok_array(lp.shape)
    put = sp.dok_array((n_rows, len(picked)))
    sums = sp.dok_array((len(picked), n_columns))
    for k, (rows, columns, values) in enumerate(picked):
        for i in rows:
            put[i, k] = 1.0
            for j, value in zip(columns, values, strict=True):
                take[i, j] = value
        for j, value in zip(columns, values, strict=True):
            sums[k, j] = value
    old = sp.csr_array(lp.matrix - sp.csc_array(take))
    old.eliminate_zeros()
    matrix = sp.block_array([[old, put], [sums, -sp.eye_array(len(picked))]], format="csc")
    return _grown(lp, matrix, f"{named}.{unit_of}", len(picked), free=True)


def split(lp: LinearProgram, family: str, part_of_row: np.ndarray) -> LinearProgram:
    """A copy of each column of a family for each part of the rows (a day), equal to the column itself.

    Args:
        part_of_row: part of each row, -1 for rows that keep the column itself.
    """
    n_rows, n_columns = lp.shape
    columns = lp.columns[family].position
    entries = lp.matrix[:, columns[columns >= 0]].tocoo()
    part = part_of_row[entries.row]
    moved = part >= 0
    column = columns[columns >= 0][entries.col]
    pairs, copy = np.unique(np.column_stack([column[moved], part[moved]]), axis=0, return_inverse=True)
    copies = len(pairs)
    values = entries.data[moved]
    taken = sp.csc_array((values, (entries.row[moved], column[moved])), shape=lp.shape)
    put = sp.csc_array((values, (entries.row[moved], copy.reshape(-1))), shape=(n_rows, copies))
    old = sp.csr_array(lp.matrix - taken)
    old.eliminate_zeros()
    original = sp.csr_array((-np.ones(copies), (np.arange(copies), pairs[:, 0])), shape=(copies, n_columns))
    matrix = sp.block_array([[old, put], [original, sp.eye_array(copies)]], format="csc")
    return _grown(lp, matrix, f"copy.{family}", copies, free=False)


def _grown(lp: LinearProgram, matrix: sp.csc_array, name: str, count: int, *, free: bool) -> LinearProgram:
    """With new columns and as many equalities with zero that define them."""
    n_rows, n_columns = lp.shape
    keys = tuple((k,) for k in range(count))
    zero = np.zeros(count)
    return replace(
        lp,
        matrix=matrix,
        cost=np.append(lp.cost, zero),
        row_lower=np.append(lp.row_lower, zero),
        row_upper=np.append(lp.row_upper, zero),
        lower=np.append(lp.lower, np.full(count, -np.inf) if free else zero),
        upper=np.append(lp.upper, np.full(count, np.inf)),
        rows={**lp.rows, f"c_{name}": Block(keys, n_rows + np.arange(count))},
        columns={**lp.columns, f"v_{name}": Block(keys, n_columns + np.arange(count))},
    )


def with_bounds_of_rows(lp: LinearProgram) -> LinearProgram:
    """Rows of one entry turned into bounds of their column."""
    by_row = lp.matrix.tocsr()
    single = np.diff(by_row.indptr) == 1
    place = by_row.indptr[:-1][single]
    column, value = by_row.indices[place], by_row.data[place]
    low, high = lp.row_lower[single] / value, lp.row_upper[single] / value
    low, high = np.minimum(low, high), np.maximum(low, high)
    lower, upper = lp.lower.copy(), lp.upper.copy()
    np.maximum.at(lower, column, low)
    np.minimum.at(upper, column, high)
    return kept(replace(lp, lower=lower, upper=upper), ~single, np.ones(lp.shape[1], bool))


def implied_bounds(lp: LinearProgram) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of columns that the rows imply, in a few rounds."""
    lower, upper = lp.lower.copy(), lp.upper.copy()
    entries = lp.matrix.tocoo()
    i, j, a = entries.row, entries.col, entries.data
    for _ in range(ROUNDS):
        for side, sign in ((lp.row_upper, 1.0), (-lp.row_lower, -1.0)):
            least, open_ends, own = _activity(i, sign * a, lower[j], upper[j], lp.shape[0])
            others = np.where(np.isfinite(own), open_ends[i] == 0, open_ends[i] == 1) & np.isfinite(side[i])
            rest = least[i] - np.where(np.isfinite(own), own, 0.0)
            with np.errstate(invalid="ignore"):
                bound = (side[i] - rest) / (sign * a)
            up = others & (sign * a > 0)
            down = others & (sign * a < 0)
            np.minimum.at(upper, j[up], bound[up])
            np.maximum.at(lower, j[down], bound[down])
    return np.maximum(lower, lp.lower), np.minimum(upper, lp.upper)


def _activity(i: np.ndarray, a: np.ndarray, low: np.ndarray, high: np.ndarray, n_rows: int) -> tuple:
    """Of each row the least finite activity and how many entries are open; of each entry its least value."""
    own = np.where(a > 0, a * low, a * high)
    open_ends = np.bincount(i, ~np.isfinite(own), n_rows)
    return np.bincount(i, np.where(np.isfinite(own), own, 0.0), n_rows), open_ends, own


def tightened(lp: LinearProgram) -> LinearProgram:
    """Upper bounds where the rows imply some and there was none, with room."""
    _, upper = implied_bounds(lp)
    found = np.isfinite(upper) & ~np.isfinite(lp.upper) & np.isfinite(lp.lower)
    return replace(lp, upper=np.where(found, ROOM * np.maximum(upper, 0.0) + 1.0, lp.upper))


def without_dominated(lp: LinearProgram) -> LinearProgram:
    """Without columns that some optimum leaves at their lower bound whatever the rest does, and idle rows.

    That is so where cost and every row speak against more of the column, and where another column does the
    same to all rows for less.  A row is idle where no values within bounds reach its sides.
    """
    fixed = (lp.lower == lp.upper) | _never_wanted(lp) | _outdone(lp)
    value = np.where(np.isfinite(lp.lower), lp.lower, 0.0)
    moved = lp.matrix @ np.where(fixed, value, 0.0)
    smaller = replace(
        lp,
        offset=lp.offset + float(lp.cost[fixed] @ value[fixed]),
        row_lower=lp.row_lower - moved,
        row_upper=lp.row_upper - moved,
    )
    smaller = kept(smaller, np.ones(lp.shape[0], bool), ~fixed)
    return kept(smaller, ~_out_of_reach(smaller), np.ones(smaller.shape[1], bool))


def _never_wanted(lp: LinearProgram) -> np.ndarray:
    entries = lp.matrix.tocoo()
    i, j, a = entries.row, entries.col, entries.data
    helps = np.where(a > 0, np.isfinite(lp.row_lower[i]), np.isfinite(lp.row_upper[i]))
    return (np.bincount(j, helps, lp.shape[1]) == 0) & (lp.cost >= 0) & np.isfinite(lp.lower)


def _outdone(lp: LinearProgram) -> np.ndarray:
    """Columns with the entries of another one that costs no more and has no upper bound."""
    found = np.zeros(lp.shape[1], bool)
    best: dict[bytes, int] = {}
    start, rows, values = lp.matrix.indptr, lp.matrix.indices, lp.matrix.data
    open_above = ~np.isfinite(lp.upper) & (lp.lower == 0)
    for j in np.flatnonzero(lp.lower == 0):
        part = slice(start[j], start[j + 1])
        order = np.argsort(rows[part])
        key = rows[part][order].tobytes() + values[part][order].tobytes()
        if key not in best or not open_above[best[key]]:
            best[key] = j
        elif lp.cost[j] >= lp.cost[best[key]]:
            found[j] = True
        elif open_above[j]:
            found[best[key]], best[key] = True, j
    return found


def _out_of_reach(lp: LinearProgram) -> np.ndarray:
    """Rows whose sides no values within bounds can reach."""
    entries = lp.matrix.tocoo()
    i, low, high = entries.row, lp.lower[entries.col], lp.upper[entries.col]
    slack = []
    for side, sign in ((lp.row_upper, -1.0), (-lp.row_lower, 1.0)):
        least, open_ends, _ = _activity(i, sign * entries.data, low, high, lp.shape[0])
        slack.append(~np.isfinite(side) | ((open_ends == 0) & (-least < side)))
    return slack[0] & slack[1]


def kept(lp: LinearProgram, rows: np.ndarray, columns: np.ndarray) -> LinearProgram:
    """The LP of some of its rows and columns."""
    return replace(
        lp,
        matrix=sp.csc_array(lp.matrix.tocsr()[rows][:, columns]),
        cost=lp.cost[columns],
        row_lower=lp.row_lower[rows],
        row_upper=lp.row_upper[rows],
        lower=lp.lower[columns],
        upper=lp.upper[columns],
        rows=_renumbered(lp.rows, rows),
        columns=_renumbered(lp.columns, columns),
    )


def _renumbered(blocks: Mapping[str, Block], taken: np.ndarray) -> dict[str, Block]:
    new = np.append(np.where(taken, np.cumsum(taken) - 1, -1), -1)  # -1, no position, stays
    return {name: Block(block.index, new[block.position]) for name, block in blocks.items()}
