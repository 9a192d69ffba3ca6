"""A project's walk as tables for the terminal, and as plain content for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from picmodel.explain.irr import CNY_PER_KW, RATES, Walk
from picmodel.units import TO_BASE

#: flows of the three rates, each with the rows that add up to it
FLOWS = {
    "pre-tax, real": ("pre_tax_real",),
    "owner without debt, nominal": (
        "capex",
        "income",
        "opex",
        "vat",
        "vat_refund",
        "vat_surcharge",
        "tax",
        "post_tax",
    ),
    "owner of equity, nominal": ("tax_equity", "loan", "interest", "principal", "equity"),
}
#: operating years that are shown
SHOWN = (1, 2, 3, 5, 10, 15, 20, 25)
_SUMS = ("pre_tax_real", "post_tax", "equity")


def as_json(walk: Walk) -> dict[str, Any]:
    """Everything: lines, ledger, every year's flows [CNY/kW], rates and why there are none."""
    r, g, v = walk.key
    cash = (walk.result.cash * CNY_PER_KW).reset_index()
    return {
        "scenario": walk.scenario,
        "province": r,
        "technology": g,
        "commissioned": v,
        "rates": {name: getattr(walk.result, name).value for name in RATES},
        "reasons": {name: getattr(walk.result, name).reason for name in RATES},
        "agrees_with_projects_csv": walk.agrees,
        "capex_cny_per_kw": walk.project.capex * CNY_PER_KW,
        "construction_yr": walk.project.construction_yr,
        "life_yr": walk.project.life_yr,
        "wacc_share": walk.project.wacc,
        "lines_cny_per_kw_yr": _by_year(walk.lines),
        "ledger_mcny_of_fleet": {line: row.to_dict() for line, row in _text(walk.ledger).iterrows()},
        "worth_points": {line: None if np.isnan(x) else x for line, x in walk.worth.items()},
        "terms": vars(walk.terms),
        "cash_cny_per_kw": cash.to_dict("records"),
        "notes": list(walk.notes),
    }


def _by_year(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {str(line): {str(y): float(x) for y, x in row.items()} for line, row in table.iterrows()}


def _text(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=str)


def as_tables(walk: Walk) -> Iterator[Table | str]:
    """What the terminal shows, top down."""
    r, g, v = walk.key
    p = walk.project
    yield (
        f"[bold]{walk.scenario}: {g} in {r}, commissioned {v}[/]: {p.capex * CNY_PER_KW:,.0f} CNY/kW over "
        f"{max(1, p.construction_yr)} yr, {p.life_yr} yr of life, WACC {100 * p.wacc:.2f} % real pre-tax"
    )
    yield _lines_table(walk)
    yield from _cash_tables(walk)
    yield _rates_table(walk)
    if not walk.agrees:
        yield "[bold red]the rates are not those of projects.csv[/]: run the scenario again with this version"
    for note in walk.notes:
        yield f"  {note}"


def _lines_table(walk: Walk) -> Table:
    """Income and cost by planning year, what each is worth, and the entries that settle it."""
    years = list(walk.lines.columns)
    table = Table("line")
    for name in (*(f"{y}\nCNY/kW-yr" for y in years), "worth\npoints"):
        table.add_column(name, justify="right")
    table.add_column("ledger entries")
    table.add_column(f"{years[0]}: whole fleet\nMCNY/yr", justify="right")
    for item, row in walk.lines.iterrows():
        line = str(item).removeprefix("income_")
        worth = walk.worth.get(line)
        booked = walk.ledger.loc[line] if line in walk.ledger.index else None
        table.add_row(
            line.replace("_", " "),
            *(_number(x, 1) for x in row),
            "" if worth is None else "no rate" if np.isnan(worth) else f"{worth:+.2f}",
            "" if booked is None else booked["entries"],
            "" if booked is None else _number(booked[years[0]]),
        )
    margin = walk.lines.sum()
    table.add_row("[bold]margin[/]", *(f"[bold]{_number(x, 1)}[/]" for x in margin), "", "", "")
    return table


def _cash_tables(walk: Walk) -> Iterator[Table]:
    """Flows of some years, row by row; nominal ones add up to the sums in bold."""
    cash = walk.result.cash * CNY_PER_KW
    life = walk.project.life_yr
    times = [t for t in cash.index if t <= 0] + [t for t in (*SHOWN, life) if t <= life]
    table = Table("cash flow, CNY/kW, at time")
    shown = list(dict.fromkeys(times))
    for t in shown:
        table.add_column(str(t), justify="right")
    for title, names in FLOWS.items():
        table.add_row(f"[dim]{title}[/]")
        for name in names:
            style = "bold" if name in _SUMS else ""
            cells = (_number(cash.loc[t, name]) for t in shown)
            table.add_row(f"  {name.replace('_', ' ')}", *cells, style=style)
    yield table


def _rates_table(walk: Walk) -> Table:
    table = Table("rate of return")
    table.add_column("%", justify="right")
    table.add_column("why there is none")
    for name in RATES:
        rate = getattr(walk.result, name)
        shown = "–" if rate.value is None else f"{100 * rate.value:.2f}"
        table.add_row(name.removeprefix("irr_").replace("_", " "), shown, rate.reason)
    found = walk.result
    table.add_row("NPV at the WACC, CNY/kW", f"{found.npv * CNY_PER_KW:,.0f}", "")
    if found.lcoe is not None:
        table.add_row("LCOE, CNY/MWh", f"{found.lcoe / TO_BASE['CNY/MWh']:,.1f}", "")
    return table


def _number(x: float, digits: int = 0) -> str:
    """Rounded, and zero without a sign."""
    return f"{round(float(x), digits) + 0.0:,.{digits}f}"
