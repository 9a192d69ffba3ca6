"""Paths that a scenario names: made absolute, and kept inside the project unless the file says otherwise.

The project of a file is the nearest folder above it that holds one of `MARKS`, else its own folder.  What
lies beyond must be named under ``outside``, a folder or a list of folders.  The shipped inputs are always
inside.  A scenario that is a mapping of Python has no project: the program that made it may name any path.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from picmodel.scenario.check import shown
from picmodel.scenario.schema import SHIPPED
from picmodel.scenario.source import Node, Problem

#: what the top folder of a project holds
MARKS = (".git", "pyproject.toml", "inputs", "scenarios")
#: the folder that is shipped with the package
PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bounds:
    """Where paths may lead.

    Attributes:
        project: top folder of the project; None: anywhere.
        outside: folders beyond it that the files name.
    """

    project: Path | None = None
    outside: tuple[Path, ...] = ()

    @classmethod
    def of(cls, file: Path) -> Bounds:
        """Bounds of a file that nothing is known of."""
        try:
            folder = Path(os.path.realpath(file)).parent
        except ValueError:  # no path at all; whoever reads it says so
            return cls()
        marked = (f for f in (folder, *folder.parents) if any((f / mark).exists() for mark in MARKS))
        return cls(next(marked, folder))

    def beside(self, node: Node, problems: list[Problem]) -> Bounds:
        """These bounds and what the document's ``outside`` adds."""
        said = node.child("outside")
        if said is None:
            return self
        found = []
        for one in said.value if isinstance(said.value, tuple) else (said,):
            if isinstance(one.value, str) and one.value:
                found.append(Path(os.path.realpath(absolute(one).value)))
            else:
                text = f"`outside` is {shown(one.plain())}; write a folder, or a list of folders"
                problems.append(Problem(one.place, text, "PIC-S032"))
        return Bounds(self.project, (*self.outside, *found))

    def refusal(self, path: str | Path) -> str:
        """Why a path is not followed; "" where it may be."""
        real = Path(os.path.realpath(path))
        inside = (self.project, PACKAGE, *self.outside)
        if self.project is None or any(f is not None and real.is_relative_to(f) for f in inside):
            return ""
        return (
            f"{path} is outside the project {self.project}; move it there, or add "
            f"`outside: {real if real.is_dir() else real.parent}`"
        )


def absolute(node: Node) -> Node:
    """A path seen from the folder of the file that it stands in."""
    if not isinstance(node.value, str):
        return node
    folder = os.path.dirname(node.place.file) if node.place.line else ""
    return replace(node, value=os.path.abspath(os.path.join(folder, node.value)))


def followed(node: Node, bounds: Bounds, problems: list[Problem]) -> Node:
    """Absolute paths of ``series`` and ``inputs`` of a document, with problems of those out of bounds."""
    children = dict(node.entries())
    if "series" in children:
        series = {k: _checked(child, bounds, problems) for k, child in children["series"].entries().items()}
        children["series"] = replace(children["series"], value=series or children["series"].value)
    if "inputs" in children:
        children["inputs"] = _folders(children["inputs"], bounds, problems)
    return replace(node, value=children)


def _folders(node: Node, bounds: Bounds, problems: list[Problem]) -> Node:
    """One folder or several with absolute paths; the word for the shipped one stays."""
    if isinstance(node.value, tuple):
        return replace(node, value=tuple(_folders(one, bounds, problems) for one in node.value))
    return node if node.value == str(SHIPPED) else _checked(node, bounds, problems)


def _checked(node: Node, bounds: Bounds, problems: list[Problem]) -> Node:
    found = absolute(node)
    refusal = bounds.refusal(found.value) if isinstance(found.value, str) else ""
    if refusal:
        problems.append(Problem(node.place, refusal, "PIC-S026"))
    return found
