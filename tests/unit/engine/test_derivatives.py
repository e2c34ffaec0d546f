"""Derivatives and rounding of the native engine against the reference engine."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import engine
from gmmscape.engine import reference
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.engine.rounding import reference_rounding
from gmmscape.threads import limited


def problem(n: int, d: int, k: int, spread: float) -> tuple[np.ndarray, np.ndarray, gs.Mixture]:
    rng = np.random.default_rng(n + d)
    means = spread * rng.standard_normal((k, d))
    X = means[rng.integers(k, size=n)] + rng.standard_normal((n, d))
    weights = rng.dirichlet(np.full(n, 3.0))
    return X, weights, gs.Mixture.location(means + 0.2, 0.9, rng.dirichlet(np.full(k, 5.0)))


@pytest.mark.parametrize("spread", [0.5, 5.0, 1e3])
@pytest.mark.parametrize(("n", "d", "k"), [(1, 1, 1), (300, 1, 3), (700, 2, 5), (600, 3, 6)])
def test_derivatives_agree_with_the_reference(isa: str, n: int, d: int, k: int, spread: float):
    X, weights, mixture = problem(n, d, k, spread)
    theirs = reference.location_derivatives(X, weights, mixture.parameters, hessian=True)
    ours = engine.hold(X, weights).derivatives(mixture.parameters, hessian=True)
    assert ours.nll == pytest.approx(theirs.nll, rel=1e-14)
    np.testing.assert_allclose(ours.mass, theirs.mass, atol=1e-14)
    np.testing.assert_allclose(ours.gradient, theirs.gradient, atol=1e-13)
    assert ours.hessian is not None
    assert theirs.hessian is not None
    np.testing.assert_allclose(ours.hessian, theirs.hessian, atol=1e-12)
    np.testing.assert_array_equal(ours.hessian, ours.hessian.T)
    without = engine.hold(X, weights).derivatives(mixture.parameters, hessian=False)
    assert without.hessian is None
    np.testing.assert_array_equal(without.gradient, ours.gradient)


@pytest.mark.parametrize("kind", ["spherical", "diag", "tied", "full"])
@pytest.mark.parametrize("origin", [None, np.array([1e3, -1e3])])
def test_rounding_is_estimated_alike(isa: str, kind: str, origin: np.ndarray | None):
    X, weights, location = problem(500, 2, 4, 4.0)
    covariances = {
        "spherical": np.full(4, 0.8),
        "diag": np.full((4, 2), 0.8),
        "tied": np.array([[1.0, 0.3], [0.3, 0.5]]),
        "full": np.tile(np.array([[1.0, 0.3], [0.3, 0.5]]), (4, 1, 1)),
    }[kind]
    mixture = gs.Mixture(location.weights, location.means, covariances, kind)
    theirs = reference_rounding(X, weights, mixture.parameters)
    rows = X if origin is None else X + origin
    ours = engine.hold(rows, weights, origin).rounding(mixture.parameters)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_bits_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.threads.machine_threads", lambda: 4)
    X, weights, mixture = problem(40_000, 2, 6, 2.0)
    found = []
    for threads in (1, 2, 3):
        with limited(threads):
            found.append(engine.hold(X, weights).derivatives(mixture.parameters, hessian=True))
    for other in found[1:]:
        assert other.nll == found[0].nll
        np.testing.assert_array_equal(other.gradient, found[0].gradient)
        np.testing.assert_array_equal(other.hessian, found[0].hessian)


def test_derivatives_of_unequal_widths_are_refused():
    if not available():
        pytest.skip("the extension is not built")
    X, weights, location = problem(10, 1, 2, 1.0)
    mixture = gs.Mixture(location.weights, location.means, [1.0, 2.0], "spherical")
    with pytest.raises(ValueError, match="equal spherical covariances"):
        engine.hold(X, weights).derivatives(mixture.parameters, hessian=False)
