"""Base units of the model and the factors that lead to them.

Inside the model no name carries a unit: power is GW, energy GWh, time h, emissions kt CO2 and money
MCNY (million CNY, real, of the base year, without VAT).  Every column of an input table and every
reported number does carry one, and is converted exactly once, here.
"""

from __future__ import annotations

HOURS_PER_YEAR = 8760
GJ_PER_MWH = 3.6

#: factor from the unit of an input column to the model's base unit
TO_BASE: dict[str, float] = {
    "": 1.0,
    "share": 1.0,
    "h": 1.0,
    "yr": 1.0,
    "km": 1.0,
    "deg": 1.0,
    "GW": 1.0,
    "GW/yr": 1.0,
    "GWh": 1.0,
    "TWh": 1e3,  # GWh
    "CNY/kW": 1.0,  # MCNY/GW
    "CNY/kW-yr": 1.0,  # MCNY/GW-yr
    "CNY/kWh": 1.0,  # MCNY/GWh of storage capacity: 1 CNY/kWh = 1e6 CNY/GWh
    "CNY/MWh": 1e-3,  # MCNY/GWh
    "CNY/GJ": 1e-3,  # MCNY/TJ
    "CNY/t": 1e-3,  # MCNY/kt
    "t/MWh": 1.0,  # kt/GWh
    "t/MW": 1.0,  # kt/GW
    "t/GJ": 1.0,  # kt/TJ
    "Mt": 1e3,  # kt
}


def to_base(value: float, unit: str) -> float:
    """Convert ``value`` from an input unit to base units.

    Raises:
        KeyError: the unit is not one of :data:`TO_BASE`.

    >>> to_base(350.0, "CNY/MWh")
    0.35
    """
    return value * TO_BASE[unit]
