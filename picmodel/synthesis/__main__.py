"""``python -m picmodel.synthesis --inputs inputs --out inputs/series/synthetic_2023.nc``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from picmodel.errors import InputError
from picmodel.synthesis.build import SEED, read_calibration, synthesise, write
from picmodel.synthesis.verify import verify


def main() -> int:
    """Make the year, write it, print what it reaches."""
    parser = argparse.ArgumentParser(
        prog="python -m picmodel.synthesis", description="Make the SYNTHETIC hourly year of all provinces."
    )
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder of the input tables")
    parser.add_argument("--out", type=Path, default=Path("inputs/series/synthetic_2023.nc"))
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    try:
        calibration = read_calibration(options.inputs)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    made = synthesise(calibration, options.seed)
    write(made, options.out)
    print(verify(made, calibration).to_string(float_format=lambda x: f"{x:.3f}", na_rep="-"))
    print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
