"""From the real tables to a system: conversions and rules that no formulation test sees."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.data.load import INPUTS, system_data
from picmodel.data.read import read_tables
from picmodel.scenario.load import load


@pytest.fixture(scope="module")
def system():
    scenario = load(
        {"horizon": {"years": [2025, 2028, 2030]}, "time": {"periods": 2, "extremes": 1, "step_h": 6}}
    )
    return system_data(scenario.scenarios[0])[0]


@pytest.fixture(scope="module")
def tables():
    return read_tables(INPUTS)


def test_slices_weigh_a_year_and_demand_is_what_plants_must_send_out(system, tables):
    assert sum(system.time.weight.values()) == pytest.approx(8760)
    energy = sum(
        system.time.weight[t] * gw for (r, y, t), gw in system.demand.items() if (r, y) == ("GD", 2030)
    )
    published = tables["demand"].query("province == 'GD' and year == 2030")["consumption_twh"].item()
    share = tables["demand_basis"].query("province == 'GD'")["bulk_share"].item()
    assert energy == pytest.approx(published * 1e3 * share)


def test_sunk_capital_is_the_annuity_of_every_cohort_that_still_stands(system, tables):
    """Cohorts before the cost table's first year cost what its first year says; each to the end of its life.

    Beijing's biomass: 0.461 GW of 2015 at the cost of 2020, 0.228 GW of 2022 between 2020 and 2023.
    """
    tech = tables["technologies"].set_index("technology").loc["biomass"]
    cost = tables["technology_costs"].query("technology == 'biomass'").set_index("year")["capex_cny_per_kw"]
    w, life, build = float(tech.wacc_share), int(tech.life_yr), int(tech.construction_yr)
    with_interest = sum((1 + w) ** age for age in range(build)) / build
    yearly = with_interest * w / (1 - (1 + w) ** -life)
    of_2022 = cost[2020] + (cost[2023] - cost[2020]) * 2 / 3
    assert system.sunk["BJ", "biomass", 2025] == pytest.approx(
        yearly * (0.461 * cost[2020] + 0.228 * of_2022)
    )
    standing = {
        y: system.sunk["TJ", "coal_300", y] / system.surviving["TJ", "coal_300", y] for y in (2028, 2030)
    }
    assert system.surviving["TJ", "coal_300", 2028] - system.surviving["TJ", "coal_300", 2030] > 0.4
    assert standing[2028] == pytest.approx(standing[2030])  # a cohort of 1989 left after forty years


def test_wind_has_its_full_load_hours_exactly_after_own_use(system, tables):
    hours = tables["full_load_hours"].query("province == 'NM' and technology == 'wind_onshore' and year == 0")
    net = 1 - system.own_use["wind_onshore"]
    mine = sum(
        system.time.weight[t] * x
        for (r, g, t), x in system.availability.items()
        if (r, g) == ("NM", "wind_onshore")
    )
    assert mine == pytest.approx(net * hours["available_h"].item(), rel=1e-3)


def test_nothing_is_built_that_was_not_committed_in_the_past_or_cannot_be_chosen(system):
    """Every vintage that may not be chosen has a limit, and it is what was committed."""
    for key in system.vintages:
        r, g, v = key
        if v in system.horizon.past or (r, g) not in system.buildable:
            assert system.build_limit[key] == pytest.approx(system.committed[key])


def test_additions_of_a_planning_year_count_half_in_it_and_half_in_the_next(system, tables):
    rows = (
        tables["committed"]
        .query("province == 'NM' and technology == 'wind_onshore'")
        .set_index("year")["capacity_gw"]
    )
    assert system.committed["NM", "wind_onshore", 2025] == pytest.approx(rows[2024] + rows[2025] / 2)
    assert system.committed["NM", "wind_onshore", 2028] == pytest.approx(rows[2025] / 2)


def test_fleets_age_out_by_cohort(system, tables):
    """Gas of cohort 2000 or earlier (life 30) is gone by 2030, later cohorts stay."""
    fleet = tables["fleet"].query("technology == 'coal_300' and province == 'SD'")
    life = tables["technologies"].set_index("technology")["life_yr"]["coal_300"]
    for y in (2025, 2030):
        stays = fleet[fleet.cohort_year + life > y]["capacity_gw"].sum()
        assert system.surviving["SD", "coal_300", y] == pytest.approx(stays)


def test_prices_and_units_at_the_border(system, tables):
    """Coal in SX 2030: CNY/GJ x 3.6 / efficiency gives CNY/MWh; 1 CNY/MWh is 1e-3 MCNY/GWh."""
    price = (
        tables["fuel_prices"]
        .query("fuel == 'coal' and province == 'SX' and year == 2030")["price_cny_per_gj"]
        .item()
    )
    efficiency = tables["technologies"].set_index("technology")["efficiency_share"]["coal_600"]
    assert system.fuel_cost["SX", "coal_600", 2030] == pytest.approx(price * 3.6 / efficiency / 1e3)
    factor = tables["fuel_factors"].set_index("fuel")["emission_factor_t_per_gj"]["coal"]
    assert system.emission_factor["coal_600"] == pytest.approx(factor * 3.6 / efficiency)
    tariff = tables["tariffs"].set_index("province")["coal_benchmark_cny_per_mwh"]["GD"]
    assert system.policy["coal_tariff"]["GD"] == pytest.approx(tariff / 1.13 / 1e3)
    assert system.policy["regional_grid"]["GD"] == "South"


def test_must_run_is_never_above_what_is_available(system):
    for key, least in system.min_output.items():
        assert 0 < least <= system.availability[key] + 1e-12
    assert np.isfinite(list(system.annuity.values())).all()


def test_users_own_series_replaces_one_province(tmp_path, system):
    """A flat wind year at 25 % in NM: every slice has 0.25 net of own use; other provinces keep theirs."""
    times = np.datetime_as_string(
        np.datetime64("2023-01-01T00") + np.arange(8760).astype("timedelta64[h]"), unit="m"
    )
    provinces = list(system.provinces)
    path = tmp_path / "wind.csv"
    header = "time," + ",".join(provinces)
    path.write_text(
        header + "\n" + "\n".join(f"{t}," + ",".join(["0.25"] * len(provinces)) for t in times) + "\n"
    )
    scenario = load(
        {
            "horizon": {"years": [2030]},
            "time": {"periods": 1, "extremes": 0, "step_h": 6},
            "series": {"wind_onshore": str(path)},
        }
    )
    replaced = system_data(scenario.scenarios[0])[0]
    net = 1 - replaced.own_use["wind_onshore"]
    wind = [x for (r, g, t), x in replaced.availability.items() if g == "wind_onshore"]
    assert wind == pytest.approx([0.25 * net] * len(wind))
