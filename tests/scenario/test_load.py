"""Scenario files: merging, designs, names, paths, messages, and the resolved document."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from picmodel.errors import InputError
from picmodel.scenario.check import Options
from picmodel.scenario.load import dump_yaml, load, resolved
from picmodel.scenario.overrides import Override
from picmodel.scenario.schema import Scenario, Solver


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files into an empty current folder."""
    monkeypatch.chdir(tmp_path)

    def write_all(**files):
        for name, text in files.items():
            path = Path(name.replace("__", "/") + ".yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")

    return write_all


def problems(source):
    with pytest.raises(InputError) as error:
        load(source)
    return error.value.problems


# what is read


def test_a_scenario_of_defaults_is_called_as_its_file(write):
    write(quick="{}")
    scenarios = load("quick.yaml")
    assert scenarios.scenarios == (Scenario(name="quick"),)
    assert scenarios.reference is None
    assert len(scenarios) == 1


def test_every_section(write):
    write(
        x="""
title: {en: Spot, zh: 现货}
horizon: {years: [2025, 2030], base_year: 2023, last_span: 10, discount_rate_share: 0.04, foresight: perfect}
space: {provinces: [GD, JS]}
time: {periods: 4, extremes: 0, step_h: 3, variant: '2023'}
physical: {value_of_lost_load_cny_per_mwh: 30000, adequacy: false, demand_factor: 1.1}
markets: {carbon: {price: {2030: 50}}, power: null}
overrides: {demand: {multiply: 1.05, where: {province: [GD], year: 2030}}}
solver: {method: simplex, threads: 2}
projects: {technologies: [solar_utility]}
"""
    )
    (x,) = load(Path("x.yaml"))
    assert (x.name, x.title.en, x.title.zh) == ("x", "Spot", "现货")
    assert (x.horizon.years, x.horizon.last_span, x.space.provinces) == ((2025, 2030), 10, ("GD", "JS"))
    assert (x.time.step_h, x.time.variant, x.physical.adequacy) == (3, "2023", False)
    assert x.markets == {"carbon": {"price": {2030: 50}}, "power": None}
    where = (("province", ("GD",)), ("year", (2030,)))
    assert x.overrides == (Override("demand", operation="multiply", value=1.05, where=where),)
    assert (x.solver, x.projects.technologies) == (Solver(method="simplex", threads=2), ("solar_utility",))
    assert str(x.where.at("markets", "carbon", "price", 2030).node.place) == "x.yaml:7:34"


def test_a_title_may_be_a_text():
    (scenario,) = load({"title": "Spot"})
    assert (scenario.title.en, scenario.title.zh) == ("Spot", None)


