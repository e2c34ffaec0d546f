"""scikit-learn's callbacks and metadata routing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gmmscape as gs
from unit.estimator.cases import BAD_MEANS, OVERLAP, PLANE, X, assert_same_fit, model

needs_callbacks = pytest.mark.skipif(
    not hasattr(gs.GaussianMixture, "set_callbacks"), reason="scikit-learn before 1.9"
)


class Watching:
    """A callback that keeps what it is told, and may stop after some subtasks."""

    def __init__(self, most: int = 10**9) -> None:
        self.most, self.seen, self.fitted = most, [], None

    def setup(self, estimator: Any, context: Any) -> None:
        self.seen.append("setup")

    def on_fit_task_begin(self, estimator: Any, context: Any, *, metadata: Any) -> None:
        self.metadata = metadata

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> bool:
        self.seen.append(context.task_name)
        self.fitted = fitted_estimator or self.fitted
        return sum(name in ("em", "polish") for name in self.seen) >= self.most

    def teardown(self, estimator: Any, context: Any) -> None:
        self.seen.append("teardown")


@needs_callbacks
def test_callbacks_see_each_iteration_and_the_fit():
    watching, weights = Watching(), np.ones(len(X))
    fitted = model(means_init=BAD_MEANS, escape=False).set_callbacks(watching).fit(X, sample_weight=weights)
    assert watching.seen[0] == "setup"
    assert watching.seen[-2:] == ["fit", "teardown"]
    assert watching.seen.count("em") >= fitted.n_iter_ > 3
    np.testing.assert_array_equal(watching.metadata["sample_weight"], weights)
    np.testing.assert_array_equal(watching.fitted.predict(X), fitted.predict(X))
    assert_same_fit(fitted, model(means_init=BAD_MEANS, escape=False).fit(X, sample_weight=weights))


@needs_callbacks
def test_a_callback_stops_a_fit():
    watching = Watching(most=3)
    fitted = model(n_components=2, escape=False).set_callbacks(watching).fit(OVERLAP)
    assert fitted.stop_reason_ == "interrupted"
    assert fitted.n_iter_ == 3
    assert watching.seen[-1] == "teardown"


@needs_callbacks
def test_scikit_learns_own_callbacks(capsys: pytest.CaptureFixture[str]):
    from sklearn.callback import ProgressBar

    pytest.importorskip("rich")
    fitted = model().set_callbacks(ProgressBar()).fit(X)
    assert fitted.converged_
    assert not fitted.set_callbacks().fit(X).__dict__.get("_skl_callbacks")


def test_weights_are_routed():
    """To fit and to score, through a pipeline and a search; without a request they go nowhere.

    The search is within the pipeline: scikit-learn 1.6 routes none to the scores of pipelines that are
    searched over (its issue 30937).
    """
    rows = np.random.default_rng(0).permutation(PLANE)
    weights = np.random.default_rng(0).integers(1, 4, len(rows)).astype(float)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = gs.GaussianMixture(random_state=0, escape=False).set_fit_request(sample_weight=True)
        asks = asks.set_score_request(sample_weight=True)
        grid = GridSearchCV(asks, {"n_components": [1, 3]}, cv=3)
        scaled = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), grid)
        scaled.fit(rows, sample_weight=weights)
        assert grid.best_params_ == {"n_components": 3}
        assert scaled.score(rows, sample_weight=weights) != scaled.score(rows)
        found = cross_validate(asks, rows, params={"sample_weight": weights}, cv=3, return_estimator=True)
        one = found["estimator"][0]
        held = np.arange(len(rows) // 3)
        expected = one.score(rows[held], sample_weight=weights[held])
        assert found["test_score"][0] == pytest.approx(expected, rel=1e-12)
        assert found["test_score"][0] != one.score(rows[held])
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            cross_validate(gs.GaussianMixture(), rows, params={"sample_weight": weights}, cv=3)
