"""Stores: arbitrage, power, energy, duration."""

from __future__ import annotations

import pytest

from tests.tiny import run_tiny, tiny


def two_hours(power: float, wear: float = 0.0):
    """Two hours of 4380 h: demand 0.5 and 1.0 GW; 0.8 GW of coal at 0.20, gas at 0.50; a store of 81 %."""
    return tiny(
        {("A", 2030): [0.5, 1.0]},
        {
            "coal": dict(existing={"A": 0.8}, fuel=0.20),
            "gas": dict(existing={"A": 2.0}, fuel=0.50),
            "battery": dict(existing={"A": power}, duration=(1.0, 1.0), efficiency=0.81, wear=wear),
        },
    )


@pytest.mark.covers("c_stored", "c_charge_max", "c_consumption")
def test_arbitrage_within_the_power_of_a_store():
    """Proves    a small store buys cheap, sells dear, and earns the rent of its power.

    System    `two_hours` with 0.1 GW.
    By hand   charge 0.1, stored 0.09, discharge 0.081; gas 1.0 - 0.8 - 0.081 = 0.119
              4380 (0.20 (0.6 + 0.8) + 0.50 0.119) = 4380 0.3395 = 1487.01
              a GW more to charge earns 4380 (0.81 0.50 - 0.20) = 4380 0.205 = 897.9
              consumption 4380 (1.5 + 0.1 - 0.081) = 6653.22
    Fails if  losses are taken twice, not at all, or losses are not consumption.
    """
    run = run_tiny(two_hours(0.1))
    assert run.objective == pytest.approx(1487.01)
    assert run.value("v_stored", "A", "battery", 2030, 0) == pytest.approx(0.09)
    assert run.value("v_discharge", "A", "battery", 2030, 1) == pytest.approx(0.081)
    assert run.dual("c_charge_max", "A", "battery", 2030, 0) == pytest.approx(-897.9)
    assert run.value("v_consumption", "A", 2030) == pytest.approx(6653.22)


@pytest.mark.covers("c_stored")
def test_a_large_store_ties_the_prices_of_two_hours():
    """Proves    price dear = price cheap / round trip + wear.

    System    `two_hours` with 1 GW and wear 0.01 MCNY/GWh discharged.
    By hand   discharge 0.2, charge 0.2 / 0.81; prices 0.20 and 0.20 / 0.81 + 0.01 = 0.256914
              4380 (0.20 (0.5 + 0.2 / 0.81 + 0.8) + 0.01 0.2) = 1363.8592593
    Fails if  gas still runs or wear is on charging.
    """
    run = run_tiny(two_hours(1.0, wear=0.01))
    assert run.objective == pytest.approx(4380 * (0.20 * (1.3 + 0.2 / 0.81) + 0.002))
    assert run.price("c_balance", "A", 2030, 1) == pytest.approx(0.20 / 0.81 + 0.01)


