"""gmmscape.GaussianMixture: scikit-learn's contract, its parameters, and fits that leave bad optima."""

from __future__ import annotations

import copy
import inspect
import re
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.estimator.fitting import fit_estimator
from gmmscape.solve import INIT_PARAMS

Array = NDArray[np.float64]

CENTERS = np.array([0.0, 9.0, 30.0])
#: Rows of each cluster; the seed is one for which EM in the bad optimum takes tens of iterations only.
EACH = 40
X = np.random.default_rng(29).normal(CENTERS[:, None], 1.0, (3, EACH)).reshape(-1, 1)
N = len(X)
#: One mean on the first two clusters, two on the third.
BAD_MEANS = [[4.5], [29.0], [31.0]]
#: Three clusters in the plane.
CORNERS = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 12.0]])
PLANE = np.concatenate([np.random.default_rng(i).normal(c, 1.0, (40, 2)) for i, c in enumerate(CORNERS)])
#: Two clusters that overlap: EM takes its time.
OVERLAP = np.random.default_rng(4).normal([[0.0], [3.0]], 1.0, (2, 80)).reshape(-1, 1)
#: How far the average of a cluster's rows may be from its center: 5 standard errors.
NEAR = 5.0 / np.sqrt(EACH)

kinds = pytest.mark.parametrize("kind", COVARIANCE_TYPES)
#: One of the three whose components have covariances of their own, and the one that shares it.
two_kinds = pytest.mark.parametrize("kind", ["full", "tied"])
FITTED = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]
NUMBERS = [*FITTED, "lower_bound_", "n_iter_", "history_"]


def model(**options: Any) -> gs.GaussianMixture:
    return gs.GaussianMixture(**{"n_components": 3, "random_state": 0, **options})


@cache
def planted(kind: str, escape: bool = True) -> gs.GaussianMixture:
    """The fit from `BAD_MEANS`; not to be modified."""
    return model(covariance_type=kind, means_init=BAD_MEANS, escape=escape).fit(X)


@cache
def on_plane(kind: str) -> gs.GaussianMixture:
    """The fit to `PLANE`; not to be modified."""
    return model(covariance_type=kind, means_init=CORNERS).fit(PLANE)


def assert_same_fit(one: gs.GaussianMixture, other: gs.GaussianMixture):
    """To the last bit."""
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def assert_close_fit(one: gs.GaussianMixture, other: gs.GaussianMixture, tolerance: float):
    for name in ("weights_", "means_", "covariances_", "lower_bound_"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=name)


def in_order(fitted: gs.GaussianMixture) -> gs.GaussianMixture:
    """Return a fit to a single column with its components from left to right."""
    order, other = np.argsort(fitted.means_.ravel()), copy.copy(fitted)
    for name in FITTED:
        if fitted.covariance_type != "tied" or name in ("weights_", "means_"):
            setattr(other, name, getattr(fitted, name)[order])
    return other


def as_scikit_learn(fitted: gs.GaussianMixture) -> GaussianMixture:
    """Return scikit-learn's estimator with the same parameters, as its documentation has them."""
    other = GaussianMixture(fitted.n_components, covariance_type=fitted.covariance_type)
    for name in FITTED:
        setattr(other, name, getattr(fitted, name))
    return other


# scikit-learn's contract


def _not_comparable(estimator: gs.GaussianMixture) -> dict[str, str]:
    """k-means++ draws rows: the weighted and the repeated rows start elsewhere, and end in another order of
    components. scikit-learn exempts KMeans from that check for the same reason. That equal starts have equal
    fits is tested below, and one component, which no start can change, is not exempted.
    """
    if estimator.n_components == 1:
        return {}
    return {"check_sample_weight_equivalence_on_dense_data": "random starts depend on the rows, see there"}


@parametrize_with_checks(
    [gs.GaussianMixture(), gs.GaussianMixture(2, covariance_type="tied")],
    expected_failed_checks=_not_comparable,
)
def test_scikit_learns_checks(estimator: Any, check: Any):
    check(estimator)


@kinds
def test_attributes_are_those_of_scikit_learn(kind: str):
    ours = planted(kind)
    theirs = GaussianMixture(3, covariance_type=kind, means_init=BAD_MEANS, max_iter=1000).fit(X)
    for name in [name for name in vars(theirs) if name.endswith("_")]:
        assert hasattr(ours, name), name
    for name in FITTED:
        here, there = getattr(ours, name), getattr(theirs, name)
        assert (here.shape, here.dtype) == (there.shape, there.dtype), name
    assert type(ours.lower_bound_) is float
    assert type(ours.n_iter_) is int
    assert type(ours.converged_) is bool
    assert ours.n_features_in_ == 1


