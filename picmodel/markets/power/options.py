"""Options of the power market: a bundle of switches, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, Tag, model_validator

from picmodel.markets.base import MechanismConfig
from picmodel.scenario.check import Options, wrong
from picmodel.scenario.schema import ByYearOf

# -- values by group and by province


def kind_of(value: object) -> str:
    if not isinstance(value, Mapping):
        return "every_year"
    return "by_year" if all(isinstance(key, int) for key in value) else "by_group"


def _where(value: object) -> str:
    return "by_province" if isinstance(value, Mapping) else "everywhere"


T = TypeVar("T")
_Year = Annotated[int, Field(ge=2000, le=2100)]

#: a number, numbers by year, or either of these by group: ``{coal: {2025: 0.8}, gas: 0.5}``
ByGroupOf = Annotated[
    Annotated[T, Tag("every_year")]
    | Annotated[dict[_Year, T], Field(min_length=1), Tag("by_year")]
    | Annotated[dict[str, ByYearOf[T]], Field(min_length=1), Tag("by_group")],
    Discriminator(kind_of),
]
#: a number, or one for each of some provinces
ByProvinceOf = Annotated[
    Annotated[T, Tag("everywhere")] | Annotated[dict[str, T], Field(min_length=1), Tag("by_province")],
    Discriminator(_where),
]

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0, le=1.5)]
Price = Annotated[float, Field(ge=0, le=5000)]
Floor = Annotated[float, Field(ge=-1000, le=1000)]
Payment = Annotated[float, Field(ge=0, le=5000)]
Gigawatt = Annotated[float, Field(ge=0, le=1000)]
Factor = Annotated[float, Field(ge=0.5, le=1.5)]
Term = Annotated[int, Field(ge=1, le=40)]

#: groups whose part in the market is an option of its own
RENEWABLES = ("wind", "solar")
#: what a kind of dispatch means unless a switch says otherwise (null: off)
BUNDLES: dict[str, dict] = {
    "planned": dict(
        planned_share=0.9,
        flows="contracts",
        barrier_cny_per_mwh=30.0,
        curtailment_limit_share=None,
        settlement="tariff",
        capacity="none",
    ),
    "priority": dict(
        planned_share=0.5,
        flows="free",
        barrier_cny_per_mwh=15.0,
        curtailment_limit_share=0.05,
        settlement="tariff",
        capacity="none",
    ),
    "spot": dict(
        planned_share=None,
        flows="free",
        barrier_cny_per_mwh=None,
        curtailment_limit_share=None,
        settlement="market",
        capacity="market",
    ),
}


class PriceLimits(Options):
    """Cap and floor of the energy price."""

    table: bool = Field(
        True, description="limits of inputs/policy/spot_limits.csv where no number is given here"
    )
    scarcity: Literal["settlement", "dispatch"] = Field(
        "settlement",
        description="the cap clips what is paid; or it is also all that decisions see of a shortage",
    )
    cap_cny_per_mwh: ByProvinceOf[Price] | None = Field(
        default=None, description="highest price [CNY/MWh without VAT], or {province: number}; 0 to 5000"
    )
    floor_cny_per_mwh: ByProvinceOf[Floor] | None = Field(
        default=None,
        description="lowest price that is paid [CNY/MWh without VAT], or {province: number}; -1000 to 1000",
    )

    @model_validator(mode="after")
    def _limits_something(self) -> PriceLimits:
        if not self.table and self.cap_cny_per_mwh is None and self.floor_cny_per_mwh is None:
            wrong("`table` is off and no number is given, so nothing is limited; set `price_limits` to null")
        return self


class Contracts(Options):
    """Medium- and long-term contracts between plants and consumers of their province."""

    type: Literal["physical", "financial"] = Field(
        description="physical: the plant must run the contract's profile; financial: settlement only"
    )
    coverage_share: ByYearOf[Share] = Field(
        default=0.8, description="share of a fleet's annual output under contract, by year; 0 to 1"
    )
    groups: tuple[str, ...] = Field(("coal",), strict=False, description="groups that sell by contract")
    price_rule: Literal["benchmark_tariff", "mean_market", "fixed"] = Field(
        "benchmark_tariff",
        description="contract price: the coal benchmark tariff, the mean price of the term, or a number",
    )
    price_cny_per_mwh: ByYearOf[Price] | None = Field(
        default=None, description="price of the rule `fixed` [CNY/MWh without VAT], by year; 0 to 5000"
    )
    shape: Literal["flat", "output", "load"] = Field(
        "flat", description="hours of the contract: all alike, as the plant runs, or as the province's load"
    )
    term_yr: int = Field(
        1, ge=1, le=20, description="years over which the rule `mean_market` takes the mean [yr]"
    )

    @model_validator(mode="after")
    def _agree(self) -> Contracts:
        if (self.price_rule == "fixed") != (self.price_cny_per_mwh is not None):
            text = (
                "the rule `fixed`, and no other, takes its price from `price_cny_per_mwh`; set both or none"
            )
            wrong(text, "price_rule")
        if self.term_yr > 1 and self.price_rule != "mean_market":
            wrong("a term moves only the rule `mean_market`; leave it out or set that rule", "term_yr")
        if self.type == "physical" and self.shape == "output":
            text = "what follows the plant's own output asks nothing of it; write `flat` or `load`"
            wrong(text, "shape")
        return self


class Difference(Options):
    """Contracts for differences of wind and solar (mechanism price, two-way)."""

    strike_cny_per_mwh: ByGroupOf[Price] | None = Field(
        default=None,
        description="strike by year of commissioning [CNY/MWh without VAT], also {wind: ..., solar: ...}; "
        "null: inputs/policy/mechanism_prices.csv; 0 to 5000",
    )
    volume_share: ByGroupOf[Share] | None = Field(
        default=None,
        description="share of output, by year of commissioning, also by group; null: the table; 0 to 1",
    )
    term_yr: Term | None = Field(default=None, description="years from commissioning [yr]; null: the table")
    existing: Literal["tariff", "none"] = Field(
        "tariff",
        description="the fleet of the base year has the volume at the coal benchmark tariff, or nothing",
    )


class PowerConfig(MechanismConfig):
    """Options of the power market."""

    dispatch: Literal["planned", "priority", "spot"] = Field(
        "spot", description="bundle of the switches below"
    )
    # -- what moves the plan
    planned_share: ByGroupOf[Hours] | None = Field(
        default=None,
        description="guaranteed share of the planned hours of inputs/thermal_hours.csv, by year, "
        "also by group: {coal: {2025: 0.8, 2035: 0}, gas: 0.5}; 0 to 1.5",
    )
    planned_groups: tuple[str, ...] = Field(
        ("coal", "gas"), strict=False, description="groups with planned hours"
    )
    flows: Literal["free", "contracts"] = Field(
        "free",
        description="flows between provinces: free, or flat contracts where corridors.csv names a sender",
    )
    flow_contracts_until: int | None = Field(
        default=None,
        ge=2000,
        le=2100,
        description="last year in which flows follow flat contracts, later ones are free; null: all years; "
        "2000 to 2100",
    )
    contract_band_share: ByYearOf[Share] = Field(
        default=0.2, description="deviation from the flat contract [share], by year; 0 to 1"
    )
    contract_gw: dict[str, ByYearOf[Gigawatt]] | None = Field(
        default=None,
        description="given quantity of the flat contract by corridor [GW], by year; other corridors are free "
        "to choose theirs; 0 to 1000",
    )
    barrier_cny_per_mwh: ByYearOf[Price] | None = Field(
        default=None,
        description="hurdle on every flow between provinces, a transfer [CNY/MWh], by year; 0 to 5000",
    )
    curtailment_limit_share: ByYearOf[Share] | None = Field(
        default=None,
        description="wind and solar curtailed at most this share of what is available, by year; 0 to 1",
    )
    contracts: Contracts | None = Field(
        default=None, description="medium- and long-term contracts of plants; null: none"
    )
    price_limits: PriceLimits | None = Field(default=None, description="price cap and floor; null: none")
    # -- how plants are paid
    settlement: Literal["tariff", "market"] = Field(
        "market", description="plants are paid the provincial coal benchmark tariff, or the hourly price"
    )
    tariff_factor_share: ByYearOf[Factor] = Field(
        default=1.0,
        description="tariff of coal and price of benchmark contracts over the benchmark (the rule allows 0.8 "
        "to 1.2), by year; 0.5 to 1.5",
    )
    renewables: Literal["full_spot", "guaranteed_hours", "quantity_share", "cfd"] | None = Field(
        default=None,
        description="pay of wind and solar: the price; the tariff for guaranteed hours or for all but a "
        "share; the price and a difference to a strike; null: as `settlement` says",
    )
    spot_share: ByYearOf[Share] | None = Field(
        default=None,
        description="share of wind and solar paid the price under `quantity_share`, by year; 0 to 1",
    )
    guaranteed_elsewhere: Literal["all", "none"] = Field(
        "all",
        description="under `guaranteed_hours`, output at the tariff where guaranteed_hours.csv has no hours",
    )
    cfd: Difference | None = Field(
        default=None, description="numbers of `renewables: cfd` that replace those of the table"
    )
    premium_cny_per_mwh: dict[str, ByYearOf[Price]] | None = Field(
        default=None,
        description="premium on output by group, from the levy [CNY/MWh without VAT], by year; 0 to 5000",
    )
    capacity: Literal["none", "payment", "market"] = Field(
        "market",
        description="capacity is paid nothing, a regulated amount, or the price of adequacy for its credit",
    )
    capacity_payment_cny_per_kw_yr: dict[str, ByYearOf[Payment]] | None = Field(
        default=None,
        description="payment by group [CNY/kW-yr without VAT], by year, in place of "
        "inputs/policy/capacity_payments.csv; 0 to 5000",
    )
    in_decisions: bool = Field(
        False, description="capacity payments and premiums also move the plan, as transfers"
    )
    slack_cny_per_mwh: float = Field(
        3000.0,
        gt=0,
        le=10000,
        description="price of planned hours, contracts or curtailment limits not kept [CNY/MWh]",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_from_bundle(cls, raw: Any) -> Any:
        """Switches that are not set take the bundle's value; one set to null is off."""
        if not isinstance(raw, Mapping) or raw.get("dispatch", "spot") not in BUNDLES:
            return raw
        filled = {**BUNDLES[raw.get("dispatch", "spot")], **raw}
        share = filled.get("planned_share")
        if isinstance(share, Mapping) and kind_of(share) == "by_group":
            filled.setdefault("planned_groups", list(share))
        return filled

    @model_validator(mode="after")
    def _agree(self) -> PowerConfig:
        _plan_agrees(self)
        _payments_agree(self)
        return self


