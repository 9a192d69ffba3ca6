"""The table of what moved, for a terminal."""

from __future__ import annotations

import math

import pandas as pd
from rich.table import Table

#: rows shown; all are in ``difference.csv``
MOST_ROWS = 40


def moved(rows: pd.DataFrame) -> Table:
    """Rows of `compare.differences`, the largest first."""
    more = f", the {MOST_ROWS} largest" if len(rows) > MOST_ROWS else ""
    table = Table(
        *("scenario", "indicator", "where", "reference", "now", "change", "times tolerance"),
        title=f"{len(rows)} numbers moved{more}",
    )
    for row in rows.head(MOST_ROWS).itertuples(index=False):
        parts = [str(x) for x in (row.province, row.technology, row.year) if x not in ("all", 0)]
        before = "–" if math.isnan(row.reference) else f"{row.reference:.6g} {row.unit}"
        now = "–" if math.isnan(row.now) else f"{row.now:.6g}"
        numbers = (before, now, _change(row), f"{row.times:.3g}")
        table.add_row(row.scenario, row.indicator, " ".join(parts), *numbers)
    return table


def _change(row) -> str:  # type: ignore[no-untyped-def]
    """In % of the reference, or as it is where that is 0."""
    if math.isnan(row.change):
        return "came" if math.isnan(row.reference) else "went"
    return f"{100 * row.change / abs(row.reference):+.3g} %" if row.reference else f"{row.change:+.3g}"
