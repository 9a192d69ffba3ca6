"""How far each indicator may move, and why: one readable table, in which every indicator has a line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from picmodel.errors import InputError

COLUMNS = ["indicator", "places", "relative", "absolute", "reason"]
#: what ``places`` may say: every row, those of the nation, or none (a quantity that is not unique)
PLACES = ("all", "nation", "none")


@dataclass(frozen=True)
class Tolerance:
    """One line of the table.

    Attributes:
        indicator: name, or a pattern such as ``ledger_*``; the first line that fits counts.
        places: rows that are compared, see `PLACES`.
        relative: share of the reference by which a number may move.
        absolute: what it may move in its unit, on top.
    """

    indicator: str
    places: str
    relative: float
    absolute: float
    reason: str

    def allowed(self, reference: float) -> float:
        return self.absolute + self.relative * abs(reference)


def read_tolerances(path: Path) -> tuple[Tolerance, ...]:
    """Lines of the table.

    Raises:
        InputError: with every problem and its line.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False, dtype=str)
    except (OSError, ValueError) as error:
        raise InputError([f"{path}: cannot be read ({error}); restore it"]) from None
    if list(table.columns) != COLUMNS:
        raise InputError([f"{path}:1: columns are {', '.join(table.columns)}; write {', '.join(COLUMNS)}"])
    found, problems = [], []
    for line, row in enumerate(table.itertuples(index=False), start=2):
        relative, absolute = _number(row.relative), _number(row.absolute)
        if row.places not in PLACES:
            problems.append(f"{path}:{line}: places={row.places}; write one of {', '.join(PLACES)}")
        elif relative is None or absolute is None:
            problems.append(f"{path}:{line}: relative and absolute are numbers, 0 or more; correct them")
        elif not row.reason.strip():
            problems.append(f"{path}:{line}: no reason; say why {row.indicator} may move so far")
        else:
            found.append(Tolerance(row.indicator, row.places, relative, absolute, row.reason))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def tolerance_of(indicator: str, table: tuple[Tolerance, ...]) -> Tolerance | None:
    """The first line that fits, or None."""
    return next((line for line in table if fnmatchcase(indicator, line.indicator)), None)
