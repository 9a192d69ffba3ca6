"""What a mechanism is: options, rows, money and the names it exposes, in one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.glossary import Entry
from picmodel.scenario.check import Options

#: money by line: arrays over (province, technology[, vintage], year) in MCNY per gross GW and year
Lines = dict[str, xr.DataArray]


class MechanismConfig(Options):
    """Options of a mechanism: frozen, exact types, and an unknown option is an error."""


def _adds_nothing(m: pyo.ConcreteModel, cfg: Any, data: SystemData) -> None:
    """A mechanism without terms in physical rows."""


def _no_lines(results: Results, cfg: Any, data: SystemData) -> Lines:
    return {}


def _no_entries(results: Results, cfg: Any, data: SystemData) -> list[pd.DataFrame]:
    return []


def _no_rows(results: Results, cfg: Any, data: SystemData) -> list[pd.DataFrame]:
    return []


@dataclass(frozen=True)
class Mechanism:
    """A market design element that a scenario can switch on.

    A variable of its own that decides on capacity is named by `formulation.base.decides_capacity`, and rows
    that only limit such decisions are left out where capacities are held (``data.held``).

    Attributes:
        summary: what it is, in one line, for ``picmodel show mechanisms``.
        prepare: declares variables that enter physical rows, and names their terms
            (`formulation.base.add_term`); called before these rows are built.
        build: adds variables, rows and cost items to the model.
        income: what a GW of a project is paid (+) or pays (-) in settlement, by line.
        old_income: the same of a GW of the old fleet, where that is not treated as a project is.
        margin: what a GW earns (+) and pays (-) in the LP, all duals of this mechanism's rows in it, by
            line; with those of other mechanisms and the physical system they make zero profit.
        settle: entries of the ledger (`settlement.ledger.entries`): who pays whom for what.
        indicators: tidy tables (`extract.table.COLUMNS` without the scenario).
        check: problems of a configuration that only the system can show.
        needs: other scenarios of the run whose emissions it uses, by the path of the option that names
            each; they are solved first, and ``data.policy["emissions_of"][name]`` is {year: kt}.
        hard: rules that the scenario gave no slack, named where no plan satisfies it.
        iterate: for a number that the plan itself decides (a fixed point): the system to solve next, or
            None where the number is settled.  Damping and bisection are the mechanism's; what it must
            remember from one solve to the next it keeps in ``data.policy``.
        residual: how far that number is from what the plan says [share], for the manifest.
        governs: rows of the physical system that are this mechanism's market.
        slacks: variables that are zero where all rules are kept, with what they mean.
        headline: national indicators that the run's table shows for this mechanism.
    """

    name: str
    config: type[MechanismConfig]
    build: Callable[[pyo.ConcreteModel, Any, SystemData], None]
    entries: tuple[Entry, ...]
    summary: str = ""
    prepare: Callable[[pyo.ConcreteModel, Any, SystemData], None] = _adds_nothing
    income: Callable[[Results, Any, SystemData], Lines] = _no_lines
    old_income: Callable[[Results, Any, SystemData], Lines] | None = None
    margin: Callable[[Results, Any, SystemData], Lines] = _no_lines
    settle: Callable[[Results, Any, SystemData], list[pd.DataFrame]] = _no_entries
    indicators: Callable[[Results, Any, SystemData], list[pd.DataFrame]] = _no_rows
    check: Callable[[Any, SystemData], list[str]] = lambda cfg, data: []
    needs: Callable[[Any], Mapping[tuple[str, ...], str]] = lambda cfg: {}
    hard: Callable[[Any], list[str]] = lambda cfg: []
    iterate: Callable[[Results, Any, SystemData], SystemData | None] = lambda results, cfg, data: None
    residual: Callable[[Results, Any, SystemData], float | None] = lambda results, cfg, data: None
    governs: tuple[str, ...] = ()
    slacks: Mapping[str, str] = field(default_factory=dict)
    headline: tuple[str, ...] = ()


@dataclass(frozen=True)
class Active:
    """A mechanism and the options that a scenario gave it."""

    mechanism: Mechanism
    options: Any

    @property
    def name(self) -> str:
        return self.mechanism.name

    def prepare(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        self.mechanism.prepare(m, self.options, data)

    def build(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        self.mechanism.build(m, self.options, data)

    def income(self, results: Results, data: SystemData) -> Lines:
        return self.mechanism.income(results, self.options, data)

    def old_income(self, results: Results, data: SystemData) -> Lines:
        found = self.mechanism.old_income or self.mechanism.income
        return found(results, self.options, data)

    def margin(self, results: Results) -> Lines:
        return self.mechanism.margin(results, self.options, results.data)

    def settle(self, results: Results) -> list[pd.DataFrame]:
        return self.mechanism.settle(results, self.options, results.data)

    def indicators(self, results: Results) -> list[pd.DataFrame]:
        return self.mechanism.indicators(results, self.options, results.data)

    def check(self, data: SystemData) -> list[str]:
        return self.mechanism.check(self.options, data)

    def needs(self) -> Mapping[tuple[str, ...], str]:
        return self.mechanism.needs(self.options)

    def hard(self) -> list[str]:
        return self.mechanism.hard(self.options)

    def iterate(self, results: Results, data: SystemData) -> SystemData | None:
        return self.mechanism.iterate(results, self.options, data)

    def residual(self, results: Results) -> float | None:
        return self.mechanism.residual(results, self.options, results.data)


def merged(lines: Sequence[Mapping[str, xr.DataArray]]) -> Lines:
    """Lines of all mechanisms; two mechanisms never share one."""
    found: Lines = {}
    for some in lines:
        twice = set(some) & set(found)
        if twice:
            raise ValueError(f"two mechanisms have the same line: {', '.join(sorted(twice))}")
        found.update(some)
    return found
