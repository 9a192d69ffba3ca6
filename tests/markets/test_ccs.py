"""Carbon capture by hand: when it pays, what it costs to store, which units are converted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.data.system import SystemData
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.base import merged
from picmodel.markets.carbon.check import check as carbon_check
from picmodel.markets.carbon.options import CarbonConfig
from picmodel.markets.ccs import CcsConfig, check
from picmodel.settlement.ledger import worst_account
from tests.tiny import TinyRun, run_tiny, tiny

YEAR = 2030
HOURS = 8760
#: net output of a gross GW that captures: a fifth is own use
NET = 0.8 * HOURS


def plants(**changes) -> dict[str, dict]:
    """Coal 0.30 MCNY/GWh and 1.0 kt/GWh; with capture 0.36 and 0.1, and a fifth of the output lost."""
    found = {
        "coal": dict(fuel=0.30, emission=1.0, group="coal"),
        "ccs": dict(fuel=0.36, emission=0.1, group="coal", availability=0.8),
        "retro": dict(fuel=0.36, emission=0.1, group="coal", availability=0.8),
    }
    return {g: found[g] | options for g, options in changes.items()}


def with_capture(demand, technologies, conversion=None, limit=None, storage=0.20, benchmark=None, **more):
    """A system whose capturing plants capture 0.9 kt/GWh; storage at 0.20 MCNY/kt.

    Args:
        conversion: {year: annuity of a conversion from ``coal`` to ``retro``, MCNY/GW-yr}.
        limit: {year: GW converted at most}; none where left out.
    """
    provinces = dict.fromkeys(r for r, _ in demand)
    return tiny(
        demand,
        technologies,
        captured={g: 0.9 for g in technologies if g in ("ccs", "retro")},
        policy={
            "benchmark": benchmark or {},
            "co2_storage_cost": {r: storage for r in provinces},
            "retrofit_annuity": {("coal", "retro", y): x for y, x in (conversion or {}).items()},
            "retrofit_limit": {("retro", y): gw for y, gw in (limit or {}).items()},
        },
        **more,
    )


def new_plants(years=(YEAR,), **more) -> SystemData:
    """1 GW of demand; new coal costs 0.05 + 0.30 = 0.35 MCNY/GWh, with capture 0.10 + 0.36 + 0.18 = 0.64.

    Annuities 438 / 8760 h = 0.05 and 700.8 / 7008 h = 0.10; storage 0.9 0.20 = 0.18.
    """
    return with_capture(
        {("A", y): [1.0] for y in years},
        plants(coal=dict(build=True, annuity=438.0), ccs=dict(build=True, annuity=700.8)),
        years=years,
        **more,
    )


def carbon(price: float) -> dict:
    return {"instrument": "price", "price_cny_per_t": price}


def captured_share(run: TinyRun) -> float:
    return run.total("v_annual_generation", technology="ccs") / run.total("v_annual_generation")


# -- new plants


@pytest.mark.parametrize(("price", "share"), [(321.0, 0.0), (323.0, 1.0)])
def test_a_new_plant_captures_from_its_cost_of_a_tonne_avoided(price, share):
    """Proves    the price of CO2 from which capture pays is the cost per tonne avoided, not captured.

    System    `new_plants` at a price of CO2.
    By hand   (0.64 - 0.35) / (1.0 - 0.1) = 0.32222 MCNY/kt = 322.2 CNY/t
              at 321 coal: 8760 (0.35 + 0.321); at 323 with capture: 8760 (0.64 + 0.0323)
              8760 GWh net need 8760 / 7008 = 1.25 GW gross: the energy penalty
    Fails if  storage is free, captured CO2 is charged, or the energy penalty is left out.
    """
    run = run_tiny(new_plants(), {"ccs": {}, "carbon": carbon(price)})
    assert captured_share(run) == pytest.approx(share)
    cost = 0.35 + 1e-3 * price if share == 0 else 0.64 + 1e-4 * price
    assert run.objective == pytest.approx(HOURS * cost)
    assert run.value("v_build", "A", "ccs", YEAR) == pytest.approx(1.25 * share)
    assert run.value("v_emissions", "A", YEAR) == pytest.approx(HOURS * (1.0 - 0.9 * share))
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9
    assert worst_account(run.ledger)[0] < 1e-9


def test_the_indicator_is_the_price_from_which_capture_pays():
    run = run_tiny(new_plants(), {"ccs": {}})
    assert indicator(run, "cost_of_co2_avoided", "ccs") == pytest.approx(322.2222, rel=1e-5)


def indicator(
    run: TinyRun, name: str, technology: str = "all", province: str = "A", year: int = YEAR
) -> float:
    """Value of an indicator of the mechanism."""
    tables = [table for tables in run.indicators.values() for table in tables]
    rows = [row for table in tables for row in table.to_dict("records")]
    found = [
        row["value"]
        for row in rows
        if (row["indicator"], row["technology"], row["province"], row["year"])
        == (name, technology, province, year)
    ]
    assert len(found) == 1, (name, found)
    return found[0]


def test_storage_is_paid_by_the_plant_and_scales_with_its_factor():
    """Proves    transport and storage is a resource cost, paid to who stores.

    System    `new_plants` at 400 CNY/t, storage at half its cost.
    By hand   captured 0.9 8760 = 7884 kt at 0.10: 788.4; objective 8760 (0.10 + 0.36 + 0.09 + 0.04) = 5168.4
    Fails if  the factor is not applied, or the payment differs from the cost.
    """
    run = run_tiny(new_plants(), {"ccs": dict(storage_cost_factor=0.5), "carbon": carbon(400)})
    assert run.objective == pytest.approx(5168.4)
    assert run.cost("resource", "co2_storage") == pytest.approx(788.4)
    assert run.paid(payer="generators", payee="co2_storage") == pytest.approx(788.4)
    assert indicator(run, "captured_co2") == pytest.approx(7.884)
    assert indicator(run, "captured_co2", "ccs", "CN") == pytest.approx(7.884)
    assert indicator(run, "capture_capacity", "ccs", "CN") == pytest.approx(1.25)
    assert indicator(run, "co2_storage_price") == pytest.approx(100.0)
    assert run.active[-1].income(run.results, run.data)["co2_storage"].sel(
        province="A", technology="ccs", year=YEAR
    ) == pytest.approx(-0.10 * 0.9 * NET)


@pytest.mark.covers("c_injection")
def test_scarce_storage_earns_a_rent():
    """Proves    the limit on injection binds, its dual is the rent per tonne, and plants pay it.

    System    `new_plants` at 400 CNY/t; injection up to 0.9 4380 = 3942 kt, half of what would be captured.
    By hand   half coal at 0.35 + 0.40 = 0.75, half with capture at 0.64 + 0.04 = 0.68
              objective 4380 (0.75 + 0.68) = 6263.4; power at 0.75
              rent (0.75 - 0.68) / 0.9 = 0.077778 MCNY/kt; paid 3942 (0.20 + 0.077778) = 1095
    Fails if  the limit counts emissions, or the rent stays with the plants.
    """
    run = run_tiny(new_plants(), {"ccs": dict(injection_limit_mt=3.942), "carbon": carbon(400)})
    assert run.objective == pytest.approx(6263.4)
    assert run.price("c_injection", YEAR) == pytest.approx(0.07 / 0.9)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.75)
    assert run.paid(payee="co2_storage") == pytest.approx(1095.0)
    assert indicator(run, "co2_storage_rent", province="CN") == pytest.approx(70 / 0.9)
    assert indicator(run, "co2_storage_price") == pytest.approx(200 + 70 / 0.9)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9


@pytest.mark.covers("c_injection")
def test_no_injection_is_no_capture_and_enough_of_it_no_limit():
    """Proves    the objective falls as the limit is loosened, from no capture to no rent.

    By hand   none 8760 0.75 = 6570; half 6263.4; all 8760 0.68 = 5956.8 and no rent.
    Fails if  a limit of zero is infeasible, or one that does not bind costs something.
    """
    found = [
        run_tiny(new_plants(), {"ccs": dict(injection_limit_mt=mt), "carbon": carbon(400)})
        for mt in (0.0, 3.942, 100.0)
    ]
    assert [run.objective for run in found] == pytest.approx([6570.0, 6263.4, 5956.8])
    assert found[-1].price("c_injection", YEAR) == pytest.approx(0.0)


def test_capture_starts_when_it_is_available():
    """Proves    no plant with capture is built before its first year.

    System    `new_plants` in 2030 (five years) and 2035 (one), at 400 CNY/t.
    By hand   at once: 1.25 GW in 2030; from 2035: in 2030 1 GW of coal, whose capital is sunk in 2035,
              and still 0.30 + 0.40 = 0.70 > 0.68: 1.25 GW in 2035
    Fails if  the first year is ignored, or holds back later years too.
    """
    years = (2030, 2035)
    markets = {"ccs": {}, "carbon": carbon(400)}
    at_once = run_tiny(new_plants(years), markets)
    assert at_once.value("v_build", "A", "ccs", 2030) == pytest.approx(1.25)
    later = run_tiny(new_plants(years), markets | {"ccs": dict(available_from=2035)})
    assert later.value("v_build", "A", "ccs", 2030) == pytest.approx(0.0)
    assert later.value("v_build", "A", "ccs", 2035) == pytest.approx(1.25)
    assert worst_residual(zero_profit(later.results, later.active)) < 1e-9


def test_a_plant_that_captures_keeps_its_benchmark():
    """Proves    free allowances by output reward the capture: 0.1 - 0.8 owed per GWh.

    System    `new_plants` at 400 CNY/t, benchmark 0.8 kt/GWh for both, or for coal alone.
    By hand   coal 0.35 + 0.4 (1.0 - 0.8) = 0.43; with capture 0.64 + 0.4 (0.1 - 0.8) = 0.36: capture
              without a benchmark of its own 0.64 + 0.04 = 0.68: coal
    Fails if  captured plants lose their allocation in silence.
    """
    both = {(g, YEAR): 0.8 for g in ("coal", "ccs")}
    kept = run_tiny(new_plants(benchmark=both), {"ccs": {}, "carbon": carbon(400)})
    assert kept.objective == pytest.approx(HOURS * 0.36)
    lost = run_tiny(new_plants(benchmark={("coal", YEAR): 0.8}), {"ccs": {}, "carbon": carbon(400)})
    assert lost.objective == pytest.approx(HOURS * 0.43)


@pytest.mark.parametrize(
    "market",
    [
        carbon(2000),
        dict(instrument="cap", cap_mt=7.884),
        dict(instrument="cap", cap_mt=7.884, allocation="grandfathering"),
    ],
    ids=["price", "cap", "grandfathered cap"],
)
def test_capture_without_credit_is_no_way_to_comply(market):
    """Proves    captured CO2 that earns no credit is owed like what is emitted, in every instrument.

    System    1 GW of demand, 1 GW of coal and of gas (0.90 MCNY/GWh, no CO2) and 1 GW with capture that
              was built for 2030; 2000 CNY/t, or a cap of 0.9 8760 = 7884 kt.
    By hand   credited: capture at 0.36 + 0.18 and 0.1 kt/GWh.  At 2000 CNY/t 0.74 < 0.90: 7008 GWh of it.
              Under the cap (0.54 - 0.30) / 0.9 = 0.267 per kt, gas 0.60: 8760 - G + 0.1 G = 7884, G = 973.33
              refused: 1.0 kt/GWh like coal, 2.54 > 0.90 at the price; under the cap 876 GWh of gas
    Fails if  captured CO2 is credited, or the accounts do not clear.
    """
    system = with_capture(
        {("A", YEAR): [1.0]},
        plants(coal=dict(existing={"A": 1.0}), ccs=dict(existing={"A": 1.0}))
        | {"gas": dict(existing={"A": 1.0}, fuel=0.90)},
    )
    credited = run_tiny(system, {"ccs": {}, "carbon": market})
    refused = run_tiny(system, {"ccs": {}, "carbon": market | dict(capture_credit="none")})
    captured = NET if market["instrument"] == "price" else 876 / 0.9
    assert credited.value("v_annual_generation", "A", "ccs", YEAR) == pytest.approx(captured)
    assert refused.value("v_annual_generation", "A", "ccs", YEAR) == pytest.approx(0.0)
    gas = HOURS if market["instrument"] == "price" else 876.0
    assert refused.value("v_annual_generation", "A", "gas", YEAR) == pytest.approx(gas)
    for run in (credited, refused):
        assert worst_account(run.ledger)[0] < 1e-9


def test_capture_without_credit_still_settles_where_plants_capture():
    """Proves    zero profit and cleared accounts where plants capture although nobody credits it.

    System    `new_plants` with 1 GW of capture committed that must run at 0.4 GW, 400 CNY/t, no credit.
    By hand   capture owes 0.1 + 0.9 kt/GWh and costs 0.36 + 0.18 + 0.40 = 0.94, coal 0.75
              must-run 0.4 GW: 3504 GWh; pays 0.40 for each of 3504 1.0 kt = 1401.6
    Fails if  the margin or the ledger charge only what is emitted.
    """
    system = new_plants()
    system = replace(system, committed={("A", "ccs", YEAR): 1.0}, min_output={("A", "ccs", 0): 0.4})
    run = run_tiny(system, {"ccs": {}, "carbon": carbon(400) | dict(capture_credit="none")})
    assert run.value("v_annual_generation", "A", "ccs", YEAR) == pytest.approx(3504.0)
    paid = run.ledger.query("technology == 'ccs' and mechanism == 'carbon'")
    net = paid[paid.payer == "generators"].amount.sum() - paid[paid.payee == "generators"].amount.sum()
    assert net == pytest.approx(1401.6)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9
    assert worst_account(run.ledger)[0] < 1e-9


def test_credit_without_capture_is_an_error():
    system = with_capture({("A", YEAR): [1.0]}, plants(coal=dict(existing={"A": 1.0})))
    problems = carbon_check(CarbonConfig(**carbon(100.0), capture_credit="none"), system)
    assert "add `markets.ccs`" in problems[0]


def test_without_a_carbon_price_nothing_captures():
    """Proves    the mechanism alone changes neither the plan nor its cost: 8760 0.35 = 3066."""
    run = run_tiny(new_plants(), {"ccs": {}})
    assert run.objective == pytest.approx(3066.0)
    assert run.paid(payee="co2_storage") == 0.0


# -- conversion


def standing_coal(demand=1.0, conversion=280.32, coal=2.0, limit=None, **more) -> SystemData:
    """Coal that stands; a conversion costs 280.32 / 7008 h = 0.04 MCNY/GWh, so 0.36 + 0.18 + 0.04 = 0.58."""
    return with_capture(
        {("A", YEAR): [demand]},
        plants(coal=dict(existing={"A": coal}, fom=10.0), retro={}),
        conversion={YEAR: conversion},
        limit=limit,
        **more,
    )


@pytest.mark.parametrize(("price", "gw"), [(310.0, 0.0), (312.0, 1.25)])
def test_a_unit_is_converted_from_its_cost_of_a_tonne_avoided(price, gw):
    """Proves    a conversion takes capacity from the old fleet gross for gross, and old capital is sunk.

    System    `standing_coal`, 2 GW of coal; fixed O&M 10 MCNY/GW-yr.
    By hand   (0.58 - 0.30) / 0.9 = 0.31111: from 311.1 CNY/t 1.25 GW are converted
              coal keeps what is needed: 1 GW unconverted, or 1.25 converted, at 10 each; the rest retires
              310: 8760 (0.30 + 0.310) + 10; 312: 8760 (0.58 + 0.0312) + 12.5
              the indicator spreads the unit's own fixed O&M too: (0.58 + 10 / 7008 - 0.30 - 10 / 8760) / 0.9
    Fails if  the unit's own fixed O&M ends with the conversion, or its capital is paid again.
    """
    run = run_tiny(standing_coal(), {"ccs": {}, "carbon": carbon(price)})
    assert run.total("v_retrofit") == pytest.approx(gw)
    cost = HOURS * (0.30 + 1e-3 * price) + 10.0 if gw == 0 else HOURS * (0.58 + 1e-4 * price) + 12.5
    assert run.objective == pytest.approx(cost)
    assert run.value("v_capacity", "A", "retro", YEAR) == pytest.approx(gw)
    assert run.value("v_exist", "A", "coal", YEAR) == pytest.approx(max(gw, 1.0))
    assert run.cost("resource", "retrofit") == pytest.approx(280.32 * gw)
    assert indicator(run, "converted_capacity", "coal", "CN") == pytest.approx(gw)
    avoided = 1e3 * (0.28 + 10 / NET - 10 / HOURS) / 0.9
    assert indicator(run, "cost_of_co2_avoided", "retro") == pytest.approx(avoided)
    assert worst_account(run.ledger)[0] < 1e-9


def coal_and_gas(limit=None) -> SystemData:
    """2 GW of demand; 1 GW of old and 0.5 GW of new coal, dear gas without CO2 for the rest."""
    system = with_capture(
        {("A", YEAR): [2.0]},
        plants(coal=dict(existing={"A": 1.0}, build=True, annuity=20.0), retro={})
        | {"gas": dict(existing={"A": 2.0}, fuel=0.90)},
        conversion={YEAR: 280.32},
        limit=limit,
    )
    return replace(system, committed={("A", "coal", YEAR): 0.5}, build_limit={("A", "coal", YEAR): 0.5})


def converted_profit(run: TinyRun) -> list[float]:
    """What is left of each conversion's gain over its life, over the gain [share]: zero in an optimum.

    Gain: what a gross GW of the new fleet earns above one of the old, all rows of all mechanisms; less the
    annuity, the worth of the unit that is used up and the rent of the limit.
    """
    results, d = run.results, run.data
    output = results.output_per_gw()
    keys = ("province", "technology", "year")
    fuel = results.from_keys(d.fuel_cost, keys).fillna(0.0)
    earned = (results.energy_price * results.output_rate * results.weight).sum("time") - fuel * output
    for line in merged([mechanism.margin(results) for mechanism in run.active]).values():
        earned = earned + line.fillna(0.0)
    source = results.price("c_retrofit_source").fillna(0.0)
    found = []
    for (r, f, g, v), gw in results.values["v_retrofit"].to_series().dropna().items():
        if gw < 1e-9:
            continue
        gain = rents = 0.0
        for y in (y for y in results.years if v in d.alive(g, y)):
            factor = d.horizon.discount[y]
            there = earned.sel(province=r, year=y)
            gain += factor * float(there.sel(technology=g) - there.sel(technology=f))
            rents += factor * float(source.sel(province=r, source=f, year=y))
            rents += factor * d.policy["retrofit_annuity"][f, g, v]
        if "c_retrofit_limit" in results.duals:
            rents += float(results.price("c_retrofit_limit").fillna(0.0).sel(technology=g, vintage=v))
        found.append((gain - rents) / max(abs(gain), 1.0))
    return found


@pytest.mark.covers("c_retrofit_source")
def test_only_what_stood_at_the_base_year_is_converted():
    """Proves    new units are not converted, old ones earn what the conversion is worth; zero profit.

    System    `coal_and_gas` at 400 CNY/t: power at 0.90, made by gas.
    By hand   coal earns 8760 (0.90 - 0.30 - 0.40) = 1752 per GW
              converted 7008 (0.90 - 0.54 - 0.04) - 280.32 = 1962.24: 210.24 more; all old coal, 1 GW
              gas gives 2 - 0.8 - 0.5 = 0.7 GW
              objective 7008 0.58 + 280.32 + 4380 0.70 + 0.5 20 + 6132 0.90
    Fails if  0.5 GW of new coal are converted too, or the built vintage does not break even.
    """
    run = run_tiny(coal_and_gas(), {"ccs": {}, "carbon": carbon(400)})
    assert run.total("v_retrofit") == pytest.approx(1.0)
    assert run.value("v_capacity", "A", "coal", YEAR) == pytest.approx(0.5)
    assert run.price("c_retrofit_source", "A", "coal", YEAR) == pytest.approx(210.24)
    objective = NET * 0.58 + 280.32 + 4380 * 0.70 + 10.0 + 6132 * 0.90
    assert run.objective == pytest.approx(objective)
    assert converted_profit(run) == pytest.approx([0.0], abs=1e-9)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9


@pytest.mark.covers("c_retrofit_limit")
def test_what_the_country_converts_is_limited():
    """Proves    the limit holds and its dual is what one more conversion earns.

    System    `coal_and_gas` at 400 CNY/t, 0.6 GW converted at most.
    By hand   rent 210.24 as above, and units to convert are not scarce: 0
    Fails if  the limit is by province or in net GW.
    """
    run = run_tiny(coal_and_gas(limit={YEAR: 0.6}), {"ccs": {}, "carbon": carbon(400)})
    assert run.total("v_retrofit") == pytest.approx(0.6)
    assert run.price("c_retrofit_limit", "retro", YEAR) == pytest.approx(210.24)
    assert run.price("c_retrofit_source", "A", "coal", YEAR) == pytest.approx(0.0)
    assert converted_profit(run) == pytest.approx([0.0], abs=1e-9)
    none = run_tiny(coal_and_gas(limit={YEAR: 0.0}), {"ccs": {}, "carbon": carbon(400)})
    assert none.total("v_retrofit") == pytest.approx(0.0)
    assert none.objective == pytest.approx(run.objective + 0.6 * 210.24)


def ageing_coal(life: int) -> SystemData:
    """1 GW of coal in 2030, 0.4 GW of it left in 2035; gas without CO2 at 0.90 for the rest."""
    years = (2030, 2035)
    system = with_capture(
        {("A", y): [1.5] for y in years},
        plants(coal=dict(existing={"A": 1.0}, build=True, annuity=2000.0), retro=dict(life=life))
        | {"gas": dict(existing={"A": 3.0}, fuel=0.90)},
        conversion={y: 280.32 for y in years},
        years=years,
        last_span=3,
        rate=0.05,
    )
    return replace(system, surviving={**system.surviving, ("A", "coal", 2035): 0.4})


@pytest.mark.covers("c_retrofit_source")
@pytest.mark.parametrize(("life", "gw"), [(20, (0.4, 0.0)), (5, (1.0, 0.4))])
def test_a_unit_is_converted_if_it_outlasts_its_capture_plant(life, gw):
    """Proves    conversions that live in a year are of units that stand in it; worn out, they are done anew.

    System    `ageing_coal` at 400 CNY/t; a capture plant lives 20 years, or 5.
    By hand   20 years: only the 0.4 GW that stand in 2035 are converted, in 2030; coal keeps 0.6 GW
              5 years: in 2030 all 1.0 GW, in 2035 the 0.4 GW left once more
    Fails if  a unit captures after it is gone, or a conversion never ends.
    """
    run = run_tiny(ageing_coal(life), {"ccs": {}, "carbon": carbon(400)})
    found = [run.value("v_retrofit", "A", "coal", "retro", y) for y in (2030, 2035)]
    assert found == pytest.approx(list(gw))
    assert run.value("v_capacity", "A", "retro", 2035) == pytest.approx(0.4)
    assert run.value("v_capacity", "A", "coal", 2030) == pytest.approx(1.0 - gw[0])


def test_conversions_break_even_over_several_years_at_a_discount_rate():
    """Proves    the identity of a conversion over its life: gain = annuity + unit + limit, discounted.

    System    `coal_and_gas` over 2030 and 2035 at 5 %, 0.6 GW converted at most in each year.
    By hand   in each year 210.24 more than coal; the limit of 2030 earns 210.24 (D1 + D2), that of 2035
              210.24 D2, unless old units run out: 1 GW stands, 0.6 in 2030, 0.4 in 2035: in 2035 the unit
              takes 210.24 and the limit of 2030 earns 210.24 D1
    Fails if  a dual is undone wrongly, or the annuity is counted in years in which it is not paid.
    """
    years = (2030, 2035)
    system = with_capture(
        {("A", y): [2.0] for y in years},
        plants(coal=dict(existing={"A": 1.0}, build=True, annuity=20.0), retro=dict(life=20))
        | {"gas": dict(existing={"A": 2.0}, fuel=0.90)},
        conversion={y: 280.32 for y in years},
        limit={y: 0.6 for y in years},
        years=years,
        last_span=3,
        rate=0.05,
    )
    system = replace(
        system,
        committed={("A", "coal", 2030): 0.5},
        build_limit={("A", "coal", y): 0.5 * (y == 2030) for y in years},
    )
    run = run_tiny(system, {"ccs": {}, "carbon": carbon(400)})
    d = system.horizon.discount
    assert run.value("v_retrofit", "A", "coal", "retro", 2035) == pytest.approx(0.4)
    assert run.price("c_retrofit_source", "A", "coal", 2035) == pytest.approx(210.24)
    assert run.price("c_retrofit_limit", "retro", 2030) == pytest.approx(210.24 * d[2030])
    assert run.price("c_retrofit_limit", "retro", 2035) == pytest.approx(0.0, abs=1e-6)
    assert converted_profit(run) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert worst_residual(zero_profit(run.results, run.active)) < 1e-9


@pytest.mark.parametrize(
    ("options", "present"), [({}, YEAR + 1), (dict(retrofits=False), YEAR), (dict(available_from=2031), YEAR)]
)
def test_nothing_is_converted_in_the_past_before_its_year_or_with_the_option_off(options, present):
    run = run_tiny(standing_coal(present_year=present), {"ccs": options, "carbon": carbon(1000)})
    assert "v_retrofit" not in run.results.values
    assert run.value("v_annual_generation", "A", "coal", YEAR) == pytest.approx(HOURS)


# -- checks


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(available_from=2040), "after the last planning year 2035"),
        (dict(available_from=2030), "holds nothing back"),
    ],
)
def test_a_first_year_without_effect_is_an_error(options, words):
    assert words in check(CcsConfig(**options), new_plants((2030, 2035)))[0]


def test_a_system_that_cannot_capture_is_an_error():
    system = with_capture({("A", YEAR): [1.0]}, plants(coal=dict(existing={"A": 1.0})))
    assert "physical.expand" in check(CcsConfig(), system)[0]
    assert check(CcsConfig(), new_plants()) == []


def test_a_plant_under_construction_is_not_held_back():
    system = replace(new_plants((2030, 2035)), committed={("A", "ccs", 2030): 0.1})
    assert "under construction for 2030" in check(CcsConfig(available_from=2035), system)[0]
