"""Whether intervals are said to hold: few rows, overlap, components that BIC does not want."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.inference import StandardErrors


def drawn(separation: float, n: int, seed: int = 1) -> tuple[gs.Mixture, Any]:
    truth = gs.Mixture([0.6, 0.4], [[0.0], [separation]], [1.0, 1.0], "spherical")
    return truth, truth.sample(n, seed)[0]


def verdict(separation: float, n: int, method: str = "auto", seed: int = 1) -> StandardErrors:
    truth, X = drawn(separation, n, seed)
    return gs.standard_errors(truth, X, method=method, covariance_type="spherical", covariance_prior="auto")


def test_separated_components_on_many_rows_are_trusted():
    for method in ("profile", "observed", "sandwich"):
        found = verdict(5.0, 500, method)
        assert found.verdict == "trustworthy"
        assert str(found).startswith("trustworthy: the 95 % intervals hold, as far as these rows tell")


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_one_component_is_trusted(kind: str):
    X = np.random.default_rng(0).normal(0.0, 1.0, (300, 2))
    model = gs.GaussianMixture(1, covariance_type=kind).fit(X)
    for method in ("profile", "observed", "sandwich"):
        assert gs.standard_errors(model, X, method=method).verdict == "trustworthy"


def test_few_rows_are_not_called_overlap():
    X = np.random.default_rng(0).normal(0.0, 1.0, (40, 1))
    model = gs.GaussianMixture(1).fit(X)
    assert gs.standard_errors(model, X, method="observed").verdict == "trustworthy"
    assert not any("overlap" in reason for reason in gs.standard_errors(model, X[:4]).reasons)


def test_a_component_on_few_rows_is_not():
    found = verdict(8.0, 60)
    assert found.verdict == "cannot tell"
    assert found.reasons[0].startswith("few rows (component 1 on ")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_rows_hardly_tell_from_one_component_is_not(seed: int):
    found = verdict(1.5, 200, seed=seed)
    assert found.verdict == "cannot tell"
    assert "cannot tell whether the 95 % intervals hold" in str(found)
    assert any("the likelihood is far from normal for " in reason for reason in found.reasons)


@pytest.mark.parametrize("seed", [8, 13, 44])
def test_a_component_that_bic_does_not_want_is_not_though_the_likelihood_looks_well(seed: int):
    found = verdict(1.5, 200, seed=seed)
    assert found.verdict == "cannot tell"
    assert found.reasons[0] == "BIC prefers a fit with one component fewer: the rows hardly tell these apart"


def test_overlap_that_profiles_stand_normal_theory_does_not():
    """2.5 sigma and 500 rows, where coverages were measured: docs/benchmarks/judging/intervals.md."""
    by_profile = [verdict(2.5, 500, "profile", seed).verdict for seed in range(6)]
    by_theory = [verdict(2.5, 500, "observed", seed) for seed in range(6)]
    assert by_profile.count("trustworthy") >= 4
    assert all(found.verdict == "cannot tell" for found in by_theory)
    assert any("components overlap" in reason for found in by_theory for reason in found.reasons)
    assert 'next: compare with the method "profile"' in str(by_theory[0])


def test_a_component_too_many_is_not():
    X = np.random.default_rng(0).normal(0.0, 1.0, (300, 1))
    model = gs.GaussianMixture(2, random_state=0, escape=False, max_iter=10_000).fit(X)
    found = gs.standard_errors(model, X)
    assert found.verdict != "trustworthy"


def test_a_bad_optimum_is_to_be_repaired_first():
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    model = gs.GaussianMixture(3, means_init=[[4.5], [29.0], [31.0]], escape=False, random_state=0).fit(X)
    found = gs.standard_errors(model, X).told(None, gs.diagnose(model, X, rng=0).verdict)
    assert "next: repair the fit first: these are standard errors of a bad optimum" in str(found)
