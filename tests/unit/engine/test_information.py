"""Derivatives of every family: gradient, Hessian and products, against mpmath, NumPy and differences."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from tests.oracles.high_precision_fit import HighPrecisionFit

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.families import CovariancePrior, Family, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, run
from gmmscape.solve.second_order.own_units import OwnUnits
from gmmscape.threads import limited
from marks import tuples_rest_slow

KINDS = ("spherical", "diag", "tied", "full")
FAMILIES = ("location", "location and weights", *KINDS)


class Case(NamedTuple):
    """A mixture of a family, local to the rows of an objective."""

    objective: Objective
    mixture: gs.Mixture

    @property
    def units(self) -> OwnUnits:
        return OwnUnits(self.objective.family, self.mixture)

    def derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        found = self.objective.information(self.mixture, missing=True)
        return self.units.gradient(found.moments), self.units.hessian(found)

    def product(self, vector: np.ndarray) -> np.ndarray:
        """The Hessian times a vector, less what it has along the gauge."""
        units = self.units
        moments = self.objective.information(self.mixture, missing=False).moments
        missing = self.objective.missing_product(self.mixture, units.direction(vector))
        image = units.product(moments, vector, missing)
        return image if units.gauge is None else image - units.gauge * (units.gauge @ vector)


def case(
    name: str,
    n: int = 400,
    d: int = 2,
    k: int = 3,
    *,
    spread: float = 2.0,
    condition: float = 4.0,
    offset: float = 0.0,
    prior: bool = True,
    seed: int = 0,
) -> Case:
    """Weighted rows of clusters `spread` deviations apart, and a mixture near them, no critical point."""
    rng = np.random.default_rng([seed, d, k])
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    stretch = turn * np.sqrt(np.geomspace(1.0, condition, d))
    means = spread * rng.standard_normal((k, d))
    X = (means[rng.integers(k, size=n)] + rng.standard_normal((n, d))) @ stretch.T + offset
    sample = lab.Sample(X, rng.uniform(0.5, 2.0, n))
    near = (means + 0.2 * rng.standard_normal((k, d))) @ stretch.T + offset
    weights = rng.dirichlet(np.full(k, 5.0))
    if name.startswith("location"):
        family: Family = Location(1.1, free_weights="weights" in name)
        mixture = gs.Mixture.location(near, 1.1, weights)
    else:
        scale = sample.covariance
        family = family_named(name, prior=CovariancePrior(7.0, scale, float(n)) if prior else None)
        inner = np.eye(d) + 0.3 * np.tril(rng.standard_normal((k, d, d)))
        roots = stretch @ (inner if name == "full" else inner[:1])
        matrices = np.broadcast_to(roots @ np.swapaxes(roots, 1, 2), (k, d, d)) * (
            rng.uniform(0.6, 1.6, k)[:, None, None] if name != "tied" else 1.0
        )
        stored = {
            "spherical": np.trace(matrices, axis1=1, axis2=2) / d,
            "diag": np.diagonal(matrices, axis1=1, axis2=2).copy(),
            "tied": matrices[0],
            "full": matrices,
        }[name]
        mixture = gs.Mixture(weights, near, stored, name)
    local = sample.local_mixture(mixture)
    return Case(Objective.near(sample, family, local), local)


def whole_factors(mixture: gs.Mixture) -> np.ndarray:
    k, d = mixture.means.shape
    u = mixture.parameters.factors
    if mixture.kind.name in ("tied", "full"):
        return np.broadcast_to(u, (k, d, d))
    return np.stack([np.diag(np.broadcast_to(one, d)) for one in u])


@cache
def in_sixty_digits(
    name: str, condition: float, offset: float, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    it = case(name, n=9, d=2, k=2, condition=condition, offset=offset, spread=spread)
    sample, family, mixture = it.objective.measure, it.objective.family, it.mixture
    prior = None if family.prior is None else (family.prior.mass, family.prior.scale)
    assert family.scores is not None
    return HighPrecisionFit(
        sample.points,
        sample.weights,
        mixture.weights,
        mixture.means,
        whole_factors(mixture),
        family.scores,
        prior,
    ).derivatives()


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize(
    ("condition", "offset", "spread"),
    tuples_rest_slow(
        [(4.0, 0.0, 2.0), (1e8, 1e8, 1.0), (1e8, 0.0, 1.0), (4.0, 1e8, 2.0), (4.0, 0.0, 12.0)], 2
    ),
)
@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_are_those_of_sixty_digits(
    isa: str, name: str, condition: float, offset: float, spread: float
):
    if name.startswith("location") and condition > 4.0:
        condition = 4.0  # one width for all columns
    it = case(name, n=9, d=2, k=2, condition=condition, offset=offset, spread=spread)
    gradient, hessian = in_sixty_digits(name, condition, offset, spread)
    units = it.units
    ours = it.derivatives()
    free = units.free
    theirs = gradient / units.scale, hessian / units.scale / units.scale[:, None]
    assert relative(ours[0][free], theirs[0][free]) < 1e-10
    assert relative(ours[1][np.ix_(free, free)], theirs[1][np.ix_(free, free)]) < 1e-8
    assert not ours[0][~free].any()
    assert not ours[1][~free].any()


@pytest.mark.parametrize(("n", "d", "k"), [(1, 1, 1), (300, 1, 3), (900, 2, 6), (700, 3, 5), (300, 5, 4)])
@pytest.mark.parametrize("spread", [0.5, 4.0, 30.0])
@pytest.mark.parametrize("name", FAMILIES)
def test_engines_agree(isa: str, name: str, spread: float, n: int, d: int, k: int):
    it = case(name, n=max(n, 2), d=d, k=k, spread=spread)
    ours = it.objective.information(it.mixture, missing=True)
    with engine.using("reference"):
        theirs = it.objective.information(it.mixture, missing=True)
    for one, other in zip(ours.moments, theirs.moments, strict=True):
        np.testing.assert_allclose(
            one, other, rtol=1e-12, atol=1e-12 * (1.0 + np.abs(other).max(initial=0.0))
        )
    assert ours.missing is not None
    assert theirs.missing is not None
    size = np.abs(theirs.missing).max()
    np.testing.assert_allclose(ours.missing, theirs.missing, atol=1e-12 * max(size, 1.0))
    np.testing.assert_allclose(ours.missing, ours.missing.T, atol=1e-15 * max(size, 1.0))
    without = it.objective.information(it.mixture, missing=False)
    assert without.missing is None
    assert without.moments.log_likelihood == pytest.approx(theirs.moments.log_likelihood, rel=1e-14)


@pytest.mark.parametrize("d", [1, 2, 4, 9])
@pytest.mark.parametrize("spread", [0.5, 4.0, 200.0])
@pytest.mark.parametrize("name", FAMILIES)
def test_products_are_those_of_the_whole_hessian(isa: str, name: str, spread: float, d: int):
    it = case(name, n=700, d=d, k=4, spread=spread)
    _, hessian = it.derivatives()
    rng = np.random.default_rng(3)
    for _ in range(3):
        vector = rng.standard_normal(it.units.size)
        found, expected = it.product(vector), hessian @ vector
        assert np.linalg.norm(found - expected) <= 1e-11 * np.linalg.norm(expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradient_and_hessian_are_differences_of_the_value(name: str):
    it = case(name)
    units, family = it.units, it.objective.family
    gradient, hessian = it.derivatives()

    def value(u: np.ndarray) -> float:
        there = units.moved(u)
        return family.penalty(there) - it.objective.rows.statistics(there, "none").log_likelihood

    rng = np.random.default_rng(5)
    for _ in range(5):
        way = rng.standard_normal(units.size) * units.free
        way /= np.linalg.norm(way)
        h = 1e-3
        low, middle, high = value(-h * way), value(0.0 * way), value(h * way)
        assert (high - low) / (2 * h) == pytest.approx(gradient @ way, abs=1e-5)
        assert (high - 2 * middle + low) / h**2 == pytest.approx(way @ hessian @ way, abs=1e-4)


@pytest.mark.parametrize("name", KINDS)
def test_components_of_any_widths_share_rows(isa: str, name: str):
    """Of these no component's deviations can stand for those of the others."""
    rng = np.random.default_rng(11)
    wide, narrow = 1.0, 1e-3
    X = np.concatenate(
        [rng.standard_normal((400, 2)) * [wide, narrow], rng.standard_normal((400, 2)) * [narrow, wide]]
    )
    sample = lab.Sample(X)
    matrices = np.array([np.diag([wide**2, narrow**2]), np.diag([narrow**2, wide**2]), np.eye(2)])
    stored = {
        "spherical": np.array([1e-6, 1.0, 0.1]),
        "diag": np.diagonal(matrices, axis1=1, axis2=2).copy(),
        "tied": matrices[0],
        "full": matrices,
    }[name]
    mixture = gs.Mixture(None, [[0.0, 0.0], [1e-4, 0.0], [0.1, 0.1]], stored, name)
    it = Case(Objective.near(sample, family_named(name), mixture), sample.local_mixture(mixture))
    _, ours = it.derivatives()
    with engine.using("reference"):
        _, theirs = it.derivatives()
    assert relative(ours, theirs) < 1e-11


