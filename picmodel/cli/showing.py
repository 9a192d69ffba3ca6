"""``picmodel show``: what a scenario can say, says in full, and takes; what the indicators are."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from picmodel.cli.terminal import Json, OneScenario, ScenarioFile, out_console, show
from picmodel.errors import InputError
from picmodel.scenario.parameters import Parameter, parameters


@show.command("scenario")
def show_scenario(file: ScenarioFile, scenario: OneScenario = None) -> None:
    """Print scenarios resolved: every base merged, every default written out, as YAML.

    Example: picmodel show scenario scenarios/quickstart.yaml --scenario quickstart-spot
    """
    from picmodel import driver
    from picmodel.scenario.load import dump_yaml

    for one in driver.chosen(file, scenario):
        print(f"---\n{dump_yaml(one, driver.market_options(one))}", end="")


@show.command("size")
def show_size(
    file: ScenarioFile,
    scenario: OneScenario = None,
    as_json: Json = False,
) -> None:
    """Forecast rows, columns, memory and time of a run from the LPs of one day and two.

    Example: picmodel show size scenarios/reference.yaml
    """
    from picmodel import driver
    from picmodel.size import show as shown
    from picmodel.size.forecast import forecast

    found = [forecast(one) for one in driver.chosen(file, scenario)]
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
        return
    out_console.print(shown.size_table(found))
    for note in shown.notes(found):
        out_console.print(note, style="dim", highlight=False)


@show.command()
def mechanisms(
    name: Annotated[str | None, typer.Argument(help="one mechanism, with all its options")] = None,
    all_options: Annotated[bool, typer.Option("--all", help="options of every mechanism")] = False,
    as_json: Json = False,
) -> None:
    """List the mechanisms that `markets` can switch on, and their options.

    Example: picmodel show mechanisms carbon
    """
    from picmodel.markets.registry import MECHANISM
    from picmodel.scenario.check import nearest

    if name is not None and name not in MECHANISM:
        raise InputError([f"there is no mechanism `{name}`; {nearest(name, MECHANISM)}"])
    chosen = [m for m in MECHANISM.values() if name in (None, m.name)]
    with_options = all_options or name is not None
    found = [(m, parameters(m.config) if with_options else []) for m in chosen]
    if as_json:
        content = [
            {"name": m.name, "summary": m.summary}
            | ({"parameters": [asdict(option) for option in options]} if with_options else {})
            for m, options in found
        ]
        print(json.dumps(content, indent=2, ensure_ascii=False))
        return
    for m, options in found:
        out_console.print(f"[bold]{m.name}[/]  {m.summary}", highlight=False)
        if with_options:
            out_console.print(_option_table(options))


def _option_table(options: list[Parameter]) -> Table:
    """A row for each option; those inside another one have its name before them."""
    table = Table(Column("option", overflow="fold"), "type", "unit", "default", "range", "what")
    for option in options:
        cells = astuple(option)
        table.add_row(*(Text(cell) for cell in cells))
    return table


@show.command()
def indicators(
    name: Annotated[str | None, typer.Argument(help="one indicator, or the beginning of some")] = None,
    as_json: Json = False,
) -> None:
    """List the indicators of a run: equation, unit, what each is.

    Example: picmodel show indicators peak_cost
    """
    from picmodel.indicators.definitions import DEFINITION
    from picmodel.scenario.check import nearest

    found = [d for d in DEFINITION.values() if d.name.startswith(name or "")]
    if not found:
        hint = nearest(str(name), DEFINITION) or "`picmodel show indicators` lists all"
        raise InputError([f"there is no indicator `{name}`; {hint}"])
    if as_json:
        print(json.dumps([asdict(d) for d in found], indent=2, ensure_ascii=False))
        return
    exact = [d for d in found if d.name == name]
    for d in exact or found:
        out_console.print(f"[bold]{d.name}[/]  {d.unit}  {d.zh}", highlight=False)
        if name is not None:
            lines = (d.equation, d.meaning, f"for: {d.by}", f"source: {d.source}")
            out_console.print(Text("\n".join(f"    {line}" for line in lines)))
