"""Chronological dispatch: hand-worked windows, duality with the plan, and a real region."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from picmodel import driver
from picmodel.chronology.check import check_year, own_days
from picmodel.chronology.comparison import Dispatch, compared, measured, quantile, write_nations
from picmodel.chronology.markdown import changes, hourly
from picmodel.chronology.plan import Plan, park_of
from picmodel.chronology.rolling import residuals, roll
from picmodel.chronology.window import Dispatched, Hours, Park, Window
from picmodel.data.system import Corridor
from picmodel.errors import InputError, SelfCheckFailed
from picmodel.extract.running_cost import running_costs
from picmodel.report import gallery
from picmodel.report import hourly_words as words
from picmodel.report.results import open_results
from picmodel.report.story import Story
from picmodel.report.words import words_for
from tests.tiny import TinyRun, run_tiny, tiny
from tests.whole import EVERYTHING, run_whole

#: rules of the hour that windows do not have
HOURLY = {"ancillary", "demand_side"}


def plan_of(run: TinyRun, year: int, band: float = 0.2) -> Plan:
    """A tiny run as a results folder would hand it over."""
    results = run.results
    prices = results.prices().merge(running_costs(run.lp, run.solution, results))
    return Plan("tiny", year, run.data, results.dataset().sel(year=year), prices.sel(year=year), band)


def one_province(technologies: dict, demand: list[float], markets: dict | None = None, **more) -> Park:
    """What stands in a solved system of one province."""
    return park_of(plan_of(run_tiny(tiny({("A", 2030): demand}, technologies, **more), markets), 2030))


def steps(
    park: Park, demand: list[list[float]], most: dict[str, list[float]], days: int = 1, **more
) -> Hours:
    """Steps of an hour; fleets that ``most`` does not name can give all they have, and none must run."""
    count = len(demand[0])
    able = [np.broadcast_to(most.get(g, gw), count) for (_, g), gw in zip(park.fleets, park.capacity)]
    return Hours(
        step=1.0,
        demand=np.array(demand, float),
        most=np.array(able, float),
        least=more.get("least", np.zeros((len(park.fleets), count))),
        period=np.repeat(np.arange(days), count // days),
        water=more.get("water", np.zeros((len(park.watered), days))),
    )


def output(park: Park, found: Dispatched, name: str) -> list[float]:
    """Output of a fleet by step."""
    return found.generation[[g for _, g in park.fleets].index(name)].round(9).tolist()


GAS = {"gas": {"existing": {"A": 10.0}, "fuel": 0.5}}
STORE = {"battery": {"existing": {"A": 6.0}, "duration": (1.0, 1.0)}}


# -- costs that are handed down


def test_running_cost_is_fuel_wear_and_what_a_tonne_costs():
    """Proves   costs of decisions hold the carbon price, and undo discount and hours.

    System   coal of 0.30 MCNY/GWh fuel, 0.02 O&M and 0.8 kt/GWh; a carbon price of 100 CNY/t; lost load 20.
    By hand  0.30 + 0.02 + 0.8 kt/GWh x 0.1 MCNY/kt = 0.40 MCNY/GWh.
    Fails if the tax is left out, taken twice, or weighted with the hours.
    """
    coal = {"coal": {"existing": {"A": 9.0}, "fuel": 0.30, "wear": 0.02, "emission": 0.8, "group": "coal"}}
    markets = {"carbon": {"instrument": "price", "price_cny_per_t": 100.0}}
    data = tiny(
        {("A", 2030): [4.0, 6.0]},
        coal,
        hours=[2000.0, 6760.0],
        rate=0.05,
        last_span=3,
        policy={"benchmark": {}},
    )
    run = run_tiny(data, markets)
    costs = running_costs(run.lp, run.solution, run.results).sel(year=2030, province="A")
    assert float(costs["cost_generation"].sel(technology="coal")) == pytest.approx(0.40)
    assert float(costs["cost_unserved"]) == pytest.approx(20.0)


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_same_days_at_handed_down_prices_cost_what_the_plan_costs(name):
    """Proves   by duality the plan's dispatch is optimal at what annual rules cost.

    System   the whole tiny system with every mechanism, each planning year by itself.
    By hand  cost of the plan's dispatch at running costs = least cost of its days, each alone; where the plan
             has rules of the hour that are left out, it is no less.
    Fails if any annual rule is missing in running costs, or taken with the wrong sign.
    """
    run = run_whole(name)
    exact = not HOURLY & set(EVERYTHING[name])
    for year in run.data.horizon.years:
        _, gap = own_days(
            plan_of(run, year, _band(EVERYTHING[name])), park_of(plan_of(run, year, _band(EVERYTHING[name])))
        )
        assert gap >= -1e-9
        if exact:
            assert gap <= 1e-9


def _band(options: dict) -> float:
    return options.get("power", {}).get("contract_band_share", 0.2)


def test_planned_hours_and_certificates_leave_no_gap():
    """Proves   the duality where guaranteed hours and an obligation bind.

    System   coal at 0.4 guaranteed 3000 h beside gas at 0.3; wind to be built for a share of consumption.
    Fails if the guarantee's dual is not in the running cost of coal.
    """
    technologies = {
        "coal": {"existing": {"A": 4.0}, "fuel": 0.4, "group": "coal"},
        "gas": {"existing": {"A": 10.0}, "fuel": 0.3, "group": "gas"},
    }
    data = tiny(
        {("A", 2030): [4.0, 8.0, 6.0]}, technologies, policy={"planned_hours": {("A", "coal"): 3000.0}}
    )
    markets = {"power": {"dispatch": "planned", "planned_share": 1.0, "planned_groups": ["coal"]}}
    run = run_tiny(data, markets)
    plan = plan_of(run, 2030)
    park = park_of(plan)
    assert run.price("c_planned_hours", "A", "coal", 2030) == pytest.approx(0.1)
    coal = [g for _, g in park.fleets].index("coal")
    assert park.cost[coal] == pytest.approx(0.3)  # 0.4 less the dual: it ties with gas
    assert park.guaranteed.tolist() == [coal]
    assert park.guarantee.tolist() == pytest.approx([4.0 * 3000])
    assert abs(own_days(plan, park)[1]) < 1e-12


# -- windows by hand


def test_stored_energy_goes_on_from_window_to_window():
    """Proves   what is stored at the end of a window is there at the start of the next.

    System   4 GW demand in four hours; 10 GW of wind at 0.01 in the first two only; gas at 0.5; a store of
             6 GW and 6 GWh without loss.
    By hand  windows of two hours that see two more: the first fills the store, the second gives 6 GWh, and
             gas makes 8 - 6 = 2.  A first window that sees nothing beyond itself, and values nothing, stores
             nothing: gas makes all 8.
    Fails if a window starts anew, or the tail that is thrown away counts.
    """
    wind = {"wind": {"existing": {"A": 10.0}, "wear": 0.01, "group": "wind"}}
    park = one_province({**GAS, **STORE, **wind}, [4.0] * 4)
    hours = steps(park, [[4.0] * 4], {"wind": [10.0, 10.0, 0.0, 0.0]}, days=2)
    seeing = roll(park, hours, 2, 2, start=np.zeros(1))
    assert seeing.windows == 2
    assert seeing.found.stored[0, 1] == pytest.approx(6.0)
    assert sum(output(park, seeing.found, "gas")) == pytest.approx(2.0)
    blind = roll(replace(park, value=np.zeros(1)), hours, 2, 0, start=np.zeros(1))
    assert sum(output(park, blind.found, "gas")) == pytest.approx(8.0)
    worth = roll(replace(park, value=np.array([0.3])), hours, 2, 0, start=np.zeros(1))
    assert worth.found.stored[0].tolist()[1] == pytest.approx(6.0)  # the value at the end fills it too


def test_one_window_and_many_agree_where_nothing_is_stored():
    """Without stores every hour stands alone, so windows change nothing."""
    park = one_province(GAS, [4.0] * 6)
    hours = steps(park, [[3.0, 5.0, 12.0, 1.0, 11.0, 2.0]], {}, days=6)
    whole, parts = roll(park, hours, 6, 0), roll(park, hours, 1, 1)
    assert np.allclose(whole.found.generation, parts.found.generation)
    assert parts.found.unserved[0].tolist() == pytest.approx([0, 0, 2, 0, 1, 0])
    assert (whole.windows, parts.windows) == (1, 6)


def test_a_lull_that_the_plan_did_not_see_is_unserved():
    """Proves   the figure that the check is for.

    System   5 GW demand; 10 GW of wind that gives half on every day of the plan; 2 GW of gas.
    By hand  the plan serves all.  Of three days in the year one has no wind: 24 h x (5 - 2) GW = 72 GWh
             unserved in 24 hours, at the price of lost load; gas runs 48 GWh.
    Fails if the shortage is hidden, shared out or priced otherwise.
    """
    technologies = {
        "gas": {"existing": {"A": 2.0}, "fuel": 0.5, "emission": 0.4},
        "wind": {"existing": {"A": 10.0}, "availability": 0.5, "group": "wind", "class": "nonhydro"},
    }
    run = run_tiny(tiny({("A", 2030): [5.0, 5.0]}, technologies))
    plan = plan_of(run, 2030)
    park = park_of(plan)
    own, gap = own_days(plan, park)
    wind = np.repeat([7.0, 0.0, 7.0], 24)
    hours = steps(park, [[5.0] * 72], {"wind": wind}, days=3)
    found = roll(park, hours, 24, 24).found
    arrays = {name: getattr(found, name) for name in Dispatched.ARRAYS}
    table = compared("tiny", own, Dispatch(park, run.data, 2030, hours, arrays, np.ones(72)))
    value = table.set_index(["indicator", "province", "technology"])

    def hourly(*key: str) -> float:
        return float(value.loc[key, "hourly"])

    assert gap == pytest.approx(0.0, abs=1e-12)
    assert float(value.loc[("unserved_energy", "CN", "all"), "plan"]) == 0.0
    assert hourly("unserved_energy", "CN", "all") == pytest.approx(72.0)
    assert hourly("unserved_hours", "A", "all") == pytest.approx(24.0)
    assert hourly("curtailment_rate", "A", "wind") == pytest.approx(1 - 240 / 336)
    assert hourly("emissions", "CN", "all") == pytest.approx(0.4 * 48 / 1e3)
    assert hourly("nonhydro_share", "CN", "all") == pytest.approx(240 / 288)
    assert hourly("fuel_and_variable_om", "CN", "all") == pytest.approx(24e-3)
    assert hourly("price_p95", "A", "all") == pytest.approx(20_000.0)


def test_guaranteed_output_decides_between_fleets_of_one_cost():
    """Proves   the dual of guaranteed hours is paid for the guaranteed output alone.

    System   coal of 0.4 with a dual of 0.1 ties with gas of 0.3; 4 GW of coal are owed 20 GWh in ten hours.
    By hand  coal runs 20 GWh: less costs `under`, more costs 0.4 against 0.3.  Owed nothing it does not run;
             owed 100 it runs all it can, 40.
    Fails if the tie is left open, or the subsidy goes on above the guarantee.
    """
    both = {"coal": {"existing": {"A": 4.0}, "fuel": 0.3}, "gas": {"existing": {"A": 10.0}, "fuel": 0.3}}
    park = replace(
        one_province(both, [5.0] * 10),
        guaranteed=np.array([0]),
        over_cost=np.array([0.1]),
        under_cost=np.array([0.02]),
    )
    for owed, made in ((20.0, 20.0), (0.0, 0.0), (100.0, 40.0)):
        owing = replace(park, guarantee=np.array([owed]))
        found = roll(owing, steps(park, [[5.0] * 10], {}, days=5), 2, 2).found
        assert sum(output(park, found, "coal")) == pytest.approx(made)


def test_a_guarantee_that_falls_behind_is_made_up_later():
    """System   as above, coal cannot run in the first four of ten hours; it is owed 12 GWh.
    By hand  what is left, 12 GWh, is spread over the six hours left: coal makes all of it.
    """
    both = {"coal": {"existing": {"A": 4.0}, "fuel": 0.3}, "gas": {"existing": {"A": 10.0}, "fuel": 0.3}}
    park = replace(
        one_province(both, [5.0] * 10),
        guaranteed=np.array([0]),
        guarantee=np.array([12.0]),
        over_cost=np.array([0.1]),
        under_cost=np.array([0.02]),
    )
    able = {"coal": [0.0] * 4 + [4.0] * 6}
    found = roll(park, steps(park, [[5.0] * 10], able, days=5), 2, 2).found
    assert sum(output(park, found, "coal")) == pytest.approx(12.0)


def test_water_of_a_day_stays_in_the_day():
    """System   hydro of 5 GW with 10 GWh on the first day of two hours, 2 GWh on the second; demand 4, gas.
    By hand  hydro makes 8 (all demand; 2 GWh are spilt) and 2; gas 6.
    """
    hydro = {"hydro": {"existing": {"A": 5.0}, "water": 10.0}}
    park = one_province({**GAS, **hydro}, [4.0] * 4)
    hours = steps(park, [[4.0] * 4], {}, days=2, water=np.array([[10.0, 2.0]]))
    found = roll(park, hours, 2, 2).found
    assert sum(output(park, found, "hydro")[:2]) == pytest.approx(8.0)
    assert sum(output(park, found, "hydro")[2:]) == pytest.approx(2.0)
    assert sum(output(park, found, "gas")) == pytest.approx(6.0)


def test_power_that_must_run_and_nobody_takes_is_reported():
    """System   3 GW must run in an hour of 1 GW demand.  By hand  2 GWh of surplus; price -20 MCNY/GWh."""
    park = one_province(GAS, [4.0])
    found = roll(park, steps(park, [[1.0]], {}, least=np.array([[3.0]])), 1, 0).found
    assert found.surplus.tolist() == [[2.0]]
    assert found.price.tolist() == [[-20.0]]


def two_provinces() -> Park:
    """Power at 0.1 in A and at 0.5 in B; a line of 4 GW with a loss of 10 %."""
    technologies = {
        "cheap": {"provinces": ("A",), "existing": {"A": 10.0}, "fuel": 0.1},
        "dear": {"provinces": ("B",), "existing": {"B": 10.0}, "fuel": 0.5},
    }
    line = Corridor("A-B", ("A", "B"), loss=0.1, contract_from="A")
    data = tiny(
        {("A", 2030): [2.0, 2.0], ("B", 2030): [5.0, 5.0]},
        technologies,
        corridors=(line,),
        line_capacity={("A-B", 2030): 4.0},
    )
    return park_of(plan_of(run_tiny(data), 2030))


def test_flows_within_the_line_and_prices_on_both_sides():
    """By hand   4 GW flow, 3.6 arrive; B makes 1.4; prices 0.1 and 0.5.  Where A has 1 GW to send, prices are
    0.5 x 0.9 = 0.45 in A."""
    park = two_provinces()
    found = roll(park, steps(park, [[2.0, 2.0], [5.0, 5.0]], {"cheap": [10.0, 3.0]}), 2, 0).found
    assert found.flow[0].tolist() == pytest.approx([4.0, 1.0])
    assert output(park, found, "dear") == pytest.approx([1.4, 4.1])
    assert found.price[0].tolist() == pytest.approx([0.1, 0.45])
    assert found.price[1].tolist() == pytest.approx([0.5, 0.5])


def test_a_flat_contract_takes_power_out_of_a_province_that_is_short():
    """Proves   contracts of the plan bind in every hour, and what that costs is counted.

    System   a contract of 2 GW from A with a band of 0.2; A can make 3 GW for its own 2 GW.
    By hand  1.6 GW must flow, so 0.6 GW of A are unserved; B gets 1.44.
    """
    park = replace(
        two_provinces(),
        forward=np.array([0]),
        backward=np.array([1]),
        low=np.array([1.6]),
        high=np.array([2.4]),
    )
    hours = steps(park, [[2.0], [5.0]], {"cheap": [3.0]})
    found = roll(park, hours, 1, 0).found
    assert found.unserved[:, 0].tolist() == pytest.approx([0.6, 0.0])
    arrays = {name: getattr(found, name) for name in Dispatched.ARRAYS}
    data = tiny({("A", 2030): [1.0], ("B", 2030): [1.0]}, {"cheap": {}, "dear": {}})
    rows = {row[:2]: row[4] for row in measured(Dispatch(park, data, 2030, hours, arrays, np.ones(1)))}
    assert rows["unserved_while_exporting", "A"] == pytest.approx(0.6)
    high = roll(park, steps(park, [[2.0], [5.0]], {}), 1, 0).found
    assert high.flow[:, 0].tolist() == pytest.approx([2.4, 0.0])


def test_a_store_in_a_cyclic_window_returns_to_where_it_was():
    """The plan's days: energy is moved within the window, at no net gain."""
    wind = {"wind": {"existing": {"A": 10.0}}}
    park = one_province({**GAS, **STORE, **wind}, [4.0] * 4)
    hours = steps(park, [[4.0] * 4], {"wind": [9.0, 0.0, 0.0, 0.0]})
    found = Window(park, 4, 1.0, 4, cyclic=True).solve(hours)
    assert found.discharge.sum() == pytest.approx(5.0)
    assert found.charge.sum() == pytest.approx(5.0)


