"""docs/pic2022.md and its figures from docs/pic2022.csv: `python docs/pic2022.py`, without a solve.

`picmodel ladder scenarios/pic2022 --write docs/pic2022.csv` makes the table.  Every number of the page comes
from it, every sentence that interprets numbers is written only where they say so, and assumptions come from
the scenarios and from inputs/.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd

from picmodel import driver
from picmodel.chronology import markdown as chronology
from picmodel.ladder.claims import CORE, Claims, Values, counted, findings, groups, hangs_on, read_claims
from picmodel.ladder.runs import read_table
from picmodel.ladder.show import number, verdict_text
from picmodel.report.markdown import table
from picmodel.scenario.load import load
from picmodel.studies import markdown
from picmodel.studies.files import Attribution, Sensitivity, read_study

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
TABLE, PAGE, FIGURES = DOCS / "pic2022.csv", DOCS / "pic2022.md", DOCS / "figures"
#: tables of the studies, as `picmodel attribute` and `picmodel sensitivity` write them
ATTRIBUTION, HELD_CLAIMS, TORNADO = (
    DOCS / f"pic2022_{name}.csv" for name in ("attribution", "claims", "tornado")
)
#: the nation's figures of `picmodel dispatch … --year 2030 --write docs/pic2022_hourly.csv`
HOURLY = DOCS / "pic2022_hourly.csv"
CLAIMS = ROOT / "scenarios" / "pic2022" / "claims.toml"

RUNGS = {
    "no_policy": "0 no policy",
    "separate": "1 separate",
    "ccer": "2 CCER",
    "unified": "3 unified",
    "reform": "4 reform",
    "ccer_equal": "2 equal",
    "unified_equal": "3 equal",
    "reform_equal": "4 equal",
}
HELD = {
    "separate_held": "1 held",
    "ccer_held": "2 held",
    "unified_held": "3 held",
    "reform_held": "4 held",
    "reform_cfd_held": "4 CfD, held",
    "reform_guaranteed_held": "4 tariff, held",
}
SETTINGS = {"today": "As of today", "as_of_2020": "As of 2020"}
BUILT = ("wind_onshore", "wind_offshore", "solar_utility", "solar_distributed")
#: components of cost as a reader knows them; others by their own name
COMPONENTS = {"om": "O&M", "unserved": "energy not served"}
#: sources of what no rung uses
UNUSED = ("assumption_ccs",)
#: tables of inputs whose assumptions the answers hang on
ASSUMED = {
    "build_rates": "how fast wind, sun and the rest can be added",
    "technology_costs": "costs",
    "demand": "demand",
    "fuel_prices": "fuel prices",
    "potentials": "sites",
    "capacity_credits": "what a GW counts for in the adequacy rule",
    "corridors": "lines between provinces",
    "thermal_hours": "planned hours",
    "policy/benchmarks": "benchmarks of the carbon market",
    "policy/obligation_weights": "weights of the obligation",
    "policy/crediting_factors": "CO2 of a CCER",
    "policy/tariffs": "regulated tariffs",
    "policy/guaranteed_hours": "guaranteed hours",
    "policy/mechanism_prices": "prices of contracts for difference",
    "policy/finance": "terms of projects",
}
OURS = ("assumption", "estimate", "recalled")
_FOLDER = ROOT / "scenarios" / "pic2022"
FILES = {"today": _FOLDER / "ladder.yaml", "as_of_2020": _FOLDER / "as_of_2020.yaml"}
#: option of a market of rung 1 -> what it is, and why it is so
CHOSEN = {
    "power.dispatch": (
        "dispatch of rungs 0 to 3",
        "how the system ran before the reform; no policy that the ladder adds",
    ),
    "power.planned_share": (
        "guaranteed share of planned hours",
        "assumption; no rule states a number",
    ),
    "power.barrier_cny_per_mwh": (
        "hurdle between provinces, CNY/MWh",
        "assumption, for preference of plants at home",
    ),
    "power.contract_band_share": ("band round flat contracts of flows, share", "assumption"),
    "carbon.offset_limit_share": ("CCER over verified emissions", "rule of the national market: 5 %"),
    "carbon.external_ccer": ("CCER from outside the power sector", "assumption"),
    "carbon.ceiling_cny_per_t": (
        "price at which the state sells allowances, CNY/t",
        "assumption; the market has none, and the LP needs a price for what is missing",
    ),
    "green_certificates.trade": (
        "trade of certificates before the link",
        "green power is sold with its certificate and follows flows",
    ),
    "green_certificates.compliance_payment_cny_per_mwh": (
        "paid for an obligation not met, CNY/MWh",
        "assumption; the rules have none",
    ),
    "green_certificates.conversion_factor_t_per_mwh": (
        "CO2 of a certificate on rung 3, t/MWh",
        "about the national grid factor; one number, so that nobody gains by going round",
    ),
}


# -- the page


def page(values: Values, claims: Claims) -> str:
    """The whole page."""
    found = findings(values, claims)
    parts = [HEAD, _core_table(found, claims), FIGURE_LINES]
    parts += [_readings(found, claims)]
    for setting in values.settings:
        parts.append(_setting(values, setting, claims))
    parts += [_attribution(), _sensitivity(), _assumptions(values.settings), TAIL]
    return "\n".join(parts).rstrip() + "\n"


def _attribution() -> str:
    """Which mechanism contributes how much, if the study was run."""
    if not ATTRIBUTION.is_file():
        return ""
    study, _ = read_study(_FOLDER / "attribution.yml", Attribution)
    return ATTRIBUTION_TEXT + "\n" + markdown.attribution(pd.read_csv(ATTRIBUTION), study)


def _sensitivity() -> str:
    """How often claims hold and what moves them, if the study was run."""
    if not (HELD_CLAIMS.is_file() and TORNADO.is_file()):
        return ""
    study, _ = read_study(_FOLDER / "sensitivity.yml", Sensitivity)
    held, moved = pd.read_csv(HELD_CLAIMS), pd.read_csv(TORNADO)
    return "\n".join(
        [
            SENSITIVITY_TEXT,
            markdown.claims(held, study),
            "![What moves the claimed changes](figures/pic2022_tornado.svg)\n",
            "What moves each claimed change most, alone from one end of its range to the other:\n",
            markdown.tornado(moved, study),
            "Ranges, which are judgements and no confidence intervals:\n",
            markdown.ranges(study),
        ]
    )


ATTRIBUTION_TEXT = """## What each mechanism contributes, as of today

