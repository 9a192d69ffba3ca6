r"""Why the energy price is what it is: for each hourly decision in use, what it costs by every rule.

A decision :math:`j` that is in use has a reduced cost of zero, so its column is an identity of duals

.. math:: \sum_i A_{ij} \pi_i = c_j - d_j .

Solved for the balance row of a province and slice it splits the price there into terms that add up to it:
cost items, duals of annual rules through which a GWh is counted (a tonne, a certificate, guaranteed hours),
rents of the slice, and prices of *other* balances (the sender of a line, energy in a store, water kept for
another hour), which are split in their turn.  Rows that only define an annual quantity (annual generation,
emissions) are replaced by what that quantity costs, so every term is a cost item or a rule that binds.

The table is made when a run is written, because it needs the matrix; `picmodel explain price` reads it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from picmodel.extract.results import Results
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution

#: balances: rows whose dual is a price of energy in a place and slice, to be split itself
BALANCES = ("c_balance", "c_stored", "c_inflow", "c_shift_stored")
#: term of a decision at a bound of its own
BOUND = "bound"
COLUMNS = [
    "year",
    "variable",
    "place",
    "unit",
    "time",
    "term",
    "mechanism",
    "term_place",
    "term_unit",
    "term_time",
    "coefficient",
    "amount",
]
LEAST_USE = 1e-7  # GW (GWh) below which a decision is not in use
LEAST_TERM = 1e-12  # MCNY/GWh below which a term is rounding
LEAST_REDUCED_COST = 1e-8  # MCNY/GWh: what the solver leaves of a reduced cost that is zero
_DIGITS = 13  # decimals that are kept: terms of one unit are then equal in all slices, and pack well
_SWEEPS = 12  # definitions stand at most so deep in each other


def price_terms(lp: LinearProgram, solution: Solution, results: Results) -> pd.DataFrame:
    """Every term of every hourly decision in use that stands in a balance.

    Returns:
        `COLUMNS`, one row a term.  The decision: ``variable``, ``place`` (province or arc), ``unit``,
        ``time``.  The term: a balance (name and key of its row, ``coefficient`` of the decision in it and
        ``amount``, its dual), or a cost or rule (``amount`` is what it adds to the cost of one GWh) with the
        ``mechanism`` that has it.  All amounts are undiscounted [MCNY/GWh of the decision].  For each
        decision, sum of coefficient x dual = sum of the other amounts.
    """
    kind = _kinds(lp)
    where = _Labels(lp, results)
    used = where.hourly & (solution.x > LEAST_USE)
    balances = np.isin(kind, [_family(lp, name) for name in BALANCES if name in lp.rows])
    touches = (lp.matrix.T @ balances.astype(float)) != 0  # coefficients in two balances may cancel
    touches |= (abs(lp.matrix).T @ balances.astype(float)) > 0
    chosen = np.flatnonzero(used & touches)
    scale = where.scale[chosen]
    columns = sp.csc_array(lp.matrix[:, chosen])
    names = [*lp.rows, BOUND]
    tables = [
        _balances_of(columns, balances, solution.dual, scale),
        _rules_of(lp, columns, balances, _by_rule(lp, solution.dual, kind), scale),
        _bounds_of(lp, solution.dual, chosen, scale, len(names) - 1),
    ]
    found = pd.concat(tables, ignore_index=True)
    least = np.where(found["family"] == len(names) - 1, LEAST_REDUCED_COST, LEAST_TERM)
    found = found[found["is_balance"] | (found["amount"].abs() > least)]
    return _named(found, chosen, names, where, kind, lp.rows_of)


def _family(lp: LinearProgram, name: str) -> int:
    return list(lp.rows).index(name)


def _kinds(lp: LinearProgram) -> np.ndarray:
    """Family of each row, by its place among the LP's."""
    kind = np.full(lp.shape[0], -1)
    for number, block in enumerate(lp.rows.values()):
        kind[block.position[block.position >= 0]] = number
    return kind


class _Labels:
    """Place, unit, year and slice of rows and columns, and hours x discount of columns."""

    def __init__(self, lp: LinearProgram, results: Results) -> None:
        self.results = results
        self.columns = self._of(lp.columns, lp.shape[1], hourly_only=True)
        rows = {name: lp.rows[name] for name in BALANCES if name in lp.rows}
        self.rows = self._of(rows, lp.shape[0], hourly_only=False)
        self.hourly = (self.columns["time"] >= 0).to_numpy()
        weight, discount = results.data.time.weight, results.data.horizon.discount
        hours = self.columns["time"].map(weight).fillna(1.0).to_numpy()
        self.scale = hours * self.columns["year"].map(discount).fillna(1.0).to_numpy()

    def _of(self, blocks, count: int, hourly_only: bool) -> pd.DataFrame:
        found = {
            "name": np.full(count, "", dtype=object),
            "place": np.full(count, "", dtype=object),
            "unit": np.full(count, "", dtype=object),
            "year": np.full(count, -1),
            "time": np.full(count, -1),
        }
        for name, block in blocks.items():
            if not block.index:
                continue
            dims = self.results.dims(name) if name[2:7] != "cost_" else ()
            if "year" not in dims or (hourly_only and "time" not in dims):
                continue
            at = block.position
            keep = at >= 0
            keys = dict(zip(dims, (np.array(column, dtype=object)[keep] for column in zip(*block.index))))
            others = [dim for dim in dims[1:] if dim not in ("year", "time", "period")]
            found["name"][at[keep]] = name
            found["place"][at[keep]] = keys[dims[0]].astype(str)
            if others:
                found["unit"][at[keep]] = keys[others[0]].astype(str)
            found["year"][at[keep]] = keys["year"].astype(int)
            found["time"][at[keep]] = keys["time" if "time" in keys else "period"].astype(int)
        return pd.DataFrame(found)


