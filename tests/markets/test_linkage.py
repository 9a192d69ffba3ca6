"""What a certificate can be in the carbon market: CCER, an allowance, both at once."""

from __future__ import annotations

import pytest

from picmodel.indicators.health import flooded
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.green_certificates.options import linked_technologies
from picmodel.markets.interactions import conflicts
from picmodel.markets.registry import with_interactions
from picmodel.settlement.ledger import worst_account
from tests.markets.test_green_certificates_uses import clears, indicator
from tests.tiny import active_of, run_tiny, tiny
from tests.whole import EVERYTHING, whole_system

YEAR = 2030
HOURS = 8760
WIND, HYDRO = {"class": "nonhydro"}, {"class": "hydro"}


def linked(wind: dict, nonhydro: float = 0.0, gas: bool = False, **policy):
    """1 GW of demand; coal at 0.30 with 1 kt/GWh, gas at 0.45 with 0.4; 0.1 GW of free hydro; wind."""
    due = {("A", YEAR): nonhydro}
    return tiny(
        {("A", YEAR): [1.0]},
        {
            "coal": dict(existing={"A": 2.0}, fuel=0.30, emission=1.0),
            **({"gas": dict(existing={"A": 2.0}, fuel=0.45, emission=0.4)} if gas else {}),
            "wind": WIND | wind,
            "hydro": dict(existing={"A": 0.1}, **HYDRO),
        },
        policy={
            "weight_total": due,
            "weight_nonhydro": due,
            "benchmark": {},
            "ccer_factor": {"A": 0.8},
        }
        | policy,
    )


NEW = dict(build=True, annuity=0.40 * HOURS)


# -- CCER


def test_ccer_is_paid_to_the_plants_that_gave_up_their_certificate():
    """Proves    CCER money passes the link to eligible plants, which buy the certificate that they give up.

    System    `linked`, 0.2 GW of old free wind, all vintages; price 80 CNY/t, offsets up to everything; 10 %
              non-hydro.
    By hand   coal 0.7; 0.1 GW retired, 0.1 turned: 0.08 kt per hour below the limit 0.7, CCER price 0.08
              certificate 0.8 0.08 = 0.064 in both uses; no rent of eligibility
              8760 (0.7 0.38 - 0.08 0.08); link 876 0.064 in, the same out
    Fails if  the link keeps money, certificates are cheaper for users than for carbon, or both are claimed.
    """
    run = run_tiny(
        linked(dict(existing={"A": 0.2}), 0.1),
        {
            "carbon": dict(instrument="price", price_cny_per_t=80, offset_limit_share=1.0),
            "green_certificates": dict(trade="none", carbon_linkage="ccer", eligible_from=None),
        },
    )
    assert run.objective == pytest.approx(HOURS * (0.7 * 0.38 - 0.0064))
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.064)
    assert run.paid(payer="ccer/CN", payee="link/CN") == pytest.approx(HOURS * 0.0064)
    assert run.paid(payer="link/CN", payee="generators") == pytest.approx(HOURS * 0.0064)
    given_up = dict(payer="generators", payee="certificates-nonhydro/A", product="output turned into CCER")
    assert run.paid(**given_up) == pytest.approx(HOURS * 0.0064)
    assert run.paid(payer="consumers", product="certificates") == pytest.approx(HOURS * 0.0064)
    assert clears(run)


def test_the_premium_of_new_plants_is_what_carbon_pays_them():
    """Proves    where old output lapses the premium of eligible vintages is their income from the link.

    System    `linked` with new wind at 0.40 and 0.1 GW of old wind, eligible from this year.
    By hand   as in test_green_certificates: x = 0.04 / 0.85 GW, CCER 0.08 - 0.044 / 0.85; certificates 0
    Fails if  old plants are paid, or the line of the project differs from the ledger.
    """
    run = run_tiny(
        linked(dict(existing={"A": 0.1}, **NEW)),
        {
            "carbon": dict(instrument="price", price_cny_per_t=80),
            "green_certificates": dict(trade="none", carbon_linkage="ccer", eligible_from=YEAR),
        },
    )
    x, premium = 0.04 / 0.85, 0.8 * (0.08 - 0.044 / 0.85)
    paid = run.ledger[(run.ledger["payer"] == "link/CN") & (run.ledger["payee"] == "generators")]
    assert list(paid["vintage"]) == [YEAR]
    assert float(paid["amount"].sum()) == pytest.approx(HOURS * x * premium)
    link = with_interactions(run.active)[-1]
    line = link.income(run.results, run.data)["carbon_link"]
    assert float(line.sel(province="A", technology="wind").sum()) == pytest.approx(HOURS * premium)
    assert clears(run)


