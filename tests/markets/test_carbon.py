"""The carbon market: benchmark, cap, price, ceiling, offsets."""

from __future__ import annotations

import pytest

from picmodel.markets.carbon import CarbonConfig, net_factor
from tests.tiny import run_tiny, tiny

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
    assert run.price("c_allowances", YEAR) == pytest.approx(0.20)
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
    assert run.price("c_allowances", YEAR) == pytest.approx(0.20)
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
    assert run.price("c_allowances", YEAR) == pytest.approx(0.10)
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
    prices = {y: cap.price("c_allowances", y) for y in (2025, 2026)}
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
                external_ccer_mt=10,
                external_ccer_cny_per_t=80,
            )
        },
    )
    emissions = 6132 / 0.95
    coal = (0.7 / 0.95 - 0.4) / 0.6
    tau, nu = run.price("c_allowances", YEAR), run.price("c_offset_limit", YEAR)
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
    run = run_tiny(coal_and_gas(), {"carbon": dict(instrument="cap", cap_mt=6.132, external_ccer_mt=0.1)})
    assert run.objective == pytest.approx(3268.0)
    assert run.price("c_ccer", YEAR) == pytest.approx(0.25)
    assert run.price("c_offset_limit", YEAR) == pytest.approx(0.0)
