"""Scenarios that use the emissions of others: names, order, cycles; and repeated solves."""

from __future__ import annotations

from dataclasses import replace

import pytest

import picmodel
from picmodel import driver
from picmodel.dependencies import Agenda, widest
from picmodel.errors import Infeasible, InputError, SolverTrouble
from picmodel.markets.base import Active, Mechanism, MechanismConfig
from picmodel.markets.registry import activate
from picmodel.scenario.load import load

SMALL = {
    "name": "small",
    "horizon": {"years": [2030, 2035]},
    "space": {"provinces": ["NM"]},
    "time": {"periods": 1, "extremes": 0, "step_h": 6},
    "physical": {"adequacy": False},
}


def held(name: str) -> dict:
    return {"markets": {"emission_limits": {"hold_emissions_of": name}}}


def peak_of(name: str, **options) -> dict:
    return {
        "markets": {"emission_limits": {"peak_year": {"year": 2030, "level_of": name, **options}}},
    }


def scenarios(**designs):
    return load({**SMALL, "designs": designs}).scenarios


def refused(found) -> str:
    with pytest.raises(InputError) as error:
        driver.check_all(found)
    return str(error.value)


# -- names


def test_a_name_is_a_design_of_the_file_or_a_scenario_of_the_run():
    alone = load({**SMALL, "name": "alone"}).scenarios
    found = driver.check_all(
        [*scenarios(free={}, a=held("free"), b=held("alone"), c=held("small-free")), *alone]
    )
    assert found == {
        "small-free": {},
        "small-a": {"free": "small-free"},
        "small-b": {"alone": "alone"},
        "small-c": {"small-free": "small-free"},
        "alone": {},
    }
    assert widest(found) == 3


def test_a_design_comes_before_a_scenario_of_the_same_name():
    other = load({**SMALL, "name": "free"}).scenarios
    found = driver.check_all([*other, *scenarios(free={}, a=held("free"))])
    assert found["small-a"] == {"free": "small-free"}


def test_an_unknown_name_gets_the_nearest():
    message = refused(scenarios(separate={}, a=held("seperate")))
    assert "`seperate` is no scenario of this run; did you mean `separate`?" in message


def test_a_name_of_a_file_that_is_not_in_the_run(tmp_path):
    lines = "horizon: {years: [2030, 2035]}\nspace: {provinces: [NM]}\n"
    (tmp_path / "base.yaml").write_text(lines + "designs: {free: {}, spot: {}}\n", encoding="utf-8")
    user = tmp_path / "user.yaml"
    user.write_text(
        lines + "markets:\n  emission_limits:\n    hold_emissions_of: base-free\n", encoding="utf-8"
    )
    message = refused(driver.collect(user)[0])
    assert f"{tmp_path / 'base.yaml'} defines it: add this file to the run" in message
    assert "user.yaml:5:" in message
    found, _ = driver.collect([user, tmp_path / "base.yaml"])
    assert driver.check_all(found)["user"] == {"base-free": "base-free"}


@pytest.mark.parametrize(
    ("designs", "chain"),
    [
        (dict(a=held("a")), "small-a -> small-a"),
        (dict(a=held("b"), b=peak_of("c"), c=held("a")), "small-a -> small-b -> small-c -> small-a"),
    ],
)
def test_scenarios_that_wait_for_each_other_are_named(designs, chain):
    assert chain in refused(scenarios(**designs))


def test_years_outside_the_horizon_are_found_however_deep_they_stand():
    caps = {"markets": {"emission_limits": {"provincial": {"cap_mt": {"NM": {2030: 100, 2070: 50}}}}}}
    assert "`markets.emission_limits.provincial.cap_mt.NM.2070`" in refused(scenarios(a=caps))


# -- order


def test_what_others_use_is_solved_first_and_a_failure_fails_what_uses_it():
    """Proves    a scenario is ready when what it uses is solved, and fails in the train of what it uses.

    System    b uses a; d uses b and c; e uses nobody.
    By hand   first a, c, e; a solved: b; c failed: d fails at once, of the same kind; then nothing is left.
    Fails if  a scenario is given out twice, or waits for ever.
    """
    found = scenarios(
        a={},
        b=held("a"),
        c={},
        d={
            "markets": {
                "emission_limits": {**peak_of("b")["markets"]["emission_limits"], "hold_emissions_of": "c"}
            }
        },
        e={},
    )
    agenda = Agenda(found, driver.check_all(found))

    def ready() -> list[str]:
        return [scenario.name.removeprefix("small-") for scenario, _ in agenda.ready()]

    assert ready() == ["a", "c", "e"]
    assert ready() == []
    agenda.solved["small-a"] = _Emitted({2030: 5.0})
    (given,) = [given for _, given in agenda.ready()]
    assert given == {"a": {2030: 5.0}}
    agenda.failed["small-c"] = Infeasible("no plan")
    assert ready() == []
    assert isinstance(agenda.failed["small-d"], Infeasible)
    assert "uses the emissions of small-c, which failed" in str(agenda.failed["small-d"])
    agenda.failed["small-e"] = InputError(["bad"])


