"""Centers judged by inertia: the same words for k-means."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

import gmmscape as gs

CENTERS = np.array([[0.0, 0.0], [10.0, 0.0], [40.0, 5.0], [60.0, -30.0]])


@pytest.fixture(name="X")
def four_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(CENTERS, 60, axis=0) + rng.standard_normal((240, 2))


STUCK = np.array([[5.0, 0.0], [39.0, 5.0], [41.0, 5.0], [60.0, -30.0]])


def test_bare_centers_are_repaired(X: np.ndarray):
    result = gs.repair(STUCK, X, rng=0)
    diagnosis = result.diagnosis
    assert diagnosis.objective == "inertia"
    assert diagnosis.verdict == "bad optimum"
    assert [c.kind for c in diagnosis.components] == [
        "one-fits-many",
        "many-fit-one",
        "many-fit-one",
        "exact",
    ]
    assert isinstance(result.model, np.ndarray)
    found = result.model[np.argsort(result.model[:, 0])]
    np.testing.assert_allclose(found, X.reshape(4, 60, 2).mean(axis=1), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(STUCK[3], [60.0, -30.0])
    assert result.nll_before is None
    inertia = ((X[:, None] - result.model) ** 2).sum(axis=2).min(axis=1).sum()
    assert diagnosis.value_after * len(X) == pytest.approx(inertia)


def test_good_centers_are_left_in_peace(X: np.ndarray):
    good = KMeans(4, init=CENTERS, n_init=1).fit(X)
    diagnosis = gs.diagnose(good, X, rng=0)
    assert diagnosis.verdict == "no better fit found"
    assert diagnosis.input_state == "converged"
    assert diagnosis.gradient_norm < 1e-9


def test_a_model_of_k_means_stays_one(X: np.ndarray):
    stuck = KMeans(4, init=STUCK, n_init=1).fit(X)
    before = stuck.cluster_centers_.copy()
    result = gs.repair(stuck, X, rng=0)
    assert isinstance(result.model, KMeans)
    np.testing.assert_array_equal(stuck.cluster_centers_, before)
    np.testing.assert_array_equal(result.model.labels_, result.model.predict(X))
    assert result.model.inertia_ == pytest.approx(-result.model.score(X))
    assert result.model.inertia_ < 0.5 * stuck.inertia_


def test_weights_count_and_rows_of_weight_zero_do_not(X: np.ndarray):
    far = np.vstack([X, [[1e5, 1e5]]])
    weights = np.append(np.ones(len(X)), 0.0)
    result = gs.repair(KMeans(4, init=STUCK, n_init=1).fit(X), far, weights, rng=0)
    assert np.abs(result.model.cluster_centers_).max() < 100
    assert len(result.model.labels_) == len(far)


def test_an_empty_cluster_is_put_to_use(X: np.ndarray):
    idle = np.vstack([CENTERS[:2], [[50.0, -12.0]], [[1e6, 1e6]]])
    result = gs.repair(idle, X, rng=0)
    assert result.diagnosis.input_state == "plateau"
    np.testing.assert_allclose(np.sort(result.model[:, 0]), [0, 10, 40, 60], atol=0.5)


def test_more_centers_than_rows_are_refused():
    with pytest.raises(gs.DataError, match="3 centers"):
        gs.diagnose(np.arange(3.0)[:, None], [[0.0], [1.0]])


def test_printing_speaks_of_inertia(X: np.ndarray):
    text = str(gs.diagnose(STUCK, X, rng=0))
    assert text.startswith("verdict: bad optimum")
    assert "of inertia" in text
    assert "nats" not in text


def test_one_center_has_no_neighbour_and_no_background(X: np.ndarray):
    found = gs.diagnose(X.mean(axis=0)[None], X, rng=0)
    assert found.verdict != "bad optimum"
    with pytest.raises(gs.InvalidParameterError, match="background='box': leave out: bare centers have no"):
        gs.diagnose(STUCK, X, background="box")
