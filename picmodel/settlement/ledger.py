"""A double-entry ledger: every payment has a payer and a payee, and every market clears.

A party is a kind of actor (`PARTIES`); the column ``province`` says where.  A market is a *clearing
account*, a name with a slash in it: ``energy/SD``, ``carbon/CN``.  Buyers pay the account, the account
pays sellers, and at the end of each year it holds neither money nor goods (`unbalanced`).  An entry has
two sides, so the sum over a ledger is zero whatever is wrong in it; only the accounts can show an error.

Amounts are real, without VAT, of one year: MCNY/yr.
"""

from __future__ import annotations

from collections.abc import Sequence

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
_LABELS = ("province", "technology", "vintage", "year")
NATION = "CN"
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
    frame = xr.Dataset({"amount": amount, "quantity": goods}).to_dataframe().reset_index()
    frame = frame.fillna({"amount": 0.0, "quantity": 0.0})
    frame = frame[(frame["amount"].abs() > SMALLEST) | (frame["quantity"].abs() > SMALLEST)]
    for column, default in zip(_LABELS, (NATION, "", 0, 0)):
        if column not in frame:
            frame[column] = default
    frame = frame.assign(
        payer=_names(payer, frame),
        payee=_names(payee, frame),
        mechanism=mechanism,
        product=product,
        unit=unit,
        price=np.where(
            frame["quantity"].abs() > SMALLEST,
            frame["amount"] / frame["quantity"].where(lambda q: q != 0),
            np.nan,
        ),
    )
    return frame[COLUMNS].reset_index(drop=True)


def _names(template: str, frame: pd.DataFrame) -> pd.Series:
    """The template with columns of each row filled in."""
    if "{" not in template:
        return pd.Series(template, index=frame.index, dtype=str)
    rows = frame.to_dict("records")
    return pd.Series([template.format_map(row) for row in rows], index=frame.index, dtype=str)


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