def _plan_agrees(c: PowerConfig) -> None:
    """Contradictions, and options without effect, among the switches that move the plan."""
    share = c.planned_share
    named = share if isinstance(share, Mapping) and kind_of(share) == "by_group" else None
    if named is not None and set(map(str, named)) != set(c.planned_groups):
        text = "name the same groups here and in `planned_share`, or leave this out"
        wrong(text, "planned_groups")
    if c.contract_gw is not None and c.flows != "contracts":
        wrong("quantities of contracts need `flows: contracts`", "contract_gw")
    if c.flow_contracts_until is not None and c.flows != "contracts":
        wrong("contracts that end need `flows: contracts`", "flow_contracts_until")
    if c.in_decisions and c.capacity != "payment" and not c.premium_cny_per_mwh:
        text = (
            "only `capacity: payment` and `premium_cny_per_mwh` can move the plan; a tariff, a contract or a "
            "difference is a price times a quantity that are both decided, which is not linear"
        )
        wrong(text, "in_decisions")


def _payments_agree(c: PowerConfig) -> None:
    """Contradictions, and options without effect, among those that move money."""
    if (c.renewables == "quantity_share") != (c.spot_share is not None):
        text = "`quantity_share`, and no other, pays the price to `spot_share`; set both or none"
        wrong(text, "spot_share")
    if c.cfd is not None and c.renewables != "cfd":
        wrong("these numbers need `renewables: cfd`", "cfd")
    if c.capacity_payment_cny_per_kw_yr is not None and c.capacity != "payment":
        wrong("payments need `capacity: payment`", "capacity_payment_cny_per_kw_yr")
    if c.contracts is not None:
        _contracts_agree(c, c.contracts)
    benchmark = c.contracts is not None and c.contracts.price_rule == "benchmark_tariff"
    if c.tariff_factor_share != 1.0 and c.settlement == "market" and not benchmark:
        text = "nobody is paid this tariff; set `settlement: tariff` or benchmark contracts"
        wrong(text, "tariff_factor_share")


def _contracts_agree(c: PowerConfig, contracts: Contracts) -> None:
    if c.settlement == "tariff" and contracts.type == "financial":
        text = "plants are paid a tariff, so a financial contract moves nothing; set `settlement: market`"
        wrong(text, "contracts", "type")
    if c.settlement == "tariff" and contracts.price_rule != "benchmark_tariff":
        text = "plants are paid a tariff, so this price moves nothing; set `settlement: market`"
        wrong(text, "contracts", "price_rule")
    both = sorted(set(contracts.groups) & set(RENEWABLES))
    if both and c.renewables not in (None, "full_spot"):
        text = f"{', '.join(both)} would be paid twice; take it out, or set `renewables` to full_spot"
        wrong(text, "contracts", "groups")
