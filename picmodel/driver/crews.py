"""Who solves: this process, processes beside it, or the workers of a Dask cluster.

All of them take a `Task` and leave a folder; a process that dies takes its own scenario along and no other.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING, Any, Protocol

from picmodel.driver.clock import Report
from picmodel.errors import InputError, PicmodelError, WorkerDied

if TYPE_CHECKING:
    from picmodel.driver.evaluation import Task

Stage = tuple[str, str]
#: how long a Dask scheduler may take to answer [s]
PATIENCE_S = 10
DIED = (
    "the process that solved it was killed, probably because memory ran out; give a smaller --memory or "
    "--jobs, or take fewer periods, and run again: what is finished stays"
)


class Crew(Protocol):
    """Solves tasks.

    Attributes:
        width: tasks that it works on at once.
        here: its memory is this machine's.
    """

    width: int
    here: bool

    def start(self, task: Task) -> Future:
        """Begin a task; the future has its end, or its error."""

    def tell(self) -> None:
        """Hand on what has been reported since."""

    def error(self, raised: BaseException) -> PicmodelError:
        """What a task that ended with this says to the user; raised again if that is not for users."""


def named(raised: BaseException) -> PicmodelError:
    """An error of picmodel as it is; the death of a process by name; a fault of the program goes up."""
    if isinstance(raised, PicmodelError):
        return raised
    if isinstance(raised, BrokenProcessPool) or type(raised).__name__ == "KilledWorker":
        return WorkerDied(DIED)
    raise raised


# -- this process


class Alone:
    """One task after the other, in this process."""

    width, here = 1, True

    def __init__(self, report: Report) -> None:
        self._report = report

    def start(self, task: Task) -> Future:
        from picmodel.driver.evaluation import make  # loads the solver: not for runs that have not changed

        future: Future = Future()
        try:
            make(task, self._report)
            future.set_result(None)
        except PicmodelError as error:
            future.set_exception(error)
        return future

    def tell(self) -> None:
        """Reports come at once."""

    def error(self, raised: BaseException) -> PicmodelError:
        return named(raised)


# -- processes beside it


class Beside:
    """Processes of this machine.  Each is a pool of its own, so that one that dies breaks no other."""

    here = True

    def __init__(self, width: int, report: Report, stages: Any) -> None:
        self.width, self._report, self._stages = width, report, stages
        self._idle: list[Executor] = []
        self._all: list[Executor] = []

    def start(self, task: Task) -> Future:
        pool = self._idle.pop() if self._idle else self._another()
        future = pool.submit(make_apart, task, self._stages)
        future.add_done_callback(lambda done: self._free(pool, done))
        return future

    def _another(self) -> Executor:
        pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=die_with_parent)
        self._all.append(pool)
        return pool

    def _free(self, pool: Executor, done: Future) -> None:
        if not done.cancelled() and not isinstance(done.exception(), BrokenProcessPool):
            self._idle.append(pool)

    def tell(self) -> None:
        while not self._stages.empty():
            self._report(*self._stages.get())

    def error(self, raised: BaseException) -> PicmodelError:
        return named(raised)

    def close(self) -> None:
        for pool in self._all:
            pool.shutdown(cancel_futures=True)


def make_apart(task: Task, stages: Any) -> None:
    """`make` in a process of its own."""
    from picmodel.driver.evaluation import make

    make(task, lambda name, stage: stages.put((name, stage)))


def die_with_parent() -> None:
    """A solve whose caller is gone would only keep the machine busy."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# -- a cluster


class Cluster:
    """Workers of a Dask cluster; they must see the results folder and have the same picmodel.

    A task whose worker dies is given to another by Dask itself (``distributed.scheduler.allowed-failures``).
    """

    here = False
    TOPIC = "picmodel-stages"

    def __init__(self, client: Any, report: Report) -> None:
        self._client, self._report = client, report
        self.width = max(1, sum(client.nthreads().values()))
        self._executor = client.get_executor(pure=False)
        self._told: list[Stage] = []
        client.subscribe_topic(self.TOPIC, lambda event: self._told.append(tuple(event[1])))

    def start(self, task: Task) -> Future:
        return self._executor.submit(make_on_worker, task)

    def tell(self) -> None:
        while self._told:
            self._report(*self._told.pop(0))

    def error(self, raised: BaseException) -> PicmodelError:
        return named(raised)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def make_on_worker(task: Task) -> None:
    """`make` in a worker of a cluster."""
    from distributed import get_worker

    from picmodel.driver.evaluation import make

    worker = get_worker()
    threads = max(1, cores() // worker.state.nthreads)  # of its machine, not of the one that asks
    make(replace(task, threads=threads), lambda name, stage: worker.log_event(Cluster.TOPIC, [name, stage]))


# -- which


@contextmanager
def crew_of(width: int, report: Report, scheduler: str | None) -> Iterator[Callable[[], Crew]]:
    """Gives a crew when it is first asked for one: a call in which nothing is solved needs none.

    Args:
        width: most tasks at once on this machine.
        scheduler: address of a Dask scheduler; None: this machine.

    Raises:
        InputError: there is no such scheduler, or Dask is not installed.
    """
    with ExitStack() as stack:
        found: list[Crew] = []

        def crew() -> Crew:
            if not found:
                found.append(_made(width, report, scheduler, stack))
            return found[0]

        yield crew


def _made(width: int, report: Report, scheduler: str | None, stack: ExitStack) -> Crew:
    if scheduler is not None:
        return Cluster(stack.enter_context(_client(scheduler)), report)
    if width == 1:
        return Alone(report)
    manager = stack.enter_context(get_context("spawn").Manager())
    beside = Beside(width, report, manager.Queue())
    stack.callback(beside.close)
    return beside


def _client(scheduler: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        text = '--scheduler needs Dask, which is not installed; `pip install "picmodel[dask]"`'
        raise InputError([text]) from None
    try:
        return Client(scheduler, timeout=PATIENCE_S)
    except (OSError, ValueError) as error:
        text = f"--scheduler {scheduler}: no Dask scheduler answers there ({error}); start `dask scheduler`"
        raise InputError([text]) from None
