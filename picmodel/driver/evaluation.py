"""One scenario from its file to the small tables that are compared; its large files are written."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from picmodel.dependencies import Given
from picmodel.driver.clock import Clock, Report
from picmodel.driver.provenance import manifest_of
from picmodel.driver.solving import Optimum, optimum
from picmodel.driver.valuation import valued_projects
from picmodel.extract.results import Results
from picmodel.extract.running_cost import running_costs
from picmodel.formulation.held import LEAST_GW
from picmodel.indicators.market_prices import certificate_price, energy_price
from picmodel.indicators.money import money, served_energy
from picmodel.indicators.peak_cost import sunk_capital, system_cost, transfers
from picmodel.indicators.responsibility import responsibility
from picmodel.indicators.shares import certificate_shares, renewable_shares
from picmodel.indicators.system import curtailment, quantities
from picmodel.markets.base import Active
from picmodel.report.comparison import Solved
from picmodel.report.write import new_folder, write_netcdf, write_parquet, write_table
from picmodel.scenario.load import dump_yaml
from picmodel.scenario.schema import Scenario
from picmodel.settlement.ledger import position


def solve_scenario(
    scenario: Scenario,
    out: Path,
    threads: int = 0,
    report: Report | None = None,
    given: Given | None = None,
    hands_on_capacities: bool = False,
) -> Solved:
    """Solve and evaluate one scenario; writes its large files to a hidden folder.

    Args:
        given: what other scenarios hand on to this one.
        hands_on_capacities: another scenario is held at the capacities of this one.
    """
    clock = Clock(scenario.name, report)
    found = optimum(scenario, clock, threads, given)
    results = found.results
    projects, yearly, ends = valued_projects(found, threads, clock)
    costs = results.cost_by_item()
    clock.stage("write")
    folder = _write(found, costs, out)
    write_table(yearly.assign(scenario=scenario.name), folder / "project_income.csv")
    emissions = results.values["v_emissions"].sum("province")
    return Solved(
        name=scenario.name,
        folder=folder,
        indicators=pd.concat(
            [
                indicators_of(results, found.active),
                money(found.ledger, served_energy(results)),
            ]
        ),
        projects=projects,
        system_cost=system_cost(costs),
        emissions={int(y): float(emissions.sel(year=y)) for y in results.years},
        horizon=results.data.horizon,
        peak_cost_until=scenario.horizon.peak_cost_until,
        manifest=manifest_of(found, ends, clock),
        capacities=results.capacities(scenario.name, LEAST_GW) if hands_on_capacities else None,
        transfers=transfers(costs),
        sunk=sunk_capital(results.data),
    )


def indicators_of(results: Results, active: Sequence[Active] = ()) -> pd.DataFrame:
    """Indicators of one run that need no other run."""
    return pd.concat(
        [
            renewable_shares(results),
            certificate_shares(results, active),
            quantities(results),
            curtailment(results),
            energy_price(results),
            certificate_price(results),
            responsibility(results),
            *(table for mechanism in active for table in mechanism.indicators(results)),
        ]
    )


def _write(found: Optimum, costs: pd.DataFrame, out: Path) -> Path:
    """The large files of a run, in a folder that is not yet in its place."""
    name = found.scenario.name
    folder = new_folder(out, name)
    history = f"picmodel {importlib.metadata.version('picmodel')}, scenario {name}"
    write_netcdf(found.results.dataset("values"), folder / "solution.nc", f"Solution of {name}", history)
    prices = found.results.prices().merge(running_costs(found.lp, found.solution, found.results))
    write_netcdf(prices, folder / "prices.nc", f"Prices of {name}", history)
    write_table(costs.assign(scenario=name), folder / "costs.csv")
    write_parquet(found.ledger.assign(scenario=name), folder / "ledger.parquet")
    positions = position(found.ledger).rename(columns={"amount": "amount_mcny"})
    write_table(positions.assign(scenario=name), folder / "positions.csv")
    (folder / "scenario.yaml").write_text(dump_yaml(found.scenario, found.options), encoding="utf-8")
    return folder
