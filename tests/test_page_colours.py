"""The colour code: one place, one meaning each, told apart by readers with any common colour blindness."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_utils import plots

CODE = ("TOKEN", "STREAM", "HEAD", "MLP", "NOTE", "ANSWER", "EDITED", "NULL", "MARK", "INK")
# Machado, Oliveira & Fernandes (2009), table 1: severity 1.0, on linear RGB.
SEEN_BY = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
JUST_NOTICEABLE = 2.3  # of CIELAB's distance (Mahy, Van Eycken & Oosterlinck 1994)
APART = 5 * JUST_NOTICEABLE


def lab(linear):
    """CIELAB of linear sRGB under D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    t = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one, other):
    """How far apart two colours look to the reader who sees the least of it."""
    linear = [
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        for c in map(np.array, map(to_rgb, (one, other)))
    ]
    seen = [[lab(np.clip(np.array(matrix) @ c, 0, 1)) for c in linear] for matrix in SEEN_BY.values()]
    return min(float(np.linalg.norm(a - b)) for a, b in seen)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(CODE, 2)))
def test_the_colours_of_parts_are_told_apart(one, other):
    assert distance(getattr(plots, one), getattr(plots, other)) > APART


def test_the_colours_of_series_are_told_apart_from_each_other_and_from_those_of_parts():
    parts = [getattr(plots, name) for name in CODE if name != "INK"]  # black is ink
    for i, one in enumerate(plots.SERIES):
        assert all(distance(one, other) > APART for other in [*plots.SERIES[i + 1 :], *parts])


def test_the_measure_finds_red_and_green_alike():
    assert distance("#FF0000", "#00FF00") > APART > distance("#C96A00", "#8F8A00")
