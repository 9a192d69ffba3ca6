"""Differences of two runs, sorted by importance.

A difference counts relative to its scale: a share and a rate to the whole (1, 100 points), every other
quantity to what the nation has of it in that year, so that a small province does not stand before a large
one.  Where the nation has none, the scale is the largest number of the indicator in that year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from picmodel.compare.folders import KEY, Finished, read, require_alike

#: differences of less are rounding, or which of two equal plants runs [share of the scale]
TOLERANCE = 1e-4
#: indicators that answer what the model is asked, national, in this order
HEADLINES: dict[str, tuple[str, ...]] = {
    "renewable_share": ("all",),
    "peak_year": ("all",),
    "peak_level": ("all",),
    "peak_cost": ("all",),
    "full_horizon_cost": ("all",),
    "project_irr": ("wind", "solar", "wind_and_solar"),
    "energy_price": ("all",),
    "allowance_price": ("all",),
    "certificate_price": ("all", "nonhydro"),
    "emissions": ("all",),
    "unserved_energy": ("all",),
    "objective": ("all",),
}
#: indicators that measure against another run: what they say is said by the numbers themselves
RELATIVE = ("_change", "_change_relative", "_change_with_sunk_capital", "_difference")
#: what a quantity of this unit is measured against
_WHOLE = {"share": 1.0, "%": 100.0, "points": 100.0}
_LEAST_SCALE = 1e-9
NATION = "CN"
COLUMNS = [*KEY, "unit", "a", "b", "difference", "relative", "importance", "headline"]


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        settings, inputs, program: what differs: name -> (in A, in B); None where one has none.
        results: `COLUMNS`, rows that differ by more than the tolerance, the most important first; headline
            answers before all others.
        compared: how many numbers were compared.
        warnings: (in A only, in B only).
    """

    a: Finished
    b: Finished
    settings: Mapping[str, tuple[Any, Any]]
    inputs: Mapping[str, tuple[Any, Any]]
    program: Mapping[str, tuple[Any, Any]]
    results: pd.DataFrame
    compared: int
    tolerance: float
    warnings: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def asked_alike(self) -> bool:
        """The same was asked of the same program on the same inputs."""
        return not (self.settings or self.inputs or self.program)

    @property
    def same(self) -> bool:
        return self.asked_alike and self.results.empty and not any(self.warnings)


def compare(a: Path, b: Path, tolerance: float = TOLERANCE) -> Comparison:
    """Compare two results folders.

    Args:
        tolerance: share of its scale by which a number must differ to count.

    Raises:
        InputError: no finished run in a folder, or runs of other years or provinces.
    """
    first, second = read(a), read(b)
    require_alike(first, second)
    results, compared = _results(first.indicators, second.indicators, tolerance)
    only = [
        tuple(w for w in x.warnings if w not in y.warnings) for x, y in ((first, second), (second, first))
    ]
    return Comparison(
        first,
        second,
        settings=_unlike(first.settings, second.settings),
        inputs=_unlike(first.inputs, second.inputs),
        program=_unlike(first.program, second.program),
        results=results,
        compared=compared,
        tolerance=tolerance,
        warnings=(only[0], only[1]),
    )


def _unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = sorted({**a, **b})
    return {name: (a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)}


def _results(a: pd.DataFrame, b: pd.DataFrame, tolerance: float) -> tuple[pd.DataFrame, int]:
    both = a.merge(b, on=KEY, how="outer", suffixes=("_a", "_b"), indicator="rows")
    both["unit"] = both["unit_a"].fillna(both["unit_b"])
    both = both.rename(columns={"value_a": "a", "value_b": "b"}).drop(columns=["unit_a", "unit_b"])
    both["difference"] = both["b"] - both["a"]
    both["importance"] = _importance(both)
    base = both["a"].abs()
    both["relative"] = (both["difference"] / base).where(base > _LEAST_SCALE)
    rank = [_headline(row.indicator, row.province, row.technology) for row in both.itertuples(index=False)]
    both["headline"] = rank
    found = both[both["importance"] > tolerance]
    order = found.assign(_last=found["headline"].where(found["headline"] >= 0, len(HEADLINES)))
    by = ["_last", "importance", *KEY]
    order = order.sort_values(by, ascending=[True, False, True, True, True, True], ignore_index=True)
    return order[COLUMNS], len(both)


def _importance(both: pd.DataFrame) -> pd.Series:
    """Difference over scale; what only one run has counts as if the other had none of it.

    A number that is undefined in one run differs by its whole scale.
    """
    found = both[["a", "b"]].fillna(0.0)
    importance = (found["b"] - found["a"]).abs() / _scale(both)
    undefined = (both["rows"] == "both") & (both["a"].isna() != both["b"].isna())
    return importance.mask(undefined, 1.0)


def _scale(both: pd.DataFrame) -> pd.Series:
    """What each row is measured against, alike for A and B."""
    size = both[["a", "b"]].abs().max(axis=1)
    national = size.where((both["province"] == NATION) & (both["technology"] == "all"))
    by = [both["indicator"], both["year"]]
    nation = national.groupby(by).transform("max")
    largest = size.groupby(by).transform("max")
    scale = nation.where(nation > _LEAST_SCALE, largest)
    return both["unit"].map(_WHOLE).fillna(scale).clip(lower=_LEAST_SCALE)


def _headline(indicator: str, province: str, technology: str) -> int:
    """Place among the headlines, -1 for what is none."""
    if province != NATION or technology not in HEADLINES.get(indicator, ()):
        return -1
    return list(HEADLINES).index(indicator)


def is_relative(indicator: str) -> bool:
    """Whether an indicator measures against another run."""
    return indicator.endswith(RELATIVE)
