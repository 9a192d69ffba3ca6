"""Both ends of a price, by hand and against difference quotients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import picmodel
from picmodel.data.system import Horizon
from picmodel.indicators.price_ranges import RANGED, price_ranges, wide
from picmodel.solve.highs import SolverOptions, solve
from picmodel.solve.ranging import one_sided_prices
from tests.markets.test_neutral_cap import COAL, WIND, cap, system
from tests.test_dependencies import SMALL
from tests.tiny import TinyRun, compile_tiny, differences, run_tiny
from tests.whole import run_whole

YEAR = 2030
DEAR = dict(existing={"A": 1.0}, fuel=0.40, **WIND)


def ends(run: TinyRun, price: str, kind: str = "all") -> tuple[float, float]:
    """Lower and upper end of the nation's price."""
    table = pd.concat(price_ranges(run.lp, run.solution, run.results))
    mine = table[(table["province"] == "CN") & (table["technology"] == kind)].set_index("indicator")["value"]
    return float(mine.get(f"{price}_low", np.nan)), float(mine.get(f"{price}_high", np.nan))


@pytest.mark.parametrize(
    ("limit", "low", "high"), [(0.7, 100.0, 100.0), (0.9, 0.0, 100.0), (1.2, 0.0, 0.0)], ids=str
)
def test_a_cap_that_just_binds_has_any_price_up_to_the_switch(limit, low, high):
    """Proves    left and right price of a cap, of which the reported price is one or between.

    System    0.9 GW beside hydro: coal at 0.30 with 1 kt/GWh, 1 GW of wind at 0.40.
    By hand   a kt less puts wind in place of coal: 0.10 MCNY.  Cap 0.7: a kt more saves as much.  Cap 0.9
              is what coal emits: a kt more saves nothing.  Cap 1.2: neither.
    Fails if  one dual is given for both ends, or ends are those of the discounted row.
    """
    run = run_tiny(system(coal=COAL, wind=DEAR), {"carbon": cap(limit)})
    assert ends(run, "allowance_price") == pytest.approx((low, high), abs=1e-9)
    assert low - 1e-9 <= 1e3 * run.price("c_allowances", "CN", YEAR) <= high + 1e-9
    lines = wide(price_ranges(run.lp, run.solution, run.results))
    assert lines == (["allowance price 2030: any between 0 and 100 CNY/t is right"] if low < high else [])


def test_certificates_that_just_suffice_have_any_price_up_to_the_payment():
    """Proves    the ends of a row whose dual is positive, and of one that nothing can tighten.

    System    0.2 GW of old free wind, coal; everyone must hold 20 % non-hydro; payment 150.
    By hand   0.2 GWh made and owed each hour: one certificate less costs the payment, one more saves nothing
    """
    data = system(coal=COAL, wind=dict(existing={"A": 0.2}, **WIND))
    due = {("A", YEAR): 0.2}
    data.policy.update(weight_total=due, weight_nonhydro=due)
    run = run_tiny(data, {"green_certificates": dict(trade="national", compliance_payment_cny_per_mwh=150)})
    assert ends(run, "certificate_price", "nonhydro") == pytest.approx((0.0, 150.0), abs=1e-9)
    (line,) = wide(price_ranges(run.lp, run.solution, run.results))
    assert line == "certificate price 2030 (nonhydro): any between 0 and 150 CNY/MWh is right"


def test_discounting_is_undone():
    """By hand: the cap that just binds, in a second year at 5 %: still 0 to 100 CNY/t in both years."""
    data = system((2030, 2035), coal=COAL, wind=DEAR)
    data = replace(data, horizon=Horizon.of((2030, 2035), 5, base_year=2030, rate=0.05))
    run = run_tiny(data, {"carbon": cap(0.9)})
    table = pd.concat(price_ranges(run.lp, run.solution, run.results))
    high = table[table["indicator"] == "allowance_price_high"].set_index("year")["value"]
    assert high.to_dict() == pytest.approx({2030: 100.0, 2035: 100.0})


@pytest.mark.parametrize("design", ["unified", "ccer"])
def test_ends_are_the_limits_of_difference_quotients(design):
    """Proves    both ends of every market row by another way: the right side moved, and the LP solved again.

    System    `whole`, two designs; every row of the three markets.
    Fails if  a side is missed, a sign is turned, or a row that binds is taken for slack.
    """
    run = run_whole(design)
    blocks = {name: run.lp.rows[name] for name in RANGED if name in run.lp.rows}
    placed = {(n, key): i for n, b in blocks.items() for key, i in zip(b.index, b.position) if i >= 0}
    found = one_sided_prices(run.lp, run.solution, list(placed.values()))
    assert len(placed) > 8
    for (name, key), (left, right) in zip(placed, found):
        assert left <= run.dual(name, *key) + 1e-9 <= right + 2e-9
        step = differences(run, name, *key, step=1e-3)
        assert (left, right) == pytest.approx(step, rel=1e-5, abs=1e-6), (name, key)


def test_a_plan_without_basis_has_the_same_ends():
    """Proves    ends come from the optimal point, not from the basis that the solver left."""
    data, options = system(coal=COAL, wind=DEAR), {"carbon": cap(0.9)}
    lp = compile_tiny(data, options)
    inside = solve(lp, SolverOptions(method="ipx", crossover=False, threads=1))
    row = lp.rows["c_allowances"].position
    assert one_sided_prices(lp, inside, row) == pytest.approx(np.array([[-0.1, 0.0]]), abs=1e-6)


def test_no_market_has_no_range():
    run = run_tiny(system(coal=COAL))
    assert price_ranges(run.lp, run.solution, run.results) == []


def test_a_run_has_both_ends_beside_each_price(tmp_path):
    """Proves    `solver.price_ranges` reaches the indicators, with a neutral cap settled in the same run.

    System    one real province, two years, four slices; cap of 60 Mt, certificates as allowances.
    """
    markets = {
        "carbon": {"instrument": "cap", "cap_mt": 60},
        "green_certificates": {"trade": "national", "carbon_linkage": "unified", "neutral_cap": True},
    }
    run = picmodel.run({**SMALL, "solver": {"price_ranges": True}, "markets": markets}, tmp_path)["small"]
    table = run.indicators.query("province == 'CN' and technology == 'all'")
    by_year = table.pivot_table("value", "year", "indicator").loc[[2030, 2035]]
    low, price, high = (by_year[f"allowance_price{end}"] for end in ("_low", "", "_high"))
    assert (price > 1).all()
    assert (low <= price + 1e-6).all()
    assert (price <= high + 1e-6).all()
    assert isinstance(run.manifest["price_ranges"], list)
    assert run.manifest["residuals"]["green_certificates"] <= 1e-4
