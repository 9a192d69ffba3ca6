"""Energy saving: measures, white certificates (an obligation to save) and energy-use rights (a quota).

Two obligations rest on the same users.  *White certificates* (A) ask for certified savings, a share of
sales.  *Energy-use rights* (B) cap metered use, in tonnes of standard coal (tce).  A saving lowers metered
use by itself, so that one saving helps one market only if the other adds it back: use under B is
consumption plus the savings that were not certified under B.  ``merged`` makes one national market of both.
In past years nothing is installed and nothing is owed.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pandas as pd
import pyomo.environ as pyo
import xarray as xr
from pydantic import Field, model_validator

from picmodel.annuity import annuity
from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy
from picmodel.formulation.base import add_cost, add_term, at_least_zero, free, param, rows
from picmodel.glossary import Entry
from picmodel.markets.base import Mechanism, MechanismConfig
from picmodel.scenario.schema import ByYearOf, at_years
from picmodel.settlement.ledger import entries
from picmodel.units import to_base

NATION = "CN"


class EnergySavingConfig(MechanismConfig):
    """Options of energy saving."""

    white_certificate_share: ByYearOf[Annotated[float, Field(ge=0, le=1)]] = Field(
        0.003, description="certified savings over sales of the white-certificate provinces, by year"
    )
    use_quota_share: ByYearOf[Annotated[float, Field(ge=0, le=5)]] = Field(
        0.995, description="quota of the energy-use provinces over their demand before savings, by year"
    )
    pilots: Literal["own", "all"] = Field(
        "own", description="obligations hold in the provinces of saving_pilots.csv, or in all"
    )
    merged: bool = Field(
        False, description="one national market: the targets are added, a saving is verified once"
    )
    double_claim: bool = Field(
        False,
        description="a saving may serve both markets: the defect of 2021, measured in MWh claimed twice",
    )
    carbon_linkage: bool = Field(
        False, description="certified savings may become allowances, one use each; needs `markets.carbon`"
    )
    exclude_renewables: bool = Field(
        False, description="green certificates used by a province leave its metered use; needs certificates"
    )
    tce_basis: Literal["calorific", "coal_equivalent"] = Field(
        "coal_equivalent", description="tonnes of standard coal of a MWh: its heat, or the coal to make it"
    )
    implicit_discount_share: float | None = Field(
        0.30,
        gt=0,
        le=1,
        description="yearly return that users ask of a measure, against their cost of capital; decisions see "
        "the difference as a hurdle, which is no resource; null: none",
    )
    verification_cny_per_mwh: float = Field(
        5.0, ge=0, le=200, description="cost of certifying a MWh, in each market; an assumption [CNY/MWh]"
    )
    compliance_payment_cny_per_tce: float = Field(
        2000.0, gt=0, le=20000, description="paid for what is missing; an assumption [CNY/tce]"
    )

    @model_validator(mode="after")
    def _one_way(self) -> EnergySavingConfig:
        if self.merged and self.double_claim:
            raise ValueError("`merged` certifies a saving once, so `double_claim` cannot be; set one of them")
        return self


# -- formulation


def tce_per_gwh(cfg: EnergySavingConfig, d: SystemData) -> float:
    """Standard coal of a GWh on the chosen basis [ktce/GWh]."""
    return d.policy["conversion"][cfg.tce_basis]


def co2_per_gwh(cfg: EnergySavingConfig, d: SystemData) -> float:
    """CO2 of a GWh saved, the product of both factors: every closed path multiplies to 1 [kt/GWh]."""
    return tce_per_gwh(cfg, d) * d.policy["conversion"]["co2_per_tce"]


def hurdle(cfg: EnergySavingConfig, d: SystemData, measure: str) -> float:
    """What a measure's capital must earn beyond its cost for users to take it [MCNY/GWh saved].

    Levelised cost is capital at the social rate of the horizon; at the users' own rate the same capital
    costs the ratio of the two annuities.
    """
    life = d.policy["saving_life"][measure]
    asked = annuity(1.0, cfg.implicit_discount_share or 0.0, life)
    return d.policy["saving_cost"][measure,] * max(0.0, asked / annuity(1.0, d.horizon.rate, life) - 1.0)


def obliged(cfg: EnergySavingConfig, d: SystemData, market: str) -> list[str]:
    """Provinces of a market: those of the pilots, or all."""
    return [r for r in d.provinces if cfg.pilots == "all" or d.policy[market].get(r)]


def measures_alike(d: SystemData, measures: list[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Measures of a province that save at the same hours, under the first of them.

    Slices see one variable for all of them: what links every slice to a year is what a solve costs.
    """
    first: dict[tuple, str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for r, k in measures:
        profile = (r, *(d.policy["saving_shape"][r, k, t] for t in d.time.slices))
        found.setdefault((r, first.setdefault(profile, k)), []).append(k)
    return found


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


def check(cfg: EnergySavingConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    if not obliged(cfg, d, "white_pilots") and not obliged(cfg, d, "use_right_pilots"):
        return [
            "markets.energy_saving.pilots: `own`, but none of the scenario's provinces has a pilot in "
            "inputs/policy/saving_pilots.csv; set it to `all` or add provinces"
        ]
    return []


# -- money


def settle(results: Results, cfg: EnergySavingConfig, d: SystemData) -> list[pd.DataFrame]:
    """Energy not bought, certificates and rights, payments for what is missing.

    Savers receive the value of the energy that their users need not buy and the price of what they
    certify; the value of a smaller peak and smaller green obligations stays with the consumers.
    """
    v = results.values
    power = (saving_shape(results) * v["v_saving"]).sum("measure")
    weight, value = results.weight, results.energy_price * results.weight
    found = [
        entries(
            "energy/{province}",
            "savers",
            "energy_saving",
            "energy saved",
            (value * power).sum("time"),
            (weight * power).sum("time"),
            "GWh",
        )
    ]
    return found + (_settle_merged(results, cfg) if cfg.merged else _settle_separate(results, cfg))


def saving_shape(results: Results) -> xr.DataArray:
    """Power saved per annual energy (province, measure, time) [GW per GWh/yr]."""
    return results.from_keys(results.data.policy["saving_shape"], ("province", "measure", "time")).fillna(0.0)


def saved_by_province(results: Results) -> xr.DataArray:
    """All savings of a province (province, year) [GWh/yr]."""
    return results.values["v_saving"].sum("measure")


def _quota(results: Results, cfg: EnergySavingConfig) -> xr.DataArray:
    """Energy that the quota lets each province use (province, year) [GWh/yr]; 0 without one."""
    d, share = results.data, at_years(cfg.use_quota_share, results.years)
    demand = results.from_keys(d.demand, ("province", "year", "time"))
    factor = results.from_keys({(y,): x for y, x in share.items()}, ("year",))
    return ((demand * results.weight).sum("time") * factor).where(
        _in(results, obliged(cfg, d, "use_right_pilots")), 0.0
    )


def _in(results: Results, provinces: list[str]) -> xr.DataArray:
    names = list(results.provinces)
    return xr.DataArray([r in provinces for r in names], dims="province", coords={"province": names})


def _settle_separate(results: Results, cfg: EnergySavingConfig) -> list[pd.DataFrame]:
    v, name = results.values, "energy_saving"
    found = []
    tce = tce_per_gwh(cfg, results.data)
    if "c_white_certificates" in results.duals:
        price, account = results.price("c_white_certificates").fillna(0.0), "white_certificates/{province}"
        due = v["v_certified_white"] + v["v_short_white"]
        found += [
            entries("consumers", account, name, "white certificates", price * due, due, "GWh"),
            _sale(account, "savers", "white certificates", price, v["v_certified_white"], "GWh"),
            _sale(account, "state", "missing savings", price, v["v_short_white"], "GWh"),
        ]
    if "c_use_rights" in results.duals:
        price, account = results.price("c_use_rights"), "use_rights/{province}"
        ruled = price.notnull()
        price = price.fillna(0.0)
        quota = tce * _quota(results, cfg).where(ruled, 0.0)
        use = tce * (v["v_consumption"] + saved_by_province(results) - v["v_excluded"].fillna(0.0)).where(
            ruled, 0.0
        )
        certified, missing = tce * v["v_certified_use"], tce * v["v_short_use"]
        spare = (quota + certified + missing - use).where(ruled, 0.0)
        found += [
            _sale("consumers", account, "use of energy", price, use, "ktce"),
            _sale("consumers", account, "rights not used", price, spare, "ktce"),
            _sale(account, "savers", "savings certified", price, certified, "ktce"),
            _sale(account, "state", "missing rights", price, missing, "ktce"),
            _sale(account, "state", "quota", price, quota, "ktce"),
            _sale("state", "consumers", "quota given free", price, quota, "ktce"),
        ]
    return found


def _excluded(results: Results) -> xr.DataArray | float:
    """Certificates that leave metered use (province, year) [GWh/yr]; none where no province has a quota."""
    found = results.values.get("v_excluded")
    return 0.0 if found is None else found.reindex(province=list(results.provinces)).fillna(0.0)


def _settle_merged(results: Results, cfg: EnergySavingConfig) -> list[pd.DataFrame]:
    v, d, account = results.values, results.data, "savings/CN"
    price, tce = results.price("c_saving_target"), tce_per_gwh(cfg, results.data)
    ruled, price = price.notnull(), price.fillna(0.0)
    white = _in(results, obliged(cfg, d, "white_pilots"))
    quota = _in(results, obliged(cfg, d, "use_right_pilots"))
    share = results.from_keys(
        {(y,): x for y, x in at_years(cfg.white_certificate_share, results.years).items()}, ("year",)
    )
    asked = (share * v["v_consumption"]).where(white, 0.0) + (
        v["v_consumption"] + saved_by_province(results) - _excluded(results) - _quota(results, cfg)
    ).where(quota, 0.0)
    asked = asked.where(ruled, 0.0)
    certified, missing = tce * v["v_certified_saving"], tce * v["v_short_saving"]
    spare = certified.sum("province") + missing - tce * asked.sum("province")
    return [
        _sale("consumers", account, "savings owed", price, tce * asked, "ktce"),
        _sale("savers", account, "savings not needed", price, spare, "ktce"),
        _sale(account, "savers", "savings certified", price, certified, "ktce"),
        _sale(account, "state", "missing savings", price, missing, "ktce"),
    ]


def _sale(
    payer: str, payee: str, product: str, price: xr.DataArray, goods: xr.DataArray, unit: str
) -> pd.DataFrame:
    return entries(payer, payee, "energy_saving", product, price * goods, goods, unit)


# -- indicators


def indicators(results: Results, cfg: EnergySavingConfig, d: SystemData) -> list[pd.DataFrame]:
    """Savings, prices of both markets, and what was claimed twice."""
    v, tce = results.values, tce_per_gwh(cfg, d)
    by_measure = v["v_saving"].sum("province").rename(measure="technology")
    found = [
        tidy(by_measure, "saving", "TWh/yr", 1e-3),
        tidy(saved_by_province(results).sum("province"), "saving", "TWh/yr", 1e-3),
    ]
    if cfg.merged:
        price = results.price("c_saving_target")
        found += [
            tidy(price, "saving_price", "CNY/tce", 1e3),
            tidy(tce * price, "white_certificate_price", "CNY/MWh", 1e3),
        ]
        return found
    if "c_white_certificates" in results.duals:
        found.append(tidy(results.price("c_white_certificates"), "white_certificate_price", "CNY/MWh", 1e3))
    if "c_use_rights" in results.duals:
        found.append(tidy(results.price("c_use_rights"), "use_right_price", "CNY/tce", 1e3))
    found.append(tidy(claimed_twice(results).sum("province"), "saving_claimed_twice", "TWh/yr", 1e-3))
    return found


def claimed_twice(results: Results) -> xr.DataArray:
    """Savings that serve two markets at least: claims beyond what was saved (province, year) [GWh/yr]."""
    v = results.values
    if "v_certified_white" not in v:
        return xr.zeros_like(saved_by_province(results))
    claims = v["v_certified_white"] + v["v_certified_use"] + v["v_converted"]
    return (claims - saved_by_province(results)).clip(min=0.0)


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
