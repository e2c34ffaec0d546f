"""Parameters and data that gmmscape.GaussianMixture refuses, and how it names them."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import gmmscape as gs
from unit.estimator.cases import BAD_MEANS, CORNERS, PLANE, Array, N, X, model, planted

PRECISIONS = np.array([np.eye(2)] * 3)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"n_components": 0}, "n_components=0: pass an integer"),
    ({"n_components": -1}, "n_components=-1"),
    ({"n_components": True}, "n_components=True"),
    ({"n_components": 2.5}, "n_components=2.5"),
    ({"n_components": 3.0}, "n_components=3.0"),
    ({"n_components": "3"}, "n_components='3'"),
    ({"n_components": None}, "n_components=None"),
    ({"covariance_type": "ful"}, "covariance_type='ful': choose one of 'full', 'tied', 'diag', 'spherical'"),
    ({"covariance_type": None}, "covariance_type=None"),
    ({"init_params": "kmeans++"}, "init_params='kmeans++': choose one of"),
    ({"tol": -1e-3}, "tol=-0.001"),
    ({"tol": np.nan}, "tol=nan"),
    ({"tol": np.inf}, "tol=inf"),
    ({"tol": "1"}, "tol='1'"),
    ({"reg_covar": -1}, "reg_covar=-1"),
    ({"reg_covar": np.nan}, "reg_covar=nan"),
    ({"covariance_floor": -0.1}, "covariance_floor=-0.1"),
    ({"max_iter": -1}, "max_iter=-1"),
    ({"max_iter": 10.0}, "max_iter=10.0"),
    ({"n_init": 0}, "n_init=0"),
    ({"n_init": "2"}, "n_init='2'"),
    ({"nested": "maybe"}, "nested='maybe': choose one of 'offer', 'take'"),
    ({"nested": True}, "nested=True"),
    ({"escape": "yes"}, "escape='yes': pass True or False"),
    ({"escape": 1}, "escape=1"),
    ({"warm_start": "no"}, "warm_start='no'"),
    ({"verbose": -1}, "verbose=-1"),
    ({"verbose": "loud"}, "verbose='loud'"),
    ({"verbose_interval": 0}, "verbose_interval=0"),
    ({"n_jobs": 0}, "n_jobs=0"),
    ({"n_jobs": 1.5}, "n_jobs=1.5"),
    ({"n_jobs": True}, "n_jobs=True"),
    ({"random_state": "seed"}, "random_state='seed'"),
    ({"random_state": -1}, "random_state=-1"),
    ({"random_state": 1.5}, "random_state=1.5"),
    ({"rng": -1, "random_state": None}, "rng=-1"),
    ({"rng": 0, "random_state": 0}, "rng=0: pass either rng or random_state, not both"),
    ({"accelerate": 1}, "accelerate=1: pass True or False"),
    ({"init_params": 3}, "init_params=3: choose one of"),
    ({"init_params": np.ones((2, 3)) / 3}, "init_params has shape (2, 3)"),
    ({"init_params": np.ones((len(PLANE), 3))}, "init_params has a row of responsibilities"),
    ({"init_params": np.tile([1.5, -0.5, 0.0], (len(PLANE), 1))}, "init_params has a row of respons"),
    ({"init_params": np.tile([1.0, 0.0, 0.0], (len(PLANE), 1))}, "the responsibilities of component 1"),
    ({"init_params": lambda *_: np.ones(3)}, "init_params has shape (3,)"),
    (
        {"weights_init": [0.5, 0.5]},
        "The parameter 'weights' should have the shape of (3,), but got (2,): pass weights_init",
    ),
    (
        {"weights_init": [0.5, 0.5, 0.1]},
        "The parameter 'weights' should be normalized, but got sum(weights) = 1.1",
    ),
    (
        {"weights_init": [0.6, 0.6, -0.2]},
        "The parameter 'weights' should be in the range [0, 1], but got max value 0.60000, min value -0.2",
    ),
    ({"weights_init": [np.nan, 0.5, 0.5]}, "weights_init has 1 entries that are not finite"),
    (
        {"weights_init": [[0.2, 0.3, 0.5]]},
        "The parameter 'weights' should have the shape of (3,), but got (1, 3)",
    ),
    ({"weights_init": "equal"}, "weights_init='equal'"),
    (
        {"means_init": CORNERS[:2]},
        "The parameter 'means' should have the shape of (3, 2), but got (2, 2): pass means_init",
    ),
    ({"means_init": CORNERS[:, :1]}, "The parameter 'means' should have the shape of (3, 2), but got (3, 1)"),
    ({"means_init": np.where(CORNERS > 10, np.nan, CORNERS)}, "means_init has 1 entries that are not finite"),
    (
        {"means_init": CORNERS[None]},
        "The parameter 'means' should have the shape of (3, 2), but got (1, 3, 2)",
    ),
    (
        {"precisions_init": PRECISIONS[0]},
        "The parameter 'full precision' should have the shape of (3, 2, 2), but got (2, 2)",
    ),
    (
        {"precisions_init": PRECISIONS[:2]},
        "The parameter 'full precision' should have the shape of (3, 2, 2), but got (2, 2, 2)",
    ),
    ({"precisions_init": -PRECISIONS}, "'full precision' should be symmetric, positive-definite: "),
    ({"precisions_init": PRECISIONS + np.array([[0.0, 0.5], [0.0, 0.0]])}, "'full precision' should be sym"),
    ({"precisions_init": PRECISIONS * np.nan}, "precisions_init has 12 entries that are not finite"),
    ({"precisions_init": -np.eye(2), "covariance_type": "tied"}, "'tied precision' should be symmetric"),
    (
        {"precisions_init": [[1.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "covariance_type": "diag"},
        "'diag precision' should be positive: ",
    ),
    (
        {"precisions_init": [1.0, -1.0, 1.0], "covariance_type": "spherical"},
        "'spherical precision' should be positive",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_wrong_value_is_named(wrong: dict[str, Any], message: str):
    estimator = model(**wrong)
    with pytest.raises(gs.InvalidParameterError, match=f"^{re.escape(message)}") as caught:
        estimator.fit(PLANE)
    assert isinstance(caught.value, ValueError)
    assert not hasattr(estimator, "means_")


@pytest.mark.parametrize(
    "right",
    [
        {"n_components": np.int64(3), "max_iter": np.int32(50), "n_init": np.int64(1)},
        {"tol": 1, "reg_covar": 0, "covariance_floor": 0},
        {"tol": np.float32(1e-3)},
        {"escape": np.False_, "warm_start": np.True_},
        {"verbose": False},
        {"n_jobs": np.int64(1)},
        {"random_state": None},
        {
            "weights_init": (0.2, 0.3, 0.5),
            "means_init": CORNERS.tolist(),
            "precisions_init": PRECISIONS.tolist(),
        },
    ],
    ids=str,
)
def test_values_of_related_types_are_right(right: dict[str, Any]):
    """Control of the test above: there it is the value that fails."""
    estimator = gs.GaussianMixture(**{"n_components": 3, "random_state": 0, "escape": False, **right}).fit(
        PLANE
    )
    assert estimator.means_.shape == (3, 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (PLANE[:2], "^Expected n_samples >= n_components but got n_components = 3, n_samples = 2"),
        (PLANE[:1], "n_samples=1"),
        (PLANE * [1.0, np.nan], "no value in column 1: leave it out"),
        (PLANE * np.nan, "no value in columns 0, 1: leave them out"),
        (np.where(PLANE > 12, np.inf, PLANE), "infinity"),
        (PLANE[:, 0], "1D array"),
        (PLANE[None], "dim 3"),
        (PLANE + 1j, "Complex"),
        (np.zeros((0, 2)), "0 sample"),
        (np.zeros((9, 0)), "0 feature"),
        (np.full((9, 2), 3.0), "all rows equal.*set reg_covar"),
        ([[1.0, 2.0], [3.0]], "inhomogeneous"),
        ([["a", "b"]] * 9, "'a'"),
        (sparse.csr_array(PLANE), "[Ss]parse"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_data_that_cannot_be_fitted(data: Any, message: str):
    estimator = model()
    with pytest.raises(gs.DataError, match=message):
        estimator.fit(data)
    assert not hasattr(estimator, "means_")


@pytest.mark.parametrize("call", ["predict", "predict_proba", "score_samples", "score", "bic", "aic"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (PLANE, "2 features.*expecting 1"),
        (X[:, 0], "1D array"),
        (np.where(X > 0, np.inf, X), "infinity"),
        (X[:0], "0 sample"),
    ],
    ids=["wide", "1-d", "infinite", "empty"],
)
def test_data_that_cannot_be_judged(call: str, data: Array, message: str):
    with pytest.raises(gs.DataError, match=message):
        getattr(planted("full"), call)(data)


def test_data_are_not_modified():
    data, weights = X.copy(), np.linspace(1.0, 2.0, N)
    start = {"means_init": np.array(BAD_MEANS), "weights_init": np.array([0.5, 0.25, 0.25])}
    model(**start, precisions_init=np.ones((3, 1, 1))).fit(data, sample_weight=weights).predict(data)
    np.testing.assert_array_equal(start["means_init"], BAD_MEANS)
    np.testing.assert_array_equal(start["weights_init"], [0.5, 0.25, 0.25])
    np.testing.assert_array_equal(data, X)
    np.testing.assert_array_equal(weights, np.linspace(1.0, 2.0, N))


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_scales_at_which_float64_ends(kind: str):
    """Fitted or refused with a remedy on both sides of what squared distances allow, and nothing leaks."""
    near = 0.99 * np.sqrt(np.finfo(np.float64).max / (8 * np.square(np.ptp(PLANE, axis=0)).sum()))
    for scale in (near, 1e-150):
        fitted = model(covariance_type=kind).fit(PLANE * scale)
        assert np.isfinite(fitted.precisions_).all()
        assert np.isfinite(fitted.score(PLANE * scale))
    for scale in (1.02 * near, 2.0 * near, 1e160, 1e300, 1e-160, 1e-300):
        with pytest.raises(gs.DataError, match=r"not representable in float64 .*rescale the column"):
            model(covariance_type=kind).fit(PLANE * scale)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_inverse_covariances_beyond_float64_are_refused(kind: str):
    """Components on a floor whose inverse is infinite, without a prior."""
    rows = np.repeat([[0.0, 0.0], [1.0, 1.0], [3.0, 1.0]], 5, axis=0)
    options = {"covariance_type": kind, "covariance_floor": 1e-14, "covariance_prior": 0.0, "escape": False}
    assert np.isfinite(model(**options).fit(rows * 1e-140).precisions_).all()
    with pytest.raises(gs.DataError, match=r"inverse square is not representable.*larger covariance_floor"):
        model(**options).fit(rows * 1e-150)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    ("X", "weights"),
    [
        ([0.0, 0.0], [5e-324, 1e-8]),
        ([0.0, 1e-8], [5e-324, 1e-300]),
        ([0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1e-8, 1e8]),
        ([0.0, 0.0, 1.0, 0.0], [0.0, 1e-8, 1e-8, 0.5]),
        ([0.0, 1.0], [1e-300, 1e-8]),
        ([0.0, 0.0, 5e-324, 1e-8], None),
        ([0.0, np.inf, -np.inf], None),
        ([-1.79769313e308] * 4, None),
    ],
)
def test_weights_and_values_of_all_sizes(X: list[float], weights: list[float] | None):
    """No numpy error, and no warning of its own, leaks: it is a fit, or said what is wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            model = gs.GaussianMixture(1, random_state=0).fit(np.array(X)[:, None], sample_weight=weights)
    except gs.GmmscapeError:
        return
    assert np.isfinite(model.score_samples(np.array(X)[:, None])).all()


def test_a_rare_value_counts_where_many_rows_have_another():
    """Evenly spaced rows of many need not hold it: the prior is that of all rows then."""
    X = np.array([[0.0], [1.0]])
    model = gs.GaussianMixture(1, random_state=0).fit(X, sample_weight=[5 * 10**7, 1])
    assert model.means_[0, 0] == pytest.approx(2e-8, rel=1e-6)
    assert model.covariances_[0, 0, 0] > 0


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_hull_of_next_to_nothing_is_refused():
    X = np.array([[0.0, 0.0], [1e-300, 0.0], [0.0, 1e-300], [1e-300, 1e-300]])
    with pytest.raises(gs.DataError, match="not representable"):
        gs.GaussianMixture(1, background="hull", random_state=0).fit(X)
