"""The shipped studies and their commands: good before any solve, and the last subset is the last rung."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from picmodel import cli, driver
from picmodel.scenario.load import load
from picmodel.studies.attribution import subsets_of
from picmodel.studies.files import Attribution, Sensitivity, designs_of, read_study
from picmodel.studies.sampling import sample
from picmodel.studies.sensitivity import check_parameters, kind, ranges_of, scenarios_of
from tests.studies.test_attribution import ANSWERS, STUDY
from tests.studies.test_sensitivity import ANSWERS as LINEAR
from tests.studies.test_sensitivity import STUDY as SENSITIVITY

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "pic2022"


def test_all_players_together_are_the_last_rung():
    """Proves    what is attributed is the ladder's own change: its first rung to its last.

    Fails if  the rung of the ladder changes and the study does not.
    """
    path = FOLDER / "attribution.yml"
    study, where = read_study(path, Attribution)
    subsets = subsets_of(path, study, where, "attribution")
    driver.check_all(list(subsets.values()))
    rungs = {one.name: one for one in load(FOLDER / "ladder.yaml")}
    for players, rung in (((), "today-separate"), (study.players, "today-reform")):
        found = driver.market_options(subsets[frozenset(players)])
        wanted = driver.market_options(rungs[rung])
        assert found.keys() == wanted.keys()
        for name in found:
            # `dispatch` names a bundle of switches; the study sets the switches themselves
            assert found[name].model_dump(exclude={"dispatch"}) == wanted[name].model_dump(
                exclude={"dispatch"}
            )


def test_every_sample_of_the_shipped_study_is_a_good_scenario():
    path = FOLDER / "sensitivity.yml"
    study, where = read_study(path, Sensitivity)
    bases = designs_of(path, where, study.scenario.file, study.scenario.designs)
    check_parameters(study, where, bases)
    runs = sample(ranges_of(study), 2, study.seed)
    scenarios = scenarios_of(path, study, where, "sensitivity", bases, runs)
    driver.check_all([one for case in scenarios.values() for one in case.values()])
    assert [kind(run) for run in scenarios].count("low") == len(study.parameters)


def test_a_parameter_at_its_centre_changes_nothing():
    """Centres are what the scenario says, so that the central run is the rung, in the study's own years."""
    path = FOLDER / "sensitivity.yml"
    study, where = read_study(path, Sensitivity)
    bases = designs_of(path, where, study.scenario.file, study.scenario.designs)
    runs = {"centre": sample(ranges_of(study), 0, 0)["centre"]}
    centre = scenarios_of(path, study, where, "sensitivity", bases, runs)["centre"]
    years = tuple(study.settings["horizon"]["years"])
    factors = {name for name, parameter in study.parameters.items() if parameter.unit.startswith("factor")}
    assert all(study.parameters[name].centre == 1.0 for name in factors)
    for base, found in zip(bases, centre.values()):
        assert all(override.value == 1.0 for override in found.overrides)
        assert found.horizon == base.horizon.model_copy(update={"years": years})
        options = driver.market_options(found)
        for name, wanted in driver.market_options(base).items():
            if name == "carbon":  # a factor of 1 by year is the factor of 1
                assert set(options[name].benchmark_factor.values()) == {1.0}
                options[name] = options[name].model_copy(update={"benchmark_factor": wanted.benchmark_factor})
            assert options[name] == wanted, name


@pytest.mark.parametrize(
    ("command", "text", "answers", "words"),
    [
        ("attribute", STUDY, ANSWERS, ["No planned hours", "+9.6 (51 %)", "+4.8 to +16", "written to"]),
        ("sensitivity", SENSITIVITY, LINEAR, ["cheaper, %", "-50 to -10", "-66.7", "written to"]),
    ],
)
def test_the_command_prints_what_it_found(
    command, text, answers, words, write, toy, tmp_path, monkeypatch, capsys
):
    toy(answers)
    monkeypatch.setattr(sys, "argv", ["picmodel", command, str(write(text)), "--out", str(tmp_path / "out")])
    cli.main()
    shown = capsys.readouterr()
    for expected in words:
        assert expected in shown.out
    assert "runs" in shown.err
    assert "min left" in shown.err


@pytest.mark.parametrize("command", ["attribute", "sensitivity"])
def test_the_command_refuses_a_file_that_is_not_there(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["picmodel", command, str(tmp_path / "study.yml")])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "there is no file" in capsys.readouterr().err
