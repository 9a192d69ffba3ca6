"""The physical system in a Pyomo program that nobody here wrote: oemof.solph builds its rows from our data.

What oemof's components can say is said by them: fleets (``Source`` with ``Investment``, availability, least
output, and ``full_load_time_max`` for water), demand (``Sink``), stores (``GenericStorage``, balanced, with
``Investment`` in power both ways and in energy), corridors (``Link`` with losses), balances (``Bus``),
running costs, limits on emissions (`solph.constraints`).  What they cannot comes as a component of our own,
`Pathway`, with a block of rows, the way oemof's components bring theirs.  Nothing is taken from
`picmodel.formulation`.

Time.  All representative periods of all planning years lie side by side: each is a grid of its own over the
same hours, with running costs times D[y] W[t].  So a balanced store is cyclic in its own period.  The
multi-period mode of oemof.solph 0.6 is not used: it chains what a store holds through all planning years and
starts it empty, sums full-load hours over all of them, and fixes its own interest rate.

Pathway.  What is kept, built and added, with its limits and costs, is no matter of hours.  It is said as in
`pyomo_system`, and every ``Investment`` of a planning year is set equal to what stands then.  Reason: what is
``existing`` cannot retire, and one ``Investment`` cannot have vintages without that mode.  A fleet has one
output for all that stands, as in oemof's own mode and in picmodel.

Corridors.  Both directions of a ``Link`` share one capacity by a row of ours, because each of its flows has
its own.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping

import pyomo.environ as pyo
from oemof import solph
from oemof.network import Node
from pyomo.core.base.block import ScalarBlock

from picmodel.data.system import SystemData
from tests.crosscheck.pyomo_system import add_capacity, add_energy, add_lines, capital

Flow, Investment = solph.flows.Flow, solph.Investment
components, constraints = solph.components, solph.constraints


class Pathway(Node):
    """Which capacities of oemof's components stand in a planning year; `PathwayBlock` decides on them.

    Attributes:
        may_stand: (r, g, y) of which there can be capacity.
        outputs_of: (r, g, y) -> output of the fleet or store, as (component, bus), one for each period.
        stores: (r, s, y) -> storages, one for each period.
        lines: (l, y) -> flows into the link from both ends, a pair for each period.
        emitting: y -> flows of plants that emit.
    """

    def __init__(self, data: SystemData) -> None:
        super().__init__("pathway")
        self.data = data
        built = {(r, g, y) for r, g, v in data.vintages for y in data.horizon.years if v in data.alive(g, y)}
        self.may_stand = built | set(data.surviving)
        self.outputs_of: dict[tuple, list[tuple]] = {}
        self.stores: dict[tuple, list] = {}
        self.lines: dict[tuple, list[tuple]] = {}
        self.emitting: dict[int, dict] = {y: {} for y in data.horizon.years}

    def constraint_group(self):
        return PathwayBlock


class PathwayBlock(ScalarBlock):
    """Rows and costs of `Pathway`; oemof calls `_create` and `_objective_expression` of every block."""

    CONSTRAINT_GROUP = True

    def _create(self, group: list[Pathway]) -> None:
        (self._pathway,) = group
        data = self._pathway.data
        self.years = pyo.Set(initialize=data.horizon.years)
        self.provinces = pyo.Set(initialize=data.provinces)
        self.units = pyo.Set(initialize=data.units, dimen=2)
        self.stores = pyo.Set(initialize=data.stores, dimen=2)
        add_capacity(self, data)
        add_energy(self, data)
        add_lines(self, data)
        self._join()

    def _join(self) -> None:
        """Investments of oemof are what stands; both directions of a corridor share what stands."""
        m, pathway = self.parent_block(), self._pathway
        self.power_stands = pyo.ConstraintList()
        for unit, outputs in pathway.outputs_of.items():
            for output in outputs:
                self.power_stands.add(m.InvestmentFlowBlock.invest[*output, 0] == self.capacity[unit])
        self.energy_stands = pyo.ConstraintList()
        for unit, stores in pathway.stores.items():
            for store in stores:
                self.energy_stands.add(m.GenericInvestmentStorageBlock.invest[store, 0] == self.energy[unit])
        self.both_ways = pyo.ConstraintList()
        for key, pairs in pathway.lines.items():
            for there, back in pairs:
                for t in m.TIMESTEPS:
                    self.both_ways.add(m.flow[*there, t] + m.flow[*back, t] <= self.line_capacity[key])

    def _objective_expression(self):
        data = self._pathway.data
        return sum(data.horizon.discount[y] * capital(self, data, y) for y in data.horizon.years)


def model_of(data: SystemData, most_emissions: Mapping[int, float] | None = None) -> solph.Model:
    """The system as an oemof model [GW, GWh, kt, MCNY].

    Args:
        most_emissions: kt CO2 of all plants by planning year.

    Raises:
        ValueError: the data hold something that this check does not cover.
    """
    if data.peak or data.held:
        raise ValueError("adequacy and held capacities are not part of this check: switch them off")
    if len({len(slices) for slices in data.time.slices_in.values()}) > 1:
        raise ValueError("representative periods differ in their number of slices")
    pathway = Pathway(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oemof asks whether numbers that it does not use were meant
        steps = len(data.time.slices_in[data.time.periods[0]])
        system = solph.EnergySystem(
            timeindex=[i * data.time.step for i in range(steps + 1)], infer_last_interval=False
        )
        for y in data.horizon.years:
            for p in data.time.periods:
                system.add(*_grid(pathway, y, p))
        system.add(pathway)
        model = solph.Model(system)
        for y, most in (most_emissions or {}).items():
            if pathway.emitting[y]:
                constraints.generic_integral_limit(
                    model, "emissions", pathway.emitting[y], upper_limit=most, limit_name=f"emissions_{y}"
                )
    return model


def objective(
    data: SystemData, most_emissions: Mapping[int, float] | None = None, options: Mapping | None = None
) -> float:
    """Least cost of the system as oemof and HiGHS find it [MCNY, discounted].

    Raises:
        RuntimeError: no optimum (by oemof).
    """
    model = model_of(data, most_emissions)
    model.solve(solver="highs", cmdline_options=dict(options or {"solver": "simplex"}))
    return float(model.solver_results["best_feasible_objective"])


# -- one representative period of one planning year


def _grid(pathway: Pathway, y: int, p: int) -> Iterator[Node]:
    """Its nodes; what they cost in the period is discounted and weighted."""
    data = pathway.data
    bus = {r: solph.buses.Bus(f"{r} {y} {p}") for r in data.provinces}
    yield from bus.values()
    slices = data.time.slices_in[p]
    hours = data.time.weight[slices[0]] / data.time.step  # in the year, for each hour of the period
    for r in data.provinces:
        demand = [data.demand[r, y, t] for t in slices]
        yield components.Sink(f"{r} demand {y} {p}", inputs={bus[r]: Flow(nominal_capacity=1.0, fix=demand)})
        lost = Flow(variable_costs=data.horizon.discount[y] * hours * data.lost_load)
        yield components.Source(f"{r} unserved {y} {p}", outputs={bus[r]: lost})
    yield from _fleets(pathway, bus, y, p, hours)
    yield from _stores(pathway, bus, y, p, hours)
    yield from _corridors(pathway, bus, y, p, hours)


def _fleets(pathway: Pathway, bus: Mapping, y: int, p: int, hours: float) -> Iterator[Node]:
    data, slices = pathway.data, pathway.data.time.slices_in[p]
    for r, g in data.fleets:
        if (r, g, y) not in pathway.may_stand:
            continue
        cost = data.fuel_cost.get((r, g, y), 0.0) + data.variable_om.get((g, y), 0.0)
        factor = data.emission_factor.get(g, 0.0)
        output = Flow(
            nominal_capacity=Investment(),
            maximum=[data.availability.get((r, g, t), 0.0) for t in slices],
            minimum=[data.min_output.get((r, g, t), 0.0) for t in slices],
            full_load_time_max=data.inflow.get((r, g, p)),
            variable_costs=data.horizon.discount[y] * hours * cost,
            custom_properties={"emissions": hours * factor} if factor else None,
        )
        source = components.Source(f"{r} {g} {y} {p}", outputs={bus[r]: output})
        pathway.outputs_of.setdefault((r, g, y), []).append((source, bus[r]))
        if factor:
            pathway.emitting[y][source, bus[r]] = output
        yield source


def _stores(pathway: Pathway, bus: Mapping, y: int, p: int, hours: float) -> Iterator[Node]:
    data = pathway.data
    for r, s in data.stores:
        if (r, s, y) not in pathway.may_stand:
            continue
        share = math.sqrt(data.efficiency[s])
        wear = data.horizon.discount[y] * hours * data.variable_om.get((s, y), 0.0)
        store = components.GenericStorage(
            f"{r} {s} {y} {p}",
            inputs={bus[r]: Flow(nominal_capacity=Investment())},
            outputs={bus[r]: Flow(nominal_capacity=Investment(), variable_costs=wear)},
            nominal_capacity=Investment(),
            invest_relation_input_output=1.0,
            inflow_conversion_factor=share,
            outflow_conversion_factor=share,
        )
        pathway.outputs_of.setdefault((r, s, y), []).append((store, bus[r]))
        pathway.stores.setdefault((r, s, y), []).append(store)
        yield store


def _corridors(pathway: Pathway, bus: Mapping, y: int, p: int, hours: float) -> Iterator[Node]:
    data = pathway.data
    weight = data.horizon.discount[y] * hours
    for line in data.corridors:
        a, b = line.ends
        link = components.Link(
            f"{line.name} {y} {p}",
            inputs={bus[r]: Flow(variable_costs=weight * data.export_tariff.get(r, 0.0)) for r in (a, b)},
            outputs={bus[a]: Flow(), bus[b]: Flow()},
            conversion_factors={(bus[a], bus[b]): 1 - line.loss, (bus[b], bus[a]): 1 - line.loss},
        )
        pathway.lines.setdefault((line.name, y), []).append(((bus[a], link), (bus[b], link)))
        yield link
