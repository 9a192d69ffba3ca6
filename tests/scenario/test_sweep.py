"""Sweeps: which runs they make, what these are called, and what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.errors import InputError
from picmodel.scenario.load import load


def points(sweep, **rest):
    return load({"name": "x", "sweep": sweep, **rest}).points


def test_a_grid_is_every_combination_the_last_key_fastest():
    found = load(
        {
            "name": "x",
            "markets": {"carbon": {"price_cny_per_t": {2025: 10}}},
            "sweep": {
                "grid": {
                    "markets.carbon.price_cny_per_t.2030": [50, 100.5],
                    "overrides.demand": [{"multiply": 1.1}, {"add": 2}],
                }
            },
        }
    )
    assert list(found.points) == [
        "x-price_cny_per_t.2030-50-demand-multiply1.1",
        "x-price_cny_per_t.2030-50-demand-add2",
        "x-price_cny_per_t.2030-100.5-demand-multiply1.1",
        "x-price_cny_per_t.2030-100.5-demand-add2",
    ]
    last = found.scenarios[-1]
    assert last.markets["carbon"] == {"price_cny_per_t": {2025: 10, 2030: 100.5}}
    assert [(o.table, o.operation, o.value) for o in last.overrides] == [("demand", "add", 2)]
    assert last.name == list(found.points)[-1]


def test_names_are_readable_and_different():
    grid = {"time.periods": [2, 3], "time.extremes": [0, 1]}
    assert list(points({"grid": grid}))[1] == "x-periods-2-extremes-1"
    same_end = {
        "physical.adequacy": [True],
        "markets.power": [{"a": 1, "b": 2}, {"a": 1}],
        "title": ["甲 乙"],
    }
    assert list(points({"grid": same_end})) == [
        "x-adequacy-true-power-v1-title-甲_乙",
        "x-adequacy-true-power-v2-title-甲_乙",
    ]
    close = [1.0000001, 1.0000002]  # the same in six digits
    assert list(points({"grid": {"physical.demand_factor": close}})) == [
        "x-demand_factor-v1",
        "x-demand_factor-v2",
    ]


def test_a_list_of_points():
    found = points(
        {
            "list": [
                {"name": "cheap", "physical.demand_factor": 0.9},
                {"time.periods": 3},
                {},
                {"time.periods": 4},
            ]
        }
    )
    assert found == {
        "x-cheap": {"physical.demand_factor": 0.9},
        "x-periods-3": {"time.periods": 3},
        "x-p3": {},
        "x-periods-4": {"time.periods": 4},
    }


def test_a_latin_hypercube_has_one_point_in_every_stratum_and_keeps_its_seed():
    """Of eight values in 1..3, each eighth of the range holds one; of a logarithmic range, of the logs."""
    keys = {
        "physical.demand_factor": {"low": 1, "high": 3},
        "overrides.demand": {"low": 0.5, "high": 2, "scale": "log", "operation": "multiply"},
    }
    sweep = {"latin_hypercube": {"samples": 8, "seed": 5, "keys": keys}}
    found = points(sweep)
    assert list(found) == [f"x-s{i:03}" for i in range(1, 9)]
    factors = np.array([p["physical.demand_factor"] for p in found.values()])
    assert sorted(np.floor((factors - 1) / 2 * 8)) == list(range(8))
    logs = np.log2([p["overrides.demand"]["multiply"] for p in found.values()])
    assert sorted(np.floor((logs + 1) / 2 * 8)) == list(range(8))
    assert points(sweep) == found


def test_a_sweep_stands_over_every_design_and_references_name_designs_or_points():
    sweep = {"grid": {"time.periods": [2, 3]}}
    both = {"designs": {"a": {}, "b": {"physical": {"demand_factor": 1.1}}}}
    found = load({"name": "x", "sweep": sweep, "reference": "b", "baseline": "a-periods-3", **both})
    assert [s.name for s in found] == ["x-a-periods-2", "x-a-periods-3", "x-b-periods-2", "x-b-periods-3"]
    assert (found.reference, found.baseline) == ("x-b-periods-2", "x-a-periods-3")
    assert found.scenarios[1].sibling("b") == "x-b-periods-3"
    assert load({"name": "x", "sweep": sweep, "reference": "periods-3"}).reference == "x-periods-3"


WRONG = [
    ("sweep: 3", "x.yaml:1:8: `sweep` is 3; write a mapping"),
    ("sweep: {}", "x.yaml:1:8: `sweep`: a sweep has nothing; write one of grid, list, latin_hypercube"),
    (
        "sweep: {grid: {a: [1]}, list: [{}]}",
        "x.yaml:1:8: `sweep`: a sweep has grid and list; write one of grid, list, latin_hypercube",
    ),
    (
        "sweep: {grid: {time.periods: [2, 2]}}",
        "x.yaml:1:30: `sweep.grid.time.periods`: a list of values, each once, must stand here",
    ),
    ("sweep: {grid: {time.perods: [2]}}", "x.yaml:1:16: unknown key `time.perods`; did you mean `periods`?"),
    (
        "sweep: {grid: {designs.a: [2]}}",
        "x.yaml:1:16: `designs` cannot stand in a sweep; move it to the top of the file",
    ),
    (
        "sweep: {list: [{name: a b}]}",
        "x.yaml:1:23: `a b` cannot name a run; use letters, digits, . _ -",
    ),
    (
        "sweep: {latin_hypercube: {samples: 2, keys: {a: {low: 2, high: 1}}}}",
        "x.yaml:1:55: `sweep.latin_hypercube.keys.a.low`: the low end 2 is not below the high end 1; "
        "swap them",
    ),
    ("sweep: {grd: {}}", "x.yaml:1:9: unknown key `sweep.grd`; did you mean `grid`?"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_with_a_sweep(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        load("x.yaml")
    assert message in error.value.problems
