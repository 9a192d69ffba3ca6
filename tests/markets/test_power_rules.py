"""More rows of the power market: given contracts, physical delivery, scarcity, support."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from picmodel.data.system import Corridor
from picmodel.errors import InputError
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.power.options import BUNDLES, PowerConfig
from picmodel.markets.power.rules import POWER
from picmodel.markets.power.terms import at_groups
from picmodel.scenario.check import validate_options
from tests.tiny import compile_tiny, run_tiny, sorted_rows, tiny
from tests.whole import EVERYTHING, whole_system

YEAR = 2030
HOURS = 8760
HALF = HOURS / 2


def problems(system, **options) -> list[str]:
    return POWER.check(validate_options(PowerConfig, options), system)


# -- planned hours by group


@pytest.mark.covers("c_planned_hours")
@pytest.mark.parametrize(("gas", "cost"), [(0.25, 850.0), (0.0, 600.0)])
def test_each_group_has_its_own_share_of_its_hours(gas, cost):
    """Proves    the guaranteed share may differ by group, and ends where it is 0.

    System    1 GW of demand and of free wind; coal at 0.30 with 4000 planned hours, gas at 0.50 with 2000.
    By hand   coal 0.5 4000 0.30 = 600; gas 0.25 2000 0.50 = 250, or nothing.
    Fails if  one share serves all groups (600 + 500), or the named groups are not those covered.
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0]},
            {
                "wind": dict(existing={"A": 1.0}),
                "coal": dict(existing={"A": 1.0}, fuel=0.30),
                "gas": dict(existing={"A": 1.0}, fuel=0.50),
            },
            policy={"planned_hours": {("A", "coal"): 4000.0, ("A", "gas"): 2000.0}},
        ),
        {"power": dict(planned_share={"coal": {2025: 0.6, 2035: 0.4}, "gas": gas})},
    )
    assert run.objective == pytest.approx(cost)


def test_shares_by_group_name_the_groups():
    assert validate_options(PowerConfig, {"planned_share": {"coal": 0.5}}).planned_groups == ("coal",)
    with pytest.raises(InputError, match="planned_groups"):
        validate_options(PowerConfig, {"planned_share": {"coal": 0.5}, "planned_groups": ["gas"]})
    assert at_groups({2025: 0.0, 2035: 1.0}, ["wind"], [2030]) == {("wind", 2030): 0.5}
    assert at_groups(None, ["wind"], [2030]) == {}


@pytest.mark.parametrize("name", EVERYTHING)
def test_options_that_are_written_out_say_the_same(name):
    """A run writes its options with every default; reading them gives the same market."""
    options = validate_options(PowerConfig, EVERYTHING[name]["power"])
    assert validate_options(PowerConfig, options.model_dump()) == options


# -- contracts between provinces


def two_buses(sender: float, demand_b: list[float], **more):
    """A: coal at a given cost, no demand; B: gas at 0.50; a lossless line of 2 GW with a contract from A."""
    return tiny(
        {("A", YEAR): [0.0] * len(demand_b), ("B", YEAR): demand_b},
        {
            "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=sender),
            "gas": dict(provinces=["B"], existing={"B": 3.0}, fuel=0.50),
        },
        corridors=(Corridor("A-B", ("A", "B"), contract_from="A"),),
        line_capacity={("A-B", YEAR): 2.0},
        **more,
    )


