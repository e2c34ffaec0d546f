"""What a report takes beside the record is checked, and named."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn

import gmmscape as gs
from gmmscape.report import rows_of

MIXTURE = gs.Mixture.location([[0.0, 0.0], [5.0, 5.0]], 1.0)
X = np.random.default_rng(0).normal(size=(30, 2))


class Frame:
    """A table as far as reports look at it."""

    columns = ("height", "weight")
    ndim, shape = 2, X.shape

    def __array__(self, dtype=None, copy=None):
        return X


def test_names_come_from_the_caller_or_the_table():
    assert rows_of(Frame()).names == ("height", "weight")
    assert rows_of(Frame(), ["a", "b"]).names == ("a", "b")
    assert rows_of(X).names is None
    assert rows_of(X).columns(2, ["of the", "record"]) == ["of the", "record"]
    assert rows_of(X, ["a", "b"]).columns(2, ["of the", "record"]) == ["a", "b"]
    assert rows_of(X).columns(2) == ["column 0", "column 1"]


def test_rows_of_another_width_are_not_drawn():
    assert rows_of(X).of_width(3) is None
    assert rows_of(X).of_width(2) is not None


def test_the_fingerprint_is_of_the_numbers():
    assert rows_of(X).fingerprint == rows_of(X.tolist()).fingerprint
    assert rows_of(X).fingerprint != rows_of(X[::-1]).fingerprint
    assert rows_of(None).fingerprint == ""


@pytest.mark.parametrize("columns", [["a"], ["a", "b", "c"], "ab"])
def test_names_that_do_not_fit_are_refused(columns):
    with pytest.raises(gs.InvalidParameterError, match="columns"):
        MIXTURE.to_html(X, columns=columns)


@pytest.mark.parametrize("data", [[[np.inf, 1.0]], [1.0, 2.0], "rows", [["a", "b"]], np.zeros((0, 2))])
def test_rows_that_are_none_are_refused(data):
    with pytest.raises(gs.DataError, match="data"):
        MIXTURE.to_html(data)


def test_a_diagnosis_draws_the_model_that_is_passed():
    model = gs.GaussianMixture(2, random_state=0).fit(np.concatenate([X, X + 9.0]))
    diagnosis = gs.Diagnosis.from_dict(model.diagnosis_.to_dict())
    assert 'class="fit-picture"' not in diagnosis.to_html()
    for passed in (model, MIXTURE, (model.weights_, model.means_, model.covariances_)):
        if isinstance(passed, tuple):
            with pytest.raises(gs.InvalidParameterError, match="covariance_type"):
                diagnosis.to_html(X, model=passed)
        else:
            assert 'class="fit-picture"' in diagnosis.to_html(X, columns=["a", "b"], model=passed)


def test_an_estimator_draws_rows_and_names_and_shows_itself():
    X1 = np.concatenate([X, X + 9.0])
    model = gs.GaussianMixture(2, random_state=0)
    with pytest.raises(gs.NotFittedError, match="fit"):
        model.to_html()
    assert "gmmscape-compact" not in model._repr_html_()
    model.fit(X1)
    page = model.to_html(X1, columns=["height", "weight"])
    assert page == model.document().to_html(X1, columns=["height", "weight"])
    assert "height" in page
    assert "gmmscape-compact" in model._repr_html_()
    with sklearn.config_context(display="text"):
        assert not hasattr(model, "_repr_html_")
    model.means_ = model.means_ + 1.0  # no longer what was judged
    assert "gmmscape-compact" not in model._repr_html_()
    with pytest.raises(gs.DataError):
        model.to_html(X1[:, :1])
    with pytest.raises(gs.InvalidParameterError, match="changed after the fit"):
        model.to_html()
