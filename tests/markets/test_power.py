"""The power market: planned hours, curtailment limits, contracts, barriers."""

from __future__ import annotations

import pytest

from picmodel.data.system import Corridor
from picmodel.markets.power.options import BUNDLES, PowerConfig
from picmodel.scenario.check import validate_options
from tests.tiny import run_tiny, tiny

YEAR = 2030
HOURS = 8760


def coal_beside_free_wind(**coal):
    """1 GW of demand, 1 GW of free old wind, 1 GW of coal at 0.30 with 4000 planned hours (gross)."""
    return tiny(
        {("A", YEAR): [1.0]},
        {"wind": dict(existing={"A": 1.0}), "coal": dict(existing={"A": 1.0}, fuel=0.30, **coal)},
        policy={"planned_hours": {("A", "coal"): 4000.0}},
    )


@pytest.mark.covers("c_planned_hours", "c_age_only")
@pytest.mark.parametrize(("own_use", "cost"), [(0.0, 600.0), (0.05, 570.0)])
def test_planned_hours_are_kept_and_the_fleet_stays(own_use, cost):
    """Proves    a guaranteed share of the hours is run against cheaper wind, and the plant cannot leave.

    System    `coal_beside_free_wind`, half of the hours guaranteed; own use 0 or 5 %.
    By hand   4000 0.5 (1 - own use) = 2000 or 1900 GWh at 0.30: 600 or 570; a MWh of the guarantee costs
              0.30, a GW that stays 600 or 570
    Fails if  the LP retires the plant, or hours are net (0).
    """
    run = run_tiny(coal_beside_free_wind(own_use=own_use), {"power": dict(planned_share=0.5)})
    assert run.objective == pytest.approx(cost)
    assert run.price("c_planned_hours", "A", "coal", YEAR) == pytest.approx(0.30)
    assert run.price("c_age_only", "A", "coal", YEAR) == pytest.approx(cost)


@pytest.mark.covers("c_planned_hours")
def test_planned_hours_give_way_at_the_price_of_their_slack():
    """Proves    hours dearer than the slack are not kept, and the slack is a transfer.

    System    `coal_beside_free_wind`, half of the hours guaranteed, slack 200 CNY/MWh.
    By hand   0.20 < 0.30: 2000 GWh of slack, 400.
    Fails if  the row has no slack or another price.
    """
    run = run_tiny(coal_beside_free_wind(), {"power": dict(planned_share=0.5, slack_cny_per_mwh=200)})
    assert run.objective == pytest.approx(400.0)
    assert run.cost("transfer") == pytest.approx(400.0)
    assert run.price("c_planned_hours", "A", "coal", YEAR) == pytest.approx(0.20)


