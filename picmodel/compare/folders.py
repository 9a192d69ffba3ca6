"""What a results folder says of a run, in a form that two runs can be compared in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from picmodel.errors import InputError

FILES = ("scenario.yaml", "manifest.json", "indicators.csv")
KEY = ["indicator", "province", "technology", "year"]
#: settings that only name a run
NAMES = ("name", "title.en", "title.zh")


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes:
        settings: the resolved scenario, dotted path -> value (lists as JSON text).
        inputs: SHA-256 of every input file.
        program: versions of all that made it, the digest of the sources among them.
        indicators: `KEY`, value and unit.
    """

    folder: Path
    name: str
    years: tuple[int, ...]
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    program: Mapping[str, str]
    indicators: pd.DataFrame
    warnings: tuple[str, ...]

    @property
    def provinces(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.indicators["province"]) - {"CN"}))


def read(folder: Path) -> Finished:
    """A run from its folder.

    Raises:
        InputError: no finished run there.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        text = f"{folder}: no {missing[0]} there; name the folder of a finished run (OUT/<scenario>)"
        raise InputError([text])
    document = YAML(typ="safe", pure=True).load((folder / "scenario.yaml").read_text("utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    table = pd.read_csv(folder / "indicators.csv", keep_default_na=False, na_values=[""])
    objective = ("objective", "CN", "all", 0, manifest["objective_mcny"] / 1e3, "bn CNY")
    table = table[[*KEY, "value", "unit"]]
    whole = pd.concat([pd.DataFrame([objective], columns=table.columns), table], ignore_index=True)
    return Finished(
        folder=folder,
        name=manifest["scenario"],
        years=tuple(document["horizon"]["years"]),
        settings={path: x for path, x in _flat(document).items() if path not in NAMES},
        inputs=manifest["inputs"],
        program={"sources": manifest["program"], **manifest["versions"]},
        indicators=whole,
        warnings=tuple(manifest["warnings"]),
    )


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Leaves of a document by dotted path; a list is one leaf."""
    if isinstance(value, dict) and value:
        parts = (_flat(child, f"{path}.{key}" if path else str(key)) for key, child in value.items())
        return {key: leaf for part in parts for key, leaf in part.items()}
    if isinstance(value, list | dict):
        return {path: json.dumps(value, ensure_ascii=False)}
    return {path: value}


def require_alike(a: Finished, b: Finished) -> None:
    """Refuse runs whose numbers do not stand for the same years and places.

    Raises:
        InputError: planning years or provinces differ.
    """
    problems = []
    labels_of: list[tuple[str, str, tuple, tuple]] = [
        ("planning years", "horizon.years", a.years, b.years),
        ("provinces", "space.provinces", a.provinces, b.provinces),
    ]
    for what, key, mine, other in labels_of:
        if mine != other:
            only = [[label for label in x if label not in y] for x, y in ((mine, other), (other, mine))]
            said = [
                f"{run.folder} alone has {_listed(labels)}" for run, labels in zip((a, b), only) if labels
            ]
            problems.append(f"the {what} differ: {'; '.join(said)}; compare runs of the same `{key}`")
    if problems:
        raise InputError(problems)


def _listed(labels: list, most: int = 12) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(map(str, labels[:most])) + more
