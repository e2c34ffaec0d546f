"""M-steps of mclust's families against a general minimiser of what they claim to minimise."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize
from tests.unit.families.by_hand import (
    FOURTEEN,
    NEW,
    Definition,
    expected_loss,
    scatters,
    statistics_of,
    updated,
)

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import NO_FLOOR, CovariancePrior, Floor, family_named
from gmmscape.families.log_variances import of_one_volume
from marks import rest_slow

K, D = 2, 3


def lowest(name: str, scatter: FloatArray, mass: FloatArray, floor: FloatArray | None = None) -> float:
    """The lowest value that scipy finds from some random starts, with eigenvalues on or above a floor."""
    made = Definition(name, K, D)
    rng, found = np.random.default_rng(5), []
    root = np.ones(D) if floor is None else np.sqrt(floor)

    def loss(free: FloatArray) -> float:
        return expected_loss(scatter, mass, made.matrices(free))

    def above(free: FloatArray) -> FloatArray:
        return np.linalg.eigvalsh(made.matrices(free) / root / root[:, None]).ravel() - 1.0

    for _ in range(4):
        start = 0.3 * rng.standard_normal(made.size)
        if floor is None:
            found.append(minimize(loss, start, method="BFGS").fun)
            continue
        start[: 1 if name[0] == "E" else K] += 2.0  # well above
        end = minimize(
            loss, start, method="SLSQP", constraints={"type": "ineq", "fun": above}, options={"maxiter": 300}
        )
        lift = max(1.0, 1.0 / (1.0 + above(end.x).min()))  # what is a little below, brought above
        found.append(expected_loss(scatter, mass, lift * made.matrices(end.x)))
    return min(found)


@pytest.mark.parametrize("name", FOURTEEN)
def test_each_is_the_maximiser(name: str, rng: np.random.Generator):
    scatter, mass = scatters(rng, K, D)
    end = updated(family_named(name), scatter, mass)[-1]
    value = expected_loss(scatter, mass, end.full_covariances())
    assert value == pytest.approx(lowest(name, scatter, mass), abs=1e-7)


@pytest.mark.parametrize("name", rest_slow(NEW, 3))
def test_each_is_the_maximiser_above_a_floor(name: str, rng: np.random.Generator):
    scatter, mass = scatters(rng, K, D)
    floor = np.array([1.0, 3.0, 1.5]) * (4.0 if name == "EII" else 1.0)
    family = family_named(name, Floor(floor))
    end = updated(family, scatter, mass)[-1]
    held = {"EII": floor.mean()}.get(name, floor.min() if name in ("EVE", "VVE", "EEV", "VEV") else floor)
    held = np.broadcast_to(held, D)
    scaled = end.full_covariances() / np.sqrt(held) / np.sqrt(held)[:, None]
    assert np.linalg.eigvalsh(scaled).min() >= 1.0 - 1e-9
    value = expected_loss(scatter, mass, end.full_covariances())
    found = lowest(name, scatter, mass, held)
    assert found - 1e-3 < value < found + 1e-6
    free = updated(family_named(name), scatter, mass)[-1]
    assert value > expected_loss(scatter, mass, free.full_covariances()) + 1e-3  # the floor is felt
    assert family.floor_active(end)


@pytest.mark.parametrize("floor", [NO_FLOOR, Floor(np.array([1.0, 3.0, 1.5]))], ids=["free", "floor"])
@pytest.mark.parametrize("name", NEW)
def test_no_step_lowers_the_expected_likelihood(name: str, floor: Floor, rng: np.random.Generator):
    for _ in range(5):
        scatter, mass = scatters(rng, 3, D)
        family = family_named(name, floor)
        path = updated(family, scatter, mass, 30)
        values = [expected_loss(scatter, mass, one.full_covariances()) for one in path]
        assert max(after - before for before, after in pairwise(values)) < 1e-12
        other = scatters(rng, 3, D)[0]  # from covariances that belong to other rows
        begun = updated(family, other, mass, 3)[-1]
        after = family.update(statistics_of(family, scatter, mass), begun).full_covariances()
        assert expected_loss(scatter, mass, after) < expected_loss(scatter, mass, begun.full_covariances())


@pytest.mark.parametrize("name", NEW)
def test_the_prior_is_rows_of_its_scale(name: str, rng: np.random.Generator):
    scatter, mass = scatters(rng, K, D)
    root = rng.standard_normal((D, D))
    prior = CovariancePrior(30.0, root @ root.T + np.eye(D), 100.0)
    once = name in ("EII", "EEI")  # of one covariance for all, once
    share = prior.mass / K if once else prior.mass
    given = updated(family_named(name, NO_FLOOR, prior), scatter, mass)[-1]
    by_hand = updated(family_named(name), scatter + share * prior.scale, mass + share)[-1]
    np.testing.assert_allclose(given.covariances, by_hand.covariances, rtol=1e-6, atol=1e-9)
    assert not np.allclose(given.covariances, updated(family_named(name), scatter, mass)[-1].covariances)


@pytest.mark.parametrize("name", NEW)
def test_what_is_penalised_is_what_the_step_minimises(name: str, rng: np.random.Generator):
    scatter, mass = scatters(rng, K, D)
    root = rng.standard_normal((D, D))
    family = family_named(name, NO_FLOOR, CovariancePrior(30.0, root @ root.T + np.eye(D), 100.0))
    best = updated(family, scatter, mass)[-1]
    made, rng = Definition(name, K, D), np.random.default_rng(3)

    def value(matrices: FloatArray) -> float:
        mixture = family.made(mass, np.zeros((K, D)), family.kind.stored(matrices))
        return 0.5 * expected_loss(scatter, mass, matrices) + family.penalty(mixture)

    least = value(best.full_covariances())
    others = [value(made.matrices(0.7 * rng.standard_normal(made.size))) for _ in range(20)]
    assert min(others) > least
    nearby = [one for one in np.linspace(0.9, 1.1, 5) if one != 1.0]
    assert min(value(size * best.full_covariances()) for size in nearby) > least


@pytest.mark.parametrize("name", NEW)
def test_a_component_without_mass_moves_nothing(name: str, rng: np.random.Generator):
    scatter, mass = scatters(rng, 3, D)
    family = family_named(name)
    current = updated(family, scatter, mass, 3)[-1]
    gone = np.array([0.0, 1.0, 1.0]) * mass
    emptied = scatter * np.array([0.0, 1.0, 1.0])[:, None, None]
    after = current
    for _ in range(60):
        after = family.update(statistics_of(family, emptied, gone), after)
    assert after.weights[0] == 0.0
    alone = updated(family, emptied[1:], gone[1:])[-1]
    np.testing.assert_allclose(after.full_covariances()[1:], alone.full_covariances(), rtol=1e-5, atol=1e-7)
    assert np.isfinite(after.full_covariances()[0]).all()


@pytest.mark.parametrize("name", [one for one in NEW if one not in ("EII", "EEI", "EEV")])
def test_a_component_without_scatter_is_an_error_or_held_up(name: str, rng: np.random.Generator):
    scatter, mass = scatters(rng, K, D)
    scatter[0] = 0.0
    with pytest.raises(ValueError, match=r"no scatter|positive|finite"):
        updated(family_named(name), scatter, mass, 1)
    end = updated(family_named(name, Floor(np.full(D, 0.01))), scatter, mass, 3)[-1]
    assert np.linalg.eigvalsh(end.full_covariances()).min() >= 0.01 * (1 - 1e-9)


@pytest.mark.parametrize("name", ["EII", "VEI", "VEV"])
def test_covariances_alone_are_brought_into_the_family_as_those_of_equal_weights(
    name: str, rng: np.random.Generator
):
    family = family_named(name)
    root = rng.standard_normal((K, D, D))
    given = family.kind.stored(root @ np.swapaxes(root, 1, 2) + np.eye(D))
    lifted, _ = family.lifted(given)
    np.testing.assert_array_equal(lifted, family.made(None, np.zeros((K, D)), given).covariances)
    assert not family.lifted(lifted)[1]


def test_of_many_mixtures_one_that_is_none_stays_as_it_is():
    family = family_named("VEV")
    sound = np.stack([np.diag([1.0, 2.0]), np.diag([3.0, 4.0])])
    each = np.stack([sound, np.zeros_like(sound)])
    found = family.lifted_each(np.full((2, 2), 0.5), each)
    np.testing.assert_array_equal(found[1], each[1])
    np.testing.assert_array_equal(found[0], family.made(None, np.zeros((2, 2)), sound).covariances)
    assert not np.array_equal(found[0], sound)


def test_below_the_floor_in_all_directions_every_variance_is_the_floor():
    sums = np.array([[0.1, 0.2], [0.3, 0.05]])
    np.testing.assert_array_equal(of_one_volume(sums, np.array([0.5, 0.5]), 1.0), np.ones((2, 2)))


@pytest.mark.parametrize("name", ["EEV", "VEV"])
def test_scatters_beyond_float64_are_said_to_be_singular(name: str):
    beyond, mass, current = np.full((K, D, D), np.inf), np.full(K, 0.5), np.stack([np.eye(D)] * K)
    with pytest.raises(InvalidParameterError, match=f"covariances of family {name} are singular"):
        family_named(name)._maximised(beyond, mass, current, 0.0)
