"""What a search takes in: ends that are no minima, images under symmetries, and what was kept of them."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.builder import Survey, Task, end_of
from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.explore import _places, attempt_one, listed_candidates
from gmmscape.landscape.atlas.saddle_search import covered_together
from gmmscape.solve import stored


@pytest.fixture
def survey():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    return Survey(lab.Landscape(lab.Population(truth), 3)._descent, 0)


def test_a_descent_that_did_not_end_says_why(survey):
    structure = lab.candidates(3, 3)[0]
    begun = attempt_one(survey.descent, Task(0, structure), np.array([[-4.0], [2.0], [11.0]]))
    unfinished = begun._replace(end=survey.descent.coarse(np.array([[1e4], [0.0], [2e4]])))
    assert survey.record(unfinished) is None
    assert survey.record(unfinished._replace(task=Task(0, None))) is None
    assert survey.minima == []
    assert survey.outcomes == [(structure, "unresolved", None)]
    assert survey.ends == {"plateau": 1}


def test_a_saddle_has_an_edge_where_both_its_descents_end_in_minima(survey):
    truth, far = np.array([[-3.0], [3.0], [12.0]]), np.array([[1e4], [0.0], [2e4]])
    assert survey.record_critical(truth) is survey.minima[0]
    assert survey.record_critical(truth + 1e-9) is None
    assert survey._edge_to(0, None, truth) is None
    assert survey._edge_to(0, truth, far) is None
    assert survey._edge_to(0, truth, truth[::-1]) == Edge(0, (0, 0), (2, 1, 0))
    assert len(survey.minima) == 1


def test_ends_of_another_number_of_means_are_refused(survey):
    content = stored(survey.descent.coarse(np.array([[-3.0], [3.0], [12.0]])))
    other = lab.Landscape(survey.descent.measure, 2)._descent
    assert end_of(survey.descent, content).converged
    with pytest.raises(ValueError, match="3 means, and the landscape 2"):
        end_of(other, content)


@pytest.mark.parametrize("content", [[[1.0], [2.0]], [[1.0], [2.0], [float("nan")]], [1.0, 2.0, 3.0]])
def test_places_of_other_landscapes_are_refused(survey, content):
    assert _places(survey, [[1.0], [2.0], [3.0]]).shape == (3, 1)
    with pytest.raises(ValueError, match="no places of 3 means in 1 dimensions"):
        _places(survey, content)


def test_an_image_is_taken_in_with_what_it_shares():
    """A truth that a mirror leaves as it is: one descent is enough for both minima."""
    land = lab.Landscape(lab.Population(gs.Mixture.location([-12.0, 0.0, 12.0], 1.0)), 2)
    seen = []
    atlas = land.explore(0, n_starts=1, candidates=False, callback=seen.append)
    one, other = atlas.minima
    assert sorted(point.hits for point in atlas.minima) == [0, 1]
    assert np.sort(-one.means, axis=0) == pytest.approx(other.means, abs=1e-9)
    assert np.abs(land.gradient(other.means)).max() < 1e-9
    assert [event.detail["minima"] for event in seen] == [1, 2]


def test_more_candidates_than_are_worth_it_are_those_of_neighbours_or_none():
    centers = np.array([30.0, 0.0, 10.0, 50.0, 20.0, 40.0])
    line = listed_candidates(6, gs.Mixture.location(centers, 1.0))
    assert 50 < len(line) < len(lab.candidates(6, 6))
    for structure in line:
        for block in structure.blocks:
            assert np.ptp(centers[list(block.centers)]) == 10.0 * (len(block.centers) - 1)
    plane = gs.Mixture.location(np.column_stack([centers, centers**2 / 50.0]), 1.0)
    assert listed_candidates(6, plane) == []


def test_sets_of_centers_that_one_component_may_cover():
    line = gs.Mixture.location([5.0, 0.0, 9.0], 1.0)
    assert covered_together(line) == [[1], [1, 0], [1, 0, 2], [0], [0, 2], [2]]
    few = gs.Mixture.location([[0.0, 0.0], [1.0, 5.0], [9.0, 2.0]], 1.0)
    assert covered_together(few) == [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]
    more = gs.Mixture.location(np.arange(10.0).reshape(5, 2), 1.0)
    assert {len(some) for some in covered_together(more)} == {1, 2}