@pytest.mark.parametrize("name", FAMILIES)
def test_statistics_make_the_same_moments_and_the_same_step(isa: str, name: str):
    it = case(name, spread=5.0)
    units, objective, mixture = it.units, it.objective, it.mixture
    passed = objective.statistics(mixture)
    moments = objective.information(mixture, missing=False).moments
    for one, other in zip(units.moments(passed), moments, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


@pytest.mark.skipif(not available(), reason="the extension is not built")
@pytest.mark.parametrize("name", FAMILIES)
def test_the_number_of_threads_changes_no_bit(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.threads.machine_threads", lambda: 4)
    it = case(name, n=30_000, k=8)
    vector = np.random.default_rng(0).standard_normal(it.units.size)
    found = []
    for threads in (1, 2, 3):
        with limited(threads):
            found.append((*it.derivatives(), it.product(vector)))
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("name", FAMILIES[1:])
def test_where_em_stands_still_curvatures_are_at_most_one(name: str):
    it = case(name, spread=4.0, n=2000, prior=False)
    end = Case(it.objective, run(EM(tol=1e-9), it.objective, it.mixture).local)
    gradient, hessian = end.derivatives()
    assert np.abs(gradient).max() < 1e-7
    assert np.linalg.eigvalsh(hessian)[-1] <= 1.0 + 1e-6


@pytest.mark.skipif(not available(), reason="the extension is not built")
def test_of_rows_out_of_reach_both_engines_say_the_same():
    """Rows whose distance from every mean has no square go from the compiled passes to NumPy."""
    parameters = gs.Mixture.location([[0.0, 0.0], [3.0, 1.0]], 1.0).parameters
    direction = np.linspace(-1.0, 1.0, 8)
    found = []
    for name in ("native", "reference"):
        with engine.using(name), np.errstate(over="ignore", invalid="ignore"):
            rows = engine.hold(np.array([[0.0, 0.0], [1.0, 2.0], [1e200, 0.0]]))
            found.append(
                [
                    *rows.derivatives(parameters, hessian=False)[:2],
                    *rows.information(parameters, "spherical", missing=False).moments,
                    *rows.missing_product(parameters, "spherical", direction),
                ]
            )
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
