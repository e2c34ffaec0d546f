"""Continua: minima that a symmetry of the truth turns into each other are one; what is merely flat is not."""

from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.moves import Moves
from gmmscape.landscape.continua import with_continua
from gmmscape.landscape.points.continuum import Continuum
from marks import tuples_rest_slow


def _wide(d, k, sd=2.0):
    """k narrow means against one wide component: whatever breaks its rotations is a continuum."""
    return lab.Landscape(lab.Population(gs.Mixture.location(np.zeros((1, d)), sd)), k, sigma=1.0)


@pytest.mark.parametrize(
    ("d", "k", "dimension"),
    # Rings of two, three, four means; a sphere of pairs.
    tuples_rest_slow([(2, 2, 1), (2, 3, 1), (2, 4, 1), (3, 2, 2)], 1),
)
def test_a_continuum_is_listed_once_with_its_dimension(d, k, dimension):
    atlas = _wide(d, k).explore(0, n_starts=12)
    assert [point.continuum for point in atlas.minima] == [dimension]
    assert atlas.minima[0].hits == atlas.ends["minimum"] >= 10
    assert np.count_nonzero(np.abs(atlas.minima[0].eigenvalues) < 1e-10) == dimension
    assert f"continuum of dimension {dimension}" in str(atlas.minima[0])
    assert lab.Atlas.from_dict(atlas.to_dict()).minima[0].continuum == dimension


def test_without_walking_they_are_several(monkeypatch):
    """The negative control: the search itself lists one continuum many times."""
    monkeypatch.setattr("gmmscape.landscape.landscape.with_continua", lambda descent, found, budget: found)
    atlas = _wide(2, 2).explore(0, n_starts=12)
    assert len(atlas.minima) > 1
    assert np.ptp([point.nll for point in atlas.minima]) <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("centers", "k"),
    [
        ([[0.0, 0.0]], 2),  # two means on one center: a quartic
        ([[0.0, 0.0]], 3),
        ([[-5.0, 0.0], [5.0, 0.0]], 4),  # k a multiple of k*, and a pair that has split by 1e-5 sigma
        ([-3.0, 3.0], 4),
    ],
)
def test_what_is_flat_and_alone_is_no_continuum(centers, k):
    land = lab.Landscape(lab.Population(gs.Mixture.location(np.array(centers), 1.0)), k)
    minima = land.explore(0, n_starts=12).minima
    assert any(point.flat for point in minima)
    assert [point.continuum for point in minima] == [0 if point.flat else None for point in minima]


def test_minima_with_curvature_are_not_looked_at_along():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    assert [point.continuum for point in land.explore(0, n_starts=8).minima] == [None, None]


def test_walks_end_where_the_value_is_another():
    land = _wide(2, 2)
    ring = land.descend([[1.5, 0.0], [-1.5, 0.0]])
    turned = land.descend([[0.3, 1.5], [-0.3, -1.5]])
    continuum = Continuum(land._descent, ring)
    assert continuum.dimension == ring.continuum == 1
    assert continuum.reaches(turned)
    middle = land._descent.critical(np.zeros((2, 2)))
    assert not continuum.reaches(middle)
    higher = replace(turned, local=turned.local.relocated(1.01 * turned.local.means))
    assert not continuum.reaches(higher)
    assert Continuum(land._descent, middle).dimension == 0


@pytest.mark.slow
def test_the_count_law_knows_closed_curves():
    """Two means coincide in the middle at a point of index 2; the ring around it counts for nothing."""
    atlas = _wide(2, 2).explore(0, n_starts=8, saddles=True)
    assert [point.continuum for point in atlas.minima] == [1]
    assert [(point.index, point.continuum) for point in atlas.saddles] == [(2, None)]
    assert atlas.count_law == 1
    assert atlas.alarm is None


@pytest.mark.slow
def test_a_search_goes_on_from_what_was_joined():
    land = _wide(2, 3)
    once = land.explore(0, n_starts=10)
    resumed = land.explore(resume=land.explore(0, n_starts=5), n_starts=10)
    assert len(resumed.minima) == len(once.minima) == 1
    assert resumed.minima[0].hits == once.minima[0].hits == 10


@pytest.mark.slow
def test_the_budget_holds_for_walks_too():
    land = _wide(2, 3)
    atlas = land.explore(0, n_starts=10, callback=lambda event: event.stage == "continua")
    assert atlas.stop_reason == "interrupted"
    assert atlas.starts == 10


def test_moves_and_edges_between_points_of_one_continuum_are_in_one(monkeypatch):
    def moved(descent, found, budget):
        assert len(found.minima) > 1
        moves = tuple(Moves(place, (0,)) for place in range(1, len(found.minima)))
        # Passes are no minima, but are put together in the same way.
        passes = found.minima[1::-1]
        edges = (Edge(0, (0, 1), (1, 0)), Edge(1, (0, 0), (1, 0)))
        return with_continua(descent, replace(found, moves=moves, saddles=passes, edges=edges), budget)

    monkeypatch.setattr("gmmscape.landscape.landscape.with_continua", moved)
    atlas = _wide(2, 2).explore(0, n_starts=12)
    assert atlas.moves == (Moves(0, ()),)
    assert len(atlas.saddles) == 1
    # Relabellings of points that another one stands for are not known.
    assert atlas.edges == (Edge(0, (0, 0)),)