def _by_rule(lp: LinearProgram, dual: np.ndarray, kind: np.ndarray) -> sp.csr_array:
    """Dual of each row by the rules that it comes from (rows x families).

    A row that binds is its own.  A row that defines a free variable passes on what that variable costs in
    the objective and in all other rows.
    """
    n, families = lp.shape[0], len(lp.rows)
    row, column = _definitions(lp)
    inside = np.zeros(n)
    inside[row] = 1.0
    own = sp.csr_array((dual * (1 - inside), (np.arange(n), np.maximum(kind, 0))), shape=(n, families))
    if not len(row):
        return own
    part = sp.csc_array(lp.matrix[:, column]).tocoo()
    pivot = np.zeros(len(row))
    mine = part.row == row[part.col]
    pivot[part.col[mine]] = part.data[mine]
    own = own + sp.csr_array((lp.cost[column] / pivot, (row, kind[row])), shape=(n, families))
    other = ~mine
    passed = -part.data[other] / pivot[part.col[other]]
    onward = sp.csr_array((passed, (row[part.col[other]], part.row[other])), shape=(n, n))
    total = own
    for _ in range(_SWEEPS):
        following = own + onward @ total
        change = abs(following - total)
        total = following
        if not change.nnz or change.max() == 0.0:
            break
    return total


def _definitions(lp: LinearProgram) -> tuple[np.ndarray, np.ndarray]:
    """Rows that define a free variable of the same name, and the columns of these."""
    rows, columns = [], []
    for name, block in lp.rows.items():
        variable = lp.columns.get(f"v_{name[2:]}")
        if variable is None or variable.index != block.index or not block.index:
            continue
        i, j = block.position, variable.position
        there = (i >= 0) & (j >= 0)
        i, j = i[there], j[there]
        free = np.isinf(lp.lower[j]) & np.isinf(lp.upper[j]) & (lp.row_lower[i] == lp.row_upper[i])
        rows.append(i[free])
        columns.append(j[free])
    return np.concatenate(rows), np.concatenate(columns)


def _balances_of(columns: sp.csc_array, balances: np.ndarray, dual: np.ndarray, scale) -> pd.DataFrame:
    part = columns.tocoo()
    keep = balances[part.row] & (part.data != 0)
    i, j = part.row[keep], part.col[keep]
    return pd.DataFrame(
        {
            "decision": j,
            "row": i,
            "family": -1,
            "coefficient": part.data[keep],
            "amount": dual[i] / scale[j],
            "is_balance": True,
        }
    )


def _rules_of(lp, columns, balances, by_rule, scale) -> pd.DataFrame:
    rules = sp.diags_array((~balances).astype(float)) @ columns
    part = sp.csr_array(-(rules.T @ by_rule)).tocoo()
    return pd.DataFrame(
        {
            "decision": part.row,
            "row": -1,
            "family": part.col,
            "coefficient": 0.0,
            "amount": part.data / scale[part.row],
            "is_balance": False,
        }
    )


def _bounds_of(lp: LinearProgram, dual: np.ndarray, chosen: np.ndarray, scale, bound: int) -> pd.DataFrame:
    """Cost in the objective less reduced cost: zero but for a decision at a bound, and for rounding."""
    columns = lp.matrix[:, chosen]
    reduced = lp.cost[chosen] - columns.T @ dual
    amount = (lp.cost[chosen] - reduced) / scale
    return pd.DataFrame(
        {
            "decision": np.arange(len(chosen)),
            "row": -1,
            "family": bound,
            "coefficient": 0.0,
            "amount": amount,
            "is_balance": False,
        }
    )


def _named(found: pd.DataFrame, chosen, names: list[str], where: _Labels, kind, rows_of) -> pd.DataFrame:
    """Numbers of rows and columns replaced by their labels."""
    mechanism = {family: name for name, families in rows_of.items() for family in families}
    owner = np.array([mechanism.get(name, "") for name in names], dtype=object)
    decision = where.columns.iloc[chosen[found["decision"].to_numpy()]].reset_index(drop=True)
    row = found["row"].to_numpy()
    there = row >= 0
    family = np.where(there, kind[np.maximum(row, 0)], found["family"])
    term = where.rows.iloc[np.maximum(row, 0)].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "year": decision["year"],
            "variable": decision["name"],
            "place": decision["place"],
            "unit": decision["unit"],
            "time": decision["time"],
            "term": np.array(names, dtype=object)[family],
            "mechanism": owner[family],
            "term_place": np.where(there, term["place"], ""),
            "term_unit": np.where(there, term["unit"], ""),
            "term_time": np.where(there, term["time"], -1),
            "coefficient": found["coefficient"].to_numpy(),
            "amount": found["amount"].round(_DIGITS).to_numpy(),
        }
    )
    table = table.sort_values(["year", "variable", "place", "unit", "term", "time"], ignore_index=True)
    return table.astype({name: "category" for name in COLUMNS if table[name].dtype == object})[COLUMNS]