def test_parameters_are_those_of_scikit_learn_and_a_few_more():
    ours, theirs = (inspect.signature(kind).parameters for kind in (gs.GaussianMixture, GaussianMixture))
    assert set(theirs) <= set(ours)
    assert set(ours) - set(theirs) == {"covariance_floor", "escape", "nested", "n_jobs"}
    for name in set(theirs) - {"tol", "reg_covar", "max_iter", "init_params"}:
        assert ours[name].default == theirs[name].default, name
    assert all(p.kind is p.KEYWORD_ONLY for name, p in ours.items() if name != "n_components")


def test_parameters_survive_get_set_and_clone():
    options: dict[str, Any] = {
        "n_components": 3,
        "covariance_type": "diag",
        "tol": 1e-4,
        "reg_covar": 0.1,
        "covariance_floor": 1e-3,
        "max_iter": 7,
        "n_init": 2,
        "init_params": "random",
        "weights_init": [0.2, 0.3, 0.5],
        "means_init": BAD_MEANS,
        "precisions_init": [[1.0]] * 3,
        "random_state": 5,
        "warm_start": True,
        "verbose": 2,
        "verbose_interval": 3,
        "escape": False,
        "nested": "take",
        "n_jobs": 2,
    }
    made = gs.GaussianMixture(**options)
    assert made.get_params() == options
    assert gs.GaussianMixture().set_params(**options).get_params() == options
    fitted = planted("full")
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    assert not [name for name in vars(copied) if name.endswith("_")]
    with pytest.raises(ValueError, match="colour"):
        made.set_params(colour=1)


@pytest.mark.parametrize(
    "call",
    ["predict", "predict_proba", "score_samples", "score", "bic", "aic", "sample"],
)
def test_not_fitted(call: str):
    arguments = () if call == "sample" else (X,)
    for kind in (gs.NotFittedError, SklearnNotFittedError):
        with pytest.raises(kind, match="this GaussianMixture is not fitted"):
            getattr(model(), call)(*arguments)


# Wrong values


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
    ({"max_iter": 0}, "max_iter=0"),
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
    ({"weights_init": [0.5, 0.5]}, "weights_init has 2 entries where 3 are needed"),
    ({"weights_init": [0.5, 0.5, 0.1]}, "weights_init sum to 1.1"),
    ({"weights_init": [0.6, 0.6, -0.2]}, "weights_init[2]=-0.2"),
    ({"weights_init": [np.nan, 0.5, 0.5]}, "weights_init has 1 entries that are not finite"),
    ({"weights_init": [[0.2, 0.3, 0.5]]}, "weights_init has shape (1, 3)"),
    ({"weights_init": "equal"}, "weights_init='equal'"),
    ({"means_init": CORNERS[:2]}, "means_init has 2 rows: pass n_components=3"),
    ({"means_init": CORNERS[:, :1]}, "means_init has 1 column(s) where 2 are needed"),
    ({"means_init": np.where(CORNERS > 10, np.nan, CORNERS)}, "means_init has 1 entries that are not finite"),
    ({"means_init": CORNERS[None]}, "means_init has shape (1, 3, 2)"),
    ({"precisions_init": PRECISIONS[0]}, "precisions_init has shape (2, 2): covariance_type='full' needs"),
    ({"precisions_init": PRECISIONS[:2]}, "precisions_init has shape (2, 2, 2)"),
    ({"precisions_init": -PRECISIONS}, "precisions_init: "),
    ({"precisions_init": PRECISIONS + np.array([[0.0, 0.5], [0.0, 0.0]])}, "precisions_init: "),
    ({"precisions_init": PRECISIONS * np.nan}, "precisions_init has 12 entries that are not finite"),
    ({"precisions_init": -np.eye(2), "covariance_type": "tied"}, "precisions_init: "),
    (
        {"precisions_init": [[1.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "covariance_type": "diag"},
        "precisions_init: ",
    ),
    ({"precisions_init": [1.0, -1.0, 1.0], "covariance_type": "spherical"}, "precisions_init: "),
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
        (PLANE[:2], "n_components=3 but X has only n_samples=2"),
        (PLANE[:1], "n_samples=1"),
        (np.where(PLANE > 12, np.nan, PLANE), "NaN"),
        (np.where(PLANE > 12, np.inf, PLANE), "infinity"),
        (PLANE[:, 0], "1D array"),
        (PLANE[None], "dim 3"),
        (PLANE + 1j, "Complex"),
        (np.zeros((0, 2)), "0 sample"),
        (np.zeros((9, 0)), "0 feature"),
        (np.full((9, 2), 3.0), "all rows equal"),
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
    [(PLANE, "2 features.*expecting 1"), (X[:, 0], "1D array"), (X * np.nan, "NaN"), (X[:0], "0 sample")],
    ids=["wide", "1-d", "nan", "empty"],
)
def test_data_that_cannot_be_judged(call: str, data: Array, message: str):
    with pytest.raises(gs.DataError, match=message):
        getattr(planted("full"), call)(data)


def test_data_are_not_modified():
    data, weights = X.copy(), np.linspace(1.0, 2.0, N)
    model(means_init=BAD_MEANS).fit(data, sample_weight=weights).predict(data)
    np.testing.assert_array_equal(data, X)
    np.testing.assert_array_equal(weights, np.linspace(1.0, 2.0, N))


# Sample weights


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.r_[-1.0, np.ones(N - 1)], r"sample_weight\[0\]=-1"),
        (np.r_[1.0, np.nan, np.ones(N - 2)], r"sample_weight\[1\]=nan"),
        (np.r_[np.inf, np.ones(N - 1)], r"sample_weight\[0\]=inf"),
        (np.zeros(N), "sample_weight is zero everywhere"),
        (np.ones(N - 1), rf"sample_weight has shape \({N - 1},\) where \({N},\)"),
        (np.ones((N, 1)), rf"sample_weight has shape \({N}, 1\)"),
        (["heavy"] * N, "sample_weight cannot be read as numbers"),
        (np.r_[1.0, 1.0, np.zeros(N - 2)], "n_samples=2 rows .of positive weight"),
        (np.r_[1.0, np.zeros(N - 1)], "n_samples=1 row .of positive weight"),
    ],
    ids=["negative", "nan", "inf", "zero", "short", "2-d", "text", "two rows", "one row"],
)
def test_weights_that_cannot_be_used(weights: Any, message: str):
    with pytest.raises(gs.DataError, match=message):
        model().fit(X, sample_weight=weights)


