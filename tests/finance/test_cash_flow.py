"""A project's returns: by hand, against the LP's annuity, and how they must move."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picmodel.finance.cash_flow import (
    Project,
    annuity,
    capex_with_idc,
    cash_flows,
    debt_service,
    evaluate,
    hold,
    project_table,
)
from picmodel.finance.irr import Rate, npv


def project(capex=1000.0, life=20, margin=100.0, opex=0.0, construction=0, wacc=0.06, **labels) -> Project:
    """One line of income, so that income less opex is ``margin`` in every year; 2000 full-load hours."""
    return Project(
        capex=capex,
        construction_yr=construction,
        life_yr=life,
        wacc=wacc,
        income={"energy": np.full(life, margin + opex)},
        opex=np.full(life, opex),
        generation=np.full(life, 2000.0),
        labels=labels,
    )


# --- what the LP pays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capex", "wacc", "life"), [(4000.0, 0.05, 25), (1000.0, 0.08, 20), (1e4, 0.01, 60), (1.0, 0.3, 5)]
)
def test_a_margin_of_the_annuity_returns_the_wacc(capex, wacc, life, terms):
    """The zero-profit condition of the LP: capex at time 0, annuity at times 1..life."""
    result = evaluate(project(capex, life, annuity(capex, wacc, life), opex=30.0, wacc=wacc), terms())
    assert result.irr_pre_tax_real.value == pytest.approx(wacc, abs=1e-10)
    assert result.npv == pytest.approx(0.0, abs=1e-9 * capex)


@pytest.mark.parametrize("construction", [0, 1, 2, 3, 7])
def test_interest_during_construction_in_the_annuity_returns_the_wacc(construction, terms):
    """Paid over construction, earned as the annuity of the outlay grown to time 0 at the WACC."""
    wacc, life = 0.07, 25
    margin = annuity(capex_with_idc(5000.0, construction, wacc), wacc, life)
    result = evaluate(project(5000.0, life, margin, construction=construction, wacc=wacc), terms())
    assert result.irr_pre_tax_real.value == pytest.approx(wacc, abs=1e-10)
    assert result.lcoe == pytest.approx(margin / 2000.0)


def test_annuity_without_interest_is_the_share_of_a_year():
    assert annuity(100.0, 0.0, 4) == 25.0


def test_interest_during_construction_by_hand():
    """1200 in three parts at -2, -1, 0 and 10 %: 400 (1.21 + 1.1 + 1) = 1324."""
    assert capex_with_idc(1200.0, 3, 0.1) == pytest.approx(1324.0)


# --- by hand ----------------------------------------------------------------------------------------------


@pytest.fixture
def small(terms):
    """Project and terms of the hand-worked case."""
    plant = Project(
        capex=1000.0,
        construction_yr=1,
        life_yr=4,
        wacc=0.1,
        income={"energy": np.full(4, 450.0), "certificates": np.full(4, 50.0)},
        opex=np.full(4, 100.0),
        generation=np.full(4, 2000.0),
    )
    rules = terms(
        debt_share=0.5,
        loan_rate_share=0.1,
        loan_term_yr=2,
        tax_exempt_yr=1,
        tax_half_yr=1,
        vat_share=0.1,
        vat_refund_share=0.5,
        vat_surcharge_share=0.1,
        depreciation_yr=4,
        residual_share=0.0,
        inflation_share=0.0,
    )
    return plant, rules


def test_pre_tax_by_hand(small):
    """-1000, then 400 a year: 2.5 years; at 10 % 400 * 3.169865 - 1000 = 267.946.

    Cost (1000 / 3.169865 + 100) / 2000 = 0.207735 MCNY/GWh.
    """
    result = evaluate(*small)
    assert result.cash["pre_tax_real"].tolist() == [-1000.0, 400.0, 400.0, 400.0, 400.0]
    assert result.payback_yr == pytest.approx(2.5)
    assert result.npv == pytest.approx(267.94618, abs=1e-5)
    assert result.lcoe == pytest.approx(0.2077354, abs=1e-7)
    assert npv(result.irr_pre_tax_real.value, result.cash["pre_tax_real"]) == pytest.approx(0.0, abs=1e-8)


def test_post_tax_by_hand(small):
    """VAT on the outlay 100 is paid at time 0 and comes back as the output tax of 50 that years 1, 2 keep.

    Years 3, 4 pay 50, get 25 back and bear a surcharge of 5.
    Profit  500 - 100 - 250 = 150, 150, then 150 + 25 - 5 = 170, 170
    Tax     0 %, 12.5 %, 25 %, 25 %: 0, 18.75, 42.5, 42.5
    Cash    -1100; 400 + 50 = 450; 450 - 18.75 = 431.25; 400 + 25 - 5 - 42.5 = 377.5, 377.5
    """
    cash = cash_flows(*small)
    assert cash["vat"].tolist() == pytest.approx([-100.0, 50.0, 50.0, 0.0, 0.0])
    assert cash["tax"].tolist() == pytest.approx([0.0, 0.0, -18.75, -42.5, -42.5])
    assert cash["post_tax"].tolist() == pytest.approx([-1100.0, 450.0, 431.25, 377.5, 377.5])


def test_equity_by_hand(small):
    """Debt 0.5 * 1100 = 550: 275 a year for two years, interest 55 and 27.5.

    Profit  150 - 55 = 95, 150 - 27.5 = 122.5, then 170, 170; tax 0, 15.3125, 42.5, 42.5
    Equity  -550; 450 - 330 = 120; 450 - 15.3125 - 302.5 = 132.1875; 377.5; 377.5
    Cover   450 / 330 = 1.363636, 434.6875 / 302.5 = 1.436983
    """
    result = evaluate(*small)
    assert result.cash["interest"].tolist() == pytest.approx([0.0, -55.0, -27.5, 0.0, 0.0])
    assert result.cash["equity"].tolist() == pytest.approx([-550.0, 120.0, 132.1875, 377.5, 377.5])
    assert result.dscr_min == pytest.approx(450.0 / 330.0)


def test_construction_under_inflation_by_hand(terms):
    """1000 in two parts, 10 % inflation, debt 50 % at 10 %, no VAT, one operating year, tax 25 %.

    Outlay   500 / 1.1 = 454.545 at -1, 500 at 0; debt 227.273 * 1.1 + 250 = 500
    Base     954.545 without debt, 954.545 + 22.727 = 977.273 with it (capitalised interest)
    Income   2000 * 1.1 = 2200
    Tax      0.25 (2200 - 954.545) = 311.364; with debt 0.25 (2200 - 977.273 - 50) = 293.182
    Equity   -227.273, -250, 2200 - 293.182 - 550 = 1356.818
    """
    rules = terms(
        debt_share=0.5,
        loan_rate_share=0.1,
        vat_share=0.0,
        inflation_share=0.1,
        tax_exempt_yr=0,
        tax_half_yr=0,
    )
    cash = cash_flows(project(1000.0, 1, 2000.0, construction=2), rules)
    assert cash.index.tolist() == [-1, 0, 1]
    assert cash["tax"].iloc[-1] == pytest.approx(-0.25 * (2200.0 - 1050.0 / 1.1))
    assert cash["tax_equity"].iloc[-1] == pytest.approx(-293.181818)
    assert cash["equity"].tolist() == pytest.approx([-227.272727, -250.0, 1356.818182])


def test_columns_add_up(small):
    """Every sum again from its parts: nothing is counted twice or left out."""
    cash = cash_flows(*small)
    parts = ["capex", "income", "opex", "vat", "vat_refund", "vat_surcharge"]
    debt = ["loan", "interest", "principal"]
    assert (cash["post_tax"] - cash[[*parts, "tax"]].sum(axis=1)).abs().max() < 1e-9
    assert (cash["equity"] - cash[[*parts, *debt, "tax_equity"]].sum(axis=1)).abs().max() < 1e-9


def test_debt_is_repaid_and_a_loan_longer_than_the_life_within_it(terms):
    """300 over 3 of 5 years at 10 %: 30, 20, 10; over 9 years in a life of 2: 150 a year."""
    interest, principal = debt_service(300.0, 5, terms(loan_rate_share=0.1, loan_term_yr=3))
    assert interest == pytest.approx(np.array([30.0, 20.0, 10.0, 0.0, 0.0]))
    assert principal == pytest.approx(np.array([100.0, 100.0, 100.0, 0.0, 0.0]))
    assert debt_service(300.0, 2, terms(loan_term_yr=9))[1] == pytest.approx(np.array([150.0, 150.0]))


# --- how returns must move --------------------------------------------------------------------------------

margins = st.floats(60.0, 400.0)


@settings(max_examples=50, deadline=None)
@given(margin=margins, more=st.floats(1.0, 100.0), construction=st.integers(0, 4))
def test_rates_rise_with_income_and_fall_with_capex(terms, margin, more, construction):
    base, richer, dearer = (
        evaluate(project(margin=m, capex=c, opex=20.0, construction=construction), terms())
        for m, c in [(margin, 1000.0), (margin + more, 1000.0), (margin, 1000.0 + more)]
    )
    for name in ("irr_pre_tax_real", "irr_post_tax_real", "irr_post_tax_nominal"):
        assert getattr(richer, name).value > getattr(base, name).value > getattr(dearer, name).value
    assert richer.npv > base.npv > dearer.npv


@settings(max_examples=50, deadline=None)
@given(margin=margins, loan=st.floats(0.005, 0.3), term=st.integers(1, 25), construction=st.integers(0, 3))
def test_debt_raises_the_return_if_and_only_if_it_costs_less(untaxed, margin, loan, term, construction):
    """The loan's own value at the project's rate is positive if and only if it costs less than that."""
    rules = untaxed(loan_rate_share=loan, loan_term_yr=term, debt_share=0.5, inflation_share=0.0)
    result = evaluate(project(margin=margin, construction=construction), rules)
    own, equity = result.irr_pre_tax_real.value, result.irr_equity_nominal.value
    if abs(own - loan) < 1e-6 or equity is None:
        return
    assert (equity > own) == (loan < own)


@settings(max_examples=50, deadline=None)
@given(margin=margins, inflation=st.floats(0.0, 0.2), construction=st.integers(0, 4))
def test_without_tax_and_debt_all_rates_are_one(untaxed, margin, inflation, construction):
    """Nominal is (1 + real) (1 + inflation) - 1, and the owner is the project."""
    rules = untaxed(debt_share=0.0, inflation_share=inflation)
    result = evaluate(project(margin=margin, construction=construction), rules)
    real = result.irr_pre_tax_real.value
    assert result.irr_post_tax_real.value == pytest.approx(real, abs=1e-10)
    assert result.irr_equity_real.value == pytest.approx(real, abs=1e-10)
    assert result.irr_post_tax_nominal.value == pytest.approx((1 + real) * (1 + inflation) - 1, abs=1e-10)
    assert result.irr_equity_nominal.value == pytest.approx(result.irr_post_tax_nominal.value, abs=1e-10)
    assert result.dscr_min is None


def test_the_holiday_is_worth_the_tax_it_forgives(terms):
    """Profit 150 - 1000 / 20 = 100: three years save 25 each, three more 12.5 each, 112.5 in all."""
    rules = {"vat_share": 0.0, "inflation_share": 0.0, "residual_share": 0.0}
    plant = project(margin=150.0)
    holiday = evaluate(plant, terms(**rules))
    none = evaluate(plant, terms(**rules, tax_exempt_yr=0, tax_half_yr=0))
    saved = holiday.cash["post_tax"] - none.cash["post_tax"]
    assert saved.loc[1:6].tolist() == pytest.approx([25.0, 25.0, 25.0, 12.5, 12.5, 12.5])
    assert saved.sum() == pytest.approx(112.5)
    assert holiday.irr_post_tax_real.value > none.irr_post_tax_real.value
    assert holiday.irr_equity_real.value > none.irr_equity_real.value
    assert holiday.irr_pre_tax_real == none.irr_pre_tax_real


def test_inflation_wears_depreciation_away(terms):
    """Depreciation is nominal: more inflation leaves the real post-tax rate lower, pre-tax as it was."""
    plant = project(margin=120.0)
    still, rising = (evaluate(plant, terms(inflation_share=rate)) for rate in (0.0, 0.05))
    assert rising.irr_post_tax_real.value < still.irr_post_tax_real.value
    assert rising.irr_pre_tax_real == still.irr_pre_tax_real


def test_vat_without_surcharge_only_moves_money_in_time(terms):
    """What is paid at time 0 comes back in full, later: the sum is the same, the rate lower."""
    rules = {"vat_surcharge_share": 0.0, "income_tax_share": 0.0, "inflation_share": 0.0}
    plant = project(margin=150.0)
    none, some = (evaluate(plant, terms(**rules, vat_share=share)) for share in (0.0, 0.13))
    assert some.cash["post_tax"].sum() == pytest.approx(none.cash["post_tax"].sum())
    assert some.irr_post_tax_real.value < none.irr_post_tax_real.value


def test_a_refund_and_a_lower_surcharge_raise_the_rate(terms):
    plant = project(margin=150.0)
    base = evaluate(plant, terms()).irr_post_tax_real.value
    assert evaluate(plant, terms(vat_refund_share=0.5)).irr_post_tax_real.value > base
    assert evaluate(plant, terms(vat_surcharge_share=0.0)).irr_post_tax_real.value > base


def test_more_lines_of_the_same_sum_change_nothing(terms):
    """Lines of income are a report's concern; a DataFrame is as good as a dict."""
    one = project(margin=100.0, life=3)
    frame = pd.DataFrame({"energy": [130.0] * 3, "carbon": [-30.0] * 3})
    two = Project(1000.0, 0, 3, 0.06, frame, np.zeros(3), np.full(3, 2000.0))
    assert evaluate(one, terms()).cash.equals(evaluate(two, terms()).cash)


