"""Starts, minimum output, reserves and peak shaving in base units."""

from __future__ import annotations

from picmodel.annuity import annuity
from picmodel.data.lookup import Tables, keyed, without_vat
from picmodel.units import TO_BASE


def commitment_policy(tables: Tables, provinces, names, tech) -> dict[str, dict]:
    """What unit commitment, reserves and peak-shaving payments read.

    Returns:
        by technology: ``min_stable``, ``ramp`` (share of capacity on line, per hour), ``start_cost`` MCNY/GW,
        ``start_emissions`` kt/GW; only where a retrofit is offered, ``flexible_min_stable`` and
        ``flexibility_annuity`` MCNY/GW-yr;
        ``reserve_load`` and ``reserve_vre`` (product, r) share;
        by province: ``shaving_threshold`` share, ``shaving_price`` MCNY/GWh without VAT.
    """
    units = tables["commitment"]
    units = units[units.technology.isin(set(names))]
    better = units[units.flexible_min_stable_share < units.min_stable_share]
    life = keyed(better, ["technology"], "flexibility_life_yr")
    capex = keyed(better, ["technology"], "flexibility_capex_cny_per_kw", TO_BASE["CNY/kW"])
    reserves = tables["reserve_requirements"]
    reserves = reserves[reserves.province.isin(set(provinces))]
    shaving = tables["peak_shaving"]
    shaving = shaving[shaving.province.isin(set(provinces))]
    return {
        "min_stable": keyed(units, ["technology"], "min_stable_share"),
        "start_cost": keyed(units, ["technology"], "start_cost_cny_per_kw", TO_BASE["CNY/kW"]),
        "start_emissions": keyed(units, ["technology"], "start_emissions_t_per_mw", TO_BASE["t/MW"]),
        "ramp": keyed(units, ["technology"], "ramp_share_per_h"),
        "flexible_min_stable": keyed(better, ["technology"], "flexible_min_stable_share"),
        "flexibility_annuity": {
            g: annuity(x, float(tech.wacc_share[g]), round(life[g])) for g, x in capex.items()
        },
        "reserve_load": keyed(reserves, ["product", "province"], "load_share"),
        "reserve_vre": keyed(reserves, ["product", "province"], "vre_share"),
        "shaving_threshold": keyed(shaving, ["province"], "threshold_share"),
        "shaving_price": keyed(shaving, ["province"], "price_cny_per_mwh", without_vat(tables, "CNY/MWh")),
    }
