"""Who ends up with what: bills of consumers, income of generators and of the grid, public revenue.

All are positions of the ledger (`settlement.ledger.position`): what a party receives less what it pays,
real, without VAT.  Entries that name no province are in the nation's sum alone.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import ALL, COLUMNS, NATION
from picmodel.settlement.ledger import position

BN_CNY = 1e-3  # from MCNY
CNY_PER_MWH = 1e3  # from MCNY/GWh


def money(whole: pd.DataFrame, served: xr.DataArray) -> pd.DataFrame:
    """Money by party, in the form of every indicator.

    Args:
        whole: the ledger.
        served: electricity that consumers receive (province, year) [GWh/yr].
    """
    positions = position(whole)
    bill = -_by_place(positions, "consumers", served)
    generators = positions[positions["party"] == "generators"]
    by_technology = [
        _tidy(_by_place(part, "generators", served), "generator_income", str(name))
        for name, part in generators.groupby("technology")
        if name
    ]
    return pd.concat(
        [
            _tidy(bill, "consumer_bill"),
            _per_mwh(bill, served),
            _tidy(_by_place(positions, "generators", served), "generator_income"),
            *by_technology,
            _tidy(_by_place(positions, "grid", served), "grid_income"),
            _tidy(_by_place(positions, "state", served), "public_revenue"),
        ],
        ignore_index=True,
    )


def served_energy(results: Results) -> xr.DataArray:
    """Demand less what is not served (province, year) [GWh/yr]."""
    demand = results.from_keys(results.data.demand, ("province", "year", "time"))
    return ((demand - results.values["v_unserved"]) * results.weight).sum("time")


def _by_place(positions: pd.DataFrame, party: str, served: xr.DataArray) -> pd.Series:
    """Position of a party by province and year, the nation first, zero where there is none [MCNY/yr]."""
    mine = positions[positions["party"] == party]
    nation = mine.groupby("year")["amount"].sum()
    local = mine.groupby(["province", "year"])["amount"].sum()
    provinces, years = served["province"].to_series(), [int(y) for y in served["year"]]
    keys = [(str(r), y) for r in provinces for y in years]
    values = {(NATION, y): float(nation.get(y, 0.0)) for y in years}
    values |= {key: float(local.get(key, 0.0)) for key in keys}
    return pd.Series(values, dtype=float)


def _tidy(amounts: pd.Series, indicator: str, technology: str = ALL) -> pd.DataFrame:
    return _frame(amounts * BN_CNY, indicator, "bn CNY/yr", technology)


def _per_mwh(bill: pd.Series, served: xr.DataArray) -> pd.DataFrame:
    """What a MWh costs consumers, all that they pay and receive in it."""
    energy = served.to_series()
    nation = served.sum("province").to_series()
    found = {
        (r, y): float(nation[y]) if r == NATION else float(energy[r, y]) for r, y in bill.index.to_list()
    }
    volume = pd.Series(found, dtype=float)
    return _frame((bill / volume.where(volume > 0)).dropna() * CNY_PER_MWH, "consumer_price", "CNY/MWh", ALL)


def _frame(values: pd.Series, indicator: str, unit: str, technology: str) -> pd.DataFrame:
    keys = values.index.to_list()
    return pd.DataFrame(
        {
            "indicator": indicator,
            "province": [r for r, _ in keys],
            "technology": technology,
            "year": [y for _, y in keys],
            "value": values.to_numpy(),
            "unit": unit,
        }
    )[COLUMNS[1:]]
