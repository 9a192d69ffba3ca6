"""Benders' decomposition of the real LP beside one solve of the whole.  One run.

    python -m benchmarks.decomposition [--only year reuse period ways] [--limit 60] [--dask]

- ``year``: 31 provinces, three years, one day of 4-hour steps, a block for each year: the design with a
  carbon price, and the first design of the quickstart.
- ``ways``: the first of them with each way to regularise, and with none.
- ``reuse``: designs that differ from it in a few numbers, with its cuts and without.
- ``period``: the physical system, 31 provinces, one year, a block for each day: four days of 24 hours.

The method is in `benchmarks.benders`, the parts in `benchmarks.partition`.  One thread, CPU seconds.
``critical_s`` is what a cluster with a machine for each block would take: the master's time, and of each
iteration the slowest block's.  The whole is HiPO with crossover, as in `picmodel run`.  This ends with an
error if the objective of the whole lies outside the bounds, or if the best plan breaks a row or costs
something else.  With ``--only`` the lines of other studies in the file stay.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.benders import SPENT, WAYS, Found, decompose, whole
from benchmarks.machine import machine
from benchmarks.partition import Reduced, Split, split
from benchmarks.reuse import lp_of, more_demand, scenario_of
from benchmarks.solver_options import UNITS, one_day, system_of
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.driver import collect
from picmodel.solve.certificate import examine
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution, SolverOptions, solve
from picmodel.solve.scaling import OBJECTIVE_SCALE, Scaling

RESULTS = Path("benchmarks/results/decomposition.csv")
GAPS = (1e-2, 1e-3, 1e-4, 1e-6)
SAME = 1e-6
FEASIBLE = 1e-5
DEARER = 1.05
DAYS = {
    "name": "days",
    "horizon": {"years": [2030]},
    "time": {"periods": 4, "extremes": 0, "step_h": 1},
}


@dataclass
class Case:
    """A system, its LP, its parts, and the optimum of the whole with the CPU seconds that it took."""

    name: str
    data: SystemData
    lp: LinearProgram
    by: str
    scaling: Scaling
    parts: Split
    reduced: Reduced
    split_s: float
    optimum: Solution
    whole_s: float


def case_of(name: str, data: SystemData, lp: LinearProgram, by: str) -> Case:
    begun = time.process_time()
    scaling = Scaling(lp, UNITS)
    parts, reduced = split(scaling.scaled(), data, by)
    split_s = time.process_time() - begun
    begun = time.process_time()
    optimum = solve(lp, SolverOptions(threads=1, time_limit_s=1e5), UNITS)
    whole_s = time.process_time() - begun
    print(f"{name}: the whole in {whole_s:.1f} s, {len(parts.blocks)} blocks", flush=True)
    return Case(name, data, lp, by, scaling, parts, reduced, split_s, optimum, whole_s)


def measured(case: Case, client, limit_s: float, gap: float, **options) -> tuple[list[dict], Found]:
    """A line for each gap that was reached, and one for where it stopped."""
    found = decompose(case.parts, gap, client=client, limit_s=limit_s, **options)
    _check(case, found)
    log = pd.DataFrame(found.log).fillna(0.0)
    log["cpu_s"] = log[[name for name in SPENT if name in log]].sum(axis=1).cumsum() + case.split_s
    spent = log.reindex(columns=["master_s", "level_s", "slowest_s"], fill_value=0.0)
    log["critical_s"] = spent.sum(axis=1).cumsum() + case.split_s
    lines = []
    for aim in [aim for aim in GAPS if aim >= gap]:
        reached = log[log["gap"] <= aim]
        if len(reached):
            lines.append(_line(case, log, reached.index[0], f"{aim:.0e}"))
    if not (log["gap"] <= gap).any():
        lines.append(_line(case, log, log.index[-1], "limit"))
    shape = {"largest_capacity_change_gw": _capacity_change(case, found), "reused_cuts": found.reused}
    for line in lines:
        print({k: v if isinstance(v, (str, int)) else float(f"{v:.4g}") for k, v in line.items()}, flush=True)
    return [{**line, **shape} for line in lines], found


def _line(case: Case, log: pd.DataFrame, at: int, aim: str) -> dict:
    now = log.loc[:at]
    return {
        "case": case.name,
        "rows": case.lp.shape[0],
        "blocks": len(case.parts.blocks),
        "linked": sum(len(block.linked) for block in case.parts.blocks),
        "aim": aim,
        "iterations": int((now["slowest_s"] > 0).sum()),
        "gap": now["gap"].iloc[-1],
        "cpu_s": now["cpu_s"].iloc[-1],
        "critical_s": now["critical_s"].iloc[-1],
        "master_s": now.reindex(columns=["master_s", "level_s"], fill_value=0.0).to_numpy().sum(),
        "whole_s": case.whole_s,
        "ratio": now["cpu_s"].iloc[-1] / case.whole_s,
        "critical_ratio": now["critical_s"].iloc[-1] / case.whole_s,
    }


def _check(case: Case, found: Found) -> None:
    """The optimum lies within the bounds; the best plan keeps all rows and costs its upper bound."""
    best = case.optimum.objective * OBJECTIVE_SCALE
    room = SAME * abs(best)
    if not found.lower - room <= best <= found.upper + room:
        raise RuntimeError(f"{case.name}: {best} lies outside {found.lower} to {found.upper}")
    if found.z is None:
        return
    x = whole(case.parts, case.reduced, found)
    scaled = case.scaling.scaled()
    cost = float(scaled.cost @ x + scaled.offset)
    if abs(cost - found.upper) > room:
        raise RuntimeError(f"{case.name}: the plan costs {cost}, not {found.upper}")
    broken = examine(scaled, x, np.zeros(scaled.shape[0])).primal
    if broken > FEASIBLE:
        raise RuntimeError(f"{case.name}: the plan breaks a row by {broken}")


def _capacity_change(case: Case, found: Found) -> float:
    """Largest difference of a technology's national capacity in a year to the optimum of the whole [GW]."""
    if found.z is None:
        return np.nan
    x = whole(case.parts, case.reduced, found) * case.scaling.column
    block = case.lp.columns["v_capacity"]
    index = pd.MultiIndex.from_tuples(block.index, names=["province", "technology", "year"])
    change = pd.Series((x - case.optimum.x)[block.position], index)
    return float(change.groupby(["technology", "year"]).sum().abs().max())


