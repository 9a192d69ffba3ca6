"""What an input table is declared with: `Column`, `Table` and the columns that many tables share."""

from __future__ import annotations

from dataclasses import dataclass

INFINITY = float("inf")

#: how sure a figure is, from published to assumed; ``inputs/README.md`` explains each
QUALITIES = ("official", "secondary", "derived", "model", "estimate", "assumption", "recalled")


@dataclass(frozen=True)
class Column:
    """One column: its name (which carries the unit), its unit, and the values it may hold."""

    name: str
    unit: str = ""
    kind: str = "number"  # number | integer | text
    low: float = -INFINITY
    high: float = INFINITY
    choices: tuple[str, ...] = ()
    refers_to: str = ""  # "table.column" whose values this one must be among
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """One CSV file: its key (no two rows share one), its columns and what it is."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    meaning: str
    complete_over: tuple[str, ...] = ()  # key columns of which every referred value must appear
    sourced: bool = True
    folder: str = ""
    in_runs: bool = True  # whether a run reads its values

    @property
    def file(self) -> str:
        """Path of the table below ``inputs/``."""
        return f"{self.folder}/{self.name}.csv" if self.folder else f"{self.name}.csv"


def text(name: str, meaning: str, **more) -> Column:
    return Column(name, kind="text", meaning=meaning, **more)


def province(name: str = "province", meaning: str = "two letters of ISO 3166-2:CN") -> Column:
    return text(name, meaning, refers_to="provinces.province")


def technology(meaning: str = "technology") -> Column:
    return text("technology", meaning, refers_to="technologies.technology")


def year(meaning: str, low: float = 1950, high: float = 2100) -> Column:
    return Column("year", "yr", "integer", low, high, meaning=meaning)


def amount(name: str, unit: str, high: float, meaning: str) -> Column:
    """A number from 0 to ``high``."""
    return Column(name, unit, low=0.0, high=high, meaning=meaning)


def share(name: str, meaning: str, high: float = 1.0) -> Column:
    return amount(name, "share", high, meaning)


def flag(name: str, meaning: str) -> Column:
    return Column(name, kind="integer", low=0, high=1, meaning=meaning)


MONTH = Column("month", "", "integer", 1, 12, meaning="calendar month")
HOURS = tuple(
    Column(f"h{h:02d}", "share", low=0.0, high=6.0, meaning=f"hour beginning {h:02d}:00 (UTC+8)")
    for h in range(24)
)
