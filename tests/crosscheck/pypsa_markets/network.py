"""The network with mechanisms, and what their rows are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import linopy
import pandas as pd
import pypsa
import xarray as xr

from picmodel.data.system import SystemData
from tests.crosscheck.pypsa_system import SIMPLEX, UNIT, add_rules, network_of, quiet

Component = Callable[[pypsa.Network, SystemData], None]
Rule = Callable[[pypsa.Network, SystemData], None]


def solved(
    data: SystemData,
    components: Sequence[Component] = (),
    rules: Sequence[Rule] = (),
    **options,
) -> pypsa.Network:
    """The network at least cost, with mechanisms.

    Args:
        options: of `Network.optimize`, such as ``linearized_unit_commitment``.
    """
    with quiet():
        n = network_of(data, native_limits=False)
        for add in components:
            add(n, data)

        def complete(n: pypsa.Network, snapshots: pd.Index) -> None:
            add_rules(n, snapshots, data)
            for add in rules:
                add(n, data)

        status = n.optimize(
            multi_investment_periods=True,
            include_objective_constant=False,
            io_api="direct",
            extra_functionality=complete,
            solver_options={"output_flag": False, **SIMPLEX},
            **options,
        )
    if status != ("ok", "optimal"):
        raise RuntimeError(f"PyPSA: {status}")
    return n


def cost_of(n: pypsa.Network) -> float:
    """What was minimised [MCNY, discounted]."""
    return float(n.objective + n.objective_constant) + n.meta.get("constant", 0.0)


def dual(n: pypsa.Network, name: str) -> float:
    """Derivative of the discounted cost by the right side of a row [MCNY per unit and year]."""
    return float(n.model.constraints[name].dual)


# -- what a row is made of


def slices_of(n: pypsa.Network, y: int) -> pd.MultiIndex:
    """Snapshots of a planning year."""
    return n.snapshots[[tick // UNIT == y for tick, _ in n.snapshots]]


def calendar(n: pypsa.Network) -> list[tuple[int, int]]:
    return [(tick // UNIT, t) for tick, t in n.snapshots]


def weight(n: pypsa.Network, data: SystemData, y: int) -> xr.DataArray:
    """Hours a year of the snapshots of a planning year [h/yr]."""
    index = slices_of(n, y)
    return pd.Series(
        [data.time.weight[t] for _, t in index], index=index.rename(n.snapshots.names)
    ).to_numpy()


def running(
    n: pypsa.Network, y: int, places: Iterable[str] | None = None, technologies: Iterable[str] | None = None
) -> list[str]:
    """Generators of some provinces and technologies that stand in a planning year."""
    units = n.meta["units"]
    places, technologies = places and set(places), technologies and set(technologies)
    alive = (units.year <= y) & (y < units.year + units.life) & ~units.stores
    if places is not None:
        alive &= units.r.isin(places)
    if technologies is not None:
        alive &= units.g.isin(technologies)
    return units.index[alive].to_list()


def running_ever(n: pypsa.Network) -> list[str]:
    units = n.meta["units"]
    return units.index[~units.stores].to_list()


def power(n: pypsa.Network, component: str, names: Sequence[str], y: int):
    """Power of components by snapshot of a year [GW]."""
    return n.model[f"{component}-p"].sel(name=list(names), snapshot=slices_of(n, y))


def energy(n: pypsa.Network, data: SystemData, y: int, names: Sequence[str], component: str = "Generator"):
    """Output of components in a planning year [GWh/yr]; 0 where there is none."""
    if not len(names):
        return 0
    hours = xr.DataArray(weight(n, data, y), dims="snapshot")
    found = power(n, component, names, y)
    return (hours.assign_coords(snapshot=found.indexes["snapshot"]) * found).sum()


def capacity(n: pypsa.Network, names: Iterable[str], variable: str = "Generator-p_nom"):
    """Capacity of components together [GW, or GWh of stores]."""
    return sum(1.0 * n.model[variable].sel(name=x, drop=True) for x in names)


def available_hours(data: SystemData, r: str, g: str) -> float:
    """What a gross GW could give in a year [GWh/GW-yr]."""
    return sum(data.time.weight[t] * data.availability.get((r, g, t), 0.0) for t in data.time.slices)


def by_technology(
    n: pypsa.Network,
    data: SystemData,
    y: int,
    factor: Mapping[str, float],
    places: Iterable[str] | None = None,
):
    """Output times a factor of its technology, summed: emissions, duties, certificates."""
    parts = [
        x * energy(n, data, y, running(n, y, places, [g]))
        for g, x in factor.items()
        if x and running(n, y, places, [g])
    ]
    return sum(parts) if parts else 0


def consumption(n: pypsa.Network, data: SystemData, r: str, y: int):
    """Demand that is served, with losses of stores, less what is saved or given up: variables, a number."""
    units = n.meta["units"]
    alive = (units.year <= y) & (y < units.year + units.life) & units.stores & (units.r == r)
    stores = units[alive]
    found = -1 * energy(n, data, y, [f"{r} unserved", *n.meta.get("less", {}).get((r, y), [])])
    for s, names in stores.groupby("g").groups.items():
        out = [f"{name} out" for name in names]
        found = found + energy(n, data, y, list(names), "Link")
        found = found - math.sqrt(data.efficiency[s]) * energy(n, data, y, out, "Link")
    return found, sum(data.time.weight[t] * data.demand[r, y, t] for t in data.time.slices)


def in_snapshot(n: pypsa.Network, variable: str, name: str, now):
    """A variable of one component in one snapshot, as an expression."""
    return bare(n.model[variable].sel(name=name, snapshot=now))


def bare(x):
    return (1.0 * x).drop_vars([c for c in ("snapshot", "period", "timestep") if c in x.coords])


# -- rows


def added(n: pypsa.Network, name: str, most: float = math.inf, least: float = 0.0) -> linopy.Variable:
    """A quantity that the components do not have, within limits."""
    return n.model.add_variables(lower=least, upper=most, name=name)


def pay(n: pypsa.Network, data: SystemData, y: int, amount) -> None:
    """Add a yearly amount to what is minimised [MCNY/yr]."""
    n.model.objective = n.model.objective.expression + data.horizon.discount[y] * amount


def row(n: pypsa.Network, name: str, left, sign: str, right: float) -> None:
    """A row with its variables on the left."""
    n.model.add_constraints(left, sign, right, name=name)
