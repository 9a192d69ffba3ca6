"""A stand-in for the driver: scenarios are not solved, their answers are worked out from what they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from picmodel import driver
from picmodel.driver.scheduling import FINISHED
from picmodel.errors import Infeasible
from picmodel.scenario.load import ScenarioSet
from picmodel.scenario.schema import Scenario

#: two designs of a small region: `planned` as the file has it, `spot` without planned hours
REGION = """\
name: region
horizon: {years: [2025, 2030], peak_cost_until: 2030}
space: {provinces: [SX, HE]}
time: {periods: 1, extremes: 0, step_h: 6}
solver: {method: simplex}
markets:
  carbon: {instrument: price, price_cny_per_t: 60}
  power: {dispatch: planned, planned_share: 0.8, flows: free}
designs:
  planned: {}
  spot: {markets: {power: {dispatch: spot, planned_share: null}}}
"""

#: for a study that solves: the least of the region
ONE_PROVINCE = "settings: {horizon: {years: [2030], peak_cost_until: 2030}, space: {provinces: [HE]}}\n"

#: indicator -> (unit, value of a scenario; None: it has none)
Answers = Mapping[str, tuple[str, Callable[[Scenario], float | None]]]


def price(scenario: Scenario) -> float:
    return float(scenario.markets["carbon"]["price_cny_per_t"])


def hours(scenario: Scenario) -> float:
    return float(scenario.markets["power"]["planned_share"] or 0.0)


def coal(scenario: Scenario) -> float:
    """Factor on the price of coal in the overrides."""
    factors = [o.value for o in scenario.overrides if o.table == "fuel_prices" and o.operation == "multiply"]
    return math.prod(factors)


class Toy:
    """In place of `driver.run`: writes ``indicators.csv`` and remembers what it was asked to solve.

    It keeps nothing from call to call; that what has not changed is not solved again is the driver's part.
    """

    def __init__(self, answers: Answers, infeasible: Callable[[Scenario], bool] = lambda s: False) -> None:
        self.answers, self.infeasible = answers, infeasible
        self.solved: list[str] = []

    def __call__(self, source: ScenarioSet, out: Path, jobs=None, report=None, large=True) -> None:
        failed = {}
        for scenario in source:
            if self.infeasible(scenario):
                failed[scenario.name] = Infeasible("no plan")
                continue
            self.solved.append(scenario.name)
            folder = Path(out) / scenario.name
            folder.mkdir(parents=True, exist_ok=True)
            found = [(n, unit, value(scenario)) for n, (unit, value) in self.answers.items()]
            rows = [(n, "CN", "all", 0, value, unit) for n, unit, value in found if value is not None]
            columns = ["indicator", "province", "technology", "year", "value", "unit"]
            pd.DataFrame(rows, columns=columns).to_csv(folder / "indicators.csv", index=False)
            if large:
                (folder / "solution.nc").write_text("large")
            report(scenario.name, FINISHED)
        if failed:
            error = driver.together(failed)
            error.failed = failed
            raise error