# --- where there is no answer -----------------------------------------------------------------------------


def test_a_project_without_income_has_reasons(terms):
    result = evaluate(project(margin=0.0), terms())
    assert result.irr_pre_tax_real == Rate(None, "all payments have one sign")
    assert result.payback_yr is None
    assert result.npv == pytest.approx(-1000.0)


def test_an_owner_without_outlay_has_no_return(terms):
    assert evaluate(project(), terms(debt_share=1.0)).irr_equity_real.value is None


def test_no_output_no_cost_of_output(terms):
    plant = Project(1000.0, 0, 2, 0.06, {"energy": [600.0, 600.0]}, [0.0, 0.0], [0.0, 0.0])
    assert evaluate(plant, terms()).lcoe is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"opex": [1.0]}, r"opex has shape \(1,\), not \(2,\)"),
        ({"income": {"energy": [1.0, np.nan]}}, "energy has shape"),
        ({"capex": -1.0}, "capex=-1.0"),
        ({"life_yr": 0}, "life_yr=0"),
        ({"construction_yr": -1}, "construction_yr=-1"),
    ],
)
def test_a_project_that_cannot_be_is_refused(changes, message):
    good = {
        "capex": 1.0,
        "construction_yr": 0,
        "life_yr": 2,
        "wacc": 0.06,
        "income": {"energy": [1.0, 1.0]},
        "opex": [0.0, 0.0],
        "generation": [1.0, 1.0],
        "labels": {"province": "GD"},
    }
    with pytest.raises(ValueError, match=message) as error:
        Project(**(good | changes))
    assert "GD" in str(error.value)


