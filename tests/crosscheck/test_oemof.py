"""The same physical system in oemof.solph has the same least cost (see `oemof_system` for how it is said)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.data.system import TimeSlices
from tests.crosscheck.test_pyomo import limited
from tests.crosscheck.test_pypsa import (
    ONE_PERIOD,
    SAME,
    TWO_PERIODS,
    YEARS,
    least_cost,
    of_scenario,
    two_provinces,
)
from tests.tiny import run_tiny

pytest.importorskip("oemof.solph", reason="oemof.solph is not installed: pip install -e .[dev]")
from tests.crosscheck.oemof_system import model_of, objective


@pytest.mark.parametrize("time", [ONE_PERIOD, TWO_PERIODS], ids=["one period", "two periods"])
def test_two_provinces_over_three_years_cost_the_same_in_oemof(time):
    data = two_provinces(time)
    assert objective(data) == pytest.approx(run_tiny(data).objective, rel=SAME)


def test_a_limit_on_emissions_costs_the_same_in_oemof():
    """In two periods a limit is a sum over both."""
    data, level, found = limited(two_provinces(TWO_PERIODS), share=0.9)
    assert objective(data, dict.fromkeys(YEARS, level)) == pytest.approx(found, rel=SAME)


@pytest.mark.parametrize("rows", ["power_stands", "energy_stands", "both_ways", "retired", "national"])
def test_every_rule_that_is_ours_moves_the_cost_of_the_two_provinces(rows):
    """A rule that binds nowhere would prove nothing above."""
    data = two_provinces(ONE_PERIOD)
    model = model_of(data)
    model.component("PathwayBlock").component(rows).deactivate()
    model.solve(solver="highs", cmdline_options={"solver": "simplex"})
    assert model.solver_results["best_feasible_objective"] < run_tiny(data).objective * (1 - 10 * SAME)


def test_four_provinces_over_two_years_cost_the_same_in_oemof():
    data = of_scenario(
        space={"provinces": ["BJ", "TJ", "HE", "SX"]},
        horizon={"years": [2030, 2035]},
        time={"periods": 1, "extremes": 0, "step_h": 2},
    )
    assert objective(data) == pytest.approx(least_cost(data), rel=SAME)


@pytest.mark.slow
def test_31_provinces_over_three_planning_years_cost_the_same_in_oemof():
    data = of_scenario(horizon={"years": list(YEARS)}, time={"periods": 2, "extremes": 1, "step_h": 6})
    options = {"solver": "hipo", "run_crossover": "on"}
    assert objective(data, options=options) == pytest.approx(least_cost(data), rel=SAME)


def test_what_oemof_is_not_told_is_refused():
    data = two_provinces(ONE_PERIOD)
    with pytest.raises(ValueError, match="adequacy"):
        model_of(replace(data, peak={("A", 2025): 1.0}))
    uneven = TimeSlices(weight={0: 3000.0, 1: 3000.0, 2: 2760.0}, period={0: 0, 1: 0, 2: 1})
    with pytest.raises(ValueError, match="number of slices"):
        model_of(replace(data, time=uneven))
