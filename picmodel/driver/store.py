"""Finished runs on disk: whether one still holds, and what later comparisons need of it.

A folder is finished when its manifest has a key and every file has the hash that the manifest gives.  Its
indicators are compared with the reference and the baseline later; ``kept.json`` has what that takes, exact to
the last bit, so that a comparison can be made again without a solve.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from picmodel.data.system import Held, Horizon
from picmodel.driver.provenance import PARTS, MadeOf, difference, hash_file, key_of
from picmodel.errors import StorageTrouble
from picmodel.extract.table import COLUMNS
from picmodel.report.comparison import Solved
from picmodel.report.write import FILES, LARGE, write_json

MANIFEST, INDICATORS, KEPT = "manifest.json", "indicators.csv", "kept.json"
#: written anew by a call that compares with something else, and so without a hash in the manifest
_COMPARED = (MANIFEST, INDICATORS, "scenario.yaml")
_TABLES = ("indicators", "projects", "system_cost", "transfers", "sunk")


class Unusable(Exception):
    """A stored run that cannot be used; the message says why."""


@dataclass(frozen=True)
class Stored:
    """A finished run in its folder.

    Attributes:
        emissions: planning year -> emissions of the nation [kt/yr].
        capacities: what the plan built, for plans that are held at it.
    """

    name: str
    folder: Path
    key: str

    def read(self) -> Solved:
        """The small tables that comparisons need."""
        return read_kept(self.folder)

    @cached_property
    def _handed_on(self) -> tuple[dict[int, float], Held | None]:
        solved = self.read()
        return solved.emissions, solved.capacities

    @property
    def emissions(self) -> dict[int, float]:
        return self._handed_on[0]

    @property
    def capacities(self) -> Held | None:
        return self._handed_on[1]


def find(out: Path, name: str, now: MadeOf, large: bool = True, any_program: bool = False) -> Stored:
    """The stored run of a scenario, if it is whole and made of the same.

    Args:
        now: what it would be made of today.
        large: large files must be there too.
        any_program: a run of an earlier program, or of other libraries, counts as well.

    Raises:
        Unusable: it must be solved again; the message is empty where there is none.
    """
    folder = out / name
    manifest = read_manifest(folder)
    before = {part: manifest.get(part) for part in PARTS}
    if manifest.get("key") != key_of(before):
        raise Unusable("its manifest.json does not say what it was made of")
    same = {"program": before.get("program"), "versions": before.get("versions")} if any_program else {}
    changed = difference(before, {**now, **same})
    if changed:
        raise Unusable(changed)
    _require_whole(folder, manifest, large)
    return Stored(name, folder, manifest["key"])


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder.

    Raises:
        Unusable: there is none, or it cannot be read; the message is empty where there is no folder.
    """
    if not folder.exists():
        raise Unusable("")
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise Unusable("its manifest.json is missing or damaged") from None
    if not isinstance(found, dict):
        raise Unusable("its manifest.json is damaged")
    return found


def _require_whole(folder: Path, manifest: Mapping[str, Any], large: bool) -> None:
    files = manifest.get("files")
    if not isinstance(files, Mapping):
        raise Unusable("its manifest.json is damaged")
    for name in FILES:
        if name in _COMPARED or (name in LARGE and not large):
            continue
        if name not in files:
            raise Unusable(f"its {name} was not kept")
        try:
            if hash_file(folder / name) != files[name]:
                raise Unusable(f"its {name} is damaged or was changed")
        except OSError:
            raise Unusable(f"its {name} is missing") from None


# -- written


def seal(folder: Path, now: MadeOf, manifest: Mapping[str, Any], large: bool) -> None:
    """Write the manifest of a folder that is ready to be published, with the hash of every file."""
    for name in () if large else LARGE:
        (folder / name).unlink(missing_ok=True)
    files = {name: hash_file(folder / name) for name in FILES if (folder / name).is_file()}
    files = {name: digest for name, digest in files.items() if name not in _COMPARED}
    content = {"key": key_of(now), **manifest, **now, "files": files, "comparison": None}
    write_json(content, folder / MANIFEST)


def write_kept(solved: Solved, folder: Path) -> None:
    """What comparisons and other scenarios need of a run."""
    held = solved.capacities
    content = {
        "name": solved.name,
        "emissions": sorted(solved.emissions.items()),
        "horizon": {key: _pairs(value) for key, value in asdict(solved.horizon).items()},
        "peak_cost_until": solved.peak_cost_until,
        "capacities": held and {key: _pairs(value) for key, value in asdict(held).items()},
        **{name: _table(getattr(solved, name)) for name in _TABLES},
    }
    (folder / KEPT).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_kept(folder: Path) -> Solved:
    """What `write_kept` wrote.

    Raises:
        StorageTrouble: another program wrote it in another form, or it is gone.
    """
    try:
        return _solved(json.loads((folder / KEPT).read_text("utf-8")), folder)
    except (OSError, ValueError, KeyError, TypeError):
        text = f"its {KEPT} cannot be read by this version of picmodel; run again with --fresh"
        raise StorageTrouble(f"{folder}: {text}") from None


def _solved(content: Mapping[str, Any], folder: Path) -> Solved:
    horizon, held = content["horizon"], content["capacities"]
    return Solved(
        name=content["name"],
        folder=folder,
        emissions=dict(map(tuple, content["emissions"])),
        horizon=Horizon(
            years=tuple(horizon["years"]),
            span=_mapping(horizon["span"]),
            discount=_mapping(horizon["discount"]),
            gap=_mapping(horizon["gap"]),
            base_year=horizon["base_year"],
            rate=horizon["rate"],
            past=tuple(horizon["past"]),
        ),
        peak_cost_until=content["peak_cost_until"],
        capacities=held
        and Held(
            held["of"],
            {name: _mapping(found) for name, found in held["capacities"]},
            _mapping(held["capacity_price"]),
            held["factor"],
        ),
        **{name: pd.DataFrame(**content[name]) for name in _TABLES},
    )


def labelled(indicators: pd.DataFrame, name: str) -> pd.DataFrame:
    """Indicators of a run with its name, columns in their order."""
    return indicators.assign(scenario=name)[list(COLUMNS)]


def _table(frame: pd.DataFrame) -> dict[str, list]:
    found = frame.to_dict("split", index=False)
    return {"columns": found["columns"], "data": found["data"]}


def _pairs(value: Any) -> Any:
    """Mappings as lists of pairs, since keys are years and tuples."""
    return [[key, _pairs(child)] for key, child in value.items()] if isinstance(value, Mapping) else value


def _mapping(pairs: list) -> dict:
    return {tuple(key) if isinstance(key, list) else key: value for key, value in pairs}
