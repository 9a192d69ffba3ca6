"""Limits on what power plants emit: a peak year, the emissions of another scenario, provincial caps.

All count *physical* emissions of all generation, starts included and nothing credited, so they hold
with any carbon market or without one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyomo.environ as pyo
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism, MechanismConfig
from picmodel.scenario.check import wrong
from picmodel.units import to_base


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
        3000.0, gt=0, le=10000, description="price of exceeding the level; null: never exceeded [CNY/t]"
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


class EmissionLimitsConfig(MechanismConfig):
    """Options of limits on physical emissions."""

    peak_year: PeakYear | None = Field(None, description="emissions peak in a year, and fall after it")

    @model_validator(mode="after")
    def _something(self) -> EmissionLimitsConfig:
        if self.peak_year is None:
            wrong("no limit is set; write `peak_year`, or delete `markets.emission_limits`")
        return self


# -- emissions of another scenario


def needs(cfg: EmissionLimitsConfig) -> Mapping[tuple[str, ...], str]:
    """Scenarios that are solved first, by the option that names them."""
    found = {}
    if cfg.peak_year and cfg.peak_year.level_of is not None:
        found["peak_year", "level_of"] = cfg.peak_year.level_of
    return found


def emissions_of(d: SystemData, name: str, year: int) -> float | None:
    """Emissions of another scenario [kt/yr], linear between its planning years; None outside them."""
    path = d.policy.get("emissions_of", {}).get(name, {})
    if not path or not min(path) <= year <= max(path):
        return None
    return float(np.interp(year, sorted(path), [path[y] for y in sorted(path)]))


# -- rows


def build(m: pyo.ConcreteModel, cfg: EmissionLimitsConfig, d: SystemData) -> None:
    """Add the limits that are set."""
    if cfg.peak_year:
        _add_peak(m, cfg.peak_year, d)


def peak_levels(peak: PeakYear, d: SystemData) -> dict[int, float]:
    """What the nation may emit in each planning year [kt/yr]."""
    if peak.level_of is not None:
        level = emissions_of(d, peak.level_of, peak.year)
    else:
        level = to_base(peak.level_mt, "Mt")
    return {y: level * (1 - peak.decline_after_share) ** max(0, y - peak.year) for y in d.horizon.years}


def _add_peak(m, peak: PeakYear, d: SystemData) -> None:
    m.peak_level = param(m.YEARS, data=peak_levels(peak, d))
    m.v_above_peak = _slack(m, peak.slack_cny_per_t)
    m.peak_slack_price = pyo.Param(initialize=to_base(peak.slack_cny_per_t or 0.0, "CNY/t"))
    m.c_emission_peak = rows(m.YEARS, rule=emission_peak)
    add_cost(m, "above_peak", "transfer", above_peak, national=True)


def _slack(m, price: float | None) -> pyo.Var:
    """What is emitted above a national limit; nothing where exceeding it has no price."""
    if price is None:
        return pyo.Var(m.YEARS, bounds=(0.0, 0.0))
    return at_least_zero(m.YEARS)


def emission_peak(m, y):
    """Emissions of all generation stay below the level of the peak, and fall after it [kt/yr]."""
    return sum(m.v_emissions[r, y] for r in m.PROVINCES) - m.v_above_peak[y] <= m.peak_level[y]


def above_peak(m, y):
    """Slack of the peak rule [MCNY/yr]: a transfer, nothing is used up."""
    return m.peak_slack_price * m.v_above_peak[y]


# -- money and problems


def margin(results: Results, cfg: EmissionLimitsConfig, d: SystemData) -> Lines:
    """What a GW emits, at the price of each limit."""
    factor = results.from_keys({(g,): e for g, e in d.emission_factor.items()}, ("technology",))
    emitted = factor.fillna(0.0) * results.output_per_gw()
    lines: Lines = {}
    if cfg.peak_year:
        lines["emission_peak"] = -results.price("c_emission_peak") * emitted
    return lines


def check(cfg: EmissionLimitsConfig, d: SystemData) -> list[str]:
    """Problems that only the system, or the scenario named, shows."""
    return _check_peak(cfg.peak_year, d) if cfg.peak_year else []


def _check_peak(peak: PeakYear, d: SystemData) -> list[str]:
    problems = []
    if not any(y > peak.year for y in d.horizon.years):
        problems.append(
            f"markets.emission_limits.peak_year.year: no planning year lies after {peak.year}, so the rule "
            "says nothing about a peak; add a later year to `horizon.years`"
        )
    if peak.level_of is not None and emissions_of(d, peak.level_of, peak.year) is None:
        problems.append(_no_emissions(d, peak.level_of, [peak.year], "peak_year.level_of"))
    return problems


def _no_emissions(d: SystemData, name: str, years: list[int], option: str) -> str:
    """Why the emissions of another scenario are not known in some years."""
    path = d.policy.get("emissions_of", {}).get(name)
    where, missing = f"markets.emission_limits.{option}", ", ".join(map(str, years))
    if not path:
        return f"{where}: the emissions of `{name}` are not known; solve it in the same run"
    return (
        f"{where}: {missing} is outside the planning years of `{name}` ({min(path)} to {max(path)}); "
        "give it planning years that contain them, or write a number"
    )


EMISSION_LIMITS = Mechanism(
    name="emission_limits",
    summary="Limits on physical emissions: a peak year",
    config=EmissionLimitsConfig,
    build=build,
    check=check,
    margin=margin,
    slacks={"v_above_peak": "emissions above the level of the peak"},
    entries=(
        Entry("v_above_peak", ("year",), "kt/yr", "emissions above the level of the peak"),
        Entry(
            "c_emission_peak", ("year",), "kt/yr", "peak of emissions", "MCNY/kt", "annual", "regulatory", -1
        ),
    ),
)
