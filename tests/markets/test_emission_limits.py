"""Limits on physical emissions: peak, another scenario's emissions, provincial caps."""

from __future__ import annotations

import pytest

from picmodel.data.system import Corridor
from picmodel.errors import Infeasible, InputError
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.emission_limits.options import (
    EmissionLimitsConfig,
    Provincial,
    caps,
    check,
    hard,
    needs,
)
from picmodel.markets.emission_limits.rules import EMISSION_LIMITS
from picmodel.markets.emission_limits.settlement import accounts
from picmodel.scenario.check import validate_options
from picmodel.settlement.ledger import worst_account
from tests.tiny import run_tiny, tiny

YEAR = 2030
HOURS = 8760


#: what another scenario emits: 0.7 kt/GWh
OTHER = {"emissions_of": {"other": {YEAR: 6132.0}}}


def limits(**options) -> dict:
    return {"emission_limits": options}


def config(**options) -> EmissionLimitsConfig:
    return validate_options(EmissionLimitsConfig, options)


def coal_and_gas(years=(YEAR,), coal=None, gas=None, **more):
    """1 GW of demand; 1 GW of coal (1.0 kt/GWh, 0.30 MCNY/GWh) and of gas (0.4, 0.45): 0.25 MCNY per kt
    avoided."""
    return tiny(
        {("A", y): [1.0] for y in years},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0) | (coal or {}),
            "gas": gas or dict(existing={"A": 1.0}, fuel=0.45, emission=0.4),
        },
        years=years,
        **more,
    )


def two_provinces(gas_of_b=0.45, years=(YEAR,), **more):
    """`coal_and_gas` twice, in A and B, not joined."""
    return tiny(
        {(r, y): [1.0] for r in "AB" for y in years},
        {
            "coal": dict(existing={"A": 1.0, "B": 1.0}, fuel=0.30, emission=1.0),
            "gas": dict(existing={"A": 1.0, "B": 1.0}, fuel={"A": 0.45, "B": gas_of_b}, emission=0.4),
        },
        years=years,
        **more,
    )


def sender_and_receiver(**more):
    """1 GW of demand in A and in B; 2 GW of coal in A, 1 GW of gas in B, a line of 1 GW without loss."""
    policy = {"grid_factor": {"A": 0.8, "B": 0.3}}
    return tiny(
        {("A", YEAR): [1.0], ("B", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.30, emission=1.0),
            "gas": dict(existing={"B": 1.0}, fuel=0.45, emission=0.4),
        },
        corridors=(Corridor("A-B", ("A", "B")),),
        line_capacity={("A-B", YEAR): 1.0},
        **({"policy": policy} | more),
    )


def price_of(run, name: str) -> float:
    """The only row of an indicator."""
    (active,) = run.active
    tables = [t for t in active.indicators(run.results) if (t["indicator"] == name).any()]
    return float(tables[0]["value"].item())


@pytest.mark.covers("c_emission_peak")
def test_emissions_peak_and_fall():
    """Proves    all generation stays below the level, and below a falling one after the peak year.

    System    `coal_and_gas` in 2025, 2030 and 2035 (five years each, no discounting); level 6132 kt, peak in
              2030, 10 % less each year after.
    By hand   2025 and 2030: share of coal 0.5; 2035: 0.7 0.9^5 = 0.413343, share 0.0222383
              5 8760 (0.375 + 0.375 + 0.30 s + 0.45 (1 - s)); each kt costs 0.25
    Fails if  the level starts at the peak year, or falls by planning years instead of calendar years.
    """
    peak = dict(year=2030, level_mt=6.132, decline_after_share=0.1)
    run = run_tiny(
        coal_and_gas((2025, 2030, 2035), last_span=5),
        {"emission_limits": dict(peak_year=peak)},
    )
    share = (0.7 * 0.9**5 - 0.4) / 0.6
    assert run.objective == pytest.approx(5 * HOURS * (0.75 + 0.45 - 0.15 * share))
    assert [run.price("c_emission_peak", y) for y in (2025, 2030, 2035)] == pytest.approx([0.25] * 3)


