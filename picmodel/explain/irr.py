"""The return of one project, walked from its yearly lines to its rates.

Everything is put together again from a run's files: income by line of every planning year, terms of finance
and tax, outlay and life from the inputs.  The rates that follow must be those of ``projects.csv``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.driver import require_same_inputs
from picmodel.errors import InputError
from picmodel.finance.cash_flow import Project, ProjectResult, evaluate, hold
from picmodel.finance.irr import irr
from picmodel.finance.projects import AFTER
from picmodel.finance.terms import FinanceTerms
from picmodel.finance.walk import SETTLED, booked
from picmodel.scenario.check import nearest
from picmodel.scenario.load import load
from picmodel.units import TO_BASE

FILES = ("scenario.yaml", "manifest.json", "projects.csv", "project_income.csv", "ledger.parquet")
CNY_PER_KW = 1.0 / TO_BASE["CNY/kW"]
#: rates of ``projects.csv`` and of the walk agree to so much [share]
SAME_RATE = 1e-6
RATES = (
    "irr_pre_tax_real",
    "irr_post_tax_real",
    "irr_post_tax_nominal",
    "irr_equity_real",
    "irr_equity_nominal",
)
_INCOME, _COST = "income_", "cost_"


@dataclass(frozen=True)
class Walk:
    """One project from lines to rates.

    Attributes:
        lines: line x planning year, income (+) and cost (-) [CNY/kW-yr].
        ledger: mechanism, product, planning years: what the ledger pays the whole fleet of this technology
            and province for each line, new and old plants [MCNY/yr].
        result: rates and yearly flows, computed again.
        worth: what the pre-tax rate loses without each line of income [points]; NaN where it then has none.
        stored: rates of ``projects.csv`` [share], NaN where there is none.
        notes: what the reader must know.
    """

    scenario: str
    key: tuple[str, str, int]
    project: Project
    terms: FinanceTerms
    lines: pd.DataFrame
    ledger: pd.DataFrame
    result: ProjectResult
    worth: pd.Series
    stored: pd.Series
    notes: tuple[str, ...]

    @property
    def rates(self) -> pd.Series:
        """Rates computed again [share], NaN where there is none."""
        return pd.Series({name: _number(getattr(self.result, name).value) for name in RATES})

    @property
    def agrees(self) -> bool:
        """The rates are those of ``projects.csv``."""
        return bool(np.allclose(self.rates, self.stored, rtol=0.0, atol=SAME_RATE, equal_nan=True))


def walk_project(folder: Path, province: str, technology: str, year: int) -> Walk:
    """Walk the return of a project of a finished run.

    Args:
        year: planning year of commissioning.

    Raises:
        InputError: no finished run there, no such project, or inputs that changed since.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        text = f"{folder}: no {missing[0]} there; name the folder of a finished run (OUT/<scenario>)"
        raise InputError([text])
    scenario = load(folder / "scenario.yaml").scenarios[0]
    row = _project_row(pd.read_csv(folder / "projects.csv"), province, technology, year)
    require_same_inputs(folder, scenario)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    data, tables = system_data(scenario)
    key = (province, technology, year)
    items = _items(pd.read_csv(folder / "project_income.csv"), key)
    terms = FinanceTerms.from_table(tables["finance"], technology)
    project = _project(data, items, key, scenario.projects.after_horizon)
    return Walk(
        scenario=scenario.name,
        key=key,
        project=project,
        terms=terms,
        lines=items[items.index.str.startswith((_INCOME, _COST))],
        ledger=_ledger(pd.read_parquet(folder / "ledger.parquet"), key, list(items.columns)),
        result=evaluate(project, terms),
        worth=_worth(project),
        stored=pd.Series({name: _number(row[f"{name}_share"]) for name in RATES}),
        notes=_notes(manifest, scenario.projects.after_horizon, data),
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _project_row(projects: pd.DataFrame, province: str, technology: str, year: int) -> pd.Series:
    found = projects
    for option, column, label in (
        ("--technology", "technology", technology),
        ("--province", "province", province),
        ("--year", "commissioned", year),
    ):
        there = list(dict.fromkeys(found[column]))
        found = found[found[column] == label]
        if found.empty:
            hint = nearest(label, there) if isinstance(label, str) else ""
            remedy = hint or f"write one of {', '.join(map(str, there))}"
            raise InputError([f"{option} {label}: the run values no such project; {remedy}"])
    return found.iloc[0]


def _items(income: pd.DataFrame, key: tuple[str, str, int]) -> pd.DataFrame:
    """Items of a project by planning year, in the order of the file."""
    labels = zip(("province", "technology", "commissioned"), key)
    mine = income[np.logical_and.reduce([income[column] == label for column, label in labels])]
    order = list(dict.fromkeys(mine["item"]))
    return mine.pivot(index="item", columns="year", values="value").loc[order]


def _project(data: SystemData, items: pd.DataFrame, key: tuple[str, str, int], after: str) -> Project:
    """The project as `finance.projects.project_of` makes it, from what the run wrote."""
    _, g, v = key
    years = data.horizon.years

    def held(values: pd.Series, later: float | None = None) -> np.ndarray:
        by_year = {y: float(values.get(y, 0.0)) for y in years}
        first = {y: y for y in years}
        beyond = "held" if later is None else later
        return hold(by_year, first, data.horizon.span, v, data.life[g], beyond)  # type: ignore[arg-type]

    yearly = items / CNY_PER_KW
    costs = {name: -held(row) for name, row in yearly.iterrows() if str(name).startswith(_COST)}
    opex = sum(costs.values(), start=np.zeros(data.life[g]))
    later = None if after == "held" else 0.0
    income = {
        str(name).removeprefix(_INCOME): held(row, later)
        for name, row in yearly.iterrows()
        if str(name).startswith(_INCOME)
    }
    if after != "held":
        nothing = pd.Series(0.0, index=list(years))
        income[AFTER] = held(nothing, 1.0) * (data.annuity[g, v] + opex)
    return Project(
        capex=data.capex[g, v],
        construction_yr=data.construction[g],
        life_yr=data.life[g],
        wacc=data.wacc[g],
        income=income,
        opex=opex,
        generation=held(items.loc["full_load_hours_h"]),
        fuel=costs.get("cost_fuel"),
        labels={"province": key[0], "technology": g, "commissioned": v, "group": data.group[g]},
    )


def _worth(project: Project) -> pd.Series:
    """Points of the pre-tax rate that each line of income is worth."""
    lines = {str(line): np.asarray(values) for line, values in project.income.items()}
    opex, outlays = np.asarray(project.opex), project.outlays

    def rate(income: dict[str, np.ndarray]) -> float:
        total = sum(income.values(), start=np.zeros(project.life_yr))
        return _number(irr(np.concatenate([-outlays, total - opex])).value)

    whole = rate(lines)
    without = {line: rate({k: x for k, x in lines.items() if k != line}) for line in lines}
    return pd.Series({line: 100.0 * (whole - x) for line, x in without.items()}, dtype=float)


def _ledger(ledger: pd.DataFrame, key: tuple[str, str, int], years: Sequence[int]) -> pd.DataFrame:
    """What the ledger pays the fleet by line: entries that settle it, and the sum by planning year."""
    r, g, _ = key
    mine = ledger[(ledger["province"] == r) & (ledger["technology"] == g)]
    paid = booked(mine)
    table = paid.pivot_table(index="line", columns="year", values="ledger_mcny", aggfunc="sum")
    table = table.reindex(columns=list(years)).fillna(0.0)
    entry = {line: f"{mechanism}: {', '.join(products)}" for line, (mechanism, products) in SETTLED.items()}
    table.insert(0, "entries", [entry.get(line, "") for line in table.index])
    return table


def _notes(manifest: dict, after: str, data: SystemData) -> tuple[str, ...]:
    last = data.horizon.years[-1] + data.horizon.span[data.horizon.years[-1]] - 1
    beyond = "at those of the last planning year" if after == "held" else "at a margin that is the annuity"
    found = [f"after {last}, the end of the horizon, income and cost stay {beyond}"]
    if manifest.get("project_prices") == "dispatch":
        found.append(
            "projects are paid at prices of dispatch, the ledger settles the plan's own: lines and entries "
            "differ"
        )
    return tuple(found)
