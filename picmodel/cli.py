"""The command line: ``picmodel run``, ``sweep``, ``validate``, ``new``, ``diagnose``, ``explain``,
``compare``, ``regress``, ``hindcast``, ``dispatch``, ``attribute``, ``sensitivity``, ``ladder``, ``report``,
``figure``, ``export``, ``show``, ``schema``.

Exit codes: 0 good, 1 drifted, 2 bad input, 3 infeasible, 4 solver trouble, 5 interrupted, 6 self-check
failed, 7 results cannot be written.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from picmodel.errors import Drifted, Infeasible, InputError, PicmodelError
from picmodel.scenario.messages import caret
from picmodel.scenario.parameters import Parameter, parameters

if TYPE_CHECKING:
    from picmodel.ignored.remarks import Remark
    from picmodel.report.headlines import Claimed
    from picmodel.report.story import Story

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=__doc__.replace("``", "`"),
)
show = typer.Typer(no_args_is_help=True, help="Show what a scenario can say.")
app.add_typer(show, name="show")
explain = typer.Typer(no_args_is_help=True, help="Explain a number of a finished run.")
app.add_typer(explain, name="explain")
INTERRUPTED = 5
NOTE = (
    "IRR: real, before tax, portfolio of the reference; costs: real, without VAT, without sunk capital; "
    "hourly series are synthetic unless the scenario names its own."
)
out_console = Console(width=None if sys.stdout.isatty() else 150)
err_console = Console(stderr=True)

Files = Annotated[list[Path], typer.Argument(help="scenario files, or folders of them")]
Out = Annotated[Path, typer.Option("--out", help="results go to OUT/<scenario>/")]
StudyFile = Annotated[Path, typer.Argument(help="study file")]
StudyOut = Annotated[Path, typer.Option("--out", help="results go to OUT/<study>/")]
Results = Annotated[list[Path], typer.Argument(help="folders of finished runs, or folders of them")]
Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="en or zh")]
Jobs = Annotated[int | None, typer.Option(min=1, help="solves side by side; default: one a core")]


Effects = Annotated[bool, typer.Option(help="look for settings that change nothing")]


def main() -> None:
    """Entry point: errors of picmodel become a message and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)  # that of a `typer.Exit`, which does not come through
        if code:
            sys.exit(code)
    except PicmodelError as error:
        problems = getattr(error, "problems", [str(error)])
        for problem in problems:
            _say_problem("error", problem)
        if len(problems) > 1:
            err_console.print(f"{len(problems)} problems")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        err_console.print("interrupted; what was finished stays, and the same command goes on from there")
        sys.exit(INTERRUPTED)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        _say(f"error: {usage()}")
        sys.exit(2)


def _say(text: str, style: str = "bold red") -> None:
    err_console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _say_problem(kind: str, problem: str, style: str = "bold red") -> None:
    """A message with its id, and the line that it is about with a caret below the place."""
    _say(f"{kind}{getattr(problem, 'label', '')}: {problem}", style)
    if place := caret(problem):
        _say(place, "dim")


def _warn(remarks: Sequence[Remark]) -> None:
    """Warnings with their places; those that are waived are counted, since the manifest has them."""
    for remark in remarks:
        if remark.waived is None:
            _say_problem("warning", remark.message, "yellow")
    waived = sum(remark.waived is not None for remark in remarks)
    if waived:
        err_console.print(f"{waived} waived, see manifest.json", style="dim", highlight=False)


def _progress() -> Callable[[str, str], None]:
    """One line a stage, with seconds since the start."""
    start = time.perf_counter()

    def report(name: str, stage: str) -> None:
        err_console.print(f"[dim]{time.perf_counter() - start:6.1f} s[/]  {name}  {stage}", highlight=False)

    return report


def _count() -> Callable[[int, int, str], None]:
    """One line a finished run of a study, with seconds since the start and an estimate of what is left."""
    start, before = time.perf_counter(), None

    def progress(done: int, total: int, name: str) -> None:
        nonlocal before
        spent = time.perf_counter() - start
        before = done if before is None else before
        text = f"[dim]{spent:6.1f} s[/]  {done}/{total} runs  {name}"
        if before < done < total:
            text += f"  [dim]about {spent / (done - before) * (total - done) / 60:.0f} min left[/]"
        err_console.print(text, highlight=False)

    return progress


