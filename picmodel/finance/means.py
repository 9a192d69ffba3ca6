"""Mean returns of a portfolio: of a technology, of wind, of solar and of both, by province and nation.

A mean depends on its weights.  With the *common* portfolio, the capacity that the reference builds, two
designs are compared on the same plants; with the *own* one a mean also moves because other plants are built.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from picmodel.finance.projects import KEYS

NATION = "CN"
#: groups of technologies that are reported as one; the last is the paper's renewable project
TOTALS = {"wind": ("wind",), "solar": ("solar",), "wind_and_solar": ("wind", "solar")}
ALL_VINTAGES = 0
#: column of the projects' table -> (indicator, unit, factor)
MEASURES = {
    "irr_pre_tax_real_share": ("project_irr", "%", 100.0),
    "irr_post_tax_real_share": ("project_irr_post_tax", "%", 100.0),
    "irr_equity_real_share": ("project_irr_equity", "%", 100.0),
    "npv_cny_per_kw": ("project_npv", "CNY/kW", 1.0),
    "lcoe_cny_per_mwh": ("project_lcoe", "CNY/MWh", 1.0),
    "levelised_income_cny_per_mwh": ("project_levelised_income", "CNY/MWh", 1.0),
    "capture_price_cny_per_mwh": ("project_capture_price", "CNY/MWh", 1.0),
    "value_factor_share": ("project_value_factor", "share", 1.0),
    "curtailment_share": ("project_curtailment", "share", 1.0),
}
RATES = tuple(column for column in MEASURES if column.startswith("irr_"))
SMALLEST_GW = 1e-6
_LABELS = ["province", "technology", "year"]


def portfolio(projects: pd.DataFrame) -> pd.DataFrame:
    """Weights: `KEYS` and the capacity that a run builds of each project [GW]."""
    return projects[[*KEYS, "capacity_gw"]].rename(columns={"capacity_gw": "weight_gw"})


def weighted(
    projects: pd.DataFrame, weights: pd.DataFrame, columns: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Means of columns by portfolio weights; a project without a value is left out, and counted.

    Args:
        projects: as `picmodel.finance.projects.value_projects` has them.
        weights: as `portfolio`.

    Returns:
        By column a table with province (CN for the nation), technology (or a name of `TOTALS`), year of
        commissioning (0: all), value, weight_gw, missing_share: the part of the portfolio that has no value.
        No row where the portfolio is empty.
    """
    wide = _levels(projects[[*KEYS, "group", *columns]].merge(weights, on=KEYS))
    values = wide[list(columns)].astype(float)
    products = values.mul(wide["weight_gw"], axis=0).add_prefix("part ")
    known = values.notna().mul(wide["weight_gw"], axis=0).add_prefix("known ")
    table = pd.concat([wide[[*_LABELS, "weight_gw"]], products, known], axis=1)
    sums = table.groupby(_LABELS, as_index=False, sort=False).sum()
    return {column: _mean(sums, column) for column in columns}


def _mean(sums: pd.DataFrame, column: str) -> pd.DataFrame:
    known = sums[f"known {column}"]
    value = sums[f"part {column}"] / known.where(known > 0.0)
    return sums[[*_LABELS, "weight_gw"]].assign(value=value, missing_share=1.0 - known / sums["weight_gw"])


def _levels(both: pd.DataFrame) -> pd.DataFrame:
    """Each project once for every row of the means that it is part of."""
    both = both[both["weight_gw"] > SMALLEST_GW].rename(columns={"commissioned": "year"})
    single = both[~both["technology"].isin(TOTALS)]  # a technology of that name is its own group
    wide = pd.concat([single, *(_total(both, *total) for total in TOTALS.items())], ignore_index=True)
    wide = pd.concat([wide, wide.assign(year=ALL_VINTAGES)], ignore_index=True)
    return pd.concat([wide, wide.assign(province=NATION)], ignore_index=True)


