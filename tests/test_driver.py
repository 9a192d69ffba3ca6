"""Runs of several scenarios: failures stay apart, results are whole, the reference is compared with."""

from __future__ import annotations

import json
import pickle

import pandas as pd
import pytest
import xarray as xr

import picmodel
from picmodel.driver import together
from picmodel.errors import Infeasible, InputError, SolverTrouble
from picmodel.report.write import FILES

REGION = {
    "name": "region",
    "horizon": {"years": [2025, 2030, 2035], "peak_cost_until": 2030},
    "space": {"provinces": ["HE", "NM", "SD"]},
    "time": {"periods": 1, "extremes": 1, "step_h": 6},
    "markets": {
        "carbon": {"instrument": "price", "price_cny_per_t": {2025: 60, 2035: 120}},
        "green_certificates": {"trade": "bundled"},
        "power": {"dispatch": "planned", "planned_share": {2025: 0.6, 2035: 0.3}},
    },
    "reference": "planned",
    "designs": {"planned": {}, "spot": {"markets": {"power": {"dispatch": "spot", "planned_share": None}}}},
}
#: wind in Inner Mongolia, of which as much may be built as pays
FREE = {
    "name": "free",
    "horizon": {"years": [2030]},
    "space": {"provinces": ["NM"]},
    "time": {"periods": 1, "extremes": 0, "step_h": 6},
    "physical": {"build_limits": False, "adequacy": False},
    "markets": {"power": {"dispatch": "spot"}},
    "projects": {"technologies": ["wind_onshore"]},
}
STABLE = (
    "renewable_share",
    "nonhydro_share",
    "emissions",
    "peak_cost",
    "peak_cost_change",
    "project_irr",
    "energy_price",
    "allowance_price",
    "certificate_price",
    "curtailment_rate",
    "generation",
    "capacity",
    "system_cost",
    "unserved_energy",
    "consumer_bill",
    "consumer_price",
    "generator_income",
    "grid_income",
    "public_revenue",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return picmodel.run({**REGION, "baseline": "spot"}, out=tmp_path_factory.mktemp("results"), jobs=1)


def test_every_file_is_there_and_every_indicator_keeps_its_name(runs):
    for run in runs:
        assert sorted(p.name for p in run.folder.iterdir()) == sorted(FILES)
        written = pd.read_csv(run.folder / "indicators.csv")
        assert list(written.columns) == [
            "scenario",
            "indicator",
            "province",
            "technology",
            "year",
            "value",
            "unit",
        ]
        assert set(STABLE) <= set(written["indicator"])
        assert written["unit"].notna().all()
        assert not written.duplicated(["indicator", "province", "technology", "year"]).any()


def test_the_nation_is_the_sum_of_its_provinces(runs):
    table = runs["region-spot"].indicators.query(
        "indicator == 'generation' and technology == 'wind_onshore' and year == 2030"
    )
    provinces = table[table.province != "CN"]["value"].sum()
    assert table[table.province == "CN"]["value"].item() == pytest.approx(provinces)


def test_the_reference_does_not_change_against_itself_and_the_other_does(runs):
    assert runs.reference == "region-planned"
    assert runs["region-planned"].value("peak_cost_change") == pytest.approx(0.0)
    spot = runs["region-spot"].value("peak_cost") / runs["region-planned"].value("peak_cost")
    assert runs["region-spot"].value("peak_cost_change") == pytest.approx(100 * (spot - 1))
    assert spot != pytest.approx(1.0)


def test_peak_cost_is_the_discounted_resource_cost_of_its_calendar_years(runs):
    """2025 stands for 2025-2029, 2030 for its first year alone: sum of cost x 1.05^-(year - 2023)."""
    run = runs["region-spot"]
    costs = pd.read_csv(run.folder / "costs.csv").query("kind == 'resource'").groupby("year")["mcny"].sum()
    by_hand = sum(costs[2025] * 1.05 ** -(y - 2023) for y in range(2025, 2030)) + costs[2030] * 1.05**-7
    assert run.value("peak_cost") == pytest.approx(by_hand / 1e3)


def test_the_increment_is_over_the_baseline_and_regions_are_places(runs):
    planned, spot = runs["region-planned"], runs["region-spot"]
    assert planned.manifest["baseline"] == "region-spot"
    more = planned.value("peak_cost") - spot.value("peak_cost")
    assert planned.value("peak_cost_increment") == pytest.approx(more)
    assert spot.value("peak_cost_increment") == pytest.approx(0.0, abs=1e-9)
    assert planned.value("sunk_capital") == spot.value("sunk_capital") > 0
    places = set(spot.indicators.query("indicator == 'renewable_share'")["province"])
    assert places == {"CN", *REGION["space"]["provinces"], "North"}


def test_a_baseline_that_is_no_scenario_is_refused():
    with pytest.raises(InputError, match=r"--baseline nobody: no such scenario"):
        picmodel.run(REGION, baseline="nobody")


def test_positions_are_the_sums_of_the_ledger_and_add_up_to_nothing(runs):
    """What one party receives another pays, once every account is closed."""
    run = runs["region-spot"]
    positions = pd.read_csv(run.folder / "positions.csv")
    assert list(positions.columns[:6]) == ["party", "province", "technology", "mechanism", "product", "year"]
    total = positions.groupby("year")["amount_mcny"].agg(["sum", lambda x: x.abs().sum()]).to_numpy()
    assert (abs(total[:, 0]) < 1e-6 * total[:, 1]).all()
    bill = positions.query("party == 'consumers' and year == 2030")["amount_mcny"].sum()
    assert run.value("consumer_bill", year=2030) == pytest.approx(-bill / 1e3)


def test_the_manifest_holds_the_certificate_and_the_census(runs):
    for run in runs:
        manifest = json.loads((run.folder / "manifest.json").read_text("utf-8"))
        certificate = manifest["certificate"]
        assert max(certificate["worst"], certificate["zero_profit"]) <= 1e-6
        assert manifest["mechanisms"]["green_certificates"]["rows"] > 0
        assert all(len(digest) == 64 for digest in manifest["inputs"].values())


def test_files_carry_units_and_weights(runs):
    solution = xr.open_dataset(runs["region-spot"].folder / "solution.nc")
    assert float(solution["weight"].sum()) == pytest.approx(8760)
    assert all("units" in solution[name].attrs for name in solution.data_vars)
    energy = (solution["v_generation"] * solution["weight"]).sum("time", min_count=1)
    difference = (energy - solution["v_annual_generation"]).fillna(0.0)
    assert float(abs(difference).max()) < 1e-3


def test_a_freely_built_project_earns_its_cost_of_capital_when_nothing_else_binds(tmp_path):
    """One planning year, WACC = discount rate is not needed: held values, no limits: IRR = WACC of 5.5 %."""
    run = picmodel.run(FREE, out=tmp_path)["free"]
    row = run.projects.iloc[0]
    assert row["capacity_gw"] > 1
    assert row["irr_pre_tax_real_share"] == pytest.approx(0.055, abs=1e-6)


def test_projects_at_dispatch_prices_of_the_plan_itself(tmp_path):
    """Proves    `prices: dispatch` values projects beside the plan, whose own results stay what they are.

    System    wind as above, freely built in Inner Mongolia; once at expansion prices, once at dispatch.
    By hand   at the plan's prices wind earns 5.5 %; a little more capacity lowers prices, a little less
              raises them: the lower end is below 5.5 %, the upper end above; all else is the same.
    Fails if  dispatch prices slip into costs or emissions, or the ends are taken for each other.
    """
    designs = {"plan": {}, "dispatch": {"projects": {"prices": "dispatch"}}}
    plan, dispatch = picmodel.run({**FREE, "designs": designs}, out=tmp_path, jobs=1)
    assert (plan.manifest["project_prices"], dispatch.manifest["project_prices"]) == ("expansion", "dispatch")
    assert dispatch.manifest["capacities_of"] is None
    (of_plan,), (of_dispatch,) = plan.projects.itertuples(), dispatch.projects.itertuples()
    assert of_plan.irr_pre_tax_real_share == pytest.approx(0.055, abs=1e-6)
    assert not of_dispatch.irr_pre_tax_real_share >= 0.055  # also where there is none
    assert of_dispatch.irr_pre_tax_real_upper_share > 0.055
    assert of_dispatch.capacity_gw == pytest.approx(of_plan.capacity_gw)
    upper = dispatch.value("project_irr_upper", "NM", "wind_onshore", 2030)
    assert upper == pytest.approx(100 * of_dispatch.irr_pre_tax_real_upper_share)
    for name in ("system_cost", "emissions", "energy_price"):
        assert dispatch.value(name, year=2030) == pytest.approx(plan.value(name, year=2030))


def test_errors_cross_a_process_border_whole_and_are_told_together():
    error = pickle.loads(pickle.dumps(InputError(["a.csv:3: bad", "b.csv:4: worse"])))
    assert error.problems == ["a.csv:3: bad", "b.csv:4: worse"]
    mixed = together({"one": InputError(["a.csv:3: bad"]), "two": Infeasible("no plan")})
    assert isinstance(mixed, Infeasible)
    assert "one: a.csv:3: bad" in str(mixed)
    assert isinstance(together({"one": SolverTrouble("late")}), SolverTrouble)


def test_what_was_finished_stays_when_another_fails(tmp_path):
    """What Sichuan must run has no use at a tenth of its demand; at all of its demand it has."""
    sichuan = {
        **REGION,
        "horizon": {"years": [2025]},
        "space": {"provinces": ["SC"]},
        "markets": {},
        "designs": {"planned": {}, "broken": {"physical": {"demand_factor": 0.1, "expand": False}}},
    }
    with pytest.raises(Infeasible, match="region-broken"):
        picmodel.run(sichuan, out=tmp_path, jobs=1)
    assert [p.name for p in tmp_path.iterdir()] == ["region-planned"]
