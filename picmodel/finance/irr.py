"""Internal rate of return, net present value, payback and levelised cost of yearly payments.

Payments fall at the end of each year.  Time 0 is the date of commissioning; outlays before it have
negative times.  Pure functions of numbers: nothing here knows taxes, projects or the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyxirr
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: rates are looked for above this one: money that is all but lost has no return worth a number
LOWEST_RATE = -0.99
#: a payment smaller than this part of the largest is rounding and changes no sign
NOISE_SHARE = 1e-12
#: present value over the sum of absolute present values below which a rate counts as a root
RESIDUAL_SHARE = 1e-12

# search interval of log(1 + rate); above it no payment that is not noise repays another
_LOW, _HIGH = float(np.log1p(LOWEST_RATE)), 30.0


@dataclass(frozen=True)
class Rate:
    """A rate of return, or why there is none.

    Attributes:
        value: share (0.08 is 8 %), or None.
        reason: empty if and only if there is a value.
    """

    value: float | None
    reason: str = ""


def irr(cash_flow: ArrayLike) -> Rate:
    """Internal rate of return of a yearly cash flow, if there is exactly one.

    With one change of sign there is one root (Descartes), found by pyxirr.  With more, every root
    above `LOWEST_RATE` is bracketed and all are named if they are several: none is picked.

    Args:
        cash_flow: shape (n_years,); net payment at the end of each year, outlay negative [any money].

    Returns:
        The rate r with sum_i cash_flow[i] / (1 + r)**i == 0.  ``value`` is None where payments have
        one sign, where the rate lies below -99 %, where there are several roots, and where income comes
        before the outlay (the root is then the cost of a loan, which a higher income *lowers*).

    Raises:
        ValueError: a payment is not finite, or the shape is not (n_years,).

    >>> irr([-100.0, 60.0, 60.0])
    Rate(value=0.1306623862918075, reason='')
    >>> irr([-1.0, 2.36, -1.3755]).reason
    'several roots: 0.05, 0.31'
    """
    payments = without_noise(cash_flow)
    years = np.flatnonzero(payments).astype(float)
    changes = sign_changes(payments)
    if changes == 0:
        return Rate(None, "all payments have one sign" if years.size else "no payments")
    payments = payments[years.astype(int)]
    roots = _only_root(years, payments) if changes == 1 else _roots(years, payments)
    if len(roots) > 1:
        return Rate(None, "several roots: " + ", ".join(f"{root:.4g}" for root in roots))
    if payments[0] > 0:
        return Rate(None, "income comes before the outlay: a root would be a cost of borrowing")
    if roots:
        return Rate(roots[0])
    if changes == 1:
        return Rate(None, f"income never repays the outlay: rate below {LOWEST_RATE:.0%}".replace("%", " %"))
    return Rate(None, "no root: the present value is negative at every rate")


def npv(rate: float, cash_flow: ArrayLike, first: int = 0) -> float:
    """Net present value at time 0 of yearly payments, the first at time ``first``.

    Args:
        rate: discount rate > -1 [share].
        cash_flow: shape (n_years,) [any money].
        first: time of the first payment [yr]; -1 for one year before commissioning.

    >>> round(npv(0.1, [-100.0, 121.0]), 9)
    10.0
    >>> round(npv(0.1, [-100.0, 0.0], first=-1), 9)
    -110.0
    """
    payments = _checked(cash_flow)
    return float(payments @ (1.0 + rate) ** -(first + np.arange(payments.size, dtype=float)))


def payback_yr(cash_flow: ArrayLike, first: int = 0) -> float | None:
    """Simple payback: years from commissioning until undiscounted income has repaid the outlay.

    Within the year the payment is taken as even.  The first time counts, also where a later outlay
    (dismantling) takes the sum below zero again.

    Args:
        cash_flow: shape (n_years,) [any money].
        first: time of the first payment [yr], <= 0.

    Returns:
        Years after time 0, or None where the outlay is never repaid (or was none).

    >>> payback_yr([-100.0, 40.0, 40.0, 40.0])
    2.5
    """
    total = np.cumsum(_checked(cash_flow))
    repaid = np.flatnonzero((total[:-1] < 0.0) & (total[1:] >= 0.0))
    if not repaid.size:
        return None
    last = int(repaid[0])
    return float(first + last + total[last] / (total[last] - total[last + 1]))


def lcoe(rate: float, capex: float, opex: ArrayLike, generation: ArrayLike) -> float | None:
    """Levelised cost: the constant price at which output repays capital and running cost at ``rate``.

    Args:
        rate: discount rate [share].
        capex: at time 0, interest during construction included [MCNY/GW].
        opex: shape (life,); at the end of years 1..life [MCNY/GW-yr].
        generation: shape (life,) [GWh/GW-yr].

    Returns:
        MCNY/GWh, or None where nothing is generated.

    >>> lcoe(0.0, 900.0, [50.0, 50.0], [1000.0, 1000.0])
    0.5
    """
    output = npv(rate, generation, first=1)
    return (capex + npv(rate, opex, first=1)) / output if output > 0.0 else None


def sign_changes(payments: ArrayLike) -> int:
    """Changes of sign of a sequence, zeros skipped: no fewer than it has roots (Descartes).

    >>> sign_changes([-1.0, 0.0, 2.0, -1.0])
    2
    """
    signs = np.sign(np.asarray(payments, dtype=float))
    return int(np.count_nonzero(np.diff(signs[signs != 0.0])))


def without_noise(cash_flow: ArrayLike) -> Array:
    """Payments with those below `NOISE_SHARE` of the largest set to zero; shape and unit kept."""
    payments = _checked(cash_flow)
    largest = np.abs(payments).max(initial=0.0)
    return np.where(np.abs(payments) > NOISE_SHARE * largest, payments, 0.0)


def _checked(cash_flow: ArrayLike) -> Array:
    payments = np.asarray(cash_flow, dtype=float)
    if payments.ndim != 1 or not np.isfinite(payments).all():
        raise ValueError(f"a cash flow is a sequence of finite numbers, not {cash_flow!r}")
    return payments


def _only_root(years: Array, payments: Array) -> list[float]:
    """The root of a flow with one change of sign, or none where it is below `LOWEST_RATE`."""
    if _balance(_LOW, years, payments) * payments[-1] < 0.0:
        return []
    dense = np.zeros(int(years[-1] - years[0]) + 1)
    # pyxirr stops at an absolute present value: in small units of money it would stop far from the root
    dense[(years - years[0]).astype(int)] = payments * (1e6 / np.abs(payments).max())
    root = pyxirr.irr(dense, silent=True)
    if root is None or root <= -1.0 or abs(_balance(np.log1p(root), years, payments)) > RESIDUAL_SHARE:
        return _roots(years, payments)  # it did not arrive
    return [float(root)]


def _roots(years: Array, payments: Array) -> list[float]:
    """All rates above `LOWEST_RATE` at which the payments balance, ascending."""
    return [float(np.expm1(u)) for u in _zeros(years, payments)]


def _zeros(years: Array, payments: Array) -> list[float]:
    """All u in [_LOW, _HIGH] with sum_i payments[i] exp(-years[i] u) == 0, ascending.

    Shifting time to a date between two payments of unlike sign changes no root, and the derivative with
    respect to u has that change of sign no more (the proof of Descartes' rule).  By Rolle its roots, found
    in the same way, part those that are sought, so that none is missed; roots that lie closer than rounding
    can tell (`RESIDUAL_SHARE`) count as one.
    """
    from scipy.optimize import brentq  # late: loading takes a second, and what has not changed needs none

    changes = np.flatnonzero(np.diff(np.sign(payments)))
    if not changes.size:
        return []
    date = years[changes[0] : changes[0] + 2].mean()
    inner = _zeros(years, payments * (date - years))
    touching = [u for u in inner if abs(_balance(u, years, payments)) < RESIDUAL_SHARE]
    knots = [_LOW, *inner, _HIGH]
    crossing = [
        brentq(_balance, low, high, args=(years, payments), xtol=1e-15)
        for low, high in pairwise(knots)
        if not {low, high} & set(touching)
        and _balance(low, years, payments) * _balance(high, years, payments) < 0.0
    ]
    return sorted(touching + crossing)


def _balance(u: float, years: Array, payments: Array) -> float:
    """Present value at log(1 + rate) = u over the sum of absolute present values, in [-1, 1]."""
    exponents = -years * u
    present = payments * np.exp(exponents - exponents.max())
    return float(present.sum() / np.abs(present).sum())
