"""Capacities held at what another plan found: prices beside the optimum, what a GW is worth, what stands."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from picmodel.data.system import Corridor, Held
from picmodel.errors import InputError
from picmodel.finance.projects import value_projects
from picmodel.formulation.held import LEAST_GW, LOWER_END, UPPER_END, held_at
from picmodel.glossary import ENTRIES
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.base import merged
from picmodel.markets.registry import entries, settling
from picmodel.settlement.ledger import worst_account
from tests.tiny import TinyRun, compile_tiny, run_tiny, tiny
from tests.valued import finance
from tests.whole import EVERYTHING, whole_system

HOURS = [1000.0, 3000.0, 4760.0]


def screening(**more):
    """The screening curve of `test_capacity`: 0.7 GW of base and 0.3 GW of peaker."""
    return tiny(
        {("A", 2030): [1.0, 0.7, 0.4]},
        hours=HOURS,
        technologies={
            "base": dict(
                build=True, annuity=700.0, fom=100.0, fuel=0.10, emission=0.9, group="coal", credit=1.0
            ),
            "peaker": dict(build=True, annuity=200.0, fuel=0.40, emission=0.5, group="gas", credit=1.0),
        },
        **more,
    )


def of(run: TinyRun, name: str = "reference") -> Held:
    return run.results.capacities(name, LEAST_GW)


def beside(run: TinyRun, factor: float, markets=None) -> TinyRun:
    """The same system, held at a factor of what a run found, under other markets or none."""
    return run_tiny(held_at(run.data, of(run), factor), markets)


# -- prices


def test_prices_beside_the_optimum_bracket_those_of_the_expansion():
    """Proves    a little more capacity gives the marginal cost of who is idle, a little less the next one's.

    System    the screening curve: 1.0 GW for 1000 h, 0.7 for 3000 h, 0.4 for 4760 h; base runs at 0.10, the
              peaker at 0.40, lost load at 20 MCNY/GWh.
    By hand   expansion 0.60, 0.20, 0.10: each band pays for the GW that was built for it
              1.001: the peaker is not full in the first band (0.40), base not in the second (0.10)
              0.999: 0.001 GW is missed in the first band (20), the peaker runs in the second (0.40)
              the third is 0.10 in all
    Fails if  the factor is not there, or goes the wrong way.
    """
    plan = run_tiny(screening())

    def prices(run: TinyRun) -> list[float]:
        return [run.price("c_balance", "A", 2030, t) for t in range(3)]

    assert prices(plan) == pytest.approx([0.60, 0.20, 0.10])
    assert prices(beside(plan, LOWER_END)) == pytest.approx([0.40, 0.10, 0.10])
    assert prices(beside(plan, UPPER_END)) == pytest.approx([20.0, 0.40, 0.10])


def test_cost_of_capital_stays_in_the_cost_of_a_held_plan():
    """Proves    system cost of held capacities compares with that of the plan that built them.

    System    the screening curve, whose plan costs 1210.4 MCNY/yr.
    By hand   1.001 (0.7 800 + 0.3 200) = 620.62 for capacity; in the second band 0.7 GW of base as before,
              in the first 0.7007 base and 0.2993 peaker: 590.4 - 0.0007 (0.40 - 0.10) 1000 = 590.19 for fuel
    Fails if  annuities or fixed O&M of what is held are left out.
    """
    run = beside(run_tiny(screening()), LOWER_END)
    assert run.cost(item="investment") + run.cost(item="fixed_om") == pytest.approx(620.62)
    assert run.cost("resource") == pytest.approx(620.62 + 590.19)
    assert run.objective == pytest.approx(1210.81)


def test_reduced_costs_say_what_a_gw_more_is_worth():
    """Proves    a held vintage earns its cost and what one GW more of it would save: zero profit, both ends.

    System    the screening curve at 1.001 and 0.999.
    By hand   1.001: base earns 1000 (0.40 - 0.10) = 300 of its 800, so -500; the peaker 0 of 200, so -200
              0.999: base 1000 (20 - 0.10) + 3000 (0.40 - 0.10) - 800 = 20 000; peaker 1000 19.6 - 200
    Fails if  a held vintage passes the check whatever it earns.
    """
    plan = run_tiny(screening())
    for factor, base, peaker in ((LOWER_END, -500.0, -200.0), (UPPER_END, 20000.0, 19400.0)):
        run = beside(plan, factor)
        worth = run.results.held_worth["v_build"].sel(province="A", vintage=2030)
        assert float(worth.sel(technology="base")) == pytest.approx(base)
        assert float(worth.sel(technology="peaker")) == pytest.approx(peaker)
        frame = zero_profit(run.results, run.active)
        assert len(frame) == 2
        assert worst_residual(frame) < 1e-9


# -- returns of projects that stand

SPOT = {"power": dict(dispatch="spot", capacity="none")}
CARBON = {"carbon": dict(instrument="price", price_cny_per_t=100)}


def windy(**more):
    """Wind at 60 % of the first half of the year (2628 h) beside coal; 1 GW of demand in all hours."""
    coal = dict(fuel=0.25, emission=1.0, group="coal", annuity=438.0, life=20)
    wind = dict(build=True, annuity=525.6, availability=[0.6, 0.0], life=20, **{"class": "nonhydro"})
    system = tiny(
        {("A", 2030): [1.0, 1.0]},
        {"coal": {**coal, **more.pop("coal", {"build": True})}, "wind": wind},
        rate=0.07,
        last_span=20,
        **more,
    )
    return replace(
        system,
        capex={("wind", 2030): 525.6 / FACTOR},
        construction={"wind": 0},
        wacc={"wind": 0.07},
        policy={"coal_tariff": {"A": 0.30}, "benchmark": {}},
    )


#: annuity of an outlay at 7 % over 20 years: what wind pays for its capital
FACTOR = 0.07 / (1 - 1.07**-20)


def rate(run: TinyRun) -> float | None:
    """Real pre-tax rate of the wind project."""
    income = merged([mechanism.income(run.results, run.data) for mechanism in settling(run.active)])
    found = value_projects(run.results, income, finance(), ["wind"])["irr_pre_tax_real_share"].iloc[0]
    return None if pd.isna(found) else float(found)


def rate_by_hand(margin: float) -> float:
    """Rate at which a margin [MCNY/GW-yr] of 20 years repays the outlay of wind, by bisection."""
    low, high = -0.9, 1.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        worth = sum(margin * (1 + middle) ** -n for n in range(1, 21))
        low, high = (middle, high) if worth > 525.6 / FACTOR else (low, middle)
    return low


def test_a_freely_built_project_earns_its_cost_of_capital_until_capacities_are_held():
    """Proves    in equilibrium wind earns 7 % under any design; held, it earns what the design pays.

    System    wind and coal are both built freely; coal runs at 0.25, with carbon at 100 CNY/t at 0.35.
    By hand   coal 1 GW for the dark half; wind 1 / 0.6 GW fills the other half: a GW more is curtailed, so
              the price there is 525.6 / 2628 = 0.20 and wind earns its annuity: 7 %, whatever carbon costs
              1.001: wind is curtailed, price 0: nothing repays the outlay
              0.999: coal sets 0.25, margin 657; with carbon 0.35, margin 919.8
    Fails if  the price of capacity in equilibrium slips into the dispatch, or out of the plan.
    """
    plan = run_tiny(windy(), SPOT)
    assert plan.value("v_capacity", "A", "wind", 2030) == pytest.approx(1 / 0.6)
    assert plan.price("c_balance", "A", 2030, 0) == pytest.approx(0.20)
    assert rate(plan) == pytest.approx(0.07, abs=1e-9)
    assert rate(run_tiny(windy(), {**SPOT, **CARBON})) == pytest.approx(0.07, abs=1e-9)
    assert rate(beside(plan, LOWER_END, SPOT)) is None
    assert rate(beside(plan, UPPER_END, SPOT)) == pytest.approx(rate_by_hand(657.0), abs=1e-9)
    dear = beside(plan, UPPER_END, {**SPOT, **CARBON})
    assert rate(dear) == pytest.approx(rate_by_hand(919.8), abs=1e-9)


@pytest.mark.parametrize(
    ("markets", "price"),
    [
        (SPOT, 0.25),
        ({**SPOT, **CARBON}, 0.35),
        ({"power": dict(dispatch="spot", settlement="tariff", capacity="none")}, 0.30),
    ],
    ids=["spot", "carbon", "tariff"],
)
def test_a_reform_moves_the_rate_of_projects_that_stand(markets, price):
    """Proves    with capacities held the rate answers to the design alone: spot, a carbon price, a tariff.

    System    2 GW of old coal, and sites for 1 GW of wind, which the plan under spot builds.
    By hand   coal always runs and sets 0.25, with carbon at 100 CNY/t 0.35; the tariff is 0.30; margins of
              2628 h: 657, 919.8 and 788.4 MCNY/GW-yr, at both ends; rates 10.4, 16.8 and 13.7 %
    Fails if  the held run builds for itself, or is paid the prices of the plan.
    """
    system = windy(coal={"existing": {"A": 2.0}}, potential={("A", "wind"): 1.0})
    plan = run_tiny(system, SPOT)
    assert plan.value("v_build", "A", "wind", 2030) == pytest.approx(1.0)
    for factor in (LOWER_END, UPPER_END):
        run = beside(plan, factor, markets)
        assert run.value("v_capacity", "A", "wind", 2030) == pytest.approx(factor)
        assert rate(run) == pytest.approx(rate_by_hand(price * 2628), abs=1e-9)


# -- what is held


def lined():
    """A store that moves a cheap hour into a dear one, and a line that was expanded."""
    store = dict(build=True, duration=(1.0, 1.0), annuity=10.0, energy_annuity=5.0)
    return tiny(
        {("A", 2030): [1.0, 1.0], ("B", 2030): [1.0, 2.0]},
        {
            "cheap": dict(existing={"A": 5.0}, provinces=["A"], fuel=0.1),
            "dear": dict(existing={"B": 5.0}, provinces=["B"], fuel=0.5),
            "store": store,
        },
        hours=[4380.0, 4380.0],
        corridors=(Corridor("A-B", ("A", "B"), annuity=100.0),),
        line_capacity={("A-B", 2030): 0.5},
        line_limit={"A-B": 0.5},
    )


def test_lines_and_stores_are_held_with_all_that_stands():
    """Proves    lines (what stood, what was added) and both sizes of stores are held, without their limits.

    System    A sends cheap power (0.1) to B (0.5); the line may double from 0.5 to 1 GW; a store in B.
    By hand   the line is worth 8760 0.4 = 3504 a GW, 100 a year: it doubles.  B then has 1 GW of demand
              covered in the first hour, nothing is left to store: the store is not built.
              At 1.001 the line has 1.001 GW, costs 0.5005 100, and flow in the second hour is all of it.
              A store put there by hand, 0.2 GW and GWh, is held at 0.2002 and costs 15 0.2002.
    Fails if  the base of a corridor is not scaled, or the limit of 0.5 GW still binds.
    """
    plan = run_tiny(lined())
    assert plan.value("v_line_capacity", "A-B", 2030) == pytest.approx(1.0)
    found = of(plan)
    run = run_tiny(held_at(plan.data, found))
    assert run.value("v_line_capacity", "A-B", 2030) == pytest.approx(1.001)
    assert run.value("v_flow", "A>B", 2030, 1) == pytest.approx(1.001)
    assert run.cost(item="lines") == pytest.approx(50.05)
    key = ("B", "store", 2030)
    stored = {**found.capacities, "v_build": {key: 0.2}, "v_build_energy": {key: 0.2}}
    run = run_tiny(held_at(plan.data, replace(found, capacities=stored)))
    assert run.value("v_energy", "B", "store", 2030) == pytest.approx(0.2002)
    assert run.cost(item="investment") + run.cost(item="storage_energy") == pytest.approx(15 * 0.2002)
    assert "c_line_limit" not in run.lp.rows


def test_capacity_is_paid_the_price_of_the_plan_that_built_it():
    """Proves    without an adequacy row the capacity market settles at the price that is handed down.

    System    the screening curve, 1.1 GW to be held for the peak.
    By hand   the plan adds 0.1 GW of peakers at 200 MCNY/GW-yr: that is the price of capacity.  Held at
              1.001: 1.1011 GW are paid 220.22, of which consumers buy 1.1 (220) and 0.0011 beyond (0.22).
    Fails if  a held run pays nothing for capacity, or the account does not clear.
    """
    system = screening(peak={("A", 2030): 1.1})
    market = {"power": dict(dispatch="spot", capacity="market")}
    plan = run_tiny(system, market)
    assert plan.price("c_adequacy", "A", 2030) == pytest.approx(200.0)
    run = beside(plan, LOWER_END, market)
    assert "c_adequacy" not in run.lp.rows
    assert float(run.results.capacity_price.sel(province="A", year=2030)) == pytest.approx(200.0)
    assert run.paid(payee="generators", product="capacity") == pytest.approx(220.22)
    assert run.paid(payer="consumers", product="capacity") == pytest.approx(220.0)
    assert worst_account(run.ledger)[0] < 1e-9
    (line,) = (m.income(run.results, run.data)["capacity"] for m in settling(run.active) if m.name == "power")
    assert float(line.sel(province="A", technology="base", year=2030)) == pytest.approx(200.0)


def test_a_past_year_without_the_rule_has_no_price_of_capacity():
    """2025 has no adequacy rule in the whole system: nothing is paid for capacity then, held or not."""
    market = {"power": dict(dispatch="spot", capacity="market")}
    plan = run_tiny(whole_system(), market)
    run = beside(plan, LOWER_END, market)
    assert worst_account(run.ledger)[0] < 1e-9
    assert run.results.capacity_price.sel(year=2025).isnull().all()
    assert run.paid(product="capacity", year=2025) == 0.0
    for year in (2030, 2035):
        assert run.paid(product="capacity", year=year) > 0.0


def test_what_is_held_is_passed_on_as_the_first_plan_found_it():
    """A plan held at 1.001 hands on what it was given, not 1.001 times that."""
    plan = run_tiny(screening())
    assert of(beside(plan, LOWER_END), "second") == replace(of(plan), factor=LOWER_END)


def test_rounding_is_not_capacity():
    """What is less than a kW in the plan is not held."""
    plan = run_tiny(screening())
    found = plan.results.capacities("reference", 0.5)
    assert set(found.capacities["v_build"]) == {("A", "base", 2030)}


# -- what cannot be held


def test_capacity_without_a_place_is_refused():
    """Another scenario's nuclear plant has no place in a system that does not know the technology."""
    data = screening()
    strange = Held("other", {"v_build": {("A", "nuclear", 2030): 1.5, ("A", "base", 2030): 0.7}})
    with pytest.raises(InputError, match=r"`other` has capacity .* v_build A, nuclear, 2030, 1.5"):
        run_tiny(held_at(data, strange))
    converted = Held("other", {"v_retrofit": {("A", "coal", "ccs", 2030): 0.3}})
    with pytest.raises(InputError, match=r"v_retrofit A, coal, ccs, 2030, 0.3"):
        run_tiny(held_at(data, converted))


