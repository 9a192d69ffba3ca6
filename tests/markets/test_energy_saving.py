"""Energy saving by hand: measures, white certificates, energy-use rights, merged and claimed twice."""

from __future__ import annotations

import pytest

from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.settlement.ledger import worst_account
from tests.tiny import active_of, run_tiny, tiny

YEAR = 2030
HOURS = 8760
TCE = 0.3


def saving_system(
    provinces=("A",),
    potential=(500.0,),
    cost=(0.40,),
    white=("A",),
    quota=("A",),
    fuel=0.30,
    **more,
):
    """1 GW of demand (8760 GWh/yr) in each province from old coal; measures with a flat shape."""
    measures = [f"m{i}" for i in range(len(cost))]
    policy = {
        "saving_potential": {(r, k, YEAR): x for r in provinces for k, x in zip(measures, potential)},
        "saving_cost": {(k,): x for k, x in zip(measures, cost)},
        "saving_life": {k: 10 for k in measures},
        "saving_shape": {(r, k, 0): 1 / HOURS for r in provinces for k in measures},
        "saving_at_peak": {(r, k): 1 / HOURS for r in provinces for k in measures},
        "white_pilots": {r: 1.0 for r in white},
        "use_right_pilots": {r: 1.0 for r in quota},
        "conversion": {"calorific": 0.1229, "coal_equivalent": TCE, "co2_per_tce": 2.6},
    }
    return tiny(
        {(r, YEAR): [1.0] for r in provinces},
        {"coal": dict(existing={r: 3.0 for r in provinces}, fuel=fuel, emission=0.8)},
        policy=policy | more.pop("policy", {}),
        **more,
    )


def options(**changes) -> dict:
    """Both obligations off, no cost of verification, unless a test says otherwise."""
    return {
        "energy_saving": dict(
            white_certificate_share=0.0,
            use_quota_share=1.0,
            verification_cny_per_mwh=0.0,
            implicit_discount_share=None,
        )
        | changes
    }


@pytest.mark.covers("c_saving", "c_saving_potential")
def test_a_measure_is_used_when_it_is_cheaper_than_power():
    """Proves    saving competes with generation, and its potential earns a rent.

    System    8760 GWh of demand from coal at 0.30; 500 GWh/yr of saving at 0.20, no obligation.
    By hand   all 500 are saved: 8260 0.30 + 500 0.20 = 2478 + 100 = 2578; rent 0.30 - 0.20 = 0.10
              consumption 8260; savers are paid 500 0.30 = 150
    Fails if  saving is missing in the balance or in consumption, or the rent is lost.
    """
    run = run_tiny(saving_system(cost=(0.20,)), options())
    assert run.objective == pytest.approx(2578.0)
    assert run.value("v_saving", "A", "m0", YEAR) == pytest.approx(500.0)
    assert run.value("v_consumption", "A", YEAR) == pytest.approx(8260.0)
    assert run.price("c_saving_potential", "A", "m0", YEAR) == pytest.approx(0.10)
    assert run.paid(payee="savers", product="energy saved") == pytest.approx(150.0)
    assert worst_account(run.ledger)[0] < 1e-9


