"""Problems of a carbon market that only the system shows: contradictions and options without effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from picmodel.data.system import SystemData
from picmodel.markets.carbon.options import (
    CarbonConfig,
    base_emissions,
    by_market,
    covered_technologies,
    market_of,
    markets,
    most,
)
from picmodel.scenario.schema import at_years


def check(cfg: CarbonConfig, d: SystemData) -> list[str]:
    """Contradictions and options without effect, with what to do."""
    found = [*_coverage(cfg, d), *_partition(cfg, d), *_years_outside(cfg, d)]
    if found:
        return found
    if cfg.instrument != "price":
        found += _band(cfg, d)
    return [*found, *_allocation(cfg, d), *_banking(cfg, d)]


def _coverage(cfg: CarbonConfig, d: SystemData) -> Iterator[str]:
    if cfg.capture_credit == "none" and not any(g in d.captured for g in covered_technologies(cfg, d)):
        yield "markets.carbon.capture_credit: no covered plant captures; add `markets.ccs`, or delete it"
    groups = list(dict.fromkeys(d.group.values()))
    for group in cfg.covered:
        if group not in groups:
            yield f"markets.carbon.covered: no technology belongs to {group}; groups are {', '.join(groups)}"
        elif not any(d.group[g] == group for g in covered_technologies(cfg, d)):
            yield f"markets.carbon.covered: nothing in {group} emits; delete it"


def _partition(cfg: CarbonConfig, d: SystemData) -> Iterator[str]:
    if not cfg.areas:
        return
    named = [r for provinces in cfg.areas.values() for r in provinces]
    unknown = sorted({r for r in named if r not in d.provinces})
    twice = sorted({r for r in named if named.count(r) > 1})
    missing = [r for r in d.provinces if r not in named]
    for what, provinces, remedy in (
        ("are not in the scenario", unknown, "delete them"),
        ("are in several areas", twice, "leave each in one"),
        ("are in none", missing, "add them to one"),
    ):
        if provinces:
            yield f"markets.carbon.areas: provinces {', '.join(provinces)} {what}; {remedy}"


def _years_outside(cfg: CarbonConfig, d: SystemData) -> Iterator[str]:
    """Years inside blocks; all others are checked where the scenario is read."""
    last = d.horizon.years[-1] + d.horizon.span[d.horizon.years[-1]] - 1
    for path, value in _paths(cfg):
        wrong_years = [y for y in value if not d.horizon.base_year <= y <= last]
        if wrong_years:
            yield (
                f"markets.carbon.{path}: {', '.join(map(str, wrong_years))} outside the horizon; "
                f"write years from {d.horizon.base_year} to {last}"
            )


def _paths(cfg: CarbonConfig) -> Iterator[tuple[str, Mapping[int, float]]]:
    """Numbers by year inside blocks."""
    for name in ("external_ccer", "other_sectors"):
        for block in getattr(cfg, name):
            yield from ((f"{name}.{block.name}", x) for x in dict(block).values() if isinstance(x, Mapping))


def _band(cfg: CarbonConfig, d: SystemData) -> Iterator[str]:
    """The state must not sell below what it buys at, nor be sold to in one year what it sold in another."""
    years, top = d.horizon.years, at_years(most(cfg), d.horizon.years)
    name = "ceiling_cny_per_t" if cfg.ceiling_cny_per_t is not None else "slack_cny_per_t"
    floor = at_years(cfg.floor_cny_per_t, years) if cfg.floor_cny_per_t is not None else {}
    above = [str(y) for y in floor if floor[y] >= top[y]]
    if above:
        yield f"markets.carbon.floor_cny_per_t: not below `{name}` in {', '.join(above)}; write less"
    if not cfg.bank:
        return
    worth = {y: d.horizon.discount[y] / d.horizon.span[y] for y in years}
    later = {y: floor.get(y, 0.0) for y in years}
    later[years[-1]] = max(later[years[-1]], cfg.bank.final_value_cny_per_t)
    pump = [(a, b) for a in years for b in years if a <= b and worth[b] * later[b] > worth[a] * top[a]]
    if pump and not above:
        a, b = pump[0]
        yield (
            f"markets.carbon.bank: what `{name}` costs in {a} is worth more in {b} (floor or final value, "
            "discounted), so buying and keeping it would pay; lower the later price"
        )


def _allocation(cfg: CarbonConfig, d: SystemData) -> Iterator[str]:
    if cfg.by_output:
        without = _without_benchmark(cfg, d)
        if without and cfg.instrument == "benchmark":
            yield (
                f"markets.carbon.covered: no benchmark of {', '.join(without)} in "
                "inputs/policy/benchmarks.csv; add rows"
            )
    shares = at_years(cfg.auction_share, d.horizon.years)
    volumes = by_market(cfg.auction_volume_mt, cfg, d, "Mt")
    if cfg.instrument == "benchmark" and any(shares.values()) and not any(volumes.values()):
        yield (
            "markets.carbon.auction_share: what is no longer given free must be sold; write "
            "`auction_volume_mt`, about the share times benchmark times output of the reference"
        )
    if cfg.grandfathered:
        base, market = base_emissions(cfg, d), market_of(cfg, d)
        for z in markets(cfg, d):
            if not any(x > 0 for (r, _), x in base.items() if market[r] == z):
                yield (
                    f"markets.carbon.allocation: no covered fleet stood at the start in {z}, so nobody can "
                    "be grandfathered; write `auction`"
                )


def _without_benchmark(cfg: CarbonConfig, d: SystemData) -> Iterable[str]:
    table = d.policy["benchmark"]
    return [g for g in covered_technologies(cfg, d) if any((g, y) not in table for y in d.horizon.years)]


def _banking(cfg: CarbonConfig, d: SystemData) -> Iterator[str]:
    bank = cfg.bank
    if bank and len(d.horizon.years) == 1 and not (bank.initial_mt or bank.final_value_cny_per_t):
        yield (
            "markets.carbon.bank: with one planning year there is no later one to keep anything for; "
            "delete it, or add a year to `horizon.years`"
        )
