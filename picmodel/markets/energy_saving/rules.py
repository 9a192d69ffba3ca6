"""Energy saving: measures, white certificates (an obligation to save) and energy-use rights (a quota).

Two obligations rest on the same users.  *White certificates* (A) ask for certified savings, a share of
sales.  *Energy-use rights* (B) cap metered use, in tonnes of standard coal (tce).  A saving lowers metered
use by itself, so that one saving helps one market only if the other adds it back: use under B is
consumption plus the savings that were not certified under B.  ``merged`` makes one national market of both.
In past years nothing is installed and nothing is owed.
"""

from __future__ import annotations

import pyomo.environ as pyo

from picmodel.data.system import SystemData
from picmodel.formulation.base import add_cost, add_term, at_least_zero, free, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism
from picmodel.markets.energy_saving.options import (
    EnergySavingConfig,
    check,
    hurdle,
    measures_alike,
    obliged,
    tce_per_gwh,
)
from picmodel.markets.energy_saving.settlement import indicators, settle
from picmodel.scenario.schema import at_years
from picmodel.units import to_base


def prepare(m: pyo.ConcreteModel, cfg: EnergySavingConfig, d: SystemData) -> None:
    """Measures and what they save: less demand in every slice, at the peak and over the year."""
    years, potential = d.horizon.years, d.policy["saving_potential"]
    life = d.policy["saving_life"]
    pairs = list(dict.fromkeys((r, k) for r, k, _ in potential if r in d.provinces))
    new = [v for v in years if v not in d.horizon.past]
    m.MEASURES = pyo.Set(initialize=pairs, dimen=2)
    m.MEASURES_OF = pyo.Set(m.PROVINCES, initialize={r: [k for s, k in pairs if s == r] for r in d.provinces})
    m.INSTALLED_IN = pyo.Set(
        m.MEASURES,
        m.YEARS,
        initialize={(r, k, y): [v for v in new if v <= y < v + life[k]] for r, k in pairs for y in years},
    )
    m.NEW_YEARS = pyo.Set(initialize=new)
    m.saving_potential = param(m.MEASURES, m.YEARS, data=potential, default=0.0)
    alike = measures_alike(d, pairs)
    m.PROFILES = pyo.Set(initialize=list(alike), dimen=2)
    m.PROFILES_OF = pyo.Set(m.PROVINCES, initialize={r: [k for s, k in alike if s == r] for r in d.provinces})
    m.MEASURES_LIKE = pyo.Set(m.PROFILES, initialize=alike)
    shape = d.policy["saving_shape"]
    m.saving_shape = param(
        m.PROFILES, m.TIMES, data={(*pair, t): shape[*pair, t] for pair in alike for t in d.time.slices}
    )
    m.saving_firm = param(
        m.MEASURES,
        data={k: (1 + d.adequacy_margin) * gw for k, gw in d.policy["saving_at_peak"].items()},
    )
    m.v_install = at_least_zero(m.MEASURES, m.NEW_YEARS)
    m.v_saving = at_least_zero(m.MEASURES, m.YEARS)
    m.v_saving_alike = free(m.PROFILES, m.YEARS)
    add_term(m, "supply", saved_power)
    add_term(m, "served", saved_energy)
    add_term(m, "firm", saved_peak)