@pytest.mark.covers("c_emission_peak")
def test_a_peak_that_is_too_dear_is_exceeded():
    """Proves    the slack bounds the price of the peak rule.

    System    `coal_and_gas` in 2030 and 2035, one year the last; level 6132 kt, slack 100 CNY/t.
    By hand   coal alone in 5 + 1 years, 2628 kt above the level at 0.10: 6 (2628 + 262.8) = 17344.8.
    Fails if  the rule binds beyond its slack's price.
    """
    peak = dict(year=2030, level_mt=6.132, slack_cny_per_t=100)
    run = run_tiny(coal_and_gas((2030, 2035)), {"emission_limits": dict(peak_year=peak)})
    assert run.objective == pytest.approx(17344.8)
    assert run.price("c_emission_peak", 2035) == pytest.approx(0.10)


def test_the_level_of_another_scenario():
    """Proves    the level is what another scenario emits in the peak's year, linear between its years.

    System    `coal_and_gas` in 2030 and 2035, one year the last; the other emits 8000 kt in 2025,
              4264 in 2035.
    By hand   (8000 + 4264) / 2 = 6132 kt in 2030: coal's share 0.5 in both: 6 8760 0.375 = 19710.
    Fails if  the nearest year, or this scenario's own year, is taken.
    """
    system = coal_and_gas((2030, 2035), policy={"emissions_of": {"base": {2025: 8000.0, 2035: 4264.0}}})
    run = run_tiny(system, limits(peak_year=dict(year=2030, level_of="base")))
    assert run.objective == pytest.approx(19710.0)


def test_a_peak_without_slack_is_kept_or_there_is_no_plan():
    """Proves    without a slack the price has no ceiling; what cannot be kept is infeasible, with a reason.

    System    `coal_and_gas` in 2030 and 2035; then with coal that stays and runs at half in any case.
    By hand   6132 kt as before: 6 8760 0.375 = 19710
              coal emits at least 4380 kt, whatever demand goes unserved: 4000 kt cannot be.
    Fails if  null means free of charge.
    """
    options = dict(year=2030, level_mt=6.132, slack_cny_per_t=None)
    assert run_tiny(coal_and_gas((2030, 2035)), limits(peak_year=options)).objective == pytest.approx(19710.0)
    rigid = coal_and_gas((2030, 2035), coal=dict(must_run=0.5), may_retire={"coal": False})
    with pytest.raises(Infeasible):
        run_tiny(rigid, limits(peak_year=options | dict(level_mt=4.0)))
    (reason,) = hard(config(peak_year=options))
    assert "before the peak" in reason
    assert hard(config(peak_year=options | dict(slack_cny_per_t=100.0))) == []


# -- emissions of another scenario


@pytest.mark.covers("c_held_emissions")
def test_emissions_held_are_sold_by_the_state():
    """Proves    emissions stay at another scenario's, at a price that emitters pay to the state.

    System    `coal_and_gas`; the other scenario emits 0.7 8760 = 6132 kt.
    By hand   share of coal 0.5: 8760 0.375 = 3285; a kt is worth 0.15 / 0.6 = 0.25 MCNY = 250 CNY/t
              power price 0.30 + 0.25 = 0.55; coal pays 0.25 4380 = 1095, gas 0.25 1752 = 438, the state gets
              1533
    Fails if  the price is not paid, or is paid on something else than what is emitted.
    """
    run = run_tiny(coal_and_gas(policy=OTHER), limits(hold_emissions_of="other"))
    assert run.objective == pytest.approx(3285.0)
    assert run.price("c_held_emissions", YEAR) == pytest.approx(0.25)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.55)
    assert run.paid(payer="generators", product="emissions held", technology="coal") == pytest.approx(1095.0)
    assert run.paid(payer="generators", product="emissions held", technology="gas") == pytest.approx(438.0)
    assert run.paid(payee="state") == pytest.approx(1533.0)
    assert worst_account(run.ledger)[0] < 1e-9
    assert price_of(run, "held_emissions_price") == pytest.approx(250.0)


