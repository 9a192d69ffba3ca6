"""Flow tracing, emission accounts, grid factors and who pays."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from picmodel.data.system import Corridor
from picmodel.extract.tracing import (
    OUTPUTS,
    Grid,
    accounts,
    beneficiary_pays,
    carbon_cost,
    drawn,
    intensity,
    trace,
)
from picmodel.indicators.responsibility import responsibility
from picmodel.indicators.shares import shares_of_consumption
from picmodel.indicators.system import arc_energy
from picmodel.settlement.ledger import entries, ledger, unbalanced
from tests.tiny import run_tiny, tiny
from tests.whole import EVERYTHING, run_whole

YEAR = 2030
HOURS = 8760


def emissions(array: xr.DataArray) -> list[float]:
    """CO2 by province of the only year [kt per hour of the year]."""
    return (array.sel(content="emissions", year=YEAR) / HOURS).values.tolist()


def indicator(frame, name: str, province: str) -> float:
    found = frame[(frame.indicator == name) & (frame.province == province)]
    assert len(found) == 1
    return float(found.value.iloc[0])


def grid(generation, source, arcs=(), stores=(), weight=None, cycle=None) -> Grid:
    """A grid from lists: generation and CO2 by province and slice; arcs (from, to, delivered, flow by
    slice); stores (province, charge by slice, discharge by slice)."""
    generation, slices = np.array(generation, float), len(generation[0])
    table = lambda rows: np.array(rows, float).reshape(-1, slices)  # noqa: E731
    return Grid(
        weight=np.array(weight or [1.0] * slices),
        cycle=np.array(cycle or [0] * slices),
        source=np.stack([np.array(source, float), generation]),
        generation=generation,
        flow=table([f for *_, f in arcs]),
        sender=np.array([i for i, *_ in arcs], int),
        receiver=np.array([j for _, j, *_ in arcs], int),
        delivered=np.array([d for _, _, d, _ in arcs], float),
        charge=table([c for _, c, _ in stores]),
        discharge=table([d for *_, d in stores]),
        place=np.array([r for r, *_ in stores], int),
    ).only_working_stores()


def consumed(g: Grid) -> np.ndarray:
    """Contents by consuming province (k, n) [kt/yr, GWh/yr]."""
    return (intensity(g) * g.load) @ g.weight


# -- by hand


def coal_to_wind():
    """A: 1 GW of demand, 2 GW of coal (1.0 kt/GWh); B: 0.9 GW of demand, 0.45 GW of wind; line of 1 GW
    that loses a tenth."""
    return tiny(
        {("A", YEAR): [1.0], ("B", YEAR): [0.9]},
        {
            "coal": dict(provinces=["A"], existing={"A": 2.0}, fuel=0.30, emission=1.0),
            "wind": dict(provinces=["B"], existing={"B": 0.45}, **{"class": "nonhydro"}),
        },
        corridors=(Corridor("A-B", ("A", "B"), loss=0.1),),
        line_capacity={("A-B", YEAR): 1.0},
        policy={"grid_factor": {"A": 0.7, "elsewhere": 0.5}},
    )


def test_the_receiver_bears_the_loss():
    """Proves    what is sent takes the sender's mix along, and all of it arrives.

    System    `coal_to_wind`.
    By hand   A sends 0.5 of 1.5 GW, B receives 0.45: consumption of A 1.0 kt/h, of B 0.5 kt/h
              per GWh consumed A 1.0, B 0.5 / 0.9 = 5/9; per GWh generated A 1.0, B 0
              the line loses 0.05 of coal power, so that B consumes 0.45 of each: renewable share 1/2, A 0
              nation: 1.5 kt over 1.9 GWh consumed and 1.95 generated; share 0.45 / 1.9 = 9/38
              half and half: A (1.5 + 1.0) / 2 = 1.25, B 0.25
    Fails if  the sender keeps the loss (0.45 in B), or the loss takes wind along (share below a half).
    """
    run = run_tiny(coal_to_wind())
    traced = trace(run.results)
    assert emissions(traced.production) == pytest.approx([1.5, 0.0])
    assert emissions(traced.consumption) == pytest.approx([1.0, 0.5])
    frame = responsibility(run.results)
    found = {
        name: [indicator(frame, name, r) for r in ("CN", "A", "B")]
        for name in dict.fromkeys(frame.indicator)
        if name != "grid_factor_published"
    }
    mt = 1e-3 * HOURS
    assert found["emissions_production"] == pytest.approx([1.5 * mt, 1.5 * mt, 0.0])
    assert found["emissions_consumption"] == pytest.approx([1.5 * mt, 1.0 * mt, 0.5 * mt])
    assert found["emissions_shared"] == pytest.approx([1.5 * mt, 1.25 * mt, 0.25 * mt])
    assert found["grid_factor_consumption"] == pytest.approx([1.5 / 1.9, 1.0, 5 / 9])
    assert found["grid_factor_generation"] == pytest.approx([1.5 / 1.95, 1.0, 0.0])
    assert found["renewable_share_of_consumption"] == pytest.approx([9 / 38, 0.0, 1 / 2], abs=1e-8)
    assert found["nonhydro_share_of_consumption"] == pytest.approx([9 / 38, 0.0, 1 / 2], abs=1e-8)
    published = frame[frame.indicator == "grid_factor_published"]
    assert published[["province", "value", "year"]].values.tolist() == [["A", 0.7, 0]]


def test_a_province_in_between_passes_on_its_mix():
    """Proves    B sends a mixture of what it makes and what it gets, not its own output.

    System    A: 3 GW of coal, demand 1; B: 2 GW of hydro, demand 2; C: demand 2, nothing of its own; lines
              A-B and B-C of 2 GW without loss.
    By hand   A sends 2, B sends 2 of 4 GW, half coal: B and C consume 2 * 0.5 = 1.0 kt/h each, A 1.0
              hydro share of B and C: 1/2
    Fails if  exports have the sender's own generation factor (C 0, B 2.0).
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0], ("B", YEAR): [2.0], ("C", YEAR): [2.0]},
            {
                "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=0.30, emission=1.0),
                "hydro": dict(provinces=["B"], existing={"B": 2.0}, **{"class": "hydro"}),
            },
            corridors=(Corridor("A-B", ("A", "B")), Corridor("B-C", ("B", "C"))),
            line_capacity={("A-B", YEAR): 2.0, ("B-C", YEAR): 2.0},
        )
    )
    traced = trace(run.results)
    assert emissions(traced.consumption) == pytest.approx([1.0, 1.0, 1.0])
    hydro = shares_of_consumption(run.results, traced).sel(content="hydro", year=YEAR)
    assert hydro.sel(province=["A", "B", "C", "CN"]).values == pytest.approx([0.0, 0.5, 0.5, 0.4], abs=1e-9)
    assert traced.intensity.sel(content="emissions", year=YEAR, time=0).values == pytest.approx(
        [1.0, 0.5, 0.5]
    )


