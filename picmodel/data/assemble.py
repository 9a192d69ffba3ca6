"""From validated tables and hourly series to one `SystemData`: units are converted here, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd

from picmodel.annuity import annuity, capex_with_idc
from picmodel.data.capture import capture_policy, conversions, in_force
from picmodel.data.commitment import commitment_policy
from picmodel.data.lookup import Tables, by_year, in_base, keyed, without_vat
from picmodel.data.periods import Periods
from picmodel.data.policy import market_policy
from picmodel.data.system import Corridor, Horizon, SystemData, TimeSlices
from picmodel.units import GJ_PER_MWH, HOURS_PER_YEAR

#: shares below this are noise of a series (0.1 MW of a GW) and would spoil the scaling of the matrix
LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class SystemOptions:
    """What a scenario says of the physical system, in base units."""

    horizon: Horizon
    provinces: tuple[str, ...]
    lost_load: float
    adequacy: bool
    adequacy_margin: float
    adequacy_slack_price: float
    hydro_min_flow: float
    build_limits: bool
    retirement: bool
    expand: bool
    transmission_expansion: bool
    demand_factor: float
    mechanisms: frozenset[str] = frozenset()  # that the scenario switched on


def assemble(tables: Tables, periods: Periods, options: SystemOptions) -> SystemData:
    """Build the system of a scenario.

    Args:
        tables: validated tables (overrides applied).
        periods: representative days of demand, wind, sun and water of the scenario's provinces.
        options: the scenario's physical options.
    """
    o = options
    tables = in_force(tables, o.mechanisms)
    tech = _columns(tables["technologies"].set_index("technology"))
    time = periods.time_slices
    units = _units(tables, o)
    fleets = tuple(u for u in units if tech.kind[u[1]] != "storage")
    stores = tuple(u for u in units if tech.kind[u[1]] == "storage")
    names = tuple(dict.fromkeys(g for _, g in units))
    text = {
        column: {g: str(getattr(tech, column)[g]) for g in names}
        for column in ("renewable_class", "group", "fuel", "series")
    }
    availability = _availability(tables, periods, time, fleets, tech)
    emitted, captured = _emission_factors(tables, names, tech)
    return SystemData(
        horizon=o.horizon,
        time=time,
        provinces=o.provinces,
        corridors=_corridors(tables, o),
        demand=_demand(tables, periods, time, o),
        fleets=fleets,
        stores=stores,
        life={g: int(tech.life_yr[g]) for g in names},
        emission_factor=emitted,
        captured=captured,
        own_use={g: float(tech.own_use_share[g]) for g in names},
        renewable_class=text["renewable_class"],
        group=text["group"],
        efficiency={s: float(tech.efficiency_share[s]) for _, s in stores},
        wacc={g: float(tech.wacc_share[g]) for g in names},
        construction={g: int(tech.construction_yr[g]) for g in names},
        availability=availability,
        min_output=_min_output(tables, periods, time, fleets, tech, availability, o.hydro_min_flow),
        inflow=_inflow(periods, time, fleets, tech),
        **_capacity(tables, units, o, tech),
        **_costs(tables, fleets, names, tech, o.horizon),
        sunk=_sunk(tables, units, o.horizon, tech),
        **_network(tables, o),
        **_adequacy(tables, names, tech, o),
        lost_load=o.lost_load,
        may_retire={g: o.retirement and tech.may_retire[g] == 1 for g in names},
        policy=_policy(tables, fleets, names, tech, o) | market_policy(tables, periods, units, o),
    )


def _columns(table: pd.DataFrame) -> SimpleNamespace:
    """Its columns as plain mappings: a cell of a frame takes a hundred times as long to look up."""
    return SimpleNamespace(**{str(name): table[name].to_dict() for name in table})


# -- time


def _row(periods: Periods, series: str, province: str) -> np.ndarray:
    """Values of one province's series by slice."""
    return np.asarray(periods.series[series].sel(province=province), dtype=float).reshape(-1)


# -- demand


