"""Nonparametric fits: the best of all mixtures with one sigma, to a proved gap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError

pytest.importorskip("flint")


def clusters(seed, d, n=25):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(n, d)) + 4 * center for center in rng.normal(size=(3, d))])


def log_densities(x, means, sigma):
    squares = ((x[:, None, :] - means) ** 2).sum(axis=2)
    return -0.5 * squares / sigma**2 - 0.5 * x.shape[1] * np.log(2 * np.pi * sigma**2)


@pytest.mark.parametrize(("seed", "d", "sigma"), [(0, 1, 1.0), (1, 1, 0.4), (2, 2, 1.2)])
def test_no_mixture_is_better(seed, d, sigma):
    x = clusters(seed, d)
    fit = lab.nonparametric(x, sigma)
    assert fit.stop_reason == "completed"
    assert fit.gap[1] <= 1e-6
    logs = logsumexp(log_densities(x, fit.support, sigma) + np.log(fit.weights), axis=1)
    assert fit.nll == pytest.approx(-logs.mean(), abs=1e-12)
    # Lindsay's conditions, by the formula: D is zero on the support, and nowhere above.
    d_of = lambda points: np.exp(log_densities(x, points, sigma) - logs[:, None]).mean(axis=0) - 1  # noqa: E731
    assert np.abs(d_of(fit.support)).max() < 1e-6
    assert d_of(x).max() <= fit.gap[1]
    # EM from every row, which may use all weights there are, comes close from below.
    mu, pi = x.copy(), np.full(len(x), 1 / len(x))
    for _ in range(300):
        r = log_densities(x, mu, sigma) + np.log(np.maximum(pi, 1e-300))
        whole = logsumexp(r, axis=1)
        r = np.exp(r - whole[:, None])
        pi = r.mean(axis=0)
        mu = (r.T @ x) / np.maximum(r.sum(axis=0), 1e-300)[:, None]
    assert -fit.gap[1] <= whole.mean() + fit.nll + fit.gap[1] + 1e-3
    assert whole.mean() <= -fit.nll + fit.gap[1]


def test_rows_within_sigma_have_one_component():
    x = np.random.default_rng(0).normal(0.0, 0.3, (20, 2))
    fit = lab.nonparametric(x, 1.0)
    assert fit.n_components == 1
    np.testing.assert_allclose(fit.support[0], x.mean(axis=0), atol=1e-9)
    assert fit.gap[1] < 1e-11


def test_units_and_weights_change_nothing_else():
    x = clusters(3, 1)
    fit = lab.nonparametric(x, 1.0)
    other = lab.nonparametric(1000.0 + 5 * x, 5.0)
    np.testing.assert_allclose(other.support, 1000.0 + 5 * fit.support, atol=1e-4)
    np.testing.assert_allclose(other.weights, fit.weights, atol=1e-5)
    twice = lab.nonparametric(np.concatenate([x, x[:10]]), 1.0)
    counted = lab.nonparametric(x, 1.0, sample_weight=[2.0] * 10 + [1.0] * (len(x) - 10))
    assert counted.nll == pytest.approx(twice.nll, abs=1e-6)
    assert abs(counted.nll - fit.nll) > 1e-4


def test_what_ends_early_says_so_and_is_proved():
    x = clusters(2, 2, n=60)
    fit = lab.nonparametric(x, 0.5, max_seconds=0.0)
    assert fit.stop_reason == "time_limit"
    assert fit.gap[1] >= fit.gap[0] >= 0
    assert "time_limit" in str(fit)
    with pytest.raises(InvalidParameterError, match="sigma"):
        lab.nonparametric(x, -1.0)


def test_ctrl_c_in_the_rounds_leaves_what_is_found():
    def press(event):
        if event.stage == "rounds":
            raise KeyboardInterrupt

    fit = lab.nonparametric([[0.0], [2.5], [6.0]], 1.0, callback=press)
    assert fit.stop_reason == "interrupted"
    assert fit.gap[1] >= fit.gap[0] >= 0


def test_fits_are_behind_the_best_by_what_they_lack():
    x = clusters(1, 1)
    fit = lab.nonparametric(x, 1.0)
    low, high = fit.behind(x[:3], [0.2, 0.3, 0.5])
    logs = logsumexp(log_densities(x, x[:3], 1.0) + np.log([0.2, 0.3, 0.5]), axis=1)
    assert low == pytest.approx(-logs.mean() - fit.nll, abs=1e-12)
    assert low < high <= low + 1e-6
    assert high <= lab.global_bound(x[:3], x, 1.0, [0.2, 0.3, 0.5]).gain[1]
    assert fit.behind(fit.mixture)[0] == 0.0
    with pytest.raises(InvalidParameterError, match="sigma"):
        fit.behind(gs.Mixture.location([0.0], 2.0))


@pytest.mark.slow
def test_close_components_are_one_where_that_is_as_good():
    rng = np.random.default_rng(1)
    centers = np.array([[0.0, 0.0], [2.5, 0.0], [8.0, 1.0], [3.0, 7.0]])
    fit = lab.nonparametric(np.concatenate([rng.normal(size=(75, 2)) + center for center in centers]), 1.0)
    apart = np.linalg.norm(fit.support[:, None] - fit.support, axis=2)[np.triu_indices(fit.n_components, 1)]
    assert apart.min() > 0.2


def test_files(tmp_path):
    fit = lab.nonparametric(clusters(0, 1), 1.0)
    fit.to_json(tmp_path / "fit.json")
    assert lab.NonparametricFit.from_json(tmp_path / "fit.json") == fit


def test_rows_of_next_to_no_weight_have_their_components_too():
    fit = lab.nonparametric([[0.0], [1.0], [36.0]], 1.0, sample_weight=[1.0, 1.0, 1e-10])
    assert fit.gap[1] <= 1e-6
    assert fit.weights[-1] == pytest.approx(1e-10 / (2 + 1e-10), rel=1e-6)
    assert fit.support[-1, 0] == pytest.approx(36.0, abs=1e-6)
