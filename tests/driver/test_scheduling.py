"""Side by side within the memory of the machine; estimates of it; what is not there though a crew says so."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from picmodel.driver import memory, scheduling
from picmodel.driver.checks import check_all
from picmodel.driver.crews import named
from picmodel.driver.scheduling import Wish, Work
from picmodel.driver.store import Stored, Unusable
from picmodel.errors import PicmodelError, SolverTrouble
from picmodel.scenario.load import load
from tests.driver.conftest import DESIGNS, SMALL

GB = {"small-big": 6.0, "small-bigger": 7.0, "small-huge": 20.0, "small-tiny": 1.0, "small-small": 2.0}


class Patient:
    """A crew with four places; ends the task that began first when somebody waits for it."""

    width, here = 4, True

    def __init__(self, here: bool = True) -> None:
        self.here = here
        self.running: dict[Future, str] = {}
        self.meetings: list[set[str]] = []

    def start(self, task) -> Future:
        future: Future = Future()
        self.running[future] = task.scenario.name
        self.meetings.append(set(self.running.values()))
        return future

    def finish_one(self, running, **more):
        first = next(iter(self.running))
        del self.running[first]
        first.set_result(None)
        return {first}, set()

    def tell(self) -> None:
        pass

    error = staticmethod(named)


@pytest.fixture
def meetings(monkeypatch):
    """Which scenarios were at work together, each time that one began."""

    def of(designs, memory_gb: float, here: bool = True) -> list[set[str]]:
        crew, begun = Patient(here), set()

        @contextmanager
        def crew_of(*args):
            yield lambda: crew

        def find(out, name, now, *args):
            if name not in begun:
                begun.add(name)
                raise Unusable("")
            return Stored(name, Path(out) / name, "key of " + name)

        monkeypatch.setattr(scheduling, "crew_of", crew_of)
        monkeypatch.setattr(scheduling, "wait", crew.finish_one)
        monkeypatch.setattr(scheduling, "find", find)
        monkeypatch.setattr(scheduling, "key_of", lambda now: "key of " + now["name"])
        monkeypatch.setattr(scheduling, "made_of", lambda s, inputs, used: {"name": s.name})
        monkeypatch.setattr(scheduling, "expected_gb", lambda scenario, folder: GB[scenario.name])
        scenarios = load({**SMALL, "reference": designs[0], "designs": {d: {} for d in designs}}).scenarios
        wish = Wish(jobs=4, memory_gb=memory_gb)
        work = Work(scenarios, check_all(scenarios), Path("out"), wish, lambda name, stage: None)
        work.do()
        assert not work.agenda.failed
        assert set(work.agenda.solved) == {s.name for s in scenarios}
        return crew.meetings

    return of


def test_two_big_solves_do_not_meet_where_they_would_not_fit(meetings):
    """
    By hand, 8 GB: 6 and 1 fit and 7 waits, though it came second; then 7 alone, since 2 would be too much; 2
    begins when 7 has gone.
    """
    found = meetings(["big", "bigger", "tiny", "small"], 8.0)
    assert all(sum(GB[name] for name in together) <= 8.0 for together in found)
    assert {"small-big", "small-tiny"} in found
    assert {"small-big", "small-bigger", "small-tiny", "small-small"} in meetings(
        ["big", "bigger", "tiny", "small"], 16.0
    )


def test_one_that_never_fits_runs_alone(meetings):
    found = meetings(["tiny", "huge", "small"], 8.0)
    assert [together for together in found if "small-huge" in together] == [{"small-huge"}]


def test_memory_of_a_cluster_is_not_this_machines(meetings):
    found = meetings(["big", "bigger", "huge", "small"], 8.0, here=False)
    assert set(map(len, found)) == {1, 2, 3, 4}


def test_memory_is_that_of_the_last_run_of_the_same_size(call):
    """
    By hand: by size 0.4 GB and 2e-4 GB for each of 1 province x 1 year x 4 steps; the last run took what its
    manifest says and 15 % are added; another number of steps is another size.
    """
    (plain,) = (s for s in load({**SMALL, "designs": DESIGNS}).scenarios if s.name == "small-plain")
    assert memory.by_size(plain) == pytest.approx(0.4 + 4 * 2e-4)
    took = memory.read_peak(call.out / "small-plain")
    assert memory.expected_gb(plain, call.out / "small-plain") == pytest.approx(1.15 * took)
    assert memory.expected_gb(plain, call.out / "nobody") == memory.by_size(plain)
    larger = {**SMALL, "time": {"periods": 8, "extremes": 1, "step_h": 1}, "space": {"provinces": "all"}}
    (other,) = load({**larger, "designs": {"plain": {}}}).scenarios
    assert memory.by_size(other) == pytest.approx(0.4 + 31 * 1 * 9 * 24 * 2e-4)
    assert memory.expected_gb(other, call.out / "small-plain") == memory.by_size(other)


def test_the_peak_of_a_process_is_forgotten_between_solves():
    block = bytearray(300_000_000)
    block[::4096] = b"x" * len(block[::4096])
    with_block = memory.peak_gb()
    del block
    memory.forget_peak()
    assert memory.peak_gb() < with_block - 0.2


def test_the_machine_has_memory():
    assert 0.1 < memory.available_gb() < 1e5


def test_a_container_may_have_less_than_the_machine(tmp_path):
    assert memory.of_container(tmp_path) == []
    (tmp_path / "memory.max").write_text("4000000000\n", "ascii")
    (tmp_path / "memory.current").write_text("1000000000\n", "ascii")
    assert memory.of_container(tmp_path) == [3.0]
    (tmp_path / "memory.max").write_text("max\n", "ascii")
    assert memory.of_container(tmp_path) == []


def test_results_that_no_worker_wrote_here_are_missed(anew, monkeypatch):
    """A worker that sees another disk says that it is done."""
    from picmodel.driver import evaluation

    monkeypatch.setattr(evaluation, "make", lambda task, report: None)
    with pytest.raises(PicmodelError, match="give --out a folder that all workers see"):
        anew({"plain": {}})


def test_a_fault_of_the_program_is_not_hidden():
    assert isinstance(named(SolverTrouble("late")), SolverTrouble)
    with pytest.raises(ZeroDivisionError):
        named(ZeroDivisionError())
