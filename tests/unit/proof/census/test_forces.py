"""Bounds of E[psi_i (x - M)] over boxes, against ball arithmetic in their points."""

from __future__ import annotations

import numpy as np
import pytest

from gmmscape.exceptions import NoResultError
from gmmscape.proof.balls import exact, precision
from gmmscape.proof.census.forces import Forces
from gmmscape.proof.census.subdivision import Subdivision, finest
from gmmscape.proof.population import PopulationEncloser
from gmmscape.proof.problem import PopulationProblem
from marks import rest_slow

SIGMA = 1.25
PROBLEM = PopulationProblem((0.2, 0.3, 0.5), ((-4.0,), (3.0,), (9.0,)), SIGMA, SIGMA, 3)
LOW, HIGH = -6.0, 11.0


def true_forces(means: list[float]) -> list:
    """F_i, as balls."""
    with precision(128):
        encloser = PopulationEncloser.near(PROBLEM, means, 60, 96)
        return [-g * exact(SIGMA) ** 2 for g in encloser.at([exact(m) for m in means]).gradient]


@pytest.fixture(scope="module", params=[2, 20, 40])
def forces(request: pytest.FixtureRequest) -> Forces:
    return Forces(PROBLEM, LOW, HIGH, request.param)


def boxes(n: int, width: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    low = rng.uniform(LOW, HIGH - width, (n, 3))
    return low, low + rng.uniform(0, width, (n, 3))


def test_at_a_point_bounds_are_narrow_and_right(forces: Forces):
    low, _ = boxes(12, 0.1)
    found = forces.bounds(low, low)
    for n, means in enumerate(low.tolist()):
        for i, force in enumerate(true_forces(means)):
            assert exact(found.below_low[n, i]) < force < exact(found.above_low[n, i])
            assert found.above_low[n, i] - found.below_low[n, i] < 2.1 * forces.error + 1e-9


@pytest.mark.parametrize("width", rest_slow([0.5, 0.01, 6.0], 1))
def test_over_a_box_bounds_hold_at_its_points(forces: Forces, width: float):
    low, high = boxes(8, width)
    found = forces.bounds(low, high)
    rng = np.random.default_rng(4)
    for n in range(len(low)):
        inside = rng.uniform(low[n], high[n])
        corner = np.where(rng.integers(0, 2, 3), low[n], high[n])
        for means in (inside, corner):
            for i, force in enumerate(true_forces(means.tolist())):
                # The bounds fall with M: at its own place a mean is between those of the ends.
                assert exact(found.below_high[n, i]) < force < exact(found.above_low[n, i])


def test_a_box_about_a_critical_point_keeps_it():
    # A truth that is fitted exactly: its centers are critical.
    problem = PopulationProblem((1.0, 1.0, 1.0), ((-4.0,), (3.0,), (9.0,)), SIGMA, SIGMA, 3)
    forces = Forces(problem, LOW, HIGH, 40)
    rng = np.random.default_rng(5)
    centers = np.array([-4.0, 3.0, 9.0])
    for width in (1e-9, 1e-3, 0.3, 2.0):
        low = centers - rng.uniform(0, width, (20, 3))
        high = centers + rng.uniform(0, width, (20, 3))
        for _ in range(4):
            found = forces.narrowed(low, high)
            assert found.alive.all()
            assert (found.low <= centers).all()
            assert (found.high >= centers).all()
            assert (found.low >= low).all()
            assert (found.high <= high).all()
            low, high = found.low, found.high


def test_a_box_without_a_critical_point_is_dropped_or_kept_for_a_coarse_rule():
    low = np.array([[-4.0, 3.0, 4.0]])
    assert not Forces(PROBLEM, LOW, HIGH, 40).narrowed(low, low + 0.1).alive[0]


def test_a_rule_is_told_to_be_coarse_where_its_error_counts():
    forces = Forces(PROBLEM, LOW, HIGH, 2)
    low = np.array([[-4.0, 3.0, 9.0]])
    assert forces.narrowed(low, low + forces.error / 10).coarse[0]
    assert not forces.narrowed(low, low + 0.1).coarse[0]


def test_nodes_and_masses_are_those_of_the_truth(forces: Forces):
    assert abs(forces.mass.sum() - 1) < 1e-4
    assert abs((forces.mass * forces.x).sum() - (0.2 * -4 + 0.3 * 3 + 0.5 * 9)) < 1e-3


def test_rules_too_fine_for_float64_are_left_to_coarser_ones():
    """Between centers 80 sigma apart the density is 1e-348: no census can be complete, and none fails."""
    far = PopulationProblem((0.5, 0.5), ((-40.0,), (40.0,)), 1.0, 1.0, 2)
    with pytest.raises(NoResultError, match="sigma apart"):
        Forces(far, -41.2, 41.2, finest(far))
    division = Subdivision(far)
    assert division._rule(2) is division._rule(1) is not division._rule(0)
    division.step(1e-3)
    assert division.state.looked == 1
    assert len(division.state.left)


@pytest.mark.parametrize(("centers", "word"), [((-1e9, 1e9), "sigma apart"), ((1e17, 1e17 + 64), "offset")])
def test_what_is_out_of_reach_is_named(centers: tuple[float, float], word: str):
    far = PopulationProblem((0.5, 0.5), tuple((c,) for c in centers), 1.0, 1.0, 2)
    with pytest.raises(NoResultError, match=word):
        Forces(far, centers[0] - 2, centers[1] + 2, 20)
