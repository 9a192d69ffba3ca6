"""The carbon market: a price, a mass cap or China's benchmark; offsets, floor and ceiling, bank, areas.

`options` has the options and what a plant owes, `settlement` who pays whom; here are the
rows.  One row a year and market says that what is owed is covered; everything that covers it, or asks
for more, is a term of that row: CCER, certificates, the state, other sectors, the bank.
"""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, add_term, added, at_least_zero, free, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism
from picmodel.markets.carbon import settlement
from picmodel.markets.carbon.check import check
from picmodel.markets.carbon.options import (
    NATION,
    Bank,
    CarbonConfig,
    by_market,
    by_year,
    covered_fleets,
    covered_technologies,
    given_factor,
    held,
    market_of,
    markets,
)
from picmodel.units import to_base

#: what enters the allowance row of a market beside what plants owe, (z, y) kt/yr; + asks, - covers
ROW = "allowances"


def build(m: pyo.ConcreteModel, cfg: CarbonConfig, d: SystemData) -> None:
    """Add what is owed, what covers it, and the instrument."""
    _add_sets(m, cfg, d)
    m.given = param(m.COVERED, m.YEARS, data=given_factor(cfg, d))
    m.terms[ROW] = []
    _add_offsets(m, cfg, d)
    if cfg.instrument == "price":
        _add_price(m, cfg, d)
    else:
        _add_limit(m, cfg, d)


def _add_sets(m, cfg: CarbonConfig, d: SystemData) -> None:
    covered, areas, home = covered_fleets(cfg, d), markets(cfg, d), market_of(cfg, d)
    m.CARBON_MARKETS = pyo.Set(initialize=list(areas))
    m.COVERED = pyo.Set(initialize=covered_technologies(cfg, d))
    m.COVERED_FLEETS = pyo.Set(initialize=covered, dimen=2)
    m.COVERED_OF = pyo.Set(
        m.PROVINCES, initialize={r: [g for s, g in covered if s == r] for r in d.provinces}
    )
    m.COVERED_IN = pyo.Set(
        m.CARBON_MARKETS,
        initialize={z: [(r, g) for r, g in covered if home[r] == z] for z in areas},
        dimen=2,
    )
    m.MARKET_OF = pyo.Set(m.PROVINCES, initialize={r: [home[r]] for r in d.provinces})
    # certificates enter the allowance row of one nation only
    m.LINKED_IN = pyo.Set(
        m.CARBON_MARKETS,
        m.YEARS,
        initialize={(z, y): [y] if z == NATION else [] for z in areas for y in d.horizon.years},
    )


def _add_offsets(m, cfg: CarbonConfig, d: SystemData) -> None:
    """CCER from outside, and what `interactions` links: both stay shut (0) until it opens them."""
    blocks = cfg.external_ccer
    m.offset_limit = pyo.Param(initialize=cfg.offset_limit_share)
    m.CCER_BLOCKS = pyo.Set(initialize=[block.name for block in blocks])
    m.external_ccer_price = param(m.CCER_BLOCKS, m.YEARS, data=_prices(blocks, d))
    m.v_offset = at_least_zero(m.CARBON_MARKETS, m.YEARS)
    m.v_external_ccer = _limited(m.CCER_BLOCKS, m.YEARS, most=_volumes(blocks, "supply_mt", d))
    m.v_linked_ccer = pyo.Var(m.YEARS, bounds=(0.0, 0.0))
    m.v_linked_credit = pyo.Var(m.YEARS, bounds=(0.0, 0.0))
    m.v_saving_credit = pyo.Var(m.YEARS, bounds=(0.0, 0.0))
    m.c_ccer = rows(m.YEARS, rule=ccer)
    m.c_offset_limit = rows(m.CARBON_MARKETS, m.YEARS, rule=offset_limit)
    add_term(m, ROW, offset)
    add_term(m, ROW, credited)
    if blocks:
        add_cost(m, "external_ccer", "transfer", external_ccer, national=True)


def _add_price(m, cfg: CarbonConfig, d: SystemData) -> None:
    """A price on what is owed, as far as it moves decisions."""
    full = by_market(cfg.price_cny_per_t, cfg, d, "CNY/t")
    m.carbon_price = param(
        m.CARBON_MARKETS, m.YEARS, data={key: cfg.pass_through_share * x for key, x in full.items()}
    )
    add_cost(m, "carbon_price", "transfer", carbon_cost)
    add_cost(m, "carbon_offsets", "transfer", carbon_offsets, national=True)


