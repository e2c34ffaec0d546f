"""Rows that may be anything end in a typed error, or in a fit of which all holds: never in a third way."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import gmmscape as gs
from gmmscape.estimator.document import FitDocument

KINDS = ("full", "tied", "diag", "spherical")
#: Numbers of all sizes: subnormal, next to nothing, ordinary, up to the largest, and some that are none.
ORDINARY = st.floats(-100.0, 100.0, allow_nan=False)
SIZES = st.sampled_from([0.0, -0.0, 5e-324, -1e-310, 1e-300, 1e-160, 1e-8, 1.0, -1.0, 3.0, 1e8, 1e16, 1e150])
LARGEST = st.sampled_from([1e154, -1e200, 1e300, -1.7976931348623157e308])
NONE = st.sampled_from([np.nan, np.inf, -np.inf])
CELLS = {
    "ordinary": ORDINARY,
    "few values": st.sampled_from([0.0, 1.0, 2.0]),
    "all sizes": SIZES | ORDINARY,
    "subnormal": st.floats(-2e-308, 2e-308, allow_subnormal=True),
    "largest": LARGEST | SIZES,
    "not finite": NONE | ORDINARY,
}
WEIGHTS = st.sampled_from([0.0, 5e-324, 1e-300, 1e-8, 0.5, 1.0, 1.0, 7.0, 1e8, 1e300, 1.7e308, -1.0, np.nan])


@st.composite
def rows(draw: Callable[..., Any]) -> Any:
    """A few rows, some of them the same, some columns constant or multiples of others."""
    n, d = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    cells = CELLS[draw(st.sampled_from(sorted(CELLS)))]
    X = np.array(draw(st.lists(cells, min_size=n * d, max_size=n * d)), dtype=np.float64).reshape(n, d)
    how = draw(st.sampled_from(["as drawn", "constant", "duplicates", "collinear", "scaled", "shifted"]))
    with np.errstate(all="ignore"):
        if how == "constant":
            X[:, draw(st.integers(0, d - 1))] = X[0, 0]
        elif how == "duplicates":
            X = X[draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=2 * n))]
        elif how == "collinear":
            X[:, -1] = 2.0 * X[:, 0]
        elif how == "scaled":
            X = X * 10.0 ** np.array(draw(st.lists(st.integers(-200, 150), min_size=d, max_size=d)))
        elif how == "shifted":
            X = X + draw(st.sampled_from([1e6, 1e12, -1e15]))
    return X


@st.composite
def weights(draw: Callable[..., Any], n: int) -> Any:
    """Weights of rows, or none."""
    if draw(st.booleans()):
        return None
    return np.array(draw(st.lists(WEIGHTS, min_size=n, max_size=n)))


options = st.fixed_dictionaries(
    {
        "n_components": st.integers(1, 4),
        "covariance_type": st.sampled_from([*KINDS, "VVI", "EEV"]),
        "init_params": st.sampled_from(["k-means++", "kmeans", "random_from_data", "random"]),
        "covariance_floor": st.sampled_from([None, None, 0.0, 5e-324, 1e-12, 1e-3]),
        "covariance_prior": st.sampled_from(["auto", "auto", 0.0, 1.0]),
        "reg_covar": st.sampled_from([0.0, 0.0, 5e-324, 1e-6, 1e300]),
        "background": st.sampled_from([None, None, None, "box", "hull"]),
        "max_iter": st.sampled_from([1, 20]),
        "escape": st.booleans(),
        "random_state": st.just(0),
    }
)


def assert_valid(mixture: gs.Mixture) -> None:
    """Check all that is said of a mixture: finite numbers, weights of one, covariances of positive scale."""
    background = 0.0 if mixture.background is None else mixture.background.weight
    assert mixture.weights.sum() + background == pytest.approx(1.0, abs=1e-9)
    assert mixture.weights.min() >= 0.0
    for name in ("weights", "means", "covariances"):
        assert np.isfinite(getattr(mixture, name)).all(), name
    assert (mixture.column_variances() > 0.0).all()
    told = json.loads(json.dumps(mixture.to_dict(), allow_nan=False))
    assert gs.Mixture.from_dict(told) == mixture


def assert_densities(model: gs.GaussianMixture, X: Any) -> None:
    """Check log densities: numbers where some component is less than 1e100 deviations away, else or -inf."""
    found, mixture = model.score_samples(X), model.mixture_
    assert not np.isnan(found).any()
    assert (found < np.inf).all()
    with np.errstate(over="ignore"):
        deviations = np.abs(X[:, None] - mixture.means) / np.sqrt(mixture.column_variances())
    near = (np.nan_to_num(deviations) < 1e100).all(axis=2).any(axis=1)
    assert np.isfinite(found[near]).all()


def assert_holds(model: gs.GaussianMixture, X: Any) -> None:
    """Check all that is said of a fit."""
    mixture = model.mixture_
    assert_valid(mixture)
    if mixture.background is not None and mixture.background.region != "box":
        X = X[~np.isnan(X).any(axis=1)]  # what is missing before a hull is refused
    shares = model.predict_proba(X)
    columns = mixture.n_components + (mixture.background is not None)
    assert shares.shape == (len(X), columns)
    assert np.isfinite(shares).all()
    assert (shares >= 0.0).all()
    assert np.allclose(shares.sum(axis=1), 1.0, atol=1e-9)
    lowest = 0 if mixture.background is None else -1
    assert set(model.predict(X).tolist()) <= set(range(lowest, mixture.n_components))
    assert_densities(model, X)
    if hasattr(model, "solution_"):
        document = model.document()
        told = json.loads(json.dumps(document.to_dict(), allow_nan=False))
        assert FitDocument.from_dict(told) == document
        assert str(document)


@given(X=rows(), given_options=options, data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_fit_holds_or_is_refused(X, given_options, data):
    sample_weight = data.draw(weights(len(X)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            model = gs.GaussianMixture(**given_options).fit(X, sample_weight=sample_weight)
        except gs.GmmscapeError:
            return
        assert_holds(model, X)


@given(X=rows(), k=st.integers(1, 3), kind=st.sampled_from(KINDS), data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_model_of_others_is_judged_or_refused(X, k, kind, data):
    """Parameters that may be anything too."""
    d = X.shape[1]
    cells = CELLS[data.draw(st.sampled_from(sorted(CELLS)))]
    means = np.array(data.draw(st.lists(cells, min_size=k * d, max_size=k * d))).reshape(k, d)
    scale = data.draw(st.sampled_from([5e-324, 1e-300, 1e-12, 1.0, 1e12, 1e300]))
    shape = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[kind]
    covariances = scale * (np.broadcast_to(np.eye(d), shape) if kind in ("full", "tied") else np.ones(shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = gs.repair((np.full(k, 1.0 / k), means, covariances), X, covariance_type=kind, rng=0)
        except gs.GmmscapeError:
            return
        assert found.solution is not None
        assert_valid(found.solution.mixture)
        again = gs.Repair.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
        assert again == found
        assert found.nll_after <= found.nll_before + 1e-9 * (1.0 + abs(found.nll_before))


class OneModel(RuleBasedStateMachine):
    """A model that is fitted, fitted again, taught by batches, written and read, in any order.

    Whatever is refused leaves a model that holds, or none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model: Any = None
        self.rows: Any = None
        self.fitted = False

    @initialize(given_options=options)
    def begin(self, given_options: dict[str, Any]) -> None:
        self.model = gs.GaussianMixture(**{**given_options, "background": None})

    def _tried(self, act: Callable[[], Any]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", RuntimeWarning)
            try:
                return act()
            except gs.GmmscapeError:
                return None

    @rule(X=rows(), data=st.data())
    def fit(self, X: Any, data: Any) -> None:
        sample_weight = data.draw(weights(len(X)))
        if self._tried(lambda: self.model.fit(X, sample_weight=sample_weight)) is not None:
            self.rows, self.fitted = X, True

    @rule(X=rows())
    def fit_a_batch(self, X: Any) -> None:
        if self._tried(lambda: self.model.partial_fit(X)) is not None:
            self.rows, self.fitted = X, True

    @rule(warm=st.booleans(), k=st.integers(1, 4))
    def change(self, warm: bool, k: int) -> None:
        self.model.set_params(warm_start=warm, n_components=k)

    @precondition(lambda self: self.fitted)
    @rule()
    def write_and_read(self) -> None:
        def again() -> Any:
            with tempfile.TemporaryDirectory() as folder:
                self.model.save(Path(folder) / "model.gmm")
                return gs.load(Path(folder) / "model.gmm")

        read = self._tried(again)
        if read is not None:
            assert read.mixture_ == self.model.mixture_
            assert read.predict(self.rows).tolist() == self.model.predict(self.rows).tolist()
            self.model = read

    @precondition(lambda self: self.fitted)
    @rule(X=rows())
    def predict_others(self, X: Any) -> None:
        found = self._tried(lambda: self.model.predict_proba(X))
        assert found is None or (np.isfinite(found).all() and len(found) == len(X))

    @precondition(lambda self: self.fitted)
    @invariant()
    def it_holds(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            assert_holds(self.model, self.rows)


TestOneModel = OneModel.TestCase
TestOneModel.settings = settings(
    max_examples=60, stateful_step_count=6, suppress_health_check=[HealthCheck.too_slow], deadline=None
)
