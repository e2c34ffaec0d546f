"""A third engine plugs in by registration alone, and serves a fit, a diagnosis and an exploration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from tests.engines import whole_arrays
from tests.engines.whole_arrays import WholeArraysEngine

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.engine.extension import native
from marks import rest_slow

NAME = "whole-arrays"
KINDS = ("spherical", "diag", "tied", "full")


@pytest.fixture(autouse=True)
def third() -> Iterator[None]:
    engine.register(NAME, WholeArraysEngine)
    with engine.using(NAME):
        yield


def case(kind: str, n: int = 700, d: int = 3, k: int = 4) -> tuple[np.ndarray, np.ndarray, gs.Mixture]:
    rng = np.random.default_rng(3)
    means = 3.0 * rng.standard_normal((k, d))
    X = means[rng.integers(k, size=n)] + rng.standard_normal((n, d))
    roots = np.eye(d) + 0.3 * np.tril(rng.standard_normal((k, d, d)), -1)
    full = roots @ np.swapaxes(roots, 1, 2)
    covariances = {
        "spherical": rng.uniform(0.5, 2.0, k),
        "diag": rng.uniform(0.5, 2.0, (k, d)),
        "tied": full[0],
        "full": full,
    }[kind]
    return X, rng.uniform(0.5, 1.5, n) / n, gs.Mixture(None, means, covariances, kind)


def test_it_is_no_longer_than_a_page_of_code():
    assert len(Path(whole_arrays.__file__).read_text(encoding="utf-8").splitlines()) <= 150


def test_it_is_the_one_that_computes():
    assert engine.info().engine == NAME
    with engine.using("reference"):
        assert engine.info().engine == "reference"
    assert engine.info().engine == NAME


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("origin", [None, np.array([5.0, -2.0, 1.0])])
def test_it_agrees_with_the_reference(kind: str, origin: np.ndarray | None):
    X, weights, mixture = case(kind)
    if origin is not None:
        mixture = mixture.shifted(-origin)
    p = mixture.parameters
    ours = engine.hold(X, weights, origin)
    with engine.using("reference"):
        theirs = engine.hold(X, weights, origin)
    assert type(ours) is not type(theirs)
    a, b = ours.statistics(p, kind), theirs.statistics(p, kind)
    for one, other in ((a.mass, b.mass), (a.mean, b.mean), (a.scatter, b.scatter)):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(ours.log_density(p), theirs.log_density(p), rtol=1e-12)
    np.testing.assert_allclose(ours.responsibilities(p), theirs.responsibilities(p), rtol=1e-9, atol=1e-14)
    found, wanted = ours.coverage(p, 0.01), theirs.coverage(p, 0.01)
    np.testing.assert_array_equal(found.ends, wanted.ends)
    np.testing.assert_array_equal(found.row, wanted.row)
    np.testing.assert_allclose(found.rest, wanted.rest, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(ours.rounding(p), theirs.rounding(p), rtol=5.0)


@pytest.mark.parametrize("joint", [False, True])
def test_its_derivatives_are_those_of_the_reference(joint: bool):
    X, weights, mixture = case("spherical")
    p = gs.Mixture.location(mixture.means, 1.2, [0.1, 0.2, 0.3, 0.4]).parameters
    ours = engine.hold(X, weights)
    with engine.using("reference"):
        theirs = engine.hold(X, weights)
    a, b = (
        (held.joint_derivatives if joint else held.derivatives)(p, hessian=True) for held in (ours, theirs)
    )
    assert a.nll == pytest.approx(b.nll, rel=1e-13)
    np.testing.assert_allclose(a.gradient, b.gradient, atol=1e-13)
    np.testing.assert_allclose(a.hessian, b.hessian, atol=1e-12)


def test_rows_that_no_component_reaches_are_taken_by_the_nearest():
    mixture = gs.Mixture.location([[0.0, 0.0], [1.0, 0.0]], 1.0)
    held = engine.hold(np.array([[1e200, 0.0], [-1e200, 1.0]]))
    np.testing.assert_array_equal(held.responsibilities(mixture.parameters).sum(axis=1), [1.0, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", rest_slow(KINDS, 1))
def test_it_serves_a_fit_and_a_diagnosis(kind: str):
    X = np.concatenate([case(kind, n=150)[0], case(kind, n=150)[0] + 12.0])
    with engine.using("reference"):
        wanted = gs.GaussianMixture(4, covariance_type=kind, random_state=0, escape=False).fit(X)
    found = gs.GaussianMixture(4, covariance_type=kind, random_state=0, escape=False).fit(X)
    assert found.lower_bound_ == pytest.approx(wanted.lower_bound_, abs=1e-7)
    np.testing.assert_allclose(found.means_, wanted.means_, atol=1e-2)
    assert gs.diagnose(found, X, rng=0).verdict in ("bad optimum", "no better fit found", "cannot tell")


def test_it_serves_an_exploration():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 2)
    (own,) = land.explore(0, n_starts=3).minima
    with engine.using("reference"):
        (other,) = land.explore(0, n_starts=3).minima
    assert own.kl > 1.0
    np.testing.assert_allclose(own.means, other.means, atol=1e-9)


def test_names_of_the_library_are_not_taken():
    with pytest.raises(gs.InvalidParameterError, match="name='native'"):
        engine.register("native", WholeArraysEngine)
    with pytest.raises(
        gs.InvalidParameterError, match="choose one of native, reference, torch, whole-arrays"
    ):
        engine.using("abacus").__enter__()


@pytest.mark.skipif(native() is None, reason="the extension is not built")
def test_both_sides_of_the_language_border_know_the_same_fields():
    assert sorted(native().em_fields()) == sorted(field.name for field in fields(engine.EmTask))
    plan = [field.name for field in fields(engine.SecondOrder)]
    assert sorted(native().second_order_fields()) == sorted(plan)
    assert sorted(native().truncation_fields()) == sorted(field.name for field in fields(engine.Truncation))
