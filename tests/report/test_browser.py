"""The report in a real browser: no complaint, every chart drawn, switches work, Chinese shows, it is quick.

Skipped where Chromium and its driver are not installed (Debian: ``apt-get install chromium-driver``).
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import socket
import threading
import time
import zlib

import pytest
import uvicorn

from picmodel.indicators.definitions import DEFINITION
from picmodel.report import gallery
from picmodel.report.images import has_chinese_font, write_image
from picmodel.report.page import write_page
from picmodel.view.app import Viewer, application
from picmodel.view.library import Library
from picmodel.view.pages import Pages
from tests.report.test_words import foreign

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="no Chromium with its driver here: apt-get install chromium chromium-driver",
)
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
)
READY = "return document.documentElement.dataset.ready === 'yes'"
#: seconds that the page's thread computes until it is ready; seconds by the clock hang on what else runs
OPENED_IN = 2.0


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(story, chinese, tmp_path_factory):
    out = tmp_path_factory.mktemp("pages")
    return {s.words.lang: write_page(s, out / f"{s.words.lang}.html") for s in (story, chinese)}


def opened(browser, path, width: int = 1280, height: int = 900):
    """The page, unpacked, at a width; with all its charts drawn."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get_log("browser")
    load(browser, path)
    browser.execute_async_script("const done = arguments[0]; picmodel.drawAll().then(() => done())")
    return browser


def load(browser, path) -> None:
    """Go to the page and wait until it has unpacked itself."""
    browser.get(path.as_uri())
    ready(browser)


def ready(browser) -> None:
    """Wait until a report has unpacked itself."""
    end = time.monotonic() + 60
    while not browser.execute_script(READY):
        assert time.monotonic() < end, "the page does not get ready"
        time.sleep(0.05)


def complaints(browser) -> list[str]:
    return [
        entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
    ]


MARKS = """
return [...document.querySelectorAll('[data-chart]')].map((figure) => {
  const marks = figure.querySelectorAll(
    '.plot .point path, .plot .js-line, .plot .hm image, .plot .sankey-link, .plot .point');
  return [figure.dataset.chart, marks.length];
})
"""


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_every_chart_is_drawn_without_a_complaint(browser, pages, lang, width):
    page = opened(browser, pages[lang], width)
    assert {name: count > 0 for name, count in page.execute_script(MARKS)} == dict.fromkeys(
        gallery.NAMES, True
    )
    assert complaints(page) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def computed(browser) -> float:
    """Processor seconds of the page's thread so far."""
    found = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(metric["value"] for metric in found if metric["name"] == "TaskDuration")


def test_it_opens_in_time_and_asks_nobody(browser, pages):
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    browser.get("about:blank")
    before = computed(browser)
    load(browser, pages["en"])
    assert computed(browser) - before < OPENED_IN
    asked = browser.execute_script("return performance.getEntriesByType('resource').map((r) => r.name)")
    assert [name for name in asked if not name.startswith("blob:null/")] == []  # those are the page's own


def select(page, chart: str, switch: str, key: str) -> None:
    page.execute_script(
        """const box = document.querySelector(`[data-chart="${arguments[0]}"]`);
        const s = box.querySelector(`select[data-switch="${arguments[1]}"]`);
        s.value = arguments[2]; s.dispatchEvent(new Event('change'))""",
        chart,
        switch,
        key,
    )


def heights(page, chart: str) -> list[list[float]]:
    """What plotly has drawn: y of every trace."""
    script = "return document.querySelector(`[data-chart='${arguments[0]}'] .plot`).data.map((t) => t.y)"
    return page.execute_script(script, chart)


def test_a_switch_changes_its_chart_and_no_other(browser, pages, story):
    page = opened(browser, pages["en"])
    others = heights(page, "generation")
    select(page, "capacity", "province", "HA")
    expected = gallery.one_chart("capacity", story).figure(province="HA")
    assert heights(page, "capacity") == [trace["y"] for trace in expected["data"]]
    assert heights(page, "generation") == others


