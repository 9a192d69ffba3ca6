"""Options of energy saving, and what they mean for a measure and a province."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from picmodel.annuity import annuity
from picmodel.data.system import SystemData
from picmodel.markets.base import MechanismConfig
from picmodel.scenario.schema import ByYearOf


class EnergySavingConfig(MechanismConfig):
    """Options of energy saving."""

    white_certificate_share: ByYearOf[Annotated[float, Field(ge=0, le=1)]] = Field(
        0.003, description="certified savings over sales of the white-certificate provinces, by year"
    )
    use_quota_share: ByYearOf[Annotated[float, Field(ge=0, le=5)]] = Field(
        0.995, description="quota of the energy-use provinces over their demand before savings, by year"
    )
    pilots: Literal["own", "all"] = Field(
        "own", description="obligations hold in the provinces of saving_pilots.csv, or in all"
    )
    merged: bool = Field(
        False, description="one national market: the targets are added, a saving is verified once"
    )
    double_claim: bool = Field(
        False,
        description="a saving may serve both markets: the defect of 2021, measured in MWh claimed twice",
    )
    carbon_linkage: bool = Field(
        False, description="certified savings may become allowances, one use each; needs `markets.carbon`"
    )
    exclude_renewables: bool = Field(
        False, description="green certificates used by a province leave its metered use; needs certificates"
    )
    tce_basis: Literal["calorific", "coal_equivalent"] = Field(
        "coal_equivalent", description="tonnes of standard coal of a MWh: its heat, or the coal to make it"
    )
    implicit_discount_share: float | None = Field(
        0.30,
        gt=0,
        le=1,
        description="yearly return that users ask of a measure, against their cost of capital; decisions see "
        "the difference as a hurdle, which is no resource; null: none",
    )
    verification_cny_per_mwh: float = Field(
        5.0, ge=0, le=200, description="cost of certifying a MWh, in each market; an assumption [CNY/MWh]"
    )
    compliance_payment_cny_per_tce: float = Field(
        2000.0, gt=0, le=20000, description="paid for what is missing; an assumption [CNY/tce]"
    )

    @model_validator(mode="after")
    def _one_way(self) -> EnergySavingConfig:
        if self.merged and self.double_claim:
            raise ValueError("`merged` certifies a saving once, so `double_claim` cannot be; set one of them")
        return self


# -- what the options say


def tce_per_gwh(cfg: EnergySavingConfig, d: SystemData) -> float:
    """Standard coal of a GWh on the chosen basis [ktce/GWh]."""
    return d.policy["conversion"][cfg.tce_basis]


def co2_per_gwh(cfg: EnergySavingConfig, d: SystemData) -> float:
    """CO2 of a GWh saved, the product of both factors: every closed path multiplies to 1 [kt/GWh]."""
    return tce_per_gwh(cfg, d) * d.policy["conversion"]["co2_per_tce"]


def hurdle(cfg: EnergySavingConfig, d: SystemData, measure: str) -> float:
    """What a measure's capital must earn beyond its cost for users to take it [MCNY/GWh saved].

    Levelised cost is capital at the social rate of the horizon; at the users' own rate the same capital
    costs the ratio of the two annuities.
    """
    life = d.policy["saving_life"][measure]
    asked = annuity(1.0, cfg.implicit_discount_share or 0.0, life)
    return d.policy["saving_cost"][measure,] * max(0.0, asked / annuity(1.0, d.horizon.rate, life) - 1.0)


def obliged(cfg: EnergySavingConfig, d: SystemData, market: str) -> list[str]:
    """Provinces of a market: those of the pilots, or all."""
    return [r for r in d.provinces if cfg.pilots == "all" or d.policy[market].get(r)]


def measures_alike(d: SystemData, measures: list[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Measures of a province that save at the same hours, under the first of them.

    Slices see one variable for all of them: what links every slice to a year is what a solve costs.
    """
    first: dict[tuple, str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for r, k in measures:
        profile = (r, *(d.policy["saving_shape"][r, k, t] for t in d.time.slices))
        found.setdefault((r, first.setdefault(profile, k)), []).append(k)
    return found


# -- problems


def check(cfg: EnergySavingConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    if not obliged(cfg, d, "white_pilots") and not obliged(cfg, d, "use_right_pilots"):
        return [
            "markets.energy_saving.pilots: `own`, but none of the scenario's provinces has a pilot in "
            "inputs/policy/saving_pilots.csv; set it to `all` or add provinces"
        ]
    return []
