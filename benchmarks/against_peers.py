"""From data to an optimum: picmodel beside PyPSA, oemof and plain Pyomo, one system, up to 31 provinces.

    python -m benchmarks.against_peers [--sizes 4x1x1 31x2x1] [--repeat 2] [--append] [--out FILE.csv]
    python -m benchmarks.growth benchmarks/results/peers.csv

A size is provinces x planning years x representative days of 24 hours.  The system is the physical one
(adequacy off) with storage, links and retirement, and one mechanism: a limit on emissions in all planning
years.  Each program runs in a process of its own (`benchmarks.programs`) on one thread of HiGHS; CPU seconds
count, so that what else the machine does matters less, and of repeated calls the fastest of every phase.
Memory is the peak above the bare imports.  Reading data is left out on all sides, and so is reading results
back.

The LPs are the same problem, not the same matrix: PyPSA gives every vintage an hourly output of its own
and writes bounds as rows; oemof has a variable for each end of a link; plain Pyomo writes capacities out in
every row.  Objectives must agree to 1e-6, else this ends with an error.
"""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pandas as pd

from benchmarks.machine import machine
from benchmarks.programs import PROGRAMS
from picmodel.data.load import system_data
from picmodel.driver import collect

SIZES = ("4x1x1", "8x2x1", "31x1x1")
NORTH = ["BJ", "TJ", "HE", "SX", "NM", "SD", "LN", "JL"]
YEARS = (2030, 2035, 2040, 2045, 2050)
#: of all demand of the first planning year, half of what plants emit today; see limit_binds_in_years [kt/GWh]
INTENSITY = 0.3
SAME = 1e-6
RESULTS = Path("benchmarks/results/peers.csv")


def case_of(size: str) -> dict:
    """The system of a size, and its limit on emissions in the words of every program."""
    provinces, years, days = (int(part) for part in size.split("x"))
    source = {
        "name": size,
        "space": {"provinces": "all" if provinces == 31 else NORTH[:provinces]},
        "horizon": {"years": list(YEARS[:years])},
        "time": {"periods": days, "extremes": 0, "step_h": 1},
        "physical": {"adequacy": False},
        "markets": {},
    }
    data = replace(system_data(collect(source)[0][0])[0], peak={})
    first = data.horizon.years[0]
    demand = sum(
        hours * data.demand[r, first, t] for r in data.provinces for t, hours in data.time.weight.items()
    )
    level = INTENSITY * demand
    peak = {"year": first, "level_mt": level / 1e3, "slack_cny_per_t": None}
    return {
        "data": data,
        "markets": {"emission_limits": {"peak_year": peak}},
        "most_emissions": dict.fromkeys(data.horizon.years, level),
    }


def measured(size: str, limit: float, programs: list[str], repeat: int) -> list[dict]:
    """A line for each program.

    Raises:
        RuntimeError: a program failed, or two of them found optima of different cost.
    """
    found: dict[str, list[dict]] = {program: [] for program in programs}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.pickle"
        path.write_bytes(pickle.dumps(case_of(size)))
        for program in programs * repeat:  # in rounds, so that a busy minute meets every program alike
            call = [sys.executable, "-m", "benchmarks.programs", program, str(path), str(limit)]
            done = subprocess.run(call, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                raise RuntimeError(f"{program} failed at {size}")
            line = json.loads(done.stdout.splitlines()[-1])
            found[program].append({"size": size, "program": program, **line})
            print(f"{size} {program}: {line['status']}, solve {line['solve_s']:.1f} s", file=sys.stderr)
    optimal = [x["objective_mcny"] for x in chain(*found.values()) if x["status"] == "Optimal"]
    if max(optimal) / min(optimal) - 1 > SAME:
        raise RuntimeError(f"{size}: objectives differ: {optimal}")
    return [{**fastest(lines), "repeats": repeat} for lines in found.values()]


def fastest(lines: list[dict]) -> dict:
    """One line of several of a program: the least seconds of every phase, of calls that found an optimum."""
    lines = [line for line in lines if line["status"] == "Optimal"] or lines
    seconds = [name for name in lines[0] if name.endswith("_s")]
    return lines[0] | {name: min(line[name] for line in lines) for name in seconds}


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Sums of phases, and every program's over picmodel's of the same size."""
    table["handed_over_s"] = table[["build_s", "arrays_s", "hand_over_s"]].sum(axis=1)
    table["total_s"] = table["handed_over_s"] + table["solve_s"]
    ours = table[table["program"] == "picmodel"].set_index("size")
    for name in ("handed_over_s", "solve_s", "total_s", "model_mb", "peak_mb"):
        table[f"{name.rpartition('_')[0]}_ratio"] = table[name] / table["size"].map(ours[name])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=SIZES, help="provinces x years x days")
    parser.add_argument("--programs", nargs="+", default=list(PROGRAMS), choices=list(PROGRAMS))
    parser.add_argument(
        "--limit",
        type=float,
        default=1800.0,
        help="longest solve by the clock [s]; its time is a lower bound",
    )
    parser.add_argument("--repeat", type=int, default=1, help="calls of every program; the fastest counts")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument(
        "--append", action="store_true", help="keep the other sizes of the table that is there"
    )
    given = parser.parse_args()
    rows = [
        line for size in given.sizes for line in measured(size, given.limit, given.programs, given.repeat)
    ]
    table = with_ratios(pd.DataFrame(rows)).assign(**machine())
    before = pd.read_csv(given.out) if given.append and given.out.is_file() else table.iloc[:0]
    whole = pd.concat([before[~before["size"].isin(given.sizes)], table.round(3)])
    whole.to_csv(given.out, index=False)
    shown = [
        "size",
        "program",
        "rows",
        "handed_over_s",
        "solve_s",
        "total_s",
        "model_mb",
        "peak_mb",
        "status",
    ]
    ratios = ["handed_over_ratio", "solve_ratio", "total_ratio", "peak_ratio"]
    print(table[[*shown, *ratios]].round(2).to_string(index=False))
    print(*table[["machine", "versions"]].iloc[0], sep="\n")


if __name__ == "__main__":
    main()
