"""Scenarios that use what another scenario of the run found: which one, and in what order they are solved.

A mechanism names the scenarios whose emissions it needs (`Mechanism.needs`), ``physical.capacities_of`` the
one whose capacities are held, and ``solver.start_from`` the one from whose optimal basis the solve goes on.
Where what is needed failed, there is nothing to solve with; a solve whose start failed starts from nothing.
A name is a design of the same file (``separate``), a point of its sweep (``cheap``), or any scenario of the
run (``quickstart-separate``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from picmodel.data.system import Held
from picmodel.errors import InputError, PicmodelError
from picmodel.markets.base import Active
from picmodel.scenario.check import nearest
from picmodel.scenario.load import load
from picmodel.scenario.schema import Scenario

#: scenario -> (name as its options write it, or `START` -> scenario of the run)
Uses = Mapping[str, Mapping[str, str]]
#: what the scenario to start from stands under: unlike the others, one can do without it
START = "solver.start_from"
_START = ("solver", "start_from")


@dataclass(frozen=True)
class Given:
    """What other scenarios of the run hand on to one that names them.

    Attributes:
        emissions: name as the options write it -> planning year -> emissions [kt/yr].
        held: capacities of the scenario that ``physical.capacities_of`` names.
        start: folder of the run that ``solver.start_from`` names.
        start_failed: that scenario, where it failed.
    """

    emissions: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    held: Held | None = None
    start: Path | None = None
    start_failed: str | None = None


def uses(scenarios: Sequence[Scenario], active: Mapping[str, Iterable[Active]]) -> Uses:
    """Which scenarios each one uses.

    Args:
        active: mechanisms of every scenario, by its name.

    Raises:
        InputError: a name that no scenario of the run has, or scenarios that wait for each other.
    """
    names = [scenario.name for scenario in scenarios]
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    problems: list[str] = []
    for scenario in scenarios:
        for path, written in _needs(scenario, active[scenario.name]).items():
            nearby = (scenario.sibling(written), scenario.at_point(written), written)
            other = next((name for name in nearby if name in names), None)
            if other is None:
                text = f"`{written}` is no scenario of this run; {_remedy(written, scenario, names)}"
                problems.append(scenario.where.problem(text, *path, id="PIC-S037"))
            elif path != _START:
                found[scenario.name][written] = other
            elif other != scenario.name:  # the one that all name starts from nothing
                found[scenario.name][START] = other
    cycle = _cycle(found)
    if cycle:
        chain = " -> ".join(cycle)
        problems.append(f"{chain}: these scenarios wait for each other; take one name out")
    problems += _unlike(scenarios, found)
    if problems:
        raise InputError(problems)
    return found


def _needs(scenario: Scenario, active: Iterable[Active]) -> dict[tuple[str, ...], str]:
    """Names of other scenarios, by the path of the option that names each."""
    found = {
        ("markets", mechanism.name, *path): written
        for mechanism in active
        for path, written in mechanism.needs().items()
    }
    if scenario.physical.capacities_of is not None:
        found["physical", "capacities_of"] = scenario.physical.capacities_of
    if scenario.solver.start_from is not None:
        found[_START] = scenario.solver.start_from
    return found


def _unlike(scenarios: Sequence[Scenario], found: Uses) -> list[str]:
    """Scenarios whose capacities cannot be held because their years or provinces differ."""
    named = {scenario.name: scenario for scenario in scenarios}
    problems: list[str] = []
    for scenario in scenarios:
        source = held_of(scenario, found)
        if source is None:
            continue
        other = named[source]
        for what, mine, theirs in (
            ("horizon.years", scenario.horizon.years, other.horizon.years),
            ("space.provinces", scenario.space.provinces, other.space.provinces),
        ):
            if set(mine) != set(theirs):
                text = (
                    f"`{source}` has other `{what}` than `{scenario.name}`, so its capacities say nothing "
                    "here; give both the same"
                )
                problems.append(scenario.where.problem(text, "physical", "capacities_of", id="PIC-S037"))
    return problems


def held_of(scenario: Scenario, found: Uses) -> str | None:
    """The scenario of the run whose capacities this one holds; None where it decides on its own."""
    written = scenario.physical.capacities_of
    return None if written is None else found[scenario.name].get(written)


def needed(used: Mapping[str, str]) -> dict[str, str]:
    """What a scenario cannot do without, of what it uses."""
    return {written: other for written, other in used.items() if written != START}


def _remedy(written: str, scenario: Scenario, names: Sequence[str]) -> str:
    """The file beside the scenario's that has a scenario of this name, else the nearest name."""
    place = Path(scenario.where.node.place.file)
    for file in sorted(place.parent.glob("*.yaml")) if place.is_file() else []:
        with suppress(InputError):
            if written in [other.name for other in load(file)]:
                return f"{file} defines it: add this file to the run"
    prefix = scenario.sibling("")
    designs = [name.removeprefix(prefix) for name in names if prefix and name.startswith(prefix)]
    return nearest(written, [name for name in (*designs, *names) if name != scenario.name]) or "correct it"