def build(m: pyo.ConcreteModel, cfg: EnergySavingConfig, d: SystemData) -> None:
    """Add potentials and cost of measures, what is certified, and the two obligations or the merged one."""
    years = d.horizon.years
    m.c_saving = rows(m.MEASURES, m.YEARS, rule=saving)
    m.c_saving_alike = rows(m.PROFILES, m.YEARS, rule=saving_alike)
    m.c_saving_potential = rows(m.MEASURES, m.YEARS, rule=saving_potential)
    m.saving_cost = param(m.MEASURES, data={(r, k): d.policy["saving_cost"][k,] for r, k in m.MEASURES})
    add_cost(m, "saving", "resource", saving_cost)
    if cfg.implicit_discount_share is not None:
        m.saving_hurdle = param(m.MEASURES, data={(r, k): hurdle(cfg, d, k) for r, k in m.MEASURES})
        add_cost(m, "saving_hurdle", "transfer", saving_hurdle)
    m.tce = pyo.Param(initialize=tce_per_gwh(cfg, d))
    m.verification = pyo.Param(initialize=to_base(cfg.verification_cny_per_mwh, "CNY/MWh"))
    white, quota = obliged(cfg, d, "white_pilots"), obliged(cfg, d, "use_right_pilots")
    white_share, quota_share = (
        at_years(cfg.white_certificate_share, years),
        at_years(cfg.use_quota_share, years),
    )
    m.WHITE = pyo.Set(initialize=white)
    m.QUOTA = pyo.Set(initialize=quota)
    m.white_share = param(m.YEARS, data=white_share)
    m.use_quota = param(
        m.QUOTA,
        m.YEARS,
        data={
            (r, y): quota_share[y] * sum(d.time.weight[t] * d.demand[r, y, t] for t in d.time.slices)
            for r in quota
            for y in years
        },
    )
    m.saving_payment = pyo.Param(initialize=cfg.compliance_payment_cny_per_tce / 1e3)  # CNY/tce to MCNY/ktce
    m.v_converted = pyo.Var(m.PROVINCES, m.YEARS, bounds=(0.0, 0.0))  # opened by the link to carbon
    m.v_excluded = pyo.Var(m.QUOTA, m.YEARS, bounds=(0.0, 0.0))  # opened by the link to certificates
    if cfg.merged:
        m.QUOTA_MEASURES = pyo.Set(initialize=[(r, k) for r, k in m.MEASURES if r in quota], dimen=2)
        m.quota_of_all = param(m.YEARS, data={y: sum(m.use_quota[r, y] for r in quota) for y in years})
        _add_merged(m)
    else:
        _add_separate(m, cfg, white, quota)


def _add_merged(m: pyo.ConcreteModel) -> None:
    m.v_certified_saving = at_least_zero(m.PROVINCES, m.YEARS)
    m.v_short_saving = at_least_zero(m.YEARS)
    m.c_one_use_of_saving = rows(m.PROVINCES, m.YEARS, rule=one_use_merged)
    m.c_saving_target = rows(m.NEW_YEARS, rule=saving_target)
    add_cost(m, "saving_verification", "resource", verification_merged)
    add_cost(m, "saving_short", "transfer", short_merged, national=True)


def _add_separate(m: pyo.ConcreteModel, cfg: EnergySavingConfig, white: list[str], quota: list[str]) -> None:
    provincial = (m.PROVINCES, m.YEARS)
    m.v_certified_white = pyo.Var(*provincial, bounds=lambda m, r, y: (0.0, None if r in white else 0.0))
    m.v_certified_use = pyo.Var(*provincial, bounds=lambda m, r, y: (0.0, None if r in quota else 0.0))
    m.v_short_white = pyo.Var(*provincial, bounds=lambda m, r, y: (0.0, None if r in white else 0.0))
    m.v_short_use = pyo.Var(*provincial, bounds=lambda m, r, y: (0.0, None if r in quota else 0.0))
    if cfg.double_claim:  # each claim is held to the saving alone
        m.c_white_claim = rows(*provincial, rule=white_claim)
        m.c_use_claim = rows(*provincial, rule=use_claim)
    else:
        m.c_one_use_of_saving = rows(*provincial, rule=one_use)
    m.c_white_certificates = rows(m.WHITE, m.NEW_YEARS, rule=white_certificates)
    m.c_use_rights = rows(m.QUOTA, m.NEW_YEARS, rule=use_rights)
    add_cost(m, "saving_verification", "resource", verification)
    add_cost(m, "saving_short", "transfer", short)


def saved_power(m, r, y, t):
    """Demand that measures take away in a slice [GW]."""
    return sum(m.saving_shape[r, k, t] * m.v_saving_alike[r, k, y] for k in m.PROFILES_OF[r])


def saved_energy(m, r, y):
    """Consumption that measures take away [GWh/yr]."""
    return -sum(m.v_saving[r, k, y] for k in m.MEASURES_OF[r])


def saved_peak(m, r, y):
    """Peak and its margin that measures take away [GW]."""
    return sum(m.saving_firm[r, k] * m.v_saving[r, k, y] for k in m.MEASURES_OF[r])


