"""Runs what docs/tutorial.md shows and records what is printed: ``python docs/tutorial.py [--long]``.

A block ``yaml FILE`` is written to that file, a block ``console`` holds a command after ``$`` and what it
printed.  Words of a block after that: ``exit=3`` the exit code, ``lines=1-4,9-`` which lines are shown, the
others being ``…``, ``long`` what is run with ``--long`` alone.  `tests/test_tutorial.py` runs all but that.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from rich.text import Text

from picmodel import cli
from picmodel.cli.terminal import err_console, out_console

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_suffix(".md")
WIDTH = 100
LEFT_OUT = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block of the page that is a file or a command.

    Attributes:
        words: of its info string after the language, ``key`` or ``key=value``.
        first, last: lines of the page that its content takes, the last one not included.
    """

    kind: str
    words: dict[str, str]
    content: str
    first: int
    last: int

    @property
    def command(self) -> str:
        return self.content.splitlines()[0].removeprefix("$ ")

    @property
    def recorded(self) -> list[str]:
        return self.content.splitlines()[1:]

    @property
    def code(self) -> int:
        return int(self.words.get("exit", 0))

    def shown(self, printed: list[str]) -> list[str]:
        """The lines that the block wants, ``…`` where some are left out."""
        if "lines" not in self.words:
            return printed
        kept: list[str] = []
        after = 0
        for part in self.words["lines"].split(","):
            low, dash, high = part.partition("-")
            kept += [LEFT_OUT] * (int(low) > after + 1)
            after = int(high) if high else len(printed) if dash else int(low)
            kept += printed[int(low) - 1 : after]
        return kept + [LEFT_OUT] * (after < len(printed))


def blocks(page: str) -> list[Block]:
    """Files and commands of the page, in order."""
    found = []
    for token in MarkdownIt().parse(page):
        kind, *words = token.info.split() or [""]
        if token.type == "fence" and (kind == "console" or (kind == "yaml" and words)):
            assert token.map is not None
            pairs = {key: value for key, _, value in (word.partition("=") for word in words)}
            found.append(Block(kind, pairs, token.content, token.map[0] + 1, token.map[1] - 1))
    return found


def walk(page: str, folder: Path, long: bool = False) -> Iterator[tuple[Block, int, list[str]]]:
    """Do what the page says in a folder: each command with its exit code and what it printed.

    Args:
        folder: a copy of the scenarios is put there; everything else is made by the page.
        long: also what is marked as long.
    """
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    for block in blocks(page):
        if block.kind == "yaml":
            (name,) = block.words
            (folder / name).write_text(block.content, encoding="utf-8")
        elif long or "long" not in block.words:
            yield block, *_call(block.command, folder)


def _call(command: str, folder: Path) -> tuple[int, list[str]]:
    """Exit code and lines of a command in a folder; the machine's own path to the schema is the reader's."""
    program, *arguments = shlex.split(command)
    said, code = io.StringIO(), 0
    with chdir(folder), redirect_stdout(said), redirect_stderr(said):
        if program == "cat":
            print(*(Path(name).read_text("utf-8") for name in arguments), sep="", end="")
        elif program == "picmodel":
            before, sys.argv = sys.argv, [program, *arguments]
            try:
                cli.main()
            except SystemExit as stop:
                code = int(stop.code or 0)
            finally:
                sys.argv = before
        else:
            raise ValueError(f"{command}: the page shows picmodel and cat alone")
    text = re.sub(r"(?<=\$schema=)\S*/(?=schema\.json)", "", Text.from_ansi(said.getvalue()).plain)
    return code, [line.rstrip() for line in text.splitlines()]


def record(page: str, long: bool = False) -> str:
    """The page with what its commands print today."""
    lines = page.splitlines()
    done = []
    with tempfile.TemporaryDirectory() as folder:
        for block, code, printed in walk(page, Path(folder), long):
            print(f"{block.command}: exit code {code}", file=sys.stderr)
            if code != block.code:
                raise SystemExit("\n".join(printed))
            done.append((block, printed))
    for block, printed in reversed(done):
        lines[block.first + 1 : block.last] = block.shown(printed)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    out_console.width = err_console.width = WIDTH
    os.environ.pop("COLUMNS", None)
    PAGE.write_text(record(PAGE.read_text("utf-8"), "--long" in sys.argv), encoding="utf-8")
