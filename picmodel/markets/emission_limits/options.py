"""Options of the limits on emissions, the levels that they mean, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.markets.base import MechanismConfig
from picmodel.scenario.check import nearest, wrong
from picmodel.scenario.schema import ByYearOf, at_years
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


# -- what the options say


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


def peak_levels(peak: PeakYear, d: SystemData) -> dict[int, float]:
    """What the nation may emit in each planning year [kt/yr]."""
    if peak.level_of is not None:
        level = emissions_of(d, peak.level_of, peak.year)
    else:
        level = to_base(peak.level_mt or 0.0, "Mt")  # one of the two is there
    return {y: level * (1 - peak.decline_after_share) ** max(0, y - peak.year) for y in d.horizon.years}


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
