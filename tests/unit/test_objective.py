"""The objective: length of EM steps, resolution, floors and the frozen rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, Location, family_named
from gmmscape.objective import Objective, step_norm
from gmmscape.solve import EM, Newton, mixture_around, run

Array = NDArray[np.float64]

KINDS = ("spherical", "diag", "tied", "full")


def random_mixture(rng: np.random.Generator, kind: str, like: gs.Mixture | None = None) -> gs.Mixture:
    """Return a random mixture of three components in the plane, near `like` if given."""
    roots = rng.normal(size=(3, 2, 2))
    matrices = roots @ np.swapaxes(roots, 1, 2) + 0.5 * np.eye(2)
    covariances = {
        "spherical": rng.uniform(0.5, 2.0, 3),
        "diag": rng.uniform(0.5, 2.0, (3, 2)),
        "tied": matrices[0],
        "full": matrices,
    }[kind]
    weights, means = rng.dirichlet(np.full(3, 3.0)), rng.normal(0.0, 3.0, (3, 2))
    if like is None:
        return gs.Mixture(weights, means, covariances, kind)
    mixed = [0.99 * a + 0.01 * b for a, b in ((like.weights, weights), (like.means, means))]
    return gs.Mixture(*mixed, 0.99 * like.covariances + 0.01 * covariances, kind)


def pair(kind: str, seed: int) -> tuple[gs.Mixture, gs.Mixture]:
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    before = random_mixture(rng, kind)
    return before, random_mixture(rng, kind, before)


def scaled(mixture: gs.Mixture, factor: float) -> gs.Mixture:
    return gs.Mixture(
        mixture.weights, factor * mixture.means, factor**2 * mixture.covariances, mixture.covariance_type
    )


def longhand_step_norm(before: gs.Mixture, after: gs.Mixture) -> float:
    """Return the largest change, each in the symmetric root of its own inverse covariance."""
    sizes = []
    new = after.full_covariances()
    for i, covariance in enumerate(before.full_covariances()):
        root = np.linalg.inv(np.real(sqrtm(covariance)))
        sizes.append(np.linalg.norm(root @ (after.means[i] - before.means[i])))
        sizes.append(abs(after.weights[i] / before.weights[i] - 1.0))
        sizes.append(np.linalg.norm(root @ (new[i] - covariance) @ root))
    return float(max(sizes))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_step_norm_is_the_largest_change_in_own_units(kind: str, seed: int):
    before, after = pair(kind, seed)
    assert step_norm(before, after) == pytest.approx(longhand_step_norm(before, after), rel=1e-10)
    # One change at a time, so that each of the three is the largest once.
    for weights, means, covariances in np.eye(3, dtype=bool):
        partly = gs.Mixture(
            (after if weights else before).weights,
            (after if means else before).means,
            (after if covariances else before).covariances,
            kind,
        )
        expected = longhand_step_norm(before, partly)
        assert expected > 1e-4
        assert step_norm(before, partly) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_step_norm_is_invariant_under_scaling_by_four(kind: str):
    """A power of two changes no bit."""
    before, after = pair(kind, 3)
    assert step_norm(scaled(before, 4.0), scaled(after, 4.0)) == step_norm(before, after)


@pytest.mark.parametrize("kind", KINDS)
def test_step_norm_is_invariant_under_shifts(kind: str):
    before, after = pair(kind, 3)
    moved = step_norm(before.shifted([8.0, -3.0]), after.shifted([8.0, -3.0]))
    assert moved == pytest.approx(step_norm(before, after), rel=1e-11)


@pytest.mark.parametrize("kind", ["tied", "full"])
def test_step_norm_is_invariant_under_linear_maps(kind: str):
    before, after = pair(kind, 4)
    linear = np.array([[2.0, 1.0], [-0.5, 30.0]])
    mapped = [
        gs.Mixture(m.weights, m.means @ linear.T, linear @ m.covariances @ linear.T, kind)
        for m in (before, after)
    ]
    assert step_norm(*mapped) == pytest.approx(step_norm(before, after), rel=1e-8)


@pytest.mark.parametrize("order", [[1, 0, 2], [2, 0, 1]])
@pytest.mark.parametrize("kind", KINDS)
def test_step_norm_is_invariant_under_relabelling(kind: str, order: list[int]):
    before, after = pair(kind, 5)
    relabelled = step_norm(before.permuted(order), after.permuted(order))
    assert relabelled == pytest.approx(step_norm(before, after), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_step_norm_of_no_step(kind: str):
    before, after = pair(kind, 6)
    assert step_norm(before, before) == 0.0
    assert step_norm(before, after) > 1e-3


def test_a_dead_component_has_no_relative_change_of_weight():
    before = gs.Mixture([0.5, 0.5, 0.0], [0.0, 1.0, 2.0], [1.0, 1.0, 1.0], "spherical")
    after = gs.Mixture([0.45, 0.55, 0.0], [0.0, 1.0, 2.0], [1.0, 1.0, 1.0], "spherical")
    assert step_norm(before, after) == pytest.approx(0.1, rel=1e-12)


def sample() -> lab.Sample:
    rng = np.random.default_rng(9)
    X = np.concatenate([rng.normal(m, [1.0, 0.5], (60, 2)) for m in (0.0, 4.0, 9.0)]) + 100.0
    return lab.Sample(X, rng.uniform(0.5, 2.0, 180))


@pytest.mark.parametrize("kind", KINDS)
def test_step_norm_is_zero_at_a_fixed_point_of_em(kind: str):
    data = sample()
    family = family_named(kind, Floor.of(data.variance))
    means = np.array([[100.0, 100.0], [104.0, 104.0], [109.0, 109.0]])
    local = mixture_around(data, family, means - data.origin)
    objective = Objective.near(data, family, local)
    first = step_norm(local, objective.update(objective.statistics(local), local))
    assert first > 1e-2
    fixed = run(EM(tol=1e-13, max_iter=3000), objective, local).local
    assert step_norm(fixed, objective.update(objective.statistics(fixed), fixed)) < 1e-11


def test_step_norm_is_zero_at_a_minimum_of_the_location_family():
    """Newton finds the minimum by derivatives; the EM step from there has no length."""
    data = sample()
    start = gs.Mixture.location([[1.0, 1.0], [5.0, 4.0], [9.0, 8.0]], 0.8).shifted([-4.0, -4.0])
    objective = Objective.near(data, Location(0.8), start)
    minimum = run(Newton(), objective, start).local
    assert step_norm(minimum, objective.update(objective.statistics(minimum), minimum)) < 1e-11
    assert step_norm(start, objective.update(objective.statistics(start), start)) > 1e-2


def test_a_sample_resolves_every_mass_above_zero():
    data = sample()
    start = gs.Mixture.location([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], 1.0)
    objective = Objective.near(data, Location(1.0), start)
    unresolved = objective.unresolved(np.array([0.0, 5e-324, 0.5]))
    np.testing.assert_array_equal(unresolved, [True, False, False])


def test_a_population_does_not_resolve_what_its_rule_cuts_off():
    """Component 1 lives in tails beyond the rule: its mass is positive and says nothing."""
    measure = lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0))
    near = gs.Mixture.location([-3.0, 3.0], 1.0).shifted(-measure.origin)
    far = gs.Mixture.location([0.0, 25.0], 1.0).shifted(-measure.origin)
    objective = Objective.near(measure, Location(1.0), near)
    assert objective.rows.resolution > 0.0
    np.testing.assert_array_equal(objective.unresolved(objective.statistics(near).mass), [False, False])
    masses = objective.statistics(far).mass
    assert masses[1] > 0.0
    np.testing.assert_array_equal(objective.unresolved(masses), [False, True])
    # The EM step moves the component it can see, and leaves the other where it is.
    after = objective.update(objective.statistics(far), far)
    assert after.means[1, 0] == far.means[1, 0]
    assert after.means[0, 0] == pytest.approx(-measure.origin[0], abs=1e-9)


def narrow(kind: str) -> gs.Mixture:
    """Return two components of variance 0.01 and 4, unequal in nothing else."""
    covariances: dict[str, Any] = {
        "spherical": [0.01, 4.0],
        "diag": [[0.01, 4.0], [4.0, 4.0]],
        "tied": np.diag([0.01, 4.0]),
        "full": [np.diag([0.01, 4.0]), np.diag([4.0, 4.0])],
    }
    return gs.Mixture([0.25, 0.75], [[0.0, 0.0], [1.0, 2.0]], covariances[kind], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_admissible_lifts_covariances_onto_the_floor_and_nothing_else(kind: str):
    given = narrow(kind)
    objective = Objective.near(sample(), family_named(kind, Floor(np.array([1.0, 1.0]))), given)
    lifted = objective.admissible(given)
    assert np.linalg.eigvalsh(lifted.full_covariances()).min() == pytest.approx(1.0, rel=1e-12)
    expected = np.maximum(given.full_covariances(), np.eye(2))  # diagonal, so entry by entry
    np.testing.assert_allclose(lifted.full_covariances(), expected, rtol=1e-14)
    np.testing.assert_array_equal(lifted.means, given.means)
    np.testing.assert_array_equal(lifted.weights, given.weights)
    assert objective.admissible(lifted) == lifted


@pytest.mark.parametrize("kind", KINDS)
def test_an_admissible_mixture_is_returned_as_it_is(kind: str):
    given = narrow(kind)
    for floor in (np.zeros(2), np.array([1e-3, 1e-4])):
        objective = Objective.near(sample(), family_named(kind, Floor(floor)), given)
        assert objective.admissible(given) is given


def test_every_mixture_of_the_location_family_is_admissible():
    given = gs.Mixture.location([[0.0, 0.0], [1.0, 1.0]], 1e-6)
    objective = Objective.near(sample(), Location(1e-6), given)
    assert objective.admissible(given) is given


def test_statistics_carry_the_scatter_of_the_family():
    data = sample()
    for kind in KINDS:
        given = narrow(kind)
        objective = Objective.near(data, family_named(kind, Floor(np.zeros(2))), given)
        assert objective.statistics(given).kind == kind
    located = gs.Mixture.location([[0.0, 0.0]], 1.0)
    assert Objective.near(data, Location(1.0), located).statistics(located).scatter is None


def test_derivatives_and_statistics_have_the_same_value():
    data = sample()
    mixture = gs.Mixture.location([[0.0, 0.0], [5.0, 4.0]], 0.8)
    objective = Objective.near(data, Location(0.8), mixture)
    at = objective.derivatives(mixture)
    assert at.hessian is None
    assert at.nll == pytest.approx(-objective.statistics(mixture).log_likelihood, rel=1e-13)
    assert at.nll + objective.rows.log_unit == pytest.approx(
        -float(data.weights @ mixture.log_density(data.points)), rel=1e-12
    )
    assert objective.derivatives(mixture, hessian=True).hessian.shape == (4, 4)


def test_refined_chooses_the_rows_anew():
    measure = lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0))
    near = gs.Mixture.location([-3.0, 3.0], 1.0).shifted(-measure.origin)
    coarse = Objective.near(measure, Location(1.0), near, 1e-3)
    fine = coarse.refined(near, 1e-12)
    assert len(fine.rows) > len(coarse.rows)
    assert fine.errors(near).nll < coarse.errors(near).nll
    assert (fine.measure, fine.family) == (coarse.measure, coarse.family)
    exact = float(measure.entropy)
    for objective in (coarse, fine):
        value = -objective.statistics(near).log_likelihood + objective.rows.log_unit
        assert abs(value - exact) <= objective.errors(near).nll + measure.entropy.error