def test_no_planned_share_leaves_plants_free_to_leave():
    """Proves    a guarantee that is phased out to 0 binds neither hours nor plants.

    System    `coal_beside_free_wind` with fixed O&M of 10 MCNY/GW-yr.
    By hand   wind serves all, both fleets are free: coal leaves: 0.
    Fails if  age-only stays when the share is 0 (10).
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {"wind": dict(existing={"A": 1.0}), "coal": dict(existing={"A": 1.0}, fuel=0.30, fom=10.0)},
        policy={"planned_hours": {("A", "coal"): 4000.0}},
    )
    run = run_tiny(system, {"power": dict(planned_share=0.0)})
    assert run.objective == pytest.approx(0.0)


def wind_beside_free_hydro():
    """1 GW of demand, 1 GW of free hydro, 1 GW of old wind that wears 0.02 MCNY/GWh."""
    return tiny(
        {("A", YEAR): [1.0]},
        {"hydro": dict(existing={"A": 1.0}), "wind": dict(existing={"A": 1.0}, wear=0.02)},
    )


@pytest.mark.covers("c_curtailment_limit")
def test_wind_is_taken_first():
    """Proves    a limit on curtailment brings wind in before cheaper power, and wind cannot leave.

    System    `wind_beside_free_hydro`, curtailment at most 30 %.
    By hand   wind 0.7 8760 at 0.02 = 122.64; the limit costs 0.02 per MWh.
    Fails if  hydro runs first, or wind is retired (0).
    """
    run = run_tiny(wind_beside_free_hydro(), {"power": dict(curtailment_limit_share=0.3)})
    assert run.objective == pytest.approx(122.64)
    assert run.price("c_curtailment_limit", "A", "wind", YEAR) == pytest.approx(0.02)


@pytest.mark.covers("c_curtailment_limit")
@pytest.mark.parametrize(("slack", "cost", "price"), [(3000, 1022.64, 0.02), (10, 961.32, 0.01)])
def test_curtailment_limit_where_wind_is_committed(slack, cost, price):
    """Proves    the limit holds for what must be built, at its own cost or at that of its slack.

    System    1 GW of demand, free hydro; 1 GW of wind under construction, 900 MCNY/GW-yr and 0.02 MCNY/GWh;
              curtailment at most 30 %.
    By hand   900 + 0.7 8760 0.02 = 1022.64; with a slack of 10 CNY/MWh 900 + 0.7 8760 0.01 = 961.32.
    Fails if  the limit is on the fleet of the base year alone (900).
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0]},
            {"hydro": dict(existing={"A": 1.0}), "wind": dict(build=True, annuity=900.0, wear=0.02)},
            committed={("A", "wind", YEAR): 1.0},
        ),
        {"power": dict(curtailment_limit_share=0.3, slack_cny_per_mwh=slack)},
    )
    assert run.objective == pytest.approx(cost)
    assert run.price("c_curtailment_limit", "A", "wind", YEAR) == pytest.approx(price)


def two_buses(demand_b: list[float], line_gw: float = 2.0, **more):
    """A: coal at 0.20, no demand; B: gas at 0.50; a lossless line with a contract from A."""
    return tiny(
        {("A", YEAR): [0.0] * len(demand_b), ("B", YEAR): demand_b},
        {
            "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=0.20),
            "gas": dict(provinces=["B"], existing={"B": 3.0}, fuel=0.50),
        },
        corridors=(Corridor("A-B", ("A", "B"), contract_from="A"),),
        line_capacity={("A-B", YEAR): line_gw},
        **more,
    )


@pytest.mark.covers("c_flow_max")
def test_a_barrier_stands_between_prices_and_is_a_transfer():
    """Proves    price B - price A = tariff + barrier, and nothing is used up.

    System    `two_buses` with a tariff of 0.03 and a barrier of 50 CNY/MWh.
    By hand   B pays 0.20 + 0.03 + 0.05 = 0.28: 8760 0.28 = 2452.8, of which 8760 0.08 = 700.8 transfers.
    Fails if  the barrier is on what arrives, paid twice, or counted as a resource.
    """
    run = run_tiny(two_buses([1.0], export_tariff={"A": 0.03}), {"power": dict(barrier_cny_per_mwh=50)})
    assert run.price("c_balance", "B", YEAR, 0) == pytest.approx(0.28)
    assert run.objective == pytest.approx(2452.8)
    assert run.cost("transfer") == pytest.approx(700.8)


@pytest.mark.covers("c_contract_min", "c_contract_max")
def test_a_flat_contract_keeps_cheap_power_out_of_the_peak():
    """Proves    the flow follows a flat contract within its band, chosen for the whole year.

    System    `two_buses`, two hours of 4380 h with 1.0 and 0.5 GW; band 20 %; sending back costs 1 MCNY/GWh.
    By hand   second hour 0.5 = 0.8 F, F = 0.625; first at most 1.2 F = 0.75, gas 0.25
              4380 (0.20 1.25 + 0.50 0.25) = 4380 0.375 = 1642.5
              price in the second hour: one more GW there lets 1.5 in at the peak: 0.20 - 1.5 0.30 = -0.25
              upper edge 0.50 - 0.20 = 0.30, lower edge 0.20 + 0.25 = 0.45; 1.2 0.30 = 0.8 0.45
    Fails if  flows are free (1314) or flat to the hour (gas 0.5: 1971).
    """
    run = run_tiny(
        two_buses([1.0, 0.5], export_tariff={"B": 1.0}),
        {"power": dict(flows="contracts", contract_band_share=0.2)},
    )
    assert run.objective == pytest.approx(1642.5)
    assert run.value("v_contract", "A>B", YEAR) == pytest.approx(0.625)
    assert run.price("c_balance", "B", YEAR, 1) == pytest.approx(-0.25)
    assert run.price("c_contract_max", "A>B", YEAR, 0) == pytest.approx(0.30)
    assert run.price("c_contract_min", "A>B", YEAR, 1) == pytest.approx(0.45)


