"""Paths stay inside the project unless the file says so; nothing on disk is ever unpickled."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import picmodel
from picmodel.errors import InputError
from picmodel.scenario.load import dump_yaml, load


@pytest.fixture
def project(tmp_path):
    """A project with a scenario, and a folder beside it."""
    here, beside = tmp_path / "project", tmp_path / "beside"
    (here / "scenarios").mkdir(parents=True)
    beside.mkdir()
    (beside / "demand.csv").write_text("a")
    (beside / "other.yaml").write_text("time: {periods: 3}")
    (here / "own.yaml").write_text("time: {periods: 4}")
    return here


ESCAPES = {
    "extends: ../../beside/other.yaml": "1:10",
    "series: {demand: ../../beside/demand.csv}": "1:18",
    "inputs: ../../beside": "1:9",
    "inputs: [default, ../../beside]": "1:19",
    "designs: {a: {inputs: ../../beside}}": "1:23",
    "sweep: {grid: {series.demand: [../../beside/demand.csv]}}": "1:32",
}


@pytest.mark.parametrize("text", ESCAPES)
def test_a_path_out_of_the_project_is_refused_unless_the_file_says_so(project, text):
    file = project / "scenarios" / "x.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        load(file)
    (problem,) = error.value.problems
    assert problem.id == "PIC-S026"
    assert f"x.yaml:{ESCAPES[text]}: " in problem
    assert f"outside: {project.parent / 'beside'}" in problem
    file.write_text(f"{text}\noutside: ../../beside\n")
    load(file)


@pytest.mark.parametrize("key", ["extends", "outside", "inputs", "series: {demand"])
@pytest.mark.parametrize(
    ("path", "id"),
    [(r"a\0b", "PIC-S003"), (r"a\uD800b", "PIC-S003"), ("a" * 300, "PIC-S"), ("a/" * 3000, "PIC-S")],
    ids=["NUL", "half a character", "a long name", "a long path"],
)
def test_what_cannot_be_a_path_is_refused(project, key, path, id):
    """A long folder in ``outside`` names nothing, and does no harm."""
    file = project / "x.yaml"
    file.write_text(f'{key}: "{path}"' + ("}" if "{" in key else ""))
    if key == "outside" and id == "PIC-S":
        assert len(load(file).scenarios) == 1
        return
    with pytest.raises(InputError) as error:
        load(file)
    assert any(problem.id.startswith(id) for problem in error.value.problems)
    str(error.value).encode()  # can be shown


@pytest.mark.parametrize("wrong", ["\0", "\ud800"])
def test_a_mapping_may_not_hold_what_is_no_text(wrong):
    for raw in ({"outside": wrong}, {"extends": [wrong]}, {"title": wrong}, {"designs": {wrong: {}}}):
        with pytest.raises(InputError, match="holds a character that no text has; delete it"):
            load(raw)


def test_a_link_does_not_hide_where_it_leads(project):
    (project / "scenarios" / "link.csv").symlink_to(project.parent / "beside" / "demand.csv")
    file = project / "scenarios" / "x.yaml"
    file.write_text("series: {demand: link.csv}")
    with pytest.raises(InputError, match="is outside the project"):
        load(file)


def test_inside_the_project_paths_go_anywhere(project):
    file = project / "scenarios" / "x.yaml"
    file.write_text("extends: ../own.yaml\ninputs: default\n")
    assert load(file).scenarios[0].time.periods == 4


def test_a_resolved_scenario_says_where_its_paths_lead(project, tmp_path):
    file, written = project / "scenarios" / "x.yaml", tmp_path / "results" / "x.yaml"
    (project / "mine").mkdir()
    file.write_text("inputs: [default, ../mine]\n")
    written.parent.mkdir()
    written.write_text(dump_yaml(load(file).scenarios[0]))
    assert load(written).scenarios[0] == load(file).scenarios[0]


def test_no_module_unpickles_or_evaluates_what_is_on_disk():
    """Loaders of arbitrary objects are named nowhere in the package."""
    unsafe = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal", "eval", "exec", "read_pickle"}
    for path in Path(picmodel.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {node.id} if isinstance(node, ast.Name) else set()
            names |= {node.attr} if isinstance(node, ast.Attribute) else set()
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
            assert not names & unsafe, f"{path}:{getattr(node, 'lineno', 0)}"
            keywords = node.keywords if isinstance(node, ast.Call) else []
            assert not any(k.arg == "allow_pickle" for k in keywords), path
