"""The power market: planned, priority or spot dispatch; contracts and barriers between provinces.

``dispatch`` is a bundle of separate switches; each can be set on its own and by year.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism, MechanismConfig
from picmodel.scenario.schema import ByYear, at_years
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

#: what a kind of dispatch means unless a switch says otherwise (null: off)
BUNDLES: dict[str, dict] = {
    "planned": dict(
        planned_share=0.9,
        flows="contracts",
        barrier_cny_per_mwh=30.0,
        curtailment_limit_share=None,
        settlement="tariff",
        capacity="none",
    ),
    "priority": dict(
        planned_share=0.5,
        flows="free",
        barrier_cny_per_mwh=15.0,
        curtailment_limit_share=0.05,
        settlement="tariff",
        capacity="none",
    ),
    "spot": dict(
        planned_share=None,
        flows="free",
        barrier_cny_per_mwh=None,
        curtailment_limit_share=None,
        settlement="market",
        capacity="market",
    ),
}


class PowerConfig(MechanismConfig):
    """Options of the power market."""

    dispatch: Literal["planned", "priority", "spot"] = Field(
        "spot", description="bundle of the switches below"
    )
    planned_share: ByYear | None = Field(
        default=None, description="guaranteed share of the planned hours of inputs/thermal_hours.csv, by year"
    )
    planned_groups: tuple[str, ...] = Field(
        ("coal", "gas"), strict=False, description="groups with planned hours"
    )
    flows: Literal["free", "contracts"] = Field(
        "free",
        description="flows between provinces: free, or flat contracts where corridors.csv names a sender",
    )
    contract_band_share: float = Field(
        0.2, ge=0, le=1, description="deviation from the flat contract [share]"
    )
    barrier_cny_per_mwh: ByYear | None = Field(
        None, description="hurdle on every flow between provinces, a transfer [CNY/MWh], by year"
    )
    curtailment_limit_share: ByYear | None = Field(
        None, description="wind and solar curtailed at most this share of what is available, by year"
    )
    settlement: Literal["tariff", "market"] = Field(
        "market", description="plants are paid the provincial coal benchmark tariff, or the hourly price"
    )
    capacity: Literal["none", "market"] = Field(
        "market", description="credited capacity is paid the price of adequacy, or nothing"
    )
    slack_cny_per_mwh: float = Field(
        3000.0, gt=0, le=10000, description="price of planned hours or curtailment limits not kept [CNY/MWh]"
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_from_bundle(cls, raw: Any) -> Any:
        """Switches that are not set take the bundle's value; one set to null is off."""
        if not isinstance(raw, Mapping) or raw.get("dispatch", "spot") not in BUNDLES:
            return raw
        return {**BUNDLES[raw.get("dispatch", "spot")], **raw}


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


def planned_fleets(cfg: PowerConfig, d: SystemData) -> list[tuple[str, str]]:
    """Fleets with planned hours; combined heat and power runs by heat but has hours all the same."""
    hours = d.policy.get("planned_hours", {})
    return [(r, g) for r, g in d.fleets if d.group[g] in cfg.planned_groups and (r, g) in hours]


def _add_planned_hours(m, cfg: PowerConfig, d: SystemData) -> None:
    """Guaranteed hours of every covered fleet."""
    fleets = planned_fleets(cfg, d)
    share = at_years(cfg.planned_share, d.horizon.years)
    m.PLANNED = pyo.Set(initialize=fleets, dimen=2)
    m.PLANNED_OF = pyo.Set(m.PROVINCES, initialize={r: [g for s, g in fleets if s == r] for r in d.provinces})
    m.planned_hours = param(
        m.PLANNED,
        m.YEARS,
        data={
            (r, g, y): share[y] * (1 - d.own_use[g]) * d.policy["planned_hours"][r, g]
            for r, g in fleets
            for y in share
        },
    )
    m.v_planned_slack = at_least_zero(m.PLANNED, m.YEARS)
    m.c_planned_hours = rows(m.PLANNED, m.YEARS, rule=planned_hours)
    add_cost(m, "planned_slack", "transfer", planned_slack)


