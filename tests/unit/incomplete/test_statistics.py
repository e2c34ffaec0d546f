"""Densities, responsibilities and expected statistics of rows with missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gmmscape import engine, incomplete
from gmmscape.covariances import COVARIANCE_TYPES, kind_named
from gmmscape.exceptions import NotAvailableError
from gmmscape.families import Floor, family_named
from gmmscape.mixture import Mixture
from gmmscape.weights import Weights
from oracles.missing_values import em_step, log_joint

D, K = 4, 3


def mixture(rng: np.random.Generator, kind: str) -> Mixture:
    roots = rng.normal(size=(K, D, D))
    matrices = roots @ roots.transpose(0, 2, 1) + 0.3 * np.eye(D)
    stored = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.einsum("kdd->kd", matrices),
        "spherical": np.einsum("kdd->k", matrices) / D,
    }[kind]
    return Mixture([0.5, 0.3, 0.2], 2.0 * rng.normal(size=(K, D)), stored, kind)


def gapped(rng: np.random.Generator, truth: Mixture, n: int = 60, share: float = 0.35) -> np.ndarray:
    X, _ = truth.sample(n, rng)
    X[rng.random(X.shape) < share] = np.nan
    X[0] = np.nan
    X[1] = np.where(np.isnan(X[1]), 0.5, X[1])
    return X


@pytest.fixture(params=COVARIANCE_TYPES)
def case(request: Any, rng: np.random.Generator) -> tuple[Mixture, np.ndarray, np.ndarray]:
    own = mixture(rng, request.param)
    return own, gapped(rng, own), rng.uniform(0.5, 2.0, 60)


@pytest.mark.parametrize("name", ["reference", "native"])
def test_densities_are_those_of_what_is_observed(case: Any, name: str):
    own, X, _ = case
    joint = log_joint(X, own.weights, own.means, own.full_covariances())
    expected = np.logaddexp.reduce(joint, axis=1)
    with engine.using(name):
        np.testing.assert_allclose(own.log_density(X), expected, atol=1e-12)
        np.testing.assert_allclose(own.responsibilities(X), np.exp(joint - expected[:, None]), atol=1e-12)
    assert own.log_density(X)[0] == 0.0
    np.testing.assert_allclose(own.responsibilities(X)[0], own.weights)


def test_statistics_make_the_step_of_em(case: Any):
    own, X, each = case
    each = each / each.sum()
    held = incomplete.hold(X, Weights.of(each))
    found = held.statistics(own.parameters, own.covariance_type)
    family = family_named(own.covariance_type, Floor(np.zeros(D)))
    after = family.update(found, own)
    weights, means, covariances = em_step(
        X, each, own.weights, own.means, own.full_covariances(), own.covariance_type
    )
    np.testing.assert_allclose(after.weights, weights, atol=1e-13)
    np.testing.assert_allclose(after.means, means, atol=1e-12)
    np.testing.assert_allclose(after.full_covariances(), covariances, atol=1e-12)
    assert found.weight == pytest.approx(1.0)
    assert found.log_likelihood == pytest.approx(each @ own.log_density(X), abs=1e-12)
    bare = held.statistics(own.parameters, "none")
    assert bare.scatter is None
    np.testing.assert_allclose(bare.mean, found.mean, atol=1e-13)


@pytest.mark.parametrize("scatter", COVARIANCE_TYPES)
def test_scatter_of_another_kind_than_the_mixture(case: Any, scatter: str):
    own, X, _ = case
    held = incomplete.hold(X)
    found = held.statistics(own.parameters, scatter)
    same = Mixture(own.weights, own.means, own.full_covariances(), "full")
    whole = held.statistics(same.parameters, "full")
    assert whole.scatter is not None
    expected = {
        "full": whole.scatter,
        "tied": whole.scatter.sum(axis=0),
        "diag": np.einsum("kdd->kd", whole.scatter),
        "spherical": np.einsum("kdd->k", whole.scatter),
    }[scatter]
    np.testing.assert_allclose(found.scatter, expected, atol=1e-12)
    np.testing.assert_allclose(found.mean, whole.mean, atol=1e-12)


def test_coverage_has_the_responsibilities_in_the_order_of_the_rows(case: Any):
    own, X, _ = case
    found = incomplete.hold(X).coverage(own.parameters, 1e-3)
    psi = own.responsibilities(X)
    for i in range(K):
        part = slice(found.ends[i], found.ends[i + 1])
        np.testing.assert_array_equal(found.row[part], np.flatnonzero(psi[:, i] >= 1e-3))
        np.testing.assert_allclose(found.posterior[part], psi[found.row[part], i], atol=1e-14)
    np.testing.assert_allclose(found.rest, 1.0 - found.posterior, atol=1e-12)


def test_rows_without_gaps_are_held_as_always(rng: np.random.Generator):
    own = mixture(rng, "full")
    X = own.sample(50, rng)[0]
    assert not isinstance(incomplete.hold(X), incomplete.IncompleteRows)
    some = gapped(rng, own)
    held = incomplete.hold(some)
    complete = np.flatnonzero(~np.isnan(some).any(axis=1))
    assert not isinstance(held.taken(complete), incomplete.IncompleteRows)
    found = held.taken(complete).log_density(own.parameters)
    np.testing.assert_array_equal(found, own.log_density(some[complete]))


def test_there_are_no_derivatives_in_means_alone(rng: np.random.Generator):
    own = mixture(rng, "full")
    held = incomplete.hold(gapped(rng, own))
    with pytest.raises(NotAvailableError, match="missing values"):
        held.missing_product(own.parameters, "full", np.zeros(45))
    with pytest.raises(NotAvailableError, match="missing values"):
        held.derivatives(own.parameters, hessian=False)
    with pytest.raises(NotAvailableError, match="missing values"):
        held.joint_derivatives(own.parameters, hessian=False)


@pytest.mark.parametrize("d", [3, 8, 9, 64, 70])
def test_patterns_hold_every_row_once(rng: np.random.Generator, d: int):
    base = rng.random((4, d)) < 0.5
    X = np.where(base[rng.integers(4, size=30)], np.nan, 1.0)
    patterns = incomplete.Patterns.of(X)
    assert len(patterns) == len(np.unique(np.isnan(X), axis=0))
    np.testing.assert_array_equal(np.sort(np.concatenate(patterns.rows)), np.arange(30))
    for observed, rows in zip(*patterns, strict=True):
        assert (np.diff(rows) > 0).all()
        np.testing.assert_array_equal(~np.isnan(X[rows]), np.tile(observed, (len(rows), 1)))


def test_many_patterns_are_conditioned_on_in_parts(rng: np.random.Generator, monkeypatch: Any):
    own = mixture(rng, "full")
    X = gapped(rng, own)
    whole = incomplete.hold(X).statistics(own.parameters, "full")
    monkeypatch.setattr("gmmscape.incomplete.held._together", lambda parameters: 2)
    parts = incomplete.hold(X).statistics(own.parameters, "full")
    np.testing.assert_allclose(parts.scatter, whole.scatter, atol=1e-13)
    np.testing.assert_array_equal(incomplete.hold(X).log_density(own.parameters), own.log_density(X))


def test_narrow_covariances_are_conditioned_on_by_their_roots():
    """The product of the root has no Cholesky factor in float64; the root is all there is."""
    root = np.array([[1.0, 0.0, 0.0], [1.0, 1e-9, 0.0], [0.0, 0.0, 1.0]])
    factors = np.linalg.inv(root).T[None]
    given = kind_named("full").conditioned(factors, np.array([[True, True, False]]))
    np.testing.assert_allclose(np.linalg.inv(given.factors(0)[0]).T, root[:2, :2], rtol=1e-6, atol=1e-16)


def test_float32_rows_are_taken(rng: np.random.Generator):
    own = mixture(rng, "full")
    X = gapped(rng, own).astype(np.float32)
    found = incomplete.hold(X).log_density(own.parameters)
    np.testing.assert_allclose(found, own.log_density(X.astype(np.float64)), atol=1e-4)
