"""Bad inputs by the thousand: what the loaders may never do, whatever a file holds.

A scenario file is read or refused with places and ids, never anything else; what was spoilt on purpose is
refused.  The same for a table.  `tests/test_fuzz.py` takes a few of these, `benchmarks/fuzz_loaders.py` many.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import lru_cache
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from picmodel.data.read import _read_table, columns_of
from picmodel.data.tables import TABLE
from picmodel.driver.sources import CHECKS
from picmodel.errors import InputError
from picmodel.scenario.load import ScenarioSet, dump_yaml, load
from picmodel.scenario.messages import MESSAGES, Message

#: a file with every section, from which bad ones are made
GOOD = """\
title: {en: Spot, zh: 现货}
horizon: {years: [2025, 2030], last_span: 5, discount_rate_share: 0.05}
space: {provinces: [GD, JS]}
time: {periods: 2, extremes: 1, step_h: 4, variant: '2023'}
physical: {value_of_lost_load_cny_per_mwh: 20000, adequacy: true, demand_factor: 1.1}
markets:
  carbon: {instrument: price, price_cny_per_t: {2025: 50, 2030: 70.5}}
  power: {dispatch: spot}
overrides:
  fuel_prices.coal.price_cny_per_gj: [{multiply: 1.1}, {add: 2, where: {province: [GD, JS]}}]
  demand.consumption_twh.2030: 3000
solver: {method: simplex, threads: 1}
projects: {technologies: [wind_onshore]}
waive: [{id: PIC-W101, reason: a test}]
reference: a
designs: {a: {}, b: {time: {periods: 3}}}
sweep: {grid: {physical.hydro_min_flow_share: [0.2, 0.3]}}
"""
_LINES = GOOD.splitlines()
#: what breaks YAML, or looks as if it did not
PIECES = (
    *"\t\n :,{}[]'\"#&*!|>%@`-?=~\0\ufeff\u2028：，｛中é",
    *(
        "<<: *x",
        "!!python/object:os.system ",
        "&a [*a]",
        "---",
        "...",
        "%YAML 1.1\n",
        ".nan",
        ".inf",
        "1e999",
    ),
    *(
        "NO",
        "yes",
        "1e3",
        "0o17",
        "0x1F",
        "1_000",
        "null",
        "2030-01-01",
        "\r\n",
        "  ",
        "- ",
        "? ",
        "\x85",
        "1:30",
    ),
)


@st.composite
def mangled(draw: Any) -> str:
    """The good file with pieces cut out, put in or doubled."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=3) | st.sampled_from(_LINES))
        text = text[:at] + piece + text[at + length :]
    return text


