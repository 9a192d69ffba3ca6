"""The public call: scenarios to finished, compared runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from picmodel.driver.checks import check_all
from picmodel.driver.clock import Report
from picmodel.driver.comparing import Comparison
from picmodel.driver.provenance import inputs_hashed_once, key_of, made_of
from picmodel.driver.scheduling import Wish, Work
from picmodel.driver.sources import Source, gathered
from picmodel.driver.store import Stored, Unusable, read_manifest
from picmodel.errors import InputError, PicmodelError
from picmodel.report.folder import clear_stale
from picmodel.report.runs import Run, RunSet
from picmodel.scenario.check import nearest
from picmodel.scenario.load import ScenarioSet


def run(
    source: Source,
    out: Path | str = "results",
    reference: str | None = None,
    jobs: int | None = None,
    report: Report | None = None,
    baseline: str | None = None,
    *,
    fresh: bool = False,
    any_program: bool = False,
    large: bool = True,
    memory_gb: float | None = None,
    scheduler: str | None = None,
) -> RunSet:
    """Run scenarios and write their results; what has not changed since its last run is not solved again.

    Args:
        source: a scenario file, several, a folder of them, a mapping that says the same, or a loaded set.
        out: each run writes ``out/<scenario>/``.
        reference: name of the scenario to compare with; else the file's ``reference``, else the first.
        jobs: solves side by side; as many as cores by default.
        report: called with (scenario, stage) as work goes on.
        baseline: name of the scenario without policy, over which peak costs are counted; else the file's.
        fresh: solve what has not changed, too.
        any_program: runs of an earlier program, or with other libraries, count as unchanged.
        large: keep large files (`report.write.LARGE`).
        memory_gb: memory that solves of this machine may take together; what is free by default.
        scheduler: address of a Dask scheduler whose workers solve, for instance ``tcp://10.0.0.1:8786``.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed, StorageTrouble, WorkerDied: see
            `picmodel.errors`.  What was finished before stays on disk, and the next call goes on from there.
    """
    whole, out = gathered(source), Path(out)
    wanted, without = _compared_with(whole, reference, baseline)
    found = check_all(whole.scenarios)
    clear_stale(out)
    wish = Wish(jobs, fresh, any_program, large, memory_gb, scheduler)
    completing = _Completing(whole, wanted, without)
    others = [wanted, without] if without else [wanted]
    work = Work(
        whole.scenarios, found, out, wish, report or (lambda name, stage: None), others, completing.add
    )
    work.do()
    completing.rest()
    failed = {**work.agenda.failed, **completing.failed}
    if failed:
        error = together({s.name: failed[s.name] for s in whole if s.name in failed})
        error.failed = failed
        raise error
    return RunSet(tuple(completing.runs[s.name] for s in whole), wanted)


def settled(whole: ScenarioSet, out: Path | str) -> bool:
    """Every scenario has a run of today's key in ``out``, whose settings were asked for their effect.

    Files are not looked at: a run that is damaged is solved again, and its settings are known to have effect.
    """
    uses, inputs = check_all(whole.scenarios), inputs_hashed_once()
    scenarios, keys = {s.name: s for s in whole}, dict[str, str]()

    def key(name: str) -> str:
        if name not in keys:
            used = {written: key(other) for written, other in uses[name].items()}
            keys[name] = key_of(made_of(scenarios[name], inputs(scenarios[name]), used))
        return keys[name]

    for name in scenarios:
        try:
            manifest = read_manifest(Path(out) / name)
        except Unusable:
            return False
        if manifest.get("key") != key(name) or not manifest.get("effects_examined"):
            return False
    return True


def _compared_with(whole: ScenarioSet, reference: str | None, baseline: str | None) -> tuple[str, str | None]:
    """Names of the reference and the baseline of a call."""
    names = [scenario.name for scenario in whole]
    wanted, without = reference or whole.reference or names[0], baseline or whole.baseline
    for option, name in (("reference", wanted), ("baseline", without)):
        if name is not None and name not in names:
            raise InputError([f"--{option} {name}: no such scenario; {nearest(name, names)}"])
    return wanted, without


class _Completing:
    """Compares every run as soon as its reference and baseline are there, so that a call that is stopped
    leaves complete runs."""

    def __init__(self, whole: ScenarioSet, reference: str, baseline: str | None) -> None:
        self._scenarios = {scenario.name: scenario for scenario in whole}
        self._reference, self._baseline = reference, baseline
        self._stored: dict[str, Stored] = {}
        self._comparison: Comparison | None = None
        self.runs: dict[str, Run] = {}
        self.failed: dict[str, PicmodelError] = {}

    def add(self, stored: Stored) -> None:
        self._stored[stored.name] = stored
        if {self._reference, self._baseline or self._reference} <= set(self._stored):
            self.rest()

    def rest(self) -> None:
        """Complete what is left, without the reference or the baseline if it failed."""
        others = [self._stored.get(name) if name else None for name in (self._reference, self._baseline)]
        self._comparison = self._comparison or Comparison(*others)
        for name, stored in self._stored.items():
            if name not in self.runs and name not in self.failed:
                try:
                    self.runs[name] = self._comparison.complete(self._scenarios[name], stored)
                except PicmodelError as error:
                    self.failed[name] = error


def together(failed: Mapping[str, PicmodelError]) -> PicmodelError:
    """One error that names every scenario that failed; bad input only where all of them are."""
    others = [error for error in failed.values() if not isinstance(error, InputError)]
    if not others:
        problems = [p for error in failed.values() for p in getattr(error, "problems", [])]
        return InputError(list(dict.fromkeys(problems)))
    return type(others[0])("\n".join(f"{name}: {error}" for name, error in failed.items()))
