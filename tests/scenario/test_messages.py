"""Ids of messages, the caret below the place, waivers."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

import picmodel
from picmodel.errors import InputError
from picmodel.scenario.load import load
from picmodel.scenario.messages import MESSAGES, Message, caret

PACKAGE = Path(picmodel.__file__).parent
ROOT = PACKAGE.parent


def test_every_id_is_declared_used_and_documented():
    sources = [p for p in PACKAGE.rglob("*.py") if p.name != "messages.py"]
    used = {id for path in sources for id in re.findall(r"PIC-[SNW]\d{3}", path.read_text("utf-8"))}
    assert used == set(MESSAGES)
    documented = re.findall(
        r"^\| `(PIC-[SNW]\d{3})` \| (.*) \|$", (ROOT / "docs/scenarios.md").read_text(), re.M
    )
    assert dict(documented) == MESSAGES


def test_every_problem_of_a_file_has_an_id(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "extends: no.yaml\ntime: {perods: 3, step_h: 5, periods: 0, extremes: a}\noverrides: {a: b}\n"
        "designs: {a b: {}}\nreference: q\nspace: {provinces: [gd]}\nname: a/b\nseries: {demand: no.csv}\n"
    )
    with pytest.raises(InputError) as error:
        load(path)
    assert [problem.id for problem in error.value.problems] == [
        "PIC-S001",
        "PIC-S030",
        "PIC-S034",
        "PIC-S033",
        "PIC-S032",
        "PIC-S050",
        "PIC-S022",
        "PIC-S023",
        "PIC-S036",
        "PIC-S036",
        "PIC-S025",
    ]


def test_the_caret_stands_below_the_place(tmp_path):
    """Wide characters take two columns: 中文 before the key moves the caret by four."""
    path = tmp_path / "x.yaml"
    path.write_text("time: {perods: 3}\n'中文': {a: 1}\n", "utf-8")
    narrow = Message("m", "PIC-S030", str(path), 1, 8)
    assert caret(narrow) == "    1 | time: {perods: 3}\n               ^"
    wide = Message("m", "PIC-S030", str(path), 2, 7)
    assert caret(wide) == "    2 | '中文': {a: 1}\n                ^"
    assert caret("plain") == ""
    assert caret(Message("m", "PIC-S001", str(tmp_path / "none.yaml"), 1, 1)) == ""
    assert caret(Message("m", "PIC-S001", str(path), 9, 1)) == ""


def test_a_message_is_its_text_and_crosses_a_process_border():
    message = Message("text", "PIC-S030", "x.yaml", 1, 2)
    again = pickle.loads(pickle.dumps(InputError([message]))).problems[0]
    assert again == "text"
    assert (again.id, again.file, again.line, again.column) == ("PIC-S030", "x.yaml", 1, 2)


@pytest.mark.parametrize("id", ["PIC-S030", "PIC-W999", "nonsense"])
def test_what_cannot_be_waived(id):
    with pytest.raises(InputError) as error:
        load({"waive": [{"id": id, "reason": "because"}]})
    assert "cannot" in str(error.value) or "no message that can be waived" in str(error.value)
