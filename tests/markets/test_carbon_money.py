"""Who pays whom in the carbon market, what a plant pays, and the market's indicators."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.extract.results import Results
from picmodel.formulation.base import add_term, param
from picmodel.formulation.build import build_model
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.base import Active, Mechanism, MechanismConfig
from picmodel.markets.registry import entries
from picmodel.settlement.ledger import unbalanced, worst_account
from picmodel.solve.compile import compile_model
from picmodel.solve.highs import solve
from tests.markets.test_carbon import YEAR, coal_and_gas, two_coal_fleets
from tests.tiny import SIMPLEX, active_of, run_tiny, tiny
from tests.whole import run_whole, whole_system

HOURS = 8760


def paid_by_plants(run, **where) -> float:
    """Net payment of generators in the carbon market [MCNY/yr]."""
    out = run.paid(payer="generators", mechanism="carbon", **where)
    return out - run.paid(payee="generators", mechanism="carbon", **where)


def table(run) -> pd.DataFrame:
    """Indicators of the carbon market."""
    carbon = next(active for active in run.active if active.name == "carbon")
    return pd.concat(carbon.indicators(run.results))


def shown(run, name: str, **where) -> float:
    rows = table(run)
    rows = rows[rows["indicator"] == name]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, rows
    return float(rows["value"].iloc[0])


def test_under_a_benchmark_dirty_plants_pay_clean_ones():
    """Proves    gross flows are visible, and the state keeps nothing of what it gives free.

    System    `two_coal_fleets`, benchmark 0.9: 4380 GWh each, price 0.20.
    By hand   old surrenders 4380 kt for 876 and is given 3942 kt worth 788.4: it pays 87.6
              new surrenders 3504 kt for 700.8 and is given as much: it receives 87.6
              value of free allocation 1576.8; deficit 0; the state's net receipt 0
    Fails if  only net flows are booked, or the account does not clear.
    """
    run = run_tiny(two_coal_fleets(), {"carbon": dict(instrument="benchmark")})
    surrendered = dict(payer="generators", product="allowances surrendered")
    assert run.paid(technology="old", **surrendered) == pytest.approx(876.0)
    assert run.paid(technology="new", **surrendered) == pytest.approx(700.8)
    assert run.paid(payee="generators", product="free allocation") == pytest.approx(1576.8)
    assert paid_by_plants(run, technology="old") == pytest.approx(87.6)
    assert paid_by_plants(run, technology="new") == pytest.approx(-87.6)
    assert worst_account(run.ledger)[0] < 1e-9
    assert shown(run, "free_allocation_value", province="CN") == pytest.approx(1.5768)
    assert shown(run, "allowance_deficit") == pytest.approx(0.0, abs=1e-9)
    assert shown(run, "auction_revenue") == pytest.approx(0.0, abs=1e-9)
    assert shown(run, "covered_emissions") == pytest.approx(0.9 * 8.76)
    assert shown(run, "allowance_price") == pytest.approx(200.0)


def test_what_is_auctioned_goes_to_the_state():
    """Proves    the auctioned volume is paid for, by all that owe.

    System    `two_coal_fleets`, benchmark 0.9, a tenth auctioned: 788.4 kt at 0.20.
    By hand   the state receives 157.68, what plants pay together.
    Fails if  the auction is booked as free, or not at all.
    """
    run = run_tiny(
        two_coal_fleets(),
        {"carbon": dict(instrument="benchmark", auction_share=0.1, auction_volume_mt=0.7884)},
    )
    assert run.paid(payee="state", product="auction") == pytest.approx(157.68)
    assert paid_by_plants(run) == pytest.approx(157.68)
    assert shown(run, "auction_revenue") == pytest.approx(0.15768)
    assert worst_account(run.ledger)[0] < 1e-9


def test_offsets_are_paid_at_their_own_price():
    """Proves    emitters pay tau (E - offsets) and the CCER price for offsets, in proportion to emissions.

    System    `coal_and_gas`, cap 6132 kt; CCER at 80 CNY/t, at most 5 % of E: E = 6132 / 0.95.
    By hand   tau = 0.246 / 0.95; the state receives 6132 tau, suppliers 0.05 E 0.08 = 25.8189
              per GW of coal: 0.25 E of what it emits: tau - 0.05 (tau - 0.08) = 0.25
    Fails if  CCER is settled at tau, or one fleet uses all of it.
    """
    outside = dict(name="outside", supply_mt=10, price_cny_per_t=80)
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, external_ccer=[outside])})
    tau, emitted = 0.246 / 0.95, 6132 / 0.95
    assert run.paid(payee="state", product="auction") == pytest.approx(6132 * tau)
    assert run.paid(payee="ccer_suppliers") == pytest.approx(0.05 * emitted * 0.08)
    coal = run.value("v_fleet_emissions", "A", "coal", YEAR)
    assert run.paid(payer="generators", product="CCER", technology="coal") == pytest.approx(
        0.05 * coal * 0.08
    )
    assert paid_by_plants(run, technology="coal") == pytest.approx(0.25 * coal)
    assert worst_account(run.ledger)[0] < 1e-9
    assert shown(run, "offsets_used") == pytest.approx(0.05 * emitted / 1e3)
    assert shown(run, "ccer_price") == pytest.approx(80.0)


def test_credits_without_a_use_are_free():
    """Proves    CCER beyond what may be used are booked at a price of zero.

    System    `coal_and_gas`, cap 10 Mt: nothing binds; 50 kt of linked CCER that nobody needs.
    By hand   the market of credits clears in goods by an entry of 50 kt that costs nothing.
    Fails if  the account keeps credits.
    """
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=10)})
    run.results.values["v_linked_ccer"] = run.results.values["v_linked_ccer"] + 50.0
    booked = pd.concat(run.active[0].settle(run.results))
    left = booked[booked["product"] == "CCER without a use"]
    assert left["quantity"].tolist() == pytest.approx([50.0])
    assert left["amount"].tolist() == pytest.approx([0.0])
    accounts = unbalanced(booked).set_index("account")
    assert accounts.loc["ccer/CN", "goods"] == pytest.approx(0.0, abs=1e-9)


def test_the_ledger_charges_the_full_price():
    """Proves    with a pass-through of one half plants pay all of the price, and the LP sees half.

    System    `coal_and_gas`, 400 CNY/t, nothing given: coal runs at a seen price of 0.20.
    By hand   8760 kt at 0.40 = 3504 to the state; in the objective 1752.
    Fails if  the ledger follows the LP.
    """
    run = run_tiny(
        coal_and_gas(),
        {"carbon": dict(instrument="price", price_cny_per_t=400, pass_through_share=0.5)},
    )
    assert run.cost("transfer") == pytest.approx(1752.0)
    assert run.paid(payee="state", mechanism="carbon") == pytest.approx(3504.0)
    assert shown(run, "allowance_price") == pytest.approx(400.0)
    assert shown(run, "carbon_cost_passed_through", province="CN") == pytest.approx(0.0)
    assert worst_account(run.ledger)[0] < 1e-9


def test_a_grandfathered_cap_goes_to_the_fleet_of_the_start():
    """Proves    free allowances follow what stood at the start, not what runs.

    System    `coal_and_gas`, cap 6132 kt, price 0.25; half of the cap is auctioned.
    By hand   1 GW each of 1.0 and 0.4 kt/GWh: coal gets 1 / 1.4 of 3066 kt, gas 0.4 / 1.4
              worth 547.5 and 219; the auction of 3066 kt gives 766.5
    Fails if  shares follow output (0.5 and 0.5 of it), or the whole cap is given.
    """
    run = run_tiny(
        coal_and_gas(),
        {"carbon": dict(instrument="cap", cap_mt=6.132, allocation="grandfathering", auction_share=0.5)},
    )
    free = dict(payee="generators", product="free allocation")
    assert run.paid(technology="coal", **free) == pytest.approx(547.5)
    assert run.paid(technology="gas", **free) == pytest.approx(219.0)
    assert run.paid(payee="state", product="auction") == pytest.approx(766.5)
    assert worst_account(run.ledger)[0] < 1e-9


def test_a_cap_that_is_not_reached_leaves_allowances_over():
    """Proves    allowances without a use are booked, at nothing.

    System    `coal_and_gas`, cap 10 Mt; coal emits 8760 kt.
    By hand   1240 kt left over at 0.
    Fails if  the account keeps them, or sells them.
    """
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=10)})
    over = run.ledger[run.ledger["product"] == "allowances left over"]
    assert float(over["quantity"].sum()) == pytest.approx(1240.0)
    assert float(over["amount"].sum()) == pytest.approx(0.0)
    assert worst_account(run.ledger)[0] < 1e-9


def test_floor_ceiling_and_slack_are_the_states():
    """Proves    what the state buys and sells is in the account at its price.

    System    `coal_and_gas`: cap 6132 kt with a floor of 300 or a ceiling of 100 CNY/t; cap 2628 kt.
    By hand   2628 kt bought at 0.30, 2628 kt sold at 0.10, 876 kt missing at 3.0
    Fails if  the account does not clear.
    """
    for options, product, received in (
        (dict(cap_mt=6.132, floor_cny_per_t=300), "allowances at the floor", -788.4),
        (dict(cap_mt=6.132, ceiling_cny_per_t=100), "allowances at the ceiling", 262.8),
        (dict(cap_mt=2.628), "allowances missing", 2628.0),
    ):
        run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", **options)})
        assert run.paid(payee="state", product=product) == pytest.approx(received), product
        assert worst_account(run.ledger)[0] < 1e-9


def test_power_prices_pass_a_carbon_price_on():
    """Proves    output is paid the carbon cost of the marginal plant, whatever it was given itself.

    System    1 GW of demand; 0.2 GW of free wind, 1 GW of coal; 100 CNY/t on all emissions.
    By hand   price 0.30 + 0.10; passed on 0.10 8760 = 876, to wind as well; paid 0.10 0.8 8760 = 700.8.
    Fails if  only covered output counts.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0),
            "wind": dict(existing={"A": 0.2}),
        },
        policy={"benchmark": {}},
    )
    run = run_tiny(system, {"carbon": dict(instrument="price", price_cny_per_t=100, covered=["coal"])})
    assert shown(run, "carbon_cost_passed_through", province="CN") == pytest.approx(0.876)
    assert paid_by_plants(run) == pytest.approx(700.8)


