"""Settings of all tests, and the option to run them under other options of HiGHS."""

import os
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, settings

from picmodel.driver import crews
from picmodel.solve import first_order, highs

# workers of pytest-xdist say 80; tables are read as wide as a pipe gets them
os.environ.pop("COLUMNS", None)

# a busy machine is no fault of a strategy
settings.register_profile("picmodel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("picmodel")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--variant",
        help="solve whatever leaves HiGHS's method open as a line of benchmarks.solver_options does",
    )


def pytest_configure(config: pytest.Config) -> None:
    if name := config.getoption("--variant"):
        _solve_as(name)
        crews.die_with_parent = partial(start_worker, name)


def start_worker(name: str) -> None:
    """What a worker process does first: as ever, and take the variant's options."""
    crews.die_with_parent()
    _solve_as(name)


def _solve_as(name: str) -> None:
    """Options of a variant in place of picmodel's own, below those that a test or scenario gives itself."""
    from benchmarks.solver_options import VARIANTS

    variant, own = VARIANTS[name], highs.highs_options
    if variant.options.get("method") == "hipdlp":
        first_order.CHOSEN_FOR = range(10**9)
        return
    first_order.CHOSEN_FOR = range(0)

    def options_of(options: highs.SolverOptions, lp: highs.LinearProgram | None = None) -> dict:
        if options.method != highs.SolverOptions.method:
            return own(options, lp)
        chosen = {"method": "hipo", **variant.options, "extra": {**variant.extra, **options.extra}}
        if not options.crossover:
            chosen.pop("crossover", None)
        return own(replace(options, **chosen), lp)

    highs.highs_options = options_of
