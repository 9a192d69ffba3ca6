"""Labelled results of one run: variables and duals as xarray, and prices from duals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.data.system import Held, SystemData
from picmodel.extract.attributes import described
from picmodel.glossary import ENTRIES, Entry

if TYPE_CHECKING:  # the solver takes seconds to load, and a run that has not changed needs none
    from picmodel.solve.compile import Block, LinearProgram
    from picmodel.solve.highs import Solution

#: dimensions whose labels a scenario's mechanisms choose
OF_MECHANISMS = ("market", "area", "measure", "block", "product", "user")
SMALL_GW = 1e-6  # less than a kW: no capacity


class Results:
    """Everything a solve found, labelled, in base units.

    Attributes:
        values: variable name -> array over its glossary dimensions (NaN where it does not exist).
        duals: row family -> raw dual, d objective / d right side [MCNY per unit of the row].
        held_worth: where capacities are held: variable -> what a GW (GWh) more would save, all years
            [MCNY, discounted].
        entries: name -> glossary entry, mechanisms' own included.
    """

    def __init__(
        self, data: SystemData, lp: LinearProgram, solution: Solution, entries: Iterable[Entry] = ()
    ) -> None:
        self.data = data
        self.entries = {entry.name: entry for entry in (*ENTRIES, *entries)}
        self.items = lp.items
        self._capacities = lp.capacities
        self._found = self._labels_of(lp)
        self.values = {
            name: self._label(name, block, solution.x, 0.0)
            for name, block in lp.columns.items()
            if block.index
        }
        self.duals = {
            name: self._label(name, block, solution.dual, 0.0)
            for name, block in lp.rows.items()
            if block.index
        }
        self.held_worth = {
            name: -self._label(name, lp.columns[name], solution.reduced_cost, 0.0)
            for name in (lp.capacities if data.held else ())
            if lp.columns[name].index
        }

    # -- labels
    @property
    def provinces(self) -> tuple[str, ...]:
        return self.data.provinces

    @property
    def years(self) -> tuple[int, ...]:
        return self.data.horizon.years

    @cached_property
    def technologies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(g for _, g in self.data.units))

    @cached_property
    def labels(self) -> dict[str, pd.Index]:
        """Order of every dimension."""
        d = self.data
        orders = {
            "province": d.provinces,
            "technology": self.technologies,
            "vintage": d.horizon.years,
            "year": d.horizon.years,
            "time": d.time.slices,
            "period": d.time.periods,
            "arc": tuple(d.arcs),
            "corridor": tuple(line.name for line in d.corridors),
            "class": ("hydro", "nonhydro"),
            "before": d.horizon.years,
            "source": self.technologies,
            "market": ("CN", *d.provinces),
        }
        every = {name: dict.fromkeys(order) for name, order in orders.items()}
        for name, found in self._found.items():  # markets, measures and blocks that mechanisms name
            every.setdefault(name, {}).update(found)
        return {name: pd.Index(list(order), name=name) for name, order in every.items()}

    def _labels_of(self, lp: LinearProgram) -> dict[str, dict]:
        """Labels of dimensions that only mechanisms have, in the order of their rows and columns."""
        found: dict[str, dict] = {}
        for name, block in (*lp.columns.items(), *lp.rows.items()):
            if name in self.entries:
                for dim, labels in zip(self.dims(name), zip(*block.index)):
                    if dim in OF_MECHANISMS:
                        found.setdefault(dim, {}).update(dict.fromkeys(labels))
        return found

    def dims(self, name: str) -> tuple[str, ...]:
        """Dimensions of a variable or row family."""
        if name.startswith(("v_cost_", "c_cost_")):
            return ("year",) if self.items[name[7:]][1] else ("province", "year")
        return self.entries[name].dims

    def _label(self, name: str, block: Block, vector: np.ndarray, absent: float) -> xr.DataArray:
        found = np.where(block.position >= 0, vector[np.maximum(block.position, 0)], absent)
        return self._array(self.dims(name), block.index, found)

    def label_columns(self, lp: LinearProgram, name: str, vector: np.ndarray) -> xr.DataArray:
        """A value by column of the LP, over the dimensions of a variable; 0 where the LP left it out."""
        return self._label(name, lp.columns[name], vector, 0.0)

    def label_rows(self, lp: LinearProgram, name: str, vector: np.ndarray) -> xr.DataArray:
        """A value by row of the LP, over the dimensions of a row family; NaN where the LP left it out."""
        return self._label(name, lp.rows[name], vector, np.nan)

    def _array(self, dims: tuple[str, ...], index: Iterable[tuple], found: np.ndarray) -> xr.DataArray:
        orders = [self.labels[dim] for dim in dims]
        dense = np.full([len(order) for order in orders], np.nan)
        columns = zip(*index)
        dense[tuple(order.get_indexer(pd.Index(column)) for order, column in zip(orders, columns))] = found
        return xr.DataArray(dense, dims=dims, coords=dict(zip(dims, orders)))

    def from_keys(self, data: Mapping[tuple, float], dims: tuple[str, ...]) -> xr.DataArray:
        """An array of the given dimensions from a dict of keys; NaN where there is none."""
        if not data:
            return xr.DataArray(
                np.full([len(self.labels[d]) for d in dims], np.nan),
                dims=dims,
                coords={d: self.labels[d] for d in dims},
            )
        return self._array(dims, list(data), np.fromiter(data.values(), float, len(data)))

    # -- prices
    @cached_property
    def discount(self) -> xr.DataArray:
        d = self.data.horizon.discount
        return xr.DataArray(list(d.values()), dims="year", coords={"year": self.labels["year"]})

    @cached_property
    def span(self) -> xr.DataArray:
        s = self.data.horizon.span
        return xr.DataArray(list(s.values()), dims="year", coords={"year": self.labels["year"]})

    @cached_property
    def weight(self) -> xr.DataArray:
        w = self.data.time.weight
        return xr.DataArray(list(w.values()), dims="time", coords={"time": self.labels["time"]})

    def price(self, name: str) -> xr.DataArray:
        """Price of a row family: its dual with discount and hour weight undone, >= 0 when scarce.

        Returns:
            Array over the row's dimensions in the entry's ``price`` unit (MCNY/GWh, MCNY/kt, ...).
        """
        entry = self.entries[name]
        dual = self.duals[name] * entry.sense
        if entry.basis == "hourly":
            return dual / (self.weight * self.discount)
        if entry.basis == "annual":
            return dual / self.discount
        if entry.basis == "stock":
            return dual * self.span / self.discount
        return dual

    @cached_property
    def energy_price(self) -> xr.DataArray:
        """Energy price by province, year and slice [MCNY/GWh]."""
        return self.price("c_balance")

    @cached_property
    def capacity_price(self) -> xr.DataArray | None:
        """Price of adequacy (province, year) [MCNY/GW-yr], NaN in years without the rule; None without any.

        Where capacities are held, that of the scenario that found them.
        """
        if "c_adequacy" in self.duals:
            return self.price("c_adequacy")
        held = self.data.held
        if held is None or not held.capacity_price:
            return None
        return self.from_keys(held.capacity_price, ("province", "year"))

    # -- what capacity there is
    def capacities(self, of: str, least: float) -> Held:
        """Decisions on capacity for other plans to hold; those of a plan that holds are passed on.

        Args:
            of: name of this scenario.
            least: what is less is nothing [GW, GWh].
        """
        if self.data.held is not None:
            return self.data.held
        price = {} if self.capacity_price is None else self._keys(self.capacity_price)
        found = {
            name: self._keys(self.values[name], least) for name in self._capacities if name in self.values
        }
        return Held(of, found, price)

    @staticmethod
    def _keys(array: xr.DataArray, least: float = -np.inf) -> dict[tuple, float]:
        """What `from_keys` takes: values by label, above a least one."""
        flat = array.to_series()
        return {key: float(x) for key, x in flat[flat > least].items()}

    # -- what a GW does
    @cached_property
    def availability(self) -> xr.DataArray:
        """Net output that a gross GW could give (province, technology, time) [GW/GW]; 0 where absent."""
        return self.from_keys(self.data.availability, ("province", "technology", "time")).fillna(0.0)

    @cached_property
    def output_rate(self) -> xr.DataArray:
        """Net output of a gross GW (province, technology, year, time) [GW/GW].

        Where capacity stands it is output over capacity.  Where none does, a plant would run at
        availability whenever the energy price exceeds its variable cost.
        """
        stands = self.values["v_capacity"] > SMALL_GW
        actual = (self.values["v_generation"] / self.values["v_capacity"].where(stands)).fillna(0.0)
        cost = self.from_keys(self.data.fuel_cost, ("province", "technology", "year")).fillna(0.0)
        cost = cost + self.from_keys(self.data.variable_om, ("technology", "year")).fillna(0.0)
        would_run = self.availability * (self.energy_price >= cost)
        return xr.where(stands, actual, would_run).transpose("province", "technology", "year", "time")

    def output_per_gw(self) -> xr.DataArray:
        """Annual net output of a gross GW (province, technology, year) [GWh/GW-yr]."""
        return (self.output_rate * self.weight).sum("time")

    def emissions_per_gw(self) -> xr.DataArray:
        """CO2 of a gross GW (province, technology, year) [kt/GW-yr]: with starts, where capacity stands."""
        factor = {(g,): e for g, e in self.data.emission_factor.items()}
        would_emit = self.from_keys(factor, ("technology",)).fillna(0.0) * self.output_per_gw()
        stands = self.values["v_capacity"].where(self.values["v_capacity"] > SMALL_GW)
        return (self.values["v_fleet_emissions"] / stands).fillna(would_emit)

    def cost_by_item(self) -> pd.DataFrame:
        """Yearly cost items: columns item, kind, province (CN if national), year, mcny [MCNY/yr]."""
        frames = []
        for item, (kind, national) in self.items.items():
            amount = self.values[f"v_cost_{item}"].to_series().rename("mcny").reset_index()
            if national:
                amount.insert(0, "province", "CN")
            frames.append(amount.assign(item=item, kind=kind))
        return pd.concat(frames, ignore_index=True)[["item", "kind", "province", "year", "mcny"]]

    def dataset(self, kind: str = "values") -> xr.Dataset:
        """All variables (``values``) or duals (``duals``) with units and meanings, for NetCDF."""
        arrays = {}
        for name, array in (self.values if kind == "values" else self.duals).items():
            entry = self.entries.get(name)
            unit = "MCNY/yr" if name[2:].startswith("cost_") else entry.unit if entry else ""
            meaning = (
                f"cost item {name[7:]}" if name[2:].startswith("cost_") else entry.meaning if entry else name
            )
            attrs = {"units": unit, "long_name": meaning}
            if kind == "duals":
                attrs = {
                    "units": f"MCNY per ({unit})",
                    "long_name": f"dual of: {meaning}",
                    "comment": "d objective / d right side, discounted MCNY of the base year",
                }
            arrays[name] = array.assign_attrs(attrs)
        arrays["weight"] = self.weight.assign_attrs(units="h/yr", long_name="hours a year of each time slice")
        period = xr.DataArray(list(self.data.time.period.values()), dims="time")
        arrays["period_of"] = period.assign_attrs(
            units="1", long_name="representative day of each time slice"
        )
        return described(xr.Dataset(arrays), self.data)

    def prices(self) -> xr.Dataset:
        """Every price, undiscounted, with unit and status (market, physical, regulatory)."""
        arrays = {}
        for name in self.duals:
            entry = self.entries.get(name)
            if entry and entry.price and entry.basis in ("hourly", "annual", "stock"):
                arrays[f"price_{name[2:]}"] = self.price(name).assign_attrs(
                    units=entry.price,
                    long_name=f"price of: {entry.meaning}",
                    status=entry.status,
                    comment="real, without VAT; positive when scarce; 1 MCNY/GWh = 1000 CNY/MWh",
                )
        return xr.Dataset(arrays)
