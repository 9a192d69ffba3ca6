"""Which headline numbers the optimum decides: by hand, in a run, in its table and report."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import picmodel
from picmodel.indicators.headline_ranges import headline_ranges, not_unique, windows
from picmodel.report import headlines, tables
from picmodel.report.page import render
from picmodel.report.results import open_results
from picmodel.report.runs import RunSet
from picmodel.report.story import Story
from picmodel.report.words import words_for
from tests.report.test_comparison import Found, solved
from tests.test_dependencies import SMALL
from tests.tiny import TinyRun, run_tiny, tiny
from tests.whole import EVERYTHING, run_whole

YEAR = 2030
GWH = 8760  # of 1 GW all year


def ends(run: TinyRun, name: str, technology: str = "all", year: int = YEAR) -> tuple[float, float]:
    table = headline_ranges(run.lp, run.solution, run.results)
    mine = table[(table["technology"] == technology) & (table["year"] == year)].set_index("indicator")[
        "value"
    ]
    return float(mine[f"{name}_low"]), float(mine[f"{name}_high"])


def taxed(gas: float) -> TinyRun:
    """1 GW from coal at 0.30 with 1 kt/GWh taxed at 100 CNY/t, or from gas without emissions; 0.2 GW hydro.

    Years 2030 and 2035 stand for 5 years each, no discounting.
    """
    plant = dict(existing={"A": 2.0})
    data = tiny(
        {("A", y): [1.2] for y in (YEAR, 2035)},
        {
            "coal": dict(plant, fuel=0.30, emission=1.0),
            "gas": dict(plant, fuel={YEAR: gas, 2035: 0.50}),
            "hydro": dict(existing={"A": 0.2}, **{"class": "hydro"}),
        },
        years=(YEAR, 2035),
        last_span=5,
        policy={"benchmark": {}},
    )
    return run_tiny(data, {"carbon": dict(instrument="price", price_cny_per_t=100)})


def test_a_tax_that_just_evens_two_fuels_leaves_cost_and_emissions_open():
    """Proves    ends of emissions and of cost where the objective ties: what the state takes is no cost.

    By hand   gas at 0.40 = 0.30 + 0.10: in 2030 0 to 8.76 Mt; resource cost 0.30 to 0.40 MCNY/GWh, through
              2030 one year of it, through 2035 five and one of 2035 (coal: 2.628 bn), then five and five.
    Fails if  transfers are counted as cost, spans or windows are wrong, or an end is not on the optimal face.
    """
    run = taxed(gas=0.40)
    coal, gas = 0.30 * GWH / 1e3, 0.40 * GWH / 1e3
    assert ends(run, "emissions") == pytest.approx((0.0, 8.76))
    assert ends(run, "emissions", year=2035) == pytest.approx((8.76, 8.76))
    assert ends(run, "cost_until") == pytest.approx((coal, gas))
    assert ends(run, "cost_until", year=2035) == pytest.approx((5 * coal + coal, 5 * gas + coal))
    assert ends(run, "cost_until", year=2039) == pytest.approx((10 * coal, 5 * gas + 5 * coal))
    assert ends(run, "renewable_share") == pytest.approx((0.2 / 1.2, 0.2 / 1.2))
    lines = not_unique(headline_ranges(run.lp, run.solution, run.results))
    assert lines[0] == "emissions 2030: any between 0 and 8.76 Mt CO2 costs the same"
    assert "cost through 2030: any between 2.628 and 3.504 bn CNY costs the same" in lines
    assert not any("share" in line or line.startswith("emissions 2035") for line in lines)


def test_where_one_fuel_is_dearer_every_number_is_unique():
    run = taxed(gas=0.41)
    table = headline_ranges(run.lp, run.solution, run.results)
    low, high = (table[table["indicator"].str.endswith(end)]["value"].to_numpy() for end in ("_low", "_high"))
    assert high == pytest.approx(low, rel=1e-9, abs=1e-9)
    assert not_unique(table) == []


def test_wind_and_sun_of_one_cost_stand_for_each_other():
    """By hand: 1 GW flat from plants that give half their capacity at one price: 0 to 2 GW of either."""
    plant = dict(build=True, annuity=100.0, availability=0.5, **{"class": "nonhydro"})
    run = run_tiny(tiny({("A", YEAR): [1.0]}, {"wind": plant, "solar": plant}))
    assert ends(run, "capacity", "wind") == pytest.approx((0.0, 2.0))
    assert ends(run, "capacity", "solar") == pytest.approx((0.0, 2.0))
    assert ends(run, "renewable_share") == pytest.approx((1.0, 1.0))
    lines = not_unique(headline_ranges(run.lp, run.solution, run.results))
    assert lines == [
        f"capacity of {kind} 2030: any between 0 and 2 GW costs the same" for kind in ("wind", "solar")
    ]


def test_peak_cost_has_the_ends_of_its_window():
    """Emissions of either plan are highest in 2035, so the window ends there unless it is declared."""
    run = taxed(gas=0.40)
    table = headline_ranges(run.lp, run.solution, run.results, 2032)
    assert windows(run.results, 2032) == [2030, 2032, 2035, 2039]
    assert windows(run.results, 2060) == [2030, 2035, 2039]
    plain = solved(run)
    for until, window in ((2032, 2032), (2030, 2030), (2060, 2039)):
        s = replace(plain, indicators=pd.concat([plain.indicators, table]), peak_cost_until=until)
        found = Found(s, s)
        assert (found("peak_cost_low"), found("peak_cost_high")) == pytest.approx(
            tuple(
                table[(table["indicator"] == f"cost_until_{end}") & (table["year"] == window)]["value"].item()
                for end in ("low", "high")
            )
        )
        assert found("peak_cost_low") - 1e-9 <= found("peak_cost") <= found("peak_cost_high") + 1e-9
    assert not Found(plain, plain).has("peak_cost_low")


@pytest.mark.parametrize("design", EVERYTHING)
def test_what_a_run_reports_lies_between_the_ends(design):
    """With every mechanism at work, own use, a past year, discounting, and two regions."""
    run = run_whole(design)
    s = solved(run)
    table = headline_ranges(run.lp, run.solution, run.results)
    by_key = table.set_index(["indicator", "technology", "year"])["value"]
    i = s.indicators[s.indicators["province"] == "CN"]
    for name in ("renewable_share", "emissions"):
        for row in i[i["indicator"] == name].itertuples():
            low, high = (by_key[f"{name}_{end}", "all", row.year] for end in ("low", "high"))
            assert low * (1 - 1e-9) <= row.value <= high * (1 + 1e-9)
    for y in run.results.years:
        s.indicators, s.peak_cost_until = pd.concat([i, table]), y
        found = Found(s, s)
        assert found("peak_cost_low") <= found("peak_cost") * (1 + 1e-9)
        assert found("peak_cost") <= found("peak_cost_high") * (1 + 1e-9)


# -- in a run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return picmodel.run(SMALL, tmp_path_factory.mktemp("runs"))


def test_a_run_has_both_ends_by_itself(runs):
    run = runs["small"]
    for name, technology in (("renewable_share", "all"), ("emissions", "all"), ("capacity", "wind")):
        low, high = run.ends(name, technology, 2035)
        assert low <= high
    low, high = run.ends("peak_cost")
    assert low * (1 - 1e-9) <= run.value("peak_cost") <= high * (1 + 1e-9)
    assert isinstance(run.manifest["headline_ranges"], list)
    assert run.manifest["seconds"]["ranges"] > 0


def test_the_option_turns_the_look_off_and_a_solve_without_basis_says_why(tmp_path):
    off = picmodel.run({**SMALL, "solver": {"headline_ranges": False}}, tmp_path / "off")["small"]
    assert off.ends("renewable_share", year=2035) is None
    assert off.manifest["headline_ranges"] == []
    inside = {**SMALL, "solver": {"crossover": False, "method": "ipx"}}
    run = picmodel.run(inside, tmp_path / "inside")["small"]
    assert run.manifest["headline_ranges"] == [
        "whether headline numbers are unique is not known: the solve ended without a basis; leave "
        "`solver.crossover` on"
    ]


def test_table_and_report_show_ends_that_differ(runs, tmp_path):
    """The ends of a finished run are written 1 % apart by hand."""
    folder = tmp_path / "small"
    shutil.copytree(runs["small"].folder, folder)
    table = pd.read_csv(folder / "indicators.csv", keep_default_na=False, na_values=[""])
    wide = table["indicator"].isin(["renewable_share_high", "peak_cost_high", "emissions_high"])
    table["value"] = np.where(wide, 1.01 * table["value"], table["value"])
    table.to_csv(folder / "indicators.csv", index=False)
    (result,) = open_results([folder])
    low, high = result.ends("renewable_share", year=2030)
    seen = f"{100 * low:.1f}–{100 * high:.1f}"
    assert len(set(seen.split("–"))) == 2

    console = Console(width=200)
    with console.capture() as shown:
        console.print(tables.summary(RunSet((result,), "small"), words_for("en"), {}))
    assert seen in shown.get()
    assert "{:,.0f}–{:,.0f}".format(*result.ends("peak_cost")) in shown.get()

    for lang, words in (("en", f"{seen} cost the same"), ("zh", f"{seen} 成本相同")):
        story = Story((result,), words_for(lang, [result]))
        (share, *_) = headlines.answers(story)
        assert share.cells[0].span == seen
        assert words in render(story)
