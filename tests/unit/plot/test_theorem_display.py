"""TheoremDisplay: errors and bounds over the separation or block by block, rings, edges, what is left out."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot import BlockError, TheoremDisplay

pytest.importorskip("matplotlib")


def blocks():
    """Two separations; at the second the error of one-fits-many is above the bound."""
    return [
        BlockError(8.0, "one-fits-many", 0.5, 0.1, 0.2, claimed=False),
        BlockError(8.0, "exact", 1e-17, 1e-14, 0.01, claimed=False),
        BlockError(12.0, "one-fits-many", 0.1, 1e-12, 0.02),
        BlockError(12.0, "one-fits-many", 0.03, 1e-12, 0.04),
        BlockError(12.0, "many-fit-one", 0.2, inf, 0.4),
    ]


def test_errors_and_bounds_over_the_separation():
    picture = TheoremDisplay(blocks()).plot()
    ax = picture.ax_
    assert (ax.get_yscale(), ax.get_xscale()) == ("log", "linear")
    marks = {key: list(zip(*line.get_data(), strict=True)) for key, line in picture.marks_.items()}
    assert marks == {
        ("one-fits-many", True): [(12.0, 0.1), (12.0, 0.03)],
        ("one-fits-many", False): [(8.0, 0.5)],
    }
    assert picture.marks_["one-fits-many", False].get_fillstyle() == "none"
    assert list(picture.bounds_["one-fits-many"].get_ydata()) == [0.2, 0.02]
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == 0.2
    assert (np.abs(band - [12.0, 0.04]).sum(axis=1) < 1e-12).any()
    assert list(zip(*picture.exceeded_.get_data(), strict=True)) == [(12.0, 0.1)]
    edge = ax.get_ylim()[0]
    assert edge == pytest.approx(0.01 / 4)
    assert [list(line.get_data()[0]) for line in picture.at_edge_] == [[8.0], [12.0]]
    assert all(line.get_ydata() == [edge] for line in picture.at_edge_)
    names = [text.get_text() for text in picture.figure_.legends[0].get_texts()]
    assert {"above the bound", "one-fits-many, condition fails", "error not known, at edge"} <= set(names)
    numerical = [list(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 2]
    assert [0.4, 0.6] in numerical


def test_one_separation_is_drawn_block_by_block():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], sigma=1.0)
    table = lab.theorem_table(truth, 3, bounds=lambda q: 0.1, n_starts=2, rng=0)
    picture = table.plot()
    ax = picture.ax_
    assert ax.get_xscale() == "log"
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[3:] == ["minimum 1: 0>0,1", "minimum 1: 1,2>2"]
    pair = table.rows[-1].found
    assert list(picture.marks_["many-fit-one", True].get_xdata()) == [pair.error]
    assert list(picture.exceeded_.get_xdata()) == [pair.error]
    assert list(picture.exceeded_.get_ydata()) == [4]
    (edge,) = picture.at_edge_
    assert list(edge.get_ydata()) == [0, 1, 2]
    twice = lab.theorem_table([truth, truth], 3, n_starts=2, rng=0)
    assert twice.plot().ax_.get_yticklabels()[-1].get_text() == "truth 1, minimum 1: 1,2>2"


def test_what_is_left_out_is_said():
    many = [BlockError(9.0, "exact", 0.01 * i + 0.01, 0.0, 1.0, name=str(i)) for i in range(40)]
    picture = TheoremDisplay(many).plot()
    assert [label.get_text() for label in picture.ax_.get_yticklabels()] == [str(i) for i in range(10, 40)]
    assert picture.ax_.get_title(loc="left") == "10 blocks of smaller ratio are not drawn"
    single = TheoremDisplay([*blocks(), BlockError(inf, "exact", 0.1, 0.0, None)]).plot()
    assert single.ax_.get_title(loc="left") == "1 block of one center is not drawn"


def test_blocks_of_no_use_are_refused():
    with pytest.raises(InvalidParameterError, match="blocks is empty"):
        TheoremDisplay([])
    for wrong in (BlockError(8.0, "exact", nan, 0.0, None), BlockError(8.0, "exact", 0.1, 0.0, -1.0)):
        with pytest.raises(InvalidParameterError, match="pass numbers from 0 on"):
            TheoremDisplay([wrong])
    empty = lab.TheoremTable((), 3, 1, 2, 0, "time_limit")
    with pytest.raises(InvalidParameterError, match="the table has no row"):
        empty.plot()
    assert str(empty).startswith("no truth was searched (time_limit)")
