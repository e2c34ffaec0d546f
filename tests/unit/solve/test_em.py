"""EM: monotone, honest about degeneracy, and no worse for being accelerated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Family, Floor, FreeCovariance, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, Solution, mixture_around, random_row_means, run
from marks import rest_slow

KINDS = ("spherical", "diag", "tied", "full")
both_ways = pytest.mark.parametrize("accelerate", [False, True], ids=["plain", "accelerated"])


def clouds(seed: int, gap: float = 3.0) -> lab.Sample:
    """Return a weighted sample of three tilted clouds in the plane."""
    rng = np.random.default_rng(seed)
    X = np.concatenate([rng.normal(gap * i, [1.0, 0.5 + 0.3 * i], (70, 2)) for i in range(3)])
    X[:, 1] += 0.4 * X[:, 0]
    return lab.Sample(X, rng.uniform(0.2, 2.0, len(X)))


def start_of(sample: lab.Sample, kind: str, seed: int) -> tuple[Family, gs.Mixture]:
    """Return a family and a start in the caller's coordinates."""
    rng = np.random.default_rng([seed, 1])
    means = random_row_means(sample, 3, rng) + sample.origin
    if kind == "location":
        return Location(0.9), gs.Mixture.location(means, 0.9)
    family = family_named(kind, Floor.of(sample.variance))
    return family, start_around(sample, family, means)


def start_around(sample: lab.Sample, family: Family, means: np.ndarray) -> gs.Mixture:
    """What `mixture_around` returns, in the caller's coordinates."""
    assert isinstance(family, FreeCovariance)
    return sample.callers_mixture(mixture_around(sample, family, means - sample.origin))


def fit(solver: EM, sample: lab.Sample, family: Family, start: gs.Mixture, **kwargs: Any) -> Solution:
    local = start.shifted(-sample.origin)
    return run(solver, Objective.near(sample, family, local), local, **kwargs)


@both_ways
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", [*KINDS, "location"])
def test_the_likelihood_never_falls(kind: str, seed: int, accelerate: bool):
    sample = clouds(seed)
    family, start = start_of(sample, kind, seed)
    solution = fit(EM(max_iter=20, accelerate=accelerate), sample, family, start)
    assert np.diff(solution.history).max() <= 1e-13 * abs(solution.nll)
    assert solution.history[-1] < solution.history[0] - 1e-2