def _total(rows: pd.DataFrame, name: str, groups: tuple[str, ...]) -> pd.DataFrame:
    return rows[rows["group"].isin(groups)].assign(technology=name)


def returns(projects: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Indicators of returns of a run beside those of the reference.

    Args:
        projects, base: tables of projects of the run and of the reference.

    Returns:
        Columns indicator, province, technology, year (of commissioning; 0: all), value, unit.  Each measure
        weighted with the reference's portfolio, and ``..._own_portfolio`` with the run's own: the nation by
        technology and total; rates and their changes of a province by total and year.  Changes are of the
        projects that have a rate in both runs: ``..._change`` in points and, where the reference's is
        positive, ``..._change_relative`` in %.  ``project_irr_missing`` is the part of the portfolio that
        has no pre-tax rate, where there is such a part.  ``project_irr`` of a province and technology is
        that of the project, built or not.
    """
    common = portfolio(base)
    means = weighted(projects, common, list(MEASURES))
    of_own_portfolio = weighted(projects, portfolio(projects), list(MEASURES))
    changes = _changes(projects, base, common)
    tables = []
    for column, (name, unit, factor) in MEASURES.items():
        mean, of_own = means[column], of_own_portfolio[column]
        if column in RATES:
            tables += [_rows(mean, name, unit, factor), *changes[column]]
        else:
            tables.append(_rows(_of_nation(mean), name, unit, factor))
        tables.append(_rows(_of_nation(of_own), f"{name}_own_portfolio", unit, factor))
        if column == RATES[0]:
            missing = mean[mean["missing_share"] > 1e-9].assign(value=mean["missing_share"])
            tables.append(_rows(missing, f"{name}_missing", "share"))
    tables.append(_each(projects))
    return pd.concat(tables, ignore_index=True)


def _of_nation(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["province"] == NATION]


def _changes(
    projects: pd.DataFrame, base: pd.DataFrame, common: pd.DataFrame
) -> dict[str, list[pd.DataFrame]]:
    """Changes of mean rates against the reference, each over the projects that have a rate in both."""
    both = projects[[*KEYS, "group", *RATES]].merge(base[[*KEYS, *RATES]], on=KEYS, suffixes=("", "_base"))
    for column in RATES:
        in_both = both[[column, f"{column}_base"]].notna().all(axis=1)
        both[[column, f"{column}_base"]] = both[[column, f"{column}_base"]].where(in_both)
    means = weighted(both, common, [*RATES, *(f"{column}_base" for column in RATES)])
    found = {}
    for column in RATES:
        mean, before, name = means[column], means[f"{column}_base"]["value"], MEASURES[column][0]
        points = mean.assign(value=mean["value"] - before)
        relative = mean.assign(value=(mean["value"] / before - 1.0).where(before > 0.0))
        found[column] = [
            _rows(points, f"{name}_change", "points", 100.0),
            _rows(relative, f"{name}_change_relative", "%", 100.0),
        ]
    return found


def _rows(table: pd.DataFrame, indicator: str, unit: str, factor: float = 1.0) -> pd.DataFrame:
    """Means with a value; of a province those of totals by year: of a technology it has one project."""
    of_total = table["technology"].isin(TOTALS) & (table["year"] != ALL_VINTAGES)
    wanted = (table["province"] == NATION) | of_total
    known = table[table["value"].notna() & wanted]
    rows = known.assign(indicator=indicator, unit=unit, value=known["value"] * factor)
    return rows[["indicator", *_LABELS, "value", "unit"]]


def _each(projects: pd.DataFrame) -> pd.DataFrame:
    """The pre-tax rate of every project, built or not; of one named like a total, the total is it."""
    rows = projects.rename(columns={"commissioned": "year"})
    rows = rows[rows[RATES[0]].notna() & ~rows["technology"].isin(TOTALS)]
    name, unit, factor = MEASURES[RATES[0]]
    rows = rows.assign(indicator=name, unit=unit, value=rows[RATES[0]].astype(float) * factor)
    return rows[["indicator", *_LABELS, "value", "unit"]]
