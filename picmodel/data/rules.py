"""Rules between input tables: what one table must say for another to make sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from picmodel.data.policy_tables import POLICY_RULES

Frames = Mapping[str, pd.DataFrame]


def broken_rules(frames: Frames) -> list[str]:
    """Problems between tables: those of `RULES` whose tables are all there."""
    return [
        problem
        for needed, rule in RULES
        if all(name in frames for name in needed)
        for problem in rule(frames)
    ]


# rules between tables; each gets complete frames whose wrong cells are missing values


def _potentials_hold_what_stands(frames: Frames) -> list[str]:
    key = ["province", "technology"]
    potentials = frames["potentials"]
    standing = pd.concat([frames["fleet"], frames["committed"]]).groupby(key)["capacity_gw"].sum()
    problems = []
    for line, row in potentials.iterrows():
        there = float(standing.get((row["province"], row["technology"]), 0.0))
        if there > row["potential_gw"] + 1e-6:
            problems.append(
                f"potentials.csv:{line}: potential_gw={row['potential_gw']:g} of {row['province']}, "
                f"{row['technology']} is below the {there:g} GW of fleet.csv and committed.csv; "
                f"write at least {there:g} GW, or correct those"
            )
    return problems


def _corridors_join_two_provinces_in_order(frames: Frames) -> list[str]:
    order = {province: i for i, province in enumerate(frames["provinces"]["province"])}
    problems = []
    for line, row in frames["corridors"].dropna().iterrows():
        start, end = row["from_province"], row["to_province"]
        at = f"corridors.csv:{line}:"
        if start == end:
            problems.append(f"{at} from_province and to_province are both {start}; name two provinces")
            continue
        if order.get(start, -1) > order.get(end, len(order)):
            problems.append(
                f"{at} {start} stands after {end} in provinces.csv; turn the corridor to {end}-{start}"
            )
        elif row["corridor"] != f"{start}-{end}":
            problems.append(f"{at} corridor={row['corridor']} is not {start}-{end}; write {start}-{end}")
        if row["contract_from"] not in (start, end, "none"):
            problems.append(
                f"{at} contract_from={row['contract_from']} is no end of the corridor; "
                f"write one of {start}, {end}, none"
            )
    return problems


def _nonhydro_is_part_of_total(frames: Frames) -> list[str]:
    rows = frames["obligation_weights"]
    wrong = rows[rows["nonhydro_share"] > rows["total_share"]]
    return [
        f"policy/obligation_weights.csv:{line}: nonhydro_share={row['nonhydro_share']:g} is above "
        f"total_share={row['total_share']:g}; the total contains it, write at least as much there"
        for line, row in wrong.iterrows()
    ]


def _durations_are_a_range(frames: Frames) -> list[str]:
    rows = frames["technologies"]
    wrong = rows[rows["duration_min_h"] > rows["duration_max_h"]]
    return [
        f"technologies.csv:{line}: duration_min_h={row['duration_min_h']:g} is above "
        f"duration_max_h={row['duration_max_h']:g}; write at most {row['duration_max_h']:g} h"
        for line, row in wrong.iterrows()
    ]


def _only_stores_hold_energy(frames: Frames) -> list[str]:
    kinds = frames["technologies"].drop_duplicates("technology").set_index("technology")["kind"]
    problems = []
    for name in ("fleet", "committed"):
        rows = frames[name]
        kind = rows["technology"].map(kinds)
        empty = (kind == "storage") & (rows["capacity_gw"] > 0.0) & (rows["energy_gwh"] <= 0.0)
        full = kind.notna() & (kind != "storage") & (rows["energy_gwh"] > 0.0)
        problems += [
            f"{name}.csv:{line}: energy_gwh=0 of a store with {row['capacity_gw']:g} GW; write its energy"
            for line, row in rows[empty].iterrows()
        ]
        problems += [
            f"{name}.csv:{line}: energy_gwh={row['energy_gwh']:g} of {row['technology']}, which "
            "is no store; write 0"
            for line, row in rows[full].iterrows()
        ]
    return problems


def _cohorts_outlive_the_base_year(frames: Frames) -> list[str]:
    """The fleet is what stood at the end of the year before the first committed addition."""
    lives = frames["technologies"].drop_duplicates("technology").set_index("technology")["life_yr"]
    rows, stood = frames["fleet"], frames["committed"]["year"].min() - 1
    rows = rows.assign(end_year=rows["cohort_year"] + rows["technology"].map(lives))
    gone = [
        f"fleet.csv:{line}: cohort_year={row['cohort_year']:g} and the life of {row['technology']} end in "
        f"{row['end_year']:g}; what stands at the end of {stood:g} needs a cohort that ends later"
        for line, row in rows[rows["end_year"] <= stood].iterrows()
    ]
    later = [
        f"fleet.csv:{line}: cohort_year={row['cohort_year']:g} is after {stood:g}, at whose end the fleet "
        "stood (committed.csv starts in the year after); write it there"
        for line, row in rows[rows["cohort_year"] > stood].iterrows()
    ]
    return gone + later


def _retrofits_lower_the_minimum(frames: Frames) -> list[str]:
    rows = frames["commitment"]
    wrong = rows[rows["flexible_min_stable_share"] > rows["min_stable_share"]]
    return [
        f"commitment.csv:{line}: flexible_min_stable_share={row['flexible_min_stable_share']:g} is above "
        f"min_stable_share={row['min_stable_share']:g}; write at most that, or the same for no retrofit"
        for line, row in wrong.iterrows()
    ]


Rule = Callable[[Frames], list[str]]

#: the tables that a rule needs, and the rule
RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (("fleet", "committed", "potentials"), _potentials_hold_what_stands),
    (("provinces", "corridors"), _corridors_join_two_provinces_in_order),
    (("obligation_weights",), _nonhydro_is_part_of_total),
    (("technologies",), _durations_are_a_range),
    (("technologies", "fleet", "committed"), _only_stores_hold_energy),
    (("technologies", "fleet", "committed"), _cohorts_outlive_the_base_year),
    (("commitment",), _retrofits_lower_the_minimum),
    *POLICY_RULES,
)
