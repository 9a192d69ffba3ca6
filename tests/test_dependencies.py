"""Scenarios that use what others found: names, order, cycles; and repeated solves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import picmodel
from picmodel import driver
from picmodel.data.system import Held
from picmodel.dependencies import START, Agenda, Given, widest
from picmodel.driver import checks, solving
from picmodel.errors import Infeasible, InputError, SolverTrouble
from picmodel.markets.base import Active, Mechanism, MechanismConfig
from picmodel.markets.registry import activate
from picmodel.report.comparison import UPPER_IRR
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


def capacities_of(name: str, **more) -> dict:
    return {"physical": {"adequacy": False, "capacities_of": name}, **more}


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
        (dict(a=capacities_of("b"), b=held("a")), "small-a -> small-b -> small-a"),
        (dict(a=capacities_of("a")), "small-a -> small-a"),
    ],
)
def test_scenarios_that_wait_for_each_other_are_named(designs, chain):
    assert chain in refused(scenarios(**designs))


def test_years_outside_the_horizon_are_found_however_deep_they_stand():
    caps = {"markets": {"emission_limits": {"provincial": {"cap_mt": {"NM": {2030: 100, 2070: 50}}}}}}
    assert "`markets.emission_limits.provincial.cap_mt.NM.2070`" in refused(scenarios(a=caps))


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (capacities_of("fre"), "`fre` is no scenario of this run; did you mean `free`?"),
        (
            capacities_of("free", horizon={"years": [2030]}),
            "`small-free` has other `horizon.years` than `small-a`, so its capacities say nothing",
        ),
        (
            capacities_of("free", space={"provinces": ["SC"]}),
            "`small-free` has other `space.provinces` than `small-a`",
        ),
    ],
)
def test_capacities_of_a_scenario_that_is_not_there_or_not_alike(design, message):
    assert message in refused(scenarios(free={}, a=design))


def test_held_capacities_have_no_expansion_prices():
    with pytest.raises(InputError, match=r"there are no expansion prices; write `dispatch`"):
        scenarios(free={}, a=capacities_of("free", projects={"prices": "expansion"}))


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
    agenda.solved["small-a"] = _Found({2030: 5.0})
    (given,) = [given for _, given in agenda.ready()]
    assert given == Given(emissions={"a": {2030: 5.0}})
    agenda.failed["small-c"] = Infeasible("no plan")
    assert ready() == []
    assert isinstance(agenda.failed["small-d"], Infeasible)
    assert "it uses what small-c finds, which failed" in str(agenda.failed["small-d"])
    agenda.failed["small-e"] = InputError(["bad"])


@dataclass
class _Found:
    """All that an agenda reads of a solved scenario."""

    emissions: dict[int, float]
    capacities: Held | None = None
    folder: Path = Path()


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
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
    with pytest.raises(Infeasible, match="small-a: not solved: it uses what small-broken finds"):
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


# -- capacities


def test_only_the_scenario_that_asks_is_given_capacities():
    """Proves    capacities are handed to the scenario that is held at them alone.

    System    b is held at a; c holds the emissions of a; d uses nobody.
    By hand   b gets those of a, c the emissions alone.
    Fails if  a name of the wrong kind is handed on.
    """
    found = scenarios(a={}, b=capacities_of("a"), c=held("a"), d={})
    agenda = Agenda(found, driver.check_all(found))
    agenda.ready()
    stands = Held("small-a", {"v_build": {("NM", "wind_onshore", 2030): 2.0}})
    agenda.solved["small-a"] = _Found({2030: 5.0}, stands)
    given = {scenario.name: given for scenario, given in agenda.ready()}
    assert given["small-b"].held is stands
    assert given["small-c"] == Given(emissions={"a": {2030: 5.0}})


CARBON = {"markets": {"carbon": {"instrument": "price", "price_cny_per_t": 400}}}


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=pytest.mark.slow)])
def held_runs(request, tmp_path_factory):
    designs = {
        "dear": capacities_of("free", **CARBON),
        "again": capacities_of("free"),
        "further": capacities_of("again"),
        "free": {},
    }
    wind = {"projects": {"technologies": ["wind_onshore"]}}
    return picmodel.run(
        {**SMALL, **wind, "designs": designs, "reference": "free"},
        tmp_path_factory.mktemp("held"),
        jobs=request.param,
    )


def test_a_run_held_at_its_own_reference_reproduces_it(held_runs):
    """Proves    the same design at capacities 0.1 % larger dispatches as before; a chain holds the same plan.

    System    Inner Mongolia, two years; `again` is held at `free`, `further` at `again`.
    By hand   capacity 1.001 times that of `free` in both (not 1.001 twice); costs within 0.1 %, generation
              within 0.5 % of the whole.
    Fails if  a capacity is lost, or held twice beside the optimum.
    """
    free, again, further = (held_runs[f"small-{name}"] for name in ("free", "again", "further"))
    for run in (again, further):
        assert run.manifest["capacities_of"] == "small-free"
        ratio = run.solution["v_capacity"].sum() / free.solution["v_capacity"].sum()
        assert float(ratio) == pytest.approx(1.001, rel=1e-9)
        for year in (2030, 2035):
            assert run.value("system_cost", year=year) == pytest.approx(
                free.value("system_cost", year=year), rel=1e-3
            )
            produced, before = (
                one.solution["v_annual_generation"].sel(year=year).fillna(0.0) for one in (run, free)
            )
            assert float(abs(produced - before).sum() / before.sum()) < 5e-3


def test_another_design_moves_dispatch_at_capacities_that_stand(held_runs):
    """A dear carbon price: the plan would build otherwise, but what stands is what `free` built."""
    free, dear = held_runs["small-free"], held_runs["small-dear"]
    for name in ("v_build", "v_exist", "v_capacity"):
        assert float((dear.solution[name] - 1.001 * free.solution[name]).fillna(0.0).max()) < 1e-6
    assert dear.value("emissions", year=2035) <= free.value("emissions", year=2035) * (1 + 1e-6)


def test_the_run_says_whose_capacities_and_which_prices(held_runs):
    free, dear = held_runs["small-free"].manifest, held_runs["small-dear"].manifest
    assert (free["capacities_of"], free["project_prices"], free["price_ends"]) == (None, "expansion", [])
    assert (dear["capacities_of"], dear["project_prices"]) == ("small-free", "dispatch")
    assert [end["capacity_factor"] for end in dear["price_ends"]] == [1.001, 0.999]
    assert max(end["worst_residual"] for end in dear["price_ends"]) < 1e-6
    projects = held_runs["small-dear"].projects
    both = projects.dropna(subset=["irr_pre_tax_real_share", UPPER_IRR])
    assert len(both)
    assert (both[UPPER_IRR] >= both["irr_pre_tax_real_share"] - 1e-9).all()
    assert UPPER_IRR not in held_runs["small-free"].projects


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
    for part in (checks, solving):
        monkeypatch.setattr(part, "activate", lambda options: (*activate(options), Active(TOY, _ToyConfig())))


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


def test_all_designs_may_start_from_one_of_them():
    """Proves    a `solver.start_from` for every design of a file: one waits for nobody, the others for it."""
    found = load({**SMALL, "solver": {"start_from": "a"}, "designs": {"a": {}, "b": {}}}).scenarios
    uses = driver.check_all(found)
    assert uses == {"small-a": {}, "small-b": {START: "small-a"}}
    agenda = Agenda(found, uses)
    assert [s.name for s, _ in agenda.ready()] == ["small-a"]
    agenda.solved["small-a"] = _Found({}, folder=Path("results/small-a"))
    ((_, given),) = agenda.ready()
    assert given == Given(start=Path("results/small-a").absolute())


def test_a_start_that_failed_is_done_without_but_what_is_needed_is_not():
    """Proves    b starts from nothing where a failed; c, which also holds the emissions of a, is not solved.

    Fails if  one that only starts from another waits for ever, or falls with it.
    """
    designs = {"a": {}, "b": {}, "c": held("a")}
    found = load({**SMALL, "solver": {"start_from": "a"}, "designs": designs}).scenarios
    agenda = Agenda(found, driver.check_all(found))
    assert [s.name for s, _ in agenda.ready()] == ["small-a"]
    assert agenda.ready() == []
    agenda.failed["small-a"] = Infeasible("no plan")
    assert [(s.name, given) for s, given in agenda.ready()] == [("small-b", Given(start_failed="small-a"))]
    assert "it uses what small-a finds, which failed" in str(agenda.failed["small-c"])


def test_a_start_that_is_no_scenario_is_refused():
    text = refused(load({**SMALL, "solver": {"start_from": "nowhere"}}).scenarios)
    assert "`nowhere` is no scenario of this run" in text
