"""Inputs of certificate, saving, power-market and demand-side mechanisms, worked by hand.

The tables are the shipped ones, with the figures of a test put in their place; the year has two
representative days, 300 in January and 65 in July, of two steps of 12 h.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from picmodel.data.columns import INFINITY
from picmodel.data.load import INPUTS
from picmodel.data.periods import Periods
from picmodel.data.policy import market_policy
from picmodel.data.policy_tables import (
    conversions_are_complete,
    finance_is_in_its_unit,
    floors_are_below_caps,
    shapes_stand,
)
from picmodel.data.read import read_tables
from picmodel.data.system import Horizon, SystemOptions
from picmodel.data.tables import TABLES

VAT = 1.13
UNITS = (
    ("BJ", "battery"),
    ("GD", "coal_600"),
    ("GD", "wind_onshore"),
    ("GD", "wind_offshore"),
    ("NM", "solar_utility"),
)


@pytest.fixture(scope="module")
def tables():
    return read_tables(INPUTS)


@pytest.fixture(scope="module")
def periods():
    share = np.zeros((2, 12))
    share[0, 0] = share[1, 6] = 1.0
    demand = np.array([[[0.8, 1.0], [1.2, 1.6]]] * 3)
    return Periods(
        series=xr.Dataset(
            {"demand": (("province", "period", "step"), demand)}, {"province": ["BJ", "GD", "NM"]}
        ),
        weight_days=np.array([300.0, 65.0]),
        step_h=12,
        month_share=share,
        days=np.array([10, 190]),
        assignment=np.zeros(365, int),
        extreme=np.zeros(2, bool),
    )


@pytest.fixture(scope="module")
def options():
    return SystemOptions(
        horizon=Horizon.of((2025, 2030), 5, 2023, 0.05),
        provinces=("BJ", "GD", "NM"),
        lost_load=20.0,
        adequacy=False,
        adequacy_margin=0.0,
        adequacy_slack_price=3000.0,
        hydro_min_flow=0.0,
        build_limits=False,
        retirement=True,
        expand=True,
        transmission_expansion=False,
        demand_factor=1.0,
    )


@pytest.fixture(scope="module")
def policy(tables, periods, options):
    return market_policy(tables, periods, UNITS, options)


def row(tables, table, column, **key):
    rows = tables[table]
    for name, value in key.items():
        rows = rows[rows[name] == value]
    return rows[column].item()


# -- saving


def test_saving_has_its_hours_and_months(tables, periods, options):
    """Proves: when a measure saves.

    System: a shape of 1 before noon and 3 after in January, 2 and 6 in July.
    By hand: weights 300*12 = 3600 h (January) and 65*12 = 780 h (July), twice each; weighted sum
    3600*(1+3) + 780*(2+6) = 20640; so 1/20640 ... 6/20640 GW per GWh/yr.  The peak is the fourth slice.
    Fails if: months, steps or weights are mixed up, or the sum over the year is not 1.
    """
    shape = tables["saving_shapes"].copy()
    one = shape["shape"] == "industry"
    hours = [f"h{h:02d}" for h in range(24)]
    shape[hours] = shape[hours].astype(float)
    for month, (morning, evening) in {1: (1.0, 3.0), 7: (2.0, 6.0)}.items():
        shape.loc[one & (shape["month"] == month), hours] = [morning] * 12 + [evening] * 12
    found = market_policy({**tables, "saving_shapes": shape}, periods, UNITS, options)
    mine = [found["saving_shape"]["GD", "motors_basic", t] for t in range(4)]
    assert mine == pytest.approx([x / 20640 for x in (1.0, 3.0, 2.0, 6.0)])
    assert found["saving_at_peak"]["GD", "motors_basic"] == pytest.approx(6 / 20640)


def test_every_shape_saves_one_over_the_year(policy, tables):
    weight = [3600.0, 3600.0, 780.0, 780.0]
    for measure in tables["saving_measures"]["measure"]:
        saved = sum(w * policy["saving_shape"]["BJ", measure, t] for t, w in enumerate(weight))
        assert saved == pytest.approx(1.0)


def test_cooling_saves_in_summer(policy):
    """July over January: at the peak of summer a TWh of cooling saves several times the mean."""
    at = policy["saving_shape"]
    assert at["GD", "room_ac", 3] > 20 * at["GD", "room_ac", 1]
    assert policy["saving_at_peak"]["GD", "room_ac"] > 3 / 8760


def test_potential_is_shared_by_consumption_and_provinces_left_out_keep_theirs(policy, tables):
    """The share of GD is of 31 provinces, not of the three modelled; TWh become GWh."""
    demand = tables["demand"].query("year == 2030").set_index("province")["consumption_twh"]
    national = row(tables, "saving_potentials", "potential_twh", measure="lighting", year=2030)
    expected = national * 1e3 * demand["GD"] / demand.sum()
    assert policy["saving_potential"]["GD", "lighting", 2030] == pytest.approx(expected)
    assert set(r for r, _, _ in policy["saving_potential"]) == {"BJ", "GD", "NM"}


def test_costs_lives_pilots_and_conversions(policy, tables):
    """1 CNY/MWh is 1e-3 MCNY/GWh; no VAT in a cost; pilots are those that have one."""
    cost = row(tables, "saving_measures", "cost_cny_per_mwh", measure="lighting")
    assert policy["saving_cost"]["lighting",] == pytest.approx(cost / 1e3)
    assert policy["saving_life"]["lighting"] == row(tables, "saving_measures", "life_yr", measure="lighting")
    assert policy["white_pilots"] == {"BJ": 1.0}
    assert policy["use_right_pilots"] == {}
    assert policy["conversion"] == {"calorific": 0.1229, "coal_equivalent": 0.3024, "co2_per_tce": 2.6}


# -- power market


def test_published_prices_lose_their_vat(policy, tables):
    assert policy["price_floor"]["NM"] == pytest.approx(-50 / VAT / 1e3)
    assert policy["price_cap"]["NM"] == pytest.approx(1500 / VAT / 1e3)
    strike = row(tables, "mechanism_prices", "strike_cny_per_mwh", province="GD", group="wind")
    assert policy["strike"]["GD", "wind_onshore"] == pytest.approx(strike / VAT / 1e3)
    assert policy["strike"]["GD", "wind_offshore"] == policy["strike"]["GD", "wind_onshore"]
    assert policy["strike_term"]["GD", "wind_onshore"] == 12
    assert ("BJ", "battery") not in policy["strike"]


def test_capacity_is_paid_by_group_and_year(policy, tables):
    """Coal in GD: 100 CNY/kW-yr in 2025 and 165 from 2026 on; 1 CNY/kW is 1 MCNY/GW."""
    assert policy["capacity_payment"]["GD", "coal_600", 2025] == pytest.approx(100 / VAT)
    assert policy["capacity_payment"]["GD", "coal_600", 2030] == pytest.approx(165 / VAT)
    assert policy["capacity_payment"]["BJ", "battery", 2025] == 0
    assert ("GD", "wind_onshore", 2030) not in policy["capacity_payment"]


def test_hours_are_guaranteed_only_where_a_rule_says_so(policy):
    assert set(policy["guaranteed_hours"]) == {("NM", "solar_utility")}


# -- demand side


def test_time_of_use_factor_is_one_on_average_over_demand(tables, periods, options, policy):
    """Price 1 before noon and 2 after: demand-weighted mean (3600*(0.8+2*1.0) + 780*(1.2+2*1.6)) /
    (3600*1.8 + 780*2.8) = 13512/8664; factors are 1 and 2 over that."""
    prices = tables["time_of_use"].copy()
    hours = [f"h{h:02d}" for h in range(24)]
    prices[hours] = [1.0] * 12 + [2.0] * 12
    found = market_policy({**tables, "time_of_use": prices}, periods, UNITS, options)["tou_factor"]
    assert [found["GD", t] for t in range(4)] == pytest.approx([x * 8664 / 13512 for x in (1, 2, 1, 2)])
    weight, load = (3600.0, 3600.0, 780.0, 780.0), (0.8, 1.0, 1.2, 1.6)
    for r in options.provinces:
        paid = sum(w * x * policy["tou_factor"][r, t] for t, (w, x) in enumerate(zip(weight, load)))
        assert paid == pytest.approx(8664)


def test_shares_of_published_consumption_become_shares_of_demand(policy, tables):
    """What can be moved: class share times movable share, over the share that reaches the bulk grid."""
    bulk = row(tables, "demand_basis", "bulk_share", province="GD")
    key = {"province": "GD", "class": "ev", "year": 2030}
    moved = row(tables, "flexible_demand", "consumption_share", **key) * row(
        tables, "flexible_demand", "shiftable_share", **key
    )
    assert policy["flexible_share"]["ev", "GD", 2030] == pytest.approx(moved / bulk)
    assert policy["flexible_hours"] == {"industry": 4.0, "ev": 8.0}
    heavy = row(tables, "heavy_industry", "consumption_share", province="GD", year=2030)
    assert policy["industry_share"]["GD", 2030] == pytest.approx(heavy / bulk)
    assert policy["responsive_share"]["first",] == 0.01
    assert policy["responsive_value"]["third",] == pytest.approx(5.0)


# -- certificates


def test_rules_of_certificates_are_those_of_units_that_stand(policy):
    assert policy["tradable_share"] == {"wind_onshore": 1.0, "wind_offshore": 1.0, "solar_utility": 1.0}
    assert policy["ccer_eligible"]["wind_offshore"] == 1.0
    assert policy["ccer_eligible"]["wind_onshore"] == 0.0


def test_obliged_industry_starts_in_2025_and_reaches_the_national_mean_in_2030(policy, tables):
    """Least share in GD 2030: its own total weight or the mean of all provinces, whichever is more."""
    assert 0.25 <= policy["industry_weight"]["GD", 2025] <= 0.7
    weights = tables["obligation_weights"].query("year == 2030").set_index("province")["total_share"]
    demand = tables["demand"].query("year == 2030").set_index("province")["consumption_twh"]
    mean = (weights * demand).sum() / demand.sum()
    assert policy["industry_weight"]["GD", 2030] == pytest.approx(max(weights["GD"], mean), abs=1e-3)
    assert policy["grid_factor"]["GD"] == pytest.approx(
        row(tables, "crediting_factors", "grid_factor_t_per_mwh", province="GD")
    )


# -- the shipped figures


def test_shipped_magnitudes(tables):
    """National sums that a slip of a unit would move by orders of magnitude."""
    saving = tables["saving_potentials"].query("year == 2030")["potential_twh"].sum()
    assert 150 <= saving <= 400
    demand = tables["demand"].query("year == 2030").set_index("province")["consumption_twh"]
    flexible = tables["flexible_demand"].query("year == 2030").set_index(["class", "province"])
    twh = flexible["consumption_share"].mul(demand, level="province").groupby("class").sum()
    assert twh["ev"] == pytest.approx(450, rel=0.01)
    assert 1300 <= twh["industry"] <= 1500
    heavy = tables["heavy_industry"].query("year == 2030").set_index("province")["consumption_share"]
    assert (heavy * demand).sum() == pytest.approx(twh["industry"], rel=1e-6)
    factors = tables["time_of_use"].set_index("province")[[f"h{h:02d}" for h in range(24)]]
    assert factors.mean(axis=1).between(0.75, 1.2).all()


# -- rules between tables


def test_rules_name_what_is_wrong(tables):
    measures = tables["saving_measures"].assign(shape=lambda t: t["shape"].replace("flat", "level"))
    assert "shape=level has 0 months" in shapes_stand({**tables, "saving_measures": measures})[0]
    limits = tables["spot_limits"].assign(cap_cny_per_mwh=0)
    assert [p.split(":")[1] for p in floors_are_below_caps({"spot_limits": limits})]
    assert not floors_are_below_caps(tables)
    fewer = tables["conversion_factors"].query("name != 'calorific'")
    assert "calorific stands in no row" in conversions_are_complete({"conversion_factors": fewer})[0]


def test_a_share_above_one_and_a_broken_year_are_named_with_their_line(tables):
    """A slip of percent for shares, told when the table is read and not when projects are valued."""
    rows = tables["finance"].copy()
    debt, term = (rows.index[rows["parameter"] == name][0] for name in ("debt_share", "loan_term_yr"))
    rows.loc[debt, "value"], rows.loc[term, "value"] = 80.0, 15.5
    assert finance_is_in_its_unit({"finance": rows}) == [
        f"policy/finance.csv:{debt}: value=80 of debt_share, all is no share; write a number in [0, 1]",
        f"policy/finance.csv:{term}: value=15.5 of loan_term_yr, all is no number of whole years; "
        "write a whole number",
    ]
    assert not finance_is_in_its_unit(tables)


def test_every_number_has_a_range():
    numbers = [(t.name, c) for t in TABLES for c in t.columns if c.kind != "text"]
    assert [(name, c.name) for name, c in numbers if not -INFINITY < c.low <= c.high < INFINITY] == []
