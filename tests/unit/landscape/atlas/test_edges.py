"""Edges: turned round, one after another, and how high the passes are, with their errors."""

import pytest

from gmmscape.landscape.atlas.edges import Edge, after, escape_height, inverse
from gmmscape.measure import Estimate

#: Mean 0 becomes mean 1, 1 becomes 2, 2 becomes 0.
ROUND = (1, 2, 0)


def test_an_edge_that_is_turned_round_relabels_back():
    assert Edge(3, (0, 1), ROUND).ordered(5, (1, 2)) == Edge(5, (1, 2), ROUND)
    assert Edge(3, (0, 1), ROUND).ordered(5, (2, 1)) == Edge(5, (1, 2), (2, 0, 1))
    assert Edge(3, (0, 1)).ordered(5, (2, 1)) == Edge(5, (1, 2))


def test_an_edge_that_relabels_nothing_comes_back():
    item = {"saddle": 3, "minima": [0, 1], "relabelling": None}
    assert Edge.from_dict(item, k=3, n_minima=2, n_saddles=4) == Edge(3, (0, 1))


def test_one_relabelling_after_another():
    exchanged = (1, 0, 2)
    # Mean 0 becomes mean 1, and that becomes 2.
    assert after(ROUND, exchanged) == (2, 1, 0)
    assert after(exchanged, ROUND) == (0, 2, 1)
    assert after(inverse(ROUND), ROUND) == (0, 1, 2)


def test_a_height_has_the_errors_of_both_ends_and_is_that_of_the_lowest_pass():
    minima = [Estimate(1.0, 0.01), Estimate(0.0, 0.02)]
    saddles = [Estimate(3.0, 0.5), Estimate(2.0, 0.25)]
    found = escape_height(0, minima, saddles, [Edge(0, (0, 1)), Edge(1, (0, 1))])
    assert (float(found), found.error) == (1.0, pytest.approx(0.26))


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"saddle": 1}, "saddle 1 of 1"),
        ({"minima": [0, 2]}, "of 2"),
        ({"minima": [0]}, "joins minima"),
        ({"relabelling": [0, 1, 1]}, "relabels 3 means"),
        ({"relabelling": [0, 1]}, "relabels 3 means"),
        ({"relabelling": [0.0, 1.0, 2.0]}, "relabelling=0.0"),
    ],
)
def test_edges_between_what_is_not_there_are_refused(changed, word):
    written = {"saddle": 0, "minima": [0, 1], "relabelling": [2, 0, 1]}
    assert Edge.from_dict(written, 3, 2, 1) == Edge(0, (0, 1), (2, 0, 1))
    with pytest.raises(ValueError, match=word):
        Edge.from_dict(written | changed, 3, 2, 1)
