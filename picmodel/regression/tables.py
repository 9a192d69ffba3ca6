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
        relative = row.change / abs(row.reference) if row.reference else math.inf
        change = f"{100 * relative:+.3g} %" if math.isfinite(relative) else f"{row.change:+.3g}"
        numbers = (f"{row.reference:.6g} {row.unit}", f"{row.now:.6g}", change, f"{row.times:.3g}")
        table.add_row(row.scenario, row.indicator, " ".join(parts), *numbers)
    return table
