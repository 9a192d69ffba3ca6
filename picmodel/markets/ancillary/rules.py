"""Ancillary services: relaxed commitment of thermal fleets, reserves at their dual, peak shaving.

Reserves are pooled by area.  Headroom of what is on serves any upward need, so no fleet has a reserve of
its own product: an area's headroom covers up reserve and frequency regulation together.  Options are in
`options`, money in `settlement`.
"""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.formulation.commitment import (
    add_commitment,
    add_flexibility,
    add_ramps,
    declare_commitment,
    ramped_fleets,
)
from picmodel.glossary import Entry
from picmodel.markets.ancillary.options import (
    VARIABLE,
    AncillaryConfig,
    areas,
    committed,
    flexible,
    needs,
    on_for_days,
    shares,
)
from picmodel.markets.ancillary.settlement import income, indicators, margin, settle
from picmodel.markets.base import Mechanism
from picmodel.units import to_base

# -- rows


def prepare(m: pyo.ConcreteModel, cfg: AncillaryConfig, d: SystemData) -> None:
    """Starts emit, so they are declared before emissions are counted."""
    declare_commitment(m, d, committed(cfg, d), on_for_days(cfg, d))


def build(m: pyo.ConcreteModel, cfg: AncillaryConfig, d: SystemData) -> None:
    """Commitment, then reserves."""
    fleets = committed(cfg, d)
    add_commitment(m, d, fleets, flexible(cfg, d))
    add_flexibility(m, d, flexible(cfg, d))
    if cfg.ramps:
        add_ramps(m, d, ramped_fleets(d, fleets))
    if cfg.products:
        _add_providers(m, cfg, d, fleets)
        _add_store_reserves(m, cfg, d)
        _add_requirements(m, cfg, d)


def _add_providers(m, cfg: AncillaryConfig, d: SystemData, fleets) -> None:
    """Sets of fleets by area and slice, each with those whose output or headroom counts."""
    places = areas(cfg, d)
    area_of = {r: a for a, members in places.items() for r in members}
    m.RESERVE_AREAS = pyo.Set(initialize=list(places))

    def by_area(pairs) -> pyo.Set:
        inside: dict[str, list] = {a: [] for a in places}
        for r, g in pairs:
            inside[area_of[r]].append((r, g))
        return pyo.Set(m.RESERVE_AREAS, dimen=2, initialize=inside)

    def by_slice(offers) -> pyo.Set:
        inside: dict[tuple, list] = {(a, t): [] for a in places for t in d.time.slices}
        for r, g, t in d.availability:
            if offers(r, g, t):
                inside[area_of[r], t].append((r, g))
        return pyo.Set(m.RESERVE_AREAS, m.TIMES, dimen=2, initialize=inside)

    spinning = set(fleets) if "thermal" in cfg.providers else set()
    retrofitted = set(flexible(cfg, d)) & spinning

    def turned_down(r, g, t) -> bool:
        """Heat-led and inflexible units give no downward reserve in the slice."""
        return (r, g) in spinning and (r, g, t) not in d.min_output

    m.UPWARD_THERMAL = by_area([f for f in d.fleets if f in spinning])
    m.UPWARD_HYDRO = by_slice(lambda r, g, t: "hydro" in cfg.providers and d.group[g] == "hydro")
    m.DOWNWARD_THERMAL = by_slice(turned_down)
    m.DOWNWARD_FLEXIBLE = by_slice(lambda r, g, t: (r, g) in retrofitted and turned_down(r, g, t))
    m.DOWNWARD_VARIABLE = by_slice(lambda r, g, t: "vre" in cfg.providers and d.group[g] in VARIABLE)
    m.CAUSERS = by_slice(lambda r, g, t: d.group[g] in VARIABLE)
    stores = d.stores if "stores" in cfg.providers else ()
    m.RESERVE_STORES = pyo.Set(initialize=list(stores), dimen=2)
    m.STORES_WITHIN = by_area(stores)
    m.least_water = param(m.FLEETS, m.TIMES, data=d.min_output, default=0.0)


