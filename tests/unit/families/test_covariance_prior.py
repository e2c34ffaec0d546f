"""The prior of covariances: its M-step, its penalty, and what both engines make of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.families import NO_FLOOR, CovariancePrior, Family, Location, family_named, prior_in
from gmmscape.objective import Objective
from gmmscape.solve import EM, Solution, descend, start_around
from gmmscape.solve.loop import run

KINDS = ("spherical", "diag", "tied", "full")
kinds = pytest.mark.parametrize("kind", KINDS)
CENTERS = np.array([[0.0, 0.0], [7.0, 1.0], [30.0, -4.0]])


@pytest.fixture(name="X")
def three_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(CENTERS, (40, 30, 20), axis=0) + rng.standard_normal((90, 2)) * [1.0, 2.0]


def family_of(kind: str, rows: float = 3.0, n: float = 90.0) -> Family:
    return family_named(kind, NO_FLOOR, CovariancePrior(rows, np.array([[2.0, 0.5], [0.5, 1.0]]), n))


def ended(X: np.ndarray, family: Family, k: int = 3) -> tuple[Objective, Solution]:
    sample = lab.Sample(X)
    start = start_around(sample, family, k, "k-means++", np.random.default_rng(1))
    objective = Objective.near(sample, family, start)
    return objective, descend(EM(tol=1e-9, max_iter=5000), objective, start)


@kinds
def test_the_m_step_adds_rows_of_that_scatter(kind: str, X: np.ndarray):
    """The covariance of a component with its rows is that of its rows and of three more."""
    objective, end = ended(X, family_of(kind), 1)
    centered = X - X.mean(axis=0)
    scale = np.array([[2.0, 0.5], [0.5, 1.0]])
    wanted = (centered.T @ centered + 3.0 * scale) / 93.0
    wanted = {
        "full": wanted[None],
        "tied": wanted,
        "diag": np.diag(wanted)[None],
        "spherical": np.array([np.trace(wanted) / 2]),
    }[kind]
    np.testing.assert_allclose(end.local.covariances, wanted, rtol=1e-10, atol=1e-12)
    assert end.value == pytest.approx(end.nll + end.penalty, rel=1e-14)
    assert end.nll == pytest.approx(-end.mixture.log_density(X).mean(), rel=1e-12)
    assert objective.value(end.local) == pytest.approx(end.value, rel=1e-13)


@kinds
def test_the_penalty_is_the_divergence_of_its_rows(kind: str, rng: np.random.Generator):
    """By the definition, with matrices; zero where every covariance is what the kind keeps of the scale."""
    root = np.tril(rng.standard_normal((2, 2)))
    C = root @ root.T + np.eye(2)
    stored = {"full": C[None], "tied": C, "diag": np.diag(C)[None], "spherical": np.array([1.7])}[kind]
    mixture = gs.Mixture(None, np.zeros((1, 2)), stored, kind)
    scale = np.array([[2.0, 0.5], [0.5, 1.0]])
    kept = {"diag": np.diag(np.diag(scale)), "spherical": 1.5 * np.eye(2)}.get(kind, scale)
    ratio = np.linalg.solve(mixture.full_covariances()[0], kept)
    wanted = 0.5 * (np.trace(ratio) - 2 - np.log(np.linalg.det(ratio))) * 3.0 / 90.0
    assert family_of(kind).penalty(mixture) == pytest.approx(wanted, rel=1e-12)
    own = gs.Mixture(None, np.zeros((1, 2)), mixture.kind.repeated(scale, 1), kind)
    assert abs(family_of(kind).penalty(own)) < 1e-16
    assert family_named(kind).penalty(mixture) == 0.0


@kinds
def test_both_engines_end_in_the_same_place(kind: str, X: np.ndarray):
    family = family_of(kind)
    _, ours = ended(X, family)
    with engine.using("reference"):
        sample = lab.Sample(X)
        start = start_around(sample, family, 3, "k-means++", np.random.default_rng(1))
        theirs = run(EM(tol=1e-9, max_iter=5000), Objective.near(sample, family, start), start)
    assert ours.converged
    assert theirs.converged
    assert ours.value == pytest.approx(theirs.value, rel=1e-12)
    assert ours.penalty == pytest.approx(theirs.penalty, rel=1e-6)
    np.testing.assert_allclose(ours.local.covariances, theirs.local.covariances, rtol=1e-6, atol=1e-8)
    assert np.diff(ours.history).max() <= 1e-12


@kinds
def test_no_parameters_nearby_are_better(kind: str, X: np.ndarray):
    """Another optimiser, from where EM ends, in means, log weights and log variances, finds nothing lower."""
    objective, end = ended(X, family_of(kind))
    local, k = end.local, 3
    scales = np.ones(1 if kind == "tied" else k)

    def value(vector: np.ndarray) -> float:
        means, logs, widths = vector[:6].reshape(3, 2), vector[6:9], np.exp(vector[9:])
        weights = np.exp(logs) / np.exp(logs).sum()
        shape = (-1,) + (1,) * (local.covariances.ndim - 1)
        covariances = local.covariances * (widths[0] if kind == "tied" else widths.reshape(shape))
        return objective.value(gs.Mixture(weights, means, covariances, kind))

    start = np.concatenate([local.means.ravel(), np.log(local.weights), np.log(scales)])
    found = minimize(value, start, method="BFGS", options={"gtol": 1e-8})
    assert found.fun > end.value - 1e-8


@pytest.mark.parametrize("n", [1, 2, 3])
def test_it_is_bounded_however_few_the_rows(n: int):
    """One row of the prior beside at most n of the data's keeps every variance above 1 / (1 + n)."""
    X = np.arange(2.0 * n).reshape(n, 2)
    sample = lab.Sample(X)
    scale = np.eye(2)
    family = family_named("full", NO_FLOOR, CovariancePrior(1.0, scale, n))
    start = gs.Mixture(None, X - sample.origin, np.tile(scale, (n, 1, 1)), "full")
    objective = Objective.near(sample, family, start)
    end = descend(EM(tol=1e-8, max_iter=5000), objective, start)
    assert np.linalg.eigvalsh(end.local.full_covariances()).min() >= 1.0 / (1.0 + n)
    narrow = gs.Mixture(None, X - sample.origin, 1e-12 * np.tile(scale, (n, 1, 1)), "full")
    assert objective.value(narrow) > objective.value(start) + 1e6


