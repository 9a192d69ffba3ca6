"""Commands that take scenario files: ``run``, ``validate``, ``sweep``, ``regress``, ``diagnose``, and ``new``
and ``schema``, which help to write them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from picmodel.cli.terminal import (
    Effects,
    Files,
    Jobs,
    Json,
    Lang,
    Language,
    Out,
    ScenarioFile,
    app,
    looking,
    out_console,
    stages,
    warn,
)
from picmodel.errors import Drifted, Infeasible, InputError

if TYPE_CHECKING:
    from picmodel.report.runs import RunSet


@app.command()
def run(
    files: Files,
    out: Out = Path("results"),
    reference: Annotated[
        str | None, typer.Option(help="scenario to compare with; default: the file's, else the first")
    ] = None,
    jobs: Jobs = None,
    baseline: Annotated[
        str | None, typer.Option(help="scenario without policy, over which peak costs are counted")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="solve what has not changed, too")] = False,
    memory: Annotated[
        float | None,
        typer.Option(min=0.1, help="GB for solves side by side; default: what is free"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler whose workers solve: tcp://host:8786"),
    ] = None,
    effects: Effects = True,
    lang: Language = "en",
) -> None:
    """Solve scenarios and compare them; what has not changed since its last run is not solved again.

    Example: picmodel run scenarios/quickstart.yaml --out results
    """
    from picmodel import driver
    from picmodel.ignored.remarks import examined

    found = driver.gathered(files)
    tell = stages()
    with looking(tell) as look:
        remarks = examined(found, effects, report=look, out=out)
    warn(remarks)
    runs = driver.run(
        found, out, reference, jobs, tell, baseline, fresh=fresh, memory_gb=memory, scheduler=scheduler
    )
    _print_runs(runs, {s.name: getattr(s.title, lang) or "" for s in found}, lang)


def _print_runs(runs: RunSet, titles: Mapping[str, str], lang: Lang) -> None:
    """What must be read first, the answers, the markets, the capacities, how to read them."""
    from picmodel.report import tables
    from picmodel.report.words import words_for

    words = words_for(lang)
    for note in tables.notes(runs):
        out_console.print(f"[bold red]{words('read_first')}[/]  {note}", highlight=False)
    shown = tables.summary(runs, words, titles), tables.markets(runs, words), tables.capacity(runs, words)
    for table in filter(None, shown):
        out_console.print(table, highlight=False)
    for reading in tables.readings(runs):
        out_console.print(reading, highlight=False)
    for one in runs:
        out_console.print(tables.census(one, words), style="dim", highlight=False)
    out_console.print(tables.written(runs, words), highlight=False, soft_wrap=True)


@app.command()
def validate(
    files: Files,
    effects: Effects = True,
    inherited: Annotated[
        bool, typer.Option("--inherited", help="look at settings of extended files, too: takes minutes")
    ] = False,
) -> None:
    """Check scenarios and their inputs without solving; name what has no effect.

    Example: picmodel validate scenarios/quickstart.yaml
    """
    from picmodel import driver
    from picmodel.ignored.remarks import examined

    found = driver.gathered(files)
    driver.check_inputs(list(found))
    with looking(stages()) as look:
        remarks = examined(found, effects, inherited, look)
    warn(remarks)
    for scenario in found:
        out_console.print(f"{scenario.name}: good")


@app.command()
def sweep(files: Files, as_json: Json = False) -> None:
    """List the runs of a sweep and what each sets, without solving; `picmodel run` solves them.

    Example: picmodel sweep scenarios/carbon_prices.yaml
    """
    from picmodel import driver

    found = driver.gathered(files)
    if not found.points:
        raise InputError([f"{', '.join(map(str, files))}: no file has a `sweep`; see docs/scenarios.md"])
    if as_json:
        print(json.dumps(found.points, indent=2, ensure_ascii=False))
        return
    keys = list(dict.fromkeys(key for point in found.points.values() for key in point))
    table = Table("run", *keys)
    for name, point in found.points.items():
        cells = (json.dumps(point[key], ensure_ascii=False) if key in point else "" for key in keys)
        table.add_row(name, *(Text(cell) for cell in cells))
    out_console.print(table)
    out_console.print(f"{len(found.points)} runs", highlight=False)


@app.command()
def regress(
    where: Annotated[Path, typer.Argument(help="folder of scenarios with tolerances.csv")] = Path(
        "scenarios/regression"
    ),
    update: Annotated[bool, typer.Option(help="make what is found the references")] = False,
    out: Annotated[Path, typer.Option("--out", help="runs, difference.csv, junit.xml")] = Path(
        "results/regression"
    ),
    references: Annotated[Path, typer.Option(help="folder of references")] = Path("results/reference"),
    jobs: Jobs = None,
) -> None:
    """Run the regression set and compare with the references; exit code 1 where a number drifted.

    Example: picmodel regress
    """
    from picmodel.regression import tables
    from picmodel.regression.run import regress as compare

    found = compare(where, out, references, update, jobs, report=stages())
    moved = found.drifted
    if len(moved):
        out_console.print(tables.moved(moved))
    out_console.print(f"written to {', '.join(map(str, found.files))}", highlight=False, soft_wrap=True)
    if update:
        out_console.print(f"references in {references} are new; read their difference, then commit them")
    elif len(moved):
        raise Drifted(f"{len(moved)} of {len(found.table)} numbers drifted; see {found.files[0]}")
    else:
        out_console.print(f"all {len(found.table)} numbers are within their tolerance")


@app.command()
def diagnose(
    file: ScenarioFile,
    scenario: Annotated[str | None, typer.Option(help="one scenario of the file; default: all")] = None,
    as_json: Json = False,
) -> None:
    """Say why a scenario has no plan: which rules clash, by how much, and the smallest change.

    Exit code 0 where there is a plan, 3 where there is none or it earns without bound.

    Example: picmodel diagnose scenarios/quickstart.yaml --scenario quickstart-spot
    """
    from picmodel.diagnose import show as shown
    from picmodel.diagnose.scenario import diagnose as look

    found = look(file, scenario, stages())
    if as_json:
        print(json.dumps(shown.as_json(found), indent=2, ensure_ascii=False))
    else:
        for part in (part for one in found for part in shown.as_tables(one)):
            out_console.print(part, highlight=False)
    if any(one.status != "good" for one in found):
        raise typer.Exit(Infeasible.exit_code)


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="scenario file to make")],
    base: Annotated[str, typer.Option("--from", help="quickstart, reference, or a file")] = "quickstart",
) -> None:
    """Make a commented scenario that validates, to be changed.

    Example: picmodel new scenarios/mine.yaml --from quickstart
    """
    from picmodel.starter.new import new_scenario

    file = new_scenario(path, base)
    out_console.print(f"made {file}; next: picmodel validate {file}", highlight=False, soft_wrap=True)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files.

    Example: picmodel schema > scenarios/schema.json
    """
    from picmodel.markets.registry import MECHANISMS
    from picmodel.scenario.json_schema import json_schema

    print(json.dumps(json_schema({m.name: m.config for m in MECHANISMS}), indent=2, ensure_ascii=False))