Exact Shapley values of the change from rung 1 to rung 4 (`picmodel attribute
scenarios/pic2022/attribution.yml`; 48 subsets, two typical days and the worst one in 6-hour steps), the share
of the total, and the least and most that the mechanism adds over all orders of entering.
[How to read it](studies.md).
"""
SENSITIVITY_TEXT = """## How often the claims hold, as of today

A Latin hypercube over the ranges below, and each parameter alone (`picmodel sensitivity
scenarios/pic2022/sensitivity.yml`; planning years 2025, 2030 and 2035, two typical days and the worst one in
6-hour steps). A claim holds in sign where the change has the sign of the range, and in range where it lies in
it. [How to read it](studies.md).
"""
HEAD = """# The paper's ladder: what it claims, what the model finds

Generated by `python docs/pic2022.py` from `docs/pic2022.csv`, which
`picmodel ladder scenarios/pic2022 --write docs/pic2022.csv` makes (it solves what is missing); a test keeps
the page in step with the table. Claims and the ways to read them: `scenarios/pic2022/claims.toml`.
Nothing is tuned to the paper (Zou, Wang, Sun 2022, section 4.1): its figures come from a model (PIC) of
which nothing is published but these three sentences, so this is a comparison, not a replication.

31 provinces, three typical days and the worst one in 4-hour steps. Costs are real, without VAT and without
sunk capital; the peak is the power sector's, and peak cost is what the system costs, discounted, from the
first year through 2030. Returns are of the project, real, before tax, weighted with the portfolio that rung
1 builds, all vintages.

Rungs, each adding to the one before: **0** no carbon market and no certificates; **1** separate markets;
**2** new wind and sun may become CCER, with which allowances are met up to 5 %; **3** certificates of new
wind and sun count in the carbon market; **4** power-market reform on top: hourly prices for all, no planned
hours, no flat contracts and no hurdle between provinces, financial contracts, paid adequacy. Rungs 0 to 3
keep planned dispatch: that is how the system ran, not policy that the ladder adds. *Equal*: the same rung
emits at most what rung 1 emits, year by year. *Held*: the same rung at the capacities of rung 1.

A verdict compares a change with the claimed range, as it is printed: **within**, **below** (same direction
or none), **above**, **opposite**, or **undefined**, with the reason. The paper does not say whether its
percentages are relative or points: both are judged.

## The three claims
"""
FIGURE_LINES = """
![Renewable share of generation](figures/pic2022_share.svg)

![Peak cost against rung 1, by component](figures/pic2022_cost.svg)

![Return of wind and sun](figures/pic2022_return.svg)
"""
HOURLY_TEXT = """### All 8760 hours of {year}

The same capacities, dispatched hour by hour (`picmodel dispatch RESULT… --year {year} --write
docs/pic2022_hourly.csv`; [what is handed over](chronology.md)): the plan's days → all hours.
"""
TAIL = """## Not in the model

