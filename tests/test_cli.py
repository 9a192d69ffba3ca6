"""Bad input at the command line: one clear message each, exit code 2, no traceback, nothing written."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from pydantic import Field

from picmodel import cli
from picmodel.data.load import INPUTS
from picmodel.markets.registry import MECHANISMS
from picmodel.scenario.parameters import parameters
from picmodel.scenario.schema import ByYearOf, Options
from tests.commands import call

BASE = "horizon: {years: [2030]}\ntime: {periods: 1, extremes: 0, step_h: 6}\n"


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(INPUTS, tmp_path / "inputs"))


def check_refused(capsys, monkeypatch, tmp_path: Path, text: str, *expected: str) -> None:
    """The scenario is refused with these words, and nothing is written."""
    file, out = tmp_path / "bad.yaml", tmp_path / "out"
    file.write_text(text, encoding="utf-8")
    code, _, message = call(capsys, monkeypatch, "run", file, "--out", out)
    assert code == 2, message
    assert "Traceback" not in message
    for words in expected:
        assert words in message
    assert not out.exists()


def change(inputs: Path, name: str, old: str, new: str) -> None:
    path = inputs / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_unknown_keys_at_every_level_are_reported_together(capsys, monkeypatch, tmp_path):
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + "markets: {carbn: {}, power: {dispach: spot}}\nhorizn: {}\n",
        "bad.yaml:4:1",
        "did you mean `horizon`?",
    )
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + "markets: {carbn: {}, power: {dispach: spot}}\n",
        "bad.yaml:3:11",
        "did you mean `carbon`?",
        "bad.yaml:3:30",
        "did you mean `dispatch`?",
    )


def test_year_outside_the_horizon(capsys, monkeypatch, tmp_path):
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + "markets: {carbon: {instrument: price, price_cny_per_t: {2030: 80, 2050: 200}}}\n",
        "bad.yaml:3:",
        "2050",
        "outside the horizon",
        "write years from 2023 to 2034",
    )


def test_a_peak_without_a_later_year_says_nothing(capsys, monkeypatch, tmp_path):
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + "markets: {emission_limits: {peak_year: {year: 2030, level_mt: 4000}}}\n",
        "peak_year",
        "add a later year to `horizon.years`",
    )


def test_linkage_without_a_carbon_market(capsys, monkeypatch, tmp_path):
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + "markets: {green_certificates: {carbon_linkage: unified}}\n",
        "no carbon market is on; add `markets.carbon`",
    )


def test_number_of_the_wrong_unit(capsys, monkeypatch, tmp_path, inputs):
    change(inputs, "technology_costs.csv", "coal_1000,2023,3941,", "coal_1000,2023,3941000,")
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + f"inputs: {inputs}\n",
        "technology_costs.csv:3: capex_cny_per_kw=3941000",
        "CNY/kW",
    )


def test_missing_province(capsys, monkeypatch, tmp_path, inputs):
    path = inputs / "policy" / "tariffs.csv"
    kept = [line for line in path.read_text("utf-8").splitlines(keepends=True) if not line.startswith("GD,")]
    path.write_text("".join(kept), encoding="utf-8")
    check_refused(capsys, monkeypatch, tmp_path, BASE + f"inputs: {inputs}\n", "policy/tariffs.csv", "GD")


def test_duplicated_row_and_negative_capacity_together(capsys, monkeypatch, tmp_path, inputs):
    path = inputs / "fleet.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    cells = lines[1].split(",")
    cells[3] = "-5"
    path.write_text("".join([lines[0], ",".join(cells), *lines[2:], lines[2]]), encoding="utf-8")
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + f"inputs: {inputs}\n",
        "fleet.csv:2: capacity_gw=-5",
        f"fleet.csv:{len(lines) + 1}",
    )


def test_truncated_table_and_unreadable_series(capsys, monkeypatch, tmp_path, inputs):
    path = inputs / "demand.csv"
    path.write_bytes(path.read_bytes()[:-40])
    check_refused(capsys, monkeypatch, tmp_path, BASE + f"inputs: {inputs}\n", "demand.csv:")
    shutil.copy(INPUTS / "demand.csv", path)
    series = inputs / "series" / "synthetic_2023.nc"
    series.write_bytes(series.read_bytes()[:1000])
    check_refused(capsys, monkeypatch, tmp_path, BASE + f"inputs: {inputs}\n", "synthetic_2023.nc")


def test_missing_and_broken_scenario_files(capsys, monkeypatch, tmp_path):
    code, _, message = call(capsys, monkeypatch, "run", tmp_path / "none.yaml", "--out", tmp_path / "out")
    assert code == 2
    assert "none.yaml" in message
    check_refused(capsys, monkeypatch, tmp_path, "horizon: {years: [2030]\n", "bad.yaml:2:1")


def test_unknown_province(capsys, monkeypatch, tmp_path):
    check_refused(
        capsys, monkeypatch, tmp_path, BASE + "space: {provinces: [GD, GZZ]}\n", "bad.yaml:3:", "GZZ"
    )


def test_override_that_matches_nothing(capsys, monkeypatch, tmp_path):
    check_refused(
        capsys,
        monkeypatch,
        tmp_path,
        BASE + "overrides: {technology_costs.solar_utilty.capex_cny_per_kw: 2400}\n",
        "solar_utilty",
        "solar_utility",
    )


def test_command_line_itself(capsys, monkeypatch, tmp_path):
    code, _, message = call(capsys, monkeypatch, "run", "--rference", "x")
    assert code == 2
    assert "Traceback" not in message


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.name)
def test_every_option_of_a_mechanism_is_described_and_every_number_has_a_range(mechanism):
    options = parameters(mechanism.config)
    assert mechanism.summary
    assert len({option.name for option in options}) == len(options)
    assert [option.name for option in options if not option.description] == []
    assert [option.name for option in options if option.is_number and not option.range] == []


class Inner(Options):
    """Options inside others."""

    of_which_share: ByYearOf[Annotated[float, Field(gt=0, lt=1)]] = Field(0.5, description="a share, by year")
    kind: Literal["a", "b"] = Field("a", description="one of two")


class Outer(Options):
    """Every kind of option."""

    cost_cny_per_kw_yr: float | None = Field(None, ge=0, description="a cost")
    height: int = Field(le=9, description="a height [m], in whole metres")
    on: bool = Field(True, description="a switch")
    names: tuple[str, ...] = Field(("x",), description="names")
    one: Inner | None = Field(None, description="options")
    several: tuple[Inner, ...] = Field((), description="blocks")
    caps: dict[str, ByYearOf[Annotated[float, Field(ge=0, le=2)]]] = Field({}, description="by province")


def test_parameters_of_every_kind():
    """Name with what it is in, type, unit (in brackets or from the name), default and range."""
    found = {p.name: (p.type, p.unit, p.default, p.range, p.description) for p in parameters(Outer)}
    share = ("number, or by year", "share", "0.5", "above 0 to below 1", "a share, by year")
    kind = ("a, b", "", '"a"', "", "one of two")
    assert found == {
        "cost_cny_per_kw_yr": ("number", "CNY/kW-yr", "null", "0 or more", "a cost"),
        "height": ("whole number", "m", "required", "up to 9", "a height, in whole metres"),
        "on": ("true or false", "", "true", "", "a switch"),
        "names": ("list of text", "", '["x"]', "", "names"),
        "one": ("options", "", "null", "", "options"),
        "one.of_which_share": share,
        "one.kind": kind,
        "several": ("list of options", "", "[]", "", "blocks"),
        "several[].of_which_share": share,
        "several[].kind": kind,
        "caps": ("by key: number, or by year", "", "{}", "0 to 2", "by province"),
    }


def shown(capsys, *arguments: str) -> str:
    """What a command prints; it must succeed."""
    cli.app(arguments, standalone_mode=False)
    return capsys.readouterr().out


def test_mechanisms_are_listed_with_their_options(capsys):
    listed = shown(capsys, "show", "mechanisms")
    assert all(mechanism.name in listed for mechanism in MECHANISMS)
    assert "ceiling_cny_per_t" not in listed
    one = shown(capsys, "show", "mechanisms", "emission_limits")
    assert "peak_year.level_of" in one
    assert "ceiling_cny_per_t" not in one
    every = json.loads(shown(capsys, "show", "mechanisms", "--all", "--json"))
    assert [entry["name"] for entry in every] == [mechanism.name for mechanism in MECHANISMS]
    assert all(entry["parameters"] for entry in every)


def test_an_unknown_mechanism_is_refused_with_the_nearest(capsys, monkeypatch):
    code, _, message = call(capsys, monkeypatch, "show", "mechanisms", "carbn")
    assert code == 2
    assert "did you mean `carbon`?" in message


def test_infeasible_is_exit_code_3(capsys, monkeypatch, tmp_path):
    """Sichuan alone with a tenth of its demand: minimum flow and must-take plants exceed consumption."""
    file, out = tmp_path / "infeasible.yaml", tmp_path / "out"
    file.write_text(
        BASE + "space: {provinces: [SC]}\nphysical: {demand_factor: 0.1, expand: false}\n", encoding="utf-8"
    )
    code, _, message = call(capsys, monkeypatch, "run", file, "--out", out)
    assert code == 3, message
    assert "cannot be met" in message
    assert not any(out.glob("*"))


def commands_of(group: Any, name: str = "") -> dict[str, Any]:
    """Every command by its full name."""
    found = {}
    for part, command in group.commands.items():
        whole = f"{name} {part}".strip()
        found |= commands_of(command, whole) if hasattr(command, "commands") else {whole: command}
    return found


COMMANDS = commands_of(typer.main.get_command(cli.app))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_help_text_names_what_there_is(name):
    """The command itself, options that it has, and files of the repository: `new` makes its own."""
    command = COMMANDS[name]
    (example,) = re.findall(r"Example: picmodel (.*)", command.help or "")
    assert example.startswith(name)
    words = shlex.split(example.removeprefix(name).split(">")[0])
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
    files = [word for word in words if word.startswith("scenarios/") and name != "new"]
    assert [file for file in files if not (INPUTS.parent / file).exists()] == []
