"""What the options of the power market say by fleet, province and year, in base units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from picmodel.data.system import SystemData
from picmodel.markets.power.options import RENEWABLES, PowerConfig, PriceLimits, kind_of
from picmodel.scenario.schema import at_years
from picmodel.units import to_base


def at_groups(value: Any, groups: Iterable[str], years: Iterable[int]) -> dict[tuple[str, int], float]:
    """A value by group and year as (group, year) -> number; groups that it does not name are absent.

    >>> at_groups({"coal": {2025: 0.8, 2035: 0.0}, "gas": 0.5}, ["coal", "gas", "oil"], [2030])
    {('coal', 2030): 0.4, ('gas', 2030): 0.5}
    >>> at_groups(0.3, ["wind"], [2030])
    {('wind', 2030): 0.3}
    """
    years = list(years)
    if value is None:
        return {}
    named = value if kind_of(value) == "by_group" else {group: value for group in groups}
    return {
        (group, year): x
        for group in groups
        if group in named
        for year, x in at_years(named[group], years).items()
    }


def groups_of(d: SystemData) -> list[str]:
    return list(dict.fromkeys(d.group[g] for _, g in d.units))


def planned_share(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Guaranteed share of the planned hours (group, year)."""
    return at_groups(cfg.planned_share, cfg.planned_groups, d.horizon.years)


def planned_fleets(cfg: PowerConfig, d: SystemData) -> list[tuple[str, str]]:
    """Fleets with planned hours; combined heat and power runs by heat but has hours all the same."""
    hours = d.policy.get("planned_hours", {})
    return [(r, g) for r, g in d.fleets if d.group[g] in cfg.planned_groups and (r, g) in hours]


def hours_owed(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, str, int], float]:
    """Net output that a gross GW is guaranteed (province, technology, year) [GWh/GW-yr]."""
    share = planned_share(cfg, d)
    return {
        (r, g, y): share[d.group[g], y] * (1 - d.own_use[g]) * d.policy["planned_hours"][r, g]
        for r, g in planned_fleets(cfg, d)
        for y in d.horizon.years
    }


def price_limits(cfg: PowerConfig, d: SystemData) -> tuple[dict[str, float], dict[str, float]]:
    """Floor and cap of the energy price by province [MCNY/GWh]; absent where there is none."""
    limits = cfg.price_limits
    if limits is None:
        return {}, {}
    return (
        _of_provinces(limits, limits.floor_cny_per_mwh, "price_floor", d),
        _of_provinces(limits, limits.cap_cny_per_mwh, "price_cap", d),
    )


def _of_provinces(limits: PriceLimits, given: Any, table: str, d: SystemData) -> dict[str, float]:
    found = dict(d.policy.get(table, {})) if limits.table else {}
    if isinstance(given, Mapping):
        found |= {r: to_base(x, "CNY/MWh") for r, x in given.items()}
    elif given is not None:
        found = {r: to_base(given, "CNY/MWh") for r in d.provinces}
    return {r: x for r, x in found.items() if r in d.provinces}


