"""Scenario files to scenarios: `extends` and `designs` merged, everything checked, all problems at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from picmodel.errors import InputError
from picmodel.scenario import overrides as override_syntax
from picmodel.scenario.check import check_options, nearest, shown
from picmodel.scenario.layers import CONTROL, Layers, merged
from picmodel.scenario.paths import Bounds, followed
from picmodel.scenario.schema import SHIPPED, Override, Scenario, Series
from picmodel.scenario.source import Key, Node, Place, Problem, Where, merge, read_mapping, read_text, without
from picmodel.scenario.sweep import Point, points

__all__ = ["ScenarioSet", "dump_yaml", "load", "read_document", "resolved", "varied"]

_TOP = "cannot stand here; it belongs to the top of a scenario file"
_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class ScenarioSet:
    """What one file says: its scenarios in order, and the names of two of them.

    Attributes:
        reference: the one to compare with.
        baseline: the one without policy, over which the costs of the others are counted.
        points: run of a sweep -> what it sets, key by key.
    """

    scenarios: tuple[Scenario, ...]
    reference: str | None = None
    baseline: str | None = None
    points: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    def __len__(self) -> int:
        return len(self.scenarios)


#: a check of what only later layers know: merged document and overrides to problems
Check = Callable[[Node, Sequence[Override]], list[Problem]]


def load(source: Path | str | Mapping[str, Any], checks: Sequence[Check] = ()) -> ScenarioSet:
    """Scenarios of a YAML file, or of a mapping that says the same.

    Paths inside a document are relative to the file that holds them (those of a mapping, to the
    current folder).  A scenario is called by the document's ``name``, else as its file; with
    ``designs``, ``<name>-<design>``.

    Args:
        checks: of options of mechanisms, tables of overrides and the like; their problems are told
            together with those found here.

    Raises:
        InputError: with every problem of the file and of those it extends.
    """
    problems: list[Problem] = []
    files: tuple[Node, ...] | None
    if isinstance(source, Mapping):
        node, problems = read_mapping(source, "<scenario>")
        files = _extended(node, Path(), (), Bounds(), problems)
        stem = "scenario"
    else:
        files = _read(Path(source), (), Bounds.of(Path(source)), problems)
        stem = Path(source).stem
    found = _set(files, stem, problems, checks) if files else None
    if problems or found is None:
        raise _refusal(problems)
    return found


def _refusal(problems: Sequence[Problem]) -> InputError:
    """All problems in order of place, each once."""
    unique = sorted(set(problems), key=lambda problem: problem.place)
    return InputError([problem.message() for problem in unique])


def varied(scenario: Scenario, parts: Sequence[Node], name: str, design: str) -> Scenario:
    """A scenario with partial documents merged over its own, called ``<name>-<design>``.

    Overrides of a part come after those of the scenario and of the parts before: they replace none.

    Raises:
        InputError: with every problem, at the place where the scenario or the part has it.
    """
    document, problems = without(scenario.where.node, "name"), []
    for part in parts:
        problems += [
            Problem(child.key_place, f"`{key}` {_TOP}", "PIC-S024")
            for key, child in part.entries().items()
            if key in (*CONTROL, "name")
        ]
        over = _normal(without(part, *CONTROL, "name"), _bounds_of(part), problems)
        overrides = override_syntax.chained(document.child("overrides"), over.child("overrides"))
        document = merge(document, without(over, "overrides"))
        if overrides:
            document = replace(document, value=document.entries() | {"overrides": overrides})
    found = _scenario(document, name, design, problems)
    if problems or found is None:
        raise _refusal(problems)
    return found


def rebuilt(layers: Layers) -> Scenario | None:
    """The scenario of changed layers; None where it is none."""
    problems: list[Problem] = []
    document = layers.document()
    rest = without(document, *_misspelt(document))
    found = _scenario(rest, layers.stem, layers.design, problems, layers.label)
    return None if problems else found


# reading and merging files


def _read(
    path: Path,
    above: tuple[Path, ...],
    bounds: Bounds,
    problems: list[Problem],
    named: Place | None = None,
) -> tuple[Node, ...] | None:
    """Documents of a file and of those it extends, the file last; ``named`` is where another names it."""
    node = read_document(path, problems, named)
    if node is None:
        return None
    return _extended(node, path.parent, (*above, path.resolve()), bounds, problems)


def read_document(path: Path, problems: list[Problem], named: Place | None = None) -> Node | None:
    """Tree of a YAML file that holds a mapping; None, and its problems, where there is no such tree."""
    text = _text(path, named or Place(str(path)), problems)
    if text is None:
        return None
    node, found = read_text(text, str(path))
    problems += found
    if node is None or isinstance(node.value, dict):
        return node
    hint = "; the colon must be a half-width : with a space after it" if "：" in text else ""
    says = f"a scenario is a mapping of keys to values, not {shown(node.plain())}; write `title: ...`"
    problems.append(Problem(node.place, says + hint, "PIC-S010"))
    return None


def _text(path: Path, place: Place, problems: list[Problem]) -> str | None:
    """Text of a file, or a problem at ``place`` that says why there is none."""
    id = "PIC-S001"
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        text = f"there is no file {path}; {_neighbours(path)}"
    except IsADirectoryError:
        inside = sorted(file.name for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        text = f"{path} is a folder; name a file in it" + (f": {', '.join(inside[:12])}" if inside else "")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        place = Place(str(path), line, 1)
        text, id = "the text is not UTF-8 (GBK?); save the file as UTF-8", "PIC-S002"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        text = f"{path} cannot be read ({reason}); make it a readable file"
    problems.append(Problem(place, text, id))
    return None


def _neighbours(path: Path) -> str:
    """Suggest a file of the same folder."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either; correct the path"
    files = [file.name for file in sorted(path.parent.iterdir()) if file.suffix in (".yaml", ".yml")]
    same = [file for file in files if Path(file).stem == path.name]
    return f"did you mean `{same[0]}`?" if same else nearest(path.name, files) or "correct the path"


