"""A window of `picmodel dispatch` that goes on from the one before, beside the same window from nothing.

    python -m benchmarks.windows RESULT [--year Y] [--windows 4] [--window-days 2] [--out FILE.csv]

RESULT is the folder of a finished run.  The first windows of the year are dispatched as the command does it;
each is then solved again with the same numbers by a solver that has seen nothing: dual simplex, and HiPO with
crossover.  One thread, CPU seconds of the solve alone.  Costs must agree to 1e-7, else this ends with an
error.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from picmodel.chronology.plan import full_year, hours_of, park_of, read_plan, saved
from picmodel.chronology.rolling import START_SHARE, _Guarantees
from picmodel.chronology.window import Window

RESULTS = Path("benchmarks/results/windows.csv")
SAME = 1e-7
COLD = {"simplex": {"solver": "simplex"}, "HiPO": {"solver": "hipo", "run_crossover": "on"}}


def timed(window: Window, *numbers) -> tuple[float, float, object]:
    """CPU seconds, cost, and the dispatch."""
    begun = time.process_time()
    found = window.solve(*numbers)
    spent = time.process_time() - begun
    return spent, window.solver.getInfo().objective_function_value, found


def measured(folder: Path, year: int | None, count: int, days: int) -> pd.DataFrame:
    """A line for each window and way."""
    plan, scenario = read_plan(folder, year)
    park, data = park_of(plan), full_year(scenario, plan.year)
    hours = hours_of(data, park, plan.year, saved(plan, data))
    keep, seen = 24 * days, 24 * (days + 1)
    rolling = Window(park, seen, hours.step, hours.per_period)
    level, guarantees, lines = START_SHARE * park.energy, _Guarantees(park, hours), []
    for number in range(count):
        steps = (number * keep + np.arange(seen)) % hours.count
        numbers = (hours.part(steps), level, guarantees.due(number * keep, steps))
        spent, cost, found = timed(rolling, *numbers)
        lines.append({"window": number + 1, "way": "goes on", "cpu_s": spent, "cost_mcny": cost})
        for way, options in COLD.items():
            fresh = Window(park, seen, hours.step, hours.per_period)
            for name, value in options.items():
                fresh.solver.setOptionValue(name, value)
            spent, other, _ = timed(fresh, *numbers)
            if abs(other / cost - 1) > SAME:
                raise RuntimeError(f"window {number + 1}: {way} finds {other}, not {cost}")
            lines.append({"window": number + 1, "way": f"cold, {way}", "cpu_s": spent, "cost_mcny": other})
        print(f"window {number + 1} of {count}", flush=True)
        guarantees.book(hours.step * found.generation[park.guaranteed, :keep].sum(axis=1))
        level = np.clip(found.stored[:, keep - 1], 0.0, park.energy)
    return pd.DataFrame(lines).assign(rows=rolling.rows, columns=rolling.columns.count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--year", type=int)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--window-days", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    table = measured(given.folder, given.year, given.windows, given.window_days).assign(**machine())
    table.to_csv(given.out, index=False, float_format="%.8g")
    later = table[table["window"] > 1].groupby("way", sort=False)["cpu_s"].mean()
    print(table[["window", "way", "cpu_s", "rows"]].to_string(index=False))
    print("windows after the first, mean CPU s and ratio of the one that goes on:")
    print(pd.DataFrame({"cpu_s": later, "ratio": later["goes on"] / later}).round(3).to_string())
    print(*table[["machine", "versions"]].iloc[0], sep="\n")


if __name__ == "__main__":
    main()
