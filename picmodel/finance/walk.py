"""From the ledger to a project's cash flow, line by line: do they say the same?

Income of a gross GW (`Mechanism.income`) and entries of the ledger (`Mechanism.settle`) are written apart.
Here the lines of every vintage, times the capacity that stands, meet what the ledger pays the plants of a
technology in a province and year; and a project's lines of a year lead to its cash flow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.extract.results import SMALL_GW, Results
from picmodel.finance.cash_flow import cash_flows
from picmodel.finance.projects import AfterHorizon, Yearly, project_of
from picmodel.finance.terms import FinanceTerms
from picmodel.markets.ancillary.settlement import NAME as RESERVES
from picmodel.markets.base import Lines, merged
from picmodel.markets.power.settlement import LEVIED, standing_vintages

OWNERS = "generators"

#: line of income -> (mechanism, products) of the entries that settle it
SETTLED: dict[str, tuple[str, tuple[str, ...]]] = {
    "energy": ("power", ("energy",)),
    **{line: ("power", (product,)) for line, product in LEVIED.items()},
    "contract": ("power", ("contract difference",)),
    "capacity": ("power", ("capacity",)),
    "carbon": ("carbon", ("allowances surrendered", "free allocation", "CCER")),
    "certificates": ("green_certificates", ("certificates", "lapsed certificates")),
    "bundled_rent": ("green_certificates", ("rent of bundled sale",)),
    "tradable_premium": ("green_certificates", ("premium of output that may be sold",)),
    "carbon_link": ("green_certificates", ("output turned into CCER", "certificates surrendered")),
    "credit_limit": ("green_certificates", ("rent of the limit on surrender",)),
    "held_emissions": ("emission_limits", ("emissions held",)),
    "co2_storage": ("ccs", ("CO2 stored",)),
    "reserve_provided": ("ancillary", tuple(RESERVES.values())),
    "reserve_caused": ("ancillary", tuple(f"{name} caused" for name in RESERVES.values())),
    "reserve_of_load": ("ancillary", ("levy for reserves",)),
    "peak_shaving": ("ancillary", ("peak shaving",)),
}
#: lines that are the plant's own cost: money that leaves the power sector, with no entry
OWN_COST = ("starts", "flexibility")
#: what the ledger pays plants and no line of income says
UNSAID = "in no line"
COLUMNS = ["line", "new_mcny", "old_mcny", "ledger_mcny", "difference_mcny"]
_FLEET = ["province", "technology", "year", "line"]


def lines_of(settling: Iterable[Any], results: Results, old: bool = False) -> Lines:
    """Income of a gross GW by line, of all mechanisms that settle a run: of projects, or of the old fleet."""
    parts = [
        mechanism.old_income(results, results.data) if old else mechanism.income(results, results.data)
        for mechanism in settling
    ]
    return merged(parts)


def reconciled(results: Results, settling: Iterable[Any], ledger: pd.DataFrame) -> pd.DataFrame:
    """Every line of every fleet beside the ledger.

    Args:
        settling: mechanisms that settle the run.
        ledger: all entries of the run.

    Returns:
        Columns province, technology, year and `COLUMNS` [MCNY/yr]: income lines times the capacity of the
        vintages (new) and of what else stands (old), what the ledger pays less what it takes, and the
        difference, which is zero.  Plants' own costs are left out.
    """
    mechanisms = list(settling)
    new, old = (lines_of(mechanisms, results, of_old) for of_old in (False, True))
    parts = [_line(results, line, new[line], old[line]) for line in new if line not in OWN_COST]
    earned = pd.concat([part for part in parts if len(part)], ignore_index=True)
    table = earned.merge(booked(ledger), on=_FLEET, how="outer").fillna(0.0)
    table["difference_mcny"] = table["new_mcny"] + table["old_mcny"] - table["ledger_mcny"]
    return table.sort_values(_FLEET, ignore_index=True)[[*_FLEET[:3], *COLUMNS]]


def _line(results: Results, line: str, new: xr.DataArray, old: xr.DataArray) -> pd.DataFrame:
    """Money of one line by fleet and year, of vintages and of the rest."""
    capacity = results.values["v_capacity"].fillna(0.0)
    vintages = standing_vintages(results)
    rest = capacity - vintages.sum("vintage")
    rest = rest.where(np.abs(rest) > SMALL_GW, 0.0)
    of_new, of_old = (new * vintages).sum("vintage"), old * rest
    fleets = [(r, g) for r, g in results.data.fleets]
    order = ("province", "technology", "year")
    frames = []
    for name, money in (("new_mcny", of_new), ("old_mcny", of_old)):
        series = money.fillna(0.0).transpose(*order).to_series().rename(name)
        frames.append(series)
    table = pd.concat(frames, axis=1).reset_index()
    mine = pd.MultiIndex.from_frame(table[["province", "technology"]]).isin(fleets)
    keep = mine & (table[["new_mcny", "old_mcny"]].abs().max(axis=1) > 0.0)
    return table[keep].assign(line=line)


def booked(ledger: pd.DataFrame) -> pd.DataFrame:
    """What owners of plants receive less what they pay, by fleet, year and line [MCNY/yr]."""
    line_of = {(m, product): line for line, (m, products) in SETTLED.items() for product in products}
    parts = []
    for column, sign in (("payee", 1.0), ("payer", -1.0)):
        mine = ledger[ledger[column] == OWNERS]
        named = [line_of.get(key, UNSAID) for key in zip(mine["mechanism"], mine["product"])]
        parts.append(mine.assign(line=named, ledger_mcny=sign * mine["amount"].astype(float)))
    return pd.concat(parts).groupby(_FLEET, as_index=False)["ledger_mcny"].sum()


def worst_difference(table: pd.DataFrame) -> float:
    """Largest difference, over the money of the fleet and year that it stands in (at least 1 MCNY)."""
    if table.empty:
        return 0.0
    money = table.groupby(_FLEET[:3])["ledger_mcny"].transform(lambda found: found.abs().max())
    return float((table["difference_mcny"].abs() / money.clip(lower=1.0)).max())


def walk(
    results: Results,
    settling: Iterable[Any],
    ledger: pd.DataFrame,
    terms: FinanceTerms,
    key: tuple[str, str, int],
    year: int,
    after_horizon: AfterHorizon = "held",
) -> pd.DataFrame:
    """One project in one planning year, from its lines of income to its cash flow.

    Args:
        terms: of finance and tax, of the technology.
        key: province, technology, commissioning year.
        year: a planning year in which it stands.

    Returns:
        Columns step, item, mcny_per_gw, fleet_mcny, ledger_mcny, difference_mcny (of the fleet: all vintages
        and the old plants, times what stands).  Steps: ``income`` by line, ``own cost``, ``pre-tax`` (their
        sum, the project's real cash flow), then, nominal, what the owner without debt (``post-tax``) and the
        owner of equity (``equity``) get, line by line.  Amounts of each step add up to its last row.
    """
    mechanisms = list(settling)
    r, g, v = key
    fleets = reconciled(results, mechanisms, ledger)
    fleet = fleets[(fleets["province"] == r) & (fleets["technology"] == g) & (fleets["year"] == year)]
    fleet = fleet.set_index("line")
    yearly = Yearly.of(results, lines_of(mechanisms, results), results.energy_price)
    at = (*yearly.at(r, g, v), list(results.years).index(year))
    rows: list[dict[str, Any]] = []
    for line in dict.fromkeys([*yearly.income, *fleet.index]):
        amount = float(yearly.income[line][at]) if line in yearly.income else 0.0
        step = "own cost" if line in OWN_COST else "income"
        rows.append({"step": step, "item": line, "mcny_per_gw": amount} | _beside(fleet, line))
    rows += [
        {"step": "own cost", "item": item, "mcny_per_gw": -float(cost[at])}
        for item, cost in yearly.costs.items()
    ]
    project = project_of(results.data, yearly, key, after_horizon)
    cash = cash_flows(project, terms).loc[year - v + 1]
    rows.append({"step": "pre-tax", "item": "cash flow, real", "mcny_per_gw": float(cash["pre_tax_real"])})
    rows += [
        {"step": step, "item": item, "mcny_per_gw": float(cash[item])}
        for step, items in (("post-tax", _POST_TAX), ("equity", _EQUITY))
        for item in items
    ]
    columns = ["step", "item", "mcny_per_gw", "fleet_mcny", "ledger_mcny", "difference_mcny"]
    return pd.DataFrame(rows, columns=columns)


_UNTAXED = ("income", "opex", "vat", "vat_refund", "vat_surcharge")
_POST_TAX = (*_UNTAXED, "tax", "post_tax")
_EQUITY = (*_UNTAXED, "tax_equity", "interest", "principal", "equity")


def _beside(fleet: pd.DataFrame, line: str) -> dict[str, Any]:
    if line not in fleet.index:
        return {}
    row = fleet.loc[line]
    earned = float(row["new_mcny"] + row["old_mcny"])
    found = {"fleet_mcny": earned, "ledger_mcny": float(row["ledger_mcny"])}
    return found | {"difference_mcny": float(row["difference_mcny"])}
