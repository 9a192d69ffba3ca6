"""A project's return walked from the files of a run, beside what the run itself found."""

from __future__ import annotations

import json
import shutil

import numpy as np
import numpy_financial as npf
import pandas as pd
import pytest

from picmodel.errors import InputError
from picmodel.explain.irr import walk_project
from tests.commands import call

PROJECT = ("SD", "wind_onshore", 2030)


@pytest.fixture(scope="module")
def walk(folder):
    return walk_project(folder, *PROJECT)


def test_rates_are_those_of_the_run(folder, walk):
    assert walk.agrees
    for key in (("NM", "wind_onshore", 2025), ("HE", "solar_utility", 2035)):
        assert walk_project(folder, *key).agrees


def test_the_rate_follows_from_the_lines_alone(walk):
    """Lines of 2030 to 2034, then those of 2035, and the outlay: the rate by another program."""
    margin = walk.lines.sum()
    life = walk.project.life_yr
    yearly = [margin[2030]] * 5 + [margin[2035]] * (life - 5)
    capex = walk.project.capex * 1.0  # 1 MCNY/GW is 1 CNY/kW
    years = max(1, walk.project.construction_yr)
    flows = [-capex / years] * years + yearly
    assert walk.rates["irr_pre_tax_real"] == pytest.approx(npf.irr(flows), abs=1e-9)


def test_flows_add_up_to_what_owners_get(walk):
    cash = walk.result.cash
    taxed = cash[["capex", "income", "opex", "vat", "vat_refund", "vat_surcharge", "tax"]].sum(axis=1)
    np.testing.assert_allclose(taxed, cash["post_tax"], atol=1e-9)
    margin = walk.lines.sum()[2030]
    assert cash.loc[1, "pre_tax_real"] == pytest.approx(margin)


def test_a_line_is_worth_what_the_rate_loses_without_it(walk):
    """The rate without the line of energy, by another program."""
    margin, energy = walk.lines.sum(), walk.lines.loc["income_energy"]
    life, years = walk.project.life_yr, max(1, walk.project.construction_yr)
    rest = margin - energy
    flows = [-walk.project.capex / years] * years + [rest[2030]] * 5 + [rest[2035]] * (life - 5)
    expected = 100 * (walk.rates["irr_pre_tax_real"] - npf.irr(flows))
    assert walk.worth["energy"] == pytest.approx(expected, abs=1e-6)


def test_the_ledger_pays_the_fleet_what_the_entries_say(folder, walk):
    """Energy of the fleet: entries of the power market to generators, less what they pay."""
    ledger = pd.read_parquet(folder / "ledger.parquet")
    here = ledger.query("province == 'SD' and technology == 'wind_onshore' and year == 2030")
    energy = here.query("mechanism == 'power' and product == 'energy'")
    paid = (
        energy.query("payee == 'generators'")["amount"].sum()
        - energy.query("payer == 'generators'")["amount"].sum()
    )
    assert walk.ledger.loc["energy", 2030] == pytest.approx(paid)
    assert walk.ledger.loc["energy", "entries"] == "power: energy"


def test_the_command_shows_lines_flows_and_rates(folder, capsys, monkeypatch):
    command = ("explain", "irr", folder, "--province", "SD", "--technology", "wind_onshore", "--year", 2030)
    code, text, _ = call(capsys, monkeypatch, *command)
    assert code == 0
    assert all(words in text for words in ("energy", "margin", "pre tax real", "power: energy"))
    code, text, _ = call(capsys, monkeypatch, *command, "--json")
    found = json.loads(text)
    assert found["agrees_with_projects_csv"]
    assert len(found["cash_cny_per_kw"]) == found["life_yr"] + max(1, found["construction_yr"])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (("SDD", "wind_onshore", 2030), "did you mean `SD`"),
        (("SD", "wind", 2030), "did you mean `wind_onshore`"),
        (("SD", "wind_onshore", 2031), "2025, 2030, 2035"),
    ],
)
def test_a_project_that_is_not_there_is_refused(folder, key, words):
    with pytest.raises(InputError, match=words):
        walk_project(folder, *key)


def test_changed_inputs_are_refused(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["inputs"]["finance.csv"] = "other"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"finance\.csv changed"):
        walk_project(copy, *PROJECT)
