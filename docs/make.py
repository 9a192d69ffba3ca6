"""Make every figure and table of docs/ again: `python docs/make.py`, a few seconds, no solve.

`--check` writes nothing and says which pages are not what their data say (exit code 1).  What needs solves is
listed at the end, with the command that makes its data.  Pages of the reference are made while the site is
built (docs/reference.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import indicators_table
import pic2022
from picmodel.ladder.claims import Values, read_claims
from picmodel.ladder.runs import read_table

DOCS = Path(__file__).resolve().parent

#: data of docs/ that solves make -> command; hours for the ladder and the studies, minutes for the rest
SOLVED = {
    "docs/pic2022.csv": "picmodel ladder scenarios/pic2022 --write docs/pic2022.csv",
    "docs/pic2022_attribution.csv": "picmodel attribute scenarios/pic2022/attribution.yml",
    "docs/pic2022_claims.csv, docs/pic2022_tornado.csv": "picmodel sensitivity "
    "scenarios/pic2022/sensitivity.yml",
    "docs/pic2022_hourly.csv": "picmodel dispatch RESULTS/SETTING-RUNG … --year 2030 "
    "--write docs/pic2022_hourly.csv",
    "table of docs/markets/switches.md": "picmodel run scenarios/switches.yaml --out RESULTS, "
    "then python docs/switches_table.py RESULTS",
    "tables of docs/hindcast.md": "picmodel hindcast",
    "what docs/tutorial.md prints": "python docs/tutorial.py",
}


def _ladder() -> str:
    return pic2022.page(Values(read_table(pic2022.TABLE)), read_claims(pic2022.CLAIMS))


#: page -> what makes it from what is stored
PAGES: dict[str, Callable[[], str]] = {"indicators.md": indicators_table.page, "pic2022.md": _ladder}


def stale() -> list[str]:
    """Pages that are not what their data say."""
    return [name for name, make in PAGES.items() if (DOCS / name).read_text("utf-8") != make()]


def main(check: bool) -> int:
    """Make pages and figures, or look whether pages are in step."""
    old = stale()
    for name in old:
        print(f"docs/{name}: {'not what its data say; run python docs/make.py' if check else 'made anew'}")
    if check:
        return 1 if old else 0
    for name in old:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
    pic2022.main()  # its figures are drawn anew whether the page has changed or not
    print(
        f"{len(PAGES)} pages and the figures of docs/pic2022.md are made.  Solves make what they are made of:"
    )
    for what, command in SOLVED.items():
        print(f"  {what}: {command}")
    return 0


if __name__ == "__main__":
    sys.argv, check = sys.argv[:1], "--check" in sys.argv[1:]
    sys.exit(main(check))
