"""The carbon market: benchmark, cap, price, ceiling, offsets."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.markets.carbon.options import CarbonConfig, net_factor
from picmodel.settlement.ledger import worst_account
from tests.tiny import compile_tiny, run_tiny, sorted_rows, tiny
from tests.whole import whole_system

YEAR = 2030
HOURS = 8760


def two_coal_fleets(benchmark: float = 0.9):
    """1 GW of demand; 1 GW of old coal (1.0 kt/GWh, 0.30 MCNY/GWh) and of new coal (0.8, 0.34)."""
    return tiny(
        {("A", YEAR): [1.0]},
        {
            "old": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0, group="coal"),
            "new": dict(existing={"A": 1.0}, fuel=0.34, emission=0.8, group="coal"),
        },
        policy={"benchmark": {("old", YEAR): benchmark, ("new", YEAR): benchmark}},
    )


def coal_and_gas(years=(YEAR,), **more):
    """1 GW of demand; 1 GW of coal (1.0 kt/GWh, 0.30 MCNY/GWh) and of gas (0.4, 0.45): 0.25 MCNY per kt
    avoided."""
    return tiny(
        {("A", y): [1.0] for y in years},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0),
            "gas": dict(existing={"A": 1.0}, fuel=0.45, emission=0.4),
        },
        years=years,
        policy={"benchmark": {}},
        **more,
    )


@pytest.mark.covers("c_allowances")
def test_benchmark_between_two_fleets_splits_output_and_sets_the_price():
    """Proves    a binding benchmark moves output and prices allowances.

    System    `two_coal_fleets`, benchmark 0.9 kt/GWh.
    By hand   share s of old coal: 1.0 s + 0.8 (1 - s) = 0.9, so s = 0.5
              cost 8760 (0.5 0.30 + 0.5 0.34) = 2803.2
              allowance price (0.34 - 0.30) / (1.0 - 0.8) = 0.20 MCNY/kt = 200 CNY/t
              power price 0.30 + 0.20 (1.0 - 0.9) = 0.32
    Fails if  the benchmark is ignored (2628.0) or bound per plant (2978.4).
    """
    run = run_tiny(two_coal_fleets(), {"carbon": dict(instrument="benchmark")})
    assert run.objective == pytest.approx(2803.2)
    assert run.value("v_annual_generation", "A", "old", YEAR) == pytest.approx(0.5 * HOURS)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.20)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.32)


@pytest.mark.covers("c_allowances")
def test_auctioned_volume_is_a_number_and_not_a_subsidy_to_output():
    """Proves    with an auction share the plant owes e - (1 - a) b, and the row gets the auctioned volume.

    System    `two_coal_fleets`, benchmark 0.9, auction share 0.1, auctioned 0.1 0.9 8760 = 788.4 kt.
    By hand   old owes 1.0 - 0.81 = 0.19, new -0.01: 0.19 s - 0.01 (1 - s) = 0.09, s = 0.5 as before
              allowance price 0.20 again; power price 0.30 + 0.20 0.19 = 0.338
    Fails if  the auction follows output (power price 0.32) or is not added (s = 0.05).
    """
    run = run_tiny(
        two_coal_fleets(),
        {"carbon": dict(instrument="benchmark", auction_share=0.1, auction_volume_mt=0.7884)},
    )
    assert run.objective == pytest.approx(2803.2)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.20)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.338)


@pytest.mark.covers("c_allowances")
def test_the_state_sells_at_the_ceiling():
    """Proves    the price does not exceed the ceiling and what is bought there is a transfer.

    System    `coal_and_gas`, cap 0.7 8760 = 6132 kt, ceiling 100 CNY/t.
    By hand   0.10 < 0.25: coal alone, 0.3 8760 = 2628 kt are bought for 262.8; 2628 + 262.8 = 2890.8.
    Fails if  the cap binds all the same (3285) or the purchase is a resource.
    """
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, ceiling_cny_per_t=100)})
    assert run.objective == pytest.approx(2890.8)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.10)
    assert run.cost("transfer") == pytest.approx(262.8)


@pytest.mark.covers("c_allowances")
def test_a_caps_dual_used_as_a_price():
    """Proves    cap and price are one optimum: objective_price = objective_cap + sum D price cap.

    System    `coal_and_gas` in 2025 (one year) and 2026 (two years), rate 0.25: D = 1 and 1.44; caps of
              0.7 8760 = 6132 and 0.52 8760 = 4555.2 kt.
    By hand   shares of coal 0.5 and 0.2: cost 0.375 and 0.42 per GWh
              cap: 8760 (0.375 + 1.44 0.42) = 8583.048; price (0.45 - 0.30) / 0.6 = 0.25 in both
              price: 8760 0.55 2.44 = 11755.92 = 8583.048 + 0.25 8760 (0.7 + 1.44 0.52)
              just below the price all is coal (1.0), just above all is gas (0.4): 0.4 < cap < 1.0
    Fails if  the dual is not undiscounted, or the price is charged on something else than emissions.
    """

    def system():
        return coal_and_gas((2025, 2026), last_span=2, rate=0.25)

    cap = run_tiny(system(), {"carbon": dict(instrument="cap", cap_mt={2025: 6.132, 2026: 4.5552})})
    assert cap.objective == pytest.approx(8583.048)
    prices = {y: cap.price("c_allowances", "CN", y) for y in (2025, 2026)}
    assert list(prices.values()) == pytest.approx([0.25, 0.25])

    def at(factor):
        cny = {y: 1e3 * factor * x for y, x in prices.items()}
        return run_tiny(system(), {"carbon": dict(instrument="price", price_cny_per_t=cny)})

    same = at(1.0)
    assert same.objective == pytest.approx(11755.92)
    assert same.objective == pytest.approx(cap.objective + 0.25 * 6132.0 + 1.44 * 0.25 * 4555.2)
    assert at(0.999).value("v_emissions", "A", 2026) == pytest.approx(1.0 * HOURS)
    assert at(1.001).value("v_emissions", "A", 2026) == pytest.approx(0.4 * HOURS)


def test_pass_through_bends_decisions_only_in_part():
    """Proves    with a pass-through of one half the LP sees half of the price.

    System    `coal_and_gas`, 400 CNY/t, benchmark of nothing, half passed through: 0.20 < 0.25.
    By hand   coal alone: 8760 (0.30 + 0.20) = 4380; at full price gas: 8760 (0.45 + 0.4 0.4) = 5343.6.
    Fails if  the full price decides.
    """
    options = dict(instrument="price", price_cny_per_t=400)
    half = run_tiny(coal_and_gas(), {"carbon": options | dict(pass_through_share=0.5)})
    assert half.objective == pytest.approx(4380.0)
    assert run_tiny(coal_and_gas(), {"carbon": options}).objective == pytest.approx(5343.6)


@pytest.mark.parametrize(
    ("options", "net"),
    [
        (dict(instrument="benchmark"), {"old": 0.1, "new": -0.1}),
        (dict(instrument="benchmark", benchmark_factor=0.5, auction_share=0.2), {"old": 0.64, "new": 0.44}),
        (dict(instrument="benchmark", benchmark_factor=0.5, gap_cap_share=0.2), {"old": 0.2, "new": 0.16}),
        (dict(instrument="cap", cap_mt=5.0), {"old": 1.0, "new": 0.8}),
    ],
)
def test_what_a_plant_owes(options, net):
    """Proves    net = e - (1 - a) f b, capped at a share of e, and e alone under a cap.

    System    `two_coal_fleets`, b = 0.9.
    By hand   1.0 - 0.9, 0.8 - 0.9; f 0.5, a 0.2: 1.0 - 0.36, 0.8 - 0.36; gap at most 0.2 e: 0.2, 0.16.
    Fails if  a rule is applied to the row instead of the plant.
    """
    found = net_factor(CarbonConfig(**options), two_coal_fleets())
    assert {g: x for (g, _), x in found.items()} == pytest.approx(net)


def test_exempt_gas_never_owes():
    """Proves    a gas unit above its benchmark owes nothing, one below keeps its surplus.

    System    gas at 0.4 kt/GWh with a benchmark of 0.35 or 0.45.
    By hand   0.05 becomes 0; -0.05 stays.
    Fails if  exemption takes the surplus away, or is not applied.
    """
    for benchmark, net in ((0.35, 0.0), (0.45, -0.05)):
        system = coal_and_gas()
        system.policy["benchmark"]["gas", YEAR] = benchmark
        found = net_factor(CarbonConfig(instrument="benchmark", gas_exempt=True), system)
        assert found["gas", YEAR] == pytest.approx(net)


@pytest.mark.covers("c_ccer", "c_offset_limit", "c_allowances")
def test_offsets_up_to_a_share_of_verified_emissions():
    """Proves    CCER is worth the allowance less the rent of its limit, and emitting raises the limit.

    System    `coal_and_gas`, cap 6132 kt; CCER from outside at 80 CNY/t, at most 5 % of emissions E.
    By hand   E - 0.05 E = 6132, E = 6132 / 0.95 = 0.7 / 0.95 8760; share of coal (0.7 / 0.95 - 0.4) / 0.6
              one kt less of cap: E falls by 1 / 0.95 at 0.25, CCER by 0.05 / 0.95 at 0.08:
              tau = (0.25 - 0.05 0.08) / 0.95 = 0.258947; CCER 0.08 = tau - nu, nu = 0.178947
              one kt emitted costs tau - 0.05 nu = 0.25, what gas avoids it for
    Fails if  the limit is on the deficit, or CCER is settled at tau.
    """
    run = run_tiny(
        coal_and_gas(),
        {
            "carbon": dict(
                instrument="cap",
                cap_mt=6.132,
                offset_limit_share=0.05,
                external_ccer=[dict(name="outside", supply_mt=10, price_cny_per_t=80)],
            )
        },
    )
    emissions = 6132 / 0.95
    coal = (0.7 / 0.95 - 0.4) / 0.6
    tau, nu = run.price("c_allowances", "CN", YEAR), run.price("c_offset_limit", "CN", YEAR)
    assert run.value("v_emissions", "A", YEAR) == pytest.approx(emissions)
    assert run.objective == pytest.approx(HOURS * (0.30 * coal + 0.45 * (1 - coal)) + 0.08 * 0.05 * emissions)
    assert tau == pytest.approx((0.25 - 0.004) / 0.95)
    assert run.price("c_ccer", YEAR) == pytest.approx(0.08)
    assert tau - nu == pytest.approx(0.08)
    assert tau - 0.05 * nu == pytest.approx(0.25)


@pytest.mark.covers("c_ccer")
def test_few_offsets_are_worth_the_allowance():
    """Proves    while their limit does not bind, CCER is as good as an allowance.

    System    as above, but only 100 kt of CCER are for sale.
    By hand   emissions 6132 + 100, price 0.25 for both; each CCER earns 0.25 - 0.08
              cost 8760 0.375 - 100 (0.25 - 0.08) = 3285 - 17 = 3268.
    Fails if  offsets enlarge nothing, or their price is their cost.
    """
    few = dict(name="outside", supply_mt=0.1, price_cny_per_t=80)
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, external_ccer=[few])})
    assert run.objective == pytest.approx(3268.0)
    assert run.price("c_ccer", YEAR) == pytest.approx(0.25)
    assert run.price("c_offset_limit", "CN", YEAR) == pytest.approx(0.0)


def test_the_basis_of_the_benchmark():
    """Proves    a benchmark per MWh supplied is not divided by own use, one per MWh generated is.

    System    coal with 10 % of own use, 1.0 kt per net GWh; published 0.81, in the system 0.81 / 0.9 = 0.9.
    By hand   gross: 1.0 - 0.9 = 0.1; net: 1.0 - 0.81 = 0.19.
    Fails if  the basis is not read, or applied twice.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {"coal": dict(existing={"A": 1.0}, emission=1.0, own_use=0.1)},
        policy={"benchmark": {("coal", YEAR): 0.9}},
    )
    for basis, net in (("gross", 0.1), ("net", 0.19)):
        found = net_factor(CarbonConfig(benchmark_basis=basis), system)
        assert found["coal", YEAR] == pytest.approx(net)


