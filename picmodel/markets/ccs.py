"""Carbon capture: new plants that capture, conversion of coal units that stand, transport and storage of CO2.

What a plant emits is net of what it captures already in the system's emission factors, so every rule that
counts emissions counts the capture too.  What this mechanism adds is where the CO2 goes and what that costs,
how much the country can inject, and which units may be converted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy, with_nation
from picmodel.formulation.base import add_cost, add_term, at_least_zero, decides_capacity, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism, MechanismConfig
from picmodel.scenario.schema import ByYearOf, at_years
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

NAME = "ccs"


class CcsConfig(MechanismConfig):
    """Options of carbon capture."""

    available_from: int | None = Field(
        None,
        ge=2000,
        le=2100,
        description="first year in which plants with capture start and units are converted; null: as "
        "inputs/build_rates.csv says",
    )
    retrofits: bool = Field(
        True, description="units that stood at the base year may be converted (inputs/retrofits.csv)"
    )
    storage_cost_factor: float = Field(
        1.0, ge=0, le=10, description="transport and storage cost of inputs/co2_storage.csv times this"
    )
    injection_limit_mt: ByYearOf[Annotated[float, Field(ge=0, le=20000)]] | None = Field(
        None, description="CO2 that the country can inject, Mt/yr, by year; null: no limit"
    )


# -- formulation


def capturing(d: SystemData) -> list[tuple[str, str]]:
    """Fleets that capture."""
    return [(r, g) for r, g in d.fleets if g in d.captured]


def conversions(cfg: CcsConfig, d: SystemData) -> list[tuple[str, str, str, int]]:
    """(province, source, technology, vintage) that may be converted, in the years that are decided."""
    if not cfg.retrofits:
        return []
    pairs = dict.fromkeys((f, g) for f, g, _ in d.policy["retrofit_annuity"])
    return [
        (r, f, g, v)
        for r in d.provinces
        for f, g in pairs
        if (r, g) in d.fleets
        for v in d.horizon.years
        if (f, g, v) in d.policy["retrofit_annuity"]
        and (r, f, v) in d.surviving
        and v not in d.horizon.past
        and _started(cfg, v)
    ]


def _started(cfg: CcsConfig, v: int) -> bool:
    return cfg.available_from is None or v >= cfg.available_from


def prepare(m: pyo.ConcreteModel, cfg: CcsConfig, d: SystemData) -> None:
    """Conversions move capacity from the fleet that stands to one that captures."""
    years, found = d.horizon.years, conversions(cfg, d)
    leaving: dict[tuple, list] = {(r, g, y): [] for r, g in d.units for y in years}
    joining: dict[tuple, list] = {key: [] for key in leaving}
    paid: dict[tuple, list] = {(r, y): [] for r in d.provinces for y in years}
    for r, f, g, v in found:
        for y in years:
            if v in d.alive(g, y):
                leaving[r, f, y].append((g, v))
                joining[r, g, y].append((f, v))
                paid[r, y].append((f, g, v))
    m.RETROFITS = pyo.Set(initialize=found, dimen=4)
    m.RETROFITTED_FROM = pyo.Set(m.UNITS, m.YEARS, initialize=leaving, dimen=2)
    m.RETROFITTED_TO = pyo.Set(m.UNITS, m.YEARS, initialize=joining, dimen=2)
    m.RETROFITS_PAID = pyo.Set(m.PROVINCES, m.YEARS, initialize=paid, dimen=3)
    m.RETROFIT_SOURCES = pyo.Set(initialize=[key for key, some in leaving.items() if some], dimen=3)
    m.v_retrofit = at_least_zero(m.RETROFITS)
    decides_capacity(m, "v_retrofit")
    if found:
        add_term(m, "capacity", converted)


def build(m: pyo.ConcreteModel, cfg: CcsConfig, d: SystemData) -> None:
    """Add the cost and limit of storage, and the limits of conversion."""
    fleets = capturing(d)
    m.CAPTURING = pyo.Set(initialize=fleets, dimen=2)
    m.CAPTURING_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in fleets if s == r] for r in d.provinces}
    )
    names = list(dict.fromkeys(g for _, g in fleets))
    m.CAPTURING_TECHNOLOGIES = pyo.Set(initialize=names)
    m.captured = param(m.CAPTURING_TECHNOLOGIES, data={g: d.captured[g] for g in names})
    m.co2_storage_cost = param(m.PROVINCES, data=storage_cost(cfg, d))
    add_cost(m, "co2_storage", "resource", co2_storage)
    if cfg.injection_limit_mt is not None:
        limit = at_years(cfg.injection_limit_mt, d.horizon.years)
        m.injection_limit = param(m.YEARS, data={y: to_base(x, "Mt") for y, x in limit.items()})
        m.c_injection = rows(m.YEARS, rule=injection)
    for r, g, v in m.VINTAGES:
        if g in d.captured and not _started(cfg, v):
            m.v_build[r, g, v].setub(0.0)
    if len(m.RETROFITS):
        _add_conversion(m, d)


def _add_conversion(m: pyo.ConcreteModel, d: SystemData) -> None:
    known = list(m.RETROFITS)
    of: dict[tuple, list] = {}
    for r, f, g, v in known:
        of.setdefault((g, v), []).append((r, f))
    limit = {key: gw for key, gw in d.policy["retrofit_limit"].items() if key in of}
    m.RETROFITS_LIMITED = pyo.Set(initialize=list(limit), dimen=2)
    m.RETROFITS_OF = pyo.Set(m.RETROFITS_LIMITED, initialize={key: of[key] for key in limit}, dimen=2)
    m.RETROFIT_KINDS = pyo.Set(initialize=list(dict.fromkeys(k[1:] for k in known)), dimen=3)
    m.retrofit_limit = param(m.RETROFITS_LIMITED, data=limit)
    m.retrofit_annuity = param(
        m.RETROFIT_KINDS, data={key: d.policy["retrofit_annuity"][key] for key in m.RETROFIT_KINDS}
    )
    if d.held is None:
        m.c_retrofit_source = rows(m.RETROFIT_SOURCES, rule=retrofit_source)
        m.c_retrofit_limit = rows(m.RETROFITS_LIMITED, rule=retrofit_limit)
    add_cost(m, "retrofit", "resource", retrofit_cost)


def converted(m, r, g, y):
    """Units converted leave their fleet and join one that captures, gross for gross [GW]."""
    return sum(m.v_retrofit[r, f, g, v] for f, v in m.RETROFITTED_TO[r, g, y]) - sum(
        m.v_retrofit[r, g, to, v] for to, v in m.RETROFITTED_FROM[r, g, y]
    )


def retrofit_source(m, r, f, y):
    r"""What is converted is of the fleet that stood at the base year and still stands.

    .. math:: \sum_{g} \sum_{v \le y < v + L_g} R_{rfgv} - E_{rfy} \le 0

    A unit is thus converted only if it stands as long as its capture plant, or to the end of the horizon.

    Units   GW gross.
    Dual    <= 0; minus it, undiscounted, is what one more unit to convert is worth to its owner.
    """
    return (
        sum(m.v_retrofit[r, f, g, v] for g, v in m.RETROFITTED_FROM[r, f, y])
        - sum(m.v_exist[r, f, k] for k in m.EXISTING_IN[r, f, y])
        <= 0
    )


def retrofit_limit(m, g, v):
    """What the country converts since the planning year before, within its rate [GW]."""
    return sum(m.v_retrofit[r, f, g, v] for r, f in m.RETROFITS_OF[g, v]) <= m.retrofit_limit[g, v]


def injection(m, y):
    r"""What is captured can be injected: :math:`\sum_{rg} k_g G_{rgy} \le I_y` [kt/yr].

    Dual    <= 0; minus it, undiscounted, is the rent of those who own storage.
    """
    return sum(m.captured[g] * m.v_annual_generation[r, g, y] for r, g in m.CAPTURING) <= m.injection_limit[y]


def co2_storage(m, r, y):
    """Transport and storage of what is captured [MCNY/yr]."""
    return sum(
        m.co2_storage_cost[r] * m.captured[g] * m.v_annual_generation[r, g, y] for g in m.CAPTURING_OF[r]
    )


def retrofit_cost(m, r, y):
    """Annuities of conversions and their extra fixed O&M [MCNY/yr]; the unit's own goes on."""
    return sum(m.retrofit_annuity[f, g, v] * m.v_retrofit[r, f, g, v] for f, g, v in m.RETROFITS_PAID[r, y])


