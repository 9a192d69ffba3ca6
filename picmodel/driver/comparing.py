"""What a finished run says beside its reference and its baseline: made again whenever one of them changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from picmodel.driver.checks import market_options
from picmodel.driver.provenance import hash_file
from picmodel.driver.store import INDICATORS, MANIFEST, Stored, Unusable, labelled, read_kept, read_manifest
from picmodel.errors import StorageTrouble
from picmodel.indicators.definitions import require_defined
from picmodel.report.comparison import Solved, compared, peak_note
from picmodel.report.folder import locked, writing
from picmodel.report.runs import Run
from picmodel.report.write import replaced, write_json, write_table
from picmodel.scenario.load import dump_yaml
from picmodel.scenario.schema import Scenario


class Comparison:
    """Completes finished runs of one call with what needs the reference and the baseline.

    Args:
        reference, baseline: those of the call; None where there is none or it failed.
    """

    def __init__(self, reference: Stored | None, baseline: Stored | None) -> None:
        self.others: dict[str, Stored | None] = {"reference": reference, "baseline": baseline}
        self._tables = cache(read_kept)  # of the two others, once

    def complete(self, scenario: Scenario, stored: Stored) -> Run:
        """The run, its indicators compared; nothing is written where they already are.

        Raises:
            StorageTrouble: the folder cannot be written to, or another call has replaced it.
            SelfCheckFailed: an indicator that is not defined.
        """
        folder, yaml = stored.folder, dump_yaml(scenario, market_options(scenario))
        if not self._is_complete(stored, yaml) or _is_news(scenario, stored):
            with locked(folder.parent, stored.name), writing(folder.parent):
                _require_unreplaced(stored)
                self._write(stored, yaml, examination(scenario) if scenario._examined else {})
        return Run(stored.name, folder, read_manifest(folder))

    def _beside(self) -> dict[str, list[str] | None]:
        return {kind: [o.name, o.key] if o else None for kind, o in self.others.items()}

    def _is_complete(self, stored: Stored, yaml: str) -> bool:
        manifest = _manifest(stored)
        said = manifest.get("comparison") or {}
        if {kind: said.get(kind) for kind in self.others} != self._beside():
            return False
        try:
            same = (stored.folder / "scenario.yaml").read_text("utf-8") == yaml
            return same and hash_file(stored.folder / INDICATORS) == said.get("indicators")
        except (OSError, ValueError):
            return False

    def _write(self, stored: Stored, yaml: str, more: Mapping[str, Any]) -> None:
        """Indicators, then the manifest with their hash: killed between the two, they are made again."""
        folder, manifest = stored.folder, _manifest(stored)
        solved = read_kept(folder)
        base, nothing = (self._tables(o.folder) if o else None for o in self.others.values())
        indicators = table(solved, base, nothing)
        replaced(lambda path: _write_text(yaml, path), folder / "scenario.yaml")
        replaced(lambda path: write_table(indicators, path), folder / INDICATORS)
        said = {**self._beside(), "indicators": hash_file(folder / INDICATORS)}
        names = {kind: o.name if o else None for kind, o in self.others.items()}
        content = {**manifest, **more, **names, "peak": peak_note(solved), "comparison": said}
        replaced(lambda path: write_json(content, path), folder / MANIFEST)


def table(solved: Solved, base: Solved | None, nothing: Solved | None) -> pd.DataFrame:
    """All indicators of a run; without a reference it is compared with itself.

    Raises:
        SelfCheckFailed: one that is not defined.
    """
    both = [solved.indicators, compared(solved, base or solved, nothing)]
    indicators = pd.concat(both, ignore_index=True)
    require_defined(indicators)
    return labelled(indicators, solved.name)


def examination(scenario: Scenario) -> dict[str, Any]:
    """What the manifest says of the settings: whether each was asked for its effect, and remarks on them."""
    remarks = [remark.document() for remark in scenario._remarks]
    return {"effects_examined": scenario._examined, "remarks": remarks}


def _is_news(scenario: Scenario, stored: Stored) -> bool:
    """Settings of a run that was made without that question have been asked for their effect now."""
    return scenario._examined and not _manifest(stored).get("effects_examined")


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _manifest(stored: Stored) -> Mapping[str, Any]:
    try:
        return read_manifest(stored.folder)
    except Unusable:
        return {}


def _require_unreplaced(stored: Stored) -> None:
    """Another call may have put another run of the same name there."""
    if _manifest(stored).get("key") != stored.key:
        text = "another picmodel has written another run there meanwhile; give each its own --out"
        raise StorageTrouble(f"{stored.folder}: {text}")
