"""Mixtures fitted elsewhere come back repaired, as what they were."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from unit.models.cases import (
    BAD_MEANS,
    CLUSTERS,
    UNTOUCHED,
    Array,
    K,
    X,
    assert_same_state,
    bad,
    kinds,
    mixture_of,
    repaired,
    run_of,
    squared_distances,
    symmetric,
)


@kinds
def test_the_class_comes_back_and_the_source_stays(kind: str):
    before, model, result = run_of(kind)
    assert type(result.model) is GaussianMixture
    assert result.model is not model
    assert_same_state(model, before)
    assert_same_state(result.model.get_params(), model.get_params())
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        new, old = getattr(result.model, name), getattr(model, name)
        assert (new.shape, new.dtype) == (old.shape, old.dtype)
        assert not np.shares_memory(new, old)
        assert new.flags.writeable


def test_a_difference_of_one_bit_is_seen():
    """Negative control of the comparison above."""
    model, other = bad(), bad()
    assert_same_state(model, other)
    other.means_[0, 0] = np.nextafter(other.means_[0, 0], np.inf)
    with pytest.raises(AssertionError):
        assert_same_state(model, other)


class OwnMixture(GaussianMixture):
    """What a user may derive."""


def test_a_derived_class_comes_back():
    model = OwnMixture(K, covariance_type="spherical", means_init=BAD_MEANS, max_iter=2000).fit(X)
    assert type(gs.repair(model, X, rng=0).model) is OwnMixture


@kinds
def test_it_leaves_the_bad_optimum(kind: str):
    result = repaired(kind)
    assert result.diagnosis.verdict == "bad optimum"
    assert result.diagnosis_after is not None
    assert result.diagnosis_after.verdict == "no better fit found"
    assert result.escape_gain > 0.1
    found = squared_distances(CLUSTERS, result.model.means_)
    assert sorted(found.argmin(axis=1)) == list(range(K))
    assert np.sqrt(found.min(axis=1)).max() < 0.8  # 5 standard errors of a mean of 40 rows
    assert np.sqrt(squared_distances(CLUSTERS, bad(kind).means_).min(axis=1)).max() > 2.0


@kinds
def test_untouched_components_keep_their_index(kind: str):
    result = repaired(kind)
    touched = {
        i for move in result.moves for i in (*move.splits, *(j for pair in move.removals for j in pair))
    }
    assert touched == {0, 1, 2}
    for i in UNTOUCHED:
        assert np.abs(result.model.means_[i] - bad(kind).means_[i]).max() < 1e-3
    new = squared_distances(result.model.means_, CLUSTERS).argmin(axis=1)
    assert sorted(new[:3]) == [0, 1, 2]


@kinds
def test_gains_add_up(kind: str):
    result, n = repaired(kind), len(X)
    assert result.gain == result.polish_gain + result.escape_gain
    # Two ways to add three rounded numbers.
    assert result.gain == pytest.approx(result.nll_before - result.nll_after, abs=1e-14)
    assert result.gain_total == result.gain * n
    assert result.diagnosis.total == n
    assert result.nll_before == pytest.approx(-bad(kind).score(X), rel=1e-13)
    assert result.nll_after == pytest.approx(-result.model.score(X), rel=1e-13)
    assert result.solution is not None
    assert result.solution.nll == result.nll_after


def test_total_gains_count_the_rows_that_weights_are_worth():
    """By Kish's number, for weights that are no counts."""
    weights = np.random.default_rng(1).uniform(0.5, 3.0, len(X))
    result = gs.repair(bad(), X, weights, rng=0)
    assert result.diagnosis.total == pytest.approx(weights.sum() ** 2 / (weights @ weights), rel=1e-14)
    assert result.gain_total == result.gain * result.diagnosis.total
    for model, value in ((bad(), result.nll_before), (result.model, result.nll_after)):
        average = np.average(model.score_samples(X), weights=weights)
        assert value == pytest.approx(-average, rel=1e-12)


