"""Overrides: which input numbers a scenario replaces, scales or shifts.

A path leads to numbers: ``table``, then values of the table's key in its order (those left out mean
all rows), then a column, and, if wanted, a last whole number for the year (or cohort year, month)::

    overrides:
      technology_costs.solar_utility.capex_cny_per_kw.2030: 2400
      technology_costs.solar_utility.2030.capex_cny_per_kw: 2400          # the same
      technology_costs: {solar_utility: {capex_cny_per_kw: {2030: 2400}}} # the same
      demand: {multiply: 1.05, where: {province: [GD, JS], year: 2030}}
      fuel_prices.coal.price_cny_per_gj: [{multiply: 1.1}, {add: 2, where: {province: XJ}}]

They are applied in the order of the file.  Which tables and columns exist is the business of
`picmodel.data.overrides`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from picmodel.scenario.check import nearest, shown
from picmodel.scenario.source import Node, Place, Problem

OPERATIONS = ("set", "multiply", "add")


@dataclass(frozen=True)
class Override:
    """One operation on the numbers of one column.

    Attributes:
        table: input table.
        keys: values of the table's key columns in their order (without ``year``'s), from the first.
        column: column of numbers, or "" for the only one that the table has.
        year: value of ``year``, or of the last whole-number key of a table without it.
        operation: ``set``, ``multiply`` or ``add``.
        value: in the unit of the column; for ``multiply`` a factor.
        where: further conditions, column to admitted values.
        place: where the scenario says so; two overrides that differ in nothing else are equal.
    """

    table: str
    keys: tuple[str, ...] = ()
    column: str = ""
    year: int | None = None
    operation: str = "set"
    value: float = 0.0
    where: tuple[tuple[str, tuple[str | int | float, ...]], ...] = ()
    place: Place = field(default=Place("<overrides>"), compare=False)

    @property
    def path(self) -> str:
        """The path as a scenario writes it."""
        tail = [self.column] * bool(self.column) + [str(self.year)] * (self.year is not None)
        return ".".join([self.table, *self.keys, *tail])


def flatten(node: Node) -> tuple[Node, list[Problem]]:
    """Dotted paths in place of nested mappings, so that one target has one name when files merge."""
    if not isinstance(node.value, dict):
        return node, []
    children: dict[Any, Node] = {}
    problems = []
    for path, leaf in _leaves(node, ()):
        name = ".".join(path)
        if name in children:
            text = f"`{name}` is already in line {children[name].key_place.line}; delete one of them"
            problems.append(Problem(leaf.key_place, text, "PIC-S050"))
        children[name] = leaf
    return replace(node, value=children), problems


def chained(first: Node | None, then: Node | None) -> Node | None:
    """Two flattened sections as one: where both have a path, the second's operations follow the first's."""
    if first is None or then is None or not isinstance(then.value, dict):
        return first if then is None else then
    children = dict(first.entries())
    for path, leaf in then.entries().items():
        if path in children:
            leaf = replace(leaf, value=(*_operations(children[path]), *_operations(leaf)))
        children[path] = leaf
    return replace(first, value=children)


def _operations(leaf: Node) -> tuple[Node, ...]:
    """What a path is given, as a list of mappings such as ``{set: 3}``."""
    if isinstance(leaf.value, tuple):
        return leaf.value
    return (leaf if isinstance(leaf.value, dict) else replace(leaf, value={"set": leaf}),)


def _leaves(node: Node, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    for key, child in node.entries().items():
        path = (*above, *str(key).split("."))
        if isinstance(child.value, dict) and not _is_operation(child):
            yield from _leaves(child, path)
        else:
            yield path, child


def _is_operation(node: Node) -> bool:
    return bool({*OPERATIONS, "where"} & set(node.entries()))


def parse(node: Node | None) -> tuple[tuple[Override, ...], list[Problem]]:
    """Overrides of a flattened section, in order, and what is wrong with the others."""
    if node is None:
        return (), []
    if not isinstance(node.value, dict):
        text = f"`overrides` is {shown(node.plain())}; write a mapping of paths to numbers"
        return (), [Problem(node.place, text, "PIC-S050")]
    found: list[Override] = []
    problems: list[Problem] = []
    for path, leaf in node.value.items():
        target = _target(str(path), leaf.key_place)
        if target is None:
            text = f"`overrides.{path}` has an empty part; write table.key.column"
            problems.append(Problem(leaf.key_place, text, "PIC-S050"))
            continue
        for item in leaf.value if isinstance(leaf.value, tuple) else (leaf,):
            override, wrong = _operation(target, item, listed=item is not leaf)
            found += [override] if override else []
            problems += wrong
    return tuple(found), problems


def _target(path: str, place: Place) -> Override | None:
    """Table, keys, column and year of a path."""
    table, *rest = path.split(".")
    if not table or not all(rest):
        return None
    year = int(rest.pop()) if len(rest) > 1 and rest[-1].isascii() and rest[-1].isdigit() else None
    column = rest.pop() if rest else ""
    return Override(table, tuple(rest), column, year, place=place)


def _operation(target: Override, node: Node, listed: bool) -> tuple[Override | None, list[Problem]]:
    """The override that one value of a path stands for."""
    name = f"`overrides.{target.path}`"
    if isinstance(node.value, dict):
        return _from_mapping(target, node, name)
    if not _is_number(node.value) or listed:
        want = (
            "mappings such as {multiply: 1.1} in a list"
            if listed
            else ("a number, or a mapping such as {multiply: 1.1}")
        )
        return None, [Problem(node.place, f"{name} is {shown(node.plain())}; write {want}", "PIC-S050")]
    if not target.column:
        text = f"{name} would set a whole table; name a column, or write {{set: ..., where: ...}}"
        return None, [Problem(node.place, text, "PIC-S050")]
    return replace(target, value=float(node.value)), []


def _from_mapping(target: Override, node: Node, name: str) -> tuple[Override | None, list[Problem]]:
    """``{multiply: 1.05, where: {...}}``"""
    known = (*OPERATIONS, "where")
    problems = [
        Problem(child.key_place, f"unknown key `{key}` in {name}; {nearest(key, known)}", "PIC-S050")
        for key, child in node.value.items()
        if key not in known
    ]
    given = [key for key in OPERATIONS if key in node.value]
    if len(given) != 1:
        says = " and ".join(given) or "no operation"
        problems.append(
            Problem(node.place, f"{name} has {says}; write one of {', '.join(OPERATIONS)}", "PIC-S050")
        )
    for key in given:
        value = node.value[key]
        if not _is_number(value.value):
            text = f"`{key}` of {name} is {shown(value.plain())}; write a number"
            problems.append(Problem(value.place, text, "PIC-S050"))
    where, wrong = _conditions(node.value.get("where"), name)
    problems += wrong
    if problems:
        return None, problems
    number = float(node.value[given[0]].value)
    return replace(target, operation=given[0], value=number, where=where), []


def _conditions(node: Node | None, name: str) -> tuple[tuple, list[Problem]]:
    """Column to admitted values."""
    if node is None:
        return (), []
    if not isinstance(node.value, dict):
        text = f"`where` of {name} is {shown(node.plain())}; write a mapping such as {{province: [GD, JS]}}"
        return (), [Problem(node.place, text, "PIC-S050")]
    conditions, problems = [], []
    for column, child in node.value.items():
        items = child.value if isinstance(child.value, tuple) else (child,)
        values = tuple(item.value for item in items)
        if values and all(isinstance(v, str) or _is_number(v) for v in values):
            conditions.append((str(column), values))
        else:
            text = f"`where.{column}` of {name} is {shown(child.plain())}; write a value or a list of values"
            problems.append(Problem(child.place, text, "PIC-S050"))
    return tuple(conditions), problems


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def document(overrides: Sequence[Override]) -> dict[str, Any]:
    """The section of a scenario that `parse` turns into these overrides."""
    section: dict[str, Any] = {}
    for override in overrides:
        section.setdefault(override.path, []).append(_as_mapping(override))
    return {path: _shortest(path, items) for path, items in section.items()}


def _as_mapping(override: Override) -> dict[str, Any]:
    where = {column: list(values) for column, values in override.where}
    return {override.operation: override.value} | ({"where": where} if where else {})


def _shortest(path: str, items: list[dict[str, Any]]) -> Any:
    if len(items) > 1:
        return items
    return items[0]["set"] if list(items[0]) == ["set"] and "." in path else items[0]


_NUMBER = {"type": "number"}
_ONE = {
    "type": "object",
    "properties": {
        "set": _NUMBER | {"description": "new value, in the unit of the column"},
        "multiply": _NUMBER | {"description": "factor"},
        "add": _NUMBER | {"description": "summand, in the unit of the column"},
        "where": {"type": "object", "description": "column: value or list of values"},
    },
}
#: schema of the section, for editors
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Input numbers to change: table.key.column.year: number, or "
    "{set | multiply | add: number, where: {column: values}}, or a list of these",
    "additionalProperties": {"anyOf": [_NUMBER, _ONE, {"type": "array", "items": _ONE}]},
    "default": {},
}
