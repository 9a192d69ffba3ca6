"""Projects of a run: years that hold or not after the horizon, hours, curtailment, prices, income by year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from picmodel.annuity import annuity
from picmodel.finance.irr import irr
from picmodel.finance.projects import INCOME_COLUMNS, price_paid, project_income, value_projects
from picmodel.markets.registry import settling
from tests.tiny import TinyRun, run_tiny
from tests.valued import finance, income_of, plant, returns_of, with_plants

YEARS = (2030, 2032)
#: wind produces 0.5 GW per GW in the first half of the year and 0.25 in the second
WIND = dict(availability=[0.5, 0.25], fom=30.0, **{"class": "nonhydro"})


@pytest.fixture(scope="module")
def run() -> TinyRun:
    """Demand 1 and 2 GW in halves of a year, coal at 0.30, then 0.40 MCNY/GWh; 1 GW of wind for 2030.

    Wind: 1000 MCNY/GW, five years of life, 5 %.  It runs 4380 x 0.75 = 3285 h and never makes the price.
    Income 985.5 then 1314; margin 955.5 then 1284.
    """
    data = with_plants(
        {("A", y): [1.0, 2.0] for y in YEARS},
        {
            "coal": dict(existing={"A": 2.0}, fuel={2030: 0.30, 2032: 0.40}),
            "wind": plant(1000.0, 0.05, 5, **WIND),
            "sun": plant(1000.0, 0.05, 1, availability=[0.0, 0.5], group="solar") | dict(build=False),
        },
        years=YEARS,
        last_span=2,
        rate=0.05,
        build_limit={("A", "wind", 2030): 1.0, ("A", "wind", 2032): 0.0},
    )
    return run_tiny(data)


def test_income_after_the_horizon_held_or_the_annuity(run):
    """Held: 955.5, 955.5, then 1284 three times.  Annuity: the fifth year earns 230.97, that of 1000 at 5 %.

    Without the years after the horizon only four of the five are in the plan.
    """
    held = returns_of(run, ["wind"]).loc[("wind", 2030)]
    due = annuity(1000.0, 0.05, 5)
    planned = returns_of(run, ["wind"], "annuity").loc[("wind", 2030)]
    rate = "irr_pre_tax_real_share"
    assert held[rate] == pytest.approx(irr([-1000.0, 955.5, 955.5, 1284.0, 1284.0, 1284.0]).value)
    assert planned[rate] == pytest.approx(irr([-1000.0, 955.5, 955.5, 1284.0, 1284.0, due]).value)
    assert planned["lcoe_cny_per_mwh"] == pytest.approx(held["lcoe_cny_per_mwh"])


def test_a_plant_that_retires_within_the_horizon_is_the_same_either_way(run):
    """The sun of 2030 lives one year: no year comes after the horizon."""
    for after in ("held", "annuity"):
        table = returns_of(run, ["sun"], after).loc[("sun", 2030)]
        assert table["irr_pre_tax_real_share"] == pytest.approx(4380 * 0.5 * 0.30 / 1000.0 - 1.0)


def test_hours_prices_and_levelised_money_by_hand(run):
    """3285 h; capture price = mean price = 300; LCOE (230.97 + 30) / 3285 = 79.44 CNY/MWh.

    Levelised income: (985.5 (1/1.05 + 1/1.05^2) + 1314 (...)) / 3285 (...) with five years at 5 %:
    300 + 100 x (1.05^-3 + 1.05^-4 + 1.05^-5) / 4.329477 = 357.05 CNY/MWh.
    """
    table = returns_of(run, ["wind"]).loc[("wind", 2030)]
    weight = sum(1.05**-k for k in (3, 4, 5)) / sum(1.05**-k for k in range(1, 6))
    assert table["full_load_hours_h"] == pytest.approx(3285.0)
    assert table["curtailment_share"] == pytest.approx(0.0, abs=1e-12)
    assert table["capture_price_cny_per_mwh"] == pytest.approx(300.0)
    assert table["average_price_cny_per_mwh"] == pytest.approx(300.0)
    assert table["value_factor_share"] == pytest.approx(1.0)
    assert table["lcoe_cny_per_mwh"] == pytest.approx((annuity(1000.0, 0.05, 5) + 30.0) / 3285.0 * 1e3)
    assert table["levelised_income_cny_per_mwh"] == pytest.approx(300.0 + 100.0 * weight)
    assert table["capacity_gw"] == pytest.approx(1.0)
    assert table["group"] == "wind"


def test_income_of_every_year_in_which_a_project_stands(run):
    """Wind of 2030 in both years, of 2032 in the second only; sun lives one year."""
    price = price_paid(run.results, settling(run.active))
    table = project_income(run.results, income_of(run), ["wind", "sun"], price)
    assert table.columns.tolist() == INCOME_COLUMNS
    years = table.groupby(["technology", "commissioned"])["year"].unique().map(list).to_dict()
    assert years == {
        ("wind", 2030): [2030, 2032],
        ("wind", 2032): [2032],
        ("sun", 2030): [2030],
        ("sun", 2032): [2032],
    }
    first = table[(table["technology"] == "wind") & (table["commissioned"] == 2030)]
    wide = first.pivot(index="item", columns="year", values="value")
    assert wide.loc["income_energy"].tolist() == pytest.approx([985.5, 1314.0])
    assert wide.loc["cost_fixed_om"].tolist() == pytest.approx([-30.0, -30.0])
    assert wide.loc["cost_fuel"].tolist() == pytest.approx([0.0, 0.0])
    assert wide.loc["capture_price_cny_per_mwh"].tolist() == pytest.approx([300.0, 400.0])
    assert first["unit"].isin(["CNY/kW-yr", "h", "share", "CNY/MWh"]).all()


def test_curtailment_is_of_wind_and_sun_alone(run):
    """A coal plant that does not run is not curtailed."""
    data = run.data
    table = project_income(run.results, income_of(run), ["coal", "wind"])
    lost = table[table["item"] == "curtailment_share"].groupby("technology")["value"]
    assert lost.count().to_dict() == {"coal": 0, "wind": 3}
    assert ("A", "coal") in data.fleets


def test_the_price_that_is_paid_is_within_its_limits():
    """Proves    where a cap clips settlement, capture and mean price are what is paid.

    System    1 GW of demand, 0.9 of coal at 0.30 in one province: power is short at 20 MCNY/GWh; cap 1000
              CNY/MWh; wind of 4380 h would run.
    By hand   both prices 1000, not 20 000.
    """
    data = with_plants(
        {("A", 2030): [1.0]},
        {
            "coal": dict(existing={"A": 0.9}, fuel=0.30),
            "wind": plant(1000.0, 0.05, 5, availability=0.5) | dict(build=False),
        },
    )
    options = dict(dispatch="spot", price_limits=dict(table=False, cap_cny_per_mwh=1000, floor_cny_per_mwh=0))
    table = returns_of(run_tiny(data, {"power": options}), ["wind"]).loc[("wind", 2030)]
    assert table["capture_price_cny_per_mwh"] == pytest.approx(1000.0)
    assert table["average_price_cny_per_mwh"] == pytest.approx(1000.0)


def test_no_project_no_row(run):
    table = value_projects(run.results, income_of(run), finance(), ["nuclear"][:0])
    assert table.empty
    assert {"province", "group", "capacity_gw", "irr_pre_tax_real_share"} <= set(table.columns)
    assert project_income(run.results, income_of(run), []).columns.tolist() == INCOME_COLUMNS


def test_a_project_that_no_output_reaches_has_no_price(run):
    """No number where there is none: NaN, and the reason of the rate."""
    dark = with_plants(
        {("A", 2030): [1.0]},
        {"coal": dict(existing={"A": 1.0}, fuel=0.30), "sun": plant(1000.0, 0.05, 5, availability=0.0)},
    )
    table = returns_of(run_tiny(dark), ["sun"]).loc[("sun", 2030)]
    assert pd.isna(table["capture_price_cny_per_mwh"])
    assert np.isnan(table["lcoe_cny_per_mwh"])
    assert table["irr_pre_tax_real_reason"] == "all payments have one sign"
