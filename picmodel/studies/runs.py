"""Many runs of a study: solved, and their answers read."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence, Set
from pathlib import Path

import numpy as np
import pandas as pd

from picmodel import driver
from picmodel.driver.scheduling import FINISHED, UNCHANGED
from picmodel.errors import InputError, PicmodelError
from picmodel.scenario.check import nearest
from picmodel.scenario.load import ScenarioSet
from picmodel.scenario.schema import Scenario
from picmodel.studies.files import Answer

#: told of every finished run: how many are done, how many there are, which one
Progress = Callable[[int, int, str], None]

#: a share that a mean leaves out is none below this
NOTHING = 1e-9


def solve(
    scenarios: Sequence[Scenario],
    reference: Scenario,
    folder: Path,
    jobs: int | None = None,
    keep_large: bool = False,
    progress: Progress | None = None,
) -> dict[str, PicmodelError]:
    """Solve what is not on disk yet, and leave a folder of each run in ``folder``.

    Args:
        reference: one of the scenarios; means of projects have its portfolio as weights.

    Returns:
        Run -> the error with which it failed.

    Raises:
        PicmodelError: the reference failed, or nothing could be solved at all.
    """
    counter = _Counter(progress or (lambda done, total, name: None), len(scenarios))
    whole = ScenarioSet(tuple(scenarios), reference.name)
    try:
        driver.run(whole, folder, jobs=jobs, report=counter, large=keep_large)
    except PicmodelError as error:
        if not error.failed or reference.name in error.failed:
            raise
        return dict(error.failed)
    finally:
        counter.begin()
    return {}


class _Counter:
    """Turns the driver's report of stages into a count of finished runs.

    Runs that have not changed are told of together, so that the time that is left is estimated by those
    that are solved.
    """

    def __init__(self, tell: Progress, total: int) -> None:
        self.tell, self.done, self.total = tell, 0, total
        self._begun = False

    def __call__(self, name: str, stage: str) -> None:
        if stage != UNCHANGED:
            self.begin()
        if stage in (UNCHANGED, FINISHED):
            self.done += 1
        if stage == FINISHED:
            self.tell(self.done, self.total, name)

    def begin(self) -> None:
        """Tell once what was there at the start."""
        if not self._begun:
            self._begun = True
            self.tell(self.done, self.total, "")


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
