"""Physical indicators: output, capacity, emissions, curtailment, unserved energy."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from picmodel.extract.results import Results
from picmodel.extract.table import per_technology, tidy, with_nation
from picmodel.indicators.shares import gross_generation


def quantities(results: Results) -> pd.DataFrame:
    """Output (gross and net), capacity, emissions, consumption, unserved energy, net exports."""
    net = results.values["v_annual_generation"]
    unserved = (results.values["v_unserved"] * results.weight).sum("time")
    return pd.concat(
        [
            tidy(with_nation(gross_generation(results)), "generation", "TWh gross", 1e-3),
            tidy(with_nation(net), "net_generation", "TWh", 1e-3),
            tidy(with_nation(results.values["v_capacity"]), "capacity", "GW"),
            tidy(with_nation(results.values["v_emissions"]), "emissions", "Mt CO2", 1e-3),
            tidy(with_nation(results.values["v_consumption"]), "consumption", "TWh", 1e-3),
            tidy(with_nation(unserved), "unserved_energy", "GWh"),
            tidy(net_export(results), "net_export", "TWh", 1e-3),
        ]
    )


def net_export(results: Results) -> xr.DataArray:
    """What a province sends less what it receives [GWh/yr]."""
    received, sent = arc_energy(results)
    return sent - received


def arc_energy(results: Results) -> tuple[xr.DataArray, xr.DataArray]:
    """Energy received and sent by province (province, year) [GWh/yr]."""
    zero = xr.zeros_like(results.values["v_consumption"])
    received, sent = zero.copy(), zero.copy()
    if "v_flow" not in results.values:
        return received, sent
    energy = (results.values["v_flow"] * results.weight).sum("time")
    for arc, (line, i, j) in results.data.arcs.items():
        flow = energy.sel(arc=arc, drop=True)
        sent.loc[dict(province=i)] += flow
        received.loc[dict(province=j)] += (1 - line.loss) * flow
    return received, sent


def curtailment(results: Results) -> pd.DataFrame:
    """Curtailed over available output of wind and sun, by province and nation."""
    group = per_technology(results, results.data.group)
    vre = [g for g in results.technologies if results.data.group[g] in ("wind", "solar")]
    possible = ((results.availability * results.weight).sum("time") * results.values["v_capacity"]).sel(
        technology=vre
    )
    output = results.values["v_annual_generation"].sel(technology=vre)
    possible = possible.where(output.notnull())
    by_group = [
        1
        - with_nation(output.where(group.sel(technology=vre) == name).sum("technology", min_count=1))
        / with_nation(possible.where(group.sel(technology=vre) == name).sum("technology", min_count=1)).where(
            lambda x: x > 1e-6
        )
        for name in ("wind", "solar")
    ]
    rates = xr.concat(by_group, dim=pd.Index(["wind", "solar"], name="technology"))
    return tidy(rates.clip(min=0.0), "curtailment_rate", "share")