def _normal(node: Node, bounds: Bounds, problems: list[Problem]) -> Node:
    """Overrides with dotted paths, here and in the designs, and absolute paths of files."""
    if not isinstance(node.value, dict):
        return node
    children = dict(followed(node, bounds, problems).entries())
    if "overrides" in children:
        children["overrides"], found = override_syntax.flatten(children["overrides"])
        problems += found
    if "designs" in children:
        parts = children["designs"].entries().items()
        designs = {key: _normal(child, bounds, problems) for key, child in parts}
        children["designs"] = replace(children["designs"], value=designs or children["designs"].value)
    return replace(node, value=children)


def _bounds_of(node: Node) -> Bounds:
    """Bounds of a part of a file."""
    return Bounds.of(Path(node.place.file)) if node.place.line else Bounds()


def _extended(
    node: Node, folder: Path, above: tuple[Path, ...], bounds: Bounds, problems: list[Problem]
) -> tuple[Node, ...]:
    """All that the document extends, then itself."""
    bounds = bounds.beside(node, problems)
    bases: tuple[Node, ...] = ()
    for entry in _entries(node, problems):
        path = Path(os.path.normpath(folder / entry.value))
        refusal = bounds.refusal(path)
        if refusal:
            problems.append(Problem(entry.place, refusal, "PIC-S026"))
            continue
        if path.resolve() in above:
            chain = " -> ".join(file.name for file in (*above, path))
            text = f"{path} extends itself ({chain}); delete one `extends`"
            problems.append(Problem(entry.place, text, "PIC-S020"))
            continue
        base = _read(path, above, bounds, problems, entry.place)
        bases += tuple(without(one, "name") for one in base or ())  # a name is the file's own
    return (*bases, without(_normal(node, bounds, problems), "extends"))