@both_ways
@pytest.mark.parametrize("kind", KINDS)
def test_the_likelihood_never_falls_on_a_high_floor(kind: str, accelerate: bool):
    """Floor at a fifth of the data's variance: it binds, and EM still descends."""
    sample = clouds(5, gap=5.0)
    _, start = start_of(sample, kind, 5)
    family = family_named(kind, Floor.of(sample.variance, covariance_floor=0.2))
    solution = fit(EM(tol=1e-7, accelerate=accelerate), sample, family, start)
    assert solution.stop_reason == "converged"
    assert solution.floor_active
    assert np.diff(solution.history).max() <= 1e-13 * abs(solution.nll)


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_is_a_fixed_point_of_the_textbook_iteration(kind: str):
    """Weights, means and covariances are the moments under their own responsibilities."""
    sample = clouds(1, gap=5.0)
    family, start = start_of(sample, kind, 1)
    fitted = fit(EM(tol=1e-10), sample, family, start).mixture
    X = sample.points + sample.origin
    shares = sample.weights[:, None] * fitted.responsibilities(X)
    np.testing.assert_allclose(fitted.weights, shares.sum(axis=0), rtol=1e-7)
    means = [np.average(X, axis=0, weights=share) for share in shares.T]
    np.testing.assert_allclose(fitted.means, means, rtol=1e-7, atol=1e-7)
    moments = np.array([np.cov(X, rowvar=False, aweights=share, ddof=0) for share in shares.T])
    expected = {
        "spherical": np.trace(moments, axis1=1, axis2=2) / 2,
        "diag": np.diagonal(moments, axis1=1, axis2=2),
        "tied": np.average(moments, axis=0, weights=shares.sum(axis=0)),
        "full": moments,
    }[kind]
    np.testing.assert_allclose(fitted.covariances, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", [*KINDS, "location"])
def test_accelerated_reaches_the_same_optimum_in_fewer_iterations(kind: str):
    """Overlapping clouds, where plain EM is slow."""
    sample = clouds(2, gap=2.0)
    family, start = start_of(sample, kind, 19)
    begin = fit(EM(max_iter=20, accelerate=False), sample, family, start).mixture
    plain = fit(EM(tol=1e-6, accelerate=False), sample, family, begin)
    fast = fit(EM(tol=1e-6), sample, family, begin)
    assert plain.stop_reason == fast.stop_reason == "converged"
    assert fast.nll == pytest.approx(plain.nll, abs=1e-10)
    np.testing.assert_allclose(fast.means, plain.means, atol=1e-4)
    assert 2 * fast.n_iter < plain.n_iter


@pytest.mark.parametrize("kind", rest_slow(["full", "location", "spherical", "diag", "tied"], 2))
def test_acceleration_helps_from_whatever_start(kind: str):
    """Half the iterations, as above, is what one start shows: in total diag takes 0.56 times as many."""
    sample = clouds(2, gap=2.0)
    for seed in range(12):
        family, start = start_of(sample, kind, seed)
        begin = fit(EM(max_iter=20, accelerate=False), sample, family, start).mixture
        plain = fit(EM(tol=1e-6, accelerate=False), sample, family, begin)
        fast = fit(EM(tol=1e-6), sample, family, begin)
        assert plain.stop_reason == fast.stop_reason == "converged"
        assert fast.nll == pytest.approx(plain.nll, abs=1e-10)
        assert fast.n_iter < plain.n_iter


def test_one_component_is_solved_by_the_moments_in_one_step():
    sample = clouds(3)
    start = gs.Mixture(None, [[0.0, 0.0]], [np.eye(2)])
    solution = fit(EM(), sample, family_named("full", Floor(np.zeros(2))), start)
    X = sample.points + sample.origin
    assert solution.n_iter == 1
    np.testing.assert_allclose(solution.means[0], np.average(X, axis=0, weights=sample.weights), rtol=1e-12)
    expected = np.cov(X, rowvar=False, aweights=sample.weights, ddof=0)
    np.testing.assert_allclose(solution.mixture.covariances[0], expected, rtol=1e-11)
    # The NLL of a fitted Gaussian is (d log 2 pi + log det + d) / 2.
    nll = np.log(2 * np.pi) + 0.5 * np.linalg.slogdet(expected)[1] + 1.0
    assert solution.nll == pytest.approx(nll, rel=1e-12)


def duplicates() -> lab.Sample:
    """Return a cloud and, far from it, one row 20 times."""
    cloud = np.random.default_rng(0).normal(size=(40, 2))
    return lab.Sample(np.concatenate([cloud, np.tile([[20.0, 20.0]], (20, 1))]))


@both_ways
@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_a_collapse_onto_duplicates_without_floor_is_degenerate(kind: str, accelerate: bool):
    sample = duplicates()
    family = family_named(kind, Floor.of(sample.variance, covariance_floor=0.0))
    start = start_around(sample, family, np.array([[0.0, 0.0], [19.0, 19.0]]))
    solution = fit(EM(accelerate=accelerate), sample, family, start)
    assert solution.stop_reason == "degenerate"
    assert not solution.converged
    assert np.isfinite(solution.nll)
    assert np.isfinite(solution.history).all()
    np.testing.assert_array_less(0.0, np.linalg.eigvalsh(solution.mixture.full_covariances()))


@both_ways
@pytest.mark.parametrize("kind", KINDS)
def test_a_floor_keeps_the_same_data_from_collapsing(kind: str, accelerate: bool):
    sample = duplicates()
    family = family_named(kind, Floor.of(sample.variance))
    start = start_around(sample, family, np.array([[0.0, 0.0], [19.0, 19.0]]))
    solution = fit(EM(accelerate=accelerate), sample, family, start)
    assert solution.stop_reason == "converged"
    assert solution.floor_active == (kind != "tied")
    np.testing.assert_allclose(np.sort(solution.mixture.weights), [1 / 3, 2 / 3], rtol=1e-9)


def test_a_start_below_the_floor_is_lifted_onto_it():
    sample = clouds(4)
    family = family_named("full", Floor.of(sample.variance, covariance_floor=0.1))
    start = gs.Mixture(None, [[0.0, 0.0], [6.0, 8.0]], [1e-8 * np.eye(2)] * 2)
    solution = fit(EM(max_iter=1), sample, family, start)
    lifted = gs.Mixture(None, start.means, [np.diag(0.1 * sample.variance)] * 2)
    expected = -float(sample.weights @ lifted.log_density(sample.points + sample.origin))
    assert solution.history[0] == pytest.approx(expected, rel=1e-12)


@both_ways
def test_two_equal_components_stay_equal(accelerate: bool):
    """A symmetric start is never left by EM: the fit is that of one component."""
    sample = clouds(6)
    family = family_named("full", Floor.of(sample.variance))
    start = gs.Mixture(None, [[1.0, 1.0]] * 2, [np.eye(2)] * 2)
    double = fit(EM(accelerate=accelerate), sample, family, start)
    single = fit(EM(), sample, family, gs.Mixture(None, [[1.0, 1.0]], [np.eye(2)]))
    np.testing.assert_allclose(double.means[0], double.means[1], rtol=1e-9)
    assert double.nll == pytest.approx(single.nll, rel=1e-11)


@both_ways
def test_em_for_the_location_family_moves_means_only(accelerate: bool):
    sample = clouds(7)
    start = gs.Mixture.location([[0.0, 0.0], [3.0, 4.0]], 0.9, [0.25, 0.75])
    solution = fit(EM(accelerate=accelerate), sample, Location(0.9), start)
    assert solution.stop_reason == "converged"
    np.testing.assert_allclose(solution.mixture.weights, [0.25, 0.75], rtol=1e-12)
    np.testing.assert_allclose(solution.mixture.covariances, 0.81, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_of_weight_zero_stays_dead(kind: str):
    sample = clouds(8, gap=5.0)
    family, start = start_of(sample, kind, 8)
    dead = gs.Mixture([0.5, 0.5, 0.0], start.means, start.covariances, kind)
    covariances = start.covariances if kind == "tied" else start.covariances[:2]
    alive = gs.Mixture(None, start.means[:2], covariances, kind)
    with_dead = fit(EM(accelerate=False), sample, family, dead)
    without = fit(EM(accelerate=False), sample, family, alive)
    assert with_dead.mixture.weights[2] == 0.0
    np.testing.assert_allclose(with_dead.means[2], start.means[2], rtol=1e-12)
    np.testing.assert_allclose(with_dead.means[:2], without.means, rtol=1e-7)
    assert with_dead.nll == pytest.approx(without.nll, rel=1e-10)
    # Its gradient says nothing: the fit is no critical point of three components.
    assert with_dead.stop_reason == "plateau"


def test_a_component_narrower_than_the_rounding_of_the_data_is_degenerate():
    """Two rows 1e-17 apart among rows of spread 2: a variance float64 can hold and data cannot mean."""
    sample = lab.Sample(np.array([-3.0, -2.0, -1.0, 0.0, 1e-17, 1.0, 2.0, 3.0])[:, None])
    assert sample.origin == 0.0
    start = gs.Mixture(None, [[0.5], [0.0]], [4.0, 1e-33], "spherical")
    solution = fit(EM(), sample, family_named("spherical", Floor(np.zeros(1))), start)
    assert solution.stop_reason == "degenerate"
