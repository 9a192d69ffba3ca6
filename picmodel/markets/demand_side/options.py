"""Options of the demand side, and what they let users do."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.markets.base import MechanismConfig
from picmodel.markets.demand_side.time_of_use import Array, Key, Limits, cheapest_bill
from picmodel.scenario.schema import ByYearOf, at_years
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


# -- problems


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