def _entries(node: Node, problems: list[Problem]) -> list[Node]:
    """The files of ``extends``."""
    extends = node.child("extends")
    if extends is None:
        return []
    entries = list(extends.value) if isinstance(extends.value, tuple) else [extends]
    for entry in entries:
        if not isinstance(entry.value, str) or not entry.value:
            text = f"`extends` is {shown(entry.plain())}; write a path, or a list of paths"
            problems.append(Problem(entry.place, text, "PIC-S020"))
    return [entry for entry in entries if isinstance(entry.value, str) and entry.value]


# documents to scenarios


def _set(files: tuple[Node, ...], stem: str, problems: list[Problem], checks: Sequence[Check]) -> ScenarioSet:
    """Scenarios by design and point; the names of reference and baseline."""
    document = merged(files)
    if document.child("name") is None and not _NAME.fullmatch(stem):
        text = f"{stem!r} cannot name a run; rename the file with letters, digits, . _ -, or add `name`"
        problems.append(Problem(document.place, text, "PIC-S022"))
        stem = "scenario"
    misspelt = _misspelt(document)
    problems += misspelt.values()
    found = []
    designs = list(_designs(document, problems)) or [""]
    swept: list[Point | None] = list(points(document.child("sweep"), problems)) or [None]
    bounds = _bounds_of(document).beside(document, [])
    for design in designs:
        for point in swept:
            over = _normal(point.document, bounds, problems) if point else None
            layers = Layers(files, stem, design, over, point.label if point else "")
            if over:
                problems += _not_in_part(over, "a sweep")
            rest = without(layers.document(), *misspelt)
            scenario = _scenario(rest, stem, design, problems, layers.label)
            overrides, _ = override_syntax.parse(rest.child("overrides"))
            problems += [problem for check in checks for problem in check(rest, overrides)]
            if scenario:
                scenario._layers = layers
                found.append((scenario, point))
    scenarios = [scenario for scenario, _ in found]
    reference, baseline = (_named(document, key, scenarios, problems) for key in ("reference", "baseline"))
    settings = {scenario.name: point.settings for scenario, point in found if point}
    return ScenarioSet(tuple(scenarios), reference, baseline, settings)


def _not_in_part(part: Node, where: str) -> list[Problem]:
    """Keys that only the top of a file may have."""
    return [
        Problem(
            child.key_place, f"`{key}` cannot stand in {where}; move it to the top of the file", "PIC-S024"
        )
        for key, child in part.entries().items()
        if key in (*CONTROL, "name")
    ]


def _misspelt(document: Node) -> dict[Key, Problem]:
    """Keys that were probably meant to be `CONTROL`, which the models do not know."""
    known = (*CONTROL, *Scenario.model_fields)
    meant = {key: get_close_matches(str(key), known, 1) for key in document.entries() if key not in known}
    return {
        key: Problem(
            document.entries()[key].key_place, f"unknown key `{key}`; did you mean `{near[0]}`?", "PIC-S030"
        )
        for key, near in meant.items()
        if near and near[0] in CONTROL
    }


def _designs(document: Node, problems: list[Problem]) -> dict[str, Node]:
    """The partial documents of ``designs``, checked for what only a whole file may say."""
    section = document.child("designs")
    if section is None:
        return {}
    if not isinstance(section.value, dict):
        text = f"`designs` is {shown(section.plain())}; write a mapping of names to partial scenarios"
        problems.append(Problem(section.place, text, "PIC-S021"))
    designs = {}
    for name, part in section.entries().items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            text = f"`designs.{name}` cannot name a run; use letters, digits, . _ - (a number in quotes)"
            problems.append(Problem(part.key_place, text, "PIC-S022"))
        elif not isinstance(part.value, dict):
            text = f"`designs.{name}` is {shown(part.plain())}; write what differs, or {{}} for nothing"
            problems.append(Problem(part.place, text, "PIC-S021"))
        else:
            designs[name] = without(part, *CONTROL, "name")
            problems += _not_in_part(part, "a design")
    return designs


