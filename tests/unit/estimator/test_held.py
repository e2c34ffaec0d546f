"""Fits with held parameters: the numbers that were given, through escape, repair, and files."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.exceptions import InvalidParameterError

NAN = np.nan
CENTERS = np.array([[0.1, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])
LABELS = np.repeat(np.arange(4), 60)
X = CENTERS[LABELS] + np.random.default_rng(1).normal(size=(240, 2))
MEANS = np.full((4, 2), NAN)
MEANS[2] = CENTERS[1] + [0.05, 0.07]
MEANS[3, 0] = 0.123456789
COVARIANCES = np.full((4, 2, 2), NAN)
COVARIANCES[1] = np.eye(2) * 1.1
WEIGHTS = [NAN, 0.3, NAN, NAN]
HELD = {"means_fixed": MEANS, "covariances_fixed": COVARIANCES, "weights_fixed": WEIGHTS}


def test_the_numbers_are_no_sums_and_differences():
    """Through coordinates that count from the middle of the rows they would come back changed."""
    origin = np.median(X, axis=0)
    held = ~np.isnan(MEANS)
    assert not np.array_equal(((MEANS - origin) + origin)[held], MEANS[held])


def keeps(mixture) -> bool:
    """Whether a fit has the very bits that were given."""
    if not isinstance(mixture, gs.Mixture):
        mixture = mixture.mixture_
    pairs = ((mixture.weights, np.array(WEIGHTS)), (mixture.means, MEANS), (mixture.covariances, COVARIANCES))
    return all(np.array_equal(found[~np.isnan(given)], given[~np.isnan(given)]) for found, given in pairs)


@pytest.fixture(scope="module")
def model():
    return gs.GaussianMixture(4, random_state=0, **HELD).fit(X)


def test_the_fit_has_the_numbers_given(model):
    assert keeps(model)
    assert model.weights_.sum() == pytest.approx(1.0)
    assert model.converged_
    distance = np.linalg.norm(model.means_[:, None] - CENTERS, axis=2)
    assert sorted(distance.argmin(axis=1).tolist()) == [0, 1, 2, 3]
    assert distance.argmin(axis=1)[2] == 1


def test_the_diagnosis_knows(model):
    assert model.diagnosis_.verdict == "no better fit found"
    assert gs.diagnose(model, X, rng=0).suggested_n_components is None


def test_fewer_parameters_count(model):
    density = model.score_samples(X)
    p = 3 + 8 + 12 - (1 + 3 + 3)
    assert model.bic(X) == pytest.approx(-2.0 * density.sum() + p * np.log(240))
    assert model.document().bic == pytest.approx(model.bic(X))


def test_escape_moves_what_is_free_only():
    """A bad start: components 0 and 1 share a cluster, and a cluster has none."""
    held = np.full((4, 2), NAN)
    held[3] = CENTERS[3]
    start = np.vstack([CENTERS[0] - 0.5, CENTERS[0] + 0.5, (CENTERS[1] + CENTERS[2]) / 2, CENTERS[3]])
    stuck = gs.GaussianMixture(4, means_fixed=held, means_init=start, escape=False, random_state=0).fit(X)
    moved = gs.GaussianMixture(4, means_fixed=held, means_init=start, random_state=0).fit(X)
    assert moved.score(X) > stuck.score(X) + 0.1
    assert moved.em_diagnosis_.verdict == "bad optimum"
    touched = {i for move in moved.diagnosis_.moves for i in (*move.splits, *sum(move.removals, ()))}
    assert touched
    assert 3 not in touched
    assert np.array_equal(moved.means_[3], held[3])
    repaired = gs.repair(stuck, X, rng=0)
    assert repaired.diagnosis.verdict == "bad optimum"
    assert np.array_equal(repaired.model.means_[3], held[3])
    assert repaired.model.score(X) == pytest.approx(moved.score(X), abs=1e-3)


def test_files_and_repair_hold_it_too(model, tmp_path):
    model.to_json(tmp_path / "fit.json")
    back = gs.GaussianMixture.from_json(tmp_path / "fit.json")
    assert back.held_ == model.held_
    assert keeps(back)
    shifted = X + np.random.default_rng(2).normal(size=X.shape) * 0.3  # other rows, so that EM has work
    for source in (model, tmp_path / "fit.json"):
        found = gs.repair(source, shifted, rng=0)
        assert keeps(found.model)
        assert found.gain > 0.0


@pytest.mark.parametrize("kind", ["tied", "diag", "spherical"])
def test_every_family(kind: str):
    fit = gs.GaussianMixture(4, covariance_type=kind, means_fixed=MEANS, random_state=0, n_init=2).fit(X)
    held = ~np.isnan(MEANS)
    assert np.array_equal(fit.means_[held], MEANS[held])
    assert fit.predict(X).shape == (240,)


def test_all_held_is_only_evaluated():
    given = gs.Mixture([0.25] * 4, CENTERS, [np.eye(2)] * 4)
    fit = gs.GaussianMixture(
        4, weights_fixed=given.weights, means_fixed=given.means, covariances_fixed=given.covariances
    ).fit(X)
    assert fit.mixture_ == given
    assert fit.score(X) == pytest.approx(given.log_density(X).mean())
    assert fit.bic(X) == pytest.approx(-2 * given.log_density(X).sum())


def test_before_a_background():
    noisy = np.vstack([X, np.random.default_rng(5).uniform(-6, 15, (60, 2))])
    fit = gs.GaussianMixture(4, means_fixed=MEANS, background="box", random_state=0).fit(noisy)
    held = ~np.isnan(MEANS)
    assert np.array_equal(fit.means_[held], MEANS[held])
    assert fit.background_weight_ == pytest.approx(0.2, abs=0.07)
    assert fit.weights_.sum() + fit.background_weight_ == pytest.approx(1.0)
    with pytest.raises(InvalidParameterError, match="beside a background"):
        gs.GaussianMixture(4, weights_fixed=WEIGHTS, background="box").fit(noisy)


def test_wrong_shapes_are_named():
    with pytest.raises(InvalidParameterError, match="means_fixed has shape"):
        gs.GaussianMixture(4, means_fixed=MEANS[:3]).fit(X)


def test_covariances_of_which_components_share_some_are_not_held_one_by_one():
    with pytest.raises(gs.InvalidParameterError, match="leave out with covariance_type='EVI', whose comp"):
        gs.GaussianMixture(2, covariance_type="EVI", covariances_fixed=np.ones((2, 2))).fit(X)
