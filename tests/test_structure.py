"""What holds for the whole: direction of imports, one glossary, one matrix, a certificate with teeth."""

from __future__ import annotations

import ast
import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.set import UnknownSetDimen

import picmodel
import picmodel.driver
from picmodel.errors import SelfCheckFailed
from picmodel.formulation.base import rows, templatized
from picmodel.glossary import DIMENSIONS, ENTRIES
from picmodel.markets.registry import entries
from picmodel.solve.certificate import certify
from tests.tiny import build_tiny, differences, fallen_back, run_tiny
from tests.whole import EVERYTHING, whole_system

PACKAGE = Path(picmodel.__file__).parent
TESTS = Path(__file__).parent
LAYERS = (
    "units",
    "annuity",
    "errors",
    "glossary",
    "scenario",
    "data",
    "formulation",
    "solve",
    "extract",
    "settlement",
    "markets",
    "indicators",
    "finance",
    "report",
    "dependencies",
    "driver",
    "ignored",
    "regression",
    "hindcast",
    "chronology",
    "studies",
    "ladder",
    "explain",
    "diagnose",
    "compare",
    "starter",
    "size",
    "view",
    "cli",
    "__init__",
)
#: beside the layers: makes the hourly inputs, knows only tables
SYNTHESIS = ("units", "errors", "data", "synthesis")


# -- imports


def imported(path: Path) -> set[str]:
    """Parts of the package that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "picmodel":
                names = [f"picmodel.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("picmodel.")}
    return found


@pytest.mark.parametrize("module", sorted(str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py")))
def test_imports_only_point_to_earlier_layers(module):
    path = PACKAGE / module
    here = Path(module).parts[0].removesuffix(".py")
    known = SYNTHESIS if here == "synthesis" else LAYERS[: LAYERS.index(here) + 1]
    assert imported(path) <= set(known), f"{module} imports a later layer"


def test_inside_the_driver_imports_follow_the_list_that_its_docstring_gives():
    order = re.findall(r"``(\w+)``", picmodel.driver.__doc__)
    folder = PACKAGE / "driver"
    assert sorted(order) == sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")
    for path in (folder / f"{name}.py" for name in order):
        text = path.read_text("utf-8")
        found = re.findall(r"^ *from picmodel\.driver(?:\.(\w+)| import (\w+))", text, re.MULTILINE)
        for name in (one or other for one, other in found):
            assert order.index(name) < order.index(path.stem), f"{path} imports {name}, which comes later"


# -- glossary


@pytest.fixture(scope="module")
def models() -> list[pyo.ConcreteModel]:
    return [build_tiny(whole_system(), options) for options in EVERYTHING.values()]


def declared(model: pyo.ConcreteModel) -> dict[str, int]:
    """Variables and row families of a model, with the number of their indices; cost items aside."""
    parts = (*model.component_objects(pyo.Var), *model.component_objects(pyo.Constraint))
    return {part.name: part.dim() for part in parts if not part.name.startswith(("v_cost_", "c_cost_"))}


def test_glossary_has_every_name_of_the_model_and_no_other(models):
    found = set().union(*(declared(model) for model in models))
    named = [entry.name for entry in (*ENTRIES, *entries())]
    assert len(named) == len(set(named))
    assert found - set(named) == set(), "names of the model that the glossary does not know"
    assert set(named) - found == set(), "names of the glossary that no model has"


def test_glossary_has_the_dimensions_of_the_model(models):
    dims = {entry.name: entry.dims for entry in (*ENTRIES, *entries())}
    for model in models:
        for name, count in declared(model).items():
            assert count in (len(dims[name]), UnknownSetDimen), name  # unknown: the family is empty
            assert set(dims[name]) <= set(DIMENSIONS), name


def test_every_component_is_one_kind_of_name(models):
    for model in models:
        assert all(v.name.startswith("v_") for v in model.component_objects(pyo.Var))
        assert all(c.name.startswith("c_") for c in model.component_objects(pyo.Constraint))


# -- coverage


def covered() -> set[str]:
    """Names in the ``covers`` marks of all tests."""
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "covers":
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def test_every_row_family_has_a_test_worked_out_by_hand():
    families = {entry.name for entry in (*ENTRIES, *entries()) if entry.name.startswith("c_")}
    assert families - covered() == set(), "row families without a test"
    assert covered() - families == set(), "tests of row families that do not exist"


# -- one matrix


@pytest.mark.parametrize("options", EVERYTHING.values(), ids=EVERYTHING)
def test_templates_and_plain_rules_give_one_matrix(options, caplog):
    """`run_tiny` compares the two for every tiny system; here for all rules, and Pyomo logs no error."""
    with caplog.at_level(logging.ERROR, logger="pyomo.core"):
        run_tiny(whole_system(), options)
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_rule_that_does_not_templatize_is_found():
    model = pyo.ConcreteModel()
    model.YEARS = pyo.Set(initialize=[2025, 2030])
    model.v_a = pyo.Var(model.YEARS)

    def branches(m, y):
        total = 0
        for k in m.YEARS:  # a loop instead of a sum
            total = total + m.v_a[k]
        return total >= 1

    with templatized():
        model.c_a = rows(model.YEARS, rule=branches)
        model.c_b = rows(model.YEARS, rule=lambda m, y: m.v_a[y] >= 1)
    assert fallen_back(model) == ["c_a"]


DIGEST = """
import hashlib
from tests.tiny import compile_tiny
from tests.whole import EVERYTHING, whole_system
digest = hashlib.sha256()
for options in EVERYTHING.values():
    lp = compile_tiny(whole_system(), options)
    for name in ("cost", "row_lower", "row_upper", "lower", "upper"):
        digest.update(getattr(lp, name).tobytes())
    for array in (lp.matrix.indptr, lp.matrix.indices, lp.matrix.data):
        digest.update(array.tobytes())
    blocks = (*lp.rows.items(), *lp.columns.items())
    digest.update(repr([(name, block.index) for name, block in blocks]).encode())
