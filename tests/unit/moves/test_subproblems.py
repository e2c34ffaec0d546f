"""Small problems: one component by its moments, two as EM fits them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import lab
from gmmscape.covariances import FULL, kind_named
from gmmscape.families import Floor, family_named
from gmmscape.measure import WeightedRows
from gmmscape.moves import split_starts as split_starts_module
from gmmscape.moves.component_rows import Parts
from gmmscape.moves.split_starts import few_rows, pairs, scatter_about, split_starts, starting_means, widest
from gmmscape.moves.subproblems import ROUGH, SmallProblems
from gmmscape.objective import Objective
from gmmscape.solve import run

KINDS = ("full", "tied", "diag", "spherical")


def small(kind: str, X: np.ndarray, weights: np.ndarray, ends: list[int]) -> SmallProblems:
    sample = lab.Sample(X, weights)
    family = family_named(kind, Floor.of(sample.variance))
    objective = Objective.near(sample, family, gs.Mixture([1.0], [X[0]], [1.0], "spherical"))
    return SmallProblems(objective, Parts(objective.rows, np.array(ends)))


@pytest.mark.parametrize("kind", KINDS)
def test_one_component_is_fitted_by_its_moments(kind: str, rng: np.random.Generator):
    X = rng.normal(3, 1, (80, 2)) * [1.0, 4.0]
    weights = rng.uniform(0.5, 1.5, len(X))
    problems = small(kind, X, weights, [0, 30, 80])
    for part, own in enumerate((slice(0, 30), slice(30, 80))):
        covariance = np.cov(X[own].T, aweights=weights[own], bias=True)
        expected = {"spherical": np.trace(covariance) / 2, "diag": np.diag(covariance)}.get(kind, covariance)
        np.testing.assert_allclose(problems.single[part], expected, rtol=1e-10)
        mean = np.average(X[own], axis=0, weights=weights[own])
        one = gs.Mixture([1.0], mean[None], np.asarray(expected)[None], "full" if kind == "tied" else kind)
        share = weights[own] / weights[own].sum()
        assert problems.single_value[part] == pytest.approx(
            -float(share @ one.log_density(X[own])), abs=1e-10
        )


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_fitted_as_em_fits_them(
    kind: str, engine: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GMMSCAPE_ENGINE", engine)
    X = np.concatenate([rng.normal(-2, 1, (80, 2)), rng.normal(2, 1.5, (120, 2))]) + 30.0
    X = np.concatenate([X, X[::2] * 2.0])
    problems = small(kind, X, rng.uniform(0.5, 1.5, len(X)), [0, 200, 300])
    which = np.array([0, 1, 0])
    means = np.stack([problems.rows(i)[0][[0, -1]] for i in which])
    matrices = np.stack([scatter(problems, i, pair) for i, pair in zip(which, means, strict=True)])
    starts = pairs(np.full((3, 2), 0.5), means, matrices, problems.family, kind_named(kind))
    ends, values = problems.fitted(which, starts)
    for at, part in enumerate(which):
        points, weights = problems.rows(part)
        rows = WeightedRows(points, weights, problems.objective.rows.unit)
        objective = Objective(problems.objective.measure, problems.family, rows)
        plain = run(ROUGH, objective, starts.mixture(at))
        assert values[at] == pytest.approx(plain.nll, abs=1e-9)
        np.testing.assert_allclose(ends.means[at], plain.mixture.means - objective.measure.origin, atol=1e-7)
        assert -float(weights @ ends.mixture(at).log_density(points)) == pytest.approx(values[at], abs=1e-9)


def test_rows_without_scatter_are_not_usable():
    X = np.concatenate([np.ones((10, 2)), np.random.default_rng(0).normal(size=(10, 2))])
    sample = lab.Sample(X)
    objective = Objective.near(
        sample, family_named("full", Floor(np.zeros(2))), gs.Mixture([1.0], [[0.0, 0.0]], [1.0], "spherical")
    )
    problems = SmallProblems(objective, Parts(objective.rows, np.array([0, 10, 10, 20])))
    np.testing.assert_array_equal(problems.usable, [False, False, True])
    starts = pairs(np.full((1, 2), 0.5), np.zeros((1, 2, 2)), np.zeros((1, 2, 2)), problems.family, FULL)
    assert problems.fitted(np.array([0]), starts)[1][0] == np.inf


def scatter(problems: SmallProblems, part: int, means: np.ndarray) -> np.ndarray:
    """Of the rows of a part about the nearer of two means."""
    points, weights = problems.rows(part)
    return scatter_about(points[None], weights[None], means[None, None], whole=True)[0, 0]


def test_starts_lie_along_the_widest_direction_and_far_apart(rng: np.random.Generator):
    X = rng.standard_normal((400, 2)) * [10.0, 1.0] + [5.0, 0.0]
    problems = small("full", X, np.ones(400), [0, 400])
    part = np.array([0])
    found, there = starting_means(problems, part, *few_rows(problems, part), 5, rng)
    assert found.shape == (1, 6, 2, 2)
    assert there.all()
    starts, middle = found[0], problems.means[0]
    np.testing.assert_allclose(starts[0].mean(axis=0), middle, atol=1e-12)
    gaps = np.linalg.norm((starts[:, 1] - starts[:, 0]) / X.std(axis=0), axis=1)
    assert np.median(gaps) > 1.5


def test_a_few_rows_stand_for_each_part(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch):
    with_effort(monkeypatch, split_starts_module, "moves", start_rows=20)
    X = rng.standard_normal((500, 2))
    problems = small("full", X, rng.uniform(0.5, 1.5, 500), [0, 7, 107, 500])
    points, weights = few_rows(problems, np.arange(3))
    assert points.shape == (3, 20, 2)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_array_equal(weights[0] > 0, np.arange(20) < 7)
    local = X - problems.objective.measure.origin
    np.testing.assert_array_equal(points[0, :7], local[:7])
    for part, (first, last) in enumerate([(0, 7), (7, 107), (107, 500)]):
        assert {tuple(row) for row in points[part]} <= {tuple(row) for row in local[first:last]}
    places = [np.flatnonzero((local == row).all(axis=1))[0] for row in points[2]]
    assert np.ptp(np.diff(places)) <= 1  # evenly


def test_starts_do_not_depend_on_how_many_are_found_together(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
):
    X = rng.standard_normal((90, 2))
    X[30:60] = X[30]
    problems = small("full", X, np.ones(90), [0, 30, 60, 60, 90])
    which, starts = split_starts(problems, 3, FULL, np.random.default_rng(0))
    # Equal rows have no second one far off, and no rows have no starts.
    assert sorted(which.tolist()) == [0] * 4 + [1] + [3] * 4
    about = [scatter(problems, i, pair) for i, pair in zip(which, starts.means, strict=True)]
    np.testing.assert_allclose(starts.covariances[:, 0][which != 1], np.stack(about)[which != 1], atol=1e-12)
    with_effort(monkeypatch, split_starts_module, "moves", values_together=1)
    again, one_by_one = split_starts(problems, 3, FULL, np.random.default_rng(0))
    np.testing.assert_array_equal(again, which)
    np.testing.assert_array_equal(one_by_one.means[which == 0][0], starts.means[which == 0][0])


@pytest.mark.parametrize("d", [5, 40])
def test_the_widest_direction_is_that_of_the_largest_eigenvalue(d: int, rng: np.random.Generator):
    axes = np.linalg.qr(rng.standard_normal((d, d)))[0]
    found = widest((axes @ np.diag([9.0, *np.linspace(1.0, 0.1, d - 1)]) @ axes.T)[None])[0]
    assert abs(found @ axes[:, 0]) == pytest.approx(3.0, rel=1e-3)
    assert np.linalg.norm(found) == pytest.approx(3.0, rel=1e-3)
