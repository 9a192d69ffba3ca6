"""Rows and bounds of the LP in the modeller's words: what, where, how much, and where to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from picmodel.glossary import Entry
from picmodel.solve.compile import Block, LinearProgram

#: row family -> where a modeller changes it; of other families of a mechanism, its options
WHERE = {
    "c_balance": "demand.csv, `physical.demand_factor`",
    "c_build_limit": "build_rates.csv, `physical.build_limits`",
    "c_national_build_limit": "build_rates.csv, `physical.build_limits`",
    "c_committed": "committed.csv",
    "c_committed_energy": "committed.csv",
    "c_potential": "potentials.csv",
    "c_keep": "`physical.retirement`, fleet.csv",
    "c_line_limit": "corridors.csv, `physical.transmission_expansion`",
    "c_output_min": "heat_must_run.csv, technologies.csv, `physical.hydro_min_flow_share`",
    "c_output_max": "monthly_availability.csv and hourly series",
    "c_inflow": "hourly series of hydro",
    "c_adequacy": "peak_load.csv, `physical.adequacy_margin_share`",
    "c_flow_max": "corridor_capacity.csv",
    "c_emission_peak": "`markets.emission_limits.peak_year`",
    "c_held_emissions": "`markets.emission_limits.hold_emissions_of`, `hold_slack_cny_per_t`",
    "c_provincial_cap": "`markets.emission_limits.provincial.cap_mt`, `slack_cny_per_t`",
    "c_permits": "`markets.emission_limits.provincial.trade`",
    "c_age_only": "`markets.power.planned_share`, `curtailment_limit_share` (they keep fleets), fleet.csv",
    "c_curtailment_limit": "`markets.power.curtailment_limit_share`",
    "c_planned_hours": "`markets.power.planned_share`",
    "c_contract_min": "`markets.power.contract_band_share`",
    "c_contract_max": "`markets.power.contract_band_share`",
    "c_contract_quantity": "`markets.power.contract_gw`",
    "c_allowances": "`markets.carbon.cap_mt` or `benchmark_factor`",
    "c_injection": "`markets.ccs.injection_limit_mt`",
}
#: variables whose bounds a modeller changes
_WHERE_BOUND = {"v_exist": "fleet.csv (what has not aged out)"}
_AMOUNTS = {"kt/yr": ("Mt/yr", 1e-3), "kt": ("Mt", 1e-3), "GWh/yr": ("TWh/yr", 1e-3)}
#: longest row that is written out
_MOST_TERMS = 4
#: short names of what stands in such rows
_NAMES = {
    "v_generation": "output",
    "v_annual_generation": "annual output",
    "v_exist": "fleet kept",
    "v_build": "built",
}
_DIMS = ("province", "market", "area", "arc", "corridor", "technology", "measure", "user", "class", "block")


@dataclass(frozen=True)
class Rule:
    """One row, or the bound of one variable.

    Attributes:
        key: dimension -> label.
        lower, upper: its sides [unit]; infinite where it has none.
        where: what a modeller changes; "" where nothing is.
        terms: where the row compares quantities: (coefficient, what) of each; else empty.
    """

    family: str
    key: Mapping[str, object]
    meaning: str
    unit: str
    lower: float
    upper: float
    where: str
    terms: tuple[tuple[float, str], ...] = ()

    @property
    def place(self) -> str:
        """Who and in which year, in short."""
        names = (*_DIMS, "vintage", "year")
        return " ".join(str(self.key[dim]) for dim in names if dim in self.key)

    def says(self) -> str:
        """The limit as it stands."""
        if self.terms:
            left = " ".join(_term(x, what) for x, what in self.terms if x > 0).removeprefix("+ ")
            right = " ".join(_term(-x, what) for x, what in self.terms if x < 0).removeprefix("+ ")
            word = "=" if self.lower == self.upper else ">=" if np.isfinite(self.lower) else "<="
            return f"{left} {word} {right or 0}"
        if self.lower == self.upper:
            return f"exactly {amount(self.upper, self.unit)}"
        sides = [("at least", self.lower), ("at most", self.upper)]
        return ", ".join(f"{word} {amount(x, self.unit)}" for word, x in sides if np.isfinite(x))


def _term(x: float, what: str) -> str:
    return f"+ {what}" if x == 1.0 else f"+ {x:.3g} x {what}"


def amount(x: float, unit: str) -> str:
    """A number with a unit that a reader knows."""
    shown, factor = _AMOUNTS.get(unit, (unit, 1.0))
    value = x * factor
    digits = 0 if abs(value) >= 1000 else 2 if abs(value) >= 1 or value == 0 else 5
    return f"{value:,.{digits}f} {shown}"


class Names:
    """Rows and columns of an LP as `Rule`s."""

    def __init__(self, lp: LinearProgram, entries: Mapping[str, Entry]) -> None:
        self._lp, self._entries = lp, entries
        self._rows, self._columns = _owners(lp.rows, lp.shape[0]), _owners(lp.columns, lp.shape[1])
        self._by_row = sp.csr_array(lp.matrix)
        self._mechanism = {name: m for m, names in lp.rows_of.items() for name in names}

    def row(self, i: int) -> Rule:
        family, key = self._rows[i]
        where = WHERE.get(family) or self._options(family)
        sides = float(self._lp.row_lower[i]), float(self._lp.row_upper[i])
        rule = self._rule(family, key, *sides, where)
        compares = all(side == 0.0 or np.isinf(side) for side in sides)
        return replace(rule, terms=self._terms(i, key)) if compares else rule

    def _terms(self, i: int, key: tuple) -> tuple[tuple[float, str], ...]:
        """Quantities of a short row; keys are given where they are not the row's own."""
        part = slice(self._by_row.indptr[i], self._by_row.indptr[i + 1])
        pairs = list(zip(self._by_row.indices[part], self._by_row.data[part]))
        if not 0 < len(pairs) <= _MOST_TERMS:
            return ()
        found = []
        for j, x in pairs:
            name, other = self._columns[j]
            rest = [str(label) for label in other if label not in key]
            found.append((float(x), " ".join([_NAMES.get(name, name[2:].replace("_", " ")), *rest])))
        return tuple(found)

    def bound(self, j: int) -> Rule:
        variable, key = self._columns[j]
        sides = float(self._lp.lower[j]), float(self._lp.upper[j])
        return self._rule(variable, key, *sides, _WHERE_BOUND.get(variable, ""))

    def defines(self, i: int) -> bool:
        """Whether a row only says what a quantity is."""
        family = self._rows[i][0]
        return family.startswith("c_cost_") or self._entries[family].status == "definition"

    def _options(self, family: str) -> str:
        mechanism = self._mechanism.get(family, "")
        return " and ".join(f"`markets.{name}`" for name in mechanism.split("+")) if mechanism else ""

    def _rule(self, name: str, key: tuple, lower: float, upper: float, where: str) -> Rule:
        if name[2:].startswith("cost_"):
            return Rule(name, dict(enumerate(key)), f"cost: {name[7:]}", "MCNY/yr", lower, upper, "")  # type: ignore[arg-type]
        entry = self._entries[name]
        return Rule(name, dict(zip(entry.dims, key)), entry.meaning, entry.unit, lower, upper, where)


def _owners(blocks: Mapping[str, Block], count: int) -> list[tuple[str, tuple]]:
    """Name and key of every row or column."""
    found: list[tuple[str, tuple]] = [("", ())] * count
    for name, block in blocks.items():
        for key, at in zip(block.index, block.position):
            if at >= 0:
                found[at] = (name, key)
    return found