def premiums(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Premium on output (technology, year) [MCNY/GWh]."""
    by_group = at_groups(cfg.premium_cny_per_mwh, groups_of(d), d.horizon.years)
    return {
        (g, y): to_base(by_group[d.group[g], y], "CNY/MWh")
        for g in dict.fromkeys(g for _, g in d.fleets)
        for y in d.horizon.years
        if (d.group[g], y) in by_group
    }


def capacity_payments(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, str, int], float]:
    """Regulated payment for capacity (province, technology, year) [MCNY/GW-yr gross]."""
    if cfg.capacity != "payment":
        return {}
    if cfg.capacity_payment_cny_per_kw_yr is None:
        units = set(d.units)
        return {k: x for k, x in d.policy.get("capacity_payment", {}).items() if k[:2] in units}
    by_group = at_groups(cfg.capacity_payment_cny_per_kw_yr, groups_of(d), d.horizon.years)
    return {
        (r, g, y): to_base(by_group[d.group[g], y], "CNY/kW-yr")
        for r, g in d.units
        for y in d.horizon.years
        if (d.group[g], y) in by_group
    }


def contracted_fleets(cfg: PowerConfig, d: SystemData) -> list[tuple[str, str]]:
    """Fleets that sell by medium- and long-term contract."""
    groups = cfg.contracts.groups if cfg.contracts else ()
    return [(r, g) for r, g in d.fleets if d.group[g] in groups]


def contract_profile(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, int, int], float]:
    """Power of a flat or load-shaped contract per annual output (province, year, slice) [GW per GWh/yr]."""
    assert cfg.contracts is not None
    coverage, weight = at_years(cfg.contracts.coverage_share, d.horizon.years), d.time.weight
    flat = cfg.contracts.shape == "flat"
    found = {}
    for r in d.provinces:
        for y in d.horizon.years:
            shape = {t: 1.0 if flat else d.demand[r, y, t] for t in d.time.slices}
            energy = sum(weight[t] * x for t, x in shape.items())
            found.update({(r, y, t): coverage[y] * x / energy for t, x in shape.items()})
    return found


def contract_years(cfg: PowerConfig, d: SystemData) -> tuple[int, ...]:
    """Planning years in which flows follow flat contracts."""
    last = cfg.flow_contracts_until
    return tuple(y for y in d.horizon.years if last is None or y <= last)


def given_contracts(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, int], float]:
    """Given quantity of flat inter-provincial contracts (arc, year) [GW]."""
    given = cfg.contract_gw or {}
    return {
        (a, y): gw
        for a, (line, sender, _) in d.arcs.items()
        if line.name in given and line.contract_from == sender
        for y, gw in at_years(given[line.name], contract_years(cfg, d)).items()
    }


# -- contracts for differences

#: in place of a commissioning year: the fleet that stood at the base year
EXISTING = 0


def cfd_terms(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, str, int, int], tuple[float, float]]:
    """Contracts for differences: (province, technology, commissioned, year) -> share of output, strike.

    A contract counts its term from the planning year of commissioning; in the planning year in whose span
    it ends, the share is that of the span's years which it covers.  ``commissioned`` is `EXISTING` for the
    fleet of the base year, which has the tariff as its strike as long as it stands.
    """
    if cfg.renewables != "cfd":
        return {}
    years, span, found = d.horizon.years, d.horizon.span, {}
    for r, g in d.fleets:
        if d.group[g] not in RENEWABLES:
            continue
        for v in years:
            strike, share, term = _agreed(cfg, d, (r, g), v)
            if strike is None or share is None or term is None:
                continue
            for y in (y for y in years if v in d.alive(g, y)):
                covered = min(1.0, max(0.0, (v + term - y) / span[y]))
                found[r, g, v, y] = (share * covered, strike)
        _, share, _ = _agreed(cfg, d, (r, g), years[0])
        if share is not None and (cfg.cfd is None or cfg.cfd.existing == "tariff"):
            found.update({(r, g, EXISTING, y): (share, d.policy["coal_tariff"][r]) for y in years})
    return found


def _agreed(cfg: PowerConfig, d: SystemData, fleet: tuple[str, str], v: int):
    """Strike [MCNY/GWh], share of output and term [yr] of what is commissioned in v: the scenario's own
    numbers, else those of the table, else None."""
    own, group = cfg.cfd, d.group[fleet[1]]
    strike = at_groups(own and own.strike_cny_per_mwh, RENEWABLES, [v]).get((group, v))
    share = at_groups(own and own.volume_share, RENEWABLES, [v]).get((group, v))
    return (
        d.policy.get("strike", {}).get(fleet) if strike is None else to_base(strike, "CNY/MWh"),
        d.policy.get("strike_volume", {}).get(fleet) if share is None else share,
        (own and own.term_yr) or d.policy.get("strike_term", {}).get(fleet),
    )


def cfd_share(cfg: PowerConfig, d: SystemData) -> dict[tuple[str, str, int, int], float]:
    """Share of output under a contract for differences, whose certificates go to consumers.

    Returns:
        (province, technology, commissioned, year) -> share; ``commissioned`` is `EXISTING` (0) for the
        fleet that stood at the base year.
    """
    return {key: share for key, (share, _) in cfd_terms(cfg, d).items()}
