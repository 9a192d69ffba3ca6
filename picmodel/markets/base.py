"""What a mechanism is: options, rows, money and the names it exposes, in one file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyomo.environ as pyo
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.glossary import Entry
from picmodel.scenario.check import Options


class MechanismConfig(Options):
    """Options of a mechanism: frozen, exact types, and an unknown option is an error."""


@dataclass(frozen=True)
class Mechanism:
    """A market design element that a scenario can switch on.

    Attributes:
        build: adds variables, rows and cost items to the model.
        income: what a GW of a project earns, by line: arrays over (province, technology, vintage,
            year) in MCNY per gross GW and year.
        check: problems of a configuration that only the system can show.
        governs: rows of the physical system that are this mechanism's market.
    """

    name: str
    config: type[MechanismConfig]
    build: Callable[[pyo.ConcreteModel, Any, SystemData], None]
    entries: tuple[Entry, ...]
    income: Callable[[Results, Any, SystemData], dict[str, xr.DataArray]] = lambda results, cfg, data: {}
    check: Callable[[Any, SystemData], list[str]] = lambda cfg, data: []
    governs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Active:
    """A mechanism and the options that a scenario gave it."""

    mechanism: Mechanism
    options: Any

    @property
    def name(self) -> str:
        return self.mechanism.name

    def build(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        self.mechanism.build(m, self.options, data)

    def income(self, results: Results, data: SystemData) -> dict[str, xr.DataArray]:
        return self.mechanism.income(results, self.options, data)

    def check(self, data: SystemData) -> list[str]:
        return self.mechanism.check(self.options, data)
