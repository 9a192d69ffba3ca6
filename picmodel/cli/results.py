"""Commands that read finished runs: ``explain``, ``compare``, ``report``, ``view``, ``figure``,
``export``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from picmodel.cli.terminal import Json, Language, ResultFolder, app, explain, out_console, say, tell
from picmodel.errors import InputError

if TYPE_CHECKING:
    from picmodel.report.headlines import Claimed
    from picmodel.report.story import Story

Results = Annotated[list[Path], typer.Argument(help="folders of finished runs, or folders of them")]


@explain.command("price")
def explain_price(
    result: ResultFolder,
    province: Annotated[str, typer.Option(help="two letters, as SD")],
    year: Annotated[int, typer.Option(help="planning year")],
    time: Annotated[int | None, typer.Option("--slice", help="time slice, as in solution.nc")] = None,
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="hour of the day, in every day")] = None,
    as_json: Json = False,
) -> None:
    """Name what sets an energy price, and split it into parts that add up.

    Example: picmodel explain price results/quickstart-spot --province SD --year 2030
    """
    from picmodel.explain import show as shown

    found = shown.explain_price(result, province, year, time, hour)
    tell(found, shown, as_json)


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
    tell(found, shown, as_json)


@app.command()
def compare(
    a: ResultFolder,
    b: ResultFolder,
    tolerance: Annotated[float, typer.Option(min=0.0, help="least difference [share of scale]")] = 1e-4,
    as_json: Json = False,
) -> None:
    """Show what differs between two runs: settings, inputs, program and results, the most important first.

    Example: picmodel compare results/quickstart-separate results/quickstart-spot
    """
    from picmodel.compare import show as shown
    from picmodel.compare.difference import compare as compared

    found = compared(a, b, tolerance)
    tell(found, shown, as_json)


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
def view(
    folder: Annotated[Path, typer.Argument(help="folder of results folders, or one run")] = Path("results"),
    host: Annotated[str, typer.Option(help="address to listen on; the default is this machine alone")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="port; 0 for a free one")] = 0,
    opens: Annotated[bool, typer.Option("--open", help="open the browser there")] = False,
    claims: Annotated[
        Path | None, typer.Option(help="the paper's claims; default: scenarios/pic2022/claims.toml")
    ] = None,
) -> None:
    """Serve reports of a folder of results: a list of runs to choose from, alone or side by side.

    Example: picmodel view results --open
    """
    from picmodel.view.serve import serve

    def ready(address: str, is_local: bool) -> None:
        if not is_local:
            say(f"warning: whoever reaches this machine at {host} can read these results", "yellow")
        out_console.print(
            f"results of {folder} at {address}  (Ctrl-C ends it)", highlight=False, soft_wrap=True
        )

    serve(folder, host, port, lambda story: _claimed(story, claims), ready, opens)


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
        Literal["xlsx", "iamc", "csv", "parquet", "netcdf", "latex", "markdown"], typer.Option("--format")
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
    text = f"written to {path}{'; ' + said if said else ''}"
    out_console.print(text, highlight=False, soft_wrap=True, markup=False)  # it may name an extra in brackets


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
    readings = {
        reading.title: reading.zh for claim in said.claims for reading in claim.readings if reading.zh
    }
    return claimed(found, titles, readings, story.words)