def _add_age_only(m, cfg: PowerConfig, d: SystemData) -> None:
    """Fleets with guaranteed hours, or taken first, leave by age only: the LP would retire the duty."""
    covered: dict[tuple[str, str, int], None] = {}
    if cfg.planned_share is not None:
        share = at_years(cfg.planned_share, d.horizon.years)
        covered |= {
            (r, g, y): None for r, g in planned_fleets(cfg, d) for y in d.horizon.years if share[y] > 0
        }
    if cfg.curtailment_limit_share is not None:
        covered |= {
            (r, g, y): None for r, g in d.fleets if d.group[g] in ("wind", "solar") for y in d.horizon.years
        }
    if covered:
        m.AGE_ONLY = pyo.Set(initialize=[key for key in covered if key in d.surviving], dimen=3)
        m.c_age_only = rows(m.AGE_ONLY, rule=age_only)


def _add_curtailment_limit(m, cfg: PowerConfig, d: SystemData) -> None:
    limit = at_years(cfg.curtailment_limit_share, d.horizon.years)
    hours: dict[tuple[str, str], float] = {}
    for r, g, t in d.availability:
        if d.group[g] in ("wind", "solar"):
            hours[r, g] = hours.get((r, g), 0.0) + d.time.weight[t] * d.availability[r, g, t]
    m.TAKEN_FIRST = pyo.Set(initialize=list(hours), dimen=2)
    m.TAKEN_FIRST_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in hours if s == r] for r in d.provinces}
    )
    m.taken_hours = param(
        m.TAKEN_FIRST,
        m.YEARS,
        data={(r, g, y): (1 - limit[y]) * h for (r, g), h in hours.items() for y in limit},
    )
    m.v_curtailment_slack = at_least_zero(m.TAKEN_FIRST, m.YEARS)
    m.c_curtailment_limit = rows(m.TAKEN_FIRST, m.YEARS, rule=curtailment_limit)
    add_cost(m, "curtailment_slack", "transfer", curtailment_slack)


def _add_contracts(m, cfg: PowerConfig, d: SystemData) -> None:
    arcs = [a for a, (line, sender, _) in d.arcs.items() if line.contract_from == sender]
    m.CONTRACTS = pyo.Set(initialize=arcs)
    back = {a: next(b for b, *_ in d.arcs[a][0].arcs if b != a) for a in arcs}
    m.BACK_OF = pyo.Set(m.CONTRACTS, initialize={a: [b] for a, b in back.items()})
    m.contract_low = pyo.Param(initialize=1 - cfg.contract_band_share)
    m.contract_high = pyo.Param(initialize=1 + cfg.contract_band_share)
    m.v_contract = at_least_zero(m.CONTRACTS, m.YEARS)
    m.c_contract_min = rows(m.CONTRACTS, m.YEARS, m.TIMES, rule=contract_min)
    m.c_contract_max = rows(m.CONTRACTS, m.YEARS, m.TIMES, rule=contract_max)


