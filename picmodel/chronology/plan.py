"""What a finished run hands to chronological dispatch: what stands, what it costs to run, and the hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from picmodel.chronology.window import Array, Hours, Park, Whole
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.driver import market_options, require_same_inputs
from picmodel.errors import InputError
from picmodel.extract.results import SMALL_GW
from picmodel.extract.running_cost import COST_OF
from picmodel.scenario.load import load
from picmodel.scenario.schema import Scenario, at_years
from picmodel.units import to_base

#: what it costs to fall behind guaranteed output [MCNY/GWh], an assumption: it decides between fleets that
#: cost the same at handed-down prices, and is small beside what distinguishes others
PULL = to_base(20.0, "CNY/MWh")
#: of the tables that runs read, those that no dispatch does
UNUSED = ("finance.csv",)
#: a guarantee with a smaller dual does not bind [MCNY/GWh]
LEAST_DUAL = 1e-9


@dataclass(frozen=True)
class Plan:
    """One planning year of a finished run.

    Attributes:
        data: the run's system, with its representative days.
        solution, prices: of the planning year alone; ``prices`` with running costs.
        band: deviation from flat contracts that the scenario allows [share].
    """

    name: str
    year: int
    data: SystemData
    solution: xr.Dataset
    prices: xr.Dataset
    band: float = 0.0


def read_plan(folder: Path, year: int | None) -> tuple[Plan, Scenario]:
    """A planning year of a results folder, and the scenario that made it.

    Args:
        year: may be left out where the run has one planning year only.

    Raises:
        InputError: no finished run there, not a planning year, or inputs that changed since.
    """
    needed = ("scenario.yaml", "solution.nc", "prices.nc", "manifest.json")
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        text = f"{folder}: no {missing[0]} there; name the folder of a finished run (OUT/<scenario>)"
        raise InputError([text])
    scenario = load(folder / "scenario.yaml").scenarios[0]
    years = scenario.horizon.years
    if year is None and len(years) == 1:
        year = years[0]
    if year not in years:
        text = (
            f"--year {year}: no planning year of {scenario.name}; write one of {', '.join(map(str, years))}"
        )
        raise InputError([text])
    require_same_inputs(folder, scenario, UNUSED)  # else its hours would not be those of the plan
    with xr.open_dataset(folder / "solution.nc") as solution, xr.open_dataset(folder / "prices.nc") as prices:
        if COST_OF["v_generation"] not in prices:
            text = f"{folder}: its prices.nc holds no running costs; run the scenario again with this version"
            raise InputError([text])
        found = solution.sel(year=year).load(), prices.sel(year=year).load()
    power = market_options(scenario).get("power")
    band = at_years(power.contract_band_share, [year])[year] if power is not None else 0.0
    return Plan(scenario.name, year, system_data(scenario)[0], *found, band), scenario


def full_year(scenario: Scenario, year: int) -> SystemData:
    """The scenario's system with every hour of the year, made by the same rules as the plan's days."""
    horizon = scenario.horizon.model_copy(update={"years": (year,), "last_span": 1})
    time = scenario.time.model_copy(update={"periods": 365, "extremes": 0, "step_h": 1})
    return system_data(scenario.model_copy(update={"horizon": horizon, "time": time}))[0]


# -- what stands


def park_of(plan: Plan) -> Park:
    """Arrays of everything that stands in the planning year."""
    d, s, c = plan.data, plan.solution, plan.prices
    at = {r: i for i, r in enumerate(d.provinces)}
    capacity = {(r, g): float(s["v_capacity"].sel(province=r, technology=g)) for r, g in d.units}
    fleets = tuple(u for u in d.fleets if capacity[u] > SMALL_GW)
    stores = tuple(u for u in d.stores if capacity[u] > SMALL_GW)
    lines = {
        line.name: gw
        for line in d.corridors
        if (gw := float(s["v_line_capacity"].sel(corridor=line.name))) > SMALL_GW
    }
    arcs = {a: ends for a, ends in d.arcs.items() if ends[0].name in lines}
    number = {a: i for i, a in enumerate(arcs)}
    contracts = _contracts(plan, number)
    bound, guarantee, dual = _guarantees(plan, fleets)
    one_way = np.array([np.sqrt(d.efficiency[g]) for _, g in stores])
    price = _mean_price(plan)

    def cost(name: str, units: Sequence[tuple[str, str]]) -> Array:
        return np.array([float(c[name].sel(province=r, technology=g)) for r, g in units])

    return Park(
        provinces=d.provinces,
        fleets=fleets,
        home=_index(at[r] for r, _ in fleets),
        capacity=np.array([capacity[u] for u in fleets]),
        cost=cost("cost_generation", fleets),
        stores=stores,
        store_home=_index(at[r] for r, _ in stores),
        power=np.array([capacity[u] for u in stores]),
        energy=np.array([float(s["v_energy"].sel(province=r, technology=g)) for r, g in stores]),
        one_way=one_way,
        value=one_way * np.array([price[r] for r, _ in stores]),
        charge_cost=cost("cost_charge", stores) if stores else np.zeros(0),
        discharge_cost=cost("cost_discharge", stores) if stores else np.zeros(0),
        lines=tuple(lines),
        line_capacity=np.array([*lines.values()]),
        arcs=tuple(arcs),
        line=_index([*lines].index(line.name) for line, _, _ in arcs.values()),
        sender=_index(at[i] for _, i, _ in arcs.values()),
        receiver=_index(at[j] for _, _, j in arcs.values()),
        delivered=np.array([1 - line.loss for line, _, _ in arcs.values()]),
        flow_cost=np.array([float(c["cost_flow"].sel(arc=a)) for a in arcs]),
        forward=_index(forward for forward, *_ in contracts),
        backward=_index(backward for _, backward, _ in contracts),
        low=np.array([(1 - plan.band) * gw for *_, gw in contracts]),
        high=np.array([(1 + plan.band) * gw for *_, gw in contracts]),
        watered=_index(i for i, (r, g) in enumerate(fleets) if (r, g, d.time.periods[0]) in d.inflow),
        guaranteed=bound,
        guarantee=guarantee,
        over_cost=np.maximum(dual, PULL),
        under_cost=np.full(len(bound), PULL),
        unserved_cost=np.array([float(c["cost_unserved"].sel(province=r)) for r in d.provinces]),
        surplus_cost=d.lost_load,
    )


def _index(values) -> Whole:
    return np.array(list(values), dtype=np.int64)


def _contracts(plan: Plan, number: dict[str, int]) -> list[tuple[int, int, float]]:
    """(arc, the arc back, GW) of flat contracts, in the quantity that the plan chose."""
    if "v_contract" not in plan.solution:
        return []
    found = []
    for a in number:
        line, _, _ = plan.data.arcs[a]
        gw = float(plan.solution["v_contract"].sel(arc=a))
        back = next(b for b, *_ in line.arcs if b != a)
        if np.isfinite(gw):  # the corridor has a contract, if only of nothing: then no net flow either
            found.append((number[a], number[back], max(gw, 0.0)))
    return found


def _guarantees(plan: Plan, fleets: Sequence[tuple[str, str]]) -> tuple[Whole, Array, Array]:
    """Fleets whose guaranteed hours bind in the plan, their output [GWh/yr], and the dual [MCNY/GWh].

    The running cost of such a fleet holds the dual.
    """
    if "price_planned_hours" not in plan.prices:
        return _index(()), np.zeros(0), np.zeros(0)

    def of(array: xr.DataArray) -> Array:
        return np.array([float(array.sel(province=r, technology=g)) for r, g in fleets])

    dual = np.nan_to_num(of(plan.prices["price_planned_hours"]))
    bound = _index(np.flatnonzero(dual > LEAST_DUAL))
    return bound, of(plan.solution["v_annual_generation"])[bound], dual[bound]


def _mean_price(plan: Plan) -> dict[str, float]:
    """Mean energy price of each province over the plan's hours, weighted with demand [MCNY/GWh]."""
    weight, found = plan.solution["weight"].to_numpy(), {}
    for r in plan.data.provinces:
        energy = weight * _demand(plan.data, r, plan.year)
        found[r] = float(energy @ plan.prices["price_balance"].sel(province=r).to_numpy() / energy.sum())
    return found