def _scenario(
    document: Node, stem: str, design: str, problems: list[Problem], label: str = ""
) -> Scenario | None:
    """One scenario, or None and its problems."""
    overrides, found = override_syntax.parse(document.child("overrides"))
    problems += found
    raw = document.plain() | {"overrides": overrides}
    raw.setdefault("name", stem)
    problems += _take_paths(document, raw)
    scenario, found = check_options(Scenario, raw, Where(document))
    problems += found
    if scenario is None:
        return None
    name = "-".join(part for part in (scenario.name, design, label) if part)
    scenario = scenario.model_copy(update={"name": name})
    scenario._where, scenario._design, scenario._label = Where(document), design, label
    return scenario


def _take_paths(document: Node, raw: dict[str, Any]) -> list[Problem]:
    """Make paths of texts in ``raw``; problems of those that lead nowhere."""
    problems = []
    series = document.child("series")
    for key, child in series.entries().items() if series else ():
        if isinstance(child.value, str) and key in Series.model_fields:
            raw["series"][key] = path = Path(child.value)
            if not _is(path.is_file):
                text = f"`series.{key}`: there is no file {path}; correct the path"
                problems.append(Problem(child.place, text, "PIC-S025"))
    inputs = document.child("inputs")
    several = list(inputs.value) if inputs and isinstance(inputs.value, tuple) else None
    folders = several if several is not None else [inputs] if inputs else []
    paths = [Path(node.value) if isinstance(node.value, str) else node.plain() for node in folders]
    if folders:
        raw["inputs"] = paths if several is not None else paths[0]
    for node, path in zip(folders, paths):
        if isinstance(path, Path) and path != SHIPPED and not _is(path.is_dir):
            text = f"`inputs`: there is no folder {path}; correct the path"
            problems.append(Problem(node.place, text, "PIC-S025"))
    return problems


def _is(kind: Callable[[], bool]) -> bool:
    """What a path says of itself; False too where it is too long, or nobody may look."""
    try:
        return kind()
    except OSError:
        return False


def _named(document: Node, key: str, scenarios: list[Scenario], problems: list[Problem]) -> str | None:
    """Name of the scenario that ``reference`` or ``baseline`` names: a design, or a point of the sweep."""
    node = document.child(key)
    if node is None or node.value is None:
        return None
    section = document.child("designs")
    names = [str(name) for name in section.entries()] if section else []
    labels = [label for s in scenarios for label in (s._label, f"{s._design}-{s._label}") if s._label]
    if node.value not in (*names, *labels):
        remedy = nearest(node.value, (*names, *labels)) or "write `designs`, or delete this line"
        text = f"`{key}` is {shown(node.plain())}, which is no design of this file; {remedy}"
        problems.append(Problem(node.place, text, "PIC-S023"))
    matches = (s.name for s in scenarios if node.value in (s._design, s._label, f"{s._design}-{s._label}"))
    return next(matches, None)


# scenarios to documents


def resolved(scenario: Scenario, markets: Mapping[str, BaseModel] | None = None) -> dict[str, Any]:
    """One flat document that says everything explicitly; `load` makes the same scenario of it.

    Args:
        scenario: what to write.
        markets: checked options of the mechanisms, whose defaults are then written too.
    """
    document = {name: getattr(scenario, name) for name in Scenario.model_fields}
    document["overrides"] = override_syntax.document(scenario.overrides)
    outside = sorted({str(path.parent) for path in scenario.series.model_dump().values() if path})
    inputs = scenario.inputs if isinstance(scenario.inputs, tuple) else (scenario.inputs,)
    outside += [str(path) for path in inputs if path not in (None, SHIPPED)]
    document |= {"outside": outside} if outside else {}
    return _simple(document | ({"markets": markets} if markets is not None else {}))


def _simple(value: Any) -> Any:
    """Only what YAML and JSON know."""
    if isinstance(value, BaseModel):
        return _simple(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {key: _simple(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_simple(child) for child in value]
    return str(value) if isinstance(value, os.PathLike) else value


def dump_yaml(scenario: Scenario, markets: Mapping[str, BaseModel] | None = None) -> str:
    """The resolved document as YAML."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    out = StringIO()
    yaml.dump(resolved(scenario, markets), out)
    return out.getvalue()