@pytest.mark.covers("c_duration_min", "c_energy")
def test_new_stores_hold_their_least_duration():
    """Proves    energy is built with power, and the least duration has a cost.

    System    `two_hours` without old stores: a store of no losses, 20 MCNY/GW-yr and 5 MCNY/GWh-yr, two
              hours at least; it replaces 0.2 GW of gas for one hour.
    By hand   0.2 GW and 0.4 GWh: 0.2 (20 + 2 5) = 6; coal 4380 0.20 1.5 = 1314; together 1320
              one GWh of duty costs 5; price dear 0.20 + 30 / 4380
    Fails if  energy is free (1318) or follows need (1319).
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [0.5, 1.0]},
            {
                "coal": dict(existing={"A": 0.8}, fuel=0.20),
                "gas": dict(existing={"A": 2.0}, fuel=0.50),
                "battery": dict(build=True, duration=(2.0, 8.0), annuity=20.0, energy_annuity=5.0),
            },
        )
    )
    assert run.objective == pytest.approx(1320.0)
    assert run.value("v_energy", "A", "battery", 2030) == pytest.approx(0.4)
    assert run.dual("c_duration_min", "A", "battery", 2030) == pytest.approx(5.0)
    assert run.price("c_balance", "A", 2030, 1) == pytest.approx(0.20 + 30 / 4380)


@pytest.mark.covers("c_duration_max", "c_energy")
def test_new_stores_hold_at_most_their_longest_duration():
    """Proves    long storage of a short store is bought with power.

    System    four hours of 2190 h; free wind of 1 GW in the first two, demand 0.5 GW in the last two; a store
              without losses, 20 MCNY/GW-yr and 5 MCNY/GWh-yr, one hour at most.
    By hand   1.0 GWh must be kept: 1.0 GW, 20 + 5 = 25; one GWh beyond the limit saves 20.
    Fails if  duration is free (0.5 GW, 1 GWh: 15).
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [0.0, 0.0, 0.5, 0.5]},
            {
                "wind": dict(existing={"A": 1.0}, availability=[1.0, 1.0, 0.0, 0.0]),
                "battery": dict(build=True, duration=(0.5, 1.0), annuity=20.0, energy_annuity=5.0),
            },
        )
    )
    assert run.objective == pytest.approx(25.0)
    assert run.value("v_build", "A", "battery", 2030) == pytest.approx(1.0)
    assert run.dual("c_duration_max", "A", "battery", 2030) == pytest.approx(-20.0)


def three_hours(**store):
    """Three hours of 2920 h: free wind of 1 GW in two, demand 1 GW in the third; gas at 0.50."""
    return dict(
        technologies={
            "wind": dict(existing={"A": 1.0}, availability=[1.0, 1.0, 0.0]),
            "gas": dict(existing={"A": 2.0}, fuel=0.50),
            "battery": store,
        }
    )


@pytest.mark.covers("c_discharge_max", "c_stored_max")
@pytest.mark.parametrize(
    ("hours", "discharge", "row", "t"), [(2.0, 0.6, "c_discharge_max", 2), (0.5, 0.3, "c_stored_max", 1)]
)
def test_discharge_is_bound_by_power_or_by_energy(hours, discharge, row, t):
    """Proves    discharging stays within power, stored energy within energy.

    System    `three_hours`; 0.6 GW of old battery of two hours, or of half an hour.
    By hand   discharge 0.6 GW, or 0.3 GWh in one hour; gas takes the rest:
              2920 0.4 0.50 = 584 or 2920 0.7 0.50 = 1022; one more GW or GWh saves 2920 0.50 = 1460.
    Fails if  either limit is missing (0).
    """
    store = dict(existing={"A": 0.6}, duration=(hours, hours))
    run = run_tiny(tiny({("A", 2030): [0.0, 0.0, 1.0]}, **three_hours(**store)))
    assert run.objective == pytest.approx(2920 * (1.0 - discharge) * 0.50)
    assert run.dual(row, "A", "battery", 2030, t) == pytest.approx(-1460.0)


@pytest.mark.covers("c_committed_energy", "c_committed")
def test_stores_of_the_past_have_the_energy_that_was_built():
    """Proves    in a past year power and energy of stores are what was committed.

    System    `three_hours`; 0.6 GW and 0.3 GWh built for a past year, at 50 MCNY/GW-yr and 100 MCNY/GWh-yr.
    By hand   gas 2920 0.7 0.50 = 1022, store 0.6 50 + 0.3 100 = 60: 1082
              one GWh more would save 1460 and cost 100: 1360; one GW less would save 50
    Fails if  duration limits or optimisation apply to what stands.
    """
    run = run_tiny(
        tiny(
            {("A", 2025): [0.0, 0.0, 1.0]},
            years=(2025,),
            present_year=2026,
            **three_hours(build=True, duration=(2.0, 8.0), annuity=50.0, energy_annuity=100.0),
            committed={("A", "battery", 2025): 0.6},
            committed_energy={("A", "battery", 2025): 0.3},
        )
    )
    assert run.objective == pytest.approx(1082.0)
    assert run.dual("c_committed_energy", "A", "battery", 2025) == pytest.approx(-1360.0)
    assert run.price("c_committed", "A", "battery", 2025) == pytest.approx(50.0)