def test_a_deficit_that_is_waived_moves_the_merit_order():
    """Proves    the gap cap enters the dispatch, by plant.

    System    `two_coal_fleets`, benchmark 0.5, 250 CNY/t.
    By hand   owed 0.5 and 0.3: old 0.30 + 0.125 = 0.425, new 0.34 + 0.075 = 0.415: new runs, 3635.4
              at most 0.2 e: old 0.30 + 0.05 = 0.35, new 0.34 + 0.04 = 0.38: old runs, 3066.
    Fails if  the cap is on the sum of deficits, or is not applied.
    """
    options = dict(instrument="price", price_cny_per_t=250)
    assert run_tiny(two_coal_fleets(0.5), {"carbon": options}).objective == pytest.approx(3635.4)
    capped = run_tiny(two_coal_fleets(0.5), {"carbon": options | dict(gap_cap_share=0.2)})
    assert capped.objective == pytest.approx(3066.0)


# -- floor, ceiling, slack


@pytest.mark.covers("c_allowances")
def test_the_state_buys_at_the_floor():
    """Proves    the price does not fall below the floor, and what the state buys is a transfer.

    System    `coal_and_gas`, cap 6132 kt, floor 300 CNY/t: above the 0.25 at which gas replaces coal.
    By hand   gas alone emits 3504; 2628 kt are sold for 0.30: 8760 0.45 - 788.4 = 3153.6.
    Fails if  the state pays the market's price, or the floor is a limit on the price alone (3285).
    """
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, floor_cny_per_t=300)})
    assert run.objective == pytest.approx(3153.6)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.30)
    assert run.value("v_allowances_sold_to_state", "CN", YEAR) == pytest.approx(2628.0)
    assert run.cost("transfer") == pytest.approx(-788.4)


