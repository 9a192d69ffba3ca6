"""The table that `picmodel ladder` prints, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from rich.table import Table

from picmodel.ladder.claims import CORE, Claim, Claims, counted, groups, hangs_on


def as_tables(found: pd.DataFrame, claims: Claims) -> list[Table]:
    """One table a claim: a row for each reading, setting and year."""
    return [_table(found[found["claim"] == claim.name], claim, claims.variants) for claim in claims.claims]


def _table(found: pd.DataFrame, claim: Claim, variants: Mapping[str, str]) -> Table:
    table = Table(title=f"The paper: {claim.title}", title_justify="left")
    table.add_column("reading")
    table.add_column("setting")
    for name in ("from", "to"):
        table.add_column(name, justify="right")
    table.add_column("unit")
    for name in ("relative", "points"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    table.add_column("of variants")
    table.add_column("what it hangs on", overflow="fold")
    for (_, _, setting, year), part in groups(found):
        core = part[part["variant"] == CORE].iloc[0]
        table.add_row(
            f"{core.title} {year or ''}".strip(),
            setting,
            number(core.before),
            number(core.after),
            core.unit,
            number(core.relative, "+", " %"),
            number(core.points, "+"),
            verdict_text(core),
            counted(list(part[part["variant"] != CORE]["verdict_relative"])),
            hangs_on(part, variants) or core.why,
        )
    return table


def number(value: float | None, sign: str = "", unit: str = "") -> str:
    """Two decimals below 1000, none above; a dash where there is no number."""
    if value is None or pd.isna(value):
        return "–"
    text = f"{value:{sign},.{0 if abs(value) >= 1000 else 2}f}"
    return ("0.00" if text in ("+0.00", "-0.00") else text) + unit


def verdict_text(row: pd.Series) -> str:
    """One word where both readings of a change agree, else both."""
    relative, points = row["verdict_relative"], row["verdict_points"]
    return relative if points in ("", relative) else f"{relative}; in points {points}"


def as_json(found: pd.DataFrame) -> list[dict]:
    """Findings as rows; numbers that do not exist are null."""
    clean = found.astype(object).where(found.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in clean.to_dict("records")]
