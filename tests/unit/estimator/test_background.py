"""Fits with a uniform background: noise gets its own weight, clusters keep theirs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Sklearns

import gmmscape as gs
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.background import Background
from gmmscape.results.words import OF_OTHER_ROWS

CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])


def rows(noise: int, seed: int = 0, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), n // 3)
    X = CENTERS[labels] + rng.normal(size=(len(labels), 2))
    return np.vstack([X, rng.uniform(-6.0, 15.0, (noise, 2))]), np.append(labels, np.full(noise, -1))


X, LABELS = rows(75)
MODEL = gs.GaussianMixture(3, background="box", random_state=0).fit(X)


def test_noise_is_the_backgrounds():
    assert MODEL.background_weight_ == pytest.approx(75 / 375, abs=0.05)
    assert MODEL.weights_.sum() + MODEL.background_weight_ == pytest.approx(1.0)
    predicted = MODEL.predict(X)
    assert set(predicted.tolist()) == {-1, 0, 1, 2}
    # Noise that lies within a cluster is no one's to tell: nearly all rows go where the truth puts them.
    box = Background("box", 21.0**2, 0.2, np.full(2, -6.0), np.full(2, 15.0))
    truth = gs.Mixture([0.8 / 3] * 3, CENTERS, [np.eye(2)] * 3, background=box)
    order = np.linalg.norm(MODEL.means_[:, None] - CENTERS, axis=2).argmin(axis=1)
    expected = truth.responsibilities(X).argmax(axis=1)
    assert (np.append(order, 3)[predicted] == expected).mean() > 0.97
    distance = np.linalg.norm(MODEL.means_[:, None] - CENTERS, axis=2)
    assert sorted(distance.argmin(axis=1).tolist()) == [0, 1, 2]
    assert distance.min(axis=1).max() < 0.5
    assert np.allclose(MODEL.covariances_, np.eye(2), atol=0.5)


def test_without_it_a_component_is_lost_to_noise():
    plain = gs.GaussianMixture(3, random_state=0).fit(X)
    assert np.linalg.eigvalsh(plain.covariances_).max() > 3.0 * np.linalg.eigvalsh(MODEL.covariances_).max()


def test_its_posterior_is_the_last_column():
    shares = MODEL.predict_proba(X)
    assert shares.shape == (375, 4)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert shares[:, -1].mean() == pytest.approx(MODEL.background_weight_, abs=1e-6)
    assert MODEL.score(X) == pytest.approx(-MODEL.solution_.nll)


def test_its_weight_counts_as_one_parameter():
    density = MODEL.score_samples(X)
    assert MODEL.bic(X) == pytest.approx(-2 * density.sum() + (3 * 2 + 3 * 3 + 2 + 1) * np.log(375))
    assert MODEL.document().bic == pytest.approx(MODEL.bic(X))


def test_rows_outside_have_none_of_it():
    far = X.max(axis=0, keepdims=True) + 0.1
    assert MODEL.predict_proba(far)[0, -1] == 0.0
    assert MODEL.predict(far)[0] >= 0


def test_draws_and_files():
    labels = MODEL.sample(2000)[1]
    assert (labels == -1).mean() == pytest.approx(MODEL.background_weight_, abs=0.05)


def test_file_holds_it(tmp_path):
    MODEL.to_json(tmp_path / "fit.json")
    back = gs.GaussianMixture.from_json(tmp_path / "fit.json")
    assert back.background_weight_ == MODEL.background_weight_
    assert np.array_equal(back.predict_proba(X), MODEL.predict_proba(X))
    assert gs.diagnose(tmp_path / "fit.json", X, rng=0).verdict == "no better fit found"


def test_text_tells_of_it():
    assert f"background: weight {MODEL.background_weight_:.4f}" in str(MODEL.document())


@pytest.mark.parametrize("background", ["hull", 400.0])
def test_other_regions(background):
    model = gs.GaussianMixture(3, background=background, random_state=0).fit(X)
    assert model.background_weight_ == pytest.approx(0.2, abs=0.06)
    assert np.linalg.norm(model.means_[:, None] - CENTERS, axis=2).min(axis=1).max() < 0.5


@pytest.mark.parametrize("kind", ["tied", "diag", "spherical"])
def test_every_family(kind: str):
    model = gs.GaussianMixture(3, covariance_type=kind, background="box", random_state=0).fit(X)
    assert model.background_weight_ == pytest.approx(0.2, abs=0.05)
    assert np.linalg.norm(model.means_[:, None] - CENTERS, axis=2).min(axis=1).max() < 0.5


def test_weights_of_rows_count_as_repetition():
    once = gs.GaussianMixture(
        3, covariance_prior=0.0, background="box", means_init=CENTERS, escape=False, tol=1e-9
    )
    twice = gs.GaussianMixture(
        3, covariance_prior=0.0, background="box", means_init=CENTERS, escape=False, tol=1e-9
    )
    once.fit(X, sample_weight=np.full(len(X), 2.0))
    twice.fit(np.vstack([X, X]))
    assert once.background_weight_ == pytest.approx(twice.background_weight_, abs=1e-6)


def test_no_noise_no_background():
    clean, _ = rows(0)
    model = gs.GaussianMixture(3, background="box", random_state=0).fit(clean)
    plain = gs.GaussianMixture(3, random_state=0).fit(clean)
    assert model.background_weight_ < 0.01
    assert model.means_ == pytest.approx(plain.means_, abs=0.02)


def test_repair_keeps_it_and_leaves_a_bad_optimum():
    stuck = gs.GaussianMixture(
        3, background="box", escape=False, means_init=[[4.5, 0.0], [0.0, 8.8], [0.0, 9.2]]
    ).fit(X)
    distance = np.linalg.norm(stuck.means_[:, None] - CENTERS, axis=2)
    assert len(set(distance.argmin(axis=1).tolist())) == 2
    found = gs.repair(stuck, X, rng=0)
    assert found.diagnosis.verdict == "bad optimum"
    assert found.model.background_weight_ == pytest.approx(MODEL.background_weight_, abs=0.01)
    assert -found.nll_after == pytest.approx(MODEL.score(X), abs=1e-3)
    assert found.model.predict(X).min() == -1


def test_repair_can_put_one_behind_a_mixture():
    bare = gs.Mixture([1 / 3] * 3, CENTERS, [np.eye(2)] * 3)
    found = gs.repair(bare, X, covariance_type="full", background="box", rng=0)
    assert found.model.background_weight == pytest.approx(0.2, abs=0.05)
    with pytest.raises(InvalidParameterError, match="cannot hold one"):
        gs.repair(Sklearns(3, random_state=0).fit(X), X, background="box", rng=0)


def test_diagnosis_of_a_good_fit_is_clean():
    diagnosis = gs.diagnose(MODEL, X, rng=0)
    assert diagnosis.verdict == "no better fit found"
    assert {one.kind for one in diagnosis.components} == {"exact"}
    assert not {finding.name for finding in diagnosis.findings} & {"noise", "outliers", "not Gaussian"}
    weights = [one.weight for one in diagnosis.components]
    assert weights == pytest.approx(MODEL.weights_.tolist(), abs=1e-6)


def test_rows_of_something_else_are_still_noticed():
    rng = np.random.default_rng(3)
    for other in (rng.normal(100.0, 1.0, (200, 2)), rng.uniform(X.min(axis=0), X.max(axis=0), (200, 2))):
        diagnosis = gs.diagnose(MODEL, other, rng=0)  # far off, or all the background's
        assert diagnosis.verdict == "cannot tell"
        assert OF_OTHER_ROWS in diagnosis.reasons[0]


def test_selection_counts_clusters_only():
    some = X[np.r_[:300:2, 300:375:2]]
    found = gs.select(some, range(1, 5), background="box", rng=0)
    assert found.best_n_components == 3
    assert found.best.to_estimator().background_weight_ == pytest.approx(0.2, abs=0.06)


def test_warm_start_goes_on():
    model = gs.GaussianMixture(3, background="box", random_state=0, warm_start=True, escape=False).fit(X)
    before = model.background_weight_
    assert model.fit(X).background_weight_ == pytest.approx(before, abs=1e-5)
    assert model.n_iter_ <= 3


def test_wrong_values_are_named():
    with pytest.raises(InvalidParameterError, match='pass None, "box", "hull"'):
        gs.GaussianMixture(3, background="noise").fit(X)
