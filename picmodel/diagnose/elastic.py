r"""The least change of limits that makes an LP feasible, and the rules that clash.

Rows that state a limit or an obligation may be broken at a price; what defines a quantity or holds by
nature (balances, stores, availability) stays hard:

.. math:: \min \sum_i w_i (s_i^+ + s_i^-) \quad \text{s.t.} \quad
          \underline b - s^+ \le A x \le \overline b + s^-

The weights make a GW through the year count alike in every unit (`PER_GW`), so the least violation is the
least change in terms of plant.  If it is not zero, the duals are a proof of infeasibility, and the rows in
it hold an irreducible clash, which HiGHS finds (`clash`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import highspy
import numpy as np
import scipy.sparse as sp

from picmodel.errors import Infeasible
from picmodel.glossary import Entry
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import SolverOptions, highs_lp, solve

#: what a GW through the year is in each unit of a row; coal emits 0.85 kt/GWh and burns 0.3 ktce/GWh
PER_GW = {
    "GW": 1.0,
    "GWh": 4.0,
    "GWh/yr": 8760.0,
    "kt/yr": 0.85 * 8760,
    "kt": 0.85 * 8760,
    "ktce/yr": 0.3 * 8760,
}
#: limits of the physical system that a scenario or table states
LIMITS = (
    "c_adequacy",
    "c_build_limit",
    "c_committed",
    "c_keep",
    "c_line_limit",
    "c_national_build_limit",
    "c_output_min",
    "c_potential",
)
#: weights as the solver sees them: well above its tolerances
_WEIGHT = 1000.0
#: it ends at a vertex: few rules are changed rather than all a little
SIMPLEX = SolverOptions(method="simplex")
#: a violation of less is none [share of the row's side, or absolute below one]
LEAST_VIOLATION = 1e-6
#: HiGHS: look for an irreducible set from an infeasible subset of rows
_IIS_STRATEGY = 6
_LEAST_DUAL = 1e-9


@dataclass(frozen=True)
class Elastic:
    """The least violation.

    Attributes:
        violation: by row: what is missing to a lower side (> 0) or exceeds an upper one (< 0) [row's unit].
        proof: rows of the proof of infeasibility; empty where nothing is violated.
    """

    violation: dict[int, float]
    proof: np.ndarray


@dataclass(frozen=True)
class Problem:
    """An LP whose rules may be broken.

    Attributes:
        entries: glossary of all its names.
        hours: h/yr by slice.
    """

    lp: LinearProgram
    entries: Mapping[str, Entry]
    hours: Mapping[int, float]

    @cached_property
    def units(self) -> dict[str, str]:
        return {entry.name: entry.unit for entry in self.entries.values()}

    @cached_property
    def limits(self) -> list[str]:
        """Row families that state a limit or an obligation: of the physical system, and of mechanisms."""
        own = [name for names in self.lp.rows_of.values() for name in names if name[:7] != "c_cost_"]
        ruled = [name for name in own if self.entries[name].status in ("market", "regulatory")]
        return [name for name in dict.fromkeys((*LIMITS, *ruled)) if name in self.lp.rows]

    @cached_property
    def everything(self) -> list[str]:
        """All row families but those that define a quantity."""
        named = [name for name in self.lp.rows if name[:7] != "c_cost_"]
        return [name for name in named if self.entries[name].status != "definition"]

    def weights(self, families: Sequence[str]) -> np.ndarray:
        """Weight of each row that may be broken, 0 for others; a row of a slice counts by its hours.

        An equality clears a market or defines something: nobody states it, so it is not broken.
        """
        found = np.zeros(self.lp.shape[0])
        for name in families:
            block, entry = self.lp.rows[name], self.entries[name]
            there = block.position >= 0
            share = np.ones(len(block.index))
            if "time" in entry.dims:
                at = entry.dims.index("time")
                share = np.array([self.hours[key[at]] / 8760.0 for key in block.index])
            weight = _WEIGHT * share / PER_GW.get(entry.unit, 1.0)
            found[block.position[there]] = weight[there]
        found[self.lp.row_lower == self.lp.row_upper] = 0.0
        return found

    def relax(self, families: Sequence[str]) -> Elastic | None:
        """Least violation of the rows of some families; None where breaking them does not help."""
        lp, weight = self.lp, self.weights(families)
        rows = np.flatnonzero(weight)
        below = rows[np.isfinite(lp.row_lower[rows])]
        above = rows[np.isfinite(lp.row_upper[rows])]
        sign = np.concatenate([np.ones(len(below)), -np.ones(len(above))])
        broken = np.concatenate([below, above])
        try:
            found = solve(_with_slacks(lp, broken, sign, weight), SIMPLEX, self.units)
        except Infeasible:
            return None
        violation = {}
        for row, amount in zip(broken, sign * found.x[lp.shape[1] :]):
            side = lp.row_lower[row] if amount > 0 else lp.row_upper[row]
            if abs(amount) > LEAST_VIOLATION * max(1.0, abs(side)):
                violation[int(row)] = float(amount)
        strength = np.abs(found.dual) * _reach(lp)
        proof = np.flatnonzero(strength > _LEAST_DUAL * max(1.0, strength.max(initial=0.0)))
        return Elastic(violation, proof if violation else proof[:0])


def _with_slacks(lp: LinearProgram, rows: np.ndarray, sign: np.ndarray, weight: np.ndarray) -> LinearProgram:
    """The LP with a slack in each of some rows, and no other cost than theirs."""
    n, count = lp.shape[0], len(rows)
    slacks = sp.csc_array((sign, (rows, np.arange(count))), shape=(n, count))
    return replace(
        lp,
        matrix=sp.csc_array(sp.hstack([lp.matrix, slacks])),
        cost=np.concatenate([np.zeros(lp.shape[1]), weight[rows]]),
        offset=0.0,
        lower=np.concatenate([lp.lower, np.zeros(count)]),
        upper=np.concatenate([lp.upper, np.full(count, np.inf)]),
    )


def _reach(lp: LinearProgram) -> np.ndarray:
    """Largest coefficient of each row: a dual is small or large beside it."""
    return np.asarray(abs(lp.matrix).max(axis=1).todense()).reshape(-1)


@dataclass(frozen=True)
class Clash:
    """Rows that no plan keeps together, and columns whose bounds stand in the way [positions in the LP]."""

    rows: np.ndarray
    columns: np.ndarray
    irreducible: bool


def clash(lp: LinearProgram, proof: np.ndarray) -> Clash:
    """An irreducible clash among the rows of a proof: without any one of them there is a plan.

    Where HiGHS finds none, the whole proof.
    """
    part = sp.csc_array(sp.csr_array(lp.matrix)[proof])
    used = np.flatnonzero(np.diff(part.indptr))
    small = replace(
        lp,
        matrix=sp.csc_array(part[:, used]),
        cost=np.zeros(len(used)),
        row_lower=lp.row_lower[proof],
        row_upper=lp.row_upper[proof],
        lower=lp.lower[used],
        upper=lp.upper[used],
    )
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("iis_strategy", _IIS_STRATEGY)
    solver.passModel(highs_lp(small))
    status, found = solver.getIis()
    inside = np.asarray(found.row_index_, dtype=int)
    if status == highspy.HighsStatus.kError or not len(inside):
        return Clash(proof, used[:0], irreducible=False)
    return Clash(proof[inside], used[np.asarray(found.col_index_, dtype=int)], irreducible=True)