def planned_hours(m, r, g, y):
    r"""A fleet gets its guaranteed hours (average dispatch within the fleet).

    .. math:: G_{rgy} + s_{rgy} \ge \phi_y H_{rg} (1-o_g) C_{rgy}

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
        m.v_flow[a, y, t] - sum(m.v_flow[b, y, t] for b in m.BACK_OF[a]) - m.contract_low * m.v_contract[a, y]
        >= 0
    )


def contract_max(m, a, y, t):
    """Net flow at most the upper edge of the flat contract [GW]."""
    return (
        m.v_flow[a, y, t]
        - sum(m.v_flow[b, y, t] for b in m.BACK_OF[a])
        - m.contract_high * m.v_contract[a, y]
        <= 0
    )


def planned_slack(m, r, y):
    """Planned hours not kept [MCNY/yr]."""
    return sum(m.power_slack_price * m.v_planned_slack[r, g, y] for g in m.PLANNED_OF[r])


def curtailment_slack(m, r, y):
    """Curtailment limits not kept [MCNY/yr]."""
    return sum(m.power_slack_price * m.v_curtailment_slack[r, g, y] for g in m.TAKEN_FIRST_OF[r])


def barrier_cost(m, r, y):
    """Barrier on what a province sends [MCNY/yr]: it moves decisions, nobody uses it up."""
    return sum(m.barrier[y] * m.weight[t] * m.v_flow[a, y, t] for a in m.ARCS_OUT[r] for t in m.TIMES)


def income(results: Results, cfg: PowerConfig, d: SystemData) -> Lines:
    """Energy and capacity income of a gross GW (province, technology, year) [MCNY/GW-yr]."""
    if cfg.settlement == "tariff":
        lines = {"energy": _tariff(results) * results.output_per_gw()}
    else:
        lines = {"energy": (results.energy_price * results.output_rate * results.weight).sum("time")}
    if cfg.capacity == "market" and "c_adequacy" in results.duals:
        lines["capacity"] = _credit(results) * results.price("c_adequacy").fillna(
            0.0
        )  # no rule in past years
    return lines


def _tariff(results: Results) -> xr.DataArray:
    """Coal benchmark tariff by province [MCNY/GWh]."""
    return results.from_keys({(r,): x for r, x in results.data.policy["coal_tariff"].items()}, ("province",))


def _credit(results: Results) -> xr.DataArray:
    """Capacity that counts for the peak, per gross GW (technology, year)."""
    return results.from_keys(results.data.credit, ("technology", "year")).fillna(0.0)


def margin(results: Results, cfg: PowerConfig, d: SystemData) -> Lines:
    """Rows per GW: output that counts towards them less what they ask of the capacity, at their dual."""
    output, years = results.output_per_gw(), results.years
    lines: Lines = {}
    if "c_planned_hours" in results.duals:
        share, hours = at_years(cfg.planned_share, years), d.policy["planned_hours"]
        asked = {
            (r, g, y): share[y] * (1 - d.own_use[g]) * hours[r, g]
            for r, g in planned_fleets(cfg, d)
            for y in years
        }
        lines["planned_hours"] = results.price("c_planned_hours") * (
            output - results.from_keys(asked, ("province", "technology", "year"))
        )
    if "c_curtailment_limit" in results.duals:
        limit = results.from_keys(
            {(y,): x for y, x in at_years(cfg.curtailment_limit_share, years).items()}, ("year",)
        )
        possible = (results.availability * results.weight).sum("time")
        lines["curtailment_limit"] = results.price("c_curtailment_limit") * (output - (1 - limit) * possible)
    return lines


def settle(results: Results, cfg: PowerConfig, d: SystemData) -> list[pd.DataFrame]:
    """Energy at the hourly price, tariff differences through the levy, capacity."""
    found = _energy_market(results)
    if cfg.settlement == "tariff":
        found += _tariff_differences(results)
    if cfg.capacity == "market" and "c_adequacy" in results.duals:
        found += _capacity_market(results)
    return found


def _energy_market(results: Results) -> list[pd.DataFrame]:
    """Everybody sells to and buys from the province's account at the price of the hour."""
    v, weight, account = results.values, results.weight, "energy/{province}"
    value = results.energy_price * weight
    demand = results.from_keys(results.data.demand, ("province", "year", "time"))
    served = demand - v["v_unserved"]

    def sold(payer: str, payee: str, power: xr.DataArray, product: str = "energy") -> pd.DataFrame:
        amount, energy = (value * power).sum("time"), (weight * power).sum("time")
        return entries(payer, payee, "power", product, amount, energy, "GWh")

    found = [
        sold(account, "generators", v["v_generation"]),
        sold("consumers", account, served),
    ]
    if "v_discharge" in v:
        found += [
            sold(account, "stores", v["v_discharge"]),
            sold("stores", account, v["v_charge"], "charging"),
        ]
    if "v_flow" in v:
        sent, received = arc_power(results)
        found += [sold("grid", account, sent, "sent"), sold(account, "grid", received, "received")]
    return found


def arc_power(results: Results) -> tuple[xr.DataArray, xr.DataArray]:
    """Power that leaves and that reaches each province by lines (province, year, time) [GW]."""
    flow = results.values["v_flow"]
    sent, received = (xr.zeros_like(results.values["v_unserved"]) for _ in range(2))
    for arc, (line, i, j) in results.data.arcs.items():
        one = flow.sel(arc=arc, drop=True)
        sent.loc[dict(province=i)] += one
        received.loc[dict(province=j)] += (1 - line.loss) * one
    return sent, received


def _tariff_differences(results: Results) -> list[pd.DataFrame]:
    """Plants receive the tariff in place of the price; a levy on the province's consumers pays the rest."""
    output = results.values["v_annual_generation"]
    market = (results.energy_price * results.weight * results.values["v_generation"]).sum("time")
    difference = _tariff(results) * output - market
    account = "system_operation/{province}"
    return [
        entries(account, "generators", "power", "tariff difference", difference),
        entries("consumers", account, "power", "levy", difference.sum("technology")),
    ]


