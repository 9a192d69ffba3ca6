"""Finance, tax and outlay come from the shipped tables: every number moves a return and has a source."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from picmodel.finance.cash_flow import Project, ProjectResult, evaluate
from picmodel.finance.terms import FinanceTerms

INPUTS = Path(__file__).parents[2] / "inputs"
TERMS = [field.name for field in fields(FinanceTerms)]
RENEWABLES = ("wind_onshore", "wind_offshore", "solar_utility", "solar_distributed")


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(INPUTS / name, keep_default_na=False)


@pytest.fixture(scope="module")
def terms() -> FinanceTerms:
    return FinanceTerms.from_table(table("policy/finance.csv"), "wind_onshore")


def project(**changes: float) -> Project:
    """Onshore wind of 2025 as the tables have it: 2200 h at 0.35 MCNY/GWh, dear enough to pay tax."""
    row = table("technologies.csv").set_index("technology").loc["wind_onshore"]
    cost = table("technology_costs.csv").query("technology == 'wind_onshore' and year == 2025").iloc[0]
    given = dict(
        capex=float(cost["capex_cny_per_kw"]),
        fixed=float(cost["fom_cny_per_kw_yr"]),
        construction_yr=int(row["construction_yr"]),
        life_yr=int(row["life_yr"]),
        wacc=float(row["wacc_share"]),
    )
    given |= changes
    life = int(given["life_yr"])
    return Project(
        capex=given["capex"],
        construction_yr=int(given["construction_yr"]),
        life_yr=life,
        wacc=given["wacc"],
        income={"energy": [-50.0, *[770.0] * (life - 1)]},  # a loss in the first year, for the carry-forward
        opex=np.full(life, given["fixed"]),
        generation=np.full(life, 2200.0),
    )


def numbers(result: ProjectResult) -> list[float]:
    rates = (result.irr_pre_tax_real, result.irr_post_tax_nominal, result.irr_equity_nominal)
    return [float(rate.value or 0.0) for rate in rates] + [result.npv, result.lcoe or 0.0]


def test_china_s_rules_are_in_the_table(terms):
    """25 %, three years exempt and three at half rate, losses carried five years, VAT of 13 %, no refund."""
    assert (terms.income_tax_share, terms.tax_exempt_yr, terms.tax_half_yr) == (0.25, 3, 3)
    assert (terms.loss_carry_yr, terms.vat_share, terms.vat_refund_share) == (5, 0.13, 0.0)
    assert terms.debt_share == 0.8
    for name in RENEWABLES:
        assert FinanceTerms.from_table(table("policy/finance.csv"), name).tax_exempt_yr == 3


def test_every_row_has_a_source_that_is_known():
    sources = set(table("sources.csv").iloc[:, 0])
    rows = table("policy/finance.csv")
    assert set(rows["source"]) <= sources
    assert set(rows["parameter"]) == set(TERMS)


@pytest.mark.parametrize("name", TERMS)
def test_every_term_moves_a_return(name, terms):
    """Proves    no term of the table is read and forgotten; the pre-tax rate depends on none of them."""
    value = getattr(terms, name)
    if name == "vat_refund_share":
        other: float = 0.5
    elif name == "loss_carry_yr":
        other = 0  # the loss of the first year then saves no tax
    else:
        other = value + 3 if name.endswith("_yr") else 1.5 * value if value < 0.5 else 0.7 * value
    holiday = replace(terms, tax_exempt_yr=0, tax_half_yr=0) if name == "loss_carry_yr" else terms
    base, changed = (
        numbers(evaluate(project(), rules)) for rules in (holiday, replace(holiday, **{name: other}))
    )
    assert changed[0] == base[0]
    assert max(abs(a - b) for a, b in zip(base[1:3], changed[1:3])) > 1e-5


@pytest.mark.parametrize(
    ("name", "value"),
    [("capex", 5000.0), ("fixed", 60.0), ("construction_yr", 4), ("life_yr", 30), ("wacc", 0.08)],
)
def test_every_number_of_the_technology_moves_a_return(name, value, terms):
    base, changed = (numbers(evaluate(project(**x), terms)) for x in ({}, {name: value}))
    assert max(abs(a - b) for a, b in zip(base, changed)) > 1e-4


def test_vat_on_fuel_is_credited(terms):
    """Proves    a plant that burns fuel owes VAT on what it adds, not on all that it sells.

    System    income 770, of which 400 go to fuel; VAT 13 %, surcharge 10 % of what is paid.
    By hand   in a year without credit left, at prices of time 0: 0.13 x (770 - 400) = 48.1 paid, surcharge
              4.81 instead of 10.01: the return after tax is higher.
    Fails if  fuel brings no credit, or its price counts twice.
    """
    rules = replace(terms, inflation_share=0.0)
    opex = np.full(20, 500.0)
    one = Project(2000.0, 1, 20, 0.06, {"energy": np.full(20, 770.0)}, opex, np.full(20, 5000.0))
    two = replace(one, fuel=np.full(20, 400.0))
    without, credited = evaluate(one, rules), evaluate(two, rules)
    assert without.cash["vat_surcharge"].iloc[-1] == pytest.approx(-0.1 * 0.13 * 770.0)
    assert credited.cash["vat_surcharge"].iloc[-1] == pytest.approx(-0.1 * 0.13 * 370.0)
    assert credited.cash["vat"].iloc[-1] == pytest.approx(0.0)
    assert credited.irr_post_tax_real.value > without.irr_post_tax_real.value
    assert credited.irr_pre_tax_real == without.irr_pre_tax_real
