"""Indicators of finished runs in the formats that others read: Excel, IAMC, CSV, Parquet, NetCDF, LaTeX,
Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from picmodel.errors import InputError
from picmodel.extract.table import ALL, NATION
from picmodel.indicators.definitions import DEFINITION
from picmodel.report import headlines
from picmodel.report.iamc import iamc
from picmodel.report.story import Story
from picmodel.report.words import Words, words_for
from picmodel.report.workbook import write_workbook
from picmodel.report.write import write_netcdf

#: columns of indicators.csv that are axes of an array
AXES = ("scenario", "province", "technology", "year")
#: format -> ending of the file
ENDINGS = {
    "xlsx": ".xlsx",
    "iamc": ".csv",
    "csv": ".csv",
    "parquet": ".parquet",
    "netcdf": ".nc",
    "latex": ".tex",
    "markdown": ".md",
}


def export(story: Story, format_: str, path: Path, indicators: Sequence[str] = ()) -> str:
    """Write the indicators of a story to a file.

    Args:
        format_: one of `ENDINGS`.
        indicators: for LaTeX and Markdown: a table for each of them, of the nation by year; without any
            the answers.

    Returns:
        What to tell the user besides the name of the file; "" if nothing.

    Raises:
        InputError: an indicator or a library that is not there, or a file that cannot be written.
    """
    missing = [name for name in indicators if story.indicator(name).empty]
    if missing:
        raise InputError([f"there is no indicator `{name}` in these results" for name in missing])
    write = _WRITERS[format_]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write(story, path, indicators)
    except OSError as error:
        raise InputError([f"{path}: cannot write there ({error.strerror}); choose another --out"]) from None


def tidy(story: Story) -> pd.DataFrame:
    """All indicators of all runs, as in ``indicators.csv``."""
    return pd.concat([result.indicators for result in story.results], ignore_index=True)


def _csv(story: Story, path: Path, indicators: Sequence[str]) -> str:
    tidy(story).to_csv(path, index=False, float_format="%.10g")
    return ""


def _parquet(story: Story, path: Path, indicators: Sequence[str]) -> str:
    tidy(story).to_parquet(path, index=False)
    return ""


def _xlsx(story: Story, path: Path, indicators: Sequence[str]) -> str:
    write_workbook(story, tidy(story), path)
    return ""


def _iamc(story: Story, path: Path, indicators: Sequence[str]) -> str:
    """The long table; checked by pyam where it is installed."""
    table = iamc(story.results, words_for("en", story.results))
    table.to_csv(path, index=False, float_format="%.10g")
    try:
        import pyam
    except ImportError:
        return 'not checked by pyam, which is not installed: pip install "picmodel[iamc]"'
    except Exception as error:  # an installation that is damaged, or its cache of units in ~/.cache/iam-units
        return f"not checked by pyam, which does not start ({type(error).__name__}: {error})"
    pyam.IamDataFrame(path)
    return "read by pyam without complaint"


def _netcdf(story: Story, path: Path, indicators: Sequence[str]) -> str:
    names = ", ".join(result.name for result in story.results)
    write_netcdf(arrays(story), path, f"Indicators of {names}", "picmodel export")
    return ""


def arrays(story: Story) -> xr.Dataset:
    """Every indicator as an array over scenario, province, technology and year, with unit and meaning.

    A dimension that an indicator does not have is left out: technology where it is ``all``, year where it is
    of the whole horizon.  NaN where there is no value.
    """
    table = tidy(story)
    whole = {"technology": ALL, "year": 0}
    found = {}
    for name, rows in table.groupby("indicator", sort=False):
        dims = [d for d in AXES if d not in whole or set(rows[d]) != {whole[d]}]
        of = DEFINITION.get(str(name))
        attrs = {"units": str(rows["unit"].iloc[0]), "long_name": of.meaning if of else str(name)}
        found[str(name)] = rows.set_index(dims)["value"].to_xarray().assign_attrs(attrs)
    return xr.Dataset(found).reindex({d: list(dict.fromkeys(table[d])) for d in AXES})


# -- tables to paste


def _latex(story: Story, path: Path, indicators: Sequence[str]) -> str:
    tables = [_latex_table(*table) for table in tables_of(story, indicators)]
    path.write_text("\n".join(tables), encoding="utf-8")
    return "needs \\usepackage{booktabs}" + (
        ", and xeCJK or ctex for Chinese" if story.words.lang == "zh" else ""
    )


def _markdown(story: Story, path: Path, indicators: Sequence[str]) -> str:
    tables = [_markdown_table(*table) for table in tables_of(story, indicators)]
    path.write_text("\n".join(tables), encoding="utf-8")
    return ""


def tables_of(story: Story, indicators: Sequence[str]) -> list[tuple[str, list[list[str]]]]:
    """Title and rows of text, the head first: the answers, or indicators of the nation by year."""
    if not indicators:
        return [(story.words("answers"), _answers(story))]
    return [_of_nation(story, name) for name in indicators]


def _answers(story: Story) -> list[list[str]]:
    w = story.words
    head = [w("quantity"), w("unit"), *(story.titled(result) for result in story.results)]
    rows = [[a.what, a.unit, *(_cell(c, w) for c in a.cells)] for a in headlines.answers(story)]
    return [head, *rows]


def _cell(cell: headlines.Cell, w: Words) -> str:
    beside = [cell.change, w("same_cost", span=cell.span) if cell.span else ""]
    more = "; ".join(part for part in beside if part)
    return f"{cell.text} ({more})" if more else cell.text


def _of_nation(story: Story, name: str) -> tuple[str, list[list[str]]]:
    """A row for each scenario and kind, a column for each year."""
    w = story.words
    table = story.indicator(name)
    here = table[table["province"] == NATION]
    if here.empty:
        raise InputError([f"{name}: has no value for the nation; it is in csv, parquet and xlsx"])
    years = sorted({int(y) for y in here["year"]})
    kinds = list(dict.fromkeys(here["technology"]))
    rows = [
        [story.titled(result), w.technology(kind), *(_number(v) for v in values)]
        for kind in kinds
        for result in story.results
        for values in [story.values(name, [(result.letter, y) for y in years], NATION, kind)]
    ]
    head = [w("scenario"), w("technology"), *(str(y) if y else w("value") for y in years)]
    return f"{w.indicator(name)} [{w.unit(DEFINITION[name].unit)}]", [head, *rows]


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _markdown_table(title: str, rows: list[list[str]]) -> str:
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    numbers = _numeric_columns(rows)
    rule = ["---:" if i in numbers else "---" for i in range(len(head))]
    lines = ["| " + " | ".join(row) + " |" for row in (head, rule, *body)]
    return f"**{title}**\n\n" + "\n".join(lines) + "\n"


_ESCAPES = str.maketrans(
    {"\\": r"\textbackslash{}", **{c: f"\\{c}" for c in "&%$#_{}"}, "~": r"\textasciitilde{}", "^": r"\^{}"}
)


def _latex_table(title: str, rows: list[list[str]]) -> str:
    head, *body = [[_latex_text(cell) for cell in row] for row in rows]
    numbers = _numeric_columns(rows)
    columns = "".join("r" if i in numbers else "l" for i in range(len(head)))
    lines = [" & ".join(row) + r" \\" for row in body]
    return "\n".join(
        [
            r"\begin{table}",
            rf"  \caption{{{_latex_text(title)}}}",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            "    " + " & ".join(head) + r" \\",
            r"    \midrule",
            *(f"    {line}" for line in lines),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _latex_text(text: str) -> str:
    return text.translate(_ESCAPES).replace("CO₂", r"CO\textsubscript{2}").replace("–", "--")


def _numeric_columns(rows: list[list[str]]) -> set[int]:
    """Columns whose cells below the head begin like numbers."""
    body = rows[1:]

    def is_number(cell: str) -> bool:
        return cell == "–" or cell.lstrip("+-")[:1].isdigit()

    return {i for i in range(len(rows[0])) if body and all(is_number(row[i]) for row in body)}


_WRITERS: dict[str, Callable[[Story, Path, Sequence[str]], str]] = {
    "xlsx": _xlsx,
    "iamc": _iamc,
    "csv": _csv,
    "netcdf": _netcdf,
    "parquet": _parquet,
    "latex": _latex,
    "markdown": _markdown,
}