def _add_store_reserves(m, cfg: AncillaryConfig, d: SystemData) -> None:
    """What stores hold, within their power and with the energy to last."""
    m.reserve_duration = pyo.Param(initialize=cfg.reserve_duration_h)
    m.v_store_up = at_least_zero(m.RESERVE_STORES, m.YEARS, m.TIMES)
    m.v_store_down = at_least_zero(m.RESERVE_STORES, m.YEARS, m.TIMES)
    m.c_store_up_power = rows(m.RESERVE_STORES, m.YEARS, m.TIMES, rule=store_up_power)
    m.c_store_up_energy = rows(m.RESERVE_STORES, m.YEARS, m.TIMES, rule=store_up_energy)
    m.c_store_down_power = rows(m.RESERVE_STORES, m.YEARS, m.TIMES, rule=store_down_power)
    m.c_store_down_energy = rows(m.RESERVE_STORES, m.YEARS, m.TIMES, rule=store_down_energy)


def _add_requirements(m, cfg: AncillaryConfig, d: SystemData) -> None:
    """A row for each need, area and slice, and a shortage at a price."""
    places = areas(cfg, d)
    load, variable = shares(cfg, d, "reserve_load"), shares(cfg, d, "reserve_vre")
    m.reserve_shortage_price = pyo.Param(initialize=to_base(cfg.shortage_cny_per_mwh, "CNY/MWh"))
    m.SHORT = pyo.Set(initialize=list(needs(cfg)))
    for need, rule in (("up", reserve_up), ("down", reserve_down), ("frequency", reserve_frequency)):
        if need not in load:
            continue
        asked = {
            (a, y, t): sum(load[need][r, y] * d.demand[r, y, t] for r in members)
            for a, members in places.items()
            for y in d.horizon.years
            for t in d.time.slices
        }
        m.add_component(f"{need}_of_load", param(m.RESERVE_AREAS, m.YEARS, m.TIMES, data=asked))
        m.add_component(f"{need}_of_variable", param(m.PROVINCES, m.YEARS, data=variable[need]))
        short = at_least_zero(m.RESERVE_AREAS, m.YEARS, m.TIMES)
        m.add_component(f"v_{need}_short", short)
        m.add_component(f"c_reserve_{need}", rows(m.RESERVE_AREAS, m.YEARS, m.TIMES, rule=rule))
        add_cost(m, f"{need}_short", "transfer", _shortage(short), national=True)


def _shortage(short: pyo.Var):
    def reserve_short(m, y):
        """Reserves not held, at the price of a shortage [MCNY/yr]: a transfer, nothing is used up."""
        return sum(
            m.reserve_shortage_price * m.weight[t] * short[a, y, t] for a in m.RESERVE_AREAS for t in m.TIMES
        )

    return reserve_short


def reserve_up(m, a, y, t):
    r"""Headroom of what is on, of water and of stores covers up reserve and frequency regulation.

    .. math:: \sum H_{rgyt} + \sum_{hydro} (A C - G)_{rgyt} + \sum_s U_{rsyt} + z_{ayt}
              - \sum_{vre} b_{ry} G_{rgyt} \ge \sum_{r \in a} a_{ry} D_{ryt}

    Units   GW.
    Dual    /(W D): price of a GW held upward for an hour.
    """
    return (
        sum(m.v_headroom[r, g, y, t] for r, g in m.UPWARD_THERMAL[a])
        + sum(
            m.availability[r, g, t] * m.v_capacity[r, g, y] - m.v_generation[r, g, y, t]
            for r, g in m.UPWARD_HYDRO[a, t]
        )
        + sum(m.v_store_up[r, s, y, t] for r, s in m.STORES_WITHIN[a])
        + m.v_up_short[a, y, t]
        - sum(m.up_of_variable[r, y] * m.v_generation[r, g, y, t] for r, g in m.CAUSERS[a, t])
        >= m.up_of_load[a, y, t]
    )


def _turned_down(m, a, y, t):
    """How far thermal fleets, water and stores can be turned down [GW]."""
    return (
        sum(
            m.v_generation[r, g, y, t]
            - m.min_stable[g] * (m.v_generation[r, g, y, t] + m.v_headroom[r, g, y, t])
            for r, g in m.DOWNWARD_THERMAL[a, t]
        )
        + sum(m.deeper_share[g] * m.v_flexible_on[r, g, y, t] for r, g in m.DOWNWARD_FLEXIBLE[a, t])
        + sum(
            m.v_generation[r, g, y, t] - m.least_water[r, g, t] * m.v_capacity[r, g, y]
            for r, g in m.UPWARD_HYDRO[a, t]
        )
        + sum(m.v_store_down[r, s, y, t] for r, s in m.STORES_WITHIN[a])
    )


