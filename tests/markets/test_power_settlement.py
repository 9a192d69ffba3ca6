"""Who pays whom in the power market: every scheme worked out by hand, and every account at zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from picmodel.data.system import Corridor
from picmodel.errors import InputError
from picmodel.markets.power.options import PowerConfig
from picmodel.markets.power.rules import POWER
from picmodel.markets.power.settlement import (
    LEVIED,
    _mean_of_terms,
    existing_income,
    income,
    standing_vintages,
)
from picmodel.markets.power.terms import EXISTING, cfd_share, cfd_terms
from picmodel.scenario.check import validate_options
from picmodel.settlement.ledger import position, worst_account
from tests.tiny import run_tiny, tiny
from tests.whole import YEARS, whole_system

YEAR = 2030
HOURS = 8760
HALF = HOURS / 2


def indicator(run, name: str, province: str = "CN", technology: str = "all", year: int = YEAR) -> float:
    """One number of the power market's tables."""
    for table in run.indicators["power"]:
        rows = table[
            (table["indicator"] == name)
            & (table["province"] == province)
            & (table["technology"] == technology)
            & (table["year"] == year)
        ]
        if len(rows):
            return float(rows["value"].item())
    raise KeyError(name)


# -- price limits


def test_a_cap_takes_the_scarcity_price_from_payer_and_payee_alike():
    """Proves    settlement at the clipped price on both sides; what plants lose is missing money.

    System    halves of the year with 1.0 and 0.5 GW; 0.8 GW of coal at 0.30; a shortage costs 20; cap 1.5,
              floor 0.4.
    By hand   price 20 and 0.30; paid 1.5 and 0.4: plants get 4380 (0.8 1.5 + 0.5 0.4) = 6132, consumers pay
              the same; missing 4380 (0.8 18.5 - 0.5 0.1) = 64605
    Fails if  only one side is clipped (the account does not clear), or the plan changes.
    """
    system = tiny(
        {("A", YEAR): [1.0, 0.5]},
        {"coal": dict(existing={"A": 0.8}, fuel=0.30)},
        policy={"price_cap": {"A": 1.5}, "price_floor": {"A": 0.1}},
    )
    run = run_tiny(system, {"power": dict(price_limits=dict(floor_cny_per_mwh={"A": 400}))})
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(20.0)
    assert run.paid(payee="generators", product="energy") == pytest.approx(6132.0)
    assert run.paid(payer="consumers") == pytest.approx(6132.0)
    assert indicator(run, "missing_money", "A", "coal") == pytest.approx(64.605)
    assert indicator(run, "hours_at_cap", "A") == pytest.approx(HALF)
    assert indicator(run, "hours_at_floor", "A") == pytest.approx(HALF)
    assert worst_account(run.ledger)[0] < 1e-9
    lines = income(run.results, run.active[0].options, system)
    assert float(lines["energy"].sel(province="A", technology="coal", year=YEAR)) == pytest.approx(6132 / 0.8)