#: texts that are no path, no name, or lead out of the project
ODD_TEXTS = ("\0", "\ud800", "a" * 300, "a/" * 3000, "~", "..", "/dev/null", "/proc/self", "$HOME", "-", "CN")
_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(ODD_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
#: one line of the good file and what it becomes: wrong whatever else the file says
SPOILT = {
    "last_span: 5": ("last_span: 0", "last_span: five", "last_span: [5]", "last_span: 5.5", "lst_span: 5"),
    "discount_rate_share: 0.05": (
        "discount_rate_share: 5",
        "discount_rate_share: .nan",
        "discount_rate_share: '5'",
    ),
    "[2025, 2030]": ("[2030, 2025]", "[]", "2025", "[2025, 2025]", "[2025.5]", "[NO]"),
    "[GD, JS]}\ntime": ("[gd]}\ntime", "[]}\ntime", "GD}\ntime", "[GD, GD]}\ntime"),
    "step_h: 4": ("step_h: 5", "step_h: 1e3", "step_h: true", "step_h:"),
    "adequacy: true": ("adequacy: yes", "adequacy: on", "adequacy: 1", "adequacy: true, adequacy: true"),
    "instrument: price": ("instrument: prise", "instrument: [price]", "instrumnt: price"),
    "2030: 70.5": ("2030: -1", "2030: a", "20300: 5", "2030: 70.5, 2030: 71"),
    "multiply: 1.1": ("mutliply: 1.1", "multiply: a", "multiply: 1.1, set: 2", "multiply: .inf"),
    "fuel_prices.coal.price_cny_per_gj": (
        "fuel_price.coal.price_cny_per_gj",
        "fuel_prices.coal.cost",
        "a..b",
    ),
    "method: simplex": ("method: gurobi", "method: NO"),
    "PIC-W101": ("PIC-S030", "PIC-W999", "W101"),
    "reference: a": ("reference: c", "reference: [a]", "refrence: a"),
    "b: {time": ("b c: {time", "2: {time", "b: {tiem"),
    "grid:": ("gird:", "list:", "grid: 3 #"),
    "[0.2, 0.3]": ("[0.2, 0.2]", "[]", "[2.0]", "[a]"),
    "dispatch: spot": ("dispatch: spott", "dispatch: spot, x: 1"),
    "markets:": ("markts:", "markets:\n  crbon: {}"),
    "title:": ("\ttitle:", "title：", "<<: {}\ntitle:", "title: a\ntitle:"),
}


@st.composite
def spoilt(draw: Any) -> str:
    """The good file with one to three things in it wrong."""
    text = GOOD
    for place in draw(st.lists(st.sampled_from(sorted(SPOILT)), min_size=1, max_size=3, unique=True)):
        text = text.replace(place, draw(st.sampled_from(SPOILT[place])), 1)
    return text


@st.composite
def odd_mappings(draw: Any) -> dict:
    """A mapping of known keys to anything, at any depth."""
    sections = ("title", "horizon", "space", "time", "series", "inputs", "physical", "markets", "overrides")
    control = ("extends", "designs", "reference", "sweep", "waive", "outside", "name", "solver", "projects")
    keys = draw(st.lists(st.sampled_from((*sections, *control)), min_size=1, max_size=3, unique=True))
    inner = (
        "years",
        "provinces",
        "periods",
        "carbon",
        "grid",
        "list",
        "demand.x.2030",
        "latin_hypercube",
        "keys",
    )
    return {
        key: draw(_ANYTHING | st.dictionaries(st.sampled_from(inner), _ANYTHING, max_size=2)) for key in keys
    }


def check_text(text: str, folder: Path, must_fail: bool = False) -> bool:
    """Load a file with this text, and hold the loader to its promise; True where it was refused."""
    path = folder / "x.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    found, problems = _loaded(path)
    if found is None:
        assert problems
        assert all(problem.startswith(str(path)) for problem in problems), problems
        return True
    assert not must_fail, f"accepted in silence:\n{text}"
    _check_found(found)
    return False


def check_mapping(raw: dict) -> bool:
    """The same for a mapping of Python."""
    found, problems = _loaded(raw)
    if found is None:
        assert problems
        return True
    _check_found(found)
    return False


def _loaded(source: Path | dict) -> tuple[ScenarioSet | None, list[str]]:
    """What was read, or messages, each with its id; nothing else may be raised."""
    try:
        return load(source, CHECKS), []
    except InputError as refusal:
        problems = refusal.problems
    strange = [p for p in problems if not (isinstance(p, Message) and p.id in MESSAGES)]
    assert not strange, f"messages without an id: {strange}"
    return None, problems


def _check_found(found: ScenarioSet) -> None:
    """What was accepted can be written out and called by its name."""
    names = [scenario.name for scenario in found]
    assert names
    assert all(names)
    dump_yaml(found.scenarios[0])


# -- tables

#: every declared table
TABLE_NAMES = tuple(TABLE)
CELLS = (
    "",
    "abc",
    "nan",
    "inf",
    "1,000",
    "1e400",
    '"',
    "０",
    "-",
    "\0",
    "true",
    "=1+1",
    "'1",
    "1_0",
    "0x1",
    "-1e30",
    "1e30",
)


@lru_cache
def _first_rows(name: str, folder: Path, count: int = 4) -> tuple[tuple[str, ...], ...]:
    """Header and first rows of a shipped table, as cells."""
    with (folder / TABLE[name].file).open(encoding="utf-8", newline="") as file:
        return tuple(map(tuple, islice(csv.reader(file), count + 1)))


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


@st.composite
def bad_tables(draw: Any, shipped: Path) -> tuple[str, str]:
    """A table's name, and a text of it with something wrong."""
    name = draw(st.sampled_from(TABLE_NAMES))
    rows = [list(row) for row in _first_rows(name, shipped)]
    column = draw(st.integers(0, len(rows[0]) - 1))
    row = draw(st.integers(1, len(rows) - 1))
    declared = {c.name: c for c in columns_of(TABLE[name])}[rows[0][column]]
    kind = draw(st.sampled_from(("cell", "ragged", "twice", "renamed", "column twice")))
    if kind == "cell" and declared.kind != "text":
        rows[row][column] = draw(st.sampled_from(CELLS))
    elif kind == "ragged":
        rows[row] = rows[row][: draw(st.integers(1, len(rows[row]) - 1))] or [""]
    elif kind == "renamed":
        rows[0][column] = draw(st.text("abc_ ", max_size=6))
    elif kind == "column twice":
        rows[0][column] = rows[0][column - 1]
    else:
        rows.append(list(rows[row]))
    return name, _written(rows)


@st.composite
def mangled_tables(draw: Any, shipped: Path) -> tuple[str, str]:
    """A table's name, and a text of it with pieces cut out or put in."""
    name = draw(st.sampled_from(TABLE_NAMES))
    text = _written(_first_rows(name, shipped))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        text = text[:at] + draw(st.sampled_from((*CELLS, ",", "\n", "\r", ",,", " "))) + text[at + length :]
    return name, text


def check_table(name: str, text: str, folder: Path, must_fail: bool = False) -> bool:
    """Read a table with this text; True where it was refused, with the file named in every message."""
    table = TABLE[name]
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    frame, problems = _read_table(path, table, table.file)
    for problem in problems:
        assert problem.startswith(table.file), problem
    if problems:
        return True
    assert not must_fail, f"accepted in silence: {name}\n{text}"
    assert frame is not None
    assert list(frame.columns) == [c.name for c in columns_of(table) if c.name in frame.columns]
    assert not frame.isna().any().any(), text
    return False
