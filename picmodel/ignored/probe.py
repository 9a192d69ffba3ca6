"""What a scenario comes to, quickly: digests of its LP and of everything that is made of a solution.

Two scenarios with one LP and one set of tables from the same solution are the same run.  The LP is built
with few hours, and with few provinces first, since a setting that moves it there moves it anywhere; that a
setting moves *nothing* is only said after the LP at the scenario's own hours and provinces.

The solution is the smallest LP's optimum with a little added everywhere, so that no price and no quantity is
zero: a term that multiplies them cannot hide.  It is no result and nobody sees it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from picmodel import driver
from picmodel.data.load import inputs_of, system_data, tables_of
from picmodel.data.system import Held, SystemData
from picmodel.errors import InputError, PicmodelError
from picmodel.extract.results import Results
from picmodel.finance.projects import price_paid, project_income, value_projects
from picmodel.formulation.build import build_model
from picmodel.formulation.held import LEAST_GW, held_at
from picmodel.glossary import ENTRIES
from picmodel.indicators.money import money, served_energy
from picmodel.indicators.peak_cost import sunk_capital
from picmodel.markets.base import Active, merged
from picmodel.markets.registry import activate, entries, settling, with_interactions
from picmodel.scenario.schema import Scenario
from picmodel.settlement.ledger import ledger
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions, solve

#: provinces that are always there: coal and wind, water, load, nuclear power, long lines
CORE = ("BJ", "HE", "NM", "SD", "JS", "SC", "YN", "GD")
#: a scenario that names more provinces than this is built with all of them
MOST_NAMED = 12
#: emissions that another scenario would hand on [kt/yr]; any number does, since only differences count
SOME_EMISSIONS = 1e6
#: share of the mean of its family that every quantity and price is shifted by
SHIFT = 1e-2
#: digits that count in a digest
DIGITS = 12
_SMALL_TIME = {"periods": 1, "extremes": 0}
#: length of a step of the small LP, where the scenario's own is not longer [h]
_SMALL_STEP_H = 4


@dataclass(frozen=True)
class Size:
    """How much of a scenario is built: few or all provinces, few or all hours."""

    all_provinces: bool
    all_hours: bool = False


SMALL, COUNTRY, WHOLE = Size(False), Size(True), Size(True, True)


@dataclass
class Probe:
    """One scenario at one size.

    Attributes:
        holds: capacities that it is held at, where ``physical.capacities_of`` is set.
        solution: of another probe whose LP is the same; else one is made.

    Raises:
        PicmodelError: the scenario cannot be built.
    """

    scenario: Scenario
    size: Size
    provinces: tuple[str, ...] = ()
    holds: Held | None = None
    solution: Solution | None = None
    _tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def small(self) -> Scenario:
        """The scenario as it is built here."""
        s = self.scenario
        changes: dict[str, Any] = {}
        if not self.size.all_hours:
            step = max(s.time.step_h, _SMALL_STEP_H)
            changes["time"] = s.time.model_copy(update={**_SMALL_TIME, "step_h": step})
        if not self.size.all_provinces and self.provinces:
            changes["space"] = s.space.model_copy(update={"provinces": self.provinces})
        return s.model_copy(update=changes)

    @cached_property
    def active(self) -> tuple[Active, ...]:
        return activate(driver.market_options(self.scenario))

    @cached_property
    def data(self) -> SystemData:
        data, self._tables = system_data(self.small)
        names = [written for mechanism in self.active for written in mechanism.needs().values()]
        emissions = {name: dict.fromkeys(data.horizon.years, SOME_EMISSIONS) for name in names}
        data = replace(data, policy={**data.policy, "emissions_of": emissions})
        return held_at(data, self.holds) if self.holds else data

    def shares_data(self, other: Probe) -> None:
        """Take the other's system where only options of mechanisms differ: it is the same."""
        mine, theirs = self.scenario, other.scenario
        same = all(
            getattr(mine, name) == getattr(theirs, name)
            for name in Scenario.model_fields
            if name != "markets"
        )
        names = [[(m.name, dict(m.needs())) for m in probe.active] for probe in (self, other)]
        if same and names[0] == names[1]:
            self.data, self._tables = other.data, other._tables

    @cached_property
    def lp(self) -> LinearProgram:
        for mechanism in self.active:
            if problems := mechanism.check(self.data):
                raise InputError([f"{self.scenario.name}: {problem}" for problem in problems])
        return compile_model(build_model(self.data, with_interactions(self.active)))

    @cached_property
    def lp_digest(self) -> str:
        """Equal where the LPs are the same: matrix, sides, bounds, costs, and what rows and columns mean."""
        lp, found = self.lp, hashlib.sha256()
        for array in (lp.matrix.data, lp.cost, lp.row_lower, lp.row_upper, lp.lower, lp.upper, [lp.offset]):
            found.update(_rounded(np.asarray(array, float)).tobytes())
        for array in (lp.matrix.indices, lp.matrix.indptr):
            found.update(np.asarray(array, np.int64).tobytes())
        for name, block in (*lp.rows.items(), *lp.columns.items()):
            found.update(f"{name}{block.index}".encode())
        return found.hexdigest()

    @cached_property
    def some_solution(self) -> Solution:
        if self.solution is None:
            senses = {e.name: e.sense for e in (*ENTRIES, *entries())}
            self.solution = _shifted(self.lp, senses, solved=self.size == SMALL)
        return self.solution

    @cached_property
    def results(self) -> Results:
        return Results(self.data, self.lp, self.some_solution, entries())

    @cached_property
    def tables_digest(self) -> str:
        """Equal where settlement and reports make the same of the solution."""
        text = [
            table.to_csv(index=False, float_format=f"%.{DIGITS - 3}g") for table in self._tables_of_results()
        ]
        text += [repr(self.scenario.dispatch_prices)]
        return hashlib.sha256("\n".join(text).encode()).hexdigest()

    def _tables_of_results(self) -> list[pd.DataFrame]:
        """Every table that a run would write, and what mechanisms would ask to solve next."""
        results, wanted = self.results, self.scenario.projects
        settles = settling(self.active)
        income = merged([mechanism.income(results, results.data) for mechanism in settles])
        price = price_paid(results, settles)
        projects = value_projects(
            results, income, self._tables["finance"], wanted.technologies, price, wanted.after_horizon
        )
        payments = ledger([entry for mechanism in settles for entry in mechanism.settle(results)])
        shares_and_prices = driver.indicators_of(results, self.active)
        yearly = project_income(results, income, wanted.technologies, price)
        asked = pd.DataFrame({"next": [_next_solve(m, results) for m in self.active]})
        costs, sunk = results.cost_by_item(), sunk_capital(results.data)
        bills = money(payments, served_energy(results))
        return [shares_and_prices, bills, projects, payments, costs, sunk, yearly, asked]

    def hands_on(self) -> Held:
        """Capacities for a scenario that is held at those of this one."""
        return self.results.capacities(self.scenario.name, LEAST_GW)


