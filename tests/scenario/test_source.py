"""YAML with places: what is read, what is refused, and how two documents merge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picmodel.scenario.source import Where, merge, read_mapping, read_text

SCALARS = (
    st.none() | st.booleans() | st.integers(-10, 3000) | st.floats(-10, 10) | st.text("aB基 :", max_size=3)
)
KEYS = st.sampled_from(["a", "b", "c", 2030])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)


def node_of(raw):
    return read_mapping(raw, "x")[0]


def merged(*raws):
    """Plain result of merging from left to right."""
    first, *rest = map(node_of, raws)
    for node in rest:
        first = merge(first, node)
    return first.plain()


def test_every_key_and_value_knows_its_place():
    node, problems = read_text("a:\n  b: [1, {c: 2}]\n", "x.yaml")
    assert problems == []
    assert node is not None
    where = Where(node)
    assert str(where.at("a", "b").node.key_place) == "x.yaml:2:3"
    assert str(where.at("a", "b", 1, "c").node.place) == "x.yaml:2:14"
    assert where.problem("no", "a", "b", 0) == "x.yaml:2:7: no"


def test_yaml_1_2_scalars():
    node, _ = read_text("[1, 2.5, 1e-5, true, yes, ~, '8', 2030-01-01, 0o17]", "x")
    assert node is not None
    assert node.plain() == [1, 2.5, 1e-5, True, "yes", None, "8", "2030-01-01", 15]


def test_anchors_and_aliases_are_read():
    node, problems = read_text("a: &x {b: 1}\nc: *x\n", "x")
    assert problems == []
    assert node is not None
    assert node.plain() == {"a": {"b": 1}, "c": {"b": 1}}
    assert str(node.child("c").key_place) == "x:2:1"


REFUSED = [
    ("", "x.yaml: the file is empty; restore it, or write `{}` for a scenario of defaults"),
    ("a: 1\nb:\n  c: 1\n  c: 2\n", "x.yaml:4:3: key `c` is already in line 3; delete one of them"),
    ("2030: 1\n0x7EE: 2\n", "x.yaml:2:1: key `2030` is already in line 1; delete one of them"),
    ("a: .inf", "x.yaml:1:4: a number must be finite and below 1e308; write a number, or delete the key"),
    ("a: .nan", "x.yaml:1:4: a number must be finite and below 1e308; write a number, or delete the key"),
    (
        "a: 1" + 400 * "0",
        "x.yaml:1:4: a number must be finite and below 1e308; write a number, or delete the key",
    ),
    ("a: 1e999", "x.yaml:1:4: a number must be finite and below 1e308; write a number, or delete the key"),
    (
        "a: &x {b: 1}\n<<: *x",
        "x.yaml:2:1: merge keys (<<) are not read; use `extends`, or write the keys out",
    ),
    ("1.5: 2", "x.yaml:1:1: a key is a text or a whole number; put it in quotes"),
    ("true: 2", "x.yaml:1:1: a key is a text or a whole number; put it in quotes"),
    ("? [1]\n: 2", "x.yaml:1:3: a key is a text or a whole number; put it in quotes"),
    ("a: !price 3", "x.yaml:1:4: tag !price is not known here; delete it"),
    ("a: !!set {b}", "x.yaml:1:4: tag !!set is not known here; delete it"),
    ("a: !!int b", "x.yaml:1:4: 'b' is no int; correct it, or put a text in quotes"),
    ("a: &x [*x]", "x.yaml:1:4: this anchor contains an alias of itself; delete the alias"),
    ("%YAML 1.1\n---\na: yes", "x.yaml:1:1: only YAML 1.2 is read; delete this line"),
    (
        "a: 1\n---\nb: 2",
        "x.yaml:2:1: broken YAML, but found another document; "
        "keep one document per file, or write several `designs`",
    ),
    ("a: *b", "x.yaml:1:4: broken YAML, found undefined alias 'b'; define it with & before it is used"),
    (
        "a:\n\t- b",
        "x.yaml:2:1: broken YAML, found character '\\t' that cannot start any token; "
        "indent with spaces, not tabs",
    ),
    (
        "a: {b: [1, 2",
        "x.yaml:1:13: broken YAML, expected ',' or ']', but got '<stream end>'; "
        "the file seems cut off here: restore it, or close the bracket or quote",
    ),
    (
        "a: 'bc\n",
        "x.yaml:2:1: broken YAML, found unexpected end of stream; "
        "the file seems cut off here: restore it, or close the bracket or quote",
    ),
    (
        "a: 1\ntitle：b\nc: 2\n",
        "x.yaml:3:1: broken YAML, could not find expected ':'; write : , { } [ ] as half-width characters",
    ),
    (
        "a: b: c",
        "x.yaml:1:5: broken YAML, mapping values are not allowed here; "
        "check the indentation, brackets and quotes here and in the line before",
    ),
    ("a: 1\nb: \x01", "x.yaml:2:4: a control character stands here; delete it"),
    ("a: " + 5000 * "[", "x.yaml: values are nested too deeply; flatten them"),
    (
        "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
        "aliases unfold to over 100000 values; write them out",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_refused_and_how(text, message):
    _, problems = read_text(text, "x.yaml")
    assert len(problems) == 1
    assert str(problems[0]).endswith(message)


def test_what_python_mappings_may_hold():
    node, problems = read_mapping({"a": {"b": object(), 1.5: 2}, "c": float("nan")}, "<s>")
    assert [str(problem) for problem in problems] == [
        "<s>: a.b: a object cannot be used here; write text, numbers, lists or mappings",
        "<s>: a: key 1.5 is neither text nor a whole number; write one of these",
        "<s>: c: a number must be finite and below 1e308; write a number, or delete the key",
    ]
    assert node.plain() == {"a": {"b": None}, "c": 0}


def test_mappings_merge_and_everything_else_replaces():
    base = {"a": {"p": 1, "q": [1, 2]}, "b": {"p": 1}, "c": 3}
    over = {"a": {"q": [3]}, "b": 5, "c": {"p": 1}, "d": None}
    assert merged(base, over) == {"a": {"p": 1, "q": [3]}, "b": 5, "c": {"p": 1}, "d": None}


def test_merged_values_keep_their_own_places():
    base, _ = read_text("a: {p: 1,\n  q: 2}\n", "base")
    over, _ = read_text("a: {p: 3}\n", "over")
    assert base is not None
    assert over is not None
    where = Where(merge(base, over))
    assert str(where.at("a", "p").node.place) == "over:1:8"
    assert str(where.at("a", "q").node.place) == "base:2:6"


@given(DOCUMENTS)
def test_merging_with_nothing_or_itself_changes_nothing(raw):
    assert merged(raw, {}) == merged({}, raw) == merged(raw, raw) == merged(raw)


@given(DOCUMENTS, DOCUMENTS)
def test_merging_says_what_the_right_says_and_else_what_the_left_says(left, right):
    both = merged(left, right)
    assert set(both) == set(left) | set(right)
    for key, value in both.items():
        if key not in right:
            assert value == left[key]
        elif isinstance(value, dict) and isinstance(left.get(key), dict):
            assert value == merged(left[key], right[key])
        else:
            assert value == right[key]


@given(DOCUMENTS, DOCUMENTS)
def test_merging_leaves_its_arguments_alone(left, right):
    one, two = node_of(left), node_of(right)
    merge(one, two)
    assert (one.plain(), two.plain()) == (left, right)
