"""Inputs in layers: what an overlay replaces, how messages call its files, the shipped overlay of 2020."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from picmodel.data.load import INPUTS, SERIES_FILE, input_files, inputs_of, system_data
from picmodel.data.lookup import by_year
from picmodel.data.read import file_of, read_tables
from picmodel.data.tables import TABLE, TABLES
from picmodel.errors import InputError
from picmodel.scenario.load import load, resolved
from tests.data.test_read import FILES, TINY

HEADER = FILES["demand.csv"][0]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path / "base", {name: "\n".join(lines) for name, lines in FILES.items()})


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + "\n", "utf-8")
    return folder


def demand(twh: float, source: str = "a") -> str:
    rows = (f"{province},2020,actual,{twh},official,{source}" for province in ("BJ", "HE", "SX"))
    return "\n".join((HEADER, *rows))


def problems(*folders: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_tables(folders, tables=TINY)
    return caught.value.problems


# what replaces what


def test_a_later_folder_replaces_whole_tables_and_only_those_that_it_has(base, tmp_path):
    """The overlay has one year; nothing of the year below it is left.  Fails if rows were merged."""
    first = write(tmp_path / "first", {"demand.csv": demand(1.0)})
    second = write(tmp_path / "second", {"demand.csv": demand(2.0)})
    for folders, want in (
        ((base,), [135.8, 475.7, 288.5]),
        ((base, first), [1.0] * 3),
        ((base, first, second), [2.0] * 3),
        ((base, second, first), [1.0] * 3),
    ):
        tables = read_tables(folders, tables=TINY)
        assert list(tables["demand"]["consumption_twh"]) == want
        assert list(tables["fleet"]["capacity_gw"]) == [5.0, 7.5, 1.0]


def test_sources_of_an_overlay_are_added_and_a_known_key_is_replaced(base, tmp_path):
    header = FILES["sources.csv"][0]
    over = write(
        tmp_path / "over",
        {
            "demand.csv": demand(1.0, "c"),
            "sources.csv": f"{header}\nc,Mine,me,2026,2026-01-01,x\na,New,NEA,1,2,y",
        },
    )
    sources = read_tables((base, over), tables=TINY)["sources"].set_index("source")["title"]
    assert sources.to_dict() == {"b": "Yearbook", "c": "Mine", "a": "New"}


def test_an_overlay_inside_the_main_folder_is_no_part_of_it(base):
    """Its rows would break the main folder's rules (a province twice); alone the main folder is read."""
    inside = write(base / "as_of_2020", {"demand.csv": demand(1.0), "policy/demand.csv": "nonsense"})
    assert list(read_tables(base, tables=TINY)["demand"]["consumption_twh"]) == [135.8, 475.7, 288.5]
    assert "as_of_2020/demand.csv" not in input_files(base)
    assert input_files((base, inside))["as_of_2020/demand.csv"] == inside / "demand.csv"
    assert "demand.csv" not in input_files((base, inside))


def test_series_files_are_replaced_too(base, tmp_path):
    over = write(tmp_path / "over", {"demand.csv": demand(1.0)})
    write(base, {str(SERIES_FILE): "below"})
    assert file_of((base, over), SERIES_FILE) == base / SERIES_FILE
    write(over, {str(SERIES_FILE): "above"})
    assert file_of((base, over), SERIES_FILE) == over / SERIES_FILE
    assert str(over / SERIES_FILE) in input_files((base, over))


# messages


def test_a_bad_cell_is_named_with_its_overlay(base):
    over = write(base / "as_of_2020", {"demand.csv": demand(-1.0)})
    assert problems(base, over)[0] == (
        "as_of_2020/demand.csv:2: consumption_twh=-1.0 is below 0 TWh; write a value in [0, 3000] TWh"
    )


def test_an_overlay_elsewhere_is_named_by_its_path(base, tmp_path):
    over = write(tmp_path / "over", {"demand.csv": demand(1.0, "z"), "sources.csv": "source,title\na,b"})
    found = problems(base, over)
    assert f"{over}/sources.csv:1: column publisher is missing; add it" in found
    assert any(p.startswith(f"{over}/demand.csv:2: source=z is not in sources.csv") for p in found)


def test_a_rule_between_tables_names_the_file_of_each(base):
    """The fleet of the overlay does not fit into the potentials of the folder below."""
    over = write(
        base / "as_of_2020",
        {"fleet.csv": "\n".join((*FILES["fleet.csv"], "HE,nuclear,2015,9,0,official,a"))},
    )
    assert problems(base, over) == [
        "potentials.csv:2: potential_gw=4 of HE, nuclear is below the 11 GW of as_of_2020/fleet.csv and "
        "committed.csv; write at least 11 GW, or correct those"
    ]


