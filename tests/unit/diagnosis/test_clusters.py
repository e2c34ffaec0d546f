"""The clusters that a fit speaks of, where it has too few or too many components."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from bad_fits import KINDS, fitted
from gmmscape.diagnosis.clusters import clusters

CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [30.0, 5.0], [60.0, 0.0]])


@pytest.fixture(name="X")
def four_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(CENTERS, 150, axis=0) + rng.standard_normal((600, 2))


def kinds(X: np.ndarray, means: np.ndarray, kind: str) -> list[str]:
    model = gs.GaussianMixture(
        len(means), covariance_type=kind, means_init=means, escape=False, covariance_prior=0.0
    ).fit(X)
    return [component.kind for component in gs.diagnose(model, X, rng=0).components]


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_number_is_right_the_fit_speaks_for_itself(kind: str, X: np.ndarray):
    objective, fit = fitted(X, CENTERS, kind)
    found = clusters(objective, fit)
    assert found.mixture == fit
    assert found.untouched.all()
    assert kinds(X, CENTERS, kind) == ["exact"] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_one_too_few_sits_on_two_clusters(kind: str, X: np.ndarray):
    means = np.array([[4.5, 0.0], *CENTERS[2:]])
    objective, fit = fitted(X, means, kind)
    found = clusters(objective, fit)
    assert found.untouched.tolist() == [False, True, True]
    places = found.mixture.means + objective.measure.origin
    np.testing.assert_allclose(np.sort(places[[0, 3], 0]), [0.0, 9.0], atol=1.0)
    assert kinds(X, means, kind) == ["one-fits-many", "exact", "exact"]


def test_one_on_three_is_split_again():
    rng = np.random.default_rng(0)
    X = np.concatenate(
        [np.repeat([[0.0], [9.0], [20.0], [60.0]], 150, axis=0) + rng.standard_normal((600, 1))]
    )
    objective, fit = fitted(X, np.array([[10.0], [60.0]]), "full")
    found = clusters(objective, fit)
    assert found.mixture.n_components == 4
    assert kinds(X, np.array([[10.0], [60.0]]), "full") == ["one-fits-many", "exact"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_too_many_shares_a_cluster(kind: str, X: np.ndarray):
    means = np.concatenate([CENTERS, [[60.5, 0.5]]])
    objective, fit = fitted(X, means, kind)
    found = clusters(objective, fit)
    assert found.untouched.tolist() == [True, True, True, False, False]
    assert found.mixture.weights[3:].min() == 0.0
    assert kinds(X, means, kind) == ["exact"] * 3 + ["many-fit-one"] * 2


def test_where_another_pair_would_be_better_together_nobody_else_is_accused(rng: np.random.Generator):
    # One on the two that lie farther apart: a better fit has one on the others, which are exact all the same.
    X = np.repeat([[0.0, 0.0], [14.0, 0.0], [40.0, 0.0], [47.0, 0.0]], 150, axis=0)
    X = X + rng.standard_normal((600, 2))
    means = np.array([[7.0, 0.0], [40.0, 0.0], [47.0, 0.0]])
    assert kinds(X, means, "spherical") == ["one-fits-many", "exact", "exact"]


def test_a_single_component_has_no_pair(X: np.ndarray):
    objective, fit = fitted(X, X.mean(axis=0)[None], "full")
    assert clusters(objective, fit).mixture.n_components > 1
