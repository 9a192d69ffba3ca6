"""Ancillary services: commitment, reserves at their dual, retrofits, peak shaving."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from picmodel.data.system import TimeSlices
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.ancillary.options import AncillaryConfig
from picmodel.markets.ancillary.rules import ANCILLARY
from picmodel.scenario.check import validate_options
from picmodel.settlement.ledger import worst_account
from tests.tiny import active_of, run_tiny, tiny
from tests.whole import EVERYTHING, run_whole, whole_system

YEAR = 2030
HOURS = 8760
HALF = 4380
COAL = dict(existing={"A": 2.0}, fuel=0.30)
GAS = dict(existing={"A": 2.0}, fuel=0.50)


def system(demand, technologies, years=(YEAR,), coal=(0.4, 0.2), **more):
    """One province; ``coal``: least output and cost of a start [MCNY/GW], which coal alone has."""
    time = more.pop("time", None)
    policy = {"min_stable": {"coal": coal[0]}, "start_cost": {"coal": coal[1]}} | more.pop("policy", {})
    found = tiny({("A", y): demand for y in years}, technologies, years=years, policy=policy, **more)
    return replace(found, time=time) if time else found


def asks(product: str, load: float, vre: float = 0.0) -> dict:
    return {"reserve_load": {(product, "A"): load}, "reserve_vre": {(product, "A"): vre}}


def run(data, **options):
    """A run that breaks even and clears."""
    found = run_tiny(data, {"ancillary": {"products": [], **options}})
    assert worst_residual(zero_profit(found.results, found.active)) < 1e-9
    assert worst_account(found.ledger)[0] < 1e-9
    return found


def income(found, technology: str) -> dict[str, float]:
    """Income lines of a GW of a technology in province A [MCNY/GW-yr]."""
    mine = found.active[-1]
    return {
        line: float(x.sel(province="A", technology=technology, year=YEAR))
        for line, x in mine.income(found.results, found.data).items()
    }


# -- commitment


def night_and_day():
    """1 GW of demand by night and by day; wind covers it by day only.  Coal at 0.30 MCNY/GWh."""
    wind = dict(existing={"A": 1.0}, availability=[0.0, 1.0])
    return dict(demand=[1.0, 1.0], technologies={"coal": COAL, "wind": wind})


@pytest.mark.covers("c_min_stable", "c_start")
@pytest.mark.parametrize(
    ("start_cost", "cost", "wind", "night"), [(0.2, 0.42, 0.6, 0.42), (0.05, 0.35, 1.0, 0.35)]
)
def test_coal_stays_on_at_its_least_output_and_curtails_wind(start_cost, cost, wind, night):
    """Proves    what is on by night stays on by day where a start is dearer than output that nobody needs.

    System    `night_and_day`, a start costs 0.2 or 0.05 MCNY/GW, 4380 times a year.
    By hand   on by day: 0.4 GW of coal in place of wind, 0.4 0.30 = 0.12 < 0.2; off: a start, 0.05 < 0.12
              cost per night 0.30 + 0.12 or 0.30 + 0.05; so is the price by night; by day it is 0
    Fails if  coal can follow freely (0.30), or a start is counted once a year.
    """
    found = run(system(**night_and_day(), coal=(0.4, start_cost)))
    assert found.objective == pytest.approx(HALF * cost)
    assert found.value("v_generation", "A", "wind", YEAR, 1) == pytest.approx(wind)
    assert found.price("c_balance", "A", YEAR, 0) == pytest.approx(night)
    assert found.price("c_balance", "A", YEAR, 1) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.covers("c_start", "c_min_stable")
def test_a_start_is_paid_at_the_peak_and_saved_in_the_trough():
    """Proves    starts per year are the slice's hours over its length, in gross GW, and prices carry them.

    System    demand 1 and 3 GW in slices of 4 h, 4380 h a year each (1095 times a year); coal with a least
              output of 0.5, a start at 0.16 MCNY per gross GW, own use 0.2: 0.2 per net GW.
    By hand   by night 2 GW on, 1 of them headroom; 1 GW starts: 4380 0.30 4 + 1095 0.2 = 5475
              the peak pays 0.30 + 0.2 / 4 = 0.35; a GW by night keeps two on: 0.30 - 2 0.2 / 4 = 0.20
    Fails if  starts are counted per hour (6132), or in net GW (5431.2).
    """
    time = TimeSlices(weight={0: HALF, 1: HALF}, period={0: 0, 1: 0}, step=4.0)
    coal = dict(existing={"A": 4.0}, fuel=0.30, own_use=0.2)
    found = run(system([1.0, 3.0], {"coal": coal}, coal=(0.5, 0.16), time=time))
    assert found.value("v_start", "A", "coal", YEAR, 1) == pytest.approx(1.0)
    assert found.value("v_headroom", "A", "coal", YEAR, 0) == pytest.approx(1.0)
    assert found.cost(item="starts") == pytest.approx(1095 * 0.2)
    assert found.objective == pytest.approx(5475.0)
    assert [found.price("c_balance", "A", YEAR, t) for t in (0, 1)] == pytest.approx([0.20, 0.35])
    assert income(found, "coal")["starts"] == pytest.approx(-1095 * 0.2 / 4)


@pytest.mark.covers("c_start")
def test_starts_emit():
    """Proves    starts count in the fleet's emissions and cost what a tonne costs.

    System    `night_and_day` with a start at 0.02 MCNY and 0.25 kt per GW, coal at 0.8 kt/GWh; 100 CNY/t.
    By hand   off: 0.02 + 0.25 0.1 = 0.045 < on: 0.4 (0.30 + 0.08) = 0.152, so 1 GW starts every night
              emissions 4380 (0.8 + 0.25) = 4599 kt; cost 4380 (0.30 + 0.02 + 1.05 0.1) = 1861.5
    Fails if  starts do not emit (1752).
    """
    parts = night_and_day()
    parts["technologies"]["coal"] = COAL | dict(emission=0.8)
    data = system(**parts, coal=(0.4, 0.02), policy={"start_emissions": {"coal": 0.25}, "benchmark": {}})
    carbon = dict(instrument="price", price_cny_per_t=100)
    found = run_tiny(data, {"carbon": carbon, "ancillary": dict(products=[])})
    assert found.value("v_fleet_emissions", "A", "coal", YEAR) == pytest.approx(4599.0)
    assert found.objective == pytest.approx(1861.5)


def test_without_least_output_and_start_cost_nothing_is_tighter():
    """Proves    the relaxed commitment of fleets that can do everything is no commitment.

    System    the whole system with least output and start cost 0.
    By hand   headroom 0 and starts as they come are feasible and cost nothing.
    Fails if  availability is taken twice, or own use.
    """
    whole = whole_system()
    free = {name: dict.fromkeys(whole.policy[name], 0.0) for name in ("min_stable", "start_cost")}
    data = replace(whole, policy={**whole.policy, **free, "start_emissions": {}})
    assert run(data).objective == pytest.approx(run_tiny(whole).objective, rel=1e-9)


# -- retrofits


@pytest.mark.covers("c_min_flexible", "c_flexible_max")
@pytest.mark.parametrize(("annuity", "cost", "retrofitted"), [(100.0, 1676.8, 1.0), (300.0, 1839.6, 0.0)])
def test_a_retrofit_is_made_where_it_saves_more_than_it_costs(annuity, cost, retrofitted):
    """Proves    a GW that was retrofitted goes down to its lower least output and pays its annuity.

    System    `night_and_day` with a start at 0.2; least output 0.4, retrofitted 0.2.
    By hand   a retrofit saves 0.2 0.30 4380 = 262.8 a year: 4380 (0.30 + 0.06) + 100 = 1676.8; else 1839.6
              at 300 a retrofit is worth 262.8 to the fleet, at 100 its price is 100
    Fails if  the annuity is paid on the whole fleet of 2 GW (1776.8).
    """
    table = {"flexible_min_stable": {"coal": 0.2}, "flexibility_annuity": {"coal": annuity}}
    found = run(system(**night_and_day(), policy=table), flexibility=True)
    assert found.objective == pytest.approx(cost)
    assert found.value("v_flexible", "A", "coal", YEAR) == pytest.approx(retrofitted)
    worth = (found.results.price("c_flexible_max") * found.results.weight).sum()
    assert float(worth) == pytest.approx(min(annuity, 262.8))


@pytest.mark.covers("c_flexible_commit")
def test_a_retrofit_counts_for_a_unit_that_is_on_and_no_further():
    """Proves    cheap retrofits beyond what is on do not lower its output.

    System    as above with an annuity of 10.
    By hand   1 GW on, all of it retrofitted: 4380 (0.30 + 0.06) + 10 = 1586.8
    Fails if  2 GW of retrofits let 1 GW run at nothing (1334).
    """
    table = {"flexible_min_stable": {"coal": 0.2}, "flexibility_annuity": {"coal": 10.0}}
    found = run(system(**night_and_day(), policy=table), flexibility=True)
    assert found.objective == pytest.approx(1586.8)
    assert found.price("c_flexible_commit", "A", "coal", YEAR, 1) > 0


@pytest.mark.covers("c_flexible_stays")
@pytest.mark.parametrize(("annuity", "cost"), [(100.0, 4404.8), (150.0, 4467.6)])
def test_a_retrofit_is_paid_to_the_end_of_the_horizon(annuity, cost):
    """Proves    a retrofit that is of use in the first year alone is paid in the second as well.

    System    `night_and_day` with a start at 0.2 in 2030; in 2031 demand by day is 2 GW: coal runs.
    By hand   4380 0.60 = 2628 in 2031; in 2030 1839.6, or 1576.8 with a retrofit that is paid twice:
              4204.8 + 200 < 4467.6 < 4204.8 + 300
    Fails if  a retrofit is dropped without cost (4354.8 at 150).
    """
    table = {"flexible_min_stable": {"coal": 0.2}, "flexibility_annuity": {"coal": annuity}}
    data = system(**night_and_day(), years=(2030, 2031), policy=table)
    found = run(replace(data, demand={**data.demand, ("A", 2031, 1): 2.0}), flexibility=True)
    assert found.objective == pytest.approx(cost)


# -- ramps


@pytest.mark.covers("c_ramp_up", "c_ramp_down")
@pytest.mark.parametrize(
    ("demand", "row", "slice_"), [([1.0, 2.0, 1.5], "c_ramp_up", 1), ([2.0, 1.0, 1.5], "c_ramp_down", 1)]
)
def test_output_rises_and_falls_by_the_ramp_of_what_is_on(demand, row, slice_):
    """Proves    2.5 GW on that ramp 0.3 an hour move 0.75 GW in a slice of an hour.

    System    demand 1, 2, 1.5 GW (2, 1, 1.5); 2.5 GW of coal (0.30, least output 0.2, ramp 0.3), gas at 0.50.
    By hand   coal 1.75 where demand is 2, gas 0.25: 2920 (0.30 4.25 + 0.50 0.25) = 4088; a ramp is worth 0.20
    Fails if  the ramp is of what is loaded, or not cyclic in the period.
    """
    coal = dict(existing={"A": 2.5}, fuel=0.30)
    data = system(demand, {"coal": coal, "gas": GAS}, coal=(0.2, 0.0), policy={"ramp": {"coal": 0.3}})
    found = run(data, ramps=True)
    assert found.objective == pytest.approx(2920 * (0.30 * 4.25 + 0.50 * 0.25))
    assert found.price(row, "A", "coal", YEAR, slice_) == pytest.approx(0.20)


# -- reserves


def two_fuels(share: float, product: str = "up", **more):
    """1 GW of demand all year; 1 GW of coal at 0.30 that is committed and gas at 0.50 that is not."""
    technologies = {"coal": dict(existing={"A": 1.0}, fuel=0.30), "gas": GAS, **more}
    return system([1.0], technologies, coal=(0.4, 0.0), policy=asks(product, share))


@pytest.mark.covers("c_reserve_up", "c_commit_max")
def test_the_price_of_reserve_is_what_else_the_capacity_would_earn():
    """Proves    up reserve is headroom of what is on, priced at the energy margin that is given up.

    System    `two_fuels`, 0.2 GW of up reserve per GW of demand.
    By hand   coal 0.8, headroom 0.2, gas 0.2: 8760 (0.24 + 0.10) = 2978.4; reserve 0.50 - 0.30 = 0.20
              a GW of coal is worth 0.20 an hour loaded or not; consumers pay 0.2 0.20 8760 = 350.4
    Fails if  gas that is not on counts, or the reserve is paid at the energy price.
    """
    found = run(two_fuels(0.2), products=["up"])
    assert found.objective == pytest.approx(2978.4)
    assert found.price("c_reserve_up", "A", YEAR, 0) == pytest.approx(0.20)
    assert found.price("c_commit_max", "A", "coal", YEAR, 0) == pytest.approx(0.20)
    assert found.paid(product="up reserve", payer="consumers") == pytest.approx(350.4)
    assert found.paid(product="up reserve", payee="generators") == pytest.approx(350.4)
    assert income(found, "coal") == pytest.approx(
        {"starts": 0, "reserve_provided": 350.4, "reserve_caused": 0}
    )


@pytest.mark.covers("c_reserve_up")
def test_a_requirement_of_zero_costs_nothing_and_more_never_costs_less():
    """Proves    the limits: no requirement, and one that only the shortage can meet.

    System    `two_fuels` with 0 to 2 GW of up reserve; a shortage at 0.10, or at 3 MCNY per GW and h.
    By hand   0: coal alone, 2628; 0.5: 2628 + 8760 0.5 0.20 = 3504; 2: coal at its least output holds
              0.6, 1.4 are short at 3: 8760 (0.12 + 0.30 + 4.2) = 40471.2
              at 0.10 a shortage is cheaper than gas: 0.5 GW cost 2628 + 8760 0.05 = 3066, paid to the state
    Fails if  the requirement cannot be missed, or the shortage is a resource.
    """
    costs = [run(two_fuels(share), products=["up"]).objective for share in (0.0, 0.5, 2.0)]
    assert costs == pytest.approx([2628.0, 3504.0, 40471.2])
    short = run(two_fuels(0.5), products=["up"], shortage_cny_per_mwh=100)
    assert short.objective == pytest.approx(3066.0)
    assert short.cost("transfer") == pytest.approx(438.0)
    assert short.paid(payee="state") == pytest.approx(438.0)
    assert short.value("v_up_short", "A", YEAR, 0) == pytest.approx(0.5)


@pytest.mark.covers("c_reserve_up")
@pytest.mark.parametrize("who_pays", ["causers", "load", "generators"])
def test_who_causes_reserve_pays_it_unless_a_rule_says_otherwise(who_pays):
    """Proves    load pays a D p and wind b G p; other rules move the money through system operation alone.

    System    1 GW of demand; 0.6 GW of coal at 0.30, gas at 0.50, 0.5 GW of wind at 0.30; up reserve of
              0.15 GW per GW of demand and 0.1 per GW of wind.
    By hand   wind saves 0.50 and costs 0.30 + 0.1 0.20: it runs in full.  Reserve 0.15 + 0.05 = 0.20:
              coal 0.4, gas 0.1, price 0.20; load pays 0.15 0.20 8760 = 262.8, wind 0.05 0.20 8760 = 87.6
    Fails if  the LP changes with the rule, or an account keeps money.
    """
    technologies = {
        "coal": dict(existing={"A": 0.6}, fuel=0.30),
        "gas": GAS,
        "wind": dict(existing={"A": 0.5}, fuel=0.30),
    }
    data = system([1.0], technologies, coal=(0.4, 0.0), policy=asks("up", 0.15, 0.1))
    found = run(data, products=["up"], who_pays=who_pays)
    assert found.objective == pytest.approx(HOURS * (0.30 * 0.4 + 0.50 * 0.1 + 0.30 * 0.5))
    assert found.price("c_reserve_up", "A", YEAR, 0) == pytest.approx(0.20)
    assert found.paid(product="up reserve", payee="generators") == pytest.approx(350.4)
    load, wind = {"causers": (262.8, 87.6), "load": (350.4, 0.0), "generators": (0.0, 350.4)}[who_pays]
    mine = found.ledger[found.ledger.mechanism == "ancillary"]
    paid = mine.groupby("payer")["amount"].sum()
    assert paid.get("consumers", 0.0) == pytest.approx(load)
    assert paid.get("generators", 0.0) == pytest.approx(wind)
    # of a GW: wind is charged b p G / C, and with `generators` its part of what load asks for
    own = {"causers": -175.2, "load": 0.0, "generators": -175.2 - 262.8}[who_pays]
    charged = {k: x for k, x in income(found, "wind").items() if k in ("reserve_caused", "reserve_of_load")}
    assert sum(charged.values()) == pytest.approx(own)


@pytest.mark.covers("c_reserve_down", "c_reserve_frequency")
@pytest.mark.parametrize(
    ("product", "providers", "cost", "price"),
    [
        ("down", ["thermal"], 0.21, 0.5),
        ("down", ["thermal", "vre"], 0.15, 0.0),
        ("frequency", ["thermal", "vre"], 0.21, 0.5),
    ],
)
def test_down_reserve_is_what_can_be_turned_down(product, providers, cost, price):
    """Proves    coal gives what it runs above its least output; wind its output, but no regulation.

    System    1 GW of demand, 2 GW of coal (0.30, least output 0.4), 0.5 GW of free wind; 0.42 GW of down
              reserve, or of regulation, whose upward part 0.5 GW of idle hydro holds.
    By hand   coal 0.5 on gives 0.3; with 0.7 on 0.42, in place of wind: 0.21, price 0.30 / 0.6 = 0.5
              with wind 0.3 + 0.5 > 0.42: 0.15, price 0; regulation again from coal alone
    Fails if  wind regulates frequency, or coal gives all of its output.
    """
    technologies = {"coal": COAL, "wind": dict(existing={"A": 0.5})}
    if product == "frequency":
        technologies["hydro"] = dict(existing={"A": 0.5}, fuel=9.0, **{"class": "hydro"})
    data = system([1.0], technologies, coal=(0.4, 0.0), policy=asks(product, 0.42))
    found = run(data, products=[product], providers=[*providers, "hydro"])
    assert found.objective == pytest.approx(HOURS * cost)
    row = "c_reserve_down" if product == "down" else "c_reserve_frequency"
    assert found.price(row, "A", YEAR, 0) == pytest.approx(price)
    if product == "frequency":
        assert found.price("c_reserve_down", "A", YEAR, 0) == pytest.approx(0.0)
        assert found.price("c_reserve_up", "A", YEAR, 0) == pytest.approx(0.0)


@pytest.mark.covers("c_reserve_down")
def test_heat_led_output_is_not_turned_down():
    """Proves    a fleet with output that must run in the slice holds no down reserve.

    System    1 GW of demand, coal that must run at 0.1; 0.1 GW of down reserve; nobody else.
    By hand   0.1 GW short at 3 MCNY per GW and h: 8760 (0.30 + 0.30) = 5256
    Fails if  what heat keeps on is sold as reserve.
    """
    data = system([1.0], {"coal": COAL | dict(must_run=0.1)}, coal=(0.4, 0.0), policy=asks("down", 0.1))
    assert run(data, products=["down"]).objective == pytest.approx(5256.0)


@pytest.mark.covers("c_reserve_up", "c_reserve_down")
def test_water_holds_reserve_above_its_least_flow():
    """Proves    hydro gives upward what is not loaded, and down what runs above its least flow.

    System    1 GW of demand; 1 GW of hydro at 0.40 with a least flow of 0.3, coal at 0.30 not committed.
    By hand   hydro at 0.3: 0.7 up, nothing down; 0.1 GW down: hydro at 0.4, 8760 (0.18 + 0.16) = 2978.4
              price 0.40 - 0.30 = 0.10; up costs nothing
    Fails if  the least flow counts as reserve (2890.8).
    """
    hydro = dict(existing={"A": 1.0}, fuel=0.40, must_run=0.3)
    reserves = {"reserve_load": {("up", "A"): 0.5, ("down", "A"): 0.1}}
    data = system([1.0], {"coal": COAL, "hydro": hydro}, policy=reserves, may_retire={"hydro": False})
    found = run(data, products=["up", "down"], committed_groups=[])
    assert found.objective == pytest.approx(2978.4)
    assert found.price("c_reserve_down", "A", YEAR, 0) == pytest.approx(0.10)
    assert found.price("c_reserve_up", "A", YEAR, 0) == pytest.approx(0.0)


@pytest.mark.covers("c_store_up_power", "c_store_up_energy", "c_store_down_power", "c_store_down_energy")
@pytest.mark.parametrize("product", ["up", "down"])
@pytest.mark.parametrize(("power", "hours", "bound"), [(0.5, 4.0, "power"), (1.0, 0.5, "energy")])
def test_a_store_holds_reserve_within_its_power_and_its_energy(product, power, hours, bound):
    """Proves    a GW held for an hour needs a GW of power and, upward, a GWh inside; downward, room for it.

    System    1 GW of demand, coal that is not committed; 0.5 GW of store for 4 h, or 1 GW for half an hour,
              without losses; 0.6 GW of reserve for 1 h.
    By hand   0.5 GW are held either way, 0.1 is short: 8760 (0.30 + 0.1 3) = 5256
    Fails if  a store holds reserve that it cannot last through.
    """
    store = dict(existing={"A": power}, duration=(hours, hours))
    data = system([1.0], {"coal": COAL, "battery": store}, policy=asks(product, 0.6))
    found = run(data, products=[product], committed_groups=[])
    assert found.objective == pytest.approx(5256.0)
    assert found.value(f"v_store_{product}", "A", "battery", YEAR, 0) == pytest.approx(0.5)
    assert float(found.results.duals[f"c_store_{product}_{bound}"].min()) < 0
    assert found.paid(payee="stores", mechanism="ancillary") == pytest.approx(0.5 * 3 * HOURS)


@pytest.mark.covers("c_store_up_energy")
def test_reserve_pays_for_a_store():
    """Proves    a store built for reserve alone breaks even, its energy too.

    System    1 GW of demand, coal that is not committed; 0.5 GW of up reserve for 2 h; a battery of 1 to 4 h
              at 100 MCNY/GW-yr and 50 MCNY/GWh-yr.
    By hand   0.5 GW and 1 GWh: 2628 + 50 + 50 = 2728; reserve is worth (100 + 2 50) / 8760 an hour
    Fails if  what holds the energy is left out of zero profit.
    """
    battery = dict(build=True, annuity=100.0, energy_annuity=50.0, duration=(1.0, 4.0))
    data = system([1.0], {"coal": COAL, "battery": battery}, policy=asks("up", 0.5))
    found = run(data, products=["up"], committed_groups=[], reserve_duration_h=2.0)
    assert found.objective == pytest.approx(2728.0)
    assert found.price("c_reserve_up", "A", YEAR, 0) == pytest.approx(200 / HOURS)


# -- peak shaving


@pytest.mark.parametrize(("others", "payer"), [(True, "generators"), (False, "consumers")])
def test_deep_regulation_is_paid_by_the_other_generators(others, payer):
    """Proves    output below the threshold is paid in settlement, and the LP stays bit for bit.

    System    `night_and_day` with a start at 0.2: 1 GW on, 0.4 GW by day.  Threshold 0.5, 300 CNY/MWh.  Or no
              wind, and 0.4 GW of demand by day.
    By hand   0.1 GW 4380 h 0.3 = 131.4, from wind, which alone runs; without wind from consumers
              a GW of coal (2 stand) receives 65.7, a GW of wind pays 131.4
    Fails if  it is paid on what is off, or above the threshold.
    """
    table = {"shaving_threshold": {"A": 0.5}, "shaving_price": {"A": 0.3}}
    parts = night_and_day() if others else dict(demand=[1.0, 0.4], technologies={"coal": COAL})
    data = system(**parts, policy=table)
    found, without = run(data, peak_shaving=True), run(data)
    assert found.paid(product="peak shaving", payee="generators") == pytest.approx(131.4)
    assert found.paid(product="peak shaving", payer=payer) == pytest.approx(131.4)
    assert income(found, "coal")["peak_shaving"] == pytest.approx(65.7)
    if others:
        assert income(found, "wind")["peak_shaving"] == pytest.approx(-131.4)
    assert np.array_equal(found.solution.x, without.solution.x)


# -- the whole


@pytest.mark.parametrize("name", EVERYTHING)
def test_all_of_it_breaks_even_and_clears(name):
    """Proves    zero profit of every vintage, accounts at zero, and income by GW as the ledger has it.

    System    the whole system, three sets of all mechanisms.
    By hand   income by row is dual x coefficient x activity, independently of the entries.
    Fails if  a rent of commitment, reserve or retrofit is forgotten or counted twice.
    """
    found = run_whole(name)
    frame = zero_profit(found.results, found.active)
    assert len(frame) >= 10
    assert worst_residual(frame) < 1e-9
    mine = next(active for active in found.active if active.name == "ancillary")
    book = found.ledger[found.ledger.mechanism == "ancillary"]
    assert worst_account(book[~book.payer.str.startswith("energy")])[0] < 1e-9
    moving = "v_on" if EVERYTHING[name]["ancillary"].get("daily_groups") else "v_start"
    assert float(found.results.values[moving].sum()) > 0.1  # or the test says little
    capacity = found.results.values["v_capacity"].fillna(0.0)
    lines = mine.income(found.results, found.data)
    plants = ("generators", "stores")
    for r, g in found.data.units:
        for y in found.results.years:
            here = book[(book.province == r) & (book.technology == g) & (book.year == y)]
            booked = here[here.payee.isin(plants)].amount.sum() - here[here.payer.isin(plants)].amount.sum()
            key = dict(province=r, technology=g, year=y)
            gw = float(capacity.sel(key))
            own = sum(float(x.sel(key)) for n, x in lines.items() if n not in ("starts", "flexibility"))
            assert booked == pytest.approx(gw * own, abs=1e-6), (r, g, y)


def test_a_wider_area_and_fewer_rules_never_cost_more():
    """Proves    nation <= region <= province, retrofits and more providers never raise the objective; ramps
              never lower it.

    System    the whole system with twice the requirement.
    By hand   one feasible set contains the other.
    Fails if  pooling loses or invents reserve.
    """

    def cost(**options):
        return run_tiny(whole_system(), {"ancillary": {"requirement_factor": 2.0, **options}}).objective

    province = cost()
    nation, region = cost(area="nation"), cost(area="region")
    assert nation == pytest.approx(region, rel=1e-9)  # one grid in this system
    assert nation < province * (1 - 1e-6)
    assert cost(flexibility=True) <= province * (1 + 1e-9)
    assert cost(providers=["thermal"]) > province * (1 + 1e-6)
    assert cost(ramps=True) >= province * (1 - 1e-9)


# -- another formulation


def written_out(demand, wind, fleets, shares, count, hours) -> float:
    """The same problem with reserve of each fleet and product, by scipy: one province, one year.

    Args:
        fleets: (capacity, fuel, least output, start cost) of each committed fleet; beside them wind that is
            free, unserved energy at 20, shortage at 3.
        shares: product -> (per demand, per wind).
    """
    n, slices = len(fleets), len(demand)
    names = [f"{kind}{g}" for g in range(n) for kind in ("K", "G", "S", "up", "down", "fu", "fd")]
    names += ["wind", "wind_down", "unserved", "zu", "zd", "zfu", "zfd"]
    at = {(name, t): t * len(names) + i for t in range(slices) for i, name in enumerate(names)}
    cost = np.zeros(len(at))
    less, right, equal, equal_right = [], [], [], []

    def row(terms, limit):
        line = np.zeros(len(at))
        for key, x in terms:
            line[at[key]] += x
        less.append(line)
        right.append(limit)

    for t in range(slices):
        before = (t - 1) % slices
        balance = np.zeros(len(at))
        for g, (gw, fuel, least, start) in enumerate(fleets):
            key = {kind: (f"{kind}{g}", t) for kind in ("K", "G", "S", "up", "down", "fu", "fd")}
            cost[at[key["G"]]], cost[at[key["S"]]] = hours * fuel, count * start
            balance[at[key["G"]]] = 1
            row([(key["K"], 1)], gw)
            row([(key["G"], 1), (key["up"], 1), (key["fu"], 1), (key["K"], -1)], 0)
            row([(key["K"], least), (key["down"], 1), (key["fd"], 1), (key["G"], -1)], 0)
            row([(key["K"], 1), ((f"K{g}", before), -1), (key["S"], -1)], 0)
        for name, price in (("unserved", 20.0), ("zu", 3.0), ("zd", 3.0)):
            cost[at[name, t]] = hours * price
        cost[at["zfu", t]] = hours * 3.0
        cost[at["zfd", t]] = hours * 3.0
        balance[at["wind", t]] = balance[at["unserved", t]] = 1
        equal.append(balance)
        equal_right.append(demand[t])
        row([(("wind", t), 1)], wind[t])
        row([(("wind_down", t), 1), (("wind", t), -1)], 0)
        for kind, product, slack in (("up", "up", "zu"), ("down", "down", "zd")):
            a, b = shares[product]
            held = [((f"{kind}{g}", t), -1) for g in range(n)] + [((slack, t), -1), (("wind", t), b)]
            row([*held, (("wind_down", t), -1)] if kind == "down" else held, -a * demand[t])
        a, b = shares["frequency"]
        for kind, slack in (("fu", "zfu"), ("fd", "zfd")):
            row(
                [((f"{kind}{g}", t), -1) for g in range(n)] + [((slack, t), -1), (("wind", t), b)],
                -a * demand[t],
            )
    found = linprog(cost, np.array(less), right, np.array(equal), equal_right, method="highs")
    assert found.status == 0
    return float(found.fun)


@pytest.mark.parametrize("seed", range(6))
def test_pooled_reserves_are_those_of_every_fleet_and_product(seed):
    """Proves    headroom in common and a nested row for regulation say what reserves by fleet say.

    System    two committed fleets, gas and coal, and wind, six slices, random numbers; three products.
    By hand   `written_out`: commitment, output, four reserves of each fleet, as a matrix of its own.
    Fails if  a GW of headroom is sold twice, or the nested rows let wind regulate.
    """
    draw = np.random.default_rng(seed)
    demand, wind = draw.uniform(1.0, 3.0, 6), draw.uniform(0.05, 2.0, 6)
    coal, gas = (2.6, 0.3, draw.uniform(0.3, 0.6), 0.05), (1.5, 0.5, draw.uniform(0.2, 0.5), 0.02)
    shares = {p: tuple(draw.uniform(0.02, 0.15, 2)) for p in ("up", "down", "frequency")}
    hours = HOURS / 6
    technologies = {
        "coal": dict(existing={"A": coal[0]}, fuel=coal[1]),
        "gas": dict(existing={"A": gas[0]}, fuel=gas[1]),
        "wind": dict(existing={"A": 1.0}, availability=list(wind)),
    }
    policy = {
        "min_stable": {"coal": coal[2], "gas": gas[2]},
        "start_cost": {"coal": coal[3], "gas": gas[3]},
        "reserve_load": {(p, "A"): x for p, (x, _) in shares.items()},
        "reserve_vre": {(p, "A"): x for p, (_, x) in shares.items()},
    }
    data = system(list(demand), technologies, policy=policy)
    found = run(data, products=["up", "down", "frequency"])
    assert found.objective == pytest.approx(
        written_out(demand, wind, (coal, gas), shares, hours, hours), rel=1e-8
    )


# -- options and indicators


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(committed_groups=[], ramps=True), "ramps"),
        (dict(committed_groups=[], products=[]), "nothing is left"),
        (dict(products=[], who_pays="load"), "who_pays"),
        (dict(products=["sideways"]), "products"),
    ],
)
def test_options_without_effect_are_refused(options, message):
    with pytest.raises(Exception, match=message):
        validate_options(AncillaryConfig, options)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (dict(flexibility=True), "flexibility"),
        (dict(ramps=True), "ramps"),
        (dict(products=["down"]), "products"),
        (dict(products=["up"], area="region"), "area"),
        (dict(committed_groups=["coal", "nuclear"]), "committed_groups"),
        (dict(peak_shaving=True), "peak_shaving"),
    ],
)
def test_what_only_the_system_shows(options, option):
    """Proves    an option that the tables leave without effect is named, with its remedy.

    System    `two_fuels`: tables of coal's least output and start, up reserve alone.
    By hand   one problem each.
    Fails if  an option is passed over in silence.
    """
    cfg = validate_options(AncillaryConfig, {"products": ["up"], **options})
    problems = ANCILLARY.check(cfg, two_fuels(0.2))
    assert len(problems) == 1
    assert f"markets.ancillary.{option}" in problems[0]


def test_indicators_in_the_units_of_the_market():
    """Proves    what the report shows of prices, cost, commitment, starts, retrofits and peak shaving.

    System    `two_fuels` with 0.2 GW of up reserve; `night_and_day` with starts at 0.05.
    By hand   200 CNY per MW and h, 0.3504 bn CNY a year, all coal on; 1 of 2 GW starts 4380 times: 2190
    Fails if  units are the model's own, or a mean is over slices.
    """

    def table(found) -> pd.Series:
        rows = pd.concat(found.active[-1].indicators(found.results))
        return rows.set_index(["indicator", "province", "technology"])["value"]

    reserve = table(run(two_fuels(0.2), products=["up"]))
    assert reserve["reserve_price", "CN", "up"] == pytest.approx(200.0)
    assert reserve["reserve_cost", "CN", "all"] == pytest.approx(0.3504)
    assert reserve["commitment", "A", "coal"] == pytest.approx(1.0)
    starts = table(run(system(**night_and_day(), coal=(0.4, 0.05))))
    assert starts["starts", "A", "coal"] == pytest.approx(2190.0)
    assert starts["commitment", "A", "coal"] == pytest.approx(0.25)


@pytest.mark.covers("c_on", "c_on_max")
def test_units_that_are_on_for_days_cannot_leave_at_night():
    """Proves    what is on is one number for the period: the least output at night limits the day.

    System    two slices of 4380 h; demand 1.0 by day, 0.3 by night; 2 GW of coal at 0.30, least output
              one half; 2 GW of gas at 0.50 that is not committed.
    By hand   at night coal gives at most 0.3, so 0.6 is on: 4380 (0.6 0.30 + 0.4 0.50 + 0.3 0.30) = 2058.6
              one more GW at night keeps two on: 0.30 - 2 (0.50 - 0.30) = -0.10; by day 0.50
              units that follow the slices: 4380 (0.30 + 0.3 0.30) = 1708.2
    Fails if  what is on differs between slices of a day, or the least output does not count.
    """
    system = tiny(
        {("A", 2030): [1.0, 0.3]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.30),
            "gas": dict(existing={"A": 2.0}, fuel=0.50),
        },
        policy={"min_stable": {"coal": 0.5}},
    )
    options = dict(committed_groups=["coal"], products=[])
    daily = run_tiny(system, {"ancillary": options | dict(daily_groups=["coal"])})
    assert daily.objective == pytest.approx(2058.6)
    assert daily.value("v_on", "A", "coal", 2030, 0) == pytest.approx(0.6)
    assert [daily.price("c_balance", "A", 2030, t) for t in range(2)] == pytest.approx([0.50, -0.10])
    assert run_tiny(system, {"ancillary": options}).objective == pytest.approx(1708.2)


def test_days_need_committed_units():
    system = tiny(
        {("A", 2030): [1.0]},
        {"coal": dict(existing={"A": 2.0}, fuel=0.30)},
        policy={"min_stable": {"coal": 0.5}},
    )
    (active,) = active_of({"ancillary": dict(committed_groups=["coal"], daily_groups=["gas"], products=[])})
    assert "daily_groups" in active.check(system)[0]