def test_a_plan_without_adequacy_has_no_price_to_hand_down():
    plan = run_tiny(screening())
    with pytest.raises(InputError, match=r"give both the same `physical\.adequacy`"):
        held_at(screening(peak={("A", 2030): 1.1}), of(plan))


# -- every mechanism at once


def test_every_decision_on_capacity_is_named():
    """A variable in GW or GWh that no slice has is held, is defined by what is held, or is a contract."""
    found, known = set(), set()
    for markets in EVERYTHING.values():
        lp = compile_tiny(whole_system(), markets)
        found |= set(lp.capacities)
        known |= set(lp.columns)
    sizes = {
        entry.name
        for entry in (*ENTRIES, *entries())
        if entry.name in known and entry.unit in ("GW", "GWh") and not {"time", "period"} & set(entry.dims)
    }
    defined = {"v_capacity", "v_energy", "v_line_capacity"}
    assert sizes - defined - {"v_contract", "v_contract_short"} == found


@pytest.fixture(scope="module", params=EVERYTHING.values(), ids=EVERYTHING)
def whole(request) -> tuple[TinyRun, dict]:
    return run_tiny(whole_system(), request.param), request.param


@pytest.mark.parametrize("factor", [LOWER_END, UPPER_END])
def test_with_every_mechanism_a_held_plan_adds_up(whole, factor):
    """Zero profit with the worth of what is held, every account, and no row that limits capacity."""
    plan, markets = whole
    run = beside(plan, factor, markets)
    frame = zero_profit(run.results, run.active)
    assert len(frame) > 10
    assert worst_residual(frame) < 1e-9
    assert worst_account(run.ledger)[0] < 1e-9
    for name in ("v_exist", "v_build", "v_build_energy", "v_build_line"):
        gap = (run.results.values[name] - factor * plan.results.values[name]).fillna(0.0)
        assert float(abs(gap).max()) < 2 * LEAST_GW
    limits = {"c_potential", "c_build_limit", "c_keep", "c_adequacy", "c_age_only", "c_retrofit_limit"}
    assert not limits & set(run.lp.rows)


def test_with_every_mechanism_what_is_held_runs_as_planned(whole):
    """Held at its own plan each fleet runs as before, within 0.5 % of all that is generated."""
    plan, markets = whole
    run = beside(plan, LOWER_END, markets)
    before, after = (one.results.values["v_annual_generation"].fillna(0.0) for one in (plan, run))
    assert float(abs(after - before).sum() / before.sum()) < 5e-3
    assert run.cost("resource") == pytest.approx(plan.cost("resource"), rel=1e-3)
