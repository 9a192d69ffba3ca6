"""What stands, is committed, may be built, and how fast."""

from __future__ import annotations

from picmodel.data.capture import conversions
from picmodel.data.lookup import Tables, by_year, keyed
from picmodel.data.system import Horizon, SystemOptions


def units_of(tables: Tables, o: SystemOptions) -> tuple[tuple[str, str], ...]:
    """(province, technology) that stand, are committed, may be built or converted, in table order."""
    technologies = tables["technologies"]["technology"].to_list()
    buildable = set(tables["technologies"].query("buildable == 1")["technology"])
    standing = {
        (r, g)
        for name in ("fleet", "committed")
        for r, g, gw in tables[name][["province", "technology", "capacity_gw"]].itertuples(index=False)
        if gw > 0
    }
    sites = {
        (r, g)
        for r, g, gw in tables["potentials"][["province", "technology", "potential_gw"]].itertuples(
            index=False
        )
        if g in buildable and gw > 0
    }
    possible = standing | (sites if o.expand else set())
    if o.expand:
        possible |= {(r, to) for came, to in conversions(tables) for r, g in possible if g == came}
    return tuple((r, g) for r in o.provinces for g in technologies if (r, g) in possible)


def capacity(tables: Tables, units, o: SystemOptions, tech) -> dict:
    """What stands and may be added, as fields of `SystemData`."""
    known = set(units)
    surviving, energy = _surviving(tables, known, o.horizon, tech)
    committed, committed_energy = _committed(tables, known, o.horizon, tech)
    potential = {
        k: gw
        for k, gw in keyed(tables["potentials"], ["province", "technology"], "potential_gw").items()
        if k in known
    }
    buildable = frozenset(k for k in potential if tech.buildable[k[1]] == 1) if o.expand else frozenset()
    stores = [k for k in units if tech.kind[k[1]] == "storage"]
    return dict(
        surviving=surviving,
        existing_duration={k: energy.get(k, 0.0) for k in stores},
        buildable=buildable,
        committed=committed,
        committed_energy=committed_energy,
        potential=potential,
        duration={s: (float(tech.duration_min_h[s]), float(tech.duration_max_h[s])) for _, s in stores},
        **_build_limits(tables, buildable, committed, o),
    )


def _surviving(tables: Tables, known, horizon: Horizon, tech) -> tuple[dict, dict]:
    """What of the fleet of the base year has not aged out [GW], and hours of its stores."""
    surviving: dict = {}
    power: dict = {}
    energy: dict = {}
    for row in tables["fleet"].itertuples(index=False):
        key = (row.province, row.technology)
        if key not in known or row.capacity_gw <= 0:
            continue
        power[key] = power.get(key, 0.0) + row.capacity_gw
        energy[key] = energy.get(key, 0.0) + row.energy_gwh
        for y in horizon.years:
            if row.cohort_year + tech.life_yr[row.technology] > y:
                surviving[(*key, y)] = surviving.get((*key, y), 0.0) + float(row.capacity_gw)
    return surviving, {k: energy[k] / power[k] for k in power}


def _committed(tables: Tables, known, horizon: Horizon, tech) -> tuple[dict, dict]:
    """Additions by the planning year in which they first stand [GW, GWh].

    What starts during a planning year runs half of it on average: half counts in that year, half in the
    next planning year (mid-year convention).
    """
    power: dict = {}
    energy: dict = {}
    for row in tables["committed"].itertuples(index=False):
        if (row.province, row.technology) not in known:
            continue
        for y, share in _first_stands(int(row.year), horizon):
            key = (row.province, row.technology, y)
            power[key] = power.get(key, 0.0) + share * float(row.capacity_gw)
            energy[key] = energy.get(key, 0.0) + share * float(row.energy_gwh)
    stored = {k: gwh for k, gwh in energy.items() if tech.kind[k[1]] == "storage" and power[k] > 0}
    return {k: gw for k, gw in power.items() if gw > 0}, stored


def _first_stands(started: int, horizon: Horizon) -> list[tuple[int, float]]:
    """Planning years in which an addition of a calendar year first counts, and with which share."""
    later = [y for y in horizon.years if y >= started]
    if later and later[0] == started:
        return [(y, 0.5) for y in later[:2]]
    return [(later[0], 1.0)] if later else []


def _build_limits(tables: Tables, buildable, committed, o: SystemOptions) -> dict:
    """What may be added for a planning year; in the past, and of what is not chosen, what was committed."""
    horizon = o.horizon
    provincial: dict = {
        k: gw for k, gw in committed.items() if k[2] in horizon.past or k[:2] not in buildable
    }
    national: dict = {}
    if o.build_limits:
        rates = tables["build_rates"]
        calendar = range(horizon.base_year, horizon.years[-1] + 1)
        rate = by_year(rates, ["technology"], "national_gw_per_yr", calendar)
        share = by_year(rates, ["technology"], "province_share", calendar)
        for v in horizon.years:
            if v in horizon.past:
                continue
            since = range(v - horizon.gap[v] + 1, v + 1)
            for g in dict.fromkeys(g for _, g in sorted(buildable)):
                if (g, v) not in rate:
                    continue
                due = sum(gw for (r, c, w), gw in committed.items() if (c, w) == (g, v))
                national[g, v] = max(due, sum(rate[g, tau] for tau in since))
                most = sum(rate[g, tau] * share[g, tau] for tau in since)
                provincial.update(
                    {
                        (r, g, v): max(committed.get((r, g, v), 0.0), most)
                        for r in o.provinces
                        if (r, g) in buildable
                    }
                )
    return {"build_limit": provincial, "national_build_limit": national}
