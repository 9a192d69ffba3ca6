"""The carbon limit that falls by what certificates add to it: a fixed point, found between solves.

Surrendered certificates add :math:`\\kappa S` to what the carbon market may emit.  A neutral cap takes
:math:`\\kappa \\hat S` away again, a *number*: as a variable it would cancel and the link would do
nothing.  The number is right where the plan surrenders just that much.  :math:`S(\\hat S)` rises in
steps, so every year keeps a bracket and is halved where the secant leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from picmodel.data.system import SystemData
from picmodel.errors import SolverTrouble
from picmodel.extract.results import Results
from picmodel.markets.green_certificates.options import GreenCertificatesConfig

#: what solves hand on: (guess, excess) pairs of each year, in ``data.policy``
TRIED = "surrendered_tried"
SAME = 1e-3  # kt between guesses: the bracket has closed
STEEP = 0.99  # beyond this slope of S the secant is far off
FARTHEST = 100  # times the excess: longest step; one too far is a bracket, and is halved


def guess(d: SystemData, y: int) -> float:
    """What the carbon limit is lowered by [kt/yr]."""
    return float(d.policy.get("surrendered", {}).get(y, 0.0))


def surrendered(results: Results, cfg: GreenCertificatesConfig) -> dict[int, float]:
    """CO2 of the certificates that the plan surrenders, by year [kt/yr]."""
    total = results.values["v_surrendered"].sum(["province", "class"])
    return {y: cfg.conversion_factor_t_per_mwh * float(total.sel(year=y)) for y in results.years}


def residual(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> float | None:
    """Largest difference between what is surrendered and the guess, over emissions [share]."""
    if not cfg.neutral_cap:
        return None
    emissions = results.values["v_emissions"].sum("province")
    return max(
        abs(found - guess(d, y)) / max(float(emissions.sel(year=y)), 1.0)
        for y, found in surrendered(results, cfg).items()
    )


def iterate(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> SystemData | None:
    """The system with the next guess of every year; None where all are right."""
    off = residual(results, cfg, d)
    if off is None or off <= cfg.neutral_tolerance_share:
        return None
    tried: Mapping[int, tuple] = d.policy.get(TRIED, {})
    history = {
        y: (*tried.get(y, ()), (guess(d, y), found - guess(d, y)))
        for y, found in surrendered(results, cfg).items()
    }
    guesses = {y: next_guess(pairs) for y, pairs in history.items()}
    if max(abs(guesses[y] - guess(d, y)) for y in guesses) < SAME:
        raise SolverTrouble(
            f"markets.green_certificates.neutral_cap: what is surrendered jumps (off by {off:.2e} of "
            "emissions), so no number keeps the carbon limit neutral; use "
            "`markets.emission_limits.hold_emissions_of` instead"
        )
    return replace(d, policy={**d.policy, "surrendered": guesses, TRIED: history})


def next_guess(pairs: tuple[tuple[float, float], ...]) -> float:
    """Next guess from (guess, excess): a secant, or the middle of the bracket where it is steep or outside.

    The excess is positive below the fixed point.  Without a guess above it, the step is at most a hundred
    times the excess; with one the guess stays well inside the bracket, so that it shrinks.
    """
    guessed, excess = pairs[-1]
    low = max((x for x, e in pairs if e >= 0), default=0.0)
    high = min((x for x, e in pairs if e < 0), default=None)
    secant = guessed + excess
    if len(pairs) > 1 and pairs[-1][0] != pairs[-2][0]:
        slope = 1 + (excess - pairs[-2][1]) / (guessed - pairs[-2][0])
        secant = guessed + (excess / (1 - slope) if slope < STEEP else FARTHEST * excess)
    if high is None:
        return secant
    if high <= low:  # other years moved it: start from here again
        return guessed + 0.5 * excess
    edge = 0.1 * (high - low)
    return secant if low + edge <= secant <= high - edge else 0.5 * (low + high)
