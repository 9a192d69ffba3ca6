"""Plan and dispatched year side by side: the same figures of both, from the same arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from picmodel.chronology.window import Array, Hours, Park, Whole
from picmodel.data.system import SystemData
from picmodel.extract.table import ALL, NATION
from picmodel.report.hourly_words import HOURLY

COLUMNS = ["scenario", "indicator", "province", "technology", "year", "unit", "plan", "hourly", "difference"]
#: quantiles of the duration curve of prices, hours weighted with load in the nation
QUANTILES = (5, 25, 50, 75, 95, 99)
#: less than this is no shortage [GW]
SMALL_GW = 1e-4
CNY_PER_MWH = 1e3  # from MCNY/GWh

#: (indicator, province, technology, unit, value)
Row = tuple[str, str, str, str, float]


@dataclass(frozen=True)
class Dispatch:
    """A year's dispatch, whole or by representative steps.

    Attributes:
        arrays: names of `window.Dispatched` -> (member, step).
        weight: (T,) hours a year that each step stands for.
    """

    park: Park
    data: SystemData
    year: int
    hours: Hours
    arrays: Mapping[str, Array]
    weight: Array

    def annual(self, name: str) -> Array:
        """GWh/yr of each member."""
        return np.asarray(self.arrays[name] @ self.weight)


def compared(scenario: str, plan: Dispatch, hourly: Dispatch) -> pd.DataFrame:
    """Every figure of both, with columns `COLUMNS`; difference is hourly less plan."""
    keys = ["indicator", "province", "technology", "unit"]
    before, after = (
        pd.DataFrame(list(measured(d)), columns=[*keys, "value"]).set_index(keys)["value"]
        for d in (plan, hourly)
    )
    table = pd.DataFrame({"plan": before, "hourly": after.reindex(before.index)}).reset_index()
    table = table.assign(scenario=scenario, year=plan.year, difference=table["hourly"] - table["plan"])
    return table[COLUMNS]


def write_nations(tables: Sequence[pd.DataFrame], path: Path) -> None:
    """The nation's rows of several comparisons as one CSV, six digits; what is zero in both is left out."""
    whole = pd.concat(tables, ignore_index=True)
    rows = whole[(whole["province"] == NATION) & ((whole["plan"] != 0) | (whole["hourly"] != 0))]
    rows.drop(columns="province").to_csv(path, index=False, float_format="%.6g")


def measured(d: Dispatch) -> Iterator[Row]:
    """All figures of one dispatch, by province and for the nation."""
    yield from _shortage(d)
    yield from _curtailment(d)
    yield from _prices(d)
    yield from _energy(d)
    yield from _guarantees(d)


def _with_nation(
    d: Dispatch, name: str, unit: str, by_province: Array, technology: str = ALL
) -> Iterator[Row]:
    yield name, NATION, technology, unit, float(by_province.sum())
    for r, value in zip(d.park.provinces, by_province.tolist()):
        yield name, r, technology, unit, value


def _shortage(d: Dispatch) -> Iterator[Row]:
    """Demand not served, hours with some, and must-run power that nobody takes."""
    yield from _with_nation(d, "unserved_energy", "GWh", d.annual("unserved"))
    short = d.arrays["unserved"] > SMALL_GW
    yield "unserved_hours", NATION, ALL, "h", float(short.any(axis=0) @ d.weight)
    for r, row in zip(d.park.provinces, short):
        yield "unserved_hours", r, ALL, "h", float(row @ d.weight)
    yield from _with_nation(d, "unserved_while_exporting", "GWh", _exported(d) @ d.weight)
    yield from _with_nation(d, "surplus_energy", "GWh", d.annual("surplus"))


def _exported(d: Dispatch) -> Array:
    """Demand not served while contracts take power out of the province (R, T) [GW]."""
    p, flow = d.park, d.arrays["flow"]
    bound = np.zeros_like(d.arrays["unserved"])
    np.add.at(bound, p.sender[p.forward], np.maximum(flow[p.forward] - flow[p.backward], 0.0))
    return np.minimum(d.arrays["unserved"], bound)


