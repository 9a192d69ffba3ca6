"""Options of the carbon market, and what they mean for a plant: where it trades, what it owes and is given.

A unit of class g with benchmark b owes, per net MWh, ``net = e - (1 - a) b`` allowances beyond what it
is given free (e: emissions, a: auction share).  Rules that hold for each plant are applied to this
parameter, so that every row stays linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, Tag, model_validator

from picmodel.data.system import SystemData
from picmodel.markets.base import MechanismConfig
from picmodel.scenario.check import nearest, wrong
from picmodel.scenario.schema import ByYearOf, at_years
from picmodel.units import to_base

NATION = "CN"

Price = Annotated[float, Field(ge=0, le=10000)]
Mass = Annotated[float, Field(ge=0, le=20000)]
Share = Annotated[float, Field(ge=0, le=1)]
T = TypeVar("T")


def _kind(value: object) -> str:
    named = isinstance(value, Mapping) and any(isinstance(key, str) for key in value)
    return "by_area" if named else "every_area"


class _EitherKey:
    """In the JSON Schema a mapping may be one of areas or of years: both are objects, so not ``oneOf``."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema = handler(core_schema)
        return {("anyOf" if key == "oneOf" else key): value for key, value in schema.items()}


#: one value for the nation, or a mapping of ``areas`` to values
ByAreaOf = Annotated[
    Annotated[T, Tag("every_area")] | Annotated[dict[str, T], Field(min_length=1), Tag("by_area")],
    Discriminator(_kind),
    _EitherKey(),
]
ByAreaAndYear = ByAreaOf[ByYearOf[Mass]]


class Bank(MechanismConfig):
    """Allowances that are not used now serve later; nothing is borrowed."""

    carry_over_limit_mt: ByAreaOf[Mass] | None = Field(
        None, description="most that is carried from one planning year to the next [Mt]; null: no limit"
    )
    initial_mt: ByAreaOf[Mass] = Field(0.0, description="held before the first planning year [Mt]")
    final_value_cny_per_t: float = Field(
        0.0,
        ge=0,
        le=10000,
        description="what an allowance left after the last planning year is worth, in its money [CNY/t]",
    )


class CreditSupply(MechanismConfig):
    """CCER that projects outside the power sector offer."""

    name: str = Field(pattern=r"^\w[\w.-]*$", description="name of the block")
    supply_mt: ByYearOf[Mass] = Field(description="offered at most, Mt/yr, by year")
    price_cny_per_t: ByYearOf[Price] = Field(description="price from which it is offered [CNY/t], by year")


class OtherSector(MechanismConfig):
    """Abatement of other covered sectors that frees allowances, or their demand for some."""

    name: str = Field(pattern=r"^\w[\w.-]*$", description="name of the block")
    supply_mt: ByYearOf[Mass] | None = Field(None, description="allowances sold at most, Mt/yr, by year")
    demand_mt: ByYearOf[Mass] | None = Field(None, description="allowances bought at most, Mt/yr, by year")
    price_cny_per_t: ByYearOf[Price] = Field(
        description="price from which they sell, or up to which they buy [CNY/t], by year"
    )
    area: str | None = Field(None, description="where there are `areas`: the one they trade in")

    @model_validator(mode="after")
    def _one_side(self) -> OtherSector:
        if (self.supply_mt is None) == (self.demand_mt is None):
            wrong(f"block {self.name}: write either `supply_mt` or `demand_mt`")
        return self


#: options that only some instruments read
ONLY_WITH = {
    "price_cny_per_t": ("price",),
    "pass_through_share": ("price",),
    "cap_mt": ("cap",),
    "benchmark_factor": ("price", "benchmark"),
    "benchmark_basis": ("price", "benchmark"),
    "gas_exempt": ("price", "benchmark"),
    "gap_cap_share": ("price", "benchmark"),
    "auction_volume_mt": ("benchmark",),
    "floor_cny_per_t": ("cap", "benchmark"),
    "ceiling_cny_per_t": ("cap", "benchmark"),
    "slack_cny_per_t": ("cap", "benchmark"),
    "bank": ("cap", "benchmark"),
    "other_sectors": ("cap", "benchmark"),
}
#: what an instrument allocates by unless `allocation` says otherwise, and what else it can
ALLOCATIONS = {
    "price": ("benchmark", "auction"),
    "cap": ("auction", "grandfathering"),
    "benchmark": ("benchmark",),
}
#: options that say what a plant is given by its output
OF_BENCHMARKS = ("benchmark_factor", "benchmark_basis", "gas_exempt", "gap_cap_share", "auction_share")


