"""The physical system in a program that nobody here wrote: PyPSA builds its own rows from our data.

`network_of` uses PyPSA's components only; `add_rules` adds what they cannot say.  Nothing is taken from
`picmodel.formulation`: what the two programs share is `SystemData`.

How our terms are said in PyPSA:

Time.  PyPSA knows investment periods and closes stores within one; it does not know several representative
periods of one planning year.  So the calendar is written in hundredths of a year, and period number p of
year y is the investment period 100 y + p.  Every store is then cyclic in its own representative period by
``e_cyclic_per_period``, without a row of ours.  A period is one of P pieces of its year, so its objective
weight is D[y]/P and a snapshot in it weighs P W[t]: capital is paid P times D/P, operation D W.

Vintages.  Each is a component with ``build_year`` and ``lifetime`` (years times 100), each with a dispatch of
its own, where we run all vintages of a fleet at one rate: they have one availability and one cost, so both
find the same optimum.  Annuity and fixed O&M are ``capital_cost`` and ``fom_cost``.

Old fleets.  PyPSA cannot retire what exists for economic reasons.  What is kept of a fleet is therefore one
extendable component per planning year that lives in that year alone, costs its fixed O&M, and is at
most what survives.

Stores.  A bus for what they hold, ``Store`` components on it for energy, ``Link`` components for
charging and discharging; those of all vintages meet on that bus, as in our pooled store.

Corridors.  A direction is a ``Link`` with its loss as efficiency and the export tariff as
marginal cost.  Both draw on a third bus ("right of way", ``efficiency2 = -1``), fed by what stands and by the
extendable expansions: one capacity for both directions without a row of ours.

Limits.  By province and what is committed: ``p_nom_max`` and ``p_nom_min``.  Potentials, and limits of lines
over the horizon: ``GlobalConstraint`` of the type ``tech_capacity_expansion_limit``.  PyPSA builds those one
by one, which takes most of its building time here; with ``native_limits=False`` they are rows of ours.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
import pypsa

from picmodel.data.system import SystemData

UNIT = 100  # calendar ticks in a year, so that representative periods fit between two years
SIMPLEX = {"solver": "simplex"}
INTERIOR = {"solver": "hipo", "run_crossover": "on", "hipo_system": "augmented"}


def network_of(data: SystemData, native_limits: bool = True) -> pypsa.Network:
    """The system as PyPSA components [GW, GWh, MCNY]; `add_rules` completes it.

    Args:
        native_limits: potentials and limits of lines as PyPSA's global constraints, else by `add_rules`.

    Raises:
        ValueError: the data hold something that this check does not cover.
    """
    if data.peak:
        raise ValueError("adequacy is not part of this check: switch it off")
    if len(data.time.periods) > UNIT:
        raise ValueError(f"more than {UNIT} representative periods do not fit into the calendar")
    n = pypsa.Network()
    _add_time(n, data)
    _add_buses(n, data)
    units = _units(data)
    _add_generators(n, data, units[~units.stores])
    _add_stores(n, data, units[units.stores])
    _add_corridors(n, data)
    n.meta.update(units=units, limits=_limits(data, units), native_limits=native_limits)
    if native_limits:
        _add_limits(n)
    return n


def objective(data: SystemData, solver_options: Mapping | None = None, native_limits: bool = True) -> float:
    """Least cost of the system as PyPSA and HiGHS find it [MCNY, discounted].

    Args:
        solver_options: options of HiGHS, `SIMPLEX` by default.
        native_limits: as in `network_of`.
    """
    with quiet():
        n = network_of(data, native_limits)
        status = n.optimize(
            multi_investment_periods=True,
            include_objective_constant=False,
            io_api="direct",
            extra_functionality=lambda n, snapshots: add_rules(n, snapshots, data),
            solver_options={"output_flag": False, **(solver_options or SIMPLEX)},
        )
    if status != ("ok", "optimal"):
        raise RuntimeError(f"PyPSA: {status}")
    return float(n.objective + n.objective_constant)


class quiet(warnings.catch_warnings):
    """PyPSA and linopy announce their own future; that is not our concern."""

    def __enter__(self):
        found = super().__enter__()
        warnings.simplefilter("ignore")
        for name in ("pypsa", "linopy"):
            logging.getLogger(name).setLevel(logging.ERROR)
        return found


# -- components


def _ticks(data: SystemData, y: int) -> list[int]:
    """Investment periods of a planning year, one for each representative period."""
    return [UNIT * y + i for i in range(len(data.time.periods))]


def _add_time(n: pypsa.Network, data: SystemData) -> None:
    labels = [
        (tick, t)
        for y in data.horizon.years
        for tick, p in zip(_ticks(data, y), data.time.periods)
        for t in data.time.slices_in[p]
    ]
    pieces = len(data.time.periods)
    n.set_snapshots(pd.MultiIndex.from_tuples(labels, names=["period", "timestep"]))
    n.snapshot_weightings["objective"] = [pieces * data.time.weight[t] for _, t in labels]
    n.snapshot_weightings["generators"] = [pieces * data.time.weight[t] for _, t in labels]
    n.snapshot_weightings["stores"] = data.time.step
    for y in data.horizon.years:
        n.investment_period_weightings.loc[_ticks(data, y), "objective"] = data.horizon.discount[y] / pieces
        n.investment_period_weightings.loc[_ticks(data, y), "years"] = data.horizon.span[y] / pieces


def _add_buses(n: pypsa.Network, data: SystemData) -> None:
    technologies = dict.fromkeys(g for _, g in data.units)
    n.add("Carrier", [*technologies, "AC", "held", "discharge", "energy", "line", "flow", "unserved"])
    provinces = list(data.provinces)
    n.add("Bus", provinces, carrier="AC")
    demand = _by_snapshot(n, {r: lambda y, t, r=r: data.demand[r, y, t] for r in provinces})
    n.add("Load", provinces, suffix=" load", bus=provinces, p_set=demand.add_suffix(" load"))
    n.add(
        "Generator",
        provinces,
        suffix=" unserved",
        bus=provinces,
        carrier="unserved",
        p_nom=10 * demand.to_numpy().sum(axis=1).max(),
        marginal_cost=data.lost_load,
    )


def _year_slices(n: pypsa.Network) -> list[tuple[int, int]]:
    """(y, t) of every snapshot."""
    return [(tick // UNIT, t) for tick, t in n.snapshots]


def _by_snapshot(n: pypsa.Network, values: Mapping[str, Callable[[int, int], float]]) -> pd.DataFrame:
    """A column for each ``name: value(y, t)``."""
    slices = _year_slices(n)
    return pd.DataFrame(
        {name: [value(y, t) for y, t in slices] for name, value in values.items()}, index=n.snapshots
    )


def _units(data: SystemData) -> pd.DataFrame:
    """Capacity that is decided on: one row for what is kept in a year, and one for each vintage."""
    kept_by_rule = {g for g, may in data.may_retire.items() if not may}
    rows = []
    for (r, g, y), gw in data.surviving.items():
        least = gw if y in data.horizon.past or g in kept_by_rule else 0.0
        fom = data.fixed_om.get((g, data.horizon.base_year), 0.0)
        rows.append((f"{r} {g} kept {y}", r, g, y, True, 1, least, gw, 0.0, fom))
    for r, g, v in data.vintages:
        least, most = data.committed.get((r, g, v), 0.0), data.build_limit.get((r, g, v), math.inf)
        rows.append(
            (
                f"{r} {g} built {v}",
                r,
                g,
                v,
                False,
                data.life[g],
                least,
                most,
                data.annuity.get((g, v), 0.0),
                data.fixed_om.get((g, v), 0.0),
            )
        )
    columns = ["name", "r", "g", "year", "kept", "life", "least", "most", "annuity", "fom"]
    units = pd.DataFrame(rows, columns=columns).set_index("name")
    units["stores"] = [unit in set(data.stores) for unit in zip(units.r, units.g)]
    return units


def _add_generators(n: pypsa.Network, data: SystemData, units: pd.DataFrame) -> None:
    def by_snapshot(value: Callable[[str, str, int, int], float]) -> pd.DataFrame:
        known = _by_snapshot(n, {f"{r} {g}": partial(value, r, g) for r, g in data.fleets})
        return known[units.r + " " + units.g].set_axis(units.index, axis="columns")

    n.add(
        "Generator",
        units.index,
        bus=units.r,
        carrier=units.g,
        p_nom_extendable=True,
        p_nom_min=units.least,
        p_nom_max=units.most,
        build_year=UNIT * units.year,
        lifetime=UNIT * units.life,
        capital_cost=units.annuity,
        fom_cost=units.fom,
        p_max_pu=by_snapshot(lambda r, g, y, t: data.availability.get((r, g, t), 0.0)),
        p_min_pu=by_snapshot(lambda r, g, y, t: data.min_output.get((r, g, t), 0.0)),
        marginal_cost=by_snapshot(
            lambda r, g, y, t: data.fuel_cost.get((r, g, y), 0.0) + data.variable_om.get((g, y), 0.0)
        ),
    )


def _add_stores(n: pypsa.Network, data: SystemData, units: pd.DataFrame) -> None:
    """Power costs sit on the charging link, energy costs on the store, wear on what is discharged."""
    if units.empty:
        return
    held = [f"{r} {s}" for r, s in data.stores]
    n.add("Bus", held, carrier="held")
    bus = units.r + " " + units.g
    one_way = units.g.map(lambda s: math.sqrt(data.efficiency[s]))
    alive = {"build_year": UNIT * units.year, "lifetime": UNIT * units.life}
    n.add(
        "Link",
        units.index,
        bus0=units.r,
        bus1=bus,
        carrier=units.g,
        efficiency=one_way,
        p_nom_extendable=True,
        p_nom_min=units.least,
        p_nom_max=units.most,
        capital_cost=units.annuity,
        fom_cost=units.fom,
        **alive,
    )
    wear = _by_snapshot(
        n,
        {
            f"{name} out": lambda y, t, s=s, share=one_way[name]: data.variable_om.get((s, y), 0.0) * share
            for name, s in units.g.items()
        },
    )
    n.add(
        "Link",
        wear.columns,
        bus0=bus.to_numpy(),
        bus1=units.r.to_numpy(),
        carrier="discharge",
        efficiency=one_way.to_numpy(),
        p_nom_extendable=True,
        marginal_cost=wear,
        **{k: x.to_numpy() for k, x in alive.items()},
    )
    fixed = [
        data.committed_energy[r, s, v] if v in data.horizon.past and not kept else math.nan
        for r, s, v, kept in zip(units.r, units.g, units.year, units.kept)
    ]
    known = pd.Series(fixed, index=units.index)
    n.add(
        "Store",
        units.index,
        bus=bus,
        carrier="energy",
        e_nom_extendable=True,
        e_cyclic_per_period=True,
        e_nom_min=known.fillna(0.0),
        e_nom_max=known.fillna(math.inf),
        capital_cost=[
            0.0 if kept else data.energy_annuity.get((s, v), 0.0)
            for s, v, kept in zip(units.g, units.year, units.kept)
        ],
        **alive,
    )


def _add_corridors(n: pypsa.Network, data: SystemData) -> None:
    if not data.corridors:
        return
    way = {line.name: f"way {line.name}" for line in data.corridors}
    n.add("Bus", list(way.values()), carrier="line")
    standing = _by_snapshot(
        n, {f"line {line}": lambda y, t, line=line: data.line_capacity[line, y] for line in way}
    )
    n.add("Generator", standing.columns, bus=list(way.values()), carrier="line", p_nom=1.0, p_max_pu=standing)
    new = [
        (line, v)
        for line in data.corridors
        if line.name in _expandable(data)
        for v in data.horizon.years
        if v not in data.horizon.past
    ]
    if new:
        n.add(
            "Generator",
            [f"line {line.name} built {v}" for line, v in new],
            carrier="line",
            bus=[way[line.name] for line, _ in new],
            p_nom_extendable=True,
            capital_cost=[line.annuity for line, _ in new],
            build_year=[UNIT * v for _, v in new],
        )
    arcs = [(arc, line, i, j) for arc, (line, i, j) in data.arcs.items()]
    most = standing.to_numpy().max() + max(data.line_limit.values(), default=0.0)
    n.add(
        "Link",
        [arc for arc, *_ in arcs],
        carrier="flow",
        p_nom=most,
        bus0=[i for *_, i, _ in arcs],
        bus1=[j for *_, j in arcs],
        efficiency=[1 - line.loss for _, line, *_ in arcs],
        bus2=[way[line.name] for _, line, *_ in arcs],
        efficiency2=-1.0,
        marginal_cost=[data.export_tariff.get(i, 0.0) for *_, i, _ in arcs],
    )


def _expandable(data: SystemData) -> list[str]:
    if set(data.horizon.years) == set(data.horizon.past):
        return []
    return [line.name for line in data.corridors if data.line_limit.get(line.name, 0.0) > 0]


def _limits(data: SystemData, units: pd.DataFrame) -> pd.DataFrame:
    """Upper limits of what stands: carrier, bus, investment period (none: the horizon), GW."""
    rows = [
        (f"limit {line}", "line", f"way {line}", math.nan, data.line_limit[line])
        for line in _expandable(data)
    ]
    first, last = units.year, units.year + units.life
    for y in data.horizon.years:
        alive = units[(first <= y) & (y < last)]
        for r, g in dict.fromkeys(zip(alive.r, alive.g)):
            if (r, g) in data.potential:
                rows.append((f"potential {r} {g} {y}", g, r, UNIT * y, data.potential[r, g]))
    columns = ["name", "carrier_attribute", "bus", "investment_period", "constant"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def _add_limits(n: pypsa.Network) -> None:
    limits = n.meta["limits"]
    if len(limits):
        n.add("GlobalConstraint", limits.index, type="tech_capacity_expansion_limit", sense="<=", **limits)


# -- what PyPSA's components cannot say


def add_rules(n: pypsa.Network, snapshots: pd.Index, data: SystemData) -> None:
    """All rows that are ours: five families, each with its reason (six without ``native_limits``)."""
    units = n.meta["units"]
    if not n.meta["native_limits"]:
        _limits_at_once(n)
    _retired_for_good(n, units)
    _water(n, snapshots, data, units)
    _national_limits(n, data, units)
    _one_power_both_ways(n, data, units)
    _duration(n, data, units)


def _retired_for_good(n: pypsa.Network, units: pd.DataFrame) -> None:
    """kept[y] <= kept[y-1].  Reason: PyPSA has no economic retirement (see *Old fleets*)."""
    kept = units[units.kept].sort_values("year", kind="stable")
    before = pd.Series(kept.index, index=kept.index).groupby([kept.r, kept.g]).shift()
    before = before.dropna()
    for component in ("Generator", "Link"):
        pairs = before[before.index.isin(n.c[component].static.index)]
        if len(pairs):
            gw = n.model[f"{component}-p_nom"]
            names = pairs.index.to_list()
            earlier = gw.sel(name=pairs.to_list()).assign_coords(name=names)
            n.model.add_constraints(gw.sel(name=names) - earlier <= 0, name=f"{component}-retired")


def _water(n: pypsa.Network, snapshots: pd.Index, data: SystemData, units: pd.DataFrame) -> None:
    """Output of a period <= inflow per GW times GW.  Reason: a generator's ``e_sum_max`` is one number of
    GWh over the whole horizon, and the inflow of a storage unit does not grow with its capacity."""
    wet = {(r, g) for r, g, _ in data.inflow}
    names = units.index[[unit in wet for unit in zip(units.r, units.g)]]
    if names.empty:
        return
    output, gw = n.model["Generator-p"], n.model["Generator-p_nom"]
    for tick in n.investment_periods:
        p = data.time.periods[tick % UNIT]
        active = n.c.generators.get_active_assets(tick)
        inflow = pd.Series(
            {
                x: data.inflow[units.r[x], units.g[x], p]
                for x in names
                if active[x] and (units.r[x], units.g[x], p) in data.inflow
            }
        ).rename_axis("name")
        there = inflow.index.to_list()
        within = snapshots[[i for i, (period, _) in enumerate(snapshots) if period == tick]]
        used = data.time.step * output.sel(name=there, snapshot=within).sum("snapshot")
        water = inflow.to_xarray() * gw.sel(name=there)
        n.model.add_constraints(used - water <= 0, name=f"Generator-water-{tick}")


def _national_limits(n: pypsa.Network, data: SystemData, units: pd.DataFrame) -> None:
    """What all provinces build of a vintage.  Reason: PyPSA's ``max_growth`` is one number for all years, and
    `tech_capacity_expansion_limit` counts what stands, not what was built in a period."""
    for (g, v), gw in data.national_build_limit.items():
        names = units.index[(units.g == g) & (units.year == v) & ~units.kept].to_list()
        if names:
            component = "Link" if units.stores[names[0]] else "Generator"
            built = n.model[f"{component}-p_nom"].sel(name=names).sum()
            n.model.add_constraints(built <= gw, name=f"{component}-national-{g}-{v}")


def _one_power_both_ways(n: pypsa.Network, data: SystemData, units: pd.DataFrame) -> None:
    """A store has one power for charging and discharging, at the grid's side.  Reason: two links."""
    stores = units[units.stores]
    if stores.empty:
        return
    gw = n.model["Link-p_nom"]
    one_way = stores.g.map(lambda s: math.sqrt(data.efficiency[s])).rename_axis("name").to_xarray()
    names = stores.index.to_list()
    out = gw.sel(name=[f"{name} out" for name in names]).assign_coords(name=names)
    n.model.add_constraints(one_way * out - gw.sel(name=names) == 0, name="Link-store_power")


