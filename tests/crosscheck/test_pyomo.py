"""The same physical system in plain Pyomo has the same least cost (see `pyomo_system` for its form)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.data.system import SystemData
from tests.crosscheck.pyomo_system import objective
from tests.crosscheck.test_pypsa import ONE_PERIOD, SAME, TWO_PERIODS, YEARS, two_provinces
from tests.tiny import run_tiny


@pytest.mark.parametrize("time", [ONE_PERIOD, TWO_PERIODS], ids=["one period", "two periods"])
def test_two_provinces_cost_the_same_in_plain_pyomo(time):
    data = two_provinces(time)
    assert objective(data) == pytest.approx(run_tiny(data).objective, rel=SAME)


def limited(data: SystemData, share: float = 1.0) -> tuple[SystemData, float, float]:
    """A system that emits, the most it may emit in any year [kt], and its least cost by picmodel [MCNY].

    All years stay at a share of what the first emits without a limit; that it binds is asserted.
    """
    data = replace(data, emission_factor={"coal": 0.8, "heat": 0.9})
    free = run_tiny(data)
    level = share * free.total("v_emissions", year=YEARS[0])
    assert free.total("v_emissions", year=YEARS[-1]) > 1.01 * level
    peak = {"year": YEARS[0], "level_mt": level / 1e3, "slack_cny_per_t": None}
    found = run_tiny(data, {"emission_limits": {"peak_year": peak}}).objective
    assert found > free.objective * (1 + 1e-4)
    return data, level, found


def test_a_limit_on_emissions_costs_the_same_in_plain_pyomo():
    data, level, found = limited(two_provinces(ONE_PERIOD))
    assert objective(data, dict.fromkeys(YEARS, level)) == pytest.approx(found, rel=SAME)
