"""Each M-step maximises the expected complete-data log-likelihood, its floor included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.covariances import FULL, kind_named
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import Floor, FreeCovariance, Location, family_named
from gmmscape.statistics import SufficientStatistics

Array = NDArray[np.float64]

KINDS = ("spherical", "diag", "tied", "full")
NO_FLOOR = Floor(np.zeros(2))
#: Ratio 4 between the coordinates, and high enough to hold up every component of `Expected`.
HIGH = Floor(np.array([0.3, 1.2]))


def stored(matrices: Array, kind: str) -> Array:
    """Return covariance matrices (k, d, d) in a storage kind that can hold them."""
    diagonals = np.diagonal(matrices, axis1=1, axis2=2)
    return {"spherical": diagonals.mean(axis=1), "diag": diagonals, "tied": matrices[0], "full": matrices}[
        kind
    ].copy()


def random_matrices(rng: np.random.Generator, kind: str, k: int, size: float) -> Array:
    """Return random positive definite matrices that the kind can hold, eigenvalues of order `size`."""
    if kind == "spherical":
        return rng.uniform(0.1, 2.0, k)[:, None, None] * size * np.eye(2)
    if kind == "diag":
        return rng.uniform(0.1, 2.0, (k, 2))[:, :, None] * size * np.eye(2)
    roots = rng.normal(size=(k, 2, 2))
    matrices = size * (roots @ np.swapaxes(roots, 1, 2) + 0.05 * np.eye(2))
    return np.tile(matrices[:1], (k, 1, 1)) if kind == "tied" else matrices


class Expected:
    """Rows with the responsibilities of a current mixture; three components, two features."""

    def __init__(self, kind: str, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        self.kind = kind
        self.X = np.concatenate([rng.normal(m, [0.8, 0.3], (25, 2)) for m in (-2.0, 0.0, 3.0)])
        self.X[:, 0] += 0.7 * self.X[:, 1]
        self.weights = rng.uniform(0.0, 2.0, len(self.X))
        matrices = random_matrices(rng, kind, 3, 2.0)
        means = np.array([[-2.0, -1.0], [0.5, 0.0], [2.0, 3.0]])
        self.current = gs.Mixture([0.2, 0.5, 0.3], means, stored(matrices, kind), kind)
        self.shares = self.weights[:, None] * self.current.responsibilities(self.X)
        self.statistics = engine.hold(self.X, self.weights).statistics(self.current.parameters, kind)

    def value(self, mixture: gs.Mixture) -> float:
        """Return the expected complete-data log-likelihood, by SciPy."""
        return self.value_of(mixture.weights, mixture.means, mixture.full_covariances())

    def value_of(self, weights: Array, means: Array, matrices: Array) -> float:
        components = zip(weights, means, matrices, strict=True)
        return float(
            sum(
                share @ (np.log(weight) + multivariate_normal.logpdf(self.X, mean, covariance))
                for share, (weight, mean, covariance) in zip(self.shares.T, components, strict=True)
            )
        )


def rivals(
    rng: np.random.Generator, best: gs.Mixture, floor: Array, n: int
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield weights, means and matrices of the same kind above diag(floor), most of them near `best`.

    The set is convex, so that a point on the way from an admissible mixture to another stays in it.
    """
    kind, k = best.covariance_type, best.n_components
    ground = np.diag(np.full(2, floor.mean()) if kind == "spherical" else floor)
    matrices = best.full_covariances()
    for i in range(n):
        step = (1.0, 0.1, 1e-2, 1e-3)[i % 4]
        size = (1.0, 0.05)[i // 4 % 2]
        changed = i // 8 % 4  # everything, or one of the three alone
        there = (
            rng.dirichlet(np.ones(k)),
            best.means + rng.normal(size=best.means.shape),
            ground + random_matrices(rng, kind, k, size),
        )
        here = (best.weights, best.means, matrices)
        yield tuple(
            (1 - step) * a + step * b if changed in (0, part) else a
            for part, (a, b) in enumerate(zip(here, there, strict=True), start=1)
        )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_update_is_a_maximiser(kind: str, seed: int):
    case = Expected(kind, seed)
    best = family_named(kind, NO_FLOOR).update(case.statistics, case.current)
    assert best.covariance_type == kind
    highest = case.value(best)
    assert highest > case.value(case.current)
    for rival in rivals(np.random.default_rng(seed), best, np.zeros(2), 160):
        assert case.value_of(*rival) < highest


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_update_with_a_floor_is_the_constrained_maximiser(kind: str, seed: int):
    case = Expected(kind, seed)
    family = family_named(kind, HIGH)
    best = family.update(case.statistics, case.current)
    free = family_named(kind, NO_FLOOR).update(case.statistics, case.current)
    assert case.value(free) > case.value(best)  # the floor binds
    assert family.floor_active(best)
    highest = case.value(best)
    for rival in rivals(np.random.default_rng(seed), best, HIGH.variances, 160):
        assert case.value_of(*rival) < highest


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_a_floor_clipped_in_the_wrong_coordinates_would_be_beaten(kind: str):
    """Negative control: clipping the eigenvalues of C itself keeps the floor and loses likelihood."""
    case = Expected(kind)
    best = family_named(kind, HIGH).update(case.statistics, case.current)
    free = family_named(kind, NO_FLOOR).update(case.statistics, case.current)
    values, vectors = np.linalg.eigh(free.covariances)
    raised = np.maximum(values, HIGH.variances.max())
    clipped = (vectors * raised[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    assert case.value(gs.Mixture(best.weights, best.means, clipped, kind)) < case.value(best) - 1e-2


def test_location_update_is_the_maximiser_over_the_means():
    case = Expected("spherical")
    current = gs.Mixture.location(case.current.means, 1.3, case.current.weights)
    case.shares = case.weights[:, None] * current.responsibilities(case.X)
    statistics = engine.hold(case.X, case.weights).statistics(current.parameters, "none")
    best = Location(1.3).update(statistics, current)
    np.testing.assert_array_equal(best.weights, current.weights)
    np.testing.assert_array_equal(best.covariances, current.covariances)
    expected = [np.average(case.X, axis=0, weights=share) for share in case.shares.T]
    np.testing.assert_allclose(best.means, expected, rtol=1e-11)
    highest = case.value(best)
    rng = np.random.default_rng(1)
    for step in (1.0, 0.1, 1e-2, 1e-3) * 10:
        means = best.means + step * rng.normal(size=best.means.shape)
        assert case.value(gs.Mixture.location(means, 1.3, best.weights)) < highest


@pytest.mark.parametrize("kind", KINDS)
def test_update_without_floor_is_the_weighted_moments(kind: str):
    case = Expected(kind)
    best = family_named(kind, NO_FLOOR).update(case.statistics, case.current)
    mass = case.shares.sum(axis=0)
    np.testing.assert_allclose(best.weights, mass / mass.sum(), rtol=1e-12)
    expected = [np.average(case.X, axis=0, weights=share) for share in case.shares.T]
    np.testing.assert_allclose(best.means, expected, rtol=1e-11)
    matrices = np.array([np.cov(case.X, rowvar=False, aweights=s, ddof=0) for s in case.shares.T])
    if kind == "tied":
        matrices = np.average(matrices, axis=0, weights=mass)[None]
    np.testing.assert_allclose(best.covariances, stored(matrices, kind), rtol=1e-10)


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_clipped_matrices_lie_on_or_above_the_floor(rng: np.random.Generator, kind: str):
    floor = Floor(np.array([1e-4, 2.0, 30.0]))
    roots = rng.normal(size=(8, 3, 3)) * [0.01, 1.0, 8.0]
    matrices = np.swapaxes(roots, 1, 2) @ roots
    given = matrices if kind == "full" else matrices[0]
    clipped, moved = floor.clip(given, kind_named(kind))
    assert moved
    units = np.sqrt(floor.variances)
    values = np.linalg.eigvalsh(clipped / np.multiply.outer(units, units))
    assert values.min() > 1 - 1e-12
    np.testing.assert_array_equal(clipped, np.swapaxes(clipped, -1, -2))
    again, _ = floor.clip(clipped, kind_named(kind))
    np.testing.assert_allclose(again, clipped, rtol=1e-12, atol=1e-14)


def test_matrices_above_the_floor_keep_their_bits_beside_one_that_is_lifted(rng: np.random.Generator):
    roots = rng.normal(size=(3, 2, 2))
    matrices = roots @ np.swapaxes(roots, 1, 2) + np.eye(2)
    matrices[1] = [[1e-6, 0.0], [0.0, 1.0]]
    clipped, moved = Floor(np.array([0.1, 0.2])).clip(matrices, FULL)
    assert moved
    np.testing.assert_array_equal(clipped[[0, 2]], matrices[[0, 2]])
    np.testing.assert_allclose(clipped[1], np.diag([0.1, 1.0]), rtol=1e-14)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("spherical", [0.1, 5.0], [2.0, 5.0]),  # the average of the floor over the coordinates
        ("diag", [[0.1, 9.0], [7.0, 0.5]], [[1.0, 9.0], [7.0, 3.0]]),
        ("tied", np.diag([0.1, 9.0]), np.diag([1.0, 9.0])),
        ("full", [np.diag([0.1, 9.0]), np.diag([7.0, 0.5])], [np.diag([1.0, 9.0]), np.diag([7.0, 3.0])]),
    ],
)
def test_clip_of_diagonal_covariances(kind: str, given: Array, expected: Array):
    floor = Floor(np.array([1.0, 3.0]))
    clipped, moved = floor.clip(np.array(given), kind_named(kind))
    assert moved
    np.testing.assert_allclose(clipped, expected, rtol=1e-14, atol=1e-15)
    above = 1.01 * np.array(expected)
    same, moved = floor.clip(above, kind_named(kind))
    assert not moved
    np.testing.assert_array_equal(same, above)


@pytest.mark.parametrize("kind", KINDS)
def test_without_floor_nothing_is_lifted(kind: str):
    tiny = stored(np.tile(1e-300 * np.eye(2), (3, 1, 1)), kind)
    clipped, moved = NO_FLOOR.clip(tiny, kind_named(kind))
    assert not moved
    np.testing.assert_array_equal(clipped, tiny)


def test_floor_of_variances():
    variance = np.array([4.0, 100.0])
    np.testing.assert_allclose(Floor.of(variance).variances, [4e-6, 1e-4], rtol=1e-15)
    np.testing.assert_allclose(Floor.of(variance, covariance_floor=0.5).variances, [2.0, 50.0])
    np.testing.assert_allclose(
        Floor.of(variance, covariance_floor=0.01, reg_covar=0.1).variances, [0.1, 1.0], rtol=1e-15
    )
    assert not Floor.of(variance, covariance_floor=0.0).variances.any()


def test_floor_of_a_constant_column_is_the_average_of_the_others():
    floor = Floor.of(np.array([4.0, 0.0, 2.0]), covariance_floor=0.1)
    np.testing.assert_allclose(floor.variances, [0.4, 0.3, 0.2], rtol=1e-15)
    assert not Floor.of(np.zeros(2)).variances.any()
    np.testing.assert_array_equal(Floor.of(np.zeros(2), reg_covar=0.5).variances, [0.5, 0.5])


@pytest.mark.parametrize("kind", ["diag", "tied", "full"])
def test_a_constant_column_moves_no_responsibility(kind: str):
    """After an M-step, responsibilities are those of the same mixture without the constant column."""
    case = Expected(kind)
    X = np.column_stack([case.X, np.full(len(case.X), 5.0)])
    sample = lab.Sample(X, case.weights)
    matrices = np.zeros((3, 3, 3))
    matrices[:, :2, :2] = case.current.full_covariances()
    matrices[:, 2, 2] = 1.0
    shape = {"diag": np.diagonal(matrices, axis1=1, axis2=2), "tied": matrices[0], "full": matrices}[kind]
    means = np.column_stack([case.current.means, np.full(3, 5.0)])
    current = gs.Mixture(case.current.weights, means, shape, kind)
    family = family_named(kind, Floor.of(sample.variance))
    updated = family.update(engine.hold(X, case.weights).statistics(current.parameters, kind), current)
    narrow = family_named(kind, Floor.of(sample.variance[:2])).update(case.statistics, case.current)
    expected = narrow.responsibilities(case.X)
    np.testing.assert_allclose(updated.responsibilities(X), expected, rtol=1e-8, atol=1e-12)
    variances = updated.full_covariances()[:, 2, 2]
    np.testing.assert_allclose(variances, 1e-6 * sample.variance[:2].mean(), rtol=1e-6)
    assert not family.floor_active(updated)  # a constant column says nothing about a component


@pytest.mark.parametrize("kind", KINDS)
def test_floor_active_just_above_and_on_the_floor(kind: str):
    floor = Floor(np.array([0.5, 2.0]))
    family = family_named(kind, floor)
    # A spherical floor is the average over the coordinates, 1.25.
    on = {"spherical": [1.25, 9.0], "diag": [[0.5, 9.0], [9.0, 9.0]]}.get(kind)
    if on is None:
        on = [np.diag([0.5, 9.0]), np.diag([9.0, 9.0])] if kind == "full" else np.diag([0.5, 9.0])
    mixture = gs.Mixture(None, np.zeros((2, 2)), on, kind)
    assert family.floor_active(mixture)
    above = gs.Mixture(None, np.zeros((2, 2)), np.array(on) * (1 + 1e-6), kind)
    assert not family.floor_active(above)
    assert not family_named(kind, NO_FLOOR).floor_active(mixture)


def test_location_has_no_floor():
    assert not Location(1.0).floor_active(gs.Mixture.location([0.0, 1.0], 1.0))


def without_mass(case: Expected, i: int) -> SufficientStatistics:
    """Return the case's statistics with nothing left of component `i` but a meaningless mean."""
    mass, mean = case.statistics.mass.copy(), case.statistics.mean.copy()
    mass[i], mean[i] = 0.0, 77.0
    scatter = case.statistics.scatter.copy()
    if case.kind != "tied":
        scatter[i] = 0.0
    return replace(case.statistics, mass=mass, mean=mean, scatter=scatter)


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_without_mass_keeps_its_parameters_and_gets_weight_zero(kind: str):
    case = Expected(kind)
    statistics = without_mass(case, 1)
    updated = family_named(kind, NO_FLOOR).update(statistics, case.current)
    assert updated.weights[1] == 0.0
    assert updated.weights.sum() == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_array_equal(updated.means[1], case.current.means[1])
    if kind != "tied":
        np.testing.assert_array_equal(updated.covariances[1], case.current.covariances[1])
    alive = family_named(kind, NO_FLOOR).update(case.statistics, case.current)
    np.testing.assert_array_equal(updated.means[[0, 2]], alive.means[[0, 2]])
    if kind != "tied":
        np.testing.assert_array_equal(updated.covariances[[0, 2]], alive.covariances[[0, 2]])


def test_location_keeps_the_mean_and_weight_of_a_component_without_mass():
    current = gs.Mixture.location([-1.0, 5.0], 1.0, [0.25, 0.75])
    statistics = SufficientStatistics(
        np.array([1.0, 0.0]), np.array([[2.0], [77.0]]), None, "none", -1.0, 1.0
    )
    updated = Location(1.0).update(statistics, current)
    np.testing.assert_array_equal(updated.means, [[2.0], [5.0]])
    np.testing.assert_array_equal(updated.weights, [0.25, 0.75])


@pytest.mark.parametrize("kind", KINDS)
def test_family_named(kind: str):
    family = family_named(kind, HIGH)
    assert isinstance(family, FreeCovariance)
    assert (family.name, family.scatter) == (kind, kind)
    assert family.floor is HIGH


@pytest.mark.parametrize("name", ["location", "Full", "", None, 3])
def test_family_named_refuses_other_names(name: str):
    with pytest.raises(InvalidParameterError) as caught:
        family_named(name, NO_FLOOR)
    start = f"family={name!r}: choose one of 'full', 'tied', 'diag', 'spherical', 'EII', 'EEI', 'VEI'"
    assert str(caught.value).startswith(start)


def test_location_needs_no_scatter():
    assert (Location(2.0).name, Location(2.0).scatter) == ("location", "none")


@pytest.mark.parametrize("covariance_floor", [1e-6, 1e-9, 1e-12])
def test_floor_active_on_long_and_thin_covariances(covariance_floor: float):
    """Rounding of a clipped covariance grows with its length; it lies on the floor all the same."""
    rng = np.random.default_rng(1)
    family = family_named("full", Floor.of(np.array([1.0, 4.0]), covariance_floor=covariance_floor))
    for _ in range(100):
        direction = rng.normal(size=2)
        clipped, moved = family.floor.clip(np.outer(direction, direction)[None], FULL)
        assert moved
        assert family.floor_active(gs.Mixture([1.0], [[0.0, 0.0]], clipped, "full"))
    free = gs.Mixture([1.0], [[0.0, 0.0]], [np.diag([0.1, 0.1])], "full")
    assert not family.floor_active(free)


def test_floors_are_for_all_columns_or_none():
    with pytest.raises(gs.InvalidParameterError, match="variances"):
        Floor(np.array([1e-3, 0.0]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_moments_after_a_step_are_those_of_all_rows(kind: str):
    """As far as the kind has them; and matrices are symmetric to the last bit."""
    case = Expected(kind)
    best = family_named(kind, NO_FLOOR).update(case.statistics, case.current)
    mean = np.average(case.X, axis=0, weights=case.weights)
    np.testing.assert_allclose(best.weights @ best.means, mean, rtol=1e-10, atol=1e-12)
    matrices, apart = best.full_covariances(), best.means - mean
    np.testing.assert_array_equal(matrices, np.swapaxes(matrices, 1, 2))
    total = np.tensordot(best.weights, matrices, 1) + (apart.T * best.weights) @ apart
    expected = np.cov(case.X, rowvar=False, aweights=case.weights, ddof=0)
    kept = {"spherical": np.trace, "diag": np.diagonal}.get(kind, np.asarray)
    np.testing.assert_allclose(kept(total), kept(expected), rtol=1e-8)
