"""Limits on what power plants emit: a peak year, the emissions of another scenario, provincial caps.

All count *physical* emissions of all generation, starts included and nothing credited, so they hold
with any carbon market or without one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism, MechanismConfig
from picmodel.scenario.check import nearest, wrong
from picmodel.scenario.schema import ByYearOf, at_years
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

NAME = "emission_limits"
SLACK_CNY_PER_T = 3000.0
PROVINCIAL_SLACK_CNY_PER_T = 5000.0
EVEN_SHARE = 0.5


class PeakYear(MechanismConfig):
    """National emissions stay at or below a level, and fall after a year."""

    year: int = Field(ge=2020, le=2060, description="year of the peak")
    level_mt: float | None = Field(
        None, gt=0, le=10000, description="highest emissions of the power sector [Mt CO2/yr]"
    )
    level_of: str | None = Field(
        None, description="instead of a number: emissions of this scenario of the run in the peak's year"
    )
    decline_after_share: float = Field(0.0, ge=0, lt=0.5, description="yearly fall after the peak [share]")
    slack_cny_per_t: float | None = Field(
        SLACK_CNY_PER_T,
        gt=0,
        le=10000,
        description="price of exceeding the level; null: never exceeded [CNY/t]",
    )

    @model_validator(mode="after")
    def _one_level(self) -> PeakYear:
        if self.level_mt is None and self.level_of is None:
            wrong(
                "the peak has no level; write `level_mt`, or `level_of` with the name of a scenario without "
                "the rule, whose emissions in this year are then the level"
            )
        if self.level_mt is not None and self.level_of is not None:
            wrong("`level_mt` and `level_of` both give the level; delete one", "level_of")
        return self


class Provincial(MechanismConfig):
    """Caps on the emissions that provinces account for."""

    responsibility: Literal["production", "consumption", "shared"] = Field(
        "production",
        description="who accounts for electricity sent: the sender, the receiver, or both by `share`",
    )
    share: float = Field(
        EVEN_SHARE, gt=0, lt=1, description="shared: part of what is sent that the receiver accounts for"
    )
    cap_mt: dict[str, ByYearOf[Annotated[float, Field(ge=0, le=2000)]]] = Field(
        min_length=1,
        description="by province, Mt CO2/yr; with years: linear between them, none before the first",
    )
    trade: bool = Field(False, description="capped provinces may sell what they do not use to each other")
    slack_cny_per_t: float | None = Field(
        PROVINCIAL_SLACK_CNY_PER_T,
        gt=0,
        le=20000,
        description="price of exceeding a cap; null: never exceeded [CNY/t]",
    )

    @model_validator(mode="after")
    def _no_idle_option(self) -> Provincial:
        if self.responsibility != "shared" and self.share != EVEN_SHARE:
            wrong(
                f"`share` has no effect with `{self.responsibility}`; write `shared`, or delete it", "share"
            )
        if self.trade and len(self.cap_mt) < 2:
            wrong("`trade` needs two capped provinces; add one to `cap_mt`, or delete `trade`", "trade")
        return self

    @property
    def counted_share(self) -> float:
        """Part of the emissions of electricity sent that the receiver accounts for."""
        return {"production": 0.0, "consumption": 1.0, "shared": self.share}[self.responsibility]


class EmissionLimitsConfig(MechanismConfig):
    """Options of limits on physical emissions."""

    peak_year: PeakYear | None = Field(None, description="emissions peak in a year, and fall after it")
    hold_emissions_of: str | None = Field(
        None, description="emissions at most those of this scenario of the run, in every planning year"
    )
    hold_slack_cny_per_t: float | None = Field(
        SLACK_CNY_PER_T,
        gt=0,
        le=10000,
        description="price of exceeding the emissions held; null: never exceeded [CNY/t]",
    )
    provincial: Provincial | None = Field(None, description="caps of provinces")

    @model_validator(mode="after")
    def _something(self) -> EmissionLimitsConfig:
        if self.peak_year is None and self.hold_emissions_of is None and self.provincial is None:
            wrong(
                "no limit is set; write `peak_year`, `hold_emissions_of` or `provincial`, or delete "
                f"`markets.{NAME}`"
            )
        if self.hold_emissions_of is None and self.hold_slack_cny_per_t != SLACK_CNY_PER_T:
            wrong("there is no `hold_emissions_of`; write it, or delete this", "hold_slack_cny_per_t")
        return self


# -- emissions of another scenario


def needs(cfg: EmissionLimitsConfig) -> Mapping[tuple[str, ...], str]:
    """Scenarios that are solved first, by the option that names them."""
    found: dict[tuple[str, ...], str] = {}
    if cfg.peak_year and cfg.peak_year.level_of is not None:
        found["peak_year", "level_of"] = cfg.peak_year.level_of
    if cfg.hold_emissions_of is not None:
        found["hold_emissions_of",] = cfg.hold_emissions_of
    return found


def emissions_of(d: SystemData, name: str, year: int) -> float:
    """Emissions of another scenario [kt/yr], linear between its planning years; NaN outside them."""
    path = d.policy.get("emissions_of", {}).get(name, {})
    if not path:
        return math.nan
    years = sorted(path)
    return float(np.interp(year, years, [path[y] for y in years], left=math.nan, right=math.nan))


# -- rows


def build(m: pyo.ConcreteModel, cfg: EmissionLimitsConfig, d: SystemData) -> None:
    """Add the limits that are set."""
    if cfg.peak_year:
        _add_peak(m, cfg.peak_year, d)
    if cfg.hold_emissions_of is not None:
        _add_held(m, cfg.hold_emissions_of, cfg.hold_slack_cny_per_t, d)
    if cfg.provincial:
        _add_provincial(m, cfg.provincial, d)


def peak_levels(peak: PeakYear, d: SystemData) -> dict[int, float]:
    """What the nation may emit in each planning year [kt/yr]."""
    if peak.level_of is not None:
        level = emissions_of(d, peak.level_of, peak.year)
    else:
        level = to_base(peak.level_mt or 0.0, "Mt")  # one of the two is there
    return {y: level * (1 - peak.decline_after_share) ** max(0, y - peak.year) for y in d.horizon.years}


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


def caps(provincial: Provincial, d: SystemData) -> dict[tuple[str, int], float]:
    """Caps by province and planning year [kt/yr]; none before the first year of a province's path."""
    found = {}
    for r, path in provincial.cap_mt.items():
        first = min(path) if isinstance(path, Mapping) else d.horizon.years[0]
        years = [y for y in d.horizon.years if y >= first]
        found.update({(r, y): to_base(cap, "Mt") for y, cap in at_years(path, years).items()})
    return found


