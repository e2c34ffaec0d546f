"""The stated quadrature errors cover the true ones, and not by standing far above them.

300 random landscapes: truths of one to four components with equal or different widths and
any weights, fits of one to five means. The true error is the difference to a plain trapezoid sum so fine
that nothing is left.
"""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab

N_CASES = 300
ACCURACIES = (1e-3, 1e-6, 1e-10)
#: Below this rounding decides, and neither coverage nor sharpness means anything.
ROUNDING = 1e-13


def random_case(rng, *, equal_widths):
    k_star, k = rng.integers(1, 5), rng.integers(1, 6)
    centers = np.sort(rng.uniform(0, 1, k_star)) * rng.choice([1.0, 5.0, 20.0, 40.0])
    taus = np.full(k_star, 1.0) if equal_widths else rng.uniform(0.4, 2.0, k_star)
    truth = gs.Mixture(rng.dirichlet(np.full(k_star, 2.0)), centers, taus**2, "spherical")
    means = rng.choice(centers, k) + rng.normal(size=k) * rng.choice([0.1, 1.0, 4.0])
    return truth, means, rng.uniform(0.5, 1.5)


def exact(truth, means, sigma, *, step=1 / 400):
    """Value, gradient and Hessian by a fine trapezoid sum around each center, in extended precision."""
    offsets = np.longdouble(step) * np.arange(-round(9 / step), round(9 / step) + 1)
    widths = np.sqrt(truth.covariances.astype(np.longdouble))
    x = (truth.means + widths[:, None] * offsets).ravel()
    gaussian = np.exp(-0.5 * offsets**2)
    w = (truth.weights[:, None] * gaussian / gaussian.sum()).ravel()
    y = (x[:, None] - means) / np.longdouble(sigma)
    top = (-0.5 * y**2).max(axis=1, keepdims=True)
    joint = np.exp(-0.5 * y**2 - top)
    total = joint.sum(axis=1)
    psi = joint / total[:, None]
    score = psi * y / sigma
    scale = np.log(len(means) * sigma) + 0.5 * np.log(2 * np.pi)
    value = scale - w @ (top[:, 0] + np.log(total))
    diagonal = w @ (psi * (1 - y**2)) / np.longdouble(sigma) ** 2
    hessian = np.diag(diagonal) + (w[:, None] * score).T @ score
    return float(value), -(w @ score).astype(float), hessian.astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("equal_widths", [True, False])
def test_coverage_and_sharpness(equal_widths):
    rng = np.random.default_rng(int(equal_widths))
    true, stated = np.empty((2, len(ACCURACIES), N_CASES, 3))
    for i in range(N_CASES):
        truth, means, sigma = random_case(rng, equal_widths=equal_widths)
        value, gradient, hessian = exact(truth, means, sigma)
        for j, rtol in enumerate(ACCURACIES):
            land = lab.Landscape(lab.Population(truth, rtol=rtol), len(means), sigma=sigma)
            true[j, i] = [
                abs(land.nll(means) - value),
                np.abs(land.gradient(means)[:, 0] - gradient).max(),
                np.abs(land.hessian(means) - hessian).max(),
            ]
            stated[j, i] = land.errors(means)
            assert stated[j, i, 0] <= rtol * max(1.0, abs(value)) + 1e-14 * (1.0 + abs(value))
    matters = (true > ROUNDING) | (stated > ROUNDING)
    covered = (true <= stated) | ~matters
    assert covered.mean(axis=1).min() >= 0.99  # for each accuracy, for value, gradient and Hessian
    for j, column in np.ndindex(len(ACCURACIES), 3):
        some = matters[j, :, column] & (true[j, :, column] > 0)
        if np.count_nonzero(some) >= 20:
            assert np.median(stated[j, some, column] / true[j, some, column]) <= 100


@pytest.mark.slow
def test_many_overlapping_components():
    """The zeros that matter may lie between long runs of components, of which only the shorter are tried."""
    rng = np.random.default_rng(11)
    covered, sharpness = [], []
    for _ in range(60):
        centers = rng.uniform(0, 20, rng.integers(1, 4))
        truth = gs.Mixture.location(centers, 1.0)
        spread = rng.choice([1.0, 4.0, 10.0])
        means = rng.choice(centers) + spread * rng.normal(size=rng.integers(6, 20))
        land = lab.Landscape(lab.Population(truth, rtol=1e-4), len(means))
        error = abs(land.nll(means) - exact(truth, means, 1.0)[0])
        covered.append(error <= land.nll(means).error)
        sharpness.append(land.nll(means).error / max(error, ROUNDING))
    assert np.mean(covered) >= 0.99
    assert np.median(sharpness) <= 100


def test_the_errors_are_there_to_be_covered():
    """Negative control: a thousandth of the stated error covers next to nothing."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(100):
        truth, means, sigma = random_case(rng, equal_widths=True)
        land = lab.Landscape(lab.Population(truth, rtol=1e-3), len(means), sigma=sigma)
        value, _, _ = exact(truth, means, sigma)
        covered += abs(land.nll(means) - value) <= 1e-3 * land.nll(means).error
    assert covered < 50
