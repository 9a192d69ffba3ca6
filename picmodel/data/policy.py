"""What mechanisms read, in base units.

Shares of *published* consumption become shares of demand at the bulk grid, so that a share times the
model's consumption is the energy that was meant.  Published prices lose their VAT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from picmodel.data.capture import capture_policy
from picmodel.data.columns import HOURS
from picmodel.data.commitment import commitment_policy
from picmodel.data.lookup import Tables, by_year, in_base, keyed, tariff, without_vat
from picmodel.data.periods import Periods
from picmodel.data.system import SystemOptions
from picmodel.units import TO_BASE

Array = NDArray[np.float64]
Units = Sequence[tuple[str, str]]
_HOURS = [column.name for column in HOURS]


def policy(
    tables: Tables, periods: Periods, units: Units, fleets: Units, tech, o: SystemOptions
) -> dict[str, Mapping]:
    """Entries of `SystemData.policy`.

    Args:
        tables: validated tables.
        periods: representative days, for what depends on the hour.
        units: (r, g) that generate or store; ``fleets``: those that generate.
        tech: columns of ``technologies``.
        o: provinces and horizon.
    """
    names = tuple(dict.fromkeys(g for _, g in units))
    return {
        **capture_policy(tables, o.provinces, names, tech, o.horizon, o.expand),
        **commitment_policy(tables, o.provinces, names, tech),
        **_plants(tables, fleets, names, tech, o),
        **market_policy(tables, periods, units, o),
    }


def market_policy(tables: Tables, periods: Periods, units: Units, o: SystemOptions) -> dict[str, Mapping]:
    """What certificate, saving, power-market and demand-side mechanisms read; arguments as of `policy`."""
    return {
        **_certificates(tables, units, o),
        **_saving(tables, periods, o),
        **_power(tables, units, o),
        **_demand_side(tables, periods, o),
    }


def _inside(found: Mapping, provinces: Sequence[str], place: int = 0) -> dict:
    """Entries of the scenario's provinces; ``place`` of the province in a key of several labels."""
    known = set(provinces)
    return {k: x for k, x in found.items() if (k[place] if isinstance(k, tuple) else k) in known}


def _plants(tables: Tables, fleets, names, tech, o: SystemOptions) -> dict[str, Mapping]:
    """Weights, benchmarks, planned hours, credits and tariffs, on the model's own quantities."""
    years = o.horizon.years
    share = keyed(tables["demand_basis"], ["province"], "bulk_share")
    total = by_year(tables["obligation_weights"], ["province"], "total_share", years)
    nonhydro = by_year(tables["obligation_weights"], ["province"], "nonhydro_share", years)
    benchmark = by_year(tables["benchmarks"], ["technology"], "benchmark_t_per_mwh", years)
    hours = tables["thermal_hours"].sort_values("year").groupby(["province", "group"]).last()["gross_h"]
    return {
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
        "ccer_factor": _inside(
            keyed(tables["crediting_factors"], ["province"], "ccer_factor_t_per_mwh"), o.provinces
        ),
        "coal_tariff": tariff(tables, "coal_benchmark_cny_per_mwh", o.provinces),
        "regional_grid": dict(zip(tables["provinces"].province, tables["provinces"].regional_grid)),
    }


def _certificates(tables: Tables, units: Units, o: SystemOptions) -> dict[str, dict]:
    """Trade rules by technology, minimum shares of industry, published grid factors [kt/GWh]."""
    bulk = keyed(tables["demand_basis"], ["province"], "bulk_share")
    rows, years = tables["heavy_industry"], o.horizon.years
    share = _inside(by_year(rows, ["province"], "consumption_share", years), o.provinces)
    names = {g for _, g in units}
    rules = {
        c: keyed(tables["certificate_rules"], ["technology"], c) for c in ("tradable_share", "ccer_eligible")
    }
    grid = keyed(tables["crediting_factors"], ["province"], "grid_factor_t_per_mwh")
    return {
        **{c: {g: x for g, x in rule.items() if g in names} for c, rule in rules.items()},
        "industry_share": {k: x / bulk[k[0]] for k, x in share.items()},
        "industry_weight": _inside(by_year(rows, ["province"], "minimum_share", years), o.provinces),
        "grid_factor": _inside(grid, o.provinces),
    }


