"""Read the input tables and check them against their declaration.

A file is read cell by cell into a frame whose index is the line number in the file (the header is
line 1), so that every message can name the line.  Four passes follow: the file and its columns, the
cells (pandera), what one table says about another (`Column.refers_to`, `Table.complete_over`), and
the rules between tables (`rules.RULES`).  All problems are collected and raised once.

Tables may come from several folders, an overlay after what it lies over: of each file the last one
counts, whole; only sources are added to those before.  Messages name the overlay before the file.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from picmodel.data.columns import INFINITY, QUALITIES, Column, Table
from picmodel.data.rules import broken_rules
from picmodel.data.tables import TABLES
from picmodel.errors import InputError

if TYPE_CHECKING:
    import pandera.pandas as pa

#: a number as these files may hold it: no thousands separators, no "nan", no "inf"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"

#: lists longer than this are not written out in a message
_LISTED = 12

_QUALITY = Column("quality", kind="text", choices=QUALITIES, meaning="how sure the figure is")
_SOURCE = Column("source", kind="text", refers_to="sources.source", meaning="where it comes from")

Frames = dict[str, pd.DataFrame]
#: a folder of inputs, or several: each lies over those before
Folders = Path | Sequence[Path]


def read_tables(
    folders: Folders, names: Iterable[str] | None = None, tables: Sequence[Table] = TABLES
) -> Frames:
    """Read and check declared tables, in the units of their files.

    Args:
        folders: folder that holds the files (``inputs/``), or several.
        names: tables to return; all of ``tables`` by default.  Tables that these refer to are read
            and checked too.
        tables: the declarations.

    Returns:
        One frame per name: the declared columns, then ``quality`` and ``source``, in the order of
        the file's rows; numbers as float, integers as int.

    Raises:
        InputError: with every problem of every table that was read.
    """
    known = {table.name: table for table in tables}
    wanted = list(known) if names is None else list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError([f"no table is called {name}; {_nearest(name, known)}" for name in unknown])
    declared = {name: known[name] for name in _with_referred(wanted, known)}
    frames: Frames = {}
    problems = _strangers(folders, tables)
    for table in declared.values():
        frame, found = _read_layers(folders, table)
        problems += found
        if frame is not None:
            frames[table.name] = frame
    for table in declared.values():
        problems += _check_links(table, frames, declared)
    whole = {name: frame for name, frame in frames.items() if _is_whole(frame, declared[name])}
    problems += broken_rules(whole)
    if problems:
        raise InputError(named(problems, folders, declared.values()))
    return {name: _finish(frames[name], declared[name]) for name in wanted}


def layers(folders: Folders) -> tuple[Path, ...]:
    """The folders, an overlay after what it lies over."""
    return (folders,) if isinstance(folders, Path) else tuple(folders)


def file_of(folders: Folders, name: str | Path) -> Path:
    """The file of that relative name that counts: of the last folder that has one."""
    *below, first = (folder / name for folder in reversed(layers(folders)))
    return next((path for path in below if path.exists()), first)


def columns_of(table: Table) -> tuple[Column, ...]:
    """Columns of the file: those declared and, if the table is sourced, quality and source."""
    return (*table.columns, _QUALITY, _SOURCE) if table.sourced else table.columns


def describe(table: Table) -> str:
    """Markdown description of a table, from its declaration (for ``inputs/README.md``)."""
    lines = [
        f"### `{table.file}`",
        "",
        table.meaning,
        "",
        f"Key: {', '.join(f'`{name}`' for name in table.key)}."
        + (
            f" Complete over: {', '.join(f'`{name}`' for name in table.complete_over)}."
            if table.complete_over
            else ""
        ),
        "",
        "| column | unit | values | meaning |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{c.name}` | {c.unit} | {_allowed(c)} | {c.meaning} |" for c in table.columns]
    if table.sourced:
        lines.append("\nand `quality`, `source`.")
    return "\n".join(lines) + "\n"


def _with_referred(wanted: Iterable[str], known: Mapping[str, Table]) -> list[str]:
    """The wanted tables and all that they refer to, in the order of the declarations."""
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [c.refers_to.split(".")[0] for c in columns_of(known[name]) if c.refers_to]
    return [name for name in known if name in found]


def _finish(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Declared order of columns, whole numbers as int, rows numbered from 0."""
    whole = {column.name: "int64" for column in columns_of(table) if column.kind == "integer"}
    ordered = frame[[column.name for column in columns_of(table)]]
    return ordered.astype(whole).reset_index(drop=True)