@cache
def _weighted(kind: str, factor: float) -> gs.GaussianMixture:
    weights = factor * np.random.default_rng(3).uniform(0.5, 2.0, N)
    return model(covariance_type=kind, means_init=BAD_MEANS).fit(X, sample_weight=weights)


@two_kinds
@pytest.mark.parametrize("factor", [10.0, 1e-6])
def test_only_ratios_of_weights_matter(kind: str, factor: float):
    """For the fit, as its documentation says, the way out of a bad optimum included."""
    one, other = _weighted(kind, 1.0), _weighted(kind, factor)
    assert one.em_diagnosis_ is not None
    assert one.em_diagnosis_.verdict == "bad optimum"
    # Where means coincide, as in the bad optimum of the tied kind, rounding decides which is which.
    assert_close_fit(in_order(other), in_order(one), 1e-9)
    assert other.diagnosis_.total == pytest.approx(factor * one.diagnosis_.total, rel=1e-12)


@two_kinds
def test_weights_scaled_without_rounding_give_the_same_bits(kind: str):
    assert_same_fit(_weighted(kind, 2.0**-20), _weighted(kind, 1.0))


@kinds
def test_whole_weights_are_repeated_rows(kind: str):
    """From the same start every iteration is the same, up to rounding."""
    weights = np.random.default_rng(3).integers(0, 4, len(OVERLAP))
    options = {"n_components": 2, "covariance_type": kind, "means_init": [[0.0], [3.0]], "escape": False}
    weighted = model(**options).fit(OVERLAP, sample_weight=weights)
    repeated = model(**options).fit(np.repeat(OVERLAP, weights, axis=0))
    assert weighted.n_iter_ == repeated.n_iter_ > 5
    assert_close_fit(weighted, repeated, 1e-9)
    unweighted = model(**options).fit(OVERLAP)
    assert np.abs(weighted.means_ - unweighted.means_).max() > 1e-3


@two_kinds
def test_whole_weights_are_repeated_rows_on_the_way_out_too(kind: str):
    weights = np.random.default_rng(3).integers(0, 4, N)
    options: dict[str, Any] = {"covariance_type": kind, "means_init": BAD_MEANS, "tol": 1e-10}
    weighted = model(**options).fit(X, sample_weight=weights)
    repeated = model(**options).fit(np.repeat(X, weights, axis=0))
    assert weighted.em_diagnosis_ is not None
    assert weighted.em_diagnosis_.verdict == "bad optimum"
    assert weighted.lower_bound_ == pytest.approx(repeated.lower_bound_, abs=1e-9)
    np.testing.assert_allclose(np.sort(weighted.means_, 0), np.sort(repeated.means_, 0), rtol=1e-9, atol=1e-9)
    assert weighted.diagnosis_.total == weights.sum() == len(np.repeat(X, weights, axis=0))


