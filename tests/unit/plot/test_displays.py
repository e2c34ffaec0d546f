"""Pictures of minima and of disconnectivity: what is drawn is what was computed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.plot import AtlasDisplay, DisconnectivityDisplay, Join, MinimaDisplay
from gmmscape.plot.landscapes.disconnectivity_tree import compressed
from gmmscape.plot.style import COLOURS, MARKERS, stacked

#: The census of (-3, 3, 12): minima, then the passes to another labelling and to the global minimum.
LEVELS = [0.0, 2.769104913]
PASSES = [(2.769366649, 1, 1), (2.849716529, 0, 1)]


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """No picture changes rcParams or registers a figure with pyplot."""
    before, figures = dict(matplotlib.rcParams), list(_pylab_helpers.Gcf.figs)
    yield
    assert dict(matplotlib.rcParams) == before
    assert list(_pylab_helpers.Gcf.figs) == figures


@pytest.fixture(scope="module")
def atlas() -> lab.Atlas:
    truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    return lab.Landscape(lab.Population(truth), n_components=3).explore(0, n_starts=16)


def boxes(figure: Figure, texts: list[Any]) -> list[Any]:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return [text.get_window_extent(canvas.get_renderer()) for text in texts]


def overlapping(figure: Figure, texts: list[Any]) -> list[tuple[str, str]]:
    found = zip(texts, boxes(figure, texts), strict=True)
    return [(a.get_text(), b.get_text()) for (a, x), (b, y) in combinations(found, 2) if x.overlaps(y)]


def places(artists: list[Any]) -> np.ndarray:
    return np.array([artist.get_offsets()[0] for artist in artists])


def test_strips_show_means_and_links_where_they_are(atlas: lab.Atlas):
    picture = MinimaDisplay.from_atlas(atlas).plot()
    assert len(picture.means_) == len(atlas.minima) == 2
    for point, markers, links in zip(atlas.minima, picture.means_, picture.links_, strict=True):
        assert places(markers)[:, 0].tolist() == point.means[:, 0].tolist()
        assert point.decoding is not None
        assert atlas.truth is not None
        wanted = {
            (point.means[i, 0], atlas.truth.means[s, 0])
            for block in point.decoding.blocks
            for i in block.means
            for s in block.centers
        }
        assert {tuple(link.get_xdata()) for link in links} == wanted


def test_titles_name_kl_hits_and_structure(atlas: lab.Atlas):
    picture = MinimaDisplay.from_atlas(atlas).plot()
    title = picture.titles_[1].get_text()
    assert "KL 2.769 nats" in title
    assert f"hits {atlas.minima[1].hits} of 16" in title
    assert "0>0,1  1,2>2" in title


def test_colours_follow_the_kind_of_block(atlas: lab.Atlas):
    picture = MinimaDisplay.from_atlas(atlas).plot()
    hues = [matplotlib.colors.to_hex(artist.get_facecolor()[0]) for artist in picture.means_[1]]
    assert hues == [COLOURS[kind] for kind in ("one-fits-many", "many-fit-one", "many-fit-one")]
    looks = [(MARKERS[kind], COLOURS[kind]) for kind in MARKERS]
    assert len(set(looks)) == len(set(COLOURS.values())) == len(COLOURS)


def test_strips_lie_below_each_other_and_texts_apart():
    truth = gs.Mixture.location([-12, 0, 12], sigma=1.0)
    fits = [[-12 + 1e-9 * i, -12, -12, 0, 12] for i in range(6)]
    decoded = [lab.decode(fit, truth).blocks for fit in fits]
    picture = MinimaDisplay(fits, 1.0, np.arange(6) + 0.5, blocks=decoded, truth=truth).plot()
    assert overlapping(picture.figure_, [*picture.titles_, *picture.ax_.texts[:]]) == [
        (title.get_text(), title.get_text()) for title in picture.titles_
    ]
    # Means that coincide are drawn in rows of their own, and no row reaches into the next strip's title.
    for markers in picture.means_:
        rows = places(markers)[:3, 1]
        assert np.all(np.abs(np.diff(rows)) > 0.05)
    lowest = [places(markers)[:, 1].min() for markers in picture.means_]
    heights = [title.get_position()[1] for title in picture.titles_]
    assert all(low > high for low, high in zip(lowest, heights[1:], strict=False))


def test_many_minima_are_summed_up(atlas: lab.Atlas):
    fits = [atlas.minima[0].means] * 15
    picture = MinimaDisplay(fits, 1.0, np.arange(15.0), hits=[2] * 15, truth=atlas.truth, most=3).plot()
    assert len(picture.means_) == 3
    assert [t.get_text() for t in picture.ax_.texts if "more" in t.get_text()] == [
        "and 12 more: KL 3 to 14 nats, hits 24 of 30"
    ]


@pytest.mark.parametrize("own_axes", [True, False])
@pytest.mark.parametrize("d", [2, 5])
def test_planes_show_projected_means(d: int, own_axes: bool, rng: np.random.Generator):
    truth = gs.Mixture.location(8 * rng.normal(size=(4, d)), sigma=1.0)
    fits = [truth.means, np.vstack([truth.means[:2].mean(axis=0), truth.means[2:], truth.means[3] + 0.5])]
    decoded = [lab.decode(fit, truth).blocks for fit in fits]
    display = MinimaDisplay(fits, 1.0, [0.0, 1.0], blocks=decoded, truth=truth, data=truth.sample(99, 0)[0])
    picture = display.plot(None if own_axes else Figure().subplots())
    assert len(picture.titles_) == 2
    for fit, markers in zip(fits, picture.means_, strict=True):
        # Distances in the plane are those of the two principal directions of the centers: checked by SVD.
        directions = np.linalg.svd(truth.means - truth.means.mean(axis=0))[2][:2].T if d > 2 else np.eye(2)
        wanted = fit @ directions
        drawn = places(markers)
        for i, j in combinations(range(len(fit)), 2):
            expected = np.linalg.norm(wanted[i] - wanted[j])
            assert np.linalg.norm(drawn[i] - drawn[j]) == pytest.approx(expected, abs=1e-9)
    label = picture.axes_[0].get_ylabel()
    assert ("principal direction 2 of the centers" in label) == (d > 2)
    for axis in picture.axes_:
        (left, right), (low, high) = axis.get_xlim(), axis.get_ylim()
        drawn = np.concatenate([places(markers) for markers in picture.means_])
        assert ((drawn > [left, low]) & (drawn < [right, high])).all()


def test_a_sample_is_drawn_with_its_rows(rng: np.random.Generator):
    rows = rng.normal(size=(7_000, 2))
    picture = MinimaDisplay([[[0.0, 0.0]]], 1.0, [2.8], data=rows, quantity="NLL").plot()
    drawn = picture.ax_.collections[0].get_offsets()
    assert 1_000 < len(drawn) <= 3_000
    assert {tuple(row) for row in drawn.tolist()} <= {tuple(row) for row in rows.tolist()}
    one = MinimaDisplay([[0.0]], 1.0, [1.4], data=rows[:200, :1], quantity="NLL").plot()
    assert one.titles_[0].get_text() == "NLL 1.4 nats"


def test_one_point_draws_itself(atlas: lab.Atlas):
    point = atlas.minima[1]
    picture = point.plot(truth=atlas.truth)
    assert places(picture.means_[0])[:, 0].tolist() == point.means[:, 0].tolist()


def test_both_barriers_of_the_census_are_visible():
    picture = DisconnectivityDisplay(LEVELS, PASSES).plot()
    assert picture.joins_ == [Join(2.849716529, (0,), (1,))]
    for line, level in zip(picture.branches_, LEVELS, strict=True):
        assert list(line.get_ydata()) == [level, 2.849716529]
    texts = [label.get_text() for label in picture.labels_]
    assert "relabelling\n0.000262 nats" in texts
    assert "barrier\n0.0806 nats" in texts
    # Minimum, relabelling pass and escape pass are apart by more than a marker: 12 of some 400 pixels.
    FigureCanvasAgg(picture.figure_).draw()
    heights = picture.ax_.transData.transform([(0, y) for y in (0.0, LEVELS[1], 2.769366649, 2.849716529)])
    assert np.diff(heights[:, 1]).min() > 12
    # On a linear axis they are not: the scale is what makes the difference.
    linear = DisconnectivityDisplay(LEVELS, PASSES, scale="linear").plot()
    FigureCanvasAgg(linear.figure_).draw()
    heights = linear.ax_.transData.transform([(0, y) for y in (LEVELS[1], 2.769366649)])
    assert np.diff(heights[:, 1])[0] < 1


def test_labels_of_a_graph_do_not_overlap():
    truth = gs.Mixture.location(np.arange(8) * 12.0, sigma=1.0)
    fits = [[*np.delete(truth.means.ravel(), i).tolist(), 0.3] for i in range(8)]
    decoded = [lab.decode(fit, truth).blocks for fit in fits]
    levels = np.arange(8) / 10
    passes = [(1 + i / 20, i, i - 1) for i in range(1, 7)]
    picture = DisconnectivityDisplay(levels, passes, blocks=decoded, hits=np.arange(1, 9)).plot()
    assert overlapping(picture.figure_, picture.labels_) == []
    assert "no pass known" in picture.ax_.get_title(loc="left")
    assert [line.get_linestyle() for line in picture.branches_[-1:]] == ["--"]


def test_only_the_lowest_pass_between_two_sets_joins_them():
    picture = DisconnectivityDisplay([0.0, 1.0, 2.0], [(9.0, 0, 1), (3.0, 0, 1), (4.0, 1, 2), (5.0, 0, 2)])
    assert picture.plot().joins_ == [Join(3.0, (0,), (1,)), Join(4.0, (0, 1), (2,))]


def test_minima_left_out_still_carry_the_way():
    # 2 is connected to 0 through 3 only, which is not drawn.
    display = DisconnectivityDisplay([0.0, 1.0, 2.0, 6.0], [(7.0, 0, 3), (8.0, 2, 3), (3.0, 0, 1)], most=3)
    picture = display.plot()
    assert [(join.height, len(line.get_ydata())) for join, line in zip(
        picture.joins_, picture.branches_, strict=False)] == [(3.0, 2), (8.0, 2)]  # fmt: skip
    assert picture.branches_[2].get_ydata()[1] == 8.0
    assert "3 lowest of 4" in picture.ax_.get_title(loc="left")


def test_the_compressed_scale_keeps_order_and_every_gap():
    levels, at = compressed([5.0, 0.0, 5.0, 5.0 + 1e-6, 6.0])
    assert levels.tolist() == [0.0, 5.0, 5.0 + 1e-6, 6.0]
    assert np.diff(at).min() == pytest.approx(1.0)
    # Gaps of 5 and 1 beside 1e-6, in the order of their sizes.
    assert np.diff(at) == pytest.approx([1 + np.log10(5e6), 1.0, 1 + 6.0], rel=1e-6)


def test_a_graph_reads_its_heights_from_an_atlas(atlas: lab.Atlas):
    entropy = atlas.minima[0].nll - (atlas.minima[0].kl or 0.0)
    known = SimpleNamespace(
        minima=atlas.minima,
        truth=atlas.truth,
        saddles=[SimpleNamespace(nll=height + entropy) for height, *_ in PASSES],
        joins=[SimpleNamespace(saddle=n, minima=ends) for n, (_, *ends) in enumerate(PASSES)],
    )
    picture = AtlasDisplay.from_atlas(known).plot()
    assert picture.graph is not None
    assert picture.graph.joins_[0].height == pytest.approx(2.849716529, abs=1e-12)
    assert len(picture.axes_) == 2
    texts = [*picture.graph.labels_, *picture.minima.titles_]
    assert overlapping(picture.figure_, texts) == []
    inside = AtlasDisplay.from_atlas(known).plot(Figure((12, 5)).subplots())
    assert inside.figure_ is inside.axes_[0].figure


def test_an_atlas_without_saddles_shows_its_minima(atlas: lab.Atlas):
    ax = Figure().subplots()
    picture = atlas.plot(ax, most=1)
    assert picture.ax_ is ax
    assert picture.figure_ is ax.figure
    assert picture.graph is None
    assert AtlasDisplay.from_atlas(atlas)._repr_png_().startswith(b"\x89PNG")


def test_levels_are_stacked_only_where_needed():
    assert stacked([0.0, 5.0, 5.1, 5.2, 9.0], 1.0) == [0, 0, 1, 2, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MinimaDisplay([], 1.0, []), "means is empty"),
        (lambda: MinimaDisplay([[0.0]], 1.0, [1.0, 2.0]), "values has length 2"),
        (lambda: MinimaDisplay([[0.0], [[0.0, 1.0]]], 1.0, [1.0, 2.0]), "dimension"),
        (lambda: DisconnectivityDisplay([], []), "levels is empty"),
        (lambda: DisconnectivityDisplay([0.0], [(1.0, 0, 1)]), "minima 0 and 1 of 1"),
        (lambda: DisconnectivityDisplay([0.0, 1.0], [(0.5, 0, 1)]), "below one of its minima"),
        (lambda: DisconnectivityDisplay([0.0], [], scale="log"), "scale"),
    ],
)
def test_wrong_input_is_named(call: Any, message: str):
    with pytest.raises(InvalidParameterError, match=message):
        call()


def test_missing_matplotlib_is_a_typed_error(atlas: lab.Atlas, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for call in (atlas.plot, DisconnectivityDisplay(LEVELS, PASSES).plot):
        with pytest.raises(NotAvailableError, match=r"gmmscape\[plot\]"):
            call()


def test_axes_of_a_wrong_kind_are_refused_where_there_are_two_parts():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 2)
    atlas = land.explore(0, n_starts=2, saddles=True)
    for result in (atlas, lab.basins(land, start="truth", n_starts=20, rng=0)):
        with pytest.raises(InvalidParameterError, match="ax"):
            result.plot(ax=3)