class CarbonConfig(MechanismConfig):
    """Options of the carbon market."""

    instrument: Literal["price", "cap", "benchmark"] = Field(
        "benchmark", description="how emissions are limited: a set price, a mass cap, or benchmarks on output"
    )
    covered: tuple[str, ...] = Field(
        ("coal", "gas"), strict=False, description="groups of technologies with a duty"
    )
    areas: dict[str, Annotated[tuple[str, ...], Field(strict=False, min_length=1)]] | None = Field(
        None, description="separate markets: name -> provinces, each province in one; null: one nation"
    )
    price_cny_per_t: ByAreaOf[ByYearOf[Price]] | None = Field(
        None, description="instrument price: CNY per t CO2, by year, or by area and year"
    )
    pass_through_share: float = Field(
        1.0, ge=0, le=1, description="instrument price: share of the price that moves decisions"
    )
    cap_mt: ByAreaAndYear | None = Field(
        None, description="instrument cap: Mt CO2 per year, by year, or by area and year"
    )
    allocation: Literal["auction", "grandfathering", "benchmark"] | None = Field(
        None,
        description="who gets allowances free: nobody, the fleet that stood at the start, or output; "
        "null: auction with a cap, else benchmark",
    )
    benchmark_factor: ByYearOf[Annotated[float, Field(ge=0, le=10)]] = Field(
        1.0, description="benchmarks of inputs/policy/benchmarks.csv times this, by year"
    )
    benchmark_basis: Literal["gross", "net"] = Field(
        "gross", description="the published benchmark is per MWh generated, or per MWh supplied"
    )
    auction_share: ByYearOf[Share] = Field(
        0.0, description="share of the benchmark, or of a grandfathered cap, that is not given free, by year"
    )
    auction_volume_mt: ByAreaAndYear = Field(
        0.0, description="instrument benchmark: allowances auctioned, Mt/yr, by year, or by area and year"
    )
    floor_cny_per_t: ByYearOf[Price] | None = Field(
        None, description="the state buys at this price, with cap and benchmark [CNY/t], by year"
    )
    ceiling_cny_per_t: ByYearOf[Price] | None = Field(
        None, description="the state sells at this price, with cap and benchmark [CNY/t], by year"
    )
    slack_cny_per_t: float = Field(
        3000.0, gt=0, le=10000, description="without a ceiling: price of an allowance that is missing [CNY/t]"
    )
    bank: Bank | None = Field(None, description="allowances kept for later years; null: none are")
    gas_exempt: bool = Field(False, description="gas units never owe more than they are given")
    gap_cap_share: float | None = Field(
        None, gt=0, le=1, description="deficit of a plant counted up to this share of its emissions"
    )
    capture_credit: Literal["full", "none"] = Field(
        "full", description="captured CO2 is not owed, or owed as if it were emitted; needs `markets.ccs`"
    )
    offset_limit_share: float = Field(0.05, ge=0, le=1, description="CCER over verified emissions, at most")
    external_ccer: tuple[CreditSupply, ...] = Field(
        (), strict=False, description="CCER from outside the power sector, in blocks of supply"
    )
    other_sectors: tuple[OtherSector, ...] = Field(
        (), strict=False, description="other covered sectors, in blocks of supply and demand"
    )

    @property
    def by_output(self) -> bool:
        """Free allowances follow output."""
        return (self.allocation or ALLOCATIONS[self.instrument][0]) == "benchmark"

    @property
    def grandfathered(self) -> bool:
        return self.allocation == "grandfathering"

    @model_validator(mode="after")
    def _complete(self) -> CarbonConfig:
        needed = {"price": "price_cny_per_t", "cap": "cap_mt"}.get(self.instrument)
        if needed and getattr(self, needed) is None:
            wrong(f"instrument `{self.instrument}` needs `{needed}`; write it")
        for name, instruments in ONLY_WITH.items():
            if self.instrument not in instruments and self._is_set(name):
                wrong(f"has no effect with instrument `{self.instrument}`; delete it", name)
        return self

    @model_validator(mode="after")
    def _allocation_fits(self) -> CarbonConfig:
        if self.allocation and self.allocation not in ALLOCATIONS[self.instrument]:
            reason = {
                "benchmark": "inside a fixed cap what a plant is given would be price times output; "
                "write instrument `benchmark`",
                "grandfathering": "shares out a cap; write instrument `cap`, or delete it",
                "auction": "a benchmark market gives by output; write instrument `cap` or `price`, or "
                "`auction_share` and `auction_volume_mt`",
            }
            wrong(reason[self.allocation], "allocation")
        for name in () if self.by_output else OF_BENCHMARKS:
            if self._is_set(name) and not (self.grandfathered and name == "auction_share"):
                wrong("has no effect where nothing is given by output; delete it", name)
        return self

    @model_validator(mode="after")
    def _areas_are_named(self) -> CarbonConfig:
        own: dict[tuple[str, ...], Any] = {
            (name,): getattr(self, name) for name in ("price_cny_per_t", "cap_mt", "auction_volume_mt")
        }
        if self.bank:
            limit, initial = self.bank.carry_over_limit_mt, self.bank.initial_mt
            own |= {("bank", "carry_over_limit_mt"): limit, ("bank", "initial_mt"): initial}
        known = list(self.areas or ())
        if NATION in known:
            wrong(f"{NATION} is the nation; give this area another name", "areas", NATION)
        for path, value in own.items():
            if _kind(value) == "by_area" and sorted(value) != sorted(known):
                wrong(f"gives areas {', '.join(value)}; `areas` has {', '.join(known) or 'none'}", *path)
            if known and _kind(value) == "every_area" and value and path != ("price_cny_per_t",):
                wrong("with `areas` every one needs its own number; write {area: number}", *path)
        for block in self.other_sectors:
            if (block.area is None) == bool(known) or (known and block.area not in known):
                hint = nearest(block.area or "", known) if known else "delete it; there are no `areas`"
                wrong(f"block {block.name}: `area` is {block.area or 'missing'}; {hint}", "other_sectors")
        return self

    @model_validator(mode="after")
    def _blocks_have_names_of_their_own(self) -> CarbonConfig:
        for name in ("external_ccer", "other_sectors"):
            labels = [block.name for block in getattr(self, name)]
            twice = sorted({label for label in labels if labels.count(label) > 1})
            if twice:
                wrong(f"two blocks are called {', '.join(twice)}; give one another name", name)
        if self.external_ccer and self.offset_limit_share == 0:
            wrong("has no effect with `offset_limit_share` 0; delete it", "external_ccer")
        return self

    def _is_set(self, name: str) -> bool:
        return getattr(self, name) != type(self).model_fields[name].default