def test_rows_of_weight_zero_do_not_count():
    data = np.concatenate([X, np.full((30, 1), 500.0)])
    weights = np.r_[np.ones(N), np.zeros(30)]
    fitted = model(means_init=BAD_MEANS).fit(data, sample_weight=weights)
    assert_close_fit(fitted, planted("full"), 1e-9)
    assert fitted.diagnosis_.total == N


def test_the_bound_is_weighted():
    weights = np.random.default_rng(3).uniform(0.5, 2.0, N)
    fitted = model(means_init=BAD_MEANS).fit(X, sample_weight=weights)
    average = np.average(fitted.score_samples(X), weights=weights)
    assert fitted.lower_bound_ == pytest.approx(average, rel=1e-13)
    assert abs(fitted.lower_bound_ - fitted.score(X)) > 1e-6


# Starts


@two_kinds
@pytest.mark.parametrize("init_params", INIT_PARAMS)
def test_every_kind_of_start_fits(init_params: str, kind: str):
    fitted = model(init_params=init_params, covariance_type=kind).fit(PLANE)
    assert fitted.converged_
    assert fitted.stop_reason_ == "converged"
    assert fitted.lower_bound_ == pytest.approx(on_plane(kind).lower_bound_, abs=1e-8)
    gaps = np.linalg.norm(CORNERS[:, None] - fitted.means_, axis=2)
    assert sorted(gaps.argmin(axis=1)) == [0, 1, 2]


def test_kinds_of_start_differ():
    starts = {name: model(**(ROUGH | {"init_params": name})).fit(OVERLAP).history_[0] for name in INIT_PARAMS}
    assert len(set(starts.values())) == len(INIT_PARAMS)


#: Starts that end in different optima, and end soon.
ROUGH: dict[str, Any] = {"init_params": "random_from_data", "escape": False, "tol": 1e-3}


def _seen(n_init: int) -> dict[int, list[tuple[int, float]]]:
    """Return (iteration, NLL) of each start, by its number."""
    seen: dict[int, list[tuple[int, float]]] = {}
    estimator = model(n_init=n_init, verbose=2, **ROUGH)
    fit_estimator(
        estimator, X, callback=lambda e: seen.setdefault(e.done, []).append((e.detail["iteration"], e.value))
    )
    assert -estimator.lower_bound_ == min(run[-1][1] for run in seen.values())
    return seen


def test_more_starts_keep_the_first_ones():
    few, many = _seen(2), _seen(5)
    assert sorted(few) == [0, 1]
    assert sorted(many) == [0, 1, 2, 3, 4]
    for number in few:
        assert many[number] == few[number]
    assert len({tuple(run) for run in many.values()}) > 1


@pytest.mark.parametrize("seed", range(4))
def test_more_starts_are_never_worse(seed: int):
    bounds = [model(n_init=n, random_state=seed, **ROUGH).fit(X).lower_bound_ for n in (1, 2, 4, 8)]
    assert bounds == sorted(bounds)


def test_more_starts_can_be_better():
    """Negative control of the test above: starts do end in different optima."""
    bounds = [model(n_init=n, random_state=s, **ROUGH).fit(X).lower_bound_ for n in (1, 8) for s in range(4)]
    assert max(bounds[4:]) - min(bounds[:4]) > 0.1


@kinds
def test_given_starts_are_begun_from(kind: str):
    weights, variances = np.array([0.2, 0.3, 0.5]), np.array([1.0, 4.0, 2.0])
    precisions = {
        "full": (1 / variances)[:, None, None],
        "tied": np.array([[0.5]]),
        "diag": (1 / variances)[:, None],
        "spherical": 1 / variances,
    }[kind]
    options = {"weights_init": weights, "means_init": BAD_MEANS, "precisions_init": precisions}
    fitted = model(covariance_type=kind, escape=False, **options).fit(X)
    start = gs.Mixture(weights, BAD_MEANS, 1.0 / precisions, kind)
    assert fitted.history_[0] == pytest.approx(-start.log_density(X).mean(), rel=1e-12)


@kinds
def test_precisions_of_correlated_columns(kind: str):
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    precisions = {
        "full": np.array([matrix, 2 * matrix, matrix]),
        "tied": matrix,
        "diag": np.array([[2.0, 1.0], [0.5, 0.25], [1.0, 3.0]]),
        "spherical": np.array([2.0, 0.5, 1.0]),
    }[kind]
    inverses = np.linalg.inv(precisions) if kind in ("full", "tied") else 1.0 / precisions
    fitted = model(covariance_type=kind, means_init=CORNERS, precisions_init=precisions, escape=False)
    start = gs.Mixture(None, CORNERS, inverses, kind)
    assert fitted.fit(PLANE).history_[0] == pytest.approx(-start.log_density(PLANE).mean(), rel=1e-12)


