"""Trapezoid rules: their nodes, and the complex zeros that decide how fine they must be."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.measure import quadrature


def density_at(z, mixture):
    """The continuation of the density, straight from its formula."""
    variances = mixture.full_covariances()[:, 0, 0]
    terms = mixture.weights / np.sqrt(variances) * np.exp(-((z - mixture.means[:, 0]) ** 2) / (2 * variances))
    return terms.sum(), np.abs(terms).sum()


@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("equal", [True, False])
def test_zeros_are_zeros(n, equal):
    rng = np.random.default_rng(n)
    variances = np.full(n, 0.8) if equal else rng.uniform(0.3, 2.0, n)
    mixture = gs.Mixture(rng.dirichlet(np.ones(n)), np.sort(rng.uniform(0, 8, n)), variances, "spherical")
    found = quadrature.singularities(mixture)
    assert len(found.zeros) > 0
    for z in found.zeros:
        value, size = density_at(z, mixture)
        assert abs(value) < 1e-5 * size
        assert z.imag > 0


def test_zeros_of_two_equal_components_are_known():
    """exp(m z / sigma^2) = -exp(m^2 / 2 sigma^2): m/2 + i pi sigma^2 / m, and odd multiples."""
    m, sigma = 5.0, 1.3
    zeros = quadrature.singularities(gs.Mixture.location([0.0, m], sigma)).zeros
    nearest = zeros[np.argmin(zeros.imag)]
    assert nearest == pytest.approx(m / 2 + 1j * np.pi * sigma**2 / m, abs=1e-12)


def test_one_component_has_none():
    assert len(quadrature.singularities(gs.Mixture.location([0.0], 1.0)).zeros) == 0
    assert len(quadrature.singularities(gs.Mixture.location([0.0, 1.0], 1.0, [1.0, 0.0])).zeros) == 0


def test_nodes_integrate_polynomials_times_the_gaussian():
    x, w = quadrature.nodes(1.0, 0.5, 0.2)
    assert w.sum() == pytest.approx(1.0, abs=1e-15)
    assert w @ (x - 1.0) ** 2 == pytest.approx(0.25, abs=1e-15)
    assert w @ (x - 1.0) ** 4 == pytest.approx(3 * 0.5**4, abs=1e-14)
    assert np.allclose(x - 1.0, -(x - 1.0)[::-1], rtol=0, atol=1e-14)


def test_steps_shrink_with_the_tolerance_and_with_a_boundary_at_the_center():
    near = quadrature.singularities(gs.Mixture.location([-6.0, 6.0], 1.0))
    steps = [quadrature.choose_step(0.0, 1.0, near, tol) for tol in (1e-2, 1e-6, 1e-12)]
    assert steps[0] > steps[1] > steps[2]
    away = quadrature.choose_step(6.0, 1.0, near, 1e-6)
    assert away > steps[1]


def test_where_no_step_is_fine_enough_the_finest_is_taken_and_the_error_stated():
    sharp = quadrature.singularities(gs.Mixture.location([-1e6, 1e6], 1.0))
    step = quadrature.choose_step(0.0, 1.0, sharp, 1e-10)
    assert step == pytest.approx(quadrature.FINEST_STEP)
    assert quadrature.rule_error(np.array([step]), 0.0, 1.0, sharp).hessian[0] > 1e-10