def test_limits_clip_what_other_mechanisms_supply_too():
    """Proves    the account clears where another mechanism sells to it at the dual.

    System    1 GW of demand, coal at 0.30; measures save 500 GWh; floor 400 CNY/MWh.
    By hand   savers are paid 500 0.30 by their mechanism; consumers, who pay 0.40 for all, get the other
              500 0.10 = 50 back; plants get 8260 0.40
    Fails if  energy/A is left with (floor - price) x saving.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {"coal": dict(existing={"A": 3.0}, fuel=0.30, emission=0.8)},
        policy={
            "saving_potential": {("A", "m", YEAR): 500.0},
            "saving_cost": {("m",): 0.2},
            "saving_life": {"m": 10},
            "saving_shape": {("A", "m", 0): 1 / HOURS},
            "saving_at_peak": {("A", "m"): 1 / HOURS},
            "white_pilots": {"A": 1.0},
            "use_right_pilots": {"A": 1.0},
            "conversion": {"calorific": 0.1229, "coal_equivalent": 0.3, "co2_per_tce": 2.6},
        },
    )
    saving = dict(
        white_certificate_share=0.0,
        use_quota_share=1.0,
        verification_cny_per_mwh=0.0,
        implicit_discount_share=None,
    )
    limits = dict(table=False, floor_cny_per_mwh=400)
    run = run_tiny(system, {"power": dict(price_limits=limits), "energy_saving": saving})
    assert run.paid(product="price limits on the demand side") == pytest.approx(50.0)
    assert run.paid(payee="generators", product="energy") == pytest.approx(8260 * 0.40)
    assert worst_account(run.ledger)[0] < 1e-9


# -- medium- and long-term contracts


def day_and_night(**more):
    """1.0 and 0.4 GW in halves of the year; 0.5 GW of coal at 0.10, gas at 0.50: prices 0.50 and 0.10."""
    return tiny(
        {("A", YEAR): [1.0, 0.4]},
        {"coal": dict(existing={"A": 0.5}, fuel=0.10), "gas": dict(existing={"A": 1.0}, fuel=0.50)},
        policy={"coal_tariff": {"A": 0.38}},
        **more,
    )


@pytest.mark.parametrize(
    ("contract", "factor", "amount"),
    [
        (dict(price_rule="fixed", price_cny_per_mwh=350), 1.0, 157.68),
        (dict(price_rule="fixed", price_cny_per_mwh=350, shape="output"), 1.0, 87.6),
        (dict(price_rule="fixed", price_cny_per_mwh=350, shape="load"), 1.0, -112.628571),
        (dict(), 1.0, HALF * 0.36 * (0.76 - 0.60)),
        (dict(), 0.9, HALF * 0.36 * (0.684 - 0.60)),
        (dict(price_rule="mean_market"), 1.0, HALF * 0.36 * (2 * 0.54 / 1.4 - 0.60)),
        (dict(price_rule="fixed", price_cny_per_mwh=350, coverage_share=0.4), 1.0, 78.84),
    ],
)
def test_a_financial_contract_pays_the_gap_between_its_price_and_spot(contract, factor, amount):
    """Proves    consumers pay generators power x (contract price - spot), by the contract's shape.

    System    `day_and_night`, coal sells 0.8 of its output of 4380 0.9 GWh.
    By hand   flat 0.36 GW: 4380 0.36 (0.35 - 0.50 + 0.35 - 0.10) = 157.68
              as output 0.40 and 0.32 GW: 4380 (0.40 -0.15 + 0.32 0.25) = 87.6
              as load 0.72 / 1.4 and 0.288 / 1.4 GW: 4380 (-0.15 0.72 + 0.25 0.288) / 1.4 = -112.63
              benchmark 0.38: 4380 0.36 (0.76 - 0.60); at a factor of 0.9 0.342
              mean of the market, by load: 0.54 / 1.4 = 0.3857
    Fails if  the shape or the rule is ignored, or the gap has the wrong sign.
    """
    options = dict(contracts=dict(type="financial", **contract), tariff_factor_share=factor)
    if "price_rule" in contract:
        del options["tariff_factor_share"]
    run = run_tiny(day_and_night(), {"power": options})
    assert run.paid(payer="consumers", product="contract difference") == pytest.approx(amount, rel=1e-6)
    line = income(run.results, run.active[0].options, run.data)["contract"]
    assert float(line.sel(province="A", technology="coal", year=YEAR)) == pytest.approx(2 * amount, rel=1e-6)
    assert float(line.sel(province="A", technology="gas", year=YEAR)) == pytest.approx(0.0)


def test_a_term_takes_the_mean_of_its_years():
    """Proves    contracts follow each other from the first planning year; spans weigh the mean.

    By hand   2025 (5 years) and 2030 (5) under one contract of 10: (0.2 + 0.4) / 2; 2035 (7) alone: 0.1
              with 8 years 2025 and 2030 still share one; with 5 each has its own
    """
    price = xr.DataArray([0.2, 0.4, 0.1], dims="year", coords={"year": list(YEARS)})
    data = whole_system()
    assert np.allclose(_mean_of_terms(price, data, 10), [0.3, 0.3, 0.1])
    assert np.allclose(_mean_of_terms(price, data, 8), [0.3, 0.3, 0.1])
    assert np.allclose(_mean_of_terms(price, data, 5), price)


def test_a_tariff_leaves_a_financial_contract_nothing_to_do():
    for contract in (dict(type="financial"), dict(type="physical", price_rule="mean_market")):
        with pytest.raises(InputError, match="tariff"):
            validate_options(PowerConfig, {"dispatch": "planned", "contracts": contract})
    contract = dict(type="financial", groups=["wind"])
    with pytest.raises(InputError, match="paid twice"):
        validate_options(PowerConfig, {"contracts": contract, "renewables": "cfd"})
    with pytest.raises(InputError, match="nobody is paid"):
        validate_options(PowerConfig, {"tariff_factor_share": 1.1})


# -- tariffs and guaranteed hours


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_the_band_of_the_tariff_is_coal_s(factor):
    """Proves    tariffs replace the price; the factor is on coal; the levy is the gap to the price.

    System    `day_and_night` at a tariff of 0.38.
    By hand   coal 3942 GWh at 0.38 factor, gas 2190 GWh at 0.38; the market gave coal 4380 (0.25 + 0.04)
              = 1270.2, gas 1095
    Fails if  gas gets the factor, or the levy is not the whole gap.
    """
    options = dict(settlement="tariff", tariff_factor_share=factor, capacity="none")
    run = run_tiny(day_and_night(), {"power": options})
    coal, gas = 3942 * 0.38 * factor - 1270.2, 2190 * 0.38 - 1095
    assert run.paid(product="tariff difference", technology="coal") == pytest.approx(coal)
    assert run.paid(product="tariff difference", technology="gas") == pytest.approx(gas)
    assert run.paid(payer="consumers", product="levy") == pytest.approx(coal + gas)
    assert indicator(run, "levy", "A") == pytest.approx(1e3 * (coal + gas) / (1.4 * HALF))
    assert worst_account(run.ledger)[0] < 1e-9


def wind_at_a_quarter(own_use: float = 0.0, **policy):
    """1 GW of demand, coal at 0.30; 1 GW of old wind at 0.25 of its capacity: 2190 h at a price of 0.30."""
    return tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30),
            "wind": dict(existing={"A": 1.0}, availability=0.25, own_use=own_use),
        },
        policy={"coal_tariff": {"A": 0.38}, **policy},
    )


@pytest.mark.parametrize(
    ("own_use", "hours", "options", "paid"),
    [
        (0.0, 1095.0, dict(renewables="guaranteed_hours"), 1095 * 0.08),
        (0.1, 1000.0, dict(renewables="guaranteed_hours"), 900 * 0.08),
        (0.0, 9000.0, dict(renewables="guaranteed_hours"), 2190 * 0.08),
        (0.0, None, dict(renewables="guaranteed_hours"), 2190 * 0.08),
        (0.0, None, dict(renewables="guaranteed_hours", guaranteed_elsewhere="none"), 0.0),
        (0.0, None, dict(renewables="quantity_share", spot_share=0.3), 0.7 * 2190 * 0.08),
        (0.0, None, dict(renewables="quantity_share", spot_share={2025: 0, 2035: 1}), 1095 * 0.08),
        (0.0, None, dict(renewables="full_spot"), 0.0),
        (0.0, None, dict(renewables="full_spot", settlement="tariff"), 0.0),
        (0.0, None, dict(), 0.0),
    ],
)
def test_guaranteed_output_is_paid_the_tariff(own_use, hours, options, paid):
    """Proves    the tariff for guaranteed (gross) hours or a share of output, the price for the rest.

    System    `wind_at_a_quarter`; tariff 0.38.
    By hand   guaranteed GWh x (0.38 - 0.30); never more than the output; where no hours are set, all of it or
              nothing; with a spot share of 0.3, 0.7 of it
    Fails if  guaranteed hours are net, exceed the output, or the price is not replaced.
    """
    system = wind_at_a_quarter(own_use, **({"guaranteed_hours": {("A", "wind"): hours}} if hours else {}))
    run = run_tiny(system, {"power": options})
    assert run.paid(product="guaranteed price difference") == pytest.approx(paid)
    coal = 0.75 * HOURS * 0.08 if options.get("settlement") == "tariff" else 0.0
    assert run.paid(product="levy") == pytest.approx(paid + coal)
    assert worst_account(run.ledger)[0] < 1e-9


# -- contracts for differences


def test_a_difference_is_two_way_and_measured_against_the_technology_s_own_mean():
    """Proves    volume x (strike - mean market price of the technology in the province), either sign.

    System    `day_and_night` with 0.1 GW of old wind that runs in the first half only; strike: the tariff
              0.38 of the existing fleet; volume 0.7.
    By hand   wind sells 438 GWh at 0.50: 0.7 438 (0.38 - 0.50) = -36.792, which consumers get back
    Fails if  the reference is the mean of all hours (0.30: +24.5), or differences are floored at 0.
    """
    wind = dict(existing={"A": 0.1}, availability=[1.0, 0.0])
    system = tiny(
        {("A", YEAR): [1.0, 0.4]},
        {
            "coal": dict(existing={"A": 0.5}, fuel=0.10),
            "gas": dict(existing={"A": 1.0}, fuel=0.50),
            "wind": wind,
        },
        policy={
            "coal_tariff": {"A": 0.38},
            "strike": {("A", "wind"): 0.31},
            "strike_volume": {("A", "wind"): 0.7},
            "strike_term": {("A", "wind"): 12},
        },
    )
    run = run_tiny(system, {"power": dict(renewables="cfd")})
    assert run.paid(product="mechanism price difference") == pytest.approx(-36.792)
    assert run.paid(payer="consumers", product="levy") == pytest.approx(-36.792)
    none = run_tiny(system, {"power": dict(renewables="cfd", cfd=dict(existing="none"))})
    assert none.paid(product="mechanism price difference") == pytest.approx(0.0)
    share = cfd_share(run.active[0].options, system)
    assert share == {("A", "wind", YEAR, YEAR): 0.7, ("A", "wind", EXISTING, YEAR): 0.7}


def test_the_term_counts_from_commissioning_and_is_a_vintage_s_own():
    """Proves    a vintage has its strike for its term; part of the span in which it ends.

    System    planning years 2025, 2030, 2035 of 5 years; 0.5 GW of wind from 2025, 0.5 more from 2030; coal
              at 0.30; strike 0.40 for those of 2025, 0.35 for those of 2030, volume 0.8, term 7.
    By hand   2025: vintage 2025 0.8 0.10 4380 = 350.4
              2030: vintage 2025 has 2 of 5 years left: 0.32 0.10 4380 = 140.16; vintage 2030 175.2
              2035: vintage 2030 has 2 of 5: 70.08
    Fails if  the term is that of the fleet, or ends with the planning year.
    """
    years = (2025, 2030, 2035)
    system = tiny(
        {("A", y): [2.0] for y in years},
        {"coal": dict(existing={"A": 2.0}, fuel=0.30), "wind": dict(build=True, annuity=9000.0)},
        years=years,
        last_span=5,
        committed={("A", "wind", 2025): 0.5, ("A", "wind", 2030): 0.5},
        policy={"coal_tariff": {"A": 0.38}},
    )
    cfd = dict(strike_cny_per_mwh={"wind": {2025: 400, 2030: 350}}, volume_share=0.8, term_yr=7)
    run = run_tiny(system, {"power": dict(renewables="cfd", cfd=cfd)})
    found = {
        (v, y): run.paid(product="mechanism price difference", vintage=v, year=y)
        for v, y in ((2025, 2025), (2025, 2030), (2030, 2030), (2025, 2035), (2030, 2035))
    }
    assert found == pytest.approx(
        {
            (2025, 2025): 350.4,
            (2025, 2030): 140.16,
            (2030, 2030): 175.2,
            (2025, 2035): 0.0,
            (2030, 2035): 70.08,
        }
    )
    assert worst_account(run.ledger)[0] < 1e-9
    terms = cfd_terms(run.active[0].options, system)
    assert terms["A", "wind", 2025, 2030] == pytest.approx((0.32, 0.40))
    # a tender has the strike of its own year, for good
    assert terms["A", "wind", 2030, 2035] == pytest.approx((0.32, 0.35))


def test_numbers_of_the_scenario_replace_those_of_the_table_by_group():
    system = wind_at_a_quarter(
        strike={("A", "wind"): 0.31}, strike_volume={("A", "wind"): 0.7}, strike_term={("A", "wind"): 12}
    )
    solar = validate_options(PowerConfig, {"renewables": "cfd", "cfd": {"strike_cny_per_mwh": {"solar": 1}}})
    assert cfd_terms(solar, system)["A", "wind", YEAR, YEAR] == (0.7, 0.31)
    own = validate_options(PowerConfig, {"renewables": "cfd", "cfd": {"volume_share": {"wind": 0.2}}})
    assert cfd_terms(own, system)["A", "wind", YEAR, YEAR] == (0.2, 0.31)
    bare = validate_options(PowerConfig, {"renewables": "cfd"})
    assert "no strike" in POWER.check(bare, replace(system, policy={"coal_tariff": {"A": 0.38}}))[0]


# -- capacity and premiums


def test_a_capacity_payment_takes_the_place_of_the_adequacy_price():
    """Proves    coal and stores are paid by the levy, and the dual of adequacy is only reported.

    System    1 GW of demand, peak 1.1 GW; new coal at 400 MCNY/GW-yr, credited 1.0; 0.2 GW of old battery;
              payments 100 to coal, 60 to batteries.
    By hand   1.1 GW of coal: payments 110 and 12, a levy of 122 over 8760 GWh
    Fails if  adequacy is paid on top, or stores are left out.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(build=True, annuity=400.0, fuel=0.30, credit=1.0),
            "battery": dict(existing={"A": 0.2}, duration=(1.0, 2.0)),
        },
        peak={("A", YEAR): 1.1},
        policy={"capacity_payment": {("A", "coal", YEAR): 100.0, ("A", "battery", YEAR): 60.0}},
    )
    run = run_tiny(system, {"power": dict(capacity="payment")})
    coal = 1.1
    assert run.paid(payee="generators", product="capacity payment") == pytest.approx(100 * coal)
    assert run.paid(payee="stores", product="capacity payment") == pytest.approx(12.0)
    assert run.paid(payer="consumers", product="levy") == pytest.approx(100 * coal + 12.0)
    assert run.paid(product="capacity") == 0.0
    assert indicator(run, "levy", "A") == pytest.approx(1e3 * 122 / HOURS)
    assert indicator(run, "implicit_adequacy", "A", "coal") == pytest.approx(400 * coal * 1e-3)
    assert worst_account(run.ledger)[0] < 1e-9
    assert POWER.check(validate_options(PowerConfig, {"capacity": "payment"}), wind_at_a_quarter())


