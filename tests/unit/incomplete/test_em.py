"""EM on rows with missing values: monotone, exact, and honest about weights."""

from __future__ import annotations

import numpy as np
import pytest

from gmmscape import engine
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.families import CovariancePrior, Floor, family_named
from gmmscape.incomplete import OneGaussian, one_gaussian
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, Solution, descend, left_out_log_densities, run
from gmmscape.threads import limited
from oracles.missing_values import em_step, log_density

CENTERS = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 3.0], [0.0, 4.0, -3.0]])
EXACT = EM(tol=1e-9, max_iter=5000)


def rows(rng: np.random.Generator, n: int = 90, share: float = 0.3) -> np.ndarray:
    X = np.repeat(CENTERS, n // 3, axis=0) + rng.normal(size=(n, 3)) * [1.0, 0.7, 1.5]
    X[rng.random(X.shape) < share] = np.nan
    X[np.isnan(X).all(axis=1), 0] = 0.0
    return X


def fitted(
    X: np.ndarray, kind: str, weights: np.ndarray | None = None, solver: EM = EXACT, k: int = 3
) -> Solution:
    """Maximum likelihood from the same start, in the caller's coordinates."""
    sample = Sample(X, weights)
    family = family_named(kind, Floor(np.zeros(X.shape[1])))
    means = (CENTERS if k == 3 else np.zeros((1, X.shape[1]))) - sample.origin
    start = family.made(None, means, family.kind.repeated(4.0 * np.eye(X.shape[1]), k))
    return descend(solver, Objective.near(sample, family, start), start)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_of_what_is_observed_never_falls(kind: str, seed: int):
    X = rows(np.random.default_rng(seed))
    sample = Sample(X)
    family = family_named(kind, Floor(np.zeros(3)))
    start = family.made(None, CENTERS - sample.origin, family.kind.repeated(4.0 * np.eye(3), 3))
    found = run(EM(tol=1e-6, max_iter=300, accelerate=False), Objective.near(sample, family, start), start)
    assert len(found.history) > 5
    assert (np.diff(found.history) <= 1e-12).all()
    end = found.mixture
    expected = log_density(X, end.weights, end.means, end.full_covariances()).mean()
    assert -found.nll == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_it_ends_where_em_row_by_row_stands_still(kind: str, rng: np.random.Generator):
    X = rows(rng)
    end = fitted(X, kind).mixture
    each = np.full(len(X), 1.0 / len(X))
    weights, means, covariances = em_step(X, each, end.weights, end.means, end.full_covariances(), kind)
    np.testing.assert_allclose(weights, end.weights, atol=1e-7)
    np.testing.assert_allclose(means, end.means, atol=1e-6)
    np.testing.assert_allclose(covariances, end.full_covariances(), atol=1e-6)


def test_one_gaussian_and_a_monotone_pattern_have_a_closed_form(rng: np.random.Generator):
    """Where y is observed for the first m rows only: the factored likelihood (Anderson, JASA 52, 1957)."""
    n, m = 200, 120
    x = rng.normal(2.0, 3.0, n)
    y = 1.0 - 0.8 * x + rng.normal(0.0, 0.5, n)
    X = np.column_stack([x, np.where(np.arange(n) < m, y, np.nan)])
    mean_x, variance_x = x.mean(), x.var()
    slope = np.cov(x[:m], y[:m], bias=True)[0, 1] / x[:m].var()
    intercept = y[:m].mean() - slope * x[:m].mean()
    rest = (y[:m] - intercept - slope * x[:m]).var()
    mean = [mean_x, intercept + slope * mean_x]
    covariance = [
        [variance_x, slope * variance_x],
        [slope * variance_x, rest + slope**2 * variance_x],
    ]
    end = fitted(X, "full", k=1).mixture
    np.testing.assert_allclose(end.means[0], mean, rtol=1e-7)
    np.testing.assert_allclose(end.full_covariances()[0], covariance, rtol=1e-7)
    one = one_gaussian(X, np.full(n, 1.0 / n))
    np.testing.assert_allclose(one.mean, mean, rtol=1e-5)
    np.testing.assert_allclose(one.covariance, covariance, rtol=1e-5)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_a_whole_weight_is_a_row_so_many_times(kind: str, rng: np.random.Generator):
    X, each = rows(rng, 60), rng.integers(0, 4, 60)
    steps = EM(tol=0.0, max_iter=30, accelerate=False)
    weighted = fitted(X, kind, each.astype(float), steps)
    repeated = fitted(np.repeat(X, each, axis=0), kind, solver=steps)
    np.testing.assert_allclose(weighted.mixture.means, repeated.mixture.means, atol=1e-9)
    np.testing.assert_allclose(weighted.mixture.covariances, repeated.mixture.covariances, atol=1e-9)
    assert weighted.nll == pytest.approx(repeated.nll, abs=1e-10)
    again = fitted(X, kind, 7.0 * each, steps)
    np.testing.assert_allclose(again.mixture.means, weighted.mixture.means, atol=1e-9)


def test_weights_count_for_what_a_sample_says_of_itself(rng: np.random.Generator):
    X, each = rows(rng, 60), rng.integers(0, 4, 60)
    weighted, repeated = Sample(X, each), Sample(np.repeat(X, each, axis=0))
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-9)
    np.testing.assert_allclose(weighted.effective_rows, repeated.effective_rows, rtol=1e-9)
    assert weighted.counted_rows == repeated.counted_rows == each.sum()


