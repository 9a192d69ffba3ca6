"""Peak cost: windows, components, provinces, increments, transfers, sunk capital; changes of shares."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import picmodel
from picmodel.data.system import Corridor
from picmodel.driver import indicators_of
from picmodel.extract.table import ALL, NATION
from picmodel.formulation.components import COMPONENT_OF, COMPONENTS, TRANSFERS
from picmodel.indicators.peak_cost import find_peak, sunk_capital, system_cost, transfers
from picmodel.report.comparison import Solved, compared
from tests.tiny import TinyRun, build_tiny, run_tiny, tiny
from tests.whole import EVERYTHING, run_whole, whole_system

NO_PROJECTS = pd.DataFrame(
    {
        "province": pd.Series(dtype=str),
        "technology": pd.Series(dtype=str),
        "commissioned": pd.Series(dtype=int),
        "group": pd.Series(dtype=str),
        "capacity_gw": pd.Series(dtype=float),
    }
)
MEASURED = (
    "irr_pre_tax_real_share",
    "irr_post_tax_real_share",
    "irr_equity_real_share",
    "npv_cny_per_kw",
    "lcoe_cny_per_mwh",
    "levelised_income_cny_per_mwh",
    "capture_price_cny_per_mwh",
    "value_factor_share",
    "curtailment_share",
)


def solved(run: TinyRun, name: str = "a", until: int | None = None) -> Solved:
    """What the driver hands to the comparison."""
    results, costs = run.results, run.results.cost_by_item()
    emissions = results.values["v_emissions"].sum("province")
    return Solved(
        name=name,
        folder=Path(name),
        indicators=indicators_of(results, run.active),
        projects=NO_PROJECTS.assign(**{column: pd.Series(dtype=float) for column in MEASURED}),
        system_cost=system_cost(costs),
        emissions={int(y): float(emissions.sel(year=y)) for y in results.years},
        horizon=results.data.horizon,
        peak_cost_until=until,
        transfers=transfers(costs),
        sunk=sunk_capital(results.data),
    )


class Found:
    """Indicators of a comparison by name, province and technology."""

    def __init__(self, s: Solved, base: Solved, nothing: Solved | None = None) -> None:
        self.frame = compared(s, base, nothing)

    def __call__(self, name: str, province: str = NATION, technology: str = ALL, year: int = 0) -> float:
        f = self.frame
        rows = f[(f.indicator == name) & (f.province == province) & (f.technology == technology)]
        return float(rows[rows.year == year]["value"].item())

    def has(self, name: str) -> bool:
        return name in set(self.frame["indicator"])


def system(demand: dict[int, float], wind_cost: float = 5000.0, rate: float = 0.0):
    """A has coal and sends to B, which has none, over a line of 1 GW that may grow; wind may be built in B.

    Coal: 1 kt/GWh, fuel 0.1 and wear 0.02 MCNY/GWh, fixed O&M 50 MCNY/GW-yr, sunk capital 300 MCNY/yr.  The
    line costs 40 MCNY/GW-yr more, tariff 0.01 MCNY/GWh.  Years stand for 5 years.
    """
    years = tuple(demand)
    return tiny(
        {("A", y): [1.0] for y in years} | {("B", y): [gw] for y, gw in demand.items()},
        {
            "coal": dict(
                provinces=["A"], existing={"A": 10.0}, fuel=0.1, wear=0.02, emission=1.0, group="coal"
            ),
            "wind": dict(
                provinces=["B"],
                build=True,
                annuity=wind_cost,
                fom=10.0,
                group="wind",
                **{"class": "nonhydro"},
            ),
        },
        years=years,
        last_span=5,
        rate=rate,
        corridors=(Corridor("A-B", ("A", "B"), annuity=40.0),),
        line_capacity={("A-B", y): 1.0 for y in years},
        line_limit={"A-B": 10.0},
        export_tariff={"A": 0.01},
        fixed_om={("coal", years[0]): 50.0, ("wind", years[0]): 10.0}
        | {("wind", y): 10.0 for y in years}
        | {("coal", y): 0.0 for y in years[1:]},
        may_retire={"coal": False},
        sunk={("A", "coal", y): 300.0 for y in years},
    )


# -- the peak


@pytest.mark.parametrize(
    ("path", "year", "end", "within"),
    [
        ({2025: 100.0, 2030: 110.0, 2035: 90.0}, 2030, 2030, True),
        ({2025: 110.0, 2030: 109.95, 2035: 90.0}, 2025, 2030, True),
        ({2025: 100.0, 2030: 105.0, 2035: 110.0}, 2035, 2035, False),
        ({2025: 100.0, 2030: 110.0, 2035: 109.95}, 2030, 2035, False),
        ({2025: 100.0}, 2025, 2025, False),
    ],
)
def test_the_peak_is_found_from_the_path(path, year, end, within):
    peak = find_peak(path)
    assert (peak.year, peak.plateau_end, peak.within) == (year, end, within)
    assert peak.level == max(path.values())


# -- peak cost by hand


def test_peak_cost_by_component_and_province():
    """Proves    each component stands where it arises, lines half to each end, transfers apart.

    System    `system` with 3 GW of demand in B in 2025 and 2 in 2030, counted through 2026: two years.
    By hand   2025: coal 4 GW all year = 35 040 GWh: fuel 3504, wear 700.8, fixed O&M of 10 GW 500
              the line grows by 2 GW: 80, 40 to each end; tariff on 26 280 GWh: 262.8, no cost
              a year: 4784.8, A 4744.8, B 40; two years twice that, in bn CNY 9.5696
              sunk: 300 a year, 0.6.  The path peaks in 2025.
    Fails if  the tariff is a cost, the line stands at one end, or a span counts whole.
    """
    s = solved(run_tiny(system({2025: 3.0, 2030: 2.0})), until=2026)
    found = Found(s, s)
    parts = {"fuel": 2 * 3.504, "om": 2 * 1.2008, "grid": 2 * 0.080}
    for component, bn in parts.items():
        assert found("peak_cost", technology=component) == pytest.approx(bn)
    assert found("peak_cost") == pytest.approx(9.5696)
    assert found("peak_cost", "A") == pytest.approx(9.4896)
    assert found("peak_cost", "B") == pytest.approx(0.08)
    assert found("peak_cost", "A", "grid") == found("peak_cost", "B", "grid") == pytest.approx(0.08)
    assert found("peak_transfer", technology="wheeling") == pytest.approx(0.5256)
    assert found("sunk_capital") == found("sunk_capital", "A") == pytest.approx(0.6)
    assert found("system_cost", technology="fuel", year=2025) == pytest.approx(3.504)
    assert found("peak_year") == 2025
    assert found("peak_level") == pytest.approx(35.04)
    assert found("peak_cost_change") == found("peak_cost_difference") == 0.0


def test_a_window_is_discounted_by_calendar_year():
    """Proves    each calendar year counts once, discounted to the base year, through the window's end.

    System    `system` at 10 %, counted through 2030: 2025 for five years and the first year of 2030.
    By hand   factors 1 + 1/1.1 + ... + 1/1.1^4 = 4.169865 and 1/1.1^5 = 0.620921
              cost of A's own GW alone (B has no demand): 876 + 175.2 + 500 = 1551.2 a year in both
    Fails if  the window ends at the planning year before, or counts all of 2030.
    """
    s = solved(run_tiny(system({2025: 0.0, 2030: 0.0}, rate=0.1)), until=2030)
    found = Found(s, s)
    assert found("peak_cost") == pytest.approx(1.5512 * (4.1698654 + 0.6209213), rel=1e-6)
    assert found("full_horizon_cost") == pytest.approx(1.5512 * 4.1698654 * (1 + 0.6209213), rel=1e-6)
    assert found("sunk_capital") == pytest.approx(0.3 * (4.1698654 + 0.6209213), rel=1e-6)


@cache
def ladder() -> tuple[Solved, Solved, Solved]:
    """Reference, a reform and a baseline: dear wind, half as dear, and none."""

    def design(name: str, wind_cost: float, build: bool) -> Solved:
        base = system({2025: 3.0, 2030: 2.0}, wind_cost)
        limit = {("B", "wind", y): 1.0 if build else 0.0 for y in (2025, 2030)}
        committed = {("B", "wind", 2025): 1.0} if build else {}
        run = run_tiny(replace(base, build_limit={**limit, ("B", "wind", 2030): 0.0}, committed=committed))
        return solved(run, name, until=2026)

    return (
        design("reference", 2000.0, True),
        design("reform", 1500.0, True),
        design("baseline", 2000.0, False),
    )


def test_increment_over_the_baseline_and_changes():
    """Proves    the increment is over the baseline in the reference's window; all changes by hand.

    System    `system`; in reference and reform B must build 1 GW of wind at 2000 and 1500 MCNY/yr, the
              baseline has none; two years are counted.
    By hand   wind saves 8760 GWh of coal (1051.2) and 1 GW of line (40), and costs 10 of O&M
              increment a year: reference 2000 + 10 - 1091.2 = 918.8, reform 418.8; two years 1.8376, 0.8376
              change of the increment 418.8/918.8 - 1 = -54.42 %; of the total: baseline 4784.8, so that
              the reference costs 5703.6: -500/5703.6 = -8.766 %; with 300 sunk -500/6003.6 = -8.328 %
              in B: + 2000 + 10 - 20 = 1990 a year, in A - 1051.2 - 20 = -1071.2
    Fails if  the change is of the total with sunk capital in one only, or the increment over the reference.
    """
    reference, reform, baseline = ladder()
    found, own = Found(reform, reference, baseline), Found(reference, reference, baseline)
    assert own("peak_cost_increment") == pytest.approx(1.8376)
    assert own("peak_cost_increment", "B") == pytest.approx(2 * 1.990)
    assert own("peak_cost_increment", "A") == pytest.approx(-2 * 1.0712)
    assert own("peak_cost_increment", technology="investment") == pytest.approx(4.0)
    assert own("peak_cost_increment", technology="grid") == pytest.approx(-0.08)
    assert found("peak_cost_increment") == pytest.approx(0.8376)
    assert found("peak_cost_increment_change") == pytest.approx(100 * (418.8 / 918.8 - 1))
    assert found("peak_cost_difference") == found("peak_cost_difference", "B") == pytest.approx(-1.0)
    assert found("peak_cost_difference", "B", "investment") == pytest.approx(-1.0)
    assert found("peak_cost_change") == pytest.approx(-100 * 500 / 5703.6)
    assert found("peak_cost_change_with_sunk_capital") == pytest.approx(-100 * 500 / 6003.6)
    assert not Found(reform, reference).has("peak_cost_increment")


def test_no_change_in_percent_of_an_increment_that_is_none():
    """Proves    an increment near zero or below it has no change in %; the increment itself is there.

    System    `ladder`; the baseline itself as reference, and the reform as baseline of the dearer design.
    By hand   increment of the reference 0, and of a baseline that is dearer than the reference -1.0.
    Fails if  a division by nearly nothing is reported.
    """
    reference, reform, baseline = ladder()
    found = Found(reform, baseline, baseline)
    assert found("peak_cost_increment") == pytest.approx(0.8376)
    assert not found.has("peak_cost_increment_change")
    found = Found(reform, reform, reference)
    assert found("peak_cost_increment") == pytest.approx(-1.0)
    assert not found.has("peak_cost_increment_change")


def test_change_of_shares_in_points_and_percent():
    """Proves    every share has its change, by place and year.

    System    `ladder`: wind gives 1 of 4 GW in reference and reform, nothing in the baseline.
    By hand   2025: 0.25 against 0 is 25 points, and no % of nothing; the other way round -25 points, -100 %.
    Fails if  the sign is turned, or a share of nothing is divided by.
    """
    reference, _, baseline = ladder()
    up, down = Found(reference, baseline), Found(baseline, reference)
    assert up("renewable_share_change", year=2025) == pytest.approx(25.0)
    assert not up.has("renewable_share_change_relative")
    assert down("nonhydro_share_change", year=2025) == pytest.approx(-25.0)
    assert down("nonhydro_share_change_relative", year=2025) == pytest.approx(-100.0)
    assert down("renewable_share_of_consumption_change", "B", year=2025) == pytest.approx(-100 / 3)


# -- every cost item


@pytest.mark.parametrize("design", EVERYTHING)
def test_components_add_up_to_the_total_and_provinces_to_the_nation(design):
    """Proves    no cost is lost or counted twice on the way from the LP to peak cost.

    System    the whole system under three designs, with the objective as an independent sum.
    By hand   resource and transfer items, discounted over the whole horizon, are the objective.
    Fails if  an item is without a component, or a resource item arises in no province.
    """
    run = run_whole(design)
    s = solved(run)
    table = compared(s, s).query("indicator == 'peak_cost'").set_index(["province", "technology"])["value"]
    total = table[NATION, ALL]
    components, provinces = table[NATION].drop(ALL), table.xs(ALL, level="technology").drop(NATION)
    assert components.sum() == pytest.approx(total, rel=1e-9)
    assert provinces.sum() == pytest.approx(total, rel=1e-9)
    for component in components.index:
        local = table.xs(component, level="technology").drop(NATION)
        assert local.sum() == pytest.approx(table[NATION, component], rel=1e-9, abs=1e-12)
    whole = compared(replace(s, peak_cost_until=9999), replace(s, peak_cost_until=9999))
    money = whole[whole.indicator.isin(["peak_transfer"])]["value"].sum()
    cost = whole.query("indicator == 'full_horizon_cost'")["value"].item()
    assert 1e3 * (cost + money) == pytest.approx(run.objective, rel=1e-6)


def names_of_cost_items() -> set[str]:
    """First text of every call of ``add_cost``; those put together at run time are not here."""
    found = set()
    for path in Path(picmodel.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            calls = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "add_cost"
            if calls and isinstance(node.args[1], ast.Constant):
                found.add(node.args[1].value)
    return found


def test_every_cost_item_has_one_component_of_its_kind():
    found = {name: None for name in names_of_cost_items()}
    for options in EVERYTHING.values():
        found |= {name: kind for name, (kind, _) in build_tiny(whole_system(), options).cost_items.items()}
    assert set(found) == set(COMPONENT_OF), "cost items and formulation/components.py differ"
    for name, kind in found.items():
        allowed = {"resource": COMPONENTS, "transfer": TRANSFERS, None: {**COMPONENTS, **TRANSFERS}}[kind]
        assert COMPONENT_OF[name] in allowed, name
    assert set(COMPONENT_OF.values()) == {*COMPONENTS, *TRANSFERS}
