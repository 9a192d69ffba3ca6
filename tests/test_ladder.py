"""The ladder: verdicts by hand, what is compared with what, what is run again, a page in step."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import pic2022
from pic2022_page.hours import hourly_reading
from pic2022_page.sentences import Numbers, flooded, reading
from picmodel import driver, ladder
from picmodel.driver.provenance import PARTS, key_of
from picmodel.errors import InputError
from picmodel.ladder.claims import (
    CORE,
    TABLE,
    Claim,
    Claims,
    Values,
    counted,
    findings,
    hangs_on,
    read_claims,
    verdict,
)
from picmodel.ladder.runs import read_table, run_missing, settings_of, write_table

ROOT = Path(__file__).resolve().parents[1]
FUEL = "fuel_and_variable_om"
SHIPPED = ROOT / "scenarios" / "pic2022" / "claims.toml"


def claim(low: float = 2.3, high: float = 14.5, sign: int = 1, unit: str = "%", **reading) -> Claim:
    one = {"name": "r", "title": "r", "indicator": "project_irr", "from": "a", "to": "b", **reading}
    return Claim.model_validate(
        dict(
            name="c",
            title="c",
            quote="",
            low=low,
            high=high,
            rounding=0.05,
            sign=sign,
            unit=unit,
            readings=[one],
        )
    )


def values(*rows: tuple) -> Values:
    """Rows design, indicator, year, value of the setting `s`."""
    full = [("s", design, indicator, "all", year, value, "") for design, indicator, year, value in rows]
    return Values(pd.DataFrame(full, columns=TABLE))


def only(found: pd.DataFrame) -> pd.Series:
    assert len(found) == 1
    return found.iloc[0]


# -- verdicts


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (2.3, "within"),
        (14.5, "within"),
        (2.26, "within"),  # prints as 2.3
        (14.54, "within"),
        (2.2, "below"),
        (14.6, "above"),
        (0.0, "below"),
        (-0.04, "below"),  # prints as nothing: no direction
        (-0.06, "opposite"),
        (float("nan"), "undefined"),
        (None, "undefined"),
    ],
)
def test_verdict_of_a_rise(change, expected):
    """Claimed: up by 2.3 to 14.5."""
    assert verdict(change, claim()) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [(-2.0, "within"), (-1.0, "below"), (-3.0, "above"), (0.5, "opposite"), (0.0, "below")],
)
def test_verdict_of_a_fall(change, expected):
    """Claimed: down by 1.7 to 2.9; a larger fall is above."""
    assert verdict(change, claim(1.7, 2.9, sign=-1)) == expected


# -- findings


def test_relative_and_points_are_judged_apart():
    """
    Proves: a return of 8 % that becomes 9 % rises by 12.5 % and by 1 point.
    By hand: 100 (9/8 - 1) = 12.5, within 2.3 to 14.5; 9 - 8 = 1, below 2.3.
    Fails if: the two readings are mixed up.
    """
    said = Claims(years=(2030,), claims=(claim(),), variants={})
    row = only(findings(values(("a", "project_irr", 0, 8.0), ("b", "project_irr", 0, 9.0)), said))
    assert (row.relative, row.points) == (pytest.approx(12.5), pytest.approx(1.0))
    assert (row.verdict_relative, row.verdict_points) == ("within", "below")


def test_shares_are_compared_by_year_and_in_percent():
    """By hand: 0.40 to 0.48 in 2030 is 8 points, 20 %; 2035 has no number and says so."""
    one = claim(20, 20, indicator="renewable_share")
    said = Claims(years=(2030, 2035), claims=(one,), variants={})
    found = findings(values(("a", "renewable_share", 2030, 0.40), ("b", "renewable_share", 2030, 0.48)), said)
    assert list(found["year"]) == [2030, 2035]
    assert found["points"].iloc[0] == pytest.approx(8.0)
    assert list(found["verdict_relative"]) == ["within", "undefined"]
    assert found["why"].iloc[1] == "a: no such number"


def test_an_increment_is_over_the_run_without_policy():
    """By hand: 110 and 109 over 100 are 10 and 9, a fall of 10 %; a cost has no points."""
    one = claim(1.7, 2.9, sign=-1, unit="bn CNY", indicator="peak_cost", over="n")
    said = Claims(years=(), claims=(one,), variants={})
    rows = [("n", "peak_cost", 0, 100.0), ("a", "peak_cost", 0, 110.0), ("b", "peak_cost", 0, 109.0)]
    priced = values(*rows)
    row = only(findings(Values(priced.table.assign(unit="bn CNY")), said))
    assert (row.before, row.after, row.unit) == (10.0, 9.0, "bn CNY")
    assert row.relative == pytest.approx(-10.0)
    assert (row.verdict_relative, row.verdict_points) == ("above", "")


@pytest.mark.parametrize("before", [100.05, 99.0])
def test_no_increment_to_speak_of_is_undefined(before):
    """By hand: 0.05 of 100.05 is below 0.1 % of the total; 99 is less than nothing costs."""
    one = claim(1.7, 2.9, sign=-1, unit="bn CNY", indicator="peak_cost", over="n")
    said = Claims(years=(), claims=(one,), variants={})
    rows = [("n", "peak_cost", 0, 100.0), ("a", "peak_cost", 0, before), ("b", "peak_cost", 0, 99.5)]
    row = only(findings(values(*rows), said))
    assert row.verdict_relative == "undefined"
    assert "no increment" in row.why


def test_a_run_or_indicator_that_is_not_there_is_named():
    said = Claims(years=(), claims=(claim(),), variants={})
    row = only(findings(values(("a", "project_irr", 0, 8.0)), said))
    assert (row.verdict_relative, row.why) == ("undefined", "b: not computed")


def test_a_variant_takes_its_own_rungs_where_it_has_them():
    """
    By hand: core 8 to 9 is +12.5 %; `b_x` against `a` is 8 to 10, +25 %; `y` has no rung b and says nothing;
    `z` has both: 10 to 9 is -10 %.
    """
    said = Claims(years=(), claims=(claim(),), variants={"x": "X", "y": "Y", "z": "Z"})
    rows = {"a": 8.0, "b": 9.0, "b_x": 10.0, "a_y": 1.0, "a_z": 10.0, "b_z": 9.0}
    found = findings(values(*((d, "project_irr", 0, v) for d, v in rows.items())), said)
    assert list(found["variant"]) == [CORE, "x", "z"]
    assert list(found["from"]) == ["a", "a", "a_z"]
    assert list(found["relative"]) == pytest.approx([12.5, 25.0, -10.0])
    assert hangs_on(found, said.variants) == "Z: -10.0 %; X: +25.0 %"
    assert counted(list(found["verdict_relative"])) == "1 within, 1 above, 1 opposite"


# -- claims


def test_shipped_claims_are_those_of_the_paper():
    said = read_claims(SHIPPED)
    assert [(c.low, c.high, c.sign) for c in said.claims] == [(20, 20, 1), (1.7, 2.9, -1), (2.3, 14.5, 1)]
    assert all(sum(r.main for r in c.readings) == 1 for c in said.claims)
    assert all(len({r.name for r in c.readings}) == len(c.readings) for c in said.claims)


def test_every_design_that_claims_name_is_shipped():
    """In both settings, so that no reading is empty for a misspelt name."""
    files = sorted((ROOT / "scenarios" / "pic2022").glob("*.yaml"))
    for prefix in ("today", "as_of_2020"):
        mine = [
            f for f in files if f.name.startswith(prefix) or (prefix == "today" and f.name == "ladder.yaml")
        ]
        names = {s.name.removeprefix(f"{prefix}-") for s in driver.collect(mine)[0]}
        for one in read_claims(SHIPPED).claims:
            for found in one.readings:
                assert {found.before, found.after, found.over or "separate"} <= names


def test_bad_claims_are_told(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text("years = [2030]\nclaims = []\n", "utf-8")
    with pytest.raises(InputError, match="variants"):
        read_claims(path)
    with pytest.raises(InputError, match="--claims"):
        read_claims(tmp_path / "none.toml")


# -- runs

SMALL = """
horizon: {years: [2030], last_span: 5}
space: {provinces: [NM]}
time: {periods: 1, extremes: 0, step_h: 6}
name: small
reference: separate
baseline: no_policy
designs:
  no_policy: {}
  separate: {markets: {carbon: {instrument: price, price_cny_per_t: 80}}}
  ccer:
    markets:
      carbon: {instrument: price, price_cny_per_t: 80}
      emission_limits: {hold_emissions_of: separate}
