"""k-means and bare centers come back repaired, as what they were."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans

import gmmscape as gs
from gmmscape.diagnosis import Repair
from gmmscape.models import read_model
from unit.models.cases import (
    BAD_MEANS,
    CLUSTERS,
    UNTOUCHED,
    Array,
    K,
    Nearest,
    X,
    assert_same_state,
    bad_k_means,
    squared_distances,
)


@pytest.mark.parametrize("kind", [KMeans, MiniBatchKMeans])
def test_k_means_comes_back(kind: type):
    model = bad_k_means(kind)
    before = copy.deepcopy(model)
    result = gs.repair(model, X, rng=0)
    assert_same_state(vars(model), vars(before))
    assert type(result.model) is kind
    assert result.diagnosis.verdict == "bad optimum"
    distances = squared_distances(X, result.model.cluster_centers_)
    np.testing.assert_array_equal(result.model.labels_, distances.argmin(axis=1))
    np.testing.assert_array_equal(result.model.predict(X), result.model.labels_)
    assert result.model.labels_.dtype == model.labels_.dtype
    assert result.model.inertia_ == pytest.approx(distances.min(axis=1).sum(), rel=1e-12)
    assert -result.model.score(X) == pytest.approx(result.model.inertia_, rel=1e-12)
    assert result.model.inertia_ < 0.5 * squared_distances(X, model.cluster_centers_).min(axis=1).sum()
    found = squared_distances(CLUSTERS, result.model.cluster_centers_)
    assert sorted(found.argmin(axis=1)) == list(range(K))
    np.testing.assert_allclose(result.model.transform(X) ** 2, distances, rtol=1e-6, atol=1e-9)


def test_gains_of_centers_add_up():
    model = bad_k_means()
    model.cluster_centers_ += 0.125  # Lloyd's algorithm has something to do
    result = gs.repair(model, X, rng=0)
    diagnosis = result.diagnosis
    assert (result.nll_before, result.nll_after, result.solution) == (None, None, None)
    assert result.gain == result.polish_gain + result.escape_gain
    assert result.polish_gain > 0.0
    assert result.gain == pytest.approx(diagnosis.value_before - diagnosis.value_after, rel=1e-13)
    assert result.gain_total == result.gain * len(X)
    assert result.model.inertia_ == pytest.approx(diagnosis.value_after * len(X), rel=1e-13)


def test_weighted_centers():
    weights = np.random.default_rng(1).uniform(0.5, 3.0, len(X))
    result = gs.repair(bad_k_means(), X, weights, rng=0)
    distances = squared_distances(X, result.model.cluster_centers_).min(axis=1)
    assert result.diagnosis.value_after == pytest.approx(np.average(distances, weights=weights), rel=1e-12)
    assert result.model.inertia_ == pytest.approx(weights @ distances, rel=1e-12)


def test_bare_centers_come_back_as_an_array():
    centers = BAD_MEANS.copy()
    result = gs.repair(centers, X, rng=0)
    np.testing.assert_array_equal(centers, BAD_MEANS)
    assert isinstance(result.model, np.ndarray)
    found = squared_distances(CLUSTERS, result.model)
    assert sorted(found.argmin(axis=1)) == list(range(K))
    for i in UNTOUCHED:
        assert found[i].argmin() == i


@pytest.mark.parametrize("columns", [2, 1])
def test_a_repair_of_centers_is_read_as_their_model(columns: int, tmp_path):
    model, rows = KMeans(K, init=BAD_MEANS[:, :columns], n_init=1).fit(X[:, :columns]), X[:, :columns]
    repaired, file = gs.repair(model, rows, rng=0), tmp_path / "centers.json"
    repaired.to_json(file)
    np.testing.assert_array_equal(read_model(str(file)).centers, repaired.after)
    assert gs.diagnose(file, rows, rng=0).verdict == "no better fit found"
    again = gs.repair(file, rows, rng=0)
    np.testing.assert_allclose(again.model, repaired.after, rtol=1e-9)
    again.to_json(file)
    np.testing.assert_array_equal(Repair.from_json(file).after, again.model)


def test_good_centers_stay():
    model = KMeans(K, init=CLUSTERS, n_init=1, tol=0.0).fit(X)
    result = gs.repair(model, X, rng=0)
    assert result.diagnosis.verdict == "no better fit found"
    np.testing.assert_allclose(result.model.cluster_centers_, model.cluster_centers_, rtol=1e-12)
    np.testing.assert_array_equal(result.model.labels_, model.labels_)


def _bisected(seed: int, k: int) -> tuple[BisectingKMeans, Array]:
    rng = np.random.default_rng(seed)
    data = np.concatenate([rng.normal(center, 1.0, (40, 2)) for center in rng.uniform(0.0, 30.0, (6, 2))])
    return BisectingKMeans(k, random_state=seed).fit(data), data


@pytest.mark.parametrize("seed", [0, 3, 4, 6, 7])
@pytest.mark.parametrize("k", [3, 4])
def test_bisecting_k_means_is_repaired_truthfully_or_refused(seed: int, k: int):
    """It predicts down a tree of bisections, which other centers do not fit any more."""
    model, data = _bisected(seed, k)
    before = copy.deepcopy(model.cluster_centers_)
    centers = gs.repair(model.cluster_centers_, data, rng=0).model
    nearest = squared_distances(data, centers).argmin(axis=1)
    try:
        repaired = gs.repair(model, data, rng=0).model
    except gs.InvalidParameterError as error:
        assert "pass its cluster_centers_" in str(error)  # noqa: PT017 - one of two right answers
        assert not np.array_equal(centers, before)
    else:
        np.testing.assert_array_equal(repaired.labels_, nearest)
        np.testing.assert_array_equal(repaired.predict(data), nearest)
    np.testing.assert_array_equal(model.cluster_centers_, before)


def test_bisecting_k_means_that_cannot_be_repaired():
    model, data = _bisected(6, 3)
    assert gs.diagnose(model, data, rng=0).verdict == "bad optimum"
    with pytest.raises(gs.InvalidParameterError, match=r"model=Bisecting.*pass its cluster_centers_"):
        gs.repair(model, data, rng=0)
    assert gs.repair(model.cluster_centers_, data, rng=0).diagnosis.verdict == "bad optimum"


class FirstOnly(Nearest):
    """A predict of its own."""

    def predict(self, data: Any) -> Array:
        return np.zeros(len(data), dtype=np.intp)


def test_a_foreign_class_that_predicts_otherwise_is_refused():
    model = FirstOnly().fit(X)
    assert gs.diagnose(model, X, rng=0).objective == "inertia"
    with pytest.raises(gs.InvalidParameterError, match="does not predict the nearest center"):
        gs.repair(model, X, rng=0)
