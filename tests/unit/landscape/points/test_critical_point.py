"""Points of a landscape: index, flatness, dictionaries, and what they say of themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.points.descent import Descent


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)


@pytest.fixture(scope="module")
def minimum(land):
    return land.descend([0.0, 11.0, 13.0])


def test_a_minimum(minimum, land):
    assert minimum.is_minimum
    assert minimum.converged
    assert minimum.index == 0
    assert not minimum.flat
    assert np.allclose(minimum.eigenvalues, np.linalg.eigvalsh(land.hessian(minimum.means)), atol=1e-12)
    assert np.abs(land.gradient(minimum.means)).max() < 1e-13
    assert minimum.nll - minimum.kl == pytest.approx(float(land.measure.entropy), abs=1e-12)
    assert minimum.sigma == 1.0


def test_stopped_early_is_no_minimum(land):
    point = land.descend([0.0, 5.0, 13.0], max_iter=1)
    assert point.stop_reason == "max_iter"
    assert not point.is_minimum
    assert "max_iter" in str(point)


def test_flat_on_an_exact_multiple():
    """Two means on one center: the minimum is degenerate, its smallest curvature exactly zero."""
    land = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2)
    point = land.descend([-0.5, 0.5])
    assert point.flat
    assert point.is_minimum
    assert np.abs(point.means).max() < 1e-6
    assert np.isinf(point.means_error)
    assert "(flat)" in str(point)


def test_dictionary_is_json_without_nan(minimum):
    flat = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2).descend([-0.5, 0.5])
    for point in (minimum, flat):
        text = json.dumps(point.to_dict(), allow_nan=False)
        again = lab.CriticalPoint.from_dict(json.loads(text))
        assert np.array_equal(again.means, point.means)
        assert again.nll == point.nll
        assert again.kl == point.kl
        assert again.means_error == point.means_error
        assert again.decoding.blocks == point.decoding.blocks
        assert (again.flat, again.index) == (point.flat, point.index)


def test_sample_points_have_no_structure(rng):
    point = lab.Landscape(lab.Sample(rng.normal(size=(50, 2))), 2, sigma=1.0).descend([[0, 0], [1, 1]])
    assert point.decoding is None
    assert point.kl is None
    assert point.to_dict()["kl"] is None
    assert lab.CriticalPoint.from_dict(point.to_dict()).decoding is None


def test_means_error_knows_of_an_early_stop(land, minimum):
    early = land.descend([0.0, 11.0, 13.0], "em", tol=1e-5)
    assert early.converged
    distance = np.abs(early.means - minimum.means).max()
    assert 0.1 * distance <= early.means_error <= 10 * distance


def test_limits_hold_for_the_whole_descent(land):
    seen = []
    assert land.descend([0.0, 11.0, 13.0], callback=seen.append).n_iter == len(seen)
    assert land.descend([0.0, 11.0, 13.0], max_iter=8).n_iter <= 8
    assert land.descend([0.0, 11.0, 13.0], callback=lambda p: len(seen) > 0).stop_reason == "interrupted"
    with pytest.raises(gs.InvalidParameterError, match="callback"):
        land.descend([0.0, 11.0, 13.0], callback=3)


@pytest.mark.parametrize("sigma", [1e-150, 1e-100, 1e100])
def test_any_scale_that_float64_can_square(sigma):
    truth = gs.Mixture.location(np.array([-3.0, 3.0, 12.0]) * sigma, sigma)
    point = lab.Landscape(lab.Population(truth), 3).descend(np.array([0.0, 11.0, 13.0]) * sigma)
    assert point.kl == pytest.approx(2.7691049129, abs=1e-9)
    with pytest.raises(gs.InvalidParameterError, match="sigma"):
        gs.Mixture.location([0.0], sigma**2)


@pytest.mark.parametrize("d", [2, 4])
def test_values_on_coarse_rules_are_those_of_the_fine_one(d):
    """In the plane one rule serves all means; beyond three dimensions each place has its own."""
    truth = gs.Mixture.location(np.vstack([np.zeros(d), 4.0 * np.eye(d)[:2]]), 1.0)
    descent = Descent(lab.Population(truth), 2, 1.0)
    means = np.vstack([np.zeros(d), 3.0 * np.eye(d)[0]])
    aside = means + 0.01
    fine = [descent.objective(fit, 1e-8).derivatives(fit).nll for fit in map(descent.local, (means, aside))]
    assert descent.values(means, aside) == pytest.approx(fine, abs=1e-4)
    assert descent.values_between(np.stack([means, aside])) == pytest.approx(fine, abs=1e-4)
    if d == 2:
        assert descent.anywhere is descent.common(descent.local(means))