def test_inside_the_band_the_state_does_nothing():
    """Proves    floor and ceiling around the price change nothing.

    System    `coal_and_gas`, cap 6132 kt; 200 and 300 CNY/t around 250.
    By hand   3285 as without them, price 0.25.
    Fails if  the state trades inside its band.
    """
    band = dict(floor_cny_per_t=200, ceiling_cny_per_t=300)
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, **band)})
    assert run.objective == pytest.approx(3285.0)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.25)
    assert run.total("v_allowances_bought") == pytest.approx(0.0)
    assert run.total("v_allowances_sold_to_state") == pytest.approx(0.0)


def test_a_cap_that_cannot_be_met_is_missed_at_the_slack():
    """Proves    without a ceiling what is missing is dear and visible.

    System    `coal_and_gas`, cap 0.3 8760 kt; gas alone emits 0.4 8760.
    By hand   876 kt are missing at 3.0: 8760 0.45 + 2628 = 6570.
    Fails if  the cap makes the system infeasible.
    """
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=2.628)})
    assert run.objective == pytest.approx(6570.0)
    assert run.value("v_allowances_missing", "CN", YEAR) == pytest.approx(876.0)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(3.0)


# -- bank


def cheap_then_dear(first: float = 0.36, then: float = 0.45):
    """`coal_and_gas` in 2025 (one year) and 2026 (two years), rate 0.25: D = 1 and 1.44.  Gas costs
    ``first`` and ``then``: a kt less costs (gas - 0.30) / 0.6, so 0.10 and 0.25."""
    return tiny(
        {("A", y): [1.0] for y in (2025, 2026)},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0),
            "gas": dict(existing={"A": 1.0}, fuel={2025: first, 2026: then}, emission=0.4),
        },
        years=(2025, 2026),
        last_span=2,
        rate=0.25,
        policy={"benchmark": {}},
    )


