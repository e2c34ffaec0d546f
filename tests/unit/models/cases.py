"""Models fitted elsewhere that the tests of reading and giving back share."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.estimator.kept_rows import KeptRows
from gmmscape.results import Record

Array = NDArray[np.float64]
#: One mean on the first two clusters, two on the third; the last two clusters have one mean each.
CLUSTERS = np.array([[0.0, 0.0], [6.0, 0.0], [20.0, 0.0], [26.0, 12.0], [0.0, 30.0]])
BAD_MEANS = np.array([[3.0, 0.0], [20.0, 0.5], [20.0, -0.5], [26.0, 12.0], [0.0, 30.0]])
UNTOUCHED = (3, 4)
K = len(CLUSTERS)
X = np.random.default_rng(2).normal(CLUSTERS[:, None], 1.0, (K, 40, 2)).reshape(-1, 2)
kinds = pytest.mark.parametrize("kind", COVARIANCE_TYPES)


@cache
def _bad(kind: str) -> GaussianMixture:
    """scikit-learn's fit from `BAD_MEANS`."""
    model = GaussianMixture(K, covariance_type=kind, means_init=BAD_MEANS, tol=1e-6, max_iter=2000)
    return model.fit(X)


class Run(NamedTuple):
    """A repair with the model it was called with, as that was before and as it is after."""

    before: GaussianMixture
    after: GaussianMixture
    result: gs.Repair


@cache
def run_of(kind: str) -> Run:
    model, data = bad(kind), X.copy()
    run = Run(copy.deepcopy(model), model, gs.repair(model, data, rng=0))
    np.testing.assert_array_equal(data, X)
    return run


def repaired(kind: str) -> gs.Repair:
    return run_of(kind).result


def bad(kind: str = "spherical") -> GaussianMixture:
    return copy.deepcopy(_bad(kind))


def bad_k_means(kind: type = KMeans) -> Any:
    return kind(K, init=BAD_MEANS, n_init=1, random_state=0).fit(X)


def mixture_of(model: Any) -> gs.Mixture:
    return gs.Mixture(model.weights_, model.means_, model.covariances_, model.covariance_type)


def symmetric(covariances: Array, kind: str) -> Array:
    """scikit-learn's tied covariances are symmetric up to rounding only."""
    return (covariances + covariances.T) / 2 if kind == "tied" else covariances


def squared_distances(points: Array, centers: Array) -> Array:
    return ((points[:, None] - centers) ** 2).sum(axis=2)


def assert_same_state(after: Any, before: Any):
    """Compare nested attributes to the last bit, but for the rows of a fit, which copies do without."""
    assert type(after) is type(before)
    if isinstance(before, KeptRows):
        return
    if isinstance(before, np.ndarray):
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, before, strict=True)
    elif isinstance(before, dict):
        assert list(after) == list(before)
        for key in before:
            assert_same_state(after[key], before[key])
    elif isinstance(before, (list, tuple)):
        assert len(after) == len(before)
        for one, other in zip(after, before, strict=True):
            assert_same_state(one, other)
    elif isinstance(before, Record):  # what it has computed and keeps is no state
        assert after == before
    elif hasattr(before, "__dict__"):
        assert_same_state(vars(after), vars(before))
    else:
        assert after == before


class Table:
    """A table as far as gmmscape needs one: names of columns, a choice of them, and the numbers."""

    def __init__(self, columns: dict[str, Array]) -> None:
        self._columns = columns
        self.columns = list(columns)
        self.shape = (len(next(iter(columns.values()))), len(columns))

    def __getitem__(self, names: list[str]) -> Table:
        return Table({name: self._columns[name] for name in names})

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.column_stack(list(self._columns.values())).astype(dtype or np.float64)


#: The columns of X the other way round, among others.
TABLE = Table({"y": X[:, 1], "remark": np.zeros(len(X)), "x": X[:, 0]})


def named(model: Any) -> Any:
    """What scikit-learn would have made of the columns x and y of a data frame."""
    model.feature_names_in_ = np.array(["x", "y"], dtype=object)
    return model


def value_before(model: Any, data: Any = X, **options: Any) -> float:
    """Return the objective as diagnose reads it, without a search."""
    return gs.diagnose(model, data, rng=0, max_seconds=0, **options).value_before


class Nearest(BaseEstimator):
    """Centers that predict the nearest one, of any table. (scikit-learn knows data frames only.)"""

    def __init__(self, n_clusters: int = K) -> None:
        self.n_clusters = n_clusters

    def fit(self, data: Any) -> Nearest:
        self.cluster_centers_ = BAD_MEANS.copy()
        return self

    def predict(self, data: Any) -> Array:
        return squared_distances(np.asarray(data), self.cluster_centers_).argmin(axis=1)