@pytest.mark.covers("c_saving_alike")
def test_measures_of_one_shape_share_a_variable_and_others_do_not():
    """Proves    measures that save at the same hours enter slices together, and each keeps its own potential.

    System    two slices of 4380 h, demand 1 GW in both; 1 GW of coal at 0.30, of which 0.9 are there in the
              second slice, and oil at 2.  m0 and m1 save evenly (438 GWh/yr is 0.05 GW), m2 in the
              second slice alone (438 GWh/yr is 0.1 GW); costs 0.20, 0.50, 0.60.
    By hand   m0 is cheaper than coal: all 438 of it, 0.05 GW.  The other 0.05 GW of slice two, 219 GWh,
              come from m2 at 0.60, or from m1 at 2 0.50 - 0.30 = 0.70, or from oil at 2: from m2
              cost 438 0.20 + 219 0.60 + 4380 0.30 (0.95 + 0.90) = 87.6 + 131.4 + 2430.9 = 2649.9
    Fails if  measures of one shape are counted once or twice, or those of another shape with them.
    """
    base = saving_system(potential=(438.0, 438.0, 438.0), cost=(0.20, 0.50, 0.60), white=("A",), quota=("A",))
    even, late = 1 / HOURS, 1 / 4380
    shape = {("A", k, t): even for k in ("m0", "m1") for t in (0, 1)}
    shape |= {("A", "m2", 0): 0.0, ("A", "m2", 1): late}
    system = tiny(
        {("A", YEAR): [1.0, 1.0]},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=0.8, availability=[1.0, 0.9]),
            "oil": dict(existing={"A": 1.0}, fuel=2.0),
        },
        policy={**base.policy, "saving_shape": shape},
    )
    run = run_tiny(system, options())
    assert run.value("v_saving", "A", "m0", YEAR) == pytest.approx(438.0)
    assert run.value("v_saving", "A", "m1", YEAR) == pytest.approx(0.0)
    assert run.value("v_saving_alike", "A", "m0", YEAR) == pytest.approx(438.0)
    assert run.value("v_saving_alike", "A", "m2", YEAR) == pytest.approx(219.0)
    assert run.objective == pytest.approx(2649.9)
    assert worst_account(run.ledger)[0] < 1e-9


def test_users_ask_more_of_a_measure_than_its_capital_costs():
    """Proves    the hurdle holds cheap savings back, and is a transfer.

    System    the first system: 500 GWh/yr at 0.20, life 10 years, social rate 0.
    By hand   annuity of 1: 0.1 at rate 0; at 4 %: 0.04 / (1 - 1.04^-10) = 0.1232909: hurdle 0.20 0.232909
              = 0.0465819, cost seen 0.2465819 < 0.30: saved; resource 2478 + 100,
              transfer 500 0.0465819 = 23.29093
              at 30 %: 0.3234634: cost seen 0.647 > 0.30: not saved
    Fails if  the hurdle counts as a resource, or is left out of decisions.
    """
    run = run_tiny(saving_system(cost=(0.20,)), options(implicit_discount_share=0.04))
    assert run.cost("resource") == pytest.approx(2578.0)
    assert run.cost(item="saving_hurdle") == pytest.approx(23.29093, rel=1e-5)
    held = run_tiny(saving_system(cost=(0.20,)), options(implicit_discount_share=0.30))
    assert held.total("v_saving") == pytest.approx(0.0)


def test_a_measure_dearer_than_power_is_not_used():
    run = run_tiny(saving_system(), options())
    assert run.total("v_saving") == pytest.approx(0.0)
    assert run.objective == pytest.approx(HOURS * 0.30)


@pytest.mark.covers("c_one_use_of_saving", "c_white_certificates", "c_use_rights")
def test_two_markets_ask_for_two_savings():
    """Proves    without a double claim each MWh helps one market, by the add-back.

    System    as above, measure at 0.40; A: 2 % of sales; B: quota 97 % of demand, 0.3 tce/MWh.
    By hand   let S be the saving: sales 8760 - S, a = 0.02 (8760 - S); use under B is
              8760 - S + S - b = 8760 - b <= 0.97 8760, b = 262.8; S = a + b:
              S = 175.2 - 0.02 S + 262.8, S = 438 / 1.02 = 429.412
              a MWh saved costs 0.40, avoids 0.30 of coal: the use is worth mu; saving one more MWh also
              lowers the obligation by 0.02: 0.10 = mu (1 + 0.02), mu = 0.0980392
              white certificate mu per MWh; right to use mu / 0.3 = 0.326797 MCNY/ktce
              consumers pay a mu = 8.41984 for white certificates
    Fails if  one saving is counted in both markets (S would be 262.8), or the add-back is missing.
    """
    run = run_tiny(saving_system(), options(white_certificate_share=0.02, use_quota_share=0.97))
    saved = 438 / 1.02
    assert run.total("v_saving") == pytest.approx(saved)
    assert run.value("v_certified_use", "A", YEAR) == pytest.approx(262.8)
    mu = 0.10 / 1.02
    assert run.price("c_one_use_of_saving", "A", YEAR) == pytest.approx(mu)
    assert run.price("c_white_certificates", "A", YEAR) == pytest.approx(mu)
    assert run.price("c_use_rights", "A", YEAR) == pytest.approx(mu / TCE)
    assert run.paid(payer="consumers", product="white certificates") == pytest.approx(mu * (saved - 262.8))
    assert run.paid(payee="savers", product="savings certified") == pytest.approx(mu * 262.8)
    assert run.paid(payee="consumers", product="quota given free") == pytest.approx(mu * 0.97 * HOURS)
    assert worst_account(run.ledger)[0] < 1e-9


