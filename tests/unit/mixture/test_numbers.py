"""A mixture's numbers against SciPy and closed forms: densities, responsibilities, samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from unit.mixture.cases import MEANS, WEIGHTS, as_matrices, example


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_log_density_and_responsibilities_agree_with_scipy(rng: np.random.Generator, kind: str):
    X = rng.normal(0.0, 5.0, (50, 2))
    components = zip(WEIGHTS, MEANS, as_matrices(kind), strict=True)
    joint = np.stack([np.log(w) + multivariate_normal.logpdf(X, m, c) for w, m, c in components], axis=1)
    expected = logsumexp(joint, axis=1)
    mixture = example(kind)
    np.testing.assert_allclose(mixture.log_density(X), expected, rtol=1e-12)
    posterior = np.exp(joint - expected[:, None])
    np.testing.assert_allclose(mixture.responsibilities(X), posterior, rtol=1e-10, atol=1e-14)


def test_density_of_one_dimension_integrates_to_one():
    mixture = gs.Mixture([0.2, 0.8], [-1.0, 2.0], [0.25, 4.0], "spherical")
    grid = np.linspace(-30.0, 30.0, 6001)
    total = np.exp(mixture.log_density(grid[:, None])).sum() * (grid[1] - grid[0])
    assert total == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("method", ["log_density", "responsibilities"])
@pytest.mark.parametrize(
    "X", [[1.0, 2.0], [[1.0]], [[1.0, np.inf]], np.zeros((0, 2))], ids=["1-d", "narrow", "infinite", "empty"]
)
def test_rows_that_cannot_be_used_are_refused(method: str, X: Any):
    with pytest.raises(gs.DataError, match="X "):
        getattr(example("full"), method)(X)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_permuted_relabels_and_keeps_the_density(rng: np.random.Generator, kind: str):
    mixture = example(kind)
    other = mixture.permuted([2, 0, 1])
    np.testing.assert_array_equal(other.means, MEANS[[2, 0, 1]])
    np.testing.assert_allclose(other.weights, np.array(WEIGHTS)[[2, 0, 1]], rtol=1e-15)
    np.testing.assert_array_equal(other.full_covariances(), np.array(as_matrices(kind))[[2, 0, 1]])
    X = rng.normal(0.0, 5.0, (20, 2))
    np.testing.assert_allclose(other.log_density(X), mixture.log_density(X), rtol=1e-13)
    assert other.permuted([1, 2, 0]) == mixture


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_shifted_moves_the_density(rng: np.random.Generator, kind: str):
    mixture, offset = example(kind), np.array([100.0, -7.0])
    moved = mixture.shifted(offset)
    X = rng.normal(0.0, 5.0, (20, 2))
    np.testing.assert_allclose(moved.log_density(X + offset), mixture.log_density(X), rtol=1e-12)
    assert not np.allclose(moved.log_density(X), mixture.log_density(X))
    assert moved.shifted(-offset) == mixture
    assert mixture == example(kind)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_sample_has_the_mixtures_frequencies_means_and_covariances(kind: str):
    mixture = example(kind)
    n = 20_000
    X, labels = mixture.sample(n, rng=12)
    assert X.shape == (n, 2)
    assert labels.shape == (n,)
    for i, (weight, mean, covariance) in enumerate(zip(WEIGHTS, MEANS, as_matrices(kind), strict=True)):
        rows = X[labels == i]
        m = len(rows)
        assert abs(m - n * weight) < 5 * np.sqrt(n * weight * (1 - weight))
        z = (rows.mean(axis=0) - mean) / np.sqrt(np.diagonal(covariance) / m)
        assert np.abs(z).max() < 5
        # A sample covariance of Gaussians has variance (c_ii c_jj + c_ij^2) / m.
        variances = np.diagonal(covariance)
        error = np.sqrt((np.multiply.outer(variances, variances) + covariance**2) / m)
        assert np.abs((np.cov(rows.T) - covariance) / error).max() < 5


def test_sample_never_draws_a_component_of_weight_zero():
    _, labels = gs.Mixture.location([0, 5, 9], 1.0, [0.5, 0.0, 0.5]).sample(2000, rng=1)
    assert set(labels.tolist()) == {0, 2}


def test_sample_is_reproducible():
    mixture = example("full")
    first, labels = mixture.sample(50, rng=7)
    again, labels_again = mixture.sample(50, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(labels, labels_again)
    assert not np.array_equal(first, mixture.sample(50, rng=8)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"n": 2.0}, "n=2"),
        ({"n": True}, "n=True"),
        ({"n": 3, "rng": "x"}, "rng='x'"),
        ({"n": 3, "rng": -1}, "rng=-1"),
    ],
    ids=str,
)
def test_sample_refuses(arguments: dict[str, Any], message: str):
    with pytest.raises(gs.InvalidParameterError, match=message):
        example("full").sample(**arguments)
