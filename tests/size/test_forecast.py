"""Forecasts of size beside LPs that are built: other steps, years, provinces and mechanisms."""

from __future__ import annotations

import json

import pytest

from picmodel import driver
from picmodel.data.load import system_data
from picmodel.formulation.build import build_model
from picmodel.markets.registry import activate, with_interactions
from picmodel.scenario.load import load
from picmodel.size.forecast import forecast
from picmodel.solve.compile import compile_model
from tests.commands import call

CLOSE = 0.25
MARKETS = {
    "carbon": {"instrument": "price", "price_cny_per_t": 80},
    "green_certificates": {"trade": "bundled"},
    "power": {"dispatch": "planned", "planned_share": 0.5},
}
SEVEN = ["BJ", "TJ", "HE", "SX", "NM", "SD", "JL"]


def described(provinces, years, periods, extremes, step_h, markets) -> dict:
    return {
        "space": {"provinces": provinces},
        "horizon": {"years": years},
        "time": {"periods": periods, "extremes": extremes, "step_h": step_h},
        "markets": markets,
    }


#: few days of many hours, many days, one year, one province, hourly rules that tie hours together
CONFIGURATIONS = {
    "markets": described(SEVEN, [2025, 2030, 2035], 4, 1, 3, MARKETS),
    "physical": described(SEVEN, [2030], 6, 2, 4, {}),
    "one province, hours": described(["SD"], [2025, 2035], 5, 0, 1, {"carbon": MARKETS["carbon"]}),
    "reserves and starts": described(["NM", "SD"], [2030], 5, 1, 2, {"ancillary": {"ramps": True}}),
    "moved load": described(SEVEN[:3], [2030, 2035], 3, 1, 2, {"demand_side": {"exposure": {"ev": "spot"}}}),
    "emissions held": described(
        SEVEN[:3], [2030], 6, 0, 6, {"emission_limits": {"provincial": {"cap_mt": {"HE": 100}}}}
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_forecast_is_close_to_what_is_built(name):
    (scenario,) = load(CONFIGURATIONS[name])
    active = activate(driver.market_options(scenario))
    lp = compile_model(build_model(system_data(scenario)[0], with_interactions(active)))
    found = forecast(scenario)
    assert not found.exact
    assert found.slices == len(system_data(scenario)[0].time.slices)
    assert found.rows == pytest.approx(lp.shape[0], rel=CLOSE)
    assert found.columns == pytest.approx(lp.shape[1], rel=CLOSE)
    assert found.nonzeros == pytest.approx(lp.matrix.nnz, rel=CLOSE)


def test_two_days_are_built_and_not_forecast():
    description = described(["SD"], [2030], 2, 0, 6, {})
    (scenario,) = load(description)
    lp = compile_model(build_model(system_data(scenario)[0]))
    found = forecast(scenario)
    assert found.exact
    assert (found.rows, found.columns, found.nonzeros) == (*lp.shape, lp.matrix.nnz)


def test_the_command(tmp_path, capsys, monkeypatch):
    file = tmp_path / "sd.yaml"
    file.write_text(
        "horizon: {years: [2030]}\nspace: {provinces: [SD]}\ntime: {periods: 3, extremes: 0, step_h: 6}\n"
    )
    code, text, _ = call(capsys, monkeypatch, "show", "size", file)
    assert code == 0
    assert "nonzeros" in text
    code, text, _ = call(capsys, monkeypatch, "show", "size", file, "--json")
    (found,) = json.loads(text)
    assert found["slices"] == 12
    assert found["memory_gb"] > 0.3