# -- self-check


@pytest.mark.parametrize("name", ["generation", "stored", "charge", "flow", "unserved"])
def test_an_array_that_is_wrong_is_found(name):
    park = two_provinces() if name == "flow" else one_province({**GAS, **STORE}, [4.0] * 2)
    demand = [[2.0, 2.0], [5.0, 5.0]] if name == "flow" else [[4.0, 4.0]]
    hours, start = steps(park, demand, {}), 0.5 * park.energy
    found = roll(park, hours, 1, 1).found if name != "flow" else roll(park, hours, 2, 0).found
    assert max(residuals(park, hours, found, start).values()) < 1e-9
    wrong = getattr(found, name).copy()
    wrong[0, 0] += 1e-3
    assert max(residuals(park, hours, replace(found, **{name: wrong}), start).values()) > 1e-4


def test_quantiles_count_weights():
    values, weights = np.array([10.0, 30.0, 20.0]), np.array([5.0, 1.0, 4.0])
    assert [quantile(values, weights, q) for q in (0.05, 0.5, 0.6, 0.95)] == [10.0, 10.0, 20.0, 30.0]


# -- a real region, from the files of a run

REGION = {
    "name": "south",
    "horizon": {"years": [2025, 2030]},
    "space": {"provinces": ["GD", "GX", "YN"]},
    "time": {"periods": 2, "extremes": 1, "step_h": 6},
    "markets": {
        "carbon": {"instrument": "price", "price_cny_per_t": 80.0},
        "power": {"dispatch": "planned", "planned_share": 0.6},
    },
    "solver": {"threads": 1},
}