def test_flows_in_a_circle():
    """Proves    intensities of a circle are one linear system, not an order of provinces.

    System    A generates 1 GW of coal (1.0 kt/GWh) and has no load, B 1 GW of clean power and 1 GW of
              load, C 1 GW of load; A sends 2 to B, B 2 to C, C 1 to A.
    By hand   2 x_A = 1 + x_C, 3 x_B = 2 x_A, x_C = x_B: x_A = 3/4, x_B = x_C = 1/2; loads 0.5 and 0.5.
    Fails if  provinces are walked through once.
    """
    arcs = [(0, 1, 1.0, [2.0]), (1, 2, 1.0, [2.0]), (2, 0, 1.0, [1.0])]
    g = grid([[1.0], [1.0], [0.0]], [[1.0], [0.0], [0.0]], arcs)
    assert intensity(g)[0].ravel() == pytest.approx([0.75, 0.5, 0.5])
    assert consumed(g)[0] == pytest.approx([0.0, 0.5, 0.5], abs=1e-8)


def test_a_store_carries_emissions_from_hour_to_hour():
    """Proves    a store gives back all the content that it took, in the mean of its cycle.

    System    1 GW of demand in two hours; wind of 1 GW in the first; coal (1.0 kt/GWh) that must give half
              of its 1 GW and may not leave; a store of 0.5 GW that returns 80 %.
    By hand   hour 0: wind 1, coal 0.5, stored 0.5: x = 1/3; the store gives 0.4 GW at (0.5/3) / 0.4 = 5/12
              hour 1: coal 0.6 and the store: x = 0.6 + 0.4 5/12 = 23/30; consumption (1/3 + 23/30) = 1.1
              per GWh: 1.1 kt over 2 + 0.1 GWh; of wind 1 GWh of 2.1 generated, all consumed, losses inside
    Fails if  discharge is taken for clean (0.6 in hour 1), or has the mix of the hour before (2/15).
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0, 1.0]},
            {
                "wind": dict(existing={"A": 1.0}, availability=[1.0, 0.0], **{"class": "nonhydro"}),
                "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0, must_run=0.5),
                "battery": dict(existing={"A": 0.5}, duration=(2.0, 2.0), efficiency=0.8),
            },
            may_retire={"coal": False},
        )
    )
    traced = trace(run.results)
    assert traced.intensity.sel(content="emissions", year=YEAR).values.ravel() == pytest.approx(
        [1 / 3, 23 / 30]
    )
    assert emissions(traced.consumption) == pytest.approx([0.55])
    frame = responsibility(run.results)
    assert indicator(frame, "grid_factor_consumption", "A") == pytest.approx(1.1 / 2.1)
    assert indicator(frame, "nonhydro_share_of_consumption", "A") == pytest.approx(1 / 2.1)


def test_a_store_never_carries_between_cycles():
    """Proves    each cycle has a mean of its own, also where slices stand for different hours.

    System    two days of two hours (weights 1 and 3): coal is stored on the first, wind on the second; 1 GW
              generated and stored in the first hour, given back and consumed in the second, without loss.
    By hand   consumption of the first day 1 kt, of the second 0; together 1 1.0 + 3 0 = 1.
    Fails if  a store has one mean a year (0.25 each hour).
    """
    g = grid(
        [[1.0, 0.0, 1.0, 0.0]],
        [[1.0, 0.0, 0.0, 0.0]],
        stores=[(0, [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0])],
        weight=[1.0, 1.0, 3.0, 3.0],
        cycle=[0, 0, 1, 1],
    )
    assert intensity(g)[0].ravel() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    assert consumed(g)[0] == pytest.approx([1.0])


def test_a_store_that_gives_nothing_back_is_a_consumer():
    """Proves    content is not lost in a store.

    System    1 GW of coal, 0.4 GW into a store that never discharges.
    By hand   consumption 1.0 kt/h and 1 GWh, all in the province.
    Fails if  0.4 kt/h disappear.
    """
    g = grid([[1.0]], [[1.0]], stores=[(0, [0.4], [0.0])])
    assert consumed(g)[0] == pytest.approx([1.0])
    assert g.consumption == pytest.approx([1.0])


def test_a_province_without_anything():
    """Proves    no supply, no intensity, no factor: and no division by zero.

    System    `coal_to_wind` with C that has neither demand nor plants nor lines.
    By hand   C answers for 0; it has no grid factor and no share.  A and B as before.
    Fails if  C gets NaN emissions, or a factor.
    """
    base = coal_to_wind()
    demand = {**{(r, y): [gw] for (r, y, _), gw in base.demand.items()}, ("C", YEAR): [0.0]}
    system = tiny(
        demand,
        {
            "coal": dict(provinces=["A"], existing={"A": 2.0}, fuel=0.30, emission=1.0),
            "wind": dict(provinces=["B"], existing={"B": 0.45}, **{"class": "nonhydro"}),
        },
        corridors=base.corridors,
        line_capacity=base.line_capacity,
    )
    run = run_tiny(system)
    assert emissions(trace(run.results).consumption) == pytest.approx([1.0, 0.5, 0.0])
    frame = responsibility(run.results)
    assert set(frame[frame.province == "C"].indicator) == {
        "emissions_production",
        "emissions_consumption",
        "emissions_shared",
    }


def test_energy_not_served_is_not_consumed():
    """Proves    shortage carries nothing, and dilutes nothing.

    System    A: 1 GW of coal, demand 1.5; B: demand 1 and nothing else.
    By hand   A consumes 1 GW at 1.0 kt/GWh; B nothing at all.
    Fails if  A's intensity is 1 / 1.5.
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.5], ("B", YEAR): [1.0]},
            {"coal": dict(provinces=["A"], existing={"A": 1.0}, fuel=0.30, emission=1.0)},
        )
    )
    traced = trace(run.results)
    assert emissions(traced.consumption) == pytest.approx([1.0, 0.0])
    assert traced.intensity.sel(content="emissions").values.ravel() == pytest.approx([1.0, 0.0])
    assert traced.energy.values.ravel() == pytest.approx([HOURS, 0.0])