def banked(**bank) -> dict:
    return {"carbon": dict(instrument="cap", cap_mt=6.132, bank=bank)}


@pytest.mark.covers("c_allowance_bank")
def test_the_bank_carries_allowances_to_dear_years():
    """Proves    a stock moves by span times the deposit, and its price by D over span.

    System    `cheap_then_dear`, cap 6132 kt in each year.
    By hand   kept: 1 kt costs 0.10 now and saves 1.44 0.25 / 2 = 0.18: all gas in 2025, 2628 kt kept
              2026: 1314 kt/yr taken out, cap 0.85 8760, coal 0.75: 0.75 0.30 + 0.25 0.45 = 0.3375
              8760 (0.36 + 1.44 0.3375) = 7410.96; price 0.25 in 2026, 0.25 1.44 / 2 = 0.18 in 2025
              the bank pays 0.18 2628 = 473.04 and gets 1.44 0.25 1314 = 473.04: nothing in present value
    Fails if  the stock ignores spans (2628 kt/yr taken out), or prices are not those of the stock.
    """
    run = run_tiny(cheap_then_dear(), banked())
    assert run.objective == pytest.approx(7410.96)
    assert run.value("v_allowance_bank", "CN", 2025) == pytest.approx(2628.0)
    assert run.value("v_allowance_deposit", "CN", 2026) == pytest.approx(-1314.0)
    for row in ("c_allowances", "c_allowance_bank"):
        assert [run.price(row, "CN", y) for y in (2025, 2026)] == pytest.approx([0.18, 0.25])
    assert run.paid(payee="bank", year=2025) == pytest.approx(-473.04)
    assert run.paid(payee="bank", year=2026) == pytest.approx(328.5)
    assert worst_account(run.ledger)[0] < 1e-9


