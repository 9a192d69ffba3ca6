"""Limits on what power plants emit: a peak year, the emissions of another scenario, provincial caps.

All count *physical* emissions of all generation, starts included and nothing credited, so they hold
with any carbon market or without one.
"""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism
from picmodel.markets.emission_limits.options import (
    NAME,
    EmissionLimitsConfig,
    PeakYear,
    Provincial,
    caps,
    check,
    counted,
    emissions_of,
    hard,
    needs,
    peak_levels,
)
from picmodel.markets.emission_limits.settlement import income, indicators, margin, settle
from picmodel.units import to_base


def build(m: pyo.ConcreteModel, cfg: EmissionLimitsConfig, d: SystemData) -> None:
    """Add the limits that are set."""
    if cfg.peak_year:
        _add_peak(m, cfg.peak_year, d)
    if cfg.hold_emissions_of is not None:
        _add_held(m, cfg.hold_emissions_of, cfg.hold_slack_cny_per_t, d)
    if cfg.provincial:
        _add_provincial(m, cfg.provincial, d)


def _add_peak(m, peak: PeakYear, d: SystemData) -> None:
    m.peak_level = param(m.YEARS, data=peak_levels(peak, d))
    m.v_above_peak = _slack(m.YEARS, peak.slack_cny_per_t)
    m.peak_slack_price = _slack_price(peak.slack_cny_per_t)
    m.c_emission_peak = rows(m.YEARS, rule=emission_peak)
    add_cost(m, "above_peak", "transfer", above_peak, national=True)


def _add_held(m, name: str, slack: float | None, d: SystemData) -> None:
    held = {y: emissions_of(d, name, y) for y in d.horizon.years}
    m.held_emissions = param(m.YEARS, data=held)
    m.v_above_held = _slack(m.YEARS, slack)
    m.held_slack_price = _slack_price(slack)
    m.c_held_emissions = rows(m.YEARS, rule=held_emissions)
    add_cost(m, "above_held", "transfer", above_held, national=True)


def _slack(index: pyo.Set, price: float | None) -> pyo.Var:
    """What is emitted above a limit; nothing where exceeding it has no price."""
    return at_least_zero(index) if price is not None else pyo.Var(index, bounds=(0.0, 0.0))


def _slack_price(price: float | None) -> pyo.Param:
    return pyo.Param(initialize=to_base(price or 0.0, "CNY/t"))


def _add_provincial(m, provincial: Provincial, d: SystemData) -> None:
    limits, arcs = caps(provincial, d), counted(provincial, d)
    m.CAPPED = pyo.Set(initialize=list(limits), dimen=2)
    m.CAPPED_YEARS = pyo.Set(initialize=[y for y in d.horizon.years if any(key[1] == y for key in limits)])
    m.CAPPED_IN = pyo.Set(m.YEARS, initialize={y: [r for r, z in limits if z == y] for y in d.horizon.years})
    m.COUNTED_INTO = pyo.Set(
        m.PROVINCES, initialize={r: [a for a in arcs if d.arcs[a][2] == r] for r in d.provinces}
    )
    m.COUNTED_OUT = pyo.Set(
        m.PROVINCES, initialize={r: [a for a in arcs if d.arcs[a][1] == r] for r in d.provinces}
    )
    m.counted = param(m.ARCS, data=arcs, default=0.0)
    m.provincial_cap = param(m.CAPPED, data=limits)
    m.v_above_provincial_cap = _slack(m.CAPPED, provincial.slack_cny_per_t)
    m.provincial_slack_price = _slack_price(provincial.slack_cny_per_t)
    m.v_permits = pyo.Var(m.CAPPED, bounds=(None, None) if provincial.trade else (0.0, 0.0))
    m.c_provincial_cap = rows(m.CAPPED, rule=provincial_cap)
    if provincial.trade:
        m.c_permits = rows(m.CAPPED_YEARS, rule=permits)
    add_cost(m, "above_provincial_caps", "transfer", above_provincial_caps, national=True)


