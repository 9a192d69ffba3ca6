"""Systems small enough to solve by hand, and the way to solve one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from picmodel.data.system import Corridor, Horizon, SystemData, TimeSlices
from picmodel.errors import Infeasible
from picmodel.extract.results import Results
from picmodel.formulation.build import build_model
from picmodel.markets.base import Active
from picmodel.markets.registry import MECHANISM, activate, entries, settling, with_interactions
from picmodel.scenario.check import validate_options
from picmodel.settlement.ledger import ledger
from picmodel.solve.certificate import Certificate, certify
from picmodel.solve.compile import LinearProgram, compile_model
from picmodel.solve.highs import Solution, SolverOptions, solve

SIMPLEX = SolverOptions(method="simplex", threads=1)

#: what else a number may be in ``technologies``: one per planning year
ByYear = float | Mapping[int, float]
#: options by mechanism, as a scenario file has them
Markets = Mapping[str, Mapping]


@dataclass
class TinyRun:
    data: SystemData
    active: tuple[Active, ...]
    lp: LinearProgram
    solution: Solution
    certificate: Certificate

    @property
    def objective(self) -> float:
        return self.solution.objective

    @cached_property
    def results(self) -> Results:
        return Results(self.data, self.lp, self.solution, entries())

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Every payment of the run, as `settlement.ledger` has it."""
        return ledger(
            [part for mechanism in settling(self.active) for part in mechanism.settle(self.results)]
        )

    @cached_property
    def indicators(self) -> dict[str, list[pd.DataFrame]]:
        """Tables of indicators by mechanism."""
        return {active.name: list(active.indicators(self.results)) for active in self.active}

    def paid(self, **where) -> float:
        """Sum of the amounts of the ledger's entries whose columns have the given values [MCNY/yr]."""
        rows = self.ledger
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return float(rows["amount"].sum())

    def value(self, name: str, *key) -> float:
        """Value of a variable at a key."""
        block = self.lp.columns[name]
        return float(self.solution.x[block.position[block.index.index(key)]])

    def dual(self, name: str, *key) -> float:
        """Raw dual of a row at a key: d objective / d right side."""
        block = self.lp.rows[name]
        return float(self.solution.dual[block.position[block.index.index(key)]])

    def price(self, name: str, *key) -> float:
        """Price of a row at a key, as `Results.price` has it: undiscounted, >= 0 when scarce."""
        found = self.results.price(name)
        return float(found.sel(dict(zip(found.dims, key))))

    def total(self, name: str, **where) -> float:
        """Sum of a variable over what ``where`` leaves open."""
        return float(self.results.values[name].sel(where).sum())

    def cost(self, kind: str | None = None, item: str | None = None) -> float:
        """Yearly cost items of a kind or a name, summed over provinces and years, undiscounted [MCNY]."""
        items = self.results.cost_by_item()
        wanted = (items["kind"] == (kind or items["kind"])) & (items["item"] == (item or items["item"]))
        return float(items["mcny"][wanted].sum())


def active_of(markets: Markets) -> tuple[Active, ...]:
    """Mechanisms with options as a scenario file would give them."""
    return activate({name: validate_options(MECHANISM[name].config, raw) for name, raw in markets.items()})


def compile_tiny(data: SystemData, markets: Markets | None = None, templates: bool = True) -> LinearProgram:
    return compile_model(build_tiny(data, markets, templates))


def build_tiny(data: SystemData, markets: Markets | None = None, templates: bool = True):
    """The Pyomo model of a system and options by mechanism."""
    return build_model(data, with_interactions(active_of(markets or {})), templates)


def run_tiny(data: SystemData, markets: Markets | None = None) -> TinyRun:
    """Build as templates and as plain rules (one matrix, no rule falls back), solve by simplex, certify."""
    model = build_tiny(data, markets)
    assert not fallen_back(model), "rules that were expanded one by one"
    lp = compile_model(model)
    assert sorted_rows(lp) == sorted_rows(compile_tiny(data, markets, templates=False))
    solution = solve(lp, SIMPLEX)
    return TinyRun(data, active_of(markets or {}), lp, solution, certify(lp, solution))


def fallen_back(model: pyo.ConcreteModel) -> list[str]:
    """Row families that were not built as templates: Pyomo expands such a rule in silence."""
    return [
        rows.name
        for rows in model.component_objects(pyo.Constraint)
        if any(not type(row).__name__.startswith("Template") for row in rows.values())
    ]


def sorted_rows(lp: LinearProgram) -> list:
    """Every row and column by name, with sides, bounds, costs and coefficients, whatever their order."""
    names: dict[int, str] = {}
    for name, block in lp.columns.items():
        names.update({int(j): f"{name}{key}" for key, j in zip(block.index, block.position) if j >= 0})
    matrix = lp.matrix.tocsr()
    found = []
    for name, block in lp.rows.items():
        for key, i in zip(block.index, block.position):
            if i < 0:
                continue
            part = slice(matrix.indptr[i], matrix.indptr[i + 1])
            pairs = zip(matrix.indices[part], matrix.data[part])
            terms = sorted((names[int(j)], round(float(x), 12)) for j, x in pairs if x != 0)
            found.append((f"{name}{key}", float(lp.row_lower[i]), float(lp.row_upper[i]), terms))
    sides = zip(lp.lower.tolist(), lp.upper.tolist(), lp.cost.tolist())
    columns = [(names[j], *numbers) for j, numbers in enumerate(sides)]
    return [*sorted(found), *sorted(columns)]


