"""The demand side: load that moves within the day, and load that is given up when power is dear.

Classes of users (energy-intensive industry, charging of electric vehicles) can move a share of their load.
What price they see decides how: at the hourly price they move as the LP would have it; at a time-of-use
tariff they minimise their own bill, worked out beforehand (`markets.time_of_use`) and fixed; at a flat
tariff they do not move.  Blocks of price-responsive load are given up at their value.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy, with_nation
from picmodel.formulation.base import add_cost, add_term, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism, MechanismConfig
from picmodel.markets.demand_side.time_of_use import Array, Key, Limits, cheapest_bill
from picmodel.scenario.schema import ByYearOf, at_years
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

Exposure = Literal["flat", "time_of_use", "spot"]
Factor = Annotated[float, Field(ge=0, le=20)]


class DemandSideConfig(MechanismConfig):
    """Options of the demand side."""

    exposure: dict[str, Exposure] = Field(
        {"industry": "spot", "ev": "spot"},
        description="price that a class of inputs/policy/flexible_classes.csv sees: the hourly price, a "
        "time-of-use tariff that is set beforehand, or a flat one; a class that is not named sees a flat one",
    )
    shiftable_factor: ByYearOf[Factor] = Field(
        1.0, description="shiftable load of inputs/policy/flexible_demand.csv times this, by year"
    )
    connected_factor: float = Field(
        1.5, ge=1, le=20, description="connected power over mean load of what can be moved; an assumption"
    )
    shift_cost_cny_per_mwh: float = Field(
        20.0, ge=0, le=2000, description="cost of moving a MWh; an assumption [CNY/MWh]"
    )
    shift_loss_share: float = Field(
        0.0, ge=0, le=0.5, description="share of the load that is moved which is lost on the way"
    )
    tou_tariff_cny_per_mwh: float | None = Field(
        None,
        gt=0,
        le=3000,
        description="price without VAT that the factors of inputs/policy/time_of_use.csv multiply; "
        "null: the coal benchmark tariff of the province [CNY/MWh]",
    )
    price_responsive: bool = Field(
        True, description="the blocks of inputs/policy/price_responsive.csv give way when power is dear"
    )
    responsive_factor: ByYearOf[Factor] = Field(1.0, description="load of these blocks times this, by year")
    firm_share: float = Field(
        0.0, ge=0, le=1, description="share of the blocks that counts for the peak; none unless it is said"
    )

    @model_validator(mode="after")
    def _has_effect(self) -> DemandSideConfig:
        seen = set(self.exposure.values())
        moving = ("shiftable_factor", "connected_factor", "shift_cost_cny_per_mwh", "shift_loss_share")
        if seen <= {"flat"}:
            self._refuse(moving, "while every class of `exposure` is `flat`")
        if "time_of_use" not in seen:
            self._refuse(("tou_tariff_cny_per_mwh",), "while no class of `exposure` is `time_of_use`")
        if not self.price_responsive:
            self._refuse(("responsive_factor", "firm_share"), "without `price_responsive`")
        return self

    def _refuse(self, names: tuple[str, ...], why: str) -> None:
        fields = type(self).model_fields
        for name in names:
            if getattr(self, name) != fields[name].default:
                raise ValueError(f"`{name}` has no effect {why}; remove it")


# -- what users can do


def seen_by(cfg: DemandSideConfig, *exposures: str) -> list[str]:
    """Classes of load that see one of the given prices."""
    return [k for k, seen in cfg.exposure.items() if seen in exposures]


def flexible_share(cfg: DemandSideConfig, d: SystemData) -> dict[Key, float]:
    """Share of demand that can be moved, by (province, class, year); only where there is some."""
    factor, shares = at_years(cfg.shiftable_factor, d.horizon.years), d.policy.get("flexible_share", {})
    found = {
        (r, k, y): factor[y] * shares.get((k, r, y), 0.0)
        for r in d.provinces
        for k in seen_by(cfg, "time_of_use", "spot")
        for y in d.horizon.years
    }
    return {key: share for key, share in found.items() if share > 0}


def responsive_share(cfg: DemandSideConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Share of demand that a block can give up, by (block, year); only where there is some."""
    if not cfg.price_responsive:
        return {}
    factor = at_years(cfg.responsive_factor, d.horizon.years)
    shares = d.policy.get("responsive_share", {})
    found = {(b, y): factor[y] * share for (b,), share in shares.items() for y in d.horizon.years}
    return {key: share for key, share in found.items() if share > 0}


