"""Carbon capture at the border: only where its mechanism is on, and what converting costs by hand."""

from __future__ import annotations

import pytest

from picmodel.data.load import INPUTS, system_data
from picmodel.data.read import read_tables
from picmodel.scenario.load import load

CAPTURE = {"coal_ccs", "coal_ccs_retrofit", "gas_ccs"}


def system_of(markets: dict, **physical):
    scenario = load(
        {
            "horizon": {"years": [2025, 2030, 2035], "present_year": 2026},
            "space": {"provinces": ["SX", "GD", "XZ"]},
            "time": {"periods": 1, "extremes": 0, "step_h": 6},
            "physical": physical,
            "markets": markets,
        }
    )
    return system_data(scenario.scenarios[0])[0]


@pytest.fixture(scope="module")
def captured():
    return system_of({"ccs": {}})


@pytest.fixture(scope="module")
def tables():
    return read_tables(INPUTS)


@pytest.mark.parametrize("markets", [{}, {"ccs": None}], ids=["absent", "switched off"])
def test_without_the_mechanism_nothing_of_it_is_in_the_system(markets):
    """Fails if one table still knows a technology whose mechanism is off."""
    d = system_of(markets)
    assert not CAPTURE & {g for _, g in d.units}
    for by_technology in (d.emission_factor, d.life, d.wacc, d.own_use, d.may_retire):
        assert not CAPTURE & set(by_technology)
    for by_first in (d.annuity, d.fixed_om, d.credit, d.national_build_limit, d.policy["benchmark"]):
        assert not CAPTURE & {key[0] for key in by_first}
    assert d.captured == {}
    assert d.policy["retrofit_annuity"] == {}
    assert d.policy["retrofit_limit"] == {}


def test_the_mechanism_adds_plants_and_changes_no_other(captured):
    without = system_of({})
    added = [unit for unit in captured.units if unit not in without.units]
    assert {g for _, g in added} == CAPTURE
    assert [unit for unit in captured.units if unit not in added] == list(without.units)
    for key, value in without.availability.items():
        assert captured.availability[key] == value


def test_a_retrofit_is_a_fleet_where_its_source_is(captured):
    """Shanxi and Guangdong have coal units; Tibet has none to convert, but may build gas with capture."""
    for r in ("SX", "GD"):
        assert (r, "coal_ccs_retrofit") in captured.fleets
    assert ("XZ", "coal_ccs_retrofit") not in captured.fleets
    assert ("XZ", "gas_ccs") in captured.fleets
    assert ("SX", "coal_ccs_retrofit") not in captured.buildable
    assert not [key for key in captured.vintages if key[1] == "coal_ccs_retrofit"]
    assert not [key for key in captured.surviving if key[1] in CAPTURE]


def test_fixed_capacity_leaves_nothing_to_convert():
    d = system_of({"ccs": {}}, expand=False)
    assert not CAPTURE & {g for _, g in d.units}
    assert d.policy["retrofit_annuity"] == {}


def test_nine_tenths_of_the_carbon_burnt_are_captured(captured):
    """Coal 0.0946 t/GJ x 3.6 / 0.35 = 0.97303 t/MWh net: 0.09730 emitted, 0.87573 captured.

    Fails if the share is applied twice or to the wrong part.
    """
    assert captured.emission_factor["coal_ccs"] == pytest.approx(0.097303, rel=1e-4)
    assert captured.captured["coal_ccs"] == pytest.approx(0.875726, rel=1e-4)
    assert set(captured.captured) == CAPTURE


def test_a_converted_boiler_burns_what_it_burnt(tables):
    """Fuel per gross MWh: 0.76 / 0.33 = 2.303, before 0.948 / 0.408 = 2.324 and 0.957 / 0.438 = 2.185."""
    tech = tables["technologies"].set_index("technology")
    fuel = (1 - tech.own_use_share) / tech.efficiency_share
    for source in tables["retrofits"]["from_technology"].unique():
        assert fuel["coal_ccs_retrofit"] == pytest.approx(fuel[source], rel=0.06)


def test_converting_costs_its_annuity_and_the_extra_fixed_cost(captured):
    """2035: 3850 CNY/kW between 4200 and 3500; at 6.5 % over 20 years 3850 x 0.0907564 = 349.41; plus 232.

    The past is over: nothing is converted in 2025.
    """
    key = ("coal_600", "coal_ccs_retrofit")
    assert captured.policy["retrofit_annuity"][(*key, 2035)] == pytest.approx(349.412 + 232.0, abs=0.01)
    assert (*key, 2025) not in captured.policy["retrofit_annuity"]
    assert {k[:2] for k in captured.policy["retrofit_annuity"]} == {key, ("coal_1000", key[1])}


def test_conversions_of_a_span_are_the_sum_of_its_years(captured):
    """2026 1 GW to 2030 4 GW, linear: 1 + 1.75 + 2.5 + 3.25 + 4 = 12.5 GW."""
    assert captured.policy["retrofit_limit"]["coal_ccs_retrofit", 2030] == pytest.approx(12.5)


def test_stored_carbon_pays_transport_and_storage(captured, tables):
    """Guangdong: 140 + 150 CNY/t = 0.29 MCNY/kt; every province has a figure."""
    assert captured.policy["co2_storage_cost"]["GD"] == pytest.approx(0.29)
    assert set(captured.policy["co2_storage_cost"]) == set(captured.provinces)
    cost = (
        tables["co2_storage"].set_index("province")[["transport_cny_per_t", "storage_cny_per_t"]].sum(axis=1)
    )
    assert cost.between(100, 800).all()
    assert cost["SD"] < cost["GD"]
