"""Models fitted elsewhere: how they are read, refused, diagnosed, and given back repaired."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.models import FIT_FORMAT, FIT_FORMAT_VERSION, read_model

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
def _run(kind: str) -> Run:
    model, data = bad(kind), X.copy()
    run = Run(copy.deepcopy(model), model, gs.repair(model, data, rng=0))
    np.testing.assert_array_equal(data, X)
    return run


def repaired(kind: str) -> gs.Repair:
    return _run(kind).result


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
    """Compare nested attributes to the last bit."""
    assert type(after) is type(before)
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


# Reading


@kinds
def test_a_scikit_learn_mixture_is_read_as_it_is(kind: str):
    model = bad(kind)
    read = read_model(model)
    assert read.source is model
    assert read.mixture is not None
    assert read.mixture.covariance_type == kind
    np.testing.assert_allclose(read.mixture.weights, model.weights_, rtol=1e-15)
    np.testing.assert_array_equal(read.mixture.means, model.means_)
    np.testing.assert_allclose(read.mixture.covariances, symmetric(model.covariances_, kind), rtol=1e-15)
    assert (read.reg_covar, read.covariance_floor) == (1e-6, None)
    assert (read.centers, read.feature_names, read.has_prior) == (None, None, False)
    np.testing.assert_array_equal(read.means, model.means_)


def value_before(model: Any, data: Any = X, **options: Any) -> float:
    """Return the objective as diagnose reads it, without a search."""
    return gs.diagnose(model, data, rng=0, max_seconds=0, **options).value_before


@kinds
def test_the_value_before_is_that_of_the_model(kind: str):
    before = value_before(bad(kind))
    assert before == pytest.approx(-bad(kind).score(X), rel=1e-12)


def test_a_gmmscape_mixture_brings_its_floors():
    model = gs.GaussianMixture(2, reg_covar=0.25, covariance_floor=0.001, random_state=0, escape=False).fit(X)
    read = read_model(model)
    assert read.mixture is not None
    np.testing.assert_array_equal(read.mixture.covariances, model.covariances_)
    assert (read.reg_covar, read.covariance_floor) == (0.25, 0.001)


def test_floors_that_are_passed_replace_those_of_the_model():
    """A floor of 0.3 of the variance of the data is far above the covariances of this fit."""
    model = gs.GaussianMixture(K, means_init=CLUSTERS, escape=False, covariance_floor=0.3)
    model.fit(X)
    assert model.floor_active_
    with_own = gs.diagnose(model, X, rng=0)
    assert with_own.input_state == "degenerate"
    without = gs.diagnose(model, X, rng=0, covariance_floor=1e-6)
    assert without.input_state == "not converged"
    assert without.polish_gain > with_own.polish_gain + 1.0


@pytest.mark.parametrize("name", ["weights", "means", "covariances"])
def test_reading_copies(name: str):
    model = bad()
    mixture = read_model(model).mixture
    before = getattr(mixture, name).copy()
    getattr(model, f"{name}_")[...] = 77.0
    np.testing.assert_array_equal(getattr(mixture, name), before)


@kinds
def test_a_bayesian_mixture_is_diagnosed_by_its_likelihood(kind: str):
    model = BayesianGaussianMixture(n_components=K, covariance_type=kind, random_state=0, max_iter=1000)
    model.fit(X)
    assert read_model(model).has_prior
    diagnosis = gs.diagnose(model, X, rng=0, max_seconds=0)
    assert diagnosis.objective == "nll"
    # BayesianGaussianMixture.score is a lower bound with the prior's terms, so the density is computed here.
    assert diagnosis.value_before == pytest.approx(-mixture_of(model).log_density(X).mean(), rel=1e-12)


def test_a_bayesian_mixture_is_not_repaired_but_converted():
    model = BayesianGaussianMixture(n_components=K, random_state=0, max_iter=1000).fit(X)
    with pytest.raises(gs.InvalidParameterError, match=r"model=Bayesian.*gs\.Mixture\(model\.weights_") as e:
        gs.repair(model, X, rng=0)
    # What the message says to do.
    conversion = "gs.Mixture(model.weights_, model.means_, model.covariances_, model.covariance_type)"
    assert conversion in str(e.value)
    assert "covariance_type=model.covariance_type" in str(e.value)
    result = gs.repair(mixture_of(model), X, covariance_type=model.covariance_type, rng=0)
    assert isinstance(result.model, gs.Mixture)
    assert result.nll_after <= -mixture_of(model).log_density(X).mean()


@pytest.mark.parametrize(
    "make",
    [
        bad_k_means,
        lambda: bad_k_means(MiniBatchKMeans),
        lambda: BisectingKMeans(K, random_state=0).fit(X),
        lambda: BAD_MEANS,
        BAD_MEANS.tolist,
    ],
    ids=["KMeans", "MiniBatchKMeans", "BisectingKMeans", "array", "list"],
)
def test_centers_are_judged_by_inertia(make: Any):
    model = make()
    centers = np.asarray(getattr(model, "cluster_centers_", model))
    read = read_model(model)
    assert read.mixture is None
    np.testing.assert_array_equal(read.means, centers)
    diagnosis = gs.diagnose(model, X, rng=0)
    assert diagnosis.objective == "inertia"
    inertia = squared_distances(X, centers).min(axis=1).mean()
    assert diagnosis.value_before == pytest.approx(inertia, rel=1e-12)
    assert len(diagnosis.components) == K


def test_one_dimensional_centers():
    read = read_model([0.0, 4.0, 9.0])
    np.testing.assert_array_equal(read.means, [[0.0], [4.0], [9.0]])
    result = gs.repair([0.0, 0.5, 20.0], X[:120, :1], rng=0)
    assert result.model.shape == (3,)
    assert np.abs(np.sort(result.model) - [0.0, 6.0, 20.0]).max() < 0.5


def test_a_mixture_needs_the_covariance_type():
    mixture = mixture_of(bad())
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type=None: say which .* full, tied"):
        gs.diagnose(mixture, X)
    assert read_model(mixture, "spherical").mixture is mixture


def test_arrays_need_the_covariance_type():
    model = bad("diag")
    arrays = (model.weights_, model.means_, model.covariances_)
    with pytest.raises(gs.InvalidParameterError, match="covariance_type=None"):
        gs.diagnose(arrays, X)
    assert read_model(arrays, "diag").mixture == mixture_of(model)


def test_arrays_that_are_no_mixture_of_the_type():
    model = bad("diag")
    with pytest.raises(gs.InvalidParameterError, match=r"covariances has shape \(5, 2\)"):
        read_model((model.weights_, model.means_, model.covariances_), "full")
    with pytest.raises(gs.InvalidParameterError, match="model is a tuple of 2 arrays"):
        read_model((model.weights_, model.means_), "full")


def test_a_mixture_is_stored_as_the_family_needs_it():
    """The density stays the same; what is free is said by the type."""
    narrow = gs.Mixture(None, [[0.0, 0.0], [1.0, 1.0]], [2.0, 3.0], "spherical")
    for kind in ("diag", "full"):
        mixture = read_model(narrow, kind).mixture
        assert mixture is not None
        assert mixture.covariance_type == kind
        np.testing.assert_array_equal(mixture.full_covariances(), narrow.full_covariances())
    shared = gs.Mixture.location([[0.0, 0.0], [1.0, 1.0]], 2.0)
    tied = read_model(shared, "tied").mixture
    assert tied is not None
    np.testing.assert_array_equal(tied.covariances, 4.0 * np.eye(2))


@pytest.mark.parametrize(
    ("covariances", "kind", "wanted"),
    [
        ([2.0, 3.0], "spherical", "tied"),
        ([[2.0, 3.0], [1.0, 1.0]], "diag", "spherical"),
        ([[2.0, 3.0], [1.0, 1.0]], "diag", "tied"),
        ([[[2.0, 0.5], [0.5, 1.0]], np.eye(2)], "full", "diag"),
    ],
)
def test_a_mixture_outside_the_family_is_refused(covariances: Any, kind: str, wanted: str):
    mixture = gs.Mixture(None, [[0.0, 0.0], [1.0, 1.0]], covariances, kind)
    with pytest.raises(gs.InvalidParameterError, match=f"covariance_type='{wanted}'.*not of that kind"):
        read_model(mixture, wanted)


def test_a_covariance_type_must_agree_with_the_models_own():
    assert read_model(bad("diag"), "diag").mixture is not None
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type='full'.*the model has 'diag'"):
        read_model(bad("diag"), "full")
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type='ful'.*'full', 'tied'"):
        read_model(bad("full"), "ful")


UNFITTED = [
    GaussianMixture,
    gs.GaussianMixture,
    BayesianGaussianMixture,
    KMeans,
    MiniBatchKMeans,
    BisectingKMeans,
]


@pytest.mark.parametrize("door", [gs.diagnose, gs.repair])
@pytest.mark.parametrize("kind", [kind for kind in UNFITTED if kind is not BayesianGaussianMixture])
def test_unfitted_estimators(kind: type, door: Any):
    with pytest.raises(gs.NotFittedError, match=f"this {kind.__name__} is not fitted: call its fit"):
        door(kind(), X)
    with pytest.raises(gs.GmmscapeError, match="fit"):
        door(kind, X)


def test_unfitted_bayesian_mixture():
    with pytest.raises(gs.NotFittedError, match="this BayesianGaussianMixture is not fitted"):
        gs.diagnose(BayesianGaussianMixture(), X)


@pytest.mark.parametrize("kind", [SklearnNotFittedError, ValueError, AttributeError, gs.GmmscapeError])
def test_what_not_fitted_is_caught_as(kind: type[Exception]):
    with pytest.raises(kind):
        gs.diagnose(GaussianMixture(), X)
    assert not issubclass(gs.NotFittedError, gs.DataError)


@pytest.mark.parametrize(
    "model", [LinearRegression(), LinearRegression, {"weights": [1.0]}, np.dtype("f8")], ids=repr
)
def test_what_is_no_model(model: Any):
    with pytest.raises(gs.InvalidParameterError, match=r"^model="):
        gs.diagnose(model, X)


# Files


@kinds
def test_files_of_mixtures_and_of_fits(kind: str, tmp_path: Path):
    mixture = mixture_of(bad(kind))
    plain, fit = tmp_path / "mixture.json", tmp_path / "fit.json"
    plain.write_text(json.dumps(mixture.to_dict()), encoding="utf-8")
    fit.write_text(json.dumps(fit_file(mixture)), encoding="utf-8")
    for path in (plain, str(plain), fit, str(fit)):
        read = read_model(path)
        assert read.mixture == mixture
        assert read.source is path
    assert read_model(plain).feature_names is None
    assert read_model(fit).feature_names == ("x", "y")
    assert (read_model(fit).reg_covar, read_model(fit).covariance_floor) == (0.125, 1e-5)
    with pytest.raises(gs.InvalidParameterError, match=f"the model has '{kind}'"):
        read_model(fit, "full" if kind != "full" else "diag")


def fit_file(mixture: gs.Mixture) -> dict[str, Any]:
    """What is read of the files of ``gmmscape fit --json``."""
    return {
        "format": FIT_FORMAT,
        "format_version": FIT_FORMAT_VERSION,
        "feature_names": ["x", "y"],
        "covariance_type": mixture.covariance_type,
        "reg_covar": 0.125,
        "covariance_floor": 1e-5,
        "weights": mixture.weights.tolist(),
        "means": mixture.means.tolist(),
        "covariances": mixture.covariances.tolist(),
    }


def test_a_file_is_repaired_into_a_mixture(tmp_path: Path):
    path = tmp_path / "fit.json"
    path.write_text(json.dumps(fit_file(mixture_of(bad()))), encoding="utf-8")
    result = gs.repair(path, TABLE, rng=0)
    assert isinstance(result.model, gs.Mixture)
    assert result.diagnosis.verdict == "bad optimum"
    assert -result.model.log_density(X).mean() == pytest.approx(result.nll_after, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": ...}, "lacks means"),
        ({"weights": ..., "reg_covar": ...}, "lacks weights, reg_covar"),
        ({"format_version": 2}, "format_version=2"),
        ({"format": "gmmscape-atlas"}, "a mixture needs the fields"),
        ({"feature_names": "xy"}, "feature_names must be a list"),
        ({"feature_names": [1, 2]}, "feature_names must be a list"),
    ],
    ids=str,
)
def test_files_that_hold_no_model(change: dict[str, Any], message: str, tmp_path: Path):
    content = fit_file(mixture_of(bad())) | change
    path = tmp_path / "fit.json"
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not ...}), encoding="utf-8")
    with pytest.raises(gs.FormatError, match=message):
        gs.diagnose(path, X)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "weights: 1", "3"])
def test_texts_that_hold_no_model(text: str, tmp_path: Path):
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(gs.FormatError, match=r"model\.json"):
        gs.diagnose(path, X)


class Payload:
    """Leaves a file behind when a pickle of it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def _pickles() -> list[Any]:
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    plain = [pytest.param({"protocol": p, "compress": 0}, id=f"protocol {p}") for p in protocols]
    compressed = [
        pytest.param({"protocol": 4, "compress": (how, 3)}, id=how)
        for how in ("zlib", "gzip", "bz2", "xz", "lzma")
    ]
    return plain + compressed


