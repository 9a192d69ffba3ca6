"""Tables of studies as Markdown: from frames written by hand."""

from __future__ import annotations

import pandas as pd

from picmodel.scenario.check import validate_options
from picmodel.studies import markdown
from picmodel.studies.files import Attribution, Sensitivity

ATTRIBUTION = validate_options(
    Attribution,
    {
        "scenario": {"file": "a.yaml", "design": "first"},
        "players": {
            "hours": {"title": {"en": "Hours end"}, "settings": {"markets": {}}},
            "pay": {"settings": {"markets": {}}},
        },
        "answers": {"cost": {"indicator": "peak_cost"}},
    },
)
SENSITIVITY = validate_options(
    Sensitivity,
    {
        "scenario": {"file": "a.yaml", "designs": ["first", "last"]},
        "samples": 4,
        "parameters": {
            name: {
                "low": 0.5,
                "high": 2.0,
                "reason": "a guess",
                "settings": {"solver": {"threads": "$value"}},
            }
            for name in ("coal", "sun", "wind")
        },
        "answers": {"cost": {"indicator": "peak_cost"}},
        "claims": {
            "less": {
                "answer": "cost",
                "from": "first",
                "to": "last",
                "change": "relative",
                "low": -3,
                "high": -1,
            }
        },
    },
)


def effect(player: str, value: float, share: float) -> dict:
    amounts = dict(shapley=value, share_of_total=share, least=value - 1, most=value + 1)
    return dict(answer="cost", indicator="peak_cost", unit="bn CNY", player=player, **amounts)


def test_attribution_names_players_and_their_range():
    """
    By hand: -30 of -40 is 75 %, between -31 and -29; the player without a title has its name.
    """
    rows = [effect("hours", -30.0, 0.75), effect("pay", -10.0, 0.25), effect("total", -40.0, 1.0)]
    text = markdown.attribution(pd.DataFrame(rows), ATTRIBUTION)
    assert "| mechanism | cost, bn CNY |" in text
    assert "| Hours end | -30 (75 %); -31 to -29 |" in text
    assert "| pay | -10 (25 %); -11 to -9 |" in text
    assert "| **all together** | **-40** |" in text


def test_claims_say_how_often_they_hold():
    row = dict(
        claim="less", change="relative", claimed_low=-3.0, claimed_high=-1.0, centre=-0.5, median=-0.75
    )
    row |= dict(p5=-2.0, p95=float("nan"), sign_share=1.0, range_share=0.25, runs=4, undefined=1)
    text = markdown.claims(pd.DataFrame([row]), SENSITIVITY)
    assert "| less, % | -3 to -1 | -0.5 | -0.75 (-2 to –) | 100 % | 25 % | 4 (1) |" in text


def test_a_tornado_has_its_longest_bars_first():
    """
    By hand: swings 1, -4 and 2: sun, wind, coal; the rows of a design are no bars of the claim.
    """
    base = dict(target="less", design=float("nan"), low=0.5, high=2.0, centre=0.0, effect=0.0)
    rows = [
        base | dict(parameter=p, at_low=0.0, at_high=swing, swing=swing)
        for p, swing in (("coal", 1.0), ("sun", -4.0), ("wind", 2.0))
    ]
    rows.append(base | dict(parameter="coal", design="first", at_low=0.0, at_high=9.0, swing=9.0))
    found = pd.DataFrame(rows)
    assert list(markdown.largest(found, "less", 2)["parameter"]) == ["sun", "wind"]
    lines = markdown.tornado(found, SENSITIVITY).splitlines()[2:]
    assert lines[0] == "| less | sun | 0.5 to 2 factor | 0 | -4 | 0 |"
    assert lines[2] == "|  | coal | 0.5 to 2 factor | 0 | +1 | 0 |"


def test_ranges_have_their_reason():
    assert "| sun | 0.5 to 2 factor |  | a guess |" in markdown.ranges(SENSITIVITY)
