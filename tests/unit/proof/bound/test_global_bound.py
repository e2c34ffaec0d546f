"""Global bounds: the largest D enclosed, whatever q is, and no mixture that exceeds it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.cluster import KMeans

import gmmscape as gs
from efforts import with_effort
from gmmscape import lab
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.mixture.background import Background
from gmmscape.progress import Budget
from gmmscape.proof.bound import cover
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.proof.bound.proved import Seconds

pytest.importorskip("flint")

BEFORE_A_BACKGROUND = gs.Mixture.location([0.0], 1.0).beside(Background("volume", 9.0, 0.1))


def log_densities(x, means, sigma):
    squares = ((x[:, None, :] - np.atleast_2d(means)) ** 2).sum(axis=2)
    return -0.5 * squares / sigma**2 - 0.5 * x.shape[1] * np.log(2 * np.pi * sigma**2)


def log_q(x, means, weights, sigma):
    return logsumexp(log_densities(x, means, sigma) + np.log(weights), axis=1)


def d_at(points, x, w, means, weights, sigma):
    """D by the formula of the law, without any of its rearrangements."""
    q = log_q(x, means, weights, sigma)
    return np.exp(log_densities(x, points, sigma) - q[:, None]).T @ w - 1


def problem(seed, d, n=60, k=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) + 4 * rng.integers(0, 3, (n, 1))
    means = 6 * rng.random((k, d)) + rng.normal(size=(k, d))
    return x, rng.dirichlet(np.ones(n)), means, rng.dirichlet(5 * np.ones(k)), 0.6 + rng.random()


@pytest.mark.parametrize(("seed", "d"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3)])
def test_the_gap_encloses_the_largest_d(seed, d):
    x, w, means, weights, sigma = problem(seed, d)
    bound = lab.global_bound(means, x, sigma, weights, sample_weight=w)
    low, high = bound.gap
    assert high - low <= 2e-6 * (1 + low)
    reached = d_at(np.array([bound.argmax]), x, w, means, weights, sigma)[0]
    assert reached == pytest.approx(low, rel=1e-9)
    axes = [np.linspace(x[:, a].min() - 1, x[:, a].max() + 1, {1: 4001, 2: 121, 3: 31}[d]) for a in range(d)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, d)
    values = d_at(grid, x, w, means, weights, sigma)
    assert values.max() <= high
    # The grid is so fine that its best point is near the best of all.
    assert values.max() >= low - 0.2 * (1 + low)


def test_no_mixture_gains_more():
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(-3, 1, 40), rng.normal(3, 1, 40), rng.normal(7, 1, 20)])[:, None]
    bound = lab.global_bound([-3.0, 4.0], x, 1.0, [0.4, 0.6])
    base = log_q(x, np.array([[-3.0], [4.0]]), np.array([0.4, 0.6]), 1.0).mean()
    best = -np.inf
    for k in (2, 3, 4, 6):
        for _ in range(15):
            mu, pi = x[rng.choice(len(x), k, replace=False)], np.full(k, 1 / k)
            for _ in range(60):
                r = log_densities(x, mu, 1.0) + np.log(pi)
                r = np.exp(r - logsumexp(r, axis=1)[:, None])
                pi, mu = r.mean(axis=0), (r.T @ x) / r.sum(axis=0)[:, None]
            best = max(best, log_q(x, mu, pi, 1.0).mean() - base)
    assert 0.1 < best <= bound.gain[1] <= bound.gap[1]


def test_one_component_is_the_best_of_all_where_rows_are_within_sigma():
    bound = lab.global_bound([0.0], [[-0.5], [0.0], [0.5]], 1.0)
    assert bound.gap == (0.0, 0.0)
    assert bound.is_optimal
    assert "globally optimal" in str(bound)
    # A mean that no float is: what is left is the square of its rounding.
    x = np.random.default_rng(0).normal(0.0, 0.4, (30, 2))
    assert lab.global_bound([x.mean(axis=0)], x, 1.0).gap[1] < 1e-28
    # The same rows, wider apart than sigma, want two.
    wide = lab.global_bound([0.0], [[-1.5], [0.0], [1.5]], 1.0)
    assert wide.gap[0] > 0.05
    assert not wide.is_optimal
    # A mean beside the best one is not the best.
    assert lab.global_bound([0.1], [[-0.5], [0.0], [0.5]], 1.0).gap[0] > 1e-4


def test_the_argmax_makes_a_better_fit():
    x, _, means, weights, sigma = problem(6, 2)
    bound = lab.global_bound(means, x, sigma, weights)
    grown = bound.with_argmax()
    assert grown.n_components == len(means) + 1
    gain = grown.log_density(x).mean() - bound.fit.log_density(x).mean()
    assert 0 < gain <= bound.gain[1]
    assert bound.with_argmax(0.25).weights[-1] == pytest.approx(0.25)
    with pytest.raises(InvalidParameterError, match="weight"):
        bound.with_argmax(1.0)


def test_rows_far_from_the_fit_do_not_overflow():
    bound = lab.global_bound([0.0], [[0.0], [100.0]], 1.0)
    assert bound.gain[0] == pytest.approx(5000 - np.log(2), rel=1e-9)
    assert bound.gap[1] == np.inf
    assert np.isfinite(bound.gap[0])
    assert bound.argmax[0] == pytest.approx(100.0)


def test_equal_rows_count_as_their_weight():
    once = lab.global_bound([0.0, 3.0], [[0.0], [1.0], [4.0]], 1.0, sample_weight=[2, 1, 3])
    often = lab.global_bound([0.0, 3.0], [[0.0], [0.0], [1.0], [4.0], [4.0], [4.0]], 1.0)
    assert often.gap == pytest.approx(once.gap, abs=1e-10)
    other = lab.global_bound([0.0, 3.0], [[0.0], [1.0], [4.0]], 1.0)
    assert abs(other.gap[0] - once.gap[0]) > 1e-3


def test_every_kind_of_fit():
    x = np.array([[-1.0], [0.0], [3.0], [4.5]])
    expected = lab.global_bound([-0.5, 3.5], x, 1.5).gap
    mixture = gs.Mixture.location([-0.5, 3.5], 1.5)
    model = KMeans(2, init=np.array([[-0.5], [3.5]]), n_init=1, max_iter=1).fit(x)
    model.cluster_centers_ = np.array([[-0.5], [3.5]])
    for fit in (mixture, model, ([0.5, 0.5], [[-0.5], [3.5]], [2.25, 2.25])):
        assert lab.global_bound(fit, x, 1.5).gap == expected
    land = lab.Landscape(lab.Sample(x), n_components=2, sigma=1.5)
    point = land.descend([-0.5, 3.5])
    assert lab.global_bound(point, x, 1.5).gap == lab.global_bound(point.means, x, 1.5).gap
    for land in (
        lab.FreeLandscape(lab.Sample(x), 2, family="location", sigma=[1.5, 1.5]),
        lab.Landscape(lab.Sample(x), n_components=2, sigma=1.5, weights="free"),
    ):
        free = land.descend(mixture if isinstance(land, lab.FreeLandscape) else [-0.5, 3.5])
        bound = lab.global_bound(free, x, 1.5)
        assert bound.gap == lab.global_bound(free.mixture.means, x, 1.5, free.mixture.weights).gap
    estimator = gs.GaussianMixture(1, covariance_type="spherical").fit(x)
    with pytest.raises(InvalidParameterError, match="standard deviation of the model"):
        lab.global_bound(estimator, x, 1.5)
    found = lab.global_bound(estimator, x, float(np.sqrt(estimator.covariances_[0])))
    assert found.gap == lab.global_bound(estimator.means_, x, float(np.sqrt(estimator.covariances_[0]))).gap
    with pytest.raises(InvalidParameterError, match="fit it first"):
        lab.global_bound(gs.GaussianMixture(2), x, 1.5)


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"X": np.zeros((5, 4)), "model": np.zeros((1, 4))}, NotAvailableError, "three"),
        ({"X": [[np.nan]]}, DataError, "NaN"),
        ({"X": [0.0, 1.0]}, DataError, "reshape"),
        ({"sigma": 0.0}, InvalidParameterError, "sigma"),
        ({"sigma": np.inf}, InvalidParameterError, "sigma"),
        ({"weights": [0.5, 0.6]}, InvalidParameterError, "weights"),
        ({"weights": [1.0]}, InvalidParameterError, "weights"),
        ({"sample_weight": [0.0, 0.0]}, DataError, "sample_weight"),
        ({"tol": 1e-16}, InvalidParameterError, "tol"),
        ({"model": [[0.0, 1.0]]}, InvalidParameterError, "model"),
        ({"model": gs.Mixture.location([0.0], 1.0), "weights": [1.0]}, InvalidParameterError, "own"),
        ({"model": gs.Mixture.location([0.0], 1.0), "sigma": 2.0}, InvalidParameterError, "sigma"),
        ({"model": gs.Mixture.location([[0.0, 0.0]], 1.0)}, DataError, "columns"),
        ({"model": BEFORE_A_BACKGROUND}, NotAvailableError, "beside a background"),
        ({"X": [[0.0], [1e7]]}, InvalidParameterError, "fit the model"),
        ({"X": [[1e13], [1e13 + 1]], "model": [1e13, 1e13]}, DataError, "offset"),
    ],
)
def test_what_cannot_be_used_is_named(change, error, word):
    arguments = {"model": [0.0, 1.0], "X": [[0.0], [1.0]], "sigma": 1.0, **change}
    with pytest.raises(error, match=word):
        lab.global_bound(**arguments)


def test_what_ends_early_is_proved_all_the_same():
    x, w, means, weights, sigma = problem(3, 2)
    whole = lab.global_bound(means, x, sigma, weights, sample_weight=w)
    for arguments, reason in (
        ({"max_seconds": 0.0}, "time_limit"),
        ({"callback": stop_after(3)}, "interrupted"),
    ):
        bound = lab.global_bound(means, x, sigma, weights, sample_weight=w, **arguments)
        assert bound.stop_reason == reason
        assert bound.gain[1] > whole.gain[1]
        assert reason in str(bound)


def pressed(event):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("most", "callback", "reason"), [(4, None, "max_cells"), (200_000, pressed, "interrupted")]
)
def test_a_cover_that_ends_early_holds_all_cells(most, callback, reason, monkeypatch):
    with_effort(monkeypatch, cover, "proof", most_cells=most)
    x = np.array([[-1.0], [0.5], [2.0], [2.5]])
    found = cover.cover_of(
        BoundProblem.of(x, None, x[:2], np.array([0.5, 0.5]), 1.0), 1e-9, Budget("bound", None, callback)
    )
    assert found.stop_reason == reason
    assert 0 < found.n_cells <= most


def stop_after(n):
    seen = []

    def callback(event):
        seen.append(event)
        return len(seen) == n

    return callback


def test_files(tmp_path):
    x, _, means, weights, sigma = problem(3, 2)
    bound = lab.global_bound(means, x, sigma, weights)
    bound.certificate.to_json(tmp_path / "bound.json")
    assert lab.GlobalBound.from_json(tmp_path / "bound.json") == bound
    assert bound != lab.global_bound(means, x, sigma, weights, tol=1e-3)


def test_a_mean_next_to_the_best_one_has_a_narrow_gap():
    """Neither exact nor far: what is left to gain is of the order of rounding."""
    for aside in (1e-10, 1e-8, 1e-6):
        bound = lab.global_bound([aside], [[-0.5], [0.0], [0.5]], 1.0)
        assert bound.stop_reason == "completed"
        assert bound.gap[1] <= 1e-6
        assert bound.n_cells < 2000


def test_an_offset_changes_nothing():
    x = np.array([[-1.0], [0.5], [2.0], [2.5]])
    near, far = (lab.global_bound(x[:2] + offset, x + offset, 1.0) for offset in (0.0, -(2.0**20)))
    assert far.gap == pytest.approx(near.gap, rel=1e-9)
    assert lab.global_bound([-1e6], [[-1e6]], 1.0).gap == (0.0, 0.0)


def test_no_more_cells_than_there_is_time_to_prove(monkeypatch):
    """A cell takes a second here, of nine; without a limit of time nothing is reckoned."""
    x, w, means, weights, sigma = problem(3, 2)
    monkeypatch.setattr("gmmscape.proof.bound.proved.Seconds.of", lambda problem: (1.0, 1.0))
    bound = lab.global_bound(means, x, sigma, weights, sample_weight=w, max_seconds=9.0)
    assert bound.stop_reason == "time_limit"
    assert 1 < bound.n_cells <= 9
    whole = lab.global_bound(means, x, sigma, weights, sample_weight=w)
    assert whole.stop_reason == "completed"
    assert whole.n_cells > 9


def test_what_a_cell_takes_is_measured():
    rng = np.random.default_rng(0)
    few, many = (
        BoundProblem.of(rng.normal(size=(n, 2)), None, np.zeros((1, 2)), np.ones(1), 1.0) for n in (20, 2000)
    )
    assert 0 < Seconds.of(few).peak < Seconds.of(many).peak
    assert 0 < Seconds.of(few).corners < Seconds.of(many).corners


@pytest.mark.parametrize(("by", "good"), [(1 + 1e-9, False), (1 + 1e-12, False), (1 + 2.0**-51, True)])
def test_what_is_proved_is_of_the_fit_that_was_given(by, good):
    """Covariances off by more than rounding are those of another fit."""
    fit = gs.Mixture([0.5, 0.5], [[-1.0], [1.0]], [0.49, 0.49 * by], "spherical")
    if good:
        assert lab.global_bound(fit, [[-1.0], [1.0]], 0.7).gain[1] > 0
    else:
        with pytest.raises(InvalidParameterError, match="covariances"):
            lab.global_bound(fit, [[-1.0], [1.0]], 0.7)
