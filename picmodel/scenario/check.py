"""What pydantic finds wrong, in our words: place, value, what may stand there instead.

The options of every market mechanism are checked here too, so that all messages sound alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from picmodel.errors import InputError
from picmodel.scenario.source import Key, Node, Path, Problem, Where, written

M = TypeVar("M", bound=BaseModel)

#: lists longer than this are not written out in a message
_LISTED = 12

_WANTED = {
    "bool_type": "true or false (YAML 1.2 has no yes, no, on, off)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "a text (quote it if it looks like a number)",
    "is_instance_of": "a path, as text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "below", "at least"),
    "greater_than": ("gt", "not above", "more than"),
    "less_than_equal": ("le", "above", "at most"),
    "less_than": ("lt", "not below", "less than"),
}


#: kind of pydantic's error -> id of the message, where the value is of the right type
_IDS = {
    **dict.fromkeys(_BOUNDS, "PIC-S033"),
    "literal_error": "PIC-S034",
    "too_short": "PIC-S035",
    "too_long": "PIC-S035",
    "string_too_short": "PIC-S035",
    "string_too_long": "PIC-S035",
    "string_pattern_mismatch": "PIC-S036",
    "value_error": "PIC-S037",
    "assertion_error": "PIC-S037",
}


class Options(BaseModel):
    """Base of everything a scenario can say: frozen, exact types, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def wrong(text: str, *path: Key, id: str = "PIC-S037") -> NoReturn:
    """Refuse options from inside a validator; ``path`` leads from there to the option to point at."""
    raise PydanticCustomError("picmodel", "{text}", {"text": text, "path": list(path), "id": id})


def validate_options(model: type[M], raw: object, where: Where | None = None) -> M:
    """Options of a model from a raw mapping.

    Args:
        model: pydantic model of the options.
        raw: what the scenario says, a mapping of options.
        where: the places of the same mapping; without them messages give the key alone.

    Raises:
        InputError: with every problem, as ``scenarios/x.yaml:23:5: what is wrong; the remedy``.
    """
    options, problems = check_options(model, raw, where)
    if options is None:
        raise InputError([problem.message() for problem in problems])
    return options


def check_options(model: type[M], raw: object, where: Where | None = None) -> tuple[M | None, list[Problem]]:
    """The same without raising: the options, or None and their problems in order of place."""
    if where is None:
        where = Where.of(raw if isinstance(raw, Mapping) else {})
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, _problems(error.errors(include_url=False), model, where)


def nearest(word: object, words: Iterable[object]) -> str:
    """The nearest of the words as a question; else all of them if they are few; else "".

    >>> nearest("carbn", ["carbon", "power"])
    'did you mean `carbon`?'
    """
    options = [str(option) for option in words]
    near = get_close_matches(str(word), options, 1, cutoff=0.6)
    near += [option for option in options if len(str(word)) > 2 and option.startswith(str(word))]
    if near:
        return f"did you mean `{near[0]}`?"
    if 0 < len(options) <= _LISTED:
        return "write one of " + ", ".join(options)
    return ""


def shown(value: object) -> str:
    """A value as a user would write it, cut if it is long."""
    if isinstance(value, Mapping | list | tuple):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return (
        {True: "true", False: "false"}[value]
        if isinstance(value, bool)
        else ("empty (null)" if value is None else f"{value}")
    )


def choices_at(model: type[BaseModel], path: Path) -> list[str]:
    """The words that an option may be, by its path from the model; none where it is no choice of words."""
    fields = [_fields(found).get(str(path[-1])) for found in _models_at(path[:-1], model)]
    words = (word for field in fields if field for word in _words(field.annotation))
    return list(dict.fromkeys(words))


def _words(annotation: Any) -> list[str]:
    """Texts of literals anywhere in an annotation."""
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for part in get_args(annotation) for word in _words(part)]


# pydantic's errors, one by one


def _problems(errors: list[ErrorDetails], model: type[BaseModel], where: Where) -> list[Problem]:
    """Problems in order of place; what one value may be instead is said once, joined by "or"."""
    found: list[Problem] = []
    wanted: dict[Path, tuple[Node, list[str]]] = {}
    for error in filter(_counts, errors):
        extra = error.get("ctx", {}).get("path", []) if error["type"] == "picmodel" else []
        path, node = _locate((*error["loc"], *extra), where)
        want = _want(error)
        if want:
            _, known = wanted.setdefault(path, (node, []))
            known += [want] if want not in known else []
        else:
            found.append(_problem(error, path, node, model, where))
    for path, (node, wants) in wanted.items():
        name = f"`{written(path)}` is" if path else "this is"
        text = f"{name} {shown(node.plain())}; write {' or '.join(wants)}"
        found.append(Problem(node.place, text + ", or delete the key" * (node.value is None), "PIC-S032"))
    return sorted(found, key=lambda problem: problem.place)


def _counts(error: ErrorDetails) -> bool:
    """False for a list that pydantic calls too short only because its items are wrong."""
    is_length = error["type"] == "too_short" and isinstance(error["input"], list | tuple | Mapping)
    return not is_length or len(error["input"]) < error["ctx"]["min_length"]


