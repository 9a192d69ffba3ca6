"""The tables that studies print."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rich.table import Table

from picmodel.studies.attribution import TOTAL, Attributed
from picmodel.studies.sensitivity import Sensed

#: bars of a tornado that are printed for each claim
BARS = 5


def attribution(found: Attributed) -> Table:
    """player | for each answer: Shapley value, its share of the total, and the range over all orders."""
    answers = list(found.study.answers)
    table = Table(title=f"{found.name}: what each mechanism contributes (range over all orders of entering)")
    table.add_column("mechanism", overflow="fold")
    cells = found.effects.set_index(["player", "answer"])
    for answer in answers:
        unit = cells["unit"][TOTAL, answer]
        table.add_column(f"{answer}\n{unit}", justify="right")
    for player in [*found.study.players, TOTAL]:
        title = found.study.players[player].title.en if player != TOTAL else None
        row = [_effect(cells.loc[(player, answer)], player == TOTAL) for answer in answers]
        table.add_row(title or player, *row, style="bold" if player == TOTAL else None)
    return table


def _effect(cell, whole: bool) -> str:
    if whole:
        return f"{cell.shapley:+,.3g}"
    share = "–" if math.isnan(cell.share_of_total) else f"{round(100 * cell.share_of_total)} %"
    return f"{cell.shapley:+,.3g} ({share})\n{cell.least:+,.3g} to {cell.most:+,.3g}"


def claims(found: Sensed) -> Table:
    """claim | what is claimed | centre | sample | how often it holds in sign and in range."""
    table = Table(title=f"{found.name}: how often each claim holds")
    for name in (
        "claim",
        "claimed",
        "centre",
        "median (5 to 95 %)",
        "sign holds",
        "in range",
        "runs (without)",
    ):
        table.add_column(name, justify="left" if name == "claim" else "right", overflow="fold")
    for row in found.claims.itertuples(index=False):
        unit = "%" if row.change == "relative" else "points"
        title = found.study.claims[str(row.claim)].title.en
        table.add_row(
            f"{title or row.claim}, {unit}",
            *claim_cells(row, _number),
        )
    return table


def claim_cells(row: Any, number: Callable[[float], str]) -> tuple[str, ...]:
    """Of a claim of a study: claimed, at the centre, in the sample, how often it holds, of how many runs."""
    return (
        f"{row.claimed_low:+g} to {row.claimed_high:+g}",
        number(row.centre),
        f"{number(row.median)} ({number(row.p5)} to {number(row.p95)})",
        _share(row.sign_share),
        _share(row.range_share),
        f"{row.runs} ({row.undefined})",
    )


def tornado(found: Sensed) -> Table:
    """For each claim the parameters that move it most, alone from their low to their high end."""
    table = Table(title="What the claimed changes hang on: the largest swings")
    for name in ("claim", "parameter", "range", "at low", "at high", "effect in sample"):
        table.add_column(name, justify="left" if name in ("claim", "parameter") else "right", overflow="fold")
    for name, claim in found.study.claims.items():
        rows = found.tornado[(found.tornado["target"] == name) & (found.tornado["design"] == "")]
        largest = rows.reindex(rows["swing"].abs().sort_values(ascending=False, kind="stable").index)
        for row in largest.head(BARS).itertuples(index=False):
            parameter = found.study.parameters[str(row.parameter)]
            table.add_row(
                claim.title.en or name,
                parameter.title.en or str(row.parameter),
                f"{row.low:g} to {row.high:g} {parameter.unit}",
                _number(row.at_low),
                _number(row.at_high),
                _number(row.effect),
            )
        table.add_section()
    return table


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+,.3g}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{round(100 * value)} %"