def test_the_limit_on_what_is_carried_over():
    """Proves    with half the stock each year keeps its own price.

    System    as above, at most 1314 kt carried over.
    By hand   2025: 0.55 8760 kt, coal 0.25: 0.345; 2026: 0.775 8760, coal 0.625: 0.35625
              8760 (0.345 + 1.44 0.35625) = 7516.08; prices 0.10 and 0.25
    Fails if  the limit is on the deposit of a year, or ignored.
    """
    run = run_tiny(cheap_then_dear(), banked(carry_over_limit_mt=1.314))
    assert run.objective == pytest.approx(7516.08)
    assert [run.price("c_allowances", "CN", y) for y in (2025, 2026)] == pytest.approx([0.10, 0.25])


def test_nothing_is_borrowed():
    """Proves    the stock is never negative.

    System    `cheap_then_dear` the other way round: 0.25 per kt in 2025, 0.10 in 2026.
    By hand   each year meets its own cap, coal 0.5: 8760 (0.375 + 1.44 0.33) = 7447.752.
    Fails if  allowances of 2026 serve in 2025.
    """
    run = run_tiny(cheap_then_dear(0.45, 0.36), banked())
    assert run.objective == pytest.approx(8760 * (0.375 + 1.44 * 0.33))
    assert run.total("v_allowance_bank") == pytest.approx(0.0)


@pytest.mark.parametrize(("value", "objective", "price"), [(0, 3066.0, 0.25), (300, 2890.8, 0.30)])
def test_what_was_held_before_and_what_is_left(value, objective, price):
    """Proves    the initial stock serves, unless what is left at the end is worth more.

    System    `coal_and_gas`, cap 6132 kt, 876 kt held before.
    By hand   worth nothing later: 7008 kt, coal 2/3, 8760 0.35 = 3066, price 0.25
              300 CNY/t later: gas alone, 876 + 2628 kt left: 3942 - 0.30 3504 = 2890.8, price 0.30
    Fails if  either is not counted.
    """
    run = run_tiny(coal_and_gas(), banked(initial_mt=0.876, final_value_cny_per_t=value))
    assert run.objective == pytest.approx(objective)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(price)
    assert run.paid(product="final stock") == pytest.approx(0.30 * 3504 if value else 0.0)
    assert worst_account(run.ledger)[0] < 1e-9


# -- areas and other sectors


def two_provinces():
    """`coal_and_gas` in A, and in B with gas at 0.42: 0.25 and 0.20 MCNY per kt avoided; no line."""
    return tiny(
        {("A", YEAR): [1.0], ("B", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 1.0, "B": 1.0}, fuel=0.30, emission=1.0),
            "gas": dict(existing={"A": 1.0, "B": 1.0}, fuel={"A": 0.45, "B": 0.42}, emission=0.4),
        },
        policy={"benchmark": {}},
    )


AREAS = {"west": ["A"], "east": ["B"]}


