"""Apply a scenario's overrides to input tables, in the units of their files."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from picmodel.data.columns import Column, Table
from picmodel.data.tables import TABLE
from picmodel.errors import InputError
from picmodel.scenario.check import nearest
from picmodel.scenario.overrides import OPERATIONS, Override
from picmodel.scenario.source import Problem

#: values and rows beyond this number are not written out in a message
_LISTED = 12
#: factor between a number and the table's beyond which a scenario is asked whether it is meant
LEAP = 5.0


def apply_overrides(
    tables: Mapping[str, pd.DataFrame], overrides: Sequence[Override]
) -> dict[str, pd.DataFrame]:
    """Tables with the overrides applied one after the other.

    Args:
        tables: name to frame with the declared columns, in the units of the file (see
            `picmodel.data.read`).  They are not changed.
        overrides: of a scenario, in its order.

    Returns:
        The same tables; those that an override changes are copies.

    Raises:
        InputError: with every override that names an unknown table or column, meets no row, or leads
            out of what its column may hold.
    """
    changed = dict(tables)
    problems: list[str] = []
    for override in overrides:
        try:
            changed[override.table] = _applied(changed, override)
        except _Refused as refusal:
            text = f"`overrides.{override.path}`: {refusal}"
            problems.append(Problem(override.place, text, refusal.id).message())
    if problems:
        raise InputError(problems)
    return changed


def undeclared(overrides: Sequence[Override]) -> list[Problem]:
    """Overrides of tables or columns that do not exist; needs no table."""
    problems = []
    for override in overrides:
        try:
            _column(_table(TABLE, override), override)
        except _Refused as refusal:
            text = f"`overrides.{override.path}`: {refusal}"
            problems.append(Problem(override.place, text, refusal.id))
    return problems


def leaps(tables: Mapping[str, pd.DataFrame], overrides: Sequence[Override]) -> list[tuple[str, Problem]]:
    """Key and warning of every override that changes some number by more than a factor of `LEAP`.

    Args:
        tables, overrides: as for `apply_overrides`, which takes them.
    """
    changed, found = dict(tables), []
    for override in overrides:
        try:
            after = _applied(changed, override)
        except _Refused:
            continue  # `apply_overrides` says why
        column = _column(TABLE[override.table], override).name
        old, new = changed[override.table][column].astype(float), after[column].astype(float)
        ratio = (new / old.where(old != 0)).dropna()
        far = ratio[(ratio > LEAP) | (ratio < 1 / LEAP)]
        if len(far):
            at = far.index[0]
            key = ", ".join(f"{k}={v}" for k, v in after.loc[at, list(TABLE[override.table].key)].items())
            unit = next(c.unit for c in TABLE[override.table].columns if c.name == column)
            text = (
                f"`overrides.{override.path}` makes {column} {new[at]:g} {unit}, {ratio[at]:.3g} times the "
                f"table's {old[at]:g} ({key}; {len(far)} in all); is it in {unit or 'the right unit'}?"
            )
            found.append((f"overrides.{override.path}", Problem(override.place, text, "PIC-W101")))
        changed[override.table] = after
    return found


class _Refused(Exception):
    """Why an override cannot be applied, and the remedy."""

    def __init__(self, id: str, text: str) -> None:
        super().__init__(text)
        self.id = id


def _applied(tables: Mapping[str, pd.DataFrame], override: Override) -> pd.DataFrame:
    """A copy of the override's table with its numbers changed."""
    table = _table(tables, override)
    frame = tables[table.name]
    column = _column(table, override)
    conditions = [*_key_conditions(table, override), *_where_conditions(table, override)]
    rows = _rows(frame, conditions)
    before = frame.loc[rows, column.name].astype("float64")
    after = _operate(before, override)
    _check_bounds(frame, table, column, after)
    whole = frame[column.name].astype("float64")
    whole[rows] = after
    return frame.assign(**{column.name: whole.astype("int64") if column.kind == "integer" else whole})


def _operate(numbers: pd.Series, override: Override) -> pd.Series:
    if override.operation == "multiply":
        return numbers * override.value
    if override.operation == "add":
        return numbers + override.value
    return numbers * 0.0 + override.value


# what a path means


def _table(tables: Container[str], override: Override) -> Table:
    if override.table not in TABLE:
        remedy = nearest(override.table, TABLE) or f"write one of {_names(TABLE)}"
        raise _Refused("PIC-S051", f"no table is called {override.table}; {remedy}")
    if override.table not in tables:
        raise _Refused(
            "PIC-S051", f"this run does not read {TABLE[override.table].file}; delete the override"
        )
    return TABLE[override.table]


