"""What each cost item is part of: the components of system cost, and transfers.

Every item that a rule adds with `formulation.base.add_cost` stands here once.
"""

from __future__ import annotations

#: components of system cost (resource items), in the order of tables
COMPONENTS = {
    "investment": "annuities of plants, stores and retrofits for flexibility that the plan builds",
    "fuel": "fuel burnt",
    "om": "fixed and variable O&M, wear of stores",
    "starts": "fuel and wear of starts",
    "grid": "annuities and O&M of lines added between provinces, half to each end",
    "carbon_capture": "conversion of units to capture, transport and storage of CO2 "
    "(new plants that capture are investment)",
    "saving": "measures that save energy, and their verification",
    "demand_side": "load moved, and load given up at the price that its users named",
    "unserved": "demand not served, at the value of lost load",
}

#: kinds of transfers: they move decisions and money, and use nothing up
TRANSFERS = {
    "payment": "what parties pay each other, or a state, or another sector, as the plan sees it",
    "slack": "penalties of rules that are not kept, at the price that a scenario puts on them",
}

COMPONENT_OF = {
    # the physical system
    "investment": "investment",
    "storage_energy": "investment",
    "flexibility": "investment",
    "fuel": "fuel",
    "fixed_om": "om",
    "variable_om": "om",
    "storage_wear": "om",
    "starts": "starts",
    "lines": "grid",
    "unserved": "unserved",
    # mechanisms
    "retrofit": "carbon_capture",
    "co2_storage": "carbon_capture",
    "saving": "saving",
    "saving_verification": "saving",
    "shift": "demand_side",
    "curtailed_demand": "demand_side",
    # transfers: payments
    "wheeling": "payment",
    "barrier": "payment",
    "capacity_payment": "payment",
    "premium": "payment",
    "saving_hurdle": "payment",
    "voluntary": "payment",
    "certificates_to_state": "payment",
    "certificates_from_state": "payment",
    "compliance_payment": "payment",
    "surrender_payment": "payment",
    "external_ccer": "payment",
    "carbon_price": "payment",
    "carbon_offsets": "payment",
    "allowances_at_ceiling": "payment",
    "allowances_at_floor": "payment",
    "other_sectors_supply": "payment",
    "other_sectors_demand": "payment",
    "allowance_bank": "payment",
    # transfers: slacks
    "adequacy_short": "slack",
    "scarcity_limit": "slack",
    "planned_slack": "slack",
    "curtailment_slack": "slack",
    "contract_short": "slack",
    "delivery_slack": "slack",
    "up_short": "slack",
    "down_short": "slack",
    "frequency_short": "slack",
    "allowances_missing": "slack",
    "saving_short": "slack",
    "above_peak": "slack",
    "above_held": "slack",
    "above_provincial_caps": "slack",
}


def component_of(item: str) -> str:
    """Component of a cost item.

    Raises:
        KeyError: the item is not in `COMPONENT_OF`.
    """
    if item not in COMPONENT_OF:
        raise KeyError(f"cost item {item} has no component: add it to formulation/components.py")
    return COMPONENT_OF[item]
