"""Certificates: the nested obligation, trade, and what else a certificate can be."""

from __future__ import annotations

import pytest

from picmodel.data.system import Corridor
from picmodel.markets.green_certificates.settlement import price_by_province
from tests.tiny import run_tiny, tiny

YEAR = 2030
HOURS = 8760


def three_technologies():
    """1 GW of demand; coal at 0.30, hydro at 0.35, wind at 0.40 MCNY/GWh, plenty of each, and 0.05 GW of free
    hydro and wind; obligations of 50 % and, of that, 30 % non-hydro."""
    return tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.30),
            "hydro": dict(existing={"A": 1.0}, fuel=0.35, **{"class": "hydro"}),
            "wind": dict(existing={"A": 1.0}, fuel=0.40, **{"class": "nonhydro"}),
            "free_hydro": dict(existing={"A": 0.05}, **{"class": "hydro"}),
            "free_wind": dict(existing={"A": 0.05}, **{"class": "nonhydro"}),
        },
        policy=weights({"A": 0.5}, {"A": 0.3}),
    )


def weights(total: dict, nonhydro: dict) -> dict:
    return {
        "weight_total": {(r, YEAR): x for r, x in total.items()},
        "weight_nonhydro": {(r, YEAR): x for r, x in nonhydro.items()},
    }


@pytest.mark.covers("c_certificates", "c_obligation_nonhydro", "c_obligation_total", "c_consumption")
def test_nested_obligation_prices_each_class_by_its_best_use():
    """Proves    non-hydro counts in both rows, hydro in one; class prices are alpha + beta and alpha.

    System    `three_technologies`.
    By hand   wind 0.05 + 0.25, hydro 0.05 + 0.15, coal 0.5: 8760 (0.10 + 0.0525 + 0.15) = 2649.9
              certificates: hydro alpha = 0.35 - 0.30 = 0.05, wind alpha + beta = 0.10, so beta = 0.05
              a consumer pays 0.3 beta + 0.5 alpha = 0.04 per MWh
    Fails if  the rows add up (wind 0.3, hydro 0.5), or a class is priced by one row.
    """
    run = run_tiny(three_technologies(), {"green_certificates": dict(trade="none")})
    assert run.objective == pytest.approx(2649.9)
    assert run.price("c_obligation_total", "A", YEAR) == pytest.approx(0.05)
    assert run.price("c_obligation_nonhydro", "A", YEAR) == pytest.approx(0.05)
    assert run.price("c_certificates", "A", "hydro", YEAR) == pytest.approx(0.05)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.10)
    assert run.dual("c_consumption", "A", YEAR) == pytest.approx(0.04)


@pytest.mark.covers("c_obligation_nonhydro", "c_obligation_total")
@pytest.mark.parametrize(
    ("payment", "cost", "hydro", "nonhydro"), [(70, 2584.2, 0.05, 0.07), (30, 2470.32, 0.03, 0.03)]
)
def test_one_missing_mwh_pays_once_and_bounds_the_price(payment, cost, hydro, nonhydro):
    """Proves    what is missing of both rows is paid for once, and no certificate is dearer than that.

    System    `three_technologies`; payment 70, or 30 CNY/MWh.
    By hand   70: wind (0.10) gives way, hydro (0.05) does not: coal 0.75, hydro 0.15, 0.25 paid for:
              8760 (0.225 + 0.0525 + 0.25 0.07) = 8760 0.295 = 2584.2; prices 0.05 and 0.07
              30: both give way: 8760 (0.9 0.30 + 0.4 0.03) = 8760 0.282 = 2470.32; prices 0.03
    Fails if  a missing non-hydro MWh pays twice (wind runs, 2649.9, or 2536.02).
    """
    run = run_tiny(
        three_technologies(),
        {"green_certificates": dict(trade="none", compliance_payment_cny_per_mwh=payment)},
    )
    assert run.objective == pytest.approx(cost)
    assert run.price("c_certificates", "A", "hydro", YEAR) == pytest.approx(hydro)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(nonhydro)


@pytest.mark.covers("c_consumption", "c_obligation_total")
def test_losses_of_stores_are_consumption_under_the_obligation():
    """Proves    the obligation is on consumption with the losses of stores.

    System    two hours: demand 0.0 and 0.1; coal at 0.30 and wind at 0.40 run in the first only; a store of
              0.5 (round trip); obligation 0.5 non-hydro and total.
    By hand   0.2 charged for 0.1: consumption 4380 0.2 = 876, half of it from wind:
              4380 (0.1 0.30 + 0.1 0.40) = 306.6
    Fails if  the obligation is on demand (4380 (0.15 0.30 + 0.05 0.40) = 284.7).
    """
    first = dict(availability=[1.0, 0.0])
    run = run_tiny(
        tiny(
            {("A", YEAR): [0.0, 0.1]},
            {
                "coal": dict(existing={"A": 2.0}, fuel=0.30, **first),
                "wind": dict(existing={"A": 1.0}, fuel=0.40, **first, **{"class": "nonhydro"}),
                "battery": dict(existing={"A": 1.0}, duration=(1.0, 1.0), efficiency=0.5),
            },
            policy=weights({"A": 0.5}, {"A": 0.5}),
        ),
        {"green_certificates": dict(trade="none")},
    )
    assert run.objective == pytest.approx(306.6)


