"""`picmodel view`: the list of runs, their reports, what it refuses.  It shares the runs of the reports."""

from __future__ import annotations

import html
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from starlette.testclient import TestClient

from picmodel import cli
from picmodel.report import gallery
from picmodel.report.headlines import answers
from picmodel.report.write import LARGE
from picmodel.view import pages as pages_module
from picmodel.view.app import Viewer, application, is_local
from picmodel.view.library import Library
from picmodel.view.pages import EXPORTS, Pages
from tests.report.conftest import story_in


def client(root: Path, host: str = "127.0.0.1") -> TestClient:
    viewer = Viewer(Library(root), Pages(lambda story: ()))
    return TestClient(application(viewer, host), base_url="http://127.0.0.1:8000", follow_redirects=False)


@pytest.fixture(scope="module")
def web(folders) -> TestClient:
    return client(folders[0].parent)


@pytest.fixture
def copied(folders, tmp_path) -> Path:
    """Results that a test may damage; the root is beside something that must not be served."""
    (tmp_path / "secret").mkdir()
    shutil.copytree(folders[0], tmp_path / "secret" / "study-hidden")
    return Path(shutil.copytree(folders[0].parent, tmp_path / "results"))


def rows(page: str) -> dict[str, str]:
    """Name of a run -> its row of the list, as text."""
    found = re.findall(r'<tr data-run="([^"]*)">(.*?)</tr>', page, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]*>", " ", row).split()) for name, row in found}


# -- the list


def test_the_list_has_every_run_with_its_headline_numbers(web, folders):
    found = rows(web.get("/?lang=en").text)
    assert list(found) == ["study-separate", "study-spot"]
    for folder in folders:
        row = found[folder.name]
        wanted = [a for a in answers(story_in("en", [folder])) if a.main]
        assert len(wanted) == 4
        for answer in wanted:
            assert answer.cells[0].text in row
        assert "2025–2035 3 4 " in row  # three planning years, four provinces
    assert "Planned dispatch 计划调度" in found["study-separate"]


def test_the_list_is_in_the_language_of_the_address_or_of_the_browser(web):
    assert "已完成的运行" in web.get("/?lang=zh").text
    assert "已完成的运行" in web.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert "Finished runs" in web.get("/?lang=xx").text


def test_titles_are_text_in_the_list(web):
    page = web.get("/?lang=en").text
    assert "Spot &amp; &lt;linked&gt;" in page
    assert "<linked>" not in page


def test_a_corrupt_result_does_not_take_the_list_down(copied):
    web = client(copied)
    (copied / "study-spot" / "indicators.csv").write_text("not,a\ntable", "utf-8")
    (copied / "broken").mkdir()
    (copied / "broken" / "manifest.json").write_text("{", "utf-8")
    (copied / ".study-new.writing-here-1").mkdir()
    shutil.copy(copied / "study-separate" / "manifest.json", copied / ".study-new.writing-here-1")
    found = rows(web.get("/").text)
    assert list(found) == ["study-separate", "broken", "study-spot"]
    assert "cannot be read (JSONDecodeError" in found["broken"]
    assert "cannot be read (KeyError" in found["study-spot"]
    assert "%" in found["study-separate"]
    answer = web.get("/report", params={"run": ["study-separate", "study-spot", "broken"]})
    assert answer.status_code == 422
    assert "study-spot: cannot be read" in answer.text
    assert "broken: cannot be read" in answer.text


def test_a_run_that_kept_only_its_numbers_is_listed_and_says_what_is_missing(copied):
    for name in LARGE:
        (copied / "study-spot" / name).unlink()
    web = client(copied)
    assert "numbers only" in rows(web.get("/?lang=en").text)["study-spot"]
    answer = web.get("/report?run=study-spot")
    assert answer.status_code == 422
    assert "study-spot: solution.nc, prices.nc" in answer.text


def test_runs_of_folders_in_the_folder_are_found_and_a_folder_of_one_run(folders, tmp_path):
    shutil.copytree(folders[0], tmp_path / "ladder" / "today" / "a")
    assert list(rows(client(tmp_path).get("/").text)) == ["ladder/today/a"]
    assert list(rows(client(folders[0]).get("/").text)) == [folders[0].name]
    (tmp_path / "empty").mkdir()
    assert "Nothing has been solved here yet" in client(tmp_path / "empty").get("/?lang=en").text


# -- reports


def test_a_report_is_that_of_the_command_with_links(web):
    answer = web.get("/report?run=study-separate&run=study-spot&lang=zh")
    assert answer.status_code == 200
    assert '<html lang="zh-CN"' in answer.text
    assert 'href="/?run=study-separate&amp;run=study-spot&amp;lang=zh"' in answer.text
    assert 'href="/report?run=study-separate&amp;run=study-spot&amp;lang=en"' in answer.text
    assert set(re.findall(r'data-chart="(\w+)"', answer.text)) == set(gallery.NAMES)


