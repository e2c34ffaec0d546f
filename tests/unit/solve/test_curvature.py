"""Critical points certified by exact second derivatives: saddles with their index, optima without one."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from tests.efforts import with_effort
from tests.oracles.high_precision_fit import HighPrecisionFit

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.families import CovariancePrior, Family, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, curvature, run, start_around
from gmmscape.solve.second_order.curvature import price
from gmmscape.solve.second_order.own_units import OwnUnits
from marks import rest_slow

KINDS = ("spherical", "diag", "tied", "full")
FAMILIES = ("location", *KINDS)


def family_of(name: str) -> Family:
    return Location(1.0) if name == "location" else family_named(name)


def planted(name: str, groups: int, per_group: int = 400) -> tuple[Objective, gs.Mixture]:
    """Groups of two mirrored clusters far from each other, each with two equal components in its middle.

    EM leaves equal components equal, so that it ends at a saddle that leads down in every group. A round
    cluster with a component of its own keeps a covariance that all share narrower than the groups are.
    """
    rng = np.random.default_rng(4)
    half = rng.standard_normal((per_group // 2, 2)) * [1.0, 0.7] + np.array([2.5, 0.0])
    group = np.concatenate([half, half * [-1.0, 1.0]])
    middles = 60.0 * np.arange(groups + 1)[:, None] * np.array([1.0, 0.4])
    alone = middles[-1] + rng.standard_normal((4 * per_group, 2))
    sample = lab.Sample(np.concatenate([*(group + middle for middle in middles[:-1]), alone]))
    means = np.concatenate([np.repeat(middles[:-1], 2, axis=0), middles[-1:]]) - sample.origin
    family = family_of(name)
    matrix = np.eye(2) if name == "location" else np.diag([7.0, 1.0])
    start = gs.Mixture(None, means, family.kind.repeated(matrix, len(means)), family.kind.name)
    objective = Objective.near(sample, family, start)
    return objective, run(EM(tol=1e-11, max_iter=20_000, accelerate=False), objective, start).local


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("groups", [1, 2, 3])
def test_planted_saddles_have_their_index(name: str, groups: int):
    objective, saddle = planted(name, groups)
    found = curvature(objective, saddle)
    one = curvature(*planted(name, 1))
    assert found is not None
    assert one is not None
    assert found.gradient < 1e-7
    assert found.smallest < -0.05
    assert found.distance == np.inf
    # Along the line, components of a pair part; what else they may do is the same in every group, but for a
    # covariance that all share.
    assert one.falling >= 1
    assert found.falling == (groups if name in ("location", "tied") else groups * one.falling)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_direction_leads_down_from_a_saddle(name: str):
    objective, saddle = planted(name, 2)
    found = curvature(objective, saddle)
    assert found is not None
    units = OwnUnits(objective.family, saddle)
    value = objective.value(saddle)
    assert objective.value(units.moved(0.05 * found.direction)) < value - 1e-5
    assert objective.value(units.moved(-0.05 * found.direction)) < value - 1e-5  # mirrored


def test_a_diagnosis_names_the_index():
    objective, saddle = planted("spherical", 2)
    X = objective.rows.data
    diagnosis = gs.diagnose(
        saddle.shifted(objective.measure.origin), X, covariance_type="spherical", covariance_prior=0, rng=0
    )
    evidence = diagnosis.evidence
    found = curvature(objective, saddle)
    assert found is not None
    assert evidence.falling_directions == found.falling > 0
    assert evidence.distance is None
    assert f"a saddle: the likelihood rises in {found.falling} directions" in diagnosis.to_text(verbose=True)


@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_the_same_by_products(name: str, monkeypatch: pytest.MonkeyPatch):
    for groups in (1, 2):
        objective, saddle = planted(name, groups)
        formed = curvature(objective, saddle)
        with monkeypatch.context() as patched:
            with_effort(
                patched, sys.modules["gmmscape.solve.second_order.curvature"], "solve", largest_hessian=0
            )
            multiplied = curvature(objective, saddle)
        assert formed is not None
        assert multiplied is not None
        assert multiplied.smallest == pytest.approx(formed.smallest, abs=1e-9)
        assert multiplied.error < 1e-7
        assert multiplied.falling >= 1


def optima(name: str, seed: int) -> tuple[Objective, gs.Mixture]:
    """Where EM and the second order lead from random rows."""
    rng = np.random.default_rng([seed, 77])
    centers = 3.0 * rng.standard_normal((3, 1))
    sample = lab.Sample(centers[rng.integers(3, size=24)] + rng.standard_normal((24, 1)))
    if name == "location":
        family: Family = Location(1.0)
        start = gs.Mixture.location(sample.points[rng.choice(24, 2, replace=False)], 1.0)
    else:
        family = family_named(name, prior=CovariancePrior(2.0, sample.covariance, 24.0))
        start = start_around(sample, family, 2, "random_from_data", rng)
    objective = Objective.near(sample, family, start)
    return objective, run(EM(tol=1e-10, max_iter=5000), objective, start).local


@pytest.mark.parametrize("seed", rest_slow(range(40), 3))
@pytest.mark.parametrize("name", FAMILIES)
def test_random_optima_have_no_falling_direction(name: str, seed: int):
    objective, end = optima(name, seed)
    found = curvature(objective, end)
    assert found is not None
    assert found.falling == 0
    prior = objective.family.prior
    sample = objective.measure
    u = end.parameters.factors
    factors = np.broadcast_to(u.reshape((-1, 1, 1)), (2, 1, 1))
    exact = HighPrecisionFit(
        sample.points,
        sample.weights,
        end.weights,
        end.means,
        factors,
        objective.family.scores or "none",
        None if prior is None else (prior.mass, prior.scale),
    )
    units = OwnUnits(objective.family, end)
    hessian = exact.derivatives()[1] / units.scale / units.scale[:, None]
    if units.gauge is not None:
        hessian += np.outer(units.gauge, units.gauge)
    values = np.linalg.eigvalsh(hessian[np.ix_(units.free, units.free)])
    assert found.smallest == pytest.approx(values[0], abs=1e-9)


def test_the_distance_is_what_is_left_to_gain():
    rng = np.random.default_rng(1)
    sample = lab.Sample(np.concatenate([rng.normal(-1.5, 1.0, (400, 2)), rng.normal(1.5, 1.0, (400, 2))]))
    family = family_named("full")
    start = start_around(sample, family, 2, "kmeans", rng)
    objective = Objective.near(sample, family, start)
    end = run(EM(tol=1e-10), objective, start)
    near = run(EM(tol=3e-2, second_order=False), objective, start)
    found = curvature(objective, near.local)
    assert found is not None
    assert near.value - end.value > 1e-8
    assert found.distance == pytest.approx(near.value - end.value, rel=0.05)


def test_components_without_rows_have_none():
    objective, saddle = planted("spherical", 1)
    empty = gs.Mixture([0.5, 0.5, 0.0], saddle.means, saddle.covariances, "spherical")
    assert curvature(objective, empty) is None


def test_engines_agree_on_it():
    objective, saddle = planted("full", 2)
    ours = curvature(objective, saddle)
    with engine.using("reference"):
        theirs = curvature(objective, saddle)
    assert ours is not None
    assert theirs is not None
    assert ours.smallest == pytest.approx(theirs.smallest, abs=1e-10)
    assert ours.falling == theirs.falling
    assert price(objective, saddle) > 2.0
