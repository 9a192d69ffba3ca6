"""All charts of a report, by section and by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from picmodel.errors import InputError
from picmodel.report import hourly_charts as hourly
from picmodel.report import money_charts as money
from picmodel.report import price_charts as prices
from picmodel.report import system_charts as system
from picmodel.report.charts import Chart
from picmodel.report.story import Story

Make = Callable[[Story], Chart | None]

#: section -> name of a chart -> how it is made; a chart without data in any result is left out
SECTIONS: Mapping[str, Mapping[str, Make]] = {
    "section_system": {
        "renewable_share": system.shares,
        "emissions": system.emissions,
        "capacity": lambda story: system.stacked(story, "capacity", "GW"),
        "generation": lambda story: system.stacked(story, "generation", "TWh gross"),
    },
    "section_money": {
        "system_cost": system.costs,
        "peak_cost": system.peak_cost,
        "ledger": money.ledger,
    },
    "section_prices": {
        "market_prices": prices.market_prices,
        "price_map": prices.price_map,
        "price_duration": prices.duration,
        "price_hours": prices.price_hours,
    },
    "section_dispatch": {
        "dispatch": system.dispatch,
        "flows": system.flows,
    },
    "section_hourly": {
        "hourly": hourly.beside,
        "hourly_generation": hourly.generation,
        "hourly_capture": hourly.capture,
        "hourly_quantiles": hourly.quantiles,
        "hourly_map": hourly.map_,
    },
    "section_markets": {
        "certificates": money.certificates,
        "carbon": money.carbon,
        "responsibility": money.responsibility,
    },
    "section_returns": {
        "returns": money.returns,
        "return_map": money.return_map,
        "income": money.income,
    },
}
NAMES = tuple(name for charts in SECTIONS.values() for name in charts)


def charts(story: Story) -> dict[str, list[Chart]]:
    """Charts that have something to show, by section."""
    made = {
        section: [found for make in makers.values() if (found := make(story)) is not None]
        for section, makers in SECTIONS.items()
    }
    return {section: found for section, found in made.items() if found}


def one_chart(name: str, story: Story) -> Chart:
    """The chart of a name.

    Raises:
        InputError: there is no such chart, or the results have nothing to show in it.
    """
    makers = {key: make for section in SECTIONS.values() for key, make in section.items()}
    if name not in makers:
        raise InputError([f"there is no figure `{name}`; figures are {', '.join(NAMES)}"])
    found = makers[name](story)
    if found is None:
        raise InputError([f"{name}: these results have nothing to show in it; the market may be off"])
    return found
