"""The whole LP: the physical system, then the mechanisms that a scenario switched on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from picmodel.data.system import SystemData
from picmodel.formulation.balance import add_balance
from picmodel.formulation.base import add_objective, add_sets, templatized
from picmodel.formulation.capacity import add_capacity
from picmodel.formulation.dispatch import add_dispatch
from picmodel.formulation.held import hold
from picmodel.formulation.network import add_network
from picmodel.formulation.storage import add_storage

PHYSICAL = (add_capacity, add_dispatch, add_storage, add_network, add_balance)


class BuildsRows(Protocol):
    """What the formulation needs to know of a mechanism."""

    name: str

    def prepare(self, m: pyo.ConcreteModel, data: SystemData) -> None: ...

    def build(self, m: pyo.ConcreteModel, data: SystemData) -> None: ...


def build_model(
    data: SystemData, mechanisms: Sequence[Any] = (), templates: bool = True
) -> pyo.ConcreteModel:
    """Build the LP: mechanisms first name the terms that they add to physical rows, then their own rows.

    Args:
        data: the system, in base units.
        mechanisms: switched-on mechanisms (see `BuildsRows`), in build order.
        templates: build rules as templates; plain rules give the same matrix, slower.

    Returns:
        The model, with ``m.rows_of``: mechanism name -> its constraint families.
    """
    m = pyo.ConcreteModel()
    with templatized(templates), PauseGC():  # nothing is garbage yet
        add_sets(m, data)
        for mechanism in mechanisms:
            mechanism.prepare(m, data)
        for add in PHYSICAL:
            add(m, data)
        m.rows_of = {}
        for mechanism in mechanisms:
            before = set(m.component_map(pyo.Constraint))
            mechanism.build(m, data)
            m.rows_of[mechanism.name] = tuple(n for n in m.component_map(pyo.Constraint) if n not in before)
        add_objective(m)
    if data.held is not None:
        hold(m, data.held)
    return m