# folders over one another


def _read_layers(folders: Folders, table: Table) -> tuple[pd.DataFrame | None, list[str]]:
    """A table of the last folder that has it; sources of all, of which the last of a key counts."""
    if table.sourced:
        return _read_table(file_of(folders, table.file), table, table.file)
    first, *over = (folder / table.file for folder in layers(folders))
    read = [
        _read_table(path, table, shown(folders, path))
        for path in (first, *(path for path in over if path.exists()))
    ]
    problems = [problem for _, found in read for problem in found]
    frames = [frame for frame, _ in read if frame is not None]
    if not all(set(table.key) <= set(frame.columns) for frame in frames) or not frames:
        return None, problems
    return pd.concat(frames).drop_duplicates(list(table.key), keep="last"), problems


def _strangers(folders: Folders, tables: Sequence[Table]) -> list[str]:
    """Files of overlays that replace nothing, because no table is called so."""
    known = {table.file for table in (*TABLES, *tables)}
    return [
        f"{shown(folders, path)}: no table is called so, and it would replace nothing; "
        f"{_nearest(path.relative_to(folder).as_posix(), known, 'remove it')}"
        for folder in layers(folders)[1:]
        for path in sorted(folder.rglob("*.csv"))
        if path.relative_to(folder).as_posix() not in known
    ]


def shown(folders: Folders, path: Path) -> str:
    """How messages call a file: by its path below the first folder, or by its whole path."""
    name = os.path.relpath(path, layers(folders)[0])
    return str(path) if name.startswith("..") else Path(name).as_posix()


def named(problems: Iterable[str], folders: Folders, tables: Iterable[Table] = TABLES) -> list[str]:
    """The problems, with the overlay before the name of each file that comes from one."""
    meant = {table.file: shown(folders, file_of(folders, table.file)) for table in tables if table.sourced}
    come_from = {file: name for file, name in meant.items() if file != name}
    if not come_from:
        return list(problems)
    files = re.compile(r"(?<![\w./-])(" + "|".join(map(re.escape, come_from)) + r")\b")
    return [files.sub(lambda found: come_from[found[1]], problem) for problem in problems]


# the file and its columns


def _read_table(path: Path, table: Table, label: str) -> tuple[pd.DataFrame | None, list[str]]:
    """Frame of a file with the declared columns that it has, indexed by line, and its problems."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        header = ",".join(column.name for column in columns_of(table))
        return None, [f"{label}: {path} does not exist; restore it, or write it with the header {header}"]
    except UnicodeDecodeError as error:
        return None, [f"{label}: byte {error.start} is not UTF-8; save the file as UTF-8"]
    except OSError as error:
        return None, [f"{label}: {path} cannot be read ({error.strerror}); make it a readable file"]
    raw, problems = _parse(text, table, label)
    if raw is None:
        return None, problems
    present = [column for column in columns_of(table) if column.name in raw.columns]
    frame = _to_kinds(raw, present)
    problems += _check_cells(frame, raw, label, present)
    problems += _check_key(frame, table, label)
    return frame, problems


def _parse(text: str, table: Table, label: str) -> tuple[pd.DataFrame | None, list[str]]:
    """Cells of a CSV text as strings; the declared columns that are there, ragged rows left out."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: dict[int, list[str]] = {}
    problems: list[str] = []
    header: list[str] = []
    try:
        header = next(reader, [])
        line = reader.line_num + 1
        for row in reader:
            if row and len(row) != len(header):
                problems.append(
                    f"{label}:{line}: the row has {len(row)} cells and the header {len(header)}; "
                    "restore the cells (is the file cut off here, or a comma not quoted?)"
                )
            elif row:
                rows[line] = row
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(
            f"{label}:{reader.line_num}: {error}; correct the quotes, or restore "
            "the file if it is cut off here"
        )
    if not header:
        return None, [*problems, f"{label}: the file is empty; restore it"]
    problems += _check_header(header, table, label)
    raw = pd.DataFrame.from_dict(rows, orient="index", columns=range(len(header)), dtype="str")
    declared = [header.index(c.name) for c in columns_of(table) if c.name in header]
    return raw[declared].set_axis([header[i] for i in declared], axis="columns"), problems


