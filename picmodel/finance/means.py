"""Mean returns of a portfolio: of a technology, of wind, of solar and of both, by province and nation.

A mean depends on its weights.  With the *common* portfolio, the capacity that the reference builds, two
designs are compared on the same plants; with the *own* one a mean also moves because other plants are built.
"""

from __future__ import annotations

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


def weighted(projects: pd.DataFrame, weights: pd.DataFrame, column: str) -> pd.DataFrame:
    """Means of a column by portfolio weights; a project without a value is left out, and counted.

    Args:
        projects: as `picmodel.finance.projects.value_projects` has them.
        weights: as `portfolio`.

    Returns:
        Columns province (CN for the nation), technology (or a name of `TOTALS`), year of commissioning
        (0: all), value, weight_gw, missing_share: the part of the portfolio that has no value.  No row where
        the portfolio is empty.
    """
    both = projects[[*KEYS, "group", column]].merge(weights, on=KEYS)
    both = both[both["weight_gw"] > SMALLEST_GW].rename(columns={"commissioned": "year"})
    single = both[~both["technology"].isin(TOTALS)]  # a technology of that name is its own group
    levels = [single, *(_total(both, name, groups) for name, groups in TOTALS.items())]
    wide = pd.concat(levels, ignore_index=True)
    wide = pd.concat([wide, wide.assign(year=ALL_VINTAGES)], ignore_index=True)
    wide = pd.concat([wide, wide.assign(province=NATION)], ignore_index=True)
    wide["part"] = wide[column].astype(float) * wide["weight_gw"]
    wide["known_gw"] = wide["weight_gw"].where(wide["part"].notna(), 0.0)
    sums = wide.groupby(_LABELS, as_index=False, sort=False)[["part", "weight_gw", "known_gw"]].sum()
    sums["value"] = sums["part"] / sums["known_gw"].where(sums["known_gw"] > 0.0)
    sums["missing_share"] = 1.0 - sums["known_gw"] / sums["weight_gw"]
    return sums[[*_LABELS, "value", "weight_gw", "missing_share"]]


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
    common, own = portfolio(base), portfolio(projects)
    tables = []
    for column, (name, unit, factor) in MEASURES.items():
        mean, of_own = weighted(projects, common, column), weighted(projects, own, column)
        if column in RATES:
            tables += [_rows(mean, name, unit, factor), *_changes(projects, base, common, column, name)]
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
    projects: pd.DataFrame, base: pd.DataFrame, common: pd.DataFrame, column: str, name: str
) -> list[pd.DataFrame]:
    """Change of a mean rate against the reference, over the projects that have a rate in both."""
    both = projects[[*KEYS, "group", column]].merge(base[[*KEYS, column]], on=KEYS, suffixes=("", "_base"))
    both = both.dropna(subset=[column, f"{column}_base"])
    mean = weighted(both, common, column)
    before = weighted(both, common, f"{column}_base")["value"]  # the same projects: the same rows
    points = mean.assign(value=mean["value"] - before)
    relative = mean.assign(value=(mean["value"] / before - 1.0).where(before > 0.0))
    return [
        _rows(points, f"{name}_change", "points", 100.0),
        _rows(relative, f"{name}_change_relative", "%", 100.0),
    ]


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
