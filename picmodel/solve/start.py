"""From the optimal basis of one LP to the optimum of another that differs in numbers.

A basis is carried over by the name and key of columns and rows.  It says which simplex can go on from it:

- where only costs differ, the old plan is feasible: the **primal** simplex mends its reduced costs;
- where only sides differ, the old prices are feasible: the **dual** simplex mends its activities.

Where neither plan nor prices are feasible, or either takes more pivots than `MOST_PIVOTS` of the rows, a
solve from nothing is done instead: docs/performance.md has what was measured.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import highspy
import numpy as np

from picmodel.solve.compile import Block, LinearProgram

#: pivots before a start is given up, as a share of the rows: then they took as long as a solve from nothing
#: at 75 000 and 263 000 rows; a few are always worth a try
MOST_PIVOTS = 0.03
FEW = 1000
_BASIC, _NONBASIC = int(highspy.HighsBasisStatus.kBasic), int(highspy.HighsBasisStatus.kNonbasic)
_STATUS = {code: highspy.HighsBasisStatus(code) for code in range(5)}
DUAL, PRIMAL = 1, 4  # HiGHS's simplex_strategy
#: component -> its keys, and HiGHS's code of each
Codes = Mapping[str, tuple[tuple, np.ndarray]]


@dataclass(frozen=True)
class Basis:
    """Which columns and rows are basic, by component and key."""

    columns: Codes
    rows: Codes

    @classmethod
    def of(cls, lp: LinearProgram, codes: tuple[np.ndarray, np.ndarray] | None) -> Basis:
        """The basis of an optimum of an LP (`highs.Solution.basis`); empty where it ended without one."""
        if codes is None:
            return cls({}, {})
        return cls(_taken(lp.columns, codes[0]), _taken(lp.rows, codes[1]))

    def codes_for(self, lp: LinearProgram) -> tuple[np.ndarray, np.ndarray]:
        """HiGHS's codes of the columns and rows of an LP; what it has more than the basis stays out of it."""
        n_rows, n_columns = lp.shape
        return (
            _placed(self.columns, lp.columns, n_columns, _NONBASIC),
            _placed(self.rows, lp.rows, n_rows, _BASIC),
        )

    def write(self, path: Path) -> None:
        """As JSON, compressed; the same basis gives the same bytes."""
        content = [
            {name: [keys, "".join(map(str, codes))] for name, (keys, codes) in part.items()}
            for part in (self.columns, self.rows)
        ]
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        path.write_bytes(gzip.compress(text.encode(), compresslevel=5, mtime=0))

    @classmethod
    def read(cls, path: Path) -> Basis:
        """What `write` wrote.

        Raises:
            OSError, EOFError, ValueError: there is no such file, or it is damaged.
        """
        content = json.loads(gzip.decompress(path.read_bytes()))
        return cls(*({name: _read(*part) for name, part in parts.items()} for parts in content))


def _read(keys: list, codes: str) -> tuple[tuple, np.ndarray]:
    return tuple(map(tuple, keys)), np.frombuffer(codes.encode(), np.uint8) - ord("0")


def _taken(blocks: Mapping[str, Block], codes: np.ndarray) -> Codes:
    """Codes of a solver's order by component; components that are not in the LP are left out."""
    found = {}
    for name, block in blocks.items():
        there = block.position >= 0
        keys = block.index if there.all() else tuple(k for k, has in zip(block.index, there) if has)
        if keys:
            found[name] = (keys, codes[block.position[there]])
    return found


def _placed(known: Codes, blocks: Mapping[str, Block], count: int, new: int) -> np.ndarray:
    found = np.full(count, new, np.int8)
    for name, block in blocks.items():
        if name not in known:
            continue
        keys, codes = known[name]
        if keys == block.index and (block.position >= 0).all():
            found[block.position] = codes
            continue
        code_of = dict(zip(keys, codes))
        for key, place in zip(block.index, block.position):
            if place >= 0:
                found[place] = code_of.get(key, new)
    return found


def set_basis(solver: highspy.Highs, codes: tuple[np.ndarray, np.ndarray]) -> None:
    """Give a solver the basis to start from; HiGHS mends one that does not fit."""
    solver.setBasis(basis_from(codes))


def basis_from(codes: tuple[np.ndarray, np.ndarray]) -> highspy.HighsBasis:
    """HiGHS's object of the codes of columns and rows."""
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = ([_STATUS[code] for code in part.tolist()] for part in codes)
    basis.valid = True
    return basis


def solved_from(solver: highspy.Highs, codes: tuple[np.ndarray, np.ndarray]) -> str:
    """Solve from a basis where that pays.

    Returns:
        What was done: ``primal`` or ``dual`` simplex with the optimum found; else why it was not, and the
        solver is as it was, without a basis.
    """
    disturbed = "primal_simplex_bound_perturbation_multiplier"  # many pivots from here, few after crossover
    touched = ("solver", "simplex_strategy", "simplex_iteration_limit", disturbed)
    before = {name: solver.getOptionValue(name)[1] for name in touched}
    solver.setOptionValue("solver", "simplex")
    solver.setOptionValue("simplex_iteration_limit", 0)
    solver.setOptionValue(disturbed, 1.0)
    set_basis(solver, codes)
    solver.run()
    info = solver.getInfo()
    way = _way(info.num_primal_infeasibilities, info.num_dual_infeasibilities)
    if way:
        solver.setOptionValue("simplex_strategy", PRIMAL if way == "primal" else DUAL)
        solver.setOptionValue("simplex_iteration_limit", max(FEW, int(MOST_PIVOTS * len(codes[1]))))
        solver.run()
        done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    for name, value in before.items():
        solver.setOptionValue(name, value)
    if way and done:
        return way
    solver.clearSolver()
    return "given up after too many pivots" if way else "neither plan nor prices are feasible"


def _way(primal: int, dual: int) -> str:
    """The simplex that goes on from a basis with so many infeasibilities; none where both have some."""
    return "primal" if primal == 0 else "dual" if dual == 0 else ""