@pytest.mark.covers("c_allowances")
def test_separate_markets_have_prices_of_their_own():
    """Proves    each area meets its own cap; one market for both costs less.

    System    `two_provinces`, caps 0.7 8760 and 0.55 8760 kt.
    By hand   coal 0.5 and 0.25: 8760 (0.375 + 0.39) = 6701.4; prices 0.25 and 0.20
              together: B avoids all it can, A has 0.85: 8760 (0.3375 + 0.42) = 6635.7, price 0.25
    Fails if  allowances cross the border, or the cap is given twice.
    """
    caps = {"west": 6.132, "east": 4.818}
    split = run_tiny(two_provinces(), {"carbon": dict(instrument="cap", cap_mt=caps, areas=AREAS)})
    assert split.objective == pytest.approx(6701.4)
    assert split.price("c_allowances", "west", YEAR) == pytest.approx(0.25)
    assert split.price("c_allowances", "east", YEAR) == pytest.approx(0.20)
    assert split.paid(payer="carbon/west", payee="state") == pytest.approx(0.25 * 6132)
    assert split.paid(payer="carbon/east", payee="state") == pytest.approx(0.20 * 4818)
    assert worst_account(split.ledger)[0] < 1e-9
    one = run_tiny(two_provinces(), {"carbon": dict(instrument="cap", cap_mt=10.95)})
    assert one.objective == pytest.approx(6635.7)
    assert one.price("c_allowances", "CN", YEAR) == pytest.approx(0.25)


@pytest.mark.covers("c_ccer", "c_offset_limit")
def test_credits_go_to_the_market_that_pays_most():
    """Proves    CCER are one national supply with one price, within the limit of each market.

    System    as above; 100 kt of CCER at 80 CNY/t.
    By hand   A pays 0.25, B 0.20: all go to A, and CCER cost 0.25; 6701.4 - 100 (0.25 - 0.08) = 6684.4.
    Fails if  each market has the supply for itself.
    """
    options = dict(instrument="cap", cap_mt={"west": 6.132, "east": 4.818}, areas=AREAS)
    few = dict(name="outside", supply_mt=0.1, price_cny_per_t=80)
    run = run_tiny(two_provinces(), {"carbon": options | dict(external_ccer=[few])})
    assert run.objective == pytest.approx(6684.4)
    assert run.value("v_offset", "west", YEAR) == pytest.approx(100.0)
    assert run.price("c_ccer", YEAR) == pytest.approx(0.25)


def test_a_price_by_area():
    """Proves    a set price may differ by area.

    System    `two_provinces`; 300 CNY/t in A, 100 in B, on all emissions.
    By hand   gas in A: 0.45 + 0.12 = 0.57; coal in B: 0.40: 8760 0.97 = 8497.2.
    Fails if  one price holds for both.
    """
    options = dict(instrument="price", price_cny_per_t={"west": 300, "east": {YEAR: 100}}, areas=AREAS)
    assert run_tiny(two_provinces(), {"carbon": options}).objective == pytest.approx(8497.2)


@pytest.mark.parametrize(
    ("block", "objective", "received"),
    [
        (dict(supply_mt=0.876, price_cny_per_t=150), 3197.4, 219.0),
        (dict(supply_mt=0.876, price_cny_per_t=350), 3285.0, 0.0),
        (dict(demand_mt=0.876, price_cny_per_t=400), 3153.6, -219.0),
        (dict(demand_mt=0.876, price_cny_per_t=200), 3285.0, 0.0),
    ],
)
@pytest.mark.covers("c_allowances")
def test_other_sectors_buy_and_sell_at_the_price(block, objective, received):
    """Proves    blocks enter the row, and are settled at the price of the market.

    System    `coal_and_gas`, cap 6132 kt, price 0.25; one block of 876 kt.
    By hand   sold from 0.15: coal 2/3, 3066 + 131.4; the block gets 0.25 876 = 219
              sold from 0.35: nothing; bought up to 0.40: coal 1/3, 3504 - 350.4, it pays 219
              bought up to 0.20: nothing
    Fails if  blocks trade at their own price, or against it.
    """
    steel = dict(name="steel", **block)
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, other_sectors=[steel])})
    assert run.objective == pytest.approx(objective)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.25)
    assert run.paid(payee="other_sectors") == pytest.approx(received)
    assert worst_account(run.ledger)[0] < 1e-9


