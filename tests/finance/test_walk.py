"""Income of projects adds up to the ledger: every line, fleet and year, under every mechanism."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from picmodel.finance.terms import FinanceTerms
from picmodel.finance.walk import OWN_COST, SETTLED, UNSAID, lines_of, reconciled, walk, worst_difference
from picmodel.formulation.held import LEAST_GW, LOWER_END, held_at
from picmodel.markets.registry import settling
from tests.finance.conftest import EXAMPLE
from tests.markets.test_ccs import carbon, new_plants
from tests.markets.test_green_certificates_uses import two_provinces
from tests.markets.test_linkage import NEW, YEAR, linked
from tests.tiny import TinyRun, run_tiny
from tests.valued import plant, with_plants
from tests.whole import EVERYTHING, whole_system

MARKET = EVERYTHING["ccer"] | {"power": dict(dispatch="priority", planned_share=0.4, capacity="market")}
OLD_WIND = dict(existing={"A": 0.1}, **NEW)
CCER = dict(trade="none", carbon_linkage="ccer")


def grandfathered():
    """Coal, half of it new, under a cap of which the old fleet is given four fifths."""
    data = with_plants(
        {("A", YEAR): [1.0]},
        {
            "coal": plant(1000.0, 0.05, 20, existing={"A": 0.4}, fuel=0.20, emission=1.0),
            "gas": plant(100.0, 0.05, 20, fuel=0.45, emission=0.4),
        },
    )
    options = dict(instrument="cap", cap_mt=7.0, allocation="grandfathering", auction_share=0.2)
    return data, {"carbon": options}


#: what the sets of options that switch on everything leave at zero, in systems worked by hand elsewhere
CASES = {
    **{name: (whole_system, options) for name, options in EVERYTHING.items()},
    "market": (whole_system, MARKET),
    "ccer of new plants": (
        lambda: linked(OLD_WIND),
        {
            "carbon": dict(instrument="price", price_cny_per_t=80),
            "green_certificates": CCER | dict(eligible_from=YEAR),
        },
    ),
    "ccer of all plants": (
        lambda: linked(dict(existing={"A": 0.2}), 0.1),
        {
            "carbon": dict(instrument="price", price_cny_per_t=80, offset_limit_share=1.0),
            "green_certificates": CCER | dict(eligible_from=None),
        },
    ),
    "bundled": (lambda: two_provinces(line=0.2), {"green_certificates": dict(trade="bundled")}),
    "sold in part, old": (
        lambda: two_provinces(0.25),
        {"green_certificates": dict(trade="national", tradable="rules", untradable_owner="consumers")},
    ),
    "sold in part, new": (
        lambda: two_provinces(build=True),
        {"green_certificates": dict(trade="national", cfd_volume_share={"wind": 0.75})},
    ),
    "capture": (new_plants, {"ccs": dict(injection_limit_mt=3.942), "carbon": carbon(400)}),
    "grandfathered": (lambda: grandfathered()[0], grandfathered()[1]),
}


@pytest.fixture(scope="module")
def runs() -> dict[str, TinyRun]:
    return {name: run_tiny(system(), options) for name, (system, options) in CASES.items()}


@pytest.fixture(scope="module")
def tables(runs) -> dict[str, pd.DataFrame]:
    """Lines beside the ledger, of every case."""
    return {name: reconciled(run.results, settling(run.active), run.ledger) for name, run in runs.items()}


@pytest.mark.parametrize("name", CASES)
def test_income_by_line_is_what_the_ledger_pays(name, tables):
    """Proves    for every fleet and year each line of income, times the capacity that earns it, is the money
              of its entries; nothing that the ledger pays plants is in no line.

    System    everything on, in four sets of options, and hand-worked systems for what these leave at zero.
    Fails if  a line and its entries use another price, quantity, share of vintages or sign: starts that emit
              were once left out of the rent of certificates as allowances, and of emissions held.
    """
    assert len(tables[name])
    assert worst_difference(tables[name]) < 1e-9
    assert not (tables[name]["line"] == UNSAID).any()


def test_held_plants_are_paid_as_the_ledger_says(runs):
    """The same with capacities held a little above what another run found, under the same markets."""
    plan = runs["price"]
    held = held_at(plan.data, plan.results.capacities("plan", LEAST_GW), LOWER_END)
    run = run_tiny(held, EVERYTHING["price"])
    assert worst_difference(reconciled(run.results, settling(run.active), run.ledger)) < 1e-9


def test_every_line_has_money_in_some_case(runs, tables):
    """A line that is zero everywhere proves nothing; a line without entries is a plant's own cost."""
    whole = pd.concat(tables.values())
    largest = whole.groupby("line")["ledger_mcny"].agg(lambda money: money.abs().max())
    assert set(largest.index) == set(SETTLED)
    assert float(largest.min()) > 1e-3
    for run in runs.values():
        assert set(lines_of(settling(run.active), run.results)) <= {*SETTLED, *OWN_COST}


