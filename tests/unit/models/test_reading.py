"""Models fitted elsewhere: how they are read and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

import gmmscape as gs
from gmmscape.models import read_model
from unit.models.cases import (
    BAD_MEANS,
    CLUSTERS,
    K,
    X,
    bad,
    bad_k_means,
    kinds,
    mixture_of,
    squared_distances,
    symmetric,
    value_before,
)


@kinds
def test_a_scikit_learn_mixture_is_read_as_it_is(kind: str):
    model = bad(kind)
    read = read_model(model)
    assert read.source is model
    assert read.mixture is not None
    assert read.mixture.covariance_type == kind
    np.testing.assert_allclose(read.mixture.weights, model.weights_, rtol=1e-15)
    np.testing.assert_array_equal(read.mixture.means, model.means_)
    np.testing.assert_allclose(read.mixture.covariances, symmetric(model.covariances_, kind), rtol=1e-15)
    assert (read.reg_covar, read.covariance_floor) == (1e-6, None)
    assert (read.centers, read.feature_names, read.has_prior) == (None, None, False)
    np.testing.assert_array_equal(read.means, model.means_)


@kinds
def test_the_value_before_is_that_of_the_model(kind: str):
    before = value_before(bad(kind))
    assert before == pytest.approx(-bad(kind).score(X), rel=1e-12)


def test_a_gmmscape_mixture_brings_its_floors():
    model = gs.GaussianMixture(2, reg_covar=0.25, covariance_floor=0.001, random_state=0, escape=False).fit(X)
    read = read_model(model)
    assert read.mixture is not None
    np.testing.assert_array_equal(read.mixture.covariances, model.covariances_)
    assert (read.reg_covar, read.covariance_floor) == (0.25, 0.001)


def test_floors_that_are_passed_replace_those_of_the_model():
    """A floor of 0.3 of the variance of the data is far above the covariances of this fit."""
    model = gs.GaussianMixture(
        K, means_init=CLUSTERS, escape=False, covariance_floor=0.3, covariance_prior=0.0
    )
    model.fit(X)
    assert model.floor_active_
    with_own = gs.diagnose(model, X, rng=0)
    assert with_own.input_state == "degenerate"
    without = gs.diagnose(model, X, rng=0, covariance_floor=1e-6)
    assert without.input_state == "not converged"
    assert without.polish_gain > with_own.polish_gain + 1.0


@pytest.mark.parametrize("name", ["weights", "means", "covariances"])
def test_reading_copies(name: str):
    model = bad()
    mixture = read_model(model).mixture
    before = getattr(mixture, name).copy()
    getattr(model, f"{name}_")[...] = 77.0
    np.testing.assert_array_equal(getattr(mixture, name), before)


@kinds
def test_a_bayesian_mixture_is_diagnosed_by_its_likelihood(kind: str):
    model = BayesianGaussianMixture(n_components=K, covariance_type=kind, random_state=0, max_iter=1000)
    model.fit(X)
    assert read_model(model).has_prior
    diagnosis = gs.diagnose(model, X, rng=0, max_seconds=0)
    assert diagnosis.objective == "nll"
    # BayesianGaussianMixture.score is a lower bound with the prior's terms, so the density is computed here.
    assert diagnosis.value_before == pytest.approx(-mixture_of(model).log_density(X).mean(), rel=1e-12)


def test_a_bayesian_mixture_is_not_repaired_but_converted():
    model = BayesianGaussianMixture(n_components=K, random_state=0, max_iter=1000).fit(X)
    with pytest.raises(gs.InvalidParameterError, match=r"model=Bayesian.*gs\.Mixture\(model\.weights_") as e:
        gs.repair(model, X, rng=0)
    # What the message says to do.
    conversion = "gs.Mixture(model.weights_, model.means_, model.covariances_, model.covariance_type)"
    assert conversion in str(e.value)
    assert "covariance_type=model.covariance_type" in str(e.value)
    result = gs.repair(mixture_of(model), X, covariance_type=model.covariance_type, rng=0)
    assert isinstance(result.model, gs.Mixture)
    assert result.nll_after <= -mixture_of(model).log_density(X).mean()


@pytest.mark.parametrize(
    "make",
    [
        bad_k_means,
        lambda: bad_k_means(MiniBatchKMeans),
        lambda: BisectingKMeans(K, random_state=0).fit(X),
        lambda: BAD_MEANS,
        BAD_MEANS.tolist,
    ],
    ids=["KMeans", "MiniBatchKMeans", "BisectingKMeans", "array", "list"],
)
def test_centers_are_judged_by_inertia(make: Any):
    model = make()
    centers = np.asarray(getattr(model, "cluster_centers_", model))
    read = read_model(model)
    assert read.mixture is None
    np.testing.assert_array_equal(read.means, centers)
    diagnosis = gs.diagnose(model, X, rng=0)
    assert diagnosis.objective == "inertia"
    inertia = squared_distances(X, centers).min(axis=1).mean()
    assert diagnosis.value_before == pytest.approx(inertia, rel=1e-12)
    assert len(diagnosis.components) == K


def test_one_dimensional_centers():
    read = read_model([0.0, 4.0, 9.0])
    np.testing.assert_array_equal(read.means, [[0.0], [4.0], [9.0]])
    result = gs.repair([0.0, 0.5, 20.0], X[:120, :1], rng=0)
    assert result.model.shape == (3,)
    assert np.abs(np.sort(result.model) - [0.0, 6.0, 20.0]).max() < 0.5


def test_a_mixture_needs_the_covariance_type():
    mixture = mixture_of(bad())
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type=None: say which .* full, tied"):
        gs.diagnose(mixture, X)
    assert read_model(mixture, "spherical").mixture is mixture


def test_arrays_need_the_covariance_type():
    model = bad("diag")
    arrays = (model.weights_, model.means_, model.covariances_)
    with pytest.raises(gs.InvalidParameterError, match="covariance_type=None"):
        gs.diagnose(arrays, X)
    assert read_model(arrays, "diag").mixture == mixture_of(model)


def test_arrays_that_are_no_mixture_of_the_type():
    model = bad("diag")
    with pytest.raises(gs.InvalidParameterError, match=r"covariances has shape \(5, 2\)"):
        read_model((model.weights_, model.means_, model.covariances_), "full")
    with pytest.raises(gs.InvalidParameterError, match="model is a tuple of 2 arrays"):
        read_model((model.weights_, model.means_), "full")


def test_a_mixture_is_stored_as_the_family_needs_it():
    """The density stays the same; what is free is said by the type."""
    narrow = gs.Mixture(None, [[0.0, 0.0], [1.0, 1.0]], [2.0, 3.0], "spherical")
    for kind in ("diag", "full"):
        mixture = read_model(narrow, kind).mixture
        assert mixture is not None
        assert mixture.covariance_type == kind
        np.testing.assert_array_equal(mixture.full_covariances(), narrow.full_covariances())
    shared = gs.Mixture.location([[0.0, 0.0], [1.0, 1.0]], 2.0)
    tied = read_model(shared, "tied").mixture
    assert tied is not None
    np.testing.assert_array_equal(tied.covariances, 4.0 * np.eye(2))


@pytest.mark.parametrize(
    ("covariances", "kind", "wanted"),
    [
        ([2.0, 3.0], "spherical", "tied"),
        ([[2.0, 3.0], [1.0, 1.0]], "diag", "spherical"),
        ([[2.0, 3.0], [1.0, 1.0]], "diag", "tied"),
        ([[[2.0, 0.5], [0.5, 1.0]], np.eye(2)], "full", "diag"),
    ],
)
def test_a_mixture_outside_the_family_is_refused(covariances: Any, kind: str, wanted: str):
    mixture = gs.Mixture(None, [[0.0, 0.0], [1.0, 1.0]], covariances, kind)
    with pytest.raises(gs.InvalidParameterError, match=f"covariance_type='{wanted}'.*not of that kind"):
        read_model(mixture, wanted)


def test_a_covariance_type_must_agree_with_the_models_own():
    assert read_model(bad("diag"), "diag").mixture is not None
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type='full'.*the model has 'diag'"):
        read_model(bad("diag"), "full")
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type='ful'.*'full', 'tied'"):
        read_model(bad("full"), "ful")


UNFITTED = [
    GaussianMixture,
    gs.GaussianMixture,
    BayesianGaussianMixture,
    KMeans,
    MiniBatchKMeans,
    BisectingKMeans,
]


@pytest.mark.parametrize("door", [gs.diagnose, gs.repair])
@pytest.mark.parametrize("kind", [kind for kind in UNFITTED if kind is not BayesianGaussianMixture])
def test_unfitted_estimators(kind: type, door: Any):
    with pytest.raises(gs.NotFittedError, match=f"^This {kind.__name__} instance is not fitted yet"):
        door(kind(), X)
    with pytest.raises(gs.GmmscapeError, match="fit"):
        door(kind, X)


def test_unfitted_bayesian_mixture():
    with pytest.raises(gs.NotFittedError, match=r"^This BayesianGaussianMixture instance is not fitted"):
        gs.diagnose(BayesianGaussianMixture(), X)


@pytest.mark.parametrize("kind", [SklearnNotFittedError, ValueError, AttributeError, gs.GmmscapeError])
def test_what_not_fitted_is_caught_as(kind: type[Exception]):
    with pytest.raises(kind):
        gs.diagnose(GaussianMixture(), X)
    assert not issubclass(gs.NotFittedError, gs.DataError)


@pytest.mark.parametrize(
    "model", [LinearRegression(), LinearRegression, {"weights": [1.0]}, np.dtype("f8")], ids=repr
)
def test_what_is_no_model(model: Any):
    with pytest.raises(gs.InvalidParameterError, match=r"^model="):
        gs.diagnose(model, X)
