"""The same physical system in PyPSA has the same least cost (see `pypsa_system` for how it is said there)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.data.system import Corridor, Horizon, SystemData, TimeSlices
from picmodel.driver import collect, system_data
from picmodel.formulation.build import build_model
from picmodel.solve.compile import compile_model
from picmodel.solve.highs import SolverOptions, solve
from tests.tiny import run_tiny, tiny

pytest.importorskip("pypsa")
from tests.crosscheck import pypsa_system
from tests.crosscheck.pypsa_system import INTERIOR, objective

SAME = 1e-6
YEARS = (2025, 2030, 2035)


def two_provinces(time: TimeSlices) -> SystemData:
    """Every rule of the physical system at work in two provinces; the first year is past."""
    load = {"A": [3.0, 4.0, 6.0, 5.0], "B": [6.0, 7.0, 9.0, 5.5]}
    growth = {2025: 1.0, 2030: 0.9, 2035: 1.3}
    system = tiny(
        demand={(r, y): [growth[y] * gw for gw in row] for y in YEARS for r, row in load.items()},
        technologies={
            "coal": {
                "existing": {"A": 9.0, "B": 5.0},
                "fuel": 0.25,
                "fom": 400.0,
                "annuity": 300.0,
                "build": True,
                "life": 8,
            },
            "heat": {"existing": {"B": 1.0}, "provinces": ("B",), "fuel": 0.5, "fom": 300.0, "must_run": 0.4},
            "sun": {
                "annuity": 200.0,
                "fom": 20.0,
                "build": True,
                "availability": [0.8, 0.5, 0.1, 0.0],
                "life": 6,
            },
            "river": {
                "existing": {"A": 1.5},
                "provinces": ("A",),
                "annuity": 300.0,
                "fom": 50.0,
                "build": True,
            },
            "battery": {
                "existing": {"A": 0.5},
                "annuity": 40.0,
                "energy_annuity": 30.0,
                "efficiency": 0.81,
                "duration": (1.0, 4.0),
                "wear": 0.01,
                "fom": 5.0,
                "build": True,
                "life": 12,
            },
        },
        years=YEARS,
        corridors=(Corridor("A-B", ("A", "B"), loss=0.05, annuity=30.0),),
        line_capacity={("A-B", 2025): 0.5, ("A-B", 2030): 0.5, ("A-B", 2035): 1.0},
        line_limit={"A-B": 1.2},
        export_tariff={"A": 0.02, "B": 0.01},
    )
    rivers = {p: 0.45 * time.step * len(ts) for p, ts in time.slices_in.items()}
    return replace(
        system,
        time=time,
        horizon=Horizon.of(YEARS, last_span=5, base_year=2023, rate=0.05, present_year=2026),
        surviving={**system.surviving, ("A", "coal", 2035): 8.5},
        fixed_om={**system.fixed_om, ("coal", 2023): 300.0, ("heat", 2023): 250.0, ("river", 2023): 40.0},
        inflow={("A", "river", p): gwh for p, gwh in rivers.items()},
        min_output={**system.min_output, **{("A", "river", t): 0.1 for t in time.slices}},
        committed={("A", "battery", 2025): 0.2, ("B", "sun", 2030): 0.3},
        committed_energy={("A", "battery", 2025): 0.5},
        build_limit={("B", "sun", 2030): 1.5, ("B", "coal", 2030): 1.0, ("A", "battery", 2025): 0.2},
        national_build_limit={("sun", 2030): 4.0, ("sun", 2035): 5.0, ("battery", 2030): 1.5},
        potential={("A", "river"): 2.0, ("A", "sun"): 4.0, ("B", "battery"): 1.2},
        existing_duration={("A", "battery"): 2.0},
        may_retire={"heat": False},
    )


def of_scenario(**parts) -> SystemData:
    """The physical system of a scenario, without adequacy, which PyPSA does not know."""
    source = {"name": "crosscheck", "physical": {"adequacy": False}, "markets": {}, **parts}
    data, _ = system_data(collect(source)[0][0])
    return data


def least_cost(data: SystemData) -> float:
    return solve(compile_model(build_model(data)), SolverOptions(method="hipo")).objective


ONE_PERIOD = TimeSlices(weight=dict.fromkeys(range(4), 2190.0), period=dict.fromkeys(range(4), 0))
TWO_PERIODS = TimeSlices(
    weight={0: 3000.0, 1: 3000.0, 2: 1380.0, 3: 1380.0}, period={0: 0, 1: 0, 2: 1, 3: 1}, step=3.0
)


@pytest.mark.parametrize(
    ("time", "native_limits"), [(ONE_PERIOD, True), (TWO_PERIODS, False)], ids=["one period", "two periods"]
)
def test_two_provinces_cost_the_same_in_pypsa(time, native_limits):
    data = two_provinces(time)
    assert objective(data, native_limits=native_limits) == pytest.approx(run_tiny(data).objective, rel=SAME)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rule",
    ["_retired_for_good", "_water", "_national_limits", "_one_power_both_ways", "_duration", "_add_limits"],
)
def test_every_rule_moves_the_cost_of_the_two_provinces(rule, monkeypatch):
    """A rule that binds nowhere would prove nothing above."""
    data = two_provinces(ONE_PERIOD)
    found = run_tiny(data).objective
    monkeypatch.setattr(pypsa_system, rule, lambda *_: None)
    if rule == "_add_limits":
        monkeypatch.setattr(pypsa_system, "_limits_at_once", lambda *_: None)
    assert objective(data) < found * (1 - 1e-4)


@pytest.mark.slow
def test_31_provinces_over_three_planning_years_cost_the_same_in_pypsa():
    data = of_scenario(horizon={"years": list(YEARS)}, time={"periods": 2, "extremes": 1, "step_h": 6})
    assert len(data.provinces) == 31
    assert objective(data, INTERIOR, native_limits=False) == pytest.approx(least_cost(data), rel=SAME)


@pytest.mark.parametrize(
    ("periods", "step", "native_limits"),
    [(1, 6, False), pytest.param(2, 4, True, marks=pytest.mark.slow)],
    ids=["8 slices", "18 slices, native limits"],
)
def test_31_provinces_in_one_year_cost_the_same_in_pypsa(periods, step, native_limits):
    data = of_scenario(horizon={"years": [2030]}, time={"periods": periods, "extremes": 1, "step_h": step})
    assert len(data.provinces) == 31
    assert objective(data, INTERIOR, native_limits) == pytest.approx(least_cost(data), rel=SAME)
