"""Answers first: the numbers that a study is made for, one row for each, a cell for each scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from picmodel.report.results import Result
from picmodel.report.runs import span
from picmodel.report.story import Story
from picmodel.report.words import Words

WIND_AND_SUN = ("wind_and_solar", "wind_onshore", "solar_utility")
#: names of the main answers, and the word for each where no year is said
MAIN = {
    "renewable_share": "main_share",
    "peak": "peak",
    "peak_cost": "main_peak_cost",
    "project_irr": "main_irr",
}


@dataclass(frozen=True)
class Cell:
    """A number as text, and its change against the reference ("" where there is none).

    Attributes:
        span: both ends over all plans of the same cost; "" where they are one.
    """

    text: str
    change: str = ""
    span: str = ""


@dataclass(frozen=True)
class Answer:
    """One row: what, in which unit, and a cell for each scenario; a ``main`` one is shown large.

    Attributes:
        name: of a main answer, one of `MAIN`.
        period: the year that it is about, or through which it is counted.
    """

    what: str
    unit: str
    cells: tuple[Cell, ...]
    main: bool = False
    name: str = ""
    period: str = ""


def answers(story: Story) -> list[Answer]:
    """Renewable share by year, peak, peak cost, returns of wind and sun."""
    found = [*_shares(story), _peak(story), _peak_cost(story), *_returns(story)]
    return [answer for answer in found if any(cell.text != "–" for cell in answer.cells)]


def _shares(story: Story) -> list[Answer]:
    w, points = story.words, story.words("points")
    first_open = next((y for y in story.years if y not in story.past), story.years[-1])
    return [
        Answer(
            w("renewable_share_in", year=year),
            "%",
            tuple(_with_change(r, "renewable_share", "all", year, 100.0, 1, points) for r in story.results),
            main=year == first_open,
            name="renewable_share",
            period=str(year),
        )
        for year in story.years
    ]


def _with_change(
    result: Result, name: str, technology: str, year: int, factor: float, digits: int, points: str
) -> Cell:
    """A value, with its change in points where the run was compared with another one."""
    value = result.find(name, technology=technology, year=year)
    if value is None or not math.isfinite(value):
        return Cell("–")
    text = f"{factor * value:,.{digits}f}"
    ends = span(result.ends(name, technology, year), lambda end: f"{factor * end:,.{digits}f}")
    change = result.find(f"{name}_change", technology=technology, year=year)
    if change is None or _is_reference(result):
        return Cell(text, span=ends)
    relative = result.find(f"{name}_change_relative", technology=technology, year=year)
    more = f" ({signed(relative, 1)} %)" if relative is not None and math.isfinite(relative) else ""
    return Cell(text, f"{signed(change, digits)} {points}{more}", ends)


def signed(value: float, digits: int) -> str:
    """A change with its sign; what rounds to zero has none."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if float(text.replace(",", "")) == 0 else text


def _is_reference(result: Result) -> bool:
    return result.manifest.get("reference") in (result.name, None)


def _peak(story: Story) -> Answer:
    """The year of the peak and its level; the level alone where emissions still rise at the end."""
    w = story.words
    cells = []
    for result in story.results:
        peak = result.manifest.get("peak")
        if peak is None:
            cells.append(Cell("–"))
            continue
        year = str(peak["year"]) if peak["within_horizon"] else w("peak_none", year=peak["year"])
        ends = span(result.ends("emissions", year=peak["year"]), "{:,.0f}".format)
        cells.append(Cell(year, f"{peak['level_mt']:,.0f} {w.unit('Mt CO2')}", ends))
    return Answer(w("peak"), "", tuple(cells), main=True, name="peak")


def _peak_cost(story: Story) -> Answer:
    w = story.words
    untils = sorted({int(u) for r in story.results if (u := r.find("peak_cost_until")) is not None})
    cells = []
    for result in story.results:
        value, change = result.find("peak_cost"), result.find("peak_cost_change")
        if value is None:
            cells.append(Cell("–"))
            continue
        shown = "" if change is None or _is_reference(result) else f"{signed(change, 2)} %"
        cells.append(Cell(f"{value:,.0f}", shown, span(result.ends("peak_cost"), "{:,.0f}".format)))
    until = "/".join(map(str, untils))
    what, unit = w("peak_cost_to", until=until), w.unit("bn CNY")
    return Answer(what, unit, tuple(cells), main=True, name="peak_cost", period=until)


def _returns(story: Story) -> list[Answer]:
    """Of the first commissioning year that is still to be decided."""
    w, points = story.words, story.words("points")
    table = story.indicator("project_irr")
    years = sorted({int(y) for y in table.loc[table["province"] == "CN", "year"] if y > 0})
    if not years:
        return []
    year = next((y for y in years if y not in story.past), years[-1])
    return [
        Answer(
            w("irr_of", what=w.technology(technology), year=year),
            "%",
            tuple(_with_change(r, "project_irr", technology, year, 1.0, 2, points) for r in story.results),
            main=technology == "wind_and_solar",
            name="project_irr",
            period=str(year),
        )
        for technology in WIND_AND_SUN
    ]


# -- what must be read before them


def warnings(story: Story) -> list[tuple[str, str]]:
    """Title of the scenario ("" for all of them) and what to know before any number."""
    w = story.words
    found: list[tuple[str, str]] = []
    for result in story.results:
        if result.is_short:
            found.append((story.titled(result), w("short_note")))
        found += [(story.titled(result), w.warning(warning)) for warning in result.warnings]
    return found + [("", note) for note in _of_the_set(story.results, w)]


def _of_the_set(results: Sequence[Result], w: Words) -> list[str]:
    """What keeps results of different calls from being compared."""
    found = []
    if len({result.manifest.get("reference") for result in results}) > 1:
        found.append(w("references_differ"))
    untils = sorted({int(u) for r in results if (u := r.find("peak_cost_until")) is not None})
    if len(untils) > 1:
        found.append(w("windows_differ", years=", ".join(map(str, untils))))
    if len({result.manifest.get("program") for result in results}) > 1:
        found.append(w("programs_differ"))
    return found


# -- beside the paper


@dataclass(frozen=True)
class Claimed:
    """A claim of the paper beside what the scenarios of the report find."""

    claim: str
    reading: str
    year: str
    scenarios: str
    before: str
    after: str
    unit: str
    relative: str
    points: str
    verdict: str


def claimed(
    findings: pd.DataFrame,
    titles: Mapping[str, tuple[str, str]],
    readings: Mapping[str, str],
    w: Words,
) -> list[Claimed]:
    """Rows for a table, of findings that have a number.

    Args:
        findings: as `picmodel.ladder.claims.findings` has them.
        titles: claim -> its title and the paper's words.
        readings: title of a reading -> its Chinese.
    """
    language = 0 if w.lang == "en" else 1
    rows = findings[findings["relative"].notna()] if len(findings) else findings
    return [
        Claimed(
            titles[row.claim][language],
            row.title if w.lang == "en" else readings.get(row.title, row.title),
            str(row.year or ""),
            f"{row.setting}: {row.before_name} → {row.after_name}",
            f"{row.before:,.2f}",
            f"{row.after:,.2f}",
            w.unit(row.unit),
            signed(row.relative, 2),
            "" if pd.isna(row.points) else signed(row.points, 2),
            w(row.verdict_relative),
        )
        for row in rows.rename(columns={"from": "before_name", "to": "after_name"}).itertuples(index=False)
    ]
