"""The commands of docs/tutorial.md do what the page says."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import tutorial
from picmodel.cli.terminal import err_console, out_console

ROOT = Path(__file__).parents[1]
#: seconds, megabytes and versions are those of the day
OF_THE_DAY = re.compile(r"\d s  |\d s\b|MB\b|\d+\.\d+\.\d+")
NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?")
BARS = re.compile(r"[▁-█▉-▏]+")


def words_and_numbers(line: str) -> tuple[list[str], list[float]]:
    """A line without its bars and spacing, numbers apart."""
    numbers = [float(found[0].replace(",", "")) for found in NUMBER.finditer(line)]
    return NUMBER.sub("#", BARS.sub("", line)).split(), numbers


def is_in(recorded: str, printed: list[str]) -> bool:
    """A printed line has the same words, and the same numbers to what a solver may do to the last digit."""
    words, numbers = words_and_numbers(recorded)
    for line in printed:
        others, found = words_and_numbers(line)
        if words == others and all(map(close, numbers, found)):
            return True
    return False


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=0.005, abs_tol=0.011)


def test_the_walk_goes_as_recorded(tmp_path, monkeypatch):
    """Every command gives its exit code and prints every recorded line, but those with times."""
    for console in (out_console, err_console):
        monkeypatch.setattr(console, "width", tutorial.WIDTH)
    page = tutorial.PAGE.read_text("utf-8")
    for block, code, printed in tutorial.walk(page, tmp_path):
        assert code == block.code, "\n".join([block.command, *printed])
        lines = [line for line in block.recorded if line not in ("", tutorial.LEFT_OUT)]
        missing = [line for line in lines if not OF_THE_DAY.search(line) and not is_in(line, printed)]
        assert not missing, f"{block.command}: run `python docs/tutorial.py` if this is meant"


def test_the_walk_shows_what_it_is_for():
    """Files are edited, and every command that a first hour needs is there."""
    found = tutorial.blocks(tutorial.PAGE.read_text("utf-8"))
    commands = " ".join(block.command for block in found if block.kind == "console")
    for verb in ("new", "validate", "run", "compare", "explain price", "explain irr", "report", "sweep"):
        assert f"picmodel {verb} " in commands
    assert "picmodel diagnose " in commands
    assert "picmodel export " in commands
    assert {block.code for block in found} >= {0, 2, 3}
    assert sum(block.kind == "yaml" for block in found) >= 3


@pytest.mark.parametrize(
    ("recorded", "printed", "same"),
    [
        ("│ base │ 37.5 █▆▄ │", "│ base  │ 37.5  █▅▄ │", True),
        ("base 1,972", "base 1,972", True),
        ("base 37.5", "base 38.5", False),
        ("base 1,972", "bas 1,972", False),
        ("-4.43 %", "4.43 %", False),
    ],
)
def test_lines_are_compared_by_words_and_numbers(recorded, printed, same):
    assert is_in(recorded, [printed]) == same


def test_a_page_is_parsed_and_recorded_with_gaps():
    fences = ("console lines=1,3-4 exit=2\n$ cat a\nold", "yaml a.yaml\nx: 1", "yaml\ny: 2")
    page = "\n".join(f"```{fence}\n```\n" for fence in fences)
    command, file = tutorial.blocks(page)
    assert (command.command, command.recorded, command.code) == ("cat a", ["old"], 2)
    assert command.shown(list("abcde")) == ["a", "…", "c", "d", "…"]
    assert tutorial.Block("console", {"lines": "3-"}, "", 0, 0).shown(list("abcd")) == ["…", "c", "d"]
    assert (file.kind, list(file.words), file.content) == ("yaml", ["a.yaml"], "x: 1\n")
