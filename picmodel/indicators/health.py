"""What must be read before any result: shortages, slacks in use, artefacts, and idle mechanisms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from picmodel.extract.results import Results
from picmodel.markets.base import Active
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution

#: physical variables that are zero in a plan that keeps all rules, with what they mean
SLACKS = {
    "v_unserved": "energy not served",
    "v_adequacy_short": "missing firm capacity",
}
NOTICEABLE = 1e-6  # share of the national yearly quantity below which a slack is rounding


def slacks_in_use(results: Results, active: Sequence[Active] = ()) -> list[str]:
    """One line for each slack in use, by year, in its unit."""
    found = []
    slacks = dict(SLACKS)
    for mechanism in active:
        slacks |= mechanism.mechanism.slacks
    for name, meaning in slacks.items():
        if name not in results.values:
            continue
        value = results.values[name]
        if "time" in value.dims:
            value = (value * results.weight).sum("time")
        total = value.sum([d for d in value.dims if d != "year"])
        unit = "GWh" if "time" in results.values[name].dims else results.entries[name].unit
        used = {
            int(y): float(total.sel(year=y))
            for y in total.year.values
            if float(total.sel(year=y)) > _floor(results, int(y))
        }
        if used:
            found.append(f"{meaning}: " + ", ".join(f"{y}: {x:,.4g} {unit}" for y, x in used.items()))
    return found


def _floor(results: Results, year: int) -> float:
    return NOTICEABLE * float(results.values["v_consumption"].sel(year=year).sum()) / 8760


def artefacts(results: Results) -> list[str]:
    """Stores that charge and discharge at once, and corridors with flow both ways."""
    found = []
    if "v_charge" in results.values:
        both = np.minimum(results.values["v_charge"], results.values["v_discharge"])
        energy = float((both * results.weight).sum())
        if energy > 1.0:
            found.append(f"stores charge and discharge at once: {energy:,.0f} GWh over all planning years")
    if "v_flow" in results.values:
        energy = sum(
            float(
                (
                    np.minimum(results.values["v_flow"].sel(arc=a), results.values["v_flow"].sel(arc=b))
                    * results.weight
                ).sum()
            )
            for a, b in ([arc for arc, *_ in line.arcs] for line in results.data.corridors)
        )
        if energy > 1.0:
            found.append(f"corridors with flow both ways at once: {energy:,.0f} GWh over all planning years")
    return found


def census(lp: LinearProgram, solution: Solution) -> dict[str, dict[str, int]]:
    """Rows of each mechanism and how many bind (a dual that is not zero)."""
    counted = {}
    for mechanism, families in lp.rows_of.items():
        positions = [lp.rows[name].position for name in families]
        rows = np.concatenate(positions) if positions else np.array([], int)
        rows = rows[rows >= 0]
        counted[mechanism] = {"rows": len(rows), "binding": int((np.abs(solution.dual[rows]) > 1e-9).sum())}
    return counted


def flooded(results: Results) -> list[str]:
    """A warning when linked certificates take the allowance price to zero."""
    if "c_allowances" not in results.duals or "v_linked_credit" not in results.values:
        return []
    price: xr.DataArray = results.price("c_allowances").max("market")
    credit = results.values["v_linked_credit"] + results.values["v_linked_ccer"]
    years = [
        int(y) for y in results.years if float(credit.sel(year=y)) > 1 and float(price.sel(year=y)) < 1e-6
    ]
    return (
        [f"linked certificates flood the carbon market: allowance price 0 in {', '.join(map(str, years))}"]
        if years
        else []
    )
