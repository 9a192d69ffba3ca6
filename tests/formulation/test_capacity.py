"""What is built, kept and retired, and what its limits are worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tiny import differences, run_tiny, tiny


def screening():
    return tiny(
        {("A", 2030): [1.0, 0.7, 0.4]},
        hours=[1000.0, 3000.0, 4760.0],
        technologies={
            "base": dict(build=True, annuity=700.0, fom=100.0, fuel=0.10, emission=0.9),
            "peaker": dict(build=True, annuity=200.0, fuel=0.40, emission=0.5),
        },
    )


@pytest.mark.covers(
    "c_capacity",
    "c_output_max",
    "c_balance",
    "c_annual_generation",
    "c_emissions",
    "c_fleet_emissions",
    "c_consumption",
)
def test_screening_curve_splits_a_load_duration_curve():
    """Proves    each load band goes to the technology that is cheapest at its hours.

    System    1 province; 1.0 GW for 1000 h, 0.7 for 3000 h, 0.4 for 4760 h; base 800 MCNY/GW-yr
              (annuity 700, fixed O&M 100) and 0.10 MCNY/GWh, peaker 200 and 0.40.
    By hand   the lines cross at (800 - 200) / (0.40 - 0.10) = 2000 h: the bands of 8760 and 4000 h are
              base (0.7 GW), that of 1000 h peaker (0.3 GW)
              base output 0.7 1000 + 0.7 3000 + 0.4 4760 = 4704 GWh, peaker 0.3 1000 = 300 GWh
              cost 0.7 800 + 0.10 4704 + 0.3 200 + 0.40 300 = 560 + 470.4 + 60 + 120 = 1210.4
              prices: peaker 0.40 + 200 / 1000 = 0.60; base pays 800 = 1000 (0.60 - 0.10) + 3000 (p - 0.10),
              p = 0.20; 0.10 below
              emissions 0.9 4704 + 0.5 300 = 4383.6 kt
    Fails if  one technology takes all (base 800 + 500.4 = 1300.4), fixed O&M or hour weights are lost.
    """
    run = run_tiny(screening())
    assert run.objective == pytest.approx(1210.4)
    assert run.value("v_build", "A", "base", 2030) == pytest.approx(0.7)
    assert run.value("v_capacity", "A", "peaker", 2030) == pytest.approx(0.3)
    assert run.value("v_annual_generation", "A", "base", 2030) == pytest.approx(4704.0)
    assert run.value("v_emissions", "A", 2030) == pytest.approx(4383.6)
    assert run.value("v_consumption", "A", 2030) == pytest.approx(5004.0)
    assert [run.price("c_balance", "A", 2030, t) for t in range(3)] == pytest.approx([0.60, 0.20, 0.10])
    assert run.cost("resource") == pytest.approx(1210.4)


@pytest.mark.parametrize("t", [0, 1, 2])
def test_price_is_the_slope_of_the_objective(t):
    """Proves    the dual of a balance is d objective / d demand, both ways, where it is unique.

    System    the screening curve.
    By hand   dual = price x weight: 0.60 1000 = 600, 0.20 3000 = 600, 0.10 4760 = 476.
    Fails if  duals are signed or scaled otherwise.
    """
    run = run_tiny(screening())
    by_hand = [600.0, 600.0, 476.0][t]
    left, right = differences(run, "c_balance", "A", 2030, t)
    assert run.dual("c_balance", "A", 2030, t) == pytest.approx(by_hand)
    assert left == pytest.approx(by_hand, rel=1e-6)
    assert right == pytest.approx(by_hand, rel=1e-6)


def test_degenerate_price_lies_between_its_differences():
    """Proves    where demand just fills a fleet, the dual is one of many and stays between the two slopes.

    System    1 GW of demand, 1 GW of old coal at 0.30, old gas at 0.60.
    By hand   one GWh less saves 0.30, one more costs 0.60.
    Fails if  a price outside both is reported.
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [1.0]},
            {"coal": dict(existing={"A": 1.0}, fuel=0.30), "gas": dict(existing={"A": 1.0}, fuel=0.60)},
        )
    )
    left, right = differences(run, "c_balance", "A", 2030, 0)
    assert (left / 8760, right / 8760) == pytest.approx((0.30, 0.60))
    assert 0.30 - 1e-9 <= run.price("c_balance", "A", 2030, 0) <= 0.60 + 1e-9