def _cycle(found: Uses) -> list[str]:
    """Scenarios that wait for each other, the first one again at the end; empty where none do."""
    for start in found:
        chain, ways = [start], [iter(found[start].values())]
        while ways:
            following = next(ways[-1], None)
            if following is None:
                chain.pop(), ways.pop()
            elif following in chain:
                return [*chain[chain.index(following) :], following]
            else:
                chain.append(following)
                ways.append(iter(found[following].values()))
    return []


def widest(found: Uses) -> int:
    """Most scenarios that can be solved side by side, all of one depth."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((of(other) for other in found[name].values()), default=0)
        return depth[name]

    depths = [of(name) for name in found]
    return max(depths.count(level) for level in depths)


class HandsOn(Protocol):
    """A finished run, as those see it that use it.

    Attributes:
        key: changes when its results do.
        emissions: planning year -> emissions of the nation [kt/yr].
        capacities: what the plan built.
        folder: where the run is.
    """

    @property
    def folder(self) -> Path: ...
    @property
    def key(self) -> str: ...
    @property
    def emissions(self) -> Mapping[int, float]: ...
    @property
    def capacities(self) -> Held | None: ...


class Agenda:
    """What is left to solve: a scenario is ready when all that it needs are solved, and its start has ended.

    Attributes:
        solved, failed: what came of the scenarios so far, by name.
    """

    def __init__(self, scenarios: Sequence[Scenario], found: Uses) -> None:
        self._uses = found
        self._waiting = {scenario.name: scenario for scenario in scenarios}
        self.solved: dict[str, HandsOn] = {}
        self.failed: dict[str, PicmodelError] = {}

    def ready(self) -> list[tuple[Scenario, Given]]:
        """Scenarios to start now, each once, with what they are given."""
        while broken := [name for name in self._waiting if self._failed_of(name)]:
            for name in broken:
                self.failed[name] = _in_its_train(self._failed_of(name), self.failed)
                del self._waiting[name]
        ended = {*self.solved, *self.failed}
        free = [name for name in self._waiting if set(self._uses[name].values()) <= ended]
        return [(scenario, self._given(scenario)) for scenario in map(self._waiting.pop, free)]

    def _failed_of(self, name: str) -> list[str]:
        return [other for other in needed(self._uses[name]).values() if other in self.failed]

    def _given(self, scenario: Scenario) -> Given:
        uses = self._uses[scenario.name]
        source = held_of(scenario, self._uses)
        start = uses.get(START)
        return Given(
            emissions={written: self.solved[other].emissions for written, other in needed(uses).items()},
            held=self.solved[source].capacities if source else None,
            start=self.solved[start].folder.absolute() if start in self.solved else None,
            start_failed=start if start in self.failed else None,
        )


def _in_its_train(others: Sequence[str], failed: Mapping[str, PicmodelError]) -> PicmodelError:
    """The error of a scenario whose source failed: of the same kind."""
    text = f"not solved: it uses what {', '.join(others)} finds, which failed"
    kind = type(failed[others[0]])
    return InputError([text]) if kind is InputError else kind(text)
