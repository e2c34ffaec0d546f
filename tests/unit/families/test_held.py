"""Held parameters: the M-step under them, against the tests' own EM and a numerical maximiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from gmmscape import lab
from gmmscape.covariances import kind_named
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import CovariancePrior, Floor, Held, HeldParts, family_named, with_held
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, run

NAN = np.nan
RNG = np.random.default_rng(11)
ROOT = np.array([[1.0, 0.0, 0.0], [0.8, 0.7, 0.0], [-0.3, 0.2, 1.1]])
ROWS = np.vstack([RNG.normal(size=(90, 3)) @ ROOT.T, RNG.normal([4.0, 1.0, -1.0], 1.0, (60, 3))])
START = Mixture([0.5, 0.5], [[0.3, 0.0, 0.0], [3.0, 1.0, -1.0]], [np.eye(3)] * 2)


def parts(kind: str = "full", **given) -> HeldParts:
    return HeldParts.of(
        kind_named(kind), 2, 3, given.get("weights"), given.get("means"), given.get("covariances")
    )


def fitted(kind: str, held: HeldParts, tol: float = 1e-10, **options):
    sample = lab.Sample(ROWS)
    family = with_held(family_named(kind, **options), held, sample.origin)
    start = family.made(None, START.means - sample.origin, family.kind.repeated(np.eye(3), 2))
    solution = run(EM(tol=tol, max_iter=5000), Objective.near(sample, family, start), start)
    assert solution.converged
    return solution


def log_likelihood(weights, means, covariances) -> float:
    joint = [
        w * multivariate_normal(m, c).pdf(ROWS) for w, m, c in zip(weights, means, covariances, strict=True)
    ]
    return float(np.log(np.sum(joint, axis=0)).mean())


def test_free_mean_entries_are_the_maximum_given_the_held_ones():
    """No small change of what is free raises the likelihood, by an independent density."""
    held = parts(means=[[0.5, NAN, NAN], [NAN, 0.5, 0.5]])
    fit = fitted("full", held).mixture
    free = np.isnan(held.means)

    def value(change: np.ndarray) -> float:
        means = fit.means.copy()
        means[free] += change
        return log_likelihood(fit.weights, means, fit.covariances)

    step = 1e-4
    for i in range(3):
        change = np.zeros(3)
        change[i] = step
        slope = (value(change) - value(-change)) / (2 * step)
        assert abs(slope) < 1e-6
        assert value(change) < value(np.zeros(3)) > value(-change)
    # Without the correlations it would be another point: the average of the rows.
    unheld = fitted("diag", parts("diag", means=held.means)).mixture
    assert np.abs(unheld.means - fit.means)[free].max() > 1e-3


@pytest.mark.parametrize(
    "given",
    [
        {"means": [[0.1, 0.2, 0.3], [NAN, NAN, NAN]]},
        {"weights": [0.25, NAN]},
        {"covariances": [np.eye(3) * 2.0, np.full((3, 3), NAN)]},
        {"means": [[NAN, 0.0, NAN], [4.0, NAN, NAN]], "covariances": [np.full((3, 3), NAN), np.eye(3)]},
    ],
)
def test_fits_are_the_maximum_under_what_is_held(given):
    held = parts(**given)
    solution = fitted("full", held)
    fit = solution.mixture
    free_means, free_covariances = np.isnan(held.means), np.isnan(held.covariances).all(axis=(1, 2))
    lower = np.tril_indices(3)

    def split(x: np.ndarray):
        means, n = fit.means.copy(), int(free_means.sum())
        means[free_means] = x[:n]
        weight = fit.weights[0] if "weights" in given else 1.0 / (1.0 + np.exp(-x[n]))
        covariances, at = fit.covariances.copy(), n + 1
        for i in np.flatnonzero(free_covariances):
            root = np.zeros((3, 3))
            root[lower] = x[at : at + 6]
            covariances[i], at = root @ root.T, at + 6
        return [weight, 1.0 - weight], means, covariances

    roots = [np.linalg.cholesky(fit.covariances[i])[lower] for i in np.flatnonzero(free_covariances)]
    here = np.concatenate([fit.means[free_means], [np.log(fit.weights[0] / fit.weights[1])], *roots])
    best = minimize(lambda x: -log_likelihood(*split(x)), here + 1e-3, method="BFGS", options={"gtol": 1e-7})
    assert -solution.nll == pytest.approx(log_likelihood(fit.weights, fit.means, fit.covariances), abs=1e-12)
    assert -best.fun <= -solution.nll + 1e-9


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_what_is_held_keeps_its_bits_and_the_objective_falls(kind: str):
    covariances = {
        "full": [np.eye(3) * 0.7, np.full((3, 3), NAN)],
        "tied": np.eye(3) * 0.7,
        "diag": [[0.7, NAN, NAN], [NAN, NAN, 1 / 3]],
        "spherical": [NAN, 0.7],
    }[kind]
    given = parts(kind, weights=[NAN, 1 / 3], means=[[NAN, 0.1, NAN], [NAN] * 3], covariances=covariances)
    solution = fitted(kind, given)
    fit = solution.mixture
    for name in ("weights", "means", "covariances"):
        wanted = getattr(given, name)
        held = ~np.isnan(wanted)
        assert held.any()
        assert np.array_equal(getattr(fit, name)[held], wanted[held])
    assert fit.weights.sum() == pytest.approx(1.0)
    assert np.diff(solution.history).max() <= 1e-12 * abs(solution.nll)


def test_held_means_bring_no_more_than_free_ones_and_other_fits():
    free = fitted("full", parts(weights=[0.6, NAN])).nll
    assert fitted("full", parts(weights=[0.6, NAN], means=[[1.0] * 3, [NAN] * 3])).nll > free + 0.01


def test_what_is_held_wins_over_the_floor():
    floor = Floor(np.full(3, 0.5))
    narrow = np.eye(3) * 0.1
    fit = fitted("full", parts(covariances=[narrow, np.full((3, 3), NAN)]), floor=floor)
    assert np.array_equal(fit.mixture.covariances[0], narrow)
    family = with_held(
        family_named("full", floor), parts(covariances=[narrow, np.full((3, 3), NAN)]), np.zeros(3)
    )
    assert not family.on_floor(fit.mixture)[0]


def test_a_prior_goes_with_it():
    prior = CovariancePrior(5.0, np.eye(3), 150.0)
    fit = fitted("full", parts(means=[[0.0] * 3, [NAN] * 3]), prior=prior)
    assert fit.penalty > 0.0
    assert np.array_equal(fit.mixture.means[0], np.zeros(3))


def test_parameters_are_counted_without_the_held_ones():
    family = family_named("full")
    full = family.n_parameters(2, 3)
    held = [
        (parts(means=[[1.0, NAN, NAN], [NAN, 1.0, 1.0]]), 3),
        (parts(weights=[0.3, 0.7]), 1),
        (parts(weights=[0.3, NAN]), 1),
        (parts(covariances=[np.eye(3), np.full((3, 3), NAN)]), 6),
    ]
    for given, number in held:
        assert with_held(family, given, np.zeros(3)).n_parameters(2, 3) == full - number
    tied = with_held(family_named("tied"), parts("tied", covariances=np.eye(3)), np.zeros(3))
    assert tied.n_parameters(2, 3) == family_named("tied").n_parameters(2, 3) - 6
    variances = parts("diag", covariances=[[1.0, NAN, NAN], [NAN, 1.0, NAN]])
    assert variances.n_held == 2


def test_components_with_something_held_are_not_moved():
    family = with_held(family_named("full"), parts(weights=[NAN, 0.4]), np.zeros(3))
    assert family.movable(2).tolist() == [True, False]
    assert isinstance(family, Held)
    assert with_held(family_named("full"), None, np.zeros(3)) == family_named("full")


def test_starting_means_are_put_where_they_are_held():
    family = with_held(family_named("full"), parts(means=[[4.0, NAN, -1.0], [NAN] * 3]), np.zeros(3))
    means = np.array([[0.0, 0.0, 0.0], [4.1, 1.0, -1.2]])
    assert np.array_equal(family.arranged(means), means[::-1])
    assert np.array_equal(family.arranged(means[::-1]), means[::-1])
    elsewhere = family.about(np.array([2.0, 0.0, 0.0]))  # in other coordinates they stay where they are
    assert isinstance(elsewhere, Held)
    assert elsewhere.parts.local_means[0, 0] == 2.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weights": [0.5]}, "weights_fixed has shape"),
        ({"weights": [0.5, 0.6]}, "sum to one"),
        ({"weights": [1.0, NAN]}, "leave something to the free ones"),
        ({"weights": [-0.1, NAN]}, "weights_fixed"),
        ({"means": [[np.inf] * 3, [NAN] * 3]}, "infinite"),
        ({"means": "middle"}, "means_fixed"),
        ({"covariances": [np.diag([1.0, 1.0, NAN]), np.eye(3)]}, "pass a whole matrix"),
        ({"covariances": [-np.eye(3), np.full((3, 3), NAN)]}, r"covariances_fixed\[0\]"),
        ({"covariances": [np.tri(3) + np.eye(3), np.full((3, 3), NAN)]}, r"covariances_fixed\[0\]"),
        ({"covariances": [np.eye(3) + 1e-9 * np.tri(3), np.full((3, 3), NAN)]}, "pass a symmetric matrix"),
    ],
)
def test_wrong_values_are_named(given, message):
    with pytest.raises(InvalidParameterError, match=message):
        parts(**given)
    with pytest.raises(InvalidParameterError, match="above 0"):
        parts("diag", covariances=[[0.0, NAN, NAN], [NAN] * 3])


def test_nothing_held_is_nothing():
    assert parts() is None
    assert parts(means=np.full((2, 3), NAN)) is None


def test_files_hold_it():
    given = parts(weights=[NAN, 1 / 3], means=[[NAN, 0.1, NAN], [NAN] * 3])
    assert HeldParts.from_content(given.content()) == given
    assert given != parts(weights=[NAN, 1 / 3])


def test_of_covariances_it_says_what_its_family_does():
    prior = CovariancePrior(3.0, np.eye(3), 50.0)
    inner = family_named("full", Floor(np.full(3, 0.5)), prior)
    family = with_held(inner, parts(means=[[4.0, NAN, NAN], [NAN] * 3]), np.zeros(3))
    narrow = np.stack([0.1 * np.eye(3), 2.0 * np.eye(3)])
    assert family.penalised == inner.penalised
    assert family.fewest_rows(3) == inner.fewest_rows(3)
    assert np.array_equal(family.penalties_of(narrow), inner.penalties_of(narrow))
    lifted, moved = family.lifted(narrow)
    assert moved
    assert np.array_equal(lifted, inner.lifted(narrow)[0])
    for other, wanted in ((family.on_part(0.5), inner.on_part(0.5)), (family.under(None), inner.under(None))):
        assert isinstance(other, Held)
        assert (other.inner, other.parts) == (wanted, family.held)


def test_mixtures_of_another_number_of_components_are_those_of_the_inner_family():
    """As between a component that is taken away and one that comes instead."""
    inner, given = family_named("full"), parts(means=[[4.0, NAN, NAN], [NAN] * 3])
    family = with_held(inner, given, np.zeros(3))
    three = family.made(None, np.arange(9.0).reshape(3, 3), np.stack([np.eye(3)] * 3))
    assert three == inner.made(None, three.means, three.covariances)
    assert family.admissible(three) is three
    assert given.given_back(three) is three
    assert np.array_equal(family.arranged(three.means), three.means)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": [4.0, None]}, "held means must be a matrix"),
        ({"means": [[None] * 3] * 2}, "nothing is held"),
    ],
)
def test_damaged_content_is_refused(change, message):
    content = parts(means=[[4.0, NAN, NAN], [NAN] * 3]).content()
    assert HeldParts.from_content(content).content() == content
    with pytest.raises(InvalidParameterError, match=message):
        HeldParts.from_content({**content, **change})
