"""A forecast as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from picmodel.size.forecast import MEASURED_NONZEROS, Forecast


def size_table(found: Sequence[Forecast]) -> Table:
    """One row a scenario."""
    table = Table("scenario")
    for name in ("slices", "rows", "columns", "nonzeros", "memory, GB", "one solve, min"):
        table.add_column(name, justify="right")
    for one in found:
        low, high = (seconds / 60 for seconds in one.seconds)
        table.add_row(
            one.scenario,
            *(f"{x:,}" for x in (one.slices, one.rows, one.columns, one.nonzeros)),
            f"{one.memory_gb:.2f}",
            f"{low:.1f} to {high:.1f}" if high < 10 else f"{low:.0f} to {high:.0f}",
        )
    return table


def notes(found: Sequence[Forecast]) -> Iterator[str]:
    """What the reader must know of the numbers."""
    yield "Time is that of one core with nothing else to do; it hangs on the machine and on the mechanisms."
    if any(one.extrapolated for one in found):
        most = f"{MEASURED_NONZEROS:,}"
        yield f"Memory and time were measured up to {most} nonzeros; beyond that they are extrapolated."
    if any(one.held for one in found):
        yield "Where capacities are held the LP is smaller than this: limits on them are left out."
