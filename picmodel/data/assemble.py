"""From validated tables and hourly series to one `SystemData`: units are converted here, once."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from picmodel.annuity import annuity
from picmodel.data.capacity import capacity, units_of
from picmodel.data.capture import in_force
from picmodel.data.costs import costs
from picmodel.data.lookup import Tables, by_year, in_base, keyed, tariff
from picmodel.data.operation import operation
from picmodel.data.periods import Periods
from picmodel.data.policy import policy
from picmodel.data.system import Corridor, SystemData, SystemOptions
from picmodel.units import GJ_PER_MWH, HOURS_PER_YEAR


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
    units = units_of(tables, o)
    fleets = tuple(u for u in units if tech.kind[u[1]] != "storage")
    stores = tuple(u for u in units if tech.kind[u[1]] == "storage")
    names = tuple(dict.fromkeys(g for _, g in units))
    emitted, captured = _emission_factors(tables, names, tech)
    return SystemData(
        horizon=o.horizon,
        time=periods.time_slices,
        provinces=o.provinces,
        corridors=_corridors(tables, o),
        demand=_demand(tables, periods, o),
        fleets=fleets,
        stores=stores,
        life={g: int(tech.life_yr[g]) for g in names},
        emission_factor=emitted,
        captured=captured,
        own_use={g: float(tech.own_use_share[g]) for g in names},
        renewable_class={g: str(tech.renewable_class[g]) for g in names},
        group={g: str(tech.group[g]) for g in names},
        efficiency={s: float(tech.efficiency_share[s]) for _, s in stores},
        wacc={g: float(tech.wacc_share[g]) for g in names},
        construction={g: int(tech.construction_yr[g]) for g in names},
        **operation(tables, periods, fleets, tech, o.hydro_min_flow),
        **capacity(tables, units, o, tech),
        **costs(tables, units, fleets, names, tech, o.horizon),
        **_network(tables, o),
        **_adequacy(tables, names, tech, o),
        lost_load=o.lost_load,
        may_retire={g: o.retirement and tech.may_retire[g] == 1 for g in names},
        policy=policy(tables, periods, units, fleets, tech, o),
    )


def _columns(table: pd.DataFrame) -> SimpleNamespace:
    """Its columns as plain mappings: a cell of a frame takes a hundred times as long to look up."""
    return SimpleNamespace(**{str(name): table[name].to_dict() for name in table})


# -- demand


def _demand(tables: Tables, periods: Periods, o: SystemOptions) -> dict:
    """Demand at the bulk grid: published consumption less own use and inter-provincial losses [GW]."""
    published = in_base(tables, "demand", ["province"], "consumption_twh", o.horizon.years)
    share = keyed(tables["demand_basis"], ["province"], "bulk_share")
    found = {}
    for r in o.provinces:
        shape = periods.of("demand", r)
        for y in o.horizon.years:
            mean = o.demand_factor * share[r] * published[r, y] / HOURS_PER_YEAR
            found.update({(r, y, t): float(mean * shape[t]) for t in periods.time_slices.slices})
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
        export_tariff=tariff(tables, "export_tariff_cny_per_mwh", o.provinces),
    )


# -- adequacy


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