@pytest.mark.parametrize("how", _pickles())
def test_pickles_are_refused_and_not_run(how: dict[str, Any], tmp_path: Path):
    path, trace = tmp_path / "model.json", tmp_path / "trace"
    joblib.dump(Payload(trace), path, **how)
    for door in (gs.diagnose, gs.repair):
        for name in (path, str(path)):
            with pytest.raises(gs.FormatError, match=r"model\.json"):
                door(name, X)
    assert not trace.exists()
    joblib.load(path)  # the trap is armed
    assert trace.exists()


@pytest.mark.parametrize("compress", [0, 3])
def test_the_error_for_a_pickle_says_why(compress: int, tmp_path: Path):
    path = tmp_path / "model.joblib"
    joblib.dump(bad(), path, compress=compress)
    with pytest.raises(gs.FormatError, match=r"is a pickle.*can run any code.*`gmmscape fit --json`"):
        gs.diagnose(path, X)


# Data


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


class Nearest(BaseEstimator):
    """Centers that predict the nearest one, of any table. (scikit-learn knows data frames only.)"""

    def __init__(self, n_clusters: int = K) -> None:
        self.n_clusters = n_clusters

    def fit(self, data: Any) -> Nearest:
        self.cluster_centers_ = BAD_MEANS.copy()
        return self

    def predict(self, data: Any) -> Array:
        return squared_distances(np.asarray(data), self.cluster_centers_).argmin(axis=1)


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
    with pytest.raises(gs.DataError, match=f"X has {d} features where the model has 2"):
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