def test_energy_not_served_that_is_sent_on():
    """Proves    a shortage that a solution books at the wrong end of a line keeps the sums right.

    System    A generates 1 GW (1.0 kt/GWh), sends 3 to B, which has no plants: 2 GW of the flow are
              shortage booked in A.
    By hand   all 1 kt/h goes to B, at 1/3 kt/GWh.
    Fails if  A's intensity is emissions over generation (3 kt/h in B).
    """
    g = grid([[1.0], [0.0]], [[1.0], [0.0]], [(0, 1, 1.0, [3.0])])
    assert consumed(g)[0] == pytest.approx([0.0, 1.0], abs=1e-8)
    assert intensity(g)[0].ravel() == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.parametrize(("delivered", "generation"), [(1.0, 0.0), (0.95, 0.0975)])
def test_power_that_only_circulates(delivered, generation):
    """Proves    flow both ways without load has an answer: nothing, or what is burnt on the way.

    System    A and B send to each other; without loss nothing is generated; with 5 % of loss A generates
              1 - 0.95^2 = 0.0975 GW (1.0 kt/GWh) to make up for it, and nobody consumes.
    By hand   0, and 0.0975 kt/h between the two.
    Fails if  the matrix is singular or the content is lost.
    """
    arcs = [(0, 1, delivered, [1.0]), (1, 0, delivered, [delivered])]
    g = grid([[generation], [0.0]], [[generation], [0.0]], arcs)
    assert consumed(g)[0].sum() == pytest.approx(generation, rel=1e-6, abs=1e-12)
    assert consumed(g).min() >= 0.0


