"""What the site adds to docs/ while it is built (hooks of mkdocs.yml): generated pages, links, equations.

Links of README.md and docs/ are those of the repository.  Where one leaves docs/, its target joins the site,
so that one set of links serves both.
"""

from __future__ import annotations

import html
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))
import reference

ROOT = Path(__file__).resolve().parents[1]
#: file of the repository outside docs/ -> its page
COPIED = {
    "README.md": "index.md",
    "CHANGELOG.md": "reference/changelog.md",
    "CONTRIBUTING.md": "reference/contributing.md",
    "inputs/README.md": "reference/inputs.md",
}
#: target in the repository -> page that has it
SHOWN = {**COPIED, "inputs/sources.csv": "reference/sources.md", "docs/markets": "markets/switches.md"}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
_SPOKEN = re.compile(r"\[([^\]]*)\]\(\)")
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add generated pages, pages from outside docs/, and every file that a page links to."""
    extra: dict[str, Path] = {}
    for source, page in COPIED.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, page, content=relinked(text, source, page, extra)))
    for page, make in reference.PAGES.items():
        files.append(File.generated(config, page, content=make()))
    for file in files.documentation_pages():
        if file.generated_by is None:
            source = f"docs/{file.src_uri}"
            file.content_string = relinked(file.content_string, source, file.src_uri, extra)
    for uri, path in extra.items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def relinked(text: str, source: str, page: str, extra: dict[str, Path]) -> str:
    """Links of a file of the repository as links of its page.

    Args:
        extra: target in the site -> file; files that are linked to are added.
    """

    def moved(match: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        anchor = match[2] or ""
        if target in SHOWN:
            uri = SHOWN[target]
        elif target.startswith("docs/"):
            uri = target.removeprefix("docs/")
        elif (ROOT / target).is_file():
            uri = f"files/{target}"
            extra[uri] = ROOT / target
        elif (ROOT / target).is_dir():
            return ""  # folders are in the repository only: the words stay
        else:
            return match[0]  # mkdocs says that it leads nowhere
        return posixpath.relpath(uri, posixpath.dirname(page) or ".") + anchor

    return _SPOKEN.sub(r"\1", _LINK.sub(moved, text))


def on_page_content(content: str, **_: Any) -> str:
    """Equations as MathML, which browsers draw without a script."""
    return _FORMULA.sub(_mathml, content)


def _mathml(match: re.Match) -> str:
    return convert(html.unescape(match[2]).strip(), display="block" if match[1] == "div" else "inline")
