"""Scaling at the hand-over: annual quantities in TWh, Mt and billion CNY, by powers of two.

Interior points do not converge on rows of 1e6 GWh beside rows of 1e-3 GW: with the base units HiPO
gave up on every system with national certificates; with these it solves them all.  Powers of two
leave every coefficient exact, and the solution is scaled back before anyone sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from picmodel.glossary import ENTRIES
from picmodel.solve.compile import Block, LinearProgram

#: unit of a variable or row -> what the solver counts it in
SCALE: dict[str, float] = dict.fromkeys(("GWh/yr", "kt/yr", "kt", "ktce/yr", "MCNY/yr"), 2.0**10)
OBJECTIVE_SCALE = 2.0**-10


class Scaling:
    """Factors of rows and columns; ``scaled`` goes to the solver, ``back`` undoes it."""

    def __init__(self, lp: LinearProgram, units: Mapping[str, str] | None = None) -> None:
        units = units or {entry.name: entry.unit for entry in ENTRIES}
        self.lp = lp
        self.column = _factors(lp.columns, lp.shape[1], units)
        self.row = 1 / _factors(lp.rows, lp.shape[0], units)

    def scaled(self) -> LinearProgram:
        lp, row, column = self.lp, self.row, self.column
        matrix = sp.csc_array(sp.diags_array(row) @ lp.matrix @ sp.diags_array(column))
        return replace(
            lp,
            matrix=matrix,
            cost=lp.cost * column * OBJECTIVE_SCALE,
            offset=lp.offset * OBJECTIVE_SCALE,
            row_lower=lp.row_lower * row,
            row_upper=lp.row_upper * row,
            lower=lp.lower / column,
            upper=lp.upper / column,
        )

    def back(self, x: np.ndarray, reduced_cost: np.ndarray, dual: np.ndarray, activity: np.ndarray) -> tuple:
        """Solver's arrays in the units of the model."""
        return (
            x * self.column,
            reduced_cost / self.column / OBJECTIVE_SCALE,
            dual * self.row / OBJECTIVE_SCALE,
            activity / self.row,
        )


def _factors(blocks: Mapping[str, Block], count: int, units: Mapping[str, str]) -> np.ndarray:
    factors = np.ones(count)
    for name, block in blocks.items():
        unit = "MCNY/yr" if name[2:].startswith("cost_") else units.get(name, "")
        factors[block.position[block.position >= 0]] = SCALE.get(unit, 1.0)
    return factors
