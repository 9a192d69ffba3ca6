"""The LP of one window: dispatch of all provinces over some consecutive hours, capacities as they are.

The matrix is the same for every window of a year; only bounds and right sides change, so a basis of one
window is dual feasible for the next, and the dual simplex goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from picmodel.errors import Infeasible, SolverTrouble

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

_STATUS = highspy.HighsModelStatus


@dataclass(frozen=True)
class Park:
    """What stands in a planning year, and what a GWh of each decision costs by all rules beyond the hour.

    Indices: F fleets, S stores, A arcs, L lines, K contracts, R provinces.

    Attributes:
        home, store_home: province of each fleet and store.
        capacity: (F,) GW gross; power (S,) GW, energy (S,) GWh.
        one_way: (S,) square root of the round trip.
        value: (S,) what a stored GWh is worth at the end of a window [MCNY/GWh].
        cost, charge_cost, discharge_cost, flow_cost: MCNY/GWh; unserved_cost (R,).
        line, sender, receiver, delivered: of each arc; line_capacity (L,) GW.
        forward, backward: arcs of each contract; low, high (K,): its net flow [GW].
        watered: fleets that run on the water of a period.
        guaranteed: fleets with guaranteed output; guarantee: how much a year [GWh]; over_cost, under_cost:
            what a GWh above and below the part of a window costs beyond ``cost`` [MCNY/GWh].
        surplus_cost: of power that must run and that nobody takes [MCNY/GWh].
    """

    provinces: tuple[str, ...]
    fleets: tuple[tuple[str, str], ...]
    home: Whole
    capacity: Array
    cost: Array
    stores: tuple[tuple[str, str], ...]
    store_home: Whole
    power: Array
    energy: Array
    one_way: Array
    value: Array
    charge_cost: Array
    discharge_cost: Array
    lines: tuple[str, ...]
    line_capacity: Array
    arcs: tuple[str, ...]
    line: Whole
    sender: Whole
    receiver: Whole
    delivered: Array
    flow_cost: Array
    forward: Whole
    backward: Whole
    low: Array
    high: Array
    watered: Whole
    guaranteed: Whole
    guarantee: Array
    over_cost: Array
    under_cost: Array
    unserved_cost: Array
    surplus_cost: float


@dataclass(frozen=True)
class Hours:
    """What changes from step to step.

    Attributes:
        step: length of a step [h].
        demand: (R, T) GW; most, least: (F, T) GW that each fleet can give and must give.
        period: (T,) water period of each step, ascending from 0; all periods have the same length.
        water: (watered fleet, period) GWh.
    """

    step: float
    demand: Array
    most: Array
    least: Array
    period: Whole
    water: Array

    @property
    def count(self) -> int:
        return int(self.demand.shape[1])

    @property
    def per_period(self) -> int:
        """Steps of a period."""
        return int((self.period == self.period[0]).sum())

    def part(self, steps: Sequence[int] | Whole) -> Hours:
        """Some steps, in the order given; they must hold whole periods."""
        steps = np.asarray(steps)
        periods = self.period[steps[:: self.per_period]]
        return Hours(
            self.step,
            self.demand[:, steps],
            self.most[:, steps],
            self.least[:, steps],
            np.repeat(np.arange(len(periods)), self.per_period),
            self.water[:, periods],
        )


@dataclass(frozen=True)
class Dispatched:
    """Dispatch of consecutive steps; power in GW, ``stored`` at the end of a step in GWh.

    Attributes:
        price: (R, T) dual of the balance [MCNY/GWh].
    """

    generation: Array
    charge: Array
    discharge: Array
    stored: Array
    flow: Array
    unserved: Array
    surplus: Array
    price: Array
    iterations: int = 0

    ARRAYS = ("generation", "charge", "discharge", "stored", "flow", "unserved", "surplus", "price")


@dataclass(frozen=True)
class _Columns:
    """First column of each kind; a kind has a block of steps for each of its members."""

    count: int
    generation: Whole  # (F, H)
    charge: Whole
    discharge: Whole
    stored: Whole
    flow: Whole
    unserved: Whole
    surplus: Whole
    over: Whole  # (guaranteed, 1)
    under: Whole

    @classmethod
    def of(cls, p: Park, steps: int) -> _Columns:
        hourly = (len(p.fleets), *(len(p.stores),) * 3, len(p.arcs), *(len(p.provinces),) * 2)
        shapes = [*((size, steps) for size in hourly), *((len(p.guaranteed), 1),) * 2]
        blocks, at = [], 0
        for size, long in shapes:
            blocks.append(at + np.arange(size * long, dtype=np.int64).reshape(size, long))
            at += size * long
        return cls(at, *blocks)


class Window:
    """Dispatch of ``steps`` consecutive steps, solved again and again with other numbers.

    Args:
        cyclic: what is stored before the first step is what is stored after the last, as in a plan's
            representative day; otherwise it is given to `solve`.
    """

    def __init__(
        self, park: Park, steps: int, step: float, per_period: int, cyclic: bool = False, threads: int = 1
    ) -> None:
        self.park, self.steps, self.step, self.cyclic = park, steps, step, cyclic
        self.columns = _Columns.of(park, steps)
        self.periods = steps // per_period
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.solver.setOptionValue("threads", threads)
        self.solver.setOptionValue("solver", "simplex")
        matrix, self.cost = self._matrix(per_period), self._cost()
        self.rows = matrix.shape[0]
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        lp.col_cost_ = self.cost
        lp.col_lower_, lp.col_upper_ = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
        lp.row_lower_, lp.row_upper_ = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[0])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = (
            matrix.indptr,
            matrix.indices,
            matrix.data,
        )
        self.solver.passModel(lp)

    # -- what stays

    def _matrix(self, per_period: int) -> sp.csc_array:
        """Rows: balance (R, H), stored energy (S, H), lines (L, H), contracts (K, H), water (period, fleet),
        guaranteed output (fleet)."""
        p, c, n = self.park, self.columns, self.steps
        parts: list[tuple[Array, Array, Array]] = []
        hour = np.arange(n)

        def add(row, column, value) -> None:
            shape = np.broadcast_shapes(np.shape(row), np.shape(column), np.shape(value))
            parts.append(tuple(np.broadcast_to(x, shape).ravel() for x in (row, column, value)))  # type: ignore[arg-type]

        def at(first: int, member) -> Whole:
            return first + np.asarray(member)[:, None] * n + hour

        balance = 0
        stored = balance + len(p.provinces) * n
        lines = stored + len(p.stores) * n
        contracts = lines + len(p.lines) * n
        water = contracts + len(p.forward) * n
        everywhere = np.arange(len(p.provinces))
        add(at(balance, p.home), c.generation, 1.0)
        add(at(balance, p.store_home), c.discharge, 1.0)
        add(at(balance, p.store_home), c.charge, -1.0)
        add(at(balance, p.receiver), c.flow, p.delivered[:, None])
        add(at(balance, p.sender), c.flow, -1.0)
        add(at(balance, everywhere), c.unserved, 1.0)
        add(at(balance, everywhere), c.surplus, -1.0)
        own = at(stored, np.arange(len(p.stores)))
        add(own, c.stored, 1.0)
        add(own[:, 1:], c.stored[:, :-1], -1.0)
        if self.cyclic:
            add(own[:, :1], c.stored[:, -1:], -1.0)
        add(own, c.charge, -self.step * p.one_way[:, None])
        add(own, c.discharge, self.step / p.one_way[:, None])
        add(at(lines, p.line), c.flow, 1.0)
        agreed = at(contracts, np.arange(len(p.forward)))
        add(agreed, c.flow[p.forward], 1.0)
        add(agreed, c.flow[p.backward], -1.0)
        fleets = np.arange(len(p.watered))[:, None]
        add(water + (hour // per_period) * len(p.watered) + fleets, c.generation[p.watered], self.step)
        promised = water + self.periods * len(p.watered) + np.arange(len(p.guaranteed))[:, None]
        add(promised, c.generation[p.guaranteed], self.step)
        add(promised, c.over, -1.0)
        add(promised, c.under, 1.0)
        row, column, value = (np.concatenate(x) for x in zip(*parts))
        count = water + self.periods * len(p.watered) + len(p.guaranteed)
        return sp.csc_array(sp.coo_array((value, (row, column)), shape=(count, c.count)))

    def _cost(self) -> Array:
        p, c = self.park, self.columns
        cost = np.zeros(c.count)
        for block, price in (
            (c.generation, p.cost),
            (c.charge, p.charge_cost),
            (c.discharge, p.discharge_cost),
            (c.flow, p.flow_cost),
            (c.unserved, p.unserved_cost),
            (c.surplus, np.full(len(p.provinces), p.surplus_cost)),
        ):
            cost[block] = self.step * price[:, None]
        cost[c.over[:, 0]], cost[c.under[:, 0]] = p.over_cost, p.under_cost
        if not self.cyclic:
            cost[c.stored[:, -1]] = -p.value
        return cost

    # -- what changes

    def solve(self, hours: Hours, start: Array | None = None, due: Array | None = None) -> Dispatched:
        """Optimal dispatch of the window's steps.

        Args:
            start: (S,) GWh stored before the first step; none if cyclic.
            due: (guaranteed,) GWh that fall to the window; nothing by default.

        Raises:
            Infeasible, SolverTrouble: the LP has no optimum, or HiGHS does not find it.
        """
        p, c, n = self.park, self.columns, self.steps
        lower, upper = np.zeros(c.count), np.full(c.count, np.inf)
        lower[c.generation], upper[c.generation] = hours.least, hours.most
        upper[c.charge] = upper[c.discharge] = p.power[:, None]
        upper[c.stored] = p.energy[:, None]
        upper[c.flow] = p.line_capacity[p.line][:, None]
        before = np.zeros((len(p.stores), n))
        if start is not None:
            before[:, 0] = start
        wet = hours.water.T.ravel()
        flat = hours.demand.ravel(), before.ravel()
        owed = np.zeros(len(p.guaranteed)) if due is None else due
        row_lower = np.concatenate(
            [*flat, np.full(len(p.lines) * n, -np.inf), np.repeat(p.low, n), np.full(len(wet), -np.inf), owed]
        )
        row_upper = np.concatenate([*flat, np.repeat(p.line_capacity, n), np.repeat(p.high, n), wet, owed])
        every, rows = np.arange(c.count, dtype=np.int32), np.arange(self.rows, dtype=np.int32)
        self.solver.changeColsBounds(c.count, every, lower, upper)
        self.solver.changeRowsBounds(self.rows, rows, row_lower, row_upper)  # type: ignore[attr-defined]
        self.solver.run()
        return self._found()

    def _found(self) -> Dispatched:
        status = self.solver.getModelStatus()
        if status != _STATUS.kOptimal:
            text = self.solver.modelStatusToString(status)
            kind = Infeasible if status == _STATUS.kInfeasible else SolverTrouble
            raise kind(f"dispatch of a window: HiGHS stopped with status {text!r}")
        found, p = self.solver.getSolution(), self.park
        x, dual = np.asarray(found.col_value), np.asarray(found.row_dual)
        info = self.solver.getInfo()
        price = dual[: len(p.provinces) * self.steps].reshape(len(p.provinces), self.steps) / self.step
        return Dispatched(
            **{name: x[getattr(self.columns, name)] for name in Dispatched.ARRAYS if name != "price"},
            price=price,
            iterations=int(info.simplex_iteration_count),
        )
