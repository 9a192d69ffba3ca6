"""Size of a scenario's LP from two small versions of it.

Days are alike in structure: all rows and columns belong to a representative day, or to none.  So with the
scenario's own step, provinces, years and mechanisms the size is a constant and a number of days times what a
day adds.  Both follow from the LP of one day and that of two, which build in seconds.  What differs from day
to day are hours without sun: the forecast is a little off by them.

Memory and time are what runs of known size took (see the constants); time depends on the machine, on what
else it does and on the mechanisms, so it is a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from picmodel import driver
from picmodel.data.load import system_data
from picmodel.data.system import SystemData
from picmodel.errors import InputError
from picmodel.formulation.build import build_model
from picmodel.markets.base import Active
from picmodel.markets.registry import activate, with_interactions
from picmodel.scenario.schema import Scenario
from picmodel.solve.compile import compile_model

#: of a process that has read the inputs [GB]
BASE_GB = 0.38
#: peak of building, solving and writing [GB per nonzero], from runs of 0.08 to 0.43 million nonzeros; the run
#: of `reference.yaml`, 2.26 million, took 2.22 GB, which is 7 % more than this says
GB_PER_NONZERO = 0.75e-6
#: nonzeros of the largest run that the memory was measured on; its solve took 17 minutes by the clock on two
#: busy cores, within the range below
MEASURED_NONZEROS = 2_300_000
#: solve of a million nonzeros on one core [s], and how time grows with nonzeros: of 31 provinces under
#: `reference.yaml`'s markets, 106 000 nonzeros took 2.0 s, 246 000 5.1 to 7.1 s, 316 000 5.7 to 8.4 s and
#: 2 260 000 196 s; with all mechanisms 1 050 000 76 to 96 s
SECONDS_PER_MILLION, GROWTH = 54.0, 1.57
#: fastest and slowest solve beside these: other mechanisms tie hours together more, or less
SPREAD = (0.5, 3.0)
#: days of the small versions
SMALL = (1, 2)
#: emissions of other scenarios, which only enter as numbers [kt/yr]
_ANY_EMISSIONS = 4e6


@dataclass(frozen=True)
class Forecast:
    """What a run will take.

    Attributes:
        seconds: fastest and slowest solve that is likely; others of the run aside [s].
        exact: the LP itself was built, because it has no more days than the small ones.
        held: capacities are held, which the forecast leaves out: the LP is smaller.
    """

    scenario: str
    slices: int
    rows: int
    columns: int
    nonzeros: int
    memory_gb: float
    seconds: tuple[float, float]
    exact: bool
    held: bool

    @property
    def extrapolated(self) -> bool:
        """Larger than any run that memory and time were measured on."""
        return self.nonzeros > MEASURED_NONZEROS


def forecast(scenario: Scenario) -> Forecast:
    """Forecast the size of a scenario.

    Raises:
        InputError: bad input.
    """
    time = scenario.time
    days = 365 if time.periods >= 365 else time.periods + time.extremes
    held = scenario.physical.capacities_of is not None
    options = driver.market_options(scenario)
    active = activate(options)
    sample = [n for n in SMALL if n <= days]
    sizes = [_size(_with_days(scenario, n), active) for n in sample]
    one, last = np.array(sizes[0]), np.array(sizes[-1])
    rows, columns, nonzeros = (int(x) for x in last + (days - sample[-1]) * (last - one))
    middle = SECONDS_PER_MILLION * (nonzeros / 1e6) ** GROWTH
    return Forecast(
        scenario=scenario.name,
        slices=days * 24 // time.step_h,
        rows=rows,
        columns=columns,
        nonzeros=nonzeros,
        memory_gb=BASE_GB + GB_PER_NONZERO * nonzeros,
        seconds=(SPREAD[0] * middle, SPREAD[1] * middle),
        exact=days == sample[-1],
        held=held,
    )


def _with_days(scenario: Scenario, days: int) -> Scenario:
    """The scenario with few typical days, and nothing held."""
    time = scenario.time.model_copy(update={"periods": days, "extremes": 0})
    physical = scenario.physical.model_copy(update={"capacities_of": None})
    return scenario.model_copy(update={"time": time, "physical": physical})


def _size(scenario: Scenario, active: tuple[Active, ...]) -> tuple[int, int, int]:
    """Rows, columns and nonzeros."""
    data = _as_if_given(system_data(scenario)[0], active)
    problems = [f"{scenario.name}: {p}" for mechanism in active for p in mechanism.check(data)]
    if problems:
        raise InputError(problems)
    lp = compile_model(build_model(data, with_interactions(active)))
    return (*lp.shape, int(lp.matrix.nnz))


def _as_if_given(data: SystemData, active: tuple[Active, ...]) -> SystemData:
    """The system with some emissions of the scenarios that others name: their size does not matter."""
    named = {written for mechanism in active for written in mechanism.needs().values()}
    emissions: Mapping = {name: dict.fromkeys(data.horizon.years, _ANY_EMISSIONS) for name in named}
    return replace(data, policy={**data.policy, "emissions_of": emissions})
