"""Models and data: names of columns, numbers of columns, precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from gmmscape.models import read_model
from unit.models.cases import (
    BAD_MEANS,
    TABLE,
    K,
    Nearest,
    X,
    bad,
    bad_k_means,
    kinds,
    mixture_of,
    named,
    squared_distances,
    value_before,
)


def test_columns_are_found_by_name():
    assert value_before(named(bad())) == value_before(named(bad()), TABLE) == value_before(bad())
    by_name = gs.diagnose(named(bad_k_means()), TABLE, rng=0)
    assert by_name.to_dict() == gs.diagnose(bad_k_means(), X, rng=0).to_dict()


def test_without_names_columns_count_in_their_order():
    swapped = value_before(bad(), TABLE[["y", "x"]])
    assert swapped == pytest.approx(-bad().score(X[:, ::-1]), rel=1e-12)
    assert swapped > value_before(bad()) + 1.0


def test_missing_columns_are_named():
    with pytest.raises(gs.DataError, match="X lacks the columns x that"):
        gs.diagnose(named(bad()), TABLE[["y", "remark"]])
    with pytest.raises(gs.DataError, match="X lacks the columns x, y that"):
        gs.repair(named(bad()), TABLE[["remark"]])


def test_centers_find_their_columns_by_name():
    result = gs.repair(named(Nearest().fit(X)), TABLE, rng=0)
    expected = gs.repair(Nearest().fit(X), X, rng=0)
    np.testing.assert_array_equal(result.model.cluster_centers_, expected.model.cluster_centers_)
    np.testing.assert_array_equal(result.model.labels_, expected.model.labels_)
    assert result.diagnosis.verdict == "bad optimum"


@pytest.mark.parametrize("door", [gs.diagnose, gs.repair])
@pytest.mark.parametrize(
    ("make", "options"),
    [
        (bad, {}),
        (bad_k_means, {}),
        (lambda: BAD_MEANS, {}),
        (lambda: mixture_of(bad("tied")), {"kind": "tied"}),
    ],
    ids=["GaussianMixture", "KMeans", "centers", "Mixture"],
)
@pytest.mark.parametrize("d", [1, 3])
def test_another_number_of_columns(door: Any, make: Any, options: dict[str, str], d: int):
    data = np.random.default_rng(0).normal(size=(40, d))
    with pytest.raises(gs.DataError, match=f"X has {d} columns? where the model has 2"):
        door(make(), data, covariance_type=options.get("kind"))


def test_more_centers_than_rows():
    with pytest.raises(gs.DataError, match="5 centers and X only 4 rows"):
        gs.diagnose(BAD_MEANS, X[:4])


@kinds
def test_single_precision(kind: str):
    """Weights that sum to one in single precision only are no fault of the model."""
    narrow = X.astype(np.float32)
    model = GaussianMixture(K, covariance_type=kind, means_init=BAD_MEANS.astype(np.float32), max_iter=500)
    model.fit(narrow)
    result = gs.repair(model, narrow, rng=0)
    assert result.diagnosis.verdict == "bad optimum"
    assert result.nll_before == pytest.approx(-float(model.score(narrow)), rel=1e-5)
    # The result is in double precision, whatever came in.
    assert result.model.means_.dtype == np.float64
    exact = narrow.astype(np.float64)
    assert result.model.score(exact) == pytest.approx(-result.nll_after, rel=1e-12)
    np.testing.assert_array_equal(result.model.predict(narrow), result.model.predict(exact))


def test_tied_covariances_far_from_the_origin():
    """scikit-learn's are the difference of large matrices: symmetric to eight digits, here to six."""
    rng = np.random.default_rng(0)
    data = np.concatenate([rng.normal(center, 1.0, (50, 3)) for center in (0.0, 6.0, 14.0)])
    data += [3e4, 7e4, 1e5]
    model = GaussianMixture(3, covariance_type="tied", random_state=0).fit(data)
    assert np.abs(model.covariances_ - model.covariances_.T).max() > 0.0
    assert value_before(model, data) == pytest.approx(-model.score(data), rel=1e-9)


def test_single_precision_that_sums_to_one_loosely():
    model = bad()
    model.weights_ = (model.weights_ * (1.0 + 4e-7)).astype(np.float32)
    mixture = read_model(model).mixture
    assert mixture is not None
    assert mixture.weights.sum() == pytest.approx(1.0, abs=1e-15)
    model.weights_ = model.weights_ * 1.01
    with pytest.raises(gs.InvalidParameterError, match=r"weights sum to 1\.01"):
        read_model(model)


@pytest.mark.parametrize("dtypes", [("f4", "f4"), ("f4", "f8"), ("f8", "f4")], ids="-".join)
def test_centers_and_data_of_any_precision(dtypes: tuple[str, str]):
    """KMeans.predict itself refuses data of another precision than its centers."""
    model = KMeans(K, init=BAD_MEANS.astype(dtypes[0]), n_init=1).fit(X.astype(dtypes[0]))
    result = gs.repair(model, X.astype(dtypes[1]), rng=0)
    assert result.diagnosis.verdict == "bad optimum"
    centers = result.model.cluster_centers_
    assert centers.dtype == dtypes[0]
    np.testing.assert_array_equal(result.model.labels_, squared_distances(X, centers).argmin(axis=1))
