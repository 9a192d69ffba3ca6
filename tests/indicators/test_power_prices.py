"""Prices, capture, percentiles, implicit transfers and grid rent of the power market, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from picmodel.data.system import Corridor
from tests.tiny import TinyRun, run_tiny, tiny

YEAR = 2030
HOURS = 8760
QUARTER = HOURS / 4


def tables(run: TinyRun) -> dict[tuple[str, str, str], float]:
    """(indicator, province, technology) -> value of the only year."""
    frame = pd.concat(run.active[0].indicators(run.results))
    keys = zip(frame["indicator"], frame["province"], frame["technology"])
    return dict(zip(keys, frame["value"]))


def four_prices():
    """Two provinces without a line. A: four fleets of 1 GW at 0.10 to 0.40, in each quarter one more of them,
    and wind of 0.5 GW in the first two; B: 1 GW at 0.50."""
    steps = {f"coal{i}": dict(provinces=["A"], existing={"A": 1.0}, fuel=i / 10) for i in (1, 2, 3, 4)}
    wind = dict(provinces=["A"], existing={"A": 0.5}, availability=[1.0, 1.0, 0.0, 0.0])
    return tiny(
        {("A", YEAR): [1.0, 2.0, 2.5, 3.5], ("B", YEAR): [1.0] * 4},
        {**steps, "wind": wind, "gas": dict(provinces=["B"], existing={"B": 2.0}, fuel=0.50)},
    )


def test_capture_price_value_factor_and_percentiles():
    """Proves    capture price weighs the price with output, the value factor with the mean of all hours.

    System    `four_prices`.
    By hand   prices in A 0.10, 0.20, 0.30, 0.40 (each quarter's dearest fleet runs at half): mean 0.25
              wind runs in the first two: (0.10 + 0.20) / 2 = 0.15, value factor 0.6
              coal3 runs 0.5 GW at 0.30 and 1 at 0.40: (0.15 + 0.40) / 1.5
              5th, 50th and 95th percentile 100, 200 and 400 CNY/MWh
    Fails if  hours or output are not weighted, or percentiles are interpolated.
    """
    found = tables(run_tiny(four_prices(), {"power": {}}))
    assert found["capture_price", "A", "wind"] == pytest.approx(150.0)
    assert found["value_factor", "A", "wind"] == pytest.approx(0.6)
    assert found["capture_price", "A", "coal3"] == pytest.approx(550 / 1.5)
    assert found["capture_price", "CN", "wind"] == pytest.approx(150.0)
    assert found["capture_price", "B", "gas"] == pytest.approx(500.0)
    assert found["value_factor", "B", "gas"] == pytest.approx(1.0)
    percentiles = [found[f"price_p{p}", "A", "all"] for p in (5, 50, 95)]
    assert percentiles == pytest.approx([100.0, 200.0, 400.0])
    assert ("capture_price", "B", "wind") not in found


def test_what_consumers_pay_for_energy():
    """By hand: A pays 2190 (0.1 + 0.4 + 0.75 + 1.4) = 5803.5, B 8760 0.50 = 4380; A over 9 GW quarters."""
    found = tables(run_tiny(four_prices(), {"power": {}}))
    assert found["consumer_energy_cost", "A", "all"] == pytest.approx(1e-3 * QUARTER * 2.65)
    assert found["consumer_energy_cost", "CN", "all"] == pytest.approx(1e-3 * (QUARTER * 2.65 + 4380))
    assert found["consumer_energy_price", "A", "all"] == pytest.approx(1e3 * 2.65 / 9)
    assert found["levy", "A", "all"] == 0.0


def test_guaranteed_hours_are_an_implicit_transfer_beside_the_ledger():
    """Proves    regulatory duals times what is held to them, by rule, and nothing of it in the ledger.

    System    1 GW of demand and of free wind; 1 GW of coal at 0.30, half of 4000 hours guaranteed.
    By hand   the guarantee costs 0.30 per MWh: 2000 0.30 = 600; the plant that stays saves nobody anything,
              a GW less of it would save 600: age_only 600. The price is 0, so energy pays nothing.
    Fails if  the dual is paid, or is per GW of the province.
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0]},
            {"wind": dict(existing={"A": 1.0}), "coal": dict(existing={"A": 1.0}, fuel=0.30)},
            policy={"planned_hours": {("A", "coal"): 4000.0}},
        ),
        {"power": dict(planned_share=0.5)},
    )
    found = tables(run)
    assert found["implicit_planned_hours", "A", "coal"] == pytest.approx(0.6)
    assert found["implicit_age_only", "A", "coal"] == pytest.approx(0.6)
    assert found["implicit_transfer", "A", "coal"] == pytest.approx(1.2)
    assert run.paid(payee="generators") == pytest.approx(0.0)


def test_a_curtailment_limit_is_an_implicit_transfer():
    """By hand: 1 GW of wind that wears 0.02 beside free hydro, 70 % taken: 0.7 8760 0.02 = 122.64."""
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0]},
            {"hydro": dict(existing={"A": 1.0}), "wind": dict(existing={"A": 1.0}, wear=0.02)},
        ),
        {"power": dict(curtailment_limit_share=0.3)},
    )
    assert tables(run)["implicit_curtailment_limit", "A", "wind"] == pytest.approx(0.12264)


def test_grid_rent_under_a_flat_contract():
    """Proves    the parts of the rent add up when the contract's edges bind, and its dual is in them.

    System    A: coal at 0.20; B: gas at 0.50, 1.0 and 0.5 GW in halves of the year; flat contract from A,
              band 20 %; sending back costs 1 MCNY/GWh.
    By hand   F = 0.625: 0.75 GW and 0.5 GW; prices of B 0.50 and -0.25 (see test_power)
              rent 4380 (0.30 0.75 - 0.45 0.5) = 0 = contracts: upper edge 0.30 0.75 - lower edge 0.45 0.5
              lower edges beside the ledger: 4380 0.45 0.8 0.625 = 985.5
    Fails if  an edge has the wrong sign.
    """
    system = tiny(
        {("A", YEAR): [0.0, 0.0], ("B", YEAR): [1.0, 0.5]},
        {
            "coal": dict(provinces=["A"], existing={"A": 3.0}, fuel=0.20),
            "gas": dict(provinces=["B"], existing={"B": 3.0}, fuel=0.50),
        },
        corridors=(Corridor("A-B", ("A", "B"), contract_from="A"),),
        line_capacity={("A-B", YEAR): 2.0},
        export_tariff={"B": 1.0},
    )
    found = tables(run_tiny(system, {"power": dict(flows="contracts", contract_band_share=0.2)}))
    for part in ("rent", "contracts", "wheeling", "barrier", "congestion", "other", "losses"):
        assert found[f"grid_{part}", "B", "all"] == pytest.approx(0.0, abs=1e-9), part
    assert found["implicit_flat_contracts", "A", "all"] == pytest.approx(0.9855)
