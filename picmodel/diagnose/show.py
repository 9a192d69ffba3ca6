"""A diagnosis as text and tables for the terminal, and as plain content for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from math import isfinite
from typing import Any

from rich.table import Column, Table

from picmodel.diagnose.scenario import Change, Diagnosis
from picmodel.diagnose.words import Rule, amount

#: rules of one family that are shown
MOST = 8


def as_json(found: Sequence[Diagnosis]) -> list[dict[str, Any]]:
    """Everything that was found; sides that a rule does not have are null."""
    return [
        {
            "scenario": d.scenario,
            "status": d.status,
            "rows": d.rows,
            "clash": [_rule(rule) for rule in d.clash],
            "irreducible": d.irreducible,
            "smallest_change": [_change(change) for change in d.changes],
            "ways": {family: [_change(change) for change in changes] for family, changes in d.ways.items()},
            "without_slack": list(d.rigid),
            "growing": [_rule(rule) | {"part": x} for rule, x in d.growing],
        }
        for d in found
    ]


def _rule(rule: Rule) -> dict[str, Any]:
    content = asdict(rule) | {"key": {str(dim): label for dim, label in rule.key.items()}}
    return content | {side: x if isfinite(x := content[side]) else None for side in ("lower", "upper")}


def _change(change: Change) -> dict[str, Any]:
    return {"rule": _rule(change.rule), "from": change.side, "to": change.side + change.by, "by": change.by}


def as_tables(d: Diagnosis) -> Iterator[Table | str]:
    """What the terminal shows of one scenario, top down."""
    if d.status == "good":
        yield f"{d.scenario}: good; there is a plan, and its cost is bounded"
    elif d.status == "unbounded":
        yield f"[bold red]{d.scenario}: earns without bound[/]; these grow together:"
        for rule, x in d.growing[:MOST]:
            yield f"  {rule.meaning}, {rule.place}: {x:.3g} {rule.unit}"
        yield "  look for a payment that exceeds their cost, and limit it, or what is paid"
    else:
        yield from _infeasible(d)


def _infeasible(d: Diagnosis) -> Iterator[Table | str]:
    yield f"[bold red]{d.scenario}: no plan keeps all rules[/]"
    if not d.clash:
        yield "  no limit that a scenario states is at fault: inputs of plants, stores or lines contradict"
    what = "these rules clash" if d.irreducible else "the clash is among these rules"
    if d.clash:
        yield f"{what} (without any one of them there is a plan):" if d.irreducible else f"{what}:"
        yield _clash_table(d.clash)
    if d.changes:
        yield "[bold]smallest change that gives a plan[/] (a GW through the year counts alike in every unit):"
        yield _change_table(d.changes)
    smallest = {change.rule.family for change in d.changes}
    for changes in (changes for family, changes in d.ways.items() if smallest != {family}):
        yield f"or by `{changes[0].rule.meaning}` alone ({changes[0].rule.where}):"
        yield _change_table(changes)
    for text in d.rigid:
        yield f"  without slack: {text}"


def _clash_table(rules: Sequence[Rule]) -> Table:
    table = Table("rule", "where", "as it stands", Column("changed in", overflow="fold"))
    for _, group in groupby(rules, key=lambda rule: rule.family):
        members = [list(same) for _, same in groupby(group, key=lambda rule: rule.place)]
        for rule, *others in members[:MOST]:
            where = rule.place + (f" and {len(others)} more slices" if others else "")
            table.add_row(rule.meaning, where, rule.says(), rule.where)
        if len(members) > MOST:
            table.add_row("", f"and {len(members) - MOST} more", "", "")
    return table


def _change_table(changes: Sequence[Change]) -> Table:
    table = Table("rule", "where", "from", "to", "by", Column("changed in", overflow="fold"))
    for _, group in groupby(changes, key=lambda change: change.rule.family):
        by_place: dict[str, list[Change]] = {}
        for change in group:
            by_place.setdefault(change.rule.place, []).append(change)
        for place, members in list(by_place.items())[:MOST]:
            _add_change(table, place, members)
        if len(by_place) > MOST:
            table.add_row("", f"and {len(by_place) - MOST} more", "", "", "", "")
    return table


def _add_change(table: Table, place: str, changes: Sequence[Change]) -> None:
    """The largest change of a rule, of all slices in which it moves."""
    first, others = changes[0], len(changes) - 1
    rule, unit = first.rule, first.rule.unit
    where = place + (f", most of {others + 1} slices" if others else "")
    by = ("+" if first.by > 0 else "") + amount(first.by, unit)
    sides = (amount(first.side, unit), amount(first.side + first.by, unit))
    table.add_row(rule.meaning, where, *(("", "") if rule.terms else sides), by, rule.where)
