"""The power market: what bends dispatch and investment; how it is paid is in `settlement`.

``dispatch`` is a bundle of separate switches; each can be set on its own and by year (`options`).
"""

from __future__ import annotations

import pyomo.environ as pyo
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism
from picmodel.markets.power.check import check
from picmodel.markets.power.indicators import indicators
from picmodel.markets.power.options import RENEWABLES, PowerConfig
from picmodel.markets.power.settlement import existing_income, income, settle
from picmodel.markets.power.terms import (
    capacity_payments,
    contract_profile,
    contract_years,
    contracted_fleets,
    given_contracts,
    hours_owed,
    planned_fleets,
    planned_share,
    premiums,
    price_limits,
)
from picmodel.scenario.schema import at_years
from picmodel.units import to_base


def build(m: pyo.ConcreteModel, cfg: PowerConfig, d: SystemData) -> None:
    """Add the switches that are on."""
    m.power_slack_price = pyo.Param(initialize=to_base(cfg.slack_cny_per_mwh, "CNY/MWh"))
    if cfg.planned_share is not None:
        _add_planned_hours(m, cfg, d)
    if cfg.curtailment_limit_share is not None:
        _add_curtailment_limit(m, cfg, d)
    _add_age_only(m, cfg, d)
    if cfg.flows == "contracts":
        _add_contracts(m, cfg, d)
    if cfg.barrier_cny_per_mwh is not None and d.corridors:
        barrier = at_years(cfg.barrier_cny_per_mwh, d.horizon.years)
        m.barrier = param(m.YEARS, data={y: to_base(x, "CNY/MWh") for y, x in barrier.items()})
        add_cost(m, "barrier", "transfer", barrier_cost)
    if cfg.contracts is not None and cfg.contracts.type == "physical":
        _add_delivery(m, cfg, d)
    if cfg.price_limits is not None and cfg.price_limits.scarcity == "dispatch":
        _, cap = price_limits(cfg, d)
        m.above_cap = param(
            m.PROVINCES, data={r: max(0.0, d.lost_load - x) for r, x in cap.items()}, default=0.0
        )
        add_cost(m, "scarcity_limit", "transfer", scarcity_limit)
    if cfg.in_decisions:
        _add_support(m, cfg, d)


def _add_planned_hours(m, cfg: PowerConfig, d: SystemData) -> None:
    """Guaranteed hours of every covered fleet."""
    fleets = planned_fleets(cfg, d)
    m.PLANNED = pyo.Set(initialize=fleets, dimen=2)
    m.PLANNED_OF = pyo.Set(m.PROVINCES, initialize=_by_province(d, fleets))
    m.planned_hours = param(m.PLANNED, m.YEARS, data=hours_owed(cfg, d))
    m.v_planned_slack = at_least_zero(m.PLANNED, m.YEARS)
    m.c_planned_hours = rows(m.PLANNED, m.YEARS, rule=planned_hours)
    add_cost(m, "planned_slack", "transfer", planned_slack)


def _by_province(d: SystemData, fleets) -> dict[str, list[str]]:
    return {r: [g for s, g in fleets if s == r] for r in d.provinces}


def _add_age_only(m, cfg: PowerConfig, d: SystemData) -> None:
    """Fleets with guaranteed hours, or taken first, leave by age only: the LP would retire the duty."""
    covered: dict[tuple[str, str, int], None] = {}
    if cfg.planned_share is not None:
        share = planned_share(cfg, d)
        covered |= {
            (r, g, y): None
            for r, g in planned_fleets(cfg, d)
            for y in d.horizon.years
            if share[d.group[g], y] > 0
        }
    if cfg.curtailment_limit_share is not None:
        covered |= {(r, g, y): None for r, g in d.fleets if d.group[g] in RENEWABLES for y in d.horizon.years}
    if covered and d.held is None:
        m.AGE_ONLY = pyo.Set(initialize=[key for key in covered if key in d.surviving], dimen=3)
        m.c_age_only = rows(m.AGE_ONLY, rule=age_only)


