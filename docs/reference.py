"""Pages of the site that the program itself says: commands, options, names, equations, words, sources.

They are made while the site is built (docs/hooks.py) and stored nowhere, so that they cannot be out of date.
"""

from __future__ import annotations

import ast
import csv
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).resolve().parents[1]
#: folders whose rules have equations in their docstrings, in the order of the page
RULES = ("formulation", "markets", "extract", "settlement", "studies", "solve", "diagnose", "chronology")
_EQUATION = re.compile(
    r"^\.\. math::[ ]*(?P<first>.*)\n(?P<more>(?:[ ]{4,}.*\n|\n(?=[ ]{4}))*)", re.MULTILINE
)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; what would end a cell is escaped."""

    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in cells) + " |\n"

    return line(head) + line("---" for _ in head) + "".join(map(line, rows))


def code(text: object) -> str:
    """Text as code; "" where there is none."""
    return f"`{text}`" if str(text) else ""


def plain(text: object) -> str:
    """Text in which nothing is markup."""
    return re.sub(r"([<>*_\[\]$])", r"\\\1", str(text))


# -- commands


def commands() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    import typer

    from picmodel.cli import app

    top = typer.main.get_command(app)
    parts = ["# Commands\n\nAs `picmodel COMMAND --help` says.\n"]
    return "\n".join([*parts, *_commands_of(top, "picmodel")])


def _commands_of(command: click.Command, path: str) -> list[str]:
    found: Mapping[str, click.Command] | None = getattr(command, "commands", None)
    if found is not None:
        return [text for name, inner in found.items() for text in _commands_of(inner, f"{path} {name}")]
    summary, _, example = inspect.cleandoc(command.help or "").partition("\nExample: ")
    rows = [
        (
            ", ".join(f"`{name}`" for name in option.opts)
            if option.param_type_name == "option"
            else code(option.name.upper()),
            "required" if option.required else code("" if option.default is None else option.default),
            plain(getattr(option, "help", "") or ""),
        )
        for option in command.params
        if option.name != "help"
    ]
    parts = [f"## {path}\n", plain(summary.strip()) + "\n"]
    if example:
        parts.append(f"```bash\n{example.strip()}\n```\n")
    return [*parts, table(("argument or option", "default", "what"), rows)] if rows else parts


# -- what a scenario can say


def scenario() -> str:
    """Every key of a scenario file but the options of mechanisms."""
    from picmodel.scenario.parameters import parameters
    from picmodel.scenario.schema import Scenario

    head = (
        "# Scenario files\n\nEvery key with type, unit, default and range; `picmodel schema` prints the "
        "same as JSON Schema. [How to write them](../scenarios.md). Options of the markets have "
        "[a page of their own](mechanisms.md).\n\n"
    )
    return head + _options(parameters(Scenario))


def mechanisms() -> str:
    """Every mechanism: what it is, its options, what it warns of."""
    from picmodel.markets.registry import MECHANISMS
    from picmodel.scenario.parameters import parameters

    parts = ["# Options of mechanisms\n\nWhat `markets` takes, as `picmodel show mechanisms --all` says.\n"]
    for m in MECHANISMS:
        parts.append(f"## {m.name}\n\n{plain(m.summary)}\n")
        if (ROOT / "docs" / "markets" / f"{m.name}.md").is_file():
            parts.append(f"[Why and how](../markets/{m.name}.md)\n")
        options = parameters(m.config)
        parts.append(_options(options) if options else "It has no options.\n")
    return "\n".join(parts)


def _options(options: Iterable) -> str:
    rows = [
        (code(o.name), plain(o.type), plain(o.unit), code(o.default), plain(o.range), plain(o.description))
        for o in options
    ]
    return table(("key", "type", "unit", "default", "range", "what"), rows)


# -- names and equations


def names() -> str:
    """Every variable and row family with its dimensions, unit and price."""
    from picmodel.glossary import DIMENSIONS, ENTRIES
    from picmodel.markets.registry import MECHANISMS

    groups = {"physical system": ENTRIES, **{m.name: m.entries for m in MECHANISMS}}
    parts = ["# Variables and rows\n\nVariables are `v_`, rows `c_`. Dimensions:\n"]
    parts.append(table(("dimension", "what"), ((code(d), plain(text)) for d, text in DIMENSIONS.items())))
    for group, entries in groups.items():
        if entries:
            rows = [
                (code(e.name), ", ".join(e.dims), plain(e.unit), plain(e.price), e.status, plain(e.meaning))
                for e in entries
            ]
            parts += [f"## {group}\n", table(("name", "over", "unit", "price", "status", "what"), rows)]
    return "\n".join(parts)


def equations() -> str:
    """Every equation that a docstring states, with its units and what its dual is, by file."""
    parts = ["# Equations\n\nAs they stand beside the rules. [Which file has which rules](../model.md).\n"]
    for folder in RULES:
        for path in sorted((ROOT / "picmodel" / folder).rglob("*.py")):
            found = list(_stated(path))
            if found:
                parts.append(f"## {path.relative_to(ROOT / 'picmodel').as_posix()}\n")
                parts += found
    return "\n".join(parts)


def _stated(path: Path) -> Iterable[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            text = (ast.get_docstring(node) or "") + "\n"
            if ".. math::" in text:
                name = getattr(node, "name", path.stem)
                yield f"### {name}\n\n{_as_markdown(text)}\n"


def _as_markdown(docstring: str) -> str:
    """A docstring with its equations as display mathematics, and its indented fields as lists."""

    def shown(match: re.Match) -> str:
        lines = [match["first"], *match["more"].splitlines()]
        return "\n$$\n" + "\n".join(line.strip() for line in lines if line.strip()) + "\n$$\n\n"

    text = _EQUATION.sub(shown, docstring)
    text = re.sub(r":math:`([^`]*)`", r"$\1$", text)
    text = re.sub(r"^(Units|Dual|Index|Source|Proves|Note)\s{2,}", r"\n*\1*: ", text, flags=re.MULTILINE)
    text = re.sub(r"^(Args|Returns|Raises|Attributes):\n", r"\n**\1**\n\n", text, flags=re.MULTILINE)
    text = re.sub(r"^    (\S)", r"- \1", text, flags=re.MULTILINE)
    return text.replace("``", "`")


# -- words and sources


def glossary() -> str:
    """Terms of reports in both languages."""
    from picmodel.indicators.definitions import DEFINITION
    from picmodel.report.market_words import LEDGER, LINES, PRODUCTS
    from picmodel.report.words import CLASSES, COMPONENTS, words_for

    en, zh = words_for("en"), words_for("zh")
    indicators = [(code(d.name), en.indicator(d.name), d.zh, d.meaning_zh) for d in DEFINITION.values()]
    pairs: dict[str, Mapping[str, tuple[str, str]]] = {
        "Classes of technologies": CLASSES,
        "Components of cost": COMPONENTS,
        "Parties and accounts": LEDGER,
        "Lines of income": LINES,
        "What the ledger pays for": {name: (name, chinese) for name, chinese in PRODUCTS.items()},
        "Technologies": {g: (en.technology(g), zh.technology(g)) for g in en.technologies},
        "Provinces": {r: (en.province(r), zh.province(r)) for r in en.provinces},
    }
    parts = ["# Glossary, English and 中文\n\nThe words of reports, as the program has them.\n"]
    parts += ["## Indicators\n", table(("name", "English", "中文", "含义"), indicators)]
    for title, words in pairs.items():
        rows = [(code(name), plain(english), chinese) for name, (english, chinese) in words.items()]
        parts += [f"## {title}\n", table(("name", "English", "中文"), rows)]
    return "\n".join(parts)


def sources() -> str:
    """inputs/sources.csv: where every number of the inputs is from."""
    with (ROOT / "inputs" / "sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [name for name in rows[0] if name not in ("source", "title")]
    cells = [(code(r["source"]), plain(r["title"]), *(plain(r[c]) for c in columns)) for r in rows]
    head = "# Sources\n\nEvery table of the inputs names the source of each number; the names mean:\n\n"
    return head + table(("source", "title", *columns), cells)


#: page of the site -> what makes it
PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands,
    "reference/scenario.md": scenario,
    "reference/mechanisms.md": mechanisms,
    "reference/names.md": names,
    "reference/equations.md": equations,
    "reference/glossary.md": glossary,
    "reference/sources.md": sources,
}
