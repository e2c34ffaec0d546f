"""The adjustment of profiles: exact intervals of one Gaussian; r* itself, by differences."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import ndtri
from scipy.stats import chi2, t
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape.inference import profile

Z = float(ndtri(0.975))
BOUNDS = [(0.01, 0.99), (-9.0, 9.0), (-9.0, 9.0), (0.1, 9.0), (0.1, 9.0)]


@pytest.mark.parametrize("n", [10, 40])
def test_of_one_gaussian_they_are_those_of_student_and_chi_squared(n: int):
    x = np.random.default_rng(n).normal(3.0, 2.0, n)
    found = gs.standard_errors(gs.GaussianMixture(1, covariance_prior=0.0).fit(x[:, None]), x[:, None])
    (mean,), (sd,) = found.of("mean"), found.of("sd")
    reach = t.ppf(0.975, n - 1) * x.std(ddof=1) / np.sqrt(n)
    assert (mean.high - x.mean(), x.mean() - mean.low) == pytest.approx((reach, reach), rel=0.01)
    ends = np.sqrt(n * x.var() / chi2.ppf([0.975, 0.025], n - 1))
    assert (sd.low, sd.high) == pytest.approx(tuple(ends), rel=0.01)
    # Without it they are as much too short as many rows would not mind.
    assert x.std() * np.sqrt(np.exp(Z**2 / n) - 1.0) < 0.985 * reach


def log_density(v: Any, X: Any) -> Any:
    """Of two Gaussians on a line: weight, means, standard deviations."""
    each = [-0.5 * ((X - m) / s) ** 2 - np.log(s) for m, s in ((v[1], v[3]), (v[2], v[4]))]
    return np.logaddexp(np.log(v[0]) + each[0], np.log1p(-v[0]) + each[1])


def scores(v: Any, X: Any, step: float = 1e-5) -> Any:
    """Derivatives of each row's log density, by differences."""
    moves = step * np.eye(5)
    return np.array([(log_density(v + e, X) - log_density(v - e, X)) / (2 * step) for e in moves]).T


def bend(v: Any, X: Any, step: float = 1e-4) -> Any:
    """The observed information, by differences."""
    moves = step * np.eye(5)
    rows = [(scores(v + e, X) - scores(v - e, X)).sum(axis=0) / (2 * step) for e in moves]
    return -0.5 * (np.array(rows) + np.array(rows).T)


@pytest.mark.parametrize("place", [0, 1, 4])
@pytest.mark.parametrize("side", ["low", "high"])
def test_at_the_ends_the_modified_root_is_as_asked(place: int, side: str, monkeypatch: pytest.MonkeyPatch):
    X = gs.Mixture([0.6, 0.4], [[0.0], [2.6]], [1.0, 1.0], "spherical").sample(400, 3)[0]
    model = gs.GaussianMixture(
        2, covariance_type="spherical", means_init=[[0.0], [2.6]], covariance_prior=0.0, tol=1e-10
    ).fit(X)
    found = gs.standard_errors(model, X, method="profile")
    one = [*found.of("weight")[:1], *found.of("mean"), *found.of("sd")][place]
    x = X[:, 0]
    best = np.array([one.value for one in (*found.of("weight")[:1], *found.of("mean"), *found.of("sd"))])
    free = np.arange(5) != place

    def whole(v: Any) -> Any:
        return np.insert(v, place, getattr(one, side))

    there = whole(minimize(
        lambda v: -log_density(whole(v), x).sum(), best[free],
        jac=lambda v: -scores(whole(v), x).sum(axis=0)[free], method="L-BFGS-B",
        bounds=BOUNDS[:place] + BOUNDS[place + 1:],
        options={"ftol": 1e-14, "gtol": 1e-7},
    ).x)  # fmt: skip
    fall = float((log_density(best, x) - log_density(there, x)).sum())
    r = np.sign(best[place] - there[place]) * np.sqrt(2.0 * fall)
    begin, end = scores(best, x), scores(there, x)
    cross = begin.T @ end
    way = np.linalg.solve(cross, begin.T @ (log_density(best, x) - log_density(there, x)))[place]
    sizes = [np.linalg.slogdet(matrix)[1] for matrix in (
        bend(best, x), begin.T @ begin, cross, bend(there, x)[np.ix_(free, free)]
    )]  # fmt: skip
    u = way * np.exp(0.5 * sizes[0] - sizes[1] + sizes[2] - 0.5 * sizes[3])
    assert abs(r + np.log(u / r) / r) == pytest.approx(Z, abs=0.03)
    with_effort(monkeypatch, profile, "inference", adjusted_scores=0)
    plain = gs.standard_errors(model, X, method="profile")
    other = [*plain.of("weight")[:1], *plain.of("mean"), *plain.of("sd")][place]
    assert abs(getattr(other, side) - getattr(one, side)) > 0.01 * one.standard_error


def test_narrow_intervals_are_nested_in_wider_ones_and_trusted_too():
    X = gs.Mixture([0.6, 0.4], [[0.0], [2.6]], [1.0, 1.0], "spherical").sample(400, 3)[0]
    model = gs.GaussianMixture(2, covariance_type="spherical", means_init=[[0.0], [2.6]]).fit(X)
    found = [gs.standard_errors(model, X, method="profile", level=level) for level in (0.01, 0.1, 0.5, 0.99)]
    assert all(one.verdict == "trustworthy" for one in found[:3])
    for narrow, wide in pairwise(found):
        for one, other in zip(narrow.estimates, wide.estimates, strict=True):
            assert other.low < one.low < one.high < other.high
