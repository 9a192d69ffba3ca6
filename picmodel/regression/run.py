"""Run the regression set, compare, and keep or renew the references."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from picmodel import driver
from picmodel.errors import InputError
from picmodel.extract.table import ALL, NATION
from picmodel.regression.compare import (
    compared_rows,
    differences,
    drifted,
    junit,
    read_references,
    renewed,
    write_references,
)
from picmodel.regression.tolerances import read_tolerances

SET = Path("scenarios") / "regression"
REFERENCES = Path("results") / "reference"
TOLERANCES = "tolerances.csv"
JUNIT, DIFFERENCE = "junit.xml", "difference.csv"


@dataclass(frozen=True)
class Outcome:
    """What a regression found.

    Attributes:
        table: see `compare.differences`.
        files: the table and the JUnit XML.
        without: scenarios that have no reference yet.
    """

    table: pd.DataFrame
    files: tuple[Path, ...]
    without: tuple[str, ...]

    @property
    def drifted(self) -> pd.DataFrame:
        return drifted(self.table)


def regress(
    where: Path = SET,
    out: Path = Path("results") / "regression",
    references: Path = REFERENCES,
    update: bool = False,
    jobs: int | None = None,
    threads: int | None = None,
    report: driver.Report | None = None,
) -> Outcome:
    """Run a folder of scenarios and compare them with their references.

    Args:
        where: folder with scenario files and ``tolerances.csv``.
        out: folder of the runs, ``difference.csv`` and ``junit.xml``.
        update: make what was found the references; the outcome says what that changes.
        threads: of a solve; the files' own if left out.

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.
    """
    table = read_tolerances(where / TOLERANCES)
    found = driver.gathered(where)
    if threads:
        changed = [
            s.model_copy(update={"solver": s.solver.model_copy(update={"threads": threads})}) for s in found
        ]
        found = replace(found, scenarios=tuple(changed))
    start = time.perf_counter()
    runs = driver.run(found, out, jobs=jobs, report=report)
    objectives = [
        (run.name, "objective", NATION, ALL, 0, run.manifest["objective_mcny"], "MCNY") for run in runs
    ]
    indicators = pd.concat([runs.indicators, pd.DataFrame(objectives, columns=runs.indicators.columns)])
    now = compared_rows(indicators, table, where / TOLERANCES)
    names = [scenario.name for scenario in found]
    before = read_references(references, names)
    moved = differences(before, now, table)
    files = (out / DIFFERENCE, out / JUNIT)
    moved[moved["times"] > 0].to_csv(files[0], index=False, float_format="%.10g")
    files[1].write_text(junit(moved, time.perf_counter() - start), encoding="utf-8")
    if update:
        _require_place(references)
        write_references(references, renewed(now, moved))
    without = tuple(name for name in names if not (before["scenario"] == name).any())
    return Outcome(moved, files, without)


def _require_place(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError([f"{folder}: references cannot be written ({error.strerror})"]) from None
