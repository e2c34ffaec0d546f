"""The graph of an atlas: edges and barriers against an independent descent, symmetries, alarms."""

from __future__ import annotations

from dataclasses import replace
from math import factorial

import numpy as np
import pytest
from benchmarks.landscapes.blind_search import polished, searched
from benchmarks.landscapes.panels import Panels

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.alarms import labelled_pieces, loose_alarm, morse_alarm, piece_alarm, pieces_of
from gmmscape.landscape.atlas.edges import Edge, escape_height
from gmmscape.landscape.atlas.symmetries import carried
from gmmscape.landscape.points.isometries import isometries
from gmmscape.measure import Estimate
from gmmscape.tolerances import TOLERANCES
from marks import rest_slow

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
#: Truths on which the descents of one coarse rule went wrong, and some in more dimensions.
TRUTHS = {
    "equal spacing": ([-11.0, 0.0, 11.0], 3),
    "four centers": ([-24.459, -8.858, 9.388, 23.929], 3),
    "a mean on a plateau": ([-12.35885004, -4.60160443, 16.96045446], 3),
    "a saddle on a plateau": ([0.0, 10.13401755, 35.08733327], 3),
    "a mean without mass between far centers": ([0.0, 5.65700178, 27.71619369], 4),
    "two means in the plane": ([[0.0, 0.0], [9.0, 2.0], [3.0, 11.0]], 2),
    "two means in space": ([[0.0, 0.0, 0.0], [9.0, 2.0, 1.0], [3.0, 8.0, -5.0]], 2),
    "three means in the plane": ([[0.0, 0.0], [6.0, 0.0], [2.0, 7.0]], 3),
}


def explored(centers, k: int, **options) -> lab.Atlas:
    truth = gs.Mixture.location(centers, 1.0)
    return lab.Landscape(lab.Population(truth), k).explore(0, n_starts=16, saddles=True, **options)


