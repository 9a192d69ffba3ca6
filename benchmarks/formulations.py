"""The real LP written in other ways: CPU seconds, size before and after presolve, equal optimum and prices.

    python -m benchmarks.formulations [scenario.yaml] [--scenario NAME] [--step-h 4] [--one-day]
        [--method hipdlp] [--system augmented] [--only "as it is" "no sums"] [--out FILE.csv] [--append]

The scenario is compiled once.  Every form is rewritten from its arrays (`benchmarks.rewriting`) and solved
as `picmodel run` does, by one method on one thread, one after the other in one process.  Price differences
are of energy, beside the first form; the median stands there too, because a price need not be unique.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from benchmarks.rewriting import (
    eliminated,
    split,
    summed,
    tightened,
    with_bounds_of_rows,
    without_dominated,
)
from benchmarks.solver_options import UNITS, one_day, prices, system_of
from picmodel.data.system import SystemData, TimeSlices
from picmodel.driver import collect
from picmodel.errors import PicmodelError
from picmodel.solve.compile import Block, LinearProgram
from picmodel.solve.highs import SolverOptions, highs_options, passed
from picmodel.solve.scaling import Scaling
from picmodel.solve.solver import solve

RESULTS = Path("benchmarks/results/formulations.csv")
ANNUAL = {"v_annual_generation": "c_annual_generation"}
BY_CLASS = {
    "v_emissions": "c_emissions",
    "v_fleet_emissions": "c_fleet_emissions",
    "v_consumption": "c_consumption",
    "v_certified": "c_certified",
}
CAPACITY = {"v_capacity": "c_capacity", "v_energy": "c_energy", "v_line_capacity": "c_line_capacity"}
ON = {"v_headroom": "c_on"}
#: rows with more entries of slices than this are cut into days
LONG_ROW = 40
#: least rows' parts that are worth a name of their own
LEAST_PART = 4
#: rules of HiGHS's presolve by bit: free columns put in by an equality; one column in place of two tied ones
SUMS_KEPT = {"presolve_rule_off": 1 << 8}
TIES_KEPT = {"presolve_rule_off": 1 << 9}
Rewriting = Callable[[LinearProgram], LinearProgram]


def cost_sums(lp: LinearProgram) -> dict[str, str]:
    return {name: f"c_{name[2:]}" for name in lp.columns if name.startswith("v_cost_")}


def period_of(blocks: dict[str, Block], count: int, slices: TimeSlices) -> np.ndarray:
    """Period of each row or column by the last part of its key; -1 where that is no slice."""
    periods = np.full(count, -1)
    for block in blocks.values():
        if block.index and isinstance(block.index[0], tuple) and len(block.index[0]) >= 3:
            found = [slices.period.get(key[-1], -1) for key in block.index]
            taken = block.position >= 0
            periods[block.position[taken]] = np.array(found)[taken]
    return periods


def sums_by_day(lp: LinearProgram, slices: TimeSlices) -> LinearProgram:
    """Short rows: what a long row takes from the slices of a day becomes a variable of its own."""
    for name in [*lp.rows]:
        lp = summed(lp, "of_day", name, _days(lp, name, slices))
    return lp


def _days(lp: LinearProgram, name: str, slices: TimeSlices) -> Iterator[tuple]:
    periods = period_of(lp.columns, lp.shape[1], slices)
    by_row = lp.matrix.tocsr()
    for i in lp.rows[name].position:
        part = slice(by_row.indptr[i], by_row.indptr[i + 1])
        columns, values = by_row.indices[part], by_row.data[part]
        days = periods[columns]
        if i < 0 or (days >= 0).sum() <= LONG_ROW:
            continue
        for day in np.unique(days[days >= 0]):
            if (days == day).sum() >= LEAST_PART:
                yield [i], columns[days == day], values[days == day]


def shared_downward(lp: LinearProgram) -> LinearProgram:
    """What both downward reserves count becomes one variable of area and slice."""
    if not len(lp.rows.get("c_reserve_frequency", Block((), np.array([]))).position):
        return lp
    by_row = lp.matrix.tocsr()

    def parts() -> Iterator[tuple]:
        pairs = zip(lp.rows["c_reserve_down"].position, lp.rows["c_reserve_frequency"].position, strict=True)
        for down, frequency in pairs:
            one, other = by_row[[down]].tocoo(), by_row[[frequency]].tocoo()
            there = dict(zip(other.col.tolist(), other.data.tolist(), strict=True))
            common = [
                j for j, a in zip(one.col.tolist(), one.data.tolist(), strict=True) if there.get(j) == a
            ]
            if len(common) >= LEAST_PART:
                yield [down, frequency], np.array(common), np.array([there[j] for j in common])

    return summed(lp, "turned_down", "c_reserve_down", parts())


def capacity_by_day(lp: LinearProgram, slices: TimeSlices) -> LinearProgram:
    """Short columns: the capacity of a day, equal to the capacity of the year."""
    for family in CAPACITY:
        lp = split(lp, family, period_of(lp.rows, lp.shape[0], slices))
    return lp


def forms(slices: TimeSlices) -> dict[str, Rewriting]:
    """Name of a form -> how it is written."""
    by_day = partial(sums_by_day, slices=slices)
    capacity = partial(capacity_by_day, slices=slices)
    return {
        "as it is": lambda lp: lp,
        "no annual generation": partial(eliminated, pairs=ANNUAL),
        "no sums by class and province": partial(eliminated, pairs=BY_CLASS),
        "no cost items": lambda lp: eliminated(lp, cost_sums(lp)),
        "no sums": lambda lp: eliminated(lp, {**cost_sums(lp), **BY_CLASS, **ANNUAL}),
        "sums kept by presolve": lambda lp: lp,
        "sums by day": by_day,
        "sums by day, kept by presolve": by_day,
        "capacity spelt out": partial(eliminated, pairs=CAPACITY),
        "capacity by day": capacity,
        "capacity by day, kept by presolve": capacity,
        "no headroom": partial(eliminated, pairs=ON),
        "downward reserve shared": shared_downward,
        "single rows as bounds": with_bounds_of_rows,
        "bounds tightened": tightened,
        "without dominated": without_dominated,
    }


def extra_of(form: str) -> dict[str, int]:
    """Options of HiGHS that go with a form."""
    if not form.endswith("kept by presolve"):
        return {}
    return SUMS_KEPT if form.startswith("sums") else TIES_KEPT


def units_of(lp: LinearProgram) -> dict[str, str]:
    """Units with those of the families that a form adds, by what follows the dot of their name."""
    added = [name for name in (*lp.rows, *lp.columns) if "." in name]
    units = dict(UNITS)
    for name in added:
        old = name.partition(".")[2]
        units[name] = "MCNY/yr" if old[2:].startswith("cost_") else UNITS.get(old, "")
    return units


def presolved(lp: LinearProgram, units: dict[str, str], options: SolverOptions) -> dict[str, int]:
    """Size of what HiGHS's presolve leaves."""
    solver = passed(Scaling(lp, units).scaled(), highs_options(options, lp))
    solver.presolve()
    left = solver.getPresolvedLp()
    return {
        "rows_left": left.num_row_,
        "columns_left": left.num_col_,
        "nonzeros_left": len(left.a_matrix_.value_),
    }