def _add_limit(m, cfg: CarbonConfig, d: SystemData) -> None:
    """Cap or benchmark: one row a year and market, with all that enters it."""
    limit = cfg.cap_mt if cfg.instrument == "cap" else cfg.auction_volume_mt
    m.allowances = param(m.CARBON_MARKETS, m.YEARS, data=by_market(limit, cfg, d, "Mt"))
    _add_band(m, cfg, d)
    if cfg.other_sectors:
        _add_other_sectors(m, cfg, d)
    if cfg.bank:
        _add_bank(m, cfg.bank, list(markets(cfg, d)), d)
    m.c_allowances = rows(m.CARBON_MARKETS, m.YEARS, rule=allowances)


def _add_band(m, cfg: CarbonConfig, d: SystemData) -> None:
    """The state's ceiling, or a slack where there is none, and its floor."""
    index = (m.CARBON_MARKETS, m.YEARS)
    if cfg.ceiling_cny_per_t is None:
        m.allowance_slack_price = pyo.Param(initialize=to_base(cfg.slack_cny_per_t, "CNY/t"))
        m.v_allowances_missing = at_least_zero(*index)
        add_term(m, ROW, missing)
        add_cost(m, "allowances_missing", "transfer", missing_cost, national=True)
    else:
        m.carbon_ceiling = param(m.YEARS, data=by_year(cfg.ceiling_cny_per_t, d, "CNY/t"))
        m.v_allowances_bought = at_least_zero(*index)
        add_term(m, ROW, bought)
        add_cost(m, "allowances_at_ceiling", "transfer", at_ceiling, national=True)
    if cfg.floor_cny_per_t is not None:
        m.carbon_floor = param(m.YEARS, data=by_year(cfg.floor_cny_per_t, d, "CNY/t"))
        m.v_allowances_sold_to_state = at_least_zero(*index)
        add_term(m, ROW, sold_to_state)
        add_cost(m, "allowances_at_floor", "transfer", at_floor, national=True)


def _add_other_sectors(m, cfg: CarbonConfig, d: SystemData) -> None:
    """Blocks of other covered sectors, each in its market: some sell, some buy."""
    supply = [block for block in cfg.other_sectors if block.supply_mt is not None]
    demand = [block for block in cfg.other_sectors if block.demand_mt is not None]
    m.OTHER_SUPPLY = pyo.Set(initialize=[block.name for block in supply])
    m.OTHER_DEMAND = pyo.Set(initialize=[block.name for block in demand])
    m.OTHER_SUPPLY_IN = pyo.Set(m.CARBON_MARKETS, initialize=_by_area(supply, cfg, d))
    m.OTHER_DEMAND_IN = pyo.Set(m.CARBON_MARKETS, initialize=_by_area(demand, cfg, d))
    m.other_supply_price = param(m.OTHER_SUPPLY, m.YEARS, data=_prices(supply, d))
    m.other_demand_price = param(m.OTHER_DEMAND, m.YEARS, data=_prices(demand, d))
    m.v_other_supply = _limited(m.OTHER_SUPPLY, m.YEARS, most=_volumes(supply, "supply_mt", d))
    m.v_other_demand = _limited(m.OTHER_DEMAND, m.YEARS, most=_volumes(demand, "demand_mt", d))
    if supply:
        add_term(m, ROW, other_supply)
        add_cost(m, "other_sectors_supply", "transfer", other_supply_cost, national=True)
    if demand:
        add_term(m, ROW, other_demand)
        add_cost(m, "other_sectors_demand", "transfer", other_demand_value, national=True)


def _by_area(blocks, cfg: CarbonConfig, d: SystemData) -> dict[str, list[str]]:
    """Names of the blocks that trade in each market."""
    return {z: [b.name for b in blocks if (b.area or NATION) == z] for z in markets(cfg, d)}


def _prices(blocks, d: SystemData) -> dict[tuple[str, int], float]:
    return {(b.name, y): x for b in blocks for y, x in by_year(b.price_cny_per_t, d, "CNY/t").items()}


def _volumes(blocks, side: str, d: SystemData) -> dict[tuple[str, int], float]:
    return {(b.name, y): x for b in blocks for y, x in by_year(getattr(b, side), d, "Mt").items()}


def _limited(*index, most) -> pyo.Var:
    """A quantity between zero and what its block offers or asks for."""
    return pyo.Var(*index, bounds=lambda m, b, y: (0.0, most[b, y]))