@pytest.mark.covers("c_balance")
def test_shortage_is_priced_at_lost_load():
    """Proves    what cannot be served is unserved at the value of lost load, and is not consumed.

    System    1.0 GW of demand, 0.8 GW of old coal at 0.30; lost load 20 MCNY/GWh.
    By hand   8760 (0.8 0.30 + 0.2 20) = 37142.4; price 20; consumption 0.8 8760 = 7008.
    Fails if  unserved energy is free, or counts as consumption.
    """
    run = run_tiny(tiny({("A", 2030): [1.0]}, {"coal": dict(existing={"A": 0.8}, fuel=0.30)}))
    assert run.objective == pytest.approx(37142.4)
    assert run.price("c_balance", "A", 2030, 0) == pytest.approx(20.0)
    assert run.value("v_consumption", "A", 2030) == pytest.approx(7008.0)


@pytest.mark.covers("c_keep")
def test_retire_or_keep():
    """Proves    an idle fleet leaves unless it may not, and what staying costs is the row's price.

    System    1 GW of demand, 2 GW of old coal at 0.30 MCNY/GWh, fixed O&M 100 MCNY/GW-yr.
    By hand   free: 1 GW stays, 2628 + 100 = 2728; kept: 2628 + 200 = 2828, the second GW costs 100.
    Fails if  retirement is not chosen, or fixed O&M of old plants is lost (2628).
    """
    system = tiny({("A", 2030): [1.0]}, {"coal": dict(existing={"A": 2.0}, fuel=0.30, fom=100.0)})
    free = run_tiny(system)
    assert free.objective == pytest.approx(2728.0)
    assert free.value("v_exist", "A", "coal", 2030) == pytest.approx(1.0)
    kept = run_tiny(replace(system, may_retire={"coal": False}))
    assert kept.objective == pytest.approx(2828.0)
    assert kept.price("c_keep", "A", "coal", 2030) == pytest.approx(100.0)


