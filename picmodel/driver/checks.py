"""What can be known wrong of scenarios before tables are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from picmodel.dependencies import Uses, uses
from picmodel.driver.sources import Source, collect
from picmodel.errors import InputError
from picmodel.markets.interactions import conflicts
from picmodel.markets.registry import MECHANISM, activate, option_problems
from picmodel.scenario.check import nearest
from picmodel.scenario.schema import Scenario, Where, outside_horizon


def market_options(scenario: Scenario) -> dict[str, Any]:
    """Checked options of the mechanisms that the scenario switched on.

    Raises:
        InputError: an unknown mechanism or option, or a year outside the horizon; all of them.
    """
    problems: list[str] = [problem.message() for problem in option_problems(scenario.where.node)]
    on = {name: raw for name, raw in scenario.markets.items() if raw is not None and name in MECHANISM}
    for name, raw in on.items():
        problems += _years_outside(raw, scenario, scenario.where.at("markets", name))
    if problems:
        raise InputError(problems)
    return {name: MECHANISM[name].config.model_validate(raw) for name, raw in on.items()}


def _years_outside(raw: object, scenario: Scenario, where: Where) -> list[str]:
    """Problems of every path by year in the options, however deep it stands."""
    if not isinstance(raw, Mapping):
        return []
    if raw and all(isinstance(key, int) for key in raw):
        return outside_horizon(raw, scenario.horizon, where)
    return [p for key, value in raw.items() for p in _years_outside(value, scenario, where.at(key))]


def check_all(scenarios: Sequence[Scenario]) -> Uses:
    """Everything that can be known wrong before tables are read, of all scenarios together.

    Returns:
        Which scenarios use the emissions of which.
    """
    problems: list[str] = []
    for scenario in scenarios:
        try:
            check(scenario)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return uses(scenarios, {s.name: activate(market_options(s)) for s in scenarios})


def check_inputs(scenarios: Sequence[Scenario]) -> None:
    """Tables, overrides, series and mechanisms of all scenarios; all problems together.

    Raises:
        InputError: with every problem.
    """
    from picmodel.data.load import system_data

    problems: list[str] = []
    for scenario in scenarios:
        try:
            data, _ = system_data(scenario)
            active = activate(market_options(scenario))
            problems += [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def check(scenario: Scenario) -> None:
    """What can be known wrong of one scenario before tables are read."""
    problems = conflicts(market_options(scenario))
    if problems:
        raise InputError([f"{scenario.name}: {problem}" for problem in problems])


def chosen(source: Source, name: str | None = None) -> list[Scenario]:
    """Checked scenarios of a file, or the one that is named.

    Raises:
        InputError: bad input, or no scenario of that name.
    """
    scenarios, _ = collect(source)
    known = [scenario.name for scenario in scenarios]
    if name is not None and name not in known:
        remedy = nearest(name, known) or f"write one of {', '.join(known)}"
        raise InputError([f"--scenario {name}: no such scenario; {remedy}"])
    check_all(scenarios)
    return [scenario for scenario in scenarios if name in (None, scenario.name)]
