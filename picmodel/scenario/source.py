"""YAML text to a tree in which every key and value knows its file, line and column.

YAML 1.2 through ruamel.yaml's composer.  Refused, each with its place: duplicate keys, numbers that
are not finite, merge keys (``<<``), tags of other types, values that contain themselves.  Anchors
and aliases are fine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from picmodel.scenario.messages import Message

Key = str | int
Path = tuple[Key, ...]

#: more values than any scenario has; aliases of aliases of aliases do
MOST_NODES = 100_000

_OTHER_VERSION = re.compile(r"^%YAML\s+(?!1\.2\s*$)", re.MULTILINE)
_FULL_WIDTH = re.compile("[：，｛｝［］]")
_SCALARS = ("str", "int", "float", "bool", "null", "timestamp")


@dataclass(frozen=True, order=True)
class Place:
    """Where something is written; line and column count from 1, and are 0 outside a file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong at a place, and the remedy; ``id`` is one of `messages.MESSAGES`."""

    place: Place
    text: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"

    def message(self) -> Message:
        """The text with its id and place."""
        return Message(str(self), self.id, self.place.file, self.place.line, self.place.column)


@dataclass(frozen=True)
class Node:
    """A value, its place and, inside a mapping, the place of its key."""

    value: Any  # dict[Key, Node] | tuple[Node, ...] | str | int | float | bool | None
    place: Place
    key_place: Place

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return [child.plain() for child in self.value]
        return self.value

    def entries(self) -> dict[Key, Node]:
        """The children of a mapping; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def child(self, part: object) -> Node | None:
        """Child of a mapping or a list, if it is there."""
        if isinstance(self.value, dict) and isinstance(part, str | int):
            return self.value.get(part)
        if isinstance(self.value, tuple) and isinstance(part, int) and part < len(self.value):
            return self.value[part]
        return None


@dataclass(frozen=True)
class Where:
    """A part of a scenario and where each of its keys is written.

    Two scenarios that say the same in different places are equal, so places are not compared.
    """

    node: Node = field(compare=False, repr=False)
    path: Path = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any], file: str = "<options>") -> Where:
        """Places of options that stand in no file."""
        return cls(read_mapping(raw, file)[0])

    def at(self, *path: Key) -> Where:
        """The part below ``path``; where something is missing, the last place that exists."""
        node = self.node
        for part in path:
            node = node.child(part) or node
        return Where(node, self.path + path)

    def problem(self, text: str, *path: Key, id: str = "") -> Message:
        """A message about the value at ``path``, in front of it the place where it is written."""
        return Problem(self.at(*path).node.place, text, id).message()


def written(path: Path) -> str:
    """A path as a user reads it.

    >>> written(("space", "provinces", 0))
    'space.provinces.0'
    """
    return ".".join(str(part) for part in path)


def merge(base: Node, over: Node) -> Node:
    """Deep merge: mappings key by key, anything else (a list, a number, null) replaces."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    children = dict(base.value)
    for key, child in over.value.items():
        children[key] = merge(children[key], child) if key in children else child
    return replace(over, value=children)


def without(node: Node, *keys: Key) -> Node:
    """A mapping without some of its keys."""
    return replace(node, value={key: child for key, child in node.entries().items() if key not in keys})


def read_mapping(raw: Mapping[Any, Any], file: str) -> tuple[Node, list[Problem]]:
    """Tree of a Python mapping, and its problems."""
    reader = _Reader(file)
    return reader.from_python(raw, ()), reader.problems


def read_text(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """Tree of a YAML text, and its problems; no tree if the syntax is broken."""
    directive = _OTHER_VERSION.search(text)
    if directive:
        line = text.count("\n", 0, directive.start()) + 1
        return None, [Problem(Place(file, line, 1), "only YAML 1.2 is read; delete this line", "PIC-S003")]
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
        if root is None:
            return None, [
                Problem(
                    Place(file),
                    "the file is empty; restore it, or write `{}` for a scenario of defaults",
                    "PIC-S010",
                )
            ]
        reader = _Reader(file, yaml.constructor)
        return reader.from_yaml(root, reader.place(root), ()), reader.problems
    except _Hopeless as error:
        return None, [error.args[0]]
    except RecursionError:
        return None, [Problem(Place(file), "values are nested too deeply; flatten them", "PIC-S009")]
    except YAMLError as error:
        return None, [_syntax_problem(error, text, file)]


def _syntax_problem(error: YAMLError, text: str, file: str) -> Problem:
    """A syntax error in our words, with a remedy for the usual causes."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        at = getattr(error, "position", 0)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        return Problem(Place(file, line, column), "a control character stands here; delete it", "PIC-S003")
    mark, said = error.problem_mark, str(error.problem)
    if "found another document" in said:
        remedy = "keep one document per file, or write several `designs`"
    elif "undefined alias" in said:
        remedy = "define it with & before it is used"
    elif "'\\t'" in said:
        remedy = "indent with spaces, not tabs"
    elif "<stream end>" in said or "unexpected end" in said:
        remedy = "the file seems cut off here: restore it, or close the bracket or quote"
    elif _FULL_WIDTH.search("\n".join(text.splitlines()[max(mark.line - 1, 0) : mark.line + 1])):
        remedy = "write : , { } [ ] as half-width characters"
    else:
        remedy = "check the indentation, brackets and quotes here and in the line before"
    return Problem(Place(file, mark.line + 1, mark.column + 1), f"broken YAML, {said}; {remedy}", "PIC-S003")


