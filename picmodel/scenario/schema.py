"""What a scenario can say: the models from which checks, defaults and the JSON Schema are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from picmodel.scenario import overrides as override_syntax
from picmodel.scenario.check import Options, nearest, validate_options, wrong
from picmodel.scenario.messages import MESSAGES, WAIVABLE
from picmodel.scenario.overrides import Override
from picmodel.scenario.source import Problem, Where, written

__all__ = [
    "SHIPPED",
    "ByYear",
    "ByYearOf",
    "Horizon",
    "Options",
    "Override",
    "Physical",
    "Projects",
    "Scenario",
    "Series",
    "Solver",
    "Space",
    "Time",
    "Title",
    "Waiver",
    "Where",
    "at_years",
    "outside_horizon",
    "validate_options",
    "wrong",
]

# numbers by year


def _kind(value: object) -> str:
    return "by_year" if isinstance(value, Mapping) else "every_year"


T = TypeVar("T")
_Year = Annotated[int, Field(ge=2000, le=2100)]

#: a value for every year, or a mapping of years to values; ``ByYearOf[Annotated[float, Field(ge=0)]]``
ByYearOf = Annotated[
    Annotated[T, Tag("every_year")] | Annotated[dict[_Year, T], Field(min_length=1), Tag("by_year")],
    Discriminator(_kind),
]
#: a number for every year, or numbers of some years: see `at_years`
ByYear = ByYearOf[float]


def at_years(value: float | Mapping[int, float] | None, years: Iterable[int]) -> dict[int, float]:
    """Values in given years: linear between the years of a mapping, constant outside them.

    Raises:
        ValueError: there is no value, or the mapping is empty.

    >>> at_years({2025: 50.0, 2035: 100.0}, (2023, 2030, 2040))
    {2023: 50.0, 2030: 75.0, 2040: 100.0}
    >>> at_years(80.0, (2030,))
    {2030: 80.0}
    """
    if value is None:
        raise ValueError("this option is not set")
    if not isinstance(value, Mapping):
        return {year: float(value) for year in years}
    if not value:
        raise ValueError("a mapping of years to numbers needs at least one year")
    known = sorted(value)
    numbers = [value[year] for year in known]
    return {year: float(np.interp(year, known, numbers)) for year in years}


# sections


class Title(Options):
    """Title for reports."""

    en: str | None = Field(default=None, description="English title")
    zh: str | None = Field(default=None, description="Chinese title")


def _english(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


class Horizon(Options):
    """Planning years, and how years are weighed against each other."""

    years: Annotated[tuple[Annotated[int, Field(ge=2020, le=2060)], ...], Field(strict=False)] = Field(
        default=(2025, 2030, 2035),
        min_length=1,
        description="planning years, ascending; each stands for the years up to the next",
    )
    base_year: int = Field(
        default=2023, ge=2000, le=2060, description="year of prices and to which costs are discounted"
    )
    last_span: int = Field(
        default=5, ge=1, le=40, description="calendar years that the last planning year stands for [yr]"
    )
    discount_rate_share: float = Field(
        default=0.05, ge=0.0, le=0.3, description="real social discount rate [share]"
    )
    present_year: int = Field(
        default=2026,
        ge=2000,
        le=2060,
        description="planning years before it are past: they build what was committed",
    )
    peak_cost_until: int | None = Field(
        default=None,
        ge=2020,
        le=2060,
        description="calendar year to which peak cost is counted; null: the reference's peak year",
    )
    foresight: Literal["perfect"] = Field(
        default="perfect", description="all planning years are decided together"
    )

    @field_validator("years")
    @classmethod
    def _ascend(cls, years: tuple[int, ...]) -> tuple[int, ...]:
        ordered = sorted(set(years))
        if list(years) != ordered:
            wrong(f"the years are not ascending, each once; write {ordered}")
        return years

    @model_validator(mode="after")
    def _starts_after_base_year(self) -> Horizon:
        if self.base_year > self.years[0]:
            text = f"{self.base_year} is after the first planning year; write at most {self.years[0]}"
            wrong(text, "base_year")
        return self


_Province = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


def _all_or_list(value: object) -> str:
    return "all" if isinstance(value, str) else "some"


class Space(Options):
    """Which provinces are modelled."""

    provinces: Annotated[
        Annotated[Literal["all"], Tag("all")]
        | Annotated[tuple[_Province, ...], Field(strict=False, min_length=1), Tag("some")],
        Discriminator(_all_or_list),
    ] = Field(default="all", description="all, or a list of codes of ISO 3166-2:CN in capitals: [GD, JS]")

    @field_validator("provinces")
    @classmethod
    def _each_once(cls, provinces: str | tuple[str, ...]) -> str | tuple[str, ...]:
        twice = [code for code in dict.fromkeys(provinces) if provinces.count(code) > 1]
        if provinces != "all" and twice:
            wrong(f"{', '.join(twice)} is there twice; write each province once")
        return provinces


def _no_truth(value: object) -> object:
    """For Python ``true`` is 1; for a scenario it is no number."""
    if isinstance(value, bool):
        wrong(f"is {str(value).lower()}; write a whole number", id="PIC-S032")
    return value


class Time(Options):
    """How the 8760 hours of a year are represented."""

    periods: int = Field(default=8, ge=1, le=365, description="typical days; 365 is the full year")
    extremes: int = Field(
        default=1, ge=0, le=50, description="days of the highest residual load kept beside them"
    )
    step_h: Annotated[Literal[1, 2, 3, 4, 6], BeforeValidator(_no_truth)] = Field(
        default=1, description="length of a time step [h]"
    )
    variant: str = Field(
        default="mean_year",
        pattern=r"^(mean_year|[12]\d\d\d)$",
        description="year of wind, sun and water: mean_year, or an observed one as it was, in quotes: '2023'",
    )

    @model_validator(mode="after")
    def _within_a_year(self) -> Time:
        if self.periods < 365 < self.periods + self.extremes:
            text = f"{self.periods} typical and {self.extremes} extreme days are over 365; write fewer"
            wrong(text, "periods")
        return self


class Series(Options):
    """The user's own hourly data in place of those in the inputs; paths relative to the scenario file."""

    demand: Path | None = Field(default=None, description="hourly demand by province [GW]")
    wind_onshore: Path | None = Field(
        default=None, description="hourly capacity factors of onshore wind [share]"
    )
    wind_offshore: Path | None = Field(
        default=None, description="hourly capacity factors of offshore wind [share]"
    )
    solar: Path | None = Field(default=None, description="hourly capacity factors of solar power [share]")
    hydro: Path | None = Field(default=None, description="hourly inflow of hydro power [share of capacity]")