@pytest.mark.covers("c_held_emissions")
def test_what_exceeds_the_emissions_held_is_paid_at_the_slacks_price():
    """Proves    the slack bounds the price, and what is emitted above is sold too.

    System    `coal_and_gas`, 6132 kt held, slack 100 CNY/t.
    By hand   0.10 < 0.25: coal alone, 2628 kt above: 8760 0.30 + 262.8 = 2890.8
              the state gets 0.10 8760 = 876, of which 262.8 for what is above
    Fails if  the slack is free, or the account is left with goods that nobody sold.
    """
    run = run_tiny(coal_and_gas(policy=OTHER), limits(hold_emissions_of="other", hold_slack_cny_per_t=100.0))
    assert run.objective == pytest.approx(2890.8)
    assert run.value("v_above_held", YEAR) == pytest.approx(2628.0)
    assert run.paid(payee="state") == pytest.approx(876.0)
    assert run.paid(payee="state", product="emissions above those held") == pytest.approx(262.8)
    assert worst_account(run.ledger)[0] < 1e-9


@pytest.mark.covers("c_held_emissions")
def test_a_plant_that_is_built_pays_for_what_it_emits():
    """Proves    margin and income have the price of emissions held.

    System    1 GW of coal as above; gas is built at 87.6 MCNY/GW-yr (0.01 MCNY/GWh), 6132 kt held.
    By hand   0.30 + mu = 0.45 + 0.01 + 0.4 mu, mu = 0.16 / 0.6 = 0.26667
              a GW of gas pays 0.26667 0.4 8760 = 934.4 a year
    Fails if  the line is missing: the vintage would earn a profit of 934.4.
    """
    system = coal_and_gas(policy=OTHER, gas=dict(build=True, annuity=87.6, fuel=0.45, emission=0.4))
    run = run_tiny(system, limits(hold_emissions_of="other"))
    assert run.price("c_held_emissions", YEAR) == pytest.approx(0.16 / 0.6)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9
    (active,) = run.active
    line = active.income(run.results, run.data)["held_emissions"]
    assert float(line.sel(province="A", technology="gas", year=YEAR)) == pytest.approx(-934.4)


def test_less_held_never_costs_less():
    """Proves    monotonicity, and that emissions far above change nothing.

    System    `coal_and_gas` with 9000, 7000, 5000 and 3600 kt held; coal alone emits 8760.
    By hand   2628 while it does not bind; then 0.25 for each kt below 8760: 3068, 3568, 3918.
    Fails if  the rule's sense is turned round.
    """
    found = []
    for held in (9000.0, 7000.0, 5000.0, 3600.0):
        system = coal_and_gas(policy={"emissions_of": {"other": {YEAR: held}}})
        found.append(run_tiny(system, limits(hold_emissions_of="other")).objective)
    assert found == pytest.approx([2628.0, 3068.0, 3568.0, 3918.0])


# -- provinces


@pytest.mark.covers("c_provincial_cap")
def test_a_cap_on_what_a_province_produces():
    """Proves    the cap prices a tonne in its province alone, and nobody is paid it.

    System    A and B, each as `coal_and_gas`, not joined; A may emit 6132 kt.
    By hand   A: 8760 0.375 = 3285 at 0.25; B: 2628 at its own 0.30.
    Fails if  the cap is on the nation, or is settled.
    """
    run = run_tiny(two_provinces(), limits(provincial=dict(cap_mt={"A": 6.132})))
    assert run.objective == pytest.approx(3285.0 + 2628.0)
    assert run.price("c_provincial_cap", "A", YEAR) == pytest.approx(0.25)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.55)
    assert run.price("c_balance", "B", YEAR, 0) == pytest.approx(0.30)
    assert run.paid(mechanism="emission_limits") == 0.0
    assert price_of(run, "provincial_cap_price") == pytest.approx(250.0)


