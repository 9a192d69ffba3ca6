"""The paper's claims beside finished runs of any study whose designs have the names of rungs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from picmodel.ladder.claims import CORE, TABLE, Claims, Values, findings
from picmodel.ladder.runs import REFERENCE


def beside(indicators: Mapping[str, pd.DataFrame], claims: Claims) -> pd.DataFrame:
    """Findings, as `claims.findings` has them, for runs that are called ``<setting>-<rung>``.

    Args:
        indicators: name of a run -> its indicators.

    Returns:
        Rows of the claims as they stand, without variants; empty where no run is called
        ``<setting>-separate``, which the others are compared with.
    """
    ending = f"-{REFERENCE}"
    settings = [name.removesuffix(ending) for name in indicators if name.endswith(ending)]
    parts = [
        rows[rows["province"] == "CN"].assign(setting=setting, design=name.removeprefix(f"{setting}-"))[TABLE]
        for setting in settings
        for name, rows in indicators.items()
        if name.startswith(f"{setting}-")
    ]
    if not parts:
        return pd.DataFrame()
    found = findings(Values(pd.concat(parts, ignore_index=True)), claims)
    return found[found["variant"] == CORE]