def test_a_file_of_an_overlay_that_is_no_table_is_an_error(base):
    over = write(base / "as_of_2020", {"demnad.csv": demand(1.0)})
    assert problems(base, over) == [
        "as_of_2020/demnad.csv: no table is called so, and it would replace nothing; did you mean demand.csv?"
    ]


def test_a_cohort_after_the_fleet_stood_belongs_to_the_committed(base):
    over = write(
        base / "o", {"fleet.csv": "\n".join((*FILES["fleet.csv"], "SX,coal_600,2025,1,0,official,a"))}
    )
    assert problems(base, over) == [
        "o/fleet.csv:5: cohort_year=2025 is after 2024, at whose end the fleet stood (committed.csv starts "
        "in the year after); write it there"
    ]


# scenarios


def test_scenarios_name_one_folder_or_several(tmp_path):
    for folder in ("mine", "more"):
        (tmp_path / folder).mkdir()
    for text, want in (
        ("", (INPUTS,)),
        ("inputs: null", (INPUTS,)),
        ("inputs: default", (INPUTS,)),
        ("inputs: mine", (tmp_path / "mine",)),
        ("inputs: [default, more]", (INPUTS, tmp_path / "more")),
        ("inputs: [mine, ./more]", (tmp_path / "mine", tmp_path / "more")),
    ):
        (tmp_path / "x.yaml").write_text(text or "name: x", "utf-8")
        (scenario,) = load(tmp_path / "x.yaml")
        assert inputs_of(scenario) == want
        assert load(resolved(scenario)).scenarios == (scenario,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("inputs: [default, no]", "1:19: `inputs`: there is no folder {here}/no; correct the path"),
        ("inputs: [default, 5]", "1:19: `inputs.1` is 5; write a path, as text"),
        ("inputs: []", "1:9: `inputs` has 0 entries; write at least 1"),
        ("inputs: {a: b}", "1:9: `inputs` is a mapping; write a path, as text"),
    ],
)
def test_wrong_folders_are_named(tmp_path, text, says):
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        load(tmp_path / "x.yaml")
    assert caught.value.problems == [f"{tmp_path}/x.yaml:" + says.format(here=tmp_path)]


def test_a_changed_overlay_is_read_again(tmp_path):
    """The tables of a run are kept; the same folders with another content must not give the old ones."""
    over = tmp_path / "over"
    text = (INPUTS / "demand.csv").read_text("utf-8")
    document = {"inputs": ["default", str(over)], "space": {"provinces": ["HI"]}, "time": {"periods": 1}}
    over.mkdir()
    (scenario,) = load(document)
    before = system_data(scenario)[1]["demand"]["consumption_twh"].sum()
    (over / "demand.csv").write_text(text.replace("BJ,2013,actual,91.311", "BJ,2013,actual,92.311"), "utf-8")
    assert system_data(scenario)[1]["demand"]["consumption_twh"].sum() == pytest.approx(before + 1.0)


def test_a_year_that_was_not_observed_is_an_error():
    (scenario,) = load({"time": {"variant": "2019", "periods": 1}, "space": {"provinces": ["HI"]}})
    with pytest.raises(InputError, match=r"full_load_hours.csv has no 2019; write mean_year, or one of 2023"):
        system_data(scenario)


# the shipped overlay


OVERLAY = INPUTS / "as_of_2020"


@pytest.fixture(scope="module")
def as_of_2020() -> dict[str, pd.DataFrame]:
    return read_tables((INPUTS, OVERLAY))


def test_the_shipped_overlay_has_only_tables_that_differ_and_sources_that_it_uses(as_of_2020):
    files = sorted(path.relative_to(OVERLAY).as_posix() for path in OVERLAY.rglob("*.csv"))
    text = (OVERLAY / "README.md").read_text("utf-8")
    used = set()
    for name in files:
        assert (OVERLAY / name).read_bytes() != (INPUTS / name).read_bytes()
        assert f"`{name}`" in text
        if name != TABLE["sources"].file:
            used |= set(pd.read_csv(OVERLAY / name)["source"])
    own = set(pd.read_csv(OVERLAY / "sources.csv")["source"])
    assert own <= used
    assert not own & set(pd.read_csv(INPUTS / "sources.csv")["source"])
    assert {name.removesuffix(".csv").split("/")[-1] for name in files} <= {table.name for table in TABLES}


