"""What a GWh of each hourly decision costs by all rules that are not of the hour itself.

Fuel, O&M and tariffs; and what annual rules add or take off at their duals: a tonne, a certificate, an
obligation that rises with consumption, guaranteed hours.  With these costs, and capacities as they are,
dispatch of each day stands alone: by duality the plan's own dispatch is one of its optima.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from picmodel.extract.results import Results
from picmodel.solve.compile import LinearProgram
from picmodel.solve.highs import Solution

#: hourly decisions -> name of their cost
COST_OF = {
    "v_generation": "cost_generation",
    "v_charge": "cost_charge",
    "v_discharge": "cost_discharge",
    "v_flow": "cost_flow",
    "v_unserved": "cost_unserved",
}
#: rows of the slice that bind a slice to the year, so they are priced like annual rows
ACROSS_THE_YEAR = ("c_contract_delivery",)


def running_costs(lp: LinearProgram, solution: Solution, results: Results) -> xr.Dataset:
    r"""Cost of hourly decisions by the objective and all rows beyond the hour.

    .. math:: c_j = \frac{1}{W_t D_y} \Big( o_j - \sum_{i \notin \text{hourly}} A_{ij} \, \pi_i \Big)

    Returns:
        ``cost_generation``, ``cost_charge``, ``cost_discharge``, ``cost_flow`` and ``cost_unserved``
        [MCNY/GWh], undiscounted, over the decision's dimensions but the hour.  The mean over the hours is
        taken: all annual rules count a GWh alike whenever it comes, but those of `ACROSS_THE_YEAR`.
    """
    beyond = np.zeros(lp.shape[0])
    for name, block in lp.rows.items():
        hourly = block.index and {"time", "period"} & set(results.dims(name))
        if not hourly or name in ACROSS_THE_YEAR:
            beyond[block.position[block.position >= 0]] = 1.0
    column_cost = lp.cost - lp.matrix.T @ (beyond * solution.dual)
    found = {}
    for name, target in COST_OF.items():
        if name in results.values:
            total = results.label_columns(lp, name, column_cost).sum("time", min_count=1)
            hours = results.weight.where(results.values[name].notnull()).sum("time")
            found[target] = (total / (hours * results.discount)).assign_attrs(
                units="MCNY/GWh",
                long_name=f"running cost by all rules beyond the hour: {results.entries[name].meaning}",
                comment="real, without VAT; undiscounted; 1 MCNY/GWh = 1000 CNY/MWh",
            )
    return xr.Dataset(found)
