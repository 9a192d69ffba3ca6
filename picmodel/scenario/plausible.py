"""Legal but suspicious settings: what people write when they mean another unit, or too much or too little.

A rule looks at the end of a key, which names the unit, and at the number; the message says what the number
would be in the unit that was probably meant.  Input tables are looked at by `picmodel.data.overrides.leaps`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from picmodel.scenario.schema import Scenario
from picmodel.scenario.source import Node, Path, Problem, written


@dataclass(frozen=True)
class Unit:
    """Numbers of a unit that are seldom meant: above 0 and below ``low``, or above ``high``."""

    id: str
    unit: str
    low: float
    high: float
    too_low: str = ""
    too_high: str = ""


#: end of a key -> what is usual; longer endings first, the first that fits counts
UNITS: dict[str, Unit] = {
    "value_of_lost_load_cny_per_mwh": Unit("PIC-W105", "CNY/MWh", 3000, 200000),
    "cny_per_kw_yr": Unit("PIC-W102", "CNY/kW-yr", 1, 5000, "CNY/W-yr", "CNY/MW-yr"),
    "cny_per_kw": Unit("PIC-W102", "CNY/kW", 50, 50000, "CNY/W", "CNY/MW"),
    "cny_per_mwh": Unit("PIC-W102", "CNY/MWh", 2, 20000, "CNY/kWh", "CNY/GWh"),
    "cny_per_gj": Unit("PIC-W102", "CNY/GJ", 2, 500, "CNY/MJ", "CNY/TJ"),
    "t_per_mwh": Unit("PIC-W102", "t/MWh", 0.01, 2, "t/kWh", "kg/MWh"),
    "cny_per_t": Unit("PIC-W102", "CNY/t", 1, 5000, "CNY/kg", "CNY/kt"),
    "discount_rate_share": Unit("PIC-W105", "share", 0.01, 0.12),
    "last_span": Unit("PIC-W105", "yr", 1, 15),
    "share": Unit("PIC-W103", "share", 1e-6, 1.0, "", "per cent"),
    "factor": Unit("PIC-W103", "factor", 0.02, 5, "", "per cent"),
    "mt": Unit("PIC-W104", "Mt", 1e-3, 20000, "Gt", "kt"),
    "twh": Unit("PIC-W104", "TWh", 1e-3, 50000, "PWh", "GWh"),
}
#: province-hours (provinces x planning years x slices) beyond which a solve takes days or much memory
MOST_HOURS = 60_000
_PROVINCES = 31


def suspicious(scenario: Scenario) -> list[tuple[str, Problem]]:
    """Key and warning of every setting that is legal and seldom meant, in order of place."""
    found = [
        (written(path), warning)
        for path, node in _numbers(scenario.where.node, ())
        if path[0] != "overrides" and (warning := _of_number(path, node))
    ]
    found += _of_time(scenario)
    return sorted(found, key=lambda pair: pair[1].place)


def _numbers(node: Node, above: Path) -> Iterator[tuple[Path, Node]]:
    """Every number of a document with its path."""
    if isinstance(node.value, dict | tuple):
        children = node.value.items() if isinstance(node.value, Mapping) else enumerate(node.value)
        for key, child in children:
            yield from _numbers(child, (*above, key))
    elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield above, node


def _of_number(path: Path, node: Node) -> Problem | None:
    """What is unusual about a number, by the unit that its key names."""
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    usual = next((u for end, u in UNITS.items() if key == end or key.endswith(f"_{end}")), None)
    value = node.value
    if usual is None or value == 0 or usual.low <= abs(value) <= usual.high:
        return None
    low = abs(value) < usual.low
    meant = usual.too_low if low else usual.too_high
    side = f"seldom below {usual.low:g}" if low else f"seldom above {usual.high:g}"
    guess = f"; if {meant} is meant, convert it to {usual.unit}" if meant else ""
    text = f"`{written(path)}` is {value:g} {usual.unit}, {side}{guess or '; check it'}"
    return Problem(node.place, text, usual.id)


def _of_time(scenario: Scenario) -> list[tuple[str, Problem]]:
    """Hours that are too few for what is asked of them, or more than a machine can take."""
    t, where = scenario.time, scenario.where.at("time")
    provinces = _PROVINCES if scenario.space.provinces == "all" else len(scenario.space.provinces)
    slices = (t.periods + t.extremes) * 24 // t.step_h
    hours = provinces * len(scenario.horizon.years) * slices
    if hours > MOST_HOURS:
        text = (
            f"{slices} slices of {provinces} provinces in {len(scenario.horizon.years)} years are {hours:,} "
            f"province-hours, over {MOST_HOURS:,}: expect many hours and tens of GB; lower `time.periods`"
        )
        return [("time.periods", Problem(where.node.place, text, "PIC-W106"))]
    if t.periods == 1 and t.extremes == 0:
        text = "one mean day has neither calm nor dark hours: capacity and storage say little; write more"
        return [("time.periods", Problem(where.node.place, text, "PIC-W106"))]
    return []
