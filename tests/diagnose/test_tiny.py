"""Diagnosis of tiny systems by hand: violation, weights, what grows."""

from __future__ import annotations

import pytest

from picmodel.diagnose.scenario import examine, posed
from tests.tiny import active_of, tiny

YEAR = 2030


def heat(**more):
    """1 GW of heat-led coal that may not leave runs at least 0.5 GW, 1 kt/GWh: 4380 kt/yr."""
    return tiny(
        {("A", YEAR): [1.0]},
        {"chp": dict(existing={"A": 1.0}, fuel=0.3, emission=1.0, must_run=0.5)},
        lost_load=20.0,
        may_retire={"chp": False},
        **more,
    )


def diagnosed(system, markets):
    active = active_of(markets)
    return examine("tiny", posed(system, active), active)


def test_a_cap_below_what_must_run():
    """Proves    the least violation is in the rule that costs least in terms of plant.

    System    `heat` with a hard cap of 3 Mt in A.
    By hand   must-run emits 0.5 x 8760 = 4380 kt: the cap lacks 1380 kt, 1380 / 7446 = 0.185 GW through the
              year; must-run would have to fall by 1380 / 8760 = 0.1575 GW, the fleet by 0.315 GW
    Fails if  violations are summed in their own units: the fleet would always be the smallest number.
    """
    found = diagnosed(
        heat(), {"emission_limits": {"provincial": {"cap_mt": {"A": 3}, "slack_cny_per_t": None}}}
    )
    assert {rule.family for rule in found.clash} >= {"c_provincial_cap", "c_keep", "c_output_min"}
    (change,) = found.changes
    assert (change.rule.family, change.by) == ("c_output_min", pytest.approx(-1380 / 8760))
    ways = {family: changes[0].by for family, changes in found.ways.items()}
    assert ways == {
        "c_provincial_cap": pytest.approx(1380.0),
        "c_keep": pytest.approx(-1380 / 8760 / 0.5),
        "c_output_min": pytest.approx(-1380 / 8760),
    }
    assert found.rigid == (
        "markets.emission_limits.provincial: raise `cap_mt`, or give it `slack_cny_per_t`",
    )


def test_a_cap_with_a_slack_has_a_plan():
    markets = {"emission_limits": {"provincial": {"cap_mt": {"A": 3}, "slack_cny_per_t": 500}}}
    assert diagnosed(heat(), markets).status == "good"


def test_a_rule_says_what_it_compares():
    found = diagnosed(
        heat(), {"emission_limits": {"provincial": {"cap_mt": {"A": 3}, "slack_cny_per_t": None}}}
    )
    says = {rule.family: rule.says() for rule in found.clash}
    assert says["c_output_min"] == "output >= 0.5 x capacity"
    assert says["c_keep"] == "at least 1.00 GW"
    assert says["c_provincial_cap"] == "at most 3.00 Mt/yr"


def test_a_payment_above_the_cost_of_capacity_grows_without_bound():
    """A battery costs 20 MCNY/GW-yr and is paid 5000 CNY/kW-yr, and nothing limits what is built."""
    system = tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.3),
            "battery": dict(build=True, duration=(2.0, 4.0), annuity=20.0, energy_annuity=5.0),
        },
        lost_load=20.0,
    )
    power = {"dispatch": "spot", "capacity": "payment", "in_decisions": True}
    found = diagnosed(system, {"power": power | {"capacity_payment_cny_per_kw_yr": {"battery": 5000}}})
    assert found.status == "unbounded"
    assert "gross capacity built for a planning year" in {rule.meaning for rule, _ in found.growing}
    assert {rule.key.get("technology") for rule, _ in found.growing} == {"battery"}
    lower = diagnosed(system, {"power": power | {"capacity_payment_cny_per_kw_yr": {"battery": 10}}})
    assert lower.status == "good"
