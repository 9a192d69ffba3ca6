"""Indicators in the format of the integrated-assessment community (IAMC).

Variables that the community's common definitions have (github.com/IAMconsortium/common-definitions) get
their names and, money apart, their units; every indicator with a year is there under ``picmodel|…`` too, in
the unit of its definition.  Money stays in CNY of the base year, for want of an exchange rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from picmodel.extract.table import ALL, NATION
from picmodel.report.results import Result
from picmodel.report.words import Words

MODEL = "picmodel"
COLUMNS = ["model", "scenario", "region", "variable", "unit", "year", "value"]
EJ_PER_TWH = 3.6e-3

_COAL, _GAS = ("Coal", "Fossil"), ("Gas", "Fossil")
#: technology -> sources of the common definitions that it is part of; the total has all
SOURCES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("coal_1000", "coal_600", "coal_300", "coal_small", "coal_chp"),
        (*_COAL, "Coal|w/o CCS", "Fossil|w/o CCS"),
    ),
    **dict.fromkeys(("coal_ccs", "coal_ccs_retrofit"), (*_COAL, "Coal|w/ CCS", "Fossil|w/ CCS")),
    **dict.fromkeys(("gas_ccgt", "gas_ocgt"), (*_GAS, "Gas|w/o CCS", "Fossil|w/o CCS")),
    "gas_ccs": (*_GAS, "Gas|w/ CCS", "Fossil|w/ CCS"),
    "nuclear": ("Nuclear",),
    "biomass": ("Biomass", "Biomass|w/o CCS"),
    "other_thermal": ("Other",),
    "hydro": ("Hydro", "Non-Biomass Renewables"),
    "wind_onshore": ("Wind", "Wind|Onshore", "Non-Biomass Renewables"),
    "wind_offshore": ("Wind", "Wind|Offshore", "Non-Biomass Renewables"),
    "solar_utility": ("Solar", "Solar|PV", "Non-Biomass Renewables"),
    "solar_distributed": ("Solar", "Solar|PV", "Non-Biomass Renewables"),
}
#: indicator of technologies -> variable, unit, factor
_BY_SOURCE = {
    "net_generation": ("Secondary Energy|Electricity", "EJ/yr", EJ_PER_TWH),
    "capacity": ("Capacity|Electricity", "GW", 1.0),
}
#: indicator of places -> variable, unit; {year} is the base year of money
_OF_PLACES = {
    "emissions": ("Emissions|CO2|Energy|Supply|Electricity", "Mt CO2/yr"),
    "allowance_price": ("Price|Carbon", "CNY_{year}/t CO2"),
}


def iamc(results: Sequence[Result], words: Words) -> pd.DataFrame:
    """All indicators that have a year, columns `COLUMNS`.

    Args:
        words: English ones, for the names of provinces.
    """
    parts = [part for result in results for part in (*_community(result), _own(result))]
    table = pd.concat(parts, ignore_index=True)
    table["region"] = [region(code, words) for code in table.pop("province")]
    return table.assign(model=MODEL)[COLUMNS].astype({"year": int})


def region(code: str, words: Words) -> str:
    """China, or a part of it: ``China|Guangdong``, ``China|North``."""
    return "China" if code == NATION else f"China|{words.province(code)}"


def _community(result: Result) -> list[pd.DataFrame]:
    """Variables of the common definitions: scenario, province, variable, unit, year, value."""
    found = [_by_source(result, name, *rule) for name, rule in _BY_SOURCE.items()]
    money = result.settings["horizon"]["base_year"]
    for name, (variable, unit) in _OF_PLACES.items():
        rows = _rows(result, name)
        rows = rows[rows["technology"] == ALL]
        found.append(_shaped(rows.assign(variable=variable, unit=unit.format(year=money))))
    return found


def _by_source(result: Result, indicator: str, variable: str, unit: str, factor: float) -> pd.DataFrame:
    """Sums over the technologies of every source, and over all of them."""
    rows = _rows(result, indicator)
    rows = rows[rows["technology"].isin(SOURCES)]
    rows = rows.assign(source=[("", *SOURCES[technology]) for technology in rows["technology"]])
    wide = rows.explode("source")
    total = wide.groupby(["scenario", "province", "year", "source"], as_index=False)["value"].sum()
    named = [f"{variable}|{source}" if source else variable for source in total["source"]]
    return _shaped(total.assign(variable=named, unit=unit, value=total["value"] * factor))


def _own(result: Result) -> pd.DataFrame:
    """Every indicator with a year under the model's own name."""
    rows = result.indicators[(result.indicators["year"] > 0) & result.indicators["value"].notna()]
    names = [own_name(i, t) for i, t in zip(rows["indicator"], rows["technology"])]
    return _shaped(rows.assign(variable=names))


def own_name(indicator: str, technology: str) -> str:
    """``picmodel|Capture Price|Wind Onshore``; the technology ``all`` has no part of its own."""
    parts = [MODEL, *(part.replace("_", " ").title() for part in (indicator, technology) if part != ALL)]
    return "|".join(parts)


def _rows(result: Result, indicator: str) -> pd.DataFrame:
    rows = result.indicators[result.indicators["indicator"] == indicator]
    return rows[(rows["year"] > 0) & rows["value"].notna()]


def _shaped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["scenario", "province", "variable", "unit", "year", "value"]]
