"""A finished run on the real inputs, and the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import picmodel
from picmodel import cli
from tests.test_driver import REGION


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    """Results of six provinces, few hours, three markets."""
    runs = picmodel.run({**REGION, "designs": {"planned": {}}}, out=tmp_path_factory.mktemp("results"))
    return next(iter(runs)).folder


def call(capsys, monkeypatch, *arguments) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["picmodel", *map(str, arguments)])
    code = 0
    try:
        cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    printed = capsys.readouterr()
    return code, printed.out, printed.err
