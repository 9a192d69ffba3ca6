"""Every indicator is defined once: name, unit, equation, meaning; the page is in step."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import indicators_table
from picmodel.cli import app
from picmodel.driver import indicators_of
from picmodel.errors import InputError, SelfCheckFailed
from picmodel.finance.means import MEASURES, RATES
from picmodel.indicators.definitions import DEFINITION, DEFINITIONS, SECTIONS, require_defined, undefined
from picmodel.indicators.headline_ranges import headline_ranges
from picmodel.indicators.money import money, served_energy
from picmodel.indicators.price_ranges import price_ranges
from picmodel.indicators.shares import SHARES
from picmodel.report.comparison import compared
from picmodel.report.comparison import window as window_of
from tests.report.test_comparison import ladder
from tests.whole import EVERYTHING, run_whole

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def emitted() -> pd.DataFrame:
    """Indicators of the whole system under three designs, and of a comparison with a baseline."""
    runs = [run_whole(design) for design in EVERYTHING]
    tables = [indicators_of(run.results, run.active) for run in runs]
    tables += [money(run.ledger, served_energy(run.results)) for run in runs]
    tables += [table for run in runs for table in price_ranges(run.lp, run.solution, run.results)]
    ranges = headline_ranges(runs[0].lp, runs[0].solution, runs[0].results)
    reference, reform, baseline = ladder()
    window = ranges[ranges["indicator"].str.startswith("cost_until")].assign(year=window_of(reference))
    reform = replace(reform, indicators=pd.concat([reform.indicators, window]))
    tables += [ranges, compared(reform, reference, baseline), compared(reference, reform, baseline)]
    return pd.concat(tables, ignore_index=True)


def test_every_indicator_of_the_whole_system_is_defined(emitted):
    assert undefined(emitted) == []


def test_every_definition_is_of_an_indicator_that_exists(emitted):
    """Those of projects by the measures of `finance`, changes of shares by `SHARES`; all others emitted."""
    of_projects = {name for name in DEFINITION if name.startswith("project_")}
    of_shares = {f"{name}_{change}" for name in SHARES for change in ("change", "change_relative")}
    assert set(DEFINITION) - of_projects - of_shares == set(emitted["indicator"]) - of_projects - of_shares
    for column, (name, unit, _) in MEASURES.items():
        suffixes = ["", "_own_portfolio", *(["_change", "_change_relative"] if column in RATES else [])]
        assert {f"{name}{suffix}" for suffix in suffixes} <= of_projects
        assert DEFINITION[name].unit == unit


def test_every_definition_is_whole_and_there_once():
    names = [d.name for d in DEFINITIONS]
    assert len(names) == len(set(names))
    for d in DEFINITIONS:
        assert all(astuple(d)), d.name
        assert d.meaning.endswith("."), d.name
        pages = [
            word for word in d.source.replace(";", " ").replace(",", " ").split() if word.endswith(".md")
        ]
        assert all((DOCS.parent / page).is_file() for page in pages), d.source


def test_an_indicator_without_definition_or_in_another_unit_is_refused():
    good = pd.DataFrame({"indicator": ["emissions"], "unit": ["Mt CO2"]})
    require_defined(good)
    with pytest.raises(SelfCheckFailed, match=r"happiness \[.*\] is not defined"):
        require_defined(pd.concat([good, good.assign(indicator="happiness")]))
    with pytest.raises(SelfCheckFailed, match="emissions is in kt, defined in Mt CO2"):
        require_defined(good.assign(unit="kt"))


def test_the_page_is_in_step():
    written = (DOCS / "indicators.md").read_text("utf-8")
    assert written == indicators_table.page(), "run: python docs/make.py"
    assert all(f"## {section}" in written for section in SECTIONS)


def test_the_command_shows_one_some_or_all():
    runner = CliRunner()
    one = runner.invoke(app, ["show", "indicators", "peak_cost", "--json"])
    found = {d["name"]: d for d in json.loads(one.stdout)}
    assert found["peak_cost"]["unit"] == "bn CNY"
    assert "peak_cost_change" in found
    everything = runner.invoke(app, ["show", "indicators"])
    assert everything.stdout.count("\n") >= len(DEFINITIONS)
    wrong = runner.invoke(app, ["show", "indicators", "peak_cots"])
    assert isinstance(wrong.exception, InputError)
    assert "peak_cost" in str(wrong.exception)
