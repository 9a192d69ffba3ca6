"""Lines: congestion, losses, expansion; adequacy across them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.data.system import Corridor
from tests.tiny import run_tiny, tiny

YEAR = 2030


def two_buses(line_gw: float, **more):
    """A: coal at 0.20, demand 0.5; B: gas at 0.50, demand 1.0; loss 5 %, A's export tariff 0.03."""
    return tiny(
        {("A", YEAR): [0.5], ("B", YEAR): [1.0]},
        {
            "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=0.20),
            "gas": dict(provinces=["B"], existing={"B": 3.0}, fuel=0.50),
        },
        corridors=(Corridor("A-B", ("A", "B"), loss=0.05, annuity=100.0),),
        line_capacity={("A-B", YEAR): line_gw},
        export_tariff={"A": 0.03},
        **more,
    )


@pytest.mark.covers("c_flow_max", "c_balance")
def test_a_congested_line_earns_the_difference_of_prices():
    """Proves    (1 - loss) price B - price A = wheeling + congestion rent.

    System    `two_buses` with 0.3 GW.
    By hand   0.3 sent, 0.285 received: 8760 (0.20 0.8 + 0.50 0.715 + 0.03 0.3) = 8760 0.5265 = 4612.14
              prices 0.20 and 0.50; rent 0.95 0.50 - 0.20 - 0.03 = 0.245
              of the objective the tariff, 8760 0.009 = 78.84, is a transfer
    Fails if  losses are on the sender or missing, or the tariff counts as a resource.
    """
    run = run_tiny(two_buses(0.3))
    assert run.objective == pytest.approx(4612.14)
    assert run.price("c_balance", "A", YEAR, 0) == pytest.approx(0.20)
    assert run.price("c_balance", "B", YEAR, 0) == pytest.approx(0.50)
    assert run.price("c_flow_max", "A-B", YEAR, 0) == pytest.approx(0.245)
    assert run.cost("transfer") == pytest.approx(78.84)


@pytest.mark.covers("c_flow_max")
def test_a_free_line_ties_the_prices():
    """Proves    without congestion B pays what A does, the tariff and the losses.

    System    `two_buses` with 2 GW.
    By hand   B's price (0.20 + 0.03) / 0.95; 8760 (0.20 0.5 + 0.23 / 0.95) = 2996.8421
    Fails if  losses or tariff are lost on the way.
    """
    run = run_tiny(two_buses(2.0))
    assert run.price("c_balance", "B", YEAR, 0) == pytest.approx(0.23 / 0.95)
    assert run.objective == pytest.approx(8760 * (0.10 + 0.23 / 0.95))


@pytest.mark.covers("c_line_capacity", "c_line_limit")
def test_a_line_is_added_up_to_its_limit():
    """Proves    new line capacity is built while its rent exceeds its annuity, half paid at each end.

    System    `two_buses` with 0.3 GW, 0.5 GW may be added at 100 MCNY/GW-yr.
    By hand   the rent 8760 0.245 = 2146.2 exceeds 100: 0.5 GW are added, the limit is worth 2046.2
              0.8 sent, 0.76 received: 8760 (0.20 1.3 + 0.50 0.24 + 0.03 0.8) + 50 = 3539.04 + 50 = 3589.04
              the row of capacity shows 2146.2 less the 100 that a GW in it is charged
    Fails if  the annuity is paid at both ends (3639.04) or on the old line.
    """
    run = run_tiny(two_buses(0.3, line_limit={"A-B": 0.5}))
    assert run.objective == pytest.approx(3589.04)
    assert run.value("v_line_capacity", "A-B", YEAR) == pytest.approx(0.8)
    assert run.dual("c_line_limit", "A-B") == pytest.approx(-2046.2)
    assert run.dual("c_line_capacity", "A-B", YEAR) == pytest.approx(-2046.2)
    assert [run.value("v_cost_lines", r, YEAR) for r in "AB"] == pytest.approx([25.0, 25.0])


def short_of_capacity(**more):
    """Peaks of 1 GW in A and B, no energy; new coal at 100 MCNY/GW-yr in A, new gas at 160 in B; 0.3 GW of
    line with a loss of 10 %."""
    return tiny(
        {("A", YEAR): [0.0], ("B", YEAR): [0.0]},
        {
            "coal": dict(provinces=["A"], build=True, annuity=100.0, credit=1.0),
            "gas": dict(provinces=["B"], build=True, annuity=160.0, credit=1.0),
        },
        corridors=(Corridor("A-B", ("A", "B"), loss=0.10),),
        line_capacity={("A-B", YEAR): 0.3},
        peak={("A", YEAR): 1.0, ("B", YEAR): 1.0},
        **more,
    )


@pytest.mark.covers("c_adequacy", "c_firm_max")
def test_firm_imports_count_for_one_receiver():
    """Proves    capacity is credited once, lines carry it with losses, and its dual is the capacity price.

    System    `short_of_capacity`.
    By hand   A builds 1.3 and sends 0.3, B receives 0.27 and builds 0.73: 130 + 116.8 = 246.8
              capacity prices 100 and 160, line 0.9 160 - 100 = 44 MCNY/GW-yr
    Fails if  a GW serves both ends (1.0 + 0.73: 216.8) or a line carries no firm power (260).
    """
    run = run_tiny(short_of_capacity())
    assert run.objective == pytest.approx(246.8)
    assert run.price("c_adequacy", "A", YEAR) == pytest.approx(100.0)
    assert run.price("c_adequacy", "B", YEAR) == pytest.approx(160.0)
    assert run.price("c_firm_max", "A-B", YEAR) == pytest.approx(44.0)


@pytest.mark.covers("c_adequacy")
def test_missing_capacity_is_a_priced_slack():
    """Proves    margin and credit scale the need, and it may stay unmet at a price.

    System    `short_of_capacity` with 10 % margin, coal credited 0.8, slack 110 MCNY/GW-yr.
    By hand   a credited GW of coal costs 100 / 0.8 = 125 > 110: nothing is built, 2 1.1 110 = 242
    Fails if  margin or credit is ignored.
    """
    system = short_of_capacity(adequacy_margin=0.1, adequacy_slack_price=110.0)
    run = run_tiny(replace(system, credit={("coal", YEAR): 0.8, ("gas", YEAR): 1.0}))
    assert run.objective == pytest.approx(242.0)
    assert run.price("c_adequacy", "B", YEAR) == pytest.approx(110.0)