def _curtailment(d: Dispatch) -> Iterator[Row]:
    """Curtailed over available output."""
    group = np.array([d.data.group[g] for _, g in d.park.fleets])
    possible, made = d.hours.most @ d.weight, d.annual("generation")
    for name in ("wind", "solar"):
        mine = group == name
        for r, i in ((NATION, None), *((r, i) for i, r in enumerate(d.park.provinces))):
            here = mine if i is None else mine & (d.park.home == i)
            if possible[here].sum() > 0:
                yield "curtailment_rate", r, name, "share", float(1 - made[here].sum() / possible[here].sum())


def _prices(d: Dispatch) -> Iterator[Row]:
    """Mean price of demand, quantiles of the duration curve, and the mean price of output of each kind."""
    price, demand = d.arrays["price"] * CNY_PER_MWH, d.hours.demand
    energy = demand * d.weight
    yield "energy_price", NATION, ALL, "CNY/MWh", float((price * energy).sum() / energy.sum())
    for r, value in zip(d.park.provinces, ((price * energy).sum(axis=1) / energy.sum(axis=1)).tolist()):
        yield "energy_price", r, ALL, "CNY/MWh", value
    for q in QUANTILES:
        yield f"price_p{q:02d}", NATION, ALL, "CNY/MWh", quantile(price.ravel(), energy.ravel(), q / 100)
        for r, row in zip(d.park.provinces, price):
            yield f"price_p{q:02d}", r, ALL, "CNY/MWh", quantile(row, d.weight, q / 100)
    earned = ((price[d.park.home] * d.arrays["generation"]) @ d.weight, d.annual("generation"))
    for name in dict.fromkeys(g for _, g in d.park.fleets):
        mine = np.array([g == name for _, g in d.park.fleets])
        if earned[1][mine].sum() > 0:
            yield (
                "capture_price",
                NATION,
                name,
                "CNY/MWh",
                float(earned[0][mine].sum() / earned[1][mine].sum()),
            )


