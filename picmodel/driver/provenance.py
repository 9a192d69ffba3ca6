"""What a run is made of: scenario, inputs, program, other runs.  The hash of it all is the run's key."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import picmodel
from picmodel.data.load import input_files, inputs_of
from picmodel.data.tables import TABLES
from picmodel.driver.checks import market_options
from picmodel.errors import InputError
from picmodel.scenario.load import resolved
from picmodel.scenario.schema import Scenario

#: parts of the package that use runs and make none
BESIDE_RUNS = (
    "cli",
    "hindcast.py",
    "ladder",
    "studies",
    "chronology",
    "synthesis",
    "explain",
    "diagnose",
    "compare",
    "starter",
    "size",
    "ignored",
    "regression",
)
#: settings that say how a run is called, and how long and on how many cores one waits for it: not what it
#: finds.  Inputs and series count by their content, wherever they lie
_NOT_IN_KEY = (
    *(("title",), ("inputs",), ("series",), ("outside",)),
    *(("solver", "threads"), ("solver", "time_limit_s")),
)

MadeOf = Mapping[str, Any]
#: what a run is made of; a manifest has these beside its own entries
PARTS = ("content", "inputs", "program", "versions", "uses")


def made_of(
    scenario: Scenario, inputs: Mapping[str, str], used: Mapping[str, str], program: str | None = None
) -> MadeOf:
    """Everything that the results of a scenario follow from.

    Args:
        inputs: hashes of its input files (`inputs_hashed`).
        used: keys of the runs that it uses, by the names that its options write (`dependencies.Uses`).
    """
    document = resolved(scenario, market_options(scenario))
    return {
        "content": _digest(_without(document, _NOT_IN_KEY)),
        "inputs": dict(inputs),
        "program": program or hash_program(),
        "versions": versions(),
        "uses": dict(used),
    }


def key_of(found: MadeOf) -> str:
    """The key of a run: it is the same if and only if all that the run is made of is."""
    return _digest(found)


def difference(before: MadeOf, now: MadeOf) -> str:
    """What of it has changed, in a few words."""
    if before == now:
        return ""
    parts = []
    if before.get("content") != now["content"]:
        parts.append("the scenario says something else")
    then, files = before.get("inputs", {}), now["inputs"]
    changed = sorted(name for name in {*then, *files} if then.get(name) != files.get(name))
    if changed:
        parts.append(f"{_some(changed)} changed")
    if before.get("program") != now["program"]:
        parts.append("picmodel changed")
    if before.get("versions") != now["versions"]:
        parts.append("another version of a library")
    if before.get("uses") != now["uses"]:
        parts.append("a run that it uses changed")
    return "; ".join(parts) or "it is made of something else"


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _without(document: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """The document without some settings; keys as text, so that their order can be one."""
    found = {str(key): value for key, value in document.items() if (key,) not in paths}
    for key, *rest in (path for path in paths if len(path) > 1):
        if isinstance(found.get(key), Mapping):
            found[key] = _without(found[key], [tuple(rest)])
    return _text_keys(found)


def _text_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _text_keys(child) for key, child in value.items()}
    return [_text_keys(child) for child in value] if isinstance(value, list | tuple) else value


# -- inputs


def inputs_hashed(scenario: Scenario) -> dict[str, str]:
    """SHA-256 of every input file that the scenario reads, its own series included."""
    series = {key: file for key, file in scenario.series.model_dump().items() if file is not None}
    own = {f"series.{key}": hash_file(Path(file)) for key, file in series.items()}
    return hash_inputs(inputs_of(scenario)) | own


def inputs_hashed_once() -> Callable[[Scenario], dict[str, str]]:
    """`inputs_hashed` that reads the files of each folder once: for one call, in which they do not change."""
    of_folders = functools.cache(hash_inputs)

    def hashed(scenario: Scenario) -> dict[str, str]:
        if any(scenario.series.model_dump().values()):
            return inputs_hashed(scenario)
        return of_folders(inputs_of(scenario))

    return hashed


def hash_inputs(folders: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every input file that is read, by its path below the first folder.

    A file of an overlay is called by the overlay's name and its path below it, wherever the overlay lies, so
    that a run stays what it is where all its inputs are moved or copied.
    """
    found: dict[str, str] = {}
    for known, path in sorted(input_files(folders).items()):
        over = next((folder for folder in folders[:0:-1] if path.is_relative_to(folder)), None)
        name = f"{over.name}/{path.relative_to(over).as_posix()}" if over else known
        found[known if name in found else name] = hash_file(path)
    return found


def require_same_inputs(folder: Path, scenario: Scenario, unread: Iterable[str] = ()) -> None:
    """Refuse a finished run that was made from other inputs than are read now.

    Args:
        folder: of the run's results.
        scenario: as the folder has it.
        unread: files that make no difference to what is asked of the run, beside those that no run reads.

    Raises:
        InputError: some files are not those that the manifest names.
    """
    then = json.loads((folder / "manifest.json").read_text("utf-8"))["inputs"]
    now = inputs_hashed(scenario)
    beside = {*unread, *(Path(table.file).name for table in TABLES if not table.in_runs)}
    changed = [name for name in sorted(then) if now.get(name) != then[name] and Path(name).name not in beside]
    if changed:
        text = (
            f"{folder}: {_some(changed)} changed since the run, or differs where this program reads it; "
            "run the scenario again, or ask the program that made the run"
        )
        raise InputError([text])


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- program


@functools.cache
def hash_program() -> str:
    """SHA-256 over the sources of all that makes a run: results of another program are other results."""
    package = Path(picmodel.__file__).parent
    sources = [p for p in sorted(package.rglob("*.py")) if p.relative_to(package).parts[0] not in BESIDE_RUNS]
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that numbers come from."""
    names = ("picmodel", "pyomo", "highspy", "numpy", "scipy", "pandas", "xarray", "tsam", "pyxirr")
    return {"python": platform.python_version(), **{n: importlib.metadata.version(n) for n in names}}
