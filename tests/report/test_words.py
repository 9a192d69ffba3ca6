"""Every label is there in both languages, and none is idle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from picmodel.report import words
from picmodel.report.styles import CLASSES, COMPONENTS
from picmodel.report.words import TEXT, words_for
from picmodel.settlement.ledger import PARTIES

HAN = re.compile(r"[\u4e00-\u9fff]")
FOLDER = Path(words.__file__).parent


def test_every_party_class_and_component_has_words():
    assert set(PARTIES) <= set(words.LEDGER)
    assert set(CLASSES) <= set(words.CLASSES)
    assert set(COMPONENTS) <= set(words.COMPONENTS)


@pytest.mark.parametrize("table", ["LEDGER", "CLASSES", "COMPONENTS", "LINES", "TEXT"])
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


def test_names_come_from_inputs_and_definitions():
    english, chinese = words_for("en"), words_for("zh")
    assert chinese.province("GD") == "广东"
    assert english.province("GD") == "Guangdong"
    assert chinese.technology("coal_chp") == "燃煤热电联产"
    assert chinese.indicator("peak_cost") == "达峰成本"
    assert english.indicator("project_irr") == "Project IRR"
    assert chinese.unit("bn CNY") == "十亿元"
    assert english.technology("tidal") == "tidal"