def _add_curtailment_limit(m, cfg: PowerConfig, d: SystemData) -> None:
    limit = at_years(cfg.curtailment_limit_share, d.horizon.years)
    hours: dict[tuple[str, str], float] = {}
    for r, g, t in d.availability:
        if d.group[g] in RENEWABLES:
            hours[r, g] = hours.get((r, g), 0.0) + d.time.weight[t] * d.availability[r, g, t]
    m.TAKEN_FIRST = pyo.Set(initialize=list(hours), dimen=2)
    m.TAKEN_FIRST_OF = pyo.Set(m.PROVINCES, initialize=_by_province(d, hours))
    m.taken_hours = param(
        m.TAKEN_FIRST,
        m.YEARS,
        data={(r, g, y): (1 - limit[y]) * h for (r, g), h in hours.items() for y in limit},
    )
    m.v_curtailment_slack = at_least_zero(m.TAKEN_FIRST, m.YEARS)
    m.c_curtailment_limit = rows(m.TAKEN_FIRST, m.YEARS, rule=curtailment_limit)
    add_cost(m, "curtailment_slack", "transfer", curtailment_slack)


def _add_contracts(m, cfg: PowerConfig, d: SystemData) -> None:
    """Flat contracts between provinces, of a quantity that the LP chooses or that is given."""
    arcs = [a for a, (line, sender, _) in d.arcs.items() if line.contract_from == sender]
    m.CONTRACTS = pyo.Set(initialize=arcs)
    back = {a: next(b for b, *_ in d.arcs[a][0].arcs if b != a) for a in arcs}
    m.BACK_OF = pyo.Set(m.CONTRACTS, initialize={a: [b] for a, b in back.items()})
    band = at_years(cfg.contract_band_share, d.horizon.years)
    m.contract_low = param(m.YEARS, data={y: 1 - x for y, x in band.items()})
    m.contract_high = param(m.YEARS, data={y: 1 + x for y, x in band.items()})
    m.CONTRACT_YEARS = pyo.Set(initialize=contract_years(cfg, d))
    m.v_contract = at_least_zero(m.CONTRACTS, m.CONTRACT_YEARS)
    m.c_contract_min = rows(m.CONTRACTS, m.CONTRACT_YEARS, m.TIMES, rule=contract_min)
    m.c_contract_max = rows(m.CONTRACTS, m.CONTRACT_YEARS, m.TIMES, rule=contract_max)
    given = given_contracts(cfg, d)
    if given:
        names = list(dict.fromkeys(a for a, _ in given))
        m.GIVEN = pyo.Set(initialize=names)
        senders = {r: [a for a in names if d.arcs[a][1] == r] for r in d.provinces}
        m.GIVEN_FROM = pyo.Set(m.PROVINCES, initialize=senders)
        m.contract_given = param(m.GIVEN, m.YEARS, data=given)
        m.v_contract_short = at_least_zero(m.GIVEN, m.YEARS)
        m.c_contract_quantity = rows(m.GIVEN, m.CONTRACT_YEARS, rule=contract_quantity)
        add_cost(m, "contract_short", "transfer", contract_short)


def _add_delivery(m, cfg: PowerConfig, d: SystemData) -> None:
    """Physical medium- and long-term contracts."""
    fleets = contracted_fleets(cfg, d)
    m.CONTRACTED = pyo.Set(initialize=fleets, dimen=2)
    m.CONTRACTED_OF = pyo.Set(m.PROVINCES, initialize=_by_province(d, fleets))
    m.contract_profile = param(m.PROVINCES, m.YEARS, m.TIMES, data=contract_profile(cfg, d))
    m.v_delivery_slack = at_least_zero(m.CONTRACTED, m.YEARS, m.TIMES)
    m.c_contract_delivery = rows(m.CONTRACTED, m.YEARS, m.TIMES, rule=contract_delivery)
    add_cost(m, "delivery_slack", "transfer", delivery_slack)


def _add_support(m, cfg: PowerConfig, d: SystemData) -> None:
    """Payments that the plan sees."""
    paid, premium = capacity_payments(cfg, d), premiums(cfg, d)
    if paid:
        units = list(dict.fromkeys(k[:2] for k in paid))
        m.PAID_OF = pyo.Set(m.PROVINCES, initialize=_by_province(d, units))
        m.capacity_payment = param(m.UNITS, m.YEARS, data=paid, default=0.0)
        add_cost(m, "capacity_payment", "transfer", capacity_payment)
    if premium:
        known = {g for g, _ in premium}
        supported = [(r, g) for r, g in d.fleets if g in known]
        m.SUPPORTED_OF = pyo.Set(m.PROVINCES, initialize=_by_province(d, supported))
        m.premium = param(m.TECHNOLOGIES, m.YEARS, data=premium, default=0.0)
        add_cost(m, "premium", "transfer", premium_paid)


# -- rows


