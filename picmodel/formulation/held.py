r"""Capacities held at what another plan found: the same system, in which only operation is decided.

At exactly the optimal capacity the price of a peak hour may be anything from the marginal cost of the last
plant to the value of lost load, since a GW less is missed and a GW more is idle.  So capacities are held a
little beside the optimum, all by one factor:

.. math:: X = f \hat X, \qquad f = 1 + \epsilon \text{ (lower end)}, \; 1 - \epsilon \text{ (upper end)}

for every variable that decides on capacity (`base.decides_capacity`) and for lines that stand anyway.
Rows that only limit such decisions are left out: build limits, potentials, commitments, retirement, and
adequacy, which has no dual where capacity is fixed.  What capacity costs stays in the cost items, as a
constant, so that system cost compares with that of plans that build.
"""

from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo

from picmodel.data.system import Held, SystemData
from picmodel.errors import InputError

#: how far beside the optimum capacities are held: far enough for a solver, too little to be seen in results
BESIDE_SHARE = 1e-3
LOWER_END, UPPER_END = 1.0 + BESIDE_SHARE, 1.0 - BESIDE_SHARE
LEAST_GW = 1e-6  # less than a kW, or a kWh, is rounding


def held_at(data: SystemData, held: Held, factor: float = LOWER_END) -> SystemData:
    """The system with capacities held at what another plan found, times a factor.

    Raises:
        InputError: the other plan has capacity where this system cannot, or no adequacy rule.
    """
    if data.peak and not held.capacity_price:
        raise InputError(
            [
                f"physical.capacities_of: `{held.of}` has no adequacy rule and so no price of capacity, this "
                "scenario has one; give both the same `physical.adequacy`"
            ]
        )
    return replace(data, held=replace(held, factor=factor))


def hold(m: pyo.ConcreteModel, held: Held) -> None:
    """Fix every decision on capacity, by its bounds; the reduced cost is then what a GW more would save."""
    _require_places(m, held)
    for name in m.capacities:
        known = held.capacities.get(name, {})
        for key, variable in m.component(name).items():
            amount = held.factor * known.get(key, 0.0)
            variable.setlb(amount)
            variable.setub(amount)


def _require_places(m: pyo.ConcreteModel, held: Held) -> None:
    """What the other plan built must be known here: the same technologies, lines and conversions."""
    lost = {
        (name, key): gw
        for name, known in held.capacities.items()
        for key, gw in known.items()
        if name not in m.capacities or key not in m.component(name)
    }
    if lost:
        (name, key), gw = max(lost.items(), key=lambda item: item[1])
        raise InputError(
            [
                f"physical.capacities_of: `{held.of}` has capacity that this scenario has no place for "
                f"({len(lost)} kinds; the largest: {name} {', '.join(map(str, key))}, {gw:,.3g}); give both "
                "the same provinces, years, technologies, corridors and mechanisms that build or convert"
            ]
        )
