"""What the formulation is given: one power system, labelled, in base units.

Everything here is a tuple of labels or a dict keyed by labels, in the order province, technology,
build year, year, hour.  A combination that cannot exist is absent, never zero or infinite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

Label = tuple


@dataclass(frozen=True)
class Corridor:
    """A pair of provinces joined by lines; both directions share one capacity.

    Attributes:
        loss: lost over sent, on the receiving side [share].
        annuity: yearly cost of new capacity [MCNY/GW-yr].
        contract_from: sending province of long-term contracts, or "".
    """

    name: str
    ends: tuple[str, str]
    loss: float = 0.0
    annuity: float = 0.0
    contract_from: str = ""

    @property
    def arcs(self) -> tuple[tuple[str, str, str], ...]:
        """The two directed arcs ``(arc, sender, receiver)``."""
        a, b = self.ends
        return ((f"{a}>{b}", a, b), (f"{b}>{a}", b, a))


@dataclass(frozen=True)
class TimeSlices:
    """Representative hours.  A slice is an int; all slices of a period have one weight.

    Attributes:
        weight: hours per year that a slice stands for [h/yr], summing to 8760.
        period: period of each slice; storage closes its balance within it.
        step: duration of a slice within its period [h].
    """

    weight: Mapping[int, float]
    period: Mapping[int, int]
    step: float = 1.0

    def __post_init__(self) -> None:
        for p, ts in self.slices_in.items():
            if len({self.weight[t] for t in ts}) != 1:
                raise ValueError(
                    f"slices of period {p} differ in weight: a store would make energy of nothing"
                )

    @cached_property
    def slices(self) -> tuple[int, ...]:
        return tuple(self.weight)

    @cached_property
    def periods(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.period.values()))

    @cached_property
    def slices_in(self) -> dict[int, list[int]]:
        """Slices of each period, in chronological order."""
        found: dict[int, list[int]] = {p: [] for p in self.periods}
        for t, p in self.period.items():
            found[p].append(t)
        return found

    @cached_property
    def previous(self) -> dict[int, int]:
        """The slice before each one, cyclic within the period."""
        return {t: ts[i - 1] for ts in self.slices_in.values() for i, t in enumerate(ts)}


@dataclass(frozen=True)
class Horizon:
    """Planning years and what they stand for.

    Attributes:
        years: planning years, ascending; year y stands for ``span[y]`` calendar years from y.
        discount: sum of discount factors over the span [yr].
        gap: calendar years since the planning year before (the base year for the first) [yr].
        past: planning years in which only what was committed is built.
    """

    years: tuple[int, ...]
    span: Mapping[int, int]
    discount: Mapping[int, float]
    gap: Mapping[int, int]
    base_year: int
    rate: float
    past: tuple[int, ...] = ()

    @classmethod
    def of(cls, years, last_span: int, base_year: int, rate: float, present_year: int = 0) -> Horizon:
        """Spans without gaps and D[y] = sum over the span of (1+rate)^-(tau-base_year)."""
        years = tuple(years)
        span = {y: n - y for y, n in zip(years, (*years[1:], years[-1] + last_span))}
        discount = {y: sum((1 + rate) ** -(y + i - base_year) for i in range(span[y])) for y in years}
        gap = {y: y - before for before, y in zip((base_year, *years), years)}
        past = tuple(y for y in years if y < present_year)
        return cls(years, span, discount, gap, base_year, rate, past)

    @property
    def last_year(self) -> int:
        """The last calendar year that a planning year stands for."""
        return max(y + years for y, years in self.span.items()) - 1


@dataclass(frozen=True)
class Held:
    """Capacities that another plan found, at which this system is held: nothing is built or retired.

    Attributes:
        of: scenario that found them.
        capacities: variable -> key -> GW (stores' energy: GWh); what is absent is nothing.
        capacity_price: (r, y) -> what that scenario's adequacy rule was worth [MCNY/GW-yr].
        factor: what all capacities are multiplied with, see `formulation.held`.
    """

    of: str
    capacities: Mapping[str, Mapping[Label, float]]
    capacity_price: Mapping[Label, float] = field(default_factory=dict)
    factor: float = 1.0


@dataclass(frozen=True)
class SystemData:
    """One power system in base units (GW, GWh, h, kt, MCNY).

    Keys: r province, g technology (generation or storage), v commissioning year, y planning year,
    t slice, p period, l corridor.  GW are gross nameplate; ``availability`` and ``min_output`` are
    per gross GW and already net of own use, so output is what reaches the bulk grid.
    """

    horizon: Horizon
    time: TimeSlices
    provinces: tuple[str, ...]
    corridors: tuple[Corridor, ...]
    demand: Mapping[Label, float]  # (r, y, t) GW at the bulk grid
    fleets: tuple[tuple[str, str], ...]  # (r, g) that generate
    stores: tuple[tuple[str, str], ...]  # (r, g) that store
    # -- technologies
    life: Mapping[str, int]  # g -> yr
    emission_factor: Mapping[str, float]  # g -> kt/GWh net, emitted
    own_use: Mapping[str, float]  # g -> share of gross output
    renewable_class: Mapping[str, str]  # g -> hydro | nonhydro | none
    group: Mapping[str, str]  # g -> coal, gas, wind, ...
    efficiency: Mapping[str, float] = field(default_factory=dict)  # stores: round trip
    wacc: Mapping[str, float] = field(default_factory=dict)  # g -> share, real pre-tax
    captured: Mapping[str, float] = field(default_factory=dict)  # g -> kt/GWh net; only where it is
    construction: Mapping[str, int] = field(default_factory=dict)  # g -> yr
    capex: Mapping[Label, float] = field(default_factory=dict)  # (g, v) overnight MCNY/GW
    # -- operation
    availability: Mapping[Label, float] = field(default_factory=dict)  # (r, g, t) > 0
    min_output: Mapping[Label, float] = field(default_factory=dict)  # (r, g, t) > 0
    inflow: Mapping[Label, float] = field(default_factory=dict)  # (r, g, p) GWh per GW and period
    fuel_cost: Mapping[Label, float] = field(default_factory=dict)  # (r, g, y) MCNY/GWh net
    variable_om: Mapping[Label, float] = field(default_factory=dict)  # (g, y) MCNY/GWh
    # -- capacity
    surviving: Mapping[Label, float] = field(default_factory=dict)  # (r, g, y) > 0 GW
    existing_duration: Mapping[Label, float] = field(default_factory=dict)  # (r, s) h
    buildable: frozenset = frozenset()  # (r, g)
    committed: Mapping[Label, float] = field(default_factory=dict)  # (r, g, v) GW
    committed_energy: Mapping[Label, float] = field(default_factory=dict)  # (r, s, v) GWh
    build_limit: Mapping[Label, float] = field(default_factory=dict)  # (r, g, v) GW
    national_build_limit: Mapping[Label, float] = field(default_factory=dict)  # (g, v) GW
    potential: Mapping[Label, float] = field(default_factory=dict)  # (r, g) GW
    duration: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # s -> (min, max) h
    annuity: Mapping[Label, float] = field(default_factory=dict)  # (g, v) MCNY/GW-yr
    energy_annuity: Mapping[Label, float] = field(default_factory=dict)  # (s, v) MCNY/GWh-yr
    fixed_om: Mapping[Label, float] = field(default_factory=dict)  # (g, v) MCNY/GW-yr; v=base: existing
    sunk: Mapping[Label, float] = field(default_factory=dict)  # (r, g, y) MCNY/yr; outside the LP
    # -- network
    line_capacity: Mapping[Label, float] = field(default_factory=dict)  # (l, y) GW without new builds
    line_limit: Mapping[str, float] = field(default_factory=dict)  # l -> GW that may be added
    export_tariff: Mapping[str, float] = field(default_factory=dict)  # r -> MCNY/GWh sent
    # -- adequacy and shortage
    peak: Mapping[Label, float] = field(default_factory=dict)  # (r, y) GW; empty: no adequacy rule
    adequacy_margin: float = 0.0
    credit: Mapping[Label, float] = field(default_factory=dict)  # (g, y) GW per gross GW
    adequacy_slack_price: float = 3000.0  # MCNY/GW-yr
    lost_load: float = 20.0  # MCNY/GWh
    may_retire: Mapping[str, bool] = field(default_factory=dict)  # g -> may leave before its age
    held: Held | None = None  # None: the plan decides on capacities
    # -- what mechanisms read, by name, in base units
    policy: Mapping[str, Mapping] = field(default_factory=dict)

    @cached_property
    def units(self) -> tuple[tuple[str, str], ...]:
        """Generation fleets, then stores."""
        return (*self.fleets, *self.stores)

    @cached_property
    def arcs(self) -> dict[str, tuple[Corridor, str, str]]:
        """Arc -> (corridor, sender, receiver)."""
        return {arc: (line, i, j) for line in self.corridors for arc, i, j in line.arcs}

    @cached_property
    def vintages(self) -> tuple[tuple[str, str, int], ...]:
        """(r, g, v) that may be built: in the past only what was committed."""
        found = []
        for r, g in self.units:
            for v in self.horizon.years:
                committed = self.committed.get((r, g, v), 0.0) > 0
                if committed or ((r, g) in self.buildable and v not in self.horizon.past):
                    found.append((r, g, v))
        return tuple(found)

    def alive(self, g: str, y: int) -> list[int]:
        """Planning years v <= y whose plants still stand in y."""
        return [v for v in self.horizon.years if v <= y < v + self.life[g]]


@dataclass(frozen=True)
class SystemOptions:
    """What a scenario says of the physical system, in base units."""

    horizon: Horizon
    provinces: tuple[str, ...]
    lost_load: float
    adequacy: bool
    adequacy_margin: float
    adequacy_slack_price: float
    hydro_min_flow: float
    build_limits: bool
    retirement: bool
    expand: bool
    transmission_expansion: bool
    demand_factor: float
    mechanisms: frozenset[str] = frozenset()  # that the scenario switched on
