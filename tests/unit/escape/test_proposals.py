"""What proposals predict, against what the whole mixture then gains or loses."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.escape.moves import Move, Removal, applied, merged
from gmmscape.escape.pairs import ROUGH, fit_one, fit_pairs, pairs_around
from gmmscape.escape.removals import deletion_costs, merging_bounds, propose_removals
from gmmscape.escape.splits import COVERED, propose_resplits, propose_splits, shares
from gmmscape.families import Floor, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, mixture_around, run

KINDS = ("full", "tied", "diag", "spherical")


def data(rng: np.random.Generator) -> np.ndarray:
    """Five clusters in the plane, weights unequal."""
    centers = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 7.0], [20.0, 20.0], [23.0, 26.0]])
    return np.repeat(centers, [150, 90, 60, 120, 80], axis=0) + rng.standard_normal((500, 2))


def problem(kind: str, k: int = 4, seed: int = 1) -> tuple[Objective, gs.Mixture]:
    """The NLL of the data and a fit of too few components, in local coordinates."""
    rng = np.random.default_rng(seed)
    sample = gs.Sample(data(rng), rng.uniform(0.5, 2.0, 500))
    family = family_named(kind, Floor.of(sample.variance))
    means = sample.points[rng.choice(500, k, replace=False)] + sample.origin
    start = mixture_around(sample, family, means).shifted(-sample.origin)
    objective = Objective.near(sample, family, start)
    return objective, run(EM(tol=1e-4), objective, start).mixture.shifted(-sample.origin)


def nll(objective: Objective, mixture: gs.Mixture) -> float:
    return -float(objective.rows.weights @ objective.rows.log_densities(mixture))


def without(mixture: gs.Mixture, i: int) -> gs.Mixture:
    kept = [j for j in range(mixture.n_components) if j != i]
    tied = mixture.covariance_type == "tied"
    covariances = mixture.covariances if tied else mixture.covariances[kept]
    weights = mixture.weights[kept] / mixture.weights[kept].sum()
    return gs.Mixture(weights, mixture.means[kept], covariances, mixture.covariance_type)


@pytest.mark.parametrize("kind", KINDS)
def test_deletion_costs_are_exact(kind: str):
    objective, fit = problem(kind)
    expected = [nll(objective, without(fit, i)) - nll(objective, fit) for i in range(4)]
    np.testing.assert_allclose(deletion_costs(objective, fit), expected, rtol=1e-11, atol=1e-12)


def merged_whole(fit: gs.Mixture, i: int, j: int) -> gs.Mixture:
    _, one = merged(fit, (i, j))
    weights, means, covariances = fit.weights.copy(), fit.means.copy(), fit.covariances.copy()
    weights[i], means[i], covariances[i] = weights[i] + weights[j], one.means[0], one.covariances[0]
    weights[j] = 0.0
    return gs.Mixture(weights, means, covariances, fit.covariance_type)


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_runnalls_bounds_the_divergence_of_a_merger(kind: str):
    _, fit = problem(kind)
    bounds = merging_bounds(fit)
    np.testing.assert_allclose(bounds, bounds.T, rtol=1e-9, atol=1e-12)
    rows, _ = fit.sample(200_000, 0)
    for i, j in [(0, 1), (0, 2), (1, 3)]:
        change = fit.log_density(rows) - merged_whole(fit, i, j).log_density(rows)
        assert change.mean() <= bounds[i, j] + 4 * change.std() / np.sqrt(len(rows))


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_proposed_mergers_cost_no_more_than_said(kind: str):
    objective, fit = problem(kind)
    removals = propose_removals(objective, fit, shares(objective, fit))
    assert [r.cost for r in removals] == sorted(r.cost for r in removals)
    pairs = [removal for removal in removals if len(removal.components) == 2]
    assert pairs
    for removal in pairs:
        exact = nll(objective, merged_whole(fit, *removal.components)) - nll(objective, fit)
        assert exact <= removal.cost + 1e-3  # shares leave out responsibilities below COVERED


def with_children(fit: gs.Mixture, split) -> gs.Mixture:
    """The mixture of one component more that a split makes."""
    a = split.component
    weights = np.append(fit.weights, fit.weights[a] * split.children.weights[1])
    weights[a] *= split.children.weights[0]
    means = np.vstack([fit.means, split.children.means[1]])
    means[a] = split.children.means[0]
    if fit.covariance_type == "tied":
        covariances = fit.covariances - fit.weights[a] * split.shed
    else:
        covariances = np.concatenate([fit.covariances, split.children.covariances[1:]])
        covariances[a] = split.children.covariances[0]
    return gs.Mixture(weights, means, covariances, fit.covariance_type)


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
@pytest.mark.parametrize("seed", range(3))
def test_a_split_gains_at_least_what_its_small_problem_does(kind: str, seed: int):
    objective, fit = problem(kind, seed=seed)
    covered = shares(objective, fit)
    splits = [
        s for a in range(4) for s in propose_splits(objective, fit, a, covered[a], np.random.default_rng(a))
    ]
    assert max(split.gain for split in splits) > 0.05
    for split in splits:
        gained = nll(objective, fit) - nll(objective, with_children(fit, split))
        assert gained >= split.gain - 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_split_finds_the_two_clusters_of_an_overloaded_component(kind: str):
    rng = np.random.default_rng(0)
    X = np.concatenate(
        [rng.normal(-5, 1, (100, 2)), rng.normal(5, 1, (50, 2)), rng.normal((40, 0), 1, (100, 2))]
    )
    sample = gs.Sample(X)
    family = family_named(kind, Floor.of(sample.variance))
    start = mixture_around(sample, family, np.array([[-2.0, -2.0], [40.0, 0.0]])).shifted(-sample.origin)
    objective = Objective.near(sample, family, start)
    fit = run(EM(), objective, start).mixture.shifted(-sample.origin)
    (best, *_) = propose_splits(objective, fit, 0, shares(objective, fit)[0], np.random.default_rng(0))
    order = np.argsort(best.children.means[:, 0])
    np.testing.assert_allclose(
        best.children.means[order] + sample.origin, [X[:100].mean(0), X[100:150].mean(0)], atol=0.02
    )
    np.testing.assert_allclose(best.children.weights[order], [2 / 3, 1 / 3], atol=0.01)
    assert not best.nested


def test_a_core_in_a_halo_is_proposed_as_nested():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(0, 6, (300, 2))])
    sample = gs.Sample(X)
    family = family_named("full", Floor.of(sample.variance))
    fit = mixture_around(sample, family, X.mean(axis=0)[None]).shifted(-sample.origin)
    objective = Objective.near(sample, family, fit)
    splits = propose_splits(objective, fit, 0, shares(objective, fit)[0], np.random.default_rng(0))
    assert splits[0].nested
    assert splits[0].gain > 0.3


def test_shares_hold_the_responsibilities_that_count():
    objective, fit = problem("full")
    from gmmscape import engine

    full = engine.responsibilities(objective.rows.local(slice(None)), fit.parameters)
    for i, share in enumerate(shares(objective, fit)):
        np.testing.assert_array_equal(share.rows, np.flatnonzero(full[:, i] >= COVERED))
        np.testing.assert_array_equal(share.weights, full[share.rows, i] * objective.rows.weights[share.rows])


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_that_share_badly_are_offered_a_better_way(kind: str):
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal((0, 0), 1, (100, 2)), rng.normal((9, 0), 1, (100, 2))])
    sample = gs.Sample(X)
    family = family_named(kind, Floor.of(sample.variance))
    crosswise = mixture_around(sample, family, np.array([[4.5, -1.0], [4.5, 1.0]])).shifted(-sample.origin)
    objective = Objective.near(sample, family, crosswise)
    covered = shares(objective, crosswise)
    splits = propose_resplits(objective, crosswise, (0, 1), covered, np.random.default_rng(0))
    found = [applied(crosswise, family, [Move(split, Removal((0, 1), 0.0))]) for split in splits]
    best = min((mixture for mixture in found if mixture is not None), key=lambda m: nll(objective, m))
    np.testing.assert_allclose(np.sort(best.means[:, 0] + sample.origin[0]), [0.0, 9.0], atol=0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_fitted_as_em_fits_them(kind: str):
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(-2, 1, (80, 2)), rng.normal(2, 1.5, (120, 2))]) + 30.0
    sample = gs.Sample(X, rng.uniform(0.5, 1.5, len(X)))
    family = family_named(kind, Floor.of(sample.variance))
    starts = pairs_around(sample, family, np.stack([X[:2], X[[0, 150]], X[[80, 190]]]))
    fitted = fit_pairs(sample, family, starts)
    assert len(fitted) == 3
    for start, (mixture, value) in zip(starts, fitted, strict=True):
        local = start.shifted(-sample.origin)
        plain = run(ROUGH, Objective.near(sample, family, local), local)
        assert value == pytest.approx(plain.nll, abs=1e-12)
        np.testing.assert_allclose(mixture.means, plain.means, atol=1e-9)
        assert -float(sample.weights @ mixture.log_density(X)) == pytest.approx(value, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_one_component_is_fitted_by_its_moments(kind: str):
    rng = np.random.default_rng(6)
    X = rng.normal(3, 1, (50, 2)) * [1.0, 4.0]
    weights = rng.uniform(0.5, 1.5, len(X))
    sample = gs.Sample(X, weights)
    fitted = fit_one(sample, family_named(kind, Floor.of(sample.variance)))
    assert fitted is not None
    mixture, value = fitted
    covariance = np.cov(X.T, aweights=weights, bias=True)
    expected = {"spherical": np.trace(covariance) / 2 * np.eye(2), "diag": np.diag(np.diag(covariance))}
    np.testing.assert_allclose(mixture.full_covariances()[0], expected.get(kind, covariance), rtol=1e-12)
    np.testing.assert_allclose(mixture.means[0], np.average(X, axis=0, weights=weights), rtol=1e-14)
    assert value == pytest.approx(-float(sample.weights @ mixture.log_density(X)), abs=1e-12)


def test_rows_without_scatter_have_no_fit():
    sample = gs.Sample(np.ones((5, 2)))
    family = family_named("full", Floor(np.zeros(2)))
    assert fit_one(sample, family) is None
    assert pairs_around(sample, family, np.ones((1, 2, 2))) == []
    assert fit_pairs(sample, family, []) == []


def test_very_many_rows_are_represented_by_some(monkeypatch: pytest.MonkeyPatch):
    objective, fit = problem("full")
    whole = shares(objective, fit)
    monkeypatch.setattr("gmmscape.escape.splits.MOST_ROWS", 20)
    some = shares(objective, fit)
    for all_rows, part in zip(whole, some, strict=True):
        assert len(part.rows) <= 40
        assert np.isin(part.rows, all_rows.rows).all()
        assert part.weights.sum() == pytest.approx(all_rows.weights.sum(), rel=1e-12)
    assert any(len(part.rows) < len(all_rows.rows) for all_rows, part in zip(whole, some, strict=True))
