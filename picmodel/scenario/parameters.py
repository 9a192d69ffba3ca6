"""Every option of a model, flat: name, type, unit, default, range, meaning; read from its JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

#: end of an option's name -> its unit, where the description says none; longer endings first
UNITS = {
    "cny_per_kw_yr": "CNY/kW-yr",
    "cny_per_mwh": "CNY/MWh",
    "cny_per_kw": "CNY/kW",
    "cny_per_t": "CNY/t",
    "t_per_mwh": "t/MWh",
    "share": "share",
    "factor": "share",
    "mwh": "MWh",
    "twh": "TWh",
    "gwh": "GWh",
    "mt": "Mt",
    "gw": "GW",
    "yr": "yr",
    "year": "year",
    "years": "yr",
    "h": "h",
}
_TYPES = {"boolean": "true or false", "string": "text", "integer": "whole number", "number": "number"}
_NUMBERS = ("integer", "number")
_BY_KEY = "by key: "
#: unit in a description: the last brackets in it
_BRACKETS = re.compile(r"\[([^\[\]]+)\](?!.*\[)")


@dataclass(frozen=True)
class Parameter:
    """One option; ``name`` has the options around it before it, ``[]`` after a list and ``*`` for any key."""

    name: str
    type: str
    unit: str
    default: str
    range: str
    description: str

    @property
    def is_number(self) -> bool:
        return "number" in self.type


def parameters(model: type[BaseModel]) -> list[Parameter]:
    """Options of a model, those of models inside it after the option that holds them."""
    schema = model.model_json_schema()
    return list(_of(schema, schema.get("$defs", {}), ""))


def _of(model: Mapping[str, Any], models: Mapping[str, Any], prefix: str) -> Iterator[Parameter]:
    required = model.get("required", [])
    for key, schema in model.get("properties", {}).items():
        leaves = list(_leaves(schema, models))
        text = schema.get("description", "")
        numbers = [leaf for _, leaf in leaves if leaf.get("type") in _NUMBERS]
        yield Parameter(
            name=prefix + key,
            type=_type(schema, models),
            unit=_unit(key, text, bool(numbers)),
            default="required" if key in required else json.dumps(schema.get("default"), ensure_ascii=False),
            range=_range(numbers),
            description=re.sub(r"\s+([,;]|$)", r"\1", _BRACKETS.sub("", text)),
        )
        for suffix, leaf in leaves:
            if "properties" in leaf:
                yield from _of(leaf, models, f"{prefix}{key}{suffix}.")


def _resolved(schema: Mapping[str, Any], models: Mapping[str, Any]) -> Mapping[str, Any]:
    return models[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a value may be; null aside."""
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or [schema]
    return [one for one in several if one.get("type") != "null"]


def _leaves(schema: Mapping[str, Any], models: Mapping[str, Any], suffix: str = "") -> Iterator[tuple]:
    """Values inside a schema: (what stands after the option's name, schema)."""
    for one in _alternatives(schema):
        one = _resolved(one, models)
        if len(_alternatives(one)) > 1:
            yield from _leaves(one, models, suffix)
        elif "items" in one:
            yield from _leaves(one["items"], models, f"{suffix}[]")
        elif isinstance(one.get("additionalProperties"), Mapping):
            yield from _leaves(one["additionalProperties"], models, f"{suffix}.*")
        else:
            yield suffix, one


def _type(schema: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    """What a value is, in words: ``number, or by year``."""
    names = list(dict.fromkeys(_name(_resolved(one, models), models) for one in _alternatives(schema)))
    plain = [name for name in names if not name.startswith(_BY_KEY)]
    keyed = [name.removeprefix(_BY_KEY) for name in names if name.startswith(_BY_KEY)]
    if len(plain) == 1 and keyed and all(inside.startswith(plain[0]) for inside in keyed):
        ways = ["by year" if inside == plain[0] else "by key and year" for inside in keyed]
        return f"{plain[0]}, or {' or '.join(ways)}"
    return " or ".join(names)


def _name(schema: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    if len(_alternatives(schema)) > 1:
        return _type(schema, models)
    if "enum" in schema or "const" in schema:
        return ", ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if "properties" in schema:
        return "options"
    if "items" in schema:
        return f"list of {_type(schema['items'], models)}"
    if "prefixItems" in schema:
        return "list of " + ", ".join(_type(item, models) for item in schema["prefixItems"])
    if isinstance(schema.get("additionalProperties"), Mapping):
        return _BY_KEY + _type(schema["additionalProperties"], models)
    return _TYPES.get(schema.get("type", ""), schema.get("type", "anything"))


def _unit(key: str, description: str, is_number: bool) -> str:
    if not is_number:
        return ""
    written = _BRACKETS.search(description)
    if written:
        return written.group(1)
    return next((unit for end, unit in UNITS.items() if key == end or key.endswith(f"_{end}")), "")


def _range(numbers: list[Mapping[str, Any]]) -> str:
    """``0 to 1``, ``above 0 to 10000``; empty where no number has bounds."""
    for schema in numbers:
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is None and high is None:
            continue
        first = "" if low is None else f"{'above ' if 'exclusiveMinimum' in schema else ''}{low:g}"
        last = "" if high is None else f"{'below ' if 'exclusiveMaximum' in schema else ''}{high:g}"
        if first and last:
            return f"{first} to {last}"
        return f"{first} or more" if first else f"up to {last}"
    return ""