@pytest.mark.covers("c_provincial_cap")
@pytest.mark.parametrize(
    ("responsibility", "cap", "flow", "price"),
    [
        (dict(responsibility="production"), {"A": 1.5}, 0.5, 0.15),
        (dict(responsibility="consumption"), {"B": 0.6}, 0.5, 0.15 / 0.4),
        (dict(responsibility="shared", share=0.75), {"B": 0.45}, 0.25, 0.15 / 0.2),
    ],
    ids=["production", "consumption", "shared"],
)
def test_who_accounts_for_electricity_sent(responsibility, cap, flow, price):
    """Proves    the sender's factor moves emissions from its account to the receiver's, and none is lost.

    System    `sender_and_receiver`: A sends coal power at 0.30 where B's gas costs 0.45; factor of A
              0.8 kt/GWh.
    By hand   per hour with flow f: A emits 1 + f, B 0.4 (1 - f)
              production: 1 + f = 1.5; a kt costs 0.15
              consumption: B accounts for 0.4 (1 - f) + 0.8 f = 0.4 + 0.4 f = 0.6: f = 0.5; 0.15 / 0.4
              three quarters: 0.4 (1 - f) + 0.6 f = 0.4 + 0.2 f = 0.45: f = 0.25; 0.15 / 0.2
    Fails if  the receiver's factor is taken, losses of the line are counted, or the sender is not relieved.
    """
    mt = {r: gw_t * HOURS / 1e3 for r, gw_t in cap.items()}
    run = run_tiny(sender_and_receiver(), limits(provincial=responsibility | dict(cap_mt=mt)))
    (province,) = cap
    assert run.value("v_flow", "A>B", YEAR, 0) == pytest.approx(flow)
    assert run.objective == pytest.approx(HOURS * (0.30 * (1 + flow) + 0.45 * (1 - flow)))
    assert run.price("c_provincial_cap", province, YEAR) == pytest.approx(price)
    accounted = accounts(run.results, Provincial(cap_mt=mt, **responsibility))
    assert float(accounted.sel(province=province, year=YEAR)) == pytest.approx(1e3 * mt[province])
    assert float(accounted.sum()) == pytest.approx(run.total("v_emissions"), rel=1e-12)


@pytest.mark.covers("c_permits", "c_provincial_cap")
def test_provinces_trade_what_they_do_not_use():
    """Proves    with trade the province that avoids cheaply does, and is paid by the other.

    System    A and B as `coal_and_gas`, not joined, B's gas at 0.39; both may emit 0.75 8760 = 6570 kt.
    By hand   alone: coal's share (0.75 - 0.4) / 0.6 = 7/12 in both, prices 0.25 and 0.15
              traded: B avoids at 0.15 < 0.25; 1.5 = 1.0 + 0.5: A burns coal, B's share of coal is 1/6
              A buys 0.25 8760 = 2190 kt at 0.15: 328.5
    Fails if  permits are made of nothing, or the price is that of the dearer province.
    """
    options = dict(cap_mt={"A": 6.57, "B": 6.57})
    alone = run_tiny(two_provinces(gas_of_b=0.39), limits(provincial=options))
    share = 7 / 12
    both = 0.30 * 2 * share + (0.45 + 0.39) * (1 - share)
    assert alone.objective == pytest.approx(HOURS * both)
    run = run_tiny(two_provinces(gas_of_b=0.39), limits(provincial=options | dict(trade=True)))
    assert run.objective == pytest.approx(HOURS * (0.30 + 0.30 / 6 + 0.39 * 5 / 6))
    assert run.value("v_permits", "A", YEAR) == pytest.approx(2190.0)
    assert run.price("c_permits", YEAR) == pytest.approx(0.15)
    assert run.paid(payer="state", province="A", product="provincial permits") == pytest.approx(328.5)
    assert run.paid(payer="state", province="B", product="provincial permits") == pytest.approx(-328.5)
    assert worst_account(run.ledger)[0] < 1e-9


