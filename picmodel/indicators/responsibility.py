"""Responsibility accounts: emissions by who answers for them, grid factors, traced renewable shares."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import tidy, with_nation
from picmodel.extract.tracing import OUTPUTS, SMALL_GWH, Traced, accounts, trace
from picmodel.indicators.shares import traced_shares


def grid_factors(traced: Traced) -> xr.DataArray:
    """CO2 per GWh (of, province, year), nation included [kt/GWh = t/MWh].

    ``generation``: of net output.  ``consumption``: traced, of consumption with what stores lose.
    """
    output = traced.production.sel(content=OUTPUTS).sum("content")
    produced = traced.production.sel(content="emissions", drop=True)
    consumed = traced.consumption.sel(content="emissions", drop=True)
    factors = [_ratio(produced, output), _ratio(consumed, traced.energy)]
    return xr.concat(factors, dim=pd.Index(["generation", "consumption"], name="of"))


def _ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    whole = with_nation(whole)
    return with_nation(part) / whole.where(whole > SMALL_GWH)


def responsibility(results: Results, consumer_share: float = 0.5) -> pd.DataFrame:
    """Tidy indicators: emissions by account, grid factors, traced renewable shares of consumption."""
    traced = trace(results)
    books, factors = accounts(traced, consumer_share), grid_factors(traced)
    published = results.data.policy.get("grid_factor", {})
    known = {(r,): x for r, x in published.items() if r in results.provinces}
    return pd.concat(
        [
            *(
                tidy(with_nation(books.sel(account=name, drop=True)), f"emissions_{name}", "Mt CO2", 1e-3)
                for name in books.account.values
            ),
            *(
                tidy(factors.sel(of=name, drop=True), f"grid_factor_{name}", "t/MWh")
                for name in ("consumption", "generation")
            ),
            tidy(results.from_keys(known, ("province",)), "grid_factor_published", "t/MWh"),
            traced_shares(results, traced),
        ],
        ignore_index=True,
    )
