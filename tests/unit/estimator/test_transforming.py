"""Responsibilities as features: pipelines, names of columns, `set_output`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gmmscape as gs
from unit.estimator.cases import CORNERS, PLANE, model, on_plane

TABLE = pd.DataFrame(PLANE, columns=["a", "b"], index=np.arange(len(PLANE)) + 7)
NAMES = ["gaussianmixture0", "gaussianmixture1", "gaussianmixture2"]


def test_features_are_responsibilities():
    fitted = on_plane("full")
    np.testing.assert_array_equal(fitted.transform(PLANE), fitted.predict_proba(PLANE))
    assert fitted.get_feature_names_out().tolist() == NAMES
    weights = np.where(np.arange(len(PLANE)) % 2, 1.0, 3.0)
    once = model(means_init=CORNERS).fit_transform(PLANE, sample_weight=weights)
    fit = model(means_init=CORNERS).fit(PLANE, sample_weight=weights)
    np.testing.assert_array_equal(once, fit.predict_proba(PLANE))
    assert np.abs(once - fitted.transform(PLANE)).max() > 0.0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_features_are_tables_where_these_are_asked_for(library: str):
    pytest.importorskip(library)
    fitted = model(means_init=CORNERS).set_output(transform=library).fit(TABLE)
    features: Any = fitted.transform(TABLE)
    assert type(features).__module__.startswith(library)
    assert list(features.columns) == NAMES
    np.testing.assert_array_equal(features.to_numpy(), fitted.predict_proba(TABLE))
    assert isinstance(fitted.predict_proba(TABLE), np.ndarray)  # only `transform` is meant
    if library == "pandas":
        assert features.index.equals(TABLE.index)
    with config_context(transform_output=library):
        assert type(on_plane("full").transform(PLANE)) is type(features)


def test_the_background_is_a_feature():
    noisy = np.concatenate([PLANE, np.random.default_rng(2).uniform(-9.0, 20.0, (30, 2))])
    fitted = model(means_init=CORNERS, background="box").set_output(transform="pandas").fit(noisy)
    assert list(fitted.transform(noisy).columns) == [*NAMES, "gaussianmixture_background"]


def test_a_step_of_a_pipeline():
    labels = np.repeat([0, 1, 2], 40)
    line = make_pipeline(StandardScaler(), model(), LogisticRegression()).fit(PLANE, labels)
    assert line.score(PLANE, labels) == 1.0
    columns = ColumnTransformer([("gmm", model(), ["a", "b"]), ("rest", "passthrough", ["b"])])
    made = columns.set_output(transform="pandas").fit_transform(TABLE)
    assert list(made.columns) == [*(f"gmm__{name}" for name in NAMES), "rest__b"]


def test_not_fitted():
    for call in (lambda m: m.transform(PLANE), lambda m: m.get_feature_names_out()):
        with pytest.raises(gs.NotFittedError, match=r"^This GaussianMixture instance is not fitted yet"):
            call(gs.GaussianMixture())


def test_a_fit_whose_start_is_its_end_has_made_a_step():
    """One component: what EM begins with is the fit, and a step says so."""
    fitted = gs.GaussianMixture(covariance_prior=0.0).fit(PLANE)
    assert fitted.converged_
    assert fitted.n_iter_ == 1
