"""Many runs: solved batch by batch, kept on disk so that a study that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from picmodel import driver
from picmodel.data.load import inputs_of
from picmodel.errors import InputError, PicmodelError
from picmodel.scenario.check import nearest
from picmodel.scenario.load import ScenarioSet, resolved
from picmodel.scenario.schema import Scenario
from picmodel.studies.files import Answer

#: told of every finished run: how many are done, how many there are, which one
Progress = Callable[[int, int, str], None]

#: runs between two moments at which results are safe on disk; the reference is solved in each batch
BATCH = 12
#: files of a run that a study does not need
LARGE = (
    "solution.nc",
    "prices.nc",
    "price_terms.parquet",
    "ledger.parquet",
    "positions.csv",
    "project_income.csv",
)
#: file in a run's folder that says what it was made of
MADE_OF = "made_of.txt"
#: a share that a mean leaves out is none below this
NOTHING = 1e-9


@dataclass(frozen=True)
class Case:
    """Scenarios that are solved together, since one may use what another finds."""

    scenarios: tuple[Scenario, ...]


def solve(
    cases: Sequence[Case],
    reference: Scenario,
    folder: Path,
    jobs: int | None = None,
    keep_large: bool = False,
    progress: Progress | None = None,
) -> dict[str, PicmodelError]:
    """Solve what is not on disk yet, and leave a folder of each run in ``folder``.

    A run on disk counts if its whole case, the reference, all input files and the code of picmodel are
    what they were when it was made.

    Args:
        reference: scenario of one of the cases; means of projects have its portfolio as weights.

    Returns:
        Run -> the error with which it failed.

    Raises:
        PicmodelError: the reference failed, or nothing could be solved at all.
    """
    tell = progress or (lambda done, total, name: None)
    made_of = {s.name: _made_of(case, reference) for case in cases for s in case.scenarios}
    todo = [case for case in cases if not all(_is_made(folder, s.name, made_of) for s in case.scenarios)]
    done, total = len(made_of) - sum(len(case.scenarios) for case in todo), len(made_of)
    tell(done, total, "")
    failed: dict[str, PicmodelError] = {}
    for batch in _batches(todo):
        own = {s.name: s for case in batch for s in case.scenarios}
        scenarios = {reference.name: reference} | own
        counter = _Counter(tell, own, done, total)
        try:
            driver.run(
                ScenarioSet(tuple(scenarios.values()), reference.name), folder, jobs=jobs, report=counter
            )
        except PicmodelError as error:
            if not error.failed or reference.name in error.failed:
                raise
            failed |= error.failed
        done += len(own)
        for name in scenarios.keys() - failed.keys():
            _keep(folder / name, made_of[name], keep_large)
    return failed


class _Counter:
    """Turns the driver's report of stages into a count of finished runs."""

    def __init__(self, tell: Progress, names: Mapping[str, Scenario], done: int, total: int) -> None:
        self.tell, self.names, self.done, self.total = tell, names, done, total

    def __call__(self, name: str, stage: str) -> None:
        if stage == "write" and name in self.names:
            self.done += 1
            self.tell(self.done, self.total, name)


