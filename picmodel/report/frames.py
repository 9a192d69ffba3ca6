"""Tidy tables behind the charts, from the files of results folders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.extract.table import NATION
from picmodel.report.results import Result
from picmodel.report.styles import shown_as

BN = 1e-3  # bn from MCNY, and TWh from GWh
PER_MWH = 1e3  # CNY/MWh from MCNY/GWh
SMALL_GW = 1e-4  # dispatch below this is not drawn
SMALL_BN = 1e-3  # bn CNY below which a payment is not drawn


def indicator(results: Sequence[Result], name: str) -> pd.DataFrame:
    """Rows of one indicator of all results: letter, province, technology, year, value, unit."""
    parts = [
        result.indicators[result.indicators["indicator"] == name].assign(letter=result.letter)
        for result in results
    ]
    columns = ["letter", "province", "technology", "year", "value", "unit"]
    return pd.concat(parts, ignore_index=True)[columns]


def by_class(results: Sequence[Result], name: str) -> pd.DataFrame:
    """An indicator of technologies, summed over those that charts show as one class."""
    rows = indicator(results, name)
    rows = rows.assign(technology=rows["technology"].map(shown_as))
    keys = ["letter", "province", "technology", "year", "unit"]
    return rows.groupby(keys, as_index=False, sort=False)["value"].sum()


def slices(result: Result) -> pd.DataFrame:
    """Time slices in order: day (from 1) and its days a year; hour of the start, step and weight [h]."""
    period = result.solution["period_of"].to_numpy().astype(int)
    weight = result.solution["weight"].to_numpy().astype(float)
    frame = pd.DataFrame({"time": result.solution["time"].to_numpy(), "period": period, "weight": weight})
    frame["day"] = frame["period"] + 1
    days = frame.groupby("period")
    frame["step"] = 24 / days["time"].transform("count")
    frame["hour"] = days.cumcount() * frame["step"]
    frame["days"] = days["weight"].transform("sum") / 24
    return frame


def price_in_slices(result: Result) -> dict[tuple[str, int], np.ndarray]:
    """Energy price of the slices by (province, year) [CNY/MWh]."""
    return _by_place(result.prices["price_balance"].transpose("province", "year", "time") * PER_MWH)


def dispatch(result: Result) -> dict[str, dict[tuple[str, int], np.ndarray]]:
    """Power in the slices by class, then (province, year) [GW]; below zero where stores or exports take.

    The nation is the sum of provinces, its imports the losses of lines.
    """
    s = result.solution
    net = s["v_generation"].fillna(0.0)
    if "v_charge" in s:
        net = net + s["v_discharge"].fillna(0.0) - s["v_charge"].fillna(0.0)
    classes = xr.DataArray([shown_as(str(g)) for g in s["technology"].values], dims="technology")
    found = {
        kind: net.isel(technology=np.flatnonzero(classes == kind)).sum("technology")
        for kind in dict.fromkeys(classes.values.tolist())
    }
    if "v_flow" in s:
        found["imports"] = imports(s)
    if "v_unserved" in s:
        found["unserved"] = s["v_unserved"].fillna(0.0)
    return {kind: _by_place(power, nation=True) for kind, power in found.items()}


def _by_place(power: xr.DataArray, nation: bool = False) -> dict[tuple[str, int], np.ndarray]:
    """Values of the slices by (province, year); with the sum over provinces as the nation's."""
    values = power.transpose("province", "year", "time").to_numpy()
    years = [int(y) for y in power["year"].values]
    places = [str(r) for r in power["province"].values]
    found = {(r, y): values[i, j] for i, r in enumerate(places) for j, y in enumerate(years)}
    if nation:
        found |= {(NATION, y): values[:, j].sum(axis=0) for j, y in enumerate(years)}
    return found


