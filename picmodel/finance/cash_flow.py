"""From a project's income and cost to its returns.

Conventions, the same for all that is reported:

- payments fall at the end of a year; time 0 is commissioning, the start of the first operating calendar
  year; income comes at times 1..life, the outlay in even parts at times 1 - construction_yr..0 (all at
  time 0 if that is 0 or 1);
- real money is of the base year, and inflation starts at time 0: nominal = real (1 + inflation)^time;
- pre-tax knows no tax at all and no debt.  It is what the LP pays: with all of the outlay at time 0 and
  a margin that is the annuity, its rate is the WACC;
- post-tax knows VAT (timing, surcharge, refund) and income tax of an owner without debt;
- equity knows debt too: its share of the outlay *with* VAT, interest during construction capitalised,
  principal repaid in equal parts, interest deducted from taxable profit;
- no value at the end of life (see `tax.depreciation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from picmodel.annuity import annuity, capex_with_idc
from picmodel.finance import tax
from picmodel.finance.irr import Array, Rate, irr, lcoe, npv, payback_yr
from picmodel.finance.terms import FinanceTerms
from picmodel.units import TO_BASE

__all__ = [
    "FinanceTerms",
    "Project",
    "ProjectResult",
    "annuity",
    "capex_with_idc",
    "cash_flows",
    "evaluate",
    "hold",
    "project_table",
]


@dataclass(frozen=True, eq=False)
class Project:
    """One GW of a technology in a province, commissioned in a year; real, without VAT.

    Attributes:
        capex: overnight outlay, without interest during construction [MCNY/GW].
        construction_yr: whole years of construction, >= 0.
        life_yr: operating years, >= 1.
        wacc: real pre-tax cost of capital [share].
        income: line -> shape (life_yr,); cost lines negative (a DataFrame will do) [MCNY/GW-yr].
        opex: shape (life_yr,); fixed O&M and what else is paid outside the lines, >= 0 [MCNY/GW-yr].
        generation: shape (life_yr,); net output [GWh/GW-yr].
        fuel: the part of opex on which suppliers charge VAT, shape (life_yr,); none by default [MCNY/GW-yr].
        labels: what the project is; the first columns of the report (province, technology, ...).

    Raises:
        ValueError: an array has another shape or is not finite, or a number is out of range.
    """

    capex: float
    construction_yr: int
    life_yr: int
    wacc: float
    income: Mapping[str, ArrayLike] | pd.DataFrame
    opex: ArrayLike
    generation: ArrayLike
    fuel: ArrayLike | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.life_yr < 1 or self.construction_yr < 0 or self.capex < 0.0 or self.wacc <= -1.0:
            raise ValueError(
                f"project {dict(self.labels)}: capex={self.capex}, construction_yr={self.construction_yr}, "
                f"life_yr={self.life_yr} or wacc={self.wacc} is out of range"
            )
        lines = {str(line): self._yearly(str(line), values) for line, values in self.income.items()}
        object.__setattr__(self, "income", lines)
        object.__setattr__(self, "opex", self._yearly("opex", self.opex))
        object.__setattr__(self, "generation", self._yearly("generation", self.generation))
        fuel = np.zeros(self.life_yr) if self.fuel is None else self.fuel
        object.__setattr__(self, "fuel", self._yearly("fuel", fuel))

    def _yearly(self, name: str, values: ArrayLike) -> Array:
        array = np.asarray(values, dtype=float)
        if array.shape != (self.life_yr,) or not np.isfinite(array).all():
            raise ValueError(
                f"project {dict(self.labels)}: {name} has shape {array.shape}, not ({self.life_yr},), "
                "or is not finite"
            )
        return array

    @property
    def first(self) -> int:
        """Time of the first outlay, <= 0 [yr]."""
        return 1 - max(1, self.construction_yr)

    @property
    def total_income(self) -> Array:
        """Sum of the lines, shape (life_yr,) [MCNY/GW-yr]."""
        return sum((np.asarray(part) for _, part in self.income.items()), start=np.zeros(self.life_yr))

    @property
    def outlays(self) -> Array:
        """The outlay in even parts at times first..0, shape (max(1, construction_yr),) [MCNY/GW]."""
        years = 1 - self.first
        return np.full(years, self.capex / years)


@dataclass(frozen=True, eq=False)
class ProjectResult:
    """What a project returns; rates per 1 and year, money real and without VAT.

    Attributes:
        labels: of the project.
        irr_pre_tax_real: the headline, comparable with the LP's WACC.
        npv: pre-tax, real, at the WACC and time 0 [MCNY/GW].
        lcoe: opex and capital over output at the WACC [MCNY/GWh], None without output.
        payback_yr: simple, pre-tax, real, from commissioning, None if never.
        dscr_min: least over the loan's years of cash after tax over debt service, None without debt.
        flows: the columns of `cash`, each of shape (years,), from time ``first`` on.
    """

    labels: Mapping[str, Any]
    irr_pre_tax_real: Rate
    irr_post_tax_real: Rate
    irr_post_tax_nominal: Rate
    irr_equity_real: Rate
    irr_equity_nominal: Rate
    npv: float
    lcoe: float | None
    payback_yr: float | None
    dscr_min: float | None
    flows: Mapping[str, Array]
    first: int

    @property
    def cash(self) -> pd.DataFrame:
        """The yearly flows, see `cash_flows`."""
        return _as_table(self.flows, self.first)


def hold(
    values: Mapping[int, float],
    first_years: Mapping[int, int],
    spans: Mapping[int, int],
    start: int,
    life: int,
    after: Literal["held"] | float = "held",
) -> Array:
    """Calendar-year values of a planning-year quantity: each holds for its span.

    Args:
        values: planning year -> value per year [any].
        first_years: planning year -> first calendar year that it stands for.
        spans: planning year -> calendar years that it stands for.
        start: first operating calendar year (of a vintage v: ``first_years[v]``).
        life: operating years.
        after: value of years after the horizon: ``held`` at the last planning year's, or a number.
            For a margin at the annuity after the horizon, hold opex, hold every line with 0.0 and add a
            line that is 0.0 in each planning year, and annuity and opex after.

    Returns:
        Shape (life,), for calendar years start..start + life - 1 [unit of values].

    Raises:
        ValueError: planning years differ between the mappings, spans leave a gap or overlap, or ``start``
            lies before the first.

    >>> hold({2025: 1.0, 2030: 2.0}, {2025: 2024, 2030: 2026}, {2025: 2, 2030: 3}, start=2025, life=6)
    array([1., 2., 2., 2., 2., 2.])
    """
    years = sorted(values)
    if years != sorted(first_years) or years != sorted(spans):
        raise ValueError(f"planning years differ: {years}, {sorted(first_years)}, {sorted(spans)}")
    ends = [first_years[year] + spans[year] for year in years]
    for year, end in zip(years[1:], ends[:-1]):
        if first_years[year] != end:
            raise ValueError(f"planning year {year} stands from {first_years[year]}, the one before to {end}")
    if not years or start < first_years[years[0]]:
        raise ValueError(f"operation starts in {start}, before the first planning year's span")
    calendar = np.arange(start, start + life)
    position = np.searchsorted(np.array(ends), calendar, side="right")
    last = values[years[-1]] if after == "held" else float(after)
    return np.array([*(values[year] for year in years), last], dtype=float)[position]


def cash_flows(project: Project, terms: FinanceTerms) -> pd.DataFrame:
    """Yearly flows, positive to the project; the sums are columns.

    Returns:
        Index ``time``: project.first..life [yr].  Columns [MCNY/GW]: ``pre_tax_real`` (real) and, all
        nominal, ``capex``, ``income``, ``opex``, ``vat`` (collected less paid, on the outlay too),
        ``vat_refund``, ``vat_surcharge``, ``tax`` (of an owner without debt); ``post_tax``, the sum of
        these seven; ``loan`` (drawn), ``interest``, ``principal``, ``tax_equity`` (paid with debt);
        ``equity``, post_tax with tax_equity in place of tax, and with the loan.
    """
    return _as_table(_flows(project, terms), project.first)


def _as_table(flows: Mapping[str, Array], first: int) -> pd.DataFrame:
    cash = pd.DataFrame(flows)
    cash.index = pd.RangeIndex(first, first + len(cash), name="time")
    return cash


def _flows(project: Project, terms: FinanceTerms) -> dict[str, Array]:
    """Columns of `cash_flows` as arrays: a run has a thousand projects, and a frame of each takes seconds."""
    times = np.arange(project.first, project.life_yr + 1)
    level = (1.0 + terms.inflation_share) ** times
    built = 1 - project.first  # number of outlays
    outlay = project.outlays * level[:built]
    income = project.total_income * level[built:]
    opex = np.asarray(project.opex) * level[built:]
    fuel = np.asarray(project.fuel) * level[built:]
    sales_tax = tax.vat(income - fuel, outlay.sum() * terms.vat_share, terms)
    drawn = outlay * (1.0 + terms.vat_share) * terms.debt_share
    owed = npv(terms.loan_rate_share, drawn, first=project.first)
    interest, principal = debt_service(owed, project.life_yr, terms)
    gross = income - opex + sales_tax.refund - sales_tax.surcharge
    written_off = tax.depreciation(outlay.sum(), project.life_yr, terms)
    with_idc = tax.depreciation(outlay.sum() + owed - drawn.sum(), project.life_yr, terms)
    before, operating = np.zeros(built), np.zeros(project.life_yr)
    parts = {
        "pre_tax_real": [-project.outlays, project.total_income - np.asarray(project.opex)],
        "capex": [-outlay, operating],
        "income": [before, income],
        "opex": [before, -opex],
        "vat": [-outlay * terms.vat_share, sales_tax.collected - sales_tax.paid],
        "vat_refund": [before, sales_tax.refund],
        "vat_surcharge": [before, -sales_tax.surcharge],
        "tax": [before, -tax.income_tax(income, gross - written_off, terms)],
        "loan": [drawn, operating],
        "interest": [before, -interest],
        "principal": [before, -principal],
        "tax_equity": [before, -tax.income_tax(income, gross - with_idc - interest, terms)],
    }
    flows = {name: np.concatenate(part) for name, part in parts.items()}
    untaxed = _sum(flows, "capex", "income", "opex", "vat", "vat_refund", "vat_surcharge")
    flows["post_tax"] = untaxed + flows["tax"]
    flows["equity"] = untaxed + _sum(flows, "tax_equity", "loan", "interest", "principal")
    return flows


def _sum(flows: Mapping[str, Array], *names: str) -> Array:
    return np.sum([flows[name] for name in names], axis=0)


def debt_service(owed: float, life_yr: int, terms: FinanceTerms) -> tuple[Array, Array]:
    """Interest and equal principal by operating year, each of shape (life_yr,) [MCNY/GW-yr, nominal].

    Args:
        owed: debt at time 0, interest during construction included [MCNY/GW].
        life_yr: a loan longer than the life is repaid within the life.
    """
    term = min(terms.loan_term_yr, life_yr)
    paid = np.minimum(np.arange(life_yr + 1) / term, 1.0)  # part repaid by the end of each year
    return owed * (1.0 - paid[:-1]) * terms.loan_rate_share, owed * np.diff(paid)


def evaluate(project: Project, terms: FinanceTerms) -> ProjectResult:
    """All returns of a project under the module's conventions."""
    flows = _flows(project, terms)
    pre_tax, post_tax, equity = (flows[name] for name in ("pre_tax_real", "post_tax", "equity"))
    level = (1.0 + terms.inflation_share) ** (project.first + np.arange(pre_tax.size, dtype=float))
    built = capex_with_idc(project.capex, project.construction_yr, project.wacc)
    return ProjectResult(
        labels=dict(project.labels),
        irr_pre_tax_real=irr(pre_tax),
        irr_post_tax_real=irr(post_tax / level),
        irr_post_tax_nominal=irr(post_tax),
        irr_equity_real=irr(equity / level),
        irr_equity_nominal=irr(equity),
        npv=npv(project.wacc, pre_tax, first=project.first),
        lcoe=lcoe(project.wacc, built, project.opex, project.generation),
        payback_yr=payback_yr(pre_tax, first=project.first),
        dscr_min=_dscr_min(flows, project.first),
        flows=flows,
        first=project.first,
    )


