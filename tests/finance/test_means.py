"""Means of a portfolio, by hand: technologies, wind, solar and both, by province and nation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from picmodel.finance.means import MEASURES, NATION, RATES, portfolio, returns, weighted

RATE = RATES[0]


def projects(rates: dict[tuple[str, str, int], tuple[float | None, float]]) -> pd.DataFrame:
    """(province, technology, year) -> (pre-tax rate, GW); post-tax is 2 points less, equity twice as much."""
    rows = []
    for (r, g, v), (rate, gw) in rates.items():
        found = np.nan if rate is None else rate
        row = dict.fromkeys(MEASURES, 1.0) | {"province": r, "technology": g, "commissioned": v}
        row |= {"group": g.split("_")[0], "capacity_gw": gw, RATE: found}
        rows.append(row | {RATES[1]: found - 0.02, RATES[2]: 2 * found, "npv_cny_per_kw": 1000 * gw})
    return pd.DataFrame(rows)


BASE = projects(
    {
        ("A", "wind_onshore", 2030): (0.10, 3.0),
        ("B", "wind_onshore", 2030): (0.06, 1.0),
        ("B", "wind_offshore", 2030): (0.04, 2.0),
        ("A", "solar_utility", 2030): (0.08, 4.0),
        ("A", "solar_utility", 2035): (0.12, 10.0),
        ("B", "solar_utility", 2035): (0.20, 0.0),  # not built
    }
)


def value(table: pd.DataFrame, province: str, technology: str, year: int, column: str = "value") -> float:
    at = (table["province"] == province) & (table["technology"] == technology) & (table["year"] == year)
    assert at.sum() == 1, (province, technology, year)
    return float(table[at][column].iloc[0])


def test_means_by_hand():
    """Onshore (3 x 10 + 1 x 6) / 4 = 9 %; wind (36 + 8) / 6 = 7.333 %; both (44 + 32) / 10 = 7.6 %.

    In B wind is (6 + 8) / 3 = 4.667 %.  All years: solar (32 + 120) / 14 = 10.857 %.
    """
    table = weighted(BASE, portfolio(BASE), [RATE])[RATE]
    assert value(table, NATION, "wind_onshore", 2030) == pytest.approx(0.09)
    assert value(table, NATION, "wind", 2030) == pytest.approx(0.44 / 6)
    assert value(table, NATION, "wind_and_solar", 2030) == pytest.approx(0.076)
    assert value(table, "B", "wind", 2030) == pytest.approx(0.14 / 3)
    assert value(table, NATION, "solar", 0) == pytest.approx(1.52 / 14)
    assert value(table, NATION, "wind_and_solar", 0, "weight_gw") == pytest.approx(20.0)
    assert "B" not in table[table["technology"] == "solar"]["province"].tolist(), "nothing is built there"


def test_totals_recombine():
    """Weights and sums of provinces and technologies make those of the nation and of the totals."""
    table = weighted(BASE, portfolio(BASE), [RATE])[RATE]
    table["sum"] = table["value"] * table["weight_gw"]
    for year in (2030, 2035, 0):
        rows = table[table["year"] == year]
        both = rows[(rows["technology"] == "wind_and_solar")].set_index("province")
        parts = rows[rows["technology"].isin(["wind", "solar"])]
        for column in ("sum", "weight_gw"):
            assert both[column].drop(NATION).sum() == pytest.approx(both[column][NATION])
            assert parts.groupby("province")[column].sum().to_dict() == pytest.approx(both[column].to_dict())


def test_a_project_without_a_rate_is_left_out_and_counted():
    """3 of 4 GW have 10 %: mean 10 %, a quarter of the portfolio missing."""
    table = projects({("A", "wind_x", 2030): (0.10, 3.0), ("B", "wind_x", 2030): (None, 1.0)})
    mean = weighted(table, portfolio(table), [RATE])[RATE]
    assert value(mean, NATION, "wind_x", 2030) == pytest.approx(0.10)
    assert value(mean, NATION, "wind_x", 2030, "missing_share") == pytest.approx(0.25)
    assert np.isnan(value(mean, "B", "wind", 2030))
    found = indicators(returns(table, table))
    assert found["project_irr_missing", NATION, "wind", 2030] == pytest.approx(0.25)
    assert ("project_irr", "B", "wind", 2030) not in found


def indicators(table: pd.DataFrame) -> dict[tuple[str, str, str, int], float]:
    keys = table[["indicator", "province", "technology", "year"]]
    assert not keys.duplicated().any()
    return dict(zip(keys.itertuples(index=False, name=None), table["value"]))


def test_changes_are_of_the_common_portfolio():
    """Proves    the common mean weights rates with the reference's capacity, the own one with the run's.

    System    the run builds 9 GW of onshore wind in B at 7 %, in A 1 at 12 %, and no solar.
    By hand   common (3 x 12 + 1 x 7) / 4 = 10.75 %, against 9 %: 1.75 points, 19.44 %; own 7.5 %
              wind: (36 + 7 + 2 x 4) / 6 = 8.5 %, against 7.333: 1.167 points
    Fails if  the own portfolio enters the change.
    """
    run = BASE.copy()
    onshore = run["technology"] == "wind_onshore"
    run.loc[onshore, RATE] = [0.12, 0.07]
    run["capacity_gw"] = np.where(onshore, [1.0, 9.0, 0, 0, 0, 0], 0.0)
    found = indicators(returns(run, BASE))
    at = (NATION, "wind_onshore", 2030)
    assert found["project_irr", *at] == pytest.approx(10.75)
    assert found["project_irr_change", *at] == pytest.approx(1.75)
    assert found["project_irr_change_relative", *at] == pytest.approx(100 * (10.75 / 9 - 1))
    assert found["project_irr_own_portfolio", *at] == pytest.approx(7.5)
    assert found["project_irr_change", NATION, "wind", 2030] == pytest.approx(51 / 6 - 44 / 6)
    assert found["project_irr", "B", "solar_utility", 2035] == pytest.approx(20.0), (
        "each project, built or not"
    )
    assert found["project_irr_post_tax", NATION, "solar", 2035] == pytest.approx(10.0)
    assert found["project_irr_equity", NATION, "solar", 2035] == pytest.approx(24.0)
    assert found["project_npv", NATION, "wind_onshore", 2030] == pytest.approx((3 * 3000 + 1 * 1000) / 4)


def test_changes_are_of_projects_that_have_a_rate_in_both():
    """A loses its rate: the change is B's alone, 6 to 7 %, not 7 % against the mean of both."""
    run = BASE.copy()
    run.loc[run["technology"] == "wind_onshore", RATE] = [np.nan, 0.07]
    found = indicators(returns(run, BASE))
    assert found["project_irr_change", NATION, "wind_onshore", 2030] == pytest.approx(1.0)
    assert found["project_irr", NATION, "wind_onshore", 2030] == pytest.approx(7.0)


def test_the_reference_does_not_change_and_an_empty_portfolio_has_no_mean():
    found = indicators(returns(BASE, BASE))
    assert max(abs(x) for key, x in found.items() if "_change" in key[0]) < 1e-12
    nothing = BASE.assign(capacity_gw=0.0)
    table = returns(nothing, nothing)
    assert set(table["indicator"]) == {"project_irr"}
    assert NATION not in set(table["province"])


def test_a_technology_named_like_a_total_is_the_total():
    """In small systems wind is a technology and a group: one row, not two."""
    table = projects({("A", "wind", 2030): (0.10, 3.0)})
    mean = weighted(table, portfolio(table), [RATE])[RATE]
    assert value(mean, NATION, "wind", 2030, "weight_gw") == pytest.approx(3.0)
    assert indicators(returns(table, table))["project_irr", "A", "wind", 2030] == pytest.approx(10.0)
