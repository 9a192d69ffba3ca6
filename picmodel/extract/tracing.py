"""Who answers for emissions: flow tracing by proportional sharing, accounts, who pays.

Whatever leaves a province in an hour has the mix of all that reaches it in that hour (Bialek 1996; for
carbon Kang et al. 2015).  ``docs/markets/responsibility.md`` has the equations and the choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import per_technology

#: what is traced: CO2 [kt], and output by renewable class [GWh]
CONTENTS = ("emissions", "hydro", "nonhydro", "other")
CLASSES = ("hydro", "nonhydro", "none")  # classes of the last three contents
OUTPUTS = list(CONTENTS[1:])

LEAK = 1e-9  # share of what passes a province that ends in it, so that what only circulates ends somewhere
EMPTY_GW = 1e-12  # added to what reaches a province, so that one without anything has intensity zero
SMALL_GWH = 1e-6  # a kWh a year: nothing


# -- tracing


@dataclass(frozen=True)
class Grid:
    """Flows of one year; n provinces, a arcs, s stores, t slices, k contents.

    Attributes:
        weight: hours a year of each slice (t).
        cycle: in which each slice lies (t); a store gives back in a cycle what it takes in it.
        source: contents that arise in an hour (k, n, t) [kt/h, GW].
        generation: net output (n, t) [GW].
        flow: sent into each arc (a, t) [GW], from ``sender`` to ``receiver`` (a), of which the share
            ``delivered`` (a) arrives.
        charge: taken by each store (s, t) [GW]; ``discharge`` given back (s, t), in province ``place`` (s).
    """

    weight: np.ndarray
    cycle: np.ndarray
    source: np.ndarray
    generation: np.ndarray
    flow: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    delivered: np.ndarray
    charge: np.ndarray
    discharge: np.ndarray
    place: np.ndarray

    def at(self, province: np.ndarray, amount: np.ndarray) -> np.ndarray:
        """Sum of amounts (., t) by the province that each belongs to (n, t)."""
        total = np.zeros_like(self.generation)
        np.add.at(total, province, amount)
        return total

    @property
    def sent(self) -> np.ndarray:
        """What leaves a province for another (n, t) [GW]."""
        return self.at(self.sender, self.flow)

    @property
    def supply(self) -> np.ndarray:
        """What reaches the mix of a province (n, t) [GW].

        Unserved energy is no supply.  Where a solution books it in one province and sends it on, more
        leaves than arrives; the difference is supply without content.
        """
        arriving = self.at(self.receiver, self.delivered[:, None] * self.flow)
        arriving = self.generation + arriving + self.at(self.place, self.discharge)
        return np.maximum(arriving, self.sent + self.at(self.place, self.charge))

    @property
    def consumption(self) -> np.ndarray:
        """Consumption with what stores lose in their province (n) [GWh/yr]."""
        return (self.supply - self.sent - self.at(self.place, self.discharge)) @ self.weight

    @property
    def mixed(self) -> np.ndarray:
        """Supply, a trifle larger, so that the linear system always has one solution (n, t) [GW]."""
        return (1 + LEAK) * self.supply + EMPTY_GW

    @property
    def load(self) -> np.ndarray:
        """What ends in a province: neither sent on nor stored (n, t) [GW]."""
        return self.mixed - self.sent - self.at(self.place, self.charge)

    def given_back(self) -> np.ndarray:
        """What each store discharges in its cycle, by slice (s, t) [GWh/yr]."""
        energy = self.discharge * self.weight
        total = np.zeros((len(energy), self.cycle.max() + 1))
        np.add.at(total.T, self.cycle, energy.T)
        return total[:, self.cycle]

    def kept(self) -> np.ndarray:
        """What each store gives back over what it takes in its cycle, by slice (s, t) [share]."""
        taken = replace(self, discharge=self.charge).given_back()
        return np.divide(self.given_back(), taken, out=np.zeros_like(taken), where=taken > 0)

    def only_working_stores(self) -> Grid:
        """The grid in which a store that gives nothing back in a cycle is a consumer there."""
        works = self.given_back() > SMALL_GWH
        return replace(self, charge=self.charge * works, discharge=self.discharge * works)


def intensity(grid: Grid, shed: bool = False) -> np.ndarray:
    r"""Content of a GWh in the mix of each province (k, n, t) [kt/GWh, GWh/GWh].

    Args:
        shed: what a line or a store loses takes its part of the content along; otherwise all of it
            arrives, and the receiver bears the loss.

    .. math:: x_{jt} \Big(\sum_g G_{jgt} + \sum_{a \to j} (1-\ell_a) f_{at} + \sum_s d_{st}\Big)
              = B_{jt} + \sum_{a: i \to j} x_{it} f_{at} + \sum_s z_s d_{st},
              \qquad z_s \sum_t W_t d_{st} = \sum_t W_t x_{jt} c_{st}

    Unknowns are x and, for stores, the yearly content :math:`q_s = \sum W x c`.  Slices of a cycle are
    tied by stores; nothing ties cycles, so that the matrix is block-diagonal.  With ``shed`` the content
    that arrives is :math:`(1-\ell_a) x_{it} f_{at}`, and that of a store is the same share of what it took
    as its energy.
    """
    from scipy.sparse import coo_matrix  # late: loading takes a second, and what has not changed needs none
    from scipy.sparse.linalg import splu

    n, slices = grid.generation.shape
    cycles = int(grid.cycle.max()) + 1
    node = np.arange(n * slices).reshape(n, slices)
    store = n * slices + np.arange(len(grid.place))[:, None] * cycles + grid.cycle
    size = n * slices + len(grid.place) * cycles
    given = grid.given_back()
    from_store = np.divide(grid.discharge, given, out=np.zeros_like(given), where=given > 0)
    arrives = grid.delivered[:, None] if shed else 1.0
    kept = grid.kept() if shed else 1.0
    parts = (
        (node, node, grid.mixed),
        (node[grid.receiver], node[grid.sender], -arrives * grid.flow),
        (node[grid.place], store, -from_store),
        (store, node[grid.place], -kept * grid.charge * grid.weight),
        (np.arange(n * slices, size), np.arange(n * slices, size), np.ones(size - n * slices)),
    )
    row, column, value = (np.concatenate([np.ravel(part[i]) for part in parts]) for i in range(3))
    found = value != 0.0
    matrix = coo_matrix((value[found], (row[found], column[found])), shape=(size, size)).tocsc()
    right = np.zeros((size, len(grid.source)))
    right[: n * slices] = grid.source.reshape(len(grid.source), -1).T
    return splu(matrix).solve(right)[: n * slices].T.reshape(len(grid.source), n, slices)


def drawn(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Output by class that each province consumes, and that is lost on lines into it (k, n) [GWh/yr].

    What stores lose is consumed where they stand.  Both add up to what arises, and the classes of what is
    consumed to `Grid.consumption` but for supply without content.
    """
    mix = intensity(grid, shed=True)
    lost = (1 - grid.delivered[:, None]) * grid.flow * mix[:, grid.sender]
    in_stores = (1 - grid.kept()) * grid.charge * mix[:, grid.place]
    ends = mix * grid.load + np.stack([grid.at(grid.place, part) for part in in_stores])
    return ends @ grid.weight, np.stack([grid.at(grid.receiver, part) for part in lost]) @ grid.weight


