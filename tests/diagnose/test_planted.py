"""Conflicts planted in scenarios of the real inputs, few provinces and hours: found, named and mended."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import picmodel
from picmodel.diagnose import scenario as diagnosis
from picmodel.diagnose.elastic import Clash, Elastic, Problem, clash
from picmodel.diagnose.scenario import Diagnosis, diagnose
from picmodel.diagnose.show import as_json
from picmodel.errors import Infeasible
from picmodel.solve.highs import SolverOptions, solve
from tests.commands import call

NORTH = ["BJ", "TJ", "HE", "SX", "NM", "SD"]
KEPT, MUST_RUN = "c_keep", "c_output_min"


@dataclass(frozen=True)
class Case:
    """What is planted, and what a diagnosis must say.

    Attributes:
        says: changes to a scenario without conflict.
        clash: row families among the rules that clash.
        place: provinces of which at least one is named.
        mended_by: family of the smallest change, or of a way by one family alone.
    """

    says: dict[str, Any]
    clash: tuple[str, ...]
    place: tuple[str, ...]
    mended_by: str
    provinces: tuple[str, ...] = tuple(NORTH)

    def scenario(self) -> dict[str, Any]:
        return copy.deepcopy(
            {
                "name": "planted",
                "horizon": {"years": [2025, 2030, 2035]},
                "space": {"provinces": list(self.provinces)},
                "time": {"periods": 1, "extremes": 1, "step_h": 6},
                **self.says,
            }
        )


def limits(**emission_limits) -> dict[str, Any]:
    return {"markets": {"emission_limits": emission_limits}}


#: heat-led coal may not leave and must run, so emissions have a floor
CASES = {
    "cap of a province below its heat-led coal": Case(
        limits(provincial={"cap_mt": {"HE": {2030: 20}}, "slack_cny_per_t": None}),
        ("c_provincial_cap", KEPT, MUST_RUN),
        ("HE",),
        "c_provincial_cap",
    ),
    "cap of a province whose coal has guaranteed hours": Case(
        {
            "markets": {
                "power": {"dispatch": "planned", "planned_share": {2025: 0.6, 2035: 0.3}},
                "emission_limits": {"provincial": {"cap_mt": {"SD": 10}, "slack_cny_per_t": None}},
            }
        },
        ("c_provincial_cap", MUST_RUN),
        ("SD",),
        "c_provincial_cap",
    ),
    "permits traded among provinces that all lack them": Case(
        limits(provincial={"cap_mt": {"HE": 1, "SD": 1}, "trade": True, "slack_cny_per_t": None}),
        ("c_provincial_cap", "c_permits", MUST_RUN),
        ("HE", "SD"),
        "c_provincial_cap",
    ),
    "peak of emissions too low": Case(
        limits(peak_year={"year": 2030, "level_mt": 60, "slack_cny_per_t": None}),
        ("c_emission_peak", KEPT, MUST_RUN),
        ("NM", "SD", "HE"),
        "c_emission_peak",
    ),
    "decline after the peak too steep": Case(
        limits(
            peak_year={"year": 2030, "level_mt": 300, "decline_after_share": 0.4, "slack_cny_per_t": None}
        ),
        ("c_emission_peak", MUST_RUN),
        ("NM", "SD", "HE"),
        "c_emission_peak",
    ),
    "emissions of a scenario with less heat": Case(
        {
            "designs": {
                "clean": {
                    "overrides": {"heat_must_run": {"multiply": 0.2}},
                    "markets": {"carbon": {"instrument": "price", "price_cny_per_t": 2000}},
                },
                "tied": limits(hold_emissions_of="clean", hold_slack_cny_per_t=None),
            }
        },
        ("c_held_emissions", MUST_RUN),
        ("NM", "SD", "HE"),
        "c_held_emissions",
    ),
    "demand below what must run": Case(
        {"physical": {"demand_factor": 0.1}},
        ("c_balance", MUST_RUN, "c_flow_max"),
        ("NM", "SD", "HE"),
        MUST_RUN,
    ),
    "no lines for what must run": Case(
        {"physical": {"demand_factor": 0.3}, "overrides": {"corridor_capacity": {"multiply": 0.0}}},
        ("c_balance", MUST_RUN, "c_flow_max"),
        ("NM",),
        MUST_RUN,
    ),
    "minimum flow of rivers above demand": Case(
        {"physical": {"demand_factor": 0.2, "hydro_min_flow_share": 1.0}},
        ("c_balance", MUST_RUN, "c_flow_max"),
        ("SC",),
        MUST_RUN,
        ("SC", "CQ"),
    ),
    "heat in every month at full output": Case(
        {"physical": {"demand_factor": 0.5}, "overrides": {"heat_must_run": {"set": 1.0}}},
        ("c_balance", KEPT, MUST_RUN),
        ("JL", "HL", "LN"),
        MUST_RUN,
        ("JL", "HL", "LN"),
    ),
    "nuclear power that cannot go down": Case(
        {
            "physical": {"demand_factor": 0.2},
            "overrides": {"technologies.nuclear.min_output_share": 0.85},
        },
        ("c_balance", MUST_RUN),
        ("FJ",),
        MUST_RUN,
        ("FJ",),
    ),
    "cap of a province without neighbours": Case(
        limits(provincial={"cap_mt": {"JL": 5}, "slack_cny_per_t": None}),
        ("c_provincial_cap", MUST_RUN),
        ("JL",),
        "c_provincial_cap",
        ("JL",),
    ),
}


@pytest.fixture(scope="module", params=CASES, ids=[name.replace(" ", "_") for name in CASES])
def planted(request) -> tuple[Case, Diagnosis, Problem]:
    """A case, its diagnosis, and the LP that was diagnosed."""
    case, seen = CASES[request.param], []
    with pytest.MonkeyPatch.context() as patch:
        made = diagnosis.posed
        patch.setattr(diagnosis, "posed", lambda *given: seen.append(made(*given)) or seen[-1])
        found = diagnose(case.scenario())[-1]
    return case, found, seen[-1]


def test_the_clash_is_named(planted):
    case, found, _ = planted
    assert found.status == "infeasible"
    assert found.irreducible
    assert set(case.clash) <= {rule.family for rule in found.clash}
    assert set(case.place) & {rule.key.get("province") for rule in found.clash}
    assert all(rule.where for rule in found.clash if rule.family in case.clash)
    json.dumps(as_json([found]), allow_nan=False)


def test_the_rule_that_was_planted_can_mend_it(planted):
    case, found, _ = planted
    mends = {change.rule.family for change in found.changes} | set(found.ways)
    assert case.mended_by in mends


def _shifted(problem: Problem, found: Elastic, part: float) -> Problem:
    """The LP with the violated sides moved by a part of what is missing."""
    lower, upper = problem.lp.row_lower.copy(), problem.lp.row_upper.copy()
    for row, amount in found.violation.items():
        side = lower if amount > 0 else upper
        side[row] -= part * amount
    return replace(problem, lp=replace(problem.lp, row_lower=lower, row_upper=upper))


def test_the_smallest_change_mends_it_and_a_smaller_one_does_not(planted):
    _, _, problem = planted
    found = problem.relax(problem.limits)
    assert _has_plan(_shifted(problem, found, 1.001))
    assert not _has_plan(_shifted(problem, found, 0.98))


def _has_plan(problem: Problem, keep: Clash | None = None, but: int | None = None) -> bool:
    """Whether an LP, or only some of its rows, can be satisfied."""
    lp = replace(problem.lp, cost=np.zeros(problem.lp.shape[1]))
    if keep is not None:
        inside = np.isin(np.arange(lp.shape[0]), keep.rows)
        if but is not None:
            inside[but] = False
        low, high = (
            np.where(inside, side, x) for side, x in ((lp.row_lower, -np.inf), (lp.row_upper, np.inf))
        )
        lp = replace(lp, row_lower=low, row_upper=high)
    try:
        solve(lp, SolverOptions(method="simplex"), problem.units)
    except Infeasible:
        return False
    return True


def test_a_clash_is_irreducible():
    """The rules that clash have no plan; without any one of them they have."""
    case, seen = CASES["cap of a province below its heat-led coal"], []
    with pytest.MonkeyPatch.context() as patch:
        made = diagnosis.posed
        patch.setattr(diagnosis, "posed", lambda *given: seen.append(made(*given)) or seen[-1])
        diagnose(case.scenario())
    (problem,) = seen
    found = clash(problem.lp, problem.relax(problem.limits).proof)
    assert not _has_plan(problem, found)
    stated = [i for i in found.rows if problem.weights(problem.everything)[i] > 0]
    assert stated
    assert all(_has_plan(problem, found, but=i) for i in stated)


def test_the_number_that_is_named_is_the_least_cap():
    """At the level that the diagnosis names there is a plan, one per mille below there is none."""
    case = CASES["cap of a province without neighbours"]
    (found,) = diagnose(case.scenario())
    (first, *_) = sorted(found.changes, key=lambda change: -change.by)
    least_mt = (first.side + first.by) / 1000
    for factor, status in ((1.0001, "good"), (0.999, "infeasible")):
        scenario = case.scenario()
        scenario["markets"]["emission_limits"]["provincial"]["cap_mt"] = {"JL": factor * least_mt}
        assert diagnose(scenario)[0].status == status


# -- at the command line


def test_the_command_names_rules_and_ends_with_3(tmp_path, capsys, monkeypatch):
    file = tmp_path / "jl.yaml"
    file.write_text(
        "horizon: {years: [2030]}\ntime: {periods: 1, extremes: 0, step_h: 6}\n"
        "space: {provinces: [JL]}\n"
        "markets: {emission_limits: {provincial: {cap_mt: {JL: 1}, slack_cny_per_t: null}}}\n"
    )
    code, text, _ = call(capsys, monkeypatch, "diagnose", file)
    assert code == 3
    assert "cap of a province" in text
    assert "JL coal_chp 2030" in text
    assert "Mt/yr" in text


def test_a_run_without_a_plan_points_to_diagnose(tmp_path):
    with pytest.raises(Infeasible, match="picmodel diagnose"):
        picmodel.run(CASES["cap of a province without neighbours"].scenario(), out=tmp_path)


def test_a_good_scenario_ends_with_0(tmp_path, capsys, monkeypatch):
    file = tmp_path / "good.yaml"
    file.write_text(
        "horizon: {years: [2030]}\ntime: {periods: 1, extremes: 0, step_h: 6}\nspace: {provinces: [JL]}\n"
    )
    code, text, _ = call(capsys, monkeypatch, "diagnose", file)
    assert code == 0
    assert "there is a plan" in text
    code, _, message = call(capsys, monkeypatch, "diagnose", file, "--scenario", "god")
    assert code == 2
    assert "did you mean `good`" in message