"""


@pytest.fixture
def small(tmp_path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, "utf-8")
    return path


def test_only_what_is_missing_is_run(small, tmp_path):
    """
    Proves: a second call solves nothing; a run of another program is missing, unless `keep`; what is
    missing is found again by the whole command, and what uses it stays where it is the same run.
    """
    solved: list[str] = []
    out = tmp_path / "out"

    def report(name: str, stage: str) -> None:
        solved.extend([name.removeprefix("small-")] if stage == "build" else [])

    def call(keep: bool = False) -> set[str]:
        solved.clear()
        whole = settings_of([small])["small"]
        assert not run_missing(whole, out, 1, report, keep)
        return set(solved)

    assert call() == {"no_policy", "separate", "ccer"}
    assert call() == set()
    manifest = out / "small-ccer" / "manifest.json"
    other = {**json.loads(manifest.read_text("utf-8")), "program": "another"}
    other["key"] = key_of({part: other[part] for part in PARTS})
    manifest.write_text(json.dumps(other), "utf-8")
    assert call(keep=True) == set()
    (out / "small-separate" / "manifest.json").unlink()

    solved.clear()
    climbed = ladder.climb([small], out, SHIPPED, report, 1)
    assert climbed.failed is None
    assert set(solved) == {"separate", "ccer"}
    share = climbed.findings[(climbed.findings["claim"] == "share") & (climbed.findings["year"] == 2030)]
    main = only(share[share["main"]])
    assert main["why"] == ""
    assert main["before"] == pytest.approx(main["after"] - main["points"])
    rows = json.loads(json.dumps(ladder.as_json(climbed.findings)))
    assert any(row["why"] == "unified_held: not computed" for row in rows)
    assert len(ladder.as_tables(climbed.findings, climbed.claims)) == 3
    again = tmp_path / "table.csv"
    write_table(climbed.table, again)
    assert list(read_table(again).columns) == TABLE


def test_a_ladder_needs_designs_and_a_rung_to_compare_with(tmp_path):
    path = tmp_path / "plain.yaml"
    path.write_text("space: {provinces: [BJ]}\n", "utf-8")
    with pytest.raises(InputError, match="designs"):
        settings_of([path])
    path.write_text("space: {provinces: [BJ]}\ndesigns: {a: {}}\n", "utf-8")
    with pytest.raises(InputError, match="`separate`"):
        settings_of([path])


# -- the page


def test_the_page_is_what_its_table_says():
    """`python docs/pic2022.py` makes it again, without a solve."""
    made = pic2022.page(Values(read_table(pic2022.TABLE)), read_claims(SHIPPED))
    assert made == pic2022.PAGE.read_text("utf-8")


def test_every_figure_of_the_page_is_there():
    for name in ("share", "cost", "return"):
        assert f"figures/pic2022_{name}.svg" in pic2022.PAGE.read_text("utf-8")
        assert (pic2022.FIGURES / f"pic2022_{name}.svg").is_file()


def test_sentences_are_only_written_where_numbers_bear_them():
    """
    By hand: a price of 80 that falls to 0 with the link is a flood, and one that stays is none.
    """
    rows = [
        ("separate", "allowance_price", 2030, 80.0),
        ("separate", "emissions", 2030, 100.0),
        ("unified", "emissions", 2030, 105.0),
    ]
    fell = Numbers(values(*rows, ("unified", "allowance_price", 2030, 0.0)), "s")
    stayed = Numbers(values(*rows, ("unified", "allowance_price", 2030, 80.0)), "s")
    assert "80 CNY/t in 2030" in flooded(fell)
    assert "5 Mt in 2030" in flooded(fell)
    assert flooded(stayed) == ""
    assert reading(values(("separate", "emissions", 2030, 1.0)), "s") == []


def test_hours_are_read_as_they_are():
    """By hand  2,000 GWh go unserved on the first rung, 1,500 of them while it exports; the share grows by 1
    point in the plan, by 0.5 over all hours."""
    rows = [
        ("s-separate", "unserved_energy", 0.0, 2000.0),
        ("s-separate", "unserved_while_exporting", 0.0, 1500.0),
        ("s-separate", "renewable_share", 0.5, 0.49),
        ("s-reform", "renewable_share", 0.51, 0.495),
        *((name, what, 10.0, 10.0) for name in ("s-separate", "s-reform") for what in ("emissions", FUEL)),
    ]
    found = pd.DataFrame(rows, columns=["scenario", "indicator", "plan", "hourly"]).assign(technology="all")
    short, step = hourly_reading(found, {"s-separate": "1", "s-reform": "4"})
    assert short.startswith("**2.0 TWh go unserved on rung 1**, 75 % of it while flat contracts")
    assert "on rung 4, without such contracts, none" in short
    assert "+1.00 in the plans' days and +0.50 points over all hours, emissions by 0 in" in step