def test_a_part_of_the_rows_has_the_prior_of_all():
    prior = CovariancePrior(2.0, np.eye(2), 100.0)
    assert prior.mass == 0.02
    assert prior.on_part(0.25).mass == pytest.approx(0.08)
    assert prior.beside(50.0).mass == pytest.approx(0.04)
    assert prior != prior.beside(50.0)
    assert prior == CovariancePrior(2.0, np.eye(2), 100.0)
    assert prior != (2.0, 100.0)
    assert len({prior, CovariancePrior(2.0, np.eye(2), 100.0), CovariancePrior(3.0, np.eye(2), 100.0)}) == 2


def test_rows_and_those_of_the_prior_are_pooled():
    family, own = family_of("full", 4.0, 10.0), np.array([[1.0, 0.2], [0.2, 3.0]])
    assert family.prior is not None
    scale = family.prior.scale
    for share in (1.0, 0.25):
        pooled = np.average([own, scale], axis=0, weights=[share, 0.4])
        np.testing.assert_allclose(family.smoothed(own, share), pooled, rtol=1e-14)


def test_beside_a_part_of_the_rows_the_prior_has_more_mass():
    family = family_of("full", 4.0, 10.0)
    whole, part = family.prior, family.on_part(0.25).prior
    assert whole is not None
    assert part is not None
    assert (whole.mass, part.mass) == (pytest.approx(0.4), pytest.approx(1.6))


def test_a_prior_in_a_file_has_all_its_parts():
    whole = {"rows": 2.0, "scale": [[1.0, 0.0], [0.0, 2.0]], "n": 50.0}
    assert prior_in({"covariance_prior": whole}, 2) == CovariancePrior(2.0, np.diag([1.0, 2.0]), 50.0)
    for damaged in (7.0, {"rows": 2.0, "n": 50.0}):
        with pytest.raises(gs.FormatError, match="must hold rows, scale and n"):
            prior_in({"covariance_prior": damaged}, 2)


def test_where_covariances_are_known_a_prior_changes_nothing():
    family = Location(1.0)
    mixture = gs.Mixture.location([0.0, 1.0], 1.0)
    assert family.under(CovariancePrior(2.0, np.eye(1), 9.0)) is family
    assert family.on_part(0.5) is family
    assert family.penalties(mixture).tolist() == [0.0, 0.0]
    assert family.penalties_of(np.ones(3)).tolist() == [0.0] * 3
    assert family.smoothed(np.eye(2)).tolist() == np.eye(2).tolist()
    assert not family.collapsed_on_floor(mixture).any()
