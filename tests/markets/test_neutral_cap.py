"""The link that leaves the carbon limit where it is: hand-worked fixed points, and the way to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from picmodel.errors import SolverTrouble
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.green_certificates.neutral_cap import (
    PRICE,
    TRIED,
    guess,
    iterate,
    next_guess,
    residual,
)
from tests.markets.test_green_certificates_uses import clears
from tests.tiny import TinyRun, active_of, run_tiny, tiny

YEAR = 2030
HOURS = 8760
WIND = {"class": "nonhydro"}
COAL = dict(existing={"A": 2.0}, fuel=0.30, emission=1.0)
GAS = dict(existing={"A": 2.0}, fuel=0.45, emission=0.4)


def system(years=(YEAR,), **technologies):
    """1 GW of demand, 0.1 GW of free hydro whose certificates are not linked; no obligation."""
    due = {("A", y): 0.0 for y in years}
    return tiny(
        {("A", y): [1.0] for y in years},
        {**technologies, "hydro": dict(existing={"A": 0.1}, **{"class": "hydro"})},
        years=years,
        last_span=5 if len(years) > 1 else 1,
        policy={"weight_total": due, "weight_nonhydro": due, "benchmark": {}},
    )


def markets(carbon: dict, neutral: bool = True, **more) -> dict:
    """Certificates as allowances at kappa 0.5, every vintage."""
    link = dict(trade="none", carbon_linkage="unified", eligible_from=None, conversion_factor_t_per_mwh=0.5)
    return {"carbon": carbon, "green_certificates": link | dict(neutral_cap=neutral) | more}


def cap(gw: float | dict) -> dict:
    """A cap of so many kt per hour."""
    given = {y: 8.76 * x for y, x in gw.items()} if isinstance(gw, dict) else 8.76 * gw
    return dict(instrument="cap", cap_mt=given)


def settled(data, options: dict, most: int = 20) -> tuple[TinyRun, int]:
    """Solve until the mechanism asks for no further solve, as the driver does."""
    config = active_of(options)[1].options
    for count in range(1, most + 1):
        run = run_tiny(data, options)
        following = iterate(run.results, config, data)
        if following is None:
            assert residual(run.results, config, data) <= config.neutral_tolerance_share
            return run, count
        data = following
    raise AssertionError("not settled")


def same_as_number(run: TinyRun, options: dict, limit: dict) -> None:
    """The plan is optimal where the limit falls by what is surrendered, as a number: the definition.

    Args:
        limit: the cap, kt per hour by year.
    """
    years = run.results.years
    surrendered = {y: 0.5 * run.total("v_surrendered", year=y) for y in years}
    lower = {y: limit[y] - surrendered[y] / HOURS for y in years}
    other = run_tiny(run.data, markets(cap(lower), neutral=False))
    paid = sum(run.data.horizon.discount[y] * guess(run.data, y) * kt for y, kt in surrendered.items())
    assert other.objective == pytest.approx(run.objective + paid, rel=1e-9)
    for y in years:
        assert other.price("c_allowances", "CN", y) == pytest.approx(guess(run.data, y))


# -- fixed points by hand


def test_a_neutral_cap_falls_by_what_is_surrendered():
    """Proves    at the fixed point emissions are the cap's, and a certificate still earns kappa tau.

    System    1 GW of old wind at 0.40, coal; cap 0.7.
    By hand   0.9 - x = 0.7: x = 0.2 GW, of which 0.1 kt per hour surrendered
              wind is marginal: 0.40 - 0.5 p = 0.30 + tau, so tau = 0.10 - 0.5 p: 0.10, then 0.05, then the
              secant: p = tau = 0.10 / 1.5 after three solves; the state pays 876 kt at it
    Fails if  what is surrendered is a variable (it would cancel: p = 0.10) or emissions rise.
    """
    options = markets(cap(0.7))
    run, solves = settled(system(coal=COAL, wind=dict(existing={"A": 1.0}, fuel=0.40, **WIND)), options)
    assert solves == 3
    assert guess(run.data, YEAR) == pytest.approx(0.10 / 1.5)
    assert run.value("v_emissions", "A", YEAR) == pytest.approx(0.7 * HOURS)
    assert run.value("v_surrendered", "A", "nonhydro", YEAR) == pytest.approx(0.2 * HOURS)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.10 / 1.5)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.05 / 1.5)
    withdrawn = dict(payer="state", payee="link/CN", product="allowances withdrawn")
    assert run.paid(**withdrawn) == pytest.approx(876.0 * 0.10 / 1.5)
    assert run.paid(payer="link/CN", payee="generators") == pytest.approx(876.0 * 0.10 / 1.5)
    assert run.cost("transfer", "surrender_payment") == pytest.approx(-876.0 * 0.10 / 1.5)
    same_as_number(run, options, {YEAR: 0.7})
    assert clears(run)


def test_where_all_that_may_be_surrendered_is_the_price_is_that_of_the_limit():
    """Proves    eligible output that is exhausted settles at once, however far what is surrendered is from 0.

    System    0.1 GW of old wind at 0.40, coal, gas; cap 0.7.
    By hand   coal against gas: 0.30 + tau = 0.45 + 0.4 tau, tau = 0.25, whatever wind is paid; power 0.55
              wind runs in full and surrenders 0.05 kt per hour: 438 kt.  Two solves; by quantities it would
              be many steps of the deficit
              0.6 coal = 0.7 - 0.4 0.8: coal 0.38 / 0.6; the certificate is worth 0.125
    Fails if  the walk starts from nothing surrendered, or the limit is met by certificates.
    """
    options = markets(cap(0.7))
    wind = dict(existing={"A": 0.1}, fuel=0.40, **WIND)
    run, solves = settled(system(coal=COAL, gas=GAS, wind=wind), options)
    assert solves == 2
    assert guess(run.data, YEAR) == pytest.approx(0.25)
    assert run.value("v_emissions", "A", YEAR) == pytest.approx(0.7 * HOURS)
    assert run.total("v_surrendered") == pytest.approx(876.0)
    assert run.total("v_generation", technology="coal") == pytest.approx(0.38 / 0.6)
    worth = [run.price(row, "A", "nonhydro", YEAR) for row in ("c_certificates", "c_eligible")]
    assert sum(worth) == pytest.approx(0.125)
    assert run.paid(payer="state", payee="link/CN") == pytest.approx(438.0 * 0.25)
    same_as_number(run, options, {YEAR: 0.7})
    assert clears(run)


def test_a_step_of_what_is_surrendered():
    """Proves    plants that come only for their certificates, all at one price, leave a fixed point.

    System    0.3 GW of wind at 0.65, coal, gas; cap 0.7.
    By hand   p < 0.2: no wind, tau = 0.25.  p > 0.2: wind in place of gas, 0.2 GW at once, coal 0.7:
              power 0.65 - 0.5 p, tau = 0.35 - 0.5 p.  p = tau = 0.35 / 1.5 after four solves:
              0 -> 0.25 -> 0.225; secant 0.25 / 1.1 -> 0.35 - 0.125 / 1.1; secant, slope -1.5
    Fails if  the jump from 0 to 0.2 GW is taken for the lack of a fixed point.
    """
    options = markets(cap(0.7))
    wind = dict(existing={"A": 0.3}, fuel=0.65, **WIND)
    run, solves = settled(system(coal=COAL, gas=GAS, wind=wind), options)
    assert solves == 4
    assert guess(run.data, YEAR) == pytest.approx(0.35 / 1.5)
    assert run.total("v_surrendered") == pytest.approx(0.2 * HOURS)
    assert run.total("v_generation", technology="gas") == pytest.approx(0.0)
    same_as_number(run, options, {YEAR: 0.7})
    assert clears(run)


def test_years_that_share_a_plant():
    """Proves    years that move each other's prices settle together.

    System    2030 and 2035, five years each, no discounting; cap 0.7, then 0.6; gas in 2035 only; wind
              that costs 0.65 a year if built in 2030 and 0.80 if in 2035.
    By hand   2035: coal against gas, tau = 0.25, power 0.55: wind of 2030 earns 0.55 + 0.125, 0.025 more
              than it costs; wind of 2035 does not pay
              2030: coal 0.7, so 0.2 GW of wind, which earns 0.65 - 0.025: tau + 0.30 + 0.5 p = 0.625,
              p = tau = 0.325 / 1.5.  As each year starts from no payment: tau = 0.45
              2035: 0.6 coal = 0.6 - 0.4 0.7, coal 0.32 / 0.6
    Fails if  a year is settled by itself (0.35 / 1.5 in 2030), or years chase each other.
    """
    years = (2030, 2035)
    wind = dict(build=True, annuity={2030: 0.65 * HOURS, 2035: 0.80 * HOURS}, **WIND)
    data = system(years, coal=COAL, gas=GAS | dict(fuel={2030: 9.0, 2035: 0.45}), wind=wind)
    limit = {2030: 0.7, 2035: 0.6}
    options = markets(cap(limit), neutral_tolerance_share=1e-8)
    run, solves = settled(data, options)
    assert solves <= 6
    assert guess(run.data, 2030) == pytest.approx(0.325 / 1.5)
    assert guess(run.data, 2035) == pytest.approx(0.25)
    assert run.value("v_build", "A", "wind", 2030) == pytest.approx(0.2)
    assert run.value("v_build", "A", "wind", 2035) == pytest.approx(0.0, abs=1e-9)
    for y in years:
        assert run.value("v_emissions", "A", y) == pytest.approx(limit[y] * HOURS)
        assert run.value("v_surrendered", "A", "nonhydro", y) == pytest.approx(0.2 * HOURS)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9
    same_as_number(run, options, limit)
    assert clears(run)


def test_under_a_benchmark_the_plan_takes_all_wind_and_the_price_stays():
    """Proves    where wind does not help to meet the limit it is paid for all the same, and emissions fall.

    System    benchmark 0.9: old coal at 0.30 with 1.0 kt/GWh, new at 0.34 with 0.8; 0.5 GW of wind at 0.36.
    By hand   as much of either: tau = 0.04 / 0.2 = 0.2, power 0.32, whatever is left for coal
              without the link no wind: 0.9 emitted on 1.0 kt/GWh and 0.8: 0.81
              with it wind earns 0.32 + 0.1: all 0.5; coal 0.4 emits 0.36, more than the 0.25 surrendered
    Fails if  certificates flood the market (tau = 0), or the plan walks towards it by deficits.
    """
    coal = {
        "old": COAL | dict(emission=1.0),
        "new": COAL | dict(emission=0.8, fuel=0.34),
        "wind": dict(existing={"A": 0.5}, fuel=0.36, **WIND),
    }
    data = system(**coal)
    data = replace(data, policy={**data.policy, "benchmark": {(g, YEAR): 0.9 for g in ("old", "new")}})
    carbon = dict(instrument="benchmark", covered=["old", "new"])
    separate = run_tiny(data, {"carbon": carbon, "green_certificates": dict(trade="none")})
    run, solves = settled(data, markets(carbon))
    assert solves == 2
    assert separate.value("v_emissions", "A", YEAR) == pytest.approx(0.81 * HOURS)
    assert run.value("v_emissions", "A", YEAR) == pytest.approx(0.36 * HOURS)
    assert guess(run.data, YEAR) == pytest.approx(0.2)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.2)
    assert run.total("v_surrendered") == pytest.approx(0.5 * HOURS)
    assert clears(run)


def test_a_loose_limit_settles_at_no_price():
    """Proves    a limit that does not bind pays nothing, and the first solve is the last.

    System    coal, wind at 0.40, cap 2.0.
    """
    data = system(coal=COAL, wind=dict(existing={"A": 1.0}, fuel=0.40, **WIND))
    run, solves = settled(data, markets(cap(2.0)))
    assert (solves, guess(run.data, YEAR)) == (1, 0.0)
    assert run.value("v_emissions", "A", YEAR) == pytest.approx(0.9 * HOURS)


def test_a_set_price_is_what_a_certificate_earns():
    """Proves    where the carbon price is given there is no limit to lower, and two solves find that price.

    System    0.2 GW of old wind, free; 100 CNY/t; kappa 0.5.
    By hand   coal 0.7 at 0.40, less 0.2 0.5 0.10 paid for certificates
    """
    data = system(coal=COAL, wind=dict(existing={"A": 0.2}, **WIND))
    run, solves = settled(data, markets(dict(instrument="price", price_cny_per_t=100)))
    assert solves == 2
    assert run.objective == pytest.approx(HOURS * (0.7 * 0.40 - 0.01))
    assert clears(run)


# -- the way there


def reaches(prices, start: tuple[float, ...], most: int = 25) -> tuple[np.ndarray, int]:
    """Where guesses end for a function of prices, and after how many solves."""
    tried = []
    paid = np.array(start)
    for count in range(1, most + 1):
        found = np.asarray(prices(paid), dtype=float)
        tried.append((paid, found))
        if np.abs(found - paid).max() < 1e-6:
            return paid, count
        paid = next_guess(tuple(tried))
    raise AssertionError(f"not reached: {tried[-3:]}")


@pytest.mark.parametrize(
    ("prices", "fixed", "most"),
    [
        (lambda p: 0.3 - 0.5 * p, 0.2, 3),
        (lambda p: np.clip(0.3 - 28.0 * (p - 0.15), 0.0, 0.3), 4.5 / 29.0, 12),
        (lambda p: np.where(p < 0.0937, 0.224, 0.08), None, 25),
        (lambda p: np.clip(0.224 - 3.0 * p, 0.08, None), 0.08, 5),
        (lambda p: 0.1 + 0.6 * p, 0.25, 4),
        (lambda p: np.maximum(0.25 - 4.0 * p, 0.10 - 0.25 * p), 0.08, 10),
        (lambda p: 0.0 * p, 0.0, 1),
    ],
    ids=["slope", "steep", "jump", "down to a flat piece", "rising", "kink", "nothing"],
)
def test_guesses_reach_the_fixed_point(prices, fixed, most):
    """By hand: straight lines and their corners; at a jump no price is right and guesses close in on it."""
    if fixed is None:
        tried = [(np.zeros(1), prices(np.zeros(1)))]
        for _ in range(60):
            paid = next_guess(tuple(tried))
            tried.append((paid, prices(paid)))
        assert tried[-1][0] == pytest.approx(0.0937, abs=1e-9)
        return
    paid, count = reaches(prices, (0.0,))
    assert paid == pytest.approx(fixed, abs=1e-5)
    assert count <= most


def test_guesses_of_years_that_move_each_other():
    """By hand: tau = a - M p, M of 0.5, 0.9 and 0.3, 0.7, a so that (I + M) p = a at (0.12, 0.16)."""
    m, fixed = np.array([[0.5, 0.9], [0.3, 0.7]]), np.array([0.12, 0.16])
    paid, count = reaches(lambda p: (np.eye(2) + m) @ fixed - m @ p, (0.0, 0.0))
    assert paid == pytest.approx(fixed, abs=1e-5)
    assert count <= 9


def test_a_limit_that_just_binds_has_no_one_price_and_says_so():
    """Proves    where the price jumps over what is paid the error says between what, and what to do."""
    options = markets(cap(0.7))
    run = run_tiny(system(coal=COAL, wind=dict(existing={"A": 1.0}, fuel=0.40, **WIND)), options)
    config = active_of(options)[1].options
    low, high = 0.04 * (1 - 1e-12), 0.04
    tried = {0: (np.array([low]), np.array([0.1])), 1: (np.array([high]), np.array([0.0]))}
    stuck = replace(run.data, policy={**run.data.policy, PRICE: {YEAR: low}, TRIED: tried})
    with pytest.raises(SolverTrouble, match=r"2030 .* between 40 and 100 CNY/t .*hold_emissions_of"):
        iterate(run.results, config, stuck)