@pytest.mark.covers("c_white_claim", "c_use_claim")
def test_a_double_claim_halves_the_effort_and_shows_what_is_claimed_twice():
    """Proves    without the one-use rule one MWh serves both markets, and the overlap is measured exactly.

    System    as above.
    By hand   b = 262.8 as before, a = 0.02 (8760 - S), S = max(a, b) = 262.8: a = 169.944
              claimed twice: a + b - S = 169.944 GWh
    Fails if  the defect is not there, or another overlap than the smallest is reported.
    """
    run = run_tiny(
        saving_system(),
        options(
            white_certificate_share=0.02,
            use_quota_share=0.97,
            double_claim=True,
            verification_cny_per_mwh=1.0,
        ),
    )
    assert run.total("v_saving") == pytest.approx(262.8)
    twice = 0.02 * (HOURS - 262.8)
    table = {row.indicator: row.value for f in active_of_indicators(run) for row in f.itertuples()}
    assert table["saving_claimed_twice"] == pytest.approx(twice / 1e3)
    assert worst_account(run.ledger)[0] < 1e-9


def active_of_indicators(run) -> list:
    return [frame for mechanism in run.active for frame in mechanism.indicators(run.results)]


@pytest.mark.covers("c_saving_target")
def test_one_market_saves_where_it_is_cheapest():
    """Proves    merged, the targets add up and the nation saves in the cheapest province.

    System    A and B, 8760 GWh each; A owes white certificates of 1 % of sales, B a quota of 99 %; one
              measure, 100 GWh of potential each, 0.40; coal costs 0.30 in A and 0.36 in B.
    By hand   separate: A saves S_A = 0.01 (8760 - S_A) = 86.7327, B 87.6:
              8760 (0.30 + 0.36) + 86.7327 0.10 + 87.6 0.04 = 5781.6 + 8.67327 + 3.504 = 5793.77727
              merged: target 0.01 (8760 - S_A) + 87.6; B saves its 100 at 0.04 each, A the rest:
              S_A = 87.6 - 0.01 S_A + 87.6 - 100, S_A = 75.2 / 1.01 = 74.4554
              5781.6 + 7.44554 + 4 = 5793.04554; a MWh certified is worth 0.10 / 1.01, a tce that over 0.3
    Fails if  the merged target is not the sum, or savings stay in their province.
    """
    system = saving_system(
        ("A", "B"), (100.0,), (0.40,), white=("A",), quota=("B",), fuel={"A": 0.30, "B": 0.36}
    )
    targets = dict(white_certificate_share=0.01, use_quota_share=0.99)
    separate = run_tiny(system, options(**targets))
    merged = run_tiny(system, options(**targets, merged=True))
    assert separate.objective == pytest.approx(5793.77727)
    assert merged.objective == pytest.approx(5793.04554)
    assert merged.price("c_saving_target", YEAR) == pytest.approx(0.10 / 1.01 / TCE)
    assert merged.objective <= separate.objective
    assert worst_account(merged.ledger)[0] < 1e-9


def test_what_is_missing_is_paid_for():
    """Proves    beyond the potential the payment is the price, and the treasury receives it.

    System    the first system with 100 GWh of potential, no sale of certificates but a quota of 97 %.
    By hand   262.8 - 100 = 162.8 GWh are missing, 48.84 ktce at 2 MCNY/ktce = 97.68
    Fails if  the system is infeasible, or missing rights are priced by the MWh.
    """
    run = run_tiny(saving_system(potential=(100.0,)), options(use_quota_share=0.97))
    assert run.value("v_short_use", "A", YEAR) == pytest.approx(162.8)
    assert run.price("c_use_rights", "A", YEAR) == pytest.approx(2.0)
    assert run.paid(payee="state", product="missing rights") == pytest.approx(97.68)
    assert worst_account(run.ledger)[0] < 1e-9


