"""Landscapes of populations in more than one dimension, against the laws and against one dimension."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group

import gmmscape as gs
from gmmscape import lab

LINE = np.array([-3.0, 3.0, 12.0])


def embedded(d):
    rng = np.random.default_rng(d)
    direction = ortho_group.rvs(d, random_state=rng)[0]
    shift = 3.0 * rng.normal(size=d)
    return lambda x: np.asarray(x, dtype=float)[:, None] * direction + shift


def added_eigenvalues(means):
    """Those of E[psi_i psi_j] on the line, by a plain sum."""
    x = np.linspace(-13, 22, 20_001)
    density = np.exp(-0.5 * (x[:, None] - LINE) ** 2).mean(axis=1) / np.sqrt(2 * np.pi)
    joint = np.exp(-0.5 * (x[:, None] - means) ** 2)
    psi = joint / joint.sum(axis=1, keepdims=True)
    return np.linalg.eigvalsh((psi * density[:, None]).T @ psi * (x[1] - x[0]))


@pytest.mark.parametrize("d", [2, 5])
def test_a_line_in_space_has_the_minima_of_the_line(d):
    place = embedded(d)
    line = lab.Landscape(lab.Population(gs.Mixture.location(LINE, 1.0)), 3).explore(0, n_starts=8)
    found = lab.Landscape(lab.Population(gs.Mixture.location(place(LINE), 1.0)), 3).explore(0, n_starts=8)
    assert len(found.minima) == len(line.minima) == 2
    for one, other in zip(line.minima, found.minima, strict=True):
        assert other.kl == pytest.approx(one.kl, abs=1e-9)
        wanted = np.sort([*one.eigenvalues, *np.tile(added_eigenvalues(one.means[:, 0]), d - 1)])
        assert other.eigenvalues == pytest.approx(wanted, abs=1e-9)


def test_a_descent_from_anywhere_ends_on_the_line():
    place = embedded(5)
    land = lab.Landscape(lab.Population(gs.Mixture.location(place(LINE), 1.0)), 3)
    start = place([0.0, 11.0, 13.0]) + 0.3 * np.random.default_rng(0).normal(size=(3, 5))
    point = land.descend(start)
    assert point.is_minimum
    assert point.kl == pytest.approx(2.7691049129, abs=1e-9)


def test_derivatives_are_those_of_the_value():
    rng = np.random.default_rng(3)
    truth = gs.Mixture([0.5, 0.2, 0.3], 3 * rng.normal(size=(3, 4)), [1.0, 0.5, 2.0], "spherical")
    land = lab.Landscape(lab.Population(truth), 3, sigma=0.8)
    means, along, step = 2 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 1e-4
    ahead, behind = means + step * along, means - step * along
    slope = (land.nll(ahead) - land.nll(behind)) / (2 * step)
    assert slope == pytest.approx(float((land.gradient(means) * along).sum()), abs=1e-6)
    turn = (land.gradient(ahead) - land.gradient(behind)).ravel() / (2 * step)
    assert turn == pytest.approx(land.hessian(means) @ along.ravel(), abs=1e-6)


def test_newton_leaves_a_line_of_means_that_is_a_saddle():
    """Law 1: means together on a wide Gaussian are a saddle; means on a line of a triangle are too."""
    land = lab.Landscape(lab.Population(gs.Mixture.location(np.zeros((1, 3)), 2.0)), 2, sigma=1.0)
    curvatures = np.linalg.eigvalsh(land.hessian(np.zeros((2, 3))))
    assert curvatures == pytest.approx([0.5 * (1 - 4.0)] * 3 + [0.5] * 3, abs=1e-12)
    split = land.descend(np.zeros((2, 3)))
    assert split.is_minimum
    assert split.nll < land.nll(np.zeros((2, 3))) - 0.1


def test_a_center_can_be_shared_for_good():
    """docs/laws.md#law-9, in three dimensions."""
    centers = [[0, 0, 0], [-6, 100, 0], [-6, -100, 0], [6, 0, 100], [6, 0, -100]]
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), 2)
    point = land.descend([[-5, 0, 0], [5, 0, 0]])
    assert point.is_minimum
    assert point.means == pytest.approx(np.array([[-4.956995, 0, 0], [4.956995, 0, 0]]), abs=1e-6)
    assert point.eigenvalues[0] == pytest.approx(0.1109, abs=5e-5)
    assert point.decoding is not None
    assert not point.decoding.is_structured