@pytest.mark.covers("c_contract_quantity")
@pytest.mark.parametrize(
    ("sender", "slack", "sent", "cost", "price"),
    [
        (0.20, 3000, 0.4, HOURS * (0.4 * 0.20 + 0.6 * 0.50), -HOURS * 0.30),
        (0.60, 3000, 0.4, HOURS * (0.4 * 0.60 + 0.6 * 0.50), HOURS * 0.10),
        (0.60, 50, 0.0, HOURS * (0.50 + 0.4 * 0.05), HOURS * 0.05),
    ],
)
def test_a_given_contract_is_sent_neither_more_nor_less(sender, slack, sent, cost, price):
    """Proves    a given quantity holds a cheap sender back, makes a dear one run, and gives way to its slack.

    System    `two_buses`, 1 GW of demand in B, band 0, 0.4 GW given.
    By hand   cheap: 0.4 GW at 0.20 and 0.6 at 0.50 (free choice: 1752); a GW more would save 8760 0.30
              dear (0.60): each GW costs 8760 0.10 = 876 a year; at a slack of 50 CNY/MWh none is sent, 438
    Fails if  the quantity is only a limit (0 sent) or only a requirement (1 sent), or has no slack.
    """
    run = run_tiny(
        two_buses(sender, [1.0]),
        {
            "power": dict(
                flows="contracts",
                contract_band_share=0.0,
                contract_gw={"A-B": sent or 0.4},
                slack_cny_per_mwh=slack,
            )
        },
    )
    assert run.objective == pytest.approx(cost)
    assert run.value("v_flow", "A>B", YEAR, 0) == pytest.approx(sent)
    assert run.price("c_contract_quantity", "A>B", YEAR) == pytest.approx(price)
    assert run.cost("transfer") == pytest.approx(0.0 if sent else HOURS * 0.4 * 0.05)


def test_given_contracts_need_a_sender_and_contracts():
    with pytest.raises(InputError, match="flows: contracts"):
        validate_options(PowerConfig, {"contract_gw": {"A-B": 1.0}})
    system = two_buses(0.2, [1.0])
    assert "is not there" in problems(system, flows="contracts", contract_gw={"A-C": 1.0})[0]
    bare = tiny(
        {("A", YEAR): [1.0], ("B", YEAR): [1.0]},
        {"coal": dict(existing={"A": 3.0, "B": 1.0})},
        corridors=(Corridor("A-B", ("A", "B")),),
        line_capacity={("A-B", YEAR): 2.0},
    )
    assert any("no contract sender" in p for p in problems(bare, flows="contracts", contract_gw={"A-B": 1}))


def test_flat_contracts_may_end():
    """Proves    flows follow contracts up to a year and are free in later ones.

    System    `needed_by_halves`; no band; contracts until 2030.
    By hand   2030: nothing is sent, 4380 0.50 = 2190; 2035: A sends 1 GW in the first half, 4380 0.20 = 876
    Fails if  the end is not seen, or holds for all years.
    """
    system = needed_by_halves()
    options = dict(flows="contracts", contract_band_share=0.0, flow_contracts_until=2030)
    run = run_tiny(system, {"power": options})
    fuel = run.results.values["v_cost_fuel"].sum("province")
    assert [float(fuel.sel(year=y)) for y in (2030, 2035)] == pytest.approx([2190.0, 876.0])
    assert problems(system, **options) == []
    assert "in none" in problems(system, **options | dict(flow_contracts_until=2025))[0]
    assert "in all" in problems(system, **options | dict(flow_contracts_until=2035))[0]
    with pytest.raises(InputError, match="flows: contracts"):
        validate_options(PowerConfig, dict(flows="free", flow_contracts_until=2030))


def needed_by_halves():
    """2030 and 2035: B needs 1 GW in the first half of the year, then nothing; A has coal, B gas."""
    years = (2030, 2035)
    return tiny(
        {("A", y): [0.0, 0.0] for y in years} | {("B", y): [1.0, 0.0] for y in years},
        {
            "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=0.20),
            "gas": dict(provinces=["B"], existing={"B": 3.0}, fuel=0.50),
        },
        years=years,
        corridors=(Corridor("A-B", ("A", "B"), contract_from="A"),),
        line_capacity={("A-B", y): 2.0 for y in years},
        export_tariff={"B": 9.0},
    )


