"""What a study file may say, checked with the same care as a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from picmodel.errors import InputError
from picmodel.scenario.check import Options, check_options, nearest, wrong
from picmodel.scenario.load import load, read_document, varied
from picmodel.scenario.schema import Scenario, Title
from picmodel.scenario.source import Node, Problem, Where

#: most players: 2^8 runs
MOST_PLAYERS = 8
#: what the first rung is called among the runs of a study
FIRST = "first"

_NAME = r"^[A-Za-z0-9_]+$"
_Name = Annotated[str, Field(pattern=_NAME)]
_Title = Annotated[Title, BeforeValidator(lambda value: {"en": value} if isinstance(value, str) else value)]


class Answer(Options):
    """One number of a run's indicators."""

    indicator: str = Field(description="name in indicators.csv")
    province: str = Field(default="CN", description="code of the province, CN for the nation")
    technology: str = Field(default="all", description="technology, a group such as wind_and_solar, or all")
    year: int = Field(default=0, ge=0, le=2100, description="year, 0 where the indicator has none")
    otherwise: str | None = Field(
        default=None, description="indicator taken instead, in all runs, where the first is undefined in one"
    )

    def text(self, indicator: str) -> str:
        return f"{indicator}, {self.province}, {self.technology}, {self.year}"


class Rung(Options):
    """A scenario that stands in a file."""

    file: str = Field(description="scenario file, relative to the study file")
    design: str | None = Field(default=None, description="one of its designs; null: it has none")


class Rungs(Options):
    """Designs of one scenario file."""

    file: str = Field(description="scenario file, relative to the study file")
    designs: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = Field(
        description="designs that are solved for every sample; the others are compared with the first"
    )


class Study(Options):
    """What all studies say."""

    name: _Name | None = Field(default=None, description="name of the folder of results; default: the file's")
    title: _Title = Field(default=Title(), description="title for reports, {en: ..., zh: ...}")
    settings: dict[str, Any] = Field(default={}, description="partial scenario, merged over every run")
    others: dict[str, Any] = Field(
        default={},
        description="partial scenario, merged over every run but the first rung's, whose emissions or "
        "capacities may be held there: {markets: {emission_limits: {hold_emissions_of: first}}}",
    )
    keep: Literal["small", "all"] = Field(
        default="small", description="files kept of a run: small tables, or also solution, prices and ledger"
    )
    answers: dict[_Name, Answer] = Field(min_length=1, description="numbers that the study is about, by name")


class Player(Options):
    """A mechanism that is off in the first rung and on in the last."""

    title: _Title = Field(default=Title(), description="title for reports, {en: ..., zh: ...}")
    settings: dict[str, Any] = Field(
        min_length=1, description="partial scenario, merged over the first rung's when the player is on"
    )
    after: str | None = Field(
        default=None, description="player that this one builds on: it enters only after it"
    )


class Attribution(Study):
    """Which mechanism contributes how much to the change between the first and the last rung."""

    scenario: Rung = Field(description="first rung: all players off")
    players: dict[_Name, Player] = Field(
        min_length=1,
        max_length=MOST_PLAYERS,
        description="mechanisms, by name, in the order of their merging",
    )

    @model_validator(mode="after")
    def _enter_after_one_above(self) -> Attribution:
        above: list[str] = []
        for name, player in self.players.items():
            if player.after is not None and player.after not in above:
                remedy = nearest(player.after, above) or "move this player below the one it builds on"
                wrong(f"`{player.after}` is no player above `{name}`; {remedy}", "players", name, "after")
            above.append(name)
        if FIRST in self.players:
            wrong(f"`{FIRST}` is the name of the rung without players; choose another", "players", FIRST)
        return self


class Parameter(Options):
    """A number that is not known well."""

    title: _Title = Field(default=Title(), description="title for reports, {en: ..., zh: ...}")
    unit: str = Field(default="factor", description="unit of the value")
    low: float = Field(description="low end of the range")
    high: float = Field(description="high end of the range")
    centre: float | None = Field(default=None, description="value of the central run; null: the middle")
    scale: Literal["linear", "log"] = Field(
        default="linear", description="equal differences, or equal ratios, are equally likely"
    )
    source: str | None = Field(default=None, description="key of the range in inputs/sources.csv")
    reason: str | None = Field(default=None, description="why this range, where no source gives it")
    designs: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None, description="designs that it moves; null: all"
    )
    settings: dict[str, Any] = Field(
        min_length=1,
        description="partial scenario in which $value, or a power such as $value^5, is the number",
    )

    @model_validator(mode="after")
    def _agree(self) -> Parameter:
        if self.low >= self.high:
            wrong(f"the low end {self.low:g} is not below the high end {self.high:g}; swap them", "low")
        if self.scale == "log" and self.low <= 0:
            wrong(f"equal ratios need a low end above 0, not {self.low:g}; write `scale: linear`", "low")
        if self.centre is not None and not self.low <= self.centre <= self.high:
            text = f"{self.centre:g} is outside {self.low:g} to {self.high:g}; write a number between"
            wrong(text, "centre")
        if self.source is None and self.reason is None:
            wrong("a range needs a `source` or a `reason`; write one of the two", "low")
        return self


