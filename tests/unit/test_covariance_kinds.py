"""The storage kinds against what they stand for: a matrix for each component."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES, FULL, KINDS, SPHERICAL, CovarianceKind, kind_named

K, D = 3, 2
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=COVARIANCE_TYPES)


def some(kind: CovarianceKind, rng: np.random.Generator) -> np.ndarray:
    roots = rng.normal(size=(K, D, D))
    return kind.stored(
        kind.matrices(kind.repeated(np.eye(D), K), K, D) * rng.uniform(1, 2, (1 if kind.shared else K, 1, 1))
        if kind.name == "spherical"
        else roots @ np.swapaxes(roots, 1, 2) + np.eye(D)
    )


@EACH
def test_names_lead_to_kinds(kind: CovarianceKind):
    assert kind_named(kind.name) is kind
    assert pickle.loads(pickle.dumps(kind)) == kind
    assert kind != object()
    assert [other == kind for other in KINDS.values()].count(True) == 1
    assert {kind: 1}[kind_named(kind.name)] == 1
    assert repr(kind) == kind.name


@pytest.mark.parametrize("name", ["Full", "", None])
def test_other_names_are_refused(name: str):
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type=.*choose one of 'full', 'tied'"):
        kind_named(name)


@EACH
def test_matrices_are_stored_and_come_back(kind: CovarianceKind, rng: np.random.Generator):
    covariances = some(kind, rng)
    assert covariances.shape == kind.shape(K, D)
    matrices = kind.matrices(covariances, K, D)
    assert matrices.shape == (K, D, D)
    np.testing.assert_array_equal(kind.stored(matrices), covariances)
    assert kind.n_parameters(K, D) == {"full": 9, "tied": 3, "diag": 6, "spherical": 3}[kind.name]
    np.testing.assert_allclose(
        kind.own.each_of(matrices), kind.own.stored(matrices), rtol=1e-15, err_msg="one component's own"
    )


@EACH
def test_lengths_are_those_of_the_matrices(kind: CovarianceKind, rng: np.random.Generator):
    covariances, gaps = some(kind, rng), rng.normal(size=(K, D))
    matrices, factors = kind.matrices(covariances, K, D), kind.factors(covariances)
    expected = np.einsum("kd,kde,ke->k", gaps, np.linalg.inv(matrices), gaps)
    np.testing.assert_allclose((kind.scaled_each(gaps, factors) ** 2).sum(axis=1), expected, rtol=1e-10)
    own = kind.own.stored(matrices)
    np.testing.assert_allclose(kind.own.squared_lengths(gaps, own), expected, rtol=1e-10)
    for i in range(K):
        squared = (kind.scaled(gaps, factors, i) ** 2).sum(axis=1)
        np.testing.assert_allclose(squared[i], expected[i], rtol=1e-10)
    inverse = kind.matrices(kind.precisions(factors), K, D)
    np.testing.assert_allclose(inverse, np.linalg.inv(matrices), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(kind.own.log_determinants(own, D), np.linalg.slogdet(matrices)[1], atol=1e-12)


@EACH
def test_components_are_chosen_and_added(kind: CovarianceKind, rng: np.random.Generator):
    covariances = some(kind, rng)
    matrices = kind.matrices(covariances, K, D)
    chosen = kind.chosen(covariances, np.array([2, 0]))
    np.testing.assert_array_equal(kind.matrices(chosen, 2, D), matrices[[2, 0]])
    more = kind.with_more(covariances, kind.chosen(covariances, slice(1, 2)))
    np.testing.assert_array_equal(kind.matrices(more, K + 1, D), matrices[[0, 1, 2, 1]])


@EACH
def test_a_mixture_asks_its_kind(kind: CovarianceKind, rng: np.random.Generator):
    mixture = gs.Mixture(None, rng.normal(size=(K, D)), some(kind, rng), kind.name)
    assert (mixture.kind, mixture.covariance_type) == (kind, kind.name)
    assert kind.own == (FULL if kind.shared else kind)
    with pytest.raises(AttributeError):
        mixture.kind = FULL


def test_equal_matrices_are_factorised_once(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch):
    root = rng.normal(size=(D, D))
    matrix = root @ root.T + np.eye(D)
    seen, real = list[int](), np.linalg.cholesky

    def cholesky(matrices: np.ndarray) -> np.ndarray:
        seen.append(len(matrices))
        return real(matrices)

    monkeypatch.setattr(np.linalg, "cholesky", cholesky)
    one = FULL.factors(matrix[None])
    np.testing.assert_array_equal(FULL.factors(np.tile(matrix, (K, 1, 1))), one[[0] * K])
    assert seen == [1, 1]
    others = np.stack([matrix, 2.0 * matrix, matrix])
    expected = np.concatenate([FULL.factors(own[None]) for own in others])
    np.testing.assert_array_equal(FULL.factors(others), expected)


def test_only_square_matrices_are_rid_of_asymmetry():
    for given in ([1.0, 2.0], [[1.0, 2.0, 3.0]]):
        np.testing.assert_array_equal(FULL.without_asymmetry(given), given)
    symmetric = FULL.without_asymmetry([[1.0, 0.5], [0.5 + 2e-9, 1.0]])
    np.testing.assert_array_equal(symmetric, symmetric.T)
    assert symmetric[0, 1] == pytest.approx(0.5 + 1e-9, rel=1e-12)


def test_a_floor_of_columns_without_variance_holds_no_sphere_up():
    """The average floor is that of columns of one value: how narrow a component is there says nothing."""
    variances = np.array([0.1, 2.0])
    assert not SPHERICAL.held_up(variances, np.array([1.0, 1e-6]), np.array([False, True])).any()
    assert SPHERICAL.held_up(variances, np.array([1.0, 1e-6]), np.array([True, False])).tolist() == [
        True,
        False,
    ]
