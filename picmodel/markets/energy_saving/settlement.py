"""Energy not bought, certificates and rights, payments for what is missing; and the indicators."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.data.system import SystemData
from picmodel.extract.results import Results
from picmodel.extract.table import tidy
from picmodel.markets.energy_saving.options import EnergySavingConfig, obliged, tce_per_gwh
from picmodel.scenario.schema import at_years
from picmodel.settlement.ledger import entries


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