# -- what the options say, in base units


def markets(cfg: CarbonConfig, d: SystemData) -> dict[str, tuple[str, ...]]:
    """Markets and their provinces."""
    return dict(cfg.areas) if cfg.areas else {NATION: d.provinces}


def market_of(cfg: CarbonConfig, d: SystemData) -> dict[str, str]:
    """The market of each province."""
    return {r: z for z, provinces in markets(cfg, d).items() for r in provinces}


def by_market(value, cfg: CarbonConfig, d: SystemData, unit: str) -> dict[tuple[str, int], float]:
    """A number by area and year as (market, year) -> base units."""
    found: dict[tuple[str, int], float] = {}
    for z in markets(cfg, d):
        path = value[z] if _kind(value) == "by_area" else value
        found |= {(z, y): to_base(x, unit) for y, x in at_years(path, d.horizon.years).items()}
    return found


def held(value: float | Mapping[str, float], z: str) -> float:
    """A number of the bank in one market [kt]."""
    return to_base(value[z] if isinstance(value, Mapping) else value, "Mt")


def by_year(value, d: SystemData, unit: str) -> dict[int, float]:
    """A number by year in base units."""
    return {y: to_base(x, unit) for y, x in at_years(value, d.horizon.years).items()}


def covered_technologies(cfg: CarbonConfig, d: SystemData) -> list[str]:
    """Technologies with a duty: of the covered groups, those that emit."""
    present = dict.fromkeys(g for _, g in d.fleets)
    return [g for g in present if d.group[g] in cfg.covered and d.emission_factor.get(g, 0.0) > 0]


