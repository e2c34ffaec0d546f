"""What EM promises for every family, weighting, floor and start (docs/numerics.md#rules)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, Solution, kmeans_plusplus_means, mixture_around, run

KINDS = ["location", "spherical", "diag", "tied", "full"]
TOO_FEW_TO_CONVERGE = 40

problems = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**31),
        "kind": st.sampled_from(KINDS),
        "n": st.integers(30, 120),
        "d": st.integers(1, 4),
        "k": st.integers(1, 5),
        "spread": st.sampled_from([0.0, 1.0, 5.0, 30.0]),
        "weighting": st.sampled_from(["none", "smooth", "zeros", "heavy"]),
        "floor": st.sampled_from([1e-6, 1e-3, 0.3]),
    }
)


class Problem:
    """Data, weights and a start drawn from a description."""

    def __init__(self, seed, kind, n, d, k, spread, weighting, floor):
        rng = np.random.default_rng(seed)
        self.kind, self.k, self.floor = kind, k, floor
        self.X = rng.normal(size=(n, d)) + spread * rng.normal(size=(k, d))[rng.integers(k, size=n)]
        self.weights = {
            "none": None,
            "smooth": rng.uniform(0.5, 1.5, n),
            "zeros": rng.integers(0, 3, n) + (np.arange(n) < k).astype(float),
            "heavy": np.exp(4 * rng.normal(size=n)),
        }[weighting]
        sample = lab.Sample(self.X, self.weights)
        means = kmeans_plusplus_means(sample, k, rng) + sample.origin
        if kind == "location":
            self.start = gs.Mixture.location(means, 1.0)
        else:
            local = mixture_around(sample, self.family(sample), means - sample.origin)
            self.start = sample.callers_mixture(local)

    def family(self, sample):
        if self.kind == "location":
            return Location(1.0)
        return family_named(self.kind, Floor.of(sample.variance, covariance_floor=self.floor))

    def fit(self, X=None, weights=None, start=None, *, family=None, max_iter=30, accelerate=True) -> Solution:
        X, start = self.X if X is None else X, start or self.start
        sample = lab.Sample(X, self.weights if weights is None else weights)
        local = start.shifted(-sample.origin)
        objective = Objective.near(sample, family or self.family(sample), local)
        return run(EM(tol=0.0, max_iter=max_iter, accelerate=accelerate), objective, local)


def _assert_same(a: Solution, b: Solution, tolerance: float, *, scale: float = 1.0) -> None:
    assert abs(a.nll - b.nll) <= tolerance * (1 + abs(a.nll))
    assert np.abs(a.mixture.weights - b.mixture.weights).max() <= tolerance
    assert np.abs(a.means - b.means).max() <= tolerance * scale
    assert np.abs(a.mixture.covariances - b.mixture.covariances).max() <= tolerance * scale**2


@given(problem=problems, accelerate=st.booleans())
@settings(max_examples=150)
def test_the_objective_never_rises(problem, accelerate):
    solution = Problem(**problem).fit(max_iter=TOO_FEW_TO_CONVERGE, accelerate=accelerate)
    values = np.array(solution.history)
    assert np.all(np.diff(values) <= 1e-9 * (1 + np.abs(values[:-1])))
    assert np.isfinite(values).all()


@given(problem=problems)
@settings(max_examples=60)
def test_order_of_rows_and_components_does_not_matter(problem):
    """To 1e-10 after a few steps from the same start; later, instability of the path amplifies rounding."""
    p = Problem(**problem)
    rng = np.random.default_rng(p.k)
    rows, labels = rng.permutation(len(p.X)), rng.permutation(p.k)
    plain = p.fit(max_iter=5, accelerate=False)
    size = 1 + np.abs(p.X).max()
    weights = None if p.weights is None else p.weights[rows]
    _assert_same(plain, p.fit(p.X[rows], weights, max_iter=5, accelerate=False), 1e-10, scale=size)
    relabelled = p.fit(start=p.start.permuted(labels), max_iter=5, accelerate=False)
    back = replace(relabelled, local=relabelled.local.permuted(np.argsort(labels)))
    _assert_same(plain, back, 1e-10, scale=size)


@given(problem=problems, exponent=st.sampled_from([-40, 1, 40]))
@example(  # responsibilities that would be subnormal
    problem={
        "seed": 9521, "kind": "full", "n": 30, "d": 2, "k": 3,
        "spread": 0.0, "weighting": "heavy", "floor": 1e-3,
    },
    exponent=1,
)  # fmt: skip
@settings(max_examples=60)
def test_scaling_by_a_power_of_two_is_exact(problem, exponent):
    p = Problem(**problem)
    scale = 2.0**exponent
    start = gs.Mixture(
        p.start.weights, scale * p.start.means, scale**2 * p.start.covariances, p.start.covariance_type
    )
    family = Location(scale) if p.kind == "location" else None
    a, b = p.fit(), p.fit(scale * p.X, start=start, family=family)
    assert a.n_iter == b.n_iter
    assert np.array_equal(scale * a.means, b.means)
    assert np.array_equal(a.mixture.weights, b.mixture.weights)
    assert np.array_equal(scale**2 * a.mixture.covariances, b.mixture.covariances)
    shift = p.X.shape[1] * exponent * np.log(2.0)
    assert b.nll - shift == pytest.approx(a.nll, rel=1e-13, abs=1e-12 + 1e-15 * abs(shift))


@given(problem=problems, size=st.sampled_from([1e4, 1e8]))
@settings(max_examples=60)
def test_shift(problem, size):
    """Y = fl(X + c) and Z = Y - c have the same fit, from starts that differ by c as exactly as they."""
    p = Problem(**problem)
    c = size * p.X.std(axis=0)
    Y, start = p.X + c, p.start.shifted(c)
    Z = Y - c
    a, b = p.fit(Z, start=start.shifted(-c)), p.fit(Y, start=start)
    assert a.n_iter == b.n_iter
    assert abs(a.nll - b.nll) <= 1e-9
    assert np.abs(a.mixture.weights - b.mixture.weights).max() <= 1e-8
    assert np.abs(a.mixture.covariances - b.mixture.covariances).max() <= 1e-8
    assert np.all(np.abs(b.means - (a.means + c)) <= 4 * np.spacing(c))


@given(problem=problems)
@settings(max_examples=60)
def test_integer_weights_are_repeated_rows(problem):
    p = Problem(**{**problem, "weighting": "zeros"})
    repeated = np.repeat(p.X, p.weights.astype(int), axis=0)
    a = p.fit(max_iter=5, accelerate=False)
    b = p.fit(repeated, np.ones(len(repeated)), max_iter=5, accelerate=False)
    _assert_same(a, b, 1e-10, scale=1 + np.abs(p.X).max())


@given(problem=problems)
@settings(max_examples=60)
def test_rotation(problem):
    """For the families whose constraint set a rotation keeps: their floor off where it is per column."""
    p = Problem(**{**problem, "kind": {"diag": "full"}.get(problem["kind"], problem["kind"])})
    d = p.X.shape[1]
    turn, _ = np.linalg.qr(np.random.default_rng(d).normal(size=(d, d)))
    covariances = p.start.covariances
    if p.kind in ("full", "tied"):
        covariances = turn @ covariances @ turn.T
    start = gs.Mixture(p.start.weights, p.start.means @ turn.T, covariances, p.start.covariance_type)
    family = Location(1.0) if p.kind == "location" else family_named(p.kind, Floor(np.zeros(d)))
    a = p.fit(max_iter=3, accelerate=False, family=family)
    b = p.fit(p.X @ turn.T, start=start, max_iter=3, accelerate=False, family=family)
    size = 1 + np.abs(p.X).max()
    # A component on a few rows amplifies the rounding of the rotation, up to collapsing in one of them only.
    assume("degenerate" not in (a.stop_reason, b.stop_reason))
    assume(np.linalg.eigvalsh(a.mixture.full_covariances()).min() > 1e-4)
    assert abs(a.nll - b.nll) <= 1e-9 * (1 + abs(a.nll))
    assert np.abs(a.means @ turn.T - b.means).max() <= 1e-9 * size
