"""Charts of prices: of the markets by year, and of energy by province, hour and duration."""

from __future__ import annotations

from picmodel.extract.table import NATION
from picmodel.indicators.definitions import DEFINITION
from picmodel.markets.registry import MECHANISMS
from picmodel.report import frames
from picmodel.report.charts import TILES, Axes, Chart, Figure, Switch, chart, figure, heat, line, tiles
from picmodel.report.story import Story
from picmodel.report.styles import scenario_style
from picmodel.report.system_charts import lines, year_axis

#: national prices that are worth a line beside those that mechanisms name as their headline
PRICES = ("energy_price", "consumer_price", "allowance_price", "ccer_price", "certificate_price")


def market_prices(story: Story) -> Chart | None:
    """Prices of the nation by year, each scenario a line."""
    w = story.words
    headline = [n for m in MECHANISMS for n in m.headline if n in DEFINITION and n.endswith("_price")]
    kinds: list[tuple[str, str, str]] = []  # key, indicator, technology
    for name in dict.fromkeys((*PRICES, *headline)):
        table = story.indicator(name)
        for technology in dict.fromkeys(table.loc[table["province"] == NATION, "technology"]):
            kinds.append((f"{name}:{technology}", name, technology))
    if not kinds:
        return None
    labels = {
        key: w.indicator(name) + ("" if technology == "all" else f", {w.technology(technology)}")
        for key, name, technology in kinds
    }
    of = {key: (name, technology) for key, name, technology in kinds}

    def draw(kind: str) -> Figure:
        name, technology = of[kind]
        unit = w.unit(DEFINITION[name].unit)
        axes = {"xaxis": year_axis(story), "yaxis": {"rangemode": "tozero"}}
        traces = lines(story, name, unit, technology=technology)
        return figure(traces, Axes("", f"{labels[kind]} [{unit}]", axes))

    switch = Switch("price", w("price"), tuple(labels.items()), kinds[0][0])
    return chart("market_prices", w("market_prices"), w("national"), [switch], draw)


def duration(story: Story) -> Chart | None:
    """Energy prices of a province's slices, dearest first, each scenario a line."""
    w = story.words
    unit = w.unit("CNY/MWh")

    def draw(place: str, year: str) -> Figure:
        traces = []
        for result in story.results:
            prices = story.price_in_slices(result.letter).get((place, int(year)))
            if prices is None:
                continue
            x, y = frames.duration(prices, story.slices(result.letter)["weight"].to_numpy())
            steps = {"line": {**_dash(result.position), "shape": "hv", "width": 2.5}, "mode": "lines"}
            traces.append({**line(story.titled(result), list(x), y, result.position, unit), **steps})
        axes = {"yaxis": {"rangemode": "tozero"}}
        return figure(traces, Axes(w("hours_sorted"), f"{w.indicator('energy_price')} [{unit}]", axes))

    switches = [story.province_switch(nation=False), story.year_switch()]
    return chart("price_duration", w("price_duration"), unit, switches, draw)


def _dash(position: int) -> dict:
    colour, dash = scenario_style(position)
    return {"color": colour, "dash": dash}


def price_hours(story: Story) -> Chart | None:
    """Energy price by representative day and hour."""
    w = story.words
    unit = w.unit("CNY/MWh")

    def draw(letter: str, place: str, year: str) -> Figure | None:
        prices = story.price_in_slices(letter).get((place, int(year)))
        if prices is None:
            return None
        times = story.slices(letter)
        hours = sorted(set(times["hour"]))
        table: dict[int, list[float | None]] = {int(day): [None] * len(hours) for day in times["day"]}
        for day, hour, price in zip(times["day"], times["hour"], prices):
            table[day][hours.index(hour)] = float(price)
        days = dict(zip(times["day"], times["days"]))
        names = [w("day_row", number=day, days=f"{days[day]:.0f}") for day in table]
        at = [f"{h:02.0f}:00" for h in hours]
        trace = heat(list(table.values()), at, names, unit, xgap=1, ygap=1)
        trace["hovertemplate"] = f"%{{y}}, %{{x}}: %{{z:,.4~g}} {unit}<extra></extra>"
        axes = {"yaxis": {"autorange": "reversed", "type": "category"}, "xaxis": {"type": "category"}}
        return figure([trace], Axes(w("hour"), "", axes))

    switches = [story.scenario_switch(), story.province_switch(nation=False), story.year_switch()]
    return chart("price_hours", w("price_hours"), unit, switches, draw, height=380)


def price_map(story: Story) -> Chart | None:
    """Mean energy price of provinces on a tile-grid map."""
    w = story.words
    table = story.indicator("energy_price")
    unit = w.unit("CNY/MWh")

    def draw(letter: str, year: str) -> Figure | None:
        here = table[(table["letter"] == letter) & (table["year"] == int(year))]
        of = dict(zip(here["province"], here["value"]))
        map_ = tiles(of, w.tiles, w.province, w.on_tile, unit, 0, w("province"))
        return figure([map_], Axes(more=TILES)) if len(here) else None

    switches = [story.scenario_switch(), story.year_switch()]
    return chart("price_map", w("price_map"), unit, switches, draw, height=560)