@pytest.mark.parametrize(
    "given", [{"weights_init": [0.2, 0.3, 0.5]}, {"precisions_init": [[[1.0]], [[0.25]], [[0.5]]]}], ids=str
)
def test_a_start_given_in_part_has_the_means_it_would_have(given: dict[str, Any]):
    """The first start with other weights or covariances."""
    plain = model(escape=False, max_iter=1)
    partly = model(escape=False, max_iter=1, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first, second = plain.fit(X), partly.fit(X)
        assert first.history_[0] != second.history_[0]
        assert_same_fit(partly, model(escape=False, max_iter=1, n_init=3, **given).fit(X))


def test_a_start_that_is_given_is_begun_from_once():
    assert_same_fit(model(means_init=BAD_MEANS, n_init=4).fit(X), planted("full"))


@kinds
def test_means_that_all_coincide_are_left(kind: str):
    fitted = model(means_init=np.zeros((3, 1)) + X.mean(), covariance_type=kind).fit(X)
    assert np.abs(np.sort(fitted.means_.ravel()) - CENTERS).max() < NEAR


# Randomness and workers


def test_a_seed_gives_the_same_bits():
    options: dict[str, Any] = {"init_params": "random_from_data", "n_init": 2}
    assert_same_fit(model(**options).fit(X), model(**options).fit(X))
    starts = {model(random_state=s, **ROUGH).fit(X).history_[0] for s in range(4)}
    assert len(starts) > 1


@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
def test_random_states_and_generators(kind: Any):
    first = model(init_params="random_from_data", random_state=kind(7)).fit(X)
    assert_same_fit(first, model(init_params="random_from_data", random_state=kind(7)).fit(X))


@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
def test_a_generator_moves_on(kind: Any):
    estimator = model(random_state=kind(7), **ROUGH)
    assert len({estimator.fit(X).history_[0] for _ in range(4)}) > 1


def test_a_random_state_is_read_as_scikit_learn_reads_it():
    """RandomState(3) at its start is what the integer 3 stands for."""
    one = model(random_state=3, **ROUGH).fit(X)
    assert_same_fit(one, model(random_state=np.random.RandomState(3), **ROUGH).fit(X))


def test_the_number_of_workers_does_not_matter():
    options: dict[str, Any] = {"init_params": "random_from_data", "n_init": 3, "covariance_type": "spherical"}
    one, two = (model(n_jobs=n, **options).fit(X) for n in (1, 2))
    assert_same_fit(one, two)
    assert one.diagnosis_.to_dict() == two.diagnosis_.to_dict()
    assert_same_fit(one, model(n_jobs=None, **options).fit(X))


@two_kinds
def test_threads_of_the_search_do_not_matter(kind: str):
    """From a start that is given: no starts to share, only the search."""
    two = model(n_jobs=2, covariance_type=kind, means_init=BAD_MEANS).fit(X)
    assert_same_fit(two, planted(kind))
    assert two.diagnosis_.to_dict() == planted(kind).diagnosis_.to_dict()


# Fits


@kinds
def test_without_escape_it_is_plain_em(kind: str):
    """scikit-learn's EM from the same start, run until nothing moves, ends in the same place."""
    means, variance = np.array([[-1.0], [8.0], [32.0]]), 2.0
    shape = {"full": (3, 1, 1), "tied": (1, 1), "diag": (3, 1), "spherical": (3,)}[kind]
    start = {
        "means_init": means,
        "weights_init": [0.3, 0.3, 0.4],
        "precisions_init": np.full(shape, 1 / variance),
    }
    ours = model(covariance_type=kind, escape=False, tol=1e-13, **start).fit(X)
    theirs = GaussianMixture(3, covariance_type=kind, reg_covar=0.0, tol=0.0, max_iter=100, **start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a tol of 0 is never reached
        theirs.fit(X)
    for name in FITTED:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-10, atol=1e-11)
    assert ours.converged_


@kinds
def test_without_escape_it_stays_in_the_bad_optimum(kind: str):
    plain = planted(kind, escape=False)
    assert plain.em_diagnosis_ is None
    assert plain.diagnosis_.verdict == "cannot tell"
    assert plain.diagnosis_.reasons == ("no moves were tried: escape is off",)
    assert plain.diagnosis_.moves == ()
    assert plain.diagnosis_.tried == 0
    assert plain.lower_bound_ < planted(kind).lower_bound_ - 0.3
    assert len(plain.history_) == plain.n_iter_ + 1
    assert (np.abs(plain.means_.ravel() - CENTERS[2]) < 3.0).sum() == 2
    # The way out begins where plain EM ended.
    assert planted(kind).history_[: len(plain.history_)] == plain.history_
    assert planted(kind).em_diagnosis_.value_before == pytest.approx(-plain.lower_bound_, abs=1e-13)


@kinds
def test_it_leaves_the_bad_optimum(kind: str):
    fitted = planted(kind)
    assert fitted.em_diagnosis_.verdict == "bad optimum"
    assert fitted.diagnosis_.verdict == "no better fit found"
    assert fitted.diagnosis_.input_state == "converged"
    assert np.abs(np.sort(fitted.means_.ravel()) - CENTERS).max() < NEAR
    best = model(covariance_type=kind, means_init=CENTERS).fit(X)
    assert fitted.lower_bound_ == pytest.approx(best.lower_bound_, abs=1e-9)
    assert best.em_diagnosis_.verdict == "no better fit found"
    kinds_seen = sorted(component.kind for component in fitted.em_diagnosis_.components)
    assert kinds_seen == ["many-fit-one", "many-fit-one", "one-fits-many"]
    assert {component.kind for component in fitted.diagnosis_.components} == {"exact"}
    assert fitted.diagnosis_.moves == fitted.em_diagnosis_.moves != ()


@kinds
@pytest.mark.parametrize("escape", [True, False])
def test_the_history_falls_to_the_fit(kind: str, escape: bool):
    fitted = planted(kind, escape)
    history = np.array(fitted.history_)
    assert len(history) > 3
    assert np.diff(history).max() <= 1e-9
    assert history[0] > history[-1] + 0.01
    assert -history[-1] == fitted.lower_bound_
    assert fitted.lower_bound_ == pytest.approx(fitted.score(X), rel=1e-13)
    assert fitted.lower_bounds_ == [-value for value in fitted.history_]
    assert fitted.n_iter_ >= len(history) - 1 - len(fitted.diagnosis_.moves)
    assert fitted.diagnosis_.value_after == -fitted.lower_bound_


@pytest.mark.parametrize("escape", [True, False])
def test_iterations_that_run_out_are_told(escape: bool):
    estimator = model(max_iter=1, means_init=[[1.0], [7.0], [33.0]], escape=escape)
    with pytest.warns(ConvergenceWarning, match="max_iter") as caught:
        estimator.fit(X)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not estimator.converged_
    assert estimator.stop_reason_ == "max_iter"
    if not escape:
        assert estimator.n_iter_ == 1
        assert len(estimator.history_) == 2


def test_the_warning_names_what_there_is_to_change():
    with pytest.warns(ConvergenceWarning) as caught:
        model(max_iter=1, means_init=[[1.0], [7.0], [33.0]], escape=False).fit(X)
    for name in re.findall(r"'(\w+)'", str(caught[0].message)):
        assert name in gs.GaussianMixture().get_params()


def test_one_component_is_mean_and_covariance():
    fitted = gs.GaussianMixture().fit(PLANE)
    np.testing.assert_allclose(fitted.means_[0], PLANE.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(fitted.covariances_[0], np.cov(PLANE.T, bias=True), rtol=1e-12)
    np.testing.assert_array_equal(fitted.weights_, [1.0])
    assert fitted.diagnosis_.verdict == "no better fit found"


def test_a_floor_holds_variances_up():
    free = model(means_init=CENTERS).fit(X)
    assert not free.floor_active_
    assert free.covariances_.max() < 2.5
    for floor in ({"reg_covar": 2.5}, {"covariance_floor": 2.5 / X.var()}):
        held = model(means_init=CENTERS, **floor).fit(X)
        assert held.floor_active_
        np.testing.assert_allclose(held.covariances_.ravel(), 2.5, rtol=1e-9)
    # scikit-learn adds its reg_covar; here a value below all variances changes nothing.
    assert_same_fit(model(means_init=CENTERS, reg_covar=1e-3).fit(X), free)


@two_kinds
def test_shifted_data_have_the_shifted_fit(kind: str):
    """2^20 is exact in float64 with rows of 20 binary digits after the point.

    Means there are rounded to 2^-32, between moves and at the end: every run of EM begins up to 2^-33 off.
    """
    data = np.round(X * 2**20) / 2**20
    here = model(covariance_type=kind, means_init=BAD_MEANS).fit(data)
    there = model(covariance_type=kind, means_init=np.array(BAD_MEANS) + 2**20).fit(data + 2**20)
    np.testing.assert_allclose(there.weights_, here.weights_, rtol=2.0**-33)
    np.testing.assert_allclose(there.covariances_, here.covariances_, rtol=2.0**-33)
    assert there.lower_bound_ == pytest.approx(here.lower_bound_, rel=1e-14)
    np.testing.assert_allclose(there.means_ - 2**20, here.means_, atol=2**20 * 2.0**-52)


def test_a_warm_start_goes_on():
    estimator = model(max_iter=3, warm_start=True, means_init=BAD_MEANS, escape=False)
    bounds = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(4):
            before = getattr(estimator, "lower_bound_", None)
            estimator.fit(X)
            bounds.append(estimator.lower_bound_)
            if before is not None:
                assert estimator.history_[0] == pytest.approx(-before, rel=1e-13)
        cold = clone(estimator).set_params(warm_start=False)
        assert cold.fit(X).lower_bound_ == cold.fit(X).lower_bound_ == bounds[0]
    assert bounds == sorted(set(bounds))


def test_a_warm_start_of_a_finished_fit_stays():
    estimator = model(warm_start=True, means_init=BAD_MEANS).fit(X)
    means, bound = estimator.means_, estimator.lower_bound_
    estimator.fit(X)
    assert estimator.lower_bound_ >= bound - 1e-13
    assert estimator.lower_bound_ == pytest.approx(bound, abs=1e-10)
    np.testing.assert_allclose(estimator.means_, means, atol=1e-5)  # a step of EM at its tol of 1e-6
    assert estimator.em_diagnosis_.verdict == "no better fit found"


@pytest.mark.parametrize("change", [{"n_components": 2}, {"covariance_type": "diag"}], ids=str)
def test_a_warm_start_that_does_not_fit_is_refused(change: dict[str, Any]):
    estimator = model(warm_start=True, escape=False).fit(PLANE)
    with pytest.raises(gs.InvalidParameterError, match="warm_start"):
        estimator.set_params(**change).fit(PLANE)
    assert estimator.set_params(warm_start=False).fit(PLANE).converged_


# Nesting


@cache
def _core_in_halo() -> Array:
    """A tight core in a wide halo, and two clusters elsewhere."""
    rng = np.random.default_rng(1)
    parts = [rng.normal(0, 0.3, 100), rng.normal(0, 4, 150), rng.normal(40, 1, 60), rng.normal(60, 1, 60)]
    return np.concatenate(parts)[:, None]


@cache
def _with_nested(nested: str) -> gs.GaussianMixture:
    """The start has one mean for core and halo together, and two on the cluster at 40."""
    start = [[0.0], [39.5], [40.5], [60.0]]
    return model(n_components=4, covariance_type="diag", nested=nested, means_init=start).fit(_core_in_halo())


def test_nested_components_are_offered():
    offered = _with_nested("offer")
    alternatives = [move for move in offered.diagnosis_.alternatives if move.outcome == "nested"]
    assert alternatives
    assert all(move.realised_gain > 0.05 for move in alternatives)
    assert not any(move.outcome == "nested" for move in offered.diagnosis_.moves)
    assert any("alternatives" in reason for reason in offered.diagnosis_.reasons)


def test_nested_components_are_taken():
    offered, taken = _with_nested("offer"), _with_nested("take")
    assert taken.lower_bound_ > offered.lower_bound_ + 0.05
    assert not any(move.outcome == "nested" for move in taken.diagnosis_.alternatives)
    means, deviations = taken.means_.ravel(), np.sqrt(taken.covariances_.ravel())
    order = np.argsort(deviations)
    core, halo = order[0], order[-1]
    assert max(abs(means[core]), abs(means[halo])) < 2.0
    assert deviations[core] < 0.6
    assert deviations[halo] > 2.5
    kinds_seen = {i: component.kind for i, component in enumerate(taken.diagnosis_.components)}
    assert kinds_seen[core] == kinds_seen[halo] == "nested"
    assert sorted(kinds_seen.values()) == ["exact", "exact", "nested", "nested"]


def test_what_is_offered_is_what_is_taken():
    """The best alternative promises, to what EM adds after it, the fit that taking it leads to."""
    offered, taken = _with_nested("offer"), _with_nested("take")
    best = max(move.realised_gain for move in offered.diagnosis_.alternatives)
    assert taken.lower_bound_ - offered.lower_bound_ == pytest.approx(best, abs=0.02 / len(_core_in_halo()))


# What a fit is asked


@kinds
def test_predictions_are_those_of_scikit_learn(kind: str):
    fitted = on_plane(kind)
    other = as_scikit_learn(fitted)
    rng = np.random.default_rng(5)
    rows = rng.normal(4.0, 6.0, (200, 2))
    np.testing.assert_array_equal(fitted.predict(rows), other.predict(rows))
    np.testing.assert_allclose(fitted.predict_proba(rows), other.predict_proba(rows), atol=1e-11)
    np.testing.assert_allclose(fitted.score_samples(rows), other.score_samples(rows), rtol=1e-11)
    assert fitted.score(rows) == pytest.approx(other.score(rows), rel=1e-12)
    assert len(set(fitted.predict(rows))) == 3


@kinds
@pytest.mark.parametrize("criterion", ["bic", "aic"])
def test_criteria_are_those_of_scikit_learn(kind: str, criterion: str):
    fitted = on_plane(kind)
    ours, theirs = getattr(fitted, criterion)(PLANE), getattr(as_scikit_learn(fitted), criterion)(PLANE)
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert ours > -2 * fitted.score(PLANE) * len(PLANE)


@kinds
def test_predictions_are_the_likeliest_components(kind: str):
    fitted = on_plane(kind)
    rows = np.random.default_rng(5).normal(4.0, 6.0, (200, 2))
    probabilities = fitted.predict_proba(rows)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(fitted.predict(rows), probabilities.argmax(axis=1))
    joint = [w * np.exp(gs.Mixture([1.0], [m], [c], "full").log_density(rows)) for w, m, c in _parts(fitted)]
    np.testing.assert_array_equal(fitted.predict(rows), np.argmax(joint, axis=0))
    np.testing.assert_allclose(fitted.score_samples(rows), np.log(np.sum(joint, axis=0)), rtol=1e-10)


def _parts(fitted: gs.GaussianMixture) -> list[tuple[float, Array, Array]]:
    mixture = gs.Mixture(fitted.weights_, fitted.means_, fitted.covariances_, fitted.covariance_type)
    return list(zip(mixture.weights, mixture.means, mixture.full_covariances(), strict=True))


def test_fit_predict_is_fit_and_predict():
    weights = np.linspace(1.0, 2.0, N)
    estimator = model(means_init=BAD_MEANS)
    labels = estimator.fit_predict(X, sample_weight=weights)
    np.testing.assert_array_equal(labels, estimator.predict(X))
    np.testing.assert_array_equal(labels, clone(estimator).fit(X, sample_weight=weights).predict(X))
    assert [len(set(cluster)) for cluster in labels.reshape(3, EACH)] == [1, 1, 1]
    assert len(set(labels)) == 3


def test_the_target_is_not_used():
    y = np.repeat([2, 1, 0], EACH)
    estimator = model(means_init=BAD_MEANS).fit(X, y)
    assert_same_fit(estimator, planted("full"))
    assert estimator.score(X, y) == estimator.score(X)
    np.testing.assert_array_equal(estimator.fit_predict(X, y), planted("full").predict(X))


@kinds
def test_sample_draws_from_the_fit(kind: str):
    fitted = planted(kind)
    rows, labels = fitted.sample(600)
    assert rows.shape == (600, 1)
    assert labels.shape == (600,)
    np.testing.assert_array_equal(labels, np.sort(labels))  # grouped, as in scikit-learn
    np.testing.assert_array_equal(fitted.predict(rows), labels)
    assert np.abs(np.bincount(labels) - 200).max() < 5 * np.sqrt(600 * 2 / 9)
    for i in range(3):
        drawn = rows[labels == i]
        assert abs(drawn.mean() - fitted.means_[i, 0]) < 5 * drawn.std() / np.sqrt(len(drawn))
    np.testing.assert_array_equal(fitted.sample(600)[0], rows)
    assert fitted.sample()[0].shape == (1, 1)


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "9"])
def test_a_wrong_number_of_rows_is_named(n: Any):
    with pytest.raises(gs.InvalidParameterError, match=f"^n_samples={n!r}"):
        planted("full").sample(n)