def panels(centers) -> Panels:
    means = gs.Mixture.location(centers, 1.0).means
    return Panels(means, np.full(len(means), 1.0 / len(means)), 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", rest_slow(list(TRUTHS), 1))
def test_edges_and_barriers_are_those_of_an_independent_descent(name):
    centers, k = TRUTHS[name]
    atlas, oracle = explored(centers, k), panels(centers)
    minima = [point.means for point in atlas.minima]
    edges = {edge.saddle: edge for edge in atlas.edges}
    assert list(edges) == [i for i, point in enumerate(atlas.saddles) if point.index == 1]
    low = [oracle.at(means)[0] for means in minima]
    high = [oracle.at(point.means)[0] for point in atlas.saddles]
    theirs = []
    for place, edge in edges.items():
        ends = oracle.both_ways(atlas.saddles[place].means, minima)
        joined = tuple(sorted(end[0] for end in ends if end is not None))
        assert joined == edge.minima
        theirs.append(Edge(place, (joined[0], joined[1])))
    assert len(theirs) == len(edges) > 0
    for i in range(len(minima)):
        barrier = atlas.barrier(i)
        expected = escape_height(i, [Estimate(value, 1e-10) for value in low], high, theirs)
        assert barrier == pytest.approx(expected, abs=1e-9)
        assert barrier.error < 1e-10


@pytest.mark.slow
def test_mirror_minima_join_the_truth():
    atlas = explored([-11.0, 0.0, 11.0], 3)
    assert [edge.minima for edge in atlas.edges if atlas.saddles[edge.saddle].orbit_size == 6] == [
        (0, 2),
        (0, 1),
    ]
    for place in (1, 2):
        assert atlas.barrier(place) == pytest.approx(9.864599484 - 9.843703360, abs=1e-8)
    assert atlas.alarm is None


@pytest.fixture(name="mirrored", scope="module")
def atlas_of_two_minima_that_are_mirror_images() -> lab.Atlas:
    return explored([-12.0, 0.0, 12.0], 2)


def test_an_edge_has_its_image_where_the_ends_have_theirs(mirrored: lab.Atlas):
    mirror = isometries(mirrored.truth)[1]
    assert len(mirrored.edges) == 2
    for edge in mirrored.edges:
        image = carried(edge, mirror, mirrored.minima, mirrored.saddles)
        assert image.minima == edge.minima[::-1] == (1, 0)
        assert image.ordered(image.saddle, image.minima) == mirrored.edges[image.saddle]
        unknown = carried(edge._replace(relabelling=None), mirror, mirrored.minima, mirrored.saddles)
        assert unknown == image._replace(relabelling=None)
        assert carried(edge, mirror, [mirrored.minima[0]] * 2, mirrored.saddles) is None


def test_a_tie_by_the_last_bit_is_none(mirrored: lab.Atlas):
    atlas = mirrored
    assert len(atlas.minima) == 2
    assert atlas.barrier(0) == atlas.barrier(1) == np.inf
    assert atlas.relabelling_barrier(0) == pytest.approx(atlas.relabelling_barrier(1), abs=1e-9)
    almost = [Estimate(1.0, 1e-13), Estimate(1.0 + 5e-13, 1e-13)]
    assert escape_height(1, almost, [2.0], [Edge(0, (0, 1))]) == np.inf
    clear = [Estimate(1.0, 1e-13), Estimate(1.0 + 5e-12, 1e-13)]
    assert escape_height(1, clear, [2.0], [Edge(0, (0, 1))]) == pytest.approx(1.0)


@pytest.mark.slow
def test_plateaus_and_pairs_that_have_just_split_ring_no_alarm():
    """A curvature of 4e-9, where slopes nearby are rounding; pairs 6e-5 apart, in no order known."""
    for centers in ([0.0, 10.13401755, 35.08733327], [0.0, 18.7122959, 31.46395054]):
        assert explored(centers, 4).alarm is None


@pytest.mark.slow
def test_two_saddles_that_cancel_in_the_count_are_found():
    """An index-1 and an index-2 saddle between known ones, without which the count is one as well."""
    atlas = explored([-14.818, -6.727, 4.192, 17.352], 4)
    assert atlas.alarm is None
    for index, kl in ((1, 10.768662), (2, 10.855531)):
        assert any(point.index == index and abs(point.kl - kl) < 1e-6 for point in atlas.saddles)


@pytest.mark.slow
@pytest.mark.parametrize("side", rest_slow([5.0, 6.0, 12.0, 16.0], 1))
def test_a_triangle_is_closed_under_its_group(side):
    atlas = explored(side * TRIANGLE, 3)
    same = atlas.symmetries
    assert (same.order, same.complete) == (6, True)
    assert atlas.count_law == 1
    assert atlas.alarm is None
    assert sum(map(len, same.minima)) == len(atlas.minima)
    assert sum(map(len, same.saddles)) == len(atlas.saddles)
    for places in (*same.minima, *same.saddles):
        assert same.order % len(places) == 0
    for places in same.minima:
        for height in (atlas.barrier, atlas.relabelling_barrier):
            heights = [height(place) for place in places]
            assert np.isinf(heights).all() or np.ptp(heights) <= 4 * max(one.error for one in heights)
    joins = {edge.saddle: edge.minima for edge in atlas.edges}
    home = {place: number for number, places in enumerate(same.minima) for place in places}
    for places in same.saddles:
        kinds = {tuple(sorted(home[end] for end in joins[place])) for place in places if place in joins}
        assert len(kinds) <= 1
    assert "6 isometries of the truth" in str(atlas)


@pytest.mark.slow
def test_an_image_that_is_missing_is_told():
    atlas = explored([-11.0, 0.0, 11.0], 3)
    assert atlas.symmetries.minima == ((0,), (1, 2))
    fewer = replace(atlas, minima=atlas.minima[:2], edges=(), candidates=())
    assert not fewer.symmetries.complete


@pytest.mark.slow
def test_a_square_is_closed_under_its_group():
    square = explored([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0]], 2)
    assert (square.symmetries.order, square.symmetries.complete, square.alarm) == (8, True, None)
    assert [len(places) for places in square.symmetries.minima] == [2]


@pytest.mark.slow
def test_a_tetrahedron_is_closed_under_its_group():
    tetrahedron = 3.5 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    atlas = explored(tetrahedron, 2)
    assert (atlas.symmetries.order, atlas.symmetries.complete) == (24, True)


def test_no_count_where_no_saddles_were_sought():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    atlas = lab.Landscape(lab.Population(truth), 3).explore(0, n_starts=4)
    assert atlas.count_law is None
    assert atlas.alarm is None
    assert "count law" not in str(atlas)


@pytest.fixture(name="census", scope="module")
def census_of_three_means() -> lab.Atlas:
    return explored([-3.0, 3.0, 12.0], 3)


def test_morse_rings_where_the_count_is_silent(census: lab.Atlas):
    assert morse_alarm((*census.minima, *census.saddles)) is None
    # Without the passes, and without as many minima, the count is as it was.
    less = [point for point in census.saddles if point.index > 1 or point.orbit_size < 6]
    lost = [point for point in census.saddles if point.index == 1 and point.orbit_size == 6]
    assert len(lost) == 1
    fewer = replace(census, minima=census.minima[:1], saddles=tuple(less), edges=(), candidates=())
    assert fewer.count_law == 1
    assert "6 pieces" in fewer.alarm
    extra = [replace(census.minima[1], hits=0)] * 3
    assert "Morse's inequality for index 1" in morse_alarm((*census.minima, *extra, *census.saddles))


