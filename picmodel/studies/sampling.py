"""Which values the parameters of a sensitivity study take.  Pure functions of numbers."""

from __future__ import annotations

from collections.abc import Mapping

from picmodel.scenario.sampling import DIGITS, Range, latin_hypercube

__all__ = ["DIGITS", "Range", "latin_hypercube", "sample"]


def sample(ranges: Mapping[str, Range], count: int, seed: int) -> dict[str, dict[str, float]]:
    """Values by parameter of every run: the centre, each parameter at its ends alone, then the sample.

    Returns:
        Run -> parameter -> value.  Runs are called ``centre``, ``low.<parameter>``, ``high.<parameter>``
        and ``s001``, ``s002``, ...
    """
    centre = {name: one.centre for name, one in ranges.items()}
    runs = {"centre": centre}
    for name, one in ranges.items():
        runs[f"low.{name}"] = centre | {name: one.low}
        runs[f"high.{name}"] = centre | {name: one.high}
    for number, point in enumerate(latin_hypercube(len(ranges), count, seed), start=1):
        runs[f"s{number:03}"] = {name: one.at(float(u)) for (name, one), u in zip(ranges.items(), point)}
    return runs
