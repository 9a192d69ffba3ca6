"""The sample is a Latin hypercube, the same for the same seed, between the ends of the ranges."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.studies.sampling import Range, latin_hypercube, sample

RANGES = {"a": Range(0.0, 10.0, 4.0), "b": Range(1.0, 100.0, 10.0, logarithmic=True)}


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_every_stratum_of_every_dimension_holds_one_point(count):
    points = latin_hypercube(5, count, seed=3)
    assert points.shape == (count, 5)
    strata = np.sort(np.floor(points * count).astype(int), axis=0)
    assert (strata == np.arange(count)[:, None]).all()


def test_the_same_seed_gives_the_same_sample_and_another_seed_another():
    assert (latin_hypercube(3, 8, seed=1) == latin_hypercube(3, 8, seed=1)).all()
    assert (latin_hypercube(3, 8, seed=1) != latin_hypercube(3, 8, seed=2)).any()


def test_strata_stay_whole_in_the_units_of_the_parameters():
    """Ten values of a lie in ten steps of 1; of b, in ten steps of equal ratio."""
    runs = sample(RANGES, 10, seed=5)
    values = [runs[f"s{i:03}"] for i in range(1, 11)]
    assert sorted(int(v["a"]) for v in values) == list(range(10))
    assert sorted(int(5 * np.log10(v["b"])) for v in values) == list(range(10))


def test_centre_and_ends_stand_before_the_sample():
    runs = sample(RANGES, 1, seed=0)
    assert list(runs) == ["centre", "low.a", "high.a", "low.b", "high.b", "s001"]
    assert runs["centre"] == {"a": 4.0, "b": 10.0}
    assert runs["low.a"] == {"a": 0.0, "b": 10.0}
    assert runs["high.b"] == {"a": 4.0, "b": 100.0}
    assert list(sample(RANGES, 0, seed=0)) == list(runs)[:-1]


@pytest.mark.parametrize("one", RANGES.values(), ids=RANGES)
def test_position_and_value_are_inverse(one):
    for position in (0.0, 0.25, 1.0):
        assert one.position(one.at(position)) == pytest.approx(position, abs=1e-5)
    assert (one.at(0.0), one.at(1.0)) == pytest.approx((one.low, one.high))


def test_the_middle_of_equal_ratios_is_the_geometric_mean():
    assert RANGES["b"].at(0.5) == pytest.approx(10.0)
    assert RANGES["a"].at(0.5) == pytest.approx(5.0)
