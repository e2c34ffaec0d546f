"""Pictures of overlap, of convergence and of local optima."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import gmmscape as gs
from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot import (
    ConvergenceDisplay,
    FalsificationDisplay,
    IntervalsDisplay,
    OptimaDisplay,
    OverlapDisplay,
    PhaseDisplay,
    SelectionDisplay,
)
from gmmscape.plot.block_words import block_words
from gmmscape.plot.fits.intervals import Bar
from gmmscape.plot.fits.selection import MAY_NOT_WIN
from gmmscape.plot.sizes import SIZES
from gmmscape.structure.structure import Block


@pytest.fixture(scope="module")
def moved() -> tuple[gs.GaussianMixture, np.ndarray]:
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    return gs.GaussianMixture(3, means_init=[[4.5], [29.0], [31.0]], random_state=0).fit(X), X


def test_moves_are_where_the_likelihood_jumped(moved):
    model, X = moved
    solution = model.solution_
    assert len(solution.moves_at) == len(model.em_diagnosis_.moves) == 1
    at = solution.moves_at[0]
    rises = -np.diff(solution.history)
    assert rises[at - 1] == pytest.approx(model.em_diagnosis_.moves[0].realised_gain)
    picture = ConvergenceDisplay.from_fit(model).plot()
    np.testing.assert_allclose(picture.line_.get_ydata(), -len(X) * np.array(model.history_))
    assert picture.moves_.get_xdata().tolist() == [at]
    assert [text.get_text() for text in picture.texts_] == [f"+{len(X) * rises[at - 1]:,.0f}"]
    document = ConvergenceDisplay.from_fit(model.document()).plot()
    np.testing.assert_allclose(document.line_.get_ydata(), picture.line_.get_ydata())


def test_moves_survive_files(moved, tmp_path):
    model, _ = moved
    model.to_json(tmp_path / "fit.json")
    again = gs.GaussianMixture.from_json(tmp_path / "fit.json")
    assert again.solution_.moves_at == model.solution_.moves_at


def test_a_fit_without_moves_has_no_marks():
    X = np.random.default_rng(0).normal(size=(100, 1))
    model = gs.GaussianMixture(1).fit(X)
    assert model.solution_.moves_at == ()
    picture = ConvergenceDisplay.from_fit(model).plot()
    assert len(picture.moves_.get_xdata()) == 0
    assert picture.ax_.get_legend() is None


def test_a_steep_beginning_is_left_below_and_said():
    history = np.concatenate([[1e6], np.linspace(10.0, 0.0, 40)])
    picture = ConvergenceDisplay(history).plot()
    assert picture.ax_.get_ylim()[0] > -100.0
    assert "below the picture" in picture.ax_.get_title(loc="left")
    assert not ConvergenceDisplay(np.linspace(10.0, 0.0, 40)).plot().ax_.get_title(loc="left")


def test_overlap_is_the_average_responsibility(moved):
    model, X = moved
    picture = OverlapDisplay.from_fit(model, X).plot()
    np.testing.assert_allclose(picture.overlap.sum(axis=1), 1.0)
    shares = model.predict_proba(X)
    np.testing.assert_allclose(picture.overlap[0, 1], np.average(shares[:, 1], weights=shares[:, 0]))
    assert picture.ax_.get_title(loc="left") == "No two components share their rows."
    half = OverlapDisplay(np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])).plot()
    assert half.ax_.get_title(loc="left") == "Rows are shared most by components 0 and 1."
    assert sorted(text.get_text() for text in half.texts_) == ["100 %"] + ["50 %"] * 4
    empty = OverlapDisplay(np.array([[1.0, 0.0]]))
    assert np.isnan(empty.overlap[1]).all()


@pytest.mark.parametrize("k", [2, 15, 40])
def test_nothing_of_an_overlap_is_cut_off(k):
    picture = OverlapDisplay(np.eye(k)).plot()
    FigureCanvasAgg(picture.figure_).draw()
    for artist in (picture.ax_.xaxis.label, picture.ax_.yaxis.label, picture.ax_.title):
        box = artist.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0


def test_blocks_are_told_in_words():
    blocks = [
        Block.of((4,), (4, 9)), Block.of((7, 8), (7,)), Block.of((0,), (0,)), Block.of((), (5,)),
        Block.of((1, 2), (1, 2)), Block.of((3,), ()),
    ]  # fmt: skip
    assert block_words(blocks) == "4 covers 4 + 9;  7, 8 share 7;  none on 5;  2 groups more;  1 exact"
    assert block_words(blocks[4:]) == "1, 2 together on 1 + 2, not told apart;  3 on none of them"
    assert block_words(blocks[2:3], alone="as in the best") == "all 1 as in the best"
    assert block_words(None) == ""
    many = Block.of((0,), tuple(range(9)))
    assert block_words([many]) == "0 covers 0 + 1 + 2 + 3 + 4 and 4 more"


def test_words_of_optima_stay_in_the_figure_and_shares_below_one():
    tangled = tuple(Block.of(tuple(range(i, i + 9)), tuple(range(i, i + 9))) for i in range(0, 36, 9))
    best = tuple(Block.of((i,), (i,)) for i in range(36))
    picture = OptimaDisplay([0.0, 12.5], [0.9, 0.1], [(0.8, 1.0), (0.0, 0.2)], [best, tangled]).plot()
    FigureCanvasAgg(picture.figure_).draw()
    right = picture.figure_.bbox.x1
    assert all(text.get_window_extent().x1 <= right for text in picture.texts_)
    assert picture.axes_[1].get_xlim() == (0.0, 1.0)
    assert picture.texts_[0].get_text() == "the best: 36 clusters"


def test_what_is_left_out_or_may_not_win_is_said():
    more = SIZES.most_optima + 2
    optima = OptimaDisplay(
        range(more), [0.1] * more, [(0.0, 0.2)] * more, [(Block.of((0,), (0, 1)),)] * more
    ).plot(Figure().subplots())
    assert "2 worse ones are not drawn" in [text.get_text() for text in optima.axes_[1].texts]
    lines = [Bar("weight", str(i), 0.1, 0.0, 0.2) for i in range(SIZES.most_lines + 3)]
    intervals = IntervalsDisplay(lines, 0.95).plot(Figure().subplots())
    assert intervals.figure_.axes[0].get_title(loc="left").endswith("intervals; 3 more are not drawn")
    rows = [
        {"n_components": k, "covariance_type": kind, "bic": 9.0 - k, "chosen": k == 2, "flags": flags}
        for kind in ("full", "tied")
        for k, flags in ((2, []), (3, ["refused"]))
    ]
    selection = SelectionDisplay(rows, "bic").plot(Figure().subplots())
    hollow = [line for line in selection.ax_.lines if line.get_markerfacecolor() == "white"]
    assert [line.get_xydata().tolist() for line in hollow] == [[[3.0, 6.0]]] * 2
    assert [line.get_label() == MAY_NOT_WIN for line in hollow] == [True, False]


def test_what_falsification_clips_is_said():
    clipped = FalsificationDisplay([(0.0, 0.1, 1), (0.5, 1e-9, 1), (0.5, 0.2, 2)]).plot()
    assert clipped.ax_.get_title(loc="left").startswith("2 minima have a value below 1e-06")
    low = [points.get_offsets().min() for points in clipped.minima_.values()]
    assert min(low) == SIZES.smallest
    assert not FalsificationDisplay([(0.5, 0.2, 2)]).plot().ax_.get_title(loc="left")


def test_a_threshold_along_a_birth_leaves_both_visible():
    along = [(float(x), 1.5, 1, x, 2, x) for x in range(4)]
    table = np.ones((4, 4))
    picture = PhaseDisplay(
        range(4), range(4), table, 0 * table, {"0>0,1": along}, {"0>0,1": along}, x="R", y="D"
    ).plot()
    birth, threshold = picture.births_["0>0,1"], picture.thresholds_["0>0,1"]
    assert birth.get_linewidth()[0] > 2 * threshold.get_linewidth()[0]
    assert birth.get_alpha() < threshold.get_alpha()
    order = picture.ax_.collections
    assert order.index(threshold) > order.index(birth)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ConvergenceDisplay([]), "history is empty"),
        (lambda: ConvergenceDisplay([1.0, 0.0], [2]), "moves_at"),
        (lambda: ConvergenceDisplay([1.0, 0.0], [0]), "moves_at"),
        (lambda: ConvergenceDisplay([1.0, np.nan]), "history"),
        (lambda: ConvergenceDisplay.from_fit(3), "fit=3"),
        (lambda: OverlapDisplay([[-1.0, 2.0]]), "responsibilities"),
        (lambda: OverlapDisplay(np.zeros((0, 2))), "responsibilities"),
        (lambda: OverlapDisplay([[1.0, 0.0]], ["exact"]), "kinds has 1"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(gs.InvalidParameterError, match=message):
        call()


@pytest.mark.parametrize("axes", ["x", 3, "3d", "polar", "one"])
def test_what_cannot_be_drawn_in_is_named(moved, axes):
    model, X = moved
    given = axes
    if axes in ("3d", "polar"):
        given = Figure().add_subplot(projection=axes)
    repair = gs.repair(model, X, rng=0)
    draw = [repair] if axes == "one" else [model, gs.diagnose(model, X, rng=0), repair, gs.select(X, [2, 3])]
    for one in draw:
        with pytest.raises(InvalidParameterError, match="ax="):
            one.plot(ax=Figure().subplots() if axes == "one" else given)
