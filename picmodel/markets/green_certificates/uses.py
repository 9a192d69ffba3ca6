"""Uses of a certificate beside the obligation: volunteers, the state at floor and ceiling, later years."""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, at_least_zero, param, rows
from picmodel.markets.green_certificates.options import CLASSES, GreenCertificatesConfig, bank_pairs
from picmodel.scenario.schema import at_years
from picmodel.units import to_base


def add_other_uses(m, cfg: GreenCertificatesConfig, d: SystemData) -> None:
    """Volunteers, the state at floor and ceiling, and later years."""
    years = d.horizon.years
    blocks = {block.name: block for block in cfg.voluntary}
    accepts = {b: [k for k in CLASSES if block.accepts in (k, "any")] for b, block in blocks.items()}
    m.BLOCKS = pyo.Set(initialize=list(blocks))
    m.ACCEPTED = pyo.Set(initialize=[(k, b) for k in CLASSES for b in blocks if k in accepts[b]], dimen=2)
    m.CLASSES_OF = pyo.Set(m.BLOCKS, initialize=accepts)
    m.BLOCKS_OF = pyo.Set(m.CLASSES, initialize={k: [b for b in blocks if k in accepts[b]] for k in CLASSES})
    volume = {(b, y): to_base(x, "TWh") for b in blocks for y, x in at_years(blocks[b].twh, years).items()}
    m.voluntary_volume = param(m.BLOCKS, m.YEARS, data=volume)
    m.v_voluntary = at_least_zero(m.AREAS, m.ACCEPTED, m.YEARS)
    m.c_voluntary = rows(m.BLOCKS, m.YEARS, rule=voluntary)
    if blocks:
        m.willingness = param(
            m.BLOCKS,
            m.YEARS,
            data={
                (b, y): to_base(x, "CNY/MWh")
                for b in blocks
                for y, x in at_years(blocks[b].willingness_cny_per_mwh, years).items()
            },
        )
        add_cost(m, "voluntary", "transfer", voluntary_value, national=True)
    _add_band(m, cfg, years)
    pairs, span = bank_pairs(cfg, d), d.horizon.span
    m.BANKED = pyo.Set(initialize=pairs, dimen=2)
    m.BANKED_FROM = pyo.Set(m.YEARS, initialize={y: [u for w, u in pairs if w == y] for y in years})
    m.BANKED_TO = pyo.Set(m.YEARS, initialize={y: [w for w, u in pairs if u == y] for y in years})
    m.bank_ratio = param(m.BANKED, data={(y, u): span[u] / span[y] for y, u in pairs})
    m.KEEPING = pyo.Set(initialize=[y for y in years if any(u == y for _, u in pairs)])
    m.v_banked = at_least_zero(m.AREAS, m.CLASSES, m.BANKED)


def _add_band(m, cfg: GreenCertificatesConfig, years) -> None:
    """What the state buys at the floor and sells at the ceiling."""
    for name, price, rule in (
        ("to_state", cfg.floor_cny_per_mwh, at_floor),
        ("from_state", cfg.ceiling_cny_per_mwh, at_ceiling),
    ):
        traded = at_least_zero(m.AREAS, m.CLASSES, m.YEARS)
        m.add_component(f"v_{name}", traded)
        if price is None:
            traded.setub(0.0)
            continue
        found = {y: to_base(x, "CNY/MWh") for y, x in at_years(price, years).items()}
        m.add_component(f"price_{name}", param(m.YEARS, data=found))
        add_cost(m, f"certificates_{name}", "transfer", rule, national=True)


def voluntary(m, b, y):
    """Volunteers buy what they want, wherever it is made [GWh/yr]; dual: their surplus per MWh."""
    return (
        sum(m.v_voluntary[z, k, b, y] for z in m.AREAS for k in m.CLASSES_OF[b]) <= m.voluntary_volume[b, y]
    )


def voluntary_value(m, y):
    """What volunteers would pay at most, a transfer that lowers the objective [MCNY/yr]."""
    return -sum(m.willingness[b, y] * m.v_voluntary[z, k, b, y] for z in m.AREAS for k, b in m.ACCEPTED)


def at_floor(m, y):
    """Certificates that the state buys at the floor [MCNY/yr]."""
    return -sum(m.price_to_state[y] * m.v_to_state[z, k, y] for z in m.AREAS for k in m.CLASSES)


def at_ceiling(m, y):
    """Certificates that the state sells at the ceiling [MCNY/yr]."""
    return sum(m.price_from_state[y] * m.v_from_state[z, k, y] for z in m.AREAS for k in m.CLASSES)