class Claim(Options):
    """A change between two rungs that somebody claims."""

    title: _Title = Field(default=Title(), description="title for reports, {en: ..., zh: ...}")
    answer: str = Field(description="one of `answers`")
    before: str = Field(alias="from", description="design before")
    after: str = Field(alias="to", description="design after")
    change: Literal["relative", "points"] = Field(
        description="relative change in %, or the difference (points, for a share or a percentage)"
    )
    low: float = Field(description="low end of what is claimed [%, or unit of the answer]")
    high: float = Field(description="high end of what is claimed [%, or unit of the answer]")

    @model_validator(mode="after")
    def _agree(self) -> Claim:
        if self.low > self.high:
            wrong(f"the low end {self.low:g} is above the high end {self.high:g}; swap them", "low")
        if self.low * self.high < 0 or self.low == self.high == 0:
            wrong(f"{self.low:g} to {self.high:g} has no sign; a claim goes one way", "low")
        return self


class Sensitivity(Study):
    """What the answers, and the claims about them, hang on."""

    scenario: Rungs = Field(description="rungs, in one file")
    samples: int = Field(ge=0, le=10000, description="runs of the Latin hypercube")
    seed: int = Field(default=0, ge=0, description="of the sample: the same seed gives the same sample")
    parameters: dict[_Name, Parameter] = Field(min_length=1, description="what varies, by name")
    claims: dict[_Name, Claim] = Field(default={}, description="changes that are claimed, by name")

    @model_validator(mode="after")
    def _agree(self) -> Sensitivity:
        for name, claim in self.claims.items():
            _among(claim.answer, self.answers, "answers", "claims", name, "answer")
            _among(claim.before, self.scenario.designs, "scenario.designs", "claims", name, "from")
            _among(claim.after, self.scenario.designs, "scenario.designs", "claims", name, "to")
        for name, parameter in self.parameters.items():
            for design in parameter.designs or ():
                _among(design, self.scenario.designs, "scenario.designs", "parameters", name, "designs")
        return self


def _among(word: str, words: Iterable[str], section: str, *path: str) -> None:
    if word not in words:
        wrong(f"`{word}` is not in `{section}`; {nearest(word, words) or 'correct it'}", *path)


# -- reading

S = TypeVar("S", bound=Study)


def read_study(path: Path, model: type[S]) -> tuple[S, Where]:
    """A study and where its file says what.

    Raises:
        InputError: with every problem, as ``attribution.yaml:23:5: what is wrong; the remedy``.
    """
    problems: list[Problem] = []
    node = read_document(path, problems)
    if node is None:
        raise InputError([str(problem) for problem in problems])
    where = Where(node)
    study, found = check_options(model, node.plain(), where)
    problems += found
    if problems or study is None:
        raise InputError([str(problem) for problem in problems])
    return study, where


def part(where: Where, *path: str) -> list[Node]:
    """The node at ``path``, in a list; an empty one where the file says nothing there."""
    node: Node | None = where.node
    for key in path:
        node = node.child(key) if node else None
    return [node] if node else []


def designs_of(path: Path, where: Where, file: str, wanted: Sequence[str | None]) -> list[Scenario]:
    """The wanted designs of the scenario file that a study names; None: its only scenario."""
    place = where.at("scenario", "file").node.place
    target = path.parent / file
    if not target.is_file():
        raise InputError([str(Problem(place, f"there is no file {target}; correct the path"))])
    known: Mapping[str | None, Scenario] = {_design(scenario): scenario for scenario in load(target)}
    names = [name for name in known if name]
    missing = [name for name in wanted if name not in known]
    if missing:
        texts = [
            f"`{name}` is no design of {target}; {nearest(name, names)}"
            if name
            else f"{target} has designs; write one of {', '.join(names)} under `design`"
            for name in missing
        ]
        raise InputError([where.problem(text, "scenario") for text in texts])
    return [known[name] for name in wanted]


def _design(scenario: Scenario) -> str | None:
    before = scenario.sibling("")
    return scenario.name.removeprefix(before) if before else None


def build(variants: Mapping[tuple[str, str], tuple[Scenario, Sequence[Node]]]) -> dict[str, Scenario]:
    """Scenarios by the name of the run, ``<name>-<design>``.

    Args:
        variants: (name, design) -> the scenario that is varied, and what is merged over it.

    Raises:
        InputError: with every problem of all of them, each once.
    """
    found: dict[str, Scenario] = {}
    problems: list[str] = []
    for (name, design), (scenario, parts) in variants.items():
        try:
            one = varied(scenario, parts, name, design)
            found[one.name] = one
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return found
