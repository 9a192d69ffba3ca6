"""The indicators as an Excel workbook: answers, a sheet for each indicator, all numbers, definitions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from picmodel.errors import InputError
from picmodel.indicators.definitions import DEFINITION
from picmodel.report import headlines
from picmodel.report.story import Story

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

NEEDS = 'this needs XlsxWriter; install it with: pip install "picmodel[report]"'
LONGEST = 31  # characters of a sheet's name
#: fixed names of sheets beside those of indicators
FRONT, DATA = "report", "data"


def write_workbook(story: Story, tidy: pd.DataFrame, path: Path) -> None:
    """Write all indicators to a workbook.

    Args:
        tidy: all indicators, as ``indicators.csv`` has them; kept whole in the sheet `DATA`.

    Raises:
        InputError: XlsxWriter is not installed.
    """
    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise InputError([NEEDS]) from None
    names = list(dict.fromkeys(tidy["indicator"]))
    sheets = sheet_names(names)
    options = {"nan_inf_to_errors": False, "default_date_format": "yyyy"}
    with xlsxwriter.Workbook(path, options) as book:
        look = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "faint": book.add_format({"font_color": "#5a6470"}),
            "warn": book.add_format({"font_color": "#a40010", "bold": True}),
            "number": book.add_format({"num_format": "#,##0.00"}),
            "small": book.add_format({"num_format": "0.0000"}),
            "link": book.add_format({"font_color": "#1f5f9e", "underline": 1}),
        }
        _front(book.add_worksheet(FRONT), story, names, sheets, look)
        _data(book.add_worksheet(DATA), tidy, look)
        for name, rows in tidy.groupby("indicator", sort=False):
            _indicator(book.add_worksheet(sheets[str(name)]), story, str(name), rows, look)


def sheet_names(indicators: list[str]) -> dict[str, str]:
    """Indicator -> a name of at most `LONGEST` characters that no other sheet has, whatever the case."""
    found: dict[str, str] = {}
    taken = {FRONT, DATA}
    for name in indicators:
        short, count = name[:LONGEST], 2
        while short.lower() in taken:
            ending = f"~{count}"
            short, count = name[: LONGEST - len(ending)] + ending, count + 1
        taken.add(short.lower())
        found[name] = short
    return found


def _front(
    sheet: Worksheet, story: Story, names: list[str], sheets: dict[str, str], look: dict[str, Format]
) -> None:
    """Warnings, answers, and links to the sheets."""
    w = story.words
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 2 + len(story.results), 34)
    row = 0
    sheet.write(row, 0, f"picmodel · {w('report')}", look["title"])
    for who, text in headlines.warnings(story):
        row += 1
        sheet.write(row, 0, f"{w('read_first')}: {who + ': ' if who else ''}{text}", look["warn"])
    row += 2
    heads = [w("quantity"), w("unit"), *(f"{story.titled(r)} ({r.name})" for r in story.results)]
    sheet.write_row(row, 0, heads, look["head"])
    for answer in headlines.answers(story):
        row += 1
        cells = [f"{c.text} ({c.change})" if c.change else c.text for c in answer.cells]
        sheet.write_row(row, 0, [answer.what, answer.unit, *cells])
    row += 2
    sheet.write(row, 0, w("assumptions_text"), look["faint"])
    row += 2
    sheet.write_row(row, 0, [w("definitions"), w("unit"), ""], look["head"])
    for name in names:
        row += 1
        sheet.write_url(row, 0, f"internal:'{sheets[name]}'!A1", look["link"], w.indicator(name))
        sheet.write(row, 1, w.unit(DEFINITION[name].unit) if name in DEFINITION else "")
        sheet.write(row, 2, w.meaning(name) if name in DEFINITION else "")


def _data(sheet: Worksheet, tidy: pd.DataFrame, look: dict[str, Format]) -> None:
    """The tidy table, whole numbers and all digits."""
    sheet.write_row(0, 0, list(tidy.columns), look["head"])
    for i, row in enumerate(tidy.itertuples(index=False, name=None), start=1):
        _write(sheet, i, row)
    sheet.autofilter(0, 0, len(tidy), len(tidy.columns) - 1)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 1, 30)
    sheet.set_column(2, len(tidy.columns) - 1, 14)


def _indicator(
    sheet: Worksheet, story: Story, name: str, rows: pd.DataFrame, look: dict[str, Format]
) -> None:
    """One indicator: scenario, province and kind down, years across; unit and meaning above."""
    w = story.words
    unit = w.unit(str(rows["unit"].iloc[0]))
    sheet.write(0, 0, f"{w.indicator(name)} [{unit}]", look["title"])
    sheet.write(1, 0, w.meaning(name) if name in DEFINITION else "", look["faint"])
    sheet.write_url(2, 0, f"internal:'{FRONT}'!A1", look["link"], w("contents"))
    keys = ["scenario", "province", "technology"]
    wide = rows.pivot(index=keys, columns="year", values="value")
    order = pd.MultiIndex.from_frame(rows[keys].drop_duplicates())
    wide = wide.reindex(order)
    years = [f"{year} [{unit}]" if year else f"[{unit}]" for year in wide.columns]
    heads = [w("scenario"), w("province"), "", w("technology"), "", *years]
    sheet.write_row(4, 0, heads, look["head"])
    form = look["small"] if rows["value"].abs().max() < 10 else look["number"]
    for i, (key, values) in enumerate(zip(wide.index, wide.to_numpy()), start=5):
        scenario, province, technology = key
        cells = (scenario, province, w.province(province), technology, w.technology(technology))
        sheet.write_row(i, 0, cells)
        _write(sheet, i, values, 5, form)
    sheet.autofilter(4, 0, 4 + len(wide), len(heads) - 1)
    sheet.freeze_panes(5, 5)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 4, 16)
    sheet.set_column(5, len(heads) - 1, 18)


def _write(sheet: Worksheet, row: int, values: Any, first: int = 0, form: Format | None = None) -> None:
    """Cells of a row; what is no number stays empty."""
    for column, value in enumerate(values, start=first):
        if isinstance(value, float) and not math.isfinite(value):
            continue
        if isinstance(value, str):
            sheet.write_string(row, column, value)
        else:
            sheet.write_number(row, column, float(value), form)
