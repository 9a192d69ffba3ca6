"""Finished runs: where their files are, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import xarray as xr


@dataclass(frozen=True)
class Run:
    """One finished run; files are read when asked for."""

    name: str
    folder: Path
    manifest: dict

    @cached_property
    def indicators(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "indicators.csv", keep_default_na=False, na_values=[""])

    @cached_property
    def projects(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "projects.csv", keep_default_na=False, na_values=[""])

    @cached_property
    def solution(self) -> xr.Dataset:
        """All variables, labelled, with units."""
        return xr.open_dataset(self.folder / "solution.nc")

    @cached_property
    def prices(self) -> xr.Dataset:
        return xr.open_dataset(self.folder / "prices.nc")

    @cached_property
    def _rows(self) -> dict[str, pd.DataFrame]:
        """Indicators by name: many numbers are asked of a table of many rows."""
        return {str(name): rows for name, rows in self.indicators.groupby("indicator")}

    def value(self, indicator: str, province: str = "CN", technology: str = "all", year: int = 0) -> float:
        """One number of the indicators; KeyError if it is not there."""
        i = self._rows.get(indicator, self.indicators.iloc[:0])
        rows = i[(i.province == province) & (i.technology == technology) & (i.year == year)]
        if len(rows) != 1:
            raise KeyError(f"{self.name}: {len(rows)} rows of {indicator}, {province}, {technology}, {year}")
        return float(rows["value"].iloc[0])

    def ends(self, indicator: str, technology: str = "all", year: int = 0) -> tuple[float, float] | None:
        """Least and largest value over all plans of the same cost; None where the run has none."""
        try:
            low, high = (self.value(f"{indicator}_{end}", "CN", technology, year) for end in ("low", "high"))
        except KeyError:
            return None
        return low, high


def span(ends: tuple[float, float] | None, shown: Callable[[float], str]) -> str:
    """Both ends as a reader sees them, such as 41.2–41.9; "" where they look the same."""
    low, high = map(shown, ends) if ends else ("", "")
    return f"{low}–{high}" if low != high else ""


@dataclass(frozen=True)
class RunSet:
    """Runs of one call, in order; ``reference`` is the one that changes are measured against."""

    runs: tuple[Run, ...]
    reference: str

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, name: str) -> Run:
        return {run.name: run for run in self.runs}[name]

    @property
    def indicators(self) -> pd.DataFrame:
        return pd.concat([run.indicators for run in self.runs], ignore_index=True)