@pytest.mark.parametrize(("off", "state"), [(0.003, "converged"), (0.1, "not converged")])
def test_whole_weights_are_repeated_rows_to_a_diagnosis(off: float, state: str):
    """Also where few rows carry most of the weight."""
    weights = np.where(np.arange(len(X)) % 10 == 0, 30, 1)
    best = gs.GaussianMixture(K, means_init=CLUSTERS, escape=False).fit(X, sample_weight=weights)
    model = gs.Mixture(best.weights_, best.means_ + off, best.covariances_)
    options = {"covariance_type": "full", "rng": 0}
    weighted = gs.diagnose(model, X, weights, **options)
    repeated = gs.diagnose(model, np.repeat(X, weights, axis=0), **options)
    assert weighted.total == repeated.total == weights.sum()
    assert weighted.gain_total == pytest.approx(repeated.gain_total, rel=1e-6)
    assert repeated.input_state == state
    assert weighted.input_state == state


def factors_written_out(model: GaussianMixture) -> Array:
    """Return precisions_cholesky_ as matrices, shape (k, d, d)."""
    factors = model.precisions_cholesky_
    return {
        "full": lambda: factors,
        "tied": lambda: np.array([factors] * K),
        "diag": lambda: np.array([np.diag(row) for row in factors]),
        "spherical": lambda: np.array([np.diag([one, one]) for one in factors]),
    }[model.covariance_type]()


@kinds
def test_covariances_precisions_and_factors_agree(kind: str):
    """As scikit-learn defines them: factors are upper triangular with factor @ factor.T the precision."""
    for model in (repaired(kind).model, bad(kind)):
        full = mixture_of(model).full_covariances()
        factors = factors_written_out(model)
        np.testing.assert_array_equal(factors, np.triu(factors))
        assert (np.diagonal(factors, axis1=1, axis2=2) > 0).all()
        eye = np.swapaxes(factors, 1, 2) @ full @ factors
        np.testing.assert_allclose(eye, np.broadcast_to(np.eye(2), eye.shape), atol=1e-12)
        precisions = gs.Mixture(None, model.means_, model.precisions_, kind).full_covariances()
        np.testing.assert_allclose(precisions, factors @ np.swapaxes(factors, 1, 2), rtol=1e-12, atol=1e-14)
        assert model.weights_.sum() == pytest.approx(1.0, abs=1e-14)


@kinds
def test_the_repaired_model_works(kind: str):
    model = repaired(kind).model
    mixture = mixture_of(model)
    np.testing.assert_allclose(model.score_samples(X), mixture.log_density(X), rtol=1e-11)
    posterior = mixture.responsibilities(X)
    np.testing.assert_allclose(model.predict_proba(X), posterior, atol=1e-11)
    np.testing.assert_array_equal(model.predict(X), posterior.argmax(axis=1))
    assert model.score(X) == pytest.approx(mixture.log_density(X).mean(), rel=1e-12)
    rows, labels = model.sample(400)
    assert rows.shape == (400, 2)
    assert np.mean(model.predict(rows) == labels) > 0.95
    # A wrong fit would show in the counts: 80 rows each, give or take 8.
    assert np.abs(np.bincount(labels, minlength=K) - 80).max() < 40
    assert model.converged_ is True
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-12)
    assert model.n_iter_ >= 1
    assert getattr(model, "lower_bounds_", [model.lower_bound_]) == [model.lower_bound_]


def test_a_repaired_model_can_be_repaired_again():
    again = gs.repair(repaired("spherical").model, X, rng=0)
    assert again.diagnosis.verdict == "no better fit found"
    assert again.diagnosis.input_state == "converged"
    assert again.moves == ()
    assert again.gain_total < 1e-6


@kinds
def test_never_worse_whatever_came_in(kind: str):
    rng = np.random.default_rng(0)
    model = GaussianMixture(
        3, covariance_type=kind, init_params="random_from_data", max_iter=1, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rng.normal(size=(120, 2)))
    data = rng.normal(size=(90, 2)) * [1.0, 3.0]  # not even what it was fitted on
    result = gs.repair(model, data, rng=0)
    assert result.gain >= 0.0
    assert result.model.score(data) >= model.score(data) - 1e-13
    assert result.gain == pytest.approx(result.model.score(data) - model.score(data), abs=1e-12)


@kinds
def test_a_floor_above_the_fit_returns_it_as_it_came(kind: str):
    """With this floor EM and every move end below the likelihood that the model has without."""
    model = GaussianMixture(K, covariance_type=kind, means_init=CLUSTERS).fit(X)
    result = gs.repair(model, X, rng=0, reg_covar=50.0)
    assert result.gain == 0.0
    assert result.nll_before == result.nll_after
    np.testing.assert_array_equal(result.model.means_, model.means_)
    np.testing.assert_allclose(result.model.weights_, model.weights_, rtol=1e-14)
    as_read = symmetric(model.covariances_, kind)
    np.testing.assert_allclose(result.model.covariances_, as_read, rtol=1e-14)