# --- planning years to calendar years ---------------------------------------------------------------------

FIRST, SPANS = {2025: 2024, 2030: 2028, 2040: 2033}, {2025: 4, 2030: 5, 2040: 2}
VALUES = {2025: 1.0, 2030: 2.0, 2040: 3.0}


def test_values_hold_for_their_spans_and_the_last_one_after():
    """Vintage 2030: 2028-2032 two, 2033-2034 three, after the horizon three again."""
    assert hold(VALUES, FIRST, SPANS, 2028, 9).tolist() == [2.0] * 5 + [3.0] * 4
    assert hold(VALUES, FIRST, SPANS, 2024, 4).tolist() == [1.0] * 4


def test_a_number_after_the_horizon():
    assert hold(VALUES, FIRST, SPANS, 2032, 5, after=0.5).tolist() == [2.0, 3.0, 3.0, 0.5, 0.5]


def test_at_the_annuity_after_the_horizon_a_project_returns_its_wacc(terms):
    """Margin = annuity within the horizon by the lines, after it by a line of its own."""
    wacc, life = 0.06, 20
    due = annuity(1000.0, wacc, life)
    years = {"first_years": FIRST, "spans": SPANS, "start": 2028, "life": life}
    opex = hold(dict.fromkeys(VALUES, 30.0), **years, after=0.0)
    income = {
        "energy": hold(dict.fromkeys(VALUES, due + 30.0), **years, after=0.0),
        "after_horizon": hold(dict.fromkeys(VALUES, 0.0), **years, after=due),
    }
    plant = Project(1000.0, 0, life, wacc, income, opex, np.full(life, 2000.0))
    assert evaluate(plant, terms()).irr_pre_tax_real.value == pytest.approx(wacc, abs=1e-10)