def _check_header(header: list[str], table: Table, label: str) -> list[str]:
    """Columns that are missing, unknown or written twice."""
    declared = [column.name for column in columns_of(table)]
    missing = [name for name in declared if name not in header]
    unknown = [name for name in header if name not in declared]
    twice = sorted({name for name in header if header.count(name) > 1})
    return [
        *(
            f"{label}:1: column {name} is missing; add it"
            + (f", or rename {near[0]}" if (near := get_close_matches(name, unknown, 1)) else "")
            for name in missing
        ),
        *(
            f"{label}:1: column {name or '(no name)'} is unknown; {_nearest(name, missing, 'remove it')}"
            for name in unknown
        ),
        *(f"{label}:1: column {name} is there twice; remove one" for name in twice),
    ]


# the cells


def _to_kinds(raw: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Numbers as float and texts as they are; what is empty or no number becomes missing."""
    kinds = {}
    for column in columns:
        cells = raw[column.name]
        if column.kind == "text":
            kinds[column.name] = cells.where(cells.str.strip() != "")
        else:
            numbers = pd.to_numeric(cells.where(cells.str.fullmatch(_NUMBER)), errors="coerce")
            kinds[column.name] = numbers.astype("float64").where(np.isfinite(numbers.astype("float64")))
    return pd.DataFrame(kinds, index=raw.index)


def _schema(columns: Sequence[Column]) -> pa.DataFrameSchema:
    """The declarations as a pandera schema; the names of the checks are keys of `_complaint`."""
    import pandera.pandas as pa

    fields = {}
    for column in columns:
        checks = []
        if column.low > -INFINITY:
            checks.append(pa.Check.ge(column.low, error="low"))
        if column.high < INFINITY:
            checks.append(pa.Check.le(column.high, error="high"))
        if column.kind == "integer":
            checks.append(pa.Check(lambda cells: cells == cells.round(), error="whole"))
        if column.choices:
            checks.append(pa.Check.isin(column.choices, error="choices"))
        dtype = None if column.kind == "text" else float
        fields[column.name] = pa.Column(dtype, checks, nullable=False)
    return pa.DataFrameSchema(fields)


def _check_cells(frame: pd.DataFrame, raw: pd.DataFrame, label: str, columns: Sequence[Column]) -> list[str]:
    """Run pandera over all columns and put its failure cases into our words, in order of lines."""
    import pandera.pandas as pa  # late: loading takes a moment, and what has not changed reads no table

    if frame.empty:
        return []
    try:
        _schema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        by_name = {column.name: column for column in columns}
        cases = error.failure_cases.sort_values("index", kind="stable")
        return [
            f"{label}:{line}: {_complaint(check, by_name[name], str(raw.at[line, name]))}"
            for line, name, check in zip(cases["index"], cases["column"], cases["check"])
        ]
    return []


def _complaint(check: str, column: Column, cell: str) -> str:
    """What is wrong with a cell, and the remedy."""
    says = f"{column.name}={cell}"
    unit = f" {column.unit}" if column.unit else ""
    if not cell.strip():
        return f"{column.name} is empty; write {_allowed(column)}"
    if check == "not_nullable":
        return f"{column.name}={cell!r} is not a number; write {_allowed(column)}"
    if check == "low":
        return f"{says} is below {column.low:g}{unit}; write {_allowed(column)}"
    if check == "high":
        return f"{says} is above {column.high:g}{unit}; write {_allowed(column)}{_unit_hint(column)}"
    if check == "whole":
        return f"{says} is not a whole number; write {_allowed(column)}"
    return f"{says} is not allowed; {_nearest(cell, column.choices)}"


def _allowed(column: Column) -> str:
    """The values that a column may hold, in words."""
    if column.choices:
        return "one of " + ", ".join(column.choices)
    if column.refers_to:
        return f"a value of {column.refers_to}"
    if column.kind == "text":
        return "a text"
    noun = "a whole number" if column.kind == "integer" else "a value"
    unit = f" {column.unit}" if column.unit else ""
    if column.low > -INFINITY and column.high < INFINITY:
        return f"{noun} in [{column.low:g}, {column.high:g}]{unit}"
    if column.low > -INFINITY:
        return f"{noun} of at least {column.low:g}{unit}"
    if column.high < INFINITY:
        return f"{noun} of at most {column.high:g}{unit}"
    return noun + unit


def _unit_hint(column: Column) -> str:
    """Reminder of the unit, for numbers too large to be in it."""
    if column.unit == "share":
        return " (5 % is 0.05)"
    return f" (is it in another unit than {column.unit}?)" if column.unit else ""


def _nearest(word: str, words: Iterable[str], otherwise: str = "") -> str:
    """Suggest the nearest of the words; else all of them if they are few, else ``otherwise``."""
    options = list(words)
    near = get_close_matches(word, options, 1, cutoff=0.45 if len(word) <= 3 else 0.65)  # codes are short
    if near:
        return f"did you mean {near[0]}?"
    if not otherwise and 0 < len(options) <= _LISTED:
        return "write one of " + ", ".join(options)
    return otherwise or "write one that is declared"


def _check_key(frame: pd.DataFrame, table: Table, label: str) -> list[str]:
    """Rows that share a key, each with the line of the first."""
    key = list(table.key)
    if not set(key) <= set(frame.columns):
        return []
    filled = frame[key].dropna()
    twice = filled[filled.duplicated(keep="first")]
    problems = []
    for line, values in zip(twice.index, twice.itertuples(index=False)):
        first = filled.index[(filled == list(values)).all(axis="columns")][0]
        problems.append(
            f"{label}:{line}: key {_key(key, values)} is already in line {first}; "
            "remove or correct one of them"
        )
    return problems


def _key(names: Sequence[str], values: Iterable[object]) -> str:
    shown = (f"{value:g}" if isinstance(value, float) else str(value) for value in values)
    return ", ".join(f"{name}={value}" for name, value in zip(names, shown))


# what one table says about another


def _is_whole(frame: pd.DataFrame, table: Table) -> bool:
    """Whether no declared column is missing."""
    return {column.name for column in columns_of(table)} <= set(frame.columns)


def _check_links(table: Table, frames: Frames, declared: Mapping[str, Table]) -> list[str]:
    """References that lead nowhere, and referred values for which a row is missing."""
    problems: list[str] = []
    if table.name not in frames:
        return problems
    frame = frames[table.name]
    for column in columns_of(table):
        name, _, field = column.refers_to.partition(".")
        if not field or column.name not in frame.columns or field not in frames.get(name, frame[[]]):
            continue
        targets = list(frames[name][field].dropna())
        given = frame[column.name].dropna()
        problems += _broken(given[~given.isin(targets)], table, column, declared[name], targets)
        there = set(given)
        missing = [value for value in targets if value not in there]
        if column.name in table.complete_over and missing:
            problems.append(
                f"{table.file}: no row for {column.name} {', '.join(missing)}; "
                f"add one for each (all of {declared[name].file} are needed)"
            )
    return problems


def _broken(
    cells: pd.Series, table: Table, column: Column, target: Table, targets: Sequence[str]
) -> list[str]:
    """One message per wrong value, at its first line."""
    problems = []
    for value, rows in cells.groupby(cells, sort=False):
        more = f" (in {len(rows)} rows)" if len(rows) > 1 else ""
        remedy = _nearest(str(value), targets, f"add it to {target.file}" if len(targets) > _LISTED else "")
        problems.append(
            f"{table.file}:{rows.index[0]}: {column.name}={value} is not in {target.file}{more}; {remedy}"
        )
    return problems
