"""Projects at the prices of a run, or at the ends of the range of dispatch prices."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from picmodel.driver.clock import Clock
from picmodel.driver.solving import How, Optimum, checked, solved_once
from picmodel.errors import Infeasible
from picmodel.extract.results import Results
from picmodel.finance.projects import price_paid, project_income, value_projects
from picmodel.formulation.held import LEAST_GW, LOWER_END, UPPER_END, held_at
from picmodel.markets.base import merged
from picmodel.markets.registry import entries, settling
from picmodel.report.comparison import UPPER_IRR
from picmodel.solve.start import Basis


@dataclass(frozen=True)
class PriceEnd:
    """A dispatch of held capacities at whose prices projects are valued.

    Attributes:
        certificate: residuals of its checks; of the run itself where that is the dispatch.
    """

    results: Results
    certificate: dict[str, float]
    basis: Basis


def valued_projects(
    found: Optimum, how: How, clock: Clock
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[PriceEnd, ...]]:
    """Projects at expansion prices, or at the lower end of dispatch prices with the rate at the upper end.

    Returns:
        Projects, their income by year, and the lower and upper end of dispatch prices (none: expansion).
    """
    if not found.scenario.dispatch_prices:
        return (*_valued(found, found.results), ())
    held_already = found.results.data.held is not None
    run_itself = PriceEnd(found.results, found.certificate, found.basis)
    lower = run_itself if held_already else _dispatch(found, LOWER_END, how, clock)
    upper = _dispatch(found, UPPER_END, how, clock, lower.basis)  # other capacities, the same rows
    clock.stage("results")
    projects, yearly = _valued(found, lower.results)
    at_upper, _ = _valued(found, upper.results)
    projects = projects.assign(**{UPPER_IRR: at_upper["irr_pre_tax_real_share"]})
    return projects, yearly, (lower, upper)


def _valued(found: Optimum, results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Projects at the prices of a solve, and their income by year."""
    settles, wanted, finance = settling(found.active), found.scenario.projects, found.tables["finance"]
    income = merged([mechanism.income(results, results.data) for mechanism in settles])
    price = price_paid(results, settles)
    projects = value_projects(results, income, finance, wanted.technologies, price, wanted.after_horizon)
    beside = results.data.held.factor if results.data.held else 1.0
    projects["capacity_gw"] /= beside  # what the plan built
    return projects, project_income(results, income, wanted.technologies, price)


def _dispatch(found: Optimum, factor: float, how: How, clock: Clock, start: Basis | None = None) -> PriceEnd:
    """The same scenario with its capacities held at a factor of what it found, or held already.

    Numbers that the plan itself decides (`Mechanism.iterate`) stay as they were settled.
    """
    scenario, active = found.scenario, found.active
    data = held_at(found.results.data, found.results.capacities(scenario.name, LEAST_GW), factor)
    try:
        lp, solution = solved_once(data, active, how.options(scenario), clock, start)
    except Infeasible as error:
        text = f"at capacities held at {factor:g} of the plan (`projects.prices: dispatch`): {error}"
        raise Infeasible(text) from None
    results = Results(data, lp, solution, entries())
    certificate, _ = checked(lp, solution, results, active)
    return PriceEnd(results, certificate, Basis.of(lp, solution.basis))
