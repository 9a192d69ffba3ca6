"""Every name that the physical model exposes, once: dimensions, unit, meaning.

Results, report headers and the symbol table in ``docs/symbols.md`` come from these entries.
Mechanisms declare their own entries beside their rules (``picmodel/markets``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A variable (``v_``) or a row family (``c_``).

    Attributes:
        dims: index names in order, see `DIMENSIONS`.
        unit: unit of the value, of a row's activity for ``c_``.
        price: for rows that carry a price, its unit after discount and hour weight are undone.
        basis: how the dual is undone: ``hourly`` /(W D), ``annual`` /D, ``stock`` span/D,
            "" no price.
        status: ``market`` settled at its dual, ``physical`` a rent, ``regulatory`` not paid,
            ``definition`` an identity.
        sense: +1 where the row states a requirement, -1 where it states a limit.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    price: str = ""
    basis: str = ""
    status: str = "definition"
    sense: int = 1


DIMENSIONS = {
    "province": "two letters of ISO 3166-2:CN",
    "technology": "generation or storage technology",
    "vintage": "planning year of commissioning",
    "year": "planning year",
    "time": "time slice (period, hour)",
    "period": "representative period",
    "arc": "directed transmission arc FROM>TO",
    "corridor": "pair of provinces FROM-TO",
    "class": "certificate class: hydro, nonhydro",
    "before": "planning year before",
    "source": "technology before a conversion",
    "measure": "energy-saving measure",
    "block": "block of a supply or demand curve that a scenario names",
    "product": "kind of reserve",
    "market": "CN, or a province with a market of its own",
    "user": "class of users that can move load within the day",
    "area": "where a reserve counts: a province, a regional grid, or CN",
}

_RGY = ("province", "technology", "year")
_RGV = ("province", "technology", "vintage")
_RGYT = (*_RGY, "time")
_RYT = ("province", "year", "time")

ENTRIES: tuple[Entry, ...] = (
    # capacity
    Entry("v_exist", _RGY, "GW", "gross capacity kept of the fleet that stood at the base year"),
    Entry("v_build", _RGV, "GW", "gross capacity built for a planning year"),
    Entry("v_capacity", _RGY, "GW", "gross capacity that stands"),
    Entry("v_build_energy", _RGV, "GWh", "energy capacity of stores built"),
    Entry("v_energy", _RGY, "GWh", "energy capacity of stores that stands"),
    Entry("c_capacity", _RGY, "GW", "capacity is what is kept and what was built and still stands"),
    Entry("c_energy", _RGY, "GWh", "the same for the energy of stores"),
    Entry(
        "c_retire", (*_RGY, "before"), "GW", "what is retired does not come back", status="physical", sense=-1
    ),
    Entry(
        "c_keep",
        _RGY,
        "GW",
        "without economic retirement the fleet leaves by age only",
        "MCNY/GW-yr",
        "annual",
        "regulatory",
    ),
    Entry("c_potential", _RGY, "GW", "resource and sites", "MCNY/GW-yr", "annual", "physical", -1),
    Entry(
        "c_build_limit",
        _RGV,
        "GW",
        "what one province adds for a planning year",
        "MCNY/GW",
        "vintage",
        "physical",
        -1,
    ),
    Entry(
        "c_national_build_limit",
        ("technology", "vintage"),
        "GW",
        "what the country adds",
        "MCNY/GW",
        "vintage",
        "physical",
        -1,
    ),
    Entry(
        "c_committed", _RGV, "GW", "what is under construction is finished", "MCNY/GW", "vintage", "physical"
    ),
    Entry("c_duration_min", _RGV, "GWh", "least energy over power of new stores", status="physical"),
    Entry("c_duration_max", _RGV, "GWh", "most energy over power of new stores", status="physical", sense=-1),
    Entry("c_committed_energy", _RGV, "GWh", "energy of stores that were built", status="physical"),
    # dispatch
    Entry("v_generation", _RGYT, "GW", "output net of own use"),
    Entry("v_annual_generation", _RGY, "GWh/yr", "annual output net of own use"),
    Entry("v_fleet_emissions", _RGY, "kt/yr", "CO2 of a fleet, starts included"),
    Entry("v_emissions", ("province", "year"), "kt/yr", "CO2 of all generation, nothing credited"),
    Entry(
        "c_output_max", _RGYT, "GW", "output within available capacity", "MCNY/GWh", "hourly", "physical", -1
    ),
    Entry("c_output_min", _RGYT, "GW", "must-run and minimum flow", "MCNY/GWh", "hourly", "physical"),
    Entry("c_inflow", (*_RGY, "period"), "GWh", "water of a period", status="physical", sense=-1),
    Entry("c_annual_generation", _RGY, "GWh/yr", "annual output"),
    Entry(
        "c_fleet_emissions",
        _RGY,
        "kt/yr",
        "emissions of a fleet",
        "MCNY/kt",
        "annual",
        "definition",
    ),
    Entry("c_emissions", ("province", "year"), "kt/yr", "emissions of all generation"),
    # storage
    Entry("v_charge", _RGYT, "GW", "taken from the grid"),
    Entry("v_discharge", _RGYT, "GW", "given to the grid"),
    Entry("v_stored", _RGYT, "GWh", "energy stored at the end of the slice"),
    Entry("c_charge_max", _RGYT, "GW", "charging within power", status="physical", sense=-1),
    Entry("c_discharge_max", _RGYT, "GW", "discharging within power", status="physical", sense=-1),
    Entry("c_stored_max", _RGYT, "GWh", "stored energy within energy capacity", status="physical", sense=-1),
    Entry("c_stored", _RGYT, "GWh", "stored energy follows charging, cyclic in the period"),
    # network
    Entry("v_flow", ("arc", "year", "time"), "GW", "power sent into an arc"),
    Entry("v_build_line", ("corridor", "vintage"), "GW", "transmission capacity built"),
    Entry("v_line_capacity", ("corridor", "year"), "GW", "transmission capacity that stands"),
    Entry("c_line_capacity", ("corridor", "year"), "GW", "line capacity is base and new"),
    Entry(
        "c_line_limit", ("corridor",), "GW", "what may be added to a corridor", status="physical", sense=-1
    ),
    Entry(
        "c_flow_max",
        ("corridor", "year", "time"),
        "GW",
        "flows within line capacity",
        "MCNY/GWh",
        "hourly",
        "physical",
        -1,
    ),
    # balance and adequacy
    Entry("v_unserved", _RYT, "GW", "demand not served"),
    Entry(
        "v_consumption",
        ("province", "year"),
        "GWh/yr",
        "consumption at the bulk grid, losses of stores inside",
    ),
    Entry("c_balance", _RYT, "GW", "supply meets demand in every slice", "MCNY/GWh", "hourly", "market"),
    Entry("c_consumption", ("province", "year"), "GWh/yr", "annual consumption"),
    Entry("v_firm", ("arc", "year"), "GW", "capacity counted for the adequacy of the receiver"),
    Entry("v_adequacy_short", ("province", "year"), "GW", "adequacy not met"),
    Entry(
        "c_adequacy",
        ("province", "year"),
        "GW",
        "credited capacity covers peak and margin",
        "MCNY/GW-yr",
        "annual",
        "market",
    ),
    Entry(
        "c_firm_max",
        ("corridor", "year"),
        "GW",
        "firm imports within line capacity",
        "MCNY/GW-yr",
        "annual",
        "physical",
        -1,
    ),
)
