"""Tables of finished studies as Markdown, from the files that a study writes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from picmodel.report.markdown import table
from picmodel.studies.attribution import TOTAL
from picmodel.studies.files import Attribution, Sensitivity
from picmodel.studies.tables import claim_cells

#: parameters of a tornado that are shown for each claim
MOST = 4


def attribution(effects: pd.DataFrame, study: Attribution) -> str:
    """mechanism | for each answer its Shapley value, share of the total, and range over all orders."""
    cells = effects.set_index(["player", "answer"])
    answers = list(dict.fromkeys(effects["answer"]))
    units = cells["unit"]
    head = ["mechanism", *(f"{a}, {units[TOTAL, a]}".replace("_", " ") for a in answers)]
    rows = [[_title(study.players, p), *(_effect(cells.loc[(p, a)]) for a in answers)] for p in study.players]
    total = ["**all together**", *(f"**{cells.loc[(TOTAL, a)].shapley:+,.3g}**" for a in answers)]
    return table(head, [*rows, total])


def _effect(cell: pd.Series) -> str:
    share = "" if math.isnan(cell.share_of_total) else f" ({100 * cell.share_of_total:.0f} %)"
    return f"{_number(cell.shapley)}{share}; {_number(cell.least)} to {_number(cell.most)}"


def claims(found: pd.DataFrame, study: Sensitivity) -> str:
    """claim | claimed | centre | sample | how often it holds in sign and in range."""
    rows = []
    for row in found.itertuples(index=False):
        unit = "%" if row.change == "relative" else "points"
        rows.append(
            [
                f"{_title(study.claims, str(row.claim))}, {unit}",
                *claim_cells(row, _number),
            ]
        )
    head = ["claim", "claimed", "centre", "median (5 to 95 %)", "sign holds", "in range", "runs (without)"]
    return table(head, rows)


def tornado(found: pd.DataFrame, study: Sensitivity) -> str:
    """claim | what moves it most, alone from the low to the high end of its range."""
    rows = []
    for name in study.claims:
        bars = largest(found, name)
        for k, row in enumerate(bars.itertuples(index=False)):
            one = study.parameters[str(row.parameter)]
            rows.append(
                [
                    _title(study.claims, name) if k == 0 else "",
                    one.title.en or str(row.parameter),
                    f"{row.low:g} to {row.high:g} {one.unit}".strip(),
                    _number(row.at_low),
                    _number(row.at_high),
                    _number(row.effect),
                ]
            )
    return table(["claim", "parameter", "range", "at low", "at high", "effect in the sample"], rows)


def largest(found: pd.DataFrame, claim: str, most: int = MOST) -> pd.DataFrame:
    """Rows of a tornado for a claim, the largest swing first."""
    rows = found[(found["target"] == claim) & (found["design"].fillna("") == "")]
    order = rows["swing"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].head(most)


def ranges(study: Sensitivity) -> str:
    """parameter | range | centre | source and reason."""
    rows = [
        [
            one.title.en or name,
            f"{one.low:g} to {one.high:g} {one.unit}".strip(),
            "" if one.centre is None else f"{one.centre:g}",
            "; ".join(filter(None, (f"`{one.source}`" if one.source else "", one.reason))),
        ]
        for name, one in study.parameters.items()
    ]
    return table(["parameter", "range", "centre", "source and reason"], rows)


def _title(titled: Mapping[str, Any], name: str) -> str:
    return titled[name].title.en or name


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "0" if abs(value) < 5e-4 else f"{value:+,.3g}"