def test_a_byte_order_mark_is_fine(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbftime: {periods: 3}")
    assert load(file).scenarios[0].time.periods == 3


def test_files_merge_left_to_right_and_this_file_on_top(write):
    write(
        a="title: A\ntime: {periods: 1, extremes: 1, step_h: 2}\nspace: {provinces: [GD]}",
        b="time: {periods: 2, extremes: 2}\nmarkets: {carbon: {price: 1}}",
        sub__c="extends: [../a.yaml, ../b.yaml]\ntime: {periods: 3}\nspace: {provinces: [JS, SH]}",
        d="extends: sub/c.yaml\nmarkets: {carbon: {floor: 2}}",
    )
    (d,) = load("d.yaml")
    assert (d.time.periods, d.time.extremes, d.time.step_h) == (3, 2, 2)
    assert (d.space.provinces, d.title.en, d.name) == (("JS", "SH"), "A", "d")
    assert d.markets == {"carbon": {"price": 1, "floor": 2}}


def test_one_file_may_be_extended_twice(write):
    write(
        base="time: {periods: 3}",
        a="extends: base.yaml",
        b="extends: base.yaml",
        c="extends: [a.yaml, b.yaml]",
    )
    assert load("c.yaml").scenarios[0].time.periods == 3


def test_a_name_is_the_file_s_own(write):
    write(a="name: given", b="extends: a.yaml")
    assert load("a.yaml").scenarios[0].name == "given"
    assert load("b.yaml").scenarios[0].name == "b"


def test_overrides_of_one_target_merge_however_they_are_written(write):
    write(a="overrides: {t: {k: {c: {2030: 1}}}, d.x: 5}", b="extends: a.yaml\noverrides: {t.k.c.2030: 2}")
    (b,) = load("b.yaml")
    assert [(o.path, o.value) for o in b.overrides] == [("t.k.c.2030", 2.0), ("d.x", 5.0)]


DESIGNS = """
horizon: {years: [2025, 2030]}
markets: {carbon: {price: 50}}
overrides: {demand.x: 1}
reference: planned
baseline: spot
designs:
  spot: {markets: {power: {dispatch: spot}}, overrides: {demand: {y: 2}}}
  planned: {}
"""


def test_designs_stand_side_by_side(write):
    write(ladder=DESIGNS)
    scenarios = load("ladder.yaml")
    spot, planned = scenarios
    assert (spot.name, planned.name) == ("ladder-spot", "ladder-planned")
    assert (scenarios.reference, scenarios.baseline) == ("ladder-planned", "ladder-spot")
    assert spot.markets == {"carbon": {"price": 50}, "power": {"dispatch": "spot"}}
    assert planned.markets == {"carbon": {"price": 50}}
    assert [o.path for o in spot.overrides] == ["demand.x", "demand.y"]
    assert [o.path for o in planned.overrides] == ["demand.x"]
    assert str(spot.where.at("markets", "power", "dispatch").node.place) == "ladder.yaml:8:38"


def test_designs_are_inherited_and_changed(write):
    write(
        ladder=DESIGNS,
        short="extends: ladder.yaml\nhorizon: {years: [2030]}\ndesigns: {spot: {time: {periods: 2}}}",
    )
    scenarios = load("short.yaml")
    assert [s.name for s in scenarios] == ["short-spot", "short-planned"]
    assert scenarios.reference == "short-planned"
    assert [s.horizon.years for s in scenarios] == [(2030,), (2030,)]
    assert [s.time.periods for s in scenarios] == [2, 8]


def test_paths_are_relative_to_the_file_that_holds_them(write, tmp_path):
    write(
        sub__base="series: {demand: load.csv}\ninputs: ../mine",
        x="extends: sub/base.yaml\ndesigns: {a: {series: {solar: sun.csv}}}",
    )
    (tmp_path / "mine").mkdir()
    for name in ("sub/load.csv", "sun.csv"):
        (tmp_path / name).touch()
    (x,) = load("x.yaml")
    assert (x.series.demand, x.series.solar) == (tmp_path / "sub/load.csv", tmp_path / "sun.csv")
    assert x.inputs == tmp_path / "mine"
    assert load(resolved(x)).scenarios == (x,)


def test_a_mapping_may_extend_files(write):
    write(a="time: {periods: 3}")
    (scenario,) = load({"extends": "a.yaml", "name": "mine", "solver": {"threads": 1}})
    assert (scenario.name, scenario.time.periods, scenario.solver.threads) == ("mine", 3, 1)


# what is refused


WRONG = [
    ("periods: 8", "x.yaml:1:1: unknown key `periods`; did you mean `time.periods`?"),
    ("markts: {}", "x.yaml:1:1: unknown key `markts`; did you mean `markets`?"),
    ("desings: {a: {}}", "x.yaml:1:1: unknown key `desings`; did you mean `designs`?"),
    ("extend: a.yaml", "x.yaml:1:1: unknown key `extend`; did you mean `extends`?"),
    ("time: {perods: 8}", "x.yaml:1:8: unknown key `time.perods`; did you mean `periods`?"),
    ("series: {wind: a}", "x.yaml:1:10: unknown key `series.wind`; did you mean `wind_onshore`?"),
    ("space: {zones: a}", "x.yaml:1:9: unknown key `space.zones`; write one of provinces"),
    (
        "name: a/b",
        "x.yaml:1:7: `name` is the text 'a/b', which cannot stand there; expected: name of the run "
        "and its folder, of letters, digits, . _ -; by default that of the file",
    ),
    ("title: {fr: a}", "x.yaml:1:9: unknown key `title.fr`; write one of en, zh"),
    (
        "horizon: {years: [2030, 2025, 2030]}",
        "x.yaml:1:18: `horizon.years`: the years are not ascending, each once; write [2025, 2030]",
    ),
    ("horizon: {years: [2019]}", "x.yaml:1:19: `horizon.years.0` is 2019, below 2020; write at least 2020"),
    ("horizon: {years: [2070]}", "x.yaml:1:19: `horizon.years.0` is 2070, above 2060; write at most 2060"),
    ("horizon: {years: []}", "x.yaml:1:18: `horizon.years` has 0 entries; write at least 1"),
    ("horizon: {years: 2030}", "x.yaml:1:18: `horizon.years` is 2030; write a list"),
    (
        "horizon: {base_year: 2026}",
        "x.yaml:1:22: `horizon.base_year`: 2026 is after the first planning year; write at most 2025",
    ),
    (
        "horizon: {foresight: myopic}",
        "x.yaml:1:22: `horizon.foresight` is the text 'myopic'; write one of perfect",
    ),
    (
        "horizon: {discount_rate_share: 5}",
        "x.yaml:1:32: `horizon.discount_rate_share` is 5, above 0.3; write at most 0.3 (5 % is 0.05)",
    ),
    ("space: {provinces: some}", "x.yaml:1:20: `space.provinces` is the text 'some'; write one of all"),
    (
        "space: {provinces: [GD, gx]}",
        "x.yaml:1:25: `space.provinces.1` is the text 'gx', which cannot stand "
        "there; expected: all, or a list of codes of ISO 3166-2:CN in capitals: [GD, JS]",
    ),
    (
        "space: {provinces: [GD, JS, GD]}",
        "x.yaml:1:20: `space.provinces`: GD is there twice; write each province once",
    ),
    ("time: {step_h: 5}", "x.yaml:1:16: `time.step_h` is 5; write one of 1, 2, 3, 4, 6"),
    ("time: {periods: 8.5}", "x.yaml:1:17: `time.periods` is 8.5; write a whole number"),
    ("time: {periods: '8'}", "x.yaml:1:17: `time.periods` is the text '8'; write a whole number"),
    ("time: {periods: true}", "x.yaml:1:17: `time.periods` is true; write a whole number"),
    (
        "time: {periods: 364, extremes: 2}",
        "x.yaml:1:17: `time.periods`: 364 typical and 2 extreme days are over 365; write fewer",
    ),
    (
        "physical: {adequacy: no}",
        "x.yaml:1:22: `physical.adequacy` is the text 'no'; "
        "write true or false (YAML 1.2 has no yes, no, on, off)",
    ),
    ("solver:", "x.yaml:1:1: `solver` is empty (null); write a mapping, or delete the key"),
    ("markets: [carbon]", "x.yaml:1:10: `markets` is a list; write a mapping"),
    (
        "markets: {2030: x}",
        "x.yaml:1:11: key `2030` of `markets` cannot stand there; "
        "write a text (quote it if it looks like a number)",
    ),
    ("series: {demand: 3}", "x.yaml:1:18: `series.demand` is 3; write a path, as text"),
    (
        "series: {demand: no.csv}",
        "x.yaml:1:18: `series.demand`: there is no file {here}/no.csv; correct the path",
    ),
    ("inputs: no", "x.yaml:1:9: `inputs`: there is no folder {here}/no; correct the path"),
    ("series: demand.csv", "x.yaml:1:9: `series` is the text 'demand.csv'; write a mapping"),
    ("overrides: 3", "x.yaml:1:12: `overrides` is 3; write a mapping of paths to numbers"),
    (
        "overrides: {a: 3}",
        "x.yaml:1:16: `overrides.a` would set a whole table; name a column, or write {set: ..., where: ...}",
    ),
    ("title: a\ntitle: b", "x.yaml:2:1: key `title` is already in line 1; delete one of them"),
    ("[1]", "x.yaml:1:1: a scenario is a mapping of keys to values, not a list; write `title: ...`"),
    (
        "title：甲",
        "x.yaml:1:1: a scenario is a mapping of keys to values, not the text 'title：甲'; "
        "write `title: ...`; the colon must be a half-width : with a space after it",
    ),
    ("extends: 3", "x.yaml:1:10: `extends` is 3; write a path, or a list of paths"),
    ("extends: [y.yaml, null]", "x.yaml:1:19: `extends` is empty (null); write a path, or a list of paths"),
    ("extends: y", "x.yaml:1:10: there is no file y; did you mean `y.yaml`?"),
    ("extends: yy.yaml", "x.yaml:1:10: there is no file yy.yaml; did you mean `y.yaml`?"),
    (
        "extends: sub/y.yaml",
        "x.yaml:1:10: there is no file sub/y.yaml; there is no folder sub either; correct the path",
    ),
    ("extends: x.yaml", "x.yaml:1:10: x.yaml extends itself (x.yaml -> x.yaml); delete one `extends`"),
    (
        "extends: z.yaml",
        "z.yaml:1:10: x.yaml extends itself (x.yaml -> z.yaml -> x.yaml); delete one `extends`",
    ),
    ("designs: 3", "x.yaml:1:10: `designs` is 3; write a mapping of names to partial scenarios"),
    ("designs: {a: }", "x.yaml:1:11: `designs.a` is empty (null); write what differs, or {} for nothing"),
    (
        "designs: {2030: {}}",
        "x.yaml:1:11: `designs.2030` cannot name a run; use letters, digits, . _ - (a number in quotes)",
    ),
    (
        "designs: {a b: {}}",
        "x.yaml:1:11: `designs.a b` cannot name a run; use letters, digits, . _ - (a number in quotes)",
    ),
    (
        "designs: {a: {name: b}}",
        "x.yaml:1:15: `name` cannot stand in a design; move it to the top of the file",
    ),
    (
        "designs: {a: {extends: y.yaml}}",
        "x.yaml:1:15: `extends` cannot stand in a design; move it to the top of the file",
    ),
    ("designs: {a: {time: {perods: 3}}}", "x.yaml:1:22: unknown key `time.perods`; did you mean `periods`?"),
    (
        "reference: a",
        "x.yaml:1:12: `reference` is the text 'a', which is no design of this file; "
        "write `designs`, or delete this line",
    ),
    (
        "reference: spo\ndesigns: {spot: {}}",
        "x.yaml:1:12: `reference` is the text 'spo', which is no design of this file; did you mean `spot`?",
    ),
    (
        "baseline: spo\ndesigns: {spot: {}}",
        "x.yaml:1:11: `baseline` is the text 'spo', which is no design of this file; did you mean `spot`?",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_with_a_file(write, text, message):
    write(x=text, y="{}", z="extends: x.yaml")
    assert problems("x.yaml") == [message.replace("{here}", os.getcwd())]


def test_all_problems_of_a_file_and_its_bases_in_order_and_once(write):
    write(
        base="time:\n  periods: 0\n",
        x="extends: [base.yaml, gone.yaml]\nsolver: {threads: 0}\n"
        "physical: {expand: yes}\noverrides: {a: 1}\ndesigns: {a: {markts: {}}, b: {}}\n",
    )
    assert [problem.split(": ")[0] for problem in problems("x.yaml")] == [
        "base.yaml:2:12",
        "x.yaml:1:22",
        "x.yaml:2:19",
        "x.yaml:3:20",
        "x.yaml:4:16",
        "x.yaml:5:15",
    ]


def test_the_whole_message_is_the_list_of_problems(write):
    write(x="time: {perods: 3, step_h: 5}")
    with pytest.raises(InputError) as error:
        load("x.yaml")
    assert str(error.value) == "\n".join(error.value.problems)
    assert len(error.value.problems) == 2


def test_files_that_cannot_be_read(write, tmp_path):
    write(reference="{}", sub__a="{}")
    (tmp_path / "gbk.yaml").write_bytes("a: 1\ntitle: 中文\n".encode("gbk"))
    (tmp_path / "cut.yaml").write_text("time: {periods: 8,")
    assert problems("refrence.yaml") == [
        "refrence.yaml: there is no file refrence.yaml; did you mean `reference.yaml`?"
    ]
    assert problems("sub") == ["sub: sub is a folder; name a file in it: a.yaml"]
    assert problems("gbk.yaml") == ["gbk.yaml:2:1: the text is not UTF-8 (GBK?); save the file as UTF-8"]
    assert problems("cut.yaml")[0].startswith("cut.yaml:1:19: broken YAML, ")
    assert "restore it" in problems("cut.yaml")[0]
    assert problems("a\0b") == ["a\0b: a\0b cannot be read (embedded null byte); make it a readable file"]


def test_a_file_without_permission(write, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    write(x="{}")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    remedy = "make it a readable file"
    assert problems("x.yaml") == [f"x.yaml: x.yaml cannot be read (Permission denied); {remedy}"]


def test_a_file_name_that_cannot_name_a_run(write, tmp_path):
    (tmp_path / "a b.yaml").write_text("title: A")
    assert problems("a b.yaml") == [
        "a b.yaml:1:1: 'a b' cannot name a run; rename the file with letters, digits, . _ -, or add `name`"
    ]
    (tmp_path / "a b.yaml").write_text("name: ab")
    assert load("a b.yaml").scenarios[0].name == "ab"


@pytest.mark.parametrize("cut", range(1, len(DESIGNS.strip()), 7))
def test_a_file_that_is_cut_off_is_read_or_refused_but_never_crashes(tmp_path, cut):
    file = tmp_path / "x.yaml"
    file.write_text(DESIGNS.strip()[:cut])
    said: list[str] = []
    try:
        load(file)
    except InputError as error:
        said = error.problems
    assert all(problem.startswith(f"{file}:") for problem in said)


# resolved


FULL = {
    "name": "full",
    "title": {"zh": "现货: 一"},
    "horizon": {"years": [2030], "discount_rate_share": 1e-05},
    "space": {"provinces": ["GD"]},
    "time": {"variant": "2023"},
    "markets": {
        "carbon": {"price": {2030: 50, 2040: 0.1}, "covered": ["coal", "yes"], "x": None, "y": "2030"}
    },
    "overrides": {"demand": [{"multiply": 1.1}, {"add": 1, "where": {"year": 2030}}], "a.b.c.2030": 3},
    "solver": {"threads": 2},
}


def test_the_resolved_document_makes_the_same_scenario(tmp_path):
    (full,) = load(FULL)
    assert load(resolved(full)).scenarios == (full,)
    file = tmp_path / "other.yaml"
    file.write_text(dump_yaml(full), "utf-8")
    assert load(file).scenarios == (full,)
    assert "现货" in dump_yaml(full)


def test_the_resolved_document_says_everything(write):
    write(ladder=DESIGNS)
    for scenario in load("ladder.yaml"):
        document = resolved(scenario)
        assert set(document) == set(Scenario.model_fields)
        assert set(document["physical"]) == set(type(scenario.physical).model_fields)
        assert load(document).scenarios == (scenario,)


def test_options_of_mechanisms_may_be_written_out():
    class Carbon(Options):
        price: float = Field(default=50.0, description="price [CNY/t]")
        covered: tuple[str, ...] = Field(default=("coal",), description="covered")

    (scenario,) = load({"markets": {"carbon": {}}})
    document = resolved(scenario, {"carbon": Carbon()})
    assert document["markets"] == {"carbon": {"price": 50.0, "covered": ["coal"]}}
    assert load(document).scenarios[0].markets == document["markets"]


MARKETS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aeyno~|>-'\"#:{}[]&*!%@`,?0123.+\n\t\\ 基", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["yes", "null", "2030"]) | st.integers(2000, 2100), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["carbon", "no", "1e3"]), MARKETS, max_size=2))
def test_any_markets_survive_yaml(tmp_path_factory, markets):
    (scenario,) = load({"markets": markets})
    file = tmp_path_factory.getbasetemp() / "markets.yaml"
    file.write_text(dump_yaml(scenario), "utf-8", newline="")
    assert load(file).scenarios == (scenario,)


def test_places_are_not_compared_and_scenarios_can_be_sent_to_other_processes(write):
    write(x="time: {periods: 8}")
    (x,) = load("x.yaml")
    assert x == Scenario(name="x")
    there = pickle.loads(pickle.dumps(x))
    assert there == x
    assert there.where.problem("no", "time", "periods") == "x.yaml:1:17: no"
