"""Commitment, reserves and peak shaving at the border: units, VAT, and what is absent."""

from __future__ import annotations

import pytest

from picmodel.data.load import INPUTS, system_data
from picmodel.data.read import read_tables
from picmodel.data.rules import broken_rules
from picmodel.scenario.load import load


@pytest.fixture(scope="module")
def system():
    scenario = load(
        {
            "horizon": {"years": [2030]},
            "space": {"provinces": ["HL", "GD"]},
            "time": {"periods": 1, "extremes": 0, "step_h": 6},
        }
    )
    return system_data(scenario.scenarios[0])[0]


@pytest.fixture(scope="module")
def tables():
    return read_tables(INPUTS)


def test_a_start_in_base_units(system):
    """0.87 CNY/kW is 0.87 MCNY/GW; 1.2 t/MW is 1.2 kt/GW."""
    assert system.policy["start_cost"]["coal_600"] == pytest.approx(0.87)
    assert system.policy["start_emissions"]["coal_600"] == pytest.approx(1.2)


def test_only_technologies_of_the_system_and_of_the_table_are_there(system):
    """Technologies with capture are off; wind starts and stops freely."""
    thermal = {"coal", "gas", "nuclear"}
    expected = {g for _, g in system.fleets if system.group[g] in thermal}
    for name in ("min_stable", "start_cost", "start_emissions", "ramp"):
        assert set(system.policy[name]) == expected


def test_flexibility_is_offered_where_it_lowers_the_minimum(system):
    """Coal at 0.40 may go to 0.30 for 100 CNY/kW over 20 years at 6.5 %: 9.0756 CNY/kW-yr; gas may not."""
    assert system.policy["flexible_min_stable"]["coal_600"] == pytest.approx(0.30)
    assert system.policy["flexibility_annuity"]["coal_600"] == pytest.approx(9.0756, abs=1e-4)
    assert "gas_ccgt" not in system.policy["flexible_min_stable"]
    assert set(system.policy["flexible_min_stable"]) == set(system.policy["flexibility_annuity"])
    for g, least in system.policy["flexible_min_stable"].items():
        assert least < system.policy["min_stable"][g]


def test_reserves_by_product_and_province(system):
    products = ("up", "down", "frequency")
    for name in ("reserve_load", "reserve_vre"):
        assert set(system.policy[name]) == {(k, r) for k in products for r in ("HL", "GD")}
    assert system.policy["reserve_load"]["up", "GD"] == pytest.approx(0.03)
    assert system.policy["reserve_vre"]["frequency", "GD"] == pytest.approx(0.015)


def test_every_province_has_every_product(tables):
    assert (tables["reserve_requirements"].groupby("product")["province"].nunique() == 31).all()


def test_shaving_is_paid_without_vat(system, tables):
    """Heilongjiang 400 / 1.13 = 353.98 CNY/MWh; Guangdong has its coal tariff as the cap."""
    assert system.policy["shaving_price"]["HL"] == pytest.approx(0.353982, abs=1e-6)
    assert system.policy["shaving_price"]["GD"] == pytest.approx(system.policy["coal_tariff"]["GD"])
    assert system.policy["shaving_threshold"] == {"HL": 0.5, "GD": 0.5}


def test_a_retrofit_that_raises_the_minimum_is_refused(tables):
    rows = tables["commitment"].copy()
    rows.index = range(2, len(rows) + 2)
    rows.loc[2, "flexible_min_stable_share"] = 0.9
    assert broken_rules({"commitment": rows}) == [
        "commitment.csv:2: flexible_min_stable_share=0.9 is above min_stable_share=0.4; "
        "write at most that, or the same for no retrofit"
    ]
