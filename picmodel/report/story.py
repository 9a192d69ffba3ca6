"""What all charts of a report share: its results, its words, and the choices that a reader has."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from picmodel.extract.table import ALL, NATION
from picmodel.report import frames
from picmodel.report.charts import Switch
from picmodel.report.results import Result
from picmodel.report.words import Words


@dataclass(frozen=True)
class Story:
    """Results and the language that they are told in."""

    results: tuple[Result, ...]
    words: Words

    @cached_property
    def letters(self) -> list[str]:
        return [result.letter for result in self.results]

    @cached_property
    def years(self) -> list[int]:
        return sorted({year for result in self.results for year in result.years})

    @cached_property
    def provinces(self) -> list[str]:
        """Provinces in the order of the inputs."""
        return list(dict.fromkeys(r for result in self.results for r in result.provinces))

    @cached_property
    def largest(self) -> str:
        """The province that consumes most: where charts of one province start."""
        use = frames.indicator(self.results, "consumption")
        of_provinces = use[use["province"].isin(self.provinces)]
        return str(of_provinces.groupby("province")["value"].sum().idxmax())

    @cached_property
    def reference(self) -> Result:
        """The run that changes are measured against, if it is here; else the first."""
        named = {result.name: result for result in self.results}
        wanted = [result.manifest.get("reference") for result in self.results]
        return next((named[name] for name in wanted if name in named), self.results[0])

    def of(self, letter: str) -> Result:
        return self.results[self.letters.index(letter)]

    def title(self, result: Result) -> str:
        """Title of a scenario; its name where others have the same title, as designs without their own do."""
        titles = [other.title(self.words.lang) for other in self.results]
        title = result.title(self.words.lang)
        return title if titles.count(title) == 1 else result.name

    def titled(self, result: Result) -> str:
        """Title of a scenario with its letter, if it has one."""
        return f"{result.letter} {self.title(result)}".strip()

    @property
    def marks(self) -> list[str]:
        """What stands for each scenario on an axis: its letter, or its title if it is alone."""
        return [result.letter or self.title(result) for result in self.results]

    @property
    def key(self) -> str:
        """What the letters mean; "" where there are none."""
        return "; ".join(self.titled(result) for result in self.results) if len(self.results) > 1 else ""

    # -- switches
    def scenario_switch(self) -> Switch:
        options = tuple((result.letter, self.titled(result)) for result in self.results)
        return Switch("scenario", self.words("scenario"), options, self.reference.letter)

    def province_switch(self, nation: bool = True) -> Switch:
        places = [NATION, *self.provinces] if nation else self.provinces
        options = tuple((r, self._place(r)) for r in places)
        return Switch("province", self.words("province"), options, NATION if nation else self.largest)

    def _place(self, code: str) -> str:
        name = self.words.province(code)
        return name if code == NATION else f"{name} {code}"

    def year_switch(self, default: int | None = None) -> Switch:
        options = tuple((str(y), str(y)) for y in self.years)
        later = [y for y in self.years if y not in self.past]
        return Switch("year", self.words("year"), options, str(default or (later or self.years)[0]))

    @cached_property
    def past(self) -> set[int]:
        """Planning years whose fleets are those that were built."""
        return {int(y) for result in self.results for y in result.manifest.get("past_years", [])}

    # -- tables that several charts use
    @cached_property
    def hourly(self) -> pd.DataFrame:
        """`Result.hourly` of all results, with their letter."""
        return pd.concat([r.hourly.assign(letter=r.letter) for r in self.results], ignore_index=True)

    def hourly_values(self, side: str) -> dict[tuple[str, int, str, str, str], float]:
        """Figures of ``plan`` or ``hourly`` by letter, year, indicator, province and technology."""
        keys = ["letter", "year", "indicator", "province", "technology"]
        return self._once(("hourly", side), lambda: self.hourly.set_index(keys)[side].to_dict())

    @cached_property
    def _kept(self) -> dict:
        return {}

    def indicator(self, name: str) -> pd.DataFrame:
        return self._once(("indicator", name), lambda: frames.indicator(self.results, name))

    def by_class(self, name: str) -> pd.DataFrame:
        return self._once(("class", name), lambda: frames.by_class(self.results, name))

    def slices(self, letter: str) -> pd.DataFrame:
        return self._once(("slices", letter), lambda: frames.slices(self.of(letter)))

    def price_in_slices(self, letter: str) -> dict[tuple[str, int], np.ndarray]:
        return self._once(("price", letter), lambda: frames.price_in_slices(self.of(letter)))

    def dispatch(self, letter: str) -> dict[str, dict[tuple[str, int], np.ndarray]]:
        return self._once(("dispatch", letter), lambda: frames.dispatch(self.of(letter)))

    def values(
        self,
        indicator: str,
        keys: Sequence[tuple[str, int]],
        place: str = NATION,
        technology: str = ALL,
        classes: bool = False,
    ) -> list[float]:
        """Values of an indicator at (letter, year); NaN where there are none.

        Args:
            classes: ``technology`` is a class that charts show, and stands for all of its technologies.
        """
        found = self._once(("values", indicator, classes), lambda: self._by_key(indicator, classes))
        return [found.get((letter, place, technology, year), math.nan) for letter, year in keys]

    def _by_key(self, indicator: str, classes: bool) -> dict[tuple[str, str, str, int], float]:
        table = self.by_class(indicator) if classes else self.indicator(indicator)
        columns = (table[name].tolist() for name in ("letter", "province", "technology", "year"))
        return dict(zip(zip(*columns), table["value"].tolist()))

    @property
    def bars(self) -> list[tuple[str, int]]:
        """Keys of bars on x: years, in each all scenarios."""
        return [(letter, year) for year in self.years for letter in self.letters]

    def line_keys(self, result: Result) -> list[tuple[str, int]]:
        return [(result.letter, year) for year in self.years]

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]
