"""A comparison as tables for the terminal, and as plain content for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Column, Table

from picmodel.compare.difference import Comparison, is_relative

#: indicators beside the headlines that are shown, by their most important difference
MOST = 20


def as_json(found: Comparison) -> dict[str, Any]:
    """Everything that differs; a number that is not there is null."""
    results = found.results.replace([np.inf, -np.inf], np.nan).astype(object)
    records = results.where(results.notna(), None).to_dict("records")
    return {
        "a": {"name": found.a.name, "folder": str(found.a.folder)},
        "b": {"name": found.b.name, "folder": str(found.b.folder)},
        "same": found.same,
        "tolerance": found.tolerance,
        "compared": found.compared,
        **{name: _pairs(getattr(found, name)) for name in ("settings", "inputs", "program")},
        "results": records,
        "warnings": {"a_only": list(found.warnings[0]), "b_only": list(found.warnings[1])},
    }


def _pairs(unlike: Mapping[str, tuple[Any, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"a": x, "b": y} for name, (x, y) in unlike.items()}


def as_tables(found: Comparison) -> Iterator[Table | str]:
    """What the terminal shows, the most important first."""
    yield f"A: {found.a.name} ({found.a.folder})    B: {found.b.name} ({found.b.folder})"
    if found.same:
        yield f"nothing differs: settings, inputs, program and {found.compared:,} numbers are the same"
        return
    yield from _asked(found)
    yield from _answers(found)
    for run, only in zip("AB", found.warnings):
        for text in only:
            yield f"[bold red]read first[/]  {run} only: {text}"


def _asked(found: Comparison) -> Iterator[Table | str]:
    """Settings, inputs and program."""
    if found.asked_alike:
        yield "settings, inputs and program are the same"
    if found.settings:
        yield _unlike_table("setting", found.settings)
    if found.inputs:
        yield f"inputs that differ: {', '.join(found.inputs)}"
    if found.program:
        names = ["picmodel's sources" if name == "sources" else name for name in found.program]
        yield f"program that differs: {', '.join(names)}"


def _unlike_table(what: str, unlike: Mapping[str, tuple[Any, Any]]) -> Table:
    table = Table(what, "A", "B")
    for name, pair in unlike.items():
        table.add_row(name, *("–" if x is None else str(x) for x in pair))
    return table


def _answers(found: Comparison) -> Iterator[Table | str]:
    results = found.results
    if results.empty:
        yield f"no result differs ({found.compared:,} numbers, tolerance {found.tolerance:g} of their scale)"
        return
    headline = results[results["headline"] >= 0]
    if headline.empty:
        yield "no headline answer differs"
    else:
        yield _result_table(headline, "headline answer, nation")
    others = results[(results["headline"] < 0) & ~results["indicator"].map(is_relative)]
    first = others.drop_duplicates("indicator").head(MOST)
    if len(first):
        yield _result_table(first, "the largest difference of", others["indicator"].value_counts())
    left = others["indicator"].nunique() - len(first)
    more = f"; {left} more indicators differ (--json has all)" if left > 0 else ""
    yield f"{len(results):,} of {found.compared:,} numbers differ by more than {found.tolerance:g}{more}"


def _result_table(rows: pd.DataFrame, title: str, counts: pd.Series | None = None) -> Table:
    table = Table(Column(title, overflow="fold"), "where")
    for name in ("A", "B", "B - A", "%", *(["rows"] if counts is not None else [])):
        table.add_column(name, justify="right")
    for row in rows.itertuples(index=False):
        labels = (row.province, row.technology, row.year or "")
        where = " ".join(str(label) for label in labels if label not in ("all", ""))
        percent = "–" if pd.isna(row.relative) else f"{100 * row.relative:+.2f}"
        numbers = [_number(row.a), _number(row.b), _number(row.difference, "+")]
        count = [str(counts[row.indicator])] if counts is not None else []
        table.add_row(f"{row.indicator}, {row.unit}", where, *numbers, percent, *count)
    return table


def _number(x: float, sign: str = "") -> str:
    if pd.isna(x):
        return "–"
    digits = 0 if abs(x) >= 10_000 else 2 if abs(x) >= 1 else 4
    return f"{x:{sign},.{digits}f}"
