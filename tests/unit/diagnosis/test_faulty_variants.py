"""Rules that searches of this kind often break, each with the fault planted: what goes wrong is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.covariances import DIAG
from gmmscape.moves import mixture_problem as mixtures
from gmmscape.moves import moves, removals, search
from gmmscape.moves.moves import merged
from gmmscape.moves.search import Attempt

CENTERS = np.array([[0.0, 0.0], [14.0, 0.0], [40.0, 5.0], [70.0, 0.0]])
#: One on the first two clusters, two on the third, one on the last.
STUCK = gs.Mixture(
    None, [[7.0, 0.0], [39.5, 4.0], [40.5, 6.0], [70.0, 0.0]], [30.0, 1.0, 1.0, 1.0], "spherical"
)


@pytest.fixture(name="X")
def four_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(CENTERS, 100, axis=0) + rng.standard_normal((400, 2))


def repaired(X: np.ndarray, model: gs.Mixture = STUCK) -> gs.Repair:
    return gs.repair(model, X, covariance_type="spherical", rng=0)


def test_the_sound_search_repairs_it(X: np.ndarray):
    np.testing.assert_allclose(np.sort(repaired(X).model.means[:, 0]), CENTERS[:, 0], atol=0.3)


def moments_kept(merge) -> bool:
    """Whether merging two components keeps the moments of the pair."""
    weights, means, variances = np.array([0.2, 0.6]), np.array([[0.0], [4.0]]), np.array([[1.0], [2.0]])
    _, mean, variance = merge(weights, means, variances, DIAG, np.array([[0, 1]]))
    share = weights / weights.sum()
    expected = share @ (variances + means**2) - (share @ means) ** 2
    return bool(np.allclose(mean, share @ means) and np.allclose(variance, expected))


def without_between(weights, means, covariances, kind, pairs):
    """A merger that averages covariances and forgets how far apart the means were."""
    same_place = np.zeros_like(means)
    _, _, covariance = merged(weights, same_place, covariances, kind, pairs)
    total, mean, _ = merged(weights, means, covariances, kind, pairs)
    return total, mean, covariance


def test_a_merger_without_the_term_between_the_means_is_noticed(
    X: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    assert moments_kept(merged)
    assert not moments_kept(without_between)
    fit = gs.Mixture(None, CENTERS, np.ones(4), "spherical")
    far = np.array([[0, 1]])
    sound = removals.merging_bounds(fit, far)
    monkeypatch.setattr(removals, "merged", without_between)
    assert sound[0] > 0.5
    assert removals.merging_bounds(fit, far)[0] < 0.01  # two clusters would seem to cost nothing
    monkeypatch.setattr(moves, "merged", without_between)
    faulty = repaired(X, gs.Mixture(None, CENTERS, np.ones(4), "spherical")).diagnosis
    predicted = [move.predicted_gain for move in faulty.moves + faulty.alternatives]
    assert all(gain <= 0 for gain in predicted)


def test_a_merge_score_that_counts_shared_rows_takes_the_heavy_pair(monkeypatch: pytest.MonkeyPatch):
    # Two heavy clusters that overlap, and two light components on one light cluster.
    rng = np.random.default_rng(0)
    X = np.concatenate(
        [rng.normal(0, 1, (2000, 1)), rng.normal(3.5, 1, (2000, 1)), rng.normal(30, 1, (60, 1))]
    )
    fit = gs.Mixture(
        [0.49, 0.49, 0.01, 0.01], [[0.0], [3.5], [29.6], [30.4]], [1.0, 1.0, 0.8, 0.8], "spherical"
    )
    posterior = fit.responsibilities(X)
    shared = posterior.T @ posterior  # Ueda and others, 2000: not divided by the norms
    pairs = np.stack(np.triu_indices(4, 1), axis=1)
    unnormalised = pairs[np.argmax(shared[pairs[:, 0], pairs[:, 1]])]
    assert unnormalised.tolist() == [0, 1]
    bounds = removals.merging_bounds(fit, pairs)
    assert pairs[np.argmin(bounds)].tolist() == [2, 3]


def test_acceptance_on_the_prediction_would_make_fits_worse(X: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    good = gs.GaussianMixture(4, covariance_type="spherical", means_init=CENTERS, escape=False).fit(X)

    class Boastful(mixtures.MixtureProblem):
        """Takes any move, as if the estimate that ranks it were what it brings."""

        def outcome(self, before, after, moves):
            return "taken" if before.nll != after.nll else "no gain"

    def one_round(problem, fit, budget, *, settled=True):
        state = search.Escape(fit)
        search._round(problem, state, budget)
        return state

    # Where the highest is asked for, moves that promise nothing are tried of a clear fit, too.
    options: dict[str, Any] = {"nested": "take", "rng": 0}
    sound = gs.repair(good, X, **options)
    assert sound.moves == ()
    monkeypatch.setattr("gmmscape.diagnosis.assess.MixtureProblem", Boastful)
    monkeypatch.setattr("gmmscape.diagnosis.examine.search", one_round)
    assert any(move.realised_gain < 0 for move in gs.repair(good, X, **options).moves)


def test_stopping_at_the_first_failure_leaves_gains_behind(X: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    def worst_first(self, fit, number, check) -> Iterator[Attempt]:
        everything = [moves for attempt in sound(self, fit, number, check) for moves in attempt.alternatives]
        for alternative in sorted(everything, key=lambda moves: sum(move.estimate for move in moves)):
            yield Attempt([alternative], rough=False)

    sound = mixtures.MixtureProblem.proposals
    monkeypatch.setattr(mixtures.MixtureProblem, "proposals", worst_first)
    patient = repaired(X)
    assert patient.diagnosis.tried > len(patient.moves) + 1
    np.testing.assert_allclose(np.sort(patient.model.means[:, 0]), CENTERS[:, 0], atol=0.3)

    def only_the_first(self, fit, number, check) -> Iterator[Attempt]:
        yield next(worst_first(self, fit, number, check))

    monkeypatch.setattr(mixtures.MixtureProblem, "proposals", only_the_first)
    hasty = repaired(X)
    assert hasty.nll_after > patient.nll_after + 0.1
