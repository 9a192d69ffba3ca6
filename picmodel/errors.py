"""What can go wrong with a run, each kind with the exit code of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class PicmodelError(Exception):
    """A run that cannot go on; the message says what to do about it.

    Attributes:
        failed: where several scenarios were run, the error of each that failed, by name.
    """

    exit_code = 4
    failed: Mapping[str, PicmodelError] = {}


class Drifted(PicmodelError):
    """A regression found numbers that are not what they were."""

    exit_code = 1


class InputError(PicmodelError):
    """Inputs that break their declaration: all problems that were found, not the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple:
        """Crosses a process border whole: an exception is rebuilt from its message otherwise."""
        return InputError, (self.problems,)


class Infeasible(PicmodelError):
    """No plan satisfies the scenario."""

    exit_code = 3


class SolverTrouble(PicmodelError):
    """The solver ended without an optimum: time limit, numerical trouble."""

    exit_code = 4


class SelfCheckFailed(PicmodelError):
    """A solution that does not pass its own certificate; nothing is written."""

    exit_code = 6


class StorageTrouble(PicmodelError):
    """Results cannot be written: no space, no permission.  What was finished before is whole."""

    exit_code = 7


class WorkerDied(PicmodelError):
    """The process that solved a scenario is gone: killed, or out of memory."""

    exit_code = 4
