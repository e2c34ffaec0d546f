"""Walks along rings: two means about the middle of a wide component, at any angle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

import gmmscape as gs
from efforts import with_effort
from gmmscape import lab
from gmmscape.landscape.points import continuum as module
from gmmscape.landscape.points.continuum import Continuum


def wide(sd, *middles):
    return lab.Landscape(
        lab.Population(gs.Mixture.location(np.array(middles), sd)), len(middles) + 1, sigma=1.0
    )


def ring_of(land, radius, angle=0.0):
    """The point of the ring that Newton's method finds from a place of about its radius."""
    along = radius * np.array([np.cos(angle), np.sin(angle)])
    return land.descend([along, -along])


@pytest.fixture(scope="module")
def ring():
    land = wide(2.0, [0.0, 0.0])
    return Continuum(land._descent, ring_of(land, 1.5)), land


def radii(means):
    return np.linalg.norm(means, axis=1)


def test_a_point_reaches_itself_and_its_relabelling(ring):
    continuum, land = ring
    point = ring_of(land, 1.5)
    assert continuum.reaches(point)
    assert continuum.reaches(replace(point, local=point.local.permuted([1, 0])))


def test_steps_are_shortened_where_a_ring_is_bent():
    """Of so small a radius r that the tangent's longest step ends farther off the ring than a third of it.

    Two means m and -m about the middle of a component that is wider than the fit: m = E[x tanh(m x)].
    """
    sd = np.sqrt(1.036)
    land = wide(sd, [0.0, 0.0])
    x = np.linspace(-12, 12, 4001)
    density = np.exp(-x * x / (2 * sd**2)) / np.sum(np.exp(-x * x / (2 * sd**2)))
    radius = brentq(lambda m: density @ (x * np.tanh(m * x)) - m, 0.05, 1.0)
    point = ring_of(land, radius)
    assert radii(point.means) == pytest.approx(radius, rel=1e-6)
    continuum = Continuum(land._descent, point)
    assert continuum.dimension == 1
    assert continuum.reaches(ring_of(land, radius, np.pi / 2))
    walked = np.array([at.means[0] for at in continuum._visited])
    assert radii(walked) == pytest.approx(radius, rel=1e-5)
    strides = np.sqrt(2) * radii(np.diff(walked, axis=0))
    assert strides == pytest.approx(
        np.sqrt(2) * 2 * radius * np.sin(np.arctan(0.1 / np.sqrt(2) / radius) / 2), rel=1e-4
    )


def test_what_is_straight_across_is_gone_to_around(ring):
    continuum, land = ring
    at = land._descent.local_of(ring_of(land, 1.5))
    radius = radii(at.means)
    found = continuum._stepped(at, (-2 * at.means).ravel())
    assert radii(found.means) == pytest.approx(radius, rel=1e-6)
    turned = np.arccos(np.sum(found.means * at.means, axis=1) / radius**2)
    # Each mean goes a share of the longest stride along the tangent, and back to the ring.
    assert turned == pytest.approx(np.arctan(0.2 / np.sqrt(2) / radius), rel=1e-6)


def test_a_ring_beside_another_component_is_walked_in_all_directions(monkeypatch):
    """Rules in the plane are spaced for the means they are made for: walks have to make new ones.

    The mirror image is another ring of the same value: walks go round and round, and never there.
    """
    land = wide(2.0, [-20.0, 0.0], [20.0, 0.0])
    pair, turned, image = (
        land.descend([[side * 20.0 + x, y], [side * 20.0 - x, -y], [-side * 20.0, 0.0]])
        for side, x, y in ((-1, 0.0, 1.5), (-1, 1.5, 0.0), (1, 0.0, 1.5))
    )
    assert abs(turned.means - pair.means).max() > 1.0
    continuum = Continuum(land._descent, pair)
    assert continuum.dimension == 1
    assert continuum.reaches(turned)
    known = len(continuum._visited)
    with_effort(monkeypatch, module, "points", continuum_steps=5)
    assert not continuum.reaches(image)
    assert len(continuum._visited) == known + 5


def test_a_step_to_where_a_mean_has_no_data_leads_nowhere(ring, monkeypatch):
    continuum, land = ring
    at = land._descent.local_of(ring_of(land, 1.5))
    assert continuum._relaxed(at) is not None
    assert continuum._relaxed(at.relocated(at.means + np.array([[400.0, 0.0], [0.0, 0.0]]))) is None
    away = Continuum(land._descent, ring_of(land, 1.5))
    monkeypatch.setattr(away, "_relaxed", lambda start: None)
    assert not away.reaches(ring_of(land, 1.5, np.pi / 2))


def test_a_point_that_is_alone_reaches_nothing(ring):
    _, land = ring
    middle = land._descent.critical(np.zeros((2, 2)))
    assert not Continuum(land._descent, middle).reaches(ring_of(land, 1.5))
