"""From scenario files to results: the only part that knows every layer.

``sources`` → ``checks`` → ``clock`` → ``memory`` → ``provenance`` → ``solving`` → ``valuation`` →
``manifest`` → ``store`` → ``comparing`` → ``evaluation`` → ``crews`` → ``scheduling`` → ``runs``; imports
point back along this list only.  What loads the solver is loaded when something is solved.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from picmodel.driver.checks import check, check_all, check_inputs, chosen, market_options
from picmodel.driver.clock import Clock, Report
from picmodel.driver.provenance import hash_inputs, hash_program, require_same_inputs
from picmodel.driver.runs import run, settled, together
from picmodel.driver.sources import Source, collect, gathered
from picmodel.report.runs import Run, RunSet

if TYPE_CHECKING:
    from picmodel.data.load import system_data
    from picmodel.driver.evaluation import indicators_of
    from picmodel.driver.solving import Optimum, optimum, with_given

__all__ = [
    "Clock",
    "Optimum",
    "Report",
    "Run",
    "RunSet",
    "Source",
    "check",
    "check_all",
    "check_inputs",
    "chosen",
    "collect",
    "gathered",
    "hash_inputs",
    "hash_program",
    "indicators_of",
    "market_options",
    "optimum",
    "require_same_inputs",
    "run",
    "settled",
    "system_data",
    "together",
    "with_given",
]
_LATE = {
    "Optimum": "picmodel.driver.solving",
    "indicators_of": "picmodel.driver.evaluation",
    "optimum": "picmodel.driver.solving",
    "system_data": "picmodel.data.load",
    "with_given": "picmodel.driver.solving",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'picmodel.driver' has no attribute {name!r}")