def emission_peak(m, y):
    """Emissions of all generation stay below the level of the peak, and fall after it [kt/yr].

    Dual    undiscounted, what the rule makes a tonne cost; nobody is paid it.
    """
    return sum(m.v_emissions[r, y] for r in m.PROVINCES) - m.v_above_peak[y] <= m.peak_level[y]


def held_emissions(m, y):
    """Emissions of all generation stay at those of another scenario [kt/yr].

    Dual    undiscounted, the price at which the state sells these emissions.
    """
    return sum(m.v_emissions[r, y] for r in m.PROVINCES) - m.v_above_held[y] <= m.held_emissions[y]


def provincial_cap(m, r, y):
    r"""Emissions that a province accounts for stay below its cap.

    .. math:: E_{ry} + \sum_{a \to r} f_a \sum_t W_t F_{ayt} - \sum_{r \to a} f_a \sum_t W_t F_{ayt}
              - s_{ry} - n_{ry} \le \bar{E}_{ry}

    with f the sender's factor times the share that the receiver accounts for, s what exceeds the cap and
    n permits bought from other provinces.

    Units   kt CO2/yr.
    Dual    undiscounted, what the cap makes a tonne cost in the province.
    """
    return (
        m.v_emissions[r, y]
        + sum(m.counted[a] * m.weight[t] * m.v_flow[a, y, t] for a in m.COUNTED_INTO[r] for t in m.TIMES)
        - sum(m.counted[a] * m.weight[t] * m.v_flow[a, y, t] for a in m.COUNTED_OUT[r] for t in m.TIMES)
        - m.v_above_provincial_cap[r, y]
        - m.v_permits[r, y]
        <= m.provincial_cap[r, y]
    )


def permits(m, y):
    """What provinces buy of each other they sell to each other [kt/yr]; dual: price of a permit."""
    return sum(m.v_permits[r, y] for r in m.CAPPED_IN[y]) == 0


def above_peak(m, y):
    """Slack of the peak rule [MCNY/yr]: a transfer, nothing is used up."""
    return m.peak_slack_price * m.v_above_peak[y]


def above_held(m, y):
    """Slack of the emissions held [MCNY/yr]."""
    return m.held_slack_price * m.v_above_held[y]


def above_provincial_caps(m, y):
    """Slack of provincial caps [MCNY/yr]."""
    return sum(m.provincial_slack_price * m.v_above_provincial_cap[r, y] for r in m.CAPPED_IN[y])


def _limit(name: str, dims: tuple[str, ...], meaning: str, status: str) -> Entry:
    return Entry(name, dims, "kt/yr", meaning, "MCNY/kt", "annual", status, -1)


EMISSION_LIMITS = Mechanism(
    name=NAME,
    summary="Limits on physical emissions: a peak year, another scenario's emissions, provincial caps",
    config=EmissionLimitsConfig,
    build=build,
    income=income,
    margin=margin,
    settle=settle,
    indicators=indicators,
    check=check,
    needs=needs,
    hard=hard,
    slacks={
        "v_above_peak": "emissions above the level of the peak",
        "v_above_held": "emissions above those of the scenario held",
        "v_above_provincial_cap": "emissions above provincial caps",
    },
    entries=(
        Entry("v_above_peak", ("year",), "kt/yr", "emissions above the level of the peak"),
        Entry("v_above_held", ("year",), "kt/yr", "emissions above those of the scenario held"),
        Entry("v_above_provincial_cap", ("province", "year"), "kt/yr", "emissions above provincial caps"),
        Entry("v_permits", ("province", "year"), "kt/yr", "permits bought from other provinces"),
        _limit("c_emission_peak", ("year",), "peak of emissions", "regulatory"),
        _limit("c_held_emissions", ("year",), "emissions of another scenario", "market"),
        _limit("c_provincial_cap", ("province", "year"), "cap of a province", "regulatory"),
        _limit("c_permits", ("year",), "permits traded between provinces", "market"),
    ),
)