def test_a_premium_is_paid_on_output():
    """By hand: 2190 GWh of wind at 50 CNY/MWh: 109.5."""
    run = run_tiny(wind_at_a_quarter(), {"power": dict(premium_cny_per_mwh={"wind": 50})})
    assert run.paid(payee="generators", product="premium") == pytest.approx(109.5)
    assert run.paid(payer="consumers", product="levy") == pytest.approx(109.5)


# -- the grid


def test_the_sending_grid_gets_the_tariff_and_the_receiving_one_the_rest():
    """Proves    wheeling goes to the grid that sends; barrier and congestion stay with the one that buys.

    System    A: coal at 0.20; B: gas at 0.50, 1 GW of demand; a line of 0.5 GW that loses a tenth; tariff
              0.03 at A, barrier 50 CNY/MWh.
    By hand   0.45 GW arrive. spread 0.30 0.5 8760 = 1314 = losses 0.05 0.5 8760 = 219 + rent 1095
              rent = wheeling 131.4 + barrier 219 + congestion (0.45 - 0.20 - 0.08) 0.5 8760 = 744.6
              grid of A gets 131.4, that of B the rest, 963.6
    Fails if  a part is missing or counted twice, or the tariff stays with the receiver.
    """
    system = tiny(
        {("A", YEAR): [0.0], ("B", YEAR): [1.0]},
        {
            "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=0.20),
            "gas": dict(provinces=["B"], existing={"B": 3.0}, fuel=0.50),
        },
        corridors=(Corridor("A-B", ("A", "B"), loss=0.1),),
        line_capacity={("A-B", YEAR): 0.5},
        export_tariff={"A": 0.03},
    )
    run = run_tiny(system, {"power": dict(barrier_cny_per_mwh=50)})
    parts = dict(
        spread=1314.0,
        losses=219.0,
        rent=1095.0,
        wheeling=131.4,
        barrier=219.0,
        congestion=744.6,
        contracts=0.0,
        other=0.0,
    )
    found = {name: 1e3 * indicator(run, f"grid_{name}", "B") for name in parts}
    assert found == pytest.approx(parts, abs=1e-9)
    place = position(run.ledger).query("party == 'grid'").groupby("province")["amount"].sum()
    assert place["A"] == pytest.approx(131.4)
    assert place["B"] == pytest.approx(963.6)
    assert worst_account(run.ledger)[0] < 1e-9