@pytest.mark.parametrize(("D", "shared"), [(15.4, True), (15.5, False)])
def test_a_center_in_the_plane_is_shared_up_to_a_separation(D, shared):
    """docs/laws.md#law-9, in the plane: up to 15.4305."""
    corners = [[a * D / 2, b * D * np.sqrt(0.75)] for a in (-1, 1) for b in (-1, 1)]
    land = lab.Landscape(lab.Population(gs.Mixture.location([[0, 0], *corners], 1.0)), 2)
    point = land.descend([[-0.41 * D, 0], [0.41 * D, 0]])
    assert point.is_minimum
    assert (abs(point.means[0, 0] + point.means[1, 0]) < 1e-6) == shared


@pytest.mark.parametrize("sigma", [0.3, 0.05])
def test_a_narrow_fit_is_k_means(sigma):
    """The distortion of two means on a standard Gaussian is d - 2/pi; doubt adds order sigma^3."""
    land = lab.Landscape(lab.Population(gs.Mixture.location(np.zeros((1, 3)), 1.0)), 2, sigma=sigma)
    point = land.descend([[-0.7, 0, 0], [0.7, 0, 0]])
    constant = np.log(2) + 1.5 * np.log(2 * np.pi * sigma**2)
    distortion = 2 * sigma**2 * (point.nll - constant)
    assert point.converged
    assert abs(distortion - (3 - 2 / np.pi)) < sigma**3
    assert np.linalg.norm(point.means, axis=1) == pytest.approx([np.sqrt(2 / np.pi)] * 2, abs=sigma**2)


def test_four_means_in_four_dimensions_and_more_go_by_sobol_points():
    rng = np.random.default_rng(5)
    centers = 4.0 * rng.normal(size=(5, 6))
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0), rtol=1e-6), 5)
    point = land.descend(centers + 0.2 * rng.normal(size=(5, 6)))
    assert point.is_minimum
    assert point.gradient_norm < 1e-9
    assert abs(point.kl) <= point.error
    assert 1e-9 < land.errors(centers).hessian < 0.1
    assert land.nll(centers) == land.nll(centers)


def test_rules_that_were_asked_for():
    truth = gs.Mixture.location(np.eye(5) * 4, 1.0)
    means = 4 * np.eye(5)[:3] + 0.5
    sharp = lab.Landscape(lab.Population(truth), 3)
    points = lab.Landscape(lab.Population(truth, rule="sobol"), 3)
    assert abs(sharp.nll(means) - points.nll(means)) <= points.nll(means).error < 0.01
    assert sharp.nll(means).error < 1e-9
    grid = lab.Landscape(lab.Population(truth, rule="trapezoid"), 5)
    with pytest.raises(gs.NotAvailableError, match="trapezoid"):
        grid.nll(4 * np.eye(5) + 0.1 * np.arange(25).reshape(5, 5))


def test_truths_that_are_not_spherical_are_integrated_in_all_dimensions():
    truth = gs.Mixture([0.4, 0.6], [[0, 0], [3, 1]], [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0], [0, 0.3]]], "full")
    land = lab.Landscape(lab.Population(truth), 2, sigma=0.9)
    means = np.array([[0.2, -0.1], [2.5, 1.0]])
    X, _ = truth.sample(400_000, 0)
    values = -gs.Mixture.location(means, 0.9).log_density(X)
    assert abs(land.nll(means) - values.mean()) < 4 * values.std() / np.sqrt(len(X))
    assert land.nll(means).error < 1e-9
    assert abs(lab.Population(truth).kl(truth.shifted(-lab.Population(truth).origin))) < 1e-12


@pytest.mark.slow
def test_the_divergence_of_a_point_is_that_of_its_means():
    # In three dimensions of the span it is told from the point's own value, elsewhere from a rule of its own.
    centers = np.random.default_rng(0).uniform(0.0, 15.0, (4, 3))
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), 4)
    bad = land.descend(np.stack([centers[:2].mean(axis=0), centers[2] + 0.3, centers[2] - 0.3, centers[3]]))
    assert bad.kl is not None
    assert bad.kl > 0.1
    assert bad.kl == pytest.approx(float(land.kl(bad.means)), abs=1e-9)