def test_a_saving_lowers_the_peak():
    """Proves    savings at the peak, with its margin, spare firm capacity.

    System    1 GW of demand, peak 1 GW with a margin of 10 %; coal of 1 GW stands, gas may be built at 500
              MCNY/GW-yr and 0.9 MCNY/GWh; 0.1 GW must be built or saved; 876 GWh of flat saving at 0.50
              (coal 0.30).
    By hand   a GWh/yr saved spares 1.1 / 8760 GW, 500 1.1 / 8760 = 0.062785, and 0.30 of coal: 0.50 > 0.363
              no saving; with gas at 2000 MCNY/GW-yr: 0.25114 + 0.30 > 0.50: saving covers the 0.1 GW:
              0.1 / 1.1 8760 = 796.36 GWh
    Fails if  the saving does not count for the peak, or counts without the margin.
    """

    def saved(annuity: float) -> float:
        system = saving_system(
            potential=(876.0,), cost=(0.50,), peak={("A", YEAR): 1.0}, adequacy_margin=0.10
        )
        system = with_gas(system, annuity)
        return run_tiny(system, options()).total("v_saving")

    assert saved(500.0) == pytest.approx(0.0)
    assert saved(2000.0) == pytest.approx(0.1 / 1.1 * HOURS)


def with_gas(system, annuity: float):
    """1 GW of coal that counts in full, and gas that may be built."""
    from dataclasses import replace

    gas = ("A", "gas")
    return replace(
        system,
        fleets=(*system.fleets, gas),
        buildable=frozenset([gas]),
        surviving={("A", "coal", YEAR): 1.0},
        life={**system.life, "gas": 30},
        emission_factor={**system.emission_factor, "gas": 0.0},
        own_use={**system.own_use, "gas": 0.0},
        renewable_class={**system.renewable_class, "gas": "none"},
        group={**system.group, "gas": "gas"},
        availability={**system.availability, ("A", "gas", 0): 1.0},
        fuel_cost={**system.fuel_cost, ("A", "gas", YEAR): 0.9},
        annuity={**system.annuity, ("gas", YEAR): annuity},
        credit={("coal", YEAR): 1.0, ("gas", YEAR): 1.0},
    )


def test_a_measure_lives_as_long_as_it_is_said_to():
    """Proves    what is installed is paid for and saves until its life ends.

    System    2030 and 2035, one year each... spans of five and one; life of 10 years; saving at 0.20 < 0.30.
    By hand   installed once, 500 GWh in both years.
    Fails if  a measure is installed anew in each planning year, or ends with its own.
    """
    years = (2030, 2035)
    system = tiny(
        {("A", y): [1.0] for y in years},
        {"coal": dict(existing={"A": 3.0}, fuel=0.30)},
        years=years,
        policy=saving_system().policy
        | {
            "saving_potential": {("A", "m0", y): 500.0 for y in years},
            "saving_cost": {("m0",): 0.20},
        },
    )
    run = run_tiny(system, options())
    assert [run.value("v_saving", "A", "m0", y) for y in years] == pytest.approx([500.0, 500.0])
    assert run.total("v_install") == pytest.approx(500.0)


@pytest.mark.parametrize("basis", ["calorific", "coal_equivalent"])
def test_the_basis_of_standard_coal_moves_no_energy(basis):
    """Proves    tce is a unit: the same plan, prices per tce in inverse proportion to the factor.

    By hand   right to use: (0.10 / 1) / factor.
    """
    run = run_tiny(saving_system(), options(use_quota_share=0.97, tce_basis=basis))
    factor = {"calorific": 0.1229, "coal_equivalent": TCE}[basis]
    assert run.total("v_saving") == pytest.approx(262.8)
    assert run.price("c_use_rights", "A", YEAR) == pytest.approx(0.10 / factor)


def test_stricter_targets_never_lower_the_objective():
    found = [
        run_tiny(saving_system(), options(white_certificate_share=x, use_quota_share=1 - x)).objective
        for x in (0.0, 0.01, 0.02, 0.04)
    ]
    assert found == sorted(found)


