"""A mechanism that does not bind changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tiny import run_tiny
from tests.whole import whole_system

IDLE = {
    "cap": {"carbon": dict(instrument="cap", cap_mt=1000)},
    "bank": {"carbon": dict(instrument="cap", cap_mt=1000, bank={})},
    "band": {"carbon": dict(instrument="cap", cap_mt=1000, floor_cny_per_t=0, ceiling_cny_per_t=500)},
    "areas": {
        "carbon": dict(
            instrument="cap", areas={"west": ["A"], "east": ["B"]}, cap_mt={"west": 500, "east": 500}
        )
    },
    "price": {"carbon": dict(instrument="price", price_cny_per_t=0)},
    "benchmark": {"carbon": dict(instrument="benchmark", benchmark_factor=2.0)},
    "peak": {"emission_limits": dict(peak_year=dict(year=2030, level_mt=1000))},
    "held": {"emission_limits": dict(hold_emissions_of="far")},
    "provinces": {"emission_limits": dict(provincial=dict(cap_mt={"A": 1000, "B": 1000}, trade=True))},
    "obligation": {"green_certificates": dict(weight_factor=0.0)},
    "certificate uses": {
        "green_certificates": dict(
            trade="national",
            weight_factor=0.0,
            tradable="rules",
            bank=dict(validity_yr=9),
            floor_cny_per_mwh=0.0,
            ceiling_cny_per_mwh=500.0,
            voluntary=[dict(name="free", twh=1.0, willingness_cny_per_mwh=0.0, accepts="any")],
        )
    },
    "ccer link": {
        "carbon": dict(instrument="cap", cap_mt=1000),
        "green_certificates": dict(weight_factor=0.0, carbon_linkage="ccer", double_claim=True),
    },
    "spot": {"power": dict(dispatch="spot")},
    "reserves": {"ancillary": dict(committed_groups=[], requirement_factor=0.0)},
    "hours": {"power": dict(planned_share=0.0)},
    "flat": {"demand_side": dict(exposure={"industry": "flat"}, price_responsive=False)},
    "capture": {"ccs": dict(storage_cost_factor=0.0, retrofits=False)},
    "curtailment": {"power": dict(curtailment_limit_share=1.0)},
    "barrier": {"power": dict(barrier_cny_per_mwh=0.0)},
    "contracts": {"power": dict(flows="contracts", contract_band_share=1.0)},
    "profile": {"power": dict(contracts=dict(type="physical", coverage_share=0.0))},
    "cap_on_prices": {"power": dict(price_limits=dict(scarcity="dispatch", cap_cny_per_mwh=5000))},
    "premium": {"power": dict(premium_cny_per_mwh={"wind": 0}, in_decisions=True)},
    "shares": {"power": dict(planned_share={"coal": 0.0, "gas": {2025: 0.0}})},
}


@pytest.fixture(scope="module")
def without():
    return run_tiny(whole_system())


@pytest.mark.parametrize("name", IDLE)
def test_a_mechanism_that_does_not_bind_changes_nothing(name, without):
    """Proves    objective and energy prices are those of no mechanism, and the mechanism costs nothing.

    System    the whole system; a cap, level or benchmark far above emissions, a price, weight or share of 0.
    By hand   the optimum without the mechanism is feasible with it, at no cost, and it only adds rows.
              (A contract with a band of 100 % lets the flow be anything up to twice itself.)
    Fails if  an idle mechanism still moves something.
    """
    run = run_tiny(whole_system(), IDLE[name])
    assert run.objective == pytest.approx(without.objective, rel=1e-9)
    assert np.allclose(run.results.energy_price, without.results.energy_price, atol=1e-7)
    mine = set(run.results.cost_by_item()["item"]) - set(without.results.cost_by_item()["item"])
    assert sum(abs(run.cost(item=item)) for item in mine) == pytest.approx(0.0, abs=1e-6)