def _dscr_min(flows: Mapping[str, Array], first: int) -> float | None:
    """Least cover of debt service by cash after the tax that is paid with debt; None without debt."""
    service = -(flows["interest"] + flows["principal"])
    owing = (service > 0.0) & (first + np.arange(service.size) > 0)
    if not owing.any():
        return None
    return float(((flows["equity"] + service)[owing] / service[owing]).min())


#: column of the report -> (attribute of ProjectResult, unit of the column)
_AMOUNTS = {
    "npv_cny_per_kw": ("npv", "CNY/kW"),
    "lcoe_cny_per_mwh": ("lcoe", "CNY/MWh"),
    "payback_yr": ("payback_yr", "yr"),
    "dscr_min_ratio": ("dscr_min", "share"),
}
_RATES = (
    "irr_pre_tax_real",
    "irr_post_tax_real",
    "irr_post_tax_nominal",
    "irr_equity_real",
    "irr_equity_nominal",
)


def project_table(results: Sequence[ProjectResult]) -> pd.DataFrame:
    """One row a project: its labels, each rate with the reason where there is none, and amounts.

    Returns:
        Columns: the labels; ``irr_..._share`` (NaN where there is none) and ``irr_..._reason``;
        ``npv_cny_per_kw``, ``lcoe_cny_per_mwh``, ``payback_yr``, ``dscr_min_ratio`` (NaN for None).
    """
    columns = [f"{rate}_{part}" for rate in _RATES for part in ("share", "reason")] + list(_AMOUNTS)
    names = list(dict.fromkeys(name for result in results for name in result.labels))
    table = pd.DataFrame([_row(result) for result in results], columns=[*names, *columns])
    numbers = [name for name in columns if not name.endswith("_reason")]
    return table.astype(dict.fromkeys(numbers, float))


def _row(result: ProjectResult) -> dict[str, Any]:
    row = dict(result.labels)
    for name in _RATES:
        rate: Rate = getattr(result, name)
        row |= {f"{name}_share": rate.value, f"{name}_reason": rate.reason}
    for column, (name, unit) in _AMOUNTS.items():
        amount = getattr(result, name)
        row[column] = None if amount is None else amount / TO_BASE[unit]
    return row