# -- hours


def _demand(d: SystemData, province: str, year: int) -> Array:
    return np.array([d.demand[province, year, t] for t in d.time.slices])


def hours_of(d: SystemData, park: Park, year: int, less: Array | None = None) -> Hours:
    """Demand, availability, must-run and water of a system's slices.

    Args:
        less: (R, T) GW that mechanisms take off demand.
    """
    slices, known = d.time.slices, {p: i for i, p in enumerate(d.time.periods)}

    def by_fleet(table) -> Array:
        rows = [[table.get((r, g, t), 0.0) for t in slices] for r, g in park.fleets]
        return park.capacity[:, None] * np.array(rows).reshape(len(park.fleets), len(slices))

    water = [
        [park.capacity[i] * d.inflow[(*park.fleets[i], p)] for p in d.time.periods]
        for i in park.watered.tolist()
    ]
    demand = np.array([_demand(d, r, year) for r in d.provinces])
    return Hours(
        step=d.time.step,
        demand=demand if less is None else demand - less,
        most=by_fleet(d.availability),
        least=by_fleet(d.min_output),
        period=np.array([known[p] for p in d.time.period.values()]),
        water=np.array(water).reshape(len(park.watered), len(known)),
    )


def saved(plan: Plan, d: SystemData) -> Array | None:
    """Power that energy saving takes off demand, by the shape of each measure (R, T) [GW]."""
    if "v_saving" not in plan.solution:
        return None
    amount = plan.solution["v_saving"].fillna(0.0)
    shape, slices = d.policy["saving_shape"], d.time.slices
    found = np.zeros((len(d.provinces), len(slices)))
    for i, r in enumerate(d.provinces):
        for k in amount.measure.values.tolist():
            gwh = float(amount.sel(province=r, measure=k))
            if gwh > 0:
                found[i] += gwh * np.array([shape[r, k, t] for t in slices])
    return found


def planned(plan: Plan, park: Park) -> dict[str, Array]:
    """The plan's own dispatch by the names of `Dispatched`; a plan knows no surplus."""
    s = plan.solution

    def units(name: str, pairs: Sequence[tuple[str, str]]) -> Array:
        rows = [s[name].sel(province=r, technology=g).fillna(0.0).to_numpy() for r, g in pairs]
        return np.array(rows).reshape(len(pairs), s.sizes["time"])

    flow = s["v_flow"].sel(arc=list(park.arcs)).to_numpy() if park.arcs else np.zeros((0, s.sizes["time"]))
    unserved = s["v_unserved"].sel(province=list(park.provinces)).transpose("province", "time").to_numpy()
    return {
        "generation": units("v_generation", park.fleets),
        **{n: units(f"v_{n}", park.stores) for n in (("charge", "discharge", "stored"))},
        "flow": flow,
        "unserved": unserved,
        "surplus": np.zeros_like(unserved),
        "price": plan.prices["price_balance"]
        .sel(province=list(park.provinces))
        .transpose("province", "time")
        .to_numpy(),
    }