@pytest.mark.parametrize("name", ["unified", "price"])
def test_income_times_capacity_is_what_the_ledger_books(name):
    """Proves    the line of projects' returns and the ledger are one rule.

    System    the whole system; nothing is grandfathered, so nothing is paid but per GW.
    By hand   sum of income times capacity = received less paid by generators, by technology and year.
    Fails if  offsets, free allocation or areas differ between the two.
    """
    run = run_whole(name)
    carbon = next(active for active in run.active if active.name == "carbon")
    line = carbon.income(run.results, run.data)["carbon"] * run.results.values["v_capacity"].fillna(0.0)
    for g in ("coal", "gas", "wind"):
        for y in run.results.years:
            booked = -paid_by_plants(run, technology=g, year=y)
            assert float(line.sel(technology=g, year=y).sum()) == pytest.approx(booked, abs=1e-7)


def test_zero_profit_with_every_part_of_a_cap():
    """Proves    bank, floor, other sectors, credits and areas leave the identity of plants as it is.

    System    the whole system under a cap by area with all of them.
    By hand   the sum is the reduced cost of a basic variable: 0.
    Fails if  a part moves what a plant pays.
    """
    options = dict(
        instrument="cap",
        areas={"west": ["A"], "east": ["B"]},
        cap_mt={"west": {2025: 20.0, 2035: 11.0}, "east": {2025: 25.0, 2035: 9.0}},
        floor_cny_per_t=20,
        bank=dict(carry_over_limit_mt={"west": 5.0, "east": 3.0}, final_value_cny_per_t=30),
        external_ccer=[dict(name="forestry", supply_mt=0.5, price_cny_per_t=70)],
        other_sectors=[dict(name="steel", supply_mt=0.4, price_cny_per_t=90, area="east")],
    )
    run = run_tiny(whole_system(), {"carbon": options})
    assert float(run.results.price("c_allowances").max()) > 0.02
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9
    assert worst_account(run.ledger)[0] < 1e-9


