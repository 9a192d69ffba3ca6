"""A new scenario validates, says where it comes from, and overwrites nothing."""

from __future__ import annotations

import pytest

from picmodel import driver
from picmodel.errors import InputError
from picmodel.scenario.load import load
from picmodel.starter.new import BASES, SHIPPED, new_scenario
from tests.commands import call


@pytest.mark.parametrize("base", BASES)
def test_a_new_scenario_is_its_base_but_for_one_design(tmp_path, base):
    file = new_scenario(tmp_path / "mine", base)
    assert file == tmp_path / "mine.yaml"
    found = {scenario.name: scenario for scenario in driver.chosen(file)}
    policy = found.pop("mine-policy")
    assert policy.markets["carbon"]["instrument"] == "price"
    before = list(load(SHIPPED / f"{base}.yaml"))
    assert len(found) == len(before)
    for scenario, origin in zip(found.values(), before):
        assert scenario.markets == origin.markets
        assert scenario.horizon == origin.horizon
        assert scenario.time == origin.time


def test_its_comments_are_in_two_languages_and_every_commented_line_is_valid(tmp_path):
    """Without the comment signs, what is offered can stand in the file."""
    file = new_scenario(tmp_path / "mine.yaml")
    text = file.read_text("utf-8")
    assert "规划年" in text
    offered = [
        f"# {key}" for key in ("horizon:", "space:", "time:", "overrides:", "  technology", "  demand")
    ]
    lines = [
        line.removeprefix("# ") if line.startswith(tuple(offered)) else line for line in text.splitlines()
    ]
    assert sum(a != b for a, b in zip(lines, text.splitlines())) == len(offered)
    file.write_text("\n".join(lines), encoding="utf-8")
    scenario = driver.chosen(file, "mine-policy")[0]
    assert scenario.space.provinces == ("BJ", "TJ", "HE", "SX", "NM", "SD")
    assert len(scenario.overrides) == 2


def test_a_file_of_the_user_can_be_the_base(tmp_path):
    base = tmp_path / "base.yaml"
    base.write_text("horizon: {years: [2030]}\n")
    file = new_scenario(tmp_path / "sub.yaml", str(base))
    assert [scenario.name for scenario in load(file)] == ["sub-base", "sub-change"]


def test_what_cannot_be_made_is_refused(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("title: mine\n")
    with pytest.raises(InputError, match="exists"):
        new_scenario(file)
    assert file.read_text() == "title: mine\n"
    with pytest.raises(InputError, match="no folder"):
        new_scenario(tmp_path / "there" / "mine.yaml")
    with pytest.raises(InputError, match="did you mean `quickstart`"):
        new_scenario(tmp_path / "other", "quikstart")
    assert not (tmp_path / "other.yaml").exists()


def test_a_base_that_is_not_valid_leaves_nothing_behind(tmp_path):
    base = tmp_path / "base.yaml"
    base.write_text("markets: {carbon: {instrument: prize}}\n")
    with pytest.raises(InputError, match="prize"):
        new_scenario(tmp_path / "mine", str(base))
    assert [path.name for path in tmp_path.iterdir()] == ["base.yaml"]


def test_the_commands_make_and_show_it(tmp_path, capsys, monkeypatch):
    file = tmp_path / "mine.yaml"
    code, text, _ = call(capsys, monkeypatch, "new", file, "--from", "reference")
    assert (code, file.is_file()) == (0, True)
    code, text, _ = call(capsys, monkeypatch, "show", "scenario", file, "--scenario", "mine-policy")
    assert code == 0
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(text)
    (again,) = driver.chosen(resolved)
    (policy,) = driver.chosen(file, "mine-policy")
    assert driver.market_options(again) == driver.market_options(policy)
    assert again.time == policy.time
