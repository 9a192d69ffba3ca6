"""Many scenarios side by side, what others use first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from picmodel.dependencies import Agenda, Given, Uses, widest
from picmodel.driver.clock import Report
from picmodel.driver.evaluation import solve_scenario
from picmodel.errors import PicmodelError
from picmodel.report.comparison import Solved
from picmodel.scenario.schema import Scenario


def solve_all(
    scenarios: Sequence[Scenario], found: Uses, out: Path, jobs: int | None, report: Report
) -> tuple[list[Solved], dict[str, PicmodelError]]:
    """Solve side by side, what others use first; one that fails stops only those that use it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(jobs or cores, widest(found))
    threads = max(1, cores // workers)
    agenda = Agenda(scenarios, found)
    if workers == 1:
        while ready := agenda.ready():
            for scenario, given in ready:
                try:
                    asked = agenda.hands_on_capacities(scenario.name)
                    agenda.solved[scenario.name] = solve_scenario(
                        scenario, out, threads, report, given, asked
                    )
                except PicmodelError as error:
                    agenda.failed[scenario.name] = error
    else:
        _solve_in_pool(agenda, workers, out, threads, report)
    solved = [agenda.solved[s.name] for s in scenarios if s.name in agenda.solved]
    return solved, {s.name: agenda.failed[s.name] for s in scenarios if s.name in agenda.failed}


def _solve_in_pool(agenda: Agenda, workers: int, out: Path, threads: int, report: Report) -> None:
    """Each scenario in a process of its own, from the moment that what it uses is solved."""
    with (
        get_context("spawn").Manager() as manager,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        stages = manager.Queue()
        running: dict[Future, str] = {}

        def start_what_is_ready() -> None:
            for scenario, given in agenda.ready():
                asked = agenda.hands_on_capacities(scenario.name)
                future = pool.submit(_solve_apart, scenario, out, threads, stages, given, asked)
                running[future] = scenario.name

        start_what_is_ready()
        while running:
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            while not stages.empty():
                report(*stages.get())
            for future in done:
                name = running.pop(future)
                try:
                    agenda.solved[name] = future.result()
                except PicmodelError as error:
                    agenda.failed[name] = error
            start_what_is_ready()


def _solve_apart(
    scenario: Scenario, out: Path, threads: int, stages: Any, given: Given, asked: bool
) -> Solved:
    def report(name: str, stage: str) -> None:
        stages.put((name, stage))

    return solve_scenario(scenario, out, threads, report, given, asked)
