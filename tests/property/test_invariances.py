"""Linear maps, and scales and shifts far beyond those of the other properties: EM from the mapped start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gmmscape as gs
from gmmscape import lab
from gmmscape.arrays import FloatArray
from gmmscape.families import Floor, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, Solution, run

KINDS = ["spherical", "diag", "tied", "full"]
D = 3
CENTERS = np.array([[0.0, 0.0, 1.0], [6.0, 1.0, -2.0], [2.0, 7.0, 4.0]])
kinds = pytest.mark.parametrize("kind", KINDS)
seeds = st.integers(0, 2**31)


def problem(seed: int, kind: str) -> tuple[FloatArray, gs.Mixture]:
    """Three clusters, each wide in directions of its own, and a start somewhere near."""
    rng = np.random.default_rng(seed)
    X = np.concatenate([c + rng.normal(size=(40, D)) @ rng.normal(size=(D, D)) for c in CENTERS])
    matrix = np.cov(X.T) / 4
    return X, start_of(CENTERS + rng.normal(size=CENTERS.shape), matrix, kind)


def start_of(means: FloatArray, matrix: FloatArray, kind: str) -> gs.Mixture:
    """Three components of that covariance, or what is nearest to it in a narrower kind."""
    covariances = {
        "full": np.tile(matrix, (3, 1, 1)),
        "tied": matrix,
        "diag": np.tile(np.diag(matrix), (3, 1)),
        "spherical": np.full(3, np.trace(matrix) / D),
    }[kind]
    return gs.Mixture(
        None,
        means,
        (covariances + covariances.swapaxes(-1, -2)) / 2 if kind in ("full", "tied") else covariances,
        kind,
    )


def em(X: FloatArray, start: gs.Mixture, *, floor: float = 0.0, iterations: int = 10) -> Solution:
    """Plain EM, without a floor unless one relative to the data is asked for."""
    sample = lab.Sample(X)
    family = family_named(start.covariance_type, Floor.of(sample.variance, covariance_floor=floor))
    local = start.shifted(-sample.origin)
    objective = Objective.near(sample, family, local)
    return run(EM(tol=0.0, max_iter=iterations, accelerate=False), objective, local)


def mapping(rng: np.random.Generator, kind: str) -> FloatArray:
    """A map under which the family stays what it is, of a condition up to 1e4."""
    turn, other = (np.linalg.qr(rng.normal(size=(D, D)))[0] for _ in range(2))
    widths = 10.0 ** rng.uniform(-2, 2, D)
    return {"spherical": turn * 10.0 ** rng.uniform(-3, 3), "diag": np.diag(widths)}.get(
        kind, (turn * widths) @ other
    )


def mapped(start: gs.Mixture, A: FloatArray) -> gs.Mixture:
    matrices = A @ start.full_covariances() @ A.T
    matrices = (matrices + matrices.swapaxes(1, 2)) / 2
    kind = start.covariance_type
    covariances = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.diagonal(matrices, axis1=1, axis2=2),
        "spherical": np.trace(matrices, axis1=1, axis2=2) / D,
    }[kind]
    return gs.Mixture(start.weights, start.means @ A.T, covariances, kind)


@kinds
@given(seed=seeds)
@settings(max_examples=25)
def test_maps_of_the_family_change_the_likelihood_by_their_determinant(kind: str, seed: int):
    X, start = problem(seed, kind)
    A = mapping(np.random.default_rng(seed + 1), kind)
    one, other = em(X, start), em(X @ A.T, mapped(start, A))
    # A component that collapses onto few rows makes more of rounding than of the rows; the solver says so,
    # or is on the way there when iterations run out.
    reasons = {one.stop_reason, other.stop_reason}
    assert not {"degenerate", "converged"} <= reasons
    assume("degenerate" not in reasons)
    assert other.nll - np.linalg.slogdet(A)[1] == pytest.approx(one.nll, rel=1e-8, abs=1e-8)
    there = other.mixture.responsibilities(X @ A.T)
    np.testing.assert_allclose(there, one.mixture.responsibilities(X), atol=1e-6)


def test_diagonal_covariances_do_not_follow_a_rotation():
    """The control, and what docs/numerics.md says by "rotations (where the family allows them)"."""
    X, start = problem(0, "diag")
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(D, D)))[0]
    one, other = em(X, start), em(X @ turn.T, mapped(start, turn))
    assert abs(other.nll - one.nll) > 1e-2


@kinds
@pytest.mark.parametrize("exponent", [-500, -40, 40, 500])
def test_scales_near_the_ends_of_float64(kind: str, exponent: int):
    X, start = problem(5, kind)
    A = np.ldexp(np.eye(D), exponent)
    one, other = em(X, start, floor=1e-6), em(np.ldexp(X, exponent), mapped(start, A), floor=1e-6)
    shift = D * exponent * np.log(2.0)
    assert other.nll - shift == pytest.approx(one.nll, rel=1e-11, abs=1e-13 * abs(shift))
    there = other.mixture.responsibilities(np.ldexp(X, exponent))
    np.testing.assert_allclose(there, one.mixture.responsibilities(X), atol=1e-12)


@kinds
@pytest.mark.parametrize(("size", "tolerance"), [(1e4, 1e-9), (1e8, 1e-9), (1e12, 1e-6)])
def test_shifts_up_to_where_few_digits_are_left(kind: str, size: float, tolerance: float):
    """Y = fl(X + c), and Z = Y - c, which is exact: both have the same rows to see."""
    X, start = problem(7, kind)
    c = size * X.std(axis=0)
    Y = X + c
    far = start.shifted(c)
    one, other = em(Y - c, far.shifted(-c)), em(Y, far)
    assert abs(one.nll - other.nll) <= tolerance
    small = max(tolerance, 1e-8)
    np.testing.assert_allclose(other.mixture.weights, one.mixture.weights, atol=small)
    np.testing.assert_allclose(other.mixture.covariances, one.mixture.covariances, atol=small)
    assert np.all(np.abs(other.means - (one.means + c)) <= 4 * np.spacing(c))


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_the_largest_and_smallest_units_are_fitted(scale: float):
    X, _ = problem(3, "full")
    plain, scaled = (
        gs.GaussianMixture(3, means_init=unit * CENTERS, random_state=0).fit(unit * X)
        for unit in (1.0, scale)
    )
    assert scaled.lower_bound_ + D * np.log(scale) == pytest.approx(plain.lower_bound_, rel=1e-11)
    np.testing.assert_allclose(scaled.predict_proba(scale * X), plain.predict_proba(X), atol=1e-9)
    for beyond in (scale**1.1, scale**2):
        with pytest.raises(gs.DataError, match=r"variance of column 0 is not representable .*: rescale"):
            gs.GaussianMixture(3, random_state=0).fit(beyond * X)


@pytest.mark.parametrize("covariance_prior", [0.0, "auto"])
def test_in_one_column_three_kinds_are_one(covariance_prior: float | str):
    X = np.random.default_rng(2).normal([[0.0], [5.0], [9.0]], [[1.0], [0.5], [2.0]], (3, 50)).reshape(-1, 1)
    fits = [
        gs.GaussianMixture(
            3, covariance_type=kind, means_init=[[0.0], [5.0], [9.0]], covariance_prior=covariance_prior
        ).fit(X)
        for kind in ("spherical", "diag", "full")
    ]
    for other in fits[1:]:
        np.testing.assert_allclose(other.covariances_.ravel(), fits[0].covariances_.ravel(), rtol=1e-12)
        np.testing.assert_allclose(other.means_, fits[0].means_, rtol=1e-12)
        assert other.lower_bound_ == pytest.approx(fits[0].lower_bound_, rel=1e-13)