def _batches(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """Whole cases, together at least `BATCH` runs but for the last."""
    batch: list[Case] = []
    for case in cases:
        batch.append(case)
        if sum(len(one.scenarios) for one in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _keep(folder: Path, made_of: str, large: bool) -> None:
    for name in () if large else LARGE:
        (folder / name).unlink(missing_ok=True)
    (folder / MADE_OF).write_text(made_of, encoding="utf-8")


def _is_made(folder: Path, name: str, made_of: Mapping[str, str]) -> bool:
    file = folder / name / MADE_OF
    return file.is_file() and file.read_text("utf-8") == made_of[name]


def _made_of(case: Case, reference: Scenario) -> str:
    """Digest of everything that a case's results follow from."""
    digest = hashlib.sha256(_program().encode())
    for scenario in (reference, *case.scenarios):
        document = resolved(scenario, driver.market_options(scenario))
        digest.update(json.dumps(document, default=str).encode())
        digest.update(_inputs(inputs_of(scenario)).encode())
        for file in scenario.series.model_dump().values():
            digest.update(Path(file).read_bytes() if file else b"")
    return digest.hexdigest() + "\n"


_program = cache(driver.hash_program)


@cache
def _inputs(folders: tuple[Path, ...]) -> str:
    return repr(sorted(driver.hash_inputs(folders).items()))


# -- answers


def read_answers(
    folder: Path, runs: Sequence[str], answers: Mapping[str, Answer], failed: Container[str] = ()
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Answers of every run, from its folder; shares in points, so that changes are points too.

    An answer is undefined where the run failed or has no such number, and where the mean leaves out a
    part of what it should cover (an indicator of the same name with ``_missing``).  Where an answer is
    undefined in a run that did not fail, and there is an indicator to take otherwise, all runs take that.

    Returns:
        Columns run, answer, indicator, value (NaN where undefined), unit; and notes on what was
        replaced, by answer.

    Raises:
        InputError: an indicator that no run has.
    """
    solved = [run for run in runs if run not in failed]
    if not solved:
        raise InputError([f"{folder}: no run of the study succeeded; correct the scenarios first"])
    wanted = {name for a in answers.values() for name in (a.indicator, f"{a.indicator}_missing", a.otherwise)}
    tables, known = {}, set()
    for run in solved:
        table = pd.read_csv(folder / run / "indicators.csv", keep_default_na=False, na_values=[""])
        known |= set(table["indicator"])
        tables[run] = table[table["indicator"].isin(wanted)]
    _refuse_unknown(answers, known, pd.concat(tables.values()))
    found, notes = [], {}
    for name, answer in answers.items():
        chosen = answer.indicator
        picked = {run: _pick(tables[run], answer, chosen) for run in solved}
        without = [run for run, (value, _) in picked.items() if np.isnan(value)]
        if without and answer.otherwise:
            chosen = answer.otherwise
            notes[name] = f"{answer.indicator} is undefined in {listed(without)}; {chosen} is taken instead"
            picked = {run: _pick(tables[run], answer, chosen) for run in solved}
        unit = next((unit for _, unit in picked.values() if unit), "")
        found += [(run, name, chosen, picked[run][0] if run in picked else np.nan, unit) for run in runs]
    return pd.DataFrame(found, columns=["run", "answer", "indicator", "value", "unit"]), notes


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names with commas, cut where they are many."""
    return ", ".join(names[:most]) + f" and {len(names) - most} more" * (len(names) > most)


def _refuse_unknown(answers: Mapping[str, Answer], known: Set[str], rows: pd.DataFrame) -> None:
    """Refuse what no run has: an indicator, or one of that province, technology and year."""
    problems = []
    for name, answer in answers.items():
        for indicator in filter(None, (answer.indicator, answer.otherwise)):
            if indicator not in known:
                remedy = nearest(indicator, sorted(known)) or "see indicators.csv of a run"
                problems.append(f"answers.{name}: no run has an indicator `{indicator}`; {remedy}")
                continue
            mine = rows[rows["indicator"] == indicator]
            for column in ("province", "technology", "year"):
                there = list(dict.fromkeys(mine[column]))
                mine = mine[mine[column] == getattr(answer, column)]
                if mine.empty:
                    text = f"no run has `{answer.text(indicator)}`; {column} may be "
                    problems.append(f"answers.{name}: {text}{listed([str(x) for x in there], 12)}")
                    break
    if problems:
        raise InputError(problems)


def _pick(table: pd.DataFrame, answer: Answer, indicator: str) -> tuple[float, str]:
    """Value and unit of an answer; a share in points."""
    here = (
        (table["province"] == answer.province)
        & (table["technology"] == answer.technology)
        & (table["year"] == answer.year)
    )
    rows = table[here & (table["indicator"] == indicator)]
    missing = table[here & (table["indicator"] == f"{indicator}_missing")]
    if len(rows) != 1 or (missing["value"] > NOTHING).any():
        return float("nan"), ""
    value, unit = float(rows["value"].iloc[0]), str(rows["unit"].iloc[0])
    if unit in ("share", "%"):
        return value * (100.0 if unit == "share" else 1.0), "points"
    return value, unit
