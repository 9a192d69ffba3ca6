"""What the scenarios choose, and what of the inputs is ours."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from pic2022_page.names import ROOT, SCENARIOS, setting_title
from picmodel import driver
from picmodel.report.markdown import table
from picmodel.scenario.load import load

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
FILES = {"today": SCENARIOS / "ladder.yaml", "as_of_2020": SCENARIOS / "as_of_2020.yaml"}
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


def assumptions(settings: Sequence[str]) -> str:
    """What the scenarios choose, and sources of every row of the tables that matter which is ours."""
    names = [s for s in settings if s in FILES]
    told = [_options(FILES[s]) for s in names]
    chosen = [[what, *(_plain(of, path) for of in told), why] for path, (what, why) in CHOSEN.items()]
    parts = ["## Assumptions, with their sources\n", "### Chosen by the scenarios\n"]
    parts += [
        table(["what", *map(setting_title, names), "why"], chosen, 2 + len(names)),
        "### Of the inputs\n",
    ]
    parts.append(
        "Rows that are our choice or estimate, with what their source says. `inputs/README.md` and "
        "`sources.csv` have all, with those that are published.\n"
    )
    head = ["what", "rows", "source", "it says"]
    for setting in names:
        folder = ROOT / "inputs" / ("" if setting == "today" else setting)
        parts += [f"**{setting_title(setting)}**\n", table(head, _sources(folder), 4)]
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
