"""The report: one HTML file that needs no network, with all charts of all scenarios in it.

plotly.js and the figures are packed (gzip, base64) and unpacked by the browser; answers and tables are plain.
"""

from __future__ import annotations

import base64
import gzip
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from picmodel.errors import InputError
from picmodel.indicators.definitions import DEFINITION
from picmodel.report import frames, gallery, headlines, hourly_charts
from picmodel.report.charts import Chart
from picmodel.report.headlines import Claimed
from picmodel.report.results import Result
from picmodel.report.story import Story
from picmodel.report.words import LANGUAGES, Lang

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
NEEDS = 'this needs the report libraries; install them with: pip install "picmodel[report]"'


@dataclass(frozen=True)
class Served:
    """Addresses that a page leads to where a program serves it: the list of runs, itself in the other
    language, and exports of its indicators by what they are called.
    """

    back: str
    other: str
    other_lang: Lang
    exports: Mapping[str, str] = field(default_factory=dict)


def write_page(story: Story, path: Path, claims: Sequence[Claimed] = ()) -> Path:
    """Write the report of a story to an HTML file.

    Raises:
        InputError: a library is missing, or the file cannot be written.
    """
    text = render(story, claims)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            [f"{path}: cannot write there ({error.strerror}); choose another file with --out"]
        ) from None
    return path


def render(story: Story, claims: Sequence[Claimed] = (), served: Served | None = None) -> str:
    """The report as HTML; with links to other pages where a program serves it."""
    made = gallery.charts(story)
    w = story.words
    several = len(story.results) > 1
    return (
        _environment()
        .get_template("page.html")
        .render(
            w=w,
            title=w("comparison", count=len(story.results)) if several else story.titled(story.results[0]),
            story=story,
            several=several,
            served=served,
            languages=LANGUAGES,
            warnings=headlines.warnings(story),
            answers=headlines.answers(story),
            claims=claims,
            sections=made,
            hourly=hourly_charts.rows(story),
            hourly_heads=hourly_charts.heads(story),
            shared=_shared_switches(made),
            differences=_differences(story) if several else [],
            provenance=[_provenance(result) for result in story.results],
            definitions=_definitions(story),
            version=importlib.metadata.version("picmodel"),
            style=(TEMPLATES / "page.css").read_text("utf-8"),
            script=(TEMPLATES / "page.js").read_text("utf-8"),
            plotly=packed(_plotly()),
            data=packed(
                json.dumps(_data(made, story), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            ),
        )
    )


def packed(text: str) -> str:
    """Text for a script element: base64 of gzip without a time stamp; equal text gives an equal file."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")


def _environment() -> Environment:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ModuleNotFoundError:
        raise InputError([NEEDS]) from None
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError:
        raise InputError([NEEDS]) from None
    return get_plotlyjs()


def _data(made: dict[str, list[Chart]], story: Story) -> dict:
    """What the script needs: charts by name, and the words that it says."""
    w = story.words
    words = ("empty", "day", "hour", "value")
    return {
        "lang": w.lang,
        "words": {name: w(name) for name in words},
        "key": story.key,
        "charts": {chart.name: asdict(chart) for charts in made.values() for chart in charts},
    }


def _shared_switches(made: dict[str, list[Chart]]) -> list[dict]:
    """Choices that several charts have, for the bar that sets them all at once."""
    found: dict[str, dict] = {}
    for charts in made.values():
        for chart in charts:
            for switch in chart.switches:
                if switch.name in ("scenario", "province", "year") and len(switch.options) > 1:
                    entry = found.setdefault(switch.name, {"label": switch.label, "options": {}})
                    entry["options"] |= dict(switch.options)
    order = ("scenario", "province", "year")
    return [{"name": name, **found[name]} for name in order if name in found]


def _differences(story: Story) -> list[dict]:
    table = frames.changed_settings(story.results)
    return [
        {"setting": key, "values": ["null" if v is None else str(v) for v in row]}
        for key, row in zip(table.index, table.to_numpy())
    ]


def _provenance(result: Result) -> dict:
    """What a reader needs to make the run again, and to trust it."""
    manifest = result.manifest
    return {
        "result": result,
        "mechanisms": manifest.get("mechanisms", {}),
        "worst": manifest.get("certificate", {}).get("worst"),
        "solve": manifest.get("seconds", {}).get("solve"),
        "program": manifest.get("program", "–"),
        "versions": manifest.get("versions", {}),
        "inputs": manifest.get("inputs", {}),
    }


def _definitions(story: Story) -> list:
    """Definitions of all indicators that the results have."""
    present = {name for result in story.results for name in result.indicators["indicator"].unique()}
    return [definition for name, definition in DEFINITION.items() if name in present]