def reserve_down(m, a, y, t):
    r"""What can be turned down, wind and sun included, covers down reserve and frequency regulation.

    .. math:: \sum (G - \mu (G + H) + (\mu - \phi) F)_{rgyt} + \sum_{hydro} (G - \underline G)_{rgyt}
              + \sum_s V_{rsyt} + \sum_{vre} (1 - b_{ry}) G_{rgyt} + z_{ayt} \ge \sum_{r \in a} a_{ry} D_{ryt}

    Units   GW.
    Dual    /(W D): price of a GW held downward for an hour.
    """
    return (
        _turned_down(m, a, y, t)
        + sum(m.v_generation[r, g, y, t] for r, g in m.DOWNWARD_VARIABLE[a, t])
        + m.v_down_short[a, y, t]
        - sum(m.down_of_variable[r, y] * m.v_generation[r, g, y, t] for r, g in m.CAUSERS[a, t])
        >= m.down_of_load[a, y, t]
    )


def reserve_frequency(m, a, y, t):
    """Frequency regulation takes its downward part from who can follow a signal: not from wind and sun [GW].

    Upward all who count can follow, so the row of up reserve says enough.  Dual /(W D): what that adds
    to the prices of up and down reserve, which regulation takes as well.
    """
    return (
        _turned_down(m, a, y, t)
        + m.v_frequency_short[a, y, t]
        - sum(m.frequency_of_variable[r, y] * m.v_generation[r, g, y, t] for r, g in m.CAUSERS[a, t])
        >= m.frequency_of_load[a, y, t]
    )


def store_up_power(m, r, s, y, t):
    """A store gives more by ending to charge and discharging up to its power [GW]."""
    return (
        m.v_store_up[r, s, y, t] - m.v_capacity[r, s, y] + m.v_discharge[r, s, y, t] - m.v_charge[r, s, y, t]
        <= 0
    )


def store_up_energy(m, r, s, y, t):
    """What is held upward can last, from what is stored at the end of the slice [GWh]."""
    return m.reserve_duration * m.v_store_up[r, s, y, t] - m.one_way[s] * m.v_stored[r, s, y, t] <= 0


def store_down_power(m, r, s, y, t):
    """A store takes more by ending to discharge and charging up to its power [GW]."""
    return (
        m.v_store_down[r, s, y, t]
        - m.v_capacity[r, s, y]
        + m.v_charge[r, s, y, t]
        - m.v_discharge[r, s, y, t]
        <= 0
    )


def store_down_energy(m, r, s, y, t):
    """What is held downward finds room, beside what is stored at the end of the slice [GWh]."""
    return (
        m.reserve_duration * m.one_way[s] * m.v_store_down[r, s, y, t]
        + m.v_stored[r, s, y, t]
        - m.v_energy[r, s, y]
        <= 0
    )


