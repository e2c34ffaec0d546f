"""Second derivatives of the likelihood of rows with missing values, against differences of it."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from efforts import with_effort
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.families import CovariancePrior, Floor, family_named
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import curvature
from gmmscape.solve.second_order import curvature as curvature_module
from gmmscape.solve.second_order.own_units import OwnUnits

CENTERS = np.array([[0.0, 0.0, 0.0], [2.0, 1.0, -1.0]])


def problem(kind: str, rng: np.random.Generator, share: float = 0.35) -> tuple[Objective[Sample], Mixture]:
    X = np.repeat(CENTERS, 25, axis=0) + rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    X[rng.random(X.shape) < share] = np.nan
    sample = Sample(X[~np.isnan(X).all(axis=1)], None)
    prior = CovariancePrior(2.0, np.diag([1.0, 0.5, 2.0]), 50.0)
    family = family_named(kind, Floor(np.zeros(3)), prior)
    start = family.made(
        np.array([0.6, 0.4]), CENTERS - sample.origin, family.kind.repeated(1.5 * sample.covariance, 2)
    )
    return Objective.near(sample, family, start), start


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_the_hessian_is_that_of_the_likelihood_of_what_is_observed(kind: str, rng: np.random.Generator):
    objective, at = problem(kind, rng)
    units = OwnUnits(objective.family, at)
    found = objective.information(at, missing=True)
    gradient, hessian = units.gradient(found.moments), units.hessian(found)
    h = 1e-3

    def value(step: np.ndarray) -> float:
        mixture = units.moved(step)
        return objective.family.penalty(mixture) - objective.statistics(mixture).log_likelihood

    basis = np.eye(units.size)
    for i in range(units.size):
        slope = (value(h * basis[i]) - value(-h * basis[i])) / (2.0 * h)
        assert gradient[i] == pytest.approx(slope, abs=1e-5)
        for j in range(i + 1):
            corners = [
                s * t * value(h * (s * basis[i] + t * basis[j])) for s in (1.0, -1.0) for t in (1.0, -1.0)
            ]
            # Coordinates are those of exponentials: their own bend is zero only in what they multiply.
            assert hessian[i, j] == pytest.approx(sum(corners) / (4.0 * h * h), abs=2e-5), (i, j)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_moments_are_those_of_the_completed_statistics(kind: str, rng: np.random.Generator):
    objective, at = problem(kind, rng)
    units = OwnUnits(objective.family, at)
    found = objective.information(at, missing=False)
    assert found.missing is None
    expected = units.moments(objective.statistics(at))
    np.testing.assert_allclose(found.moments.mass, expected.mass, atol=1e-13)
    np.testing.assert_allclose(found.moments.first, expected.first, atol=1e-12)
    np.testing.assert_allclose(found.moments.second, expected.second, atol=1e-12)
    assert found.moments.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-12)


def test_without_gaps_it_is_that_of_complete_rows(rng: np.random.Generator):
    from gmmscape.incomplete.information import information

    objective, at = problem("full", rng, share=0.0)
    rows = objective.rows
    expected = objective.information(at, missing=True)
    parameters = at.parameters._replace(unit=rows.unit)
    found = information(rows.local(slice(None)), rows.weights, parameters, "full", missing=True)
    np.testing.assert_allclose(found.missing, expected.missing, atol=1e-12)


def test_the_curvature_of_a_fit_is_known(rng: np.random.Generator):
    objective, at = problem("diag", rng)
    found = curvature(objective, at)
    assert found is not None
    assert np.isfinite(found.smallest)


def test_the_curvature_of_many_rows_with_gaps_is_too_dear(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
):
    objective, at = problem("diag", rng)
    with_effort(monkeypatch, curvature_module, "solve", incomplete_hessian=10)
    assert curvature(objective, at) is None


@pytest.mark.parametrize("method", ["observed", "sandwich"])
def test_standard_errors_are_those_of_what_is_observed(method: str, rng: np.random.Generator):
    """One Gaussian with variances: sd / sqrt(m) and sd / sqrt(2 m), m the number of observed values."""
    X = rng.normal(size=(3000, 2)) * [1.0, 3.0]
    X[rng.random(3000) < 0.5, 0] = np.nan
    model = gs.GaussianMixture(1, covariance_type="diag", covariance_prior=0.0).fit(X)
    found = gs.standard_errors(model, X, method=method).estimates
    seen, sd = np.count_nonzero(~np.isnan(X), axis=0), np.sqrt(model.covariances_[0])
    means = [one.standard_error for one in found if one.kind == "mean"]
    deviations = [one.standard_error for one in found if one.kind == "sd"]
    within = 1e-6 if method == "observed" else 0.1
    np.testing.assert_allclose(means, sd / np.sqrt(seen), rtol=within)
    np.testing.assert_allclose(deviations, sd / np.sqrt(2.0 * seen), rtol=within)
