"""Derivatives of what is told, against differences along every coordinate."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.families import family_named
from gmmscape.inference.quantities import SCALES, bent, quantities, sizes, slopes, values
from gmmscape.solve import OwnUnits

RNG = np.random.default_rng(0)
ROOTS = np.tril(RNG.normal(0.0, 0.4, (3, 3, 3))) + np.eye(3)
MATRICES = ROOTS @ np.swapaxes(ROOTS, 1, 2)
MIXTURES = {
    "full": MATRICES,
    "tied": MATRICES[0],
    "diag": np.diagonal(MATRICES, axis1=1, axis2=2),
    "spherical": MATRICES[:, 0, 0],
}


@pytest.mark.parametrize("kind", MIXTURES)
def test_slopes_are_differences_of_values(kind: str):
    mixture = gs.Mixture([0.5, 0.3, 0.2], RNG.normal(size=(3, 3)), MIXTURES[kind], kind)
    units = OwnUnits(family_named(kind), mixture)
    found, step = slopes(units), 1e-5
    assert found.shape == (len(quantities(mixture)), units.size)
    for i in range(units.size):
        move = np.zeros(units.size)
        move[i] = step
        ahead, behind = values(units.moved(move)), values(units.moved(-move))
        np.testing.assert_allclose(found[:, i], (ahead - behind) / (2 * step) / sizes(mixture), atol=1e-8)


@pytest.mark.parametrize("kind", MIXTURES)
def test_second_derivatives_are_differences_of_values(kind: str):
    mixture = gs.Mixture([0.5, 0.3, 0.2], RNG.normal(size=(3, 3)), MIXTURES[kind], kind)
    units = OwnUnits(family_named(kind), mixture)
    moves, first = 1e-3 * np.eye(units.size), slopes(units)
    second = np.zeros((len(first), units.size, units.size))
    for i, j in np.ndindex(units.size, units.size):
        signs = [values(units.moved(a * moves[i] + b * moves[j])) * a * b for a in (-1, 1) for b in (-1, 1)]
        second[:, i, j] = np.sum(signs, axis=0) / 4e-6 / sizes(mixture)
    for place, quantity in enumerate(quantities(mixture)):
        found = bent(units, quantity)
        np.testing.assert_allclose(found.slope, first[place], atol=1e-12)
        np.testing.assert_allclose(found.bend, second[place], atol=2e-4)


def test_values_stand_where_their_names_say():
    mixture = gs.Mixture([0.5, 0.3, 0.2], RNG.normal(size=(3, 3)), MATRICES, "full")
    told = dict(zip(quantities(mixture), values(mixture), strict=True))
    sd = np.sqrt(np.diagonal(MATRICES, axis1=1, axis2=2))
    for (kind, i, columns), value in told.items():
        a, b = columns[0] if columns else 0, columns[-1] if columns else 0
        wanted = {
            "weight": mixture.weights[i],
            "mean": mixture.means[i, a],
            "sd": sd[i, a],
            "variance": MATRICES[i, a, a],
            "covariance": MATRICES[i, a, b],
            "correlation": MATRICES[i, a, b] / (sd[i, a] * sd[i, b]),
        }
        assert value == pytest.approx(wanted[kind], rel=1e-12)


@pytest.mark.parametrize("kind", SCALES)
def test_scales_go_there_and_back(kind: str):
    scale, value = SCALES[kind], np.array([0.1, 0.45, 0.9])
    np.testing.assert_allclose(scale.back(scale.there(value)), value, rtol=1e-12)
    step = 1e-6
    slope = (scale.there(value + step) - scale.there(value - step)) / (2 * step)
    np.testing.assert_allclose(scale.slope(value), slope, rtol=1e-6)
