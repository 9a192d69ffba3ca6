"""The ledger against the matrix: what each party is paid is dual x coefficient x activity of its columns.

The ledger is put together from prices and quantities by each mechanism.  Here the same money comes from the
compiled LP alone: for a market row and the columns of one kind, the sum of dual x coefficient x value.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from picmodel.report.market_words import LEDGER, PRODUCTS
from picmodel.settlement.ledger import is_account, position, unbalanced, worst_account
from tests.tiny import TinyRun, run_tiny
from tests.whole import EVERYTHING, whole_system

#: sets of options; the last one pays capacity at the price of adequacy
MARKET = EVERYTHING["ccer"] | {"power": dict(dispatch="priority", planned_share=0.4, capacity="market")}
SETS = {**EVERYTHING, "market": MARKET}

#: (row family, column families, payer, payee): money of the columns is what the payer pays the payee.
#: An account is named by its kind; "+" joins parties; the second half of a pair is paid the other way.
CLAIMS = [
    ("c_balance", ("v_generation",), "energy", "generators"),
    ("c_balance", ("v_discharge", "v_charge"), "energy", "stores"),
    ("c_balance", ("v_flow",), "energy", "grid"),
    ("c_balance", ("v_saving_alike",), "energy", "savers"),
    ("c_adequacy", ("v_capacity",), "capacity", "generators+stores"),
    ("c_adequacy", ("v_firm",), "capacity", "grid"),
    ("c_allowances", ("v_fleet_emissions", "v_offset"), "carbon", "generators"),
    ("c_allowances", ("v_other_supply", "v_other_demand"), "carbon", "other_sectors"),
    ("c_allowances", ("v_allowance_deposit",), "carbon", "bank"),
    ("c_allowances", ("v_saving_credit",), "link", "savers"),
    ("c_ccer", ("v_external_ccer",), "ccer", "ccer_suppliers"),
    ("c_certificates", ("v_use",), "certificates", "consumers"),
    ("c_certificates", ("v_voluntary",), "certificates", "volunteers"),
    ("c_certificates", ("v_to_state",), "certificates", "state"),
    ("c_held_emissions", ("v_emissions",), "held_emissions", "generators"),
    ("c_white_certificates", ("v_certified_white",), "white_certificates", "savers"),
    ("c_white_certificates", ("v_consumption",), "white_certificates", "consumers"),
    ("c_use_rights", ("v_certified_use",), "use_rights", "savers"),
    ("c_use_rights", ("v_consumption", "v_saving"), "use_rights", "consumers"),
    ("c_saving_target", ("v_certified_saving",), "savings", "savers"),
]

#: entries between the same parties that settle something else: certificates of output that may not be sold
#: belong to consumers
OTHERWISE = {("c_certificates", "consumers"): "certificates of output that is not sold"}


@pytest.fixture(scope="module")
def runs() -> dict[str, TinyRun]:
    return {name: run_tiny(whole_system(), options) for name, options in SETS.items()}


def test_every_product_and_account_has_chinese(runs):
    """What the ledger names stands in the diagram of payments of a Chinese report."""
    ledgers = [run.ledger for run in runs.values()]
    products = set().union(*(ledger["product"] for ledger in ledgers))
    ends = set().union(*(ledger[end] for ledger in ledgers for end in ("payer", "payee")))
    assert products - set(PRODUCTS) == set()
    assert {re.sub("/.*", "/", end) for end in ends} - set(LEDGER) == set()


def money(run: TinyRun, family: str, columns: tuple[str, ...]) -> float:
    """Dual x coefficient x activity of column families in a row family, undiscounted [MCNY/yr, all years]."""
    kind = np.full(run.lp.shape[1], "", dtype=object)
    for name, block in run.lp.columns.items():
        kind[block.position[block.position >= 0]] = name
    matrix, rows, total = run.lp.matrix.tocsr(), run.lp.rows[family], 0.0
    year_at = run.results.dims(family).index("year")
    for key, i in zip(rows.index, rows.position):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        mine = np.isin(kind[matrix.indices[part]], columns)
        activity = matrix.data[part][mine] @ run.solution.x[matrix.indices[part][mine]]
        total += run.solution.dual[i] * activity / run.data.horizon.discount[key[year_at]]
    return total


def paid(run: TinyRun, account: str, parties: str, leaving_out: str = "") -> float:
    """What accounts of a kind pay parties, less what these pay them [MCNY/yr, all years]."""
    ledger = run.ledger[run.ledger["product"] != leaving_out]

    def of_kind(names, kind: str):
        return names.map(lambda name: is_account(name) and name.split("/")[0].split("-")[0] == kind)

    total = 0.0
    for party in parties.split("+"):
        received = ledger[of_kind(ledger["payer"], account) & (ledger["payee"] == party)]["amount"].sum()
        given = ledger[of_kind(ledger["payee"], account) & (ledger["payer"] == party)]["amount"].sum()
        total += float(received - given)
    return total


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c[0]}-{c[1][0]}-{c[3]}")
def test_money_of_a_party_is_dual_times_coefficient_times_activity(claim, runs):
    """In every set whose LP has the row; in one of them it is not zero, or the claim proves nothing."""
    family, columns, account, party = claim
    seen = []
    for name, run in runs.items():
        if family not in run.lp.rows or not (run.lp.rows[family].position >= 0).any():
            continue
        if account == "capacity" and name != "market":
            continue  # regulatory there: nobody is paid the price of adequacy
        expected = money(run, family, columns)
        found = paid(run, account, party, OTHERWISE.get((family, party), ""))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-6), name
        seen.append(abs(expected))
    assert max(seen) > 1.0


def test_reserves_cost_what_causes_them(runs):
    """What reserves pay providers, less what plants are charged, is the money of all columns of the rows."""
    for run in (runs["unified"], runs["ccer"], runs["price"]):
        families = ("c_reserve_up", "c_reserve_down", "c_reserve_frequency")
        expected = sum(money(run, family, tuple(run.lp.columns)) for family in families)
        ledger = run.ledger[run.ledger["mechanism"] == "ancillary"]
        at = ledger["payer"].str.startswith("reserve") | ledger["payee"].str.startswith("reserve")
        reserves = ledger[at]
        received = reserves[reserves["payer"].str.startswith("reserve")]["amount"].sum()
        caused = reserves[reserves["product"].str.contains("caused")]["amount"].sum()
        if run is not runs["price"]:  # there the generators pay what load causes too
            assert float(received - caused) == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert received > 1.0


@pytest.mark.parametrize("name", SETS)
def test_every_account_ends_the_year_at_zero(name, runs):
    """Money and goods, each clearing account and year."""
    run = runs[name]
    assert worst_account(run.ledger)[0] < 1e-9
    assert set(unbalanced(run.ledger)["year"]) == set(run.data.horizon.years)


@pytest.mark.parametrize("name", SETS)
def test_what_all_parties_receive_sums_to_zero_each_year(name, runs):
    table = position(runs[name].ledger)
    yearly = table.groupby("year")["amount"].sum()
    assert float(yearly.abs().max()) < 1e-6


@pytest.mark.parametrize("name", SETS)
def test_energy_bought_is_energy_sold_and_losses(name, runs):
    """Consumers, and what stores and lines lose, take what plants, savers and movers of load give."""
    run = runs[name]
    energy = run.ledger[
        run.ledger["payer"].str.startswith("energy/") | run.ledger["payee"].str.startswith("energy/")
    ]
    sold = energy[energy["payer"].str.startswith("energy/")].groupby("payee")["quantity"].sum()
    bought = energy[energy["payee"].str.startswith("energy/")].groupby("payer")["quantity"].sum()
    lost = sum(float(bought.get(p, 0.0) - sold.get(p, 0.0)) for p in ("grid", "stores"))
    given = float(sold.get("generators", 0.0) + sold.get("savers", 0.0))
    taken = float(bought["consumers"] - sold.get("consumers", 0.0))
    assert lost > 0
    assert given == pytest.approx(taken + lost, rel=1e-9)


def test_a_wrong_price_opens_an_account(runs):
    """The check has teeth: one party settled at 1 % more than the market's price leaves money behind."""
    whole = runs["unified"].ledger.copy()
    row = whole.index[(whole["payee"] == "generators") & (whole["product"] == "energy")][0]
    whole.loc[row, "amount"] *= 1.01
    assert worst_account(whole)[0] > 1e-6
