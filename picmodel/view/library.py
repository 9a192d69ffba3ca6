"""Finished runs below a folder: what the list shows of each.

A request names a run; the name is looked up among those that were found, and never joined to a path.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from picmodel.errors import InputError
from picmodel.report import headlines
from picmodel.report.headlines import Answer
from picmodel.report.results import Result, lacking
from picmodel.report.story import Story
from picmodel.report.words import LANGS, Lang, words_for

MANIFEST = "manifest.json"
#: folders below the one that is served, as `picmodel ladder` and studies make them
DEEPEST = 3


@dataclass(frozen=True)
class Entry:
    """A run as the list shows it.

    Attributes:
        name: its folder, below the one that is served.
        scenario: what it calls itself.
        stamp: changes whenever its manifest does, which has its key and what it was compared with, and with
            the files of `picmodel dispatch`.
        solved: when, local time.
        is_reference: others are compared with it.
        answers: language -> name of a headline number -> the number.
        lacking: files without which there is no report of it; studies of many runs keep them only on request.
        problem: why it cannot be read; then only name, stamp and folder mean something.
    """

    name: str
    folder: Path
    stamp: str
    scenario: str = ""
    titles: Mapping[Lang, str] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    provinces: tuple[str, ...] = ()
    solved: datetime | None = None
    answers: Mapping[Lang, Mapping[str, Answer]] = field(default_factory=dict)
    is_reference: bool = False
    is_short: bool = False
    warnings: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    problem: str = ""

    @property
    def can_open(self) -> bool:
        return not (self.problem or self.lacking)


class Library:
    """The runs below a folder.

    Args:
        root: a folder of results folders, or the folder of one run.

    Raises:
        InputError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise InputError([f"{root}: no such folder; give one of results, such as results"])
        self.root = root.resolve()
        self._known: dict[str, Entry] = {}

    def entries(self) -> dict[str, Entry]:
        """Name -> run, references before what is compared with them; only what has changed is read."""
        found = [self._entry(folder, self._name(folder)) for folder in self._folders()]
        found.sort(key=lambda run: (run.folder.parent, not run.is_reference, run.name))
        return {run.name: run for run in found}

    def _name(self, folder: Path) -> str:
        return self.root.name if folder == self.root else folder.relative_to(self.root).as_posix()

    def _folders(self) -> Iterator[Path]:
        """Folders with a manifest; hidden ones are being written, and links may lead elsewhere."""
        for at, inside, files in os.walk(self.root, followlinks=False):
            folder = Path(at)
            deep = len(folder.relative_to(self.root).parts)
            inside[:] = [] if deep == DEEPEST else sorted(name for name in inside if not name.startswith("."))
            if MANIFEST in files:
                inside[:] = []
                yield folder

    def _entry(self, folder: Path, name: str) -> Entry:
        try:
            content = (folder / MANIFEST).read_bytes()
        except OSError as error:
            return Entry(name, folder, "", problem=f"{MANIFEST}: {error.strerror}")
        hours = sorted((f.name, f.stat().st_mtime_ns) for f in folder.glob("hourly_*.csv"))
        stamp = hashlib.sha256(content + repr(hours).encode()).hexdigest()
        known = self._known.get(name)
        if known is None or known.stamp != stamp or known.problem:
            self._known[name] = known = _read(folder, name, stamp, content)
        return known


def _read(folder: Path, name: str, stamp: str, content: bytes) -> Entry:
    """A run, or what is wrong with it: one that cannot be read must not hide the others."""
    try:
        manifest = json.loads(content)
        result = Result(name=str(manifest["scenario"]), folder=folder, manifest=manifest)
        stories = {lang: Story((result,), words_for(lang, [result])) for lang in LANGS}
        return Entry(
            name=name,
            folder=folder,
            stamp=stamp,
            scenario=result.name,
            titles={lang: result.title(lang) for lang in LANGS},
            years=tuple(result.years),
            provinces=_provinces(result),
            solved=_solved(folder),
            answers={
                lang: {answer.name: answer for answer in headlines.answers(story) if answer.main}
                for lang, story in stories.items()
            },
            is_reference=manifest.get("reference") == result.name,
            is_short=result.is_short,
            warnings=tuple(result.warnings),
            lacking=tuple(lacking(folder)),
        )
    except Exception as error:  # whatever a damaged file raises
        return Entry(name, folder, stamp, problem=f"{type(error).__name__}: {error}")


def _provinces(result: Result) -> tuple[str, ...]:
    table = result.indicators
    places = table.loc[table["indicator"] == "consumption", "province"]
    return tuple(str(r) for r in places.unique() if r != "CN")


def _solved(folder: Path) -> datetime:
    """Later comparisons write the manifest again, but not what is kept of the solve."""
    kept = folder / "kept.json"
    return datetime.fromtimestamp(
        (kept if kept.is_file() else folder / MANIFEST).stat().st_mtime
    ).astimezone()
