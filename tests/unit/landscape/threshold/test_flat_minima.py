"""Minima of a curvature of zero along a path: followed by descents to where closed forms say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, logit

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.threshold.branch_points import Way, read
from gmmscape.landscape.threshold.flat import flat_crossing, settled, stepped
from gmmscape.landscape.threshold.follow import FLAT, Levels, _judged, follow
from gmmscape.landscape.threshold.sweep import Plan, Sweep
from gmmscape.landscape.threshold.unstructured import Found, Search
from gmmscape.progress import Budget
from gmmscape.work.journal import Journal

#: Of two means on three centers of equal mass, by arclength: where the defect of those on -D, 0, D is 0.25
#: (tests/landscape/test_thresholds.py), and where a minimum of -3, 3, D folds, the defect rising to the end.
QUARTER, FOLD = 5.729571048, 9.12995592
#: A center with half of all mass and two means that part at no curvature, where no other mean feels them.
FAR = 25.0


def pair_and_one(D):
    """Three means find this truth, two of them together on the heavier center."""
    return gs.Mixture.location([0.0, D], 1.0, [2 / 3, 1 / 3])


def beside_a_pair(*centers):
    return gs.Mixture.location([*centers, FAR], 1.0, [1 / 6, 1 / 6, 1 / 6, 1 / 2])


def folding(D):
    return beside_a_pair(-3.0, 3.0, D)


def folding_alone(D):
    return gs.Mixture.location([-3.0, 3.0, D], 1.0)


def taken(D):
    """The share of the draws of the heavier center that the mean on the other one takes."""

    def of_draw(z):
        return np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * expit(D * (z - D / 2) + logit(1 / 3))

    return quad(of_draw, -12, 12, epsabs=1e-14)[0]


def followed(landscapes, means, at, levels, seen=None):
    """What becomes of means in the caller's coordinates."""
    local = landscapes.local(np.array(means)[:, None])
    return follow(landscapes, local, at, levels, "start", lambda *point: (seen or []).append(point))


def sweep(path, k, bracket, level):
    budget = Budget.of("structure_threshold", None, None)
    return Sweep(
        TruthPath.over(path, k, None, bracket), level, True, Plan(3, 2, 0, 1, budget), Journal(None, "x", {})
    )


def test_it_falls_to_a_level_where_the_overlap_of_two_normals_does():
    at = brentq(lambda D: taken(D) - 0.05, 3.0, 4.0, xtol=1e-14)
    landscapes, seen = TruthPath.over(pair_and_one, 3, None, (3.1, 3.5)), [("place", "means", "defect")]
    found = followed(landscapes, [-0.01, 0.01, at], at - 0.006, Levels(0.05, 0.0499), seen)
    assert (found.end, found.finish) == ("crossing", "floor")
    assert abs(found.parameter - at) <= found.error < 1e-8
    assert found.means[:, 0] + landscapes.origin == pytest.approx([0.0, 0.0, at], abs=1e-6)
    assert [place for place, _, _ in seen[1:]] == pytest.approx(at - 0.006 + 0.004 * np.arange(1, 3))
    for place, means, defect in seen[1:]:
        assert means[:, 0] + landscapes.origin == pytest.approx([0.0, 0.0, place], abs=1e-9)
        assert defect == pytest.approx(taken(place), abs=1e-9)


@pytest.mark.slow
def test_a_pair_far_off_changes_no_crossing():
    landscapes = TruthPath.over(lambda D: beside_a_pair(-D, 0.0, D), 4, None, (5.6, 5.9))
    found = followed(landscapes, [-3.4515, 4.83, FAR - 0.1, FAR + 0.1], 5.729, Levels(0.25, 0.2496))
    assert found.end == "crossing"
    assert found.parameter == pytest.approx(QUARTER, abs=1e-9)
    assert found.means[2:, 0] + landscapes.origin == pytest.approx([FAR, FAR], abs=1e-6)


def test_one_that_becomes_flat_is_followed_on():
    """The heavier center is narrower than the fit by ever less, a share of which is the curvature."""
    at = brentq(lambda D: taken(D) - 0.05, 3.0, 4.0, xtol=1e-14)

    def path(t):
        narrower = 10.0 ** (-7.0 - 4.0 * t)
        return gs.Mixture([2 / 3, 1 / 3], [[0.0], [at + t]], [1 - narrower, 1.0], covariance_type="spherical")

    landscapes = TruthPath.over(path, 3, 1.0, (-0.8, 0.2))
    found = followed(landscapes, [0.0, 0.0, at - 0.5], -0.5, Levels(0.05, 0.0495))
    assert (found.end, found.finish, found.reason) == ("crossing", "floor", None)
    assert found.parameter == pytest.approx(0.0, abs=1e-6)
    # By arclength first, whose steps are at most a tenth of the bracket; by descents, a hundredth.
    assert np.diff(found.parameters)[[0, -1]] == pytest.approx([0.1, 0.01], rel=1e-4)