# -- emissions beside output


def test_starts_are_spread_over_output():
    """Proves    emissions of a fleet above its output's travel with that output; without any they stay.

    System    `coal_to_wind`; fleet emissions 20 % above 1.0 kt/GWh, and 7 kt of wind that gives nothing.
    By hand   consumption A 1.2, B 0.6 kt/h; the 7 kt stay in B.
    Fails if  starts are forgotten or stay with the producer.
    """
    run = run_tiny(coal_to_wind())
    values = run.results.values
    fleet = 1.2 * values["v_annual_generation"].where(values["v_annual_generation"].technology == "coal")
    values["v_fleet_emissions"] = fleet
    assert emissions(trace(run.results).consumption) == pytest.approx([1.2, 0.6])
    values["v_generation"] = values["v_generation"].where(values["v_generation"].technology == "coal")
    fleet.loc[dict(province="B", technology="wind")] = 7.0
    traced = trace(run.results)
    assert emissions(traced.production) == pytest.approx([1.8, 7 / HOURS])
    assert traced.consumption.sel(content="emissions").sum() == pytest.approx(1.8 * HOURS + 7)


# -- who pays


def test_the_beneficiary_pays():
    """Proves    consumers of imports pay producers for the carbon in them, and the account is empty after.

    System    `coal_to_wind`, 100 CNY/t = 0.1 MCNY/kt.
    By hand   production: A 1.5 8760 0.1 = 1314, B 0; consumption: A 876, B 438
              B pays A 438; half of it where half is the consumers'; nothing where none is
    Fails if  the price is not applied, or provinces do not sum to zero.
    """
    traced = trace(run_tiny(coal_to_wind()).results)
    price = xr.DataArray([0.1], dims="year", coords={"year": [YEAR]})
    cost = carbon_cost(traced, price).sel(year=YEAR)
    assert cost.sel(account="production").values == pytest.approx([1314.0, 0.0])
    assert cost.sel(account="consumption").values == pytest.approx([876.0, 438.0])
    for share, amount in ((1.0, 438.0), (0.5, 219.0), (0.0, 0.0)):
        owed = beneficiary_pays(traced, price, share)
        assert owed.columns.tolist() == ["province", "year", "amount_mcny"]
        assert owed.province.tolist() == ["A", "B"]
        assert owed.amount_mcny.tolist() == pytest.approx([-amount, amount])
    owed = beneficiary_pays(traced, price).set_index(["province", "year"]).amount_mcny.to_xarray()
    book = ledger([entries("consumers", "responsibility/CN", "carbon", "beneficiary_pays", owed)])
    closed = unbalanced(book)
    assert closed.money.abs().max() < 1e-9
    assert closed.turnover.sum() == pytest.approx(2 * 438.0)