def test_the_bar_sets_all_charts_that_have_the_choice(browser, pages, story):
    page = opened(browser, pages["en"])
    page.execute_script(
        """const s = document.querySelector('select.shared[data-switch="province"]');
        s.value = 'SN'; s.dispatchEvent(new Event('change'))"""
    )
    for name in ("capacity", "generation", "dispatch", "price_duration"):
        expected = gallery.one_chart(name, story).figure(province="SN")
        assert heights(page, name) == [trace["y"] for trace in expected["data"]], name


def test_a_day_may_be_looked_at_alone(browser, pages):
    page = opened(browser, pages["en"])
    page.execute_script(
        """const s = document.querySelector('[data-chart="dispatch"] select[data-window]');
        s.value = s.options[2].value; s.dispatchEvent(new Event('change'))"""
    )
    shown = page.execute_script(
        "return document.querySelector('[data-chart=dispatch] .plot').layout.xaxis.range"
    )
    assert shown == [30, 54]  # days of 24 hours, with a gap of one 6-hour slice between them


def test_dark_and_light_are_different_and_legible(browser, pages):
    page = opened(browser, pages["en"])
    colours = {}
    for theme in ("light", "dark"):
        page.execute_script(
            """const t = document.getElementById('theme');
            t.value = arguments[0]; t.dispatchEvent(new Event('change'))""",
            theme,
        )
        colours[theme] = page.execute_script(
            """const plot = document.querySelector('[data-chart=emissions] .plot');
            return [getComputedStyle(document.body).backgroundColor, plot.layout.font.color]"""
        )
    assert colours["light"] == ["rgb(255, 255, 255)", "#1b1f24"]
    assert colours["dark"] == ["rgb(20, 24, 29)", "#e8ebef"]


def test_the_csv_behind_a_chart_has_every_choice(browser, pages, story):
    page = opened(browser, pages["en"])
    rows = list(
        csv.reader(io.StringIO(page.execute_script("return picmodel.wholeCsv('capacity')").lstrip("\ufeff")))
    )
    assert rows[0] == ["province", "series 1", "series 2", "series 3", "value", "unit"]
    chart = gallery.one_chart("capacity", story)
    wanted = sum(v is not None for f in chart.states.values() for t in f["data"] for v in t["y"])
    assert len(rows) - 1 == wanted
    figure = chart.figure(province="SD")
    row = next(r for r in rows if r[0] == "SD" and r[1] == "Coal" and r[2:4] == ["2030", "B"])
    coal = next(t for t in figure["data"] if t["name"] == "Coal")
    assert float(row[4]) == coal["y"][[*zip(*coal["x"])].index(("2030", "B"))]
    assert row[5] == "Capacity [GW]"


def test_numbers_are_shown_as_a_table(browser, pages):
    page = opened(browser, pages["en"])
    page.execute_script("document.querySelector('[data-chart=ledger] .numbers').open = true")
    time.sleep(0.3)
    cells = page.execute_script("return document.querySelectorAll('[data-chart=ledger] .numbers td').length")
    assert cells > 8


def test_every_control_is_reached_by_keyboard(browser, pages):
    """Native controls and summaries only; plots take the focus so that they can be scrolled to."""
    page = opened(browser, pages["en"])
    bad = page.execute_script(
        """return [...document.querySelectorAll('select, button, summary, a[href], .plot')]
        .filter((e) => e.tabIndex < 0).length"""
    )
    unnamed = page.execute_script(
        """return [...document.querySelectorAll('select')].filter((e) => !e.labels.length).length
        + [...document.querySelectorAll('.plot')]
          .filter((e) => !document.getElementById(e.getAttribute('aria-labelledby'))).length"""
    )
    assert (bad, unnamed) == (0, 0)


VISIBLE = """
document.querySelectorAll('details').forEach((e) => { e.open = true; });
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const place = walk.currentNode.parentElement;
  if (!place.closest('script, style, noscript, pre, code, button')) found.push(walk.currentNode.textContent);
}
for (const place of document.querySelectorAll('[aria-label], [title]'))
  found.push(place.getAttribute('aria-label') || '', place.title || '');
return found.filter((text) => text.trim())
"""


