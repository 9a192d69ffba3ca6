"""Chinese value-added tax, depreciation and income tax of one project, all nominal.

Sources: enterprise income tax law, art. 18 (losses) and its regulations, art. 87 (three years exempt and
three at half rate from the year of first income); VAT law and the refund notices, in ``inputs/sources.csv``
with the table ``finance``.  Rates and periods are data (`FinanceTerms`); the order of the steps is here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from picmodel.finance.irr import Array
from picmodel.finance.terms import FinanceTerms


class Vat(NamedTuple):
    """VAT by operating year, each of shape (life,) and >= 0 but for ``collected`` [MCNY/GW-yr, nominal]."""

    collected: Array  # from customers, less what suppliers charge; < 0 where that is more
    paid: Array  # to the state, after the credit for VAT on the outlay
    refund: Array  # part of ``paid`` that comes back at once
    surcharge: Array  # local taxes on ``paid``: a cost, and not refunded


def vat(sales: Array, credit: float, terms: FinanceTerms) -> Vat:
    """VAT on sales less purchases, with the VAT on the outlay credited until it is used up.

    VAT shifts money in time and costs only its surcharge.  O&M carries no creditable VAT here (wages, rent,
    insurance); fuel does, and so does what is a negative line of income.  A credit left at the end of life is
    lost.

    Args:
        sales: shape (life,); income less purchases that carry VAT, both without it [MCNY/GW-yr, nominal].
        credit: VAT on the outlay, >= 0 [MCNY/GW].
    """
    collected = sales * terms.vat_share
    paid = np.zeros_like(collected)
    for year, due in enumerate(collected):
        paid[year] = max(0.0, due - credit)
        credit = max(0.0, credit - due)
    return Vat(collected, paid, paid * terms.vat_refund_share, paid * terms.vat_surcharge_share)


def depreciation(base: float, life: int, terms: FinanceTerms) -> Array:
    """Straight-line depreciation, and the loss on retirement in the last year.

    The residual value is a book value: as in the LP no money comes from scrap (it is taken to pay for
    dismantling), so what is not depreciated when the plant retires is deducted in its last year.

    Args:
        base: nominal outlay without VAT, with capitalised interest where a loan bears it [MCNY/GW].

    Returns:
        Shape (life,), summing to ``base`` [MCNY/GW-yr, nominal].
    """
    yearly = np.zeros(life)
    yearly[: terms.depreciation_yr] = base * (1.0 - terms.residual_share) / terms.depreciation_yr
    yearly[-1] += base - yearly.sum()
    return yearly


def tax_rates(income: Array, terms: FinanceTerms) -> Array:
    """Income tax rate by operating year, shape (life,): exempt, then half, from the first year of income."""
    started = np.flatnonzero(income > 0.0)
    age = np.arange(income.size) - (started[0] if started.size else income.size)
    exempt_end, half_end = terms.tax_exempt_yr, terms.tax_exempt_yr + terms.tax_half_yr
    factor = np.where(age < exempt_end, 0.0, np.where(age < half_end, 0.5, 1.0))
    return terms.income_tax_share * factor


def taxable(profit: Array, carry_yr: int) -> Array:
    """Profit after losses of the ``carry_yr`` years before it, the oldest first; >= 0, shape and unit kept.

    Losses are used by profits of exempt years too, as the law has it: a holiday can waste them.
    """
    left = np.maximum(-profit, 0.0)
    base = np.maximum(profit, 0.0)
    if not left.any():
        return base
    for year in np.flatnonzero(base).tolist():
        for earlier in range(max(0, year - carry_yr), year):
            used = min(base[year], left[earlier])
            base[year] -= used
            left[earlier] -= used
    return base


def income_tax(income: Array, profit: Array, terms: FinanceTerms) -> Array:
    """Income tax by operating year, >= 0 [MCNY/GW-yr, nominal].

    Args:
        income: shape (life,); its first positive year starts the holiday.
        profit: shape (life,); income and refund less running cost, surcharge, depreciation and, for the
            owner of equity, interest.
    """
    return taxable(profit, terms.loss_carry_yr) * tax_rates(income, terms)
