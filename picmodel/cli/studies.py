"""Commands that solve many runs for one question, or a run anew: ``hindcast``, ``ladder``, ``attribute``,
``sensitivity``, ``dispatch``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from picmodel.cli.terminal import Files, Jobs, Json, Out, app, counted, out_console, stages

StudyFile = Annotated[Path, typer.Argument(help="study file")]
StudyOut = Annotated[Path, typer.Option("--out", help="results go to OUT/<study>/")]


@app.command()
def hindcast(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="scenarios of one past year; default: scenarios/hindcast_2023.yaml"),
    ] = None,
    out: Out = Path("results"),
) -> None:
    """Solve a past year and compare it with what was published.

    Example: picmodel hindcast --out results
    """
    from picmodel import hindcast as past

    found = past.hindcast(files or [past.SCENARIO], out, stages())
    for one in found:
        for note in one.warnings:
            out_console.print(f"[bold red]read first[/]  {one.name}: {note}", highlight=False)
    for table in (past.nation_table, past.province_table, past.flow_table):
        out_console.print(table(found[0]))
    out_console.print(past.summary_table(found))
    for quantity, names in found[0].missed.items():
        out_console.print(
            f"{quantity}: {past.MISS:.0f} % missed by {', '.join(names) or 'no province'}", highlight=False
        )
    out_console.print(
        "Wind, sun and water are those of the year: their lines show curtailment and accounts "
        "only. Misses are explained in docs/hindcast.md.",
        style="dim",
    )
    folders = ", ".join(str(out / one.name) for one in found)
    out_console.print(f"written to {folders}", highlight=False, soft_wrap=True)


@app.command()
def ladder(
    files: Files,
    out: Out = Path("results"),
    claims: Annotated[Path | None, typer.Option(help="claims; default: claims.toml beside the files")] = None,
    write: Annotated[Path | None, typer.Option(help="CSV for the table that docs/pic2022.py reads")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="keep runs of an earlier program too")] = False,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Set what the paper claims beside what runs find; solves what is missing.

    Example: picmodel ladder scenarios/pic2022/ladder.yaml
    """
    from picmodel import ladder as rungs

    found = rungs.climb(files, out, claims, stages(), jobs, keep)
    if write is not None:
        rungs.write_table(found.table, write)
    if as_json:
        print(json.dumps(rungs.as_json(found.findings), indent=2, ensure_ascii=False))
    else:
        for table in rungs.as_tables(found.findings, found.claims):
            out_console.print(table)
    if found.failed is not None:
        raise found.failed


@app.command()
def attribute(study: StudyFile, out: StudyOut = Path("results"), jobs: Jobs = None) -> None:
    """Split the change from a first rung to a last one among the mechanisms between them.

    Example: picmodel attribute scenarios/pic2022/attribution.yml --out results
    """
    from picmodel.studies import attribution, tables

    found = attribution.attribute(study, out, jobs, counted())
    for note in found.notes:
        out_console.print(f"[bold red]read first[/]  {note}", highlight=False)
    out_console.print(tables.attribution(found))
    out_console.print(f"written to {found.folder}", highlight=False, soft_wrap=True)


@app.command()
def sensitivity(
    study: StudyFile,
    out: StudyOut = Path("results"),
    jobs: Jobs = None,
    samples: Annotated[int | None, typer.Option(min=0, help="sample size in place of the file's")] = None,
) -> None:
    """Find what answers hang on, and how often claims hold, over a sample of uncertain inputs.

    Example: picmodel sensitivity scenarios/pic2022/sensitivity.yml --out results
    """
    from picmodel.studies import sensitivity as studies
    from picmodel.studies import tables

    found = studies.sense(study, out, jobs, counted(), samples)
    for note in found.notes:
        out_console.print(f"[bold red]read first[/]  {note}", highlight=False)
    if found.study.claims:
        out_console.print(tables.claims(found))
        out_console.print(tables.tornado(found))
    out_console.print(f"written to {found.folder}", highlight=False, soft_wrap=True)


@app.command()
def dispatch(
    results: Annotated[list[Path], typer.Argument(help="results folders of finished runs: OUT/<scenario>")],
    year: Annotated[int | None, typer.Option(help="planning year; default: the only one")] = None,
    window_days: Annotated[int, typer.Option(min=1, max=365, help="days that a window keeps")] = 7,
    ahead_days: Annotated[int, typer.Option(min=0, max=60, help="days that it sees beyond them")] = 1,
    write: Annotated[Path | None, typer.Option(help="CSV of the nation's figures of all results")] = None,
) -> None:
    """Dispatch all 8760 hours of a year with the capacities of finished runs.

    Example: picmodel dispatch results/reference --year 2028
    """
    from picmodel.chronology import comparison
    from picmodel.chronology.check import check_year

    tables = []
    for result in results:
        found = check_year(result, year, window_days, ahead_days, report=stages())
        tables.append(found.table)
        out_console.print(comparison.nation_table(found.table))
        out_console.print(comparison.province_table(found.table))
        for note in found.notes():
            out_console.print(note, style="dim", highlight=False)
        out_console.print(f"written to {', '.join(map(str, found.files))}", highlight=False, soft_wrap=True)
    if write is not None:
        comparison.write_nations(tables, write)
        out_console.print(f"written to {write}", highlight=False, soft_wrap=True)
