"""Responsibility accounts: emissions by who answers for them, grid factors, traced renewable shares."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import tidy, with_nation
from picmodel.extract.tracing import OUTPUTS, SMALL_GWH, Traced, accounts, trace


def grid_factors(traced: Traced) -> xr.DataArray:
    """CO2 per GWh (of, province, year), nation included [kt/GWh = t/MWh].

    ``generation``: of net output.  ``consumption``: traced, of consumption with what stores lose.
    """
    output = traced.production.sel(content=OUTPUTS).sum("content")
    produced = traced.production.sel(content="emissions", drop=True)
    consumed = traced.consumption.sel(content="emissions", drop=True)
    factors = [_ratio(produced, output), _ratio(consumed, traced.energy)]
    return xr.concat(factors, dim=pd.Index(["generation", "consumption"], name="of"))


def shares_of_consumption(traced: Traced) -> xr.DataArray:
    """Share of each class in the output that consumption drew on (content, province, year), with nation.

    Losses on the way have the mix of what is sent, so that shares of all classes add up to one.
    """
    drawn = traced.consumption.sel(content=OUTPUTS)
    return _ratio(drawn, drawn.sum("content")).where(with_nation(traced.energy) > SMALL_GWH)


def _ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    whole = with_nation(whole)
    return with_nation(part) / whole.where(whole > SMALL_GWH)


def responsibility(results: Results, consumer_share: float = 0.5) -> pd.DataFrame:
    """Tidy indicators: emissions by account, grid factors, traced renewable shares of consumption."""
    traced = trace(results)
    books, factors = accounts(traced, consumer_share), grid_factors(traced)
    shares = shares_of_consumption(traced)
    nonhydro = shares.sel(content="nonhydro", drop=True)
    renewable = nonhydro + shares.sel(content="hydro", drop=True)
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
            tidy(renewable, "renewable_share_of_consumption", "share"),
            tidy(nonhydro, "nonhydro_share_of_consumption", "share"),
        ],
        ignore_index=True,
    )