class Physical(Options):
    """The power system itself, whatever the market design."""

    value_of_lost_load_cny_per_mwh: float = Field(
        default=20000.0, ge=1000.0, le=1e6, description="cost of energy not served [CNY/MWh]"
    )
    adequacy: bool = Field(default=True, description="each province must hold firm capacity for its peak")
    adequacy_margin_share: float = Field(
        default=0.05, ge=0.0, le=1.0, description="firm capacity beyond the peak [share of the peak]"
    )
    adequacy_slack_cny_per_kw_yr: float = Field(
        default=2000.0, ge=0.0, le=100000.0, description="cost of missing firm capacity [CNY/kW-yr]"
    )
    hydro_min_flow_share: float = Field(
        default=0.3, ge=0.0, le=1.0, description="least hourly hydro output [share of the inflow's mean]"
    )
    build_limits: bool = Field(default=True, description="additions are limited by build_rates.csv")
    retirement: bool = Field(
        default=True, description="existing capacity may leave before the end of its life"
    )
    expand: bool = Field(default=True, description="false: nothing is built beyond what is committed")
    transmission_expansion: bool = Field(
        default=True, description="lines may be added beyond what is committed"
    )
    demand_factor: float = Field(
        default=1.0, ge=0.1, le=10.0, description="factor on all demand and peaks [share]"
    )
    capacities_of: str | None = Field(
        default=None,
        description="scenario of the run (or design of this file) at whose capacities this one is held: "
        "nothing is built or retired, and build limits, potentials and adequacy say nothing",
    )


