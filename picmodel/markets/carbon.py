"""The carbon market: a price, a mass cap or China's benchmark; offsets.

A unit of class g with benchmark b needs, per net MWh, ``net = e - (1 - a) b`` allowances beyond what
it is given (e: emissions, a: auction share).  Rules that hold for each plant are applied to this
parameter, so every row stays linear.
"""

from __future__ import annotations

from typing import Literal

import pyomo.environ as pyo
import xarray as xr
from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Lines, Mechanism, MechanismConfig
from picmodel.scenario.schema import ByYear, at_years
from picmodel.units import to_base


class CarbonConfig(MechanismConfig):
    """Options of the carbon market."""

    instrument: Literal["price", "cap", "benchmark"] = Field(
        "benchmark", description="how emissions are limited"
    )
    covered: tuple[str, ...] = Field(
        ("coal", "gas"), strict=False, description="groups of technologies with a duty"
    )
    price_cny_per_t: ByYear | None = Field(None, description="instrument price: CNY per t CO2, by year")
    cap_mt: ByYear | None = Field(None, description="instrument cap: Mt CO2 per year, by year")
    benchmark_factor: ByYear = Field(1.0, description="benchmarks of inputs/policy/benchmarks.csv times this")
    auction_share: ByYear = Field(0.0, description="share of the benchmark that is not given free")
    auction_volume_mt: ByYear = Field(0.0, description="instrument benchmark: allowances auctioned, Mt/yr")
    pass_through_share: float = Field(1.0, ge=0, le=1, description="share of the price that moves decisions")
    ceiling_cny_per_t: float = Field(
        1000.0, gt=0, le=10000, description="the state sells at this price; with cap and benchmark [CNY/t]"
    )
    gas_exempt: bool = Field(False, description="gas units never owe more than they are given")
    gap_cap_share: float | None = Field(
        None, gt=0, le=1, description="deficit counted up to this share of emissions"
    )
    offset_limit_share: float = Field(0.05, ge=0, le=1, description="CCER over verified emissions, at most")
    external_ccer_mt: ByYear = Field(0.0, description="CCER from outside the power sector, Mt/yr")
    external_ccer_cny_per_t: float = Field(80.0, ge=0, le=2000, description="their price [CNY/t]")

    @model_validator(mode="after")
    def _complete(self) -> CarbonConfig:
        needed = {"price": "price_cny_per_t", "cap": "cap_mt"}.get(self.instrument)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"instrument `{self.instrument}` needs `{needed}`")
        for name, instrument in (("price_cny_per_t", "price"), ("cap_mt", "cap")):
            if getattr(self, name) is not None and self.instrument != instrument:
                raise ValueError(f"`{name}` has no effect with instrument `{self.instrument}`; remove it")
        return self