def imports(solution: xr.Dataset) -> xr.DataArray:
    """Power received, after losses, less power sent, by province, year and time [GW]."""
    flow = solution["v_flow"].fillna(0.0)
    provinces = solution["province"].values.astype(str)

    def touches(end: str) -> xr.DataArray:
        met = provinces[:, None] == solution[end].values.astype(str)[None, :]
        labels = {"province": provinces, "arc": solution["arc"].values}
        return xr.DataArray(met.astype(float), labels, ("province", "arc"))

    received = flow * (1 - solution["loss"])
    return xr.dot(touches("receiver"), received, dim="arc") - xr.dot(touches("sender"), flow, dim="arc")


def flows(result: Result) -> pd.DataFrame:
    """Energy sent over each arc in a year, net of what comes back: sender, receiver, year, value [TWh]."""
    s = result.solution
    if "v_flow" not in s:
        return pd.DataFrame(columns=["sender", "receiver", "year", "value"])
    sent = (s["v_flow"].fillna(0.0) * s["weight"]).sum("time") * BN
    table = sent.rename("value").to_dataframe().reset_index()[["sender", "receiver", "year", "value"]]
    table[["sender", "receiver"]] = table[["sender", "receiver"]].astype(str)
    back = table.rename(columns={"sender": "receiver", "receiver": "sender", "value": "back"})
    both = table.merge(back, on=["sender", "receiver", "year"], how="left").fillna({"back": 0.0})
    net = both.assign(value=both["value"] - both["back"])
    return net[net["value"] > 0][["sender", "receiver", "year", "value"]].reset_index(drop=True)


def payments(result: Result) -> dict[tuple[str, int], dict[tuple[str, str, str], float]]:
    """The ledger by (province, year): (payer, payee, product) -> amount [bn CNY/yr]; the nation has all.

    Clearing accounts of one market are one, ``energy/SD`` is ``energy/``; an amount below zero is paid back.
    """
    ledger = result.ledger
    who = [ledger[end].str.replace(r"/.*", "/", regex=True) for end in ("payer", "payee")]
    keys = [ledger["province"], ledger["year"], *who, ledger["product"]]
    total = (ledger["amount"] * BN).groupby([k.to_numpy() for k in keys]).sum()
    found: dict[tuple[str, int], dict[tuple[str, str, str], float]] = {}
    for (province, year, payer, payee, product), value in total.items():
        for place in {str(province), NATION}:
            of = found.setdefault((place, int(year)), {})
            of[payer, payee, product] = of.get((payer, payee, product), 0.0) + value
    return found


def income(result: Result) -> dict[tuple[str, str, int], dict[str, float]]:
    """Income in the year of commissioning: (technology, province, year) -> line -> value [CNY/kW-yr]."""
    lines = {
        column: column.removeprefix("income_").removesuffix("_cny_per_kw_yr")
        for column in result.projects.columns
        if column.startswith("income_")
    }
    return {
        (row["technology"], row["province"], int(row["commissioned"])): {
            line: float(row[column]) for column, line in lines.items()
        }
        for row in result.projects.to_dict("records")
    }


def duration(prices: np.ndarray, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A duration curve as steps: cumulated hours from 0, and the price up to each, dearest first."""
    order = np.argsort(-prices, kind="stable")
    ends = np.concatenate([[0.0], np.cumsum(hours[order])])
    return ends, np.concatenate([prices[order], prices[order][-1:]])


def changed_settings(results: Sequence[Result]) -> pd.DataFrame:
    """Settings that are not the same in all results: a row for each, a column for each result's letter."""
    flat = {result.letter: _flat(result.settings) for result in results}
    keys = dict.fromkeys(key for settings in flat.values() for key in settings)
    rows = {key: {letter: settings.get(key, "–") for letter, settings in flat.items()} for key in keys}
    differing = {key: row for key, row in rows.items() if len({str(v) for v in row.values()}) > 1}
    table = pd.DataFrame.from_dict(differing, orient="index", columns=list(flat))
    return table.drop(index=[k for k in table.index if k == "name" or k.startswith("title")])


def _flat(settings: object, prefix: str = "") -> dict[str, object]:
    """Nested settings by dotted names; lists stay whole."""
    if not isinstance(settings, dict) or not settings:
        return {prefix: settings}
    return {
        name: value
        for key, below in settings.items()
        for name, value in _flat(below, f"{prefix}.{key}" if prefix else str(key)).items()
    }