def test_it_is_lost_where_it_folds_and_what_takes_its_place_is_found():
    search = sweep(folding, 4, (9.08, 9.18), 0.2)
    landscapes = search.landscapes
    lost = followed(landscapes, [-1.93, 6.77, FAR - 0.1, FAR + 0.1], FOLD - 0.002, Levels(0.2, 0.05))
    assert (lost.end, lost.finish, lost.reason) == ("lost", "lost", FLAT)
    assert 0 < FOLD - lost.parameter < 2e-5  # twice the shortest step
    assert len(lost.parameters) < 10  # steps are halved
    assert lost.defect > 0.29
    ((means, at, origin),) = search._beyond(lost)
    assert origin == "lost"
    assert at == pytest.approx(lost.parameter + 0.001)
    alone = lab.Landscape(lab.Population(folding_alone(at)), 2)
    beyond = alone.descend(lost.means[:2] + landscapes.origin).means[:, 0]
    assert abs(beyond - lost.means[:2, 0] - landscapes.origin).min() > 1.0
    assert means[:, 0] + landscapes.origin == pytest.approx([*beyond, FAR, FAR], abs=1e-5)
    assert sweep(folding, 4, (9.08, 9.1303), 0.2)._beyond(lost) == []  # the bracket ends before


def test_where_no_descent_ends_nearby_nothing_is_followed():
    """Beyond the fold no minimum is near; without a level, none is followed by descents at all."""
    landscapes = TruthPath.over(folding, 4, None, (9.08, 9.18))
    guess = landscapes.local(np.array([[-1.87], [6.80], [FAR - 0.1], [FAR + 0.1]])).ravel()
    assert settled(landscapes, guess, 9.12) is not None
    assert settled(landscapes, guess, 9.14) is None
    assert settled(landscapes, guess + 900.0 * np.eye(4)[3], 9.12) is None  # a mean without data
    way = Way([(9.14, guess)], [read(landscapes, guess, 9.14)], "lost", reason=FLAT)
    assert stepped(landscapes, way, 0.05, lambda *point: None) is way
    flat = followed(landscapes, [-1.93, 6.77, FAR - 0.1, FAR + 0.1], 9.12, None)
    assert (flat.end, flat.reason, len(flat.parameters)) == ("lost", FLAT, 1)


def test_two_points_that_no_minimum_joins_enclose_no_crossing():
    """One is of the minimum that folds and one of what lies beyond: the defect falls by a jump."""
    landscapes = TruthPath.over(folding_alone, 2, None, (9.08, 9.18))
    before, after = (
        (at, settled(landscapes, landscapes.local(np.array(means)[:, None]).ravel(), at))
        for at, means in ((9.128, [-1.94, 6.76]), (9.132, [-0.33, 8.60]))
    )
    way = Way([before, after], [read(landscapes, point, at) for at, point in (before, after)], "floor")
    assert way.readings[0].defect > 0.25 > way.readings[1].defect
    end = _judged(landscapes, way, 0.25, "start")
    assert (end.end, end.parameter) == ("lost", 9.128)
    assert "between two points" in end.reason
    assert flat_crossing(landscapes, (before, after), 0.4) is None  # above both


def test_an_end_that_descents_from_beside_it_do_not_find_has_no_error_to_speak_of():
    """So near its fold a minimum is the end of no descent from 0.01 sigma beside it."""
    folds, start = 20.0 - FOLD, np.array([[-1.893], [FAR], [6.794]])  # the first and third begin ahead

    def falling(t):
        return gs.Mixture.location([-3.0, 3.0, 20.0 - t, FAR], 1.0, [2 / 9, 2 / 9, 2 / 9, 1 / 3])

    landscapes = TruthPath.over(falling, 3, None, (10.8, 10.9))
    places = [
        (at, settled(landscapes, landscapes.local(start).ravel(), at)) for at in (folds + 1e-7, folds + 1e-5)
    ]
    defects = [read(landscapes, point, at).defect for at, point in places]
    found = flat_crossing(landscapes, (places[0], places[1]), np.mean(defects))
    assert folds < found.parameter < folds + 1e-5
    assert found.error > 1e-4


def test_searches_read_flat_minima_once_they_are_polished():
    search = sweep(pair_and_one, 3, (3.1, 3.5), 0.03)
    search.search([3.4])
    found = search.above(3.4)
    assert found
    assert all(one.defect == pytest.approx(taken(3.4), abs=1e-4) for one in found)
    # Means that are not known well, read at 0.06 where the minimum next to them has 0.046.
    means = search.landscapes.local(np.array([[-0.1], [0.1], [3.3]]))
    rough = Found(tuple(map(tuple, means.tolist())), 0.06, 1)
    search.searches[3.4] = Search((rough,), 1, 1)
    for level, read_above in ((taken(3.4) - 1e-6, [rough]), (taken(3.4) + 1e-6, []), (0.06, [])):
        search.level = level
        assert search.above(3.4) == read_above
    search.searches[3.4] = Search((rough._replace(means=(*rough.means[:2], (900.0,))),), 1, 1)
    search.level = 0.03
    assert search.above(3.4) == []  # a mean without data: no minimum


def test_a_flat_minimum_is_followed_once():
    search = sweep(pair_and_one, 3, (3.1, 3.5), 0.03)
    for means in ([0.0, 0.0, 3.488], [3.488, 0.02, -0.02]):
        search.follow(search.landscapes.local(np.array(means)[:, None]), 3.488, "search")
    (only,) = search.followed
    assert (only.end, only.parameters[-1]) == ("upper end", 3.5)
    assert only.defect == pytest.approx(taken(3.5), abs=1e-9)
    assert not search._known(search.landscapes.local(np.array([[-1.0], [2.0], [5.0]])), 3.488)
