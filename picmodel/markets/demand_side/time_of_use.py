"""How users move load under a tariff that is set beforehand: each minimises his own bill, outside the LP.

The tariff has the same price over some hours (a *run* of slices), and within a run users do not care when
they take power.  So the bill is minimised over runs, and what a run gains or gives up is spread over its
slices in proportion to what they can take or give.  This keeps every limit of the slices: within a run
load is only added or only taken away, so what is stored stays between its values at the two ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from picmodel.data.system import TimeSlices
from picmodel.errors import SelfCheckFailed

Array = NDArray[np.float64]
Key = tuple[str, str, int]

#: gain below which nobody bothers to move load [MCNY/GWh]: a thousandth of a yuan per MWh
INDIFFERENT = 1e-6


@dataclass(frozen=True)
class Limits:
    """What a class of users can do.

    Attributes:
        less: power that can be taken away, by slice [GW].
        more: power that can be added, by slice [GW].
        stored: energy that can be on its way from one slice to another [GWh].
    """

    less: Array
    more: Array
    stored: float


@dataclass(frozen=True)
class Run:
    """Slices of one period that follow each other at one price.

    Attributes:
        slices: their positions, in chronological order.
        before: number of the run before, cyclic within the period.
    """

    key: Key
    slices: list[int]
    before: int


def cheapest_bill(
    limits: Mapping[Key, Limits], price: Mapping[Key, Array], cost: float, loss: float, time: TimeSlices
) -> dict[Key, tuple[Array, Array]]:
    """Load added and taken away by users who pay ``price`` [GW by slice].

    Args:
        limits: what the users of each key can do.
        price: what they pay, by slice [MCNY/GWh].
        cost: what it costs them to take a GWh away [MCNY/GWh].
        loss: share of what is added that is lost.
    """
    runs = list(_runs(limits, price, time))
    if not runs:
        return {}
    more = np.array([time.step * limits[run.key].more[run.slices].sum() for run in runs])
    less = np.array([time.step * limits[run.key].less[run.slices].sum() for run in runs])
    stored = np.array([limits[run.key].stored for run in runs])
    paid = np.array([price[run.key][run.slices[0]] for run in runs])
    added, taken = _cheapest(runs, paid, more, less, stored, max(cost, INDIFFERENT), loss)
    found = {key: (np.zeros_like(lim.more), np.zeros_like(lim.less)) for key, lim in limits.items()}
    for run, gained, given in zip(runs, added / np.maximum(more, 1e-12), taken / np.maximum(less, 1e-12)):
        found[run.key][0][run.slices] = gained * limits[run.key].more[run.slices]
        found[run.key][1][run.slices] = given * limits[run.key].less[run.slices]
    return found


def _cheapest(
    runs: list[Run], paid: Array, more: Array, less: Array, stored: Array, cost: float, loss: float
) -> tuple[Array, Array]:
    """Energy added to and taken from each run [GWh a period] at the least bill of every user."""
    from scipy import sparse  # late: loading takes a second, and what has not changed needs none
    from scipy.optimize import linprog

    n = len(runs)
    one = sparse.identity(n, format="csr")
    before = sparse.csr_matrix((np.ones(n), (range(n), [run.before for run in runs])), shape=(n, n))
    # stored - stored before - (1 - loss) added + taken = 0
    kept = sparse.hstack([one - before, -(1 - loss) * one, one], format="csr")
    found = linprog(
        np.concatenate([np.zeros(n), paid, cost - paid]),
        A_eq=kept,
        b_eq=np.zeros(n),
        bounds=np.column_stack([np.zeros(3 * n), np.concatenate([stored, more, less])]),
        method="highs-ds",
    )
    if not found.success:
        raise SelfCheckFailed(f"the response to time-of-use tariffs was not found: {found.message}")
    _, added, taken = np.split(found.x, 3)
    return np.clip(added, 0.0, more), np.clip(taken, 0.0, less)


def _runs(limits: Mapping[Key, Limits], price: Mapping[Key, Array], time: TimeSlices) -> Iterator[Run]:
    """Runs of every key and period; a run may pass midnight, because the period is cyclic."""
    position = {t: i for i, t in enumerate(time.slices)}
    count = 0
    for key in limits:
        for slices in time.slices_in.values():
            day = np.array([position[t] for t in slices])
            paid = price[key][day]
            starts = np.flatnonzero(~np.isclose(paid, np.roll(paid, 1)))
            if len(starts) == 0:
                continue  # one price all day: nothing to gain
            parts = np.split(np.roll(day, -starts[0]), starts[1:] - starts[0])
            for i, part in enumerate(parts):
                yield Run(key, part.tolist(), count + (i - 1) % len(parts))
            count += len(parts)
