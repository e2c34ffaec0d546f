"""What has no standard error says why, and is None: never a number that means nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape.inference import StandardErrors, estimates, profile
from gmmscape.mixture.background import Background


def two(n: int = 200) -> Any:
    return np.random.default_rng(0).normal([[0.0, 0.0], [8.0, 1.0]], 1.0, (n, 2, 2)).reshape(-1, 2)


def told(found: StandardErrors) -> dict[str, set[str]]:
    """Kinds without standard errors, by reason."""
    reasons: dict[str, set[str]] = {}
    for one in found.estimates:
        assert (one.standard_error is None) == (one.low is None and one.high is None)
        assert (one.standard_error is None) == (one.reason is not None)
        if one.reason is not None:
            reasons.setdefault(one.reason, set()).add(f"{one.kind} {one.component} {one.columns}")
        else:
            assert np.isfinite([one.value, one.standard_error, one.low, one.high]).all()
    return reasons


@pytest.mark.parametrize("kind", ["full", "tied", "diag"])
def test_of_a_column_of_one_value_nothing_is_known(kind: str):
    X = np.column_stack([two(), np.full(400, 5.0)])
    found = gs.standard_errors(gs.GaussianMixture(2, covariance_type=kind, random_state=0).fit(X), X)
    ((reason, those),) = told(found).items()
    assert reason == "the column has one value only"
    assert {"mean 0 (2,)", "mean 1 (2,)"} <= those
    assert all("2" in one.split("(")[1] for one in those)
    whole = gs.standard_errors(
        gs.GaussianMixture(2, covariance_type=kind, random_state=0).fit(X[:, :2]), X[:, :2]
    )
    for one, other in zip(
        found.of("mean"), [*whole.of("mean")[:2], None, *whole.of("mean")[2:], None], strict=True
    ):
        if other is not None:
            assert one.standard_error == pytest.approx(other.standard_error, rel=1e-3)


def test_a_covariance_on_the_floor_has_none_but_its_mean_has():
    X = two()
    X[X[:, 0] > 4] = [8.0, 1.0] + 1e-5 * np.random.default_rng(1).standard_normal((np.sum(X[:, 0] > 4), 2))
    model = gs.GaussianMixture(2, means_init=[[0, 0], [8, 1]], reg_covar=0.01, covariance_prior=0.0).fit(X)
    assert model.floor_active_
    found = gs.standard_errors(model, X)
    ((reason, those),) = told(found).items()
    assert reason.startswith("its covariance lies on the floor")
    assert {one.split()[1] for one in those} == {"1"}
    assert {one.split()[0] for one in those} == {"sd", "correlation", "variance", "covariance"}
    assert found.of("mean", 1)[0].standard_error == pytest.approx(0.1 / np.sqrt(200), rel=0.01)


def test_a_component_without_rows_has_none_and_the_others_are_as_without_it():
    X = two()
    one = gs.GaussianMixture(2, random_state=0, covariance_prior=0.0).fit(X)
    mixture = gs.Mixture(
        [*one.weights_, 0.0], [*one.means_, [500.0, 0.0]], [*one.covariances_, np.eye(2)], "full"
    )
    found = gs.standard_errors(mixture, X, covariance_type="full")
    ((reason, those),) = told(found).items()
    assert reason == "the component has no rows"
    assert {name.split()[1] for name in those} == {"2"}
    whole = gs.standard_errors(one, X)
    for kind in ("weight", "mean", "sd", "correlation"):
        for own, other in zip(found.of(kind), whole.of(kind), strict=False):
            assert own.standard_error == pytest.approx(other.standard_error, rel=1e-4)


def test_along_a_ridge_weights_have_none_but_what_is_known_has():
    """Two components in one place share their weight in any way."""
    X = two()
    one = gs.GaussianMixture(2, random_state=0, covariance_prior=0.0, tol=1e-9).fit(X)
    i = int(one.weights_.argmax())
    weights = [one.weights_[i] / 3, one.weights_[i] * 2 / 3, one.weights_[1 - i]]
    order = [i, i, 1 - i]
    mixture = gs.Mixture(weights, one.means_[order], one.covariances_[order], "full")
    found = gs.standard_errors(mixture, X, covariance_type="full", method="observed")
    reasons = told(found)
    assert found.verdict == "not available" or any("does not change" in reason for reason in reasons)
    shared = found.of("weight", 0)[0]
    assert shared.standard_error is None


def test_a_saddle_has_none_and_says_so():
    X = np.random.default_rng(1).normal([[-4.0], [4.0]], 1.0, (2, 300)).reshape(-1, 1)
    saddle = gs.Mixture([0.5, 0.5], [[X.mean()], [X.mean()]], [X.var()] * 2, "spherical")
    found = gs.standard_errors(saddle, X, covariance_type="spherical")
    assert found.verdict == "not available"
    assert str(found).startswith("there are no standard errors: the fit is no optimum")
    assert "next: `repair` the fit" in str(found)
    assert all(one.standard_error is None for one in found.estimates)


def test_fits_with_too_many_parameters_are_left_to_the_bootstrap(monkeypatch: pytest.MonkeyPatch):
    X = two()
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    with_effort(monkeypatch, estimates, "inference", largest_information=5)
    with pytest.raises(gs.NotAvailableError, match=r"has 12 parameters, too many.*method='bootstrap'"):
        gs.standard_errors(model, X, method="observed")
    assert gs.standard_errors(model, X, n_bootstrap=60, rng=0).method == "bootstrap"


def test_many_rows_with_missing_values_are_left_to_the_bootstrap(monkeypatch: pytest.MonkeyPatch):
    X = two()
    X[::5, 1] = np.nan
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    assert gs.standard_errors(model, X).method == "profile"
    with_effort(monkeypatch, profile, "inference", pattern_products=1e12)
    assert gs.standard_errors(model, X).method == "observed"
    with_effort(monkeypatch, estimates, "solve", incomplete_hessian=10.0)
    with pytest.raises(gs.NotAvailableError, match="missing values"):
        gs.standard_errors(model, X, method="profile")
    found = gs.standard_errors(model, X, n_bootstrap=200, rng=0)
    assert found.method == "bootstrap"
    first, second = found.of("mean", 0)
    assert first.standard_error == pytest.approx(1 / np.sqrt(200), rel=0.25)
    assert second.standard_error == pytest.approx(1 / np.sqrt(160), rel=0.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "jackknife"}, "method='jackknife'"),
        ({"level": 1.0}, "level=1.0"),
        ({"level": 0.0}, "level=0.0"),
        ({"n_bootstrap": 0}, "n_bootstrap=0"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"verbose": -1}, "verbose=-1"),
    ],
)
def test_options_that_make_no_sense_are_named(options: dict[str, Any], message: str):
    X = two(20)
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    with pytest.raises(gs.InvalidParameterError, match=message):
        gs.standard_errors(model, X, **options)


def test_centers_and_other_rows_are_refused():
    X = two(20)
    with pytest.raises(gs.InvalidParameterError, match="centers have no likelihood"):
        gs.standard_errors(X[:2], X)
    with pytest.raises(gs.DataError, match="1 column"):
        gs.standard_errors(gs.GaussianMixture(2, random_state=0).fit(X), X[:, :1])


def test_a_background_is_refused_and_rows_out_of_reach_are_named():
    X = two(20)
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    before = gs.Mixture(model.weights_, model.means_, model.covariances_).beside(
        Background("volume", 9.0, 0.1)
    )
    with pytest.raises(gs.NotAvailableError, match="standard errors beside a background"):
        gs.standard_errors(before, X, covariance_type="full")
    wild = np.vstack([X, [1e200, 0.0]])
    with pytest.warns(UserWarning, match="1 row"):
        found = gs.standard_errors(model, wild, method="observed")
    assert found.of("mean")[0].value == pytest.approx(model.means_[0, 0], abs=1e-3)


def test_families_without_second_derivatives_are_named():
    X = two(20)
    fit = gs.Mixture([0.5, 0.5], [[0.0, 0.0], [8.0, 1.0]], [[1.0, 1.0]] * 2, "diag")
    with pytest.raises(
        gs.NotAvailableError, match="'VEI' has no second derivatives: pass method='bootstrap'"
    ):
        gs.standard_errors(fit, X, covariance_type="VEI", method="observed")
