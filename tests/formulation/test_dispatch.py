"""Output: must-run, water."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tiny import run_tiny, tiny


@pytest.mark.covers("c_output_min")
def test_must_run_displaces_wind():
    """Proves    heat-led output is produced in any case and wind is curtailed for it.

    System    1 GW of demand, 1 GW of coal at 0.30 that must run at half load and may not leave, 0.8 GW of
              old wind.
    By hand   coal 0.5, wind 0.5 of 0.8: 8760 0.5 0.30 = 1314; wind sets the price 0, the duty costs 0.30.
    Fails if  must-run is ignored (8760 0.2 0.30 = 525.6) or coal sets the price.
    """
    system = tiny(
        {("A", 2030): [1.0]},
        {"coal": dict(existing={"A": 1.0}, fuel=0.30, must_run=0.5), "wind": dict(existing={"A": 0.8})},
    )
    run = run_tiny(replace(system, may_retire={"coal": False}))
    assert run.objective == pytest.approx(1314.0)
    assert run.price("c_balance", "A", 2030, 0) == pytest.approx(0.0)
    assert run.price("c_output_min", "A", "coal", 2030, 0) == pytest.approx(0.30)


@pytest.mark.covers("c_inflow", "c_output_min")
def test_water_moves_to_the_dear_hour_above_its_minimum_flow():
    """Proves    pondage spends the water of a period where it is worth most, and keeps a minimum flow.

    System    two hours of weight 4380 h: demand 1.5 and 0.5 GW; 1 GW of hydro with 1.0 GWh of water per
              period and 0.2 GW of minimum flow; 0.5 GW of coal at 0.30, gas at 0.60.
    By hand   hydro 0.2 in the second hour, 0.8 in the first; first: coal 0.5, gas 0.2; second: coal 0.3
              4380 (0.5 0.30 + 0.2 0.60 + 0.3 0.30) = 4380 0.36 = 1576.8
              prices 0.60 and 0.30; water 0.60 (4380 0.60 = 2628 per GWh of the period), minimum flow
              0.60 - 0.30 = 0.30
    Fails if  minimum flow is ignored (1314) or water is bound by the hour (hydro 0.5 and 0.5: 1971).
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [1.5, 0.5]},
            {
                "hydro": dict(existing={"A": 1.0}, must_run=0.2, water=1.0),
                "coal": dict(existing={"A": 0.5}, fuel=0.30),
                "gas": dict(existing={"A": 2.0}, fuel=0.60),
            },
        )
    )
    assert run.objective == pytest.approx(1576.8)
    assert [run.price("c_balance", "A", 2030, t) for t in (0, 1)] == pytest.approx([0.60, 0.30])
    assert run.dual("c_inflow", "A", "hydro", 2030, 0) == pytest.approx(-2628.0)
    assert run.price("c_output_min", "A", "hydro", 2030, 1) == pytest.approx(0.30)


def test_an_hour_split_in_two_changes_nothing():
    """Proves    without stores only the weight of an hour matters, not how many slices carry it.

    System    1 GW for 8760 h against 1 GW for 8000 h and 1 GW for 760 h; coal to build, 400 and 0.30.
    By hand   400 + 8760 0.30 = 3028 both ways.
    Fails if  capacity or energy is counted by slice.
    """
    coal = {"coal": dict(build=True, annuity=400.0, fuel=0.30)}
    for hours in ([8760.0], [8000.0, 760.0]):
        run = run_tiny(tiny({("A", 2030): [1.0] * len(hours)}, coal, hours=hours))
        assert run.objective == pytest.approx(3028.0)