def saving(m, r, k, y):
    """What a measure saves is what was installed and still works [GWh/yr]."""
    return m.v_saving[r, k, y] - sum(m.v_install[r, k, v] for v in m.INSTALLED_IN[r, k, y]) == 0


def saving_alike(m, r, k, y):
    """What measures of one shape save together [GWh/yr]."""
    return m.v_saving_alike[r, k, y] - sum(m.v_saving[r, j, y] for j in m.MEASURES_LIKE[r, k]) == 0


def saving_potential(m, r, k, y):
    """Savings within the potential of the measure [GWh/yr]; the dual is a rent of the savers."""
    return m.v_saving[r, k, y] <= m.saving_potential[r, k, y]


def one_use(m, r, y):
    r"""A saving is certified in one market, or becomes an allowance [GWh/yr].

    .. math:: a_{ry} + b_{ry} + k_{ry} \le \sum_m s_{rmy}

    Dual    value of a MWh of saving beyond the energy: that of its best use.
    """
    return (
        m.v_certified_white[r, y]
        + m.v_certified_use[r, y]
        + m.v_converted[r, y]
        - sum(m.v_saving[r, k, y] for k in m.MEASURES_OF[r])
        <= 0
    )


def one_use_merged(m, r, y):
    """A saving is certified once, or becomes an allowance [GWh/yr]."""
    return (
        m.v_certified_saving[r, y] + m.v_converted[r, y] - sum(m.v_saving[r, k, y] for k in m.MEASURES_OF[r])
        <= 0
    )


def white_claim(m, r, y):
    """Claims as white certificates, and for carbon, within the saving [GWh/yr]; those under B are apart."""
    return (
        m.v_certified_white[r, y] + m.v_converted[r, y] - sum(m.v_saving[r, k, y] for k in m.MEASURES_OF[r])
        <= 0
    )


def use_claim(m, r, y):
    """Claims under energy-use rights within the saving [GWh/yr]; those for certificates are apart."""
    return m.v_certified_use[r, y] - sum(m.v_saving[r, k, y] for k in m.MEASURES_OF[r]) <= 0


def white_certificates(m, r, y):
    r"""Certified savings are a share of sales: :math:`a_{ry} + u_{ry} \ge \alpha_y C_{ry}` [GWh/yr].

    Dual    price of a white certificate, a MWh saved.
    """
    return m.v_certified_white[r, y] + m.v_short_white[r, y] - m.white_share[y] * m.v_consumption[r, y] >= 0


def use_rights(m, r, y):
    r"""Metered use, with savings that this market did not certify added back, within the quota [ktce/yr].

    .. math:: \phi (C_{ry} + \sum_m s_{rmy} - b_{ry} - x_{ry} - u_{ry}) \le \phi Q_{ry}

    Dual    minus it: price of the right to use one tce.
    """
    return (
        m.tce * m.v_consumption[r, y]
        + sum(m.tce * m.v_saving[r, k, y] for k in m.MEASURES_OF[r])
        - m.tce * m.v_certified_use[r, y]
        - m.tce * m.v_excluded[r, y]
        - m.tce * m.v_short_use[r, y]
        <= m.tce * m.use_quota[r, y]
    )


def saving_target(m, y):
    r"""Certified savings of the nation meet the sum of both targets [ktce/yr].

    .. math:: \phi \Big(\sum_r a_{ry} + u_y - \sum_A \alpha_y C_{ry}
              - \sum_B (C_{ry} + \sum_m s_{rmy} - x_{ry})\Big) \ge - \phi \sum_B Q_{ry}

    Dual    price of a saving of one tce, everywhere.
    """
    return (
        sum(m.tce * m.v_certified_saving[r, y] for r in m.PROVINCES)
        + m.tce * m.v_short_saving[y]
        - sum(m.tce * m.white_share[y] * m.v_consumption[r, y] for r in m.WHITE)
        - sum(m.tce * m.v_consumption[r, y] for r in m.QUOTA)
        - sum(m.tce * m.v_saving[r, k, y] for r, k in m.QUOTA_MEASURES)
        + sum(m.tce * m.v_excluded[r, y] for r in m.QUOTA)
        >= -m.tce * m.quota_of_all[y]
    )


