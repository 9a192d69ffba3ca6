r"""Benders' decomposition of an LP in parts, with several cuts an iteration and a regularised master.

The master decides :math:`z`, a block answers with the least cost of operating under it,

.. math:: \min_z\; c z + \sum_b q_b(z), \qquad q_b(z) = \min_{x}\{ c_b x : \;\ell \le W_b x + T_b z \le u\}

**Cut.**  Any row prices :math:`\pi` of a block bound its cost from below, whatever z: with the side
:math:`b(\pi)` that each row prices, and the bound of each column that its reduced cost
:math:`d = c_b - W_b^\top \pi` points to,

.. math:: q_b(z) \;\ge\; \pi\, b(\pi) + \sum_j \min_{l \le x \le h} d_j x_j \;-\; \pi T_b z

The prices of an optimum at :math:`\bar z` make it tight there.  The formula needs no optimum, so the prices
of one design give a valid cut in another whose costs or right sides differ, wherever the minimum is finite.
A block without a plan gives a ray, for which the same expression with :math:`c_b = 0` must not exceed 0.

**Bounds.**  The master with :math:`\theta_b \ge` all cuts of b is a lower bound, a z that every block can
operate an upper one.  **The next z** is not the master's optimum, which jumps from corner to corner, but lies
where the cuts promise to close a share of the gap,

.. math:: c z + \sum_b \theta_b \le L + \alpha (U - L)

`centre` takes an interior point of that set, as an interior-point method without an objective and without
crossover finds it; `level` the point of it that is nearest to the best z so far; `none` the master's optimum.
Blocks are solved again by the dual simplex from their last basis: only right sides change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
import scipy.sparse as sp

from benchmarks.partition import Part, Reduced, Split
from picmodel.errors import Infeasible, SolverTrouble

LEVEL = 0.5
#: stands for no floor under a block's cost: no bound is taken from a master that rests on it
NO_FLOOR = -1e7
#: iterations for which a cut that binds nowhere stays in the search for the next point (the bound keeps all)
KEPT_FOR = 15
SPENT = ("master_s", "level_s", "operation_s")
WAYS = ("centre", "level", "none")
#: of reduced costs and of violations: less is none
NOTHING = 1e-7
INFINITY = highspy.kHighsInf
_STATUS = highspy.HighsModelStatus
SIMPLEX = {"solver": "simplex", "threads": 1, "dual_feasibility_tolerance": 1e-9}


@dataclass(frozen=True)
class Cut:
    """theta >= constant + slope.z (``ray``: 0 >= ...), with z the block's linked columns.

    Attributes:
        price: the row prices that it comes from.
    """

    constant: float
    slope: np.ndarray
    price: np.ndarray
    ray: bool = False

    def at(self, z: np.ndarray) -> float:
        return self.constant + float(self.slope @ z)


def cut_of(part: Part, price: np.ndarray, ray: bool = False) -> Cut | None:
    """The cut that row prices give; None where they bound nothing."""
    side = np.where(price > 0, part.row_lower, part.row_upper)
    price = np.where(np.isfinite(side), price, 0.0)
    cost = np.zeros(len(part.cost)) if ray else part.cost
    reduced = cost - part.own.T @ price
    open_end = np.isinf(np.where(reduced > 0, part.lower, part.upper))
    reduced = np.where(open_end & (np.abs(reduced) <= NOTHING * (1 + np.abs(cost))), 0.0, reduced)
    end = np.where(reduced > 0, part.lower, part.upper)
    terms = [_product(price, side), _product(reduced, end)]
    constant = sum(float(term.sum()) for term in terms)
    return Cut(constant, -(part.linking.T @ price), price, ray) if np.isfinite(constant) else None


def _product(price: np.ndarray, side: np.ndarray) -> np.ndarray:
    used = price != 0
    return price[used] * side[used]


@dataclass(frozen=True)
class Answer:
    """A block at a z: its cost (infinite without a plan), a cut, its plan, CPU seconds and pivots."""

    cost: float
    cut: Cut
    x: np.ndarray | None
    seconds: float
    pivots: int


class Operation:
    """A block and its solver, which keeps the last basis."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.solver = solver_of(part.own, part.cost, part.lower, part.upper, part.row_lower, part.row_upper)

    def floor(self, lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
        """Least cost whatever z within its bounds (`NO_FLOOR` if there is none), and CPU seconds."""
        begun = time.thread_time()
        part = self.part
        solver = solver_of(
            sp.hstack([part.own, part.linking], format="csc"),
            np.concatenate([part.cost, np.zeros(len(part.linked))]),
            np.concatenate([part.lower, lower]),
            np.concatenate([part.upper, upper]),
            part.row_lower,
            part.row_upper,
        )
        solver.run()
        known = solver.getModelStatus() == _STATUS.kOptimal
        floor = float(solver.getInfo().objective_function_value) if known else NO_FLOOR
        return floor, time.thread_time() - begun

    def at(self, z: np.ndarray) -> Answer:
        """Operate under z."""
        begun = time.thread_time()
        part, solver = self.part, self.solver
        moved = part.linking @ z
        rows = np.arange(len(moved), dtype=np.int32)
        solver.changeRowsBounds(len(rows), rows, part.row_lower - moved, part.row_upper - moved)
        solver.run()
        status = solver.getModelStatus()
        pivots = int(solver.getInfo().simplex_iteration_count)
        if status == _STATUS.kOptimal:
            found = solver.getSolution()
            cut = cut_of(part, np.asarray(found.row_dual))
            if cut is None:
                raise SolverTrouble(f"the operation of {part.name}: its prices bound nothing")
            cost = float(solver.getInfo().objective_function_value)
            return Answer(cost, cut, np.asarray(found.col_value), time.thread_time() - begun, pivots)
        return Answer(np.inf, self._ray(z), None, time.thread_time() - begun, pivots)

    def _ray(self, z: np.ndarray) -> Cut:
        """A cut that says why there is no plan."""
        self.solver.setOptionValue("presolve", "off")
        self.solver.run()
        _, known, ray = self.solver.getDualRay()
        self.solver.setOptionValue("presolve", "choose")
        if known:
            for price in (np.asarray(ray), -np.asarray(ray)):
                cut = cut_of(self.part, price, ray=True)
                if cut is not None and cut.at(z) > 1e-9:
                    return cut
        status = self.solver.modelStatusToString(self.solver.getModelStatus())
        raise SolverTrouble(f"the operation of {self.part.name}: HiGHS stopped with status {status!r}")


def solver_of(matrix, cost, lower, upper, row_lower, row_upper, options: dict | None = None) -> highspy.Highs:
    """HiGHS with an LP."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
    model.row_lower_, model.row_upper_ = row_lower, row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.resetGlobalScheduler(True)
    for name, value in {"output_flag": False, **(options or SIMPLEX)}.items():
        solver.setOptionValue(name, value)
    solver.passModel(model)
    return solver


def _require_optimal(solver: highspy.Highs, what: str) -> None:
    solver.run()
    status = solver.getModelStatus()
    if status == _STATUS.kInfeasible:
        raise Infeasible(f"{what}: no plan meets all rows")
    if status != _STATUS.kOptimal:
        raise SolverTrouble(f"{what}: HiGHS stopped with status {solver.modelStatusToString(status)!r}")


class Master:
    """What is decided once, and a floor under the cost of each block."""

    def __init__(self, split: Split, floors: Sequence[float]) -> None:
        part = split.master
        self.size = part.own.shape[1]
        self.blocks = split.blocks
        self.weight = np.zeros(self.size)
        for block in split.blocks:
            self.weight[block.linked] = 1.0
        n = len(floors)
        self.cost = np.concatenate([part.cost, np.ones(n)])
        self.lower = np.concatenate([part.lower, floors])
        self.upper = np.concatenate([part.upper, np.full(n, INFINITY)])
        rows = sp.hstack([part.own, sp.csc_array((part.own.shape[0], n))], format="csc")
        self.part, self.rows = part, sp.csr_array(rows)
        self.cuts: list[sp.csr_array] = []
        self.sides: list[float] = []
        self.used = np.zeros(0, int)
        self.iteration = 0
        self.solver = solver_of(rows, self.cost, self.lower, self.upper, part.row_lower, part.row_upper)

    def add(self, number: int, cut: Cut) -> None:
        """slope.z - theta <= -constant."""
        linked = self.blocks[number].linked
        slope = np.where(np.abs(cut.slope) > 1e-9, cut.slope, 0.0)
        used = np.flatnonzero(slope)
        places, values = linked[used], slope[used]
        if not cut.ray:
            places, values = np.append(places, self.size + number), np.append(values, -1.0)
        self.solver.addRow(-INFINITY, -cut.constant, len(places), places.astype(np.int32), values)
        row = sp.csr_array((values, (np.zeros(len(places), int), places)), (1, len(self.cost)))
        self.cuts.append(row)
        self.sides.append(-cut.constant)
        self.used = np.append(self.used, self.iteration)

    def bound(self) -> tuple[float, np.ndarray]:
        """Lower bound (minus infinity while it rests on no floor), and where it is reached."""
        _require_optimal(self.solver, "the master")
        self.iteration += 1
        solution = self.solver.getSolution()
        binding = np.asarray(solution.row_dual)[self.rows.shape[0] :] < 0
        self.used[binding] = self.iteration
        point = np.asarray(solution.col_value)
        resting = (point[self.size :] < 0.99 * NO_FLOOR).any()
        bound = -np.inf if resting else float(self.solver.getInfo().objective_function_value)
        return bound, point[: self.size]

    def inside(self, level: float, near: np.ndarray | None) -> np.ndarray | None:
        """The point nearest to ``near`` (None: a central one) that promises at most ``level``."""
        kept = np.flatnonzero(self.used >= self.iteration - KEPT_FOR)
        cuts = [self.cuts[k] for k in kept]
        matrix = sp.vstack([self.rows, *cuts, sp.csr_array(self.cost[None, :])], format="csc")
        sides = np.array([*(self.sides[k] for k in kept), level])
        count = len(self.cost)
        pull = np.zeros(count)
        if near is not None:
            pull[: self.size] = -self.weight * near
        solver = solver_of(
            matrix,
            pull,
            self.lower,
            self.upper,
            np.concatenate([self.part.row_lower, np.full(len(sides), -np.inf)]),
            np.concatenate([self.part.row_upper, sides]),
            {"solver": "hipo", "run_crossover": "off", "threads": 1},
        )
        if near is not None:
            places = np.flatnonzero(self.weight)
            start = np.searchsorted(places, np.arange(count))
            solver.passHessian(
                count,
                len(places),
                int(highspy.HessianFormat.kTriangular),
                start.astype(np.int32),
                places.astype(np.int32),
                self.weight[places],
            )
        solver.run()
        if solver.getModelStatus() != _STATUS.kOptimal:
            return None
        return np.clip(np.asarray(solver.getSolution().col_value), self.lower, self.upper)[: self.size]


# -- who operates the blocks


def crew(split: Split, client=None) -> list:
    """The blocks' solvers: here, or each as an actor on a worker of a Dask client."""
    if client is None:
        return [Operation(block) for block in split.blocks]
    return [future.result() for future in [client.submit(Operation, b, actor=True) for b in split.blocks]]


def _result(value):
    """An actor answers with a promise."""
    return value.result() if hasattr(value, "result") else value


# -- the method


@dataclass
class Found:
    """Bounds and the best decision.

    Attributes:
        z: the master's columns; ``x`` each block's own.
        cuts: (block, cut) in the order in which they were made.
        reused: how many of them are another design's.
        log: a line for each iteration: bounds, CPU seconds (``SPENT``; ``slowest_s`` of the slowest block).
    """

    lower: float = -np.inf
    upper: float = np.inf
    z: np.ndarray | None = None
    x: list[np.ndarray] = field(default_factory=list)
    reused: int = 0
    cuts: list[tuple[int, Cut]] = field(default_factory=list)
    log: list[dict] = field(default_factory=list)

    @property
    def gap(self) -> float:
        return (self.upper - self.lower) / max(abs(self.upper), 1.0) if np.isfinite(self.upper) else np.inf


def decompose(
    split: Split,
    gap: float = 1e-4,
    regularised: str = "centre",
    reuse: Sequence[tuple[int, Cut]] = (),
    client=None,
    most: int = 500,
    limit_s: float = np.inf,
    say: Callable[[dict], None] = lambda line: None,
) -> Found:
    """Close the gap between bounds.

    Args:
        gap: relative, upper less lower bound over the upper.
        regularised: one of `WAYS`.
        reuse: cuts of another design; those that bound nothing here are left out.
        client: of a Dask cluster that operates the blocks; without one they are operated here.
        most, limit_s: iterations, and CPU seconds, after which it stops as it is.
        say: told of each iteration.

    Raises:
        Infeasible: no decision can be operated.
        SolverTrouble: HiGHS stops without an answer.
    """
    found, operations = Found(), crew(split, client)
    master, line = _begun(split, operations, found, reuse)
    total = 0.0
    while len(found.log) < most and total <= limit_s:
        line |= {"iteration": len(found.log)}
        z = _next(master, found, regularised, gap, line, split.offset)
        if z is not None:
            _operate(split, operations, master, found, z, line)
        line |= {"upper": found.upper, "gap": found.gap}
        found.log.append(line)
        say(line)
        if z is None:
            break
        total += sum(line.get(name, 0.0) for name in SPENT)
        line = {}
    return found


def _begun(split: Split, operations: Sequence, found: Found, reuse) -> tuple[Master, dict]:
    """The master with a floor for each block and what holds of the cuts of another design."""
    part = split.master
    asked = [op.floor(part.lower[b.linked], part.upper[b.linked]) for op, b in zip(operations, split.blocks)]
    floors = [_result(value) for value in asked]
    begun = time.process_time()
    master = Master(split, [floor for floor, _ in floors])
    for number, old in reuse:
        cut = cut_of(split.blocks[number], old.price, old.ray)
        if cut is not None:
            found.cuts.append((number, cut))
            master.add(number, cut)
    found.reused = len(found.cuts)
    seconds = [spent for _, spent in floors]
    return master, {
        "operation_s": sum(seconds),
        "slowest_s": max(seconds),
        "master_s": time.process_time() - begun,
    }


def _next(
    master: Master, found: Found, regularised: str, gap: float, line: dict, offset: float
) -> np.ndarray | None:
    """Where to operate next; None when the gap is closed."""
    begun = time.process_time()
    bound, z = master.bound()
    found.lower = max(found.lower, bound + offset)
    line["lower"] = found.lower
    _add(line, "master_s", time.process_time() - begun)
    if found.gap <= gap:
        return None
    if regularised == "none" or found.z is None or np.isinf(found.lower):
        return z
    begun = time.process_time()
    level = found.lower + LEVEL * (found.upper - found.lower) - offset
    inside = master.inside(level, found.z if regularised == "level" else None)
    line["level_s"] = time.process_time() - begun
    return z if inside is None else inside


def _operate(split: Split, operations: Sequence, master: Master, found: Found, z: np.ndarray, line: dict):
    """Operate all blocks under z, add their cuts, keep z if it is the best."""
    asked = [op.at(z[block.linked]) for op, block in zip(operations, split.blocks)]
    answers = [_result(answer) for answer in asked]
    for number, answer in enumerate(answers):
        found.cuts.append((number, answer.cut))
        master.add(number, answer.cut)
    total = float(split.master.cost @ z) + sum(answer.cost for answer in answers) + split.offset
    if total < found.upper:
        found.upper, found.z, found.x = total, z, [answer.x for answer in answers]
    seconds = [answer.seconds for answer in answers]
    _add(line, "operation_s", sum(seconds))
    _add(line, "slowest_s", max(seconds))
    line["pivots"] = sum(answer.pivots for answer in answers)


def _add(line: dict, name: str, amount: float) -> None:
    line[name] = line.get(name, 0.0) + amount


def whole(split: Split, reduced: Reduced, found: Found) -> np.ndarray:
    """The best plan, by column of the LP that was split."""
    x = np.zeros(len(reduced.kept))
    for part, values in zip((split.master, *split.blocks), (found.z, *found.x)):
        known = part.columns >= 0
        x[part.columns[known]] = values[known]
    return reduced.whole(x)
