"""What stands beside the program says the same as the program: licence, citation, changelog."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_licence_is_the_one_of_the_package():
    assert PROJECT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License\n")


def test_the_citation_is_of_this_version():
    """The keys that version 1.2.0 of the Citation File Format demands, and the version of the package."""
    cited = YAML(typ="safe", pure=True).load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert (cited["cff-version"], cited["type"]) == ("1.2.0", "software")
    assert (str(cited["version"]), cited["license"]) == (PROJECT["version"], PROJECT["license"])


def test_the_changelog_has_this_version_below_what_is_unreleased():
    """Headings of Keep a Changelog: versions with dates, newest first, and kinds of changes."""
    heads = re.findall(r"^(##+) (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    versions = [text for level, text in heads if level == "##"]
    kinds = {text for level, text in heads if level == "###"}
    assert versions[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(PROJECT['version'])}\] – \d{{4}}-\d\d-\d\d", versions[1])
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
