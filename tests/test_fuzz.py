"""A few bad inputs of `tests.fuzz`, the same ones each time; `benchmarks/fuzz_loaders.py` draws many."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from picmodel.data.load import INPUTS
from tests import fuzz

few = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def test_the_good_file_is_good(folder):
    assert not fuzz.check_text(fuzz.GOOD, folder)


@pytest.mark.parametrize("place", sorted(fuzz.SPOILT))
def test_every_way_to_spoil_it_is_refused(folder, place):
    assert fuzz.GOOD.count(place) >= 1
    for wrong in fuzz.SPOILT[place]:
        assert fuzz.check_text(fuzz.GOOD.replace(place, wrong, 1), folder, must_fail=True)


@few
@given(text=fuzz.mangled())
def test_mangled_files_are_read_or_refused(folder, text):
    fuzz.check_text(text, folder)


@few
@given(raw=fuzz.odd_mappings())
def test_odd_mappings_are_read_or_refused(raw):
    fuzz.check_mapping(raw)


@few
@given(case=fuzz.bad_tables(INPUTS))
def test_bad_tables_are_refused(folder, case):
    fuzz.check_table(*case, folder, must_fail=True)


@few
@given(case=fuzz.mangled_tables(INPUTS))
def test_mangled_tables_are_read_or_refused(folder, case):
    fuzz.check_table(*case, folder)
