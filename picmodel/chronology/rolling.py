"""A year in windows: each sees some hours beyond its end, keeps its own, and hands on what is stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from picmodel.chronology.window import Array, Dispatched, Hours, Park, Whole, Window
from picmodel.errors import SelfCheckFailed

#: (windows done, windows in all, seconds left)
Progress = Callable[[int, int, float], None]
#: what a GW or GWh may be off in a check
TOLERANCE = 1e-5
#: stores begin the year this full: they return to it in a day, so it moves nothing but the first hours
START_SHARE = 0.5


@dataclass(frozen=True)
class Rolled:
    """A dispatched year.

    Attributes:
        start: (S,) GWh stored before the first hour.
        windows: how many there were; seconds of each; pivots of the simplex in all.
        residual: largest error of any rule, recomputed from the arrays [GW or GWh].
    """

    found: Dispatched
    start: Array
    windows: int
    seconds: tuple[float, ...]
    iterations: int
    residual: float


def roll(
    park: Park,
    hours: Hours,
    window: int,
    ahead: int,
    progress: Progress | None = None,
    threads: int = 1,
    start: Array | None = None,
) -> Rolled:
    """Dispatch all hours in windows.

    Args:
        window, ahead: steps that a window keeps, and steps that it sees beyond them; whole periods.
            What lies beyond the last hour is the beginning of the same hours: the year closes in itself.
        start: (S,) GWh stored before the first hour; half full by default.

    Raises:
        SelfCheckFailed: a rule is broken in some hour, or storage does not go on across a joint.
    """
    window = min(window, hours.count)
    seen = min(window + ahead, hours.count)
    lp = Window(park, seen, hours.step, hours.per_period, threads=threads)
    before = level = START_SHARE * park.energy if start is None else start
    begins = range(0, hours.count, window)
    ledger = _Guarantees(park, hours)
    pieces: list[dict[str, Array]] = []
    seconds: list[float] = []
    iterations = 0
    for first in begins:
        at = time.perf_counter()
        keep = min(window, hours.count - first)
        steps = (first + np.arange(seen)) % hours.count
        found = lp.solve(hours.part(steps), level, ledger.due(first, steps))
        ledger.book(hours.step * found.generation[park.guaranteed, :keep].sum(axis=1))
        pieces.append({name: getattr(found, name)[:, :keep] for name in Dispatched.ARRAYS})
        level = np.clip(found.stored[:, keep - 1], 0.0, park.energy)
        iterations += found.iterations
        seconds.append(time.perf_counter() - at)
        if progress:
            left = len(begins) - len(seconds)
            progress(len(seconds), len(begins), left * sum(seconds) / len(seconds))
    arrays = {name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in Dispatched.ARRAYS}
    year = Dispatched(**arrays, iterations=iterations)
    return Rolled(year, before, len(begins), tuple(seconds), iterations, checked(park, hours, year, before))


class _Guarantees:
    """What is left of guaranteed output, spread over the hours that are left by the load of the province."""

    def __init__(self, park: Park, hours: Hours) -> None:
        self.load = hours.demand[park.home[park.guaranteed]].clip(min=0.0)
        self.left = park.guarantee * (self.load.sum(axis=1) > 0)

    def due(self, first: int, steps: Whole) -> Array:
        """GWh that fall to the steps of a window that begins at ``first``."""
        return self.left * self.load[:, steps].sum(axis=1) / self.load[:, first:].sum(axis=1)

    def book(self, made: Array) -> None:
        """Output that was kept; what is above the guarantee is not owed again."""
        self.left = np.maximum(self.left - made, 0.0)


def cost_of(park: Park, step: float, arrays: dict[str, Array], weight: Array | None = None) -> float:
    """Running cost of a dispatch at what each decision costs [MCNY]; ``weight``: times that a step comes."""
    w = np.ones(arrays["generation"].shape[1]) if weight is None else weight
    return step * float(
        park.cost @ (arrays["generation"] @ w)
        + park.charge_cost @ (arrays["charge"] @ w)
        + park.discharge_cost @ (arrays["discharge"] @ w)
        + park.flow_cost @ (arrays["flow"] @ w)
        + park.unserved_cost @ (arrays["unserved"] @ w)
        + park.surplus_cost * (arrays["surplus"] @ w).sum()
    )


def checked(park: Park, hours: Hours, d: Dispatched, start: Array) -> float:
    """The largest error of any rule, from the arrays alone; refuses what is above `TOLERANCE`."""
    errors = residuals(park, hours, d, start)
    worst = max(errors, key=lambda name: errors[name])
    if not errors[worst] <= TOLERANCE:
        raise SelfCheckFailed(f"the dispatched year breaks its own rule: {worst} by {errors[worst]:.2e}")
    return errors[worst]


def residuals(park: Park, hours: Hours, d: Dispatched, start: Array) -> dict[str, float]:
    """Errors of balance, stored energy, limits, lines, contracts and water over all hours [GW or GWh]."""
    supply = d.unserved - d.surplus - hours.demand
    np.add.at(supply, park.home, d.generation)
    np.add.at(supply, park.store_home, d.discharge - d.charge)
    np.add.at(supply, park.receiver, park.delivered[:, None] * d.flow)
    np.add.at(supply, park.sender, -d.flow)
    came = np.concatenate([start[:, None], d.stored[:, :-1]], axis=1)
    one_way = park.one_way[:, None]
    stored = d.stored - came - hours.step * (one_way * d.charge - d.discharge / one_way)
    on_line = np.zeros((len(park.lines), hours.count))
    np.add.at(on_line, park.line, d.flow)
    net = d.flow[park.forward] - d.flow[park.backward]
    used = np.zeros_like(hours.water)
    np.add.at(used.T, hours.period, hours.step * d.generation[park.watered].T)
    over = {
        "output above what is available": d.generation - hours.most,
        "output below what must run": hours.least - d.generation,
        "charging above power": d.charge - park.power[:, None],
        "discharging above power": d.discharge - park.power[:, None],
        "stored energy above its limit": d.stored - park.energy[:, None],
        "flow above the line": on_line - park.line_capacity[:, None],
        "contract": np.maximum(park.low[:, None] - net, net - park.high[:, None]),
        "water": used - hours.water,
        "power below zero": -np.concatenate([d.charge, d.discharge, d.stored, d.flow, d.unserved, d.surplus]),
    }
    exact = {"balance": np.abs(supply), "stored energy": np.abs(stored)}
    return {name: float(x.max(initial=0.0)) for name, x in {**exact, **over}.items()}
