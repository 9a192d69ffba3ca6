"""Options of green certificates, and what they mean for a plant: what may be sold, what may be linked.

`gen` has no vintage, so a rule about some vintages bounds a quantity by what their capacity could have
produced: hours of availability, and for water the inflow.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from picmodel.data.system import SystemData
from picmodel.markets.base import MechanismConfig
from picmodel.scenario.check import wrong
from picmodel.scenario.schema import ByYearOf, at_years

CLASSES = ("hydro", "nonhydro")
NATION = "CN"

Factor = Annotated[float, Field(ge=0, le=10)]
Price = Annotated[float, Field(ge=0, le=2000)]
Energy = Annotated[float, Field(ge=0, le=20000)]
Share = Annotated[float, Field(ge=0, le=1)]


class CertificateBank(MechanismConfig):
    """Certificates that are not used now serve later, while they are valid."""

    validity_yr: float = Field(
        gt=0,
        le=60,
        description="years that a certificate is valid and may serve a later planning year [yr]",
    )


class VoluntaryDemand(MechanismConfig):
    """Buyers without an obligation: a block of demand, for the nation."""

    name: str = Field(pattern=r"^\w[\w.-]*$", description="name of the block")
    twh: ByYearOf[Energy] = Field(description="bought at most, TWh/yr, by year")
    willingness_cny_per_mwh: ByYearOf[Price] = Field(
        description="price up to which they buy [CNY/MWh], by year; they pay the market's"
    )
    accepts: Literal["nonhydro", "hydro", "any"] = Field(
        "nonhydro", description="class of certificates that they buy"
    )


class GreenCertificatesConfig(MechanismConfig):
    """Options of certificates and obligation."""

    trade: Literal["none", "bundled", "national"] = Field(
        "bundled", description="certificates stay at home, follow physical flows, or are sold nationally"
    )
    weight_factor: ByYearOf[Factor] = Field(
        1.0, description="weights of inputs/policy/obligation_weights.csv times this, by year"
    )
    compliance_payment_cny_per_mwh: float = Field(
        150.0, gt=0, le=2000, description="paid per MWh short; an assumption, the rules have none [CNY/MWh]"
    )
    floor_cny_per_mwh: ByYearOf[Price] | None = Field(
        None, description="the state buys certificates at this price [CNY/MWh], by year; null: it does not"
    )
    ceiling_cny_per_mwh: ByYearOf[Price] | None = Field(
        None, description="the state sells certificates at this price [CNY/MWh], by year; null: it does not"
    )
    bank: CertificateBank | None = Field(
        None, description="certificates may serve later planning years; null: they lapse"
    )
    voluntary: tuple[VoluntaryDemand, ...] = Field(
        (), strict=False, description="buyers without an obligation"
    )
    heavy_industry: bool = Field(
        False, description="heavy industry has a minimum share of its own (inputs/policy/heavy_industry.csv)"
    )
    tradable: Literal["all", "rules"] = Field(
        "all",
        description="all output may be sold, or of the old fleet only the share in "
        "inputs/policy/certificate_rules.csv; the rest serves its own province",
    )
    untradable_owner: Literal["generators", "consumers"] = Field(
        "consumers", description="tradable rules: who owns certificates that may not be sold"
    )
    cfd_volume_share: dict[str, Share] = Field(
        default_factory=dict,
        description="group of technologies -> share of its output under a contract for difference, whose "
        "certificates go to the province's consumers [share]",
    )
    replaces_support: bool = Field(
        False, description="plants keep the certificates of that output, in place of the contract's support"
    )
    carbon_linkage: Literal["none", "ccer", "unified"] = Field(
        "none", description="what else a certificate can be: nothing, CCER, or an allowance"
    )
    eligible_from: int | None = Field(
        2027,
        ge=1990,
        le=2060,
        description="linked: only plants commissioned in this planning year or later; null: every vintage",
    )
    eligible_technologies: (
        Annotated[tuple[str, ...], Field(strict=False)] | Literal["wind_and_solar"] | None
    ) = Field(
        None,
        description="linked: technologies that may be linked; null: with ccer those of "
        "inputs/policy/certificate_rules.csv, else all wind and solar",
    )
    double_claim: bool = Field(
        False, description="ccer: output turned into CCER keeps its certificate, so both claims are made"
    )
    conversion_factor_t_per_mwh: float = Field(
        0.57, gt=0, le=1.5, description="unified: t CO2 of one certificate, one number for the nation [t/MWh]"
    )
    surrender_limit_share: float = Field(
        1.0, gt=0, le=1, description="unified: CO2 of certificates over verified emissions, at most [share]"
    )
    allowances_for_obligation: bool = Field(
        False, description="unified: allowances may serve the obligation, at the same conversion factor"
    )
    neutral_cap: bool = Field(
        False, description="unified: the carbon limit falls by what is surrendered, so the link is neutral"
    )
    neutral_tolerance_share: float = Field(
        1e-4,
        gt=0,
        le=0.1,
        description="neutral_cap: what a surrendered tonne is paid may be off the allowance price by [share]",
    )

    @model_validator(mode="after")
    def _consistent(self) -> GreenCertificatesConfig:
        if self.double_claim and self.carbon_linkage != "ccer":
            wrong("both claims exist with `carbon_linkage: ccer` only; remove `double_claim`", "double_claim")
        for name, off in (
            ("surrender_limit_share", 1.0),
            ("allowances_for_obligation", False),
            ("neutral_cap", False),
        ):
            if getattr(self, name) != off and self.carbon_linkage != "unified":
                wrong("has no effect without `carbon_linkage: unified`; remove it", name)
        if self.replaces_support and not any(self.cfd_volume_share.values()):
            wrong("there is no supported output; state `cfd_volume_share`", "replaces_support")
        names = [block.name for block in self.voluntary]
        if len(set(names)) < len(names):
            wrong("two blocks of demand have the same name", "voluntary")
        self._check_band()
        return self

    def _check_band(self) -> None:
        """The floor lies below the ceiling and the compliance payment in every year."""
        if self.floor_cny_per_mwh is None:
            return
        years = sorted(
            {
                y
                for value in (self.floor_cny_per_mwh, self.ceiling_cny_per_mwh)
                if isinstance(value, dict)
                for y in value
            }
            | {2030}
        )
        floor = at_years(self.floor_cny_per_mwh, years)
        if max(floor.values()) > self.compliance_payment_cny_per_mwh:
            wrong("above the compliance payment: users would sell and pay", "floor_cny_per_mwh")
        if self.ceiling_cny_per_mwh is not None:
            ceiling = at_years(self.ceiling_cny_per_mwh, years)
            if any(floor[y] >= ceiling[y] for y in years):
                wrong("not below the ceiling; the state would buy and sell at once", "floor_cny_per_mwh")

    @property
    def limits_sales(self) -> bool:
        """Some output may not be sold, so what leaves a province has a limit."""
        return self.tradable == "rules" or any(self.cfd_volume_share.values())


# -- what capacity could produce


def possible_hours(d: SystemData) -> dict[tuple[str, str], float]:
    """What a renewable GW could produce, water as it comes (province, technology) [GWh/yr per gross GW]."""
    hours: dict[tuple[str, str], float] = {}
    for r, g in d.fleets:
        if d.renewable_class[g] == "none":
            continue
        hours[r, g] = 0.0
        for p, slices in d.time.slices_in.items():
            available = sum(d.time.weight[t] * d.availability.get((r, g, t), 0.0) for t in slices)
            if (r, g, p) in d.inflow:
                available = min(available, d.time.weight[slices[0]] / d.time.step * d.inflow[r, g, p])
            hours[r, g] += available
    return hours


def linked_technologies(cfg: GreenCertificatesConfig, d: SystemData) -> list[str]:
    """Technologies whose output may be linked to carbon."""
    if cfg.carbon_linkage == "none":
        return []
    renewable = [g for g in dict.fromkeys(g for _, g in d.fleets) if d.renewable_class[g] != "none"]
    named, rules = cfg.eligible_technologies, d.policy.get("ccer_eligible")
    if isinstance(named, tuple):
        return [g for g in renewable if g in named]
    if named is None and rules is not None and cfg.carbon_linkage == "ccer":
        return [g for g in renewable if rules.get(g, 0.0) > 0]
    return [g for g in renewable if d.group[g] in ("wind", "solar")]


def linked_hours(cfg: GreenCertificatesConfig, d: SystemData) -> dict[tuple[str, str], float]:
    """What a GW of a technology that may be linked could produce [GWh/yr per gross GW]."""
    linked = linked_technologies(cfg, d)
    return {(r, g): h for (r, g), h in possible_hours(d).items() if g in linked}


def cfd_share(cfg: GreenCertificatesConfig, d: SystemData, g: str) -> float:
    """Share of a technology's output under contracts for difference."""
    return cfg.cfd_volume_share.get(d.group[g], 0.0)