class Solver(Options):
    """How the model is solved."""

    name: Literal[
        "highs", "gurobi", "copt", "cplex", "xpress", "mosek", "cuopt", "cupdlpx", "cbc", "glpk"
    ] = Field(default="highs", description="solver; all but HiGHS must be installed beside picmodel")
    method: Literal["choose", "hipdlp", "hipo", "ipx", "simplex"] = Field(
        default="choose",
        description="algorithm of HiGHS: first-order with crossover, interior points, simplex; choose: by "
        "the size of the LP",
    )
    options: dict[str, bool | int | float | str] = Field(
        default={}, description="further options of the solver, in its own words"
    )
    threads: int | None = Field(
        default=None, ge=1, le=1024, description="threads; null: as many as the run is given"
    )
    time_limit_s: float = Field(
        default=3600.0, ge=1.0, le=1e7, description="longest solve [s]; no result after it"
    )
    crossover: bool = Field(default=True, description="end at a basis, from which prices are read")
    start_from: str | None = Field(
        default=None,
        description="scenario from whose optimal basis this solve goes on where that pays: one that "
        "differs in numbers only; null: from nothing",
    )
    iterations: int = Field(
        default=20,
        ge=1,
        le=200,
        description="most solves where a number of a rule is what the plan itself decides",
    )
    price_ranges: bool = Field(
        default=False,
        description="left and right price of carbon, CCER and certificates beside the price (*_low, *_high)",
    )
    headline_ranges: bool = Field(
        default=True,
        description="least and largest renewable share, emissions, capacity of wind and sun, and cost over "
        "all plans of the same cost (*_low, *_high)",
    )

    @model_validator(mode="after")
    def _of_highs_alone(self) -> Solver:
        if self.name != "highs" and self.method != "choose":
            wrong(f"`method` is for HiGHS; write what {self.name} calls it in `options`", "method")
        if self.name not in ("highs", "cuopt", "cupdlpx") and not self.crossover:
            wrong(
                f"`crossover` is for HiGHS, cuopt and cupdlpx; {self.name} has its own word, for `options`",
                "crossover",
            )
        if self.method == "hipdlp" and not self.crossover:
            wrong("a point of `hipdlp` misses the certificate without it; take `method: hipo`", "crossover")
        if self.name != "highs" and self.start_from is not None:
            wrong(f"`start_from` is for HiGHS; {self.name} starts from nothing, delete it", "start_from")
        return self


class Projects(Options):
    """The projects whose returns are reported."""

    technologies: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=("wind_onshore", "wind_offshore", "solar_utility", "solar_distributed"),
        description="technologies of which one MW is valued in each province",
    )
    after_horizon: Literal["held", "annuity"] = Field(
        default="held",
        description="income after the horizon: held at that of the last planning year, or such that the "
        "margin is the annuity",
    )
    prices: Literal["expansion", "dispatch"] | None = Field(
        default=None,
        description="prices at which projects are paid: of the plan that also builds, or of its capacities "
        "held 0.1 % beside the optimum (lower end of the price range; the upper end is reported too); null: "
        "expansion, or dispatch where `physical.capacities_of` is set",
    )


class Waiver(Options):
    """A message that is known and meant."""

    id: str = Field(description="id of the message, such as PIC-W101")
    reason: str = Field(min_length=3, description="why it is right; stands in the manifest")
    key: str | None = Field(
        default=None,
        description="waived only for this key or override, or what begins with it; null: for all",
    )

    @field_validator("id")
    @classmethod
    def _can_be_waived(cls, id: str) -> str:
        ids = [known for known in MESSAGES if known.startswith(WAIVABLE)]
        if id not in ids:
            remedy = nearest(id, ids) if id not in MESSAGES else "correct what it says"
            wrong(
                f"{id} is no message that can be waived; {remedy or 'see docs/scenarios.md'}", id="PIC-S028"
            )
        return id

    def waives(self, id: str, key: str) -> bool:
        """The message with this id, about this key, is waived."""
        return id == self.id and (self.key is None or f"{key}.".startswith(f"{self.key}."))


#: the word for the shipped folder of inputs
SHIPPED = Path("default")


def _one_or_several(value: object) -> str:
    return "several" if isinstance(value, list | tuple) else "one"


