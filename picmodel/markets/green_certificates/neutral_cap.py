r"""The link that leaves the carbon limit where it is: a fixed point in prices, found between solves.

What is wanted.  Surrendered certificates add :math:`\kappa S` to what the carbon market may emit, and a
neutral cap takes :math:`\kappa\hat S` away again, a *number* equal to :math:`S`; as a variable it would
cancel, and nothing would be linked.  With :math:`N(x) \le A` the carbon row without the link (net
emissions, offsets, ceiling and bank inside) and :math:`\tau` minus its dual, such a plan solves

.. math:: \min\; c x \quad \text{s.t.}\quad N(x) - \kappa S(x) \le A - \kappa\hat S,\; \dots,\qquad
          \hat S = S(x). \tag{1}

Why not to iterate on :math:`\hat S`.  A certificate is surrendered as long as it is worth more to carbon
than elsewhere, so below the fixed point :math:`S(\hat S) = \hat S + \text{deficit}`: the slope is 1 (and
near 1 where plants are built for it), and the walk ends only where what may be surrendered is exhausted.

What is iterated instead.  Put the fixed point into (1): the row says :math:`N(x) \le A`, whatever
:math:`\hat S` is, and the column of a surrendered certificate has the terms :math:`-\kappa\tau` and those
of its other rows.  These are the conditions of optimality of

.. math:: \min\; c x - p\,\kappa S(x) \quad \text{s.t.}\quad N(x) \le A,\; \dots,\qquad
          p = \tau, \tag{2}

in which a surrendered tonne is paid the number :math:`p`.  So a plan is neutral by (1) with price
:math:`\tau` exactly where it solves (2) with :math:`p = \tau`; :math:`\hat S` is read from it.

Why there is a fixed point.  :math:`\tau` is an optimal dual of (2).  Its set is convex, moves without jumps
(closed graph) as the costs of (2) move with :math:`p`, and lies between 0 and the ceiling or the price of
the row's slack: by Kakutani's theorem there is a :math:`p` in it, for all years together.  :math:`\tau(p)`
is continuous, in straight pieces, unless the limit just binds (then the dual is not unique).  In one
year it falls where certificates help to meet the limit, and there is one fixed point; under a benchmark wind
may displace plants that sell allowances, :math:`\tau` may rise, and there may be more than one.

How it is found.  From :math:`p = 0` to the price that this gives, that without the link, then by secants of
each year corrected for what years do to each other (Broyden).  Steps that do not halve what is left stay in
a bracket by year; after three of them it is halved.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from picmodel.data.system import SystemData
from picmodel.errors import SolverTrouble
from picmodel.extract.results import Results
from picmodel.markets.green_certificates.options import GreenCertificatesConfig

#: what solves hand on in ``data.policy``: the price of each year, and by solve (guesses, prices found)
PRICE, TRIED = "surrender_price", "surrender_prices_tried"
LEAST = 1e-3  # MCNY/kt: prices below 1 CNY/t are compared as if they were that
CLOSED = 1e-9  # of the price: a bracket that has closed
RIGHT = 1e-6  # of the price: a year that waits for others
PATIENCE = 3  # steps without half of the best before brackets are halved
FLAT = -0.05  # slope of the excess above which a secant says nothing

Tried = tuple[tuple[np.ndarray, np.ndarray], ...]


def guess(d: SystemData, y: int) -> float:
    """What a surrendered tonne is paid [MCNY/kt]."""
    return float(d.policy.get(PRICE, {}).get(y, 0.0))


def linked_years(cfg: GreenCertificatesConfig, d: SystemData) -> list[int]:
    """Planning years in which any vintage may surrender."""
    return [y for y in d.horizon.years if cfg.eligible_from is None or y >= cfg.eligible_from]


def allowance_prices(results: Results, cfg: GreenCertificatesConfig) -> np.ndarray:
    """What a tonne is worth in the carbon market, by linked year [MCNY/kt]."""
    years = linked_years(cfg, results.data)
    return np.maximum(results.price("c_credit_link").sel(year=years).to_numpy(), 0.0)


def residual(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> float | None:
    """Largest difference between the allowance price and what a surrendered tonne is paid [share]."""
    if not cfg.neutral_cap:
        return None
    return _off(_paid(cfg, d), allowance_prices(results, cfg))


def iterate(results: Results, cfg: GreenCertificatesConfig, d: SystemData) -> SystemData | None:
    """The system with the next price of every year; None where all are right.

    Raises:
        SolverTrouble: the allowance price jumps over what is paid, because the limit just binds.
    """
    off = residual(results, cfg, d)
    if off is None or off <= cfg.neutral_tolerance_share:
        return None
    years, paid, found = linked_years(cfg, d), _paid(cfg, d), allowance_prices(results, cfg)
    tried: Tried = (*d.policy.get(TRIED, {}).values(), (paid, found))
    following = next_guess(tried)
    if np.all(np.abs(following - paid) <= CLOSED * np.maximum(following, LEAST)):
        worst = int(np.argmax(np.abs(found - paid)))
        raise SolverTrouble(
            f"markets.green_certificates.neutral_cap: in {years[worst]} the carbon limit just binds, and any "
            f"allowance price between {1e3 * min(paid[worst], found[worst]):.6g} and "
            f"{1e3 * max(paid[worst], found[worst]):.6g} CNY/t is right, so none is; change "
            "`markets.carbon`'s limit by 0.1 %, or use `markets.emission_limits.hold_emissions_of` instead"
        )
    prices = {y: float(x) for y, x in zip(years, following)}
    return replace(d, policy={**d.policy, PRICE: prices, TRIED: dict(enumerate(tried))})


def _paid(cfg: GreenCertificatesConfig, d: SystemData) -> np.ndarray:
    return np.array([guess(d, y) for y in linked_years(cfg, d)])


def _off(paid: np.ndarray, found: np.ndarray) -> float:
    return float(np.max(np.abs(found - paid) / np.maximum(np.maximum(found, paid), LEAST), initial=0.0))


def next_guess(tried: Tried) -> np.ndarray:
    """Next prices from pairs (guesses, prices found), shape (n_years,) each."""
    wanted = np.maximum(tried[-1][0] + _step(tried), 0.0)
    idle = _idle([_off(paid, found) for paid, found in tried])
    if len(tried) > 1 and idle == 0:
        return wanted
    by_year = [[(paid[i], found[i]) for paid, found in tried] for i in range(len(wanted))]
    return np.array([_bracketed(float(x), pairs, idle >= PATIENCE) for x, pairs in zip(wanted, by_year)])


def _idle(off: list[float]) -> int:
    """Solves since what is left was last halved."""
    best, since = off[0], 0
    for one in off[1:]:
        since = 0 if one <= 0.5 * best else since + 1
        best = one if since == 0 else best
    return since


def _step(tried: Tried) -> np.ndarray:
    """Quasi-Newton step: slopes of the excess from secants by year, then Broyden's updates."""
    excess = [found - guessed for guessed, found in tried]
    if len(tried) == 1:
        return excess[0]
    slopes = np.diag([-1.0] * len(excess[0]))
    for i in range(1, len(tried)):
        moved, changed = tried[i][0] - tried[i - 1][0], excess[i] - excess[i - 1]
        if i == 1:
            some = np.abs(moved) > 0
            secant = np.where(some, changed / np.where(some, moved, 1.0), -1.0)
            slopes = np.diag(np.where(secant < FLAT, secant, -1.0))
        elif moved @ moved > 0:
            slopes += np.outer(changed - slopes @ moved, moved) / (moved @ moved)
    if np.linalg.cond(slopes) > 1 / CLOSED:
        return excess[-1]
    return -np.linalg.solve(slopes, excess[-1])


def _bracketed(wanted: float, tried: list[tuple[float, float]], halve: bool) -> float:
    """A year's next price: as wanted where the year is right or that is inside its bracket, else the middle.

    Newer pairs count first: other years may have moved the older ones away.
    """
    if abs(tried[-1][1] - tried[-1][0]) <= RIGHT * max(tried[-1][0], LEAST):
        return wanted
    low, high = 0.0, np.inf
    for guessed, found in reversed(tried):
        if found >= guessed:
            if guessed >= high:
                break
            low = max(low, guessed)
        else:
            if guessed <= low:
                break
            high = min(high, guessed)
    if np.isinf(high):
        return max(wanted, low)
    return wanted if low < wanted < high and not halve else 0.5 * (low + high)
