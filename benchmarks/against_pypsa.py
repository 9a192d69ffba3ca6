"""Time from data to a solver that holds the LP, and to an optimum: ours against PyPSA, same system, one run.

    python -m benchmarks.against_pypsa [scenario.yaml] [--repeat 3] [--no-solve]

Run it from the repository's root, on an idle machine; it takes the physical system of the file's first
scenario (adequacy off, no mechanisms; `scenarios/quickstart.yaml` by default) and needs the development
dependencies.  PyPSA gets its data as we do, from `SystemData`, and hands over in memory.  It is timed twice:
with potentials as its own global constraints, which it adds one by one, and with these as one row family.

The two LPs are the same problem, not the same matrix: PyPSA gives every vintage an hourly output of its own
and writes bounds as rows, so it has more rows and columns to make and to solve.  Of the repeats, the one that
was handed over first counts, and is solved; ratios are PyPSA's over ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import highspy

from picmodel.data.system import SystemData
from picmodel.driver import collect, system_data
from picmodel.formulation.build import build_model
from picmodel.glossary import ENTRIES
from picmodel.solve.compile import compile_model
from picmodel.solve.highs import SolverOptions, _highs_lp, _highs_options
from picmodel.solve.scaling import OBJECTIVE_SCALE, Scaling
from tests.crosscheck.pypsa_system import add_rules, network_of, quiet

OPTIONS = _highs_options(SolverOptions())  # one and the same for both


@dataclass
class Timed:
    """Seconds by phase of one program, and what it handed over."""

    objective_scale: float = 1.0
    seconds: dict[str, float] = field(default_factory=dict)
    solver: highspy.Highs | None = None

    def phase(self, name: str, work: Callable):
        start = time.perf_counter()
        found = work()
        self.seconds[name] = time.perf_counter() - start
        return found

    @property
    def handed_over(self) -> float:
        return sum(s for name, s in self.seconds.items() if name != "solve")


def ours(data: SystemData) -> Timed:
    timed = Timed(OBJECTIVE_SCALE)
    units = {entry.name: entry.unit for entry in ENTRIES}
    model = timed.phase("data to model", lambda: build_model(data))
    lp = timed.phase("model to arrays", lambda: compile_model(model))
    timed.solver = highspy.Highs()
    timed.solver.silent()
    timed.phase("hand-over", lambda: timed.solver.passModel(_highs_lp(Scaling(lp, units).scaled())))
    return timed


def pypsa(data: SystemData, native_limits: bool) -> Timed:
    timed = Timed()
    n = timed.phase("data to model", lambda: network_of(data, native_limits))

    def create() -> None:
        n.optimize.create_model(multi_investment_periods=True, include_objective_constant=False)
        add_rules(n, n.snapshots, data)

    timed.phase("model to arrays", create)
    timed.solver = timed.phase("hand-over", lambda: n.model.to_highspy(set_names=False))
    return timed


def optimum(timed: Timed) -> float:
    """Solve what was handed over; objective in MCNY."""
    for name, value in OPTIONS.items():
        timed.solver.setOptionValue(name, value)
    timed.phase("solve", timed.solver.run)
    if timed.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError("no optimum")
    return timed.solver.getInfo().objective_function_value / timed.objective_scale


def table(runs: dict[str, Timed], objectives: dict[str, float]) -> str:
    """One line for each phase: seconds, and their ratio to those of the first program."""
    first, *others = runs
    lines = [("", first, *(x for name in others for x in (name, "ratio")))]

    def add(label: str, numbers: list[float], digits: int) -> None:
        shown = [f"{number:,.{digits}f}" for number in numbers]
        ratios = [f"{number / numbers[0]:.1f}" for number in numbers]
        lines.append((label, shown[0], *(x for pair in zip(shown[1:], ratios[1:]) for x in pair)))

    add("rows", [run.solver.getNumRow() for run in runs.values()], 0)
    add("columns", [run.solver.getNumCol() for run in runs.values()], 0)
    add("nonzeros", [run.solver.getNumNz() for run in runs.values()], 0)
    for phase in ("data to model", "model to arrays", "hand-over"):
        add(f"{phase} [s]", [run.seconds[phase] for run in runs.values()], 2)
    add("until handed over [s]", [run.handed_over for run in runs.values()], 2)
    if objectives:
        add("solve [s]", [run.seconds["solve"] for run in runs.values()], 1)
        add("total [s]", [sum(run.seconds.values()) for run in runs.values()], 1)
        found = list(objectives.values())
        changes = [x for value in found[1:] for x in (f"{value:,.3f}", f"{value / found[0] - 1:+.0e}")]
        lines.append(("objective [MCNY], difference", f"{found[0]:,.3f}", *changes))
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join(
        line[0].ljust(widths[0]) + "".join(f"  {x:>{w}}" for x, w in zip(line[1:], widths[1:]))
        for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", type=Path, default=Path("scenarios/quickstart.yaml"))
    parser.add_argument("--repeat", type=int, default=3, help="how often each is built; the best counts")
    parser.add_argument("--no-solve", action="store_true", help="stop when the solver holds the LP")
    chosen = parser.parse_args()
    with quiet():
        data = replace(system_data(collect(chosen.scenario)[0][0])[0], peak={})
        programs = {
            "picmodel": lambda: ours(data),
            "PyPSA, native limits": lambda: pypsa(data, native_limits=True),
            "PyPSA, limits at once": lambda: pypsa(data, native_limits=False),
        }
        runs = {
            name: min((build() for _ in range(chosen.repeat)), key=lambda timed: timed.handed_over)
            for name, build in programs.items()
        }
        objectives = {} if chosen.no_solve else {name: optimum(timed) for name, timed in runs.items()}
    print(table(runs, objectives))


if __name__ == "__main__":
    main()
