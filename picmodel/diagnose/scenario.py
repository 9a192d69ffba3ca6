"""From a scenario file to what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from picmodel import driver
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.dependencies import Given, held_of, needed
from picmodel.diagnose.elastic import SIMPLEX, Problem, clash
from picmodel.diagnose.unbounded import ray
from picmodel.diagnose.words import Names, Rule
from picmodel.errors import InputError
from picmodel.formulation.build import build_model
from picmodel.formulation.held import LEAST_GW
from picmodel.glossary import ENTRIES
from picmodel.markets.base import Active
from picmodel.markets.registry import activate, entries, with_interactions
from picmodel.scenario.schema import Scenario
from picmodel.solve.compile import compile_model

Report = Callable[[str, str], None]
#: ways out by a single family of rules that are looked for
MOST_WAYS = 6


@dataclass(frozen=True)
class Change:
    """How far a rule must move: to a larger limit (> 0) or a smaller one (< 0) [unit of the rule]."""

    rule: Rule
    by: float

    @property
    def side(self) -> float:
        """The side that moves, as it stands."""
        return self.rule.upper if self.by > 0 else self.rule.lower


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a scenario.

    Attributes:
        status: ``good``, ``infeasible`` or ``unbounded``.
        clash: rules that no plan keeps together.
        irreducible: there is a plan without any one of the rules of the clash.
        changes: the smallest change that gives a plan, over all rules that may be changed.
        ways: for each family of rules in the clash that could mend it alone: its changes.
        rigid: rules that the scenario gave no slack.
        growing: where it earns without bound: variables that grow, as rules of their bounds, and their part.
    """

    scenario: str
    status: str
    rows: int
    clash: tuple[Rule, ...] = ()
    irreducible: bool = True
    changes: tuple[Change, ...] = ()
    ways: dict[str, tuple[Change, ...]] = field(default_factory=dict)
    rigid: tuple[str, ...] = ()
    growing: tuple[tuple[Rule, float], ...] = ()


def diagnose(source: driver.Source, name: str | None = None, report: Report | None = None) -> list[Diagnosis]:
    """Diagnose the scenarios of a file, or the one that is named.

    Raises:
        InputError: bad input, or no scenario of that name.
    """
    tell = report or (lambda scenario, stage: None)
    scenarios, _ = driver.collect(source)
    wanted = driver.chosen(source, name)
    found = driver.check_all(scenarios)
    return [_diagnosed(s, _given(s, scenarios, found, tell), tell) for s in wanted]


def _given(scenario: Scenario, scenarios: Sequence[Scenario], found, tell: Report) -> Given:
    """What other scenarios hand on: they are solved first."""
    uses = needed(found[scenario.name])
    others = {other: next(s for s in scenarios if s.name == other) for other in uses.values()}
    solved = {
        other: driver.optimum(s, driver.Clock(other, tell), given=_given(s, scenarios, found, tell)).results
        for other, s in others.items()
    }
    emissions = {}
    for written, other in uses.items():
        total = solved[other].values["v_emissions"].sum("province")
        emissions[written] = {int(y): float(total.sel(year=y)) for y in solved[other].years}
    source = held_of(scenario, found)
    return Given(emissions, solved[source].capacities(source, LEAST_GW) if source else None)


def _diagnosed(scenario: Scenario, given: Given, tell: Report) -> Diagnosis:
    tell(scenario.name, "inputs")
    data = driver.with_given(scenario, system_data(scenario)[0], given)
    active = activate(driver.market_options(scenario))
    problems = [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
    if problems:
        raise InputError(problems)
    tell(scenario.name, "build")
    return examine(scenario.name, posed(data, active), active, tell)


def posed(data: SystemData, active: Sequence[Active]) -> Problem:
    """The LP of a system with its mechanisms."""
    lp = compile_model(build_model(data, with_interactions(tuple(active))))
    return Problem(lp, {entry.name: entry for entry in (*ENTRIES, *entries())}, data.time.weight)


def examine(
    name: str, problem: Problem, active: Sequence[Active] = (), tell: Report = lambda name, stage: None
) -> Diagnosis:
    """Diagnose an LP."""
    lp = problem.lp
    names = Names(lp, problem.entries)
    rigid = tuple(text for mechanism in active for text in mechanism.hard())
    tell(name, f"least violation of {lp.shape[0]:,} rows")
    families = problem.limits
    found = problem.relax(families)
    if found is None:
        families = problem.everything
        found = problem.relax(families)
    if found is None:
        return Diagnosis(name, "infeasible", lp.shape[0], rigid=rigid)
    if not found.violation:
        tell(name, "growth without bound")
        growing = _growing(names, ray(lp, problem.units, SIMPLEX))
        return Diagnosis(name, "unbounded" if growing else "good", lp.shape[0], growing=growing)
    tell(name, f"clash among {len(found.proof):,} rows")
    clashing = clash(lp, found.proof)
    rules = [names.row(i) for i in clashing.rows if not names.defines(i)]
    rules += [rule for j in clashing.columns if _tells(rule := names.bound(j))]
    return Diagnosis(
        name,
        "infeasible",
        lp.shape[0],
        clash=tuple(rules),
        irreducible=clashing.irreducible,
        changes=_changes(names, found.violation),
        ways=_ways(problem, names, [rule.family for rule in rules if rule.family in families]),
        rigid=rigid,
    )


def _ways(problem: Problem, names: Names, families: Sequence[str]) -> dict[str, tuple[Change, ...]]:
    """The least change of each family that could mend it alone."""
    ways = {}
    for family in list(dict.fromkeys(families))[:MOST_WAYS]:
        alone = problem.relax([family])
        if alone is not None:
            ways[family] = _changes(names, alone.violation)
    return ways


def _tells(rule: Rule) -> bool:
    """A bound that is more than a sign, and not of a quantity that has no other."""
    return np.isfinite(rule.upper) or (np.isfinite(rule.lower) and rule.lower != 0.0)


def _changes(names: Names, violation: dict[int, float]) -> tuple[Change, ...]:
    """A lower side that is missed falls, an upper one that is exceeded rises."""
    found = [Change(names.row(row), -amount) for row, amount in violation.items()]
    return tuple(sorted(found, key=lambda change: (change.rule.family, -abs(change.by))))


def _growing(names: Names, step: dict[int, float]) -> tuple[tuple[Rule, float], ...]:
    """Decisions that grow, the largest of each variable first; quantities that follow from them left out."""
    found = [(names.bound(j), x) for j, x in step.items()]
    decided = [(rule, x) for rule, x in found if rule.lower == 0.0 and x > 0.0]
    return tuple(sorted(decided, key=lambda item: -item[1]))