def test_no_pilot_is_an_error():
    active = active_of(options())
    assert "saving_pilots.csv" in active[0].check(saving_system(white=(), quota=()))[0]


def test_zero_profit_with_savings():
    """Stores and plants break even where savings and obligations on consumption are on."""
    system = with_gas(saving_system(peak={("A", YEAR): 1.2}), 500.0)
    run = run_tiny(system, options(white_certificate_share=0.02, use_quota_share=0.97))
    frame = zero_profit(run.results, run.active)
    assert len(frame) == 1
    assert worst_residual(frame) < 1e-9


@pytest.mark.covers("c_saving_credit")
def test_savings_become_allowances():
    """Proves    a saving converts at tce per MWh times CO2 per tce, once, and carbon pays who saves.

    System    the first system: coal emits 0.8 kt/GWh, 8760 GWh; cap 6500 kt; 500 GWh of saving at 0.40,
              0.3 tce/MWh.
    By hand   a GWh saved avoids 0.8 kt and, converted, counts 0.3 2.6 = 0.78 kt: 1.58 kt of relief
              excess 0.8 8760 - 6500 = 508 kt, S = 508 / 1.58 = 321.519 GWh
              tau: 0.40 = 0.30 + 1.58 tau, tau = 0.0632911; savers are paid 0.78 S tau = 15.8725
    Fails if  the factor is another, or the credit is not paid out.
    """
    run = run_tiny(
        saving_system(),
        options(carbon_linkage=True)
        | {"carbon": dict(instrument="cap", cap_mt=6.5, covered=["coal"], allocation="auction")},
    )
    saved, tau = 508 / 1.58, 0.10 / 1.58
    assert run.total("v_saving") == pytest.approx(saved)
    assert float(run.results.price("c_allowances").max()) == pytest.approx(tau)
    assert run.paid(payee="savers", product="savings converted") == pytest.approx(0.78 * saved * tau)
    assert worst_account(run.ledger)[0] < 1e-9


def test_a_saving_under_a_quota_is_not_converted_too():
    """Proves    one use: what serves the quota cannot become an allowance.

    System    as above with a quota of 97 % (262.8 GWh to certify).
    By hand   S = 262.8 + k, 0.8 S + 0.78 k = 508: 1.58 k = 508 - 210.24, k = 188.456
    Fails if  the same saving serves both.
    """
    run = run_tiny(
        saving_system(),
        options(carbon_linkage=True, use_quota_share=0.97)
        | {"carbon": dict(instrument="cap", cap_mt=6.5, covered=["coal"], allocation="auction")},
    )
    assert run.total("v_converted") == pytest.approx((508 - 210.24) / 1.58)
    assert run.total("v_saving") == pytest.approx(262.8 + (508 - 210.24) / 1.58)


@pytest.mark.covers("c_excluded")
def test_certificates_leave_metered_use():
    """Proves    green certificates that the province uses are not metered use.

    System    the first system with 200 GWh of sun a year; quota 97 %: 262.8 GWh to find.
    By hand   the obligation to use all of the sun's certificates (weight 200 / 8760) leaves 62.8 to be saved.
    Fails if  the exclusion has no effect, or goes beyond certificates in use.
    """
    from dataclasses import replace

    system = saving_system(
        policy={"weight_total": {("A", YEAR): 0.01}, "weight_nonhydro": {("A", YEAR): 0.01}}
    )
    sun = ("A", "sun")
    system = replace(
        system,
        fleets=(*system.fleets, sun),
        surviving={**system.surviving, ("A", "sun", YEAR): 200 / HOURS},
        life={**system.life, "sun": 30},
        emission_factor={**system.emission_factor, "sun": 0.0},
        own_use={**system.own_use, "sun": 0.0},
        renewable_class={**system.renewable_class, "sun": "nonhydro"},
        group={**system.group, "sun": "solar"},
        availability={**system.availability, ("A", "sun", 0): 1.0},
    )
    with_rule = options(use_quota_share=0.97, exclude_renewables=True)
    run = run_tiny(system, with_rule | {"green_certificates": dict(trade="none")})
    assert run.total("v_excluded") == pytest.approx(200.0)
    assert run.total("v_saving") == pytest.approx(62.8)
