"""The stored terms of a run's prices as a graph: balances are joined by decisions that are in use."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from picmodel.extract.price_terms import BALANCES, BOUND
from picmodel.glossary import ENTRIES
from picmodel.markets.registry import entries

#: (row family, place, unit, slice or period)
Node = tuple[str, str, str, int]
#: a rent of less is none [MCNY/GWh]
LEAST_RENT = 1e-6
ENERGY = "c_balance"

_ENTRY = {entry.name: entry for entry in (*ENTRIES, *entries())}
#: part of the price by term, else by mechanism
_KINDS = {
    "c_cost_fuel": "fuel",
    "c_cost_variable_om": "variable O&M",
    "c_cost_storage_wear": "storage",
    "c_cost_wheeling": "network: tariffs",
    "c_cost_unserved": "unserved energy",
    "c_flow_max": "network: congestion",
    "c_charge_max": "storage",
    "c_discharge_max": "storage",
    "c_stored_max": "storage",
    "c_output_max": "scarcity of capacity",
    "c_output_min": "must-run",
    BOUND: "decision at its bound",
    "green_certificates": "certificates and obligations",
    "power": "planned dispatch and contracts",
}


def kind_of(term: str, mechanism: str = "") -> str:
    """Part of the price that a cost item or rule belongs to."""
    if term in _KINDS:
        return _KINDS[term]
    if "+" in mechanism:
        return "links between markets"
    if mechanism:
        return _KINDS.get(mechanism, mechanism.replace("_", " "))
    return term[7:].replace("_", " ") if term.startswith("c_cost_") else "scarcity of capacity"


def meaning_of(term: str) -> str:
    """What a cost item or rule is, in words."""
    if term == BOUND:
        return "rent of the decision's own bound"
    if term.startswith("c_cost_"):
        return f"cost: {term[7:].replace('_', ' ')}"
    return _ENTRY[term].meaning


def is_rent(term: str) -> bool:
    """Whether a term says that a decision stands at a bound of the slice."""
    return term == BOUND or (term in _ENTRY and _ENTRY[term].status == "physical" and term not in BALANCES)


@dataclass
class Decision:
    """One hourly decision in use: its coefficients in balances, and what a GWh costs by rule [MCNY]."""

    variable: str
    place: str
    unit: str
    time: int
    balances: dict[Node, float] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)

    @property
    def rent(self) -> float:
        """Sum of the sizes of its rents [MCNY/GWh]."""
        found = sum(abs(x) for term, x in self.rules.items() if is_rent(term))
        return found if found > LEAST_RENT else 0.0


@dataclass
class Graph:
    """Balances with their duals [MCNY/GWh], and the decisions in each."""

    value: dict[Node, float]
    at: dict[Node, list[Decision]]
    mechanism: dict[str, str]

    @classmethod
    def of(cls, table: pd.DataFrame, slices: Iterable[int]) -> Graph:
        """Args: `price_terms` of one year; the slices of one period, which no decision leaves."""
        table = table[table["time"].isin(list(slices))]
        graph = cls({}, {}, dict(zip(table["term"], table["mechanism"])))
        known: dict[tuple, Decision] = {}
        for row in table.itertuples(index=False):
            key = (row.variable, row.place, row.unit, row.time)
            if key not in known:
                known[key] = Decision(*key)
            decision = known[key]
            if row.coefficient == 0.0:
                decision.rules[row.term] = row.amount
                continue
            node = (row.term, row.term_place, row.term_unit, row.term_time)
            graph.value[node] = row.amount
            decision.balances[node] = row.coefficient
            graph.at.setdefault(node, []).append(decision)
        return graph

    def path(self, start: Node) -> list[tuple[Node, Decision]]:
        """Balances and decisions from a price to a decision in no other balance, with least rents.

        Among ways of equal rents the shortest counts.
        """
        best: dict[Node, tuple[float, int]] = {start: (0.0, 0)}
        came: dict[Node, tuple[Node, Decision]] = {}
        ends: list[tuple[float, int, int, Node, Decision]] = []
        queue: list[tuple[float, int, int, Node]] = [(0.0, 0, 0, start)]
        count = 0
        while queue:
            rents, hops, _, node = heapq.heappop(queue)
            if best[node] < (rents, hops):
                continue
            if ends and (rents, hops) >= ends[0][:2]:
                break
            for decision in self.at.get(node, ()):
                count += 1
                onward = [k for k in decision.balances if k != node]
                reached = (rents + decision.rent / abs(decision.balances[node]), hops + 1)
                if not onward:
                    heapq.heappush(ends, (*reached, count, node, decision))
                elif len(onward) == 1 and reached < best.get(onward[0], (float("inf"), 0)):
                    best[onward[0]] = reached
                    came[onward[0]] = (node, decision)
                    heapq.heappush(queue, (*reached, count, onward[0]))
        if not ends:
            return []
        *_, node, decision = ends[0]
        found = [(node, decision)]
        while node != start:
            node, decision = came[node]
            found.append((node, decision))
        return found[::-1]
