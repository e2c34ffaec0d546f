"""Mixture: what it accepts, what it refuses, and its numbers against SciPy and closed forms."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES

Array = NDArray[np.float64]

WEIGHTS = [0.5, 0.375, 0.125]
MEANS = np.array([[0.0, 0.0], [3.0, 4.0], [-6.0, 8.0]])
COVARIANCES = {
    "full": np.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, -0.25], [-0.25, 4.0]], [[9.0, 0.0], [0.0, 0.5]]]),
    "tied": np.array([[2.0, 0.5], [0.5, 1.0]]),
    "diag": np.array([[2.0, 1.0], [1.0, 4.0], [9.0, 0.5]]),
    "spherical": np.array([2.0, 1.0, 9.0]),
}


def example(kind: str) -> gs.Mixture:
    return gs.Mixture(WEIGHTS, MEANS, COVARIANCES[kind], kind)


def as_matrices(kind: str) -> list[Array]:
    """Return the covariance matrix of each component of the example, written out."""
    c = COVARIANCES[kind]
    return {
        "full": lambda: list(c),
        "tied": lambda: [c, c, c],
        "diag": lambda: [np.diag(row) for row in c],
        "spherical": lambda: [np.diag([v, v]) for v in c],
    }[kind]()


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
    "X", [[1.0, 2.0], [[1.0]], [[1.0, np.nan]], np.zeros((0, 2))], ids=["1-d", "narrow", "nan", "empty"]
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


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_json_round_trip_is_exact(kind: str, tmp_path: Path):
    mixture = gs.Mixture(WEIGHTS, MEANS / 3.0, COVARIANCES[kind] / 7.0, kind)
    assert gs.Mixture.from_dict(mixture.to_dict()) == mixture
    file = tmp_path / "mixture.json"
    file.write_text(json.dumps(mixture.to_dict()), encoding="utf-8")
    assert gs.Mixture.from_json(file) == mixture
    assert gs.Mixture.from_json(str(file)) == mixture


def test_to_dict_says_what_it_is():
    content = example("spherical").to_dict()
    assert content == {
        "format": "gmmscape-mixture",
        "format_version": 1,
        "covariance_type": "spherical",
        "weights": WEIGHTS,
        "means": MEANS.tolist(),
        "covariances": [2.0, 1.0, 9.0],
    }


def test_the_short_form_written_by_hand():
    assert gs.Mixture.from_dict({"centers": [-3, 3, 12], "sigma": 2}) == gs.Mixture.location([-3, 3, 12], 2.0)
    weighted = gs.Mixture.from_dict({"centers": [0, 1], "sigma": 1, "weights": [0.25, 0.75]})
    assert weighted == gs.Mixture.location([0, 1], 1.0, [0.25, 0.75])


def test_format_and_version_may_be_left_out():
    content = example("diag").to_dict()
    del content["format"], content["format_version"]
    assert gs.Mixture.from_dict(content) == example("diag")


@pytest.mark.parametrize("name", ["weights", "means", "covariances", "covariance_type"])
def test_a_missing_field_is_named(name: str):
    content = example("diag").to_dict()
    del content[name]
    with pytest.raises(gs.FormatError, match=rf"missing: \['{name}'\], unknown: \[\]"):
        gs.Mixture.from_dict(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"centers": [0, 1]}, r"missing: \['sigma'\]"),
        ({"centers": [0, 1], "sigma": 1, "colour": 2}, r"unknown: \['colour'\]"),
        ({**example("diag").to_dict(), "sigma": 1.0}, r"unknown: \['sigma'\]"),
        ({**example("diag").to_dict(), "format": "other"}, "holds a 'other'"),
        ({**example("diag").to_dict(), "format_version": 2}, "format_version=2"),
        ([1, 2, 3], "not list"),
        (None, "not NoneType"),
    ],
    ids=["no sigma", "unknown", "both forms", "format", "version", "list", "none"],
)
def test_dictionaries_that_describe_no_mixture(content: Any, message: str):
    with pytest.raises(gs.FormatError, match=message) as caught:
        gs.Mixture.from_dict(content)
    assert isinstance(caught.value, ValueError)


def test_numbers_that_make_no_mixture_are_a_parameter_error():
    with pytest.raises(gs.InvalidParameterError, match="weights sum to"):
        gs.Mixture.from_dict({**example("diag").to_dict(), "weights": [1.0, 1.0, 1.0]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{not json", "not a JSON file"),
        (b"", "not a JSON file"),
        (b"\xff\xfe\x00", "not a JSON file"),
        (b"[1, 2]", "not list"),
    ],
    ids=["syntax", "empty", "no utf-8", "a list"],
)
def test_files_that_hold_no_mixture(text: bytes, message: str, tmp_path: Path):
    file = tmp_path / "mixture.json"
    file.write_bytes(text)
    with pytest.raises(gs.FormatError, match=message):
        gs.Mixture.from_json(file)


def test_equality_needs_every_number_and_the_type():
    mixture = example("diag")
    assert mixture == example("diag")
    assert mixture != gs.Mixture(WEIGHTS, np.add(MEANS, [0.0, 1e-12]), COVARIANCES["diag"], "diag")
    assert mixture != gs.Mixture([0.375, 0.5, 0.125], MEANS, COVARIANCES["diag"], "diag")
    assert mixture != gs.Mixture(WEIGHTS, MEANS, COVARIANCES["diag"] * (1 + 1e-15), "diag")
    assert mixture != mixture.permuted([1, 0, 2])
    assert mixture != gs.Mixture.location([0, 1], 1.0)
    full = gs.Mixture(WEIGHTS, MEANS, mixture.full_covariances(), "full")
    assert full != mixture
    assert mixture != "mixture"
    # The same numbers can be two variances of each component or one matrix of both.
    numbers = [[2.0, 0.5], [0.5, 1.0]]
    assert gs.Mixture(None, MEANS[:2], numbers, "tied") != gs.Mixture(None, MEANS[:2], numbers, "diag")


def test_mixtures_cannot_be_hashed():
    with pytest.raises(TypeError, match="unhashable"):
        hash(example("full"))


def test_weights_that_are_normalised_keep_their_bits():
    rng = np.random.default_rng(0)
    for _ in range(300):
        mixture = gs.Mixture(rng.dirichlet(np.ones(5)), np.arange(5.0), np.ones(5), "spherical")
        assert gs.Mixture.from_dict(mixture.to_dict()) == mixture
        np.testing.assert_array_equal(mixture.shifted(0.0).weights, mixture.weights)


def test_copies_are_equal_and_frozen():
    mixture = gs.Mixture([0.3, 0.7], [[0, 0], [1, 2]], [[[2, 1], [1, 3]], [[1, 0], [0, 1]]])
    for twin in (pickle.loads(pickle.dumps(mixture)), copy.deepcopy(mixture), copy.copy(mixture)):
        assert twin == mixture
        assert not twin.means.flags.writeable
        with pytest.raises(AttributeError, match="immutable"):
            twin.means = mixture.means


@pytest.mark.parametrize("name", ["sigma", "separation", "colour"])
def test_nothing_can_be_set_or_deleted_not_even_before_it_is_computed(name: str):
    mixture = gs.Mixture.location([0.0, 1.0], 1.0)
    with pytest.raises(AttributeError, match=name):
        setattr(mixture, name, 3.0)
    with pytest.raises(AttributeError, match="means"):
        del mixture.means
    assert mixture.sigma == 1.0


@pytest.mark.parametrize("order", [[0, 0], [0], [0, 1, 2], [1, 2], [0.5, 1]])
def test_permuted_wants_a_permutation(order: Any):
    with pytest.raises(gs.InvalidParameterError, match="order"):
        gs.Mixture.location([0.0, 1.0], 1.0).permuted(order)


@pytest.mark.parametrize("offset", [[1.0, 2.0, 3.0], [[1.0]], np.nan, "far"])
def test_shifted_wants_one_number_per_feature(offset: Any):
    with pytest.raises(gs.InvalidParameterError, match="offset"):
        gs.Mixture.location([0.0, 1.0], 1.0).shifted(offset)