def counted(provincial: Provincial, d: SystemData) -> dict[str, float]:
    """What moves from the sender's account to the receiver's with a GWh sent [kt/GWh], by arc."""
    share = provincial.counted_share
    if share == 0:
        return {}
    return {a: share * d.policy["grid_factor"][sender] for a, (_, sender, _) in d.arcs.items()}


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


# -- money


def margin(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> Lines:
    """What a GW emits, at the price of each limit."""
    emitted = _emitted_per_gw(results)
    return {
        name: -results.price(f"c_{name}").fillna(0.0) * emitted  # a province without a cap has no row
        for name in ("emission_peak", "held_emissions", "provincial_cap")
        if f"c_{name}" in results.duals
    }


def _emitted_per_gw(results: Results) -> xr.DataArray:
    """CO2 of the output of a gross GW [kt/GW-yr]."""
    factor = results.from_keys({(g,): e for g, e in results.data.emission_factor.items()}, ("technology",))
    return factor.fillna(0.0) * results.output_per_gw()


def income(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> Lines:
    """Of all limits, only the emissions held are paid for."""
    if cfg.hold_emissions_of is None:
        return {}
    return {"held_emissions": -results.price("c_held_emissions") * results.emissions_per_gw()}


def settle(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> list[pd.DataFrame]:
    """Emissions held are bought from the state; provinces settle the permits that they trade."""
    found = _settle_held(results) if cfg.hold_emissions_of is not None else []
    if cfg.provincial and cfg.provincial.trade:
        found += _settle_permits(results)
    return found


def _settle_held(results: Results) -> list[pd.DataFrame]:
    """Every emitter pays the price of a tonne, as in an auction; the state receives it."""
    price, account, product = results.price("c_held_emissions"), "held_emissions/CN", "emissions held"
    emitted = results.values["v_fleet_emissions"]
    above = results.values["v_above_held"]
    sold = emitted.sum(["province", "technology"]) - above

    def paid(payer: str, payee: str, quantity: xr.DataArray, what: str) -> pd.DataFrame:
        return entries(payer, payee, NAME, what, price * quantity, quantity, "kt")

    return [
        paid("generators", account, emitted, product),
        paid(account, "state", sold, product),
        paid(account, "state", above, "emissions above those held"),
    ]


def _settle_permits(results: Results) -> list[pd.DataFrame]:
    """Treasuries of provinces buy and sell at the price of a permit; plants are not charged."""
    bought = results.values["v_permits"]
    amount = results.price("c_permits") * bought
    return [entries("state", "permits/CN", NAME, "provincial permits", amount, bought, "kt")]


# -- indicators


def accounts(results: Results, provincial: Provincial) -> xr.DataArray:
    """Emissions that every province accounts for [kt/yr], capped or not; they sum to national emissions."""
    total = results.values["v_emissions"].copy()
    for arc, factor in counted(provincial, results.data).items():
        _, sender, receiver = results.data.arcs[arc]
        moved = factor * (results.values["v_flow"].sel(arc=arc, drop=True) * results.weight).sum("time")
        total.loc[dict(province=sender)] -= moved
        total.loc[dict(province=receiver)] += moved
    return total


def indicators(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> list[pd.DataFrame]:
    """Prices of the limits, each apart from the allowance price, and the accounts of provinces."""
    names = {
        "c_emission_peak": "emission_peak_price",
        "c_held_emissions": "held_emissions_price",
        "c_provincial_cap": "provincial_cap_price",
        "c_permits": "permit_price",
    }
    found = [
        tidy(results.price(row), name, "CNY/t", 1e3) for row, name in names.items() if row in results.duals
    ]
    if cfg.provincial:
        found.append(tidy(accounts(results, cfg.provincial), "accounted_emissions", "Mt CO2", 1e-3))
    return found


# -- problems


def check(cfg: EmissionLimitsConfig, d: SystemData) -> list[str]:
    """Problems that only the system, or the scenario named, shows."""
    problems = _check_peak(cfg.peak_year, d) if cfg.peak_year else []
    if cfg.hold_emissions_of is not None:
        unknown = [y for y in d.horizon.years if math.isnan(emissions_of(d, cfg.hold_emissions_of, y))]
        problems += _not_known(d, cfg.hold_emissions_of, unknown, "hold_emissions_of")
    return problems + (_check_provincial(cfg.provincial, d) if cfg.provincial else [])


def _check_peak(peak: PeakYear, d: SystemData) -> list[str]:
    problems = []
    if not any(y > peak.year for y in d.horizon.years):
        problems.append(
            f"markets.{NAME}.peak_year.year: no planning year lies after {peak.year}, so the rule "
            "says nothing about a peak; add a later year to `horizon.years`"
        )
    if peak.level_of is not None and math.isnan(emissions_of(d, peak.level_of, peak.year)):
        problems += _not_known(d, peak.level_of, [peak.year], "peak_year.level_of")
    return problems


def _not_known(d: SystemData, name: str, years: Sequence[int], option: str) -> list[str]:
    """Why the emissions of another scenario are not known in some years."""
    if not years:
        return []
    path = d.policy.get("emissions_of", {}).get(name)
    where, missing = f"markets.{NAME}.{option}", ", ".join(map(str, years))
    if not path:
        return [f"{where}: the emissions of `{name}` are not known; solve it in the same run"]
    remedy = f"give `{name}` planning years that reach around them"
    between = f"({min(path)} to {max(path)})"
    return [f"{where}: {missing} is outside the planning years of `{name}` {between}; {remedy}"]


def _check_provincial(provincial: Provincial, d: SystemData) -> list[str]:
    where, problems = f"markets.{NAME}.provincial", []
    for r, path in provincial.cap_mt.items():
        if r not in d.provinces:
            problems.append(f"{where}.cap_mt.{r}: no province of the scenario; {nearest(r, d.provinces)}")
        elif isinstance(path, Mapping) and min(path) > d.horizon.years[-1]:
            problems.append(
                f"{where}.cap_mt.{r}: no planning year is {min(path)} or later, so the cap has no effect; "
                "write an earlier year"
            )
    if provincial.counted_share and not d.corridors:
        problems.append(
            f"{where}.responsibility: no corridor joins the provinces of the scenario, so "
            f"`{provincial.responsibility}` has no effect; write `production`"
        )
    lacking = [r for r in d.provinces if r not in d.policy.get("grid_factor", {})]
    if provincial.counted_share and d.corridors and lacking:
        problems.append(
            f"{where}.responsibility: the inputs have no emission factor of electricity sent by "
            f"{', '.join(lacking)}; add rows, or write `production`"
        )
    return problems


def hard(cfg: EmissionLimitsConfig) -> list[str]:
    """Limits that may not be exceeded, for the message where no plan keeps them."""
    found = []
    if cfg.peak_year and cfg.peak_year.slack_cny_per_t is None:
        found.append(
            f"markets.{NAME}.peak_year: planning years before the peak must stay below its level too, and in "
            "past ones hardly anything can change; raise the level, or give it `slack_cny_per_t`"
        )
    if cfg.hold_emissions_of is not None and cfg.hold_slack_cny_per_t is None:
        found.append(
            f"markets.{NAME}.hold_emissions_of: this scenario cannot emit as little as "
            f"`{cfg.hold_emissions_of}`; give it `hold_slack_cny_per_t`"
        )
    if cfg.provincial and cfg.provincial.slack_cny_per_t is None:
        found.append(f"markets.{NAME}.provincial: raise `cap_mt`, or give it `slack_cny_per_t`")
    return found


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
