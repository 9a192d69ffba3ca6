r"""Annual sums leave the LP for the solve: what a free variable's equality says is put in wherever it stands.

A model names the output, the emissions and the costs of a year (`formulation.base.free`), which keeps its
rows short and its duals readable.  An interior point takes fewer iterations without (docs/performance.md).
With S the sums, R the rows that define them, N and K the rest,

.. math:: A_{RS} x_S + A_{RN} x_N = b_R \;\Rightarrow\; x_S = M (b_R - A_{RN} x_N), \qquad M = A_{RS}^{-1}

and duals come back by complementarity: a free variable's reduced cost is nothing,
:math:`y_R = M^T (c_S - A_{KS}^T y_K)`.
"""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
import scipy.sparse as sp

from picmodel.solve.compile import LinearProgram

BASIC, LOWER = int(highspy.HighsBasisStatus.kBasic), int(highspy.HighsBasisStatus.kLower)
#: HiGHS's codes of columns and of rows
Codes = tuple[np.ndarray, np.ndarray]
#: sums of sums of sums; none is deeper
DEEPEST = 8


class Sums:
    """The sums of an LP, whose optimum is found from that of the LP ``without`` them (which has no names).

    Attributes:
        columns, rows: positions of the sums and of the rows that define them, in one order.
        kept_columns, kept_rows: positions of the rest.
    """

    def __init__(self, lp: LinearProgram) -> None:
        self.lp = lp
        by_row = lp.matrix.tocsr()
        self.columns, self.rows, self._inverse = _defined(lp, by_row)
        self.kept_columns = np.setdiff1d(np.arange(lp.shape[1]), self.columns)
        self.kept_rows = np.setdiff1d(np.arange(lp.shape[0]), self.rows)
        rest = by_row[self.kept_rows]
        self._spelt = sp.csr_array(by_row[self.rows][:, self.kept_columns])
        self._uses = sp.csr_array(rest[:, self.columns])
        self.without = self._without(sp.csr_array(rest[:, self.kept_columns]))

    def _without(self, matrix: sp.csr_array) -> LinearProgram:
        lp, weight = self.lp, self._uses @ self._inverse
        side, cost = lp.row_lower[self.rows], self._inverse.T @ lp.cost[self.columns]
        moved = weight @ side
        return replace(
            lp,
            matrix=sp.csc_array(matrix - weight @ self._spelt),
            cost=lp.cost[self.kept_columns] - self._spelt.T @ cost,
            offset=lp.offset + float(cost @ side),
            row_lower=lp.row_lower[self.kept_rows] - moved,
            row_upper=lp.row_upper[self.kept_rows] - moved,
            lower=lp.lower[self.kept_columns],
            upper=lp.upper[self.kept_columns],
            rows={},
            columns={},
        )

    def back(self, x: np.ndarray, reduced_cost: np.ndarray, dual: np.ndarray) -> tuple[np.ndarray, ...]:
        """Values, reduced costs, duals and activities of all columns and rows."""
        lp = self.lp
        value, price = np.zeros(lp.shape[1]), np.zeros(lp.shape[0])
        value[self.kept_columns], price[self.kept_rows] = x, dual
        value[self.columns] = self._inverse @ (lp.row_lower[self.rows] - self._spelt @ x)
        price[self.rows] = self._inverse.T @ (lp.cost[self.columns] - self._uses.T @ dual)
        reduced = np.zeros(lp.shape[1])
        reduced[self.kept_columns] = reduced_cost
        return value, reduced, price, lp.matrix @ value

    def kept(self, codes: Codes) -> Codes:
        """Of a basis of all columns and rows, that of the LP without sums."""
        return codes[0][self.kept_columns], codes[1][self.kept_rows]

    def codes(self, columns: np.ndarray, rows: np.ndarray) -> Codes:
        """The basis of all columns and rows: sums are basic, the rows that define them are not."""
        of_columns = np.full(self.lp.shape[1], BASIC, np.int8)
        of_rows = np.full(self.lp.shape[0], LOWER, np.int8)
        of_columns[self.kept_columns], of_rows[self.kept_rows] = columns, rows
        return of_columns, of_rows


def _defined(lp: LinearProgram, by_row: sp.csr_array) -> tuple[np.ndarray, np.ndarray, sp.csr_array]:
    """Columns without bounds, the equalities of the same name and key that define them, and M.

    None at all where one does not define its own column, or where they go in circles.
    """
    columns, rows = [np.zeros(0, int)], [np.zeros(0, int)]
    for name, block in lp.columns.items():
        row = lp.rows.get(f"c_{name.removeprefix('v_')}")
        if row is None or row.index != block.index:
            continue
        j, i = block.position, row.position
        taken = (j >= 0) & (i >= 0) & (lp.row_lower[i] == lp.row_upper[i])
        taken &= ~np.isfinite(lp.lower[j]) & ~np.isfinite(lp.upper[j])
        columns.append(j[taken])
        rows.append(i[taken])
    found, defining = np.concatenate(columns), np.concatenate(rows)
    own = sp.csr_array(by_row[defining][:, found])
    inverse = _inverse(own) if own.diagonal().all() else None
    if inverse is None:
        return found[:0], defining[:0], sp.csr_array((0, 0))
    return found, defining, inverse


def _inverse(own: sp.csr_array) -> sp.csr_array | None:
    """Of the sums' own coefficients D (I - T): I + T + T² … ends where no sum is a part of itself."""
    scale = sp.diags_array(1 / own.diagonal())
    total = power = sp.eye_array(own.shape[0], format="csr")
    within = sp.csr_array(total - scale @ own)
    within.eliminate_zeros()
    for _ in range(DEEPEST):
        power = sp.csr_array(power @ within)
        if not power.nnz:
            return sp.csr_array(total @ scale)
        total = sp.csr_array(total + power)
    return None