Market power and strategic bids; forecast errors, so that a spot market and flexibility are worth more than
is found here; grids inside a province; the rest of the economy, so that the peak is not the nation's; risk,
so that a contract which lowers the cost of capital raises no return here. Few days: shares and prices of
`reference.yaml`, with more, differ by a point or two.
"""


def _title(setting: str) -> str:
    return SETTINGS.get(setting, setting)


def _core_table(found: pd.DataFrame, claims: Claims) -> str:
    """What the paper claims | what the model finds | verdict | what it hangs on: main readings."""
    titles = {claim.name: claim.title for claim in claims.claims}
    rows = []
    for (claim, _, setting, year), part in groups(found[found["main"]]):
        core = part[part["variant"] == CORE].iloc[0]
        label = f"{_title(setting)}, {core.title}" + (f", {year}" if year else "")
        rows.append([titles[claim], label, _finding(core), f"**{verdict_text(core)}**", _why(part, claims)])
    head = ["the paper claims", "reading", "the model finds", "verdict", "what it hangs on"]
    return table(head, rows, left=5)


def _finding(row: pd.Series) -> str:
    if pd.isna(row.before):
        return "not computed" if "not computed" in row.why else "–"
    text = f"{number(row.before)} → {number(row.after)}: {number(row.relative, '+', ' %')}"
    return text + (
        f", {number(row.points, '+')} points" if row.points is not None and pd.notna(row.points) else ""
    )


def _why(part: pd.DataFrame, claims: Claims) -> str:
    core = part[part["variant"] == CORE].iloc[0]
    none = "no variant moves it" if (part["variant"] != CORE).any() else "no variant of it was run"
    return hangs_on(part, claims.variants) or core.why or none


def _readings(found: pd.DataFrame, claims: Claims) -> str:
    """Every reading of every claim."""
    parts = ["## Every reading\n"]
    for claim in claims.claims:
        rows = []
        for (_, _, setting, year), part in groups(found[found["claim"] == claim.name]):
            core = part[part["variant"] == CORE].iloc[0]
            others = part[part["variant"] != CORE]
            label = core.title + (f", {year}" if year else "")
            row = [label, _title(setting), _finding(core), verdict_text(core)]
            rows.append([*row, counted(list(others["verdict_relative"])), _why(part, claims)])
        head = ["reading", "setting", "finds", "verdict", "in variants", "what it hangs on"]
        parts += [f"**{claim.title}** (「{claim.quote}」)\n", table(head, rows, left=6)]
    variants = [f"- *{name}*: {text}" for name, text in claims.variants.items()]
    return "\n".join([*parts, "Variants, each one assumption changed:\n", *variants, ""])


# -- one setting


def _setting(values: Values, setting: str, claims: Claims) -> str:
    designs = values.designs(setting)
    rungs = {d: title for d, title in RUNGS.items() if d in designs}
    parts = [f"## {_title(setting)}\n", _rung_table(values, setting, rungs)]
    held = {d: title for d, title in HELD.items() if d in designs}
    if held:
        parts += ["Capacities held at those of rung 1:\n", _rung_table(values, setting, held)]
    switches = [d for d in designs if d.startswith("switch_")]
    if switches:
        parts += ["One element of the reform at a time, against rung 1:\n", _moves(values, setting, switches)]
    ends = tuple(f"_{name}" for name in (*claims.variants, "cfd", "guaranteed", "contracts"))
    others = [d for d in designs if d.endswith(ends)]
    if others:
        parts += ["What the answers hang on, against rung 1:\n", _moves(values, setting, others)]
    sentences = [f"- {text}" for text in reading(values, setting)]
    return "\n".join([*parts, "### Reading\n", *sentences, "", *_hourly(setting)])


def _hourly(setting: str) -> list[str]:
    """What typical days missed, rung by rung, if the rungs were dispatched over all hours."""
    if not HOURLY.is_file():
        return []
    found = pd.read_csv(HOURLY)
    names = {f"{setting}-{design}": title for design, title in RUNGS.items()}
    run = {name: title for name, title in names.items() if name in set(found["scenario"])}
    if not run:
        return []
    sentences = [f"- {text}" for text in hourly_reading(found, run)]
    return [HOURLY_TEXT.format(year=found["year"].iloc[0]), chronology.hourly(found, run), *sentences, ""]


def hourly_reading(found: pd.DataFrame, run: Mapping[str, str]) -> Iterator[str]:
    """What is short and why, and whether steps between rungs are the same over all hours."""
    cells = found.set_index(["scenario", "indicator", "technology"])["hourly"]
    short = {name: cells.get((name, "unserved_energy", "all"), 0.0) for name in run}
    worst = max(short, key=lambda name: short[name])
    if short[worst] > 1.0:
        exported = cells.get((worst, "unserved_while_exporting", "all"), 0.0)
        free = [
            f"; on rung {run[name]}, without such contracts, none"
            for name in run
            if name.endswith("-reform") and short[name] < 1.0
        ]
        yield (
            f"**{short[worst] / 1e3:.1f} TWh go unserved on rung {run[worst]}**, "
            f"{100 * exported / short[worst]:.0f} % of it while flat contracts take power out of the same "
            f"province{''.join(free)}. These hours lift the mean price, and with it what wind earns."
        )
    for start, end in pairwise(run):
        share, cost, emitted = (
            chronology.changes(found, start, end, name)
            for name in ("renewable_share", "fuel_and_variable_om", "emissions")
        )
        points, tonnes, money = (
            f"{signed(factor * plan, decimals)} in the plans' days and {signed(factor * hours, decimals)}"
            for (plan, hours), factor, decimals in ((share, 100, 2), (emitted, 1, 0), (cost, 1, 0))
        )
        yield (
            f"**From {run[start]} to {run[end]}** the share changes by {points} points over all hours, "
            f"emissions by {tonnes} Mt, fuel and variable O&M by {money} bn CNY a year."
        )


def signed(value: float, decimals: int) -> str:
    """With its sign, but for zero."""
    rounded = round(value, decimals)
    return f"{rounded:+,.{decimals}f}" if rounded else "0"


#: in the place of decimals: a calendar year
YEAR = -1
#: line of a table of rungs: label, indicator, technology, scale, decimals, by year
LINES: tuple[tuple[str, str, str, float, int, bool], ...] = (
    ("renewable share of generation, %", "renewable_share", "all", 100.0, 1, True),
    ("without hydro, %", "nonhydro_share", "all", 100.0, 1, True),
    ("of consumption by traced flow, %", "renewable_share_of_consumption", "all", 100.0, 1, True),
    ("of consumption by certificates, %", "renewable_share_by_certificates", "all", 100.0, 1, True),
    ("emissions, Mt CO2", "emissions", "all", 1.0, 0, True),
    ("peak year", "peak_year", "all", 1.0, YEAR, False),
    ("peak level, Mt CO2", "peak_level", "all", 1.0, 0, False),
    ("allowance price, CNY/t", "allowance_price", "all", 1.0, 0, True),
    ("price of the emissions held, CNY/t", "held_emissions_price", "all", 1.0, 0, True),
    ("certificate price, non-hydro, CNY/MWh", "certificate_price", "nonhydro", 1.0, 1, True),
    ("energy price, CNY/MWh", "energy_price", "all", 1.0, 0, True),
    ("consumers pay, CNY/MWh", "consumer_price", "all", 1.0, 0, True),
    ("IRR wind and sun, %", "project_irr", "wind_and_solar", 1.0, 1, True),
    ("IRR of all vintages, %", "project_irr", "wind_and_solar", 1.0, 1, False),
    ("at the upper end of prices, %", "project_irr_upper", "wind_and_solar", 1.0, 1, False),
    ("after tax, %", "project_irr_post_tax", "wind_and_solar", 1.0, 1, False),
    ("IRR of all vintages, own portfolio, %", "project_irr_own_portfolio", "wind_and_solar", 1.0, 1, False),
)


def _rung_table(values: Values, setting: str, rungs: dict[str, str]) -> str:
    rows = []
    for label, indicator, technology, scale, decimals, by_year in LINES:
        found = {d: values.of(setting, d, indicator, technology) for d in rungs}
        years = sorted({y for of in found.values() for y in of if (y > 0) == by_year})
        for year in years:
            numbers = [_scaled(of.get(year), scale, decimals) for of in found.values()]
            what, _, unit = label.rpartition(", ")
            rows.append([f"{what} {year}, {unit}" if year else label, *numbers])
    rows += _cost_rows(values, setting, list(rungs))
    return table(["", *rungs.values()], rows, left=1)


def _scaled(value: float | None, scale: float, decimals: int) -> str:
    if value is None:
        return "–"
    if pd.isna(value):
        return "none"
    if decimals == YEAR:
        return f"{value:.0f}"
    text = f"{scale * value:,.{decimals}f}"
    return text if float(text.replace(",", "")) else f"{0:.{decimals}f}"


def _cost_rows(values: Values, setting: str, rungs: Sequence[str]) -> Iterator[list[str]]:
    """Peak cost: total, against rung 1, over no policy, and by component."""
    found = {d: costs(values, setting, d) for d in rungs}
    base, nothing = (costs(values, setting, d).get("all") for d in ("separate", "no_policy"))
    totals = [of.get("all") for of in found.values()]
    yield ["peak cost, bn CNY", *(_scaled(x, 1.0, 0) for x in totals)]
    yield ["against rung 1, %", *(_change(x, base, lambda a, b: 100 * (a / b - 1)) for x in totals)]
    yield ["over no policy, bn CNY", *(_change(x, nothing, lambda a, b: a - b, 1) for x in totals)]
    for component in dict.fromkeys(c for of in found.values() for c in of if c != "all"):
        yield [
            f"– {_component(component)}",
            *(_scaled(of.get(component), 1.0, 0) for of in found.values()),
        ]


def _component(name: str) -> str:
    return COMPONENTS.get(name, name.replace("_", " "))


def costs(values: Values, setting: str, design: str) -> dict[str, float]:
    """Peak cost by component [bn CNY], ``all`` among them."""
    t = values.table
    rows = t[(t["setting"] == setting) & (t["design"] == design) & (t["indicator"] == "peak_cost")]
    return dict(zip(rows["technology"], rows["value"]))


def _change(
    value: float | None, base: float | None, how: Callable[[float, float], float], decimals: int = 2
) -> str:
    if value is None or base is None:
        return "–"
    return f"{how(value, base):+,.{decimals}f}"


#: what a design moves: heading, indicator, technology, year, factor, relative
MOVES: tuple[tuple[str, str, str, int, float, bool], ...] = (
    ("renewables 2030, points", "renewable_share", "all", 2030, 100.0, False),
    ("2035, points", "renewable_share", "all", 2035, 100.0, False),
    ("emissions 2030, Mt", "emissions", "all", 2030, 1.0, False),
    ("2035, Mt", "emissions", "all", 2035, 1.0, False),
    ("peak cost, %", "peak_cost", "all", 0, 100.0, True),
    ("whole horizon, %", "full_horizon_cost", "all", 0, 100.0, True),
    ("consumers pay 2030, CNY/MWh", "consumer_price", "all", 2030, 1.0, False),
    ("IRR wind and sun, points", "project_irr", "wind_and_solar", 0, 1.0, False),
)


def _moves(values: Values, setting: str, designs: Sequence[str]) -> str:
    rows = []
    for design in designs:
        cells = [design.removeprefix("switch_")]
        for _, indicator, technology, year, factor, relative in MOVES:
            after, before = (
                values.of(setting, d, indicator, technology).get(year) for d in (design, "separate")
            )
            if after is None or before is None:
                cells.append("–")
            else:
                change = factor * (after / before - 1 if relative else after - before)
                cells.append(number(change, "+"))
        prices = [values.of(setting, design, "allowance_price").get(y) for y in (2030, 2035)]
        rows.append([*cells, " / ".join(_scaled(p, 1.0, 0) for p in prices)])
    return table(["", *(move[0] for move in MOVES), "allowance 2030 / 2035, CNY/t"], rows, left=1)


# -- sentences that the numbers must bear


def reading(values: Values, setting: str) -> list[str]:
    """Sentences on a setting; each is written only where its numbers are there and say so."""
    found = []
    for sentence in SENTENCES:
        try:
            text = sentence(Numbers(values, setting))
        except KeyError:
            continue  # a run or an indicator is not there
        if text:
            found.append(text)
    return found


class Numbers:
    """Numbers of one setting by design; KeyError where there is none."""

    def __init__(self, values: Values, setting: str) -> None:
        self.values, self.setting = values, setting

    def __call__(self, design: str, indicator: str, year: int = 0, technology: str = "all") -> float:
        return self.values.of(self.setting, design, indicator, technology)[year]

    def path(self, design: str, indicator: str, technology: str = "all") -> dict[int, float]:
        found = self.values.of(self.setting, design, indicator, technology)
        if not found:
            raise KeyError(indicator)
        return found

    def built(self, design: str, year: int) -> float:
        """Wind and sun that stand [GW]."""
        return sum(self(design, "capacity", year, technology) for technology in BUILT)


def flooded(n: Numbers) -> str:
    """The link takes the allowance price down."""
    before, after = n.path("separate", "allowance_price"), n.path("unified", "allowance_price")
    lost = [y for y in before if before[y] >= 1.0 and after.get(y, 0.0) < 1.0]
    if not lost:
        return ""
    kept = ", ".join(f"{before[y]:,.0f} CNY/t in {y}" for y in lost)
    more = [y for y in before if n("unified", "emissions", y) > n("separate", "emissions", y) + 1.0]
    rise = (
        " Emissions rise, by "
        + ", ".join(
            f"{n('unified', 'emissions', y) - n('separate', 'emissions', y):,.0f} Mt in {y}" for y in more
        )
        + ": what made inefficient coal dearer is gone."
        if more
        else " Emissions do not rise by a million tonnes in any year, so that price moved little."
    )
    return (
        "**The link floods the carbon market.** With certificates counted in it, the allowance price is zero "
        f"where it was {kept}. "
        "A benchmark market is short of little, and new wind and sun certify many times that." + rise
    )


def as_without_policy(n: Numbers) -> str:
    """A flooded market is no market."""
    years = n.path("no_policy", "emissions")
    apart = max(abs(n(d, "emissions", y) - years[y]) for d in ("ccer", "unified") for y in years)
    gap = max(abs(n("separate", "emissions", y) - years[y]) for y in years)
    if apart > 0.5 or gap < 1.0:
        return ""
    return (
        "**Rungs 2 and 3 are rung 0**: with both prices at zero the system is built and run as without any "
        f"policy (emissions within {apart:.1f} Mt in every year, where rung 1 differs by up to {gap:,.0f})."
    )


def binding_weights(n: Numbers) -> str:
    """Obligations that cost something: what they add, and what nationwide trade does to that."""
    price = max(n.path("separate", "certificate_price", "nonhydro").values())
    if price < 5.0:
        return ""
    nothing, before, after = (
        100 * n(d, "renewable_share", 2030) for d in ("no_policy", "separate", "unified")
    )
    met, met_after = (100 * n(d, "renewable_share_by_certificates", 2030) for d in ("separate", "unified"))
    text = (
        f"**Weights bind**: a certificate of rung 1 costs up to {price:.0f} CNY/MWh, and in 2030 the share "
        f"is {before - nothing:.1f} points above that without policy."
    )
    if after < before - 0.5 and abs(met - met_after) < 0.5:
        text += (
            f" On rung 3 the same weights ({met_after:.1f} % of consumption) are met with "
            f"{before - after:.1f} points less: where certificates follow the flow of power, provinces that "
            "have more than they owe cannot sell it all, and others build at home; sold nationwide, none is "
            "stranded."
        )
    return text


def dearer_at_equal(n: Numbers) -> str:
    """A resource cost that rises though the plan is cheaper by what it sees."""
    rise = n("unified_equal", "peak_cost") - n("separate", "peak_cost")
    before, after = (
        sum(n(d, "peak_transfer", 0, item) for item in ("wheeling", "barrier"))
        for d in ("separate", "unified_equal")
    )
    if rise <= 0.0 or after + rise >= before:
        return ""
    return (
        f"**At equal emissions rung 3 uses more resources** (+{rise:,.0f} bn CNY to the peak) and less "
        f"trade: wheeling charges and hurdles between provinces fall by {before - after:,.0f} bn CNY. The "
        "plan sees both, the cost to society only the first: certificates that had to follow flows made "
        "provinces trade in spite of the hurdles."
    )


def same_plants(n: Numbers) -> str:
    """Which plants answer to a design at all."""
    fixed = ("wind_onshore", "solar_utility")
    designs = ("separate", "ccer", "unified", "reform")
    spread = {
        g: max(n(d, "capacity", 2030, g) for d in designs) - min(n(d, "capacity", 2030, g) for d in designs)
        for g in BUILT
    }
    if any(spread[g] > 1.0 for g in fixed):
        return ""
    answers = [g for g in BUILT if spread[g] > 1.0]
    told = "; ".join(
        f"{g.replace('_', ' ')}: " + ", ".join(f"{n(d, 'capacity', 2030, g):,.0f}" for d in designs)
        for g in answers
    )
    wind, sun = (n("separate", "capacity", 2030, g) for g in fixed)
    return (
        f"**Onshore wind and utility sun are built alike on all rungs** ({wind:,.0f} and {sun:,.0f} GW in "
        "2030): to what the build limits allow, with or without a policy. "
        + (f"What answers [GW on rungs 1 to 4]: {told}." if told else "Nothing else answers either.")
    )


def idle_link(n: Numbers) -> str:
    """There was no price that a link could move."""
    prices, deficits = (n.path("separate", i) for i in ("allowance_price", "allowance_deficit"))
    if max(prices.values()) >= 1.0 or max(deficits.values()) > 0.0:
        return ""
    spare = ", ".join(f"{-x:,.0f} Mt in {y}" for y, x in deficits.items())
    return (
        "**Nothing binds that a link could ease**: under separate markets the allowance price is zero in "
        f"every year, because the fleet is better than its benchmarks ({spare} are left over). The link is "
        "worth nothing to those who owe."
    )


def slack_weights(n: Numbers) -> str:
    """Certificates cost next to nothing."""
    found = n.path("separate", "certificate_price", "nonhydro")
    highest = max(found.values())
    if highest >= 5.0:
        return ""
    return (
        f"**Weights are slack**: a certificate of rung 1 costs at most {highest:.1f} CNY/MWh, so an "
        "obligation adds no plant that cost alone would not. The market of 2025–26 pays 1 to 6."
    )


def at_the_limits(n: Numbers) -> str:
    """Build limits, not the design, decide the share."""
    change = n.built("ccer", 2030) / n.built("separate", 2030) - 1
    freed = 100 * (n("separate_free", "renewable_share", 2030) - n("separate", "renewable_share", 2030))
    if abs(change) >= 0.01 or freed <= 2.0:
        return ""
    return (
        f"**Build limits decide the share**: in 2030 {n.built('separate', 2030):,.0f} GW of wind and sun "
        f"stand under rung 1 and {n.built('ccer', 2030):,.0f} under rung 2. Without build limits rung 1 "
        f"alone has a share higher by {freed:.1f} points: with the costs of inputs/ new wind and sun cost "
        "less than the fuel of coal, so they need no certificate."
    )


def linked_share(n: Numbers) -> str:
    """Which way the link with CCER moves the share."""
    points = {
        y: 100 * (n("ccer", "renewable_share", y) - n("separate", "renewable_share", y)) for y in (2030, 2035)
    }
    if max(abs(p) for p in points.values()) < 1.0:
        return (
            f"**CCER linkage hardly moves the share** ({points[2030]:+.2f} points in 2030, "
            f"{points[2035]:+.2f} in 2035), whichever way the claim is read."
        )
    way = "raises" if points[2035] > 0 else "lowers"
    sizes = " and ".join(f"{abs(points[y]):.1f} points in {y}" for y in (2030, 2035))
    return f"**CCER linkage {way} the share** by {sizes}."


def bought_saving(n: Numbers) -> str:
    """What of the saving is left at equal emissions."""
    free, equal = (
        100 * (n(d, "peak_cost") / n("separate", "peak_cost") - 1) for d in ("unified", "unified_equal")
    )
    whole, whole_equal = (
        100 * (n(d, "full_horizon_cost") / n("separate", "full_horizon_cost") - 1)
        for d in ("unified", "unified_equal")
    )
    text = (
        f"**Cost of integration**: {free:+.2f} % to the peak at free emissions and {equal:+.2f} % at equal "
        f"ones; over the whole horizon {whole:+.2f} and {whole_equal:+.2f} %."
    )
    prices = n.path("separate", "allowance_price")
    added = abs(n("separate", "peak_cost") / n("no_policy", "peak_cost") - 1)
    if added < 0.001 and max(prices.values()) >= 1.0:
        text += " The carbon market moves few real resources before 2030, so that there is little to save."
    return text


def small_increment(n: Numbers) -> str:
    """Policy costs next to nothing over no policy."""
    total, nothing = n("separate", "peak_cost"), n("no_policy", "peak_cost")
    share = 100 * (total / nothing - 1)
    if abs(share) >= 0.5:
        return ""
    return (
        f"**Policy itself costs little**: rung 1 is {share:+.2f} % of the cost without any policy "
        f"({total - nothing:+,.1f} bn CNY). Of an increment this small a percentage says little."
    )


def cheaper_reform(n: Numbers) -> str:
    """Reform is what lowers cost; by component."""
    before, after = (costs(n.values, n.setting, d) for d in ("unified", "reform"))
    change = after["all"] - before["all"]
    if change >= -0.01 * before["all"]:
        return ""
    parts = {c: after.get(c, 0.0) - before.get(c, 0.0) for c in {*before, *after} - {"all"}}
    order = sorted(parts, key=lambda c: parts[c])
    listed = ", ".join(f"{_component(c)} {parts[c]:+,.0f}" for c in order if abs(parts[c]) >= 1.0)
    coal = ("coal_1000", "coal_600", "coal_300", "coal_chp", "coal_small")
    more_coal = sum(n("reform", "generation", 2030, g) - n("unified", "generation", 2030, g) for g in coal)
    more_gas = n("reform", "generation", 2030, "gas_ccgt") - n("unified", "generation", 2030, "gas_ccgt")
    emitted = n("reform", "emissions", 2030) - n("unified", "emissions", 2030)
    return (
        f"**Power-market reform is what lowers the cost**: {100 * change / before['all']:+.1f} % to the peak "
        f"over rung 3 (bn CNY: {listed}). In 2030 gas makes {more_gas:+,.0f} TWh and coal {more_coal:+,.0f}, "
        f"and emissions change by {emitted:+,.0f} Mt: without planned hours gas hardly runs and old coal "
        "gives way to new" + ("." if emitted < 0 else ", but nothing prices what coal emits.")
    )


def rewritten_past(n: Numbers) -> str:
    """A reform of the first planning year meets the fleet that was built."""
    first = min(n.path("separate", "emissions"))
    more = n("reform", "emissions", first) - n("unified", "emissions", first)
    gas = n("reform", "generation", first, "gas_ccgt") - n("unified", "generation", first, "gas_ccgt")
    if more < 10.0 or gas > -10.0:
        return ""
    return (
        f"**In {first} reform raises emissions** by {more:,.0f} Mt: its fleet is the one that was built, and "
        f"without planned hours gas plants make {-gas:,.0f} TWh less, which coal makes instead."
    )


def market_value(n: Numbers) -> str:
    """What wind and sun sell is worth about as much under reform; what they lose is the tariff."""
    told = []
    for technology, name in (("wind_onshore", "onshore wind"), ("solar_utility", "utility sun")):
        before, after = (n(d, "project_capture_price", 2030, technology) for d in ("unified", "reform"))
        told.append((name, before, after))
    if any(after < 0.9 * before for _, before, after in told):
        return ""
    listed = ", ".join(f"{name} {before:.0f} → {after:.0f}" for name, before, after in told)
    return (
        "**The price of power does not explain the fall**: what plants of 2030 sell is worth [CNY/MWh] "
        f"{listed}. Under planned dispatch that is a shadow price, and plants are paid the tariff above it."
    )


def idle_hold(n: Numbers) -> str:
    """Reform needs no limit to emit less."""
    lower = all(
        n("reform", "emissions", y) <= n("separate", "emissions", y) + 0.5
        for y in n.path("reform", "emissions")
    )
    if not lower:
        return ""
    return (
        "**Under reform the limit of equal emissions never binds**: its saving comes with lower emissions, "
        "and rung 4 equal is rung 4."
    )


def binding_hold(n: Numbers) -> str:
    """Where the limit does bind the reform: in a year whose fleet is given."""
    binding = {y: x for y, x in n.path("reform_equal", "held_emissions_price").items() if x >= 1.0}
    if not binding:
        return ""
    year = min(binding)
    before, after = (n(d, "energy_price", year) for d in ("reform", "reform_equal"))
    listed = ", ".join(f"{x:,.0f} CNY/t in {y}" for y, x in binding.items())
    return (
        f"**Equal emissions bind the reform**: {listed}. In {year} the energy price goes from {before:.0f} "
        f"to {after:.0f} CNY/MWh with it, and with that price the return of the plants that stand in {year}."
    )


def lower_return(n: Numbers) -> str:
    """Reform ends a regulated price."""
    before, after = (n(d, "project_irr", 0, "wind_and_solar") for d in ("unified", "reform"))
    if after >= before:
        return ""
    text = (
        f"**Reform lowers the return** of wind and sun from {before:.1f} to {after:.1f} %: it ends a tariff "
        "above their cost."
    )
    try:
        cfd, kept = (n(d, "project_irr", 0, "wind_and_solar") for d in ("reform_cfd", "reform_guaranteed"))
    except KeyError:
        return text
    return text + (
        f" How plants are paid decides, not the dispatch: on the same plan they earn {cfd:.1f} % with "
        f"contracts for difference and {kept:.1f} % where the tariff is kept for guaranteed hours."
    )


def held_return(n: Numbers) -> str:
    """The same with capacities held."""
    before, after = (n(d, "project_irr", 0, "wind_and_solar") for d in ("unified_held", "reform_held"))
    free = n("reform", "project_irr", 0, "wind_and_solar")
    text = (
        f"**With capacities held** the return goes from {before:.1f} to {after:.1f} %, where the plan that "
        f"answers ends at {free:.1f}."
    )
    more = n.built("reform", 2030) - n.built("separate", 2030)
    if after > free and more > 10.0:
        text += f" Reform builds {more:,.0f} GW more wind and sun by 2030, and they press their own price."
    if after < free and more < -10.0:
        text += f" Reform builds {-more:,.0f} GW less wind and sun by 2030; held, they press their own price."
    try:
        paid = [
            (name, n(d, "project_irr", 0, "wind_and_solar"))
            for d, name in (
                ("reform_cfd_held", "with contracts for difference"),
                ("reform_guaranteed_held", "with the tariff for guaranteed hours"),
            )
        ]
    except KeyError:
        return text
    listed = " and ".join(f"{irr:.1f} % {name}" for name, irr in paid)
    return f"{text} **How plants are paid decides**: the same dispatch returns {listed}."


def free_return(n: Numbers) -> str:
    """Without build limits a project earns its cost of capital."""
    limited, free = (n(d, "project_irr", 0, "wind_and_solar") for d in ("reform", "reform_free"))
    if free >= limited:
        return ""
    return (
        "**Rents of build limits are part of every return under market pay**: without limits rung 4 returns "
        f"{free:.1f} % in place of {limited:.1f}. A freely built project earns its cost of capital under "
        "every design."
    )


SENTENCES: tuple[Callable[[Numbers], str], ...] = (
    linked_share,
    flooded,
    as_without_policy,
    idle_link,
    slack_weights,
    binding_weights,
    same_plants,
    at_the_limits,
    bought_saving,
    dearer_at_equal,
    small_increment,
    cheaper_reform,
    rewritten_past,
    idle_hold,
    binding_hold,
    lower_return,
    market_value,
    held_return,
    free_return,
)


# -- assumptions


def _assumptions(settings: Sequence[str]) -> str:
    """What the scenarios choose, and sources of every row of the tables that matter which is ours."""
    names = [s for s in settings if s in FILES]
    told = [_options(FILES[s]) for s in names]
    chosen = [[what, *(_plain(of, path) for of in told), why] for path, (what, why) in CHOSEN.items()]
    parts = ["## Assumptions, with their sources\n", "### Chosen by the scenarios\n"]
    parts += [table(["what", *map(_title, names), "why"], chosen, 2 + len(names)), "### Of the inputs\n"]
    parts.append(
        "Rows that are our choice or estimate, with what their source says. `inputs/README.md` and "
        "`sources.csv` have all, with those that are published.\n"
    )
    head = ["what", "rows", "source", "it says"]
    for setting in names:
        folder = ROOT / "inputs" / ("" if setting == "today" else setting)
        parts += [f"**{_title(setting)}**\n", table(head, _sources(folder), 4)]
    return "\n".join(parts)


def _options(file: Path) -> dict[str, dict]:
    """Options of the markets of rung 1, defaults filled in."""
    scenario = next(s for s in load(file) if s.name.endswith("-separate"))
    return {name: cfg.model_dump() for name, cfg in driver.market_options(scenario).items()}


def _plain(options: dict[str, dict], path: str) -> str:
    """An option as text."""
    mechanism, name = path.split(".")
    value = options[mechanism][name]
    if isinstance(value, tuple | list):
        return "; ".join(
            f"{_by_year(one['supply_mt'])} Mt at {_by_year(one['price_cny_per_t'])} CNY/t" for one in value
        )
    return "none" if value is None else value if isinstance(value, str) else _by_year(value)


def _by_year(value: float | dict[int, float]) -> str:
    """A number, or `2025: 0.8, 2035: 0.4`."""
    return ", ".join(f"{y}: {x:g}" for y, x in value.items()) if isinstance(value, dict) else f"{value:g}"


def _sources(folder: Path) -> list[list[str]]:
    """One row a source: what it is used for, in how many rows, its title and note."""
    told = (*_read(ROOT / "inputs" / "sources.csv"), *_read(folder / "sources.csv"))
    notes = {row["source"]: row for row in told}
    used: dict[str, dict[str, int]] = {}
    for name, what in ASSUMED.items():
        for row in _read(folder / f"{name}.csv"):
            if row.get("quality") in OURS and row["source"] not in UNUSED:
                uses = used.setdefault(row["source"], {})
                uses[what] = uses.get(what, 0) + 1
    rows = []
    for key, uses in used.items():
        said = notes.get(key, {})
        title, note = (said.get(column, "").replace("|", "/") for column in ("title", "note"))
        rows.append([", ".join(uses), str(sum(uses.values())), title or key, note])
    return rows


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# -- figures


def figures(values: Values, claims: Claims, folder: Path) -> None:
    """Three small SVGs; the same table gives the same bytes."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    style = {"svg.hashsalt": "pic2022", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False}
    plt.rcParams.update({**style, "axes.spines.right": False})
    folder.mkdir(exist_ok=True)
    for name, draw in (("share", _draw_share), ("cost", _draw_cost), ("return", _draw_return)):
        figure, axes = plt.subplots(
            1, len(values.settings), figsize=(4.4 * len(values.settings), 3.2), squeeze=False
        )
        for axis, setting in zip(axes[0], values.settings):
            draw(axis, values, setting, claims)
            axis.set_title(_title(setting), loc="left")
        figure.tight_layout()
        figure.savefig(folder / f"pic2022_{name}.svg", metadata={"Date": None})
        plt.close(figure)


