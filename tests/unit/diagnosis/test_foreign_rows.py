"""Models that were plainly not fitted on the rows that they are judged on."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as SklearnMixture

import gmmscape as gs
from marks import rest_slow

CENTERS = np.array([[0.0, 5.0], [9.0, 5.0], [30.0, 6.0]])


@pytest.fixture(name="X")
def three_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(CENTERS, 60, axis=0) + rng.standard_normal((180, 2))


@pytest.fixture(name="model")
def fitted(X: np.ndarray) -> gs.GaussianMixture:
    return gs.GaussianMixture(3, means_init=CENTERS, random_state=0).fit(X)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda X: X * [1.0, 1000.0], 1),
        (lambda X: X + np.array([1e4, 0.0]), 0),
        (lambda X: np.column_stack([X[:, 0], 900.0 + X[:, 1]]), 1),
    ],
)
def test_it_is_named_before_anything_else(model, X: np.ndarray, change, column: int):
    diagnosis = gs.diagnose(model, change(X), rng=0)
    assert diagnosis.verdict == "cannot tell"
    assert diagnosis.reasons[0].startswith("the model was not fitted on these rows: 100 %")
    assert f"column {column}" in diagnosis.reasons[0]


@pytest.mark.parametrize("family", rest_slow(["full", "diag", "tied", "spherical"], 2))
@pytest.mark.parametrize(
    "change", [lambda X: X + 6.0, lambda X: 0.5 * X, lambda X: 3.0 * X, lambda X: X / 100.0]
)
def test_what_no_row_is_far_from_is_seen_by_averages_and_variances(family: str, change):
    rng = np.random.default_rng(0)
    X = rng.normal(20.0, 10.0, (400, 2))
    model = SklearnMixture(4, covariance_type=family, random_state=0).fit(X)
    diagnosis = gs.diagnose(model, change(X), rng=0)
    assert diagnosis.reasons[0].startswith("the model was not fitted on these rows: in column")
    assert "next: pass the rows" in str(diagnosis)
    new = gs.diagnose(model, rng.normal(20.0, 10.0, (100, 2)), rng=0)
    assert not new.reasons[0].startswith("the model was not fitted")
    # A start, which no M-step made, is not said to be of other rows.
    far_off = gs.Mixture(None, X[:4] + 15.0, np.full(4, 100.0), "spherical")
    start = gs.diagnose(far_off, X, covariance_type="spherical", rng=0)
    assert not start.reasons[0].startswith("the model was not fitted")


def test_columns_have_their_names(X: np.ndarray):
    class Table:
        columns = ("east", "north")

        def __init__(self, values: np.ndarray) -> None:
            self.values = values

        def __getitem__(self, names: list[str]) -> np.ndarray:
            return self.values

    model = gs.GaussianMixture(3, means_init=CENTERS, random_state=0).fit(X)
    model.feature_names_in_ = np.array(["east", "north"], dtype=object)
    found = gs.diagnose(model, Table(X * [1.0, 1000.0]), rng=0)
    assert "'north'" in found.reasons[0]


def test_rows_of_its_own_and_new_ones_are_no_strangers(model, X: np.ndarray, rng: np.random.Generator):
    """Nor are they to a bad optimum, or beside some rows far away."""
    stuck = gs.GaussianMixture(3, means_init=[[4.5, 5.0], [29.5, 6.0], [30.5, 6.0]], escape=False).fit(X)
    new = CENTERS[rng.integers(3, size=100)] + rng.standard_normal((100, 2))
    far = np.concatenate([X, np.full((40, 2), 1e6)])
    for one, rows in ((model, X), (model, new), (stuck, X), (model, far)):
        assert not any(
            "not fitted on these rows" in reason for reason in gs.diagnose(one, rows, rng=0).reasons
        )


def test_fewer_rows_than_components_are_refused(model, X: np.ndarray):
    with pytest.raises(gs.DataError, match=r"2 rows.*3 components: pass the rows"):
        gs.diagnose(model, X[:2], rng=0)


def test_equal_rows_name_no_component_that_is_not_there(model):
    diagnosis = gs.diagnose(model, np.full((50, 2), 3.0), rng=0)
    assert all(place >= 0 for one in diagnosis.components for place in (*one.partners, *one.covers))


def test_means_as_far_off_as_numbers_go_are_of_other_rows(model, X: np.ndarray):
    far = gs.Mixture(None, np.full((3, 2), 1e308), np.ones(3), "spherical")
    with pytest.raises(gs.DataError, match="the model was not fitted on these rows"):
        gs.diagnose(far, X, covariance_type="spherical", rng=0)


def test_of_other_rows_nothing_else_is_said(model, X: np.ndarray):
    diagnosis = gs.diagnose(model, X * [1.0, 1000.0], rng=0)
    assert diagnosis.warnings == ()
    assert "input:" not in str(diagnosis)
