"""The three claims: what the model finds for each, and every reading of them."""

from __future__ import annotations

import pandas as pd

from pic2022_page.names import setting_title
from picmodel.ladder.claims import CORE, Claims, counted, groups, hangs_on
from picmodel.ladder.show import number, verdict_text
from picmodel.report.markdown import table


def core_table(found: pd.DataFrame, claims: Claims) -> str:
    """What the paper claims | what the model finds | verdict | what it hangs on: main readings."""
    titles = {claim.name: claim.title for claim in claims.claims}
    rows = []
    for (claim, _, setting, year), part in groups(found[found["main"]]):
        core = part[part["variant"] == CORE].iloc[0]
        label = f"{setting_title(setting)}, {core.title}" + (f", {year}" if year else "")
        rows.append(
            [titles[claim], label, _finding(core), f"**{verdict_text(core)}**", _why(part, core, claims)]
        )
    head = ["the paper claims", "reading", "the model finds", "verdict", "what it hangs on"]
    return table(head, rows, left=5)


def readings(found: pd.DataFrame, claims: Claims) -> str:
    """Every reading of every claim."""
    parts = ["## Every reading\n"]
    for claim in claims.claims:
        rows = []
        for (_, _, setting, year), part in groups(found[found["claim"] == claim.name]):
            core = part[part["variant"] == CORE].iloc[0]
            label = core.title + (f", {year}" if year else "")
            row = [label, setting_title(setting), _finding(core), verdict_text(core)]
            others = [x for name, x in zip(part["variant"], part["verdict_relative"]) if name != CORE]
            rows.append([*row, counted(others), _why(part, core, claims)])
        head = ["reading", "setting", "finds", "verdict", "in variants", "what it hangs on"]
        parts += [f"**{claim.title}** (「{claim.quote}」)\n", table(head, rows, left=6)]
    variants = [f"- *{name}*: {text}" for name, text in claims.variants.items()]
    return "\n".join([*parts, "Variants, each one assumption changed:\n", *variants, ""])


def _finding(row: pd.Series) -> str:
    if pd.isna(row.before):
        return "not computed" if "not computed" in row.why else "–"
    text = f"{number(row.before)} → {number(row.after)}: {number(row.relative, '+', ' %')}"
    return text + (
        f", {number(row.points, '+')} points" if row.points is not None and pd.notna(row.points) else ""
    )


def _why(part: pd.DataFrame, core: pd.Series, claims: Claims) -> str:
    none = "no variant moves it" if len(part) > 1 else "no variant of it was run"
    return hangs_on(part, claims.variants) or core.why or none
