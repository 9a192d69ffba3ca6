"""Rates and present values against numpy-financial on 1,000 random cash flows, and where there is no rate."""

from __future__ import annotations

import numpy as np
import numpy_financial
import pytest

from picmodel.finance.irr import irr, npv, sign_changes

COUNT = 1000
SEED = 20221128


def projects(count: int = COUNT) -> list[np.ndarray]:
    """Cash flows as projects have them: one to five years of outlay, 1 to 40 of income.

    Income is uneven, in a fifth of them negative in some years after the first; the sum is between a total
    loss and forty times the outlay.
    """
    rng = np.random.default_rng(SEED)
    flows = []
    for _ in range(count):
        outlay = -rng.uniform(50.0, 2000.0, rng.integers(1, 6))
        life = rng.integers(1, 41)
        income = rng.uniform(0.2, 1.8, life) * -outlay.sum() * rng.uniform(0.3, 10.0) / life
        if rng.random() < 0.2:
            income[rng.integers(0, life, 2)] *= -rng.uniform(0.0, 1.0)
        flows.append(np.concatenate([outlay, income]))
    return flows


@pytest.fixture(scope="module")
def flows() -> list[np.ndarray]:
    return projects()


def test_rates_are_those_of_numpy_financial(flows):
    """Proves    on 1,000 random cash flows both libraries find the same rate, or ours has a reason.

    numpy-financial takes the eigenvalues of the companion matrix, which shares nothing with pyxirr's Newton
    steps.  It picks a root where there are several; ours says so, so only flows with one are compared.  Its
    accuracy is that of eigenvalues: 1e-8.
    """
    compared = 0
    for flow in flows:
        ours, theirs = irr(flow), float(numpy_financial.irr(flow))
        if ours.value is None:
            assert ours.reason
            continue
        compared += 1
        assert ours.value == pytest.approx(theirs, rel=1e-7, abs=1e-8), flow
        assert npv(ours.value, flow) == pytest.approx(0.0, abs=1e-9 * np.abs(flow).sum() * flow.size)
    assert compared > 0.95 * COUNT


def test_present_values_are_those_of_numpy_financial(flows):
    """At 1,000 rates from -20 % to 60 %; a flow that starts earlier is worth more by the years between."""
    rates = np.random.default_rng(SEED + 1).uniform(-0.2, 0.6, COUNT)
    for rate, flow in zip(rates, flows):
        value = float(numpy_financial.npv(rate, flow))
        scale = float(np.abs(flow) @ (1.0 + rate) ** -np.arange(flow.size))
        assert npv(rate, flow) == pytest.approx(value, abs=1e-12 * scale)
        assert npv(rate, flow, first=-3) == pytest.approx(value * (1.0 + rate) ** 3, abs=1e-11 * scale)


def test_flows_with_several_roots_have_none():
    """Proves    where several rates balance the payments the answer is the list of them, not one of them.

    System    1,000 products of (g - a)(g - b)(g - c) with a, b, c between 0.6 and 2.5, at least 0.05 apart:
              the outlay, income and outlays in turn.  numpy-financial gives one of the three for each.
    Fails if  a root is picked, or missed.
    """
    rng = np.random.default_rng(SEED + 2)
    for _ in range(COUNT):
        roots = np.sort(rng.uniform(0.6, 2.5, 3))
        if np.diff(roots).min() < 0.05:
            continue
        flow = -np.poly(roots) * rng.uniform(1.0, 1e4)
        assert sign_changes(flow) == 3
        answer = irr(flow)
        assert answer.value is None
        named = [float(x) for x in answer.reason.removeprefix("several roots: ").split(", ")]
        assert named == pytest.approx((roots - 1.0).tolist(), abs=1e-3)
        assert np.abs(roots - 1.0 - float(numpy_financial.irr(flow))).min() < 1e-6


def test_flows_without_a_root_have_a_reason():
    """Proves    payments that balance at no rate, or only as a loan does, are told apart.

    System    1,000 flows each: outlays alone; income alone; income, then outlays; -1, x, -y with x^2 < 4 y.
    By hand   -g^2 + x g - y has no real root if x^2 < 4 y.
    Fails if  a number comes out of any of them.
    """
    rng = np.random.default_rng(SEED + 3)
    for _ in range(COUNT):
        size = rng.integers(2, 30)
        money = rng.uniform(1.0, 100.0, size)
        middle = rng.uniform(0.5, 2.0)
        cases = {
            "all payments have one sign": [-money, money],
            "income comes before the outlay": [np.concatenate([money, -money * rng.uniform(0.5, 2.0)])],
            "no root": [np.array([-1.0, middle, -rng.uniform(0.26, 2.0) * middle**2])],
        }
        for reason, some in cases.items():
            for flow in some:
                answer = irr(flow)
                assert answer.value is None
                assert answer.reason.startswith(reason)
    assert np.isnan(numpy_financial.irr([-1.0, 1.0, -1.0]))