def test_the_band_may_widen_by_year():
    """Proves    the flat contract can phase out by its band.

    System    `needed_by_halves`; band 0 in 2030, 1 in 2035.
    By hand   band 0: nothing is sent (B cannot take it in the second half): 4380 0.50 = 2190
              band 1: F = 0.5, at most 1 in the first half and at least 0 in the second: 4380 0.20 = 876
    Fails if  one year's band serves all.
    """
    system = needed_by_halves()
    run = run_tiny(system, {"power": dict(flows="contracts", contract_band_share={2030: 0.0, 2035: 1.0})})
    fuel = run.results.values["v_cost_fuel"].sum("province")
    assert fuel.sel(year=2030) == pytest.approx(2190.0)
    assert fuel.sel(year=2035) == pytest.approx(876.0)


# -- physical contracts


def wind_by_day(demand=(1.0, 1.0), **coal):
    """Two halves of the year; 1 GW of free wind in the first, 1 GW of coal at 0.30 in both."""
    return tiny(
        {("A", YEAR): list(demand)},
        {
            "wind": dict(existing={"A": 1.0}, availability=[1.0, 0.0]),
            "coal": dict(existing={"A": 1.0}, fuel=0.30, **coal),
        },
        policy={"coal_tariff": {"A": 0.38}},
    )


@pytest.mark.covers("c_contract_delivery")
def test_a_flat_physical_contract_runs_coal_against_wind():
    """Proves    G_t >= coverage x profile x annual output, in which annual output is what the plant decides.

    System    `wind_by_day`, flat contract for 0.8 of the output.
    By hand   G1 >= 0.8 / 2 (G1 + G2), G2 = 1: G1 = 2/3; cost 4380 0.30 5/3 = 2190 (without: 1314)
              price in the first half 0 (wind is curtailed): 0.30 = p - 0.4 p, p = 0.50
              price in the second half 0.30 + 0.4 0.50 = 0.50
    Fails if  the contract is on a fixed quantity, or only on output at large.
    """
    run = run_tiny(wind_by_day(), {"power": dict(contracts=dict(type="physical", coverage_share=0.8))})
    assert run.objective == pytest.approx(2190.0)
    assert run.value("v_generation", "A", "coal", YEAR, 0) == pytest.approx(2 / 3)
    assert run.price("c_contract_delivery", "A", "coal", YEAR, 0) == pytest.approx(0.50)
    assert run.price("c_balance", "A", YEAR, 1) == pytest.approx(0.50)
    # the contract's dual is beside the ledger: 0.50 x 0.4 of the annual output in 4380 h
    implicit = [
        t for t in run.active[0].indicators(run.results) if (t["indicator"] == "implicit_transfer").all()
    ]
    coal = implicit[0].query("province == 'A' and technology == 'coal'")["value"]
    assert coal.item() == pytest.approx(1e-3 * 0.50 * 0.4 * HALF * 5 / 3)


def test_a_contract_shaped_as_the_load():
    """Proves    the profile follows the province's load.

    System    `wind_by_day` with 1.0 and 0.5 GW of demand; contract for 0.8 of the output, load-shaped.
    By hand   the first half has 2/3 of the load: G1 = 0.8 2/3 (G1 + 0.5), G1 = 0.8 / 1.4 = 4/7
              4380 0.30 (4/7 + 1/2) = 1407.857
    Fails if  the profile is flat (1095).
    """
    contract = dict(type="physical", coverage_share=0.8, shape="load")
    run = run_tiny(wind_by_day((1.0, 0.5)), {"power": dict(contracts=contract)})
    assert run.objective == pytest.approx(HALF * 0.30 * (4 / 7 + 1 / 2))


@pytest.mark.covers("c_contract_delivery")
def test_delivery_gives_way_to_its_slack():
    """Proves    the row has a slack by hour, a transfer.

    System    `wind_by_day`, flat contract for 0.8, slack 100 CNY/MWh.
    By hand   0.4 GW of slack in 4380 h at 0.1, less than the 0.50 the profile costs: 1314 + 175.2.
    Fails if  the profile cannot be missed.
    """
    contract = dict(type="physical", coverage_share=0.8)
    run = run_tiny(wind_by_day(), {"power": dict(contracts=contract, slack_cny_per_mwh=100)})
    assert run.objective == pytest.approx(1489.2)
    assert run.cost("transfer") == pytest.approx(175.2)


