"""No label covers a mark or another label, or leaves its axes, in pictures of ten data sets."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import gmmscape as gs
from gmmscape.plot import FitDisplay, RepairDisplay
from gmmscape.plot.fits.components import Panel
from gmmscape.plot.labels import Obstacles, places
from marks import tuples_rest_slow

#: Columns, components, and how far these lie apart.
SETS = [
    (1, 2, 9.0), (1, 12, 3.0), (1, 40, 0.6), (2, 3, 0.5), (2, 15, 6.0),
    (2, 40, 3.0), (3, 7, 3.0), (5, 10, 2.0), (13, 25, 2.0), (30, 40, 3.0),
]  # fmt: skip
KINDS = ("exact", "one-fits-many", "many-fit-one", "nested", "mixed", "collapsed")


def fit_of(d: int, k: int, apart: float) -> tuple[Any, ...]:
    """Weights, means, covariances and rows of a mixture whose components crowd each other."""
    rng = np.random.default_rng([d, k])
    means = rng.normal(0.0, apart * max(k, 2) ** (1 / d), (k, d))
    means[1] = means[0] + 1e-3  # two marks on one spot
    roots = rng.normal(0.0, 0.4, (k, d, d)) + np.eye(d)
    covariances = roots @ np.swapaxes(roots, 1, 2)
    labels = rng.integers(k, size=2000)
    points = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.normal(size=(2000, d)))
    return rng.dirichlet(np.full(k, 3.0)), means, covariances, points


def faults(figure: Any, panels: list[Panel]) -> list[str]:
    """What labels do that they must not, by the boxes that the canvas has drawn them in."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer, found = canvas.get_renderer(), []
    for panel in panels:
        frame = panel.ax.get_window_extent(renderer)
        texts = [text for text in panel.labels.texts if text.get_visible()]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
        marks = [mark.get_window_extent(renderer) for mark in panel.marks]
        for text, box in boxes:
            if any(box.overlaps(mark) for mark in marks):
                found.append(f"{text} covers a mark")
            if not (frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1):
                found.append(f"{text} leaves the axes")
        found += [f"{a} covers {b}" for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]
    return found


def named(panel: Panel) -> list[str]:
    return [text.get_text() for text in panel.labels.texts if text.get_visible()]


@pytest.mark.parametrize(("d", "k", "apart"), tuples_rest_slow(SETS, 4))
def test_labels_cover_nothing(d, k, apart):
    weights, means, covariances, points = fit_of(d, k, apart)
    kinds = [KINDS[i % len(KINDS)] for i in range(k)]
    picture = FitDisplay(weights, means, covariances, points, kinds=kinds).plot()
    assert faults(picture.figure_, picture.panels_) == []
    outside = [note for note in picture.panels_[0].away if note.startswith("Outside")]
    assert outside or named(picture.panels_[0]) == [str(i) for i in range(k)]


@pytest.mark.parametrize(("d", "k", "apart"), tuples_rest_slow([SETS[1], SETS[4], SETS[9]], 2))
def test_labels_cover_nothing_in_repairs_pairs_and_other_sizes(d, k, apart):
    weights, means, covariances, points = fit_of(d, k, apart)
    both = [(weights, means, covariances), (None, means + 0.3, covariances)]
    picture = RepairDisplay(points, both).plot()
    assert faults(picture.figure_, picture.panels_) == []
    picture.figure_.set_size_inches(5.0, 3.0)
    picture.ax_.set_xlim(*np.quantile(points[:, 0], [0.2, 0.8]))
    assert faults(picture.figure_, picture.panels_) == []
    if d > 1:
        few = slice(0, 8)
        pairs = FitDisplay(weights[few], means[few], covariances[few], points, columns="pairs").plot()
        assert faults(pairs.figure_, [panel for panel in pairs.panels_ if panel.labels]) == []


def test_the_check_sees_labels_beside_their_marks_without_care():
    """The negative control: labels set a fixed way off, as annotate does, cover marks and each other."""
    picture = FitDisplay(*fit_of(2, 40, 0.5)).plot()
    panel = picture.panels_[0]
    panel.labels.draw = lambda renderer: None
    spots = panel.ax.transData.transform(panel.labels.marks)
    for text, spot in zip(panel.labels.texts, spots, strict=True):
        text.set_position(spot + 3.0)
    seen = " ".join(faults(picture.figure_, picture.panels_))
    assert "covers a mark" in seen
    assert "covers 1" in seen
    panel.labels.texts[0].set_position((-50.0, 0.0))
    assert "0 leaves the axes" in faults(picture.figure_, picture.panels_)


def test_a_label_without_room_is_not_drawn():
    frame = np.array([0.0, 0.0, 20.0, 20.0])
    mark = np.array([[8.0, 8.0, 12.0, 12.0]])
    found = places(
        np.array([[10.0, 10.0]]), np.array([[15.0, 9.0]]), np.array([2.0]),
        Obstacles(frame, mark, np.zeros((0, 2))),
    )  # fmt: skip
    assert np.isnan(found).all()


def test_labels_stand_beside_rows_where_there_is_room():
    rng = np.random.default_rng(0)
    frame, center = np.array([0.0, 0.0, 400.0, 400.0]), np.array([[200.0, 200.0]])
    cloud = rng.normal(200.0, 12.0, (500, 2))
    mark = np.hstack([center - 3, center + 3])
    found = {}
    for name, rows in (("rows", cloud), ("none", cloud[:0])):
        obstacles = Obstacles(frame, mark, rows)
        found[name] = places(center, np.array([[10.0, 9.0]]), np.array([3.0]), obstacles)
    under = Obstacles(frame, mark, cloud)
    assert under.rows_under(found["rows"])[0] <= 2 < under.rows_under(found["none"])[0]


def test_labels_of_fits_are_placed_again_when_the_picture_changes():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 1.0, (100, 2)) for c in (0.0, 2.0, 9.0)])
    picture = gs.GaussianMixture(3, random_state=0).fit(X).plot(X)
    assert faults(picture.figure_, picture.panels_) == []
    before = [text.get_position() for text in picture.panels_[0].labels.texts]
    picture.figure_.set_size_inches(12, 9)
    assert faults(picture.figure_, picture.panels_) == []
    assert [text.get_position() for text in picture.panels_[0].labels.texts] != before
