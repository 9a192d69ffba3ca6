"""The beneficiary pays: what a province owes for the emissions of the power it uses."""

from __future__ import annotations

import numpy as np
import pytest

from picmodel.data.system import Corridor
from picmodel.settlement.ledger import worst_account
from tests.tiny import compile_tiny, run_tiny, tiny

YEAR = 2030
HOURS = 8760
CARBON = {"carbon": dict(instrument="price", price_cny_per_t=100, covered=["coal"])}


def sender_and_receiver():
    """A has coal of 0.8 kt/GWh at 0.30 and no demand; B uses 0.9 GW from A over a line that loses 10 %."""
    return tiny(
        {("A", YEAR): [0.0], ("B", YEAR): [0.9]},
        {"coal": dict(provinces=["A"], existing={"A": 2.0}, fuel=0.30, emission=0.8)},
        corridors=(Corridor("A-B", ("A", "B"), loss=0.1),),
        line_capacity={("A-B", YEAR): 5.0},
        policy={"benchmark": {}},
    )


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_who_uses_the_power_pays_for_its_carbon(share):
    """Proves    the user bears its share of what a tonne costs; the producer is paid as much.

    System    as above, 100 CNY/t.
    By hand   A sends 1 GW: 0.8 8760 = 7008 kt, all consumed in B: 7008 0.1 = 700.8 MCNY in full, 40 %: 280.32
    Fails if  the payment is by production, at another price, or does not sum to zero.
    """
    run = run_tiny(sender_and_receiver(), {**CARBON, "responsibility": dict(consumer_share=share)})
    assert run.paid(product="emissions elsewhere", province="B") == pytest.approx(700.8 * share)
    assert run.paid(product="emissions elsewhere", province="A") == pytest.approx(-700.8 * share)
    assert worst_account(run.ledger)[0] < 1e-9


def test_decisions_do_not_see_it():
    """Proves    the LP is the same bit for bit."""
    with_it = compile_tiny(sender_and_receiver(), {**CARBON, "responsibility": {}})
    without = compile_tiny(sender_and_receiver(), CARBON)
    assert np.array_equal(with_it.matrix.data, without.matrix.data)
    assert np.array_equal(with_it.cost, without.cost)
    assert np.array_equal(with_it.row_upper, without.row_upper)


def test_without_a_price_nobody_pays():
    run = run_tiny(sender_and_receiver(), {"responsibility": {}})
    assert run.paid(product="emissions elsewhere") == 0.0