def check(cfg: AncillaryConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    problems, fleets = [], committed(cfg, d)
    for group in cfg.committed_groups:
        if "committed_groups" in cfg.model_fields_set and not any(d.group[g] == group for _, g in fleets):
            problems.append(
                f"markets.ancillary.committed_groups: no fleet of `{group}` has a row in "
                "inputs/policy/commitment.csv; add one or take the group out"
            )
    if cfg.committed_groups and not fleets:
        problems.append(
            "markets.ancillary.committed_groups: no fleet has a row in inputs/policy/commitment.csv; "
            "add rows or set `committed_groups` to []"
        )
    if cfg.flexibility and not flexible(cfg, d):
        problems.append(
            "markets.ancillary.flexibility: no committed fleet has a retrofit to a lower least output in "
            "inputs/policy/commitment.csv; add one or set `flexibility` to false"
        )
    unused = [g for g in cfg.daily_groups if g not in cfg.committed_groups]
    if unused:
        problems.append(
            f"markets.ancillary.daily_groups: {', '.join(unused)} is not committed; add it to "
            "`committed_groups` or take it out"
        )
    if cfg.ramps and not ramped_fleets(d, fleets):
        problems.append(
            f"markets.ancillary.ramps: every committed fleet ramps fully within a slice of {d.time.step:g} "
            "h, so ramps say nothing; set `time.step_h` lower or `ramps` to false"
        )
    for product in cfg.products:
        asked = [d.policy.get(table, {}).get((product, r), 0.0) for table in _TABLES for r in d.provinces]
        if not any(asked):
            problems.append(
                f"markets.ancillary.products: no province requires `{product}` in "
                "inputs/policy/reserve_requirements.csv; add rows or take the product out"
            )
    grid = d.policy.get("regional_grid", {})
    if cfg.products and cfg.area == "region" and not all(r in grid for r in d.provinces):
        problems.append(
            "markets.ancillary.area: `region`, but the regional grid of a province is not known; fill "
            "`regional_grid` in inputs/provinces.csv or set `area` to province or nation"
        )
    if cfg.peak_shaving and not d.policy.get("shaving_price"):
        problems.append(
            "markets.ancillary.peak_shaving: no province has a payment in inputs/policy/peak_shaving.csv; "
            "add rows or set `peak_shaving` to false"
        )
    return problems


_TABLES = ("reserve_load", "reserve_vre")
_RGY = ("province", "technology", "year")
_RGYT = (*_RGY, "time")
_AYT = ("area", "year", "time")
_HELD = "MCNY per GW and h"


def _limit(name: str, unit: str, meaning: str, price: str = "MCNY/GWh") -> Entry:
    """A physical row of one unit and slice."""
    return Entry(name, _RGYT, unit, meaning, price, "hourly" if price else "", "physical", -1)


ANCILLARY = Mechanism(
    name="ancillary",
    summary="Ancillary services: commitment of thermal fleets, reserves, peak-shaving payments",
    config=AncillaryConfig,
    prepare=prepare,
    build=build,
    income=income,
    margin=margin,
    settle=settle,
    indicators=indicators,
    check=check,
    slacks={
        "v_up_short": "up reserve not held",
        "v_down_short": "down reserve not held",
        "v_frequency_short": "frequency regulation not held",
    },
    headline=("reserve_cost",),
    entries=(
        Entry("v_headroom", _RGYT, "GW", "thermal capacity that is on and not loaded, net of own use"),
        Entry(
            "v_on",
            ("province", "technology", "year", "period"),
            "GW",
            "thermal capacity that is on for a whole period, net of own use",
        ),
        Entry(
            "c_on_max",
            ("province", "technology", "year", "period"),
            "GW",
            "what is on for a period within what is available",
            status="physical",
            sense=-1,
        ),
        Entry("c_on", _RGYT, "GW", "output and headroom are what is on for the period", status="physical"),
        Entry("v_start", _RGYT, "GW", "thermal capacity that starts in the slice, net of own use"),
        Entry("v_flexible", _RGY, "GW", "gross capacity retrofitted for a lower least output"),
        Entry("v_flexible_on", _RGYT, "GW", "retrofitted capacity that is on, net of own use"),
        Entry("v_store_up", _RGYT, "GW", "up reserve of stores"),
        Entry("v_store_down", _RGYT, "GW", "down reserve of stores"),
        Entry("v_up_short", _AYT, "GW", "up reserve not held"),
        Entry("v_down_short", _AYT, "GW", "down reserve not held"),
        Entry("v_frequency_short", _AYT, "GW", "frequency regulation not held"),
        _limit("c_commit_max", "GW", "what is on within available capacity"),
        Entry("c_min_stable", _RGYT, "GW", "least output of what is on", "MCNY/GWh", "hourly", "physical"),
        Entry(
            "c_min_flexible",
            _RGYT,
            "GW",
            "least output of what is on, retrofits counted",
            "MCNY/GWh",
            "hourly",
            "physical",
        ),
        Entry("c_start", _RGYT, "GW", "what is on and was not has started", status="physical"),
        _limit("c_flexible_max", "GW", "retrofitted capacity that is on within what is available"),
        _limit("c_flexible_commit", "GW", "retrofitted capacity that is on within what is on"),
        Entry(
            "c_flexible_stays",
            (*_RGY, "before"),
            "GW",
            "a retrofit is paid to the end of the horizon",
            status="physical",
        ),
        _limit("c_ramp_up", "GW", "rise of output"),
        _limit("c_ramp_down", "GW", "fall of output"),
        _limit("c_store_up_power", "GW", "up reserve of stores within power"),
        _limit("c_store_up_energy", "GWh", "up reserve of stores can last", ""),
        _limit("c_store_down_power", "GW", "down reserve of stores within power"),
        _limit("c_store_down_energy", "GWh", "down reserve of stores has room", ""),
        Entry("c_reserve_up", _AYT, "GW", "up reserve, regulation with it", _HELD, "hourly", "market"),
        Entry("c_reserve_down", _AYT, "GW", "down reserve, regulation with it", _HELD, "hourly", "market"),
        Entry(
            "c_reserve_frequency",
            _AYT,
            "GW",
            "frequency regulation is held by who can follow",
            _HELD,
            "hourly",
            "market",
        ),
    ),
)