# Giving back


@kinds
def test_the_class_comes_back_and_the_source_stays(kind: str):
    before, model, result = _run(kind)
    assert type(result.model) is GaussianMixture
    assert result.model is not model
    assert_same_state(model, before)
    assert_same_state(result.model.get_params(), model.get_params())
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        new, old = getattr(result.model, name), getattr(model, name)
        assert (new.shape, new.dtype) == (old.shape, old.dtype)
        assert not np.shares_memory(new, old)
        assert new.flags.writeable


def test_a_difference_of_one_bit_is_seen():
    """Negative control of the comparison above."""
    model, other = bad(), bad()
    assert_same_state(model, other)
    other.means_[0, 0] = np.nextafter(other.means_[0, 0], np.inf)
    with pytest.raises(AssertionError):
        assert_same_state(model, other)


class OwnMixture(GaussianMixture):
    """What a user may derive."""


def test_a_derived_class_comes_back():
    model = OwnMixture(K, covariance_type="spherical", means_init=BAD_MEANS, max_iter=2000).fit(X)
    assert type(gs.repair(model, X, rng=0).model) is OwnMixture


@kinds
def test_it_leaves_the_bad_optimum(kind: str):
    result = repaired(kind)
    assert result.diagnosis.verdict == "bad optimum"
    assert result.diagnosis_after is not None
    assert result.diagnosis_after.verdict == "no better fit found"
    assert result.escape_gain > 0.1
    found = squared_distances(CLUSTERS, result.model.means_)
    assert sorted(found.argmin(axis=1)) == list(range(K))
    assert np.sqrt(found.min(axis=1)).max() < 0.8  # 5 standard errors of a mean of 40 rows
    assert np.sqrt(squared_distances(CLUSTERS, bad(kind).means_).min(axis=1)).max() > 2.0