def consumption(tables: Tables, o: SystemOptions, years: Iterable[int]) -> dict[tuple[str, int], float]:
    """Demand at the bulk grid [GWh/yr]: published consumption less own use and inter-provincial losses."""
    published = in_base(tables, "demand", ["province"], "consumption_twh", years)
    share = keyed(tables["demand_basis"], ["province"], "bulk_share")
    return {(r, y): o.demand_factor * share[r] * gwh for (r, y), gwh in published.items() if r in o.provinces}


def _demand(tables: Tables, periods: Periods, time: TimeSlices, o: SystemOptions) -> dict:
    annual = consumption(tables, o, o.horizon.years)
    found = {}
    for r in o.provinces:
        shape = _row(periods, "demand", r)
        for y in o.horizon.years:
            mean = annual[r, y] / HOURS_PER_YEAR
            found.update({(r, y, t): float(mean * shape[t]) for t in time.slices})
    return found


# -- operation


def _monthly(table: pd.DataFrame, key: str, column: str, periods: Periods) -> dict[str, np.ndarray]:
    """Monthly values averaged over the days that each period stands for."""
    found = {}
    for label, rows in table.groupby(key, sort=False):
        months = np.zeros(12)
        months[rows["month"].to_numpy() - 1] = rows[column]
        found[label] = np.asarray(periods.month_share) @ months
    return found


def _availability(tables: Tables, periods: Periods, time: TimeSlices, fleets, tech) -> dict:
    """Net output that a gross GW can give in each slice; zero (sun at night) is left out."""
    seasonal = _monthly(tables["monthly_availability"], "technology", "relative_share", periods)
    found = {}
    for r, g in fleets:
        net = (1 - tech.own_use_share[g]) * tech.availability_share[g]
        series = tech.series[g]
        if tech.kind[g] == "vre":
            shares = net * _row(periods, series, r)
        elif g in seasonal:
            shares = np.array([net * seasonal[g][p] for p in time.period.values()])
        else:
            shares = np.full(len(time.slices), net)
        shares = np.minimum(shares, 1 - tech.own_use_share[g])
        found.update({(r, g, t): float(shares[t]) for t in time.slices if shares[t] >= LEAST_SHARE})
    return found


def _min_output(
    tables: Tables, periods: Periods, time: TimeSlices, fleets, tech, availability, min_flow
) -> dict:
    """Inflexible, heat-led and minimum-flow output per gross GW, never above what is available."""
    heat = _monthly(tables["heat_must_run"], "province", "must_run_share", periods)
    found = {}
    for r, g in fleets:
        net, share = 1 - tech.own_use_share[g], tech.min_output_share[g]
        water = _row(periods, "hydro", r) if tech.kind[g] == "hydro" else None
        for t in time.slices:
            most = availability.get((r, g, t), 0.0)
            least = share * most
            if water is not None:
                same_day = time.slices_in[time.period[t]]
                least = min_flow * net * float(np.mean([water[k] for k in same_day]))
            elif g == "coal_chp" and r in heat:
                least = max(least, net * float(heat[r][time.period[t]]))
            if least >= LEAST_SHARE:
                found[r, g, t] = float(min(least, most))
    return found


def _inflow(periods: Periods, time: TimeSlices, fleets, tech) -> dict:
    """Net energy that the water of a period gives a gross GW [GWh per GW and period]."""
    found = {}
    for r, g in fleets:
        if tech.kind[g] == "hydro":
            water = _row(periods, "hydro", r) * (1 - tech.own_use_share[g])
            for p, slices in time.slices_in.items():
                found[r, g, p] = float(time.step * sum(water[t] for t in slices))
    return found


def _emission_factors(tables: Tables, names, tech) -> tuple[dict[str, float], dict[str, float]]:
    """CO2 per net output that is emitted, and that is captured where a technology does [kt/GWh]."""
    factor = keyed(tables["fuel_factors"], ["fuel"], "emission_factor_t_per_gj")
    burnt = {g: factor.get(tech.fuel[g], 0.0) * GJ_PER_MWH / tech.efficiency_share[g] for g in names}
    share = {g: float(tech.capture_share[g]) for g in names}
    return (
        {g: float(x * (1 - share[g])) for g, x in burnt.items()},
        {g: float(x * share[g]) for g, x in burnt.items() if share[g] > 0},
    )


