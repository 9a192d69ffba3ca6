"""Problems of the power market's options that only the system shows."""

from __future__ import annotations

from collections.abc import Mapping

from picmodel.data.system import SystemData
from picmodel.markets.power.options import RENEWABLES, PowerConfig
from picmodel.markets.power.terms import (
    capacity_payments,
    cfd_terms,
    contract_years,
    contracted_fleets,
    groups_of,
    planned_fleets,
    price_limits,
)
from picmodel.scenario.check import nearest
from picmodel.units import to_base


def check(cfg: PowerConfig, d: SystemData) -> list[str]:
    """What is wrong, with the option's path and the remedy."""
    return [
        *_names(cfg, d),
        *_dispatch(cfg, d),
        *_limits(cfg, d),
        *_money(cfg, d),
    ]


def _names(cfg: PowerConfig, d: SystemData) -> list[str]:
    """Groups, provinces and corridors that do not exist, and years in nested paths outside the horizon."""
    groups, lines = groups_of(d), [line.name for line in d.corridors]
    limits, cfd = cfg.price_limits, cfg.cfd
    by_group = {
        "capacity_payment_cny_per_kw_yr": cfg.capacity_payment_cny_per_kw_yr,
        "premium_cny_per_mwh": cfg.premium_cny_per_mwh,
        "cfd.strike_cny_per_mwh": cfd and cfd.strike_cny_per_mwh,
        "cfd.volume_share": cfd and cfd.volume_share,
        "planned_share": cfg.planned_share,
    }
    by_province = {
        "price_limits.cap_cny_per_mwh": limits and limits.cap_cny_per_mwh,
        "price_limits.floor_cny_per_mwh": limits and limits.floor_cny_per_mwh,
    }
    problems = []
    for known, options in (
        (groups, by_group),
        (list(d.provinces), by_province),
        (lines, {"contract_gw": cfg.contract_gw}),
    ):
        for path, value in options.items():
            if path.startswith("cfd."):
                problems += _years(path, value, d)
            for name, inner in value.items() if isinstance(value, Mapping) else ():
                if isinstance(name, str) and name not in known:
                    problems.append(f"markets.power.{path}: {name} is not there; {nearest(name, known)}")
                problems += _years(f"{path}.{name}", inner, d)
    if cfg.contracts:
        problems += _years("contracts.coverage_share", cfg.contracts.coverage_share, d)
        problems += _years("contracts.price_cny_per_mwh", cfg.contracts.price_cny_per_mwh, d)
    return problems


def _years(path: str, value: object, d: SystemData) -> list[str]:
    """Years of a nested path that say nothing about the horizon."""
    if not isinstance(value, Mapping):
        return []
    last = d.horizon.years[-1] + d.horizon.span[d.horizon.years[-1]] - 1
    return [
        f"markets.power.{path}.{year} is outside the horizon; write {d.horizon.base_year} to {last}"
        for year in value
        if isinstance(year, int) and not d.horizon.base_year <= year <= last
    ]


def _dispatch(cfg: PowerConfig, d: SystemData) -> list[str]:
    problems = []
    if cfg.planned_share is not None and not planned_fleets(cfg, d):
        problems.append(
            "markets.power.planned_groups: no fleet of these groups has planned hours in "
            "inputs/thermal_hours.csv; add rows or set `planned_share` to null"
        )
    senders = {line.name: line.contract_from for line in d.corridors}
    if cfg.flows == "contracts" and not any(senders.values()):
        problems.append(
            "markets.power.flows: `contracts`, but no corridor of the scenario names a contract sender"
        )
    if cfg.flow_contracts_until is not None:
        kept = contract_years(cfg, d)
        if not kept or len(kept) == len(d.horizon.years):
            says = "in all planning years" if kept else "in none"
            problems.append(
                f"markets.power.flow_contracts_until: flows follow contracts {says}; write a year from "
                f"{d.horizon.years[0]} to before {d.horizon.years[-1]}, or leave it out"
            )
    for name in cfg.contract_gw or {}:
        if name in senders and not senders[name]:
            problems.append(
                f"markets.power.contract_gw.{name}: corridors.csv names no contract sender there; "
                "add one or leave the corridor out"
            )
    if cfg.contracts is not None:
        fleets = contracted_fleets(cfg, d)
        if not fleets:
            problems.append(
                f"markets.power.contracts.groups: no fleet belongs to {', '.join(cfg.contracts.groups)}; "
                f"groups are {', '.join(groups_of(d))}"
            )
        if cfg.contracts.type == "physical":
            dark = {(r, g) for r, g in fleets if any((r, g, t) not in d.availability for t in d.time.slices)}
            if dark:
                problems.append(
                    f"markets.power.contracts.groups: {', '.join(sorted({g for _, g in dark}))} cannot run "
                    "in some hours, so no physical profile fits; take it out or write `type: financial`"
                )
    return problems


def _limits(cfg: PowerConfig, d: SystemData) -> list[str]:
    if cfg.price_limits is None:
        return []
    floor, cap = price_limits(cfg, d)
    problems = [
        f"markets.power.price_limits: in {r} the floor {1e3 * floor[r]:g} is above the cap {1e3 * cap[r]:g} "
        "CNY/MWh; change one"
        for r in floor
        if r in cap and floor[r] > cap[r]
    ]
    if not floor and not cap:
        problems.append("markets.power.price_limits: no province of the scenario has a limit; give numbers")
    if cfg.price_limits.scarcity == "dispatch":
        if not any(x < d.lost_load for x in cap.values()):
            problems.append(
                "markets.power.price_limits.scarcity: no cap is below the value of lost load, so `dispatch` "
                "moves nothing; lower a cap or write `settlement`"
            )
        slack = to_base(cfg.slack_cny_per_mwh, "CNY/MWh")
        rules = (cfg.planned_share, cfg.curtailment_limit_share, cfg.contracts, cfg.contract_gw)
        if any(rule is not None for rule in rules) and any(x <= slack for x in cap.values()):
            problems.append(
                "markets.power.slack_cny_per_mwh is not below every price cap, so load would be shed to keep "
                "planned hours or contracts; lower it, or write `scarcity: settlement`"
            )
    return problems


def _money(cfg: PowerConfig, d: SystemData) -> list[str]:
    problems = []
    if cfg.capacity == "payment" and not any(capacity_payments(cfg, d).values()):
        problems.append(
            "markets.power.capacity: `payment`, but nothing of the scenario is paid; give "
            "`capacity_payment_cny_per_kw_yr` or rows in inputs/policy/capacity_payments.csv"
        )
    renewable = any(d.group[g] in RENEWABLES for _, g in d.fleets)
    if cfg.renewables is not None and not renewable:
        problems.append("markets.power.renewables: the scenario has no wind or solar; set it to null")
    if cfg.renewables == "cfd" and renewable and not cfd_terms(cfg, d):
        problems.append(
            "markets.power.renewables: `cfd`, but no strike, volume and term; give them in `cfd` or in "
            "inputs/policy/mechanism_prices.csv"
        )
    return problems