@kinds
def test_untouched_components_keep_their_index(kind: str):
    result = repaired(kind)
    touched = {
        i for move in result.moves for i in (*move.splits, *(j for pair in move.removals for j in pair))
    }
    assert touched == {0, 1, 2}
    for i in UNTOUCHED:
        assert np.abs(result.model.means_[i] - bad(kind).means_[i]).max() < 1e-3
    new = squared_distances(result.model.means_, CLUSTERS).argmin(axis=1)
    assert sorted(new[:3]) == [0, 1, 2]


@kinds
def test_gains_add_up(kind: str):
    result, n = repaired(kind), len(X)
    assert result.gain == result.polish_gain + result.escape_gain
    # Two ways to add three rounded numbers.
    assert result.gain == pytest.approx(result.nll_before - result.nll_after, abs=1e-14)
    assert result.gain_total == result.gain * n
    assert result.diagnosis.total == n
    assert result.nll_before == pytest.approx(-bad(kind).score(X), rel=1e-13)
    assert result.nll_after == pytest.approx(-result.model.score(X), rel=1e-13)
    assert result.solution is not None
    assert result.solution.nll == result.nll_after


def test_total_gains_count_the_weights():
    weights = np.random.default_rng(1).uniform(0.5, 3.0, len(X))
    result = gs.repair(bad(), X, weights, rng=0)
    assert result.diagnosis.total == pytest.approx(weights.sum(), rel=1e-14)
    assert result.gain_total == result.gain * result.diagnosis.total
    for model, value in ((bad(), result.nll_before), (result.model, result.nll_after)):
        average = np.average(model.score_samples(X), weights=weights)
        assert value == pytest.approx(-average, rel=1e-12)