def planned_hours(m, r, g, y):
    r"""A fleet gets its guaranteed hours (average dispatch within the fleet).

    .. math:: G_{rgy} + s_{rgy} \ge \phi_{gy} H_{rg} (1-o_g) C_{rgy}

    Units   GWh/yr net.
    Dual    >= 0, not paid: what the guarantee costs per MWh.
    """
    return (
        m.v_annual_generation[r, g, y]
        + m.v_planned_slack[r, g, y]
        - (m.planned_hours[r, g, y] * m.v_capacity[r, g, y])
        >= 0
    )


def age_only(m, r, g, y):
    """A fleet with guaranteed hours, or taken first, leaves by age only [GW]."""
    return m.v_exist[r, g, y] >= m.surviving[r, g, y]


def curtailment_limit(m, r, g, y):
    """Wind and sun are taken first: output over a share of what is available [GWh/yr]."""
    return (
        m.v_annual_generation[r, g, y]
        + m.v_curtailment_slack[r, g, y]
        - (m.taken_hours[r, g, y] * m.v_capacity[r, g, y])
        >= 0
    )


def contract_min(m, a, y, t):
    """Net flow at least the lower edge of the flat contract [GW]; power sent back does not count."""
    return (
        m.v_flow[a, y, t]
        - sum(m.v_flow[b, y, t] for b in m.BACK_OF[a])
        - m.contract_low[y] * m.v_contract[a, y]
        >= 0
    )


def contract_max(m, a, y, t):
    """Net flow at most the upper edge of the flat contract [GW]."""
    return (
        m.v_flow[a, y, t]
        - sum(m.v_flow[b, y, t] for b in m.BACK_OF[a])
        - m.contract_high[y] * m.v_contract[a, y]
        <= 0
    )


def contract_quantity(m, a, y):
    """A contract has its given quantity, less a slack [GW].

    Dual    not paid: what a GW more under contract costs in a year; negative where it would save.
    """
    return m.v_contract[a, y] + m.v_contract_short[a, y] == m.contract_given[a, y]


def contract_delivery(m, r, g, y, t):
    r"""A plant runs the profile of what it sold by physical contract.

    .. math:: G_{rgyt} + s_{rgyt} \ge \phi_y p_{ryt} \sum_\tau W_\tau G_{rgy\tau}, \quad
              \sum_t W_t p_{ryt} = 1

    Units   GW.
    Dual    >= 0, not paid: what the profile costs per MWh in the slice.
    """
    return (
        m.v_generation[r, g, y, t]
        + m.v_delivery_slack[r, g, y, t]
        - m.contract_profile[r, y, t] * m.v_annual_generation[r, g, y]
        >= 0
    )


# -- costs: all are transfers


def planned_slack(m, r, y):
    """Planned hours not kept [MCNY/yr]."""
    return sum(m.power_slack_price * m.v_planned_slack[r, g, y] for g in m.PLANNED_OF[r])


def curtailment_slack(m, r, y):
    """Curtailment limits not kept [MCNY/yr]."""
    return sum(m.power_slack_price * m.v_curtailment_slack[r, g, y] for g in m.TAKEN_FIRST_OF[r])


def barrier_cost(m, r, y):
    """Barrier on what a province sends [MCNY/yr]: it moves decisions, nobody uses it up."""
    return sum(m.barrier[y] * m.weight[t] * m.v_flow[a, y, t] for a in m.ARCS_OUT[r] for t in m.TIMES)


def contract_short(m, r, y):
    """Given contracts that a province does not send, at the slack price for every hour [MCNY/yr]."""
    return sum(
        m.power_slack_price * m.weight[t] * m.v_contract_short[a, y] for a in m.GIVEN_FROM[r] for t in m.TIMES
    )


def delivery_slack(m, r, y):
    """Physical contracts not delivered [MCNY/yr]."""
    return sum(
        m.power_slack_price * m.weight[t] * m.v_delivery_slack[r, g, y, t]
        for g in m.CONTRACTED_OF[r]
        for t in m.TIMES
    )


def scarcity_limit(m, r, y):
    """What decisions do not see of a shortage: the value of lost load beyond the cap, negative [MCNY/yr]."""
    return sum(-m.above_cap[r] * m.weight[t] * m.v_unserved[r, y, t] for t in m.TIMES)


def capacity_payment(m, r, y):
    """Regulated payment for capacity, as it moves decisions [MCNY/yr]; negative."""
    return sum(-m.capacity_payment[r, g, y] * m.v_capacity[r, g, y] for g in m.PAID_OF[r])


def premium_paid(m, r, y):
    """Premium on output, as it moves decisions [MCNY/yr]; negative."""
    return sum(-m.premium[g, y] * m.v_annual_generation[r, g, y] for g in m.SUPPORTED_OF[r])


