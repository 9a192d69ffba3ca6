"""Sensitivity: a linear model by hand, errors, failures that are listed, and a small one with real solves."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.errors import InputError
from picmodel.studies import tables
from picmodel.studies.sensitivity import filled, sense
from tests.studies.toy import ONE_PROVINCE, coal, hours, price

STUDY = """\
scenario: {file: region.yaml, designs: [planned, spot]}
samples: 6
seed: 7
parameters:
  coal:
    {low: 0.8, high: 1.2, reason: test,
     settings: {overrides: {fuel_prices.coal.price_cny_per_gj: {multiply: $value}}}}
  carbon:
    {unit: CNY/t, low: 50, high: 150, centre: 60, source: allowance_prices, designs: [spot],
     settings: {markets: {carbon: {price_cny_per_t: $value}}}}
answers:
  share: {indicator: renewable_share}
  cost: {indicator: peak_cost}
claims:
  cheaper: {answer: cost, from: planned, to: spot, change: relative, low: -50, high: -10}
  cleaner: {answer: share, from: planned, to: spot, change: points, low: 0, high: 20}
"""
#: cost = 100 coal - price + 100 h; share = 20 + 10 coal + price / 10 points.  h is 0.8 planned, 0 spot
ANSWERS = {
    "peak_cost": ("bn CNY", lambda s: 100 * coal(s) - price(s) + 100 * hours(s)),
    "renewable_share": ("share", lambda s: 0.2 + 0.1 * coal(s) + 1e-3 * price(s)),
}


def bars(found, target: str, design: str = "") -> pd.DataFrame:
    rows = found.tornado[(found.tornado["target"] == target) & (found.tornado["design"] == design)]
    return rows.set_index("parameter")


def test_a_linear_model_by_hand(write, toy, tmp_path):
    """Proves    parameters reach the designs that they name; ends, regression and claims are as by hand.

    System    planned: cost 100 c + 20, share 36 at c = 1; spot: cost 100 c - p, share 20 + 10 c + p / 10.
              c 0.8 to 1.2, centre 1; p 50 to 150, centre 60, in spot alone (planned keeps 60).
    By hand   centre: cost 120 and 40 (-66.7 %), share 36 and 36 (0 points).
              Share of spot moves by 4 points with c and by 10 with p, alone and by regression; the claimed
              change of it by 0 and 10, so p explains all of it.
              Cleaner holds wherever p > 60; that is in range up to 20 points, as p / 10 - 6 <= 9.
    Fails if  a parameter moves a design it should not, or centre and ends are counted with the sample.
    """
    toy(ANSWERS)
    found = sense(write(STUDY), tmp_path / "out")
    assert len(found.sample) == 1 + 4 + 6
    assert list(found.sample.columns) == ["run", "kind", "coal", "carbon"]
    claims = found.claims.set_index("claim")
    assert claims["centre"].to_dict() == pytest.approx({"cheaper": -200 / 3, "cleaner": 0.0})
    spot = bars(found, "share", "spot")
    assert spot["swing"].to_dict() == pytest.approx({"coal": 4.0, "carbon": 10.0})
    assert spot["effect"].to_dict() == pytest.approx({"coal": 4.0, "carbon": 10.0})
    assert spot["r2"].to_list() == pytest.approx([1.0, 1.0])
    assert spot["at_low"].to_dict() == pytest.approx({"coal": 34.0, "carbon": 35.0})
    change = bars(found, "cleaner")
    assert change["swing"].to_dict() == pytest.approx({"coal": 0.0, "carbon": 10.0})
    assert change["standardised"].to_dict() == pytest.approx({"coal": 0.0, "carbon": 1.0}, abs=1e-9)
    sampled = found.sample[found.sample["kind"] == "sample"]
    dear = (sampled["carbon"] > 60).mean()
    assert claims["sign_share"]["cleaner"] == pytest.approx(dear)
    assert claims["range_share"]["cleaner"] == pytest.approx(dear)
    assert claims["runs"].to_list() == [6, 6]


def test_changes_of_the_sample_by_hand(write, toy, tmp_path):
    """Every claimed change follows from the values of its run; the shares count them."""
    toy(ANSWERS)
    found = sense(write(STUDY), tmp_path / "out")
    value = found.changes.set_index(["run", "claim"])["value"]
    low, high = -50.0, -10.0
    inside = []
    for row in found.sample.itertuples(index=False):
        by_hand = 100 * ((100 * row.coal - row.carbon) / (100 * row.coal - 60 + 80) - 1)
        assert value[row.run, "cheaper"] == pytest.approx(by_hand, rel=1e-6)
        inside += [low <= by_hand <= high] * (row.kind == "sample")
    claims = found.claims.set_index("claim")
    assert claims["range_share"]["cheaper"] == pytest.approx(sum(inside) / 6)
    assert claims["sign_share"]["cheaper"] == 1.0


def test_every_table_is_a_file(write, toy, tmp_path):
    toy(ANSWERS)
    found = sense(write(STUDY), tmp_path / "out", samples=2)
    for name in ("sample", "answers", "changes", "claims", "tornado", "failures"):
        written = pd.read_csv(found.folder / f"{name}.csv")
        assert list(written.columns) == list(getattr(found, name).columns)
        assert len(written) == len(getattr(found, name))
    assert len(found.answers) == (1 + 4 + 2) * 2 * 2
    assert "2 samples of 2 parameters are too few" in found.notes[0]
    assert tables.claims(found).row_count == 2
    assert tables.tornado(found).row_count == 4


def test_failures_are_listed_and_not_counted(write, toy, tmp_path):
    """Runs with coal above 1.1 have no plan in spot: their claims are undefined, and the list names them."""
    toy(ANSWERS, infeasible=lambda s: coal(s) > 1.1 and hours(s) == 0)
    found = sense(write(STUDY), tmp_path / "out")
    sampled = found.sample[found.sample["kind"] == "sample"]
    lost = sampled[sampled["coal"] > 1.1]["run"].to_list()
    assert lost
    assert found.failures["run"].to_list() == ["high.coal", *lost]
    assert set(found.failures["design"]) == {"spot"}
    assert set(found.failures["error"]) == {"no plan"}
    assert found.claims["undefined"].to_list() == [len(lost)] * 2
    assert found.claims["runs"].to_list() == [6 - len(lost)] * 2
    assert any(f"{len(lost) + 1} of 22 runs failed" in note for note in found.notes)
    assert pd.isna(bars(found, "cheaper")["at_high"]["coal"])
    assert tables.tornado(found).row_count == 4


def test_overrides_of_a_parameter_follow_those_of_the_scenario(write, toy, tmp_path):
    """The scenario doubles the price of coal; a parameter scales what it says."""
    extra = "settings: {overrides: {fuel_prices.coal.price_cny_per_gj: {multiply: 2}}}\n"
    toy({"peak_cost": ("bn CNY", coal), "renewable_share": ("share", price)})
    found = sense(write(STUDY + extra), tmp_path / "out")
    row = bars(found, "cost", "planned").loc["coal"]
    assert (row["at_low"], row["centre"], row["at_high"]) == pytest.approx((1.6, 2.0, 2.4))


def test_designs_can_be_held_to_the_emissions_of_the_first(write, toy, tmp_path):
    def holds(s):
        return s.markets.get("emission_limits", {}).get("hold_emissions_of", "nobody") == "planned"

    toy({"peak_cost": ("bn CNY", lambda s: 1.0 + holds(s)), "renewable_share": ("share", price)})
    others = "others: {markets: {emission_limits: {hold_emissions_of: planned}}}\n"
    found = sense(write(STUDY + others), tmp_path / "out")
    cost = found.answers[found.answers["answer"] == "cost"].groupby("design")["value"].mean()
    assert cost.to_dict() == {"planned": 1.0, "spot": 2.0}


# -- what is refused


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("low: 0.8, high: 1.2", "low: 1.2, high: 0.8", ["study.yaml:6:", "1.2 is not below", "swap them"]),
        ("centre: 60", "centre: 40", ["study.yaml:9:", "40 is outside 50 to 150"]),
        ("source: allowance_prices", "source: allowance_price", ["study.yaml:9:", "`allowance_prices`?"]),
        ("reason: test,\n", "\n", ["study.yaml:6:", "needs a `source` or a `reason`"]),
        ("low: 0.8", "scale: log, low: 0", ["equal ratios need a low end above 0"]),
        (
            "designs: [spot]",
            "designs: [sport]",
            ["study.yaml:9:", "`sport` is not in `scenario.designs`", "`spot`?"],
        ),
        (
            "designs: [planned, spot]",
            "designs: [planned, spot, sport]",
            ["`sport` is no design of", "`spot`?"],
        ),
        ("multiply: $value", "multiply: 2", ["study.yaml:7:", "`settings` of coal never use the value"]),
        (
            "multiply: $value",
            "multiply: $values",
            ["study.yaml:7:", "'$values' is neither $value nor a power"],
        ),
        (
            "fuel_prices.coal",
            "fuel_price.coal",
            ["study.yaml:7:", "no table is called fuel_price", "`fuel_prices`?"],
        ),
        ("fuel_prices.coal", "fuel_prices.cole", ["study.yaml:7:", "no row has fuel=cole"]),
        ("price_cny_per_t", "prize_cny_per_t", ["study.yaml:10:", "prize_cny_per_t", "`price_cny_per_t`?"]),
        ("answer: cost", "answer: costs", ["study.yaml:15:", "`costs` is not in `answers`", "`cost`?"]),
        ("low: -50, high: -10", "low: -10, high: -50", ["study.yaml:15:", "-10 is above", "swap them"]),
        ("low: -50, high: -10", "low: -10, high: 5", ["study.yaml:15:", "has no sign"]),
        ("samples: 6", "samples: many", ["study.yaml:2:", "`samples`", "whole number"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place_before_any_run(write, toy, tmp_path, old, new, expected):
    stand_in = toy(ANSWERS)
    assert old in STUDY
    with pytest.raises(InputError) as error:
        sense(write(STUDY.replace(old, new)), tmp_path / "out")
    for words in expected:
        assert words in str(error.value)
    assert stand_in.solved == []


def test_values_and_their_powers_stand_where_the_settings_say():
    from picmodel.scenario.source import read_mapping

    node = read_mapping({"a": "$value", "b": [{"c": "$value^2"}, "$other"], "d": "$value^-0.5", "e": 3}, "x")[
        0
    ]
    assert filled(node, 4.0).plain() == {"a": 4.0, "b": [{"c": 16.0}, "$other"], "d": 0.5, "e": 3}


# -- solved


def test_a_region_is_solved_at_both_ends_of_the_price_of_coal(write, tmp_path):
    """Proves    the whole way from a study file to its tables, with real solves: dear coal costs more."""
    text = STUDY[: STUDY.index("  carbon:")] + STUDY[STUDY.index("answers:") : STUDY.index("claims:")]
    text = text.replace("designs: [planned, spot]", "designs: [planned]").replace("samples: 6", "samples: 0")
    path = write(text.replace("renewable_share}", "renewable_share, year: 2030}") + ONE_PROVINCE)
    found = sense(path, tmp_path / "out", jobs=1)
    row = bars(found, "cost", "planned").loc["coal"]
    assert row["at_low"] < row["centre"] < row["at_high"]
    assert found.failures.empty
    told: list[tuple[int, int, str]] = []
    again = sense(path, tmp_path / "out", jobs=1, progress=lambda *count: told.append(count))
    assert told == [(3, 3, "")]  # nothing has changed, nothing is solved
    pd.testing.assert_frame_equal(again.tornado, found.tornado)