def flexible_limits(cfg: DemandSideConfig, d: SystemData) -> dict[Key, Limits]:
    """What each class can do: it follows the province's load, and is connected for more than its mean.

    The energy on its way is at most what the mean load is in the hours by which the class can move.
    """
    weight = np.array(list(d.time.weight.values()))
    found = {}
    for (r, k, y), share in flexible_share(cfg, d).items():
        load = share * np.array([d.demand[r, y, t] for t in d.time.slices])
        mean = float(weight @ load / weight.sum())
        more = np.maximum(cfg.connected_factor * mean - load, 0.0)
        found[r, k, y] = Limits(less=load, more=more, stored=mean * d.policy["flexible_hours"][k])
    return found


def regulated_shift(
    cfg: DemandSideConfig, d: SystemData, limits: dict[Key, Limits]
) -> dict[Key, tuple[Array, Array]]:
    """Load that users on time-of-use tariffs add and take away [GW by slice]."""
    on_tariff = set(seen_by(cfg, "time_of_use"))
    mine = {key: limit for key, limit in limits.items() if key[1] in on_tariff}
    factor = {
        r: np.array([d.policy["tou_factor"][r, t] for t in d.time.slices])
        for r in dict.fromkeys(r for r, _, _ in mine)
    }
    price = {key: tou_tariff(cfg, d, key[0]) * factor[key[0]] for key in mine}
    return cheapest_bill(
        mine, price, to_base(cfg.shift_cost_cny_per_mwh, "CNY/MWh"), cfg.shift_loss_share, d.time
    )


def tou_tariff(cfg: DemandSideConfig, d: SystemData, province: str) -> float:
    """Price that the time-of-use factors multiply [MCNY/GWh]."""
    if cfg.tou_tariff_cny_per_mwh is not None:
        return to_base(cfg.tou_tariff_cny_per_mwh, "CNY/MWh")
    return d.policy["coal_tariff"][province]


# -- formulation


