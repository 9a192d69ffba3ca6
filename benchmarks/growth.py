"""How time and memory grow with size: a plot of tables of `benchmarks.against_peers`, with exponents.

    python -m benchmarks.growth [benchmarks/results/peers*.csv] [--out FILE.svg]

Size is the rows of picmodel's LP, one and the same system for every program.  An exponent is the slope of a
line through logarithms, all sizes of a program.  A solve that ran into its limit is a lower bound: a
triangle, and in no exponent.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

PANELS = {
    "handed_over_s": "until HiGHS holds the LP, CPU s",
    "total_s": "until an optimum, CPU s",
    "peak_mb": "peak memory, MB",
}
COLOURS = ("#1b6ca8", "#d1495b", "#edae49", "#66a182", "#7b5ea7", "#8a5a44", "#5c6b73")


def exponent(rows: pd.Series, cost: pd.Series) -> float:
    """Slope of log(cost) over log(rows); nan for fewer than two sizes."""
    if len(rows) < 2:
        return float("nan")
    return float(np.polyfit(np.log(rows), np.log(cost), 1)[0])


def drawn(table: pd.DataFrame) -> plt.Figure:
    """A panel for each measure, a line for each program."""
    figure, axes = plt.subplots(1, len(PANELS), figsize=(12, 4.8), layout="constrained")
    size = table["size"].map(table[table["program"] == "picmodel"].set_index("size")["rows"])
    table = table.assign(lp_rows=size).sort_values("lp_rows")
    for axis, (name, title) in zip(axes, PANELS.items()):
        for colour, (program, lines) in zip(COLOURS, table.groupby("program", sort=False)):
            done = lines[lines["status"] == "Optimal"]
            slope = exponent(done["lp_rows"], done[name])
            axis.plot(done["lp_rows"], done[name], "o-", color=colour, label=f"{program}: {slope:.2f}")
            if name == "total_s":
                cut = lines[lines["status"] != "Optimal"]
                axis.plot(cut["lp_rows"], cut[name], "^", color=colour)
        axis.set(xscale="log", yscale="log", title=title, xlabel="rows of picmodel's LP")
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18), "ncols": 2}
        axis.legend(title="program: exponent", fontsize=8, **below)
        axis.grid(alpha=0.3)
    figure.supxlabel(" · ".join(table[["machine", "versions"]].iloc[0]), fontsize=7)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", type=Path, default=[Path("benchmarks/results/peers.csv")])
    parser.add_argument("--out", type=Path, help="the first table's name with .svg by default")
    given = parser.parse_args()
    mpl.rcParams.update({"svg.hashsalt": "picmodel", "svg.fonttype": "none"})  # one drawing, one file
    figure = drawn(pd.concat(map(pd.read_csv, given.tables)))
    figure.savefig(given.out or given.tables[0].with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