def measured(data: SystemData, lp: LinearProgram, options: SolverOptions) -> tuple[dict, np.ndarray | None]:
    """A line of the table, and energy prices."""
    units = units_of(lp)
    size = {"rows": lp.shape[0], "columns": lp.shape[1], "nonzeros": lp.matrix.nnz}
    line = {**size, **presolved(lp, units, options)}
    start = time.process_time()
    try:
        found = solve(lp, options, units)
    except PicmodelError as error:
        return {**line, "cpu_s": time.process_time() - start, "status": str(error)}, None
    info = found.info
    line |= {
        "cpu_s": time.process_time() - start,
        "method": info["method"],
        "system": info["options"].get("hipo_system", "choose"),
        "iterations": info.get("first_order_iterations") or info["ipm_iterations"],
        "crossover_iterations": info["crossover_iterations"],
        "pivots_at_the_end": info["simplex_iterations"],
        "objective_mcny": found.objective,
        "status": found.status,
    }
    return line, prices(data, known(lp), found)


def known(lp: LinearProgram) -> LinearProgram:
    """Without the names that a form adds, which no glossary has."""
    rows, columns = ({name: b for name, b in of.items() if "." not in name} for of in (lp.rows, lp.columns))
    return replace(lp, rows=rows, columns=columns)


def compared(data: SystemData, lp: LinearProgram, names: list[str], options: SolverOptions) -> Iterator[dict]:
    """A line for each form, beside the first."""
    first: dict = {}
    base = None
    for name in names:
        with_form = replace(options, extra={**options.extra, **extra_of(name)})
        line, here = measured(data, forms(data.time)[name](lp), with_form)
        first = first or line
        line["ratio"] = line["cpu_s"] / first["cpu_s"]
        if here is not None:
            base = here if base is None else base
            gap = np.abs(here - base)
            line["objective_difference"] = line["objective_mcny"] / first["objective_mcny"] - 1
            line["largest_price_change"], line["median_price_change"] = np.nanmax(gap), np.nanmedian(gap)
        yield {"form": name, **line}


def chosen(given: argparse.Namespace):
    """The scenario that is asked for."""
    scenarios = collect(given.file)[0]
    found = next((s for s in scenarios if given.scenario in ("", s.name.rpartition("-")[2], s.name)), None)
    if found is None:
        raise SystemExit(f"no scenario {given.scenario!r} in {given.file}: {[s.name for s in scenarios]}")
    if given.one_day:
        found = one_day(found)
    if given.step_h:
        found = found.model_copy(update={"time": found.time.model_copy(update={"step_h": given.step_h})})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=Path("scenarios/quickstart.yaml"))
    parser.add_argument("--scenario", default="", help="its name, or the end of it; the first if left out")
    parser.add_argument("--step-h", type=int, help="length of a time step in place of the file's [h]")
    parser.add_argument("--one-day", action="store_true", help="one typical day of 4-hour steps")
    parser.add_argument("--only", nargs="+", metavar="FORM")
    parser.add_argument("--method", default="hipo", choices=["hipdlp", "hipo", "ipx", "simplex"])
    parser.add_argument(
        "--system", choices=["augmented", "normaleq"], help="that HiPO factorises, of all forms"
    )
    parser.add_argument("--limit", type=float, default=3600.0, help="longest solve by the clock [s]")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--append", action="store_true", help="add to the file, which is rewritten otherwise")
    given = parser.parse_args()
    scenario = chosen(given)
    data, lp = system_of(scenario)
    where = {"scenario": scenario.name, **machine()}
    written = pd.read_csv(given.out) if given.append and given.out.is_file() else pd.DataFrame()
    extra = {"hipo_system": given.system} if given.system else {}
    options = SolverOptions(given.method, threads=1, time_limit_s=given.limit, extra=extra)
    for line in compared(data, lp, given.only or [*forms(data.time)], options):
        print(pd.Series(line).to_frame().T.to_string(index=False, float_format="{:.4g}".format), flush=True)
        written = pd.concat([written, pd.DataFrame([{**line, **where}])])
        written.to_csv(given.out, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
