"""Which mechanism contributes how much to the change between the first and the last rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from picmodel import driver
from picmodel.errors import InputError, PicmodelError
from picmodel.report.write import write_table
from picmodel.scenario.load import resolved
from picmodel.scenario.schema import Scenario
from picmodel.scenario.source import Where
from picmodel.studies.files import FIRST, Attribution, build, designs_of, part, read_study
from picmodel.studies.runs import Progress, listed, read_answers, solve
from picmodel.studies.shapley import Coalition, coalitions, shapley

#: an answer that a player moves by less than this part of it is not moved by that player
INERT = 1e-6
#: row of the table that holds the change from the first rung to the last
TOTAL = "total"


@dataclass(frozen=True)
class Attributed:
    """A finished attribution.

    Attributes:
        effects: a row for each answer and player, and one of player ``total`` for each answer:
            answer, indicator, unit, player, shapley, share_of_total, standalone, last, least, most.
        subsets: a row for each subset: its name, each player (1: on), each answer.
        notes: what must be known to read it.
    """

    name: str
    study: Attribution
    folder: Path
    effects: pd.DataFrame
    subsets: pd.DataFrame
    notes: tuple[str, ...]


def attribute(
    path: Path | str, out: Path | str = "results", jobs: int | None = None, progress: Progress | None = None
) -> Attributed:
    """Solve every permitted subset of the players of a study, and split the change among them.

    Args:
        path: study file.
        out: the study writes ``out/<study>/``, each run ``out/<study>/runs/<run>/``.
        jobs: solves side by side; as many as cores by default.

    Raises:
        InputError: the file is wrong, a player changes nothing, or an answer is undefined in a subset.
        Infeasible, SolverTrouble, SelfCheckFailed: a subset has no result; the message names it.
    """
    path = Path(path)
    study, where = read_study(path, Attribution)
    name = study.name or path.stem
    scenarios = subsets_of(path, study, where, name)
    driver.check_all(list(scenarios.values()))
    _require_one_window(scenarios[frozenset()], study, where)
    folder = Path(out) / name
    first = scenarios[frozenset()]
    failed = solve(list(scenarios.values()), first, folder / "runs", jobs, study.keep == "all", progress)
    if failed:
        raise _without_result(failed)
    runs = {subset: scenario.name for subset, scenario in scenarios.items()}
    table, replaced = read_answers(folder / "runs", list(runs.values()), study.answers)
    effects, subsets = split(study, table, runs)
    write_table(effects, folder / "attribution.csv")
    write_table(subsets, folder / "subsets.csv")
    notes = tuple(f"{answer}: {text}" for answer, text in replaced.items())
    return Attributed(name, study, folder, effects, subsets, notes)


def order_of(study: Attribution) -> dict[str, str]:
    """Player -> the one that it enters after."""
    return {name: player.after for name, player in study.players.items() if player.after}


def label(subset: Coalition, study: Attribution) -> str:
    """Name of a subset: its players in the order of the file."""
    return ".".join(name for name in study.players if name in subset) or FIRST


def subsets_of(path: Path, study: Attribution, where: Where, name: str) -> dict[Coalition, Scenario]:
    """The scenario of every permitted subset.

    Raises:
        InputError: every problem of all of them; a player that leaves every scenario as it was.
    """
    base = designs_of(path, where, study.scenario.file, [study.scenario.design])[0]
    permitted = coalitions(list(study.players), order_of(study))
    variants = {}
    for subset in permitted:
        parts = part(where, "settings")
        parts += [
            node for p in study.players if p in subset for node in part(where, "players", p, "settings")
        ]
        parts += part(where, "others") if subset else []
        variants[name, label(subset, study)] = (base, parts)
    found = dict(zip(permitted, build(variants).values(), strict=True))
    said = {subset: resolved(s) | {"name": ""} for subset, s in found.items()}
    idle = [
        player
        for player in study.players
        if all(said[s] == said[s - {player}] for s in found if player in s and s - {player} in said)
    ]
    if idle:
        text = "says what the scenario says without it; correct the settings or delete the player"
        raise InputError([where.problem(f"`players.{p}` {text}", "players", p, "settings") for p in idle])
    return found


def _require_one_window(first: Scenario, study: Attribution, where: Where) -> None:
    """Cost to the peak is defined in every subset only where the window is declared."""
    asks = [name for name, answer in study.answers.items() if answer.indicator.startswith("peak_cost")]
    if asks and first.horizon.peak_cost_until is None:
        text = "peak cost needs one window for all subsets; write `horizon.peak_cost_until` in the scenario"
        raise InputError([where.problem(text, "answers", name, "indicator") for name in asks])


def _without_result(failed: Mapping[str, PicmodelError]) -> PicmodelError:
    """One error that names the subsets, of the kind of theirs."""
    named: dict[str, PicmodelError] = {}
    for run, error in failed.items():
        name = f"subset {run}"
        if isinstance(error, InputError):
            error = InputError([f"{name}: {problem}" for problem in error.problems])
        named[name] = error
    return driver.together(named)


# -- the split


def split(
    study: Attribution, table: pd.DataFrame, runs: Mapping[Coalition, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables `Attributed.effects` and `Attributed.subsets`.

    Args:
        table: answers of every run, as `read_answers`.
        runs: subset -> run.

    Raises:
        InputError: an answer is undefined in a subset, or a player moves no answer.
    """
    players, order = list(study.players), order_of(study)
    value = table.set_index(["answer", "run"])["value"]
    values = {a: {s: float(value[a, run]) for s, run in runs.items()} for a in study.answers}
    _require_defined(study, values)
    _require_effect(study, values)
    rows = []
    described = table.drop_duplicates("answer").set_index("answer")
    for answer, game in values.items():
        first, last = game[frozenset()], game[frozenset(players)]
        total = last - first
        labels = (answer, described["indicator"][answer], described["unit"][answer])
        for player, effect in shapley(players, game, order).items():
            e = asdict(effect)
            share = e["shapley"] / total if abs(total) > INERT * max(abs(first), abs(last)) else float("nan")
            rows.append((*labels, player, e["shapley"], share, e["early"], e["late"], e["least"], e["most"]))
        rows.append((*labels, TOTAL, total, 1.0, total, total, total, total))
    columns = ["answer", "indicator", "unit", "player", "shapley", "share_of_total"]
    effects = pd.DataFrame(rows, columns=[*columns, "standalone", "last", "least", "most"])
    subsets = pd.DataFrame(
        [
            {
                "subset": label(s, study),
                **{p: int(p in s) for p in players},
                **{a: values[a][s] for a in values},
            }
            for s in runs
        ]
    )
    return effects, subsets


Values = Mapping[str, Mapping[Coalition, float]]


def _require_defined(study: Attribution, values: Values) -> None:
    problems = []
    for name, game in values.items():
        missing = [label(subset, study) for subset, value in game.items() if value != value]
        if missing:
            answer = study.answers[name]
            wanted = answer.text(answer.otherwise or answer.indicator)
            remedy = "" if answer.otherwise else "write `otherwise: project_npv` for a return, or "
            problems.append(
                f"answers.{name}: `{wanted}` is undefined in the subset {listed(missing)}, and Shapley "
                f"values need it in every one; {remedy}delete the answer"
            )
    if problems:
        raise InputError(problems)


def _require_effect(study: Attribution, values: Values) -> None:
    """Refuse players that move no answer in any subset."""
    inert = [
        player
        for player in study.players
        if not any(
            abs(game[s] - game[s - {player}]) > INERT * max(abs(game[s]), abs(game[s - {player}]))
            for game in values.values()
            for s in game
            if player in s and s - {player} in game
        )
    ]
    if inert:
        raise InputError(
            [
                f"players.{p}: moves no answer in any subset; delete it, or add the market that it needs"
                for p in inert
            ]
        )
