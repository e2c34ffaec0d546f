"""Pictures made of plain numbers: what is drawn where, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot import (
    BasinsDisplay,
    BirthDisplay,
    BlockError,
    ComparisonDisplay,
    DisconnectivityDisplay,
    FalsificationDisplay,
    FollowedLine,
    MinimaDisplay,
    PhaseDisplay,
    ProfileDisplay,
    SeparationDisplay,
    ShareDisplay,
    SizeDisplay,
    TheoremDisplay,
    ThresholdDisplay,
    TrajectoryDisplay,
)
from gmmscape.plot.landscapes.comparison import KEPT, LOST, NEW
from gmmscape.plot.style import block_lines
from gmmscape.structure.structure import Block

BLOCKS = (Block.of((0,), (0, 1)), Block.of((1, 2), (2,)))
ONE = np.ones((2, 2, 1))
SHARE = SimpleNamespace(value=0.5, low=0.25, high=0.625)


def axes() -> Any:
    return Figure().subplots()


def test_minima_without_a_partner_are_lost_or_new():
    display = ComparisonDisplay([[0.0, 1.0], [2.0, 3.0]], [[5.0, 6.0], [0.1, 1.1]], {0: 1}, centers=[4.0])
    picture = display.plot(axes())
    found = {
        name: {place: (line.get_color(), line.get_markeredgecolor()) for place, line in lines.items()}
        for name, lines in (("population", picture.population_), ("sample", picture.sample_))
    }
    assert {place: hues[1] for place, hues in found["population"].items()} == {0: KEPT, 1: LOST}
    assert {place: hues[1] for place, hues in found["sample"].items()} == {1: KEPT, 0: NEW}
    assert picture.sample_[0].get_xdata().tolist() == [5.0, 6.0]
    assert [label.get_text() for label in picture.ax_.get_yticklabels()] == ["0", "1 (lost)", "new"]
    names = [text.get_text() for text in picture.ax_.get_legend().get_texts()]
    assert names == ["population", "sample", "lost", "new", "center of the truth"]


def test_shares_have_their_intervals():
    picture = ShareDisplay([4.0, 8.0], {"k = 2": [SHARE, SHARE]}).plot(axes())
    assert picture.curves_["k = 2"].lines[0].get_xydata().tolist() == [[4.0, 50.0], [8.0, 50.0]]
    ends = [segment[:, 1].tolist() for segment in picture.curves_["k = 2"].lines[2][0].get_segments()]
    assert ends == [[25.0, 62.5]] * 2


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_small_barrier_is_enlarged(mirrored: bool):
    """It is 0.01 high beside a fall of 4, and seen in the inset from its lower side."""
    x = np.linspace(0.0, 1.0, 9)
    y = np.array([4.0, 4.005, 4.01, 3.5, 3.0, 2.0, 1.0, 0.5, 0.0])
    picture = ProfileDisplay(x, y[::-1] if mirrored else y, 6 if mirrored else 2).plot(axes())
    inset = picture.inset_
    low, high = inset.get_ylim()
    assert low < 4.0 < 4.01 < high < 4.02
    left, right = inset.get_xlim()
    assert (left < 0.75 < 1.0 < right) if mirrored else (left < 0.0 < 0.25 < right)


def test_shares_of_minima_in_planes_are_told_with_their_blocks():
    picture = BasinsDisplay([0.6, 0.2], [(0.5, 0.7), (0.1, 0.3)], [BLOCKS, None], unresolved=0.1)
    picture.plot(axes())
    assert picture.texts_[0].get_text() == "0.6   0 covers 0 + 1;  1, 2 share 2"
    hues = [bar.patches[0].get_facecolor()[:3] for bar in picture.bars_]
    assert hues[0] != hues[1]
    assert picture.ax_.get_title(loc="left") == "0.1 in others; 0.1 in no minimum"
    minima = MinimaDisplay([[0.0, 1.0]], 1.0, [2.0])
    ax = axes()
    strips = BasinsDisplay([1.0], [(0.5, 1.0)], [BLOCKS], minima).plot(ax)
    assert [one in ax.child_axes for one in strips.axes_] == [True, True]


def test_planes_show_data_and_count_means_in_one_place():
    rows = np.random.default_rng(0).normal(size=(9, 3)) * [9.0, 3.0, 0.1]
    fits = [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [5.0, 1.0, 0.0]]] * 4
    picture = MinimaDisplay(fits, 1.0, range(4), data=rows, quantity="NLL", most=3).plot()
    assert len(picture.figure_.axes) == 3
    label = picture.axes_[-1].get_xlabel()
    assert label.startswith("principal direction 1 of the data")
    assert "and 1 more" in label
    assert [text.get_text() for text in picture.axes_[0].texts] == ["2 means"]
    ax = axes()
    assert list(MinimaDisplay(fits[:1], 1.0, [0.0], data=rows).plot(ax).axes_) == [ax]


def test_a_trajectory_takes_one_or_two_axes():
    display = TrajectoryDisplay([0, 1], ONE, [1.0, 0.5])
    two = Figure().subplots(2, 1)
    assert list(display.plot(two).axes_) == list(two)
    ax = axes()
    assert list(display.plot(ax).axes_) == [ax]
    for given in ([*two, ax], 3):
        with pytest.raises(InvalidParameterError, match="ax="):
            display.plot(given)


def test_what_stands_alone_is_drawn():
    table = np.ones((2, 2))
    picture = PhaseDisplay([0.0, 1.0], [0.0, 1.0], table, 0 * table, {"0>0,1": [(0.5, 0.0, 0, 0, 0, 1)]})
    assert [0.5, 0.0] in [line.get_xydata().tolist()[0] for line in picture.plot(axes()).ax_.lines]
    one = DisconnectivityDisplay([2.0], []).plot(axes())
    assert one.ax_.get_ylim()[0] < 2.0 < one.ax_.get_ylim()[1]
    edge = TheoremDisplay([BlockError(8.0, "exact", 0.1, 0.4, 0.2), BlockError(9.0, "exact", 0.3, 0.1, 0.2)])
    drawn = [line.get_ydata()[-1] for line in edge.plot(axes()).ax_.lines if len(line.get_ydata()) == 2]
    assert 0.4 in drawn  # how far the error may reach that is below its numerical error


def test_many_blocks_are_counted():
    lines = block_lines([Block.of((i,), (2 * i, 2 * i + 1)) for i in range(5)])
    assert [text for text, _ in lines][3:] == ["2 more"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BasinsDisplay([], [], []), "shares is empty"),
        (lambda: BasinsDisplay([1.0], [(0.0, 1.0)], []), "one entry for each share"),
        (lambda: BasinsDisplay.from_basins(SimpleNamespace(hits=np.zeros(0), minima=())), "no minimum"),
        (lambda: BirthDisplay([], ONE[:0], "fold"), "as long as each other"),
        (lambda: BirthDisplay([1.0], ONE, "fold"), "as long as each other"),
        (lambda: ComparisonDisplay([[0.0]], [], {}, names=["a", "b"]), "names has 2"),
        (lambda: DisconnectivityDisplay([0.0], [], hits=[1, 2]), "hits has length 2"),
        (lambda: FalsificationDisplay([]), "minima is empty"),
        (lambda: FalsificationDisplay([(np.nan, 0.1, 1)]), "not finite"),
        (lambda: PhaseDisplay([0.0], [0.0], [[1.0, 1.0]], [[0.0]]), r"counts has shape \(1, 2\)"),
        (lambda: ProfileDisplay([0.0, 1.0], [0.0, 1.0], 1), "three at least"),
        (lambda: ProfileDisplay([0.0, 1.0, 2.0], [0.0, 1.0, 0.5], 3), "top=3"),
        (lambda: SeparationDisplay([], {"a": []}), "is empty"),
        (lambda: SeparationDisplay([1.0], {}), "is empty"),
        (lambda: ShareDisplay([], {}), "is empty"),
        (lambda: ShareDisplay([1.0], {"k = 2": []}), r"shares\['k = 2'\] has 0 items"),
        (lambda: SizeDisplay([9], [SHARE], [[1.0]], [1.0], names=["a", "b"]), "names has 2"),
        (lambda: SizeDisplay([9], [SHARE], [[1.0]], [1.0]).plot([axes()]), "pass two axes"),
        (lambda: ThresholdDisplay([FollowedLine([1.0], [], [1.0], "x", 0)], 1.0, "x", 0.1), "as long as"),
        (lambda: ThresholdDisplay([FollowedLine([1.0], [1.0], [1.0], "x", 0)], 1.0, "x", 0.1), "end='x'"),
        (lambda: TrajectoryDisplay([0, 1], ONE, [1, 1], weights=[[1.0]]), r"pass \(2, 2\)"),
    ],
)
def test_wrong_input_is_named(call: Any, message: str):
    with pytest.raises(InvalidParameterError, match=message):
        call()
