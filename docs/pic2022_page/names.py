"""What the page calls things, where its data lie, and what more than one section reads."""

from __future__ import annotations

from pathlib import Path

from picmodel.ladder.claims import Values

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
TABLE, PAGE, FIGURES = DOCS / "pic2022.csv", DOCS / "pic2022.md", DOCS / "figures"
#: tables of the studies, as `picmodel attribute` and `picmodel sensitivity` write them
ATTRIBUTION, HELD_CLAIMS, TORNADO = (
    DOCS / f"pic2022_{name}.csv" for name in ("attribution", "claims", "tornado")
)
#: the nation's figures of `picmodel dispatch … --year 2030 --write docs/pic2022_hourly.csv`
HOURLY = DOCS / "pic2022_hourly.csv"
SCENARIOS = ROOT / "scenarios" / "pic2022"
CLAIMS = SCENARIOS / "claims.toml"

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
#: components of cost as a reader knows them; others by their own name
COMPONENTS = {"om": "O&M", "unserved": "energy not served"}


def setting_title(setting: str) -> str:
    return SETTINGS.get(setting, setting)


def component_name(name: str) -> str:
    return COMPONENTS.get(name, name.replace("_", " "))


def costs(values: Values, setting: str, design: str) -> dict[str, float]:
    """Peak cost by component [bn CNY], ``all`` among them."""
    t = values.table
    rows = t[(t["setting"] == setting) & (t["design"] == design) & (t["indicator"] == "peak_cost")]
    return dict(zip(rows["technology"], rows["value"]))