def test_tables_of_2020_keep_up_with_the_main_ones(as_of_2020):
    """A parameter or technology that is added to a main table must be added to the one that replaces it."""
    shipped = read_tables(INPUTS)
    for table, column in (
        ("finance", "parameter"),
        ("technology_costs", "technology"),
        ("build_rates", "technology"),
        ("benchmarks", "technology"),
        ("fuel_prices", "fuel"),
        ("conversion_factors", "name"),
        ("certificate_rules", "technology"),
    ):
        assert set(as_of_2020[table][column]) == set(shipped[table][column]), table


def test_national_capacity_at_the_end_of_2020(as_of_2020):
    """Fleet and additions of 2020 (those of December start in 2021) make the published capacity in GW."""
    rows = as_of_2020["committed"]
    added = rows[(rows.year == 2020) | (rows.source == "additions_2020")]
    stands = pd.concat([as_of_2020["fleet"], added]).merge(as_of_2020["technologies"], on="technology")
    group = stands.groupby("group")["capacity_gw"].sum()
    published = {
        "coal": 1079.9,
        "gas": 98.0,
        "nuclear": 49.9,
        "wind": 281.5,
        "solar": 253.4,
        "biomass": 29.5,
        "pumped_hydro": 31.5,
        "battery": 3.27,
    }
    assert {g: float(group[g]) for g in published} == pytest.approx(published, rel=2e-3)
    assert group["hydro"] + group["pumped_hydro"] == pytest.approx(370.2, rel=1e-3)
    by_technology = stands.groupby("technology")["capacity_gw"].sum()
    assert by_technology["wind_offshore"] == pytest.approx(8.99, rel=1e-2)
    assert by_technology["solar_distributed"] == pytest.approx(78.3, rel=1e-2)


def test_national_demand_as_seen_in_2020(as_of_2020):
    path = by_year(as_of_2020["demand"], ["province"], "consumption_twh", (2020, 2025, 2030))
    nation = {y: sum(twh for (_, v), twh in path.items() if v == y) for y in (2020, 2025, 2030)}
    assert nation == pytest.approx({2020: 7511.0, 2025: 9500.0, 2030: 11000.0}, rel=1e-4)
    assert as_of_2020["demand"].query("kind == 'actual'")["year"].max() == 2020


def test_nothing_that_was_not_known_in_2021_is_in_the_overlay(as_of_2020):
    """Lines and plants after 2021 are those then built or planned; weights run to the draft of 2021."""
    committed = as_of_2020["committed"].groupby("technology")["capacity_gw"].sum()
    assert committed["coal_1000"] < 110  # 88 GW under construction and additions of 2020
    assert committed["wind_onshore"] + committed["wind_offshore"] < 120
    weights = as_of_2020["obligation_weights"].query("province != 'XZ' and year == 2030")
    assert weights["total_share"].min() == 0.4
    assert weights["nonhydro_share"].min() == 0.259
    coal = as_of_2020["fuel_prices"].query("fuel == 'coal'")["price_cny_per_gj"].mean()
    later = (
        read_tables(INPUTS)["fuel_prices"].query("fuel == 'coal' and year == 2023")["price_cny_per_gj"].mean()
    )
    assert coal == pytest.approx(0.7 * later, rel=1e-3)


def test_the_system_of_2020_is_assembled():
    """Half of what starts in 2020 stands in 2020, all in 2025; and 2020 needs no build limit."""
    path = Path(__file__).resolve().parents[2] / "scenarios" / "pic2022" / "base_2020.yaml"
    scenario = load(path).scenarios[0]
    scenario = scenario.model_copy(update={"time": scenario.time.model_copy(update={"periods": 1})})
    system, tables = system_data(scenario)
    assert system.horizon.gap == {2020: 0, 2025: 5, 2030: 5, 2035: 5}
    assert system.horizon.past == (2020,)
    rows = tables["committed"].query("technology == 'nuclear' and province == 'JS'").set_index("year")
    assert system.committed["JS", "nuclear", 2020] == pytest.approx(0.5 * rows.capacity_gw[2020])
    assert system.committed["JS", "nuclear", 2025] == pytest.approx(
        0.5 * rows.capacity_gw[2020] + rows.capacity_gw[2021]
    )
    energy = sum(gw * system.time.weight[t] for (_, y, t), gw in system.demand.items() if y == 2020) / 1e3
    assert 0.9 * 7511 < energy < 7511


def test_copies_of_the_inputs_keep_the_overlay_apart(tmp_path):
    """Who copies inputs/ to edit it copies the overlay with it, and reads the same tables as before."""
    copy = Path(shutil.copytree(INPUTS, tmp_path / "inputs", ignore=shutil.ignore_patterns("*.nc")))
    mine, shipped = read_tables(copy, ["fleet"])["fleet"], read_tables(INPUTS, ["fleet"])["fleet"]
    assert mine.equals(shipped)
