"""The JSON Schema of a scenario file, for editors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from picmodel.scenario.schema import Scenario
from picmodel.scenario.sweep import Sweep

_EXTENDS = {
    "description": "files that this one adds to, relative to it; merged left to right, then this file",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}


def json_schema(mechanisms: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """JSON Schema of a scenario file, for editors.

    Args:
        mechanisms: model of the options of each market mechanism; without it ``markets`` is open.
    """
    mechanisms = mechanisms or {}
    models: Sequence = [(model, "validation") for model in (Scenario, *mechanisms.values())]
    refs, whole = models_json_schema(models)
    definitions = whole["$defs"]
    for definition in definitions.values():
        _complete_descriptions(definition)
    body = definitions.pop(refs[Scenario, "validation"]["$ref"].rpartition("/")[2])
    properties = body["properties"]
    if mechanisms:
        properties["markets"] |= {
            "properties": {
                name: {"anyOf": [refs[model, "validation"], {"type": "null"}]}
                for name, model in mechanisms.items()
            },
            "additionalProperties": False,
        }
    partial = {key: schema for key, schema in properties.items() if key != "name"}
    definitions["Design"] = {"type": "object", "properties": partial, "additionalProperties": False}
    control = {
        "extends": _EXTENDS,
        "designs": {
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/Design"},
            "description": "market designs side by side, each merged over the rest of the file",
        },
        "reference": {"type": ["string", "null"], "description": "design that the others are compared with"},
        "baseline": {
            "type": ["string", "null"],
            "description": "design without policy, over which peak costs of the others are counted",
        },
        "outside": {
            "description": "folders beyond the project to which paths of this file may lead",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
        "sweep": {
            "anyOf": [
                *({"$ref": f"#/$defs/{name}"} for name in _sweep_schema(definitions)),
                {"type": "null"},
            ],
            "description": "one file, many runs: which keys vary, and how; merged over every design",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "picmodel scenario",
        "type": "object",
        "properties": control | properties,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _sweep_schema(definitions: dict[str, Any]) -> list[str]:
    """Definitions of what `sweep` may say, added to the others; the name of the first."""
    whole = Sweep.model_json_schema(ref_template="#/$defs/{model}")
    for name, definition in (*whole.pop("$defs", {}).items(), ("Sweep", whole)):
        _complete_descriptions(definition)
        definitions[name] = definition
    return ["Sweep"]


def _complete_descriptions(definition: dict[str, Any]) -> None:
    """Append range and default to each description, since editors show only that."""
    for schema in definition.get("properties", {}).values():
        kinds = [schema, *schema.get("anyOf", [])]
        low = next((kind["minimum"] for kind in kinds if "minimum" in kind), None)
        high = next((kind["maximum"] for kind in kinds if "maximum" in kind), None)
        notes = [f"{low} to {high}"] if low is not None and high is not None else []
        if "default" in schema and not isinstance(schema["default"], dict):
            notes.append(f"default {json.dumps(schema['default'])}")
        if notes and "description" in schema:
            schema["description"] += "; " + "; ".join(notes)