def test_zero_price_zero_transfer():
    traced = trace(run_tiny(coal_to_wind()).results)
    nothing = xr.DataArray([0.0], dims="year", coords={"year": [YEAR]})
    assert beneficiary_pays(traced, nothing).amount_mcny.tolist() == [0.0, 0.0]


# -- the whole system


@pytest.mark.parametrize("design", EVERYTHING)
def test_consumption_sums_to_production(design):
    """Proves    every content: national sums are those of production, which is what the LP emitted and
    generated; consumption is the model's own; classes share out all of it; output of a class is consumed
    or lost on a line.

    System    the whole system (losses, stores, three years) under three designs.
    By hand   relative differences below 1e-9.
    Fails if  anything is lost on lines or in stores.
    """
    results = run_whole(design).results
    traced = trace(results)
    produced, consumed = traced.production.sum("province"), traced.consumption.sum("province")
    assert consumed.values == pytest.approx(produced.values, rel=1e-9)
    assert accounts(traced).sum("province").std("account").max() < 1e-9 * produced.max()
    assert traced.production.sel(content="emissions").values == pytest.approx(
        results.values["v_emissions"].values, rel=1e-6
    )
    generated = results.values["v_annual_generation"].sum("technology")
    assert traced.production.sel(content=OUTPUTS).sum("content").values == pytest.approx(
        generated.transpose("province", "year").values, rel=1e-6
    )
    assert traced.energy.values == pytest.approx(results.values["v_consumption"].values, rel=1e-6)
    assert shares_of_consumption(results, traced).sum("content").values == pytest.approx(1.0)
    price = xr.DataArray([0.05, 0.1, 0.2], dims="year", coords={"year": list(results.years)})
    assert beneficiary_pays(traced, price).groupby("year").amount_mcny.sum().abs().max() < 1e-9 * 1e4
    whole = (traced.drawn + traced.lost).sum("province")
    assert whole.values == pytest.approx(produced.sel(content=OUTPUTS).values, rel=1e-9)
    received, sent = arc_energy(results)
    on_lines = (sent - received).sum("province").values
    assert traced.lost.sum(["content", "province"]).values == pytest.approx(on_lines, rel=1e-6)


# -- any grid


@st.composite
def grids(draw) -> Grid:
    """Small grids with load everywhere: flows and stores at random, generation to match."""
    n, slices = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def some(*shape):
        return seed.uniform(0.0, 2.0, shape) * (seed.random(shape) < 0.5)

    pairs = [(i, j) for i in range(n) for j in range(n) if i != j and seed.random() < 0.6]
    stores = draw(st.integers(0, 2))
    weight = np.array([100.0, 100.0, 3.0, 3.0])[:slices]
    arcs = [(i, j, float(seed.uniform(0.8, 1.0)), some(slices)) for i, j in pairs]
    held = [(int(seed.integers(n)), some(slices), some(slices)) for _ in range(stores)]
    cycle = [0, 0, 1, 1][:slices]
    idle = np.zeros((n, slices))
    g = grid(idle, idle, arcs, held, weight=weight.tolist(), cycle=cycle)
    arriving = g.at(g.receiver, g.delivered[:, None] * g.flow) + g.at(g.place, g.discharge)
    leaving = g.sent + g.at(g.place, g.charge)
    generation = np.maximum(0.0, leaving + seed.uniform(0.1, 1.0, (n, slices)) - arriving)
    return grid(generation, generation * some(n, 1), arcs, held, weight=weight.tolist(), cycle=cycle)


