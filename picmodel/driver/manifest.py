"""The manifest of a run: how it came about and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from picmodel.driver.clock import Clock
from picmodel.driver.memory import peak_gb
from picmodel.driver.solving import Optimum
from picmodel.driver.valuation import PriceEnd
from picmodel.extract.results import Results
from picmodel.indicators.health import artefacts, census, flooded, slacks_in_use
from picmodel.markets.base import Active


def manifest_of(found: Optimum, ends: Sequence[PriceEnd], clock: Clock) -> dict[str, Any]:
    """Everything that says how a run came about and whether it can be trusted."""
    results, lp, solution = found.results, found.lp, found.solution
    held = results.data.held
    return {
        "scenario": found.scenario.name,
        "status": solution.status,
        "past_years": list(results.data.horizon.past),
        "objective_mcny": solution.objective,
        "certificate": found.certificate,
        "capacities_of": held.of if held else None,
        "project_prices": "dispatch" if ends else "expansion",
        "price_ends": [_price_end(end) for end in ends],
        "solves": found.solves,
        "residuals": _residuals(results, found.active),
        "rows": lp.shape[0],
        "columns": lp.shape[1],
        "nonzeros": int(lp.matrix.nnz),
        "mechanisms": census(lp, solution),
        "warnings": [*slacks_in_use(results, found.active), *artefacts(results), *flooded(results)],
        "solver": solution.info,
        "seconds": clock.seconds(),
        "peak_memory_gb": peak_gb(),
    }


def _price_end(end: PriceEnd) -> dict[str, Any]:
    """By how much capacities were held beside the plan's, and the worst residual of that solve."""
    held, checked = end.results.data.held, end.certificate
    assert held is not None
    worst = max(checked["worst"], checked["zero_profit"], checked["ledger"])
    return {"capacity_factor": held.factor, "worst_residual": worst}


def _residuals(results: Results, active: Sequence[Active]) -> dict[str, float]:
    """How far numbers that the plan itself decides are from what it says [share], by mechanism."""
    found = {mechanism.name: mechanism.residual(results) for mechanism in active}
    return {name: residual for name, residual in found.items() if residual is not None}
