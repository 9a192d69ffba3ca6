"""Why the energy price of a province and slice is what it is, in parts that add up to it.

The price is walked from its balance to a decision that stands in no other: a unit that runs between its
bounds, load that is given up.  On the way lie lines (price here = price there / (1 - loss) + tariffs and
rents), stores (the hour in which they charge) and water (the hour for which it is kept).  Each step is the
identity of one column of the LP (`extract.price_terms`), so the parts add up by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from picmodel.errors import InputError
from picmodel.explain.terms import ENERGY, Decision, Graph, Node, is_rent, kind_of, meaning_of
from picmodel.scenario.check import nearest
from picmodel.units import TO_BASE

CNY_PER_MWH = 1.0 / TO_BASE["CNY/MWh"]
FILE = "price_terms.parquet"
PART_COLUMNS = ["step", "kind", "what", "where", "cny_per_mwh"]
#: a difference of less between price and parts is rounding [CNY/MWh]
ROUNDING = 1e-3
#: what a step of the walk is, by variable
_SAYS = {
    "v_generation": "{unit} in {place} runs",
    "v_flow": "line {place} carries",
    "v_discharge": "{unit} in {place} discharges",
    "v_charge": "{unit} in {place} charges",
    "v_stored": "{unit} in {place} keeps energy",
    "v_unserved": "load in {place} is not served",
    "v_curtailed": "load of {unit} in {place} is given up for its price",
    "v_shift_down": "{unit} in {place} move load away",
    "v_shift_up": "{unit} in {place} move load here",
    "v_shift_stored": "{unit} in {place} keep load for another hour",
}


@dataclass(frozen=True)
class Explanation:
    """One price.

    Attributes:
        price: energy price [CNY/MWh].
        hours: hours a year that the slice stands for.
        parts: `PART_COLUMNS`, which add up to the price.
        steps: the way from the price to the decision that sets it, in words.
        sets_it: that decision, without the slice.
        marginal: decisions of this province and slice that are between their bounds, in words.
        bound: (decision, rule, rent [CNY/MWh]) of those that are at one.
    """

    province: str
    year: int
    slice: int
    period: int
    hour: float
    hours: float
    price: float
    parts: pd.DataFrame
    steps: tuple[str, ...]
    sets_it: str
    marginal: tuple[str, ...]
    bound: tuple[tuple[str, str, float], ...]

    @property
    def by_kind(self) -> pd.Series:
        """Parts by kind, the largest first [CNY/MWh]."""
        total = self.parts.groupby("kind", sort=False)["cny_per_mwh"].sum()
        total = total[total.abs() > ROUNDING]
        return total.sort_values(key=lambda x: -x.abs())

    @property
    def difference(self) -> float:
        """Price less parts [CNY/MWh]."""
        return self.price - float(self.parts["cny_per_mwh"].sum())


@dataclass(frozen=True)
class Prices:
    """Energy prices of one province and year of a finished run.

    Attributes:
        price: by slice [CNY/MWh].
        hours: by slice [h/yr].
    """

    name: str
    province: str
    year: int
    price: pd.Series
    hours: pd.Series
    period: pd.Series
    terms: pd.DataFrame

    @classmethod
    def read(cls, folder: Path, province: str, year: int) -> Prices:
        """Prices and their terms of a results folder.

        Raises:
            InputError: no finished run there, one of an earlier program, or no such province or year.
        """
        for file in ("solution.nc", "prices.nc", FILE):
            if not (folder / file).is_file():
                text = "name the folder of a finished run (OUT/<scenario>)"
                if (folder / "manifest.json").is_file():
                    text = "the run was made without it; run the scenario again"
                raise InputError([f"{folder}: no {file} there; {text}"])
        with (
            xr.open_dataset(folder / "prices.nc") as prices,
            xr.open_dataset(folder / "solution.nc") as found,
        ):
            labels = prices["price_balance"]
            _require("--province", province, labels["province"].values.tolist())
            _require("--year", year, labels["year"].values.tolist())
            price = labels.sel(province=province, year=year).to_series() * CNY_PER_MWH
            hours, period = found["weight"].to_series(), found["period_of"].to_series()
        period.index = hours.index
        terms = pd.read_parquet(folder / FILE, filters=[("year", "==", year)])
        return cls(folder.name, province, year, price, hours, period, terms)

    @property
    def mean(self) -> float:
        """Mean over all hours of the year [CNY/MWh]."""
        return float((self.price * self.hours).sum() / self.hours.sum())

    def explain(self, time: int) -> Explanation:
        """The price of one slice in parts."""
        period = int(self.period[time])
        slices = self.period.index[self.period == period]
        return _explained(self, Graph.of(self.terms, slices), time, slices)

    def explain_all(self) -> list[Explanation]:
        """Prices of all slices in parts."""
        found = []
        for period in self.period.unique():
            slices = self.period.index[self.period == period]
            graph = Graph.of(self.terms, slices)
            found += [_explained(self, graph, time, slices) for time in slices]
        return found


def _require(option: str, value: Any, known: Sequence) -> None:
    if value not in known:
        remedy = nearest(value, known) if isinstance(value, str) else ""
        remedy = remedy or f"write one of {', '.join(map(str, known))}"
        raise InputError([f"{option} {value}: the run has none; {remedy}"])


def chosen_slices(prices: Prices, time: int | None, hour: int | None) -> list[int]:
    """Slices to explain: a given one, those of an hour of the day, or the dearest and the cheapest."""
    known = prices.price.index.to_list()
    if time is not None:
        _require("--slice", time, known)
        return [time]
    if hour is not None:
        return [t for t in known if _hour(prices, t) <= hour < _hour(prices, t) + _step(prices)]
    return list(dict.fromkeys([int(prices.price.idxmax()), int(prices.price.idxmin())]))


def _step(prices: Prices) -> float:
    """Hours of a slice: periods are days."""
    return 24.0 / int((prices.period == prices.period.iloc[0]).sum())


def _hour(prices: Prices, time: int) -> float:
    slices = prices.period.index[prices.period == prices.period[time]]
    return slices.get_loc(time) * 24.0 / len(slices)


def mean_parts(explanations: Iterable[Explanation]) -> pd.Series:
    """Parts of the mean price by kind, slices weighed by their hours, the largest first [CNY/MWh]."""
    found = list(explanations)
    hours = sum(e.hours for e in found)
    tables = [e.parts.groupby("kind")["cny_per_mwh"].sum() * e.hours / hours for e in found]
    total = pd.concat(tables).groupby(level=0).sum()
    total = total[total.abs() > ROUNDING]
    return total.sort_values(key=lambda x: -x.abs())


def who_sets(explanations: Iterable[Explanation]) -> pd.Series:
    """Hours a year by what sets the price, the most first."""
    table = pd.DataFrame([(e.sets_it, e.hours) for e in explanations], columns=["what", "hours"])
    return table.groupby("what")["hours"].sum().sort_values(ascending=False)


# -- the walk


def _explained(prices: Prices, graph: Graph, time: int, slices: pd.Index) -> Explanation:
    start: Node = (ENERGY, prices.province, "", int(time))
    path = graph.path(start)
    parts = pd.DataFrame(_parts(graph, path), columns=PART_COLUMNS)
    here = graph.at.get(start, [])
    marginal = [d for d in here if d.rent == 0.0]
    bound = [
        (d, term, x / abs(d.balances[start]))
        for d in here
        if d.rent
        for term, x in d.rules.items()
        if is_rent(term)
    ]
    hour = {t: i * 24.0 / len(slices) for i, t in enumerate(slices)}
    return Explanation(
        province=prices.province,
        year=prices.year,
        slice=int(time),
        period=int(prices.period[time]),
        hour=hour[time],
        hours=float(prices.hours[time]),
        price=float(prices.price[time]),
        parts=parts,
        steps=tuple(_step_text(d, time, hour) for _, d in path if d.variable != "v_stored"),
        sets_it=_at_bound(path[-1][1]) if path else "nothing in use stands in this balance",
        marginal=tuple(_says(d) for d in marginal),
        bound=tuple((_says(d), meaning_of(term), x * CNY_PER_MWH) for d, term, x in bound),
    )


def _parts(graph: Graph, path: Sequence[tuple[Node, Decision]]) -> list[tuple]:
    """Rows of `PART_COLUMNS`.

    Between two energy balances ``factor`` carries the share of the price there; what it exceeds 1 by is
    lost on the way, and from the next balance on prices count whole.
    """
    rows: list[tuple] = []
    factor, crossed = 1.0, ""
    following = [node for node, _ in path[1:]] + [None]
    for step, ((node, decision), onward) in enumerate(zip(path, following), start=1):
        here = decision.balances[node]
        for term, amount in decision.rules.items():
            share = factor * amount / here * CNY_PER_MWH
            rows.append(
                (step, kind_of(term, graph.mechanism[term]), meaning_of(term), _where(decision), share)
            )
        if onward is None:
            break
        factor *= -decision.balances[onward] / here
        crossed = crossed or decision.variable
        if onward[0] == ENERGY:
            lost = (factor - 1.0) * graph.value[onward] * CNY_PER_MWH
            kind = "network: losses" if crossed == "v_flow" else "storage"
            if abs(factor - 1.0) > 1e-12:
                rows.append((step, kind, "lost on the way", _where(decision), lost))
            factor, crossed = 1.0, ""
    return rows


def _where(decision: Decision) -> str:
    return " ".join(filter(None, (decision.unit, decision.place)))


def _says(decision: Decision) -> str:
    text = _SAYS.get(decision.variable, decision.variable[2:].replace("_", " ") + " {unit} {place}")
    return text.format(unit=decision.unit, place=decision.place)


def _at_bound(decision: Decision) -> str:
    rents = [meaning_of(term) for term in decision.rules if is_rent(term)] if decision.rent else []
    return _says(decision) + (f", at a bound ({', '.join(rents)})" if rents else ", between its bounds")


def _step_text(decision: Decision, time: int, hour: dict[int, float]) -> str:
    elsewhere = f", in slice {decision.time} ({hour[decision.time]:g} h)" if decision.time != time else ""
    return _at_bound(decision) + elsewhere