def saving_cost(m, r, y):
    """Measures at their levelised cost, in every year they work [MCNY/yr]."""
    return sum(m.saving_cost[r, k] * m.v_saving[r, k, y] for k in m.MEASURES_OF[r])


def saving_hurdle(m, r, y):
    """What holds users back from measures that would pay [MCNY/yr]: it moves decisions, nobody uses it up."""
    return sum(m.saving_hurdle[r, k] * m.v_saving[r, k, y] for k in m.MEASURES_OF[r])


def verification(m, r, y):
    """Certifying in each market for itself [MCNY/yr]."""
    return m.verification * (m.v_certified_white[r, y] + m.v_certified_use[r, y] + m.v_converted[r, y])


def verification_merged(m, r, y):
    """Certifying once [MCNY/yr]."""
    return m.verification * (m.v_certified_saving[r, y] + m.v_converted[r, y])


def short(m, r, y):
    """Payment for savings and rights that are missing [MCNY/yr]."""
    return m.saving_payment * m.tce * (m.v_short_white[r, y] + m.v_short_use[r, y])


def short_merged(m, y):
    """Payment for savings that are missing [MCNY/yr]."""
    return m.saving_payment * m.tce * m.v_short_saving[y]


_RY = ("province", "year")
_MEASURE = ("province", "measure", "year")

ENERGY_SAVING = Mechanism(
    name="energy_saving",
    summary="Energy saving: measures, white certificates and energy-use rights, separate or merged",
    config=EnergySavingConfig,
    prepare=prepare,
    build=build,
    check=check,
    settle=settle,
    indicators=indicators,
    slacks={
        "v_short_white": "white certificates missing",
        "v_short_use": "energy-use rights missing",
        "v_short_saving": "certified savings missing",
    },
    headline=("saving", "white_certificate_price", "use_right_price", "saving_price"),
    entries=(
        Entry("v_install", ("province", "measure", "vintage"), "GWh/yr", "yearly savings installed"),
        Entry("v_saving", _MEASURE, "GWh/yr", "energy saved"),
        Entry("v_saving_alike", _MEASURE, "GWh/yr", "energy saved by measures of one shape, under the first"),
        Entry("v_converted", _RY, "GWh/yr", "savings that become allowances"),
        Entry("v_excluded", _RY, "GWh/yr", "green certificates that leave metered use"),
        Entry("v_certified_saving", _RY, "GWh/yr", "savings certified in the merged market"),
        Entry("v_certified_white", _RY, "GWh/yr", "savings certified as white certificates"),
        Entry("v_certified_use", _RY, "GWh/yr", "savings certified under energy-use rights"),
        Entry("v_short_white", _RY, "GWh/yr", "white certificates missing"),
        Entry("v_short_use", _RY, "GWh/yr", "energy-use rights missing"),
        Entry("v_short_saving", ("year",), "GWh/yr", "certified savings missing"),
        Entry("c_saving", _MEASURE, "GWh/yr", "savings are what was installed and still works"),
        Entry("c_saving_alike", _MEASURE, "GWh/yr", "savings of one shape"),
        Entry(
            "c_saving_potential",
            _MEASURE,
            "GWh/yr",
            "potential of a measure",
            "MCNY/GWh",
            "annual",
            "physical",
            -1,
        ),
        Entry(
            "c_one_use_of_saving", _RY, "GWh/yr", "one use of each saving", "MCNY/GWh", "annual", "market", -1
        ),
        Entry(
            "c_white_claim", _RY, "GWh/yr", "white claims within savings", "MCNY/GWh", "annual", "market", -1
        ),
        Entry(
            "c_use_claim",
            _RY,
            "GWh/yr",
            "claims under use rights within savings",
            "MCNY/GWh",
            "annual",
            "market",
            -1,
        ),
        Entry("c_white_certificates", _RY, "GWh/yr", "obligation to save", "MCNY/GWh", "annual", "market"),
        Entry("c_use_rights", _RY, "ktce/yr", "quota of energy use", "MCNY/ktce", "annual", "market", -1),
        Entry("c_saving_target", ("year",), "ktce/yr", "merged target", "MCNY/ktce", "annual", "market"),
    ),
)
