"""Densities of rows left out, against fits that were made without them."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import NO_FLOOR, CovariancePrior, family_named
from gmmscape.objective import Objective
from gmmscape.solve import left_out, left_out_log_densities

KINDS = ("spherical", "diag", "tied", "full")
SCALE = np.array([[2.0, 0.3], [0.3, 1.0]])


@pytest.fixture(name="X")
def two_clusters(rng: np.random.Generator) -> np.ndarray:
    return np.repeat([[0.0, 0.0], [4.0, 1.0]], (15, 12), axis=0) + rng.standard_normal((27, 2))


def m_step(kind: str, X: np.ndarray, posterior: np.ndarray, rows: float) -> gs.Mixture:
    """Weights, means and covariances of rows with these responsibilities, written out."""
    mass = posterior.sum(axis=0)
    means = posterior.T @ X / mass[:, None]
    scatters = []
    for j in range(len(mass)):
        gap = X - means[j]
        scatters.append((posterior[:, j, None] * gap).T @ gap)
    whole = np.array(scatters)
    if kind == "tied":
        covariances = (whole.sum(axis=0) + rows * SCALE) / (mass.sum() + rows)
    else:
        full = (whole + rows * SCALE) / (mass + rows)[:, None, None]
        covariances = {
            "full": full,
            "diag": np.diagonal(full, axis1=1, axis2=2),
            "spherical": np.trace(full, axis1=1, axis2=2) / 2,
        }[kind]
    return gs.Mixture(mass / mass.sum(), means, covariances, kind)


@pytest.mark.parametrize("rows", [0.5, 6.0])
@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_each_row_is_judged_by_the_m_step_of_the_others(kind: str, rows: float, X: np.ndarray):
    posterior = np.random.default_rng(0).dirichlet([0.5, 0.5], len(X))
    fit = m_step(kind, X, posterior, rows)
    found = left_out_log_densities(fit, X, posterior, len(X), rows)
    for i in range(len(X)):
        others = np.delete(np.arange(len(X)), i)
        without = m_step(kind, X[others], posterior[others], rows)
        assert found[i] == pytest.approx(without.log_density(X[[i]])[0], rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_components_that_take_no_part_need_no_second_look(kind: str, X: np.ndarray):
    """Also of rows that have a component for themselves: the others are left, however little they say."""
    rows = np.vstack([X, [[20.0, 0.0], [400.0, 0.0], [401.0, 0.0]]])
    posterior = np.zeros((30, 4))
    posterior[:27, :2] = np.random.default_rng(0).dirichlet([0.1, 0.1], 27)
    posterior[27, 2] = posterior[28:, 3] = 1.0
    posterior[:10, :2] = [1.0, 0.0]
    fit = m_step(kind, rows, posterior, 1.0)
    found = left_out_log_densities(fit, rows, posterior, 30.0, 1.0)
    by_all = left_out._of_all_components(fit, rows, posterior, 30.0, 1.0)
    np.testing.assert_allclose(found, by_all, rtol=1e-8)
    assert fit.log_density(rows)[27] - found[27] > 10.0


def test_a_shared_covariance_loses_a_row_of_one_component(X: np.ndarray):
    """Where rows belong to one component each it is exact for tied covariances too."""
    posterior = np.repeat([[1.0, 0.0], [0.0, 1.0]], (15, 12), axis=0)
    fit = m_step("tied", X, posterior, 2.0)
    found = left_out_log_densities(fit, X, posterior, len(X), 2.0)
    for i in (0, 7, 20):
        others = np.delete(np.arange(len(X)), i)
        without = m_step("tied", X[others], posterior[others], 2.0)
        own = int(posterior[i].argmax())  # the other component lost nothing
        gap = X[i] - without.means[own]
        wanted = np.log(without.weights[own]) - 0.5 * (
            gap @ np.linalg.solve(without.covariances, gap)
            + np.linalg.slogdet(2 * np.pi * without.covariances)[1]
        )
        assert found[i] == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_what_new_rows_say_better_than_the_rows_do(kind: str):
    """Over many small samples, the average is that of new rows within the error, and the rows' own is not."""
    rng = np.random.default_rng(5)
    seen, left_out, new = [], [], []
    for _ in range(60):
        X, fresh = rng.standard_normal((2, 25, 2))
        sample = lab.Sample(X)
        family = family_named(kind, NO_FLOOR, CovariancePrior(0.5, np.eye(2), 25.0))
        one = gs.Mixture(None, np.zeros((1, 2)), family.kind.repeated(np.eye(2), 1), kind)
        objective = Objective.near(sample, family, one)
        fit = objective.update(objective.statistics(one), one)
        seen.append(-objective.rows.nll(fit))
        left_out.append(left_out_log_densities(fit, sample.points, np.ones((25, 1)), 25.0, 0.5).mean())
        new.append(sample.callers_mixture(fit).log_density(fresh).mean())
    error = np.std(np.subtract(left_out, new)) / np.sqrt(60)
    assert abs(np.mean(left_out) - np.mean(new)) < 3 * error
    assert np.mean(seen) - np.mean(new) > np.mean(left_out) - np.mean(new)
    assert np.mean(seen) > np.mean(left_out) + 0.02
