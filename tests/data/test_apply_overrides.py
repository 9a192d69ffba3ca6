"""Overrides applied to tables: which rows, which numbers, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.data.overrides import apply_overrides
from picmodel.errors import InputError
from picmodel.scenario.load import load

TABLES = {
    "demand": pd.DataFrame(
        {
            "province": ["GD", "GD", "JS", "JS"],
            "year": [2025, 2030, 2025, 2030],
            "kind": "projection",
            "consumption_twh": [800.0, 1000.0, 700.0, 900.0],
        }
    ),
    "technology_costs": pd.DataFrame(
        {
            "technology": ["solar", "solar", "coal", "coal"],
            "year": [2025, 2030, 2025, 2030],
            "capex_cny_per_kw": [3000.0, 2800.0, 4000.0, 4000.0],
            "energy_capex_cny_per_kwh": 0.0,
            "fom_cny_per_kw_yr": 40.0,
            "vom_cny_per_mwh": 0.0,
        }
    ),
    "technologies": pd.DataFrame(
        {"technology": ["solar", "coal"], "fuel": ["none", "coal"], "life_yr": [25, 40], "buildable": [1, 1]}
    ),
    "fleet": pd.DataFrame(
        {
            "province": "GD",
            "technology": "coal",
            "cohort_year": [2005, 2015],
            "capacity_gw": [10.0, 20.0],
            "energy_gwh": 0.0,
        }
    ),
    "sources": pd.DataFrame({"source": ["a"], "title": ["b"]}),
    "finance": pd.DataFrame(
        {"parameter": ["loan_rate_share"], "technology": ["all"], "value": [0.04], "unit": ["share"]}
    ),
}


def applied(overrides, table, column):
    """Column of a table after the overrides."""
    (scenario,) = load({"overrides": overrides})
    return list(apply_overrides(TABLES, scenario.overrides)[table][column])


CHANGED = [
    (
        {"technology_costs.solar.capex_cny_per_kw.2030": 2400},
        "technology_costs",
        "capex_cny_per_kw",
        [3000, 2400, 4000, 4000],
    ),
    (
        {"technology_costs.solar.2030.capex_cny_per_kw": 2400},
        "technology_costs",
        "capex_cny_per_kw",
        [3000, 2400, 4000, 4000],
    ),
    (
        {"technology_costs.solar.capex_cny_per_kw": 2400},
        "technology_costs",
        "capex_cny_per_kw",
        [2400, 2400, 4000, 4000],
    ),
    (
        {"technology_costs.capex_cny_per_kw": {"multiply": 0.5, "where": {"year": 2030}}},
        "technology_costs",
        "capex_cny_per_kw",
        [3000, 1400, 4000, 2000],
    ),
    (
        {"demand": {"multiply": 1.1, "where": {"province": ["GD", "JS"], "year": "2030"}}},
        "demand",
        "consumption_twh",
        [800, 1100, 700, 990],
    ),
    ({"demand.GD.consumption_twh": {"add": 5}}, "demand", "consumption_twh", [805, 1005, 700, 900]),
    (
        {"demand": [{"add": 100, "where": {"province": "JS"}}, {"multiply": 2}]},
        "demand",
        "consumption_twh",
        [1600, 2000, 1600, 2000],
    ),
    ({"technologies.solar.life_yr": 30}, "technologies", "life_yr", [30, 40]),
    ({"fleet.GD.coal.capacity_gw.2015": 25}, "fleet", "capacity_gw", [10, 25]),
    ({"finance.loan_rate_share.all.value": 0.03}, "finance", "value", [0.03]),
]


@pytest.mark.parametrize(("overrides", "table", "column", "numbers"), CHANGED)
def test_numbers_that_change(overrides, table, column, numbers):
    assert applied(overrides, table, column) == pytest.approx(numbers)


def test_tables_that_were_given_stay_as_they_are():
    before = {name: frame.copy() for name, frame in TABLES.items()}
    (scenario,) = load({"overrides": {"demand": {"multiply": 2}}})
    after = apply_overrides(TABLES, scenario.overrides)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(TABLES[name], frame)
    assert after["fleet"] is TABLES["fleet"]
    assert list(after) == list(TABLES)
    assert (after["demand"].dtypes == TABLES["demand"].dtypes).all()


def test_whole_numbers_stay_whole():
    (scenario,) = load({"overrides": {"technologies.life_yr": {"multiply": 2}}})
    life = apply_overrides(TABLES, scenario.overrides)["technologies"]["life_yr"]
    assert (list(life), str(life.dtype)) == ([50, 80], "int64")


REFUSED = [
    ({"demnd.GD.consumption_twh": 3}, "no table is called demnd; did you mean `demand`?"),
    ({"potentials.GD.solar.potential_gw": 3}, "this run does not read potentials.csv; delete the override"),
    (
        {"technology_costs.solar.capex": 3},
        "technology_costs.csv has no column capex; did you mean `capex_cny_per_kw`?",
    ),
    (
        {"technology_costs.solar.x": 3},
        "technology_costs.csv has no column x; write one of capex_cny_per_kw, energy_capex_cny_per_kwh, "
        "fom_cny_per_kw_yr, vom_cny_per_mwh",
    ),
    (
        {"technology_costs.solar.capex_cny_kw": 3},
        "technology_costs.csv has no column capex_cny_kw; did you mean `capex_cny_per_kw`?",
    ),
    ({"demand": {"mutliply": 1.05}}, "demand.csv has no column mutliply; did you mean `multiply`?"),
    (
        {"technology_costs": {"multiply": 2}},
        "technology_costs.csv has several columns; add one of capex_cny_per_kw, energy_capex_cny_per_kwh, "
        "fom_cny_per_kw_yr, vom_cny_per_mwh to the path",
    ),
    ({"demand.GD.year": 2031}, "year is part of the key and cannot change; end with one of consumption_twh"),
    (
        {"technologies.solar.fuel": 3},
        "fuel is text and cannot change here; edit technologies.csv in a folder "
        "of your own and name that under `inputs`",
    ),
    ({"sources.a.title": 3}, "sources.csv holds no numbers; delete the override"),
    (
        {"technologies.solar.life_yr.2030": 3},
        "technologies.csv does not know years; delete 2030 from the path",
    ),
    (
        {"demand.GD.2030.x.consumption_twh": 3},
        "the path has 3 keys; demand.csv is keyed by province, year, write at most these",
    ),
    ({"demand.GX.consumption_twh": 3}, "no row has province=GX; write one of GD, JS"),
    ({"technology_costs.solr.capex_cny_per_kw": 3}, "no row has technology=solr; did you mean `solar`?"),
    ({"demand.GD.consumption_twh.2031": 3}, "no row has year=2031; there is 2025, 2030"),
    (
        {"demand": {"add": 1, "where": {"province": ["GD", "XX"]}}},
        "no row has province=XX; write one of GD, JS",
    ),
    (
        {"demand.GD.consumption_twh": {"add": 1, "where": {"province": "JS"}}},
        "no row has province=JS; write one of GD",
    ),
    ({"demand": {"add": 1, "where": {"year": "next"}}}, "no row has year=next; there is 2025, 2030"),
    (
        {"demand": {"add": 1, "where": {"provinz": "GD"}}},
        "demand.csv has no column provinz for `where`; did you mean `province`?",
    ),
    (
        {"technology_costs.solar.capex_cny_per_kw.2030": 90000},
        "capex_cny_per_kw becomes 90000 for technology=solar, year=2030; "
        "write what leads to numbers in [0, 60000] CNY/kW",
    ),
    (
        {"demand": {"add": -750, "where": {"year": 2025}}},
        "consumption_twh becomes -50 for province=JS, year=2025; "
        "write what leads to numbers in [0, 3000] TWh",
    ),
    (
        {"technologies.solar.life_yr": 25.5},
        "life_yr becomes 25.5 for technology=solar; write what leads to whole numbers in [5, 100] yr",
    ),
    (
        {"finance.value": {"multiply": 1e300}},
        "value becomes 4e+298 for parameter=loan_rate_share, technology=all; "
        "write what leads to numbers in [0, 100]",
    ),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED)
def test_what_is_refused_and_how(overrides, message):
    (scenario,) = load({"overrides": overrides})
    with pytest.raises(InputError) as error:
        apply_overrides(TABLES, scenario.overrides)
    path = scenario.overrides[0].path
    assert error.value.problems == [f"<scenario>: `overrides.{path}`: {message}"]


def test_all_refusals_are_reported_with_their_places(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("overrides:\n  demnd.consumption_twh: 3\n  demand.GX.consumption_twh: 3\n")
    (scenario,) = load(file)
    with pytest.raises(InputError) as error:
        apply_overrides(TABLES, scenario.overrides)
    assert [problem.split(" ")[0] for problem in error.value.problems] == [f"{file}:2:3:", f"{file}:3:3:"]