#: NUL, and half of a pair of UTF-16, which UTF-8 cannot hold
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class _Hopeless(Exception):
    """The one problem after which no tree is left."""


class _Reader:
    """Turns nodes of ruamel.yaml, or plain Python, into `Node`; collects problems on the way."""

    def __init__(self, file: str, constructor: Any = None) -> None:
        self.file = file
        self.constructor = constructor
        self.problems: list[Problem] = []
        self.count = 0

    def place(self, node: Any) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def wrong(self, id: str, place: Place, text: str) -> None:
        self.problems.append(Problem(place, text, id))

    def from_yaml(self, node: Any, key_place: Place, above: tuple[int, ...]) -> Node:
        """Tree below a node; ``above`` are the nodes around it."""
        place = self.place(node)
        self.count += 1
        if self.count > MOST_NODES:
            text = f"aliases unfold to over {MOST_NODES} values; write them out"
            raise _Hopeless(Problem(place, text, "PIC-S009"))
        if id(node) in above:
            text = "this anchor contains an alias of itself; delete the alias"
            raise _Hopeless(Problem(place, text, "PIC-S009"))
        if isinstance(node, ScalarNode):
            empty = node.start_mark.index == node.end_mark.index  # the key alone, the place is after it
            return Node(self.scalar(node, place), key_place if empty else place, key_place)
        kind = "map" if isinstance(node, MappingNode) else "seq"
        if node.tag != f"tag:yaml.org,2002:{kind}":
            self.wrong("PIC-S007", place, f"tag {_shown_tag(node.tag)} is not known here; delete it")
        inside = (*above, id(node))
        if isinstance(node, SequenceNode):
            items = [self.from_yaml(item, self.place(item), inside) for item in node.value]
            return Node(tuple(items), place, key_place)
        return Node(self.mapping(node, inside), place, key_place)

    def mapping(self, node: Any, inside: tuple[int, ...]) -> dict[Key, Node]:
        children: dict[Key, Node] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node)
            key = self.key(key_node, place)
            child = self.from_yaml(value_node, place, inside)
            if key is None:
                continue
            if key in children:
                first = children[key].key_place
                self.wrong(
                    "PIC-S004", place, f"key `{key}` is already in line {first.line}; delete one of them"
                )
            children[key] = child
        return children

    def key(self, node: Any, place: Place) -> Key | None:
        if node.tag == "tag:yaml.org,2002:merge":
            self.wrong(
                "PIC-S006", place, "merge keys (<<) are not read; use `extends`, or write the keys out"
            )
            return None
        value = self.scalar(node, place) if isinstance(node, ScalarNode) else None
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.wrong("PIC-S005", place, "a key is a text or a whole number; put it in quotes")
            return None
        return value

    def scalar(self, node: Any, place: Place) -> Any:
        """Value of a scalar by its tag; dates stay text, as YAML 1.2 has it."""
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind not in _SCALARS:
            self.wrong("PIC-S007", place, f"tag {_shown_tag(node.tag)} is not known here; delete it")
            return node.value
        if kind in ("str", "timestamp"):
            return self.text(node.value, place)
        try:
            value = getattr(self.constructor, f"construct_yaml_{kind}")(node)
        except (ValueError, KeyError):
            self.wrong(
                "PIC-S032", place, f"{node.value[:40]!r} is no {kind}; correct it, or put a text in quotes"
            )
            return node.value
        return self.finite(value, place)

    def from_python(self, value: Any, above: Path) -> Node:
        place, named = Place(self.file), Place(f"{self.file}: {written(above)}" if above else self.file)
        if isinstance(value, Mapping):
            children: dict[Key, Node] = {}
            for key, child in value.items():
                if isinstance(key, bool) or not isinstance(key, str | int):
                    self.wrong(
                        "PIC-S005",
                        named,
                        f"key {key!r} is neither text nor a whole number; write one of these",
                    )
                    continue
                children[self.text(key, named)] = self.from_python(child, (*above, key))
            return Node(children, place, place)
        if isinstance(value, list | tuple):
            items = [self.from_python(item, (*above, i)) for i, item in enumerate(value)]
            return Node(tuple(items), place, place)
        if hasattr(value, "__fspath__"):
            value = str(value)
        elif hasattr(value, "item"):  # a number of numpy
            value = value.item()
        if value is not None and not isinstance(value, str | int | float):
            kind = type(value).__name__
            self.wrong(
                "PIC-S011", named, f"a {kind} cannot be used here; write text, numbers, lists or mappings"
            )
            value = None
        return Node(self.text(self.finite(value, named), named), place, place)

    def text(self, value: Any, place: Place) -> Any:
        """Report characters that neither a path nor a terminal takes, and leave them out."""
        if not isinstance(value, str) or not _NO_TEXT.search(value):
            return value
        said = ascii(value if len(value) <= 40 else value[:40] + "…")
        self.wrong("PIC-S003", place, f"{said} holds a character that no text has; delete it")
        return _NO_TEXT.sub("", value)

    def finite(self, value: Any, place: Place) -> Any:
        """Report numbers that are not finite; 0 stands in for them."""
        if isinstance(value, int | float) and not _is_finite(value):
            text = "a number must be finite and below 1e308; write a number, or delete the key"
            self.wrong("PIC-S008", place, text)
            return 0
        return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _shown_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