class _Emitted:
    """All that an agenda reads of a solved scenario."""

    def __init__(self, emissions: dict[int, float]) -> None:
        self.emissions = emissions


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_hands_emissions_on(jobs, tmp_path):
    """Proves    the held scenario emits what the other does, in one process and in several; twice over.

    System    Inner Mongolia, which emits 88 Mt by itself; one design may emit 80, then 0.5 % less a year, a
              second emits no more than the first, a third no more than the second.
    By hand   the limit binds in all three: 80 and 80 0.995^5 = 78.02 Mt.
    Fails if  a scenario starts before its source, or is given other numbers.
    """
    limited = {"year": 2030, "level_mt": 80, "decline_after_share": 0.005}
    first = {"markets": {"emission_limits": {"peak_year": limited}}}
    designs = {"third": held("second"), "second": held("first"), "first": first, "free": {}}
    source = {**SMALL, "designs": designs}
    runs = picmodel.run(source, out=tmp_path, jobs=jobs)
    assert [run.name for run in runs] == [f"small-{design}" for design in designs]
    for year in (2030, 2035):
        emitted = [run.value("emissions", year=year) for run in runs if run.name != "small-free"]
        assert emitted == pytest.approx([80 * 0.995 ** (year - 2030)] * 3, rel=1e-6)
        second = runs["small-second"]
        revenue = second.value("held_emissions_price", year=year) * emitted[1] / 1e3
        assert second.value("public_revenue", year=year) == pytest.approx(revenue)
        assert revenue > 0.01


def test_a_failed_source_fails_what_uses_it_and_nothing_else(tmp_path):
    broken = {"space": {"provinces": ["SC"]}, "physical": {"demand_factor": 0.1, "expand": False}}
    with pytest.raises(Infeasible, match="small-a: not solved: it uses the emissions of small-broken"):
        picmodel.run({**SMALL, "designs": {"a": held("broken"), "b": {}, "broken": broken}}, tmp_path, jobs=1)
    assert [p.name for p in tmp_path.iterdir()] == ["small-b"]


def test_limits_without_slack_are_named_where_there_is_no_plan(tmp_path):
    """Sichuan with a tenth of its demand has no plan anyway; the limit that may not be exceeded is named."""
    strict = {
        "space": {"provinces": ["SC"]},
        "physical": {"demand_factor": 0.1, "expand": False},
        "markets": {
            "emission_limits": {"peak_year": {"year": 2030, "level_mt": 100, "slack_cny_per_t": None}}
        },
    }
    with pytest.raises(Infeasible, match=r"markets.emission_limits.peak_year: .*give it `slack_cny_per_t`"):
        picmodel.run({**SMALL, **strict}, tmp_path)


# -- numbers that the plan itself decides


class _ToyConfig(MechanismConfig):
    """No options."""


def _halfway(results, cfg, data):
    """x becomes 0.5 x + 1 until that moves it by less than a fifth."""
    x = data.policy.get("toy", 0.0)
    following = 0.5 * x + 1.0
    return None if abs(following - x) < 0.2 else replace(data, policy={**data.policy, "toy": following})


TOY = Mechanism(
    name="toy",
    config=_ToyConfig,
    build=lambda m, cfg, data: None,
    entries=(),
    governs=("c_balance",),
    iterate=_halfway,
    residual=lambda results, cfg, data: 2.0 - data.policy.get("toy", 0.0),
)


@pytest.fixture
def toy(monkeypatch):
    """Every scenario has the toy mechanism."""
    monkeypatch.setattr(driver, "activate", lambda options: (*activate(options), Active(TOY, _ToyConfig())))


def test_a_mechanism_is_solved_again_until_its_number_is_settled(toy, tmp_path):
    """Proves    the driver hands the mechanism's system to the next solve, and says how often it solved.

    System    the toy: x = 0, 1, 1.5, 1.75: the next step moves it by 0.125 < 0.2.
    By hand   four solves, and x is 0.25 from its fixed point 2.
    Fails if  the number is lost between solves, or the last system is not the one that is reported.
    """
    run = picmodel.run(SMALL, tmp_path)["small"]
    assert run.manifest["solves"] == 4
    assert run.manifest["residuals"] == {"toy": pytest.approx(0.25)}


def test_a_number_that_does_not_settle_is_an_error(toy, tmp_path):
    with pytest.raises(SolverTrouble, match=r"markets.toy \(off by 5.00e-01\).*after 3 solves"):
        picmodel.run({**SMALL, "solver": {"iterations": 3}}, tmp_path)
    assert list(tmp_path.glob("small*")) == []


def test_one_solve_is_enough_where_no_mechanism_asks(tmp_path):
    manifest = picmodel.run(SMALL, tmp_path)["small"].manifest
    assert manifest["solves"] == 1
    assert manifest["residuals"] == {}
