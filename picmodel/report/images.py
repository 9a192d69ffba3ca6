"""The charts of a report as PNG, SVG and PDF files, drawn by the same library in an installed browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from picmodel.errors import InputError
from picmodel.report.charts import WIDE, Chart, Figure
from picmodel.report.story import Story

FORMATS = ("png", "svg", "pdf")
#: colours of a chart on white paper
INK, GRID = "#1b1f24", "#d8dde3"
HEAD = 78  # px for title, subtitle and the key of scenarios
NEEDS = 'this needs plotly and kaleido; install them with: pip install "picmodel[report]"'
NO_BROWSER = (
    "figures are drawn by Chrome or Chromium, and none was found; install one (Debian: apt-get install"
    " chromium) or name it in the environment variable BROWSER_PATH"
)
NO_FONT = (
    "no font with Chinese characters is installed, so that labels would be boxes; install one "
    "(Debian: apt-get install fonts-noto-cjk), or choose --lang en"
)


def write_image(chart: Chart, story: Story, path: Path, **chosen: str) -> Path:
    """Write one state of a chart to a file; the ending of its name says the format.

    Args:
        chosen: keys of the chart's switches; others stand at their default.

    Raises:
        InputError: format, switch, library, browser or font is missing; or the file cannot be written.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise InputError([f"{path}: a figure ends in {', '.join('.' + f for f in FORMATS)}"])
    figure = on_paper(chart, state_of(chart, **chosen), story, chart.said(**chosen))
    if story.words.lang == "zh" and not has_chinese_font():
        raise InputError([NO_FONT])
    try:
        import plotly.graph_objects as go
        from kaleido.errors import ChromeNotFoundError
    except ModuleNotFoundError:
        raise InputError([NEEDS]) from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        go.Figure(figure).write_image(path, format=kind, width=WIDE, height=chart.height + HEAD + 24, scale=2)
    except (ChromeNotFoundError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "hrome" not in str(error):
            raise
        raise InputError([NO_BROWSER]) from None
    except OSError as error:
        raise InputError([f"{path}: cannot write there ({error.strerror})"]) from None
    return path


def state_of(chart: Chart, **chosen: str) -> Figure:
    """The figure of a choice of switches.

    Raises:
        InputError: a switch or a choice that the chart does not have.
    """
    known = {switch.name: switch.keys for switch in chart.switches}
    problems = [
        f"{chart.name}: there is no switch `{name}`; it has {', '.join(known) or 'none'}"
        if name not in known
        else f"{chart.name}: {name} cannot be `{key}`; it is one of {', '.join(known[name])}"
        for name, key in chosen.items()
        if key not in known.get(name, ())
    ]
    if problems:
        raise InputError(problems)
    try:
        return chart.figure(**chosen)
    except KeyError:
        raise InputError([f"{chart.name}: there is nothing to show for this choice"]) from None


def on_paper(chart: Chart, figure: Figure, story: Story, choice: str) -> Figure:
    """A figure with title, unit, the choice, what scenarios' letters mean, and colours for white paper."""
    layout = {**figure["layout"]}
    below = [f"{chart.subtitle} · {choice}" if choice else chart.subtitle]
    if all(switch.name != "scenario" for switch in chart.switches):
        below += filter(None, [story.key])
    layout["title"] = {
        "text": f"{chart.title}<br><sub>{'<br>'.join(below)}</sub>",
        "x": 0.02,
        "y": 0.95,
        "yanchor": "top",
    }
    margin = layout["margin"]
    layout["margin"] = {**margin, "t": margin["t"] + HEAD}
    layout["font"] = {**layout["font"], "color": INK}
    layout["paper_bgcolor"] = layout["plot_bgcolor"] = "#ffffff"
    for axis in ("xaxis", "yaxis"):
        layout[axis] = {**layout[axis], "gridcolor": GRID, "zerolinecolor": INK, "linecolor": GRID}
    return {"data": figure["data"], "layout": layout}


def has_chinese_font() -> bool:
    """Whether the system has a font for Chinese; systems other than Linux come with one."""
    if not sys.platform.startswith("linux"):
        return True
    if shutil.which("fc-list") is None:
        return False
    found = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())
