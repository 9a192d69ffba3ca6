"""Systems small enough to solve by hand, and the way to solve one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from picmodel.data.system import Corridor, Horizon, SystemData, TimeSlices
from picmodel.formulation.build import build_model
from picmodel.solve.certificate import Certificate, certify
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions, solve


@dataclass
class TinyRun:
    lp: LinearProgram
    solution: Solution
    certificate: Certificate

    @property
    def objective(self) -> float:
        return self.solution.objective

    def value(self, name: str, *key) -> float:
        """Value of a variable at a key."""
        block = self.lp.columns[name]
        return float(self.solution.x[block.position[block.index.index(key)]])

    def dual(self, name: str, *key) -> float:
        """Raw dual of a row at a key: d objective / d right side."""
        block = self.lp.rows[name]
        return float(self.solution.dual[block.position[block.index.index(key)]])


def run_tiny(data: SystemData, mechanisms=(), templates: bool = True) -> TinyRun:
    """Build, solve by simplex and certify."""
    lp = compile_model(build_model(data, mechanisms, templates))
    solution = solve(lp, SolverOptions(method="simplex"))
    return TinyRun(lp, solution, certify(lp, solution))


def tiny(
    demand: dict[tuple[str, int], list[float]],
    technologies: dict[str, dict],
    hours: list[float] | None = None,
    years: tuple[int, ...] = (2030,),
    last_span: int = 1,
    rate: float = 0.0,
    corridors: tuple[Corridor, ...] = (),
    line_capacity: dict | None = None,
    **more,
) -> SystemData:
    """A system from a few dicts.

    Args:
        demand: (province, year) -> GW by slice.
        technologies: name -> options: ``provinces``, ``existing`` {r: GW}, ``build`` (True), ``life``,
            ``fuel`` MCNY/GWh, ``annuity``, ``fom``, ``emission``, ``class``, ``group``, ``availability``
            (share by slice or one share), ``must_run``, and for stores ``efficiency``, ``duration``.
        hours: weight of each slice; 8760 / n when left out.  Slices of one weight form one period;
            of different weights, each is a period of its own (no storage between them).
    """
    n = len(next(iter(demand.values())))
    hours = hours or [8760 / n] * n
    horizon = Horizon.of(years, last_span, base_year=years[0], rate=rate)
    one_period = len(set(hours)) == 1
    time = TimeSlices(weight=dict(enumerate(hours)), period={t: 0 if one_period else t for t in range(n)})
    provinces = tuple(dict.fromkeys(r for r, _ in demand))
    fields: dict[str, dict] = {name: {} for name in (
        "availability", "min_output", "fuel_cost", "variable_om", "surviving", "existing_duration", "annuity",
        "energy_annuity", "fixed_om", "capex")}
    fleets, stores, buildable = [], [], set()
    for g, tech in technologies.items():
        for r in tech.get("provinces", provinces):
            unit = (r, g)
            (stores if "duration" in tech else fleets).append(unit)
            if tech.get("build"):
                buildable.add(unit)
            life = tech.get("remaining", 100)
            for y in years:
                if r in tech.get("existing", {}) and y < years[0] + life:
                    fields["surviving"][r, g, y] = tech["existing"][r]
                if "duration" not in tech:
                    fields["fuel_cost"][r, g, y] = tech.get("fuel", 0.0)
            if "duration" in tech:
                fields["existing_duration"][unit] = tech["duration"][0]
                continue
            shares = tech.get("availability", 1.0)
            shares = list(np.broadcast_to(shares, (n,)))
            for t in range(n):
                if shares[t] > 0:
                    fields["availability"][r, g, t] = float(shares[t])
                if tech.get("must_run", 0.0) > 0:
                    fields["min_output"][r, g, t] = tech["must_run"]
        for y in years:
            fields["annuity"][g, y] = tech.get("annuity", 0.0)
            if "duration" in tech:
                fields["energy_annuity"][g, y] = tech.get("energy_annuity", 0.0)
            fields["fixed_om"][g, y] = tech.get("fom", 0.0)
            fields["variable_om"][g, y] = tech.get("wear", 0.0)
    return SystemData(
        horizon=horizon, time=time, provinces=provinces, corridors=corridors,
        demand={(r, y, t): gw for (r, y), row in demand.items() for t, gw in enumerate(row)},
        fleets=tuple(fleets), stores=tuple(stores), buildable=frozenset(buildable),
        life={g: tech.get("life", 100) for g, tech in technologies.items()},
        emission_factor={g: tech.get("emission", 0.0) for g, tech in technologies.items()},
        own_use=dict.fromkeys(technologies, 0.0),
        renewable_class={g: tech.get("class", "none") for g, tech in technologies.items()},
        group={g: tech.get("group", g) for g, tech in technologies.items()},
        efficiency={g: tech.get("efficiency", 1.0) for g, tech in technologies.items()},
        duration={g: tech["duration"] for g, tech in technologies.items() if "duration" in tech},
        line_capacity=line_capacity or {}, **fields, **more,
    )
