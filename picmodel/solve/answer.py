"""What a solver other than HiGHS says, in words that all of them share, and the error that each ending is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from picmodel.errors import Infeasible, SolverTrouble


class Ending(Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    NO_PLAN = "infeasible"
    WITHOUT_BOUND = "unbounded"
    EITHER = "infeasible or unbounded"
    LIMIT = "limit of time or iterations"
    OTHER = "anything else"


@dataclass(frozen=True)
class Answer:
    """A solver's answer to an LP.

    Attributes:
        said: its own word for the ending.
        x: by column; None where there is no optimum.
        dual: d objective / d side of each row; None where there is no optimum.
    """

    ending: Ending
    said: str
    x: np.ndarray | None = None
    dual: np.ndarray | None = None


class NotThere(Exception):
    """A solver is not installed, has no licence, or lacks the machine that it runs on."""


def values(name: str, answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Values and duals of an optimum.

    Raises:
        Infeasible: there is no plan, or the LP is unbounded.
        SolverTrouble: any other ending without values.
    """
    said = f"{name} says {answer.said!r}"
    if answer.ending is Ending.OPTIMAL and answer.x is not None and answer.dual is not None:
        return answer.x, answer.dual
    if answer.ending is Ending.NO_PLAN:
        raise Infeasible(
            f"the scenario cannot be met: {said}; `picmodel diagnose FILE` names the rules that clash and "
            "the smallest change that mends it"
        )
    if answer.ending is Ending.WITHOUT_BOUND:
        raise Infeasible(
            f"the scenario earns without bound: {said}; look for a subsidy without limit; `picmodel diagnose "
            "FILE` names what grows"
        )
    if answer.ending is Ending.EITHER:
        raise Infeasible(
            f"the scenario cannot be met, or earns without bound: {said}; `picmodel diagnose FILE` says "
            "which, and what to change"
        )
    if answer.ending is Ending.LIMIT:
        raise SolverTrouble(
            f"{name} stopped without an optimum ({answer.said}); raise `solver.time_limit_s`, or take fewer "
            "periods or years"
        )
    raise SolverTrouble(f"{name} stopped with status {answer.said!r}; solver.log has what it said before")
