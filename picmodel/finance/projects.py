"""Projects: one GW of a technology in a province and commissioning year, and what it returns.

Also where the LP builds none: the project then runs as `Results.output_rate` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.finance.cash_flow import Project, ProjectResult, evaluate, hold, project_table
from picmodel.finance.irr import Array, npv
from picmodel.finance.terms import FinanceTerms
from picmodel.markets.power.settlement import settlement_price
from picmodel.units import TO_BASE

AfterHorizon = Literal["held", "annuity"]

KEYS = ["province", "technology", "commissioned"]
#: columns of the table of income by year
INCOME_COLUMNS = [*KEYS, "year", "item", "value", "unit"]
#: line of income that stands for all others after the horizon, where these are not held
AFTER = "after_horizon"
DIMS = ("province", "technology", "vintage", "year")
_CNY_PER_KW, _CNY_PER_MWH = 1.0 / TO_BASE["CNY/kW"], 1.0 / TO_BASE["CNY/MWh"]
_EMPTY_GWH = 1e-9  # output of a GW below which there is none


def price_paid(results: Results, settling: Iterable[Any]) -> xr.DataArray:
    """Energy price at which plants are settled (province, year, time) [MCNY/GWh].

    Args:
        settling: mechanisms that settle the run, the power market among them.
    """
    power = next(mechanism for mechanism in settling if mechanism.name == "power")
    return settlement_price(results, power.options, results.data)


@dataclass(frozen=True)
class Yearly:
    """What a gross GW of every project earns, spends and does in each planning year, all over `DIMS`.

    Attributes:
        labels: dimension -> its labels, in the order of the arrays.
        income: line -> money of the market design [MCNY/GW-yr].
        fixed: fixed O&M [MCNY/GW-yr].
        wear: variable O&M [MCNY/GW-yr].
        fuel: fuel [MCNY/GW-yr].
        output: net output [GWh/GW-yr].
        possible: net output of wind and sun that weather and outages allow; NaN for others [GWh/GW-yr].
        average_price: price of energy, mean over all hours of the year [MCNY/GWh].
    """

    labels: Mapping[str, pd.Index]
    income: Mapping[str, Array]
    fixed: Array
    wear: Array
    fuel: Array
    output: Array
    possible: Array
    average_price: Array

    @classmethod
    def of(cls, results: Results, income: Mapping[str, xr.DataArray], price: xr.DataArray) -> Yearly:
        """Args as `value_projects`."""
        d, labels = results.data, {dim: results.labels[dim] for dim in DIMS}
        frame = xr.DataArray(0.0, dims=DIMS, coords=labels)

        def spread(array: xr.DataArray) -> Array:
            missing = [dim for dim in DIMS if dim not in array.dims]
            full = array.expand_dims({dim: labels[dim] for dim in missing}).transpose(*DIMS)
            return full.reindex_like(frame).fillna(0.0).to_numpy()

        output = results.output_per_gw()
        fuel = results.from_keys(d.fuel_cost, ("province", "technology", "year")).fillna(0.0)
        wear = results.from_keys(d.variable_om, ("technology", "year")).fillna(0.0)
        fixed = {(g, v): x for (g, v), x in d.fixed_om.items() if v in results.years}
        return cls(
            labels,
            {line: spread(array) for line, array in income.items()},
            spread(results.from_keys(fixed, ("technology", "vintage"))),
            spread(wear * output),
            spread(fuel * output),
            spread(output),
            _of_weather(spread((results.availability * results.weight).sum("time")), results),
            spread((price * results.weight).sum("time") / results.weight.sum()),
        )

    @property
    def costs(self) -> dict[str, Array]:
        """Running cost by item [MCNY/GW-yr]."""
        return {"fixed_om": self.fixed, "variable_om": self.wear, "fuel": self.fuel}

    def at(self, r: str, g: str, v: int) -> tuple[int, ...]:
        """Position of a project in the arrays; what follows is an array over years."""
        return tuple(self.labels[dim].get_loc(label) for dim, label in zip(DIMS, (r, g, v)))


def _of_weather(possible: Array, results: Results) -> Array:
    """NaN where output follows orders and not the weather: what is not produced is not curtailed."""
    variable = [results.data.group[g] in ("wind", "solar") for g in results.technologies]
    return np.where(np.array(variable)[None, :, None, None], possible, np.nan)


def projects_of(data: SystemData, technologies: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """(province, technology, commissioning year) of every project of the given technologies."""
    return ((r, g, v) for r, g in data.fleets if g in technologies for v in data.horizon.years)


# -- returns


def value_projects(
    results: Results,
    income: Mapping[str, xr.DataArray],
    finance: pd.DataFrame,
    technologies: Sequence[str],
    price: xr.DataArray | None = None,
    after_horizon: AfterHorizon = "held",
) -> pd.DataFrame:
    """Returns of every project of the given technologies.

    Args:
        income: line -> (province, technology[, vintage], year) [MCNY per gross GW and year].
        finance: table of terms, see `FinanceTerms`.
        price: what energy is paid (province, year, time), see `price_paid`; the LP's own by default.
        after_horizon: each line after the horizon as in the last planning year, or a margin that is the
            annuity, so that years which nobody has planned say nothing about the return.

    Returns:
        One row per province, technology and commissioning year: capacity built [GW] and the group; returns
        with the reason where there is no rate; income over the life, levelised as the LCOE is [CNY/MWh];
        of the commissioning year, income by line [CNY/kW-yr], hours, curtailment, capture price and value
        factor.
    """
    data = results.data
    terms = {g: FinanceTerms.from_table(finance, g) for g in technologies}
    yearly = Yearly.of(results, income, results.energy_price if price is None else price)
    found: list[ProjectResult] = []
    beside = []
    for r, g, v in projects_of(data, technologies):
        project = project_of(data, yearly, (r, g, v), after_horizon)
        found.append(evaluate(project, terms[g]))
        beside.append(_beside(results, yearly, project))
    table = pd.concat([project_table(found), pd.DataFrame(beside)], axis=1)
    labels = pd.DataFrame(columns=[*KEYS, "group", "capacity_gw"])
    return table if found else pd.concat([labels, table])


def project_of(
    data: SystemData, yearly: Yearly, key: tuple[str, str, int], after_horizon: AfterHorizon = "held"
) -> Project:
    """The project of a (province, technology, commissioning year): planning years become calendar years."""
    r, g, v = key
    at, life, years = yearly.at(r, g, v), data.life[g], data.horizon.years
    first = {y: y for y in years}

    def held(values: Array, after: Literal["held"] | float = "held") -> Array:
        by_year = dict(zip(years, values.tolist()))
        return np.asarray(hold(by_year, first, data.horizon.span, v, life, after))

    opex = held((yearly.fixed + yearly.wear + yearly.fuel)[at])
    if after_horizon == "held":
        lines = {line: held(values[at]) for line, values in yearly.income.items()}
    else:
        lines = {line: held(values[at], 0.0) for line, values in yearly.income.items()}
        beyond = held(np.zeros(len(years)), 1.0)
        lines[AFTER] = beyond * (data.annuity[g, v] + opex)
    return Project(
        capex=data.capex[g, v],
        construction_yr=data.construction[g],
        life_yr=life,
        wacc=data.wacc[g],
        income=lines,
        opex=opex,
        generation=held(yearly.output[at]),
        fuel=held(yearly.fuel[at]),
        labels={"province": r, "technology": g, "commissioned": v, "group": data.group[g]},
    )


def _beside(results: Results, yearly: Yearly, project: Project) -> dict[str, float | None]:
    """What stands beside the returns of a project: of its life, and of its commissioning year."""
    r, g, v = (project.labels[key] for key in KEYS)
    at = yearly.at(r, g, v)
    first = list(results.years).index(v)
    output = npv(project.wacc, project.generation, first=1)
    earned = npv(project.wacc, project.total_income, first=1)
    row: dict[str, float | None] = {
        "capacity_gw": _built(results, r, g, v),
        "levelised_income_cny_per_mwh": earned / output * _CNY_PER_MWH if output > _EMPTY_GWH else None,
    }
    row |= {name: values[first] for name, (values, _) in _physical(yearly, at).items()}
    return row | {
        f"income_{line}_cny_per_kw_yr": float(values[at][first]) * _CNY_PER_KW
        for line, values in yearly.income.items()
    }


def _physical(yearly: Yearly, at: tuple[int, ...]) -> dict[str, tuple[Array, str]]:
    """Hours, curtailment and prices of a project by planning year, with units; NaN where there is none."""
    output, possible = yearly.output[at], yearly.possible[at]
    price = yearly.average_price[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        capture = np.where(output > _EMPTY_GWH, yearly.income["energy"][at] / output, np.nan)
        factor = np.where(price > 1e-9, capture / price, np.nan)
        lost = np.where(possible > _EMPTY_GWH, np.maximum(0.0, 1.0 - output / possible), np.nan)
    return {
        "full_load_hours_h": (output, "h"),
        "curtailment_share": (lost, "share"),
        "capture_price_cny_per_mwh": (capture * _CNY_PER_MWH, "CNY/MWh"),
        "average_price_cny_per_mwh": (price * _CNY_PER_MWH, "CNY/MWh"),
        "value_factor_share": (factor, "share"),
    }


def _built(results: Results, r: str, g: str, v: int) -> float:
    if "v_build" not in results.values:
        return 0.0
    built = float(results.values["v_build"].sel(province=r, technology=g, vintage=v))
    return 0.0 if np.isnan(built) else built


# -- income by year


def project_income(
    results: Results,
    income: Mapping[str, xr.DataArray],
    technologies: Sequence[str],
    price: xr.DataArray | None = None,
) -> pd.DataFrame:
    """What every project earns and spends in each planning year in which it stands, tidy.

    Args:
        income, price: as `value_projects`.

    Returns:
        `INCOME_COLUMNS`.  Items: ``income_...`` by line; ``cost_fixed_om``, ``cost_variable_om`` and
        ``cost_fuel``, <= 0 where they are paid [CNY/kW-yr]; hours, curtailment, prices.
    """
    yearly = Yearly.of(results, income, results.energy_price if price is None else price)
    rows = []
    for r, g, v in projects_of(results.data, technologies):
        at = yearly.at(r, g, v)
        items = {
            **{f"income_{line}": (x[at] * _CNY_PER_KW, "CNY/kW-yr") for line, x in yearly.income.items()},
            **{f"cost_{name}": (-x[at] * _CNY_PER_KW, "CNY/kW-yr") for name, x in yearly.costs.items()},
            **_physical(yearly, at),
        }
        for i, y in enumerate(results.years):
            if v <= y < v + results.data.life[g]:
                rows += [(r, g, v, y, item, values[i], unit) for item, (values, unit) in items.items()]
    return pd.DataFrame(rows, columns=INCOME_COLUMNS)