def test_physical_contracts_leave_no_profit():
    """Proves    the dual of the profile is among what a new plant earns and pays.

    System    `wind_by_day` with new coal only, 876 MCNY/GW-yr.
    By hand   the sum of all lines of the vintage is 0; its own profile costs what it brings: 0 over the year
              (G = profile x output wherever it binds, so p (G - profile x output) = 0).
    Fails if  the margin counts output in the slice without what annual output asks.
    """
    system = tiny(
        {("A", YEAR): [1.0, 1.0]},
        {
            "wind": dict(existing={"A": 1.0}, availability=[1.0, 0.0]),
            "coal": dict(build=True, annuity=876.0, fuel=0.30),
        },
    )
    run = run_tiny(system, {"power": dict(contracts=dict(type="physical", coverage_share=0.8))})
    frame = zero_profit(run.results, run.active)
    assert len(frame) == 1
    assert frame["contract_delivery"].item() == pytest.approx(0.0, abs=1e-9)
    assert worst_residual(frame) < 1e-9


def test_what_cannot_run_in_some_hours_cannot_deliver_a_profile():
    system = wind_by_day()
    assert problems(system, contracts=dict(type="physical", groups=["wind"]))
    assert problems(system, contracts=dict(type="financial", groups=["nuclear"]))
    assert problems(system, contracts=dict(type="physical")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        dict(type="physical", shape="output"),
        dict(type="financial", price_rule="fixed"),
        dict(type="financial", price_cny_per_mwh=300),
        dict(type="financial", term_yr=5),
    ],
)
def test_contracts_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(InputError):
        validate_options(PowerConfig, {"contracts": wrong})


# -- scarcity


def short_of_power(**peaker):
    """1 GW of demand, 0.8 GW of coal at 0.30; a shortage costs 20 MCNY/GWh."""
    technologies = {"coal": dict(existing={"A": 0.8}, fuel=0.30)}
    if peaker:
        technologies["peaker"] = dict(build=True, **peaker)
    return tiny({("A", YEAR): [1.0]}, technologies, policy={"price_cap": {"A": 1.5}})


@pytest.mark.parametrize(("scarcity", "built"), [("settlement", 0.2), ("dispatch", 0.0)])
def test_a_cap_in_dispatch_keeps_investment_away(scarcity, built):
    """Proves    under `dispatch` decisions see the cap for a shortage, system cost the value of lost load.

    System    `short_of_power` and a peaker for 17520 MCNY/GW-yr that burns nothing.
    By hand   at 20 a GW of it saves 175200; at the cap of 1.5 only 13140: it is not built, and
              objective 8760 (0.8 0.30 + 0.2 1.5) = 4730.4, of which transfer -8760 0.2 18.5 = -32412
    Fails if  the cap is not in the plan, or lost load is no longer a cost.
    """
    run = run_tiny(short_of_power(annuity=17520.0), {"power": dict(price_limits=dict(scarcity=scarcity))})
    assert run.value("v_build", "A", "peaker", YEAR) == pytest.approx(built)
    if scarcity == "dispatch":
        assert run.objective == pytest.approx(4730.4)
        assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(1.5)
        assert run.cost("transfer") == pytest.approx(-32412.0)
        assert run.cost("resource") == pytest.approx(HOURS * (0.24 + 0.2 * 20))


def test_limits_that_limit_nothing_or_shed_load_are_refused():
    system = short_of_power()
    with pytest.raises(InputError, match="nothing is limited"):
        validate_options(PowerConfig, {"price_limits": dict(table=False)})
    assert problems(system, price_limits=dict(cap_cny_per_mwh=100, floor_cny_per_mwh=200))
    no_effect = dict(scarcity="dispatch", table=False, floor_cny_per_mwh=0)
    assert any("lost load" in p for p in problems(system, price_limits=no_effect))
    shedding = dict(scarcity="dispatch", cap_cny_per_mwh=1500)
    assert any("slack" in p for p in problems(system, price_limits=shedding, curtailment_limit_share=0.1))
    assert problems(system, price_limits=shedding) == []
    assert any("is not there" in p for p in problems(system, price_limits=dict(cap_cny_per_mwh={"X": 1.0})))


