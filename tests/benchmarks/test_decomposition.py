"""Benders' decomposition: cuts and bounds of systems solved by hand, and all mechanisms beside the whole."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.benders import WAYS, Operation, cut_of, decompose, whole
from benchmarks.partition import parts, split
from benchmarks.solver_options import UNITS
from picmodel.solve.certificate import examine
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import solve
from picmodel.solve.scaling import OBJECTIVE_SCALE, Scaling
from tests.tiny import SIMPLEX, compile_tiny, tiny
from tests.whole import EVERYTHING, whole_system

HOURS = [8000.0, 760.0]
LOST_LOAD = 0.3


def two_periods(annuity: float = 100.0, fuel: float = 0.2, **more):
    """10 GW for 8000 h, 20 GW for 760 h; a plant at 100 MCNY/GW-yr and 0.2 MCNY/GWh, lost load at 0.3.

    The first 10 GW run all year and save 0.1 x 8760 = 876 MCNY/GW-yr, more than they cost; the next 10 save
    0.1 x 760 = 76 and are not built.  In all 10 x 100 + 0.2 x 10 x 8760 + 0.3 x 10 x 760 = 20 800 MCNY.
    """
    plant = dict(build=True, annuity=annuity, fuel=fuel, **more)
    return tiny({("A", 2030): [10.0, 20.0]}, {"plant": plant}, hours=HOURS, lost_load=LOST_LOAD)


def divided(data, by: str = "period"):
    return split(compile_tiny(data), data, by)[0]


class TestTwoPeriods:
    def test_the_capacity_is_decided_once_and_each_period_operates_it(self):
        found = divided(two_periods())
        assert [block.name for block in found.blocks] == [(2030, 0), (2030, 1)]
        assert [len(block.linked) for block in found.blocks] == [1, 1]
        assert found.shared_rows == 0

    @pytest.mark.parametrize(
        ("capacity", "block", "cost", "slope"),
        [
            (4.0, 0, 8000 * (0.2 * 4 + 0.3 * 6), -800.0),
            (4.0, 1, 760 * (0.2 * 4 + 0.3 * 16), -76.0),
            (15.0, 0, 8000 * 0.2 * 10, 0.0),
            (15.0, 1, 760 * (0.2 * 15 + 0.3 * 5), -76.0),
        ],
    )
    def test_a_cut_has_the_cost_and_the_worth_of_a_gw(self, capacity, block, cost, slope):
        z = np.array([capacity])
        answer = Operation(divided(two_periods()).blocks[block]).at(z)
        assert answer.cost == pytest.approx(cost)
        assert answer.cut.at(z) == pytest.approx(cost)
        assert answer.cut.slope == pytest.approx([slope], abs=1e-9)

    @pytest.mark.parametrize("way", WAYS)
    def test_bounds_close_on_the_optimum_and_never_cross(self, way):
        found = decompose(divided(two_periods()), 1e-8, way)
        assert found.upper == pytest.approx(20_800)
        assert found.lower == pytest.approx(20_800)
        lower, upper = (np.array([line[name] for line in found.log]) for name in ("lower", "upper"))
        assert (np.diff(lower) >= 0).all()
        assert (np.diff(upper[np.isfinite(upper)]) <= 0).all()
        assert (lower <= upper * (1 + 1e-9)).all()

    def test_capacity_that_must_run_beyond_demand_gives_a_ray(self):
        """All of it runs: with more than 10 GW there is no plan in the first period, with 10 there is one."""
        block = divided(two_periods(must_run=1.0)).blocks[0]
        answer = Operation(block).at(np.array([30.0]))
        assert answer.cost == np.inf
        assert answer.cut.ray
        assert answer.cut.at(np.array([30.0])) > 0
        assert -answer.cut.constant / answer.cut.slope[0] == pytest.approx(10)

    def test_a_decision_that_cannot_be_operated_is_given_up(self):
        """20 GW stand and are kept at no cost, all runs: 10 stay, which run all year."""
        data = tiny(
            {("A", 2030): [10.0, 20.0]},
            {"old": dict(existing={"A": 20.0}, must_run=1.0, fuel=0.2)},
            hours=HOURS,
            lost_load=LOST_LOAD,
        )
        found = decompose(divided(data), 1e-8)
        assert found.upper == pytest.approx(0.2 * 10 * 8760 + 0.3 * 10 * 760)


class TestReuse:
    def test_with_dearer_capital_the_old_cuts_say_all(self):
        """The bound is the optimum before anything is operated: 10 x 110 + 19 800."""
        before = decompose(divided(two_periods()), 1e-8)
        found = decompose(divided(two_periods(annuity=110.0)), 1e-8, reuse=before.cuts)
        assert found.reused == len(before.cuts)
        assert found.log[0]["lower"] == pytest.approx(20_900)
        assert found.upper == pytest.approx(20_900)

    def test_with_dearer_fuel_old_prices_give_valid_cuts(self):
        """An old cut holds for all capacities, and is less than the cost at some."""
        before = decompose(divided(two_periods()), 1e-8)
        block = divided(two_periods(fuel=0.25)).blocks[0]
        operation = Operation(block)
        cuts = [cut_of(block, cut.price) for number, cut in before.cuts if number == 0]
        room = [
            operation.at(z).cost - max(cut.at(z) for cut in cuts)
            for z in (np.array([gw]) for gw in (0.0, 5.0, 10.0, 20.0))
        ]
        assert min(room) >= -1e-6
        # at 10 GW: 8000 h x 10 GW x 0.25 now, 0.2 then
        assert room[2] == pytest.approx(8000 * 10 * 0.05)

    def test_with_cheaper_fuel_they_bound_nothing(self):
        cut = Operation(divided(two_periods()).blocks[0]).at(np.array([4.0])).cut
        assert cut_of(divided(two_periods(fuel=0.1)).blocks[0], cut.price) is None


def capped() -> LinearProgram:
    """Two blocks need 10 and 20, from a dirty source at 1 or a clean one at 4 and 3; at most 12 of the dirty.

    A unit of it saves 3 in the first block and 2 in the second: 10 and 2, so 10 + 2 + 3 x 18 = 66.
    """
    matrix = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]])
    return LinearProgram(
        matrix=sp.csc_array(matrix),
        cost=np.array([1.0, 4, 1, 3]),
        offset=0.0,
        row_lower=np.array([10.0, 20, -np.inf]),
        row_upper=np.array([10.0, 20, 12]),
        lower=np.zeros(4),
        upper=np.full(4, np.inf),
        rows={},
        columns={},
        items={},
        rows_of={},
        discount={},
        capacities=(),
    )


def test_a_row_of_two_blocks_is_shared_out():
    found = decompose(parts(capped(), ["a", "a", "b", "b"]), 1e-8)
    assert found.upper == pytest.approx(66)
    assert found.lower == pytest.approx(66)
    # the shares of the cap, then what each block takes from dirty and clean
    assert found.z == pytest.approx([10, 2], abs=1e-5)
    assert [x[:2] for x in found.x] == [pytest.approx([10, 0], abs=1e-5), pytest.approx([2, 18], abs=1e-5)]


def test_all_mechanisms_by_year_as_the_whole():
    """Banks and limits over the years included; the plan keeps all rows and costs the upper bound."""
    data, markets = whole_system(), EVERYTHING["unified"]
    lp = compile_tiny(data, markets)
    best = solve(lp, SIMPLEX, UNITS).objective * OBJECTIVE_SCALE
    scaled = Scaling(lp, UNITS).scaled()
    divided, reduced = split(scaled, data)
    found = decompose(divided, 1e-4)
    assert len(divided.blocks) == len(data.horizon.years)
    assert found.lower <= best * (1 + 1e-7)
    assert best <= found.upper * (1 + 1e-7)
    assert found.gap <= 1e-4
    x = whole(divided, reduced, found)
    assert scaled.cost @ x + scaled.offset == pytest.approx(found.upper, rel=1e-8)
    assert examine(scaled, x, np.zeros(lp.shape[0])).primal < 1e-6


def test_blocks_on_dask_give_the_same_bounds():
    distributed = pytest.importorskip("distributed")
    alone = decompose(divided(two_periods()), 1e-8)
    with distributed.Client(processes=False, threads_per_worker=1, dashboard_address=None) as client:
        found = decompose(divided(two_periods()), 1e-8, client=client)
    assert [line["lower"] for line in found.log] == [line["lower"] for line in alone.log]
    assert found.upper == alone.upper
