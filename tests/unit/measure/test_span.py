"""Spans of differences: what is kept and dropped, and that fits are seen from them without loss."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.measure.nodes import ReducedRows
from gmmscape.measure.quadrature import Rule
from gmmscape.measure.span import basis_of, contains, extended, followed, joint_basis, rounding_length

TRUTH = gs.Mixture([0.5, 0.2, 0.3], [[0, 0, 0], [4, 1, 0], [1, 3, 2]], [1.0, 0.49, 1.96], "spherical")


def test_only_directions_at_the_level_of_rounding_are_dropped():
    rng = np.random.default_rng(0)
    line = rng.normal(size=5)
    points = np.array([-3.0, 3.0, 12.0])[:, None] * line + rng.normal(size=5)
    length = rounding_length(points)
    differences = points - points.mean(axis=0)
    assert basis_of(differences, length).shape == (5, 1)
    for size in (1e-3, 1e-8, 1e-12):
        bent = differences.copy()
        bent[0] += size * rng.normal(size=5)
        bent -= bent.mean(axis=0)
        basis = basis_of(bent, length)
        assert basis.shape == (5, 2)
        assert contains(basis, bent, length)
        assert basis.T @ basis == pytest.approx(np.eye(2), abs=1e-14)


def test_an_extended_basis_is_orthonormal_however_short_the_new_direction():
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(6, 2)))[0]
    rows = rng.normal(size=(1, 2)) @ basis.T + 1e-10 * rng.normal(size=6)
    wider = extended(basis, rows, 1e-14)
    assert wider.shape == (6, 3)
    assert wider.T @ wider == pytest.approx(np.eye(3), abs=1e-14)


def test_a_basis_follows_with_the_smallest_turn():
    basis = np.eye(4)[:, :2]
    turned = followed(basis, np.array([[1.0, 0.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.0]]), 1e-14)
    assert turned is not None
    assert np.abs(turned - basis).max() < 0.11
    shorter = followed(basis, np.array([[0.0, 1.0, 0.0, 0.0]]), 1e-14)
    assert shorter is not None
    assert np.abs(shorter - basis).max() < 1e-14
    assert followed(basis, np.eye(4)[:3], 1e-14) is None


@pytest.mark.parametrize("bend", [1.0, 1e-5, 1e-10])
def test_reduced_rows_are_as_good_as_rows_in_all_dimensions(bend):
    """Nearly collinear means, whose second direction is short, above all."""
    rng = np.random.default_rng(2)
    means = np.array([0.0, 3.0, 4.5])[:, None] * [0.6, 0.64, 0.48] + bend * rng.normal(size=(3, 3))
    fit = gs.Mixture.location(means, 0.9, [0.2, 0.5, 0.3])
    rows = lab.Population(TRUTH).rows(fit.shifted(-lab.Population(TRUTH).origin))
    assert isinstance(rows, ReducedRows)
    assert rows._basis.shape == (3, 2)
    local = fit.shifted(-lab.Population(TRUTH).origin)
    truth = TRUTH.shifted(-lab.Population(TRUTH).origin)
    axes = np.linalg.svd(means - means.mean(axis=0))[2].T
    full = ReducedRows(truth, [Rule((0.09, 0.12, 0.3))] * 3, axes, rows.unit, lambda mixture, basis: rows)
    ours, theirs = (r.derivatives(local, hessian=True) for r in (rows, full))
    assert ours.nll == pytest.approx(theirs.nll, abs=1e-10)
    assert ours.gradient == pytest.approx(theirs.gradient, abs=1e-9)
    assert ours.hessian == pytest.approx(theirs.hessian, abs=1e-8)
    step = rows.statistics(local, "none")
    assert step.mean == pytest.approx(full.statistics(local, "none").mean, abs=1e-9)


def test_means_that_leave_the_span_are_followed_and_those_that_need_more_get_more():
    population = lab.Population(gs.Mixture.location(np.outer([-3, 3, 12], [0.6, 0.8, 0, 0]), 1.0))
    straight = gs.Mixture.location(np.outer([-3, 3, 9], [0.6, 0.8, 0, 0]), 1.0)
    rows = population.rows(straight)
    bent = gs.Mixture.location(straight.means + np.eye(3, 4)[::-1], 1.0)
    anew = population.rows(bent).derivatives(bent, hessian=True)
    ours = rows.derivatives(bent, hessian=True)
    assert ours.nll == pytest.approx(anew.nll, abs=1e-12)
    assert ours.hessian == pytest.approx(anew.hessian, abs=1e-10)
    assert rows.errors(bent).nll < 1e-9


def test_the_joint_basis_begins_with_the_centers():
    centers = gs.Mixture.location(np.outer([-3, 3, 12], [0.6, 0.8, 0]), 1.0)
    fit = gs.Mixture.location([[0, 0, 1], [0, 0, 2]], 1.0)
    basis = joint_basis(centers, fit)
    assert basis.shape == (3, 2)
    assert abs(basis[:, 0] @ [0.6, 0.8, 0]) == pytest.approx(1.0)
