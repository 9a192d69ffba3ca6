"""Explanations as tables for the terminal, and as plain content for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from picmodel.explain.price import Explanation, Prices, chosen_slices, mean_parts, who_sets

#: decisions at a bound that are shown, those with the largest rents
MOST_BOUND = 8


@dataclass(frozen=True)
class Explained:
    """Prices of one province and year: some slices in full, and the mean where no slice was asked for."""

    prices: Prices
    slices: tuple[Explanation, ...]
    every: tuple[Explanation, ...] = ()


def explain_price(
    folder: Path, province: str, year: int, time: int | None = None, hour: int | None = None
) -> Explained:
    """Explain a slice, the slices of an hour of the day, or the dearest, the cheapest and the mean price.

    Raises:
        InputError: see `Prices.read`; no such slice or hour.
    """
    prices = Prices.read(folder, province, year)
    chosen = chosen_slices(prices, time, hour)
    every = prices.explain_all() if time is None and hour is None else []
    by_slice = {e.slice: e for e in every}
    return Explained(prices, tuple(by_slice.get(t) or prices.explain(t) for t in chosen), tuple(every))


def as_json(found: Explained) -> dict[str, Any]:
    """Everything that is shown, and every part."""
    prices = found.prices
    content: dict[str, Any] = {
        "scenario": prices.name,
        "province": prices.province,
        "year": prices.year,
        "unit": "CNY/MWh, real, without VAT",
        "mean_price": prices.mean,
    }
    if found.every:
        content["mean_parts"] = mean_parts(found.every).to_dict()
        content["set_by_hours"] = who_sets(found.every).to_dict()
    return content | {"slices": [_slice_json(e) for e in found.slices]}


def _slice_json(e: Explanation) -> dict[str, Any]:
    return {
        "slice": e.slice,
        "period": e.period,
        "hour": e.hour,
        "hours": e.hours,
        "price": e.price,
        "difference": e.difference,
        "by_kind": e.by_kind.to_dict(),
        "parts": e.parts.to_dict("records"),
        "steps": list(e.steps),
        "between_bounds": list(e.marginal),
        "at_a_bound": [{"decision": d, "rule": rule, "rent": x} for d, rule, x in e.bound],
    }


def as_tables(found: Explained) -> Iterator[Table | str]:
    """What the terminal shows, top down."""
    prices = found.prices
    names = _titles(found)
    for e, name in zip(found.slices, names):
        title = (
            f"{prices.province} {prices.year}, {name}slice {e.slice} (day {e.period}, hour {e.hour:g}, "
            f"{e.hours:.0f} h a year): {e.price:,.2f} CNY/MWh"
        )
        yield f"[bold]{title}[/]"
        yield _parts_table(e)
        yield from _words(e)
    if found.every:
        title = f"{prices.province} {prices.year}, mean of the year: {prices.mean:,.2f} CNY/MWh"
        yield f"[bold]{title}[/]"
        table = _table("part", "CNY/MWh")
        for kind, x in mean_parts(found.every).items():
            table.add_row(str(kind), f"{x:,.2f}")
        yield table
        table = _table("what sets the price", "h/yr")
        for what, hours in who_sets(found.every).head(MOST_BOUND).items():
            table.add_row(str(what), f"{hours:,.0f}")
        yield table


def _titles(found: Explained) -> Sequence[str]:
    return ("dearest ", "cheapest ") if found.every and len(found.slices) == 2 else [""] * len(found.slices)


def _table(*columns: str) -> Table:
    """A table whose last column holds numbers."""
    table = Table(*columns[:-1])
    table.add_column(columns[-1], justify="right")
    return table


def _parts_table(e: Explanation) -> Table:
    table = _table("part", "what", "where", "CNY/MWh")
    parts = e.parts.groupby(["kind", "what", "where"], sort=False)["cny_per_mwh"].sum()
    for kind in e.by_kind.index:
        for (_, what, where), x in parts[parts.index.get_level_values("kind") == kind].items():
            if abs(x) >= 0.005:
                table.add_row(kind, what, where, f"{x:,.2f}")
    table.add_row("[bold]sum[/]", "", "", f"[bold]{e.parts['cny_per_mwh'].sum():,.2f}[/]")
    return table


def _words(e: Explanation) -> Iterator[str]:
    for number, step in enumerate(e.steps, start=1):
        yield f"  {number}. {step}"
    if len(e.marginal) > 1:
        yield f"  between their bounds here, all at this price: {'; '.join(e.marginal)}"
    elif not e.marginal:
        yield "  nothing here is between its bounds: the price holds rents"
    for decision, rule, rent in sorted(e.bound, key=lambda row: -abs(row[2]))[:MOST_BOUND]:
        yield f"  {decision} at a bound: {rule}, rent {rent:,.2f} CNY/MWh"