# -- zero profit


def margin(results: Results, cfg: PowerConfig, d: SystemData) -> Lines:
    """Rows per GW: output that counts towards them less what they ask of the capacity, at their dual."""
    output, years = results.output_per_gw(), results.years
    unit_year = ("province", "technology", "year")
    lines: Lines = {}
    if "c_planned_hours" in results.duals:
        asked = results.from_keys(hours_owed(cfg, d), unit_year)
        lines["planned_hours"] = results.price("c_planned_hours") * (output - asked)
    if "c_curtailment_limit" in results.duals:
        limit = results.from_keys(
            {(y,): x for y, x in at_years(cfg.curtailment_limit_share, years).items()}, ("year",)
        )
        possible = (results.availability * results.weight).sum("time")
        lines["curtailment_limit"] = results.price("c_curtailment_limit") * (output - (1 - limit) * possible)
    if "c_contract_delivery" in results.duals:
        lines["contract_delivery"] = _delivery_margin(results, cfg, d)
    if cfg.in_decisions:
        paid, premium = capacity_payments(cfg, d), premiums(cfg, d)
        if paid:
            lines["capacity_payment"] = results.from_keys(paid, unit_year)
        if premium:
            lines["premium"] = results.from_keys(premium, ("technology", "year")) * output
    return lines


def _delivery_margin(results: Results, cfg: PowerConfig, d: SystemData) -> xr.DataArray:
    """Output in each slice earns the dual of the profile; annual output raises what the profile asks."""
    price = results.price("c_contract_delivery") * results.weight
    profile = results.from_keys(contract_profile(cfg, d), ("province", "year", "time"))
    return (price * (results.output_rate - profile * results.output_per_gw())).sum("time")


_UNIT_YEAR = ("province", "technology", "year")


def _regulatory(
    name: str, dims: tuple[str, ...], unit: str, meaning: str, price: str, sense: int = 1
) -> Entry:
    basis = "hourly" if "time" in dims else "annual"
    return Entry(name, dims, unit, meaning, price, basis, "regulatory", sense)


POWER = Mechanism(
    name="power",
    summary="Power market: planned, priority or spot dispatch; contracts, barriers, how plants are paid",
    config=PowerConfig,
    build=build,
    income=income,
    old_income=existing_income,
    margin=margin,
    settle=settle,
    indicators=indicators,
    check=check,
    slacks={
        "v_planned_slack": "planned hours not kept",
        "v_curtailment_slack": "curtailment above its limit",
        "v_contract_short": "given contracts between provinces not kept",
        "v_delivery_slack": "physical contracts not delivered",
    },
    headline=("energy_price",),
    governs=("c_balance", "c_adequacy"),
    entries=(
        Entry("v_planned_slack", _UNIT_YEAR, "GWh/yr", "planned hours not kept"),
        Entry("v_curtailment_slack", _UNIT_YEAR, "GWh/yr", "curtailment over its limit"),
        Entry("v_contract", ("arc", "year"), "GW", "flat inter-provincial contract"),
        Entry("v_contract_short", ("arc", "year"), "GW", "given inter-provincial contract not kept"),
        Entry("v_delivery_slack", (*_UNIT_YEAR, "time"), "GW", "physical contract not delivered"),
        _regulatory("c_planned_hours", _UNIT_YEAR, "GWh/yr", "guaranteed hours", "MCNY/GWh"),
        _regulatory(
            "c_age_only", _UNIT_YEAR, "GW", "fleets with guaranteed hours leave by age", "MCNY/GW-yr"
        ),
        _regulatory("c_curtailment_limit", _UNIT_YEAR, "GWh/yr", "limit on curtailment", "MCNY/GWh"),
        _regulatory(
            "c_contract_min",
            ("arc", "year", "time"),
            "GW",
            "flow at least the contract's lower edge",
            "MCNY/GWh",
        ),
        _regulatory(
            "c_contract_max",
            ("arc", "year", "time"),
            "GW",
            "flow at most the contract's upper edge",
            "MCNY/GWh",
            -1,
        ),
        _regulatory(
            "c_contract_quantity",
            ("arc", "year"),
            "GW",
            "given quantity of an inter-provincial contract",
            "MCNY/GW-yr",
        ),
        _regulatory(
            "c_contract_delivery",
            (*_UNIT_YEAR, "time"),
            "GW",
            "a plant runs the profile of its physical contract",
            "MCNY/GWh",
        ),
    ),
)
