"""Values of the tables by key and year, in base units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from picmodel.data.tables import TABLE
from picmodel.errors import InputError
from picmodel.units import TO_BASE

Tables = Mapping[str, pd.DataFrame]


def by_year(
    table: pd.DataFrame, keys: Sequence[str], column: str, years: Iterable[int], factor: float = 1.0
) -> dict:
    """Values by key and year: linear between rows, constant before the first and after the last.

    Returns:
        (key..., year) -> value times ``factor``.
    """
    years = list(years)
    found = {}
    for key, rows in table.sort_values("year").groupby(list(keys), sort=False):
        key = key if isinstance(key, tuple) else (key,)
        values = np.interp(years, rows["year"], rows[column]) * factor
        found.update({(*key, y): float(x) for y, x in zip(years, values)})
    return found


def keyed(table: pd.DataFrame, keys: Sequence[str], column: str, factor: float = 1.0) -> dict:
    """Column by key (a plain value if there is one key column)."""
    values = (table[column].astype(float) * factor).to_numpy()
    labels = table[keys[0]].to_list() if len(keys) == 1 else list(zip(*(table[k].to_list() for k in keys)))
    return dict(zip(labels, map(float, values)))


def in_base(tables: Tables, table: str, keys: Sequence[str], column: str, years: Iterable[int]) -> dict:
    """`by_year` of a declared column, in base units."""
    unit = next(c.unit for c in TABLE[table].columns if c.name == column)
    return by_year(tables[table], keys, column, years, TO_BASE[unit])


def without_vat(tables: Tables, unit: str) -> float:
    """Factor from a price that is published with VAT inside to base units without it."""
    rate = tables["finance"].query("parameter == 'vat_share' and technology == 'all'")["value"]
    if rate.empty:
        raise InputError(["policy/finance.csv: no row vat_share, all; prices are published with VAT inside"])
    return TO_BASE[unit] / (1 + float(rate.iloc[0]))


def tariff(tables: Tables, column: str, provinces: Sequence[str]) -> dict[str, float]:
    """A regulated price of some provinces, without VAT [MCNY/GWh]."""
    factor = without_vat(tables, "CNY/MWh")
    return {r: x for r, x in keyed(tables["tariffs"], ["province"], column, factor).items() if r in provinces}
