"""Figures of the page; the same tables give the same bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pic2022_page.names import RUNGS, SCENARIOS, TORNADO, component_name, costs, setting_title
from picmodel.ladder.claims import Claims, Values
from picmodel.studies import markdown
from picmodel.studies.files import Sensitivity, read_study

MAIN = ("no_policy", "separate", "ccer", "unified", "reform")


def figures(values: Values, claims: Claims, folder: Path) -> None:
    """Three small SVGs; the same table gives the same bytes."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    style = {"svg.hashsalt": "pic2022", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False}
    plt.rcParams.update({**style, "axes.spines.right": False})
    folder.mkdir(exist_ok=True)
    for name, draw in (("share", _draw_share), ("cost", _draw_cost), ("return", _draw_return)):
        figure, axes = plt.subplots(
            1, len(values.settings), figsize=(4.4 * len(values.settings), 3.2), squeeze=False
        )
        for axis, setting in zip(axes[0], values.settings):
            draw(axis, values, setting, claims)
            axis.set_title(setting_title(setting), loc="left")
        figure.tight_layout()
        figure.savefig(folder / f"pic2022_{name}.svg", metadata={"Date": None})
        plt.close(figure)


def _draw_share(axis, values: Values, setting: str, claims: Claims) -> None:
    """Share of generation by year; rung 1 times 1.2 beside it."""
    for design in MAIN:
        path = values.of(setting, design, "renewable_share")
        if path:
            axis.plot(
                list(path), [100 * x for x in path.values()], marker="o", ms=3, lw=1, label=RUNGS[design]
            )
    base = values.of(setting, "separate", "renewable_share")
    if base:
        axis.plot(
            list(base), [120 * x for x in base.values()], ls=":", c="grey", label="rung 1 × 1.2: the claim"
        )
    axis.set_xticks(list(base))
    axis.set_ylabel("renewables in generation, %")
    axis.legend(frameon=False, fontsize=7)


def _draw_cost(axis, values: Values, setting: str, claims: Claims) -> None:
    """Peak cost less that of rung 1, stacked by component."""
    designs = [d for d in RUNGS if d != "separate" and costs(values, setting, d)]
    base = costs(values, setting, "separate")
    components = [c for c in base if c != "all"]
    for sign in (1, -1):
        bottom = [0.0] * len(designs)
        for i, component in enumerate(components):
            part = [costs(values, setting, d).get(component, 0.0) - base[component] for d in designs]
            part = [x if x * sign > 0 else 0.0 for x in part]
            label = component_name(component) if sign > 0 else None
            axis.bar(range(len(designs)), part, bottom=bottom, color=f"C{i}", label=label, width=0.7)
            bottom = [a + b for a, b in zip(bottom, part)]
    axis.axhline(0, c="black", lw=0.6)
    axis.set_xticks(range(len(designs)), [RUNGS[d] for d in designs], rotation=45, ha="right")
    axis.set_ylabel("against rung 1, bn CNY")
    axis.legend(frameon=False, fontsize=7)


def _draw_return(axis, values: Values, setting: str, claims: Claims) -> None:
    """Return of wind and sun by rung, re-optimised and held."""
    rungs = ("separate", "ccer", "unified", "reform")
    for end, label, marker in (("", "re-optimised", "o"), ("_held", "capacities held", "s")):
        found = [values.of(setting, rung + end, "project_irr", "wind_and_solar").get(0) for rung in rungs]
        known = [(i, x) for i, x in enumerate(found) if x is not None]
        if known:
            axis.plot(*zip(*known), marker=marker, lw=1, label=label)
    axis.set_xticks(range(len(rungs)), [RUNGS[r] for r in rungs], rotation=45, ha="right")
    axis.set_ylabel("IRR of wind and sun, %")
    axis.legend(frameon=False, fontsize=7)


def _draw_tornado(figure) -> None:
    """For each claim the changes at both ends of what moves it most; the claimed range in grey."""
    study, _ = read_study(SCENARIOS / "sensitivity.yml", Sensitivity)
    moved = pd.read_csv(TORNADO)
    names = list(study.claims)
    for axis, name in zip(figure.subplots(len(names), 1), names):
        claim = study.claims[name]
        bars = markdown.largest(moved, name).iloc[::-1]
        labels = [study.parameters[p].title.en or p for p in bars["parameter"]]
        for ends, colour, label in (("at_low", "C0", "at the low end"), ("at_high", "C1", "at the high end")):
            axis.barh(labels, bars[ends] - bars["centre"], left=bars["centre"], color=colour, label=label)
        axis.axvspan(claim.low, claim.high, color="0.85", zorder=0, label="claimed")
        unit = "%" if claim.change == "relative" else "points"
        axis.set_title(f"{claim.title.en or name}: change, {unit}", loc="left", fontsize=9)
        axis.tick_params(labelsize=7)
    figure.axes[0].legend(frameon=False, fontsize=7)


def tornado_figure(folder: Path) -> None:
    """`pic2022_tornado.svg`, if the study was run."""
    if not TORNADO.is_file():
        return
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(7.5, 11))
    _draw_tornado(figure)
    figure.tight_layout()
    figure.savefig(folder / "pic2022_tornado.svg", metadata={"Date": None})
    plt.close(figure)
