"""Projects: one GW of a technology in a province and commissioning year, and what it returns.

Also where the LP builds none: the project then runs as `Results.output_rate` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.finance.cash_flow import Project, ProjectResult, evaluate, hold, project_table
from picmodel.finance.terms import FinanceTerms


def value_projects(
    results: Results,
    income: Mapping[str, xr.DataArray],
    finance: pd.DataFrame,
    technologies: Sequence[str],
) -> pd.DataFrame:
    """Returns of every project of the given technologies.

    Args:
        income: line -> (province, technology[, vintage], year) [MCNY per gross GW and year].
        finance: table of terms, see `FinanceTerms`.

    Returns:
        One row per province, technology and commissioning year: returns, income by line in the
        commissioning year [CNY/kW-yr], hours, capacity built [GW].
    """
    data = results.data
    terms = {g: FinanceTerms.from_table(finance, g) for g in technologies}
    output = results.output_per_gw()
    found: list[ProjectResult] = []
    first_income = []
    for r, g in data.fleets:
        if g not in technologies:
            continue
        for v in data.horizon.years:
            project = _project(data, r, g, v, income, output)
            found.append(evaluate(project, terms[g]))
            first_income.append(
                {
                    f"income_{line}_cny_per_kw_yr": float(np.asarray(values)[0])
                    for line, values in project.income.items()
                }
                | {
                    "full_load_hours_h": float(np.asarray(project.generation)[0]),
                    "capacity_gw": _built(results, r, g, v),
                }
            )
    labels = pd.DataFrame(columns=["province", "technology", "commissioned", "capacity_gw"])
    table = pd.concat([project_table(found), pd.DataFrame(first_income)], axis=1)
    return table if found else pd.concat([labels, table])


def _project(data: SystemData, r: str, g: str, v: int, income, output: xr.DataArray) -> Project:
    life = data.life[g]
    first = {y: y for y in data.horizon.years}

    def held(values: Mapping[int, float]) -> np.ndarray:
        return np.asarray(hold(values, first, data.horizon.span, v, life))

    def path(array: xr.DataArray) -> dict[int, float]:
        picked = array.sel(province=r, technology=g)
        if "vintage" in picked.dims:
            picked = picked.sel(vintage=v)
        return {y: float(picked.sel(year=y)) for y in data.horizon.years}

    hours = path(output)
    fixed = data.fixed_om.get((g, v), 0.0)
    opex = {
        y: fixed + hours[y] * (data.variable_om.get((g, y), 0.0) + data.fuel_cost.get((r, g, y), 0.0))
        for y in data.horizon.years
    }
    return Project(
        capex=data.capex[g, v],
        construction_yr=data.construction[g],
        life_yr=life,
        wacc=data.wacc[g],
        income={line: held(path(array)) for line, array in income.items()},
        opex=held(opex),
        generation=held(hours),
        labels={"province": r, "technology": g, "commissioned": v},
    )


def _built(results: Results, r: str, g: str, v: int) -> float:
    if "v_build" not in results.values:
        return 0.0
    built = float(results.values["v_build"].sel(province=r, technology=g, vintage=v))
    return 0.0 if np.isnan(built) else built


def weighted_irr(projects: pd.DataFrame, portfolio: pd.DataFrame) -> pd.DataFrame:
    """National mean IRR by technology and commissioning year, weighted with a portfolio.

    Args:
        projects: as `value_projects`.
        portfolio: the same table of the run whose ``capacity_gw`` gives the weights.

    Returns:
        Columns technology, commissioned, irr_share, weight_gw; without a row where nothing is built.
    """
    keys = ["province", "technology", "commissioned"]
    weights = portfolio[[*keys, "capacity_gw"]].rename(columns={"capacity_gw": "weight_gw"})
    both = projects[[*keys, "irr_pre_tax_real_share"]].merge(weights, on=keys).dropna()
    both = both[both.weight_gw > 1e-6]
    both["part"] = both["irr_pre_tax_real_share"].astype(float) * both["weight_gw"]
    sums = both.groupby(["technology", "commissioned"], as_index=False)[["part", "weight_gw"]].sum()
    return sums.assign(irr_share=sums.part / sums.weight_gw)[
        ["technology", "commissioned", "irr_share", "weight_gw"]
    ]
