"""Left and right prices of carbon, CCER and certificates: how far a price is decided at all.

A limit that just binds has any price between what a unit more saves and what a unit less costs; the run
reports one of them.  Here both ends stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import tidy
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import entries
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution
from picmodel.solve.ranging import one_sided_prices

#: row family -> indicator, unit, from base units
RANGED = {
    "c_allowances": ("allowance_price", "CNY/t", 1e3),
    "c_ccer": ("ccer_price", "CNY/t", 1e3),
    "c_certificates": ("certificate_price", "CNY/MWh", 1e3),
}
WIDE = 0.01  # of the upper end: a range worth a line
SMALL = 0.01  # CNY: narrower ranges are none
MOST = 8  # lines of a price


def price_ranges(lp: LinearProgram, solution: Solution, results: Results) -> list[pd.DataFrame]:
    """``<price>_low`` and ``<price>_high`` of each row of the markets, by year: a table for each price.

    No value where the limit cannot move that way (no plan meets a tighter one).

    Raises:
        SolverTrouble: the solver does not finish.
    """
    names = [name for name in RANGED if name in results.duals]
    blocks = {name: lp.rows[name] for name in names}
    positions = np.concatenate([blocks[name].position for name in names] or [np.array([], int)])
    rows = [int(i) for i in positions if i >= 0]
    if not rows:
        return []
    units = {entry.name: entry.unit for entry in (*ENTRIES, *entries())}
    ends = np.zeros((lp.shape[0], 2))
    ends[rows] = one_sided_prices(lp, solution, rows, units)
    tables = []
    for name in names:
        (indicator, unit, factor), both = RANGED[name], []
        sense = results.entries[name].sense
        for end, side in (("low", 0), ("high", 1)):
            dual = results.label_rows(lp, name, ends[:, side if sense > 0 else 1 - side])
            price = sense * dual / results.discount + 0.0  # no -0
            shown = _places(price.where(np.isfinite(price)))
            both.append(tidy(shown, f"{indicator}_{end}", unit, factor))
        tables.append(pd.concat(both, ignore_index=True))
    return tables


def _places(price: xr.DataArray) -> xr.DataArray:
    names = {"market": "province", "class": "technology"}
    return price.rename({old: new for old, new in names.items() if old in price.dims})


def wide(tables: Sequence[pd.DataFrame]) -> list[str]:
    """A line for each price of which the ends differ by more than 1 %."""
    return [line for table in tables for line in _wide(table)]


def _wide(ranges: pd.DataFrame) -> list[str]:
    end = ranges["indicator"].str.extract(r"^(?P<price>.*)_(?P<end>low|high)$")
    keys = ["price", "province", "technology", "year", "unit"]
    table = ranges.assign(**end).pivot_table("value", keys, "end", sort=False)
    table = table.reindex(columns=["low", "high"])
    gap = table["high"] - table["low"]
    found = table[gap > WIDE * table["high"].abs().clip(lower=SMALL / WIDE)]
    lines = [
        f"{price.replace('_', ' ')} {year}{_where(province, technology)}: any between {row.low:.4g} and "
        f"{row.high:.4g} {unit} is right"
        for (price, province, technology, year, unit), row in found.iterrows()
    ]
    if len(lines) > MOST:
        lines = [*lines[:MOST], f"{len(lines) - MOST} more prices with a range: *_low and *_high"]
    return lines


def _where(province: str, technology: str) -> str:
    named = [x for x in (province, technology) if x not in ("CN", "all")]
    return f" ({', '.join(named)})" if named else ""
