"""Runs of the ladder by setting, and the table of their indicators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from picmodel import driver
from picmodel.errors import InputError, PicmodelError
from picmodel.ladder.claims import TABLE
from picmodel.scenario.load import ScenarioSet
from picmodel.scenario.schema import Scenario

Report = Callable[[str, str], None]
REFERENCE, BASELINE = "separate", "no_policy"
CLAIMS = "claims.toml"
#: indicators of the nation that the page shows, all technologies of each unless some are named
KEPT: dict[str, tuple[str, ...]] = {
    "renewable_share": (),
    "nonhydro_share": (),
    "renewable_share_of_consumption": (),
    "nonhydro_share_of_consumption": (),
    "renewable_share_by_certificates": (),
    "nonhydro_share_by_certificates": (),
    "emissions": (),
    "generation": ("gas_ccgt", "coal_1000", "coal_600", "coal_300", "coal_chp", "coal_small"),
    "capacity": ("wind_onshore", "wind_offshore", "solar_utility", "solar_distributed", "battery"),
    "curtailment_rate": (),
    "unserved_energy": (),
    "peak_year": (),
    "peak_level": (),
    "peak_cost_until": (),
    "peak_cost": (),
    "peak_transfer": (),
    "sunk_capital": (),
    "full_horizon_cost": (),
    "allowance_price": (),
    "allowance_deficit": (),
    "ccer_price": (),
    "certificate_price": (),
    "certificates_surrendered": (),
    "certificates_turned_into_ccer": (),
    "held_emissions_price": (),
    "energy_price": (),
    "consumer_price": (),
    "project_irr": ("wind_and_solar", "wind_onshore", "wind_offshore", "solar_utility", "solar_distributed"),
    "project_irr_upper": ("wind_and_solar",),
    "project_irr_post_tax": ("wind_and_solar",),
    "project_irr_equity": ("wind_and_solar",),
    "project_irr_own_portfolio": ("wind_and_solar",),
    "project_irr_missing": ("wind_and_solar",),
    "project_capture_price": ("wind_onshore", "solar_utility"),
    "project_lcoe": ("wind_onshore", "solar_utility"),
}


def settings_of(files: Sequence[Path]) -> dict[str, ScenarioSet]:
    """Scenarios by setting, which is what their names have before the design; one without designs is no rung.

    Raises:
        InputError: no file has designs, or a setting lacks the rung that the others are compared with.
    """
    found: dict[str, list[Scenario]] = {}
    for scenario in driver.collect(files)[0]:
        setting = scenario.sibling("").removesuffix("-")
        if setting:
            found.setdefault(setting, []).append(scenario)
    problems = [
        f"{setting}: no design is called `{REFERENCE}`; add the file of its rungs"
        for setting, scenarios in found.items()
        if f"{setting}-{REFERENCE}" not in [s.name for s in scenarios]
    ]
    if not found:
        problems = [f"{', '.join(map(str, files))}: a ladder is made of `designs`, and no file there has any"]
    if problems:
        raise InputError(problems)
    return {
        setting: ScenarioSet(
            tuple(scenarios),
            f"{setting}-{REFERENCE}",
            next((s.name for s in scenarios if s.name == f"{setting}-{BASELINE}"), None),
        )
        for setting, scenarios in found.items()
    }


def claims_beside(files: Sequence[Path]) -> Path:
    """The file of claims in the folder of the first scenario file."""
    first = files[0]
    return (first if first.is_dir() else first.parent) / CLAIMS


def run_missing(
    whole: ScenarioSet, out: Path, jobs: int | None, report: Report, keep: bool = False
) -> Mapping[str, PicmodelError]:
    """Solve what has changed or has no run in ``out``; the errors of those that failed, by scenario.

    Args:
        keep: runs of an earlier program count as finished too.
    """
    try:
        driver.run(whole, out, jobs=jobs, report=report, any_program=keep)
    except PicmodelError as error:
        if not error.failed:
            raise
        return error.failed
    return {}


def table(found: Mapping[str, ScenarioSet], out: Path) -> pd.DataFrame:
    """National indicators (`KEPT`) of every finished run, columns `TABLE`."""
    parts = [
        _kept(out / scenario.name, setting, scenario.name.removeprefix(f"{setting}-"))
        for setting, scenarios in found.items()
        for scenario in scenarios
        if (out / scenario.name / "indicators.csv").is_file()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TABLE)


def _kept(folder: Path, setting: str, design: str) -> pd.DataFrame:
    frame = pd.read_csv(folder / "indicators.csv", keep_default_na=False, na_values=[""])
    frame = frame[(frame["province"] == "CN") & frame["indicator"].isin(KEPT)]
    rows = [
        bool(not KEPT[i] or technology in KEPT[i])
        for i, technology in zip(frame["indicator"], frame["technology"])
    ]
    return frame[rows].assign(setting=setting, design=design)[TABLE]


@cache
def read_table(path: Path) -> pd.DataFrame:
    """A stored table.

    Raises:
        InputError: it is not there or has other columns.
    """
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except OSError as error:
        raise InputError([f"{path}: cannot be read ({error.strerror})"]) from None
    if list(frame.columns) != TABLE:
        raise InputError([f"{path}: columns must be {', '.join(TABLE)}; make it with `picmodel ladder`"])
    return frame


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Six digits are enough for a page, and leave no difference between machines."""
    frame.to_csv(path, index=False, float_format="%.6g")
