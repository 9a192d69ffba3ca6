"""Mechanisms in PyPSA: its own components where it has them, else rows through linopy from the economics.

A mechanism is said by functions of two kinds.  A *component* changes the network before its model exists.
A *rule* adds rows and costs to the linopy model afterwards.  Nothing is taken from `picmodel.markets`:
what both programs share is `SystemData` with its policy tables, and the numbers of the scenario.

Units are those of the system: GW, GWh, kt, MCNY.  A row of a year is written for that year, not for its
span, so that its dual is the derivative of the discounted cost by one unit a year in every year of the span.
"""

from tests.crosscheck.pypsa_markets.ancillary import committed, day_follows_itself, reserves
from tests.crosscheck.pypsa_markets.capture import conversions, converted, storage_of_co2
from tests.crosscheck.pypsa_markets.carbon import (
    allowance_market,
    carbon_price,
    dual_of_limit,
    emission_limit,
    limit_of_carriers,
    provincial_caps,
)
from tests.crosscheck.pypsa_markets.certificates import CarbonLink, obligation
from tests.crosscheck.pypsa_markets.demand_side import price_responsive, shiftable
from tests.crosscheck.pypsa_markets.network import Component, Rule, cost_of, dual, solved
from tests.crosscheck.pypsa_markets.power import (
    barrier,
    flat_contracts,
    leave_by_age,
    physical_contracts,
    planned_hours,
    taken_first,
)
from tests.crosscheck.pypsa_markets.saving import saving_obligations, savings
from tests.crosscheck.pypsa_system import UNIT

__all__ = [
    "UNIT",
    "CarbonLink",
    "Component",
    "Rule",
    "allowance_market",
    "barrier",
    "carbon_price",
    "committed",
    "conversions",
    "converted",
    "cost_of",
    "day_follows_itself",
    "dual",
    "dual_of_limit",
    "emission_limit",
    "flat_contracts",
    "leave_by_age",
    "limit_of_carriers",
    "obligation",
    "physical_contracts",
    "planned_hours",
    "price_responsive",
    "provincial_caps",
    "reserves",
    "saving_obligations",
    "savings",
    "shiftable",
    "solved",
    "storage_of_co2",
    "taken_first",
]
