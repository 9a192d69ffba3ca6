"""The hindcast: its arithmetic on two provinces by hand, what it refuses, and 2023 on the real inputs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import picmodel
from picmodel.data.load import INPUTS
from picmodel.data.system import Corridor
from picmodel.errors import InputError
from picmodel.hindcast import PUMPED_H, SCENARIO, SCORED, Hindcast, compare, hindcast, read_published
from picmodel.scenario.load import load
from tests.tiny import run_tiny, tiny

PACKAGE = Path(picmodel.__file__).parent
DOCS = PACKAGE.parent / "docs" / "hindcast.md"


# -- two provinces by hand


@pytest.fixture(scope="module")
def small() -> Hindcast:
    """A burns dear coal, B cheap coal, and the line of 1 GW from B is always full."""
    data = tiny(
        {("A", 2023): [3.0], ("B", 2023): [2.0]},
        {
            "coal": dict(existing={"A": 4.0, "B": 6.0}, fuel={"A": 0.4, "B": 0.2}, own_use=0.05),
            "wind": dict(existing={"A": 1.0}, provinces=["A"], availability=0.25),
        },
        years=(2023,),
        present_year=2026,
        corridors=(Corridor("A-B", ("A", "B"), loss=0.1, annuity=0.0),),
        line_capacity={("A-B", 2023): 1.0},
    )
    published = {
        "technologies": pd.DataFrame({"technology": ["coal", "wind"], "group": ["coal", "wind"]}),
        "observed_generation": pd.DataFrame(
            [
                (r, g, 2023, x)
                for r, g, x in (
                    ("A", "coal", 20.0),
                    ("A", "thermal", 21.0),
                    ("A", "wind", 2.0),
                    ("A", "hydro", 1.0),
                    ("B", "coal", 22.0),
                    ("B", "thermal", 25.0),
                    ("B", "wind", 0.0),
                    ("B", "hydro", 0.0),
                    ("A", "gas", 0.0),
                    ("A", "nuclear", 0.0),
                    ("A", "solar", 0.0),
                    ("A", "biomass", 1.0),
                    ("A", "other", 0.0),
                )
            ],
            columns=["province", "group", "year", "generation_twh"],
        ),
        "observed_net_export": pd.DataFrame(
            {"province": ["A", "B"], "year": 2023, "net_export_twh": [-8.0, 8.0]}
        ),
        "thermal_hours": pd.DataFrame(
            [("A", "coal", 2021, 9.0), ("A", "coal", 2022, 6000.0), ("B", "coal", 2022, 4000.0)],
            columns=["province", "group", "year", "gross_h"],
        ),
    }
    (scenario,) = load({"name": "small", "horizon": {"years": [2023]}, "physical": {"demand_factor": 1.1}})
    return compare(run_tiny(data).results, published, scenario)


def test_provinces_by_hand(small):
    a, b = (small.provinces.set_index("province").loc[r] for r in "AB")
    # net output of coal: A 3 - 0.25 wind - 0.9 imports, B 2 + 1 sent
    assert a["coal_model_twh"] == pytest.approx(8.76 * 1.85 / 0.95)
    assert b["coal_model_twh"] == pytest.approx(8.76 * 3.0 / 0.95)
    assert b["coal_error_percent"] == pytest.approx(100 * (8.76 * 3.0 / 0.95 / 22 - 1))
    assert a["thermal_published_twh"] == 21.0
    assert a["net_export_model_twh"] == pytest.approx(-8.76 * 0.9)
    assert b["net_export_published_twh"] == pytest.approx(8.8)


def test_flows_by_hand(small):
    (flow,) = small.flows.to_dict("records")
    assert (flow["from_province"], flow["to_province"]) == ("A", "B")
    assert flow["forward_twh"] == pytest.approx(0.0)
    assert flow["backward_twh"] == pytest.approx(8.76)
    assert flow["hours"] == pytest.approx(8760)


def test_nation_and_scores_by_hand(small):
    nation = small.nation.set_index("group")
    assert nation.loc["wind", "error_percent"] == pytest.approx(100 * (0.25 * 8.76 / 2 - 1))
    assert pd.isna(nation.loc["gas", "error_percent"])
    coal = 8.76 * 4.85 / 0.95
    assert nation.loc["total", "model_twh"] == pytest.approx(coal + 0.25 * 8.76)
    assert small.scores["coal_r"] == pytest.approx(1.0)
    # both provinces had 24 TWh by the hours of 2022
    errors = [abs(coal / 2 / 20 - 1), abs(coal / 2 / 22 - 1)]
    assert small.scores["hours_before_median_percent"] == pytest.approx(100 * sum(errors) / 2)
    assert small.missed["coal"] == ["B"]


# -- what it refuses


def test_it_is_not_handed_its_answer(tmp_path):
    folder = Path(shutil.copytree(INPUTS, tmp_path / "inputs", ignore=shutil.ignore_patterns("*.nc")))
    with (folder / "thermal_hours.csv").open("a", encoding="utf-8") as file:
        file.write("BJ,coal,2023,4000,assumption,coal_hours_2022\n")
    (scenario,) = load({"name": "x", "horizon": {"years": [2023]}, "inputs": str(folder)})
    with pytest.raises(InputError, match="2023 or later"):
        read_published(scenario)


@pytest.mark.parametrize(
    ("years", "words"), [([2023, 2025], "one planning year"), ([2025], "no published output")]
)
def test_years_that_cannot_be_compared(years, words):
    (scenario,) = load({"name": "x", "horizon": {"years": years}})
    with pytest.raises(InputError, match=words):
        read_published(scenario)


def test_nothing_but_the_hindcast_reads_published_output():
    readers = {
        str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if "observed_" in p.read_text("utf-8")
    }
    declared = {str(Path("data") / name) for name in ("tables.py", "policy_tables.py")}
    assert readers == {"hindcast.py", *declared}


# -- 2023


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Hindcast:
    out = tmp_path_factory.mktemp("hindcast")
    (one,) = hindcast(SCENARIO, out)
    files = {p.name for p in (out / one.name).iterdir()}
    assert files >= {"hindcast_nation.csv", "hindcast_provinces.csv", "hindcast_flows.csv", "hindcast.json"}
    return one


def test_nation_within_three_percent(real):
    errors = real.nation.set_index("group")["error_percent"]
    for group in SCORED:
        assert abs(errors[group]) <= 3.0, group
    assert abs(errors["total"]) <= 1.0
    assert real.warnings == []


@pytest.mark.parametrize("quantity", ["coal", "thermal"])
def test_provinces_of_2023(real, quantity):
    assert real.scores[f"{quantity}_r"] >= 0.95
    assert real.scores[f"{quantity}_median_percent"] <= 15.0


def test_net_exports_of_2023(real):
    assert real.scores["net_export_r"] >= 0.95
    # what is sent and not received is lost on the lines: a small share of what flows
    sent = real.flows["forward_twh"].sum() + real.flows["backward_twh"].sum()
    lost = real.provinces["net_export_model_twh"].sum()
    assert 0.015 * sent < lost < 0.07 * sent


def test_every_miss_is_explained(real):
    explained = set(re.findall(r"^\| ([A-Z]{2}) \|", DOCS.read_text("utf-8"), re.MULTILINE))
    assert explained >= {*real.missed["coal"], *real.missed["thermal"]}


def test_pumped_storage_is_that_of_the_inputs():
    """Inflow of 2023 and published hydro are brought together with one figure."""
    note = pd.read_csv(INPUTS / "sources.csv").set_index("source").loc["hydro_hours_2023", "note"]
    assert "1176 h" in note
    assert "0.95" in note
    assert PUMPED_H[2023] == pytest.approx(1176 * 0.95)
