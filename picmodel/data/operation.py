"""What plants can give and must give in each slice, and the water of each period."""

from __future__ import annotations

import numpy as np
import pandas as pd

from picmodel.data.lookup import Tables
from picmodel.data.periods import Periods
from picmodel.data.system import TimeSlices

#: shares below this are noise of a series (0.1 MW of a GW) and would spoil the scaling of the matrix
LEAST_SHARE = 1e-4


def operation(tables: Tables, periods: Periods, fleets, tech, min_flow: float) -> dict:
    """What fleets can and must give, and their water, as fields of `SystemData`."""
    time = periods.time_slices
    available = _availability(tables, periods, time, fleets, tech)
    return dict(
        availability=available,
        min_output=_min_output(tables, periods, time, fleets, tech, available, min_flow),
        inflow=_inflow(periods, time, fleets, tech),
    )


def _monthly(table: pd.DataFrame, key: str, column: str, periods: Periods) -> dict[str, np.ndarray]:
    """Monthly values averaged over the days that each period stands for."""
    found = {}
    for label, rows in table.groupby(key, sort=False):
        months = np.zeros(12)
        months[rows["month"].to_numpy() - 1] = rows[column]
        found[label] = periods.averaged(months)
    return found


def _availability(tables: Tables, periods: Periods, time: TimeSlices, fleets, tech) -> dict:
    """Net output that a gross GW can give in each slice; zero (sun at night) is left out."""
    seasonal = _monthly(tables["monthly_availability"], "technology", "relative_share", periods)
    found = {}
    for r, g in fleets:
        net = (1 - tech.own_use_share[g]) * tech.availability_share[g]
        series = tech.series[g]
        if tech.kind[g] == "vre":
            shares = net * periods.of(series, r)
        elif g in seasonal:
            shares = np.array([net * seasonal[g][p] for p in time.period.values()])
        else:
            shares = np.full(len(time.slices), net)
        shares = np.minimum(shares, 1 - tech.own_use_share[g])
        found.update({(r, g, t): float(shares[t]) for t in time.slices if shares[t] >= LEAST_SHARE})
    return found


def _min_output(
    tables: Tables, periods: Periods, time: TimeSlices, fleets, tech, availability, min_flow
) -> dict:
    """Inflexible, heat-led and minimum-flow output per gross GW, never above what is available."""
    heat = _monthly(tables["heat_must_run"], "province", "must_run_share", periods)
    found = {}
    for r, g in fleets:
        net, share = 1 - tech.own_use_share[g], tech.min_output_share[g]
        water = periods.of("hydro", r) if tech.kind[g] == "hydro" else None
        for t in time.slices:
            most = availability.get((r, g, t), 0.0)
            least = share * most
            if water is not None:
                same_day = time.slices_in[time.period[t]]
                least = min_flow * net * float(np.mean([water[k] for k in same_day]))
            elif g == "coal_chp" and r in heat:
                least = max(least, net * float(heat[r][time.period[t]]))
            if least >= LEAST_SHARE:
                found[r, g, t] = float(min(least, most))
    return found


def _inflow(periods: Periods, time: TimeSlices, fleets, tech) -> dict:
    """Net energy that the water of a period gives a gross GW [GWh per GW and period]."""
    found = {}
    for r, g in fleets:
        if tech.kind[g] == "hydro":
            water = periods.of("hydro", r) * (1 - tech.own_use_share[g])
            for p, slices in time.slices_in.items():
                found[r, g, p] = float(time.step * sum(water[t] for t in slices))
    return found