def test_bits_do_not_depend_on_threads(rng: np.random.Generator):
    X = rows(rng, 9000)
    solver = EM(tol=1e-3, max_iter=15)
    with limited(1):
        one = fitted(X, "full", solver=solver)
    with limited(2):
        two = fitted(X, "full", solver=solver)
    np.testing.assert_array_equal(one.mixture.means, two.mixture.means)
    np.testing.assert_array_equal(one.mixture.covariances, two.mixture.covariances)


def test_units_do_not_matter(rng: np.random.Generator):
    X = rows(rng)
    scaled = fitted(1024.0 * X, "spherical", k=1)
    plain = fitted(X, "spherical", k=1)
    observed = np.count_nonzero(~np.isnan(X)) / len(X)
    np.testing.assert_allclose(scaled.mixture.means, 1024.0 * plain.mixture.means, rtol=1e-6)
    assert scaled.nll == pytest.approx(plain.nll + observed * np.log(1024.0), abs=1e-8)


@pytest.mark.parametrize("kind", ["diag", "full"])
def test_rows_left_out_are_judged_by_the_step_without_them(kind: str, rng: np.random.Generator):
    X = rows(rng, 60, 0.4)
    start = fitted(X, kind, solver=EM(max_iter=5)).mixture
    each = np.full(len(X), 1.0 / len(X))
    weights, means, covariances = em_step(X, each, start.weights, start.means, start.full_covariances(), kind)
    stored = covariances if kind == "full" else np.einsum("kdd->kd", covariances)
    step = Mixture(weights / weights.sum(), means, stored, kind)
    found = left_out_log_densities(step, X, start.responsibilities(X), len(X), 0.0)
    for i in range(0, len(X), 7):
        others = np.delete(np.arange(len(X)), i)
        part = np.full(len(others), 1.0 / len(others))
        apart = em_step(X[others], part, start.weights, start.means, start.full_covariances(), kind)
        assert found[i] == pytest.approx(log_density(X[[i]], *apart)[0], abs=1e-9)


def test_columns_without_spread_and_collinear_ones_are_seen(rng: np.random.Generator):
    X = rng.normal(size=(80, 3))
    X = np.column_stack([X, X[:, 0] - X[:, 1], np.full(80, 7.0)])
    X[rng.random(X.shape) < 0.1] = np.nan
    sample = Sample(X)
    assert sample.variance[4] == 0.0
    assert (sample.variance[:4] > 0.1).all()
    inner = sample.covariance[:4, :4]
    assert np.linalg.eigvalsh(inner)[0] < 1e-8 * np.linalg.eigvalsh(inner)[-1]
    filled = sample.filled(slice(None)) + sample.origin
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[:, 4], np.full(len(filled), 7.0))
    one = OneGaussian(np.array([1.0, 7.0]), np.diag([2.0, 0.0]))  # what has one value says nothing of others
    np.testing.assert_array_equal(one.completed(np.array([[np.nan, 7.0]])), [[1.0, 7.0]])


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
@pytest.mark.parametrize("accelerate", [False, True])
def test_the_compiled_loop_walks_as_the_one_in_python(kind: str, accelerate: bool, rng: np.random.Generator):
    X, each = rows(rng), rng.uniform(0.5, 2.0, 90)
    sample = Sample(X, each)
    prior = CovariancePrior(2.0, np.diag([1.0, 0.5, 2.0]), 90.0)
    family = family_named(kind, Floor(np.full(3, 1e-3)), prior)
    start = family.made(None, CENTERS - sample.origin, family.kind.repeated(4.0 * np.eye(3), 3))
    objective = Objective.near(sample, family, start)
    solver = EM(tol=1e-7, max_iter=40, accelerate=accelerate)
    compiled, python = descend(solver, objective, start), run(solver, objective, start)
    with engine.using("reference"):
        by_numpy = descend(solver, objective, start)
    assert compiled.n_iter == python.n_iter == by_numpy.n_iter > 10
    np.testing.assert_allclose(compiled.history, python.history, rtol=1e-12)
    np.testing.assert_allclose(compiled.history, by_numpy.history, rtol=1e-12)
    np.testing.assert_allclose(compiled.local.means, python.local.means, atol=1e-8)
    np.testing.assert_allclose(compiled.local.covariances, python.local.covariances, atol=1e-8)


def test_the_compiled_loop_is_what_runs(rng: np.random.Generator):
    """On the native engine no iteration comes back to Python."""
    X = rows(rng)
    seen: list[int] = []

    class Counted(EM):
        def step(self, objective, state):
            seen.append(1)
            return super().step(objective, state)

    fitted(X, "full", solver=Counted(max_iter=5))
    assert len(seen) == (0 if engine.info().engine == "native" else 5)