MAIN = ("no_policy", "separate", "ccer", "unified", "reform")


def _draw_share(axis, values: Values, setting: str, claims: Claims) -> None:
    """Share of generation by year; rung 1 times 1.2 beside it."""
    for design in MAIN:
        path = values.of(setting, design, "renewable_share")
        if path:
            axis.plot(
                list(path), [100 * x for x in path.values()], marker="o", ms=3, lw=1, label=RUNGS[design]
            )
    base = values.of(setting, "separate", "renewable_share")
    if base:
        axis.plot(
            list(base), [120 * x for x in base.values()], ls=":", c="grey", label="rung 1 × 1.2: the claim"
        )
    axis.set_xticks(list(base))
    axis.set_ylabel("renewables in generation, %")
    axis.legend(frameon=False, fontsize=7)


def _draw_cost(axis, values: Values, setting: str, claims: Claims) -> None:
    """Peak cost less that of rung 1, stacked by component."""
    designs = [d for d in RUNGS if d != "separate" and costs(values, setting, d)]
    base = costs(values, setting, "separate")
    components = [c for c in base if c != "all"]
    for sign in (1, -1):
        bottom = [0.0] * len(designs)
        for i, component in enumerate(components):
            part = [costs(values, setting, d).get(component, 0.0) - base[component] for d in designs]
            part = [x if x * sign > 0 else 0.0 for x in part]
            label = _component(component) if sign > 0 else None
            axis.bar(range(len(designs)), part, bottom=bottom, color=f"C{i}", label=label, width=0.7)
            bottom = [a + b for a, b in zip(bottom, part)]
    axis.axhline(0, c="black", lw=0.6)
    axis.set_xticks(range(len(designs)), [RUNGS[d] for d in designs], rotation=45, ha="right")
    axis.set_ylabel("against rung 1, bn CNY")
    axis.legend(frameon=False, fontsize=7)