@pytest.fixture(scope="module")
def region(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("region")
    driver.run(REGION, out, jobs=1)
    return out / "south"


@pytest.fixture(scope="module")
def checked(region):
    return check_year(region, 2030, window_days=14, ahead_days=1)


def test_a_region_is_dispatched_for_all_hours(checked, region):
    assert abs(checked.gap) < 1e-9
    assert checked.rolled.windows == 27
    assert checked.rolled.residual < 1e-6
    assert checked.left_out == ()
    table = pd.read_csv(region / "hourly_2030.csv", keep_default_na=False)
    assert set(table["province"]) == {"CN", "GD", "GX", "YN"}
    assert np.allclose(table["difference"], table["hourly"] - table["plan"])


def test_the_report_of_the_region_has_the_figures_of_its_file(checked, region):
    """Every indicator of the check has words; the chart is that of the table, in points of a hundred."""
    opened = open_results([region])
    story = Story(tuple(opened), words_for("en", opened))
    assert set(checked.table["indicator"]) <= set(words.HOURLY)
    found = checked.table.set_index(["indicator", "province", "technology"])
    drawn = gallery.one_chart("hourly", story).figure(figure="curtailment_rate:solar", province="YN")["data"]
    for trace, side in zip(drawn, ("plan", "hourly")):
        expected = float(found.loc[("curtailment_rate", "YN", "solar"), side])
        assert trace["y"] == pytest.approx([100 * expected], rel=1e-5, abs=1e-9)


def test_figures_of_the_region_recompute_from_its_files(checked, region):
    """Balance of every hour, energy and unserved energy, from the NetCDF file alone and the main results."""
    table = checked.table.set_index(["indicator", "province", "technology"])
    with (
        xr.open_dataset(region / "hourly_2030.nc") as hourly,
        xr.open_dataset(region / "solution.nc") as plan,
    ):
        solved = plan.sel(year=2030)
        assert hourly.sizes["time"] == 8760
        coal = float(hourly["v_generation"].sel(technology="coal_600").sum()) / 1e3
        assert coal == pytest.approx(
            float(table.loc[("net_generation", "CN", "coal_600"), "hourly"]), rel=1e-5
        )
        weight = solved["weight"]
        before = float(solved["v_annual_generation"].sel(technology="coal_600").sum()) / 1e3
        assert before == pytest.approx(float(table.loc[("net_generation", "CN", "coal_600"), "plan"]))
        carbon = float(solved["v_emissions"].sum()) / 1e3
        assert carbon == pytest.approx(float(table.loc[("emissions", "CN", "all"), "plan"]), rel=1e-9)
        assert float(hourly["v_unserved"].sum()) == pytest.approx(
            float(table.loc[("unserved_energy", "CN", "all"), "hourly"]), rel=1e-5, abs=1e-3
        )
        power = solved["v_capacity"].rename(technology="store").reindex(store=hourly["store"])
        assert float((hourly["v_charge"] - power).max()) < 1e-4
        assert float(weight.sum()) == pytest.approx(8760)


def test_the_plan_side_is_what_the_indicators_of_the_run_say(checked, region):
    mine = checked.table.set_index(["indicator", "province", "technology"])["plan"]
    run = pd.read_csv(region / "indicators.csv", keep_default_na=False).query("year == 2030")
    theirs = run.set_index(["indicator", "province", "technology"])["value"]
    for name in ("energy_price", "renewable_share", "nonhydro_share", "unserved_energy", "emissions"):
        for r in ("CN", "GD", "YN"):
            assert float(mine[name, r, "all"]) == pytest.approx(
                float(theirs[name, r, "all"]), rel=1e-6, abs=1e-9
            )
    assert float(mine["curtailment_rate", "CN", "wind"]) == pytest.approx(
        float(theirs["curtailment_rate", "CN", "wind"]), abs=1e-9
    )


def test_refusals(region, tmp_path):
    with pytest.raises(InputError, match=r"no scenario\.yaml there"):
        check_year(tmp_path, 2030)
    with pytest.raises(InputError, match="no planning year of south; write one of 2025, 2030"):
        check_year(region, 2031)
    with pytest.raises(InputError, match="no planning year"):
        check_year(region)
    manifest = json.loads((region / "manifest.json").read_text("utf-8"))
    other = tmp_path / "south"
    other.mkdir()
    for name in ("scenario.yaml", "solution.nc", "prices.nc"):
        (other / name).write_bytes((region / name).read_bytes())
    changed = {**manifest, "inputs": {**manifest["inputs"], "demand.csv": "0"}}
    (other / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(InputError, match=r"demand\.csv changed since the run"):
        check_year(other, 2030)
    assert not list(other.glob("hourly_*"))


def test_nothing_is_accepted_that_breaks_a_rule(monkeypatch):
    """A solver that lies is caught before anything is written."""
    park = one_province(GAS, [4.0])
    honest = Window.solve

    def lying(self, *arguments):
        found = honest(self, *arguments)
        return replace(found, unserved=found.unserved + 0.01)

    monkeypatch.setattr(Window, "solve", lying)
    with pytest.raises(SelfCheckFailed, match="balance"):
        roll(park, steps(park, [[4.0]], {}), 1, 0)


def test_nations_of_several_results_go_into_one_file_and_onto_a_page(checked, tmp_path):
    """By hand  a share of 0.5 in the plan and 0.45 in all hours is "50.0 → 45.0"; from A to B it grows by
    0.1 in the plan and by 0.07 over all hours.
    """
    other = checked.table.assign(scenario="other")
    write_nations([checked.table, other], tmp_path / "hourly.csv")
    written = pd.read_csv(tmp_path / "hourly.csv", keep_default_na=False)
    assert set(written["scenario"]) == {"south", "other"}
    assert not ((written["plan"] == 0) & (written["hourly"] == 0)).any()
    mean = checked.table.query("indicator == 'energy_price' and province == 'CN'")["hourly"].iloc[0]
    assert mean == pytest.approx(
        written.query("indicator == 'energy_price' and scenario == 'other'")["hourly"].iloc[0], rel=1e-5
    )
    by_hand = pd.DataFrame(
        [
            ("s-a", "renewable_share", "all", 0.5, 0.45),
            ("s-b", "renewable_share", "all", 0.6, 0.52),
            ("s-a", "unserved_energy", "all", 0.0, 441.0),
        ],
        columns=["scenario", "indicator", "technology", "plan", "hourly"],
    )
    page = hourly(by_hand, {"s-a": "A", "s-missing": "M", "s-b": "B"}).splitlines()
    assert page[0] == "|  | A | B |"
    assert "| renewable share of generation, % | 50.0 → 45.0 | 60.0 → 52.0 |" in page
    assert "| unserved energy, TWh | 0.00 → 0.44 | 0.00 → 0.00 |" in page
    assert changes(by_hand, "s-a", "s-b", "renewable_share") == pytest.approx((0.1, 0.07))
