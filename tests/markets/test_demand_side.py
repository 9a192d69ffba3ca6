"""The demand side by hand: load moved at spot or time-of-use prices, load given up at its value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from picmodel.data.system import TimeSlices
from picmodel.errors import InputError
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.demand_side.options import DemandSideConfig, check
from picmodel.markets.demand_side.rules import DEMAND_SIDE
from picmodel.markets.demand_side.time_of_use import Limits, cheapest_bill
from picmodel.scenario.check import validate_options
from picmodel.settlement.ledger import worst_account
from tests.tiny import TinyRun, run_tiny, tiny
from tests.whole import whole_system

YEAR = 2030
NOON = [1.0, 0.0, 0.0, 0.0]
#: valley in the fourth slice; mean 1 over a flat load
NIGHT = [7 / 6, 7 / 6, 7 / 6, 0.5]


def policy(share=0.5, hours=10.0, blocks=None, tou=None, classes=("industry",)) -> dict:
    """What a mechanism reads, of one province; ``blocks``: share -> value."""
    blocks = blocks or {}
    return {
        "flexible_share": {(k, "A", YEAR): share for k in classes},
        "flexible_hours": dict.fromkeys(classes, hours),
        "responsive_share": {(f"b{i}",): x for i, x in enumerate(blocks)},
        "responsive_value": {(f"b{i}",): x for i, x in enumerate(blocks.values())},
        "tou_factor": {("A", t): x for t, x in enumerate(tou or [])},
        "coal_tariff": {"A": 0.3},
    }


def sunny(**has):
    """Four slices of 2 GW; free sun in the first alone, coal at 0.30 MCNY/GWh."""
    return tiny(
        {("A", YEAR): [2.0] * 4},
        {
            "coal": dict(existing={"A": 9.0}, fuel=0.30, emission=0.8),
            "sun": dict(existing={"A": 9.0}, availability=NOON, **{"class": "nonhydro"}),
        },
        policy=policy(**has),
    )


def two_hours(coal=2.5, demand=(1.0, 3.0), **has):
    """Two slices of 4380 h; coal at 0.20, gas at 0.60 MCNY/GWh."""
    return tiny(
        {("A", YEAR): list(demand)},
        {
            "coal": dict(existing={"A": coal}, fuel=0.20),
            "gas": dict(existing={"A": 5.0}, fuel=0.60),
        },
        policy=policy(**has),
    )


def shifting(exposure="spot", **changes) -> dict:
    """Industry at one exposure, free to move and connected for four times its mean; no blocks."""
    free = dict(connected_factor=4.0, shift_cost_cny_per_mwh=0.0) if exposure != "flat" else {}
    chosen = dict(exposure={"industry": exposure}, price_responsive=False)
    return {"demand_side": {**chosen, **free, **changes}}


def blocks_only(**changes) -> dict:
    return {"demand_side": {"exposure": {"industry": "flat"}, **changes}}


def indicator(run: TinyRun, name: str, province: str = "CN", technology: str = "all") -> float:
    frames = DEMAND_SIDE.indicators(run.results, run.active[0].options, run.data)
    rows = [frame[(frame["indicator"] == name) & (frame["technology"] == technology)] for frame in frames]
    found = [row[row["province"] == province]["value"] for row in rows]
    return float(sum(value.sum() for value in found))


# -- load that moves at the hourly price


@pytest.mark.covers("c_shift_stored", "c_balance")
def test_load_moves_until_prices_differ_by_its_cost():
    """Proves    load leaves the dear slice for the cheap one, and the two prices end one cost apart.

    System    demand 1 and 3; 2.5 GW of coal at 0.20, gas at 0.60; half of the load moves, at 0.02.
    By hand   without: 4380 (0.2 (1 + 2.5) + 0.6 0.5) = 4380; coal has room in the first slice, so the 0.5
              above it move: 4380 (0.2 4 + 0.02 0.5) = 3547.8; one more MWh costs 0.20 then, 0.22 later
    Fails if  load moves at any price, without cost, or not to the margin.
    """
    run = run_tiny(two_hours(), shifting(shift_cost_cny_per_mwh=20.0))
    assert run_tiny(two_hours()).objective == pytest.approx(4380.0)
    assert run.objective == pytest.approx(3547.8)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.20)
    assert run.price("c_balance", "A", YEAR, 1) == pytest.approx(0.22)
    assert run.cost(item="shift") == pytest.approx(4380 * 0.02 * 0.5)
    assert run.value("v_consumption", "A", YEAR) == pytest.approx(4 * 4380)


def test_what_is_taken_away_and_added_is_limited():
    """Proves    a slice gives up its share at most, and takes what is connected at most.

    System    the same with 2 GW of coal; 20 % of the load moves; then a connection of 1.25 times the mean.
    By hand   0.2 3 = 0.6 of the 1 GW on gas move: 4380 (0.2 (1.6 + 2) + 0.6 0.4) = 4380 0.96 = 4204.8
              connected: 1.25 0.4 - 0.2 = 0.3 move: 0.2 (1.3 + 2) + 0.6 0.7 = 1.08, 4380 1.08 = 4730.4
    Fails if  the share is of mean load, or the connection does not hold.
    """
    system = two_hours(coal=2.0, share=0.2)
    assert run_tiny(system, shifting()).objective == pytest.approx(4204.8)
    tight = run_tiny(system, shifting(connected_factor=1.25))
    assert tight.objective == pytest.approx(4730.4)
    assert tight.value("v_shift_up", "A", "industry", YEAR, 0) == pytest.approx(0.3)


@pytest.mark.covers("c_shift_stored")
@pytest.mark.parametrize(("hours", "moved"), [(0.5, 0.5), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (24.0, 3.0)])
def test_energy_on_its_way_is_mean_load_times_hours(hours, moved):
    """Proves    the window bounds the energy that is away from its own slice at any time.

    System    `sunny`: 1 GW of each slice may move, 3 GW may be added at noon; a window of ``hours``; 0.001.
    By hand   to add u at noon and take it away later, u are on their way: u <= 1 hours, and at most the 3 GW
              that the other slices have; coal makes 6 - u: 2190 (0.3 (6 - u) + 0.001 u)
    Fails if  the window is not there, binds twice, or is no range: load cannot be taken away first.
    """
    run = run_tiny(sunny(hours=hours), shifting(shift_cost_cny_per_mwh=1.0))
    assert run.objective == pytest.approx(2190 * (0.3 * (6 - moved) + 0.001 * moved))
    assert run.value("v_shift_up", "A", "industry", YEAR, 0) == pytest.approx(moved)


@pytest.mark.covers("c_shift_stored", "c_consumption")
def test_a_loss_is_consumed():
    """Proves    of what is added a share is lost, and consumption grows by it.

    System    `sunny`, window of one hour, loss of 25 %, cost 0.001 (so that nobody adds and takes at once).
    By hand   1 GW less later needs 4/3 at noon: 2190 (0.3 5 + 0.001) = 3287.19; consumption 2190 (8 + 1/3)
    Fails if  the loss is on the other side (3/4), or consumption stays as it was.
    """
    run = run_tiny(sunny(hours=1.0), shifting(shift_loss_share=0.25, shift_cost_cny_per_mwh=1.0))
    assert run.objective == pytest.approx(3287.19)
    assert run.value("v_shift_up", "A", "industry", YEAR, 0) == pytest.approx(4 / 3)
    assert run.value("v_consumption", "A", YEAR) == pytest.approx(2190 * (8 + 1 / 3))
    assert worst_account(run.ledger)[0] < 1e-9


def test_nothing_passes_from_one_period_to_another():
    """Proves    what is added in a period is taken away in it.

    System    `two_hours` with slices of 3000 and 5760 h, so that each is a period of its own.
    By hand   nothing can move: 3000 0.2 + 5760 (0.2 2.5 + 0.6 0.5) = 5208
    Fails if  load moves between periods (and a GWh between slices of unlike weight is not one).
    """
    system = replace(two_hours(), time=TimeSlices({0: 3000.0, 1: 5760.0}, {0: 0, 1: 1}))
    assert run_tiny(system, shifting()).objective == pytest.approx(5208.0)


def test_classes_share_the_balance_and_nothing_else():
    """Proves    two classes move side by side, and more of either is never dearer.

    System    `sunny`, industry and cars of half the load each, window of one hour.
    By hand   1 GW each: coal 4: 0.3 2190 4 = 2628; factors 0, 1/2, 1: 6, 5 and 4 GW of coal
    Fails if  a class counts twice, or the factor does not scale the window too.
    """
    system, both = sunny(hours=1.0, classes=("industry", "ev")), {"industry": "spot", "ev": "spot"}

    def moved(exposure: dict, factor: float) -> TinyRun:
        options = shifting()["demand_side"] | dict(exposure=exposure, shiftable_factor=factor)
        return run_tiny(system, {"demand_side": options})

    costs = [moved(both, x).objective for x in (0.0, 0.5, 1.0)]
    assert costs == pytest.approx([0.3 * 2190 * n for n in (6, 5, 4)])
    one = moved({"ev": "spot"}, 1.0)
    assert one.objective == pytest.approx(0.3 * 2190 * 5)
    assert "industry" not in one.results.labels["user"]


# -- load that moves by a tariff


@pytest.mark.covers("c_balance")
def test_a_tariff_moves_load_whatever_power_is_worth():
    """Proves    users follow their tariff, the LP cannot, and spot is never dearer.

    System    `sunny`, window of one hour, cost 0.02; a tariff of 0.30, half price in the fourth slice or at
              noon.
    By hand   night: 1 GW is added to the fourth slice, a third of it from each other (one price there):
              coal 2/3 + 2/3 + ... = 6 + 1/3: 2190 (0.3 19/3 + 0.02) = 4204.8
              noon: as spot: 2190 (0.3 5 + 0.02) = 3328.8; flat: 0.3 2190 6 = 3942
    Fails if  the LP moves load that is on a tariff, or users pay no heed to the tariff.
    """
    night, noon = NIGHT, [0.5, *[7 / 6] * 3]
    costs = dict(shift_cost_cny_per_mwh=20.0)
    found = run_tiny(sunny(hours=1.0, tou=night), shifting("time_of_use", **costs))
    up = [found.value("v_shift_up", "A", "industry", YEAR, t) for t in range(4)]
    down = [found.value("v_shift_down", "A", "industry", YEAR, t) for t in range(4)]
    assert up == pytest.approx([0.0, 0.0, 0.0, 1.0])
    assert down == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0.0])
    assert found.objective == pytest.approx(4204.8)
    good = run_tiny(sunny(hours=1.0, tou=noon), shifting("time_of_use", **costs))
    spot = run_tiny(sunny(hours=1.0), shifting(**costs))
    assert good.objective == pytest.approx(3328.8)
    assert spot.objective == pytest.approx(3328.8)
    flat = run_tiny(sunny(hours=1.0), shifting("flat"))
    assert flat.objective == pytest.approx(3942.0)
    assert spot.objective <= good.objective + 1e-9
    assert spot.objective < found.objective


@pytest.mark.parametrize(("tariff", "cost", "moved"), [(300, 199, 1.0), (300, 201, 0.0), (600, 201, 1.0)])
def test_nobody_moves_for_less_than_it_costs(tariff, cost, moved):
    """Proves    load moves where the difference of the tariff exceeds its cost.

    System    the tariff of the night, 0.30 (7/6 - 1/2) = 0.20 MCNY/GWh between its prices; then twice that.
    By hand   cost 0.199 < 0.20 < 0.201 < 0.40
    Fails if  the cost is left out, or the factors do not multiply the tariff.
    """
    options = dict(shift_cost_cny_per_mwh=cost, tou_tariff_cny_per_mwh=tariff)
    run = run_tiny(sunny(hours=1.0, tou=NIGHT), shifting("time_of_use", **options))
    assert run.value("v_shift_up", "A", "industry", YEAR, 3) == pytest.approx(moved)


def test_the_response_keeps_every_limit_and_beats_no_other_plan():
    """Proves    spreading a run over its slices keeps the limits of slices, and costs users nothing.

    System    24 slices of a day with a tariff of three prices, some load of every size, a window of 4 h.
    By hand   the same bill minimised slice by slice: no limit of a slice broken, and the same optimum.
    Fails if  a run's energy is put where there is no room, or the window breaks inside a run.
    """
    from scipy.optimize import linprog

    rng = np.random.default_rng(7)
    price = 0.4 * np.repeat([0.4, 1.0, 1.6, 1.0, 1.6, 0.4], [7, 3, 2, 5, 5, 2])
    load = rng.uniform(0.5, 1.5, 24)
    limits = Limits(less=load, more=np.maximum(1.6 * load.mean() - load, 0.0), stored=4 * load.mean())
    time, cost, loss = TimeSlices(dict.fromkeys(range(24), 365.0), dict.fromkeys(range(24), 0)), 0.02, 0.05
    up, down = cheapest_bill({("A", "ev", YEAR): limits}, {("A", "ev", YEAR): price}, cost, loss, time)[
        "A", "ev", YEAR
    ]
    path = np.cumsum((1 - loss) * up - down)
    assert (up <= limits.more + 1e-9).all()
    assert (down <= limits.less + 1e-9).all()
    assert abs(path[-1]) < 1e-9
    assert np.ptp([0.0, *path]) <= limits.stored + 1e-9
    assert min(up.max(), down.max()) > 0.1
    step = np.eye(24) - np.roll(np.eye(24), -1, axis=1)  # row t: stored[t] - stored[t - 1]
    best = linprog(
        np.concatenate([np.zeros(24), price, cost - price]),
        A_eq=np.hstack([step, -(1 - loss) * np.eye(24), np.eye(24)]),
        b_eq=np.zeros(24),
        bounds=[(0, x) for x in (*[limits.stored] * 24, *limits.more, *limits.less)],
    )
    assert price @ (up - down) + cost * down.sum() == pytest.approx(best.fun, abs=1e-9)


# -- load that is given up


@pytest.mark.covers("c_balance", "c_consumption")
def test_a_block_gives_way_at_its_value_and_sets_the_price():
    """Proves    load worth less than the power is given up, its value is the price, consumption falls.

    System    demand 1 and 2; 1.5 GW of coal at 0.30, nothing else; 30 % of the load at 1.0 MCNY/GWh.
    By hand   0.5 of the 0.6 GW of the second slice: 4380 (0.3 2.5 + 1.0 0.5) = 5475; price 1.0 there
    Fails if  the load is given up for nothing, in the first slice too, or still counts as consumed.
    """
    run = run_tiny(scarce({0.3: 1.0}), blocks_only())
    assert run.objective == pytest.approx(5475.0)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.30)
    assert run.price("c_balance", "A", YEAR, 1) == pytest.approx(1.0)
    assert run.value("v_consumption", "A", YEAR) == pytest.approx(4380 * 2.5)
    assert run.cost(item="curtailed_demand") == pytest.approx(2190.0)
    assert run.cost("resource") == pytest.approx(5475.0)


def scarce(blocks: dict, **more):
    """Demand 1 and 2, coal of 1.5 GW at 0.30."""
    return tiny(
        {("A", YEAR): [1.0, 2.0]},
        {"coal": dict(existing={"A": 1.5}, fuel=0.30, credit=1.0)},
        policy=policy(blocks=blocks),
        **more,
    )


def test_blocks_give_way_in_the_order_of_their_value():
    """Proves    the cheaper block first, the dearer at the margin, what is missing at the value of lost load.

    System    the same; blocks of 10 % at 1.0 and of 20 % at 5.0 MCNY/GWh; then 10 % alone.
    By hand   0.2 at 1.0 and 0.3 at 5.0: 4380 (0.75 + 0.2 + 1.5) = 10731, price 5.0
              0.2 at 1.0 and 0.3 unserved at 20: 4380 (0.75 + 0.2 + 6) = 30441, price 20
    Fails if  blocks give way together, or a block has no limit.
    """
    both = run_tiny(scarce({0.1: 1.0, 0.2: 5.0}), blocks_only())
    assert both.objective == pytest.approx(10731.0)
    assert both.price("c_balance", "A", YEAR, 1) == pytest.approx(5.0)
    one = run_tiny(scarce({0.1: 1.0}), blocks_only())
    assert one.objective == pytest.approx(30441.0)
    assert one.price("c_balance", "A", YEAR, 1) == pytest.approx(20.0)
    none = run_tiny(scarce({}), blocks_only(price_responsive=False))
    assert none.objective == run_tiny(scarce({})).objective == pytest.approx(4380 * (0.75 + 10.0))
    everything = run_tiny(scarce({1.0: 0.1}), blocks_only())
    assert everything.objective == pytest.approx(4380 * 3 * 0.1)


def test_blocks_count_for_the_peak_where_it_is_said():
    """Proves    the stated share of the blocks, with the margin, spares firm capacity; none by default.

    System    `scarce` with a peak of 1.4 GW, margin 10 %, 1.5 GW of coal in full; 30 % of the load at 1.0.
    By hand   required 1.54, short by 0.04 at 3000 MCNY/GW-yr; a tenth counted: 0.1 0.3 1.1 1.4 = 0.0462
    Fails if  the blocks count unasked, or in full.
    """
    system = scarce({0.3: 1.0}, peak={("A", YEAR): 1.4}, adequacy_margin=0.10)
    assert run_tiny(system, blocks_only()).total("v_adequacy_short") == pytest.approx(0.04)
    counted = run_tiny(system, blocks_only(firm_share=0.1))
    assert counted.total("v_adequacy_short") == pytest.approx(0.0)
    assert worst_account(counted.ledger)[0] < 1e-9
    half = run_tiny(system, blocks_only(firm_share=0.05))
    assert half.total("v_adequacy_short") == pytest.approx(0.04 - 0.0231)
    assert half.paid(payee="capacity/A") == pytest.approx(3000 * 1.5)
    assert worst_account(half.ledger)[0] < 1e-9


@pytest.mark.covers("c_obligation_total")
def test_what_is_given_up_owes_no_certificates():
    """Proves    the obligation is on what is consumed, so giving up spares its cost too.

    System    demand 1 GW in one slice; coal at 0.30, wind at 0.40; obligation of half; 20 % of the load
              worth 0.34, then 0.36 MCNY/GWh.
    By hand   a MWh costs 0.30 + 0.5 0.10 = 0.35: at 0.34 it is given up, wind 0.4, coal 0.4:
              8760 (0.4 0.4 + 0.4 0.3 + 0.2 0.34) = 3048.48; at 0.36 it is not: 8760 0.35 = 3066
    Fails if  the obligation stays at demand (0.34 > 0.30: nothing is given up).
    """

    def run(value: float) -> TinyRun:
        system = tiny(
            {("A", YEAR): [1.0]},
            {
                "coal": dict(existing={"A": 2.0}, fuel=0.30),
                "wind": dict(existing={"A": 2.0}, fuel=0.40, **{"class": "nonhydro"}),
            },
            policy=policy(blocks={0.2: value})
            | {"weight_total": {("A", YEAR): 0.5}, "weight_nonhydro": {("A", YEAR): 0.5}},
        )
        return run_tiny(system, blocks_only() | {"green_certificates": dict(trade="none")})

    cheap, dear = run(0.34), run(0.36)
    assert cheap.objective == pytest.approx(3048.48)
    assert cheap.value("v_generation", "A", "wind", YEAR, 0) == pytest.approx(0.4)
    assert dear.objective == pytest.approx(3066.0)
    assert worst_account(cheap.ledger)[0] < 1e-9


# -- money


def test_load_moved_is_sold_and_bought_at_the_price_of_its_hour():
    """Proves    what is taken away is not bought, what is added is, and the account clears.

    System    `two_hours` as in the first test: 0.5 GW from the slice at 0.22 to that at 0.20.
    By hand   4380 0.5 0.22 = 481.8 received, 438 paid; 43.8 kept by users, less the cost of moving: 0;
              the highest load falls from 3 to 2.5
    Fails if  both sides are at one price, or the account of energy is left with goods.
    """
    run = run_tiny(two_hours(), shifting(shift_cost_cny_per_mwh=20.0))
    assert run.paid(payee="consumers", product="load moved away") == pytest.approx(481.8)
    assert run.paid(payer="consumers", product="load added") == pytest.approx(438.0)
    assert worst_account(run.ledger)[0] < 1e-9
    assert indicator(run, "shift_bill_saving") == pytest.approx(0.0, abs=1e-9)
    assert indicator(run, "shifted_energy") == pytest.approx(2.19)
    assert indicator(run, "shifted_energy", technology="industry") == pytest.approx(2.19)
    assert indicator(run, "peak_reduction") == pytest.approx(0.5)
    assert indicator(run, "peak_reduction", "A") == pytest.approx(0.5)


def test_load_given_up_is_not_bought():
    """Proves    consumers do not pay for what they give up.

    System    the first system of blocks: 0.5 GW at a price of 1.0.
    By hand   4380 0.5 1.0 = 2190 returned of the demand bought: 4380 (0.3 1 + 1.0 2) = 10074; coal is paid
              4380 (0.3 1 + 1.0 1.5) = 7884
    Fails if  users are paid the value, or the account keeps the energy.
    """
    run = run_tiny(scarce({0.3: 1.0}), blocks_only())
    assert run.paid(payee="consumers", product="load given up") == pytest.approx(2190.0)
    assert run.paid(payee="generators", product="energy") == pytest.approx(7884.0)
    assert worst_account(run.ledger)[0] < 1e-9
    assert indicator(run, "curtailed_demand") == pytest.approx(2.19)
    assert indicator(run, "curtailed_demand", technology="b0") == pytest.approx(2.19)


def test_users_on_a_tariff_pay_it_and_the_levy_takes_the_rest():
    """Proves    the difference between tariff and hourly price passes through the levy of the province.

    System    `sunny` on the tariff of the night at 0.40 MCNY/GWh: flexible load 2/3, 2/3, 2/3 and 2 GW;
              energy costs 0 at noon and 0.30 else.
    By hand   tariff 7/15, 7/15, 7/15 and 0.2: 2190 (2/3 7/15 + 4/3 (7/15 - 0.3) - 2 0.1) = 730;
              the bill falls by 2190 1 (7/15 - 0.2) = 584
    Fails if  the tariff is on load before it moves, or the levy does not return it.
    """
    options = shifting("time_of_use", tou_tariff_cny_per_mwh=400)
    run = run_tiny(sunny(hours=1.0, tou=NIGHT), options)
    assert run.paid(product="time-of-use difference") == pytest.approx(730.0)
    assert run.paid(product="levy", mechanism="demand_side") == pytest.approx(-730.0)
    assert worst_account(run.ledger)[0] < 1e-9
    assert indicator(run, "shift_bill_saving") == pytest.approx(0.584)
    assert indicator(run, "peak_reduction") == pytest.approx(-1.0)


BOTH = dict(
    exposure={"industry": "spot", "ev": "time_of_use"},
    shift_loss_share=0.07,
    shiftable_factor={2025: 0.5, 2035: 1.5},
    responsive_factor=2.0,
    firm_share=0.3,
)


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"green_certificates": dict(trade="national"), "carbon": dict(instrument="cap", cap_mt=38.0)},
        {"power": dict(dispatch="planned", planned_share=0.4)},
    ],
    ids=["alone", "certificates and cap", "planned"],
)
def test_zero_profit_and_accounts_with_everything_on(others):
    """Proves    plants and stores earn their cost beside load that moves, and every account is empty.

    System    the whole system with both exposures, losses, blocks of twice the load and firm capacity.
    Fails if  a price that load sees is not the one that plants are paid.
    """
    run = run_tiny(whole_system(), {"demand_side": BOTH, **others})
    assert run.total("v_shift_down") > 0.1
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9
    assert worst_account(run.ledger)[0] < 1e-9


def test_spot_is_never_dearer_than_a_tariff_and_more_blocks_never_dearer():
    """Proves    what users on a tariff do is one of the plans that spot may choose; blocks only add choices.

    System    the whole system; both classes flat, on tariffs and at spot; blocks off, and on.
    Fails if  limits of the two exposures differ.
    """

    def cost(exposure: str, **more) -> float:
        options = dict(exposure=dict.fromkeys(("industry", "ev"), exposure), price_responsive=False)
        return run_tiny(whole_system(), {"demand_side": options | more}).objective

    off = run_tiny(whole_system()).objective
    assert cost("flat") == pytest.approx(off, rel=1e-12)
    assert cost("spot") < min(cost("time_of_use"), off)
    assert cost("flat", price_responsive=True) <= off + 1e-6


# -- options


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(exposure={"ev": "flat"}, shift_loss_share=0.1), "`shift_loss_share` has no effect while every"),
        (dict(exposure={"ev": "spot"}, tou_tariff_cny_per_mwh=400), "`tou_tariff_cny_per_mwh` has no effect"),
        (dict(price_responsive=False, firm_share=0.5), "`firm_share` has no effect without"),
        (dict(exposure={"ev": "hourly"}), "exposure"),
    ],
)
def test_options_without_effect_are_refused(options, word):
    with pytest.raises(InputError) as error:
        validate_options(DemandSideConfig, options)
    assert word in str(error.value)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(exposure={"cars": "spot"}), "no class is called 'cars'"),
        (dict(shiftable_factor=0.0), "no load that can be moved"),
        (dict(responsive_factor=0.0), "no block has load"),
        (dict(exposure={"ev": "flat"}, price_responsive=False), "it does nothing"),
        (dict(shiftable_factor=12.0), "of the load of A in 2025 is to be moved or given up"),
    ],
)
def test_problems_that_the_system_shows(options, word):
    found = check(validate_options(DemandSideConfig, options), whole_system())
    assert len(found) == 1
    assert word in found[0]
    assert found[0].startswith("markets.demand_side")


def test_a_window_shorter_than_a_slice_and_a_peak_without_a_rule_are_refused():
    """A slice of four hours cannot be moved by two; a share of a peak needs a rule of adequacy."""
    system = whole_system()
    coarse = replace(system, time=replace(system.time, step=4.0))
    found = check(DemandSideConfig(), coarse)
    assert [("at most 2 h" in x, "at most 3 h" in x) for x in found] == [(True, False), (False, True)]
    assert "no adequacy rule" in check(DemandSideConfig(firm_share=0.1), replace(system, peak={}))[0]
    assert check(DemandSideConfig(), system) == []