def _column(table: Table, override: Override) -> Column:
    """The column to change: numbers that are no part of the key."""
    numbers = {c.name: c for c in table.columns if c.kind != "text" and c.name not in table.key}
    name = override.column
    if not numbers:
        raise _Refused("PIC-S052", f"{table.file} holds no numbers; delete the override")
    if not name and len(numbers) > 1:
        raise _Refused(
            "PIC-S052", f"{table.file} has several columns; add one of {_names(numbers)} to the path"
        )
    if not name:
        return next(iter(numbers.values()))
    if name in numbers:
        return numbers[name]
    if name in table.key:
        raise _Refused(
            "PIC-S052", f"{name} is part of the key and cannot change; end with one of {_names(numbers)}"
        )
    if name in (c.name for c in table.columns):
        raise _Refused(
            "PIC-S052",
            f"{name} is text and cannot change here; edit {table.file} in a folder of your own "
            "and name that under `inputs`",
        )
    known = [*numbers, *get_close_matches(name, OPERATIONS)]
    remedy = nearest(name, known) or f"write one of {_names(numbers)}"
    raise _Refused("PIC-S052", f"{table.file} has no column {name}; {remedy}")


def _names(names: Mapping[str, object]) -> str:
    return ", ".join(names)


Condition = tuple[Column, tuple[str | int | float, ...]]


def _key_conditions(table: Table, override: Override) -> list[Condition]:
    """Conditions that the path states: its keys in order, and its year."""
    keys = [c for name in table.key for c in table.columns if c.name == name]
    conditions: list[Condition] = []
    if override.year is not None:
        last = next((c for c in keys if c.name == "year"), None)
        last = last or next((c for c in reversed(keys) if c.kind == "integer"), None)
        if last is None:
            raise _Refused(
                "PIC-S053", f"{table.file} does not know years; delete {override.year} from the path"
            )
        keys.remove(last)
        conditions.append((last, (override.year,)))
    if len(override.keys) > len(keys):
        raise _Refused(
            "PIC-S053",
            f"the path has {len(override.keys)} keys; {table.file} is keyed by "
            f"{', '.join(table.key)}, write at most these",
        )
    return [*((column, (key,)) for column, key in zip(keys, override.keys)), *conditions]


def _where_conditions(table: Table, override: Override) -> list[Condition]:
    known = {column.name: column for column in table.columns}
    for name, _ in override.where:
        if name not in known:
            remedy = nearest(name, known) or f"write one of {_names(known)}"
            raise _Refused("PIC-S052", f"{table.file} has no column {name} for `where`; {remedy}")
    return [(known[name], values) for name, values in override.where]


# rows and numbers


def _rows(frame: pd.DataFrame, conditions: Sequence[Condition]) -> np.ndarray:
    """Which rows fulfil all conditions; a value that the table does not know is refused."""
    chosen = np.ones(len(frame), dtype=bool)
    for column, values in conditions:
        each = [_equals(frame[column.name], value, column) for value in values]
        for value, here in zip(values, each):
            if not here.any():
                raise _Refused("PIC-S053", _no_row(frame, column, value))
        met = np.logical_or.reduce(each)
        if not (chosen & met).any():
            raise _Refused("PIC-S053", _no_row(frame[chosen], column, values[0]))
        chosen &= met
    return chosen


def _equals(cells: pd.Series, value: str | int | float, column: Column) -> np.ndarray:
    if column.kind == "text":
        return (cells == str(value)).to_numpy(dtype=bool)
    try:
        return (cells == float(value)).to_numpy(dtype=bool)
    except ValueError:
        return np.zeros(len(cells), dtype=bool)


def _no_row(rows: pd.DataFrame, column: Column, value: object) -> str:
    """Which value is not there, and the nearest or all that are."""
    there = [str(cell) for cell in dict.fromkeys(rows[column.name])]
    listed = ", ".join(there[:_LISTED]) + ", ..." * (len(there) > _LISTED)
    near = nearest(value, there) if column.kind == "text" else ""
    return f"no row has {column.name}={value}; {near or f'there is {listed}'}"


def _check_bounds(frame: pd.DataFrame, table: Table, column: Column, numbers: pd.Series) -> None:
    """Refuse numbers that the column may not hold; the first is named."""
    wrong = ~((numbers >= column.low) & (numbers <= column.high) & np.isfinite(numbers))
    if column.kind == "integer":
        wrong |= numbers != numbers.round()
    if wrong.any():
        at = wrong.idxmax()
        key = ", ".join(f"{name}={value}" for name, value in frame.loc[at, list(table.key)].items())
        became = f"{column.name} becomes {numbers[at]:g} for {key}"
        raise _Refused("PIC-S054", f"{became}; write what leads to {_allowed(column)}")


def _allowed(column: Column) -> str:
    noun = "whole numbers" if column.kind == "integer" else "numbers"
    return f"{noun} in [{column.low:g}, {column.high:g}] {column.unit}".rstrip()
