"""Rates of return: by hand, against other libraries, and where none or several exist."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from picmodel.finance import irr as module
from picmodel.finance.irr import Rate, irr, lcoe, npv, payback_yr, sign_changes

incomes = st.lists(st.floats(1.0, 500.0), min_size=1, max_size=40)


def test_one_payment_back_by_hand():
    """-100 now, 121 after two years: 1.1^2 = 1.21, so 10 %."""
    assert irr([-100.0, 0.0, 121.0]).value == pytest.approx(0.10, abs=1e-13)


def test_two_payments_by_hand():
    """100 g^2 = 60 g + 60, g = (60 + sqrt(3600 + 24000)) / 200 = 1.130662."""
    assert irr([-100.0, 60.0, 60.0]).value == pytest.approx((60.0 + 27600.0**0.5) / 200.0 - 1.0, abs=1e-13)


def test_a_loss_has_a_negative_rate():
    """-100 now, 81 after two years: 0.9^2 = 0.81, so -10 %."""
    assert irr([-100.0, 0.0, 81.0]).value == pytest.approx(-0.10, abs=1e-13)


def test_first_years_without_payment_change_nothing():
    assert irr([0.0, 0.0, -100.0, 110.0]).value == pytest.approx(0.1, abs=1e-13)


@pytest.mark.parametrize(
    ("payments", "reason"),
    [
        ([-100.0, -1.0], "all payments have one sign"),
        ([100.0, 0.0, 5.0], "all payments have one sign"),
        ([-100.0, 1e-13], "all payments have one sign"),  # the second is rounding
        ([0.0, 0.0], "no payments"),
        ([], "no payments"),
        ([-100.0, 0.5], "income never repays the outlay: rate below -99 %"),
        ([100.0, -105.0], "income comes before the outlay: a root would be a cost of borrowing"),
        ([-1.0, 0.5, -1.0], "no root: the present value is negative at every rate"),
    ],
)
def test_no_rate_says_why(payments, reason):
    assert irr(payments) == Rate(None, reason)


def test_several_roots_are_all_named():
    """-(g - 1.05) (g - 1.31) = -g^2 + 2.36 g - 1.3755: 5 % and 31 %."""
    assert irr([-1.0, 2.36, -1.3755]) == Rate(None, "several roots: 0.05, 0.31")


def test_three_roots_by_hand():
    """-(g - 1.1) (g - 1.2) (g - 1.5) = -g^3 + 3.8 g^2 - 4.77 g + 1.98: 10, 20 and 50 %."""
    assert irr([-1.0, 3.8, -4.77, 1.98]) == Rate(None, "several roots: 0.1, 0.2, 0.5")


def test_dismantling_with_one_root_in_range_is_a_rate():
    """-(g - 1.10) (g - 0.005) = -g^2 + 1.105 g - 0.0055: 10 %, and -99.5 %, which is no return."""
    assert irr([-1.0, 1.105, -0.0055]).value == pytest.approx(0.10, abs=1e-12)


def test_touching_root_is_one_root():
    """-(g - 1.1)^2 = -g^2 + 2.2 g - 1.21."""
    assert irr([-1.0, 2.2, -1.21]).value == pytest.approx(0.10, abs=1e-6)


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [-1.0, np.inf], [[-1.0, 2.0]]])
def test_what_is_no_cash_flow_is_refused(bad):
    with pytest.raises(ValueError, match="sequence of finite numbers"):
        irr(bad)


@settings(deadline=None)
@given(st.floats(10.0, 5000.0), incomes)
def test_npv_at_the_rate_is_zero_and_brentq_agrees(outlay, income):
    flow = np.array([-outlay, *income])
    answer = irr(flow)
    if answer.value is None:
        assert npv(-0.99, flow) < 0.0
        return
    assert npv(answer.value, flow) == pytest.approx(0.0, abs=1e-9 * np.abs(flow).sum() * max(1, flow.size))
    other = np.expm1(brentq(lambda u: npv(np.expm1(u), flow), np.log(0.01), 20.0, xtol=1e-14))
    assert answer.value == pytest.approx(other, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(st.floats(10.0, 5000.0), incomes, st.integers(0, 39), st.floats(1.0, 100.0))
def test_rate_rises_with_income_and_falls_with_outlay(outlay, income, where, more):
    flow = np.array([-outlay, *income])
    richer, dearer = flow.copy(), flow.copy()
    richer[1 + where % len(income)] += more
    dearer[0] -= more
    base = irr(flow)
    if base.value is not None:
        assert irr(richer).value > base.value
        assert (irr(dearer).value or -1.0) < base.value or irr(dearer).value is None


@settings(deadline=None)
@given(incomes, st.integers(-9, 9))
def test_unit_of_money_changes_nothing(income, power):
    """pyxirr's tolerance is in money: unscaled, the same flow in TCNY would be off by 1e-4."""
    flow = np.array([-1000.0, *income])
    base, scaled = irr(flow), irr(flow * 10.0**power)
    assert (base.value is None) == (scaled.value is None)
    if base.value is not None:
        assert scaled.value == pytest.approx(base.value, rel=1e-10, abs=1e-10)