@pytest.mark.parametrize(
    ("off", "state"), [(0.003, "converged"), (0.03, "converged"), (0.1, "not converged")]
)
def test_whole_weights_are_repeated_rows_to_a_diagnosis(off: float, state: str):
    """Also where few rows carry most of the weight."""
    weights = np.where(np.arange(len(X)) % 10 == 0, 30, 1)
    best = gs.GaussianMixture(K, means_init=CLUSTERS, escape=False).fit(X, sample_weight=weights)
    model = gs.Mixture(best.weights_, best.means_ + off, best.covariances_)
    options = {"covariance_type": "full", "rng": 0}
    weighted = gs.diagnose(model, X, weights, **options)
    repeated = gs.diagnose(model, np.repeat(X, weights, axis=0), **options)
    assert weighted.total == repeated.total == weights.sum()
    assert weighted.gain_total == pytest.approx(repeated.gain_total, rel=1e-6)
    assert repeated.input_state == state
    assert weighted.input_state == state


def factors_written_out(model: GaussianMixture) -> Array:
    """Return precisions_cholesky_ as matrices, shape (k, d, d)."""
    factors = model.precisions_cholesky_
    return {
        "full": lambda: factors,
        "tied": lambda: np.array([factors] * K),
        "diag": lambda: np.array([np.diag(row) for row in factors]),
        "spherical": lambda: np.array([np.diag([one, one]) for one in factors]),
    }[model.covariance_type]()


