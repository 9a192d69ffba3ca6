"""The public call: scenarios to finished, compared runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from picmodel.driver.checks import check_all
from picmodel.driver.clock import Report
from picmodel.driver.scheduling import solve_all
from picmodel.driver.sources import Source, gathered
from picmodel.errors import InputError, PicmodelError
from picmodel.extract.table import COLUMNS
from picmodel.indicators.definitions import require_defined
from picmodel.report.comparison import Solved, compared, peak_note
from picmodel.report.runs import Run, RunSet
from picmodel.report.write import publish, write_json, write_table
from picmodel.scenario.check import nearest


def run(
    source: Source,
    out: Path | str = "results",
    reference: str | None = None,
    jobs: int | None = None,
    report: Report | None = None,
    baseline: str | None = None,
) -> RunSet:
    """Run scenarios and write their results.

    Args:
        source: a scenario file, several, a folder of them, a mapping that says the same, or a loaded set.
        out: each run writes ``out/<scenario>/``.
        reference: name of the scenario to compare with; else the file's ``reference``, else the first.
        jobs: solves side by side; as many as cores by default.
        report: called with (scenario, stage) as work goes on.
        baseline: name of the scenario without policy, over which peak costs are counted; else the file's.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.  What was
            finished before stays on disk.
    """
    whole = gathered(source)
    scenarios, names = whole.scenarios, [s.name for s in whole]
    wanted, without = reference or whole.reference or names[0], baseline or whole.baseline
    for option, name in (("reference", wanted), ("baseline", without)):
        if name is not None and name not in names:
            raise InputError([f"--{option} {name}: no such scenario; {nearest(name, names)}"])
    found = check_all(scenarios)
    solved, failed = solve_all(scenarios, found, Path(out), jobs, report or (lambda name, stage: None))
    runs = _finish(solved, wanted, without, Path(out))
    if failed:
        error = together(failed)
        error.failed = failed
        raise error
    return runs


def together(failed: Mapping[str, PicmodelError]) -> PicmodelError:
    """One error that names every scenario that failed; bad input only where all of them are."""
    others = [error for error in failed.values() if not isinstance(error, InputError)]
    if not others:
        problems = [p for error in failed.values() for p in getattr(error, "problems", [])]
        return InputError(list(dict.fromkeys(problems)))
    return type(others[0])("\n".join(f"{name}: {error}" for name, error in failed.items()))


def _finish(solved: Sequence[Solved], reference: str, baseline: str | None, out: Path) -> RunSet:
    """Indicators that need the reference or the baseline, then every folder in its place."""
    base, nothing = (next((s for s in solved if s.name == name), None) for name in (reference, baseline))
    runs = []
    for s in solved:
        indicators = pd.concat([s.indicators, compared(s, base or s, nothing)], ignore_index=True)
        require_defined(indicators)
        indicators.insert(0, "scenario", s.name)
        indicators = indicators[COLUMNS]
        others = {"reference": base.name if base else None, "baseline": nothing.name if nothing else None}
        manifest = {**s.manifest, **others, "peak": peak_note(s)}
        write_table(indicators, s.folder / "indicators.csv")
        write_table(s.projects.assign(scenario=s.name), s.folder / "projects.csv")
        write_json(manifest, s.folder / "manifest.json")
        runs.append(Run(s.name, publish(s.folder, out, s.name), indicators, manifest))
    return RunSet(tuple(runs), reference)
