"""Bills, income and public revenue, from ledgers of a few entries."""

from __future__ import annotations

import pandas as pd
import pytest
import xarray as xr

from picmodel.indicators.money import money, served_energy
from picmodel.settlement.ledger import COLUMNS, ledger
from tests.tiny import run_tiny, tiny

YEAR = 2030
HOURS = 8760


def entry(payer: str, payee: str, amount: float, province: str = "CN", technology: str = "") -> dict:
    blank = dict.fromkeys(COLUMNS, 0) | {"mechanism": "power", "product": "energy", "unit": "GWh"}
    named = {"payer": payer, "payee": payee, "amount": amount, "province": province, "technology": technology}
    return blank | named | {"year": YEAR}


def table(entries: list[dict], served: dict[str, float]) -> dict[tuple[str, str, str], float]:
    """Value by indicator, province and technology."""
    energy = xr.DataArray(
        [[x] for x in served.values()],
        dims=("province", "year"),
        coords={"province": list(served), "year": [YEAR]},
    )
    found = money(ledger([pd.DataFrame(entries)]), energy)
    assert set(found["year"]) == {YEAR}
    return {(i, r, g): x for i, r, g, x in found[["indicator", "province", "technology", "value"]].to_numpy()}


def test_positions_by_party_and_place():
    """Proves    what each kind of actor receives less what it pays, by province, with the nation's sum.

    System    consumers of A pay 3000 to its energy account and get 200 back from the state, those of B pay
              1000; coal of A gets 1800, wind of A 900, the grid of A 300; B's grid gets 1000 and pays 400 to
              wind; coal pays 150 to the state; the state pays 50 to generators of no place or technology.
    By hand   bills: A 3000 - 200 = 2800, B 1000, nation 3800 MCNY; per MWh: A 2800 / 10000 GWh = 280 CNY,
              B 200, nation 3800 / 15000 = 253.33
              generators: coal 1650, wind of A 900 and B 400, others 50: 3000 in all, of A 2550
              grid: 300 + 600; state: 150 - 200 - 50 = -100, of A -50
    Fails if  a sign is turned, an account counts as a party, or the nation lacks what has no province.
    """
    found = table(
        [
            entry("consumers", "energy/A", 3000.0, "A"),
            entry("state", "consumers", 200.0, "A"),
            entry("consumers", "energy/B", 1000.0, "B"),
            entry("energy/A", "generators", 1800.0, "A", "coal"),
            entry("energy/A", "generators", 900.0, "A", "wind"),
            entry("energy/A", "grid", 300.0, "A"),
            entry("energy/B", "grid", 1000.0, "B"),
            entry("grid", "generators", 400.0, "B", "wind"),
            entry("generators", "state", 150.0, "A", "coal"),
            entry("state", "generators", 50.0),
        ],
        {"A": 10000.0, "B": 5000.0},
    )
    expected = {
        ("consumer_bill", "CN", "all"): 3.8,
        ("consumer_bill", "A", "all"): 2.8,
        ("consumer_bill", "B", "all"): 1.0,
        ("consumer_price", "CN", "all"): 3800 / 15,
        ("consumer_price", "A", "all"): 280.0,
        ("consumer_price", "B", "all"): 200.0,
        ("generator_income", "CN", "all"): 3.0,
        ("generator_income", "A", "all"): 2.55,
        ("generator_income", "B", "all"): 0.4,
        ("generator_income", "CN", "coal"): 1.65,
        ("generator_income", "A", "coal"): 1.65,
        ("generator_income", "B", "coal"): 0.0,
        ("generator_income", "CN", "wind"): 1.3,
        ("generator_income", "A", "wind"): 0.9,
        ("generator_income", "B", "wind"): 0.4,
        ("grid_income", "CN", "all"): 0.9,
        ("grid_income", "A", "all"): 0.3,
        ("grid_income", "B", "all"): 0.6,
        ("public_revenue", "CN", "all"): -0.1,
        ("public_revenue", "A", "all"): -0.05,
        ("public_revenue", "B", "all"): 0.0,
    }
    assert found == pytest.approx(expected)


def test_an_empty_ledger_is_nothing_paid_and_no_energy_has_no_price():
    """Proves    zero, not a gap, where nobody pays; and no price where nothing is used."""
    found = table([entry("consumers", "energy/A", 1.0, "A")], {"A": 0.0})
    assert ("consumer_price", "A", "all") not in found
    assert found["public_revenue", "CN", "all"] == 0.0
    nothing = xr.DataArray([[5.0]], dims=("province", "year"), coords={"province": ["A"], "year": [YEAR]})
    assert money(ledger([pd.DataFrame(columns=COLUMNS)]), nothing)["value"].abs().sum() == 0.0


def test_bills_of_a_run():
    """Proves    the ledger of a run gives the bill by hand, and served energy leaves out what is not served.

    System    0.9 GW of demand for half of the hours, 1.5 GW for the other; 1 GW of coal at 0.30.
    By hand   served 4380 (0.9 + 1.0); coal has room in the first half: 0.30; load is shed in the second: 20;
              the bill is 4380 (0.9 0.30 + 1.0 20), all of it coal's income.
    Fails if  shed load is billed.
    """
    run = run_tiny(
        tiny({("A", YEAR): [0.9, 1.5]}, {"coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0)})
    )
    served = served_energy(run.results)
    assert float(served.sum()) == pytest.approx(HOURS * (0.9 + 1.0) / 2)
    found = money(run.ledger, served).set_index(["indicator", "province", "technology"])["value"]
    bill = HOURS / 2 * (0.9 * 0.30 + 1.0 * 20.0)
    assert found["consumer_bill", "A", "all"] == pytest.approx(bill / 1e3)
    assert found["consumer_price", "CN", "all"] == pytest.approx(1e3 * bill / (HOURS * 0.95))
    assert found["generator_income", "CN", "coal"] == pytest.approx(bill / 1e3)