def _draw_return(axis, values: Values, setting: str, claims: Claims) -> None:
    """Return of wind and sun by rung, re-optimised and held."""
    rungs = ("separate", "ccer", "unified", "reform")
    for end, label, marker in (("", "re-optimised", "o"), ("_held", "capacities held", "s")):
        found = [values.of(setting, rung + end, "project_irr", "wind_and_solar").get(0) for rung in rungs]
        known = [(i, x) for i, x in enumerate(found) if x is not None]
        if known:
            axis.plot(*zip(*known), marker=marker, lw=1, label=label)
    axis.set_xticks(range(len(rungs)), [RUNGS[r] for r in rungs], rotation=45, ha="right")
    axis.set_ylabel("IRR of wind and sun, %")
    axis.legend(frameon=False, fontsize=7)


def _draw_tornado(figure) -> None:
    """For each claim the changes at both ends of what moves it most; the claimed range in grey."""
    study, _ = read_study(_FOLDER / "sensitivity.yml", Sensitivity)
    moved = pd.read_csv(TORNADO)
    names = list(study.claims)
    for axis, name in zip(figure.subplots(len(names), 1), names):
        claim = study.claims[name]
        bars = markdown.largest(moved, name).iloc[::-1]
        labels = [study.parameters[p].title.en or p for p in bars["parameter"]]
        for ends, colour, label in (("at_low", "C0", "at the low end"), ("at_high", "C1", "at the high end")):
            axis.barh(labels, bars[ends] - bars["centre"], left=bars["centre"], color=colour, label=label)
        axis.axvspan(claim.low, claim.high, color="0.85", zorder=0, label="claimed")
        unit = "%" if claim.change == "relative" else "points"
        axis.set_title(f"{claim.title.en or name}: change, {unit}", loc="left", fontsize=9)
        axis.tick_params(labelsize=7)
    figure.axes[0].legend(frameon=False, fontsize=7)


def tornado_figure(folder: Path) -> None:
    """`pic2022_tornado.svg`, if the study was run."""
    if not TORNADO.is_file():
        return
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(7.5, 11))
    _draw_tornado(figure)
    figure.tight_layout()
    figure.savefig(folder / "pic2022_tornado.svg", metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    table = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    values, claims = Values(read_table(table)), read_claims(CLAIMS)
    figures(values, claims, FIGURES)
    tornado_figure(FIGURES)
    PAGE.write_text(page(values, claims), encoding="utf-8")


if __name__ == "__main__":
    main()