def _locate(loc: tuple[object, ...], where: Where) -> tuple[Path, Node]:
    """The part of ``loc`` that is in the document (tags of unions are not), and its node."""
    node, path = where.node, where.path
    for part in loc:
        child = node.child(part)
        if child is not None and isinstance(part, str | int):
            node, path = child, (*path, part)
    return path, node


def _want(error: ErrorDetails) -> str:
    """What a value of the wrong kind should be; "" for problems of another sort."""
    want = _WANTED.get(error["type"], "")
    last = error["loc"][-1] if error["loc"] else ""
    if want and last == "every_year":
        want += ", or one for each of several years ({2025: ..., 2030: ...})"
    return "" if last == "[key]" else want


def _problem(error: ErrorDetails, path: Path, node: Node, model: type[BaseModel], where: Where) -> Problem:
    kind, loc, ctx = error["type"], error["loc"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(node.key_place, _unknown_key(path, loc, model), "PIC-S030")
    if kind == "missing":
        text = f"`{written((*path, str(loc[-1])))}` is missing; add it"
        return Problem(node.place, text + _meaning(loc, model), "PIC-S031")
    if kind == "picmodel":
        said = f"`{written(path)}`: {ctx['text']}" if path else ctx["text"]
        return Problem(node.place, said, ctx.get("id", "PIC-S037"))
    if loc and loc[-1] == "[key]":
        return Problem(
            node.key_place,
            f"key `{path[-1]}` of `{written(path[:-1])}` cannot stand there; "
            f"write {_bound(error) or _WANTED.get(kind, error['msg'])}",
            "PIC-S033" if _bound(error) else "PIC-S032",
        )
    name = f"`{written(path)}`" if path else "the document"
    return Problem(node.place, f"{name} {_complaint(error, node, loc, model)}", _IDS.get(kind, "PIC-S032"))


def _complaint(error: ErrorDetails, node: Node, loc: tuple[object, ...], model: type[BaseModel]) -> str:
    """What is wrong with a value of the right kind."""
    kind, ctx = error["type"], error.get("ctx", {})
    value = shown(node.plain())
    if kind in _BOUNDS:
        bound, side, _ = _BOUNDS[kind]
        share = any(str(part).endswith("_share") for part in loc) and bound in ("le", "lt")
        return f"is {value}, {side} {ctx[bound]:g}; write {_bound(error)}" + " (5 % is 0.05)" * share
    if kind == "literal_error":
        choices = _choices(str(ctx["expected"]))
        return f"is {value}; {nearest(node.plain(), choices) or 'write ' + str(ctx['expected'])}"
    if kind == "too_short":
        return f"has {ctx['actual_length']} entries; write at least {ctx['min_length']}"
    if kind == "too_long":
        return f"has {ctx['actual_length']} entries; write at most {ctx['max_length']}"
    if kind in ("value_error", "assertion_error"):
        return f"is {value}; {ctx['error']}"
    if kind == "string_pattern_mismatch":
        return f"is {value}, which cannot stand there{_meaning(loc, model) or ': ' + error['msg']}"
    return f"is {value}; {error['msg'][:1].lower()}{error['msg'][1:]}{_meaning(loc, model)}"


def _bound(error: ErrorDetails) -> str:
    if error["type"] not in _BOUNDS:
        return ""
    bound, _, words = _BOUNDS[error["type"]]
    return f"{words} {error['ctx'][bound]:g}"


def _choices(expected: str) -> list[str]:
    """Choices of a literal from pydantic's sentence: ``'a', 'b' or 3``."""
    return [choice.strip("'\"") for choice in re.split(r", | or ", expected)]


def _unknown_key(path: Path, loc: tuple[object, ...], model: type[BaseModel]) -> str:
    """Unknown key, the nearest known one, or the section in which it is at home."""
    word = str(path[-1])
    known = [name for found in _models_at(loc[:-1], model) for name in _fields(found)]
    homes = [home for home in _homes(model, word) if "." in home]
    remedy = f"did you mean `{homes[0]}`?" if homes and word not in known else nearest(word, known)
    return f"unknown key `{written(path)}`; {remedy or 'delete it'}"


def _meaning(loc: tuple[object, ...], model: type[BaseModel]) -> str:
    """Description of the innermost field of ``loc``, if it has one."""
    for end in range(len(loc), 0, -1):
        for found in _models_at(loc[: end - 1], model):
            field = _fields(found).get(str(loc[end - 1]))
            if field and field.description:
                return f"; expected: {field.description}"
    return ""


# walking along models


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Models anywhere in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _models_at(loc: tuple[object, ...], model: type[BaseModel]) -> list[type[BaseModel]]:
    """Models that may describe what is at ``loc``; keys of mappings, indices and tags are passed over."""
    models = [model]
    for part in loc:
        fields = [_fields(found)[part] for found in models if part in _fields(found)]  # type: ignore[index]
        if fields:
            models = [inner for field in fields for inner in _models_in(field.annotation)]
    return models


def _homes(model: type[BaseModel], word: str, above: str = "") -> list[str]:
    """Dotted names of all options called ``word``."""
    found = []
    for name, field in _fields(model).items():
        found += [above + name] if name == word else []
        for inner in _models_in(field.annotation):
            found += _homes(inner, word, f"{above}{name}.")
    return found