def test_labelled_minima_hang_together(census: lab.Atlas):
    assert labelled_pieces(census.minima, census.edges) == 1
    assert labelled_pieces(census.minima, ()) == 12
    # One exchange of two means joins the labellings of each in pairs.
    pair = [edge for edge in census.edges if edge.minima == (1, 1)]
    assert len(pair) == 1
    assert labelled_pieces(census.minima, pair) == 6 + 3


def test_pieces_are_not_counted_where_they_say_nothing(census: lab.Atlas):
    assert "12 pieces" in str(piece_alarm(census.minima, ()))
    ring = replace(census.minima[1], continuum=1)
    assert piece_alarm([census.minima[0], ring], ()) is None
    assert piece_alarm((), ()) is None
    # Nine means have too many labellings to go through.
    assert pieces_of([[]], (), 9, factorial(9)) is None
    assert pieces_of([[]], (), 7, factorial(7)) == factorial(7)


def test_a_profile_leads_over_a_pass(mirrored: lab.Atlas):
    land = lab.Landscape(lab.Population(mirrored.truth), 2)
    for over, message in (
        (mirrored.minima[0], "critical point of index 1"),
        (mirrored.saddles[0].means, "pass a CriticalPoint"),
    ):
        with pytest.raises(gs.InvalidParameterError, match=message):
            land.profile(*mirrored.minima, over, n=5)


@pytest.mark.slow
def test_a_profile_leads_over_a_pass_of_its_own_ends():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-1.0, 1.0], 1.0)), 2)
    saddle = land._descent.critical(np.zeros((2, 1)))
    assert land.profile([-1.0, 1.0], [1.0, -1.0], saddle, n=5).top == 2
    with pytest.raises(gs.InvalidParameterError, match="other minima than a and b"):
        land.profile([-1.0, 1.0], [0.0, 1.0], saddle, n=5)


@pytest.mark.slow
def test_three_means_that_nearly_coincide_are_joined():
    # A pass with a curvature of -3e-10/sigma^2 between labellings of their minimum, 1e-3 sigma away.
    atlas = explored([0.0, 14.12276808, 19.21071989], 4)
    softest = max((p for p in atlas.saddles if p.index == 1), key=lambda point: point.eigenvalues[0])
    assert -1e-9 < softest.eigenvalues[0] < -TOLERANCES.solve.flat
    edge = next(edge for edge in atlas.edges if atlas.saddles[edge.saddle] is softest)
    assert edge.minima[0] == edge.minima[1]
    assert edge.relabelling not in (None, (0, 1, 2, 3))
    assert atlas.alarm is None


@pytest.mark.slow
def test_passes_between_far_clusters_in_the_plane_have_edges():
    # Minima in which two means share a far center are flat, and rules in the plane have more noise.
    atlas = explored([[0.0, 0.0], [25.0, 0.0], [3.0, 22.0]], 3)
    assert any(point.flat for point in atlas.minima)
    assert loose_alarm(atlas.saddles, atlas.edges) is None
    assert len(atlas.edges) == sum(point.index == 1 for point in atlas.saddles) == 8


def test_a_saddle_without_an_edge_is_told(census: lab.Atlas):
    assert "joins no known minima (0)" in str(replace(census, edges=census.edges[1:]).alarm)
    assert "joins no known minima (0)" in str(loose_alarm(census.saddles, census.edges[1:]))
    assert loose_alarm(census.saddles, census.edges) is None


def test_an_edge_round_to_one_labelled_minimum_is_an_alarm(census: lab.Atlas):
    place = next(i for i, edge in enumerate(census.edges) if edge.minima == (0, 0))
    wrong = list(census.edges)
    wrong[place] = Edge(wrong[place].saddle, (0, 0), (0, 1, 2))
    atlas = replace(census, edges=tuple(wrong))
    assert census.loops == ()
    assert atlas.loops == (wrong[place],)
    assert "one labelled minimum" in atlas.alarm
    assert lab.Atlas.from_dict(atlas.to_dict()).loops == atlas.loops


@pytest.mark.parametrize("uphill", [False, True])
def test_blind_searches_find_saddles_by_themselves(uphill: bool):
    centers = np.array([[-3.0], [3.0], [12.0]])
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), 2)
    atlas = land.explore(0, n_starts=4, saddles=True)
    found = searched(centers, 2, 80, np.random.default_rng(0), uphill=uphill)
    points = [polished(Panels(centers, np.full(3, 1 / 3), 1.0), means) for means in found]
    theirs = sorted((point.index, *np.sort(point.means[:, 0])) for point in points if point is not None)
    ours = sorted((point.index, *point.means[:, 0]) for point in (*atlas.minima, *atlas.saddles))
    np.testing.assert_allclose(theirs, ours, atol=1e-7)