@kinds
def test_covariances_precisions_and_factors_agree(kind: str):
    """As scikit-learn defines them: factors are upper triangular with factor @ factor.T the precision."""
    for model in (repaired(kind).model, bad(kind)):
        full = mixture_of(model).full_covariances()
        factors = factors_written_out(model)
        np.testing.assert_array_equal(factors, np.triu(factors))
        assert (np.diagonal(factors, axis1=1, axis2=2) > 0).all()
        eye = np.swapaxes(factors, 1, 2) @ full @ factors
        np.testing.assert_allclose(eye, np.broadcast_to(np.eye(2), eye.shape), atol=1e-12)
        precisions = gs.Mixture(None, model.means_, model.precisions_, kind).full_covariances()
        np.testing.assert_allclose(precisions, factors @ np.swapaxes(factors, 1, 2), rtol=1e-12, atol=1e-14)
        assert model.weights_.sum() == pytest.approx(1.0, abs=1e-14)


@kinds
def test_the_repaired_model_works(kind: str):
    model = repaired(kind).model
    mixture = mixture_of(model)
    np.testing.assert_allclose(model.score_samples(X), mixture.log_density(X), rtol=1e-11)
    posterior = mixture.responsibilities(X)
    np.testing.assert_allclose(model.predict_proba(X), posterior, atol=1e-11)
    np.testing.assert_array_equal(model.predict(X), posterior.argmax(axis=1))
    assert model.score(X) == pytest.approx(mixture.log_density(X).mean(), rel=1e-12)
    rows, labels = model.sample(400)
    assert rows.shape == (400, 2)
    assert np.mean(model.predict(rows) == labels) > 0.95
    # A wrong fit would show in the counts: 80 rows each, give or take 8.
    assert np.abs(np.bincount(labels, minlength=K) - 80).max() < 40
    assert model.converged_ is True
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-12)
    assert model.n_iter_ >= 1
    assert getattr(model, "lower_bounds_", [model.lower_bound_]) == [model.lower_bound_]


def test_a_repaired_model_can_be_repaired_again():
    again = gs.repair(repaired("spherical").model, X, rng=0)
    assert again.diagnosis.verdict == "no better fit found"
    assert again.diagnosis.input_state == "converged"
    assert again.moves == ()
    assert again.gain_total < 1e-6


@kinds
def test_never_worse_whatever_came_in(kind: str):
    rng = np.random.default_rng(0)
    model = GaussianMixture(
        3, covariance_type=kind, init_params="random_from_data", max_iter=1, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rng.normal(size=(120, 2)))
    data = rng.normal(size=(90, 2)) * [1.0, 3.0]  # not even what it was fitted on
    result = gs.repair(model, data, rng=0)
    assert result.gain >= 0.0
    assert result.model.score(data) >= model.score(data) - 1e-13
    assert result.gain == pytest.approx(result.model.score(data) - model.score(data), abs=1e-12)


@kinds
def test_a_floor_above_the_fit_returns_it_as_it_came(kind: str):
    """With this floor EM and every move end below the likelihood that the model has without."""
    model = GaussianMixture(K, covariance_type=kind, means_init=CLUSTERS).fit(X)
    result = gs.repair(model, X, rng=0, reg_covar=50.0)
    assert result.gain == 0.0
    assert result.nll_before == result.nll_after
    np.testing.assert_array_equal(result.model.means_, model.means_)
    np.testing.assert_allclose(result.model.weights_, model.weights_, rtol=1e-14)
    as_read = symmetric(model.covariances_, kind)
    np.testing.assert_allclose(result.model.covariances_, as_read, rtol=1e-14)


SQUARE = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0]])


@pytest.mark.parametrize("init_params", ["k-means++", "random_from_data", "random"])
def test_tied_starts_whose_means_all_coincide(init_params: str):
    """One-hot responsibilities of a few rows make a tied covariance as wide as the data."""
    rng = np.random.default_rng(2)
    data = np.concatenate([rng.normal(center, 1.0, (40, 2)) for center in SQUARE])
    model = GaussianMixture(4, covariance_type="tied", init_params=init_params, random_state=0).fit(data)
    assert np.ptp(model.means_, axis=0).max() < 1.5
    result = gs.repair(model, data, rng=0)
    assert any("all means nearly coincide" in line for line in result.diagnosis.warnings)
    assert result.gain > 1.0
    found = squared_distances(SQUARE, result.model.means_)
    assert sorted(found.argmin(axis=1)) == [0, 1, 2, 3]
    assert np.sqrt(found.min(axis=1)).max() < 0.7


