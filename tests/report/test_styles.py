"""Colours can be told apart in grey, by the colour-blind, and never fall out of the table."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from picmodel.data.load import INPUTS
from picmodel.report import styles
from picmodel.report.styles import CLASSES, in_order, shown_as, style_of

#: Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
#: lightness L* and distance in CIELAB that one sees without looking for it
LIGHTER, APART = 6.0, 10.0


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB, D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    ratio = np.clip(xyz / np.array([0.9505, 1.0, 1.089]), 0, None)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_white_and_black_have_the_lightness_that_they_should():
    assert lab(linear("#ffffff"))[0] == pytest.approx(100, abs=0.1)
    assert lab(linear("#000000"))[0] == pytest.approx(0, abs=0.1)


def test_neighbours_in_a_stack_differ_in_grey_or_in_pattern():
    for (below, a), (above, b) in pairwise(CLASSES.items()):
        lighter = abs(lab(linear(a.colour))[0] - lab(linear(b.colour))[0])
        assert lighter > LIGHTER or a.pattern != b.pattern, (below, above, lighter)


@pytest.mark.parametrize("seen", [np.eye(3), DEUTERANOPIA, PROTANOPIA], ids=["all", "deutan", "protan"])
def test_any_two_classes_differ_in_colour_or_in_pattern(seen):
    for (one, a), (other, b) in combinations(CLASSES.items(), 2):
        distance = np.linalg.norm(lab(seen @ linear(a.colour)) - lab(seen @ linear(b.colour)))
        assert distance > APART or a.pattern != b.pattern, (one, other, distance)


def test_scenarios_differ_in_dash():
    assert len({dash for _, dash in styles.SCENARIOS}) == len(styles.SCENARIOS)


def test_every_shipped_technology_has_a_class_of_the_table():
    names = [line.split(",")[0] for line in (INPUTS / "technologies.csv").read_text("utf-8").splitlines()[1:]]
    assert len(names) > 15
    assert {shown_as(name) for name in names} <= set(CLASSES)


def test_a_technology_of_the_user_keeps_its_colour_and_stands_on_top():
    assert style_of("tidal") == style_of("tidal")
    assert in_order(["tidal", "battery", "coal"]) == ["coal", "battery", "tidal"]