def test_each_province_has_its_own_cap():
    """Proves    numbers of the scenario replace the table's, by province; without either there is no limit.

    System    A, B and C without lines, 1 GW of demand each and 0.8 GW at 0.30; the table caps A and B at 1.5.
    By hand   A 1.5, B 0.7 (its own number), C 20 (the value of lost load)
    Fails if  a number for one province is taken for all.
    """
    provinces = ("A", "B", "C")
    system = tiny(
        {(r, YEAR): [1.0] for r in provinces},
        {"coal": dict(existing={r: 0.8 for r in provinces}, fuel=0.30)},
        policy={"price_cap": {"A": 1.5, "B": 1.5}},
    )
    limits = dict(scarcity="dispatch", cap_cny_per_mwh={"B": 700})
    run = run_tiny(system, {"power": dict(price_limits=limits)})
    prices = [run.price("c_balance", r, YEAR, 0) for r in provinces]
    assert prices == pytest.approx([1.5, 0.7, 20.0])


# -- support in decisions


@pytest.mark.parametrize("in_decisions", [True, False])
def test_a_capacity_payment_keeps_a_plant_only_if_decisions_see_it(in_decisions):
    """Proves    `in_decisions` makes the payment a negative transfer; else the plan does not see it.

    System    1 GW of demand and of free hydro; 1 GW of old coal at 100 MCNY/GW-yr, paid 120.
    By hand   seen: the plant stays, 100 - 120 = -20; not seen: it leaves, 0.
    Fails if  the payment counts as a resource, or moves the plan by default.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {"hydro": dict(existing={"A": 1.0}), "coal": dict(existing={"A": 1.0}, fuel=0.30, fom=100.0)},
        policy={"capacity_payment": {("A", "coal", YEAR): 120.0}},
    )
    run = run_tiny(system, {"power": dict(capacity="payment", in_decisions=in_decisions)})
    assert run.objective == pytest.approx(-20.0 if in_decisions else 0.0)
    assert run.cost("resource") == pytest.approx(100.0 if in_decisions else 0.0)
    assert run.value("v_capacity", "A", "coal", YEAR) == pytest.approx(1.0 if in_decisions else 0.0)


def test_a_payment_in_decisions_is_a_line_of_zero_profit():
    """Proves    what a new plant is paid for capacity lowers what the price must bring.

    System    1 GW of demand, new coal at 400 MCNY/GW-yr and 0.30; payment 150 CNY/kW-yr.
    By hand   price 0.30 + 250 / 8760; cost 2628 + 250.
    Fails if  the payment is not among the vintage's lines.
    """
    run = run_tiny(
        tiny({("A", YEAR): [1.0]}, {"coal": dict(build=True, annuity=400.0, fuel=0.30)}),
        {"power": dict(capacity="payment", capacity_payment_cny_per_kw_yr={"coal": 150}, in_decisions=True)},
    )
    frame = zero_profit(run.results, run.active)
    assert run.objective == pytest.approx(2878.0)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.30 + 250 / HOURS)
    assert frame["capacity_payment"].item() == pytest.approx(150.0)
    assert worst_residual(frame) < 1e-9


@pytest.mark.parametrize(("in_decisions", "wind", "cost"), [(True, 1.0, 2190.0), (False, 0.0, 2628.0)])
def test_a_premium_builds_wind_only_if_decisions_see_it(in_decisions, wind, cost):
    """Proves    a premium on output is a negative transfer in the plan, and a line of zero profit.

    System    1 GW of demand, old coal at 0.30; new wind at 3504 MCNY/GW-yr (0.40); premium 150 CNY/MWh.
    By hand   seen: 3504 - 8760 0.15 = 2190 < 2628; not seen: coal.
    Fails if  the premium is a cost, or moves the plan by default.
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0]},
            {"coal": dict(existing={"A": 1.0}, fuel=0.30), "wind": dict(build=True, annuity=3504.0)},
        ),
        {"power": dict(premium_cny_per_mwh={"wind": 150}, in_decisions=in_decisions)},
    )
    assert run.value("v_build", "A", "wind", YEAR) == pytest.approx(wind)
    assert run.objective == pytest.approx(cost)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9


