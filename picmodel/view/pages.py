"""Pages of the report, made when somebody asks and kept until the results change."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from picmodel.errors import InputError
from picmodel.report.headlines import Claimed
from picmodel.report.page import Served, render
from picmodel.report.results import open_results
from picmodel.report.story import Story
from picmodel.report.words import LANGS, Lang, words_for
from picmodel.view.library import Entry

#: pages that are kept; one is a few MB
KEPT = 24


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
        problems = [problem for entry in chosen if (problem := why_not(entry))]
        if problems:
            raise InputError(problems)
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

    def _make(self, chosen: Sequence[Entry], lang: Lang) -> str:
        opened = open_results([entry.folder for entry in chosen])
        story = Story(tuple(opened), words_for(lang, opened))
        names = [entry.name for entry in chosen]
        try:
            return render(story, self._claims(story), served(names, lang))
        except InputError:
            raise
        except Exception as error:  # whatever a damaged file raises
            what = f"{type(error).__name__}: {error}"
            raise InputError([f"{', '.join(names)}: {what}; a file is damaged, solve it again"]) from error


def why_not(entry: Entry) -> str:
    """Why there is no report of a run; "" where there is one."""
    if entry.problem:
        return f"{entry.name}: cannot be read ({entry.problem}); solve it again"
    if entry.lacking:
        return f"{entry.name}: {', '.join(entry.lacking)} not there; solve it with `picmodel run`"
    return ""


def served(names: Sequence[str], lang: Lang) -> Served:
    """Where a page leads: back to the list with its runs chosen, and to itself in the other language."""
    other = next(one for one in LANGS if one != lang)
    runs = [("run", name) for name in names]
    return Served(
        back="/?" + urlencode([*runs, ("lang", lang)]),
        other="/report?" + urlencode([*runs, ("lang", other)]),
        other_lang=other,
    )