def grid_of(results: Results, year: int) -> Grid:
    """Flows of a planning year; rounding below zero is cut off."""
    provinces, data = pd.Index(results.provinces), results.data
    slices = list(data.time.slices)
    period = pd.Index(data.time.periods).get_indexer(list(data.time.period.values()))

    def of_year(name: str, *dims: str) -> np.ndarray:
        array = results.values[name].sel(year=year).transpose(*dims, "time").fillna(0.0)
        return array.clip(min=0.0).to_numpy()

    arcs = list(data.arcs.values())
    flow = of_year("v_flow", "arc") if arcs else np.zeros((0, len(slices)))
    charge = discharge = np.zeros((0, len(slices)))
    place = provinces.get_indexer(pd.Index([r for r, _ in data.stores], dtype=object))
    if data.stores:
        kind = pd.Index(results.technologies).get_indexer([s for _, s in data.stores])
        charge, discharge = (
            of_year(name, "province", "technology")[place, kind] for name in ("v_charge", "v_discharge")
        )
    return Grid(
        weight=results.weight.to_numpy(),
        cycle=period,
        source=_sources(results, year),
        generation=of_year("v_generation", "province", "technology").sum(axis=1),
        flow=flow,
        sender=provinces.get_indexer(pd.Index([i for _, i, _ in arcs], dtype=object)),
        receiver=provinces.get_indexer(pd.Index([j for *_, j in arcs], dtype=object)),
        delivered=np.array([1 - line.loss for line, *_ in arcs]),
        charge=charge,
        discharge=discharge,
        place=place,
    ).only_working_stores()


def _sources(results: Results, year: int) -> np.ndarray:
    """Contents that arise by province and slice (k, n, t) [kt/h, GW]."""
    output = _output(results).sel(year=year)
    kind = per_technology(results, results.data.renewable_class)
    emitted = (_emitted_per_gwh(results).sel(year=year) * output).sum("technology")
    by_class = [output.where(kind == name, 0.0).sum("technology") for name in CLASSES]
    return np.stack([array.transpose("province", "time").to_numpy() for array in (emitted, *by_class)])