_Inputs = Annotated[
    Annotated[Path | None, Tag("one")]
    | Annotated[tuple[Path, ...], Field(strict=False, min_length=1), Tag("several")],
    Discriminator(_one_or_several),
]
_Title = Annotated[Title, BeforeValidator(_english, json_schema_input_type=str | Title)]
_Overrides = Annotated[tuple[Override, ...], WithJsonSchema(override_syntax.SCHEMA)]


class Scenario(Options):
    """One run: checked, every default filled in."""

    name: str = Field(
        default="scenario",
        pattern=r"^\w[\w.-]*$",
        description="name of the run and its folder, of letters, digits, . _ -; by default that of the file",
    )
    title: _Title = Field(default=Title(), description="title for reports, {en: ..., zh: ...}")
    horizon: Horizon = Field(default=Horizon(), description="planning years and discounting")
    space: Space = Field(default=Space(), description="provinces")
    time: Time = Field(default=Time(), description="typical days")
    series: Series = Field(default=Series(), description="own hourly data")
    inputs: _Inputs = Field(
        default=None,
        description="another folder of inputs, relative to the scenario file; or a list of folders, of which "
        "a later one replaces files of those before: [default, my_tables]; default is the shipped folder",
    )
    physical: Physical = Field(default=Physical(), description="the power system whatever the market design")
    markets: dict[str, Any] = Field(default={}, description="mechanisms that are on, each with its options")
    overrides: _Overrides = Field(default=(), description="input numbers to change")
    solver: Solver = Field(default=Solver(), description="solver")
    projects: Projects = Field(default=Projects(), description="projects whose returns are reported")
    waive: Annotated[tuple[Waiver, ...], Field(strict=False)] = Field(
        default=(), description="warnings, and inputs without effect, that are meant, each with a reason"
    )

    _where: Where = PrivateAttr(default_factory=lambda: Where.of({}))
    _design: str = PrivateAttr(default="")
    _label: str = PrivateAttr(default="")
    _layers: Any = PrivateAttr(default=None)
    _remarks: tuple[Any, ...] = PrivateAttr(default=())
    _examined: bool = PrivateAttr(default=False)  # whether each setting has an effect

    @model_validator(mode="after")
    def _prices_exist(self) -> Scenario:
        if self.physical.capacities_of is not None and self.projects.prices == "expansion":
            text = "capacities are held, so there are no expansion prices; write `dispatch`, or delete it"
            wrong(text, "projects", "prices")
        return self

    @property
    def dispatch_prices(self) -> bool:
        """Projects are paid prices of held capacities, not those of a plan that builds."""
        return self.projects.prices == "dispatch" or self.physical.capacities_of is not None

    @property
    def where(self) -> Where:
        """Where the document says what; ``where.at("markets", "carbon")`` is one mechanism's part."""
        return self._where

    def __eq__(self, other: object) -> bool:
        """Same settings; where they were written does not matter."""
        return isinstance(other, Scenario) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.name)

    def sibling(self, design: str) -> str:
        """Name of the run of another design of the same file, at the same point of its sweep; "" where the
        file has no designs."""
        point = f"-{self._label}" if self._label else ""
        return self.name.removesuffix(self._design + point) + design + point if self._design else ""

    def at_point(self, point: str) -> str:
        """Name of the run of another point of the sweep, of the same design; "" where there is no sweep."""
        return self.name.removesuffix(self._label) + point if self._label else ""


def outside_horizon(value: object, horizon: Horizon, where: Where) -> list[str]:
    """Problems of a year-keyed mapping: years before the base year or after the last span.

    Args:
        value: a `ByYear`; a number has no years and no problems.
        horizon: of the scenario.
        where: the part of the scenario that holds the value.
    """
    if not isinstance(value, Mapping):
        return []
    last = horizon.years[-1] + horizon.last_span - 1
    remedy = f"is outside the horizon; write years from {horizon.base_year} to {last}"
    return [
        Problem(
            where.at(year).node.key_place, f"`{written((*where.path, year))}` {remedy}", "PIC-S038"
        ).message()
        for year in value
        if not horizon.base_year <= year <= last
    ]
