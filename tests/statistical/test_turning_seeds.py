"""What is random is distributed as it says, with a seed of each day.

Each test asks whether deviations are those that chance makes, and fails by chance alone once in a hundred
thousand runs. Beside it stands a control: the same numbers with a fault of a few percent, which has to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import gmmscape as gs
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks, coreset_of, facts_of

pytestmark = pytest.mark.statistical

Array = NDArray[np.float64]
#: Chance of a failure where nothing is wrong.
CHANCE = 1e-5
KINDS = ("full", "tied", "diag", "spherical")


def chance_of_scores(z: Array) -> float:
    """Chance that independent standard normal numbers have such a mean or such a sum of squares."""
    total = stats.chi2(len(z))
    square = float(z @ z)
    wide = 2.0 * min(total.cdf(square), total.sf(square))
    shifted = 2.0 * stats.norm.sf(abs(z.sum()) / np.sqrt(len(z)))
    return min(1.0, 2.0 * min(wide, shifted))


def some_mixture(kind: str, rng: np.random.Generator, k: int = 3, d: int = 2) -> gs.Mixture:
    """A mixture with clusters that hardly overlap."""
    roots = np.eye(d) + 0.4 * rng.standard_normal((k, d, d))
    full = roots @ roots.transpose(0, 2, 1)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "spherical": full[:, 0, 0],
    }[kind]
    means = 9.0 * np.arange(k)[:, None] + rng.standard_normal((k, d))
    return gs.Mixture(rng.dirichlet(np.full(k, 5.0)), means, covariances, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_drawn_follow_the_mixture(kind: str, rng: np.random.Generator):
    mixture = some_mixture(kind, rng)
    n, d = 40_000, mixture.n_features
    X, labels = mixture.sample(n, rng)
    counts = np.bincount(labels, minlength=mixture.n_components)
    weights = mixture.weights
    assert stats.chisquare(counts, n * weights).pvalue > CHANCE
    squares = np.empty(n)
    for i in range(mixture.n_components):
        own = labels == i
        gaps = X[own] - mixture.means[i]
        squares[own] = np.einsum("nd,nd->n", gaps, np.linalg.solve(_full(mixture, i), gaps.T).T)
    assert stats.kstest(squares, stats.chi2(d).cdf).pvalue > CHANCE
    assert stats.kstest(squares / 1.1, stats.chi2(d).cdf).pvalue < CHANCE
    assert stats.chisquare(counts, n * np.roll(weights, 1)).pvalue < CHANCE


def _full(mixture: gs.Mixture, i: int) -> Array:
    d, C = mixture.n_features, mixture.covariances
    if mixture.covariance_type == "full":
        return C[i]
    if mixture.covariance_type == "tied":
        return C
    return np.diag(np.broadcast_to(C[i], d))


def test_standard_errors_are_those_of_estimates(rng: np.random.Generator):
    """Of means of clusters that hardly overlap, 120 rows each and more."""
    truth = gs.Mixture([0.4, 0.6], [[0.0, 0.0], [9.0, 2.0]], [[1.0, 2.0], [0.5, 1.0]], "diag")
    scores = []
    for _ in range(100):
        X, _ = truth.sample(400, rng)
        model = gs.GaussianMixture(
            2, covariance_type="diag", covariance_prior=0, means_init=truth.means, tol=1e-9
        ).fit(X)
        errors = np.sqrt(model.covariances_ / (len(X) * model.weights_[:, None]))
        told = gs.standard_errors(model, X, method="observed")
        means = [one for one in told.estimates if one.kind == "mean"]
        stated = np.array([one.standard_error for one in means]).reshape(2, 2)
        np.testing.assert_allclose(stated, errors, rtol=0.05)
        scores.append((model.means_ - truth.means) / stated)
    z = np.array(scores).ravel()
    # Estimated deviations make Student's t of these, whose variance is a little above one.
    z /= np.sqrt(1.0 + 2.0 / 160.0)
    assert chance_of_scores(z) > CHANCE
    assert chance_of_scores(z / 0.75) < CHANCE
    assert chance_of_scores(z + 0.35) < CHANCE


def test_coresets_are_unbiased(rng: np.random.Generator):
    truth = some_mixture("full", rng, k=5)
    X, _ = truth.sample(30_000, rng)
    other = gs.Mixture(truth.weights, truth.means + 0.3, 1.2 * truth.covariances, "full")
    whole = float(np.mean(other.log_density(X)))
    rows = LocalBlocks(ArrayBlocks(np.array_split(X, 7)))
    facts = facts_of(rows)
    weighted, equal = np.empty((2, 60))
    for i in range(60):
        few = coreset_of(rows, facts, 1_500, int(rng.integers(1 << 30)))
        density = other.log_density(few.points)
        weighted[i] = float(few.weights @ density) / len(X)
        equal[i] = float(np.mean(density))
    assert stats.ttest_1samp(weighted, whole).pvalue > CHANCE
    assert stats.ttest_1samp(equal, whole).pvalue < CHANCE


def test_errors_of_divergences_are_those_of_draws(rng: np.random.Generator):
    p = some_mixture("full", rng)
    q = gs.Mixture(p.weights, p.means + 0.5, p.covariances, "full")
    found = [gs.divergence(p, q, error=0.02, rng=int(rng.integers(1 << 30))) for _ in range(120)]
    values, errors = np.array([(one.value, one.standard_error) for one in found]).T
    gaps = (values[::2] - values[1::2]) / np.hypot(errors[::2], errors[1::2])
    assert chance_of_scores(gaps) > CHANCE
    assert chance_of_scores(gaps / 0.6) < CHANCE


def test_good_fits_are_seldom_accused_and_bad_ones_mostly(rng: np.random.Generator):
    """The true fit is called bad less often than once in twenty; one mean on two clusters, mostly."""
    accused, caught, runs = 0, 0, 60
    for i in range(runs):
        truth = some_mixture("spherical", rng)
        X, _ = truth.sample(300, rng)
        accused += gs.diagnose(truth, X, covariance_type="spherical", rng=i).verdict == "bad optimum"
        middle = np.stack([truth.means[0] - 0.5, truth.means[0] + 0.5, truth.means[1:].mean(axis=0)])
        stuck = gs.Mixture(None, middle, [1.0, 1.0, 40.0], "spherical")
        caught += gs.diagnose(stuck, X, covariance_type="spherical", rng=i).verdict == "bad optimum"
    assert stats.binomtest(accused, runs, 0.05, alternative="greater").pvalue > CHANCE
    assert stats.binomtest(caught, runs, 0.05, alternative="greater").pvalue < CHANCE
    assert caught > 0.9 * runs
