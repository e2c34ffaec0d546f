"""Derivatives by the torch engine: against the reference engine and sixty digits, on PyTorch's CPU device."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from tests.unit.engine.test_information import FAMILIES, case, in_sixty_digits, relative
from tests.unit.engine.test_passes import problem

import gmmscape as gs
from gmmscape import engine

pytest.importorskip("torch", reason="PyTorch is not installed")

from gmmscape.engine import torch_device

KINDS = ("spherical", "diag", "tied", "full")


@pytest.fixture(autouse=True)
def on_the_cpu() -> Iterator[None]:
    with engine.using("torch", device="cpu"):
        yield


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 rows."""
    monkeypatch.setitem(torch_device.LARGEST_ARRAY, "cpu", 1)


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("hessian", [False, True])
def test_derivatives_of_the_location_family_agree(joint: bool, hessian: bool):
    X, weights, mixture = problem("location", 600, 3, 4)
    X[0] = 300.0
    p = gs.Mixture.location(mixture.means, 1.2, [0.1, 0.2, 0.3, 0.4]).parameters
    ours = engine.hold(X, weights / weights.sum())
    with engine.using("reference"):
        theirs = engine.hold(X, weights / weights.sum())
    a, b = (
        (held.joint_derivatives if joint else held.derivatives)(p, hessian=hessian) for held in (ours, theirs)
    )
    assert a.nll == pytest.approx(b.nll, rel=1e-13)
    np.testing.assert_allclose(a.gradient, b.gradient, atol=1e-13)
    np.testing.assert_allclose(a.mass, b.mass, rtol=1e-13)
    if hessian:
        np.testing.assert_allclose(a.hessian, b.hessian, atol=1e-12 * np.abs(b.hessian).max())
    else:
        assert a.hessian is None
    np.testing.assert_allclose(ours.rounding(p, joint=joint), theirs.rounding(p, joint=joint), rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_rounding_is_estimated_as_by_the_reference(kind: str):
    X, weights, mixture = problem(kind, 600, 3, 4)
    ours = engine.hold(X, weights).rounding(mixture.parameters)
    with engine.using("reference"):
        theirs = engine.hold(X, weights).rounding(mixture.parameters)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize(
    ("condition", "offset", "spread"), [(4.0, 0.0, 2.0), (1e8, 1e8, 1.0), (4.0, 0.0, 12.0)]
)
@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_are_those_of_sixty_digits(name: str, condition: float, offset: float, spread: float):
    condition = 4.0 if name.startswith("location") else condition
    it = case(name, n=9, d=2, k=2, condition=condition, offset=offset, spread=spread)
    gradient, hessian = in_sixty_digits(name, condition, offset, spread)
    units, ours = it.units, it.derivatives()
    free = units.free
    theirs = gradient / units.scale, hessian / units.scale / units.scale[:, None]
    assert relative(ours[0][free], theirs[0][free]) < 1e-10
    assert relative(ours[1][np.ix_(free, free)], theirs[1][np.ix_(free, free)]) < 1e-8


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("n", "d", "k"), [(2, 1, 1), (300, 1, 3), (700, 3, 5), (300, 5, 4)])
@pytest.mark.parametrize("spread", [0.5, 4.0, 30.0])
@pytest.mark.parametrize("name", FAMILIES)
def test_information_agrees_with_the_reference(name: str, spread: float, n: int, d: int, k: int):
    it = case(name, n=n, d=d, k=k, spread=spread)
    ours = it.objective.information(it.mixture, missing=True)
    with engine.using("reference"):
        theirs = it.objective.information(it.mixture, missing=True)
    for one, other in zip(ours.moments, theirs.moments, strict=True):
        allowed = 1e-12 * (1.0 + np.abs(other).max(initial=0.0))
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=allowed)
    assert ours.missing is not None
    assert theirs.missing is not None
    size = max(float(np.abs(theirs.missing).max()), 1.0)
    np.testing.assert_allclose(ours.missing, theirs.missing, atol=1e-12 * size)
    np.testing.assert_array_equal(ours.missing, ours.missing.T)
    without = it.objective.information(it.mixture, missing=False)
    assert without.missing is None
    assert without.moments.log_likelihood == pytest.approx(theirs.moments.log_likelihood, rel=1e-14)


@pytest.mark.parametrize("d", [1, 2, 4, 9])
@pytest.mark.parametrize("spread", [0.5, 4.0, 200.0])
@pytest.mark.parametrize("name", FAMILIES)
def test_products_are_those_of_the_whole_hessian(name: str, spread: float, d: int):
    it = case(name, n=700, d=d, k=4, spread=spread)
    _, hessian = it.derivatives()
    vector = np.random.default_rng(3).standard_normal(it.units.size)
    found, expected = it.product(vector), hessian @ vector
    assert np.linalg.norm(found - expected) <= 1e-11 * np.linalg.norm(expected)


@pytest.mark.parametrize("scatter", ["none", *KINDS])
def test_derivatives_of_rows_out_of_reach_are_those_of_the_reference(scatter: str):
    X = np.array([[0.0], [1.0], [1e200]])
    p = gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 2.0], "spherical").parameters
    ours = engine.hold(X)
    with engine.using("reference"):
        theirs = engine.hold(X)
    size = 5 if scatter == "tied" else 4 if scatter == "none" else 6
    direction = np.linspace(-1.0, 1.0, size)
    with np.errstate(over="ignore", invalid="ignore"):
        pairs = [
            (rows.information(p, scatter, missing=False).moments, rows.missing_product(p, scatter, direction))
            for rows in (ours, theirs)
        ]
    for a, b in zip(*pairs, strict=True):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(one, other)
