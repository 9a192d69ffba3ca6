"""How a scenario writes overrides, and how they are written back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picmodel.scenario.overrides import Override, document, flatten, parse
from picmodel.scenario.source import read_mapping, read_text


def parsed(yaml):
    node, problems = read_text(yaml, "x.yaml")
    assert node is not None
    flat, more = flatten(node)
    found, wrong = parse(flat)
    return found, [str(problem) for problem in (*problems, *more, *wrong)]


SOLAR = Override("technology_costs", ("solar",), "capex_cny_per_kw", 2030, "set", 2400.0)
READ = [
    ("technology_costs.solar.capex_cny_per_kw.2030: 2400", (SOLAR,)),
    ("technology_costs: {solar: {capex_cny_per_kw: {2030: 2400}}}", (SOLAR,)),
    ("technology_costs.solar: {capex_cny_per_kw.2030: {set: 2400}}", (SOLAR,)),
    (
        "technology_costs.solar.2030.capex_cny_per_kw: 2400",
        (Override("technology_costs", ("solar", "2030"), "capex_cny_per_kw", value=2400.0),),
    ),
    (
        "full_load_hours.GD.solar.available_h.0: 1300",
        (Override("full_load_hours", ("GD", "solar"), "available_h", 0, value=1300.0),),
    ),
    (
        "demand: {multiply: 1.05, where: {province: [GD, JS], year: 2030}}",
        (
            Override(
                "demand", (), "", None, "multiply", 1.05, (("province", ("GD", "JS")), ("year", (2030,)))
            ),
        ),
    ),
    (
        "corridors.BJ-TJ.loss_share: [{add: 0.01}, {multiply: 2}]",
        (
            Override("corridors", ("BJ-TJ",), "loss_share", None, "add", 0.01),
            Override("corridors", ("BJ-TJ",), "loss_share", None, "multiply", 2.0),
        ),
    ),
]


@pytest.mark.parametrize(("yaml", "overrides"), READ)
def test_forms_of_an_override(yaml, overrides):
    assert parsed(yaml) == (overrides, [])


WRONG = [
    (
        "a.b: x",
        "x.yaml:1:6: `overrides.a.b` is the text 'x'; write a number, or a mapping such as {multiply: 1.1}",
    ),
    (
        "a.b: true",
        "x.yaml:1:6: `overrides.a.b` is true; write a number, or a mapping such as {multiply: 1.1}",
    ),
    ("a.b: [3]", "x.yaml:1:7: `overrides.a.b` is 3; write mappings such as {multiply: 1.1} in a list"),
    (
        "a: 3",
        "x.yaml:1:4: `overrides.a` would set a whole table; name a column, or write {set: ..., where: ...}",
    ),
    ("a..b: 3", "x.yaml:1:1: `overrides.a..b` has an empty part; write table.key.column"),
    ("a: {b: 3}\na.b: 4", "x.yaml:2:1: `a.b` is already in line 1; delete one of them"),
    ("a: {multiply: 1, wher: 3}", "x.yaml:1:18: unknown key `wher` in `overrides.a`; did you mean `where`?"),
    (
        "a: {multiply: 1, add: 3}",
        "x.yaml:1:4: `overrides.a` has multiply and add; write one of set, multiply, add",
    ),
    ("a: {where: {b: 1}}", "x.yaml:1:4: `overrides.a` has no operation; write one of set, multiply, add"),
    ("a: {add: x}", "x.yaml:1:10: `add` of `overrides.a` is the text 'x'; write a number"),
    (
        "a: {add: 1, where: 3}",
        "x.yaml:1:20: `where` of `overrides.a` is 3; write a mapping such as {province: [GD, JS]}",
    ),
    (
        "a: {add: 1, where: {b: []}}",
        "x.yaml:1:24: `where.b` of `overrides.a` is a list; write a value or a list of values",
    ),
    (
        "a: {add: 1, where: {b: [{}]}}",
        "x.yaml:1:24: `where.b` of `overrides.a` is a list; write a value or a list of values",
    ),
    ("[1]", "x.yaml:1:1: `overrides` is a list; write a mapping of paths to numbers"),
]


@pytest.mark.parametrize(("yaml", "message"), WRONG)
def test_what_is_wrong_with_an_override(yaml, message):
    assert parsed(yaml)[1] == [message]


def test_the_place_is_kept_but_not_compared():
    (override,), _ = parsed("a.b: 3")
    assert str(override.place) == "x.yaml:1:1"
    assert override == Override("a", (), "b", value=3.0)


WORDS = st.sampled_from(["solar", "GD", "capex", "h08", "BJ-TJ"])
VALUES = st.lists(WORDS | st.integers(0, 9), min_size=1, max_size=2).map(tuple)
OVERRIDES = st.builds(
    Override,
    table=WORDS,
    keys=st.lists(WORDS | st.just("2030"), max_size=2).map(tuple),
    column=WORDS,
    year=st.none() | st.integers(0, 2100),
    operation=st.sampled_from(["set", "multiply", "add"]),
    value=st.floats(-1e6, 1e6),
    where=st.dictionaries(WORDS, VALUES, max_size=2).map(lambda conditions: tuple(conditions.items())),
)


@given(st.lists(OVERRIDES, max_size=4, unique_by=lambda override: override.path))
def test_what_is_written_reads_the_same(overrides):
    node, _ = read_mapping(document(overrides), "x")
    flat, problems = flatten(node)
    assert problems == []
    assert parse(flat) == (tuple(overrides), [])
