"""Returns of the projects of a tiny run, and plants whose annuity in the LP is that of their outlay."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from picmodel.annuity import annuity, capex_with_idc
from picmodel.data.system import SystemData
from picmodel.finance.projects import AfterHorizon, price_paid, value_projects
from picmodel.markets.base import Lines, merged
from picmodel.markets.registry import settling
from tests.tiny import TinyRun, tiny

#: terms under which all rates but the pre-tax one are that one, too
UNTAXED = {
    "debt_share": 0.0,
    "loan_rate_share": 0.0,
    "loan_term_yr": 1,
    "income_tax_share": 0.0,
    "tax_exempt_yr": 0,
    "tax_half_yr": 0,
    "loss_carry_yr": 5,
    "vat_share": 0.0,
    "vat_refund_share": 0.0,
    "vat_surcharge_share": 0.0,
    "depreciation_yr": 20,
    "residual_share": 0.0,
    "inflation_share": 0.0,
}


def finance(**changes: float) -> pd.DataFrame:
    """The input table of terms: untaxed but for what is given by name."""
    rows = [(name, "all", value) for name, value in (UNTAXED | changes).items()]
    return pd.DataFrame(rows, columns=["parameter", "technology", "value"])


def plant(capex: float, wacc: float, life: int, construction: int = 1, **options) -> dict:
    """Options of `tests.tiny.tiny` for a technology that may be built, with its outlay beside them."""
    outlay = dict(capex=capex, wacc=wacc, construction=construction)
    due = annuity(capex_with_idc(capex, construction, wacc), wacc, life)
    return dict(build=True, annuity=due, life=life, outlay=outlay) | options


def with_plants(demand: dict, technologies: dict[str, dict], **more) -> SystemData:
    """`tests.tiny.tiny`, with outlay, cost of capital and construction time of every `plant`."""
    plants = {g: tech["outlay"] for g, tech in technologies.items() if "outlay" in tech}
    vintages = more.get("years", (2030,))
    return tiny(
        demand,
        {g: {k: x for k, x in tech.items() if k != "outlay"} for g, tech in technologies.items()},
        capex={(g, v): x["capex"] for g, x in plants.items() for v in vintages},
        wacc={g: x["wacc"] for g, x in plants.items()},
        construction={g: x["construction"] for g, x in plants.items()},
        **more,
    )


def income_of(run: TinyRun) -> Lines:
    """Income of a gross GW by line, of all mechanisms that settle the run."""
    return merged([mechanism.income(run.results, run.data) for mechanism in settling(run.active)])


def returns_of(
    run: TinyRun, technologies: Sequence[str], after_horizon: AfterHorizon = "held", **terms: float
) -> pd.DataFrame:
    """The table of projects, indexed by technology and commissioning year (of one province)."""
    price = price_paid(run.results, settling(run.active))
    table = value_projects(run.results, income_of(run), finance(**terms), technologies, price, after_horizon)
    return table.set_index(["technology", "commissioned"])
