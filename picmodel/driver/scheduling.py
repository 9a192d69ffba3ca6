"""Many scenarios: which are finished already, and the others side by side, what is used first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from picmodel.dependencies import Agenda, Given, Uses, widest
from picmodel.driver.clock import Report
from picmodel.driver.crews import Crew, cores, crew_of
from picmodel.driver.memory import available_gb, expected_gb
from picmodel.driver.provenance import MadeOf, inputs_hashed_once, key_of, made_of
from picmodel.driver.store import Stored, Unusable, find
from picmodel.errors import PicmodelError
from picmodel.scenario.schema import Scenario

if TYPE_CHECKING:
    from picmodel.driver.evaluation import Task

UNCHANGED, FINISHED = "unchanged", "finished"
#: in place of the key of a run to start from that failed: a run made without it is made of something else
FAILED = "failed"


@dataclass(frozen=True)
class Wish:
    """How a call wants its scenarios solved.

    Attributes:
        jobs: most solves side by side; None: as many as cores.
        fresh: solve what has not changed, too.
        any_program: runs of an earlier program count as unchanged.
        large: keep large files.
        memory_gb: memory that solves of this machine may take together; None: what is free.
        scheduler: address of a Dask scheduler; None: this machine.
    """

    jobs: int | None = None
    fresh: bool = False
    any_program: bool = False
    large: bool = True
    memory_gb: float | None = None
    scheduler: str | None = None


@dataclass(frozen=True)
class Waiting:
    """A scenario that is to be solved as soon as there is room."""

    scenario: Scenario
    given: Given
    now: MadeOf


class Work:
    """Everything that one call solves or finds solved.

    Args:
        first: scenarios to begin with, because others are compared with them.
        finished: called with each run that is on disk, as soon as it is.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        found: Uses,
        out: Path,
        wish: Wish,
        report: Report,
        first: Iterable[str] = (),
        finished: Callable[[Stored], None] = lambda stored: None,
    ) -> None:
        self.agenda = Agenda(sorted(scenarios, key=lambda s: s.name not in set(first)), found)
        self.out, self.wish, self.report, self.finished = out, wish, report, finished
        self._uses, self._inputs = found, inputs_hashed_once()
        self._budget = wish.memory_gb or available_gb()
        width = min(wish.jobs or cores(), widest(found))
        self._width, self._threads = width, max(1, cores() // width)
        self._waiting: list[Waiting] = []
        self._running: dict[Future, tuple[Waiting, float]] = {}

    def do(self) -> None:
        """Until all is solved or failed; a scenario that fails stops only those that use it."""
        with crew_of(self._width, self.report, self.wish.scheduler) as crew:
            self._look()
            while self._waiting or self._running:
                self._start(crew())
                if self._running:
                    self._collect(crew())
                self._look()

    # -- what is there

    def _look(self) -> None:
        """Take what is finished from disk, until all that is ready must be solved."""
        while ready := self.agenda.ready():
            for scenario, given in ready:
                try:
                    self._take_or_queue(scenario, given)
                except PicmodelError as error:
                    self.agenda.failed[scenario.name] = error

    def _take_or_queue(self, scenario: Scenario, given: Given) -> None:
        name, used = scenario.name, self._uses[scenario.name]
        solved = self.agenda.solved
        keys = {written: solved[other].key if other in solved else FAILED for written, other in used.items()}
        now = made_of(scenario, self._inputs(scenario), keys)
        try:
            if self.wish.fresh:
                raise Unusable("--fresh")
            stored = find(self.out, name, now, self.wish.large, self.wish.any_program)
        except Unusable as why:
            if str(why):
                self.report(name, f"solved again: {why}")
            if given.start_failed:
                self.report(name, f"starts from nothing: {given.start_failed} failed")
            self._waiting.append(Waiting(scenario, given, now))
            return
        self.report(name, UNCHANGED)
        self._done(stored)

    def _done(self, stored: Stored) -> None:
        self.agenda.solved[stored.name] = stored
        self.finished(stored)

    # -- what is not

    def _start(self, crew: Crew) -> None:
        """Begin what there is room for: a place of the crew, and memory if it is this machine's."""
        for waiting in list(self._waiting):
            if len(self._running) >= crew.width:
                return
            expected = expected_gb(waiting.scenario, self.out / waiting.scenario.name)
            taken = sum(memory for _, memory in self._running.values())
            if crew.here and self._running and taken + expected > self._budget:
                continue  # a smaller one may fit
            self._waiting.remove(waiting)
            self._running[crew.start(self._task(waiting))] = (waiting, expected)

    def _task(self, waiting: Waiting) -> Task:
        from picmodel.driver.evaluation import Task  # loads the solver: only where something is solved

        w = self.wish
        out = self.out.absolute()
        return Task(waiting.scenario, out, waiting.given, waiting.now, self._threads, w.fresh, w.large)

    def _collect(self, crew: Crew) -> None:
        """Wait a moment for something to end."""
        done, _ = wait(self._running, timeout=0.2, return_when=FIRST_COMPLETED)
        crew.tell()
        for future in done:
            waiting, _ = self._running.pop(future)
            name = waiting.scenario.name
            try:
                raised = future.exception()
                if raised is not None:
                    raise crew.error(raised)
                self._published(waiting)
            except PicmodelError as error:
                self.agenda.failed[name] = error

    def _published(self, waiting: Waiting) -> None:
        name = waiting.scenario.name
        try:
            stored = find(self.out, name, waiting.now, self.wish.large)
        except Unusable as why:
            text = f"its results are not in {self.out / name} ({str(why) or 'there is no such folder'})"
            remedy = "give --out a folder that all workers see, and that no other run writes to"
            raise PicmodelError(f"{text}; {remedy}") from None
        assert stored.key == key_of(waiting.now)
        self.report(name, FINISHED)
        self._done(stored)
