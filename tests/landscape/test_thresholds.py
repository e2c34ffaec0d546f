"""Where structure begins (docs/laws.md#law-9): known numbers and independent equations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit

import gmmscape as gs
from gmmscape import lab
from marks import tuples_rest_slow


def three(separation, middle=1 / 3):
    side = (1 - middle) / 2
    return gs.Mixture.location([-separation, 0.0, separation], 1.0, [side, middle, side])


def expectation(f, separation, middle):
    """Of an even function under the three centers, by adaptive quadrature."""
    side = (1 - middle) / 2
    density = [(middle, 0.0), (2 * side, separation)]
    total = 0.0
    for weight, center in density:
        value, _ = quad(
            lambda z, c=center: np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * f(c + z),
            -12,
            12,
            points=[-center] if center < 12 else None,
            limit=400,
            epsabs=1e-14,
            epsrel=1e-13,
        )
        total += weight * value
    return total


def loses_stability(middle, bracket):
    """Where means -m, m with m = E[x tanh(m x)] have m^2 E[sech(m x)^2] = 1.

    See docs/derivations/where_structure_begins.md.
    """

    def half_distance(separation):
        return brentq(
            lambda m: expectation(lambda x: x * np.tanh(m * x), separation, middle) - m, 0.5, separation
        )

    def curvature(separation):
        m = half_distance(separation)
        return 1 - m * m * expectation(
            lambda x: np.cosh(np.minimum(abs(m * x), 300)) ** -2, separation, middle
        )

    return brentq(curvature, *bracket, xtol=1e-12)


def test_the_pitchfork_of_equal_spacing():
    found = lab.structure_threshold(three, 2, (4.0, 8.0))
    assert found.kind == "pitchfork"
    assert found.parameter == pytest.approx(5.402619502, abs=1e-8 / 2)
    assert found.error < 1e-9
    assert found.means[:, 0] == pytest.approx([-3.860762, 3.860762], abs=1e-6)


@pytest.mark.parametrize("middle", [1 / 3, 0.2])
def test_pitchforks_satisfy_two_scalar_equations(middle):
    predicted = loses_stability(middle, (4.0, 12.0))
    found = lab.structure_threshold(lambda D: three(D, middle), 2, (predicted - 1, predicted + 1), n_starts=6)
    assert found.kind == "pitchfork"
    assert found.parameter == pytest.approx(predicted, abs=1e-8)


@pytest.mark.slow
def test_five_centers_in_the_plane():
    """0 and D(+-1/2, +-sqrt(3)/2): in the span of the means masses 2/5, 1/5, 2/5 at distances of D/2."""
    corners = [[x / 2, y * np.sqrt(0.75)] for x in (-1, 1) for y in (-1, 1)]

    def path(D):
        return gs.Mixture.location(D * np.array([[0.0, 0.0], *corners]), 1.0)

    found = lab.structure_threshold(path, 2, (14.0, 17.0), n_starts=6)
    assert found.kind == "pitchfork"
    assert found.parameter == pytest.approx(15.4305, abs=1e-4)
    assert found.parameter == pytest.approx(2 * loses_stability(0.2, (6.0, 9.0)), abs=1e-8)
    assert found.defect == pytest.approx(0.5, abs=1e-6)
    assert found.followed[0].position_error < 1.5


@pytest.mark.slow
@pytest.mark.parametrize(("level", "at"), tuples_rest_slow([(0.25, 5.7296), (0.05, 7.4813)], 1))
def test_crossings_of_equal_spacing(level, at):
    found = lab.structure_threshold(three, 2, (5.0, 8.0), tau=level, n_parameters=4, n_starts=6)
    assert found.kind == "crossing"
    assert found.parameter == pytest.approx(at, abs=1e-4)
    assert found.followed[-1].end == "pitchfork"


@pytest.mark.slow
def test_a_flat_minimum_crosses_where_the_overlap_says():
    """Two means on each of two centers: the fit is the truth, and its defect half the overlap."""
    found = lab.structure_threshold(
        lambda D: gs.Mixture.location([0.0, D], 1.0),
        4,
        (2.8, 3.2),
        tau=0.05,
        n_parameters=2,
        n_starts=3,
    )

    def defect(D):
        inside = quad(lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * expit(D * (z - D / 2)), -12, 12)
        return inside[0] / 2

    assert found.kind == "crossing"
    assert found.parameter == pytest.approx(brentq(lambda D: defect(D) - 0.05, 2, 4), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("k", "k_star"), [(3, 4), (4, 4)])
def test_nothing_is_found_above_the_threshold(k, k_star):
    """An atlas from other starts: unstructured minima just below, none just above, none far above."""

    def path(D):
        return gs.Mixture.location(D * np.arange(k_star), 1.0)

    found = lab.structure_threshold(path, k, (5.5, 7.0), tau=0.5 / k, n_parameters=4, n_starts=6)
    assert found.parameter < 6.70
    for at, expected in ((-0.02, True), (0.02, False), (1.0, False)):
        land = lab.Landscape(lab.Population(path(found.parameter + at)), k)
        minima = land.explore(1, n_starts=12).minima
        assert any(not point.decoding.is_structured for point in minima) == expected
