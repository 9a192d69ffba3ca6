"""The models: numbers by year, options of mechanisms, and the JSON Schema."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, model_validator

from picmodel.errors import InputError
from picmodel.scenario.check import Options, validate_options, wrong
from picmodel.scenario.json_schema import json_schema
from picmodel.scenario.schema import (
    ByYear,
    ByYearOf,
    Horizon,
    Scenario,
    at_years,
    outside_horizon,
)
from picmodel.scenario.source import Where, read_text

YEARS = st.integers(2000, 2100)
NUMBERS = st.floats(-1e6, 1e6)
MAPS = st.dictionaries(YEARS, NUMBERS, min_size=1, max_size=6)


class Band(Options):
    floor: float = Field(default=0.0, ge=0.0, description="lowest price [CNY/t]")


class Carbon(Options):
    instrument: Literal["price", "cap", "benchmark"] = Field(description="kind of market")
    price: ByYear = Field(default=50.0, description="price [CNY/t]")
    auction_share: ByYearOf[Annotated[float, Field(ge=0, le=1)]] = Field(default=0.0, description="auctioned")
    bands: dict[str, Band] = Field(default={}, description="price bands")
    limit: int | str = Field(default=3, description="limit")
    covered: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=2)] = ("coal",)

    @model_validator(mode="after")
    def _cap_needs_no_price(self):
        if self.instrument == "cap" and "price" in self.model_fields_set:
            wrong("a cap makes its own price; delete it", "price")
        return self


def messages(yaml, model=Carbon, path=("carbon",)):
    """Problems of the part of a document below ``path``."""
    node, problems = read_text(yaml, "x.yaml")
    assert node is not None
    assert problems == []
    where = Where(node).at(*path)
    with pytest.raises(InputError) as error:
        validate_options(model, where.node.plain(), where)
    return error.value.problems


def test_options_of_a_mechanism():
    options = validate_options(Carbon, {"instrument": "cap", "auction_share": {2030: 1}, "covered": ["gas"]})
    assert (options.auction_share, options.covered, options.price) == ({2030: 1.0}, ("gas",), 50.0)


WRONG = [
    ("carbon: {}", "x.yaml:1:9: `carbon.instrument` is missing; add it; expected: kind of market"),
    ("carbon: true", "x.yaml:1:9: `carbon` is true; write a mapping"),
    ("carbon:", "x.yaml:1:1: `carbon` is empty (null); write a mapping, or delete the key"),
    (
        "carbon: {instrument: caps}",
        "x.yaml:1:22: `carbon.instrument` is the text 'caps'; did you mean `cap`?",
    ),
    (
        "carbon: {instrument: x}",
        "x.yaml:1:22: `carbon.instrument` is the text 'x'; write one of price, cap, benchmark",
    ),
    (
        "carbon: {instrument: price, prise: 3}",
        "x.yaml:1:29: unknown key `carbon.prise`; did you mean `price`?",
    ),
    (
        "carbon: {instrument: price, bands: {a: {flor: 3}}}",
        "x.yaml:1:41: unknown key `carbon.bands.a.flor`; did you mean `floor`?",
    ),
    (
        "carbon: {instrument: price, floor: 3}",
        "x.yaml:1:29: unknown key `carbon.floor`; did you mean `bands.floor`?",
    ),
    (
        "carbon: {instrument: price, price: 120 CNY/t}",
        "x.yaml:1:36: `carbon.price` is the text '120 CNY/t'; write a number, "
        "or one for each of several years ({2025: ..., 2030: ...})",
    ),
    (
        "carbon: {instrument: price, price: {2030: x}}",
        "x.yaml:1:43: `carbon.price.2030` is the text 'x'; write a number",
    ),
    (
        "carbon: {instrument: price, price: {230: 5}}",
        "x.yaml:1:37: key `230` of `carbon.price` cannot stand there; write at least 2000",
    ),
    (
        "carbon: {instrument: price, price: {y2030: 5}}",
        "x.yaml:1:37: key `y2030` of `carbon.price` cannot stand there; write a whole number",
    ),
    ("carbon: {instrument: price, price: {}}", "x.yaml:1:36: `carbon.price` has 0 entries; write at least 1"),
    (
        "carbon: {instrument: price, auction_share: {2030: 5}}",
        "x.yaml:1:51: `carbon.auction_share.2030` is 5, above 1; write at most 1 (5 % is 0.05)",
    ),
    (
        "carbon: {instrument: price, bands: {a: {floor: -1}}}",
        "x.yaml:1:48: `carbon.bands.a.floor` is -1, below 0; write at least 0",
    ),
    (
        "carbon: {instrument: price, limit: 1.5}",
        "x.yaml:1:36: `carbon.limit` is 1.5; write a whole number or a text "
        "(quote it if it looks like a number)",
    ),
    (
        "carbon: {instrument: price, covered: []}",
        "x.yaml:1:38: `carbon.covered` has 0 entries; write at least 1",
    ),
    (
        "carbon: {instrument: price, covered: [a, b, c]}",
        "x.yaml:1:38: `carbon.covered` has 3 entries; write at most 2",
    ),
    (
        "carbon: {instrument: price, covered: [3]}",
        "x.yaml:1:39: `carbon.covered.0` is 3; write a text (quote it if it looks like a number)",
    ),
    (
        "carbon: {instrument: cap, price: 3}",
        "x.yaml:1:34: `carbon.price`: a cap makes its own price; delete it",
    ),
]


@pytest.mark.parametrize(("yaml", "message"), WRONG)
def test_what_is_wrong_with_options_and_where(yaml, message):
    assert messages(yaml) == [message]


def test_all_problems_are_reported_in_order_of_place():
    found = messages("carbon:\n  limit: 1.5\n  instrument: x\n  prise: 3\n")
    assert [problem.split(": ")[0] for problem in found] == ["x.yaml:2:10", "x.yaml:3:15", "x.yaml:4:3"]


def test_foreign_value_errors_are_shown():
    class Even(BaseModel):
        n: Annotated[int, Field(multiple_of=2)] = 2
        m: int = 0

        @model_validator(mode="after")
        def _positive(self):
            if self.m < 0:
                raise ValueError("write a positive number")
            return self

    assert messages("n: 3", Even, ()) == ["x.yaml:1:4: `n` is 3; input should be a multiple of 2"]
    assert messages("m: -3", Even, ()) == ["x.yaml:1:1: the document is a mapping; write a positive number"]


def test_without_places_messages_name_the_key():
    with pytest.raises(InputError, match=r"^<options>: unknown key `prise`; did you mean `price`\?$"):
        validate_options(Carbon, {"instrument": "price", "prise": 3})


@given(NUMBERS, st.lists(YEARS))
def test_a_number_means_every_year(number, years):
    assert at_years(number, years) == dict.fromkeys(years, number)


def test_between_years_linear_outside_constant():
    known = {2035: 100.0, 2025: 50.0}  # in any order
    assert at_years(known, (2020, 2025, 2030, 2035, 2060)) == {
        2020: 50.0,
        2025: 50.0,
        2030: 75.0,
        2035: 100.0,
        2060: 100.0,
    }


def test_a_mapping_without_years_has_no_values():
    with pytest.raises(ValueError, match="needs at least one year"):
        at_years({}, (2030,))


@given(MAPS, YEARS)
def test_values_stay_within_those_of_the_neighbouring_years(known, year):
    value = at_years(known, [year])[year]
    below = [y for y in known if y <= year] or [min(known)]
    above = [y for y in known if y >= year] or [max(known)]
    ends = known[max(below)], known[min(above)]
    assert min(ends) - 1e-6 <= value <= max(ends) + 1e-6
    if year in known:
        assert value == known[year]


@given(MAPS, st.lists(YEARS, min_size=1))
def test_years_that_lie_on_the_line_change_nothing(known, years):
    more = known | {year: at_years(known, [year])[year] for year in years}
    for year, value in at_years(known, range(2000, 2101)).items():
        assert at_years(more, [year])[year] == pytest.approx(value, abs=1e-6)


def test_years_outside_the_horizon():
    node, _ = read_text("price: {2020: 1, 2023: 1, 2039: 1,\n  2040: 2}", "x.yaml")
    assert node is not None
    where = Where(node).at("price")
    horizon = Horizon(years=(2025, 2035), last_span=5)
    remedy = "is outside the horizon; write years from 2023 to 2039"
    assert outside_horizon(where.node.plain(), horizon, where) == [
        f"x.yaml:1:9: `price.2020` {remedy}",
        f"x.yaml:2:3: `price.2040` {remedy}",
    ]
    assert outside_horizon(3.0, horizon, where) == []


def _models(model):
    """A model and those of its sections."""
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _models(field.annotation)


def test_every_option_of_a_scenario_has_a_meaning_and_a_default():
    options = [field for model in _models(Scenario) for field in model.model_fields.items()]
    assert len(options) > 40
    for name, field in options:
        assert field.description, name
        assert not field.is_required(), name


def test_defaults_are_valid():
    assert Scenario.model_validate({}) == Scenario()
    for model in _models(Scenario):
        fields = {name: field.default for name, field in model.model_fields.items()}
        assert model(**fields) == model()


def test_schema_describes_a_file_with_units_ranges_and_defaults():
    schema = json.loads(json.dumps(json_schema()))
    assert {"extends", "designs", "reference", "name", "horizon", "markets"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    periods = schema["$defs"]["Time"]["properties"]["periods"]
    assert periods["description"] == "typical days; 365 is the full year; 1 to 365; default 8"
    assert (periods["minimum"], periods["maximum"]) == (1, 365)
    assert schema["$defs"]["Design"]["properties"]["time"] == schema["properties"]["time"]
    assert "name" not in schema["$defs"]["Design"]["properties"]
    assert {"type": "string"} in schema["properties"]["title"]["anyOf"]
    assert schema["properties"]["markets"]["additionalProperties"] is True


def test_schema_takes_the_options_of_mechanisms():
    schema = json_schema({"carbon": Carbon})
    markets = schema["properties"]["markets"]
    assert markets["additionalProperties"] is False
    assert markets["properties"] == {"carbon": {"anyOf": [{"$ref": "#/$defs/Carbon"}, {"type": "null"}]}}
    assert schema["$defs"]["Carbon"]["properties"]["instrument"]["enum"] == ["price", "cap", "benchmark"]
    assert "Band" in schema["$defs"]