def shifted(lp: LinearProgram, name: str, key: tuple, amount: float) -> LinearProgram:
    """The LP with the right side of one row moved."""
    row = lp.rows[name].position[lp.rows[name].index.index(key)]
    step = np.zeros(lp.shape[0])
    step[row] = amount
    return replace(lp, row_lower=lp.row_lower + step, row_upper=lp.row_upper + step)


def differences(run: TinyRun, name: str, *key, step: float = 1e-4) -> tuple[float, float]:
    """Left and right difference quotient of the objective by the right side of a row.

    Infinite where the row cannot move that way.
    """
    here, found = run.objective, []
    for amount in (-step, step):
        try:
            found.append((solve(shifted(run.lp, name, key, amount), SIMPLEX).objective - here) / amount)
        except Infeasible:
            found.append(math.copysign(math.inf, amount))
    return found[0], found[1]


def _at(value: ByYear, year: int) -> float:
    return value[year] if isinstance(value, Mapping) else value


def tiny(
    demand: dict[tuple[str, int], list[float]],
    technologies: dict[str, dict],
    hours: list[float] | None = None,
    years: tuple[int, ...] = (2030,),
    last_span: int = 1,
    rate: float = 0.0,
    corridors: tuple[Corridor, ...] = (),
    line_capacity: dict | None = None,
    present_year: int = 0,
    **more,
) -> SystemData:
    """A system from a few dicts.

    Args:
        demand: (province, year) -> GW by slice.
        technologies: name -> options: ``provinces``, ``existing`` {r: GW}, ``remaining`` yr, ``build``
            (True), ``life`` yr, ``fuel`` MCNY/GWh (by province if a dict of provinces), ``wear`` MCNY/GWh,
            ``annuity``, ``fom`` MCNY/GW-yr (a number or {year: x}), ``fom_existing``, ``emission``,
            ``class``, ``group``, ``own_use``, ``credit``, ``availability`` (share by slice or one share),
            ``must_run``, ``water`` GWh per GW and period, and for stores ``efficiency``, ``duration``
            (least, most) h and ``energy_annuity``; what exists has the least duration.
        hours: weight of each slice; 8760 / n when left out.  Slices of one weight form one period;
            of different weights, each is a period of its own (no storage between them).
        more: fields of `SystemData` as they are.
    """
    n = len(next(iter(demand.values())))
    hours = hours or [8760 / n] * n
    horizon = Horizon.of(years, last_span, base_year=years[0], rate=rate, present_year=present_year)
    one_period = len(set(hours)) == 1
    time = TimeSlices(weight=dict(enumerate(hours)), period={t: 0 if one_period else t for t in range(n)})
    provinces = tuple(dict.fromkeys(r for r, _ in demand))
    fields: dict[str, dict] = {
        name: {}
        for name in (
            "availability",
            "min_output",
            "inflow",
            "fuel_cost",
            "variable_om",
            "surviving",
            "existing_duration",
            "annuity",
            "energy_annuity",
            "fixed_om",
            "capex",
            "credit",
        )
    }
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
                    fuel = tech.get("fuel", 0.0)
                    local = fuel[r] if isinstance(fuel, Mapping) and r in fuel else fuel
                    fields["fuel_cost"][r, g, y] = _at(local, y)
            if "duration" in tech:
                fields["existing_duration"][unit] = tech["duration"][0]
                continue
            shares = np.broadcast_to(tech.get("availability", 1.0), (n,))
            for t in range(n):
                if shares[t] > 0:
                    fields["availability"][r, g, t] = float(shares[t])
                if tech.get("must_run", 0.0) > 0:
                    fields["min_output"][r, g, t] = tech["must_run"]
            for p in time.periods:
                if "water" in tech:
                    fields["inflow"][r, g, p] = tech["water"]
        for y in years:
            fields["annuity"][g, y] = _at(tech.get("annuity", 0.0), y)
            if "duration" in tech:
                fields["energy_annuity"][g, y] = _at(tech.get("energy_annuity", 0.0), y)
            fields["fixed_om"][g, y] = _at(tech.get("fom", 0.0), y)
            fields["variable_om"][g, y] = _at(tech.get("wear", 0.0), y)
            fields["credit"][g, y] = tech.get("credit", 0.0)
        fields["fixed_om"].setdefault((g, horizon.base_year), 0.0)
    return SystemData(
        horizon=horizon,
        time=time,
        provinces=provinces,
        corridors=corridors,
        demand={(r, y, t): gw for (r, y), row in demand.items() for t, gw in enumerate(row)},
        fleets=tuple(fleets),
        stores=tuple(stores),
        buildable=frozenset(buildable),
        life={g: tech.get("life", 100) for g, tech in technologies.items()},
        emission_factor={g: tech.get("emission", 0.0) for g, tech in technologies.items()},
        own_use={g: tech.get("own_use", 0.0) for g, tech in technologies.items()},
        renewable_class={g: tech.get("class", "none") for g, tech in technologies.items()},
        group={g: tech.get("group", g) for g, tech in technologies.items()},
        efficiency={g: tech.get("efficiency", 1.0) for g, tech in technologies.items()},
        duration={g: tech["duration"] for g, tech in technologies.items() if "duration" in tech},
        line_capacity=line_capacity or {},
        **{**fields, **more},
    )