# -- everything together

SCHEMES = {
    "spot": dict(dispatch="spot"),
    "planned": dict(dispatch="planned"),
    "priority": dict(dispatch="priority", renewables="guaranteed_hours"),
    "cfd": dict(renewables="cfd", cfd=dict(strike_cny_per_mwh=310, volume_share=0.6, term_yr=7)),
    "contracts": dict(contracts=dict(type="physical", shape="load"), capacity="none"),
    "all": dict(
        renewables="cfd",
        cfd=dict(strike_cny_per_mwh={"wind": 310, "solar": 250}, volume_share=0.6, term_yr=7),
        contracts=dict(type="financial", groups=["coal", "gas"], price_rule="mean_market", term_yr=7),
        price_limits=dict(cap_cny_per_mwh=420, floor_cny_per_mwh=120),
        premium_cny_per_mwh={"solar": 20},
        capacity="payment",
        capacity_payment_cny_per_kw_yr={"coal": 100, "battery": 60},
        barrier_cny_per_mwh=10,
    ),
}


@pytest.mark.parametrize("name", SCHEMES)
def test_the_ledger_pays_what_income_says(name):
    """Proves    every line of income per GW, times the GW that earn it, is what the ledger pays the owners.

    System    the whole system under six sets of rules.
    By hand   sum over vintages of income x GW (and the fleet of the base year) = ledger, for each line,
              province, technology and year; every clearing account ends at zero
    Fails if  projects are valued with money that nobody pays.
    """
    run = run_tiny(whole_system(), {"power": SCHEMES[name]})
    assert worst_account(run.ledger)[0] < 1e-9
    results, options = run.results, run.active[0].options
    new, old = (f(results, options, run.data) for f in (income, existing_income))
    products = {"energy": "energy", "contract": "contract difference", "capacity": "capacity", **LEVIED}
    owners = position(run.ledger).query("party in ('generators', 'stores')")
    owners = owners.replace({"product": {"charging": "energy"}})
    vintages = standing_vintages(results)
    rest = results.values["v_capacity"] - vintages.sum("vintage")
    for line, earned in new.items():
        expected = (earned * vintages).sum("vintage") + old[line] * rest
        paid = owners[owners["product"] == products[line]]
        sums = paid.groupby(["province", "technology", "year"])["amount"].sum().to_dict()
        dims = ("province", "technology", "year")
        found = results.from_keys(sums, dims).fillna(0.0)
        assert np.allclose(found, expected.fillna(0.0).transpose(*dims), rtol=1e-9, atol=1e-6), line
    assert set(owners["product"]) <= {products[line] for line in new}


@pytest.mark.parametrize("name", SCHEMES)
def test_consumers_pay_what_the_indicators_say(name):
    run = run_tiny(whole_system(), {"power": SCHEMES[name]})
    paid = run.paid(payer="consumers", year=2030) - run.paid(payee="consumers", year=2030)
    assert 1e3 * indicator(run, "consumer_energy_cost", year=2030) == pytest.approx(paid)
    total = sum(
        1e3 * indicator(run, f"grid_{part}", year=2030)
        for part in ("wheeling", "barrier", "congestion", "contracts", "other")
    )
    assert total == pytest.approx(1e3 * indicator(run, "grid_rent", year=2030))
    if "price_limits" not in SCHEMES[name]:
        assert indicator(run, "grid_other", year=2030) == pytest.approx(0.0, abs=1e-9)