def test_settlement_and_capacity_pay_a_plant():
    """Proves    market income is price x output and credit x capacity price; a tariff replaces the price.

    System    1 GW of demand, peak 1 GW; new coal at 400 MCNY/GW-yr and 0.30, credited 1.0; tariff 0.38.
    By hand   spot: one GW runs all year at the price 0.30 and a capacity price of 400: 2628 + 400 per GW
              (price and capacity price share the 400; together they are 2628 + 400 in any case)
              tariff: 8760 0.38 = 3328.8 and no capacity payment
    Fails if  capacity is paid under a tariff, or income is per province instead of per GW.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {"coal": dict(build=True, annuity=400.0, fuel=0.30, credit=1.0)},
        peak={("A", YEAR): 1.0},
        policy={"coal_tariff": {"A": 0.38}},
    )
    spot = run_tiny(system, {"power": dict(dispatch="spot")})
    lines = spot.active[0].income(spot.results, system)
    where = dict(province="A", technology="coal", year=YEAR)
    assert sum(float(x.sel(where)) for x in lines.values()) == pytest.approx(3028.0)
    tariff = run_tiny(system, {"power": dict(dispatch="spot", settlement="tariff", capacity="none")})
    lines = tariff.active[0].income(tariff.results, system)
    assert list(lines) == ["energy", "tariff"]
    assert sum(float(x.sel(where)) for x in lines.values()) == pytest.approx(3328.8)


def test_a_switch_set_to_null_is_off_and_one_left_out_follows_the_bundle():
    left_out = validate_options(PowerConfig, {"dispatch": "planned"})
    off = validate_options(PowerConfig, {"dispatch": "planned", "planned_share": None})
    assert left_out.planned_share == BUNDLES["planned"]["planned_share"]
    assert off.planned_share is None
    assert off.barrier_cny_per_mwh == BUNDLES["planned"]["barrier_cny_per_mwh"]
    assert validate_options(PowerConfig, off.model_dump()) == off


def test_power_sent_back_does_not_undo_a_flat_contract():
    """Proves    the band of a contract holds for the net flow.

    System    A sends to B under a flat contract, band 0; lossless line of 1 GW; A has power for nothing, B
              pays 0.30; B needs 1 GW and 0.5 GW in two slices of 4380 h.
    By hand   net flow F in both slices, F <= 0.5 (B cannot take more in the second): B buys 0.5 GW x 4380 h
              x 0.30 = 657.  Free flow would cost nothing.
    """
    system = tiny(
        {("A", 2030): [0.0, 0.0], ("B", 2030): [1.0, 0.5]},
        {
            "free": dict(existing={"A": 3.0}, provinces=["A"]),
            "dear": dict(existing={"B": 3.0}, provinces=["B"], fuel=0.30),
        },
        corridors=(Corridor("A-B", ("A", "B"), contract_from="A"),),
        line_capacity={("A-B", 2030): 1.0},
    )
    options = dict(dispatch="spot", flows="contracts", contract_band_share=0.0)
    assert run_tiny(system, {"power": options}).objective == pytest.approx(657.0)
    assert run_tiny(system, {"power": dict(dispatch="spot")}).objective == pytest.approx(0.0)
