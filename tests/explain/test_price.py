"""Energy prices in parts: tiny systems by hand, and every price of systems too large for that."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from picmodel.errors import InputError
from picmodel.explain.price import Explanation, Prices
from picmodel.explain.show import explain_price
from picmodel.extract.price_terms import price_terms
from tests.commands import call
from tests.formulation.test_network import two_buses
from tests.test_driver import REGION
from tests.tiny import TinyRun, run_tiny, tiny
from tests.whole import EVERYTHING, run_whole

YEAR = 2030


def prices(run: TinyRun, province: str, year: int = YEAR) -> Prices:
    """What `Prices.read` takes from the files of a run."""
    results = run.results
    terms = price_terms(run.lp, run.solution, results)
    return Prices(
        name="tiny",
        province=province,
        year=year,
        price=results.energy_price.sel(province=province, year=year).to_series() * 1000,
        hours=results.weight.to_series(),
        period=pd.Series(results.data.time.period),
        terms=terms[terms["year"] == year],
    )


def kinds(e: Explanation) -> dict[str, float]:
    return {kind: pytest.approx(x, abs=1e-6) for kind, x in e.by_kind.items()}


def coal_and_gas(**more):
    """Demand 1 and 2 GW; 1.5 GW of coal at 200 + 10 CNY/MWh and 0.8 t/MWh, gas at 500 and 0.4 t/MWh."""
    return tiny(
        {("A", YEAR): [1.0, 2.0]},
        {
            "coal": dict(existing={"A": 1.5}, fuel=0.20, wear=0.01, emission=0.8),
            "gas": dict(existing={"A": 0.4}, fuel=0.50, emission=0.4),
        },
        lost_load=20.0,
        **more,
    )


def test_carbon_at_a_price_is_a_part_of_the_price():
    """Proves    fuel, variable O&M and carbon of the marginal unit are its running cost by rule.

    System    `coal_and_gas` with a carbon price of 100 CNY/t; in slice 1 gas, 1 GW of it, is marginal.
    By hand   slice 0: 200 + 10 + 80; slice 1: 500 + 40, and coal earns 540 - 290 = 250
    Fails if  the carbon cost is lost among other costs, or taken at the fleet's mean.
    """
    system = coal_and_gas(policy={"benchmark": {}})
    system = replace(system, surviving={**system.surviving, ("A", "gas", YEAR): 1.0})
    run = run_tiny(system, {"carbon": {"instrument": "price", "price_cny_per_t": 100}})
    first, second = (prices(run, "A").explain(t) for t in (0, 1))
    assert kinds(first) == {"fuel": 200.0, "carbon": 80.0, "variable O&M": 10.0}
    assert first.sets_it == "coal in A runs, between its bounds"
    assert kinds(second) == {"fuel": 500.0, "carbon": 40.0}
    assert second.marginal == ("gas in A runs",)
    assert second.bound == (("coal in A runs", "output within available capacity", pytest.approx(250.0)),)


def test_load_that_is_not_served_sets_the_price():
    """Slice 1 lacks 0.1 GW: the price is the value of lost load, nothing else."""
    found = prices(run_tiny(coal_and_gas()), "A").explain(1)
    assert kinds(found) == {"unserved energy": 20000.0}
    assert found.sets_it == "load in A is not served, between its bounds"


def test_imports_carry_the_price_there_losses_and_tariffs():
    """Proves    price here = (price there + tariff) / (1 - loss), in parts.

    System    `two_buses` with 2 GW: coal at 200 in A sets B's price; loss 5 %, tariff 30.
    By hand   230 / 0.95 = 242.105: fuel 200, tariff 30 / 0.95 = 31.579, losses (1 / 0.95 - 1) 200 = 10.526
    Fails if  losses are taken of the price here (12.105), or the tariff before losses (30).
    """
    found = prices(run_tiny(two_buses(2.0)), "B").explain(0)
    assert kinds(found) == {
        "fuel": 200.0,
        "network: tariffs": 30 / 0.95,
        "network: losses": 200 * (1 / 0.95 - 1),
    }
    assert found.steps == ("line A>B carries, between its bounds", "coal in A runs, between its bounds")


def test_a_full_line_earns_a_rent_and_sets_no_price():
    """`two_buses` with 0.3 GW: gas sets B's price; of the line's 475 at home A and the tariff take 230."""
    found = prices(run_tiny(two_buses(0.3)), "B").explain(0)
    assert kinds(found) == {"fuel": 500.0}
    assert found.bound == (("line A>B carries", "flows within line capacity", pytest.approx(245 / 0.95)),)


def test_a_store_brings_the_price_of_the_hour_in_which_it_charges():
    """Proves    stored energy is worth the price of the hour it comes from, over the round trip, and wear.

    System    coal 1 GW at 200; demand 0.5 and 1.05; a store of 0.2 GW, 1 GWh, 81 % round trip, wear 9.
    By hand   it discharges 0.05 and charges 0.05 / 0.81 in slice 0, when coal is marginal:
              200 / 0.81 + 9 = 255.914 = fuel 200 + storage 55.914
    Fails if  losses are counted one way (0.9), or the price of the discharge is a scarcity rent.
    """
    system = tiny(
        {("A", YEAR): [0.5, 1.05]},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.20),
            "battery": dict(existing={"A": 0.2}, duration=(5.0, 5.0), efficiency=0.81, wear=0.009),
        },
        lost_load=20.0,
    )
    found = prices(run_tiny(system), "A").explain(1)
    assert kinds(found) == {"fuel": 200.0, "storage": 200 * (1 / 0.81 - 1) + 9}
    assert found.steps == (
        "battery in A discharges, between its bounds",
        "battery in A charges, between its bounds, in slice 0 (0 h)",
        "coal in A runs, between its bounds, in slice 0 (0 h)",
    )


def test_output_that_must_run_is_at_a_bound_with_a_negative_rent():
    """Heat-led output of 0.6 GW at 300 serves a demand of 1 GW; coal at 200 does the rest and sets the price.

    The heat-led fleet may not retire; a GWh less of it would save 300 - 200 = 100.
    """
    system = tiny(
        {("A", YEAR): [1.0]},
        {
            "heat": dict(existing={"A": 2.0}, fuel=0.30, must_run=0.3),
            "coal": dict(existing={"A": 1.0}, fuel=0.20),
        },
        lost_load=20.0,
        may_retire={"heat": False},
    )
    found = prices(run_tiny(system), "A").explain(0)
    assert kinds(found) == {"fuel": 200.0}
    assert found.bound == (("heat in A runs", "must-run and minimum flow", pytest.approx(-100.0)),)


@pytest.mark.parametrize("design", EVERYTHING)
def test_parts_add_up_to_every_price_whatever_the_mechanisms(design):
    run = run_whole(design)
    for province in run.results.provinces:
        for year in run.results.years:
            for found in prices(run, province, year).explain_all():
                assert found.difference == pytest.approx(0.0, abs=1e-6)
                assert found.steps


# -- from files


def test_every_price_of_a_run_on_real_inputs_adds_up(folder):
    for province in REGION["space"]["provinces"]:
        found = explain_price(folder, province, 2030)
        assert max(abs(e.difference) for e in found.every) < 1e-5
        mean = sum(e.price * e.hours for e in found.every) / 8760
        assert found.prices.mean == pytest.approx(mean)
        assert [e.price for e in found.slices] == [found.prices.price.max(), found.prices.price.min()]


def test_the_command_shows_parts_and_json_has_them_all(folder, capsys, monkeypatch):
    command = ("explain", "price", folder, "--province", "SD", "--year", "2030")
    code, text, _ = call(capsys, monkeypatch, *command)
    assert code == 0
    assert "dearest slice" in text
    assert "mean of the year" in text
    code, text, _ = call(capsys, monkeypatch, *command, "--slice", "1", "--json")
    (only,) = json.loads(text)["slices"]
    assert only["slice"] == 1
    assert sum(part["cny_per_mwh"] for part in only["parts"]) == pytest.approx(only["price"])


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--province", "SDD", "did you mean `SD`"),
        ("--year", "2031", "2025, 2030"),
        ("--slice", "99", "write one"),
    ],
)
def test_a_wrong_label_is_refused(folder, capsys, monkeypatch, option, value, words):
    given = {"--province": "SD", "--year": "2030"} | {option: value}
    pairs = [part for pair in given.items() for part in pair]
    code, _, message = call(capsys, monkeypatch, "explain", "price", folder, *pairs)
    assert code == 2
    assert words in message


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="finished run"):
        explain_price(tmp_path, "SD", 2030)