def downstream(g: Grid) -> np.ndarray:
    """Which share of what arises at each (province, slice) is consumed in each province.

    A walk instead of a balance: from a province, content goes on along arcs and into stores in proportion
    to power, and ends in load; from a store it goes to the hours of its discharge.  The inverse of
    (1 - steps) counts all visits.
    """
    n, slices = g.generation.shape
    states = [("node", j, t) for j in range(n) for t in range(slices)]
    states += [("store", s, c) for s in range(len(g.place)) for c in sorted(set(g.cycle))]
    number = {state: k for k, state in enumerate(states)}
    steps, ends = np.zeros((len(states), len(states))), np.zeros((len(states), n))
    for t in range(slices):
        for j in range(n):
            here = number["node", j, t]
            into = sum(d * f[t] for r, d, f in zip(g.receiver, g.delivered, g.flow) if r == j)
            supply = g.generation[j, t] + into + sum(d[t] for r, d in zip(g.place, g.discharge) if r == j)
            for i, r, f in zip(g.sender, g.receiver, g.flow):
                if i == j and f[t] > 0:
                    steps[here, number["node", r, t]] += f[t] / supply
            for s, (r, c) in enumerate(zip(g.place, g.charge)):
                if r == j and c[t] > 0:
                    steps[here, number["store", s, g.cycle[t]]] += c[t] / supply
            ends[here, j] = 1.0 - steps[here].sum()
    for s, r in enumerate(g.place):
        for cycle in set(g.cycle):
            hours = [t for t in range(slices) if g.cycle[t] == cycle]
            given = sum(g.weight[t] * g.discharge[s, t] for t in hours)
            for t in hours:
                if given > 0:
                    steps[number["store", s, cycle], number["node", r, t]] = (
                        g.weight[t] * g.discharge[s, t] / given
                    )
    return (np.linalg.inv(np.eye(len(states)) - steps) @ ends)[: n * slices]


@settings(max_examples=150, deadline=None)
@given(grids())
def test_tracing_agrees_with_a_walk_downstream(g):
    """Proves    intensities times load are what an independent, dense, downstream form says; sums are exact;
    nothing is negative.

    System    up to 4 provinces, 4 slices in 2 cycles, 2 stores, arcs both ways with losses.
    By hand   both forms are equal by the theory (upstream and downstream tracing).
    Fails if  a term of the balance is missing or misplaced.
    """
    consumes, lost = drawn(g)
    assert (consumes + lost).sum(axis=1) == pytest.approx((g.source @ g.weight).sum(axis=1), rel=1e-9)
    kept = g.kept()[g.discharge > 0]
    if ((kept > 0) & (kept <= 1)).all():  # where a store gives more than it took, power has no origin
        assert consumes[1] == pytest.approx(g.consumption, rel=1e-6)
    arises = (g.source * g.weight).reshape(len(g.source), -1)
    found = consumed(g)
    assert found == pytest.approx(arises @ downstream(g), rel=1e-6, abs=1e-6)
    assert found.sum(axis=1) == pytest.approx(arises.sum(axis=1), rel=1e-9)
    assert found.min() >= -1e-9
    assert found[1].sum() >= g.consumption.sum() * (1 - 1e-9)


@settings(max_examples=50, deadline=None)
@given(grids(), st.randoms(use_true_random=False))
def test_the_order_of_provinces_is_irrelevant(g, random):
    """Proves    permuted provinces have permuted accounts.

    System    as above.
    By hand   equal but for rounding.
    Fails if  an index of provinces is mixed up.
    """
    order = list(range(len(g.generation)))
    random.shuffle(order)
    place = np.argsort(order)
    arcs = [(place[i], place[j], d, f) for i, j, d, f in zip(g.sender, g.receiver, g.delivered, g.flow)]
    stores = [(place[r], c, d) for r, c, d in zip(g.place, g.charge, g.discharge)]
    permuted = grid(
        g.generation[order], g.source[0][order], arcs, stores, g.weight.tolist(), g.cycle.tolist()
    )
    assert consumed(permuted) == pytest.approx(consumed(g)[:, order], rel=1e-9, abs=1e-9)
    assert permuted.consumption == pytest.approx(g.consumption[order], rel=1e-9, abs=1e-9)


def test_a_system_of_full_size():
    """Proves    31 provinces, 200 slices, 150 arcs and 250 stores are one sparse solve with exact sums.

    System    at random.
    By hand   national consumption of every content equals production to 1e-9.
    Fails if  blocks of the matrix are tied, or accuracy is lost in a large system.
    """
    seed = np.random.default_rng(7)
    n, slices, stores = 31, 200, 250
    arcs = [(i, (i + k) % n, 0.95, 5 * seed.random(slices)) for i in range(n) for k in range(1, 6)]
    charge = 3 * seed.random((stores, slices))
    held = [(s % n, charge[s], 0.8 * charge[s, ::-1]) for s in range(stores)]
    generation = 60 + 20 * seed.random((n, slices))
    cycle = (np.arange(slices) // 24).tolist()
    g = grid(generation, generation * seed.random((n, 1)), arcs, held, [43.8] * slices, cycle)
    assert consumed(g).sum(axis=1) == pytest.approx((g.source @ g.weight).sum(axis=1), rel=1e-9)