def _add_bank(m, bank: Bank, areas: list[str], d: SystemData) -> None:
    """A stock of allowances in each market that no year may overdraw."""
    years, last = d.horizon.years, d.horizon.years[-1]
    before = dict(zip(years[1:], years))
    initial = {(z, y): held(bank.initial_mt, z) if y == years[0] else 0.0 for z in areas for y in years}
    limit = bank.carry_over_limit_mt
    most = {z: None if limit is None else held(limit, z) for z in areas}
    m.YEAR_BEFORE = pyo.Set(m.YEARS, initialize={y: [before[y]] if y in before else [] for y in years})
    m.bank_span = param(m.YEARS, data=d.horizon.span)
    m.bank_initial = param(m.CARBON_MARKETS, m.YEARS, data=initial)
    m.v_allowance_bank = pyo.Var(m.CARBON_MARKETS, m.YEARS, bounds=lambda m, z, y: (0.0, most[z]))
    m.v_allowance_deposit = free(m.CARBON_MARKETS, m.YEARS)
    m.c_allowance_bank = rows(m.CARBON_MARKETS, m.YEARS, rule=allowance_bank)
    add_term(m, ROW, deposit)
    if bank.final_value_cny_per_t:
        m.FINAL_YEAR = pyo.Set(m.YEARS, initialize={y: [y] if y == last else [] for y in years})
        yearly = to_base(bank.final_value_cny_per_t, "CNY/t") / d.horizon.span[last]
        m.bank_final_price = pyo.Param(initialize=yearly)
        add_cost(m, "allowance_bank", "transfer", final_bank, national=True)


# -- rows


def owed(m, z, y):
    """Verified emissions, starts inside, less what follows output free [kt/yr]."""
    return sum(
        m.v_fleet_emissions[r, g, y] - m.given[g, y] * m.v_annual_generation[r, g, y]
        for r, g in m.COVERED_IN[z]
    )


def allowances(m, z, y):
    r"""What is owed beyond free allocation is covered: auction, offsets, the state, other sectors, the bank.

    .. math:: \sum_{rg} (E_{rgy} - b_{gy} G_{rgy}) + \text{terms}_{zy} \le A_{zy}

    Units   kt CO2/yr.
    Dual    <= 0; minus it, undiscounted, is the allowance price of the market.
    """
    return owed(m, z, y) + added(m, ROW, z, y) <= m.allowances[z, y]


def ccer(m, y):
    """CCER used in all markets come from outside or from linked certificates [kt/yr]."""
    return (
        sum(m.v_offset[z, y] for z in m.CARBON_MARKETS)
        - sum(m.v_external_ccer[b, y] for b in m.CCER_BLOCKS)
        - m.v_linked_ccer[y]
        <= 0
    )


def offset_limit(m, z, y):
    """CCER up to a share of *verified emissions*, not of the deficit [kt/yr]."""
    return (
        m.v_offset[z, y] - m.offset_limit * sum(m.v_fleet_emissions[r, g, y] for r, g in m.COVERED_IN[z]) <= 0
    )


def allowance_bank(m, z, y):
    r"""Stock at the end of a span: what was there before, and the net deposit of each of its years.

    .. math:: S_{zy} - S_{z,y-1} - \text{span}_y \, k_{zy} = S_{z0}

    Units   kt; no borrowing, because the stock is never negative.
    Dual    times span, over D: the allowance price at which the year deposits or withdraws.
    """
    return (
        m.v_allowance_bank[z, y]
        - sum(m.v_allowance_bank[z, k] for k in m.YEAR_BEFORE[y])
        - m.bank_span[y] * m.v_allowance_deposit[z, y]
        == m.bank_initial[z, y]
    )


# -- terms of the allowance row [kt/yr]


def offset(m, z, y):
    """CCER used count as allowances."""
    return -m.v_offset[z, y]


def credited(m, z, y):
    """Certificates surrendered, and savings converted, count as allowances."""
    return -sum(m.v_linked_credit[k] + m.v_saving_credit[k] for k in m.LINKED_IN[z, y])


def missing(m, z, y):
    """Allowances that nobody has."""
    return -m.v_allowances_missing[z, y]


def bought(m, z, y):
    """Allowances that the state sells at the ceiling."""
    return -m.v_allowances_bought[z, y]


def sold_to_state(m, z, y):
    """Allowances that the state buys at the floor."""
    return m.v_allowances_sold_to_state[z, y]


def other_supply(m, z, y):
    """Allowances freed by abatement in other sectors."""
    return -sum(m.v_other_supply[b, y] for b in m.OTHER_SUPPLY_IN[z])


def other_demand(m, z, y):
    """Allowances bought by other sectors."""
    return sum(m.v_other_demand[b, y] for b in m.OTHER_DEMAND_IN[z])


