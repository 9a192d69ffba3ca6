"""The model's frame: templatized rules, sets, and cost items.

A rule must templatize (it is walked once and applied to every index): sums run over declared
sets, no branch and no arithmetic on an index, combinations that cannot exist are left out of the
index set.  `tests/formulation/test_templates.py` compiles every tiny system both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyomo.environ as pyo
from pyomo.core.base import constraint as pyomo_constraint
from pyomo.core.base import objective as pyomo_objective
from pyomo.core.base.param import IndexedParam

from picmodel.data.system import SystemData

KINDS = ("resource", "transfer")

#: places in physical rows where a mechanism adds a term, with the index and unit of the term
SOCKETS = {
    "supply": "(r, y, t) GW that reach the bulk grid, or that demand gives up",
    "served": "(r, y) GWh/yr consumed beyond demand; negative: less",
    "firm": "(r, y) GW that count for the peak",
    "capacity": "(r, g, y) GW that join a unit's capacity; negative: leave it",
    "emissions": "(r, g, y) kt/yr that an emitting fleet emits beyond those of its output",
}


@contextmanager
def templatized(active: bool = True) -> Iterator[None]:
    """Build rules as templates where this Pyomo can; plain rules otherwise.

    The switches are module globals of Pyomo, so they are set and restored here alone.
    """
    switches = [(pyomo_constraint, "TEMPLATIZE_CONSTRAINTS"), (pyomo_objective, "TEMPLATIZE_OBJECTIVES")]
    found = [(module, name, getattr(module, name)) for module, name in switches if hasattr(module, name)]
    for module, name, _ in found:
        setattr(module, name, active)
    try:
        yield
    finally:
        for module, name, before in found:
            setattr(module, name, before)


def free(*index) -> pyo.Var:
    """A variable without bounds, for an annual quantity that one equality defines."""
    return pyo.Var(*index, within=pyo.Reals)


def at_least_zero(*index) -> pyo.Var:
    return pyo.Var(*index, within=pyo.NonNegativeReals)


class _Table(IndexedParam):
    """A parameter that Pyomo 6.10 reads without its own warning, which takes 3 ms to find out who called."""

    def sparse_iteritems(self):
        return self.sparse_items()


def param(*index, data, default=None) -> pyo.Param:
    """A parameter; without ``default`` a missing combination is an error.

    Its index is then its own keys: looking each up in a product of sets is half of the time of a build.
    """
    if default is None:
        return _Table(pyo.SetOf(data), initialize=data, within=pyo.Any)
    return _Table(*index, initialize=data, default=default, within=pyo.Any)


def rows(*index, rule: Callable) -> pyo.Constraint:
    """A row family; without a rule where the index is empty, because a template needs a member."""
    if any(len(labels) == 0 for labels in index):
        return pyo.Constraint(*index)
    return pyo.Constraint(*index, rule=rule)


def add_sets(m: pyo.ConcreteModel, d: SystemData) -> None:
    """Labels that every module uses; ordered as given, so that two runs build one matrix."""
    m.PROVINCES = pyo.Set(initialize=d.provinces)
    m.YEARS = pyo.Set(initialize=d.horizon.years)
    m.TIMES = pyo.Set(initialize=d.time.slices)
    m.PERIODS = pyo.Set(initialize=d.time.periods)
    m.FLEETS = pyo.Set(initialize=d.fleets, dimen=2)
    m.STORES = pyo.Set(initialize=d.stores, dimen=2)
    m.UNITS = pyo.Set(initialize=d.units, dimen=2)
    m.ARCS = pyo.Set(initialize=list(d.arcs))
    m.CORRIDORS = pyo.Set(initialize=[line.name for line in d.corridors])
    m.FLEETS_OF = pyo.Set(m.PROVINCES, initialize=_grouped(d.provinces, d.fleets))
    m.STORES_OF = pyo.Set(m.PROVINCES, initialize=_grouped(d.provinces, d.stores))
    m.UNITS_OF = pyo.Set(m.PROVINCES, initialize=_grouped(d.provinces, d.units))
    into = {r: [a for a, (_, _, j) in d.arcs.items() if j == r] for r in d.provinces}
    out = {r: [a for a, (_, i, _) in d.arcs.items() if i == r] for r in d.provinces}
    m.ARCS_INTO = pyo.Set(m.PROVINCES, initialize=into)
    m.ARCS_OUT = pyo.Set(m.PROVINCES, initialize=out)
    m.discount = param(m.YEARS, data=d.horizon.discount)
    m.weight = param(m.TIMES, data=d.time.weight)
    m.cost_items = {}
    m.terms = {socket: [] for socket in SOCKETS}
    m.capacities = []  # variables that are decisions on capacity
    m.committed_fleets = set()  # filled by `commitment`, before output is bounded


def _grouped(provinces, pairs) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {r: [] for r in provinces}
    for r, g in pairs:
        groups[r].append(g)
    return groups


def decides_capacity(m: pyo.ConcreteModel, *variables: str) -> None:
    """Name variables that decide on capacity: one plan hands them to another that holds them (`held`)."""
    m.capacities += variables


def add_term(m: pyo.ConcreteModel, socket: str, rule: Callable) -> None:
    """Add a mechanism's term to a physical row; before that row is built (see `SOCKETS`)."""
    m.terms[socket].append(rule)


def added(m: pyo.ConcreteModel, socket: str, *index):
    """What mechanisms add at a socket.  A loop, because a template's ``sum`` takes a generator only."""
    total = 0.0
    for rule in m.terms[socket]:
        total = total + rule(m, *index)
    return total


def add_cost(m: pyo.ConcreteModel, name: str, kind: str, rule: Callable, national: bool = False) -> None:
    """Add a cost item: a real, undiscounted yearly amount that enters the objective.

    Declares ``v_cost_<name>`` [MCNY/yr] and the equality that defines it, by province and year, or by
    year alone where it arises in no province.  The objective is the discounted sum of all items.

    Args:
        kind: ``resource`` (part of system cost) or ``transfer`` (moves decisions, not resources).
        rule: ``rule(m, r, y)``, or ``rule(m, y)`` if national -> expression in MCNY/yr.
    """
    if kind not in KINDS:
        raise ValueError(f"cost item {name}: kind {kind!r} is not one of {KINDS}")
    index = (m.YEARS,) if national else (m.PROVINCES, m.YEARS)
    amount = free(*index)
    m.add_component(f"v_cost_{name}", amount)
    m.add_component(f"c_cost_{name}", rows(*index, rule=_defining(amount, rule, national)))
    m.cost_items[name] = (kind, national)


def _defining(amount: pyo.Var, rule: Callable, national: bool) -> Callable:
    def provincial_rule(m, r, y):
        return amount[r, y] == rule(m, r, y)

    def national_rule(m, y):
        return amount[y] == rule(m, y)

    defining = national_rule if national else provincial_rule
    defining.__name__ = f"{rule.__name__}_defined"
    return defining


def add_objective(m: pyo.ConcreteModel) -> None:
    """Discounted sum of all cost items [MCNY of the base year]."""
    provincial = [m.component(f"v_cost_{n}") for n, (_, national) in m.cost_items.items() if not national]
    national = [m.component(f"v_cost_{n}") for n, (_, is_national) in m.cost_items.items() if is_national]

    def total_cost(m):
        return sum(
            m.discount[y] * item[r, y] for item in provincial for r in m.PROVINCES for y in m.YEARS
        ) + sum(m.discount[y] * item[y] for item in national for y in m.YEARS)

    with templatized(False):  # a few thousand terms: plain
        m.total_cost = pyo.Objective(rule=total_cost)
