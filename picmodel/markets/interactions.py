"""Rules about two mechanisms, keyed by the pair; neither mentions the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import param, rows
from picmodel.glossary import Entry


def certificates_and_carbon(m: pyo.ConcreteModel, carbon: Any, certificates: Any, d: SystemData) -> None:
    """What a certificate is in the carbon market: nothing, CCER, or an allowance."""
    if certificates.carbon_linkage == "ccer":
        m.ccer_factor = param(m.PROVINCES, data=d.policy["ccer_factor"])
        m.v_turned.setub(None)
        m.v_linked_ccer.setub(None)
        m.c_ccer_link = rows(m.YEARS, rule=ccer_link)
    elif certificates.carbon_linkage == "unified":
        m.v_surrendered.setub(None)
        m.v_linked_credit.setub(None)
        m.c_credit_link = rows(m.YEARS, rule=credit_link)
        m.c_credit_limit = rows(m.YEARS, rule=credit_limit)


def ccer_link(m, y):
    """Output turned into CCER counts at its province's crediting factor [kt/yr]."""
    return (
        m.v_linked_ccer[y]
        - sum(m.ccer_factor[r] * m.v_turned[r, k, y] for r in m.PROVINCES for k in m.CLASSES)
        == 0
    )


def credit_link(m, y):
    """A surrendered certificate counts at the national conversion factor [kt/yr]."""
    return (
        m.v_linked_credit[y]
        - sum(m.conversion_factor * m.v_surrendered[r, k, y] for r in m.PROVINCES for k in m.CLASSES)
        == 0
    )


def credit_limit(m, y):
    """Certificates never cover more than what is emitted [kt/yr]."""
    return (
        m.v_linked_credit[y]
        - sum(m.emission_factor[g] * m.v_annual_generation[r, g, y] for r, g in m.COVERED_FLEETS)
        <= 0
    )


Rule = Callable[[pyo.ConcreteModel, Any, Any, SystemData], None]

INTERACTIONS: dict[tuple[str, str], Rule] = {("carbon", "green_certificates"): certificates_and_carbon}

ENTRIES = (
    Entry(
        "c_ccer_link", ("year",), "kt/yr", "CCER made of renewable output", "MCNY/kt", "annual", "market", -1
    ),
    Entry(
        "c_credit_link",
        ("year",),
        "kt/yr",
        "certificates surrendered, as CO2",
        "MCNY/kt",
        "annual",
        "market",
        -1,
    ),
    Entry(
        "c_credit_limit",
        ("year",),
        "kt/yr",
        "certificates within emissions",
        "MCNY/kt",
        "annual",
        "regulatory",
        -1,
    ),
)
