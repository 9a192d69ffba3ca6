"""What the answers hang on: a designed sample, each parameter alone, and how often each claim holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from picmodel import driver
from picmodel.data.load import require_tables, tables_of
from picmodel.errors import InputError, PicmodelError
from picmodel.report.write import write_table
from picmodel.scenario.check import nearest, shown
from picmodel.scenario.schema import Scenario
from picmodel.scenario.source import Node, Problem, Where
from picmodel.studies.effects import change, regression, verdict
from picmodel.studies.files import Sensitivity, build, designs_of, part, read_study
from picmodel.studies.runs import Progress, read_answers, solve
from picmodel.studies.sampling import Range, sample

CENTRE = "centre"
#: what stands for the value in a parameter's settings
_VALUE = re.compile(r"\$value(?:\^(-?\d+(?:\.\d+)?))?")

Runs = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Sensed:
    """A finished sensitivity study; every table is a file of its folder.

    Attributes:
        sample: a row for each run: run, kind (centre, low, high, sample), each parameter.
        answers: run, design, answer, indicator, value, unit.
        changes: run, claim, value: the claimed change in each run.
        claims: a row for each claim: its range, the central run's change, and `effects.Verdict`.
        tornado: a row for each target and parameter; a target is a claim, or an answer of a design.
        failures: run, design, error.
        notes: what must be known to read it.
    """

    name: str
    study: Sensitivity
    folder: Path
    sample: pd.DataFrame
    answers: pd.DataFrame
    changes: pd.DataFrame
    claims: pd.DataFrame
    tornado: pd.DataFrame
    failures: pd.DataFrame
    notes: tuple[str, ...]


def sense(
    path: Path | str,
    out: Path | str = "results",
    jobs: int | None = None,
    progress: Progress | None = None,
    samples: int | None = None,
) -> Sensed:
    """Solve a study's central run, each parameter at its ends, and a Latin hypercube, in every design.

    Args:
        path: study file.
        out: the study writes ``out/<study>/``, each run ``out/<study>/runs/<run>/``.
        jobs: solves side by side; as many as cores by default.
        samples: size of the sample, in place of the study's.

    Raises:
        InputError: the file is wrong, or no run has an answer's indicator.
        Infeasible, SolverTrouble, SelfCheckFailed: the central run of the first design failed.
    """
    path = Path(path)
    study, where = read_study(path, Sensitivity)
    if samples is not None:
        study = study.model_copy(update={"samples": samples})
    name = study.name or path.stem
    bases = designs_of(path, where, study.scenario.file, study.scenario.designs)
    check_parameters(study, where, bases)
    ranges = ranges_of(study)
    runs = sample(ranges, study.samples, study.seed)
    scenarios = scenarios_of(path, study, where, name, bases, runs)
    several = [one for case in scenarios.values() for one in case.values()]
    driver.check_all(several)
    # what tables refuse at the centre and at the ends of ranges is found before the first solve
    require_tables([s for run, c in scenarios.items() if kind(run) != "sample" for s in c.values()])
    folder = Path(out) / name
    first = scenarios[CENTRE][study.scenario.designs[0]]
    failed = solve(several, first, folder / "runs", jobs, study.keep == "all", progress)
    found = evaluate(name, study, folder, runs, scenarios, failed, ranges)
    for table in ("sample", "answers", "changes", "claims", "tornado", "failures"):
        write_table(getattr(found, table), folder / f"{table}.csv")
    return found


# -- from the study to its scenarios


def ranges_of(study: Sensitivity) -> dict[str, Range]:
    """Range of every parameter; where the file names no centre, it is the middle."""
    found = {}
    for name, one in study.parameters.items():
        middle = Range(one.low, one.high, one.low, one.scale == "log")
        found[name] = replace(middle, centre=middle.at(0.5) if one.centre is None else one.centre)
    return found


def scenarios_of(
    path: Path, study: Sensitivity, where: Where, name: str, bases: Sequence[Scenario], runs: Runs
) -> dict[str, dict[str, Scenario]]:
    """Scenario of every run and design.

    Raises:
        InputError: with every problem of all of them.
    """
    variants = {}
    designs = dict(zip(study.scenario.designs, bases, strict=True))
    for run, values in runs.items():
        for design, base in designs.items():
            parts = part(where, "settings")
            for parameter, value in values.items():
                if design in (study.parameters[parameter].designs or designs):
                    parts += [filled(n, value) for n in part(where, "parameters", parameter, "settings")]
            parts += part(where, "others") if design != study.scenario.designs[0] else []
            variants[f"{name}-{run}", design] = (base, parts)
    built = build(variants)
    return {run: {d: built[f"{name}-{run}-{d}"] for d in designs} for run in runs}


def filled(node: Node, value: float) -> Node:
    """A partial document with the value, or a power of it, wherever ``$value`` stands."""
    if isinstance(node.value, dict):
        return replace(node, value={key: filled(child, value) for key, child in node.value.items()})
    if isinstance(node.value, tuple):
        return replace(node, value=tuple(filled(child, value) for child in node.value))
    match = _VALUE.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        return node
    return replace(node, value=value ** float(match[1]) if match[1] else value)


def _texts(node: Node) -> list[Node]:
    """Every text in a partial document."""
    if isinstance(node.value, dict | tuple):
        children = node.value.values() if isinstance(node.value, dict) else node.value
        return [text for child in children for text in _texts(child)]
    return [node] if isinstance(node.value, str) else []


def check_parameters(study: Sensitivity, where: Where, bases: Sequence[Scenario]) -> None:
    """Refuse settings without the value, and sources that nobody knows."""
    problems: list[Problem] = []
    known = sorted(set(tables_of(bases[0])["sources"]["source"]))
    for name, parameter in study.parameters.items():
        here = where.at("parameters", name)
        texts = [node for found in part(where, "parameters", name, "settings") for node in _texts(found)]
        if not any(_VALUE.fullmatch(node.value) for node in texts):
            text = f"`settings` of {name} never use the value; write $value where the number belongs"
            problems.append(Problem(here.at("settings").node.place, text))
        problems += [
            Problem(node.place, f"{shown(node.value)} is neither $value nor a power such as $value^2")
            for node in texts
            if node.value.startswith("$") and not _VALUE.fullmatch(node.value)
        ]
        if parameter.source is not None and parameter.source not in known:
            remedy = nearest(parameter.source, known) or "add it there, or write a `reason`"
            text = f"`{parameter.source}` is not in inputs/sources.csv; {remedy}"
            problems.append(Problem(here.at("source").node.place, text))
    if problems:
        raise InputError([str(problem) for problem in problems])


# -- from the runs to what they say


def evaluate(
    name: str,
    study: Sensitivity,
    folder: Path,
    runs: Runs,
    scenarios: Mapping[str, Mapping[str, Scenario]],
    failed: Mapping[str, PicmodelError],
    ranges: Mapping[str, Range],
) -> Sensed:
    """Tables of a study whose runs are on disk."""
    names = [one.name for case in scenarios.values() for one in case.values()]
    table, replaced = read_answers(folder / "runs", names, study.answers, failed)
    key = pd.DataFrame(
        [(run, d, s.name) for run, case in scenarios.items() for d, s in case.items()],
        columns=["case", "design", "run"],
    )
    answers = key.merge(table, on="run").drop(columns="run").rename(columns={"case": "run"})
    changes = changes_of(study, answers)
    failures = pd.DataFrame(
        [
            (run, d, str(failed[s.name]))
            for run, c in scenarios.items()
            for d, s in c.items()
            if s.name in failed
        ],
        columns=["run", "design", "error"],
    )
    targets = _targets(study, answers, changes)
    notes = [f"{answer}: {text}" for answer, text in replaced.items()]
    if len(failures):
        notes.append(f"{len(failures)} of {len(names)} runs failed; failures.csv lists them")
    if study.samples < len(ranges) + 2:
        notes.append(
            f"{study.samples} samples of {len(ranges)} parameters are too few for a regression; its columns "
            f"are empty: take {len(ranges) + 2} or more"
        )
    points = [{"run": run, "kind": kind(run), **values} for run, values in runs.items()]
    return Sensed(
        name=name,
        study=study,
        folder=folder,
        sample=pd.DataFrame(points),
        answers=answers,
        changes=changes,
        claims=claims_of(study, changes),
        tornado=tornado_of(targets, runs, ranges),
        failures=failures,
        notes=tuple(notes),
    )


def kind(run: str) -> str:
    """What a run is for: centre, low, high or sample."""
    before, dot, _ = run.partition(".")
    return before if dot or run == CENTRE else "sample"


def changes_of(study: Sensitivity, answers: pd.DataFrame) -> pd.DataFrame:
    """The claimed change in every run: columns run, claim, value."""
    value = answers.set_index(["run", "design", "answer"])["value"]
    rows = [
        (run, name, change(value[run, c.before, c.answer], value[run, c.after, c.answer], c.change))
        for run in dict.fromkeys(answers["run"])
        for name, c in study.claims.items()
    ]
    return pd.DataFrame(rows, columns=["run", "claim", "value"])


def claims_of(study: Sensitivity, changes: pd.DataFrame) -> pd.DataFrame:
    """How often each claim holds over the sample, the centre and the ends left out."""
    rows = []
    for name, c in study.claims.items():
        mine = changes[changes["claim"] == name].set_index("run")["value"]
        sampled = mine[[kind(run) == "sample" for run in mine.index]].to_numpy(dtype=float)
        rows.append(
            {
                "claim": name,
                "answer": c.answer,
                "from": c.before,
                "to": c.after,
                "change": c.change,
                "claimed_low": c.low,
                "claimed_high": c.high,
                "centre": float(mine[CENTRE]),
                **asdict(verdict(sampled, c.low, c.high)),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Target:
    """A number of every run that parameters move."""

    name: str
    design: str
    unit: str
    values: Mapping[str, float]


def _targets(study: Sensitivity, answers: pd.DataFrame, changes: pd.DataFrame) -> list[Target]:
    """Every claimed change, then every answer of every design."""
    unit = answers.drop_duplicates("answer").set_index("answer")["unit"]
    found = []
    for name, c in study.claims.items():
        values = changes[changes["claim"] == name].set_index("run")["value"].to_dict()
        found.append(Target(name, "", "%" if c.change == "relative" else str(unit[c.answer]), values))
    for (answer, design), rows in answers.groupby(["answer", "design"], sort=False):
        found.append(
            Target(str(answer), str(design), str(unit[answer]), rows.set_index("run")["value"].to_dict())
        )
    return found


def tornado_of(targets: Sequence[Target], runs: Runs, ranges: Mapping[str, Range]) -> pd.DataFrame:
    """What each parameter moves: alone at its two ends, and by regression over the sample.

    Returns:
        Columns target, design, unit, parameter, low, high (values of the parameter), centre, at_low,
        at_high (of the target), swing = at_high - at_low, effect (regression, from low to high),
        standardised, r2, runs (of the regression).
    """
    sampled = [run for run in runs if kind(run) == "sample"]
    points = np.array([[one.position(runs[run][p]) for p, one in ranges.items()] for run in sampled])
    points = points.reshape(len(sampled), len(ranges))
    rows = []
    for target in targets:
        plane = regression(points, np.array([target.values[run] for run in sampled], dtype=float))
        for j, (name, one) in enumerate(ranges.items()):
            low, high = target.values[f"low.{name}"], target.values[f"high.{name}"]
            rows.append(
                {
                    "target": target.name,
                    "design": target.design,
                    "unit": target.unit,
                    "parameter": name,
                    "low": one.low,
                    "high": one.high,
                    "centre": target.values[CENTRE],
                    "at_low": low,
                    "at_high": high,
                    "swing": high - low,
                    "effect": plane.effects[j],
                    "standardised": plane.standardised[j],
                    "r2": plane.r2,
                    "runs": plane.runs,
                }
            )
    return pd.DataFrame(rows)