# -- what is measured


def first_design() -> tuple[SystemData, LinearProgram]:
    return system_of(one_day(collect(Path("scenarios/quickstart.yaml"))[0][0]))


def priced() -> tuple[SystemData, LinearProgram]:
    data, _ = system_data(scenario_of(100.0))
    return data, lp_of(data)


def years(client, limit_s: float) -> list[dict]:
    cases = (
        case_of("carbon price", *priced(), "year"),
        case_of("quickstart, separate", *first_design(), "year"),
    )
    return [
        {**line, "way": WAYS[0]} for case in cases for line in measured(case, client, limit_s, GAPS[-1])[0]
    ]


def ways(client, limit_s: float) -> list[dict]:
    case = case_of("carbon price", *priced(), "year")
    return [
        {**line, "way": way}
        for way in WAYS
        for line in measured(case, client, limit_s / 3, GAPS[2], regularised=way)[0]
    ]


def dearer_capital(data: SystemData) -> LinearProgram:
    return lp_of(replace(data, annuity={key: DEARER * x for key, x in data.annuity.items()}))


CHANGES: dict[str, Callable[[SystemData], LinearProgram]] = {
    "capital +5 %": dearer_capital,
    "demand +1 %": lambda data: lp_of(more_demand(data, 1.01)),
    "carbon price +20 %": lambda data: lp_of(data, 120.0),
}


def reuse(client, limit_s: float) -> list[dict]:
    data, lp = priced()
    _, before = measured(case_of("carbon price", data, lp, "year"), client, limit_s, GAPS[1])
    lines = []
    for name, change in CHANGES.items():
        case = case_of(name, data, change(data), "year")
        for way, cuts in (("from nothing", []), ("reused cuts", before.cuts)):
            found, _ = measured(case, client, limit_s, GAPS[1], reuse=cuts)
            lines += [{**line, "way": way, "offered_cuts": len(cuts)} for line in found]
    return lines


def periods(client, limit_s: float) -> list[dict]:
    case = case_of("physical, 4 days x 24 h", *system_of(collect(DAYS)[0][0]), "period")
    return [{**line, "way": WAYS[0]} for line in measured(case, client, 2 * limit_s, GAPS[2])[0]]


STUDIES = {"year": years, "reuse": reuse, "period": periods, "ways": ways}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=list(STUDIES), choices=list(STUDIES), metavar="STUDY")
    parser.add_argument("--limit", type=float, default=60.0, help="longest decomposition [CPU s]")
    parser.add_argument("--dask", action="store_true", help="blocks on the workers of a local Dask cluster")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    table = pd.read_csv(given.out) if given.out.is_file() else pd.DataFrame({"study": []})
    with _client(given.dask) as client:
        for name in given.only:
            lines = pd.DataFrame([{"study": name, **line} for line in STUDIES[name](client, given.limit)])
            table = pd.concat([table[table["study"] != name], lines.assign(**machine())])
            table.to_csv(given.out, index=False, float_format="%.4g")  # what is finished stays
    print(table.drop(columns=["machine", "versions"]).round(4).to_string(index=False))
    print(*table[["machine", "versions"]].iloc[0], sep="\n")


def _client(dask: bool):
    if not dask:
        return nullcontext()
    from distributed import Client

    return Client(processes=True, threads_per_worker=1, dashboard_address=None)


if __name__ == "__main__":
    main()