def test_rules_say_which_technologies_may_become_ccer():
    """Proves    by default CCER follows the table of rules, certificates as allowances all wind and sun."""
    whole = whole_system()
    chosen = {
        name: linked_technologies(active_of({"green_certificates": options})[0].options, whole)
        for name, options in (
            ("rules", dict(carbon_linkage="ccer")),
            ("named", dict(carbon_linkage="ccer", eligible_technologies=["sun"])),
            ("both", dict(carbon_linkage="ccer", eligible_technologies="wind_and_solar")),
            ("unified", dict(carbon_linkage="unified")),
            ("none", {}),
        )
    }
    both = ["wind", "sun"]
    assert chosen == {"rules": ["wind"], "named": ["sun"], "both": both, "unified": both, "none": []}


# -- both claims


@pytest.mark.covers("c_second_claim")
@pytest.mark.parametrize(
    ("double", "turned", "certificate", "claim"), [(False, 0.05, 0.064, 0.0), (True, 0.1, 0.0, 0.064)]
)
def test_both_claims_on_one_mwh(double, turned, certificate, claim):
    """Proves    with a balance of its own CCER counts output whose certificate is used as well, and how much.

    System    `linked` with 0.1 GW of old free wind; price 80 CNY/t, no limit on offsets; 5 % non-hydro.
    By hand   one use: 0.05 retired, 0.05 turned; certificate 0.064; 8760 (0.8 0.38 - 0.05 0.064)
              both: 0.1 turned, certificates 0, the claim itself worth 0.064; 8760 (0.8 0.38 - 0.1 0.064)
              claimed twice: 0.1 turned less 0.05 that lapse: 0.05 8760 = 438 GWh, 350.4 kt
    Fails if  the overlap counts what lapses, or tonnes are not those of the province's factor.
    """
    run = run_tiny(
        linked(dict(existing={"A": 0.1}), 0.05),
        {
            "carbon": dict(instrument="price", price_cny_per_t=80, offset_limit_share=1.0),
            "green_certificates": dict(
                trade="none", carbon_linkage="ccer", eligible_from=None, double_claim=double
            ),
        },
    )
    assert run.objective == pytest.approx(HOURS * (0.8 * 0.38 - turned * 0.064))
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(certificate)
    assert indicator(run, "in_sector_ccer")["CN", "all", YEAR] == pytest.approx(0.8 * turned * 8.760)
    # eligible capacity and output bound it alike here: together they are worth the claim
    rows = [r for r in ("c_second_claim", "c_eligible") if r in run.results.duals]
    assert sum(run.price(r, "A", "nonhydro", YEAR) for r in rows) == pytest.approx(claim)
    if double:
        assert indicator(run, "certificates_claimed_twice")["CN", "nonhydro", YEAR] == pytest.approx(0.438)
        assert indicator(run, "ccer_claimed_twice")["CN", "nonhydro", YEAR] == pytest.approx(0.3504)
        assert indicator(run, "certificates_claimed_twice")["CN", "hydro", YEAR] == pytest.approx(0.0)
    assert clears(run)


def test_in_sector_ccer_hands_emissions_back_under_a_cap():
    """Proves    under a cap CCER of the sector's own output lets it emit as much more; reported apart.

    System    `linked` with gas; 0.2 GW of old free wind turned into CCER; cap 0.5, no limit on offsets.
    By hand   without the link coal + 0.4 gas = 0.5 of 0.7; with it 0.5 + 0.16: 0.6 coal = 0.66 - 0.28
    Fails if  emissions stay at the cap.
    """
    data = linked(dict(existing={"A": 0.2}), gas=True)
    carbon = dict(instrument="cap", cap_mt=0.5 * 8.76, offset_limit_share=1.0)
    found = {
        name: run_tiny(
            data,
            {
                "carbon": carbon,
                "green_certificates": dict(trade="none", carbon_linkage=name, eligible_from=None),
            },
        )
        for name in ("none", "ccer")
    }
    assert found["none"].value("v_emissions", "A", YEAR) == pytest.approx(0.50 * HOURS)
    assert found["ccer"].value("v_emissions", "A", YEAR) == pytest.approx(0.66 * HOURS)
    assert indicator(found["ccer"], "in_sector_ccer")["CN", "all", YEAR] == pytest.approx(0.16 * 8.76)
    assert clears(found["ccer"])


