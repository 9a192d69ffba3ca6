"""Certificates: later years, floor and ceiling, volunteers, heavy industry, what may not be sold, money."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.data.system import Corridor
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.green_certificates.options import GreenCertificatesConfig, check
from picmodel.scenario.check import validate_options
from picmodel.settlement.ledger import worst_account
from tests.tiny import active_of, run_tiny, sorted_rows, tiny
from tests.whole import whole_system

YEAR = 2030
HOURS = 8760
WIND, HYDRO = {"class": "nonhydro"}, {"class": "hydro"}


def clears(run) -> bool:
    """Every account ends at zero, and every vintage breaks even."""
    whole = worst_account(run.ledger)[0] < 1e-9
    return whole and worst_residual(zero_profit(run.results, run.active)) < 1e-9


def indicator(run, name: str) -> dict:
    """(province, class, year) -> value of an indicator of the mechanism."""
    found = {}
    for table in run.indicators["green_certificates"]:
        rows = table[table["indicator"] == name]
        found |= {
            (p, g, y): x
            for p, g, y, x in zip(*(rows[c] for c in ("province", "technology", "year", "value")))
        }
    return found


# -- later years


def years_of_wind(wind: dict[int, float], last_span: int = 1, rate: float = 0.0):
    """1 GW of demand, coal at 0.30, 1 GW of wind at a cost by year; 40 % non-hydro in the last year only."""
    years = tuple(wind)
    due = {("A", y): 0.4 if y == years[-1] else 0.0 for y in years}
    return tiny(
        {("A", y): [1.0] for y in years},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30),
            "wind": dict(existing={"A": 1.0}, fuel=wind, **WIND),
        },
        years=years,
        last_span=last_span,
        rate=rate,
        policy={"weight_total": due, "weight_nonhydro": due},
    )


@pytest.mark.covers("c_certificates", "c_kept")
def test_certificates_of_two_years_serve_one():
    """Proves    what is kept is span times the yearly quantity; price times D over span is the same.

    System    2025 (two years) and 2027 (one), rate 0.25: D = 1.8 and 0.64; a certificate costs 0.05, then
              0.15; 40 % in 2027; validity two years.
    By hand   0.4 8760 = 3504 GWh, 1752 in each of two years: 0.2 GW of wind in 2025
              1.8 8760 (0.8 0.30 + 0.2 0.35) + 0.64 8760 0.30 = 6570
              price 2027: 0.05 (1.8 / 2) / 0.64 = 0.0703125; the bank pays 87.6 a year and gets 246.375:
              1.8 87.6 = 0.64 246.375
    Fails if  a year's certificates are counted once (0.4 GW), or spans are left out of the price (0.140625).
    """
    run = run_tiny(
        years_of_wind({2025: 0.35, 2027: 0.45}, rate=0.25),
        {"green_certificates": dict(trade="none", bank=dict(validity_yr=2))},
    )
    assert run.objective == pytest.approx(6570.0)
    assert run.value("v_banked", "A", "nonhydro", 2027, 2025) == pytest.approx(1752.0)
    assert run.price("c_certificates", "A", "nonhydro", 2025) == pytest.approx(0.05)
    assert run.price("c_certificates", "A", "nonhydro", 2027) == pytest.approx(0.0703125)
    assert run.paid(payer="bank", year=2025) == pytest.approx(87.6)
    assert run.paid(payee="bank", year=2027) == pytest.approx(246.375)
    assert clears(run)


@pytest.mark.parametrize(("validity", "cost"), [(1, 0.10), (2, 0.05)])
def test_a_certificate_older_than_its_validity_is_worth_nothing(validity, cost):
    """Proves    validity is counted from the year of output, however long the bank is.

    System    2025, 2026 and 2027 of one year each; a certificate costs 0.05, 0.10 and 0.15; 40 % in 2027.
    By hand   valid one year: those of 2026 serve 2027; two years: those of 2025.
              8760 (3 0.30 + 0.4 cost)
    Fails if  a certificate is made young again by keeping it from year to year.
    """
    run = run_tiny(
        years_of_wind({2025: 0.35, 2026: 0.40, 2027: 0.45}),
        {"green_certificates": dict(trade="none", bank=dict(validity_yr=validity))},
    )
    assert run.objective == pytest.approx(HOURS * (0.90 + 0.4 * cost))
    assert run.price("c_certificates", "A", "nonhydro", 2027) == pytest.approx(cost)


@pytest.mark.covers("c_kept")
def test_new_certificates_are_worth_more_where_all_are_kept():
    """Proves    what is kept is at most what was made, and its makers earn the rent of that limit.

    System    2025, 2026, 2027 of one year each; validity one year; 0.2 GW of wind, a certificate costs 0.05,
              0.10, 0.15; obligation 0, 0.1 and 0.5; payment 200 CNY/MWh.
    By hand   0.1 GW of 2025 serve 2026, all 0.2 of 2026 serve 2027 beside its own 0.2; 0.1 is paid for
              8760 (0.90 + 0.1 0.05 + 0.2 0.10 + 0.2 0.15 + 0.1 0.20) = 8760 0.975
              2026: a certificate is worth 0.05, one made in it 0.20, the price of 2027: rent 0.15
    Fails if  those of 2025 pass through 2026 to 2027 (8760 0.96), or the rent has no owner.
    """
    system = years_of_wind({2025: 0.35, 2026: 0.40, 2027: 0.45})
    due = {("A", 2025): 0.0, ("A", 2026): 0.1, ("A", 2027): 0.5}
    system = replace(
        system,
        policy={"weight_total": due, "weight_nonhydro": due},
        surviving={key: 0.2 if key[1] == "wind" else gw for key, gw in system.surviving.items()},
    )
    run = run_tiny(
        system,
        {
            "green_certificates": dict(
                trade="none", bank=dict(validity_yr=1), compliance_payment_cny_per_mwh=200
            )
        },
    )
    assert run.objective == pytest.approx(HOURS * 0.975)
    assert run.price("c_certificates", "A", "nonhydro", 2026) == pytest.approx(0.05)
    assert run.price("c_kept", "A", "nonhydro", 2026) == pytest.approx(0.15)
    sold = dict(payee="generators", mechanism="green_certificates", year=2026)
    assert run.paid(**sold) == pytest.approx(HOURS * 0.2 * 0.20)
    assert run.paid(payer="bank") == pytest.approx(run.paid(payee="bank"))
    assert clears(run)


# -- floor, ceiling, volunteers


def one_province(nonhydro: float = 0.0, total: float | None = None, **policy):
    """1 GW of demand; coal at 0.30, hydro at 0.35, wind at 0.40, plenty; 0.1 GW of free wind."""
    return tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.30),
            "hydro": dict(existing={"A": 1.0}, fuel=0.35, **HYDRO),
            "wind": dict(existing={"A": 1.0}, fuel=0.40, **WIND),
            "free_wind": dict(existing={"A": 0.1}, group="wind", **WIND),
        },
        policy={
            "weight_total": {("A", YEAR): nonhydro if total is None else total},
            "weight_nonhydro": {("A", YEAR): nonhydro},
        }
        | policy,
    )


def test_the_state_buys_at_the_floor():
    """Proves    no certificate is worth less than the floor, and the purchase is a transfer.

    System    `one_province` without an obligation, floor 20 CNY/MWh.
    By hand   0.1 GW of free wind is bought: 876 0.02 = 17.52; 8760 0.9 0.30 - 17.52 = 2347.68
    Fails if  certificates lapse (2365.2).
    """
    run = run_tiny(one_province(), {"green_certificates": dict(trade="none", floor_cny_per_mwh=20)})
    assert run.objective == pytest.approx(2347.68)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.02)
    assert run.cost("resource") == pytest.approx(2365.2)
    assert run.paid(payer="state", payee="certificates-nonhydro/A") == pytest.approx(17.52)
    assert clears(run)


@pytest.mark.parametrize(("ceiling", "sold", "price"), [(70, 0.2, 0.07), (120, 0.0, 0.10)])
def test_the_state_sells_at_the_ceiling(ceiling, sold, price):
    """Proves    above the ceiling the state sells; inside the band it does nothing.

    System    `one_province`, 30 % non-hydro, floor 20.
    By hand   0.2 GW more than the free wind: at 0.07 from the state, else wind at 0.40 (0.10 dearer)
    Fails if  the band acts inside, or does not outside.
    """
    run = run_tiny(
        one_province(0.3),
        {"green_certificates": dict(trade="none", floor_cny_per_mwh=20, ceiling_cny_per_mwh=ceiling)},
    )
    assert run.objective == pytest.approx(HOURS * (0.9 * 0.30 + 0.2 * price))
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(price)
    assert run.paid(payee="state") == pytest.approx(HOURS * sold * price)
    assert clears(run)


@pytest.mark.covers("c_voluntary")
def test_volunteers_pay_the_price_and_not_what_they_would_pay():
    """Proves    volunteers buy while the price is below their willingness, and keep the difference.

    System    `one_province` without an obligation; 0.2 GW would pay 120, 0.3 GW would pay 60 CNY/MWh, of
              non-hydro; 0.1 GW would pay 40 for hydro.
    By hand   0.1 GW free and 0.1 of wind (0.10 dearer) go to the first; price 0.10, surplus 0.02
              8760 (0.8 0.30 + 0.1 0.40 - 0.2 0.12) = 2242.56, of it resources 2452.8; paid 1752 0.10
    Fails if  they pay 0.12 (210.24), buy the wrong class, or count as less cost.
    """
    block = dict(accepts="nonhydro")
    run = run_tiny(
        one_province(),
        {
            "green_certificates": dict(
                trade="none",
                voluntary=[
                    dict(name="keen", twh=1.752, willingness_cny_per_mwh=120, **block),
                    dict(name="cool", twh=2.628, willingness_cny_per_mwh=60, **block),
                    dict(name="dams", twh=0.876, willingness_cny_per_mwh=40, accepts="hydro"),
                ],
            )
        },
    )
    assert run.objective == pytest.approx(2242.56)
    assert run.cost("resource") == pytest.approx(2452.8)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.10)
    assert run.price("c_voluntary", "keen", YEAR) == pytest.approx(0.02)
    assert run.paid(payer="volunteers") == pytest.approx(175.2)
    assert indicator(run, "certificates_voluntary")["CN", "nonhydro", YEAR] == pytest.approx(1.752)
    assert clears(run)


# -- heavy industry


@pytest.mark.covers("c_industry", "c_industry_use", "c_industry_short")
@pytest.mark.parametrize(
    ("payment", "cost", "price"), [(150, 0.60 * 0.30 + 0.30 * 0.35, 0.05), (30, 0.279, 0.03)]
)
def test_what_industry_uses_counts_for_its_province(payment, cost, price):
    """Proves    the minimum share is inside the province's obligation; what is missing is paid for once.

    System    `one_province`: 30 % in total, 10 % non-hydro; industry takes half of consumption and must
              reach 80 %: 0.4 of all.
    By hand   0.1 GW of free wind meets the non-hydro part, hydro the other 0.3: gamma 0.05, others 0
              8760 (0.6 0.30 + 0.3 0.35); a consumer pays 0.4 0.05 per MWh
              payment 30: hydro gives way: 8760 (0.9 0.30 + 0.3 0.03) = 8760 0.279
    Fails if  the two add up (0.7 GW), or both rows pay for the same MWh.
    """
    run = run_tiny(
        one_province(0.1, 0.3, industry_share={("A", YEAR): 0.5}, industry_weight={("A", YEAR): 0.8}),
        {
            "green_certificates": dict(
                trade="none", heavy_industry=True, compliance_payment_cny_per_mwh=payment
            )
        },
    )
    assert run.objective == pytest.approx(HOURS * cost)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(price)
    assert run.price("c_industry", "A", YEAR) == pytest.approx(price)
    assert run.dual("c_consumption", "A", YEAR) == pytest.approx(0.4 * price)
    assert indicator(run, "obligation_cost")["A", "all", YEAR] == pytest.approx(400 * price)
    if payment == 150:
        assert run.price("c_certificates", "A", "hydro", YEAR) == pytest.approx(price)
        assert run.paid(product="certificates of heavy industry") == pytest.approx(HOURS * 0.4 * 0.05)
    else:
        assert run.paid(product="compliance payment") == pytest.approx(HOURS * 0.3 * 0.03)
    assert clears(run)


# -- what may not be sold


def two_provinces(share: float | None = None, build: bool = False, line: float = 0.0):
    """A and B: 1 GW of demand, coal at 0.30; wind at 0.35 in A (old, or all of it built), 0.45 in B; 40 %
    non-hydro; ``share`` of the old wind may be sold."""
    due = {("A", YEAR): 0.4, ("B", YEAR): 0.4}
    wind = dict(existing={"A": 1.0, "B": 1.0}, fuel={"A": 0.35, "B": 0.45}, **WIND)
    new = dict(build=True, annuity=0.35 * HOURS, provinces=["A"], group="wind", **WIND)
    technologies = {"coal": dict(existing={"A": 2.0, "B": 2.0}, fuel=0.30)}
    technologies["wind"] = wind | (dict(existing={"B": 1.0}, provinces=["B"]) if build else {})
    if build:
        technologies["A_wind"] = new
    return tiny(
        {("A", YEAR): [1.0], ("B", YEAR): [1.0]},
        technologies,
        policy={
            "weight_total": due,
            "weight_nonhydro": due,
            "tradable_share": {} if share is None else {"wind": share},
        },
        corridors=(Corridor("A-B", ("A", "B")),),
        line_capacity={("A-B", YEAR): line},
    )


@pytest.mark.covers("c_tradable", "c_certificate_market")
@pytest.mark.parametrize(("owner", "to_consumers"), [("generators", 0.0), ("consumers", 0.75)])
def test_what_may_not_be_sold_serves_its_own_province(owner, to_consumers):
    """Proves    net sales stay within the share that may be sold; its plants earn the difference of price.

    System    `two_provinces`, no line; of A's old wind (1 GW) a quarter may be sold.
    By hand   A makes 0.4 + 0.25, B 0.15: 8760 (0.60 + 0.65 0.05 + 0.15 0.15)
              price in A 0.05, in B and nationally 0.15, rent 0.10 on 0.25 GW
              plants in A: 0.65 0.05 + 0.25 0.10, or without three quarters of the first
    Fails if  all may be sold (8760 0.64), nothing (8760 0.68), or the rent has no owner.
    """
    run = run_tiny(
        two_provinces(0.25),
        {"green_certificates": dict(trade="national", tradable="rules", untradable_owner=owner)},
    )
    assert run.objective == pytest.approx(HOURS * 0.655)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.05)
    assert run.price("c_certificates", "B", "nonhydro", YEAR) == pytest.approx(0.15)
    assert run.price("c_certificate_market", "nonhydro", YEAR) == pytest.approx(0.15)
    assert run.price("c_tradable", "A", "nonhydro", YEAR) == pytest.approx(0.10)
    made = HOURS * 0.65 * 0.05
    mine = dict(mechanism="green_certificates", province="A")
    assert run.paid(payee="generators", **mine) == pytest.approx((1 - to_consumers) * made + HOURS * 0.025)
    assert run.paid(payee="consumers", **mine) == pytest.approx(to_consumers * made)
    assert run.paid(payer="certificates-nonhydro/B", payee="certificates-nonhydro/CN") == pytest.approx(
        HOURS * 0.25 * 0.15
    )
    assert clears(run)


@pytest.mark.covers("c_tradable")
def test_certificates_of_contracts_stay_with_consumers():
    """Proves    new plants sell all but the volume under contract, whose certificates are the consumers'.

    System    A builds wind at 0.35 (per MWh), B has wind at 0.45; three quarters of A's is under contract.
    By hand   0.4 + s made, s <= 0.25 (0.4 + s) sold: s = 0.4 / 3
              8760 (0.60 + (0.4 + s) 0.05 + (0.4 - s) 0.15)
              B pays 0.15: price + rent = 0.15; A's plants break even: price + 0.25 rent = 0.05
              price 0.05 / 3, rent 0.4 / 3
    Fails if  the contract's volume is sold, or support that is replaced changes the plan.
    """
    options = dict(trade="national", cfd_volume_share={"wind": 0.75})
    run = run_tiny(two_provinces(build=True), {"green_certificates": options})
    sold = 0.4 / 3
    assert run.objective == pytest.approx(HOURS * (0.60 + (0.4 + sold) * 0.05 + (0.4 - sold) * 0.15))
    price = run.price("c_certificates", "A", "nonhydro", YEAR)
    rent = run.price("c_tradable", "A", "nonhydro", YEAR)
    assert price + rent == pytest.approx(0.15)
    assert price + 0.25 * rent == pytest.approx(0.05)
    assert run.paid(payee="consumers", product="certificates of output that is not sold") > 0
    assert clears(run)
    keeps = run_tiny(two_provinces(build=True), {"green_certificates": options | dict(replaces_support=True)})
    assert sorted_rows(keeps.lp) == sorted_rows(run.lp)
    assert keeps.paid(payee="consumers", product="certificates of output that is not sold") == 0.0
    income = {
        name: r.active[0].income(r.results, r.data)["certificates"].sel(province="A", technology="A_wind")
        for name, r in (("contract", run), ("certificates", keeps))
    }
    assert float(income["certificates"].sum()) == pytest.approx(HOURS * price)
    assert float(income["contract"].sum()) == pytest.approx(0.25 * HOURS * price)
    assert clears(keeps)


def test_all_tradable_is_one_market():
    """Proves    provincial balances with free trade are the national market, where all may be sold.

    System    the whole system, obligation times 1.4, volunteers; every share 1.
    By hand   what leaves is at most what is made, which is at most what could be made: the limit is slack.
    Fails if  one form has a use, or a limit, that the other lacks.
    """
    whole = whole_system()
    data = whole_system(policy={**whole.policy, "tradable_share": {}})
    options = dict(
        trade="national",
        weight_factor=1.4,
        voluntary=[dict(name="v", twh=2.0, willingness_cny_per_mwh=70, accepts="any")],
    )
    one = run_tiny(data, {"green_certificates": options})
    # a table that is not empty, of a technology that makes no certificates
    data = whole_system(policy={**whole.policy, "tradable_share": {"coal": 1.0}})
    many = run_tiny(data, {"green_certificates": options | dict(tradable="rules")})
    assert many.objective == pytest.approx(one.objective, rel=1e-9)
    for k in ("hydro", "nonhydro"):
        assert many.price("c_certificate_market", k, YEAR) == pytest.approx(
            one.price("c_certificates", "CN", k, YEAR), abs=1e-9
        )
    assert clears(one)
    assert clears(many)


# -- money


def test_bundles_pay_the_sender_and_the_seller():
    """Proves    the receiver's consumers pay their price: the sender's to its market, the rest to the seller.

    System    `two_provinces` with 0.2 GW of line, bundled trade.
    By hand   A makes 0.6 at 0.05, B 0.2 at 0.15; consumers of B pay 0.4 0.15; 0.2 0.05 goes to A's market
              and 0.2 0.10 to A's plants; certificates that nobody needs lapse at 0
    Fails if  the account of A or B is left with money, or the rent has no owner.
    """
    run = run_tiny(two_provinces(line=0.2), {"green_certificates": dict(trade="bundled")})
    mine = dict(mechanism="green_certificates")
    assert run.paid(payer="consumers", province="B", **mine) == pytest.approx(HOURS * 0.4 * 0.15)
    assert run.paid(payer="consumers", province="A", **mine) == pytest.approx(HOURS * 0.4 * 0.05)
    assert run.paid(payer="certificates-nonhydro/B", payee="certificates-nonhydro/A") == pytest.approx(
        HOURS * 0.2 * 0.05
    )
    assert run.paid(product="rent of bundled sale", payee="generators", province="A") == pytest.approx(
        HOURS * 0.2 * 0.10
    )
    assert run.paid(payee="generators", province="A", **mine) == pytest.approx(HOURS * (0.6 * 0.05 + 0.02))
    lines = run.active[0].income(run.results, run.data)
    earned = sum(float(x.sel(province="A", technology="wind", year=YEAR).max()) for x in lines.values())
    assert earned == pytest.approx(HOURS * (0.6 * 0.05 + 0.02))  # per GW: 1 GW stands
    assert clears(run)


def test_a_province_between_two_keeps_nothing_of_a_bundle():
    """Proves    certificates pass a province that makes none, and its part of the rent is the grid's.

    System    A, B, C in a row, lines of 0.2 GW; wind in A at 0.35 and in C at 0.45; 40 % in C only.
    By hand   0.2 GW from A through B, 0.2 from C: prices 0.05 and 0.15, difference 0.10 on 0.2
    Fails if  the bundle stops at B, or an account keeps money.
    """
    run = run_tiny(
        tiny(
            {(r, YEAR): [1.0] for r in "ABC"},
            {
                "coal": dict(existing=dict.fromkeys("ABC", 2.0), fuel=0.30),
                "wind": dict(
                    existing={"A": 1.0, "C": 1.0}, provinces=["A", "C"], fuel={"A": 0.35, "C": 0.45}, **WIND
                ),
            },
            corridors=(Corridor("A-B", ("A", "B")), Corridor("B-C", ("B", "C"))),
            line_capacity={("A-B", YEAR): 0.2, ("B-C", YEAR): 0.2},
            policy={
                name: {(r, YEAR): 0.4 if r == "C" else 0.0 for r in "ABC"}
                for name in ("weight_total", "weight_nonhydro")
            },
        ),
        {"green_certificates": dict(trade="bundled")},
    )
    assert run.objective == pytest.approx(HOURS * (0.90 + 0.2 * 0.05 + 0.2 * 0.15))
    assert run.paid(product="rent of bundled sale") == pytest.approx(HOURS * 0.2 * 0.10)
    assert clears(run)


def test_what_nobody_asks_for_is_worth_nothing():
    """Proves    certificates beyond every use lapse, and are counted so whatever the solver books as use.

    System    `one_province`, 4 % non-hydro.
    By hand   0.1 GW of free wind: 350.4 GWh retired, 525.6 lapse, price 0.
    Fails if  a slack obligation counts as use.
    """
    run = run_tiny(one_province(0.04), {"green_certificates": dict(trade="none")})
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.0)
    assert indicator(run, "certificates_retired")["A", "nonhydro", YEAR] == pytest.approx(0.3504)
    assert indicator(run, "certificates_lapsed")["CN", "nonhydro", YEAR] == pytest.approx(0.5256)
    assert run.paid(mechanism="green_certificates") == pytest.approx(0.0)


# -- theorems and refusals


def test_wider_trade_never_raises_the_objective():
    """National contains bundled contains none, with everything else on."""
    options = dict(
        weight_factor=1.5,
        heavy_industry=True,
        tradable="rules",
        bank=dict(validity_yr=5),
        floor_cny_per_mwh=2,
        ceiling_cny_per_mwh=140,
        voluntary=[dict(name="v", twh=1.0, willingness_cny_per_mwh=45, accepts="any")],
    )
    none, bundled, national = (
        run_tiny(whole_system(), {"green_certificates": options | dict(trade=trade)})
        for trade in ("none", "bundled", "national")
    )
    assert national.objective <= bundled.objective * (1 + 1e-9)
    assert bundled.objective <= none.objective * (1 + 1e-9)
    assert national.objective < none.objective * (1 - 1e-6)
    assert all(clears(run) for run in (none, bundled, national))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(floor_cny_per_mwh=80, ceiling_cny_per_mwh=80), "not below the ceiling"),
        (dict(floor_cny_per_mwh=200), "above the compliance payment"),
        (dict(double_claim=True), "remove `double_claim`"),
        (dict(neutral_cap=True), "carbon_linkage: unified"),
        (dict(replaces_support=True), "cfd_volume_share"),
        (
            dict(voluntary=[dict(name="a", twh=1, willingness_cny_per_mwh=1)] * 2),
            "two blocks of demand have the same name",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_contradictions_are_refused(options, said):
    with pytest.raises(Exception, match=said):
        validate_options(GreenCertificatesConfig, options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(bank=dict(validity_yr=2)), "do not reach the next planning year"),
        (
            dict(
                bank=dict(validity_yr=5),
                ceiling_cny_per_mwh={2025: 10, 2030: 90, 2035: 90},
                floor_cny_per_mwh={2025: 5, 2030: 60, 2035: 60},
            ),
            "earns money",
        ),
        (dict(weight_factor=9.0), "write a smaller factor"),
        (dict(cfd_volume_share={"tides": 0.5}), "no technology belongs to tides"),
        (dict(carbon_linkage="ccer", eligible_technologies=["coal"]), "no renewable technology"),
        (dict(carbon_linkage="ccer", eligible_from=2050), "no planning year from 2050 on"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_what_the_system_contradicts_is_said_with_a_remedy(options, said):
    config = active_of({"green_certificates": options})[0].options
    problems = check(config, whole_system())
    assert any(said in problem for problem in problems), problems


def test_missing_tables_are_said():
    """Options that read a table say so where it is not there."""
    config = active_of({"green_certificates": dict(heavy_industry=True, tradable="rules")})[0].options
    assert [p.partition(":")[0] for p in check(config, one_province())] == [
        "markets.green_certificates.heavy_industry",
        "markets.green_certificates.tradable",
    ]