def storage_cost(cfg: CcsConfig, d: SystemData) -> dict[str, float]:
    """Transport and storage by province where the CO2 is captured [MCNY/kt]."""
    return {r: cfg.storage_cost_factor * x for r, x in d.policy["co2_storage_cost"].items()}


def check(cfg: CcsConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    return list(_problems(cfg, d))


def _problems(cfg: CcsConfig, d: SystemData) -> Iterator[str]:
    free = [y for y in d.horizon.years if y not in d.horizon.past]
    if not capturing(d):
        yield (
            "markets.ccs: no plant of the system can capture; set `physical.expand` to true, add provinces "
            "with coal or gas, or delete `markets.ccs`"
        )
        return
    if cfg.available_from is not None:
        if cfg.available_from > d.horizon.years[-1]:
            yield (
                f"markets.ccs.available_from: {cfg.available_from} is after the last planning year "
                f"{d.horizon.years[-1]}; write an earlier year, or delete `markets.ccs`"
            )
        elif free and cfg.available_from <= free[0]:
            yield (
                f"markets.ccs.available_from: {cfg.available_from} holds nothing back, the first year "
                f"that is decided is {free[0]}; delete it"
            )
        for (r, g, v), gw in d.committed.items():
            if g in d.captured and gw > 0 and not _started(cfg, v):
                yield (
                    f"markets.ccs.available_from: {g} in {r} is under construction for {v}; write a year "
                    f"not after {v}"
                )


# -- money


def transport_and_storage(results: Results, cfg: CcsConfig) -> xr.DataArray:
    """What it costs to transport and store a tonne (province) [MCNY/kt]."""
    return results.from_keys({(r,): x for r, x in storage_cost(cfg, results.data).items()}, ("province",))


def storage_price(results: Results, cfg: CcsConfig) -> xr.DataArray:
    """What a plant pays per tonne it hands over: cost and rent (province, year) [MCNY/kt]."""
    return transport_and_storage(results, cfg) + storage_rent(results)


def storage_rent(results: Results) -> xr.DataArray:
    """Rent of scarce storage by year [MCNY/kt]."""
    if "c_injection" in results.duals:
        return results.price("c_injection")
    return xr.zeros_like(results.discount)


def captured_factor(results: Results) -> xr.DataArray:
    """CO2 captured per net output (technology) [kt/GWh]."""
    return results.from_keys({(g,): x for g, x in results.data.captured.items()}, ("technology",)).fillna(0.0)


def captured(results: Results) -> xr.DataArray:
    """CO2 captured (province, technology, year) [kt/yr]."""
    return captured_factor(results) * results.values["v_annual_generation"].fillna(0.0)


def margin(results: Results, cfg: CcsConfig, d: SystemData) -> Lines:
    """Transport and storage, and the rent of storage, per gross GW."""
    handed_over = captured_factor(results) * results.output_per_gw()
    lines = {"co2_storage": -transport_and_storage(results, cfg) * handed_over}
    if "c_injection" in results.duals:
        lines["storage_rent"] = -storage_rent(results) * handed_over
    return lines


def income(results: Results, cfg: CcsConfig, d: SystemData) -> Lines:
    """What a gross GW pays those who transport and store its CO2."""
    handed_over = captured_factor(results) * results.output_per_gw()
    return {"co2_storage": -storage_price(results, cfg) * handed_over}


def settle(results: Results, cfg: CcsConfig, d: SystemData) -> list[pd.DataFrame]:
    """Plants pay those who transport and store: cost, and the rent where storage is scarce."""
    amount = captured(results)
    return [
        entries(
            "generators",
            "co2_storage",
            NAME,
            "CO2 stored",
            storage_price(results, cfg) * amount,
            amount,
            "kt",
        )
    ]


# -- indicators


def indicators(results: Results, cfg: CcsConfig, d: SystemData) -> list[pd.DataFrame]:
    """What is captured and by which plants, what storage and a tonne avoided cost."""
    stored = captured(results)
    stands = results.values["v_capacity"].where(captured_factor(results) > 0)
    found = [
        tidy(with_nation(stored.where(captured_factor(results) > 0)), "captured_co2", "Mt/yr", 1e-3),
        tidy(with_nation(stored.sum("technology")), "captured_co2", "Mt/yr", 1e-3),
        tidy(with_nation(stands), "capture_capacity", "GW"),
        tidy(with_nation(stands.sum("technology")), "capture_capacity", "GW"),
        tidy(storage_price(results, cfg), "co2_storage_price", "CNY/t", 1e3),
        tidy(avoidance_cost(results, cfg), "cost_of_co2_avoided", "CNY/t", 1e3),
    ]
    if "c_injection" in results.duals:
        found.append(tidy(storage_rent(results), "co2_storage_rent", "CNY/t", 1e3))
    if "v_retrofit" in results.values:
        moved = (
            results.values["v_retrofit"]
            .sum("technology", min_count=1)
            .rename(source="technology", vintage="year")
        )
        found.append(tidy(with_nation(moved), "converted_capacity", "GW"))
    return found


def avoidance_cost(results: Results, cfg: CcsConfig) -> xr.DataArray:
    r"""Cost of a tonne avoided against the plant without capture (province, technology, year) [MCNY/kt].

    .. math:: \frac{c_g - c_f}{e_f - e_g}

    per net MWh, both at all the hours they are available.  A new plant is compared with the cheapest plant
    without capture of its group that may be built in the province, a conversion with the unit as it stands,
    whose capital is sunk in both; of several sources, the cheapest conversion.
    """
    d, found = results.data, {}
    hours = _available_hours(d)
    for r, g in capturing(d):
        for y in results.years:
            costs = [
                (cost - before) / (d.emission_factor[f] - d.emission_factor[g])
                for f, before, cost in _compared(cfg, d, hours, r, g, y)
            ]
            if costs:
                found[r, g, y] = min(costs)
    return results.from_keys(found, ("province", "technology", "year"))


def _compared(
    cfg: CcsConfig, d: SystemData, hours, r: str, g: str, y: int
) -> Iterator[tuple[str, float, float]]:
    """Plants without capture to compare with: (name, its cost, cost with capture) [MCNY/GWh]."""
    stored = storage_cost(cfg, d)[r] * d.captured[g]
    running = _running(d, r, g, y) + stored
    if (r, g) in d.buildable:
        rivals = {
            f: _running(d, r, f, y) + (d.annuity[f, y] + d.fixed_om.get((f, y), 0.0)) / hours[r, f]
            for s, f in d.fleets
            if s == r and (s, f) in d.buildable and f not in d.captured and d.group[f] == d.group[g]
        }
        if rivals:
            f = min(rivals, key=rivals.__getitem__)
            yield f, rivals[f], running + (d.annuity[g, y] + d.fixed_om.get((g, y), 0.0)) / hours[r, g]
    for f, to, v in d.policy["retrofit_annuity"]:
        if (to, v) == (g, y) and (r, f, y) in d.surviving:
            fixed = d.fixed_om.get((f, d.horizon.base_year), 0.0)
            added = d.policy["retrofit_annuity"][f, to, v]
            yield f, _running(d, r, f, y) + fixed / hours[r, f], running + (fixed + added) / hours[r, g]


def _running(d: SystemData, r: str, g: str, y: int) -> float:
    """Fuel and variable O&M [MCNY/GWh]."""
    return d.fuel_cost.get((r, g, y), 0.0) + d.variable_om.get((g, y), 0.0)


def _available_hours(d: SystemData) -> dict[tuple[str, str], float]:
    """Net output of a gross GW that runs whenever it is available [GWh/GW-yr]."""
    hours: dict[tuple[str, str], float] = {}
    for (r, g, t), share in d.availability.items():
        hours[r, g] = hours.get((r, g), 0.0) + d.time.weight[t] * share
    return hours


CCS = Mechanism(
    name=NAME,
    summary="Carbon capture: new plants, conversion of coal units, transport and storage of CO2",
    config=CcsConfig,
    prepare=prepare,
    build=build,
    check=check,
    income=income,
    margin=margin,
    settle=settle,
    indicators=indicators,
    headline=("captured_co2",),
    entries=(
        Entry(
            "v_retrofit",
            ("province", "source", "technology", "vintage"),
            "GW",
            "gross capacity converted to capture",
        ),
        Entry(
            "c_retrofit_source",
            ("province", "source", "year"),
            "GW",
            "what is converted still stands",
            "MCNY/GW-yr",
            "annual",
            "physical",
            -1,
        ),
        Entry(
            "c_retrofit_limit",
            ("technology", "vintage"),
            "GW",
            "what the country converts",
            "MCNY/GW",
            "vintage",
            "physical",
            -1,
        ),
        Entry(
            "c_injection",
            ("year",),
            "kt/yr",
            "CO2 that the country can inject",
            "MCNY/kt",
            "annual",
            "physical",
            -1,
        ),
    ),
)