def test_samples_of_a_generator_differ():
    estimator = model(random_state=np.random.default_rng(0), escape=False).fit(X)
    assert not np.array_equal(estimator.sample(20)[0], estimator.sample(20)[0])


# Printing


def _printed(capsys: pytest.CaptureFixture[str], **options: Any) -> list[str]:
    model(means_init=BAD_MEANS, **options).fit(X)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_nothing_is_printed_unasked(capsys: pytest.CaptureFixture[str]):
    assert _printed(capsys) == []
    assert _printed(capsys, verbose=False) == []


def test_verbose_prints_where_the_search_stands(capsys: pytest.CaptureFixture[str]):
    lines = _printed(capsys, verbose=1)
    wanted = r"gmmscape fit: moves \d+, round 1, value [\d.]+, [\d.]+ s"
    assert any(re.fullmatch(wanted, line) for line in lines)
    assert sum("iteration" in line for line in lines) <= 2
    assert _printed(capsys, verbose=True)


def test_verbose_2_prints_iterations(capsys: pytest.CaptureFixture[str]):
    options: dict[str, Any] = {"verbose": 2, "escape": False}
    each = _printed(capsys, verbose_interval=1, **options)
    assert len(each) == planted("full", escape=False).n_iter_
    assert re.fullmatch(r"gmmscape fit: em 0 of 1, iteration 1, value [\d.]+, [\d.]+ s", each[0])
    every = _printed(capsys, verbose_interval=10, **options)
    assert len(every) == len(each) // 10
    assert every[0].startswith("gmmscape fit: em 0 of 1, iteration 10, ")
