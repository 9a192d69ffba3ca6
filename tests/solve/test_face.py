"""Ends over all optimal plans: by hand, and by the same question put another way."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

from picmodel.errors import SolverTrouble
from picmodel.solve.face import Face, Quantity
from picmodel.solve.highs import SolverOptions, solve
from tests.tiny import TinyRun, compile_tiny, run_tiny, tiny
from tests.whole import EVERYTHING, whole_system

HOURS = 8760
#: (A, 2030)
PLACE = ("A", 2030)


def of(run: TinyRun, name: str, **weights: float) -> np.ndarray:
    """Weights of the columns of a variable by technology ("" : it has none)."""
    found, block = np.zeros(run.lp.shape[1]), run.lp.columns[name]
    for key, j in zip(block.index, block.position):
        found[j] = weights.get(key[1], 0.0) if len(key) > 2 else 1.0
    return found


def two_coals(difference: float = 0.0) -> TinyRun:
    """1 GW of demand, 0.7 GW each of two plants at 0.30 (and 0.30 + difference) with 1.0 and 0.8 kt/GWh."""
    plant = dict(existing={"A": 0.7})
    return run_tiny(
        tiny(
            {PLACE: [1.0]},
            {
                "old": dict(plant, fuel=0.30, emission=1.0),
                "new": dict(plant, fuel=0.30 + difference, emission=0.8),
            },
        )
    )


def test_two_plants_of_one_cost_share_as_they_like():
    """By hand: 0.3 to 0.7 GW of either; 0.7 + 0.8 x 0.3 = 0.94 kt/h at most, 0.3 + 0.8 x 0.7 at least."""
    run = two_coals()
    face = Face(run.lp, run.solution)
    emissions = face.ends(Quantity(of(run, "v_emissions")))
    assert emissions == pytest.approx((0.86 * HOURS, 0.94 * HOURS))
    assert face.ends(Quantity(of(run, "v_annual_generation", old=1.0))) == pytest.approx(
        (0.3 * HOURS, 0.7 * HOURS)
    )
    assert face.worst_loss < 1e-12


@pytest.mark.parametrize(("difference", "rate"), [(1e-5, 0.94), (-1e-5, 0.86)])
def test_a_hair_of_a_difference_decides(difference, rate):
    """By hand: at 0.00001 MCNY/GWh (0.01 CNY/MWh) less the old plant runs full, or the new one."""
    run = two_coals(difference)
    ends = Face(run.lp, run.solution).ends(Quantity(of(run, "v_emissions")))
    assert ends == pytest.approx((rate * HOURS, rate * HOURS))


def test_a_ratio_of_which_both_parts_move():
    """0.2 GW of free wind; 0.8 GW net from two coals, of which one uses 10 % of its gross output itself.

    By hand    net of the thirsty one 0.1 to 0.7: total gross 0.2 + 0.1/0.9 + 0.7 to 0.2 + 0.7/0.9 + 0.1
    """
    coal = dict(existing={"A": 0.7}, fuel=0.3)
    data = tiny(
        {PLACE: [1.0]},
        {
            "wind": dict(existing={"A": 0.2}, **{"class": "nonhydro"}),
            "thirsty": dict(coal, own_use=0.1),
            "other": coal,
        },
    )
    run = run_tiny(data)
    total = of(run, "v_annual_generation", wind=1.0, thirsty=1 / 0.9, other=1.0)
    share = Quantity(of(run, "v_annual_generation", wind=1.0), total)
    low, high = Face(run.lp, run.solution).ends(share)
    assert low == pytest.approx(0.2 / (0.3 + 0.7 / 0.9))
    assert high == pytest.approx(0.2 / (0.9 + 0.1 / 0.9))


def test_what_nothing_limits_has_no_end():
    """Wind that costs nothing to build: any capacity from the 1 GW that is needed; other ends still hold."""
    run = run_tiny(tiny({PLACE: [1.0]}, {"wind": dict(build=True)}))
    face = Face(run.lp, run.solution)
    capacity, output = (
        Quantity(of(run, f"v_{name}", wind=1.0)) for name in ("capacity", "annual_generation")
    )
    assert face.ends(capacity) == (pytest.approx(1.0), np.inf)
    assert face.ends(output) == pytest.approx((HOURS, HOURS))


def test_without_a_basis_there_is_no_look():
    run = two_coals()
    inside = solve(run.lp, SolverOptions(method="ipx", crossover=False, threads=1))
    with pytest.raises(SolverTrouble, match=r"without a basis; leave `solver\.crossover` on"):
        Face(run.lp, inside)


def within_budget(lp, optimum: float, quantity: Quantity, sign: float) -> float:
    """An end by another way: the objective as a row of the LP, a ratio by scaling all (Charnes, Cooper)."""
    bottom = np.zeros(lp.shape[1]) if quantity.bottom is None else quantity.bottom
    matrix = sp.vstack([lp.matrix, sp.identity(lp.shape[1]), lp.cost[np.newaxis, :]]).tocsr()
    low = np.concatenate([lp.row_lower, lp.lower, [-np.inf]])
    high = np.concatenate([lp.row_upper, lp.upper, [optimum - lp.offset + 1e-9 * abs(optimum)]])
    below, above = np.isfinite(high), np.isfinite(low)
    sides = sp.vstack(
        [
            sp.hstack([matrix[below], -high[below][:, np.newaxis]]),
            sp.hstack([-matrix[above], low[above][:, np.newaxis]]),
        ]
    )
    one = np.append(bottom, 1.0 if quantity.bottom is None else 0.0)
    found = linprog(
        np.append(-sign * quantity.top, 0.0),
        A_ub=sides,
        b_ub=np.zeros(sides.shape[0]),
        A_eq=one[np.newaxis, :],
        b_eq=[1.0],
        bounds=[(None, None)] * lp.shape[1] + [(0, None)],
        method="highs-ds",
    )
    assert found.status == 0, found.message
    return -sign * found.fun


@pytest.mark.parametrize("design", EVERYTHING)
def test_ends_are_those_within_a_budget(design):
    """Proves    that the face is all plans of the optimum's cost, and no other, with every mechanism on.

    By another way    the objective as a budget row with 1e-9 of room, solved from nothing by scipy.
    """
    lp = compile_tiny(whole_system(), EVERYTHING[design])
    solution = solve(lp, SolverOptions(method="simplex", threads=1))
    face = Face(lp, solution)
    for name in ("v_emissions", "v_annual_generation", "v_use"):
        if name not in lp.columns:
            continue
        top = np.zeros(lp.shape[1])
        block = lp.columns[name]
        half = [j for n, j in enumerate(block.position) if j >= 0 and n % 2]
        top[half] = 1.0
        whole = np.zeros(lp.shape[1])
        whole[block.position[block.position >= 0]] = 1.0
        for quantity in (Quantity(top), Quantity(top, whole)):
            here = face.ends(quantity)
            there = tuple(within_budget(lp, solution.objective, quantity, sign) for sign in (-1.0, 1.0))
            assert here == pytest.approx(there, rel=1e-4, abs=1e-6), name
    assert face.worst_loss < 1e-9
