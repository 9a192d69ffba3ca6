"""The mechanisms, in build order, and how a scenario's ``markets`` become active ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.glossary import Entry
from picmodel.markets.base import Active, Mechanism
from picmodel.markets.carbon import CARBON
from picmodel.markets.emission_limits import EMISSION_LIMITS
from picmodel.markets.energy_saving import ENERGY_SAVING
from picmodel.markets.green_certificates import GREEN_CERTIFICATES
from picmodel.markets.interactions import ENTRIES as INTERACTION_ENTRIES
from picmodel.markets.interactions import INTERACTIONS, Rule
from picmodel.markets.power import POWER, PowerConfig
from picmodel.markets.responsibility import RESPONSIBILITY

MECHANISMS: tuple[Mechanism, ...] = (
    POWER,
    CARBON,
    GREEN_CERTIFICATES,
    EMISSION_LIMITS,
    ENERGY_SAVING,
    RESPONSIBILITY,
)
MECHANISM: dict[str, Mechanism] = {mechanism.name: mechanism for mechanism in MECHANISMS}


@dataclass(frozen=True)
class Interaction:
    """A rule about two active mechanisms; builds rows like a mechanism."""

    pair: tuple[Active, Active]
    rule: Rule

    @property
    def name(self) -> str:
        return "+".join(active.name for active in self.pair)

    def prepare(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        """A pair adds no term of its own to a physical row."""

    def build(self, m: pyo.ConcreteModel, data: SystemData) -> None:
        self.rule(m, self.pair[0].options, self.pair[1].options, data)


def activate(options: Mapping[str, object]) -> tuple[Active, ...]:
    """Mechanisms of checked options (name -> config), in build order."""
    return tuple(
        Active(mechanism, options[mechanism.name]) for mechanism in MECHANISMS if mechanism.name in options
    )


def settling(active: tuple[Active, ...]) -> tuple[Active, ...]:
    """Mechanisms that settle a run: where no power market is set, energy and capacity are paid as in spot."""
    if any(mechanism.name == POWER.name for mechanism in active):
        return active
    return (Active(POWER, PowerConfig.model_validate({})), *active)


def with_interactions(active: tuple[Active, ...]) -> list[Active | Interaction]:
    """Active mechanisms, then the rules about pairs of them."""
    by_name = {mechanism.name: mechanism for mechanism in active}
    pairs = [
        Interaction((by_name[a], by_name[b]), rule)
        for (a, b), rule in INTERACTIONS.items()
        if a in by_name and b in by_name
    ]
    return [*active, *pairs]


def entries() -> tuple[Entry, ...]:
    """Glossary entries of every mechanism and interaction."""
    return (*(entry for mechanism in MECHANISMS for entry in mechanism.entries), *INTERACTION_ENTRIES)
