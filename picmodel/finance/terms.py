"""The terms of finance and tax of one technology, from the input table ``finance``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from picmodel.errors import InputError

ALL = "all"


@dataclass(frozen=True)
class FinanceTerms:
    """Terms of finance and tax.  ``_share``: per 1, ``_yr``: whole years.

    Raises:
        InputError: a value is outside its range; all such values at once.
    """

    debt_share: float  # of the outlay with its VAT (the total investment of the capital-ratio rules)
    loan_rate_share: float  # nominal, per year
    loan_term_yr: int  # of equal repayments of principal, from the end of year 1
    income_tax_share: float
    tax_exempt_yr: int  # from the year of first income
    tax_half_yr: int  # after those
    loss_carry_yr: int  # a loss may be set against the profits of so many years after it
    vat_share: float
    vat_refund_share: float  # of the VAT paid (levied and refunded at once)
    vat_surcharge_share: float  # of the VAT paid, before refund
    depreciation_yr: int  # straight line
    residual_share: float  # of the nominal base, not depreciated
    inflation_share: float  # per year

    def __post_init__(self) -> None:
        problems = [
            f"finance: {name}={value} not in {bounds}"
            for name, value in vars(self).items()
            for low, high in [_bounds(name)]
            for bounds in [f"[{low}, {high}]"]
            if not low <= value <= high or (name.endswith("_yr") and value != int(value))
        ]
        if problems:
            raise InputError(problems)

    @classmethod
    def from_table(cls, table: pd.DataFrame, technology: str) -> FinanceTerms:
        """Terms of ``technology``: its own row of a parameter, else the row of ``all``.

        Args:
            table: columns ``parameter``, ``technology``, ``value`` and, if it is there, ``unit``
                (``share`` or ``yr``, as the parameter's name ends); one row a pair of the first two.
            technology: name of a technology; it needs no row of its own.

        Raises:
            InputError: a parameter is missing, unknown, given twice or in another unit.
        """
        rows = table[table["technology"].isin([ALL, technology])]
        names = [field.name for field in fields(cls)]
        given = {key: rows[rows["technology"] == key] for key in (ALL, technology)}
        values = {key: dict(zip(part["parameter"], part["value"])) for key, part in given.items()}
        chosen = values[ALL] | values[technology]
        problems = [_unknown(name, names) for name in chosen if name not in names]
        problems += [
            f"finance: {name} is missing for {technology} and for {ALL}"
            for name in names
            if name not in chosen
        ]
        problems += [
            f"finance: {row['parameter']} of {row['technology']} is given twice"
            for _, row in rows[rows.duplicated(["parameter", "technology"])].iterrows()
        ]
        if "unit" in rows:
            problems += [
                f"finance: {name} of {tech} is in {unit!r}, not in {name.rsplit('_', 1)[1]!r}"
                for name, tech, unit in zip(rows["parameter"], rows["technology"], rows["unit"])
                if name in names and unit != name.rsplit("_", 1)[1]
            ]
        if problems:
            raise InputError(problems)
        return cls(**{name: _typed(name, chosen[name]) for name in names})


def _typed(name: str, value: float) -> Any:
    """Whole years as int; a broken year is left for the check to name."""
    return int(value) if name.endswith("_yr") and value == int(value) else float(value)


def _bounds(name: str) -> tuple[float, float]:
    if name in ("loan_term_yr", "depreciation_yr"):
        return 1, 100
    return (0, 100) if name.endswith("_yr") else (0, 1)


def _unknown(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"finance: unknown parameter {name}" + (f", did you mean {near[0]}?" if near else "")