def covered_fleets(cfg: CarbonConfig, d: SystemData) -> list[tuple[str, str]]:
    technologies = set(covered_technologies(cfg, d))
    return [(r, g) for r, g in d.fleets if g in technologies]


def net_factor(cfg: CarbonConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Allowances owed per net output, beyond what is given free [kt/GWh], by (technology, year)."""
    years = d.horizon.years
    auction, factor = at_years(cfg.auction_share, years), at_years(cfg.benchmark_factor, years)
    found = {}
    for g in covered_technologies(cfg, d):
        for y in years:
            e, given = answered_for(cfg, d, g), 0.0
            if cfg.by_output:
                given = (1 - auction[y]) * factor[y] * benchmark(cfg, d, g, y)
            net = e - given
            if cfg.gas_exempt and d.group[g] == "gas":
                net = min(net, 0.0)
            if cfg.gap_cap_share is not None:
                net = min(net, cfg.gap_cap_share * e)
            found[g, y] = net
    return found


def answered_for(cfg: CarbonConfig, d: SystemData, g: str) -> float:
    """What a plant owes allowances for: emitted, and captured where that earns no credit [kt/GWh]."""
    return d.emission_factor[g] + (d.captured.get(g, 0.0) if cfg.capture_credit == "none" else 0.0)


def benchmark(cfg: CarbonConfig, d: SystemData, g: str, y: int) -> float:
    """Benchmark per net output [kt/GWh]; the system's is the published one over one minus own use."""
    per_net = d.policy["benchmark"].get((g, y), 0.0)
    return per_net * (1 - d.own_use[g]) if cfg.benchmark_basis == "net" else per_net


def given_factor(cfg: CarbonConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Allowances given free per net output [kt/GWh], waived duties inside, by (technology, year).

    Less what is owed for captured CO2 where that earns no credit.
    """
    return {(g, y): d.emission_factor[g] - net for (g, y), net in net_factor(cfg, d).items()}


def base_emissions(cfg: CarbonConfig, d: SystemData) -> dict[tuple[str, str], float]:
    """What the covered fleet of the first planning year would emit at all its available hours [kt/yr].

    The key by which a grandfathered cap is shared out: it follows from what stood at the start alone, so
    nothing that is decided later changes what anybody is given.
    """
    hours: dict[tuple[str, str], float] = {}
    for (r, g, t), share in d.availability.items():
        hours[r, g] = hours.get((r, g), 0.0) + d.time.weight[t] * share
    first = d.horizon.years[0]
    return {
        (r, g): d.surviving.get((r, g, first), 0.0) * hours.get((r, g), 0.0) * d.emission_factor[g]
        for r, g in covered_fleets(cfg, d)
    }


def grandfathered(cfg: CarbonConfig, d: SystemData) -> dict[tuple[str, str, int], float]:
    """Allowances of a cap given free to the fleet of the first planning year [kt/yr]."""
    if not cfg.grandfathered:
        return {}
    base, market, share = (
        base_emissions(cfg, d),
        market_of(cfg, d),
        at_years(cfg.auction_share, d.horizon.years),
    )
    total = {z: sum(x for (r, _), x in base.items() if market[r] == z) for z in markets(cfg, d)}
    cap = by_market(cfg.cap_mt, cfg, d, "Mt")
    return {
        (r, g, y): (1 - share[y]) * cap[market[r], y] * x / total[market[r]]
        for (r, g), x in base.items()
        for y in d.horizon.years
        if x > 0
    }


def most(cfg: CarbonConfig):
    """The highest price there can be: the ceiling's, or that of what is missing [CNY/t]."""
    return cfg.slack_cny_per_t if cfg.ceiling_cny_per_t is None else cfg.ceiling_cny_per_t
