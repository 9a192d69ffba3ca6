"""All rules are built as templates, with real tables too, and plain rules give the same matrix.

`tests.tiny.run_tiny` asserts both for every tiny system; here are systems in which nothing is left out: the
designs of the regression set, which have every market mechanism, in one slice.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import picmodel
from picmodel.data.load import system_data
from picmodel.driver import collect, market_options
from picmodel.formulation.build import build_model
from picmodel.markets.registry import activate, with_interactions
from picmodel.solve.compile import compile_model
from tests.tiny import fallen_back, sorted_rows

PACKAGE = Path(picmodel.__file__).parent
REGRESSION = PACKAGE.parent / "scenarios" / "regression" / "north.yaml"
ONE_SLICE = {"periods": 1, "extremes": 0, "step_h": 24}
#: parts of the package that may hold Pyomo's objects: what comes after the solve gets arrays
WITH_PYOMO = {"formulation", "markets", "solve"}


def designs() -> dict[str, object]:
    found = collect(REGRESSION)[0]
    return {s.name: s.model_copy(update={"time": s.time.model_copy(update=ONE_SLICE)}) for s in found}


@pytest.mark.parametrize("scenario", designs().values(), ids=designs())
def test_every_rule_of_a_real_system_is_a_template_and_gives_the_plain_matrix(scenario, caplog):
    data, _ = system_data(scenario)
    emissions = {n: dict.fromkeys(data.horizon.years, 1e6) for n in ("planned", *designs())}
    data.policy["emissions_of"] = emissions
    active = with_interactions(activate(market_options(scenario)))
    model = build_model(data, active)
    assert fallen_back(model) == [], "row families that Pyomo expanded index by index"
    plain = compile_model(build_model(data, active, templates=False))
    assert sorted_rows(compile_model(model)) == sorted_rows(plain)
    assert caplog.text == "", "Pyomo warns, of its own call to read a parameter for instance"


def imported(path: Path) -> set[str]:
    """Packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_results_are_read_from_arrays():
    """No module past the solver knows Pyomo, so none can ask a variable for its value."""
    for path in PACKAGE.rglob("*.py"):
        assert "pyomo" not in imported(path) or path.relative_to(PACKAGE).parts[0] in WITH_PYOMO, path