def quantile(values: Array, weights: Array, share: float) -> float:
    """Value below which ``share`` of the weight lies.

    >>> quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), 0.5)
    2.0
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, share * below[-1] * (1 - 1e-12))])


def _energy(d: Dispatch) -> Iterator[Row]:
    """Output, emissions of output, renewable shares of gross output, fuel and O&M, trade, stores."""
    p, data, made = d.park, d.data, d.annual("generation")
    names = [g for _, g in p.fleets]
    count = len(p.provinces)

    def by_province(per_unit: Array, home: Whole = p.home) -> Array:
        return np.bincount(home, weights=per_unit, minlength=count).astype(float)

    for name in dict.fromkeys(names):
        mine = np.array([g == name for g in names])
        yield from _with_nation(d, "net_generation", "TWh", by_province(made * mine / 1e3), name)
    emitted = made * np.array([data.emission_factor.get(g, 0.0) for g in names])
    yield from _with_nation(d, "emissions", "Mt CO2", by_province(emitted / 1e3))
    gross = made / (1 - np.array([data.own_use[g] for g in names]))
    kind = np.array([data.renewable_class[g] for g in names])
    total = by_province(gross)
    for indicator, counted in (("renewable_share", kind != "none"), ("nonhydro_share", kind == "nonhydro")):
        part = by_province(gross * counted)
        yield indicator, NATION, ALL, "share", float(part.sum() / total.sum())
        for r, a, b in zip(p.provinces, part.tolist(), total.tolist()):
            if b > 0:
                yield indicator, r, ALL, "share", a / b
    cost = [
        data.fuel_cost.get((r, g, d.year), 0.0) + data.variable_om.get((g, d.year), 0.0) for r, g in p.fleets
    ]
    wear = np.array([data.variable_om.get((g, d.year), 0.0) for _, g in p.stores])
    discharged = d.annual("discharge")
    burnt = by_province(made * np.array(cost)) + by_province(discharged * wear, p.store_home)
    yield from _with_nation(d, "fuel_and_variable_om", "bn CNY", burnt / 1e3)
    for name in dict.fromkeys(g for _, g in p.stores):
        mine = np.array([g == name for _, g in p.stores])
        yield from _with_nation(
            d, "discharge", "TWh", by_province(discharged * mine / 1e3, p.store_home), name
        )
    sent = d.annual("flow")
    net = by_province(sent, p.sender) - by_province(p.delivered * sent, p.receiver)
    for r, value in zip(p.provinces, (net / 1e3).tolist()):
        yield "net_export", r, ALL, "TWh", value


def _guarantees(d: Dispatch) -> Iterator[Row]:
    """Guaranteed output that was not given, over fleets whose guarantee binds in the plan."""
    p = d.park
    short = np.maximum(p.guarantee - d.annual("generation")[p.guaranteed], 0.0)
    by_province = np.bincount(p.home[p.guaranteed], weights=short, minlength=len(p.provinces))
    yield from _with_nation(d, "guaranteed_hours_short", "TWh", by_province / 1e3)


# -- table

#: in the order of the table
_SHOWN = (
    "unserved_energy",
    "unserved_hours",
    "unserved_while_exporting",
    "surplus_energy",
    "curtailment_rate",
    "energy_price",
    "price_p05",
    "price_p50",
    "price_p95",
    "capture_price",
    "emissions",
    "renewable_share",
    "nonhydro_share",
    "net_generation",
    "discharge",
    "fuel_and_variable_om",
    "guaranteed_hours_short",
)


def nation_table(table: pd.DataFrame) -> Table:
    """Figures of the nation."""
    first = table.iloc[0]
    shown = Table(title=f"{first.scenario}, {first.year}: the plan's days and all 8760 hours, nation")
    for name in ("", "unit", "plan", "hourly", "difference"):
        shown.add_column(name, justify="left" if name in ("", "unit") else "right")
    nation = table[table.province == NATION]
    for indicator in _SHOWN:
        text, _ = HOURLY[indicator]
        for row in nation[nation.indicator == indicator].itertuples():
            label = text if row.technology == ALL else f"{text}: {row.technology}"
            factor, unit = (100.0, "%") if row.unit == "share" else (1.0, row.unit)
            values = [f"{factor * x:,.2f}" for x in (row.plan, row.hourly)]
            shown.add_row(label, unit, *values, f"{factor * row.difference:+,.2f}")
    return shown


def province_table(table: pd.DataFrame, most: int = 8) -> Table:
    """Provinces whose mean price changes most, with what else changes there."""
    wanted = ("energy_price", "unserved_energy", "curtailment_rate", "emissions", "net_export")
    rows = table[(table.province != NATION) & table.indicator.isin(wanted)]
    key = rows["indicator"].where(rows["technology"] == ALL, rows["indicator"] + " " + rows["technology"])
    wide = rows.assign(key=key).pivot_table(index="province", columns="key", values="difference", sort=False)
    largest = wide["energy_price"].abs().sort_values(ascending=False, kind="stable").index[:most]
    shown = Table(title="Provinces whose mean price changes most: hourly less plan")
    columns = {
        "energy_price": ("price\nCNY/MWh", 1.0),
        "unserved_energy": ("unserved\nGWh", 1.0),
        "curtailment_rate wind": ("wind curtailed\npoints", 100.0),
        "curtailment_rate solar": ("sun curtailed\npoints", 100.0),
        "emissions": ("emissions\nMt", 1.0),
        "net_export": ("net export\nTWh", 1.0),
    }
    shown.add_column("")
    for name, (head, _) in columns.items():
        if name in wide:
            shown.add_column(head, justify="right")
    for r in largest:
        cells = [f"{factor * wide[name][r]:+.1f}" for name, (_, factor) in columns.items() if name in wide]
        shown.add_row(r, *cells)
    return shown
