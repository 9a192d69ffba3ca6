"""VAT, depreciation and income tax, each by hand."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.finance.tax import depreciation, income_tax, tax_rates, taxable, vat


def test_vat_on_the_outlay_is_credited_until_used_up(terms):
    """Output tax 10 % of 400 = 40 a year, credit 100: 40, 40, then 20 of it; paid 0, 0, 20, 40.

    Refund half: 0, 0, 10, 20.  Surcharge 12 % of what is paid, not of what stays: 0, 0, 2.4, 4.8.
    """
    result = vat(np.full(4, 400.0), 100.0, terms(vat_share=0.1, vat_refund_share=0.5))
    assert result.collected == pytest.approx(np.full(4, 40.0))
    assert result.paid == pytest.approx(np.array([0.0, 0.0, 20.0, 40.0]))
    assert result.refund == pytest.approx(np.array([0.0, 0.0, 10.0, 20.0]))
    assert result.surcharge == pytest.approx(np.array([0.0, 0.0, 2.4, 4.8]))


def test_a_year_of_negative_income_adds_to_the_credit(terms):
    """Tax on -100 is -10: nothing is paid, and the next year pays 40 - 10."""
    result = vat(np.array([-100.0, 400.0]), 0.0, terms(vat_share=0.1))
    assert result.paid == pytest.approx(np.array([0.0, 30.0]))


def test_straight_line_with_the_residual_in_the_last_year(terms):
    """1000, 10 % residual, 3 of 5 years: 300, 300, 300, 0, and the book value 100 at retirement."""
    yearly = depreciation(1000.0, 5, terms(depreciation_yr=3, residual_share=0.1))
    assert yearly == pytest.approx(np.array([300.0, 300.0, 300.0, 0.0, 100.0]))


def test_a_life_shorter_than_depreciation_writes_off_the_rest(terms):
    """1000 over 20 years, no residual, life 3: 50, 50, and 50 + 850."""
    yearly = depreciation(1000.0, 3, terms(depreciation_yr=20, residual_share=0.0))
    assert yearly == pytest.approx(np.array([50.0, 50.0, 900.0]))


def test_the_holiday_starts_with_the_first_income(terms):
    income = np.array([0.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0])
    assert tax_rates(income, terms()) == pytest.approx(
        np.array([0.0, 0.0, 0.0, 0.0, 0.125, 0.125, 0.125, 0.25])
    )


def test_a_loss_lasts_five_years():
    """A loss of 60 against profits of 10: five years use 50, the last 10 of it are lost."""
    profit = np.array([-60.0, *[10.0] * 7])
    assert taxable(profit, carry_yr=5) == pytest.approx(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0, 10.0]))


def test_the_oldest_loss_is_used_first():
    """Carry of 2 years; losses 5 and 5, then profits 7 and 7.

    Year 2 uses the 5 of year 0 and 2 of year 1, year 3 the other 3: taxable 0 and 4.  The newest first
    would leave 3 of year 0, which expire: taxable 0 and 7.
    """
    assert taxable(np.array([-5.0, -5.0, 7.0, 7.0]), carry_yr=2) == pytest.approx(
        np.array([0.0, 0.0, 0.0, 4.0])
    )


def test_taxable_profit_leaves_its_argument_alone():
    profit = np.array([-5.0, 7.0])
    taxable(profit, carry_yr=5)
    assert profit.tolist() == [-5.0, 7.0]


def test_income_tax_by_hand(terms):
    """Profit 100 a year: 3 years nothing, 3 years 12.5, then 25."""
    due = income_tax(np.full(7, 200.0), np.full(7, 100.0), terms())
    assert due == pytest.approx(np.array([0.0, 0.0, 0.0, 12.5, 12.5, 12.5, 25.0]))


def test_fuel_brings_vat_that_is_credited(terms):
    """Sales 400, fuel 150 a year at 10 %: 40 less 15 is due, against a credit of 30: 0, then 20, 25."""
    result = vat(np.full(3, 400.0 - 150.0), 30.0, terms(vat_share=0.1))
    assert result.collected == pytest.approx(np.full(3, 25.0))
    assert result.paid == pytest.approx(np.array([0.0, 20.0, 25.0]))