def deposit(m, z, y):
    """Allowances put aside, net of those taken out."""
    return m.v_allowance_deposit[z, y]


# -- cost items [MCNY/yr]


def carbon_cost(m, r, y):
    """Carbon cost as it moves decisions."""
    return sum(
        m.carbon_price[z, y] * (m.v_fleet_emissions[r, g, y] - m.given[g, y] * m.v_annual_generation[r, g, y])
        for z in m.MARKET_OF[r]
        for g in m.COVERED_OF[r]
    )


def carbon_offsets(m, y):
    """What offsets and linked certificates save at the carbon price."""
    return sum(m.carbon_price[z, y] * added(m, ROW, z, y) for z in m.CARBON_MARKETS)


def external_ccer(m, y):
    """CCER bought from projects outside."""
    return sum(m.external_ccer_price[b, y] * m.v_external_ccer[b, y] for b in m.CCER_BLOCKS)


def missing_cost(m, y):
    """Slack of the allowance row."""
    return sum(m.allowance_slack_price * m.v_allowances_missing[z, y] for z in m.CARBON_MARKETS)


def at_ceiling(m, y):
    """Allowances bought from the state at the ceiling."""
    return sum(m.carbon_ceiling[y] * m.v_allowances_bought[z, y] for z in m.CARBON_MARKETS)


def at_floor(m, y):
    """Allowances sold to the state at the floor: a receipt."""
    return -sum(m.carbon_floor[y] * m.v_allowances_sold_to_state[z, y] for z in m.CARBON_MARKETS)


def other_supply_cost(m, y):
    """What other sectors want for the allowances that they free."""
    return sum(m.other_supply_price[b, y] * m.v_other_supply[b, y] for b in m.OTHER_SUPPLY)


def other_demand_value(m, y):
    """What other sectors would pay: a receipt."""
    return -sum(m.other_demand_price[b, y] * m.v_other_demand[b, y] for b in m.OTHER_DEMAND)


def final_bank(m, y):
    """Allowances left after the last year, at their declared worth over its span: a receipt."""
    return -sum(
        m.bank_final_price * m.v_allowance_bank[z, k] for z in m.CARBON_MARKETS for k in m.FINAL_YEAR[y]
    )


_ZY = ("market", "year")
_BY = ("block", "year")

CARBON = Mechanism(
    name="carbon",
    summary="Carbon market: a price, a mass cap or China's output-based benchmark",
    config=CarbonConfig,
    build=build,
    check=check,
    margin=settlement.margin,
    income=settlement.income,
    old_income=settlement.old_income,
    settle=settlement.settle,
    indicators=settlement.indicators,
    slacks={"v_allowances_missing": "allowances missing where there is no ceiling"},
    headline=("allowance_price",),
    entries=(
        Entry("v_offset", _ZY, "kt/yr", "CCER used for compliance"),
        Entry("v_external_ccer", _BY, "kt/yr", "CCER bought from outside the power sector"),
        Entry("v_linked_ccer", ("year",), "kt/yr", "CCER made of renewable output"),
        Entry("v_linked_credit", ("year",), "kt/yr", "certificates surrendered for carbon, as CO2"),
        Entry("v_saving_credit", ("year",), "kt/yr", "certified savings converted, as CO2"),
        Entry("v_allowances_bought", _ZY, "kt/yr", "allowances bought from the state at the ceiling"),
        Entry("v_allowances_sold_to_state", _ZY, "kt/yr", "allowances sold to the state at the floor"),
        Entry("v_allowances_missing", _ZY, "kt/yr", "allowances missing where there is no ceiling"),
        Entry("v_other_supply", _BY, "kt/yr", "allowances sold by other sectors"),
        Entry("v_other_demand", _BY, "kt/yr", "allowances bought by other sectors"),
        Entry("v_allowance_bank", _ZY, "kt", "allowances in the bank at the end of a year's span"),
        Entry("v_allowance_deposit", _ZY, "kt/yr", "allowances put in the bank, net of those taken out"),
        Entry("c_ccer", ("year",), "kt/yr", "CCER balance", "MCNY/kt", "annual", "market", -1),
        Entry("c_offset_limit", _ZY, "kt/yr", "limit on CCER", "MCNY/kt", "annual", "regulatory", -1),
        Entry("c_allowances", _ZY, "kt/yr", "allowance balance", "MCNY/kt", "annual", "market", -1),
        Entry("c_allowance_bank", _ZY, "kt", "stock of allowances", "MCNY/kt", "stock", "market", -1),
    ),
)
