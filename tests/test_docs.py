"""The documentation: links lead somewhere, one command makes what is generated, the site builds."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

import make
import reference
from tests.report.test_browser import BROWSER, DRIVER, browser, complaints  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "inputs" / "README.md"], key=str)


# -- links


@cache
def tokens(path: Path) -> list:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8"))


def anchor(heading: str) -> str:
    """The anchor that GitHub and the site give a heading: small letters, without punctuation, hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@cache
def anchors(path: Path) -> set[str]:
    found: dict[str, int] = {}
    names = set()
    listed = tokens(path)
    for opening, inline in pairwise(listed):
        if opening.type == "heading_open":
            text = "".join(
                child.content for child in inline.children if child.type in ("text", "code_inline")
            )
            name = anchor(text)
            count = found[name] = found.get(name, -1) + 1
            names.add(name if count == 0 else f"{name}-{count}")
    return names


def broken(path: Path) -> list[str]:
    """Links and images of a page that lead nowhere in the repository."""
    children = [child for token in tokens(path) for child in token.children or ()]
    targets = [str(child.attrGet("href") or child.attrGet("src") or "") for child in children]
    found = []
    for target in filter(None, targets):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, name = target.partition("#")
        file = (path.parent / unquote(place)).resolve() if place else path
        if not file.exists() or (name and file.suffix == ".md" and unquote(name) not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", [str(path.relative_to(ROOT)) for path in PAGES])
def test_every_link_leads_somewhere(page):
    assert broken(ROOT / page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "b.md").write_text("# A *b* `c_d`: e\n\n# Twice\n\n# Twice\n", "utf-8")
    links = "[](b.md#a-b-c_d-e) [](b.md#twice-1) [](b.md#none) [](c.md) [](#here) ![](x.png) [](https://a.b/)"
    (tmp_path / "a.md").write_text(f"# Here\n\n{links}\n\n| [in a table](d.md) |\n| --- |\n| x |\n", "utf-8")
    assert broken(tmp_path / "a.md") == ["b.md#none", "c.md", "x.png", "d.md"]


def test_every_page_is_in_the_navigation():
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    missing = [
        name
        for path in (ROOT / "docs").rglob("*.md")
        if f": {(name := path.relative_to(ROOT / 'docs').as_posix())}\n" not in nav + "\n"
    ]
    assert missing == []


# -- generated pages


def test_one_command_makes_every_generated_page(capsys, monkeypatch):
    """That each is in step: tests/test_ladder.py, tests/indicators/test_definitions.py."""
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}
    assert set(make.PAGES) == {name for name, text in texts.items() if "\nGenerated " in text}
    same, changed = texts["indicators.md"], texts["pic2022.md"] + "x"
    monkeypatch.setattr(make, "PAGES", {"indicators.md": lambda: same, "pic2022.md": lambda: changed})
    assert make.stale() == ["pic2022.md"]
    assert make.main(check=True) == 1
    assert "docs/pic2022.md: not what its data say" in capsys.readouterr().out


def test_what_solves_make_is_named_with_its_command():
    """Every CSV of docs/ has a command that makes it, and every command is one of the program."""
    solved = make.SOLVED
    for path in (ROOT / "docs").glob("*.csv"):
        assert any(path.name in what for what in solved), path.name
    commands = reference.commands()
    for command in (text for text in solved.values() if text.startswith("picmodel ")):
        assert f"## {' '.join(command.split()[:2])}\n" in commands, command


def test_the_reference_is_what_the_program_says():
    assert "| `--port` | `0` | port; 0 for a free one |" in reference.commands()
    assert "| `horizon.years` | list of whole number |" in reference.scenario()
    assert "## emission_limits" in reference.mechanisms()
    assert "| `c_balance` |" in reference.names()
    assert "$$\nG_{rgyt} \\le A_{rgt} \\, C_{rgy}\n$$" in reference.equations()
    assert "| `peak_cost` | Peak cost | 达峰成本 |" in reference.glossary()
    assert "| `obligation_weights_2023` |" in reference.sources()


# -- the site


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    pytest.importorskip("material", reason='the site needs: pip install "picmodel[docs]"')
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return out


def test_the_site_builds_without_a_complaint_and_fetches_nothing(site):
    pages = [path.read_text("utf-8") for path in site.rglob("*.html")]
    assert len(pages) > 30
    for page in pages:
        assert not re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)="?(?:https?:)?//[^>]*>""", page)


@pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no Chromium with its driver here")
def test_the_search_works_from_a_disk(site, browser):  # noqa: F811
    """A page opened as a file finds a word of another page, without a complaint."""
    browser.get_log("browser")
    browser.get((site / "index.html").as_uri())
    browser.execute_script("document.querySelector('label[for=__search]').click()")
    browser.find_element("css selector", "input[data-md-component=search-query]").send_keys("Shapley")
    end = time.monotonic() + 60
    while not (found := browser.find_elements("css selector", ".md-search-result__item a")):
        assert time.monotonic() < end, "nothing is found"
        time.sleep(0.1)
    assert any("/studies.html" in link.get_attribute("href") for link in found)
    assert complaints(browser) == []


def test_equations_of_the_site_are_mathml(site):
    page = (site / "reference" / "equations.html").read_text("utf-8")
    assert page.count('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">') > 25
    assert "arithmatex" not in page
    assert not re.findall(r"\\[a-z]+|:math:", re.sub(r"<[^>]*>", "", page.partition("<article")[2]))


def test_links_out_of_docs_are_pages_or_files_of_the_site(site):
    start = (site / "index.html").read_text("utf-8")
    assert 'href="reference/inputs.html"' in start
    assert 'href="scenarios.html#sweeps"' in start
    switches = (site / "markets" / "switches.html").read_text("utf-8")
    assert 'href="../hindcast.html"' in switches
