"""What every indicator is: one row of ``definitions.csv``, in English and in Chinese.

A run refuses an indicator that has no row or another unit (`require_defined`).  Reports, ``picmodel show
indicators`` and ``docs/indicators.md`` are made from the table.

Columns: ``section`` of the page, the fields of `Definition`, and ``also``, the indicators that are derived
from this one: ``change`` (two, against the reference) and ``own_portfolio``.

Symbols: r province, g technology, v year of commissioning, y planning year, t time slice; W hours a year of
a slice; D discounted years of a planning year; lambda energy price; dual(row) its price, undiscounted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from picmodel.errors import SelfCheckFailed

TABLE = Path(__file__).with_name("definitions.csv")


@dataclass(frozen=True)
class Definition:
    """One indicator.

    Attributes:
        zh: its name in Chinese.
        equation: in plain text, in the unit of the indicator but for powers of ten.
        by: what it is given for: places (the column province) and kinds (the column technology).
        meaning: what it is, and what it is not; `meaning_zh` in Chinese.
        source: where the definition is from: a page of the docs, a rule in force, a publication.
    """

    name: str
    zh: str
    unit: str
    equation: str
    by: str
    meaning: str
    meaning_zh: str
    source: str


def _changes(d: Definition) -> Iterator[Definition]:
    """The two changes against the reference."""
    factor = "" if d.unit == "%" else "100 "
    yield replace(
        d,
        name=f"{d.name}_change",
        zh=f"{d.zh}变化（百分点）",
        unit="points",
        equation=f"{factor}(value - the reference's)",
        meaning=f"Change of {d.name} against the reference, in points.",
        meaning_zh=f"{d.zh}相对参考情景的变化，百分点。",
    )
    yield replace(
        d,
        name=f"{d.name}_change_relative",
        zh=f"{d.zh}相对变化",
        unit="%",
        equation="100 (value / the reference's - 1)",
        meaning=f"Change of {d.name} in % of the reference's, where that is positive.",
        meaning_zh=f"{d.zh}相对参考情景数值的变化，%；仅当该数值为正。",
    )


def _own(d: Definition) -> Iterator[Definition]:
    """The mean with the weights of the run's own portfolio."""
    yield replace(
        d,
        name=f"{d.name}_own_portfolio",
        zh=f"{d.zh}（自身组合）",
        meaning=f"{d.name}, mean over what the run itself builds: it moves with what is built, too.",
        meaning_zh=f"{d.zh}，按该运行自身建设的项目加权：随所建项目变化。",
    )


#: word in the column ``also`` -> what it adds, after the rows of its section
_DERIVED = {"change": _changes, "own_portfolio": _own}


def _read(table: Path) -> dict[str, tuple[Definition, ...]]:
    """Sections, in the order of the table; a column that nobody knows is a TypeError."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sections: dict[str, list[tuple[Definition, list[str]]]] = {}
    for row in rows:
        also = row.pop("also").split()
        sections.setdefault(row.pop("section"), []).append((Definition(**row), also))
    return {
        section: (
            *(d for d, _ in found),
            *(new for word, make in _DERIVED.items() for d, also in found if word in also for new in make(d)),
        )
        for section, found in sections.items()
    }


#: sections of the page, in order
SECTIONS = _read(TABLE)
DEFINITIONS: tuple[Definition, ...] = tuple(d for section in SECTIONS.values() for d in section)
DEFINITION = {d.name: d for d in DEFINITIONS}


def undefined(indicators: pd.DataFrame) -> list[str]:
    """Indicators that have no definition, or another unit than theirs."""
    pairs = indicators[["indicator", "unit"]].drop_duplicates().itertuples(index=False, name=None)
    return [
        f"{name} [{unit}] is not defined"
        if name not in DEFINITION
        else f"{name} is in {unit}, defined in {DEFINITION[name].unit}"
        for name, unit in pairs
        if name not in DEFINITION or DEFINITION[name].unit != unit
    ]


def require_defined(indicators: pd.DataFrame) -> None:
    """Refuse what is not defined.

    Raises:
        SelfCheckFailed: names what is missing, and where to add it.
    """
    problems = undefined(indicators)
    if problems:
        raise SelfCheckFailed(
            f"indicators without their definition in indicators/definitions.csv: {'; '.join(problems)}"
        )
