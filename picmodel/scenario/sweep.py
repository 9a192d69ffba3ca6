"""Sweeps: one file, many runs.  ``sweep`` says which keys vary, and how::

    sweep:
      grid:
        markets.carbon.price_cny_per_t.2030: [50, 100, 200]
        overrides.demand: [{multiply: 1.0}, {multiply: 1.1}]
    sweep:
      list:
        - {name: cheap, overrides.technology_costs.solar_utility.capex_cny_per_kw: {multiply: 0.8}}
        - {name: dear, horizon.discount_rate_share: 0.08}
    sweep:
      latin_hypercube:
        samples: 20
        seed: 1
        keys: {horizon.discount_rate_share: {low: 0.03, high: 0.08}}

A key is any key of a scenario with dots, or ``overrides.`` and the path of an override.  Each point is a
partial scenario, merged over every design of the file, and its run is called by what it sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

from pydantic import Field, model_validator

from picmodel.scenario.check import Options, check_options, wrong
from picmodel.scenario.sampling import Range, latin_hypercube
from picmodel.scenario.source import Key, Node, Path, Problem, Where, merge

#: most runs of one sweep, before they are multiplied by designs
MOST_POINTS = 10_000
#: a point with more keys is called by its number
_MOST_NAMED = 3
_STRANGE = re.compile(r"[^\w.-]+")


class Span(Options):
    """From where to where a sampled key lies."""

    low: float = Field(description="low end of the range, in the unit of the key")
    high: float = Field(description="high end of the range, in the unit of the key")
    scale: Literal["linear", "log"] = Field(
        default="linear", description="equal differences, or equal ratios, are equally likely"
    )
    operation: Literal["set", "multiply", "add"] = Field(
        default="set", description="for overrides: what is done with the number"
    )

    @model_validator(mode="after")
    def _agree(self) -> Span:
        if self.low >= self.high:
            wrong(f"the low end {self.low:g} is not below the high end {self.high:g}; swap them", "low")
        if self.scale == "log" and self.low <= 0:
            wrong(f"equal ratios need a low end above 0, not {self.low:g}; write `scale: linear`", "low")
        return self


class LatinHypercube(Options):
    """A sample that fills the ranges of all keys evenly."""

    samples: int = Field(ge=1, le=MOST_POINTS, description="number of runs")
    seed: int = Field(default=0, ge=0, description="the same seed gives the same sample")
    keys: dict[str, Span] = Field(min_length=1, description="range of every key that varies")


class Sweep(Options):
    """What varies; one of the three ways."""

    grid: dict[str, list[Any]] | None = Field(
        default=None, description="values of every key; one run for every combination"
    )
    list_: list[dict[str, Any]] | None = Field(
        default=None, alias="list", description="points, each a mapping of keys to values; `name` calls it"
    )
    latin_hypercube: LatinHypercube | None = Field(
        default=None, description="a sample of the ranges of all keys"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Sweep:
        given = [
            name for name in ("grid", "list", "latin_hypercube") if getattr(self, _FIELD.get(name, name))
        ]
        if len(given) != 1:
            says = " and ".join(given) or "nothing"
            wrong(f"a sweep has {says}; write one of grid, list, latin_hypercube")
        for key, values in (self.grid or {}).items():
            twice = next((v for i, v in enumerate(values) if v in values[:i]), None)
            if not values or twice is not None:
                wrong("a list of values, each once, must stand here", "grid", key)
        return self


_FIELD = {"list": "list_"}


@dataclass(frozen=True)
class Point:
    """One run of a sweep: what it is called, what it sets, and the partial document of that."""

    label: str
    settings: Mapping[str, Any]
    document: Node


def points(section: Node | None, problems: list[Problem]) -> list[Point]:
    """The points of a sweep in order; none where there is no sweep, or it is written wrong."""
    if section is None or section.value is None:
        return []
    where = Where(section, ("sweep",))
    sweep, found = check_options(Sweep, section.plain(), where)
    problems += [replace(problem, id="PIC-S027") for problem in found]
    if sweep is None:
        return []
    if sweep.grid:
        made = _grid(section.entries()["grid"])
    elif sweep.list_:
        made = _listed(section.entries()["list"], problems)
    else:
        assert sweep.latin_hypercube is not None
        made = _sampled(sweep.latin_hypercube, section.entries()["latin_hypercube"])
    if len(made) > MOST_POINTS:
        text = f"the sweep has {len(made)} runs; at most {MOST_POINTS} are made, write fewer values"
        problems.append(Problem(section.key_place, text, "PIC-S027"))
        return []
    return [
        Point(label, {key: node.plain() for key, node in settings.items()}, _document(settings, section))
        for label, settings in made
    ]


Settings = dict[str, Node]


def _grid(grid: Node) -> list[tuple[str, Settings]]:
    """Every combination, the last key running fastest."""
    keys = [str(key) for key in grid.entries()]
    short = _short(keys)
    columns = []
    for key, values in grid.entries().items():
        nodes = [replace(value, key_place=values.key_place) for value in values.value]
        named = zip(_value_names([node.plain() for node in nodes]), nodes)
        columns.append([(f"{short[str(key)]}-{name}", str(key), value) for name, value in named])
    return [
        ("-".join(label for label, _, _ in combination), {key: value for _, key, value in combination})
        for combination in product(*columns)
    ]


def _listed(section: Node, problems: list[Problem]) -> list[tuple[str, Settings]]:
    """The points of a list, called by ``name``, else by what they set, else by their number."""
    made: list[tuple[str, Settings]] = []
    short = _short([str(key) for item in section.value for key in item.entries() if key != "name"])
    for number, item in enumerate(section.value, start=1):
        settings = {str(key): node for key, node in item.entries().items() if key != "name"}
        said = item.child("name")
        label = f"p{number}"
        if said is not None:
            label = str(said.value)
            if _STRANGE.search(label) or not label:
                text = f"`{label}` cannot name a run; use letters, digits, . _ -"
                problems.append(Problem(said.place, text, "PIC-S022"))
        elif 0 < len(settings) <= _MOST_NAMED:
            label = "-".join(f"{short[k]}-{_value_names([n.plain()])[0]}" for k, n in settings.items())
        if label in [other for other, _ in made]:
            if said is not None:
                problems.append(
                    Problem(said.place, f"`{label}` is already a point; choose another", "PIC-S027")
                )
            label = f"{label}-p{number}"
        made.append((label, settings))
    return made


def _sampled(sample: LatinHypercube, section: Node) -> list[tuple[str, Settings]]:
    """Points of a Latin hypercube, called ``s001``, ``s002``, ..."""
    keys = section.entries()["keys"].entries()
    spans = list(sample.keys.values())
    ranges = [Range(one.low, one.high, one.low, one.scale == "log") for one in spans]
    digits = max(3, len(str(sample.samples)))
    made = []
    for number, cube in enumerate(latin_hypercube(len(spans), sample.samples, sample.seed), start=1):
        settings = {}
        for (key, node), span, one, position in zip(keys.items(), spans, ranges, cube):
            value = replace(node, value=one.at(float(position)))
            operation = {span.operation: value}
            settings[str(key)] = value if span.operation == "set" else replace(node, value=operation)
        made.append((f"s{number:0{digits}}", settings))
    return made


# names


def _short(keys: Sequence[str]) -> dict[str, str]:
    """The shortest end of each key that no other key has, with at least one word in it.

    >>> _short(["markets.carbon.price_cny_per_t.2030", "horizon.last_span"])
    {'markets.carbon.price_cny_per_t.2030': 'price_cny_per_t.2030', 'horizon.last_span': 'last_span'}
    """
    found = {}
    for key in dict.fromkeys(keys):
        parts = key.split(".")
        for start in range(len(parts) - 1, -1, -1):
            end = ".".join(parts[start:])
            others = [other for other in dict.fromkeys(keys) if f".{other}".endswith(f".{end}")]
            if not parts[start].isdigit() and len(others) == 1:
                break
        found[key] = _STRANGE.sub("_", end)
    return found


def _value_names(values: Sequence[Any]) -> list[str]:
    """Names of the values of one key, all different: as written, or by number where that cannot be."""
    names = [_value_name(value) for value in values]
    if "" in names or len(set(names)) < len(names):
        return [f"v{number}" for number in range(1, len(values) + 1)]
    return names


def _value_name(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:  # {multiply: 1.1}
        ((key, inner),) = value.items()
        return f"{key}{_value_name(inner)}" if isinstance(inner, int | float) else ""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, int | float):
        return f"{value:g}".replace("+", "")
    return _STRANGE.sub("_", value).strip("_") if isinstance(value, str) else ""


# documents


def _document(settings: Settings, section: Node) -> Node:
    """The partial document that sets the keys of a point."""
    whole: Node | None = None
    for key, node in settings.items():
        part = node
        for step in reversed(_path(key)):
            part = Node({step: part}, node.key_place, node.key_place)
        whole = part if whole is None else merge(whole, part)
    return whole or replace(section, value={})


def _path(key: str) -> Path:
    """Steps from the top to a key: whole numbers are years; the path of an override is one step."""
    first, _, rest = key.partition(".")
    if first == "overrides" and rest:
        return first, rest
    steps: list[Key] = [int(part) if part.isascii() and part.isdigit() else part for part in key.split(".")]
    return tuple(steps)
