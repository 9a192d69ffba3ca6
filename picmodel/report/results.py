"""Results folders as reports read them: tables, arrays, titles, and what to read first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

from picmodel.errors import InputError
from picmodel.indicators.health import SLACKS
from picmodel.markets.registry import MECHANISMS
from picmodel.report.runs import Run
from picmodel.report.write import BASIS, FILES

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: beginnings of warnings that say that a rule is not kept
_SHORT = (*SLACKS.values(), *(meaning for m in MECHANISMS for meaning in m.slacks.values()))


@dataclass(frozen=True)
class Result(Run):
    """A finished run among those of a report.

    Attributes:
        letter: what charts call it where there are several; "" where it is alone.
        position: its place among them.
    """

    letter: str = ""
    position: int = 0

    @cached_property
    def solution(self) -> xr.Dataset:
        return _read_netcdf(self.folder / "solution.nc")

    @cached_property
    def prices(self) -> xr.Dataset:
        return _read_netcdf(self.folder / "prices.nc")

    @cached_property
    def settings(self) -> dict:
        """The scenario, every default written out."""
        return YAML(typ="safe", pure=True).load((self.folder / "scenario.yaml").read_text("utf-8"))

    @cached_property
    def settings_text(self) -> str:
        return (self.folder / "scenario.yaml").read_text("utf-8")

    @cached_property
    def project_income(self) -> pd.DataFrame:
        return _read_csv(self.folder / "project_income.csv")

    @cached_property
    def costs(self) -> pd.DataFrame:
        return _read_csv(self.folder / "costs.csv")

    @cached_property
    def positions(self) -> pd.DataFrame:
        return _read_csv(self.folder / "positions.csv")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "ledger.parquet")

    @cached_property
    def hourly(self) -> pd.DataFrame:
        """Plan beside all hours of the years that `picmodel dispatch` looked at: indicator, province,
        technology, year, unit, plan, hourly; empty where it looked at none.
        """
        columns = ["indicator", "province", "technology", "year", "unit", "plan", "hourly"]
        parts = [_read_csv(file)[columns] for file in sorted(self.folder.glob("hourly_*.csv"))]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    @property
    def years(self) -> list[int]:
        return [int(y) for y in self.settings["horizon"]["years"]]

    @property
    def provinces(self) -> list[str]:
        return [str(r) for r in self.solution["province"].values]

    @property
    def warnings(self) -> list[str]:
        return list(self.manifest.get("warnings", []))

    @property
    def is_short(self) -> bool:
        """Whether demand or a rule was not met, so that its costs and prices are those of a shortage."""
        return any(warning.startswith(_SHORT) for warning in self.warnings)

    def title(self, lang: str) -> str:
        titles = self.settings.get("title") or {}
        return titles.get(lang) or titles.get("en") or self.name

    def find(
        self, indicator: str, province: str = "CN", technology: str = "all", year: int = 0
    ) -> float | None:
        """One number of the indicators; None where the run does not have it."""
        try:
            return self.value(indicator, province, technology, year)
        except KeyError:
            return None


def open_results(folders: Sequence[Path]) -> list[Result]:
    """The runs in these folders, in order; a folder of results folders stands for all of them.

    Raises:
        InputError: a folder is no finished run, or two have one name; all problems.
    """
    found = list(dict.fromkeys(f for folder in folders for f in _runs_in(folder)))
    problems = [problem for folder in found for problem in _problems(folder)]
    if problems:
        raise InputError(problems)
    if len(found) > len(LETTERS):
        raise InputError([f"{len(found)} results are more than a report can tell apart ({len(LETTERS)})"])
    several = len(found) > 1
    opened = [
        Result(
            name=manifest["scenario"],
            folder=folder,
            manifest=manifest,
            letter=LETTERS[i] if several else "",
            position=i,
        )
        for i, folder in enumerate(found)
        for manifest in [_manifest(folder)]
    ]
    names = [result.name for result in opened]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError([f"two results are called {name}; give one of them" for name in twice])
    return opened


def _runs_in(folder: Path) -> list[Path]:
    """The folder itself, or the finished runs in it, references first."""
    if (folder / "manifest.json").is_file() or not folder.is_dir():
        return [folder]
    inside = sorted(p.parent for p in folder.glob("*/manifest.json") if not p.parent.name.startswith("."))
    references = {_manifest(run).get("reference") for run in inside}
    return sorted(inside, key=lambda run: run.name not in references) or [folder]


def _manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def _problems(folder: Path) -> list[str]:
    if not folder.is_dir():
        return [f"{folder}: no such folder; give the folder of a finished run, such as results/<scenario>"]
    missing = lacking(folder)
    if missing:
        return [f"{folder}: no finished run, {', '.join(missing)} not there; solve it with `picmodel run`"]
    return []


def lacking(folder: Path) -> list[str]:
    """Files of a finished run that a folder does not have, but for the one that only another solve reads."""
    return [name for name in FILES if name != BASIS and not (folder / name).is_file()]


def _read_netcdf(path: Path) -> xr.Dataset:
    """An array file, read whole and closed: NetCDF files that are left open do not bear other threads."""
    with xr.open_dataset(path) as dataset:
        return dataset.load()


def _read_csv(path: Path) -> pd.DataFrame:
    """A table of a results folder; the province NA would be read as a missing number otherwise."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])
