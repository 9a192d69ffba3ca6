"""What moved between references and a run, largest first, and the same as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from picmodel.errors import InputError
from picmodel.extract.table import NATION
from picmodel.regression.tolerances import Tolerance, tolerance_of

KEY = ["scenario", "indicator", "province", "technology", "year"]
#: digits of a reference: more than any tolerance needs, fewer than a solver promises
DIGITS = 8
#: of the tolerance: what moves less keeps its reference
STILL = 0.01


def compared_rows(indicators: pd.DataFrame, table: tuple[Tolerance, ...], path: Path) -> pd.DataFrame:
    """The rows of a run that references hold, in a fixed order.

    Raises:
        InputError: an indicator that no line of the table is about.
    """
    lines = {name: tolerance_of(name, table) for name in indicators["indicator"].unique()}
    missing = sorted(name for name, line in lines.items() if line is None)
    if missing:
        raise InputError([f"{path}: no line is about {name}; add one with its reason" for name in missing])
    places = indicators["indicator"].map({name: line.places for name, line in lines.items() if line})
    kept = (places == "all") | ((places == "nation") & (indicators["province"] == NATION))
    rows = indicators[kept].sort_values(KEY, kind="stable")
    return rows[[*KEY, "value", "unit"]].reset_index(drop=True)


def differences(reference: pd.DataFrame, now: pd.DataFrame, table: tuple[Tolerance, ...]) -> pd.DataFrame:
    """Every number with its reference, how far it moved and how often its tolerance; largest first.

    Returns:
        Columns of `KEY`, unit, reference, now, change, times (of the tolerance; inf where a number came or
        went), reason.  What is no number in both has not moved.
    """
    both = reference.merge(now, on=KEY, how="outer", suffixes=("_reference", "_now"), indicator="side")
    old, new = both["value_reference"].to_numpy(float), both["value_now"].to_numpy(float)
    lines = [tolerance_of(name, table) for name in both["indicator"]]
    allowed = np.array([line.allowed(x) if line else 0.0 for line, x in zip(lines, np.nan_to_num(old))])
    moved = np.abs(new - old)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(moved == 0, 0.0, moved / allowed)
    came_or_went = (both["side"] != "both").to_numpy() | (np.isnan(old) != np.isnan(new))
    both["times"] = np.where(came_or_went, np.inf, np.nan_to_num(times, nan=0.0, posinf=np.inf))
    both["unit"] = both["unit_now"].where(both["unit_now"].notna(), both["unit_reference"])
    both["reference"], both["now"], both["change"] = old, new, new - old
    both["reason"] = [line.reason if line else "" for line in lines]
    found = both[[*KEY, "unit", "reference", "now", "change", "times", "reason"]]
    return found.sort_values(["times", *KEY], ascending=[False, *[True] * len(KEY)], kind="stable")


def drifted(found: pd.DataFrame) -> pd.DataFrame:
    """The rows beyond their tolerance."""
    return found[found["times"] > 1.0]


def junit(found: pd.DataFrame, seconds: float) -> str:
    """JUnit XML: a suite for each scenario, a case for each indicator, a failure with what moved in it."""
    bad = drifted(found)
    root = ElementTree.Element(
        "testsuites", name="picmodel regress", tests=str(_cases(found)), failures=str(_cases(bad))
    )
    for scenario, mine in found.groupby("scenario", sort=True):
        own = bad[bad["scenario"] == scenario]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=str(scenario),
            tests=str(_cases(mine)),
            failures=str(_cases(own)),
            time=f"{seconds / found['scenario'].nunique():.1f}",
        )
        for indicator in sorted(mine["indicator"].unique()):
            case = ElementTree.SubElement(suite, "testcase", classname=str(scenario), name=indicator)
            rows = own[own["indicator"] == indicator]
            if len(rows):
                text = "\n".join(described(row) for row in rows.itertuples(index=False))
                failure = ElementTree.SubElement(case, "failure", message=text.split("\n")[0])
                failure.text = text
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cases(rows: pd.DataFrame) -> int:
    return len(rows[["scenario", "indicator"]].drop_duplicates())


def described(row) -> str:  # type: ignore[no-untyped-def]
    """One row of `differences` in words."""
    place = ", ".join(
        str(part) for part in (row.province, row.technology, row.year) if part not in ("all", 0)
    )
    return (
        f"{row.indicator} ({place}): {row.reference:.{DIGITS}g} -> {row.now:.{DIGITS}g} {row.unit}, "
        f"{row.times:.3g} times its tolerance"
    )


def read_references(folder: Path, scenarios: Sequence[str]) -> pd.DataFrame:
    """References of the scenarios; no rows of those that have none."""
    empty = pd.DataFrame(columns=[*KEY, "value", "unit"]).astype({"year": "int64", "value": float})
    tables = []
    for name in scenarios:
        path = folder / f"{name}.csv"
        if path.is_file():
            try:
                table = pd.read_csv(path, keep_default_na=False, na_values={"value": [""]})
                tables.append(table[[*KEY, "value", "unit"]].astype({"value": float}))
            except (ValueError, KeyError) as error:
                text = f"{path}: is no table of references ({error}); restore it, or write it with --update"
                raise InputError([text]) from None
    return pd.concat(tables, ignore_index=True) if tables else empty


def renewed(now: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """References to write: what was found, and the old number where it moved by next to nothing.

    So their diff shows what changed, not the last digit of what did not.

    Args:
        found: see `differences`.
    """
    old = found.loc[found["times"] < STILL, [*KEY, "reference"]]
    rows = now.merge(old, on=KEY, how="left")
    return rows.assign(value=rows["reference"].fillna(rows["value"])).drop(columns="reference")


def write_references(folder: Path, now: pd.DataFrame) -> None:
    """A file for each scenario, one number a line, so that a change is read in a diff."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in now.groupby("scenario", sort=True):
        rows.to_csv(folder / f"{name}.csv", index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")
