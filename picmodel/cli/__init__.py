"""The command line: ``picmodel run``, ``sweep``, ``validate``, ``new``, ``diagnose``, ``explain``,
``compare``, ``regress``, ``hindcast``, ``dispatch``, ``attribute``, ``sensitivity``, ``ladder``, ``report``,
``view``, ``figure``, ``export``, ``show``, ``schema``.

Exit codes: 0 good, 1 drifted, 2 bad input, 3 infeasible, 4 solver trouble, 5 interrupted, 6 self-check
failed, 7 results cannot be written.
"""

from __future__ import annotations

import sys

import typer

from picmodel.cli import scenarios, studies, results, showing  # isort: skip  # in the order of the help
from picmodel.cli.terminal import app, err_console, explain, say, say_problem, show
from picmodel.errors import PicmodelError

__all__ = ["app", "main", "results", "scenarios", "showing", "studies"]
INTERRUPTED = 5

app.info.help = __doc__.replace("``", "`")
app.add_typer(show, name="show")
app.add_typer(explain, name="explain")


def main() -> None:
    """Entry point: errors of picmodel become a message and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)  # that of a `typer.Exit`, which does not come through
        if code:
            sys.exit(code)
    except PicmodelError as error:
        problems = getattr(error, "problems", [str(error)])
        for problem in problems:
            say_problem("error", problem)
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
        say(f"error: {usage()}")
        sys.exit(2)
