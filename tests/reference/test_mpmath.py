"""Values and derivatives of populations against mpmath: also unequal weights and other widths."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from marks import rest_slow
from oracles.high_precision import HighPrecisionLandscape

CASES = [
    # centers, taus, weights, sigma of the fit, means
    ([-3.0, 3.0, 12.0], [1.0, 1.0, 1.0], [1 / 3, 1 / 3, 1 / 3], 1.0, [-1.0, 8.0, 12.5]),
    ([-1.0, 0.5, 4.0], [0.7, 0.7, 0.7], [0.2, 0.5, 0.3], 0.7, [-0.9, 1.1, 3.0, 3.3]),
    ([5.0, 0.0], [2.0, 0.5], [0.9, 0.1], 1.3, [0.4, 5.5]),
    ([10.0, 13.0, 25.0], [1.5, 1.5, 1.5], [0.25, 0.25, 0.5], 1.0, [11.0, 11.0, 26.0]),
    ([0.0], [1.0], [1.0], 1.0, [-0.5, 0.25, 2.0]),
]


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(30):
        yield


def _both(case):
    centers, taus, weights, sigma, means = case
    truth = gs.Mixture(weights, centers, np.square(taus), "spherical")
    land = lab.Landscape(lab.Population(truth), len(means), sigma=sigma)
    return land, HighPrecisionLandscape(centers, taus, weights, sigma), means


@pytest.mark.parametrize("case", rest_slow(CASES, 1))
def test_value_and_divergence(case):
    land, exact, means = _both(case)
    value, divergence = land.nll(means), land.kl(means)
    assert abs(value - float(exact.nll(means))) <= min(value.error, 1e-10 * max(1.0, abs(value)))
    assert abs(divergence - float(exact.kl(means))) <= min(divergence.error, 1e-9 * max(1.0, divergence))


@pytest.mark.parametrize("case", rest_slow(CASES, 1))
def test_gradient_and_hessian(case):
    land, exact, means = _both(case)
    gradient, hessian = exact.derivatives(means)
    k, errors = len(means), land.errors(means)
    wanted_gradient = np.array([[float(gradient[i])] for i in range(k)])
    wanted_hessian = np.array([[float(hessian[i, j]) for j in range(k)] for i in range(k)])
    assert np.abs(land.gradient(means) - wanted_gradient).max() <= min(errors.gradient, 1e-9)
    assert np.abs(land.hessian(means) - wanted_hessian).max() <= min(errors.hessian, 1e-9)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_are_those_of_the_value(case):
    """Central differences of the library's own value and gradient."""
    land, _, means = _both(case)
    means, h = np.array(means), 1e-4 * land.sigma
    steps = h * np.eye(len(means))
    slope = [(land.nll(means + e) - land.nll(means - e)) / (2 * h) for e in steps]
    assert np.allclose(land.gradient(means)[:, 0], slope, rtol=1e-6, atol=1e-6)
    turn = [(land.gradient(means + e) - land.gradient(means - e))[:, 0] / (2 * h) for e in steps]
    assert np.allclose(land.hessian(means), turn, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_the_oracle_against_adaptive_quadrature():
    """The trapezoid sums of the oracle are what mpmath's Gauss-Legendre quadrature gives."""
    case = CASES[1]
    _, exact, means = _both(case)

    def integrand(x):
        truth = mp.fsum(share * mp.npdf(x, c, t) for share, c, t in exact.truth)
        return -truth * mp.log(mp.fsum(mp.npdf(x, m, exact.sigma) / len(means) for m in means))

    wanted = mp.quad(integrand, mp.linspace(-10, 13, 47), method="gauss-legendre")
    assert abs(wanted - exact.nll(means)) < mp.mpf(10) ** -20