def net_factor(cfg: CarbonConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Allowances owed per net output, beyond what is given free [kt/GWh], by (technology, year)."""
    years = d.horizon.years
    auction, factor = at_years(cfg.auction_share, years), at_years(cfg.benchmark_factor, years)
    found = {}
    for g in _covered_technologies(cfg, d):
        for y in years:
            e = d.emission_factor[g]
            given = 0.0
            if cfg.instrument != "cap":
                given = (1 - auction[y]) * factor[y] * d.policy["benchmark"].get((g, y), 0.0)
            net = e - given
            if cfg.gas_exempt and d.group[g] == "gas":
                net = min(net, 0.0)
            if cfg.gap_cap_share is not None:
                net = min(net, cfg.gap_cap_share * e)
            found[g, y] = net
    return found


def _covered_technologies(cfg: CarbonConfig, d: SystemData) -> list[str]:
    return [g for g in dict.fromkeys(g for _, g in d.fleets) if d.group[g] in cfg.covered]


def build(m: pyo.ConcreteModel, cfg: CarbonConfig, d: SystemData) -> None:
    """Add the instrument and offsets."""
    years = d.horizon.years
    technologies = _covered_technologies(cfg, d)
    m.COVERED = pyo.Set(initialize=technologies)
    covered = [fleet for fleet in d.fleets if fleet[1] in technologies]
    m.COVERED_FLEETS = pyo.Set(initialize=covered, dimen=2)
    m.COVERED_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in covered if s == r] for r in d.provinces}
    )
    m.carbon_net = param(m.COVERED, m.YEARS, data=net_factor(cfg, d))
    _add_offsets(m, cfg, years)
    if cfg.instrument == "price":
        _add_price(m, cfg, years)
    else:
        _add_limit(m, cfg, years)


def _add_offsets(m, cfg: CarbonConfig, years) -> None:
    """CCER from outside, and what `interactions` links: both stay shut (0) until it opens them."""
    supply = {y: to_base(x, "Mt") for y, x in at_years(cfg.external_ccer_mt, years).items()}
    m.offset_limit = pyo.Param(initialize=cfg.offset_limit_share)
    m.external_ccer_price = pyo.Param(initialize=to_base(cfg.external_ccer_cny_per_t, "CNY/t"))
    m.v_offset = at_least_zero(m.YEARS)
    m.v_external_ccer = pyo.Var(m.YEARS, bounds=lambda m, y: (0.0, supply[y]))
    m.v_linked_ccer = pyo.Var(m.YEARS, bounds=(0.0, 0.0))
    m.v_linked_credit = pyo.Var(m.YEARS, bounds=(0.0, 0.0))
    m.c_ccer = rows(m.YEARS, rule=ccer)
    m.c_offset_limit = rows(m.YEARS, rule=offset_limit)
    add_cost(m, "external_ccer", "transfer", external_ccer, national=True)


def _add_price(m, cfg: CarbonConfig, years) -> None:
    price = {
        y: cfg.pass_through_share * to_base(x, "CNY/t")
        for y, x in at_years(cfg.price_cny_per_t, years).items()
    }
    m.carbon_price = param(m.YEARS, data=price)
    add_cost(m, "carbon_price", "transfer", carbon_cost)
    add_cost(m, "carbon_offsets", "transfer", carbon_offsets, national=True)


def _add_limit(m, cfg: CarbonConfig, years) -> None:
    """Cap or benchmark: one row a year, and the state's sales at the ceiling."""
    limit = cfg.cap_mt if cfg.instrument == "cap" else cfg.auction_volume_mt
    m.allowances = param(m.YEARS, data={y: to_base(x, "Mt") for y, x in at_years(limit, years).items()})
    m.carbon_ceiling = pyo.Param(initialize=to_base(cfg.ceiling_cny_per_t, "CNY/t"))
    m.v_allowances_bought = at_least_zero(m.YEARS)
    m.c_allowances = rows(m.YEARS, rule=allowances)
    add_cost(m, "allowances_at_ceiling", "transfer", at_ceiling, national=True)


def allowances(m, y):
    r"""What is owed beyond free allocation is covered by auction, offsets and the ceiling.

    .. math:: \sum_{rg} n_{gy} G_{rgy} - o_y - k_y - x_y \le A_y

    Units   kt CO2/yr.
    Dual    <= 0; minus it, undiscounted, is the allowance price.
    """
    return (
        sum(m.carbon_net[g, y] * m.v_annual_generation[r, g, y] for r, g in m.COVERED_FLEETS)
        - m.v_offset[y]
        - m.v_linked_credit[y]
        - m.v_allowances_bought[y]
        <= m.allowances[y]
    )


def ccer(m, y):
    """CCER used come from outside or from linked certificates [kt/yr]."""
    return m.v_offset[y] - m.v_external_ccer[y] - m.v_linked_ccer[y] <= 0


def offset_limit(m, y):
    """CCER up to a share of *verified emissions*, not of the deficit [kt/yr]."""
    return (
        m.v_offset[y]
        - m.offset_limit
        * sum(m.emission_factor[g] * m.v_annual_generation[r, g, y] for r, g in m.COVERED_FLEETS)
        <= 0
    )


def carbon_cost(m, r, y):
    """Carbon cost as it moves decisions [MCNY/yr]."""
    return sum(
        m.carbon_price[y] * m.carbon_net[g, y] * m.v_annual_generation[r, g, y] for g in m.COVERED_OF[r]
    )


def carbon_offsets(m, y):
    """What offsets and linked certificates save at the carbon price [MCNY/yr]."""
    return -m.carbon_price[y] * (m.v_offset[y] + m.v_linked_credit[y])


def external_ccer(m, y):
    """CCER bought from other sectors [MCNY/yr]."""
    return m.external_ccer_price * m.v_external_ccer[y]


def at_ceiling(m, y):
    """Allowances bought from the state at the ceiling [MCNY/yr]."""
    return m.carbon_ceiling * m.v_allowances_bought[y]


def check(cfg: CarbonConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    problems = []
    unknown = [group for group in cfg.covered if group not in set(d.group.values())]
    if unknown:
        problems.append(
            f"markets.carbon.covered: no technology belongs to {', '.join(unknown)}; "
            f"groups are {', '.join(dict.fromkeys(d.group.values()))}"
        )
    return problems


def margin(results: Results, cfg: CarbonConfig, d: SystemData) -> Lines:
    """Allowances owed at their price; emitting also raises the limits that follow verified emissions."""
    output = results.output_per_gw()
    factor = results.from_keys({(g,): e for g, e in d.emission_factor.items()}, ("technology",))
    factor = factor.fillna(0.0)
    net = results.from_keys(net_factor(cfg, d), ("technology", "year"))
    price = results.price("c_allowances") if "c_allowances" in results.duals else _set_price(results, cfg)
    lines = {"carbon": -price * net * output}
    covered = factor.where(net.notnull(), 0.0) * output
    lines["offset_limit"] = results.price("c_offset_limit") * cfg.offset_limit_share * covered
    if "c_credit_limit" in results.duals:
        lines["credit_limit"] = results.price("c_credit_limit") * covered
    return lines


def _set_price(results: Results, cfg: CarbonConfig) -> xr.DataArray:
    """The part of a set carbon price that decisions see [MCNY/kt]."""
    price = at_years(cfg.price_cny_per_t, results.years)
    seen = {(y,): cfg.pass_through_share * to_base(x, "CNY/t") for y, x in price.items()}
    return results.from_keys(seen, ("year",))


CARBON = Mechanism(
    name="carbon",
    summary="Carbon market: a price, a mass cap or China's output-based benchmark",
    config=CarbonConfig,
    build=build,
    check=check,
    margin=margin,
    headline=("allowance_price",),
    entries=(
        Entry("v_offset", ("year",), "kt/yr", "CCER used for compliance"),
        Entry("v_external_ccer", ("year",), "kt/yr", "CCER bought from outside the power sector"),
        Entry("v_linked_ccer", ("year",), "kt/yr", "CCER made of renewable output"),
        Entry("v_linked_credit", ("year",), "kt/yr", "certificates surrendered for carbon, as CO2"),
        Entry("v_allowances_bought", ("year",), "kt/yr", "allowances bought from the state at the ceiling"),
        Entry("c_ccer", ("year",), "kt/yr", "CCER balance", "MCNY/kt", "annual", "market", -1),
        Entry("c_offset_limit", ("year",), "kt/yr", "limit on CCER", "MCNY/kt", "annual", "regulatory", -1),
        Entry("c_allowances", ("year",), "kt/yr", "allowance balance", "MCNY/kt", "annual", "market", -1),
    ),
)
