"""Claims of the paper as data, and what runs say about them: pure functions of a table of indicators."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from picmodel.errors import InputError

#: columns of the table of a ladder: national indicators of every run
TABLE = ["setting", "design", "indicator", "technology", "year", "value", "unit"]
CORE = "core"
Verdict = Literal["within", "below", "above", "opposite", "undefined"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
#: a change that rounds to nothing is no change of either sign [% or points]
NOTHING = 0.05
#: an increment over no policy below this share of the total is noise
NOTICEABLE = 1e-3


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reading(_Strict):
    """One way to read a claim: an indicator of two rungs.

    Attributes:
        over: a rung whose value is taken off both.
        main: the reading that the page puts first.
        zh: the title in Chinese, for reports.
    """

    name: str
    title: str
    zh: str = ""
    indicator: str
    technology: str = "all"
    before: Annotated[str, Field(alias="from")]
    after: Annotated[str, Field(alias="to")]
    over: str | None = None
    main: bool = False


class Claim(_Strict):
    """What the paper says: a change between ``low`` and ``high`` in the direction ``sign``.

    Attributes:
        rounding: half of the last printed digit.
        unit: "%" where a change in points makes sense too.
    """

    name: str
    title: str
    quote: str
    low: float
    high: float
    rounding: float = Field(ge=0.0)
    sign: Literal[1, -1]
    unit: str
    readings: tuple[Reading, ...]


class Claims(_Strict):
    """All claims; ``years`` of shares; ``variants``: end of a design's name -> what it assumes."""

    years: tuple[int, ...]
    claims: tuple[Claim, ...]
    variants: Mapping[str, str]


