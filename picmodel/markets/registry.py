"""The mechanisms, in build order, and how a scenario's ``markets`` become active ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.glossary import Entry
from picmodel.markets.ancillary.rules import ANCILLARY
from picmodel.markets.base import Active, Lines, Mechanism
from picmodel.markets.carbon.rules import CARBON
from picmodel.markets.ccs import CCS
from picmodel.markets.demand_side.rules import DEMAND_SIDE
from picmodel.markets.emission_limits.rules import EMISSION_LIMITS
from picmodel.markets.energy_saving.rules import ENERGY_SAVING
from picmodel.markets.green_certificates.rules import GREEN_CERTIFICATES
from picmodel.markets.interactions import ENTRIES as INTERACTION_ENTRIES
from picmodel.markets.interactions import INTERACTIONS, Link
from picmodel.markets.power.options import PowerConfig
from picmodel.markets.power.rules import POWER
from picmodel.markets.responsibility import RESPONSIBILITY
from picmodel.scenario.check import check_options, nearest
from picmodel.scenario.source import Node, Problem, Where

MECHANISMS: tuple[Mechanism, ...] = (
    POWER,
    CARBON,
    GREEN_CERTIFICATES,
    EMISSION_LIMITS,
    ENERGY_SAVING,
    CCS,
    DEMAND_SIDE,
    ANCILLARY,
    RESPONSIBILITY,
)
MECHANISM: dict[str, Mechanism] = {mechanism.name: mechanism for mechanism in MECHANISMS}


@dataclass(frozen=True)
class Interaction:
    """What two active mechanisms add together; builds rows and settles like a mechanism."""

    pair: tuple[Active, Active]
    link: Link

    @property
    def name(self) -> str:
        return "+".join(active.name for active in self.pair)

    def prepare(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        """A pair adds no term of its own to a physical row."""

    def build(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        self.link.build(m, self.pair[0].options, self.pair[1].options, data)

    def settle(self, results: Results) -> list[pd.DataFrame]:
        return self.link.settle(results, self.pair[0].options, self.pair[1].options)

    def income(self, results: Results, data: SystemData) -> Lines:
        return self.link.income(results, self.pair[0].options, self.pair[1].options)

    def old_income(self, results: Results, data: SystemData) -> Lines:
        found = self.link.old_income or self.link.income
        return found(results, self.pair[0].options, self.pair[1].options)


def option_problems(document: Node) -> list[Problem]:
    """What is wrong with ``markets`` of a scenario: unknown mechanisms, and options of the others."""
    section = document.child("markets")
    problems: list[Problem] = []
    for name, node in section.entries().items() if section else ():
        if name not in MECHANISM:
            text = f"unknown mechanism `markets.{name}`; {nearest(name, MECHANISM)}"
            problems.append(Problem(node.key_place, text, "PIC-S040"))
        elif node.value is not None:  # null: switched off by a file that extends another
            where = Where(node, ("markets", name))
            problems += check_options(MECHANISM[str(name)].config, node.plain(), where)[1]
    return problems


def activate(options: Mapping[str, object]) -> tuple[Active, ...]:
    """Mechanisms of checked options (name -> config), in build order."""
    return tuple(
        Active(mechanism, options[mechanism.name]) for mechanism in MECHANISMS if mechanism.name in options
    )


def settling(active: tuple[Active, ...]) -> list[Active | Interaction]:
    """What settles a run, pairs included: where no power market is set, energy and capacity are paid as in
    spot."""
    if any(mechanism.name == POWER.name for mechanism in active):
        return with_interactions(active)
    return [Active(POWER, PowerConfig.model_validate({})), *with_interactions(active)]


def with_interactions(active: tuple[Active, ...]) -> list[Active | Interaction]:
    """Active mechanisms, then the rules about pairs of them."""
    by_name = {mechanism.name: mechanism for mechanism in active}
    pairs = [
        Interaction((by_name[a], by_name[b]), link)
        for (a, b), link in INTERACTIONS.items()
        if a in by_name and b in by_name
    ]
    return [*active, *pairs]


def entries() -> tuple[Entry, ...]:
    """Glossary entries of every mechanism and interaction."""
    return (*(entry for mechanism in MECHANISMS for entry in mechanism.entries), *INTERACTION_ENTRIES)
