"""Legal settings that are seldom meant."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.data.overrides import leaps
from picmodel.scenario.load import load
from picmodel.scenario.plausible import suspicious

SUSPICIOUS = [
    (
        {"horizon": {"discount_rate_share": 0.2}},
        "horizon.discount_rate_share",
        "PIC-W105",
        "seldom above 0.12",
    ),
    ({"horizon": {"last_span": 30}}, "horizon.last_span", "PIC-W105", "seldom above 15"),
    (
        {"markets": {"power": {"barrier_cny_per_mwh": 0.03}}},
        "markets.power.barrier_cny_per_mwh",
        "PIC-W102",
        "if CNY/kWh is meant, convert it to CNY/MWh",
    ),
    (
        {"markets": {"carbon": {"price_cny_per_t": {2030: 0.08}}}},
        "markets.carbon.price_cny_per_t.2030",
        "PIC-W102",
        "if CNY/kg is meant",
    ),
    (
        {"markets": {"green_certificates": {"weight_factor": 90}}},
        "markets.green_certificates.weight_factor",
        "PIC-W103",
        "if per cent is meant",
    ),
    ({"markets": {"carbon": {"cap_mt": 4e6}}}, "markets.carbon.cap_mt", "PIC-W104", "if kt is meant"),
    ({"time": {"periods": 1, "extremes": 0}}, "time.periods", "PIC-W106", "one mean day"),
    ({"time": {"periods": 365, "extremes": 0}}, "time.periods", "PIC-W106", "814,680 province-hours"),
]


@pytest.mark.parametrize(("raw", "key", "id", "words"), SUSPICIOUS)
def test_what_is_suspicious(raw, key, id, words):
    """31 provinces, 3 years and 8760 hours are 814,680."""
    ((said, problem),) = suspicious(load(raw).scenarios[0])
    assert (said, problem.id) == (key, id)
    assert words in problem.text


def test_usual_settings_pass():
    usual = {
        "horizon": {"discount_rate_share": 0.05, "last_span": 6},
        "markets": {
            "carbon": {"price_cny_per_t": {2025: 80}, "floor_cny_per_t": 0, "cap_mt": 3900},
            "power": {"barrier_cny_per_mwh": 30, "planned_share": 0.8},
        },
    }
    assert suspicious(load(usual).scenarios[0]) == []


def test_overrides_far_from_the_table():
    """2800 CNY/kW times 10 is a leap, times 1.2 is none; 28 in place of 2800 is one; a 0 is none."""
    frame = pd.DataFrame(
        {"technology": ["solar", "wind"], "year": [2030, 2030], "capex_cny_per_kw": [2800.0, 0.0]}
    )
    path = "technology_costs.capex_cny_per_kw"

    def said(*operations):
        overrides = load({"overrides": {path: list(operations)}}).scenarios[0].overrides
        return [(key, problem.text) for key, problem in leaps({"technology_costs": frame}, overrides)]

    ((key, text),) = said({"multiply": 10.0})
    assert key == f"overrides.{path}"
    assert "makes capex_cny_per_kw 28000 CNY/kW, 10 times the table's 2800" in text
    assert "1 in all" in text
    assert said({"multiply": 1.2}) == []
    assert said({"multiply": 3.0}, {"multiply": 3.0}) == []
    assert len(said({"set": 28.0, "where": {"technology": "solar"}})) == 1