def new_tradable(cfg: GreenCertificatesConfig, d: SystemData, g: str) -> float:
    """Share of a new plant's output that may be sold."""
    return 1.0 - cfd_share(cfg, d, g)


def old_tradable(cfg: GreenCertificatesConfig, d: SystemData, g: str) -> float:
    """Share of the output that may be sold, of the fleet that stood at the base year."""
    rule = d.policy["tradable_share"].get(g, 1.0) if cfg.tradable == "rules" else 1.0
    return rule * (1.0 - cfd_share(cfg, d, g))


def consumers_part(cfg: GreenCertificatesConfig, d: SystemData, g: str) -> tuple[float, float]:
    """Share of the output whose certificates belong to consumers: of new plants, and of the old fleet."""
    contract = 0.0 if cfg.replaces_support else cfd_share(cfg, d, g)
    unsold = 0.0
    if cfg.tradable == "rules" and cfg.untradable_owner == "consumers":
        unsold = 1.0 - d.policy["tradable_share"].get(g, 1.0)
    return contract, 1.0 - (1.0 - unsold) * (1.0 - contract)


def bank_pairs(cfg: GreenCertificatesConfig, d: SystemData) -> list[tuple[int, int]]:
    """(year of use, year of output) that a certificate's validity allows."""
    if cfg.bank is None:
        return []
    years = d.horizon.years
    return [(y, u) for y in years for u in years if u < y <= u + cfg.bank.validity_yr]


