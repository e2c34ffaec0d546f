"""Moves are made for gains that new rows would see."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.moves.left_out_gain import Gain, LeftOutGain
from gmmscape.objective import Objective


def objective_of(X: np.ndarray, like: gs.Mixture) -> Objective:
    sample = lab.Sample(X)
    floor = Floor.of(sample.variance, covariance_floor=1e-6)
    return Objective.near(sample, family_named(like.covariance_type, floor), sample.local_mixture(like))


def overlapping(seed: int, n: int) -> np.ndarray:
    """Rows of five components of which neighbours overlap."""
    rng = np.random.default_rng(seed)
    truth = gs.Mixture(None, 3.0 * np.random.default_rng(1).standard_normal((5, 2)), np.ones(5), "spherical")
    return truth.sample(n, rng)[0]


def test_scores_are_means_in_standard_errors():
    assert Gain(2.0, 0.5).score == 4.0
    assert Gain(0.0, 0.0).score == 0.0
    assert Gain(1.0, 0.0).score == np.inf
    assert Gain(-1.0, 0.0).score == -np.inf


def test_a_core_on_four_rows_gains_on_these_rows_only(rng: np.random.Generator):
    X = rng.standard_normal((80, 2))
    one = gs.GaussianMixture(2, means_init=[[-1.0, 0.0], [1.0, 0.0]], escape=False, covariance_prior=0.0).fit(
        X
    )
    some = X[np.argsort(((X - X[0]) ** 2).sum(axis=1))[:4]]
    core = gs.GaussianMixture(
        2,
        means_init=[[0.0, 0.0], some.mean(axis=0)],
        weights_init=[0.95, 0.05],
        precisions_init=[np.eye(2), np.linalg.inv(np.cov(some.T))],
        escape=False,
        covariance_prior=0.0,
    ).fit(X)
    before, after = (gs.Mixture(m.weights_, m.means_, m.covariances_, "full") for m in (one, core))
    assert core.score(X) > one.score(X)
    sample = lab.Sample(X)
    judge = LeftOutGain(objective_of(X, before))
    before, after = sample.local_mixture(before), sample.local_mixture(after)
    seen, left_out = judge.seen(before, after), judge.gain(before, after)
    assert seen.mean > 0.0
    assert left_out.mean < 0.5 * seen.mean
    assert left_out.score < 1.0


def test_a_cluster_found_gains_on_rows_left_out(rng: np.random.Generator):
    X = np.repeat([[0.0, 0.0], [9.0, 0.0], [30.0, 0.0]], 60, axis=0) + rng.standard_normal((180, 2))
    stuck = gs.Mixture([2 / 3, 1 / 6, 1 / 6], [[4.5, 0], [29.5, 0], [30.5, 0]], [20.0, 1.0, 1.0], "spherical")
    right = gs.Mixture(None, [[0, 0], [9, 0], [30, 0]], np.ones(3), "spherical")
    sample = lab.Sample(X)
    judge = LeftOutGain(objective_of(X, right))
    found = judge.gain(sample.local_mixture(stuck), sample.local_mixture(right))
    assert found.mean > 0.5
    assert found.score > 5.0


def test_fits_are_no_worse_on_new_rows_than_those_that_pursue_the_likelihood():
    """Paired over samples of few rows; and the likelihood is what they leave."""
    differences, seen = [], []
    for seed in range(12):
        X, fresh = overlapping(seed, 60), overlapping(seed + 1000, 4000)
        fits = [
            gs.GaussianMixture(5, random_state=seed, covariance_prior=0.3, pursue=pursue).fit(X)
            for pursue in ("evidence", "likelihood")
        ]
        differences.append(fits[0].score(fresh) - fits[1].score(fresh))
        seen.append(fits[1].lower_bound_ - fits[0].lower_bound_)
    assert max(seen) > 0.01
    error = np.std(differences) / np.sqrt(len(differences))
    assert np.mean(differences) > -error


def test_what_is_not_told_apart_is_in_hand():
    for seed in range(40):
        X = overlapping(seed, 60)
        model = gs.GaussianMixture(5, random_state=seed).fit(X)
        diagnosis = model.diagnosis_
        if diagnosis.rival is None:
            continue
        assert diagnosis.verdict == "cannot tell"
        assert "two fits that these data cannot tell apart" in diagnosis.reasons[0]
        assert any(move.outcome == "not told apart" for move in diagnosis.alternatives)
        assert gs.Diagnosis.from_dict(diagnosis.to_dict()).rival == diagnosis.rival
        return
    pytest.fail("no sample had a rival")


def test_pursuit_is_checked():
    with pytest.raises(gs.InvalidParameterError, match="pursue='luck'"):
        gs.GaussianMixture(2, pursue="luck").fit([[0.0], [1.0], [5.0]])


def test_what_a_move_gains_is_found_once(monkeypatch: pytest.MonkeyPatch):
    X = overlapping(0, 6_000)
    before, after = (gs.GaussianMixture(k, random_state=0, escape=False).fit(X) for k in (2, 5))
    objective = objective_of(X, before.solution_.mixture)
    left_out, calls = LeftOutGain(objective), []
    find = left_out._log_densities
    monkeypatch.setattr(left_out, "_log_densities", lambda *given: calls.append(1) or find(*given))
    fits = [objective.measure.local_mixture(model.solution_.mixture) for model in (before, after)]
    first = left_out.gain(*fits)
    assert left_out.gain(*fits) == first
    assert len(calls) == 2
    assert left_out.gain(*reversed(fits)).mean == pytest.approx(-first.mean)
    assert len(calls) == 4