print(digest.hexdigest())
"""


def test_two_hash_seeds_give_one_matrix():
    quiet = dict(stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=TESTS.parent)
    environments = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    runs = [subprocess.Popen([sys.executable, "-c", DIGEST], env=env, **quiet) for env in environments]
    digests = [run.communicate()[0].split()[-1] for run in runs]
    assert all(run.returncode == 0 for run in runs)
    assert digests[0] == digests[1]


# -- duals


@pytest.fixture(scope="module", params=EVERYTHING.values(), ids=EVERYTHING)
def run(request):
    return run_tiny(whole_system(), request.param)


def test_prices_are_positive_when_scarce(run):
    """Every price but that of energy; a row written the wrong way round shows here."""
    for name in run.results.duals:
        entry = run.results.entries.get(name)
        if entry and entry.price and name != "c_balance":
            assert float(run.results.price(name).min()) >= -1e-7, name


def test_every_dual_lies_between_its_differences(run):
    """The largest dual of each row family, against the objective with the right side moved down and up."""
    scale = 1e-6 * (1 + abs(run.objective))
    for name, block in run.lp.rows.items():
        if name.startswith("c_cost_") or not (block.position >= 0).any():
            continue
        duals = np.where(block.position >= 0, np.abs(run.solution.dual[block.position]), 0.0)
        key = block.index[int(duals.argmax())]
        left, right = differences(run, name, *key, step=1e-3)
        dual = run.dual(name, *key)
        assert left - scale <= dual <= right + scale, (name, key, left, dual, right)


# -- certificate


def test_the_certificate_accepts_the_optimum(run):
    assert certify(run.lp, run.solution).worst < 1e-9


def _bump(vector: np.ndarray, position: int, factor: float) -> np.ndarray:
    changed = vector.copy()
    changed[position] *= factor
    return changed


@pytest.mark.parametrize("name", ["v_generation", "v_build", "v_stored", "v_flow", "v_use", "v_cost_fuel"])
def test_the_certificate_refuses_a_wrong_quantity(run, name):
    positions = run.lp.columns[name].position
    largest = positions[np.argmax(run.solution.x[positions])]
    for factor in (1.001, 0.999, -1.0):
        with pytest.raises(SelfCheckFailed):
            certify(run.lp, replace(run.solution, x=_bump(run.solution.x, largest, factor)))


@pytest.mark.parametrize(
    "name", ["c_balance", "c_capacity", "c_annual_generation", "c_output_max", "c_cost_fuel"]
)
def test_the_certificate_refuses_a_wrong_price(run, name):
    positions = run.lp.rows[name].position
    largest = positions[np.argmax(np.abs(run.solution.dual[positions]))]
    for factor in (1.01, 0.99, -1.0):
        with pytest.raises(SelfCheckFailed):
            certify(run.lp, replace(run.solution, dual=_bump(run.solution.dual, largest, factor)))


def test_the_certificate_refuses_a_plan_without_proof(run):
    """Without prices a plan is feasible and proves nothing."""
    with pytest.raises(SelfCheckFailed, match="gap"):
        certify(run.lp, replace(run.solution, dual=np.zeros_like(run.solution.dual)))
