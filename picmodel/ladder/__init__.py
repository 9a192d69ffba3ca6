"""The paper's ladder: what it claims, what the model finds, and what that hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from picmodel import driver
from picmodel.errors import PicmodelError
from picmodel.ladder.beside import beside
from picmodel.ladder.claims import Claims, Values, findings, read_claims
from picmodel.ladder.runs import Report, claims_beside, run_missing, settings_of, table, write_table
from picmodel.ladder.show import as_json, as_tables

__all__ = ["Climbed", "as_json", "as_tables", "beside", "climb", "write_table"]


@dataclass(frozen=True)
class Climbed:
    """What the runs say about the claims.

    Attributes:
        table: national indicators of every run.
        findings: one row per claim, reading, setting, variant and year.
        failed: one error that names every run that failed.
    """

    claims: Claims
    table: pd.DataFrame
    findings: pd.DataFrame
    failed: PicmodelError | None = None


def climb(
    files: Sequence[Path],
    out: Path,
    claims: Path | None,
    report: Report,
    jobs: int | None = None,
    keep: bool = False,
) -> Climbed:
    """Run what is missing of every setting and compare its rungs with the claims.

    Args:
        files: scenario files, or folders of them.
        out: each run writes ``out/<scenario>/``.
        claims: file of claims; by default that beside the first file.
        report: called with (scenario, stage) as work goes on.
        jobs: solves side by side.
        keep: runs of an earlier program count as finished too.

    Raises:
        InputError: bad scenarios or claims.  A run that fails leaves a hole in the table instead.
    """
    said = read_claims(claims or claims_beside(files))
    settings = settings_of(files)
    failed: dict[str, PicmodelError] = {}
    for whole in settings.values():
        failed |= run_missing(whole, out, jobs, report, keep)
    numbers = table(settings, out)
    return Climbed(
        said, numbers, findings(Values(numbers), said), driver.together(failed) if failed else None
    )
