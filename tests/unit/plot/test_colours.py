"""Kinds are told apart by those who do not see red, green or blue as others do."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gmmscape.diagnosis.result import KINDS as COMPONENT_KINDS
from gmmscape.plot.fits.rows import TINTS
from gmmscape.plot.style import COLOURS, HUES, KINDS, MARKERS, dark

#: Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009): full deficiency, linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                        [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                        [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def lab(colour: str, sight: str) -> np.ndarray:
    """The place of a colour in CIELAB, as somebody sees it."""
    s = np.array(to_rgb(colour))
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    x, y, z = TO_XYZ @ np.clip(SIGHT[sight] @ linear, 0.0, 1.0) / WHITE
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(colours: dict[str, str], sight: str) -> float:
    """The smallest distance of two of them; 2.3 is just noticeable."""
    return min(
        float(np.linalg.norm(lab(a, sight) - lab(b, sight))) for a, b in combinations(colours.values(), 2)
    )


@pytest.mark.parametrize("sight", SIGHT)
def test_kinds_of_block_differ_in_colour_for_everybody(sight):
    main = {kind: COLOURS[kind] for kind in ("exact", "one-fits-many", "many-fit-one", "unstructured")}
    assert closest(main, sight) > 20.0


@pytest.mark.parametrize("sight", SIGHT)
def test_all_kinds_differ_in_colour_or_clearly_in_shape(sight):
    for a, b in combinations(COLOURS, 2):
        if MARKERS[a] == MARKERS[b]:
            assert closest({a: COLOURS[a], b: COLOURS[b]}, sight) > 20.0
    assert closest({str(i): tint for i, tint in enumerate(TINTS)}, sight) > 5.0


def test_the_distance_finds_colours_that_are_not_told_apart():
    """The negative control: a red and a green of one lightness."""
    assert closest({"a": "#b3542d", "b": "#77701f"}, "usual") > 30.0
    assert closest({"a": "#b3542d", "b": "#77701f"}, "deutan") < 15.0


def test_every_kind_has_its_look_and_its_meaning():
    assert set(COMPONENT_KINDS) == set(KINDS)
    assert set(KINDS) <= set(COLOURS) == set(MARKERS)
    assert len(set(HUES)) == len(HUES)


@pytest.mark.parametrize("kind", COLOURS)
def test_letters_can_be_read_on_white(kind):
    """Contrast of 4.5 to 1, as the W3C asks for text."""
    s = np.array(to_rgb(dark(kind)))
    luminance = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4) @ TO_XYZ[1]
    assert 1.05 / (luminance + 0.05) >= 4.5
