"""Mixture: what it accepts, what it refuses, and what it derives from its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from unit.mixture.cases import COVARIANCES, MEANS, WEIGHTS, as_matrices, example


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_construction_keeps_the_numbers(kind: str):
    mixture = example(kind)
    assert (mixture.n_components, mixture.n_features) == (3, 2)
    assert mixture.covariance_type == kind
    np.testing.assert_array_equal(mixture.weights, WEIGHTS)
    np.testing.assert_array_equal(mixture.means, MEANS)
    np.testing.assert_array_equal(mixture.covariances, COVARIANCES[kind])
    for array in (mixture.weights, mixture.means, mixture.covariances):
        assert array.dtype == np.float64
    assert repr(mixture) == f"Mixture(n_components=3, n_features=2, covariance_type={kind!r})"


def test_full_is_the_default_and_none_means_equal_weights():
    mixture = gs.Mixture(None, [[0, 0], [1, 1]], [np.eye(2)] * 2)
    assert mixture.covariance_type == "full"
    np.testing.assert_array_equal(mixture.weights, [0.5, 0.5])


def test_a_vector_of_means_is_one_dimensional():
    mixture = gs.Mixture([0.25, 0.75], [1, 2], [3.0, 4.0], "spherical")
    np.testing.assert_array_equal(mixture.means, [[1.0], [2.0]])
    assert mixture.n_features == 1


@pytest.mark.parametrize(
    ("centers", "means"),
    [
        ([-3, 3, 12], [[-3.0], [3.0], [12.0]]),
        ([[1, 2], [3, 4]], [[1.0, 2.0], [3.0, 4.0]]),
        ([[5.0]], [[5.0]]),
    ],
)
def test_location(centers: Any, means: Any):
    mixture = gs.Mixture.location(centers, sigma=1.5)
    np.testing.assert_array_equal(mixture.means, means)
    assert mixture.covariance_type == "spherical"
    np.testing.assert_array_equal(mixture.covariances, np.full(len(means), 2.25))
    np.testing.assert_allclose(mixture.weights, 1.0 / len(means), rtol=1e-15)
    assert mixture.sigma == pytest.approx(1.5, rel=1e-15)


def test_location_with_weights():
    np.testing.assert_array_equal(gs.Mixture.location([0, 1], 1.0, [0.25, 0.75]).weights, [0.25, 0.75])


def test_weights_that_almost_sum_to_one_are_normalised():
    weights = gs.Mixture.location([0, 1], 1.0, [0.3, 0.7 + 5e-9]).weights
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert weights[0] / weights[1] == pytest.approx(0.3 / (0.7 + 5e-9), rel=1e-15)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_arrays_are_copies_that_cannot_be_written_to(kind: str):
    weights, means, covariances = np.array(WEIGHTS), MEANS.copy(), COVARIANCES[kind].copy()
    mixture = gs.Mixture(weights, means, covariances, kind)
    for name, given in [("weights", weights), ("means", means), ("covariances", covariances)]:
        given[...] = 77.0
        assert not np.any(getattr(mixture, name) == 77.0)
        with pytest.raises(ValueError, match="read-only"):
            getattr(mixture, name)[0] = 1.0


@pytest.mark.parametrize(
    "name", ["weights", "means", "covariances", "covariance_type", "n_components", "n_features"]
)
def test_attributes_cannot_be_set(name: str):
    mixture = example("full")
    with pytest.raises(AttributeError):
        setattr(mixture, name, getattr(mixture, name))


def test_input_of_a_caller_is_not_modified():
    covariances = np.array([[2.0, 0.5 + 1e-12], [0.5, 1.0]])  # made symmetric inside only
    before = covariances.copy()
    mixture = gs.Mixture([1.0], [[0.0, 0.0]], covariances, "tied")
    np.testing.assert_array_equal(covariances, before)
    np.testing.assert_array_equal(mixture.covariances, mixture.covariances.T)


GOOD: dict[str, Any] = {
    "weights": [0.5, 0.5],
    "means": [[0.0, 0.0], [1.0, 1.0]],
    "covariances": [np.eye(2), np.eye(2)],
    "covariance_type": "full",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [0.5, 0.4]}, r"weights sum to 0\.9"),
        ({"weights": [0.5, 0.5 + 1e-6]}, r"weights sum to 1\.000001"),
        ({"weights": [1.5, -0.5]}, r"weights\[1\]=-0\.5"),
        ({"weights": [1.0]}, r"weights has 1 entries where 2"),
        ({"weights": [np.nan, 1.0]}, r"weights .*not finite.*\(0,\)"),
        ({"weights": "half"}, r"weights='half'"),
        ({"means": [[0.0, np.inf], [1.0, 1.0]]}, r"means .*not finite.*\(0, 1\)"),
        ({"means": np.zeros((2, 2, 1))}, r"means has shape \(2, 2, 1\)"),
        ({"means": np.zeros((0, 2))}, r"means has shape \(0, 2\)"),
        ({"means": [[1j, 0.0], [1.0, 1.0]]}, r"means="),
        ({"covariances": np.eye(2)}, r"covariances has shape \(2, 2\).*needs \(2, 2, 2\)"),
        ({"covariances": [np.eye(2), -np.eye(2)]}, r"covariances\[1\] is not positive definite"),
        ({"covariances": [np.ones((2, 2)), np.eye(2)]}, r"covariances\[0\] is not positive definite"),
        ({"covariances": [[[1.0, 0.3], [0.2, 1.0]], np.eye(2)]}, r"covariances are not symmetric"),
        ({"covariances": np.full((2, 2, 2), np.nan)}, r"covariances has 8 entries that are not finite"),
        ({"covariances": [1.0, 0.0], "covariance_type": "spherical"}, r"covariances\[1\]=0"),
        ({"covariances": [[1.0, 1.0], [-2.0, 1.0]], "covariance_type": "diag"}, r"covariances\[1, 0\]=-2"),
        ({"covariances": [1.0], "covariance_type": "spherical"}, r"covariances has shape \(1,\).*\(2,\)"),
        ({"covariance_type": "round"}, r"covariance_type='round'.*'full', 'tied', 'diag', 'spherical'"),
        ({"covariance_type": None}, r"covariance_type=None"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value[:24],
)
def test_unusable_parameters_are_named(change: dict[str, Any], message: str):
    with pytest.raises(gs.InvalidParameterError, match=message):
        gs.Mixture(**(GOOD | change))


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, np.inf, True, "1", None])
def test_unusable_sigma_is_named(sigma: Any):
    with pytest.raises(gs.InvalidParameterError, match="sigma="):
        gs.Mixture.location([0, 1], sigma)


def test_unusable_centers_are_named():
    with pytest.raises(gs.InvalidParameterError, match="centers"):
        gs.Mixture.location([0, np.nan], 1.0)
    with pytest.raises(gs.InvalidParameterError, match="means must be finite: a step was too long"):
        gs.Mixture.location([0.0, 1.0], 1.0).relocated(np.array([[0.0], [np.inf]]))


@pytest.mark.parametrize(
    ("kind", "covariances", "sigma"),
    [
        ("spherical", [4.0, 4.0], 2.0),
        ("spherical", [4.0, 4.1], None),
        ("diag", [[4.0, 4.0], [4.0, 4.0]], 2.0),
        ("diag", [[4.0, 4.1], [4.0, 4.1]], None),
        ("tied", [[4.0, 0.0], [0.0, 4.0]], 2.0),
        ("tied", [[4.0, 0.1], [0.1, 4.0]], None),
        ("full", [4.0 * np.eye(2), 4.0 * np.eye(2)], 2.0),
        ("full", [4.0 * np.eye(2), 9.0 * np.eye(2)], None),
        ("spherical", [1e-20, 1e-20], 1e-10),
    ],
)
def test_sigma_is_the_shared_deviation_or_none(kind: str, covariances: Any, sigma: float | None):
    found = gs.Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], covariances, kind).sigma
    assert found is None if sigma is None else found == pytest.approx(sigma, rel=1e-14)


def test_separation_is_the_smallest_distance_in_the_largest_deviation():
    # Distances 5, 10 and sqrt(97); the widest direction anywhere has variance 9.
    assert example("spherical").separation == pytest.approx(5.0 / 3.0, rel=1e-14)
    assert example("diag").separation == pytest.approx(5.0 / 3.0, rel=1e-14)
    widest = 1.5 + np.sqrt(0.5)  # largest eigenvalue of [[2, 0.5], [0.5, 1]]
    assert example("tied").separation == pytest.approx(5.0 / np.sqrt(widest), rel=1e-14)
    assert gs.Mixture.location([-3, 3, 12], 1.5).separation == pytest.approx(4.0, rel=1e-14)
    assert gs.Mixture.location([2.0], 1.0).separation == np.inf
    assert gs.Mixture.location([2.0, 2.0], 1.0).separation == 0.0


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_full_covariances_writes_every_matrix_out(kind: str):
    mixture = example(kind)
    full = mixture.full_covariances()
    np.testing.assert_array_equal(full, as_matrices(kind))
    full[0] = 99.0  # a new array
    np.testing.assert_array_equal(mixture.full_covariances(), as_matrices(kind))
