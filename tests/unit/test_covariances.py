"""Checks and factors of covariances in their four storage kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

from gmmscape.covariances import COVARIANCE_TYPES, kind_named
from gmmscape.exceptions import InvalidParameterError

SHAPES = {"full": (3, 2, 2), "tied": (2, 2), "diag": (3, 2), "spherical": (3,)}


def positive_definite(rng: np.random.Generator, k: int, d: int, spread: float = 1.0) -> np.ndarray:
    """Return k random covariance matrices with columns of very different scale if `spread` is large."""
    roots = rng.normal(size=(k, d, d)) * np.geomspace(1.0, spread, d)[:, None]
    return roots @ np.swapaxes(roots, 1, 2)


def valid(rng: np.random.Generator, kind: str) -> np.ndarray:
    if kind in ("diag", "spherical"):
        return rng.uniform(0.5, 2.0, SHAPES[kind])
    matrices = positive_definite(rng, 3, 2)
    return matrices if kind == "full" else matrices[0]


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_valid_covariances_are_copied(rng: np.random.Generator, kind: str):
    given = valid(rng, kind)
    checked = kind_named(kind).checked(given, 3, 2)
    np.testing.assert_array_equal(checked, given)
    assert not np.shares_memory(checked, given)
    np.testing.assert_array_equal(kind_named(kind).checked(given.tolist(), 3, 2), given)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
@pytest.mark.parametrize("other", COVARIANCE_TYPES)
def test_each_kind_has_one_shape(rng: np.random.Generator, kind: str, other: str):
    given = valid(rng, other)
    if kind == other:
        assert kind_named(kind).checked(given, 3, 2).shape == SHAPES[kind]
    else:
        with pytest.raises(InvalidParameterError) as caught:
            kind_named(kind).checked(given, 3, 2)
        message = str(caught.value)
        for part in (f"{given.shape}", f"covariance_type='{kind}'", f"needs {SHAPES[kind]}"):
            assert part in message


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_rounding_asymmetry_is_removed_exactly(rng: np.random.Generator, kind: str):
    given = valid(rng, kind)
    given[..., 0, 1] *= 1 + 1e-12
    checked = kind_named(kind).checked(given, 3, 2)
    np.testing.assert_array_equal(checked, np.swapaxes(checked, -1, -2))
    np.testing.assert_allclose(checked, given, rtol=1e-11)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ([1.0, 0.0, 1.0], "spherical", "covariances[1]=0: pass positive variances"),
        ([1.0, 1.0, -0.5], "spherical", "covariances[2]=-0.5: "),
        ([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]], "diag", "covariances[2, 0]=0: "),
        ([[1.0, 0.5], [0.4, 1.0]], "tied", "covariances are not symmetric"),
        ([[1.0, 0.0], [1e-6, 1.0]], "tied", "covariances are not symmetric"),
        ([[1.0, np.nan], [0.0, 1.0]], "tied", "covariances has 1 entries that are not finite"),
        (["a", "b", "c"], "spherical", "covariances="),
    ],
)
def test_unusable_covariances_are_refused(value: Any, kind: str, message: str):
    with pytest.raises(InvalidParameterError) as caught:
        kind_named(kind).checked(value, 3, 2)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("d", [1, 2, 6])
@pytest.mark.parametrize("kind", ["tied", "full"])
def test_matrix_factors_whiten_and_are_upper_triangular(rng: np.random.Generator, kind: str, d: int):
    matrices = positive_definite(rng, 4, d, spread=1e3)
    given = matrices if kind == "full" else matrices[0]
    factors = kind_named(kind).factors(given)
    assert factors.shape == given.shape
    np.testing.assert_array_equal(factors, np.triu(factors))
    whitened = np.swapaxes(factors, -1, -2) @ given @ factors
    np.testing.assert_allclose(whitened, np.broadcast_to(np.eye(d), given.shape), rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        factors @ np.swapaxes(factors, -1, -2), np.linalg.inv(given), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("kind", ["diag", "spherical"])
def test_variance_factors_are_inverse_deviations(rng: np.random.Generator, kind: str):
    given = valid(rng, kind)
    np.testing.assert_allclose(kind_named(kind).factors(given) ** 2 * given, 1.0, rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e300])
@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_factors_scale_with_the_data(rng: np.random.Generator, kind: str, scale: float):
    given = valid(rng, kind)
    scaled = kind_named(kind).factors(scale * given)
    np.testing.assert_allclose(scaled * np.sqrt(scale), kind_named(kind).factors(given), rtol=1e-12)


@pytest.mark.parametrize(
    ("matrices", "index", "eigenvalue"),
    [
        ([np.eye(2), np.diag([1.0, -2.0])], 1, "-2"),
        ([np.ones((2, 2)), np.eye(2)], 0, ""),
        ([np.zeros((2, 2)), np.eye(2)], 0, "0"),
        ([np.eye(2), np.array([[1.0, 3.0], [3.0, 1.0]])], 1, "-2"),
    ],
    ids=["negative", "singular", "zero", "indefinite"],
)
def test_matrices_that_are_not_positive_definite_are_named(matrices: Any, index: int, eigenvalue: str):
    with pytest.raises(InvalidParameterError) as caught:
        kind_named("full").factors(np.array(matrices))
    message = str(caught.value)
    assert message.startswith(f"covariances[{index}] is not positive definite")
    assert f"({eigenvalue}" in message


@pytest.mark.parametrize("d", [1, 2, 7, 30, 49, 131])
def test_factors_agree_with_a_triangular_solver(rng: np.random.Generator, d: int):
    matrices = positive_definite(rng, 3, d) + 0.1 * np.eye(d)
    factors = kind_named("full").factors(matrices)
    for factor, matrix in zip(factors, matrices, strict=True):
        wanted = scipy.linalg.solve_triangular(np.linalg.cholesky(matrix), np.eye(d), lower=True).T
        np.testing.assert_allclose(factor, wanted, rtol=1e-9, atol=1e-12 * np.abs(wanted).max())
        np.testing.assert_array_equal(factor, np.triu(factor))


def test_huge_covariances_do_not_overflow():
    matrix = np.diag([1.5e308, 1.0])
    np.testing.assert_array_equal(kind_named("tied").checked(matrix, 1, 2), matrix)
