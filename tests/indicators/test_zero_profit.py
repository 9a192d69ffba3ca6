"""What built capacity earns is what it costs, line by line."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.registry import MECHANISMS
from tests.tiny import run_tiny, tiny
from tests.whole import EVERYTHING, run_whole, whole_system

YEAR = 2030
HOURS = 8760


def lines_of(run) -> dict:
    """Lines of the only vintage of a run."""
    frame = zero_profit(run.results, run.active)
    assert len(frame) == 1
    return frame.iloc[0].to_dict()


@pytest.mark.parametrize("design", ["none", *EVERYTHING])
def test_the_identity_closes_for_every_vintage(design):
    """Proves    energy, mechanisms, capacity, costs and rents of each vintage built sum to zero.

    System    the whole system, without mechanisms and with three sets of them.
    By hand   the sum is the reduced cost of a basic variable: 0.
    Fails if  a mechanism's row moves the LP and is not among the lines.
    """
    run = run_tiny(whole_system()) if design == "none" else run_whole(design)
    frame = zero_profit(run.results, run.active)
    assert len(frame) >= 10
    assert worst_residual(frame) < 1e-9


def test_every_mechanism_is_on_in_some_set():
    """Else the identity above would not see it."""
    assert {name for options in EVERYTHING.values() for name in options} == {m.name for m in MECHANISMS}


def test_a_price_that_is_wrong_shows():
    """Proves    the identity is not one by construction.

    System    the whole system under a cap, with one annuity, one allowance price or one rent changed by 1 %.
    By hand   each residual is then of the order of 1 % of the changed line.
    Fails if  residuals are computed from what they should check.
    """
    for family in ("c_balance", "c_allowances", "c_adequacy", "c_certificates"):
        run = run_whole("ccer")
        run.results.duals[family] = run.results.duals[family] * 1.01
        assert worst_residual(zero_profit(run.results, run.active)) > 1e-4, family


def test_a_site_rent_over_two_years():
    """Proves    discounting, and a rent that is paid in every year the vintage stands.

    System    1 GW of demand in 2025 (one year) and 2026 (two years), rate 0.25: D = 1 and 1.44; old plant at
              0.05 (438 MCNY/GW-yr); wind at 200 with 30 of fixed O&M, 0.3 GW of sites.
    By hand   per GW of wind: energy 438 2.44 = 1068.72, annuity 488, fixed O&M 73.2, sites 208 2.44 = 507.52.
    Fails if  years are not weighted by D.
    """
    lines = lines_of(
        run_tiny(
            tiny(
                {("A", 2025): [1.0], ("A", 2026): [1.0]},
                years=(2025, 2026),
                last_span=2,
                rate=0.25,
                technologies={
                    "old": dict(existing={"A": 2.0}, fuel=0.05),
                    "wind": dict(build=True, annuity=200.0, fom=30.0),
                },
                potential={("A", "wind"): 0.3},
            )
        )
    )
    assert lines["energy"] == pytest.approx(1068.72)
    assert lines["annuity"] == pytest.approx(-488.0)
    assert lines["fixed_om"] == pytest.approx(-73.2)
    assert lines["potential"] == pytest.approx(-507.52)
    assert lines["relative"] < 1e-12


def test_the_premium_of_eligible_wind():
    """Proves    what makes only new output linkable is income of the new vintage.

    System    1 GW of demand; coal at 0.30 with 1 kt/GWh; 0.1 GW of free old wind, new wind at 0.40; carbon
              price 80 CNY/t, CCER up to 5 % at a factor of 0.8.
    By hand   coal 0.9 - x, 0.8 x = 0.05 (0.9 - x); nu = 0.044 / 0.85 as in the test of CCER
              3504 per GW of new wind: energy 8760 (0.38 - 0.05 nu), premium 8760 0.8 (0.08 - nu)
    Fails if  the premium is missing or given to output at large.
    """
    lines = lines_of(
        run_tiny(
            tiny(
                {("A", YEAR): [1.0]},
                {
                    "coal": dict(existing={"A": 2.0}, fuel=0.30, emission=1.0),
                    "wind": dict(existing={"A": 0.1}, build=True, annuity=3504.0, **{"class": "nonhydro"}),
                },
                policy={
                    "weight_total": {("A", YEAR): 0.0},
                    "weight_nonhydro": {("A", YEAR): 0.0},
                    "benchmark": {},
                    "ccer_factor": {"A": 0.8},
                },
            ),
            {
                "carbon": dict(instrument="price", price_cny_per_t=80),
                "green_certificates": dict(trade="none", carbon_linkage="ccer", eligible_from=YEAR),
            },
        )
    )
    nu = 0.044 / 0.85
    assert lines["energy"] == pytest.approx(HOURS * (0.38 - 0.05 * nu))
    assert lines["carbon_link"] == pytest.approx(HOURS * 0.8 * (0.08 - nu))
    assert lines["certificates"] == pytest.approx(0.0)
    assert lines["relative"] < 1e-9


@pytest.mark.parametrize(
    ("switch", "line"),
    [
        (dict(planned_share=0.5, planned_groups=["wind"]), "planned_hours"),
        (dict(curtailment_limit_share=1 - 2000 / HOURS), "curtailment_limit"),
    ],
)
def test_a_duty_that_is_not_kept_is_a_cost_of_capacity(switch, line):
    """Proves    where a guarantee rests on its slack, each GW costs what it asks for beyond its output.

    System    1 GW of demand from free hydro; 1 GW of wind under construction, 900 MCNY/GW-yr and wear
              0.02 MCNY/GWh; half of 4000 hours guaranteed, or as many by a limit on curtailment; slack
              10 CNY/MWh.
    By hand   wind does not run; 2000 GWh of slack at 0.010 = 20; the commitment loses 900 + 20.
    Fails if  the duty per GW is missing, or is counted as income.
    """
    lines = lines_of(
        run_tiny(
            tiny(
                {("A", YEAR): [1.0]},
                {"hydro": dict(existing={"A": 1.5}), "wind": dict(build=True, annuity=900.0, wear=0.02)},
                committed={("A", "wind", YEAR): 1.0},
                policy={"planned_hours": {("A", "wind"): 4000.0}},
            ),
            {"power": dict(slack_cny_per_mwh=10, **switch)},
        )
    )
    assert lines[line] == pytest.approx(-20.0)
    assert lines["committed"] == pytest.approx(920.0)
    assert lines["relative"] < 1e-9


def test_hours_of_storage_beyond_the_fleets_are_worth_their_energy():
    """Proves    two generations of stores share the fleet's arbitrage by their power and their energy.

    System    four hours of 2190 h; free wind of 2 GW in the first two, demand 1 GW in the last two, gas at
              0.50; 0.5 GW of old store of one hour; at most 0.25 GW of new store without losses, up to three
              hours, 100 MCNY/GW-yr and 300 MCNY/GWh-yr.
    By hand   a stored GWh saves 2190 0.50 = 1095 a year and costs 300: three hours, 0.75 GWh
              energy 1.25 GWh binds before power 2 0.75 = 1.5 GWh does: a GWh is worth 1095, a GW nothing
              new, per GW: 3 1095 = 3285 = 100 + 3 300 + rent 2285
    Fails if  the fleet's mean hours (1.25 / 0.75) are taken for the vintage's.
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [0.0, 0.0, 1.0, 1.0]},
            {
                "wind": dict(existing={"A": 2.0}, availability=[1.0, 1.0, 0.0, 0.0]),
                "gas": dict(existing={"A": 2.0}, fuel=0.50),
                "battery": dict(
                    existing={"A": 0.5}, build=True, duration=(1.0, 3.0), annuity=100.0, energy_annuity=300.0
                ),
            },
            build_limit={("A", "battery", YEAR): 0.25},
        )
    )
    lines = lines_of(run)
    assert run.value("v_build_energy", "A", "battery", YEAR) == pytest.approx(0.75)
    assert lines["energy"] + lines["longer_storage"] == pytest.approx(3285.0)
    assert lines["energy_annuity"] == pytest.approx(-900.0)
    assert lines["build_limit"] == pytest.approx(-2285.0)
    assert lines["relative"] < 1e-9


def test_nothing_built_is_nothing_to_prove():
    run = run_tiny(tiny({("A", YEAR): [1.0]}, {"coal": dict(existing={"A": 2.0}, fuel=0.30)}))
    frame = zero_profit(run.results)
    assert len(frame) == 0
    assert np.isclose(worst_residual(frame), 0.0)
