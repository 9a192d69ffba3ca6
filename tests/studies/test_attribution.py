"""Attribution: a study by hand without solving, its errors, going on after a stop, and a real small one."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.errors import Infeasible, InputError
from picmodel.studies import tables
from picmodel.studies.attribution import attribute
from tests.studies.toy import ONE_PROVINCE, hours, price

STUDY = """\
scenario: {file: region.yaml, design: planned}
players:
  hours: {title: No planned hours, settings: {markets: {power: {planned_share: null}}}}
  dear: {settings: {markets: {carbon: {price_cny_per_t: 100}}}}
  dearer: {after: dear, settings: {markets: {carbon: {price_cny_per_t: 200}}}}
answers:
  share: {indicator: renewable_share}
  cost: {indicator: peak_cost}
"""
#: a share that rises with the price, more without planned hours; a cost that falls with both
ANSWERS = {
    "renewable_share": ("share", lambda s: 0.3 + 1e-3 * price(s) * (1 - hours(s))),
    "peak_cost": ("bn CNY", lambda s: 1000.0 - price(s) + 50.0 * hours(s)),
}


HELD = "others: {markets: {emission_limits: {hold_emissions_of: first}}}\n"


def column(found, answer: str, name: str) -> dict[str, float]:
    rows = found.effects[found.effects["answer"] == answer]
    return dict(zip(rows["player"], rows[name]))


def test_a_study_by_hand(write, toy, tmp_path):
    """Proves    settings reach the runs, and the change is split as the definition says.

    System    share = 30 + 0.1 p (1 - h) points, p 60, 100, 200 (ordered), h 0.8 or 0;
              values {}: 31.2, h: 36, d: 32, hd: 40, dd: 34, hdd: 50.
    By hand   orders h d dd, d h dd, d dd h.  hours add 4.8, 8, 16: 9.6; dear 4, 0.8, 0.8: 5.6/3;
              dearer 10, 10, 2: 22/3; together 18.8 = 50 - 31.2.  Cost is additive: -40, -40, -100.
    Fails if  a share is not in points, or levels enter out of order.
    """
    toy(ANSWERS)
    found = attribute(write(STUDY), tmp_path / "out")
    expected = {"hours": 9.6, "dear": 5.6 / 3, "dearer": 22 / 3, "total": 18.8}
    assert column(found, "share", "shapley") == pytest.approx(expected)
    assert column(found, "share", "share_of_total")["hours"] == pytest.approx(9.6 / 18.8)
    assert column(found, "share", "standalone")["hours"] == pytest.approx(4.8)
    assert column(found, "share", "last") == pytest.approx(
        {"hours": 16.0, "dear": 4.0, "dearer": 10.0, "total": 18.8}
    )
    cost = {"hours": -40.0, "dear": -40.0, "dearer": -100.0, "total": -180.0}
    assert column(found, "cost", "shapley") == pytest.approx(cost)
    assert column(found, "cost", "least") == pytest.approx(cost)
    assert set(found.effects["unit"]) == {"points", "bn CNY"}


def test_files_hold_every_subset_and_every_effect(write, toy, tmp_path):
    toy(ANSWERS)
    found = attribute(write(STUDY), tmp_path / "out")
    assert found.folder == tmp_path / "out" / "study"
    subsets = pd.read_csv(found.folder / "subsets.csv")
    assert list(subsets.columns) == ["subset", "hours", "dear", "dearer", "share", "cost"]
    names = ["first", "hours", "dear", "hours.dear", "dear.dearer", "hours.dear.dearer"]
    assert list(subsets["subset"]) == names
    assert subsets.set_index("subset")["share"]["hours.dear"] == pytest.approx(40.0)
    effects = pd.read_csv(found.folder / "attribution.csv")
    parts = effects[effects["player"] != "total"].groupby("answer")["shapley"].sum()
    whole = effects[effects["player"] == "total"].set_index("answer")["shapley"]
    assert parts.to_dict() == pytest.approx(whole.to_dict())
    assert not list((found.folder / "runs").rglob("solution.nc"))
    assert tables.attribution(found).row_count == 4


def test_progress_counts_runs(write, toy, tmp_path):
    toy(ANSWERS)
    seen = []
    attribute(write(STUDY), tmp_path / "out", progress=lambda done, total, name: seen.append((done, total)))
    assert seen == [(i, 6) for i in range(7)]


def test_all_files_stay_where_the_study_says_so(write, toy, tmp_path):
    toy(ANSWERS)
    found = attribute(write(STUDY + "keep: all\n"), tmp_path / "out")
    assert len(list((found.folder / "runs").rglob("solution.nc"))) == 6


def test_every_subset_but_the_first_is_held_to_its_emissions(write, toy, tmp_path):
    held = {
        "peak_cost": (
            "bn CNY",
            lambda s: price(s) + hours(s) + 7.0 * ("emission_limits" in s.markets),
        )
    }
    toy(held)
    study = STUDY.replace("  share: {indicator: renewable_share}\n", "") + HELD
    found = attribute(write(study), tmp_path / "out")
    assert found.subsets["cost"].tolist() == pytest.approx([60.8, 67.0, 107.8, 107.0, 207.8, 207.0])


def test_a_mean_that_leaves_projects_out_is_replaced_in_all_subsets(write, toy, tmp_path):
    """Proves    a return without a value for part of the portfolio is no return of the portfolio.

    Fails if  the mean over the rest is attributed, or subsets are mixed.
    """
    irr = {
        "project_irr": ("%", price),
        "project_irr_missing": ("share", lambda s: 0.1 if hours(s) else None),
        "project_npv": ("CNY/kW", lambda s: 10.0 * price(s) + hours(s)),
    }
    toy(irr)
    answer = "answers: {irr: {indicator: project_irr, otherwise: project_npv}}\n"
    found = attribute(write(STUDY[: STUDY.index("answers:")] + answer), tmp_path / "out")
    assert set(found.effects["indicator"]) == {"project_npv"}
    assert set(found.effects["unit"]) == {"CNY/kW"}
    assert "project_irr is undefined in study-first" in found.notes[0]
    assert column(found, "irr", "shapley")["dear"] == pytest.approx(400.0)


# -- what is refused


def refused(path, out, *expected: str) -> None:
    with pytest.raises(InputError) as error:
        attribute(path, out)
    for words in expected:
        assert words in str(error.value)


def test_an_inert_player_is_named(write, toy, tmp_path):
    toy({"peak_cost": ("bn CNY", hours), "renewable_share": ("share", hours)})
    refused(write(STUDY), tmp_path, "players.dear: moves no answer", "players.dearer: moves no answer")


def test_a_player_that_says_what_the_scenario_says_is_refused_before_any_run(write, toy, tmp_path):
    stand_in = toy(ANSWERS)
    study = STUDY.replace("price_cny_per_t: 100", "price_cny_per_t: 60")
    refused(write(study), tmp_path, "study.yaml:4:", "`players.dear` says what the scenario says without it")
    assert stand_in.solved == []


def test_an_undefined_answer_names_the_subset(write, toy, tmp_path):
    answers = ANSWERS | {
        "renewable_share": ("share", lambda s: price(s) if hours(s) or price(s) < 99 else None)
    }
    toy(answers)
    names = "hours.dear, hours.dear.dearer"
    refused(write(STUDY), tmp_path, f"`renewable_share, CN, all, 0` is undefined in the subset {names}, and")


def test_a_subset_without_a_plan_is_named(write, toy, tmp_path):
    toy(ANSWERS, infeasible=lambda s: price(s) == 200 and not hours(s))
    with pytest.raises(Infeasible, match=r"subset study-hours\.dear\.dearer: no plan"):
        attribute(write(STUDY), tmp_path)


def test_a_first_rung_without_a_plan_stops_the_study(write, toy, tmp_path):
    toy(ANSWERS, infeasible=lambda s: price(s) == 60)
    with pytest.raises(Infeasible, match="study-first: no plan"):
        attribute(write(STUDY), tmp_path)


def test_peak_cost_needs_a_declared_window(write, toy, tmp_path):
    path = write(STUDY + "settings: {horizon: {peak_cost_until: null}}\n")
    refused(path, tmp_path, "study.yaml:8:", "peak cost needs one window", "`horizon.peak_cost_until`")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "after: dear,",
            "after: deer,",
            ["study.yaml:5:19", "`deer` is no player above", "did you mean `dear`?"],
        ),
        ("planned_share: null", "planed_share: null", ["study.yaml:3:", "planed_share", "`planned_share`?"]),
        ("design: planned", "design: plan", ["study.yaml:1:", "`plan` is no design of", "`planned`?"]),
        (", design: planned", "", ["has designs; write one of planned, spot"]),
        ("region.yaml", "regions.yaml", ["study.yaml:1:", "there is no file", "regions.yaml"]),
        ("players:", "player:", ["unknown key `player`", "did you mean `players`?"]),
        (
            "indicator: peak_cost",
            "indicator: peak_costs",
            ["no run has an indicator `peak_costs`", "`peak_cost`?"],
        ),
        (
            "indicator: peak_cost",
            "indicator: peak_cost, year: 2030",
            ["no run has `peak_cost, CN, all, 2030`", "0"],
        ),
        ("carbon: {price_cny_per_t: 100}", "carbon: 3", ["study.yaml:4:", "mapping"]),
        (
            "settings: {markets: {carbon: {price_cny_per_t: 100}}}",
            "settings: {name: x}",
            ["`name` cannot stand"],
        ),
        ("  hours:", "  first:", ["`first` is the name of the rung without players"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, toy, tmp_path, old, new, expected):
    toy(ANSWERS)
    assert old in STUDY
    refused(write(STUDY.replace(old, new)), tmp_path, *expected)


def test_nine_players_are_too_many(write, toy, tmp_path):
    toy(ANSWERS)
    players = "".join(f"  p{i}: {{settings: {{physical: {{demand_factor: 1.{i}}}}}}}\n" for i in range(1, 10))
    study = (
        "scenario: {file: region.yaml, design: planned}\nplayers:\n"
        + players
        + STUDY[STUDY.index("answers") :]
    )
    refused(write(study), tmp_path, "players", "8")


# -- solved


def test_a_region_is_solved_and_its_change_split(write, tmp_path):
    """Proves    the whole way from a study file to its tables, with real solves.

    System    one province in one year; planned hours of coal end, and demand is a tenth higher.
    By hand   the values of both add up to the difference of the indicators of the last run and the first;
              more demand costs more, whoever enters first.
    """
    players = """\
players:
  hours: {settings: {markets: {power: {planned_share: null}}}}
  growth: {settings: {physical: {demand_factor: 1.1}}}
"""
    study = STUDY[: STUDY.index("players:")] + players + STUDY[STUDY.index("answers:") :]
    study = study.replace("renewable_share}", "renewable_share, year: 2030}") + ONE_PROVINCE
    found = attribute(write(study), tmp_path / "out", jobs=1)
    runs = [run_table(found.folder / "runs" / f"study-{name}") for name in ("first", "hours.growth")]
    for answer, factor in (("cost", 1.0), ("share", 100.0)):
        wanted = found.study.answers[answer]
        first, last = (float(table[wanted.indicator, wanted.year]) for table in runs)
        effects = column(found, answer, "shapley")
        assert effects["hours"] + effects["growth"] == pytest.approx(factor * (last - first), abs=1e-9)
    assert column(found, "cost", "least")["growth"] > 0.0


def run_table(folder) -> pd.Series:
    """Indicators of the nation by name and year."""
    table = pd.read_csv(folder / "indicators.csv", keep_default_na=False)
    return table.query("province == 'CN' and technology == 'all'").set_index(["indicator", "year"])["value"]