def areas(cfg: GreenCertificatesConfig, d: SystemData) -> dict[str, list[str]]:
    """Markets and their provinces: one balance for the nation where all output may be sold there."""
    if cfg.trade == "national" and not cfg.limits_sales:
        return {NATION: list(d.provinces)}
    return {r: [r] for r in d.provinces}


# -- contradictions that only the system shows


def check(cfg: GreenCertificatesConfig, d: SystemData) -> list[str]:
    """Problems that only the system shows."""
    here = "markets.green_certificates"
    years = d.horizon.years
    factor = at_years(cfg.weight_factor, years)
    above = [
        f"{r} {y}"
        for (r, y), weight in d.policy["weight_total"].items()
        if r in d.provinces and y in factor and factor[y] * weight > 1
    ]
    problems = []
    if above:
        problems.append(
            f"{here}.weight_factor: obligation above all consumption in {', '.join(above)}; "
            "write a smaller factor"
        )
    for option, key, wanted in (
        ("heavy_industry", "industry_share", cfg.heavy_industry),
        ("tradable", "tradable_share", cfg.tradable == "rules"),
        ("carbon_linkage", "ccer_factor", cfg.carbon_linkage == "ccer"),
    ):
        if wanted and not d.policy.get(key):
            problems.append(f"{here}.{option}: the inputs have no `{key}`; add the table or leave it off")
    unknown = [group for group in cfg.cfd_volume_share if group not in set(d.group.values())]
    if unknown:
        problems.append(
            f"{here}.cfd_volume_share: no technology belongs to {', '.join(unknown)}; "
            f"groups are {', '.join(dict.fromkeys(d.group.values()))}"
        )
    return [*problems, *_check_link(cfg, d, here), *_check_bank(cfg, d, here)]


def _check_link(cfg: GreenCertificatesConfig, d: SystemData, here: str) -> list[str]:
    if cfg.carbon_linkage == "none":
        return []
    linked = linked_technologies(cfg, d)
    problems = []
    if isinstance(cfg.eligible_technologies, tuple):
        wrong_names = [g for g in cfg.eligible_technologies if g not in linked]
        if wrong_names:
            problems.append(
                f"{here}.eligible_technologies: no renewable technology of this scenario is "
                f"{', '.join(wrong_names)}; remove it"
            )
    if not linked:
        problems.append(f"{here}.eligible_technologies: nothing may be linked; name a renewable technology")
    if cfg.eligible_from is not None and cfg.eligible_from > d.horizon.years[-1]:
        problems.append(
            f"{here}.eligible_from: no planning year from {cfg.eligible_from} on, so nothing may be linked; "
            "write an earlier year"
        )
    return problems


def _check_bank(cfg: GreenCertificatesConfig, d: SystemData, here: str) -> list[str]:
    if cfg.bank is None:
        return []
    pairs, h = bank_pairs(cfg, d), d.horizon
    if not pairs:
        return [
            f"{here}.bank.validity_yr: {cfg.bank.validity_yr:g} years do not reach the next planning year; "
            "remove `bank`, or put planning years closer together"
        ]
    if cfg.floor_cny_per_mwh is None or cfg.ceiling_cny_per_mwh is None:
        return []
    floor, ceiling = at_years(cfg.floor_cny_per_mwh, h.years), at_years(cfg.ceiling_cny_per_mwh, h.years)
    pump = [
        f"{u} to {y}"
        for y, u in pairs
        if floor[y] * h.discount[y] / h.span[y] >= ceiling[u] * h.discount[u] / h.span[u]
    ]
    if not pump:
        return []
    return [
        f"{here}.floor_cny_per_mwh: bought at the ceiling, kept and sold at the floor earns money "
        f"({', '.join(pump)}); lower the floor or raise the ceiling"
    ]