@pytest.mark.parametrize(
    ("first", "spans", "start", "message"),
    [
        ({2025: 2024, 2030: 2028}, SPANS, 2028, "planning years differ"),
        (FIRST | {2030: 2029}, SPANS, 2028, "planning year 2030 stands from 2029, the one before to 2028"),
        (FIRST, SPANS, 2023, "starts in 2023, before"),
    ],
)
def test_planning_years_that_do_not_fit_are_refused(first, spans, start, message):
    with pytest.raises(ValueError, match=message):
        hold(VALUES, first, spans, start, 5)


# --- report -----------------------------------------------------------------------------------------------


def test_table_has_units_in_its_names_and_reasons_beside_the_rates(terms):
    """WACC 0: 1000 CNY/kW over 10 * 2000 kWh/kW is 50 CNY/MWh; value 10 * 200 - 1000 = 1000 CNY/kW."""
    good = evaluate(project(life=10, margin=200.0, wacc=0.0, province="GD", year=2030), terms())
    bad = evaluate(project(life=10, margin=0.0, wacc=0.0, province="NM", year=2030), terms())
    table = project_table([good, bad])
    assert table.columns.tolist() == [
        "province",
        "year",
        "irr_pre_tax_real_share",
        "irr_pre_tax_real_reason",
        "irr_post_tax_real_share",
        "irr_post_tax_real_reason",
        "irr_post_tax_nominal_share",
        "irr_post_tax_nominal_reason",
        "irr_equity_real_share",
        "irr_equity_real_reason",
        "irr_equity_nominal_share",
        "irr_equity_nominal_reason",
        "npv_cny_per_kw",
        "lcoe_cny_per_mwh",
        "payback_yr",
        "dscr_min_ratio",
    ]
    first, second = table.iloc[0], table.iloc[1]
    assert first["lcoe_cny_per_mwh"] == pytest.approx(50.0)
    assert first["npv_cny_per_kw"] == pytest.approx(1000.0)
    assert first["irr_pre_tax_real_share"] == good.irr_pre_tax_real.value
    assert np.isnan(second["irr_pre_tax_real_share"])
    assert second["irr_pre_tax_real_reason"] == "all payments have one sign"
    assert np.isnan(second["payback_yr"])


def test_an_empty_table_has_its_columns():
    assert "irr_equity_real_share" in project_table([]).columns
