"""One fit examined, as diagnose and repair see it: polish, saddles, coincident means, collapse, budgets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.diagnosis.examine import _filled
from gmmscape.diagnosis.verdict import significance
from gmmscape.families import Floor, family_named
from gmmscape.moves.degeneracy import collapsed, effective_rows, scarce
from gmmscape.objective import Objective
from gmmscape.progress import Event


def three_clusters(rng: np.random.Generator, n: int = 100) -> np.ndarray:
    return np.concatenate([rng.normal(center, 1.0, (n, 2)) for center in ((0, 0), (12, 0), (40, 5))])


STUCK = gs.Mixture(None, [[6.0, 0.0], [39.5, 4.0], [40.5, 6.0]], [20.0, 1.0, 1.0], "spherical")
GOOD = gs.Mixture(None, [[0.0, 0.0], [12.0, 0.0], [40.0, 5.0]], np.ones(3), "spherical")


def as_kind(mixture: gs.Mixture, kind: str) -> gs.Mixture:
    matrices = mixture.full_covariances()
    covariances = {
        "full": matrices,
        "tied": matrices.mean(axis=0),
        "diag": np.diagonal(matrices, axis1=1, axis2=2),
        "spherical": matrices[:, 0, 0],
    }[kind]
    return gs.Mixture(mixture.weights, mixture.means, covariances, kind)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_a_bad_optimum_is_named_and_left(kind: str, rng: np.random.Generator):
    X = three_clusters(rng)
    result = gs.repair(as_kind(STUCK, kind), X, covariance_type=kind, rng=0)
    diagnosis = result.diagnosis
    assert diagnosis.verdict == "bad optimum"
    assert [component.kind for component in diagnosis.components] == [
        "one-fits-many",
        "many-fit-one",
        "many-fit-one",
    ]
    assert diagnosis.components[1].partners == (2,)
    assert len(diagnosis.components[0].covers) == 2
    means = np.sort(result.model.means[:, 0])
    np.testing.assert_allclose(means, [X[:100, 0].mean(), X[100:200, 0].mean(), X[200:, 0].mean()], atol=0.05)
    assert result.nll_after == pytest.approx(result.nll_before - result.polish_gain - result.escape_gain)
    assert result.escape_gain > 0.1


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_a_good_fit_is_left_in_peace(kind: str, rng: np.random.Generator):
    X = three_clusters(rng)
    fit = gs.GaussianMixture(3, covariance_type=kind, means_init=GOOD.means, escape=False).fit(X)
    diagnosis = gs.diagnose(fit, X, rng=0)
    assert diagnosis.verdict == "no better fit found"
    assert diagnosis.input_state == "converged"
    assert diagnosis.tried > 0
    assert diagnosis.moves == ()
    assert {component.kind for component in diagnosis.components} == {"exact"}


def test_polishing_is_not_escaping(rng: np.random.Generator):
    X = three_clusters(rng)
    diagnosis = gs.diagnose(GOOD, X, covariance_type="spherical", rng=0)
    assert diagnosis.input_state == "not converged"
    assert diagnosis.polish_gain > 0
    assert diagnosis.escape_gain == 0
    assert diagnosis.verdict == "no better fit found"
    assert diagnosis.gain_total == pytest.approx(300 * diagnosis.polish_gain)


def test_a_saddle_is_recognised_and_left(rng: np.random.Generator):
    X = np.concatenate([rng.normal(-4, 1, (200, 1)), rng.normal(4, 1, (200, 1))])
    spread = float(np.sqrt(X.var()))
    # Two components in one place, with unequal variances so that they are not copies of each other.
    together = gs.Mixture(None, [[X.mean()]] * 2, [spread**2] * 2, "spherical")
    result = gs.repair(together, X, covariance_type="spherical", rng=0)
    assert result.diagnosis.input_state == "saddle"
    assert result.diagnosis.verdict == "bad optimum"
    np.testing.assert_allclose(np.sort(result.model.means.ravel()), [-4.0, 4.0], atol=0.3)


@pytest.mark.parametrize("kind", ["full", "tied", "spherical"])
def test_all_means_in_one_place_end_in_their_clusters(kind: str, rng: np.random.Generator):
    X = three_clusters(rng)
    deviation = X - X.mean(axis=0)
    matrix = deviation.T @ deviation / len(X)
    whole = gs.Mixture(None, [X.mean(axis=0)] * 3, [matrix] * 3, "full")
    start = as_kind(whole, kind)
    result = gs.repair(start, X, covariance_type=kind, rng=0)
    np.testing.assert_allclose(np.sort(result.model.means[:, 0]), [0, 12, 40], atol=0.3)
    np.testing.assert_allclose(result.model.weights, 1 / 3, atol=0.01)
    assert any("nearly coincide" in warning for warning in result.diagnosis.warnings)


def test_an_empty_component_is_put_to_use(rng: np.random.Generator):
    X = three_clusters(rng)
    idle = gs.Mixture([0.4, 0.6, 0.0], [[0.0, 0.0], [26.0, 2.0], [1e4, 1e4]], [1.0, 200.0, 1.0], "spherical")
    result = gs.repair(idle, X, covariance_type="spherical", rng=0)
    assert result.diagnosis.input_state == "plateau"
    np.testing.assert_allclose(np.sort(result.model.means[:, 0]), [0, 12, 40], atol=0.3)
    assert result.model.weights.min() > 0.3


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_components_that_the_search_emptied_share_with_the_heaviest(kind: str, rng: np.random.Generator):
    before = as_kind(GOOD, kind)
    X = three_clusters(rng, 5)
    solution = gs.repair(before, X, covariance_type=kind, max_seconds=0.0).solution
    emptied = gs.Mixture([0.3, 0.0, 0.7], before.means, before.covariances, kind)
    filled = _filled(replace(solution, local=emptied), before, np.ones(3, dtype=bool)).local
    assert filled.weights.tolist() == [0.3, 0.35, 0.35]
    assert filled.means[1].tolist() == emptied.means[2].tolist()
    np.testing.assert_allclose(filled.log_density(X), emptied.log_density(X), rtol=1e-12)


def test_never_worse_than_what_came_in_even_below_the_floor(rng: np.random.Generator):
    X = np.concatenate([rng.normal(0, 1, (50, 1)), np.full((20, 1), 5.0)])
    narrow = gs.Mixture([5 / 7, 2 / 7], [[0.0], [5.0]], [1.0, 1e-12], "spherical")
    result = gs.repair(narrow, X, covariance_type="spherical", rng=0)
    assert result.nll_after <= result.nll_before
    assert result.diagnosis.input_state == "degenerate"
    assert result.diagnosis.verdict == "cannot tell"
    assert result.diagnosis.components[1].kind == "collapsed"
    assert result.model.covariances[1] == 1e-12


def test_a_time_budget_of_nothing_still_answers(rng: np.random.Generator):
    X = three_clusters(rng)
    result = gs.repair(STUCK, X, covariance_type="spherical", rng=0, max_seconds=0.0)
    assert result.diagnosis.stop_reason == "time_limit"
    assert result.diagnosis.verdict == "cannot tell"
    assert result.nll_after <= result.nll_before


def test_a_callback_ends_it_with_what_is_found(rng: np.random.Generator):
    X = three_clusters(rng)
    stages: list[str] = []

    def stop(event: Event) -> bool:
        stages.append(event.stage)
        return event.stage == "moves"

    diagnosis = gs.diagnose(STUCK, X, covariance_type="spherical", rng=0, callback=stop)
    assert diagnosis.stop_reason == "interrupted"
    assert diagnosis.verdict == "cannot tell"
    assert set(stages) == {"polish", "moves"}


def test_the_seed_decides_and_threads_do_not(rng: np.random.Generator):
    X = three_clusters(rng)
    one, same, threads = (
        gs.repair(STUCK, X, covariance_type="spherical", rng=3, n_jobs=n_jobs) for n_jobs in (None, 1, 2)
    )
    assert one.model == same.model == threads.model
    assert one.moves == threads.moves


def test_weights_are_repeated_rows(rng: np.random.Generator):
    X = three_clusters(rng)
    weights = rng.integers(1, 4, len(X)).astype(float)
    weighted = gs.repair(STUCK, X, weights, covariance_type="spherical", rng=0)
    repeated = gs.repair(STUCK, np.repeat(X, weights.astype(int), axis=0), covariance_type="spherical", rng=0)
    np.testing.assert_allclose(weighted.model.means, repeated.model.means, rtol=1e-6)
    assert weighted.diagnosis.total == weights.sum() == repeated.diagnosis.total
    assert weighted.gain_total == pytest.approx(repeated.gain_total, rel=1e-9)


def test_a_cluster_is_not_traded_for_a_core_unless_asked(rng: np.random.Generator):
    # A core in a halo, and two clusters so close that separating them gains less.
    X = np.concatenate(
        [
            rng.normal(0, 1, (400, 2)),
            rng.normal(0, 9, (400, 2)),
            rng.normal((60, 0), 1, (60, 2)),
            rng.normal((63.5, 0), 1, (60, 2)),
        ]
    )
    start = gs.Mixture([0.8, 0.1, 0.1], [[0.0, 0.0], [60.0, 0.0], [63.5, 0.0]], [40.0, 1.0, 1.0], "spherical")
    offer, take = (
        gs.repair(start, X, covariance_type="spherical", rng=0, nested=nested) for nested in ("offer", "take")
    )
    assert offer.moves == ()
    assert offer.alternatives[0].outcome == "nested"
    assert offer.alternatives[0].realised_gain > 0
    assert take.nll_after < offer.nll_after
    assert take.nll_after == pytest.approx(offer.nll_after - offer.alternatives[0].realised_gain, abs=1e-4)


def objective(X: np.ndarray, weights: np.ndarray | None = None) -> Objective:
    sample = lab.Sample(X, weights)
    family = family_named("spherical", Floor.of(sample.variance))
    return Objective.near(sample, family, GOOD)


def test_effective_rows_count_different_rows(rng: np.random.Generator):
    X = three_clusters(rng)
    found = effective_rows(objective(X), GOOD.shifted(-objective(X).measure.origin))
    np.testing.assert_allclose(found, 100, rtol=1e-6)
    of = objective(np.repeat(X, 7, axis=0))
    np.testing.assert_allclose(effective_rows(of, GOOD.shifted(-of.measure.origin)), 100, rtol=1e-6)


def test_a_value_that_many_rows_have_is_no_repetition(rng: np.random.Generator):
    X = three_clusters(rng)
    of = objective(np.concatenate([X, np.repeat(X[:1], 1000, axis=0)]))
    found = effective_rows(of, GOOD.shifted(-of.measure.origin))
    np.testing.assert_allclose(found, [1100, 100, 100], rtol=1e-6)


def test_collapse_is_few_rows_or_a_floor(rng: np.random.Generator):
    X = np.concatenate([three_clusters(rng), [[100.0, 100.0], [100.5, 100.5]]])
    of = objective(X)
    four = gs.Mixture(None, [*GOOD.means, [100.2, 100.2]], [1.0, 1.0, 1.0, 0.1], "spherical")
    local = four.shifted(-of.measure.origin)
    np.testing.assert_array_equal(scarce(of, local), [False, False, False, True])
    np.testing.assert_array_equal(collapsed(of, local), [False, False, False, True])
    floor = of.family.floor.variances.mean()
    narrow = gs.Mixture(four.weights, local.means, [floor, 1.0, 1.0, 0.1], "spherical")
    np.testing.assert_array_equal(collapsed(of, narrow), [True, False, False, True])


def test_significance_is_the_mean_in_standard_errors(rng: np.random.Generator):
    difference = rng.normal(0.2, 1.0, 400)
    equal = np.full(400, 1 / 400)
    expected = difference.mean() / (difference.std() / np.sqrt(400))
    assert significance(difference, equal, 400) == pytest.approx(expected)
    assert significance(-np.abs(difference), equal, 400) == 0.0
    assert significance(np.ones(400), equal, 400) == np.inf


def test_a_gain_within_noise_is_no_verdict():
    # One Gaussian, four components: their optima are many and differ by chance.
    X = np.random.default_rng(1).standard_normal((150, 2))
    verdicts, rivals = set(), 0
    for seed in range(6):
        fit = gs.GaussianMixture(
            4, covariance_type="spherical", init_params="random_from_data", random_state=seed, escape=False
        ).fit(X)
        diagnosis = gs.diagnose(fit, X, rng=seed)
        verdicts.add(diagnosis.verdict)
        if diagnosis.escape_gain > 0:
            assert (diagnosis.verdict == "cannot tell") == (diagnosis.significance < 2)
        if diagnosis.rival is not None:
            assert diagnosis.verdict == "cannot tell"
            assert "two fits" in diagnosis.reasons[0]
            rivals += 1
    assert "cannot tell" in verdicts
    assert "bad optimum" not in verdicts
    assert rivals > 0
