"""Families are asked, and say what they cannot do."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.arrays import BoolArray
from gmmscape.covariances import FULL, KINDS, SPHERICAL
from gmmscape.families import NO_FLOOR, Floor, FreeCovariance, Location, Restricted, family_named
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.objective import Objective
from gmmscape.solve import EM, Newton, descend, run, stop_reason

CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [30.0, 4.0]])
START = gs.Mixture.location([[4.5, 0.0], [29.5, 4.0], [30.5, 4.0]], 2.0)


@pytest.fixture(name="sample")
def three_clusters(rng: np.random.Generator) -> lab.Sample:
    return lab.Sample(np.repeat(CENTERS, 80, axis=0) + rng.standard_normal((240, 2)))


def near(sample: lab.Sample, family: FreeCovariance | Location) -> Objective[lab.Sample]:
    return Objective.near(sample, family, START.shifted(-sample.origin))


@pytest.mark.parametrize(
    ("name", "expected"), [("full", 3 * 2 + 3 * 3 + 2), ("tied", 6 + 3 + 2), ("diag", 14), ("spherical", 11)]
)
def test_numbers_of_parameters(name: str, expected: int):
    assert family_named(name).n_parameters(3, 2) == expected


def test_numbers_of_parameters_of_the_location_family():
    assert (Location(1.0).n_parameters(3, 2), Location(1.0, free_weights=True).n_parameters(3, 2)) == (6, 8)


def test_what_the_compiled_loop_is_told():
    floor = Floor(np.array([0.1, 0.2]))
    free, known = FreeCovariance(FULL, floor).native(2), Location(1.0).native(2)
    assert free is not None
    assert known is not None
    assert (free.kind, free.means_only, known.kind, known.means_only) == ("full", False, "spherical", True)
    np.testing.assert_array_equal(free.floor, floor.variances)
    np.testing.assert_array_equal(known.floor, [0.0, 0.0])
    weighted = Location(1.0, free_weights=True).native(2)
    assert weighted is not None
    assert (known.free_weights, weighted.free_weights, weighted.means_only) == (False, True, True)


class ByPython(FreeCovariance):
    """The same without the compiled loop."""

    def native(self, d: int) -> None:
        return None


@pytest.mark.parametrize("name", KINDS)
def test_without_a_compiled_loop_python_finds_the_same(sample: lab.Sample, name: str):
    floor = Floor.of(sample.variance)
    compiled, python = FreeCovariance(KINDS[name], floor), ByPython(KINDS[name], floor)
    start = START.shifted(-sample.origin)
    start = gs.Mixture(start.weights, start.means, KINDS[name].stored(start.full_covariances()), name)
    ends = [descend(EM(tol=1e-9), near(sample, family), start) for family in (compiled, python)]
    assert ends[0].nll == pytest.approx(ends[1].nll, abs=1e-12)
    assert ends[0].stop_reason == ends[1].stop_reason == "converged"


def test_newton_needs_coordinates(sample: lab.Sample):
    objective = near(sample, FreeCovariance(SPHERICAL, Floor.of(sample.variance)))
    with pytest.raises(gs.InvalidParameterError, match="family='spherical': use EM"):
        run(Newton(), objective, START.shifted(-sample.origin))
    assert run(Newton(), near(sample, Location(2.0)), START.shifted(-sample.origin)).converged


def test_moves_need_free_covariances(sample: lab.Sample):
    with pytest.raises(gs.InvalidParameterError, match="family='location': pass one whose covariances"):
        MixtureProblem(near(sample, Location(2.0)), take_nested=True, seed=0)
    with pytest.raises(gs.InvalidParameterError, match="family='location'"):
        Location(2.0).relaxed(SPHERICAL)
    assert not Location(2.0).movable(3).any()


class FirstHeld(FreeCovariance):
    """The search leaves the first component alone."""

    def movable(self, k: int) -> BoolArray:
        return np.arange(k) > 0


def touched(sample: lab.Sample, family: FreeCovariance) -> tuple[set[int], int]:
    """Components that the search proposes to move, and its proposals that move all."""
    objective = near(sample, family)
    fit = descend(EM(), objective, START.shifted(-sample.origin))
    problem = MixtureProblem(objective, take_nested=True, seed=0)
    attempts = list(problem.proposals(fit, 0, lambda: None))
    moved = {
        i for attempt in attempts for moves in attempt.alternatives for move in moves for i in move.touched
    }
    return moved, sum(bool(attempt.starts) for attempt in attempts)


def test_the_search_leaves_alone_what_is_not_movable(sample: lab.Sample):
    floor = Floor.of(sample.variance)
    assert touched(sample, FreeCovariance(SPHERICAL, floor)) == ({0, 1, 2}, 2)
    moved, starts = touched(sample, FirstHeld(SPHERICAL, floor))
    assert moved <= {1, 2}
    assert starts == 0


@pytest.mark.parametrize("reason", ["converged", "max_iter", "time_limit", "interrupted", "degenerate"])
def test_who_stops_by_itself_out_of_reach_is_on_a_plateau(reason: str):
    assert stop_reason(reason, starved=False) == reason
    expected = "plateau" if reason in ("converged", "max_iter") else reason
    assert stop_reason(reason, starved=True) == expected


def test_what_is_held_or_common_is_no_parameter():
    free = FreeCovariance(SPHERICAL, NO_FLOOR).n_parameters(3, 2)
    for options, fewer in (({"held_weights": True}, 2), ({"common": True}, 2), ({}, 0)):
        assert Restricted(SPHERICAL, NO_FLOOR, **options).n_parameters(3, 2) == free - fewer
    with pytest.raises(gs.InvalidParameterError, match="common=True: one width is that of spherical"):
        Restricted(FULL, NO_FLOOR, common=True)