def prepare(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    """Load moved and given up, and its place in the balance, in consumption and at the peak."""
    _prepare_shifting(m, cfg, d)
    _prepare_blocks(m, cfg, d)


def _prepare_shifting(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    limits = flexible_limits(cfg, d)
    if not limits:
        return
    fixed = regulated_shift(cfg, d, limits)
    position = {t: i for i, t in enumerate(d.time.slices)}
    m.MOVED = pyo.Set(initialize=list(limits), dimen=3)
    m.MOVED_IN = pyo.Set(
        m.PROVINCES,
        m.YEARS,
        initialize={
            (r, y): [k for s, k, v in limits if (s, v) == (r, y)]
            for r in d.provinces
            for y in d.horizon.years
        },
    )
    m.MOVED_FREELY = pyo.Set(initialize=[key for key in limits if key not in fixed], dimen=3)

    def more(m, r, k, y, t):
        i = position[t]
        return (fixed[r, k, y][0][i],) * 2 if (r, k, y) in fixed else (0.0, limits[r, k, y].more[i])

    def less(m, r, k, y, t):
        i = position[t]
        return (fixed[r, k, y][1][i],) * 2 if (r, k, y) in fixed else (0.0, limits[r, k, y].less[i])

    m.v_shift_up = pyo.Var(m.MOVED, m.TIMES, bounds=more)
    m.v_shift_down = pyo.Var(m.MOVED, m.TIMES, bounds=less)
    m.v_shift_stored = pyo.Var(
        m.MOVED_FREELY, m.TIMES, bounds=lambda m, r, k, y, t: (0.0, limits[r, k, y].stored)
    )
    add_term(m, "supply", power_moved)
    if cfg.shift_loss_share > 0:  # without loss it sums to zero over every period
        add_term(m, "served", energy_lost)


def _prepare_blocks(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    shares = responsive_share(cfg, d)
    if not shares:
        return
    m.RESPONSIVE = pyo.Set(initialize=list(shares), dimen=2)
    m.RESPONSIVE_IN = pyo.Set(
        m.YEARS, initialize={y: [b for b, v in shares if v == y] for y in d.horizon.years}
    )
    m.v_curtailed = pyo.Var(
        m.PROVINCES,
        m.RESPONSIVE,
        m.TIMES,
        bounds=lambda m, r, b, y, t: (0.0, shares[b, y] * d.demand[r, y, t]),
    )
    add_term(m, "supply", power_given_up)
    add_term(m, "served", energy_given_up)
    if cfg.firm_share > 0:
        total = {y: sum(x for (_, v), x in shares.items() if v == y) for y in d.horizon.years}
        counted = {
            (r, y): cfg.firm_share * total[y] * (1 + d.adequacy_margin) * peak
            for (r, y), peak in d.peak.items()
        }
        m.responsive_firm = param(m.PROVINCES, m.YEARS, data=counted, default=0.0)
        add_term(m, "firm", firm_given_up)


def build(m: pyo.ConcreteModel, cfg: DemandSideConfig, d: SystemData) -> None:
    """Add what moves by itself and the costs of both."""
    if hasattr(m, "v_shift_down"):
        m.shift_kept = pyo.Param(initialize=1 - cfg.shift_loss_share)
        m.shift_cost = pyo.Param(initialize=to_base(cfg.shift_cost_cny_per_mwh, "CNY/MWh"))
        m.c_shift_stored = rows(m.MOVED_FREELY, m.TIMES, rule=shift_stored)
        add_cost(m, "shift", "resource", shift_cost)
    if hasattr(m, "v_curtailed"):
        m.responsive_value = param(
            m.RESPONSIVE, data={(b, y): d.policy["responsive_value"][b,] for b, y in m.RESPONSIVE}
        )
        add_cost(m, "curtailed_demand", "resource", curtailed_value)


def power_moved(m, r, y, t):
    """Load taken away less load added in a slice [GW]."""
    return sum(m.v_shift_down[r, k, y, t] - m.v_shift_up[r, k, y, t] for k in m.MOVED_IN[r, y])


def energy_lost(m, r, y):
    """Consumption that moving load adds [GWh/yr]."""
    return sum(
        m.weight[t] * (m.v_shift_up[r, k, y, t] - m.v_shift_down[r, k, y, t])
        for k in m.MOVED_IN[r, y]
        for t in m.TIMES
    )


def power_given_up(m, r, y, t):
    """Load that blocks give up in a slice [GW]."""
    return sum(m.v_curtailed[r, b, y, t] for b in m.RESPONSIVE_IN[y])


def energy_given_up(m, r, y):
    """Consumption that blocks give up [GWh/yr]."""
    return -sum(m.weight[t] * m.v_curtailed[r, b, y, t] for b in m.RESPONSIVE_IN[y] for t in m.TIMES)


def firm_given_up(m, r, y):
    """Blocks at the peak, with its margin [GW]."""
    return m.responsive_firm[r, y]


def shift_stored(m, r, k, y, t):
    r"""Load moved follows what is added before and taken away after; cyclic within the period.

    .. math:: S_t = S_{t-1} + h\,\big((1-\lambda)\,u_t - d_t\big), \qquad 0 \le S_t \le \bar S

    Units   GWh.  The level means nothing, only its range does: load may also be taken away first.
    Dual    what a GWh on its way is worth, over all the days that the period stands for.
    """
    return (
        m.v_shift_stored[r, k, y, t]
        - m.v_shift_stored[r, k, y, m.previous[t]]
        - m.step * (m.shift_kept * m.v_shift_up[r, k, y, t] - m.v_shift_down[r, k, y, t])
        == 0
    )


def shift_cost(m, r, y):
    """Cost of moving load [MCNY/yr]."""
    return sum(
        m.shift_cost * m.weight[t] * m.v_shift_down[r, k, y, t] for k in m.MOVED_IN[r, y] for t in m.TIMES
    )


def curtailed_value(m, r, y):
    """Value of the load that is given up [MCNY/yr]."""
    return sum(
        m.responsive_value[b, y] * m.weight[t] * m.v_curtailed[r, b, y, t]
        for b in m.RESPONSIVE_IN[y]
        for t in m.TIMES
    )


def check(cfg: DemandSideConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    hours, path = d.policy.get("flexible_hours", {}), "markets.demand_side"
    moving = seen_by(cfg, "time_of_use", "spot")
    problems = [
        f"{path}.exposure: no class is called {k!r} in inputs/policy/flexible_classes.csv; "
        f"classes are {', '.join(hours)}"
        for k in cfg.exposure
        if k not in hours
    ]
    if moving and not problems and not flexible_share(cfg, d):
        problems.append(
            f"{path}.exposure: {', '.join(moving)} have no load that can be moved in the scenario's "
            "provinces and years; set them to `flat` or give shares in inputs/policy/flexible_demand.csv"
        )
    problems += [
        f"{path}.exposure: {k} moves load by at most {hours[k]:g} h, less than a slice of {d.time.step:g} h; "
        "lower time.step_h or set it to `flat`"
        for k in moving
        if k in hours and 0 < hours[k] < d.time.step
    ]
    if not moving and not cfg.price_responsive:
        problems.append(
            f"{path}: no class moves and no block gives way, so it does nothing; remove it, or write "
            "`spot` or `time_of_use` in `exposure`"
        )
    if cfg.price_responsive and not responsive_share(cfg, d):
        problems.append(
            f"{path}.price_responsive: no block has load; set it to false or give shares in "
            "inputs/policy/price_responsive.csv"
        )
    if cfg.firm_share > 0 and not d.peak:
        problems.append(f"{path}.firm_share: the scenario has no adequacy rule for it to count in; remove it")
    return problems + _check_shares(cfg, d)


def _check_shares(cfg: DemandSideConfig, d: SystemData) -> list[str]:
    """Load is moved or given up once."""
    flexible, blocks = flexible_share(cfg, d), responsive_share(cfg, d)
    for r in d.provinces:
        for y in d.horizon.years:
            total = sum(x for (s, _, v), x in flexible.items() if (s, v) == (r, y))
            total += sum(x for (_, v), x in blocks.items() if v == y)
            if total > 1:
                return [
                    f"markets.demand_side: {total:.0%} of the load of {r} in {y} is to be moved or given up; "
                    "lower `shiftable_factor` or `responsive_factor`"
                ]
    return []


# -- money


def settle(results: Results, cfg: DemandSideConfig, d: SystemData) -> list[pd.DataFrame]:
    """Load moved and given up at the hourly price, and what a time-of-use tariff adds to it or takes off."""
    v, found = results.values, []
    if "v_curtailed" in v:
        given_up = v["v_curtailed"].sum("block")
        found.append(_energy(results, "energy/{province}", "consumers", "load given up", given_up))
    if "v_shift_down" in v:
        less, more = v["v_shift_down"].sum("user"), v["v_shift_up"].sum("user")
        found += [
            _energy(results, "energy/{province}", "consumers", "load moved away", less),
            _energy(results, "consumers", "energy/{province}", "load added", more),
        ]
        if seen_by(cfg, "time_of_use"):
            found += _time_of_use(results, cfg, d)
    return found


def _energy(results: Results, payer: str, payee: str, product: str, power: xr.DataArray) -> pd.DataFrame:
    amount = (results.energy_price * results.weight * power).sum("time")
    return entries(payer, payee, "demand_side", product, amount, (results.weight * power).sum("time"), "GWh")


def _time_of_use(results: Results, cfg: DemandSideConfig, d: SystemData) -> list[pd.DataFrame]:
    """Users on the tariff pay it in place of the hourly price; a levy returns what is over, or covers it."""
    v, classes = results.values, seen_by(cfg, "time_of_use")
    moved = (v["v_shift_up"] - v["v_shift_down"]).sel(user=_present(results, classes))
    power = (moved + flexible_load(results, cfg)).sum("user")
    gap = tou_price(results, cfg) - results.energy_price
    difference = (gap * results.weight * power).sum("time")
    account = "system_operation/{province}"
    return [
        entries("consumers", account, "demand_side", "time-of-use difference", difference),
        entries("consumers", account, "demand_side", "levy", -difference),
    ]


def _present(results: Results, classes: list[str]) -> list[str]:
    """Those of the classes that have load."""
    return [k for k in classes if k in results.labels["user"]]


def flexible_load(results: Results, cfg: DemandSideConfig) -> xr.DataArray:
    """Load that can be moved, before it is (province, user, year, time) [GW]."""
    share = results.from_keys(flexible_share(cfg, results.data), ("province", "user", "year"))
    return share * results.from_keys(results.data.demand, ("province", "year", "time"))


def tou_price(results: Results, cfg: DemandSideConfig) -> xr.DataArray:
    """Time-of-use tariff (province, time) [MCNY/GWh]."""
    d = results.data
    tariff = {(r, t): tou_tariff(cfg, d, r) * d.policy["tou_factor"][r, t] for r, t in d.policy["tou_factor"]}
    return results.from_keys(tariff, ("province", "time"))


# -- indicators


def indicators(results: Results, cfg: DemandSideConfig, d: SystemData) -> list[pd.DataFrame]:
    """Energy moved and given up, what users save by moving, and what it does to the highest load."""
    v, found = results.values, []
    change = xr.zeros_like(v["v_unserved"])
    if "v_shift_down" in v:
        up, down = v["v_shift_up"].fillna(0.0), v["v_shift_down"].fillna(0.0)
        change = change + (up - down).sum("user")
        away = ((down - up).clip(min=0.0) * results.weight).sum("time")
        saving = bill_saving(results, cfg)
        found += [
            tidy(with_nation(away.sum("user")), "shifted_energy", "TWh/yr", 1e-3),
            tidy(away.sum("province").rename(user="technology"), "shifted_energy", "TWh/yr", 1e-3),
            tidy(with_nation(saving.sum("user")), "shift_bill_saving", "bn CNY/yr", 1e-3),
            tidy(saving.sum("province").rename(user="technology"), "shift_bill_saving", "bn CNY/yr", 1e-3),
        ]
    if "v_curtailed" in v:
        given_up = (v["v_curtailed"] * results.weight).sum("time")
        change = change - v["v_curtailed"].sum("block")
        found.append(tidy(with_nation(given_up.sum("block")), "curtailed_demand", "TWh/yr", 1e-3))
        by_block = given_up.sum("province").rename(block="technology")
        found.append(tidy(by_block, "curtailed_demand", "TWh/yr", 1e-3))
    return [*found, *_peak_reduction(results, change)]


def bill_saving(results: Results, cfg: DemandSideConfig) -> xr.DataArray:
    """What users save by moving load, at the prices that come of it (province, user, year) [MCNY/yr]."""
    v, classes = results.values, list(results.values["v_shift_down"]["user"].to_numpy())
    price = results.energy_price
    if "time_of_use" in cfg.exposure.values():
        on_tariff = [cfg.exposure[k] == "time_of_use" for k in classes]
        seen = xr.DataArray(on_tariff, dims="user", coords={"user": classes})
        price = xr.where(seen, tou_price(results, cfg), price)
    cost = to_base(cfg.shift_cost_cny_per_mwh, "CNY/MWh")
    kept = price * (v["v_shift_down"] - v["v_shift_up"]) - cost * v["v_shift_down"]
    return (kept * results.weight).sum("time")


def _peak_reduction(results: Results, change: xr.DataArray) -> list[pd.DataFrame]:
    """By how much the highest load of a province, and of all at once, falls [GW]."""
    demand = results.from_keys(results.data.demand, ("province", "year", "time"))

    def fall(before: xr.DataArray, after: xr.DataArray) -> xr.DataArray:
        return before.max("time") - after.max("time")

    nation = fall(demand.sum("province"), (demand + change).sum("province"))
    return [
        tidy(nation, "peak_reduction", "GW"),
        tidy(fall(demand, demand + change), "peak_reduction", "GW"),
    ]


_USER = ("province", "user", "year", "time")

DEMAND_SIDE = Mechanism(
    name="demand_side",
    summary="Demand side: load that moves within the day at spot or time-of-use prices, or is given up",
    config=DemandSideConfig,
    prepare=prepare,
    build=build,
    check=check,
    settle=settle,
    indicators=indicators,
    headline=("shifted_energy", "curtailed_demand"),
    entries=(
        Entry("v_shift_up", _USER, "GW", "load added by moving it"),
        Entry("v_shift_down", _USER, "GW", "load taken away by moving it"),
        Entry("v_shift_stored", _USER, "GWh", "load on its way from one slice to another"),
        Entry("v_curtailed", ("province", "block", "year", "time"), "GW", "load given up at its value"),
        Entry("c_shift_stored", _USER, "GWh", "load on its way follows what is added and taken away"),
    ),
)
