"""Settings that change nothing are found, wherever on the way to the report they get lost; others are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from picmodel import driver
from picmodel.data import load as data_load
from picmodel.errors import InputError
from picmodel.ignored.remarks import examined
from picmodel.scenario.load import ScenarioSet

REGION = """\
horizon: {years: [2025, 2030]}
time: {periods: 1, extremes: 1, step_h: 6}
space: {provinces: [HE, NM]}
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    """A set of the files; the last one is loaded."""
    monkeypatch.chdir(tmp_path)

    def read_last(**files: str) -> ScenarioSet:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text, "utf-8")
        return driver.gathered(f"{name}.yaml")

    return read_last


def refused(found: ScenarioSet) -> dict[str, str]:
    """Setting -> id of the message that refuses it."""
    with pytest.raises(InputError) as error:
        examined(found)
    return {problem.split("`")[1]: problem.id for problem in error.value.problems}


def test_each_planted_setting_is_found_and_no_other(read):
    """By hand: without adequacy there is no margin; 2027 is no planning year; Guangdong is not modelled; the
    table's debt share times 1 is itself.  A factor on demand, two prices, a fuel cost, the potential of
    Hebei and the debt of projects (settlement alone) are used."""
    found = read(
        x=REGION
        + """\
physical: {adequacy: false, adequacy_margin_share: 0.1, demand_factor: 1.02}
markets:
  carbon: {instrument: price, price_cny_per_t: {2025: 50, 2027: 60, 2030: 70}}
overrides:
  fuel_prices.price_cny_per_gj: {multiply: 1.1}
  potentials.potential_gw: [{multiply: 1.1, where: {province: GD}}, {multiply: 1.1, where: {province: HE}}]
  finance: [{multiply: 1.0, where: {parameter: debt_share}}, {multiply: 0.9, where: {parameter: debt_share}}]
"""
    )
    assert refused(found) == {
        "physical.adequacy_margin_share": "PIC-N002",
        "markets.carbon.price_cny_per_t.2027": "PIC-N002",
        "overrides.potentials.potential_gw.0": "PIC-N002",
        "overrides.finance.0": "PIC-N001",
    }


def test_a_setting_that_the_code_forgets_is_found(read, monkeypatch):
    """Fails if  the check believes the reader and not what comes out: the factor is read and dropped."""
    found = read(x=REGION + "physical: {demand_factor: 1.02, hydro_min_flow_share: 0.2}\n")
    examined(found)
    honest = data_load.system_options

    def forgetful(scenario, tables):
        return replace(honest(scenario, tables), demand_factor=1.0)

    monkeypatch.setattr(data_load, "system_options", forgetful)
    assert refused(found) == {"physical.demand_factor": "PIC-N002"}


def test_one_scenario_that_uses_it_is_enough_and_a_threshold_may_equal_the_default(read):
    """The price is used by one of two designs; 2030 is the planning year that the default of 2027 means; on a
    spot market renewables are in full_spot unless something else is written."""
    found = read(
        x=REGION
        + """\
markets:
  carbon: {instrument: price, price_cny_per_t: 50}
  green_certificates: {trade: national, carbon_linkage: unified, eligible_from: 2030}
  power: {dispatch: spot, renewables: full_spot}
designs:
  on: {}
  off: {markets: {carbon: null, green_certificates: null}}
"""
    )
    assert examined(found) == []


def test_a_sweep_may_pass_through_the_table_s_value_but_not_only_there(read):
    text = REGION + "sweep: {grid: {overrides.fuel_prices.price_cny_per_gj: [%s]}}\n"
    assert examined(read(x=text % "{multiply: 1.0}, {multiply: 0.9}")) == []
    assert refused(read(x=text % "{multiply: 1.0}")) == {"overrides.fuel_prices.price_cny_per_gj": "PIC-N001"}


def test_what_another_line_replaces_and_what_is_said_twice(read):
    found = read(
        x=REGION
        + """\
physical: {demand_factor: 1.5, build_limits: true}
designs: {a: {physical: {demand_factor: 1.1}}, b: {physical: {demand_factor: 1.2}}}
"""
    )
    assert refused(found) == {"physical.demand_factor": "PIC-N003"}


@pytest.mark.slow
def test_inherited_settings_stop_nothing_and_are_named_where_asked(read):
    base = REGION + "physical: {adequacy: false, adequacy_margin_share: 0.1}\n"
    found = read(base=base, x="extends: base.yaml\nphysical: {demand_factor: 1.1}\n")
    assert examined(found) == []
    (remark,) = examined(found, inherited=True)
    assert (remark.message.id, remark.message.file, remark.message.line) == ("PIC-N002", "base.yaml", 4)


def test_a_waiver_lets_it_pass_with_its_reason(read):
    same = "overrides: {finance: {multiply: 1.0, where: {parameter: debt_share}}}\n"
    text = REGION + same + "waive: [%s]\n"
    waiver = "{id: PIC-N001, reason: kept for later, key: overrides.finance}"
    found = read(x=text % waiver)
    (remark,) = examined(found)
    assert remark.waived == "kept for later"
    assert found.scenarios[0]._remarks == (remark,)
    assert remark.document()["waived"] == "kept for later"
    other = "{id: PIC-N001, reason: kept for later, key: overrides.fuel_prices}"
    assert refused(read(x=text % other)) == {"overrides.finance": "PIC-N001"}


def test_a_waiver_that_nothing_needs_is_named(read):
    (remark,) = examined(read(x=REGION + "waive: [{id: PIC-W103, reason: never}]\n"), effects=False)
    assert remark.message.id == "PIC-W107"
    assert remark.message.startswith("x.yaml:4:9: `waive.0`: no message PIC-W103")
