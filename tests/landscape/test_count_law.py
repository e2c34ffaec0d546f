"""Law 7 over diverse truths: the signed count of labelled points is one, in merged problems too."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Location
from gmmscape.landscape.atlas.groupings import assignments, grouped, groupings, merged_count, ringing
from gmmscape.landscape.points.degree import measured_degree
from gmmscape.landscape.points.descent import Descent
from gmmscape.objective import Objective
from marks import rest_slow

TRUTHS = {
    "one center, too many means": ([0.0], 4, 0.7, None),
    "two centers, unequal": ([0.0, 5.0], 3, 1.0, [0.7, 0.3]),
    "two centers, four means, wide": ([0.0, 11.0], 4, 1.3, None),
    "three centers, unequal, two means": ([0.0, 4.0, 13.0], 2, 1.0, [0.2, 0.5, 0.3]),
    "three centers, narrow means": ([0.0, 4.0, 9.0], 3, 0.6, None),
    "a triangle, two means": ([[0.0, 0.0], [5.0, 1.0], [1.0, 7.0]], 2, 1.0, None),
    "three centers, four means": ([0.0, 6.0, 14.0], 4, 1.0, [0.3, 0.3, 0.4]),
    "four centers, three means": ([0.0, 3.0, 9.0, 20.0], 3, 1.0, None),
    "four centers": ([0.0, 7.0, 13.0, 21.0], 4, 1.0, None),
    "a fold nearby": ([0.0, 12.18457142, 23.18169449, 30.28671242], 4, 1.0, None),
    "a triangle": ([[0.0, 0.0], [6.0, 0.0], [2.0, 7.0]], 3, 1.0, [0.3, 0.3, 0.4]),
}


def explored(name: str) -> tuple[lab.Atlas, Descent]:
    centers, k, sigma, weights = TRUTHS[name]
    population = lab.Population(gs.Mixture.location(centers, 1.0, weights))
    atlas = lab.Landscape(population, k, sigma=sigma).explore(0, n_starts=8, saddles=True)
    return atlas, Descent(population, k, sigma)


# From four means on they take longer than all before.
@pytest.mark.parametrize("name", rest_slow(list(TRUTHS), 3))
def test_labelled_points_add_up_to_one(name):
    atlas, descent = explored(name)
    assert atlas.count_law == 1
    assert ringing(descent, [*atlas.minima, *atlas.saddles]) == []


@pytest.fixture(name="four", scope="module")
def four_centers() -> tuple[list[lab.CriticalPoint], Descent]:
    atlas, descent = explored("four centers")
    return [*atlas.minima, *atlas.saddles], descent


@pytest.mark.slow
def test_a_missing_point_rings_where_it_is_missing(four):
    points, descent = four
    known = [grouped(descent, point) for point in points]
    pair = next(some for some in known if sorted(map(len, some.places)) == [1, 1, 2])
    left = [some for some in known if some is not pair]
    # With a pair as one mean it is a point of that problem, twice labelled, and of no coarser one.
    assert ringing(descent, [some.point for some in left]) == [(2, 1, 1)]
    assert merged_count((2, 1, 1), left) == 1 - 2 * (-1) ** pair.index_with([1, 1, 1])


@pytest.mark.parametrize("k", rest_slow([2, 3, 4], 2))
def test_means_on_one_gaussian_count_by_their_degree(k):
    atlas = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), k).explore(
        0, n_starts=4, saddles=True
    )
    (point,) = atlas.minima
    assert point.flat
    assert point.degree == 1
    assert atlas.alarm is None
    assert lab.CriticalPoint.from_dict(point.to_dict()).degree == 1


@pytest.mark.slow
def test_what_split_off_beyond_float64_is_counted_once():
    centers, weights = [0.0, 3.26907946, 17.38512653], [0.39754075, 0.3591311, 0.24332815]
    truth = gs.Mixture.location(centers, 1.0, weights)
    atlas = lab.Landscape(lab.Population(truth), 4).explore(0, n_starts=8, saddles=True)
    points = [*atlas.minima, *atlas.saddles]
    triple = next(point for point in atlas.saddles if point.orbit_size == 4 and point.degree is not None)
    split = next(point for point in atlas.minima if np.abs(point.means - triple.means).max() < 1e-2)
    assert split.flat
    assert not triple.flat
    assert (triple.index, triple.degree) == (2, 1)
    assert sum(point.orbit_size * (-1) ** point.index for point in points) != 1
    assert atlas.count_law == 1
    assert atlas.alarm is None


@pytest.mark.slow
def test_a_fold_counts_for_nothing():
    """A fold counts for nothing; where all curvatures are clear nothing is measured."""
    clear = lab.Landscape(lab.Population(gs.Mixture.location([0.0, 6.0], 1.0)), 2).descend([0.0, 6.0])
    assert clear.degree is None
    born = lab.birth(
        lambda D: gs.Mixture.location([-D, 0.0, D], 1.0), (((0,), (0, 1)), ((1, 2), (2,))), (9, 11)
    )
    land = lab.Landscape(lab.Population(gs.Mixture.location([-born.parameter, 0.0, born.parameter], 1.0)), 3)
    objective = Objective.near(
        land.measure, Location(1.0), gs.Mixture.location(born.means - land.measure.origin, 1.0)
    )
    assert measured_degree(objective, gs.Mixture.location(born.means - land.measure.origin, 1.0)) == 0


def test_blocks_fill_places():
    assert groupings(3) == [(3,), (2, 1), (1, 1, 1)]
    assert sorted(assignments((2, 1), [1, 2])) == [(1, 0)]
    assert len(list(assignments((1, 1, 1), [1, 1, 1]))) == 6
    assert len(list(assignments((1, 1, 2), [2, 2]))) == 2
    assert list(assignments((3,), [2, 1])) == []


def test_the_merged_index_leaves_out_splits(four):
    points, descent = four
    some = grouped(descent, next(point for point in points if np.ptp(point.means) < 1e-6))
    assert some.point.index == 3
    assert some.places == ((0, 1, 2, 3),)
    assert [some.index_with([blocks]) for blocks in (1, 2, 3, 4)] == [0, 1, 2, 3]


def test_a_fold_that_is_known_counts_for_nothing():
    """The birth of the slow test above, by its numbers: the slope leads outwards on one side alone."""
    D, means = 10.046942447288211, [-5.115216545213709, 9.078644888874518, 10.49332111320373]
    truth = lab.Population(gs.Mixture.location([-D, 0.0, D], 1.0))
    fit = gs.Mixture.location(np.array(means) - truth.origin[0], 1.0)
    assert measured_degree(Objective.near(truth, Location(1.0), fit), fit) == 0
