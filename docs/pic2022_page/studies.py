"""Attribution and sensitivity, where these studies were run."""

from __future__ import annotations

import pandas as pd

from pic2022_page.names import ATTRIBUTION, HELD_CLAIMS, SCENARIOS, TORNADO
from picmodel.studies import markdown
from picmodel.studies.files import Attribution, Sensitivity, read_study

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


def attribution() -> str:
    """Which mechanism contributes how much, if the study was run."""
    if not ATTRIBUTION.is_file():
        return ""
    study, _ = read_study(SCENARIOS / "attribution.yml", Attribution)
    return ATTRIBUTION_TEXT + "\n" + markdown.attribution(pd.read_csv(ATTRIBUTION), study)


def sensitivity() -> str:
    """How often claims hold and what moves them, if the study was run."""
    if not (HELD_CLAIMS.is_file() and TORNADO.is_file()):
        return ""
    study, _ = read_study(SCENARIOS / "sensitivity.yml", Sensitivity)
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