def test_a_wrong_entry_shows(runs):
    """The check has teeth: one per cent more for one fleet's energy, or an entry that no line knows."""
    run = runs["bundled"]
    mechanisms, ledger = settling(run.active), run.ledger.copy()
    row = ledger.index[(ledger["payee"] == "generators") & (ledger["product"] == "energy")][0]
    ledger.loc[row, "amount"] *= 1.01
    assert worst_difference(reconciled(run.results, mechanisms, ledger)) > 1e-3
    ledger = run.ledger.copy()
    ledger.loc[row, "product"] = "a gift"
    table = reconciled(run.results, mechanisms, ledger)
    assert (table["line"] == UNSAID).sum() == 1


def test_old_plants_have_their_own_share(runs):
    """Grandfathering, by hand: 7000 kt, four fifths to 0.4 GW of old coal, none to a project.

    Per GW old coal gets price x 5600 / 0.4, and pays price x 8760 like a new one.
    """
    run = runs["grandfathered"]
    price = run.price("c_allowances", "CN", YEAR)
    new, old = (
        float(lines_of(settling(run.active), run.results, of_old)["carbon"].sel(technology="coal").squeeze())
        for of_old in (False, True)
    )
    assert price > 0.01
    assert old - new == pytest.approx(price * 5600.0 / run.value("v_exist", "A", "coal", YEAR))


@pytest.fixture(scope="module")
def valued() -> TinyRun:
    """`whole_system` with outlays, everything on as in ``price``."""
    data = whole_system(
        capex={(g, v): 6000.0 for g in ("wind", "sun") for v in (2025, 2030, 2035)},
        wacc={"wind": 0.06},
        construction={"wind": 2},
    )
    return run_tiny(data, EVERYTHING["price"])


@pytest.mark.parametrize("year", [2030, 2035])
def test_lines_of_a_project_add_up_to_its_cash_flow(year, valued):
    """Proves    income by line less own cost is the real cash flow; nominal parts add up to their sums.

    System    `valued`; wind of 2030 in B, in both years in which it stands.
    Fails if  a line is left out of the cash flow, or a column counts twice.
    """
    terms = FinanceTerms(**EXAMPLE)
    table = walk(valued.results, settling(valued.active), valued.ledger, terms, ("B", "wind", 2030), year)
    step = table.groupby("step")["mcny_per_gw"].sum()
    of = table.set_index(["step", "item"])["mcny_per_gw"]
    assert step["income"] + step["own cost"] == pytest.approx(step["pre-tax"])
    for name in ("post-tax", "equity"):
        total = of[name].iloc[-1]
        assert of[name].iloc[:-1].sum() == pytest.approx(total)
    inflated = step["pre-tax"] * (1.0 + EXAMPLE["inflation_share"]) ** (year - 2030 + 1)
    assert of["equity", "income"] + of["equity", "opex"] == pytest.approx(inflated)
    assert np.nanmax(table["difference_mcny"].abs()) < 1e-6
    fleet, ledger = table["fleet_mcny"].sum(), table["ledger_mcny"].sum()
    assert fleet == pytest.approx(ledger)
