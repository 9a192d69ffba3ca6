"""Changes, shares of runs in which a claim holds, and effects of a linear answer: by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picmodel.studies.effects import change, regression, verdict
from picmodel.studies.sampling import latin_hypercube

NAN = float("nan")


def test_changes_by_hand():
    """From 40 to 50: a quarter more, ten points.  A loss that shrinks rises: from -4 to -3 by 25 %."""
    assert change(40.0, 50.0, "relative") == pytest.approx(25.0)
    assert change(40.0, 50.0, "points") == pytest.approx(10.0)
    assert change(-4.0, -3.0, "relative") == pytest.approx(25.0)
    assert np.isnan(change(0.0, 3.0, "relative"))
    assert np.isnan(change(NAN, 3.0, "points"))


def test_a_verdict_by_hand():
    """Proves    sign and range are counted over the runs that have an answer.

    System    claimed -2.9 to -1.7 %; found -4, -2, -1, +1 and nothing in one run.
    By hand   three of four fall, one lies in the range, one is undefined; the median of four is -1.5.
    Fails if  runs without an answer are counted, or dropped without a trace.
    """
    found = verdict(np.array([-4.0, -2.0, NAN, -1.0, 1.0]), -2.9, -1.7)
    assert (found.runs, found.undefined) == (4, 1)
    assert (found.sign_share, found.range_share) == (0.75, 0.25)
    assert found.median == pytest.approx(-1.5)


def test_no_change_has_no_sign():
    """Rounding is no rise; the ends of the range belong to it."""
    found = verdict(np.array([1e-9, 0.0, 2.0, 5.0]), 2.0, 5.0)
    assert (found.sign_share, found.range_share) == (0.5, 0.5)
    assert verdict(np.array([3.0]), 0.0, 20.0).sign_share == 1.0


def test_a_claim_that_no_run_can_judge_has_no_share():
    found = verdict(np.array([NAN, NAN]), 1.0, 2.0)
    assert (found.runs, found.undefined) == (0, 2)
    assert np.isnan([found.sign_share, found.range_share, found.median, found.p5, found.p95]).all()


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.floats(-50, 50), min_size=4, max_size=4),
    st.integers(0, 1000),
)
def test_effects_of_a_linear_answer_are_its_slopes(slopes, seed):
    """The answer is 3 + slopes . position: the regression finds the slopes, and explains all."""
    x = latin_hypercube(4, 12, seed)
    found = regression(x, 3.0 + x @ np.array(slopes))
    assert found.effects == pytest.approx(slopes, abs=1e-9)
    assert found.runs == 12
    if max(map(abs, slopes)) > 1e-3:
        assert found.r2 == pytest.approx(1.0)


def test_standardised_effects_by_hand():
    """Two independent parameters at two levels: y = 3 a - 4 b has the standard deviation 2.5 where each
    parameter has 0.5, so the coefficients are 0.6 and -0.8, and their squares add up to 1."""
    x = np.array([[a, b] for a in (0.0, 1.0) for b in (0.0, 1.0)])
    found = regression(x, x @ np.array([3.0, -4.0]))
    assert found.standardised == pytest.approx([0.6, -0.8])
    assert (found.standardised**2).sum() == pytest.approx(1.0)


def test_runs_without_an_answer_are_left_out_of_the_regression():
    x = latin_hypercube(2, 8, 0)
    y = x @ np.array([1.0, 2.0])
    y[3] = NAN
    found = regression(x, y)
    assert found.runs == 7
    assert found.effects == pytest.approx([1.0, 2.0])


def test_too_few_runs_give_no_regression():
    x = latin_hypercube(3, 4, 0)
    found = regression(x, x.sum(axis=1))
    assert np.isnan(found.effects).all()
    assert found.runs == 4


def test_an_answer_that_never_moves_has_no_effects():
    x = latin_hypercube(2, 8, 0)
    found = regression(x, np.full(8, 7.0))
    assert (found.effects == 0.0).all()
    assert np.isnan(found.standardised).all()
