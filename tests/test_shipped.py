"""What is shipped stays in step: schema, input descriptions, scenarios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from picmodel import driver
from picmodel.data.load import INPUTS
from picmodel.data.tables import TABLES
from picmodel.markets.registry import MECHANISMS
from picmodel.scenario.json_schema import json_schema
from picmodel.scenario.load import dump_yaml, load

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))


def test_schema_file_is_what_the_models_say():
    """`picmodel schema > scenarios/schema.json` makes it again."""
    shipped = json.loads((ROOT / "scenarios" / "schema.json").read_text("utf-8"))
    assert shipped == json.loads(json.dumps(json_schema({m.name: m.config for m in MECHANISMS})))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_shipped_and_described(table):
    assert (INPUTS / table.file).is_file()
    assert f"`{table.file}`" in (INPUTS / "README.md").read_text("utf-8") or table.name == "sources"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_shipped_scenario_is_good_and_survives_being_written_out(path):
    found = load(path)
    assert len(found) >= 1
    for scenario in found:
        driver.check(scenario)
        options = driver.market_options(scenario)
        again = load_text(dump_yaml(scenario, options))
        assert driver.market_options(again) == options
        assert again.horizon == scenario.horizon


def load_text(text: str):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path).scenarios[0]