def test_a_report_is_made_once_until_the_results_change(copied, monkeypatch):
    made = []
    render = pages_module.render
    monkeypatch.setattr(pages_module, "render", lambda *args: made.append(1) or render(*args))
    web = client(copied)
    first = web.get("/report?run=study-spot")
    assert web.get("/report?run=study-spot").content == first.content
    assert len(made) == 1
    again = web.get("/report?run=study-spot", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    path = copied / "study-spot" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**manifest, "key": "other", "warnings": ["energy not served: 2030: 12 GWh"]}))
    changed = web.get("/report?run=study-spot", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert "energy not served: 2030: 12 GWh" in changed.text
    assert "shortage" in rows(web.get("/?lang=en").text)["study-spot"]


def test_a_report_has_the_hours_that_were_dispatched_since(copied):
    file = copied / "study-spot" / "hourly_2030.csv"
    content = file.read_bytes()
    file.unlink()
    web = client(copied)
    assert "section_hourly" not in web.get("/report?run=study-spot").text
    file.write_bytes(content)
    assert 'id="section_hourly"' in web.get("/report?run=study-spot").text


def test_a_file_that_is_damaged_inside_is_a_message(copied):
    (copied / "study-spot" / "prices.nc").write_bytes(b"CDF nonsense")
    answer = client(copied).get("/report?run=study-spot")
    assert answer.status_code == 422
    assert "a file is damaged, solve it again" in answer.text


@pytest.mark.parametrize(
    "name",
    ["nowhere", "../secret/study-hidden", "/etc", "study-spot/../../secret/study-hidden", "linked", "<b>"],
)
def test_what_is_no_run_of_the_folder_is_not_found(copied, name):
    (copied / "linked").symlink_to(copied.parent / "secret" / "study-hidden")
    answer = client(copied).get("/report", params={"run": name})
    assert answer.status_code == 404
    assert "There is no run" in answer.text
    assert "<b>" not in answer.text


def test_other_pages_are_not_found_and_no_run_leads_to_the_list(web):
    answer = web.get("/../../etc/passwd")
    assert answer.status_code == 404
    assert "There is no page" in answer.text
    assert web.get("/report?lang=zh").headers["location"] == "/?lang=zh"
    assert web.post("/report").status_code == 405


def test_only_names_of_this_machine_are_answered(web, folders):
    """A page of the web may not read results by a name that it points at this machine."""
    assert web.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert web.get("/", headers={"Host": "localhost:8000"}).status_code == 200
    everywhere = client(folders[0].parent, host="0.0.0.0")
    assert everywhere.get("/", headers={"Host": "server.example"}).status_code == 200
    assert [is_local(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.0.0.2", "a.b")] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]


# -- exports


def test_a_page_leads_to_every_export_of_its_runs(web, expected, tmp_path):
    page = web.get("/report?run=study-separate&run=study-spot&lang=zh").text
    links = [html.unescape(link) for link in re.findall(r'<a href="(/export[^"]*)" download>', page)]
    assert [link.rpartition("=")[2] for link in links] == ["csv", "xlsx", "parquet", "netcdf", "iamc"]
    answers = {link.rpartition("=")[2]: web.get(link) for link in links}
    for name, answer in answers.items():
        assert (answer.status_code, answer.headers["content-type"]) == (200, EXPORTS[name][1])
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''indicators")
    read = {
        "csv": lambda data: pd.read_csv(data, keep_default_na=False, na_values=[""]),
        "xlsx": lambda data: pd.read_excel(data, sheet_name="data", keep_default_na=False, na_values=[""]),
        "parquet": pd.read_parquet,
    }
    for name, reader in read.items():
        found = reader(io.BytesIO(answers[name].content))
        pd.testing.assert_frame_equal(found[[*expected]], expected, check_dtype=False, rtol=1e-9)
    (tmp_path / "a.nc").write_bytes(answers["netcdf"].content)
    with xr.open_dataset(tmp_path / "a.nc") as arrays:
        assert arrays["generation"].attrs["units"] == "TW h"
    assert answers["iamc"].text.startswith("model,scenario,region,variable,unit,year,value")


@pytest.fixture(scope="module")
def expected(folders) -> pd.DataFrame:
    parts = [pd.read_csv(f / "indicators.csv", keep_default_na=False, na_values=[""]) for f in folders]
    return pd.concat(parts, ignore_index=True)


def test_what_cannot_be_exported_is_a_message(copied):
    web = client(copied)
    one = web.get("/export?run=study-spot&format=iamc")
    assert one.headers["content-disposition"].endswith("study-spot_iamc.csv")
    for address in ("format=exe", "", "format=../csv"):
        answer = web.get(f"/export?run=study-spot&{address}")
        assert answer.status_code == 404
        assert "There is no export" in answer.text
    assert web.get("/export?run=../secret/study-hidden&format=csv").status_code == 404
    assert web.get("/export?format=csv&lang=zh").headers["location"] == "/?lang=zh"
    assert web.get("/export?run=study-spot&format=csv", headers={"Host": "evil.example"}).status_code == 400
    (copied / "study-spot" / "prices.nc").unlink()
    answer = web.get("/export?run=study-spot&format=csv")
    assert (answer.status_code, "prices.nc not there" in answer.text) == (422, True)


# -- the command


def test_the_command_answers_on_a_free_port_of_this_machine_and_ends_when_interrupted(folders):
    command = [sys.executable, "-m", "picmodel.cli", "view", str(folders[0].parent)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        said = server.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", said)[0]
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert "study-spot" in answer.read().decode("utf-8")
        server.send_signal(signal.SIGINT)
        _, complaint = server.communicate(timeout=60)
    finally:
        server.kill()
    assert (server.returncode, complaint) == (0, "")


def test_the_command_refuses_what_it_cannot_serve(capsys, monkeypatch, folders, tmp_path):
    for arguments, words in (
        ([str(tmp_path / "none")], "no such folder"),
        ([str(folders[0].parent), "--host", "203.0.113.7"], "cannot listen on 203.0.113.7"),
    ):
        monkeypatch.setattr(sys, "argv", ["picmodel", "view", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 2
        assert words in capsys.readouterr().err


def test_without_its_libraries_it_says_what_to_install(capsys, monkeypatch, folders):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setattr(sys, "argv", ["picmodel", "view", str(folders[0].parent)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert 'pip install "picmodel[view]"' in capsys.readouterr().err