@app.command()
def run(
    files: Files,
    out: Out = Path("results"),
    reference: Annotated[
        str | None, typer.Option(help="scenario to compare with; default: the file's, else the first")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="solves side by side; default: one a core")] = None,
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
) -> None:
    """Solve scenarios and compare them; what has not changed since its last run is not solved again.

    Example: picmodel run scenarios/quickstart.yaml --out results
    """
    from picmodel import driver
    from picmodel.ignored.remarks import examined
    from picmodel.report import tables

    found = driver.gathered(files)
    _warn(examined(found, effects and not driver.settled(found, out)))
    runs = driver.run(
        found,
        out,
        reference,
        jobs,
        _progress(),
        baseline,
        fresh=fresh,
        memory_gb=memory,
        scheduler=scheduler,
    )
    for note in tables.notes(runs):
        out_console.print(f"[bold red]read first[/]  {note}", highlight=False)
    out_console.print(tables.summary(runs))
    if (markets := tables.markets(runs)) is not None:
        out_console.print(markets)
    out_console.print(NOTE, style="dim")
    for reading in tables.readings(runs):
        out_console.print(reading, highlight=False)
    for one in runs:
        out_console.print(tables.census(one), style="dim", highlight=False)
    folders = ", ".join(str(one.folder) for one in runs)
    out_console.print(f"written to {folders}", highlight=False, soft_wrap=True)


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
    _warn(examined(found, effects, inherited))
    for scenario in found:
        out_console.print(f"{scenario.name}: good")


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

    found = compare(where, out, references, update, jobs, report=_progress())
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
def sweep(files: Files, as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """List the runs of a sweep and what each sets, without solving; `picmodel run` solves them.

    Example: picmodel sweep scenarios/sweep.yaml
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

    found = past.hindcast(files or [past.SCENARIO], out, _progress())
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
    jobs: Annotated[int | None, typer.Option(min=1, help="solves side by side; default: one a core")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Set what the paper claims beside what runs find; solves what is missing.

    Example: picmodel ladder scenarios/pic2022/ladder.yaml
    """
    from picmodel import ladder as rungs

    found = rungs.climb(files, out, claims, _progress(), jobs, keep)
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

    Example: picmodel attribute scenarios/pic2022/attribution.yaml --out results
    """
    from picmodel.studies import attribution, tables

    found = attribution.attribute(study, out, jobs, _count())
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

    Example: picmodel sensitivity scenarios/pic2022/sensitivity.yaml --out results
    """
    from picmodel.studies import sensitivity as studies
    from picmodel.studies import tables

    found = studies.sense(study, out, jobs, _count(), samples)
    for note in found.notes:
        out_console.print(f"[bold red]read first[/]  {note}", highlight=False)
    if found.study.claims:
        out_console.print(tables.claims(found))
        out_console.print(tables.tornado(found))
    out_console.print(f"written to {found.folder}", highlight=False, soft_wrap=True)


@app.command()
def dispatch(
    result: Annotated[Path, typer.Argument(help="results folder of a finished run: OUT/<scenario>")],
    year: Annotated[int | None, typer.Option(help="planning year; default: the only one")] = None,
    window_days: Annotated[int, typer.Option(min=1, max=365, help="days that a window keeps")] = 7,
    ahead_days: Annotated[int, typer.Option(min=0, max=60, help="days that it sees beyond them")] = 1,
) -> None:
    """Dispatch all 8760 hours of a year with the capacities of a finished run.

    Example: picmodel dispatch results/reference --year 2028
    """
    from picmodel.chronology import comparison
    from picmodel.chronology.check import check_year

    found = check_year(result, year, window_days, ahead_days, report=_progress())
    out_console.print(comparison.nation_table(found.table))
    out_console.print(comparison.province_table(found.table))
    for note in found.notes():
        out_console.print(note, style="dim", highlight=False)
    out_console.print(f"written to {', '.join(map(str, found.files))}", highlight=False, soft_wrap=True)


ResultFolder = Annotated[Path, typer.Argument(help="results folder of a finished run: OUT/<scenario>")]


@explain.command("price")
def explain_price(
    result: ResultFolder,
    province: Annotated[str, typer.Option(help="two letters, as SD")],
    year: Annotated[int, typer.Option(help="planning year")],
    time: Annotated[int | None, typer.Option("--slice", help="time slice, as in solution.nc")] = None,
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="hour of the day, in every day")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Name what sets an energy price, and split it into parts that add up.

    Example: picmodel explain price results/quickstart-spot --province SD --year 2030
    """
    from picmodel.explain import show as shown

    found = shown.explain_price(result, province, year, time, hour)
    if as_json:
        print(json.dumps(shown.as_json(found), indent=2, ensure_ascii=False))
        return
    for part in shown.as_tables(found):
        out_console.print(part, highlight=False)


@explain.command("irr")
def explain_irr(
    result: ResultFolder,
    province: Annotated[str, typer.Option(help="two letters, as SD")],
    technology: Annotated[str, typer.Option(help="technology, as wind_onshore")],
    year: Annotated[int, typer.Option(help="planning year of commissioning")],
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, every year")] = False,
) -> None:
    """Walk the cash flow of a project: income by line, taxes, debt, rates of return.

    Example: picmodel explain irr results/quickstart-spot --province SD --technology wind_onshore --year 2030
    """
    from picmodel.explain import show_irr as shown
    from picmodel.explain.irr import walk_project

    found = walk_project(result, province, technology, year)
    if as_json:
        print(json.dumps(shown.as_json(found), indent=2, ensure_ascii=False))
        return
    for part in shown.as_tables(found):
        out_console.print(part, highlight=False)


@app.command()
def compare(
    a: ResultFolder,
    b: ResultFolder,
    tolerance: Annotated[float, typer.Option(min=0.0, help="least difference [share of scale]")] = 1e-4,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Show what differs between two runs: settings, inputs, program and results, the most important first.

    Example: picmodel compare results/quickstart-separate results/quickstart-spot
    """
    from picmodel.compare import show as shown
    from picmodel.compare.difference import compare as compared

    found = compared(a, b, tolerance)
    if as_json:
        print(json.dumps(shown.as_json(found), indent=2, ensure_ascii=False))
        return
    for part in shown.as_tables(found):
        out_console.print(part, highlight=False)


@app.command()
def diagnose(
    file: Annotated[Path, typer.Argument(help="scenario file")],
    scenario: Annotated[str | None, typer.Option(help="one scenario of the file; default: all")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Say why a scenario has no plan: which rules clash, by how much, and the smallest change.

    Exit code 0 where there is a plan, 3 where there is none or it earns without bound.

    Example: picmodel diagnose scenarios/quickstart.yaml --scenario quickstart-spot
    """
    from picmodel.diagnose import show as shown
    from picmodel.diagnose.scenario import diagnose as look

    found = look(file, scenario, _progress())
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


ScenarioFile = Annotated[Path, typer.Argument(help="scenario file")]
OneScenario = Annotated[str | None, typer.Option("--scenario", help="one scenario of it; default: all")]


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
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
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


@app.command()
def report(
    results: Results,
    out: Annotated[Path | None, typer.Option("--out", help="HTML file; default: report.html there")] = None,
    lang: Language = "en",
    claims: Annotated[
        Path | None, typer.Option(help="the paper's claims; default: scenarios/pic2022/claims.toml")
    ] = None,
) -> None:
    """Write one HTML file, which needs no network, about a finished run or a comparison of some.

    Example: picmodel report results/quickstart-separate results/quickstart-spot --lang zh
    """
    from picmodel.report.page import write_page

    story = _story(results, lang)
    path = write_page(story, out or _beside(results, "report.html"), _claimed(story, claims))
    out_console.print(
        f"written to {path} ({path.stat().st_size / 1e6:.1f} MB)", highlight=False, soft_wrap=True
    )


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help="figure, such as capacity; `list` names all of them")],
    results: Results,
    out: Annotated[Path | None, typer.Option("--out", help="PNG, SVG or PDF; default: NAME.png")] = None,
    lang: Language = "en",
    choose: Annotated[
        list[str] | None, typer.Option("--set", help="SWITCH=KEY, such as province=GD, year=2030")
    ] = None,
) -> None:
    """Write one figure of the report as PNG, SVG or PDF.

    Example: picmodel figure dispatch results/reference --set province=GD --set year=2028 --out gd.pdf
    """
    from picmodel.report import gallery, images

    story = _story(results, lang)
    if name == "list":
        for chart in (c for charts in gallery.charts(story).values() for c in charts):
            switches = "; ".join(f"{s.name}: {', '.join(s.keys)}" for s in chart.switches)
            out_console.print(f"[bold]{chart.name}[/]  {chart.title}  [dim]{switches}[/]", highlight=False)
        return
    pairs = [text.partition("=") for text in choose or []]
    problems = [f"--set {key}{sep}{value}: write SWITCH=KEY" for key, sep, value in pairs if not sep]
    if problems:
        raise InputError(problems)
    chosen = {key: value for key, _, value in pairs}
    path = out or _beside(results, f"{name}.png")
    images.write_image(gallery.one_chart(name, story), story, path, **chosen)
    out_console.print(f"written to {path}", highlight=False, soft_wrap=True)


@app.command()
def export(
    results: Results,
    format_: Annotated[
        Literal["xlsx", "iamc", "csv", "parquet", "latex", "markdown"], typer.Option("--format")
    ] = "xlsx",
    out: Annotated[Path | None, typer.Option("--out", help="file; default: indicators.* there")] = None,
    lang: Language = "en",
    indicator: Annotated[
        list[str] | None, typer.Option(help="for latex and markdown: a table of each; default: the answers")
    ] = None,
) -> None:
    """Write the indicators of finished runs for Excel, IAMC tools, pandas, LaTeX or Markdown.

    Example: picmodel export results/quickstart-spot --format xlsx --out spot.xlsx
    """
    from picmodel.report.export import ENDINGS
    from picmodel.report.export import export as write

    ending = ENDINGS[format_]
    default = "iamc.csv" if format_ == "iamc" else f"{'all_' if format_ == 'csv' else ''}indicators{ending}"
    path = out or _beside(results, default)
    said = write(_story(results, lang), format_, path, indicator or [])
    out_console.print(f"written to {path}{'; ' + said if said else ''}", highlight=False, soft_wrap=True)


def _story(results: list[Path], lang: Literal["en", "zh"]) -> Story:
    from picmodel.report.results import open_results
    from picmodel.report.story import Story
    from picmodel.report.words import words_for

    opened = open_results(results)
    return Story(tuple(opened), words_for(lang, opened))


def _beside(results: list[Path], name: str) -> Path:
    """In the folder of the only result, else in the folder that they are in."""
    return (results[0] if len(results) == 1 else results[0].parent) / name


def _claimed(story: Story, file: Path | None) -> list[Claimed]:
    """The paper's claims beside the runs, where their designs are its rungs."""
    from picmodel.data.load import INPUTS
    from picmodel.ladder import beside
    from picmodel.ladder.claims import read_claims
    from picmodel.report.headlines import claimed

    shipped = INPUTS.parent / "scenarios" / "pic2022" / "claims.toml"
    if file is None and not shipped.is_file():
        return []
    said = read_claims(file or shipped)
    found = beside({result.name: result.indicators for result in story.results}, said)
    titles = {claim.name: (claim.title, claim.quote) for claim in said.claims}
    return claimed(found, titles, story.words)


@show.command()
def mechanisms(
    name: Annotated[str | None, typer.Argument(help="one mechanism, with all its options")] = None,
    all_options: Annotated[bool, typer.Option("--all", help="options of every mechanism")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
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
    table = Table("option", "type", "unit", "default", "range", "what")
    for option in options:
        cells = astuple(option)
        table.add_row(*(Text(cell) for cell in cells))
    return table


@show.command()
def indicators(
    name: Annotated[str | None, typer.Argument(help="one indicator, or the beginning of some")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
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


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files.

    Example: picmodel schema > scenarios/schema.json
    """
    from picmodel.markets.registry import MECHANISMS
    from picmodel.scenario.schema import json_schema

    print(json.dumps(json_schema({m.name: m.config for m in MECHANISMS}), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