def test_a_chinese_report_has_no_english_words(browser, pages, chinese):
    """Codes of settings and file formats are marked as such; units, CCER, IRR and codes of provinces stay."""
    texts = opened(browser, pages["zh"]).execute_script(VISIBLE)
    assert len(texts) > 500
    names = {result.name for result in chinese.results} | set(chinese.provinces) | {*DEFINITION}
    assert sorted({word for text in texts for word in foreign(text, names)}) == []


@pytest.mark.skipif(not has_chinese_font(), reason="no Chinese font here: apt-get install fonts-noto-cjk")
def test_chinese_is_drawn_with_glyphs(browser, pages):
    """Two Chinese characters of the page look different: boxes for missing glyphs would be equal."""
    page = opened(browser, pages["zh"])
    equal = page.execute_script(
        """const font = getComputedStyle(document.body).fontFamily;
        const drawn = (text) => {
          const c = document.createElement('canvas'); c.width = c.height = 40;
          const g = c.getContext('2d'); g.font = `30px ${font}`; g.fillText(text, 2, 32);
          return c.toDataURL(); };
        return drawn('煤') === drawn('碳')"""
    )
    assert not equal
    title = page.execute_script("return document.querySelector('[data-chart=emissions] .ytitle').textContent")
    assert title == "电力碳排放（物理口径） [百万吨 CO₂]"


@pytest.mark.skipif(not has_chinese_font(), reason="no Chinese font here: apt-get install fonts-noto-cjk")
@pytest.mark.parametrize(("kind", "head"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<svg")])
def test_images_of_a_figure(chinese, tmp_path, kind, head):
    chart = gallery.one_chart("emissions", chinese)
    path = write_image(chart, chinese, tmp_path / f"a.{kind}", province="HA")
    content = path.read_bytes()
    assert content.startswith(head)
    if kind == "svg":
        assert "电力碳排放" in content.decode("utf-8")
        assert "河南" in content.decode("utf-8")
    if kind == "pdf":
        assert set("碳排放河南") <= glyphs(content)


def glyphs(pdf: bytes) -> set[str]:
    """Characters that the fonts inside a PDF have, from their tables of Unicode."""
    found = set()
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(packed)
        except zlib.error:
            continue
        if b"beginbfchar" in text:
            found |= {chr(int(code, 16)) for code in re.findall(rb"> <([0-9A-Fa-f]{4})>", text)}
    return found


# -- served


@pytest.fixture(scope="module")
def served(folders):
    """Address of the viewer over the runs, on a free port."""
    viewer = Viewer(Library(folders[0].parent), Pages(lambda story: ()))
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(application(viewer, "127.0.0.1"), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/"
        server.should_exit = True
        thread.join(timeout=20)


def test_runs_are_chosen_compared_and_told_in_the_other_language(browser, served):
    browser.get_log("browser")
    browser.get(f"{served}?lang=en")
    assert not browser.find_element("id", "open").is_enabled()
    for box in browser.find_elements("css selector", "input[name=run]"):
        box.click()
    assert browser.find_element("id", "count").text == "2 chosen"
    browser.find_element("id", "open").click()
    ready(browser)
    browser.execute_async_script("const done = arguments[0]; picmodel.drawAll().then(() => done())")
    assert {name: count > 0 for name, count in browser.execute_script(MARKS)} == dict.fromkeys(
        gallery.NAMES, True
    )
    image = browser.execute_async_script(
        """const done = arguments[0], plot = document.querySelector('[data-chart=capacity] .plot');
        Plotly.toImage(plot, {format: 'png', width: 300, height: 200}).then(done, (e) => done(String(e)))"""
    )
    assert image.startswith("data:image/png;base64,")
    browser.find_element("link text", "中文").click()
    ready(browser)
    assert browser.find_element("tag name", "h1").text == "2 个情景对比"
    browser.find_element("link text", "全部运行").click()
    chosen = browser.find_elements("css selector", "input[name=run]:checked")
    assert len(chosen) == 2
    assert complaints(browser) == []


def test_the_list_is_searched_and_fits_a_phone(browser, served):
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(f"{served}?lang=en")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    browser.find_element("id", "find").send_keys("planned")
    rows = browser.find_elements("css selector", "#runs tbody tr")
    assert [row.get_attribute("data-run") for row in rows if row.is_displayed()] == ["study-separate"]