def two_provinces(loss: float = 0.0):
    """A and B: 1 GW of demand, coal at 0.30; wind at 0.35 in A, 0.45 in B; 40 % non-hydro; 0.2 GW of line."""
    return tiny(
        {("A", YEAR): [1.0], ("B", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0, "B": 2.0}, fuel=0.30),
            "wind": dict(existing={"A": 1.0, "B": 1.0}, fuel={"A": 0.35, "B": 0.45}, **{"class": "nonhydro"}),
        },
        corridors=(Corridor("A-B", ("A", "B"), loss=loss),),
        line_capacity={("A-B", YEAR): 0.2},
        policy=weights({"A": 0.4, "B": 0.4}, {"A": 0.4, "B": 0.4}),
    )


@pytest.mark.covers("c_certificates", "c_bundled", "c_certified")
@pytest.mark.parametrize(
    ("trade", "premium", "wind_a", "price_a", "price_b"),
    [
        ("none", 0.4 * 0.05 + 0.4 * 0.15, 0.4, 0.05, 0.15),
        ("bundled", 0.6 * 0.05 + 0.2 * 0.15, 0.6, 0.05, 0.15),
        ("national", 0.8 * 0.05, 0.8, 0.05, 0.05),
    ],
)
def test_trade_widens_the_market(trade, premium, wind_a, price_a, price_b):
    """Proves    each kind of trade contains the one before: national <= bundled <= none.

    System    `two_provinces` without losses; a certificate costs 0.05 in A and 0.15 in B.
    By hand   coal for both 8760 0.60; premium at home 0.4 0.05 + 0.4 0.15 = 0.08, with 0.2 GW of power
              0.6 0.05 + 0.2 0.15 = 0.06, nationally 0.8 0.05 = 0.04
              objectives 5956.8 >= 5781.6 >= 5606.4
    Fails if  certificates cross a border without power when bundled, or stay at home when national.
    """
    run = run_tiny(two_provinces(), {"green_certificates": dict(trade=trade)})
    assert run.objective == pytest.approx(HOURS * (0.60 + premium))
    price = price_by_province(run.results).sel({"class": "nonhydro", "year": YEAR})
    assert price.sel(province=["A", "B"]).values == pytest.approx([price_a, price_b])
    assert run.value("v_certified", "A", "nonhydro", YEAR) == pytest.approx(HOURS * wind_a)
    if trade == "bundled":
        assert run.price("c_bundled", "A>B", YEAR) == pytest.approx(0.10)


@pytest.mark.covers("c_bundled")
def test_bundled_certificates_are_delivered_power():
    """Proves    bundled certificates follow what arrives, not what is sent.

    System    `two_provinces` with a loss of 10 %.
    By hand   0.2 sent, 0.18 bundled: worth 0.10 each, 0.018; the power loses 0.02 of coal at 0.30, 0.006
              8760 (0.60 + 0.006 + 0.58 0.05 + 0.22 0.15) = 8760 0.668 = 5851.68
    Fails if  0.2 may be bundled (8760 0.666).
    """
    run = run_tiny(two_provinces(loss=0.1), {"green_certificates": dict(trade="bundled")})
    assert run.objective == pytest.approx(5851.68)


# -- linked to carbon


def linked(build_wind: float, wind: dict | None = None):
    """1 GW of demand; coal at 0.30 with 1 kt/GWh; wind of 8760 h, new at ``build_wind`` MCNY/GWh, old wind or
    hydro as given; nothing obliged, crediting factor 0.8."""
    return tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.30, emission=1.0),
            "wind": dict(build=True, annuity=build_wind * HOURS, **{"class": "nonhydro"}) | (wind or {}),
            "hydro": dict(existing={"A": 0.1}, **{"class": "hydro"}),
        },
        policy=weights({"A": 0.0}, {"A": 0.0}) | {"benchmark": {}, "ccer_factor": {"A": 0.8}},
    )


