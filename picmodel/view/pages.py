"""Pages of the report, made when somebody asks and kept until the results change."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from picmodel.errors import InputError
from picmodel.report.export import ENDINGS, export
from picmodel.report.headlines import Claimed
from picmodel.report.page import Served, render
from picmodel.report.results import open_results
from picmodel.report.story import Story
from picmodel.report.words import LANGS, Lang, words_for
from picmodel.view.library import Entry

#: pages that are kept; one is a few MB
KEPT = 24
#: exports that a page offers: format -> what the link says, type of the file
EXPORTS = {
    "csv": ("CSV", "text/csv; charset=utf-8"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "netcdf": ("NetCDF", "application/x-netcdf"),
    "iamc": ("IAMC CSV", "text/csv; charset=utf-8"),
}


@dataclass(frozen=True)
class Page:
    """A page, the manifests that it was made of, and a tag that is equal for equal pages."""

    html: bytes
    stamps: tuple[str, ...]
    tag: str


class Pages:
    """Makes each page once for the same results.

    Args:
        claims: the paper's claims beside the runs of a story.
    """

    def __init__(self, claims: Callable[[Story], Sequence[Claimed]]) -> None:
        self._claims = claims
        self._kept: OrderedDict[tuple[str, ...], Page] = OrderedDict()
        self._one_at_a_time = threading.Lock()  # NetCDF files do not bear two readers

    def report(self, chosen: Sequence[Entry], lang: Lang) -> Page:
        """The report of some runs.

        Raises:
            InputError: a run cannot be opened, or they do not go together; all problems.
        """
        _require_readable(chosen)
        key, stamps = (lang, *(entry.name for entry in chosen)), tuple(entry.stamp for entry in chosen)
        with self._one_at_a_time:
            page = self._kept.get(key)
            if page is None or page.stamps != stamps:
                html = self._make(chosen, lang).encode("utf-8")
                page = Page(html, stamps, f'"{hashlib.sha256(html).hexdigest()[:32]}"')
            self._kept[key] = page
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return page

    def export(self, chosen: Sequence[Entry], lang: Lang, format_: str) -> tuple[str, bytes]:
        """Name and content of a file with all indicators of some runs, made anew.

        Args:
            format_: one of `EXPORTS`.

        Raises:
            InputError: as for `report`.
        """
        _require_readable(chosen)
        base = Path(chosen[0].name).name if len(chosen) == 1 else "indicators"
        name = f"{base}{'_iamc' if format_ == 'iamc' else ''}{ENDINGS[format_]}"
        with (
            self._one_at_a_time,
            tempfile.TemporaryDirectory(prefix="picmodel-") as folder,
            _readable(chosen),
        ):
            path = Path(folder) / name
            export(_story(chosen, lang), format_, path)
            return name, path.read_bytes()

    def _make(self, chosen: Sequence[Entry], lang: Lang) -> str:
        with _readable(chosen):
            story = _story(chosen, lang)
            return render(story, self._claims(story), served([entry.name for entry in chosen], lang))


def _story(chosen: Sequence[Entry], lang: Lang) -> Story:
    opened = open_results([entry.folder for entry in chosen])
    return Story(tuple(opened), words_for(lang, opened))


@contextmanager
def _readable(chosen: Sequence[Entry]) -> Iterator[None]:
    """What a damaged file raises, as a message."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        what = f"{', '.join(entry.name for entry in chosen)}: {type(error).__name__}: {error}"
        raise InputError([f"{what}; a file is damaged, solve it again"]) from error


def _require_readable(chosen: Sequence[Entry]) -> None:
    problems = [problem for entry in chosen if (problem := why_not(entry))]
    if problems:
        raise InputError(problems)


def why_not(entry: Entry) -> str:
    """Why there is no report of a run; "" where there is one."""
    if entry.problem:
        return f"{entry.name}: cannot be read ({entry.problem}); solve it again"
    if entry.lacking:
        return f"{entry.name}: {', '.join(entry.lacking)} not there; solve it with `picmodel run`"
    return ""


def served(names: Sequence[str], lang: Lang) -> Served:
    """Where a page leads: to the list with its runs chosen, to itself in the other language, to exports."""
    other = next(one for one in LANGS if one != lang)
    runs = [("run", name) for name in names]
    return Served(
        back="/?" + urlencode([*runs, ("lang", lang)]),
        other="/report?" + urlencode([*runs, ("lang", other)]),
        other_lang=other,
        exports={
            label: "/export?" + urlencode([*runs, ("lang", lang), ("format", name)])
            for name, (label, _) in EXPORTS.items()
        },
    )
