"""A double-entry ledger: every payment has a payer and a payee, and every market clears.

A party is a kind of actor (`PARTIES`); the column ``province`` says where.  A market is a *clearing
account*, a name with a slash in it: ``energy/SD``, ``carbon/CN``.  Buyers pay the account, the account
pays sellers, and at the end of each year it holds neither money nor goods (`unbalanced`).  An entry has
two sides, so the sum over a ledger is zero whatever is wrong in it; only the accounts can show an error.

Amounts are real, without VAT, of one year: MCNY/yr.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

#: who can pay and be paid; a new kind of actor is declared here
PARTIES = {
    "consumers": "end users of a province, heavy industry and its load inside",
    "generators": "owners of plants, by technology",
    "stores": "owners of stores, by technology",
    "grid": "grid companies: lines, wheeling, differences of price between provinces",
    "state": "the treasury: auctions, ceilings and floors, compliance payments",
    "ccer_suppliers": "projects outside the power sector that sell CCER",
    "volunteers": "buyers of certificates without an obligation",
    "bank": "who holds allowances or certificates from one year to the next",
    "savers": "energy service companies and users that save energy",
    "other_sectors": "covered emitters outside the power sector",
    "co2_storage": "who transports and stores captured CO2",
}

COLUMNS = [
    "payer",
    "payee",
    "mechanism",
    "product",
    "province",
    "technology",
    "vintage",
    "year",
    "quantity",
    "unit",
    "price",
    "amount",
]
NATION = "CN"
#: labels of an entry, with what stands where its array has no such dimension
_LABELS = {"province": NATION, "technology": "", "vintage": 0, "year": 0}
SMALLEST = 1e-9  # MCNY and units of quantity below which an entry is rounding


def entries(
    payer: str,
    payee: str,
    mechanism: str,
    product: str,
    amount: xr.DataArray,
    quantity: xr.DataArray | None = None,
    unit: str = "",
) -> pd.DataFrame:
    """Ledger entries, one for each element of an array that is not zero.

    Args:
        payer, payee: a party, or a clearing account; ``{province}``, ``{class}`` and other dimensions of
            the array are filled in: ``energy/{province}``.
        amount: MCNY/yr over any of province, technology, vintage, year and further dimensions that the
            names use; negative where the payment goes the other way.
        quantity: what is paid for, in ``unit``; broadcast against ``amount``.

    Returns:
        A frame with `COLUMNS`; price is amount over quantity, MCNY per unit, NaN without a quantity.
    """
    amount, goods = xr.broadcast(amount, xr.zeros_like(amount) if quantity is None else quantity)
    money, traded = np.nan_to_num(amount.to_numpy()), np.nan_to_num(goods.to_numpy())
    where = np.nonzero((np.abs(money) > SMALLEST) | (np.abs(traded) > SMALLEST))
    money, traded = money[where], traded[where]
    labels = {str(dim): amount[dim].to_numpy()[at] for dim, at in zip(amount.dims, where)}
    count = len(money)
    has_price = np.abs(traded) > SMALLEST
    columns = {
        "payer": _names(payer, labels, count),
        "payee": _names(payee, labels, count),
        "mechanism": mechanism,
        "product": product,
        **{name: labels.get(name, default) for name, default in _LABELS.items()},
        "quantity": traded,
        "unit": unit,
        "price": np.where(has_price, money / np.where(has_price, traded, 1.0), np.nan),
        "amount": money,
    }
    return pd.DataFrame(columns, index=range(count))[COLUMNS]


def _names(template: str, labels: Mapping[str, np.ndarray], count: int) -> list[str]:
    """The template with labels of each entry filled in."""
    used = {name: column for name, column in labels.items() if f"{{{name}}}" in template}
    if not used:
        return [template] * count
    return [template.format(**dict(zip(used, row))) for row in zip(*used.values())]


def ledger(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All entries of a run as one frame.

    Raises:
        ValueError: a party that is neither declared nor a clearing account.
    """
    filled = [part for part in parts if len(part)]
    whole = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)
    parties = set(whole["payer"]) | set(whole["payee"])
    unknown = sorted(p for p in parties if not is_account(p) and p not in PARTIES)
    if unknown:
        raise ValueError(f"the ledger knows no party {', '.join(unknown)}; declare it in PARTIES")
    return whole


def is_account(name: str) -> bool:
    return "/" in name


def unbalanced(whole: pd.DataFrame) -> pd.DataFrame:
    """Every clearing account and year: money and goods left over, beside what passed through it.

    Returns:
        Columns account, year, money, turnover [MCNY/yr], goods, traded [the account's unit]; the account
        is closed where money and goods are zero.
    """
    paid_in = _side(whole, "payee", 1.0)
    paid_out = _side(whole, "payer", -1.0)
    both = pd.concat([paid_in, paid_out], ignore_index=True)
    both = both.assign(turnover=both["money"].abs(), traded=both["goods"].abs())
    sums = both.groupby(["account", "year"], as_index=False)[["money", "turnover", "goods", "traded"]].sum()
    return sums.astype({"year": int})


def _side(whole: pd.DataFrame, column: str, sign: float) -> pd.DataFrame:
    mine = whole[whole[column].map(is_account).astype(bool)] if len(whole) else whole
    return pd.DataFrame(
        {
            "account": mine[column].astype(str),
            "year": mine["year"],
            "money": sign * mine["amount"].astype(float),
            "goods": sign * mine["quantity"].astype(float),
        }
    )


def worst_account(whole: pd.DataFrame) -> tuple[float, str]:
    """Largest part of an account's turnover or trade that is left over at the end of a year, and where."""
    sums = unbalanced(whole)
    if sums.empty:
        return 0.0, ""
    # an account with hardly any turnover is measured against 1 MCNY, or 1 unit
    money = sums["money"].abs() / sums["turnover"].clip(lower=1.0)
    goods = sums["goods"].abs() / sums["traded"].clip(lower=1.0)
    worst = np.maximum(money, goods)
    row = int(worst.to_numpy().argmax())
    return float(worst.iloc[row]), f"{sums['account'].iloc[row]}, {sums['year'].iloc[row]}"


def position(whole: pd.DataFrame) -> pd.DataFrame:
    """What every party receives less what it pays, by product: columns party, province, technology,
    mechanism, product, year, amount [MCNY/yr]."""
    keys = ["party", "province", "technology", "mechanism", "product", "year"]
    parts = [
        whole.assign(party=whole[column], amount=sign * whole["amount"].astype(float))
        for column, sign in (("payee", 1.0), ("payer", -1.0))
    ]
    both = pd.concat(parts, ignore_index=True)
    mine = both[~both["party"].map(is_account).astype(bool)] if len(both) else both
    return mine.groupby(keys, as_index=False)["amount"].sum()
