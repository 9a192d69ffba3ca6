"""Terms of finance that the tests start from: close to those of a Chinese wind project in 2025."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from picmodel.finance.terms import FinanceTerms

EXAMPLE = {
    "debt_share": 0.8,
    "loan_rate_share": 0.035,
    "loan_term_yr": 15,
    "income_tax_share": 0.25,
    "tax_exempt_yr": 3,
    "tax_half_yr": 3,
    "loss_carry_yr": 5,
    "vat_share": 0.13,
    "vat_refund_share": 0.0,
    "vat_surcharge_share": 0.12,
    "depreciation_yr": 20,
    "residual_share": 0.03,
    "inflation_share": 0.02,
}


@pytest.fixture(scope="session")
def example() -> dict[str, float]:
    return dict(EXAMPLE)


@pytest.fixture(scope="session")
def terms() -> Callable[..., FinanceTerms]:
    """The example's terms with the changes given by name."""
    return lambda **changes: FinanceTerms(**(EXAMPLE | changes))


@pytest.fixture(scope="session")
def untaxed(terms) -> Callable[..., FinanceTerms]:
    """Terms without any tax, with the changes given by name."""
    return lambda **changes: terms(**({"income_tax_share": 0.0, "vat_share": 0.0} | changes))