@settings(deadline=None)
@given(st.lists(st.integers(-10, 30), min_size=1, max_size=5, unique=True))
def test_every_root_is_found(steps):
    """A product of (g - root) has these roots and no other, -50 % to 150 %; numpy's eigenvalues agree."""
    roots = sorted(step / 20.0 for step in steps)
    flow = np.array([-1.0])
    for root in roots:
        flow = np.convolve(flow, [1.0, -(1.0 + root)])
    found = module._roots(np.arange(flow.size, dtype=float), flow)
    assert found == pytest.approx(roots, abs=1e-6)
    assert np.sort(np.roots(flow).real) - 1.0 == pytest.approx(np.array(roots), abs=1e-6)


def test_where_pyxirr_does_not_arrive_the_root_is_bracketed(monkeypatch):
    monkeypatch.setattr(module.pyxirr, "irr", lambda *_, **__: None)
    assert irr([-100.0, 60.0, 60.0]).value == pytest.approx((60.0 + 27600.0**0.5) / 200.0 - 1.0, abs=1e-12)


def test_npv_by_hand():
    """-50 * 1.1 - 50 + 60 / 1.1 + 60 / 1.21 = -105 + 54.545455 + 49.586777 = -0.867769."""
    assert npv(0.1, [-50.0, -50.0, 60.0, 60.0], first=-1) == pytest.approx(-0.8677685950)


def test_payback_counts_from_commissioning():
    """100 spent over two years, 40 a year: 80 after 2 years, the last 20 in half of the third."""
    assert payback_yr([-50.0, -50.0, 40.0, 40.0, 40.0], first=-1) == pytest.approx(2.5)


@pytest.mark.parametrize("flow", [[-100.0, 40.0, 40.0], [1.0, 1.0], [0.0, 5.0]])
def test_no_payback(flow):
    assert payback_yr(flow) is None


def test_payback_to_the_day():
    assert payback_yr([-80.0, 40.0, 40.0]) == pytest.approx(2.0)


def test_lcoe_is_the_price_with_no_present_value():
    """(1000 + 20 a) / (2000 a) with a = 1/1.1 + 1/1.21 = 1.735537: 0.298095 MCNY/GWh."""
    cost = lcoe(0.1, 1000.0, [20.0, 20.0], [2000.0, 2000.0])
    assert cost == pytest.approx(0.2980952381)
    assert npv(0.1, [-1000.0, 2000.0 * cost - 20.0, 2000.0 * cost - 20.0]) == pytest.approx(0.0, abs=1e-9)
    assert lcoe(0.1, 1000.0, [20.0], [0.0]) is None


def test_sign_changes_skip_zeros():
    assert sign_changes([-1.0, 0.0, -2.0, 0.0, 3.0, -1.0, 0.0]) == 2
