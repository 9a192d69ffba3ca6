"""Every label is there in both languages, and none is idle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from picmodel.data.load import INPUTS
from picmodel.finance.walk import OWN_COST, SETTLED
from picmodel.formulation.components import COMPONENTS
from picmodel.indicators.definitions import DEFINITION
from picmodel.indicators.health import SLACKS
from picmodel.ladder.claims import read_claims
from picmodel.markets.registry import MECHANISMS
from picmodel.report import gallery, market_words, styles, words
from picmodel.report.styles import CLASSES
from picmodel.report.words import TEXT, words_for
from picmodel.settlement.ledger import PARTIES

HAN = re.compile(r"[\u4e00-\u9fff]")
FOLDER = Path(words.__file__).parent


def test_every_party_class_and_component_has_words():
    assert set(PARTIES) <= set(words.LEDGER)
    assert set(CLASSES) <= set(words.CLASSES)
    assert set(COMPONENTS) == set(styles.COMPONENTS)  # a component without a style is not drawn
    assert set(COMPONENTS) <= set(words.COMPONENTS)
    assert {*SETTLED, *OWN_COST} <= set(words.LINES)


def test_every_warning_that_a_rule_is_not_kept_has_chinese():
    meanings = {*SLACKS.values(), *(meaning for m in MECHANISMS for meaning in m.slacks.values())}
    assert meanings <= set(market_words.WARNINGS)
    said = words_for("zh").warning("energy not served: 2030: 12 GWh, 2035: 3 GWh")
    assert said == "缺供电量：2030: 12 GWh, 2035: 3 GWh"
    assert words_for("zh").warning("something else: 1") == "something else: 1"


def test_every_indicator_and_reading_of_a_claim_has_chinese():
    texts = {text: d.name for d in DEFINITION.values() for text in (d.zh, d.meaning_zh)}
    assert [name for text, name in texts.items() if not HAN.search(text)] == []
    change = DEFINITION["project_irr_change"].meaning_zh
    assert change == "项目内部收益率（税前，实际）相对参考情景的变化，百分点。"
    claims = read_claims(INPUTS.parent / "scenarios" / "pic2022" / "claims.toml").claims
    assert [r.name for claim in claims for r in claim.readings if not HAN.search(r.zh)] == []


@pytest.mark.parametrize("table", ["LEDGER", "CLASSES", "COMPONENTS", "LINES", "TEXT", "HOURLY"])
def test_chinese_is_chinese_and_english_is_not(table):
    for key, (english, chinese) in getattr(words, table).items():
        assert english, key
        assert not HAN.search(english), key
        assert HAN.search(chinese), key
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key


def test_every_text_is_used():
    folders = (FOLDER, FOLDER.parent / "view")
    files = [path for f in folders for path in (*f.glob("*.py"), *(f / "templates").iterdir())]
    code = "\n".join(path.read_text("utf-8") for path in files)
    idle = [key for key in TEXT if len(re.findall(rf"[\"'.]{key}\b", code)) < 2]
    assert idle == []


#: Latin words of Chinese reports: units, names, codes
LATIN = {
    *("GW", "GWh", "TWh", "MWh", "kW", "kWh", "CO", "d", "yr"),
    *("CCER", "IRR", "NPV", "LCOE", "UTC", "SHA", "picmodel"),
}


def foreign(text: str, names: set[str]) -> list[str]:
    """Latin words of a text that are no unit, code or name."""
    plain = re.sub(r"%{[^}]*}|<[^>]*>", " ", text)
    for name in sorted(names, key=len, reverse=True):
        plain = plain.replace(name, " ")
    return [word for word in re.findall(r"[A-Za-z]{2,}", plain) if word not in LATIN]


def strings(value: object, key: str = "") -> list[str]:
    """Texts of a figure that a reader sees; colours, types and fonts are none."""
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in strings(v, k)]
    if isinstance(value, (list, tuple)):
        return [s for v in value for s in strings(v, key)]
    shown = {"name", "text", "label", "customdata", "ticktext", "hovertemplate", "valuesuffix", "columns"}
    return [value] if isinstance(value, str) and key in {*shown, "rows", "x", "y"} else []


def test_charts_in_chinese_have_no_english_words_whatever_is_chosen(chinese):
    names = {result.name for result in chinese.results} | set(chinese.provinces)
    found = {}
    for chart in (c for charts in gallery.charts(chinese).values() for c in charts):
        texts = {chart.title, chart.subtitle, chart.note, *strings(list(chart.states.values()))}
        texts |= {label for switch in chart.switches for _, label in switch.options}
        found[chart.name] = sorted({word for text in texts for word in foreign(text, names)})
    assert {name: words for name, words in found.items() if words} == {}
    assert foreign("TWh of 风电 in SD", {"SD"}) == ["of", "in"]


def test_names_come_from_inputs_and_definitions():
    english, chinese = words_for("en"), words_for("zh")
    assert chinese.province("GD") == "广东"
    assert english.province("GD") == "Guangdong"
    assert chinese.technology("coal_chp") == "燃煤热电联产"
    assert chinese.indicator("peak_cost") == "达峰成本"
    assert english.indicator("project_irr") == "Project IRR"
    assert chinese.unit("bn CNY") == "十亿元"
    assert english.technology("tidal") == "tidal"