@pytest.mark.covers("c_retire")
def test_retired_capacity_does_not_come_back():
    """Proves    what will be needed again is mothballed at its fixed O&M, not retired.

    System    demand 1 GW in 2030 (five years) and 2 GW in 2035 (five years), no discounting; 3 GW of
              old coal at 0.30 with fixed O&M 100; new coal at 0.30 for 250 MCNY/GW-yr.
    By hand   the second GW: kept 5 100 + 5 100 = 1000, new 5 250 = 1250: it is kept
              cost 5 (200 + 200) + 0.30 8760 (5 1 + 5 2) = 2000 + 39420 = 41420
              a GW that came back would be worth the 500 of being idle
              price in 2035: 0.30 + (500 + 500) / (5 8760)
    Fails if  it can come back (40920) or is replaced (41670).
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [1.0], ("A", 2035): [2.0]},
            years=(2030, 2035),
            last_span=5,
            technologies={
                "old": dict(existing={"A": 3.0}, fuel=0.30, fom=100.0),
                "new": dict(build=True, fuel=0.30, annuity=250.0),
            },
        )
    )
    assert run.objective == pytest.approx(41420.0)
    assert run.dual("c_retire", "A", "old", 2035, 2030) == pytest.approx(-500.0)
    assert run.price("c_balance", "A", 2035, 0) == pytest.approx(0.30 + 1000 / (5 * 8760))


@pytest.mark.covers("c_capacity")
def test_two_periods_of_unequal_span_and_a_discount_rate():
    """Proves    a vintage pays its annuity in every year it stands, weighted by span and discount.

    System    demand 1.0 GW in 2025 (one year) and 0.4 GW in 2026 (two years), rate 0.25:
              D = 1 and 0.8 + 0.64 = 1.44; old plant at 0.05 MCNY/GWh (438 MCNY/GW-yr when it runs all
              year); new plant without fuel, 200 MCNY/GW-yr.
    By hand   0.4 GW save 438 2.44 and cost 200 2.44: built.  The other 0.6 GW save 438 once and cost
              200 2.44 = 488: not built (at D = 1 and 0.8 they would be: 360)
              cost 0.4 488 + 0.6 438 = 195.2 + 262.8 = 458.0
              price 2025 0.05; 2026: (438 - 200) 1 + (8760 p - 200) 1.44 = 0, 8760 p = 200 - 238 / 1.44
    Fails if  spans, discount or the annuity of 2026 are lost.
    """
    run = run_tiny(
        tiny(
            {("A", 2025): [1.0], ("A", 2026): [0.4]},
            years=(2025, 2026),
            last_span=2,
            rate=0.25,
            technologies={
                "old": dict(existing={"A": 2.0}, fuel=0.05),
                "new": dict(build=True, annuity=200.0),
            },
        )
    )
    assert run.objective == pytest.approx(458.0)
    assert run.value("v_build", "A", "new", 2025) == pytest.approx(0.4)
    assert run.price("c_balance", "A", 2025, 0) == pytest.approx(0.05)
    assert run.price("c_balance", "A", 2026, 0) == pytest.approx((200 - 238 / 1.44) / 8760)


@pytest.mark.covers("c_capacity")
@pytest.mark.parametrize(("life", "again"), [(5, 1.0), (6, 0.0)])
def test_life_ends_before_the_year_it_reaches(life, again):
    """Proves    a plant of 2025 stands in 2030 only if its life is more than five years.

    System    1 GW of demand in 2025 and 2030; one technology without fuel, 300 MCNY/GW-yr.
    By hand   v <= y < v + life: with five years 1 GW is built again, with six none.
    Fails if  the last year is counted twice or lost.
    """
    run = run_tiny(
        tiny(
            {("A", 2025): [1.0], ("A", 2030): [1.0]},
            years=(2025, 2030),
            last_span=5,
            technologies={"new": dict(build=True, annuity=300.0, life=life)},
        )
    )
    assert run.value("v_build", "A", "new", 2030) == pytest.approx(again)
    assert run.objective == pytest.approx(3000.0)


def one_year(**limits):
    """1 GW of demand; old plant at 0.05 MCNY/GWh (438 MCNY/GW-yr), wind at 200, nuclear at 600; D = 2."""
    return tiny(
        {("A", 2030): [1.0]},
        last_span=2,
        technologies={
            "old": dict(existing={"A": 2.0}, fuel=0.05),
            "wind": dict(build=True, annuity=200.0),
            "nuclear": dict(build=True, annuity=600.0),
        },
        **limits,
    )


@pytest.mark.covers("c_potential", "c_build_limit", "c_committed")
@pytest.mark.parametrize(
    ("limits", "row", "cost", "rent"),
    [
        (dict(potential={("A", "wind"): 0.3}), "c_potential", 2 * (0.3 * 200 + 0.7 * 438), 238.0),
        (dict(build_limit={("A", "wind", 2030): 0.3}), "c_build_limit", 2 * (0.3 * 200 + 0.7 * 438), 476.0),
        (dict(committed={("A", "nuclear", 2030): 0.4}), "c_committed", 2 * (0.4 * 600 + 0.6 * 200), 800.0),
    ],
)
def test_limits_on_building_and_their_rents(limits, row, cost, rent):
    """Proves    sites, build rates and commitments bind, and their duals are rents.

    System    see `one_year`.
    By hand   0.3 GW of wind: 2 (0.3 200 + 0.7 438) = 733.2; one more site saves 438 - 200 = 238 a year,
              one more GW of build rate 2 238 = 476
              0.4 GW of nuclear that must be finished: 2 (0.4 600 + 0.6 200) = 720, it loses
              2 (600 - 200) = 800 per GW against wind
    Fails if  a limit is ignored (all wind: 400), or the rents mix years and spans.
    """
    run = run_tiny(one_year(**limits))
    assert run.objective == pytest.approx(cost)
    technology = "nuclear" if row == "c_committed" else "wind"
    assert run.price(row, "A", technology, 2030) == pytest.approx(rent)


@pytest.mark.covers("c_potential")
def test_sites_hold_old_and_new_capacity_together():
    """Proves    potential bounds what stands, not what is added.

    System    0.2 GW of old wind on 0.5 GW of sites, more wind at 200 MCNY/GW-yr against 438.
    By hand   0.3 GW are added: 0.3 200 + 0.5 438 = 279.
    Fails if  only additions count (0.5 added: 0.5 200 + 0.3 438 = 231.4).
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [1.0]},
            {
                "old": dict(existing={"A": 2.0}, fuel=0.05),
                "wind": dict(build=True, existing={"A": 0.2}, annuity=200.0),
            },
            potential={("A", "wind"): 0.5},
        )
    )
    assert run.objective == pytest.approx(279.0)


