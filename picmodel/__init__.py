"""picmodel: China's provincial power system as a least-cost LP in which the market design is data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from picmodel.errors import Infeasible, InputError, PicmodelError, SelfCheckFailed, SolverTrouble

if TYPE_CHECKING:
    from picmodel.driver import Run, RunSet
    from picmodel.ignored.run import run

__all__ = [
    "Infeasible",
    "InputError",
    "PicmodelError",
    "Run",
    "RunSet",
    "SelfCheckFailed",
    "SolverTrouble",
    "run",
]


def __getattr__(name: str) -> Any:
    """The driver is imported when it is first used: `picmodel --help` need not wait for the solver."""
    if name == "run":
        from picmodel.ignored.run import run

        return run
    if name in ("Run", "RunSet"):
        from picmodel import driver

        return getattr(driver, name)
    raise AttributeError(f"module 'picmodel' has no attribute {name!r}")
