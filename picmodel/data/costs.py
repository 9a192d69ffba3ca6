"""What capacity, fuel and operation cost, and what the fleet of the base year still owes."""

from __future__ import annotations

from picmodel.annuity import annuity, capex_with_idc
from picmodel.data.lookup import Tables, in_base
from picmodel.data.system import Horizon
from picmodel.units import GJ_PER_MWH


def costs(tables: Tables, units, fleets, names, tech, horizon: Horizon) -> dict:
    """Annuities, fixed and variable cost and fuel, as fields of `SystemData`."""
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
        sunk=_sunk(tables, units, horizon, tech),
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
