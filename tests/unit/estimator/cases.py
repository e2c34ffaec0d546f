"""Data and fits that the tests of the estimator share."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES

Array = NDArray[np.float64]
CENTERS = np.array([0.0, 9.0, 30.0])
#: Rows of each cluster; the seed is one for which EM in the bad optimum takes tens of iterations only.
EACH = 40
X = np.random.default_rng(29).normal(CENTERS[:, None], 1.0, (3, EACH)).reshape(-1, 1)
N = len(X)
#: One mean on the first two clusters, two on the third.
BAD_MEANS = [[4.5], [29.0], [31.0]]
#: Three clusters in the plane.
CORNERS = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 12.0]])
PLANE = np.concatenate([np.random.default_rng(i).normal(c, 1.0, (40, 2)) for i, c in enumerate(CORNERS)])
#: Two clusters that overlap: EM takes its time.
OVERLAP = np.random.default_rng(4).normal([[0.0], [3.0]], 1.0, (2, 80)).reshape(-1, 1)
#: How far the average of a cluster's rows may be from its center: 5 standard errors.
NEAR = 5.0 / np.sqrt(EACH)
kinds = pytest.mark.parametrize("kind", COVARIANCE_TYPES)
#: One of the three whose components have covariances of their own, and the one that shares it.
two_kinds = pytest.mark.parametrize("kind", ["full", "tied"])
FITTED = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]
NUMBERS = [*FITTED, "lower_bound_", "n_iter_", "history_"]


def model(**options: Any) -> gs.GaussianMixture:
    return gs.GaussianMixture(**{"n_components": 3, "random_state": 0, "covariance_prior": 0.0, **options})


@cache
def planted(kind: str, escape: bool = True) -> gs.GaussianMixture:
    """The fit from `BAD_MEANS`; not to be modified."""
    return model(covariance_type=kind, means_init=BAD_MEANS, escape=escape).fit(X)


@cache
def on_plane(kind: str) -> gs.GaussianMixture:
    """The fit to `PLANE`; not to be modified."""
    return model(covariance_type=kind, means_init=CORNERS).fit(PLANE)


def assert_same_fit(one: gs.GaussianMixture, other: gs.GaussianMixture):
    """To the last bit."""
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def assert_close_fit(one: gs.GaussianMixture, other: gs.GaussianMixture, tolerance: float):
    for name in ("weights_", "means_", "covariances_", "lower_bound_"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=name)


def in_order(fitted: gs.GaussianMixture) -> gs.GaussianMixture:
    """Return a fit to a single column with its components from left to right."""
    order, other = np.argsort(fitted.means_.ravel()), copy.copy(fitted)
    for name in FITTED:
        if fitted.covariance_type != "tied" or name in ("weights_", "means_"):
            setattr(other, name, getattr(fitted, name)[order])
    return other


def as_scikit_learn(fitted: gs.GaussianMixture) -> GaussianMixture:
    """Return scikit-learn's estimator with the same parameters, as its documentation has them."""
    other = GaussianMixture(fitted.n_components, covariance_type=fitted.covariance_type)
    for name in FITTED:
        setattr(other, name, getattr(fitted, name))
    return other


#: Starts that end in different optima, and end soon.
ROUGH: dict[str, Any] = {"init_params": "random_from_data", "escape": False, "tol": 1e-3}
