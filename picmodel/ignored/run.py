"""The public `picmodel.run`: a run whose inputs are first asked whether each of them does something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from picmodel import driver
from picmodel.ignored.remarks import examined


def run(
    source: driver.Source,
    out: Path | str = "results",
    reference: str | None = None,
    jobs: int | None = None,
    report: driver.Report | None = None,
    baseline: str | None = None,
    effects: bool = True,
    **how: Any,
) -> driver.RunSet:
    """Run scenarios and write their results, see `picmodel.driver.run`.

    Args:
        effects: refuse settings that change nothing.
        how: further arguments of `picmodel.driver.run`: fresh, memory_gb, scheduler, ...

    Raises:
        InputError, Infeasible, SolverTrouble, SelfCheckFailed: see `picmodel.errors`.
    """
    found = driver.gathered(source)
    examined(found, effects, out=Path(out))
    return driver.run(found, out, reference, jobs, report, baseline, **how)
