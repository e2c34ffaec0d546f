"""Ends of profiles: the best fit with that value is less likely by as much as was asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import ndtri
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape.inference import estimates, profile
from gmmscape.progress import Event

Z = float(ndtri(0.975))


def line(n: int = 300) -> tuple[Any, Any]:
    X = gs.Mixture([0.6, 0.4], [[0.0], [3.0]], [1.0, 1.0], "spherical").sample(n, 3)[0]
    model = gs.GaussianMixture(
        2, covariance_type="spherical", means_init=[[0.0], [3.0]], covariance_prior=0.0, tol=1e-9
    )
    return model.fit(X), X


@pytest.fixture
def as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends that are not adjusted."""
    with_effort(monkeypatch, profile, "inference", adjusted_scores=0)


@pytest.mark.usefixtures("as_they_are")
def test_of_one_gaussian_they_are_in_closed_form():
    n = 40
    x = np.random.default_rng(0).normal(3.0, 2.0, n)
    found = gs.standard_errors(gs.GaussianMixture(1, covariance_prior=0.0).fit(x[:, None]), x[:, None])
    (mean,), (sd,) = found.of("mean"), found.of("sd")
    reach = x.std() * np.sqrt(np.exp(Z**2 / n) - 1.0)
    assert (mean.low, mean.high) == pytest.approx((x.mean() - reach, x.mean() + reach), rel=1e-4)

    def over(s: float) -> float:
        return n * (np.log(s / x.std()) + 0.5 * (x.std() / s) ** 2 - 0.5) - Z**2 / 2

    ends = (brentq(over, 0.1 * x.std(), x.std()), brentq(over, x.std(), 10 * x.std()))
    assert (sd.low, sd.high) == pytest.approx(ends, rel=1e-4)
    assert mean.interval == "profile"


@pytest.mark.usefixtures("as_they_are")
@pytest.mark.parametrize("what", ["weight", "mean", "sd"])
def test_the_best_fit_at_an_end_is_less_likely_by_as_much(what: str):
    model, X = line()
    one = gs.standard_errors(model, X).of(what)[0]
    place = {"weight": 0, "mean": 1, "sd": 3}[what]

    def nll(v: Any) -> float:
        w, means, sds = v[0], v[1:3], v[3:]
        density = [np.exp(-0.5 * ((X[:, 0] - m) / s) ** 2) / s for m, s in zip(means, sds, strict=True)]
        return float(-np.log((w * density[0] + (1 - w) * density[1]) / np.sqrt(2 * np.pi)).sum())

    at = np.concatenate([model.weights_[:1], model.means_[:, 0], np.sqrt(model.covariances_)])
    for end in (one.low, one.high):
        free = np.arange(5) != place

        def fixed(v: Any, end: float = end, free: Any = free) -> float:
            whole = np.full(5, end)
            whole[free] = v
            return nll(whole)

        best = minimize(
            fixed, at[free], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000}
        )
        assert best.fun - nll(at) == pytest.approx(Z**2 / 2, abs=3e-3)


def test_they_follow_a_likelihood_that_is_not_normal():
    """Under overlap ends lie farther out where the likelihood is flat, which normal theory does not see."""
    model, X = line()
    one, other = gs.standard_errors(model, X), gs.standard_errors(model, X, method="observed")
    mean, normal = one.of("mean")[1], other.of("mean")[1]
    assert mean.standard_error == normal.standard_error
    assert normal.high - normal.value == pytest.approx(normal.value - normal.low)
    assert abs((mean.high - mean.value) / (mean.value - mean.low) - 1.0) > 0.1


def test_the_second_of_two_weights_has_what_the_first_leaves():
    model, X = line()
    one, other = gs.standard_errors(model, X).of("weight")
    assert (other.low, other.high) == (1.0 - one.high, 1.0 - one.low)
    assert other.interval == "profile"


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_they_are_scaled_as_the_columns_are(scale: float, recwarn: pytest.WarningsRecorder):
    X = gs.Mixture([0.6, 0.4], [[0.0, 0.0], [4.0, 0.0]], [1.0, 2.0], "spherical").sample(300, 3)[0]
    model = gs.GaussianMixture(2, random_state=0, covariance_prior=0.0).fit(X)
    one, other = (
        model.mixture_,
        gs.Mixture(model.weights_, model.means_ * scale, model.covariances_ * scale * scale, "full"),
    )
    units = {"mean": scale, "sd": scale, "variance": scale**2, "covariance": scale**2}
    found = [
        gs.standard_errors(mixture, rows, covariance_type="full", method="profile").estimates
        for mixture, rows in ((one, X), (other, X * scale))
    ]
    for plain, scaled in zip(*found, strict=True):
        unit = units.get(plain.kind, 1.0)
        ends = [number / unit for number in (scaled.low, scaled.high, scaled.standard_error)]
        assert ends == pytest.approx([plain.low, plain.high, plain.standard_error], rel=1e-4, abs=1e-6)
    assert not recwarn.list


def test_the_default_is_the_cheaper_method_where_profiles_cost_too_much(monkeypatch: pytest.MonkeyPatch):
    model, X = line()
    assert gs.standard_errors(model, X).method == "profile"
    with_effort(monkeypatch, estimates, "inference", profile_work=1)
    assert gs.standard_errors(model, X).method == "observed"
    assert gs.standard_errors(model, X, method="profile").method == "profile"


def test_what_is_not_done_in_time_has_intervals_by_normal_theory():
    model, X = line()
    seen: list[Event] = []

    def once(event: Event) -> bool:
        seen.append(event)
        return event.stage == "profiles" and event.done == 1

    found = gs.standard_errors(model, X, callback=once, method="profile")
    assert [one.interval for one in found.of("weight")] == ["profile", "profile"]
    assert [one.interval for one in found.of("mean")] == ["normal", "normal"]
    assert found.stop_reason == "interrupted"
    assert found.verdict == "cannot tell"
    assert {event.task for event in seen} == {"standard_errors"}
    assert gs.standard_errors(model, X, method="profile", max_seconds=0.0).stop_reason == "time_limit"
