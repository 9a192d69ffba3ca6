"""All that the page says of one setting."""

from __future__ import annotations

from pic2022_page.hours import hourly
from pic2022_page.names import HELD, RUNGS, setting_title
from pic2022_page.sentences import reading
from pic2022_page.tables import moved_table, rung_table
from picmodel.ladder.claims import Claims, Values


def section(values: Values, setting: str, claims: Claims) -> str:
    designs = values.designs(setting)
    rungs = {d: title for d, title in RUNGS.items() if d in designs}
    parts = [f"## {setting_title(setting)}\n", rung_table(values, setting, rungs)]
    held = {d: title for d, title in HELD.items() if d in designs}
    if held:
        parts += ["Capacities held at those of rung 1:\n", rung_table(values, setting, held)]
    switches = [d for d in designs if d.startswith("switch_")]
    if switches:
        parts += [
            "One element of the reform at a time, against rung 1:\n",
            moved_table(values, setting, switches),
        ]
    ends = tuple(f"_{name}" for name in (*claims.variants, "cfd", "guaranteed", "contracts"))
    others = [d for d in designs if d.endswith(ends)]
    if others:
        parts += ["What the answers hang on, against rung 1:\n", moved_table(values, setting, others)]
    sentences = [f"- {text}" for text in reading(values, setting)]
    return "\n".join([*parts, "### Reading\n", *sentences, "", *hourly(setting)])