def _output(results: Results) -> xr.DataArray:
    return results.values["v_generation"].fillna(0.0).clip(min=0.0)


def _fleet_emissions(results: Results) -> xr.DataArray:
    """CO2 by province, technology and year [kt/yr], of starts too where the model has them."""
    of_output = per_technology(results, results.data.emission_factor) * results.values["v_annual_generation"]
    return results.values.get("v_fleet_emissions", of_output).fillna(0.0)


def _emitted_per_gwh(results: Results) -> xr.DataArray:
    """CO2 of a fleet over its annual output, so that starts are spread over the output [kt/GWh]."""
    annual = (_output(results) * results.weight).sum("time")
    return (_fleet_emissions(results) / annual.where(annual > SMALL_GWH)).fillna(0.0)


def _without_output(results: Results) -> xr.DataArray:
    """CO2 of fleets that give no output to carry it: it stays in its province [kt/yr]."""
    annual = (_output(results) * results.weight).sum("time")
    return _fleet_emissions(results).where(annual <= SMALL_GWH, 0.0).sum("technology")


@dataclass(frozen=True)
class Traced:
    """Contents where they arise and where they are consumed.

    Attributes:
        intensity: (content, province, year, time) [kt/GWh, GWh/GWh].
        production: (content, province, year) [kt/yr, GWh/yr].
        consumption: the same quantities by consuming province; national sums are those of production.
        energy: consumption with what stores lose (province, year) [GWh/yr].
        drawn: output by class that is consumed (content of `OUTPUTS`, province, year) [GWh/yr]: national
            sums are those of production less ``lost``.
        lost: output by class that lines into a province lose, the same dimensions.
    """

    intensity: xr.DataArray
    production: xr.DataArray
    consumption: xr.DataArray
    energy: xr.DataArray
    drawn: xr.DataArray
    lost: xr.DataArray


def trace(results: Results) -> Traced:
    """Trace every content through every hour of every planning year."""
    grids = [grid_of(results, y) for y in results.years]
    found = [intensity(grid) for grid in grids]
    used = [drawn(replace(grid, source=grid.source[1:])) for grid in grids]
    stays = _without_output(results).expand_dims(content=["emissions"])
    stays = stays.reindex(content=list(CONTENTS), fill_value=0.0)

    def labelled(arrays: list[np.ndarray], *dims: str, contents: Sequence[str] = CONTENTS) -> xr.DataArray:
        orders = {"content": list(contents), **results.labels}
        array = np.stack(arrays, axis=dims.index("year"))
        return xr.DataArray(array, dims=dims, coords={d: orders[d] for d in dims})

    by_year = ("content", "province", "year")
    return Traced(
        intensity=labelled(found, *by_year, "time"),
        production=labelled([g.source @ g.weight for g in grids], *by_year) + stays,
        consumption=labelled([(x * g.load) @ g.weight for x, g in zip(found, grids)], *by_year) + stays,
        energy=labelled([g.consumption for g in grids], "province", "year"),
        drawn=labelled([consumed for consumed, _ in used], *by_year, contents=OUTPUTS),
        lost=labelled([lost for _, lost in used], *by_year, contents=OUTPUTS),
    )


# -- accounts


def accounts(traced: Traced, consumer_share: float = 0.5) -> xr.DataArray:
    """Emissions by who answers for them (account, province, year) [kt/yr].

    Args:
        consumer_share: of each tonne, what the consumer answers for in the account ``shared``.
    """
    produced = traced.production.sel(content="emissions", drop=True)
    consumed = traced.consumption.sel(content="emissions", drop=True)
    shared = (1 - consumer_share) * produced + consumer_share * consumed
    names = pd.Index(["production", "consumption", "shared"], name="account")
    return xr.concat([produced, consumed, shared], dim=names)


def carbon_cost(traced: Traced, price: xr.DataArray, consumer_share: float = 0.5) -> xr.DataArray:
    """Cost of each account's emissions at a price (account, province, year) [MCNY/yr].

    Args:
        price: by year [MCNY/kt], the same in all provinces.
    """
    return accounts(traced, consumer_share) * price


def beneficiary_pays(traced: Traced, price: xr.DataArray, consumer_share: float = 1.0) -> pd.DataFrame:
    """What provinces owe each other when consumers bear ``consumer_share`` of the carbon cost (受益者付费).

    Returns:
        Columns province, year, amount_mcny: > 0 pays, < 0 receives; every year sums to zero.
    """
    cost = carbon_cost(traced, price, consumer_share)
    owed = cost.sel(account="shared", drop=True) - cost.sel(account="production", drop=True)
    return owed.transpose("province", "year").rename("amount_mcny").to_series().reset_index()