def _saving(tables: Tables, periods: Periods, o: SystemOptions) -> dict[str, Mapping]:
    """Measures (potential GWh/yr, cost MCNY/GWh, life yr, shape GW per GWh/yr), pilots, conversions."""
    years = o.horizon.years
    consumed = in_base(tables, "demand", ["province"], "consumption_twh", years)
    national = {y: sum(gwh for (_, v), gwh in consumed.items() if v == y) for y in years}
    potential = in_base(tables, "saving_potentials", ["measure"], "potential_twh", years)
    measures = tables["saving_measures"]
    shape_of = dict(zip(measures["measure"], measures["shape"]))
    shapes = {name: _saving_shape(tables, name, periods) for name in dict.fromkeys(shape_of.values())}
    peak = {r: int(np.argmax(periods.of("demand", r))) for r in o.provinces}
    pilots = tables["saving_pilots"]
    factors = tables["conversion_factors"]
    return {
        "saving_potential": {
            (r, k, y): gwh * consumed[r, y] / national[y]
            for r in o.provinces
            for (k, y), gwh in potential.items()
        },
        "saving_cost": {
            (k,): x for k, x in keyed(measures, ["measure"], "cost_cny_per_mwh", TO_BASE["CNY/MWh"]).items()
        },
        "saving_life": {k: int(x) for k, x in keyed(measures, ["measure"], "life_yr").items()},
        "saving_shape": {
            (r, k, t): float(gw)
            for r in o.provinces
            for k, name in shape_of.items()
            for t, gw in enumerate(shapes[name])
        },
        "saving_at_peak": {
            (r, k): float(shapes[name][peak[r]]) for r in o.provinces for k, name in shape_of.items()
        },
        "white_pilots": _pilots(pilots, "white_certificates", o),
        "use_right_pilots": _pilots(pilots, "use_rights", o),
        # 1 tce/MWh is 1 ktce/GWh and 1 t/tce is 1 kt/ktce
        "conversion": keyed(factors, ["name"], "value"),
    }


def _pilots(table, column: str, o: SystemOptions) -> dict[str, float]:
    return {r: x for r, x in _inside(keyed(table, ["province"], column), o.provinces).items() if x == 1}


def _saving_shape(tables: Tables, name: str, periods: Periods) -> Array:
    """Power by slice of a saving of 1 GWh a year: sum over slices of weight times shape is 1."""
    rows = tables["saving_shapes"].query("shape == @name").sort_values("month")
    hours = periods.month_share @ rows[_HOURS].to_numpy(float)
    shape = hours.reshape(periods.count, periods.steps, periods.step_h).mean(axis=2).ravel()
    return np.asarray(shape / (_weights(periods) @ shape))


def _power(tables: Tables, units: Units, o: SystemOptions) -> dict[str, dict]:
    """Price limits, capacity payments, mechanism prices and guaranteed hours (gross), without VAT."""
    energy = without_vat(tables, "CNY/MWh")
    limits, strikes = tables["spot_limits"], tables["mechanism_prices"]
    group = dict(zip(tables["technologies"]["technology"], tables["technologies"]["group"]))
    payments = by_year(
        tables["capacity_payments"],
        ["province", "group"],
        "payment_cny_per_kw_yr",
        o.horizon.years,
        without_vat(tables, "CNY/kW-yr"),
    )
    hours = keyed(tables["guaranteed_hours"], ["province", "technology"], "hours_h")

    def by_technology(column: str, factor: float = 1.0) -> dict:
        found = keyed(strikes, ["province", "group"], column, factor)
        return {(r, g): found[r, group[g]] for r, g in units if (r, group[g]) in found}

    return {
        "price_floor": _inside(keyed(limits, ["province"], "floor_cny_per_mwh", energy), o.provinces),
        "price_cap": _inside(keyed(limits, ["province"], "cap_cny_per_mwh", energy), o.provinces),
        "capacity_payment": {
            (r, g, y): payments[r, group[g], y]
            for r, g in units
            for y in o.horizon.years
            if (r, group[g], y) in payments
        },
        "strike": by_technology("strike_cny_per_mwh", energy),
        "strike_volume": by_technology("volume_share"),
        "strike_term": by_technology("term_yr"),
        "guaranteed_hours": {u: hours[u] for u in units if u in hours},
    }


def _demand_side(tables: Tables, periods: Periods, o: SystemOptions) -> dict[str, dict]:
    """Load that can be moved or given up, and the time-of-use factor (demand-weighted mean 1)."""
    bulk = keyed(tables["demand_basis"], ["province"], "bulk_share")
    rows, key = tables["flexible_demand"], ["class", "province"]
    shares = rows.assign(moved=rows["consumption_share"] * rows["shiftable_share"])
    flexible = _inside(by_year(shares, key, "moved", o.horizon.years), o.provinces, 1)
    blocks = tables["price_responsive"]
    value = keyed(blocks, ["block"], "value_cny_per_mwh", TO_BASE["CNY/MWh"])
    prices = tables["time_of_use"].set_index("province")[_HOURS]
    return {
        "flexible_share": {k: x / bulk[k[1]] for k, x in flexible.items()},
        "flexible_hours": keyed(tables["flexible_classes"], ["class"], "shift_h"),
        "responsive_share": {(k,): x for k, x in keyed(blocks, ["block"], "load_share").items()},
        "responsive_value": {(k,): x for k, x in value.items()},
        "tou_factor": {
            (r, t): float(x)
            for r in o.provinces
            for t, x in enumerate(_tou_factor(prices.loc[r].to_numpy(float), periods, r))
        },
    }


def _tou_factor(prices: Array, periods: Periods, province: str) -> Array:
    """Relative price of each slice; on average over the province's demand it is 1."""
    factor = np.tile(prices.reshape(periods.steps, periods.step_h).mean(axis=1), periods.count)
    energy = _weights(periods) * periods.of("demand", province)
    return np.asarray(factor * energy.sum() / (energy @ factor))


def _weights(periods: Periods) -> Array:
    """Hours of the year by slice."""
    return np.repeat(np.asarray(periods.weight_days, float), periods.steps) * periods.step_h
