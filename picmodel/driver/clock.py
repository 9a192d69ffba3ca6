"""How long each stage of a scenario takes, and who is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

Report = Callable[[str, str], None]  # (scenario, stage)


class Clock:
    """Seconds of each stage of a scenario, and who is told of it."""

    def __init__(self, scenario: str, report: Report | None = None) -> None:
        self.scenario, self.report = scenario, report
        self.marks: list[tuple[str, float]] = []

    def stage(self, name: str) -> None:
        self.marks.append((name.split()[0], time.perf_counter()))
        if self.report:
            self.report(self.scenario, name)

    def seconds(self) -> dict[str, float]:
        marks = [*self.marks, ("end", time.perf_counter())]
        spent = {name: round(after - at, 3) for (name, at), (_, after) in pairwise(marks)}
        return {**spent, "total": round(marks[-1][1] - marks[0][1], 3)}