def _next_solve(mechanism: Active, results: Results) -> str:
    """What a mechanism asks to change before another solve, as text."""
    following = mechanism.iterate(results, results.data)
    return "" if following is None else repr(sorted(following.policy.items(), key=str))


def provinces_for(scenario: Scenario) -> tuple[str, ...]:
    """Provinces of the small LP: the core and all that the scenario names; () for all."""
    known = tables_of(scenario)["provinces"]["province"].to_list()
    if scenario.space.provinces != "all":
        return ()
    said = {word for text in _texts(scenario.where.node.plain()) for word in re.findall(r"\w+", text)}
    named = [code for code in known if code in said]
    return () if len(named) > MOST_NAMED else tuple(code for code in known if code in {*named, *CORE})


def _texts(value: Any) -> list[str]:
    """Every text in a document, keys too."""
    if isinstance(value, Mapping):
        return [t for k, v in value.items() for t in (str(k), *_texts(v))]
    if isinstance(value, list | tuple):
        return [t for v in value for t in _texts(v)]
    return [value] if isinstance(value, str) else []


def table_changes(scenario: Scenario, other: Scenario, name: str) -> bool:
    """Some number of an input table differs between two scenarios of the same inputs."""
    if inputs_of(scenario) != inputs_of(other):
        return True
    try:
        mine, theirs = tables_of(scenario), tables_of(other)
    except PicmodelError:
        return True
    return name not in mine or not mine[name].equals(theirs[name])


def _shifted(lp: LinearProgram, senses: Mapping[str, int], solved: bool) -> Solution:
    """The optimum, or zero where it is not asked for, with a little of one sign added to everything."""
    x, dual = np.zeros(lp.shape[1]), np.zeros(lp.shape[0])
    if solved:
        with suppress(PicmodelError):  # any numbers will do
            found = solve(lp, SolverOptions("simplex", 1, 60.0, True))
            x, dual = found.x.copy(), found.dual.copy()
    numbers = np.random.default_rng(0)
    for blocks, vector, sign in ((lp.columns, x, {}), (lp.rows, dual, senses)):
        for name, block in blocks.items():
            at = block.position[block.position >= 0]
            size = float(np.abs(vector[at]).mean()) if len(at) else 0.0
            shift = SHIFT * (size or 1.0) * numbers.uniform(0.5, 1.5, len(at))
            vector[at] += shift * (sign.get(name) or 1)
    cost = lp.cost - lp.matrix.T @ dual
    return Solution(x, cost, dual, lp.matrix @ x, float(lp.cost @ x), "probe")


def _rounded(numbers: np.ndarray) -> np.ndarray:
    """Numbers to `DIGITS` significant digits: what differs in the last bits is the same."""
    mantissa, exponent = np.frexp(numbers)
    return np.ldexp(np.round(mantissa * 2.0**40), exponent)