def read_claims(path: Path) -> Claims:
    """Claims of a TOML file.

    Raises:
        InputError: there is no such file, or it says something else; all problems.
    """
    try:
        return Claims.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror}); name it with --claims"]) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError([f"{path}: {error}"]) from None
    except ValidationError as error:
        said = [f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InputError(said) from None


def verdict(change: float | None, claim: Claim) -> Verdict:
    """Where a change [% or points] stands beside a claim.

    ``within`` the claimed range as it is printed; ``below`` or ``above`` it in the claimed direction, where
    no change is below; ``opposite`` to it; ``undefined`` where there is no number.
    """
    if change is None or not math.isfinite(change):
        return "undefined"
    size = claim.sign * change
    if size <= -NOTHING:
        return "opposite"
    if size < claim.low - claim.rounding:
        return "below"
    return "within" if size <= claim.high + claim.rounding else "above"


#: what a path of values over the years is of
_KEY = ("setting", "design", "indicator", "technology")


@dataclass(frozen=True)
class Values:
    """National indicators of all runs, by setting and design."""

    table: pd.DataFrame

    @property
    def settings(self) -> list[str]:
        return list(self._designs)

    def unit(self, indicator: str) -> str:
        """The unit of an indicator's values; "" where no run has it."""
        return self._units.get(indicator, "")

    def designs(self, setting: str) -> list[str]:
        return list(self._designs.get(setting, ()))

    def of(self, setting: str, design: str, indicator: str, technology: str = "all") -> dict[int, float]:
        """Values by year; empty where there are none."""
        return dict(self._by_year.get((setting, design, indicator, technology), {}))

    @cached_property
    def _designs(self) -> dict[str, list[str]]:
        pairs = self.table[["setting", "design"]].drop_duplicates()
        return {str(name): list(rows) for name, rows in pairs.groupby("setting", sort=False)["design"]}

    @cached_property
    def _units(self) -> dict[str, str]:
        return dict(self.table[["indicator", "unit"]].itertuples(index=False, name=None))

    @cached_property
    def _by_year(self) -> dict[tuple, dict[int, float]]:
        """The table by what `of` is asked for: thousands of times for one page."""
        found: dict[tuple, dict[int, float]] = {}
        columns = [self.table[name].tolist() for name in (*_KEY, "year", "value")]
        for *key, year, value in zip(*columns):
            found.setdefault(tuple(key), {})[int(year)] = float(value)
        return found


def findings(values: Values, claims: Claims) -> pd.DataFrame:
    """One row per claim, reading, setting, variant and year.

    Returns:
        Columns claim, reading, title, main, setting, variant, year (0: none), from, to (designs), before,
        after, unit (of these two), points (None where the unit has none), relative [%], verdict_relative,
        verdict_points, why (a number is undefined).
    """
    rows = []
    for claim in claims.claims:
        for reading in claim.readings:
            for setting in values.settings:
                for variant in (CORE, *claims.variants):
                    rows += _of_variant(values, claims, claim, reading, setting, variant)
    return pd.DataFrame(rows)


def _of_variant(
    values: Values, claims: Claims, claim: Claim, reading: Reading, setting: str, variant: str
) -> list[dict]:
    designs = values.designs(setting)

    def named(rung: str) -> str:
        of_variant = f"{rung}_{variant}"
        return of_variant if of_variant in designs else rung

    before, after = named(reading.before), named(reading.after)
    if variant != CORE and after == reading.after:
        return []  # the variant does not speak of this reading
    rows = []
    for year in claims.years if reading.indicator.endswith(_BY_YEAR) else (0,):
        found = _compared(values, setting, reading, year, before, after, named)
        points = found.points if claim.unit == "%" else None
        rows.append(
            {
                "claim": claim.name,
                "reading": reading.name,
                "title": reading.title,
                "main": reading.main,
                "setting": setting,
                "variant": variant,
                "year": year,
                "from": before,
                "to": after,
                "before": found.before,
                "after": found.after,
                "unit": "%" if reading.indicator.endswith(_BY_YEAR) else values.unit(reading.indicator),
                "points": points,
                "relative": found.relative,
                "verdict_relative": verdict(found.relative, claim),
                "verdict_points": verdict(points, claim) if claim.unit == "%" else "",
                "why": found.why,
            }
        )
    return rows


#: indicators that have a value for every planning year; others have one for the run
_BY_YEAR = ("_share", "_share_of_consumption", "_share_by_certificates")


@dataclass(frozen=True)
class _Change:
    before: float | None = None
    after: float | None = None
    points: float | None = None
    relative: float | None = None
    why: str = ""


def _compared(values: Values, setting: str, reading: Reading, year: int, before: str, after: str, named):
    """The change between two designs, and why there is none."""
    scale = 100.0 if reading.indicator.endswith(_BY_YEAR) else 1.0
    wanted = [before, after, *([named(reading.over)] if reading.over else [])]
    found = []
    for design in wanted:
        number = values.of(setting, design, reading.indicator, reading.technology).get(year)
        if number is None or not math.isfinite(number):
            ran = design in values.designs(setting)
            what = "no such number" if ran else "not computed"
            return _Change(why=f"{design}: {what}")
        found.append(scale * number)
    first, second, *less = found
    if less:
        total, first, second = first, first - less[0], second - less[0]
        if first < NOTICEABLE * total:
            why = (
                f"{before} costs {100 * first / total:+.2f} % over {wanted[2]}: no increment to compare with"
            )
            return _Change(first, second, second - first, None, why)
    if first <= 0.0:
        return _Change(first, second, second - first, None, f"{before} is not above zero")
    return _Change(first, second, second - first, 100.0 * (second / first - 1.0))


def hangs_on(found: pd.DataFrame, variants: Mapping[str, str], most: int = 3) -> str:
    """The variants that move the change of one reading, setting and year most; "" where none does."""
    relative = {name: x for name, x in zip(found["variant"], found["relative"]) if pd.notna(x)}
    core = relative.pop(CORE, None)
    if core is None:
        return ""
    moved = {name: abs(x - core) for name, x in relative.items()}
    order = sorted((name for name in moved if moved[name] >= NOTHING), key=lambda name: -moved[name])
    return "; ".join(f"{variants[name]}: {relative[name]:+.1f} %" for name in order[:most])


def groups(found: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str, int], pd.DataFrame]]:
    """Findings by claim, reading, setting and year, in the order of the claims."""
    keys = ["claim", "reading", "setting", "year"]
    for key, part in found.groupby(keys, sort=False):
        claim, reading, setting, year = key  # type: ignore[misc]
        yield (str(claim), str(reading), str(setting), int(year)), part


def counted(verdicts: Sequence[str]) -> str:
    """How often which verdict, in the order of `VERDICTS`."""
    counts = {name: list(verdicts).count(name) for name in VERDICTS}
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n)
