"""``picmodel new``: a scenario file that extends a shipped one, with comments on what can be changed."""

from __future__ import annotations

import os
from pathlib import Path

from picmodel import driver
from picmodel.errors import InputError
from picmodel.scenario.check import nearest
from picmodel.scenario.load import load

#: shipped scenarios that a new one can begin with
SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"
BASES = ("quickstart", "reference")

TEMPLATE = """\
# yaml-language-server: $schema={schema}
# {name}: what differs from {base}.yaml, and nothing else.   与 {base}.yaml 不同之处写在这里
#   picmodel validate {file}     checks it without solving   检查
#   picmodel show size {file}    says how large it is        规模
#   picmodel run {file}          solves and compares         求解并比较
extends: {base_path}
title: {{en: {name}, zh: {name}}}

# Years that are planned, and how many calendar years the last one stands for.   规划年
# horizon: {{years: [2025, 2030, 2035], last_span: 5}}

# Provinces (ISO 3166-2:CN), and typical days: fewer are faster.   省份、典型日
# space: {{provinces: [BJ, TJ, HE, SX, NM, SD]}}
# time: {{periods: 2, extremes: 1, step_h: 4}}

# Numbers of the inputs, by table, key and column.   修改输入数据
# overrides:
#   technology_costs.solar_utility.capex_cny_per_kw.2030: 2400
#   demand: {{multiply: 1.05, where: {{province: [GD, JS], year: 2030}}}}

# Each design is a run of its own; all are compared with the reference.   每个设计一次运行，均与参考比较
{designs}"""
OWN_BASE = """\
reference: base
designs:
  base: {{}}                          # as {base}.yaml   基准
"""
INHERITED = """\
# {base}.yaml has {count}, which run too: {names}; `reference` is its own.   继承的设计
designs:
"""
POLICY = """\
  policy:                           # one change; `picmodel show mechanisms carbon` lists its options
    title: {en: "A carbon price", zh: 碳价}
    markets:
      carbon: {instrument: price, price_cny_per_t: {2025: 80, 2035: 200}, ceiling_cny_per_t: null}
"""
CHANGE = (
    "  change: {}                        # what differs; `picmodel show mechanisms` lists what there is\n"
)


def new_scenario(path: Path, base: str = BASES[0]) -> Path:
    """Write a commented scenario that validates.

    Args:
        path: file to make; ``.yaml`` is added if it has no ending.
        base: one of `BASES`, or a path of a scenario file.

    Returns:
        The file.

    Raises:
        InputError: the file exists, its folder does not, there is no such base, or the base is not valid.
    """
    file = path if path.suffix else path.with_suffix(".yaml")
    if file.exists():
        raise InputError([f"{file} exists; choose another name"])
    if not file.parent.is_dir():
        raise InputError([f"{file}: there is no folder {file.parent}; make it first"])
    source = _base(base)
    folder = file.resolve().parent
    text = TEMPLATE.format(
        name=file.stem,
        file=file,
        base=source.stem,
        base_path=_relative(source, folder),
        schema=_relative(SHIPPED / "schema.json", folder),
        designs=_designs(source, POLICY if base in BASES else CHANGE),
    )
    file.write_text(text, encoding="utf-8")
    try:
        driver.check_all(load(file).scenarios)
    except InputError:
        file.unlink()
        raise
    return file


def _designs(source: Path, change: str) -> str:
    """Designs of the new file: those of its base come with it."""
    found = [(scenario.name, scenario.sibling("")) for scenario in load(source)]
    names = [name.removeprefix(prefix) for name, prefix in found if prefix]
    if not names:
        return OWN_BASE.format(base=source.stem) + change
    count = "1 design" if len(names) == 1 else f"{len(names)} designs"
    return INHERITED.format(base=source.stem, count=count, names=", ".join(names)) + change


def _base(base: str) -> Path:
    found = SHIPPED / f"{base}.yaml" if base in BASES else Path(base)
    if not found.is_file():
        remedy = nearest(base, BASES) or f"write one of {', '.join(BASES)}, or the path of a scenario file"
        raise InputError([f"--from {base}: there is no such scenario; {remedy}"])
    return found.resolve()


def _relative(path: Path, folder: Path) -> str:
    """As seen from the new file's folder."""
    return Path(os.path.relpath(path, folder)).as_posix()
