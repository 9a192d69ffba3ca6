"""What the commands share: the application, its consoles, arguments of one meaning, messages, progress."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from picmodel.scenario.messages import caret

if TYPE_CHECKING:
    from picmodel.ignored.remarks import Remark

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
show = typer.Typer(no_args_is_help=True, help="Show what a scenario can say.")
explain = typer.Typer(no_args_is_help=True, help="Explain a number of a finished run.")
#: columns where there is no terminal to ask, unless the environment says COLUMNS
WIDTH = 150
out_console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH)
err_console = Console(stderr=True)

Files = Annotated[list[Path], typer.Argument(help="scenario files, or folders of them")]
ScenarioFile = Annotated[Path, typer.Argument(help="scenario file")]
OneScenario = Annotated[str | None, typer.Option("--scenario", help="one scenario of it; default: all")]
Out = Annotated[Path, typer.Option("--out", help="results go to OUT/<scenario>/")]
Jobs = Annotated[int | None, typer.Option(min=1, help="solves side by side; default: one a core")]
Effects = Annotated[bool, typer.Option(help="look for settings that change nothing")]
ResultFolder = Annotated[Path, typer.Argument(help="results folder of a finished run: OUT/<scenario>")]
Lang = Literal["en", "zh"]
Language = Annotated[Lang, typer.Option("--lang", help="language of titles and tables")]
Json = Annotated[bool, typer.Option("--json", help="as JSON")]


def say(text: str, style: str = "bold red") -> None:
    err_console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def say_problem(kind: str, problem: str, style: str = "bold red") -> None:
    """A message with its id, and the line that it is about with a caret below the place."""
    say(f"{kind}{getattr(problem, 'label', '')}: {problem}", style)
    if place := caret(problem):
        say(place, "dim")


def warn(remarks: Sequence[Remark]) -> None:
    """Warnings with their places; those that are waived are counted, since the manifest has them."""
    for remark in remarks:
        if remark.waived is None:
            say_problem("warning", remark.message, "yellow")
    waived = sum(remark.waived is not None for remark in remarks)
    if waived:
        err_console.print(f"{waived} waived, see manifest.json", style="dim", highlight=False)


def stages() -> Callable[[str, str], None]:
    """One line a stage, with seconds since the start."""
    start = time.perf_counter()

    def report(name: str, stage: str) -> None:
        err_console.print(
            f"[dim]{time.perf_counter() - start:6.1f} s[/]  {name}  {stage}", highlight=False, soft_wrap=True
        )

    return report


@contextmanager
def looking(tell: Callable[[str, str], None]) -> Iterator[Callable[[str, str], None]]:
    """While settings are left out in turn: the one in question on a terminal, one plain line elsewhere."""
    status, told = err_console.status(""), False

    def report(name: str, question: str) -> None:
        nonlocal told
        if err_console.is_terminal:
            status.update(f"[dim]{question}[/]")
            status.start()
        elif not told:
            tell(name, "looks whether every setting has an effect")
        told = True

    try:
        yield report
    finally:
        status.stop()


def counted() -> Callable[[int, int, str], None]:
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


def tell(found: Any, shown: Any, as_json: bool) -> None:
    """What a command found, as JSON or as tables; `shown` is the module with `as_json` and `as_tables`."""
    if as_json:
        print(json.dumps(shown.as_json(found), indent=2, ensure_ascii=False))
        return
    for part in shown.as_tables(found):
        out_console.print(part, highlight=False)