# -- certificates as allowances


@pytest.mark.covers("c_credit_limit", "c_credit_link")
def test_certificates_cover_a_share_of_emissions():
    """Proves    surrendered certificates stay within their share, whose rent is the emitters'.

    System    `linked` with 0.5 GW of old free wind; price 100 CNY/t, kappa 1.0, share 25 %.
    By hand   coal 0.4 emits 0.4; 0.1 surrendered; 8760 (0.4 0.40 - 0.1 0.10)
              certificates lapse, worth 0; each tonne emitted lets 0.25 more be surrendered: rent 0.10 on 0.1
              power 0.30 + 0.10 - 0.025
    Fails if  the share is of the certificates, or the rent goes to wind.
    """
    run = run_tiny(
        linked(dict(existing={"A": 0.5})),
        {
            "carbon": dict(instrument="price", price_cny_per_t=100),
            "green_certificates": dict(
                trade="none",
                carbon_linkage="unified",
                eligible_from=None,
                conversion_factor_t_per_mwh=1.0,
                surrender_limit_share=0.25,
            ),
        },
    )
    assert run.objective == pytest.approx(HOURS * (0.16 - 0.01))
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.375)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.0)
    rent = dict(payer="link/CN", product="rent of the limit on surrender")
    assert run.paid(**rent) == pytest.approx(HOURS * 0.01)
    assert run.paid(technology="coal", **rent) == pytest.approx(HOURS * 0.01)
    assert clears(run)


def test_surrendered_certificates_are_paid_kappa_tau():
    """Proves    carbon pays the link, the link the plants, and what they give up is the class price.

    System    `linked` with new wind at 0.40, cap 0.7, kappa 0.5.
    By hand   x = 0.2 / 1.5 GW surrendered; tau = 0.10 / 1.5; 8760 x 0.5 tau passes the link
    Fails if  certificate price and premium together are not kappa tau.
    """
    run = run_tiny(
        linked(NEW),
        {
            "carbon": dict(instrument="cap", cap_mt=6.132),
            "green_certificates": dict(
                trade="none", carbon_linkage="unified", eligible_from=YEAR, conversion_factor_t_per_mwh=0.5
            ),
        },
    )
    amount = HOURS * 0.2 / 1.5 * 0.5 * 0.10 / 1.5
    assert run.paid(payer="carbon/CN", payee="link/CN") == pytest.approx(amount)
    assert run.paid(payer="link/CN", payee="generators") == pytest.approx(amount)
    assert clears(run)


@pytest.mark.covers("c_credit_link", "c_obligation_nonhydro")
def test_allowances_may_serve_the_obligation():
    """Proves    with conversion both ways a certificate is worth kappa tau to users as well.

    System    `linked` with gas, 0.05 GW of old wind free and wind at 0.75; 20 % non-hydro, payment 1000; cap
              0.7, kappa 0.5.
    By hand   tau = 0.25, power 0.55: wind at 0.75 costs 0.20 more than power, allowances 0.125
              0.15 of the obligation by 0.075 of allowances: coal + 0.4 gas = 0.625 of 0.85
              0.6 coal = 0.625 - 0.34, coal 0.475, gas 0.375; 8760 (0.1425 + 0.16875)
              consumers pay the link 0.125 0.15, and it pays carbon
    Fails if  allowances count one to one, or are not taken from the cap.
    """
    data = linked(dict(existing={"A": 0.05}), 0.2, gas=True)
    run = run_tiny(
        data,
        {
            "carbon": dict(instrument="cap", cap_mt=6.132),
            "green_certificates": dict(
                trade="none",
                carbon_linkage="unified",
                eligible_from=None,
                conversion_factor_t_per_mwh=0.5,
                allowances_for_obligation=True,
                compliance_payment_cny_per_mwh=1000,
            ),
        },
    )
    assert run.objective == pytest.approx(HOURS * 0.31125)
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.25)
    assert run.price("c_certificates", "A", "nonhydro", YEAR) == pytest.approx(0.125)
    assert run.paid(payer="carbon/CN", payee="link/CN") == pytest.approx(-HOURS * 0.075 * 0.25)
    to_link = run.paid(payer="consumers", payee="link/CN")
    assert to_link - run.paid(payer="link/CN", payee="generators") == pytest.approx(HOURS * 0.15 * 0.125)
    assert indicator(run, "obligation_cost")["A", "all", YEAR] == pytest.approx(200 * 0.125)
    assert clears(run)


