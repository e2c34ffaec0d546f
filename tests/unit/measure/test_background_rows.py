"""Rows before a background against dense sums, and EM against an implementation of the tests' own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from tests.oracles import dense_background

from gmmscape import engine, lab
from gmmscape.families import family_named
from gmmscape.measure.background_rows import best_weight
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, Small, ends_on_parts, run
from gmmscape.solve.left_out import left_out_log_densities

K, D = 2, 2
RNG = np.random.default_rng(7)
ROWS = np.vstack(
    [RNG.normal(size=(120, D)), RNG.normal(size=(80, D)) * 0.5 + [5.0, 1.0], RNG.uniform(-4, 9, (60, D))]
)
START = Mixture([0.5, 0.5], [[0.5, 0.0], [4.0, 1.0]], [np.eye(D), np.eye(D) * 2.0])


def sampled(**options):
    return lab.Sample(ROWS, background="box", **options)


def dense(mixture: Mixture, weight: float):
    """The same in the caller's coordinates, as the tests' own implementation takes it."""
    weights = np.append((1.0 - weight) * mixture.weights, weight)
    return dense_background.Dense(weights, mixture.means, mixture.full_covariances(), 0.0)


def test_weight_is_the_maximum():
    gap = np.random.default_rng(0).normal(-1.0, 3.0, 300)
    weights = np.random.default_rng(1).random(300)
    weights /= weights.sum()

    def value(w: float) -> float:
        return -float(weights @ np.log1p(w * np.expm1(gap)))

    found = minimize_scalar(value, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-12})
    assert best_weight(gap, weights) == pytest.approx(found.x, abs=1e-6)
    assert value(best_weight(gap, weights)) <= found.fun + 1e-15  # rounding


def test_weight_is_zero_where_the_slope_is_not_positive():
    assert best_weight(np.full(10, -0.1), np.full(10, 0.1)) == 0.0
    assert best_weight(np.array([-800.0, 800.0]), np.array([0.5, 0.5])) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["reference", "native"])
def test_sums_agree_with_dense_ones(name: str):
    sample = sampled()
    with engine.using(name):
        rows = sample.rows(START)
        local = sample.local_mixture(START)
        weight = rows.background_weight(local)
        statistics = rows.statistics(local, "full")
        posterior = rows.responsibilities(local)
        found = rows.coverage(local, 1e-6)
    assert 0.05 < weight < 0.6
    densities = dense_background.joint(ROWS, dense(START, weight), sample.background.volume)
    expected = densities / densities.sum(axis=1, keepdims=True)
    assert posterior == pytest.approx(expected[:, :K], abs=1e-12)
    assert statistics.mass == pytest.approx(expected[:, :K].mean(axis=0))
    # The best weight is the average share of the background: a fixed point of EM's step for it.
    assert expected[:, -1].mean() == pytest.approx(weight, abs=1e-10)
    mean = expected[:, 0] @ ROWS / expected[:, 0].sum()
    assert statistics.mean[0] + sample.origin == pytest.approx(mean)
    value = np.log(densities.sum(axis=1)).mean()
    assert statistics.log_likelihood - rows.log_unit == pytest.approx(value)
    assert found.posterior == pytest.approx(posterior[found.row, np.repeat([0, 1], np.diff(found.ends))])
    assert found.posterior + found.rest == pytest.approx(1.0)


@pytest.mark.slow
def test_em_ends_where_dense_em_does():
    sample = sampled()
    family = family_named("full")
    objective = Objective.near(sample, family, sample.local_mixture(START))
    solution = run(EM(tol=1e-10, max_iter=5000), objective, sample.local_mixture(START))
    theirs = dense_background.em(ROWS, dense(START, 0.2), sample.background.volume, 3000)
    ours = solution.mixture
    assert solution.converged
    assert -solution.nll == pytest.approx(theirs.log_likelihood, abs=1e-9)
    assert ours.background_weight == pytest.approx(theirs.weights[-1], abs=1e-6)
    assert ours.weights == pytest.approx(theirs.weights[:-1], abs=1e-6)
    assert ours.means == pytest.approx(theirs.means, abs=1e-5)
    assert ours.covariances == pytest.approx(theirs.covariances, abs=1e-5)
    assert ours.weights.sum() + ours.background_weight == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_the_objective_never_rises(kind: str):
    sample = sampled()
    family = family_named(kind)
    start = family.made(None, sample.local_mixture(START).means, family.kind.repeated(np.eye(D), K))
    solution = run(EM(tol=1e-9, accelerate=False), Objective.near(sample, family, start), start)
    steps = np.diff(solution.history)
    assert len(steps) > 10
    assert steps.max() <= 1e-13 * abs(solution.nll)


def test_scale_of_the_columns_does_not_matter():
    scale = np.array([1e-6, 1e6])
    ends = []
    for factor in (np.ones(D), scale):
        sample = lab.Sample(ROWS * factor, background="box")
        start = Mixture(START.weights, START.means * factor, START.covariances * np.outer(factor, factor))
        local = sample.local_mixture(start)
        ends.append(run(EM(), Objective.near(sample, family_named("full"), local), local).mixture)
    assert ends[0].background_weight == pytest.approx(ends[1].background_weight, rel=1e-6)
    assert ends[0].means * scale == pytest.approx(ends[1].means, rel=1e-5)


def test_mixtures_that_bring_a_weight_keep_it():
    sample = sampled()
    given = START.beside(sample.background.of_weight(0.1))
    local = given.shifted(-sample.origin)
    assert sample.rows(local).background_weight(local) == 0.1
    assert sample.rows(local).nll(local) == pytest.approx(-given.log_density(ROWS).mean())


def test_left_out_densities_are_those_of_the_others():
    sample = sampled()
    objective = Objective.near(sample, family_named("full"), START)
    end = run(EM(tol=1e-11), objective, sample.local_mixture(START)).local
    rows, n = sample.rows(end), len(ROWS)
    posterior, beside = rows.responsibilities(end), sample.background_beside(end)
    found = left_out_log_densities(end, rows.local(slice(None)), posterior, float(n), 0.0, beside)
    points = rows.local(slice(None))
    for i in (0, 125, 210, 250):
        others = np.arange(n) != i
        psi = posterior[others]
        mass = psi.sum(axis=0)
        means = [psi[:, j] @ points[others] / mass[j] for j in range(K)]
        covariances = [
            ((points[others] - m) * psi[:, [j]]).T @ (points[others] - m) / mass[j]
            for j, m in enumerate(means)
        ]
        weights = np.append(mass, (1.0 - psi.sum(axis=1)).sum()) / (n - 1)
        one = dense_background.Dense(weights, np.array(means), np.array(covariances), 0.0)
        expected = np.log(dense_background.joint(points[[i]], one, sample.background.volume).sum())
        assert found[i] == pytest.approx(expected, abs=1e-6)


def test_missing_values_are_refused():
    from gmmscape.exceptions import DataError

    X = ROWS.copy()
    X[0, 0] = np.nan
    with pytest.raises(DataError, match="missing values"):
        lab.Sample(X, background=100.0)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_compiled_loop_ends_where_python_does(kind: str):
    from gmmscape.solve import descend

    sample = sampled(sample_weight=np.random.default_rng(3).integers(1, 4, len(ROWS)))
    family = family_named(kind)
    start = family.made(None, sample.local_mixture(START).means, family.kind.repeated(np.eye(D), K))
    objective, solver = Objective.near(sample, family, start), EM(tol=1e-10)
    ours = descend(solver, objective, start)
    with engine.using("reference"):
        theirs = run(solver, Objective.near(sample, family, start), start)
    assert ours.converged
    assert ours.nll == pytest.approx(theirs.nll, abs=1e-11)
    assert ours.mixture.background_weight == pytest.approx(theirs.mixture.background_weight, abs=1e-7)
    assert ours.mixture.covariances == pytest.approx(theirs.mixture.covariances, abs=1e-6)
    assert np.diff(ours.history).max() <= 1e-13 * abs(ours.nll)


def test_compiled_loop_knows_ranges():
    sample = sampled()
    objective = Objective.near(sample, family_named("full"), START)
    local = sample.local_mixture(START)
    ranges = np.array([[0, len(ROWS)], [100, 230]])
    starts = Small(
        *(np.stack([part] * 2) for part in (local.weights, local.means, local.covariances)), local.kind
    )
    rows = objective.rows
    values = ends_on_parts(EM(max_iter=0), objective, rows, ranges, np.ones(2), starts)[1]
    some = rows.part(slice(100, 230))
    assert values[0] == pytest.approx(rows.nll(local))
    # Weights over a range do not sum to one here: the value is that of its rows alone, by their mass.
    mass = rows.weights[100:230].sum()
    assert values[1] - rows.log_unit == pytest.approx(mass * (some.nll(local) - rows.log_unit))


def test_what_is_missing_of_noise_is_drawn_from_the_box():
    """A component far from its rows gets none: all are noise, and so is what they lack."""
    rng = np.random.default_rng(3)
    X = rng.uniform(-20.0, 20.0, (400, 2))
    X[::2, 0] = np.nan
    sample = lab.Sample(X, background="box")
    far = sample.local_mixture(Mixture(None, [[1e3, 1e3]], [np.eye(2)]))
    filled = sample.rows(far).completed(far, np.random.default_rng(0)) + sample.origin
    assert filled[~np.isnan(X)] == pytest.approx(X[~np.isnan(X)], abs=1e-12)
    drawn = filled[::2, 0]
    assert np.nanmin(X[:, 0]) <= drawn.min()
    assert drawn.max() <= np.nanmax(X[:, 0])
    assert drawn.std() == pytest.approx(40.0 / np.sqrt(12.0), rel=0.15)
