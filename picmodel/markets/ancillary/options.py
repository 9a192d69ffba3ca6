"""Options of ancillary services, and what they mean: which fleets, which needs, which areas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.formulation.commitment import committable, flexible_fleets
from picmodel.markets.base import MechanismConfig
from picmodel.scenario.schema import ByYearOf, at_years

#: groups of technologies whose output cannot be foreseen and asks for reserve
VARIABLE = ("wind", "solar")


class AncillaryConfig(MechanismConfig):
    """Options of ancillary services."""

    committed_groups: tuple[str, ...] = Field(
        ("coal", "gas", "nuclear"),
        strict=False,
        description="groups of technologies with a least output and starts",
    )
    daily_groups: tuple[str, ...] = Field(
        (),
        strict=False,
        description="committed groups whose units are on for whole days: no starts within a typical day, "
        "a third of the rows; coal and nuclear in fact start rarely",
    )
    ramps: bool = Field(False, description="output keeps to ramp rates")
    flexibility: bool = Field(
        False, description="committed fleets may be retrofitted to a lower least output"
    )
    products: tuple[Literal["up", "down", "frequency"], ...] = Field(
        ("up", "down", "frequency"), strict=False, description="reserves that are required"
    )
    area: Literal["province", "region", "nation"] = Field(
        "province", description="where a reserve counts: its province, its regional grid, or anywhere"
    )
    providers: tuple[Literal["thermal", "hydro", "stores", "vre"], ...] = Field(
        ("thermal", "hydro", "stores", "vre"),
        strict=False,
        description="who may hold reserves; wind and sun only downward, and no frequency regulation",
    )
    requirement_factor: ByYearOf[Annotated[float, Field(ge=0, le=20)]] = Field(
        1.0, description="requirements of inputs/policy/reserve_requirements.csv times this, by year"
    )
    reserve_duration_h: float = Field(
        1.0, ge=0, le=24, description="energy that stores keep for a GW of reserve [h]"
    )
    shortage_cny_per_mwh: float = Field(
        3000.0, gt=0, le=10000, description="price of a reserve that is not held [CNY per MW and h]"
    )
    who_pays: Literal["causers", "load", "generators"] = Field(
        "causers",
        description="who pays: load, wind and sun as they cause it, or one side alone",
    )
    peak_shaving: bool = Field(
        False, description="fleets below the paid threshold are paid by other generators; settlement only"
    )

    @model_validator(mode="after")
    def _effective(self) -> AncillaryConfig:
        if not self.committed_groups:
            for name in ("ramps", "flexibility", "peak_shaving"):
                if getattr(self, name):
                    raise ValueError(
                        f"`{name}` has no effect without committed fleets; name groups in `committed_groups`"
                    )
        if not self.products:
            unused = {"area", "providers", "requirement_factor", "reserve_duration_h", "who_pays"}
            for name in sorted(unused & self.model_fields_set):
                raise ValueError(f"`{name}` has no effect without a reserve; name one in `products`")
            if not self.committed_groups:
                raise ValueError(
                    "`committed_groups` and `products` are both empty, so nothing is left; remove it"
                )
        return self


def needs(cfg: AncillaryConfig) -> tuple[str, ...]:
    """Needs that have a row: frequency regulation takes up and down reserve, and only from who can follow."""
    found = []
    if {"up", "frequency"} & set(cfg.products):
        found.append("up")
    if {"down", "frequency"} & set(cfg.products):
        found.append("down")
    if "frequency" in cfg.products:
        found.append("frequency")
    return tuple(found)


def shares(cfg: AncillaryConfig, d: SystemData, table: str) -> dict[str, dict[tuple[str, int], float]]:
    """What a need asks per GW of demand or of variable output: need -> (province, year) -> share.

    Args:
        table: ``reserve_load`` or ``reserve_vre``.
    """
    factor = at_years(cfg.requirement_factor, d.horizon.years)
    asked = d.policy.get(table, {})

    def share(need: str, r: str) -> float:
        products = {"up": ("up", "frequency"), "down": ("down", "frequency"), "frequency": ("frequency",)}
        return sum(asked.get((p, r), 0.0) for p in products[need] if p in cfg.products)

    return {
        need: {(r, y): x * share(need, r) for r in d.provinces for y, x in factor.items()}
        for need in needs(cfg)
    }


def areas(cfg: AncillaryConfig, d: SystemData) -> dict[str, list[str]]:
    """Provinces of each area."""
    if cfg.area == "nation":
        return {"CN": list(d.provinces)}
    if cfg.area == "province":
        return {r: [r] for r in d.provinces}
    grid: Mapping[str, str] = d.policy["regional_grid"]
    return {a: [r for r in d.provinces if grid[r] == a] for a in dict.fromkeys(grid[r] for r in d.provinces)}


def committed(cfg: AncillaryConfig, d: SystemData) -> list[tuple[str, str]]:
    return committable(d, cfg.committed_groups)


def on_for_days(cfg: AncillaryConfig, d: SystemData) -> list[tuple[str, str]]:
    """Committed fleets whose units are on for whole typical days."""
    return [(r, g) for r, g in committed(cfg, d) if d.group[g] in cfg.daily_groups]


def flexible(cfg: AncillaryConfig, d: SystemData) -> list[tuple[str, str]]:
    return flexible_fleets(d, committed(cfg, d)) if cfg.flexibility else []
