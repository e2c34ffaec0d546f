"""scikit-learn's pipelines: the last step is judged on what reaches it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gmmscape as gs

CENTERS = np.array([[0.0, 0.0], [90.0, 0.1], [300.0, 0.3]])
STUCK = np.array([[-1.0, 0.0], [1.4, 0.0], [1.5, 0.0]])


@pytest.fixture(name="X")
def three_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(CENTERS, 60, axis=0) + rng.standard_normal((180, 2)) * [10.0, 0.01]


def test_the_last_step_is_judged_on_what_reaches_it(X: np.ndarray):
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, means_init=STUCK, random_state=0)).fit(X)
    before = pipeline[-1].means_.copy()
    inner = gs.diagnose(pipeline[-1], pipeline[:-1].transform(X), rng=0)
    assert gs.diagnose(pipeline, X, rng=0) == inner
    assert inner.verdict == "bad optimum"
    result = gs.repair(pipeline, X, rng=0)
    assert type(result.model) is type(pipeline)
    assert result.model[0] is pipeline[0]
    assert result.model.score(X) > pipeline.score(X) + 0.1
    np.testing.assert_array_equal(pipeline[-1].means_, before)
    assert gs.diagnose(result.model, X, rng=0).verdict == "no better fit found"


def test_centers_in_a_pipeline(X: np.ndarray):
    start = StandardScaler().fit(X).transform(CENTERS)[[0, 2, 2]] + [[0.3, 0.0], [0.0, 0.1], [0.0, -0.1]]
    pipeline = make_pipeline(StandardScaler(), KMeans(3, init=start, n_init=1, max_iter=5)).fit(X)
    result = gs.repair(pipeline, X, rng=0)
    assert type(result.model[-1]) is KMeans
    assert result.model[-1].inertia_ <= pipeline[-1].inertia_
    np.testing.assert_array_equal(result.after, result.model[-1].cluster_centers_)


def test_a_pipeline_within_another(X: np.ndarray):
    inner = make_pipeline(StandardScaler(), GaussianMixture(3, means_init=STUCK, random_state=0))
    pipeline = make_pipeline(StandardScaler(), inner).fit(X)
    result = gs.repair(pipeline, X, rng=0)
    assert result.diagnosis.verdict == "bad optimum"
    assert result.model.score(X) > pipeline.score(X) + 0.1
    assert type(result.model[-1][-1]) is GaussianMixture
    np.testing.assert_array_equal(pipeline[-1][-1].means_, inner[-1].means_)


def test_one_step_alone(X: np.ndarray):
    pipeline = make_pipeline(GaussianMixture(3, random_state=0)).fit(X)
    assert gs.diagnose(pipeline, X, rng=0) == gs.diagnose(pipeline[-1], X, rng=0)


def test_what_is_no_model_in_a_pipeline_is_named(X: np.ndarray):
    pipeline = make_pipeline(StandardScaler(), StandardScaler()).fit(X)
    with pytest.raises(gs.InvalidParameterError, match="model="):
        gs.diagnose(pipeline, X)