def test_the_link_clears_at_the_full_price_when_part_of_it_moves_decisions():
    """Proves    the ledger pays certificates the full carbon price whatever decisions see of it."""
    run = run_tiny(
        linked(dict(existing={"A": 0.2})),
        {
            "carbon": dict(instrument="price", price_cny_per_t=100, pass_through_share=0.5),
            "green_certificates": dict(
                trade="none", carbon_linkage="unified", eligible_from=None, conversion_factor_t_per_mwh=0.5
            ),
        },
    )
    seen = [run.price(row, "A", "nonhydro", YEAR) for row in ("c_certificates", "c_eligible")]
    assert sum(seen) == pytest.approx(0.025)
    assert run.paid(payer="link/CN", payee="generators") == pytest.approx(HOURS * 0.2 * 0.5 * 0.10)
    assert worst_account(run.ledger)[0] < 1e-9


def test_a_flooded_market_is_said():
    """Proves    certificates beyond the deficit take the allowance price to zero, and the run says so."""
    run = run_tiny(
        linked(dict(existing={"A": 0.6})),
        {
            "carbon": dict(instrument="cap", cap_mt=0.1 * 8.76),
            "green_certificates": dict(trade="none", carbon_linkage="unified", eligible_from=None),
        },
    )
    assert run.price("c_allowances", "CN", YEAR) == pytest.approx(0.0)
    assert flooded(run.results) != []


# -- theorems and refusals


def test_a_wider_link_never_raises_the_objective():
    """unified <= ccer <= none where kappa is at least the crediting factor and eligibility no narrower."""
    shared = dict(
        trade="bundled", weight_factor=1.3, eligible_from=2030, eligible_technologies="wind_and_solar"
    )
    found = {
        name: run_tiny(
            whole_system(),
            {
                "carbon": dict(instrument="cap", cap_mt={2025: 45.0, 2035: 31.0}, ceiling_cny_per_t=900),
                "green_certificates": shared | options,
            },
        )
        for name, options in {
            "none": dict(carbon_linkage="none"),
            "ccer": dict(carbon_linkage="ccer"),
            "both claims": dict(carbon_linkage="ccer", double_claim=True),
            "unified": dict(carbon_linkage="unified", conversion_factor_t_per_mwh=0.61),
            "both ways": dict(
                carbon_linkage="unified", conversion_factor_t_per_mwh=0.61, allowances_for_obligation=True
            ),
        }.items()
    }
    objective = {name: run.objective for name, run in found.items()}
    slack = 1e-9 * objective["none"]
    for wider, narrower in (
        ("ccer", "none"),
        ("both claims", "ccer"),
        ("unified", "ccer"),
        ("both ways", "unified"),
    ):
        assert objective[wider] <= objective[narrower] + slack, (wider, narrower)
    assert objective["unified"] < objective["none"] * (1 - 1e-6)
    for name, run in found.items():
        assert worst_residual(zero_profit(run.results, run.active)) < 1e-9, name
        assert worst_account(run.ledger)[0] < 1e-9, name


CONTRADICTIONS = {
    "areas": {
        "carbon": dict(instrument="cap", areas={"a": ["A"], "b": ["B"]}, cap_mt={"a": 20.0, "b": 21.0}),
        "green_certificates": dict(carbon_linkage="unified", eligible_from=None),
    },
    "replaces_support": {
        "green_certificates": dict(cfd_volume_share={"wind": 0.5}, replaces_support=True),
        "power": dict(
            dispatch="spot", renewables="cfd", cfd=dict(strike_cny_per_mwh=300, volume_share=0.5, term_yr=8)
        ),
    },
    "no carbon market": {"green_certificates": dict(carbon_linkage="ccer")},
    "energy_saving.carbon_linkage": {"energy_saving": dict(carbon_linkage=True)},
    "exclude_renewables": {"energy_saving": dict(exclude_renewables=True)},
}


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_pairs_that_contradict_each_other_are_refused(words):
    """What one mechanism says of another that is off, or says otherwise, is an error with a remedy."""
    options = {active.name: active.options for active in active_of(CONTRADICTIONS[words])}
    (problem,) = conflicts(options)
    assert words in problem


def test_what_goes_together_is_not_refused():
    for options in EVERYTHING.values():
        assert conflicts({active.name: active.options for active in active_of(options)}) == []
