"""The report as a file: whole without a network, answers and warnings right and first."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import sys

import pytest

from picmodel import cli
from picmodel.data.load import INPUTS
from picmodel.errors import InputError
from picmodel.ladder import beside
from picmodel.ladder.claims import read_claims
from picmodel.report import headlines, hourly_charts
from picmodel.report.page import render
from picmodel.report.results import open_results
from tests.report.conftest import story_in

CLAIMS = INPUTS.parent / "scenarios" / "pic2022" / "claims.toml"


@pytest.fixture(scope="module")
def page(story) -> str:
    return render(story)


def unpacked(page: str, name: str) -> str:
    packed = re.search(rf'id="packed-{name}">([^<]*)<', page)
    return gzip.decompress(base64.b64decode(packed[1])).decode("utf-8")


def without_packs(page: str) -> str:
    return re.sub(r'(<script type="text/plain"[^>]*>)[^<]*', r"\1", page)


def test_the_file_fetches_nothing(page):
    plain = without_packs(page)
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", plain)
    assert not re.findall(r"@import|<link[^>]+stylesheet|<script[^>]+src", plain)
    assert len(page) < 10e6


def test_equal_results_give_an_equal_file(page, folders):
    assert render(story_in("en", folders)) == page


def test_titles_are_text_and_not_markup(page):
    assert "Spot &amp; &lt;linked&gt; &#34;certificates&#34;" in page
    assert "<linked>" not in without_packs(page)


def test_the_pack_has_every_chart_and_the_library(page):
    book = json.loads(unpacked(page, "data"))
    assert set(book["charts"]) == set(re.findall(r'data-chart="(\w+)"', page))
    assert "plotly.js v" in unpacked(page, "plotly")[:200]


# -- answers


def test_answers_are_the_indicators(story):
    found = {answer.what: answer for answer in headlines.answers(story)}
    one, other = story.results
    share = found["Renewable share 2030"].cells
    assert share[0].text == f"{100 * one.value('renewable_share', year=2030):,.1f}"
    assert share[0].change == ""
    points = 100 * (other.value("renewable_share", year=2030) - one.value("renewable_share", year=2030))
    assert share[1].change.startswith(f"{points:+.1f} points")
    cost = found["Peak cost through 2030"].cells
    assert cost[0].text == f"{one.value('peak_cost'):,.0f}"
    change = 100 * (other.value("peak_cost") / one.value("peak_cost") - 1)
    assert cost[1].change == f"{change:+.2f} %"
    irr = found["Project IRR, Onshore wind, 2030"].cells
    assert irr[1].text == f"{other.value('project_irr', technology='wind_onshore', year=2030):.2f}"


def test_a_change_that_rounds_to_zero_has_no_sign():
    assert headlines.signed(-0.004, 2) == "0.00"
    assert headlines.signed(0.006, 2) == "+0.01"


def test_claims_stand_beside_runs_whose_designs_are_rungs(story):
    """`study-separate` and `study-spot`: a claim from `separate` to `spot` speaks of them, others do not."""
    said = read_claims(CLAIMS)
    reading = said.claims[0].readings[0].model_copy(update={"after": "spot"})
    claim = said.claims[0].model_copy(update={"readings": (reading,)})
    found = beside(
        {r.name: r.indicators for r in story.results}, said.model_copy(update={"claims": (claim,)})
    )
    rows = headlines.claimed(found, {claim.name: (claim.title, claim.quote)}, {}, story.words)
    assert [(row.year, row.unit) for row in rows] == [("2030", "%"), ("2035", "%")]
    one, other = (r.value("renewable_share", year=2030) for r in story.results)
    assert rows[0].relative == headlines.signed(100 * (other / one - 1), 2)
    assert rows[0].claim == "CCER linkage raises the renewable share by 20 %"
    assert beside({"other": story.results[0].indicators}, said).empty


# -- all hours


def test_all_hours_have_a_table_where_a_run_was_dispatched_and_no_section_where_none_was(
    page, folders, tmp_path
):
    row = re.search(r'id="hourly-table".*?Curtailment: Wind</th>(.*?)</tr>', page, re.DOTALL)[1]
    assert re.findall(r">([^<>]+)</td>", row) == ["%", "0.0", "3.1", "0.0", "3.1"]
    without = shutil.copytree(folders[0], tmp_path / folders[0].name)
    (without / "hourly_2030.csv").unlink()
    alone = render(story_in("en", [without]))
    assert "section_hourly" not in without_packs(alone)
    assert not any("hourly" in name for name in json.loads(unpacked(alone, "data"))["charts"])
    both = rows_of_hours(story_in("en", [without, folders[1]]))
    assert both["Energy price, mean of demand"] == (("300", "291"),)  # of the one that has them


def rows_of_hours(story) -> dict:
    return {row.what: row.cells for row in hourly_charts.rows(story)}


# -- warnings


def test_a_shortage_is_marked_before_every_number(folders, tmp_path):
    folder = shutil.copytree(folders[0], tmp_path / folders[0].name)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["warnings"] = ["energy not served: 2030: 12 GWh"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    text = without_packs(render(story_in("en", [folder, folders[1]])))
    assert text.index("energy not served: 2030: 12 GWh") < text.index('id="answers"')
    assert text.index("does not meet all demand") < text.index('id="answers"')
    assert text.count('<span class="tag bad">shortage</span>') == 2  # in the key and in the table
    assert not open_results([folders[1]])[0].is_short


def test_results_of_different_calls_are_said_to_be(folders, tmp_path):
    folder = shutil.copytree(folders[0], tmp_path / folders[0].name)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(
        json.dumps({**manifest, "reference": "elsewhere", "program": "0"}), encoding="utf-8"
    )
    notes = [text for _, text in headlines.warnings(story_in("en", [folder, folders[1]]))]
    assert any("different references" in note for note in notes)
    assert any("different versions" in note for note in notes)


# -- folders


def test_scenarios_of_one_title_go_by_their_names(folders, tmp_path):
    folder = shutil.copytree(folders[1], tmp_path / "b")
    file = folder / "scenario.yaml"
    file.write_text((folders[0] / "scenario.yaml").read_text("utf-8"), encoding="utf-8")
    both = story_in("en", [folders[0], folder])
    assert [both.titled(result) for result in both.results] == ["A study-separate", "B study-spot"]


def test_a_folder_of_results_stands_for_all_of_them_the_reference_first(folders):
    opened = open_results([folders[0].parent])
    assert [r.name for r in opened] == ["study-separate", "study-spot"]
    assert [r.letter for r in opened] == ["A", "B"]
    assert open_results([folders[1]])[0].letter == ""


def test_all_problems_of_folders_are_named(folders, tmp_path):
    broken = shutil.copytree(folders[0], tmp_path / "broken")
    (broken / "prices.nc").unlink()
    with pytest.raises(InputError) as error:
        open_results([broken, tmp_path / "nowhere"])
    assert error.value.problems == [
        f"{broken}: no finished run, prices.nc not there; solve it with `picmodel run`",
        f"{tmp_path / 'nowhere'}: no such folder; give the folder of a finished run, such as "
        "results/<scenario>",
    ]
    again = shutil.copytree(folders[0], tmp_path / "again")
    with pytest.raises(InputError, match="two results are called study-separate"):
        open_results([folders[0], again])


# -- the command


def test_the_command_writes_the_file_and_says_where(capsys, monkeypatch, folders, tmp_path):
    out = tmp_path / "new" / "report.html"
    arguments = ["picmodel", "report", *map(str, folders), "--lang", "zh", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    cli.main()
    assert f"written to {out}" in capsys.readouterr().out
    text = out.read_text("utf-8")
    assert '<html lang="zh-CN"' in text
    assert "主要结论" in text


def test_the_command_refuses_what_is_no_result(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["picmodel", "report", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "solve it with `picmodel run`" in capsys.readouterr().err