def test_starts_pay_the_full_price():
    """Proves    what a fleet emits beyond its output is owed in full: nothing is given for it.

    System    `two_coal_fleets`, benchmark 0.9, 200 CNY/t; another mechanism makes old coal emit 100 kt more.
    By hand   old and new cost 0.32 either way: 2803.2, and 100 0.20 more = 2823.2; the ledger has them
    Fails if  the price is on output times a factor.
    """

    def emits_more(m, cfg, d):
        m.extra = param(m.FLEETS, data={("A", "old"): 100.0}, default=0.0)
        add_term(m, "emissions", lambda m, r, g, y: m.extra[r, g])

    toy = Mechanism("toy", MechanismConfig, lambda m, cfg, d: None, (), prepare=emits_more)
    carbon = active_of({"carbon": dict(instrument="price", price_cny_per_t=200)})
    data = two_coal_fleets()
    lp = compile_model(build_model(data, [Active(toy, MechanismConfig()), *carbon]))
    solution = solve(lp, SIMPLEX)
    assert solution.objective == pytest.approx(2823.2)
    results = Results(data, lp, solution, entries())
    booked = pd.concat(carbon[0].settle(results))
    surrendered = booked[booked["product"] == "allowances surrendered"]["quantity"].sum()
    assert surrendered == pytest.approx(float(results.values["v_fleet_emissions"].sum()))
