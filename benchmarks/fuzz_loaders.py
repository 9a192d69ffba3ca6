"""Bad inputs by the hundred thousand through the loaders of scenarios and tables.

    PYTHONPATH=. python benchmarks/fuzz_loaders.py --examples 25000 --seed 1

Each of five kinds (`tests.fuzz`) is drawn that often.  A traceback or a silent acceptance stops the run with
the input that caused it, made as short as possible; otherwise the counts are printed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from picmodel.data.load import INPUTS
from tests import fuzz


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--examples", type=int, default=25_000, help="of each kind")
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    start, total = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {
            "mangled scenario files": (fuzz.mangled(), lambda x: fuzz.check_text(x, folder)),
            "spoilt scenario files": (fuzz.spoilt(), lambda x: fuzz.check_text(x, folder, must_fail=True)),
            "odd mappings": (fuzz.odd_mappings(), fuzz.check_mapping),
            "bad tables": (fuzz.bad_tables(INPUTS), lambda x: fuzz.check_table(*x, folder, must_fail=True)),
            "mangled tables": (fuzz.mangled_tables(INPUTS), lambda x: fuzz.check_table(*x, folder)),
        }
        for kind, (strategy, check) in kinds.items():
            found = _run(strategy, check, chosen.examples, chosen.seed)
            total += sum(found.values())
            seconds = time.perf_counter() - start
            print(f"{kind}: {found[True]:,} refused, {found[False]:,} read; {seconds:.0f} s", flush=True)
    print(f"{total:,} inputs: no traceback, nothing accepted that was spoilt")


def _run(strategy, check, examples: int, number: int) -> Counter:  # type: ignore[no-untyped-def]
    """How many were refused and how many read."""
    counts: Counter = Counter()

    @seed(number)
    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def one(example) -> None:  # type: ignore[no-untyped-def]
        counts[check(example)] += 1

    one()
    return counts


if __name__ == "__main__":
    main()
