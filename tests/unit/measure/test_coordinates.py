"""The doors between the caller's coordinates and local ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend, run, start_around

SOURCE = Path(gs.__file__).parent
#: Where mixtures are made, and the places where they change coordinates: a path of truths is the caller's,
#: and each batch has an origin of its own.
DOORS = {
    "estimator/online.py",
    "mixture/rearranged.py",
    "landscape/paths/truth_path.py",
    "measure/coordinates.py",
    "solve/result.py",
}


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    return X + 0.1 + 1.0 / 3.0


@pytest.fixture(scope="module")
def given(rows: np.ndarray) -> gs.Mixture:
    fit = gs.GaussianMixture(3, covariance_type="spherical", random_state=0).fit(rows - 1.0 / 3.0)
    return gs.Mixture(fit.weights_, fit.means_ + 1.0 / 3.0, fit.covariances_, "spherical")


def test_mixtures_change_coordinates_at_the_doors_only():
    callers = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if ".shifted(" in path.read_text(encoding="utf-8")
    }
    assert callers <= DOORS
    assert "measure/coordinates.py" in callers  # the search finds what is there


def test_measures_take_in_and_hand_out():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    for measure in (lab.Population(truth), lab.Sample([[1.0], [2.5], [7.0]])):
        local = measure.local_mixture(truth)
        np.testing.assert_array_equal(local.means, truth.means - measure.origin)
        assert measure.origin.any()
        assert measure.callers_mixture(local) == truth


@pytest.mark.parametrize("solve", [run, descend])
def test_a_solution_holds_what_the_solver_had(solve, rows: np.ndarray):
    sample = lab.Sample(rows)
    family = family_named("full", Floor.of(sample.variance))
    start = start_around(sample, family, 3, "k-means++", np.random.default_rng(0))
    objective = Objective.near(sample, family, start)
    found = solve(EM(tol=1e-6), objective, start)
    assert found.nll == pytest.approx(objective.rows.nll(found.local), abs=1e-14)
    assert found.nll != pytest.approx(objective.rows.nll(found.mixture), abs=1e-3)
    np.testing.assert_array_equal(found.means, found.local.means + sample.origin)
    assert found.mixture is found.mixture
    moved = replace(found, local=start)
    assert moved.mixture == sample.callers_mixture(start) != found.mixture


def test_a_fit_that_is_not_bettered_comes_back_as_it_came(rows: np.ndarray, given: gs.Mixture):
    """Also where subtracting the origin and adding it would round."""
    sample = lab.Sample(rows)
    assert sample.callers_mixture(sample.local_mixture(given)) != given
    kept = gs.repair(given, rows, covariance_type="spherical", rng=0, covariance_floor=0.3)
    assert kept.model == kept.solution.mixture == given
    worse = gs.Mixture(given.weights, given.means + 0.1, given.covariances, "spherical")
    assert gs.repair(worse, rows, covariance_type="spherical", rng=0).model != worse
