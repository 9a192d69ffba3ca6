"""Terms of finance: a technology's row before that of all, and every fault named."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.errors import InputError
from picmodel.finance.terms import FinanceTerms

COLUMNS = ["parameter", "technology", "value", "unit"]


@pytest.fixture
def table(example) -> pd.DataFrame:
    """One row of ``all`` for each parameter."""
    rows = [(name, "all", value, name.rsplit("_", 1)[1]) for name, value in example.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def add(table, *row) -> pd.DataFrame:
    return pd.concat([table, pd.DataFrame([row], columns=COLUMNS)], ignore_index=True)


def problems(table, technology="solar") -> list[str]:
    with pytest.raises(InputError) as error:
        FinanceTerms.from_table(table, technology)
    return error.value.problems


def test_a_technology_without_rows_takes_those_of_all(table, example):
    assert FinanceTerms.from_table(table, "solar") == FinanceTerms(**example)


def test_the_row_of_a_technology_comes_first(table):
    rows = add(table, "vat_refund_share", "wind_offshore", 0.5, "share")
    assert FinanceTerms.from_table(rows, "wind_offshore").vat_refund_share == 0.5
    assert FinanceTerms.from_table(rows, "solar").vat_refund_share == 0.0


def test_the_column_of_units_may_be_left_out(table, example):
    assert FinanceTerms.from_table(table.drop(columns="unit"), "solar") == FinanceTerms(**example)


def test_years_are_whole_numbers(table):
    assert isinstance(FinanceTerms.from_table(table, "solar").loan_term_yr, int)


def test_a_missing_parameter_is_named(table):
    rows = table[table["parameter"] != "vat_share"]
    assert problems(rows) == ["finance: vat_share is missing for solar and for all"]


def test_an_unknown_parameter_names_the_nearest(table):
    rows = add(table, "vat_refund_shares", "solar", 0.5, "share")
    assert problems(rows) == ["finance: unknown parameter vat_refund_shares, did you mean vat_refund_share?"]


def test_a_parameter_given_twice_is_refused(table):
    rows = add(table, "vat_share", "all", 0.09, "share")
    assert problems(rows) == ["finance: vat_share of all is given twice"]


def test_percent_is_refused(table):
    rows = add(table, "vat_share", "solar", 0.09, "pct")
    assert problems(rows) == ["finance: vat_share of solar is in 'pct', not in 'share'"]


def test_values_out_of_range_are_named_together(table):
    rows = add(table, "debt_share", "solar", 80, "share")
    rows = add(rows, "loan_term_yr", "solar", 0, "yr")
    rows = add(rows, "tax_half_yr", "solar", 2.5, "yr")
    assert problems(rows) == [
        "finance: debt_share=80.0 not in [0, 1]",
        "finance: loan_term_yr=0 not in [1, 100]",
        "finance: tax_half_yr=2.5 not in [0, 100]",
    ]