SQUARE = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0]])


@pytest.mark.parametrize("init_params", ["k-means++", "random_from_data", "random"])
def test_tied_starts_whose_means_all_coincide(init_params: str):
    """One-hot responsibilities of a few rows make a tied covariance as wide as the data."""
    rng = np.random.default_rng(2)
    data = np.concatenate([rng.normal(center, 1.0, (40, 2)) for center in SQUARE])
    model = GaussianMixture(4, covariance_type="tied", init_params=init_params, random_state=0).fit(data)
    assert np.ptp(model.means_, axis=0).max() < 1.5
    result = gs.repair(model, data, rng=0)
    assert any("all means nearly coincide" in line for line in result.diagnosis.warnings)
    assert result.gain > 1.0
    found = squared_distances(SQUARE, result.model.means_)
    assert sorted(found.argmin(axis=1)) == [0, 1, 2, 3]
    assert np.sqrt(found.min(axis=1)).max() < 0.7


def test_tied_means_that_coincide_exactly():
    """A critical point that EM cannot leave: the gain is all by escaping."""
    rng = np.random.default_rng(2)
    data = np.concatenate([rng.normal(center, 1.0, (40, 2)) for center in SQUARE])
    mean, covariance = data.mean(axis=0), np.cov(data.T, bias=True)
    model = gs.Mixture(None, np.tile(mean, (4, 1)), covariance, "tied")
    result = gs.repair(model, data, covariance_type="tied", rng=0)
    assert result.diagnosis.verdict == "bad optimum"
    assert result.polish_gain < 1e-12
    assert result.escape_gain > 1.0
    found = squared_distances(SQUARE, result.model.means)
    assert sorted(found.argmin(axis=1)) == [0, 1, 2, 3]


def test_a_tuple_comes_back_as_a_tuple():
    model = bad("diag")
    arrays = (model.weights_.tolist(), model.means_, model.covariances_)
    before = copy.deepcopy(arrays)
    result = gs.repair(arrays, X, covariance_type="diag", rng=0)
    assert isinstance(result.model, tuple)
    assert_same_state(arrays, before)
    for new, old in zip(result.model, before, strict=True):
        assert isinstance(new, np.ndarray)
        assert new.shape == np.shape(old)
        assert new.flags.writeable
    density = gs.Mixture(*result.model, "diag").log_density(X)
    assert -density.mean() == pytest.approx(result.nll_after, rel=1e-12)
    assert result.nll_after == pytest.approx(repaired("diag").nll_after, abs=1e-9)


def test_a_mixture_comes_back_as_a_mixture():
    mixture = mixture_of(bad())
    before = copy.deepcopy(mixture)
    result = gs.repair(mixture, X, covariance_type="spherical", rng=0)
    assert isinstance(result.model, gs.Mixture)
    assert mixture == before
    assert result.model == result.solution.mixture
    assert -result.model.log_density(X).mean() == pytest.approx(result.nll_after, rel=1e-13)


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_a_gmmscape_mixture_comes_back_whole(kind: str):
    """All that it says about itself is about the repaired fit."""
    model = gs.GaussianMixture(
        K, covariance_type=kind, means_init=BAD_MEANS, escape=False, covariance_prior=0.0
    ).fit(X)
    before = copy.deepcopy(model)
    result = gs.repair(model, X, rng=0)
    assert_same_state(model, before)
    fitted = result.model
    assert type(fitted) is gs.GaussianMixture
    assert fitted.score(X) > model.score(X) + 0.1
    assert fitted.lower_bound_ == pytest.approx(fitted.score(X), rel=1e-12)
    assert -fitted.history_[-1] == fitted.lower_bound_
    assert fitted.lower_bounds_[-1] == fitted.lower_bound_
    assert fitted.diagnosis_.value_after == -fitted.lower_bound_
    assert fitted.diagnosis_.verdict == "no better fit found"


def test_a_gmmscape_mixture_that_had_not_converged():
    model = gs.GaussianMixture(K, means_init=BAD_MEANS, escape=False, max_iter=2)
    with pytest.warns(ConvergenceWarning):
        model.fit(X)
    fitted = gs.repair(model, X, rng=0).model
    assert fitted.converged_
    assert fitted.stop_reason_ == "converged"
