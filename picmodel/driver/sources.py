"""Which scenarios a call means: files, folders of them, or what was loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from picmodel.data.overrides import undeclared
from picmodel.errors import InputError
from picmodel.markets.registry import option_problems
from picmodel.scenario.load import Check, ScenarioSet, load
from picmodel.scenario.schema import Scenario

#: what only later layers than the scenario's know to be wrong
CHECKS: tuple[Check, ...] = (
    lambda document, overrides: option_problems(document),
    lambda document, overrides: undeclared(overrides),
)
Source = Path | str | Mapping | ScenarioSet | Sequence[Path | str]


def collect(source: Source) -> tuple[list[Scenario], str | None]:
    """Scenarios of files and folders, and the reference that one of them names."""
    found = gathered(source)
    return list(found), found.reference


def gathered(source: Source) -> ScenarioSet:
    """Scenarios of files and folders as one set; the first that names a reference or baseline counts."""
    if isinstance(source, Mapping | ScenarioSet):
        sets = [source if isinstance(source, ScenarioSet) else load(source, CHECKS)]
    else:
        paths = [Path(source)] if isinstance(source, str | Path) else [Path(p) for p in source]
        files = [f for p in paths for f in (sorted(p.glob("*.yaml")) if p.is_dir() else [p])]
        if not files:
            raise InputError(
                [f"{', '.join(map(str, paths))}: no scenario file there; name one that ends in .yaml"]
            )
        sets = _load_all(files)
    scenarios = [scenario for found in sets for scenario in found]
    twice = sorted({s.name for s in scenarios if [t.name for t in scenarios].count(s.name) > 1})
    if twice:
        raise InputError([f"{name}: two scenarios have this name; give one a `name`" for name in twice])
    reference = next((found.reference for found in sets if found.reference), None)
    baseline = next((found.baseline for found in sets if found.baseline), None)
    points = {name: point for found in sets for name, point in found.points.items()}
    return ScenarioSet(tuple(scenarios), reference, baseline, points)


def _load_all(files: Sequence[Path]) -> list[ScenarioSet]:
    sets, problems = [], []
    for file in files:
        try:
            sets.append(load(file, CHECKS))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return sets