# -- capacity


def _units(tables: Tables, o: SystemOptions) -> tuple[tuple[str, str], ...]:
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


def _capacity(tables: Tables, units, o: SystemOptions, tech) -> dict:
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


# -- costs


def _costs(tables: Tables, fleets, names, tech, horizon: Horizon) -> dict:
    years = horizon.years
    capex = in_base(tables, "technology_costs", ["technology"], "capex_cny_per_kw", years)
    energy_capex = in_base(tables, "technology_costs", ["technology"], "energy_capex_cny_per_kwh", years)
    fixed = in_base(
        tables, "technology_costs", ["technology"], "fom_cny_per_kw_yr", (horizon.base_year, *years)
    )
    variable = in_base(tables, "technology_costs", ["technology"], "vom_cny_per_mwh", years)
    price = in_base(tables, "fuel_prices", ["fuel", "province"], "price_cny_per_gj", years)
    fuel = {
        (r, g, y): price[tech.fuel[g], r, y] * GJ_PER_MWH / tech.efficiency_share[g]
        for r, g in fleets
        if tech.fuel[g] != "none"
        for y in years
    }

    def yearly(outlay: dict, g: str, v: int) -> float:
        wacc, life = float(tech.wacc_share[g]), int(tech.life_yr[g])
        return annuity(capex_with_idc(outlay[g, v], int(tech.construction_yr[g]), wacc), wacc, life)

    stores = [g for g in names if tech.kind[g] == "storage"]
    known = set(names)
    return dict(
        capex={k: x for k, x in capex.items() if k[0] in known},
        annuity={(g, v): yearly(capex, g, v) for g in names for v in years},
        energy_annuity={(s, v): yearly(energy_capex, s, v) for s in stores for v in years},
        fixed_om={k: x for k, x in fixed.items() if k[0] in known},
        variable_om={k: x for k, x in variable.items() if k[0] in known},
        fuel_cost=fuel,
    )


def _sunk(tables: Tables, units, horizon: Horizon, tech) -> dict:
    """Annuities of what stands at the base year, by cohort to the end of its life [MCNY/yr]: an estimate.

    A cohort cost what `technology_costs` has for its year, with interest during construction; cohorts
    before the first year of that table are valued at its first, which is below what wind and sun cost then.
    """
    cohorts = sorted(set(tables["fleet"]["cohort_year"].astype(int)))
    capex, energy_capex = (
        in_base(tables, "technology_costs", ["technology"], column, cohorts)
        for column in ("capex_cny_per_kw", "energy_capex_cny_per_kwh")
    )
    known, found = set(units), dict[tuple[str, str, int], float]()
    for row in tables["fleet"].itertuples(index=False):
        key, g, cohort = (row.province, row.technology), row.technology, int(row.cohort_year)
        if key not in known or row.capacity_gw <= 0:
            continue
        wacc, life = float(tech.wacc_share[g]), int(tech.life_yr[g])
        outlay = row.capacity_gw * capex[g, cohort] + row.energy_gwh * energy_capex[g, cohort]
        yearly = annuity(capex_with_idc(outlay, int(tech.construction_yr[g]), wacc), wacc, life)
        for y in horizon.years:
            if cohort + life > y:
                found[(*key, y)] = found.get((*key, y), 0.0) + float(yearly)
    return found


# -- network


def _corridors(tables: Tables, o: SystemOptions) -> tuple[Corridor, ...]:
    rows = tables["corridors"]
    inside = rows[rows.from_province.isin(o.provinces) & rows.to_province.isin(o.provinces)]
    return tuple(
        Corridor(
            row.corridor,
            (row.from_province, row.to_province),
            float(row.loss_share),
            annuity(row.capex_cny_per_kw, row.wacc_share, int(row.life_yr))
            + row.fom_share * row.capex_cny_per_kw,
            "" if row.contract_from == "none" else row.contract_from,
        )
        for row in inside.itertuples(index=False)
    )


