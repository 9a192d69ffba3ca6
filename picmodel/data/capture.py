"""Carbon capture: what is retrofitted into what, at which cost, and where the CO2 goes."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from picmodel.annuity import annuity, capex_with_idc
from picmodel.data.lookup import Tables, by_year, in_base
from picmodel.data.system import Horizon
from picmodel.units import TO_BASE


def in_force(tables: Tables, mechanisms: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Tables without the technologies whose mechanism the scenario leaves off.

    Only ``technologies`` is cut: the other tables are read for the technologies that are in it.
    """
    rows = tables["technologies"]
    return {**tables, "technologies": rows[rows.mechanism.isin({"none", *mechanisms})]}


def conversions(tables: Tables) -> list[tuple[str, str]]:
    """Pairs (from, to) of technologies, both in force."""
    known = set(tables["technologies"]["technology"])
    rows = tables["retrofits"][["from_technology", "to_technology"]].drop_duplicates()
    return [(f, g) for f, g in rows.itertuples(index=False) if {f, g} <= known]


def capture_policy(tables: Tables, provinces, names, tech, horizon: Horizon, expand: bool) -> dict[str, dict]:
    """What the mechanism reads; without expansion nothing is converted.

    Returns:
        ``retrofit_annuity`` (from, to, y) MCNY/GW-yr: investment over the years in which a conversion is
        paid, at the cost of capital of what it becomes, and the fixed O&M that comes on top;
        ``retrofit_limit`` (to, y) GW that the country converts since the planning year before;
        ``co2_storage_cost`` r -> MCNY/kt stored, transport inside.
    """
    pairs = [(f, g) for f, g in conversions(tables) if expand and {f, g} <= set(names)]
    years = [y for y in horizon.years if y not in horizon.past]
    key = ["from_technology", "to_technology"]
    capex = in_base(tables, "retrofits", key, "capex_cny_per_kw", years)
    fixed = in_base(tables, "retrofits", key, "fom_cny_per_kw_yr", years)
    life = in_base(tables, "retrofits", key, "life_yr", years)
    cost = {}
    for f, g in pairs:
        wacc, construction = float(tech.wacc_share[g]), int(tech.construction_yr[g])
        for y in years:
            outlay = capex_with_idc(capex[f, g, y], construction, wacc)
            cost[f, g, y] = annuity(outlay, wacc, round(life[f, g, y])) + fixed[f, g, y]
    calendar = range(horizon.base_year, horizon.years[-1] + 1)
    rate = by_year(tables["build_rates"], ["technology"], "national_gw_per_yr", calendar)
    limit = {
        (g, y): sum(rate[g, k] for k in range(y - horizon.gap[y] + 1, y + 1))
        for g in dict.fromkeys(g for _, g in pairs)
        if (g, horizon.base_year) in rate
        for y in years
    }
    storage = tables["co2_storage"].set_index("province")
    stored = (storage["transport_cny_per_t"] + storage["storage_cny_per_t"]) * TO_BASE["CNY/t"]
    return {
        "retrofit_annuity": cost,
        "retrofit_limit": limit,
        "co2_storage_cost": {r: float(stored[r]) for r in provinces},
    }