@pytest.mark.covers("c_ccer_link", "c_eligible", "c_offset_limit", "c_ccer")
def test_new_wind_turns_its_output_into_ccer():
    """Proves    eligible output earns factor x CCER price, within the offset limit; old output does not.

    System    `linked` with new wind at 0.40, 0.1 GW of old wind and 0.1 GW of old hydro, both free; carbon
              price 80 CNY/t, offsets up to 5 %.
    By hand   coal 0.8 - x, CCER 0.8 x = 0.05 (0.8 - x): x = 0.04 / 0.85
              coal sets the price p = 0.30 + 0.08 - 0.05 nu; new wind breaks even: p + 0.8 (0.08 - nu) = 0.40
              0.044 = 0.85 nu, nu = 0.0517647; CCER 0.08 - nu = 0.0282353, per MWh 0.0225882
              old output lapses: certificates are worth 0 and all of it is the premium of new wind
              cost 8760 (0.38 (0.8 - x) + 0.40 x - 0.08 0.8 x)
    Fails if  old or hydro output is linked too, the limit is ignored, or CCER is paid the full price.
    """
    run = run_tiny(
        linked(0.40, dict(existing={"A": 0.1})),
        {
            "carbon": dict(instrument="price", price_cny_per_t=80),
            "green_certificates": dict(trade="none", carbon_linkage="ccer", eligible_from=YEAR),
        },
    )
    x, nu = 0.04 / 0.85, 0.044 / 0.85
    assert run.objective == pytest.approx(HOURS * (0.38 * (0.8 - x) + 0.40 * x - 0.064 * x))
    assert run.value("v_build", "A", "wind", YEAR) == pytest.approx(x)
    assert run.price("c_offset_limit", "CN", YEAR) == pytest.approx(nu)
    assert run.price("c_ccer", YEAR) == pytest.approx(0.08 - nu)
    assert run.dual("c_ccer_link", YEAR) == pytest.approx(-(0.08 - nu))
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.0)
    assert run.price("c_eligible", "A", "nonhydro", YEAR) == pytest.approx(0.8 * (0.08 - nu))


@pytest.mark.covers("c_credit_link", "c_eligible", "c_allowances")
def test_new_certificates_serve_as_allowances():
    """Proves    a surrendered certificate counts kappa, and what makes it scarce is who may surrender.

    System    `linked` with new wind at 0.40 and 0.1 GW of free old hydro; cap 0.7 8760 kt; kappa 0.5.
    By hand   coal 0.9 - x, surrendered x: 0.9 - x - 0.5 x = 0.7, x = 0.2 / 1.5
              a MWh of wind costs 0.10 more and relieves 1.5 kt: tau = 0.10 / 1.5 = 0.0666667
              premium of new wind kappa tau = 0.0333333, power 0.30 + tau = 0.3666667, together 0.40
              (all wind is eligible and runs: certificate price and premium add up to it)
              cost 8760 (0.30 0.9 + 0.10 x)
    Fails if  hydro is surrendered (x = 0.15 / 1.5), or counts otherwise.
    """
    run = run_tiny(
        linked(0.40),
        {
            "carbon": dict(instrument="cap", cap_mt=6.132),
            "green_certificates": dict(
                trade="none", carbon_linkage="unified", eligible_from=YEAR, conversion_factor_t_per_mwh=0.5
            ),
        },
    )
    x, tau = 0.2 / 1.5, 0.10 / 1.5
    assert run.objective == pytest.approx(HOURS * (0.27 + 0.10 * x))
    assert run.value("v_surrendered", "A", "hydro", YEAR) == pytest.approx(0.0)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(tau)
    assert run.dual("c_credit_link", YEAR) == pytest.approx(-tau)
    earned = [run.price(row, "A", "nonhydro", YEAR) for row in ("c_certificates", "c_eligible")]
    assert sum(earned) == pytest.approx(0.5 * tau)


@pytest.mark.covers("c_certificates", "c_credit_link")
def test_unified_certificate_price_is_kappa_tau():
    """Proves    where eligibility does not bind, a certificate is worth kappa allowances.

    System    `linked` with 1 GW of old wind that burns 0.40 per GWh, every vintage eligible; cap 0.7 8760.
    By hand   as above: x = 0.2 / 1.5, tau = 0.10 / 1.5; certificate 0.5 tau, no premium of eligibility.
    Fails if  certificates are priced at their obligation (0) or by eligibility.
    """
    old = dict(existing={"A": 1.0}, fuel=0.40, build=False)
    run = run_tiny(
        linked(0.0, old),
        {
            "carbon": dict(instrument="cap", cap_mt=6.132),
            "green_certificates": dict(
                trade="none", carbon_linkage="unified", eligible_from=None, conversion_factor_t_per_mwh=0.5
            ),
        },
    )
    assert run.objective == pytest.approx(HOURS * (0.27 + 0.10 * 0.2 / 1.5))
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.5 * 0.10 / 1.5)
    assert run.price("c_eligible", "A", "nonhydro", YEAR) == pytest.approx(0.0)


@pytest.mark.covers("c_credit_limit")
def test_certificates_never_cover_more_than_is_emitted():
    """Proves    kappa times what is surrendered stays within verified emissions.

    System    `linked` with 0.5 GW of free old wind; carbon price 100 CNY/t, kappa 1.5.
    By hand   coal 0.4 emits 3504 kt, wind could cover 0.75 8760: all of coal's emissions are covered
              8760 0.4 (0.30 + 0.10 - 0.10) = 1051.2; the limit is worth 0.10, a certificate nothing
    Fails if  certificates earn without limit (744.6).
    """
    old = dict(existing={"A": 0.5}, build=False)
    run = run_tiny(
        linked(0.0, old),
        {
            "carbon": dict(instrument="price", price_cny_per_t=100),
            "green_certificates": dict(
                trade="none", carbon_linkage="unified", eligible_from=None, conversion_factor_t_per_mwh=1.5
            ),
        },
    )
    assert run.objective == pytest.approx(1051.2)
    assert run.price("c_credit_limit", YEAR) == pytest.approx(0.10)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.0)