def _network(tables: Tables, o: SystemOptions) -> dict:
    names = [line.name for line in _corridors(tables, o)]
    steps = tables["corridor_capacity"].sort_values("year")
    capacity = {}
    for name in names:
        rows = steps[steps.corridor == name]
        for y in o.horizon.years:
            standing = rows[rows.year <= y]["capacity_gw"]
            capacity[name, y] = float(standing.iloc[-1]) if len(standing) else 0.0
    limit = keyed(tables["corridors"], ["corridor"], "expandable_gw")
    expandable = {name: limit[name] for name in names} if o.transmission_expansion and o.expand else {}
    return dict(
        line_capacity=capacity,
        line_limit=expandable,
        export_tariff=_tariff(tables, "export_tariff_cny_per_mwh", o),
    )


def _tariff(tables: Tables, column: str, o: SystemOptions) -> dict[str, float]:
    """A regulated price without VAT [MCNY/GWh]."""
    factor = without_vat(tables, "CNY/MWh")
    return {
        r: x for r, x in keyed(tables["tariffs"], ["province"], column, factor).items() if r in o.provinces
    }


# -- adequacy and policy


def _adequacy(tables: Tables, names, tech, o: SystemOptions) -> dict:
    if not o.adequacy:
        return dict(peak={})
    years = o.horizon.years
    peaks = tables["peak_load"].sort_values("year").groupby("province").last()
    share = keyed(tables["demand_basis"], ["province"], "bulk_share")
    found = {}
    for r in o.provinces:
        published = by_year(
            tables["demand"].query("province == @r"),
            ["province"],
            "consumption_twh",
            (int(peaks.year[r]), *years),
        )
        peak = peaks.peak_load_gw[r] * share[r] * o.demand_factor / published[r, int(peaks.year[r])]
        found.update({(r, y): float(peak * published[r, y]) for y in years if y not in o.horizon.past})
    credit = by_year(tables["capacity_credits"], ["technology"], "credit_share", years)
    return dict(
        peak=found,
        adequacy_margin=o.adequacy_margin,
        adequacy_slack_price=o.adequacy_slack_price,
        credit={(g, y): credit[g, y] * (1 - tech.own_use_share[g]) for g in names for y in years},
    )


def _policy(tables: Tables, fleets, names, tech, o: SystemOptions) -> dict:
    """What mechanisms read, in base units, rescaled to the model's own quantities."""
    years = o.horizon.years
    share = keyed(tables["demand_basis"], ["province"], "bulk_share")
    total = by_year(tables["obligation_weights"], ["province"], "total_share", years)
    nonhydro = by_year(tables["obligation_weights"], ["province"], "nonhydro_share", years)
    benchmark = by_year(tables["benchmarks"], ["technology"], "benchmark_t_per_mwh", years)
    hours = tables["thermal_hours"].sort_values("year").groupby(["province", "group"]).last()["gross_h"]
    return {
        **capture_policy(tables, o.provinces, names, tech, o.horizon, o.expand),
        **commitment_policy(tables, o.provinces, names, tech),
        # weights are of published consumption: over consumption at the bulk grid they are larger
        "weight_total": {k: x / share[k[0]] for k, x in total.items()},
        "weight_nonhydro": {k: x / share[k[0]] for k, x in nonhydro.items()},
        # benchmarks are on gross output
        "benchmark": {
            (g, y): x / (1 - tech.own_use_share[g]) for (g, y), x in benchmark.items() if g in set(names)
        },
        "planned_hours": {
            (r, g): float(hours[r, tech.group[g]]) for r, g in fleets if (r, tech.group[g]) in hours.index
        },
        "ccer_factor": {
            r: x
            for r, x in keyed(tables["crediting_factors"], ["province"], "ccer_factor_t_per_mwh").items()
            if r in o.provinces
        },
        "coal_tariff": _tariff(tables, "coal_benchmark_cny_per_mwh", o),
        "regional_grid": dict(zip(tables["provinces"].province, tables["provinces"].regional_grid)),
    }