# -- theorems


CAP = {2025: 45.0, 2035: 31.0}


def test_a_caps_dual_used_as_a_price_on_a_system_that_builds():
    """Proves    objective_price = objective_cap + sum D price cap, and emissions bracket the cap.

    System    the whole system; the duals of its cap as prices, then 1 % lower and higher.
    By hand   Lagrange: the cap's optimum is optimal at its price, where the LP may be indifferent.
    Fails if  price and cap count different emissions, or discount differently.
    """
    cap = run_tiny(whole_system(), {"carbon": dict(instrument="cap", cap_mt=CAP)})
    d = cap.data.horizon
    limit = {2025: 45e3, 2030: 38e3, 2035: 31e3}
    prices = {y: cap.price("c_allowances", "CN", y) for y in d.years}
    assert prices[2035] > 0

    def at(factor):
        cny = {y: 1e3 * factor * x for y, x in prices.items()}
        options = dict(instrument="price", price_cny_per_t=cny, allocation="auction")
        return run_tiny(whole_system(), {"carbon": options})

    worth = sum(d.discount[y] * prices[y] * limit[y] for y in d.years)
    assert at(1.0).objective == pytest.approx(cap.objective + worth, rel=1e-9)

    def emitted(run):
        return sum(d.discount[y] * prices[y] * run.total("v_fleet_emissions", year=y) for y in d.years)

    assert emitted(at(1.01)) <= worth * (1 + 1e-9)
    assert emitted(at(0.99)) >= worth * (1 - 1e-9)


@pytest.mark.parametrize("auction", [{}, dict(auction_share=0.1, auction_volume_mt=0.7884)])
def test_a_benchmark_is_a_price_and_a_subsidy_of_output(auction):
    """Proves    at the dual of the benchmark's row, price less subsidy have the same optimal value.

    System    `two_coal_fleets`, benchmark 0.9, with and without an auction of 788.4 kt; dual 0.20.
    By hand   2803.2, and 2803.2 + 0.20 788.4 where what is auctioned is paid to the state.
    Fails if  the two count free allocation differently.
    """
    bench = run_tiny(two_coal_fleets(), {"carbon": dict(instrument="benchmark", **auction)})
    share = {name: x for name, x in auction.items() if name == "auction_share"}
    priced = run_tiny(two_coal_fleets(), {"carbon": dict(instrument="price", price_cny_per_t=200, **share)})
    volume = 1e3 * auction.get("auction_volume_mt", 0.0)
    assert priced.objective == pytest.approx(bench.objective + 0.20 * volume)


def test_a_tighter_cap_never_lowers_the_objective():
    """Proves    the optimum of a tighter cap is feasible under a looser one.

    System    the whole system under caps of 45, 38 and 31 Mt in all years.
    By hand   by inclusion; the last two bind.
    Fails if  a cap relaxes something as it falls.
    """
    found = [
        run_tiny(whole_system(), {"carbon": dict(instrument="cap", cap_mt=x)}).objective
        for x in (45.0, 38.0, 31.0)
    ]
    assert found == sorted(found)
    assert found[0] < found[1] < found[2]


def test_who_gets_allowances_free_moves_money_only():
    """Proves    auction and grandfathering are one LP, bit for bit.

    System    the whole system under a cap, with a bank, auctioned, and grandfathered by half.
    By hand   the same rows and columns; only the ledger differs.
    Fails if  free allocation enters a decision.
    """
    cap = dict(instrument="cap", cap_mt=CAP, bank=dict(initial_mt=1.0))
    free = cap | dict(allocation="grandfathering", auction_share=0.5)
    one, other = (compile_tiny(whole_system(), {"carbon": options}) for options in (cap, free))
    assert sorted_rows(one) == sorted_rows(other)
    for name in ("cost", "row_lower", "row_upper", "lower", "upper"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(one.matrix.data, other.matrix.data)