@pytest.mark.covers("c_provincial_cap")
def test_a_cap_of_nothing_costs_its_slack():
    """Proves    the slack of a province is dearer than the national ones; null: rather no electricity.

    System    A and B as `coal_and_gas`; A may emit nothing.
    By hand   gas alone emits 3504 kt, at 5000 CNY/t: 8760 0.45 + 17520 = 21462; and B's 2628
              without slack nothing is served in A: 8760 20 = 175200.
    Fails if  the slack is that of the peak (3000 CNY/t).
    """
    run = run_tiny(two_provinces(), limits(provincial=dict(cap_mt={"A": 0.0})))
    assert run.objective == pytest.approx(21462.0 + 2628.0)
    assert run.price("c_provincial_cap", "A", YEAR) == pytest.approx(5.0)
    strict = run_tiny(two_provinces(), limits(provincial=dict(cap_mt={"A": 0.0}, slack_cny_per_t=None)))
    assert strict.objective == pytest.approx(175200.0 + 2628.0)


def test_a_cap_starts_in_its_first_year():
    """Proves    linear between the years of a path, constant after, none before; a number is for every year.

    System    planning years 2025, 2030, 2035.
    By hand   {2028: 10, 2038: 8}: 9.6 Mt in 2030, 8.6 in 2035.
    Fails if  years before the first are capped, as other paths by year would be.
    """
    system = coal_and_gas((2025, 2030, 2035))
    path = caps(Provincial(cap_mt={"A": {2028: 10.0, 2038: 8.0}}), system)
    assert path == pytest.approx({("A", 2030): 9600.0, ("A", 2035): 8600.0})
    assert caps(Provincial(cap_mt={"A": 1.0}), system) == {("A", y): 1000.0 for y in (2025, 2030, 2035)}


# -- what is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no limit is set"),
        (dict(peak_year=dict(year=2030)), "`level_of` with the name of a scenario without"),
        (dict(peak_year=dict(year=2030, level_mt=5.0, level_of="base")), "both give the level"),
        (dict(peak_year=dict(year=2030, level_mt=5.0), hold_slack_cny_per_t=9.0), "no `hold_emissions_of`"),
        (dict(provincial=dict(cap_mt={})), "cap_mt"),
        (dict(provincial=dict(cap_mt={"A": 1.0}, share=0.3)), "`share` has no effect with `production`"),
        (dict(provincial=dict(cap_mt={"A": 1.0}, trade=True)), "two capped provinces"),
        (dict(provincial=dict(cap_mt={"A": -1.0})), "cap_mt"),
    ],
)
def test_contradictory_and_idle_options_are_refused(options, words):
    with pytest.raises(InputError) as error:
        validate_options(EmissionLimitsConfig, options)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(hold_emissions_of="nobody"), "the emissions of `nobody` are not known"),
        (dict(hold_emissions_of="early"), "2035 is outside the planning years of `early` (2025 to 2030)"),
        (dict(peak_year=dict(year=2031, level_of="early")), "2031 is outside the planning years of `early`"),
        (dict(peak_year=dict(year=2035, level_mt=1.0)), "no planning year lies after 2035"),
        (dict(provincial=dict(cap_mt={"a": 1.0})), "no province of the scenario; write one of A, B"),
        (dict(provincial=dict(cap_mt={"A": {2040: 1.0}})), "no planning year is 2040 or later"),
        (dict(provincial=dict(cap_mt={"A": 1.0}, responsibility="shared")), "no corridor joins"),
    ],
)
def test_what_only_the_system_shows(options, words):
    policy = {"emissions_of": {"early": {2025: 1.0, 2030: 2.0}}}
    problems = check(config(**options), two_provinces(years=(2030, 2035), policy=policy))
    assert len(problems) == 1
    assert words in problems[0]


def test_a_factor_that_the_inputs_lack():
    problems = check(
        config(provincial=dict(cap_mt={"B": 1.0}, responsibility="consumption")),
        sender_and_receiver(policy={}),
    )
    assert ["A, B" in problem for problem in problems] == [True]


def test_the_scenarios_that_are_needed():
    found = needs(config(peak_year=dict(year=2030, level_of="free"), hold_emissions_of="base"))
    assert found == {("peak_year", "level_of"): "free", ("hold_emissions_of",): "base"}
    assert EMISSION_LIMITS.needs(config(peak_year=dict(year=2030, level_mt=5.0))) == {}