def test_a_price_times_a_quantity_cannot_be_in_decisions():
    for options in ({}, {"renewables": "cfd"}, {"contracts": {"type": "financial"}}):
        with pytest.raises(InputError, match="not linear"):
            validate_options(PowerConfig, {"in_decisions": True, **options})


# -- theorems


SETTLED_ONLY = {
    "financial": dict(contracts=dict(type="financial", coverage_share=0.9)),
    "cfd": dict(renewables="cfd", cfd=dict(strike_cny_per_mwh=330, volume_share=0.8, term_yr=12)),
    "guaranteed": dict(renewables="guaranteed_hours"),
    "quantity": dict(renewables="quantity_share", spot_share=0.3),
    "premium": dict(premium_cny_per_mwh={"wind": 50}),
    "payment": dict(capacity="payment", capacity_payment_cny_per_kw_yr={"coal": 100}),
    "nothing": dict(capacity="none"),
    "tariff": dict(settlement="tariff", tariff_factor_share=1.2),
    "limits": dict(price_limits=dict(cap_cny_per_mwh=400, floor_cny_per_mwh=200)),
}


@pytest.mark.parametrize("name", SETTLED_ONLY)
def test_what_only_moves_money_leaves_the_lp_bit_for_bit(name):
    """Proves    settlement rules do not touch the LP: same rows, columns and numbers, and no cost item."""
    without = compile_tiny(whole_system(), {"power": dict(dispatch="spot")})
    with_rule = compile_tiny(whole_system(), {"power": dict(dispatch="spot", **SETTLED_ONLY[name])})
    assert sorted_rows(with_rule) == sorted_rows(without)
    assert with_rule.items == without.items
    for part in ("cost", "row_lower", "row_upper", "lower", "upper"):
        assert getattr(with_rule, part).tobytes() == getattr(without, part).tobytes()
    for part in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(with_rule.matrix, part), getattr(without.matrix, part))


@pytest.mark.parametrize("dispatch", ["planned", "priority"])
def test_spot_never_costs_more_than_planned_dispatch(dispatch):
    """Proves    objective(spot) <= objective(planned), priority: a wider feasible set at no added cost."""
    markets = {"carbon": dict(instrument="cap", cap_mt={2025: 45.0, 2035: 31.0})}
    spot = run_tiny(whole_system(), {**markets, "power": dict(dispatch="spot")})
    other = run_tiny(whole_system(), {**markets, "power": dict(dispatch=dispatch)})
    assert BUNDLES[dispatch] != BUNDLES["spot"]
    assert spot.objective <= other.objective * (1 + 1e-12)
    assert spot.objective < other.objective - 1.0


@pytest.mark.parametrize(
    "path",
    [
        [dict(contracts=dict(type="physical", coverage_share=x)) for x in (0.0, 0.6, 0.9, 1.0)],
        [dict(planned_share={"coal": x}) for x in (0.0, 0.4, 0.8)],
        [dict(flows="contracts", contract_band_share=x) for x in (1.0, 0.5, 0.0)],
        [dict(curtailment_limit_share=x) for x in (1.0, 0.1, 0.0)],
    ],
    ids=["coverage", "hours", "band", "curtailment"],
)
def test_a_tighter_rule_never_lowers_the_objective(path):
    costs = [run_tiny(whole_system(), {"power": dict(dispatch="spot", **step)}).objective for step in path]
    assert all(a <= b * (1 + 1e-10) for a, b in pairwise(costs))