@pytest.mark.covers("c_national_build_limit")
def test_national_build_rate_goes_where_it_saves_most():
    """Proves    provinces share one national rate.

    System    A: 0.3 GW of demand, old plant at 0.05 (438 MCNY/GW-yr); B: 1.0 GW, old plant at 0.04
              (350.4); wind at 200 in both, together at most 0.5 GW.
    By hand   0.3 GW in A, 0.2 GW in B: 0.5 200 + 0.8 350.4 = 380.32
              one more GW is worth 350.4 - 200 = 150.4; A's price falls to (200 + 150.4) / 8760 = 0.04
    Fails if  the rate is per province (0.3 + 0.5 GW).
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [0.3], ("B", 2030): [1.0]},
            {
                "old": dict(existing={"A": 2.0, "B": 2.0}, fuel={"A": 0.05, "B": 0.04}),
                "wind": dict(build=True, annuity=200.0),
            },
            national_build_limit={("wind", 2030): 0.5},
        )
    )
    assert run.objective == pytest.approx(380.32)
    assert run.price("c_national_build_limit", "wind", 2030) == pytest.approx(150.4)
    assert run.price("c_balance", "A", 2030, 0) == pytest.approx(0.04)


@pytest.mark.covers("c_keep", "c_committed")
def test_the_past_builds_what_was_committed_and_retires_nothing():
    """Proves    before the present year nothing is decided.

    System    years 2025 (past, five years) and 2030 (five years), no discounting; 1 GW of demand; 2 GW of
              old plant at 0.05 (438 MCNY/GW-yr) with fixed O&M 10; wind at 200, 0.1 GW committed for 2025.
    By hand   2025: 0.1 GW of wind and all old plant: 0.1 200 + 0.9 438 + 2 10 = 434.2
              2030: wind alone, old plant gone: 200
              5 (434.2 + 200) = 3171
    Fails if  wind is built in 2025 (2000), or the idle GW leaves early.
    """
    run = run_tiny(
        tiny(
            {("A", 2025): [1.0], ("A", 2030): [1.0]},
            years=(2025, 2030),
            last_span=5,
            present_year=2026,
            technologies={
                "old": dict(existing={"A": 2.0}, fuel=0.05, fom=10.0, remaining=100),
                "wind": dict(build=True, annuity=200.0),
            },
            committed={("A", "wind", 2025): 0.1},
            build_limit={("A", "wind", 2025): 0.1},
        )
    )
    assert run.objective == pytest.approx(3171.0)


def test_a_span_of_equal_years_split_in_two_changes_nothing():
    """Proves    spans carry weight and nothing else.

    System    the screening curve for ten years at 5 %, as one planning year or as two of five.
    By hand   D over ten years is the sum of D over both halves:
              1210.4 sum_{i<10} 1.05^-i both ways.
    Fails if  spans overlap or leave a gap, or annuities are paid once per vintage.
    """

    def years(*years, last_span):
        return run_tiny(
            tiny(
                {("A", y): [1.0, 0.7, 0.4] for y in years},
                hours=[1000.0, 3000.0, 4760.0],
                years=years,
                last_span=last_span,
                rate=0.05,
                technologies={
                    "base": dict(build=True, annuity=700.0, fom=100.0, fuel=0.10),
                    "peaker": dict(build=True, annuity=200.0, fuel=0.40),
                },
            )
        ).objective

    expected = 1210.4 * sum(1.05**-i for i in range(10))
    assert years(2030, last_span=10) == pytest.approx(expected)
    assert years(2030, 2035, last_span=5) == pytest.approx(expected)


def test_ten_times_all_costs_leave_the_plan_alone():
    """Proves    the plan does not depend on the unit of money.

    System    the screening curve with every cost times ten.
    By hand   ten times 1210.4, the same capacities.
    Fails if  a cost is hidden in the model as a number.
    """
    run = run_tiny(
        tiny(
            {("A", 2030): [1.0, 0.7, 0.4]},
            hours=[1000.0, 3000.0, 4760.0],
            lost_load=200.0,
            technologies={
                "base": dict(build=True, annuity=7000.0, fom=1000.0, fuel=1.0),
                "peaker": dict(build=True, annuity=2000.0, fuel=4.0),
            },
        )
    )
    assert run.objective == pytest.approx(12104.0)
    assert run.value("v_build", "A", "base", 2030) == pytest.approx(0.7)