def _duration(n: pypsa.Network, data: SystemData, units: pd.DataFrame) -> None:
    """Energy between a least and a longest duration of the power; what exists has its own.  Reason: links and
    stores have separate capacities, and a storage unit has one fixed ``max_hours``."""
    stores = units[units.stores & (units.kept | ~units.year.isin(data.horizon.past))]
    if stores.empty:
        return
    hours = pd.DataFrame(
        [
            (data.existing_duration.get((r, s), 0.0),) * 2 if kept else data.duration[s]
            for r, s, kept in zip(stores.r, stores.g, stores.kept)
        ],
        index=pd.Index(stores.index, name="name"),
        columns=["least", "most"],
    )
    names = stores.index.to_list()
    gw, gwh = n.model["Link-p_nom"].sel(name=names), n.model["Store-e_nom"].sel(name=names)
    n.model.add_constraints(gwh - hours.least.to_xarray() * gw >= 0, name="Store-duration_min")
    n.model.add_constraints(gwh - hours.most.to_xarray() * gw <= 0, name="Store-duration_max")


def _limits_at_once(n: pypsa.Network) -> None:
    """The rows of PyPSA's `tech_capacity_expansion_limit` in one go.  Reason: speed alone."""
    limits = n.meta["limits"]
    for component, bus in (("Generator", "bus"), ("Link", "bus0")):
        c = n.c[component]
        extendable = c.static.loc[c.extendables, ["carrier", bus]].reset_index(names="unit")
        found = limits.reset_index().merge(
            extendable, left_on=["carrier_attribute", "bus"], right_on=["carrier", bus]
        )
        active = {tick: c.get_active_assets(tick) for tick in found.investment_period.dropna().unique()}
        found = found[
            [
                math.isnan(tick) or active[tick][unit]
                for tick, unit in zip(found.investment_period, found.unit)
            ]
        ]
        if len(found):
            terms = range(len(found))
            gw = n.model[f"{component}-p_nom"].sel(name=found.unit.to_list()).assign_coords(name=terms)
            limit = pd.Series(found.name.to_list(), index=pd.Index(terms, name="name"), name="limit")
            total = (1.0 * gw).groupby(limit.to_xarray()).sum()
            most = limits.constant.rename_axis("limit").loc[total.indexes["limit"]]
            n.model.add_constraints(total <= most.to_xarray(), name=f"{component}-limits")
