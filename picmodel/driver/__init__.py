"""From scenario files to results: the only part that knows every layer.

``sources`` → ``checks`` → ``clock`` → ``solving`` → ``valuation`` → ``provenance`` → ``evaluation`` →
``scheduling`` → ``runs``; imports point back along this list only.
"""

from picmodel.data.load import system_data
from picmodel.driver.checks import check, check_all, market_options
from picmodel.driver.clock import Clock, Report
from picmodel.driver.evaluation import indicators_of, solve_scenario
from picmodel.driver.provenance import hash_inputs, hash_program
from picmodel.driver.runs import run, together
from picmodel.driver.solving import Optimum, optimum
from picmodel.driver.sources import Source, collect, gathered
from picmodel.report.runs import Run, RunSet

__all__ = [
    "Clock",
    "Optimum",
    "Report",
    "Run",
    "RunSet",
    "Source",
    "check",
    "check_all",
    "collect",
    "gathered",
    "hash_inputs",
    "hash_program",
    "indicators_of",
    "market_options",
    "optimum",
    "run",
    "solve_scenario",
    "system_data",
    "together",
]