def test_tied_means_that_coincide_exactly():
    """A critical point that EM cannot leave: the gain is all by escaping."""
    rng = np.random.default_rng(2)
    data = np.concatenate([rng.normal(center, 1.0, (40, 2)) for center in SQUARE])
    mean, covariance = data.mean(axis=0), np.cov(data.T, bias=True)
    model = gs.Mixture(None, np.tile(mean, (4, 1)), covariance, "tied")
    result = gs.repair(model, data, covariance_type="tied", rng=0)
    assert result.diagnosis.verdict == "bad optimum"
    assert result.polish_gain < 1e-12
    assert result.escape_gain > 1.0
    found = squared_distances(SQUARE, result.model.means)
    assert sorted(found.argmin(axis=1)) == [0, 1, 2, 3]


def test_a_tuple_comes_back_as_a_tuple():
    model = bad("diag")
    arrays = (model.weights_.tolist(), model.means_, model.covariances_)
    before = copy.deepcopy(arrays)
    result = gs.repair(arrays, X, covariance_type="diag", rng=0)
    assert isinstance(result.model, tuple)
    assert_same_state(arrays, before)
    for new, old in zip(result.model, before, strict=True):
        assert isinstance(new, np.ndarray)
        assert new.shape == np.shape(old)
        assert new.flags.writeable
    density = gs.Mixture(*result.model, "diag").log_density(X)
    assert -density.mean() == pytest.approx(result.nll_after, rel=1e-12)
    assert result.nll_after == pytest.approx(repaired("diag").nll_after, abs=1e-9)


def test_a_mixture_comes_back_as_a_mixture():
    mixture = mixture_of(bad())
    before = copy.deepcopy(mixture)
    result = gs.repair(mixture, X, covariance_type="spherical", rng=0)
    assert isinstance(result.model, gs.Mixture)
    assert mixture == before
    assert result.model == result.solution.mixture
    assert -result.model.log_density(X).mean() == pytest.approx(result.nll_after, rel=1e-13)


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_a_gmmscape_mixture_comes_back_whole(kind: str):
    """All that it says about itself is about the repaired fit."""
    model = gs.GaussianMixture(K, covariance_type=kind, means_init=BAD_MEANS, escape=False).fit(X)
    before = copy.deepcopy(model)
    result = gs.repair(model, X, rng=0)
    assert_same_state(model, before)
    fitted = result.model
    assert type(fitted) is gs.GaussianMixture
    assert fitted.score(X) > model.score(X) + 0.1
    assert fitted.lower_bound_ == pytest.approx(fitted.score(X), rel=1e-12)
    assert -fitted.history_[-1] == fitted.lower_bound_
    assert fitted.lower_bounds_[-1] == fitted.lower_bound_
    assert fitted.diagnosis_.value_after == -fitted.lower_bound_
    assert fitted.diagnosis_.verdict == "no better fit found"


def test_a_gmmscape_mixture_that_had_not_converged():
    model = gs.GaussianMixture(K, means_init=BAD_MEANS, escape=False, max_iter=2)
    with pytest.warns(ConvergenceWarning):
        model.fit(X)
    fitted = gs.repair(model, X, rng=0).model
    assert fitted.converged_
    assert fitted.stop_reason_ == "converged"


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


def test_no_model_library_is_imported_for_reading():
    """Models are known by their attributes: these are of no class that gmmscape could know."""
    assert "pandas" not in sys.modules
    source = bad("tied")
    stranger = type("Stranger", (), {})()
    for name in ("weights_", "means_", "covariances_", "covariance_type", "reg_covar"):
        setattr(stranger, name, getattr(source, name))
    assert read_model(stranger).mixture == mixture_of(source)
    result = gs.repair(stranger, X, rng=0)
    assert type(result.model) is type(stranger)
    np.testing.assert_array_equal(result.model.means_, repaired("tied").model.means_)
