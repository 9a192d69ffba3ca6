"""Renewable shares: of generation, of consumption by flow and by certificates; places; the file alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from picmodel.data.system import Corridor
from picmodel.extract.tracing import OUTPUTS, Grid, drawn, trace
from picmodel.indicators.shares import (
    certificate_shares,
    renewable_shares,
    shares_of_consumption,
    traced_shares,
)
from picmodel.report.write import write_netcdf
from tests.tiny import TinyRun, run_tiny, tiny
from tests.whole import EVERYTHING, run_whole

YEAR = 2030
PLACES = ["CN", "A", "B", "C", "North", "South"]


def values(frame: pd.DataFrame, name: str, places=tuple(PLACES), year: int = YEAR) -> list[float]:
    """Values of an indicator by place, NaN where there is none."""
    table = frame[(frame.indicator == name) & (frame.year == year)].set_index("province")["value"]
    assert table.index.is_unique
    return [float(table.get(place, np.nan)) for place in places]


def three_provinces() -> TinyRun:
    """A and B are the North, C the South; lines A-B (loses a fifth) and B-C (without loss), all one way.

    A: 1 GW of demand; 2 GW of coal with 10 % own use that must give 0.9 net, wind of 0.6 GW
    B: 0.9 GW of demand; 1 GW of hydro
    C: 0.5 GW of demand, no plants
    """
    return run_tiny(
        tiny(
            {("A", YEAR): [1.0], ("B", YEAR): [0.9], ("C", YEAR): [0.5]},
            {
                "coal": dict(provinces=["A"], existing={"A": 1.0}, availability=0.9, own_use=0.1, fuel=0.3),
                "wind": dict(provinces=["A"], existing={"A": 0.6}, **{"class": "nonhydro"}),
                "hydro": dict(provinces=["B"], existing={"B": 1.0}, **{"class": "hydro"}),
            },
            corridors=(Corridor("A-B", ("A", "B"), loss=0.2), Corridor("B-C", ("B", "C"))),
            line_capacity={("A-B", YEAR): 1.0, ("B-C", YEAR): 1.0},
            may_retire={"coal": False},
            min_output={
                ("A", "coal", 0): 0.9,
                ("A", "wind", 0): 1.0,
                ("B", "hydro", 0): 1.0,
            },
            policy={"regional_grid": {"A": "North", "B": "North", "C": "South"}},
        )
    )


def test_shares_by_hand():
    """Proves    gross output in generation; the mix of each hour in consumption; regions are sums.

    System    `three_provinces`: everything must run, so that A sends 0.5, B gets 0.4 and sends 0.5.
    By hand   gross: coal 1, wind 0.6, hydro 1
              generation: A 0.6/1.6, B 1, C none; North 1.6/2.6 and without hydro 0.6/2.6; nation the same
              mix of A: wind 0.6/1.5 = 0.4; B has 1.0 hydro, 0.4 from A: wind 0.16/1.4, hydro 1/1.4
              consumption: A 0.4; B and C 1.16/1.4, without hydro 0.16/1.4
              North: (0.4 + 0.9 1.16/1.4) / 1.9; nation: 2.4 GW consumed, of it 0.6 + 1 less 0.04 lost wind
    Fails if  the share is of net output (A 0.4), the loss is charged to wind alone, or the North is a mean.
    """
    run = three_provinces()
    frame = pd.concat([renewable_shares(run.results), traced_shares(run.results, trace(run.results))])
    assert values(frame, "renewable_share") == pytest.approx(
        [1.6 / 2.6, 0.375, 1.0, np.nan, 1.6 / 2.6, np.nan], nan_ok=True
    )
    assert values(frame, "nonhydro_share") == pytest.approx(
        [0.6 / 2.6, 0.375, 0.0, np.nan, 0.6 / 2.6, np.nan], nan_ok=True
    )
    b, wind = 1.16 / 1.4, 0.16 / 1.4
    assert values(frame, "renewable_share_of_consumption") == pytest.approx(
        [1.56 / 2.4, 0.4, b, b, (0.4 + 0.9 * b) / 1.9, b], abs=1e-8
    )
    assert values(frame, "nonhydro_share_of_consumption") == pytest.approx(
        [0.56 / 2.4, 0.4, wind, wind, (0.4 + 0.9 * wind) / 1.9, wind], abs=1e-8
    )


def test_renewable_consumption_is_generation_less_losses():
    """Proves    output of every class is consumed, or lost on a line: nothing else.

    System    `three_provinces`; line losses 0.1 GW at A's mix: 0.04 of wind, 0.06 of coal.
    By hand   wind 0.6 - 0.04, hydro 1, coal 0.9 - 0.06, all by 8760 h.
    Fails if  a loss is booked twice or nowhere.
    """
    traced = trace(three_provinces().results)
    consumed = traced.drawn.sum("province").sel(year=YEAR, content=["nonhydro", "hydro", "other"])
    lost = traced.lost.sum("province").sel(year=YEAR, content=["nonhydro", "hydro", "other"])
    assert (consumed / 8760).values == pytest.approx([0.56, 1.0, 0.84], rel=1e-8)
    assert (lost / 8760).values == pytest.approx([0.04, 0.0, 0.06], rel=1e-8, abs=1e-12)


def test_a_store_gives_back_the_mix_it_took():
    """Proves    discharge is no generation; what a store loses is consumed with the mix it took.

    System    two hours of 1 GW; hour 0: wind 1 and coal 0.5, of which 0.5 is stored; hour 1: coal 0.6 and 0.4
              from the store (80 %).
    By hand   generation 1 / 2.1; the store took 2/3 wind: hour 1 has 0.4 2/3 of wind, the loss 0.1 2/3
              consumed: 2/3 + 0.4 2/3 + 0.1 2/3 = 1 of 2.1, the same share as there is no line
    Fails if  discharge counts as output (1 / 2.5), or the loss takes wind out of the world.
    """
    run = run_tiny(
        tiny(
            {("A", YEAR): [1.0, 1.0]},
            {
                "wind": dict(existing={"A": 1.0}, availability=[1.0, 0.0], **{"class": "nonhydro"}),
                "coal": dict(existing={"A": 1.0}, fuel=0.30, must_run=0.5),
                "battery": dict(existing={"A": 0.5}, duration=(2.0, 2.0), efficiency=0.8),
            },
            may_retire={"coal": False},
        )
    )
    frame = pd.concat([renewable_shares(run.results), traced_shares(run.results, trace(run.results))])
    assert values(frame, "renewable_share", ["A"]) == pytest.approx([1 / 2.1])
    assert values(frame, "renewable_share_of_consumption", ["A"]) == pytest.approx([1 / 2.1])


def certificates(weight: float, **options) -> TinyRun:
    """A 1 GW of demand, wind of 0.6 GW and coal; B 1 GW of demand and coal; no line; weight for B alone."""
    return run_tiny(
        tiny(
            {("A", YEAR): [1.0], ("B", YEAR): [1.0]},
            {
                "coal": dict(existing={"A": 1.0, "B": 1.0}, fuel=0.3),
                "wind": dict(provinces=["A"], existing={"A": 0.6}, **{"class": "nonhydro"}),
            },
            policy={
                "weight_total": {("A", YEAR): 0.0, ("B", YEAR): weight},
                "weight_nonhydro": {("A", YEAR): 0.0, ("B", YEAR): weight},
                "regional_grid": {"A": "North", "B": "North"},
            },
        ),
        {"green_certificates": dict(trade="national", **options)},
    )


@pytest.mark.parametrize(("weight", "share"), [(0.25, 0.25), (0.0, 0.0), (0.9, 0.6)])
def test_share_by_certificates(weight, share):
    """Proves    a certificate counts where it is retired, whatever flows; what nobody asks for does not.

    System    `certificates`: no line, 0.6 GW of wind in A, an obligation in B alone.
    By hand   B retires min(weight, 0.6) of its 1 GW; A nothing; North and nation half of B's
              by flow A has 0.6 and B nothing
    Fails if  issue is taken for use, or what a slack obligation takes counts.
    """
    run = certificates(weight)
    frame = certificate_shares(run.results, run.active)
    places = ["A", "B", "North", "CN"]
    for name in ("renewable_share_by_certificates", "nonhydro_share_by_certificates"):
        assert values(frame, name, places) == pytest.approx([0.0, share, share / 2, share / 2], abs=1e-9)
    flow = traced_shares(run.results, trace(run.results))
    assert values(flow, "renewable_share_of_consumption", ["A", "B"]) == pytest.approx([0.6, 0.0])


def test_volunteers_count_in_the_nation_alone():
    """Proves    voluntary certificates are somebody's consumption, but nobody says whose.

    System    `certificates` with weight 0.25, and volunteers for 0.1 GW of a year.
    By hand   B 0.25; nation (0.25 + 0.1) / 2.
    Fails if  volunteers are forgotten, or booked in a province.
    """
    run = certificates(0.25, voluntary=[dict(name="x", twh=0.876, willingness_cny_per_mwh=5)])
    frame = certificate_shares(run.results, run.active)
    found = values(frame, "renewable_share_by_certificates", ["A", "B", "North", "CN"])
    assert found == pytest.approx([0.0, 0.25, 0.125, 0.175], abs=1e-9)


def test_without_a_certificate_market_there_is_no_share_by_certificates():
    run = three_provinces()
    assert certificate_shares(run.results, run.active).empty


# -- from the file alone


def from_file(path) -> tuple[xr.DataArray, dict[int, tuple[np.ndarray, np.ndarray]]]:
    """Renewable share of gross output by province, and traced output by year, from solution.nc alone."""
    with xr.open_dataset(path) as file:
        s = file.load()
    gross = (s.v_annual_generation / (1 - s.own_use)).fillna(0.0)
    share = gross.where(s.renewable_class != "none", 0.0).sum("technology") / gross.sum("technology")
    place = s.get_index("province")
    stores = [
        (r, g)
        for r in place
        for g in s.get_index("technology")
        if float(s.v_charge.sel(province=r, technology=g).fillna(0.0).sum()) > 0
    ]

    def of_stores(array: xr.DataArray) -> np.ndarray:
        return np.stack([array.sel(province=r, technology=g).to_numpy() for r, g in stores])

    traced = {}
    for year in s.year.values:
        y = s.sel(year=year)
        output = y.v_generation.fillna(0.0).transpose("technology", "province", "time")
        of_class = {"hydro": "hydro", "nonhydro": "nonhydro", "other": "none"}
        source = [output.where(s.renewable_class == of_class[k], 0.0).sum("technology") for k in OUTPUTS]
        grid = Grid(
            weight=s.weight.to_numpy(),
            cycle=pd.Index(dict.fromkeys(s.period_of.values)).get_indexer(s.period_of.values),
            source=np.stack([array.to_numpy() for array in source]),
            generation=output.sum("technology").to_numpy(),
            flow=y.v_flow.transpose("arc", "time").to_numpy(),
            sender=place.get_indexer(s.sender.values),
            receiver=place.get_indexer(s.receiver.values),
            delivered=1 - s.loss.to_numpy(),
            charge=of_stores(y.v_charge),
            discharge=of_stores(y.v_discharge),
            place=place.get_indexer([r for r, _ in stores]),
        ).only_working_stores()
        traced[int(year)] = drawn(grid)[0], grid.consumption
    return share, traced


@pytest.mark.parametrize("design", EVERYTHING)
def test_shares_recompute_from_the_file_alone(design, tmp_path):
    """Proves    solution.nc holds all that shares need: classes, own use, grids, ends and losses of lines.

    System    the whole system under three designs, written and read again.
    By hand   the same numbers to 1e-9 (generation) and 1e-6 (traced: rounding below zero is cut off).
    Fails if  a share depends on what is not written.
    """
    run = run_whole(design)
    write_netcdf(run.results.dataset(), tmp_path / "solution.nc", "t", "h")
    share, traced = from_file(tmp_path / "solution.nc")
    frame = renewable_shares(run.results)
    mine = shares_of_consumption(run.results, trace(run.results)).sel(province=["A", "B"])
    for year in run.results.years:
        expected = values(frame, "renewable_share", ["A", "B"], year)
        assert share.sel(year=year).values == pytest.approx(expected, rel=1e-9)
        consumed, energy = traced[year]
        assert consumed / energy == pytest.approx(
            mine.sel(year=year).transpose("content", "province").values, rel=1e-6, abs=1e-9
        )
    with xr.open_dataset(tmp_path / "solution.nc") as file:
        assert file.regional_grid.values.tolist() == ["North", "North"]