def _capacity_market(results: Results) -> list[pd.DataFrame]:
    """Credited capacity and firm imports are paid the price of adequacy by the province's consumers."""
    v, d, account = results.values, results.data, "capacity/{province}"
    price = results.price("c_adequacy").fillna(0.0)
    ruled = results.duals["c_adequacy"].notnull()
    credited = (_credit(results) * v["v_capacity"]).where(ruled)
    firm_out, firm_in = (xr.zeros_like(price) for _ in range(2))
    for arc, (line, i, j) in d.arcs.items():
        firm = v["v_firm"].sel(arc=arc, drop=True).fillna(0.0)
        firm_out.loc[dict(province=i)] += firm
        firm_in.loc[dict(province=j)] += (1 - line.loss) * firm
    required = (1 + d.adequacy_margin) * results.from_keys(d.peak, ("province", "year"))
    bought = required - v["v_adequacy_short"]
    spare = credited.sum("technology") + firm_in - firm_out - bought
    stores = [g for _, g in d.stores]

    def sold(payer: str, payee: str, gw: xr.DataArray, product: str) -> pd.DataFrame:
        return entries(payer, payee, "power", product, price * gw, gw, "GW-yr")

    is_store = credited.technology.isin(stores)
    return [
        sold(account, "generators", credited.where(~is_store), "capacity"),
        sold(account, "stores", credited.where(is_store), "capacity"),
        sold("grid", account, firm_out, "firm power sent"),
        sold(account, "grid", firm_in, "firm power received"),
        sold("consumers", account, bought, "capacity"),
        sold("consumers", account, spare.where(ruled), "capacity beyond the requirement"),
    ]


def check(cfg: PowerConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    problems = []
    if cfg.planned_share is not None and not planned_fleets(cfg, d):
        problems.append(
            "markets.power.planned_groups: no fleet of these groups has planned hours in "
            "inputs/thermal_hours.csv; add rows or set `planned_share` to null"
        )
    if cfg.flows == "contracts" and not any(line.contract_from for line in d.corridors):
        problems.append(
            "markets.power.flows: `contracts`, but no corridor of the scenario names a contract sender"
        )
    return problems


POWER = Mechanism(
    name="power",
    summary="Power market: planned, priority or spot dispatch; contracts, barriers, how plants are paid",
    config=PowerConfig,
    build=build,
    income=income,
    margin=margin,
    settle=settle,
    check=check,
    slacks={
        "v_planned_slack": "planned hours not kept",
        "v_curtailment_slack": "curtailment above its limit",
    },
    headline=("energy_price",),
    governs=("c_balance", "c_adequacy"),
    entries=(
        Entry("v_planned_slack", ("province", "technology", "year"), "GWh/yr", "planned hours not kept"),
        Entry(
            "v_curtailment_slack", ("province", "technology", "year"), "GWh/yr", "curtailment over its limit"
        ),
        Entry("v_contract", ("arc", "year"), "GW", "flat inter-provincial contract"),
        Entry(
            "c_planned_hours",
            ("province", "technology", "year"),
            "GWh/yr",
            "guaranteed hours",
            "MCNY/GWh",
            "annual",
            "regulatory",
        ),
        Entry(
            "c_age_only",
            ("province", "technology", "year"),
            "GW",
            "fleets with guaranteed hours leave by age",
            "MCNY/GW-yr",
            "annual",
            "regulatory",
        ),
        Entry(
            "c_curtailment_limit",
            ("province", "technology", "year"),
            "GWh/yr",
            "limit on curtailment",
            "MCNY/GWh",
            "annual",
            "regulatory",
        ),
        Entry(
            "c_contract_min",
            ("arc", "year", "time"),
            "GW",
            "flow at least the contract's lower edge",
            "MCNY/GWh",
            "hourly",
            "regulatory",
        ),
        Entry(
            "c_contract_max",
            ("arc", "year", "time"),
            "GW",
            "flow at most the contract's upper edge",
            "MCNY/GWh",
            "hourly",
            "regulatory",
            -1,
        ),
    ),
)
